//! `SecureContext`: what a TLS session is made with (`src/crypto/crypto_context.cc`).
//!
//! Takes and does not heed: parameters of groups that are not offered, how long a session is good for, and what keeps
//! the sessions of two servers apart. Leaves out, saying so: PKCS #12, engines, and of ciphers all but those of
//! [`provider`]. There are no root certificates but the ones a program brings: nobody in a world has bought one.

use std::{cell::RefCell, sync::Arc};

use rustls::{
    SignatureScheme, SupportedProtocolVersion,
    crypto::{CryptoProvider, SupportedKxGroup},
    server::{ProducesTickets, ServerSessionMemoryCache},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    super::{
        environment::copy_bytes,
        native::{Call, Target, throw_not_simulated, throw_with_code},
    },
    cipher::{Sealing, TAG_BYTES},
    errors, keys,
    provider::{self, Group, OwnKey, Signing, Suite},
    random,
    x509::{Certificate, RevocationList},
};

const VERSION_12: i32 = 0x303;
const VERSION_13: i32 = 0x304;

/// A certificate with what leads to its issuers, and its key once it is there.
struct Identity {
    chain: Vec<Arc<Certificate>>,
    key: Option<Arc<OwnKey>>,
}

pub struct Context {
    version_min: i32,
    version_max: i32,
    suites_12: Vec<&'static Suite>,
    suites_13: Vec<&'static Suite>,
    groups: Vec<&'static Group>,
    pub schemes: Vec<SignatureScheme>,
    identities: Vec<Identity>,
    pub roots: Vec<Arc<Certificate>>,
    pub lists: Vec<Arc<RevocationList>>,
    pub takes_partial_chains: bool,
    options: u32,
    ticket_keys: Vec<u8>,
    pub sessions: Arc<ServerSessionMemoryCache>,
}

#[derive(Default)]
pub struct SecureContext(RefCell<Option<Context>>);

impl SecureContext {
    pub fn with<T>(&self, ctx: Ctx, body: impl FnOnce(&mut Context) -> T) -> Js<T> {
        match &mut *self.0.borrow_mut() {
            Some(context) => Ok(body(context)),
            None => Err(errors::plain(ctx, "The context is closed")),
        }
    }
}

fn with<T>(c: &Call, body: impl FnOnce(&mut Context) -> T) -> Js<T> {
    c.state::<SecureContext>()?.with(c.ctx, body)
}

