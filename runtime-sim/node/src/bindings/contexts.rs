//! Contexts of vm (`ContextifyContext` in `src/node_contextify.cc`): realms of the engine whose global object stands in
//! front of a sandbox.
//!
//! V8's interceptors are an exotic object's methods here. What stands behind the sandbox is the realm's own global
//! object, with ECMAScript's names; assignments reach both, as in Node, so what is deleted from the sandbox outside the
//! context is still there inside. Leaves out: a queue of microtasks for each context.

use std::ffi::{c_int, c_void};

use rquickjs::qjs::{
    self, JSAtom, JSContext, JSPropertyDescriptor, JSPropertyEnum, JSRuntime, JSValue,
};

use crate::engine::{
    INTRINSICS, ffi,
    value::{Ctx, Js, Thrown, Value},
};

use super::{
    environment::Environment,
    names,
    native::{Call, throw_new, throw_with_code},
    small::get_by_symbol,
    util,
};

/// V8's console without an inspector: it says nothing.
const CONSOLE: &str = "debug error info log warn dir dirxml table trace group groupCollapsed groupEnd clear count \
    countReset assert profile profileEnd time timeLog timeEnd timeStamp context";

static EXOTIC: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: Some(has_property),
    get_property: Some(get_property),
    set_property: Some(set_property),
};

/// The numbers of the two classes.
#[derive(Clone, Copy)]
pub struct Classes {
    /// What a sandbox is bound to its realm by.
    realm: qjs::JSClassID,
    /// The global object in front of a sandbox.
    front: qjs::JSClassID,
}

fn classes(ctx: Ctx) -> Classes {
    let env = Environment::of(ctx);
    *env.context_classes
        .get_or_init(|| define_classes(unsafe { qjs::JS_GetRuntime(ctx.0) }))
}

fn define_classes(runtime: *mut JSRuntime) -> Classes {
    let define = |name: &'static std::ffi::CStr, exotic: *mut qjs::JSClassExoticMethods| {
        let mut class = 0;
        let definition = qjs::JSClassDef {
            class_name: name.as_ptr(),
            finalizer: Some(finalize),
            gc_mark: Some(mark),
            call: None,
            exotic,
        };
        unsafe {
            qjs::JS_NewClassID(runtime, &mut class);
            qjs::JS_NewClass(runtime, class, &definition);
        }
        class
    };
    Classes {
        realm: define(c"ContextifyContext", std::ptr::null_mut()),
        front: define(c"Object", (&raw const EXOTIC).cast_mut()),
    }
}

/// What stands behind an object of either class. The collector sees through it.
struct Realm {
    ctx: *mut JSContext,
    /// A native function of the realm, which keeps it alive; undefined in a front, which is the realm's own.
    anchor: JSValue,
    sandbox: JSValue,
    /// The realm's own global object.
    own: JSValue,
    evals: bool,
}

unsafe extern "C" fn mark(runtime: *mut JSRuntime, object: JSValue, mark: qjs::JS_MarkFunc) {
    if let Some(realm) = unsafe { behind(object) } {
        for value in [realm.anchor, realm.sandbox, realm.own] {
            unsafe { qjs::JS_MarkValue(runtime, value, mark) };
        }
    }
}

unsafe extern "C" fn finalize(runtime: *mut JSRuntime, object: JSValue) {
    let mut class = 0;
    let pointer = unsafe { qjs::JS_GetAnyOpaque(object, &mut class) }.cast::<Realm>();
    if !pointer.is_null() {
        let realm = unsafe { Box::from_raw(pointer) };
        for value in [realm.anchor, realm.sandbox, realm.own] {
            unsafe { qjs::JS_FreeValueRT(runtime, value) };
        }
    }
}

unsafe fn behind<'a>(object: JSValue) -> Option<&'a Realm> {
    let mut class = 0;
    unsafe {
        qjs::JS_GetAnyOpaque(object, &mut class)
            .cast::<Realm>()
            .as_ref()
    }
}

fn new_object(ctx: Ctx, class: qjs::JSClassID, prototype: &Value, realm: Realm) -> Js<Value> {
    let object =
        ctx.result(unsafe { qjs::JS_NewObjectProtoClass(ctx.0, prototype.raw(), class) })?;
    let pointer = Box::into_raw(Box::new(realm)).cast::<c_void>();
    unsafe { qjs::JS_SetOpaque(object.raw(), pointer) };
    Ok(object)
}

