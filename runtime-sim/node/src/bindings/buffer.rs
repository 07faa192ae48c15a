//! Bytes and the texts they stand for (`src/node_buffer.cc`, `src/string_bytes.cc`).

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    environment::{bytes_of, new_array_buffer},
    native::{Call, Target, throw_with_code},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Ascii,
    Utf8,
    Base64,
    Ucs2,
    Latin1,
    Hex,
    Buffer,
    Base64Url,
}

impl Encoding {
    /// `enum encoding` of `src/node.h`.
    pub fn from_number(number: f64) -> Self {
        match number as i32 {
            0 => Self::Ascii,
            2 => Self::Base64,
            3 => Self::Ucs2,
            4 => Self::Latin1,
            5 => Self::Hex,
            6 => Self::Buffer,
            7 => Self::Base64Url,
            _ => Self::Utf8,
        }
    }

    pub fn from_name(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "ascii" => Self::Ascii,
            "base64" => Self::Base64,
            "ucs2" | "ucs-2" | "utf16le" | "utf-16le" => Self::Ucs2,
            "latin1" | "binary" => Self::Latin1,
            "hex" => Self::Hex,
            "buffer" => Self::Buffer,
            "base64url" => Self::Base64Url,
            _ => Self::Utf8,
        }
    }
}

/// The UTF-16 units of a string.
pub fn units_of(ctx: Ctx, value: &Value) -> Js<Vec<u16>> {
    let bytes = wtf8_of(ctx, value)?;
    let mut units = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let first = bytes[at];
        let next = |index: usize| u32::from(bytes.get(at + index).copied().unwrap_or(0x80) & 0x3f);
        let (code, length) = match first {
            0..0x80 => (u32::from(first), 1),
            0x80..0xe0 => ((u32::from(first) & 0x1f) << 6 | next(1), 2),
            0xe0..0xf0 => ((u32::from(first) & 0x0f) << 12 | next(1) << 6 | next(2), 3),
            _ => (
                (u32::from(first) & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3),
                4,
            ),
        };
        at += length;
        if code >= 0x1_0000 {
            units.push((0xd800 + ((code - 0x1_0000) >> 10)) as u16);
            units.push((0xdc00 + ((code - 0x1_0000) & 0x3ff)) as u16);
        } else {
            units.push(code as u16);
        }
    }
    Ok(units)
}

/// UTF-8, in which a lone surrogate is three bytes of its own.
fn wtf8_of(ctx: Ctx, value: &Value) -> Js<Vec<u8>> {
    let mut length = 0;
    let chars = unsafe { qjs::JS_ToCStringLen2(ctx.0, &mut length, value.raw(), false) };
    if chars.is_null() {
        return Err(crate::engine::value::Thrown);
    }
    let bytes = unsafe { std::slice::from_raw_parts(chars.cast::<u8>(), length as usize) }.to_vec();
    unsafe { qjs::JS_FreeCString(ctx.0, chars) };
    Ok(bytes)
}

/// Well-formed UTF-8, as V8 writes it: U+FFFD for a lone surrogate.
pub fn utf8_of(ctx: Ctx, value: &Value) -> Js<Vec<u8>> {
    let bytes = wtf8_of(ctx, value)?;
    if std::str::from_utf8(&bytes).is_ok() {
        return Ok(bytes);
    }
    Ok(String::from_utf16_lossy(&units_of(ctx, value)?).into_bytes())
}

