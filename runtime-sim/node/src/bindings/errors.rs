//! `src/node_errors.cc`, and what js/describe_error.js needs to print an error that nobody caught.

use protocol::Stream;
use rquickjs::qjs::{self, JSContext, JSValue};

use crate::engine::{
    ffi,
    value::{Ctx, Js, Value, text_of_chars},
};

use super::{
    bootstrap::{self, set_by_symbol},
    callback,
    environment::Environment,
    native::{self, Call, Target},
    small::get_by_symbol,
    util,
};

pub fn initialize(t: &Target) {
    t.with("setPrepareStackTraceCallback", |c| {
        c.env().keep("prepareStackTrace", c.arg(0));
        c.undefined()
    })
    .with("setGetSourceMapErrorSource", |c| c.undefined())
    .with("setSourceMapsEnabled", |c| c.undefined())
    .with("setMaybeCacheGeneratedSourceMap", |c| c.undefined())
    .with("setEnhanceStackForFatalException", |c| {
        c.env().keep("enhanceBefore", c.arg(0));
        c.env().keep("enhanceAfter", c.arg(1));
        c.undefined()
    })
    .with("noSideEffectsToString", |c| {
        let text = brief_text(c).unwrap_or_else(|_| {
            c.ctx.take_exception();
            c.ctx.string("[object]")
        });
        Ok(text)
    })
    .with("triggerUncaughtException", |c| {
        callback::uncaught_error(c.ctx, &c.arg(0), c.truthy(1));
        if c.env().can_call_into_js() {
            c.undefined()
        } else {
            Err(c.ctx.throw_uncatchable())
        }
    });
}

/// `Object::NoSideEffectsToString` of V8: an object of a class without words of its own is `#<Class>`.
fn brief_text(c: &Call) -> Js<Value> {
    let (ctx, value) = (c.ctx, c.arg(0));
    if unsafe { qjs::JS_IsSymbol(value.raw()) } {
        let symbol = ctx.get(&ctx.global(), "Symbol")?;
        let prototype = ctx.get(&symbol, "prototype")?;
        return ctx.call(&ctx.get(&prototype, "toString")?, &value, &[]);
    }
    if !value.is_object() || value.is_function() || unsafe { qjs::JS_IsError(value.raw()) } {
        return Ok(ctx.string(&c.text(0)?));
    }
    let Some(primordials) = c.env().kept("primordials") else {
        return Ok(ctx.string("[object]"));
    };
    let prototype = ctx.get(&primordials, "ObjectPrototype")?;
    let plain = ctx.get(&prototype, "toString")?;
    let own = ctx.get(&value, "toString")?;
    if unsafe { qjs::JS_IsStrictEqual(ctx.0, own.raw(), plain.raw()) } {
        let name = ctx.text(&util::constructor_name(c)?)?;
        return Ok(ctx.string(&format!("#<{name}>")));
    }
    ctx.call(&plain, &value, &[])
}

/// What `words_of` asks of the library.
pub fn keep_stack_words(ctx: Ctx) -> Js<()> {
    let env = Environment::of(ctx);
    let errors = bootstrap::require(ctx, "internal/errors")?;
    for (name, key) in [
        ("overrideStackTrace", "overrideStackTrace"),
        ("kIsNodeError", "isNodeError"),
        ("ErrorPrepareStackTrace", "defaultPrepareStackTrace"),
    ] {
        env.keep(key, ctx.get(&errors, name)?);
    }
    let prepare = native::function(ctx, "prepareStackTrace", |c| {
        let prepare = c
            .env()
            .kept("prepareStackTrace")
            .unwrap_or_else(|| c.ctx.undefined());
        c.ctx.call(
            &prepare,
            &c.ctx.undefined(),
            &[c.ctx.global(), c.arg(0), c.arg(1)],
        )
    });
    env.keep("stackWords", prepare);
    unsafe { ffi::JS_SetStackHook(qjs::JS_GetRuntime(ctx.0), Some(words_of)) };
    Ok(())
}

/// Node words every stack in JavaScript. The engine's own words are the same, but for errors with codes, for those
/// whose call sites the library itself wants, and for programs with an `Error.prepareStackTrace`: those go there.
unsafe extern "C" fn words_of(ctx: *mut JSContext, error: JSValue) -> JSValue {
    let ctx = Ctx(ctx);
    let env = Environment::of(ctx);
    let wanted = || -> Js<bool> {
        let error = ctx.borrowed(error);
        let [class, default, overrides, mark] = [
            "errorClass",
            "defaultPrepareStackTrace",
            "overrideStackTrace",
            "isNodeError",
        ]
        .map(|key| env.kept(key).unwrap_or_else(|| ctx.undefined()));
        let prepare = ctx.get(&class, "prepareStackTrace")?;
        if prepare.is_function()
            && !unsafe { qjs::JS_IsStrictEqual(ctx.0, prepare.raw(), default.raw()) }
        {
            return Ok(true);
        }
        let has = ctx.get(&overrides, "has")?;
        if ctx
            .call(&has, &overrides, std::slice::from_ref(&error))?
            .truthy()
        {
            return Ok(true);
        }
        unsafe {
            let atom = qjs::JS_ValueToAtom(ctx.0, mark.raw());
            let marked = qjs::JS_HasProperty(ctx.0, error.raw(), atom);
            qjs::JS_FreeAtom(ctx.0, atom);
            Ok(marked == 1)
        }
    };
    match wanted() {
        Ok(true) => env
            .kept("stackWords")
            .map_or(qjs::JS_UNDEFINED, Value::into_raw),
        Ok(false) => qjs::JS_UNDEFINED,
        Err(_) => {
            ctx.take_exception();
            qjs::JS_UNDEFINED
        }
    }
}

