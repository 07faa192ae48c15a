//! Stream sockets inside one process: TCP over the loopback interface and named pipes (`src/stream_base.cc`,
//! `src/stream_wrap.cc`, `src/tcp_wrap.cc`, `src/pipe_wrap.cc`, libuv's `src/unix/stream.c`).
//!
//! What one end writes lies in the other end's buffer until that reads; a write that finds it full waits. Connections,
//! bytes and ends arrive in the poll phase, a connection at its server before at its client. Leaves out: other
//! machines, descriptors handed over, `SO_REUSEPORT`, and what `setNoDelay` and `setKeepAlive` change on a wire.

use kernel::Table;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use kernel::World;
use protocol::ProcessId;
use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap,
    buffer::{self, Encoding},
    callback,
    environment::{Environment, bytes_of, copy_bytes, new_array_buffer},
    handle::{self, Handle, HasHandle},
    native::{Call, Target, state_of},
    requests::Requests,
};

/// What a packet takes from one end to the other.
const TRANSIT_NS: u64 = 30_000;
/// What fits between two ends, as Linux sizes loopback sockets.
const BUFFER_BYTES_MAX: usize = 2_500_000;
/// libuv reads so much at once.
const READ_BYTES_MAX: usize = 65_536;
const FIRST_EPHEMERAL_PORT: u16 = 40_001;

const EPIPE: i32 = -32;
const EINVAL: i32 = -22;
const ENOENT: i32 = -2;
const EADDRINUSE: i32 = -98;
const EADDRNOTAVAIL: i32 = -99;
const ENETUNREACH: i32 = -101;
const ECONNRESET: i32 = -104;
const ENOTCONN: i32 = -107;
const ECONNREFUSED: i32 = -111;
const EOF: i32 = -4095;

// The places of streamBaseState.
const READ_BYTES_OR_ERROR: usize = 0;
const ARRAY_BUFFER_OFFSET: usize = 1;
const BYTES_WRITTEN: usize = 2;
const LAST_WRITE_WAS_ASYNC: usize = 3;

#[derive(Default)]
pub struct Net {
    sockets: RefCell<Table<u64, Socket>>,
    next_number: Cell<u64>,
    next_port: Cell<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Address {
    /// An IP address, or a pipe's name.
    host: String,
    port: u16,
}

/// What connects two processes of the world: their ends, and what has been written towards an end that has not been
/// opened yet.
#[derive(Default)]
pub struct Wire {
    ends: [RefCell<WireEnd>; 2],
}

type Reader = (Rc<Requests>, ProcessId, Rc<RefCell<World>>, u64);

#[derive(Default)]
struct WireEnd {
    /// The loop that reads here, and its socket.
    owner: Option<Reader>,
    early: Vec<u8>,
    ended: bool,
    /// Sent here and not yet read.
    unread: usize,
    /// The other side waits for room.
    is_awaited: bool,
}

/// One side of a wire.
#[derive(Clone)]
pub struct Side {
    wire: Rc<Wire>,
    index: usize,
}

impl Side {
    pub fn pair() -> [Self; 2] {
        let wire = Rc::<Wire>::default();
        [0, 1].map(|index| Self {
            wire: wire.clone(),
            index,
        })
    }

    fn here(&self) -> &RefCell<WireEnd> {
        &self.wire.ends[self.index]
    }

    fn there(&self) -> &RefCell<WireEnd> {
        &self.wire.ends[1 - self.index]
    }

    fn room(&self) -> usize {
        WIRE_BYTES_MAX.saturating_sub(self.there().borrow().unread)
    }

    pub fn send(&self, bytes: &[u8]) {
        let mut there = self.there().borrow_mut();
        there.unread += bytes.len();
        if there.owner.is_none() {
            there.early.extend_from_slice(bytes);
            return;
        }
        let bytes = bytes.to_vec();
        there.tell(move |ctx, number| {
            let env = Environment::of(ctx);
            with(env, number, |socket| socket.inbox.extend(&bytes));
            queue_read(env, number, 0);
        });
    }

    /// Nothing more comes from this side.
    pub fn close(&self) {
        let mut there = self.there().borrow_mut();
        if std::mem::replace(&mut there.ended, true) {
            return;
        }
        there.tell(|ctx, number| end(ctx, number, false));
    }

    /// This side's process has ended.
    pub fn abandon(&self) {
        self.here().borrow_mut().owner = None;
        self.close();
    }

    fn open(&self, env: &Environment, number: u64) {
        let place = env.place();
        let world = place.scheduler.world().clone();
        let early = {
            let mut here = self.here().borrow_mut();
            here.owner = Some((env.requests.clone(), place.process, world, number));
            std::mem::take(&mut here.early)
        };
        let ended = self.here().borrow().ended;
        with(env, number, |socket| {
            socket.inbox.extend(early);
            socket.ended = ended;
        });
    }

