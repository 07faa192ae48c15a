//! Calls from the loop into JavaScript (`InternalCallbackScope` and `MakeCallback` in `src/api/callback.cc`), what
//! follows the outermost of them, and errors that nobody caught (`TriggerUncaughtException` in `src/node_errors.cc`).

use protocol::{ExitReason, Limit, Outcome};
use rquickjs::qjs;

use crate::{
    engine::{
        ffi,
        value::{Ctx, Js, Value},
    },
    host::Stop,
};

use super::environment::Environment;

/// Calls `function` as the loop does: errors are uncaught, and the queues are emptied behind it.
pub fn make(ctx: Ctx, function: &Value, this: &Value, args: &[Value]) -> Option<Value> {
    make_as(ctx, function, this, args, (0.0, 0.0), None)
}

/// The same for a resource with asynchronous ids of its own.
pub fn make_as(
    ctx: Ctx,
    function: &Value,
    this: &Value,
    args: &[Value],
    ids: (f64, f64),
    resource: Option<&Value>,
) -> Option<Value> {
    let env = Environment::of(ctx);
    if !env.can_call_into_js() {
        return None;
    }
    env.scope_depth.set(env.scope_depth.get() + 1);
    let none = ctx.undefined();
    super::async_wrap::push(ctx, ids.0, ids.1, resource.unwrap_or(&none));
    let running = env.host().running();
    if ids.0 != 0.0 {
        super::async_wrap::emit(ctx, "emitBefore", ids.0);
        env.host().native_starts(ids.0 as u64, function.raw());
    }
    let result = ctx.call(function, this, args);
    if result.is_err() {
        uncaught(ctx, false);
        env.host().end_running(running, Outcome::Threw);
    } else if ids.0 != 0.0 {
        env.host().resource_ends(ids.0 as u64);
        super::async_wrap::emit(ctx, "emitAfter", ids.0);
    }
    super::async_wrap::pop(ctx, ids.0);
    env.scope_depth.set(env.scope_depth.get() - 1);
    if result.is_ok() && env.scope_depth.get() == 0 {
        empty_queues(ctx);
    }
    result.ok()
}

/// Calls the method `name` of a request or handle object that carries asynchronous ids.
pub fn make_method(ctx: Ctx, object: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let function = ctx.get(object, name).ok()?;
    if !function.is_function() {
        return None;
    }
    let ids = super::async_wrap::ids_of(ctx, object);
    make_as(ctx, &function, object, args, ids, Some(object))
}

/// The method `name` of this request will be called when it is done.
pub fn awaited(ctx: Ctx, request: &Value, name: &str) {
    if let Ok(function) = ctx.get(request, name)
        && function.is_function()
    {
        let (id, _) = super::async_wrap::ids_of(ctx, request);
        let env = Environment::of(ctx);
        env.host().request_queued(id as u64, function.raw());
    }
}

pub fn in_scope(ctx: Ctx, body: impl FnOnce()) {
    let env = Environment::of(ctx);
    env.scope_depth.set(env.scope_depth.get() + 1);
    body();
    env.scope_depth.set(env.scope_depth.get() - 1);
    if env.scope_depth.get() == 0 {
        empty_queues(ctx);
    }
}

/// What is called back meanwhile, from within a tick or a microtask, does not empty them again.
fn empty_queues(ctx: Ctx) {
    let env = Environment::of(ctx);
    env.scope_depth.set(env.scope_depth.get() + 1);
    empty_queues_in_scope(ctx);
    env.scope_depth.set(env.scope_depth.get() - 1);
}

fn empty_queues_in_scope(ctx: Ctx) {
    let env = Environment::of(ctx);
    let ticks_wait = || env.u8_at("tickInfo", 0) != 0 || env.u8_at("tickInfo", 1) != 0;
    if !ticks_wait() {
        run_microtasks(ctx);
    }
    if !env.can_call_into_js() || !ticks_wait() {
        return;
    }
    let Some(tick) = env.kept("tickCallback") else {
        return;
    };
    let process = env.kept("process").unwrap_or_else(|| ctx.undefined());
    let running = env.host().running();
    if ctx.call(&tick, &process, &[]).is_err() {
        // The tick that threw is gone; those behind it wait for the next callback's end.
        uncaught(ctx, false);
        env.host().end_running(running, Outcome::Threw);
    }
}

pub fn run_microtasks(ctx: Ctx) {
    let env = Environment::of(ctx);
    let runtime = unsafe { qjs::JS_GetRuntime(ctx.0) };
    let mut at = std::ptr::null_mut();
    while env.can_call_into_js() {
        let running = env.host().running();
        match unsafe { qjs::JS_ExecutePendingJob(runtime, &mut at) } {
            0 => break,
            1 => {}
            _ => {
                uncaught(ctx, false);
                env.host().end_running(running, Outcome::Threw);
            }
        }
    }
    unsafe { ffi::JS_ClearKeptObjects(runtime) };
}

/// Takes the pending exception to `process._fatalException`, and ends the process when that wants it.
pub fn uncaught(ctx: Ctx, from_promise: bool) {
    let error = ctx.take_exception();
    let env = Environment::of(ctx);
    if !env.can_call_into_js() {
        return;
    }
    if env.heap_exceeded() {
        env.host().reach(Limit::Heap);
        return;
    }
    uncaught_error(ctx, &error, from_promise);
}

pub fn uncaught_error(ctx: Ctx, error: &Value, from_promise: bool) {
    let env = Environment::of(ctx);
    let handled = || -> Js<bool> {
        let process = env.kept("process").unwrap_or_else(|| ctx.undefined());
        let fatal = ctx.get(&process, "_fatalException")?;
        if !fatal.is_function() {
            return Ok(false);
        }
        let answer = ctx.call(&fatal, &process, &[error.clone(), ctx.bool(from_promise)])?;
        Ok(answer.truthy())
    };
    let handled = handled();
    if !env.can_call_into_js() {
        return;
    }
    match handled {
        Ok(true) => {}
        Ok(false) => {
            let code = if env.u32_at("exitInfo", 2) != 0 {
                env.u32_at("exitInfo", 1) as i32
            } else {
                1
            };
            die(ctx, error, from_promise, code);
        }
        Err(_) => {
            let error = ctx.take_exception();
            if env.can_call_into_js() {
                die(ctx, &error, false, 7);
            }
        }
    }
}

/// Prints the error as Node does and stops the process.
fn die(ctx: Ctx, error: &Value, from_promise: bool, code: i32) {
    let env = Environment::of(ctx);
    env.host().enter_host();
    if let Some(describe) = env.kept("describeError")
        && ctx
            .call(
                &describe,
                &ctx.undefined(),
                &[error.clone(), ctx.bool(from_promise)],
            )
            .is_err()
    {
        ctx.take_exception();
    }
    let mut host = env.host();
    host.leave_host();
    if host.stop.is_none() {
        host.stop = Some(Stop::Exit {
            code,
            reason: ExitReason::UncaughtError,
        });
    }
}
