//! Keys behind `KeyObject`: secret ones, and pairs of RSA, of elliptic curves and of Diffie-Hellman, read from and
//! written to PEM, DER and JSON (`src/crypto/crypto_keys.cc`, `crypto_rsa.cc`, `crypto_ec.cc`).
//!
//! Encrypted private keys are those of PBES2 with PBKDF2 and AES in CBC mode, and of PEM's old encryption with the
//! same. DSA is left out.

use std::{cell::RefCell, rc::Rc};

use num_bigint::BigUint;
use rquickjs::qjs;

use crate::{
    bindings::messaging,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        buffer::{Encoding, encode, to_base64},
        environment::{Environment, copy_bytes, new_array_buffer},
        native::{Call, Target, class, state_of, throw_with_code},
    },
    cipher::KeyCipher,
    curve::{Curve, Form, Named, Point, padded},
    der::{self, Pem, Reader},
    digest::Digest,
    dsa,
    errors::{self, OpenSsl},
    job, new_buffer, random, rsa,
    x509::Certificate,
};

/// The public side of a pair.
#[derive(Clone, PartialEq)]
pub enum Public {
    Rsa(rsa::Public, Option<Limited>),
    /// With whether its parameters are written out.
    Ec(&'static Curve, Point, bool),
    Named(Named, Vec<u8>),
    Dsa(dsa::Public),
    Dh {
        prime: BigUint,
        generator: BigUint,
        key: BigUint,
    },
}

/// A key of type `rsa-pss`, with its limits if it has any.
pub type Limited = Option<rsa::PssLimits>;

#[derive(Clone, PartialEq)]
pub enum Private {
    Rsa(rsa::Private),
    Ec(BigUint),
    Named(Vec<u8>),
    Dsa(BigUint),
    Dh(BigUint),
}

#[derive(Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "every key is behind an Rc")]
pub enum Key {
    Secret(Vec<u8>),
    Pair(Public, Option<Private>),
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
                Key::Pair(..) => Err(errors::invalid_key_type(ctx)),
            };
        }
        copy_bytes(ctx, value)
    }

    /// A new handle, from Rust.
    pub fn make(ctx: Ctx, key: Key) -> Js<Value> {
        let constructor = Environment::of(ctx)
            .kept("KeyObjectHandle")
            .unwrap_or_else(|| ctx.undefined());
        let handle = ctx.result(unsafe {
            qjs::JS_CallConstructor(ctx.0, constructor.raw(), 0, std::ptr::null_mut())
        })?;
        *state_of::<Self>(ctx, handle.raw())?.0.borrow_mut() = Some(Rc::new(key));
        Ok(handle)
    }
}

const FORMAT_DER: i32 = 0;
const ENCODING_PKCS1: i32 = 0;
const ENCODING_PKCS8: i32 = 1;
const ENCODING_SPKI: i32 = 2;
const ENCODING_SEC1: i32 = 3;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    t.class("KeyObjectHandle", |c| c.construct(KeyHandle::default()))
        .with("init", init)
        .with("getSymmetricKeySize", |c| {
            let bytes = KeyHandle::secret_of(c.ctx, &c.this())?;
            Ok(c.ctx.number(bytes.len() as f64))
        })
        .with("getAsymmetricKeyType", |c| {
            Ok(match &*KeyHandle::of(c.ctx, &c.this())? {
                Key::Pair(public, _) => c.ctx.string(type_name(public)),
                Key::Secret(_) => c.ctx.undefined(),
            })
        })
        .with("checkEcKeyData", |c| {
            Ok(c.ctx.bool(match &*KeyHandle::of(c.ctx, &c.this())? {
                Key::Pair(Public::Ec(curve, ..), Some(Private::Ec(private))) => {
                    *private < curve.order()
                }
                key => matches!(key, Key::Pair(..)),
            }))
        })
        .with("export", export)
        .with("exportJwk", export_jwk)
        .with("initJwk", init_jwk)
        .with("initECRaw", |c| {
            let Some(curve) = Curve::by_name(&c.text(0)?) else {
                return Err(errors::invalid_curve(c.ctx));
            };
            let point = curve.decode(&copy_bytes(c.ctx, &c.arg(1))?);
            let valid = point.is_some();
            if let Some(point) = point {
                set(c, Key::Pair(Public::Ec(curve, point, false), None))?;
            }
            Ok(c.ctx.bool(valid))
        })
        .with("initEDRaw", |c| {
            let name = c.text(0)?;
            let bytes = copy_bytes(c.ctx, &c.arg(1))?;
            let named = Named::ALL.into_iter().find(|named| named.jwk() == name);
            let Some(named) = named.filter(|named| named.width() == bytes.len()) else {
                return Ok(c.ctx.bool(false));
            };
            set(
                c,
                if c.number(2) == 2.0 {
                    named_pair(named, bytes)
                } else {
                    Key::Pair(Public::Named(named, bytes), None)
                },
            )?;
            Ok(c.ctx.bool(true))
        })
        .with("equals", |c| {
            let (a, b) = (
                KeyHandle::of(c.ctx, &c.this())?,
                KeyHandle::of(c.ctx, &c.arg(0))?,
            );
            Ok(c.ctx.bool(match (&*a, &*b) {
                (Key::Pair(a, _), Key::Pair(b, _)) => a == b,
                (a, b) => a == b,
            }))
        })
        .with("keyDetail", key_detail);
    let handle = ctx.get(&t.object, "KeyObjectHandle")?;
    Environment::of(ctx).keep("KeyObjectHandle", handle);
    t.with("createNativeKeyObjectClass", |c| {
        let native = class(c.ctx, "NativeKeyObject", |c| {
            // Where the library hands over a `KeyObject` for its handle, it is as good.
            let key = KeyHandle::of(c.ctx, &c.arg(0))?;
            c.construct(KeyHandle(RefCell::new(Some(key))))
        });
        let classes = c.ctx.call(&c.arg(0), &c.ctx.undefined(), &[native])?;
        c.env().keep("keyObjectClasses", classes.clone());
        Ok(classes)
    });
    Environment::of(ctx)
        .travel_hooks
        .borrow_mut()
        .push(|ctx, object| {
            let key = messaging::state::<KeyHandle>(ctx, object)?
                .0
                .borrow()
                .clone()?;
            Some(messaging::Travels {
                clones: true,
                leave: Box::new(|| Rc::new(move |ctx| key_object(ctx, &key))),
            })
        });
    job::complete(&t.class("SecretKeyGenJob", |c| {
        let bytes = c.number(1) as usize / 8;
        job::construct(c, "KEYGENREQUEST", 5_000, move |ctx| {
            KeyHandle::make(ctx, Key::Secret(random::bytes(ctx, bytes)))
                .map_err(|_| ctx.take_exception())
        })
    }));
    for name in ["RSAKeyExportJob", "ECKeyExportJob", "DHKeyExportJob"] {
        job::complete(&t.class(name, new_export_job));
    }
    Ok(())
}

