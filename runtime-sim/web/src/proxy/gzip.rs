//! Compression of answers: which of them (`ngx_http_gzip_header_filter`, `ngx_http_gzip_ok`), and the work.
//!
//! DEFLATE is zlib-rs, a port of zlib-ng: what it writes is read as what zlib writes, but not the same bytes.

use std::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

use super::*;

/// zlib's way to ask for gzip's header and trailer.
const GZIP_WINDOW_BITS: i32 = 15 + 16;

pub(super) struct Compression {
    pub is_done: bool,
    /// Whoever keeps the answer is told that another client may get another.
    pub says_vary: bool,
}

pub(super) fn judge(known: &Known, status: u16, slots: &Slots, now_ms: i64) -> Compression {
    let gzip = &known.exchange.settings.gzip;
    let is_meant = gzip.is_on
        && matches!(status, 200 | 403 | 404)
        && header(slots, "content-encoding").is_none_or(str::is_empty)
        && slots.length.is_none_or(|length| length >= gzip.bytes_min)
        && is_of_type(&gzip.types, slots.kind.as_deref());
    Compression {
        is_done: is_meant && is_taken(known, slots, now_ms),
        says_vary: is_meant && gzip.says_vary,
    }
}

/// Changes an answer's head to that of a compressed one: nobody knows its length, or its bytes one by one.
pub(super) fn mark(slots: &mut Slots) {
    slots.length = None;
    slots.others.retain_mut(|(name, value)| {
        if name.eq_ignore_ascii_case("etag") {
            if value.starts_with('"') {
                value.insert_str(0, "W/");
            }
            return value.starts_with("W/");
        }
        !name.eq_ignore_ascii_case("accept-ranges")
    });
    let encoding = ("Content-Encoding".to_owned(), "gzip".to_owned());
    slots.others.push(encoding);
}

fn header<'a>(slots: &'a Slots, wanted: &str) -> Option<&'a str> {
    let mut all = slots.others.iter();
    let found = all.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.as_str())
}

fn is_of_type(types: &[String], kind: Option<&str>) -> bool {
    let kind = kind.and_then(|kind| kind.split(';').next());
    let kind = kind.unwrap_or_default().trim_end().to_ascii_lowercase();
    !kind.is_empty() && (kind == "text/html" || types.iter().any(|one| *one == kind || one == "*"))
}

/// Whether the client takes it, and whoever stands between.
fn is_taken(known: &Known, slots: &Slots, now_ms: i64) -> bool {
    let head = &known.exchange.head;
    let gzip = &known.exchange.settings.gzip;
    let asked = known.header("accept-encoding");
    if !(asked.starts_with("gzip,") || accepts_gzip(asked.as_bytes()))
        || gzip.avoids_msie6 && is_msie6(&known.header("user-agent"))
        || head.minor < gzip.minor_min
    {
        return false;
    }
    let allows = |word: &str| gzip.proxied.iter().any(|other| other == word);
    if head.header("via").is_none() {
        return true;
    }
    if allows("off") {
        return false;
    }
    if allows("any") || allows("auth") && head.header("authorization").is_some() {
        return true;
    }
    if let Some(expires) = header(slots, "expires") {
        let is_past = date::parse_ms(expires).is_some_and(|ms| ms < now_ms);
        return allows("expired") && is_past;
    }
    if let Some(control) = header(slots, "cache-control") {
        let mut words = control.split(',').map(str::trim);
        return words
            .any(|word| ["no-cache", "no-store", "private"].contains(&word) && allows(word));
    }
    !(allows("no_last_modified") && header(slots, "last-modified").is_some()
        || allows("no_etag") && header(slots, "etag").is_some())
}

/// `ngx_http_gzip_accept_encoding`: the word `gzip` in a list, unless it is given the weight 0.
fn accepts_gzip(list: &[u8]) -> bool {
    const WORD: &[u8] = b"gzip";
    let stands_alone = |at: &usize| {
        list[*at..*at + WORD.len()].eq_ignore_ascii_case(WORD)
            && (*at == 0 || matches!(list[*at - 1], b',' | b' '))
    };
    let Some(at) = (0..(list.len() + 1).saturating_sub(WORD.len())).find(stands_alone) else {
        return false;
    };
    let mut behind = list[at + WORD.len()..]
        .iter()
        .copied()
        .skip_while(|byte| *byte == b' ');
    match behind.next() {
        None | Some(b',') => true,
        Some(b';') => {
            let mut behind = behind.skip_while(|byte| *byte == b' ');
            match behind.next() {
                None => true,
                Some(b'q' | b'Q') => behind.next() == Some(b'=') && weight(behind) > 0,
                Some(_) => false,
            }
        }
        Some(_) => false,
    }
}

