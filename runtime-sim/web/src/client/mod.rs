//! A client's seat: what the reader asks for by hand, as `curl` would or as a browser would.
//!
//! ```text
//!   mod.rs: connections and times ── a request ──▶ browser.rs: what goes along, what is kept, what comes next
//!                                 ◀─ an answer ──     cookies.rs, cache.rs, cors.rs: the rules, of text alone
//! ```
//!
//! Its requests are told of like those of a load, and what came of each that was asked for is an `AskEnded`. Something
//! may be asked for when the world is at rest, so that a conversation goes on where the programs' own has ended.
//!
//! Leaves out: HTTPS, answers packed with Brotli or Zstandard, and names that take time to be resolved.

mod browser;
mod cache;
mod coding;
mod cookies;
mod cors;

use std::{collections::BTreeMap, net::SocketAddr};

use kernel::{
    Machine, Table, Turn, World,
    network::{Address, Change, HostId, News, Received, SocketId},
};
use protocol::{
    EventId, EventKind, ProcessId,
    client::{
        Ask, BODY_BYTES_MAX, ClientSpec, Decision, Exchange, Failure, Hop, Manner, Topic, When,
    },
    codec::Packed,
    load::{RequestId, RequestOutcome},
};
use url::Url;

use self::browser::{Browser, Next};
use crate::{
    by, host_named,
    line::Line,
    message::{Piece, Reader, Wrong},
    resolve,
    trace_context::{self, Traces},
};

const READ_BYTES_MAX: usize = 1 << 20;
/// What is read of one answer; the rest is counted.
const ANSWER_BYTES_MAX: usize = 8 << 20;

#[derive(Debug)]
pub struct Client {
    /// Counted on from the loads.
    number: u32,
    machine: ProcessId,
    host: HostId,
    spec: ClientSpec,
    /// Its own first event.
    event: Option<EventId>,
    /// What is asked for next.
    next: usize,
    is_at_rest: bool,
    /// When it last became idle.
    idle_ns: u64,
    tasks: BTreeMap<u32, Task>,
    connections: Table<SocketId, Connection>,
    traces: Option<Traces>,
    browser: Browser,
}

/// Something that was asked for, and is not over.
#[derive(Debug)]
struct Task {
    manner: Manner,
    exchange: Exchange,
    request: Request,
    redirects: u32,
    /// What is under way on the wire.
    hop: Hop,
    body: Vec<u8>,
    number: Option<RequestId>,
    socket: Option<SocketId>,
    deadline_ns: u64,
    was_repeated: bool,
    /// The id of the trace to which all of it belongs.
    trace: Option<String>,
    /// What it does comes of this.
    cause: EventId,
    /// A browser's view of it.
    tab: browser::Tab,
}

/// What is to be sent, without what is added on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Connection {
    line: Line,
    reader: Reader,
    origin: (String, u16),
    /// Who may use it; `None` for all of a browser's.
    owner: Option<u32>,
    task: Option<u32>,
    is_used: bool,
    has_begun_to_answer: bool,
    keeps_alive: bool,
}

impl Client {
    pub fn new(number: u32, machine: ProcessId, spec: ClientSpec, world: &mut World) -> Self {
        let stream = || world.chance.stream(&format!("client {} traces", spec.name));
        let traces = spec.traces.then(|| Traces::new(stream()));
        Self {
            number,
            machine,
            host: host_named(world, &spec.from),
            spec,
            event: None,
            next: 0,
            is_at_rest: false,
            idle_ns: 0,
            tasks: BTreeMap::new(),
            connections: Table::new(),
            traces,
            browser: Browser::default(),
        }
    }

    // ---- what is asked for ----

    /// When the next may be asked for; `None` when that is not a matter of time.
    fn due_ns(&self) -> Option<u64> {
        match self.spec.asks.get(self.next)?.when {
            When::At(ns) => Some(ns),
            When::After(ns) if self.tasks.is_empty() => Some(self.idle_ns.saturating_add(ns)),
            When::Rest if self.tasks.is_empty() && self.is_at_rest => Some(0),
            When::After(_) | When::Rest => None,
        }
    }

