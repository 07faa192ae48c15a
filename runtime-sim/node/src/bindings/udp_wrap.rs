//! Datagram sockets on the world's network (`src/udp_wrap.cc`, libuv's `src/unix/udp.c`).
//!
//! A send is done when the call returns, as `uv_udp_try_send` nearly always is. Leaves out, saying so: groups
//! (multicast), and sockets that stand behind a descriptor.

use std::{
    cell::{Cell, RefCell},
    net::{IpAddr, SocketAddr},
};

use kernel::{
    Table,
    network::{Address, SocketId, errno},
};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap, callback,
    crypto::new_buffer,
    environment::{Environment, copy_bytes},
    handle::{self, Handle, HasHandle},
    native::{Call, Target},
    net::{host, with_world},
};

const EBADF: i32 = -9;
/// `net.core.rmem_default` and `wmem_default`.
const BUFFER_BYTES: f64 = 212_992.0;
const REUSES_ADDRESS: i32 = 4;

#[derive(Default)]
pub struct Udp {
    /// Those that hear, with what hears.
    hearing: RefCell<Table<SocketId, Value>>,
}

struct Socket {
    handle: Handle,
    number: SocketId,
    receives_bytes: Cell<f64>,
    sends_bytes: Cell<f64>,
}

impl HasHandle for Socket {
    const KIND: &'static str = "UDPWRAP";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        let gone = env.udp.hearing.borrow_mut().remove(&self.number);
        drop(gone);
        with_world(env, |world, by| world.close_socket(self.number, by));
    }
}

pub fn initialize(ctx: Ctx, t: &Target) {
    t.class("SendWrap", |c| c.construct(()));
    let class = t.class("UDP", |c| {
        let env = c.env();
        let host = host(env);
        let number = with_world(env, |world, by| {
            world.open_datagram_socket(host, by.process)
        });
        let object = c.construct(Socket {
            handle: Handle::default(),
            number,
            receives_bytes: Cell::new(BUFFER_BYTES),
            sends_bytes: Cell::new(BUFFER_BYTES),
        })?;
        async_wrap::adopt(c.ctx, &object, "UDPWRAP");
        Ok(object)
    });
    let done = |c: &Call| Ok(c.ctx.number(0.0));
    handle::methods::<Socket>(&class)
        .with("bind", bind)
        .with("bind6", bind)
        .with("connect", connect)
        .with("connect6", connect)
        .with("disconnect", |c| {
            let number = c.state::<Socket>()?.number;
            let ended = with_world(c.env(), |world, _| world.connect_datagrams(number, None));
            answer(c, ended)
        })
        .with("send", send)
        .with("send6", send)
        .with("recvStart", |c| {
            let socket = c.state::<Socket>()?;
            let (env, object) = (c.env(), c.this());
            let mut hearing = env.udp.hearing.borrow_mut();
            hearing.insert(socket.number, object.clone());
            drop(hearing);
            socket.handle.start(env, &object, Socket::KIND);
            // What came before is heard in the next poll.
            with_world(env, |world, by| {
                world.give_socket(socket.number, by.process)
            });
            Ok(c.ctx.number(0.0))
        })
        .with("recvStop", |c| {
            let socket = c.state::<Socket>()?;
            let gone = c.env().udp.hearing.borrow_mut().remove(&socket.number);
            drop(gone);
            socket.handle.stop(c.env());
            Ok(c.ctx.number(0.0))
        })
        .with("getsockname", |c| {
            address(c, |socket| socket.local().cloned())
        })
        .with("getpeername", |c| {
            address(c, |socket| socket.remote().cloned())
        })
        .with("bufferSize", buffer_size)
        .with("setBroadcast", done)
        .with("setTTL", done)
        .with("setMulticastTTL", done)
        .with("setMulticastLoopback", done)
        .with("getSendQueueSize", done)
        .with("getSendQueueCount", done);
    super::fs::define_getter(ctx, &class.object, "fd", |c| Ok(c.ctx.number(-1.0)));
}

fn answer(c: &Call, result: Result<(), i32>) -> Js<Value> {
    let code = result.map_or_else(|errno| -errno, |()| 0);
    Ok(c.ctx.number(f64::from(code)))
}

fn address_of(c: &Call, ip: usize, port: usize) -> Js<Result<SocketAddr, i32>> {
    let ip = c.text(ip)?.parse::<IpAddr>();
    let port = c.number(port) as u16;
    Ok(ip.map_or(Err(errno::EINVAL), |ip| Ok(SocketAddr::new(ip, port))))
}

