//! What a certificate says (RFC 5280), read as OpenSSL's `d2i_X509` and `ossl_x509v3_cache_extensions` do.
//!
//! Of the trust settings that follow a `TRUSTED CERTIFICATE` in its PEM block, nothing is kept.

use std::sync::Arc;

use num_bigint::BigUint;

use super::super::{
    der::{self, Reader},
    digest::Digest,
    keys::{self, Key, Public},
    rsa,
    sign::{self, Options},
};
use super::constraints::NameConstraints;
use super::name::{GeneralName, Name, read_general_names};

pub struct Certificate {
    pub raw: Vec<u8>,
    pub signed: Signed,
    pub version: u32,
    /// As in DER: signed, in two's complement.
    pub serial: Vec<u8>,
    pub issuer: Name,
    pub subject: Name,
    pub not_before: Time,
    pub not_after: Time,
    /// Its DER, of which [`Certificate::key`] is what could be understood.
    pub key_info: Vec<u8>,
    pub key: Option<Public>,
    pub extensions: Vec<Extension>,
    pub constraints: Option<Constraints>,
    pub key_usage: Option<u16>,
    pub extended_key_usage: Option<Vec<String>>,
    /// Netscape's own, which came before the extended key usage.
    pub netscape_usage: Option<u8>,
    pub key_id: Option<Vec<u8>>,
    pub authority: Option<Authority>,
    pub name_constraints: Option<NameConstraints>,
    /// An extension that must be understood was not.
    pub has_unknown_critical: bool,
    /// One that OpenSSL understands is there twice, or is not what it should be.
    pub is_invalid: bool,
}

pub struct Extension {
    pub identifier: String,
    pub is_critical: bool,
    pub value: Vec<u8>,
}

pub struct Constraints {
    pub is_ca: bool,
    pub path_length: Option<u32>,
}

/// By what an extension says who signed.
pub struct Authority {
    key_id: Option<Vec<u8>>,
    issuer: Option<Name>,
    serial: Option<Vec<u8>>,
}

/// Content with its signature.
pub struct Signed {
    content: Vec<u8>,
    signature: Vec<u8>,
    pub scheme: Option<Scheme>,
    /// The content must name the same algorithm as the signature.
    agrees: bool,
}

pub enum Scheme {
    Rsa(Digest),
    /// With what could be understood of its parameters.
    RsaPss(Option<rsa::PssLimits>),
    Ec(Digest),
    Dsa(Digest),
    Ed25519,
    Ed448,
}

/// Signature algorithms by the name of their key and digest.
const SCHEMES: &[(&str, &str, &str)] = &[
    ("1.2.840.113549.1.1.4", "rsa", "md5"),
    ("1.2.840.113549.1.1.5", "rsa", "sha1"),
    ("1.2.840.113549.1.1.11", "rsa", "sha256"),
    ("1.2.840.113549.1.1.12", "rsa", "sha384"),
    ("1.2.840.113549.1.1.13", "rsa", "sha512"),
    ("1.2.840.113549.1.1.14", "rsa", "sha224"),
    ("1.2.840.113549.1.1.15", "rsa", "sha512-224"),
    ("1.2.840.113549.1.1.16", "rsa", "sha512-256"),
    ("2.16.840.1.101.3.4.3.13", "rsa", "sha3-224"),
    ("2.16.840.1.101.3.4.3.14", "rsa", "sha3-256"),
    ("2.16.840.1.101.3.4.3.15", "rsa", "sha3-384"),
    ("2.16.840.1.101.3.4.3.16", "rsa", "sha3-512"),
    ("1.2.840.10045.4.1", "ec", "sha1"),
    ("1.2.840.10045.4.3.1", "ec", "sha224"),
    ("1.2.840.10045.4.3.2", "ec", "sha256"),
    ("1.2.840.10045.4.3.3", "ec", "sha384"),
    ("1.2.840.10045.4.3.4", "ec", "sha512"),
    ("2.16.840.1.101.3.4.3.9", "ec", "sha3-224"),
    ("2.16.840.1.101.3.4.3.10", "ec", "sha3-256"),
    ("2.16.840.1.101.3.4.3.11", "ec", "sha3-384"),
    ("2.16.840.1.101.3.4.3.12", "ec", "sha3-512"),
    ("1.2.840.10040.4.3", "dsa", "sha1"),
    ("2.16.840.1.101.3.4.3.1", "dsa", "sha224"),
    ("2.16.840.1.101.3.4.3.2", "dsa", "sha256"),
    ("2.16.840.1.101.3.4.3.3", "dsa", "sha384"),
    ("2.16.840.1.101.3.4.3.4", "dsa", "sha512"),
];

