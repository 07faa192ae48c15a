//! The classes and functions of `WebAssembly`.

use std::rc::Rc;

use rquickjs::qjs;
use wasmi::{
    Extern, ExternType, Global, Instance, Memory, MemoryType, Module, Mutability, Nullable, Ref,
    RefType, Table, TableType, Val, ValType, errors::ErrorKind,
};

use crate::{
    costs,
    engine::value::{Ctx, Js, Thrown, Value, c_string},
};

use super::{
    super::{
        callback,
        environment::{Environment, bytes_of, copy_bytes, new_array_buffer},
        messaging,
        native::{
            Call, Native, Target, function, new_function, new_handle, state_of, throw_new,
            throw_type_error,
        },
        not_simulated,
        util::{is_of, is_typed_array},
    },
    machine::{Machine, throw},
    sections::{Sections, export_start, refusal},
};

const PAGES_MAX: u32 = 65_536;
const ELEMENTS_MAX: u32 = 10_000_000;

/// Behind a `WebAssembly.Module`.
pub struct Compiled {
    module: Module,
    sections: Sections,
    /// Under which name the start function is exported.
    start: Option<String>,
    /// What it was compiled from: in another thread it is compiled anew.
    bytes: Rc<[u8]>,
}

struct Running {
    exports: Value,
}

const METHOD: u32 = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE | qjs::JS_PROP_ENUMERABLE;
const HIDDEN: u32 = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE;

fn define(ctx: Ctx, object: &Value, name: &str, value: Value, flags: u32) {
    let name = c_string(name);
    let value = value.into_raw();
    unsafe {
        qjs::JS_DefinePropertyValueStr(ctx.0, object.raw(), name.as_ptr(), value, flags as i32);
    }
}

pub fn method<F: Native>(ctx: Ctx, object: &Value, name: &str, length: i32, f: F) {
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic;
    define(
        ctx,
        object,
        name,
        new_function(ctx, name, length, f, kind),
        METHOD,
    );
}

fn getter<F: Native>(ctx: Ctx, object: &Value, name: &str, get: F) {
    accessor(ctx, object, name, get, ctx.undefined());
}

fn accessor<F: Native>(ctx: Ctx, object: &Value, name: &str, get: F, setter: Value) {
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic;
    let getter = new_function(ctx, &format!("get {name}"), 0, get, kind);
    let flags = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE;
    let name = c_string(name);
    unsafe {
        let atom = qjs::JS_NewAtom(ctx.0, name.as_ptr());
        let (get, set) = (getter.into_raw(), setter.into_raw());
        qjs::JS_DefinePropertyGetSet(ctx.0, object.raw(), atom, get, set, flags as i32);
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

fn tag(ctx: Ctx, object: &Value, text: &str) -> Js<()> {
    let symbol = ctx.get(&ctx.get(&ctx.global(), "Symbol")?, "toStringTag")?;
    let (value, flags) = (ctx.string(text).into_raw(), qjs::JS_PROP_CONFIGURABLE);
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, symbol.raw());
        qjs::JS_DefinePropertyValue(ctx.0, object.raw(), atom, value, flags as i32);
        qjs::JS_FreeAtom(ctx.0, atom);
    }
    Ok(())
}

/// A class of the namespace and its prototype.
fn class<F: Native>(t: &Target, classes: &Value, name: &str, f: F) -> Js<(Value, Value)> {
    let ctx = t.ctx;
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_constructor_or_func;
    let class = new_function(ctx, name, 1, f, kind);
    let prototype = ctx.object();
    define(ctx, &class, "prototype", prototype.clone(), 0);
    define(ctx, &prototype, "constructor", class.clone(), HIDDEN);
    tag(ctx, &prototype, &format!("WebAssembly.{name}"))?;
    define(ctx, &t.object, name, class.clone(), HIDDEN);
    ctx.set(classes, name, class.clone());
    Ok((class, prototype))
}

/// An error class as V8's own are: `Error` with another name.
fn error_class<F: Native>(t: &Target, name: &str, f: F) -> Js<()> {
    let ctx = t.ctx;
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_constructor_or_func;
    let class = new_function(ctx, name, 1, f, kind);
    let error = ctx.get(&ctx.global(), "Error")?;
    let parent = ctx.get(&error, "prototype")?;
    let prototype = ctx.owned(unsafe { qjs::JS_NewObjectProto(ctx.0, parent.raw()) });
    define(ctx, &prototype, "constructor", class.clone(), HIDDEN);
    define(ctx, &prototype, "name", ctx.string(name), HIDDEN);
    define(ctx, &prototype, "message", ctx.string(""), HIDDEN);
    define(ctx, &class, "prototype", prototype, 0);
    unsafe { qjs::JS_SetPrototype(ctx.0, class.raw(), error.raw()) };
    define(ctx, &t.object, name, class, HIDDEN);
    Ok(())
}

