//! As much of DER and PEM (RFC 7468, and the encryption of RFC 1421 that OpenSSL still writes) as keys need.

use num_bigint::BigUint;

use super::super::buffer::to_base64;

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BITS: u8 = 0x03;
pub const OCTETS: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OBJECT: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// What is left to read of a value's content.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

/// Whether a value says that it is longer than it is.
pub fn is_cut_off(bytes: &[u8]) -> bool {
    bytes.len() < 2 || Reader(bytes).next().is_none()
}

impl<'a> Reader<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    pub fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, first) = (*self.0.first()?, usize::from(*self.0.get(1)?));
        let (head, length) = if first < 0x80 {
            (2, first)
        } else {
            let count = first & 0x7f;
            if count == 0 || count > 4 {
                return None;
            }
            let length = self
                .0
                .get(2..2 + count)?
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (2 + count, length)
        };
        let content = self.0.get(head..head + length)?;
        self.0 = &self.0[head + length..];
        Some((tag, content))
    }

    /// The next value with its head.
    pub fn whole(&mut self) -> Option<&'a [u8]> {
        let from = self.0;
        self.next()?;
        Some(&from[..from.len() - self.0.len()])
    }

    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.tag()? != tag {
            return None;
        }
        self.next().map(|(_, content)| content)
    }

    /// The object identifier that is next, if it is one in DER.
    pub fn object(&mut self) -> Option<&'a [u8]> {
        let bytes = self.expect(OBJECT)?;
        let starts_idle = |at: usize| bytes[at] == 0x80 && (at == 0 || bytes[at - 1] < 0x80);
        let ends = bytes.last().is_some_and(|byte| *byte < 0x80);
        (ends && !(0..bytes.len()).any(starts_idle)).then_some(bytes)
    }

    /// Whether everything was read.
    pub fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }

    pub fn sequence(&mut self) -> Option<Self> {
        self.expect(SEQUENCE).map(Self)
    }

    pub fn integer(&mut self) -> Option<BigUint> {
        self.expect(INTEGER).map(BigUint::from_bytes_be)
    }

    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.integer()?).ok()
    }

    pub fn bits(&mut self) -> Option<&'a [u8]> {
        self.expect(BITS)?.split_first().map(|(_, bytes)| bytes)
    }
}

/// An object identifier in digits and dots.
pub fn dotted(identifier: &[u8]) -> String {
    let mut text = String::new();
    let mut part = BigUint::ZERO;
    for byte in identifier {
        part = (part << 7) + (byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if text.is_empty() {
            let first = u8::try_from(&part / 40_u8).unwrap_or(2).min(2);
            text = format!("{first}.{}", part - 40 * first);
        } else {
            text.push_str(&format!(".{part}"));
        }
        part = BigUint::ZERO;
    }
    text
}

pub fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    if content.len() < 0x80 {
        bytes.push(content.len() as u8);
    } else {
        let length = (content.len() as u32).to_be_bytes();
        let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
        bytes.push(0x80 | length.len() as u8);
        bytes.extend_from_slice(length);
    }
    bytes.extend_from_slice(content);
    bytes
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    value(SEQUENCE, &parts.concat())
}

pub fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    value(INTEGER, &bytes)
}

pub fn small(number: u32) -> Vec<u8> {
    integer(&number.into())
}

pub fn object(identifier: &[u8]) -> Vec<u8> {
    value(OBJECT, identifier)
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    value(OCTETS, bytes)
}

pub fn bits(bytes: &[u8]) -> Vec<u8> {
    value(BITS, &[&[0], bytes].concat())
}

pub fn null() -> Vec<u8> {
    value(NULL, &[])
}

/// One block of a PEM text.
pub struct Pem {
    pub label: String,
    pub bytes: Vec<u8>,
    /// The cipher's name and its initial value, when the content is encrypted in the old way.
    pub encryption: Option<(String, Vec<u8>)>,
}

/// All blocks, in their order.
pub fn read_pem(text: &[u8]) -> Vec<Pem> {
    let text = String::from_utf8_lossy(text);
    let (mut found, mut label, mut body, mut encryption) =
        (Vec::new(), None::<String>, String::new(), None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"))
        {
            (label, body, encryption) = (Some(name.to_owned()), String::new(), None);
        } else if line.starts_with("-----END ") {
            if let Some(label) = label.take() {
                found.push(Pem {
                    label,
                    bytes: from_base64(&body),
                    encryption: encryption.take(),
                });
            }
        } else if let Some(info) = line.strip_prefix("DEK-Info:") {
            encryption = info
                .trim()
                .split_once(',')
                .map(|(cipher, iv)| (cipher.trim().to_owned(), from_hex(iv.trim())));
        } else if label.is_some() && !line.contains(':') {
            body.push_str(line);
        }
    }
    found
}

pub fn write_pem(label: &str, bytes: &[u8], headers: &str) -> String {
    let mut text = format!("-----BEGIN {label}-----\n{headers}");
    let body = to_base64(bytes, false);
    for line in body.as_bytes().chunks(64) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

pub fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

pub fn from_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
