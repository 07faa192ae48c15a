//! One Node process: the engine, Node's own library on its bindings, and the event loop as a state machine.
//!
//! The loop is driven from here, so that a slice can end between any two of its callbacks. Its phases and their order
//! are libuv 1.46's `uv_run`; what Node does in each is `src/env.cc` and `src/api/callback.cc` (v20.20.2). Timers that
//! are due at once and the immediates of one turn are one callback of libuv's, as in Node.

use kernel::Table;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use kernel::{Scheduler, System, Turn};
use protocol::{EventKind, ExitReason, Limit, Outcome, Phase, ProcessId, ProcessSpec, trace};

#[cfg(feature = "whole")]
use crate::bindings::{net, process_wrap, signal};
use crate::{
    bindings::{
        async_wrap, bootstrap, callback,
        environment::{Common, Environment, Family, Finished, Place, Remote, Role, Variables},
        library::Library,
        messaging::{self, PortData},
        native,
        process::PID,
        requests::Completion,
        variables,
        vfs::FileSystem,
    },
    costs,
    engine::{Ctx, Engine, STACK_BYTES_MAX},
    facts::Facts,
    hooks,
    host::{Host, Inherited, Stop},
};

/// `exit` with this code says that the main module still awaits.
const UNSETTLED_TOP_LEVEL_AWAIT: i32 = 13;

/// Of one file that checks may read.
const TEXT_BYTES_MAX: usize = 256 << 10;

/// A process in which Node's library has started and no program yet: the same for every scenario.
pub struct Booted {
    environment: Box<Environment>,
    // Values live in the engine, so the engine goes last.
    engine: Engine,
}

impl Booted {
    /// The error is a sentence.
    pub fn boot(library: Rc<Library>) -> Result<Self, String> {
        Self::boot_as(library, Role::Process)
    }

    fn boot_as(library: Rc<Library>, role: Role) -> Result<Self, String> {
        let engine = Engine::new(0, 0, 1, std::ptr::null_mut());
        let handle_class = native::define_handle_class(engine.runtime());
        let variables_class = variables::define_class(&engine);
        let environment = Box::new(Environment::new(
            handle_class,
            variables_class,
            library,
            engine.heap(),
            role,
        ));
        engine.set_opaque((&raw const *environment).cast_mut().cast());
        hooks::install(&engine, &raw const *environment);
        let ctx = engine.ctx();
        if bootstrap::bootstrap(ctx).is_err() {
            let error = ctx.take_exception();
            let stack = ctx.get(&error, "stack").and_then(|stack| ctx.text(&stack));
            return Err(format!(
                "Node's library does not boot: {}",
                stack.unwrap_or_default()
            ));
        }
        Ok(Self {
            environment,
            engine,
        })
    }
}

/// libuv looks so often behind poll for what was fed meanwhile (`uv_run`).
const FED_ROUNDS: u8 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    EnterLoop,
    Timers,
    Pending,
    Poll,
    /// In the poll phase: whether there is something to do, or how long to sleep.
    Polling,
    /// Poll slept, since then.
    Awake {
        slept_ns: u64,
    },
    /// Answers that are ready by the time poll returned.
    Answers {
        until_ns: u64,
    },
    /// Requests that are done without the kernel's help, some of them now and some in so many rounds more.
    Fed {
        left: usize,
        rounds: u8,
        polled: bool,
    },
    Check,
    Close,
    TurnEnds,
    LoopEnds,
    Gone,
}

pub struct Process {
    state: State,
    exit_code: i32,
    environment: Box<Environment>,
    // Values live in the engine, so the engine goes last.
    engine: Engine,
}

/// What a thread of a process begins with.
pub struct Thread {
    pub library: Rc<Library>,
    pub role: Role,
    pub process: ProcessId,
    pub spec: ProcessSpec,
    pub scheduler: Rc<Scheduler<Process>>,
    pub common: Rc<Common>,
    pub remote: Rc<Remote>,
    /// Its end of the channel to the thread that began it.
    pub end: Rc<PortData>,
    pub heap_bytes_max: u64,
    /// Those of the thread that began it, when they share them.
    pub variables: Option<Variables>,
}

