//! An nginx, and the balancer that is one without a file: it takes requests whole, chooses a server for each, asks it
//! over a connection of its own, and hands on what it answers while it comes.
//!
//! By nginx 1.22's own source (`ngx_http_proxy_module.c`, `ngx_http_upstream.c`, `ngx_http_header_filter_module.c`): the
//! order of headers, which of them it drops, when it asks the next server, what its error pages say. What it obeys of a
//! configuration is in the crate `nginx`. Its own work takes no time; files, TLS, compression and regular expressions are
//! left out.

mod balance;
mod cache;
mod limit;
mod words;

use std::{net::IpAddr, rc::Rc};

use kernel::{
    EventQueue, Machine, Table, Turn, World,
    network::{Address, Change, HostId, News, Received, SocketId},
};
use nginx::{Action, Config, Location, Proxy as Pass, Return, Server, Settings, Values};
use protocol::{
    EventId, ProcessId,
    service::{BalancerSpec, Method},
};

use crate::{
    by, host_named,
    line::Line,
    message::{Head, Piece, Reader, Wrong},
    resolve,
};

use balance::Group;
use cache::Cache;
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

/// What has been sent of an answer.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    has_begun: bool,
    is_chunked: bool,
    has_body: bool,
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

    // ---- clients ----

    fn accept(&mut self, world: &mut World, listener: SocketId, cause: Option<EventId>) {
        let port = self.listeners[&listener];
        while let Some(socket) = world.accept(listener, self.machine) {
            let remote = world.socket(socket).and_then(|socket| socket.remote());
            let (ip, remote_port) = match remote {
                Some(Address::Ip(at)) => (at.ip().to_canonical(), at.port()),
                _ => (IpAddr::from([127, 0, 0, 1]), 0),
            };
            let timeout_ns = self.default_settings(port).client_header_timeout_ns;
            let timer = self
                .timers
                .push(world.now_ns() + timeout_ns, Timer::Client(socket));
            let client = Client {
                line: Line::new(socket),
                reader: Reader::request(),
                ip,
                port,
                remote_port,
                head: None,
                body: Vec::new(),
                exchange: None,
                requests: 0,
                timer: Some(timer),
                has_ended: false,
                cause,
            };
            self.clients.insert(socket, client);
            self.read_client(world, socket, cause);
        }
    }

    fn default_settings(&self, port: u16) -> &Settings {
        &self.config.servers[self.server_for(port, "")].settings
    }

    fn read_client(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        while let Some(client) = self.clients.get_mut(&socket) {
            client.cause = cause.or(client.cause);
            match world.receive(socket, READ_BYTES_MAX, by(cause)) {
                Received::Bytes(bytes) => client.reader.feed(&bytes),
                Received::Nothing => break,
                Received::End => {
                    client.has_ended = true;
                    if client.exchange.is_none() || client.reader.is_between() {
                        self.drop_client(world, socket, cause);
                    }
                    return;
                }
                Received::Error(_) => {
                    self.drop_client(world, socket, cause);
                    return;
                }
            }
        }
        self.understand_client(world, socket);
    }

    fn understand_client(&mut self, world: &mut World, socket: SocketId) {
        while let Some(client) = self.clients.get_mut(&socket) {
            // The next request waits for the answer to this one.
            if client.exchange.is_some() {
                return;
            }
            match client.reader.piece() {
                Ok(None) => return,
                Ok(Some(Piece::Head(head))) => {
                    let expects = head.has_word("expect", "100-continue");
                    client.head = Some(*head);
                    if expects {
                        let cause = client.cause;
                        let _ =
                            client
                                .line
                                .send(world, b"HTTP/1.1 100 Continue\r\n\r\n", by(cause));
                    }
                }
                Ok(Some(Piece::Body(body))) => client.body.extend(body),
                Ok(Some(Piece::End)) => {
                    let head = client.head.take().unwrap_or_default();
                    let body = std::mem::take(&mut client.body);
                    self.take(world, socket, head, body);
                }
                Err(wrong) => {
                    let status = match wrong {
                        Wrong::TooLarge | Wrong::Malformed | Wrong::CutShort => 400,
                    };
                    let head = Head {
                        minor: 1,
                        ..Head::default()
                    };
                    self.open_exchange(world, socket, head, Vec::new());
                    self.error(world, socket, status);
                    return;
                }
            }
        }
    }

    fn drop_client(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let Some(client) = self.clients.remove(&socket) else {
            return;
        };
        if let Some(place) = client.timer {
            self.timers.remove(place);
        }
        world.close_socket(socket, by(cause));
        // Whoever is being asked for it need not answer.
        if let Some(call) = client.exchange.and_then(|exchange| exchange.call) {
            self.drop_call(world, call, false, cause);
        }
    }

    // ---- requests ----

    fn server_for(&self, port: u16, name: &str) -> usize {
        let servers = || self.config.servers.iter().enumerate();
        let listens = |server: &Server| server.ports.iter().any(|(other, _)| *other == port);
        let fits = |server: &Server, name: &str| {
            server.names.iter().any(|known| {
                known == name
                    || known
                        .strip_prefix('*')
                        .is_some_and(|end| name.ends_with(end) && name.len() > end.len())
            })
        };
        let is_default = |server: &Server| server.ports.contains(&(port, true));
        let found = servers()
            .find(|(_, server)| listens(server) && fits(server, name))
            .or_else(|| servers().find(|(_, server)| is_default(server)))
            .or_else(|| servers().find(|(_, server)| listens(server)));
        found.map_or(0, |(number, _)| number)
    }

    fn open_exchange(&mut self, world: &World, socket: SocketId, head: Head, body: Vec<u8>) {
        let Some(client) = self.clients.get(&socket) else {
            return;
        };
        let host = head.header("host").map(String::from_utf8_lossy);
        let host = host.unwrap_or_default().to_ascii_lowercase();
        let name = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name);
        let number = self.server_for(client.port, name);
        let server = &self.config.servers[number];
        let settings = Rc::new(server.settings.clone());
        let (path, args) = split_target(&head.target);
        let keeps_alive = head.keeps_alive()
            && settings.keepalive_timeout_ns > 0
            && client.requests + 1 < settings.keepalive_requests;
        let exchange = Exchange {
            keeps_alive,
            body,
            server: number,
            location: None,
            path,
            args,
            settings,
            tried: Vec::new(),
            call: None,
            cache_key: None,
            cache_status: "",
            upstream: String::new(),
            original: None,
            answer: Answer::default(),
            head,
        };
        let _ = world;
        if let Some(client) = self.clients.get_mut(&socket) {
            client.requests += 1;
            client.exchange = Some(exchange);
            if let Some(place) = client.timer.take() {
                self.timers.remove(place);
            }
        }
    }

    fn take(&mut self, world: &mut World, socket: SocketId, head: Head, body: Vec<u8>) {
        let has_host = head.header("host").is_some();
        let is_target = head.target.starts_with('/') || head.target.starts_with("http://");
        let is_bad = head.minor == 1 && !has_host || !is_target;
        self.open_exchange(world, socket, head, body);
        if is_bad {
            return self.error(world, socket, 400);
        }
        self.route(world, socket, true);
    }

    fn exchange(&mut self, socket: SocketId) -> Option<&mut Exchange> {
        self.clients.get_mut(&socket)?.exchange.as_mut()
    }

    fn route(&mut self, world: &mut World, socket: SocketId, counts: bool) {
        let config = self.config.clone();
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let server = &config.servers[exchange.server];
        if let Some(returns) = &server.returns {
            return self.answer_return(world, socket, returns);
        }
        let number = find_location(&server.locations, &exchange.path);
        exchange.location = number;
        let Some(location) = number.map(|number| &server.locations[number]) else {
            return self.error(world, socket, 404);
        };
        exchange.settings = Rc::new(location.settings.clone());
        let settings = exchange.settings.clone();
        if settings.keepalive_timeout_ns == 0 {
            exchange.keeps_alive = false;
        }
        let is_too_large =
            settings.body_bytes_max > 0 && exchange.body.len() as u64 > settings.body_bytes_max;
        if is_too_large {
            return self.error(world, socket, 413);
        }
        if let Action::Return(returns) = &location.action {
            return self.answer_return(world, socket, returns);
        }
        if counts && !settings.limits.is_empty() {
            let Some(values) = self.values(world, socket) else {
                return;
            };
            let keys: Vec<String> = settings
                .limits
                .iter()
                .map(|limit| config.limit_zones[limit.zone].key.fill(&values))
                .collect();
            let now_ns = world.now_ns();
            match self.limits.judge(now_ns, &settings.limits, &keys) {
                Verdict::Passes => {}
                Verdict::Waits(ns) => {
                    self.timers.push(now_ns + ns, Timer::Delayed(socket));
                    return;
                }
                Verdict::Refused => return self.error(world, socket, settings.limit_status),
            }
        }
        self.carry_out(world, socket, location);
    }

    fn carry_out(&mut self, world: &mut World, socket: SocketId, location: &Location) {
        let Action::Proxy(pass) = &location.action else {
            return self.error(world, socket, 404);
        };
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let is_cachable = matches!(exchange.head.method.as_str(), "GET" | "HEAD");
        let settings = exchange.settings.clone();
        if let Some(zone) = settings.cache.filter(|_| is_cachable) {
            let Some(values) = self.values(world, socket) else {
                return;
            };
            let key = match &settings.cache_key {
                Some(key) => key.fill(&values),
                None => format!("http://{}{}", pass.host, target(&values, pass)),
            };
            let found = self.cache.find(zone, &key, world.now_ns());
            let Some(exchange) = self.exchange(socket) else {
                return;
            };
            exchange.cache_key = Some(key);
            exchange.cache_status = match &found {
                Some(_) => "HIT",
                None => "MISS",
            };
            if let Some(entry) = found {
                return self.answer_entry(world, socket, entry);
            }
        }
        self.call(world, socket, pass);
    }

    fn answer_return(&mut self, world: &mut World, socket: SocketId, returns: &Return) {
        let Some(values) = self.values(world, socket) else {
            return;
        };
        let text = returns.text.as_ref().map(|text| text.fill(&values));
        match (returns.status, text) {
            (444, _) => self.drop_client(world, socket, None),
            (status @ (301 | 302 | 303 | 307 | 308), Some(to)) => {
                self.answer_page(world, socket, status, Some(to));
            }
            (status, Some(text)) => {
                let kind = self.exchange(socket);
                let kind = kind.map(|exchange| exchange.settings.default_type.clone());
                self.answer_whole(
                    world,
                    socket,
                    status,
                    kind.as_deref(),
                    None,
                    &[],
                    text.as_bytes(),
                );
            }
            (status, None) if status < 300 => {
                let kind = self.exchange(socket);
                let kind = kind.map(|exchange| exchange.settings.default_type.clone());
                self.answer_whole(world, socket, status, kind.as_deref(), None, &[], b"");
            }
            (status, None) => self.error(world, socket, status),
        }
    }

    /// A redirect within this server names it.
    fn absolute(&self, world: &World, socket: SocketId, to: &str) -> String {
        let Some(values) = self.values(world, socket).filter(|_| to.starts_with('/')) else {
            return to.to_owned();
        };
        match values.client.port {
            80 => format!("http://{}{to}", values.value("host")),
            port => format!("http://{}:{port}{to}", values.value("host")),
        }
    }

    // ---- errors ----

    fn error(&mut self, world: &mut World, socket: SocketId, status: u16) {
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        if exchange.answer.has_begun {
            // Half an answer cannot be taken back.
            return self.drop_client(world, socket, None);
        }
        if matches!(status, 400 | 413 | 414 | 500 | 501) {
            exchange.keeps_alive = false;
        }
        let pages = exchange.settings.error_pages.iter();
        let mut fits = pages.filter(|page| page.statuses.contains(&status));
        let page = fits.next().cloned().filter(|_| exchange.original.is_none());
        let Some(page) = page else {
            let status = exchange.original.filter(|code| *code > 0).unwrap_or(status);
            return self.answer_page(world, socket, status, None);
        };
        let shown = page.answer.unwrap_or(status);
        if !page.uri.starts_with('/') {
            let status = if (301..=308).contains(&shown) {
                shown
            } else {
                302
            };
            return self.answer_page(world, socket, status, Some(page.uri));
        }
        exchange.original = Some(shown);
        if exchange.head.method != "HEAD" {
            exchange.head.method = "GET".into();
        }
        exchange.body.clear();
        exchange.tried.clear();
        exchange.cache_key = None;
        (exchange.path, exchange.args) = split_target(&page.uri);
        self.route(world, socket, false);
    }

    fn answer_page(
        &mut self,
        world: &mut World,
        socket: SocketId,
        status: u16,
        to: Option<String>,
    ) {
        let signature = self.signature_for(socket);
        let page = words::page(status, &signature);
        let kind = (!page.is_empty()).then_some("text/html");
        self.answer_whole(world, socket, status, kind, to, &[], page.as_bytes());
    }

    fn signature_for(&self, socket: SocketId) -> String {
        let client = self.clients.get(&socket);
        let exchange = client.and_then(|client| client.exchange.as_ref());
        let shows = exchange.is_none_or(|exchange| exchange.settings.shows_version);
        match self.signature.split_once('/') {
            Some((name, _)) if !shows => name.to_owned(),
            _ => self.signature.clone(),
        }
    }

    // ---- answers ----

    #[expect(clippy::too_many_arguments, reason = "they are an answer's parts")]
    fn answer_whole(
        &mut self,
        world: &mut World,
        socket: SocketId,
        status: u16,
        kind: Option<&str>,
        to: Option<String>,
        headers: &[(String, String)],
        body: &[u8],
    ) {
        let mut slots = Slots {
            kind: kind.map(str::to_owned),
            length: Some(body.len() as u64),
            location: to,
            ..Slots::default()
        };
        slots.others.extend_from_slice(headers);
        if let Some(to) = slots.location.take() {
            if to.starts_with('/') {
                slots.location = Some(self.absolute(world, socket, &to));
            } else {
                slots.others.insert(0, ("Location".to_owned(), to));
            }
        }
        let shown = self
            .exchange(socket)
            .and_then(|exchange| exchange.original)
            .filter(|code| *code > 0)
            .unwrap_or(status);
        self.begin_answer(world, socket, shown, words::line(shown), slots);
        self.send_body(world, socket, body);
        self.finish_answer(world, socket);
    }

    fn answer_entry(&mut self, world: &mut World, socket: SocketId, entry: cache::Entry) {
        let slots = Slots {
            kind: entry.kind.clone(),
            length: entry.length,
            last_modified: entry.last_modified.clone(),
            others: entry.headers.clone(),
            ..Slots::default()
        };
        self.begin_answer(world, socket, entry.status, &entry.reason, slots);
        self.send_body(world, socket, &entry.body);
        self.finish_answer(world, socket);
    }

    fn begin_answer(
        &mut self,
        world: &mut World,
        socket: SocketId,
        status: u16,
        reason: &str,
        slots: Slots,
    ) {
        let signature = self.signature_for(socket);
        let now = words::date(world.wall_us() / 1_000_000);
        if let Some(exchange) = self.exchange(socket) {
            exchange.answer.status = status;
        }
        let Some(values) = self.values(world, socket) else {
            return;
        };
        let settings = values.exchange.settings.clone();
        let is_usual = matches!(status, 200 | 201 | 204 | 206 | 301..=304 | 307 | 308);
        let added: Vec<(String, String)> = settings
            .added_headers
            .iter()
            .filter(|header| header.always || is_usual)
            .map(|header| (header.name.clone(), header.value.fill(&values)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        let cause = client.cause;
        let Some(exchange) = &mut client.exchange else {
            return;
        };
        let is_empty = matches!(status, 204 | 304);
        let has_length = slots.length.is_some();
        let is_chunked = !has_length && !is_empty && exchange.head.minor == 1;
        if !has_length && !is_empty && !is_chunked {
            exchange.keeps_alive = false;
        }
        let mut text = format!("HTTP/1.1 {status} {reason}\r\n");
        let mut add = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        add("Server", &signature);
        add("Date", &now);
        if let Some(kind) = slots.kind.filter(|_| status != 204) {
            add("Content-Type", &kind);
        }
        if let Some(length) = slots.length.filter(|_| status != 204) {
            add("Content-Length", &length.to_string());
        }
        if let Some(value) = &slots.last_modified {
            add("Last-Modified", value);
        }
        if let Some(to) = &slots.location {
            add("Location", to);
        }
        if is_chunked {
            add("Transfer-Encoding", "chunked");
        }
        add(
            "Connection",
            if exchange.keeps_alive {
                "keep-alive"
            } else {
                "close"
            },
        );
        for (name, value) in slots.others.iter().chain(&added) {
            add(name, value);
        }
        text.push_str("\r\n");
        exchange.answer.has_begun = true;
        exchange.answer.has_body = exchange.head.method != "HEAD" && !is_empty;
        exchange.answer.is_chunked = is_chunked && exchange.answer.has_body;
        let _ = client.line.send(world, text.as_bytes(), by(cause));
    }

    fn send_body(&mut self, world: &mut World, socket: SocketId, body: &[u8]) {
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        let cause = client.cause;
        let Some(exchange) = &mut client.exchange else {
            return;
        };
        if let Some(kept) = &mut exchange.answer.kept {
            kept.body.extend_from_slice(body);
        }
        if body.is_empty() || !exchange.answer.has_body {
            return;
        }
        let sent = if exchange.answer.is_chunked {
            let mut chunk = format!("{:x}\r\n", body.len()).into_bytes();
            chunk.extend_from_slice(body);
            chunk.extend_from_slice(b"\r\n");
            client.line.send(world, &chunk, by(cause))
        } else {
            client.line.send(world, body, by(cause))
        };
        if sent.is_err() {
            self.drop_client(world, socket, cause);
        }
    }

    fn finish_answer(&mut self, world: &mut World, socket: SocketId) {
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        let cause = client.cause;
        let Some(exchange) = client.exchange.take() else {
            return;
        };
        if exchange.answer.is_chunked {
            let _ = client.line.send(world, b"0\r\n\r\n", by(cause));
        }
        let now_ns = world.now_ns();
        if let (Some(key), Some(entry)) = (exchange.cache_key, exchange.answer.kept)
            && let Some(zone) = exchange.settings.cache
        {
            self.cache.keep(zone, key, entry, now_ns);
        }
        if !exchange.keeps_alive || client.has_ended {
            self.close_when_sent(world, socket);
            return;
        }
        let at_ns = now_ns.saturating_add(exchange.settings.keepalive_timeout_ns);
        client.timer = Some(self.timers.push(at_ns, Timer::Client(socket)));
        self.understand_client(world, socket);
    }

    fn close_when_sent(&mut self, world: &mut World, socket: SocketId) {
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        client.has_ended = true;
        if client.line.is_clear() && client.exchange.is_none() {
            let cause = client.cause;
            self.drop_client(world, socket, cause);
        }
    }

    // ---- servers ----

    fn call(&mut self, world: &mut World, socket: SocketId, pass: &Pass) {
        let now_ns = world.now_ns();
        let Some(values) = self.values(world, socket) else {
            return;
        };
        let key = match &self.groups[pass.upstream].upstream.balance {
            nginx::Balance::Hash { key, .. } => key.fill(&values),
            _ => String::new(),
        };
        let message = message(&values, pass);
        let (ip, settings, cause) = (
            values.client.ip,
            values.exchange.settings.clone(),
            values.client.cause,
        );
        let tried = values.exchange.tried.clone();
        let method = match (
            &values.exchange.cache_key,
            values.exchange.head.method.as_str(),
        ) {
            (Some(_), "HEAD") => "GET".to_owned(),
            (_, method) => method.to_owned(),
        };
        let group = pass.upstream;
        let Some(peer) = self.groups[group].choose(now_ns, ip, &key, &tried) else {
            let name = self.groups[group].upstream.name.clone();
            if let Some(exchange) = self.exchange(socket) {
                exchange.is_with(&name);
            }
            return self.error(world, socket, 502);
        };
        let spec = self.groups[group].peers[peer].spec.clone();
        let address = resolve(&world.network, &spec.host);
        if let Some(exchange) = self.exchange(socket) {
            exchange.tried.push(peer);
            let address = address.map_or_else(|| spec.host.clone(), |ip| ip.to_string());
            exchange.is_with(&format!("{address}:{}", spec.port));
        }
        self.groups[group].begins(peer);
        let mut free = self.idle[group].iter().rev().copied();
        let reused = free.find(|call| self.calls.get(call).is_some_and(|call| call.peer == peer));
        let call = match reused {
            Some(call) => {
                self.idle[group].retain(|other| *other != call);
                call
            }
            None => match self.connect(world, group, peer, &settings, cause) {
                Some(call) => call,
                None => {
                    self.groups[group].ends(peer, now_ns, true);
                    return self.try_next(world, socket, Failure::Error);
                }
            },
        };
        if let Some(exchange) = self.exchange(socket) {
            exchange.call = Some(call);
        }
        let Some(known) = self.calls.get_mut(&call) else {
            return;
        };
        known.purpose = Purpose::For(socket);
        known.is_reused = reused.is_some();
        known.has_head = false;
        known.keeps_alive = false;
        known.read_timeout_ns = settings.read_timeout_ns;
        known.message = message;
        known.reader.expect(&method);
        if known.is_open {
            self.write_call(world, call, cause);
        }
    }

    fn connect(
        &mut self,
        world: &mut World,
        group: usize,
        peer: usize,
        settings: &Settings,
        cause: Option<EventId>,
    ) -> Option<SocketId> {
        let spec = &self.groups[group].peers[peer].spec;
        let ip = resolve(&world.network, &spec.host)?;
        let to = Address::Ip(std::net::SocketAddr::new(ip, spec.port));
        let socket = world.open_socket(self.host, Some(self.machine));
        if world.connect(socket, to, by(cause)).is_err() {
            world.close_socket(socket, by(cause));
            return None;
        }
        let at_ns = world.now_ns().saturating_add(settings.connect_timeout_ns);
        let call = Call {
            line: Line::new(socket),
            reader: Reader::answer(),
            purpose: Purpose::Idle,
            group,
            peer,
            is_open: false,
            is_reused: false,
            keeps_alive: false,
            has_head: false,
            is_between: true,
            message: Vec::new(),
            timer: Some(self.timers.push(at_ns, Timer::Call(socket))),
            read_timeout_ns: settings.read_timeout_ns,
        };
        self.calls.insert(socket, call);
        Some(socket)
    }

    fn write_call(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let Some(call) = self.calls.get_mut(&socket) else {
            return;
        };
        let message = std::mem::take(&mut call.message);
        call.is_between = false;
        let sent = call.line.send(world, &message, by(cause));
        self.restart_timer(world, socket);
        if sent.is_err() {
            self.fail_call(world, socket, Failure::Error, cause);
        }
    }

    fn restart_timer(&mut self, world: &World, socket: SocketId) {
        if let Some(call) = self.calls.get_mut(&socket) {
            if let Some(place) = call.timer.take() {
                self.timers.remove(place);
            }
            if call.purpose != Purpose::Idle {
                let at_ns = world.now_ns().saturating_add(call.read_timeout_ns);
                call.timer = Some(self.timers.push(at_ns, Timer::Call(socket)));
            }
        }
    }

    fn hear_call(&mut self, world: &mut World, news: News) {
        let socket = news.socket;
        let Some(call) = self.calls.get_mut(&socket) else {
            return;
        };
        if let Purpose::For(client) = call.purpose
            && let Some(client) = self.clients.get_mut(&client)
        {
            client.cause = news.cause.or(client.cause);
        }
        match news.what {
            Change::Connected => {
                call.is_open = true;
                self.write_call(world, socket, news.cause);
            }
            Change::Failed(_) => self.fail_call(world, socket, Failure::Error, news.cause),
            Change::Writable => {
                if call.line.go_on(world, by(news.cause)).is_err() {
                    self.fail_call(world, socket, Failure::Error, news.cause);
                }
            }
            Change::Readable => self.read_call(world, socket, news.cause),
        }
    }

    fn read_call(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        while let Some(call) = self.calls.get_mut(&socket) {
            match world.receive(socket, READ_BYTES_MAX, by(cause)) {
                Received::Nothing => return,
                Received::Bytes(_) if call.purpose == Purpose::Idle => {
                    self.drop_call(world, socket, false, cause);
                    return;
                }
                Received::Bytes(bytes) => call.reader.feed(&bytes),
                Received::End => {
                    call.keeps_alive = false;
                    match call.reader.finish() {
                        Ok(Some(_)) => self.call_is_over(world, socket, cause),
                        _ if call.purpose == Purpose::Idle => {
                            self.drop_call(world, socket, false, cause);
                        }
                        _ => self.fail_call(world, socket, Failure::Error, cause),
                    }
                    return;
                }
                Received::Error(_) => {
                    self.fail_call(world, socket, Failure::Error, cause);
                    return;
                }
            }
            self.restart_timer(world, socket);
            self.understand_call(world, socket, cause);
        }
    }

    fn understand_call(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let mut is_interim = false;
        // What comes together goes on together: one chunk.
        let mut body = Vec::new();
        while let Some(call) = self.calls.get_mut(&socket) {
            if call.purpose == Purpose::Idle {
                return;
            }
            let purpose = call.purpose;
            let piece = call.reader.piece();
            if !matches!(piece, Ok(Some(Piece::Body(_))))
                && let Purpose::For(client) = purpose
            {
                self.send_body(world, client, &std::mem::take(&mut body));
            }
            let Some(call) = self.calls.get_mut(&socket) else {
                return;
            };
            match piece {
                Ok(None) => return,
                Ok(Some(Piece::Head(head))) => {
                    is_interim = head.status < 200;
                    if !is_interim {
                        call.has_head = true;
                        call.keeps_alive = head.keeps_alive();
                        self.hand_on_head(world, socket, *head, cause);
                    }
                }
                Ok(Some(Piece::Body(bytes))) => body.extend(bytes),
                Ok(Some(Piece::End)) if is_interim => is_interim = false,
                Ok(Some(Piece::End)) => self.call_is_over(world, socket, cause),
                Err(_) => {
                    self.fail_call(world, socket, Failure::Invalid, cause);
                    return;
                }
            }
        }
    }

    fn hand_on_head(
        &mut self,
        world: &mut World,
        call: SocketId,
        head: Head,
        cause: Option<EventId>,
    ) {
        let Some(known) = self.calls.get(&call) else {
            return;
        };
        let Purpose::For(socket) = known.purpose else {
            let is_well = (200..400).contains(&head.status);
            let (group, peer) = (known.group, known.peer);
            return self.checked(group, peer, is_well);
        };
        let peers = self.groups[known.group].peers.len();
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let settings = exchange.settings.clone();
        let word = format!("http_{}", head.status);
        if settings.next_upstream.contains(&word) && may_try_next(exchange, peers) {
            return self.fail_call(world, call, Failure::Status(head.status), cause);
        }
        if settings.intercepts_errors && head.status >= 300 {
            let mut pages = settings.error_pages.iter();
            if pages.any(|page| page.statuses.contains(&head.status)) {
                exchange.call = None;
                self.drop_call(world, call, false, cause);
                return self.error(world, socket, head.status);
            }
        }
        let length = head.header("content-length");
        let length = length.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
        let length = length.filter(|_| head.header("transfer-encoding").is_none());
        let mut slots = Slots {
            length,
            ..Slots::default()
        };
        for (name, value) in &head.headers {
            let lower = name.to_ascii_lowercase();
            let value = String::from_utf8_lossy(value).into_owned();
            match lower.as_str() {
                "content-length" => {}
                "content-type" => slots.kind = Some(value),
                "last-modified" => slots.last_modified = Some(value),
                "location" => match self.redirected(socket, &value) {
                    Some(to) => slots.location = Some(self.absolute(world, socket, &to)),
                    None => slots.others.push((name.clone(), value)),
                },
                lower if HIDDEN.contains(&lower) => {}
                lower if settings.hidden_headers.iter().any(|hidden| hidden == lower) => {}
                _ => slots.others.push((name.clone(), value)),
            }
        }
        let kept = self.exchange(socket).and_then(|exchange| {
            exchange.cache_key.as_ref()?;
            cache::Entry::begin(&head, &settings.cache_valid, &slots, world.now_ns())
        });
        let status = match self.exchange(socket).and_then(|exchange| exchange.original) {
            Some(code) if code > 0 => code,
            _ => head.status,
        };
        let reason = if status == head.status {
            head.reason.clone()
        } else {
            words::line(status).to_owned()
        };
        self.begin_answer(world, socket, status, &reason, slots);
        if let Some(exchange) = self.exchange(socket) {
            exchange.answer.kept = kept;
        }
    }

    /// What `proxy_redirect default` makes of a server's redirect to itself.
    fn redirected(&self, socket: SocketId, to: &str) -> Option<String> {
        let exchange = self.clients.get(&socket)?.exchange.as_ref()?;
        let location = &self.config.servers[exchange.server].locations[exchange.location?];
        let Action::Proxy(pass) = &location.action else {
            return None;
        };
        let own = format!("http://{}", pass.host);
        match &pass.uri {
            Some(uri) => {
                let rest = to.strip_prefix(&own)?.strip_prefix(uri.as_str())?;
                Some(format!("{}{rest}", location.path))
            }
            None => {
                let rest = to.strip_prefix(&own)?.strip_prefix('/')?;
                Some(format!("/{rest}"))
            }
        }
    }

    /// The server's answer is whole.
    fn call_is_over(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let Some(call) = self.calls.get_mut(&socket) else {
            return;
        };
        let purpose = std::mem::replace(&mut call.purpose, Purpose::Idle);
        let (group, peer) = (call.group, call.peer);
        call.is_between = true;
        if let Some(place) = call.timer.take() {
            self.timers.remove(place);
        }
        let keeps_alive = call.keeps_alive && call.reader.is_between() && call.line.is_clear();
        let most = self.groups[group].upstream.keepalive as usize;
        if let Purpose::For(_) = purpose {
            self.groups[group].ends(peer, world.now_ns(), false);
        }
        if keeps_alive && most > 0 {
            if self.idle[group].len() >= most {
                let oldest = self.idle[group].remove(0);
                self.drop_call(world, oldest, false, cause);
            }
            self.idle[group].push(socket);
        } else {
            self.drop_call(world, socket, false, cause);
        }
        if let Purpose::For(client) = purpose {
            if let Some(exchange) = self.exchange(client) {
                exchange.call = None;
            }
            self.finish_answer(world, client);
        }
    }

    fn drop_call(
        &mut self,
        world: &mut World,
        socket: SocketId,
        failed: bool,
        cause: Option<EventId>,
    ) {
        let Some(call) = self.calls.remove(&socket) else {
            return;
        };
        if let Some(place) = call.timer {
            self.timers.remove(place);
        }
        self.idle[call.group].retain(|other| *other != socket);
        if let Purpose::For(_) = call.purpose {
            self.groups[call.group].ends(call.peer, world.now_ns(), failed);
        }
        world.close_socket(socket, by(cause));
    }

    fn fail_call(
        &mut self,
        world: &mut World,
        socket: SocketId,
        failure: Failure,
        cause: Option<EventId>,
    ) {
        let Some(call) = self.calls.get(&socket) else {
            return;
        };
        let (purpose, group, peer) = (call.purpose, call.group, call.peer);
        let is_stale = call.is_reused && !call.has_head && failure == Failure::Error;
        let counts = !is_stale && !matches!(failure, Failure::Status(404 | 403));
        self.drop_call(world, socket, counts, cause);
        match purpose {
            Purpose::Idle => {}
            Purpose::Check => self.checked(group, peer, false),
            Purpose::For(client) => {
                let Some(exchange) = self.exchange(client) else {
                    return;
                };
                exchange.call = None;
                if is_stale {
                    // The server had closed it before it could hear: that is nobody's failure.
                    exchange.tried.pop();
                }
                self.try_next(world, client, failure);
            }
        }
    }

    /// Asks another server, or gives up.
    fn try_next(&mut self, world: &mut World, socket: SocketId, failure: Failure) {
        let config = self.config.clone();
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let location = exchange
            .location
            .map(|number| &config.servers[exchange.server].locations[number]);
        let Some(Action::Proxy(pass)) = location.map(|location| &location.action) else {
            return;
        };
        let word = match failure {
            Failure::Error => "error".to_owned(),
            Failure::Timeout => "timeout".to_owned(),
            Failure::Invalid => "invalid_header".to_owned(),
            Failure::Status(status) => format!("http_{status}"),
        };
        let peers = config.upstreams[pass.upstream].peers.len();
        let goes_on = exchange.settings.next_upstream.contains(&word);
        if goes_on && may_try_next(exchange, peers) {
            return self.call(world, socket, pass);
        }
        let status = match failure {
            Failure::Error | Failure::Invalid => 502,
            Failure::Timeout => 504,
            Failure::Status(status) => status,
        };
        self.error(world, socket, status);
    }

    // ---- how servers are ----

    fn check(&mut self, world: &mut World, group: usize, peer: usize) {
        let Some(health) = self.groups[group].upstream.health.clone() else {
            return;
        };
        let next_ns = world.now_ns() + health.every_ns;
        self.timers.push(next_ns, Timer::Check(group, peer));
        let settings = Settings {
            connect_timeout_ns: health.timeout_ns,
            read_timeout_ns: health.timeout_ns,
            ..Settings::default()
        };
        let spec = &self.groups[group].peers[peer].spec;
        let message = format!(
            "GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n\r\n",
            health.target, spec.host, spec.port
        );
        match self.connect(world, group, peer, &settings, None) {
            Some(socket) => {
                if let Some(call) = self.calls.get_mut(&socket) {
                    call.purpose = Purpose::Check;
                    call.message = message.into_bytes();
                }
            }
            None => self.checked(group, peer, false),
        }
    }

    fn checked(&mut self, group: usize, peer: usize, is_well: bool) {
        let Some(health) = &self.groups[group].upstream.health else {
            return;
        };
        let (fails, passes) = (health.fails, health.passes);
        let member = &mut self.groups[group].peers[peer];
        if member.is_sick != is_well {
            member.contrary = 0;
            return;
        }
        member.contrary += 1;
        if member.contrary >= if is_well { passes } else { fails } {
            member.is_sick = !is_well;
            member.contrary = 0;
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

/// Headers that have places of their own; the others keep their order.
#[derive(Debug, Default)]
struct Slots {
    kind: Option<String>,
    length: Option<u64>,
    location: Option<String>,
    last_modified: Option<String>,
    others: Vec<(String, String)>,
}

impl Exchange {
    /// What `$upstream_addr` says.
    fn is_with(&mut self, peer: &str) {
        if !self.upstream.is_empty() {
            self.upstream.push_str(", ");
        }
        self.upstream.push_str(peer);
    }
}

fn may_try_next(exchange: &Exchange, peers: usize) -> bool {
    let words = &exchange.settings.next_upstream;
    let is_idempotent = !matches!(exchange.head.method.as_str(), "POST" | "LOCK" | "PATCH");
    let most = match exchange.settings.next_upstream_tries {
        0 => peers,
        most => (most as usize).min(peers),
    };
    !words.iter().any(|word| word == "off")
        && (is_idempotent || words.iter().any(|word| word == "non_idempotent"))
        && exchange.tried.len() < most
        && !exchange.answer.has_begun
}

/// The longest that fits; one that fits exactly comes first.
fn find_location(locations: &[Location], path: &str) -> Option<usize> {
    let all = || locations.iter().enumerate();
    let exact = all().find(|(_, location)| location.is_exact && location.path == path);
    let longest = || {
        all()
            .filter(|(_, location)| !location.is_exact && path.starts_with(&location.path))
            .max_by_key(|(number, location)| (location.path.len(), std::cmp::Reverse(*number)))
    };
    exact.or_else(longest).map(|(number, _)| number)
}

/// The path, decoded, without doubled slashes and dots; and what follows the question mark.
fn split_target(target: &str) -> (String, Option<String>) {
    let target = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    let (path, args) = match target.split_once('?') {
        Some((path, args)) => (path, Some(args.to_owned())),
        None => (target, None),
    };
    let decoded = decode(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut tidy = format!("/{}", parts.join("/"));
    let is_folder = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("/..");
    if is_folder && tidy.len() > 1 {
        tidy.push('/');
    }
    (tidy, args)
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What nginx encodes in a path that it has changed.
fn encode(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte <= b' ' || byte >= 0x7f || b"%?#".contains(&byte) {
            text.push_str(&format!("%{byte:02X}"));
        } else {
            text.push(char::from(byte));
        }
    }
    text
}

/// What variables stand for.
struct Known<'a> {
    client: &'a Client,
    exchange: &'a Exchange,
    server: &'a Server,
    location: Option<&'a Location>,
    host_name: &'a str,
}

impl Known<'_> {
    fn header(&self, name: &str) -> String {
        let value = self.exchange.head.header(name);
        value
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    }

    fn proxy_host(&self) -> String {
        match self.location.map(|location| &location.action) {
            Some(Action::Proxy(pass)) => pass.host.clone(),
            _ => String::new(),
        }
    }
}

impl Values for Known<'_> {
    fn value(&self, name: &str) -> String {
        let head = &self.exchange.head;
        let args = || self.exchange.args.clone().unwrap_or_default();
        match name {
            "args" | "query_string" => args(),
            "is_args"
                if self
                    .exchange
                    .args
                    .as_ref()
                    .is_some_and(|args| !args.is_empty()) =>
            {
                "?".into()
            }
            "binary_remote_addr" | "remote_addr" => self.client.ip.to_string(),
            "remote_port" => self.client.remote_port.to_string(),
            "content_length" => self.header("content-length"),
            "content_type" => self.header("content-type"),
            "uri" | "document_uri" => self.exchange.path.clone(),
            "host" => {
                let host = self.header("host").to_ascii_lowercase();
                let name = host
                    .rsplit_once(':')
                    .map_or(host.as_str(), |(name, _)| name);
                match name {
                    "" => self.value("server_name"),
                    name => name.to_owned(),
                }
            }
            "hostname" => self.host_name.to_owned(),
            "proxy_add_x_forwarded_for" => match self.header("x-forwarded-for").as_str() {
                "" => self.client.ip.to_string(),
                before => format!("{before}, {}", self.client.ip),
            },
            "proxy_host" => self.proxy_host(),
            "request" => format!("{} {} HTTP/1.{}", head.method, head.target, head.minor),
            "request_method" => head.method.clone(),
            "request_uri" => head.target.clone(),
            "scheme" => "http".into(),
            "server_name" => self.server.names.first().cloned().unwrap_or_default(),
            "server_port" => self.client.port.to_string(),
            "server_protocol" => format!("HTTP/1.{}", head.minor),
            "status" => self.exchange.answer.status.to_string(),
            "upstream_addr" => self.exchange.upstream.clone(),
            "upstream_cache_status" => self.exchange.cache_status.to_owned(),
            other => {
                if let Some(header) = other.strip_prefix("http_") {
                    self.header(&header.replace('_', "-"))
                } else if let Some(wanted) = other.strip_prefix("cookie_") {
                    let cookies = self.header("cookie");
                    pair(cookies.split(';'), wanted)
                } else if let Some(wanted) = other.strip_prefix("arg_") {
                    pair(args().split('&'), wanted)
                } else {
                    String::new()
                }
            }
        }
    }
}

fn pair<'a>(mut pairs: impl Iterator<Item = &'a str>, wanted: &str) -> String {
    let found = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then(|| value.to_owned())
    });
    found.unwrap_or_default()
}