/// A `KeyObject` of the library's, in whichever thread.
fn key_object(ctx: Ctx, key: &Key) -> Js<Value> {
    let env = Environment::of(ctx);
    let require = env.kept("require").unwrap_or_else(|| ctx.undefined());
    ctx.call(
        &require,
        &ctx.undefined(),
        &[ctx.string("internal/crypto/keys")],
    )?;
    let index = match key {
        Key::Secret(_) => 1,
        Key::Pair(_, None) => 2,
        Key::Pair(_, Some(_)) => 3,
    };
    let classes = env
        .kept("keyObjectClasses")
        .unwrap_or_else(|| ctx.undefined());
    let class = ctx.at(&classes, index)?;
    let handle = KeyHandle::make(ctx, key.clone())?;
    let mut args = [handle.raw()];
    ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
}

fn set(c: &Call, key: Key) -> Js<()> {
    *c.state::<KeyHandle>()?.0.borrow_mut() = Some(Rc::new(key));
    Ok(())
}

pub fn named_pair(named: Named, private: Vec<u8>) -> Key {
    Key::Pair(
        Public::Named(named, named.public_of(&private)),
        Some(Private::Named(private)),
    )
}

fn type_name(public: &Public) -> &'static str {
    match public {
        Public::Rsa(_, None) => "rsa",
        Public::Rsa(_, Some(_)) => "rsa-pss",
        Public::Ec(..) => "ec",
        Public::Dsa(_) => "dsa",
        Public::Dh { .. } => "dh",
        Public::Named(named, _) => match named {
            Named::X25519 => "x25519",
            Named::X448 => "x448",
            Named::Ed25519 => "ed25519",
            Named::Ed448 => "ed448",
        },
    }
}

/// `init(type, data, format, type, passphrase)`
fn init(c: &Call) -> Js<Value> {
    let key = match c.number(0) as i32 {
        0 => Key::Secret(copy_bytes(c.ctx, &c.arg(1))?),
        1 => {
            let key = any_of(c, 1)?;
            match &*key {
                Key::Pair(public, _) => Key::Pair(public.clone(), None),
                Key::Secret(_) => return Err(errors::invalid_key_type(c.ctx)),
            }
        }
        _ => (*private_of(c, 1)?).clone(),
    };
    set(c, key)?;
    c.undefined()
}

/// A private key in the arguments `data, format, type, passphrase`, or as a handle in the first of them.
pub fn private_of(c: &Call, at: usize) -> Js<Rc<Key>> {
    let data = c.arg(at);
    if data.is_object() && !super::is_bytes(c.ctx, &data) {
        return KeyHandle::of(c.ctx, &data);
    }
    let bytes = copy_bytes(c.ctx, &data)?;
    let passphrase = passphrase_of(c, at + 3)?;
    refuse_missing_passphrase(c, at, &bytes, passphrase.as_deref())?;
    let parsed = if c.number(at + 1) as i32 == FORMAT_DER {
        read_private_der(&bytes, c.number(at + 2) as i32, passphrase.as_deref())
    } else {
        read_private_pem(&bytes, passphrase.as_deref())
    };
    parsed.map(Rc::new).map_err(|failure| failure.throw(c.ctx))
}

/// A key of which the public side matters, in the same four arguments.
pub fn any_of(c: &Call, at: usize) -> Js<Rc<Key>> {
    let data = c.arg(at);
    if data.is_object() && !super::is_bytes(c.ctx, &data) {
        return KeyHandle::of(c.ctx, &data);
    }
    let bytes = copy_bytes(c.ctx, &data)?;
    let passphrase = passphrase_of(c, at + 3)?;
    let kind = c.number(at + 2) as i32;
    refuse_missing_passphrase(c, at, &bytes, passphrase.as_deref())?;
    let parsed = if c.number(at + 1) as i32 == FORMAT_DER {
        let public = match kind {
            ENCODING_PKCS1 => read_pkcs1_public(&bytes),
            ENCODING_SPKI => read_spki(&bytes),
            _ => None,
        };
        public.map_or_else(|| read_private_der(&bytes, kind, passphrase.as_deref()), Ok)
    } else {
        read_public_pem(&bytes).unwrap_or_else(|| read_private_pem(&bytes, passphrase.as_deref()))
    };
    parsed.map(Rc::new).map_err(|failure| failure.throw(c.ctx))
}

