//! Symmetric ciphers (`src/crypto/crypto_cipher.cc`, `crypto_aes.cc`): AES in the modes ECB, CBC, CTR, CFB, OFB, GCM,
//! CCM and key wrap, Triple DES in two of them, ChaCha20 and ChaCha20-Poly1305. The block cipher, the stream and the authenticators are crates; the
//! modes are here, because Node feeds them piece by piece and changes their minds midway.

use std::cell::RefCell;

use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher, StreamCipherSeek,
};
use ghash::universal_hash::UniversalHash;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        environment::{copy_bytes, new_array_buffer},
        native::{Call, Target, throw_with_code},
    },
    digest::Digest,
    errors::{self, OpenSsl},
    hash::text_or_bytes,
    job,
    keys::KeyHandle,
    new_buffer,
};

const BLOCK: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc,
    Ctr,
    Cfb,
    Ofb,
    Gcm,
    Ccm,
    Wrap,
    /// RFC 5649.
    WrapPadded,
    ChaCha20,
    ChaCha20Poly1305,
}

/// A cipher by OpenSSL's name and number.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    short: &'static str,
    nid: i32,
    mode: Mode,
    key_length: usize,
}

macro_rules! kinds {
    ($($name:literal $short:literal $nid:literal $mode:ident $key:literal;)*) => {
        const KINDS: &[Kind] =
            &[$(Kind { name: $name, short: $short, nid: $nid, mode: Mode::$mode, key_length: $key }),*];
    };
}

kinds! {
    "aes-128-cbc" "aes-128-cbc" 419 Cbc 16;
    "aes-128-ccm" "id-aes128-ccm" 896 Ccm 16;
    "aes-128-cfb" "aes-128-cfb" 421 Cfb 16;
    "aes-128-ctr" "aes-128-ctr" 904 Ctr 16;
    "aes-128-ecb" "aes-128-ecb" 418 Ecb 16;
    "aes-128-gcm" "id-aes128-gcm" 895 Gcm 16;
    "aes-128-ofb" "aes-128-ofb" 420 Ofb 16;
    "aes-192-cbc" "aes-192-cbc" 423 Cbc 24;
    "aes-192-ccm" "id-aes192-ccm" 899 Ccm 24;
    "aes-192-cfb" "aes-192-cfb" 425 Cfb 24;
    "aes-192-ctr" "aes-192-ctr" 905 Ctr 24;
    "aes-192-ecb" "aes-192-ecb" 422 Ecb 24;
    "aes-192-gcm" "id-aes192-gcm" 898 Gcm 24;
    "aes-192-ofb" "aes-192-ofb" 424 Ofb 24;
    "aes-256-cbc" "aes-256-cbc" 427 Cbc 32;
    "aes-256-ccm" "id-aes256-ccm" 902 Ccm 32;
    "aes-256-cfb" "aes-256-cfb" 429 Cfb 32;
    "aes-256-ctr" "aes-256-ctr" 906 Ctr 32;
    "aes-256-ecb" "aes-256-ecb" 426 Ecb 32;
    "aes-256-gcm" "id-aes256-gcm" 901 Gcm 32;
    "aes-256-ofb" "aes-256-ofb" 428 Ofb 32;
    "aes128-wrap" "id-aes128-wrap" 788 Wrap 16;
    "aes192-wrap" "id-aes192-wrap" 789 Wrap 24;
    "aes256-wrap" "id-aes256-wrap" 790 Wrap 32;
    "id-aes128-wrap-pad" "id-aes128-wrap-pad" 897 WrapPadded 16;
    "id-aes192-wrap-pad" "id-aes192-wrap-pad" 900 WrapPadded 24;
    "id-aes256-wrap-pad" "id-aes256-wrap-pad" 903 WrapPadded 32;
    "des-ede3-cbc" "des-ede3-cbc" 44 Cbc 24;
    "des-ede3" "des-ede3" 33 Ecb 24;
    "chacha20" "chacha20" 1019 ChaCha20 32;
    "chacha20-poly1305" "chacha20-poly1305" 1018 ChaCha20Poly1305 32;
}

/// What `crypto.getCiphers()` answers: of OpenSSL's list, the ones that are here.
const NAMES: &[&str] = &[
    "aes-128-cbc",
    "aes-128-ccm",
    "aes-128-cfb",
    "aes-128-ctr",
    "aes-128-ecb",
    "aes-128-gcm",
    "aes-128-ofb",
    "aes-192-cbc",
    "aes-192-ccm",
    "aes-192-cfb",
    "aes-192-ctr",
    "aes-192-ecb",
    "aes-192-gcm",
    "aes-192-ofb",
    "aes-256-cbc",
    "aes-256-ccm",
    "aes-256-cfb",
    "aes-256-ctr",
    "aes-256-ecb",
    "aes-256-gcm",
    "aes-256-ofb",
    "aes128",
    "aes128-wrap",
    "aes192",
    "aes192-wrap",
    "aes256",
    "aes256-wrap",
    "chacha20",
    "chacha20-poly1305",
    "des-ede3",
    "des-ede3-cbc",
    "des-ede3-ecb",
    "des3",
    "id-aes128-CCM",
    "id-aes128-GCM",
    "id-aes128-wrap",
    "id-aes128-wrap-pad",
    "id-aes192-CCM",
    "id-aes192-GCM",
    "id-aes192-wrap",
    "id-aes192-wrap-pad",
    "id-aes256-CCM",
    "id-aes256-GCM",
    "id-aes256-wrap",
    "id-aes256-wrap-pad",
];

