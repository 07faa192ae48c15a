//! Servers: which is asked, what it answers, and what is done when it does not (`ngx_http_upstream.c`).

use super::*;

impl Proxy {
    pub(super) fn call(&mut self, world: &mut World, socket: SocketId, pass: &Pass) {
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

    pub(super) fn connect(
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

    pub(super) fn write_call(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn restart_timer(&mut self, world: &World, socket: SocketId) {
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

    pub(super) fn hear_call(&mut self, world: &mut World, news: News) {
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

    pub(super) fn read_call(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn understand_call(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn hand_on_head(
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
            let now = (world.now_ns(), (world.wall_us() / 1_000) as i64);
            cache::Entry::begin(&head, &settings.cache_valid, &slots, now)
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
    pub(super) fn redirected(&self, socket: SocketId, to: &str) -> Option<String> {
        let exchange = self.clients.get(&socket)?.exchange.as_ref()?;
        let location = &self.config.servers[exchange.server].locations[exchange.location?];
        let Action::Proxy(pass) = &location.action else {
            return None;
        };
        let own = format!("http://{}", pass.host);
        match &pass.uri {
            Some(uri) => {
                let rest = to.strip_prefix(&own)?.strip_prefix(uri.as_str())?;
                Some(format!("{}{rest}", location.place.path()))
            }
            None => {
                let rest = to.strip_prefix(&own)?.strip_prefix('/')?;
                Some(format!("/{rest}"))
            }
        }
    }

    /// The server's answer is whole.
    pub(super) fn call_is_over(
        &mut self,
        world: &mut World,
        socket: SocketId,
        cause: Option<EventId>,
    ) {
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

    pub(super) fn drop_call(
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

    pub(super) fn fail_call(
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
    pub(super) fn try_next(&mut self, world: &mut World, socket: SocketId, failure: Failure) {
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

    pub(super) fn check(&mut self, world: &mut World, group: usize, peer: usize) {
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

    pub(super) fn checked(&mut self, group: usize, peer: usize, is_well: bool) {
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
}

impl Exchange {
    /// What `$upstream_addr` says.
    pub(super) fn is_with(&mut self, peer: &str) {
        if !self.upstream.is_empty() {
            self.upstream.push_str(", ");
        }
        self.upstream.push_str(peer);
    }
}

pub(super) fn may_try_next(exchange: &Exchange, peers: usize) -> bool {
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
