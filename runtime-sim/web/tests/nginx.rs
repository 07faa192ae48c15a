//! What nginx 1.22.1 answers, byte for byte: each folder in `nginx/` has a configuration, the requests, and what the real
//! one answered when its servers were as [`Echo`] is. Dates are left out, and a body in gzip is shown as what is in it.
//! `===` begins a connection, `=== same` goes on with the one before.

mod common;

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use common::{Nobody, scenario};
use kernel::{
    EventQueue, Machine, Sim, Turn, World,
    network::{Address, By, Change, HostId, Received, SocketId},
};
use protocol::{ProcessId, Status, scenario::EPOCH_MS};
use web::{Head, Piece, Proxy, Reader};

const MS: u64 = 1_000_000;
/// As long as the recording waited for more.
const PAUSE_NS: u64 = 450 * MS;

fn by() -> By {
    By {
        process: 0,
        cause: None,
    }
}

/// A server whose answers say what it was asked.
struct Echo {
    machine: ProcessId,
    host: HostId,
    port: u16,
    listener: SocketId,
    connections: BTreeMap<SocketId, (usize, Reader, Option<Head>, Vec<u8>)>,
    accepted: usize,
    counts: BTreeMap<String, usize>,
}

impl Echo {
    fn new(machine: ProcessId, port: u16, world: &mut World) -> Self {
        let host = world.network.host_named("box");
        let listener = world.open_socket(host, Some(machine));
        let at = Address::Ip(SocketAddr::from(([127, 0, 0, 1], port)));
        world.bind(listener, at).expect("it is free");
        world.listen(listener, 64).expect("it is free");
        Self {
            machine,
            host,
            port,
            listener,
            connections: BTreeMap::new(),
            accepted: 0,
            counts: BTreeMap::new(),
        }
    }

    fn read(&mut self, world: &mut World, socket: SocketId) {
        loop {
            let Some((number, reader, head, body)) = self.connections.get_mut(&socket) else {
                return;
            };
            match world.receive(socket, 1 << 20, by()) {
                Received::Bytes(bytes) => reader.feed(&bytes),
                Received::Nothing => return,
                Received::End | Received::Error(_) => {
                    self.connections.remove(&socket);
                    world.close_socket(socket, by());
                    return;
                }
            }
            let mut whole = Vec::new();
            while let Ok(Some(piece)) = reader.piece() {
                match piece {
                    Piece::Head(this) => *head = Some(*this),
                    Piece::Body(bytes) => body.extend(bytes),
                    Piece::End => whole.push((
                        *number,
                        head.take().expect("it comes first"),
                        std::mem::take(body),
                    )),
                }
            }
            for (number, head, body) in whole {
                self.answer(world, socket, number, &head, &body);
            }
        }
    }