/// `makeContext(sandbox or symbol, name, origin, strings, wasm, microtaskQueue, hostDefinedOption)`.
pub fn make(c: &Call) -> Js<Value> {
    let (main, env, sandbox) = (c.ctx, c.env(), c.arg(0));
    if c.truthy(5) {
        let text =
            "microtaskMode: 'afterEvaluate' of a vm context is not simulated by Terrarium yet";
        return Err(throw_new(main, "Error", text));
    }
    let ctx = new_realm(main, env)?;
    let is_plain = !sandbox.is_object();
    let own = ctx.global();
    let result = if is_plain { own.clone() } else { sandbox };
    let shared = |value: &Value| unsafe { qjs::JS_DupValue(main.0, value.raw()) };
    if !is_plain {
        let name = main.text(&util::constructor_name_of(main, result.clone())?)?;
        if name != "Object" {
            define(ctx, &own, "toStringTag", ctx.string(&name))?;
        }
        let prototype = ctx.owned(unsafe { qjs::JS_GetPrototype(ctx.0, own.raw()) });
        let front = new_object(
            ctx,
            classes(main).front,
            &prototype,
            Realm {
                ctx: ctx.0,
                anchor: qjs::JS_UNDEFINED,
                sandbox: shared(&result),
                own: shared(&own),
                evals: c.truthy(3),
            },
        )?;
        unsafe {
            define_hidden(ctx, &own, c"globalThis", front.clone());
            drop(ctx.owned(ffi::JS_SetGlobalObject(ctx.0, front.into_raw())));
        }
    }
    let anchor = super::native::function(ctx, "", |c| c.undefined());
    let holder = new_object(
        main,
        classes(main).realm,
        &main.null(),
        Realm {
            ctx: ctx.0,
            anchor: anchor.into_raw(),
            sandbox: qjs::JS_UNDEFINED,
            own: qjs::JS_UNDEFINED,
            evals: c.truthy(3),
        },
    )?;
    unsafe { ffi::JS_AllowEval(ctx.0, c.truthy(3)) };
    let private = util::private_symbols_of(main)?;
    for (name, value) in [
        ("contextify_context_private_symbol", holder),
        ("host_defined_option_symbol", c.arg(6)),
    ] {
        let symbol = main.get(&private, name)?;
        unsafe { ffi::JS_SetPrivate(main.0, result.raw(), symbol.raw(), value.into_raw()) };
    }
    drop(own);
    // Held by the anchor from here on.
    unsafe { qjs::JS_FreeContext(ctx.0) };
    Ok(main.owned(result.into_raw()))
}

fn new_realm(main: Ctx, env: &Environment) -> Js<Ctx> {
    let ctx = unsafe {
        let ctx = qjs::JS_NewContextRaw(qjs::JS_GetRuntime(main.0));
        if ctx.is_null() {
            return Err(Thrown);
        }
        for add in INTRINSICS {
            if add(ctx) != 0 {
                qjs::JS_FreeContext(ctx);
                return Err(Thrown);
            }
        }
        qjs::JS_SetContextOpaque(ctx, qjs::JS_GetContextOpaque(main.0));
        Ctx(ctx)
    };
    let seed = env.draw("vm contexts", kernel::Stream::next_u64);
    unsafe { ffi::JS_SetRandomSeed(ctx.0, seed) };
    names::forget_newer(ctx)?;
    let (global, main_global) = (ctx.global(), main.global());
    names::forget(ctx, &global, "queueMicrotask");
    let (atomics, main_atomics) = (
        ctx.get(&global, "Atomics")?,
        main.get(&main_global, "Atomics")?,
    );
    for name in [c"load", c"wait", c"waitAsync", c"notify"] {
        let shared = main.get(&main_atomics, name.to_str().unwrap_or_default())?;
        define_hidden(ctx, &atomics, name, shared);
    }
    let assembly = main.get(&main_global, "WebAssembly")?;
    define_hidden(ctx, &global, c"WebAssembly", assembly);
    let console = ctx.object();
    for name in CONSOLE.split(' ') {
        let silent = super::native::function(ctx, name, |c| c.undefined());
        ctx.set(&console, name, silent);
    }
    define_hidden(ctx, &global, c"console", console);
    super::bootstrap::install_locale(ctx)?;
    Ok(ctx)
}