/// What a process begins with that another began.
pub struct Child {
    pub library: Rc<Library>,
    pub process: ProcessId,
    pub spec: ProcessSpec,
    pub options: Vec<String>,
    pub scheduler: Rc<Scheduler<Process>>,
    pub files: Rc<RefCell<FileSystem>>,
    pub remote: Rc<Remote>,
    pub inherited: Table<i32, Inherited>,
    pub pid: i32,
    pub parent_pid: i32,
    pub family: Rc<Family>,
}

impl Process {
    /// The first thread of a process.
    pub fn begin(
        booted: Booted,
        process: ProcessId,
        #[allow(unused_mut)] mut spec: ProcessSpec,
        scheduler: Rc<Scheduler<Self>>,
    ) -> Self {
        let environment = &booted.environment;
        #[cfg(feature = "whole")]
        if spec.entry.is_empty() {
            let command = process_wrap::node(booted.engine.ctx(), &spec.args);
            spec.entry = command.entry(&spec.cwd);
            spec.args = command.args;
            *environment.options.borrow_mut() = command.options;
        }
        let common = Rc::new(Common {
            files: environment.files.clone(),
            cwd: environment.cwd.clone(),
            pool: environment.requests.pool(),
            groups: Default::default(),
            waiters: Default::default(),
            thread_last: Cell::new(0),
            pid: PID,
            parent_pid: PID - 1,
            family: Default::default(),
        });
        environment.cwd.borrow_mut().clone_from(&spec.cwd);
        {
            let mut files = environment.files.borrow_mut();
            files.mkdir_all(&spec.cwd);
            let host = format!("{}\n", spec.host);
            files.place("/proc/sys/kernel/hostname", host.into_bytes());
            for file in &spec.files {
                files.place(&file.path, file.bytes.clone());
            }
        }
        let heap_bytes_max = scheduler.world().borrow().limits.heap_bytes_max;
        let remote = Rc::new(Remote::new(process, 0));
        let place = Place {
            scheduler,
            process,
            common,
            remote,
        };
        Self::begin_at(booted, spec, place, heap_bytes_max)
    }

    /// A further thread, in an engine that is booted for it. `None` when a part of the library is wanted for that.
    pub fn begin_thread(thread: Thread) -> Option<Self> {
        let mut booted = match Booted::boot_as(thread.library.clone(), thread.role) {
            Ok(booted) => booted,
            Err(_) if thread.library.wanted().is_some() => return None,
            Err(error) => panic!("{error}"),
        };
        booted.environment.files = thread.common.files.clone();
        booted.environment.cwd = thread.common.cwd.clone();
        if let Some(variables) = thread.variables {
            booted.environment.variables = variables;
            booted.environment.shares_variables.set(true);
        }
        booted
            .environment
            .requests
            .share_pool(thread.common.pool.clone());
        let place = Place {
            scheduler: thread.scheduler,
            process: thread.process,
            common: thread.common,
            remote: thread.remote,
        };
        let limits = place.scheduler.world().borrow().limits;
        // The library's own part counts, as in Node, but leaves the program something.
        let used = booted.engine.heap().used_bytes() as u64;
        let given = thread.heap_bytes_max.saturating_sub(used).max(1 << 20);
        let heap_bytes_max = match limits.heap_bytes_max {
            0 => given,
            max => max.min(given),
        };
        let begun = Self::begin_at(booted, thread.spec, place, heap_bytes_max);
        match messaging::new_port(begun.ctx(), Some(thread.end)) {
            Ok(port) => begun.environment.keep("envMessagePort", port),
            Err(_) => drop(begun.ctx().take_exception()),
        }
        Some(begun)
    }

    /// A process that another began. `None` when a part of the library is wanted for that.
    pub fn begin_child(child: Child) -> Option<Self> {
        let mut booted = match Booted::boot_as(child.library.clone(), Role::Process) {
            Ok(booted) => booted,
            Err(_) if child.library.wanted().is_some() => return None,
            Err(error) => panic!("{error}"),
        };
        booted.environment.files = child.files;
        *booted.environment.options.borrow_mut() = child.options;
        booted
            .environment
            .cwd
            .borrow_mut()
            .clone_from(&child.spec.cwd);
        let environment = &booted.environment;
        let common = Rc::new(Common {
            files: environment.files.clone(),
            cwd: environment.cwd.clone(),
            pool: environment.requests.pool(),
            groups: Default::default(),
            waiters: Default::default(),
            thread_last: Cell::new(0),
            pid: child.pid,
            parent_pid: child.parent_pid,
            family: child.family,
        });
        let heap_bytes_max = child.scheduler.world().borrow().limits.heap_bytes_max;
        let place = Place {
            scheduler: child.scheduler,
            process: child.process,
            common,
            remote: child.remote,
        };
        let begun = Self::begin_at(booted, child.spec, place, heap_bytes_max);
        begun.host().inherited = child.inherited;
        Some(begun)
    }

