//! `src/node_util.cc` and `src/node_types.cc`: what JavaScript cannot ask about a value by itself.

use std::cell::RefCell;

use rquickjs::qjs;

use crate::engine::{
    ffi::{self, CallableInfo},
    value::{Ctx, Js, Thrown, Value, c_string, text_of_chars},
};

use super::{
    environment::Environment,
    keys,
    native::{Call, Target},
};

/// One value of each kind, by which the engine's class numbers are learnt.
const SAMPLES: &str = "({ Error: new Error(), Number: Object(1), String: Object(''), Boolean: Object(true), \
    Symbol: Object(Symbol()), Arguments: (function () { 'use strict'; return arguments; })(), \
    MappedArguments: (function () { return arguments; })(), Date: new Date(0), RegExp: /x/, \
    ArrayBuffer: new ArrayBuffer(0), SharedArrayBuffer: typeof SharedArrayBuffer === 'undefined' ? 0 : new SharedArrayBuffer(0), \
    DataView: new DataView(new ArrayBuffer(0)), BigInt: Object(1n), Map: new Map(), Set: new Set(), WeakMap: new WeakMap(), \
    WeakSet: new WeakSet(), WeakRef: new WeakRef({}), MapIterator: new Map().keys(), SetIterator: new Set().keys(), \
    Generator: (function* () {})(), AsyncGenerator: (async function* () {})(), Promise: Promise.resolve(), \
    Proxy: new Proxy({}, {}), GeneratorFunction: function* () {}, AsyncFunction: async function () {}, \
    AsyncGeneratorFunction: async function* () {}, Uint8Array: new Uint8Array() })";

thread_local! {
    static CLASSES: RefCell<Vec<(String, u32)>> = const { RefCell::new(Vec::new()) };
}

pub fn learn_classes(ctx: Ctx) -> Js<()> {
    let samples = ctx.eval(
        SAMPLES,
        "node:internal/samples",
        1,
        qjs::JS_EVAL_TYPE_GLOBAL,
    )?;
    let mut classes = Vec::new();
    for key in keys(ctx, &samples)? {
        let sample = ctx.get(&samples, &key)?;
        if sample.is_object() {
            classes.push((key, unsafe { qjs::JS_GetClassID(sample.raw()) }));
        }
    }
    CLASSES.set(classes);
    Ok(())
}

pub fn is_of(value: &Value, names: &[&str]) -> bool {
    if !value.is_object() {
        return false;
    }
    let class = unsafe { qjs::JS_GetClassID(value.raw()) };
    CLASSES.with_borrow(|classes| {
        let mut known = classes.iter().filter(|(_, known)| *known == class);
        known.any(|(name, _)| names.contains(&name.as_str()))
    })
}

pub fn is_typed_array(value: &Value) -> bool {
    value.is_object() && unsafe { qjs::JS_GetTypedArrayType(value.raw()) } >= 0
}

pub fn is_detached(ctx: Ctx, value: &Value) -> bool {
    if !is_of(value, &["ArrayBuffer"]) {
        return false;
    }
    let mut length = 0;
    // Only a detached one has no bytes at all.
    let is_detached = unsafe { qjs::JS_GetArrayBuffer(ctx.0, &mut length, value.raw()) }.is_null();
    if is_detached {
        ctx.take_exception();
    }
    is_detached
}

pub fn initialize_types(t: &Target) {
    macro_rules! kinds {
        ($($name:literal => $($class:literal)|+;)*) => {
            $(t.with($name, |c| Ok(c.ctx.bool(is_of(&c.arg(0), &[$($class),+]))));)*
        };
    }
    kinds! {
        "isDate" => "Date"; "isArgumentsObject" => "Arguments" | "MappedArguments"; "isBigIntObject" => "BigInt";
        "isBooleanObject" => "Boolean"; "isNumberObject" => "Number"; "isStringObject" => "String";
        "isSymbolObject" => "Symbol"; "isNativeError" => "Error"; "isRegExp" => "RegExp";
        "isAsyncFunction" => "AsyncFunction" | "AsyncGeneratorFunction";
        "isGeneratorFunction" => "GeneratorFunction" | "AsyncGeneratorFunction";
        "isGeneratorObject" => "Generator" | "AsyncGenerator"; "isPromise" => "Promise"; "isMap" => "Map";
        "isSet" => "Set"; "isMapIterator" => "MapIterator"; "isSetIterator" => "SetIterator";
        "isWeakMap" => "WeakMap"; "isWeakSet" => "WeakSet"; "isArrayBuffer" => "ArrayBuffer";
        "isDataView" => "DataView"; "isSharedArrayBuffer" => "SharedArrayBuffer"; "isProxy" => "Proxy";
        "isAnyArrayBuffer" => "ArrayBuffer" | "SharedArrayBuffer";
        "isBoxedPrimitive" => "Number" | "String" | "Boolean" | "BigInt" | "Symbol";
    }
    t.with("isExternal", |c| Ok(c.ctx.bool(false)))
        .with("isModuleNamespaceObject", |c| {
            let value = c.arg(0);
            Ok(c.ctx.bool(
                value.is_object() && unsafe { qjs::JS_GetClassID(value.raw()) } == MODULE_NAMESPACE,
            ))
        });
}