const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const ED25519: &str = "1.3.101.112";
const ED448: &str = "1.3.101.113";

pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub const INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const KEY_ID: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const NETSCAPE_USAGE: &str = "2.16.840.1.113730.1.1";
/// Those of which `critical` is no hindrance: OpenSSL's `X509_supported_extension`.
const SUPPORTED: &[&str] = &[
    NETSCAPE_USAGE,
    KEY_USAGE,
    SUBJECT_ALT_NAME,
    BASIC_CONSTRAINTS,
    NAME_CONSTRAINTS,
    // CRL distribution points, policies, policy mappings, policy constraints.
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    EXTENDED_KEY_USAGE,
    // Any policy; blocks of addresses and of autonomous systems.
    "2.5.29.54",
    "1.3.6.1.5.5.7.1.7",
    "1.3.6.1.5.5.7.1.8",
];

impl Signed {
    pub fn new(content: &[u8], named: &[u8], used: &[u8], signature: &[u8]) -> Option<Self> {
        let mut parts = Reader(named).sequence()?;
        let identifier = der::dotted(parts.object()?);
        let mut parameters = parts;
        parameters.next();
        parameters.end()?;
        Some(Self {
            content: content.to_vec(),
            signature: signature.to_vec(),
            scheme: Scheme::read(&identifier, parts),
            agrees: named == used,
        })
    }

    pub fn is_by(&self, key: &Public) -> bool {
        let verifies = |scheme: &Scheme| scheme.verifies(key, &self.content, &self.signature);
        self.agrees && self.scheme.as_ref().is_some_and(verifies)
    }
}

impl Scheme {
    fn read(identifier: &str, parameters: Reader) -> Option<Self> {
        match identifier {
            ED25519 => return Some(Self::Ed25519),
            ED448 => return Some(Self::Ed448),
            RSA_PSS => return Some(Self::RsaPss(keys::read_pss_limits(parameters))),
            _ => {}
        }
        let (_, key, digest) = SCHEMES.iter().find(|(known, ..)| *known == identifier)?;
        let digest = Digest::by_name(digest)?;
        Some(match *key {
            "rsa" => Self::Rsa(digest),
            "ec" => Self::Ec(digest),
            _ => Self::Dsa(digest),
        })
    }

    /// Whether a key of this kind could have signed so.
    fn matches(&self, key: &Public) -> bool {
        matches!(
            (self, key),
            (Self::Rsa(_) | Self::RsaPss(_), Public::Rsa(_, None))
                | (Self::RsaPss(_), Public::Rsa(_, Some(_)))
                | (Self::Ec(_), Public::Ec(..))
                | (Self::Dsa(_), Public::Dsa(_))
        ) || match (self, key) {
            (Self::Ed25519, Public::Named(named, _)) => named.jwk() == "Ed25519",
            (Self::Ed448, Public::Named(named, _)) => named.jwk() == "Ed448",
            _ => false,
        }
    }

    /// OpenSSL's measure, by the digest alone.
    pub fn security_bits(&self) -> usize {
        match self {
            Self::Ed25519 => 128,
            Self::Ed448 => 224,
            Self::RsaPss(None) => 0,
            Self::RsaPss(Some(rsa::PssLimits { digest, .. }))
            | Self::Rsa(digest)
            | Self::Ec(digest)
            | Self::Dsa(digest) => match digest.name {
                "sha1" => 63,
                "md5" => 39,
                _ => 4 * digest.length,
            },
        }
    }