    fn begin(&mut self, world: &mut World, ask: u32) {
        let spec = self.spec.asks[ask as usize].clone();
        self.is_at_rest = false;
        let now_ns = world.now_ns();
        let cause = self.event.unwrap_or(0);
        let exchange = Exchange {
            client: self.spec.name.clone(),
            ask,
            method: spec.method.clone(),
            url: spec.url.clone(),
            began_ns: now_ns,
            ended_ns: now_ns,
            hops: Vec::new(),
            decisions: Vec::new(),
            failure: None,
            body: Vec::new(),
            body_bytes: 0,
            cookies: Vec::new(),
        };
        let (url, wrong) = match read_url(&spec) {
            Ok(url) => (url, None),
            Err(failure) => (nowhere(), Some(failure)),
        };
        let task = Task {
            tab: browser::Tab::of(&spec.manner),
            manner: spec.manner,
            exchange,
            request: Request {
                method: spec.method,
                url,
                headers: spec.headers,
                body: spec.body,
            },
            redirects: 0,
            hop: Hop::default(),
            body: Vec::new(),
            number: None,
            socket: None,
            deadline_ns: u64::MAX,
            was_repeated: false,
            trace: self.traces.as_mut().map(Traces::begin),
            cause,
        };
        self.tasks.insert(ask, task);
        match wrong {
            Some(failure) => self.ends(world, ask, Some(failure)),
            None => self.go(world, ask),
        }
    }

    /// Sends the request as it now is, unless the browser answers it or refuses to.
    fn go(&mut self, world: &mut World, ask: u32) {
        let now_ms = wall_ms(world);
        while let Some(task) = self.tasks.get_mut(&ask) {
            let now_ns = world.now_ns();
            task.hop = Hop {
                method: task.request.method.clone(),
                url: task.request.url.to_string(),
                begun_ns: now_ns,
                ..Hop::default()
            };
            task.body = Vec::new();
            if task.request.url.scheme() != "http" {
                let failure = unsupported(&task.request.url);
                return self.ends(world, ask, Some(failure));
            }
            let mut sent = task.request.headers.clone();
            let traceparent = match (&mut self.traces, &task.trace) {
                (Some(traces), Some(trace)) if !trace_context::says(&sent) => {
                    Some((trace_context::NAME.to_owned(), traces.header(trace)))
                }
                _ => None,
            };
            if let Manner::Plain { unpacks, .. } = task.manner {
                sent.extend(traceparent);
                task.hop.sent = plain_headers(&task.request, unpacks, sent);
                return self.send(world, ask);
            }
            let next = self.browser.prepare(task, &mut sent, now_ns, now_ms);
            // Whoever watches the browser adds it, not its page: so it asks for no leave.
            sent.extend(traceparent.filter(|_| next == Next::Send));
            task.hop.sent = sent;
            match next {
                Next::Send => return self.send(world, ask),
                Next::Again => {}
                Next::Over(failure) => return self.ends(world, ask, failure),
            }
        }
    }

    fn send(&mut self, world: &mut World, ask: u32) {
        let Some(task) = self.tasks.get_mut(&ask) else {
            return;
        };
        let number = world.network.number_request();
        let begun = EventKind::RequestBegun {
            request: number,
            load: self.number,
            kind: ask,
        };
        task.cause = world.record(Some(task.cause), 0, begun, vec![]);
        world.request_begins(number, task.cause);
        task.number = Some(number);
        task.hop.request = Some(number);
        task.was_repeated = false;
        task.deadline_ns = world.now_ns().saturating_add(self.spec.timeout_ns);
        self.place(world, ask);
    }