    fn begin_at(booted: Booted, spec: ProcessSpec, place: Place, heap_bytes_max: u64) -> Self {
        let Booted {
            environment,
            engine,
        } = booted;
        let world = place.scheduler.world().clone();
        let process = place.process;
        let limits = world.borrow().limits;
        let random_seed = world
            .borrow()
            .chance
            .stream(&format!("Math.random {process}"))
            .next_u64();
        engine.seed(random_seed);
        engine.set_call_depth(limits.call_depth_max, 0);
        engine.heap().allow(heap_bytes_max);
        environment.started_ns.set(world.borrow().now_ns());
        let mut host = Host::new(world, process, spec);
        host.ctx = Some(engine.ctx());
        host.ignore_ticks_so_far();
        *place.remote.inside.borrow_mut() =
            Some((environment.requests.clone(), environment.signals.clone()));
        environment.begin(host, place);
        Self {
            state: State::Start,
            exit_code: 0,
            environment,
            engine,
        }
    }

    pub fn facts<T>(&self, read: impl FnOnce(&Facts) -> T) -> T {
        read(&self.environment.host().facts)
    }

    pub fn host_name(&self) -> String {
        self.environment.host().spec.host.clone()
    }

    /// The working folder, and the texts in it as they are now, by path: the program's own files and those that it has
    /// written, but no packages.
    pub fn texts(&self) -> (String, Vec<(String, String)>) {
        let cwd = self.environment.host().spec.cwd.clone();
        let files = self.environment.files.borrow();
        let texts = files
            .files_below(&cwd)
            .filter(|(path, bytes)| {
                bytes.len() <= TEXT_BYTES_MAX && !path.contains("/node_modules/")
            })
            .filter_map(|(path, bytes)| {
                Some((path.to_owned(), String::from_utf8(bytes.to_vec()).ok()?))
            })
            .collect();
        (cwd, texts)
    }

    /// How many threads the process has begun beside its first.
    pub fn threads(&self) -> u64 {
        self.environment.place().common.thread_last.get()
    }

    fn ctx(&self) -> Ctx {
        self.engine.ctx()
    }

