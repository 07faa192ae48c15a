//! The native functions of the realm in which a lesson's checks run.

use std::ffi::c_int;

use rquickjs::qjs::{self, JSContext, JSValue};

use crate::{
    builtins,
    engine::{Ctx, Js, Value, value::c_string},
};

type Native = fn(Ctx, &Value) -> Js<Value>;

/// Name, number of parameters, function of the first argument.
const NATIVES: &[(&str, c_int, Native)] = &[
    ("builtin", 1, |ctx, id| {
        builtins::compile(ctx, &ctx.text(id)?)
    }),
    ("promiseDetails", 1, |ctx, promise| {
        Ok(details_of_promise(ctx, promise))
    }),
    ("proxyDetails", 1, |ctx, proxy| {
        Ok(details_of_proxy(ctx, proxy))
    }),
    ("classOf", 1, |ctx, value| Ok(class_name(ctx, value))),
];

/// The `binding` object.
pub fn make(ctx: Ctx) -> Value {
    let binding = ctx.object();
    for (index, (name, length, _)) in NATIVES.iter().enumerate() {
        ctx.set(
            &binding,
            name,
            function(ctx, name, *length, index, trampoline),
        );
    }
    binding
}

type Entry = unsafe extern "C" fn(*mut JSContext, JSValue, c_int, *mut JSValue, c_int) -> JSValue;

fn function(ctx: Ctx, name: &str, length: c_int, index: usize, entry: Entry) -> Value {
    let name = c_string(name);
    // SAFETY: a generic function with a magic number has this C type; the union of prototypes is told which.
    unsafe {
        let entry: unsafe extern "C" fn(*mut JSContext, JSValue, c_int, *mut JSValue) -> JSValue =
            std::mem::transmute(entry as *const ());
        ctx.owned(qjs::JS_NewCFunction2(
            ctx.0,
            Some(entry),
            name.as_ptr(),
            length,
            qjs::JSCFunctionEnum_JS_CFUNC_generic_magic,
            index as c_int,
        ))
    }
}

unsafe extern "C" fn trampoline(
    ctx: *mut JSContext,
    _: JSValue,
    argc: c_int,
    argv: *mut JSValue,
    magic: c_int,
) -> JSValue {
    let ctx = Ctx(ctx);
    let arg = if argc > 0 {
        ctx.borrowed(unsafe { *argv })
    } else {
        ctx.undefined()
    };
    NATIVES[magic as usize].2(ctx, &arg).map_or(qjs::JS_EXCEPTION, Value::into_raw)
}

fn details_of_promise(ctx: Ctx, promise: &Value) -> Value {
    let state = unsafe { qjs::JS_PromiseState(ctx.0, promise.raw()) };
    let result = ctx.owned(unsafe { qjs::JS_PromiseResult(ctx.0, promise.raw()) });
    ctx.array([ctx.number(f64::from(state as i32)), result])
}

fn details_of_proxy(ctx: Ctx, value: &Value) -> Value {
    if !value.is_object() || !unsafe { qjs::JS_IsProxy(value.raw()) } {
        return ctx.undefined();
    }
    unsafe {
        let target = ctx.owned(qjs::JS_GetProxyTarget(ctx.0, value.raw()));
        let handler = ctx.owned(qjs::JS_GetProxyHandler(ctx.0, value.raw()));
        ctx.array([target, handler])
    }
}

fn class_name(ctx: Ctx, value: &Value) -> Value {
    if !value.is_object() {
        return ctx.undefined();
    }
    unsafe {
        let class = qjs::JS_GetClassID(value.raw());
        let atom = qjs::JS_GetClassName(qjs::JS_GetRuntime(ctx.0), class);
        let name = ctx.owned(qjs::JS_AtomToString(ctx.0, atom));
        qjs::JS_FreeAtom(ctx.0, atom);
        name
    }
}

/// Throws an error that Node's own code can recognize by its `code`.
pub fn throw_coded(ctx: Ctx, message: &str, code: &str) -> crate::engine::Thrown {
    let format = c_string("%s");
    let message = c_string(message);
    let error =
        ctx.owned(unsafe { qjs::JS_NewPlainError(ctx.0, format.as_ptr(), message.as_ptr()) });
    ctx.set(&error, "code", ctx.string(code));
    ctx.throw(error)
}
