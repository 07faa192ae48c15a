//! `internalBinding('crypto')` on the crates of RustCrypto, for Node's own `lib/internal/crypto/*.js`. One file stands
//! for one or a few of `src/crypto/*.cc`; names, argument orders and errors are those of Node 20 with OpenSSL 3.0.
//!
//! Every random number is the seed's. Left out, and saying so when called: engines, curves that [`curve`] does not list
//! and ciphers that [`cipher`] does not list.

mod agreement;
mod cipher;
pub mod context;
mod curve;
mod der;
mod digest;
mod dsa;
mod errors;
mod hash;
mod job;
mod keys;
pub mod provider;
mod random;
mod rsa;
mod sign;
mod spkac;
pub mod x509;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    buffer::{Encoding, decode},
    environment::{Environment, bytes_of, new_bytes},
    native::Target,
};

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    hash::initialize(t);
    random::initialize(t);
    cipher::initialize(t);
    keys::initialize(ctx, t)?;
    sign::initialize(t);
    agreement::initialize(t);
    spkac::initialize(t);
    context::initialize(t);
    x509::initialize(ctx, t)?;
    t.with("timingSafeEqual", hash::timing_safe_equal)
        .with("getFipsCrypto", |c| Ok(c.ctx.number(0.0)))
        .with("testFipsCrypto", |c| Ok(c.ctx.bool(false)))
        .with("secureHeapUsed", |c| c.undefined())
        .with("secureBuffer", |c| {
            Ok(new_bytes(c.ctx, &vec![0; c.number(0) as usize]))
        })
        .with("getRootCertificates", |c| Ok(c.ctx.array([])));
    Ok(())
}

/// A `Buffer` with these bytes.
pub fn new_buffer(ctx: Ctx, bytes: &[u8]) -> Value {
    let array = new_bytes(ctx, bytes);
    if let Some(prototype) = Environment::of(ctx).kept("bufferPrototype") {
        // SAFETY: both are objects of this context.
        unsafe { rquickjs::qjs::JS_SetPrototype(ctx.0, array.raw(), prototype.raw()) };
    }
    array
}

/// A string in the encoding of this name, or a `Buffer` where none is named.
fn as_text_or_buffer(ctx: Ctx, bytes: &[u8], encoding: &Value) -> Js<Value> {
    if encoding.is_string() {
        let encoding = Encoding::from_name(&ctx.text(encoding)?);
        if encoding != Encoding::Buffer {
            return Ok(decode(ctx, bytes, encoding));
        }
    }
    Ok(new_buffer(ctx, bytes))
}

/// Whether it is an ArrayBuffer or a view of one.
fn is_bytes(ctx: Ctx, value: &Value) -> bool {
    value.is_object() && (!bytes_of(ctx, value).0.is_null() || has_byte_length(ctx, value))
}

fn has_byte_length(ctx: Ctx, value: &Value) -> bool {
    ctx.get(value, "byteLength")
        .is_ok_and(|length| length.is_number())
}