fn new_error(c: &Call, class: &str) -> Js<Value> {
    let ctx = c.ctx;
    let new_target = if c.this().is_undefined() {
        ctx.get(&super::namespace(ctx)?, class)?
    } else {
        c.this()
    };
    let error = ctx.get(&ctx.global(), "Error")?;
    let mut args = c.args.to_vec();
    ctx.result(unsafe {
        let (count, args) = (args.len() as i32, args.as_mut_ptr());
        qjs::JS_CallConstructor2(ctx.0, error.raw(), new_target.raw(), count, args)
    })
}

fn needs_new(c: &Call, class: &str) -> Js<()> {
    if !c.this().is_undefined() {
        return Ok(());
    }
    let text = format!("WebAssembly.{class}(): WebAssembly.{class} must be invoked with 'new'");
    Err(throw_type_error(c.ctx, &text))
}

fn type_error<T>(c: &Call, context: &str, text: &str) -> Js<T> {
    Err(throw_type_error(c.ctx, &format!("{context}: {text}")))
}

fn range_error<T>(c: &Call, context: &str, text: &str) -> Js<T> {
    Err(throw_new(
        c.ctx,
        "RangeError",
        &format!("{context}: {text}"),
    ))
}

fn receiver<T: Copy + 'static>(c: &Call, context: &str, class: &str) -> Js<T> {
    match state_of::<T>(c.ctx, c.this) {
        Ok(state) => Ok(*state),
        Err(Thrown) => {
            c.ctx.take_exception();
            type_error(
                c,
                context,
                &format!("Receiver is not a WebAssembly.{class}"),
            )
        }
    }
}

fn state<'a, T: 'static>(ctx: Ctx, value: &Value) -> Option<&'a T> {
    let state = state_of::<T>(ctx, value.raw());
    if state.is_err() {
        ctx.take_exception();
    }
    state.ok()
}

/// `EnforceUint32`.
fn whole_number(c: &Call, context: &str, what: &str, value: &Value) -> Js<u32> {
    let mut number = 0.0;
    if unsafe { qjs::JS_ToFloat64(c.ctx.0, &mut number, value.raw()) } < 0 {
        return Err(Thrown);
    }
    if !number.is_finite() {
        let text = format!("{what} must be convertible to a valid number");
        return type_error(c, context, &text);
    }
    if number.trunc() < 0.0 {
        return type_error(c, context, &format!("{what} must be non-negative"));
    }
    if number.trunc() > f64::from(u32::MAX) {
        let text = format!("{what} must be in the unsigned long range");
        return type_error(c, context, &text);
    }
    Ok(number as u32)
}

/// `initial` and `maximum` of a descriptor.
fn limits(c: &Call, context: &str, descriptor: &Value, max: u32) -> Js<(u32, Option<u32>)> {
    let read = |name: &str, low: u32, high: u32| -> Js<Option<u32>> {
        let value = c.ctx.get(descriptor, name)?;
        if value.is_undefined() {
            return Ok(None);
        }
        let what = format!("Property '{name}'");
        let number = whole_number(c, context, &what, &value)?;
        let text = if number < low {
            format!("{what}: value {number} is below the lower bound {low}")
        } else if number > high {
            format!("{what}: value {number} is above the upper bound {high}")
        } else {
            return Ok(Some(number));
        };
        range_error(c, context, &text)
    };
    let Some(initial) = read("initial", 0, max)? else {
        return type_error(c, context, "Property 'initial' is required");
    };
    let ceiling = if max == PAGES_MAX { max } else { u32::MAX };
    Ok((initial, read("maximum", initial, ceiling)?))
}

pub fn fill(ctx: Ctx, namespace: &Value) -> Js<()> {
    let t = &Target::new(ctx, namespace.clone());
    let classes = &ctx.object();
    Environment::of(ctx).keep("webAssemblyClasses", classes.clone());
    method(ctx, namespace, "compile", 1, |c| {
        let source = source_of(c, "WebAssembly.compile()", "a buffer source");
        promise(c, source, false)
    });
    method(ctx, namespace, "validate", 1, |c| {
        let source = source_of(c, "WebAssembly.validate()", "a buffer source")?;
        let bytes = copy_bytes(c.ctx, &source)?;
        charge_compiling(c.ctx, bytes.len());
        let is_valid = refusal(&bytes).is_none()
            && Module::validate(&Machine::of(c.ctx).engine, &bytes).is_ok();
        Ok(c.ctx.bool(is_valid))
    });
    method(ctx, namespace, "instantiate", 1, start_instantiating);
    super::streaming::fill(ctx, namespace);
    modules(t, classes)?;
    instances(t, classes)?;
    tables(t, classes)?;
    memories(t, classes)?;
    globals(t, classes)?;
    for name in ["Tag", "Exception"] {
        let value = not_simulated(ctx, &format!("WebAssembly.{name}"));
        define(ctx, namespace, name, value, HIDDEN);
    }
    error_class(t, "CompileError", |c| new_error(c, "CompileError"))?;
    error_class(t, "LinkError", |c| new_error(c, "LinkError"))?;
    error_class(t, "RuntimeError", |c| new_error(c, "RuntimeError"))?;
    tag(ctx, namespace, "WebAssembly")
}

