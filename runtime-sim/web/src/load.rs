//! A load: requests that come from a host, over connections like anybody's, and what becomes of them.
//!
//! A request is under way from the moment when it is due, whether or not a connection is free for it by then, and its
//! time is counted from there: a server that stalls cannot hide the requests that it has kept from being sent
//! (coordinated omission). A connection that is kept alive carries the next request that is due; the last that was used
//! goes first. When one that was used before breaks without a byte of an answer, a request that may be repeated is sent
//! once more over a new one, as Go's client and so k6 does.

use kernel::{
    EventQueue, Machine, Stream, Table, Turn, World,
    distribution::Times,
    network::{Address, Change, HostId, News, Received, SocketId},
};
use protocol::{
    EventId, EventKind, ProcessId,
    codec::Packed,
    load::{
        Judged, Little, LoadReport, LoadSpec, Metric, Model, RATE_PER_SECOND, RequestId,
        RequestOutcome, RequestSpec, Summary, percentile,
    },
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use crate::{
    by, host_named,
    line::Line,
    message::{Piece, Reader, Wrong},
    pace::{self, Dues, Users},
    resolve,
    trace_context::{self, Traces},
};

const READ_BYTES_MAX: usize = 1 << 20;

#[derive(Debug)]
pub struct Load {
    number: u32,
    machine: ProcessId,
    host: HostId,
    spec: LoadSpec,
    /// The bytes of each kind of request, and which of `origins` it goes to.
    messages: Vec<(Vec<u8>, usize)>,
    /// Who is called: a name and a port.
    origins: Vec<(String, u16)>,
    /// Connections to each that are free, the last used last.
    free: Vec<Vec<SocketId>>,
    choice: Stream,
    traces: Option<Traces>,
    pace: Pace,
    ends_ns: u64,
    /// Its own first event.
    event: Option<EventId>,
    requests: Table<RequestId, Request>,
    /// Due, and no connection is free.
    waiting: VecDeque<RequestId>,
    deadlines: EventQueue<RequestId>,
    connections: Table<SocketId, Connection>,
    tally: Tally,
}

#[derive(Debug)]
enum Pace {
    Open {
        dues: Dues,
        next_ns: Option<u64>,
    },
    Closed {
        users: Users,
        think: Times,
        chance: Stream,
        /// What each user's next request comes of.
        causes: Table<u32, EventId>,
    },
}

#[derive(Debug)]
struct Request {
    kind: usize,
    due_ns: u64,
    event: EventId,
    user: Option<u32>,
    connection: Option<SocketId>,
    deadline: (u64, u64),
    /// The id of its trace.
    trace: Option<String>,
    was_sent: bool,
    was_repeated: bool,
}

#[derive(Debug)]
struct Connection {
    line: Line,
    reader: Reader,
    origin: usize,
    request: Option<RequestId>,
    is_open: bool,
    /// Has carried an answer.
    is_used: bool,
    has_begun_to_answer: bool,
    status: Option<u16>,
    keeps_alive: bool,
}

#[derive(Debug, Default)]
struct Tally {
    sent: u64,
    answered: u64,
    latencies: Vec<u64>,
    answered_latencies: Vec<u64>,
    waits: Vec<u64>,
    outcomes: BTreeMap<RequestOutcome, u64>,
    connections: u64,
    sent_bytes: u64,
    received_bytes: u64,
    /// Requests under way, summed over every nanosecond until then.
    under_way: u128,
    under_way_until_ns: u64,
}

impl Load {
    pub fn new(number: u32, machine: ProcessId, spec: LoadSpec, world: &mut World) -> Self {
        let mut origins = Vec::new();
        let mut messages = Vec::new();
        for request in &spec.requests {
            let origin = (request.host.clone(), request.port);
            let known = origins.iter().position(|other| *other == origin);
            let place = known.unwrap_or_else(|| {
                origins.push(origin);
                origins.len() - 1
            });
            messages.push((message(request, spec.keeps_alive), place));
        }
        let chance = |what| world.chance.stream(&format!("load {} {what}", spec.name));
        let choice = chance("choice");
        let traces = spec.traces.then(|| Traces::new(chance("traces")));
        let (pace, course) = match &spec.model {
            Model::Open { arrivals, course } => {
                let chance = chance("arrivals");
                let mut dues = Dues::new(course.clone(), spec.begins_ns, *arrivals, chance);
                let next_ns = dues.next();
                (Pace::Open { dues, next_ns }, course)
            }
            Model::Closed { users, think } => {
                let pace = Pace::Closed {
                    users: Users::new(users.clone(), spec.begins_ns),
                    think: Times::of(think),
                    chance: chance("thinking"),
                    causes: Table::new(),
                };
                (pace, users)
            }
        };
        Self {
            number,
            machine,
            host: host_named(world, &spec.from),
            ends_ns: spec.begins_ns.saturating_add(pace::lasts_ns(course)),
            messages,
            free: vec![Vec::new(); origins.len()],
            origins,
            choice,
            traces,
            pace,
            event: None,
            requests: Table::new(),
            waiting: VecDeque::new(),
            deadlines: EventQueue::default(),
            connections: Table::new(),
            tally: Tally::default(),
            spec,
        }
    }

    // ---- requests ----

    fn begin_due(&mut self, world: &mut World) {
        let now_ns = world.now_ns();
        while let Pace::Open { dues, next_ns } = &mut self.pace
            && let Some(due_ns) = next_ns.filter(|ns| *ns <= now_ns)
        {
            *next_ns = dues.next();
            self.begin(world, due_ns, None, self.event);
        }
        let Pace::Closed { users, causes, .. } = &mut self.pace else {
            return;
        };
        let ready = users.ready(now_ns).into_iter();
        let ready: Vec<_> = ready
            .map(|user| (user, causes.get(&user).copied().or(self.event)))
            .collect();
        for (user, cause) in ready {
            self.begin(world, now_ns, Some(user), cause);
        }
    }

    fn begin(&mut self, world: &mut World, due_ns: u64, user: Option<u32>, cause: Option<EventId>) {
        let number = world.network.number_request();
        let kind = self.choose();
        let begun = EventKind::RequestBegun {
            request: number,
            load: self.number,
            kind: kind as u32,
        };
        let event = world.record(cause, 0, begun, vec![]);
        world.request_begins(number, event);
        self.count_under_way(world.now_ns());
        self.tally.sent += 1;
        let deadline = self
            .deadlines
            .push(due_ns.saturating_add(self.spec.timeout_ns), number);
        let request = Request {
            kind,
            due_ns,
            event,
            user,
            connection: None,
            deadline,
            trace: self.traces.as_mut().map(Traces::begin),
            was_sent: false,
            was_repeated: false,
        };
        self.requests.insert(number, request);
        if !self.place(world, number) {
            self.waiting.push_back(number);
        }
    }

    fn choose(&mut self) -> usize {
        let weights = self.spec.requests.iter().map(|kind| u64::from(kind.weight));
        let mut drawn = match self.spec.requests.len() {
            1 => return 0,
            _ => self.choice.below(weights.clone().sum()),
        };
        for (kind, weight) in weights.enumerate() {
            if drawn < weight {
                return kind;
            }
            drawn -= weight;
        }
        0
    }

    /// Gives the request a connection, if it may have one now.
    fn place(&mut self, world: &mut World, number: RequestId) -> bool {
        let Some(request) = self.requests.get(&number) else {
            return true;
        };
        let origin = self.messages[request.kind].1;
        if let Some(socket) = self.free[origin].pop() {
            self.give(number, socket);
            self.write(world, number, socket);
            return true;
        }
        let most = self.spec.connections_max as usize;
        if most > 0 && self.connections.len() >= most {
            // One to somebody else gives way.
            let Some(socket) = self.free.iter_mut().find_map(Vec::pop) else {
                return false;
            };
            self.drop_connection(world, socket, self.event);
        }
        self.connect(world, number, origin);
        true
    }

    fn give(&mut self, number: RequestId, socket: SocketId) {
        if let Some(connection) = self.connections.get_mut(&socket) {
            connection.request = Some(number);
            connection.status = None;
            connection.has_begun_to_answer = false;
        }
        if let Some(request) = self.requests.get_mut(&number) {
            request.connection = Some(socket);
        }
    }

    fn connect(&mut self, world: &mut World, number: RequestId, origin: usize) {
        let cause = self.requests.get(&number).map(|request| request.event);
        let (name, port) = &self.origins[origin];
        let Some(ip) = resolve(&world.network, name) else {
            return self.ends(world, number, RequestOutcome::UnknownHost, cause);
        };
        let to = Address::Ip(SocketAddr::new(ip, *port));
        let socket = world.open_socket(self.host, Some(self.machine));
        if let Err(errno) = world.connect(socket, to, by(cause)) {
            world.close_socket(socket, by(cause));
            return self.ends(world, number, RequestOutcome::Error(errno), cause);
        }
        self.tally.connections += 1;
        let connection = Connection {
            line: Line::new(socket),
            reader: Reader::answer(),
            origin,
            request: None,
            is_open: false,
            is_used: false,
            has_begun_to_answer: false,
            status: None,
            keeps_alive: false,
        };
        self.connections.insert(socket, connection);
        self.give(number, socket);
    }

    fn write(&mut self, world: &mut World, number: RequestId, socket: SocketId) {
        let (Some(request), Some(connection)) = (
            self.requests.get_mut(&number),
            self.connections.get_mut(&socket),
        ) else {
            return;
        };
        let spec = &self.spec.requests[request.kind];
        let mut bytes = Cow::Borrowed(&self.messages[request.kind].0[..]);
        if let (Some(traces), Some(trace)) = (&mut self.traces, &request.trace)
            && !trace_context::says(&spec.headers)
        {
            bytes = Cow::Owned(with_header(
                &bytes,
                trace_context::NAME,
                &traces.header(trace),
            ));
        }
        connection.reader.expect(&spec.method);
        if !std::mem::replace(&mut request.was_sent, true) {
            self.tally.waits.push(world.now_ns() - request.due_ns);
        }
        self.tally.sent_bytes += bytes.len() as u64;
        let cause = Some(request.event);
        world.request_travels(number, socket);
        if let Err(errno) = connection.line.send(world, &bytes, by(cause)) {
            self.breaks(world, socket, RequestOutcome::Error(errno), cause);
        }
    }

    fn ends(
        &mut self,
        world: &mut World,
        number: RequestId,
        outcome: RequestOutcome,
        cause: Option<EventId>,
    ) {
        self.count_under_way(world.now_ns());
        let Some(request) = self.requests.remove(&number) else {
            return;
        };
        self.deadlines.remove(request.deadline);
        let ended = EventKind::RequestEnded {
            request: number,
            outcome,
        };
        let event = world.record(cause, 0, ended, vec![]);
        let took_ns = world.now_ns() - request.due_ns;
        self.tally.latencies.push(took_ns);
        if outcome.is_answer() {
            self.tally.answered += 1;
            self.tally.answered_latencies.push(took_ns);
        }
        *self.tally.outcomes.entry(outcome).or_default() += 1;
        if let Pace::Closed {
            users,
            think,
            chance,
            causes,
        } = &mut self.pace
            && let Some(user) = request.user
        {
            causes.insert(user, event);
            users.think(user, world.now_ns().saturating_add(think.draw(chance)));
        }
    }

    fn count_under_way(&mut self, now_ns: u64) {
        let tally = &mut self.tally;
        let passed_ns = now_ns - tally.under_way_until_ns.min(now_ns);
        tally.under_way += passed_ns as u128 * self.requests.len() as u128;
        tally.under_way_until_ns = now_ns;
    }

    // ---- connections ----

    fn hear(&mut self, world: &mut World, news: News) {
        let socket = news.socket;
        let Some(connection) = self.connections.get_mut(&socket) else {
            return;
        };
        match news.what {
            Change::Connected => {
                connection.is_open = true;
                match connection.request {
                    Some(number) => self.write(world, number, socket),
                    None => self.is_free(world, socket),
                }
            }
            Change::Failed(errno) => {
                self.breaks(world, socket, RequestOutcome::Error(errno), news.cause);
            }
            Change::Writable => {
                if let Err(errno) = connection.line.go_on(world, by(news.cause)) {
                    self.breaks(world, socket, RequestOutcome::Error(errno), news.cause);
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
                    self.tally.received_bytes += bytes.len() as u64;
                    let Some(connection) = self.connections.get_mut(&socket) else {
                        return;
                    };
                    connection.reader.feed(&bytes);
                    connection.has_begun_to_answer = true;
                }
                Received::End => {
                    let Some(connection) = self.connections.get_mut(&socket) else {
                        return;
                    };
                    connection.keeps_alive = false;
                    match connection.reader.finish() {
                        Ok(Some(_)) => self.answered(world, socket, cause),
                        _ => self.breaks(world, socket, RequestOutcome::CutShort, cause),
                    }
                    return;
                }
                Received::Error(errno) => {
                    self.breaks(world, socket, RequestOutcome::Error(errno), cause);
                    return;
                }
            }
            if !self.understand(world, socket, cause) {
                return;
            }
        }
    }

    /// Reads what has come. `false` when the connection is no more.
    fn understand(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) -> bool {
        while let Some(connection) = self.connections.get_mut(&socket) {
            if connection.request.is_none() {
                // Nobody has asked.
                self.drop_connection(world, socket, cause);
                return false;
            }
            match connection.reader.piece() {
                Ok(None) => return true,
                Ok(Some(Piece::Head(head))) => {
                    connection.status = Some(head.status);
                    connection.keeps_alive = self.spec.keeps_alive && head.keeps_alive();
                }
                Ok(Some(Piece::Body(_))) => {}
                // An answer before the answer: 100 Continue.
                Ok(Some(Piece::End)) if connection.status.is_some_and(|status| status < 200) => {}
                Ok(Some(Piece::End)) => {
                    self.answered(world, socket, cause);
                    if self
                        .connections
                        .get(&socket)
                        .is_none_or(|connection| connection.reader.is_between())
                    {
                        return self.connections.contains_key(&socket);
                    }
                }
                Err(wrong) => {
                    let outcome = match wrong {
                        Wrong::CutShort => RequestOutcome::CutShort,
                        Wrong::Malformed | Wrong::TooLarge => RequestOutcome::Malformed,
                    };
                    connection.is_used = false;
                    self.breaks(world, socket, outcome, cause);
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
        let status = connection.status.unwrap_or(0);
        if let Some(number) = connection.request.take() {
            self.ends(world, number, RequestOutcome::Status(status), cause);
        }
        if keeps_alive {
            self.is_free(world, socket);
        } else {
            self.drop_connection(world, socket, cause);
            self.place_waiting(world);
        }
    }

    fn is_free(&mut self, world: &mut World, socket: SocketId) {
        if let Some(connection) = self.connections.get(&socket) {
            self.free[connection.origin].push(socket);
        }
        self.place_waiting(world);
    }

    fn place_waiting(&mut self, world: &mut World) {
        while let Some(number) = self.waiting.front().copied() {
            if !self.place(world, number) {
                return;
            }
            self.waiting.pop_front();
        }
    }

    /// The connection can carry nothing more, and what it carries ends like that or is sent once more.
    fn breaks(
        &mut self,
        world: &mut World,
        socket: SocketId,
        outcome: RequestOutcome,
        cause: Option<EventId>,
    ) {
        let Some(connection) = self.connections.get(&socket) else {
            return;
        };
        let number = connection.request;
        let is_stale = connection.is_used && !connection.has_begun_to_answer;
        self.drop_connection(world, socket, cause);
        if let Some(number) = number
            && let Some(request) = self.requests.get_mut(&number)
        {
            let (method, origin) = (
                &self.spec.requests[request.kind].method,
                self.messages[request.kind].1,
            );
            let may_be_repeated = matches!(
                method.as_str(),
                "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"
            );
            if is_stale && may_be_repeated && !request.was_repeated {
                request.was_repeated = true;
                self.connect(world, number, origin);
            } else {
                self.ends(world, number, outcome, cause);
            }
        }
        self.place_waiting(world);
    }

    fn drop_connection(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        if let Some(connection) = self.connections.remove(&socket) {
            self.free[connection.origin].retain(|other| *other != socket);
            world.close_socket(socket, by(cause));
        }
    }

    fn time_out(&mut self, world: &mut World) {
        let now_ns = world.now_ns();
        while self.deadlines.next_time_ns().is_some_and(|ns| ns <= now_ns) {
            let Some((_, number)) = self.deadlines.pop() else {
                return;
            };
            let Some(request) = self.requests.get(&number) else {
                continue;
            };
            let (event, connection) = (Some(request.event), request.connection);
            self.ends(world, number, RequestOutcome::TimedOut, event);
            if let Some(socket) = connection {
                self.drop_connection(world, socket, event);
            }
            self.place_waiting(world);
        }
    }

    // ---- the end ----

    /// Nothing more is due.
    fn is_over(&self, now_ns: u64) -> bool {
        let is_done = match &self.pace {
            Pace::Open { next_ns, .. } => next_ns.is_none(),
            Pace::Closed { .. } => now_ns >= self.ends_ns,
        };
        is_done && self.requests.is_empty()
            || now_ns >= self.ends_ns.saturating_add(self.spec.grace_ns)
    }

    fn report(&mut self, world: &mut World) {
        let now_ns = world.now_ns();
        self.count_under_way(now_ns);
        let tally = &mut self.tally;
        for sorted in [
            &mut tally.latencies,
            &mut tally.answered_latencies,
            &mut tally.waits,
        ] {
            sorted.sort_unstable();
        }
        let lasted_ns = u128::from(now_ns.saturating_sub(self.spec.begins_ns).max(1));
        let rate = |count: u64| {
            let hourly = u128::from(count) * u128::from(RATE_PER_SECOND) * 1_000_000_000;
            (hourly / lasted_ns) as u64
        };
        let unfinished = self.requests.values();
        let so_far: u128 = unfinished
            .map(|request| u128::from(now_ns - request.due_ns))
            .sum();
        let all: u128 = tally.latencies.iter().map(|ns| u128::from(*ns)).sum();
        let failed = tally.latencies.len() as u64 - tally.answered;
        let report = LoadReport {
            name: self.spec.name.clone(),
            from: self.spec.from.clone(),
            began_ns: self.spec.begins_ns,
            ended_ns: now_ns,
            sent: tally.sent,
            answered: tally.answered,
            failed,
            in_flight: self.requests.len() as u64,
            latency: Summary::of(&tally.latencies),
            answered_latency: Summary::of(&tally.answered_latencies),
            waited: Summary::of(&tally.waits),
            throughput: rate(tally.answered),
            little: Little {
                under_way: (tally.under_way * 1_000_000 / lasted_ns) as u64,
                rate: rate(tally.sent),
                mean_ns: (all + so_far)
                    .checked_div(u128::from(tally.sent))
                    .unwrap_or(0) as u64,
            },
            outcomes: tally
                .outcomes
                .iter()
                .map(|(outcome, count)| (*outcome, *count))
                .collect(),
            connections: tally.connections,
            sent_bytes: tally.sent_bytes,
            received_bytes: tally.received_bytes,
            thresholds: Vec::new(),
        };
        let thresholds = self.spec.thresholds.iter().map(|threshold| {
            let value = match threshold.metric {
                Metric::Percentile(share) => percentile(&tally.latencies, share),
                Metric::Mean => report.latency.mean_ns,
                Metric::Failed => ((failed + report.refused()) * 1_000_000)
                    .checked_div(tally.latencies.len() as u64)
                    .unwrap_or(0),
                Metric::Throughput => report.throughput,
            };
            Judged {
                text: threshold.text.clone(),
                value,
                metric: threshold.metric,
                passed: threshold.comparison.holds(value, threshold.limit),
            }
        });
        let report = LoadReport {
            thresholds: thresholds.collect(),
            ..report
        };
        let ended = EventKind::LoadEnded {
            load: self.number,
            report: Packed::new(&report),
        };
        world.record(self.event, 0, ended, vec![]);
    }
}

impl Machine for Load {
    fn act(&mut self, world: &mut World) -> Turn {
        let now_ns = world.now_ns();
        if now_ns < self.spec.begins_ns {
            return Turn::SleepsUntil(self.spec.begins_ns);
        }
        if self.event.is_none() {
            let begun = EventKind::LoadBegun {
                load: self.number,
                name: self.spec.name.clone(),
                host: self.spec.from.clone(),
                requests: self.spec.requests.iter().map(url).collect(),
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
        self.begin_due(world);
        if self.is_over(now_ns) {
            self.end(world);
            return Turn::Exited(0);
        }
        let due_ns = match &self.pace {
            Pace::Open { next_ns, .. } => *next_ns,
            Pace::Closed { users, .. } => users.next_ns(now_ns),
        };
        let ends_ns = [
            self.ends_ns,
            self.ends_ns.saturating_add(self.spec.grace_ns),
        ];
        let next_ns = ends_ns
            .into_iter()
            .filter(|ns| *ns > now_ns)
            .chain(due_ns)
            .chain(self.deadlines.next_time_ns());
        Turn::SleepsUntil(next_ns.min().unwrap_or(now_ns))
    }

    fn drives(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        true
    }

    fn host(&self) -> HostId {
        self.host
    }

    fn crash(&mut self) {}

    fn restart(&mut self, _: &mut World) {}

    fn end(&mut self, world: &mut World) {
        self.report(world);
        let sockets: Vec<SocketId> = self.connections.keys().copied().collect();
        for socket in sockets {
            self.drop_connection(world, socket, self.event);
        }
    }
}

fn url(request: &RequestSpec) -> String {
    format!(
        "{} http://{}{}",
        request.method,
        authority(request),
        request.target
    )
}

fn authority(request: &RequestSpec) -> String {
    match request.port {
        80 => request.host.clone(),
        port => format!("{}:{port}", request.host),
    }
}

/// As the last of its head.
fn with_header(message: &[u8], name: &str, value: &str) -> Vec<u8> {
    let end = message.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, rest) = message.split_at(end.map_or(message.len(), |end| end + 2));
    [head, format!("{name}: {value}\r\n").as_bytes(), rest].concat()
}

fn message(request: &RequestSpec, keeps_alive: bool) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    let says = |name: &str| {
        let mut headers = request.headers.iter();
        headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let mut add = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    };
    if !says("host") {
        add("Host", &authority(request));
    }
    if !says("user-agent") {
        add("User-Agent", "terrarium");
    }
    for (name, value) in &request.headers {
        add(name, value);
    }
    let has_body =
        !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if has_body && !says("content-length") && !says("transfer-encoding") {
        add("Content-Length", &request.body.len().to_string());
    }
    if !keeps_alive && !says("connection") {
        add("Connection", "close");
    }
    text.push_str("\r\n");
    let mut message = text.into_bytes();
    message.extend_from_slice(&request.body);
    message
}
