//! Stream sockets: TCP and pipes, on the world's network (`src/stream_base.cc`, `src/stream_wrap.cc`, `src/tcp_wrap.cc`,
//! `src/pipe_wrap.cc`, libuv's `src/unix/stream.c`).
//!
//! The kernel's sockets hold addresses, bytes and their order. Here is what the loop knows of each: who reads, which
//! writes wait for room, and what to call. News of sockets is heard in the poll phase. Leaves out what `setNoDelay` and
//! `setKeepAlive` change on a wire, and that several processes may accept from one socket at once: the last that was
//! given it does.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

use kernel::{
    Table, World,
    network::{Address, By, Change, HostId, News, Received, Socket, SocketId, errno},
};
use protocol::trace::PoolWork;
use rquickjs::qjs;

use crate::{
    engine::value::{Ctx, Js, Value},
    host::Inherited,
};

use super::{
    async_wrap,
    buffer::{self, Encoding},
    callback,
    environment::{Environment, bytes_of, copy_bytes, new_array_buffer},
    handle::{self, Handle, HasHandle},
    http2, messaging,
    native::{Call, Target, state_of, throw_not_simulated},
    tls_wrap,
};

/// libuv reads so much at once.
const READ_BYTES_MAX: usize = 65_536;
/// The first descriptor that a socket gets in a process that has just begun.
const FIRST_DESCRIPTOR: u32 = 18;

const EOF: i32 = -4095;
const ECANCELED: i32 = -125;

// The places of streamBaseState.
pub const READ_BYTES_OR_ERROR: usize = 0;
pub const ARRAY_BUFFER_OFFSET: usize = 1;
pub const BYTES_WRITTEN: usize = 2;
pub const LAST_WRITE_WAS_ASYNC: usize = 3;

#[derive(Default)]
pub struct Net {
    watched: RefCell<Table<SocketId, Watched>>,
    descriptor_next: Cell<u32>,
    host: Cell<Option<HostId>>,
    /// The socket that the next object stands for: a connection that was accepted.
    accepted: Cell<Option<SocketId>>,
}

/// What the loop knows of a socket.
#[derive(Default)]
struct Watched {
    object: Option<Value>,
    is_listening: bool,
    is_reading: bool,
    end_told: bool,
    /// A read is on its way to the script.
    read_queued: bool,
    /// The connection that is asked for: its request, and its number among those under way.
    connecting: Option<(Value, u64)>,
    /// Writes that wait for room at the other end, with the socket that goes along.
    waiting: VecDeque<(Vec<u8>, Option<SocketId>, Writer)>,
    shutdown: Option<Value>,
    bytes_read: u64,
    bytes_written: u64,
    user_buffer: Option<Value>,
    /// An HTTP parser that gets the bytes in the library's place.
    consumer: Option<Value>,
    /// The session that gets them.
    above: Option<Above>,
}

/// Who hears that a write is done.
enum Writer {
    Request(Value),
    Session(Above),
}

/// A session upon a stream, by its number: it reads and writes there in the library's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    Tls(u64),
    Http2(u64),
}

impl Above {
    pub fn received(self, ctx: Ctx, bytes: &[u8]) {
        match self {
            Self::Tls(number) => tls_wrap::received(ctx, number, bytes),
            Self::Http2(number) => http2::received(ctx, number, bytes),
        }
    }

    pub fn written(self, ctx: Ctx, status: i32) {
        match self {
            Self::Tls(number) => tls_wrap::written(ctx, number),
            Self::Http2(number) => http2::written(ctx, number, status),
        }
    }

    /// Nothing comes any more: whether the library need not hear of it.
    pub fn ended(self, ctx: Ctx, code: i32) -> bool {
        match self {
            Self::Tls(number) => {
                tls_wrap::ended(ctx, number, code);
                true
            }
            Self::Http2(_) => false,
        }
    }
}

/// A session gets what arrives from now on.
pub fn set_above(ctx: Ctx, stream: &Value, session: Option<Above>) -> Js<()> {
    let number = state_of::<Stream>(ctx, stream.raw())?.number.get();
    with(Environment::of(ctx), number, |socket| {
        socket.above = session;
        socket.object = Some(stream.clone());
    });
    Ok(())
}