    fn answer(
        &mut self,
        world: &mut World,
        socket: SocketId,
        number: usize,
        head: &Head,
        body: &[u8],
    ) {
        let path = head.target.split('?').next().unwrap_or_default().to_owned();
        let has = |word: &str| path.contains(word);
        let mut said = format!("{} {} HTTP/1.{}", head.method, head.target, head.minor);
        for (name, value) in &head.headers {
            said += &format!("\r\n{name}: {}", String::from_utf8_lossy(value));
        }
        let mut send = |status: &str, headers: &[String], body: &[u8], ends: bool| {
            let mut text = format!("HTTP/1.1 {status}\r\nX-Powered-By: echo\r\n");
            for header in headers {
                text += &format!("{header}\r\n");
            }
            let mut bytes = format!("{text}\r\n").into_bytes();
            bytes.extend_from_slice(body);
            world.send_all(socket, &bytes, by());
            if ends || head.minor == 0 {
                self.connections.remove(&socket);
                world.close_socket(socket, by());
            }
        };
        let kind = || "Content-Type: text/plain".to_owned();
        let mut plain = |status: &str, headers: &[&str], body: &[u8]| {
            let mut all = vec![kind()];
            all.extend(headers.iter().map(|header| (*header).to_owned()));
            all.push(format!("Content-Length: {}", body.len()));
            let body = if head.method == "HEAD" { b"" } else { body };
            send(status, &all, body, false);
        };
        if has("/close") || has("/bad") {
            if has("/bad") {
                world.send_all(socket, b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", by());
            }
            self.connections.remove(&socket);
            world.close_socket(socket, by());
        } else if has("/hang") {
        } else if has("/chunked") {
            let chunks = b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
            send(
                "200 OK",
                &[kind(), "Transfer-Encoding: chunked".into()],
                chunks,
                false,
            );
        } else if has("/no-length") {
            send("200 OK", &[kind()], b"until the end", true);
        } else if has("/redirect") {
            let own = match path.starts_with("/v1") {
                true => "Location: http://backend/v1/next",
                false => "Location: http://backend/next",
            };
            plain("302 Found", &[own], b"");
        } else if has("/relative") {
            plain("302 Found", &["Location: /elsewhere"], b"");
        } else if let Some((_, status)) = path.split_once("/status/") {
            let status = format!("{status} Said So");
            if status.starts_with("204") || status.starts_with("304") {
                send(&status, &["ETag: \"x\"".into()], b"", false);
            } else {
                plain(&status, &[], b"status\n");
            }
        } else if let Some((_, kind)) = path.split_once("/types/") {
            let kind = format!("Content-Type: {kind}");
            let body = b"typed, and more than twenty letters\n";
            let length = format!("Content-Length: {}", body.len());
            send("200 OK", &[kind, length], body, false);
        } else if has("/etag") {
            let headers = [
                "ETag: \"x\"",
                "Accept-Ranges: bytes",
                "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
            ];
            let body = b"what has a tag is more than twenty letters\n";
            plain("200 OK", &headers, body);
        } else if has("/encoded") {
            let body = b"as if it were compressed already\n";
            plain("200 OK", &["Content-Encoding: br"], body);
        } else if has("/lines") {
            let lines: String = (0..200).map(|line| format!("line {line}\n")).collect();
            plain("200 OK", &[], lines.as_bytes());
        } else if has("/name") {
            let name = format!("{}\n", self.port);
            plain("200 OK", &[], name.as_bytes());
        } else if has("/connection") {
            let text = format!("connection {number}\n");
            plain("200 OK", &[], text.as_bytes());
        } else if has("/count")
            || has("/cached")
            || has("/private")
            || has("/cookie")
            || has("/expires")
        {
            let count = self.counts.entry(path.clone()).or_default();
            *count += 1;
            let text = format!("{count}\n{said}\n");
            let headers: &[&str] = if has("/cached") {
                &["Cache-Control: max-age=60"]
            } else if has("/private") {
                &["Cache-Control: private"]
            } else if has("/cookie") {
                &["Set-Cookie: a=b"]
            } else if has("/expires/later") {
                &["Expires: Thu, 31 Dec 2099 00:00:00 GMT"]
            } else if has("/expires") {
                &["Expires: Mon, 01 Jan 2001 00:00:00 GMT"]
            } else {
                &[]
            };
            plain("200 OK", headers, text.as_bytes());
        } else {
            let mut text = format!("{said}\n").into_bytes();
            text.extend_from_slice(body);
            plain("200 OK", &[], &text);
        }
    }
}

impl Machine for Echo {
    fn act(&mut self, world: &mut World) -> Turn {
        for news in world.network.take_news(self.machine) {
            if news.socket == self.listener {
                while let Some(socket) = world.accept(self.listener, self.machine) {
                    self.accepted += 1;
                    let connection = (self.accepted, Reader::request(), None, Vec::new());
                    self.connections.insert(socket, connection);
                    self.read(world, socket);
                }
            } else {
                self.read(world, news.socket);
            }
        }
        Turn::Waits
    }

