//! `WebAssembly`, which is V8's own (`src/wasm/wasm-js.cc`): modules run in an interpreter of their own, `wasmi`, with a
//! store for each thread. `fetch` reads its responses with one.
//!
//! Fuel is the work of a module, and becomes ticks. Instances and what belongs to them live as long as their thread.
//! Texts of errors in a module's bytes are the parser's own, but for the commonest. Leaves out: SIMD, threads, tags and
//! exceptions, and the streaming functions.

use std::{
    cell::{Cell, RefCell, UnsafeCell},
    collections::BTreeMap,
    ffi::c_int,
    fmt,
    rc::Rc,
};

use rquickjs::qjs::{self, JSContext, JSValue};
use wasmi::{
    AsContextMut, Config, Engine, Error, Extern, ExternRef, ExternType, Func, FuncType, Global,
    Instance, Memory, MemoryType, Module, Mutability, Nullable, Ref, RefType, ResourceLimiter,
    Store, StoreContextMut, Table, TableType, TrapCode, Val, ValType,
};

use wasmi_core::LimiterError;

use crate::engine::value::{Ctx, Js, Thrown, Value, c_string};

use super::{
    callback,
    environment::{Environment, bytes_of, copy_bytes, new_array_buffer},
    fs::define_getter,
    native::{
        Call, Target, constructor_or_function, new_handle, state_of, throw_new, throw_type_error,
    },
    not_simulated,
};

/// Instructions that take as long as one tick of JavaScript.
const FUEL_PER_TICK: u64 = 25;
const COMPILE_NS: u64 = 100_000;
const COMPILE_BYTE_NS: u64 = 20;
const PAGE_BYTES: usize = 65_536;
/// Of all memories together, where the scenario does not say.
const MEMORY_BYTES_MAX: usize = 1 << 30;

/// What `wasmi` asks to be shared between threads: it never is.
struct Here<T>(T);
unsafe impl<T> Send for Here<T> {}
unsafe impl<T> Sync for Here<T> {}

/// An exception of JavaScript is on its way.
#[derive(Debug)]
struct Pending;

impl fmt::Display for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an exception of JavaScript")
    }
}

impl wasmi::errors::HostError for Pending {}

/// How much memory there may be.
struct Budget {
    left_bytes: usize,
}

impl ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let more = desired.saturating_sub(current);
        let fits = more <= self.left_bytes && maximum.is_none_or(|maximum| desired <= maximum);
        if fits {
            self.left_bytes -= more;
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let more = desired.saturating_sub(current).saturating_mul(8);
        let fits = more <= self.left_bytes && maximum.is_none_or(|maximum| desired <= maximum);
        if fits {
            self.left_bytes -= more;
        }
        Ok(fits)
    }

    fn instances(&self) -> usize {
        10_000
    }

    fn tables(&self) -> usize {
        10_000
    }

    fn memories(&self) -> usize {
        10_000
    }
}

type Context<'a> = StoreContextMut<'a, Budget>;

struct Machine {
    engine: Engine,
    store: UnsafeCell<Store<Budget>>,
    /// The store as the functions of JavaScript that are being called have it.
    inner: RefCell<Vec<*mut Context<'static>>>,
    fuel_seen: Cell<u64>,
    /// The objects that stand for what the store holds, by how it names it.
    objects: RefCell<BTreeMap<String, Value>>,
    /// Functions of the store, by where their objects lie.
    functions: RefCell<BTreeMap<usize, Func>>,
    memories: RefCell<Vec<Rc<MemoryState>>>,
}

struct MemoryState {
    memory: Memory,
    /// The buffer that JavaScript has, and what it shows.
    buffer: RefCell<Option<(Value, *mut u8, usize)>>,
}

struct Compiled {
    module: Module,
    bytes: Vec<u8>,
}

struct Exported(Func);
struct TableState(Table);
struct GlobalState(Global);

fn machine(ctx: Ctx) -> Js<&'static Machine> {
    let env = Environment::of(ctx);
    let kept = match env.kept("wasmMachine") {
        Some(kept) => kept,
        None => {
            let limit = env
                .try_host()
                .map_or(0, |host| host.limits.heap_bytes_max as usize);
            let left_bytes = if limit == 0 { MEMORY_BYTES_MAX } else { limit };
            let mut config = Config::default();
            config.consume_fuel(true);
            let engine = Engine::new(&config);
            let mut store = Store::new(&engine, Budget { left_bytes });
            store.limiter(|budget| budget);
            let made = Machine {
                engine,
                store: UnsafeCell::new(store),
                inner: RefCell::default(),
                fuel_seen: Cell::new(0),
                objects: RefCell::default(),
                functions: RefCell::default(),
                memories: RefCell::default(),
            };
            let kept = new_handle(ctx, &ctx.object(), made)?;
            env.keep("wasmMachine", kept.clone());
            kept
        }
    };
    state_of(ctx, kept.raw())
}

