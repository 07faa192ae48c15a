//! `Http2Stream`: a request and its answer, as a stream of the library's own (`StreamBase`).

use crate::{
    bindings::{
        async_wrap,
        buffer::{self, Encoding},
        callback,
        environment::{Environment, copy_bytes, new_array_buffer},
        fs,
        native::{Call, Target, new_handle, throw_new},
        net,
    },
    engine::value::{Ctx, Js, Value},
};

use super::{
    answer, headers_of, priority_of,
    session::{Open, Writer, forget_if_over, with},
    wire::{self, scoped, soon},
};

pub const EMPTY_PAYLOAD: u32 = 1;
const GET_TRAILERS: u32 = 2;

pub const EOF: i32 = -4095;
const ECANCELED: i32 = -125;
const EPIPE: i32 = -32;

pub struct Http2Stream {
    pub session: u64,
    pub id: u32,
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let class = t.class("Http2Stream", |c| {
        Err(throw_new(c.ctx, "TypeError", "Illegal constructor"))
    });
    Environment::of(ctx).keep("Http2Stream.prototype", class.object.clone());
    class
        .with("id", |c| Ok(c.ctx.number(f64::from(stream_of(c)?.1))))
        .with("destroy", |c| {
            let (number, id) = stream_of(c)?;
            destroy(c.ctx, number, id);
            c.undefined()
        })
        .with("priority", |c| {
            let (number, id) = stream_of(c)?;
            let (priority, is_silent) = (priority_of(c, 0), c.truthy(3));
            let done = scoped(c.ctx, number, |connection| {
                connection.core.priority(id, priority, is_silent)
            });
            answer(c, done.unwrap_or(Ok(())))
        })
        .with("pushPromise", |c| {
            let (number, id) = stream_of(c)?;
            let (headers, options) = (headers_of(c.ctx, &c.arg(0))?, c.number(1) as u32);
            let promised = scoped(c.ctx, number, |connection| {
                connection.core.promise(id, headers)
            });
            match promised {
                Some(Ok(promised)) => open(c.ctx, number, promised, options),
                Some(Err(error)) => Ok(c.ctx.number(f64::from(error.0))),
                None => c.undefined(),
            }
        })
        .with("respond", |c| {
            let (number, id) = stream_of(c)?;
            let (headers, options) = (headers_of(c.ctx, &c.arg(0))?, c.number(1) as u32);
            let done = scoped(c.ctx, number, |connection| {
                if options & GET_TRAILERS != 0 {
                    connection.core.want_trailers(id);
                }
                let is_shut = connection.streams.get(&id).is_some_and(|open| open.is_shut);
                let with_body = options & EMPTY_PAYLOAD == 0 && !is_shut;
                connection.core.respond(id, headers, with_body)
            });
            answer(c, done.unwrap_or(Ok(())))
        })
        .with("info", |c| {
            let (number, id) = stream_of(c)?;
            let headers = headers_of(c.ctx, &c.arg(0))?;
            scoped(c.ctx, number, |connection| {
                connection.core.inform(id, headers)
            });
            answer(c, Ok(()))
        })
        .with("trailers", |c| {
            let (number, id) = stream_of(c)?;
            let headers = headers_of(c.ctx, &c.arg(0))?;
            let done = scoped(c.ctx, number, |connection| {
                connection.core.trailers(id, headers)
            });
            answer(c, done.unwrap_or(Ok(())))
        })
        .with("rstStream", |c| {
            let (number, id) = stream_of(c)?;
            reset(c.ctx, number, id, c.number(0) as u32);
            c.undefined()
        })
        .with("refreshState", refresh_state)
        .with("readStart", |c| {
            let (number, id) = stream_of(c)?;
            scoped(c.ctx, number, |connection| {
                if let Some(open) = connection.streams.get_mut(&id) {
                    open.is_reading = true;
                    let bytes = std::mem::take(&mut open.paused_bytes);
                    connection.core.consume_stream(id, bytes);
                }
            });
            answer(c, Ok(()))
        })
        .with("readStop", |c| {
            let (number, id) = stream_of(c)?;
            with_open(c.env(), number, id, |open| open.is_reading = false);
            answer(c, Ok(()))
        })
        .with("shutdown", |c| {
            let (number, id) = stream_of(c)?;
            let is_open = with_open(c.env(), number, id, |open| open.is_shut = true).is_some();
            if !is_open {
                return Ok(c.ctx.number(f64::from(EPIPE)));
            }
            scoped(c.ctx, number, |connection| connection.core.end(id));
            const DONE: f64 = 1.0;
            Ok(c.ctx.number(DONE))
        })
        .with("useUserBuffer", |c| answer(c, Ok(())))
        .with("writeBuffer", |c| write(c, copy_bytes(c.ctx, &c.arg(1))?))
        .with("writev", |c| write(c, net::chunks(c)?))
        .with("writeUtf8String", |c| write_text(c, Encoding::Utf8))
        .with("writeAsciiString", |c| write_text(c, Encoding::Latin1))
        .with("writeLatin1String", |c| write_text(c, Encoding::Latin1))
        .with("writeUcs2String", |c| write_text(c, Encoding::Ucs2))
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        })
        .value("isStreamBase", ctx.bool(true));
    fs::define_getter(ctx, &class.object, "fd", |c| Ok(c.ctx.number(-1.0)));
    fs::define_getter(ctx, &class.object, "bytesRead", |c| {
        count(c, |open| open.bytes_read)
    });
    fs::define_getter(ctx, &class.object, "bytesWritten", |c| {
        count(c, |open| open.bytes_written)
    });
    Ok(())
}