/// Writes for a session; answers whether all is gone already. The session hears of the rest by `written`.
pub fn write_for(ctx: Ctx, stream: &Value, bytes: &[u8], session: Above) -> bool {
    let Some(state) = messaging::state::<Stream>(ctx, stream) else {
        return true;
    };
    let (env, number) = (Environment::of(ctx), state.number.get());
    let waits = with(env, number, |socket| {
        socket.bytes_written += bytes.len() as u64;
        !socket.waiting.is_empty()
    });
    let sent = match waits {
        Some(true) => 0,
        // An error is heard of when reading.
        Some(false) => {
            with_world(env, |world, by| world.send(number, bytes, by)).unwrap_or(bytes.len())
        }
        None => bytes.len(),
    };
    if sent == bytes.len() {
        return true;
    }
    state.handle.start(env, stream, state.kind());
    with(env, number, |socket| {
        let rest = bytes[sent..].to_vec();
        socket
            .waiting
            .push_back((rest, None, Writer::Session(session)));
    });
    false
}

/// Lets a parser have what arrives; answers the stream's number.
pub fn consume(ctx: Ctx, stream: &Value, parser: Option<Value>) -> Option<u64> {
    let number = messaging::state::<Stream>(ctx, stream)?.number.get();
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
    /// The kernel's socket; another one once a descriptor is opened.
    number: Cell<SocketId>,
    descriptor: u32,
    is_pipe: bool,
    is_server: bool,
}