/// `ngx_http_gzip_quantity`: from 0 to 100, and 0 for what is no weight.
fn weight(mut text: impl Iterator<Item = u8>) -> u32 {
    let mut weight = match text.next() {
        Some(b'0') => 0,
        Some(b'1') => 100,
        _ => return 0,
    };
    let is_end = |byte: &u8| matches!(byte, b',' | b' ');
    match text.next().filter(|byte| !is_end(byte)) {
        None => return weight,
        Some(b'.') => {}
        Some(_) => return 0,
    }
    let digits: Vec<u8> = text.take_while(|byte| !is_end(byte)).collect();
    if digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    weight += digits
        .iter()
        .map(|digit| u32::from(digit - b'0'))
        .sum::<u32>();
    if weight > 100 { 0 } else { weight }
}

/// Internet Explorer 4 to 6, but for the 6 that came with Windows XP's second service pack.
fn is_msie6(agent: &str) -> bool {
    let Some((_, version)) = agent.split_once("MSIE ") else {
        return false;
    };
    match version.as_bytes() {
        [b'4' | b'5', b'.', _, ..] => true,
        [b'6', b'.', _, ..] => !version.contains("SV1"),
        _ => false,
    }
}

pub(super) struct Compressor {
    deflate: Deflate,
    /// What waits for its buffer to be full.
    held: Vec<u8>,
    buffer_bytes: usize,
}

impl Compressor {
    pub fn new(gzip: &nginx::Gzip) -> Self {
        let config = DeflateConfig {
            level: gzip.level,
            window_bits: GZIP_WINDOW_BITS,
            ..DeflateConfig::default()
        };
        Self {
            deflate: Deflate::new_with_config(config),
            held: Vec::new(),
            buffer_bytes: usize::try_from(gzip.buffer_bytes).unwrap_or(usize::MAX),
        }
    }

    /// Gives the buffers that are full.
    pub fn take(&mut self, body: &[u8]) -> Vec<u8> {
        self.press(body, DeflateFlush::NoFlush);
        let full = self.held.len() / self.buffer_bytes * self.buffer_bytes;
        let rest = self.held.split_off(full);
        std::mem::replace(&mut self.held, rest)
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.press(&[], DeflateFlush::Finish);
        self.held
    }

    fn press(&mut self, mut input: &[u8], flush: DeflateFlush) {
        let mut output = [0; 4 << 10];
        loop {
            let (read, written) = (self.deflate.total_in(), self.deflate.total_out());
            let status = self.deflate.compress(input, &mut output, flush);
            input = &input[(self.deflate.total_in() - read) as usize..];
            let written = (self.deflate.total_out() - written) as usize;
            self.held.extend_from_slice(&output[..written]);
            // With room left it has nothing more to say.
            if !matches!(status, Ok(Status::Ok)) || input.is_empty() && written < output.len() {
                return;
            }
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = formatter.debug_struct("Compressor");
        told.field("held", &self.held.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_bytes_go_out_by_buffers() {
        let mut compressor = Compressor::new(&nginx::Gzip::default());
        let mut noise = 1_u32;
        let body: Vec<u8> = (0..100_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        let mut sent = Vec::new();
        for piece in body.chunks(1_000) {
            let ready = compressor.take(piece);
            assert!(ready.len().is_multiple_of(4 << 10), "{}", ready.len());
            sent.extend(ready);
        }
        assert!(sent.len() > 50_000, "{} bytes went out", sent.len());
        sent.extend(compressor.finish());
        let mut plain = vec![0; body.len()];
        let config = zlib_rs::InflateConfig {
            window_bits: GZIP_WINDOW_BITS,
        };
        let (plain, _) = zlib_rs::decompress_slice(&mut plain, &sent, config);
        assert_eq!(plain, body);
    }
}