/// JS_CLASS_MODULE_NS: no expression makes one.
const MODULE_NAMESPACE: u32 = 11;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    t.value("privateSymbols", private_symbols(ctx)?);
    initialize_types(t);
    t.with("parseEnv", |c| {
        let found = c.ctx.object();
        for (name, value) in super::dotenv::parse(&c.text(0)?) {
            c.ctx.set(&found, &name, c.ctx.string(&value));
        }
        Ok(found)
    })
    .with("isArrayBufferView", |c| {
        let value = c.arg(0);
        Ok(c.ctx
            .bool(is_typed_array(&value) || is_of(&value, &["DataView"])))
    })
    .with("isTypedArray", |c| {
        Ok(c.ctx.bool(is_typed_array(&c.arg(0))))
    })
    .with("isUint8Array", |c| {
        Ok(c.ctx.bool(is_of(&c.arg(0), &["Uint8Array"])))
    })
    .with("isInsideNodeModules", |c| Ok(c.ctx.bool(false)))
    .with("arrayBufferViewHasBuffer", |c| Ok(c.ctx.bool(true)))
    .with("isArrayBufferDetached", |c| {
        let value = c.arg(0);
        Ok(c.ctx.bool(is_detached(c.ctx, &value)))
    })
    .with("getPromiseDetails", |c| {
        let promise = c.arg(0);
        if !is_of(&promise, &["Promise"]) {
            return c.undefined();
        }
        let state = unsafe { qjs::JS_PromiseState(c.ctx.0, promise.raw()) };
        let number = match state {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => {
                return Ok(c.ctx.array([c.ctx.number(0.0)]));
            }
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => 1.0,
            _ => 2.0,
        };
        let result = c
            .ctx
            .owned(unsafe { qjs::JS_PromiseResult(c.ctx.0, promise.raw()) });
        Ok(c.ctx.array([c.ctx.number(number), result]))
    })
    .with("getProxyDetails", |c| {
        let proxy = c.arg(0);
        if !is_of(&proxy, &["Proxy"]) {
            return c.undefined();
        }
        let target = c
            .ctx
            .owned(unsafe { qjs::JS_GetProxyTarget(c.ctx.0, proxy.raw()) });
        if c.args.len() == 1 || c.truthy(1) {
            let handler = c
                .ctx
                .owned(unsafe { qjs::JS_GetProxyHandler(c.ctx.0, proxy.raw()) });
            return Ok(c.ctx.array([target, handler]));
        }
        Ok(target)
    })
    .with("getCallerLocation", |c| Ok(caller_location(c.ctx)))
    .with("previewEntries", |c| {
        let mut has_keys = false;
        let object = c.arg(0);
        let entries = c
            .ctx
            .result(unsafe { ffi::JS_PreviewEntries(c.ctx.0, object.raw(), &mut has_keys) })?;
        if c.args.len() < 2 || entries.is_undefined() {
            return Ok(entries);
        }
        Ok(c.ctx.array([entries, c.ctx.bool(has_keys)]))
    })
    .with("getOwnNonIndexProperties", own_non_index_properties)
    .with("getConstructorName", constructor_name)
    .with("sleep", |c| {
        c.env().spend_ns((c.number(0) * 1e6) as u64);
        c.undefined()
    })
    .with("guessHandleType", |c| {
        let fd = c.number(0) as i32;
        let is_wire = c
            .env()
            .try_host()
            .is_some_and(|host| host.is_redirected(fd));
        // FILE, PIPE, UNKNOWN.
        let kind = match fd {
            _ if is_wire => 4.0,
            ..=2 => 3.0,
            _ => 5.0,
        };
        Ok(c.ctx.number(kind))
    });
    Ok(())
}

