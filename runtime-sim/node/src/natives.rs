//! The native functions behind Node's own JavaScript: `binding` in `js/`. Each is small, checks nothing that its caller
//! in JavaScript has checked, and cannot be reached by a learner's code except through that caller.

use std::ffi::c_int;

use protocol::{ExitReason, Queue, Stream, Untranslatable};
use rquickjs::qjs::{self, JSContext, JSValue};

use crate::{
    builtins, costs,
    engine::{
        Ctx, Js, Value, ffi,
        value::{c_string, text_of_chars},
    },
    host::{Shared, Stop, Tick},
    modules,
};

pub struct Call<'a> {
    pub ctx: Ctx,
    pub shared: &'a Shared,
    args: &'a [JSValue],
}

impl Call<'_> {
    /// `undefined` for what was not passed.
    pub fn arg(&self, index: usize) -> Value {
        match self.args.get(index) {
            Some(raw) => self.ctx.borrowed(*raw),
            None => self.ctx.undefined(),
        }
    }

    fn text(&self, index: usize) -> Js<String> {
        self.ctx.text(&self.arg(index))
    }

    fn number(&self, index: usize) -> f64 {
        self.arg(index).as_f64()
    }

    fn undefined(&self) -> Js<Value> {
        Ok(self.ctx.undefined())
    }
}

type Native = fn(&Call) -> Js<Value>;