pub fn encode(ctx: Ctx, value: &Value, encoding: Encoding) -> Js<Vec<u8>> {
    Ok(match encoding {
        Encoding::Utf8 | Encoding::Buffer => utf8_of(ctx, value)?,
        Encoding::Ascii | Encoding::Latin1 => units_of(ctx, value)?
            .iter()
            .map(|unit| *unit as u8)
            .collect(),
        Encoding::Ucs2 => units_of(ctx, value)?
            .iter()
            .flat_map(|unit| unit.to_le_bytes())
            .collect(),
        Encoding::Hex => {
            let units = units_of(ctx, value)?;
            let digit = |unit: u16| char::from_u32(u32::from(unit)).and_then(|c| c.to_digit(16));
            units
                .chunks_exact(2)
                .map_while(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
                .collect()
        }
        Encoding::Base64 | Encoding::Base64Url => from_base64(&units_of(ctx, value)?),
    })
}

/// Node's forgiving reading: both alphabets, anything else is passed over, `=` ends it.
fn from_base64(units: &[u16]) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for unit in units {
        let six = match char::from_u32(u32::from(*unit)) {
            Some(c @ 'A'..='Z') => c as u32 - 65,
            Some(c @ 'a'..='z') => c as u32 - 71,
            Some(c @ '0'..='9') => c as u32 + 4,
            Some('+' | '-') => 62,
            Some('/' | '_') => 63,
            Some('=') => break,
            _ => continue,
        };
        bits = bits << 6 | six;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

pub fn to_base64(bytes: &[u8], url: bool) -> String {
    const COMMON: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let symbol = |six: u32| match six {
        62 => {
            if url {
                '-'
            } else {
                '+'
            }
        }
        63 => {
            if url {
                '_'
            } else {
                '/'
            }
        }
        six => char::from(COMMON[six as usize]),
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index <= chunk.len() {
                text.push(symbol(bits >> (18 - 6 * index) & 63));
            } else if !url {
                text.push('=');
            }
        }
    }
    text
}

/// A Node Buffer.
pub fn new_buffer(ctx: Ctx, bytes: &[u8]) -> Value {
    let buffer = super::environment::new_bytes(ctx, bytes);
    if let Some(prototype) = super::environment::Environment::of(ctx).kept("bufferPrototype") {
        unsafe { qjs::JS_SetPrototype(ctx.0, buffer.raw(), prototype.raw()) };
    }
    buffer
}

pub fn decode(ctx: Ctx, bytes: &[u8], encoding: Encoding) -> Value {
    match encoding {
        Encoding::Utf8 => ctx.string(&String::from_utf8_lossy(bytes)),
        Encoding::Ascii => ctx.string(
            &bytes
                .iter()
                .map(|byte| char::from(byte & 0x7f))
                .collect::<String>(),
        ),
        Encoding::Latin1 => ctx.string(
            &bytes
                .iter()
                .map(|byte| char::from(*byte))
                .collect::<String>(),
        ),
        Encoding::Hex => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let text = bytes.iter().flat_map(|byte| {
                [
                    DIGITS[usize::from(byte >> 4)],
                    DIGITS[usize::from(byte & 15)],
                ]
            });
            ctx.string(&text.map(char::from).collect::<String>())
        }
        Encoding::Base64 => ctx.string(&to_base64(bytes, false)),
        Encoding::Base64Url => ctx.string(&to_base64(bytes, true)),
        Encoding::Ucs2 => {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            ctx.owned(unsafe { qjs::JS_NewStringUTF16(ctx.0, units.as_ptr(), units.len() as _) })
        }
        Encoding::Buffer => super::environment::new_bytes(ctx, bytes),
    }
}

fn slice_of<'a>(ctx: Ctx, value: &Value) -> &'a mut [u8] {
    let (bytes, length) = bytes_of(ctx, value);
    if bytes.is_null() {
        &mut []
    } else {
        unsafe { std::slice::from_raw_parts_mut(bytes, length) }
    }
}

fn slice(c: &Call, encoding: Encoding) -> Js<Value> {
    let this = c.this();
    let bytes = slice_of(c.ctx, &this);
    let end = if c.arg(1).is_number() {
        c.number(1).max(0.0) as usize
    } else {
        bytes.len()
    }
    .min(bytes.len());
    let start = (c.number(0).max(0.0) as usize).min(end);
    Ok(decode(c.ctx, &bytes[start..end], encoding))
}

/// `buffer.utf8Write(text, offset, length)`: whole characters only.
fn write(c: &Call, encoding: Encoding) -> Js<Value> {
    let text = c.arg(0);
    if !text.is_string() {
        return Err(throw_with_code(
            c.ctx,
            "TypeError",
            "ERR_INVALID_ARG_TYPE",
            "argument must be a string",
        ));
    }
    let mut data = encode(c.ctx, &text, encoding)?;
    let this = c.this();
    let bytes = slice_of(c.ctx, &this);
    let offset = c.number(1) as usize;
    if offset > bytes.len() {
        return Err(throw_with_code(
            c.ctx,
            "RangeError",
            "ERR_BUFFER_OUT_OF_BOUNDS",
            "\"offset\" is outside of buffer bounds",
        ));
    }
    let room = bytes.len() - offset;
    let room = if c.arg(2).is_number() {
        room.min(c.number(2).max(0.0) as usize)
    } else {
        room
    };
    if data.len() > room {
        let mut end = room;
        match encoding {
            Encoding::Utf8 => {
                while end > 0 && data[end] & 0xc0 == 0x80 {
                    end -= 1
                }
            }
            Encoding::Ucs2 => end &= !1,
            _ => {}
        }
        data.truncate(end);
    }
    bytes[offset..offset + data.len()].copy_from_slice(&data);
    Ok(c.ctx.number(data.len() as f64))
}