fn define_hidden(ctx: Ctx, object: &Value, name: &std::ffi::CStr, value: Value) {
    let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as c_int;
    unsafe {
        qjs::JS_DefinePropertyValueStr(ctx.0, object.raw(), name.as_ptr(), value.into_raw(), flags)
    };
}

/// By a well-known symbol.
fn define(ctx: Ctx, object: &Value, symbol: &str, value: Value) -> Js<()> {
    let symbols = ctx.get(&ctx.global(), "Symbol")?;
    let symbol = ctx.get(&symbols, symbol)?;
    let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as c_int;
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, symbol.raw());
        qjs::JS_DefinePropertyValue(ctx.0, object.raw(), atom, value.into_raw(), flags);
        qjs::JS_FreeAtom(ctx.0, atom);
    }
    Ok(())
}

/// The realm that an object was contextified with, or the main one for anything that is no object.
pub fn realm_of(c: &Call, sandbox: &Value) -> Js<Ctx> {
    let main = c.ctx;
    if !sandbox.is_object() {
        return Ok(main);
    }
    let private = util::private_symbols_of(main)?;
    let symbol = main.get(&private, "contextify_context_private_symbol")?;
    let holder = get_by_symbol(main, sandbox, &symbol)?;
    let class = classes(main).realm;
    let realm = unsafe {
        qjs::JS_GetOpaque(holder.raw(), class)
            .cast::<Realm>()
            .as_ref()
    };
    let Some(realm) = realm else {
        let text = "The \"contextifiedObject\" argument must be an vm.Context";
        return Err(throw_with_code(
            main,
            "TypeError",
            "ERR_INVALID_ARG_TYPE",
            text,
        ));
    };
    Ok(Ctx(realm.ctx))
}

/// Runs what compiles or evaluates in the realm of `sandbox`. The value is the main realm's to hold.
pub fn within(c: &Call, sandbox: &Value, run: impl FnOnce(Ctx) -> Js<Value>) -> Js<Value> {
    let result = run(realm_of(c, sandbox)?);
    result.map(|value| c.ctx.owned(value.into_raw()))
}

/// Compiling by the embedder is always allowed.
pub fn compile<T>(ctx: Ctx, compile: impl FnOnce() -> T) -> T {
    let global = ctx.global();
    let forbids = unsafe { qjs::JS_GetClassID(global.raw()) } == classes(ctx).front
        && unsafe { behind(global.raw()) }.is_some_and(|realm| !realm.evals);
    if !forbids {
        return compile();
    }
    unsafe { ffi::JS_AllowEval(ctx.0, true) };
    let result = compile();
    unsafe { ffi::JS_AllowEval(ctx.0, false) };
    result
}

// ---- what V8's interceptors do ----

/// A property's flags where it is found along the prototypes.
fn attributes(ctx: *mut JSContext, object: JSValue, atom: JSAtom) -> Result<Option<c_int>, Thrown> {
    let ctx = Ctx(ctx);
    let mut object = ctx.borrowed(object);
    while object.is_object() {
        if unsafe { qjs::JS_IsProxy(object.raw()) } {
            let has = unsafe { qjs::JS_HasProperty(ctx.0, object.raw(), atom) };
            return match has {
                ..0 => Err(Thrown),
                0 => Ok(None),
                _ => Ok(Some(qjs::JS_PROP_C_W_E as c_int)),
            };
        }
        let mut found = empty_descriptor();
        match unsafe { qjs::JS_GetOwnProperty(ctx.0, &mut found, object.raw(), atom) } {
            ..0 => return Err(Thrown),
            0 => {}
            _ => {
                free_descriptor(ctx, &found);
                return Ok(Some(found.flags));
            }
        }
        object = ctx.result(unsafe { qjs::JS_GetPrototype(ctx.0, object.raw()) })?;
    }
    Ok(None)
}

