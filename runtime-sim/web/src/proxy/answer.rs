//! Answers: nginx's own, its error pages, and those that come from servers, head first and then piece by piece
//! (`ngx_http_header_filter_module.c`, `ngx_http_special_response.c`).

use super::*;

/// Headers that have places of their own; the others keep their order.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub kind: Option<String>,
    pub length: Option<u64>,
    pub location: Option<String>,
    pub others: Vec<(String, String)>,
}

impl Proxy {
    pub(super) fn error(&mut self, world: &mut World, socket: SocketId, status: u16) {
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
        exchange.way.is_changed = true;
        self.route(world, socket, false);
    }

    pub(super) fn answer_page(
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

    pub(super) fn signature_for(&self, socket: SocketId) -> String {
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
    pub(super) fn answer_whole(
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

    pub(super) fn answer_entry(
        &mut self,
        world: &mut World,
        socket: SocketId,
        entry: cache::Entry,
    ) {
        let slots = Slots {
            kind: entry.kind.clone(),
            length: entry.length,
            others: entry.headers.clone(),
            ..Slots::default()
        };
        self.begin_answer(world, socket, entry.status, &entry.reason, slots);
        self.send_body(world, socket, &entry.body);
        self.finish_answer(world, socket);
    }

    pub(super) fn begin_answer(
        &mut self,
        world: &mut World,
        socket: SocketId,
        status: u16,
        reason: &str,
        mut slots: Slots,
    ) {
        let signature = self.signature_for(socket);
        let now_ms = (world.wall_us() / 1_000) as i64;
        if let Some(exchange) = self.exchange(socket) {
            exchange.answer.status = status;
        }
        let Some(values) = self.values(world, socket) else {
            return;
        };
        let settings = values.exchange.settings.clone();
        let is_usual = matches!(status, 200 | 201 | 204 | 206 | 301..=304 | 307 | 308);
        let compression = gzip::judge(&values, status, &slots, now_ms);
        let added = settings
            .added_headers
            .iter()
            .filter(|header| header.always || is_usual)
            .map(|header| (header.name.clone(), header.value.fill(&values)))
            .filter(|(_, value)| !value.is_empty());
        slots.others.extend(added);
        if compression.is_done {
            gzip::mark(&mut slots);
        }
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        let cause = client.cause;
        let Some(exchange) = &mut client.exchange else {
            return;
        };
        let has_body = exchange.head.method != "HEAD" && !matches!(status, 204 | 304);
        let has_length = slots.length.is_some();
        let is_chunked = !has_length && has_body && exchange.head.minor == 1;
        if !has_length && has_body && !is_chunked {
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
        add("Date", &date::http(now_ms / 1_000));
        if let Some(kind) = slots.kind.filter(|_| status != 204) {
            add("Content-Type", &kind);
        }
        if let Some(length) = slots.length.filter(|_| status != 204) {
            add("Content-Length", &length.to_string());
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
        if compression.says_vary {
            add("Vary", "Accept-Encoding");
        }
        for (name, value) in &slots.others {
            add(name, value);
        }
        text.push_str("\r\n");
        exchange.answer.has_begun = true;
        exchange.answer.has_body = has_body;
        exchange.answer.is_chunked = is_chunked;
        exchange.answer.gzip =
            (compression.is_done && has_body).then(|| Compressor::new(&settings.gzip));
        let _ = client.line.send(world, text.as_bytes(), by(cause));
    }

    pub(super) fn send_body(&mut self, world: &mut World, socket: SocketId, body: &[u8]) {
        let Some(exchange) = self.exchange(socket) else {
            return;
        };
        if let Some(kept) = &mut exchange.answer.kept {
            kept.body.extend_from_slice(body);
        }
        if body.is_empty() || !exchange.answer.has_body {
            return;
        }
        match &mut exchange.answer.gzip {
            Some(compressor) => {
                let ready = compressor.take(body);
                self.send_bytes(world, socket, &ready);
            }
            None => self.send_bytes(world, socket, body),
        }
    }

    fn send_bytes(&mut self, world: &mut World, socket: SocketId, bytes: &[u8]) {
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        let cause = client.cause;
        let Some(exchange) = client.exchange.as_ref().filter(|_| !bytes.is_empty()) else {
            return;
        };
        let sent = if exchange.answer.is_chunked {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            client.line.send(world, &chunk, by(cause))
        } else {
            client.line.send(world, bytes, by(cause))
        };
        if sent.is_err() {
            self.drop_client(world, socket, cause);
        }
    }

    pub(super) fn finish_answer(&mut self, world: &mut World, socket: SocketId) {
        let compressor = self
            .exchange(socket)
            .and_then(|exchange| exchange.answer.gzip.take());
        if let Some(compressor) = compressor {
            self.send_bytes(world, socket, &compressor.finish());
        }
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

    pub(super) fn close_when_sent(&mut self, world: &mut World, socket: SocketId) {
        let Some(client) = self.clients.get_mut(&socket) else {
            return;
        };
        client.has_ended = true;
        if client.line.is_clear() && client.exchange.is_none() {
            let cause = client.cause;
            self.drop_client(world, socket, cause);
        }
    }
}
