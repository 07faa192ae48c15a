//! `process.dlopen` (`src/node_binding.cc`): native addons are machine code, which nothing here could run. Those of two
//! npm packages, `bcrypt` and `argon2`, are Rust instead (`src/bcrypt_node.cc` and `argon2.cpp` in these packages), under
//! the packages' own JavaScript. Our `jest` has one for its coverage (`coverage.rs`).

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use blowfish::Blowfish;
use rquickjs::qjs;

use protocol::trace::PoolWork;

use crate::engine::value::{Ctx, Js, Thrown, Value};

use super::{
    async_wrap, buffer, callback, coverage,
    environment::copy_bytes,
    fs,
    native::{Call, Target, throw_new, throw_type_error, throw_with_code},
    parse_json,
    vfs::Content,
};

type Addon = fn(&Target);
const ADDONS: [(&str, Addon); 3] = [
    ("argon2", argon2_addon),
    ("bcrypt", bcrypt_addon),
    ("jest", coverage::initialize),
];

pub fn open(c: &Call) -> Js<Value> {
    let (module, path) = (c.arg(0), c.text(1)?);
    let fails = |text: String| throw_with_code(c.ctx, "Error", "ERR_DLOPEN_FAILED", &text);
    let is_file = fs::files(c)
        .stat(&path, true)
        .is_ok_and(|(_, node)| matches!(node.content, Content::File(_)));
    if !is_file {
        return Err(fails(format!(
            "{path}: cannot open shared object file: No such file or directory"
        )));
    }
    let owner = package_of(c, &path)?;
    let Some((_, initialize)) = ADDONS.iter().find(|(name, _)| *name == owner) else {
        return Err(fails(format!(
            "{path}: native addons are not simulated by Terrarium, but for those of argon2 and bcrypt"
        )));
    };
    initialize(&Target::new(c.ctx, c.ctx.get(&module, "exports")?));
    c.undefined()
}

/// The name in the nearest `package.json` above.
fn package_of(c: &Call, path: &str) -> Js<String> {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        folder = above;
        let description = fs::files(c).contents(&format!("{folder}/package.json"));
        if let Some(description) = description {
            let description = parse_json(c.ctx, &String::from_utf8_lossy(&description))?;
            return c.ctx.text(&c.ctx.get(&description, "name")?);
        }
    }
    Ok(String::new())
}

/// Work for the pool, under the name that Node-API gives it.
fn later(
    c: &Call,
    kind: &'static str,
    takes_ns: u64,
    done: impl FnOnce(Ctx, &dyn Fn(&Value, &[Value])) + 'static,
) {
    let resource = c.ctx.object();
    async_wrap::adopt(c.ctx, &resource, kind);
    c.env().queue_work(PoolWork::Crypto, takes_ns, move |ctx| {
        let ids = async_wrap::ids_of(ctx, &resource);
        let call = |function: &Value, args: &[Value]| {
            callback::make_as(ctx, function, &ctx.undefined(), args, ids, Some(&resource));
        };
        done(ctx, &call);
        async_wrap::emit_destroy(ctx, ids.0);
    });
}

fn error(ctx: Ctx, text: &str) -> Value {
    throw_new(ctx, "Error", text);
    ctx.take_exception()
}

// ---- bcrypt ----

const SALT_BYTES: usize = 16;
const KEY_BYTES_MAX: usize = 72;
/// One expansion of the key and one of the salt.
const ROUND_NS: u64 = 55_000;
const INVALID_SALT: &str =
    "Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue";
const DIGITS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn encode_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(DIGITS[index as usize]));
        }
    }
    text
}

/// What stands before the first byte that is no digit.
fn decode_base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        let Some(digit) = DIGITS.iter().position(|digit| digit == byte) else {
            break;
        };
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

struct Salt {
    /// `a`, `b`, or none.
    minor: Option<u8>,
    cost: u32,
    bytes: [u8; SALT_BYTES],
}

