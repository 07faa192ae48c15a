//! HTTP/1 messages as they arrive (`src/node_http_parser.cc`, llhttp 8 in its strict mode): a state machine over bytes
//! that calls the library at the head of a message, for each piece of its body, and at its end.
//!
//! Leaves out: the lenient modes, pausing in the middle of a packet, and HTTP/2's preface.

use kernel::Table;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::engine::value::{Ctx, Js, Thrown, Value};

use super::{
    async_wrap, buffer, callback,
    environment::{Environment, copy_bytes},
    native::{Call, Target, state_of, throw_new},
    net, tls_wrap,
};

const METHODS: [&str; 47] = [
    "DELETE",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PATCH",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
    "PRI",
    "DESCRIBE",
    "ANNOUNCE",
    "SETUP",
    "PLAY",
    "PAUSE",
    "TEARDOWN",
    "GET_PARAMETER",
    "SET_PARAMETER",
    "REDIRECT",
    "RECORD",
    "FLUSH",
    "QUERY",
];
const CONNECT: usize = 5;
const HEAD_BYTES_MAX: usize = 16 * 1024;

const REQUEST: f64 = 1.0;
const RESPONSE: f64 = 2.0;
// The keys under which the library puts its callbacks.
const ON_MESSAGE_BEGIN: u32 = 0;
const ON_HEADERS: u32 = 1;
const ON_HEADERS_COMPLETE: u32 = 2;
const ON_BODY: u32 = 3;
const ON_MESSAGE_COMPLETE: u32 = 4;
const ON_EXECUTE: u32 = 5;
const ON_TIMEOUT: u32 = 6;

/// llhttp's name for what is wrong, and its words.
type Fault = (&'static str, &'static str);

enum Stop {
    Fault(Fault),
    /// A callback threw.
    Thrown,
    /// What follows is another protocol's.
    Upgrade,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Between messages.
    #[default]
    Start,
    StartLine,
    Header,
    Body,
    UntilEnd,
    ChunkSize,
    Chunk,
    ChunkEnd,
    Trailer,
    Closed,
    Upgraded,
}

/// One message so far.
#[derive(Default)]
struct Message {
    method: usize,
    url: String,
    status: u16,
    words: String,
    minor: u8,
    headers: Vec<(String, String)>,
    length: Option<u64>,
    /// Of the body, or of the chunk.
    left: u64,
    is_chunked: bool,
    has_encoding: bool,
    says_close: bool,
    says_keep_alive: bool,
    says_upgrade: bool,
    connection_upgrade: bool,
    skips_body: bool,
    upgrades: bool,
}

#[derive(Default)]
struct Parser {
    is_response: Cell<bool>,
    state: Cell<State>,
    /// The line at hand, as far as it has arrived.
    line: RefCell<Vec<u8>>,
    head_bytes: Cell<usize>,
    head_bytes_max: Cell<usize>,
    message: RefCell<Message>,
    fault: Cell<Option<Fault>>,
    current: RefCell<Vec<u8>>,
    started_ns: Cell<u64>,
    headers_completed: Cell<bool>,
    list: RefCell<Option<Rc<Connections>>>,
    number: Cell<u64>,
    resource: RefCell<Option<Value>>,
    consumed: Cell<Option<Consumed>>,
}

/// Whose bytes it gets in the library's place.
#[derive(Clone, Copy)]
enum Consumed {
    Socket(u64),
    Session(u64),
}

