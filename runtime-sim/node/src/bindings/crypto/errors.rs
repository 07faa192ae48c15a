//! Errors as Node's C++ and OpenSSL say them (`src/crypto/crypto_util.cc`, `src/node_errors.h`).

use crate::engine::value::{Ctx, Thrown, Value};

use super::super::native::{throw_new, throw_with_code};

/// An error of OpenSSL's stack: the number of the library and reason, and both in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSsl {
    pub number: u32,
    pub library: &'static str,
    pub reason: &'static str,
    /// The errors that led to it, as `opensslErrorStack` lists them.
    pub below: &'static [&'static str],
}

const EVP: &str = "digital envelope routines";
const PROVIDER: &str = "Provider routines";
const RSA: &str = "rsa routines";
const DECODER: &str = "DECODER routines";
const CRYPTO: &str = "common libcrypto routines";
const DIFFIE_HELLMAN: &str = "Diffie-Hellman routines";
const ASN1: &str = "asn1 encoding routines";
const DSA: &str = "dsa routines";
const PEM: &str = "PEM routines";
const SSL: &str = "SSL routines";
const X509: &str = "x509 certificate routines";

macro_rules! stack {
    ($($name:ident $number:literal $library:ident $reason:literal;)*) => {
        $(pub const $name: OpenSsl = OpenSsl { number: $number, library: $library, reason: $reason, below: &[] };)*
    };
}

stack! {
    DECODE_ERROR 0x0300_0072 EVP "decode error";
    NOT_XOF 0x0300_00b2 EVP "not XOF or invalid length";
    BAD_DECRYPT 0x1c80_0064 PROVIDER "bad decrypt";
    WRONG_FINAL_BLOCK_LENGTH 0x1c80_006b PROVIDER "wrong final block length";
    UNSUPPORTED_DECODER 0x1e08_010c DECODER "unsupported";
    INTERRUPTED_OR_CANCELLED 0x0788_0109 CRYPTO "interrupted or cancelled";
    OAEP_DECODING 0x0200_0079 RSA "oaep decoding error";
    DATA_TOO_LARGE_FOR_KEY_SIZE 0x0200_006e RSA "data too large for key size";
    DATA_TOO_LARGE_FOR_MODULUS 0x0200_0084 RSA "data too large for modulus";
    DATA_TOO_SMALL_FOR_KEY_SIZE 0x0200_007a RSA "data too small for key size";
    INVALID_PADDING 0x0200_008a RSA "invalid padding";
    EXPONENT_OUT_OF_RANGE 0x0200_00b2 RSA "pub exponent out of range";
    INVALID_DIGEST 0x1c80_007a PROVIDER "invalid digest";
    MODULUS_TOO_SMALL 0x0280_007e DIFFIE_HELLMAN "modulus too small";
    BAD_GENERATOR 0x0280_0065 DIFFIE_HELLMAN "bad generator";
    DIGEST_TOO_BIG_FOR_RSA_KEY 0x0200_0070 RSA "digest too big for rsa key";
    ILLEGAL_PADDING 0x1c88_00a5 PROVIDER "illegal or unsupported padding mode";
    UNSUPPORTED_KEY_OPERATION 0x0300_0096 EVP "operation not supported for this keytype";
    MISMATCHING_PARAMETERS 0x1c80_00cb PROVIDER "mismatching domain parameters";
    DIGEST_NOT_ALLOWED 0x1c80_00ae PROVIDER "digest not allowed";
    PSS_SALTLEN_TOO_SMALL 0x1c80_00ac PROVIDER "pss saltlen too small";
    WRONG_KEY_TYPE 0x1c80_00b2 PROVIDER "operation not supported for this keytype";
    KEY_SIZE_TOO_SMALL 0x1c80_00ab PROVIDER "key size too small";
    BAD_FFC_PARAMETERS 0x0500_0072 DSA "bad ffc parameters";
    NO_CIPHER_MATCH 0x0a00_00b9 SSL "no cipher match";
    KEY_VALUES_MISMATCH 0x0580_0074 X509 "key values mismatch";
    NO_START_LINE 0x0480_006c PEM "no start line";
    BAD_END_LINE 0x0480_0066 PEM "bad end line";
    PEM_OF_ASN1 0x0488_000d PEM "ASN1 lib";
    NESTED_ASN1 0x0688_010a ASN1 "nested asn1 error";
    BAD_OBJECT_HEADER 0x0680_0066 ASN1 "bad object header";
    FIELD_MISSING 0x0680_0079 ASN1 "field missing";
    TOO_LONG 0x0680_009b ASN1 "too long";
    TOO_SMALL 0x0680_00e0 ASN1 "too small";
    WRONG_TAG 0x0680_00a8 ASN1 "wrong tag";
    HEADER_TOO_LONG 0x0680_007b ASN1 "header too long";
}

