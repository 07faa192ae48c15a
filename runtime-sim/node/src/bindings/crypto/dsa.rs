//! DSA (FIPS 186-4), which is out of use, but which keys of old still name.

use num_bigint::BigUint;

use crate::engine::value::Ctx;

use super::{agreement::scalar, rsa};

/// The domain (a prime, the prime order of a subgroup, a generator of it) and the public key.
#[derive(Clone, PartialEq)]
pub struct Public {
    pub p: BigUint,
    pub q: BigUint,
    pub g: BigUint,
    pub y: BigUint,
}

impl Public {
    /// Bytes of each half of a signature.
    pub fn width(&self) -> usize {
        self.q.bits().div_ceil(8) as usize
    }

    fn truncated(&self, hash: &[u8]) -> BigUint {
        let given = 8 * hash.len() as u64;
        BigUint::from_bytes_be(hash) >> given.saturating_sub(self.q.bits())
    }

    /// `None` for one of the few nonces that give nothing.
    pub fn sign(
        &self,
        private: &BigUint,
        hash: &[u8],
        nonce: &BigUint,
    ) -> Option<(BigUint, BigUint)> {
        let r = self.g.modpow(nonce, &self.p) % &self.q;
        let s = nonce.modinv(&self.q)? * (self.truncated(hash) + private * &r) % &self.q;
        (r != BigUint::ZERO && s != BigUint::ZERO).then_some((r, s))
    }

    pub fn verify(&self, hash: &[u8], r: &BigUint, s: &BigUint) -> bool {
        if *r == BigUint::ZERO || *r >= self.q || *s >= self.q {
            return false;
        }
        let Some(inverse) = s.modinv(&self.q) else {
            return false;
        };
        let u = self.truncated(hash) * &inverse % &self.q;
        let v = r * inverse % &self.q;
        self.g.modpow(&u, &self.p) * self.y.modpow(&v, &self.p) % &self.p % &self.q == *r
    }
}

/// A new domain and pair; `None` for sizes that OpenSSL refuses.
pub fn generate(ctx: Ctx, bits: u64, divisor_bits: u64) -> Option<(Public, BigUint)> {
    if bits < 512 || !matches!(divisor_bits, 160 | 224 | 256) {
        return None;
    }
    let q = rsa::prime(ctx, divisor_bits, false, None);
    let p = rsa::prime(ctx, bits, false, Some((&1_u32.into(), &(&q << 1_u32))));
    let cofactor = (&p - 1_u32) / &q;
    let g = (2_u32..)
        .map(|base| BigUint::from(base).modpow(&cofactor, &p))
        .find(|g| *g > 1_u32.into())?;
    let private = scalar(ctx, &q);
    let y = g.modpow(&private, &p);
    Some((Public { p, q, g, y }, private))
}
