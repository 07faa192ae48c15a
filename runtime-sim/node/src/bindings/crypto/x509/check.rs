//! Whether a certificate is for this host, mailbox or address (`crypto/x509/v3_utl.c` of OpenSSL).

use super::certificate::Certificate;
use super::name::{COMMON_NAME, EMAIL_ADDRESS, GeneralName, SMTP_UTF8_MAILBOX};

const ALWAYS_CHECK_SUBJECT: u32 = 0x01;
const NO_WILDCARDS: u32 = 0x02;
const NO_PARTIAL_WILDCARDS: u32 = 0x04;
const MULTI_LABEL_WILDCARDS: u32 = 0x08;
const SINGLE_LABEL_SUBDOMAINS: u32 = 0x10;
const NEVER_CHECK_SUBJECT: u32 = 0x20;
/// The name begins with a dot and stands for all that end in it.
const DOT_SUBDOMAINS: u32 = 0x8000;

pub const FLAGS: &[(&str, u32)] = &[
    ("X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT", ALWAYS_CHECK_SUBJECT),
    ("X509_CHECK_FLAG_NO_WILDCARDS", NO_WILDCARDS),
    ("X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS", NO_PARTIAL_WILDCARDS),
    (
        "X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS",
        MULTI_LABEL_WILDCARDS,
    ),
    (
        "X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS",
        SINGLE_LABEL_SUBDOMAINS,
    ),
    ("X509_CHECK_FLAG_NEVER_CHECK_SUBJECT", NEVER_CHECK_SUBJECT),
];

/// The name in the certificate that this one fits.
pub fn host(certificate: &Certificate, name: &[u8], flags: u32) -> Option<Vec<u8>> {
    let mut flags = flags & !DOT_SUBDOMAINS;
    if name.len() > 1 && name[0] == b'.' {
        flags |= DOT_SUBDOMAINS;
    }
    let fits = |pattern: &[u8]| {
        if flags & NO_WILDCARDS == 0 {
            fits_wildcard(pattern, name, flags)
        } else {
            is_same_name(pattern, name, flags)
        }
    };
    find(
        certificate,
        flags,
        COMMON_NAME,
        &fits,
        |alternative| match alternative {
            GeneralName::Host(host) => Some(host),
            _ => None,
        },
    )
}

pub fn email(certificate: &Certificate, name: &[u8], flags: u32) -> bool {
    let fits = |pattern: &[u8]| is_same_mailbox(pattern, name);
    find(
        certificate,
        flags,
        EMAIL_ADDRESS,
        &fits,
        |alternative| match alternative {
            GeneralName::Email(email) => Some(email),
            GeneralName::Other {
                kind,
                tag: 12,
                value,
            } if kind == SMTP_UTF8_MAILBOX => Some(value),
            _ => None,
        },
    )
    .is_some()
}

pub fn address(certificate: &Certificate, address: &[u8]) -> bool {
    certificate
        .subject_alt_names()
        .unwrap_or_default()
        .iter()
        .any(|name| matches!(name, GeneralName::Address(bytes) if bytes == address))
}

/// Among the alternative names of one sort, and then those of the subject.
fn find(
    certificate: &Certificate,
    flags: u32,
    subject_kind: &str,
    fits: &dyn Fn(&[u8]) -> bool,
    of_sort: impl Fn(&GeneralName) -> Option<&Vec<u8>>,
) -> Option<Vec<u8>> {
    let alternatives = certificate.subject_alt_names().unwrap_or_default();
    let alternatives: Vec<_> = alternatives.iter().filter_map(of_sort).collect();
    let found = alternatives
        .iter()
        .find(|pattern| !pattern.is_empty() && fits(pattern));
    if let Some(found) = found {
        return Some(found.to_vec());
    }
    let asks_subject = alternatives.is_empty() || flags & ALWAYS_CHECK_SUBJECT != 0;
    if !asks_subject || flags & NEVER_CHECK_SUBJECT != 0 {
        return None;
    }
    certificate
        .subject
        .of_kind(subject_kind)
        .filter_map(|entry| entry.text().map(String::into_bytes))
        .find(|text| !text.is_empty() && fits(text))
}

/// The end of a longer pattern, where the subject stands for all that end in it.
fn skip_prefix<'a>(pattern: &'a [u8], subject: &[u8], flags: u32) -> &'a [u8] {
    if flags & DOT_SUBDOMAINS == 0 || pattern.len() <= subject.len() {
        return pattern;
    }
    let (prefix, rest) = pattern.split_at(pattern.len() - subject.len());
    let stops = |byte: &u8| *byte == 0 || (flags & SINGLE_LABEL_SUBDOMAINS != 0 && *byte == b'.');
    if prefix.iter().any(stops) {
        pattern
    } else {
        rest
    }
}

fn is_same_name(pattern: &[u8], subject: &[u8], flags: u32) -> bool {
    let pattern = skip_prefix(pattern, subject, flags);
    !pattern.contains(&0) && pattern.eq_ignore_ascii_case(subject)
}

