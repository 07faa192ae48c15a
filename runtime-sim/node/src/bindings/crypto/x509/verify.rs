//! Whether a chain of certificates is to be trusted, as OpenSSL 3.0 decides it (`crypto/x509/x509_vfy.c`,
//! `v3_purp.c`), at the security level 1 that Node's TLS has.
//!
//! Node lets OpenSSL go on after each error, so of several the last counts: an expired certificate that nobody vouches
//! for has expired. Left out: policies, proxy certificates, and the name constraints of authorities, which are taken
//! to allow every name.

use std::sync::Arc;

use super::super::keys::Public;
use super::certificate::{
    Certificate, Scheme, USAGE_AGREE_ON_KEYS, USAGE_DIGITAL_SIGNATURE, USAGE_ENCIPHER_KEYS,
};
use super::name::GeneralName;
use super::revocation::{self, RevocationList};

/// What the first certificate of a chain is to be good for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Server,
    Client,
}

/// With Node's code for it, and OpenSSL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyError {
    pub code: &'static str,
    pub reason: &'static str,
}

macro_rules! errors {
    ($($name:ident $code:literal $reason:literal;)*) => {
        $(pub const $name: VerifyError = VerifyError { code: $code, reason: $reason };)*
    };
}

// What `X509ErrorCode` has no name for is `UNSPECIFIED`.
errors! {
    UNSPECIFIED "UNSPECIFIED" "unspecified certificate verification error";
    UNABLE_TO_GET_ISSUER_CERT "UNABLE_TO_GET_ISSUER_CERT" "unable to get issuer certificate";
    UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY" "unable to decode issuer public key";
    CERT_SIGNATURE_FAILURE "CERT_SIGNATURE_FAILURE" "certificate signature failure";
    CERT_NOT_YET_VALID "CERT_NOT_YET_VALID" "certificate is not yet valid";
    CERT_HAS_EXPIRED "CERT_HAS_EXPIRED" "certificate has expired";
    ERROR_IN_CERT_NOT_BEFORE_FIELD "ERROR_IN_CERT_NOT_BEFORE_FIELD" "format error in certificate's notBefore field";
    ERROR_IN_CERT_NOT_AFTER_FIELD "ERROR_IN_CERT_NOT_AFTER_FIELD" "format error in certificate's notAfter field";
    DEPTH_ZERO_SELF_SIGNED_CERT "DEPTH_ZERO_SELF_SIGNED_CERT" "self-signed certificate";
    SELF_SIGNED_CERT_IN_CHAIN "SELF_SIGNED_CERT_IN_CHAIN" "self-signed certificate in certificate chain";
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" "unable to get local issuer certificate";
    UNABLE_TO_VERIFY_LEAF_SIGNATURE "UNABLE_TO_VERIFY_LEAF_SIGNATURE" "unable to verify the first certificate";
    CERT_CHAIN_TOO_LONG "CERT_CHAIN_TOO_LONG" "certificate chain too long";
    INVALID_CA "INVALID_CA" "invalid CA certificate";
    PATH_LENGTH_EXCEEDED "PATH_LENGTH_EXCEEDED" "path length constraint exceeded";
    INVALID_PURPOSE "INVALID_PURPOSE" "unsuitable certificate purpose";
    UNABLE_TO_GET_CRL_ISSUER "UNSPECIFIED" "unable to get CRL issuer certificate";
    UNABLE_TO_GET_CRL "UNABLE_TO_GET_CRL" "unable to get certificate CRL";
    CRL_SIGNATURE_FAILURE "CRL_SIGNATURE_FAILURE" "CRL signature failure";
    CRL_NOT_YET_VALID "CRL_NOT_YET_VALID" "CRL is not yet valid";
    CRL_HAS_EXPIRED "CRL_HAS_EXPIRED" "CRL has expired";
    ERROR_IN_CRL_LAST_UPDATE_FIELD "ERROR_IN_CRL_LAST_UPDATE_FIELD" "format error in CRL's lastUpdate field";
    ERROR_IN_CRL_NEXT_UPDATE_FIELD "ERROR_IN_CRL_NEXT_UPDATE_FIELD" "format error in CRL's nextUpdate field";
    CERT_REVOKED "CERT_REVOKED" "certificate revoked";
    KEYUSAGE_NO_CRL_SIGN "UNSPECIFIED" "key usage does not include CRL signing";
    UNHANDLED_CRITICAL_CRL_EXTENSION "UNSPECIFIED" "unhandled critical CRL extension";
    PERMITTED_VIOLATION "UNSPECIFIED" "permitted subtree violation";
    EXCLUDED_VIOLATION "UNSPECIFIED" "excluded subtree violation";
    SUBTREE_MINMAX "UNSPECIFIED" "name constraints minimum and maximum not supported";
    UNSUPPORTED_CONSTRAINT_TYPE "UNSPECIFIED" "unsupported name constraint type";
    UNSUPPORTED_NAME_SYNTAX "UNSPECIFIED" "unsupported or invalid name syntax";
    UNHANDLED_CRITICAL_EXTENSION "UNSPECIFIED" "unhandled critical extension";
    KEYUSAGE_NO_CERTSIGN "UNSPECIFIED" "key usage does not include certificate signing";
    EE_KEY_TOO_SMALL "UNSPECIFIED" "EE certificate key too weak";
    CA_KEY_TOO_SMALL "UNSPECIFIED" "CA certificate key too weak";
    CA_MD_TOO_WEAK "UNSPECIFIED" "CA signature digest algorithm too weak";
}

