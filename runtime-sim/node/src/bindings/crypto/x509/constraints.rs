//! The names that an authority may vouch for (RFC 5280, section 4.2.1.10), as OpenSSL compares them
//! (`crypto/x509/v3_ncons.c`).

use super::super::der::Reader;
use super::certificate::Certificate;
use super::name::{COMMON_NAME, EMAIL_ADDRESS, GeneralName, SMTP_UTF8_MAILBOX};
use super::verify::{self, VerifyError};

pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

struct Subtree {
    base: GeneralName,
    /// With a depth, which nobody uses.
    is_limited: bool,
}

impl NameConstraints {
    pub fn read(value: &mut Reader) -> Option<Self> {
        let mut parts = value.sequence()?;
        let (mut permitted, mut excluded) = (Vec::new(), Vec::new());
        while let Some((tag, content)) = parts.next() {
            let mut list = Reader(content);
            while !list.is_empty() {
                let mut subtree = list.sequence()?;
                let (kind, base) = subtree.next()?;
                let subtree = Subtree {
                    base: GeneralName::of(kind, base)?,
                    is_limited: !subtree.is_empty(),
                };
                match tag {
                    0xa0 => permitted.push(subtree),
                    _ => excluded.push(subtree),
                }
            }
        }
        Some(Self {
            permitted,
            excluded,
        })
    }

    /// Of all names in a certificate.
    pub fn check(&self, certificate: &Certificate) -> Result<(), VerifyError> {
        let subject = &certificate.subject;
        if !subject.entries.is_empty() {
            self.check_name(&GeneralName::Directory(subject.clone()))?;
            for entry in subject.of_kind(EMAIL_ADDRESS) {
                let address = entry.ascii().ok_or(verify::UNSUPPORTED_NAME_SYNTAX)?;
                self.check_name(&GeneralName::Email(address.to_vec()))?;
            }
        }
        let alternatives = certificate.subject_alt_names().unwrap_or_default();
        alternatives
            .iter()
            .try_for_each(|name| self.check_name(name))
    }

    /// Of common names that look like hosts, which count where no other name is one.
    pub fn check_common_names(&self, certificate: &Certificate) -> Result<(), VerifyError> {
        for entry in certificate.subject.of_kind(COMMON_NAME) {
            let text = entry.text().unwrap_or_default();
            let text = text.trim_end_matches('\0').as_bytes();
            if text.contains(&0) {
                return Err(verify::UNSUPPORTED_NAME_SYNTAX);
            }
            if looks_like_host(text) {
                self.check_name(&GeneralName::Host(text.to_vec()))?;
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &GeneralName) -> Result<(), VerifyError> {
        let (mut applies, mut fits) = (false, false);
        for subtree in of_sort(&self.permitted, name) {
            applies = true;
            fits = fits || subtree?.contains(name)?;
        }
        if applies && !fits {
            return Err(verify::PERMITTED_VIOLATION);
        }
        for subtree in of_sort(&self.excluded, name) {
            if subtree?.contains(name)? {
                return Err(verify::EXCLUDED_VIOLATION);
            }
        }
        Ok(())
    }
}

fn of_sort<'a>(
    subtrees: &'a [Subtree],
    name: &'a GeneralName,
) -> impl Iterator<Item = Result<&'a Subtree, VerifyError>> {
    subtrees
        .iter()
        .filter(|subtree| subtree.is_of_sort(name))
        .map(|subtree| {
            if subtree.is_limited {
                Err(verify::SUBTREE_MINMAX)
            } else {
                Ok(subtree)
            }
        })
}

fn looks_like_host(text: &[u8]) -> bool {
    let mut labels_are_several = false;
    for (at, byte) in text.iter().enumerate() {
        let is_inside = at > 0 && at + 1 < text.len();
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => {}
            b'-' if is_inside => {}
            b'.' if is_inside
                && text[at - 1] != b'-'
                && text[at + 1] != b'-'
                && text[at + 1] != b'.' =>
            {
                labels_are_several = true;
            }
            _ => return false,
        }
    }
    labels_are_several
}

