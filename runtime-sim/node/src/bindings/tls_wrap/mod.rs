//! TLS sessions over streams (`src/crypto/crypto_tls.cc`), by rustls: versions 1.2 and 1.3, SNI, ALPN, certificates of
//! both sides, tickets, key logs. Records are real, so a packet in the trace is what it would be on a wire.
//!
//! rustls checks what keys have signed; whether a certificate is to be trusted is asked of [`crypto::x509::verify`] afterwards,
//! as Node asks OpenSSL, and is the library's to act on. Leaves out, saying so: renegotiation, pre-shared keys, OCSP,
//! sessions that a server keeps itself, and what rustls does not tell (finished messages).

mod alerts;
mod handshake;
pub mod js_stream;
mod questions;
mod trust;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    io::{Read, Write},
    sync::Arc,
};

use kernel::Table;
use rustls::{
    Connection, SignatureScheme,
    server::{Accepted, Acceptor},
};

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    async_wrap,
    buffer::{self, Encoding},
    callback,
    crypto::{new_buffer, provider},
    environment::{Environment, copy_bytes, new_array_buffer},
    messaging,
    native::{Call, Target, new_handle, throw_new, throw_not_simulated},
    net::{self, Above},
};

use self::{
    alerts::Failure,
    handshake::{accept, begin_client, context_of, now_ms, refuse},
    js_stream::JsStream,
    trust::{AnyCertificate, Identities, Keys, Session, Sessions, locked},
};

const EOF: i32 = -4095;
const ECANCELED: i32 = -125;
const EPROTO: i32 = -71;

#[derive(Default)]
pub struct Tls {
    next: Cell<u64>,
    layers: RefCell<Table<u64, Layer>>,
    /// Sessions by the number that a script holds of each.
    sessions: RefCell<Table<u64, Arc<Session>>>,
    /// rustls comes back to a session only with the same verifier and the same keys of its own: those of clients that
    /// ask for nothing special.
    verifier: OnceCell<Arc<AnyCertificate>>,
    nobody: OnceCell<Arc<Identities>>,
}

/// A TLSWrap is its layer's number.
pub struct TlsWrap(u64);

/// A session upon a stream.
struct Layer {
    object: Value,
    below: Value,
    context: Value,
    /// The context that the script chose for the name asked for: its keys come first, and what it trusts counts.
    chosen: Option<Value>,
    is_server: bool,
    stage: Stage,
    asks_certificate: bool,
    needs_certificate: bool,
    asks_script_of_hello: bool,
    asks_script_of_protocol: bool,
    servername: Option<String>,
    protocols: Vec<Vec<u8>>,
    offered: Option<Arc<Session>>,
    sessions: Arc<Sessions>,
    tells_sessions: bool,
    keys: Option<Arc<Keys>>,
    /// Of a client's greeting, what a server has in common with it.
    shared_schemes: Vec<SignatureScheme>,
    /// What came and was not read by the session yet.
    incoming: Vec<u8>,
    /// What the script wrote before there was a session.
    early: Vec<u8>,
    /// Who hears of writes whose bytes are not all below yet.
    writes: VecDeque<Writer>,
    /// What is to be sent, once the write below is done.
    outbox: Vec<u8>,
    is_sending: bool,
    /// Another one's writes go first.
    is_held: bool,
    is_done_told: bool,
    has_ended: bool,
    consumer: Option<Value>,
    above: Option<Above>,
    bytes_read: u64,
    bytes_written: u64,
}

enum Writer {
    Request(Value),
    Session(Above),
}

enum Stage {
    /// A client that has not begun, or a server that was not greeted.
    Fresh(Option<Box<Acceptor>>),
    /// Greeted; the script chooses a context.
    Greeted(Box<Accepted>),
    Running(Box<Connection>),
    Failed,
}

/// What a turn of the session leads to.
enum Step {
    Hello(String),
    Done,
    Session(Arc<Session>),
    KeyLine(String),
    Text(Vec<u8>),
    End,
    Failed(Failure),
}

// ---- the class ----

fn with<T>(env: &Environment, number: u64, body: impl FnOnce(&mut Layer) -> T) -> Option<T> {
    env.tls.layers.borrow_mut().get_mut(&number).map(body)
}

