//! `process.env`: an object whose properties are the process's environment, with strings for values
//! (`src/node_env_var.cc`). Leaves out that setting `TZ` changes the time zone.

use std::ffi::c_int;

use rquickjs::qjs::{self, JSAtom, JSContext, JSPropertyDescriptor, JSPropertyEnum, JSValue};

use crate::engine::{
    Engine,
    value::{Ctx, Js, Value, c_string},
};

use super::{environment::Environment, native::throw_with_code};

static EXOTIC: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: None,
    get_property: None,
    set_property: Some(set_property),
};

pub fn define_class(engine: &Engine) -> qjs::JSClassID {
    let runtime = engine.runtime();
    let mut class = 0;
    let definition = qjs::JSClassDef {
        class_name: c"Object".as_ptr(),
        finalizer: None,
        gc_mark: None,
        call: None,
        exotic: (&raw const EXOTIC).cast_mut(),
    };
    unsafe {
        qjs::JS_NewClassID(runtime, &mut class);
        qjs::JS_NewClass(runtime, class, &definition);
    }
    class
}

pub fn new_object(ctx: Ctx) -> Js<Value> {
    let ordinary = ctx.object();
    let prototype = ctx.owned(unsafe { qjs::JS_GetPrototype(ctx.0, ordinary.raw()) });
    let class = Environment::of(ctx).variables_class;
    ctx.result(unsafe { qjs::JS_NewObjectProtoClass(ctx.0, prototype.raw(), class) })
}

pub fn get(env: &Environment, name: &str) -> Option<String> {
    env.variables
        .borrow()
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

/// As `setenv` does: what is new goes to the end.
pub fn set(env: &Environment, name: &str, value: String) {
    let mut all = env.variables.borrow_mut();
    match all.iter_mut().find(|(key, _)| key == name) {
        Some((_, old)) => *old = value,
        None => all.push((name.to_owned(), value)),
    }
}

/// Symbols name no variable.
fn name_of(ctx: Ctx, atom: JSAtom) -> Option<String> {
    let value = ctx.owned(unsafe { qjs::JS_AtomToValue(ctx.0, atom) });
    if unsafe { qjs::JS_IsSymbol(value.raw()) } {
        None
    } else {
        ctx.text(&value).ok()
    }
}

unsafe extern "C" fn get_own_property(
    ctx: *mut JSContext,
    descriptor: *mut JSPropertyDescriptor,
    _: JSValue,
    atom: JSAtom,
) -> c_int {
    let ctx = Ctx(ctx);
    let Some(value) = name_of(ctx, atom).and_then(|name| get(Environment::of(ctx), &name)) else {
        return 0;
    };
    if let Some(descriptor) = unsafe { descriptor.as_mut() } {
        descriptor.flags = qjs::JS_PROP_C_W_E as c_int;
        descriptor.value = ctx.string(&value).into_raw();
        descriptor.getter = qjs::JS_UNDEFINED;
        descriptor.setter = qjs::JS_UNDEFINED;
    }
    1
}

unsafe extern "C" fn get_own_property_names(
    ctx: *mut JSContext,
    table: *mut *mut JSPropertyEnum,
    length: *mut u32,
    _: JSValue,
) -> c_int {
    let names: Vec<_> = Environment::of(Ctx(ctx))
        .variables
        .borrow()
        .iter()
        .map(|(name, _)| c_string(name))
        .collect();
    unsafe {
        let entries = qjs::js_malloc(ctx, (size_of::<JSPropertyEnum>() * names.len().max(1)) as _)
            .cast::<JSPropertyEnum>();
        if entries.is_null() {
            return -1;
        }
        for (index, name) in names.iter().enumerate() {
            let entry = JSPropertyEnum {
                is_enumerable: true,
                atom: qjs::JS_NewAtom(ctx, name.as_ptr()),
            };
            entries.add(index).write(entry);
        }
        *table = entries;
        *length = names.len() as u32;
    }
    0
}

unsafe extern "C" fn delete_property(ctx: *mut JSContext, _: JSValue, atom: JSAtom) -> c_int {
    let ctx = Ctx(ctx);
    if let Some(name) = name_of(ctx, atom) {
        Environment::of(ctx)
            .variables
            .borrow_mut()
            .retain(|(key, _)| *key != name);
    }
    1
}

fn assign(ctx: Ctx, atom: JSAtom, value: JSValue) -> Js<()> {
    // Symbols throw here, names and values alike.
    let name = ctx.text(&ctx.owned(unsafe { qjs::JS_AtomToValue(ctx.0, atom) }))?;
    let value = ctx.text_of(value)?;
    set(Environment::of(ctx), &name, value);
    Ok(())
}

unsafe extern "C" fn set_property(
    ctx: *mut JSContext,
    _: JSValue,
    atom: JSAtom,
    value: JSValue,
    _: JSValue,
    _: c_int,
) -> c_int {
    if assign(Ctx(ctx), atom, value).is_ok() {
        1
    } else {
        -1
    }
}

unsafe extern "C" fn define_own_property(
    ctx: *mut JSContext,
    _: JSValue,
    atom: JSAtom,
    value: JSValue,
    _: JSValue,
    _: JSValue,
    flags: c_int,
) -> c_int {
    let ctx = Ctx(ctx);
    let has = |wanted: u32| flags as u32 & wanted == wanted;
    let message = if has(qjs::JS_PROP_HAS_GET) || has(qjs::JS_PROP_HAS_SET) {
        "'process.env' does not accept an accessor(getter/setter) descriptor"
    } else if has(qjs::JS_PROP_HAS_VALUE)
        && has(qjs::JS_PROP_HAS_CONFIGURABLE
            | qjs::JS_PROP_HAS_WRITABLE
            | qjs::JS_PROP_HAS_ENUMERABLE)
        && has(qjs::JS_PROP_C_W_E)
    {
        return if assign(ctx, atom, value).is_ok() {
            1
        } else {
            -1
        };
    } else {
        "'process.env' only accepts a configurable, writable, and enumerable data descriptor"
    };
    throw_with_code(
        ctx,
        "TypeError",
        "ERR_INVALID_OBJECT_DEFINE_PROPERTY",
        message,
    );
    -1
}