impl Machine {
    /// Nothing in `body` may call JavaScript but through a function of the store.
    fn enter<R>(&self, body: impl FnOnce(Context<'_>) -> R) -> R {
        let inner = self.inner.borrow().last().copied();
        match inner {
            // SAFETY: the function that put it there is still being called, and its caller waits.
            Some(context) => body(unsafe { (*context).as_context_mut() }),
            // SAFETY: no function of JavaScript is being called, so nobody else has the store.
            None => body(unsafe { (*self.store.get()).as_context_mut() }),
        }
    }

    /// Turns the fuel used since the last call into ticks.
    fn settle(&self, ctx: Ctx) {
        let left = self.enter(|context| context.get_fuel()).unwrap_or(0);
        let used = self.fuel_seen.get().saturating_sub(left);
        self.fuel_seen.set(left + used % FUEL_PER_TICK);
        if let Some(mut host) = Environment::of(ctx).try_host() {
            host.work(used / FUEL_PER_TICK);
        }
    }

    /// Memories that have grown or moved show themselves through other buffers.
    fn refresh(&self, ctx: Ctx) {
        for state in self.memories.borrow().iter() {
            let now = self.enter(|context| {
                (
                    state.memory.data_ptr(&context),
                    state.memory.data_size(&context),
                )
            });
            let mut buffer = state.buffer.borrow_mut();
            if buffer
                .as_ref()
                .is_some_and(|(_, pointer, length)| (*pointer, *length) != now)
                && let Some((old, _, _)) = buffer.take()
            {
                unsafe { qjs::JS_DetachArrayBuffer(ctx.0, old.raw()) };
            }
        }
    }

    fn call(&self, ctx: Ctx, func: &Func, args: &[Value]) -> Js<Value> {
        let ty = self.enter(|context| func.ty(&context));
        let mut params = Vec::new();
        for (index, kind) in ty.params().iter().enumerate() {
            let given = args.get(index).cloned().unwrap_or_else(|| ctx.undefined());
            params.push(to_val(ctx, self, &given, *kind)?);
        }
        let mut results: Vec<Val> = ty
            .results()
            .iter()
            .map(|kind| Val::default_for_ty(*kind))
            .collect();
        self.run(ctx, |context| func.call(context, &params, &mut results))?;
        match results.as_slice() {
            [] => Ok(ctx.undefined()),
            [one] => to_js(ctx, self, one),
            many => {
                let values: Js<Vec<Value>> =
                    many.iter().map(|value| to_js(ctx, self, value)).collect();
                Ok(ctx.array(values?))
            }
        }
    }

    /// Runs code of a module.
    fn run<R>(&self, ctx: Ctx, body: impl FnOnce(Context<'_>) -> Result<R, Error>) -> Js<R> {
        let is_outermost = self.inner.borrow().is_empty();
        if is_outermost {
            let ticks = Environment::of(ctx)
                .try_host()
                .and_then(|mut host| host.ticks_left());
            let fuel = ticks.map_or(u64::MAX, |ticks| ticks.saturating_mul(FUEL_PER_TICK));
            self.fuel_seen.set(fuel);
            let _ = self.enter(|mut context| context.set_fuel(fuel));
        }
        let outcome = self.enter(body);
        self.settle(ctx);
        self.refresh(ctx);
        outcome.map_err(|error| throw_trap(ctx, &error))
    }
}

fn throw_trap(ctx: Ctx, error: &Error) -> Thrown {
    if error.downcast_ref::<Pending>().is_some() {
        return Thrown;
    }
    let text = match error.as_trap_code() {
        Some(TrapCode::OutOfFuel) => {
            if let Some(mut host) = Environment::of(ctx).try_host() {
                host.check_limits();
            }
            return ctx.throw_uncatchable();
        }
        Some(TrapCode::StackOverflow) => {
            return throw_new(ctx, "RangeError", "Maximum call stack size exceeded");
        }
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "memory access out of bounds",
        Some(TrapCode::TableOutOfBounds) => "table index is out of bounds",
        Some(TrapCode::IntegerDivisionByZero) => "divide by zero",
        Some(TrapCode::IntegerOverflow) => "divide result unrepresentable",
        Some(TrapCode::BadConversionToInteger) => "float unrepresentable in integer range",
        Some(TrapCode::IndirectCallToNull | TrapCode::BadSignature) => {
            "null function or function signature mismatch"
        }
        _ => return throw_wasm(ctx, "RuntimeError", &error.to_string()),
    };
    throw_wasm(ctx, "RuntimeError", text)
}

/// Throws one of `WebAssembly`'s own errors.
fn throw_wasm(ctx: Ctx, class: &'static str, text: &str) -> Thrown {
    let made = || -> Js<Value> {
        let class = Environment::of(ctx)
            .kept(class)
            .unwrap_or_else(|| ctx.undefined());
        let message = ctx.string(text);
        let mut args = [message.raw()];
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
    };
    match made() {
        Ok(error) => ctx.throw(error),
        Err(thrown) => thrown,
    }
}

// ---- values ----

fn to_val(ctx: Ctx, machine: &Machine, value: &Value, kind: ValType) -> Js<Val> {
    let number = || -> Js<f64> {
        let mut number = 0.0;
        match unsafe { qjs::JS_ToFloat64(ctx.0, &mut number, value.raw()) } {
            0 => Ok(number),
            _ => Err(Thrown),
        }
    };
    Ok(match kind {
        ValType::I32 => {
            let mut number = 0;
            if unsafe { qjs::JS_ToInt32(ctx.0, &mut number, value.raw()) } != 0 {
                return Err(Thrown);
            }
            Val::I32(number)
        }
        ValType::I64 => {
            let mut number = 0;
            if value.is_number() || value.is_undefined() || value.is_null() {
                let text = format!("Cannot convert {} to a BigInt", ctx.text(value)?);
                return Err(throw_type_error(ctx, &text));
            }
            if unsafe { qjs::JS_ToBigInt64(ctx.0, &mut number, value.raw()) } != 0 {
                return Err(Thrown);
            }
            Val::I64(number)
        }
        ValType::F32 => Val::F32((number()? as f32).into()),
        ValType::F64 => Val::F64(number()?.into()),
        ValType::V128 => {
            return Err(throw_type_error(
                ctx,
                "type incompatibility when transforming from/to JS",
            ));
        }
        ValType::FuncRef if value.is_null() => Val::FuncRef(Nullable::Null),
        ValType::FuncRef => match function_of(machine, value) {
            Some(func) => Val::FuncRef(Nullable::Val(func)),
            None => {
                return Err(throw_type_error(
                    ctx,
                    "type incompatibility when transforming from/to JS",
                ));
            }
        },
        ValType::ExternRef if value.is_null() => Val::ExternRef(Nullable::Null),
        ValType::ExternRef => {
            let kept = Here(value.clone());
            let made = machine.enter(|context| ExternRef::new(context, kept));
            Val::ExternRef(Nullable::Val(made))
        }
    })
}

fn to_js(ctx: Ctx, machine: &Machine, value: &Val) -> Js<Value> {
    Ok(match value {
        Val::I32(number) => ctx.number(f64::from(*number)),
        Val::I64(number) => ctx.owned(unsafe { qjs::JS_NewBigInt64(ctx.0, *number) }),
        Val::F32(number) => ctx.number(f64::from(f32::from(*number))),
        Val::F64(number) => ctx.number(f64::from(*number)),
        Val::FuncRef(Nullable::Val(func)) => function_object(ctx, machine, *func, "")?,
        Val::ExternRef(Nullable::Val(kept)) => machine.enter(|context| {
            let kept = kept.data(&context).downcast_ref::<Here<Value>>();
            kept.map_or_else(|| ctx.null(), |kept| kept.0.clone())
        }),
        Val::V128(_) => {
            return Err(throw_type_error(
                ctx,
                "type incompatibility when transforming from/to JS",
            ));
        }
        _ => ctx.null(),
    })
}

fn function_of(machine: &Machine, value: &Value) -> Option<Func> {
    let place = object_place(value)?;
    machine.functions.borrow().get(&place).copied()
}

fn object_place(value: &Value) -> Option<usize> {
    value
        .is_object()
        .then(|| unsafe { qjs::JS_VALUE_GET_PTR(value.raw()) } as usize)
}

/// The object that stands for something of the store, made once.
fn object_for(
    machine: &Machine,
    what: &impl fmt::Debug,
    make: impl FnOnce() -> Js<Value>,
) -> Js<Value> {
    let key = format!("{what:?}");
    if let Some(known) = machine.objects.borrow().get(&key) {
        return Ok(known.clone());
    }
    let made = make()?;
    machine.objects.borrow_mut().insert(key, made.clone());
    Ok(made)
}

fn function_object(ctx: Ctx, machine: &Machine, func: Func, name: &str) -> Js<Value> {
    object_for(machine, &func, || {
        let length = machine.enter(|context| func.ty(&context).params().len());
        let state = new_handle(ctx, &ctx.object(), Exported(func))?;
        let mut data = [state.raw()];
        let name = c_string(name);
        let function = ctx.owned(unsafe {
            qjs::JS_NewCFunctionData2(
                ctx.0,
                Some(call_exported),
                name.as_ptr(),
                length as c_int,
                0,
                1,
                data.as_mut_ptr(),
            )
        });
        if let Some(place) = object_place(&function) {
            machine.functions.borrow_mut().insert(place, func);
        }
        Ok(function)
    })
}

unsafe extern "C" fn call_exported(
    ctx: *mut JSContext,
    _: JSValue,
    argc: c_int,
    argv: *mut JSValue,
    _: c_int,
    data: *mut JSValue,
) -> JSValue {
    let ctx = Ctx(ctx);
    let args: Vec<Value> = (0..argc as usize)
        .map(|index| ctx.borrowed(unsafe { *argv.add(index) }))
        .collect();
    let outcome = machine(ctx).and_then(|machine| {
        let Exported(func) = state_of::<Exported>(ctx, unsafe { *data })?;
        machine.call(ctx, func, &args)
    });
    outcome.map_or(qjs::JS_EXCEPTION, Value::into_raw)
}

/// A function of JavaScript, for a module to call.
fn import_function(ctx: Ctx, machine: &Machine, ty: &FuncType, function: &Value) -> Func {
    if let Some(func) = function_of(machine, function)
        && machine.enter(|context| func.ty(&context) == *ty)
    {
        return func;
    }
    let here = Here((ctx, function.clone()));
    let kinds = Here(ty.clone());
    machine.enter(|context| {
        Func::new(context, ty.clone(), move |mut caller, params, results| {
            let (here, kinds) = (&here, &kinds);
            let (ctx, function) = &here.0;
            let outcome = call_javascript(
                *ctx,
                caller.as_context_mut(),
                function,
                params,
                kinds.0.results(),
            );
            let answers = outcome.map_err(|Thrown| Error::host(Pending))?;
            results.clone_from_slice(&answers);
            Ok(())
        })
    })
}

fn call_javascript(
    ctx: Ctx,
    mut context: Context<'_>,
    function: &Value,
    params: &[Val],
    kinds: &[ValType],
) -> Js<Vec<Val>> {
    let machine = machine(ctx)?;
    machine
        .inner
        .borrow_mut()
        .push((&raw mut context).cast::<Context<'static>>());
    let call = || -> Js<Vec<Val>> {
        machine.settle(ctx);
        machine.refresh(ctx);
        let args: Js<Vec<Value>> = params
            .iter()
            .map(|value| to_js(ctx, machine, value))
            .collect();
        let answer = ctx.call(function, &ctx.undefined(), &args?)?;
        match kinds {
            [] => Ok(Vec::new()),
            [kind] => Ok(vec![to_val(ctx, machine, &answer, *kind)?]),
            _ => kinds
                .iter()
                .enumerate()
                .map(|(index, kind)| to_val(ctx, machine, &ctx.at(&answer, index as u32)?, *kind))
                .collect(),
        }
    };
    let outcome = call();
    machine.inner.borrow_mut().pop();
    outcome
}

// ---- modules ----

fn prototype(ctx: Ctx, class: &'static str) -> Js<Value> {
    let class = Environment::of(ctx)
        .kept(class)
        .unwrap_or_else(|| ctx.undefined());
    ctx.get(&class, "prototype")
}

fn source(c: &Call, caller: &str) -> Js<Vec<u8>> {
    let value = c.arg(0);
    let is_source = unsafe {
        value.is_object()
            && (qjs::JS_IsArrayBuffer(value.raw())
                || qjs::JS_GetTypedArrayType(value.raw()) >= 0
                || qjs::JS_IsDataView(value.raw()))
    };
    if !is_source {
        let text = format!("WebAssembly.{caller}(): Argument 0 must be a buffer source");
        return Err(throw_type_error(c.ctx, &text));
    }
    let _ = bytes_of(c.ctx, &value);
    copy_bytes(c.ctx, &value)
}

/// The module, or what V8 says of its bytes.
fn compile(ctx: Ctx, bytes: Vec<u8>) -> Js<Result<Value, String>> {
    const MAGIC: [u8; 4] = *b"\0asm";
    const VERSION: [u8; 4] = [1, 0, 0, 0];
    let hex = |bytes: &[u8]| {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(" ")
    };
    if bytes.is_empty() {
        return Ok(Err("BufferSource argument is empty".into()));
    }
    for (at, what, expected) in [(0, "magic word", MAGIC), (4, "version", VERSION)] {
        let Some(found) = bytes.get(at..at + 4) else {
            return Ok(Err(format!("expected 4 bytes, fell off end @+{at}")));
        };
        if found != expected {
            return Ok(Err(format!(
                "expected {what} {}, found {} @+{at}",
                hex(&expected),
                hex(found)
            )));
        }
    }
    match Module::new(&machine(ctx)?.engine, &bytes) {
        Ok(module) => {
            let state = Compiled { module, bytes };
            new_handle(ctx, &prototype(ctx, "wasmModule")?, state).map(Ok)
        }
        Err(error) => Ok(Err(error.to_string())),
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

fn compiled<'a>(c: &Call<'_>, value: &Value, caller: &str) -> Js<&'a Compiled> {
    state_of::<Compiled>(c.ctx, value.raw()).map_err(|Thrown| {
        c.ctx.take_exception();
        let text = format!("WebAssembly.{caller}(): Argument 0 must be a WebAssembly.Module");
        throw_type_error(c.ctx, &text)
    })
}

/// What a module asks for, out of what it is given.
fn imports(ctx: Ctx, module: &Module, given: &Value, caller: &str) -> Js<Vec<Extern>> {
    let machine = machine(ctx)?;
    let mut found = Vec::new();
    for (index, import) in module.imports().enumerate() {
        if !given.is_object() {
            let text = format!(
                "WebAssembly.{caller}(): Imports argument must be present and must be an object"
            );
            return Err(throw_type_error(ctx, &text));
        }
        let at = format!(
            "WebAssembly.{caller}(): Import #{index} module=\"{}\"",
            import.module()
        );
        let holder = ctx.get(given, import.module())?;
        if !holder.is_object() {
            let text = format!("{at} error: module is not an object or function");
            return Err(throw_type_error(ctx, &text));
        }
        let value = ctx.get(&holder, import.name())?;
        let fails = |what: &str| {
            let kind = kind_of(import.ty());
            let text = format!("{at} {kind}=\"{}\" error: {what}", import.name());
            throw_wasm(ctx, "wasmLinkError", &text)
        };
        found.push(match import.ty() {
            ExternType::Func(ty) if value.is_function() => {
                Extern::Func(import_function(ctx, machine, ty, &value))
            }
            ExternType::Func(_) => return Err(fails("function import requires a callable")),
            ExternType::Memory(_) => match state_of::<Rc<MemoryState>>(ctx, value.raw()) {
                Ok(state) => Extern::Memory(state.memory),
                Err(Thrown) => {
                    ctx.take_exception();
                    return Err(fails("memory import must be a WebAssembly.Memory object"));
                }
            },
            ExternType::Table(_) => match state_of::<TableState>(ctx, value.raw()) {
                Ok(TableState(table)) => Extern::Table(*table),
                Err(Thrown) => {
                    ctx.take_exception();
                    return Err(fails("table import requires a WebAssembly.Table"));
                }
            },
            ExternType::Global(ty) => {
                if let Ok(GlobalState(global)) = state_of::<GlobalState>(ctx, value.raw()) {
                    Extern::Global(*global)
                } else {
                    ctx.take_exception();
                    let is_big = unsafe { qjs::JS_IsBigInt(value.raw()) };
                    let fits = match ty.content() {
                        ValType::I64 => is_big,
                        ValType::I32 | ValType::F32 | ValType::F64 => value.is_number(),
                        _ => true,
                    };
                    if ty.mutability() == Mutability::Var {
                        return Err(fails("imported mutable global must be a WebAssembly.Global object"));
                    }
                    if !fits {
                        return Err(fails(if ty.content() == ValType::I64 {
                            "global import must be a BigInt"
                        } else {
                            "global import must be a number, valid Wasm reference, or WebAssembly.Global object"
                        }));
                    }
                    let value = to_val(ctx, machine, &value, ty.content())?;
                    Extern::Global(
                        machine.enter(|context| Global::new(context, value, Mutability::Const)),
                    )
                }
            }
        });
    }
    Ok(found)
}

fn instantiate(ctx: Ctx, compiled: &Compiled, given: &Value, caller: &str) -> Js<Value> {
    let machine = machine(ctx)?;
    let imports = imports(ctx, &compiled.module, given, caller)?;
    let made = machine.run(ctx, |context| {
        match Instance::new(context, &compiled.module, &imports) {
            Ok(instance) => Ok(Ok(instance)),
            Err(error) if error.as_trap_code().is_some() => Err(error),
            Err(error) if error.downcast_ref::<Pending>().is_some() => Err(error),
            Err(error) => Ok(Err(error.to_string())),
        }
    })?;
    let instance = made.map_err(|text| {
        throw_wasm(
            ctx,
            "wasmLinkError",
            &format!("WebAssembly.{caller}(): {text}"),
        )
    })?;
    let exports = ctx.owned(unsafe { qjs::JS_NewObjectProto(ctx.0, qjs::JS_NULL) });
    for (name, index) in exports_in(&compiled.bytes).unwrap_or_default() {
        let Some(found) = machine.enter(|context| instance.get_export(&context, &name)) else {
            continue;
        };
        let value = match found {
            Extern::Func(func) => function_object(ctx, machine, func, &index.to_string())?,
            Extern::Memory(memory) => memory_object(ctx, machine, memory)?,
            Extern::Table(table) => object_for(machine, &table, || {
                new_handle(ctx, &prototype(ctx, "wasmTable")?, TableState(table))
            })?,
            Extern::Global(global) => object_for(machine, &global, || {
                new_handle(ctx, &prototype(ctx, "wasmGlobal")?, GlobalState(global))
            })?,
        };
        ctx.set(&exports, &name, value);
    }
    unsafe { qjs::JS_FreezeObject(ctx.0, exports.raw()) };
    new_handle(ctx, &prototype(ctx, "wasmInstance")?, Rc::new(exports))
}

/// Names and numbers in the module's own order: V8 lists exports so, and gives functions their numbers for names.
fn exports_in(bytes: &[u8]) -> Option<Vec<(String, u32)>> {
    const EXPORTS: u8 = 7;
    let number = |at: &mut usize| -> Option<u32> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = *bytes.get(*at)?;
            *at += 1;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
        }
    };
    let mut at = 8;
    loop {
        let section = *bytes.get(at)?;
        at += 1;
        let size = number(&mut at)? as usize;
        if section != EXPORTS {
            at += size;
            continue;
        }
        let mut found = Vec::new();
        for _ in 0..number(&mut at)? {
            let length = number(&mut at)? as usize;
            let name = String::from_utf8_lossy(bytes.get(at..at + length)?).into_owned();
            at += length;
            // After its kind.
            at += 1;
            found.push((name, number(&mut at)?));
        }
        return Some(found);
    }
}

fn memory_object(ctx: Ctx, machine: &Machine, memory: Memory) -> Js<Value> {
    object_for(machine, &memory, || {
        let state = Rc::new(MemoryState {
            memory,
            buffer: RefCell::default(),
        });
        machine.memories.borrow_mut().push(state.clone());
        new_handle(ctx, &prototype(ctx, "wasmMemory")?, state)
    })
}

/// A description's number between 0 and `max`; `None` where it has none.
fn number_in(c: &Call, of: &str, name: &str, max: f64) -> Js<Option<u32>> {
    let value = c.ctx.get(&c.arg(0), name)?;
    if value.is_undefined() {
        return Ok(None);
    }
    let mut number = 0.0;
    if unsafe { qjs::JS_ToFloat64(c.ctx.0, &mut number, value.raw()) } != 0 {
        return Err(Thrown);
    }
    let at = format!("WebAssembly.{of}(): Property '{name}': value {number} is");
    if !number.is_finite() {
        let text = format!("{at} not a finite number");
        return Err(throw_type_error(c.ctx, &text));
    }
    let text = if number < 0.0 {
        format!("{at} below the lower bound 0")
    } else if number.trunc() > max {
        format!("{at} above the upper bound {max}")
    } else {
        return Ok(Some(number as u32));
    };
    Err(throw_new(c.ctx, "RangeError", &text))
}

/// The limits of a memory or a table.
fn limits(c: &Call, of: &str, max: f64) -> Js<(u32, Option<u32>)> {
    if !c.arg(0).is_object() {
        let kind = of.to_ascii_lowercase();
        let text = format!("WebAssembly.{of}(): Argument 0 must be a {kind} descriptor");
        return Err(throw_type_error(c.ctx, &text));
    }
    let initial = match number_in(c, of, "initial", max)? {
        Some(initial) => Some(initial),
        None => number_in(c, of, "minimum", max)?,
    };
    let Some(initial) = initial else {
        let text = format!("WebAssembly.{of}(): Property 'initial' is required");
        return Err(throw_type_error(c.ctx, &text));
    };
    let maximum = number_in(c, of, "maximum", max)?;
    if let Some(maximum) = maximum
        && maximum < initial
    {
        let text = format!(
            "WebAssembly.{of}(): Property 'maximum': value {maximum} is below the lower bound {initial}"
        );
        return Err(throw_new(c.ctx, "RangeError", &text));
    }
    Ok((initial, maximum))
}

// ---- what JavaScript sees ----

const ERRORS: [(&str, &str); 3] = [
    ("CompileError", "wasmCompileError"),
    ("LinkError", "wasmLinkError"),
    ("RuntimeError", "RuntimeError"),
];

fn new_error<const KIND: usize>(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let env = c.env();
    let none = || ctx.undefined();
    let class = if c.this().is_undefined() {
        env.kept(ERRORS[KIND].1).unwrap_or_else(none)
    } else {
        c.this()
    };
    let error = env.kept("errorClass").unwrap_or_else(none);
    let mut args: Vec<JSValue> = c.args.to_vec();
    ctx.result(unsafe {
        qjs::JS_CallConstructor2(
            ctx.0,
            error.raw(),
            class.raw(),
            args.len() as c_int,
            args.as_mut_ptr(),
        )
    })
}

fn hide(ctx: Ctx, object: &Value, name: &Value, value: Value, flags: u32) {
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, name.raw());
        qjs::JS_DefinePropertyValue(ctx.0, object.raw(), atom, value.into_raw(), flags as c_int);
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

const HIDDEN: u32 = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE;

fn tag(ctx: Ctx, object: &Value, name: &str) -> Js<()> {
    let symbol = ctx.get(&ctx.get(&ctx.global(), "Symbol")?, "toStringTag")?;
    hide(
        ctx,
        object,
        &symbol,
        ctx.string(name),
        qjs::JS_PROP_CONFIGURABLE,
    );
    Ok(())
}

pub fn install(ctx: Ctx) -> Js<()> {
    let env = Environment::of(ctx);
    let target = Target::new(ctx, ctx.object());
    target
        .with("compile", compile_later)
        .with("validate", |c| {
            let bytes = source(c, "validate")?;
            let outcome = compile(c.ctx, bytes)?;
            Ok(c.ctx.bool(outcome.is_ok()))
        })
        .with("instantiate", instantiate_later);
    for name in ["compileStreaming", "instantiateStreaming"] {
        target.value(name, not_simulated(ctx, &format!("WebAssembly.{name}")));
    }
    modules(ctx, &target)?;
    tables(ctx, &target);
    memories(ctx, &target);
    globals(ctx, &target);
    for name in ["Tag", "Exception"] {
        let class = not_simulated(ctx, &format!("WebAssembly.{name}"));
        unsafe {
            qjs::JS_SetConstructorBit(ctx.0, class.raw(), true);
            qjs::JS_SetConstructor(ctx.0, class.raw(), ctx.object().raw());
        }
        target.value(name, class);
    }
    for (name, key) in [
        ("Module", "wasmModule"),
        ("Instance", "wasmInstance"),
        ("Table", "wasmTable"),
        ("Memory", "wasmMemory"),
        ("Global", "wasmGlobal"),
    ] {
        let class = ctx.get(&target.object, name)?;
        tag(
            ctx,
            &ctx.get(&class, "prototype")?,
            &format!("WebAssembly.{name}"),
        )?;
        env.keep(key, class);
    }
    let error = ctx.get(&ctx.global(), "Error")?;
    for (index, (name, key)) in ERRORS.into_iter().enumerate() {
        let class = match index {
            0 => constructor_or_function(ctx, name, new_error::<0>),
            1 => constructor_or_function(ctx, name, new_error::<1>),
            _ => constructor_or_function(ctx, name, new_error::<2>),
        };
        let prototype = ctx.get(&class, "prototype")?;
        let parent = ctx.get(&error, "prototype")?;
        unsafe {
            qjs::JS_SetPrototype(ctx.0, class.raw(), error.raw());
            qjs::JS_SetPrototype(ctx.0, prototype.raw(), parent.raw());
        }
        hide(
            ctx,
            &prototype,
            &ctx.string("name"),
            ctx.string(name),
            HIDDEN,
        );
        hide(
            ctx,
            &prototype,
            &ctx.string("message"),
            ctx.string(""),
            HIDDEN,
        );
        env.keep(key, class.clone());
        target.value(name, class);
    }
    // As V8's: what is a constructor is not enumerable.
    for name in super::keys(ctx, &target.object)? {
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            let class = ctx.get(&target.object, &name)?;
            hide(ctx, &target.object, &ctx.string(&name), class, HIDDEN);
        }
    }
    tag(ctx, &target.object, "WebAssembly")?;
    hide(
        ctx,
        &ctx.global(),
        &ctx.string("WebAssembly"),
        target.object,
        HIDDEN,
    );
    Ok(())
}

