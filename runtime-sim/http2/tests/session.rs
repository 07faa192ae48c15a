//! Frames in, events and frames out. Frames are written as `KIND STREAM FLAGS PAYLOAD`, the payload in hexadecimal but
//! for fields, which are `name=value`.

use http2::{
    error::code,
    frame::{HEADER_BYTES, Head, PREFACE, flag, kind},
    hpack::{Decoder, Encoder, Header},
    session::{Event, Options, Padding, Role, Sent, Session, setting},
};

const KINDS: [(&str, u8); 11] = [
    ("DATA", kind::DATA),
    ("HEADERS", kind::HEADERS),
    ("PRIORITY", kind::PRIORITY),
    ("RST_STREAM", kind::RST_STREAM),
    ("SETTINGS", kind::SETTINGS),
    ("PUSH_PROMISE", kind::PUSH_PROMISE),
    ("PING", kind::PING),
    ("GOAWAY", kind::GOAWAY),
    ("WINDOW_UPDATE", kind::WINDOW_UPDATE),
    ("CONTINUATION", kind::CONTINUATION),
    ("UNKNOWN", 0xfa),
];

fn fields(text: &str) -> Vec<Header> {
    let pairs = text.split(' ').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.rsplit_once('=').expect("name=value"));
    pairs
        .map(|(name, value)| Header::new(name.as_bytes(), value.as_bytes()))
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

/// The other side: what it sends, and what it makes of what it gets.
struct Peer {
    encoder: Encoder,
    decoder: Decoder,
}

impl Peer {
    fn new() -> Self {
        Self {
            encoder: Encoder::new(4096),
            decoder: Decoder::default(),
        }
    }

    fn frame(&mut self, text: &str) -> Vec<u8> {
        let mut words = text.splitn(4, ' ');
        let name = words.next().unwrap();
        let kind = KINDS
            .iter()
            .find(|(known, _)| *known == name)
            .expect(name)
            .1;
        let stream = words.next().unwrap().parse().unwrap();
        let flags = u8::from_str_radix(words.next().unwrap(), 16).unwrap();
        let rest = words.next().unwrap_or("");
        let payload = match kind {
            kind::HEADERS if rest.contains('=') => self.encoder.encode(&fields(rest)),
            kind::PUSH_PROMISE => {
                let (promised, rest) = rest.split_once(' ').unwrap();
                let mut payload = promised.parse::<u32>().unwrap().to_be_bytes().to_vec();
                payload.extend(self.encoder.encode(&fields(rest)));
                payload
            }
            _ => hex(rest),
        };
        let mut bytes = Vec::new();
        Head {
            length: payload.len(),
            kind,
            flags,
            stream,
        }
        .write(&mut bytes);
        bytes.extend(payload);
        bytes
    }

    fn read(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut frames = Vec::new();
        bytes = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
        while let Some(head) = Head::parse(bytes) {
            let payload = &bytes[HEADER_BYTES..HEADER_BYTES + head.length];
            bytes = &bytes[HEADER_BYTES + head.length..];
            let name = KINDS
                .iter()
                .find(|(_, kind)| *kind == head.kind)
                .map_or("?", |(name, _)| name);
            let prefix = if head.has(flag::PRIORITY) { 5 } else { 0 };
            let content = match head.kind {
                kind::HEADERS if !head.has(flag::PADDED) => self.fields(&payload[prefix..]),
                kind::PUSH_PROMISE => format!("{} {}", payload[3], self.fields(&payload[4..])),
                kind::GOAWAY => format!(
                    "{} {} {}",
                    payload[3],
                    payload[7],
                    String::from_utf8_lossy(&payload[8..])
                ),
                _ => payload.iter().map(|byte| format!("{byte:02x}")).collect(),
            };
            frames.push(
                format!("{name} {} {:x} {content}", head.stream, head.flags)
                    .trim()
                    .to_owned(),
            );
        }
        frames
    }

