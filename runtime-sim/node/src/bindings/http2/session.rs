//! `Http2Session`: one end of a connection, between a socket and the library.
//!
//! Whatever the library asks for is sent in an immediate of Node's own, or at once where Node does so. While the socket
//! has not taken a write, nothing more is read: two ends cannot fill each other's memory.

use std::collections::VecDeque;

use ::http2::{
    frame::Priority,
    session::{Entries, Options, Padding, Role, Session},
};
use kernel::Table;

use crate::{
    bindings::{
        async_wrap,
        buffer::{self, Encoding},
        callback,
        environment::{Environment, bytes_of, copy_bytes, new_typed_array},
        native::{Call, Target},
        net::{self, Above},
        tls_wrap,
    },
    engine::value::{Ctx, Js, Value},
};

use super::{
    SETTINGS, answer, custom_settings, headers_of, priority_of, settings_asked, show_settings,
    stream,
    wire::{received, scoped, send_pending, soon},
};

// Places and bits of `fields`.
const FIELDS_BYTES: u32 = 12;
pub(super) const BITFIELD: usize = 0;
pub(super) const FRAME_ERROR_LISTENERS: usize = 2;
pub(super) const PRIORITY_LISTENERS: usize = 1;
pub(super) const INVALID_FRAMES_MAX: usize = 4;
pub(super) const REJECTED_STREAMS_MAX: usize = 8;
pub(super) const HAS_SETTINGS_LISTENERS: u8 = 1;
pub(super) const SETTINGS_UP_TO_DATE: u8 = 2;
pub(super) const HAS_PING_LISTENERS: u8 = 4;
pub(super) const HAS_ALTSVC_LISTENERS: u8 = 8;

// Places of `optionsBuffer`.
const MAX_DEFLATE_TABLE: usize = 0;
const MAX_RESERVED_STREAMS: usize = 1;
const MAX_HEADER_BLOCK: usize = 2;
const PEER_STREAMS: usize = 3;
const PADDING_STRATEGY: usize = 4;
const MAX_HEADER_PAIRS: usize = 5;
const MAX_PINGS: usize = 6;
const MAX_SETTINGS_WAITING: usize = 7;
const MAX_MEMORY: usize = 8;
const MAX_SETTINGS: usize = 9;
const OPTIONS_FLAGS: usize = 10;

const STREAM_BYTES: usize = 1024;
const HEADER_LIST_BYTES_MAX: usize = 16_777_215;

/// Its session's number.
pub struct Http2Session(u64);

/// What a session needs to know of a stream.
pub struct Open {
    pub object: Value,
    pub is_reading: bool,
    /// As it was when the stream began.
    pub header_bytes_max: usize,
    /// Given to the script while it did not read.
    pub paused_bytes: usize,
    pub is_shut: bool,
    pub code: u32,
    pub bytes_read: u64,
    pub bytes_written: u64,
}

/// Who hears that a write is done.
pub enum Writer {
    Request(Value),
    Pipe(Value),
}

pub struct Connection {
    pub(super) object: Value,
    pub(super) below: Option<Value>,
    pub(super) fields: Value,
    pub(super) core: Session,
    pub(super) streams: Table<u32, Open>,
    /// Writes of streams that wait, by their tags.
    pub(super) writes: Table<u64, Writer>,
    pub(super) tag_last: u64,
    /// Writes whose bytes are with the socket.
    pub(super) outgoing: Vec<u64>,
    pub(super) resets: Vec<u32>,
    pub(super) pings: VecDeque<(Value, Value, u64)>,
    pub(super) settings: VecDeque<(Value, Value, u64)>,
    pub(super) local_custom: Entries,
    pub(super) remote_custom: Entries,
    pub(super) in_scope: bool,
    pub(super) is_sending: bool,
    pub(super) is_writing: bool,
    pub(super) write_scheduled: bool,
    pub(super) reading_stopped: bool,
    pub(super) receive_paused: bool,
    pub(super) closing: bool,
    pub(super) destroyed: bool,
    pub(super) closes_gracefully: bool,
    pub(super) chunks_sent: u32,
    pub(super) invalid_frames: u32,
    pub(super) rejected_streams: u32,
    pub(super) header_pairs_max: usize,
    pub(super) pings_max: usize,
    pub(super) settings_max: usize,
    pub(super) memory_bytes_max: u64,
}

