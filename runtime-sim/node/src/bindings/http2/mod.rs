//! `internalBinding('http2')` (`src/node_http2.cc`): sessions and streams as Node's own library drives them, over the
//! protocol of the crate `http2`.
//!
//! A session reads and writes the socket below it, which may be TCP, a pipe, TLS or a Duplex of the script's own. What
//! is counted against `maxSessionMemory` is what waits to be sent and a kilobyte for each stream. Leaves out: entries for
//! performance observers.

mod events;
pub mod pipe;
mod session;
mod stream;
mod wire;

use std::cell::{Cell, RefCell};

use ::http2::{
    error,
    frame::Priority,
    hpack::Header,
    session::{Entries, Settings, setting},
};
use kernel::Table;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    buffer::{self, Encoding},
    environment::Environment,
    native::{Call, Target},
};

pub use self::{
    session::lost,
    wire::{received, written},
};

use self::session::Connection;

/// All sessions of a loop, by the numbers that their objects carry.
#[derive(Default)]
pub struct Http2 {
    next: Cell<u64>,
    sessions: RefCell<Table<u64, Connection>>,
}

/// What the library hands over to be called, in its order.
const CALLBACKS: [&str; 11] = [
    "http2 error",
    "http2 priority",
    "http2 settings",
    "http2 ping",
    "http2 headers",
    "http2 frameError",
    "http2 goaway",
    "http2 altsvc",
    "http2 origin",
    "http2 trailers",
    "http2 streamClose",
];

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    super::binding(ctx, "stream_wrap")?;
    let env = Environment::of(ctx);
    for (name, class, length) in [
        ("sessionState", "Float64Array", 9),
        ("streamState", "Float64Array", 6),
        ("settingsBuffer", "Uint32Array", 29),
        ("optionsBuffer", "Uint32Array", 11),
        ("streamStats", "Float64Array", 6),
        ("sessionStats", "Float64Array", 9),
    ] {
        t.value(name, env.shared(ctx, name, class, length));
    }
    t.with("setCallbackFunctions", |c| {
        for (index, name) in CALLBACKS.iter().enumerate() {
            c.env().keep(name, c.arg(index));
        }
        c.undefined()
    })
    .with("nghttp2ErrorString", |c| {
        Ok(c.ctx.string(error::text(c.number(0) as i32)))
    })
    .with("refreshDefaultSettings", |c| {
        const DEFAULTS: [u32; 7] = [4096, 1, 65_535, 16_384, u32::MAX, 65_535, 0];
        for (place, value) in DEFAULTS.iter().enumerate() {
            c.env().set_u32("settingsBuffer", place, *value);
        }
        let all = (1 << DEFAULTS.len()) - 1;
        c.env().set_u32("settingsBuffer", SETTINGS_FLAGS, all);
        c.undefined()
    })
    .with("packSettings", |c| {
        let mut bytes = Vec::new();
        for (id, value) in settings_asked(c.env()) {
            bytes.extend_from_slice(&id.to_be_bytes());
            bytes.extend_from_slice(&value.to_be_bytes());
        }
        Ok(super::crypto::new_buffer(c.ctx, &bytes))
    });
    session::initialize(t);
    stream::initialize(ctx, t)
}

// ---- settings ----

/// Where each setting stands in `settingsBuffer`, in the order of a frame.
const SETTINGS: [(u16, usize); 7] = [
    (setting::HEADER_TABLE_SIZE, 0),
    (setting::ENABLE_PUSH, 1),
    (setting::MAX_CONCURRENT_STREAMS, 4),
    (setting::INITIAL_WINDOW_SIZE, 2),
    (setting::MAX_FRAME_SIZE, 3),
    (setting::MAX_HEADER_LIST_SIZE, 5),
    (setting::ENABLE_CONNECT_PROTOCOL, 6),
];
const SETTINGS_FLAGS: usize = 7;
const CUSTOM_COUNT: usize = 8;
const CUSTOM_MAX: u32 = 10;

