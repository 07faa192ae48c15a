//! `StreamPipe` (`src/stream_pipe.cc`): bytes of a file into a stream, for `respondWithFile` and `respondWithFD`. One
//! piece is read at a time; the next one once the socket has it.

use std::cell::Cell;

use protocol::trace::PoolWork;

use crate::{
    bindings::{
        callback,
        environment::Environment,
        fs, messaging,
        native::{Target, throw_not_simulated},
        net,
    },
    engine::value::{Ctx, Value},
};

use super::{
    session::Writer,
    stream::{EOF, Http2Stream, with_open},
    wire::{scoped, soon},
};

const PIECE_BYTES_MAX: u64 = 65_536;

struct StreamPipe {
    fd: i32,
    /// Where the file stands by itself when there is none.
    at: Cell<Option<u64>>,
    left: Cell<Option<u64>>,
    is_closed: Cell<bool>,
    is_writing: Cell<bool>,
}

pub fn initialize(t: &Target) {
    t.class("StreamPipe", |c| {
        let (source, sink) = (c.arg(0), c.arg(1));
        let is_stream = messaging::state::<Http2Stream>(c.ctx, &sink).is_some();
        let Some((fd, at, left)) = fs::opened(c.ctx, &source).filter(|_| is_stream) else {
            let what = "A StreamPipe from or to anything but a file and an HTTP/2 stream";
            return Err(throw_not_simulated(c.ctx, what));
        };
        let object = c.construct(StreamPipe {
            fd,
            at: Cell::new(at),
            left: Cell::new(left),
            is_closed: Cell::new(false),
            is_writing: Cell::new(false),
        })?;
        c.ctx.set(&object, "source", source);
        c.ctx.set(&object, "sink", sink);
        Ok(object)
    })
    .with("start", |c| {
        read_next(c.ctx, &c.this());
        c.undefined()
    })
    .with("unpipe", |c| {
        unpipe(c.ctx, &c.this());
        c.undefined()
    })
    .with("isClosed", |c| {
        Ok(c.ctx.bool(c.state::<StreamPipe>()?.is_closed.get()))
    })
    .with("pendingWrites", |c| {
        let writes = u8::from(c.state::<StreamPipe>()?.is_writing.get());
        Ok(c.ctx.number(f64::from(writes)))
    });
}

fn read_next(ctx: Ctx, pipe: &Value) {
    let pipe = pipe.clone();
    Environment::of(ctx).queue_work(PoolWork::File, fs::WORK_NS, move |ctx| read(ctx, &pipe));
}

fn read(ctx: Ctx, pipe: &Value) {
    let env = Environment::of(ctx);
    let Some(state) =
        messaging::state::<StreamPipe>(ctx, pipe).filter(|pipe| !pipe.is_closed.get())
    else {
        return;
    };
    let length = state
        .left
        .get()
        .map_or(PIECE_BYTES_MAX, |left| left.min(PIECE_BYTES_MAX));
    let position = state.at.get().map_or(-1.0, |at| at as f64);
    let read = env
        .files
        .borrow_mut()
        .read(state.fd, length as usize, position);
    match read {
        Ok(bytes) if !bytes.is_empty() => {
            let count = bytes.len() as u64;
            state.at.set(state.at.get().map(|at| at + count));
            state.left.set(state.left.get().map(|left| left - count));
            if !write(ctx, pipe, bytes) {
                unpipe(ctx, pipe);
            }
        }
        Ok(_) => end(ctx, pipe, EOF),
        Err(code) => end(ctx, pipe, fs::errno_of(code).0),
    }
}

fn sink(ctx: Ctx, pipe: &Value) -> Option<&'static Http2Stream> {
    let sink = ctx.get(pipe, "sink").ok()?;
    // The stream's object lives as long as the pipe's, which holds it.
    messaging::state::<Http2Stream>(ctx, &sink)
}

fn write(ctx: Ctx, pipe: &Value, bytes: Vec<u8>) -> bool {
    let Some(stream) = sink(ctx, pipe) else {
        return false;
    };
    let env = Environment::of(ctx);
    let is_open = with_open(env, stream.session, stream.id, |open| {
        open.bytes_written += bytes.len() as u64;
        !open.is_shut
    });
    if is_open != Some(true) {
        return false;
    }
    if let Some(state) = messaging::state::<StreamPipe>(ctx, pipe) {
        state.is_writing.set(true);
    }
    scoped(ctx, stream.session, |connection| {
        let tag = connection.tag(Writer::Pipe(pipe.clone()));
        connection.core.write(stream.id, bytes, Some(tag));
    });
    true
}

pub fn written(ctx: Ctx, pipe: &Value, status: i32) {
    if let Some(state) = messaging::state::<StreamPipe>(ctx, pipe) {
        state.is_writing.set(false);
    }
    if status < 0 {
        unpipe(ctx, pipe);
    } else {
        read_next(ctx, pipe);
    }
}

/// The file has no more, or cannot be read.
fn end(ctx: Ctx, pipe: &Value, code: i32) {
    let env = Environment::of(ctx);
    env.set_u32("streamBaseState", net::READ_BYTES_OR_ERROR, code as u32);
    if let Ok(source) = ctx.get(pipe, "source") {
        callback::make_method(ctx, &source, "onread", &[]);
    }
    if let Some(stream) = sink(ctx, pipe) {
        with_open(env, stream.session, stream.id, |open| open.is_shut = true);
        scoped(ctx, stream.session, |connection| {
            connection.core.end(stream.id)
        });
    }
    unpipe(ctx, pipe);
}

fn unpipe(ctx: Ctx, pipe: &Value) {
    let Some(state) = messaging::state::<StreamPipe>(ctx, pipe) else {
        return;
    };
    if state.is_closed.replace(true) {
        return;
    }
    let pipe = pipe.clone();
    soon(Environment::of(ctx), move |ctx| {
        callback::make_method(ctx, &pipe, "onunpipe", &[]);
    });
}