pub fn with<T>(
    env: &Environment,
    number: u64,
    body: impl FnOnce(&mut Connection) -> T,
) -> Option<T> {
    env.http2.sessions.borrow_mut().get_mut(&number).map(body)
}

/// Of a call on a session; `undefined` once it is gone.
fn of_session(c: &Call, body: impl FnOnce(&mut Connection) -> Value) -> Js<Value> {
    let number = c.state::<Http2Session>()?.0;
    Ok(with(c.env(), number, body).unwrap_or_else(|| c.ctx.undefined()))
}

fn construct(c: &Call) -> Js<Value> {
    let env = c.env();
    let flags = env.u32_at("optionsBuffer", OPTIONS_FLAGS);
    let option = |place: usize, default: u32| {
        if flags & (1 << place) == 0 {
            default
        } else {
            env.u32_at("optionsBuffer", place)
        }
    };
    let role = if c.number(0) == 0.0 {
        Role::Server
    } else {
        Role::Client
    };
    let options = Options {
        deflate_table_bytes_max: option(MAX_DEFLATE_TABLE, 4096) as usize,
        reserved_streams_max: option(MAX_RESERVED_STREAMS, 200) as usize,
        header_block_bytes_max: option(MAX_HEADER_BLOCK, 65_536) as usize,
        peer_streams_max: option(PEER_STREAMS, 100),
        padding: match option(PADDING_STRATEGY, 0) {
            0 => Padding::None,
            1 => Padding::Aligned,
            _ => Padding::Max,
        },
        settings_entries_max: option(MAX_SETTINGS, 32) as usize,
    };
    let header_pairs_min = if role == Role::Server { 4 } else { 1 };
    let number = env.http2.next.get() + 1;
    env.http2.next.set(number);
    let object = c.construct(Http2Session(number))?;
    async_wrap::adopt(c.ctx, &object, "HTTP2SESSION");
    let fields = new_typed_array(c.ctx, "Uint8Array", FIELDS_BYTES);
    c.ctx.set(&object, "fields", fields.clone());
    let connection = Connection {
        object: object.clone(),
        below: None,
        fields,
        core: Session::new(role, options),
        streams: Table::new(),
        writes: Table::new(),
        tag_last: 0,
        outgoing: Vec::new(),
        resets: Vec::new(),
        pings: VecDeque::new(),
        settings: VecDeque::new(),
        local_custom: Entries::new(),
        remote_custom: custom_settings(env).map(|(id, _)| (id, 0)).collect(),
        in_scope: false,
        is_sending: false,
        is_writing: false,
        write_scheduled: false,
        reading_stopped: false,
        receive_paused: false,
        closing: false,
        destroyed: false,
        closes_gracefully: false,
        chunks_sent: 0,
        invalid_frames: 0,
        rejected_streams: 0,
        header_pairs_max: option(MAX_HEADER_PAIRS, 128).max(header_pairs_min) as usize,
        pings_max: option(MAX_PINGS, 10) as usize,
        settings_max: option(MAX_SETTINGS_WAITING, 10) as usize,
        memory_bytes_max: u64::from(option(MAX_MEMORY, 10)) * 1_000_000,
    };
    connection.set_field(c.ctx, INVALID_FRAMES_MAX, 1000);
    connection.set_field(c.ctx, REJECTED_STREAMS_MAX, 100);
    env.http2.sessions.borrow_mut().insert(number, connection);
    Ok(object)
}

impl Connection {
    pub(super) fn field(&self, ctx: Ctx, place: usize) -> u8 {
        let (bytes, length) = bytes_of(ctx, &self.fields);
        if place < length {
            unsafe { *bytes.add(place) }
        } else {
            0
        }
    }

