//! libuv's loop on virtual time, as far as the bindings need one to run: the timer, immediates, completions in the poll
//! phase, close callbacks. Traces, limits and the world's own events are the engine's and come with it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use crate::engine::value::Ctx;

use super::{callback, environment::Environment};

const TICK_NS: u64 = 50;
const MS_NS: u64 = 1_000_000;
const POOL_THREADS: usize = 4;

type Completion = Box<dyn FnOnce(Ctx)>;

pub struct Loop {
    /// Virtual time that passed outside the interpreter.
    base_ns: Cell<u64>,
    sequence: Cell<u64>,
    /// The loop's cached clock.
    now_ms: Cell<u64>,
    timer_due_ms: Cell<Option<u64>>,
    timer_ref: Cell<bool>,
    immediate_ref: Cell<bool>,
    polls: RefCell<BTreeMap<(u64, u64), (bool, Completion)>>,
    pool_free_ns: RefCell<[u64; POOL_THREADS]>,
    closing: RefCell<VecDeque<Completion>>,
}

impl Default for Loop {
    fn default() -> Self {
        Self {
            // What a process needs before its own code runs.
            base_ns: Cell::new(25 * MS_NS),
            sequence: Cell::default(),
            now_ms: Cell::new(25),
            timer_due_ms: Cell::default(),
            timer_ref: Cell::new(true),
            immediate_ref: Cell::default(),
            polls: RefCell::default(),
            pool_free_ns: RefCell::default(),
            closing: RefCell::default(),
        }
    }
}

impl Loop {
    pub fn now_ns(&self, ctx: Ctx) -> u64 {
        self.base_ns.get() + unsafe { crate::engine::ffi::JS_GetTicks(ctx.0) } * TICK_NS
    }

    pub fn spend_ns(&self, ns: u64) {
        self.base_ns.set(self.base_ns.get() + ns);
    }

    pub fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    pub fn update_time(&self, ctx: Ctx) {
        self.now_ms.set(self.now_ns(ctx) / MS_NS);
    }

    pub fn schedule_timer(&self, delay_ms: u64) {
        self.timer_due_ms.set(Some(self.now_ms.get() + delay_ms.max(1)));
    }

    pub fn set_timer_ref(&self, on: bool) {
        self.timer_ref.set(on);
    }

    pub fn set_immediate_ref(&self, on: bool) {
        self.immediate_ref.set(on);
    }

    fn next(&self) -> u64 {
        self.sequence.set(self.sequence.get() + 1);
        self.sequence.get()
    }

    /// Something that comes back in the poll phase `after_ns` from now.
    pub fn complete_after(&self, ctx: Ctx, after_ns: u64, keeps_alive: bool, done: impl FnOnce(Ctx) + 'static) {
        let key = (self.now_ns(ctx) + after_ns, self.next());
        self.polls.borrow_mut().insert(key, (keeps_alive, Box::new(done)));
    }

    /// Work for the pool of four threads.
    pub fn queue_work(&self, ctx: Ctx, takes_ns: u64, done: impl FnOnce(Ctx) + 'static) {
        let now_ns = self.now_ns(ctx);
        let ends_ns = {
            let mut free = self.pool_free_ns.borrow_mut();
            let thread = free.iter_mut().min().expect("there are four");
            *thread = (*thread).max(now_ns) + takes_ns;
            *thread
        };
        self.polls
            .borrow_mut()
            .insert((ends_ns, self.next()), (true, Box::new(done)));
    }

    pub fn close(&self, done: impl FnOnce(Ctx) + 'static) {
        self.closing.borrow_mut().push_back(Box::new(done));
    }

    fn alive(&self) -> bool {
        (self.timer_due_ms.get().is_some() && self.timer_ref.get())
            || self.immediate_ref.get()
            || self.polls.borrow().values().any(|(keeps, _)| *keeps)
            || !self.closing.borrow().is_empty()
    }