pub fn initialize(t: &Target) {
    t.class("SecureContext", |c| c.construct(SecureContext::default()))
        .with("init", init)
        .with("setKey", set_key)
        .with("setCert", set_certificate)
        .with("addCACert", |c| {
            let found = certificates_of(c, 0)?;
            with(c, |context| context.roots.extend(found))?;
            c.undefined()
        })
        .with("addRootCerts", |c| c.undefined())
        .with("addCRL", |c| {
            let Some(lists) =
                RevocationList::read_pem(&bytes_or_text(c, 0)?).filter(|lists| !lists.is_empty())
            else {
                let code = "ERR_CRYPTO_OPERATION_FAILED";
                let message = "Failed to parse CRL";
                return Err(throw_with_code(c.ctx, "Error", code, message));
            };
            with(c, |context| context.lists.extend(lists))?;
            c.undefined()
        })
        .with("setAllowPartialTrustChain", |c| {
            with(c, |context| context.takes_partial_chains = true)?;
            c.undefined()
        })
        .with("setCipherSuites", |c| {
            let list = c.text(0)?;
            let named = |name: &str| provider::SUITES.iter().find(|suite| suite.name == name);
            let suites: Vec<_> = list.split(':').filter_map(named).collect();
            if suites.is_empty() {
                return Err(errors::NO_CIPHER_MATCH.throw(c.ctx));
            }
            with(c, |context| context.suites_13 = suites)?;
            c.undefined()
        })
        .with("setCiphers", set_ciphers)
        .with("setSigalgs", |c| {
            let list = c.text(0)?;
            let schemes: Option<Vec<_>> = list.split(':').map(scheme_named).collect();
            let Some(schemes) = schemes.map(|all| all.concat()) else {
                return Err(errors::plain(c.ctx, "error:00000000:lib(0)::reason(0)"));
            };
            with(c, |context| context.schemes = schemes)?;
            c.undefined()
        })
        .with("setECDHCurve", |c| {
            let list = c.text(0)?;
            if list == "auto" {
                return c.undefined();
            }
            let groups: Option<Vec<_>> = list.split(':').map(Group::by_name).collect();
            let Some(groups) = groups else {
                let message = "Failed to set ECDH curve";
                let code = "ERR_CRYPTO_OPERATION_FAILED";
                return Err(throw_with_code(c.ctx, "Error", code, message));
            };
            with(c, |context| context.groups = groups)?;
            c.undefined()
        })
        // Suites with finite-field Diffie-Hellman are not offered, so nothing is done with its parameters.
        .with("setDHParam", |c| c.undefined())
        .with("setMinProto", |c| {
            let version = c.number(0) as i32;
            with(c, |context| context.version_min = version)?;
            c.undefined()
        })
        .with("setMaxProto", |c| {
            let version = c.number(0) as i32;
            with(c, |context| context.version_max = version)?;
            c.undefined()
        })
        .with("getMinProto", |c| {
            let version = with(c, |context| context.version_min)?;
            Ok(c.ctx.number(f64::from(version)))
        })
        .with("getMaxProto", |c| {
            let version = with(c, |context| context.version_max)?;
            Ok(c.ctx.number(f64::from(version)))
        })
        .with("setOptions", |c| {
            let options = c.number(0) as u32;
            with(c, |context| context.options |= options)?;
            c.undefined()
        })
        .with("setSessionIdContext", |c| c.undefined())
        .with("setSessionTimeout", |c| c.undefined())
        .with("enableTicketKeyCallback", |c| c.undefined())
        .with("getTicketKeys", |c| {
            let keys = with(c, |context| context.ticket_keys.clone())?;
            Ok(super::new_buffer(c.ctx, &keys))
        })
        .with("setTicketKeys", |c| {
            let keys = copy_bytes(c.ctx, &c.arg(0))?;
            with(c, |context| context.ticket_keys = keys)?;
            Ok(c.ctx.bool(true))
        })
        .with("loadPKCS12", |c| {
            Err(throw_not_simulated(c.ctx, "A key store in PKCS #12 (pfx)"))
        })
        .with("getCertificate", |c| certificate_bytes(c, 0))
        .with("getIssuer", |c| certificate_bytes(c, 1))
        .with("close", |c| {
            c.state::<SecureContext>()?.0.borrow_mut().take();
            c.undefined()
        });
    t.with("getSSLCiphers", |c| {
        Ok(c.ctx
            .strings(provider::SUITES.iter().map(|suite| suite.name)))
    });
}

fn certificate_bytes(c: &Call, at: usize) -> Js<Value> {
    let found = with(c, |context| {
        let identity = context.identities.first()?;
        let known = identity.chain.get(at).cloned();
        known.or_else(|| issuer_of(identity.chain.last()?, &context.roots))
    })?;
    Ok(found.map_or_else(
        || c.ctx.null(),
        |found| super::new_buffer(c.ctx, &found.raw),
    ))
}

/// `init(secureProtocol, minVersion, maxVersion)`
fn init(c: &Call) -> Js<Value> {
    let (mut version_min, mut version_max) = (c.number(1) as i32, c.number(2) as i32);
    if c.arg(0).is_string() {
        let method = c.text(0)?;
        let refuse = |message: &str| {
            let code = "ERR_TLS_INVALID_PROTOCOL_METHOD";
            Err(throw_with_code(c.ctx, "TypeError", code, message))
        };
        let plain = method
            .replace("_server_method", "_method")
            .replace("_client_method", "_method");
        (version_min, version_max) = match plain.as_str() {
            "SSLv2_method" => return refuse("SSLv2 methods disabled"),
            "SSLv3_method" => return refuse("SSLv3 methods disabled"),
            // All versions that OpenSSL has, at most 1.2 by the old name.
            "TLS_method" => (0, VERSION_13),
            "SSLv23_method" => (version_min, VERSION_12),
            "TLSv1_method" => (0x301, 0x301),
            "TLSv1_1_method" => (0x302, 0x302),
            "TLSv1_2_method" => (VERSION_12, VERSION_12),
            _ => return refuse(&format!("Unknown method: {method}")),
        };
    }
    if (1..VERSION_12).contains(&version_max) {
        return Err(throw_not_simulated(c.ctx, "TLS before version 1.2"));
    }
    let of_version = |is_13: bool| -> Vec<&'static Suite> {
        let suites = provider::SUITES.iter();
        suites
            .filter(|suite| suite.suite.tls13().is_some() == is_13)
            .collect()
    };
    let context = Context {
        version_min,
        version_max,
        suites_12: of_version(false),
        suites_13: of_version(true),
        groups: provider::GROUPS.iter().collect(),
        schemes: provider::SCHEMES.to_vec(),
        identities: Vec::new(),
        roots: Vec::new(),
        lists: Vec::new(),
        takes_partial_chains: false,
        options: 0,
        ticket_keys: random::bytes(c.ctx, TICKET_KEYS_BYTES),
        sessions: ServerSessionMemoryCache::new(256),
    };
    *c.state::<SecureContext>()?.0.borrow_mut() = Some(context);
    c.undefined()
}

