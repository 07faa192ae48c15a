//! What rustls computes with: its traits over this crate's own ciphers, digests, curves and keys.
//!
//! Suites are those of TLS 1.3 and the ECDHE ones with AEAD of TLS 1.2; groups X25519, P-256, P-384 and P-521. rustls
//! hands no context to what draws random numbers, so the process that is inside of it is noted beside ([`within`]).

use std::{
    cell::Cell,
    fmt::{self, Debug, Formatter},
    sync::Arc,
    time::Duration,
};

use num_bigint::BigUint;
use rquickjs::qjs::JSContext;
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup,
    ProtocolVersion, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite,
    Tls13CipherSuite,
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm, KeyProvider,
        SecureRandom, SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms,
        cipher::{
            AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape,
            MessageDecrypter, MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage,
            PrefixedPayload, Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
            make_tls12_aad, make_tls13_aad,
        },
        hash, hmac,
        tls12::PrfUsingHmac,
        tls13::HkdfUsingHmac,
    },
    pki_types::{PrivateKeyDer, UnixTime},
    sign::{Signer, SigningKey},
    time_provider::TimeProvider,
};

use crate::engine::value::Ctx;

use super::{
    super::environment::Environment,
    agreement,
    cipher::{Sealing, TAG_BYTES},
    curve::{Curve, Form, Named, padded},
    digest::Digest,
    keys::{Key, Private, Public},
    random, rsa, sign,
};

thread_local! {
    static INSIDE: Cell<*mut JSContext> = const { Cell::new(std::ptr::null_mut()) };
}

/// Calls rustls for a process: what it draws comes from that one's stream.
pub fn within<T>(ctx: Ctx, body: impl FnOnce() -> T) -> T {
    let before = INSIDE.replace(ctx.0);
    let result = body();
    INSIDE.set(before);
    result
}

fn inside() -> Ctx {
    let ctx = INSIDE.get();
    assert!(!ctx.is_null(), "rustls is called by `within`");
    Ctx(ctx)
}

/// The wall clock of the process that is inside.
#[derive(Debug)]
pub struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let env = Environment::of(inside());
        let since =
            Duration::from_millis(env.epoch_ms() as u64) + Duration::from_nanos(env.now_ns());
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// Random bytes of the process that is inside.
pub fn draw(length: usize) -> Vec<u8> {
    random::bytes(inside(), length)
}

/// With these suites and groups, best first.
pub fn provider(
    suites: Vec<SupportedCipherSuite>,
    groups: Vec<&'static dyn SupportedKxGroup>,
) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: suites,
        kx_groups: groups,
        // Certificates are ours to check.
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[],
            mapping: &[],
        },
        secure_random: &Seeded,
        key_provider: &NoKeys,
    })
}

#[derive(Debug)]
struct Seeded;

impl SecureRandom for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        random::fill(inside(), bytes);
        Ok(())
    }
}

/// Keys are read by `keys`, never by rustls.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("keys are read elsewhere".into()))
    }
}

// ---- digests ----

struct Sha<D>(std::marker::PhantomData<D>);

#[derive(Clone)]
struct Hashing<D>(D);

trait KnownHash: sha2::Digest + Clone + Send + Sync + 'static {
    const ALGORITHM: hash::HashAlgorithm;
}

impl KnownHash for sha2::Sha256 {
    const ALGORITHM: hash::HashAlgorithm = hash::HashAlgorithm::SHA256;
}

impl KnownHash for sha2::Sha384 {
    const ALGORITHM: hash::HashAlgorithm = hash::HashAlgorithm::SHA384;
}

impl<D: KnownHash> hash::Hash for Sha<D> {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Hashing(D::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as sha2::Digest>::output_size()
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        D::ALGORITHM
    }
}