    /// Over a connection that is free, or a new one.
    fn place(&mut self, world: &mut World, ask: u32) {
        let Some(task) = self.tasks.get_mut(&ask) else {
            return;
        };
        let origin = origin_of(&task.request.url);
        let owner = Some(ask).filter(|_| matches!(task.manner, Manner::Plain { .. }));
        let free = self.connections.iter().find(|(_, connection)| {
            connection.task.is_none()
                && connection.is_used
                && connection.origin == origin
                && connection.owner == owner
        });
        if let Some(socket) = free
            .map(|(socket, _)| *socket)
            .filter(|_| !task.was_repeated)
        {
            task.hop.is_reused = true;
            task.hop.connected_ns = Some(world.now_ns());
            task.socket = Some(socket);
            if let Some(connection) = self.connections.get_mut(&socket) {
                connection.task = Some(ask);
                connection.has_begun_to_answer = false;
            }
            return self.write(world, ask, socket);
        }
        task.hop.is_reused = false;
        let cause = Some(task.cause);
        let (name, port) = &origin;
        let Some(ip) = resolve(&world.network, name) else {
            let text = format!("Could not resolve host: {name}");
            return self.breaks(
                world,
                ask,
                RequestOutcome::UnknownHost,
                failure(6, text),
                cause,
            );
        };
        let to = Address::Ip(SocketAddr::new(ip, *port));
        let socket = world.open_socket(self.host, Some(self.machine));
        if let Err(errno) = world.connect(socket, to, by(cause)) {
            world.close_socket(socket, by(cause));
            let failure = self.not_connected(world, ask, errno);
            return self.breaks(world, ask, RequestOutcome::Error(errno), failure, cause);
        }
        task.socket = Some(socket);
        let connection = Connection {
            line: Line::new(socket),
            reader: Reader::answer(),
            origin,
            owner,
            task: Some(ask),
            is_used: false,
            has_begun_to_answer: false,
            keeps_alive: false,
        };
        self.connections.insert(socket, connection);
    }

    fn not_connected(&self, world: &World, ask: u32, errno: i32) -> Failure {
        let Some(task) = self.tasks.get(&ask) else {
            return failure(7, String::new());
        };
        let (name, port) = origin_of(&task.request.url);
        let took_ms = (world.now_ns() - task.hop.begun_ns) / 1_000_000;
        let outcome = RequestOutcome::Error(errno);
        failure(
            7,
            format!("Failed to connect to {name} port {port} after {took_ms} ms: {outcome}"),
        )
    }

    fn write(&mut self, world: &mut World, ask: u32, socket: SocketId) {
        let (Some(task), Some(connection)) =
            (self.tasks.get_mut(&ask), self.connections.get_mut(&socket))
        else {
            return;
        };
        let bytes = message(&task.hop, &task.request, task.tab.is_preflight());
        connection.reader.expect(&task.hop.method);
        let cause = Some(task.cause);
        if let Some(number) = task.number {
            world.request_travels(number, socket);
        }
        if let Err(errno) = connection.line.send(world, &bytes, by(cause)) {
            self.lost(world, socket, errno, cause);
        }
    }

    /// It is over, with an answer or without one.
    fn ends(&mut self, world: &mut World, ask: u32, failure: Option<Failure>) {
        let Some(mut task) = self.tasks.remove(&ask) else {
            return;
        };
        let now_ns = world.now_ns();
        let mut exchange = task.exchange;
        if !task.hop.method.is_empty() {
            exchange.hops.push(std::mem::take(&mut task.hop));
        }
        exchange.ended_ns = now_ns;
        if exchange.failure.is_none() {
            exchange.failure = failure;
        }
        exchange.body_bytes = exchange.body_bytes.max(task.body.len() as u64);
        task.body.truncate(BODY_BYTES_MAX);
        exchange.body = task.body;
        if !matches!(task.manner, Manner::Plain { .. }) {
            exchange.cookies = self.browser.cookies(wall_ms(world));
        }
        let ended = EventKind::AskEnded {
            client: self.number,
            ask,
            exchange: Packed::new(&exchange),
        };
        let event = world.record(Some(task.cause), 0, ended, vec![]);
        let own = self.connections.iter();
        let own: Vec<SocketId> = own
            .filter(|(_, connection)| connection.owner == Some(ask))
            .map(|(socket, _)| *socket)
            .collect();
        for socket in own {
            self.drop_connection(world, socket, Some(event));
        }
        self.idle_ns = now_ns;
    }