/// `bind(ip, port, flags)`
fn bind(c: &Call) -> Js<Value> {
    let number = c.state::<Socket>()?.number;
    let (at, flags) = (address_of(c, 0, 1)?, c.number(2) as i32);
    let bound = at.and_then(|at| {
        with_world(c.env(), |world, _| {
            world.bind_datagrams(number, at, flags & REUSES_ADDRESS != 0)
        })
    });
    answer(c, bound)
}

/// `connect(ip, port)`
fn connect(c: &Call) -> Js<Value> {
    let number = c.state::<Socket>()?.number;
    let connected = address_of(c, 0, 1)?.and_then(|to| {
        with_world(c.env(), |world, _| {
            world.connect_datagrams(number, Some(to))
        })
    });
    answer(c, connected)
}

/// `send(request, chunks, count, port, ip, hasCallback)`, or without an address where it is connected. Answers one more
/// than the bytes that went.
fn send(c: &Call) -> Js<Value> {
    let number = c.state::<Socket>()?.number;
    let chunks = c.arg(1);
    let mut bytes = Vec::new();
    for index in 0..c.ctx.length(&chunks) {
        bytes.extend(copy_bytes(c.ctx, &c.ctx.at(&chunks, index)?)?);
    }
    let to = if c.arg(4).is_string() {
        match address_of(c, 4, 3)? {
            Ok(to) => Some(to),
            Err(errno) => return answer(c, Err(errno)),
        }
    } else {
        None
    };
    let sent = with_world(c.env(), |world, by| {
        world.send_datagram(number, to, &bytes, by)
    });
    match sent {
        Ok(sent) => Ok(c.ctx.number(sent as f64 + 1.0)),
        Err(errno) => answer(c, Err(errno)),
    }
}

fn address(c: &Call, which: impl Fn(&kernel::network::Socket) -> Option<Address>) -> Js<Value> {
    let number = c.state::<Socket>()?.number;
    let world = c.env().place().scheduler.world();
    let world = world.borrow();
    let socket = world.socket(number);
    // Linux makes a socket of it when it is bound.
    let code = if socket.is_some_and(|socket| socket.local().is_some()) {
        -errno::ENOTCONN
    } else {
        EBADF
    };
    let Some(Address::Ip(found)) = socket.and_then(which) else {
        return Ok(c.ctx.number(f64::from(code)));
    };
    set_address(c.ctx, &c.arg(0), found);
    Ok(c.ctx.number(0.0))
}

fn set_address(ctx: Ctx, object: &Value, address: SocketAddr) {
    let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
    ctx.set(object, "address", ctx.string(&address.ip().to_string()));
    ctx.set(object, "family", ctx.string(family));
    ctx.set(object, "port", ctx.number(f64::from(address.port())));
}

/// `bufferSize(size, isOfReceiving, context)`: sets it, or asks for it with 0. Linux gives twice what is asked for.
fn buffer_size(c: &Call) -> Js<Value> {
    let socket = c.state::<Socket>()?;
    let world = c.env().place().scheduler.world();
    let is_bound = world
        .borrow()
        .socket(socket.number)
        .is_some_and(|socket| socket.local().is_some());
    let is_receiving = c.truthy(1);
    if !is_bound {
        let context = c.arg(2);
        let name = if is_receiving {
            "uv_recv_buffer_size"
        } else {
            "uv_send_buffer_size"
        };
        c.ctx.set(&context, "errno", c.ctx.number(f64::from(EBADF)));
        c.ctx.set(&context, "code", c.ctx.string("EBADF"));
        c.ctx
            .set(&context, "message", c.ctx.string("bad file descriptor"));
        c.ctx.set(&context, "syscall", c.ctx.string(name));
        return c.undefined();
    }
    let bytes = if is_receiving {
        &socket.receives_bytes
    } else {
        &socket.sends_bytes
    };
    let asked = c.number(0);
    if asked == 0.0 {
        return Ok(c.ctx.number(bytes.get()));
    }
    bytes.set((asked * 2.0).min(2.0 * BUFFER_BYTES));
    Ok(c.ctx.number(asked))
}

/// Whether news of this socket is for here; if so, all that came is told.
pub fn hear(ctx: Ctx, number: SocketId) -> bool {
    let env = Environment::of(ctx);
    if !env.udp.hearing.borrow().contains_key(&number) {
        return false;
    }
    loop {
        let Some(object) = env.udp.hearing.borrow().get(&number).cloned() else {
            return true;
        };
        let next = with_world(env, |world, _| world.receive_datagram(number));
        let Some((from, bytes)) = next else {
            return true;
        };
        let about = ctx.object();
        set_address(ctx, &about, from);
        let args = [
            ctx.number(bytes.len() as f64),
            object.clone(),
            new_buffer(ctx, &bytes),
            about,
        ];
        callback::make_method(ctx, &object, "onmessage", &args);
    }
}