// ---- modules ----

/// The first argument, when it is bytes.
fn source_of(c: &Call, context: &str, expected: &str) -> Js<Value> {
    let source = c.arg(0);
    if !is_typed_array(&source) && !is_of(&source, &["ArrayBuffer", "SharedArrayBuffer"]) {
        return type_error(c, context, &format!("Argument 0 must be {expected}"));
    }
    Ok(source)
}

fn compiling_ns(bytes: usize) -> u64 {
    costs::WEB_ASSEMBLY_COMPILE_NS + bytes as u64 * costs::WEB_ASSEMBLY_BYTE_NS
}

fn charge_compiling(ctx: Ctx, bytes: usize) {
    Environment::of(ctx).spend_ns(compiling_ns(bytes));
}

pub fn compile(ctx: Ctx, bytes: &[u8], context: &str) -> Js<Compiled> {
    let refuse = |why: &str| throw(ctx, "CompileError", &format!("{context}: {why}"));
    if let Some(why) = refusal(bytes) {
        return Err(refuse(&why));
    }
    let engine = &Machine::of(ctx).engine;
    let sections = Sections::read(bytes);
    let compiled = match export_start(bytes, &sections) {
        Some((exporting, name)) => Module::validate(engine, bytes)
            .and_then(|()| Module::new(engine, exporting))
            .map(|module| (module, Some(name))),
        None => Module::new(engine, bytes).map(|module| (module, None)),
    };
    match compiled {
        Ok((module, start)) => Ok(Compiled {
            module,
            sections,
            start,
            bytes: bytes.into(),
        }),
        Err(error) => {
            let ErrorKind::Wasm(fault) = error.kind() else {
                return Err(refuse(&error.to_string()));
            };
            let (text, offset) = (fault.message(), fault.offset());
            for what in ["threads", "exceptions"] {
                if text.contains(what) {
                    let text = format!("WebAssembly with {what} is not simulated by Terrarium yet");
                    return Err(throw_new(ctx, "Error", &text));
                }
            }
            let code = text.strip_prefix("illegal opcode: ");
            let text =
                code.map_or_else(|| text.to_owned(), |code| format!("Invalid opcode {code}"));
            Err(refuse(&match sections.function_at(offset) {
                Some(function) => {
                    format!("Compiling function #{function} failed: {text} @+{offset}")
                }
                None => format!("{text} @+{offset}"),
            }))
        }
    }
}

/// How a `WebAssembly.Module` is cloned.
pub fn travels(ctx: Ctx, object: &Value) -> Option<messaging::Travels> {
    let bytes = state::<Rc<Compiled>>(ctx, object)?.bytes.clone();
    Some(messaging::Travels {
        clones: true,
        leave: Box::new(|| {
            Rc::new(move |ctx| module_object(ctx, compile(ctx, &bytes, "WebAssembly.Module()")?))
        }),
    })
}

pub fn module_object(ctx: Ctx, compiled: Compiled) -> Js<Value> {
    new_handle(ctx, &super::prototype(ctx, "Module")?, Rc::new(compiled))
}

fn described(ctx: Ctx, entries: &[(&str, &str)]) -> Value {
    let object = ctx.object();
    for (name, text) in entries {
        ctx.set(&object, name, ctx.string(text));
    }
    object
}

fn module_argument<'a>(c: &Call, context: &str) -> Js<&'a Rc<Compiled>> {
    match state::<Rc<Compiled>>(c.ctx, &c.arg(0)) {
        Some(compiled) => Ok(compiled),
        None => type_error(c, context, "Argument 0 must be a WebAssembly.Module"),
    }
}

fn kind_of(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "function",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Global(_) => "global",
    }
}