#[derive(Default)]
struct Connections {
    next: Cell<u64>,
    all: RefCell<Table<u64, Value>>,
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let parser = t.class("HTTPParser", |c| c.construct(Parser::default()));
    parser
        .with("initialize", begin)
        .with("execute", |c| {
            let bytes = copy_bytes(c.ctx, &c.arg(0))?;
            execute(c.ctx, &c.this(), &bytes)
        })
        .with("finish", finish)
        .with("close", |c| {
            async_wrap::emit_destroy(c.ctx, async_wrap::ids_of(c.ctx, &c.this()).0);
            leave(c)
        })
        .with("free", |c| {
            async_wrap::emit_destroy(c.ctx, async_wrap::ids_of(c.ctx, &c.this()).0);
            c.state::<Parser>()?.resource.take();
            c.undefined()
        })
        .with("remove", leave)
        .with("pause", |c| c.undefined())
        .with("resume", |c| c.undefined())
        .with("consume", |c| {
            let (stream, parser) = (c.arg(0), c.this());
            let consumed = net::consume(c.ctx, &stream, Some(parser.clone()))
                .map(Consumed::Socket)
                .or_else(|| tls_wrap::consume(c.ctx, &stream, Some(parser)).map(Consumed::Session));
            c.state::<Parser>()?.consumed.set(consumed);
            c.undefined()
        })
        .with("unconsume", |c| {
            match c.state::<Parser>()?.consumed.take() {
                Some(Consumed::Socket(number)) => net::release(c.env(), number),
                Some(Consumed::Session(number)) => tls_wrap::release(c.env(), number),
                None => {}
            }
            c.undefined()
        })
        .with("getCurrentBuffer", |c| {
            let bytes = c.state::<Parser>()?.current.borrow().clone();
            Ok(buffer::new_buffer(c.ctx, &bytes))
        })
        .with("duration", |c| {
            let started_ns = c.state::<Parser>()?.started_ns.get();
            let ns = if started_ns == 0 {
                0
            } else {
                c.env().now_ns() - started_ns
            };
            Ok(c.ctx.number(ns as f64 / 1e6))
        })
        .with("headersCompleted", |c| {
            Ok(c.ctx.bool(c.state::<Parser>()?.headers_completed.get()))
        });
    let class = ctx.get(&t.object, "HTTPParser")?;
    for (name, value) in [
        ("REQUEST", REQUEST),
        ("RESPONSE", RESPONSE),
        ("kOnMessageBegin", f64::from(ON_MESSAGE_BEGIN)),
        ("kOnHeaders", f64::from(ON_HEADERS)),
        ("kOnHeadersComplete", f64::from(ON_HEADERS_COMPLETE)),
        ("kOnBody", f64::from(ON_BODY)),
        ("kOnMessageComplete", f64::from(ON_MESSAGE_COMPLETE)),
        ("kOnExecute", f64::from(ON_EXECUTE)),
        ("kOnTimeout", f64::from(ON_TIMEOUT)),
        ("kLenientNone", 0.0),
        ("kLenientHeaders", 1.0),
        ("kLenientChunkedLength", 2.0),
        ("kLenientKeepAlive", 4.0),
        ("kLenientTransferEncoding", 8.0),
        ("kLenientVersion", 16.0),
        ("kLenientDataAfterClose", 32.0),
        ("kLenientOptionalLFAfterCR", 64.0),
        ("kLenientOptionalCRLFAfterChunk", 128.0),
        ("kLenientOptionalCRBeforeLF", 256.0),
        ("kLenientSpacesAfterChunkSize", 512.0),
        ("kLenientAll", 1023.0),
    ] {
        ctx.set(&class, name, ctx.number(value));
    }
    let list = t.class("ConnectionsList", |c| {
        c.construct(Rc::new(Connections::default()))
    });
    list.with("all", |c| listed(c, |_| true))
        .with("idle", |c| listed(c, |parser| parser.started_ns.get() == 0))
        .with("active", |c| {
            listed(c, |parser| parser.started_ns.get() != 0)
        })
        .with("expired", |c| {
            let now_ns = c.env().now_ns();
            let deadline = |ms: f64| {
                if ms > 0.0 {
                    now_ns.saturating_sub((ms * 1e6) as u64)
                } else {
                    0
                }
            };
            let (headers, request) = (deadline(c.number(0)), deadline(c.number(1)));
            listed(c, |parser| {
                let started_ns = parser.started_ns.get();
                started_ns != 0
                    && (!parser.headers_completed.get() && started_ns < headers
                        || started_ns < request)
            })
        });
    Ok(())
}

fn listed(c: &Call, which: impl Fn(&Parser) -> bool) -> Js<Value> {
    let list = c.state::<Rc<Connections>>()?.clone();
    let all: Vec<_> = list.all.borrow().values().cloned().collect();
    let found: Vec<_> = all
        .into_iter()
        .filter(|object| state_of::<Parser>(c.ctx, object.raw()).is_ok_and(&which))
        .collect();
    Ok(c.ctx.array(found))
}

