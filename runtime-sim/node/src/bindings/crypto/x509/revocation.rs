//! Lists of revoked certificates (RFC 5280, section 5), and what OpenSSL makes of them (`check_revocation` of
//! `crypto/x509/x509_vfy.c`).
//!
//! Left out: lists of differences, and those that an issuing distribution point narrows; they count for nothing, as
//! indirect ones do in Node.

use std::sync::Arc;

use super::super::der::{self, Reader};
use super::certificate::{
    AUTHORITY_KEY_ID, Authority, Certificate, Extension, Signed, Time, USAGE_SIGN_LISTS,
    read_extensions,
};
use super::name::Name;
use super::verify::{self, VerifyError};

pub struct RevocationList {
    signed: Signed,
    issuer: Name,
    updated: Time,
    next_update: Option<Time>,
    authority: Option<Authority>,
    has_unknown_critical: bool,
    is_partial: bool,
    serials: Vec<Vec<u8>>,
}

const REASON: &str = "2.5.29.21";
const DIFFERENCES: &str = "2.5.29.27";
const ISSUING_POINT: &str = "2.5.29.28";
const REASON_REMOVED_FROM_LIST: &[u8] = &[0x0a, 1, 8];

impl RevocationList {
    /// From DER.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes).sequence()?;
        let (content, algorithm) = (outer.whole()?, outer.whole()?);
        let signature = outer.bits()?;
        let mut body = Reader(content).sequence()?;
        if body.tag()? == der::INTEGER {
            body.next()?;
        }
        let signed = Signed::new(content, body.whole()?, algorithm, signature)?;
        let issuer = Name::read(body.whole()?)?;
        let updated = Time::read(&mut body)?;
        let next_update = Time::is_next(&body)
            .then(|| Time::read(&mut body))
            .flatten();
        let (mut serials, mut has_unknown_critical) = (Vec::new(), false);
        if body.tag() == Some(der::SEQUENCE) {
            let mut entries = body.sequence()?;
            while !entries.is_empty() {
                let mut entry = entries.sequence()?;
                let serial = entry.expect(der::INTEGER)?;
                Time::read(&mut entry)?;
                let mut is_revoked = true;
                if !entry.is_empty() {
                    for extension in read_extensions(entry.sequence()?)? {
                        has_unknown_critical |= extension.is_critical;
                        is_revoked &= extension.identifier != REASON
                            || extension.value != REASON_REMOVED_FROM_LIST;
                    }
                }
                if is_revoked {
                    serials.push(serial.to_vec());
                }
            }
        }
        let extensions = match body.next() {
            Some((0xa0, content)) => read_extensions(Reader(content).sequence()?)?,
            _ => Vec::new(),
        };
        let is_known = |extension: &Extension| {
            [AUTHORITY_KEY_ID, DIFFERENCES, ISSUING_POINT].contains(&extension.identifier.as_str())
        };
        has_unknown_critical |= extensions
            .iter()
            .any(|extension| extension.is_critical && !is_known(extension));
        let find = |identifier: &str| {
            extensions
                .iter()
                .find(|extension| extension.identifier == identifier)
        };
        Some(Self {
            signed,
            issuer,
            updated,
            next_update,
            authority: find(AUTHORITY_KEY_ID)
                .and_then(|extension| Authority::read(&mut Reader(&extension.value))),
            has_unknown_critical,
            is_partial: find(DIFFERENCES).or(find(ISSUING_POINT)).is_some(),
            serials,
        })
    }

    /// The lists in a PEM text, in their order; `None` where one cannot be read.
    pub fn read_pem(text: &[u8]) -> Option<Vec<Arc<Self>>> {
        der::read_pem(text)
            .iter()
            .filter(|block| block.label == "X509 CRL")
            .map(|block| Self::read(&block.bytes).map(Arc::new))
            .collect()
    }

    /// The last of what is wrong with its times.
    fn time_errors(&self, now_s: i64) -> Option<VerifyError> {
        let early = match self.updated.seconds {
            None => Some(verify::ERROR_IN_CRL_LAST_UPDATE_FIELD),
            Some(from) => (from > now_s).then_some(verify::CRL_NOT_YET_VALID),
        };
        let late = match self.next_update.as_ref().map(|time| time.seconds) {
            None => None,
            Some(None) => Some(verify::ERROR_IN_CRL_NEXT_UPDATE_FIELD),
            Some(Some(until)) => (until <= now_s).then_some(verify::CRL_HAS_EXPIRED),
        };
        late.or(early)
    }

    /// How well it answers for certificates of this name with this issuer, and how new it is.
    fn score(&self, name: &Name, issuer: &Certificate, now_s: i64) -> Option<(u8, Option<i64>)> {
        let fits = self
            .authority
            .as_ref()
            .is_none_or(|authority| authority.fits(issuer));
        if self.is_partial || self.issuer != *name || !fits {
            return None;
        }
        let known = 2 * u8::from(!self.has_unknown_critical);
        let current = u8::from(self.time_errors(now_s).is_none());
        Some((known + current, self.updated.seconds))
    }
}

/// The last thing wrong, if anything is, with what the lists say of each certificate in a chain.
pub fn check(
    chain: &[Arc<Certificate>],
    lists: &[Arc<RevocationList>],
    now_s: i64,
) -> Option<VerifyError> {
    let mut error = None;
    for (at, certificate) in chain.iter().enumerate() {
        let issuer = chain.get(at + 1).unwrap_or(certificate);
        let mut best: Option<(&RevocationList, (u8, Option<i64>))> = None;
        for list in lists {
            if let Some(score) = list.score(&certificate.issuer, issuer, now_s)
                && best.is_none_or(|(_, best)| best < score)
            {
                best = Some((list, score));
            }
        }
        let Some((list, _)) = best else {
            error = Some(verify::UNABLE_TO_GET_CRL);
            continue;
        };
        if at + 1 == chain.len() && !issuer.is_likely_issued_by(issuer) {
            error = Some(verify::UNABLE_TO_GET_CRL_ISSUER);
        }
        if issuer.rejects_usage(USAGE_SIGN_LISTS) {
            error = Some(verify::KEYUSAGE_NO_CRL_SIGN);
        }
        error = list.time_errors(now_s).or(error);
        match &issuer.key {
            None => error = Some(verify::UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY),
            Some(key) if !list.signed.is_by(key) => error = Some(verify::CRL_SIGNATURE_FAILURE),
            Some(_) => {}
        }
        if list.has_unknown_critical {
            error = Some(verify::UNHANDLED_CRITICAL_CRL_EXTENSION);
        }
        if list.serials.contains(&certificate.serial) {
            error = Some(verify::CERT_REVOKED);
        }
    }
    error
}
