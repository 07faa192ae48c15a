//! What vm compiles and runs (`ContextifyScript` and `CompileFunction` in `src/node_contextify.cc`).
//!
//! Leaves out: cached data (the engine makes none, so what a program gives is rejected), and column offsets.

use rquickjs::qjs;

use crate::engine::{
    ffi,
    value::{Js, Thrown, Value, text_of_chars},
};

use super::{
    bootstrap::set_by_symbol,
    contextify::compile_wrapped,
    contexts,
    environment::new_bytes,
    native::{Call, Target, throw_with_code},
    small::get_by_symbol,
    util,
};

struct Script {
    source: String,
    filename: String,
    line: i32,
}

pub fn initialize(t: &Target) {
    t.with("makeContext", contexts::make)
        .with("compileFunction", compile_function);
    t.class("ContextifyScript", new_script)
        .with("createCachedData", |c| Ok(new_bytes(c.ctx, &[])))
        .with("runInContext", run_in_context);
}

/// `new ContextifyScript(code, filename, line, column, cachedData, produceCachedData, context, hostDefinedOption)`.
fn new_script(c: &Call) -> Js<Value> {
    let (source, filename) = (c.text(0)?, c.text(1)?);
    let line = c.number(2) as i32 + 1;
    // A syntax error shows when the script is made, not when it is run.
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    let compiled = contexts::within(c, &c.arg(6), |ctx| {
        contexts::compile(ctx, || ctx.eval(&source, &filename, line, flags))
    });
    if compiled.is_err() {
        return Err(decorate(c, &source, &filename, line));
    }
    let option = c.arg(7);
    let option = if unsafe { qjs::JS_IsSymbol(option.raw()) } {
        option
    } else {
        let symbol = c.ctx.get(&c.ctx.global(), "Symbol")?;
        c.ctx
            .call(&symbol, &c.ctx.undefined(), &[c.ctx.string(&filename)])?
    };
    let script = c.construct(Script {
        source,
        filename,
        line,
    })?;
    keep_option(c, &script, option)?;
    note_cached_data(c, &script, 4);
    c.ctx.set(&script, "sourceMapURL", source_map_url(c));
    Ok(script)
}

/// Says what `import()` in the source asks. The engine knows a referrer by its name only, so files keep their own way.
fn keep_option(c: &Call, object: &Value, option: Value) -> Js<()> {
    let (ctx, filename) = (c.ctx, c.text(1)?);
    if !filename.starts_with('/') {
        c.env()
            .script_options
            .borrow_mut()
            .insert(filename, option.clone());
    }
    let private = util::private_symbols_of(ctx)?;
    let name = ctx.get(&private, "host_defined_option_symbol")?;
    set_by_symbol(ctx, object, &name, option);
    Ok(())
}

/// The data given, and whether some is wanted.
fn note_cached_data(c: &Call, object: &Value, index: usize) {
    if !c.arg(index).is_undefined() {
        c.ctx.set(object, "cachedDataRejected", c.ctx.bool(true));
    }
    if c.truthy(index + 1) {
        c.ctx.set(object, "cachedDataProduced", c.ctx.bool(false));
    }
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
    let timeout_ms = c.number(1);
    let due_ns = (timeout_ms >= 0.0).then(|| env.now_ns() + (timeout_ms * 1e6) as u64);
    env.deadlines_ns.borrow_mut().extend(due_ns);
    let result = contexts::within(c, &c.arg(0), |ctx| {
        let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        let compiled = contexts::compile(ctx, || {
            ctx.eval(&script.source, &script.filename, script.line, flags)
        })?;
        ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, compiled.into_raw()) })
    });
    if due_ns.is_some() {
        env.deadlines_ns.borrow_mut().pop();
    }
    if result.is_ok() || !env.can_call_into_js() {
        return result;
    }
    if due_ns.is_some_and(|due_ns| due_ns <= env.now_ns()) {
        c.ctx.take_exception();
        let text = format!("Script execution timed out after {timeout_ms}ms");
        let code = "ERR_SCRIPT_EXECUTION_TIMEOUT";
        return Err(throw_with_code(c.ctx, "Error", code, &text));
    }
    if env
        .deadlines_ns
        .borrow()
        .iter()
        .any(|due_ns| *due_ns <= env.now_ns())
    {
        return result;
    }
    if c.truthy(2) {
        return Err(decorate(c, &script.source, &script.filename, script.line));
    }
    result
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
    let made = contexts::within(c, &c.arg(6), |ctx| {
        let maker = contexts::compile(ctx, || {
            compile_wrapped(ctx, &prefix, &source, "\n}})", &filename, line - 1)
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
    note_cached_data(c, &result, 4);
    Ok(result)
}

/// `DecorateErrorStack`: what was thrown gets the line it was thrown from before its stack, once.
fn decorate(c: &Call, source: &str, filename: &str, first: i32) -> Thrown {
    let ctx = c.ctx;
    let error = ctx.take_exception();
    let mark = || -> Js<()> {
        if !error.is_object() {
            return Ok(());
        }
        let private = util::private_symbols_of(ctx)?;
        let decorated = ctx.get(&private, "decorated_private_symbol")?;
        let arrow_symbol = ctx.get(&private, "arrow_message_private_symbol")?;
        if get_by_symbol(ctx, &error, &decorated)?.truthy() {
            return Ok(());
        }
        let stack = ctx.get(&error, "stack")?;
        let Some(arrow) = arrow(c, &error, source, filename, first) else {
            return Ok(());
        };
        set_by_symbol(ctx, &error, &arrow_symbol, ctx.string(&arrow));
        if stack.is_string() {
            let text = format!("{arrow}\n{}", ctx.text(&stack)?);
            ctx.set(&error, "stack", ctx.string(&text));
            set_by_symbol(ctx, &error, &decorated, ctx.bool(true));
        }
        Ok(())
    };
    if mark().is_err() {
        ctx.take_exception();
    }
    ctx.throw(error)
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

/// File and line, the line's text, carets below it.
fn arrow(c: &Call, error: &Value, source: &str, filename: &str, first: i32) -> Option<String> {
    let (file, [line, column, width]) = c
        .ctx
        .syntax_error_span(error)
        .or_else(|| throw_place(c, error))
        .or_else(|| first_frame(c, error))?;
    let text = if file == filename {
        source
            .lines()
            .nth((line - first).try_into().ok()?)?
            .to_owned()
    } else {
        let path = file.strip_prefix("file://").unwrap_or(&file);
        let bytes = c.env().files.borrow().contents(path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines()
            .nth(usize::try_from(line - 1).ok()?)?
            .to_owned()
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut column = usize::try_from(column - 1).ok()?;
    let before = String::from_utf16_lossy(&units[..column.min(units.len())]);
    if let Some(start) = before.trim_end().strip_suffix("throw")
        && before.ends_with(char::is_whitespace)
    {
        column = start.encode_utf16().count();
    }
    let carets = "^".repeat(usize::try_from(width).ok()?.max(1));
    Some(format!(
        "{file}:{line}\n{text}\n{}{carets}\n",
        " ".repeat(column)
    ))
}
