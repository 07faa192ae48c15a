//! Keys behind `KeyObject` (`src/crypto/crypto_keys.cc`).

use std::{cell::RefCell, rc::Rc};

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    super::{
        buffer::{Encoding, encode, to_base64},
        environment::{Environment, copy_bytes},
        native::{Call, Target, class, state_of},
    },
    errors, job, new_buffer, random,
};

pub enum Key {
    Secret(Vec<u8>),
}

/// What a `KeyObject` and a `CryptoKey` hold.
#[derive(Default)]
pub struct KeyHandle(RefCell<Option<Rc<Key>>>);

impl KeyHandle {
    pub fn of(ctx: Ctx, value: &Value) -> Js<Rc<Key>> {
        let key = state_of::<Self>(ctx, value.raw())?.0.borrow().clone();
        key.ok_or_else(|| errors::invalid_key_type(ctx))
    }

    /// The bytes of a secret key: of a handle or of a buffer.
    pub fn secret_of(ctx: Ctx, value: &Value) -> Js<Vec<u8>> {
        if value.is_object() && !super::is_bytes(ctx, value) {
            return match &*Self::of(ctx, value)? {
                Key::Secret(bytes) => Ok(bytes.clone()),
            };
        }
        copy_bytes(ctx, value)
    }

    /// A new handle, from Rust.
    pub fn make(ctx: Ctx, key: Key) -> Js<Value> {
        let constructor = Environment::of(ctx).kept("KeyObjectHandle").unwrap_or_else(|| ctx.undefined());
        let handle = ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, constructor.raw(), 0, std::ptr::null_mut()) })?;
        *state_of::<Self>(ctx, handle.raw())?.0.borrow_mut() = Some(Rc::new(key));
        Ok(handle)
    }
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    t.class("KeyObjectHandle", |c| c.construct(KeyHandle::default()))
        .with("init", init)
        .with("getSymmetricKeySize", |c| {
            let Key::Secret(bytes) = &*KeyHandle::of(c.ctx, &c.this())?;
            Ok(c.ctx.number(bytes.len() as f64))
        })
        .with("export", |c| {
            let Key::Secret(bytes) = &*KeyHandle::of(c.ctx, &c.this())?;
            Ok(new_buffer(c.ctx, bytes))
        })
        .with("exportJwk", export_jwk)
        .with("initJwk", init_jwk)
        .with("equals", |c| {
            let (a, b) = (KeyHandle::of(c.ctx, &c.this())?, KeyHandle::of(c.ctx, &c.arg(0))?);
            let (Key::Secret(a), Key::Secret(b)) = (&*a, &*b);
            Ok(c.ctx.bool(a == b))
        })
        .with("keyDetail", |c| {
            let Key::Secret(bytes) = &*KeyHandle::of(c.ctx, &c.this())?;
            c.ctx.set(&c.arg(0), "length", c.ctx.number(8.0 * bytes.len() as f64));
            Ok(c.arg(0))
        });
    let handle = ctx.get(&t.object, "KeyObjectHandle")?;
    Environment::of(ctx).keep("KeyObjectHandle", handle);
    t.with("createNativeKeyObjectClass", |c| {
        let native = class(c.ctx, "NativeKeyObject", |c| {
            let object = c.construct(())?;
            c.ctx.set(&object, "handle", c.arg(0));
            Ok(object)
        });
        c.ctx.call(&c.arg(0), &c.ctx.undefined(), &[native])
    });
    job::complete(&t.class("SecretKeyGenJob", |c| {
        let bytes = c.number(1) as usize / 8;
        job::construct(c, "KEYGENREQUEST", 5_000, move |ctx| {
            KeyHandle::make(ctx, Key::Secret(random::bytes(ctx, bytes))).map_err(|_| ctx.take_exception())
        })
    }));
    Ok(())
}

fn set(c: &Call, key: Key) -> Js<()> {
    *c.state::<KeyHandle>()?.0.borrow_mut() = Some(Rc::new(key));
    Ok(())
}

/// `init(type, …)`
fn init(c: &Call) -> Js<Value> {
    match c.number(0) as i32 {
        0 => set(c, Key::Secret(copy_bytes(c.ctx, &c.arg(1))?))?,
        _ => return Err(errors::unsupported_operation(c.ctx)),
    }
    c.undefined()
}

fn base64url(ctx: Ctx, bytes: &[u8]) -> Value {
    ctx.string(&to_base64(bytes, true))
}

fn export_jwk(c: &Call) -> Js<Value> {
    let jwk = c.arg(0);
    match &*KeyHandle::of(c.ctx, &c.this())? {
        Key::Secret(bytes) => {
            c.ctx.set(&jwk, "kty", c.ctx.string("oct"));
            c.ctx.set(&jwk, "k", base64url(c.ctx, bytes));
        }
    }
    Ok(jwk)
}

fn part(ctx: Ctx, jwk: &Value, name: &str) -> Js<Vec<u8>> {
    let text = ctx.get(jwk, name)?;
    if text.is_string() { encode(ctx, &text, Encoding::Base64Url) } else { Ok(Vec::new()) }
}

/// `initJwk(jwk, curve)`: the type of the key, or `undefined`.
fn init_jwk(c: &Call) -> Js<Value> {
    let jwk = c.arg(0);
    let kind = c.ctx.text(&c.ctx.get(&jwk, "kty")?)?;
    match kind.as_str() {
        "oct" => {
            set(c, Key::Secret(part(c.ctx, &jwk, "k")?))?;
            Ok(c.ctx.number(0.0))
        }
        _ => c.undefined(),
    }
}