    pub(super) fn limit(&self, ctx: Ctx, place: usize) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|index| self.field(ctx, place + index)))
    }

    fn set_field(&self, ctx: Ctx, place: usize, value: u32) {
        let (bytes, length) = bytes_of(ctx, &self.fields);
        for (index, byte) in value.to_le_bytes().iter().enumerate() {
            if place + index < length {
                unsafe { *bytes.add(place + index) = *byte };
            }
        }
    }

    pub(super) fn listens(&self, ctx: Ctx, bit: u8) -> bool {
        self.field(ctx, BITFIELD) & bit != 0
    }

    fn memory_bytes(&self) -> u64 {
        (self.streams.len() * STREAM_BYTES + self.core.waiting_bytes()) as u64
    }

    pub(super) fn has_room_for_stream(&self) -> bool {
        self.streams.len() < self.core.local_settings().streams_max as usize
            && self.memory_bytes() + (STREAM_BYTES as u64) <= self.memory_bytes_max
    }

    pub(super) fn header_bytes_max(&self) -> usize {
        (self.core.local_settings().header_list_bytes_max as usize).min(HEADER_LIST_BYTES_MAX)
    }

    /// The tag of a write.
    pub(super) fn tag(&mut self, writer: Writer) -> u64 {
        self.tag_last += 1;
        self.writes.insert(self.tag_last, writer);
        self.tag_last
    }
}

pub fn initialize(t: &Target) {
    t.class("Http2Session", construct)
        .with("consume", consume)
        .with("receive", |c| {
            let (number, bytes) = (c.state::<Http2Session>()?.0, copy_bytes(c.ctx, &c.arg(0))?);
            received(c.ctx, number, &bytes);
            c.undefined()
        })
        .with("destroy", |c| {
            let number = c.state::<Http2Session>()?.0;
            close(c.ctx, number, c.number(0) as u32, c.truthy(1));
            c.undefined()
        })
        .with("request", request)
        .with("goaway", |c| {
            let number = c.state::<Http2Session>()?.0;
            let last = c.number(1) as i32;
            let last = u32::try_from(last).ok().filter(|last| *last > 0);
            let data = if c.arg(2).is_object() {
                copy_bytes(c.ctx, &c.arg(2))?
            } else {
                Vec::new()
            };
            scoped(c.ctx, number, |connection| {
                if !connection.destroyed {
                    let _ = connection.core.go_away(c.number(0) as u32, last, data);
                }
            });
            c.undefined()
        })
        .with("settings", settings)
        .with("ping", ping)
        .with("altsvc", |c| {
            let number = c.state::<Http2Session>()?.0;
            let origin = buffer::encode(c.ctx, &c.arg(1), Encoding::Latin1)?;
            let value = buffer::encode(c.ctx, &c.arg(2), Encoding::Latin1)?;
            let has_one = (c.number(0) == 0.0) != origin.is_empty();
            scoped(c.ctx, number, |connection| {
                if has_one {
                    connection.core.alt_svc(c.number(0) as u32, origin, value);
                }
            });
            c.undefined()
        })
        .with("origin", |c| {
            let number = c.state::<Http2Session>()?.0;
            let text = buffer::encode(c.ctx, &c.arg(0), Encoding::Latin1)?;
            let origins = text
                .split(|byte| *byte == 0)
                .filter(|origin| !origin.is_empty());
            let origins = origins.map(<[u8]>::to_vec).collect();
            scoped(c.ctx, number, |connection| connection.core.origin(origins));
            c.undefined()
        })
        .with("setNextStreamID", |c| {
            of_session(c, |connection| {
                c.ctx
                    .bool(connection.core.set_next_stream(c.number(0) as u32))
            })
        })
        .with("setLocalWindowSize", |c| {
            let number = c.state::<Http2Session>()?.0;
            let set = scoped(c.ctx, number, |connection| {
                connection.core.set_local_window(c.number(0) as i32)
            });
            answer(c, set.unwrap_or(Ok(())))
        })
        .with("updateChunksSent", |c| {
            of_session(c, |connection| {
                let count = c.ctx.number(f64::from(connection.chunks_sent));
                c.ctx.set(
                    &connection.object,
                    "chunksSentSinceLastWrite",
                    count.clone(),
                );
                count
            })
        })
        .with("hasPendingData", |c| {
            of_session(c, |connection| {
                c.ctx
                    .bool(connection.core.wants_write() || connection.core.wants_read())
            })
        })
        .with("setGracefulClose", |c| {
            of_session(c, |connection| {
                connection.closes_gracefully = true;
                c.ctx.undefined()
            })
        })
        .with("refreshState", refresh_state)
        .with("localSettings", |c| {
            of_session(c, |connection| {
                show_settings(
                    c.env(),
                    connection.core.local_settings(),
                    &connection.local_custom,
                );
                c.ctx.undefined()
            })
        })
        .with("remoteSettings", |c| {
            of_session(c, |connection| {
                show_settings(
                    c.env(),
                    connection.core.remote_settings(),
                    &connection.remote_custom,
                );
                c.ctx.undefined()
            })
        })
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        });
}