    // ---- connections ----

    fn hear(&mut self, world: &mut World, news: News) {
        let socket = news.socket;
        let Some(connection) = self.connections.get_mut(&socket) else {
            return;
        };
        match news.what {
            Change::Connected => {
                let Some(ask) = connection.task else {
                    return;
                };
                if let Some(task) = self.tasks.get_mut(&ask) {
                    task.hop.connected_ns = Some(world.now_ns());
                }
                self.write(world, ask, socket);
            }
            Change::Failed(errno) => self.lost(world, socket, errno, news.cause),
            Change::Writable => {
                if let Err(errno) = connection.line.go_on(world, by(news.cause)) {
                    self.lost(world, socket, errno, news.cause);
                }
            }
            Change::Readable => self.read(world, socket, news.cause),
        }
    }

    fn read(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        loop {
            match world.receive(socket, READ_BYTES_MAX, by(cause)) {
                Received::Nothing => return,
                Received::Bytes(bytes) => {
                    let Some(connection) = self.connections.get_mut(&socket) else {
                        return;
                    };
                    connection.reader.feed(&bytes);
                    connection.has_begun_to_answer = true;
                    if let Some(task) = connection.task.and_then(|ask| self.tasks.get_mut(&ask)) {
                        task.hop.first_byte_ns.get_or_insert(world.now_ns());
                    }
                }
                Received::End => {
                    let Some(connection) = self.connections.get_mut(&socket) else {
                        return;
                    };
                    connection.keeps_alive = false;
                    match connection.reader.finish() {
                        Ok(Some(_)) => self.answered(world, socket, cause),
                        Ok(None) => self.cut(
                            world,
                            socket,
                            RequestOutcome::CutShort,
                            failure(52, "Empty reply from server".into()),
                            cause,
                        ),
                        Err(_) => self.cut(
                            world,
                            socket,
                            RequestOutcome::CutShort,
                            failure(
                                18,
                                "transfer closed with outstanding read data remaining".into(),
                            ),
                            cause,
                        ),
                    }
                    return;
                }
                Received::Error(errno) => return self.lost(world, socket, errno, cause),
            }
            if !self.understand(world, socket, cause) {
                return;
            }
        }
    }