/// What the library has written into `settingsBuffer`.
fn settings_asked(env: &Environment) -> Entries {
    let flags = env.u32_at("settingsBuffer", SETTINGS_FLAGS);
    let known = SETTINGS
        .iter()
        .filter(|(_, place)| flags & (1 << place) != 0);
    let known = known.map(|(id, place)| (*id, env.u32_at("settingsBuffer", *place)));
    known.chain(custom_settings(env)).collect()
}

/// Settings that HTTP/2 does not know, with their values.
fn custom_settings(env: &Environment) -> impl Iterator<Item = (u16, u32)> {
    let count = env.u32_at("settingsBuffer", CUSTOM_COUNT).min(CUSTOM_MAX);
    (0..count as usize).map(move |index| {
        let place = CUSTOM_COUNT + 1 + 2 * index;
        let at = |place| env.u32_at("settingsBuffer", place);
        (at(place) as u16, at(place + 1))
    })
}

fn show_settings(env: &Environment, settings: &Settings, custom: &Entries) {
    for (id, place) in SETTINGS {
        let value = match id {
            setting::HEADER_TABLE_SIZE => settings.header_table_bytes,
            setting::ENABLE_PUSH => settings.enable_push,
            setting::MAX_CONCURRENT_STREAMS => settings.streams_max,
            setting::INITIAL_WINDOW_SIZE => settings.window_bytes,
            setting::MAX_FRAME_SIZE => settings.frame_bytes_max,
            setting::MAX_HEADER_LIST_SIZE => settings.header_list_bytes_max,
            _ => settings.enable_connect_protocol,
        };
        env.set_u32("settingsBuffer", place, value);
    }
    env.set_u32("settingsBuffer", CUSTOM_COUNT, custom.len() as u32);
    for (index, (id, value)) in custom.iter().enumerate() {
        let place = CUSTOM_COUNT + 1 + 2 * index;
        env.set_u32("settingsBuffer", place, u32::from(*id));
        env.set_u32("settingsBuffer", place + 1, *value);
    }
}

// ---- fields ----

/// `[text, count]`, the text being names, values and flags between zero bytes (`NgHeaders`).
fn headers_of(ctx: Ctx, list: &Value) -> Js<Vec<Header>> {
    let text = ctx.at(list, 0)?;
    let count = ctx.at(list, 1)?.as_f64() as usize;
    let bytes = buffer::encode(ctx, &text, Encoding::Latin1)?;
    let (mut rest, mut headers) = (&bytes[..], Vec::with_capacity(count));
    while !rest.is_empty() {
        // A zero byte within a field: something that the other side must refuse.
        if headers.len() >= count {
            return Ok(vec![Header::new(&[0], &[0])]);
        }
        let name = until_zero(&mut rest);
        let value = until_zero(&mut rest);
        let flags = rest.split_off_first();
        headers.push(Header {
            is_sensitive: flags.is_some_and(|flags| flags & 1 != 0),
            ..Header::new(name, value)
        });
    }
    Ok(headers)
}

fn until_zero<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = rest
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at(length);
    *rest = after.get(1..).unwrap_or_default();
    text
}

fn latin1(ctx: Ctx, bytes: &[u8]) -> Value {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    ctx.string(&text)
}

/// The arguments `parent`, `weight` and `exclusive` from `first` on.
fn priority_of(c: &Call, first: usize) -> Priority {
    Priority {
        parent: c.number(first) as u32,
        weight: (c.number(first + 1) as i32).clamp(1, 256),
        is_exclusive: c.truthy(first + 2),
    }
}

/// 0, or nghttp2's number of an error.
fn answer(c: &Call, result: Result<(), error::Error>) -> Js<Value> {
    let code = result.map_or_else(|error| error.0, |()| 0);
    Ok(c.ctx.number(f64::from(code)))
}