impl HasHandle for Stream {
    const KIND: &'static str = "STREAM";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        let number = self.number.get();
        let Some(gone) = env.net.watched.borrow_mut().remove(&number) else {
            return;
        };
        with_world(env, |world, by| world.close_socket(number, by));
        if let Some(Above::Http2(session)) = gone.above {
            http2::lost(env, session);
        }
        if let Some((request, under_way)) = gone.connecting {
            let object = gone.object;
            env.answer_after(0, true, move |ctx| {
                let object = object.unwrap_or_else(|| ctx.undefined());
                finish_connecting(ctx, &object, &request, under_way, ECANCELED);
            });
        }
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

fn with<T>(env: &Environment, number: SocketId, body: impl FnOnce(&mut Watched) -> T) -> Option<T> {
    env.net.watched.borrow_mut().get_mut(&number).map(body)
}

/// The world, at this process's time, and who acts in it.
pub fn with_world<T>(env: &Environment, body: impl FnOnce(&mut World, By) -> T) -> T {
    let (process, cause) = {
        let mut host = env.host();
        host.settle();
        (host.process, host.cause())
    };
    let world = env.place().scheduler.world();
    body(&mut world.borrow_mut(), By { process, cause })
}

fn with_socket<T>(
    env: &Environment,
    number: SocketId,
    body: impl FnOnce(&Socket) -> T,
) -> Option<T> {
    let world = env.place().scheduler.world();
    world.borrow().socket(number).map(body)
}

/// The host on which this process runs.
pub fn host(env: &Environment) -> HostId {
    env.net.host.get().unwrap_or_else(|| {
        let name = env.host().spec.host.clone();
        let world = env.place().scheduler.world();
        let host = world.borrow_mut().network.host_named(&name);
        env.net.host.set(Some(host));
        host
    })
}

fn answer(c: &Call, code: i32) -> Js<Value> {
    Ok(c.ctx.number(f64::from(code)))
}

/// 0, or libuv's number of Linux's error.
fn answer_to<T>(c: &Call, result: Result<T, i32>) -> Js<Value> {
    answer(c, result.map_or_else(|errno| -errno, |_| 0))
}

fn construct(c: &Call, is_pipe: bool) -> Js<Value> {
    const SERVER: f64 = 1.0;
    let env = c.env();
    let is_server = c.number(0) == SERVER;
    let number = env.net.accepted.take().unwrap_or_else(|| {
        let host = host(env);
        with_world(env, |world, by| world.open_socket(host, Some(by.process)))
    });
    let descriptor = env.net.descriptor_next.get().max(FIRST_DESCRIPTOR);
    env.net.descriptor_next.set(descriptor + 1);
    let stream = Stream {
        handle: Handle::default(),
        number: Cell::new(number),
        descriptor,
        is_pipe,
        is_server,
    };
    let kind = stream.kind();
    let object = c.construct(stream)?;
    let watched = Watched::default();
    env.net.watched.borrow_mut().insert(number, watched);
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
        .with("getsockname", |c| {
            // One that nobody has bound is at 0.0.0.0:0.
            let unbound = Address::Ip(SocketAddr::from(([0; 4], 0)));
            address(c, |socket| socket.local().or(Some(&unbound)).cloned())
        })
        .with("getpeername", |c| {
            address(c, |socket| socket.remote().cloned())
        })
        .with("setNoDelay", |c| answer(c, 0))
        .with("setKeepAlive", |c| answer(c, 0))
        .with("reset", |c| {
            let number = c.state::<Stream>()?.number.get();
            with_world(c.env(), |world, by| world.reset_socket(number, by));
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
        let number = c.state::<Stream>()?.number.get();
        let bound = with_world(c.env(), |world, _| world.bind(number, Address::Path(name)));
        answer_to(c, bound)
    })
    .with("connect", |c| {
        let (request, name) = (c.arg(0), c.text(1)?);
        connect(c, request, Address::Path(name), "PIPECONNECTWRAP")
    })
    .with("open", |c| {
        let (env, stream, fd) = (c.env(), c.state::<Stream>()?, c.number(0) as i32);
        const EBADF: i32 = -9;
        let socket = match env.host().inherited.get_mut(&fd) {
            Some(Inherited::Socket { socket, is_open }) => {
                *is_open = true;
                *socket
            }
            _ => return answer(c, EBADF),
        };
        take_over(env, stream, socket);
        answer(c, 0)
    })
    .with("fchmod", |c| answer(c, 0))
    .with("setPendingInstances", |c| c.undefined());
    let class = ctx.get(&t.object, "Pipe")?;
    env_keep(ctx, "Pipe", class);
    Ok(())
}

/// The stream stands for another socket of the world from now on.
fn take_over(env: &Environment, stream: &Stream, socket: SocketId) {
    let own = stream.number.replace(socket);
    let mut watched = env.net.watched.borrow_mut();
    let known = watched.remove(&own).unwrap_or_default();
    watched.insert(socket, known);
    drop(watched);
    with_world(env, |world, by| {
        world.close_socket(own, by);
        world.give_socket(socket, by.process);
    });
}

/// Connects a pipe of this process to one that is to begin: the other side.
pub fn connect_to_child(ctx: Ctx, object: &Value) -> Js<SocketId> {
    let stream = state_of::<Stream>(ctx, object.raw())?;
    let env = Environment::of(ctx);
    let host = host(env);
    let [here, there] = with_world(env, |world, by| world.socket_pair(host, by));
    take_over(env, stream, here);
    Ok(there)
}

/// What is behind this process's descriptor, for a child too.
pub fn share_inherited(env: &Environment, fd: i32) -> Inherited {
    let known = env.host().inherited.get(&fd).cloned();
    match known {
        Some(Inherited::Socket { socket, .. }) => {
            with_world(env, |world, _| world.share_socket(socket));
            Inherited::Socket {
                socket,
                is_open: false,
            }
        }
        known => known.unwrap_or(Inherited::Terminal(fd)),
    }
}

/// What the child would have read and written, had it begun.
pub fn close_inherited(env: &Environment, inherited: &Table<i32, Inherited>) {
    for behind in inherited.values() {
        if let Inherited::Socket {
            socket,
            is_open: false,
        } = behind
        {
            with_world(env, |world, by| world.close_socket(*socket, by));
        }
    }
}

/// The process ends: nobody reads or writes here any more.
pub fn close_all(env: &Environment) {
    let inherited = std::mem::take(&mut env.host().inherited);
    close_inherited(env, &inherited);
    let opened = std::mem::take(&mut *env.net.watched.borrow_mut());
    with_world(env, |world, by| {
        for socket in opened.keys() {
            world.close_socket(*socket, by);
        }
        world.close_sockets_of(by.process);
    });
}

/// The first port on which this process listens.
pub fn listening_port(env: &Environment) -> Option<u16> {
    let watched = env.net.watched.borrow();
    let mut listening = watched.iter().filter(|(_, socket)| socket.is_listening);
    listening.find_map(|(number, _)| {
        let local = with_socket(env, *number, |socket| socket.local().cloned());
        match local.flatten() {
            Some(Address::Ip(at)) => Some(at.port()),
            _ => None,
        }
    })
}

fn env_keep(ctx: Ctx, name: &'static str, value: Value) {
    Environment::of(ctx).keep(name, value);
}

fn stream_methods(ctx: Ctx, t: &Target) {
    handle::methods::<Stream>(t)
        .with("listen", listen)
        .with("readStart", |c| {
            let stream = c.state::<Stream>()?;
            let (number, object) = (stream.number.get(), c.this());
            with(c.env(), number, |socket| {
                socket.is_reading = true;
                socket.object = Some(object.clone());
            });
            stream.handle.start(c.env(), &object, stream.kind());
            queue_read(c.env(), number);
            answer(c, 0)
        })
        .with("readStop", |c| {
            let number = c.state::<Stream>()?.number.get();
            with(c.env(), number, |socket| socket.is_reading = false);
            rest(c.ctx, number);
            answer(c, 0)
        })
        .with("useUserBuffer", |c| {
            let (number, buffer) = (c.state::<Stream>()?.number.get(), c.arg(0));
            with(c.env(), number, |socket| socket.user_buffer = Some(buffer));
            answer(c, 0)
        })
        .with("shutdown", shutdown)
        .with("writeBuffer", |c| {
            let bytes = copy_bytes(c.ctx, &c.arg(1))?;
            write(c, bytes)
        })
        .with("writev", |c| write(c, chunks(c)?))
        .with("writeUtf8String", |c| write_text(c, Encoding::Utf8))
        .with("writeAsciiString", |c| write_text(c, Encoding::Latin1))
        .with("writeLatin1String", |c| write_text(c, Encoding::Latin1))
        .with("writeUcs2String", |c| write_text(c, Encoding::Ucs2))
        .with("setBlocking", |c| answer(c, 0))
        .value("isStreamBase", ctx.bool(true));
    super::fs::define_getter(ctx, &t.object, "fd", |c| {
        let stream = c.state::<Stream>()?;
        Ok(c.ctx.number(f64::from(stream.descriptor)))
    });
    super::fs::define_getter(ctx, &t.object, "bytesRead", |c| {
        count(c, |socket| socket.bytes_read)
    });
    super::fs::define_getter(ctx, &t.object, "bytesWritten", |c| {
        count(c, |socket| socket.bytes_written)
    });
    super::fs::define_getter(ctx, &t.object, "writeQueueSize", |c| {
        count(c, |socket| {
            let waiting = socket.waiting.iter();
            waiting.map(|(bytes, ..)| bytes.len() as u64).sum()
        })
    });
}

fn count(c: &Call, read: impl Fn(&Watched) -> u64) -> Js<Value> {
    let number = c.state::<Stream>()?.number.get();
    let found = with(c.env(), number, |socket| read(socket)).unwrap_or(0);
    Ok(c.ctx.number(found as f64))
}

// ---- addresses ----

/// The arguments `host` and `port` as an address of the family that is asked for.
fn ip_address(c: &Call, host: usize, is_6: bool) -> Js<Result<Address, i32>> {
    let (text, port) = (c.text(host)?, c.number(host + 1) as u16);
    let ip = text.parse::<IpAddr>().ok();
    let ip = ip.filter(|ip| ip.is_ipv6() == is_6);
    let address = ip.map(|ip| Address::Ip(SocketAddr::new(ip, port)));
    Ok(address.ok_or(errno::EINVAL))
}

fn bind(c: &Call, is_6: bool) -> Js<Value> {
    let number = c.state::<Stream>()?.number.get();
    let address = ip_address(c, 0, is_6)?;
    let bound =
        address.and_then(|address| with_world(c.env(), |world, _| world.bind(number, address)));
    answer_to(c, bound)
}

fn address(c: &Call, which: impl Fn(&Socket) -> Option<Address>) -> Js<Value> {
    let number = c.state::<Stream>()?.number.get();
    let Some(Some(Address::Ip(found))) = with_socket(c.env(), number, which) else {
        return answer(c, -errno::ENOTCONN);
    };
    let out = c.arg(0);
    let family = if found.is_ipv6() { "IPv6" } else { "IPv4" };
    let address = found.ip().to_string();
    c.ctx.set(&out, "address", c.ctx.string(&address));
    c.ctx.set(&out, "family", c.ctx.string(family));
    c.ctx
        .set(&out, "port", c.ctx.number(f64::from(found.port())));
    answer(c, 0)
}

// ---- connections ----

fn listen(c: &Call) -> Js<Value> {
    let (env, stream) = (c.env(), c.state::<Stream>()?);
    let (number, backlog) = (stream.number.get(), c.number(0).max(0.0) as usize);
    let listens = with_world(env, |world, _| world.listen(number, backlog));
    if listens.is_ok() {
        let object = c.this();
        with(env, number, |socket| {
            socket.is_listening = true;
            socket.object = Some(object.clone());
        });
        stream.handle.start(env, &object, stream.kind());
    }
    answer_to(c, listens)
}

fn connect_tcp(c: &Call, is_6: bool) -> Js<Value> {
    match ip_address(c, 1, is_6)? {
        Ok(to) => connect(c, c.arg(0), to, "TCPCONNECTWRAP"),
        Err(errno) => answer(c, -errno),
    }
}

fn connect(c: &Call, request: Value, to: Address, provider: &'static str) -> Js<Value> {
    let (env, stream, object) = (c.env(), c.state::<Stream>()?, c.this());
    let number = stream.number.get();
    let begun = with_world(env, |world, by| world.connect(number, to, by));
    if begun.is_err() {
        return answer_to(c, begun);
    }
    let trigger = async_wrap::ids_of(c.ctx, &object).0;
    async_wrap::adopt_for(c.ctx, &request, provider, Some(trigger));
    stream.handle.start(env, &object, stream.kind());
    let under_way = env.requests.begin_request(request.clone(), provider);
    callback::awaited(c.ctx, &request, "oncomplete");
    with(env, number, |socket| {
        socket.object = Some(object);
        socket.connecting = Some((request, under_way));
    });
    answer(c, 0)
}

fn finish_connecting(ctx: Ctx, object: &Value, request: &Value, under_way: u64, status: i32) {
    let env = Environment::of(ctx);
    env.requests.end_request(under_way);
    let yes = ctx.bool(status == 0);
    let args = [
        ctx.number(f64::from(status)),
        object.clone(),
        request.clone(),
        yes.clone(),
        yes,
    ];
    callback::make_method(ctx, request, "oncomplete", &args);
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, request).0);
}