struct Deferred {
    promise: Value,
    resolve: Value,
    reject: Value,
}

fn deferred(ctx: Ctx) -> Js<Deferred> {
    let mut functions = [qjs::JS_UNDEFINED; 2];
    let promise =
        ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, functions.as_mut_ptr()) })?;
    let [resolve, reject] = functions.map(|raw| ctx.owned(raw));
    Ok(Deferred {
        promise,
        resolve,
        reject,
    })
}

impl Deferred {
    fn settle(&self, ctx: Ctx, outcome: Js<Value>) {
        let (function, value) = match outcome {
            Ok(value) => (&self.resolve, value),
            Err(Thrown) => (&self.reject, ctx.take_exception()),
        };
        callback::make(ctx, function, &ctx.undefined(), &[value]);
    }
}

/// A promise of what `then` makes of the module that `bytes` are, which V8 compiles beside the loop.
fn compiled_later(
    ctx: Ctx,
    bytes: Js<Vec<u8>>,
    caller: &'static str,
    then: impl FnOnce(Ctx, Value) -> Js<Value> + 'static,
) -> Js<Value> {
    let deferred = deferred(ctx)?;
    let promise = deferred.promise.clone();
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(Thrown) => {
            let error = ctx.take_exception();
            ctx.call(&deferred.reject, &ctx.undefined(), &[error])?;
            return Ok(promise);
        }
    };
    let takes_ns = COMPILE_NS + COMPILE_BYTE_NS * bytes.len() as u64;
    Environment::of(ctx).answer_after(takes_ns, true, move |ctx| {
        let outcome = compile(ctx, bytes).and_then(|outcome| match outcome {
            Ok(module) => then(ctx, module),
            Err(text) => Err(throw_wasm(
                ctx,
                "wasmCompileError",
                &format!("WebAssembly.{caller}(): {text}"),
            )),
        });
        deferred.settle(ctx, outcome);
    });
    Ok(promise)
}

