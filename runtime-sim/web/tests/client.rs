//! A client's seat against a server that says what it is told to, byte for byte: what came of each request, and why.

mod common;

use common::{MS, Nobody, S};
use kernel::{
    Machine, Sim, Turn, World,
    network::{Address, By, Change, HostId, Received, SocketId},
};
use protocol::{
    EventKind, Limits, ProcessId, Record, Scenario, Status,
    client::{Ask, ClientSpec, Credentials, Exchange, Manner, Mode, When},
    scenario::NetworkSpec,
};
use std::{collections::BTreeMap, sync::LazyLock};
use web::{Head, Piece, Reader};

type Answers = fn(&Head, &[u8]) -> Vec<u8>;

/// Listens on port 80 of a host and answers; to nothing with the end of the connection.
struct Scripted {
    host: HostId,
    number: ProcessId,
    listener: SocketId,
    answers: Answers,
    open: BTreeMap<SocketId, (Reader, Head, Vec<u8>)>,
}

const BY: By = By {
    process: 0,
    cause: None,
};

impl Scripted {
    fn new(name: &str, answers: Answers, number: ProcessId, world: &mut World) -> Self {
        let host = world.network.host_named(name);
        let listener = world.open_socket(host, Some(number));
        let address = Address::Ip("0.0.0.0:80".parse().unwrap());
        world.bind(listener, address).unwrap();
        world.listen(listener, 100).unwrap();
        Self {
            host,
            number,
            listener,
            answers,
            open: BTreeMap::new(),
        }
    }
}