impl<D: KnownHash> hash::Context for Hashing<D> {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(self.clone())
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

static SHA256: Sha<sha2::Sha256> = Sha(std::marker::PhantomData);
static SHA384: Sha<sha2::Sha384> = Sha(std::marker::PhantomData);

struct HmacOf(&'static str);

struct HmacKey {
    digest: Digest,
    key: Vec<u8>,
}

fn digest(name: &str) -> Digest {
    Digest::by_name(name).expect("digests of TLS are known")
}

impl hmac::Hmac for HmacOf {
    fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
        Box::new(HmacKey {
            digest: digest(self.0),
            key: key.to_vec(),
        })
    }

    fn hash_output_len(&self) -> usize {
        digest(self.0).length
    }
}

impl hmac::Key for HmacKey {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> hmac::Tag {
        let mut state = self.digest.hmac(&self.key);
        state.update(first);
        for part in middle {
            state.update(part);
        }
        state.update(last);
        hmac::Tag::new(&state.finish())
    }

    fn tag_len(&self) -> usize {
        self.digest.length
    }
}

static HMAC_SHA256: HmacOf = HmacOf("sha256");
static HMAC_SHA384: HmacOf = HmacOf("sha384");

// ---- records ----

/// One AEAD by its name, for both versions. AES in TLS 1.2 writes eight bytes of its nonce in front of each record.
struct Aead(&'static str, usize);

static AES_128_GCM: Aead = Aead("aes-128-gcm", 16);
static AES_256_GCM: Aead = Aead("aes-256-gcm", 32);
static CHACHA20_POLY1305: Aead = Aead("chacha20-poly1305", 32);

struct Records {
    sealing: Sealing,
    /// TLS 1.2 with AES: the part of the nonce that is not sent.
    salt: Option<[u8; 4]>,
    iv: Iv,
    is_12: bool,
}

const EXPLICIT_BYTES: usize = 8;

impl Aead {
    fn is_gcm(&self) -> bool {
        self.1 == 16 || self.0 == AES_256_GCM.0
    }

    fn records(&self, key: &AeadKey, iv: Iv, salt: Option<[u8; 4]>, is_12: bool) -> Box<Records> {
        let sealing = Sealing::new(self.0, key.as_ref()).expect("the key is as long as asked for");
        Box::new(Records {
            sealing,
            salt,
            iv,
            is_12,
        })
    }
}

impl Tls13AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        self.records(&key, iv, None, false)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.records(&key, iv, None, false)
    }

    fn key_len(&self) -> usize {
        self.1
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Tls12AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        if !self.is_gcm() {
            return self.records(&key, Iv::copy(iv), None, true);
        }
        let mut whole = [0; 12];
        whole[..4].copy_from_slice(iv);
        whole[4..].copy_from_slice(extra);
        let salt = whole[..4].try_into().ok();
        self.records(&key, Iv::new(whole), salt, true)
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        if !self.is_gcm() {
            return self.records(&key, Iv::copy(iv), None, true);
        }
        let salt = iv.try_into().ok();
        self.records(&key, Iv::new([0; 12]), salt, true)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        let is_gcm = self.is_gcm();
        KeyBlockShape {
            enc_key_len: self.1,
            fixed_iv_len: if is_gcm { 4 } else { 12 },
            explicit_nonce_len: if is_gcm { EXPLICIT_BYTES } else { 0 },
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Records {
    fn explicit_bytes(&self) -> usize {
        if self.salt.is_some() {
            EXPLICIT_BYTES
        } else {
            0
        }
    }
}

impl MessageEncrypter for Records {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = message.payload.len();
        let nonce = Nonce::new(&self.iv, sequence).0;
        let mut text = message.payload.to_vec();
        let (kind, version, additional) = if self.is_12 {
            let additional = make_tls12_aad(sequence, message.typ, message.version, length);
            (message.typ, message.version, additional.to_vec())
        } else {
            text.extend_from_slice(&message.typ.to_array());
            let additional = make_tls13_aad(text.len() + TAG_BYTES).to_vec();
            let version = ProtocolVersion::TLSv1_2;
            (ContentType::ApplicationData, version, additional)
        };
        let sealed = self.sealing.seal(&nonce, &additional, &text);
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(length));
        payload.extend_from_slice(&nonce[12 - self.explicit_bytes()..]);
        payload.extend_from_slice(&sealed);
        Ok(OutboundOpaqueMessage::new(kind, version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + TAG_BYTES + self.explicit_bytes() + usize::from(!self.is_12)
    }
}

impl MessageDecrypter for Records {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let explicit = self.explicit_bytes();
        let overhead = explicit + TAG_BYTES;
        let length = message.payload.len();
        if length < overhead {
            return Err(Error::DecryptError);
        }
        let nonce = match self.salt {
            Some(salt) => {
                let mut nonce = [0; 12];
                nonce[..4].copy_from_slice(&salt);
                nonce[4..].copy_from_slice(&message.payload[..EXPLICIT_BYTES]);
                nonce
            }
            None => Nonce::new(&self.iv, sequence).0,
        };
        let additional = if self.is_12 {
            make_tls12_aad(sequence, message.typ, message.version, length - overhead).to_vec()
        } else {
            make_tls13_aad(length).to_vec()
        };
        let opened = self
            .sealing
            .open(&nonce, &additional, &message.payload[explicit..])
            .ok_or(Error::DecryptError)?;
        message.payload[..opened.len()].copy_from_slice(&opened);
        message.payload.truncate(opened.len());
        if self.is_12 {
            Ok(message.into_plain_message())
        } else {
            message.into_tls13_unpadded_message()
        }
    }
}

// ---- suites ----

/// A suite, and what OpenSSL calls it.
pub struct Suite {
    pub name: &'static str,
    pub standard_name: &'static str,
    pub suite: SupportedCipherSuite,
}

const fn common<D: KnownHash>(
    suite: CipherSuite,
    hash_provider: &'static Sha<D>,
    confidentiality_limit: u64,
) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite,
        hash_provider,
        confidentiality_limit,
    }
}

