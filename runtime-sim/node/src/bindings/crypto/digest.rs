//! Message digests by OpenSSL's names, and what is built on them: HMAC, HKDF and PBKDF2.
//!
//! All go through one trait object, so that the code of the constructions is in the module once and not once for each
//! digest. SM3 is left out.

use sha1::digest::{Digest as _, ExtendableOutput, Update, XofReader};

/// A digest under way.
pub trait State {
    fn update(&mut self, bytes: &[u8]);
    fn copy(&self) -> Box<dyn State>;
    /// `length` matters only to what has no length of its own.
    fn finish(self: Box<Self>, length: usize) -> Vec<u8>;
}

#[derive(Clone)]
struct Fixed<D>(D);

impl<D: sha1::Digest + Clone + 'static> State for Fixed<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn copy(&self) -> Box<dyn State> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>, _: usize) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

struct Extendable<D>(D);

impl<D: Update + ExtendableOutput + Clone + 'static> State for Extendable<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn copy(&self) -> Box<dyn State> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.finalize_xof().read(&mut bytes);
        bytes
    }
}

/// What TLS 1.1 signed: both digests, one behind the other.
#[derive(Clone)]
struct Md5Sha1(md5::Md5, sha1::Sha1);

impl State for Md5Sha1 {
    fn update(&mut self, bytes: &[u8]) {
        sha1::Digest::update(&mut self.0, bytes);
        sha1::Digest::update(&mut self.1, bytes);
    }

    fn copy(&self) -> Box<dyn State> {
        Box::new(self.clone())
    }

    fn finish(self: Box<Self>, _: usize) -> Vec<u8> {
        [self.0.finalize().to_vec(), self.1.finalize().to_vec()].concat()
    }
}

/// One digest.
#[derive(Clone, Copy)]
pub struct Digest {
    /// As in OpenSSL's object table, lower case.
    pub name: &'static str,
    /// Bytes of the result; the default of what has none of its own.
    pub length: usize,
    /// Bytes that it takes at once.
    pub block: usize,
    /// The object identifier in DER, for signatures with PKCS #1; empty where there is none.
    pub identifier: &'static [u8],
    begin: fn() -> Box<dyn State>,
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

macro_rules! digests {
    ($($name:literal $length:literal $block:literal $identifier:literal $state:expr;)*) => {
        const DIGESTS: &[Digest] = &[$(Digest {
            name: $name,
            length: $length,
            block: $block,
            identifier: $identifier,
            begin: || Box::new($state),
        }),*];
    };
}

digests! {
    "md5" 16 64 b"\x2a\x86\x48\x86\xf7\x0d\x02\x05" Fixed(md5::Md5::new());
    "md5-sha1" 36 64 b"" Md5Sha1(md5::Md5::new(), sha1::Sha1::new());
    "sha1" 20 64 b"\x2b\x0e\x03\x02\x1a" Fixed(sha1::Sha1::new());
    "sha224" 28 64 b"\x60\x86\x48\x01\x65\x03\x04\x02\x04" Fixed(sha2::Sha224::new());
    "sha256" 32 64 b"\x60\x86\x48\x01\x65\x03\x04\x02\x01" Fixed(sha2::Sha256::new());
    "sha384" 48 128 b"\x60\x86\x48\x01\x65\x03\x04\x02\x02" Fixed(sha2::Sha384::new());
    "sha512" 64 128 b"\x60\x86\x48\x01\x65\x03\x04\x02\x03" Fixed(sha2::Sha512::new());
    "sha512-224" 28 128 b"\x60\x86\x48\x01\x65\x03\x04\x02\x05" Fixed(sha2::Sha512_224::new());
    "sha512-256" 32 128 b"\x60\x86\x48\x01\x65\x03\x04\x02\x06" Fixed(sha2::Sha512_256::new());
    "sha3-224" 28 144 b"\x60\x86\x48\x01\x65\x03\x04\x02\x07" Fixed(sha3::Sha3_224::new());
    "sha3-256" 32 136 b"\x60\x86\x48\x01\x65\x03\x04\x02\x08" Fixed(sha3::Sha3_256::new());
    "sha3-384" 48 104 b"\x60\x86\x48\x01\x65\x03\x04\x02\x09" Fixed(sha3::Sha3_384::new());
    "sha3-512" 64 72 b"\x60\x86\x48\x01\x65\x03\x04\x02\x0a" Fixed(sha3::Sha3_512::new());
    "shake128" 16 168 b"" Extendable(shake::Shake128::default());
    "shake256" 32 136 b"" Extendable(shake::Shake256::default());
    "ripemd160" 20 64 b"\x2b\x24\x03\x02\x01" Fixed(ripemd::Ripemd160::new());
    "blake2b512" 64 128 b"" Fixed(blake2::Blake2b512::new());
    "blake2s256" 32 64 b"" Fixed(blake2::Blake2s256::new());
}

/// What `crypto.getHashes()` answers: OpenSSL's list without SM3.
pub const NAMES: &[&str] = &[
    "RSA-MD5",
    "RSA-RIPEMD160",
    "RSA-SHA1",
    "RSA-SHA1-2",
    "RSA-SHA224",
    "RSA-SHA256",
    "RSA-SHA3-224",
    "RSA-SHA3-256",
    "RSA-SHA3-384",
    "RSA-SHA3-512",
    "RSA-SHA384",
    "RSA-SHA512",
    "RSA-SHA512/224",
    "RSA-SHA512/256",
    "blake2b512",
    "blake2s256",
    "id-rsassa-pkcs1-v1_5-with-sha3-224",
    "id-rsassa-pkcs1-v1_5-with-sha3-256",
    "id-rsassa-pkcs1-v1_5-with-sha3-384",
    "id-rsassa-pkcs1-v1_5-with-sha3-512",
    "md5",
    "md5-sha1",
    "md5WithRSAEncryption",
    "ripemd",
    "ripemd160",
    "ripemd160WithRSA",
    "rmd160",
    "sha1",
    "sha1WithRSAEncryption",
    "sha224",
    "sha224WithRSAEncryption",
    "sha256",
    "sha256WithRSAEncryption",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "sha384",
    "sha384WithRSAEncryption",
    "sha512",
    "sha512-224",
    "sha512-224WithRSAEncryption",
    "sha512-256",
    "sha512-256WithRSAEncryption",
    "sha512WithRSAEncryption",
    "shake128",
    "shake256",
    "ssl3-md5",
    "ssl3-sha1",
];

impl Digest {
    /// By any of its names, as `EVP_MD_fetch` and `EVP_get_digestbyname` together know it.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name
            .strip_prefix("id-rsassa-pkcs1-v1_5-with-")
            .unwrap_or(&name);
        let name = name
            .strip_suffix("withrsaencryption")
            .or(name.strip_suffix("withrsa"))
            .unwrap_or(name);
        let name = name
            .strip_prefix("rsa-")
            .or(name.strip_prefix("ssl3-"))
            .unwrap_or(name);
        let name = match name {
            "ripemd" | "rmd160" | "ripemd-160" => "ripemd160",
            "sha1-2" | "sha-1" => "sha1",
            "sha2-224" | "sha-224" => "sha224",
            "sha2-256" | "sha-256" => "sha256",
            "sha2-384" | "sha-384" => "sha384",
            "sha2-512" | "sha-512" => "sha512",
            "sha512/224" | "sha2-512/224" | "sha-512/224" => "sha512-224",
            "sha512/256" | "sha2-512/256" | "sha-512/256" => "sha512-256",
            "shake-128" => "shake128",
            "shake-256" => "shake256",
            "blake2b-512" => "blake2b512",
            "blake2s-256" => "blake2s256",
            name => name,
        };
        DIGESTS.iter().find(|digest| digest.name == name).copied()
    }