pub fn initialize(_: Ctx, t: &Target) -> Js<()> {
    macro_rules! texts {
        ($($slice:literal $write:literal $encoding:ident;)*) => {
            $(t.with($slice, |c| slice(c, Encoding::$encoding)).with($write, |c| write(c, Encoding::$encoding));)*
        };
    }
    texts! {
        "asciiSlice" "asciiWrite" Ascii; "base64Slice" "base64Write" Base64; "base64urlSlice" "base64urlWrite" Base64Url;
        "latin1Slice" "latin1Write" Latin1; "hexSlice" "hexWrite" Hex; "ucs2Slice" "ucs2Write" Ucs2;
        "utf8Slice" "utf8Write" Utf8;
    }
    t.with("createUnsafeArrayBuffer", |c| {
        Ok(new_array_buffer(c.ctx, &vec![0; c.number(0) as usize]))
    })
    .with("detachArrayBuffer", |c| {
        let buffer = c.arg(0);
        let moved = new_array_buffer(c.ctx, slice_of(c.ctx, &buffer));
        unsafe { qjs::JS_DetachArrayBuffer(c.ctx.0, buffer.raw()) };
        Ok(moved)
    })
    .with("setBufferPrototype", |c| {
        c.env().keep("bufferPrototype", c.arg(0));
        c.undefined()
    })
    .with("byteLengthUtf8", |c| {
        Ok(c.ctx.number(utf8_of(c.ctx, &c.arg(0))?.len() as f64))
    })
    .with("compare", |c| {
        let (a, b) = (c.arg(0), c.arg(1));
        Ok(c.ctx
            .number(slice_of(c.ctx, &a).cmp(&slice_of(c.ctx, &b)) as i8 as f64))
    })
    .with("compareOffset", |c| {
        let (a, b) = (c.arg(0), c.arg(1));
        let (source, target) = (slice_of(c.ctx, &a), slice_of(c.ctx, &b));
        let (target_at, source_at) = (c.number(2) as usize, c.number(3) as usize);
        if source_at > source.len() || target_at > target.len() {
            return Err(throw_with_code(
                c.ctx,
                "RangeError",
                "ERR_OUT_OF_RANGE",
                "The value of \"sourceStart\" is out of range.",
            ));
        }
        let (target_length, source_length) = (c.number(4) as usize, c.number(5) as usize);
        let one = &source[source_at..source_at + source_length.min(source.len() - source_at)];
        let two = &target[target_at..target_at + target_length.min(target.len() - target_at)];
        Ok(c.ctx.number(one.cmp(two) as i8 as f64))
    })
    .with("copy", |c| {
        let (source, target) = (c.arg(0), c.arg(1));
        let (at, from, count) = (
            c.number(2) as usize,
            c.number(3) as usize,
            c.number(4) as usize,
        );
        // The library may ask for more than there is on either side.
        let source = slice_of(c.ctx, &source);
        let room = slice_of(c.ctx, &target).len().saturating_sub(at);
        let count = count.min(source.len().saturating_sub(from)).min(room);
        if count > 0 {
            let data = source[from..from + count].to_vec();
            slice_of(c.ctx, &target)[at..at + count].copy_from_slice(&data);
        }
        Ok(c.ctx.number(count as f64))
    })
    .with("copyArrayBuffer", |c| {
        let (target, source) = (c.arg(0), c.arg(2));
        let (at, from, count) = (
            c.number(1) as usize,
            c.number(3) as usize,
            c.number(4) as usize,
        );
        let data = slice_of(c.ctx, &source)[from..from + count].to_vec();
        slice_of(c.ctx, &target)[at..at + count].copy_from_slice(&data);
        c.undefined()
    })
    .with("fill", fill)
    .with("indexOfNumber", |c| {
        let buffer = c.arg(0);
        index_of(
            c,
            slice_of(c.ctx, &buffer),
            &[c.number(1) as u32 as u8],
            c.number(2),
            c.truthy(3),
            1,
        )
    })
    .with("indexOfBuffer", |c| {
        let (buffer, needle) = (c.arg(0), c.arg(1));
        let step = if Encoding::from_number(c.number(3)) == Encoding::Ucs2 {
            2
        } else {
            1
        };
        index_of(
            c,
            slice_of(c.ctx, &buffer),
            slice_of(c.ctx, &needle),
            c.number(2),
            c.truthy(4),
            step,
        )
    })
    .with("indexOfString", |c| {
        let buffer = c.arg(0);
        let encoding = Encoding::from_number(c.number(3));
        let needle = encode(c.ctx, &c.arg(1), encoding)?;
        let step = if encoding == Encoding::Ucs2 { 2 } else { 1 };
        index_of(
            c,
            slice_of(c.ctx, &buffer),
            &needle,
            c.number(2),
            c.truthy(4),
            step,
        )
    })
    .with("swap16", |c| swap(c, 2))
    .with("swap32", |c| swap(c, 4))
    .with("swap64", |c| swap(c, 8))
    .with("isUtf8", |c| {
        let v = c.arg(0);
        Ok(c.ctx.bool(std::str::from_utf8(slice_of(c.ctx, &v)).is_ok()))
    })
    .with("isAscii", |c| {
        let v = c.arg(0);
        Ok(c.ctx.bool(slice_of(c.ctx, &v).is_ascii()))
    })
    .with("btoa", |c| {
        let units = units_of(c.ctx, &c.arg(0))?;
        if units.iter().any(|unit| *unit > 255) {
            return Ok(c.ctx.number(-1.0));
        }
        Ok(c.ctx.string(&to_base64(
            &units.iter().map(|unit| *unit as u8).collect::<Vec<_>>(),
            false,
        )))
    })
    .with("atob", |c| {
        let units: Vec<u16> = units_of(c.ctx, &c.arg(0))?
            .into_iter()
            .filter(|u| ![9, 10, 12, 13, 32].contains(u))
            .collect();
        let padding = units
            .iter()
            .rev()
            .take_while(|u| **u == u16::from(b'='))
            .count();
        let body = &units[..units.len() - padding];
        let known = |u: &u16| {
            u8::try_from(*u).is_ok_and(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        };
        if !body.iter().all(known) || padding > 2 {
            return Ok(c.ctx.number(-1.0));
        }
        if body.len() % 4 == 1 || (padding > 0 && !(body.len() + padding).is_multiple_of(4)) {
            return Ok(c.ctx.number(-3.0));
        }
        Ok(decode(c.ctx, &from_base64(body), Encoding::Latin1))
    });
    Ok(())
}

/// -1: outside the buffer; -2: nothing to fill with.
fn fill(c: &Call) -> Js<Value> {
    let (buffer, value) = (c.arg(0), c.arg(1));
    let (start, end) = (c.number(2), c.number(3));
    let data = if value.is_string() {
        encode(c.ctx, &value, Encoding::from_name(&c.text(4)?))?
    } else if value.is_object() {
        slice_of(c.ctx, &value).to_vec()
    } else {
        vec![value.as_f64() as i64 as u8]
    };
    let bytes = slice_of(c.ctx, &buffer);
    if start < 0.0 || end > bytes.len() as f64 {
        return Ok(c.ctx.number(-2.0));
    }
    if start >= end {
        return c.undefined();
    }
    if data.is_empty() {
        return Ok(c.ctx.number(-1.0));
    }
    for (at, byte) in bytes[start as usize..end as usize].iter_mut().enumerate() {
        *byte = data[at % data.len()];
    }
    c.undefined()
}

fn index_of(
    c: &Call,
    bytes: &[u8],
    needle: &[u8],
    from: f64,
    forward: bool,
    step: usize,
) -> Js<Value> {
    let length = bytes.len() as f64;
    let start = if from < 0.0 { from + length } else { from };
    let found = if start < 0.0 && !forward {
        None
    } else if needle.is_empty() {
        return Ok(c.ctx.number(start.clamp(0.0, length)));
    } else if needle.len() > bytes.len() {
        None
    } else {
        let start = start.max(0.0) as usize;
        let last = bytes.len() - needle.len();
        let matches = |at: &usize| at.is_multiple_of(step) && bytes[*at..].starts_with(needle);
        if forward {
            (start..=last).find(matches)
        } else {
            (0..=start.min(last)).rev().find(matches)
        }
    };
    Ok(c.ctx.number(found.map_or(-1.0, |at| at as f64)))
}

fn swap(c: &Call, width: usize) -> Js<Value> {
    let buffer = c.arg(0);
    slice_of(c.ctx, &buffer)
        .chunks_exact_mut(width)
        .for_each(<[u8]>::reverse);
    Ok(buffer)
}