/// Sets something of a TLSWrap.
fn set(c: &Call, body: impl FnOnce(&mut Layer)) -> Js<Value> {
    let number = c.state::<TlsWrap>()?.0;
    with(c.env(), number, body);
    c.undefined()
}

/// Of a call on a TLSWrap; `undefined` once its session is gone.
fn layer(c: &Call, body: impl FnOnce(&mut Layer) -> Value) -> Js<Value> {
    let number = c.state::<TlsWrap>()?.0;
    Ok(with(c.env(), number, body).unwrap_or_else(|| c.ctx.undefined()))
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    super::binding(ctx, "stream_wrap")?;
    let class = t.class("TLSWrap", |c| {
        Err(throw_new(c.ctx, "TypeError", "Illegal constructor"))
    });
    let constructor = ctx.get(&t.object, "TLSWrap")?;
    let prototype = ctx.get(&constructor, "prototype")?;
    Environment::of(ctx).keep("TLSWrap.prototype", prototype);
    t.with("wrap", wrap);
    class
        .with("start", |c| {
            let number = c.state::<TlsWrap>()?.0;
            begin_client(c.ctx, number)?;
            cycle(c.ctx, number);
            c.undefined()
        })
        .with("setVerifyMode", |c| {
            let (asks, needs) = (c.truthy(0), c.truthy(1));
            set(c, |layer| {
                layer.asks_certificate = asks;
                layer.needs_certificate = needs;
            })
        })
        .with("enableCertCb", |c| {
            set(c, |layer| {
                layer.asks_script_of_hello = true;
            })
        })
        .with("enableALPNCb", |c| {
            set(c, |layer| {
                layer.asks_script_of_protocol = true;
            })
        })
        .with("enableSessionCallbacks", |c| {
            let number = c.state::<TlsWrap>()?.0;
            if with(c.env(), number, |layer| layer.is_server) == Some(true) {
                let what = "A server that keeps TLS sessions (newSession, resumeSession)";
                return Err(throw_not_simulated(c.ctx, what));
            }
            set(c, |layer| {
                layer.tells_sessions = true;
            })
        })
        .with("enableKeylogCallback", |c| {
            set(c, |layer| {
                layer.keys = Some(Arc::default());
            })
        })
        .with("certCbDone", |c| {
            let number = c.state::<TlsWrap>()?.0;
            accept(c.ctx, number)?;
            cycle(c.ctx, number);
            c.undefined()
        })
        .with("endParser", |c| c.undefined())
        .with("writesIssuedByPrevListenerDone", |c| {
            let number = c.state::<TlsWrap>()?.0;
            with(c.env(), number, |layer| layer.is_held = false);
            cycle(c.ctx, number);
            c.undefined()
        })
        .with("setALPNProtocols", |c| {
            let bytes = copy_bytes(c.ctx, &c.arg(0))?;
            set(c, |layer| {
                layer.protocols = protocols_of(&bytes);
            })
        })
        .with("setServername", |c| {
            let name = c.text(0)?;
            set(c, |layer| {
                layer.servername = Some(name);
            })
        })
        .with("getServername", |c| {
            layer(c, |layer| match &layer.servername {
                Some(name) => c.ctx.string(name),
                None => c.ctx.bool(false),
            })
        })
        .with("setSession", |c| {
            let token = copy_bytes(c.ctx, &c.arg(0))?;
            let Some(session) = session_of(c.env(), &token) else {
                return Err(throw_new(c.ctx, "Error", "SSL_set_session error"));
            };
            set(c, |layer| {
                layer.offered = Some(session);
            })
        })
        .with("getSession", |c| {
            let number = c.state::<TlsWrap>()?.0;
            let newest = with(c.env(), number, |layer| {
                layer.connection()?;
                let newest = layer.offered.get_or_insert_with(|| Arc::new(Session::None));
                Some(newest.clone())
            });
            Ok(match newest.flatten() {
                Some(session) => session_token(c.ctx, session),
                None => c.ctx.undefined(),
            })
        })
        .with("receive", |c| {
            let (number, bytes) = (c.state::<TlsWrap>()?.0, copy_bytes(c.ctx, &c.arg(0))?);
            received(c.ctx, number, &bytes);
            c.undefined()
        })
        .with("destroySSL", destroy)
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        });
    questions::initialize(&class);
    stream_methods(ctx, &class);
    Ok(())
}