fn is_read_only(flags: Option<c_int>) -> bool {
    flags.is_some_and(|flags| flags as u32 & (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_GETSET) == 0)
}

fn empty_descriptor() -> JSPropertyDescriptor {
    JSPropertyDescriptor {
        flags: 0,
        value: qjs::JS_UNDEFINED,
        getter: qjs::JS_UNDEFINED,
        setter: qjs::JS_UNDEFINED,
    }
}

fn free_descriptor(ctx: Ctx, descriptor: &JSPropertyDescriptor) {
    for value in [descriptor.value, descriptor.getter, descriptor.setter] {
        drop(ctx.owned(value));
    }
}

unsafe extern "C" fn get_own_property(
    ctx: *mut JSContext,
    descriptor: *mut JSPropertyDescriptor,
    object: JSValue,
    atom: JSAtom,
) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return 0;
    };
    for holder in [realm.sandbox, realm.own] {
        let found = unsafe { qjs::JS_GetOwnProperty(ctx, descriptor, holder, atom) };
        if found != 0 {
            return found;
        }
    }
    0
}

unsafe extern "C" fn get_property(
    ctx: *mut JSContext,
    object: JSValue,
    atom: JSAtom,
    _: JSValue,
) -> JSValue {
    let Some(realm) = (unsafe { behind(object) }) else {
        return qjs::JS_UNINITIALIZED;
    };
    for holder in [realm.sandbox, realm.own] {
        let has = if unsafe { qjs::JS_IsProxy(holder) } {
            1
        } else {
            unsafe { qjs::JS_HasProperty(ctx, holder, atom) }
        };
        if has < 0 {
            return qjs::JS_EXCEPTION;
        }
        if has > 0 {
            let value = unsafe { qjs::JS_GetProperty(ctx, holder, atom) };
            if unsafe { qjs::JS_IsStrictEqual(ctx, value, realm.sandbox) } {
                unsafe { qjs::JS_FreeValue(ctx, value) };
                return unsafe { qjs::JS_DupValue(ctx, object) };
            }
            return value;
        }
    }
    qjs::JS_UNINITIALIZED
}

unsafe extern "C" fn has_property(ctx: *mut JSContext, object: JSValue, atom: JSAtom) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return 0;
    };
    match unsafe { qjs::JS_HasProperty(ctx, realm.sandbox, atom) } {
        0 => unsafe { qjs::JS_HasProperty(ctx, realm.own, atom) },
        found => found,
    }
}

unsafe extern "C" fn set_property(
    ctx: *mut JSContext,
    object: JSValue,
    atom: JSAtom,
    value: JSValue,
    _: JSValue,
    flags: c_int,
) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return 0;
    };
    let set = |holder: JSValue, flags: c_int| unsafe {
        let value = qjs::JS_DupValue(ctx, value);
        ffi::JS_PutProperty(ctx, holder, atom, value, flags)
    };
    let (Ok(on_own), Ok(on_sandbox)) = (
        attributes(ctx, realm.own, atom),
        attributes(ctx, realm.sandbox, atom),
    ) else {
        return -1;
    };
    if is_read_only(on_own) {
        return set(realm.own, flags);
    }
    if is_read_only(on_sandbox) {
        let refused = set(realm.sandbox, flags);
        if refused < 0 {
            let ctx = Ctx(ctx);
            ctx.take_exception();
            let name = ctx.owned(unsafe { qjs::JS_AtomToString(ctx.0, atom) });
            let name = ctx.text(&name).unwrap_or_default();
            throw_new(
                ctx,
                "TypeError",
                &format!("Cannot redefine property: {name}"),
            );
        }
        return refused;
    }
    let is_symbol = unsafe {
        let name = Ctx(ctx).owned(qjs::JS_AtomToValue(ctx, atom));
        qjs::JS_IsSymbol(name.raw())
    };
    if is_symbol && on_own.is_none() && on_sandbox.is_none() {
        return set(realm.own, flags);
    }
    if set(realm.sandbox, 0) < 0 {
        return -1;
    }
    let mut found = empty_descriptor();
    match unsafe { qjs::JS_GetOwnProperty(ctx, &mut found, realm.sandbox, atom) } {
        ..0 => return -1,
        0 => {}
        _ => {
            free_descriptor(Ctx(ctx), &found);
            if on_sandbox.is_some() && found.flags as u32 & qjs::JS_PROP_GETSET != 0 {
                return 1;
            }
        }
    }
    set(realm.own, flags)
}

