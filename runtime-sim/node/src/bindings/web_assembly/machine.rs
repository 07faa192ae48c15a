//! The interpreter behind `WebAssembly`: one store for all that a thread instantiates, and the way between the two worlds
//! of calls. Work is counted in the interpreter's fuel, about one for each instruction, and becomes ticks, so that time
//! passes and the limits hold as they do for JavaScript. Memories count as heap.
//!
//! The store has no collector: what a program has instantiated stays until it ends.

use std::{
    cell::{Cell, RefCell},
    ffi::c_int,
    fmt,
};

use kernel::Table;
use rquickjs::qjs::{self, JSContext, JSValue};
use wasmi::{
    AsContext, AsContextMut, Caller, Config, Engine, Error, ExternRef, F32, F64, Func, FuncType,
    Global, Memory, Nullable, ResourceLimiter, ResumableCall, Store, StoreContextMut, TrapCode,
    Val, ValType,
    errors::{ErrorKind, HostError, InstantiationError, MemoryError},
};
use wasmi_core::LimiterError;

use crate::{
    costs,
    engine::value::{Ctx, Js, Thrown, Value, c_string},
    hooks,
};

use super::super::{
    bootstrap::set_by_symbol,
    environment::Environment,
    native::{new_handle, throw_new, throw_type_error},
    util::private_symbols_of,
};

/// Fuel for a stretch, at the end of which the limits are looked at.
const STRETCH_FUEL: u64 = 1 << 20;
/// Calls of WebAssembly that stand within one another on the machine's stack.
const NESTED_MAX: u32 = 24;
/// Frames within one call: about what V8's stack holds of a small function.
const FRAMES_MAX: usize = 12_000;
const TABLE_ELEMENTS_MAX: usize = 10_000_000;

/// What the interpreter hands back to us.
pub struct Owner {
    ctx: Ctx,
    growing_bytes: usize,
}

impl ResourceLimiter for Owner {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, LimiterError> {
        self.growing_bytes = desired - current;
        Ok(Environment::of(self.ctx).charge_heap(self.growing_bytes))
    }

    fn memory_grow_failed(&mut self, _: &MemoryError) -> Result<(), LimiterError> {
        Environment::of(self.ctx).discharge_heap(self.growing_bytes);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(desired
            <= maximum
                .unwrap_or(TABLE_ELEMENTS_MAX)
                .min(TABLE_ELEMENTS_MAX))
    }

    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}

/// A call into JavaScript threw: the exception is pending there.
#[derive(Debug)]
struct JavaScriptThrew;

impl fmt::Display for JavaScriptThrew {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("JavaScript threw")
    }
}

impl HostError for JavaScriptThrew {}

/// What a memory shows to JavaScript.
struct Shown {
    memory: Memory,
    object: Value,
    buffer: Option<(Value, *mut u8, usize)>,
}

/// The functions of one instance in the store, behind a mark.
struct Family {
    mark: u64,
    imported: u32,
    own: u32,
}

pub struct Machine {
    pub engine: Engine,
    store: RefCell<Store<Owner>>,
    /// Of the innermost call from WebAssembly into JavaScript.
    current: Cell<*mut StoreContextMut<'static, Owner>>,
    nested: Cell<u32>,
    /// Fuel at the last look.
    fuel: Cell<u64>,
    fuel_left_over: Cell<u64>,
    /// What JavaScript gave to be called.
    imports: RefCell<Vec<Value>>,
    externs: RefCell<Vec<Value>>,
    extern_objects: RefCell<Table<usize, u32>>,
    functions: RefCell<Vec<(Func, Value)>>,
    functions_by_handle: RefCell<Table<u64, usize>>,
    functions_by_object: RefCell<Table<usize, usize>>,
    families: RefCell<Vec<Family>>,
    memories: RefCell<Vec<Shown>>,
    table_objects: RefCell<Table<u64, Value>>,
    global_objects: RefCell<Table<u64, Value>>,
}

/// What tells handles of one kind apart.
fn key<T: Copy>(handle: T) -> u64 {
    const { assert!(size_of::<T>() == 8, "a handle is a store and a number") };
    unsafe { std::mem::transmute_copy(&handle) }
}