    fn host(&self) -> std::cell::RefMut<'_, Host> {
        self.environment.host()
    }

    // ---- the start ----

    fn start(&mut self) {
        let ctx = self.ctx();
        {
            let mut host = self.host();
            host.ignore_ticks_so_far();
            host.process_started();
            host.main_queued();
            // What the library does until the program runs is not the program's work.
            host.enter_host();
        }
        bootstrap::begin(ctx);
        callback::in_scope(ctx, || {
            async_wrap::push(ctx, 1.0, 0.0, &ctx.object());
            let failed = bootstrap::run_program(ctx).is_err();
            if failed {
                callback::uncaught(ctx, false);
            }
            let outcome = if failed {
                Outcome::Threw
            } else {
                Outcome::Returned
            };
            if !self.environment.is_thread() {
                self.environment.host().main_ends(outcome);
            }
            async_wrap::pop(ctx, 1.0);
        });
        // A tick of the main script that throws ends one walk of the queues; Node makes another before the loop.
        callback::in_scope(ctx, || {});
        let now_ns = self.environment.now_ns();
        self.environment
            .place()
            .remote
            .loop_started_ns
            .set(Some(now_ns));
        self.host().spend(costs::LOOP_START_NS);
        self.state = State::EnterLoop;
    }

    // ---- the loop ----

    /// One callback, or one move of the loop. Returns how it sleeps, when it does.
    fn advance(&mut self) -> Option<Turn> {
        self.environment.spins.set(0);
        if self.environment.is_thread() {
            self.environment.caught_up_ns.set(self.environment.now_ns());
        }
        match self.state {
            State::Start => self.start(),
            State::EnterLoop => {
                self.race_first_turn();
                self.host().loop_now_ms();
                self.state = if self.environment.is_alive() {
                    State::Timers
                } else {
                    State::LoopEnds
                };
            }
            State::Timers => {
                self.timers();
                // The loop asks whether it is alive before it takes another turn; on its way in it has asked already.
                self.state = if self.environment.is_alive() || self.host().uv.turn == 1 {
                    State::Pending
                } else {
                    State::LoopEnds
                };
            }
            State::Pending => {
                self.host().phase(Phase::Pending);
                self.state = State::Fed {
                    left: self.environment.requests.fed(),
                    rounds: 0,
                    polled: false,
                };
            }
            State::Poll => {
                let mut host = self.host();
                host.phase(Phase::Poll);
                host.spend(costs::POLL_NS);
                host.loop_now_ms();
                drop(host);
                self.state = State::Polling;
            }
            State::Polling => return self.poll(),
            State::Awake { slept_ns } => {
                let mut host = self.host();
                let idle_ns = &self.environment.place().remote.idle_ns;
                idle_ns.set(idle_ns.get() + host.now_ns().saturating_sub(slept_ns));
                let jitter_ns = self.race_wake(&mut host);
                host.spend(jitter_ns);
                host.record(EventKind::PollWoke, vec![]);
                let until_ns = host.now_ns();
                host.loop_now_ms();
                drop(host);
                #[cfg(feature = "whole")]
                net::hear(&self.environment);
                self.state = State::Answers { until_ns };
            }
            State::Answers { until_ns } => match self.take_ready(until_ns) {
                Some(done) => {
                    self.host().callback_begins();
                    done(self.ctx());
                }
                None => {
                    self.host().loop_now_ms();
                    self.state = State::Fed {
                        left: 0,
                        rounds: FED_ROUNDS,
                        polled: true,
                    };
                }
            },
            State::Fed {
                left: 0,
                rounds,
                polled,
            } => {
                let left = self.environment.requests.fed();
                self.state = if rounds > 0 && left > 0 {
                    State::Fed {
                        left,
                        rounds: rounds - 1,
                        polled,
                    }
                } else if polled {
                    State::Check
                } else {
                    self.host().phase(Phase::IdlePrepare);
                    State::Poll
                };
            }
            State::Fed {
                left,
                rounds,
                polled,
            } => {
                self.state = State::Fed {
                    left: left - 1,
                    rounds,
                    polled,
                };
                if let Some(done) = self.environment.requests.take_fed() {
                    self.host().callback_begins();
                    done(self.ctx());
                }
            }
            State::Check => {
                self.check();
                self.state = State::Close;
            }
            State::Close => {
                self.host().phase(Phase::Close);
                // As libuv has it: what was closed last is told first.
                for done in self.environment.requests.take_closing().into_iter().rev() {
                    if self.environment.can_call_into_js() {
                        self.host().callback_begins();
                        done(self.ctx());
                    }
                }
                self.state = State::TurnEnds;
            }
            State::TurnEnds => {
                let mut host = self.host();
                host.uv.turn += 1;
                let hiccup_ns = self.race_turn(&mut host);
                host.spend(hiccup_ns);
                let now_ms = host.loop_now_ms();
                let due = host.uv.timer_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
                drop(host);
                self.state = if due || self.environment.is_alive() {
                    State::Timers
                } else {
                    State::LoopEnds
                };
            }
            State::LoopEnds => self.loop_ends(),
            State::Gone => {}
        }
        None
    }

    /// Something else than timers is ready, or is before `until_ns`.
    fn has_others(&self, host: &Host, until_ns: u64) -> bool {
        let requests = &self.environment.requests;
        host.uv.immediate_ref
            || requests.fed() > 0
            || requests
                .next_ready_ns()
                .is_some_and(|ready_ns| ready_ns <= until_ns)
    }

    /// What the clock's offset decides: whether a short timer is due when the loop begins.
    fn race_first_turn(&self) {
        let mut host = self.host();
        let now_ns = host.now_ns();
        let (is_first, Some(due_ns)) = (host.uv.turn == 1, host.uv.timer_ns()) else {
            return;
        };
        if is_first && host.uv.offset_decides(now_ns) && self.has_others(&host, due_ns.max(now_ns))
        {
            let is_due = host.race(trace::Race::Timers, due_ns <= now_ns);
            host.uv.set_due(now_ns, is_due);
        }
    }

    /// What the system takes for itself at the end of a turn, when that decides whether a timer is due.
    fn race_turn(&self, host: &mut Host) -> u64 {
        let drawn_ns = host.uv.hiccup_ns();
        let now_ns = host.now_ns();
        let Some(due_ns) = host.uv.timer_ns() else {
            return drawn_ns;
        };
        let wait_ns = due_ns.saturating_sub(now_ns);
        let is_due = wait_ns <= drawn_ns;
        if !(1..costs::HICCUP_NS).contains(&wait_ns) || !self.has_others(host, due_ns) {
            return drawn_ns;
        }
        // Of many turns before a timer the first is told, and any that chance makes a late one.
        if !host.uv.races_first() && !is_due {
            return drawn_ns;
        }
        host.race_wait(trace::Race::Timers, drawn_ns, wait_ns)
    }

    /// How late poll wakes, when that decides whether a timer that is due waits for what comes meanwhile.
    fn race_wake(&self, host: &mut Host) -> u64 {
        let drawn_ns = host.uv.wake_jitter_ns();
        let now_ns = host.now_ns();
        let ready_ns = self.environment.requests.next_ready_after_ns(now_ns);
        let (Some(ready_ns), Some(due_ns)) = (ready_ns, host.uv.timer_ns()) else {
            return drawn_ns;
        };
        let wait_ns = ready_ns - now_ns;
        if wait_ns >= costs::POLL_WAKE_JITTER_NS + costs::OVERSLEEP_NS - 1 || due_ns > ready_ns {
            return drawn_ns;
        }
        host.race_wait(trace::Race::Wake, drawn_ns, wait_ns)
    }

    /// `Environment::RunTimers`, when Node's timer handle is due.
    fn timers(&mut self) {
        let env = &*self.environment;
        let ctx = self.ctx();
        {
            let mut host = self.host();
            host.phase(Phase::Timers);
            let time_ms = host.uv.time_ms;
            if host.uv.timer_due_ms.is_none_or(|due_ms| due_ms > time_ms) {
                return;
            }
            host.uv.timer_due_ms = None;
        }
        let Some(process_timers) = env.kept("processTimers") else {
            return;
        };
        let process = env.kept("process").unwrap_or_else(|| ctx.undefined());
        callback::in_scope(ctx, || {
            while env.can_call_into_js() {
                let now_ms = env.host().loop_now_ms();
                match ctx.call(&process_timers, &process, &[ctx.number(now_ms as f64)]) {
                    Ok(next) => {
                        // Zero, or when the next list is due: negative when none of its timers keeps the process alive.
                        let next_ms = next.as_f64();
                        let mut host = env.host();
                        if next_ms == 0.0 {
                            host.uv.timer_ref = false;
                        } else {
                            let after_ms = (next_ms.abs() as u64).saturating_sub(host.uv.time_ms);
                            host.uv.start_timer(after_ms.max(1));
                            host.uv.timer_ref = next_ms > 0.0;
                        }
                        return;
                    }
                    Err(_) => {
                        callback::uncaught(ctx, false);
                        env.host().end_running(0, Outcome::Threw);
                    }
                }
            }
        });
    }

    fn poll(&mut self) -> Option<Turn> {
        let env = &*self.environment;
        let now_ns = env.now_ns();
        #[cfg(feature = "whole")]
        net::hear(env);
        let may_sleep = env.is_alive()
            && !env.host().uv.immediate_ref
            && !env.requests.is_closing()
            && env.requests.fed() == 0;
        let timer_ns = {
            let host = env.host();
            host.uv.timer_due_ms.map(|ms| host.uv.reads_at_ns(ms))
        };
        let wake_ns = [timer_ns, env.requests.next_ready_ns()]
            .into_iter()
            .flatten()
            .min();
        if !may_sleep || wake_ns.is_some_and(|wake_ns| wake_ns <= now_ns) {
            self.state = State::Answers { until_ns: now_ns };
            return None;
        }
        let slept = EventKind::PollSlept { until_ns: timer_ns };
        env.host().record(slept, vec![]);
        self.state = State::Awake { slept_ns: now_ns };
        Some(wake_ns.map_or(Turn::Waits, Turn::SleepsUntil))
    }

    fn take_ready(&self, until_ns: u64) -> Option<Completion> {
        let now_ns = self.environment.now_ns();
        self.environment.requests.take_ready(until_ns, now_ns)
    }

    /// `Environment::CheckImmediate`. `immediateInfo`: count, references, outstanding.
    fn check(&mut self) {
        let env = &*self.environment;
        let ctx = self.ctx();
        env.host().phase(Phase::Check);
        let own = env.requests.take_immediates();
        if !own.is_empty() {
            callback::in_scope(ctx, || own.into_iter().for_each(|done| done(ctx)));
            #[cfg(feature = "whole")]
            if env.u32_at("immediateInfo", 1) == 0 {
                env.host().uv.immediate_ref = env.requests.awaits_immediate();
            }
        }
        if env.u32_at("immediateInfo", 0) == 0 {
            return;
        }
        let Some(process_immediate) = env.kept("processImmediate") else {
            return;
        };
        let process = env.kept("process").unwrap_or_else(|| ctx.undefined());
        loop {
            callback::make(ctx, &process_immediate, &process, &[]);
            if env.u32_at("immediateInfo", 2) == 0 || !env.can_call_into_js() {
                break;
            }
        }
        if env.u32_at("immediateInfo", 1) == 0 {
            #[cfg(feature = "whole")]
            let awaited = env.requests.awaits_immediate();
            #[cfg(not(feature = "whole"))]
            let awaited = false;
            env.host().uv.immediate_ref = awaited;
        }
    }

    /// Nothing is left to wait for: `beforeExit`, which may bring the loop back, then the end.
    fn loop_ends(&mut self) {
        let (env, ctx) = (&*self.environment, self.ctx());
        env.host().callback_begins();
        let due = env.requests.take_due_task(env.now_ns());
        if let Some(task) = due {
            task(ctx);
            if env.is_alive() {
                self.state = State::EnterLoop;
            }
            return;
        }
        bootstrap::emit_before_exit(ctx);
        if !env.can_call_into_js() {
            return;
        }
        if env.is_alive() {
            self.state = State::EnterLoop;
            return;
        }
        bootstrap::emit_exit(ctx);
        let code = bootstrap::exit_code_so_far(env);
        let mut host = self.host();
        if host.stop.is_none() {
            host.stop = Some(Stop::Exit {
                code,
                reason: if code == UNSETTLED_TOP_LEVEL_AWAIT {
                    ExitReason::UnsettledTopLevelAwait
                } else {
                    ExitReason::LoopEmpty
                },
            });
        }
    }

    fn stop_now(&mut self, stop: Stop) {
        let mut host = self.host();
        let mut error = None;
        let (code, reason) = match stop {
            Stop::Exit { code, reason } => (code, reason),
            Stop::Limit { text, .. } => {
                host.final_words(&format!("terrarium: {text}\n"));
                (1, ExitReason::Limit)
            }
            Stop::OutOfMemory if self.environment.is_thread() => {
                error = Some((
                    "ERR_WORKER_OUT_OF_MEMORY",
                    "JS heap out of memory".to_owned(),
                ));
                (1, ExitReason::OutOfMemory)
            }
            Stop::OutOfMemory => {
                host.final_words(
                    "\n<--- Last few GCs --->\n\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
                );
                (134, ExitReason::OutOfMemory)
            }
        };
        host.exited(code, reason);
        drop(host);
        self.leave(Finished { code, error });
        self.exit_code = code;
        self.state = State::Gone;
    }

    /// What others notice of the end: its threads end, its ports close, its parent hears of it.
    fn leave(&self, finished: Finished) {
        let env = &*self.environment;
        let place = env.place();
        messaging::close_all(env);
        #[cfg(feature = "whole")]
        net::close_all(env);
        place.remote.inside.take();
        place.common.waiters.forget(place.process);
        let world = place.scheduler.world();
        let at_ns = world
            .borrow()
            .now_ns()
            .saturating_add(costs::THREAD_WAKE_NS);
        for worker in env.sub_workers.take() {
            worker.parent.take();
            worker.stop.set(Some(1));
            world.borrow_mut().resume_at(worker.process.get(), at_ns);
        }
        *place.remote.finished.borrow_mut() = Some(finished);
        if let Some((requests, handle, parent)) = place.remote.parent.take() {
            let ends_ns = if env.is_thread() {
                0
            } else {
                costs::PROCESS_END_NS
            };
            requests.signal(handle, at_ns + ends_ns);
            world.borrow_mut().resume_at(parent, at_ns + ends_ns);
        }
        env.requests.clear();
    }

    /// The turn's part of the stack, of which turns within turns leave each other less.
    fn take_stack(&self) {
        let here = 0_u8;
        let here = &raw const here as usize;
        let scheduler = &self.environment.place().scheduler;
        let depth = scheduler.depth();
        if depth == 0 {
            scheduler.stack_base.set(here);
        }
        let base = scheduler.stack_base.get();
        let bytes = STACK_BYTES_MAX.saturating_sub(base.saturating_sub(here));
        self.engine.allow_stack(bytes);
        self.environment.stack.set((here, bytes));
        let limits = self.host().limits;
        self.engine.set_call_depth(limits.call_depth_max, depth);
    }
}