fn bytes_or_text(c: &Call, at: usize) -> Js<Vec<u8>> {
    let value = c.arg(at);
    if value.is_string() {
        return Ok(c.ctx.text(&value)?.into_bytes());
    }
    copy_bytes(c.ctx, &value)
}

fn certificates_of(c: &Call, at: usize) -> Js<Vec<Arc<Certificate>>> {
    let text = bytes_or_text(c, at)?;
    Ok(Certificate::read_pem(&text).unwrap_or_default())
}

/// Who of these issued it, if it was somebody else.
pub fn issuer_of(
    certificate: &Certificate,
    roots: &[Arc<Certificate>],
) -> Option<Arc<Certificate>> {
    if certificate.is_self_signed() {
        return None;
    }
    let issued = |root: &&Arc<Certificate>| certificate.is_issued_by(root);
    roots.iter().find(issued).cloned()
}

fn set_certificate(c: &Call) -> Js<Value> {
    let chain = certificates_of(c, 0)?;
    if chain.is_empty() {
        return Err(errors::NO_START_LINE.throw(c.ctx));
    }
    with(c, |context| {
        // A second one of the same kind takes the first one's place.
        let kind = chain[0].key.as_ref().map(std::mem::discriminant);
        let is_other = |identity: &Identity| {
            identity.chain[0].key.as_ref().map(std::mem::discriminant) != kind
        };
        context.identities.retain(is_other);
        context.identities.push(Identity { chain, key: None });
    })?;
    c.undefined()
}

/// `setKey(key, passphrase)`
fn set_key(c: &Call) -> Js<Value> {
    let text = bytes_or_text(c, 0)?;
    let passphrase = if c.arg(1).is_string() {
        Some(c.text(1)?.into_bytes())
    } else {
        None
    };
    let key =
        keys::read_private_pem(&text, passphrase.as_deref()).map_err(|error| error.throw(c.ctx))?;
    let fits = with(c, |context| {
        let keys::Key::Pair(public, _) = &key else {
            return false;
        };
        let public = public.clone();
        let kind = std::mem::discriminant(&public);
        let owner = context.identities.iter_mut().find(|identity| {
            let known = identity.chain[0].key.as_ref();
            known.is_some_and(|known| std::mem::discriminant(known) == kind)
        });
        match owner {
            Some(identity) if identity.chain[0].key.as_ref() == Some(&public) => {
                identity.key = Some(Arc::new(OwnKey(key)));
                true
            }
            Some(_) => false,
            // A key without a certificate is of no use, and no mistake.
            None => context.identities.is_empty(),
        }
    })?;
    if !fits {
        return Err(errors::KEY_VALUES_MISMATCH.throw(c.ctx));
    }
    c.undefined()
}

// ---- lists ----

