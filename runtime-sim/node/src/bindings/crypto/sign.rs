//! Signatures and encryption with key pairs, and new pairs (`src/crypto/crypto_{sig,rsa,keygen}.cc`, the second half of
//! `crypto_cipher.cc`).

use std::cell::RefCell;

use num_bigint::BigUint;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        environment::{copy_bytes, new_array_buffer},
        native::{Call, Target, throw_with_code},
    },
    agreement,
    curve::{Curve, Named, padded},
    der::{self, Reader},
    digest::{Digest, State},
    dsa,
    errors::{self, OpenSsl},
    hash::text_or_bytes,
    job,
    keys::{self, Key, KeyHandle, PairEncoding, Private, Public},
    new_buffer, random, rsa,
};

struct Signer(RefCell<Option<(Digest, Box<dyn State>)>>);

pub fn initialize(t: &Target) {
    for (name, finish) in [("Sign", true), ("Verify", false)] {
        let class = t.class(name, |c| c.construct(Signer(RefCell::default())));
        class
            .with("init", |c| {
                let digest = Digest::by_name(&c.text(0)?).ok_or_else(|| {
                    throw_with_code(
                        c.ctx,
                        "TypeError",
                        "ERR_CRYPTO_INVALID_DIGEST",
                        "Invalid digest",
                    )
                })?;
                *c.state::<Signer>()?.0.borrow_mut() = Some((digest, digest.begin()));
                c.undefined()
            })
            .with("update", |c| {
                let bytes = text_or_bytes(c.ctx, &c.arg(0), &c.arg(1))?;
                c.env().spend_ns(costs::DIGEST_BYTE_NS * bytes.len() as u64);
                if let Some((_, state)) = c.state::<Signer>()?.0.borrow_mut().as_mut() {
                    state.update(&bytes);
                }
                c.undefined()
            });
        if finish {
            class.with("sign", sign);
        } else {
            class.with("verify", verify);
        }
    }
    job::complete(&t.class("SignJob", new_sign_job));
    t.with("publicEncrypt", public_encrypt)
        .with("privateDecrypt", private_decrypt)
        .with("privateEncrypt", private_encrypt)
        .with("publicDecrypt", public_decrypt);
    job::complete(&t.class("RSACipherJob", new_rsa_cipher_job));
    job::complete(&t.class("RsaKeyPairGenJob", new_rsa_pair_job));
    job::complete(&t.class("DsaKeyPairGenJob", new_dsa_pair_job));
    job::complete(&t.class("EcKeyPairGenJob", new_ec_pair_job));
    job::complete(&t.class("NidKeyPairGenJob", new_named_pair_job));
}

/// How a signature is made: what `sign` and `verify` are given besides the key.
#[derive(Clone, Copy)]
pub struct Options {
    pub padding: Option<i32>,
    pub salt_length: Option<i32>,
    /// Both numbers of ECDSA one behind the other, not in DER.
    pub flat: bool,
}

impl Options {
    pub const DEFAULT: Self = Self {
        padding: None,
        salt_length: None,
        flat: false,
    };

    fn of(c: &Call, padding: usize, salt_length: usize, encoding: usize) -> Self {
        let number = |index: usize| c.arg(index).is_number().then(|| c.number(index) as i32);
        Self {
            padding: number(padding),
            salt_length: number(salt_length),
            flat: number(encoding) == Some(1),
        }
    }
}

fn sign(c: &Call) -> Js<Value> {
    let taken = c.state::<Signer>()?.0.borrow_mut().take();
    let Some((digest, state)) = taken else {
        return Err(errors::plain(c.ctx, "Not initialised"));
    };
    let key = keys::private_of(c, 0)?;
    refuse_one_shot(c.ctx, &key)?;
    c.env().spend_ns(costs::ASYMMETRIC_NS);
    let hash = state.finish(digest.length);
    let signature = sign_hash(c.ctx, &key, &digest, &hash, Options::of(c, 4, 5, 6))
        .map_err(|error| error.throw(c.ctx))?;
    Ok(new_buffer(c.ctx, &signature))
}