impl Machine for Scripted {
    fn act(&mut self, world: &mut World) -> Turn {
        for news in world.network.take_news(self.number) {
            if news.what != Change::Readable {
                continue;
            }
            if news.socket == self.listener {
                while let Some(socket) = world.accept(self.listener, self.number) {
                    let state = (Reader::request(), Head::default(), vec![]);
                    self.open.insert(socket, state);
                }
            }
            let sockets: Vec<SocketId> = self.open.keys().copied().collect();
            for socket in sockets {
                let Some((reader, head, body)) = self.open.get_mut(&socket) else {
                    continue;
                };
                match world.receive(socket, 1 << 20, BY) {
                    Received::Bytes(bytes) => reader.feed(&bytes),
                    Received::Nothing => continue,
                    Received::End | Received::Error(_) => {
                        self.open.remove(&socket);
                        world.close_socket(socket, BY);
                        continue;
                    }
                }
                while let Ok(Some(piece)) = reader.piece() {
                    match piece {
                        Piece::Head(read) => (*head, *body) = (*read, vec![]),
                        Piece::Body(bytes) => body.extend(bytes),
                        Piece::End => {
                            let answer = (self.answers)(head, body);
                            if !answer.is_empty() {
                                world.send(socket, &answer, BY).unwrap();
                            }
                            if answer.is_empty() || answer.starts_with(b"HTTP/1.0") {
                                world.close_socket(socket, BY);
                                self.open.remove(&socket);
                                break;
                            }
                        }
                    }
                }
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

fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers: String = headers
        .split('|')
        .filter(|header| !header.is_empty())
        .map(|header| format!("{header}\r\n"))
        .collect();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend(body);
    answer
}

fn ask(manner: Manner, method: &str, url: &str) -> Ask {
    Ask {
        when: When::After(S),
        manner,
        method: method.into(),
        url: url.into(),
        headers: vec![],
        body: vec![],
    }
}

fn curl(follows: bool, method: &str, url: &str) -> Ask {
    ask(
        Manner::Plain {
            follows,
            unpacks: false,
        },
        method,
        url,
    )
}

fn typed(url: &str) -> Ask {
    linked("", url)
}

fn linked(from: &str, url: &str) -> Ask {
    let manner = Manner::Navigate {
        from: from.into(),
        reload: false,
    };
    ask(manner, "GET", url)
}

fn fetch(method: &str, url: &str, credentials: Credentials) -> Ask {
    let manner = Manner::Fetch {
        page: "http://web/page".into(),
        mode: Mode::Cors,
        credentials,
    };
    ask(manner, method, url)
}

fn with(mut ask: Ask, headers: &[(&str, &str)], body: &str) -> Ask {
    ask.headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    ask.body = body.into();
    ask
}

/// What came of each, twice alike; and at every moment sent = ended + under way.
fn run(answers: Answers, asks: Vec<Ask>) -> Vec<Exchange> {
    let once = || {
        let client = ClientSpec {
            name: "hand".into(),
            from: "you".into(),
            timeout_ns: 5 * S,
            traces: false,
            asks: asks.clone(),
        };
        let scenario = Scenario {
            seed: 1,
            picks: protocol::scenario::Picks::default(),
            epoch_ms: 1_767_225_600_000,
            limits: Limits::TERMINAL,
            record: Record::All,
            network: NetworkSpec::default(),
            processes: vec![],
        };
        let mut sim = Sim::<Nobody>::new(scenario, |_, _, _| unreachable!());
        for host in ["api", "web", "other"] {
            sim.add_machine(|number, world| Scripted::new(host, answers, number, world));
        }
        web::inhabit(&mut sim, Default::default(), vec![client]).unwrap();
        let (mut exchanges, mut under_way) = (vec![], std::collections::BTreeSet::new());
        loop {
            let status = sim.step(100_000, 20_000);
            for event in sim.world().borrow_mut().recorder.take() {
                match event.kind {
                    EventKind::RequestBegun { request, .. } => assert!(under_way.insert(request)),
                    EventKind::RequestEnded { request, .. } => assert!(under_way.remove(&request)),
                    EventKind::AskEnded { exchange, .. } => exchanges.extend(exchange.open()),
                    _ => {}
                }
            }
            if let Status::Finished { trace_hash, .. } = status {
                assert!(under_way.is_empty());
                return (exchanges, trace_hash);
            }
        }
    };
    let (first, hash) = once();
    let (second, same_hash) = once();
    assert_eq!((&first, hash), (&second, same_hash));
    assert_eq!(first.len(), asks.len());
    first
}

fn statuses(exchange: &Exchange) -> Vec<u16> {
    exchange.hops.iter().map(|hop| hop.status).collect()
}

fn failure(exchange: &Exchange) -> (u32, &str) {
    let failure = exchange.failure.as_ref().expect("it fails");
    (failure.code, &failure.text)
}

fn says(exchange: &Exchange, words: &str) {
    let told: Vec<&str> = exchange
        .decisions
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert!(
        told.iter().any(|text| text.contains(words)),
        "{words}: {told:#?}"
    );
}

/// What the server saw, as its answer.
fn echo(head: &Head, body: &[u8]) -> Vec<u8> {
    let header =
        |name: &str| String::from_utf8_lossy(head.header(name).unwrap_or(b"-")).into_owned();
    let text = format!(
        "{} {} cookie={} origin={} referer={} type={} auth={} body={}",
        head.method,
        head.target,
        header("cookie"),
        header("origin"),
        header("referer"),
        header("content-type"),
        header("authorization"),
        String::from_utf8_lossy(body)
    );
    answer("200 OK", "", &text)
}

#[test]
fn a_plain_request_is_as_it_was_written() {
    let asks = vec![
        curl(false, "GET", "http://api/a%20b?x=1#y"),
        with(
            curl(false, "POST", "http://api/"),
            &[("Content-Type", "text/plain"), ("User-Agent", "")],
            "hello",
        ),
        curl(false, "HEAD", "http://api/"),
    ];
    let exchanges = run(echo, asks);
    let body = |number: usize| String::from_utf8_lossy(&exchanges[number].body).into_owned();
    assert_eq!(
        body(0),
        "GET /a%20b?x=1 cookie=- origin=- referer=- type=- auth=- body="
    );
    assert_eq!(
        body(1),
        "POST / cookie=- origin=- referer=- type=text/plain auth=- body=hello"
    );
    assert_eq!((body(2).as_str(), exchanges[2].hops[0].status), ("", 200));
    let hop = &exchanges[0].hops[0];
    let names = |number: usize| -> Vec<String> {
        let sent = exchanges[number].hops[0].sent.iter();
        sent.map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(0), ["Host", "User-Agent", "Accept"]);
    assert_eq!(names(1), ["Host", "Accept", "Content-Type"]);
    // A handshake, and then the way there and back.
    let way_ns = MS / 4;
    assert_eq!(hop.connected_ns, Some(hop.begun_ns + 2 * way_ns));
    assert_eq!(hop.first_byte_ns, Some(hop.begun_ns + 4 * way_ns));
    assert!(!hop.is_reused);
    assert_eq!(exchanges[1].began_ns, exchanges[0].ended_ns + S);
}

#[test]
fn failures_have_curls_numbers() {
    fn answers(head: &Head, _: &[u8]) -> Vec<u8> {
        match head.target.as_str() {
            "/empty" => vec![],
            "/cut" => "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc".into(),
            "/weird" => "HELLO\r\n\r\n".into(),
            "/half" => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".into(),
            _ => answer("302 Found", "Location: /again", ""),
        }
    }
    let table = [
        ("http://nobody/", 6, "Could not resolve host: nobody"),
        (
            "http://api:81/",
            7,
            "Failed to connect to api port 81 after 0 ms: connection refused (ECONNREFUSED)",
        ),
        ("http://api/empty", 52, "Empty reply from server"),
        (
            "http://api/cut",
            18,
            "transfer closed with outstanding read data remaining",
        ),
        (
            "http://api/weird",
            8,
            "Weird server reply: what came is no HTTP",
        ),
        (
            "http://api/half",
            28,
            "Operation timed out after 5000 milliseconds with 3 bytes received",
        ),
        ("http://api/loop", 47, "Maximum (50) redirects followed"),
        (
            "https://api/",
            1,
            "https is not simulated at a client's seat: ask a server that speaks http",
        ),
        ("ftp://api/", 1, "Protocol \"ftp\" not supported"),
        ("api", 3, "URL rejected: relative URL without a base: api"),
    ];
    let asks = table.iter().map(|(url, ..)| curl(true, "GET", url));
    let mut asks: Vec<Ask> = asks.collect();
    asks.push(with(
        curl(false, "GET", "http://api/"),
        &[("A", "b\r\nC: d")],
        "",
    ));
    asks.push(curl(false, "GE T", "http://api/"));
    let exchanges = run(answers, asks);
    for ((url, code, text), exchange) in table.iter().zip(&exchanges) {
        assert_eq!(failure(exchange), (*code, *text), "{url}");
    }
    assert_eq!(failure(&exchanges[10]).0, 43);
    assert_eq!(failure(&exchanges[11]).0, 3);
}

/// Status, method, and with what the next request goes.
#[test]
fn redirects_change_what_they_should() {
    fn answers(head: &Head, body: &[u8]) -> Vec<u8> {
        match head.target.trim_start_matches('/').parse::<u16>() {
            Ok(status) => answer(&format!("{status} X"), "Location: http://other/end", ""),
            Err(_) => echo(head, body),
        }
    }
    let table = [
        (
            301,
            "POST",
            "GET /end cookie=- origin=- referer=- type=- auth=- body=",
        ),
        (
            302,
            "POST",
            "GET /end cookie=- origin=- referer=- type=- auth=- body=",
        ),
        (
            303,
            "PUT",
            "GET /end cookie=- origin=- referer=- type=- auth=- body=",
        ),
        (
            301,
            "PUT",
            "PUT /end cookie=- origin=- referer=- type=a/b auth=- body=x",
        ),
        (
            307,
            "POST",
            "POST /end cookie=- origin=- referer=- type=a/b auth=- body=x",
        ),
        (
            308,
            "POST",
            "POST /end cookie=- origin=- referer=- type=a/b auth=- body=x",
        ),
    ];
    let asks = table.iter().map(|(status, method, _)| {
        let url = format!("http://api/{status}");
        let headers = [("Content-Type", "a/b"), ("Authorization", "secret")];
        with(curl(true, method, &url), &headers, "x")
    });
    let mut asks: Vec<Ask> = asks.collect();
    asks.push(curl(false, "GET", "http://api/302"));
    asks.push(curl(true, "GET", "http://api/304"));
    let exchanges = run(answers, asks);
    for ((status, method, seen), exchange) in table.iter().zip(&exchanges) {
        assert_eq!(statuses(exchange), [*status, 200], "{status} {method}");
        assert_eq!(
            String::from_utf8_lossy(&exchange.body),
            *seen,
            "{status} {method}"
        );
        assert_eq!(exchange.last_url(), "http://other/end");
    }
    assert_eq!(statuses(&exchanges[6]), [302]);
    says(&exchanges[6], "without -L");
    assert_eq!(statuses(&exchanges[7]), [304]);
}

#[test]
fn a_browser_keeps_cookies_and_says_why_not() {
    fn answers(head: &Head, body: &[u8]) -> Vec<u8> {
        match head.target.as_str() {
            "/login" => answer(
                "302 Found",
                "Location: /home|Set-Cookie: sid=1; HttpOnly; Path=/|Set-Cookie: t=2; Secure|Set-Cookie: s=3; SameSite=Strict; Max-Age=10",
                "",
            ),
            _ => echo(head, body),
        }
    }
    let mut later = typed("http://api/home");
    later.when = When::After(10 * S);
    let asks = vec![
        typed("http://api/login"),
        linked("http://web/page?q=1#f", "http://api/home"),
        with(
            ask(
                Manner::Navigate {
                    from: "http://api/home".into(),
                    reload: false,
                },
                "POST",
                "http://api/orders",
            ),
            &[],
            "id=1",
        ),
        later,
    ];
    let exchanges = run(answers, asks);
    let body = |number: usize| String::from_utf8_lossy(&exchanges[number].body).into_owned();
    assert_eq!(statuses(&exchanges[0]), [302, 200]);
    says(&exchanges[0], "Cookie t is not kept: it is Secure");
    says(
        &exchanges[0],
        "Cookie sid is kept for api alone, until the browser is closed; HttpOnly",
    );
    assert_eq!(
        body(0),
        "GET /home cookie=sid=1; s=3 origin=- referer=- type=- auth=- body="
    );
    // Another site's link: Strict stays, the referrer is cut, the connection is used again.
    assert_eq!(
        body(1),
        "GET /home cookie=sid=1 origin=- referer=http://web/ type=- auth=- body="
    );
    says(&exchanges[1], "SameSite=Strict, and another site asks");
    assert!(exchanges[1].hops[0].is_reused);
    assert_eq!(
        body(2),
        "POST /orders cookie=sid=1; s=3 origin=http://api referer=http://api/home type=- auth=- body=id=1"
    );
    let names = |number: usize| -> Vec<String> {
        let cookies = exchanges[number].cookies.iter();
        cookies.map(|cookie| cookie.name.clone()).collect()
    };
    assert_eq!(names(2), ["sid", "s"]);
    assert_eq!(names(3), ["sid"], "ten seconds are over");
}

#[test]
fn a_browser_asks_its_cache_first() {
    fn answers(head: &Head, _: &[u8]) -> Vec<u8> {
        let tag = head.header("if-none-match").is_some();
        match head.target.as_str() {
            "/a" => answer("200 OK", "Cache-Control: max-age=60", "a"),
            "/b" if tag => {
                b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n".to_vec()
            }
            "/b" => answer("200 OK", "Cache-Control: no-cache|ETag: \"b\"", "b"),
            "/old" => answer("301 Moved Permanently", "Location: /a", ""),
            _ => answer("200 OK", "Cache-Control: no-store", "c"),
        }
    }
    let manner = Manner::Navigate {
        from: String::new(),
        reload: true,
    };
    let asks = vec![
        typed("http://api/a"),
        typed("http://api/a"),
        typed("http://api/b"),
        typed("http://api/b"),
        typed("http://api/old"),
        typed("http://api/old"),
        typed("http://api/c"),
        typed("http://api/c"),
        ask(manner, "GET", "http://api/b"),
    ];
    let exchanges = run(answers, asks);
    let of_cache = |exchange: &Exchange| -> Vec<bool> {
        exchange
            .hops
            .iter()
            .map(|hop| hop.request.is_none())
            .collect()
    };
    let table: [(&str, &[bool], &[u16], &str); 9] = [
        ("a", &[false], &[200], "Kept: max-age=60."),
        (
            "a",
            &[true],
            &[200],
            "Served from the cache: max-age=60, 1 s old.",
        ),
        ("b", &[false], &[200], "asked about each time: no-cache"),
        (
            "b",
            &[false, true],
            &[304, 200],
            "304: what is kept is still good",
        ),
        ("a", &[false, true], &[301, 200], "Kept: 301 is for good."),
        (
            "a",
            &[true, true],
            &[301, 200],
            "Served from the cache: 301 is for good",
        ),
        ("c", &[false], &[200], "Not kept: Cache-Control: no-store."),
        ("c", &[false], &[200], "Nothing is kept of this address."),
        ("b", &[false, true], &[304, 200], "it is loaded anew"),
    ];
    for ((body, from_cache, expected, words), exchange) in table.iter().zip(&exchanges) {
        let url = &exchange.url;
        assert_eq!(String::from_utf8_lossy(&exchange.body), *body, "{url}");
        assert_eq!(of_cache(exchange), *from_cache, "{url}");
        assert_eq!(statuses(exchange), *expected, "{url}");
        says(exchange, words);
    }
}

#[test]
fn a_script_asks_other_origins_for_leave() {
    fn answers(head: &Head, body: &[u8]) -> Vec<u8> {
        const OURS: &str =
            "Access-Control-Allow-Origin: http://web|Access-Control-Allow-Credentials: true";
        let is_preflight = head.method == "OPTIONS";
        match (head.target.as_str(), is_preflight) {
            ("/open", true) => answer(
                "204 No Content",
                "Access-Control-Allow-Origin: *|Access-Control-Allow-Methods: PUT|Access-Control-Max-Age: 60",
                "",
            ),
            ("/open", false) => answer("200 OK", "Access-Control-Allow-Origin: *", "read me"),
            ("/ours", _) => answer("200 OK", &format!("{OURS}|Set-Cookie: sid=1"), "ours"),
            ("/seen", _) => {
                let echoed = String::from_utf8(echo(head, body)).expect("it is text");
                let ours = format!("\r\n{}\r\n", OURS.replace('|', "\r\n"));
                echoed.replacen("\r\n", &ours, 1).into_bytes()
            }
            ("/on", _) => answer(
                "302 Found",
                "Access-Control-Allow-Origin: *|Location: http://other/null",
                "",
            ),
            ("/null", _) => answer("200 OK", "Access-Control-Allow-Origin: null", "tainted"),
            _ => answer("200 OK", "", "secret"),
        }
    }
    use Credentials::{Include, Omit, SameOrigin};
    let asks = vec![
        fetch("GET", "http://web/own", SameOrigin),
        fetch("GET", "http://api/closed", SameOrigin),
        fetch("PUT", "http://api/closed", SameOrigin),
        fetch("PUT", "http://api/open", SameOrigin),
        fetch("PUT", "http://api/open", SameOrigin),
        fetch("GET", "http://api/open", Include),
        fetch("GET", "http://api/ours", Include),
        fetch("GET", "http://api/seen", Include),
        fetch("GET", "http://api/seen", Omit),
        fetch("GET", "http://api/on", Omit),
    ];
    let exchanges = run(answers, asks);
    let methods = |exchange: &Exchange| -> Vec<String> {
        exchange.hops.iter().map(|hop| hop.method.clone()).collect()
    };
    let table: [(&[&str], Option<&str>, &str); 10] = [
        (&["GET"], None, "Nothing is kept"),
        (
            &["GET"],
            Some("no Access-Control-Allow-Origin"),
            "so it goes out at once",
        ),
        (
            &["OPTIONS"],
            Some("no Access-Control-Allow-Origin"),
            "The preflight fails",
        ),
        (
            &["OPTIONS", "PUT"],
            None,
            "The preflight gives leave, for 60 s.",
        ),
        (&["PUT"], None, "no preflight"),
        (
            &["GET"],
            Some("does not hold for a request with credentials"),
            "may not read",
        ),
        (&["GET"], None, "lets it be read"),
        (&["GET"], None, "stays here: SameSite=Lax"),
        (&["GET"], None, "No cookies go along"),
        (
            &["GET", "GET"],
            None,
            "Access-Control-Allow-Origin: null lets it be read",
        ),
    ];
    for ((expected, failure, words), exchange) in table.iter().zip(&exchanges) {
        let url = &exchange.url;
        assert_eq!(methods(exchange), *expected, "{url}");
        let told = exchange
            .failure
            .as_ref()
            .map(|failure| failure.text.clone());
        match failure {
            None => assert_eq!(told, None, "{url}"),
            Some(words) => assert!(told.unwrap_or_default().contains(words), "{url}"),
        }
        if words.contains("SameSite") {
            continue;
        }
        says(exchange, words);
    }
    // A cookie of another site is not even kept.
    says(
        &exchanges[6],
        "does not hold for answers to another site's requests",
    );
    assert!(exchanges[7].cookies.is_empty());
}

#[test]
fn a_body_without_end_is_kept_in_part() {
    fn answers(_: &Head, _: &[u8]) -> Vec<u8> {
        answer("200 OK", "", "x".repeat(300_000))
    }
    let exchanges = run(answers, vec![curl(false, "GET", "http://api/")]);
    assert_eq!(exchanges[0].body_bytes, 300_000);
    assert_eq!(exchanges[0].body.len(), protocol::client::BODY_BYTES_MAX);
}

const TEXT: &str = "hello hello hello hello\nhello hello hello hello\n";

/// As `/CODING` says, and then broken as the query does.
fn packed(head: &Head, _: &[u8]) -> Vec<u8> {
    let (path, fault) = head.target.split_once('?').unwrap_or((&head.target, ""));
    let coding = &path[1..];
    let mut body = TEXT.as_bytes().to_vec();
    for coding in coding.split(',') {
        let window_bits = match coding {
            "gzip" | "x-gzip" | "GZIP" => 15 + 16,
            "deflate" if fault == "raw" => -15,
            "deflate" => 15,
            _ => continue,
        };
        let config = zlib_rs::DeflateConfig {
            window_bits,
            ..Default::default()
        };
        let mut packed = vec![0; 1_000];
        let (packed, _) = zlib_rs::compress_slice(&mut packed, &body, config);
        body = packed.to_vec();
    }
    let length = body.len();
    match fault {
        "cut" => body.truncate(length - 12),
        "sum" => body[length - 6] ^= 0xff,
        "trails" => body.extend(b"garbage"),
        "text" => body = TEXT.into(),
        "empty" => body.clear(),
        "head" => body.truncate(5),
        _ => {}
    }
    answer("200 OK", &format!("Content-Encoding: {coding}"), body)
}

/// What curl 7.88.1 and its exit code say of the same answers, and what a browser makes of them.
#[test]
fn packed_answers_are_unpacked() {
    const SUM: (u32, &str) = (
        61,
        "Error while processing content unencoding: incorrect data check",
    );
    const HEAD: (u32, &str) = (
        61,
        "Error while processing content unencoding: incorrect header check",
    );
    const TRAILS: (u32, &str) = (23, "Failed writing received data to disk/application");
    const UNKNOWN: (u32, &str) = (
        61,
        "Unrecognized content encoding type. libcurl understands deflate, gzip content encodings.",
    );
    const NONE: (u32, &str) = (0, "");
    // The path, curl's failure, and whether a browser fails.
    let table = [
        ("gzip", NONE, false),
        ("x-gzip", NONE, false),
        ("GZIP", NONE, false),
        ("deflate", NONE, false),
        ("deflate?raw", NONE, false),
        ("deflate,gzip", NONE, false),
        ("identity", NONE, false),
        ("gzip?cut", NONE, false),
        ("gzip?empty", NONE, false),
        ("gzip?head", NONE, false),
        ("gzip?sum", SUM, true),
        ("gzip?text", HEAD, true),
        ("gzip?trails", TRAILS, false),
        ("snappy", UNKNOWN, false),
    ];
    let url = |path: &str| format!("http://api/{path}");
    let manner = Manner::Plain {
        follows: false,
        unpacks: true,
    };
    let mut asks: Vec<Ask> = table
        .iter()
        .map(|(path, ..)| ask(manner.clone(), "GET", &url(path)))
        .collect();
    asks.extend(table.iter().map(|(path, ..)| typed(&url(path))));
    asks.push(curl(false, "GET", "http://api/gzip"));
    let exchanges = run(packed, asks);
    let (by_curl, rest) = exchanges.split_at(table.len());
    let (by_browser, plain) = rest.split_at(table.len());
    for ((path, expected, browser_fails), (curl, browser)) in
        table.iter().zip(by_curl.iter().zip(by_browser))
    {
        let told = curl.failure.as_ref();
        let told = told.map_or(NONE, |failure| (failure.code, failure.text.as_str()));
        assert_eq!(told, *expected, "{path}");
        assert_eq!(browser.failure.is_some(), *browser_fails, "{path}");
        let body = String::from_utf8_lossy(&curl.body);
        match path.split_once('?').map_or("", |(_, fault)| fault) {
            "cut" => assert!(
                TEXT.starts_with(&*body) && body.len() < TEXT.len(),
                "{path}"
            ),
            "empty" | "head" | "text" => assert_eq!(body, "", "{path}"),
            _ => assert_eq!(body, TEXT, "{path}"),
        }
        assert_eq!(curl.body_bytes, curl.body.len() as u64, "{path}");
        if !browser_fails {
            assert_eq!(browser.body, curl.body, "{path}");
        }
    }
    says(&by_browser[0], "when unpacked");
    let sent = |exchange: &Exchange| exchange.hops[0].sent.clone();
    let accepts = |exchange: &Exchange| {
        let found = sent(exchange);
        let found = found
            .into_iter()
            .find(|(name, _)| name == "Accept-Encoding");
        found.map(|(_, value)| value)
    };
    assert_eq!(accepts(&by_curl[0]).as_deref(), Some("deflate, gzip"));
    assert_eq!(accepts(&by_browser[0]).as_deref(), Some("gzip, deflate"));
    // Who does not ask for it gets the bytes as they came.
    assert_eq!(accepts(&plain[0]), None);
    assert_eq!(plain[0].body[..2], [0x1f, 0x8b]);
}

#[test]
fn a_bomb_is_given_up() {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let config = zlib_rs::DeflateConfig {
            window_bits: 15 + 16,
            level: 1,
            ..Default::default()
        };
        let mut packed = vec![0; 1 << 20];
        let (packed, _) = zlib_rs::compress_slice(&mut packed, &vec![0; 66 << 20], config);
        packed.to_vec()
    });
    fn answers(_: &Head, _: &[u8]) -> Vec<u8> {
        answer("200 OK", "Content-Encoding: gzip", &*BOMB)
    }
    let manner = Manner::Plain {
        follows: false,
        unpacks: true,
    };
    let exchanges = run(answers, vec![ask(manner, "GET", "http://api/")]);
    assert_eq!(failure(&exchanges[0]).0, 63);
    assert!(exchanges[0].body_bytes < 65 << 20);
}

#[test]
fn what_awaits_rest_comes_last() {
    let mut early = curl(false, "GET", "http://api/early");
    early.when = When::At(3 * S);
    let mut last = curl(false, "GET", "http://api/last");
    last.when = When::Rest;
    let exchanges = run(echo, vec![early, last.clone(), last]);
    let times: Vec<u64> = exchanges.iter().map(|exchange| exchange.began_ns).collect();
    assert_eq!(times[0], 3 * S);
    assert!(
        times[1] >= exchanges[0].ended_ns && times[1] < 4 * S,
        "{times:?}"
    );
    assert!(times[2] > times[1]);
}