fn modules(t: &Target, classes: &Value) -> Js<()> {
    let ctx = t.ctx;
    let (module, _) = class(t, classes, "Module", |c| {
        needs_new(c, "Module")?;
        let context = "WebAssembly.Module()";
        let bytes = copy_bytes(c.ctx, &source_of(c, context, "a buffer source")?)?;
        charge_compiling(c.ctx, bytes.len());
        c.construct(Rc::new(compile(c.ctx, &bytes, context)?))
    })?;
    method(ctx, &module, "imports", 1, |c| {
        let compiled = module_argument(c, "WebAssembly.Module.imports()")?;
        let imports = compiled.sections.imports.iter().map(|import| {
            described(
                c.ctx,
                &[
                    ("module", &import.module),
                    ("name", &import.name),
                    ("kind", import.kind),
                ],
            )
        });
        Ok(c.ctx.array(imports))
    });
    method(ctx, &module, "exports", 1, |c| {
        let compiled = module_argument(c, "WebAssembly.Module.exports()")?;
        let exports = compiled.sections.exports.iter();
        Ok(c.ctx.array(
            exports
                .map(|export| described(c.ctx, &[("name", &export.name), ("kind", export.kind)])),
        ))
    });
    method(ctx, &module, "customSections", 2, |c| {
        let context = "WebAssembly.Module.customSections()";
        let compiled = module_argument(c, context)?;
        if c.arg(1).is_undefined() {
            return type_error(c, context, "Argument 1 is required");
        }
        let wanted = c.text(1)?;
        let sections = compiled.sections.customs.iter();
        let found = sections.filter(|(name, _)| *name == wanted);
        Ok(c.ctx
            .array(found.map(|(_, bytes)| new_array_buffer(c.ctx, bytes))))
    });
    Ok(())
}

/// A promise of what is compiled, or also instantiated, behind the program's back.
fn promise(c: &Call, source: Js<Value>, instantiates: bool) -> Js<Value> {
    let ctx = c.ctx;
    let (promise, resolve, reject) = capability(ctx)?;
    match source {
        Ok(source) => {
            let bytes = new_array_buffer(ctx, &copy_bytes(ctx, &source)?);
            let imports = c.arg(1);
            let context = if instantiates {
                "WebAssembly.instantiate()"
            } else {
                "WebAssembly.compile()"
            };
            finish_later(
                ctx,
                [
                    ctx.string(context),
                    resolve,
                    reject,
                    bytes,
                    imports,
                    ctx.bool(instantiates),
                ],
            );
        }
        Err(Thrown) => reject_with_pending(ctx, &reject)?,
    }
    Ok(promise)
}

pub fn capability(ctx: Ctx) -> Js<(Value, Value, Value)> {
    let mut resolvers = [qjs::JS_UNDEFINED; 2];
    let promise =
        ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, resolvers.as_mut_ptr()) })?;
    let [resolve, reject] = resolvers.map(|raw| ctx.owned(raw));
    Ok((promise, resolve, reject))
}

fn reject_with_pending(ctx: Ctx, reject: &Value) -> Js<()> {
    if !Environment::of(ctx).can_call_into_js() {
        return Err(Thrown);
    }
    let error = ctx.take_exception();
    ctx.call(reject, &ctx.undefined(), &[error])?;
    Ok(())
}

/// Context, resolve, reject, bytes, imports, and whether to instantiate.
pub fn finish_later(ctx: Ctx, args: [Value; 6]) {
    let takes_ns = compiling_ns(bytes_of(ctx, &args[3]).1);
    Environment::of(ctx).answer_after(takes_ns, true, move |ctx| {
        let finish = function(ctx, "", finish);
        callback::make(ctx, &finish, &ctx.undefined(), &args);
    });
}

fn finish(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let context = c.text(0)?;
    let instantiates = c.truthy(5);
    let made = || -> Js<Value> {
        let bytes = copy_bytes(ctx, &c.arg(3))?;
        let module = module_object(ctx, compile(ctx, &bytes, &context)?)?;
        if !instantiates {
            return Ok(module);
        }
        let compiled = state::<Rc<Compiled>>(ctx, &module).ok_or(Thrown)?;
        let instance = instantiate(c, compiled, &c.arg(4), &context)?;
        let both = ctx.object();
        ctx.set(&both, "module", module);
        ctx.set(&both, "instance", instance);
        Ok(both)
    };
    match made() {
        Ok(made) => ctx.call(&c.arg(1), &ctx.undefined(), &[made]),
        Err(Thrown) => {
            reject_with_pending(ctx, &c.arg(2))?;
            c.undefined()
        }
    }
}

fn start_instantiating(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let context = "WebAssembly.instantiate()";
    let imports = c.arg(1);
    let compiled = state::<Rc<Compiled>>(ctx, &c.arg(0));
    let checked = || -> Js<()> {
        if compiled.is_none() {
            let expected = "a buffer source or a WebAssembly.Module object";
            source_of(c, context, expected)?;
        }
        if !imports.is_undefined() && !imports.is_object() {
            return type_error(c, context, "Argument 1 must be an object");
        }
        Ok(())
    };
    let Some(compiled) = compiled else {
        return promise(c, checked().map(|()| c.arg(0)), true);
    };
    // Nothing is left to do behind the program's back.
    let (promise, resolve, reject) = capability(ctx)?;
    match checked().and_then(|()| instantiate(c, compiled, &imports, context)) {
        Ok(instance) => {
            ctx.call(&resolve, &ctx.undefined(), &[instance])?;
        }
        Err(Thrown) => reject_with_pending(ctx, &reject)?,
    }
    Ok(promise)
}