    fn run_timers(&self, ctx: Ctx) {
        if self.timer_due_ms.get().is_some_and(|due_ms| due_ms <= self.now_ms.get()) {
            self.timer_due_ms.set(None);
            run_node_timers(ctx);
        }
    }

    fn poll(&self, ctx: Ctx, may_sleep: bool) {
        self.update_time(ctx);
        let now_ns = self.now_ns(ctx);
        let ready = |until_ns: u64| {
            self.polls.borrow().keys().next().is_some_and(|(at_ns, _)| *at_ns <= until_ns)
        };
        if may_sleep && !ready(now_ns) {
            let timer_ns = self.timer_due_ms.get().map(|ms| ms * MS_NS);
            let event_ns = self.polls.borrow().keys().next().map(|(at_ns, _)| *at_ns);
            let wake_ns = [timer_ns, event_ns].into_iter().flatten().min();
            if let Some(wake_ns) = wake_ns {
                self.spend_ns(wake_ns.saturating_sub(now_ns));
            }
            self.update_time(ctx);
        }
        let until_ns = self.now_ns(ctx);
        while ready(until_ns) && Environment::of(ctx).can_call_into_js() {
            let entry = self.polls.borrow_mut().pop_first();
            if let Some((_, (_, done))) = entry {
                done(ctx);
            }
        }
    }

    /// `uv_run(UV_RUN_DEFAULT)`.
    pub fn run(&self, ctx: Ctx) {
        let env = Environment::of(ctx);
        if self.alive() {
            self.update_time(ctx);
            self.run_timers(ctx);
        }
        while self.alive() && env.can_call_into_js() {
            let may_sleep = !self.immediate_ref.get() && self.closing.borrow().is_empty();
            self.poll(ctx, may_sleep);
            check_immediates(ctx);
            let closing: Vec<_> = self.closing.borrow_mut().drain(..).collect();
            for done in closing {
                done(ctx);
            }
            self.spend_ns(2_000);
            self.update_time(ctx);
            if env.can_call_into_js() {
                self.run_timers(ctx);
            }
        }
    }

    pub fn is_alive(&self) -> bool {
        self.alive()
    }
}

/// `Environment::RunTimers`.
fn run_node_timers(ctx: Ctx) {
    let env = Environment::of(ctx);
    let Some(process_timers) = env.kept("processTimers") else {
        return;
    };
    let process = env.kept("process").unwrap_or_else(|| ctx.undefined());
    callback::in_scope(ctx, || {
        while env.can_call_into_js() {
            let now_ms = ctx.number(env.event_loop.now_ms() as f64);
            match ctx.call(&process_timers, &process, &[now_ms]) {
                Ok(next) => {
                    let next_ms = next.as_f64();
                    if next_ms != 0.0 {
                        let wait_ms = (next_ms.abs() - env.event_loop.now_ms() as f64).max(1.0);
                        env.event_loop.schedule_timer(wait_ms as u64);
                        env.event_loop.set_timer_ref(next_ms > 0.0);
                    }
                    return;
                }
                Err(_) => callback::uncaught(ctx, false),
            }
        }
    });
}

/// `Environment::CheckImmediate`. `immediateInfo`: count, references, outstanding.
fn check_immediates(ctx: Ctx) {
    let env = Environment::of(ctx);
    if env.u32_at("immediateInfo", 0) == 0 || !env.can_call_into_js() {
        return;
    }
    let Some(process_immediate) = env.kept("processImmediate") else {
        return;
    };
    let this = env.kept("process").unwrap_or_else(|| ctx.undefined());
    loop {
        callback::make(ctx, &process_immediate, &this, &[]);
        if env.u32_at("immediateInfo", 2) == 0 || !env.can_call_into_js() {
            break;
        }
    }
    if env.u32_at("immediateInfo", 1) == 0 {
        env.event_loop.set_immediate_ref(false);
    }
}