    fn fields(&mut self, block: &[u8]) -> String {
        let headers = self.decoder.decode(block).expect("fields");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pairs = headers
            .iter()
            .map(|header| format!("{}={}", text(&header.name), text(&header.value)));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

fn name(event: &Event) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(match event {
        Event::FrameSent | Event::OtherFrame => return None,
        Event::Headers {
            stream,
            category,
            headers,
            ..
        } => {
            let pairs = headers
                .iter()
                .map(|header| format!(" {}={}", text(&header.name), text(&header.value)));
            format!("{category:?} {stream}{}", pairs.collect::<String>())
        }
        Event::Data { stream, bytes } => format!("data {stream} {}", text(bytes)),
        Event::DataEnd {
            stream,
            ends_stream,
        } => format!("frame {stream} ends {ends_stream}"),
        Event::GoAway {
            code,
            last_stream,
            data,
        } => format!("goaway {code} {last_stream} {}", text(data)),
        Event::StreamClosed { stream, code } => format!("closed {stream} {code}"),
        Event::InvalidFrame(error) => format!("invalid {}", error.0),
        Event::FrameNotSent { stream, error, .. } => format!("not sent {stream} {}", error.0),
        event => format!("{event:?}"),
    })
}

fn read(session: &mut Session, bytes: &[u8]) -> Vec<String> {
    let mut events = Vec::new();
    session.receive(bytes);
    loop {
        let more = session.read_one();
        while let Some(event) = session.next_event() {
            events.extend(name(&event));
        }
        match more {
            Ok(true) => {}
            Ok(false) => return events,
            Err(error) => {
                events.push(format!("fatal {}", error.0));
                return events;
            }
        }
    }
}

fn send(session: &mut Session) -> (Sent, Vec<String>) {
    let (mut sent, mut events) = (Sent::default(), Vec::new());
    while session.send_one(&mut sent) {}
    while let Some(event) = session.next_event() {
        events.extend(name(&event));
    }
    (sent, events)
}

fn server() -> (Session, Peer) {
    let mut session = Session::new(Role::Server, Options::default());
    let mut peer = Peer::new();
    session.receive(PREFACE);
    let first = peer.frame("SETTINGS 0 0");
    read(&mut session, &first);
    send(&mut session);
    (session, peer)
}

fn client() -> (Session, Peer) {
    let mut session = Session::new(Role::Client, Options::default());
    let mut peer = Peer::new();
    let first = peer.frame("SETTINGS 0 0");
    read(&mut session, &first);
    send(&mut session);
    (session, peer)
}

const GET: &str = ":method=GET :scheme=http :authority=a :path=/";

/// What a server gets, what it says of it, what it answers by itself.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);
const TO_SERVER: &[Case] = &[
    (
        "a request",
        &["HEADERS 1 5 :method=GET :scheme=http :authority=a :path=/"],
        &["Request 1 :method=GET :scheme=http :authority=a :path=/"],
        &[],
    ),
    (
        "a body with its length",
        &[
            "HEADERS 1 4 :method=POST :scheme=http :authority=a :path=/ content-length=2",
            "DATA 1 1 6869",
        ],
        &[
            "Request 1 :method=POST :scheme=http :authority=a :path=/ content-length=2",
            "data 1 hi",
            "frame 1 ends true",
        ],
        &[],
    ),
    (
        "a body shorter than it says",
        &[
            "HEADERS 1 4 :method=POST :scheme=http :authority=a :path=/ content-length=3",
            "DATA 1 1 6869",
        ],
        &[
            "Request 1 :method=POST :scheme=http :authority=a :path=/ content-length=3",
            "data 1 hi",
            "invalid -532",
            "closed 1 1",
        ],
        &["RST_STREAM 1 0 00000001"],
    ),
    (
        "padding counts and is given back",
        &[
            "HEADERS 1 4 :method=GET :scheme=http :authority=a :path=/",
            "DATA 1 8 0268690000",
        ],
        &[
            "Request 1 :method=GET :scheme=http :authority=a :path=/",
            "data 1 hi",
            "frame 1 ends false",
        ],
        &[],
    ),
    (
        "trailers",
        &[
            "HEADERS 1 4 :method=GET :scheme=http :authority=a :path=/",
            "HEADERS 1 5 x=y",
        ],
        &[
            "Request 1 :method=GET :scheme=http :authority=a :path=/",
            "Headers 1 x=y",
        ],
        &[],
    ),
    (
        "no path",
        &["HEADERS 1 5 :method=GET :scheme=http :authority=a"],
        &["invalid -532", "closed 1 1"],
        &["RST_STREAM 1 0 00000001"],
    ),
    (
        "a connection's own field",
        &["HEADERS 1 5 :method=GET :scheme=http :authority=a :path=/ connection=close"],
        &["invalid -531", "closed 1 1"],
        &["RST_STREAM 1 0 00000001"],
    ),
    (
        "capital letters in a name",
        &["HEADERS 1 5 :method=GET :scheme=http :authority=a :path=/ X=y"],
        &["invalid -531", "closed 1 1"],
        &["RST_STREAM 1 0 00000001"],
    ),
    (
        "a ping",
        &["PING 0 0 0102030405060708"],
        &["Ping([1, 2, 3, 4, 5, 6, 7, 8])"],
        &["PING 0 1 0102030405060708"],
    ),
    (
        "settings",
        &["SETTINGS 0 0 000300000005"],
        &["Settings([(3, 5)])"],
        &["SETTINGS 0 1"],
    ),
    ("a frame that nobody knows", &["UNKNOWN 0 0 00"], &[], &[]),
    (
        "data for nobody",
        &["DATA 1 0 00"],
        &[],
        &["GOAWAY 0 0 0 1 DATA: stream in idle"],
    ),
    (
        "data for the connection",
        &["DATA 0 0 00"],
        &[],
        &["GOAWAY 0 0 0 1 DATA: stream_id == 0"],
    ),
    (
        "too much padding",
        &[
            "HEADERS 1 4 :method=GET :scheme=http :authority=a :path=/",
            "DATA 1 8 0300",
        ],
        &["Request 1 :method=GET :scheme=http :authority=a :path=/"],
        &["GOAWAY 0 0 1 1 DATA: invalid padding"],
    ),
    (
        "an even request",
        &["HEADERS 2 5 :method=GET :scheme=http :authority=a :path=/"],
        &["invalid -505"],
        &["GOAWAY 0 0 0 1 request HEADERS: invalid stream_id"],
    ),
    (
        "a frame inside a block",
        &["HEADERS 1 1 828684", "PING 0 0 0102030405060708"],
        &[],
        &["GOAWAY 0 0 0 1 unexpected non-CONTINUATION frame or stream_id is invalid"],
    ),
    (
        "a continuation of nothing",
        &["CONTINUATION 1 4"],
        &[],
        &["GOAWAY 0 0 0 1 CONTINUATION: unexpected"],
    ),
    (
        "a block in two frames",
        &["HEADERS 1 1 828684", "CONTINUATION 1 4 410161"],
        &["Request 1 :method=GET :scheme=http :path=/ :authority=a"],
        &[],
    ),
    (
        "fields that nobody can read",
        &["HEADERS 1 5 80"],
        &[],
        &["GOAWAY 0 0 1 9"],
    ),
    (
        "a window that overflows",
        &["WINDOW_UPDATE 0 0 7fffffff"],
        &["invalid -524"],
        &["GOAWAY 0 0 0 3"],
    ),
    (
        "a window that does not grow",
        &["WINDOW_UPDATE 0 0 00000000"],
        &["invalid -505"],
        &["GOAWAY 0 0 0 1 WINDOW_UPDATE: window_size_increment == 0"],
    ),
    (
        "an answer to settings that were not sent",
        &["SETTINGS 0 1"],
        &["invalid -505"],
        &["GOAWAY 0 0 0 1 SETTINGS: unexpected ACK"],
    ),
    (
        "a client that goes",
        &["GOAWAY 0 0 0000000000000002627965"],
        &["goaway 2 0 bye"],
        &[],
    ),
    (
        "a stream that is reset",
        &[
            "HEADERS 1 4 :method=GET :scheme=http :authority=a :path=/",
            "RST_STREAM 1 0 00000008",
        ],
        &[
            "Request 1 :method=GET :scheme=http :authority=a :path=/",
            "closed 1 8",
        ],
        &[],
    ),
    (
        "a reset of nothing",
        &["RST_STREAM 1 0 00000008"],
        &["invalid -505"],
        &["GOAWAY 0 0 0 1 RST_STREAM: stream in idle"],
    ),
    (
        "more continuations than anybody needs",
        &[
            "HEADERS 1 1",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
            "CONTINUATION 1 0",
        ],
        &["fatal -905"],
        &[],
    ),
];

#[test]
fn what_a_server_makes_of_frames() {
    for (what, frames, events, answers) in TO_SERVER {
        let (mut session, mut peer) = server();
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| peer.frame(frame)).collect();
        let mut heard = read(&mut session, &bytes);
        let (sent, more) = send(&mut session);
        heard.extend(more);
        assert_eq!(heard, *events, "{what}");
        assert_eq!(peer.read(&sent.bytes), *answers, "{what}");
        // However the bytes are cut, they mean the same.
        let (mut session, _) = server();
        let mut heard = Vec::new();
        for byte in &bytes {
            heard.extend(read(&mut session, &[*byte]));
            if heard.last().is_some_and(|last| last.starts_with("fatal")) {
                break;
            }
        }
        let data = |event: &&String| !event.starts_with("data");
        let (whole, cut): (Vec<_>, Vec<_>) = (
            events
                .iter()
                .filter(|event| !event.starts_with("data"))
                .collect(),
            heard.iter().filter(data).collect(),
        );
        assert!(
            whole.len() >= cut.len() && whole.iter().zip(&cut).all(|(one, two)| one == two),
            "{what}: {cut:?}"
        );
    }
}