fn refresh_state(c: &Call) -> Js<Value> {
    of_session(c, |connection| {
        let core = &connection.core;
        let (size, received, remote) = core.windows();
        let (deflate, inflate) = core.table_bytes();
        let values = [
            f64::from(size),
            f64::from(received.max(0)),
            f64::from(core.next_stream()),
            f64::from(size - received),
            f64::from(core.last_processed_stream()),
            f64::from(remote),
            core.waiting_items() as f64,
            deflate as f64,
            inflate as f64,
        ];
        for (place, value) in values.iter().enumerate() {
            c.env().set_f64("sessionState", place, *value);
        }
        c.ctx.undefined()
    })
}

// ---- what the library asks ----

fn consume(c: &Call) -> Js<Value> {
    let (number, below) = (c.state::<Http2Session>()?.0, c.arg(0));
    let above = Some(Above::Http2(number));
    if !tls_wrap::set_above(c.ctx, &below, above) {
        net::set_above(c.ctx, &below, above)?;
    }
    with(c.env(), number, |connection| connection.below = Some(below));
    c.undefined()
}

fn request(c: &Call) -> Js<Value> {
    let number = c.state::<Http2Session>()?.0;
    let (headers, options) = (headers_of(c.ctx, &c.arg(0))?, c.number(1) as u32);
    let priority = priority_of(c, 2);
    let is_default = priority.parent == 0
        && priority.weight == Priority::DEFAULT_WEIGHT
        && !priority.is_exclusive;
    let with_body = options & stream::EMPTY_PAYLOAD == 0;
    let submitted = scoped(c.ctx, number, |connection| {
        let priority = Some(priority).filter(|_| !is_default);
        connection.core.request(headers, priority, with_body)
    });
    match submitted {
        Some(Ok(id)) => stream::open(c.ctx, number, id, options),
        Some(Err(error)) => Ok(c.ctx.number(f64::from(error.0))),
        None => c.undefined(),
    }
}

/// `Http2Session::AddSettings`
fn settings(c: &Call) -> Js<Value> {
    let (env, number) = (c.env(), c.state::<Http2Session>()?.0);
    let (callback, entries) = (c.arg(0), settings_asked(env));
    let resource = c.ctx.object();
    async_wrap::adopt(c.ctx, &resource, "HTTP2SETTINGS");
    let begun_ns = env.now_ns();
    let is_full = with(env, number, |connection| {
        connection.settings.len() >= connection.settings_max
    });
    if is_full != Some(false) {
        finish(c.ctx, &(resource, callback, begun_ns), false, &[]);
        return Ok(c.ctx.bool(false));
    }
    scoped(c.ctx, number, |connection| {
        connection
            .settings
            .push_back((resource, callback, begun_ns));
        let known = |id: u16| SETTINGS.iter().any(|(known, _)| *known == id);
        connection.local_custom = entries
            .iter()
            .filter(|(id, _)| !known(*id))
            .copied()
            .collect();
        connection.core.settings(entries);
    });
    Ok(c.ctx.bool(true))
}

/// `Http2Session::AddPing`
fn ping(c: &Call) -> Js<Value> {
    let (env, number) = (c.env(), c.state::<Http2Session>()?.0);
    let begun_ns = env.now_ns();
    let payload = if c.arg(0).is_object() {
        copy_bytes(c.ctx, &c.arg(0))?
    } else {
        Vec::new()
    };
    let payload = <[u8; 8]>::try_from(payload).unwrap_or_else(|_| begun_ns.to_le_bytes());
    let resource = c.ctx.object();
    async_wrap::adopt(c.ctx, &resource, "HTTP2PING");
    let waiting = (resource, c.arg(1), begun_ns);
    let is_full = with(env, number, |connection| {
        connection.pings.len() >= connection.pings_max
    });
    if is_full != Some(false) {
        finish(c.ctx, &waiting, false, &[]);
        return Ok(c.ctx.bool(false));
    }
    scoped(c.ctx, number, |connection| {
        connection.pings.push_back(waiting);
        connection.core.ping(payload);
    });
    Ok(c.ctx.bool(true))
}

