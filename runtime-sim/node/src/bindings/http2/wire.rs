//! What a session sends and reads, and when: `SendPendingData`, `ConsumeHTTP2Data` and what is around them.

use ::http2::session::Sent;

use crate::{
    bindings::{
        callback,
        environment::Environment,
        net::{self, Above},
        tls_wrap,
    },
    engine::value::Ctx,
};

use super::{
    events::tell_events,
    pipe,
    session::{Connection, Writer, call_below, finish_close, tell, with},
    stream,
};

const ECANCELED: i32 = -125;

// ---- writing ----

/// `Http2Scope`: what `body` asks for is sent in an immediate, if nobody sends it before.
pub fn scoped<T>(ctx: Ctx, number: u64, body: impl FnOnce(&mut Connection) -> T) -> Option<T> {
    let env = Environment::of(ctx);
    let opened = enter(env, number);
    let result = with(env, number, body);
    if opened {
        leave(ctx, number);
    }
    result
}

fn enter(env: &Environment, number: u64) -> bool {
    with(env, number, |connection| {
        let opens = !connection.in_scope && !connection.write_scheduled;
        connection.in_scope |= opens;
        opens
    }) == Some(true)
}

fn leave(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    with(env, number, |connection| connection.in_scope = false);
    schedule_write(ctx, number);
}

/// `Environment::SetImmediate`
pub fn soon(env: &Environment, done: impl FnOnce(Ctx) + 'static) {
    env.requests.await_immediate(done);
    env.host().uv.immediate_ref = true;
}

fn schedule_write(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    let schedules = with(env, number, |connection| {
        let schedules = !connection.write_scheduled && connection.core.wants_write();
        connection.write_scheduled |= schedules;
        schedules
    });
    if schedules != Some(true) {
        return;
    }
    soon(env, move |ctx| {
        let env = Environment::of(ctx);
        if with(env, number, |connection| connection.write_scheduled) == Some(true) {
            callback::in_scope(ctx, || {
                send_pending(ctx, number);
            });
        }
    });
}

/// `Http2Session::SendPendingData`; `true` when a write is under way already.
pub fn send_pending(ctx: Ctx, number: u64) -> bool {
    let env = Environment::of(ctx);
    let begins = with(env, number, |connection| {
        if connection.destroyed {
            return Some(false);
        }
        connection.write_scheduled = false;
        if connection.is_sending {
            return None;
        }
        connection.is_sending = true;
        Some(true)
    });
    match begins.flatten() {
        Some(true) => {}
        Some(false) => return false,
        None => return begins.is_some(),
    }
    let mut sent = Sent::default();
    loop {
        let more = with(env, number, |connection| {
            connection.core.send_one(&mut sent)
        });
        let _ = tell_events(ctx, number);
        if more != Some(true) {
            break;
        }
    }
    let below = with(env, number, |connection| {
        connection.outgoing.append(&mut sent.tags);
        connection.below.clone()
    });
    let Some(Some(below)) = below else {
        clear_outgoing(ctx, number, ECANCELED);
        return false;
    };
    if sent.bytes.is_empty() {
        clear_outgoing(ctx, number, 0);
        return false;
    }
    with(env, number, |connection| {
        connection.chunks_sent += 1;
        connection.is_writing = true;
    });
    let above = Above::Http2(number);
    let is_done = tls_wrap::write_for(ctx, &below, &sent.bytes, above)
        .unwrap_or_else(|| net::write_for(ctx, &below, &sent.bytes, above));
    if is_done {
        with(env, number, |connection| connection.is_writing = false);
        clear_outgoing(ctx, number, 0);
    }
    stop_reading(ctx, number);
    notify_graceful_close(ctx, number);
    false
}

/// `Http2Session::ClearOutgoing`
fn clear_outgoing(ctx: Ctx, number: u64, status: i32) {
    let env = Environment::of(ctx);
    let outgoing = with(env, number, |connection| {
        connection.is_sending = false;
        std::mem::take(&mut connection.outgoing)
    });
    complete(ctx, number, outgoing.unwrap_or_default(), status);
    let resets = with(env, number, |connection| {
        std::mem::take(&mut connection.resets)
    });
    let resets = resets.unwrap_or_default();
    if resets.is_empty() {
        return;
    }
    send_pending(ctx, number);
    for id in resets {
        stream::flush_reset(ctx, number, id);
    }
}

