//! How a Rust function becomes a JavaScript one, and how Rust state hangs on a JavaScript object.

use std::{any::Any, ffi::c_int};

use rquickjs::qjs::{self, JSContext, JSRuntime, JSValue};

use crate::engine::{
    ffi,
    value::{Ctx, Js, Thrown, Value, c_string},
};

use super::environment::Environment;

/// One call from JavaScript: what it was called on and with.
pub struct Call<'a> {
    pub ctx: Ctx,
    /// The new target when constructing.
    pub this: JSValue,
    pub args: &'a [JSValue],
}

impl Call<'_> {
    pub fn env(&self) -> &'static Environment {
        Environment::of(self.ctx)
    }

    pub fn this(&self) -> Value {
        self.ctx.borrowed(self.this)
    }

    /// `undefined` for what was not given.
    pub fn arg(&self, index: usize) -> Value {
        self.args
            .get(index)
            .map_or_else(|| self.ctx.undefined(), |raw| self.ctx.borrowed(*raw))
    }

    pub fn text(&self, index: usize) -> Js<String> {
        self.ctx.text(&self.arg(index))
    }

    pub fn number(&self, index: usize) -> f64 {
        self.arg(index).as_f64()
    }

    pub fn truthy(&self, index: usize) -> bool {
        self.arg(index).truthy()
    }

    pub fn undefined(&self) -> Js<Value> {
        Ok(self.ctx.undefined())
    }

    /// In a constructor: the new object, with `state` behind it.
    pub fn construct(&self, state: impl Any) -> Js<Value> {
        let prototype = self.ctx.get(&self.this(), "prototype")?;
        new_handle(self.ctx, &prototype, state)
    }

    /// The state behind `this`.
    pub fn state<T: 'static>(&self) -> Js<&T> {
        state_of(self.ctx, self.this)
    }
}

/// An object with `state` behind it.
pub fn new_handle(ctx: Ctx, prototype: &Value, state: impl Any) -> Js<Value> {
    let class = Environment::of(ctx).handle_class;
    let object =
        ctx.result(unsafe { qjs::JS_NewObjectProtoClass(ctx.0, prototype.raw(), class) })?;
    let boxed: Box<Box<dyn Any>> = Box::new(Box::new(state));
    unsafe { qjs::JS_SetOpaque(object.raw(), Box::into_raw(boxed).cast()) };
    Ok(object)
}

/// The state that [`Call::construct`] put behind an object. It lives as long as the object.
pub fn state_of<'a, T: 'static>(ctx: Ctx, object: JSValue) -> Js<&'a T> {
    let class = Environment::of(ctx).handle_class;
    let pointer = unsafe { qjs::JS_GetOpaque(object, class) }.cast::<Box<dyn Any>>();
    if !pointer.is_null()
        && let Some(state) = unsafe { &*pointer }.downcast_ref::<T>()
    {
        return Ok(state);
    }
    Err(throw_type_error(ctx, "Illegal invocation"))
}

pub fn define_handle_class(runtime: *mut JSRuntime) -> qjs::JSClassID {
    let mut class = 0;
    unsafe {
        qjs::JS_NewClassID(runtime, &mut class);
        let name = c"Handle";
        let definition = qjs::JSClassDef {
            class_name: name.as_ptr(),
            finalizer: Some(finalize_handle),
            gc_mark: None,
            call: None,
            exotic: std::ptr::null_mut(),
        };
        qjs::JS_NewClass(runtime, class, &definition);
    }
    class
}

unsafe extern "C" fn finalize_handle(_: *mut JSRuntime, object: JSValue) {
    let mut class = 0;
    let pointer = unsafe { qjs::JS_GetAnyOpaque(object, &mut class) }.cast::<Box<dyn Any>>();
    if !pointer.is_null() {
        drop(unsafe { Box::from_raw(pointer) });
    }
}

pub trait Native: Fn(&Call) -> Js<Value> + Copy + 'static {}
impl<F: Fn(&Call) -> Js<Value> + Copy + 'static> Native for F {}