/// `wrap(stream, secureContext, isServer, hasActiveWriteFromPreviousOwner)`
fn wrap(c: &Call) -> Js<Value> {
    let (env, below, context) = (c.env(), c.arg(0), c.arg(1));
    let (is_server, is_held) = (c.truthy(2), c.truthy(3));
    let number = env.tls.next.get() + 1;
    env.tls.next.set(number);
    let prototype = env.kept("TLSWrap.prototype");
    let prototype = prototype.unwrap_or_else(|| c.ctx.undefined());
    let object = new_handle(c.ctx, &prototype, TlsWrap(number))?;
    async_wrap::adopt(c.ctx, &object, "TLSWRAP");
    let layer = Layer {
        object: object.clone(),
        below: below.clone(),
        context,
        chosen: None,
        is_server,
        stage: Stage::Fresh(is_server.then(Box::default)),
        asks_certificate: false,
        needs_certificate: false,
        asks_script_of_hello: false,
        asks_script_of_protocol: false,
        servername: None,
        protocols: Vec::new(),
        offered: None,
        sessions: Arc::default(),
        tells_sessions: false,
        keys: None,
        shared_schemes: Vec::new(),
        incoming: Vec::new(),
        early: Vec::new(),
        writes: VecDeque::new(),
        outbox: Vec::new(),
        is_sending: false,
        is_held,
        is_done_told: false,
        has_ended: false,
        consumer: None,
        above: None,
        bytes_read: 0,
        bytes_written: 0,
    };
    env.tls.layers.borrow_mut().insert(number, layer);
    if let Some(stream) = messaging::state::<JsStream>(c.ctx, &below) {
        stream.above.set(Some(Above::Tls(number)));
    } else if let Some(TlsWrap(under)) = messaging::state::<TlsWrap>(c.ctx, &below) {
        with(env, *under, |layer| layer.above = Some(Above::Tls(number)));
    } else {
        net::set_above(c.ctx, &below, Some(Above::Tls(number)))?;
    }
    Ok(object)
}

fn protocols_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut found) = (bytes, Vec::new());
    while let Some((length, more)) = rest.split_first() {
        let length = usize::from(*length).min(more.len());
        found.push(more[..length].to_vec());
        rest = &more[length..];
    }
    found
}

/// A script's session is bytes that say which it is: they mean nothing elsewhere.
const SESSION_MARK: &[u8] = b"terrarium session ";

fn session_token(ctx: Ctx, session: Arc<Session>) -> Value {
    let env = Environment::of(ctx);
    let mut sessions = env.tls.sessions.borrow_mut();
    let known = sessions
        .iter()
        .find(|(_, known)| Arc::ptr_eq(known, &session));
    let number = match known {
        Some((number, _)) => *number,
        None => {
            let number = sessions.keys().last().map_or(1, |last| last + 1);
            sessions.insert(number, session);
            number
        }
    };
    new_buffer(ctx, &[SESSION_MARK, &number.to_be_bytes()].concat())
}

fn session_of(env: &Environment, token: &[u8]) -> Option<Arc<Session>> {
    let number = token.strip_prefix(SESSION_MARK)?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    env.tls.sessions.borrow().get(&number).cloned()
}

fn destroy(c: &Call) -> Js<Value> {
    let (env, number) = (c.env(), c.state::<TlsWrap>()?.0);
    let gone = env.tls.layers.borrow_mut().remove(&number);
    let Some(gone) = gone else {
        return c.undefined();
    };
    for writer in gone.writes {
        env.requests
            .feed(move |ctx| writer.complete(ctx, ECANCELED));
    }
    c.undefined()
}

impl Layer {
    fn run(&mut self, mut connection: Connection) {
        connection.set_buffer_limit(None);
        let early = std::mem::take(&mut self.early);
        connection
            .writer()
            .write_all(&early)
            .expect("there is no limit");
        self.stage = Stage::Running(Box::new(connection));
    }