/// How far apart two handles of one store were made.
fn distance(from: u64, to: u64) -> u32 {
    // One half is the store and the same in both.
    let (low, high) = (to as u32, (to >> 32) as u32);
    low.wrapping_sub(from as u32)
        .wrapping_add(high.wrapping_sub((from >> 32) as u32))
}

fn address(object: &Value) -> usize {
    unsafe { qjs::JS_VALUE_GET_PTR(object.raw()) as usize }
}

impl Machine {
    pub fn new(ctx: Ctx) -> Self {
        let mut config = Config::default();
        // What V8 11.3 has by default.
        config
            .consume_fuel(true)
            .ignore_custom_sections(true)
            .wasm_multi_memory(false)
            .wasm_extended_const(false)
            .wasm_relaxed_simd(false)
            .wasm_wide_arithmetic(false)
            .wasm_custom_page_sizes(false)
            .set_max_recursion_depth(FRAMES_MAX)
            .set_max_cached_stacks(2);
        let engine = Engine::new(&config);
        let owner = Owner {
            ctx,
            growing_bytes: 0,
        };
        let mut store = Store::new(&engine, owner);
        store.limiter(|owner| owner);
        Self {
            engine,
            store: RefCell::new(store),
            current: Cell::new(std::ptr::null_mut()),
            nested: Cell::new(0),
            fuel: Cell::new(0),
            fuel_left_over: Cell::new(0),
            imports: RefCell::default(),
            externs: RefCell::default(),
            extern_objects: RefCell::default(),
            functions: RefCell::default(),
            functions_by_handle: RefCell::default(),
            functions_by_object: RefCell::default(),
            families: RefCell::default(),
            memories: RefCell::default(),
            table_objects: RefCell::default(),
            global_objects: RefCell::default(),
        }
    }