const SECURITY_BITS: usize = 80;
const DEPTH_MAX: usize = 100;

/// The chain from its first certificate to the one that is trusted. `chain` is what a peer sent, its own certificate
/// first; `roots` are trusted, and with `allow_partial` any of them may end a chain. Where there are `lists`, every
/// certificate must have one that does not name it.
pub fn verify(
    chain: &[Arc<Certificate>],
    roots: &[Arc<Certificate>],
    lists: &[Arc<RevocationList>],
    purpose: Purpose,
    now_s: i64,
    allow_partial: bool,
) -> Result<Vec<Arc<Certificate>>, VerifyError> {
    let leaf = chain.first().ok_or(UNSPECIFIED)?;
    let mut path = Path {
        chain: vec![leaf.clone()],
        untrusted: 1,
        roots,
        now_s,
        allow_partial,
        error: None,
    };
    if !is_strong(leaf) {
        path.error = Some(EE_KEY_TOO_SMALL);
    }
    path.build(chain)?;
    path.check_extensions(purpose);
    path.check_strength();
    if !lists.is_empty() {
        path.error = revocation::check(&path.chain, lists, now_s).or(path.error);
    }
    path.check_signatures_and_times();
    path.check_names();
    match path.error {
        Some(error) => Err(error),
        None => Ok(path.chain),
    }
}

struct Path<'a> {
    chain: Vec<Arc<Certificate>>,
    /// So many of the chain come from the peer, the others from the roots.
    untrusted: usize,
    roots: &'a [Arc<Certificate>],
    now_s: i64,
    allow_partial: bool,
    error: Option<VerifyError>,
}