impl OpenSsl {
    pub fn over(self, below: &'static [&'static str]) -> Self {
        Self { below, ..self }
    }

    fn message(self) -> String {
        format!(
            "error:{:08X}:{}::{}",
            self.number, self.library, self.reason
        )
    }

    /// Without what `Decorate` adds, as jobs that make keys report it.
    pub fn bare_error(self, ctx: Ctx) -> Value {
        throw_new(ctx, "Error", &self.message());
        ctx.take_exception()
    }

    pub fn error(self, ctx: Ctx) -> Value {
        self.decorated(ctx, self.below.iter().copied())
    }

    fn decorated<'a>(self, ctx: Ctx, below: impl ExactSizeIterator<Item = &'a str>) -> Value {
        let error = self.bare_error(ctx);
        if below.len() > 0 {
            ctx.set(&error, "opensslErrorStack", ctx.strings(below));
        }
        ctx.set(&error, "library", ctx.string(self.library));
        ctx.set(&error, "reason", ctx.string(self.reason));
        // `Decorate`: only some libraries are named in the code.
        let library = match self.library {
            RSA => "RSA_",
            ASN1 => "ASN1_",
            DSA => "DSA_",
            PEM => "PEM_",
            EVP => "EVP_",
            DIFFIE_HELLMAN => "DH_",
            CRYPTO => "CRYPTO_",
            X509 => "X509_",
            _ => "",
        };
        let prefix = if self.library == SSL { "SSL" } else { "OSSL" };
        let reason = self.reason.to_ascii_uppercase().replace(' ', "_");
        ctx.set(
            &error,
            "code",
            ctx.string(&format!("ERR_{prefix}_{library}{reason}")),
        );
        error
    }

    pub fn throw(self, ctx: Ctx) -> Thrown {
        let error = self.error(ctx);
        ctx.throw(error)
    }
}

/// The first of several that came up, over the others, the last of which is on top.
pub fn throw_first(ctx: Ctx, errors: &[OpenSsl]) -> Thrown {
    let below: Vec<_> = errors[1..].iter().rev().map(|e| e.message()).collect();
    let error = errors[0].decorated(ctx, below.iter().map(String::as_str));
    ctx.throw(error)
}

pub fn plain(ctx: Ctx, message: &str) -> Thrown {
    throw_new(ctx, "Error", message)
}

macro_rules! coded {
    ($($name:ident $class:literal $code:literal $message:literal;)*) => {
        $(pub fn $name(ctx: Ctx) -> Thrown {
            throw_with_code(ctx, $class, $code, $message)
        })*
    };
}

coded! {
    invalid_iv "TypeError" "ERR_CRYPTO_INVALID_IV" "Invalid initialization vector";
    invalid_key_length "RangeError" "ERR_CRYPTO_INVALID_KEYLEN" "Invalid key length";
    invalid_key_type "TypeError" "ERR_CRYPTO_INVALID_KEYTYPE" "Invalid key type";
    invalid_state "Error" "ERR_CRYPTO_INVALID_STATE" "Invalid state";
    unknown_cipher "Error" "ERR_CRYPTO_UNKNOWN_CIPHER" "Unknown cipher";
    unknown_group "Error" "ERR_CRYPTO_UNKNOWN_DH_GROUP" "Unknown DH group";
    invalid_jwk "Error" "ERR_CRYPTO_INVALID_JWK" "Invalid JWK data";
    invalid_ec_jwk "TypeError" "ERR_CRYPTO_INVALID_JWK" "Invalid JWK EC key";
    missing_passphrase "TypeError" "ERR_MISSING_PASSPHRASE" "Passphrase required for encrypted key";
    invalid_curve "TypeError" "ERR_CRYPTO_INVALID_CURVE" "Invalid EC curve name";
    invalid_key_pair "RangeError" "ERR_CRYPTO_INVALID_KEYPAIR" "Invalid key pair";
    unsupported_operation "Error" "ERR_CRYPTO_UNSUPPORTED_OPERATION" "Unsupported crypto operation";
    operation_failed "Error" "ERR_CRYPTO_OPERATION_FAILED" "Operation failed";
}

pub fn invalid_digest(ctx: Ctx, name: &str) -> Thrown {
    throw_with_code(
        ctx,
        "TypeError",
        "ERR_CRYPTO_INVALID_DIGEST",
        &format!("Invalid digest: {name}"),
    )
}

pub fn invalid_tag_length(ctx: Ctx, length: usize) -> Thrown {
    let message = format!("Invalid authentication tag length: {length}");
    throw_with_code(ctx, "TypeError", "ERR_CRYPTO_INVALID_AUTH_TAG", &message)
}