/// A new object for a socket that is there already.
fn object_for(ctx: Ctx, number: SocketId, is_pipe: bool) -> Js<Value> {
    let env = Environment::of(ctx);
    let class = env.kept(if is_pipe { "Pipe" } else { "TCP" });
    let class = class.unwrap_or_else(|| ctx.undefined());
    env.net.accepted.set(Some(number));
    let mut args = [qjs::JS_NewFloat64(0.0)];
    let made =
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })?;
    with(env, number, |socket| socket.object = Some(made.clone()));
    Ok(made)
}

/// Another process has sent this socket along: it is this one's now.
fn receive_handle(ctx: Ctx, number: SocketId) -> Js<Value> {
    let env = Environment::of(ctx);
    let is_pipe = with_socket(env, number, |socket| {
        !matches!(socket.local(), Some(Address::Ip(_)))
    });
    // The class is there once somebody has asked for the binding.
    let binding = if is_pipe == Some(true) {
        "pipe_wrap"
    } else {
        "tcp_wrap"
    };
    super::binding(ctx, binding)?;
    let made = object_for(ctx, number, is_pipe == Some(true))?;
    with_world(env, |world, by| world.give_socket(number, by.process));
    Ok(made)
}

/// `uv__server_io`: makes an object of every connection that waits, and tells the server.
fn accept_all(ctx: Ctx, listener: SocketId) {
    let env = Environment::of(ctx);
    while let Some(Some(server)) = with(env, listener, |socket| socket.object.clone()) {
        let accepted = with_world(env, |world, by| world.accept(listener, by.process));
        let Some(accepted) = accepted else { return };
        let Ok(is_pipe) = state_of::<Stream>(ctx, server.raw()).map(|stream| stream.is_pipe) else {
            return;
        };
        let trigger = async_wrap::ids_of(ctx, &server).0;
        let made =
            async_wrap::with_default_trigger(ctx, trigger, || object_for(ctx, accepted, is_pipe));
        let Ok(made) = made else {
            ctx.take_exception();
            return;
        };
        callback::make_method(ctx, &server, "onconnection", &[ctx.number(0.0), made]);
    }
}