/// Where a key is in DER, Node itself sees that there is none.
fn refuse_missing_passphrase(
    c: &Call,
    at: usize,
    bytes: &[u8],
    passphrase: Option<&[u8]>,
) -> Js<()> {
    let is_der = c.number(at + 1) as i32 == FORMAT_DER;
    let is_pkcs8 = c.number(at + 2) as i32 == ENCODING_PKCS8;
    if is_der && is_pkcs8 && passphrase.is_none() && is_encrypted(bytes) {
        return Err(errors::missing_passphrase(c.ctx));
    }
    Ok(())
}

fn is_encrypted(pkcs8: &[u8]) -> bool {
    Reader(pkcs8)
        .sequence()
        .is_some_and(|inner| inner.tag() == Some(der::SEQUENCE))
}

fn passphrase_of(c: &Call, at: usize) -> Js<Option<Vec<u8>>> {
    let passphrase = c.arg(at);
    if passphrase.is_string() || passphrase.is_object() {
        copy_bytes(c.ctx, &passphrase).map(Some)
    } else {
        Ok(None)
    }
}

const UNSUPPORTED: OpenSsl = errors::UNSUPPORTED_DECODER;
const NESTED_ERROR: &str = "error:0688010A:asn1 encoding routines::nested asn1 error";
const BAD_HEADER: &str = "error:06800066:asn1 encoding routines::bad object header";
const HEADER_TOO_LONG: &str = "error:0680007B:asn1 encoding routines::header too long";
const BAD_PASSWORD: &str = "error:04800068:PEM routines::bad password read";
const CANCELLED: &str = "error:07880109:common libcrypto routines::interrupted or cancelled";
const NO_PASSPHRASE: &str = "error:1C80009F:Provider routines::unable to get passphrase";
const CIPHER_FINAL: &str = "error:11800074:PKCS12 routines::pkcs12 cipherfinal error";
const BAD_DECRYPT: &str = "error:1C800064:Provider routines::bad decrypt";

fn read_private_der(bytes: &[u8], kind: i32, passphrase: Option<&[u8]>) -> Result<Key, OpenSsl> {
    let found = match kind {
        ENCODING_PKCS1 => read_pkcs1_private(bytes),
        ENCODING_SEC1 => read_sec1(bytes, None),
        _ => {
            if is_encrypted(bytes) {
                return read_encrypted(bytes, passphrase).map_err(|error| {
                    if error.number == errors::BAD_DECRYPT.number {
                        error.over(&[CIPHER_FINAL])
                    } else {
                        error
                    }
                });
            } else {
                read_pkcs8(bytes)
            }
        }
    };
    found.ok_or(UNSUPPORTED)
}

pub fn read_private_pem(text: &[u8], passphrase: Option<&[u8]>) -> Result<Key, OpenSsl> {
    for Pem {
        label,
        bytes,
        encryption,
    } in der::read_pem(text)
    {
        let read = match label.as_str() {
            "PRIVATE KEY" => read_pkcs8,
            "RSA PRIVATE KEY" => read_pkcs1_private,
            "EC PRIVATE KEY" => |bytes: &[u8]| read_sec1(bytes, None),
            "DSA PRIVATE KEY" => read_dsa_private,
            "ENCRYPTED PRIVATE KEY" => return read_encrypted(&bytes, passphrase),
            _ => continue,
        };
        let Some((cipher, iv)) = encryption else {
            return read(&bytes).ok_or(if der::is_cut_off(&bytes) {
                UNSUPPORTED.over(&[NESTED_ERROR, BAD_HEADER, HEADER_TOO_LONG])
            } else {
                UNSUPPORTED
            });
        };
        let passphrase =
            passphrase.ok_or(errors::INTERRUPTED_OR_CANCELLED.over(&[BAD_PASSWORD, CANCELLED]))?;
        let cipher = KeyCipher::by_name(&cipher).ok_or(UNSUPPORTED)?;
        let key = cipher.key_of_password(passphrase, &iv).ok_or(UNSUPPORTED)?;
        let plain = cipher
            .decrypt(&key, &iv, &bytes)
            .ok_or(errors::BAD_DECRYPT.over(&["error:04800065:PEM routines::bad decrypt"]))?;
        return read(&plain).ok_or(errors::BAD_DECRYPT);
    }
    Err(UNSUPPORTED)
}

fn read_public_pem(text: &[u8]) -> Option<Result<Key, OpenSsl>> {
    der::read_pem(text).into_iter().find_map(|pem| {
        let read = match pem.label.as_str() {
            "PUBLIC KEY" => read_spki,
            "RSA PUBLIC KEY" => read_pkcs1_public,
            "CERTIFICATE" => read_certificate,
            _ => return None,
        };
        Some(read(&pem.bytes).ok_or(if der::is_cut_off(&pem.bytes) {
            errors::HEADER_TOO_LONG.over(&[NESTED_ERROR, BAD_HEADER])
        } else {
            UNSUPPORTED
        }))
    })
}

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const MGF1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const PRIME_FIELD: &[u8] = b"\x2a\x86\x48\xce\x3d\x01\x01";
const DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";
const DH: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01";
const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02";

