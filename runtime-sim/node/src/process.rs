//! One Node process: the engine, its own JavaScript, and the event loop as a state machine.
//!
//! The loop is driven from here, one callback at a time, so that a slice can end between any two callbacks. Its phases
//! and their order are libuv 1.46's `uv_run`; what happens between two callbacks is Node's `runNextTicks` and
//! `InternalCallbackScope::Close` (v20.20.2). Pending, idle, prepare and close have nothing to run until there is I/O.

use std::{cell::RefCell, rc::Rc};

use kernel::{System, Turn, World};
use protocol::{EventKind, ExitReason, Outcome, Phase, ProcessId, ProcessSpec, Queue, TaskId};
use rquickjs::qjs;

use crate::{
    builtins, costs,
    engine::{Ctx, Engine, Js, Value},
    facts::Facts,
    hooks,
    host::{Host, Shared, Stop},
    modules, natives, stacks,
    stacks::HostFrame,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    EnterLoop,
    Timers {
        now_ms: u64,
        ran: bool,
    },
    Pending,
    Poll,
    /// Poll slept; `timed` when it was for a timer.
    Awake,
    Check {
        ran: bool,
    },
    Close,
    LoopEnds,
    Gone,
}

/// Emptying the two queues after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drain {
    /// Microtasks first; ticks only if there are any by then.
    MicrotasksFirst,
    Ticks,
    Microtasks,
}

/// The functions of Node's own JavaScript that the loop calls.
struct Internals {
    run_main: Value,
    peek_timer: Value,
    start_timer: Value,
    finish_timer: Value,
    begin_immediates: Value,
    peek_immediate: Value,
    start_immediate: Value,
    finish_immediate: Value,
    process_rejections: Value,
    uncaught: Value,
    describe_error: Value,
    before_exit: Value,
    at_exit: Value,
    main_rejected: Value,
}

pub struct Process {
    state: State,
    drain: Option<Drain>,
    is_module: bool,
    main_task: TaskId,
    main_drains: u8,
    main_promise: Option<Value>,
    internals: Option<Internals>,
    exit_code: i32,
    // Values live in the engine, so the engine goes last.
    shared: Box<Shared>,
    engine: Engine,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.internals = None;
        self.main_promise = None;
        self.shared.rejection.take();
        self.shared.import_names.take();
        self.shared.import_values.take();
        self.shared.host.borrow_mut().tick_queue.clear();
    }
}

/// One question to Node's own JavaScript.
enum Answer {
    Value(Value),
    /// It threw, or the process was stopped meanwhile.
    Failed,
}

impl Process {
    pub fn new(process: ProcessId, spec: ProcessSpec, world: Rc<RefCell<World>>) -> Self {
        let limits = world.borrow().limits;
        let random_seed = world
            .borrow()
            .chance
            .stream(&format!("Math.random {process}"))
            .next_u64();
        let is_module = {
            let files = crate::files::Files::new(&spec.files, &spec.transpiled);
            modules::is_es_module(&files, &spec.entry)
        };
        let shared = Shared::new(Host::new(world, process, spec));
        let opaque = (&raw const *shared).cast_mut().cast();
        let engine = Engine::new(
            limits.heap_bytes_max,
            limits.call_depth_max,
            random_seed,
            opaque,
        );
        shared.heap.set(engine.heap());
        Self {
            state: State::Start,
            drain: None,
            is_module,
            main_task: 0,
            main_drains: 0,
            main_promise: None,
            internals: None,
            exit_code: 0,
            shared,
            engine,
        }
    }

    pub fn facts<T>(&self, read: impl FnOnce(&Facts) -> T) -> T {
        read(&self.shared.host.borrow().facts)
    }

    /// The working folder, and every file that is text, by path.
    pub fn sources(&self) -> (String, Vec<(String, String)>) {
        let host = self.shared.host.borrow();
        (host.spec.cwd.clone(), host.files.texts())
    }

    fn ctx(&self) -> Ctx {
        self.engine.ctx()
    }