    fn drives(&self) -> bool {
        false
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn end(&mut self, _: &mut World) {}

    fn host(&self) -> HostId {
        self.host
    }

    fn crash(&mut self) {}

    fn restart(&mut self, _: &mut World) {}
}

/// Sends each request and listens until nothing comes any more.
struct Caller {
    machine: ProcessId,
    host: HostId,
    requests: std::vec::IntoIter<(bool, Vec<u8>)>,
    socket: Option<SocketId>,
    unsent: Vec<u8>,
    answer: Vec<u8>,
    heard: std::rc::Rc<std::cell::RefCell<Vec<u8>>>,
    is_asking: bool,
    quiet: EventQueue<()>,
    until_ns: Option<(u64, u64)>,
}

impl Caller {
    fn next(&mut self, world: &mut World) -> bool {
        let Some((same, request)) = self.requests.next() else {
            return false;
        };
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
        let mut heard = self.heard.borrow_mut();
        heard.extend_from_slice(b">>> ");
        heard.extend_from_slice(line);
        heard.push(b'\n');
        drop(heard);
        self.is_asking = true;
        match self.socket.filter(|_| same) {
            Some(socket) => world.send_all(socket, &request, by()),
            None => {
                if let Some(socket) = self.socket.take() {
                    world.close_socket(socket, by());
                }
                let socket = world.open_socket(self.host, Some(self.machine));
                let at = Address::Ip(SocketAddr::from(([127, 0, 0, 1], 8080)));
                world.connect(socket, at, by()).expect("it is there");
                self.socket = Some(socket);
                self.unsent = request;
            }
        }
        self.wait(world);
        true
    }

    fn wait(&mut self, world: &World) {
        if let Some(place) = self.until_ns.take() {
            self.quiet.remove(place);
        }
        self.until_ns = Some(self.quiet.push(world.now_ns() + PAUSE_NS, ()));
    }

    fn over(&mut self, closed: bool) {
        let answer = plain(&std::mem::take(&mut self.answer));
        self.heard.borrow_mut().extend_from_slice(&answer);
        let end: &[u8] = match closed {
            true => b"\n<<< closed\n",
            false => b"\n<<<\n",
        };
        self.heard.borrow_mut().extend_from_slice(end);
        self.is_asking = false;
        if let Some(place) = self.until_ns.take() {
            self.quiet.remove(place);
        }
    }
}

impl Machine for Caller {
    fn act(&mut self, world: &mut World) -> Turn {
        for news in world.network.take_news(self.machine) {
            if Some(news.socket) != self.socket {
                continue;
            }
            if news.what == Change::Connected {
                let unsent = std::mem::take(&mut self.unsent);
                world.send_all(news.socket, &unsent, by());
            }
            loop {
                match world.receive(news.socket, 1 << 20, by()) {
                    Received::Bytes(bytes) => {
                        self.answer.extend(bytes);
                        self.wait(world);
                    }
                    Received::Nothing => break,
                    Received::End | Received::Error(_) => {
                        world.close_socket(news.socket, by());
                        self.socket = None;
                        if self.is_asking {
                            self.over(true);
                        }
                        break;
                    }
                }
            }
        }
        if self
            .quiet
            .next_time_ns()
            .is_some_and(|ns| ns <= world.now_ns())
        {
            self.over(false);
        }
        if !self.is_asking && !self.next(world) {
            return Turn::Exited(0);
        }
        match self.quiet.next_time_ns() {
            Some(ns) => Turn::SleepsUntil(ns),
            None => Turn::Again,
        }
    }

    fn drives(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        true
    }

    fn end(&mut self, _: &mut World) {}

    fn host(&self) -> HostId {
        self.host
    }

    fn crash(&mut self) {}