    fn verifies(&self, key: &Public, signed: &[u8], signature: &[u8]) -> bool {
        if !self.matches(key) {
            return false;
        }
        match (self, key) {
            (Self::RsaPss(Some(used)), Public::Rsa(public, limited)) => {
                let limits = limited.as_ref().and_then(Option::as_ref);
                limits.is_none_or(|limits| {
                    limits.digest == used.digest
                        && limits.mask == used.mask
                        && limits.salt_length <= used.salt_length
                }) && signature.len() == public.width()
                    && BigUint::from_bytes_be(signature) < public.n
                    && {
                        let (digest, mask) = (&used.digest, &used.mask);
                        let (hash, block) = (digest.of(&[signed]), public.apply(signature));
                        rsa::check_pss(public, digest, mask, &hash, &block, Some(used.salt_length))
                    }
            }
            (Self::Ed25519 | Self::Ed448, Public::Named(named, public)) => {
                named.verify(public, signed, signature)
            }
            (Self::Rsa(digest) | Self::Ec(digest) | Self::Dsa(digest), key) => {
                let (hash, key) = (digest.of(&[signed]), Key::Pair(key.clone(), None));
                sign::verify_hash(&key, digest, &hash, signature, Options::DEFAULT)
                    .is_ok_and(|valid| valid)
            }
            _ => false,
        }
    }
}