/// `verify(data, format, type, passphrase, signature, padding, saltLength, encoding)`
fn verify(c: &Call) -> Js<Value> {
    let taken = c.state::<Signer>()?.0.borrow_mut().take();
    let Some((digest, state)) = taken else {
        return Err(errors::plain(c.ctx, "Not initialised"));
    };
    let key = keys::any_of(c, 0)?;
    refuse_one_shot(c.ctx, &key)?;
    let signature = copy_bytes(c.ctx, &c.arg(4))?;
    c.env().spend_ns(costs::ASYMMETRIC_NS);
    let hash = state.finish(digest.length);
    let valid = verify_hash(&key, &digest, &hash, &signature, Options::of(c, 5, 6, 7))
        .map_err(|error| error.throw(c.ctx))?;
    Ok(c.ctx.bool(valid))
}

/// Ed25519 and Ed448 sign the whole message at once.
fn refuse_one_shot(ctx: Ctx, key: &Key) -> Js<()> {
    match key {
        Key::Pair(Public::Named(named, _), _) if named.signs() => {
            Err(errors::unsupported_operation(ctx))
        }
        _ => Ok(()),
    }
}

pub fn sign_hash(
    ctx: Ctx,
    key: &Key,
    digest: &Digest,
    hash: &[u8],
    options: Options,
) -> Result<Vec<u8>, OpenSsl> {
    match key {
        Key::Pair(Public::Rsa(public, limited), Some(Private::Rsa(private))) => {
            let default = if limited.is_some() {
                rsa::PADDING_PSS
            } else {
                rsa::PADDING_PKCS1
            };
            let block = match options.padding.unwrap_or(default) {
                rsa::PADDING_PKCS1 if limited.is_none() => {
                    rsa::pad_to_sign(public, &rsa::digest_info(digest, hash))
                }
                rsa::PADDING_PSS => {
                    let limits = limited.as_ref().and_then(Option::as_ref);
                    let length = match options.salt_length {
                        Some(rsa::SALT_LENGTH_DIGEST) => digest.length,
                        Some(rsa::SALT_LENGTH_MAX) => rsa::salt_length_max(public, digest),
                        Some(length) => length as usize,
                        None => limits.map_or_else(
                            || rsa::salt_length_max(public, digest),
                            |limits| limits.salt_length,
                        ),
                    };
                    if limits.is_some_and(|limits| length < limits.salt_length) {
                        return Err(errors::PSS_SALTLEN_TOO_SMALL);
                    }
                    if limits.is_some_and(|limits| limits.digest != *digest) {
                        return Err(errors::DIGEST_NOT_ALLOWED);
                    }
                    let mask = limits.map_or(*digest, |limits| limits.mask);
                    rsa::pad_pss(public, digest, &mask, hash, &random::bytes(ctx, length))
                }
                _ => return Err(errors::ILLEGAL_PADDING),
            };
            let too_big = errors::DIGEST_TOO_BIG_FOR_RSA_KEY
                .over(&["error:1C880004:Provider routines::RSA lib"]);
            Ok(private.apply(public, &block.ok_or(too_big)?))
        }
        Key::Pair(Public::Ec(curve, ..), Some(Private::Ec(private))) => loop {
            let nonce = agreement::scalar(ctx, &curve.order());
            if let Some(pair) = curve.sign(private, hash, &nonce) {
                return Ok(write_pair(pair, curve.scalar_width(), options));
            }
        },
        Key::Pair(Public::Dsa(public), Some(Private::Dsa(private))) => loop {
            let nonce = agreement::scalar(ctx, &public.q);
            if let Some(pair) = public.sign(private, hash, &nonce) {
                return Ok(write_pair(pair, public.width(), options));
            }
        },
        _ => Err(errors::UNSUPPORTED_KEY_OPERATION),
    }
}