    fn restart(&mut self, _: &mut World) {}
}

/// An answer, whose body is read if it is compressed.
fn plain(answer: &[u8]) -> Vec<u8> {
    let mut reader = Reader::answer();
    reader.expect("GET");
    reader.feed(answer);
    let Ok(Some(Piece::Head(head))) = reader.piece() else {
        return answer.to_vec();
    };
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (top, rest) = answer.split_at(end.expect("it has a head") + 4);
    if head.header("content-encoding") != Some(b"gzip") || rest.is_empty() {
        return answer.to_vec();
    }
    let mut body = Vec::new();
    while let Ok(Some(Piece::Body(bytes))) = reader.piece() {
        body.extend(bytes);
    }
    let mut text = vec![0; 1 << 20];
    let config = zlib_rs::InflateConfig { window_bits: 31 };
    let (text, code) = zlib_rs::decompress_slice(&mut text, &body, config);
    assert_eq!(code, zlib_rs::ReturnCode::Ok, "{body:?}");
    [top, b"(gzip) ", text].concat()
}

fn requests(text: &str) -> Vec<(bool, Vec<u8>)> {
    let mut requests: Vec<(bool, String)> = vec![(false, String::new())];
    for line in text.split_inclusive('\n') {
        match line {
            "===\n" => requests.push((false, String::new())),
            "=== same\n" => requests.push((true, String::new())),
            line => requests.last_mut().expect("one").1 += line,
        }
    }
    let bytes = |(same, text): (bool, String)| {
        let raw = text.replace('\n', "\r\n");
        let has_body = text.lines().any(|line| {
            let length = line.to_ascii_lowercase();
            let length = length.strip_prefix("content-length: ").map(str::to_owned);
            length.is_some_and(|length| !length.starts_with('0'))
        });
        let raw = match has_body && !raw.ends_with("\r\n\r\n") {
            true => raw.trim_end().to_owned(),
            false => raw,
        };
        (same, raw.into_bytes())
    };
    requests.into_iter().map(bytes).collect()
}

fn answers(case: &Path) -> String {
    let text = |name: &str| fs::read_to_string(case.join(name)).expect("a case has it");
    let config = nginx::read(&text("nginx.conf")).expect("it is sound");
    let heard = std::rc::Rc::default();
    let mut world = scenario(1, vec![], vec![]);
    world.epoch_ms = EPOCH_MS;
    let mut sim = Sim::<Nobody>::new(world, |_, _, _| unreachable!("there is no process"));
    for port in 9001..=9003 {
        sim.add_machine(|machine, world| Echo::new(machine, port, world));
    }
    sim.add_machine(|machine, world| {
        Proxy::new(machine, "box", None, config, world).expect("its servers are there")
    });
    sim.add_machine(|machine, world| Caller {
        machine,
        host: world.network.host_named("box"),
        requests: requests(&text("requests.txt")).into_iter(),
        socket: None,
        unsent: Vec::new(),
        answer: Vec::new(),
        heard: std::rc::Rc::clone(&heard),
        is_asking: false,
        quiet: EventQueue::default(),
        until_ns: None,
    });
    while matches!(sim.step(1 << 30, 1 << 20), Status::Running { .. }) {}
    let heard = String::from_utf8_lossy(&heard.borrow()).into_owned();
    let lines = heard.split_inclusive('\n').map(|line| match line {
        line if line.starts_with("Date: ") => "Date: now\r\n",
        line => line,
    });
    lines.collect()
}

#[test]
fn nginx_is_met_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nginx");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the cases")
        .map(|entry| entry.expect("a folder").path())
        .collect();
    cases.sort();
    let mut wrong = Vec::new();
    for case in cases {
        let said = answers(&case);
        let expected = fs::read_to_string(case.join("expected.txt")).expect("it was recorded");
        let (said, expected): (Vec<_>, Vec<_>) = (
            said.split("\n>>> ").collect(),
            expected.split("\n>>> ").collect(),
        );
        for (number, wanted) in expected.iter().enumerate() {
            let is = said.get(number).unwrap_or(&"nothing");
            if is != wanted {
                wrong.push(format!(
                    "{}, request {number}: nginx\n{wanted}\nhere\n{is}",
                    case.display()
                ));
            }
        }
    }
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} differ\n{}", wrong.join("\n\n"));
}
