//! An nginx, and the balancer that is one without a file: it takes requests whole, chooses a server for each, asks it
//! over a connection of its own, and hands on what it answers while it comes.
//!
//! By nginx 1.22's own source (`ngx_http_proxy_module.c`, `ngx_http_upstream.c`, `ngx_http_header_filter_module.c`): the
//! order of headers, which of them it drops, when it asks the next server, what its error pages say. What it obeys of a
//! configuration is in the crate `nginx`. Its own work takes no time; files and TLS are left out.

mod answer;
mod balance;
mod balancer;
mod cache;
mod client;
mod gzip;
mod known;
mod limit;
mod rewrite;
mod upstream;
mod words;

pub(crate) use balancer::balancer;

use std::{net::IpAddr, rc::Rc};

use kernel::{
    EventQueue, Machine, Table, Turn, World,
    network::{Address, Change, HostId, News, Received, SocketId},
};
use nginx::{
    Action, Captures, Config, Location, Place, Proxy as Pass, Return, Server, Settings, Step,
    Values,
};
use protocol::{
    EventId, ProcessId,
    service::{BalancerSpec, Method},
};

use crate::{
    by, date, host_named,
    line::Line,
    message::{Head, Piece, Reader},
    resolve,
};

use answer::Slots;
use balance::Group;
use cache::Cache;
use gzip::Compressor;
use known::{Known, message, split_target, target};
use limit::{Limits, Verdict};

const READ_BYTES_MAX: usize = 1 << 20;
const BACKLOG: usize = 511;
const NGINX: &str = "nginx/1.22.1";
/// Of a balancer: free connections to its servers.
const KEEPALIVE: u32 = 64;
/// Headers of a server's answer that are not handed on.
const HIDDEN: [&str; 9] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "date",
    "server",
    "x-pad",
    "x-accel-redirect",
    "x-accel-expires",
    "x-accel-buffering",
];

#[derive(Debug)]
pub struct Proxy {
    machine: ProcessId,
    host: HostId,
    config: Rc<Config>,
    /// What it calls itself in answers.
    signature: String,
    listeners: Table<SocketId, u16>,
    clients: Table<SocketId, Client>,
    calls: Table<SocketId, Call>,
    groups: Vec<Group>,
    /// Of each group: free connections, the last used last.
    idle: Vec<Vec<SocketId>>,
    timers: EventQueue<Timer>,
    limits: Limits,
    cache: Cache,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// It has said nothing for too long.
    Client(SocketId),
    /// The server has.
    Call(SocketId),
    /// A request that came too early for its limit.
    Delayed(SocketId),
    Check(usize, usize),
}

#[derive(Debug)]
struct Client {
    line: Line,
    reader: Reader,
    ip: IpAddr,
    port: u16,
    remote_port: u16,
    /// Being read.
    head: Option<Head>,
    body: Vec<u8>,
    exchange: Option<Exchange>,
    requests: u64,
    timer: Option<(u64, u64)>,
    has_ended: bool,
    cause: Option<EventId>,
}

/// A request, from when it is whole to when it is answered.
#[derive(Debug)]
struct Exchange {
    head: Head,
    body: Vec<u8>,
    server: usize,
    location: Option<usize>,
    /// Decoded and without its dots.
    path: String,
    args: Option<String>,
    way: Way,
    settings: Rc<Settings>,
    keeps_alive: bool,
    tried: Vec<usize>,
    call: Option<SocketId>,
    cache_key: Option<String>,
    cache_status: &'static str,
    upstream: String,
    /// The status that an error page is for.
    original: Option<u16>,
    answer: Answer,
}

/// What has become of a request's path, and what patterns found in it.
#[derive(Debug, Default)]
struct Way {
    captures: Captures,
    /// The path that was asked for had something encoded in it, or a plus sign.
    is_quoted: bool,
    has_plus: bool,
    /// The path is no longer the one that was asked for.
    is_changed: bool,
    /// `break`: no location's path is replaced any more.
    is_settled: bool,
    changes: u32,
}

/// What has been sent of an answer.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    has_begun: bool,
    is_chunked: bool,
    has_body: bool,
    gzip: Option<Compressor>,
    /// What is to be kept.
    kept: Option<cache::Entry>,
}

#[derive(Debug)]
struct Call {
    line: Line,
    reader: Reader,
    purpose: Purpose,
    group: usize,
    peer: usize,
    is_open: bool,
    is_reused: bool,
    keeps_alive: bool,
    has_head: bool,
    is_between: bool,
    /// To be written when the connection stands.
    message: Vec<u8>,
    timer: Option<(u64, u64)>,
    read_timeout_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Purpose {
    For(SocketId),
    Check,
    /// Waits to be used again.
    Idle,
}

/// Why a server gave no answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    Error,
    Timeout,
    Invalid,
    Status(u16),
}

