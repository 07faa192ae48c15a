//! A modelled service: so many servers, one queue before them, and how long each request takes. In the words of queueing
//! theory a G/G/c queue, and M/M/c with Poisson arrivals and exponential times; behind real HTTP.
//!
//! What a request asks for does not matter. Its answer is made when its time is over and written when those before it
//! on its connection have been.

use std::collections::VecDeque;

use kernel::{
    EventQueue, Machine, Stream, Table, Turn, World,
    distribution::Times,
    network::{Address, Change, HostId, News, Received, SocketId},
};
use protocol::{
    EventId, EventKind, ProcessId,
    service::{ServiceId, ServiceSpec, WorkId},
};

use crate::{
    by, host_named,
    line::Line,
    message::{Head, Piece, Reader, Wrong},
};

const READ_BYTES_MAX: usize = 1 << 20;
const BACKLOG: usize = 511;
const MILLION: u64 = 1_000_000;

#[derive(Debug)]
pub struct Service {
    machine: ProcessId,
    service: ServiceId,
    host: HostId,
    spec: ServiceSpec,
    listener: SocketId,
    times: Times,
    time_chance: Stream,
    error_chance: Stream,
    connections: Table<SocketId, Connection>,
    works: Table<WorkId, Work>,
    queue: VecDeque<WorkId>,
    /// Being served, by when it is done.
    served: EventQueue<WorkId>,
    serving: u32,
}

#[derive(Debug)]
struct Work {
    socket: SocketId,
    head: Head,
    /// The last of what it comes of.
    event: EventId,
    answer: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Connection {
    line: Line,
    reader: Reader,
    head: Option<Head>,
    /// In the order of their requests.
    works: VecDeque<WorkId>,
    /// Nothing more is read from it.
    has_ended: bool,
    /// Closed when what it owes is written.
    closes: bool,
}

impl Service {
    pub fn new(
        service: ServiceId,
        machine: ProcessId,
        spec: ServiceSpec,
        world: &mut World,
    ) -> Self {
        let host = host_named(world, &spec.host);
        let started = EventKind::ServiceStarted {
            service,
            name: spec.name.clone(),
            host: spec.host.clone(),
            port: spec.port,
        };
        world.record(None, 0, started, vec![]);
        let listener = listen(world, machine, host, &spec);
        let chance = |what| {
            world
                .chance
                .stream(&format!("service {} {what}", spec.name))
        };
        Self {
            machine,
            service,
            host,
            listener,
            times: Times::of(&spec.service_time),
            time_chance: chance("times"),
            error_chance: chance("errors"),
            connections: Table::new(),
            works: Table::new(),
            queue: VecDeque::new(),
            served: EventQueue::default(),
            serving: 0,
            spec,
        }
    }

    fn hear(&mut self, world: &mut World, news: News) {
        if news.socket == self.listener {
            while let Some(socket) = world.accept(self.listener, self.machine) {
                let connection = Connection {
                    line: Line::new(socket),
                    reader: Reader::request(),
                    head: None,
                    works: VecDeque::new(),
                    has_ended: false,
                    closes: false,
                };
                self.connections.insert(socket, connection);
                self.read(world, socket, news.cause);
            }
            return;
        }
        match news.what {
            Change::Readable => self.read(world, news.socket, news.cause),
            Change::Writable => {
                let Some(connection) = self.connections.get_mut(&news.socket) else {
                    return;
                };
                match connection.line.go_on(world, by(news.cause)) {
                    Ok(()) => self.close_when_done(world, news.socket, news.cause),
                    Err(_) => self.drop_connection(world, news.socket, news.cause),
                }
            }
            Change::Connected | Change::Failed(_) => {}
        }
    }

