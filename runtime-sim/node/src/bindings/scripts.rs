//! What vm compiles and runs (`ContextifyScript` and `CompileFunction` in `src/node_contextify.cc`).
//!
//! Leaves out: what is in cached data (the engine compiles anew; the data only says which source it is of), and column
//! offsets.

use rquickjs::qjs;

use crate::engine::{
    ffi,
    value::{Ctx, Js, Thrown, Value, text_of_chars},
};

use super::{
    bootstrap::set_by_symbol,
    buffer::new_buffer,
    code_cache::Source,
    contextify::compile_wrapped,
    contexts,
    environment::{Environment, copy_bytes},
    errors,
    module_wrap::{is_same, new_symbol},
    native::{Call, Target, throw_with_code},
    util,
};

struct Script {
    source: String,
    filename: String,
    line: i32,
    /// What the engine knows the source as, where the file's name is not enough.
    referrer: Option<Value>,
}

pub fn initialize(t: &Target) {
    t.with("makeContext", contexts::make)
        .with("compileFunction", compile_function);
    t.class("ContextifyScript", new_script)
        .with("createCachedData", |c| {
            let source = &c.state::<Script>()?.source;
            Ok(new_buffer(c.ctx, &cached_data(units_of(source))))
        })
        .with("runInContext", run_in_context);
}

/// `new ContextifyScript(code, filename, line, column, cachedData, produceCachedData, context, hostDefinedOption)`.
fn new_script(c: &Call) -> Js<Value> {
    let (source, filename) = (c.text(0)?, c.text(1)?);
    let line = c.number(2) as i32 + 1;
    let option = c.arg(7);
    let option = if unsafe { qjs::JS_IsSymbol(option.raw()) } {
        option
    } else {
        new_symbol(c.ctx, &filename)?
    };
    let referrer = referrer_of(c, &filename, &option)?;
    // A syntax error shows when the script is made, not when it is run.
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    let compiled = contexts::within(c, &c.arg(6), |ctx| {
        contexts::compile(ctx, || ctx.eval(&source, &filename, line, flags))
    });
    if compiled.is_err() {
        return Err(decorate(c, &source, &filename, line));
    }
    let script = c.construct(Script {
        source,
        filename,
        line,
        referrer,
    })?;
    keep_option(c, &script, option)?;
    note_cached_data(c, &script, 4)?;
    c.ctx.set(&script, "sourceMapURL", source_map_url(c));
    Ok(script)
}

/// The options that scripts have in common.
const SHARED_OPTIONS: [&str; 3] = [
    "vm_dynamic_import_main_context_default",
    "vm_dynamic_import_missing_flag",
    "vm_dynamic_import_no_callback",
];

/// The symbol that `import()` in a source will show. An option of a script's own is one; for those that are shared, there
/// is one for each name that a script has. None for what the default loader serves, which goes by name.
fn referrer_of(c: &Call, filename: &str, option: &Value) -> Js<Option<Value>> {
    let ctx = c.ctx;
    let symbols = super::binding(ctx, "symbols")?;
    let of_loader = ctx.get(&symbols, "vm_dynamic_import_default_internal")?;
    if is_same(ctx, option, &of_loader) {
        return Ok(None);
    }
    for name in SHARED_OPTIONS {
        if is_same(ctx, option, &ctx.get(&symbols, name)?) {
            let mut referrers = c.env().referrers.borrow_mut();
            let key = (name, filename.to_owned());
            if let Some(known) = referrers.get(&key) {
                return Ok(Some(known.clone()));
            }
            let symbol = new_symbol(ctx, filename)?;
            referrers.insert(key, symbol.clone());
            return Ok(Some(symbol));
        }
    }
    Ok(Some(option.clone()))
}

/// The option that a referrer stands for.
pub fn option_behind(ctx: Ctx, referrer: Value) -> Js<Value> {
    let referrers = Environment::of(ctx).referrers.borrow();
    let shared = referrers
        .iter()
        .find(|(_, symbol)| is_same(ctx, symbol, &referrer));
    match shared {
        Some(((name, _), _)) => ctx.get(&super::binding(ctx, "symbols")?, name),
        None => Ok(referrer),
    }
}

fn refer_to(ctx: Ctx, referrer: Option<&Value>) {
    if let Some(symbol) = referrer {
        unsafe { ffi::JS_SetReferrer(ctx.0, symbol.raw()) };
    }
}

fn keep_option(c: &Call, object: &Value, option: Value) -> Js<()> {
    let private = util::private_symbols_of(c.ctx)?;
    let name = c.ctx.get(&private, "host_defined_option_symbol")?;
    set_by_symbol(c.ctx, object, &name, option);
    Ok(())
}