impl Subtree {
    fn is_of_sort(&self, name: &GeneralName) -> bool {
        match (&self.base, name) {
            (GeneralName::Other { kind, .. }, GeneralName::Other { kind: given, .. }) => {
                kind == given && given != SMTP_UTF8_MAILBOX
            }
            (GeneralName::Email(_), GeneralName::Other { kind, .. }) => kind == SMTP_UTF8_MAILBOX,
            (base, name) => std::mem::discriminant(base) == std::mem::discriminant(name),
        }
    }

    fn contains(&self, name: &GeneralName) -> Result<bool, VerifyError> {
        match (&self.base, name) {
            (GeneralName::Directory(base), GeneralName::Directory(name)) => {
                Ok(name.begins_with(base))
            }
            (GeneralName::Host(base), GeneralName::Host(host)) => Ok(contains_host(base, host)),
            (GeneralName::Email(base), GeneralName::Email(address)) => {
                contains_mailbox(base, address)
            }
            (GeneralName::Email(base), GeneralName::Other { value, .. }) => {
                contains_mailbox(base, value)
            }
            (GeneralName::Uri(base), GeneralName::Uri(uri)) => contains_uri(base, uri),
            (GeneralName::Address(base), GeneralName::Address(address)) => {
                contains_address(base, address)
            }
            _ => Err(verify::UNSUPPORTED_CONSTRAINT_TYPE),
        }
    }
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

fn contains_host(base: &[u8], host: &[u8]) -> bool {
    if base.is_empty() {
        return true;
    }
    let at_label =
        host.len() <= base.len() || base[0] == b'.' || host[host.len() - base.len() - 1] == b'.';
    at_label && ends_with(host, base)
}

fn split_mailbox(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match text.iter().rposition(|byte| *byte == b'@') {
        Some(at) => (Some(&text[..at]), &text[at + 1..]),
        None => (None, text),
    }
}

fn contains_mailbox(base: &[u8], address: &[u8]) -> Result<bool, VerifyError> {
    let (Some(local), host) = split_mailbox(address) else {
        return Err(verify::UNSUPPORTED_NAME_SYNTAX);
    };
    let (base_local, base_host) = split_mailbox(base);
    if base_local.is_none() && base.first() == Some(&b'.') {
        return Ok(address.len() > base.len() && ends_with(address, base));
    }
    let same_local = base_local.is_none_or(|base| base.is_empty() || base == local);
    Ok(same_local && base_host.eq_ignore_ascii_case(host))
}

fn contains_uri(base: &[u8], uri: &[u8]) -> Result<bool, VerifyError> {
    let scheme = uri.iter().position(|byte| *byte == b':');
    let rest = scheme.and_then(|at| uri[at..].strip_prefix(b"://"));
    let rest = rest.ok_or(verify::UNSUPPORTED_NAME_SYNTAX)?;
    let find = |mark: u8| rest.iter().position(|byte| *byte == mark);
    let host = &rest[..find(b':').or(find(b'/')).unwrap_or(rest.len())];
    if host.is_empty() {
        return Err(verify::UNSUPPORTED_NAME_SYNTAX);
    }
    Ok(if base.first() == Some(&b'.') {
        host.len() > base.len() && ends_with(host, base)
    } else {
        host.eq_ignore_ascii_case(base)
    })
}

/// The base is an address and a mask.
fn contains_address(base: &[u8], address: &[u8]) -> Result<bool, VerifyError> {
    if ![4, 16].contains(&address.len()) || ![8, 32].contains(&base.len()) {
        return Err(verify::UNSUPPORTED_NAME_SYNTAX);
    }
    let (network, mask) = base.split_at(base.len() / 2);
    Ok(network.len() == address.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((address, network), mask)| address & mask == network & mask))
}
