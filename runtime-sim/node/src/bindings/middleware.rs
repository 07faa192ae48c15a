//! Middleware in the trace: when Express comes to each, with whose function.
//!
//! The packages are what was published, and subscribing to the channels that newer ones publish on would change what
//! their errors' stacks show. So the engine watches the functions that call a handler, which no program can see.

use std::ffi::{c_int, c_void};

use rquickjs::qjs::{JSContext, JSValue};

use crate::engine::{
    Ctx, Engine, ffi,
    value::{Value, c_string},
};

use super::environment::Environment;

/// What a watched function calls the layer's handler for.
const REQUEST: c_int = 1;
const ERROR: c_int = 2;

/// The ends of files' paths, and the methods in them that call `this.handle`.
const WATCHED: [(&str, [(&str, c_int); 2]); 3] = [
    (
        "/node_modules/router/lib/layer.js",
        [("handleRequest", REQUEST), ("handleError", ERROR)],
    ),
    (
        "/node_modules/express/lib/router/layer.js",
        [("handle", REQUEST), ("handle_error", ERROR)],
    ),
    (
        "/node_modules/express4/lib/router/layer.js",
        [("handle", REQUEST), ("handle_error", ERROR)],
    ),
];

pub fn install(engine: &Engine, opaque: *mut c_void) {
    unsafe { ffi::JS_SetCallHook(engine.runtime(), Some(called), opaque) };
}

/// Of a file that was just compiled, and has not run.
pub fn watch(ctx: Ctx, filename: &str, function: &Value) {
    let watched = WATCHED.iter().find(|(end, _)| filename.ends_with(end));
    for (name, number) in watched.into_iter().flat_map(|(_, functions)| functions) {
        unsafe {
            ffi::JS_WatchFunctions(ctx.0, function.raw(), c_string(name).as_ptr(), *number);
        }
    }
}

unsafe extern "C" fn called(
    ctx: *mut JSContext,
    number: c_int,
    layer: JSValue,
    opaque: *mut c_void,
) {
    let environment = unsafe { &*opaque.cast::<Environment>() };
    let ctx = Ctx(ctx);
    let peek = |object: JSValue, name: &str| {
        ctx.owned(unsafe { ffi::JS_PeekProperty(ctx.0, object, c_string(name).as_ptr()) })
    };
    // Of a route's own layer the handler is the route, whose layers follow.
    if peek(layer, "route").is_object() {
        return;
    }
    let handler = peek(layer, "handle");
    let parameters = peek(handler.raw(), "length");
    let parameters = parameters.is_number().then(|| parameters.as_f64() as u32);
    // As Express itself tells the two apart; what does not fit is passed over.
    let is_called = match number {
        REQUEST => parameters.is_some_and(|count| count <= 3),
        _ => parameters == Some(4),
    };
    if is_called && let Some(mut host) = environment.try_host() {
        host.middleware_entered(handler.raw(), number == ERROR);
    }
}