impl Path<'_> {
    /// `build_chain`, looking among the roots first.
    fn build(&mut self, sent: &[Arc<Certificate>]) -> Result<(), VerifyError> {
        let mut sent: Vec<_> = sent.to_vec();
        let mut asks_peer = true;
        let mut is_trusted = false;
        loop {
            let last = self.chain[self.chain.len() - 1].clone();
            if last.key.is_none() || last.is_invalid {
                return Err(UNSPECIFIED);
            }
            let too_long = self.chain.len() > DEPTH_MAX + 1;
            let from_roots = find_issuer(self.roots, &last, self.now_s).cloned();
            if let Some(issuer) = from_roots.filter(|_| !too_long) {
                let is_end = if last.is_self_signed() {
                    // In the place of the peer's own copy; what only looks like a root is none.
                    (last.raw == issuer.raw).then_some(true)
                } else {
                    Some(issuer.is_self_signed())
                };
                if let Some(is_end) = is_end {
                    if last.is_self_signed() {
                        self.chain.pop();
                        self.untrusted = self.untrusted.min(self.chain.len());
                    }
                    self.chain.push(issuer);
                    asks_peer = false;
                    if is_end || self.allow_partial {
                        is_trusted = true;
                        break;
                    }
                    continue;
                }
            }
            if !asks_peer {
                break;
            }
            let next = find_issuer(&sent, &last, self.now_s)
                .cloned()
                .filter(|_| !too_long && !last.is_self_signed());
            match next {
                Some(issuer) => {
                    sent.retain(|other| !Arc::ptr_eq(other, &issuer));
                    self.chain.push(issuer);
                    self.untrusted += 1;
                }
                None => break,
            }
        }
        let first = &self.chain[0];
        let same = self.roots.iter().find(|root| root.raw == first.raw);
        if let Some(same) = same
            && !is_trusted
            && self.allow_partial
            && self.untrusted == self.chain.len()
        {
            self.chain[0] = same.clone();
            self.untrusted = 0;
            is_trusted = true;
        }
        if !is_trusted {
            let last = &self.chain[self.chain.len() - 1];
            self.error = Some(if self.chain.len() > DEPTH_MAX + 1 {
                CERT_CHAIN_TOO_LONG
            } else if !last.is_self_signed() {
                if self.untrusted < self.chain.len() {
                    UNABLE_TO_GET_ISSUER_CERT
                } else {
                    UNABLE_TO_GET_ISSUER_CERT_LOCALLY
                }
            } else if self.chain.len() == 1 {
                DEPTH_ZERO_SELF_SIGNED_CERT
            } else {
                SELF_SIGNED_CERT_IN_CHAIN
            });
        }
        Ok(())
    }

    fn check_extensions(&mut self, purpose: Purpose) {
        let mut path_length = 0;
        for (at, certificate) in self.chain.iter().enumerate() {
            if certificate.has_unknown_critical {
                self.error = Some(UNHANDLED_CRITICAL_EXTENSION);
            }
            if at > 0 {
                let kind = certificate.authority_kind();
                if kind == 0 || (at + 1 < self.chain.len() && kind != 1) {
                    self.error = Some(INVALID_CA);
                }
            }
            if !purpose.allows(certificate, at > 0) {
                self.error = Some(INVALID_PURPOSE);
            }
            let limit = certificate
                .constraints
                .as_ref()
                .and_then(|constraints| constraints.path_length);
            if at > 1 && limit.is_some_and(|limit| path_length > limit) {
                self.error = Some(PATH_LENGTH_EXCEEDED);
            }
            if at > 0 && !certificate.is_self_issued() {
                path_length += 1;
            }
        }
    }

    /// Of the first certificate's key, the caller has judged.
    fn check_strength(&mut self) {
        for (at, certificate) in self.chain.iter().enumerate() {
            if at > 0 && !is_strong(certificate) {
                self.error = Some(CA_KEY_TOO_SMALL);
            }
            let scheme = certificate.signed.scheme.as_ref();
            let bits = scheme.map(Scheme::security_bits);
            if at + 1 < self.chain.len() && bits.is_none_or(|bits| bits < SECURITY_BITS) {
                self.error = Some(CA_MD_TOO_WEAK);
            }
        }
    }

    /// What the authorities above each may vouch for.
    fn check_names(&mut self) {
        for (at, certificate) in self.chain.iter().enumerate().rev() {
            if at > 0 && certificate.is_self_issued() {
                continue;
            }
            let has_host = || {
                let names = certificate.subject_alt_names().unwrap_or_default();
                names
                    .iter()
                    .any(|name| matches!(name, GeneralName::Host(_)))
            };
            for above in self.chain[at + 1..].iter().rev() {
                let Some(constraints) = &above.name_constraints else {
                    continue;
                };
                let mut verdict = constraints.check(certificate);
                if verdict.is_ok() && at == 0 && !has_host() {
                    verdict = constraints.check_common_names(certificate);
                }
                if let Err(error) = verdict {
                    self.error = Some(error);
                }
            }
        }
    }

    /// `internal_verify`, from the trusted end.
    fn check_signatures_and_times(&mut self) {
        let end = self.chain.len() - 1;
        let mut issuer = self.chain[end].clone();
        let mut at = end;
        if !issuer.is_likely_issued_by(&issuer) && !self.allow_partial {
            if end > 0 {
                at -= 1;
            } else {
                self.error = Some(UNABLE_TO_VERIFY_LEAF_SIGNATURE);
            }
        }
        loop {
            let subject = self.chain[at].clone();
            // A signature by itself says nothing.
            if !Arc::ptr_eq(&subject, &issuer) {
                if !issuer.may_sign_certificates() {
                    self.error = Some(KEYUSAGE_NO_CERTSIGN);
                }
                match &issuer.key {
                    None => self.error = Some(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY),
                    Some(key) if !subject.signed.is_by(key) => {
                        self.error = Some(CERT_SIGNATURE_FAILURE);
                    }
                    Some(_) => {}
                }
            }
            self.error = time_errors(&subject, self.now_s).or(self.error);
            if at == 0 {
                break;
            }
            at -= 1;
            issuer = subject;
        }
    }
}

