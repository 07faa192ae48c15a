//! Clients: what they ask, and where that belongs.

use super::{
    rewrite::{CHANGES_MAX, Followed, find_location},
    *,
};

/// By a name, or by one that begins with an asterisk.
fn is_called(server: &Server, name: &str) -> bool {
    server.names.iter().any(|known| {
        known == name
            || known
                .strip_prefix('*')
                .is_some_and(|end| name.ends_with(end) && name.len() > end.len())
    })
}

impl Proxy {
    pub(super) fn accept(&mut self, world: &mut World, listener: SocketId, cause: Option<EventId>) {
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

    pub(super) fn default_settings(&self, port: u16) -> &Settings {
        &self.config.servers[self.server_for(port, "")].settings
    }

    pub(super) fn read_client(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn understand_client(&mut self, world: &mut World, socket: SocketId) {
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
                // A head that is too large is as bad as one that is none.
                Err(_) => {
                    let head = Head {
                        minor: 1,
                        ..Head::default()
                    };
                    self.open_exchange(socket, head, Vec::new());
                    self.error(world, socket, 400);
                    return;
                }
            }
        }
    }

    pub(super) fn drop_client(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn server_for(&self, port: u16, name: &str) -> usize {
        let servers = || self.config.servers.iter().enumerate();
        let listens = |server: &Server| server.ports.iter().any(|(other, _)| *other == port);
        let is_default = |server: &Server| server.ports.contains(&(port, true));
        let found = servers()
            .find(|(_, server)| listens(server) && is_called(server, name))
            .or_else(|| {
                servers().find(|(_, server)| {
                    let mut patterns = server.patterns.iter();
                    listens(server) && patterns.any(|pattern| pattern.find(name).is_some())
                })
            })
            .or_else(|| servers().find(|(_, server)| is_default(server)))
            .or_else(|| servers().find(|(_, server)| listens(server)));
        found.map_or(0, |(number, _)| number)
    }

    pub(super) fn open_exchange(&mut self, socket: SocketId, head: Head, body: Vec<u8>) {
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
        let asked = head.target.split('?').next().unwrap_or_default();
        let mut way = Way {
            is_quoted: asked.contains('%'),
            has_plus: asked.contains('+'),
            ..Way::default()
        };
        if !is_called(server, name)
            && let Some(found) = server.patterns.iter().find_map(|one| one.find(name))
        {
            way.captures.add(found);
        }
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
            way,
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
        if let Some(client) = self.clients.get_mut(&socket) {
            client.requests += 1;
            client.exchange = Some(exchange);
            if let Some(place) = client.timer.take() {
                self.timers.remove(place);
            }
        }
    }

    pub(super) fn take(&mut self, world: &mut World, socket: SocketId, head: Head, body: Vec<u8>) {
        let has_host = head.header("host").is_some();
        let is_target = head.target.starts_with('/') || head.target.starts_with("http://");
        let is_bad = head.minor == 1 && !has_host || !is_target;
        self.open_exchange(socket, head, body);
        if is_bad {
            return self.error(world, socket, 400);
        }
        self.route(world, socket, true);
    }

    pub(super) fn exchange(&mut self, socket: SocketId) -> Option<&mut Exchange> {
        self.clients.get_mut(&socket)?.exchange.as_mut()
    }

    pub(super) fn route(&mut self, world: &mut World, socket: SocketId, counts: bool) {
        let config = self.config.clone();
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        let server = &config.servers[exchange.server];
        if self.follow(world, socket, &server.steps) == Followed::Answered {
            return;
        }
        let location = loop {
            let Some(exchange) = self.exchange(socket) else {
                return;
            };
            let number = find_location(&server.locations, &exchange.path, &mut exchange.way);
            exchange.location = number;
            let Some(location) = number.map(|number| &server.locations[number]) else {
                return self.error(world, socket, 404);
            };
            let settings = &location.settings;
            exchange.settings = Rc::new(settings.clone());
            if settings.keepalive_timeout_ns == 0 {
                exchange.keeps_alive = false;
            }
            let is_too_large =
                settings.body_bytes_max > 0 && exchange.body.len() as u64 > settings.body_bytes_max;
            if is_too_large {
                return self.error(world, socket, 413);
            }
            match self.follow(world, socket, &location.steps) {
                Followed::Answered => return,
                Followed::Stays => break location,
                Followed::Searches => {}
            }
            let Some(exchange) = self.exchange(socket) else {
                return;
            };
            exchange.way.changes += 1;
            if exchange.way.changes > CHANGES_MAX {
                return self.error(world, socket, 500);
            }
        };
        let settings = &location.settings;
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

    pub(super) fn carry_out(&mut self, world: &mut World, socket: SocketId, location: &Location) {
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

    pub(super) fn answer_return(&mut self, world: &mut World, socket: SocketId, returns: &Return) {
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
    pub(super) fn absolute(&self, world: &World, socket: SocketId, to: &str) -> String {
        let Some(values) = self.values(world, socket).filter(|_| to.starts_with('/')) else {
            return to.to_owned();
        };
        match values.client.port {
            80 => format!("http://{}{to}", values.value("host")),
            port => format!("http://{}:{port}{to}", values.value("host")),
        }
    }
}
