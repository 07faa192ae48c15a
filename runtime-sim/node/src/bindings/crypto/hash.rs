//! `Hash`, `Hmac`, and what derives keys (`src/crypto/crypto_{hash,hmac,hkdf,pbkdf2,scrypt}.cc`).

use std::cell::RefCell;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        buffer::{Encoding, encode},
        environment::{bytes_of, copy_bytes, new_array_buffer},
        native::{Call, Target, state_of, throw_with_code},
    },
    as_text_or_buffer,
    digest::{self, Digest, State},
    errors, job,
    keys::KeyHandle,
};

struct Hash {
    state: RefCell<Option<Box<dyn State>>>,
    result: RefCell<Option<Vec<u8>>>,
    digest: Digest,
    length: usize,
}

struct Hmac(RefCell<Option<digest::Hmac>>);

pub fn initialize(t: &Target) {
    t.class("Hash", new_hash)
        .with("update", hash_update)
        .with("digest", hash_digest);
    t.class("Hmac", |c| c.construct(Hmac(RefCell::default())))
        .with("init", |c| {
            let name = c.text(0)?;
            let digest =
                Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
            let key = KeyHandle::secret_of(c.ctx, &c.arg(1))?;
            *c.state::<Hmac>()?.0.borrow_mut() = Some(digest.hmac(&key));
            c.undefined()
        })
        .with("update", |c| {
            let bytes = text_or_bytes(c.ctx, &c.arg(0), &c.arg(1))?;
            c.env().spend_ns(costs::DIGEST_BYTE_NS * bytes.len() as u64);
            let mut hmac = c.state::<Hmac>()?.0.borrow_mut();
            if let Some(hmac) = hmac.as_mut() {
                hmac.update(&bytes);
            }
            Ok(c.ctx.bool(hmac.is_some()))
        })
        .with("digest", |c| {
            let hmac = c.state::<Hmac>()?.0.borrow_mut().take();
            let bytes = hmac.map(digest::Hmac::finish).unwrap_or_default();
            as_text_or_buffer(c.ctx, &bytes, &c.arg(0))
        });
    t.with("getHashes", |c| {
        Ok(c.ctx.strings(digest::NAMES.iter().copied()))
    })
    .with("getCachedAliases", |c| Ok(c.ctx.object()))
    .with("oneShotDigest", one_shot);
    job::complete(&t.class("HashJob", |c| {
        let name = c.text(1)?;
        let digest = Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
        let data = copy_bytes(c.ctx, &c.arg(2))?;
        let cost_ns = 2_000 + costs::DIGEST_BYTE_NS * data.len() as u64;
        job::construct(c, "HASHREQUEST", cost_ns, move |ctx| {
            Ok(new_array_buffer(ctx, &digest.of(&[&data])))
        })
    }));
    job::complete(&t.class("HmacJob", new_hmac_job));
    job::complete(&t.class("HKDFJob", new_hkdf_job));
    job::complete(&t.class("PBKDF2Job", new_pbkdf2_job));
    job::complete(&t.class("ScryptJob", new_scrypt_job));
}

pub fn text_or_bytes(ctx: Ctx, value: &Value, encoding: &Value) -> Js<Vec<u8>> {
    if !value.is_string() {
        return copy_bytes(ctx, value);
    }
    let encoding = if encoding.is_string() {
        Encoding::from_name(&ctx.text(encoding)?)
    } else {
        Encoding::Utf8
    };
    encode(ctx, value, encoding)
}

/// `new Hash(algorithm | hash, outputLength, …)`
fn new_hash(c: &Call) -> Js<Value> {
    let source = c.arg(0);
    let (digest, state) = if source.is_object() {
        let hash = state_of::<Hash>(c.ctx, source.raw())?;
        (
            hash.digest,
            hash.state.borrow().as_ref().map(|state| state.copy()),
        )
    } else {
        let digest = Digest::by_name(&c.ctx.text(&source)?)
            .ok_or_else(|| errors::plain(c.ctx, "Digest method not supported"))?;
        (digest, Some(digest.begin()))
    };
    let mut length = digest.length;
    if c.arg(1).is_number() {
        length = c.number(1) as usize;
        if length != digest.length && !digest.is_extendable() {
            return Err(errors::NOT_XOF.throw(c.ctx));
        }
    }
    c.construct(Hash {
        state: RefCell::new(state),
        result: RefCell::default(),
        digest,
        length,
    })
}

fn hash_update(c: &Call) -> Js<Value> {
    let bytes = text_or_bytes(c.ctx, &c.arg(0), &c.arg(1))?;
    c.env().spend_ns(costs::DIGEST_BYTE_NS * bytes.len() as u64);
    let mut state = c.state::<Hash>()?.state.borrow_mut();
    if let Some(state) = state.as_mut() {
        state.update(&bytes);
    }
    Ok(c.ctx.bool(state.is_some()))
}

fn hash_digest(c: &Call) -> Js<Value> {
    let hash = c.state::<Hash>()?;
    if let Some(state) = hash.state.borrow_mut().take() {
        *hash.result.borrow_mut() = Some(state.finish(hash.length));
    }
    as_text_or_buffer(
        c.ctx,
        hash.result.borrow().as_deref().unwrap_or_default(),
        &c.arg(0),
    )
}