#[test]
fn who_does_not_speak_http2() {
    let mut session = Session::new(Role::Server, Options::default());
    assert_eq!(
        read(&mut session, b"GET / HTTP/1.1\r\n\r\n"),
        ["fatal -903"]
    );
    let mut session = Session::new(Role::Client, Options::default());
    assert_eq!(
        read(&mut session, b"HTTP/1.1 400 Bad Request\r\n"),
        ["NotHttp2"]
    );
    let (sent, _) = send(&mut session);
    assert_eq!(
        Peer::new().read(&sent.bytes),
        ["GOAWAY 0 0 0 1 SETTINGS expected"]
    );
}

#[test]
fn a_request_and_its_answer() {
    let (mut session, mut peer) = client();
    let stream = session.request(fields(GET), None, true).unwrap();
    session.open_body(stream);
    session.write(stream, b"hello".to_vec(), Some(7));
    session.end(stream);
    let (sent, events) = send(&mut session);
    assert_eq!((sent.tags, events), (vec![7], vec![]));
    let out = format!("HEADERS 1 4 {GET}");
    assert_eq!(
        peer.read(&sent.bytes),
        [out.as_str(), "DATA 1 1 68656c6c6f"]
    );
    let answer = [
        "HEADERS 1 4 :status=103 link=x",
        "HEADERS 1 4 :status=200",
        "DATA 1 0 6f6b",
        "HEADERS 1 5 t=1",
    ];
    let bytes: Vec<u8> = answer.iter().flat_map(|frame| peer.frame(frame)).collect();
    assert_eq!(
        read(&mut session, &bytes),
        [
            "Response 1 :status=103 link=x",
            "Headers 1 :status=200",
            "data 1 ok",
            "frame 1 ends false",
            "Headers 1 t=1",
            "closed 1 0",
        ]
    );
}

