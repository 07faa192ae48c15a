//! RSA over big integers, with the paddings of PKCS #1 (RFC 8017), and the primes for it and for Diffie-Hellman.
//!
//! For the reasons that [`super::curve`] gives, this is arithmetic and no crate: Node also asks for what a careful crate
//! refuses, such as short keys and raw RSA.

use num_bigint::BigUint;

use crate::engine::value::Ctx;

use super::{
    curve::padded,
    der,
    digest::Digest,
    errors::{self, OpenSsl},
    random,
};

#[derive(Clone, PartialEq)]
pub struct Public {
    pub n: BigUint,
    pub e: BigUint,
}

#[derive(Clone, PartialEq)]
pub struct Private {
    pub d: BigUint,
    pub p: BigUint,
    pub q: BigUint,
    pub dp: BigUint,
    pub dq: BigUint,
    pub qi: BigUint,
}

/// What a key of type `rsa-pss` may be used with.
#[derive(Clone, PartialEq)]
pub struct PssLimits {
    pub digest: Digest,
    pub mask: Digest,
    pub salt_length: usize,
}

pub const PADDING_PKCS1: i32 = 1;
pub const PADDING_NONE: i32 = 3;
pub const PADDING_OAEP: i32 = 4;
pub const PADDING_PSS: i32 = 6;

pub const SALT_LENGTH_DIGEST: i32 = -1;
pub const SALT_LENGTH_MAX: i32 = -2;

impl Public {
    /// Bytes of the modulus.
    pub fn width(&self) -> usize {
        (self.n.bits() as usize).div_ceil(8)
    }

    pub fn apply(&self, block: &[u8]) -> Vec<u8> {
        padded(
            &BigUint::from_bytes_be(block).modpow(&self.e, &self.n),
            self.width(),
        )
    }
}

impl Private {
    pub fn of_primes(p: BigUint, q: BigUint, e: &BigUint) -> Option<Self> {
        let (p1, q1) = (&p - 1_u32, &q - 1_u32);
        let common = greatest_common_divisor(&p1, &q1);
        let d = e.modinv(&(&p1 * &q1 / common))?;
        Some(Self {
            dp: &d % p1,
            dq: &d % q1,
            qi: q.modinv(&p)?,
            d,
            p,
            q,
        })
    }

    pub fn apply(&self, public: &Public, block: &[u8]) -> Vec<u8> {
        let number = BigUint::from_bytes_be(block);
        let (a, b) = (
            number.modpow(&self.dp, &self.p),
            number.modpow(&self.dq, &self.q),
        );
        let difference = if a >= b {
            a - &b
        } else {
            &self.p - (&b - a) % &self.p
        };
        padded(
            &(&b + difference * &self.qi % &self.p * &self.q),
            public.width(),
        )
    }
}

fn greatest_common_divisor(a: &BigUint, b: &BigUint) -> BigUint {
    let (mut a, mut b) = (a.clone(), b.clone());
    while b != BigUint::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    a
}

/// A new pair; `None` for an exponent that no pair can have.
pub fn generate(ctx: Ctx, bits: u64, e: &BigUint) -> Option<(Public, Private)> {
    if !e.bit(0) || e.bits() < 2 || bits < 16 {
        return None;
    }
    loop {
        let p = prime(ctx, bits.div_ceil(2), true, None);
        let q = prime(ctx, bits / 2, true, None);
        let n = &p * &q;
        if p != q && n.bits() == bits {
            let (p, q) = if p > q { (p, q) } else { (q, p) };
            if let Some(private) = Private::of_primes(p, q, e) {
                return Some((Public { n, e: e.clone() }, private));
            }
        }
    }
}

const SMALL_PRIMES: [u32; 60] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281,
];

pub fn is_prime(number: &BigUint) -> bool {
    for small in SMALL_PRIMES {
        if *number == small.into() {
            return true;
        }
        if number % small == BigUint::ZERO {
            return false;
        }
    }
    if *number < 2_u32.into() {
        return false;
    }
    let (one, less) = (BigUint::from(1_u32), number - 1_u32);
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    // Miller and Rabin; the first twelve primes are proof up to 2^81, and overwhelming beyond.
    SMALL_PRIMES[..12].iter().all(|base| {
        let mut power = BigUint::from(*base).modpow(&odd, number);
        if power == one || power == less {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % number;
            power == less
        })
    })
}

