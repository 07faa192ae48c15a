//! Agreement on a secret: Diffie-Hellman and its elliptic curves (`src/crypto/crypto_{dh,ec}.cc`).

use std::cell::RefCell;

use num_bigint::BigUint;

use crate::{
    costs,
    engine::value::{Ctx, Js, Thrown, Value},
};

use super::{
    super::{
        environment::{copy_bytes, new_array_buffer},
        native::{Call, Target, throw_with_code},
    },
    curve::{CURVES, Curve, Form, Point, padded},
    der::from_hex,
    errors, job,
    keys::{Key, KeyHandle, PairEncoding, Private, Public},
    new_buffer, random, rsa,
};

struct DiffieHellman(RefCell<Group>);

#[derive(Clone)]
struct Group {
    prime: BigUint,
    generator: BigUint,
    public: Option<BigUint>,
    private: Option<BigUint>,
}

struct Ecdh {
    curve: &'static Curve,
    private: RefCell<Option<BigUint>>,
    public: RefCell<Option<Point>>,
}

/// A random number from 1 to below `order`.
pub fn scalar(ctx: Ctx, order: &BigUint) -> BigUint {
    let width = order.bits().div_ceil(8) as usize + 8;
    BigUint::from_bytes_be(&random::bytes(ctx, width)) % (order - 1_u32) + 1_u32
}

pub fn initialize(t: &Target) {
    diffie_hellman_class(&t.class("DiffieHellman", |c| {
        let group = new_group(c)?;
        let error = check(&group);
        let object = c.construct(DiffieHellman(RefCell::new(group)))?;
        c.ctx.set(&object, "verifyError", c.ctx.number(error));
        Ok(object)
    }));
    diffie_hellman_class(&t.class("DiffieHellmanGroup", |c| {
        let group = known_group(&c.text(0)?).ok_or_else(|| errors::unknown_group(c.ctx))?;
        let object = c.construct(DiffieHellman(RefCell::new(group)))?;
        c.ctx.set(&object, "verifyError", c.ctx.number(0.0));
        Ok(object)
    }));
    ecdh_class(&t.class("ECDH", |c| {
        let curve = Curve::by_name(&c.text(0)?).ok_or_else(|| errors::invalid_curve(c.ctx))?;
        c.construct(Ecdh {
            curve,
            private: RefCell::default(),
            public: RefCell::default(),
        })
    }));
    t.with("getCurves", |c| {
        Ok(c.ctx.strings(CURVES.iter().map(|curve| curve.name)))
    })
    .with("ECDHConvertKey", |c| {
        let curve = Curve::by_name(&c.text(1)?).ok_or_else(|| errors::invalid_curve(c.ctx))?;
        let point = curve
            .decode(&copy_bytes(c.ctx, &c.arg(0))?)
            .ok_or_else(|| bad_point(c.ctx))?;
        Ok(new_buffer(
            c.ctx,
            &curve.encode(&point, form_of(c.number(2))),
        ))
    })
    .with("statelessDH", |c| {
        let (ours, theirs) = (
            KeyHandle::of(c.ctx, &c.arg(0))?,
            KeyHandle::of(c.ctx, &c.arg(1))?,
        );
        c.env().spend_ns(costs::ASYMMETRIC_NS);
        match agree(&ours, &theirs) {
            Some(secret) => Ok(new_buffer(c.ctx, &secret)),
            None => Err(errors::MISMATCHING_PARAMETERS.throw(c.ctx)),
        }
    });
    job::complete(&t.class("ECDHBitsJob", |c| new_bits_job(c, 2, 3)));
    job::complete(&t.class("DHBitsJob", |c| new_bits_job(c, 1, 2)));
    job::complete(&t.class("DhKeyPairGenJob", new_pair_job));
}

