//! What the protocol says, as the library hears of it: the callbacks that Node gives to nghttp2.

use ::http2::{
    error::{Error, code},
    hpack::Header,
    session::{Category, Event},
};

use crate::{
    bindings::{
        crypto::new_buffer,
        environment::{Environment, bytes_of},
    },
    engine::value::Ctx,
};

use super::{latin1, session::*, stream, wire::soon};

const CALLBACK_FAILURE: i32 = -902;

pub type Told = Result<(), (i32, Option<&'static str>)>;

/// Tells what the protocol has to say, until there is nothing or reading pauses.
pub fn tell_events(ctx: Ctx, number: u64) -> Told {
    let env = Environment::of(ctx);
    while let Some(Some(event)) = with(env, number, |connection| {
        if connection.receive_paused && !connection.is_sending {
            return None;
        }
        connection.core.next_event()
    }) {
        tell_event(ctx, number, event)?;
    }
    Ok(())
}

fn tell_event(ctx: Ctx, number: u64, event: Event) -> Told {
    let env = Environment::of(ctx);
    let listens = |bit| with(env, number, |connection| connection.listens(ctx, bit)) == Some(true);
    let counts =
        |place| with(env, number, |connection| connection.field(ctx, place)).unwrap_or(0) > 0;
    let integer = |value: u32| ctx.number(f64::from(value));
    match event {
        Event::Headers {
            stream,
            category,
            flags,
            headers,
        } => {
            return tell_headers(ctx, number, stream, category, flags, headers);
        }
        Event::Data { stream, bytes } => tell_data(ctx, number, stream, &bytes),
        Event::DataEnd {
            stream,
            ends_stream,
        } => {
            if ends_stream {
                stream::tell_end(ctx, number, stream);
            }
        }
        Event::Settings(entries) => {
            with(env, number, |connection| {
                for (id, value) in &mut connection.remote_custom {
                    let told = entries.iter().rev().find(|(told, _)| told == id);
                    *value = told.map_or(*value, |(_, told)| *told);
                }
                let bits = connection.field(ctx, BITFIELD) & !SETTINGS_UP_TO_DATE;
                let (bytes, length) = bytes_of(ctx, &connection.fields);
                if length > BITFIELD {
                    unsafe { *bytes.add(BITFIELD) = bits };
                }
            });
            if listens(HAS_SETTINGS_LISTENERS) {
                tell(ctx, number, "http2 settings", &[]);
            }
        }
        Event::SettingsAck => {
            let waiting = with(env, number, |connection| connection.settings.pop_front());
            if let Some(Some(waiting)) = waiting {
                finish(ctx, &waiting, true, &[]);
            }
        }
        Event::Ping(data) => {
            if listens(HAS_PING_LISTENERS) {
                tell(ctx, number, "http2 ping", &[new_buffer(ctx, &data)]);
            }
        }
        Event::PingAck(data) => {
            match with(env, number, |connection| connection.pings.pop_front()) {
                Some(Some(waiting)) => finish(ctx, &waiting, true, &[new_buffer(ctx, &data)]),
                _ => tell_error(ctx, number, Error::PROTO),
            }
        }
        Event::GoAway {
            code,
            last_stream,
            data,
        } => {
            let data = if data.is_empty() {
                ctx.undefined()
            } else {
                new_buffer(ctx, &data)
            };
            tell(
                ctx,
                number,
                "http2 goaway",
                &[integer(code), integer(last_stream), data],
            );
        }
        Event::Priority { stream, priority } => {
            if counts(PRIORITY_LISTENERS) {
                let args = [
                    integer(stream),
                    integer(priority.parent),
                    ctx.number(f64::from(priority.weight)),
                    ctx.bool(priority.is_exclusive),
                ];
                tell(ctx, number, "http2 priority", &args);
            }
        }
        Event::AltSvc {
            stream,
            origin,
            value,
        } => {
            if listens(HAS_ALTSVC_LISTENERS) {
                let args = [integer(stream), latin1(ctx, &origin), latin1(ctx, &value)];
                tell(ctx, number, "http2 altsvc", &args);
            }
        }
        Event::Origin(origins) => {
            let origins = ctx.array(origins.iter().map(|origin| latin1(ctx, origin)));
            tell(ctx, number, "http2 origin", &[origins]);
        }
        Event::InvalidFrame(error) => return invalid_frame(ctx, number, error),
        Event::NotHttp2 => tell_error(ctx, number, Error::PROTO),
        Event::StreamClosed { stream, code } => stream_closed(ctx, number, stream, code),
        Event::WantsTrailers(stream) => {
            if let Some(object) = stream::object(env, number, stream) {
                call_on(ctx, &object, "http2 trailers", &[]);
            }
        }
        Event::FrameNotSent {
            stream,
            kind,
            error,
        } => {
            let is_closing = [
                Error::SESSION_CLOSING,
                Error::STREAM_CLOSED,
                Error::STREAM_CLOSING,
            ]
            .contains(&error);
            if !is_closing && counts(FRAME_ERROR_LISTENERS) {
                let args = [
                    integer(stream),
                    integer(u32::from(kind)),
                    integer(error.wire_code()),
                ];
                tell(ctx, number, "http2 frameError", &args);
            }
        }
        Event::FrameSent | Event::OtherFrame => {}
    }
    Ok(())
}

fn tell_error(ctx: Ctx, number: u64, error: Error) {
    tell(
        ctx,
        number,
        "http2 error",
        &[ctx.number(f64::from(error.0))],
    );
}

/// `Http2Session::OnInvalidFrame`
fn invalid_frame(ctx: Ctx, number: u64, error: Error) -> Told {
    let is_too_much = with(Environment::of(ctx), number, |connection| {
        connection.invalid_frames += 1;
        connection.invalid_frames > connection.limit(ctx, INVALID_FRAMES_MAX).saturating_add(1)
    });
    if is_too_much == Some(true) {
        return Err((CALLBACK_FAILURE, Some("ERR_HTTP2_TOO_MANY_INVALID_FRAMES")));
    }
    if error.is_fatal()
        || [Error::STREAM_CLOSED, Error::PROTO, Error::FLOW_CONTROL].contains(&error)
    {
        tell_error(ctx, number, error);
    }
    Ok(())
}

/// `OnBeginHeadersCallback`, `OnHeaderCallback` and `HandleHeadersFrame`
fn tell_headers(
    ctx: Ctx,
    number: u64,
    id: u32,
    category: Category,
    flags: u8,
    headers: Vec<Header>,
) -> Told {
    let env = Environment::of(ctx);
    let known = with(env, number, |connection| {
        let is_known = connection.streams.contains_key(&id);
        if !is_known && !connection.has_room_for_stream() {
            connection.rejected_streams += 1;
            let most = connection.limit(ctx, REJECTED_STREAMS_MAX);
            if connection.rejected_streams > most.saturating_add(1) {
                return Err((CALLBACK_FAILURE, None));
            }
            connection.core.reset(id, code::ENHANCE_YOUR_CALM);
            return Ok(None);
        }
        if !is_known {
            connection.rejected_streams = 0;
        }
        Ok(Some(is_known))
    });
    let Some(Some(is_known)) = known.transpose()? else {
        return Ok(());
    };
    if !is_known && stream::open(ctx, number, id, 0).is_err() {
        ctx.take_exception();
        return Ok(());
    }
    let is_too_much = with(env, number, |connection| {
        let bytes: usize = headers.iter().map(Header::size_bytes).sum();
        headers.len() > connection.header_pairs_max
            || connection
                .streams
                .get(&id)
                .is_some_and(|open| bytes > open.header_bytes_max)
    });
    if is_too_much == Some(true) {
        stream::reset(ctx, number, id, code::ENHANCE_YOUR_CALM);
        return Ok(());
    }
    let Some(object) = stream::object(env, number, id) else {
        return Ok(());
    };
    let pairs = headers
        .iter()
        .flat_map(|header| [&header.name, &header.value]);
    let pairs = ctx.array(pairs.map(|text| latin1(ctx, text)).collect::<Vec<_>>());
    let secret = headers.iter().filter(|header| header.is_sensitive);
    let secret = ctx.array(
        secret
            .map(|header| latin1(ctx, &header.name))
            .collect::<Vec<_>>(),
    );
    let category = match category {
        Category::Request => 0,
        Category::Response => 1,
        Category::PushResponse => 2,
        Category::Headers => 3,
    };
    let args = [
        object,
        ctx.number(f64::from(id)),
        ctx.number(f64::from(category)),
        ctx.number(f64::from(flags)),
        pairs,
        secret,
    ];
    tell(ctx, number, "http2 headers", &args);
    Ok(())
}

/// `OnDataChunkReceived`: while a write waits, what else has come must wait too.
fn tell_data(ctx: Ctx, number: u64, id: u32, bytes: &[u8]) {
    let env = Environment::of(ctx);
    let open = with(env, number, |connection| {
        connection.core.consume_connection(bytes.len());
        let open = connection.streams.get_mut(&id)?;
        open.bytes_read += bytes.len() as u64;
        Some(open.object.clone())
    });
    if let Some(Some(object)) = open {
        stream::tell_read(ctx, &object, bytes);
        with(env, number, |connection| {
            if let Some(open) = connection.streams.get_mut(&id) {
                if open.is_reading {
                    connection.core.consume_stream(id, bytes.len());
                } else {
                    open.paused_bytes += bytes.len();
                }
            }
        });
    }
    with(env, number, |connection| {
        connection.receive_paused |= connection.is_writing
    });
}

/// `OnStreamClose`: what was asked to go out goes out first.
fn stream_closed(ctx: Ctx, number: u64, id: u32, code: u32) {
    let env = Environment::of(ctx);
    let Some(object) = stream::object(env, number, id) else {
        return;
    };
    let waits = with(env, number, |connection| connection.core.wants_write());
    if code == code::NO_ERROR && waits == Some(true) {
        soon(env, move |ctx| stream_closed(ctx, number, id, code));
        return;
    }
    let args = [ctx.number(f64::from(code))];
    let answer = call_on(ctx, &object, "http2 streamClose", &args);
    if answer.is_none_or(|answer| !answer.truthy()) {
        stream::destroy(ctx, number, id);
    }
}