#[test]
fn a_body_waits_for_the_window() {
    let (mut session, mut peer) = client();
    let stream = session.request(fields(GET), None, true).unwrap();
    session.open_body(stream);
    session.write(stream, vec![0; 70_000], Some(1));
    session.end(stream);
    let lengths = |peer: &mut Peer, sent: &Sent| -> Vec<usize> {
        let frames = peer.read(&sent.bytes);
        let data = frames.iter().filter(|frame| frame.starts_with("DATA"));
        data.map(|frame| frame.rsplit(' ').next().unwrap().len() / 2)
            .collect()
    };
    let (sent, _) = send(&mut session);
    assert_eq!(lengths(&mut peer, &sent), [16_384, 16_384, 16_384, 16_383]);
    assert!(sent.tags.is_empty() && !session.wants_write());
    let more = [
        peer.frame("WINDOW_UPDATE 0 0 00010000"),
        peer.frame("WINDOW_UPDATE 1 0 00010000"),
    ]
    .concat();
    read(&mut session, &more);
    let (sent, _) = send(&mut session);
    assert_eq!(
        (lengths(&mut peer, &sent), sent.tags.clone()),
        (vec![4_465], vec![1])
    );
}

#[test]
fn what_is_used_is_given_back() {
    let (mut session, mut peer) = server();
    let mut bytes = peer.frame(&format!("HEADERS 1 4 {GET}"));
    bytes.extend(peer.frame(&format!("DATA 1 0 {}", "00".repeat(16_384))));
    bytes.extend(peer.frame(&format!("DATA 1 0 {}", "00".repeat(16_384))));
    read(&mut session, &bytes);
    session.consume_connection(32_768);
    session.consume_stream(1, 10);
    let (sent, _) = send(&mut session);
    assert_eq!(peer.read(&sent.bytes), ["WINDOW_UPDATE 0 0 00008000"]);
    let full = peer.frame(&format!("DATA 1 0 {}", "00".repeat(16_384)));
    read(&mut session, &full);
    read(&mut session, &full);
    let (sent, _) = send(&mut session);
    assert_eq!(peer.read(&sent.bytes), ["RST_STREAM 1 0 00000003"]);
}

