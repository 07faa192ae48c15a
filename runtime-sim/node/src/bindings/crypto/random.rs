//! Random bytes and primes (`src/crypto/crypto_random.cc`). All of them are draws from the stream `crypto` of the
//! process, so that a run is its seed.

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        environment::{Environment, bytes_of},
        native::{Call, Target},
    },
    job,
};

pub fn initialize(t: &Target) {
    job::complete(&t.class("RandomBytesJob", new_random_bytes_job));
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
            let part = unsafe { std::slice::from_raw_parts_mut(start.add(offset), size.min(length - offset)) };
            fill(ctx, part);
        }
        Ok(ctx.undefined())
    })
}
