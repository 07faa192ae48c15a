//! What the engine calls while it runs: the clock, the interrupt handler, the job hook.

use std::ffi::{c_int, c_void};

use protocol::{Limit, MicrotaskKind};
use rquickjs::qjs::{self, JSContext, JSRuntime, JSValue};

#[cfg(not(feature = "whole"))]
use crate::{bindings::library::Library, engine::Ctx};
use crate::{
    bindings::{self, environment::Environment},
    costs,
    engine::{Engine, ffi},
};

/// Before a program begins they find no host, and do nothing.
pub fn install(engine: &Engine, environment: *const Environment) {
    let opaque = environment.cast_mut().cast::<c_void>();
    unsafe {
        ffi::JS_SetClock(engine.runtime(), Some(clock), opaque);
        ffi::JS_SetJobHook(engine.runtime(), Some(job), opaque);
        qjs::JS_SetInterruptHandler(engine.runtime(), Some(interrupt), opaque);
    }
    #[cfg(feature = "whole")]
    bindings::middleware::install(engine, opaque);
    #[cfg(not(feature = "whole"))]
    watch_unicode(engine, &unsafe { &*environment }.library);
}

/// What needs Unicode's large tables wants the whole jar, which has them. `library` outlives the engine.
#[cfg(not(feature = "whole"))]
pub fn watch_unicode(engine: &Engine, library: &Library) {
    let opaque = (&raw const *library).cast_mut().cast::<c_void>();
    unsafe { ffi::JS_SetUnicodeHook(engine.runtime(), Some(lacks_unicode), opaque) };
}

#[cfg(not(feature = "whole"))]
unsafe extern "C" fn lacks_unicode(ctx: *mut JSContext, opaque: *mut c_void) {
    unsafe { &*opaque.cast::<Library>() }.want_whole_jar();
    Ctx(ctx).throw_uncatchable();
}

unsafe fn environment<'a>(opaque: *mut c_void) -> &'a Environment {
    unsafe { &*opaque.cast::<Environment>() }
}

unsafe extern "C" fn clock(opaque: *mut c_void) -> i64 {
    // A clock asked for while the host is borrowed would be a broken invariant of ours; the time then stands still.
    let Some(mut host) = unsafe { environment(opaque) }.try_host() else {
        return 0;
    };
    host.spend(costs::CLOCK_NS);
    host.settle();
    let wall_us = host.world.borrow().wall_us();
    i64::try_from(wall_us).unwrap_or(i64::MAX)
}

unsafe extern "C" fn interrupt(_: *mut JSRuntime, opaque: *mut c_void) -> c_int {
    c_int::from(is_interrupted(unsafe { environment(opaque) }))
}

/// Whether a limit or somebody else ends what runs.
pub fn is_interrupted(environment: &Environment) -> bool {
    if environment.is_thread() && environment.try_host().is_some() {
        bindings::worker::let_parent_catch_up(environment);
    }
    environment.heed_stop();
    let Some(mut host) = environment.try_host() else {
        return false;
    };
    host.check_limits();
    host.tell_heap();
    if environment.heap_exceeded() {
        host.reach(Limit::Heap);
    }
    #[cfg(feature = "whole")]
    {
        let now_ns = host.world.borrow().now_ns();
        if environment
            .deadlines_ns
            .borrow()
            .iter()
            .any(|due_ns| *due_ns <= now_ns)
        {
            return true;
        }
    }
    host.stop.is_some()
}

unsafe extern "C" fn job(
    _: *mut JSContext,
    event: c_int,
    job: u64,
    kind: c_int,
    callback: JSValue,
    opaque: *mut c_void,
) {
    let Some(mut host) = unsafe { environment(opaque) }.try_host() else {
        return;
    };
    match event {
        ffi::JOB_QUEUED => host.job_queued(job, microtask_kind(kind), callback),
        ffi::JOB_STARTS => host.job_started(job),
        ffi::JOB_RETURNED => host.job_returned(job),
        // A job that threw is ended by whoever ran it, after the error has been handled.
        _ => {}
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