/// What the server is asked (`ngx_http_proxy_create_request`): the headers that the configuration sets, nginx's own, and
/// then the client's, but for those that were set.
fn message(known: &Known, pass: &Pass) -> Vec<u8> {
    let exchange = known.exchange;
    let settings = &exchange.settings;
    let head = &exchange.head;
    let target = target(known, pass);
    let method = match (&exchange.cache_key, head.method.as_str()) {
        (Some(_), "HEAD") => "GET",
        (_, method) => method,
    };
    let version = if settings.proxy_version_1_1 { 1 } else { 0 };
    let mut text = format!("{method} {target} HTTP/1.{version}\r\n");
    let mut set: Vec<(String, String)> = Vec::new();
    for (name, value) in &settings.proxy_headers {
        set.push((name.clone(), value.fill(known)));
    }
    let has_body =
        head.header("content-length").is_some() || head.header("transfer-encoding").is_some();
    let length = match has_body && exchange.original.is_none() {
        true => exchange.body.len().to_string(),
        false => String::new(),
    };
    let own = [
        ("Host", pass.host.as_str()),
        ("Connection", "close"),
        ("Content-Length", &length),
        ("Transfer-Encoding", ""),
        ("TE", ""),
        ("Keep-Alive", ""),
        ("Expect", ""),
        ("Upgrade", ""),
    ];
    const CONDITIONS: [&str; 7] = [
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-None-Match",
        "If-Match",
        "Range",
        "If-Range",
        "",
    ];
    let conditions = CONDITIONS.iter().filter(|_| exchange.cache_key.is_some());
    let own = own.into_iter().chain(conditions.map(|name| (*name, "")));
    for (name, value) in own {
        if !set
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            set.push((name.to_owned(), value.to_owned()));
        }
    }
    for (name, value) in set.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut message = text.into_bytes();
    for (name, value) in &head.headers {
        if set
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            continue;
        }
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(value);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(&exchange.body);
    message
}