// ---- instances ----

fn instances(t: &Target, classes: &Value) -> Js<()> {
    let (_, prototype) = class(t, classes, "Instance", |c| {
        needs_new(c, "Instance")?;
        let context = "WebAssembly.Instance()";
        let compiled = module_argument(c, context)?;
        let imports = c.arg(1);
        if !imports.is_undefined() && !imports.is_object() {
            return type_error(c, context, "Argument 1 must be an object");
        }
        instantiate(c, compiled, &imports, context)
    })?;
    getter(t.ctx, &prototype, "exports", |c| {
        match state::<Running>(c.ctx, &c.this()) {
            Some(running) => Ok(running.exports.clone()),
            None => type_error(
                c,
                "WebAssembly.Instance.exports()",
                "Receiver is not a WebAssembly.Instance",
            ),
        }
    });
    Ok(())
}

fn instantiate(c: &Call, compiled: &Compiled, imports: &Value, context: &str) -> Js<Value> {
    let ctx = c.ctx;
    let machine = Machine::of(ctx);
    let wanted = &compiled.sections.imports;
    if !wanted.is_empty() && imports.is_undefined() {
        let text = "Imports argument must be present and must be an object";
        return type_error(c, context, text);
    }
    let mut given = Vec::new();
    for (index, import) in wanted.iter().enumerate() {
        let module = ctx.get(imports, &import.module)?;
        if !module.is_object() {
            let text = format!(
                "Import #{index} module=\"{}\" error: module is not an object or function",
                import.module
            );
            return type_error(c, context, &text);
        }
        given.push(ctx.get(&module, &import.name)?);
    }
    // The interpreter has them by kinds.
    let types: Vec<_> = compiled.module.imports().collect();
    let mut externals: Vec<Option<Extern>> = types.iter().map(|_| None).collect();
    for (index, (import, value)) in wanted.iter().zip(&given).enumerate() {
        let next = (0..types.len())
            .find(|&at| externals[at].is_none() && kind_of(types[at].ty()) == import.kind)
            .ok_or(Thrown)?;
        let place = format!(
            "Import #{index} module=\"{}\" function=\"{}\" error",
            import.module, import.name
        );
        match import_value(machine, ctx, index, &place, types[next].ty(), value) {
            Ok(external) => externals[next] = Some(external),
            Err(why) => return Err(throw(ctx, "LinkError", &format!("{context}: {why}"))),
        }
    }
    let externals: Vec<Extern> = externals.into_iter().flatten().collect();
    let is_function = |external: &&Extern| matches!(external, Extern::Func(_));
    let functions = externals.iter().filter(is_function).count() as u32;
    machine.expect_family(functions, compiled.sections.functions);
    let module = &compiled.module;
    let made = machine.with(|store| Instance::new(store, module, &externals));
    machine.show_memories(ctx, None);
    let instance = match made {
        Ok(instance) => instance,
        Err(error) => return Err(machine.throw(ctx, &error, context)),
    };
    let exports = exports_of(ctx, machine, compiled, instance)?;
    let name = compiled.start.as_deref();
    if let Some(start) = name.and_then(|name| machine.with(|store| instance.get_func(store, name)))
    {
        machine.call(ctx, start, &[])?;
    }
    new_handle(
        ctx,
        &super::prototype(ctx, "Instance")?,
        Running { exports },
    )
}

fn exports_of(ctx: Ctx, machine: &Machine, compiled: &Compiled, instance: Instance) -> Js<Value> {
    let exports = ctx.owned(unsafe { qjs::JS_NewObjectProto(ctx.0, qjs::JS_NULL) });
    for export in &compiled.sections.exports {
        let external = machine.with(|store| instance.get_export(store, &export.name));
        let value = match external {
            Some(Extern::Func(func)) => machine.name_function(ctx, func, export.index),
            Some(Extern::Table(table)) => machine.table_object(ctx, table)?,
            Some(Extern::Memory(memory)) => machine.memory_object(ctx, memory)?,
            Some(Extern::Global(global)) => machine.global_object(ctx, global)?,
            None => continue,
        };
        define(ctx, &exports, &export.name, value, METHOD);
    }
    unsafe { qjs::JS_FreezeObject(ctx.0, exports.raw()) };
    Ok(exports)
}