unsafe extern "C" fn trampoline<F: Native>(
    ctx: *mut JSContext,
    this: JSValue,
    argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    const { assert!(size_of::<F>() == 0, "a native captures nothing") };
    // SAFETY: F has no bytes, so any dangling pointer to it will do.
    let function = unsafe { std::ptr::NonNull::<F>::dangling().as_ref() };
    let args = if argc > 0 {
        unsafe { std::slice::from_raw_parts(argv, argc as usize) }
    } else {
        &[]
    };
    let call = Call {
        ctx: Ctx(ctx),
        this,
        args,
    };
    let result = function(&call);
    // Nothing happens after the end, whatever ended the process meanwhile.
    if !call.env().can_call_into_js() {
        drop(result);
        call.ctx.take_exception();
        call.ctx.throw_uncatchable();
        return qjs::JS_EXCEPTION;
    }
    match result {
        Ok(value) => value.into_raw(),
        Err(Thrown) => qjs::JS_EXCEPTION,
    }
}

pub fn new_function<F: Native>(
    ctx: Ctx,
    name: &str,
    length: i32,
    _: F,
    kind: qjs::JSCFunctionEnum,
) -> Value {
    let name = c_string(name);
    ctx.owned(unsafe {
        qjs::JS_NewCFunction2(
            ctx.0,
            Some(trampoline::<F>),
            name.as_ptr(),
            length,
            kind,
            ffi::JS_MAGIC_EMBEDDER,
        )
    })
}

pub fn function<F: Native>(ctx: Ctx, name: &str, f: F) -> Value {
    new_function(ctx, name, 0, f, qjs::JSCFunctionEnum_JS_CFUNC_generic)
}

/// A constructor with an empty prototype.
pub fn class<F: Native>(ctx: Ctx, name: &str, f: F) -> Value {
    with_prototype(
        ctx,
        new_function(ctx, name, 0, f, qjs::JSCFunctionEnum_JS_CFUNC_constructor),
    )
}

/// The same, but `f` also hears of calls without `new`: `this` is undefined then.
pub fn constructor_or_function<F: Native>(ctx: Ctx, name: &str, f: F) -> Value {
    with_prototype(
        ctx,
        new_function(
            ctx,
            name,
            0,
            f,
            qjs::JSCFunctionEnum_JS_CFUNC_constructor_or_func,
        ),
    )
}

fn with_prototype(ctx: Ctx, constructor: Value) -> Value {
    let prototype = ctx.object();
    unsafe { qjs::JS_SetConstructor(ctx.0, constructor.raw(), prototype.raw()) };
    constructor
}

/// An object that natives are put on, in a chain.
#[derive(Clone)]
pub struct Target {
    pub ctx: Ctx,
    pub object: Value,
}

impl Target {
    pub fn new(ctx: Ctx, object: Value) -> Self {
        Self { ctx, object }
    }

    pub fn with<F: Native>(&self, name: &str, f: F) -> &Self {
        self.ctx
            .set(&self.object, name, function(self.ctx, name, f));
        self
    }

    pub fn value(&self, name: &str, value: Value) -> &Self {
        self.ctx.set(&self.object, name, value);
        self
    }

    /// A class on this object; answers its prototype.
    pub fn class<F: Native>(&self, name: &str, f: F) -> Self {
        let constructor = class(self.ctx, name, f);
        let prototype = self
            .ctx
            .get(&constructor, "prototype")
            .expect("it was made a line ago");
        self.ctx.set(&self.object, name, constructor);
        Self::new(self.ctx, prototype)
    }
}

pub fn throw_type_error(ctx: Ctx, message: &str) -> Thrown {
    throw_new(ctx, "TypeError", message)
}

/// Throws a new instance of a global error class.
pub fn throw_new(ctx: Ctx, class: &str, message: &str) -> Thrown {
    let made = || -> Js<Value> {
        let class = ctx.get(&ctx.global(), class)?;
        let mut args = [ctx.string(message).into_raw()];
        let made = unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) };
        unsafe { qjs::JS_FreeValue(ctx.0, args[0]) };
        ctx.result(made)
    };
    match made() {
        Ok(error) => ctx.throw(error),
        Err(thrown) => thrown,
    }
}

pub fn throw_with_code(ctx: Ctx, class: &str, code: &str, message: &str) -> Thrown {
    throw_new(ctx, class, message);
    let error = ctx.take_exception();
    ctx.set(&error, "code", ctx.string(code));
    ctx.throw(error)
}

/// For what the real one does and this does not.
pub fn throw_not_simulated(ctx: Ctx, what: &str) -> Thrown {
    let message = format!("{what} is not simulated by Terrarium yet");
    throw_new(ctx, "Error", &message)
}