    fn connection(&self) -> Option<&Connection> {
        match &self.stage {
            Stage::Running(connection) => Some(connection),
            _ => None,
        }
    }

    /// The next thing to tell, once what came is read as far as it goes.
    fn step(&mut self, ctx: Ctx) -> Option<Step> {
        if let Some(line) = self
            .keys
            .as_ref()
            .and_then(|keys| locked(&keys.0).pop_front())
        {
            return Some(Step::KeyLine(line));
        }
        match &mut self.stage {
            Stage::Fresh(Some(acceptor)) if !self.incoming.is_empty() => {
                let taken = acceptor
                    .read_tls(&mut self.incoming.as_slice())
                    .unwrap_or(0);
                let first = self.incoming[..self.incoming.len().min(8)].to_vec();
                self.incoming.drain(..taken);
                match provider::within(ctx, || acceptor.accept()) {
                    Ok(None) if taken > 0 => self.step(ctx),
                    Ok(None) => None,
                    Ok(Some(accepted)) => {
                        let name = accepted.client_hello().server_name().map(str::to_owned);
                        self.servername.clone_from(&name);
                        self.stage = Stage::Greeted(Box::new(accepted));
                        Some(Step::Hello(name.unwrap_or_default()))
                    }
                    Err((error, mut alert)) => {
                        let mut bytes = Vec::new();
                        alert.write_all(&mut bytes).expect("a vector takes all");
                        self.stage = Stage::Failed;
                        Some(Step::Failed(Failure::of_greeting(&error, &first, bytes)))
                    }
                }
            }
            Stage::Running(connection) => {
                if !connection.is_handshaking() && !self.is_done_told {
                    self.is_done_told = true;
                    return Some(Step::Done);
                }
                let mut text = Vec::new();
                let waiting = provider::within(ctx, || connection.process_new_packets());
                if let Ok(state) = &waiting
                    && state.plaintext_bytes_to_read() > 0
                {
                    text.resize(state.plaintext_bytes_to_read().min(TEXT_BYTES_MAX), 0);
                    let length = connection.reader().read(&mut text).unwrap_or(0);
                    text.truncate(length);
                    return Some(Step::Text(text));
                }
                if let Some(session) = locked(&self.sessions.new).pop_front() {
                    return Some(Step::Session(session));
                }
                if let Ok(state) = &waiting
                    && state.peer_has_closed()
                    && !self.has_ended
                {
                    self.has_ended = true;
                    return Some(Step::End);
                }
                let first = self.incoming[..self.incoming.len().min(8)].to_vec();
                let taken = match &waiting {
                    Ok(_) if !self.incoming.is_empty() => connection
                        .read_tls(&mut self.incoming.as_slice())
                        .unwrap_or(0),
                    _ => 0,
                };
                self.incoming.drain(..taken);
                let read = match waiting {
                    Ok(_) if taken == 0 => return None,
                    Ok(_) => provider::within(ctx, || connection.process_new_packets()),
                    Err(error) => Err(error),
                };
                match read {
                    Ok(_) => self.step(ctx),
                    Err(error) => {
                        let mut alert = Vec::new();
                        while connection.wants_write() {
                            connection
                                .write_tls(&mut alert)
                                .expect("a vector takes all");
                        }
                        self.stage = Stage::Failed;
                        Some(Step::Failed(if self.is_done_told {
                            Failure::of(&error, alert)
                        } else {
                            Failure::of_answer(&error, &first, alert)
                        }))
                    }
                }
            }
            _ => None,
        }
    }

    /// What is to be sent now: nothing while a write below is under way.
    fn outgoing(&mut self) -> Vec<u8> {
        if let Stage::Running(connection) = &mut self.stage {
            while connection.wants_write() {
                connection
                    .write_tls(&mut self.outbox)
                    .expect("a vector takes all");
            }
        }
        if self.is_sending || self.is_held {
            return Vec::new();
        }
        std::mem::take(&mut self.outbox)
    }

    /// Requests of which every byte has gone.
    fn finished_writes(&mut self) -> VecDeque<Writer> {
        let is_open = self
            .connection()
            .is_some_and(|connection| !connection.is_handshaking());
        if is_open && !self.is_sending && self.outbox.is_empty() {
            std::mem::take(&mut self.writes)
        } else {
            VecDeque::new()
        }
    }
}