fn count(c: &Call, read: impl FnOnce(&Open) -> u64) -> Js<Value> {
    let (number, id) = stream_of(c)?;
    let count = with_open(c.env(), number, id, |open| read(open)).unwrap_or(0);
    Ok(c.ctx.number(count as f64))
}

pub fn with_open<T>(
    env: &Environment,
    number: u64,
    id: u32,
    body: impl FnOnce(&mut Open) -> T,
) -> Option<T> {
    with(env, number, |connection| {
        connection.streams.get_mut(&id).map(body)
    })
    .flatten()
}

pub fn object(env: &Environment, number: u64, id: u32) -> Option<Value> {
    with_open(env, number, id, |open| open.object.clone())
}

/// The object of a new stream.
pub fn open(ctx: Ctx, number: u64, id: u32, options: u32) -> Js<Value> {
    let env = Environment::of(ctx);
    let prototype = env.kept("Http2Stream.prototype");
    let prototype = prototype.unwrap_or_else(|| ctx.undefined());
    let object = new_handle(
        ctx,
        &prototype,
        Http2Stream {
            session: number,
            id,
        },
    )?;
    async_wrap::adopt(ctx, &object, "HTTP2STREAM");
    let is_shut = options & EMPTY_PAYLOAD != 0;
    scoped(ctx, number, |connection| {
        connection.core.open_body(id);
        if options & GET_TRAILERS != 0 {
            connection.core.want_trailers(id);
        }
        if is_shut {
            connection.core.end(id);
        }
        let header_bytes_max = connection.header_bytes_max();
        connection.streams.insert(
            id,
            Open {
                header_bytes_max,
                object: object.clone(),
                is_reading: false,
                paused_bytes: 0,
                is_shut,
                code: 0,
                bytes_read: 0,
                bytes_written: 0,
            },
        );
    });
    Ok(object)
}

fn refresh_state(c: &Call) -> Js<Value> {
    const IDLE: u8 = 1;
    let (number, id) = stream_of(c)?;
    let view = with(c.env(), number, |connection| connection.core.stream(id)).flatten();
    let values = match view {
        None => [f64::from(IDLE), 0.0, 0.0, 0.0, 0.0, 0.0],
        Some(view) => {
            let state: u8 = match (view.is_reserved, view.local_closed, view.remote_closed) {
                (true, ..) => 3 + u8::from(!view.is_mine),
                (false, false, false) => 2,
                (false, true, false) => 5,
                (false, false, true) => 6,
                (false, true, true) => 7,
            };
            [
                f64::from(state),
                f64::from(view.weight),
                0.0,
                f64::from(u8::from(view.local_closed)),
                f64::from(u8::from(view.remote_closed)),
                f64::from(view.window_bytes),
            ]
        }
    };
    for (place, value) in values.iter().enumerate() {
        c.env().set_f64("streamState", place, *value);
    }
    c.undefined()
}