    fn read(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        loop {
            let Some(connection) = self.connections.get_mut(&socket) else {
                return;
            };
            if connection.has_ended {
                return;
            }
            match world.receive(socket, READ_BYTES_MAX, by(cause)) {
                Received::Nothing => return,
                Received::Bytes(bytes) => connection.reader.feed(&bytes),
                Received::End => {
                    connection.has_ended = true;
                    connection.closes = true;
                    self.close_when_done(world, socket, cause);
                    return;
                }
                Received::Error(_) => {
                    self.drop_connection(world, socket, cause);
                    return;
                }
            }
            self.understand(world, socket, cause);
        }
    }

    fn understand(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        while let Some(connection) = self.connections.get_mut(&socket) {
            if connection.has_ended {
                return;
            }
            match connection.reader.piece() {
                Ok(None) => return,
                Ok(Some(Piece::Head(head))) => connection.head = Some(*head),
                Ok(Some(Piece::Body(_))) => {}
                Ok(Some(Piece::End)) => {
                    let head = connection.head.take().unwrap_or_default();
                    if !head.keeps_alive() {
                        connection.has_ended = true;
                        connection.closes = true;
                    }
                    self.take(world, socket, head, cause);
                }
                Err(wrong) => {
                    connection.has_ended = true;
                    connection.closes = true;
                    let status = match wrong {
                        Wrong::TooLarge => 431,
                        Wrong::Malformed | Wrong::CutShort => 400,
                    };
                    self.turn_away(world, socket, Head::default(), status, cause);
                }
            }
        }
    }

    // ---- works ----

    fn take(&mut self, world: &mut World, socket: SocketId, head: Head, cause: Option<EventId>) {
        let is_full = self.spec.queue_max > 0
            && self.serving >= self.spec.servers
            && self.queue.len() >= self.spec.queue_max as usize;
        if is_full {
            self.turn_away(world, socket, head, 503, cause);
            return;
        }
        let number = self.note(world, socket, head, cause);
        if self.serving < self.spec.servers {
            self.start(world, number);
        } else {
            self.queue.push_back(number);
        }
    }

    fn note(
        &mut self,
        world: &mut World,
        socket: SocketId,
        head: Head,
        cause: Option<EventId>,
    ) -> WorkId {
        let number = world.network.number_work();
        let queued = EventKind::WorkQueued {
            work: number,
            service: self.service,
        };
        let event = world.record(cause, 0, queued, vec![]);
        let work = Work {
            socket,
            head,
            event,
            answer: None,
        };
        self.works.insert(number, work);
        if let Some(connection) = self.connections.get_mut(&socket) {
            connection.works.push_back(number);
        }
        number
    }

    fn turn_away(
        &mut self,
        world: &mut World,
        socket: SocketId,
        head: Head,
        status: u16,
        cause: Option<EventId>,
    ) {
        let number = self.note(world, socket, head, cause);
        self.answer(world, number, status);
    }

    fn start(&mut self, world: &mut World, number: WorkId) {
        let Some(work) = self.works.get_mut(&number) else {
            return;
        };
        let started = EventKind::WorkStarted { work: number };
        work.event = world.record(Some(work.event), 0, started, vec![]);
        self.serving += 1;
        let takes_ns = self.times.draw(&mut self.time_chance);
        let takes_ns = world.network.takes(self.host, takes_ns);
        let done_ns = world.now_ns().saturating_add(takes_ns);
        self.served.push(done_ns, number);
    }

    fn finish_due(&mut self, world: &mut World) {
        while self
            .served
            .next_time_ns()
            .is_some_and(|ns| ns <= world.now_ns())
        {
            let Some((_, number)) = self.served.pop() else {
                return;
            };
            let fails = self.spec.errors > 0
                && self.error_chance.below(MILLION) < u64::from(self.spec.errors);
            let status = if fails {
                self.spec.error_status
            } else {
                self.spec.status
            };
            self.answer(world, number, status);
            self.serving -= 1;
            if let Some(next) = self.queue.pop_front() {
                self.start(world, next);
            }
        }
    }

