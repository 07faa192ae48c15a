//! Middleware in the trace: when Express, Koa and Fastify come to each, with whose function.
//!
//! The packages are what was published, and subscribing to the channels that newer ones publish on would change what
//! their errors' stacks show. So the engine watches the functions that call a handler, which no program can see.

use std::ffi::{c_int, c_void};

use protocol::MiddlewareRole;
use rquickjs::qjs::{JSContext, JSValue};

use crate::engine::{
    Ctx, Engine, ffi,
    value::{Value, c_string},
};

use super::environment::Environment;

/// What a watched function is about to call: numbers for the engine.
const EXPRESS_HANDLER: c_int = 1;
const EXPRESS_ERROR_HANDLER: c_int = 2;
const KOA_MIDDLEWARE: c_int = 3;
const FASTIFY_HOOK: c_int = 4;
const FASTIFY_HANDLER: c_int = 5;
const FASTIFY_ERROR_HANDLER: c_int = 6;
const FASTIFY_LATE_HOOK: c_int = 7;
const FASTIFY_PAYLOAD_HOOK: c_int = 8;

/// The ends of files' paths, and the functions in them.
const WATCHED: [(&str, &[(&str, c_int)]); 7] = [
    (
        "/node_modules/router/lib/layer.js",
        &[
            ("handleRequest", EXPRESS_HANDLER),
            ("handleError", EXPRESS_ERROR_HANDLER),
        ],
    ),
    ("/node_modules/express/lib/router/layer.js", EXPRESS_4),
    ("/node_modules/express4/lib/router/layer.js", EXPRESS_4),
    (
        "/node_modules/koa-compose/index.js",
        &[("dispatch", KOA_MIDDLEWARE)],
    ),
    (
        "/node_modules/fastify/lib/hooks.js",
        &[
            ("hookIterator", FASTIFY_HOOK),
            ("onResponseHookIterator", FASTIFY_LATE_HOOK),
            ("next", FASTIFY_PAYLOAD_HOOK),
        ],
    ),
    (
        "/node_modules/fastify/lib/handle-request.js",
        &[("preHandlerCallbackInner", FASTIFY_HANDLER)],
    ),
    (
        "/node_modules/fastify/lib/error-handler.js",
        &[("handleError", FASTIFY_ERROR_HANDLER)],
    ),
];

const EXPRESS_4: &[(&str, c_int)] = &[
    ("handle", EXPRESS_HANDLER),
    ("handle_error", EXPRESS_ERROR_HANDLER),
];

pub fn install(engine: &Engine, opaque: *mut c_void) {
    unsafe { ffi::JS_SetCallHook(engine.runtime(), Some(called), opaque) };
}

/// Of a file that was just compiled, and has not run.
pub fn watch(ctx: Ctx, filename: &str, function: &Value) {
    let watched = WATCHED.iter().find(|(end, _)| filename.ends_with(end));
    for (name, number) in watched.into_iter().flat_map(|(_, functions)| *functions) {
        unsafe {
            ffi::JS_WatchFunctions(ctx.0, function.raw(), c_string(name).as_ptr(), *number);
        }
    }
}

unsafe extern "C" fn called(
    ctx: *mut JSContext,
    number: c_int,
    function: JSValue,
    this: JSValue,
    argument_count: c_int,
    arguments: *const JSValue,
    opaque: *mut c_void,
) {
    let environment = unsafe { &*opaque.cast::<Environment>() };
    let arguments = match argument_count {
        0 => &[],
        count => unsafe { std::slice::from_raw_parts(arguments, count as usize) },
    };
    let call = Call {
        ctx: Ctx(ctx),
        function,
        this,
        arguments,
    };
    let handler = match number {
        EXPRESS_HANDLER => call.express(|parameters| parameters <= 3),
        EXPRESS_ERROR_HANDLER => call.express(|parameters| parameters == 4),
        KOA_MIDDLEWARE => call.koa(),
        FASTIFY_HOOK => call.fastify_hook(),
        FASTIFY_HANDLER => call.fastify_handler(),
        FASTIFY_LATE_HOOK => call.fastify_late_hook(),
        FASTIFY_PAYLOAD_HOOK => call.fastify_payload_hook(),
        _ => call.fastify_error_handler(),
    };
    if let (Some(handler), Some(mut host)) = (handler, environment.try_host()) {
        let role = match number {
            EXPRESS_ERROR_HANDLER | FASTIFY_ERROR_HANDLER => MiddlewareRole::HandlesError,
            KOA_MIDDLEWARE => MiddlewareRole::Wraps,
            _ => MiddlewareRole::Handles,
        };
        host.middleware_entered(handler.raw(), role);
    }
}

/// A call of a watched function, before any of its code. Each way to read it gives the handler that it will call.
struct Call<'a> {
    ctx: Ctx,
    function: JSValue,
    this: JSValue,
    arguments: &'a [JSValue],
}