/// The data given, and whether some is wanted.
fn note_cached_data(c: &Call, object: &Value, index: usize) -> Js<()> {
    let source = c.text(0)?;
    if !c.arg(index).is_undefined() {
        let is_rejected = !is_cached_data_of(c, index, &source)?;
        c.ctx
            .set(object, "cachedDataRejected", c.ctx.bool(is_rejected));
    }
    if c.truthy(index + 1) {
        c.ctx.set(object, "cachedDataProduced", c.ctx.bool(true));
        let data = new_buffer(c.ctx, &cached_data(units_of(&source)));
        c.ctx.set(object, "cachedData", data);
    }
    Ok(())
}

/// As V8's says which version made it, and how long the source was.
pub fn cached_data(source_units: usize) -> Vec<u8> {
    let units = source_units as u64;
    [&b"Terrarium QuickJS"[..], &units.to_le_bytes()[..]].concat()
}

pub fn units_of(source: &str) -> usize {
    source.encode_utf16().count()
}

pub fn is_cached_data_of(c: &Call, index: usize, source: &str) -> Js<bool> {
    Ok(copy_bytes(c.ctx, &c.arg(index))? == cached_data(units_of(source)))
}

/// The last magic comment of the source.
fn source_map_url(c: &Call) -> Value {
    let source = c.text(0).unwrap_or_default();
    let url = source.lines().rev().find_map(|line| {
        let rest = line
            .trim_start()
            .strip_prefix("//# sourceMappingURL=")?
            .trim_end();
        (!rest.is_empty() && !rest.contains([' ', '"', '\''])).then(|| c.ctx.string(rest))
    });
    url.unwrap_or_else(|| c.ctx.undefined())
}

/// `runInContext(sandbox or null, timeout, displayErrors, breakOnSigint, breakOnFirstLine)`.
fn run_in_context(c: &Call) -> Js<Value> {
    let script = c.state::<Script>()?;
    let env = c.env();
    let result = in_time(c, 1, || {
        contexts::within(c, &c.arg(0), |ctx| {
            let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
            let compiled = contexts::compile(ctx, || {
                refer_to(ctx, script.referrer.as_ref());
                ctx.eval(&script.source, &script.filename, script.line, flags)
            })?;
            ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, compiled.into_raw()) })
        })
    });
    let is_late = || {
        let deadlines_ns = env.deadlines_ns.borrow();
        deadlines_ns.iter().any(|due_ns| *due_ns <= env.now_ns())
    };
    match result {
        Err(Late::Thrown) if c.truthy(2) && env.can_call_into_js() && !is_late() => {
            Err(decorate(c, &script.source, &script.filename, script.line))
        }
        result => result.map_err(|_| Thrown),
    }
}

/// How what may take only so long ends early.
pub enum Late {
    Thrown,
    /// Its own time is over, and the error says so.
    TimedOut,
}

/// Runs what has as many milliseconds as an argument of the call says, if that is any. A promise that is refused stands
/// for what was thrown.
pub fn in_time(c: &Call, argument: usize, run: impl FnOnce() -> Js<Value>) -> Result<Value, Late> {
    let env = c.env();
    let timeout_ms = c.arg(argument);
    let timeout_ms = Some(timeout_ms.as_f64()).filter(|ms| timeout_ms.is_number() && *ms >= 0.0);
    let Some(timeout_ms) = timeout_ms else {
        return run().map_err(|Thrown| Late::Thrown);
    };
    let due_ns = env.now_ns() + (timeout_ms * 1e6) as u64;
    env.deadlines_ns.borrow_mut().push(due_ns);
    let result = run();
    env.deadlines_ns.borrow_mut().pop();
    let has_failed = match &result {
        Ok(value) => {
            let state = unsafe { qjs::JS_PromiseState(c.ctx.0, value.raw()) };
            state == qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED
        }
        Err(Thrown) => true,
    };
    if !has_failed || !env.can_call_into_js() || due_ns > env.now_ns() {
        return result.map_err(|Thrown| Late::Thrown);
    }
    match result {
        Ok(promise) => forget_rejection(c.ctx, &promise),
        Err(Thrown) => drop(c.ctx.take_exception()),
    }
    let text = format!("Script execution timed out after {timeout_ms}ms");
    throw_with_code(c.ctx, "Error", "ERR_SCRIPT_EXECUTION_TIMEOUT", &text);
    Err(Late::TimedOut)
}

/// Nobody has to handle it.
fn forget_rejection(ctx: Ctx, promise: &Value) {
    let nothing = super::native::function(ctx, "", |c| c.undefined());
    let caught = ctx
        .get(promise, "catch")
        .and_then(|catch| ctx.call(&catch, promise, &[nothing]));
    if caught.is_err() {
        ctx.take_exception();
    }
}