/// `initialize(type, resource, maxHeaderSize, lenientFlags, connections)`.
fn begin(c: &Call) -> Js<Value> {
    let (object, parser, resource) = (c.this(), c.state::<Parser>()?, c.arg(1));
    let is_response = c.number(0) == RESPONSE;
    let kind = if is_response {
        "HTTPCLIENTREQUEST"
    } else {
        "HTTPINCOMINGMESSAGE"
    };
    async_wrap::adopt_resource(c.ctx, &object, kind, &resource);
    parser.is_response.set(is_response);
    parser.state.set(State::Start);
    parser.line.borrow_mut().clear();
    parser.head_bytes.set(0);
    let most = c.number(2) as usize;
    parser
        .head_bytes_max
        .set(if most > 0 { most } else { HEAD_BYTES_MAX });
    parser.fault.set(None);
    parser.headers_completed.set(false);
    parser.started_ns.set(0);
    *parser.message.borrow_mut() = Message::default();
    *parser.resource.borrow_mut() = Some(resource);
    if let Ok(list) = state_of::<Rc<Connections>>(c.ctx, c.arg(4).raw()) {
        let number = list.next.get() + 1;
        list.next.set(number);
        parser.number.set(number);
        parser.started_ns.set(c.env().now_ns().max(1));
        list.all.borrow_mut().insert(number, object);
        *parser.list.borrow_mut() = Some(list.clone());
    } else {
        c.ctx.take_exception();
    }
    c.undefined()
}

fn leave(c: &Call) -> Js<Value> {
    let parser = c.state::<Parser>()?;
    if let Some(list) = parser.list.take() {
        let gone = list.all.borrow_mut().remove(&parser.number.get());
        drop(gone);
    }
    c.undefined()
}

/// Bytes that arrived for a parser that took its stream over (`Parser::OnStreamRead`).
pub fn stream_read(ctx: Ctx, object: &Value, bytes: &[u8]) {
    let answer = match execute(ctx, object, bytes) {
        Ok(answer) => answer,
        Err(Thrown) => {
            callback::uncaught(ctx, false);
            return;
        }
    };
    if let Ok(function) = ctx.at(object, ON_EXECUTE)
        && function.is_function()
    {
        make(ctx, object, &function, &[answer]);
    }
}

fn make(ctx: Ctx, object: &Value, function: &Value, args: &[Value]) -> Option<Value> {
    let resource = state_of::<Parser>(ctx, object.raw())
        .ok()
        .and_then(|parser| parser.resource.borrow().clone());
    let ids = async_wrap::ids_of(ctx, object);
    callback::make_as(
        ctx,
        function,
        object,
        args,
        ids,
        resource.as_ref().or(Some(object)),
    )
}

/// A call that leaves the queues alone (`InternalCallbackScope::kSkipTaskQueues`).
fn call(ctx: Ctx, object: &Value, which: u32, args: &[Value]) -> Result<Option<Value>, Stop> {
    let function = ctx.at(object, which).map_err(|_| Stop::Thrown)?;
    if !function.is_function() {
        return Ok(None);
    }
    let env = Environment::of(ctx);
    let resource = state_of::<Parser>(ctx, object.raw())
        .ok()
        .and_then(|parser| parser.resource.borrow().clone());
    let (id, trigger) = async_wrap::ids_of(ctx, object);
    env.scope_depth.set(env.scope_depth.get() + 1);
    async_wrap::push(ctx, id, trigger, resource.as_ref().unwrap_or(object));
    async_wrap::emit(ctx, "emitBefore", id);
    let result = ctx.call(&function, object, args);
    if result.is_ok() {
        async_wrap::emit(ctx, "emitAfter", id);
    }
    async_wrap::pop(ctx, id);
    env.scope_depth.set(env.scope_depth.get() - 1);
    result.map(Some).map_err(|_| Stop::Thrown)
}

/// Answers how many bytes were parsed, or an error.
fn execute(ctx: Ctx, object: &Value, bytes: &[u8]) -> Js<Value> {
    let parser = state_of::<Parser>(ctx, object.raw())?;
    *parser.current.borrow_mut() = bytes.to_vec();
    if let Some(fault) = parser.fault.get() {
        return Ok(error(ctx, fault, 0));
    }
    let mut at = 0;
    while at < bytes.len() {
        match step(ctx, object, parser, &bytes[at..]) {
            Ok(count) => at += count,
            Err((count, Stop::Upgrade)) => {
                at += count;
                break;
            }
            Err((count, Stop::Fault(fault))) => {
                parser.fault.set(Some(fault));
                return Ok(error(ctx, fault, at + count));
            }
            Err((_, Stop::Thrown)) => return Err(Thrown),
        }
    }
    Ok(ctx.number(at as f64))
}