/// OpenSSL gives one record at a time.
const TEXT_BYTES_MAX: usize = 16_384;

// ---- turns ----

/// Bytes from below.
pub fn received(ctx: Ctx, number: u64, bytes: &[u8]) {
    let env = Environment::of(ctx);
    let takes = with(env, number, |layer| {
        if !layer.has_ended {
            layer.incoming.extend_from_slice(bytes);
        }
        !layer.has_ended
    });
    if takes == Some(true) {
        env.spend_ns(costs::TLS_BYTE_NS * bytes.len() as u64);
        cycle(ctx, number);
    }
}

/// No more comes from below.
pub fn ended(ctx: Ctx, number: u64, code: i32) {
    let env = Environment::of(ctx);
    if with(env, number, |layer| layer.has_ended) != Some(false) {
        return;
    }
    cycle(ctx, number);
    let is_first = with(env, number, |layer| {
        let is_first = !layer.has_ended;
        layer.has_ended |= code == EOF;
        is_first
    });
    if is_first == Some(true) {
        tell_read(ctx, number, Err(code));
    }
}

/// Reads and tells until nothing moves any more, then sends: who does not trust the other side and leaves when it is
/// told so has not sent its last word yet.
fn cycle(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    loop {
        let step = with(env, number, |layer| layer.step(ctx)).flatten();
        let Some(step) = step else { break };
        match step {
            Step::Hello(name) => {
                tell(ctx, number, "onhandshakestart", &[ctx.number(now_ms(env))]);
                let asks = with(env, number, |layer| layer.asks_script_of_hello);
                if asks == Some(true) {
                    let info = ctx.object();
                    ctx.set(&info, "servername", ctx.string(&name));
                    ctx.set(&info, "OCSPRequest", ctx.bool(false));
                    tell(ctx, number, "oncertcb", &[info]);
                } else if accept(ctx, number).is_err() {
                    ctx.take_exception();
                }
            }
            Step::Done => {
                env.spend_ns(costs::ASYMMETRIC_NS);
                tell(ctx, number, "onhandshakedone", &[]);
            }
            Step::Session(session) => {
                let tells = with(env, number, |layer| {
                    layer.offered = Some(session.clone());
                    layer.tells_sessions
                });
                if tells == Some(true) {
                    let id = new_buffer(ctx, &[]);
                    let token = session_token(ctx, session);
                    tell(ctx, number, "onnewsession", &[id, token]);
                }
            }
            Step::KeyLine(line) => {
                let line = new_buffer(ctx, line.as_bytes());
                tell(ctx, number, "onkeylog", &[line]);
            }
            Step::Text(text) => {
                with(env, number, |layer| layer.bytes_read += text.len() as u64);
                tell_read(ctx, number, Ok(&text));
            }
            Step::End => tell_read(ctx, number, Err(EOF)),
            Step::Failed(failure) => {
                refuse(ctx, number, &failure);
                break;
            }
        }
    }
    send(ctx, number);
    finish_writes(ctx, number);
}

fn tell(ctx: Ctx, number: u64, name: &str, args: &[Value]) {
    let object = with(Environment::of(ctx), number, |layer| layer.object.clone());
    if let Some(object) = object {
        callback::make_method(ctx, &object, name, args);
    }
}

/// `EmitRead`: to whoever reads what the session says.
fn tell_read(ctx: Ctx, number: u64, what: Result<&[u8], i32>) {
    let env = Environment::of(ctx);
    let reader = with(env, number, |layer| {
        (layer.object.clone(), layer.consumer.clone(), layer.above)
    });
    let Some((object, consumer, above)) = reader else {
        return;
    };
    match (above, what) {
        (Some(above), Ok(bytes)) => return above.received(ctx, bytes),
        (Some(above), Err(code)) if above.ended(ctx, code) => return,
        _ => {}
    }
    if let (Some(consumer), Ok(bytes)) = (&consumer, what) {
        return super::http_parser::stream_read(ctx, consumer, bytes);
    }
    let (status, value) = match what {
        Ok(bytes) => (bytes.len() as i32, new_array_buffer(ctx, bytes)),
        Err(code) => (code, ctx.undefined()),
    };
    env.set_u32("streamBaseState", net::READ_BYTES_OR_ERROR, status as u32);
    env.set_u32("streamBaseState", net::ARRAY_BUFFER_OFFSET, 0);
    callback::make_method(ctx, &object, "onread", &[value]);
}