fn compile_later(c: &Call) -> Js<Value> {
    compiled_later(c.ctx, source(c, "compile"), "compile", |_, module| {
        Ok(module)
    })
}

fn instantiate_later(c: &Call) -> Js<Value> {
    let (ctx, first, given) = (c.ctx, c.arg(0), c.arg(1));
    if let Ok(module) = state_of::<Compiled>(ctx, first.raw()) {
        let deferred = deferred(ctx)?;
        let (function, value) = match instantiate(ctx, module, &given, "instantiate") {
            Ok(instance) => (&deferred.resolve, instance),
            Err(Thrown) => (&deferred.reject, ctx.take_exception()),
        };
        ctx.call(function, &ctx.undefined(), &[value])?;
        return Ok(deferred.promise);
    }
    ctx.take_exception();
    let bytes = source(c, "instantiate").map_err(|Thrown| {
        ctx.take_exception();
        let text =
            "WebAssembly.instantiate(): Argument 0 must be a buffer source or a WebAssembly.Module object";
        throw_type_error(ctx, text)
    });
    compiled_later(ctx, bytes, "instantiate", move |ctx, module| {
        let state = state_of::<Compiled>(ctx, module.raw())?;
        let instance = instantiate(ctx, state, &given, "instantiate")?;
        let both = ctx.object();
        ctx.set(&both, "module", module);
        ctx.set(&both, "instance", instance);
        Ok(both)
    })
}