/// The beginning of a hash is a salt too.
fn parse_salt(text: &[u8]) -> Option<Salt> {
    let rest = text.strip_prefix(b"$")?;
    let (version, rest) = rest.split_first()?;
    let (minor, rest) = match rest.split_first()? {
        (b'$', rest) => (None, rest),
        (minor @ (b'a' | b'b'), rest) => (Some(*minor), rest.get(1..)?),
        _ => return None,
    };
    let cost: u32 = std::str::from_utf8(rest.get(..2)?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let salt = rest.get(2..)?.strip_prefix(b"$")?;
    let is_valid = *version <= b'2' && (4..=31).contains(&cost) && salt.len() * 3 / 4 >= SALT_BYTES;
    let mut bytes = [0; SALT_BYTES];
    let decoded = decode_base64(salt);
    let count = decoded.len().min(SALT_BYTES);
    bytes[..count].copy_from_slice(&decoded[..count]);
    is_valid.then_some(Salt { minor, cost, bytes })
}

fn bcrypt(password: &[u8], salt: &Salt) -> String {
    // With the NUL at its end; the length of version a is a byte.
    let mut key = password.to_vec();
    key.push(0);
    match salt.minor {
        Some(b'b') => key.truncate(KEY_BYTES_MAX + 1),
        Some(_) => key.truncate(key.len() % 256),
        None => key.truncate(password.len() % 256),
    }
    // An empty key repeats its first byte, and no key has more than is read.
    if key.is_empty() {
        key.push(password.first().copied().unwrap_or(0));
    }
    key.truncate(KEY_BYTES_MAX);
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(&salt.bytes, &key);
    for _ in 0..1_u64 << salt.cost {
        state.bc_expand_key(&key);
        state.bc_expand_key(&salt.bytes);
    }
    let mut hash = Vec::new();
    for words in b"OrpheanBeholderScryDoubt".chunks(8) {
        let word = |at: usize| {
            words[at..at + 4]
                .iter()
                .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
        };
        let mut block = [word(0), word(4)];
        for _ in 0..64 {
            block = state.bc_encrypt(block);
        }
        hash.extend(block.into_iter().flat_map(u32::to_be_bytes));
    }
    let minor = salt.minor.map(char::from);
    let minor = minor.map(String::from).unwrap_or_default();
    format!(
        "$2{minor}${:02}${}{}",
        salt.cost,
        encode_base64(&salt.bytes),
        encode_base64(&hash[..23])
    )
}

fn cost_ns(salt: Option<&Salt>) -> u64 {
    salt.map_or(0, |salt| ROUND_NS << salt.cost)
}

fn given_bytes(c: &Call, index: usize) -> Js<Vec<u8>> {
    let value = c.arg(index);
    if value.is_string() || value.is_object() {
        copy_bytes(c.ctx, &value)
    } else {
        Err(throw_type_error(c.ctx, "A string was expected"))
    }
}

fn expect(c: &Call, count: usize) -> Js<()> {
    if c.args.len() >= count {
        return Ok(());
    }
    let plural = if count == 1 { "" } else { "s" };
    Err(throw_type_error(
        c.ctx,
        &format!("{count} argument{plural} expected"),
    ))
}

fn salt_of(c: &Call, which: &str) -> Js<String> {
    if !c.arg(0).is_string() {
        return Err(throw_type_error(c.ctx, "First argument must be a string"));
    }
    let seed = copy_bytes(c.ctx, &c.arg(2))?;
    if !c.arg(2).is_object() || seed.len() != SALT_BYTES {
        let text = format!("{which} argument must be a 16 byte Buffer");
        return Err(throw_type_error(c.ctx, &text));
    }
    let minor = c.text(0)?.chars().next().unwrap_or('b');
    // A byte, as it is handed on.
    let cost = (c.number(1) as i64 as u8).clamp(4, 31);
    Ok(format!("$2{minor}${cost:02}${}", encode_base64(&seed)))
}

fn matches(password: &[u8], hash: &[u8]) -> bool {
    parse_salt(hash).is_some_and(|salt| bcrypt(password, &salt).as_bytes() == hash)
}

fn bcrypt_addon(t: &Target) {
    t.with("gen_salt_sync", |c| {
        expect(c, 3)?;
        let salt = salt_of(c, "Third")?;
        Ok(c.ctx.string(&salt))
    })
    .with("encrypt_sync", |c| {
        expect(c, 2)?;
        let (password, salt) = (given_bytes(c, 0)?, given_bytes(c, 1)?);
        let salt = parse_salt(&salt).ok_or_else(|| throw_new(c.ctx, "Error", INVALID_SALT))?;
        c.env().spend_ns(cost_ns(Some(&salt)));
        Ok(c.ctx.string(&bcrypt(&password, &salt)))
    })
    .with("compare_sync", |c| {
        expect(c, 2)?;
        let (password, hash) = (given_bytes(c, 0)?, given_bytes(c, 1)?);
        c.env().spend_ns(cost_ns(parse_salt(&hash).as_ref()));
        Ok(c.ctx.bool(matches(&password, &hash)))
    })
    .with("get_rounds", |c| {
        expect(c, 1)?;
        let hash = given_bytes(c, 0)?;
        let fields: Vec<&[u8]> = hash.split(|byte| *byte == b'$').collect();
        let rounds = fields
            .get(2)
            .and_then(|field| std::str::from_utf8(field).ok()?.parse::<u32>().ok())
            .filter(|rounds| *rounds > 0 && fields[0].is_empty());
        match rounds {
            Some(rounds) => Ok(c.ctx.number(f64::from(rounds))),
            None => Err(throw_new(c.ctx, "Error", "invalid hash provided")),
        }
    })
    .with("gen_salt", |c| {
        expect(c, 4)?;
        let (salt, done) = (salt_of(c, "Second")?, c.arg(3));
        later(c, "bcrypt:SaltAsyncWorker", 0, move |ctx, call| {
            call(&done, &[ctx.undefined(), ctx.string(&salt)]);
        });
        c.undefined()
    })
    .with("encrypt", |c| {
        expect(c, 3)?;
        let (password, salt, done) = (given_bytes(c, 0)?, given_bytes(c, 1)?, c.arg(2));
        let salt = parse_salt(&salt);
        let takes_ns = cost_ns(salt.as_ref());
        later(
            c,
            "bcrypt:EncryptAsyncWorker",
            takes_ns,
            move |ctx, call| match salt {
                Some(salt) => {
                    let hash = ctx.string(&bcrypt(&password, &salt));
                    call(&done, &[ctx.undefined(), hash]);
                }
                None => call(&done, &[error(ctx, INVALID_SALT)]),
            },
        );
        c.undefined()
    })
    .with("compare", |c| {
        expect(c, 3)?;
        let (password, hash, done) = (given_bytes(c, 0)?, given_bytes(c, 1)?, c.arg(2));
        let takes_ns = cost_ns(parse_salt(&hash).as_ref());
        later(
            c,
            "bcrypt:CompareAsyncWorker",
            takes_ns,
            move |ctx, call| {
                let matched = ctx.bool(matches(&password, &hash));
                call(&done, &[ctx.undefined(), matched]);
            },
        );
        c.undefined()
    });
}

// ---- argon2 ----

/// One block of 1 KiB, once.
const BLOCK_NS: u64 = 350;
const MEMORY_KIB_MAX: u32 = 1 << 20;

struct Request {
    password: Vec<u8>,
    salt: Vec<u8>,
    secret: Vec<u8>,
    data: Vec<u8>,
    length: usize,
    memory: u32,
    time: u32,
    lanes: u32,
    version: u32,
    kind: u32,
}

impl Request {
    /// In the order in which `argon2_ctx` looks.
    fn run(&self) -> Result<Vec<u8>, &'static str> {
        let wrong = [
            (self.length < 4, "Output is too short"),
            (self.salt.len() < 8, "Salt is too short"),
            (self.memory < 8, "Memory cost is too small"),
            (
                u64::from(self.memory) < 8 * u64::from(self.lanes),
                "Memory cost is too small",
            ),
            (self.time < 1, "Time cost is too small"),
            (self.lanes < 1, "Too few lanes"),
            (self.lanes > 0xff_ffff, "Too many lanes"),
            (self.kind > 2, "There is no such version of Argon2"),
            (self.memory > MEMORY_KIB_MAX, "Memory allocation error"),
            (
                self.data.len() > AssociatedData::MAX_LEN,
                "associated data of more than 32 bytes is not simulated by Terrarium yet",
            ),
        ];
        if let Some((_, text)) = wrong.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(text);
        }
        let algorithm = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id];
        let version = if self.version == 0x10 {
            Version::V0x10
        } else {
            Version::V0x13
        };
        let hash = || -> argon2::Result<Vec<u8>> {
            let mut params = ParamsBuilder::new();
            params
                .m_cost(self.memory)
                .t_cost(self.time)
                .p_cost(self.lanes)
                .data(AssociatedData::new(&self.data)?)
                .output_len(self.length);
            let context = Argon2::new_with_secret(
                &self.secret,
                algorithm[self.kind as usize],
                version,
                params.build()?,
            )?;
            let mut hash = vec![0; self.length];
            context.hash_password_into(&self.password, &self.salt, &mut hash)?;
            Ok(hash)
        };
        hash().map_err(|_| "Unknown error code")
    }
}