    /// So many bytes have been read on this side.
    fn has_read(&self, count: usize) {
        let awaited = {
            let mut here = self.here().borrow_mut();
            here.unread = here.unread.saturating_sub(count);
            std::mem::take(&mut here.is_awaited)
        };
        if awaited {
            self.there().borrow().tell(flush);
        }
    }
}

impl WireEnd {
    fn tell(&self, what: impl FnOnce(Ctx, u64) + 'static) {
        let Some((requests, process, world, number)) = &self.owner else {
            return;
        };
        let number = *number;
        let at_ns = world.borrow().now_ns() + TRANSIT_NS;
        requests.answer_at(at_ns, false, move |ctx| what(ctx, number));
        world.borrow_mut().resume_at(*process, at_ns);
    }
}

/// What fits into a pipe between processes.
const WIRE_BYTES_MAX: usize = 212_992;

#[derive(Default)]
struct Socket {
    /// The other end is in another process.
    wire: Option<Side>,
    object: Option<Value>,
    local: Option<Address>,
    remote: Option<Address>,
    is_listening: bool,
    peer: Option<u64>,
    /// Arrived and not yet read.
    inbox: VecDeque<u8>,
    is_reading: bool,
    /// The other end has ended, or is gone.
    ended: bool,
    end_told: bool,
    reset: bool,
    /// Writes that wait for room at the other end.
    waiting: VecDeque<(Vec<u8>, Value)>,
    shutdown: Option<Value>,
    has_shut_down: bool,
    bytes_read: u64,
    bytes_written: u64,
    /// A read is on its way to the script.
    read_queued: bool,
    user_buffer: Option<Value>,
    /// An HTTP parser that gets the bytes in the library's place.
    consumer: Option<Value>,
}

/// Lets a parser have what arrives; answers the stream's number.
pub fn consume(ctx: Ctx, stream: &Value, parser: Option<Value>) -> Option<u64> {
    let number = state_of::<Stream>(ctx, stream.raw()).ok()?.number;
    with(Environment::of(ctx), number, |socket| {
        socket.consumer = parser
    });
    Some(number)
}

pub fn release(env: &Environment, number: u64) {
    let gone = with(env, number, |socket| socket.consumer.take());
    drop(gone);
}

struct Stream {
    handle: Handle,
    number: u64,
    is_pipe: bool,
    is_server: bool,
}

impl HasHandle for Stream {
    const KIND: &'static str = "STREAM";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        let Some(gone) = env.net.sockets.borrow_mut().remove(&self.number) else {
            return;
        };
        let unread = !gone.inbox.is_empty();
        if let Some(side) = &gone.wire {
            side.abandon();
        }
        if let Some(peer) = gone.peer {
            env.answer_after(TRANSIT_NS, true, move |ctx| end(ctx, peer, unread));
        }
        // What nobody accepted is refused after all.
        drop(gone);
    }
}

impl Stream {
    fn kind(&self) -> &'static str {
        match (self.is_pipe, self.is_server) {
            (false, false) => "TCPWRAP",
            (false, true) => "TCPSERVERWRAP",
            (true, false) => "PIPEWRAP",
            (true, true) => "PIPESERVERWRAP",
        }
    }
}

fn with<T>(env: &Environment, number: u64, body: impl FnOnce(&mut Socket) -> T) -> Option<T> {
    env.net.sockets.borrow_mut().get_mut(&number).map(body)
}

fn answer(c: &Call, code: i32) -> Js<Value> {
    Ok(c.ctx.number(f64::from(code)))
}

fn construct(c: &Call, is_pipe: bool) -> Js<Value> {
    const SERVER: f64 = 1.0;
    let is_server = c.number(0) == SERVER;
    let net = &c.env().net;
    let number = net.next_number.get() + 1;
    net.next_number.set(number);
    let stream = Stream {
        handle: Handle::default(),
        number,
        is_pipe,
        is_server,
    };
    let kind = stream.kind();
    let object = c.construct(stream)?;
    net.sockets.borrow_mut().insert(number, Socket::default());
    async_wrap::adopt(c.ctx, &object, kind);
    Ok(object)
}

pub fn initialize_streams(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    t.value(
        "streamBaseState",
        env.shared(ctx, "streamBaseState", "Int32Array", 5),
    );
    t.class("WriteWrap", |c| c.construct(()));
    t.class("ShutdownWrap", |c| c.construct(()));
}

pub fn initialize_tcp(ctx: Ctx, t: &Target) -> Js<()> {
    super::binding(ctx, "stream_wrap")?;
    let tcp = t.class("TCP", |c| construct(c, false));
    t.class("TCPConnectWrap", |c| c.construct(()));
    stream_methods(ctx, &tcp);
    tcp.with("bind", |c| bind(c, false))
        .with("bind6", |c| bind(c, true))
        .with("connect", |c| connect_tcp(c, false))
        .with("connect6", |c| connect_tcp(c, true))
        .with("getsockname", |c| address(c, |socket| socket.local.clone()))
        .with("getpeername", |c| {
            address(c, |socket| socket.remote.clone())
        })
        .with("setNoDelay", |c| answer(c, 0))
        .with("setKeepAlive", |c| answer(c, 0))
        .with("reset", |c| {
            let number = c.state::<Stream>()?.number;
            if let Some(Some(peer)) = with(c.env(), number, |socket| socket.peer.take()) {
                c.env()
                    .answer_after(TRANSIT_NS, true, move |ctx| end(ctx, peer, true));
            }
            let close = c.ctx.get(&c.this(), "close")?;
            c.ctx.call(&close, &c.this(), &[c.arg(0)])?;
            answer(c, 0)
        });
    let class = ctx.get(&t.object, "TCP")?;
    env_keep(ctx, "TCP", class);
    Ok(())
}