fn modules(ctx: Ctx, target: &Target) -> Js<()> {
    target.class("Module", |c| {
        let bytes = source(c, "Module")?;
        compile(c.ctx, bytes)?.map_err(|text| {
            let text = format!("WebAssembly.Module(): {text}");
            throw_wasm(c.ctx, "wasmCompileError", &text)
        })
    });
    let statics = Target::new(ctx, ctx.get(&target.object, "Module")?);
    statics
        .with("imports", |c| {
            let module = &compiled(c, &c.arg(0), "Module.imports")?.module;
            let items = module.imports().map(|import| {
                let item = c.ctx.object();
                c.ctx.set(&item, "module", c.ctx.string(import.module()));
                c.ctx.set(&item, "name", c.ctx.string(import.name()));
                c.ctx.set(&item, "kind", c.ctx.string(kind_of(import.ty())));
                item
            });
            Ok(c.ctx.array(items))
        })
        .with("exports", |c| {
            let Compiled { module, bytes } = compiled(c, &c.arg(0), "Module.exports")?;
            let names = exports_in(bytes).unwrap_or_default();
            let items = names.iter().filter_map(|(name, _)| {
                let kind = kind_of(&module.get_export(name)?);
                let item = c.ctx.object();
                c.ctx.set(&item, "name", c.ctx.string(name));
                c.ctx.set(&item, "kind", c.ctx.string(kind));
                Some(item)
            });
            Ok(c.ctx.array(items))
        })
        .with("customSections", |c| {
            let module = &compiled(c, &c.arg(0), "Module.customSections")?.module;
            let name = c.text(1)?;
            let sections = module.custom_sections().filter(|each| each.name() == name);
            Ok(c.ctx
                .array(sections.map(|each| new_array_buffer(c.ctx, each.data()))))
        });
    let instances = target.class("Instance", |c| {
        let module = compiled(c, &c.arg(0), "Instance")?;
        let given = c.arg(1);
        if !given.is_undefined() && !given.is_object() {
            let text = "WebAssembly.Instance(): Argument 1 must be an object";
            return Err(throw_type_error(c.ctx, text));
        }
        instantiate(c.ctx, module, &given, "Instance")
    });
    define_getter(ctx, &instances.object, "exports", |c| {
        Ok((**c.state::<Rc<Value>>()?).clone())
    });
    Ok(())
}