    fn answer(&mut self, world: &mut World, number: WorkId, status: u16) {
        let Some(work) = self.works.get_mut(&number) else {
            return;
        };
        let ended = EventKind::WorkEnded {
            work: number,
            status,
        };
        work.event = world.record(Some(work.event), 0, ended, vec![]);
        let socket = work.socket;
        let Some(connection) = self.connections.get(&socket) else {
            self.works.remove(&number);
            return;
        };
        let is_last = connection.closes && connection.works.back() == Some(&number);
        let is_plain = status == self.spec.status;
        let body: &[u8] = if is_plain { &self.spec.body } else { b"" };
        let mut text = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        if is_plain {
            for (name, value) in &self.spec.headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let has_length = status >= 200 && !matches!(status, 204 | 304);
        if has_length {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if is_last {
            text.push_str("Connection: close\r\n");
        } else if work.head.minor == 0 {
            text.push_str("Connection: keep-alive\r\n");
        }
        text.push_str("\r\n");
        let mut answer = text.into_bytes();
        if has_length && work.head.method != "HEAD" {
            answer.extend_from_slice(body);
        }
        work.answer = Some(answer);
        self.write_answers(world, socket);
    }

    /// Those at the front of the connection that are ready.
    fn write_answers(&mut self, world: &mut World, socket: SocketId) {
        while let Some(connection) = self.connections.get_mut(&socket) {
            let first = connection.works.front().copied();
            let ready = first.and_then(|number| {
                let work = self.works.get_mut(&number)?;
                Some((number, work.answer.take()?, work.event))
            });
            let Some((number, answer, event)) = ready else {
                return;
            };
            connection.works.pop_front();
            self.works.remove(&number);
            match connection.line.send(world, &answer, by(Some(event))) {
                Ok(()) => self.close_when_done(world, socket, Some(event)),
                Err(_) => self.drop_connection(world, socket, Some(event)),
            }
        }
    }

    fn close_when_done(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        let is_done = self.connections.get(&socket).is_some_and(|connection| {
            connection.closes && connection.works.is_empty() && connection.line.is_clear()
        });
        if is_done {
            self.drop_connection(world, socket, cause);
        }
    }

    /// Works of it that are under way are finished, and nobody hears of it.
    fn drop_connection(&mut self, world: &mut World, socket: SocketId, cause: Option<EventId>) {
        if self.connections.remove(&socket).is_some() {
            world.close_socket(socket, by(cause));
        }
    }
}

impl Machine for Service {
    fn act(&mut self, world: &mut World) -> Turn {
        loop {
            let news = world.network.take_news(self.machine);
            if news.is_empty() {
                break;
            }
            for news in news {
                self.hear(world, news);
            }
        }
        self.finish_due(world);
        match self.served.next_time_ns() {
            Some(next_ns) => Turn::SleepsUntil(next_ns),
            None => Turn::Waits,
        }
    }

    fn drives(&self) -> bool {
        false
    }

    fn is_busy(&self) -> bool {
        self.serving > 0
    }

    fn end(&mut self, _: &mut World) {}

    fn host(&self) -> HostId {
        self.host
    }

    fn crash(&mut self) {
        self.connections = Table::new();
        self.works = Table::new();
        self.queue.clear();
        self.served = EventQueue::default();
        self.serving = 0;
    }

    fn restart(&mut self, world: &mut World) {
        self.listener = listen(world, self.machine, self.host, &self.spec);
    }
}

fn listen(world: &mut World, machine: ProcessId, host: HostId, spec: &ServiceSpec) -> SocketId {
    let listener = world.open_socket(host, Some(machine));
    let at = Address::Ip(std::net::SocketAddr::from(([0, 0, 0, 0], spec.port)));
    // Where a program listens already, nobody ever hears of this one.
    let _ = world
        .bind(listener, at)
        .and_then(|()| world.listen(listener, BACKLOG));
    listener
}

/// RFC 9110's words.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