// ---- news ----

/// Puts what the network tells this process among what poll finds ready.
pub fn hear(env: &Environment) {
    let place = env.place();
    let world = place.scheduler.world();
    let news = world.borrow_mut().network.take_news(place.process);
    for one in news {
        env.requests
            .answer_at(one.at_ns, false, move |ctx| heard(ctx, one));
    }
}

fn heard(ctx: Ctx, news: News) {
    let env = Environment::of(ctx);
    env.host().arrival = news.cause;
    match news.what {
        Change::Connected => connected(ctx, news.socket, 0),
        Change::Failed(errno) => connected(ctx, news.socket, -errno),
        Change::Writable => flush(ctx, news.socket),
        Change::Readable if super::udp_wrap::hear(ctx, news.socket) => {}
        Change::Readable => match with(env, news.socket, |socket| socket.is_listening) {
            Some(true) => accept_all(ctx, news.socket),
            Some(false) if is_due(env, news.socket) => read(ctx, news.socket),
            _ => {}
        },
    }
    env.host().arrival = None;
}

fn connected(ctx: Ctx, number: SocketId, status: i32) {
    let env = Environment::of(ctx);
    let asked = with(env, number, |socket| {
        (socket.object.clone(), socket.connecting.take())
    });
    if let Some((Some(object), Some((request, under_way)))) = asked {
        rest(ctx, number);
        finish_connecting(ctx, &object, &request, under_way, status);
    }
}