fn error(ctx: Ctx, (code, reason): Fault, parsed: usize) -> Value {
    throw_new(ctx, "Error", "Parse Error");
    let error = ctx.take_exception();
    ctx.set(&error, "bytesParsed", ctx.number(parsed as f64));
    ctx.set(&error, "code", ctx.string(code));
    ctx.set(&error, "reason", ctx.string(reason));
    error
}

/// The stream ended.
fn finish(c: &Call) -> Js<Value> {
    let (object, parser) = (c.this(), c.state::<Parser>()?);
    match parser.state.get() {
        State::UntilEnd => match complete(c.ctx, &object, parser) {
            Err(Stop::Thrown) => return Err(Thrown),
            _ => return c.undefined(),
        },
        State::Start | State::Closed | State::Upgraded => return c.undefined(),
        State::StartLine if parser.line.borrow().is_empty() => return c.undefined(),
        _ => {}
    }
    // What was wrong before has been said before.
    if parser.fault.get().is_some() {
        return c.undefined();
    }
    Ok(error(
        c.ctx,
        ("HPE_INVALID_EOF_STATE", "Invalid EOF state"),
        0,
    ))
}

/// Takes some of `bytes`; an error comes with how many were good.
fn step(ctx: Ctx, object: &Value, parser: &Parser, bytes: &[u8]) -> Result<usize, (usize, Stop)> {
    let whole = |result: Result<(), Stop>, count: usize| {
        result.map(|()| count).map_err(|stop| (count, stop))
    };
    match parser.state.get() {
        State::Upgraded => Err((0, Stop::Upgrade)),
        State::Closed => {
            let blank = bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if blank == bytes.len() {
                return Ok(blank);
            }
            Err((
                blank,
                Stop::Fault(("HPE_CLOSED_CONNECTION", "Data after `Connection: close`")),
            ))
        }
        State::Start => {
            let blank = bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if blank == bytes.len() {
                return Ok(blank);
            }
            parser.state.set(State::StartLine);
            parser.head_bytes.set(0);
            parser.headers_completed.set(false);
            parser.started_ns.set(Environment::of(ctx).now_ns().max(1));
            *parser.message.borrow_mut() = Message::default();
            call(ctx, object, ON_MESSAGE_BEGIN, &[])
                .map(|_| blank)
                .map_err(|stop| (blank, stop))
        }
        State::Body | State::Chunk => {
            let left = parser.message.borrow().left;
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            parser.message.borrow_mut().left -= count as u64;
            whole(body(ctx, object, &bytes[..count]), 0).map_err(|(_, stop)| (count, stop))?;
            if left == count as u64 {
                if parser.state.get() == State::Chunk {
                    parser.state.set(State::ChunkEnd);
                } else {
                    return whole(complete(ctx, object, parser), count);
                }
            }
            Ok(count)
        }
        State::UntilEnd => whole(body(ctx, object, bytes), bytes.len()),
        State::StartLine | State::Header | State::ChunkSize | State::ChunkEnd | State::Trailer => {
            let until = bytes.iter().position(|byte| *byte == b'\n');
            let count = until.map_or(bytes.len(), |at| at + 1);
            let in_head = !matches!(parser.state.get(), State::ChunkSize | State::ChunkEnd);
            if in_head {
                parser.head_bytes.set(parser.head_bytes.get() + count);
                if parser.head_bytes.get() >= parser.head_bytes_max.get() {
                    return Err((
                        count,
                        Stop::Fault(("HPE_HEADER_OVERFLOW", "Header overflow")),
                    ));
                }
            }
            parser.line.borrow_mut().extend_from_slice(&bytes[..count]);
            if parser.state.get() == State::StartLine {
                let before = parser.line.borrow().len() - count;
                early_fault(parser)
                    .map_err(|(at, fault)| (at.saturating_sub(before), Stop::Fault(fault)))?;
            }
            if until.is_none() {
                return Ok(count);
            }
            let mut line = parser.line.take();
            line.pop();
            if line.pop_if(|last| *last == b'\r').is_none() {
                let fault = match parser.state.get() {
                    State::StartLine => ("HPE_INVALID_VERSION", "Expected CRLF after version"),
                    State::ChunkSize => ("HPE_STRICT", "Expected LF after chunk data"),
                    _ => ("HPE_CR_EXPECTED", "Missing expected CR after header value"),
                };
                return Err((count.saturating_sub(1), Stop::Fault(fault)));
            }
            whole(take_line(ctx, object, parser, &line), count)
        }
    }
}