// ---- bytes that go down ----

fn send(ctx: Ctx, number: u64) {
    let bytes = with(Environment::of(ctx), number, Layer::outgoing);
    if let Some(bytes) = bytes
        && !bytes.is_empty()
    {
        write_below(ctx, number, &bytes);
    }
}

fn write_below(ctx: Ctx, number: u64, bytes: &[u8]) {
    let env = Environment::of(ctx);
    let Some(below) = with(env, number, |layer| layer.below.clone()) else {
        return;
    };
    env.spend_ns(costs::TLS_BYTE_NS * bytes.len() as u64);
    let is_done = if messaging::state::<JsStream>(ctx, &below).is_some() {
        with(env, number, |layer| layer.is_sending = true);
        js_stream::write(ctx, &below, bytes, Above::Tls(number));
        true
    } else if let Some(TlsWrap(under)) = messaging::state::<TlsWrap>(ctx, &below) {
        put(ctx, *under, bytes);
        cycle(ctx, *under);
        true
    } else {
        net::write_for(ctx, &below, bytes, Above::Tls(number))
    };
    if !is_done {
        with(env, number, |layer| layer.is_sending = true);
    }
}

/// A write below is done.
pub fn written(ctx: Ctx, number: u64) {
    with(Environment::of(ctx), number, |layer| {
        layer.is_sending = false
    });
    send(ctx, number);
    finish_writes(ctx, number);
}

fn finish_writes(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    let finished = with(env, number, Layer::finished_writes).unwrap_or_default();
    for writer in finished {
        env.requests.feed(move |ctx| writer.complete(ctx, 0));
    }
}

fn complete(ctx: Ctx, request: &Value, status: i32) {
    let args = [
        ctx.number(f64::from(status)),
        ctx.undefined(),
        ctx.undefined(),
    ];
    callback::make_method(ctx, request, "oncomplete", &args);
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, request).0);
}

impl Writer {
    fn complete(self, ctx: Ctx, status: i32) {
        match self {
            Self::Request(request) => complete(ctx, &request, status),
            Self::Session(above) => above.written(ctx, status),
        }
    }
}

/// A session gets what this one says from now on; `false` when the stream is none of these.
pub fn set_above(ctx: Ctx, stream: &Value, above: Option<Above>) -> bool {
    if let Some(TlsWrap(number)) = messaging::state::<TlsWrap>(ctx, stream) {
        with(Environment::of(ctx), *number, |layer| layer.above = above);
        return true;
    }
    if let Some(stream) = messaging::state::<JsStream>(ctx, stream) {
        stream.above.set(above);
        return true;
    }
    false
}

/// Writes for a session above; `None` when the stream is none of these. It hears by `written` that it is done.
pub fn write_for(ctx: Ctx, stream: &Value, bytes: &[u8], above: Above) -> Option<bool> {
    let env = Environment::of(ctx);
    if messaging::state::<JsStream>(ctx, stream).is_some() {
        js_stream::write(ctx, stream, bytes, above);
        return Some(false);
    }
    let TlsWrap(number) = *messaging::state::<TlsWrap>(ctx, stream)?;
    let is_open = with(env, number, |layer| {
        let is_open = !matches!(layer.stage, Stage::Failed);
        if is_open {
            layer.writes.push_back(Writer::Session(above));
        }
        is_open
    });
    if is_open != Some(true) {
        return Some(true);
    }
    put(ctx, number, bytes);
    send(ctx, number);
    finish_writes(ctx, number);
    Some(false)
}

fn put(ctx: Ctx, number: u64, bytes: &[u8]) {
    with(Environment::of(ctx), number, |layer| {
        layer.bytes_written += bytes.len() as u64;
        match &mut layer.stage {
            Stage::Running(connection) => {
                provider::within(ctx, || connection.writer().write_all(bytes))
                    .expect("there is no limit");
            }
            _ => layer.early.extend_from_slice(bytes),
        }
    });
}