    fn host(&self) -> std::cell::RefMut<'_, Host> {
        self.shared.host.borrow_mut()
    }

    /// Calls Node's own JavaScript without charging its work to the program.
    fn ask(&self, function: &Value, args: &[Value]) -> Answer {
        self.host().enter_host();
        let result = self.ctx().call(function, &self.ctx().undefined(), args);
        self.host().leave_host();
        match result {
            Ok(value) => Answer::Value(value),
            Err(_) => {
                self.ctx().take_exception();
                Answer::Failed
            }
        }
    }

    fn internals(&self) -> &Internals {
        self.internals
            .as_ref()
            .expect("set up before the loop runs")
    }

    // ---- the start ----

    fn start(&mut self) {
        let ctx = self.ctx();
        if self.set_up().is_err() {
            let error = ctx.take_exception();
            let text = ctx.text(&error).unwrap_or_default();
            let stack = ctx
                .get(&error, "stack")
                .and_then(|stack| ctx.text(&stack))
                .unwrap_or_default();
            panic!("Node's own JavaScript does not start: {text}\n{stack}");
        }
        {
            let mut host = self.host();
            host.ctx = Some(ctx);
            host.ignore_ticks_so_far();
            host.process_started();
            let entry = host.spec.entry.clone();
            let base = entry.rsplit('/').next().unwrap_or(&entry).to_owned();
            let function = host.host_function(&base, &entry, 1, 1);
            let task = host.task_queued(Queue::Main, function, None, None, false);
            drop(host);
            self.main_task = task;
        }
        hooks::install(&self.engine, &raw const *self.shared);
        if self.is_module {
            // The file is read by the thread pool: the program begins in the first poll phase.
            let mut host = self.host();
            let ready_ns = host.now_ns().saturating_add(costs::MODULE_READ_ASYNC_NS);
            host.uv.requests.push(ready_ns);
        } else {
            self.run_main();
            self.begin_drain();
        }
        self.state = State::EnterLoop;
    }

    fn set_up(&mut self) -> Js<()> {
        let ctx = self.ctx();
        modules::install(self.engine.runtime(), &raw const *self.shared);
        let binding = natives::make(ctx);
        {
            let host = self.host();
            let spec = &host.spec;
            let text = |name: &str, value: &str| ctx.set(&binding, name, ctx.string(value));
            text("entry", &spec.entry);
            text("cwd", &spec.cwd);
            text("hostName", &spec.host);
            ctx.set(
                &binding,
                "args",
                ctx.strings(spec.args.iter().map(String::as_str)),
            );
            ctx.set(
                &binding,
                "env",
                ctx.array(
                    spec.env
                        .iter()
                        .map(|(name, value)| ctx.strings([name.as_str(), value.as_str()])),
                ),
            );
            ctx.set(
                &binding,
                "startMs",
                ctx.number(host.world.borrow().epoch_ms as f64),
            );
            ctx.set(
                &binding,
                "heapTotal",
                ctx.number(host.limits.heap_bytes_max as f64),
            );
        }
        let bootstrap = builtins::compile(ctx, "internal/bootstrap")?;
        let exports = ctx.object();
        let undefined = ctx.undefined();
        ctx.call(
            &bootstrap,
            &undefined,
            &[
                exports.clone(),
                undefined.clone(),
                undefined.clone(),
                binding,
            ],
        )?;
        let get = |name: &str| ctx.get(&exports, name);
        *self.shared.import_names.borrow_mut() = Some(get("importNames")?);
        *self.shared.import_values.borrow_mut() = Some(get("importValues")?);
        self.internals = Some(Internals {
            run_main: get("runMain")?,
            peek_timer: get("peekTimer")?,
            start_timer: get("startTimer")?,
            finish_timer: get("finishTimer")?,
            begin_immediates: get("beginImmediates")?,
            peek_immediate: get("peekImmediate")?,
            start_immediate: get("startImmediate")?,
            finish_immediate: get("finishImmediate")?,
            process_rejections: get("processRejections")?,
            uncaught: get("uncaught")?,
            describe_error: get("describeError")?,
            before_exit: get("beforeExit")?,
            at_exit: get("atExit")?,
            main_rejected: get("mainRejected")?,
        });
        Ok(())
    }

    fn run_main(&mut self) {
        let ctx = self.ctx();
        let entry = self.host().spec.entry.clone();
        let base = if self.is_module {
            stacks::MAIN_MODULE
        } else {
            stacks::MAIN_COMMONJS
        };
        self.host().callback_begins();
        self.host().task_started(self.main_task, base);
        let result = if self.is_module {
            self.run_main_module(&entry)
        } else {
            let run_main = self.internals().run_main.clone();
            ctx.call(&run_main, &ctx.undefined(), &[ctx.string(&entry)])
        };
        let outcome = match result {
            Ok(value) => {
                if self.is_module {
                    // A program that fails rejects this promise, which nobody else holds.
                    let handler = self.internals().main_rejected.clone();
                    let promise = value;
                    self.ask(&handler, std::slice::from_ref(&promise));
                    self.main_promise = Some(promise);
                }
                Outcome::Returned
            }
            Err(_) => {
                self.thrown();
                Outcome::Threw
            }
        };
        self.end_task(self.main_task, outcome);
    }

    fn run_main_module(&mut self, entry: &str) -> Js<Value> {
        let ctx = self.ctx();
        let module = modules::compile_module(ctx, &self.shared, entry)?;
        // SAFETY: the engine counts references to modules in values of this tag.
        let value = ctx.borrowed(qjs::JS_MKPTR(qjs::JS_TAG_MODULE, module.cast()));
        let meta = ctx.result(unsafe { qjs::JS_GetImportMeta(ctx.0, module) })?;
        drop(meta);
        if unsafe { qjs::JS_ResolveModule(ctx.0, value.raw()) } < 0 {
            return Err(crate::engine::Thrown);
        }
        ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, value.into_raw()) })
    }

    fn end_task(&self, task: TaskId, outcome: Outcome) {
        let mut host = self.host();
        let outcome = if host.stop.is_some() {
            Outcome::Interrupted
        } else {
            outcome
        };
        host.task_ended(task, outcome);
    }

    /// Runs a callback as a task. Returns whether it threw.
    fn run_task(
        &mut self,
        task: TaskId,
        base: &[HostFrame],
        function: &Value,
        this: &Value,
        args: &[Value],
    ) -> bool {
        self.host().task_started(task, base);
        let result = self.ctx().call(function, this, args);
        let threw = result.is_err();
        drop(result);
        if threw {
            self.thrown();
        }
        self.end_task(
            task,
            if threw {
                Outcome::Threw
            } else {
                Outcome::Returned
            },
        );
        threw
    }

    /// An exception has come out of the last call: the program's own, or the sign of a stop.
    fn thrown(&mut self) {
        let ctx = self.ctx();
        let error = ctx.take_exception();
        if self.host().stop.is_some() {
            return;
        }
        if self.shared.heap_exceeded() {
            self.host().reach(protocol::Limit::Heap);
            return;
        }
        self.uncaught(error);
    }

    /// `process._fatalException`: the program's handlers, or the end.
    fn uncaught(&mut self, error: Value) {
        let ctx = self.ctx();
        let uncaught = self.internals().uncaught.clone();
        self.host().enter_host();
        let handled = ctx.call(
            &uncaught,
            &ctx.undefined(),
            &[error.clone(), ctx.bool(false)],
        );
        self.host().leave_host();
        match handled {
            Ok(handled) if handled.truthy() => {}
            Ok(_) => self.die(error, None),
            Err(_) => {
                let error = ctx.take_exception();
                if self.host().stop.is_none() {
                    self.die(error, Some(7));
                }
            }
        }
    }

    /// Prints the error as Node does and stops the process.
    fn die(&mut self, error: Value, code: Option<i32>) {
        let describe = self.internals().describe_error.clone();
        let ctx = self.ctx();
        let code_value = ctx.number(f64::from(code.unwrap_or(0)));
        // It prints, records and exits by itself; whatever goes wrong in it must not keep the process alive.
        self.ask(&describe, &[error, code_value]);
        let mut host = self.host();
        if host.stop.is_none() {
            host.stop = Some(Stop::Exit {
                code: code.unwrap_or(1),
                reason: ExitReason::UncaughtError,
            });
        }
    }

    // ---- between two callbacks ----

    fn begin_drain(&mut self) {
        self.drain = Some(if self.host().tick_scheduled {
            Drain::Ticks
        } else {
            Drain::MicrotasksFirst
        });
    }

    fn job_pending(&self) -> bool {
        unsafe { qjs::JS_IsJobPending(self.engine.runtime()) }
    }

    fn run_job(&mut self) {
        self.host().drained += 1;
        let mut ctx = std::ptr::null_mut();
        let status = unsafe { qjs::JS_ExecutePendingJob(self.engine.runtime(), &mut ctx) };
        if status < 0 {
            self.thrown();
            let task = self.shared.job.take();
            hooks::end_job(&mut self.host(), task, Outcome::Threw);
        }
    }

    fn drain_one(&mut self, drain: Drain) {
        match drain {
            Drain::MicrotasksFirst => {
                if self.job_pending() {
                    self.run_job();
                    return;
                }
                let host = self.host();
                let more = host.tick_scheduled || host.rejection_to_warn;
                drop(host);
                self.drain = more.then_some(Drain::Ticks);
            }
            Drain::Ticks => {
                let tick = self.host().tick_queue.pop_front();
                let Some(tick) = tick else {
                    self.drain = Some(Drain::Microtasks);
                    return;
                };
                self.host().drained += 1;
                let this = self.ctx().undefined();
                if self.run_task(tick.task, stacks::TICK, &tick.callback, &this, &tick.args) {
                    // As in Node: the walk is over, and the next one goes on where it stopped.
                    self.drain = None;
                }
            }
            Drain::Microtasks => {
                if self.job_pending() {
                    self.run_job();
                    return;
                }
                if !self.host().tick_queue.is_empty() {
                    self.drain = Some(Drain::Ticks);
                    return;
                }
                let function = self.internals().process_rejections.clone();
                let again =
                    matches!(self.ask(&function, &[]), Answer::Value(value) if value.truthy());
                if again {
                    self.drain = Some(Drain::Ticks);
                } else {
                    let mut host = self.host();
                    host.tick_scheduled = false;
                    host.rejection_to_warn = false;
                    drop(host);
                    self.drain = None;
                }
            }
        }
    }

    // ---- the loop ----

    /// One callback, or one move of the loop. Returns a time to sleep until.
    fn advance(&mut self) -> Option<u64> {
        if let Some(drain) = self.drain {
            self.drain_one(drain);
            return None;
        }
        match self.state {
            State::Start => self.start(),
            State::EnterLoop => {
                if self.main_drains == 0 {
                    // A tick of the main script that throws ends one walk of the queues; Node makes another before the
                    // loop.
                    self.main_drains = 1;
                    self.begin_drain();
                    return None;
                }
                self.host().loop_now_ms();
                self.state = if self.host().uv.alive() {
                    self.timers()
                } else {
                    State::LoopEnds
                };
            }
            State::Timers { now_ms, ran } => self.run_timer(now_ms, ran),
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
                drop(host);
                self.poll_ends();
            }
            State::Check { ran } => self.run_immediate(ran),
            State::Close => {
                self.host().phase(Phase::Close);
                let mut host = self.host();
                host.uv.turn += 1;
                let hiccup_ns = host.uv.hiccup_ns();
                host.spend(hiccup_ns);
                let now_ms = host.loop_now_ms();
                let due = host.uv.timer_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
                let alive = host.uv.alive();
                drop(host);
                self.state = if due || alive {
                    self.timers()
                } else {
                    State::LoopEnds
                };
            }
            State::LoopEnds => self.loop_ends(),
            State::Gone => {}
        }
        None
    }

    /// Enters the timers phase; nothing runs unless Node's timer handle is due.
    fn timers(&mut self) -> State {
        let mut host = self.host();
        host.phase(Phase::Timers);
        let time_ms = host.uv.time_ms;
        if host.uv.timer_due_ms.is_some_and(|due_ms| due_ms <= time_ms) {
            host.uv.timer_due_ms = None;
            let now_ms = host.loop_now_ms();
            State::Timers { now_ms, ran: false }
        } else if host.uv.alive() {
            State::Pending
        } else {
            State::LoopEnds
        }
    }

    fn run_timer(&mut self, now_ms: u64, ran: bool) {
        let ctx = self.ctx();
        let peek = self.internals().peek_timer.clone();
        let Answer::Value(next) = self.ask(&peek, &[ctx.number(now_ms as f64)]) else {
            self.state = State::Pending;
            return;
        };
        if !next.is_object() {
            // Zero, or when the next list is due: negative when none of its timers keeps the process alive.
            let expiry = next.as_f64();
            let mut host = self.host();
            if expiry == 0.0 {
                host.uv.timer_ref = false;
            } else {
                let time_ms = host.uv.time_ms;
                host.uv
                    .start_timer((expiry.abs() as u64).saturating_sub(time_ms).max(1));
                host.uv.timer_ref = expiry > 0.0;
            }
            let alive = host.uv.alive();
            drop(host);
            // The loop asks whether it is alive only at the end of a turn; entering it, it has asked already.
            // The loop asks whether it is alive before it takes another turn; on its way in it has asked already.
            let entering = self.host().uv.turn == 1;
            self.state = if alive || entering {
                State::Pending
            } else {
                State::LoopEnds
            };
            self.begin_drain();
            return;
        }
        if ran {
            // `runNextTicks`, and then this timer, unless they have cleared it.
            self.state = State::Timers { now_ms, ran: false };
            self.begin_drain();
            return;
        }
        let start = self.internals().start_timer.clone();
        let Answer::Value(job) = self.ask(&start, std::slice::from_ref(&next)) else {
            return;
        };
        if !job.is_object() {
            return;
        }
        let (Ok(task), Ok(callback), Ok(args)) =
            (ctx.at(&job, 0), ctx.at(&job, 1), ctx.at(&job, 2))
        else {
            return;
        };
        let start_ms = self.host().loop_now_ms();
        let args: Vec<Value> = (0..ctx.length(&args))
            .filter_map(|index| ctx.at(&args, index).ok())
            .collect();
        self.host().callback_begins();
        let threw = self.run_task(task.as_f64() as u64, stacks::TIMER, &callback, &next, &args);
        let finish = self.internals().finish_timer.clone();
        if !self.shared.stopped.get() {
            self.ask(&finish, &[next, ctx.number(start_ms as f64)]);
        }
        self.state = State::Timers {
            now_ms,
            ran: !threw,
        };
    }

    fn poll(&mut self) -> Option<u64> {
        self.host().phase(Phase::Poll);
        let mut host = self.host();
        host.spend(costs::POLL_NS);
        let now_ns = host.now_ns();
        let timeout_ms = host.uv.poll_timeout_ms();
        let timer_ns = timeout_ms.map(|ms| now_ns.saturating_add(ms * 1_000_000));
        let request_ns = host.uv.requests.iter().min().copied();
        let until_ns = match (timer_ns, request_ns) {
            (Some(timer), Some(request)) => timer.min(request),
            (Some(timer), None) => timer,
            (None, Some(request)) => request,
            (None, None) => now_ns,
        };
        if until_ns <= now_ns {
            drop(host);
            self.poll_ends();
            return None;
        }
        host.record(EventKind::PollSlept { until_ns: timer_ns }, vec![]);
        drop(host);
        self.state = State::Awake;
        Some(until_ns)
    }

    fn poll_ends(&mut self) {
        let mut host = self.host();
        let now_ns = host.now_ns();
        host.loop_now_ms();
        let before = host.uv.requests.len();
        host.uv.requests.retain(|ready_ns| *ready_ns > now_ns);
        let ready = before - host.uv.requests.len();
        drop(host);
        self.state = State::Check { ran: false };
        if ready > 0 && self.is_module && self.main_promise.is_none() {
            // The module runs inside a promise job, so the microtasks come before the ticks.
            self.run_main();
            self.drain = Some(Drain::MicrotasksFirst);
            if self.host().tick_scheduled {
                self.drain = Some(Drain::Microtasks);
            }
        }
    }

    fn run_immediate(&mut self, ran: bool) {
        let ctx = self.ctx();
        if !self.checking() {
            self.host().phase(Phase::Check);
            let begin = self.internals().begin_immediates.clone();
            self.ask(&begin, &[]);
            self.set_checking(true);
        }
        let peek = self.internals().peek_immediate.clone();
        let Answer::Value(next) = self.ask(&peek, &[]) else {
            self.state = State::Close;
            return;
        };
        if !next.is_object() {
            self.set_checking(false);
            self.state = State::Close;
            self.begin_drain();
            return;
        }
        if ran {
            self.state = State::Check { ran: false };
            self.begin_drain();
            return;
        }
        let start = self.internals().start_immediate.clone();
        let Answer::Value(job) = self.ask(&start, std::slice::from_ref(&next)) else {
            return;
        };
        if !job.is_object() {
            return;
        }
        let (Ok(task), Ok(callback), Ok(args)) =
            (ctx.at(&job, 0), ctx.at(&job, 1), ctx.at(&job, 2))
        else {
            return;
        };
        let args: Vec<Value> = (0..ctx.length(&args))
            .filter_map(|index| ctx.at(&args, index).ok())
            .collect();
        self.host().callback_begins();
        let threw = self.run_task(
            task.as_f64() as u64,
            stacks::IMMEDIATE,
            &callback,
            &next,
            &args,
        );
        if !self.shared.stopped.get() {
            let finish = self.internals().finish_immediate.clone();
            self.ask(&finish, &[next]);
        }
        if threw {
            // Node calls `processImmediate` again for those that are left.
            let begin = self.internals().begin_immediates.clone();
            if !self.shared.stopped.get() {
                self.ask(&begin, &[]);
            }
        }
        self.state = State::Check { ran: !threw };
    }

    fn checking(&self) -> bool {
        self.host().uv.checking
    }

    fn set_checking(&self, checking: bool) {
        self.host().uv.checking = checking;
    }

    /// Nothing is left to wait for: `beforeExit`, which may bring the loop back, then the end.
    fn loop_ends(&mut self) {
        if !self.host().before_exit_sent {
            self.host().before_exit_sent = true;
            let before_exit = self.internals().before_exit.clone();
            self.host().callback_begins();
            self.call_program(&before_exit);
            self.begin_drain();
            return;
        }
        self.host().before_exit_sent = false;
        if self.host().uv.alive() {
            self.state = State::EnterLoop;
            return;
        }
        let unsettled = self.main_promise.as_ref().is_some_and(|promise| {
            let state = unsafe { qjs::JS_PromiseState(self.ctx().0, promise.raw()) };
            state == qjs::JSPromiseStateEnum_JS_PROMISE_PENDING
        });
        let at_exit = self.internals().at_exit.clone();
        let ctx = self.ctx();
        let code = match ctx.call(&at_exit, &ctx.undefined(), &[ctx.bool(unsettled)]) {
            Ok(code) => code.as_f64() as i32,
            Err(_) => {
                self.thrown();
                return;
            }
        };
        let mut host = self.host();
        if host.stop.is_none() {
            host.stop = Some(Stop::Exit {
                code,
                reason: if unsettled {
                    ExitReason::UnsettledTopLevelAwait
                } else {
                    ExitReason::LoopEmpty
                },
            });
        }
    }

    fn call_program(&mut self, function: &Value) {
        let ctx = self.ctx();
        if ctx.call(function, &ctx.undefined(), &[]).is_err() {
            self.thrown();
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
                if host.ctx.is_some() && host.stop.is_none() {
                    host.check_limits();
                    if self.shared.heap_exceeded() {
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