pub fn verify_hash(
    key: &Key,
    digest: &Digest,
    hash: &[u8],
    signature: &[u8],
    options: Options,
) -> Result<bool, OpenSsl> {
    match key {
        Key::Pair(Public::Rsa(public, limited), _) => {
            if signature.len() != public.width() || BigUint::from_bytes_be(signature) >= public.n {
                return Ok(false);
            }
            let block = public.apply(signature);
            let default = if limited.is_some() {
                rsa::PADDING_PSS
            } else {
                rsa::PADDING_PKCS1
            };
            match options.padding.unwrap_or(default) {
                rsa::PADDING_PKCS1 if limited.is_none() => Ok(rsa::unpad_signed(&block)
                    .is_some_and(|data| data == rsa::digest_info(digest, hash))),
                rsa::PADDING_PSS => {
                    let limits = limited.as_ref().and_then(Option::as_ref);
                    let length = match options.salt_length {
                        Some(rsa::SALT_LENGTH_DIGEST) => Some(digest.length),
                        Some(length) if length >= 0 => Some(length as usize),
                        _ => None,
                    };
                    if let (Some(length), Some(limits)) = (length, limits)
                        && length < limits.salt_length
                    {
                        return Err(errors::PSS_SALTLEN_TOO_SMALL);
                    }
                    if limits.is_some_and(|limits| limits.digest != *digest) {
                        return Err(errors::DIGEST_NOT_ALLOWED);
                    }
                    let mask = limits.map_or(*digest, |limits| limits.mask);
                    Ok(rsa::check_pss(public, digest, &mask, hash, &block, length))
                }
                _ => Err(errors::ILLEGAL_PADDING),
            }
        }
        Key::Pair(Public::Ec(curve, point, _), _) => {
            let pair = read_pair(signature, curve.scalar_width(), options);
            Ok(pair.is_some_and(|(r, s)| curve.verify(point, hash, &r, &s)))
        }
        Key::Pair(Public::Dsa(public), _) => {
            let pair = read_pair(signature, public.width(), options);
            Ok(pair.is_some_and(|(r, s)| public.verify(hash, &r, &s)))
        }
        _ => Err(errors::UNSUPPORTED_KEY_OPERATION),
    }
}

/// A signature that is two numbers: in DER, or each so many bytes wide.
fn write_pair((r, s): (BigUint, BigUint), width: usize, options: Options) -> Vec<u8> {
    if options.flat {
        [padded(&r, width), padded(&s, width)].concat()
    } else {
        der::sequence(&[der::integer(&r), der::integer(&s)])
    }
}

fn read_pair(signature: &[u8], width: usize, options: Options) -> Option<(BigUint, BigUint)> {
    if options.flat {
        (signature.len() == 2 * width).then(|| {
            let (r, s) = signature.split_at(width);
            (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s))
        })
    } else {
        let mut pair = Reader(signature).sequence()?;
        Some((pair.integer()?, pair.integer()?))
    }
}

/// `new SignJob(mode, signMode, data, format, type, passphrase, data, digest, saltLength, padding, encoding, signature)`
fn new_sign_job(c: &Call) -> Js<Value> {
    let verifies = c.number(1) == 1.0;
    let key = if verifies {
        keys::any_of(c, 2)?
    } else {
        keys::private_of(c, 2)?
    };
    let data = copy_bytes(c.ctx, &c.arg(6))?;
    let digest = if c.arg(7).is_string() {
        let name = c.text(7)?;
        Some(Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?)
    } else {
        None
    };
    let options = Options::of(c, 9, 8, 10);
    let signature = if verifies {
        copy_bytes(c.ctx, &c.arg(11))?
    } else {
        Vec::new()
    };
    job::construct(c, "SIGNREQUEST", costs::ASYMMETRIC_NS, move |ctx| {
        let named = match &*key {
            Key::Pair(Public::Named(named, public), private) => Some((*named, public, private)),
            _ => None,
        };
        if let Some((named, public, private)) = named {
            if !named.signs() {
                return Err(errors::UNSUPPORTED_KEY_OPERATION.error(ctx));
            }
            if digest.is_some() {
                return Err(errors::INVALID_DIGEST.error(ctx));
            }
            return Ok(match private {
                _ if verifies => ctx.bool(named.verify(public, &data, &signature)),
                Some(Private::Named(private)) => new_array_buffer(ctx, &named.sign(private, &data)),
                _ => return Err(errors::UNSUPPORTED_KEY_OPERATION.error(ctx)),
            });
        }
        let digest =
            digest.unwrap_or_else(|| Digest::by_name("sha256").expect("it is in the table"));
        let hash = digest.of(&[&data]);
        let done = if verifies {
            verify_hash(&key, &digest, &hash, &signature, options).map(|valid| ctx.bool(valid))
        } else {
            sign_hash(ctx, &key, &digest, &hash, options)
                .map(|signature| new_array_buffer(ctx, &signature))
        };
        done.map_err(|error| error.error(ctx))
    })
}

