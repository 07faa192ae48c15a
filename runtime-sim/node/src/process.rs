//! One Node process: the engine, Node's own library on its bindings, and the event loop as a state machine.
//!
//! The loop is driven from here, so that a slice can end between any two of its callbacks. Its phases and their order
//! are libuv 1.46's `uv_run`; what Node does in each is `src/env.cc` and `src/api/callback.cc` (v20.20.2). Timers that
//! are due at once and the immediates of one turn are one callback of libuv's, as in Node.

use std::{cell::RefCell, rc::Rc};

use kernel::{System, Turn, World};
use protocol::{EventKind, ExitReason, Outcome, Phase, ProcessId, ProcessSpec};

use crate::{
    bindings::{
        async_wrap, bootstrap, callback, environment::Environment, library::Library, native,
        variables,
    },
    costs,
    engine::{Ctx, Engine},
    facts::Facts,
    hooks,
    host::{Host, Stop},
};

/// `exit` with this code says that the main module still awaits.
const UNSETTLED_TOP_LEVEL_AWAIT: i32 = 13;

/// A process in which Node's library has started and no program yet: the same for every scenario.
pub struct Booted {
    environment: Box<Environment>,
    // Values live in the engine, so the engine goes last.
    engine: Engine,
}

impl Booted {
    /// The error is a sentence.
    pub fn boot(library: Rc<Library>) -> Result<Self, String> {
        let engine = Engine::new(0, 0, 1, std::ptr::null_mut());
        let handle_class = native::define_handle_class(engine.runtime());
        let variables_class = variables::define_class(&engine);
        let environment = Box::new(Environment::new(
            handle_class,
            variables_class,
            library,
            engine.heap(),
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    EnterLoop,
    Timers,
    Pending,
    Poll,
    /// Poll slept.
    Awake,
    /// Answers that are ready by the time poll returned.
    Answers {
        until_ns: u64,
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

impl Process {
    pub fn begin(
        booted: Booted,
        process: ProcessId,
        spec: ProcessSpec,
        world: Rc<RefCell<World>>,
    ) -> Self {
        let Booted {
            environment,
            engine,
        } = booted;
        let limits = world.borrow().limits;
        let random_seed = world
            .borrow()
            .chance
            .stream(&format!("Math.random {process}"))
            .next_u64();
        engine.seed(random_seed);
        engine.set_call_depth(limits.call_depth_max);
        engine.heap().allow(limits.heap_bytes_max);
        {
            let mut files = environment.files.borrow_mut();
            files.mkdir_all(&spec.cwd);
            for file in &spec.files {
                files.place(&file.path, file.bytes.clone());
            }
        }
        environment.begin(Host::new(world, process, spec));
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

    /// The working folder, and every file that is text, by path.
    pub fn sources(&self) -> (String, Vec<(String, String)>) {
        let host = self.environment.host();
        let files = self.environment.files.borrow();
        let texts = host.spec.files.iter().filter_map(|file| {
            let text = String::from_utf8(files.contents(&file.path)?).ok()?;
            Some((file.path.clone(), text))
        });
        (host.spec.cwd.clone(), texts.collect())
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
            host.ctx = Some(ctx);
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
            self.environment.host().main_ends(outcome);
            async_wrap::pop(ctx, 1.0);
        });
        // A tick of the main script that throws ends one walk of the queues; Node makes another before the loop.
        callback::in_scope(ctx, || {});
        self.state = State::EnterLoop;
    }

    // ---- the loop ----

    /// One callback, or one move of the loop. Returns a time to sleep until.
    fn advance(&mut self) -> Option<u64> {
        match self.state {
            State::Start => self.start(),
            State::EnterLoop => {
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
                self.host().phase(Phase::IdlePrepare);
                self.state = State::Poll;
            }
            State::Poll => return self.poll(),
            State::Awake => {
                let mut host = self.host();
                let jitter_ns = host.uv.wake_jitter_ns();
                host.spend(jitter_ns);
                host.record(EventKind::PollWoke, vec![]);
                let until_ns = host.now_ns();
                host.loop_now_ms();
                drop(host);
                self.state = State::Answers { until_ns };
            }
            State::Answers { until_ns } => match self.environment.requests.take_ready(until_ns) {
                Some(done) => {
                    self.host().callback_begins();
                    done(self.ctx());
                }
                None => {
                    self.host().loop_now_ms();
                    self.state = State::Check;
                }
            },
            State::Check => {
                self.check();
                self.state = State::Close;
            }
            State::Close => {
                self.host().phase(Phase::Close);
                for done in self.environment.requests.take_closing() {
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
                let hiccup_ns = host.uv.hiccup_ns();
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

    fn poll(&mut self) -> Option<u64> {
        let now_ns = {
            let mut host = self.host();
            host.phase(Phase::Poll);
            host.spend(costs::POLL_NS);
            host.loop_now_ms();
            host.now_ns()
        };
        let env = &*self.environment;
        let may_sleep =
            env.is_alive() && !env.host().uv.immediate_ref && !env.requests.is_closing();
        let timer_ns = {
            let host = env.host();
            host.uv.timer_due_ms.map(|ms| host.uv.reads_at_ns(ms))
        };
        let wake_ns = [timer_ns, env.requests.next_ready_ns()]
            .into_iter()
            .flatten()
            .min()
            .filter(|wake_ns| may_sleep && *wake_ns > now_ns);
        if wake_ns.is_some() {
            let slept = EventKind::PollSlept { until_ns: timer_ns };
            env.host().record(slept, vec![]);
            self.state = State::Awake;
        } else {
            self.state = State::Answers { until_ns: now_ns };
        }
        wake_ns
    }

    /// `Environment::CheckImmediate`. `immediateInfo`: count, references, outstanding.
    fn check(&mut self) {
        let env = &*self.environment;
        let ctx = self.ctx();
        env.host().phase(Phase::Check);
        let own = env.requests.take_immediates();
        if !own.is_empty() {
            callback::in_scope(ctx, || own.into_iter().for_each(|done| done(ctx)));
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
            env.host().uv.immediate_ref = false;
        }
    }

    /// Nothing is left to wait for: `beforeExit`, which may bring the loop back, then the end.
    fn loop_ends(&mut self) {
        let (env, ctx) = (&*self.environment, self.ctx());
        env.host().callback_begins();
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
        let (code, reason) = match stop {
            Stop::Exit { code, reason } => (code, reason),
            Stop::Limit { text, .. } => {
                host.final_words(&format!("terrarium: {text}\n"));
                (1, ExitReason::Limit)
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
        self.exit_code = code;
        self.state = State::Gone;
    }
}

impl System for Process {
    fn resume(&mut self, ticks_max: u64) -> (Turn, u64) {
        let before = self.engine.ticks();
        // Moves of the loop cost time too, though no ticks: a slice is bounded by them as well.
        let mut moves = 0;
        loop {
            let sleep_until = self.advance();
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
            if let Some(until_ns) = sleep_until {
                return (Turn::SleepsUntil(until_ns), spent);
            }
            if spent >= ticks_max {
                return (Turn::Again, spent);
            }
        }
    }
}