/// `oneShotDigest(algorithm, id, cache, input, outputEncoding, encodingNumber)`
fn one_shot(c: &Call) -> Js<Value> {
    let name = c.text(0)?;
    let digest = Digest::by_name(&name)
        .ok_or_else(|| errors::plain(c.ctx, &format!("Digest method {name} is not supported")))?;
    let bytes = text_or_bytes(c.ctx, &c.arg(3), &c.ctx.undefined())?;
    c.env().spend_ns(costs::DIGEST_BYTE_NS * bytes.len() as u64);
    as_text_or_buffer(c.ctx, &digest.of(&[&bytes]), &c.arg(4))
}

/// `new HmacJob(mode, signMode, hash, key, data, signature)`
fn new_hmac_job(c: &Call) -> Js<Value> {
    let name = c.text(2)?;
    let digest = Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
    let key = KeyHandle::secret_of(c.ctx, &c.arg(3))?;
    let data = copy_bytes(c.ctx, &c.arg(4))?;
    let signature = if c.number(1) == 1.0 {
        Some(copy_bytes(c.ctx, &c.arg(5))?)
    } else {
        None
    };
    let cost_ns = 3_000 + costs::DIGEST_BYTE_NS * data.len() as u64;
    job::construct(c, "SIGNREQUEST", cost_ns, move |ctx| {
        let made = digest.hmac(&key).of(&[&data]);
        Ok(match signature {
            Some(signature) => ctx.bool(signature == made),
            None => new_array_buffer(ctx, &made),
        })
    })
}

/// `new HKDFJob(mode, hash, key, salt, info, length)`
fn new_hkdf_job(c: &Call) -> Js<Value> {
    let name = c.text(1)?;
    let digest = Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
    let key = KeyHandle::secret_of(c.ctx, &c.arg(2))?;
    let (salt, info) = (copy_bytes(c.ctx, &c.arg(3))?, copy_bytes(c.ctx, &c.arg(4))?);
    let length = c.number(5) as usize;
    if length > 255 * digest.length {
        return Err(errors::invalid_key_length(c.ctx));
    }
    job::construct(c, "DERIVEBITSREQUEST", 8_000, move |ctx| {
        let bytes = digest.hkdf(&key, &salt, &info, length).unwrap_or_default();
        Ok(new_array_buffer(ctx, &bytes))
    })
}

/// `new PBKDF2Job(mode, password, salt, iterations, keylen, digest)`
fn new_pbkdf2_job(c: &Call) -> Js<Value> {
    let (password, salt) = (copy_bytes(c.ctx, &c.arg(1))?, copy_bytes(c.ctx, &c.arg(2))?);
    let (rounds, length) = (c.number(3) as u32, c.number(4) as usize);
    let name = c.text(5)?;
    let digest = Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
    let blocks = length.div_ceil(digest.length) as u64;
    let cost_ns = 5_000 + costs::PBKDF2_ROUND_NS * u64::from(rounds) * blocks;
    job::construct(c, "PBKDF2REQUEST", cost_ns, move |ctx| {
        Ok(new_array_buffer(
            ctx,
            &digest.pbkdf2(&password, &salt, rounds, length),
        ))
    })
}

/// `new ScryptJob(mode, password, salt, N, r, p, maxmem, keylen)`
fn new_scrypt_job(c: &Call) -> Js<Value> {
    let (password, salt) = (copy_bytes(c.ctx, &c.arg(1))?, copy_bytes(c.ctx, &c.arg(2))?);
    let [n, r, p, memory_max] = [3, 4, 5, 6].map(|index| c.number(index) as u64);
    let length = c.number(7) as usize;
    let invalid = |detail: &str| {
        let message = format!("Invalid scrypt params{detail}");
        throw_with_code(
            c.ctx,
            "RangeError",
            "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
            &message,
        )
    };
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 || p.saturating_mul(r) > 0x3fff_ffff {
        return Err(invalid(""));
    }
    // As OpenSSL counts it.
    let memory = (128 * r * p).saturating_add((32 * r).saturating_mul(n + 2).saturating_mul(4));
    if memory > memory_max {
        return Err(invalid(
            ": error:030000AC:digital envelope routines::memory limit exceeded",
        ));
    }
    let Ok(params) = scrypt::Params::new(n.trailing_zeros() as u8, r as u32, p as u32) else {
        return Err(invalid(""));
    };
    let cost_ns = 5_000 + costs::SCRYPT_BLOCK_NS * n * r * p;
    job::construct(c, "SCRYPTREQUEST", cost_ns, move |ctx| {
        let mut bytes = vec![0; length];
        if length > 0 && scrypt::scrypt(&password, &salt, &params, &mut bytes).is_err() {
            throw_with_code(
                ctx,
                "RangeError",
                "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
                "Invalid scrypt params",
            );
            return Err(ctx.take_exception());
        }
        Ok(new_array_buffer(ctx, &bytes))
    })
}

/// `timingSafeEqual(a, b)`
pub fn timing_safe_equal(c: &Call) -> Js<Value> {
    let sides = [c.arg(0), c.arg(1)];
    for (index, side) in sides.iter().enumerate() {
        if !super::is_bytes(c.ctx, side) {
            let message = format!(
                "The \"buf{}\" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.",
                index + 1
            );
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_INVALID_ARG_TYPE",
                &message,
            ));
        }
    }
    if bytes_of(c.ctx, &sides[0]).1 != bytes_of(c.ctx, &sides[1]).1 {
        let message = "Input buffers must have the same byte length";
        return Err(throw_with_code(
            c.ctx,
            "RangeError",
            "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
            message,
        ));
    }
    Ok(c.ctx
        .bool(copy_bytes(c.ctx, &sides[0])? == copy_bytes(c.ctx, &sides[1])?))
}
