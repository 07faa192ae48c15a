//! What the engine calls while it runs: the clock, the interrupt handler, the job hook, the rejection tracker.

use std::ffi::{c_int, c_void};

use protocol::{Limit, MicrotaskKind, Outcome, TaskId};
use rquickjs::qjs::{self, JSContext, JSRuntime, JSValue};

use crate::{
    costs,
    engine::{Ctx, Engine, ffi},
    host::Shared,
};

pub fn install(engine: &Engine, shared: *const Shared) {
    let opaque = shared.cast_mut().cast::<c_void>();
    unsafe {
        ffi::JS_SetClock(engine.runtime(), Some(clock), opaque);
        ffi::JS_SetJobHook(engine.runtime(), Some(job), opaque);
        qjs::JS_SetInterruptHandler(engine.runtime(), Some(interrupt), opaque);
        qjs::JS_SetHostPromiseRejectionTracker(engine.runtime(), Some(rejection), opaque);
    }
}

unsafe fn shared<'a>(opaque: *mut c_void) -> &'a Shared {
    unsafe { &*opaque.cast::<Shared>() }
}

unsafe extern "C" fn clock(opaque: *mut c_void) -> i64 {
    // A clock asked for while the host is borrowed would be a broken invariant of ours; the time then stands still.
    let Ok(mut host) = unsafe { shared(opaque) }.host.try_borrow_mut() else {
        return 0;
    };
    host.spend(costs::CLOCK_NS);
    host.settle();
    let wall_us = host.world.borrow().wall_us();
    i64::try_from(wall_us).unwrap_or(i64::MAX)
}

unsafe extern "C" fn interrupt(_: *mut JSRuntime, opaque: *mut c_void) -> c_int {
    let shared = unsafe { shared(opaque) };
    let Ok(mut host) = shared.host.try_borrow_mut() else {
        return 0;
    };
    host.check_limits();
    if shared.heap_exceeded() {
        host.reach(Limit::Heap);
    }
    let stop = host.stop.is_some();
    shared.stopped.set(stop);
    c_int::from(stop)
}

unsafe extern "C" fn job(
    _: *mut JSContext,
    event: c_int,
    job: u64,
    kind: c_int,
    callback: JSValue,
    opaque: *mut c_void,
) {
    let shared = unsafe { shared(opaque) };
    let Ok(mut host) = shared.host.try_borrow_mut() else {
        return;
    };
    match event {
        ffi::JOB_QUEUED => host.job_queued(job, microtask_kind(kind), callback),
        ffi::JOB_STARTS => {
            let task = host.job_started(job);
            shared.job.set(task);
        }
        ffi::JOB_RETURNED => end_job(&mut host, shared.job.take(), Outcome::Returned),
        ffi::JOB_THREW => {
            // Ended by the loop, after whoever handles the error has had it.
        }
        _ => {}
    }
}

pub fn end_job(host: &mut crate::host::Host, task: Option<TaskId>, outcome: Outcome) {
    if let Some(task) = task {
        let outcome = if host.stop.is_some() {
            Outcome::Interrupted
        } else {
            outcome
        };
        host.task_ended(task, outcome);
    }
}

fn microtask_kind(kind: c_int) -> MicrotaskKind {
    match kind {
        0 => MicrotaskKind::Reaction,
        1 => MicrotaskKind::Await,
        2 => MicrotaskKind::Explicit,
        3 => MicrotaskKind::Thenable,
        _ => MicrotaskKind::Engine,
    }
}

unsafe extern "C" fn rejection(
    ctx: *mut JSContext,
    promise: JSValue,
    reason: JSValue,
    is_handled: bool,
    opaque: *mut c_void,
) {
    let shared = unsafe { shared(opaque) };
    if shared.stopped.get() {
        return;
    }
    let ctx = Ctx(ctx);
    let handler = shared.rejection.borrow().clone();
    if let Some(handler) = handler {
        let args = [
            ctx.bool(is_handled),
            ctx.borrowed(promise),
            ctx.borrowed(reason),
        ];
        shared.host.borrow_mut().enter_host();
        if ctx.call(&handler, &ctx.undefined(), &args).is_err() {
            ctx.take_exception();
        }
        shared.host.borrow_mut().leave_host();
    }
}