fn memories(ctx: Ctx, target: &Target) {
    let prototype = target.class("Memory", |c| {
        const PAGES_MAX: f64 = 65_536.0;
        let (initial, maximum) = limits(c, "Memory", PAGES_MAX)?;
        let machine = machine(c.ctx)?;
        let made = machine.enter(|context| Memory::new(context, MemoryType::new(initial, maximum)));
        let memory = made.map_err(|_| {
            let text = "WebAssembly.Memory(): could not allocate memory";
            throw_new(c.ctx, "RangeError", text)
        })?;
        memory_object(c.ctx, machine, memory)
    });
    prototype.with("grow", |c| {
        let state = c.state::<Rc<MemoryState>>()?;
        let machine = machine(c.ctx)?;
        let more = c.number(0);
        let grown = machine.enter(|context| state.memory.grow(context, more as u64));
        machine.refresh(c.ctx);
        // Growing by nothing gives a new buffer too.
        if more == 0.0
            && let Some((old, _, _)) = state.buffer.borrow_mut().take()
        {
            unsafe { qjs::JS_DetachArrayBuffer(c.ctx.0, old.raw()) };
        }
        match grown {
            Ok(before) => Ok(c.ctx.number(before as f64)),
            Err(_) => {
                let text = "WebAssembly.Memory.grow(): Maximum memory size exceeded";
                Err(throw_new(c.ctx, "RangeError", text))
            }
        }
    });
    define_getter(ctx, &prototype.object, "buffer", |c| {
        let state = c.state::<Rc<MemoryState>>()?;
        let machine = machine(c.ctx)?;
        machine.refresh(c.ctx);
        if let Some((buffer, _, _)) = state.buffer.borrow().as_ref() {
            return Ok(buffer.clone());
        }
        let (pointer, length) = machine.enter(|context| {
            (
                state.memory.data_ptr(&context),
                state.memory.data_size(&context),
            )
        });
        // SAFETY: the memory lives as long as the thread, and `refresh` takes the buffer away before it moves.
        let buffer = c.ctx.result(unsafe {
            qjs::JS_NewArrayBuffer(
                c.ctx.0,
                pointer,
                length as _,
                0,
                Some(keep),
                std::ptr::null_mut(),
                false,
            )
        })?;
        debug_assert_eq!(length % PAGE_BYTES, 0);
        *state.buffer.borrow_mut() = Some((buffer.clone(), pointer, length));
        Ok(buffer)
    });
}