fn read_certificate(bytes: &[u8]) -> Option<Key> {
    Some(Key::Pair(Certificate::read(bytes)?.key?, None))
}

pub fn read_spki(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    let mut algorithm = outer.sequence()?;
    let identifier = algorithm.expect(der::OBJECT)?;
    let key = outer.bits()?;
    if identifier == RSA || identifier == RSA_PSS {
        let Key::Pair(Public::Rsa(public, _), _) = read_pkcs1_public(key)? else {
            return None;
        };
        let limited = (identifier == RSA_PSS).then(|| read_pss_limits(algorithm));
        return Some(Key::Pair(Public::Rsa(public, limited), None));
    }
    if identifier == EC {
        let (curve, explicit) = read_curve(&mut algorithm)?;
        return Some(Key::Pair(
            Public::Ec(curve, curve.decode(key)?, explicit),
            None,
        ));
    }
    if identifier == DSA {
        let mut domain = algorithm.sequence()?;
        return Some(Key::Pair(
            Public::Dsa(dsa::Public {
                p: domain.integer()?,
                q: domain.integer()?,
                g: domain.integer()?,
                y: Reader(key).integer()?,
            }),
            None,
        ));
    }
    if identifier == DH {
        let mut parameters = algorithm.sequence()?;
        let (prime, generator) = (parameters.integer()?, parameters.integer()?);
        return Some(Key::Pair(
            Public::Dh {
                prime,
                generator,
                key: Reader(key).integer()?,
            },
            None,
        ));
    }
    let named = Named::ALL
        .into_iter()
        .find(|named| named.identifier() == identifier)?;
    (key.len() == named.width()).then(|| Key::Pair(Public::Named(named, key.to_vec()), None))
}

fn read_curve(algorithm: &mut Reader) -> Option<(&'static Curve, bool)> {
    if algorithm.tag()? == der::OBJECT {
        return Some((Curve::by_identifier(algorithm.expect(der::OBJECT)?)?, false));
    }
    let mut parameters = algorithm.sequence()?;
    parameters.integer()?;
    let mut field = parameters.sequence()?;
    field.expect(der::OBJECT)?;
    let prime = field.integer()?;
    parameters.sequence()?;
    Some((
        Curve::by_parameters(&prime, parameters.expect(der::OCTETS)?)?,
        true,
    ))
}

fn write_curve(curve: &Curve, explicit: bool) -> Vec<u8> {
    if !explicit {
        return der::object(&curve.identifier());
    }
    let [p, a, b, g, n, seed] = curve.parameters();
    let mut coefficients = vec![der::octets(&a), der::octets(&b)];
    if !seed.is_empty() {
        coefficients.push(der::value(der::BITS, &seed));
    }
    der::sequence(&[
        der::small(1),
        der::sequence(&[
            der::object(PRIME_FIELD),
            der::integer(&BigUint::from_bytes_be(&p)),
        ]),
        der::sequence(&coefficients),
        der::octets(&g),
        der::integer(&BigUint::from_bytes_be(&n)),
        der::small(1),
    ])
}

pub fn read_pss_limits(mut algorithm: Reader) -> Limited {
    let mut parameters = algorithm.sequence()?;
    let sha1 = Digest::by_name("sha1")?;
    let mut limits = rsa::PssLimits {
        digest: sha1,
        mask: sha1,
        salt_length: 20,
    };
    while let Some((tag, content)) = parameters.next() {
        match tag {
            0xa0 => {
                limits.digest =
                    Digest::by_identifier(Reader(content).sequence()?.expect(der::OBJECT)?)?
            }
            0xa1 => {
                let mut mask = Reader(content).sequence()?;
                mask.expect(der::OBJECT)?;
                limits.mask = Digest::by_identifier(mask.sequence()?.expect(der::OBJECT)?)?;
            }
            0xa2 => limits.salt_length = Reader(content).small()? as usize,
            _ => {}
        }
    }
    Some(limits)
}

fn write_rsa_algorithm(limited: &Option<Limited>) -> Vec<u8> {
    match limited {
        None => der::sequence(&[der::object(RSA), der::null()]),
        Some(None) => der::sequence(&[der::object(RSA_PSS)]),
        Some(Some(limits)) => {
            let named =
                |digest: &Digest| der::sequence(&[der::object(digest.identifier), der::null()]);
            let mut parts = Vec::new();
            if limits.digest.name != "sha1" {
                parts.push(der::value(0xa0, &named(&limits.digest)));
            }
            if limits.mask.name != "sha1" {
                parts.push(der::value(
                    0xa1,
                    &der::sequence(&[der::object(MGF1), named(&limits.mask)]),
                ));
            }
            if limits.salt_length != 20 {
                parts.push(der::value(0xa2, &der::small(limits.salt_length as u32)));
            }
            der::sequence(&[der::object(RSA_PSS), der::sequence(&parts)])
        }
    }
}

fn read_pkcs1_public(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    let public = rsa::Public {
        n: outer.integer()?,
        e: outer.integer()?,
    };
    outer
        .is_empty()
        .then_some(Key::Pair(Public::Rsa(public, None), None))
}

fn read_pkcs1_private(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    outer.integer()?;
    let public = rsa::Public {
        n: outer.integer()?,
        e: outer.integer()?,
    };
    let private = rsa::Private {
        d: outer.integer()?,
        p: outer.integer()?,
        q: outer.integer()?,
        dp: outer.integer()?,
        dq: outer.integer()?,
        qi: outer.integer()?,
    };
    Some(Key::Pair(
        Public::Rsa(public, None),
        Some(Private::Rsa(private)),
    ))
}

