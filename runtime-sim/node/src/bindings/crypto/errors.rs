//! Errors as Node's C++ and OpenSSL say them (`src/crypto/crypto_util.cc`, `src/node_errors.h`).

use crate::engine::value::{Ctx, Thrown, Value};

use super::super::native::{throw_new, throw_with_code};

/// An error of OpenSSL's stack: the number of the library and reason, and both in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSsl {
    pub number: u32,
    pub library: &'static str,
    pub reason: &'static str,
}

const EVP: &str = "digital envelope routines";
const PROVIDER: &str = "Provider routines";
const RSA: &str = "rsa routines";
const DECODER: &str = "DECODER routines";

pub const NOT_XOF: OpenSsl = OpenSsl {
    number: 0x0300_00b2,
    library: EVP,
    reason: "not XOF or invalid length",
};
pub const BAD_DECRYPT: OpenSsl = OpenSsl {
    number: 0x1c80_0064,
    library: PROVIDER,
    reason: "bad decrypt",
};
pub const WRONG_FINAL_BLOCK_LENGTH: OpenSsl = OpenSsl {
    number: 0x1c80_006b,
    library: PROVIDER,
    reason: "wrong final block length",
};
pub const UNSUPPORTED_DECODER: OpenSsl = OpenSsl {
    number: 0x1e08_010c,
    library: DECODER,
    reason: "unsupported",
};
pub const INTERRUPTED_OR_CANCELLED: OpenSsl = OpenSsl {
    number: 0x0788_0109,
    library: "common libcrypto routines",
    reason: "interrupted or cancelled",
};
pub const OAEP_DECODING: OpenSsl = OpenSsl {
    number: 0x0200_0079,
    library: RSA,
    reason: "oaep decoding error",
};
pub const DATA_TOO_LARGE_FOR_KEY_SIZE: OpenSsl = OpenSsl {
    number: 0x0200_006e,
    library: RSA,
    reason: "data too large for key size",
};
pub const DATA_TOO_LARGE_FOR_MODULUS: OpenSsl = OpenSsl {
    number: 0x0200_0084,
    library: RSA,
    reason: "data too large for modulus",
};
pub const DATA_TOO_SMALL_FOR_KEY_SIZE: OpenSsl = OpenSsl {
    number: 0x0200_007a,
    library: RSA,
    reason: "data too small for key size",
};
pub const INVALID_PADDING: OpenSsl = OpenSsl {
    number: 0x0200_008a,
    library: RSA,
    reason: "invalid padding",
};
pub const EXPONENT_OUT_OF_RANGE: OpenSsl = OpenSsl {
    number: 0x0200_00b2,
    library: RSA,
    reason: "pub exponent out of range",
};
pub const INVALID_DIGEST: OpenSsl = OpenSsl {
    number: 0x1c80_007a,
    library: PROVIDER,
    reason: "invalid digest",
};
pub const MODULUS_TOO_SMALL: OpenSsl = OpenSsl {
    number: 0x0280_007e,
    library: "Diffie-Hellman routines",
    reason: "modulus too small",
};
pub const BAD_GENERATOR: OpenSsl = OpenSsl {
    number: 0x0280_0065,
    library: "Diffie-Hellman routines",
    reason: "bad generator",
};
pub const DIGEST_TOO_BIG_FOR_RSA_KEY: OpenSsl = OpenSsl {
    number: 0x0200_0070,
    library: RSA,
    reason: "digest too big for rsa key",
};
pub const ILLEGAL_PADDING: OpenSsl = OpenSsl {
    number: 0x1c88_00a5,
    library: PROVIDER,
    reason: "illegal or unsupported padding mode",
};
pub const UNSUPPORTED_KEY_OPERATION: OpenSsl = OpenSsl {
    number: 0x0300_0096,
    library: EVP,
    reason: "operation not supported for this keytype",
};

pub const DIFFERENT_PARAMETERS: OpenSsl = OpenSsl {
    number: 0x0300_0099,
    library: EVP,
    reason: "different parameters",
};
pub const DIGEST_NOT_ALLOWED: OpenSsl = OpenSsl {
    number: 0x1c80_00ae,
    library: PROVIDER,
    reason: "digest not allowed",
};
pub const PSS_SALTLEN_TOO_SMALL: OpenSsl = OpenSsl {
    number: 0x1c80_00ac,
    library: PROVIDER,
    reason: "pss saltlen too small",
};

impl OpenSsl {
    pub fn error(self, ctx: Ctx) -> Value {
        let message = format!(
            "error:{:08X}:{}::{}",
            self.number, self.library, self.reason
        );
        throw_new(ctx, "Error", &message);
        let error = ctx.take_exception();
        ctx.set(&error, "library", ctx.string(self.library));
        ctx.set(&error, "reason", ctx.string(self.reason));
        // `Decorate`: only some libraries are named in the code.
        let library = match self.library {
            RSA => "RSA_",
            EVP => "EVP_",
            "Diffie-Hellman routines" => "DH_",
            "common libcrypto routines" => "CRYPTO_",
            _ => "",
        };
        let reason = self.reason.to_ascii_uppercase().replace(' ', "_");
        ctx.set(
            &error,
            "code",
            ctx.string(&format!("ERR_OSSL_{library}{reason}")),
        );
        error
    }

    pub fn throw(self, ctx: Ctx) -> Thrown {
        let error = self.error(ctx);
        ctx.throw(error)
    }
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
