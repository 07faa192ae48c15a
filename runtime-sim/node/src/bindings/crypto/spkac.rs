//! Signed public keys with a challenge, as browsers once made them (`src/crypto/crypto_spkac.cc`).

use crate::engine::value::{Ctx, Js, Value};

use super::{
    super::{
        environment::copy_bytes,
        native::{Call, Target},
    },
    der::{self, Reader},
    digest::Digest,
    keys::{self, Key},
    new_buffer,
    sign::{Options, verify_hash},
};

const IA5_STRING: u8 = 0x16;
/// RSA's signatures; the last number says with which digest.
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01";

pub fn initialize(t: &Target) {
    t.with("certVerifySpkac", |c| {
        let valid = given(c)?.is_some_and(|spkac| spkac.verifies() == Some(true));
        Ok(c.ctx.bool(valid))
    })
    .with("certExportPublicKey", |c| {
        let text = given(c)?.map(|spkac| der::write_pem("PUBLIC KEY", &spkac.key, ""));
        Ok(buffer_or_empty(c.ctx, text.as_ref().map(String::as_bytes)))
    })
    .with("certExportChallenge", |c| {
        let spkac = given(c)?;
        Ok(buffer_or_empty(
            c.ctx,
            spkac.as_ref().map(|spkac| &spkac.challenge[..]),
        ))
    });
}

struct Spkac {
    signed: Vec<u8>,
    key: Vec<u8>,
    challenge: Vec<u8>,
    digest: Option<Digest>,
    signature: Vec<u8>,
}

impl Spkac {
    fn read(text: &[u8]) -> Option<Self> {
        let bytes = der::from_base64(&String::from_utf8_lossy(text));
        let mut outer = Reader(&bytes).sequence()?;
        let mut body = outer.sequence()?;
        let signed = der::value(der::SEQUENCE, body.0);
        let key = der::value(der::SEQUENCE, body.sequence()?.0);
        let challenge = body.expect(IA5_STRING)?.to_vec();
        let digest = match outer.sequence()?.expect(der::OBJECT)?.strip_prefix(RSA)? {
            [4] => "md5",
            [5] => "sha1",
            [11] => "sha256",
            [12] => "sha384",
            [13] => "sha512",
            _ => "",
        };
        Some(Self {
            signed,
            key,
            challenge,
            digest: Digest::by_name(digest),
            signature: outer.bits()?.to_vec(),
        })
    }

    fn verifies(&self) -> Option<bool> {
        let key: Key = keys::read_spki(&self.key)?;
        let digest = self.digest?;
        let hash = digest.of(&[&self.signed]);
        verify_hash(&key, &digest, &hash, &self.signature, Options::DEFAULT).ok()
    }
}

fn given(c: &Call) -> Js<Option<Spkac>> {
    Ok(Spkac::read(&copy_bytes(c.ctx, &c.arg(0))?))
}

fn buffer_or_empty(ctx: Ctx, bytes: Option<&[u8]>) -> Value {
    bytes.map_or_else(|| ctx.string(""), |bytes| new_buffer(ctx, bytes))
}