pub fn complete(ctx: Ctx, number: u64, tags: Vec<u64>, status: i32) {
    for tag in tags {
        let writer = with(Environment::of(ctx), number, |connection| {
            connection.writes.remove(&tag)
        });
        match writer.flatten() {
            Some(Writer::Request(request)) => stream::complete(ctx, &request, status),
            Some(Writer::Pipe(pipe)) => pipe::written(ctx, &pipe, status),
            None => {}
        }
    }
}

/// The socket has taken what it was given (`Http2Session::OnStreamAfterWrite`).
pub fn written(ctx: Ctx, number: u64, status: i32) {
    callback::in_scope(ctx, || after_write(ctx, number, status));
}

fn after_write(ctx: Ctx, number: u64, status: i32) {
    let env = Environment::of(ctx);
    with(env, number, |connection| connection.is_writing = false);
    clear_outgoing(ctx, number, status);
    let reads_on = with(env, number, |connection| {
        connection.reading_stopped && !connection.is_writing && connection.core.wants_read()
    });
    if reads_on == Some(true) {
        with(env, number, |connection| connection.reading_stopped = false);
        call_below(ctx, number, "readStart");
    }
    if with(env, number, |connection| connection.destroyed) == Some(true) {
        return finish_close(ctx, number);
    }
    if with(env, number, |connection| connection.receive_paused) == Some(true) {
        read_on(ctx, number);
    }
    let waits = with(env, number, |connection| {
        !connection.write_scheduled && !connection.destroyed
    });
    if waits == Some(true) {
        schedule_write(ctx, number);
    }
    notify_graceful_close(ctx, number);
}

/// The library waits until nothing is to be said or heard any more.
fn notify_graceful_close(ctx: Ctx, number: u64) {
    let object = with(Environment::of(ctx), number, |connection| {
        let is_over = connection.closes_gracefully
            && !connection.core.wants_write()
            && !connection.core.wants_read();
        is_over.then(|| connection.object.clone())
    });
    if let Some(Some(object)) = object {
        callback::make_method(ctx, &object, "ongracefulclosecomplete", &[]);
    }
}

pub fn reset_later(env: &Environment, number: u64, id: u32) {
    with(env, number, |connection| connection.resets.push(id));
}

pub fn is_in_scope(env: &Environment, number: u64) -> bool {
    with(env, number, |connection| connection.in_scope) == Some(true)
}

pub fn take_reset(env: &Environment, number: u64, id: u32) -> bool {
    with(env, number, |connection| {
        let before = connection.resets.len();
        connection.resets.retain(|waiting| *waiting != id);
        connection.resets.len() < before
    }) == Some(true)
}

// ---- reading ----

/// Bytes from below (`Http2Session::OnStreamRead`).
pub fn received(ctx: Ctx, number: u64, bytes: &[u8]) {
    let env = Environment::of(ctx);
    let opened = enter(env, number);
    with(env, number, |connection| connection.core.receive(bytes));
    read_on(ctx, number);
    stop_reading(ctx, number);
    if opened {
        leave(ctx, number);
    }
}

fn stop_reading(ctx: Ctx, number: u64) {
    let stops = with(Environment::of(ctx), number, |connection| {
        // Of one that is destroyed, the socket itself reads on: it is to hear of the other end's last word.
        let stops = !connection.destroyed
            && !connection.reading_stopped
            && (connection.is_writing || !connection.core.wants_read());
        connection.reading_stopped |= stops;
        stops
    });
    if stops == Some(true) {
        call_below(ctx, number, "readStop");
    }
}

/// Reads what has come, as far as it goes (`Http2Session::ConsumeHTTP2Data`).
fn read_on(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    with(env, number, |connection| connection.receive_paused = false);
    let outcome = loop {
        if let Err(failure) = tell_events(ctx, number) {
            break Err(failure);
        }
        match with(env, number, |connection| {
            if connection.receive_paused {
                Ok(false)
            } else {
                connection.core.read_one()
            }
        }) {
            Some(Ok(true)) => {}
            Some(Err(error)) => break Err((error.0, None)),
            Some(Ok(false)) | None => break Ok(()),
        }
    };
    match outcome {
        Ok(()) => {
            let sends = with(env, number, |connection| {
                !connection.receive_paused && !connection.destroyed
            });
            if sends == Some(true) {
                send_pending(ctx, number);
            }
        }
        Err((code, name)) => {
            with(env, number, |connection| connection.core.stop_reading());
            let name = name.map_or_else(|| ctx.undefined(), |name| ctx.string(name));
            tell(
                ctx,
                number,
                "http2 error",
                &[ctx.number(f64::from(code)), name],
            );
        }
    }
}