pub fn initialize_pipes(ctx: Ctx, t: &Target) -> Js<()> {
    super::binding(ctx, "stream_wrap")?;
    let pipe = t.class("Pipe", |c| construct(c, true));
    t.class("PipeConnectWrap", |c| c.construct(()));
    stream_methods(ctx, &pipe);
    pipe.with("bind", |c| {
        let name = c.text(0)?;
        let number = c.state::<Stream>()?.number;
        let taken = c.env().net.sockets.borrow().values().any(|socket| {
            socket.is_listening
                && socket
                    .local
                    .as_ref()
                    .is_some_and(|local| local.host == name)
        });
        if taken {
            return answer(c, EADDRINUSE);
        }
        with(c.env(), number, |socket| {
            socket.local = Some(Address {
                host: name,
                port: 0,
            })
        });
        answer(c, 0)
    })
    .with("connect", |c| {
        let (request, name) = (c.arg(0), c.text(1)?);
        connect(
            c,
            request,
            Address {
                host: name,
                port: 0,
            },
            "PIPECONNECTWRAP",
        )
    })
    .with("open", |c| {
        let (number, fd) = (c.state::<Stream>()?.number, c.number(0) as i32);
        const EBADF: i32 = -9;
        let side = match c.env().host().inherited.get(&fd) {
            Some(Inherited::Wire(side)) => side.clone(),
            _ => return answer(c, EBADF),
        };
        attach(c.env(), number, side);
        answer(c, 0)
    })
    .with("fchmod", |c| answer(c, 0))
    .with("setPendingInstances", |c| c.undefined());
    let class = ctx.get(&t.object, "Pipe")?;
    env_keep(ctx, "Pipe", class);
    Ok(())
}

/// What a process finds behind a descriptor when it begins.
#[derive(Clone)]
pub enum Inherited {
    Wire(Side),
    /// The terminal's, by its number there.
    Terminal(i32),
    Nothing,
}

fn attach(env: &Environment, number: u64, side: Side) {
    with(env, number, |socket| {
        socket.remote = Some(Address::default());
        socket.wire = Some(side.clone());
    });
    side.open(env, number);
}

/// Connects a pipe of this process to one that is to begin: the other side.
pub fn connect_to_child(ctx: Ctx, object: &Value) -> Js<Side> {
    let number = state_of::<Stream>(ctx, object.raw())?.number;
    let [here, there] = Side::pair();
    attach(Environment::of(ctx), number, here);
    Ok(there)
}

fn env_keep(ctx: Ctx, name: &'static str, value: Value) {
    Environment::of(ctx).keep(name, value);
}

fn stream_methods(ctx: Ctx, t: &Target) {
    handle::methods::<Stream>(t)
        .with("listen", listen)
        .with("readStart", |c| {
            let stream = c.state::<Stream>()?;
            let object = c.this();
            with(c.env(), stream.number, |socket| {
                socket.is_reading = true;
                socket.object = Some(object.clone());
            });
            stream.handle.start(c.env(), &object, stream.kind());
            queue_read(c.env(), stream.number, 0);
            answer(c, 0)
        })
        .with("readStop", |c| {
            let number = c.state::<Stream>()?.number;
            with(c.env(), number, |socket| socket.is_reading = false);
            rest(c.ctx, number);
            answer(c, 0)
        })
        .with("useUserBuffer", |c| {
            let (number, buffer) = (c.state::<Stream>()?.number, c.arg(0));
            with(c.env(), number, |socket| socket.user_buffer = Some(buffer));
            answer(c, 0)
        })
        .with("shutdown", shutdown)
        .with("writeBuffer", |c| {
            let bytes = copy_bytes(c.ctx, &c.arg(1))?;
            write(c, bytes)
        })
        .with("writev", |c| {
            let (chunks, all_buffers) = (c.arg(1), c.truthy(2));
            let mut bytes = Vec::new();
            let count = c.ctx.length(&chunks);
            let mut index = 0;
            while index < count {
                let chunk = c.ctx.at(&chunks, index)?;
                if all_buffers {
                    bytes.extend(copy_bytes(c.ctx, &chunk)?);
                    index += 1;
                    continue;
                }
                let encoding = c.ctx.at(&chunks, index + 1)?;
                bytes.extend(if chunk.is_string() {
                    buffer::encode(c.ctx, &chunk, Encoding::from_name(&c.ctx.text(&encoding)?))?
                } else {
                    copy_bytes(c.ctx, &chunk)?
                });
                index += 2;
            }
            write(c, bytes)
        })
        .with("writeUtf8String", |c| write_text(c, Encoding::Utf8))
        .with("writeAsciiString", |c| write_text(c, Encoding::Latin1))
        .with("writeLatin1String", |c| write_text(c, Encoding::Latin1))
        .with("writeUcs2String", |c| write_text(c, Encoding::Ucs2))
        .with("setBlocking", |c| answer(c, 0))
        .value("isStreamBase", ctx.bool(true));
    super::fs::define_getter(ctx, &t.object, "fd", |c| {
        let number = c.state::<Stream>()?.number;
        const FIRST: f64 = 18.0;
        Ok(c.ctx.number(FIRST + number as f64))
    });
    super::fs::define_getter(ctx, &t.object, "bytesRead", |c| {
        count(c, |socket| socket.bytes_read)
    });
    super::fs::define_getter(ctx, &t.object, "bytesWritten", |c| {
        count(c, |socket| socket.bytes_written)
    });
    super::fs::define_getter(ctx, &t.object, "writeQueueSize", |c| {
        count(c, |socket| {
            socket
                .waiting
                .iter()
                .map(|(bytes, _)| bytes.len() as u64)
                .sum()
        })
    });
}