/// A `UTCTime` or a `GeneralizedTime`.
pub struct Time {
    /// Since 1970; `None` for what is no time, or not one to the second.
    pub seconds: Option<i64>,
    text: String,
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl Time {
    pub fn is_next(reader: &Reader) -> bool {
        matches!(reader.tag(), Some(UTC_TIME | GENERALIZED_TIME))
    }

    pub fn read(reader: &mut Reader) -> Option<Self> {
        let (tag, content) = reader.next()?;
        if tag != UTC_TIME && tag != GENERALIZED_TIME {
            return None;
        }
        let (seconds, text) =
            Self::parse(tag == UTC_TIME, content).unwrap_or((None, "Bad time value".to_owned()));
        Some(Self { seconds, text })
    }

    fn parse(is_short: bool, content: &[u8]) -> Option<(Option<i64>, String)> {
        let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
        let (clock, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(clock)
            || fraction.len() == 1
            || !is_number(fraction.trim_start_matches('.'))
            || (is_short && !fraction.is_empty())
        {
            return None;
        }
        let (year, rest) = clock.split_at_checked(if is_short { 2 } else { 4 })?;
        let year = match year.parse::<i64>().ok()? {
            year if !is_short => year,
            year if year < 50 => 2000 + year,
            year => 1900 + year,
        };
        // Seconds may be missing, or be more than that; OpenSSL prints such times and does not compare them.
        let is_exact = rest.len() == 10 && fraction.is_empty();
        if ![8, 10].contains(&rest.len()) {
            return None;
        }
        let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
        let (month, day, hour, minute) = (part(0)?, part(2)?, part(4)?, part(6)?);
        let second = part(8).unwrap_or(0);
        let name = MONTHS.get(usize::try_from(month - 1).ok()?)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let text = format!("{name} {day:2} {hour:02}:{minute:02}:{second:02}{fraction} {year} GMT");
        // The days since 1970, in years that begin with March.
        let (shifted, months) = (year - i64::from(month < 3), (month + 9) % 12);
        let in_years = shifted * 365 + shifted.div_euclid(4) - shifted.div_euclid(100)
            + shifted.div_euclid(400);
        let since = in_years + (153 * months + 2) / 5 + day - 1 - 719_468;
        let seconds = ((since * 24 + hour) * 60 + minute) * 60 + second;
        Some((is_exact.then_some(seconds), text))
    }

    /// As OpenSSL prints it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// No number has one, except for 0.
fn has_idle_byte(number: &[u8]) -> bool {
    match number {
        [] => true,
        [0, next, ..] => *next < 0x80,
        [0xff, next, ..] => *next >= 0x80,
        _ => false,
    }
}

/// With a right count of bits that are left over.
fn strict_bits<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let (left_over, bytes) = reader.expect(der::BITS)?.split_first()?;
    (*left_over < 8).then_some(bytes)
}

pub fn read_extensions(mut list: Reader) -> Option<Vec<Extension>> {
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut parts = list.sequence()?;
        let identifier = der::dotted(parts.object()?);
        let mut is_critical = false;
        if parts.tag()? == der::BOOLEAN {
            let [byte] = parts.next()?.1 else {
                return None;
            };
            is_critical = *byte != 0;
        }
        let value = parts.expect(der::OCTETS)?.to_vec();
        parts.end()?;
        extensions.push(Extension {
            identifier,
            is_critical,
            value,
        });
    }
    Some(extensions)
}

impl Certificate {
    /// From DER; what follows is not looked at.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let raw = Reader(bytes).whole()?;
        let mut outer = Reader(raw).sequence()?;
        let (content, algorithm) = (outer.whole()?, outer.whole()?);
        let signature = strict_bits(&mut outer)?;
        outer.end()?;
        let mut body = Reader(content).sequence()?;
        let version = match body.tag()? {
            0xa0 => {
                let mut version = Reader(body.next()?.1);
                let number = version.small()?;
                version.end()?;
                number
            }
            _ => 0,
        };
        let serial = body.expect(der::INTEGER)?.to_vec();
        if has_idle_byte(&serial) {
            return None;
        }
        let signed = Signed::new(content, body.whole()?, algorithm, signature)?;
        let issuer = Name::read(body.whole()?)?;
        let mut validity = body.sequence()?;
        let (not_before, not_after) = (Time::read(&mut validity)?, Time::read(&mut validity)?);
        validity.end()?;
        let subject = Name::read(body.whole()?)?;
        let key_info = body.whole()?;
        let mut parts = Reader(key_info).sequence()?;
        parts.sequence()?;
        strict_bits(&mut parts)?;
        parts.end()?;
        let mut extensions = Vec::new();
        // Identifiers of issuer and subject, of version 2, may be in between.
        let mut last_tag = 0x80;
        while let Some((tag, content)) = body.next() {
            if (tag & 0x1f) <= (last_tag & 0x1f) || !matches!(tag, 0x81 | 0x82 | 0xa3) {
                return None;
            }
            last_tag = tag;
            if tag == 0xa3 {
                let mut list = Reader(content);
                extensions = read_extensions(list.sequence()?)?;
                list.end()?;
            }
        }
        let has_unknown_critical = extensions.iter().any(|extension| {
            extension.is_critical && !SUPPORTED.contains(&extension.identifier.as_str())
        });
        let key = match keys::read_spki(key_info) {
            Some(Key::Pair(public, _)) => Some(public),
            _ => None,
        };
        let mut certificate = Self {
            raw: raw.to_vec(),
            signed,
            version,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key_info: key_info.to_vec(),
            key,
            extensions,
            constraints: None,
            key_usage: None,
            extended_key_usage: None,
            netscape_usage: None,
            key_id: None,
            authority: None,
            name_constraints: None,
            has_unknown_critical,
            is_invalid: false,
        };
        certificate.constraints = certificate.known(BASIC_CONSTRAINTS, |value| {
            let mut parts = value.sequence()?;
            let is_ca = parts.tag() == Some(der::BOOLEAN) && parts.next()?.1 != [0];
            let path_length = match parts.tag() {
                Some(_) => Some(parts.small()?),
                None => None,
            };
            parts.end()?;
            Some(Constraints { is_ca, path_length })
        });
        certificate.key_usage = certificate.known(KEY_USAGE, |value| {
            let bits = value.bits()?;
            let byte = |at: usize| u16::from(bits.get(at).copied().unwrap_or(0));
            Some(byte(0) | byte(1) << 8)
        });
        certificate.is_invalid |= certificate.key_usage == Some(0);
        certificate.extended_key_usage = certificate.known(EXTENDED_KEY_USAGE, |value| {
            let mut parts = value.sequence()?;
            let mut usages = Vec::new();
            while !parts.is_empty() {
                usages.push(der::dotted(parts.object()?));
            }
            Some(usages)
        });
        certificate.netscape_usage =
            certificate.known(NETSCAPE_USAGE, |value| value.bits()?.first().copied());
        certificate.key_id =
            certificate.known(KEY_ID, |value| Some(value.expect(der::OCTETS)?.to_vec()));
        certificate.authority = certificate.known(AUTHORITY_KEY_ID, Authority::read);
        certificate.known(SUBJECT_ALT_NAME, |value| {
            read_general_names(value.sequence()?)
        });
        certificate.name_constraints = certificate.known(NAME_CONSTRAINTS, NameConstraints::read);
        Some(certificate)
    }

    /// The certificates in a PEM text, in their order; `None` where one cannot be read.
    pub fn read_pem(text: &[u8]) -> Option<Vec<Arc<Self>>> {
        der::read_pem(text)
            .iter()
            .filter(|block| LABELS.contains(&block.label.as_str()))
            .map(|block| Self::read(&block.bytes).map(Arc::new))
            .collect()
    }