    /// Reads what has come. `false` when the connection is no more.
    fn understand(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) -> bool {
        while let Some(connection) = self.connections.get_mut(&socket) {
            let Some(task) = connection.task.and_then(|ask| self.tasks.get_mut(&ask)) else {
                // Nobody has asked.
                self.drop_connection(world, socket, cause);
                return false;
            };
            match connection.reader.piece() {
                Ok(None) => return true,
                Ok(Some(Piece::Head(head))) => {
                    task.hop.status = head.status;
                    task.hop.reason = head.reason.clone();
                    connection.keeps_alive = head.keeps_alive();
                    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                    let headers = head.headers.iter();
                    task.hop.headers = headers
                        .map(|(name, value)| (name.clone(), text(value)))
                        .collect();
                }
                Ok(Some(Piece::Body(bytes))) => {
                    task.exchange.body_bytes += bytes.len() as u64;
                    let room = ANSWER_BYTES_MAX - task.body.len().min(ANSWER_BYTES_MAX);
                    task.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                // An answer before the answer: 100 Continue.
                Ok(Some(Piece::End)) if task.hop.status < 200 && task.hop.status != 101 => {}
                Ok(Some(Piece::End)) => {
                    self.answered(world, socket, cause);
                    let waits = |connection: &Connection| connection.reader.is_between();
                    if self.connections.get(&socket).is_none_or(waits) {
                        return self.connections.contains_key(&socket);
                    }
                }
                Err(wrong) => {
                    let (outcome, told) = match wrong {
                        Wrong::CutShort => (
                            RequestOutcome::CutShort,
                            failure(
                                18,
                                "transfer closed with outstanding read data remaining".into(),
                            ),
                        ),
                        Wrong::Malformed => (
                            RequestOutcome::Malformed,
                            failure(8, "Weird server reply: what came is no HTTP".into()),
                        ),
                        Wrong::TooLarge => (
                            RequestOutcome::Malformed,
                            failure(8, "Weird server reply: its head has no end".into()),
                        ),
                    };
                    connection.is_used = false;
                    self.cut(world, socket, outcome, told, cause);
                    return false;
                }
            }
        }
        false
    }

    fn answered(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let Some(connection) = self.connections.get_mut(&socket) else {
            return;
        };
        connection.is_used = true;
        let keeps_alive = connection.keeps_alive && connection.line.is_clear();
        let ask = connection.task.take();
        if !keeps_alive {
            self.drop_connection(world, socket, cause);
        }
        let Some((ask, task)) = ask.and_then(|ask| Some((ask, self.tasks.get_mut(&ask)?))) else {
            return;
        };
        let now_ns = world.now_ns();
        task.socket = None;
        task.deadline_ns = u64::MAX;
        task.hop.whole_ns = Some(now_ns);
        let outcome = RequestOutcome::Status(task.hop.status);
        task.tell_end(world, outcome, cause);
        task.unpack(now_ns);
        let now_ms = wall_ms(world);
        let next = match task.manner {
            Manner::Plain { .. } if task.exchange.failure.is_some() => Next::Over(None),
            Manner::Plain { follows, .. } => task.follow(follows, now_ns),
            _ => self.browser.take(task, now_ns, now_ms),
        };
        match next {
            Next::Send | Next::Again => self.go(world, ask),
            Next::Over(failure) => self.ends(world, ask, failure),
        }
    }

    /// The network has taken the connection.
    fn lost(&mut self, world: &mut World, socket: SocketId, errno: i32, cause: Option<EventId>) {
        let Some(connection) = self.connections.get(&socket) else {
            return;
        };
        let ask = connection.task.unwrap_or(0);
        let is_connected = self
            .tasks
            .get(&ask)
            .is_some_and(|task| task.hop.connected_ns.is_some());
        let outcome = RequestOutcome::Error(errno);
        let told = match is_connected {
            false => self.not_connected(world, ask, errno),
            true => failure(56, format!("Recv failure: {outcome}")),
        };
        self.cut(world, socket, outcome, told, cause);
    }

    /// The connection can carry nothing more, and what it carries ends like that or is sent once more.
    fn cut(
        &mut self,
        world: &mut World,
        socket: SocketId,
        outcome: RequestOutcome,
        told: Failure,
        cause: Option<EventId>,
    ) {
        let Some(connection) = self.connections.get(&socket) else {
            return;
        };
        let ask = connection.task;
        let is_stale = connection.is_used && !connection.has_begun_to_answer;
        self.drop_connection(world, socket, cause);
        let Some((ask, task)) = ask.and_then(|ask| Some((ask, self.tasks.get_mut(&ask)?))) else {
            return;
        };
        if is_stale && !task.was_repeated {
            task.was_repeated = true;
            return self.place(world, ask);
        }
        self.breaks(world, ask, outcome, told, cause);
    }

    fn breaks(
        &mut self,
        world: &mut World,
        ask: u32,
        outcome: RequestOutcome,
        told: Failure,
        cause: Option<EventId>,
    ) {
        if let Some(task) = self.tasks.get_mut(&ask) {
            task.tell_end(world, outcome, cause);
        }
        self.ends(world, ask, Some(told));
    }

    fn drop_connection(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        if self.connections.remove(&socket).is_some() {
            world.close_socket(socket, by(cause));
        }
    }

    fn time_out(&mut self, world: &mut World) {
        let now_ns = world.now_ns();
        let late = self
            .tasks
            .iter()
            .filter(|(_, task)| task.deadline_ns <= now_ns);
        let late: Vec<u32> = late.map(|(ask, _)| *ask).collect();
        for ask in late {
            let Some(task) = self.tasks.get(&ask) else {
                continue;
            };
            let after_ms = (now_ns - task.hop.begun_ns) / 1_000_000;
            let text = match task.hop.connected_ns {
                None => format!("Connection timed out after {after_ms} milliseconds"),
                Some(_) => format!(
                    "Operation timed out after {after_ms} milliseconds with {} bytes received",
                    task.exchange.body_bytes
                ),
            };
            let (socket, cause) = (task.socket, Some(task.cause));
            self.breaks(
                world,
                ask,
                RequestOutcome::TimedOut,
                failure(28, text),
                cause,
            );
            if let Some(socket) = socket {
                self.drop_connection(world, socket, cause);
            }
        }
    }
}

impl Task {
    /// The request is over, whatever comes next.
    fn tell_end(&mut self, world: &mut World, outcome: RequestOutcome, cause: Option<EventId>) {
        if let Some(request) = self.number.take() {
            let ended = EventKind::RequestEnded { request, outcome };
            self.cause = world.record(cause, 0, ended, vec![]);
        }
    }