/// Line, column and file from where the function that asks was called.
fn caller_location(ctx: Ctx) -> Value {
    const FRAMES_MAX: usize = 4;
    let mut infos = [CallableInfo::EMPTY; FRAMES_MAX];
    let count =
        unsafe { ffi::JS_CaptureStack(ctx.0, infos.as_mut_ptr(), FRAMES_MAX as std::ffi::c_int) };
    let mut frames = infos[..count as usize]
        .iter()
        .filter(|info| info.kind != ffi::CALLABLE_NATIVE);
    let place = frames.nth(1).map_or_else(
        || ctx.undefined(),
        |info| {
            let file = unsafe { text_of_chars(info.filename) };
            let [line, column] = [info.line, info.column].map(|at| ctx.number(f64::from(at)));
            ctx.array([line, column, ctx.string(&file)])
        },
    );
    for info in &mut infos[..count as usize] {
        unsafe { ffi::JS_FreeCallableInfo(ctx.0, info) };
    }
    place
}

fn private_symbols(ctx: Ctx) -> Js<Value> {
    let env = Environment::of(ctx);
    if let Some(symbols) = env.kept("privateSymbols") {
        return Ok(symbols);
    }
    let names = ctx.get(&ctx.get(&super::surface(ctx)?, "util")?, "privateSymbols")?;
    let symbols = ctx.object();
    for index in 0..ctx.length(&names) {
        let name = ctx.text(&ctx.at(&names, index)?)?;
        let description = c_string(&name);
        let symbol = ctx.owned(unsafe { ffi::JS_NewPrivateSymbol(ctx.0, description.as_ptr()) });
        ctx.set(&symbols, &name, symbol);
    }
    env.keep("privateSymbols", symbols.clone());
    Ok(symbols)
}

pub fn private_symbols_of(ctx: Ctx) -> Js<Value> {
    private_symbols(ctx)
}

fn own_non_index_properties(c: &Call) -> Js<Value> {
    const ONLY_ENUMERABLE: u32 = 2;
    const SKIP_SYMBOLS: u32 = 16;
    let (ctx, filter) = (c.ctx, c.number(1) as u32);
    let object = c.arg(0);
    let mut flags = qjs::JS_GPN_STRING_MASK;
    if filter & SKIP_SYMBOLS == 0 {
        flags |= qjs::JS_GPN_SYMBOL_MASK;
    }
    if filter & ONLY_ENUMERABLE != 0 {
        flags |= qjs::JS_GPN_ENUM_ONLY;
    }
    let (mut table, mut count) = (std::ptr::null_mut(), 0);
    unsafe {
        if qjs::JS_GetOwnPropertyNames(ctx.0, &mut table, &mut count, object.raw(), flags as i32)
            < 0
        {
            return Err(Thrown);
        }
        let mut names = Vec::new();
        for index in 0..count as usize {
            let name = ctx.owned(qjs::JS_AtomToValue(ctx.0, (*table.add(index)).atom));
            let is_index =
                name.is_number() || name.is_string() && is_array_index(&ctx.text(&name)?);
            if !is_index {
                names.push(name);
            }
        }
        qjs::JS_FreePropertyEnum(ctx.0, table, count);
        Ok(ctx.array(names))
    }
}

/// Written as a number is, and below what an array's length may be.
fn is_array_index(name: &str) -> bool {
    let is_canonical = name == "0" || name.starts_with(|first: char| ('1'..='9').contains(&first));
    is_canonical && name.parse::<u32>().is_ok_and(|index| index < u32::MAX)
}

/// V8's `GetConstructorName`: the nearest prototype's own constructor that has a name.
pub fn constructor_name(c: &Call) -> Js<Value> {
    constructor_name_of(c.ctx, c.arg(0))
}

pub fn constructor_name_of(ctx: Ctx, mut object: Value) -> Js<Value> {
    while object.is_object() {
        if is_of(&object, &["Proxy"]) {
            break;
        }
        let constructor = ctx.get(&object, "constructor")?;
        if constructor.is_function() {
            let name = ctx.get(&constructor, "name")?;
            if name.is_string() && !ctx.text(&name)?.is_empty() {
                return Ok(name);
            }
        }
        object = ctx.result(unsafe { qjs::JS_GetPrototype(ctx.0, object.raw()) })?;
    }
    Ok(ctx.string("Object"))
}