/// `compileFunction(code, filename, line, column, cachedData, produceCachedData, context, extensions, parameters, option)`.
fn compile_function(c: &Call) -> Js<Value> {
    let (source, filename) = (c.text(0)?, c.text(1)?);
    let line = c.number(2) as i32 + 1;
    let list = |index: usize| -> Js<Vec<Value>> {
        let list = c.arg(index);
        if !list.is_object() {
            return Ok(Vec::new());
        }
        (0..c.ctx.length(&list))
            .map(|index| c.ctx.at(&list, index))
            .collect()
    };
    let names = list(8)?
        .iter()
        .map(|name| c.ctx.text(name))
        .collect::<Js<Vec<_>>>()?
        .join(", ");
    let extensions = list(7)?;
    let withs: String = (0..extensions.len())
        .map(|index| format!("with (arguments[{index}]) "))
        .collect();
    // The line that V8 puts before the body shows in the function's text.
    let prefix = format!("(function () {{{withs}return function ({names}) {{\n");
    let referrer = match c.arg(9) {
        option if unsafe { qjs::JS_IsSymbol(option.raw()) } => referrer_of(c, &filename, &option)?,
        _ => None,
    };
    let made = contexts::within(c, &c.arg(6), |ctx| {
        let maker = contexts::compile(ctx, || {
            refer_to(ctx, referrer.as_ref());
            let source = Source {
                name: &filename,
                prefix: &prefix,
                body: &source,
                suffix: "\n}})",
                line: line - 1,
            };
            compile_wrapped(ctx, &source)
        })?;
        ctx.call(&maker, &ctx.undefined(), &extensions)
    });
    let Ok(function) = made else {
        return Err(decorate(c, &source, &filename, line));
    };
    keep_option(c, &function, c.arg(9))?;
    let result = c.ctx.object();
    c.ctx.set(&result, "function", function);
    c.ctx.set(&result, "sourceMapURL", source_map_url(c));
    note_cached_data(c, &result, 4)?;
    Ok(result)
}

/// What was thrown gets the line it was thrown from before its stack.
fn decorate(c: &Call, source: &str, filename: &str, first: i32) -> Thrown {
    let error = c.ctx.take_exception();
    if let Some(arrow) = arrow(c, &error, source, filename, first) {
        errors::decorate(c.ctx, &error, &arrow);
    }
    c.ctx.throw(error)
}

fn throw_place(c: &Call, error: &Value) -> Option<(String, [i32; 3])> {
    let (mut line, mut column) = (0, 0);
    let file = unsafe { ffi::JS_GetThrowPlace(c.ctx.0, error.raw(), &mut line, &mut column) };
    if file.is_null() {
        return None;
    }
    let text = unsafe { text_of_chars(file) };
    unsafe { qjs::JS_FreeCString(c.ctx.0, file) };
    Some((text, [line, column, 1]))
}

/// Where an error of the engine's own was made.
fn first_frame(c: &Call, error: &Value) -> Option<(String, [i32; 3])> {
    let stack = c.ctx.get(error, "stack").ok()?;
    let stack = c.ctx.text(&stack).ok()?;
    let frame = stack
        .lines()
        .find_map(|line| line.strip_prefix("    at "))?;
    let place = match frame.rsplit_once(" (") {
        Some((_, place)) => place.strip_suffix(')')?,
        None => frame,
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((
        file.to_owned(),
        [line.parse().ok()?, column.parse().ok()?, 1],
    ))
}

fn arrow(c: &Call, error: &Value, source: &str, filename: &str, first: i32) -> Option<String> {
    let (file, [line, mut column, width]) = c
        .ctx
        .syntax_error_span(error)
        .or_else(|| throw_place(c, error))
        .or_else(|| first_frame(c, error))?;
    let shown = format!("{file}:{line}");
    let bytes;
    let (text, line) = if file == filename {
        (source.into(), line - first + 1)
    } else {
        let path = file.strip_prefix("file://").unwrap_or(&file);
        bytes = c.env().files.borrow().contents(path)?;
        (String::from_utf8_lossy(&bytes), line)
    };
    let units: Vec<u16> = errors::line_of(&text, line)?.encode_utf16().collect();
    let before = usize::try_from(column - 1).ok()?.min(units.len());
    let before = String::from_utf16_lossy(&units[..before]);
    if let Some(start) = before.trim_end().strip_suffix("throw")
        && before.ends_with(char::is_whitespace)
    {
        column = start.encode_utf16().count() as i32 + 1;
    }
    errors::arrow(&shown, &text, [line, column, width])
}