fn read_sec1(bytes: &[u8], curve: Option<(&'static Curve, bool)>) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    outer.integer()?;
    let private = BigUint::from_bytes_be(outer.expect(der::OCTETS)?);
    let mut curve = curve;
    while let Some((tag, content)) = outer.next() {
        if tag == 0xa0 && curve.is_none() {
            curve = read_curve(&mut Reader(content));
        }
    }
    let (curve, explicit) = curve?;
    let public = Public::Ec(curve, curve.public_of(&private)?, explicit);
    Some(Key::Pair(public, Some(Private::Ec(private))))
}

fn read_dsa_private(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    outer.integer()?;
    let public = dsa::Public {
        p: outer.integer()?,
        q: outer.integer()?,
        g: outer.integer()?,
        y: outer.integer()?,
    };
    let private = outer.integer()?;
    Some(Key::Pair(Public::Dsa(public), Some(Private::Dsa(private))))
}

fn read_pkcs8(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes).sequence()?;
    outer.integer()?;
    let mut algorithm = outer.sequence()?;
    let identifier = algorithm.expect(der::OBJECT)?;
    let key = outer.expect(der::OCTETS)?;
    if identifier == RSA || identifier == RSA_PSS {
        let Key::Pair(Public::Rsa(public, _), private) = read_pkcs1_private(key)? else {
            return None;
        };
        let limited = (identifier == RSA_PSS).then(|| read_pss_limits(algorithm));
        return Some(Key::Pair(Public::Rsa(public, limited), private));
    }
    if identifier == EC {
        return read_sec1(key, Some(read_curve(&mut algorithm)?));
    }
    if identifier == DSA {
        let mut domain = algorithm.sequence()?;
        let (p, q, g) = (domain.integer()?, domain.integer()?, domain.integer()?);
        let private = Reader(key).integer()?;
        let y = g.modpow(&private, &p);
        return Some(Key::Pair(
            Public::Dsa(dsa::Public { p, q, g, y }),
            Some(Private::Dsa(private)),
        ));
    }
    if identifier == DH {
        let mut parameters = algorithm.sequence()?;
        let (prime, generator) = (parameters.integer()?, parameters.integer()?);
        let private = Reader(key).integer()?;
        let public = generator.modpow(&private, &prime);
        return Some(Key::Pair(
            Public::Dh {
                prime,
                generator,
                key: public,
            },
            Some(Private::Dh(private)),
        ));
    }
    let named = Named::ALL
        .into_iter()
        .find(|named| named.identifier() == identifier)?;
    let private = Reader(key).expect(der::OCTETS)?;
    (private.len() == named.width()).then(|| named_pair(named, private.to_vec()))
}