impl Kind {
    fn by_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "aes128" => "aes-128-cbc",
            "aes192" => "aes-192-cbc",
            "aes256" => "aes-256-cbc",
            "des3" => "des-ede3-cbc",
            "des-ede3-ecb" => "des-ede3",
            name => name,
        };
        KINDS
            .iter()
            .find(|kind| kind.name == name || kind.short == name)
            .copied()
    }

    fn is_des(self) -> bool {
        self.name.starts_with("des-")
    }

    fn authenticates(self) -> bool {
        matches!(self.mode, Mode::Gcm | Mode::Ccm | Mode::ChaCha20Poly1305)
    }

    fn iv_length(self) -> usize {
        match self.mode {
            Mode::Ecb => 0,
            Mode::Gcm | Mode::Ccm | Mode::ChaCha20Poly1305 => 12,
            Mode::Wrap => 8,
            Mode::WrapPadded => 4,
            Mode::Cbc => self.block_length(),
            _ => BLOCK,
        }
    }

    fn block_length(self) -> usize {
        match self.mode {
            Mode::Ecb | Mode::Cbc if self.is_des() => 8,
            Mode::Ecb | Mode::Cbc => BLOCK,
            Mode::Wrap | Mode::WrapPadded => 8,
            _ => 1,
        }
    }

    fn mode_name(self) -> &'static str {
        match self.mode {
            Mode::Ecb => "ecb",
            Mode::Cbc => "cbc",
            Mode::Ctr => "ctr",
            Mode::Cfb => "cfb",
            Mode::Ofb => "ofb",
            Mode::Gcm => "gcm",
            Mode::Ccm => "ccm",
            Mode::Wrap | Mode::WrapPadded => "wrap",
            Mode::ChaCha20 | Mode::ChaCha20Poly1305 => "stream",
        }
    }
}