const GCM_RECORDS_MAX: u64 = 1 << 24;

static HKDF_SHA256: HkdfUsingHmac<'static> = HkdfUsingHmac(&HMAC_SHA256);
static HKDF_SHA384: HkdfUsingHmac<'static> = HkdfUsingHmac(&HMAC_SHA384);
static PRF_SHA256: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA256);
static PRF_SHA384: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA384);

const RSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];
const ECDSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
];

/// In OpenSSL's order of preference.
pub const SCHEMES: [SignatureScheme; 10] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

macro_rules! suites_13 {
    ($($constant:ident $hash:ident $hkdf:ident $aead:ident $records:expr;)*) => {
        $(static $constant: Tls13CipherSuite = Tls13CipherSuite {
            common: common(CipherSuite::$constant, &$hash, $records),
            hkdf_provider: &$hkdf,
            aead_alg: &$aead,
            quic: None,
        };)*
    };
}

suites_13! {
    TLS13_AES_256_GCM_SHA384 SHA384 HKDF_SHA384 AES_256_GCM GCM_RECORDS_MAX;
    TLS13_CHACHA20_POLY1305_SHA256 SHA256 HKDF_SHA256 CHACHA20_POLY1305 u64::MAX;
    TLS13_AES_128_GCM_SHA256 SHA256 HKDF_SHA256 AES_128_GCM GCM_RECORDS_MAX;
}

macro_rules! suites_12 {
    ($($constant:ident $hash:ident $prf:ident $schemes:ident $aead:ident $records:expr;)*) => {
        $(static $constant: Tls12CipherSuite = Tls12CipherSuite {
            common: common(CipherSuite::$constant, &$hash, $records),
            prf_provider: &$prf,
            kx: KeyExchangeAlgorithm::ECDHE,
            sign: $schemes,
            aead_alg: &$aead,
        };)*
    };
}

suites_12! {
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 SHA256 PRF_SHA256 RSA_SCHEMES AES_128_GCM GCM_RECORDS_MAX;
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 SHA256 PRF_SHA256 ECDSA_SCHEMES AES_128_GCM GCM_RECORDS_MAX;
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 SHA384 PRF_SHA384 RSA_SCHEMES AES_256_GCM GCM_RECORDS_MAX;
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 SHA384 PRF_SHA384 ECDSA_SCHEMES AES_256_GCM GCM_RECORDS_MAX;
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 SHA256 PRF_SHA256 RSA_SCHEMES CHACHA20_POLY1305 u64::MAX;
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 SHA256 PRF_SHA256 ECDSA_SCHEMES CHACHA20_POLY1305 u64::MAX;
}