/// The path that the server is asked for.
fn target(known: &Known, pass: &Pass) -> String {
    let exchange = known.exchange;
    let head = &exchange.head;
    match (&pass.uri, known.location) {
        (Some(uri), Some(location)) => {
            let rest = exchange.path.strip_prefix(&location.path).unwrap_or("");
            let args = exchange.args.iter().map(|args| format!("?{args}"));
            format!("{uri}{}{}", encode(rest), args.collect::<String>())
        }
        _ if exchange.original.is_some() => encode(&exchange.path),
        _ => match head.target.strip_prefix("http://") {
            Some(rest) => rest
                .find('/')
                .map_or("/", |slash| &rest[slash..])
                .to_owned(),
            None => head.target.clone(),
        },
    }
}

/// What a balancer is in nginx's terms.
pub fn balancer(spec: &BalancerSpec) -> Result<Config, String> {
    let plain = |variable: &str| {
        nginx::Text::read(variable).map_err(|name| format!("There is no variable ${name}."))
    };
    let balance = match &spec.method {
        Method::RoundRobin => nginx::Balance::RoundRobin,
        Method::LeastConnections => nginx::Balance::LeastConnections,
        Method::IpHash => nginx::Balance::IpHash,
        Method::ConsistentHash { key } => nginx::Balance::Hash {
            key: plain(key)?,
            is_consistent: true,
        },
    };
    let peers = spec.to.iter().map(|target| nginx::Peer {
        weight: target.weight,
        max_fails: spec.fails_max,
        fail_timeout_ns: spec.fail_timeout_ns,
        ..nginx::Peer::new(target.host.clone(), target.port, 0)
    });
    let health = spec.health.as_ref().map(|health| nginx::Health {
        every_ns: health.every_ns,
        timeout_ns: health.timeout_ns,
        target: health.target.clone(),
        fails: health.fails,
        passes: health.passes,
    });
    let settings = Settings {
        proxy_headers: vec![
            ("Host".into(), plain("$http_host")?),
            ("Connection".into(), nginx::Text::plain("")),
            (
                "X-Forwarded-For".into(),
                plain("$proxy_add_x_forwarded_for")?,
            ),
        ],
        proxy_version_1_1: true,
        added_headers: vec![nginx::AddedHeader {
            name: "X-Upstream".into(),
            value: plain("$upstream_addr")?,
            always: true,
        }],
        ..Settings::default()
    };
    let location = Location {
        path: "/".into(),
        is_exact: false,
        settings: settings.clone(),
        action: Action::Proxy(Pass {
            upstream: 0,
            host: "balancer".into(),
            uri: None,
        }),
    };
    Ok(Config {
        upstreams: vec![nginx::Upstream {
            name: "balancer".into(),
            balance,
            peers: peers.collect(),
            keepalive: KEEPALIVE,
            health,
        }],
        servers: vec![Server {
            ports: vec![(spec.port, true)],
            names: Vec::new(),
            locations: vec![location],
            settings,
            returns: None,
        }],
        ..Config::default()
    })
}
