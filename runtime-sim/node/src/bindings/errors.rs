//! `src/node_errors.cc`.

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