fn count(c: &Call, read: impl Fn(&Socket) -> u64) -> Js<Value> {
    let number = c.state::<Stream>()?.number;
    let found = with(c.env(), number, |socket| read(socket)).unwrap_or(0);
    Ok(c.ctx.number(found as f64))
}

// ---- addresses ----

/// The address that is meant, when it is one of this machine's.
fn parse(host: &str, is_6: bool) -> Result<String, i32> {
    let ip: std::net::IpAddr = host.parse().map_err(|_| EINVAL)?;
    if ip.is_ipv6() != is_6 {
        return Err(EINVAL);
    }
    Ok(ip.to_string())
}

fn is_local(host: &str) -> bool {
    host == "0.0.0.0"
        || host == "::"
        || host == "::1"
        || host.starts_with("127.")
        || host.starts_with("::ffff:127.")
}

/// Whether a socket bound to `bound` hears who calls `called`.
fn hears(bound: &str, called: &str) -> bool {
    match bound {
        "::" => true,
        "0.0.0.0" => !called.contains(':'),
        _ => bound == called,
    }
}

fn listener_at(env: &Environment, called: &Address, is_pipe: bool) -> Option<u64> {
    let sockets = env.net.sockets.borrow();
    let found = sockets.iter().find(|(_, socket)| {
        socket.is_listening
            && socket.local.as_ref().is_some_and(|local| {
                local.port == called.port
                    && if is_pipe {
                        local.host == called.host
                    } else {
                        hears(&local.host, &called.host)
                    }
            })
    });
    found.map(|(number, _)| *number)
}

fn free_port(env: &Environment) -> u16 {
    let sockets = env.net.sockets.borrow();
    loop {
        let port = env.net.next_port.get().max(FIRST_EPHEMERAL_PORT);
        env.net.next_port.set(port.wrapping_add(1));
        if !sockets.values().any(|socket| {
            socket
                .local
                .as_ref()
                .is_some_and(|local| local.port == port)
        }) {
            return port;
        }
    }
}

fn bind(c: &Call, is_6: bool) -> Js<Value> {
    let number = c.state::<Stream>()?.number;
    let host = match parse(&c.text(0)?, is_6) {
        Ok(host) => host,
        Err(code) => return answer(c, code),
    };
    if !is_local(&host) {
        return answer(c, EADDRNOTAVAIL);
    }
    let port = match c.number(1) as u16 {
        0 => free_port(c.env()),
        port => port,
    };
    with(c.env(), number, |socket| {
        socket.local = Some(Address { host, port })
    });
    answer(c, 0)
}

fn address(c: &Call, which: impl Fn(&Socket) -> Option<Address>) -> Js<Value> {
    let number = c.state::<Stream>()?.number;
    let Some(Some(found)) = with(c.env(), number, |socket| which(socket)) else {
        return answer(c, ENOTCONN);
    };
    let out = c.arg(0);
    let family = if found.host.contains(':') {
        "IPv6"
    } else {
        "IPv4"
    };
    c.ctx.set(&out, "address", c.ctx.string(&found.host));
    c.ctx.set(&out, "family", c.ctx.string(family));
    c.ctx.set(&out, "port", c.ctx.number(f64::from(found.port)));
    answer(c, 0)
}

// ---- connections ----

fn listen(c: &Call) -> Js<Value> {
    let stream = c.state::<Stream>()?;
    let env = c.env();
    let local = with(env, stream.number, |socket| socket.local.clone()).flatten();
    let local = local.unwrap_or_else(|| Address {
        host: "0.0.0.0".to_owned(),
        port: free_port(env),
    });
    let taken = env.net.sockets.borrow().iter().any(|(number, socket)| {
        *number != stream.number
            && socket.is_listening
            && socket.local.as_ref().is_some_and(|other| {
                other.port == local.port
                    && (hears(&other.host, &local.host) || hears(&local.host, &other.host))
            })
    });
    if taken {
        return answer(c, EADDRINUSE);
    }
    let object = c.this();
    with(env, stream.number, |socket| {
        socket.is_listening = true;
        socket.local = Some(local);
        socket.object = Some(object.clone());
    });
    stream.handle.start(env, &object, stream.kind());
    answer(c, 0)
}