/// Name, number of parameters, function.
const NATIVES: &[(&str, c_int, Native)] = &[
    ("write", 2, write),
    ("nextTick", 2, next_tick),
    ("taskQueued", 5, task_queued),
    ("taskCancelled", 1, task_cancelled),
    ("loopNow", 0, loop_now),
    ("scheduleTimer", 1, schedule_timer),
    ("toggleTimerRef", 1, toggle_timer_ref),
    ("toggleImmediateRef", 1, toggle_immediate_ref),
    ("rejectionToWarn", 0, rejection_to_warn),
    ("onRejection", 1, on_rejection),
    ("exit", 1, exit),
    ("now", 0, now),
    ("heapUsed", 0, heap_used),
    ("enterHost", 0, enter_host),
    ("leaveHost", 0, leave_host),
    ("builtin", 1, builtin),
    ("compile", 2, compile),
    ("readText", 1, read_text),
    ("resolve", 3, resolve),
    ("packageType", 1, package_type),
    ("sourceLine", 2, source_line),
    ("syntaxErrorSpan", 1, syntax_error_span),
    ("promiseDetails", 1, promise_details),
    ("proxyDetails", 1, proxy_details),
    ("classOf", 1, class_of),
    ("markHandled", 1, mark_handled),
    ("baseFrames", 0, base_frames),
    ("uncaughtError", 4, uncaught_error),
    ("die", 1, die),
    ("throwPlace", 0, throw_place),
    ("previewEntries", 1, preview_entries),
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

/// The few natives that need no process, for the realm of checks.
pub fn make_plain(ctx: Ctx) -> Value {
    let binding = ctx.object();
    for (index, (name, length, _)) in NATIVES.iter().enumerate() {
        if ["builtin", "promiseDetails", "proxyDetails", "classOf"].contains(name) {
            ctx.set(&binding, name, function(ctx, name, *length, index, plain));
        }
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

unsafe extern "C" fn plain(
    ctx: *mut JSContext,
    _this: JSValue,
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
    let result = match NATIVES[magic as usize].0 {
        "builtin" => ctx.text(&arg).and_then(|id| builtins::compile(ctx, &id)),
        "promiseDetails" => Ok(details_of_promise(ctx, &arg)),
        "proxyDetails" => Ok(details_of_proxy(ctx, &arg)),
        _ => Ok(class_name(ctx, &arg)),
    };
    match result {
        Ok(value) => value.into_raw(),
        Err(_) => qjs::JS_EXCEPTION,
    }
}

unsafe extern "C" fn trampoline(
    ctx: *mut JSContext,
    _this: JSValue,
    argc: c_int,
    argv: *mut JSValue,
    magic: c_int,
) -> JSValue {
    let shared = unsafe { &*qjs::JS_GetContextOpaque(ctx).cast::<Shared>() };
    let ctx = Ctx(ctx);
    let args = if argc > 0 {
        unsafe { std::slice::from_raw_parts(argv, argc as usize) }
    } else {
        &[]
    };
    if shared.stopped.get() {
        ctx.throw_uncatchable();
        return qjs::JS_EXCEPTION;
    }
    let result = NATIVES[magic as usize].2(&Call { ctx, shared, args });
    // What the call did may have met a limit.
    if shared
        .host
        .try_borrow()
        .is_ok_and(|host| host.stop.is_some())
    {
        shared.stopped.set(true);
        drop(result);
        ctx.throw_uncatchable();
        return qjs::JS_EXCEPTION;
    }
    match result {
        Ok(value) => value.into_raw(),
        Err(_) => qjs::JS_EXCEPTION,
    }
}

fn write(call: &Call) -> Js<Value> {
    let stream = if call.number(0) == 2.0 {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    let text = call.text(1)?;
    call.shared.host.borrow_mut().write(stream, text);
    call.undefined()
}

/// `nextTick(callback, ...args)`.
fn next_tick(call: &Call) -> Js<Value> {
    let callback = call.arg(0);
    let mut host = call.shared.host.borrow_mut();
    host.spend(costs::NEXT_TICK_NS);
    let function = host.function_of(callback.raw());
    let task = host.task_queued(Queue::NextTick, function, None, None, false);
    host.tick_queue.push_back(Tick {
        task,
        callback,
        args: (1..call.args.len()).map(|index| call.arg(index)).collect(),
    });
    host.tick_scheduled = true;
    call.undefined()
}

/// `taskQueued(isTimer, callback, dueMs, repeatMs, unref)` for timers and immediates; returns the task's number.
fn task_queued(call: &Call) -> Js<Value> {
    let callback = call.arg(1);
    let mut host = call.shared.host.borrow_mut();
    let function = host.function_of(callback.raw());
    let task = if call.arg(0).truthy() {
        host.spend(costs::TIMER_NS);
        let due_ns = host.uv.reads_at_ns(call.number(2) as u64);
        let repeat_ms = call.number(3);
        let repeat_ns = (repeat_ms > 0.0).then_some(repeat_ms as u64 * 1_000_000);
        host.task_queued(
            Queue::Timers,
            function,
            Some(due_ns),
            repeat_ns,
            call.arg(4).truthy(),
        )
    } else {
        host.spend(costs::IMMEDIATE_NS);
        host.task_queued(Queue::Check, function, None, None, call.arg(4).truthy())
    };
    Ok(call.ctx.number(task as f64))
}

fn task_cancelled(call: &Call) -> Js<Value> {
    let task = call.number(0) as u64;
    call.shared.host.borrow_mut().task_cancelled(task);
    call.undefined()
}

fn loop_now(call: &Call) -> Js<Value> {
    let now_ms = call.shared.host.borrow_mut().loop_now_ms();
    Ok(call.ctx.number(now_ms as f64))
}

fn schedule_timer(call: &Call) -> Js<Value> {
    let after_ms = call.number(0) as u64;
    call.shared.host.borrow_mut().uv.start_timer(after_ms);
    call.undefined()
}

fn toggle_timer_ref(call: &Call) -> Js<Value> {
    call.shared.host.borrow_mut().uv.timer_ref = call.arg(0).truthy();
    call.undefined()
}

fn toggle_immediate_ref(call: &Call) -> Js<Value> {
    call.shared.host.borrow_mut().uv.immediate_ref = call.arg(0).truthy();
    call.undefined()
}

fn rejection_to_warn(call: &Call) -> Js<Value> {
    call.shared.host.borrow_mut().rejection_to_warn = true;
    call.undefined()
}

fn on_rejection(call: &Call) -> Js<Value> {
    *call.shared.rejection.borrow_mut() = Some(call.arg(0));
    call.undefined()
}

/// `exit(code)`: nothing runs after it.
fn exit(call: &Call) -> Js<Value> {
    let code = call.number(0) as i32;
    call.shared.host.borrow_mut().stop = Some(Stop::Exit {
        code,
        reason: ExitReason::Called,
    });
    call.undefined()
}

/// Nanoseconds since the process started.
fn now(call: &Call) -> Js<Value> {
    let mut host = call.shared.host.borrow_mut();
    host.spend(costs::CLOCK_NS);
    let now_ns = host.now_ns();
    Ok(call.ctx.number(now_ns as f64))
}

fn heap_used(call: &Call) -> Js<Value> {
    Ok(call.ctx.number(call.shared.heap_used_bytes() as f64))
}

fn enter_host(call: &Call) -> Js<Value> {
    call.shared.host.borrow_mut().enter_host();
    call.undefined()
}

fn leave_host(call: &Call) -> Js<Value> {
    call.shared.host.borrow_mut().leave_host();
    call.undefined()
}

/// A file of Node's own code, compiled: a function of `exports, require, module, binding, primordials`.
fn builtin(call: &Call) -> Js<Value> {
    let id = call.text(0)?;
    builtins::compile(call.ctx, &id)
}

/// `compile(path, source)`: the function of a CommonJS module. The head stands on a line 0 of its own, so that lines
/// and columns are the file's.
fn compile(call: &Call) -> Js<Value> {
    let path = call.text(0)?;
    let source = call.text(1)?;
    call.shared.host.borrow_mut().spend(costs::MODULE_LOAD_NS);
    modules::compile_commonjs(call.ctx, &path, &source)
}

/// The text of a file; `null` when there is none, and the byte offset when it is not UTF-8.
fn read_text(call: &Call) -> Js<Value> {
    let path = call.text(0)?;
    let host = call.shared.host.borrow();
    if let Some(Err(problem)) = host.files.script(&path) {
        let problem = problem.clone();
        drop(host);
        return Err(throw_untranslatable(call.ctx, &problem));
    }
    Ok(match host.files.text(&path) {
        None => call.ctx.null(),
        Some(Ok(text)) => call.ctx.string(text),
        Some(Err(offset)) => call.ctx.number(offset as f64),
    })
}

/// `resolve(specifier, fromFolder, isImport)`: an absolute path, `node:…`, or `null`.
fn resolve(call: &Call) -> Js<Value> {
    let specifier = call.text(0)?;
    let folder = call.text(1)?;
    let host = call.shared.host.borrow();
    Ok(
        match modules::resolve(&host.files, &specifier, &folder, call.arg(2).truthy()) {
            Some(path) => call.ctx.string(&path),
            None => call.ctx.null(),
        },
    )
}

fn package_type(call: &Call) -> Js<Value> {
    let path = call.text(0)?;
    let is_module = modules::is_es_module(&call.shared.host.borrow().files, &path);
    Ok(call
        .ctx
        .string(if is_module { "module" } else { "commonjs" }))
}

/// `syntaxErrorSpan(error)`: the file, line, column and width of what the parser objected to, or `undefined`.
fn syntax_error_span(call: &Call) -> Js<Value> {
    let ctx = call.ctx;
    let Some((file, numbers)) = ctx.syntax_error_span(&call.arg(0)) else {
        return call.undefined();
    };
    let numbers = numbers.map(|number| ctx.number(f64::from(number)));
    Ok(ctx.array([ctx.string(&file)].into_iter().chain(numbers)))
}

/// `sourceLine(path, line)`: the text of that line of a learner's file, or `undefined`.
fn source_line(call: &Call) -> Js<Value> {
    let path = call.text(0)?;
    let line = call.number(1) as usize;
    let host = call.shared.host.borrow();
    let text = match host.files.text(&path) {
        Some(Ok(text)) => text.lines().nth(line.wrapping_sub(1)),
        _ => None,
    };
    Ok(match text {
        Some(text) => call.ctx.string(text),
        None => call.ctx.undefined(),
    })
}

/// `[state, result]`: 0 pending, 1 fulfilled, 2 rejected.
fn promise_details(call: &Call) -> Js<Value> {
    Ok(details_of_promise(call.ctx, &call.arg(0)))
}

fn details_of_promise(ctx: Ctx, promise: &Value) -> Value {
    let state = unsafe { qjs::JS_PromiseState(ctx.0, promise.raw()) };
    let result = ctx.owned(unsafe { qjs::JS_PromiseResult(ctx.0, promise.raw()) });
    ctx.array([ctx.number(f64::from(state as i32)), result])
}

/// `[target, handler]`, or `undefined` for what is no proxy.
fn proxy_details(call: &Call) -> Js<Value> {
    Ok(details_of_proxy(call.ctx, &call.arg(0)))
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

/// The engine's own class of an object, such as `Map` or `Map Iterator`, which no user's code can disguise.
fn class_of(call: &Call) -> Js<Value> {
    Ok(class_name(call.ctx, &call.arg(0)))
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

fn mark_handled(call: &Call) -> Js<Value> {
    let promise = call.arg(0);
    unsafe { qjs::JS_PromiseMarkAsHandled(call.ctx.0, promise.raw()) };
    call.undefined()
}

/// Node's own frames under the running callback, as they stand in a stack trace.
fn base_frames(call: &Call) -> Js<Value> {
    let frames = call.shared.host.borrow().base_frames();
    Ok(call.ctx.strings(frames.iter().map(String::as_str)))
}

/// `uncaughtError(text, file, line, column)`.
fn uncaught_error(call: &Call) -> Js<Value> {
    let (text, file) = (call.text(0)?, call.text(1)?);
    let (line, column) = (call.number(2) as u32, call.number(3) as u32);
    call.shared
        .host
        .borrow_mut()
        .uncaught(text, file, line, column);
    call.undefined()
}

/// The end that an uncaught error brings, with the process's exit code.
fn die(call: &Call) -> Js<Value> {
    let code = call.number(0) as i32;
    call.shared.host.borrow_mut().stop = Some(Stop::Exit {
        code,
        reason: ExitReason::UncaughtError,
    });
    call.undefined()
}

/// `[file, line, column]` of the last `throw` of something that is no error, or `undefined`.
fn throw_place(call: &Call) -> Js<Value> {
    let ctx = call.ctx;
    let (mut line, mut column) = (0, 0);
    let file = unsafe { ffi::JS_GetThrowPlace(ctx.0, &mut line, &mut column) };
    if file.is_null() {
        return call.undefined();
    }
    let text = unsafe { text_of_chars(file) };
    unsafe { qjs::JS_FreeCString(ctx.0, file) };
    Ok(ctx.array([
        ctx.string(&text),
        ctx.number(f64::from(line)),
        ctx.number(f64::from(column)),
    ]))
}

/// What an iterator of a map or set has still to give cannot be seen without taking it.
fn preview_entries(call: &Call) -> Js<Value> {
    Ok(call.ctx.array([]))
}

/// Throws an error that Node's own code can recognize by its `code`.
/// As Node 22 says that a file is no TypeScript, or none that can be run.
pub fn throw_untranslatable(ctx: Ctx, problem: &Untranslatable) -> crate::engine::Thrown {
    let (format, message) = (c_string("%s"), c_string(&problem.message));
    let error =
        ctx.owned(unsafe { qjs::JS_NewSyntaxError(ctx.0, format.as_ptr(), message.as_ptr()) });
    ctx.set(&error, "code", ctx.string(&problem.code));
    ctx.throw(error)
}

pub fn throw_coded(ctx: Ctx, message: &str, code: &str) -> crate::engine::Thrown {
    let format = c_string("%s");
    let message = c_string(message);
    let error =
        ctx.owned(unsafe { qjs::JS_NewPlainError(ctx.0, format.as_ptr(), message.as_ptr()) });
    ctx.set(&error, "code", ctx.string(code));
    ctx.throw(error)
}