// ---- bytes ----

/// The arguments of `writev(request, chunks, allBuffers)` in one.
pub fn chunks(c: &Call) -> Js<Vec<u8>> {
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
    Ok(bytes)
}

fn write_text(c: &Call, encoding: Encoding) -> Js<Value> {
    let bytes = buffer::encode(c.ctx, &c.arg(1), encoding)?;
    write_with(c, bytes, &c.arg(2))
}

/// `request.handle` of a channel to another process: a socket that goes along (`LibuvStreamWrap::DoWrite`).
fn write_with(c: &Call, bytes: Vec<u8>, handle: &Value) -> Js<Value> {
    let goes = messaging::state::<Stream>(c.ctx, handle).map(|stream| stream.number.get());
    if goes.is_none() && handle.is_object() {
        let what = "A datagram socket that is handed to another process";
        return Err(throw_not_simulated(c.ctx, what));
    }
    write_carrying(c, bytes, goes)
}

fn write(c: &Call, bytes: Vec<u8>) -> Js<Value> {
    write_carrying(c, bytes, None)
}

fn write_carrying(c: &Call, bytes: Vec<u8>, goes: Option<SocketId>) -> Js<Value> {
    let (env, stream) = (c.env(), c.state::<Stream>()?);
    let number = stream.number.get();
    env.set_u32("streamBaseState", BYTES_WRITTEN, bytes.len() as u32);
    env.set_u32("streamBaseState", LAST_WRITE_WAS_ASYNC, 0);
    let waits = with(env, number, |socket| {
        socket.bytes_written += bytes.len() as u64;
        !socket.waiting.is_empty()
    });
    let mut goes_later = None;
    let sent = match waits {
        Some(true) => {
            goes_later = goes;
            Ok(0)
        }
        Some(false) => send(env, number, &bytes, goes),
        None => Err(errno::EPIPE),
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(errno) => return answer(c, -errno),
    };
    if sent < bytes.len() {
        let (request, object) = (c.arg(0), c.this());
        env.set_u32("streamBaseState", LAST_WRITE_WAS_ASYNC, 1);
        let trigger = async_wrap::ids_of(c.ctx, &object).0;
        async_wrap::adopt_for(c.ctx, &request, "WRITEWRAP", Some(trigger));
        stream.handle.start(env, &object, stream.kind());
        with(env, number, |socket| {
            socket.object = Some(object);
            let rest = bytes[sent..].to_vec();
            let writer = Writer::Request(request);
            socket.waiting.push_back((rest, goes_later, writer));
        });
    }
    answer(c, 0)
}

fn send(
    env: &Environment,
    number: SocketId,
    bytes: &[u8],
    goes: Option<SocketId>,
) -> Result<usize, i32> {
    with_world(env, |world, by| {
        if let Some(goes) = goes {
            world.attach(number, goes);
        }
        world.send(number, bytes, by)
    })
}