enum Aes {
    Bits128(aes::Aes128),
    Bits192(aes::Aes192),
    Bits256(aes::Aes256),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Bits128(aes::Aes128::new_from_slice(key).ok()?),
            24 => Self::Bits192(aes::Aes192::new_from_slice(key).ok()?),
            32 => Self::Bits256(aes::Aes256::new_from_slice(key).ok()?),
            _ => return None,
        })
    }

    fn encrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = block.into();
        match self {
            Self::Bits128(aes) => aes.encrypt_block(&mut block),
            Self::Bits192(aes) => aes.encrypt_block(&mut block),
            Self::Bits256(aes) => aes.encrypt_block(&mut block),
        }
        block.into()
    }

    fn decrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = block.into();
        match self {
            Self::Bits128(aes) => aes.decrypt_block(&mut block),
            Self::Bits192(aes) => aes.decrypt_block(&mut block),
            Self::Bits256(aes) => aes.decrypt_block(&mut block),
        }
        block.into()
    }

    /// RFC 3394.
    fn wrap(&self, iv: [u8; 8], data: &[u8]) -> Option<Vec<u8>> {
        if data.len() < 16 || !data.len().is_multiple_of(8) {
            return None;
        }
        let mut check = iv;
        let mut parts: Vec<[u8; 8]> = data.chunks_exact(8).map(array).collect();
        let count = parts.len() as u64;
        for round in 0..6 {
            for (index, part) in parts.iter_mut().enumerate() {
                let block = self.encrypt(array(&[check, *part].concat()));
                let step = count * round + index as u64 + 1;
                check = (u64::from_be_bytes(array(&block[..8])) ^ step).to_be_bytes();
                *part = array(&block[8..]);
            }
        }
        Some([check.to_vec(), parts.concat()].concat())
    }

    /// RFC 5649: any length of at least one byte.
    fn wrap_padded(&self, iv: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
        let start: [u8; 8] = array(&[iv, (data.len() as u32).to_be_bytes()].concat());
        let mut padded = data.to_vec();
        padded.resize(data.len().next_multiple_of(8), 0);
        match padded.len() {
            0 => None,
            8 => Some(
                self.encrypt(array(&[&start[..], &padded].concat()))
                    .to_vec(),
            ),
            _ => self.wrap(start, &padded),
        }
    }

    fn unwrap_padded(&self, iv: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
        let (start, mut padded) = if data.len() == BLOCK {
            let block = self.decrypt(array(data));
            (array(&block[..8]), block[8..].to_vec())
        } else {
            self.unwrap_unchecked(data)?
        };
        let length = u32::from_be_bytes(array(&start[4..])) as usize;
        let padding = padded.len().checked_sub(length)?;
        if start[..4] != iv || padding >= 8 || padded[length..].iter().any(|byte| *byte != 0) {
            return None;
        }
        padded.truncate(length);
        Some(padded)
    }

    fn unwrap(&self, iv: [u8; 8], data: &[u8]) -> Option<Vec<u8>> {
        self.unwrap_unchecked(data)
            .and_then(|(check, parts)| (check == iv).then_some(parts))
    }

    fn unwrap_unchecked(&self, data: &[u8]) -> Option<([u8; 8], Vec<u8>)> {
        if data.len() < 24 || !data.len().is_multiple_of(8) {
            return None;
        }
        let mut check: [u8; 8] = array(&data[..8]);
        let mut parts: Vec<[u8; 8]> = data[8..].chunks_exact(8).map(array).collect();
        let count = parts.len() as u64;
        for round in (0..6).rev() {
            for (index, part) in parts.iter_mut().enumerate().rev() {
                let step = count * round + index as u64 + 1;
                let mixed = (u64::from_be_bytes(check) ^ step).to_be_bytes();
                let block = self.decrypt(array(&[mixed, *part].concat()));
                check = array(&block[..8]);
                *part = array(&block[8..]);
            }
        }
        Some((check, parts.concat()))
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

/// A counter of the last `bits` bits of a block.
fn increment(counter: &mut [u8; BLOCK], bits: usize) {
    let number = u128::from_be_bytes(*counter);
    let mask = if bits >= 128 {
        u128::MAX
    } else {
        (1 << bits) - 1
    };
    *counter = ((number & !mask) | (number.wrapping_add(1) & mask)).to_be_bytes();
}

/// A stream of bytes to combine with: AES in a counter or feedback mode.
struct Keystream {
    block: [u8; BLOCK],
    /// How much of `ready` is used up.
    used: usize,
    ready: [u8; BLOCK],
}

impl Keystream {
    fn new(block: [u8; BLOCK]) -> Self {
        Self {
            block,
            used: BLOCK,
            ready: [0; BLOCK],
        }
    }

    fn count(&mut self, aes: &Aes, data: &mut [u8], bits: usize) {
        for byte in data {
            if self.used == BLOCK {
                self.ready = aes.encrypt(self.block);
                increment(&mut self.block, bits);
                self.used = 0;
            }
            *byte ^= self.ready[self.used];
            self.used += 1;
        }
    }

    fn feed_back(&mut self, aes: &Aes, data: &mut [u8], mode: Mode, encrypts: bool) {
        for byte in data {
            if self.used == BLOCK {
                self.ready = aes.encrypt(self.block);
                self.used = 0;
            }
            let given = *byte;
            *byte ^= self.ready[self.used];
            self.block[self.used] = match mode {
                Mode::Ofb => self.ready[self.used],
                _ if encrypts => *byte,
                _ => given,
            };
            self.used += 1;
        }
    }
}

enum Core {
    Aes(Box<Aes>, Keystream),
    Des(Box<des::TdesEde3>),
    ChaCha(Box<chacha20::ChaCha20>),
}

/// A cipher under way.
struct Running {
    kind: Kind,
    encrypts: bool,
    core: Core,
    /// The block before (CBC), the initial counter block (GCM), the nonce (CCM), the initial value (wrap).
    iv: Vec<u8>,
    pads: bool,
    held: Vec<u8>,
    /// What the authenticator will see.
    additional: Vec<u8>,
    ciphertext: Vec<u8>,
    one_time_key: [u8; 32],
    updated: bool,
}

/// Bytes that authenticate a sealed text.
pub const TAG_BYTES: usize = 16;

/// An AEAD with its key: texts sealed and opened at once.
pub struct Sealing {
    kind: Kind,
    key: Vec<u8>,
}

impl Sealing {
    pub fn new(name: &str, key: &[u8]) -> Option<Self> {
        let kind = Kind::by_name(name).filter(|kind| kind.key_length == key.len())?;
        Some(Self {
            kind,
            key: key.to_vec(),
        })
    }

    fn begin(&self, nonce: &[u8], additional: &[u8], encrypts: bool) -> Option<Running> {
        let mut running = Running::new(self.kind, &self.key, nonce, encrypts)?;
        running.additional = additional.to_vec();
        Some(running)
    }

    /// The sealed text, and its tag behind it.
    pub fn seal(&self, nonce: &[u8], additional: &[u8], text: &[u8]) -> Vec<u8> {
        let Some(mut running) = self.begin(nonce, additional, true) else {
            return Vec::new();
        };
        let mut sealed = running.update(text).unwrap_or_default();
        sealed.extend(running.tag(TAG_BYTES));
        sealed
    }

    /// `None` when anything of it was changed.
    pub fn open(&self, nonce: &[u8], additional: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let length = sealed.len().checked_sub(TAG_BYTES)?;
        let mut running = self.begin(nonce, additional, false)?;
        let text = running.update(&sealed[..length]).ok()?;
        (running.tag(TAG_BYTES) == sealed[length..]).then_some(text)
    }
}

enum Failure {
    OpenSsl(OpenSsl),
    Unauthentic,
    State,
}

impl Running {
    fn new(kind: Kind, key: &[u8], iv: &[u8], encrypts: bool) -> Option<Self> {
        let mut one_time_key = [0; 32];
        let mut start = iv.to_vec();
        let core = if matches!(kind.mode, Mode::ChaCha20 | Mode::ChaCha20Poly1305) {
            // OpenSSL's ChaCha20 takes the counter in front of the nonce; the counter here has 32 bits.
            let (counter, nonce) = if kind.mode == Mode::ChaCha20 {
                (u32::from_le_bytes(array(&iv[..4])), iv[4..16].to_vec())
            } else {
                let mut nonce = vec![0; 12 - iv.len()];
                nonce.extend_from_slice(iv);
                (0, nonce)
            };
            let mut stream = chacha20::ChaCha20::new_from_slices(key, &nonce).ok()?;
            if kind.mode == Mode::ChaCha20Poly1305 {
                stream.apply_keystream(&mut one_time_key);
                stream.seek(64_u32);
            } else {
                stream.seek(64 * u64::from(counter));
            }
            Core::ChaCha(Box::new(stream))
        } else if kind.is_des() {
            Core::Des(Box::new(des::TdesEde3::new_from_slice(key).ok()?))
        } else {
            let aes = Aes::new(key)?;
            let first = match kind.mode {
                Mode::Gcm => {
                    start = if iv.len() == 12 {
                        [iv, &[0, 0, 0, 1]].concat()
                    } else {
                        ghash(&aes, &[], iv, true).to_vec()
                    };
                    let mut counter = array(&start);
                    increment(&mut counter, 32);
                    counter
                }
                Mode::Ccm => {
                    let mut counter = [0; BLOCK];
                    counter[0] = (14 - iv.len()) as u8;
                    counter[1..=iv.len()].copy_from_slice(iv);
                    counter[BLOCK - 1] = 1;
                    counter
                }
                Mode::Ctr | Mode::Cfb | Mode::Ofb => array(iv),
                _ => [0; BLOCK],
            };
            Core::Aes(Box::new(aes), Keystream::new(first))
        };
        Some(Self {
            kind,
            encrypts,
            core,
            iv: start,
            pads: true,
            held: Vec::new(),
            additional: Vec::new(),
            ciphertext: Vec::new(),
            one_time_key,
            updated: false,
        })
    }

    fn update(&mut self, data: &[u8]) -> Result<Vec<u8>, Failure> {
        self.updated = true;
        let mut data = data.to_vec();
        let (mode, encrypts) = (self.kind.mode, self.encrypts);
        match &mut self.core {
            Core::Des(_) => return Ok(self.update_blocks(&data)),
            Core::ChaCha(stream) => {
                if !encrypts {
                    self.ciphertext.extend_from_slice(&data);
                }
                stream.apply_keystream(&mut data);
                if encrypts {
                    self.ciphertext.extend_from_slice(&data);
                }
            }
            Core::Aes(aes, keystream) => match mode {
                Mode::Ecb | Mode::Cbc => return Ok(self.update_blocks(&data)),
                Mode::Wrap => {
                    let iv = array(&self.iv);
                    let done = if encrypts {
                        aes.wrap(iv, &data)
                    } else {
                        aes.unwrap(iv, &data)
                    };
                    return done.ok_or(Failure::State);
                }
                Mode::WrapPadded => {
                    let iv = array(&self.iv);
                    let done = if encrypts {
                        aes.wrap_padded(iv, &data)
                    } else {
                        aes.unwrap_padded(iv, &data)
                    };
                    return done.ok_or(Failure::State);
                }
                Mode::Cfb | Mode::Ofb => keystream.feed_back(aes, &mut data, mode, encrypts),
                _ => {
                    let bits = if mode == Mode::Gcm { 32 } else { 128 };
                    if !encrypts {
                        self.ciphertext.extend_from_slice(&data);
                    }
                    // The authenticator of CCM covers the plain text.
                    let plain = (mode == Mode::Ccm).then(|| data.clone());
                    keystream.count(aes, &mut data, bits);
                    match plain {
                        Some(plain) if encrypts => self.held = plain,
                        Some(_) => self.held = data.clone(),
                        None if encrypts => self.ciphertext.extend_from_slice(&data),
                        None => {}
                    }
                }
            },
        }
        Ok(data)
    }

    fn update_blocks(&mut self, data: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(data);
        let size = self.kind.block_length();
        let mut whole = self.held.len() / size * size;
        // The last block may be padding: it waits for `final`.
        if !self.encrypts && self.pads && whole == self.held.len() && whole > 0 {
            whole -= size;
        }
        let rest = self.held.split_off(whole);
        let blocks = std::mem::replace(&mut self.held, rest);
        blocks
            .chunks_exact(size)
            .flat_map(|block| self.block(block))
            .collect()
    }

    fn block(&mut self, block: &[u8]) -> Vec<u8> {
        let chained = self.kind.mode == Mode::Cbc;
        let mut done = block.to_vec();
        if self.encrypts && chained {
            mix(&mut done, &self.iv);
        }
        let done = match (&self.core, self.encrypts) {
            (Core::Aes(aes, _), true) => aes.encrypt(array(&done)).to_vec(),
            (Core::Aes(aes, _), false) => aes.decrypt(array(&done)).to_vec(),
            (Core::Des(des), encrypts) => {
                let mut block = array::<8>(&done).into();
                if encrypts {
                    des.encrypt_block(&mut block);
                } else {
                    des.decrypt_block(&mut block);
                }
                block.to_vec()
            }
            (Core::ChaCha(_), _) => done,
        };
        if self.encrypts {
            self.iv.clone_from(&done);
            return done;
        }
        let mut plain = done;
        if chained {
            mix(&mut plain, &self.iv);
        }
        self.iv = block.to_vec();
        plain
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        if !matches!(self.kind.mode, Mode::Ecb | Mode::Cbc) {
            return Ok(Vec::new());
        }
        let size = self.kind.block_length();
        let mut last = std::mem::take(&mut self.held);
        if !self.pads {
            return if last.is_empty() {
                Ok(last)
            } else {
                Err(Failure::OpenSsl(errors::WRONG_FINAL_BLOCK_LENGTH))
            };
        }
        if self.encrypts {
            let count = size - last.len();
            last.resize(size, count as u8);
            return Ok(self.block(&last));
        }
        if last.len() != size {
            return Err(Failure::OpenSsl(errors::WRONG_FINAL_BLOCK_LENGTH));
        }
        let mut block = self.block(&last);
        let count = usize::from(block[size - 1]);
        let is_padding = |byte: &u8| usize::from(*byte) == count;
        if count == 0 || count > size || !block[size - count..].iter().all(is_padding) {
            return Err(Failure::OpenSsl(errors::BAD_DECRYPT));
        }
        block.truncate(size - count);
        Ok(block)
    }

    fn tag(&self, length: usize) -> Vec<u8> {
        let mut tag = match &self.core {
            Core::ChaCha(_) => {
                let mut text = self.additional.clone();
                text.resize(text.len().next_multiple_of(BLOCK), 0);
                text.extend_from_slice(&self.ciphertext);
                text.resize(text.len().next_multiple_of(BLOCK), 0);
                text.extend_from_slice(&(self.additional.len() as u64).to_le_bytes());
                text.extend_from_slice(&(self.ciphertext.len() as u64).to_le_bytes());
                poly1305::Poly1305::new(&self.one_time_key.into())
                    .compute_unpadded(&text)
                    .to_vec()
            }
            Core::Aes(aes, _) if self.kind.mode == Mode::Gcm => {
                let sum = ghash(aes, &self.additional, &self.ciphertext, false);
                xor(sum, aes.encrypt(array(&self.iv))).to_vec()
            }
            Core::Aes(aes, _) => self.ccm_tag(aes, length),
            Core::Des(_) => Vec::new(),
        };
        tag.truncate(length);
        tag
    }

    /// RFC 3610.
    fn ccm_tag(&self, aes: &Aes, length: usize) -> Vec<u8> {
        let size = 15 - self.iv.len();
        let mut first = [0; BLOCK];
        let flag = if self.additional.is_empty() { 0 } else { 0x40 };
        first[0] = flag | (((length - 2) / 2) << 3) as u8 | (size - 1) as u8;
        first[1..=self.iv.len()].copy_from_slice(&self.iv);
        let count = (self.held.len() as u64).to_be_bytes();
        for index in 0..size.min(8) {
            first[BLOCK - 1 - index] = count[7 - index];
        }
        let mut text = Vec::new();
        if !self.additional.is_empty() {
            if self.additional.len() < 0xff00 {
                text.extend_from_slice(&(self.additional.len() as u16).to_be_bytes());
            } else {
                text.extend_from_slice(&[0xff, 0xfe]);
                text.extend_from_slice(&(self.additional.len() as u32).to_be_bytes());
            }
            text.extend_from_slice(&self.additional);
            text.resize(text.len().next_multiple_of(BLOCK), 0);
        }
        text.extend_from_slice(&self.held);
        text.resize(text.len().next_multiple_of(BLOCK), 0);
        let sum = text
            .chunks_exact(BLOCK)
            .fold(aes.encrypt(first), |sum, block| {
                aes.encrypt(xor(sum, array(block)))
            });
        let mut counter = [0; BLOCK];
        counter[0] = (size - 1) as u8;
        counter[1..=self.iv.len()].copy_from_slice(&self.iv);
        xor(sum, aes.encrypt(counter)).to_vec()
    }
}

fn mix(bytes: &mut [u8], with: &[u8]) {
    bytes.iter_mut().zip(with).for_each(|(a, b)| *a ^= b);
}

fn xor(mut a: [u8; BLOCK], b: [u8; BLOCK]) -> [u8; BLOCK] {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    a
}

/// NIST SP 800-38D; for a nonce that is not 96 bits long, only its length follows.
fn ghash(aes: &Aes, additional: &[u8], text: &[u8], of_nonce: bool) -> [u8; BLOCK] {
    let mut hash = ghash::GHash::new(&aes.encrypt([0; BLOCK]).into());
    hash.update_padded(additional);
    hash.update_padded(text);
    let mut lengths = [0; BLOCK];
    if !of_nonce {
        lengths[..8].copy_from_slice(&(8 * additional.len() as u64).to_be_bytes());
    }
    lengths[8..].copy_from_slice(&(8 * text.len() as u64).to_be_bytes());
    hash.update(&[lengths.into()]);
    hash.finalize().into()
}

#[derive(Default)]
struct CipherState {
    running: Option<Running>,
    tag_length: Option<usize>,
    tag: Option<Vec<u8>>,
    /// CCM is told when it may not be decrypted at all.
    unauthentic: bool,
}

struct Cipher {
    encrypts: bool,
    state: RefCell<CipherState>,
}

pub fn initialize(t: &Target) {
    t.class("CipherBase", |c| {
        c.construct(Cipher {
            encrypts: c.truthy(0),
            state: RefCell::default(),
        })
    })
    .with("init", init_by_password)
    .with("initiv", init)
    .with("update", update)
    .with("final", finish)
    .with("setAutoPadding", |c| {
        let cipher = c.state::<Cipher>()?;
        let mut state = cipher.state.borrow_mut();
        if let Some(running) = &mut state.running {
            running.pads = c.args.is_empty() || c.truthy(0);
        }
        Ok(c.ctx.bool(state.running.is_some()))
    })
    .with("getAuthTag", |c| {
        let cipher = c.state::<Cipher>()?;
        let state = cipher.state.borrow();
        Ok(match &state.tag {
            Some(tag) if cipher.encrypts && state.running.is_none() => new_buffer(c.ctx, tag),
            _ => c.ctx.undefined(),
        })
    })
    .with("setAuthTag", set_tag)
    .with("setAAD", set_additional);
    t.with("getCiphers", |c| Ok(c.ctx.strings(NAMES.iter().copied())))
        .with("getCipherInfo", cipher_info)
        .with("getSSLCiphers", |c| Ok(c.ctx.array([])));
    job::complete(&t.class("AESCipherJob", new_aes_job));
}

fn init(c: &Call) -> Js<Value> {
    let key = KeyHandle::secret_of(c.ctx, &c.arg(1))?;
    let iv = if c.arg(2).is_null() {
        None
    } else {
        Some(copy_bytes(c.ctx, &c.arg(2))?)
    };
    let kind = Kind::by_name(&c.text(0)?).ok_or_else(|| errors::unknown_cipher(c.ctx))?;
    match &iv {
        None if kind.iv_length() != 0 => return Err(errors::invalid_iv(c.ctx)),
        Some(iv) if !kind.authenticates() && iv.len() != kind.iv_length() => {
            return Err(errors::invalid_iv(c.ctx));
        }
        Some(iv) if kind.mode == Mode::ChaCha20Poly1305 && iv.len() > 12 => {
            return Err(errors::invalid_iv(c.ctx));
        }
        _ => {}
    }
    begin(c, kind, &key, &iv.unwrap_or_default(), c.number(3))
}

/// `createCipher(name, password)`: OpenSSL's own derivation with MD5.
fn init_by_password(c: &Call) -> Js<Value> {
    let kind = Kind::by_name(&c.text(0)?).ok_or_else(|| errors::unknown_cipher(c.ctx))?;
    let password = copy_bytes(c.ctx, &c.arg(1))?;
    let md5 = Digest::by_name("md5").expect("it is in the table");
    let (mut derived, mut last) = (Vec::new(), Vec::new());
    while derived.len() < kind.key_length + kind.iv_length() {
        last = md5.of(&[&last, &password]);
        derived.extend_from_slice(&last);
    }
    let (key, iv) = derived.split_at(kind.key_length);
    if c.state::<Cipher>()?.encrypts && matches!(kind.mode, Mode::Ctr | Mode::Gcm | Mode::Ccm) {
        let process = c.ctx.get(&c.ctx.global(), "process")?;
        let warning = format!("Use Cipheriv for counter mode of {}", c.text(0)?);
        let emit = c.ctx.get(&process, "emitWarning")?;
        c.ctx.call(&emit, &process, &[c.ctx.string(&warning)])?;
    }
    begin(c, kind, key, &iv[..kind.iv_length()], c.number(2))
}

/// What a private key can be encrypted with.
#[derive(Clone, Copy)]
pub struct KeyCipher(Kind);

/// AES of NIST; the last number says which.
const AES: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01";
const DES_EDE3_CBC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";

impl KeyCipher {
    pub fn by_name(name: &str) -> Option<Self> {
        let kind = Kind::by_name(name)?;
        let fits = kind.mode == Mode::Cbc || kind.mode == Mode::Ecb && !kind.is_des();
        fits.then_some(Self(kind))
    }

    pub fn by_identifier(identifier: &[u8]) -> Option<Self> {
        let name = match identifier.strip_prefix(AES) {
            Some([1]) => "aes-128-ecb",
            Some([2]) => "aes-128-cbc",
            Some([21]) => "aes-192-ecb",
            Some([22]) => "aes-192-cbc",
            Some([41]) => "aes-256-ecb",
            Some([42]) => "aes-256-cbc",
            None if identifier == DES_EDE3_CBC => "des-ede3-cbc",
            _ => return None,
        };
        Self::by_name(name)
    }

    pub fn identifier(self) -> Vec<u8> {
        if self.0.is_des() {
            return DES_EDE3_CBC.to_vec();
        }
        let width = match self.key_length() {
            16 => 1,
            24 => 21,
            _ => 41,
        };
        [AES, &[width + u8::from(self.0.mode == Mode::Cbc)]].concat()
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn key_length(self) -> usize {
        self.0.key_length
    }

    pub fn iv_length(self) -> usize {
        self.0.iv_length()
    }

    /// The key that PEM's old encryption derives from a password; the salt is the front of the initial value.
    pub fn key_of_password(self, password: &[u8], iv: &[u8]) -> Option<Vec<u8>> {
        let md5 = Digest::by_name("md5")?;
        let (mut derived, mut last) = (Vec::new(), Vec::new());
        while derived.len() < self.key_length() {
            last = md5.of(&[&last, password, iv.get(..8)?]);
            derived.extend_from_slice(&last);
        }
        derived.truncate(self.key_length());
        Some(derived)
    }

    pub fn encrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Vec<u8> {
        self.run(key, iv, data, true)
            .expect("a key of its length encrypts whatever there is")
    }

    pub fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        if iv.len() == self.iv_length() {
            self.run(key, iv, data, false)
        } else {
            None
        }
    }

    fn run(self, key: &[u8], iv: &[u8], data: &[u8], encrypts: bool) -> Option<Vec<u8>> {
        let mut running = Running::new(self.0, key, iv, encrypts)?;
        let mut done = running.update(data).ok()?;
        done.extend(running.finish().ok()?);
        Some(done)
    }
}

fn begin(c: &Call, kind: Kind, key: &[u8], iv: &[u8], tag_length: f64) -> Js<Value> {
    let cipher = c.state::<Cipher>()?;
    let mut tag_length = (tag_length >= 0.0).then_some(tag_length as usize);
    match kind.mode {
        Mode::Gcm => {
            if iv.is_empty() {
                return Err(errors::invalid_iv(c.ctx));
            }
            if let Some(length) = tag_length
                && !is_gcm_tag_length(length)
            {
                return Err(errors::invalid_tag_length(c.ctx, length));
            }
        }
        Mode::Ccm => {
            if !(7..=13).contains(&iv.len()) {
                return Err(errors::invalid_iv(c.ctx));
            }
            match tag_length {
                None => {
                    let message = format!("authTagLength required for {}", c.text(0)?);
                    return Err(throw_with_code(
                        c.ctx,
                        "TypeError",
                        "ERR_CRYPTO_INVALID_AUTH_TAG",
                        &message,
                    ));
                }
                Some(length) if !(4..=16).contains(&length) || length % 2 != 0 => {
                    return Err(errors::invalid_tag_length(c.ctx, length));
                }
                Some(_) => {}
            }
        }
        Mode::ChaCha20Poly1305 => {
            let length = *tag_length.get_or_insert(16);
            if length > 16 || length == 0 {
                return Err(errors::invalid_tag_length(c.ctx, length));
            }
        }
        _ => {}
    }
    if key.len() != kind.key_length {
        return Err(errors::invalid_key_length(c.ctx));
    }
    let running =
        Running::new(kind, key, iv, cipher.encrypts).ok_or_else(|| errors::invalid_iv(c.ctx))?;
    *cipher.state.borrow_mut() = CipherState {
        running: Some(running),
        tag_length,
        ..CipherState::default()
    };
    c.undefined()
}

fn is_gcm_tag_length(length: usize) -> bool {
    matches!(length, 4 | 8 | 12..=16)
}

fn fail(ctx: Ctx, failure: &Failure) -> crate::engine::value::Thrown {
    match failure {
        Failure::OpenSsl(error) => error.throw(ctx),
        Failure::Unauthentic => {
            errors::plain(ctx, "Unsupported state or unable to authenticate data")
        }
        Failure::State => errors::plain(ctx, "Unsupported state"),
    }
}

fn update(c: &Call) -> Js<Value> {
    let data = text_or_bytes(c.ctx, &c.arg(0), &c.arg(1))?;
    c.env().spend_ns(costs::DIGEST_BYTE_NS * data.len() as u64);
    let cipher = c.state::<Cipher>()?;
    let mut state = cipher.state.borrow_mut();
    let tag = state.tag.clone();
    let Some(running) = &mut state.running else {
        return Err(errors::plain(
            c.ctx,
            "Trying to add data in unsupported state",
        ));
    };
    if running.kind.mode == Mode::Ccm {
        let size = 15 - running.iv.len();
        if size < 8 && data.len() as u64 >= 1 << (8 * size) {
            return Err(throw_with_code(
                c.ctx,
                "RangeError",
                "ERR_CRYPTO_INVALID_MESSAGELEN",
                "Invalid message length",
            ));
        }
        if running.updated {
            return Err(errors::plain(
                c.ctx,
                "Trying to add data in unsupported state",
            ));
        }
    }
    let mut done = running
        .update(&data)
        .map_err(|failure| fail(c.ctx, &failure))?;
    if running.kind.mode == Mode::Ccm
        && !cipher.encrypts
        && tag.is_none_or(|tag| running.tag(tag.len()) != tag)
    {
        state.unauthentic = true;
        done.clear();
    }
    Ok(new_buffer(c.ctx, &done))
}

fn finish(c: &Call) -> Js<Value> {
    let cipher = c.state::<Cipher>()?;
    let mut state = cipher.state.borrow_mut();
    let Some(mut running) = state.running.take() else {
        return Err(errors::invalid_state(c.ctx));
    };
    let done = running.finish().map_err(|failure| fail(c.ctx, &failure))?;
    if running.kind.authenticates() {
        let length = state.tag_length.unwrap_or(BLOCK);
        if cipher.encrypts {
            state.tag = Some(running.tag(length));
        } else {
            let authentic = !state.unauthentic
                && state.tag.as_ref().is_some_and(|tag| {
                    running.kind.mode == Mode::Ccm || *tag == running.tag(tag.len())
                });
            if !authentic {
                return Err(fail(c.ctx, &Failure::Unauthentic));
            }
        }
    }
    Ok(new_buffer(c.ctx, &done))
}

fn set_tag(c: &Call) -> Js<Value> {
    let tag = copy_bytes(c.ctx, &c.arg(0))?;
    let cipher = c.state::<Cipher>()?;
    let mut state = cipher.state.borrow_mut();
    let Some(kind) = state.running.as_ref().map(|running| running.kind) else {
        return Ok(c.ctx.bool(false));
    };
    if !kind.authenticates() || cipher.encrypts || state.tag.is_some() {
        return Ok(c.ctx.bool(false));
    }
    let valid = match state.tag_length {
        Some(length) => length == tag.len(),
        None => kind.mode == Mode::Gcm && is_gcm_tag_length(tag.len()),
    };
    if !valid {
        return Err(errors::invalid_tag_length(c.ctx, tag.len()));
    }
    state.tag = Some(tag);
    Ok(c.ctx.bool(true))
}

fn set_additional(c: &Call) -> Js<Value> {
    let additional = copy_bytes(c.ctx, &c.arg(0))?;
    let cipher = c.state::<Cipher>()?;
    let mut state = cipher.state.borrow_mut();
    let Some(running) = &mut state.running else {
        return Ok(c.ctx.bool(false));
    };
    if !running.kind.authenticates() {
        return Ok(c.ctx.bool(false));
    }
    if running.kind.mode == Mode::Ccm {
        if c.number(1) < 0.0 {
            let message = "options.plaintextLength required for CCM mode with AAD";
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_MISSING_ARGS",
                message,
            ));
        }
        running.additional = additional;
    } else {
        running.additional.extend_from_slice(&additional);
    }
    Ok(c.ctx.bool(true))
}