/// The arguments behind the key: `buffer, padding, oaepHash, oaepLabel`.
fn cipher_options(c: &Call) -> Js<(Vec<u8>, i32, rsa::Oaep)> {
    let name = if c.arg(6).is_string() {
        c.text(6)?
    } else {
        "sha1".to_owned()
    };
    let digest = Digest::by_name(&name).ok_or_else(|| {
        throw_with_code(
            c.ctx,
            "Error",
            "ERR_OSSL_EVP_INVALID_DIGEST",
            "Invalid digest used",
        )
    })?;
    let label = if c.arg(7).is_object() {
        copy_bytes(c.ctx, &c.arg(7))?
    } else {
        Vec::new()
    };
    c.env().spend_ns(costs::ASYMMETRIC_NS);
    Ok((
        copy_bytes(c.ctx, &c.arg(4))?,
        c.number(5) as i32,
        rsa::Oaep { digest, label },
    ))
}

fn public_side(ctx: Ctx, key: &Key) -> Js<rsa::Public> {
    match key {
        Key::Pair(Public::Rsa(_, Some(_)), _) => Err(errors::WRONG_KEY_TYPE.throw(ctx)),
        Key::Pair(Public::Rsa(public, _), _) => Ok(public.clone()),
        _ => Err(errors::UNSUPPORTED_KEY_OPERATION.throw(ctx)),
    }
}

fn private_side(ctx: Ctx, key: &Key) -> Js<rsa::Private> {
    match key {
        Key::Pair(_, Some(Private::Rsa(private))) => Ok(private.clone()),
        _ => Err(errors::UNSUPPORTED_KEY_OPERATION.throw(ctx)),
    }
}

fn public_encrypt(c: &Call) -> Js<Value> {
    let public = public_side(c.ctx, &*keys::any_of(c, 0)?)?;
    let (data, padding, oaep) = cipher_options(c)?;
    let block = rsa::pad_to_encrypt(c.ctx, &public, padding, &oaep, &data)
        .map_err(|error| error.throw(c.ctx))?;
    Ok(new_buffer(c.ctx, &public.apply(&block)))
}

fn private_decrypt(c: &Call) -> Js<Value> {
    let key = keys::private_of(c, 0)?;
    let (public, private) = (public_side(c.ctx, &key)?, private_side(c.ctx, &key)?);
    let (data, padding, oaep) = cipher_options(c)?;
    if padding == rsa::PADDING_PKCS1 {
        let message = "RSA_PKCS1_PADDING is no longer supported for private decryption, this can be reverted with \
                       --security-revert=CVE-2023-46809";
        return Err(throw_with_code(
            c.ctx,
            "TypeError",
            "ERR_INVALID_ARG_VALUE",
            message,
        ));
    }
    if data.len() > public.width() {
        return Err(errors::DATA_TOO_LARGE_FOR_MODULUS.throw(c.ctx));
    }
    let block = private.apply(&public, &data);
    let plain = match padding {
        rsa::PADDING_NONE => block,
        rsa::PADDING_OAEP => oaep
            .unpad(&block)
            .ok_or_else(|| errors::OAEP_DECODING.throw(c.ctx))?,
        _ => return Err(errors::ILLEGAL_PADDING.throw(c.ctx)),
    };
    Ok(new_buffer(c.ctx, &plain))
}