/// There is room at the other end again, or an error.
fn flush(ctx: Ctx, number: SocketId) {
    let env = Environment::of(ctx);
    while let Some(Some((mut bytes, goes, writer))) =
        with(env, number, |socket| socket.waiting.pop_front())
    {
        let status = match send(env, number, &bytes, goes) {
            Ok(sent) if sent < bytes.len() => {
                bytes.drain(..sent);
                with(env, number, |socket| {
                    socket.waiting.push_front((bytes, None, writer));
                });
                return;
            }
            Ok(_) => 0,
            Err(errno) => -errno,
        };
        match writer {
            Writer::Request(request) => complete(ctx, number, request, status),
            Writer::Session(session) => {
                env.requests.feed(move |ctx| session.written(ctx, status));
            }
        }
    }
    finish_shutdown(env, number);
    rest(ctx, number);
}

/// Calls a request's `oncomplete(status, stream, undefined)`.
fn complete_now(ctx: Ctx, number: SocketId, request: &Value, status: i32) {
    let object = with(Environment::of(ctx), number, |socket| socket.object.clone());
    let object = object.flatten().unwrap_or_else(|| ctx.undefined());
    let args = [ctx.number(f64::from(status)), object, ctx.undefined()];
    callback::make_method(ctx, request, "oncomplete", &args);
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, request).0);
}

/// The same in its turn.
fn complete(ctx: Ctx, number: SocketId, request: Value, status: i32) {
    Environment::of(ctx).requests.feed(move |ctx| {
        complete_now(ctx, number, &request, status);
    });
}

fn shutdown(c: &Call) -> Js<Value> {
    let (env, stream) = (c.env(), c.state::<Stream>()?);
    let (number, request, object) = (stream.number.get(), c.arg(0), c.this());
    if with_socket(env, number, Socket::is_open) != Some(true) {
        return answer(c, -errno::ENOTCONN);
    }
    let trigger = async_wrap::ids_of(c.ctx, &object).0;
    async_wrap::adopt_for(c.ctx, &request, "SHUTDOWNWRAP", Some(trigger));
    with(env, number, |socket| {
        socket.object = Some(object);
        socket.shutdown = Some(request);
    });
    finish_shutdown(env, number);
    answer(c, 0)
}

/// Once everything is written.
fn finish_shutdown(env: &Environment, number: SocketId) {
    let ready = with(env, number, |socket| {
        if socket.waiting.is_empty() {
            socket.shutdown.take()
        } else {
            None
        }
    });
    let Some(Some(request)) = ready else { return };
    env.requests.feed(move |ctx| {
        let env = Environment::of(ctx);
        let done = with_world(env, |world, by| world.shut_down(number, by));
        let status = done.map_or_else(|errno| -errno, |()| 0);
        complete_now(ctx, number, &request, status);
    });
}

/// Whether the script wants to read and there is something it has not heard of.
fn is_due(env: &Environment, number: SocketId) -> bool {
    let wants = with(env, number, |socket| {
        socket.is_reading && !socket.read_queued && !socket.end_told
    });
    wants == Some(true) && with_socket(env, number, Socket::is_readable) == Some(true)
}

fn queue_read(env: &Environment, number: SocketId) {
    if is_due(env, number) {
        with(env, number, |socket| socket.read_queued = true);
        env.answer_after(0, false, move |ctx| {
            with(Environment::of(ctx), number, |socket| {
                socket.read_queued = false;
            });
            read(ctx, number);
        });
    }
}

/// `uv__read`: what has arrived, in pieces of 64 KiB; the end in a turn of its own.
fn read(ctx: Ctx, number: SocketId) {
    let env = Environment::of(ctx);
    let mut read_any = false;
    loop {
        let wanted = with(env, number, |socket| {
            let object = socket.object.clone().filter(|_| socket.is_reading)?;
            let buffer = socket.user_buffer.as_ref();
            let bytes_max = buffer.map_or(READ_BYTES_MAX, |buffer| bytes_of(ctx, buffer).1);
            Some((object, bytes_max))
        });
        let Some(Some((object, bytes_max))) = wanted else {
            break;
        };
        let has_bytes = with_socket(env, number, Socket::has_bytes) == Some(true);
        if read_any && !has_bytes {
            break;
        }
        match with_world(env, |world, by| world.receive(number, bytes_max, by)) {
            Received::Bytes(bytes) => {
                read_any = true;
                with(env, number, |socket| {
                    socket.bytes_read += bytes.len() as u64;
                });
                let carried = with_world(env, |world, _| world.take_carried(number));
                if let Some(Ok(handle)) = carried.map(|carried| receive_handle(ctx, carried)) {
                    ctx.set(&object, "pendingHandle", handle);
                }
                deliver(ctx, number, &object, &bytes);
            }
            Received::Nothing => return,
            Received::End => return end(ctx, number, &object, EOF),
            Received::Error(errno) => return end(ctx, number, &object, -errno),
        }
    }
    queue_read(env, number);
}

