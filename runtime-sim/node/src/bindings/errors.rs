//! `src/node_errors.cc`, and what js/describe_error.js needs to print an error that nobody caught.

use protocol::Stream;
use rquickjs::qjs;

use crate::engine::{ffi, value::text_of_chars};

use super::{callback, native::Target};

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
        let text = c.text(0).unwrap_or_else(|_| {
            c.ctx.take_exception();
            "[object]".to_owned()
        });
        Ok(c.ctx.string(&text))
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

pub fn describe_natives(t: &Target) {
    t.with("write", |c| {
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
    // `[file, line, column]` of the last `throw` of something that is no error.
    .with("throwPlace", |c| {
        let (mut line, mut column) = (0, 0);
        let file = unsafe { ffi::JS_GetThrowPlace(c.ctx.0, &mut line, &mut column) };
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
        let path = c.text(0)?;
        let line = c.number(1) as usize;
        let bytes = c.env().files.borrow().contents(&path);
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let line = text
            .as_ref()
            .and_then(|text| text.lines().nth(line.wrapping_sub(1)));
        Ok(line.map_or_else(|| c.ctx.undefined(), |line| c.ctx.string(line)))
    })
    .with("packageType", |c| {
        let url = format!("file://{}", c.text(0)?);
        let is_module = c.env().module_urls.borrow().contains_key(&url);
        Ok(c.ctx.string(if is_module { "module" } else { "commonjs" }))
    });
}
