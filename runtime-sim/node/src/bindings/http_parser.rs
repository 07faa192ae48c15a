//! HTTP/1 messages as they arrive (`src/node_http_parser.cc`): calls the library at the head of a message, for each piece
//! of its body, and at its end.
//!
//! Leaves out pausing in the middle of a packet.

use kernel::Table;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::engine::value::{Ctx, Js, Thrown, Value};

use super::{
    async_wrap, buffer, callback,
    environment::{Environment, copy_bytes},
    http_scanner::{CONNECT, Fault, Found, Head, Scanner, lenient},
    native::{Call, Target, state_of, throw_new},
    net, tls_wrap,
};

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
    /// Around bodies: the head, the sizes of chunks, the trailers.
    Scan,
    Body,
    Chunk,
    UntilEnd,
    Closed,
    Upgraded,
}

#[derive(Default)]
struct Parser {
    state: Cell<State>,
    scanner: RefCell<Scanner>,
    /// Of the body, or of the chunk.
    left: Cell<u64>,
    skips_body: Cell<bool>,
    upgrades: Cell<bool>,
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
    parser.state.set(State::Start);
    let most = c.number(2) as usize;
    let most = if most > 0 { most } else { HEAD_BYTES_MAX };
    *parser.scanner.borrow_mut() = Scanner::new(is_response, c.number(3) as u32, most);
    parser.fault.set(None);
    parser.headers_completed.set(false);
    parser.started_ns.set(0);
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
    let blank = || {
        bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count()
    };
    match parser.state.get() {
        State::Upgraded => Err((0, Stop::Upgrade)),
        State::Closed => {
            let blank = blank();
            if blank == bytes.len() || parser.lets(lenient::DATA_AFTER_CLOSE) {
                return Ok(bytes.len());
            }
            let fault = ("HPE_CLOSED_CONNECTION", "Data after `Connection: close`");
            Err((blank + 1, Stop::Fault(fault)))
        }
        State::Start => {
            let blank = blank();
            if blank == bytes.len() {
                return Ok(blank);
            }
            parser.state.set(State::Scan);
            parser.headers_completed.set(false);
            parser.started_ns.set(Environment::of(ctx).now_ns().max(1));
            parser.scanner.borrow_mut().begin();
            parser.skips_body.set(false);
            parser.upgrades.set(false);
            call(ctx, object, ON_MESSAGE_BEGIN, &[])
                .map(|_| blank)
                .map_err(|stop| (blank, stop))
        }
        State::Body | State::Chunk => {
            let left = parser.left.get();
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            parser.left.set(left - count as u64);
            body(ctx, object, &bytes[..count]).map_err(|stop| (count, stop))?;
            if left > count as u64 {
                return Ok(count);
            }
            if parser.state.get() == State::Body {
                return whole(complete(ctx, object, parser), count);
            }
            parser.state.set(State::Scan);
            parser.scanner.borrow_mut().end_chunk();
            Ok(count)
        }
        State::UntilEnd => whole(body(ctx, object, bytes), bytes.len()),
        State::Scan => {
            let taken = parser.scanner.borrow_mut().take(bytes);
            let (count, found) = taken.map_err(|(at, fault)| (at, Stop::Fault(fault)))?;
            let result = match found {
                None | Some(Found::Chunk(0)) => Ok(()),
                Some(Found::HeadEnd) => head_complete(ctx, object, parser),
                Some(Found::Chunk(size)) => {
                    parser.left.set(size);
                    parser.state.set(State::Chunk);
                    Ok(())
                }
                Some(Found::TrailersEnd) => trailers_complete(ctx, object, parser),
            };
            whole(result, count)
        }
    }
}

fn trailers_complete(ctx: Ctx, object: &Value, parser: &Parser) -> Result<(), Stop> {
    let trailers = std::mem::take(&mut parser.scanner.borrow_mut().head.headers);
    if !trailers.is_empty() {
        let args = [pairs(ctx, &trailers), ctx.string("")];
        call(ctx, object, ON_HEADERS, &args)?;
    }
    complete(ctx, object, parser)
}

impl Parser {
    fn lets(&self, flag: u32) -> bool {
        self.scanner.borrow().lenient & flag != 0
    }