fn connect_tcp(c: &Call, is_6: bool) -> Js<Value> {
    let (request, host, port) = (c.arg(0), c.text(1)?, c.number(2) as u16);
    match parse(&host, is_6) {
        Ok(host) if is_local(&host) => {
            let host = match host.as_str() {
                "0.0.0.0" => "127.0.0.1".to_owned(),
                "::" => "::1".to_owned(),
                _ => host,
            };
            connect(c, request, Address { host, port }, "TCPCONNECTWRAP")
        }
        Ok(_) => answer(c, ENETUNREACH),
        Err(code) => answer(c, code),
    }
}

fn connect(c: &Call, request: Value, to: Address, provider: &'static str) -> Js<Value> {
    let (env, stream, object) = (c.env(), c.state::<Stream>()?, c.this());
    let (number, is_pipe) = (stream.number, stream.is_pipe);
    let trigger = async_wrap::ids_of(c.ctx, &object).0;
    async_wrap::adopt_for(c.ctx, &request, provider, Some(trigger));
    stream.handle.start(env, &object, stream.kind());
    let ephemeral = if is_pipe { 0 } else { free_port(env) };
    with(env, number, |socket| {
        socket.object = Some(object.clone());
        let host = if is_pipe {
            String::new()
        } else {
            to.host.clone()
        };
        socket.local.get_or_insert(Address {
            host,
            port: ephemeral,
        });
    });
    let under_way = env.requests.begin_request(request.clone(), provider);
    callback::awaited(c.ctx, &request, "oncomplete");
    env.answer_after(TRANSIT_NS, true, move |ctx| {
        let env = Environment::of(ctx);
        env.requests.end_request(under_way);
        let is_open = env.net.sockets.borrow().contains_key(&number);
        const ECANCELED: i32 = -125;
        let status = if !is_open {
            ECANCELED
        } else if let Some(listener) = listener_at(env, &to, is_pipe) {
            accept(ctx, listener, number, &to, is_pipe);
            0
        } else if is_pipe {
            ENOENT
        } else {
            ECONNREFUSED
        };
        rest(ctx, number);
        let yes = ctx.bool(status == 0);
        let args = [
            ctx.number(f64::from(status)),
            object.clone(),
            request.clone(),
            yes.clone(),
            yes,
        ];
        callback::make_method(ctx, &request, "oncomplete", &args);
        async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &request).0);
    });
    answer(c, 0)
}

/// Makes the server's end, and tells the server.
fn accept(ctx: Ctx, listener: u64, client: u64, called: &Address, is_pipe: bool) {
    let env = Environment::of(ctx);
    let Some(Some(server)) = with(env, listener, |socket| socket.object.clone()) else {
        return;
    };
    let class = env
        .kept(if is_pipe { "Pipe" } else { "TCP" })
        .unwrap_or_else(|| ctx.undefined());
    let trigger = async_wrap::ids_of(ctx, &server).0;
    let made = async_wrap::with_default_trigger(ctx, trigger, || {
        let mut args = [qjs::JS_NewFloat64(0.0)];
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
    });
    let Ok(accepted) = made else {
        ctx.take_exception();
        return;
    };
    let Ok(number) = state_of::<Stream>(ctx, accepted.raw()).map(|stream| stream.number) else {
        return;
    };
    let from = with(env, client, |socket| {
        socket.peer = Some(number);
        socket.remote = Some(called.clone());
        socket.local.clone()
    });
    // A server for both families names callers by IPv6.
    let both = with(env, listener, |socket| {
        socket
            .local
            .as_ref()
            .is_some_and(|local| local.host == "::")
    }) == Some(true);
    let seen = |address: Address| match both && !address.host.contains(':') {
        true => Address {
            host: format!("::ffff:{}", address.host),
            ..address
        },
        false => address,
    };
    with(env, number, |socket| {
        socket.peer = Some(client);
        socket.object = Some(accepted.clone());
        socket.local = Some(seen(called.clone()));
        socket.remote = from.flatten().map(seen);
    });
    callback::make_method(ctx, &server, "onconnection", &[ctx.number(0.0), accepted]);
}

// ---- bytes ----

fn write_text(c: &Call, encoding: Encoding) -> Js<Value> {
    let bytes = buffer::encode(c.ctx, &c.arg(1), encoding)?;
    write(c, bytes)
}