fn end(ctx: Ctx, number: SocketId, object: &Value, code: i32) {
    let env = Environment::of(ctx);
    with(env, number, |socket| {
        socket.is_reading = false;
        socket.end_told = true;
    });
    rest(ctx, number);
    if let Some(Some(session)) = with(env, number, |socket| socket.above)
        && session.ended(ctx, code)
    {
        return;
    }
    env.set_u32("streamBaseState", READ_BYTES_OR_ERROR, code as u32);
    callback::make_method(ctx, object, "onread", &[ctx.undefined()]);
}

fn deliver(ctx: Ctx, number: SocketId, object: &Value, bytes: &[u8]) {
    let env = Environment::of(ctx);
    if let Some(Some(session)) = with(env, number, |socket| socket.above) {
        return callback::in_scope(ctx, || session.received(ctx, bytes));
    }
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
fn rest(ctx: Ctx, number: SocketId) {
    let env = Environment::of(ctx);
    let idle = with(env, number, |socket| {
        let is_idle = !socket.is_reading
            && !socket.is_listening
            && socket.connecting.is_none()
            && socket.waiting.is_empty();
        if is_idle { socket.object.clone() } else { None }
    });
    if let Some(Some(object)) = idle
        && let Ok(stream) = state_of::<Stream>(ctx, object.raw())
    {
        stream.handle.stop(env);
    }
}

/// Of this machine, of the world's hosts, and of what the scenario calls them.
fn addresses_of(env: &Environment, name: &str, family: u32) -> Vec<String> {
    let own: &[&str] = match (name, family) {
        ("localhost", 0 | 4) => &["127.0.0.1"],
        ("localhost" | "ip6-localhost", 6) => &["::1"],
        ("ip6-localhost", 0) => &["::1"],
        _ => &[],
    };
    if !own.is_empty() {
        return own.iter().map(|ip| (*ip).to_owned()).collect();
    }
    let world = env.place().scheduler.world();
    let found = world.borrow().network.resolve(name);
    found
        .iter()
        .filter(|ip| family == 0 || ip.is_ipv6() == (family == 6))
        .map(IpAddr::to_string)
        .collect()
}

/// Names and their addresses, which the pool looks up.
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
        let found = addresses_of(c.env(), &host, family);
        const LOOKUP_NS: u64 = 200_000;
        c.env().queue_work(PoolWork::Dns, LOOKUP_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let args = if found.is_empty() {
                vec![ctx.number(f64::from(ENOTFOUND))]
            } else {
                vec![ctx.null(), ctx.strings(found.iter().map(String::as_str))]
            };
            callback::make_method(ctx, &request, "oncomplete", &args);
            async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &request).0);
        });
        answer(c, 0)
    })
    .with("getnameinfo", |c| {
        let (request, host, port) = (c.arg(0), c.text(1)?, c.number(2) as u16);
        if host.parse::<IpAddr>().is_err() {
            return answer(c, -errno::EINVAL);
        }
        async_wrap::adopt(c.ctx, &request, "GETNAMEINFOREQWRAP");
        let number = c
            .env()
            .requests
            .begin_request(request.clone(), "GETNAMEINFOREQWRAP");
        callback::awaited(c.ctx, &request, "oncomplete");
        const LOOKUP_NS: u64 = 200_000;
        c.env().queue_work(PoolWork::Dns, LOOKUP_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let name = if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
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
        let ip = c.text(0)?.parse::<IpAddr>();
        Ok(ip.map_or_else(|_| c.ctx.undefined(), |ip| c.ctx.string(&ip.to_string())))
    })
    .with("strerror", |c| {
        let text = super::cares_wrap::error_text(c.number(0) as i32);
        Ok(c.ctx.string(text))
    });
    super::cares_wrap::initialize(t);
}