/// Tells the one who waits for a PING or SETTINGS to be acknowledged, and how long it took.
pub(super) fn finish(ctx: Ctx, waiting: &(Value, Value, u64), is_ack: bool, more: &[Value]) {
    let (resource, callback, begun_ns) = waiting;
    let took_ns = Environment::of(ctx).now_ns() - begun_ns;
    let mut args = vec![ctx.bool(is_ack), ctx.number(took_ns as f64 / 1e6)];
    args.extend_from_slice(more);
    let ids = async_wrap::ids_of(ctx, resource);
    if callback.is_function() {
        callback::make_as(ctx, callback, resource, &args, ids, Some(resource));
    }
    async_wrap::emit_destroy(ctx, ids.0);
}

/// Calls one of the library's functions on the session.
pub(super) fn tell(ctx: Ctx, number: u64, name: &'static str, args: &[Value]) -> Option<Value> {
    let env = Environment::of(ctx);
    let object = with(env, number, |connection| connection.object.clone())?;
    call_on(ctx, &object, name, args)
}

pub fn call_on(ctx: Ctx, object: &Value, name: &'static str, args: &[Value]) -> Option<Value> {
    let function = Environment::of(ctx).kept(name)?;
    let ids = async_wrap::ids_of(ctx, object);
    callback::make_as(ctx, &function, object, args, ids, Some(object))
}

/// `Http2Session::Close`
fn close(ctx: Ctx, number: u64, code: u32, socket_closed: bool) {
    let env = Environment::of(ctx);
    let is_first = with(env, number, |connection| {
        !std::mem::replace(&mut connection.closing, true)
    });
    if is_first != Some(true) {
        return;
    }
    call_below(ctx, number, "readStop");
    if socket_closed {
        let below = with(env, number, |connection| connection.below.take()).flatten();
        if let Some(below) = below
            && !tls_wrap::set_above(ctx, &below, None)
            && net::set_above(ctx, &below, None).is_err()
        {
            ctx.take_exception();
        }
    } else {
        with(env, number, |connection| {
            connection.reading_stopped = true;
            connection.core.terminate(code, "");
        });
        send_pending(ctx, number);
    }
    let is_writing = with(env, number, |connection| {
        connection.destroyed = true;
        connection.is_writing
    });
    if is_writing == Some(false) {
        finish_close(ctx, number);
    }
    // Who waits for an answer hears in the next turn that none comes.
    let pings = with(env, number, |connection| {
        std::mem::take(&mut connection.pings)
    });
    for waiting in pings.unwrap_or_default() {
        soon(env, move |ctx| finish(ctx, &waiting, false, &[]));
    }
}

pub(super) fn finish_close(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    let object = with(env, number, |connection| connection.object.clone());
    if let Some(object) = object {
        callback::make_method(ctx, &object, "ondone", &[]);
    }
    // The other end's last word is still to be heard.
    let has_below = with(env, number, |connection| {
        connection.reading_stopped = false;
        connection.below.is_some()
    });
    if has_below == Some(true) {
        call_below(ctx, number, "readStart");
    } else {
        forget_if_over(env, number);
    }
}

/// Nobody will ask for it any more.
pub fn forget_if_over(env: &Environment, number: u64) {
    let is_over = with(env, number, |connection| {
        connection.destroyed
            && connection.below.is_none()
            && connection.streams.is_empty()
            && !connection.is_writing
    });
    if is_over == Some(true) {
        forget(env, number);
    }
}

fn forget(env: &Environment, number: u64) {
    let gone = env.http2.sessions.borrow_mut().remove(&number);
    drop(gone);
}

/// The socket is gone.
pub fn lost(env: &Environment, number: u64) {
    with(env, number, |connection| connection.below = None);
    forget_if_over(env, number);
}

pub(super) fn call_below(ctx: Ctx, number: u64, name: &str) {
    let below = with(Environment::of(ctx), number, |connection| {
        connection.below.clone()
    })
    .flatten();
    let Some(below) = below else { return };
    let called = ctx
        .get(&below, name)
        .and_then(|method| ctx.call(&method, &below, &[]));
    if called.is_err() {
        ctx.take_exception();
    }
}