unsafe extern "C" fn define_own_property(
    ctx: *mut JSContext,
    object: JSValue,
    atom: JSAtom,
    value: JSValue,
    getter: JSValue,
    setter: JSValue,
    flags: c_int,
) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return 0;
    };
    let define = |holder: JSValue, flags: u32| unsafe {
        qjs::JS_DefineProperty(ctx, holder, atom, value, getter, setter, flags as c_int)
    };
    let flags = flags as u32;
    let Ok(on_own) = attributes(ctx, realm.own, atom) else {
        return -1;
    };
    if !is_read_only(on_own) {
        let has_accessor = flags & (qjs::JS_PROP_HAS_GET | qjs::JS_PROP_HAS_SET) != 0;
        let for_sandbox = if has_accessor {
            flags
        } else {
            flags | qjs::JS_PROP_HAS_VALUE
        };
        let has_own =
            unsafe { qjs::JS_GetOwnProperty(ctx, std::ptr::null_mut(), realm.sandbox, atom) };
        // What cannot be added to the sandbox still is on the realm's own.
        let heeds = if has_own > 0 {
            u32::MAX
        } else {
            !(qjs::JS_PROP_THROW | qjs::JS_PROP_THROW_STRICT)
        };
        let done = define(realm.sandbox, for_sandbox & heeds);
        if has_own < 0 || done < 0 || done == 0 && has_own > 0 {
            return done.min(has_own);
        }
    }
    define(realm.own, flags)
}

unsafe extern "C" fn delete_property(ctx: *mut JSContext, object: JSValue, atom: JSAtom) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return 1;
    };
    match unsafe { qjs::JS_DeleteProperty(ctx, realm.sandbox, atom, 0) } {
        1 => unsafe { qjs::JS_DeleteProperty(ctx, realm.own, atom, 0) },
        refused => refused,
    }
}

/// The names that a `for`-`in` over the sandbox finds, then the realm's own.
unsafe extern "C" fn get_own_property_names(
    ctx: *mut JSContext,
    table: *mut *mut JSPropertyEnum,
    length: *mut u32,
    object: JSValue,
) -> c_int {
    let Some(realm) = (unsafe { behind(object) }) else {
        return -1;
    };
    let ctx = Ctx(ctx);
    let mut atoms: Vec<JSAtom> = Vec::new();
    let mut collect = |holder: JSValue, flags: u32| unsafe {
        let (mut found, mut count) = (std::ptr::null_mut(), 0);
        if qjs::JS_GetOwnPropertyNames(ctx.0, &mut found, &mut count, holder, flags as c_int) < 0 {
            return Err(Thrown);
        }
        for index in 0..count as usize {
            let atom = (*found.add(index)).atom;
            if !atoms.contains(&atom) {
                atoms.push(qjs::JS_DupAtom(ctx.0, atom));
            }
        }
        qjs::JS_FreePropertyEnum(ctx.0, found, count);
        Ok(())
    };
    let mut all = || -> Js<()> {
        let mut holder = ctx.borrowed(realm.sandbox);
        while holder.is_object() {
            collect(
                holder.raw(),
                qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY,
            )?;
            holder = ctx.result(unsafe { qjs::JS_GetPrototype(ctx.0, holder.raw()) })?;
        }
        collect(realm.own, qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK)
    };
    let failed = all().is_err();
    unsafe {
        let size = size_of::<JSPropertyEnum>() * atoms.len().max(1);
        let entries = if failed {
            std::ptr::null_mut()
        } else {
            qjs::js_malloc(ctx.0, size as _).cast::<JSPropertyEnum>()
        };
        if entries.is_null() {
            for atom in atoms {
                qjs::JS_FreeAtom(ctx.0, atom);
            }
            return -1;
        }
        for (index, atom) in atoms.iter().enumerate() {
            entries.add(index).write(JSPropertyEnum {
                is_enumerable: true,
                atom: *atom,
            });
        }
        *table = entries;
        *length = atoms.len() as u32;
    }
    0
}