fn read_encrypted(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Key, OpenSsl> {
    let passphrase = passphrase.ok_or(errors::INTERRUPTED_OR_CANCELLED.over(&[
        BAD_PASSWORD,
        CANCELLED,
        NO_PASSPHRASE,
        CANCELLED,
    ]))?;
    // Within it, what nothing came out of.
    let read = || -> Option<Option<Vec<u8>>> {
        let mut outer = Reader(bytes).sequence()?;
        let mut algorithm = outer.sequence()?;
        if algorithm.expect(der::OBJECT)? != PBES2 {
            return None;
        }
        let mut parameters = algorithm.sequence()?;
        let (mut derivation, mut encryption) = (parameters.sequence()?, parameters.sequence()?);
        if derivation.expect(der::OBJECT)? != PBKDF2 {
            return None;
        }
        let mut derivation = derivation.sequence()?;
        let (salt, rounds) = (derivation.expect(der::OCTETS)?, derivation.small()?);
        if derivation.tag() == Some(der::INTEGER) {
            derivation.integer()?;
        }
        let digest = match derivation.sequence() {
            Some(mut function) => match function.expect(der::OBJECT)?.strip_prefix(HMAC)? {
                [7] => "sha1",
                [8] => "sha224",
                [9] => "sha256",
                [10] => "sha384",
                [11] => "sha512",
                _ => return None,
            },
            None => "sha1",
        };
        let cipher = KeyCipher::by_identifier(encryption.expect(der::OBJECT)?)?;
        let key = Digest::by_name(digest)?.pbkdf2(passphrase, salt, rounds, cipher.key_length());
        let (iv, content) = (encryption.expect(der::OCTETS)?, outer.expect(der::OCTETS)?);
        Some(cipher.decrypt(&key, iv, content))
    };
    let plain = read()
        .ok_or(UNSUPPORTED)?
        .ok_or(errors::BAD_DECRYPT.over(&[CIPHER_FINAL, BAD_DECRYPT, CIPHER_FINAL]))?;
    read_pkcs8(&plain).ok_or(errors::BAD_DECRYPT)
}

fn write_spki(public: &Public) -> Vec<u8> {
    let (algorithm, key) = match public {
        Public::Rsa(public, limited) => (write_rsa_algorithm(limited), write_pkcs1_public(public)),
        Public::Ec(curve, point, explicit) => (
            der::sequence(&[der::object(EC), write_curve(curve, *explicit)]),
            curve.encode(point, Form::Uncompressed),
        ),
        Public::Named(named, bytes) => (
            der::sequence(&[der::object(&named.identifier())]),
            bytes.clone(),
        ),
        Public::Dh {
            prime,
            generator,
            key,
        } => (write_dh(prime, generator), der::integer(key)),
        Public::Dsa(public) => (write_dsa(public), der::integer(&public.y)),
    };
    der::sequence(&[algorithm, der::bits(&key)])
}

fn write_dsa(public: &dsa::Public) -> Vec<u8> {
    let domain = [&public.p, &public.q, &public.g].map(der::integer);
    der::sequence(&[der::object(DSA), der::sequence(&domain)])
}

fn write_dh(prime: &BigUint, generator: &BigUint) -> Vec<u8> {
    der::sequence(&[
        der::object(DH),
        der::sequence(&[der::integer(prime), der::integer(generator)]),
    ])
}

fn write_pkcs1_public(public: &rsa::Public) -> Vec<u8> {
    der::sequence(&[der::integer(&public.n), der::integer(&public.e)])
}

fn write_pkcs1_private(public: &rsa::Public, private: &rsa::Private) -> Vec<u8> {
    let numbers = [
        &public.n,
        &public.e,
        &private.d,
        &private.p,
        &private.q,
        &private.dp,
        &private.dq,
        &private.qi,
    ];
    let parts: Vec<_> = std::iter::once(der::small(0))
        .chain(numbers.map(der::integer))
        .collect();
    der::sequence(&parts)
}

fn write_sec1(curve: &Curve, point: &Point, private: &BigUint, explicit: Option<bool>) -> Vec<u8> {
    let mut parts = vec![
        der::small(1),
        der::octets(&padded(private, curve.scalar_width())),
    ];
    if let Some(explicit) = explicit {
        parts.push(der::value(0xa0, &write_curve(curve, explicit)));
    }
    parts.push(der::value(
        0xa1,
        &der::bits(&curve.encode(point, Form::Uncompressed)),
    ));
    der::sequence(&parts)
}

fn write_pkcs8(public: &Public, private: &Private) -> Option<Vec<u8>> {
    let (algorithm, key) = match (public, private) {
        (Public::Rsa(public, limited), Private::Rsa(private)) => (
            write_rsa_algorithm(limited),
            write_pkcs1_private(public, private),
        ),
        (Public::Ec(curve, point, explicit), Private::Ec(private)) => (
            der::sequence(&[der::object(EC), write_curve(curve, *explicit)]),
            write_sec1(curve, point, private, None),
        ),
        (Public::Named(named, _), Private::Named(bytes)) => (
            der::sequence(&[der::object(&named.identifier())]),
            der::octets(bytes),
        ),
        (
            Public::Dh {
                prime, generator, ..
            },
            Private::Dh(key),
        ) => (write_dh(prime, generator), der::integer(key)),
        (Public::Dsa(public), Private::Dsa(private)) => (write_dsa(public), der::integer(private)),
        _ => return None,
    };
    Some(der::sequence(&[
        der::small(0),
        algorithm,
        der::octets(&key),
    ]))
}

/// As a string where `format` is PEM.
fn as_written(ctx: Ctx, format: i32, label: &str, bytes: &[u8], headers: &str) -> Value {
    if format == FORMAT_DER {
        new_buffer(ctx, bytes)
    } else {
        ctx.string(&der::write_pem(label, bytes, headers))
    }
}

fn written_public(ctx: Ctx, public: &Public, format: i32, kind: i32) -> Value {
    match public {
        Public::Rsa(public, _) if kind == ENCODING_PKCS1 => as_written(
            ctx,
            format,
            "RSA PUBLIC KEY",
            &write_pkcs1_public(public),
            "",
        ),
        public => as_written(ctx, format, "PUBLIC KEY", &write_spki(public), ""),
    }
}

/// How a private key is to be encrypted.
pub struct Protection {
    cipher: KeyCipher,
    passphrase: Vec<u8>,
}

fn protection_of(c: &Call, at: usize) -> Js<Option<Protection>> {
    if !c.arg(at).is_string() {
        return Ok(None);
    }
    let cipher = KeyCipher::by_name(&c.text(at)?).ok_or_else(|| errors::unknown_cipher(c.ctx))?;
    Ok(Some(Protection {
        cipher,
        passphrase: copy_bytes(c.ctx, &c.arg(at + 1))?,
    }))
}

fn written_private(
    ctx: Ctx,
    public: &Public,
    private: &Private,
    format: i32,
    kind: i32,
    protection: Option<&Protection>,
) -> Js<Value> {
    let (label, bytes) = match (kind, public, private) {
        (ENCODING_PKCS1, Public::Rsa(public, _), Private::Rsa(private)) => {
            ("RSA PRIVATE KEY", write_pkcs1_private(public, private))
        }
        (ENCODING_SEC1, Public::Ec(curve, point, explicit), Private::Ec(private)) => (
            "EC PRIVATE KEY",
            write_sec1(curve, point, private, Some(*explicit)),
        ),
        _ => (
            "PRIVATE KEY",
            write_pkcs8(public, private)
                .ok_or_else(|| errors::plain(ctx, "Failed to encode private key"))?,
        ),
    };
    let Some(Protection { cipher, passphrase }) = protection else {
        return Ok(as_written(ctx, format, label, &bytes, ""));
    };
    let iv = random::bytes(ctx, cipher.iv_length());
    if label != "PRIVATE KEY" {
        let key = cipher
            .key_of_password(passphrase, &iv)
            .ok_or_else(|| errors::unknown_cipher(ctx))?;
        let hex: String = iv.iter().map(|byte| format!("{byte:02X}")).collect();
        let headers = format!(
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: {},{hex}\n\n",
            cipher.name().to_ascii_uppercase()
        );
        let content = cipher.encrypt(&key, &iv, &bytes);
        return Ok(as_written(ctx, format, label, &content, &headers));
    }
    const ROUNDS: u32 = 2048;
    let salt = random::bytes(ctx, 8);
    let sha256 = Digest::by_name("sha256").expect("it is in the table");
    let key = sha256.pbkdf2(passphrase, &salt, ROUNDS, cipher.key_length());
    let derivation = der::sequence(&[
        der::object(PBKDF2),
        der::sequence(&[
            der::octets(&salt),
            der::small(ROUNDS),
            der::sequence(&[der::object(&[HMAC, &[9]].concat()), der::null()]),
        ]),
    ]);
    let encryption = der::sequence(&[der::object(&cipher.identifier()), der::octets(&iv)]);
    let algorithm = der::sequence(&[der::object(PBES2), der::sequence(&[derivation, encryption])]);
    let whole = der::sequence(&[algorithm, der::octets(&cipher.encrypt(&key, &iv, &bytes))]);
    Ok(as_written(ctx, format, "ENCRYPTED PRIVATE KEY", &whole, ""))
}

/// `export(format, type, cipher, passphrase)`
fn export(c: &Call) -> Js<Value> {
    let (format, kind) = (c.number(0) as i32, c.number(1) as i32);
    match &*KeyHandle::of(c.ctx, &c.this())? {
        Key::Secret(bytes) => Ok(new_buffer(c.ctx, bytes)),
        Key::Pair(public, None) => Ok(written_public(c.ctx, public, format, kind)),
        Key::Pair(public, Some(private)) => {
            let protection = protection_of(c, 2)?;
            written_private(c.ctx, public, private, format, kind, protection.as_ref())
        }
    }
}

/// What a new pair is handed over as: `publicFormat, publicType, privateFormat, privateType, cipher, passphrase`.
pub struct PairEncoding {
    public: Option<(i32, i32)>,
    private: Option<(i32, i32)>,
    protection: Option<Protection>,
}

const FORMAT_JWK: i32 = 2;

impl PairEncoding {
    pub fn of(c: &Call, at: usize) -> Js<Self> {
        let part = |at: usize| {
            c.arg(at).is_number().then(|| {
                let kind = if c.arg(at + 1).is_number() {
                    c.number(at + 1) as i32
                } else {
                    -1
                };
                (c.number(at) as i32, kind)
            })
        };
        Ok(Self {
            public: part(at),
            private: part(at + 2),
            protection: protection_of(c, at + 4)?,
        })
    }

    pub fn results(&self, ctx: Ctx, key: Key) -> Js<Value> {
        let Key::Pair(public, Some(private)) = &key else {
            return Err(errors::operation_failed(ctx));
        };
        let bare = Key::Pair(public.clone(), None);
        let public_result = match self.public {
            None => KeyHandle::make(ctx, bare)?,
            Some((FORMAT_JWK, _)) => write_jwk(ctx, &bare, &ctx.object(), false)?,
            Some((format, kind)) => written_public(ctx, public, format, kind),
        };
        let private_result = match self.private {
            None => KeyHandle::make(ctx, key.clone())?,
            Some((FORMAT_JWK, _)) => write_jwk(ctx, &key, &ctx.object(), false)?,
            Some((format, kind)) => {
                written_private(ctx, public, private, format, kind, self.protection.as_ref())?
            }
        };
        Ok(ctx.array([public_result, private_result]))
    }
}

fn base64url(ctx: Ctx, bytes: &[u8]) -> Value {
    ctx.string(&to_base64(bytes, true))
}

/// `exportJwk(target, handleRsaPss)`
fn export_jwk(c: &Call) -> Js<Value> {
    write_jwk(
        c.ctx,
        &*KeyHandle::of(c.ctx, &c.this())?,
        &c.arg(0),
        c.truthy(1),
    )
}

fn write_jwk(ctx: Ctx, key: &Key, jwk: &Value, takes_pss: bool) -> Js<Value> {
    let put = |name: &str, bytes: &[u8]| ctx.set(jwk, name, base64url(ctx, bytes));
    let text = |name: &str, value: &str| ctx.set(jwk, name, ctx.string(value));
    let big = |name: &str, number: &BigUint| put(name, &number.to_bytes_be());
    let unsupported = || {
        let message = "Unsupported JWK Key Type.";
        throw_with_code(ctx, "Error", "ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE", message)
    };
    match key {
        Key::Secret(bytes) => {
            text("kty", "oct");
            put("k", bytes);
        }
        Key::Pair(Public::Rsa(_, Some(_)), _) if !takes_pss => return Err(unsupported()),
        Key::Pair(Public::Rsa(public, _), private) => {
            text("kty", "RSA");
            big("n", &public.n);
            big("e", &public.e);
            if let Some(Private::Rsa(private)) = private {
                big("d", &private.d);
                big("p", &private.p);
                big("q", &private.q);
                big("dp", &private.dp);
                big("dq", &private.dq);
                big("qi", &private.qi);
            }
        }
        Key::Pair(Public::Ec(curve, point, _), private) => {
            text("kty", "EC");
            put("x", &padded(&point.x, curve.width()));
            put("y", &padded(&point.y, curve.width()));
            if curve.jwk.is_empty() {
                let message = format!("Unsupported JWK EC curve: {}.", curve.name);
                return Err(throw_with_code(
                    ctx,
                    "Error",
                    "ERR_CRYPTO_JWK_UNSUPPORTED_CURVE",
                    &message,
                ));
            }
            text("crv", curve.jwk);
            if let Some(Private::Ec(private)) = private {
                put("d", &padded(private, curve.scalar_width()));
            }
        }
        Key::Pair(Public::Named(named, public), private) => {
            text("crv", named.jwk());
            if let Some(Private::Named(private)) = private {
                put("d", private);
            }
            put("x", public);
            text("kty", "OKP");
        }
        Key::Pair(Public::Dsa(_) | Public::Dh { .. }, _) => return Err(unsupported()),
    }
    Ok(jwk.clone())
}

/// `initJwk(jwk, curve)`: the type of the key, or `undefined`.
fn init_jwk(c: &Call) -> Js<Value> {
    let jwk = c.arg(0);
    let part = |name: &str| -> Js<Option<Vec<u8>>> {
        let text = c.ctx.get(&jwk, name)?;
        if text.is_string() {
            encode(c.ctx, &text, Encoding::Base64Url).map(Some)
        } else {
            Ok(None)
        }
    };
    let big = |name: &str| -> Js<Option<BigUint>> {
        Ok(part(name)?.map(|bytes| BigUint::from_bytes_be(&bytes)))
    };
    let kind = c.ctx.text(&c.ctx.get(&jwk, "kty")?)?;
    let key = match kind.as_str() {
        "oct" => Key::Secret(part("k")?.unwrap_or_default()),
        "RSA" => {
            let (Some(n), Some(e)) = (big("n")?, big("e")?) else {
                return Err(errors::invalid_jwk(c.ctx));
            };
            let public = Public::Rsa(rsa::Public { n, e }, None);
            let private = match (
                big("d")?,
                big("p")?,
                big("q")?,
                big("dp")?,
                big("dq")?,
                big("qi")?,
            ) {
                (Some(d), Some(p), Some(q), Some(dp), Some(dq), Some(qi)) => {
                    Some(Private::Rsa(rsa::Private {
                        d,
                        p,
                        q,
                        dp,
                        dq,
                        qi,
                    }))
                }
                (Some(_), ..) => return Err(errors::invalid_jwk(c.ctx)),
                _ => None,
            };
            Key::Pair(public, private)
        }
        "EC" => {
            let Some(curve) = Curve::by_name(&c.text(1)?) else {
                return Err(errors::invalid_curve(c.ctx));
            };
            let (Some(x), Some(y)) = (part("x")?, part("y")?) else {
                return Err(errors::invalid_jwk(c.ctx));
            };
            let Some(point) = curve.decode(&[vec![4], x, y].concat()) else {
                return Err(errors::invalid_ec_jwk(c.ctx));
            };
            Key::Pair(Public::Ec(curve, point, false), big("d")?.map(Private::Ec))
        }
        _ => return c.undefined(),
    };
    let number = match &key {
        Key::Secret(_) => 0.0,
        Key::Pair(_, None) => 1.0,
        Key::Pair(_, Some(_)) => 2.0,
    };
    set(c, key)?;
    Ok(c.ctx.number(number))
}

fn key_detail(c: &Call) -> Js<Value> {
    let target = c.arg(0);
    let number = |name: &str, value: f64| c.ctx.set(&target, name, c.ctx.number(value));
    match &*KeyHandle::of(c.ctx, &c.this())? {
        Key::Secret(bytes) => number("length", 8.0 * bytes.len() as f64),
        Key::Pair(Public::Rsa(public, limited), _) => {
            number("modulusLength", public.n.bits() as f64);
            c.ctx.set(
                &target,
                "publicExponent",
                new_array_buffer(c.ctx, &public.e.to_bytes_be()),
            );
            if let Some(Some(limits)) = limited {
                c.ctx
                    .set(&target, "hashAlgorithm", c.ctx.string(limits.digest.name));
                c.ctx
                    .set(&target, "mgf1HashAlgorithm", c.ctx.string(limits.mask.name));
                number("saltLength", limits.salt_length as f64);
            }
        }
        Key::Pair(Public::Ec(curve, ..), _) => {
            c.ctx.set(&target, "namedCurve", c.ctx.string(curve.name))
        }
        Key::Pair(Public::Dsa(public), _) => {
            number("modulusLength", public.p.bits() as f64);
            number("divisorLength", public.q.bits() as f64);
        }
        Key::Pair(..) => {}
    }
    Ok(target)
}

/// `new XKeyExportJob(mode, format, handle, …)` of WebCrypto: raw, PKCS #8 or SPKI.
fn new_export_job(c: &Call) -> Js<Value> {
    let format = c.number(1) as i32;
    let key = KeyHandle::of(c.ctx, &c.arg(2))?;
    job::construct(c, "KEYEXPORTREQUEST", 10_000, move |ctx| {
        let bytes = match (&*key, format) {
            (Key::Pair(Public::Ec(curve, point, _), _), 0) => {
                Some(curve.encode(point, Form::Uncompressed))
            }
            (Key::Pair(Public::Named(_, bytes), _), 0) => Some(bytes.clone()),
            (Key::Pair(public, Some(private)), 1) => write_pkcs8(public, private),
            (Key::Pair(public, _), 2) => Some(write_spki(public)),
            _ => None,
        };
        match bytes {
            Some(bytes) => Ok(new_array_buffer(ctx, &bytes)),
            None => {
                errors::operation_failed(ctx);
                Err(ctx.take_exception())
            }
        }
    })
}