fn write(c: &Call, bytes: Vec<u8>) -> Js<Value> {
    let (env, stream) = (c.env(), c.state::<Stream>()?);
    let number = stream.number;
    env.set_u32("streamBaseState", BYTES_WRITTEN, bytes.len() as u32);
    env.set_u32("streamBaseState", LAST_WRITE_WAS_ASYNC, 0);
    let found = with(env, number, |socket| {
        (
            socket.peer,
            socket.remote.is_some(),
            socket.reset || socket.has_shut_down,
        )
    });
    let Some((peer, was_connected, is_broken)) = found else {
        return answer(c, EPIPE);
    };
    if is_broken {
        return answer(c, EPIPE);
    }
    with(env, number, |socket| {
        socket.bytes_written += bytes.len() as u64
    });
    if let Some(Some(side)) = with(env, number, |socket| socket.wire.clone()) {
        return write_to_wire(c, stream, &side, bytes);
    }
    let Some(peer) = peer.filter(|peer| env.net.sockets.borrow().contains_key(peer)) else {
        if !was_connected {
            return answer(c, EPIPE);
        }
        // The other end is gone: it answers the first write by a reset.
        env.answer_after(TRANSIT_NS, true, move |ctx| end(ctx, number, true));
        return answer(c, 0);
    };
    let waits = with(env, number, |socket| !socket.waiting.is_empty()) == Some(true);
    let room = with(env, peer, |socket| {
        BUFFER_BYTES_MAX.saturating_sub(socket.inbox.len())
    })
    .unwrap_or(0);
    let now = if waits { 0 } else { bytes.len().min(room) };
    let (sent, later) = bytes.split_at(now);
    with(env, peer, |socket| socket.inbox.extend(sent));
    queue_read(env, peer, TRANSIT_NS);
    if !later.is_empty() {
        let (request, object) = (c.arg(0), c.this());
        env.set_u32("streamBaseState", LAST_WRITE_WAS_ASYNC, 1);
        let trigger = async_wrap::ids_of(c.ctx, &object).0;
        async_wrap::adopt_for(c.ctx, &request, "WRITEWRAP", Some(trigger));
        stream.handle.start(env, &object, stream.kind());
        with(env, number, |socket| {
            socket.object = Some(object);
            socket.waiting.push_back((later.to_vec(), request));
        });
    }
    answer(c, 0)
}

fn write_to_wire(c: &Call, stream: &Stream, side: &Side, bytes: Vec<u8>) -> Js<Value> {
    let (env, number) = (c.env(), stream.number);
    let waits = with(env, number, |socket| !socket.waiting.is_empty()) == Some(true);
    let now = if waits {
        0
    } else {
        bytes.len().min(side.room())
    };
    let (sent, later) = bytes.split_at(now);
    if !sent.is_empty() {
        side.send(sent);
    }
    if !later.is_empty() {
        let (request, object) = (c.arg(0), c.this());
        env.set_u32("streamBaseState", LAST_WRITE_WAS_ASYNC, 1);
        let trigger = async_wrap::ids_of(c.ctx, &object).0;
        async_wrap::adopt_for(c.ctx, &request, "WRITEWRAP", Some(trigger));
        stream.handle.start(env, &object, stream.kind());
        side.there().borrow_mut().is_awaited = true;
        with(env, number, |socket| {
            socket.object = Some(object);
            socket.waiting.push_back((later.to_vec(), request));
        });
    }
    answer(c, 0)
}

fn flush_to_wire(ctx: Ctx, number: u64, side: &Side) {
    let env = Environment::of(ctx);
    loop {
        let room = side.room();
        let moved = with(env, number, |socket| {
            let (bytes, _) = socket.waiting.front_mut()?;
            let count = bytes.len().min(room);
            let sent: Vec<u8> = bytes.drain(..count).collect();
            let done = bytes.is_empty();
            let done = if done {
                socket.waiting.pop_front()
            } else {
                None
            };
            Some((sent, done.map(|(_, request)| request)))
        });
        let Some(Some((sent, done))) = moved else {
            break;
        };
        if !sent.is_empty() {
            side.send(&sent);
        }
        let Some(request) = done else {
            side.there().borrow_mut().is_awaited = true;
            return;
        };
        complete(ctx, number, &request, 0);
    }
    finish_shutdown(env, number);
    rest(ctx, number);
}

/// There is room at the other end again.
fn flush(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    if let Some(Some(side)) = with(env, number, |socket| socket.wire.clone()) {
        flush_to_wire(ctx, number, &side);
        return;
    }
    loop {
        let Some(Some(peer)) = with(env, number, |socket| socket.peer) else {
            return;
        };
        let room = with(env, peer, |socket| {
            BUFFER_BYTES_MAX.saturating_sub(socket.inbox.len())
        })
        .unwrap_or(usize::MAX);
        let moved = with(env, number, |socket| {
            let (bytes, _) = socket.waiting.front_mut()?;
            let count = bytes.len().min(room);
            let sent: Vec<u8> = bytes.drain(..count).collect();
            let done = bytes.is_empty();
            Some((
                sent,
                if done {
                    socket.waiting.pop_front().map(|(_, request)| request)
                } else {
                    None
                },
            ))
        });
        let Some(Some((sent, done))) = moved else {
            break;
        };
        with(env, peer, |socket| socket.inbox.extend(&sent));
        queue_read(env, peer, TRANSIT_NS);
        let Some(request) = done else { return };
        complete(ctx, number, &request, 0);
    }
    finish_shutdown(env, number);
    rest(ctx, number);
}