fn new_bits_job(c: &Call, public: usize, private: usize) -> Js<Value> {
    let (theirs, ours) = (
        KeyHandle::of(c.ctx, &c.arg(public))?,
        KeyHandle::of(c.ctx, &c.arg(private))?,
    );
    job::construct(
        c,
        "DERIVEBITSREQUEST",
        costs::ASYMMETRIC_NS,
        move |ctx| match agree(&ours, &theirs) {
            Some(secret) => Ok(new_array_buffer(ctx, &secret)),
            None => {
                errors::operation_failed(ctx);
                Err(ctx.take_exception())
            }
        },
    )
}

fn agree(ours: &Key, theirs: &Key) -> Option<Vec<u8>> {
    let (Key::Pair(our_public, Some(private)), Key::Pair(their_public, _)) = (ours, theirs) else {
        return None;
    };
    match (our_public, private, their_public) {
        (Public::Ec(curve, ..), Private::Ec(private), Public::Ec(theirs, point, _))
            if *curve == *theirs =>
        {
            Some(padded(&curve.multiply(point, private)?.x, curve.width()))
        }
        (Public::Named(named, _), Private::Named(private), Public::Named(theirs, public))
            if named == theirs =>
        {
            Some(named.agree(private, public))
        }
        (
            Public::Dh { prime, .. },
            Private::Dh(private),
            Public::Dh {
                prime: theirs, key, ..
            },
        ) if prime == theirs => Some(padded(
            &key.modpow(private, prime),
            prime.bits().div_ceil(8) as usize,
        )),
        _ => None,
    }
}

/// The largest prime of RFC 3526. The others are made of the same digits of pi.
const MODP18: &str = "\
    ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a43\
    1b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b\
    1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed5290770\
    96966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6\
    955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71\
    575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f\
    2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d788\
    719a10bdba5b2699c327186af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d\
    99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa993b4ea988d8fddc186ffb7dc90a6c0\
    8f4df435c93402849236c3fab4d27c7026c1d4dcb2602646dec9751e763dba37bdf8ff9406ad9e530ee5db382f413001aeb06a53ed9027\
    d831179727b0865a8918da3edbebcf9b14ed44ce6cbaced4bb1bdb7f1447e6cc254b332051512bd7af426fb8f401378cd2bf5983ca01c6\
    4b92ecf032ea15d1721d03f482d7ce6e74fef6d55e702f46980c82b5a84031900b1c9e59e7c97fbec7e8f323a97a7e36cc88be0f1d45b7\
    ff585ac54bd407b22b4154aacc8f6d7ebf48e1d814cc5ed20f8037e0a79715eef29be32806a1d58bb7c5da76f550aa3d8a1fbff0eb19cc\
    b1a313d55cda56c9ec2ef29632387fe8d76e3c0468043e8f663f4860ee12bf2d5b0b7474d6e694f91e6dbe115974a3926f12fee5e43877\
    7cb6a932df8cd8bec4d073b931ba3bc832b68d9dd300741fa7bf8afc47ed2576f6936ba424663aab639c5ae4f5683423b4742bf1c97823\
    8f16cbe39d652de3fdb8befc848ad922222e04a4037c0713eb57a81a23f0c73473fc646cea306b4bcbc8862f8385ddfa9d4b7fa2c087e8\
    79683303ed5bdd3a062b3cf5b3a278a66d2a13f83f44f82ddf310ee074ab6a364597e899a0255dc164f31cc50846851df9ab48195ded7e\
    a1b1d510bd7ee74d73faf36bc31ecfa268359046f4eb879f924009438b481c6cd7889a002ed5ee382bc9190da6fc026e479558e4475677\
    e9aa9e3050e2765694dfc81f56e880b96e7160c980dd98edd3dfffffffffffffffff";