/// What is wrong with a start line before it is whole, and where.
fn early_fault(parser: &Parser) -> Result<(), (usize, Fault)> {
    let line = parser.line.borrow();
    if parser.is_response.get() {
        let expected = b"HTTP/";
        return match line.iter().zip(expected).position(|(one, two)| one != two) {
            Some(at) => Err((at, ("HPE_INVALID_CONSTANT", "Expected HTTP/"))),
            None => Ok(()),
        };
    }
    let common = |method: &&str| {
        method
            .bytes()
            .zip(line.iter())
            .take_while(|(one, two)| one == *two)
            .count()
    };
    let best = METHODS.iter().map(&common).max().unwrap_or(0);
    let ends_well = METHODS.iter().any(|method| {
        method.len() == best
            && line.get(best).is_none_or(|byte| *byte == b' ')
            && common(method) == best
    });
    if best == line.len() || ends_well {
        Ok(())
    } else {
        Err((best, ("HPE_INVALID_METHOD", "Invalid method encountered")))
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn take_line(ctx: Ctx, object: &Value, parser: &Parser, line: &[u8]) -> Result<(), Stop> {
    match parser.state.get() {
        State::StartLine => {
            let result = if parser.is_response.get() {
                status_line(parser, line)
            } else {
                request_line(parser, line)
            };
            result.map_err(Stop::Fault)?;
            parser.state.set(State::Header);
        }
        State::Header if line.is_empty() => return head_complete(ctx, object, parser),
        State::Header | State::Trailer if !line.is_empty() => {
            header(parser, line).map_err(Stop::Fault)?
        }
        State::ChunkSize => {
            let digits = line
                .split(|byte| matches!(byte, b';' | b' '))
                .next()
                .unwrap_or_default();
            let size = std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u64::from_str_radix(digits, 16).ok());
            let Some(size) = size.filter(|_| digits.iter().all(u8::is_ascii_hexdigit)) else {
                return Err(Stop::Fault((
                    "HPE_INVALID_CHUNK_SIZE",
                    "Invalid character in chunk size",
                )));
            };
            parser.message.borrow_mut().left = size;
            if size == 0 {
                parser.message.borrow_mut().headers.clear();
                parser.state.set(State::Trailer);
            } else {
                parser.state.set(State::Chunk);
            }
        }
        State::ChunkEnd => {
            if !line.is_empty() {
                return Err(Stop::Fault(("HPE_STRICT", "Expected LF after chunk data")));
            }
            parser.state.set(State::ChunkSize);
        }
        // The end of the trailers.
        _ => {
            let trailers = std::mem::take(&mut parser.message.borrow_mut().headers);
            if !trailers.is_empty() {
                let args = [pairs(ctx, &trailers), ctx.string("")];
                call(ctx, object, ON_HEADERS, &args)?;
            }
            return complete(ctx, object, parser);
        }
    }
    Ok(())
}

fn version(text: &[u8]) -> Result<u8, Fault> {
    match text {
        b"HTTP/1.1" => Ok(1),
        b"HTTP/1.0" => Ok(0),
        b"HTTP/0.9" => Ok(9),
        _ if text.starts_with(b"HTTP/") => Err(("HPE_INVALID_VERSION", "Invalid HTTP version")),
        _ => Err(("HPE_INVALID_CONSTANT", "Expected HTTP/")),
    }
}

fn request_line(parser: &Parser, line: &[u8]) -> Result<(), Fault> {
    let mut words = line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let (method, url) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let bad_byte = url.iter().any(|byte| *byte <= 0x20 || *byte == 0x7f);
    let method = METHODS.iter().position(|each| each.as_bytes() == method);
    let Some(method) = method else {
        return Err(("HPE_INVALID_METHOD", "Invalid method encountered"));
    };
    let starts_well = method == CONNECT
        || url
            .first()
            .is_some_and(|first| *first == b'/' || *first == b'*' || first.is_ascii_alphabetic());
    if url.is_empty() || bad_byte {
        return Err(("HPE_INVALID_URL", "Invalid characters in url"));
    }
    if !starts_well {
        return Err(("HPE_INVALID_URL", "Unexpected start char in url"));
    }
    let minor = version(words.next().unwrap_or_default())?;
    if words.next().is_some() {
        return Err(("HPE_INVALID_VERSION", "Expected CRLF after version"));
    }
    let mut message = parser.message.borrow_mut();
    message.method = method;
    message.url = latin1(url);
    message.minor = minor;
    Ok(())
}

fn status_line(parser: &Parser, line: &[u8]) -> Result<(), Fault> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let minor = version(words.next().unwrap_or_default())?;
    let status = words.next().unwrap_or_default();
    if status.len() != 3 || !status.iter().all(u8::is_ascii_digit) {
        return Err(("HPE_INVALID_STATUS", "Invalid status code"));
    }
    let mut message = parser.message.borrow_mut();
    message.minor = minor;
    message.status = status
        .iter()
        .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    message.words = latin1(words.next().unwrap_or_default());
    Ok(())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn header(parser: &Parser, line: &[u8]) -> Result<(), Fault> {
    const TOKEN: Fault = ("HPE_INVALID_HEADER_TOKEN", "Invalid header token");
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(TOKEN);
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(TOKEN);
    }
    if value.contains(&b'\r') {
        return Err(("HPE_LF_EXPECTED", "Missing expected LF after header value"));
    }
    if value
        .iter()
        .any(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f)
    {
        return Err(("HPE_INVALID_HEADER_TOKEN", "Invalid header value char"));
    }
    let (name, value) = (latin1(name), latin1(value));
    let value = value.trim_matches([' ', '\t']).to_owned();
    let mut message = parser.message.borrow_mut();
    if parser.state.get() == State::Header {
        note(
            &mut message,
            parser.is_response.get(),
            &name.to_ascii_lowercase(),
            &value,
        )?;
    }
    message.headers.push((name, value));
    Ok(())
}