/// A random prime of exactly so many bits; with `both_top_bits` the product of two has all its bits. `step` is what it
/// must be congruent to, and modulo what.
pub fn prime(
    ctx: Ctx,
    bits: u64,
    both_top_bits: bool,
    step: Option<(&BigUint, &BigUint)>,
) -> BigUint {
    loop {
        let candidate = candidate(ctx, bits, both_top_bits, step);
        if !has_small_factor(&candidate) && is_prime(&candidate) {
            return candidate;
        }
    }
}

fn candidate(
    ctx: Ctx,
    bits: u64,
    both_top_bits: bool,
    step: Option<(&BigUint, &BigUint)>,
) -> BigUint {
    loop {
        let mut candidate = BigUint::from_bytes_be(&random::bytes(ctx, bits.div_ceil(8) as usize));
        candidate &= (BigUint::from(1_u32) << bits) - 1_u32;
        candidate.set_bit(bits - 1, true);
        if both_top_bits && bits > 1 {
            candidate.set_bit(bits - 2, true);
        }
        match step {
            Some((remainder, modulus)) => {
                candidate = &candidate - &candidate % modulus + remainder;
                if candidate.bits() != bits {
                    continue;
                }
            }
            None if bits > 2 => candidate.set_bit(0, true),
            None => {}
        }
        return candidate;
    }
}

/// Cheap beside what [`is_prime`] does with a large number.
fn has_small_factor(number: &BigUint) -> bool {
    number.bits() > 64
        && (3_u32..4096)
            .step_by(2)
            .any(|small| number % small == BigUint::ZERO)
}

/// Like [`prime`], and half of it is one, too.
pub fn safe_prime(ctx: Ctx, bits: u64, step: Option<(&BigUint, &BigUint)>) -> BigUint {
    loop {
        let found = candidate(ctx, bits, false, step);
        let half = &found >> 1_u32;
        let sieved = has_small_factor(&found) || has_small_factor(&half);
        if !sieved && is_prime(&half) && is_prime(&found) {
            return found;
        }
    }
}

/// A message in a block for [`Public::apply`], by PKCS #1 1.5 or OAEP, or as it is.
pub fn pad_to_encrypt(
    ctx: Ctx,
    public: &Public,
    padding: i32,
    oaep: &Oaep,
    data: &[u8],
) -> Result<Vec<u8>, OpenSsl> {
    let width = public.width();
    match padding {
        PADDING_PKCS1 => {
            if data.len() + 11 > width {
                return Err(errors::DATA_TOO_LARGE_FOR_KEY_SIZE);
            }
            let mut filler = random::bytes(ctx, width - data.len() - 3);
            filler
                .iter_mut()
                .filter(|byte| **byte == 0)
                .for_each(|byte| *byte = 1);
            Ok([&[0, 2], &filler[..], &[0], data].concat())
        }
        PADDING_OAEP => {
            let size = oaep.digest.length;
            if data.len() + 2 * size + 2 > width {
                return Err(errors::DATA_TOO_LARGE_FOR_KEY_SIZE);
            }
            let filler = vec![0; width - data.len() - 2 * size - 2];
            let mut body = [&oaep.digest.of(&[&oaep.label])[..], &filler, &[1], data].concat();
            let mut seed = random::bytes(ctx, size);
            mix(&mut body, &oaep.digest.mgf1(&seed, width - size - 1));
            mix(&mut seed, &oaep.digest.mgf1(&body, size));
            Ok([vec![0], seed, body].concat())
        }
        PADDING_NONE => raw(public, data),
        _ => Err(errors::ILLEGAL_PADDING),
    }
}

pub fn raw(public: &Public, data: &[u8]) -> Result<Vec<u8>, OpenSsl> {
    match data.len().cmp(&public.width()) {
        std::cmp::Ordering::Greater => Err(errors::DATA_TOO_LARGE_FOR_KEY_SIZE),
        std::cmp::Ordering::Less => Err(errors::DATA_TOO_SMALL_FOR_KEY_SIZE),
        std::cmp::Ordering::Equal if BigUint::from_bytes_be(data) >= public.n => {
            Err(errors::DATA_TOO_LARGE_FOR_MODULUS)
        }
        std::cmp::Ordering::Equal => Ok(data.to_vec()),
    }
}