/// What an import is in the store, or why it cannot be.
fn import_value(
    machine: &Machine,
    ctx: Ctx,
    index: usize,
    place: &str,
    wanted: &ExternType,
    value: &Value,
) -> Result<Extern, String> {
    match wanted {
        ExternType::Func(ty) => {
            if !value.is_function() {
                return Err(format!("{place}: function import requires a callable"));
            }
            let Some(Nullable::Val(func)) = machine.function(value) else {
                return Ok(Extern::Func(
                    machine.import_function(ty.clone(), value.clone()),
                ));
            };
            if machine.with(|store| func.ty(store)) != *ty {
                let text = "imported function does not match the expected type";
                return Err(format!("{place}: {text}"));
            }
            Ok(Extern::Func(func))
        }
        ExternType::Table(ty) => {
            let Some(&table) = state::<Table>(ctx, value) else {
                return Err(format!(
                    "{place}: table import requires a WebAssembly.Table"
                ));
            };
            let (is, size) = machine.with(|store| (table.ty(&store), table.size(&store)));
            let what = format!("table import {index}");
            if size < ty.minimum() {
                let initial = ty.minimum();
                return Err(format!(
                    "{what} is smaller than initial {initial}, got {size}"
                ));
            }
            if let Some(expected) = ty.maximum() {
                let Some(maximum) = is.maximum() else {
                    return Err(format!("{what} has no maximum length, expected {expected}"));
                };
                larger(&what, maximum, expected)?;
            }
            if is.element() != ty.element() {
                let text = "imported table does not match the expected type";
                return Err(format!("{place}: {text}"));
            }
            Ok(Extern::Table(table))
        }
        ExternType::Memory(ty) => {
            let Some(&memory) = state::<Memory>(ctx, value) else {
                let text = "memory import must be a WebAssembly.Memory object";
                return Err(format!("{place}: {text}"));
            };
            let (is, pages) = machine.with(|store| (memory.ty(&store), memory.size(&store)));
            let what = format!("memory import {index}");
            if pages < ty.minimum() {
                let initial = ty.minimum();
                return Err(format!(
                    "{what} is smaller than initial {initial}, got {pages}"
                ));
            }
            if let Some(expected) = ty.maximum() {
                // V8 prints the maximum that is not there.
                let Some(maximum) = is.maximum() else {
                    return Err(format!(
                        "{what} has no maximum limit, expected at most {}",
                        u32::MAX
                    ));
                };
                larger(&what, maximum, expected)?;
            }
            Ok(Extern::Memory(memory))
        }
        ExternType::Global(ty) => {
            if let Some(&global) = state::<Global>(ctx, value) {
                let is = machine.with(|store| global.ty(store));
                let what = if is.mutability() != ty.mutability() {
                    "mutability"
                } else if is.content() != ty.content() {
                    "type"
                } else {
                    return Ok(Extern::Global(global));
                };
                let text = "imported global does not match the expected";
                return Err(format!("{place}: {text} {what}"));
            }
            if ty.mutability() == Mutability::Var {
                let text = "imported mutable global must be a WebAssembly.Global object";
                return Err(format!("{place}: {text}"));
            }
            let fits = match ty.content() {
                ValType::I32 | ValType::F32 | ValType::F64 => value.is_number(),
                ValType::I64 => unsafe { qjs::JS_IsBigInt(value.raw()) },
                ValType::FuncRef => machine.function(value).is_some(),
                ValType::ExternRef => true,
                ValType::V128 => false,
            };
            let converted = fits.then(|| machine.value_to(ctx, value, ty.content()).ok());
            let Some(value) = converted.flatten() else {
                let text = "global import must be a number, valid Wasm reference, or WebAssembly.Global object";
                return Err(format!("{place}: {text}"));
            };
            let global = machine.with(|store| Global::new(store, value, Mutability::Const));
            Ok(Extern::Global(global))
        }
    }
}

fn larger(what: &str, maximum: u64, expected: u64) -> Result<(), String> {
    if maximum <= expected {
        return Ok(());
    }
    Err(format!(
        "{what} has a larger maximum size {maximum} than the module's declared maximum {expected}"
    ))
}

// ---- tables ----

/// What goes into a table, or why it cannot.
fn element(
    machine: &Machine,
    of: RefType,
    value: Option<&Value>,
    or_else: &Value,
) -> Result<Ref, &'static str> {
    match of {
        RefType::Extern => Ok(Ref::Extern(machine.reference(value.unwrap_or(or_else)))),
        RefType::Func => match value {
            None => Ok(Ref::Func(Nullable::Null)),
            Some(value) => machine.function(value).map(Ref::Func).ok_or(
                "function-typed object must be null (if nullable) or a Wasm function object",
            ),
        },
    }
}

fn element_argument(c: &Call, context: &str, index: usize, table: Table) -> Js<Ref> {
    let machine = Machine::of(c.ctx);
    let of = machine.with(|store| table.ty(store).element());
    let value = (c.args.len() > index).then(|| c.arg(index));
    element(machine, of, value.as_ref(), &c.ctx.undefined()).or_else(|why| {
        type_error(
            c,
            context,
            &format!("Argument {index} is invalid for table: {why}"),
        )
    })
}