    fn needs_end(&self, head: &Head, is_response: bool) -> bool {
        is_response
            && !(head.status / 100 == 1
                || matches!(head.status, 204 | 304)
                || self.skips_body.get())
            && !head.is_chunked
            && (head.has_encoding || !head.has_length)
    }

    fn keeps_alive(&self, head: &Head, is_response: bool) -> bool {
        let wants = if head.major > 0 && head.minor > 0 {
            !head.says_close
        } else {
            head.says_keep_alive
        };
        wants && !self.needs_end(head, is_response)
    }
}

fn pairs(ctx: Ctx, headers: &[(String, String)]) -> Value {
    ctx.strings(
        headers
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value.as_str()]),
    )
}

fn head_complete(ctx: Ctx, object: &Value, parser: &Parser) -> Result<(), Stop> {
    parser.headers_completed.set(true);
    let args = {
        let mut scanner = parser.scanner.borrow_mut();
        let is_response = scanner.is_response;
        let head = &mut scanner.head;
        let upgrades = if head.says_upgrade && head.connection_upgrade {
            !is_response || head.status == 101
        } else {
            !is_response && head.method == CONNECT
        };
        parser.upgrades.set(upgrades);
        let headers = std::mem::take(&mut head.headers);
        let none = ctx.undefined();
        let of_request = |value: Value| if is_response { none.clone() } else { value };
        let of_response = |value: Value| if is_response { value } else { none.clone() };
        [
            ctx.number(head.major.into()),
            ctx.number(head.minor.into()),
            pairs(ctx, &headers),
            of_request(ctx.number(head.method as f64)),
            of_request(ctx.string(&head.url)),
            of_response(ctx.number(head.status.into())),
            of_response(ctx.string(&head.words)),
            ctx.bool(upgrades),
            ctx.bool(parser.keeps_alive(head, is_response)),
        ]
    };
    let answer =
        call(ctx, object, ON_HEADERS_COMPLETE, &args)?.map_or(0.0, |answer| answer.as_f64());
    if answer >= 1.0 {
        parser.skips_body.set(true);
    }
    let switches = {
        let scanner = parser.scanner.borrow();
        scanner.is_response && scanner.head.status == 101
    };
    if answer == 2.0 || switches {
        parser.upgrades.set(true);
    }
    // As `llhttp__after_headers_complete`.
    let next = {
        let mut scanner = parser.scanner.borrow_mut();
        let is_response = scanner.is_response;
        let (head, skips_body) = (&scanner.head, parser.skips_body.get());
        let has_body = head.is_chunked || head.length > 0;
        let is_over = parser.upgrades.get()
            && (!is_response && head.method == CONNECT || switches || skips_body || !has_body);
        if is_over
            || skips_body
            || is_response && matches!(head.status, 100 | 102 | 103 | 204 | 304)
        {
            None
        } else if head.is_chunked {
            scanner.begin_chunk();
            Some(State::Scan)
        } else if head.has_encoding {
            let passes = lenient::CHUNKED_LENGTH | lenient::TRANSFER_ENCODING;
            if !is_response && scanner.lenient & passes == 0 {
                let words = "Request has invalid `Transfer-Encoding`";
                return Err(Stop::Fault(("HPE_INVALID_TRANSFER_ENCODING", words)));
            }
            Some(State::UntilEnd)
        } else if head.has_length {
            parser.left.set(head.length);
            (head.length > 0).then_some(State::Body)
        } else {
            parser
                .needs_end(head, is_response)
                .then_some(State::UntilEnd)
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
    let upgrades = parser.upgrades.get();
    let goes_on = {
        let scanner = parser.scanner.borrow();
        parser.keeps_alive(&scanner.head, scanner.is_response)
            || scanner.lenient & lenient::KEEP_ALIVE != 0
    };
    parser.state.set(match (upgrades, goes_on) {
        (true, _) => State::Upgraded,
        (false, true) => State::Start,
        (false, false) => State::Closed,
    });
    call(ctx, object, ON_MESSAGE_COMPLETE, &[])?;
    if upgrades { Err(Stop::Upgrade) } else { Ok(()) }
}
