//! `src/node_task_queue.cc`: ticks, microtasks, and promises that nobody handled.

use std::ffi::c_void;

use rquickjs::qjs::{self, JSContext, JSValue};

use crate::engine::{
    ffi,
    value::{Ctx, Js},
};

use super::{callback, environment::Environment, native::Target};

const REJECTED_WITH_NO_HANDLER: f64 = 0.0;
const HANDLER_ADDED_AFTER_REJECT: f64 = 1.0;
const REJECT_AFTER_RESOLVED: f64 = 2.0;
const RESOLVE_AFTER_RESOLVED: f64 = 3.0;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    t.value("tickInfo", env.shared(ctx, "tickInfo", "Uint8Array", 2))
        .with("setTickCallback", |c| {
            c.env().keep("tickCallback", c.arg(0));
            c.undefined()
        })
        .with("runMicrotasks", |c| {
            callback::run_microtasks(c.ctx);
            c.undefined()
        })
        .with("setPromiseRejectCallback", |c| {
            c.env().keep("promiseRejected", c.arg(0));
            unsafe {
                let runtime = qjs::JS_GetRuntime(c.ctx.0);
                qjs::JS_SetHostPromiseRejectionTracker(
                    runtime,
                    Some(rejected),
                    std::ptr::null_mut(),
                );
                ffi::JS_SetSettledAgainHook(runtime, Some(settled_again));
            }
            c.undefined()
        })
        // Looked up, not captured: it is the engine's own, from before the library wraps it.
        .value(
            "enqueueMicrotask",
            env.kept("enqueueMicrotask")
                .unwrap_or_else(|| ctx.undefined()),
        );
    Ok(())
}

unsafe extern "C" fn settled_again(
    ctx: *mut JSContext,
    promise: JSValue,
    value: JSValue,
    is_reject: bool,
) {
    let event = if is_reject {
        REJECT_AFTER_RESOLVED
    } else {
        RESOLVE_AFTER_RESOLVED
    };
    tell(Ctx(ctx), event, promise, value);
}

unsafe extern "C" fn rejected(
    ctx: *mut JSContext,
    promise: JSValue,
    reason: JSValue,
    is_handled: bool,
    _: *mut c_void,
) {
    if is_handled {
        tell(
            Ctx(ctx),
            HANDLER_ADDED_AFTER_REJECT,
            promise,
            qjs::JS_UNDEFINED,
        );
    } else {
        tell(Ctx(ctx), REJECTED_WITH_NO_HANDLER, promise, reason);
    }
}

/// `PromiseRejectCallback`.
fn tell(ctx: Ctx, event: f64, promise: JSValue, value: JSValue) {
    let env = Environment::of(ctx);
    if let Some(callback) = env.kept("promiseRejected")
        && env.can_call_into_js()
    {
        let args = [
            ctx.number(event),
            ctx.borrowed(promise),
            ctx.borrowed(value),
        ];
        if ctx.call(&callback, &ctx.undefined(), &args).is_err() {
            ctx.take_exception();
        }
    }
}