/// The store's memory is not the engine's to free or to move.
unsafe extern "C" fn keep(
    _: *mut qjs::JSRuntime,
    _: *mut std::ffi::c_void,
    _: *mut std::ffi::c_void,
    _: qjs::size_t,
) -> *mut std::ffi::c_void {
    std::ptr::null_mut()
}

fn element(ctx: Ctx, machine: &Machine, kind: RefType, value: &Value) -> Js<Ref> {
    let val = match kind {
        RefType::Func if value.is_undefined() => Val::FuncRef(Nullable::Null),
        RefType::Func => to_val(ctx, machine, value, ValType::FuncRef)?,
        RefType::Extern => to_val(ctx, machine, value, ValType::ExternRef)?,
    };
    Ok(match val {
        Val::FuncRef(func) => Ref::Func(func),
        Val::ExternRef(kept) => Ref::Extern(kept),
        _ => Ref::Func(Nullable::Null),
    })
}

fn tables(ctx: Ctx, target: &Target) {
    let prototype = target.class("Table", |c| {
        const ELEMENTS_MAX: f64 = 10_000_000.0;
        if !c.arg(0).is_object() {
            let text = "WebAssembly.Table(): Argument 0 must be a table descriptor";
            return Err(throw_type_error(c.ctx, text));
        }
        let kind = match c.ctx.text(&c.ctx.get(&c.arg(0), "element")?)?.as_str() {
            "anyfunc" => RefType::Func,
            "externref" => RefType::Extern,
            _ => {
                let text =
                    "WebAssembly.Table(): Descriptor property 'element' must be a WebAssembly reference type";
                return Err(throw_type_error(c.ctx, text));
            }
        };
        let (initial, maximum) = limits(c, "Table", ELEMENTS_MAX)?;
        let machine = machine(c.ctx)?;
        let first = element(c.ctx, machine, kind, &c.arg(1))?;
        let ty = TableType::new(kind, initial, maximum);
        let made = machine.enter(|context| Table::new(context, ty, first));
        let table = made.map_err(|_| {
            let text = "WebAssembly.Table(): could not allocate memory";
            throw_new(c.ctx, "RangeError", text)
        })?;
        object_for(machine, &table, || {
            new_handle(c.ctx, &prototype_of_table(c.ctx)?, TableState(table))
        })
    });
    define_getter(ctx, &prototype.object, "length", |c| {
        let TableState(table) = c.state()?;
        let size = machine(c.ctx)?.enter(|context| table.size(&context));
        Ok(c.ctx.number(size as f64))
    });
    prototype
        .with("grow", |c| {
            let TableState(table) = c.state()?;
            let machine = machine(c.ctx)?;
            let kind = machine.enter(|context| table.ty(&context).element());
            let value = element(c.ctx, machine, kind, &c.arg(1))?;
            let more = c.number(0) as u64;
            let grown = machine.enter(|context| table.grow(context, more, value));
            grown
                .map(|before| c.ctx.number(before as f64))
                .map_err(|_| {
                    let text =
                        format!("WebAssembly.Table.grow(): failed to grow table by {more}");
                    throw_new(c.ctx, "RangeError", &text)
                })
        })
        .with("set", |c| {
            let TableState(table) = c.state()?;
            let machine = machine(c.ctx)?;
            let kind = machine.enter(|context| table.ty(&context).element());
            let value = element(c.ctx, machine, kind, &c.arg(1)).map_err(|Thrown| {
                c.ctx.take_exception();
                let text = "WebAssembly.Table.set(): Argument 1 is invalid for table: function-typed object must be null (if nullable) or a Wasm function object";
                throw_type_error(c.ctx, text)
            })?;
            let index = c.number(0) as u64;
            let done = machine.enter(|context| table.set(context, index, value));
            done.map(|()| c.ctx.undefined()).map_err(|_| {
                let text = format!("WebAssembly.Table.set(): invalid index {index} into {}", name_of(kind));
                throw_new(c.ctx, "RangeError", &text)
            })
        })
        .with("get", |c| {
            let TableState(table) = c.state()?;
            let machine = machine(c.ctx)?;
            let index = c.number(0) as u64;
            let kind = machine.enter(|context| table.ty(&context).element());
            match machine.enter(|context| table.get(&context, index)) {
                Some(Ref::Func(func)) => to_js(c.ctx, machine, &Val::FuncRef(func)),
                Some(Ref::Extern(kept)) => to_js(c.ctx, machine, &Val::ExternRef(kept)),
                None => {
                    let text = format!("WebAssembly.Table.get(): invalid index {index} into {}", name_of(kind));
                    Err(throw_new(c.ctx, "RangeError", &text))
                }
            }
        });
}