/// The letters before the last `@` count as they are.
fn is_same_mailbox(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let at = (1..a.len())
        .rev()
        .find(|at| a[*at] == b'@' || b[*at] == b'@');
    let at = match at {
        Some(at) => at,
        None if a.first() == Some(&b'@') || b.first() == Some(&b'@') => {
            return is_same_name(a, b, 0) && a == b;
        }
        None => a.len(),
    };
    a[..at] == b[..at] && is_same_name(&a[at..], &b[at..], 0)
}

fn fits_wildcard(pattern: &[u8], subject: &[u8], flags: u32) -> bool {
    let is_suffix = subject.len() > 1 && subject[0] == b'.';
    match find_star(pattern, flags).filter(|_| !is_suffix) {
        Some(star) => fits_around(&pattern[..star], &pattern[star + 1..], subject, flags),
        None => is_same_name(pattern, subject, flags),
    }
}

fn begins_idna(label: &[u8]) -> bool {
    label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"))
}

/// Where the one wildcard is that a pattern may have: at the start or the end of its first label, which at least two
/// others follow.
fn find_star(pattern: &[u8], flags: u32) -> Option<usize> {
    let (mut star, mut dots) = (None, 0);
    let (mut at_start, mut in_idna, mut after_hyphen) = (true, false, false);
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'*' => {
                let at_end = pattern.get(at + 1).is_none_or(|next| *next == b'.');
                let whole_label = at_start && at_end;
                if star.is_some()
                    || in_idna
                    || dots > 0
                    || (flags & NO_PARTIAL_WILDCARDS != 0 && !whole_label)
                    || !(at_start || at_end)
                {
                    return None;
                }
                star = Some(at);
                at_start = false;
            }
            _ if at_start => {
                if !in_idna && begins_idna(&pattern[at..]) {
                    at += 4;
                    in_idna = true;
                    continue;
                }
                at_start = false;
                if !pattern[at].is_ascii_alphanumeric() {
                    return None;
                }
            }
            byte if byte.is_ascii_alphanumeric() => after_hyphen = false,
            b'.' if after_hyphen => return None,
            b'.' => {
                (at_start, in_idna) = (true, false);
                dots += 1;
            }
            b'-' => after_hyphen = true,
            _ => return None,
        }
        at += 1;
    }
    star.filter(|_| !at_start && !after_hyphen && dots >= 2)
}

fn fits_around(prefix: &[u8], suffix: &[u8], subject: &[u8], flags: u32) -> bool {
    if subject.len() < prefix.len() + suffix.len() {
        return false;
    }
    let (start, rest) = subject.split_at(prefix.len());
    let (middle, end) = rest.split_at(rest.len() - suffix.len());
    if !is_same_name(prefix, start, flags) || !is_same_name(end, suffix, flags) {
        return false;
    }
    let whole_label = prefix.is_empty() && suffix.first() == Some(&b'.');
    if whole_label && middle.is_empty() {
        return false;
    }
    if !whole_label && subject.len() >= 4 && begins_idna(rest) {
        return false;
    }
    let allows_dots = whole_label && flags & MULTI_LABEL_WILDCARDS != 0;
    middle == b"*"
        || middle.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || *byte == b'-' || (allows_dots && *byte == b'.')
        })
}

/// Four or sixteen bytes, as OpenSSL's `a2i_IPADDRESS` reads them.
pub fn parse_address(text: &str) -> Option<Vec<u8>> {
    if !text.contains(':') {
        return parse_four(text).map(|bytes| bytes.to_vec());
    }
    let (head, tail) = match text.split_once("::") {
        Some((head, tail)) => (head, Some(tail)),
        None => (text, None),
    };
    let words = |text: &str, may_end_in_four: bool| -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        if text.is_empty() {
            return Some(bytes);
        }
        let parts: Vec<_> = text.split(':').collect();
        for (at, part) in parts.iter().enumerate() {
            if at + 1 == parts.len() && may_end_in_four && part.contains('.') {
                bytes.extend(parse_four(part)?);
            } else if (1..=4).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            {
                bytes.extend(u16::from_str_radix(part, 16).ok()?.to_be_bytes());
            } else {
                return None;
            }
        }
        Some(bytes)
    };
    let Some(tail) = tail else {
        return words(head, true).filter(|bytes| bytes.len() == 16);
    };
    let (mut bytes, tail) = (words(head, false)?, words(tail, true)?);
    if bytes.len() + tail.len() >= 16 {
        return None;
    }
    bytes.resize(16 - tail.len(), 0);
    bytes.extend(tail);
    Some(bytes)
}

/// As `sscanf` reads four numbers, up to the end or to a space.
fn parse_four(text: &str) -> Option<[u8; 4]> {
    const SPACES: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];
    let mut rest = text;
    let mut bytes = [0; 4];
    for (at, byte) in bytes.iter_mut().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('.')?;
        }
        rest = rest.trim_start_matches(SPACES);
        let digits = rest.strip_prefix('+').unwrap_or(rest);
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        *byte = digits[..end].parse().ok()?;
        rest = &digits[end..];
    }
    (rest.is_empty() || rest.starts_with(SPACES)).then_some(bytes)
}