    fn decide(&mut self, at_ns: u64, topic: Topic, refuses: bool, text: String) {
        self.exchange.decisions.push(Decision {
            at_ns,
            topic,
            refuses,
            text,
        });
    }

    /// What cannot be unpacked is a failure of all of it, with as much of the body as could be had.
    fn unpack(&mut self, now_ns: u64) {
        let is_plain = match self.manner {
            Manner::Plain { unpacks, .. } if !unpacks => return,
            Manner::Plain { .. } => true,
            _ => false,
        };
        let codings = self.hop.header("content-encoding").map(str::to_owned);
        let Some(codings) = codings.filter(|_| !self.body.is_empty()) else {
            return;
        };
        let packed_bytes = self.exchange.body_bytes;
        let (body, wrong) = coding::unpack(&codings, std::mem::take(&mut self.body));
        self.body = body;
        self.exchange.body_bytes = self.body.len() as u64;
        let codings = short(&codings);
        // A browser shows what it does not know as it came, and does not look behind the end.
        let wrong = wrong.filter(|wrong| {
            is_plain || !matches!(wrong, coding::Wrong::Unknown | coding::Wrong::Trails)
        });
        let Some(wrong) = wrong else {
            if self.exchange.body_bytes != packed_bytes {
                let unpacked_bytes = self.exchange.body_bytes;
                let told = format!(
                    "{codings}: {packed_bytes} bytes came, {unpacked_bytes} when unpacked."
                );
                self.decide(now_ns, Topic::Encoding, false, told);
            }
            return;
        };
        let told = match wrong {
            coding::Wrong::TooLong => failure(
                63,
                format!("{codings}: the answer is too long when it is unpacked, and is given up"),
            ),
            coding::Wrong::Data(said) if !is_plain => {
                failure(61, format!("Content decoding failed: {codings}, {said}"))
            }
            coding::Wrong::Data(said) => failure(
                61,
                format!("Error while processing content unencoding: {said}"),
            ),
            coding::Wrong::Unknown => failure(
                61,
                format!(
                    "Unrecognized content encoding type. libcurl understands {} content encodings.",
                    coding::CURL
                ),
            ),
            coding::Wrong::Trails => failure(
                23,
                "Failed writing received data to disk/application".into(),
            ),
        };
        self.decide(
            now_ns,
            Topic::Encoding,
            true,
            format!("{}.", told.text.trim_end_matches('.')),
        );
        self.exchange.failure = Some(told);
    }