    fn known<T>(
        &mut self,
        identifier: &str,
        read: impl FnOnce(&mut Reader) -> Option<T>,
    ) -> Option<T> {
        let count = self
            .extensions
            .iter()
            .filter(|extension| extension.identifier == identifier)
            .count();
        let found = match count {
            1 => self.extension(identifier, read),
            _ => None,
        };
        self.is_invalid |= count > 0 && found.is_none();
        found
    }

    pub fn extension<T>(
        &self,
        identifier: &str,
        read: impl FnOnce(&mut Reader) -> Option<T>,
    ) -> Option<T> {
        self.extension_value(identifier)
            .and_then(|value| read(&mut Reader(value)))
    }

    pub fn extension_value(&self, identifier: &str) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|extension| extension.identifier == identifier)
            .map(|extension| &extension.value[..])
    }

    pub fn subject_alt_names(&self) -> Option<Vec<GeneralName>> {
        self.extension(SUBJECT_ALT_NAME, |value| {
            read_general_names(value.sequence()?)
        })
    }

    /// Version 1, or the same name twice and nothing that says otherwise: what OpenSSL takes for self-signed without a
    /// look at the signature.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.is_likely_issued_by(self)
    }

    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// By names, identifiers and the kind of key.
    pub fn is_likely_issued_by(&self, issuer: &Self) -> bool {
        !self.is_invalid
            && !issuer.is_invalid
            && self.issuer == issuer.subject
            && self
                .authority
                .as_ref()
                .is_none_or(|authority| authority.fits(issuer))
            && match (&issuer.key, &self.signed.scheme) {
                (Some(key), Some(scheme)) => scheme.matches(key),
                _ => false,
            }
    }

    /// `X509_check_issued`
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.is_likely_issued_by(issuer) && issuer.may_sign_certificates()
    }

    pub fn rejects_usage(&self, any_of: u16) -> bool {
        self.key_usage.is_some_and(|usage| usage & any_of == 0)
    }

    pub fn may_sign_certificates(&self) -> bool {
        !self.rejects_usage(USAGE_SIGN_CERTIFICATES)
    }

    /// `X509_check_ca`: 0 for none, 1 for a certain one, more for one by other signs.
    pub fn authority_kind(&self) -> u8 {
        const NETSCAPE_ANY_CA: u8 = 0x07;
        if self.is_invalid || !self.may_sign_certificates() {
            return 0;
        }
        match &self.constraints {
            Some(constraints) => u8::from(constraints.is_ca),
            None if self.version == 0 && self.is_self_signed() => 3,
            None if self.key_usage.is_some() => 4,
            None if self
                .netscape_usage
                .is_some_and(|usage| usage & NETSCAPE_ANY_CA != 0) =>
            {
                5
            }
            None => 0,
        }
    }
}

pub const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

pub const USAGE_DIGITAL_SIGNATURE: u16 = 0x80;
pub const USAGE_ENCIPHER_KEYS: u16 = 0x20;
pub const USAGE_AGREE_ON_KEYS: u16 = 0x08;
const USAGE_SIGN_CERTIFICATES: u16 = 0x04;
pub const USAGE_SIGN_LISTS: u16 = 0x02;

impl Authority {
    pub fn read(value: &mut Reader) -> Option<Self> {
        let mut parts = value.sequence()?;
        let mut authority = Self {
            key_id: None,
            issuer: None,
            serial: None,
        };
        while let Some((tag, content)) = parts.next() {
            match tag {
                0x80 => authority.key_id = Some(content.to_vec()),
                0xa1 => {
                    authority.issuer = read_general_names(Reader(content))?.into_iter().find_map(
                        |name| match name {
                            GeneralName::Directory(name) => Some(name),
                            _ => None,
                        },
                    );
                }
                0x82 => authority.serial = Some(content.to_vec()),
                _ => {}
            }
        }
        Some(authority)
    }

    /// `X509_check_akid`
    pub fn fits(&self, issuer: &Certificate) -> bool {
        let differs = |a: &Option<Vec<u8>>, b: Option<&Vec<u8>>| {
            a.as_ref().zip(b).is_some_and(|(a, b)| a != b)
        };
        !differs(&self.key_id, issuer.key_id.as_ref())
            && !differs(&self.serial, Some(&issuer.serial))
            && self
                .issuer
                .as_ref()
                .is_none_or(|name| *name == issuer.issuer)
    }
}