    pub fn by_identifier(identifier: &[u8]) -> Option<Self> {
        DIGESTS
            .iter()
            .find(|digest| !digest.identifier.is_empty() && digest.identifier == identifier)
            .copied()
    }

    /// Whether it gives as many bytes as asked for.
    pub fn is_extendable(&self) -> bool {
        self.name.starts_with("shake")
    }

    pub fn begin(&self) -> Box<dyn State> {
        (self.begin)()
    }

    pub fn of(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut state = self.begin();
        for part in parts {
            state.update(part);
        }
        state.finish(self.length)
    }

    pub fn hmac(&self, key: &[u8]) -> Hmac {
        let mut padded = if key.len() > self.block {
            self.of(&[key])
        } else {
            key.to_vec()
        };
        padded.resize(self.block, 0);
        let keyed = |with: u8| {
            let mut state = self.begin();
            state.update(&padded.iter().map(|byte| byte ^ with).collect::<Vec<_>>());
            state
        };
        Hmac {
            inner: keyed(0x36),
            outer: keyed(0x5c),
            length: self.length,
        }
    }

    /// RFC 5869. `None` when more is asked than it can give.
    pub fn hkdf(&self, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
        if length > 255 * self.length {
            return None;
        }
        let extracted = self.hmac(salt).of(&[key]);
        let expander = self.hmac(&extracted);
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        let mut counter = 1_u8;
        while bytes.len() < length {
            block = expander.of(&[&block, info, &[counter]]);
            bytes.extend_from_slice(&block);
            counter = counter.wrapping_add(1);
        }
        bytes.truncate(length);
        Some(bytes)
    }

    /// RFC 8018.
    pub fn pbkdf2(&self, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Vec<u8> {
        let keyed = self.hmac(password);
        let mut bytes = Vec::new();
        let mut index = 1_u32;
        while bytes.len() < length {
            let mut last = keyed.of(&[salt, &index.to_be_bytes()]);
            let mut block = last.clone();
            for _ in 1..rounds {
                last = keyed.of(&[&last]);
                block
                    .iter_mut()
                    .zip(&last)
                    .for_each(|(sum, byte)| *sum ^= byte);
            }
            bytes.extend_from_slice(&block);
            index += 1;
        }
        bytes.truncate(length);
        bytes
    }

    /// The mask generation function of PKCS #1.
    pub fn mgf1(&self, seed: &[u8], length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut counter = 0_u32;
        while bytes.len() < length {
            bytes.extend_from_slice(&self.of(&[seed, &counter.to_be_bytes()]));
            counter += 1;
        }
        bytes.truncate(length);
        bytes
    }
}

/// RFC 2104.
pub struct Hmac {
    inner: Box<dyn State>,
    outer: Box<dyn State>,
    length: usize,
}

impl Hmac {
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    pub fn finish(self) -> Vec<u8> {
        let inner = self.inner.finish(self.length);
        let mut outer = self.outer;
        outer.update(&inner);
        outer.finish(self.length)
    }

    /// Of these parts alone; the key stays.
    pub fn of(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut copy = Self {
            inner: self.inner.copy(),
            outer: self.outer.copy(),
            length: self.length,
        };
        for part in parts {
            copy.update(part);
        }
        copy.finish()
    }
}