    /// The answer sends the request on, and it goes; or it is the answer.
    fn follow(&mut self, follows: bool, now_ns: u64) -> Next {
        let Some(location) = self.location() else {
            return Next::Over(None);
        };
        if !follows {
            let text = format!(
                "Not followed: without -L curl shows the {} itself.",
                self.hop.status
            );
            self.decide(now_ns, Topic::Redirect, false, text);
            return Next::Over(None);
        }
        self.redirect(&location, 50, now_ns)
    }

    /// Where a redirect points to, as it is written.
    fn location(&self) -> Option<String> {
        let is_redirect = matches!(self.hop.status, 301 | 302 | 303 | 307 | 308);
        let location = self.hop.header("location").filter(|_| is_redirect);
        location.map(str::to_owned)
    }

    /// Fetch, 4.5: the next request after a redirect.
    fn redirect(&mut self, location: &str, most: u32, now_ns: u64) -> Next {
        let status = self.hop.status;
        let Ok(mut url) = self.request.url.join(location) else {
            return Next::Over(Some(failure(3, format!("URL rejected: {location}"))));
        };
        if url.fragment().is_none() {
            url.set_fragment(self.request.url.fragment());
        }
        self.redirects += 1;
        if self.redirects > most {
            return Next::Over(Some(failure(
                47,
                format!("Maximum ({most}) redirects followed"),
            )));
        }
        let method = self.request.method.clone();
        let becomes_get = match status {
            301 | 302 => method == "POST",
            303 => !matches!(method.as_str(), "GET" | "HEAD"),
            _ => false,
        };
        let mut text = format!("{status} to {}", short(url.as_str()));
        if becomes_get {
            text.push_str(&format!(
                ": {method} becomes GET, and its body stays behind"
            ));
            self.request.method = "GET".into();
            self.request.body = Vec::new();
            self.request.headers.retain(|(name, _)| {
                let name = name.to_ascii_lowercase();
                !matches!(
                    name.as_str(),
                    "content-encoding"
                        | "content-language"
                        | "content-location"
                        | "content-type"
                        | "content-length"
                )
            });
        } else if !matches!(method.as_str(), "GET" | "HEAD") {
            text.push_str(&format!(": it stays a {method}, with its body"));
        }
        if url.origin() != self.request.url.origin() {
            let before = self.request.headers.len();
            self.request
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            if self.request.headers.len() < before {
                text.push_str("; Authorization is not for another origin");
            }
        }
        text.push('.');
        self.decide(now_ns, Topic::Redirect, false, text);
        self.tab.leaves(&self.request.url, &url);
        self.exchange.hops.push(std::mem::take(&mut self.hop));
        self.exchange.body_bytes = 0;
        self.request.url = url;
        Next::Again
    }
}

impl Machine for Client {
    fn act(&mut self, world: &mut World) -> Turn {
        if self.event.is_none() {
            let asks = self.spec.asks.iter();
            let begun = EventKind::LoadBegun {
                load: self.number,
                name: self.spec.name.clone(),
                host: self.spec.from.clone(),
                requests: asks
                    .map(|ask| format!("{} {}", ask.method, ask.url))
                    .collect(),
            };
            self.event = Some(world.record(None, 0, begun, vec![]));
        }
        loop {
            let news = world.network.take_news(self.machine);
            if news.is_empty() {
                break;
            }
            for news in news {
                self.hear(world, news);
            }
        }
        self.time_out(world);
        while self.due_ns().is_some_and(|ns| ns <= world.now_ns()) {
            let ask = self.next as u32;
            self.next += 1;
            self.begin(world, ask);
        }
        if self.tasks.is_empty() && self.next == self.spec.asks.len() {
            self.end(world);
            return Turn::Exited(0);
        }
        let deadlines = self.tasks.values().map(|task| task.deadline_ns);
        match deadlines.chain(self.due_ns()).min() {
            Some(ns) if ns < u64::MAX => Turn::SleepsUntil(ns),
            _ => Turn::Waits,
        }
    }