    pub fn of(ctx: Ctx) -> &'static Self {
        Environment::of(ctx)
            .web_assembly
            .get_or_init(|| Box::new(Self::new(ctx)))
    }

    /// The store, wherever the code that asks was called from. Nothing in `run` may come back to JavaScript except by a
    /// call of a function of the store.
    pub fn with<T>(&self, run: impl FnOnce(StoreContextMut<Owner>) -> T) -> T {
        let current = self.current.get();
        if current.is_null() {
            run(self.store.borrow_mut().as_context_mut())
        } else {
            // SAFETY: it lies in the frame of `call_import`, which is below on the stack, and is used by nobody else
            // until that continues.
            run(unsafe { &mut *current }.as_context_mut())
        }
    }

    // ---- time ----

    /// Turns the fuel spent since the last look into ticks.
    fn settle(&self, ctx: Ctx, store: &StoreContextMut<Owner>) {
        let fuel = store.get_fuel().unwrap_or(0);
        let spent = self.fuel.replace(fuel).saturating_sub(fuel) + self.fuel_left_over.get();
        self.fuel_left_over
            .set(spent % costs::INSTRUCTIONS_PER_TICK);
        if let Some(mut host) = Environment::of(ctx).try_host() {
            host.work(spent / costs::INSTRUCTIONS_PER_TICK);
        }
    }

    fn refuel(&self, store: &mut StoreContextMut<Owner>, fuel: u64) {
        self.fuel.set(fuel);
        // Only without metering could it fail.
        let _ = store.set_fuel(fuel);
    }

    fn run(
        &self,
        ctx: Ctx,
        store: &mut StoreContextMut<Owner>,
        func: Func,
        inputs: &[Val],
        outputs: &mut [Val],
    ) -> Result<(), Error> {
        self.refuel(store, STRETCH_FUEL);
        let mut call = func.call_resumable(&mut *store, inputs, outputs)?;
        loop {
            match call {
                ResumableCall::Finished => return Ok(()),
                ResumableCall::HostTrap(trap) => return Err(trap.into_host_error()),
                ResumableCall::OutOfFuel(rest) => {
                    self.settle(ctx, store);
                    if hooks::is_interrupted(Environment::of(ctx)) {
                        ctx.throw_uncatchable();
                        return Err(Error::host(JavaScriptThrew));
                    }
                    self.refuel(store, STRETCH_FUEL.max(rest.required_fuel()));
                    call = rest.resume(&mut *store, outputs)?;
                }
            }
        }
    }

    // ---- calls ----

    pub fn call(&self, ctx: Ctx, func: Func, args: &[Value]) -> Js<Value> {
        let ty = self.with(|store| func.ty(store));
        let none = ctx.undefined();
        let mut inputs = Vec::with_capacity(ty.params().len());
        for (index, of) in ty.params().iter().enumerate() {
            inputs.push(self.value_to(ctx, args.get(index).unwrap_or(&none), *of)?);
        }
        if ty.results().contains(&ValType::V128) {
            return Err(not_convertible(ctx));
        }
        if self.nested.get() >= NESTED_MAX {
            return Err(too_deep(ctx));
        }
        let results = ty.results().iter().copied();
        let mut outputs: Vec<Val> = results.map(Val::default_for_ty).collect();
        self.nested.set(self.nested.get() + 1);
        let ran = self.with(|mut store| {
            let ran = self.run(ctx, &mut store, func, &inputs, &mut outputs);
            self.settle(ctx, &store);
            ran
        });
        self.nested.set(self.nested.get() - 1);
        self.show_memories(ctx, None);
        if let Err(error) = ran {
            return Err(self.throw(ctx, &error, ""));
        }
        let mut values = outputs.iter().map(|value| self.value_of(ctx, value));
        match outputs.len() {
            0 => Ok(ctx.undefined()),
            1 => values.next().expect("there is one"),
            _ => {
                let values = values.collect::<Js<Vec<_>>>()?;
                Ok(ctx.array(values))
            }
        }
    }

    /// A function of the store that calls one of JavaScript.
    pub fn import_function(&self, ty: FuncType, function: Value) -> Func {
        let mut imports = self.imports.borrow_mut();
        let index = imports.len();
        imports.push(function);
        drop(imports);
        self.with(|store| {
            let of = ty.clone();
            Func::new(store, ty, move |caller, params, results| {
                call_import(caller, index, &of, params, results)
            })
        })
    }

    fn import(&self, index: usize) -> Value {
        self.imports.borrow()[index].clone()
    }

    /// The exception that an error of the interpreter is in JavaScript.
    pub fn throw(&self, ctx: Ctx, error: &Error, context: &str) -> Thrown {
        if error.downcast_ref::<JavaScriptThrew>().is_some() {
            return Thrown;
        }
        match error.kind() {
            ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
                let text = format!("{context}: table index is out of bounds");
                return throw(ctx, "RuntimeError", &text);
            }
            ErrorKind::Memory(MemoryError::OutOfBoundsAccess) if !context.is_empty() => {
                let text = format!("{context}: data segment is out of bounds");
                return throw(ctx, "RuntimeError", &text);
            }
            ErrorKind::Instantiation(InstantiationError::FailedToInstantiateMemory(_))
            | ErrorKind::Memory(_) => {
                let text = format!(
                    "{context}: Out of memory: Cannot allocate Wasm memory for new instance"
                );
                return throw_new(ctx, "RangeError", &text);
            }
            _ => {}
        }
        let text = match error.as_trap_code() {
            Some(TrapCode::UnreachableCodeReached) => "unreachable",
            Some(TrapCode::MemoryOutOfBounds) => "memory access out of bounds",
            Some(TrapCode::TableOutOfBounds) => "table index is out of bounds",
            Some(TrapCode::IndirectCallToNull | TrapCode::BadSignature) => {
                "null function or function signature mismatch"
            }
            // V8 has other texts for a remainder, and for a float that is too large for an integer; the interpreter does not
            // tell them apart from these.
            Some(TrapCode::IntegerDivisionByZero) => "divide by zero",
            Some(TrapCode::IntegerOverflow) => "divide result unrepresentable",
            Some(TrapCode::BadConversionToInteger) => "float unrepresentable in integer range",
            Some(TrapCode::StackOverflow) => return too_deep(ctx),
            _ => return throw(ctx, "RuntimeError", &error.to_string()),
        };
        throw(ctx, "RuntimeError", text)
    }

    // ---- values ----

    /// `ToWebAssemblyValue`.
    pub fn value_to(&self, ctx: Ctx, value: &Value, of: ValType) -> Js<Val> {
        let mut number = 0.0;
        match of {
            ValType::I32 => {
                let mut number = 0;
                if unsafe { qjs::JS_ToInt32(ctx.0, &mut number, value.raw()) } < 0 {
                    return Err(Thrown);
                }
                Ok(Val::I32(number))
            }
            ValType::I64 => {
                let mut number = 0;
                if value.is_number() || value.is_undefined() || value.is_null() {
                    let text = format!("Cannot convert {} to a BigInt", ctx.text(value)?);
                    return Err(throw_type_error(ctx, &text));
                }
                if unsafe { qjs::JS_ToBigInt64(ctx.0, &mut number, value.raw()) } < 0 {
                    return Err(Thrown);
                }
                Ok(Val::I64(number))
            }
            ValType::F32 | ValType::F64 => {
                if unsafe { qjs::JS_ToFloat64(ctx.0, &mut number, value.raw()) } < 0 {
                    return Err(Thrown);
                }
                Ok(match of {
                    ValType::F32 => Val::F32(F32::from(number as f32)),
                    _ => Val::F64(F64::from(number)),
                })
            }
            ValType::ExternRef => Ok(Val::ExternRef(self.reference(value))),
            ValType::FuncRef => match self.function(value) {
                Some(func) => Ok(Val::FuncRef(func)),
                None => Err(not_convertible(ctx)),
            },
            ValType::V128 => Err(not_convertible(ctx)),
        }
    }

    /// `ToJSValue`.
    pub fn value_of(&self, ctx: Ctx, value: &Val) -> Js<Value> {
        Ok(match value {
            Val::I32(number) => ctx.number(f64::from(*number)),
            Val::I64(number) => ctx.owned(unsafe { qjs::JS_NewBigInt64(ctx.0, *number) }),
            Val::F32(number) => ctx.number(f64::from(f32::from(*number))),
            Val::F64(number) => ctx.number(f64::from(*number)),
            Val::FuncRef(Nullable::Null) | Val::ExternRef(Nullable::Null) => ctx.null(),
            Val::FuncRef(Nullable::Val(func)) => self.function_object(ctx, *func),
            Val::ExternRef(Nullable::Val(reference)) => {
                let index = self.with(|store| {
                    let data = reference.data(store.as_context());
                    data.downcast_ref::<u32>().copied()
                });
                index.map_or_else(
                    || ctx.undefined(),
                    |index| self.externs.borrow()[index as usize].clone(),
                )
            }
            Val::V128(_) => return Err(not_convertible(ctx)),
        })
    }

    pub fn reference(&self, value: &Value) -> Nullable<ExternRef> {
        if value.is_null() {
            return Nullable::Null;
        }
        let mut externs = self.externs.borrow_mut();
        let mut objects = self.extern_objects.borrow_mut();
        let known = value.is_object().then(|| objects.get(&address(value)));
        let index = match known.flatten() {
            Some(index) => *index,
            None => {
                let index = externs.len() as u32;
                externs.push(value.clone());
                if value.is_object() {
                    objects.insert(address(value), index);
                }
                index
            }
        };
        drop((externs, objects));
        Nullable::Val(self.with(|store| ExternRef::new(store, index)))
    }

    /// The function behind one that was exported, or null; nothing for what is neither.
    pub fn function(&self, value: &Value) -> Option<Nullable<Func>> {
        if value.is_null() {
            return Some(Nullable::Null);
        }
        if !value.is_object() {
            return None;
        }
        let objects = self.functions_by_object.borrow();
        let index = *objects.get(&address(value))?;
        Some(Nullable::Val(self.functions.borrow()[index].0))
    }

    /// An exported function: always the same object for the same function.
    pub fn function_object(&self, ctx: Ctx, func: Func) -> Value {
        if let Some(index) = self.functions_by_handle.borrow().get(&key(func)) {
            return self.functions.borrow()[*index].1.clone();
        }
        let name = self.index_of(func);
        self.name_function(ctx, func, name)
    }

    /// The same, for one whose number in its module is known.
    pub fn name_function(&self, ctx: Ctx, func: Func, number: u32) -> Value {
        if let Some(index) = self.functions_by_handle.borrow().get(&key(func)) {
            return self.functions.borrow()[*index].1.clone();
        }
        let params = self.with(|store| func.ty(store).params().len());
        let index = self.functions.borrow().len();
        let name = c_string(&number.to_string());
        let mut data = [ctx.number(index as f64).into_raw()];
        let object = ctx.owned(unsafe {
            qjs::JS_NewCFunctionData2(
                ctx.0,
                Some(call_exported),
                name.as_ptr(),
                params as c_int,
                0,
                1,
                data.as_mut_ptr(),
            )
        });
        self.functions.borrow_mut().push((func, object.clone()));
        self.functions_by_handle
            .borrow_mut()
            .insert(key(func), index);
        self.functions_by_object
            .borrow_mut()
            .insert(address(&object), index);
        object
    }

    fn index_of(&self, func: Func) -> u32 {
        let families = self.families.borrow();
        let found = families.iter().find_map(|family| {
            let place = distance(family.mark, key(func));
            (place >= 1 && place <= family.own).then(|| family.imported + place - 1)
        });
        found.unwrap_or(0)
    }

    /// What is instantiated next has so many functions.
    pub fn expect_family(&self, imported: u32, own: u32) {
        let mark = self.with(|store| key(Func::wrap(store, || {})));
        self.families.borrow_mut().push(Family {
            mark,
            imported,
            own,
        });
    }

    // ---- objects ----

    pub fn memory_object(&self, ctx: Ctx, memory: Memory) -> Js<Value> {
        let memories = self.memories.borrow();
        let same = |shown: &&Shown| key(shown.memory) == key(memory);
        if let Some(shown) = memories.iter().find(same) {
            return Ok(shown.object.clone());
        }
        drop(memories);
        let object = new_handle(ctx, &super::prototype(ctx, "Memory")?, memory)?;
        self.keep_memory(memory, object.clone());
        Ok(object)
    }

    pub fn keep_memory(&self, memory: Memory, object: Value) {
        self.memories.borrow_mut().push(Shown {
            memory,
            object,
            buffer: None,
        });
    }

    pub fn table_object(&self, ctx: Ctx, table: wasmi::Table) -> Js<Value> {
        object_of(ctx, "Table", &self.table_objects, table)
    }

    pub fn global_object(&self, ctx: Ctx, global: Global) -> Js<Value> {
        object_of(ctx, "Global", &self.global_objects, global)
    }

    pub fn keep_table(&self, table: wasmi::Table, object: Value) {
        self.table_objects.borrow_mut().insert(key(table), object);
    }

    pub fn keep_global(&self, global: Global, object: Value) {
        self.global_objects.borrow_mut().insert(key(global), object);
    }

    /// `memory.buffer`: the memory itself, until it grows.
    pub fn buffer(&self, ctx: Ctx, memory: Memory) -> Js<Value> {
        let (bytes, length) =
            self.with(|store| (memory.data_ptr(&store), memory.data_size(&store)));
        let mut memories = self.memories.borrow_mut();
        let shown = memories
            .iter_mut()
            .find(|shown| key(shown.memory) == key(memory))
            .ok_or(Thrown)?;
        if let Some((buffer, ..)) = &shown.buffer {
            return Ok(buffer.clone());
        }
        let buffer = ctx.result(unsafe {
            let opaque = std::ptr::null_mut();
            qjs::JS_NewArrayBuffer(ctx.0, bytes, length as _, 0, None, opaque, false)
        })?;
        // Nobody else can detach it.
        let private = private_symbols_of(ctx)?;
        let symbol = ctx.get(&private, "untransferable_object_private_symbol")?;
        set_by_symbol(ctx, &buffer, &symbol, ctx.bool(true));
        shown.buffer = Some((buffer.clone(), bytes, length));
        Ok(buffer)
    }

    /// Takes buffers from memories that have grown since, and from `grown` in any case.
    pub fn show_memories(&self, ctx: Ctx, grown: Option<Memory>) {
        for shown in self.memories.borrow_mut().iter_mut() {
            let Some((buffer, bytes, length)) = &shown.buffer else {
                continue;
            };
            let memory = shown.memory;
            let now = self.with(|store| (memory.data_ptr(&store), memory.data_size(&store)));
            if now != (*bytes, *length) || grown.is_some_and(|grown| key(grown) == key(memory)) {
                unsafe { qjs::JS_DetachArrayBuffer(ctx.0, buffer.raw()) };
                shown.buffer = None;
            }
        }
    }
}