/// The last of them.
fn time_errors(certificate: &Certificate, now_s: i64) -> Option<VerifyError> {
    let early = match certificate.not_before.seconds {
        None => Some(ERROR_IN_CERT_NOT_BEFORE_FIELD),
        Some(from) => (from > now_s).then_some(CERT_NOT_YET_VALID),
    };
    let late = match certificate.not_after.seconds {
        None => Some(ERROR_IN_CERT_NOT_AFTER_FIELD),
        Some(until) => (until <= now_s).then_some(CERT_HAS_EXPIRED),
    };
    late.or(early)
}

/// The first that is valid at this time, or else the one that was so last.
pub fn find_issuer<'a>(
    among: &'a [Arc<Certificate>],
    subject: &Certificate,
    now_s: i64,
) -> Option<&'a Arc<Certificate>> {
    let mut best: Option<&Arc<Certificate>> = None;
    for candidate in among {
        if !subject.is_likely_issued_by(candidate) {
            continue;
        }
        if time_errors(candidate, now_s).is_none() {
            return Some(candidate);
        }
        if best.is_none_or(|best| best.not_after.seconds < candidate.not_after.seconds) {
            best = Some(candidate);
        }
    }
    best
}

fn is_strong(certificate: &Certificate) -> bool {
    certificate
        .key
        .as_ref()
        .is_some_and(|key| security_bits(key) >= SECURITY_BITS)
}

/// OpenSSL's measure, where it matters.
fn security_bits(key: &Public) -> usize {
    let of_modulus = |bits: u64| if bits < 1024 { 0 } else { SECURITY_BITS };
    match key {
        Public::Rsa(public, _) => of_modulus(public.n.bits()),
        Public::Dsa(public) => of_modulus(public.p.bits()),
        Public::Dh { prime, .. } => of_modulus(prime.bits()),
        Public::Ec(curve, ..) => curve.order().bits() as usize / 2,
        Public::Named(..) => 128,
    }
}