fn argon2_addon(t: &Target) {
    t.with("hash", |c| {
        if c.args.len() != 1 {
            return Err(throw_type_error(c.ctx, "expected 1 argument"));
        }
        let (ctx, given) = (c.ctx, c.arg(0));
        let bytes = |name: &str| copy_bytes(ctx, &ctx.get(&given, name)?);
        let number = |name: &str| -> Js<u32> {
            let value = ctx.get(&given, name)?;
            let mut number = 0.0;
            match unsafe { qjs::JS_ToFloat64(ctx.0, &mut number, value.raw()) } {
                0 => Ok(number as i64 as u32),
                _ => Err(Thrown),
            }
        };
        let request = Request {
            password: bytes("password")?,
            salt: bytes("salt")?,
            secret: bytes("secret")?,
            data: bytes("data")?,
            length: number("hashLength")? as usize,
            memory: number("m")?,
            time: number("t")?,
            lanes: number("p")?,
            version: number("version")?,
            kind: number("type")?,
        };
        let mut functions = [qjs::JS_UNDEFINED; 2];
        let promise =
            ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, functions.as_mut_ptr()) })?;
        let [resolve, reject] = functions.map(|raw| ctx.owned(raw));
        let takes_ns = BLOCK_NS * u64::from(request.memory) * u64::from(request.time);
        later(
            c,
            "argon2:HashWorker",
            takes_ns,
            move |ctx, call| match request.run() {
                Ok(hash) => call(&resolve, &[buffer::new_buffer(ctx, &hash)]),
                Err(text) => call(&reject, &[error(ctx, text)]),
            },
        );
        Ok(promise)
    });
}

#[cfg(test)]
mod tests {
    use super::{bcrypt, decode_base64, encode_base64, parse_salt};

    #[test]
    fn hashes_are_bcrypts() {
        for (password, hash) in [
            (
                "",
                "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
            ),
            (
                "abc",
                "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
            ),
        ] {
            let salt = parse_salt(hash.as_bytes()).expect("a salt");
            assert_eq!(bcrypt(password.as_bytes(), &salt), hash);
        }
    }

    #[test]
    fn salts_are_checked() {
        for wrong in [
            "",
            "$",
            "$2",
            "$2b",
            "$2b$",
            "$3b$10$aaaaaaaaaaaaaaaaaaaaaa",
            "$2c$10$aaaaaaaaaaaaaaaaaaaaaa",
            "$2b$03$aaaaaaaaaaaaaaaaaaaaaa",
            "$2b$32$aaaaaaaaaaaaaaaaaaaaaa",
            "$2b$10$short",
        ] {
            assert!(parse_salt(wrong.as_bytes()).is_none(), "{wrong}");
        }
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(decode_base64(encode_base64(&bytes).as_bytes()), bytes);
    }
}