fn name_of(kind: RefType) -> &'static str {
    match kind {
        RefType::Func => "function table",
        RefType::Extern => "externref table",
    }
}

fn prototype_of_table(ctx: Ctx) -> Js<Value> {
    prototype(ctx, "wasmTable")
}

fn globals(ctx: Ctx, target: &Target) {
    let prototype = target.class("Global", |c| {
        if !c.arg(0).is_object() {
            let text = "WebAssembly.Global(): Argument 0 must be a global descriptor";
            return Err(throw_type_error(c.ctx, text));
        }
        let is_mutable = c.ctx.get(&c.arg(0), "mutable")?.truthy();
        let kind = match c.ctx.text(&c.ctx.get(&c.arg(0), "value")?)?.as_str() {
            "i32" => ValType::I32,
            "i64" => ValType::I64,
            "f32" => ValType::F32,
            "f64" => ValType::F64,
            "externref" => ValType::ExternRef,
            "anyfunc" => ValType::FuncRef,
            _ => {
                let text =
                    "WebAssembly.Global(): Descriptor property 'value' must be a WebAssembly type";
                return Err(throw_type_error(c.ctx, text));
            }
        };
        let machine = machine(c.ctx)?;
        let value = match c.arg(1) {
            given if given.is_undefined() => Val::default_for_ty(kind),
            given => to_val(c.ctx, machine, &given, kind)?,
        };
        let mutability = if is_mutable {
            Mutability::Var
        } else {
            Mutability::Const
        };
        let global = machine.enter(|context| Global::new(context, value, mutability));
        object_for(machine, &global, || {
            let prototype = self::prototype(c.ctx, "wasmGlobal")?;
            new_handle(c.ctx, &prototype, GlobalState(global))
        })
    });
    prototype.with("valueOf", value_of_global);
    let getter = super::native::function(ctx, "get value", value_of_global);
    let setter = super::native::function(ctx, "set value", |c| {
        let GlobalState(global) = c.state()?;
        let machine = machine(c.ctx)?;
        let ty = machine.enter(|context| global.ty(&context));
        if ty.mutability() == Mutability::Const {
            let text = "set WebAssembly.Global.value: Can't set the value of an immutable global.";
            return Err(throw_type_error(c.ctx, text));
        }
        let value = to_val(c.ctx, machine, &c.arg(0), ty.content())?;
        let _ = machine.enter(|context| global.set(context, value));
        c.undefined()
    });
    let name = c_string("value");
    unsafe {
        let atom = qjs::JS_NewAtom(ctx.0, name.as_ptr());
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE) as c_int;
        qjs::JS_DefinePropertyGetSet(
            ctx.0,
            prototype.object.raw(),
            atom,
            getter.into_raw(),
            setter.into_raw(),
            flags,
        );
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

fn value_of_global(c: &Call) -> Js<Value> {
    let GlobalState(global) = c.state()?;
    let machine = machine(c.ctx)?;
    let value = machine.enter(|context| global.get(&context));
    to_js(c.ctx, machine, &value)
}