    fn drives(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        !self.awaits_rest()
    }

    fn awaits_rest(&self) -> bool {
        let next = self.spec.asks.get(self.next);
        self.tasks.is_empty() && !self.is_at_rest && next.is_some_and(|ask| ask.when == When::Rest)
    }

    fn rest_comes(&mut self) {
        self.is_at_rest = true;
    }

    fn host(&self) -> HostId {
        self.host
    }

    /// It is a person.
    fn crash(&mut self) {}

    fn restart(&mut self, _: &mut World) {}

    fn end(&mut self, world: &mut World) {
        let sockets: Vec<SocketId> = self.connections.keys().copied().collect();
        for socket in sockets {
            self.drop_connection(world, socket, self.event);
        }
    }
}

// ---- what is sent ----

fn failure(code: u32, text: String) -> Failure {
    Failure { code, text }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn nowhere() -> Url {
    Url::parse("http://invalid/").expect("it is an address")
}

fn unsupported(url: &Url) -> Failure {
    let text = match url.scheme() {
        "https" => {
            "https is not simulated at a client's seat: ask a server that speaks http".into()
        }
        scheme => format!("Protocol \"{}\" not supported", short(scheme)),
    };
    failure(1, text)
}

fn is_token(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_letter)
}

fn read_url(ask: &Ask) -> Result<Url, Failure> {
    if !is_token(&ask.method) {
        return Err(failure(
            3,
            format!(
                "The method \u{201c}{}\u{201d} is no word",
                short(&ask.method)
            ),
        ));
    }
    let is_header = |(name, value): &(String, String)| {
        is_token(name) && !value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
    };
    if let Some((name, _)) = ask.headers.iter().find(|header| !is_header(header)) {
        return Err(failure(
            43,
            format!("The header \u{201c}{}\u{201d} cannot be sent", short(name)),
        ));
    }
    let url = Url::parse(&ask.url);
    url.map_err(|error| failure(3, format!("URL rejected: {error}: {}", short(&ask.url))))
}

fn origin_of(url: &Url) -> (String, u16) {
    let host = url.host_str().unwrap_or("").to_owned();
    (host, url.port_or_known_default().unwrap_or(80))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    match url.port() {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}

/// Those that are written, behind those that curl adds. One that is written without a value is not sent.
fn plain_headers(
    request: &Request,
    unpacks: bool,
    written: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let says = |name: &str| {
        written
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let added = [
        ("Host", authority(&request.url)),
        ("User-Agent", "terrarium".to_owned()),
        ("Accept", "*/*".to_owned()),
    ];
    let packed = unpacks.then(|| ("Accept-Encoding", coding::CURL.to_owned()));
    let added = added
        .into_iter()
        .chain(packed)
        .filter(|(name, _)| !says(name));
    let mut headers: Vec<(String, String)> = added
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    headers.extend(written.into_iter().filter(|(_, value)| !value.is_empty()));
    headers
}

fn message(hop: &Hop, request: &Request, is_preflight: bool) -> Vec<u8> {
    let mut target = request.url.path().to_owned();
    if let Some(query) = request.url.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut text = format!("{} {target} HTTP/1.1\r\n", hop.method);
    for (name, value) in &hop.sent {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let body: &[u8] = if is_preflight { &[] } else { &request.body };
    let says = |name: &str| {
        hop.sent
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let has_body = !body.is_empty() || matches!(hop.method.as_str(), "POST" | "PUT" | "PATCH");
    if has_body && !says("content-length") && !says("transfer-encoding") {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut message = text.into_bytes();
    message.extend_from_slice(body);
    message
}

fn wall_ms(world: &World) -> i64 {
    (world.wall_us() / 1000) as i64
}