/// Always the same object for the same handle.
fn object_of<T: Copy + 'static>(
    ctx: Ctx,
    class: &str,
    known: &RefCell<Table<u64, Value>>,
    handle: T,
) -> Js<Value> {
    if let Some(object) = known.borrow().get(&key(handle)) {
        return Ok(object.clone());
    }
    let object = new_handle(ctx, &super::prototype(ctx, class)?, handle)?;
    known.borrow_mut().insert(key(handle), object.clone());
    Ok(object)
}

fn not_convertible(ctx: Ctx) -> Thrown {
    throw_type_error(ctx, "type incompatibility when transforming from/to JS")
}

fn too_deep(ctx: Ctx) -> Thrown {
    throw_new(ctx, "RangeError", "Maximum call stack size exceeded")
}

/// Throws one of the three errors of `WebAssembly`.
pub fn throw(ctx: Ctx, class: &str, text: &str) -> Thrown {
    let made = || -> Js<Value> {
        let class = ctx.get(&super::namespace(ctx)?, class)?;
        let mut args = [ctx.string(text).into_raw()];
        let made = unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) };
        unsafe { qjs::JS_FreeValue(ctx.0, args[0]) };
        ctx.result(made)
    };
    match made() {
        Ok(error) => ctx.throw(error),
        Err(thrown) => thrown,
    }
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
    let machine = Machine::of(ctx);
    let index = ctx.borrowed(unsafe { *data }).as_f64() as usize;
    let func = machine.functions.borrow()[index].0;
    let args: Vec<Value> = (0..argc as usize)
        .map(|index| ctx.borrowed(unsafe { *argv.add(index) }))
        .collect();
    let result = machine.call(ctx, func, &args);
    if !Environment::of(ctx).can_call_into_js() {
        drop(result);
        ctx.take_exception();
        ctx.throw_uncatchable();
        return qjs::JS_EXCEPTION;
    }
    match result {
        Ok(value) => value.into_raw(),
        Err(Thrown) => qjs::JS_EXCEPTION,
    }
}