macro_rules! names {
    ($($name:literal $standard:literal $suite:expr;)*) => {
        /// All of them, in the order of Node's default list.
        pub static SUITES: &[Suite] = &[$(Suite {
            name: $name,
            standard_name: $standard,
            suite: $suite,
        }),*];
    };
}

names! {
    "TLS_AES_256_GCM_SHA384" "TLS_AES_256_GCM_SHA384" SupportedCipherSuite::Tls13(&TLS13_AES_256_GCM_SHA384);
    "TLS_CHACHA20_POLY1305_SHA256" "TLS_CHACHA20_POLY1305_SHA256" SupportedCipherSuite::Tls13(&TLS13_CHACHA20_POLY1305_SHA256);
    "TLS_AES_128_GCM_SHA256" "TLS_AES_128_GCM_SHA256" SupportedCipherSuite::Tls13(&TLS13_AES_128_GCM_SHA256);
    "ECDHE-RSA-AES128-GCM-SHA256" "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" SupportedCipherSuite::Tls12(&TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    "ECDHE-ECDSA-AES128-GCM-SHA256" "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" SupportedCipherSuite::Tls12(&TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    "ECDHE-RSA-AES256-GCM-SHA384" "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" SupportedCipherSuite::Tls12(&TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384);
    "ECDHE-ECDSA-AES256-GCM-SHA384" "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" SupportedCipherSuite::Tls12(&TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
    "ECDHE-RSA-CHACHA20-POLY1305" "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" SupportedCipherSuite::Tls12(&TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256);
    "ECDHE-ECDSA-CHACHA20-POLY1305" "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" SupportedCipherSuite::Tls12(&TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
}

// ---- key exchange ----

/// A group, by OpenSSL's name of it and ours.
#[derive(Debug)]
pub struct Group {
    group: NamedGroup,
    pub name: &'static str,
    pub other_names: &'static [&'static str],
    pub bits: u32,
}

/// In OpenSSL's order of preference.
pub static GROUPS: [Group; 4] = [
    Group {
        group: NamedGroup::X25519,
        name: "X25519",
        other_names: &["x25519"],
        bits: 253,
    },
    Group {
        group: NamedGroup::secp256r1,
        name: "prime256v1",
        other_names: &["P-256", "secp256r1"],
        bits: 256,
    },
    Group {
        group: NamedGroup::secp384r1,
        name: "secp384r1",
        other_names: &["P-384"],
        bits: 384,
    },
    Group {
        group: NamedGroup::secp521r1,
        name: "secp521r1",
        other_names: &["P-521"],
        bits: 521,
    },
];

impl Group {
    pub fn by_name(name: &str) -> Option<&'static Self> {
        GROUPS
            .iter()
            .find(|group| group.name == name || group.other_names.contains(&name))
    }

    pub fn of(known: NamedGroup) -> Option<&'static Self> {
        GROUPS.iter().find(|group| group.group == known)
    }

    fn curve(&self) -> Option<&'static Curve> {
        Curve::by_name(self.name)
    }
}

struct Exchange {
    group: &'static Group,
    private: Vec<u8>,
    public: Vec<u8>,
}

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let group = Self::of(self.group).ok_or(Error::FailedToGetRandomBytes)?;
        let (private, public) = match self.curve() {
            Some(curve) => {
                let private = agreement::scalar(inside(), &curve.order());
                let point = curve.public_of(&private).ok_or(Error::EncryptError)?;
                (
                    private.to_bytes_be(),
                    curve.encode(&point, Form::Uncompressed),
                )
            }
            None => {
                let private = random::bytes(inside(), Named::X25519.width());
                let public = Named::X25519.public_of(&private);
                (private, public)
            }
        };
        Ok(Box::new(Exchange {
            group,
            private,
            public,
        }))
    }

    fn name(&self) -> NamedGroup {
        self.group
    }
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        let wrong = Error::PeerMisbehaved(rustls::PeerMisbehaved::InvalidKeyShare);
        let shared = match self.group.curve() {
            Some(curve) => {
                let point = curve.decode(theirs).ok_or_else(|| wrong.clone())?;
                let private = BigUint::from_bytes_be(&self.private);
                let shared = curve.multiply(&point, &private).ok_or(wrong)?;
                padded(&shared.x, curve.width())
            }
            None if theirs.len() == Named::X25519.width() => {
                Named::X25519.agree(&self.private, theirs)
            }
            None => return Err(wrong),
        };
        Ok(shared.into())
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        self.group.group
    }
}