impl Drop for Process {
    /// Values in what others may hold on to go before the engine does.
    fn drop(&mut self) {
        messaging::close_all(&self.environment);
        self.environment.requests.clear();
        self.environment.place().remote.inside.take();
    }
}

impl System for Process {
    fn resume(&mut self, ticks_max: u64) -> (Turn, u64) {
        self.take_stack();
        let before = self.engine.ticks();
        // Moves of the loop cost time too, though no ticks: a slice is bounded by them as well.
        let mut moves = 0;
        loop {
            self.environment.heed_stop();
            let sleeps = if self.host().stop.is_some() {
                None
            } else {
                self.advance()
            };
            {
                let mut host = self.host();
                if host.stop.is_none() {
                    host.check_limits();
                    if self.environment.heap_exceeded() {
                        host.reach(protocol::Limit::Heap);
                    }
                }
            }
            let stop = self.host().stop.clone();
            if let Some(stop) = stop {
                self.stop_now(stop);
                return (
                    Turn::Exited(self.exit_code),
                    self.engine.ticks() - before + moves,
                );
            }
            moves += 20;
            let spent = self.engine.ticks() - before + moves;
            if let Some(turn) = sleeps {
                return (turn, spent);
            }
            if spent >= ticks_max || self.others_are_due() {
                return (Turn::Again, spent);
            }
        }
    }