fn tables(t: &Target, classes: &Value) -> Js<()> {
    let ctx = t.ctx;
    let (_, prototype) = class(t, classes, "Table", |c| {
        needs_new(c, "Table")?;
        let context = "WebAssembly.Table()";
        let descriptor = c.arg(0);
        if !descriptor.is_object() {
            return type_error(c, context, "Argument 0 must be a table descriptor");
        }
        let of = match c.ctx.text(&c.ctx.get(&descriptor, "element")?)?.as_str() {
            "anyfunc" => RefType::Func,
            "externref" => RefType::Extern,
            _ => {
                let text = "Descriptor property 'element' must be a WebAssembly reference type";
                return type_error(c, context, text);
            }
        };
        let (initial, maximum) = limits(c, context, &descriptor, ELEMENTS_MAX)?;
        let machine = Machine::of(c.ctx);
        let value = (c.args.len() > 1 && !c.arg(1).is_undefined()).then(|| c.arg(1));
        let filling = match element(machine, of, value.as_ref(), &c.ctx.undefined()) {
            Ok(filling) => filling,
            Err(why) => {
                let text = format!("Argument 1 is invalid for table: {why}");
                return type_error(c, context, &text);
            }
        };
        let ty = TableType::new(of, initial, maximum);
        let made = machine.with(|store| Table::new(store, ty, filling));
        let table = made.or_else(|_| range_error(c, context, "could not allocate table"))?;
        let object = c.construct(table)?;
        machine.keep_table(table, object.clone());
        Ok(object)
    })?;
    getter(ctx, &prototype, "length", |c| {
        let table: Table = receiver(c, "WebAssembly.Table.length", "Table")?;
        let size = Machine::of(c.ctx).with(|store| table.size(store));
        Ok(c.ctx.number(size as f64))
    });
    method(ctx, &prototype, "grow", 1, |c| {
        let context = "WebAssembly.Table.grow()";
        let table: Table = receiver(c, context, "Table")?;
        let by = whole_number(c, context, "Argument 0", &c.arg(0))?;
        let filling = element_argument(c, context, 1, table)?;
        let grown = Machine::of(c.ctx).with(|store| table.grow(store, u64::from(by), filling));
        match grown {
            Ok(before) => Ok(c.ctx.number(before as f64)),
            Err(_) => range_error(c, context, &format!("failed to grow table by {by}")),
        }
    });
    method(ctx, &prototype, "set", 1, |c| {
        let context = "WebAssembly.Table.set()";
        let table: Table = receiver(c, context, "Table")?;
        let index = whole_number(c, context, "Argument 0", &c.arg(0))?;
        let machine = Machine::of(c.ctx);
        if u64::from(index) >= machine.with(|store| table.size(store)) {
            return no_such_element(c, context, index, table);
        }
        let value = element_argument(c, context, 1, table)?;
        // It fits, as was seen above.
        let _ = machine.with(|store| table.set(store, u64::from(index), value));
        c.undefined()
    });
    method(ctx, &prototype, "get", 1, |c| {
        let context = "WebAssembly.Table.get()";
        let table: Table = receiver(c, context, "Table")?;
        let index = whole_number(c, context, "Argument 0", &c.arg(0))?;
        let machine = Machine::of(c.ctx);
        match machine.with(|store| table.get(store, u64::from(index))) {
            Some(Ref::Func(func)) => machine.value_of(c.ctx, &Val::FuncRef(func)),
            Some(Ref::Extern(reference)) => machine.value_of(c.ctx, &Val::ExternRef(reference)),
            None => no_such_element(c, context, index, table),
        }
    });
    Ok(())
}

fn no_such_element<T>(c: &Call, context: &str, index: u32, table: Table) -> Js<T> {
    let of = match Machine::of(c.ctx).with(|store| table.ty(store).element()) {
        RefType::Func => "function",
        RefType::Extern => "externref",
    };
    range_error(
        c,
        context,
        &format!("invalid index {index} into {of} table"),
    )
}

// ---- memories ----