#[test]
fn what_may_not_go_out() {
    let (mut session, mut peer) = server();
    let mut bytes = peer.frame(&format!("HEADERS 1 5 {GET}"));
    bytes.extend(peer.frame("SETTINGS 0 0 000200000000"));
    read(&mut session, &bytes);
    assert_eq!(session.promise(1, fields(GET)), Ok(2));
    session.respond(9, fields(":status=200"), false).unwrap();
    session
        .respond(1, vec![Header::new(b"x", &[b'y'; 70_000])], false)
        .unwrap();
    let (_, events) = send(&mut session);
    assert_eq!(
        events,
        [
            "closed 2 2",
            "not sent 1 -528",
            "not sent 9 -510",
            "not sent 1 -522"
        ]
    );
}

#[test]
fn a_promise_is_kept() {
    let (mut server, mut to_server) = server();
    read(&mut server, &to_server.frame(&format!("HEADERS 1 5 {GET}")));
    let promised = server.promise(1, fields(GET)).unwrap();
    server
        .respond(promised, fields(":status=200"), false)
        .unwrap();
    let (sent, events) = send(&mut server);
    assert_eq!(events, ["closed 2 0"]);
    let (mut session, _) = client();
    session.request(fields(GET), None, false).unwrap();
    send(&mut session);
    assert_eq!(
        read(&mut session, &sent.bytes),
        [
            format!("Request 2 {GET}").as_str(),
            "PushResponse 2 :status=200",
            "closed 2 0"
        ]
    );
}

#[test]
fn streams_wait_for_their_turn_and_share_by_weight() {
    let (mut session, mut peer) = client();
    read(&mut session, &peer.frame("SETTINGS 0 0 000300000002"));
    for weight in [16, 256, 16] {
        let priority = http2::frame::Priority {
            parent: 0,
            weight,
            is_exclusive: false,
        };
        let stream = session.request(fields(GET), Some(priority), true).unwrap();
        session.open_body(stream);
        session.write(stream, vec![0; 40_000], None);
        session.end(stream);
    }
    let (sent, _) = send(&mut session);
    let frames: Vec<String> = peer
        .read(&sent.bytes)
        .iter()
        .map(|frame| frame.chars().take(9).collect())
        .collect();
    let heads: Vec<&str> = frames.iter().map(|frame| frame.trim_end()).collect();
    assert_eq!(
        heads,
        [
            "SETTINGS",
            "HEADERS 1",
            "HEADERS 3",
            "DATA 1 0",
            "DATA 3 0",
            "DATA 3 0",
            "DATA 3 1",
            "DATA 1 0"
        ]
    );
}