/// A group of RFC 2409 or RFC 3526: `2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c)`.
fn known_group(name: &str) -> Option<Group> {
    let (bits, c) = match name.to_ascii_lowercase().as_str() {
        "modp1" => (768_u32, 149_686_u32),
        "modp2" => (1024, 129_093),
        "modp5" => (1536, 741_804),
        "modp14" => (2048, 124_476),
        "modp15" => (3072, 1_690_314),
        "modp16" => (4096, 240_904),
        "modp17" => (6144, 929_484),
        "modp18" => (8192, 4_743_158),
        _ => return None,
    };
    let one = BigUint::from(1_u32);
    let frame = |bits: u32| (&one << bits) - (&one << (bits - 64)) - 1_u32;
    let largest = BigUint::from_bytes_be(&from_hex(MODP18));
    let pi: BigUint = ((largest - frame(8192)) >> 64_u32) - 4_743_158_u32;
    let prime = frame(bits) + (((pi >> (8192 - bits)) + c) << 64_u32);
    Some(Group {
        prime,
        generator: 2_u32.into(),
        public: None,
        private: None,
    })
}

/// `new DiffieHellman(size | prime, generator)`
fn new_group(c: &Call) -> Js<Group> {
    let generator = if c.arg(1).is_number() {
        BigUint::from(c.number(1).max(0.0) as u64)
    } else {
        BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(1))?)
    };
    let bad_generator = generator < 2_u32.into();
    let prime = if c.arg(0).is_number() {
        let bits = c.number(0);
        if bits < 2.0 {
            return Err(errors::MODULUS_TOO_SMALL.throw(c.ctx));
        }
        if bad_generator {
            return Err(errors::BAD_GENERATOR.throw(c.ctx));
        }
        if bits < 512.0 {
            return Err(errors::MODULUS_TOO_SMALL.throw(c.ctx));
        }
        c.env().spend_ns(20 * random::rsa_cost_ns(bits as u64));
        new_prime(c.ctx, bits as u64, &generator)
    } else {
        let bytes = copy_bytes(c.ctx, &c.arg(0))?;
        if bytes.is_empty() {
            return Err(errors::MODULUS_TOO_SMALL.throw(c.ctx));
        }
        if bad_generator {
            return Err(errors::BAD_GENERATOR.throw(c.ctx));
        }
        BigUint::from_bytes_be(&bytes)
    };
    Ok(Group {
        prime,
        generator,
        public: None,
        private: None,
    })
}

/// As OpenSSL chooses: so that the generator generates the half of the group.
fn new_prime(ctx: Ctx, bits: u64, generator: &BigUint) -> BigUint {
    let (modulus, remainder): (u32, u32) = if *generator == 2_u32.into() {
        (24, 23)
    } else if *generator == 5_u32.into() {
        (60, 59)
    } else {
        (12, 11)
    };
    rsa::safe_prime(ctx, bits, Some((&remainder.into(), &modulus.into())))
}

/// `DH_check`: 1 for what is no prime, 2 for one that is not safe, 8 for a generator out of range.
fn check(group: &Group) -> f64 {
    let mut found = 0;
    if group.prime.bits() < 512 {
        found |= 0x80;
    }
    if group.generator >= &group.prime - 1_u32 {
        found |= 8;
    }
    if !rsa::is_prime(&group.prime) {
        found |= 1;
    } else if !rsa::is_prime(&(&group.prime >> 1_u32)) {
        found |= 2;
    }
    f64::from(found)
}

impl Group {
    fn generate(&mut self, ctx: Ctx) {
        if self.private.is_none() {
            self.private = Some(scalar(ctx, &(&self.prime >> 1_u32)));
        }
        self.public = self
            .private
            .as_ref()
            .map(|private| self.generator.modpow(private, &self.prime));
    }
}

fn missing(ctx: Ctx, which: &str) -> Thrown {
    let message = format!("No {which} key - did you forget to generate one?");
    throw_with_code(ctx, "Error", "ERR_CRYPTO_INVALID_STATE", &message)
}