/// Calls a request's `oncomplete(status, stream, undefined)` in the poll phase.
fn complete(ctx: Ctx, number: u64, request: &Value, status: i32) {
    let env = Environment::of(ctx);
    let object = with(env, number, |socket| socket.object.clone())
        .flatten()
        .unwrap_or_else(|| ctx.undefined());
    let request = request.clone();
    env.answer_after(0, true, move |ctx| {
        let args = [ctx.number(f64::from(status)), object, ctx.undefined()];
        callback::make_method(ctx, &request, "oncomplete", &args);
        async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &request).0);
    });
}

fn shutdown(c: &Call) -> Js<Value> {
    let (number, request, object) = (c.state::<Stream>()?.number, c.arg(0), c.this());
    let connected = with(c.env(), number, |socket| socket.remote.is_some());
    if connected != Some(true) {
        return answer(c, ENOTCONN);
    }
    let trigger = async_wrap::ids_of(c.ctx, &object).0;
    async_wrap::adopt_for(c.ctx, &request, "SHUTDOWNWRAP", Some(trigger));
    with(c.env(), number, |socket| {
        socket.object = Some(object);
        socket.shutdown = Some(request);
    });
    finish_shutdown(c.env(), number);
    answer(c, 0)
}

/// Once everything is written.
fn finish_shutdown(env: &Environment, number: u64) {
    let ready = with(env, number, |socket| {
        if socket.waiting.is_empty() {
            socket.shutdown.take().map(|request| (request, socket.peer))
        } else {
            None
        }
    });
    let Some(Some((request, peer))) = ready else {
        return;
    };
    with(env, number, |socket| socket.has_shut_down = true);
    env.answer_after(0, true, move |ctx| {
        let env = Environment::of(ctx);
        if let Some(peer) = peer {
            env.answer_after(TRANSIT_NS, true, move |ctx| end(ctx, peer, false));
        }
        if let Some(Some(side)) = with(env, number, |socket| socket.wire.clone()) {
            side.close();
        }
        complete_now(ctx, number, &request);
    });
}

fn complete_now(ctx: Ctx, number: u64, request: &Value) {
    let env = Environment::of(ctx);
    let object = with(env, number, |socket| socket.object.clone())
        .flatten()
        .unwrap_or_else(|| ctx.undefined());
    callback::make_method(
        ctx,
        request,
        "oncomplete",
        &[ctx.number(0.0), object, ctx.undefined()],
    );
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, request).0);
}

/// The other end has ended, or broken off.
fn end(ctx: Ctx, number: u64, is_reset: bool) {
    let env = Environment::of(ctx);
    let waiting = with(env, number, |socket| {
        if is_reset {
            socket.reset = true;
            socket.inbox.clear();
            std::mem::take(&mut socket.waiting)
        } else {
            socket.ended = true;
            VecDeque::new()
        }
    });
    for (_, request) in waiting.unwrap_or_default() {
        complete(ctx, number, &request, ECONNRESET);
    }
    queue_read(env, number, 0);
}

fn queue_read(env: &Environment, number: u64, after_ns: u64) {
    let wanted = with(env, number, |socket| {
        let has_news =
            !socket.inbox.is_empty() || (socket.ended || socket.reset) && !socket.end_told;
        let wanted = socket.is_reading && has_news && !socket.read_queued;
        socket.read_queued |= wanted;
        wanted
    });
    if wanted == Some(true) {
        env.answer_after(after_ns, false, move |ctx| read(ctx, number));
    }
}

/// `uv__read`: what has arrived, in pieces of 64 KiB; the end in a turn of its own.
fn read(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    with(env, number, |socket| socket.read_queued = false);
    let mut read_any = false;
    loop {
        let piece = with(env, number, |socket| {
            if !socket.is_reading {
                return None;
            }
            let at_most = socket
                .user_buffer
                .as_ref()
                .map_or(READ_BYTES_MAX, |buffer| bytes_of(ctx, buffer).1);
            let count = socket.inbox.len().min(at_most);
            let bytes: Vec<u8> = socket.inbox.drain(..count).collect();
            socket.bytes_read += count as u64;
            Some((bytes, socket.peer, socket.object.clone()))
        });
        let Some(Some((bytes, peer, Some(object)))) = piece else {
            break;
        };
        if bytes.is_empty() {
            break;
        }
        read_any = true;
        if let Some(peer) = peer {
            flush(ctx, peer);
        }
        if let Some(Some(side)) = with(env, number, |socket| socket.wire.clone()) {
            side.has_read(bytes.len());
        }
        deliver(ctx, number, &object, &bytes);
    }
    if !read_any {
        let news = with(env, number, |socket| {
            let tells = socket.is_reading && !socket.end_told && (socket.ended || socket.reset);
            socket.end_told |= tells;
            let code = if socket.reset { ECONNRESET } else { EOF };
            if tells {
                socket.object.clone().map(|object| (object, code))
            } else {
                None
            }
        });
        if let Some(Some((object, code))) = news {
            with(env, number, |socket| socket.is_reading = false);
            rest(ctx, number);
            env.set_u32("streamBaseState", READ_BYTES_OR_ERROR, code as u32);
            callback::make_method(ctx, &object, "onread", &[ctx.undefined()]);
        }
        return;
    }
    queue_read(env, number, 0);
}