/// What a header means for the message itself.
fn note(message: &mut Message, is_response: bool, name: &str, value: &str) -> Result<(), Fault> {
    match name {
        "content-length" => {
            if message.length.is_some() {
                return Err((
                    "HPE_UNEXPECTED_CONTENT_LENGTH",
                    "Content-Length already present",
                ));
            }
            if message.has_encoding && !is_response {
                let words = "Content-Length can't be present with Transfer-Encoding";
                return Err(("HPE_UNEXPECTED_CONTENT_LENGTH", words));
            }
            if value.is_empty() {
                return Err(("HPE_INVALID_CONTENT_LENGTH", "Empty Content-Length"));
            }
            let length = value
                .parse()
                .ok()
                .filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(length) = length else {
                return Err((
                    "HPE_INVALID_CONTENT_LENGTH",
                    "Invalid character in Content-Length",
                ));
            };
            message.length = Some(length);
        }
        "transfer-encoding" => {
            if message.length.is_some() && !is_response {
                let words = "Transfer-Encoding can't be present with Content-Length";
                return Err(("HPE_INVALID_TRANSFER_ENCODING", words));
            }
            message.has_encoding = true;
            // Of a request nothing may follow `chunked`: two servers would take its end at different places.
            for encoding in value.split(',') {
                if message.is_chunked && !is_response {
                    let words = "Invalid `Transfer-Encoding` header value";
                    return Err(("HPE_INVALID_TRANSFER_ENCODING", words));
                }
                message.is_chunked = encoding.trim().eq_ignore_ascii_case("chunked");
            }
        }
        "connection" | "proxy-connection" => {
            for token in value.split(',') {
                match token.trim().to_ascii_lowercase().as_str() {
                    "close" => message.says_close = true,
                    "keep-alive" => message.says_keep_alive = true,
                    "upgrade" => message.connection_upgrade = true,
                    _ => {}
                }
            }
        }
        "upgrade" => message.says_upgrade = true,
        _ => {}
    }
    Ok(())
}