fn memories(t: &Target, classes: &Value) -> Js<()> {
    let ctx = t.ctx;
    let (_, prototype) = class(t, classes, "Memory", |c| {
        needs_new(c, "Memory")?;
        let context = "WebAssembly.Memory()";
        let descriptor = c.arg(0);
        if !descriptor.is_object() {
            return type_error(c, context, "Argument 0 must be a memory descriptor");
        }
        let (initial, maximum) = limits(c, context, &descriptor, PAGES_MAX)?;
        if c.ctx.get(&descriptor, "shared")?.truthy() {
            if maximum.is_none() {
                let text = "If shared is true, maximum property should be defined.";
                return type_error(c, context, text);
            }
            let text = "A shared WebAssembly.Memory is not simulated by Terrarium yet";
            return Err(throw_new(c.ctx, "Error", text));
        }
        let machine = Machine::of(c.ctx);
        let ty = MemoryType::new(initial, maximum);
        let made = machine.with(|store| Memory::new(store, ty));
        let memory = made.or_else(|_| range_error(c, context, "could not allocate memory"))?;
        let object = c.construct(memory)?;
        machine.keep_memory(memory, object.clone());
        Ok(object)
    })?;
    method(ctx, &prototype, "grow", 1, |c| {
        let context = "WebAssembly.Memory.grow()";
        let memory: Memory = receiver(c, context, "Memory")?;
        let by = whole_number(c, context, "Argument 0", &c.arg(0))?;
        let machine = Machine::of(c.ctx);
        let (pages, ty) = machine.with(|store| (memory.size(&store), memory.ty(&store)));
        let after = pages + u64::from(by);
        if ty.maximum().is_some_and(|maximum| after > maximum) {
            return range_error(c, context, "Maximum memory size exceeded");
        }
        let grown = machine.with(|store| memory.grow(store, u64::from(by)));
        machine.show_memories(c.ctx, Some(memory));
        match grown {
            Ok(before) => Ok(c.ctx.number(before as f64)),
            Err(_) => range_error(c, context, "Unable to grow instance memory"),
        }
    });
    getter(ctx, &prototype, "buffer", |c| {
        let memory: Memory = receiver(c, "WebAssembly.Memory.buffer", "Memory")?;
        Machine::of(c.ctx).buffer(c.ctx, memory)
    });
    Ok(())
}

// ---- globals ----

fn globals(t: &Target, classes: &Value) -> Js<()> {
    let ctx = t.ctx;
    let (_, prototype) = class(t, classes, "Global", |c| {
        needs_new(c, "Global")?;
        let context = "WebAssembly.Global()";
        let descriptor = c.arg(0);
        if !descriptor.is_object() {
            return type_error(c, context, "Argument 0 must be a global descriptor");
        }
        let mutability = if c.ctx.get(&descriptor, "mutable")?.truthy() {
            Mutability::Var
        } else {
            Mutability::Const
        };
        let of = match c.ctx.text(&c.ctx.get(&descriptor, "value")?)?.as_str() {
            "i32" => ValType::I32,
            "i64" => ValType::I64,
            "f32" => ValType::F32,
            "f64" => ValType::F64,
            "externref" => ValType::ExternRef,
            "anyfunc" => ValType::FuncRef,
            _ => {
                let text = "Descriptor property 'value' must be a WebAssembly type";
                return type_error(c, context, text);
            }
        };
        let machine = Machine::of(c.ctx);
        let is_given = match of {
            ValType::ExternRef => c.args.len() > 1,
            _ => !c.arg(1).is_undefined(),
        };
        let value = if !is_given {
            Val::default_for_ty(of)
        } else if of == ValType::FuncRef {
            match machine.function(&c.arg(1)) {
                Some(func) => Val::FuncRef(func),
                None => return not_a_function(c, context),
            }
        } else {
            machine.value_to(c.ctx, &c.arg(1), of)?
        };
        let global = machine.with(|store| Global::new(store, value, mutability));
        let object = c.construct(global)?;
        machine.keep_global(global, object.clone());
        Ok(object)
    })?;
    method(ctx, &prototype, "valueOf", 0, |c| {
        value_of_global(c, "WebAssembly.Global.valueOf()")
    });
    accessor(
        ctx,
        &prototype,
        "value",
        |c| value_of_global(c, "get WebAssembly.Global.value"),
        new_function(
            ctx,
            "set value",
            1,
            set_global,
            qjs::JSCFunctionEnum_JS_CFUNC_generic,
        ),
    );
    Ok(())
}

fn not_a_function<T>(c: &Call, context: &str) -> Js<T> {
    let text = "function-typed object must be null (if nullable) or a Wasm function object";
    type_error(c, context, text)
}

fn value_of_global(c: &Call, context: &str) -> Js<Value> {
    let global: Global = receiver(c, context, "Global")?;
    let machine = Machine::of(c.ctx);
    machine.value_of(c.ctx, &machine.with(|store| global.get(store)))
}

fn set_global(c: &Call) -> Js<Value> {
    let context = "set WebAssembly.Global.value";
    let global: Global = receiver(c, context, "Global")?;
    let machine = Machine::of(c.ctx);
    let ty = machine.with(|store| global.ty(store));
    if ty.mutability() == Mutability::Const {
        let text = "Can't set the value of an immutable global.";
        return type_error(c, context, text);
    }
    if c.args.is_empty() || c.arg(0).is_undefined() && ty.content() != ValType::ExternRef {
        return type_error(c, context, "Argument 0 is required");
    }
    let value = if ty.content() == ValType::FuncRef && machine.function(&c.arg(0)).is_none() {
        return not_a_function(c, context);
    } else {
        machine.value_to(c.ctx, &c.arg(0), ty.content())?
    };
    // It is mutable and the type fits.
    let _ = machine.with(|store| global.set(store, value));
    c.undefined()
}