fn write(c: &Call, bytes: &[u8]) -> Js<Value> {
    let (env, number, request) = (c.env(), c.state::<TlsWrap>()?.0, c.arg(0));
    let stage = with(env, number, |layer| matches!(layer.stage, Stage::Failed));
    if stage != Some(false) {
        return Ok(c.ctx.number(f64::from(EPROTO)));
    }
    env.set_u32("streamBaseState", net::BYTES_WRITTEN, bytes.len() as u32);
    env.set_u32("streamBaseState", net::LAST_WRITE_WAS_ASYNC, 1);
    let trigger = async_wrap::ids_of(c.ctx, &c.this()).0;
    async_wrap::adopt_for(c.ctx, &request, "WRITEWRAP", Some(trigger));
    with(env, number, |layer| {
        layer.writes.push_back(Writer::Request(request))
    });
    put(c.ctx, number, bytes);
    send(c.ctx, number);
    finish_writes(c.ctx, number);
    Ok(c.ctx.number(0.0))
}

/// Passes a call on to the stream below.
fn pass(c: &Call, name: &str) -> Js<Value> {
    let number = c.state::<TlsWrap>()?.0;
    let Some(below) = with(c.env(), number, |layer| layer.below.clone()) else {
        return Ok(c.ctx.number(f64::from(ECANCELED)));
    };
    let function = c.ctx.get(&below, name)?;
    c.ctx.call(&function, &below, &[c.arg(0)])
}

fn stream_methods(ctx: Ctx, class: &Target) {
    class
        .with("readStart", |c| pass(c, "readStart"))
        .with("readStop", |c| pass(c, "readStop"))
        .with("shutdown", |c| {
            let number = c.state::<TlsWrap>()?.0;
            with(c.env(), number, |layer| {
                if let Stage::Running(connection) = &mut layer.stage {
                    connection.send_close_notify();
                }
            });
            send(c.ctx, number);
            pass(c, "shutdown")
        })
        .with("writeBuffer", |c| write(c, &copy_bytes(c.ctx, &c.arg(1))?))
        .with("writev", |c| write(c, &net::chunks(c)?))
        .with("writeUtf8String", |c| write_text(c, Encoding::Utf8))
        .with("writeAsciiString", |c| write_text(c, Encoding::Latin1))
        .with("writeLatin1String", |c| write_text(c, Encoding::Latin1))
        .with("writeUcs2String", |c| write_text(c, Encoding::Ucs2))
        .value("isStreamBase", ctx.bool(true));
    super::fs::define_getter(ctx, &class.object, "fd", |c| {
        let number = c.state::<TlsWrap>()?.0;
        match with(c.env(), number, |layer| layer.below.clone()) {
            Some(below) => c.ctx.get(&below, "fd"),
            None => Ok(c.ctx.number(-1.0)),
        }
    });
    super::fs::define_getter(ctx, &class.object, "bytesRead", |c| {
        layer(c, |layer| c.ctx.number(layer.bytes_read as f64))
    });
    super::fs::define_getter(ctx, &class.object, "bytesWritten", |c| {
        layer(c, |layer| c.ctx.number(layer.bytes_written as f64))
    });
    super::fs::define_getter(ctx, &class.object, "writeQueueSize", |c| {
        layer(c, |layer| c.ctx.number(layer.writes.len() as f64))
    });
}

fn write_text(c: &Call, encoding: Encoding) -> Js<Value> {
    let bytes = buffer::encode(c.ctx, &c.arg(1), encoding)?;
    write(c, &bytes)
}

/// An HTTP parser takes what the session says, in the library's place.
pub fn consume(ctx: Ctx, stream: &Value, parser: Option<Value>) -> Option<u64> {
    let number = messaging::state::<TlsWrap>(ctx, stream)?.0;
    with(Environment::of(ctx), number, |layer| {
        layer.consumer = parser
    });
    Some(number)
}

pub fn release(env: &Environment, number: u64) {
    let gone = with(env, number, |layer| layer.consumer.take());
    drop(gone);
}