pub struct Oaep {
    pub digest: Digest,
    pub label: Vec<u8>,
}

impl Oaep {
    pub fn unpad(&self, block: &[u8]) -> Option<Vec<u8>> {
        let size = self.digest.length;
        if block.len() < 2 * size + 2 || block[0] != 0 {
            return None;
        }
        let (mut seed, mut body) = (block[1..=size].to_vec(), block[size + 1..].to_vec());
        mix(&mut seed, &self.digest.mgf1(&body, size));
        let length = body.len();
        mix(&mut body, &self.digest.mgf1(&seed, length));
        if body[..size] != self.digest.of(&[&self.label]) {
            return None;
        }
        let start = size + body[size..].iter().position(|byte| *byte != 0)?;
        (body[start] == 1).then(|| body[start + 1..].to_vec())
    }
}

/// Block type 1, for signatures: the data of `privateEncrypt`, or a digest in its DER.
pub fn pad_to_sign(public: &Public, data: &[u8]) -> Option<Vec<u8>> {
    let width = public.width();
    (data.len() + 11 <= width)
        .then(|| [&[0, 1], &vec![0xff; width - data.len() - 3][..], &[0], data].concat())
}

pub fn unpad_signed(block: &[u8]) -> Option<Vec<u8>> {
    if block.len() < 11 || block[..2] != [0, 1] {
        return None;
    }
    let end = 2 + block[2..].iter().position(|byte| *byte != 0xff)?;
    (end >= 10 && block[end] == 0).then(|| block[end + 1..].to_vec())
}

/// The digest with its name, as PKCS #1 1.5 signs it.
pub fn digest_info(digest: &Digest, hash: &[u8]) -> Vec<u8> {
    if digest.identifier.is_empty() {
        return hash.to_vec();
    }
    der::sequence(&[
        der::sequence(&[der::object(digest.identifier), der::null()]),
        der::octets(hash),
    ])
}

/// EMSA-PSS.
pub fn pad_pss(
    public: &Public,
    digest: &Digest,
    mask: &Digest,
    hash: &[u8],
    salt: &[u8],
) -> Option<Vec<u8>> {
    let bits = public.n.bits() as usize - 1;
    let length = bits.div_ceil(8);
    if length < digest.length + salt.len() + 2 {
        return None;
    }
    let check = digest.of(&[&[0; 8], hash, salt]);
    let mut body = [
        &vec![0; length - salt.len() - digest.length - 2][..],
        &[1],
        salt,
    ]
    .concat();
    let size = body.len();
    mix(&mut body, &mask.mgf1(&check, size));
    body[0] &= 0xff >> (8 * length - bits);
    let block = [&body[..], &check, &[0xbc]].concat();
    Some([vec![0; public.width() - length], block].concat())
}

/// The most that a salt can have.
pub fn salt_length_max(public: &Public, digest: &Digest) -> usize {
    (public.n.bits() as usize - 1)
        .div_ceil(8)
        .saturating_sub(digest.length + 2)
}

/// `salt_length` is `None` where any will do.
pub fn check_pss(
    public: &Public,
    digest: &Digest,
    mask: &Digest,
    hash: &[u8],
    block: &[u8],
    salt_length: Option<usize>,
) -> bool {
    let bits = public.n.bits() as usize - 1;
    let length = bits.div_ceil(8);
    let block = &block[public.width() - length..];
    if length < digest.length + 2 || block[length - 1] != 0xbc {
        return false;
    }
    let (body, check) = block[..length - 1].split_at(length - digest.length - 1);
    let mut body = body.to_vec();
    let size = body.len();
    mix(&mut body, &mask.mgf1(check, size));
    body[0] &= 0xff >> (8 * length - bits);
    let Some(start) = body.iter().position(|byte| *byte != 0) else {
        return false;
    };
    let salt = &body[start + 1..];
    body[start] == 1
        && salt_length.is_none_or(|length| length == salt.len())
        && digest.of(&[&[0; 8], hash, salt]) == check
}

fn mix(bytes: &mut [u8], mask: &[u8]) {
    bytes
        .iter_mut()
        .zip(mask)
        .for_each(|(byte, mask)| *byte ^= mask);
}