fn needs_end(message: &Message, is_response: bool) -> bool {
    is_response
        && !(message.status / 100 == 1
            || message.status == 204
            || message.status == 304
            || message.skips_body)
        && !(message.is_chunked || message.length.is_some())
}

fn keeps_alive(message: &Message, is_response: bool) -> bool {
    let wants = if message.minor == 1 {
        !message.says_close
    } else {
        message.says_keep_alive
    };
    wants && !needs_end(message, is_response)
}

fn pairs(ctx: Ctx, headers: &[(String, String)]) -> Value {
    ctx.strings(
        headers
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value.as_str()]),
    )
}

fn head_complete(ctx: Ctx, object: &Value, parser: &Parser) -> Result<(), Stop> {
    let is_response = parser.is_response.get();
    parser.headers_completed.set(true);
    let args = {
        let mut message = parser.message.borrow_mut();
        let asks = message.says_upgrade && message.connection_upgrade;
        message.upgrades = if is_response {
            asks && message.status == 101
        } else {
            asks || message.method == CONNECT
        };
        let headers = std::mem::take(&mut message.headers);
        let number = |value: f64| ctx.number(value);
        let (major, minor) = if message.minor == 9 {
            (0.0, 9.0)
        } else {
            (1.0, f64::from(message.minor))
        };
        let none = ctx.undefined();
        let keeps_alive = ctx.bool(keeps_alive(&message, is_response));
        let upgrades = ctx.bool(message.upgrades);
        if is_response {
            let status = number(f64::from(message.status));
            [
                number(major),
                number(minor),
                pairs(ctx, &headers),
                none.clone(),
                none,
                status,
                ctx.string(&message.words),
                upgrades,
                keeps_alive,
            ]
        } else {
            let method = number(message.method as f64);
            [
                number(major),
                number(minor),
                pairs(ctx, &headers),
                method,
                ctx.string(&message.url),
                none.clone(),
                none,
                upgrades,
                keeps_alive,
            ]
        }
    };
    let answer =
        call(ctx, object, ON_HEADERS_COMPLETE, &args)?.map_or(0.0, |answer| answer.as_f64());
    let next = {
        let mut message = parser.message.borrow_mut();
        if answer >= 1.0 {
            message.skips_body = true;
        }
        if answer == 2.0 {
            message.upgrades = true;
        }
        let has_body = message.is_chunked || message.length.is_some_and(|length| length > 0);
        let is_over = message.upgrades && (message.method == CONNECT && !is_response || !has_body);
        if is_over || message.skips_body {
            None
        } else if message.is_chunked {
            Some(State::ChunkSize)
        } else if message.has_encoding && !is_response {
            let words = "Request has invalid `Transfer-Encoding`";
            return Err(Stop::Fault(("HPE_INVALID_TRANSFER_ENCODING", words)));
        } else if message.has_encoding || needs_end(&message, is_response) {
            Some(State::UntilEnd)
        } else {
            message.left = message.length.unwrap_or(0);
            let no_body = is_response
                && (message.status / 100 == 1 || message.status == 204 || message.status == 304);
            (message.left > 0 && !no_body).then_some(State::Body)
        }
    };
    match next {
        Some(state) => {
            parser.state.set(state);
            Ok(())
        }
        None => complete(ctx, object, parser),
    }
}

fn body(ctx: Ctx, object: &Value, bytes: &[u8]) -> Result<(), Stop> {
    if bytes.is_empty() {
        return Ok(());
    }
    let function = ctx.at(object, ON_BODY).map_err(|_| Stop::Thrown)?;
    if function.is_function() {
        make(ctx, object, &function, &[buffer::new_buffer(ctx, bytes)]);
    }
    Ok(())
}

fn complete(ctx: Ctx, object: &Value, parser: &Parser) -> Result<(), Stop> {
    parser.started_ns.set(0);
    let (keeps_alive, upgrades) = {
        let message = parser.message.borrow();
        (
            keeps_alive(&message, parser.is_response.get()),
            message.upgrades,
        )
    };
    parser.state.set(match (upgrades, keeps_alive) {
        (true, _) => State::Upgraded,
        (false, true) => State::Start,
        (false, false) => State::Closed,
    });
    call(ctx, object, ON_MESSAGE_COMPLETE, &[])?;
    if upgrades { Err(Stop::Upgrade) } else { Ok(()) }
}