fn call_import(
    mut caller: Caller<Owner>,
    index: usize,
    ty: &FuncType,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let ctx = caller.data().ctx;
    let machine = Machine::of(ctx);
    let mut store = caller.as_context_mut();
    machine.settle(ctx, &store);
    let inner = (&raw mut store).cast::<StoreContextMut<'static, Owner>>();
    let outer = machine.current.replace(inner);
    machine.show_memories(ctx, None);
    let called = call_javascript(machine, ctx, index, ty, params, results);
    machine.current.set(outer);
    // Calls back into WebAssembly were counted by themselves.
    machine.fuel.set(store.get_fuel().unwrap_or(0));
    called.map_err(|Thrown| Error::host(JavaScriptThrew))
}

fn call_javascript(
    machine: &Machine,
    ctx: Ctx,
    index: usize,
    ty: &FuncType,
    params: &[Val],
    results: &mut [Val],
) -> Js<()> {
    let values = params.iter().map(|value| machine.value_of(ctx, value));
    let args = values.collect::<Js<Vec<_>>>()?;
    let answer = ctx.call(&machine.import(index), &ctx.undefined(), &args)?;
    match (results, ty.results()) {
        ([], _) => {}
        ([result], [of]) => *result = machine.value_to(ctx, &answer, *of)?,
        (results, of) => {
            let array = ctx.get(&ctx.global(), "Array")?;
            let values = ctx.call(&ctx.get(&array, "from")?, &array, &[answer])?;
            if ctx.length(&values) as usize != results.len() {
                return Err(throw_type_error(ctx, "multi-return length mismatch"));
            }
            for (index, result) in results.iter_mut().enumerate() {
                *result = machine.value_to(ctx, &ctx.at(&values, index as u32)?, of[index])?;
            }
        }
    }
    Ok(())
}
