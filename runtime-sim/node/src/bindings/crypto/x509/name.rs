//! Names in certificates, and how OpenSSL and Node print them (`X509_NAME_print_ex`, and `PrintGeneralName` of
//! `src/crypto/crypto_common.cc`).
//!
//! Of OpenSSL's thousand names of object identifiers, [`KINDS`] has those that names and certificates are made of; the
//! others are printed in digits.

use super::super::der::{self, Reader};

/// A distinguished name.
#[derive(Clone)]
pub struct Name {
    pub entries: Vec<Entry>,
    canonical: Vec<u8>,
}

#[derive(Clone)]
pub struct Entry {
    pub kind: String,
    /// Entries of the same number stand together.
    group: usize,
    tag: u8,
    value: Vec<u8>,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

/// Identifiers with OpenSSL's short and long names.
#[rustfmt::skip]
const KINDS: &[(&str, &str, &str)] = &[
    ("2.5.4.3", "CN", "commonName"),
    ("2.5.4.4", "SN", "surname"),
    ("2.5.4.5", "serialNumber", "serialNumber"),
    ("2.5.4.6", "C", "countryName"),
    ("2.5.4.7", "L", "localityName"),
    ("2.5.4.8", "ST", "stateOrProvinceName"),
    ("2.5.4.9", "street", "streetAddress"),
    ("2.5.4.10", "O", "organizationName"),
    ("2.5.4.11", "OU", "organizationalUnitName"),
    ("2.5.4.12", "title", "title"),
    ("2.5.4.13", "description", "description"),
    ("2.5.4.14", "searchGuide", "searchGuide"),
    ("2.5.4.15", "businessCategory", "businessCategory"),
    ("2.5.4.16", "postalAddress", "postalAddress"),
    ("2.5.4.17", "postalCode", "postalCode"),
    ("2.5.4.18", "postOfficeBox", "postOfficeBox"),
    ("2.5.4.19", "physicalDeliveryOfficeName", "physicalDeliveryOfficeName"),
    ("2.5.4.20", "telephoneNumber", "telephoneNumber"),
    ("2.5.4.21", "telexNumber", "telexNumber"),
    ("2.5.4.22", "teletexTerminalIdentifier", "teletexTerminalIdentifier"),
    ("2.5.4.23", "facsimileTelephoneNumber", "facsimileTelephoneNumber"),
    ("2.5.4.24", "x121Address", "x121Address"),
    ("2.5.4.25", "internationaliSDNNumber", "internationaliSDNNumber"),
    ("2.5.4.26", "registeredAddress", "registeredAddress"),
    ("2.5.4.27", "destinationIndicator", "destinationIndicator"),
    ("2.5.4.28", "preferredDeliveryMethod", "preferredDeliveryMethod"),
    ("2.5.4.29", "presentationAddress", "presentationAddress"),
    ("2.5.4.30", "supportedApplicationContext", "supportedApplicationContext"),
    ("2.5.4.31", "member", "member"),
    ("2.5.4.32", "owner", "owner"),
    ("2.5.4.33", "roleOccupant", "roleOccupant"),
    ("2.5.4.34", "seeAlso", "seeAlso"),
    ("2.5.4.35", "userPassword", "userPassword"),
    ("2.5.4.36", "userCertificate", "userCertificate"),
    ("2.5.4.37", "cACertificate", "cACertificate"),
    ("2.5.4.38", "authorityRevocationList", "authorityRevocationList"),
    ("2.5.4.39", "certificateRevocationList", "certificateRevocationList"),
    ("2.5.4.40", "crossCertificatePair", "crossCertificatePair"),
    ("2.5.4.41", "name", "name"),
    ("2.5.4.42", "GN", "givenName"),
    ("2.5.4.43", "initials", "initials"),
    ("2.5.4.44", "generationQualifier", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier", "dnQualifier"),
    ("2.5.4.47", "enhancedSearchGuide", "enhancedSearchGuide"),
    ("2.5.4.48", "protocolInformation", "protocolInformation"),
    ("2.5.4.49", "distinguishedName", "distinguishedName"),
    ("2.5.4.50", "uniqueMember", "uniqueMember"),
    ("2.5.4.51", "houseIdentifier", "houseIdentifier"),
    ("2.5.4.52", "supportedAlgorithms", "supportedAlgorithms"),
    ("2.5.4.53", "deltaRevocationList", "deltaRevocationList"),
    ("2.5.4.54", "dmdName", "dmdName"),
    ("2.5.4.65", "pseudonym", "pseudonym"),
    ("2.5.4.72", "role", "role"),
    ("2.5.4.97", "organizationIdentifier", "organizationIdentifier"),
    ("2.5.4.98", "c3", "countryCode3c"),
    ("2.5.4.99", "n3", "countryCode3n"),
    ("2.5.4.100", "dnsName", "dnsName"),
    ("0.9.2342.19200300.100.1.1", "UID", "userId"),
    ("0.9.2342.19200300.100.1.2", "textEncodedORAddress", "textEncodedORAddress"),
    ("0.9.2342.19200300.100.1.3", "mail", "rfc822Mailbox"),
    ("0.9.2342.19200300.100.1.4", "info", "info"),
    ("0.9.2342.19200300.100.1.5", "favouriteDrink", "favouriteDrink"),
    ("0.9.2342.19200300.100.1.6", "roomNumber", "roomNumber"),
    ("0.9.2342.19200300.100.1.7", "photo", "photo"),
    ("0.9.2342.19200300.100.1.8", "userClass", "userClass"),
    ("0.9.2342.19200300.100.1.9", "host", "host"),
    ("0.9.2342.19200300.100.1.10", "manager", "manager"),
    ("0.9.2342.19200300.100.1.11", "documentIdentifier", "documentIdentifier"),
    ("0.9.2342.19200300.100.1.12", "documentTitle", "documentTitle"),
    ("0.9.2342.19200300.100.1.13", "documentVersion", "documentVersion"),
    ("0.9.2342.19200300.100.1.14", "documentAuthor", "documentAuthor"),
    ("0.9.2342.19200300.100.1.15", "documentLocation", "documentLocation"),
    ("0.9.2342.19200300.100.1.20", "homeTelephoneNumber", "homeTelephoneNumber"),
    ("0.9.2342.19200300.100.1.21", "secretary", "secretary"),
    ("0.9.2342.19200300.100.1.22", "otherMailbox", "otherMailbox"),
    ("0.9.2342.19200300.100.1.23", "lastModifiedTime", "lastModifiedTime"),
    ("0.9.2342.19200300.100.1.24", "lastModifiedBy", "lastModifiedBy"),
    ("0.9.2342.19200300.100.1.25", "DC", "domainComponent"),
    ("0.9.2342.19200300.100.1.26", "aRecord", "aRecord"),
    ("0.9.2342.19200300.100.1.27", "pilotAttributeType27", "pilotAttributeType27"),
    ("0.9.2342.19200300.100.1.28", "mXRecord", "mXRecord"),
    ("0.9.2342.19200300.100.1.29", "nSRecord", "nSRecord"),
    ("0.9.2342.19200300.100.1.30", "sOARecord", "sOARecord"),
    ("0.9.2342.19200300.100.1.31", "cNAMERecord", "cNAMERecord"),
    ("0.9.2342.19200300.100.1.37", "associatedDomain", "associatedDomain"),
    ("0.9.2342.19200300.100.1.38", "associatedName", "associatedName"),
    ("0.9.2342.19200300.100.1.39", "homePostalAddress", "homePostalAddress"),
    ("0.9.2342.19200300.100.1.40", "personalTitle", "personalTitle"),
    ("0.9.2342.19200300.100.1.41", "mobileTelephoneNumber", "mobileTelephoneNumber"),
    ("0.9.2342.19200300.100.1.42", "pagerTelephoneNumber", "pagerTelephoneNumber"),
    ("0.9.2342.19200300.100.1.43", "friendlyCountryName", "friendlyCountryName"),
    ("0.9.2342.19200300.100.1.44", "uid", "uniqueIdentifier"),
    ("0.9.2342.19200300.100.1.45", "organizationalStatus", "organizationalStatus"),
    ("0.9.2342.19200300.100.1.46", "janetMailbox", "janetMailbox"),
    ("0.9.2342.19200300.100.1.47", "mailPreferenceOption", "mailPreferenceOption"),
    ("0.9.2342.19200300.100.1.48", "buildingName", "buildingName"),
    ("0.9.2342.19200300.100.1.49", "dSAQuality", "dSAQuality"),
    ("0.9.2342.19200300.100.1.50", "singleLevelQuality", "singleLevelQuality"),
    ("0.9.2342.19200300.100.1.51", "subtreeMinimumQuality", "subtreeMinimumQuality"),
    ("0.9.2342.19200300.100.1.52", "subtreeMaximumQuality", "subtreeMaximumQuality"),
    ("0.9.2342.19200300.100.1.53", "personalSignature", "personalSignature"),
    ("0.9.2342.19200300.100.1.54", "dITRedirect", "dITRedirect"),
    ("0.9.2342.19200300.100.1.55", "audio", "audio"),
    ("0.9.2342.19200300.100.1.56", "documentPublisher", "documentPublisher"),
    ("1.2.840.113549.1.9.1", "emailAddress", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName", "unstructuredName"),
    ("1.2.840.113549.1.9.3", "contentType", "contentType"),
    ("1.2.840.113549.1.9.4", "messageDigest", "messageDigest"),
    ("1.2.840.113549.1.9.5", "signingTime", "signingTime"),
    ("1.2.840.113549.1.9.6", "countersignature", "countersignature"),
    ("1.2.840.113549.1.9.7", "challengePassword", "challengePassword"),
    ("1.2.840.113549.1.9.8", "unstructuredAddress", "unstructuredAddress"),
    ("1.2.840.113549.1.9.9", "extendedCertificateAttributes", "extendedCertificateAttributes"),
    ("1.2.840.113549.1.9.14", "extReq", "Extension Request"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", "jurisdictionLocalityName"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", "jurisdictionStateOrProvinceName"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", "jurisdictionCountryName"),
    ("1.2.643.100.1", "OGRN", "OGRN"),
    ("1.2.643.100.3", "SNILS", "SNILS"),
    ("1.2.643.3.131.1.1", "INN", "INN"),
    ("1.3.6.1.5.5.7.48.1", "OCSP", "OCSP"),
    ("1.3.6.1.5.5.7.48.2", "caIssuers", "CA Issuers"),
    ("1.3.6.1.5.5.7.48.3", "ad_timestamping", "AD Time Stamping"),
    ("1.3.6.1.5.5.7.48.4", "AD_DVCS", "ad dvcs"),
    ("1.3.6.1.5.5.7.48.5", "caRepository", "CA Repository"),
    ("1.3.6.1.5.5.7.48.10", "rpkiManifest", "RPKI Manifest"),
    ("1.3.6.1.5.5.7.48.11", "signedObject", "Signed Object"),
];

/// The identifier itself where it has no name.
pub fn short_name(identifier: &str) -> &str {
    KINDS
        .iter()
        .find(|kind| kind.0 == identifier)
        .map_or(identifier, |kind| kind.1)
}

pub fn long_name(identifier: &str) -> &str {
    KINDS
        .iter()
        .find(|kind| kind.0 == identifier)
        .map_or(identifier, |kind| kind.2)
}

pub const COMMON_NAME: &str = "2.5.4.3";
pub const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

const UTF8_STRING: u8 = 12;
const IA5_STRING: u8 = 22;

/// Bytes of a character in a string of this type; 0 for UTF-8.
fn character_width(tag: u8) -> Option<usize> {
    match tag {
        UTF8_STRING => Some(0),
        18..=20 | IA5_STRING..=24 | 26 => Some(1),
        28 => Some(4),
        30 => Some(2),
        _ => None,
    }
}

fn characters(width: usize, value: &[u8]) -> Option<Vec<u32>> {
    match width {
        0 => {
            let text = std::str::from_utf8(value).ok()?;
            Some(text.chars().map(u32::from).collect())
        }
        width if value.len().is_multiple_of(width) => Some(
            value
                .chunks(width)
                .map(|bytes| {
                    bytes
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
                })
                .collect(),
        ),
        _ => None,
    }
}

fn utf8_of(character: u32) -> Vec<u8> {
    // What is no character gets the bytes that the scheme would give it.
    match char::from_u32(character) {
        Some(character) => character.to_string().into_bytes(),
        None if character < 0x1_0000 => vec![
            0xe0 | (character >> 12) as u8,
            0x80 | (character >> 6 & 0x3f) as u8,
            0x80 | (character & 0x3f) as u8,
        ],
        None => vec![0xef, 0xbf, 0xbd],
    }
}

/// What printing does with characters that mean something in a printed name.
#[derive(Clone, Copy, PartialEq)]
pub enum Escape {
    /// A line for each entry.
    Lines,
    /// RFC 2253, with control characters as they are.
    Rfc2253,
}

impl Entry {
    /// `ASN1_STRING_to_UTF8`
    pub fn text(&self) -> Option<String> {
        let bytes = characters(character_width(self.tag)?, &self.value)?
            .into_iter()
            .flat_map(utf8_of)
            .collect::<Vec<_>>();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The bytes of an `IA5String`.
    pub fn ascii(&self) -> Option<&[u8]> {
        (self.tag == IA5_STRING).then_some(&self.value[..])
    }

    fn printed(&self, escape: Escape) -> Option<Vec<u8>> {
        let width = character_width(self.tag);
        // OpenSSL knows the types that it knows the width of, and all other values of RFC 2253 are dumped.
        let dumped = escape == Escape::Rfc2253
            && (width.is_none() || short_name(&self.kind) == self.kind.as_str());
        if dumped {
            let hex: String = der::value(self.tag, &self.value)
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect();
            return Some(format!("#{hex}").into_bytes());
        }
        let value = match self.tag {
            der::BITS => self.value.get(1..)?,
            _ => &self.value,
        };
        // Bytes of UTF-8 are taken one by one, as nothing beyond ASCII is escaped.
        let pieces: Vec<Vec<u8>> = match width {
            None | Some(0) => value.iter().map(|byte| vec![*byte]).collect(),
            Some(width) => characters(width, value)?.into_iter().map(utf8_of).collect(),
        };
        let mut out = Vec::new();
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.iter().enumerate() {
            let [byte] = piece[..] else {
                out.extend_from_slice(piece);
                continue;
            };
            let backslashed = match byte {
                b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => true,
                b' ' => at == 0 || at == last,
                b'#' => at == 0 && at != last,
                _ => false,
            };
            if backslashed {
                out.extend([b'\\', byte]);
            } else if escape == Escape::Lines && (byte < 0x20 || byte == 0x7f) {
                out.extend(format!("\\{byte:02X}").bytes());
            } else {
                out.push(byte);
            }
        }
        Some(out)
    }

    /// What OpenSSL compares: in UTF-8, in small letters, with single spaces.
    fn canonical(&self) -> Option<Vec<u8>> {
        const COMPARED_AS_TEXT: [u8; 7] = [UTF8_STRING, 19, 20, IA5_STRING, 26, 28, 30];
        if !COMPARED_AS_TEXT.contains(&self.tag) {
            return Some(der::value(self.tag, &self.value));
        }
        let text = self.text()?;
        let words: Vec<_> = text
            .split(|c: char| c.is_ascii_whitespace() || c == '\x0b')
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        Some(der::value(UTF8_STRING, words.join(" ").as_bytes()))
    }
}

impl Name {
    /// From its DER.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes).sequence()?;
        let (mut entries, mut canonical, mut group) = (Vec::new(), Vec::new(), 0);
        while !outer.is_empty() {
            let mut set = Reader(outer.expect(der::SET)?);
            let mut together = Vec::new();
            while !set.is_empty() {
                let mut pair = set.sequence()?;
                let identifier = pair.object()?;
                let (tag, value) = pair.next()?;
                pair.end()?;
                // Whatever counts as printable to OpenSSL, and what it does not know.
                if !matches!(tag, der::BITS | 7..=15 | 18..=20 | IA5_STRING | 28..=30 | der::SEQUENCE)
                {
                    return None;
                }
                let entry = Entry {
                    kind: der::dotted(identifier),
                    group,
                    tag,
                    value: value.to_vec(),
                };
                together.push(der::sequence(&[
                    der::object(identifier),
                    entry.canonical()?,
                ]));
                entries.push(entry);
            }
            together.sort();
            canonical.extend(der::value(der::SET, &together.concat()));
            group += 1;
        }
        Some(Self { entries, canonical })
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }

    /// Whether it is this one with more behind it.
    pub fn begins_with(&self, base: &Self) -> bool {
        self.canonical.starts_with(&base.canonical)
    }

    /// `X509_NAME_print_ex`
    pub fn printed(&self, escape: Escape) -> Option<Vec<u8>> {
        let entries: Vec<&Entry> = match escape {
            Escape::Lines => self.entries.iter().collect(),
            Escape::Rfc2253 => self.entries.iter().rev().collect(),
        };
        let mut out = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                let joined = entries[at - 1].group == entry.group;
                out.extend(match (escape, joined) {
                    (Escape::Lines, false) => &b"\n"[..],
                    (Escape::Lines, true) => b" + ",
                    (Escape::Rfc2253, false) => b",",
                    (Escape::Rfc2253, true) => b"+",
                });
            }
            out.extend(format!("{}=", short_name(&entry.kind)).bytes());
            out.extend(entry.printed(escape)?);
        }
        Some(out)
    }
}

pub enum GeneralName {
    Other {
        kind: String,
        tag: u8,
        value: Vec<u8>,
    },
    Email(Vec<u8>),
    Host(Vec<u8>),
    X400,
    Directory(Name),
    EdiParty,
    Uri(Vec<u8>),
    Address(Vec<u8>),
    Registered(String),
}

pub const SMTP_UTF8_MAILBOX: &str = "1.3.6.1.5.5.7.8.9";

pub fn read_general_names(mut list: Reader) -> Option<Vec<GeneralName>> {
    let mut names = Vec::new();
    while !list.is_empty() {
        let (tag, content) = list.next()?;
        names.push(GeneralName::of(tag, content)?);
    }
    Some(names)
}

impl GeneralName {
    pub fn of(tag: u8, content: &[u8]) -> Option<Self> {
        Some(match tag {
            0xa0 => {
                let mut parts = Reader(content);
                let kind = der::dotted(parts.object()?);
                let mut explicit = Reader(parts.expect(0xa0)?);
                let (tag, value) = explicit.next()?;
                explicit.end().and(parts.end())?;
                Self::Other {
                    kind,
                    tag,
                    value: value.to_vec(),
                }
            }
            0x81 => Self::Email(content.to_vec()),
            0x82 => Self::Host(content.to_vec()),
            0xa3 => Self::X400,
            0xa4 => Self::Directory(Name::read(content)?),
            0xa5 => Self::EdiParty,
            0x86 => Self::Uri(content.to_vec()),
            0x87 => Self::Address(content.to_vec()),
            0x88 => Self::Registered(der::dotted(content)),
            _ => return None,
        })
    }

    /// As Node prints it.
    pub fn print(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Host(name) => print_quoted(out, "DNS:", "", name, false),
            Self::Email(name) => print_quoted(out, "email:", "", name, false),
            Self::Uri(name) => print_quoted(out, "URI:", "", name, false),
            Self::Directory(name) => {
                print_quoted(out, "DirName:", "", &name.printed(Escape::Rfc2253)?, true);
            }
            Self::Address(bytes) => {
                out.extend(format!("IP Address:{}", address(bytes)).bytes());
            }
            Self::Registered(identifier) => {
                out.extend(format!("Registered ID:{identifier}").bytes());
            }
            Self::X400 => out.extend(b"X400Name:<unsupported>"),
            Self::EdiParty => out.extend(b"EdiPartyName:<unsupported>"),
            Self::Other { kind, tag, value } => {
                let (label, expected) = match kind.as_str() {
                    SMTP_UTF8_MAILBOX => ("SmtpUTF8Mailbox:", UTF8_STRING),
                    "1.3.6.1.5.5.7.8.5" => ("XmppAddr:", UTF8_STRING),
                    "1.3.6.1.5.5.7.8.7" => ("SRVName:", IA5_STRING),
                    "1.3.6.1.4.1.311.20.2.3" => ("UPN:", UTF8_STRING),
                    "1.3.6.1.5.5.7.8.8" => ("NAIRealm:", UTF8_STRING),
                    _ => ("", 0),
                };
                if *tag == expected {
                    print_quoted(out, "othername:", label, value, expected == UTF8_STRING);
                } else {
                    out.extend(b"othername:<unsupported>");
                }
            }
        }
        Some(())
    }
}

fn address(bytes: &[u8]) -> String {
    match bytes.len() {
        4 => bytes
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join("."),
        16 => bytes
            .chunks(2)
            .map(|pair| format!("{:X}", u16::from_be_bytes([pair[0], pair[1]])))
            .collect::<Vec<_>>()
            .join(":"),
        length => format!("<invalid length={length}>"),
    }
}

/// In quotes with JSON's escapes where a name has characters that a list of names gives a meaning.
fn print_quoted(out: &mut Vec<u8>, prefix: &str, label: &str, name: &[u8], is_utf8: bool) {
    out.extend(prefix.bytes());
    let is_plain = |byte: u8| match byte {
        b'"' | b'\\' | b',' | b'\'' => false,
        0..=0x1f | 0x7f => false,
        0x80.. => is_utf8,
        _ => true,
    };
    if name.iter().all(|byte| is_plain(*byte)) {
        out.extend(label.bytes());
        out.extend(name);
        return;
    }
    out.push(b'"');
    out.extend(label.bytes());
    for byte in name {
        match byte {
            b'\\' => out.extend(b"\\\\"),
            b'"' => out.extend(b"\\\""),
            b',' | 0..=0x1f | 0x7f => out.extend(format!("\\u{byte:04x}").bytes()),
            0x80.. if !is_utf8 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