fn diffie_hellman_class(class: &Target) {
    class
        .with("generateKeys", |c| {
            c.env().spend_ns(costs::ASYMMETRIC_NS);
            let mut group = c.state::<DiffieHellman>()?.0.borrow_mut();
            group.generate(c.ctx);
            Ok(big_buffer(c.ctx, group.public.as_ref()))
        })
        .with("computeSecret", |c| {
            let group = c.state::<DiffieHellman>()?.0.borrow();
            let theirs = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(0))?);
            c.env().spend_ns(costs::ASYMMETRIC_NS);
            let invalid = |message: &str| {
                throw_with_code(c.ctx, "RangeError", "ERR_CRYPTO_INVALID_KEYLEN", message)
            };
            if theirs < 2_u32.into() {
                return Err(invalid("Supplied key is too small"));
            }
            if theirs >= &group.prime - 1_u32 && theirs.bits() <= group.prime.bits() {
                return Err(invalid("Supplied key is too large"));
            }
            let private = group
                .private
                .as_ref()
                .ok_or_else(|| missing(c.ctx, "private"))?;
            let secret = theirs.modpow(private, &group.prime);
            Ok(new_buffer(
                c.ctx,
                &padded(&secret, group.prime.bits().div_ceil(8) as usize),
            ))
        })
        .with("getPrime", |c| {
            Ok(big_buffer(
                c.ctx,
                Some(&c.state::<DiffieHellman>()?.0.borrow().prime),
            ))
        })
        .with("getGenerator", |c| {
            Ok(big_buffer(
                c.ctx,
                Some(&c.state::<DiffieHellman>()?.0.borrow().generator),
            ))
        })
        .with("getPublicKey", |c| {
            let group = c.state::<DiffieHellman>()?.0.borrow();
            group
                .public
                .as_ref()
                .map(|key| big_buffer(c.ctx, Some(key)))
                .ok_or_else(|| missing(c.ctx, "public"))
        })
        .with("getPrivateKey", |c| {
            let group = c.state::<DiffieHellman>()?.0.borrow();
            group
                .private
                .as_ref()
                .map(|key| big_buffer(c.ctx, Some(key)))
                .ok_or_else(|| missing(c.ctx, "private"))
        })
        .with("setPublicKey", |c| {
            let key = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(0))?);
            c.state::<DiffieHellman>()?.0.borrow_mut().public = Some(key);
            c.undefined()
        })
        .with("setPrivateKey", |c| {
            let key = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(0))?);
            c.state::<DiffieHellman>()?.0.borrow_mut().private = Some(key);
            c.undefined()
        });
}

fn big_buffer(ctx: Ctx, number: Option<&BigUint>) -> Value {
    new_buffer(ctx, &number.map(BigUint::to_bytes_be).unwrap_or_default())
}

fn form_of(number: f64) -> Form {
    match number as i32 {
        2 => Form::Compressed,
        6 => Form::Hybrid,
        _ => Form::Uncompressed,
    }
}

fn bad_point(ctx: Ctx) -> Thrown {
    throw_with_code(
        ctx,
        "Error",
        "ERR_CRYPTO_OPERATION_FAILED",
        "Failed to convert Buffer to EC_POINT",
    )
}

