//! `src/node_task_queue.cc`: ticks, microtasks, and promises that nobody handled.

use std::ffi::c_void;

use rquickjs::qjs::{self, JSContext, JSValue};

use crate::engine::value::{Ctx, Js};

use super::{callback, environment::Environment, native::Target};

const REJECTED_WITH_NO_HANDLER: f64 = 0.0;
const HANDLER_ADDED_AFTER_REJECT: f64 = 1.0;

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

unsafe extern "C" fn rejected(
    ctx: *mut JSContext,
    promise: JSValue,
    reason: JSValue,
    is_handled: bool,
    _: *mut c_void,
) {
    let ctx = Ctx(ctx);
    let env = Environment::of(ctx);
    if let Some(callback) = env.kept("promiseRejected")
        && env.can_call_into_js()
    {
        let event = if is_handled {
            HANDLER_ADDED_AFTER_REJECT
        } else {
            REJECTED_WITH_NO_HANDLER
        };
        let reason = if is_handled {
            ctx.undefined()
        } else {
            ctx.borrowed(reason)
        };
        let args = [ctx.number(event), ctx.borrowed(promise), reason];
        if ctx.call(&callback, &ctx.undefined(), &args).is_err() {
            ctx.take_exception();
        }
    }
}