pub fn stream_of(c: &Call) -> Js<(u64, u32)> {
    let stream = c.state::<Http2Stream>()?;
    Ok((stream.session, stream.id))
}

// ---- bytes ----

fn write_text(c: &Call, encoding: Encoding) -> Js<Value> {
    let bytes = buffer::encode(c.ctx, &c.arg(1), encoding)?;
    write(c, bytes)
}

/// `Http2Stream::DoWrite`: it is done once the socket has the bytes.
fn write(c: &Call, bytes: Vec<u8>) -> Js<Value> {
    let (env, request) = (c.env(), c.arg(0));
    let (number, id) = stream_of(c)?;
    env.set_u32("streamBaseState", net::BYTES_WRITTEN, bytes.len() as u32);
    env.set_u32("streamBaseState", net::LAST_WRITE_WAS_ASYNC, 1);
    let trigger = async_wrap::ids_of(c.ctx, &c.this()).0;
    async_wrap::adopt_for(c.ctx, &request, "WRITEWRAP", Some(trigger));
    let is_writable = with_open(env, number, id, |open| {
        open.bytes_written += bytes.len() as u64;
        !open.is_shut
    });
    if is_writable != Some(true) {
        complete(c.ctx, &request, EOF);
        return answer(c, Ok(()));
    }
    scoped(c.ctx, number, |connection| {
        let tag = connection.tag(Writer::Request(request));
        connection.core.write(id, bytes, Some(tag));
    });
    answer(c, Ok(()))
}

pub fn complete(ctx: Ctx, request: &Value, status: i32) {
    let args = [
        ctx.number(f64::from(status)),
        ctx.undefined(),
        ctx.undefined(),
    ];
    callback::make_method(ctx, request, "oncomplete", &args);
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, request).0);
}

pub fn tell_read(ctx: Ctx, object: &Value, bytes: &[u8]) {
    let env = Environment::of(ctx);
    env.set_u32(
        "streamBaseState",
        net::READ_BYTES_OR_ERROR,
        bytes.len() as u32,
    );
    env.set_u32("streamBaseState", net::ARRAY_BUFFER_OFFSET, 0);
    callback::make_method(ctx, object, "onread", &[new_array_buffer(ctx, bytes)]);
}

pub fn tell_end(ctx: Ctx, number: u64, id: u32) {
    let env = Environment::of(ctx);
    if let Some(object) = object(env, number, id) {
        env.set_u32("streamBaseState", net::READ_BYTES_OR_ERROR, EOF as u32);
        callback::make_method(ctx, &object, "onread", &[ctx.undefined()]);
    }
}

// ---- the end ----

/// `Http2Stream::SubmitRstStream`
pub fn reset(ctx: Ctx, number: u64, id: u32, code: u32) {
    let env = Environment::of(ctx);
    if with_open(env, number, id, |open| open.code = code).is_none() {
        return;
    }
    let is_cancel = code == ::http2::error::code::CANCEL;
    if is_cancel && wire::is_in_scope(env, number) || wire::send_pending(ctx, number) {
        wire::reset_later(env, number, id);
        return;
    }
    flush_reset(ctx, number, id);
}

pub fn flush_reset(ctx: Ctx, number: u64, id: u32) {
    let code = with_open(Environment::of(ctx), number, id, |open| open.code);
    if let Some(code) = code {
        scoped(ctx, number, |connection| connection.core.reset(id, code));
    }
}

/// `Http2Stream::Destroy`: what it still wrote is cancelled in the next turn.
pub fn destroy(ctx: Ctx, number: u64, id: u32) {
    let env = Environment::of(ctx);
    if wire::take_reset(env, number, id) {
        flush_reset(ctx, number, id);
    }
    let gone = with(env, number, |connection| connection.streams.remove(&id)).flatten();
    let Some(gone) = gone else { return };
    soon(env, move |ctx| {
        let env = Environment::of(ctx);
        let tags = with(env, number, |connection| connection.core.drop_body(id));
        wire::complete(ctx, number, tags.unwrap_or_default(), ECANCELED);
        async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &gone.object).0);
        forget_if_over(env, number);
    });
}
