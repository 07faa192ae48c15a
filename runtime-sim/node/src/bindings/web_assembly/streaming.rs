//! `compileStreaming` and `instantiateStreaming`: Node's library reads the `Response` and hands on its bytes
//! (`src/node_wasm_web_api.cc`).

use std::cell::RefCell;

use crate::engine::value::{Ctx, Js, Thrown, Value};

use super::{
    super::{
        environment::{Environment, copy_bytes, new_array_buffer},
        native::{Call, Target, new_handle},
    },
    api::{capability, finish_later, method},
};

/// Behind what the library writes into.
struct Stream {
    bytes: RefCell<Vec<u8>>,
    /// Context, resolve, reject.
    asker: [Value; 3],
    imports: Value,
    instantiates: bool,
}

/// `internalBinding('wasm_web_api').setImplementation`.
pub fn set_implementation(c: &Call) -> Js<Value> {
    c.env().keep("webAssemblyStreaming", c.arg(0));
    c.undefined()
}

pub fn fill(ctx: Ctx, namespace: &Value) {
    let stream = Target::new(ctx, ctx.object());
    stream
        .with("push", |c| {
            let bytes = copy_bytes(c.ctx, &c.arg(0))?;
            c.state::<Stream>()?.bytes.borrow_mut().extend(bytes);
            c.undefined()
        })
        .with("finish", |c| {
            let stream = c.state::<Stream>()?;
            let [context, resolve, reject] = stream.asker.clone();
            let bytes = new_array_buffer(c.ctx, &stream.bytes.borrow());
            let (imports, instantiates) = (stream.imports.clone(), c.ctx.bool(stream.instantiates));
            finish_later(
                c.ctx,
                [context, resolve, reject, bytes, imports, instantiates],
            );
            c.undefined()
        })
        .with("abort", |c| {
            let reject = &c.state::<Stream>()?.asker[2];
            c.ctx.call(reject, &c.ctx.undefined(), &[c.arg(0)])
        })
        .with("setURL", |c| c.undefined());
    Environment::of(ctx).keep("webAssemblyStream", stream.object);
    method(ctx, namespace, "compileStreaming", 1, |c| {
        begin(c, "WebAssembly.compileStreaming()", false)
    });
    method(ctx, namespace, "instantiateStreaming", 1, |c| {
        begin(c, "WebAssembly.instantiateStreaming()", true)
    });
}

fn begin(c: &Call, context: &str, instantiates: bool) -> Js<Value> {
    let ctx = c.ctx;
    let (promise, resolve, reject) = capability(ctx)?;
    let env = c.env();
    let prototype = env.kept("webAssemblyStream").ok_or(Thrown)?;
    let stream = new_handle(
        ctx,
        &prototype,
        Stream {
            bytes: RefCell::default(),
            asker: [ctx.string(context), resolve, reject],
            imports: c.arg(1),
            instantiates,
        },
    )?;
    let read = env.kept("webAssemblyStreaming").ok_or(Thrown)?;
    ctx.call(&read, &ctx.undefined(), &[stream, c.arg(0)])?;
    Ok(promise)
}
