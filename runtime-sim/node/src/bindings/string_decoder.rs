//! `src/string_decoder.cc`: text from chunks that may end inside a character. The state is seven bytes that JavaScript
//! sees: four of an unfinished character, how many are missing, how many are there, the encoding.

use super::{
    buffer::{Encoding, decode},
    environment::{bytes_of, copy_bytes},
    native::{Call, Target},
};

const MISSING: usize = 4;
const BUFFERED: usize = 5;
const ENCODING: usize = 6;

pub fn initialize(t: &Target) {
    t.with("decode", |c| {
        let mut bytes = buffered(c);
        bytes.extend(copy_bytes(c.ctx, &c.arg(1))?);
        let encoding = encoding(c);
        let kept = unfinished(&bytes, encoding);
        let tail = bytes.split_off(bytes.len() - kept);
        let width = match encoding {
            Encoding::Utf8 => tail.first().map_or(0, |first| utf8_width(*first)),
            Encoding::Ucs2 => {
                if kept >= 2 {
                    4
                } else {
                    2
                }
            }
            _ => 3,
        };
        keep(c, &tail, width);
        Ok(decode(c.ctx, &bytes, encoding))
    })
    .with("flush", |c| {
        let mut bytes = buffered(c);
        let encoding = encoding(c);
        if encoding == Encoding::Ucs2 {
            bytes.truncate(bytes.len() & !1);
        }
        keep(c, &[], 0);
        Ok(decode(c.ctx, &bytes, encoding))
    });
}

fn state(c: &Call) -> &'static mut [u8] {
    let (bytes, length) = bytes_of(c.ctx, &c.arg(0));
    // SAFETY: the decoder's own buffer, which the call keeps alive; nothing runs in between.
    unsafe { std::slice::from_raw_parts_mut(bytes, length) }
}

fn encoding(c: &Call) -> Encoding {
    Encoding::from_number(f64::from(state(c)[ENCODING]))
}

fn buffered(c: &Call) -> Vec<u8> {
    let state = state(c);
    state[..usize::from(state[BUFFERED])].to_vec()
}

fn keep(c: &Call, tail: &[u8], width: usize) {
    let state = state(c);
    state[..tail.len()].copy_from_slice(tail);
    state[BUFFERED] = tail.len() as u8;
    state[MISSING] = if tail.is_empty() {
        0
    } else {
        width.saturating_sub(tail.len()) as u8
    };
}

fn utf8_width(first: u8) -> usize {
    match first {
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => 1,
    }
}

/// How many bytes at the end wait for more.
fn unfinished(bytes: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => (1..=3.min(bytes.len()))
            .find(|back| bytes[bytes.len() - back] & 0xc0 != 0x80)
            .filter(|back| utf8_width(bytes[bytes.len() - back]) > *back)
            .unwrap_or(0),
        Encoding::Ucs2 => {
            let odd = bytes.len() & 1;
            let even = bytes.len() - odd;
            let high = even >= 2 && (0xd8..0xdc).contains(&bytes[even - 1]);
            odd + if high { 2 } else { 0 }
        }
        Encoding::Base64 | Encoding::Base64Url => bytes.len() % 3,
        _ => 0,
    }
}