fn private_encrypt(c: &Call) -> Js<Value> {
    let key = keys::private_of(c, 0)?;
    let (public, private) = (public_side(c.ctx, &key)?, private_side(c.ctx, &key)?);
    let (data, padding, _) = cipher_options(c)?;
    let block = match padding {
        rsa::PADDING_NONE => rsa::raw(&public, &data),
        rsa::PADDING_PKCS1 => {
            rsa::pad_to_sign(&public, &data).ok_or(errors::DATA_TOO_LARGE_FOR_KEY_SIZE)
        }
        _ => Err(errors::ILLEGAL_PADDING),
    };
    let block = block.map_err(|error| error.throw(c.ctx))?;
    Ok(new_buffer(c.ctx, &private.apply(&public, &block)))
}

fn public_decrypt(c: &Call) -> Js<Value> {
    let public = public_side(c.ctx, &*keys::any_of(c, 0)?)?;
    let (data, padding, _) = cipher_options(c)?;
    if data.len() > public.width() {
        return Err(errors::DATA_TOO_LARGE_FOR_MODULUS.throw(c.ctx));
    }
    let block = public.apply(&data);
    let plain = match padding {
        rsa::PADDING_NONE => Ok(block),
        rsa::PADDING_PKCS1 => rsa::unpad_signed(&block).ok_or(errors::INVALID_PADDING),
        _ => Err(errors::ILLEGAL_PADDING),
    };
    Ok(new_buffer(
        c.ctx,
        &plain.map_err(|error| error.throw(c.ctx))?,
    ))
}

/// `new RSACipherJob(mode, encryptOrDecrypt, key, data, variant, hash, label)`
fn new_rsa_cipher_job(c: &Call) -> Js<Value> {
    let encrypts = c.number(1) == 0.0;
    let key = KeyHandle::of(c.ctx, &c.arg(2))?;
    let data = copy_bytes(c.ctx, &c.arg(3))?;
    let name = c.text(5)?;
    let digest = Digest::by_name(&name).ok_or_else(|| errors::invalid_digest(c.ctx, &name))?;
    let label = if c.arg(6).is_object() {
        copy_bytes(c.ctx, &c.arg(6))?
    } else {
        Vec::new()
    };
    let oaep = rsa::Oaep { digest, label };
    job::construct(c, "CIPHERREQUEST", costs::ASYMMETRIC_NS, move |ctx| {
        let done = match &*key {
            Key::Pair(Public::Rsa(public, _), _) if encrypts => {
                rsa::pad_to_encrypt(ctx, public, rsa::PADDING_OAEP, &oaep, &data)
                    .map(|block| public.apply(&block))
            }
            Key::Pair(Public::Rsa(public, _), Some(Private::Rsa(private)))
                if data.len() <= public.width() =>
            {
                oaep.unpad(&private.apply(public, &data))
                    .ok_or(errors::OAEP_DECODING)
            }
            _ => Err(errors::UNSUPPORTED_KEY_OPERATION),
        };
        done.map(|bytes| new_array_buffer(ctx, &bytes))
            .map_err(|error| error.error(ctx))
    })
}