/// `getCipherInfo(info, nameOrNid, keyLength, ivLength)`
fn cipher_info(c: &Call) -> Js<Value> {
    let (info, which) = (c.arg(0), c.arg(1));
    let kind = if which.is_number() {
        KINDS
            .iter()
            .find(|kind| f64::from(kind.nid) == which.as_f64())
            .copied()
    } else {
        Kind::by_name(&c.ctx.text(&which)?)
    };
    let Some(kind) = kind else {
        return c.undefined();
    };
    if c.arg(2).is_number() && c.number(2) as usize != kind.key_length {
        return c.undefined();
    }
    let mut iv_length = kind.iv_length();
    if c.arg(3).is_number() {
        let asked = c.number(3);
        let fits = match kind.mode {
            Mode::Ccm => (7.0..=13.0).contains(&asked),
            Mode::Gcm => asked > 0.0,
            _ => asked == iv_length as f64,
        };
        if !fits {
            return c.undefined();
        }
        iv_length = asked as usize;
    }
    let number = |value: usize| c.ctx.number(value as f64);
    c.ctx.set(&info, "mode", c.ctx.string(kind.mode_name()));
    c.ctx.set(&info, "name", c.ctx.string(kind.short));
    c.ctx.set(&info, "nid", c.ctx.number(f64::from(kind.nid)));
    if kind.mode_name() != "stream" {
        c.ctx.set(&info, "blockSize", number(kind.block_length()));
    }
    if iv_length != 0 {
        c.ctx.set(&info, "ivLength", number(iv_length));
    }
    c.ctx.set(&info, "keyLength", number(kind.key_length));
    Ok(info)
}