impl Purpose {
    fn extended_usages(self) -> &'static [&'static str] {
        match self {
            // For servers, also the "server gated cryptography" of Netscape and of Microsoft.
            Self::Server => &[
                "1.3.6.1.5.5.7.3.1",
                "2.16.840.1.113730.4.1",
                "1.3.6.1.4.1.311.10.3.3",
            ],
            Self::Client => &["1.3.6.1.5.5.7.3.2"],
        }
    }

    fn usages(self) -> u16 {
        let both = USAGE_DIGITAL_SIGNATURE | USAGE_AGREE_ON_KEYS;
        match self {
            Self::Server => both | USAGE_ENCIPHER_KEYS,
            Self::Client => both,
        }
    }

    fn netscape_usage(self) -> u8 {
        match self {
            Self::Server => 0x40,
            Self::Client => 0x80,
        }
    }

    /// `check_purpose_ssl_server` and its like.
    fn allows(self, certificate: &Certificate, as_authority: bool) -> bool {
        const NETSCAPE_TLS_AUTHORITY: u8 = 0x04;
        let listed = |usages: &Vec<String>| {
            usages
                .iter()
                .any(|usage| self.extended_usages().contains(&usage.as_str()))
        };
        if !certificate.extended_key_usage.as_ref().is_none_or(listed) {
            return false;
        }
        let netscape = |bits: u8| {
            certificate
                .netscape_usage
                .is_none_or(|usage| usage & bits != 0)
        };
        if as_authority {
            return match certificate.authority_kind() {
                0 => false,
                5 => netscape(NETSCAPE_TLS_AUTHORITY),
                _ => true,
            };
        }
        !certificate.rejects_usage(self.usages()) && netscape(self.netscape_usage())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fmt::Write};

    use super::{Arc, Certificate, Purpose, RevocationList, verify};

    const CERTIFICATES: &str = include_str!("../../../../tests/certificates/certificates.pem");
    const VERDICTS: &str = include_str!("../../../../tests/certificates/verify.tsv");

    /// 2026-11-21
    const NOW_S: i64 = 1_795_219_200;

    #[test]
    fn threads_may_share_what_was_read() {
        fn shared<T: Send + Sync>() {}
        shared::<Certificate>();
        shared::<RevocationList>();
    }

    #[test]
    fn verdicts_are_those_of_node() {
        let (mut named, mut named_lists) = (BTreeMap::new(), BTreeMap::new());
        for block in CERTIFICATES.split("# ").skip(1) {
            let (name, text) = block.split_once('\n').expect("each has a name");
            let certificates = Certificate::read_pem(text.as_bytes()).expect(name);
            let lists = RevocationList::read_pem(text.as_bytes()).expect(name);
            named.extend(certificates.into_iter().map(|one| (name, one)));
            named_lists.extend(lists.into_iter().map(|one| (name, one)));
        }
        let all = |names: &str| -> Vec<Arc<Certificate>> {
            let names = names.split('+').filter(|name| *name != "-");
            names.map(|name| named[name].clone()).collect()
        };
        let mut ours = String::new();
        for line in VERDICTS.lines() {
            if line.starts_with('#') {
                writeln!(ours, "{line}").expect("it is a string");
                continue;
            }
            let fields: Vec<_> = line.split('\t').collect();
            let lists = fields[4].split('+').filter(|name| *name != "-");
            let lists: Vec<_> = lists.map(|name| named_lists[name].clone()).collect();
            let purpose = match fields[2] {
                "server" => Purpose::Server,
                _ => Purpose::Client,
            };
            let partial = fields[3] == "partial";
            let verdict = verify(
                &all(fields[0]),
                &all(fields[1]),
                &lists,
                purpose,
                NOW_S,
                partial,
            );
            let (code, reason) = match &verdict {
                Ok(_) => ("ok", ""),
                Err(error) => (error.code, error.reason),
            };
            let given = fields[..5].join("\t");
            writeln!(ours, "{given}\t{code}\t{reason}").expect("it is a string");
        }
        assert_eq!(ours, VERDICTS);
    }
}