fn ecdh_class(class: &Target) {
    class
        .with("generateKeys", |c| {
            c.env().spend_ns(costs::CURVE_KEY_NS);
            let ecdh = c.state::<Ecdh>()?;
            let private = scalar(c.ctx, &ecdh.curve.order());
            *ecdh.public.borrow_mut() = ecdh.curve.public_of(&private);
            *ecdh.private.borrow_mut() = Some(private);
            c.undefined()
        })
        .with("computeSecret", |c| {
            let ecdh = c.state::<Ecdh>()?;
            c.env().spend_ns(costs::ASYMMETRIC_NS);
            let private = ecdh.private.borrow();
            let private = private
                .as_ref()
                .ok_or_else(|| errors::invalid_key_pair(c.ctx))?;
            // The public key may have been set to another.
            if *ecdh.public.borrow() != ecdh.curve.public_of(private) {
                return Err(errors::invalid_key_pair(c.ctx));
            }
            let point = ecdh.curve.decode(&copy_bytes(c.ctx, &c.arg(0))?);
            Ok(
                match point.and_then(|point| ecdh.curve.multiply(&point, private)) {
                    Some(secret) => new_buffer(c.ctx, &padded(&secret.x, ecdh.curve.width())),
                    None => c.ctx.string("ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY"),
                },
            )
        })
        .with("getPublicKey", |c| {
            let ecdh = c.state::<Ecdh>()?;
            let failed = || {
                throw_with_code(
                    c.ctx,
                    "Error",
                    "ERR_CRYPTO_OPERATION_FAILED",
                    "Failed to get ECDH public key",
                )
            };
            let public = ecdh.public.borrow();
            let point = public.as_ref().ok_or_else(failed)?;
            Ok(new_buffer(
                c.ctx,
                &ecdh.curve.encode(point, form_of(c.number(0))),
            ))
        })
        .with("getPrivateKey", |c| {
            let ecdh = c.state::<Ecdh>()?;
            let failed = || {
                throw_with_code(
                    c.ctx,
                    "Error",
                    "ERR_CRYPTO_OPERATION_FAILED",
                    "Failed to get ECDH private key",
                )
            };
            let private = ecdh.private.borrow();
            let private = private.as_ref().ok_or_else(failed)?;
            Ok(new_buffer(
                c.ctx,
                &padded(private, ecdh.curve.scalar_width()),
            ))
        })
        .with("setPrivateKey", |c| {
            let ecdh = c.state::<Ecdh>()?;
            let private = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(0))?);
            if private == BigUint::ZERO || private >= ecdh.curve.order() {
                let message = "Private key is not valid for specified curve.";
                return Err(throw_with_code(
                    c.ctx,
                    "RangeError",
                    "ERR_CRYPTO_INVALID_KEYTYPE",
                    message,
                ));
            }
            *ecdh.public.borrow_mut() = ecdh.curve.public_of(&private);
            *ecdh.private.borrow_mut() = Some(private);
            c.undefined()
        })
        .with("setPublicKey", |c| {
            let ecdh = c.state::<Ecdh>()?;
            let point = ecdh
                .curve
                .decode(&copy_bytes(c.ctx, &c.arg(0))?)
                .ok_or_else(|| bad_point(c.ctx))?;
            *ecdh.public.borrow_mut() = Some(point);
            c.undefined()
        });
}

/// `new DhKeyPairGenJob(mode, group, …encoding)` or `(mode, prime | size, generator, …encoding)`
fn new_pair_job(c: &Call) -> Js<Value> {
    let (source, at) = if c.arg(1).is_string() {
        let group = known_group(&c.text(1)?).ok_or_else(|| errors::unknown_group(c.ctx))?;
        (Ok(group), 2)
    } else {
        let generator = BigUint::from(c.number(2).max(0.0) as u64);
        if c.arg(1).is_number() {
            (Err((c.number(1) as u64, generator)), 3)
        } else {
            let prime = BigUint::from_bytes_be(&copy_bytes(c.ctx, &c.arg(1))?);
            (
                Ok(Group {
                    prime,
                    generator,
                    public: None,
                    private: None,
                }),
                3,
            )
        }
    };
    let encoding = PairEncoding::of(c, at)?;
    job::construct(c, "KEYPAIRGENREQUEST", costs::ASYMMETRIC_NS, move |ctx| {
        let mut group = match source {
            Ok(group) => group,
            Err((bits, _)) if bits < 512 => return Err(errors::MODULUS_TOO_SMALL.error(ctx)),
            Err((bits, generator)) => Group {
                prime: new_prime(ctx, bits, &generator),
                generator,
                public: None,
                private: None,
            },
        };
        group.generate(ctx);
        let Group {
            prime,
            generator,
            public,
            private,
        } = group;
        let public = Public::Dh {
            prime,
            generator,
            key: public.unwrap_or_default(),
        };
        let key = Key::Pair(public, private.map(Private::Dh));
        encoding.results(ctx, key).map_err(|_| ctx.take_exception())
    })
}