#[test]
fn padding_to_eight_bytes() {
    let mut session = Session::new(
        Role::Client,
        Options {
            padding: Padding::Aligned,
            ..Options::default()
        },
    );
    session.settings(vec![(setting::ENABLE_PUSH, 0)]);
    let stream = session.request(fields(GET), None, true).unwrap();
    session.open_body(stream);
    session.write(stream, b"abc".to_vec(), None);
    session.end(stream);
    let (sent, _) = send(&mut session);
    let mut rest = &sent.bytes[PREFACE.len()..];
    while let Some(head) = Head::parse(rest) {
        let whole = HEADER_BYTES + head.length;
        assert!(
            head.kind == kind::SETTINGS || whole.is_multiple_of(8),
            "{head:?}"
        );
        rest = &rest[whole..];
    }
    let mut server = Session::new(Role::Server, Options::default());
    let heard = read(&mut server, &sent.bytes);
    assert_eq!(heard[2..], ["data 1 abc", "frame 1 ends true"]);
}

#[test]
fn the_end() {
    let (mut session, mut peer) = server();
    read(&mut session, &peer.frame(&format!("HEADERS 1 4 {GET}")));
    session.go_away(code::NO_ERROR, None, Vec::new()).unwrap();
    let (sent, _) = send(&mut session);
    assert_eq!(peer.read(&sent.bytes), ["GOAWAY 0 0 1 0"]);
    assert!(session.wants_read());
    // Later streams are not heeded; those before go on.
    let bytes = [
        peer.frame(&format!("HEADERS 3 5 {GET}")),
        peer.frame("DATA 1 1 00"),
    ]
    .concat();
    assert_eq!(
        read(&mut session, &bytes),
        ["data 1 \0", "frame 1 ends true"]
    );
    session.respond(1, fields(":status=204"), false).unwrap();
    assert_eq!(send(&mut session).1, ["closed 1 0"]);
    assert!(!session.wants_read() && !session.wants_write());
    session.terminate(code::NO_ERROR, "");
    let (sent, _) = send(&mut session);
    assert_eq!(peer.read(&sent.bytes), ["GOAWAY 0 0 1 0"]);
}

/// Whatever comes, a session says what it makes of it and goes on or ends.
#[test]
fn noise_ends_no_simulation() {
    let mut state = 1_u64;
    let mut chance = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for round in 0..3000 {
        let (mut session, mut peer) = if round % 2 == 0 { server() } else { client() };
        if round % 2 == 1 {
            let stream = session.request(fields(GET), None, true).unwrap();
            session.open_body(stream);
            session.write(stream, vec![0; 10], None);
            send(&mut session);
        }
        for _ in 0..chance(12) {
            let mut bytes = Vec::new();
            if chance(3) == 0 {
                bytes = peer.frame(&format!("HEADERS {} {} {GET}", chance(6), chance(6)));
            } else {
                let length = chance(30) as usize;
                let kind = chance(14) as u8;
                let (flags, stream) = (chance(256) as u8, chance(6) as u32);
                Head {
                    length,
                    kind,
                    flags,
                    stream,
                }
                .write(&mut bytes);
                bytes.extend((0..length).map(|_| chance(256) as u8 >> chance(8)));
            }
            read(&mut session, &bytes);
            match chance(6) {
                0 => drop(session.respond(chance(6) as u32, fields(":status=200"), chance(2) == 0)),
                1 => session.reset(chance(6) as u32, 8),
                2 => drop(session.promise(chance(6) as u32, fields(GET))),
                3 => session.consume_connection(chance(100) as usize),
                4 => session.consume_stream(chance(6) as u32, chance(100) as usize),
                _ => drop(session.go_away(0, None, Vec::new())),
            }
            send(&mut session);
        }
    }
}