    #[cfg(feature = "whole")]
    fn is_at_rest(&self) -> bool {
        let env = &*self.environment;
        let Some(host) = env.try_host() else {
            return false;
        };
        !host.uv.timer_ref && !host.uv.immediate_ref && !env.requests.has_plans()
    }

    fn strand(&mut self) {
        #[cfg(feature = "whole")]
        if let Some(port) = net::listening_port(&self.environment) {
            let mut host = self.host();
            let entry = host.spec.entry.clone();
            let name = entry.rsplit('/').next().unwrap_or(&entry);
            host.final_words(&format!(
                "terrarium: {name} still listens on port {port}, and nobody is left to call it\n"
            ));
            host.stop = Some(Stop::Exit {
                code: 0,
                reason: ExitReason::Uncalled,
            });
            return;
        }
        let what =
            "waits for something that can no longer happen: nothing is left that could wake it";
        self.host().reach_saying(Limit::VirtualTime, what);
    }

    fn kill(&mut self) {
        if !matches!(self.state, State::Gone) {
            self.stop_now(Stop::Exit {
                code: KILLED,
                reason: ExitReason::Killed,
            });
        }
    }

    #[cfg(feature = "whole")]
    fn signal(&mut self, number: i32) {
        let place = self.environment.place();
        if place.remote.thread == 0 {
            signal::send(&self.environment, &place.remote, number);
        }
    }
}

/// A signal's number and 128, as a shell has it.
const KILLED: i32 = 128 + 9;

impl Process {
    /// Whether another core has something to do by now.
    fn others_are_due(&self) -> bool {
        let now_ns = self.environment.now_ns();
        let world = self.environment.place().scheduler.world().borrow();
        world
            .queue
            .next_time_ns()
            .is_some_and(|next_ns| next_ns <= now_ns)
    }
}
