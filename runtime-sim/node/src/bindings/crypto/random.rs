//! Random bytes and primes (`src/crypto/crypto_random.cc`). All of them are draws from the stream `crypto` of the
//! process, so that a run is its seed.

use num_bigint::BigUint;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        environment::{Environment, bytes_of, copy_bytes, new_array_buffer},
        native::{Call, Target, throw_with_code},
    },
    curve::padded,
    job, rsa,
};

pub fn initialize(t: &Target) {
    job::complete(&t.class("RandomBytesJob", new_random_bytes_job));
    job::complete(&t.class("RandomPrimeJob", new_random_prime_job));
    job::complete(&t.class("CheckPrimeJob", |c| {
        let candidate = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(1))?);
        let cost_ns = rsa_cost_ns(candidate.bits()) / 50;
        job::construct(c, "CHECKPRIMEREQUEST", cost_ns, move |ctx| {
            Ok(ctx.bool(rsa::is_prime(&candidate)))
        })
    }));
}

pub fn fill(ctx: Ctx, bytes: &mut [u8]) {
    Environment::of(ctx).draw("crypto", |stream| {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&stream.next_u64().to_le_bytes()[..chunk.len()]);
        }
    });
}

pub fn bytes(ctx: Ctx, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill(ctx, &mut bytes);
    bytes
}

/// `new RandomBytesJob(mode, buffer, offset, size)`
fn new_random_bytes_job(c: &Call) -> Js<Value> {
    let buffer = c.arg(1);
    let (offset, size) = (c.number(2) as usize, c.number(3) as usize);
    let cost_ns = costs::RANDOM_NS + costs::DIGEST_BYTE_NS * size as u64;
    job::construct(c, "RANDOMBYTESREQUEST", cost_ns, move |ctx| {
        let (start, length) = bytes_of(ctx, &buffer);
        if !start.is_null() && offset <= length {
            // SAFETY: within the buffer, which the job keeps.
            let part = unsafe {
                std::slice::from_raw_parts_mut(start.add(offset), size.min(length - offset))
            };
            fill(ctx, part);
        }
        Ok(ctx.undefined())
    })
}

/// Virtual time for a prime or a key pair of so many bits.
pub fn rsa_cost_ns(bits: u64) -> u64 {
    10_000 + costs::RSA_KEY_NS / 2048 * bits / 2048 * bits / 2048 * bits
}

/// `new RandomPrimeJob(mode, size, safe, add, rem)`
fn new_random_prime_job(c: &Call) -> Js<Value> {
    let (bits, safe) = (c.number(1) as u64, c.truthy(2));
    let part = |index: usize| -> Js<Option<BigUint>> {
        let value = c.arg(index);
        if value.is_object() {
            Ok(Some(BigUint::from_bytes_be(&copy_bytes(c.ctx, &value)?)))
        } else {
            Ok(None)
        }
    };
    let (add, remainder) = (part(3)?, part(4)?);
    let invalid = |name: &str| {
        throw_with_code(
            c.ctx,
            "RangeError",
            "ERR_OUT_OF_RANGE",
            &format!("invalid options.{name}"),
        )
    };
    if let Some(add) = &add {
        if add.bits() > bits {
            return Err(invalid("add"));
        }
        if remainder.as_ref().is_some_and(|remainder| remainder >= add) {
            return Err(invalid("rem"));
        }
    }
    job::construct(c, "RANDOMPRIMEREQUEST", rsa_cost_ns(bits), move |ctx| {
        let remainder = remainder.unwrap_or_else(|| BigUint::from(if safe { 3_u32 } else { 1 }));
        let step = add
            .as_ref()
            .filter(|add| **add != BigUint::ZERO)
            .map(|add| (&remainder, add));
        let found = if safe {
            rsa::safe_prime(ctx, bits, step)
        } else {
            rsa::prime(ctx, bits, false, step)
        };
        Ok(new_array_buffer(
            ctx,
            &padded(&found, bits.div_ceil(8) as usize),
        ))
    })
}
