//! A Duplex of the script's own below a session (`src/js_stream.cc`).

use std::cell::Cell;

use crate::{
    bindings::{
        async_wrap, callback,
        crypto::new_buffer,
        environment::copy_bytes,
        messaging,
        native::{Call, Target, new_handle},
        net::{self, Above},
    },
    engine::value::{Ctx, Js, Value},
};

use super::{EOF, complete};

#[derive(Default)]
pub struct JsStream {
    pub above: Cell<Option<Above>>,
}

struct JsWrite(Above);

/// Gives bytes to the script, which says by `finishWrite` that they are gone.
pub fn write(ctx: Ctx, stream: &Value, bytes: &[u8], above: Above) {
    let prototype = ctx.object();
    let request = new_handle(ctx, &prototype, JsWrite(above));
    let request = request.unwrap_or_else(|_| ctx.undefined());
    let chunks = ctx.array([new_buffer(ctx, bytes)]);
    callback::make_method(ctx, stream, "onwrite", &[request, chunks]);
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
            above.received(c.ctx, &bytes);
        }
        c.undefined()
    })
    .with("emitEOF", |c| {
        let above = c.state::<JsStream>()?.above.get();
        if !above.is_some_and(|above| above.ended(c.ctx, EOF)) {
            let env = c.env();
            env.set_u32("streamBaseState", net::READ_BYTES_OR_ERROR, EOF as u32);
            callback::make_method(c.ctx, &c.this(), "onread", &[c.ctx.undefined()]);
        }
        c.undefined()
    })
    .with("finishWrite", |c| {
        if let Some(JsWrite(above)) = messaging::state::<JsWrite>(c.ctx, &c.arg(0)) {
            above.written(c.ctx, c.number(1) as i32);
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