fn deliver(ctx: Ctx, number: u64, object: &Value, bytes: &[u8]) {
    let env = Environment::of(ctx);
    if let Some(Some(parser)) = with(env, number, |socket| socket.consumer.clone()) {
        super::http_parser::stream_read(ctx, &parser, bytes);
        return;
    }
    env.set_u32("streamBaseState", READ_BYTES_OR_ERROR, bytes.len() as u32);
    env.set_u32("streamBaseState", ARRAY_BUFFER_OFFSET, 0);
    let user_buffer = with(env, number, |socket| socket.user_buffer.clone()).flatten();
    let Some(user_buffer) = user_buffer else {
        callback::make_method(ctx, object, "onread", &[new_array_buffer(ctx, bytes)]);
        return;
    };
    let (target, length) = bytes_of(ctx, &user_buffer);
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len().min(length)) };
    let next = callback::make_method(ctx, object, "onread", &[ctx.undefined()]);
    if let Some(next) = next
        && next.is_object()
    {
        with(env, number, |socket| socket.user_buffer = Some(next));
    }
}

/// A stream that neither reads, writes nor listens does not keep the loop going.
fn rest(ctx: Ctx, number: u64) {
    let env = Environment::of(ctx);
    let idle = with(env, number, |socket| {
        let is_idle = !socket.is_reading && !socket.is_listening && socket.waiting.is_empty();
        if is_idle { socket.object.clone() } else { None }
    });
    if let Some(Some(object)) = idle
        && let Ok(stream) = state_of::<Stream>(ctx, object.raw())
    {
        stream.handle.stop(env);
    }
}

/// Addresses of names, which the pool looks up: this machine's own are all there are.
pub fn initialize_names(t: &Target) {
    const ENOTFOUND: i32 = -3008;
    t.class("GetAddrInfoReqWrap", |c| c.construct(()));
    t.class("GetNameInfoReqWrap", |c| c.construct(()));
    t.with("getaddrinfo", |c| {
        let (request, host, family) = (c.arg(0), c.text(1)?, c.number(2) as u32);
        async_wrap::adopt(c.ctx, &request, "GETADDRINFOREQWRAP");
        let number = c
            .env()
            .requests
            .begin_request(request.clone(), "GETADDRINFOREQWRAP");
        callback::awaited(c.ctx, &request, "oncomplete");
        let found: &[&str] = match (host.as_str(), family) {
            ("localhost" | "terrarium", 0 | 4) => &["127.0.0.1"],
            ("localhost" | "terrarium" | "ip6-localhost", 0 | 6) => &["::1"],
            _ => &[],
        };
        const LOOKUP_NS: u64 = 200_000;
        c.env().queue_work(LOOKUP_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let args = if found.is_empty() {
                vec![ctx.number(f64::from(ENOTFOUND))]
            } else {
                vec![ctx.null(), ctx.strings(found.iter().copied())]
            };
            callback::make_method(ctx, &request, "oncomplete", &args);
            async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &request).0);
        });
        answer(c, 0)
    })
    .with("getnameinfo", |c| {
        let (request, host, port) = (c.arg(0), c.text(1)?, c.number(2) as u16);
        if host.parse::<std::net::IpAddr>().is_err() {
            return answer(c, EINVAL);
        }
        async_wrap::adopt(c.ctx, &request, "GETNAMEINFOREQWRAP");
        let number = c
            .env()
            .requests
            .begin_request(request.clone(), "GETNAMEINFOREQWRAP");
        callback::awaited(c.ctx, &request, "oncomplete");
        const LOOKUP_NS: u64 = 200_000;
        c.env().queue_work(LOOKUP_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let name = if is_local(&host) {
                "localhost".to_owned()
            } else {
                host
            };
            let service = match port {
                22 => "ssh".to_owned(),
                80 => "http".to_owned(),
                443 => "https".to_owned(),
                port => port.to_string(),
            };
            let args = [ctx.null(), ctx.string(&name), ctx.string(&service)];
            callback::make_method(ctx, &request, "oncomplete", &args);
            async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &request).0);
        });
        answer(c, 0)
    })
    .with("canonicalizeIP", |c| {
        let ip = c.text(0)?.parse::<std::net::IpAddr>();
        Ok(ip.map_or_else(|_| c.ctx.undefined(), |ip| c.ctx.string(&ip.to_string())))
    })
    .with("strerror", |c| {
        let text = match c.number(0) as i32 {
            0 => "Successful completion",
            _ => "DNS server returned general failure",
        };
        Ok(c.ctx.string(text))
    });
    let channel = t.class("ChannelWrap", |c| c.construct(()));
    channel
        .with("setServers", |c| c.undefined())
        .with("cancel", |c| c.undefined());
}

/// The process ends: nobody reads or writes here any more.
pub fn close_all(env: &Environment) {
    for socket in env.net.sockets.borrow().values() {
        if let Some(side) = &socket.wire {
            side.abandon();
        }
    }
}