/// The text of a line, which counts from 1.
pub fn line_of(source: &str, line: i32) -> Option<&str> {
    source.lines().nth(usize::try_from(line - 1).ok()?)
}

/// `AppendExceptionLine`: where it is, the line's text, carets below it.
pub fn arrow(shown: &str, source: &str, [line, column, width]: [i32; 3]) -> Option<String> {
    let text = line_of(source, line)?;
    let blanks = " ".repeat(usize::try_from(column - 1).ok()?);
    let carets = "^".repeat(usize::try_from(width).ok()?.max(1));
    Some(format!("{shown}\n{text}\n{blanks}{carets}\n"))
}

/// `DecorateErrorStack`: the error gets its arrow before its stack, once.
pub fn decorate(ctx: Ctx, error: &Value, arrow: &str) {
    let mark = || -> Js<()> {
        let private = util::private_symbols_of(ctx)?;
        let decorated = ctx.get(&private, "decorated_private_symbol")?;
        if !error.is_object() || get_by_symbol(ctx, error, &decorated)?.truthy() {
            return Ok(());
        }
        keep_arrow(ctx, error, arrow)?;
        let stack = ctx.get(error, "stack")?;
        if stack.is_string() {
            let text = format!("{arrow}\n{}", ctx.text(&stack)?);
            ctx.set(error, "stack", ctx.string(&text));
            set_by_symbol(ctx, error, &decorated, ctx.bool(true));
        }
        Ok(())
    };
    if mark().is_err() {
        ctx.take_exception();
    }
}

/// What the loader shows, and what is printed when nobody catches the error.
pub fn keep_arrow(ctx: Ctx, error: &Value, arrow: &str) -> Js<()> {
    let private = util::private_symbols_of(ctx)?;
    let symbol = ctx.get(&private, "arrow_message_private_symbol")?;
    set_by_symbol(ctx, error, &symbol, ctx.string(arrow));
    Ok(())
}

pub fn describe_natives(t: &Target) {
    // What `setArrowMessage` left: the place, when the library knows better than the stack.
    t.with("arrowMessage", |c| {
        let symbols = super::util::private_symbols_of(c.ctx)?;
        // The stack begins with it already.
        let decorated = c.ctx.get(&symbols, "decorated_private_symbol")?;
        if super::small::get_by_symbol(c.ctx, &c.arg(0), &decorated)?.truthy() {
            return Ok(c.ctx.string(""));
        }
        let symbol = c.ctx.get(&symbols, "arrow_message_private_symbol")?;
        super::small::get_by_symbol(c.ctx, &c.arg(0), &symbol)
    })
    .with("write", |c| {
        let text = c.text(0)?;
        c.env().host().write(Stream::Stderr, text);
        c.undefined()
    })
    .with("uncaughtError", |c| {
        let (text, file) = (c.text(0)?, c.text(1)?);
        c.env()
            .host()
            .uncaught(text, file, c.number(2) as u32, c.number(3) as u32);
        c.undefined()
    })
    // `[file, line, column, width]` of what the parser objected to.
    .with("syntaxErrorSpan", |c| {
        let Some((file, numbers)) = c.ctx.syntax_error_span(&c.arg(0)) else {
            return c.undefined();
        };
        let numbers = numbers.map(|number| c.ctx.number(f64::from(number)));
        Ok(c.ctx
            .array([c.ctx.string(&file)].into_iter().chain(numbers)))
    })
    // `[file, line, column]` of the last `throw`, if it threw this.
    .with("throwPlace", |c| {
        let (mut line, mut column) = (0, 0);
        let file =
            unsafe { ffi::JS_GetThrowPlace(c.ctx.0, c.arg(0).raw(), &mut line, &mut column) };
        if file.is_null() {
            return c.undefined();
        }
        let text = unsafe { text_of_chars(file) };
        unsafe { qjs::JS_FreeCString(c.ctx.0, file) };
        let numbers = [line, column].map(|number| c.ctx.number(f64::from(number)));
        Ok(c.ctx
            .array([c.ctx.string(&text)].into_iter().chain(numbers)))
    })
    .with("sourceLine", |c| {
        let place = c.text(0)?;
        let path = place.strip_prefix("file://").unwrap_or(&place);
        let line = c.number(1) as usize;
        let bytes = c.env().files.borrow().contents(path);
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let line = text
            .as_ref()
            .and_then(|text| text.lines().nth(line.wrapping_sub(1)));
        Ok(line.map_or_else(|| c.ctx.undefined(), |line| c.ctx.string(line)))
    })
    .with("packageType", |c| {
        let url = format!("file://{}", c.text(0)?);
        let is_module = c.env().module_urls.borrow().contains(&url);
        Ok(c.ctx.string(if is_module { "module" } else { "commonjs" }))
    });
}