impl Call<'_> {
    fn peek(&self, object: JSValue, name: &str) -> Value {
        let value = unsafe { ffi::JS_PeekProperty(self.ctx.0, object, c_string(name).as_ptr()) };
        self.ctx.owned(value)
    }

    fn peek_symbol(&self, object: JSValue, description: &str) -> Value {
        let description = c_string(description);
        let value = unsafe { ffi::JS_PeekSymbol(self.ctx.0, object, description.as_ptr()) };
        self.ctx.owned(value)
    }

    fn captured(&self, name: &str) -> Value {
        let name = c_string(name);
        let value = unsafe { ffi::JS_PeekCaptured(self.ctx.0, self.function, name.as_ptr()) };
        self.ctx.owned(value)
    }

    /// `this` is the layer. By its handler's parameters Express tells what handles errors from what does not, and passes
    /// over what does not fit.
    fn express(&self, is_called: impl FnOnce(u32) -> bool) -> Option<Value> {
        // Of a route's own layer the handler is the route, whose layers follow.
        if self.peek(self.this, "route").is_object() {
            return None;
        }
        let handler = self.peek(self.this, "handle");
        let parameters = self.peek(handler.raw(), "length");
        let is_called = parameters.is_number() && is_called(parameters.as_f64() as u32);
        is_called.then_some(handler)
    }

    /// `dispatch(i)` calls what stands there, and behind the last the one that it was given for the end, which is another
    /// chain's `dispatch`. Who comes back to an earlier one has called `next()` twice, which is an error.
    fn koa(&self) -> Option<Value> {
        let wanted = self.ctx.borrowed(*self.arguments.first()?);
        let reached = self.captured("index");
        if !wanted.is_number() || !reached.is_number() || wanted.as_f64() <= reached.as_f64() {
            return None;
        }
        let chain = self.captured("middleware");
        let index = wanted.as_f64() as u32;
        let handler = unsafe { ffi::JS_PeekElement(self.ctx.0, chain.raw(), index) };
        Some(self.ctx.owned(handler)).filter(Value::is_function)
    }

    /// `hookIterator(hook, request, reply, next)` calls nobody once the answer is sent.
    fn fastify_hook(&self) -> Option<Value> {
        let [hook, _, reply, ..] = self.arguments else {
            return None;
        };
        let hook = self.ctx.borrowed(*hook);
        (!self.is_sent(*reply) && hook.is_function()).then_some(hook)
    }

    /// `onResponseHookIterator(hook, request, reply, next)`.
    fn fastify_late_hook(&self) -> Option<Value> {
        let hook = self.ctx.borrowed(*self.arguments.first()?);
        Some(hook).filter(Value::is_function)
    }

    /// `next(error, payload)` of the hooks that are handed what is read or sent: `preParsing`, `preSerialization`, `onSend`.
    /// For all others it leaves the call to an iterator, or has no reply.
    fn fastify_payload_hook(&self) -> Option<Value> {
        let fails = |error: &JSValue| self.ctx.borrowed(*error).truthy();
        let reply = self.captured("reply");
        if self.arguments.first().is_some_and(fails)
            || !reply.is_object()
            || self.captured("iterator").is_function()
        {
            return None;
        }
        // Of these only `preParsing` gives up when the answer is sent, and only it puts what is read in its place.
        let is_parsing = !self.captured("kRequestPayloadStream").is_undefined();
        if is_parsing && self.is_sent(reply.raw()) {
            return None;
        }
        let (hooks, index) = (self.captured("functions"), self.captured("i"));
        let index = index.is_number().then(|| index.as_f64() as u32)?;
        let hook = unsafe { ffi::JS_PeekElement(self.ctx.0, hooks.raw(), index) };
        Some(self.ctx.owned(hook)).filter(Value::is_function)
    }

    fn is_sent(&self, reply: JSValue) -> bool {
        let response = self.peek(reply, "raw");
        self.peek(response.raw(), "finished").truthy()
    }

    /// `preHandlerCallbackInner(error, request, reply)`.
    fn fastify_handler(&self) -> Option<Value> {
        let [error, request, ..] = self.arguments else {
            return None;
        };
        let error = self.ctx.borrowed(*error);
        if !error.is_null() && !error.is_undefined() {
            return None;
        }
        let route = self.peek_symbol(*request, "fastify.context");
        Some(self.peek(route.raw(), "handler")).filter(Value::is_function)
    }

    /// `handleError(reply, error, callback)` calls the route's own, and when that fails those around it.
    fn fastify_error_handler(&self) -> Option<Value> {
        let reply = *self.arguments.first()?;
        let next = self.peek_symbol(reply, "fastify.reply.nextErrorHandler");
        let handler = if next.is_object() {
            next
        } else if next.is_undefined() || next.is_null() {
            let request = self.peek(reply, "request");
            let route = self.peek_symbol(request.raw(), "fastify.context");
            self.peek(route.raw(), "errorHandler")
        } else {
            return None;
        };
        Some(self.peek(handler.raw(), "func")).filter(Value::is_function)
    }
}