// ---- signatures ----

/// How a scheme of TLS signs: its digest, and how RSA pads.
fn parts_of(scheme: SignatureScheme) -> Option<(&'static str, sign::Options)> {
    use SignatureScheme as Scheme;
    let pss = sign::Options {
        padding: Some(rsa::PADDING_PSS),
        salt_length: Some(rsa::SALT_LENGTH_DIGEST),
        ..sign::Options::DEFAULT
    };
    let plain = sign::Options::DEFAULT;
    Some(match scheme {
        Scheme::RSA_PSS_SHA256 => ("sha256", pss),
        Scheme::RSA_PSS_SHA384 => ("sha384", pss),
        Scheme::RSA_PSS_SHA512 => ("sha512", pss),
        Scheme::RSA_PKCS1_SHA256 | Scheme::ECDSA_NISTP256_SHA256 => ("sha256", plain),
        Scheme::RSA_PKCS1_SHA384 | Scheme::ECDSA_NISTP384_SHA384 => ("sha384", plain),
        Scheme::RSA_PKCS1_SHA512 | Scheme::ECDSA_NISTP521_SHA512 => ("sha512", plain),
        _ => return None,
    })
}

/// The schemes in which this key can sign.
fn schemes_of(public: &Public) -> Vec<SignatureScheme> {
    match public {
        Public::Rsa(_, None) => RSA_SCHEMES.to_vec(),
        Public::Rsa(_, Some(_)) => Vec::new(),
        Public::Ec(curve, ..) => {
            let at = ["prime256v1", "secp384r1", "secp521r1"]
                .iter()
                .position(|name| Curve::by_name(name) == Some(*curve));
            at.map(|at| ECDSA_SCHEMES[at]).into_iter().collect()
        }
        Public::Named(Named::Ed25519, _) => vec![SignatureScheme::ED25519],
        _ => Vec::new(),
    }
}

pub struct OwnKey(pub Key);

impl OwnKey {
    fn public(&self) -> Option<&Public> {
        match &self.0 {
            Key::Pair(public, Some(_)) => Some(public),
            _ => None,
        }
    }
}

impl Debug for OwnKey {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("OwnKey")
    }
}

#[derive(Debug)]
struct OwnSigner {
    key: Arc<OwnKey>,
    scheme: SignatureScheme,
}

/// The key of a context, as rustls asks for it.
#[derive(Debug)]
pub struct Signing(pub Arc<OwnKey>);

impl SigningKey for Signing {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let known = schemes_of(self.0.public()?);
        let scheme = *offered.iter().find(|scheme| known.contains(scheme))?;
        Some(Box::new(OwnSigner {
            key: self.0.clone(),
            scheme,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0.public() {
            Some(Public::Rsa(..)) => SignatureAlgorithm::RSA,
            Some(Public::Ec(..)) => SignatureAlgorithm::ECDSA,
            _ => SignatureAlgorithm::ED25519,
        }
    }
}

impl Signer for OwnSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let key = &self.key.0;
        if let Key::Pair(Public::Named(named, _), Some(Private::Named(private))) = key {
            return Ok(named.sign(private, message));
        }
        let failed = || Error::General("the key does not sign".into());
        let (name, options) = parts_of(self.scheme).ok_or_else(failed)?;
        let digest = digest(name);
        let hash = digest.of(&[message]);
        sign::sign_hash(inside(), key, &digest, &hash, options).map_err(|_| failed())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// Whether the peer's key has signed this.
pub fn is_signed(
    public: &Public,
    scheme: SignatureScheme,
    message: &[u8],
    signature: &[u8],
) -> bool {
    if !schemes_of(public).contains(&scheme) {
        return false;
    }
    if let Public::Named(named, key) = public {
        return named.verify(key, message, signature);
    }
    let Some((name, options)) = parts_of(scheme) else {
        return false;
    };
    let digest = digest(name);
    let hash = digest.of(&[message]);
    let key = Key::Pair(public.clone(), None);
    sign::verify_hash(&key, &digest, &hash, signature, options).unwrap_or(false)
}