/// `new RsaKeyPairGenJob(mode, variant, bits, exponent, [hash, mgf1Hash, saltLength], …encoding)`
fn new_rsa_pair_job(c: &Call) -> Js<Value> {
    let for_pss = c.number(1) == 1.0;
    let (bits, exponent) = (c.number(2) as u64, BigUint::from(c.number(3) as u64));
    let mut limited = for_pss.then_some(None);
    if for_pss {
        let digest = |index: usize, what: &str| -> Js<Option<Digest>> {
            if !c.arg(index).is_string() {
                return Ok(None);
            }
            let name = c.text(index)?;
            Digest::by_name(&name).map(Some).ok_or_else(|| {
                let message = format!("Invalid {what}: {name}");
                throw_with_code(c.ctx, "TypeError", "ERR_CRYPTO_INVALID_DIGEST", &message)
            })
        };
        let (hash, mask) = (digest(4, "digest")?, digest(5, "MGF1 digest")?);
        let salt_length = c.arg(6).is_number().then(|| c.number(6) as usize);
        if hash.is_some() || mask.is_some() || salt_length.is_some() {
            let sha1 = Digest::by_name("sha1").expect("it is in the table");
            let digest = hash.unwrap_or(sha1);
            limited = Some(Some(rsa::PssLimits {
                digest,
                mask: mask.unwrap_or(digest),
                salt_length: salt_length.unwrap_or(if hash.is_some() { digest.length } else { 20 }),
            }));
        }
    }
    let encoding = PairEncoding::of(c, if for_pss { 7 } else { 4 })?;
    job::construct(
        c,
        "KEYPAIRGENREQUEST",
        random::rsa_cost_ns(bits),
        move |ctx| {
            if bits < 512 {
                return Err(errors::KEY_SIZE_TOO_SMALL.bare_error(ctx));
            }
            let Some((public, private)) = rsa::generate(ctx, bits, &exponent) else {
                return Err(errors::EXPONENT_OUT_OF_RANGE.bare_error(ctx));
            };
            let key = Key::Pair(Public::Rsa(public, limited), Some(Private::Rsa(private)));
            encoding.results(ctx, key).map_err(|_| ctx.take_exception())
        },
    )
}

/// `new DsaKeyPairGenJob(mode, modulusLength, divisorLength, …encoding)`
fn new_dsa_pair_job(c: &Call) -> Js<Value> {
    let bits = c.number(1) as u64;
    // OpenSSL's choice where none was made.
    let divisor_bits = match c.number(2) {
        given if given >= 0.0 => given as u64,
        _ if bits >= 2048 => 256,
        _ => 160,
    };
    let encoding = PairEncoding::of(c, 3)?;
    job::construct(
        c,
        "KEYPAIRGENREQUEST",
        random::rsa_cost_ns(bits),
        move |ctx| {
            let Some((public, private)) = dsa::generate(ctx, bits, divisor_bits) else {
                return Err(errors::BAD_FFC_PARAMETERS.bare_error(ctx));
            };
            let key = Key::Pair(Public::Dsa(public), Some(Private::Dsa(private)));
            encoding.results(ctx, key).map_err(|_| ctx.take_exception())
        },
    )
}

/// `new EcKeyPairGenJob(mode, curve, parameterEncoding, …encoding)`
fn new_ec_pair_job(c: &Call) -> Js<Value> {
    let curve = Curve::by_name(&c.text(1)?).ok_or_else(|| errors::invalid_curve(c.ctx))?;
    let explicit = c.number(2) == 0.0;
    let encoding = PairEncoding::of(c, 3)?;
    job::construct(c, "KEYPAIRGENREQUEST", costs::CURVE_KEY_NS, move |ctx| {
        let private = agreement::scalar(ctx, &curve.order());
        let point = curve
            .public_of(&private)
            .expect("the scalar is below the order");
        let key = Key::Pair(
            Public::Ec(curve, point, explicit),
            Some(Private::Ec(private)),
        );
        encoding.results(ctx, key).map_err(|_| ctx.take_exception())
    })
}

/// `new NidKeyPairGenJob(mode, id, …encoding)`
fn new_named_pair_job(c: &Call) -> Js<Value> {
    let id = c.number(1) as u32;
    let named = Named::ALL
        .into_iter()
        .find(|named| named.nid() == id)
        .ok_or_else(|| errors::unsupported_operation(c.ctx))?;
    let encoding = PairEncoding::of(c, 2)?;
    job::construct(c, "KEYPAIRGENREQUEST", costs::CURVE_KEY_NS, move |ctx| {
        let key = keys::named_pair(named, random::bytes(ctx, named.width()));
        encoding.results(ctx, key).map_err(|_| ctx.take_exception())
    })
}