/// OpenSSL's language of cipher lists, for the suites that are here (`ciphers(1)`): names and kinds joined by `+`, with
/// `!` and `-` taking out.
fn set_ciphers(c: &Call) -> Js<Value> {
    let list = c.text(0)?;
    let mut chosen: Vec<&'static Suite> = Vec::new();
    let mut never: Vec<&'static str> = Vec::new();
    for word in list.split([':', ' ', ',']) {
        // A level of security forbids what is not here anyway.
        let word = word.split('@').next().unwrap_or_default();
        if word.is_empty() {
            continue;
        }
        let (sign, kinds) = match word.strip_prefix(['!', '-', '+']) {
            Some(kinds) => (word.as_bytes()[0], kinds),
            None => (b' ', word),
        };
        let meant = provider::SUITES.iter().filter(|suite| {
            suite.suite.tls13().is_none() && kinds.split('+').all(|kind| is_of_kind(suite, kind))
        });
        for suite in meant {
            let at = chosen.iter().position(|known| known.name == suite.name);
            match (sign, at) {
                (b' ', None) if !never.contains(&suite.name) => chosen.push(suite),
                (b'!' | b'-', Some(at)) => {
                    chosen.remove(at);
                }
                _ => {}
            }
            if sign == b'!' {
                never.push(suite.name);
            }
        }
    }
    if chosen.is_empty() && !list.is_empty() {
        if list.split(':').any(is_of_openssl) {
            let what = format!("Any of the ciphers {list}");
            return Err(throw_not_simulated(c.ctx, &what));
        }
        return Err(errors::NO_CIPHER_MATCH.throw(c.ctx));
    }
    with(c, |context| context.suites_12 = chosen)?;
    c.undefined()
}

fn is_of_kind(suite: &Suite, kind: &str) -> bool {
    let name = suite.name;
    match kind {
        "ALL"
        | "HIGH"
        | "DEFAULT"
        | "COMPLEMENTOFDEFAULT"
        | "kECDHE"
        | "kEECDH"
        | "ECDHE"
        | "EECDH"
        | "TLSv1.2"
        | "AEAD"
        | "FIPS" => true,
        "aRSA" => name.contains("-RSA-"),
        "aECDSA" | "ECDSA" => name.contains("-ECDSA-"),
        "AES" | "AESGCM" => name.contains("-AES"),
        "AES128" => name.contains("-AES128-"),
        "AES256" => name.contains("-AES256-"),
        "CHACHA20" => name.contains("-CHACHA20-"),
        "SHA256" => name.ends_with("-SHA256"),
        "SHA384" => name.ends_with("-SHA384"),
        kind => name == kind || suite.standard_name == kind,
    }
}

/// Whether OpenSSL has a cipher of this name, by the parts that such names are made of.
fn is_of_openssl(name: &str) -> bool {
    const PARTS: [&str; 30] = [
        "AES128",
        "AES256",
        "AES",
        "GCM",
        "CCM",
        "CCM8",
        "CBC",
        "SHA",
        "SHA256",
        "SHA384",
        "DHE",
        "ECDHE",
        "RSA",
        "ECDSA",
        "DSS",
        "PSK",
        "SRP",
        "CHACHA20",
        "POLY1305",
        "CAMELLIA128",
        "CAMELLIA256",
        "ARIA128",
        "ARIA256",
        "ARIA",
        "NULL",
        "ADH",
        "AECDH",
        "SEED",
        "3DES",
        "RC4",
    ];
    name.split('-').all(|part| PARTS.contains(&part))
}

/// `RSA-PSS+SHA256`, `ed25519`, `ecdsa_secp256r1_sha256`: one scheme, or those of one pair.
fn scheme_named(name: &str) -> Option<Vec<SignatureScheme>> {
    use SignatureScheme as Scheme;
    let lower = name.to_ascii_lowercase();
    let scheme = match lower.as_str() {
        "ecdsa+sha256" | "ecdsa_secp256r1_sha256" => Scheme::ECDSA_NISTP256_SHA256,
        "ecdsa+sha384" | "ecdsa_secp384r1_sha384" => Scheme::ECDSA_NISTP384_SHA384,
        "ecdsa+sha512" | "ecdsa_secp521r1_sha512" => Scheme::ECDSA_NISTP521_SHA512,
        "ed25519" => Scheme::ED25519,
        "rsa-pss+sha256" | "pss+sha256" | "rsa_pss_rsae_sha256" => Scheme::RSA_PSS_SHA256,
        "rsa-pss+sha384" | "pss+sha384" | "rsa_pss_rsae_sha384" => Scheme::RSA_PSS_SHA384,
        "rsa-pss+sha512" | "pss+sha512" | "rsa_pss_rsae_sha512" => Scheme::RSA_PSS_SHA512,
        "rsa+sha256" | "rsa_pkcs1_sha256" => Scheme::RSA_PKCS1_SHA256,
        "rsa+sha384" | "rsa_pkcs1_sha384" => Scheme::RSA_PKCS1_SHA384,
        "rsa+sha512" | "rsa_pkcs1_sha512" => Scheme::RSA_PKCS1_SHA512,
        // OpenSSL knows these; nothing here signs with them.
        "ed448" | "rsa+sha1" | "ecdsa+sha1" | "rsa+sha224" | "ecdsa+sha224" | "dsa+sha256" => {
            return Some(Vec::new());
        }
        _ => return None,
    };
    Some(vec![scheme])
}

