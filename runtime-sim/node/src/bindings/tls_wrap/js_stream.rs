//! A Duplex of the script's own below a session (`src/js_stream.cc`).

use std::cell::Cell;

use crate::{
    bindings::{
        async_wrap,
        environment::copy_bytes,
        messaging,
        native::{Call, Target, new_handle},
    },
    engine::value::{Ctx, Js, Value},
};

use super::{EOF, complete, ended, received, written};

#[derive(Default)]
pub struct JsStream {
    pub above: Cell<Option<u64>>,
}

struct JsWrite(u64);

pub fn request_of(ctx: Ctx, number: u64) -> Value {
    let prototype = ctx.object();
    let request = new_handle(ctx, &prototype, JsWrite(number));
    request.unwrap_or_else(|_| ctx.undefined())
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    crate::bindings::binding(ctx, "stream_wrap")?;
    t.class("JSStream", |c| {
        let object = c.construct(JsStream::default())?;
        async_wrap::adopt(c.ctx, &object, "JSSTREAM");
        Ok(object)
    })
    .with("readBuffer", |c| {
        let (above, bytes) = (
            c.state::<JsStream>()?.above.get(),
            copy_bytes(c.ctx, &c.arg(0))?,
        );
        if let Some(above) = above {
            received(c.ctx, above, &bytes);
        }
        c.undefined()
    })
    .with("emitEOF", |c| {
        if let Some(above) = c.state::<JsStream>()?.above.get() {
            ended(c.ctx, above, EOF);
        }
        c.undefined()
    })
    .with("finishWrite", |c| {
        if let Some(JsWrite(number)) = messaging::state::<JsWrite>(c.ctx, &c.arg(0)) {
            written(c.ctx, *number);
        }
        c.undefined()
    })
    .with("finishShutdown", |c| {
        complete(c.ctx, &c.arg(0), c.number(1) as i32);
        c.undefined()
    })
    .with("readStart", |c| call_own(c, "onreadstart", &[]))
    .with("readStop", |c| call_own(c, "onreadstop", &[]))
    .with("shutdown", |c| call_own(c, "onshutdown", &[c.arg(0)]))
    .with("getAsyncId", |c| {
        Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
    })
    .value("isStreamBase", ctx.bool(true));
    Ok(())
}

fn call_own(c: &Call, name: &str, args: &[Value]) -> Js<Value> {
    let function = c.ctx.get(&c.this(), name)?;
    let answer = c.ctx.call(&function, &c.this(), args)?;
    Ok(if answer.is_number() {
        answer
    } else {
        c.ctx.number(0.0)
    })
}