impl Proxy {
    /// `Err` says which server of the configuration is not in the world.
    pub fn new(
        machine: ProcessId,
        host: &str,
        signature: Option<&str>,
        config: Config,
        world: &mut World,
    ) -> Result<Self, nginx::Mistake> {
        for upstream in &config.upstreams {
            for peer in &upstream.peers {
                if resolve(&world.network, &peer.host).is_none() {
                    return Err(nginx::Mistake {
                        line: peer.line,
                        sentence: format!("host not found in upstream \"{}\"", peer.host),
                    });
                }
            }
        }
        let host = host_named(world, host);
        let mut proxy = Self {
            machine,
            host,
            signature: signature.unwrap_or(NGINX).to_owned(),
            listeners: Table::new(),
            clients: Table::new(),
            calls: Table::new(),
            groups: Vec::new(),
            idle: Vec::new(),
            timers: EventQueue::default(),
            limits: Limits::new(&config.limit_zones),
            cache: Cache::new(&config.cache_zones),
            config: Rc::new(config),
        };
        proxy.begin(world);
        Ok(proxy)
    }

    fn begin(&mut self, world: &mut World) {
        let config = self.config.clone();
        self.groups = config.upstreams.iter().cloned().map(Group::new).collect();
        self.idle = vec![Vec::new(); self.groups.len()];
        let mut ports: Vec<u16> = config
            .servers
            .iter()
            .flat_map(|server| server.ports.iter().map(|(port, _)| *port))
            .collect();
        ports.sort_unstable();
        ports.dedup();
        for port in ports {
            let listener = world.open_socket(self.host, Some(self.machine));
            let at = Address::Ip(std::net::SocketAddr::from(([0, 0, 0, 0], port)));
            // Where somebody listens already, nobody ever hears of this one.
            let _ = world
                .bind(listener, at)
                .and_then(|()| world.listen(listener, BACKLOG));
            self.listeners.insert(listener, port);
        }
        for (group, upstream) in config.upstreams.iter().enumerate() {
            if let Some(health) = &upstream.health {
                for peer in 0..upstream.peers.len() {
                    let at_ns = world.now_ns() + health.every_ns;
                    self.timers.push(at_ns, Timer::Check(group, peer));
                }
            }
        }
    }

    // ---- time ----

    fn keep_time(&mut self, world: &mut World) {
        while self
            .timers
            .next_time_ns()
            .is_some_and(|ns| ns <= world.now_ns())
        {
            let Some((_, timer)) = self.timers.pop() else {
                return;
            };
            match timer {
                Timer::Client(socket) => {
                    if let Some(client) = self.clients.get_mut(&socket) {
                        client.timer = None;
                        self.drop_client(world, socket, None);
                    }
                }
                Timer::Call(socket) => {
                    if let Some(call) = self.calls.get_mut(&socket) {
                        call.timer = None;
                        self.fail_call(world, socket, Failure::Timeout, None);
                    }
                }
                Timer::Delayed(socket) => self.goes_on(world, socket),
                Timer::Check(group, peer) => self.check(world, group, peer),
            }
        }
    }

    fn goes_on(&mut self, world: &mut World, socket: SocketId) {
        let config = self.config.clone();
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let server = &config.servers[exchange.server];
        if let Some(number) = exchange.location {
            self.carry_out(world, socket, &server.locations[number]);
        }
    }

    fn values<'a>(&'a self, world: &'a World, socket: SocketId) -> Option<Known<'a>> {
        let client = self.clients.get(&socket)?;
        let exchange = client.exchange.as_ref()?;
        let server = &self.config.servers[exchange.server];
        let location = exchange.location.map(|number| &server.locations[number]);
        Some(Known {
            client,
            exchange,
            server,
            location,
            host_name: world.network.host_name(self.host),
        })
    }
}

impl Machine for Proxy {
    fn act(&mut self, world: &mut World) -> Turn {
        loop {
            let news = world.network.take_news(self.machine);
            if news.is_empty() {
                break;
            }
            for news in news {
                let socket = news.socket;
                if self.listeners.contains_key(&socket) {
                    self.accept(world, socket, news.cause);
                } else if self.calls.contains_key(&socket) {
                    self.hear_call(world, news);
                } else if news.what == Change::Writable {
                    if let Some(client) = self.clients.get_mut(&socket) {
                        match client.line.go_on(world, by(news.cause)) {
                            Ok(()) if client.has_ended => self.close_when_sent(world, socket),
                            Ok(()) => {}
                            Err(_) => self.drop_client(world, socket, news.cause),
                        }
                    }
                } else {
                    self.read_client(world, socket, news.cause);
                }
            }
        }
        self.keep_time(world);
        match self.timers.next_time_ns() {
            Some(next_ns) => Turn::SleepsUntil(next_ns),
            None => Turn::Waits,
        }
    }

    fn drives(&self) -> bool {
        false
    }

    fn is_busy(&self) -> bool {
        self.clients
            .values()
            .any(|client| client.exchange.is_some())
    }

    fn end(&mut self, _: &mut World) {}

    fn host(&self) -> HostId {
        self.host
    }

    fn crash(&mut self) {
        self.listeners = Table::new();
        self.clients = Table::new();
        self.calls = Table::new();
        self.timers = EventQueue::default();
        self.limits = Limits::new(&self.config.limit_zones);
        // What is cached lies on the disk.
    }

    fn restart(&mut self, world: &mut World) {
        self.begin(world);
    }
}