// ---- for rustls ----

impl Context {
    pub fn provider(&self) -> Arc<CryptoProvider> {
        let suites = self.suites_13.iter().chain(&self.suites_12);
        let groups = self
            .groups
            .iter()
            .map(|group| *group as &dyn SupportedKxGroup);
        provider::provider(suites.map(|suite| suite.suite).collect(), groups.collect())
    }

    /// Newest first; none when only versions are asked for that are not here.
    pub fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        const NO_TLS_13: u32 = 0x2000_0000;
        const NO_TLS_12: u32 = 0x0800_0000;
        let allows = |version: i32| {
            (self.version_min == 0 || self.version_min <= version)
                && (self.version_max == 0 || version <= self.version_max)
        };
        let mut versions = Vec::new();
        if allows(VERSION_13) && self.options & NO_TLS_13 == 0 && !self.suites_13.is_empty() {
            versions.push(&TLS13);
        }
        if allows(VERSION_12) && self.options & NO_TLS_12 == 0 && !self.suites_12.is_empty() {
            versions.push(&TLS12);
        }
        versions
    }

    pub fn prefers_own_order(&self) -> bool {
        const CIPHER_SERVER_PREFERENCE: u32 = 0x0040_0000;
        self.options & CIPHER_SERVER_PREFERENCE != 0
    }

    pub fn gives_tickets(&self) -> bool {
        const NO_TICKET: u32 = 0x4000;
        self.options & NO_TICKET == 0
    }

    /// Each key with its chain, which is completed from what the context trusts, as OpenSSL does.
    pub fn certified_keys(&self) -> Vec<Arc<CertifiedKey>> {
        let with_key = |identity: &Identity| {
            let key = identity.key.clone()?;
            let mut chain = identity.chain.clone();
            while chain.len() < CHAIN_MAX
                && identity.chain.len() == 1
                && let Some(issuer) = issuer_of(chain.last()?, &self.roots)
            {
                chain.push(issuer);
            }
            let chain = chain.iter().map(|one| one.raw.clone().into()).collect();
            Some(Arc::new(CertifiedKey::new(chain, Arc::new(Signing(key)))))
        };
        self.identities.iter().filter_map(with_key).collect()
    }

    /// The own certificate that goes with this key exchange: the first.
    pub fn own_chain(&self) -> Vec<Arc<Certificate>> {
        let first = self.identities.first();
        first.map_or_else(Vec::new, |identity| identity.chain.clone())
    }

    pub fn ticketer(&self) -> Arc<dyn ProducesTickets> {
        Arc::new(Ticketer(self.ticket_keys.clone()))
    }
}

/// As many as OpenSSL follows.
const CHAIN_MAX: usize = 100;

/// A name, a key for a MAC and one for AES, 16 bytes each.
const TICKET_KEYS_BYTES: usize = 48;
const TICKET_LIFETIME_S: u32 = 7200;
const NONCE_BYTES: usize = 12;

/// Sessions that the client keeps, sealed with the context's keys.
#[derive(Debug)]
struct Ticketer(Vec<u8>);

impl Ticketer {
    fn sealing(&self) -> Option<Sealing> {
        Sealing::new("aes-256-gcm", self.0.get(TICKET_KEYS_BYTES - 32..)?)
    }
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        TICKET_LIFETIME_S
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce = provider::draw(NONCE_BYTES);
        let sealed = self.sealing()?.seal(&nonce, &self.0[..16], plain);
        Some([nonce, sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        if ticket.len() < NONCE_BYTES + TAG_BYTES {
            return None;
        }
        let (nonce, sealed) = ticket.split_at(NONCE_BYTES);
        self.sealing()?.open(nonce, &self.0[..16], sealed)
    }
}