/// `new AESCipherJob(mode, encryptOrDecrypt, key, data, variant, …)`
fn new_aes_job(c: &Call) -> Js<Value> {
    let encrypts = c.number(1) == 0.0;
    let key = KeyHandle::secret_of(c.ctx, &c.arg(2))?;
    let data = copy_bytes(c.ctx, &c.arg(3))?;
    let variant = c.number(4) as u32;
    let iv = copy_bytes(c.ctx, &c.arg(5))?;
    let counter_bits = c.number(6) as usize;
    let (tag_length, tag) = if c.arg(6).is_number() {
        (counter_bits, Vec::new())
    } else {
        (0, copy_bytes(c.ctx, &c.arg(6))?)
    };
    let additional = if c.arg(7).is_object() {
        copy_bytes(c.ctx, &c.arg(7))?
    } else {
        Vec::new()
    };
    let cost_ns = 3_000 + costs::DIGEST_BYTE_NS * data.len() as u64;
    job::construct(c, "CIPHERREQUEST", cost_ns, move |ctx| {
        let done = match variant {
            0..=2 => Aes::new(&key).map(|aes| {
                let mut data = data;
                Keystream::new(array(&iv)).count(&aes, &mut data, counter_bits);
                data
            }),
            9..=11 => Aes::new(&key).and_then(|aes| {
                if encrypts {
                    aes.wrap([0xa6; 8], &data)
                } else {
                    aes.unwrap([0xa6; 8], &data)
                }
            }),
            _ => {
                let mode = if variant < 6 { Mode::Cbc } else { Mode::Gcm };
                let kind = KINDS
                    .iter()
                    .find(|kind| kind.mode == mode && kind.key_length == key.len());
                kind.and_then(|kind| Running::new(*kind, &key, &iv, encrypts))
                    .and_then(|mut running| {
                        running.additional = additional;
                        let mut done = running.update(&data).ok()?;
                        done.extend(running.finish().ok()?);
                        if mode == Mode::Gcm {
                            if encrypts {
                                done.extend(running.tag(tag_length));
                            } else if running.tag(tag.len()) != tag {
                                return None;
                            }
                        }
                        Some(done)
                    })
            }
        };
        match done {
            Some(done) => Ok(new_array_buffer(ctx, &done)),
            None => {
                errors::operation_failed(ctx);
                Err(ctx.take_exception())
            }
        }
    })
}
