//! Two processes, each on a host of its own or both on one, and what they hear of each other.
#![cfg(feature = "network")]

use kernel::{
    Happening, World,
    network::{Address, By, Change, HostId, Latency, Received, SocketId, errno},
};
use protocol::{EventKind, Limits, Record, Scenario};

const MS: u64 = 1_000_000;
const SERVER: u32 = 1;
const CLIENT: u32 = 2;

struct Net {
    world: World,
    /// `(ms, process, what)`.
    heard: Vec<(u64, u32, Change)>,
    hosts: [HostId; 2],
    sent: usize,
    settled: usize,
}

fn by(process: u32) -> By {
    By {
        process,
        cause: None,
    }
}

fn at(text: &str) -> Address {
    Address::Ip(text.parse().expect("an address"))
}

impl Net {
    fn new(seed: u64, hosts: [&str; 2]) -> Self {
        let mut world = World::new(&Scenario {
            seed,
            picks: protocol::scenario::Picks::default(),
            epoch_ms: 0,
            limits: Limits::TERMINAL,
            record: Record::All,
            network: protocol::scenario::NetworkSpec::default(),
            processes: vec![],
        });
        let hosts = hosts.map(|name| world.network.host_named(name));
        Self {
            world,
            heard: vec![],
            hosts,
            sent: 0,
            settled: 0,
        }
    }

    fn between(&mut self, change: impl Fn(&mut kernel::network::Link)) {
        let [a, b] = self.hosts;
        change(self.world.network.link(a, b));
        change(self.world.network.link(b, a));
    }

    fn listen(&mut self, address: &str, backlog: usize) -> SocketId {
        let listener = self.world.open_socket(self.hosts[0], Some(SERVER));
        self.world.bind(listener, at(address)).expect("it is free");
        self.world.listen(listener, backlog).expect("it is free");
        listener
    }

    fn connect(&mut self, address: &str) -> SocketId {
        let client = self.world.open_socket(self.hosts[1], Some(CLIENT));
        self.world
            .connect(client, at(address), by(CLIENT))
            .expect("there is a way");
        client
    }

    /// Everything that goes on by itself until `until_ns`; nobody reacts to it.
    fn run(&mut self, until_ns: u64) {
        while self
            .world
            .queue
            .next_time_ns()
            .is_some_and(|ns| ns <= until_ns)
        {
            let (time_ns, happening) = self.world.queue.pop().expect("there is one");
            match happening {
                Happening::ProcessResumes(process) => self.hear(process),
                other => self.world.happens(time_ns, other),
            }
            for event in self.world.recorder.take() {
                match event.kind {
                    EventKind::PacketSent { .. } => self.sent += 1,
                    EventKind::PacketArrived { .. } | EventKind::PacketLost { .. } => {
                        self.settled += 1;
                    }
                    _ => {}
                }
            }
        }
        self.world.advance_to(until_ns);
    }

    fn hear(&mut self, process: u32) {
        self.world.turn_begins(process);
        for news in self.world.network.take_news(process) {
            self.heard.push((news.at_ns / 1000, process, news.what));
        }
    }

    fn pair(&mut self) -> [SocketId; 2] {
        let listener = self.listen("0.0.0.0:80", 511);
        let client = self.connect("10.0.0.1:80");
        let soon_ns = self.world.now_ns() + 3_000 * MS;
        self.run(soon_ns);
        let server = self
            .world
            .accept(listener, SERVER)
            .expect("it is connected");
        self.heard.clear();
        [server, client]
    }

    fn read_all(&mut self, socket: SocketId) -> (Vec<u8>, Received) {
        let mut all = vec![];
        loop {
            match self.world.receive(socket, 65_536, by(0)) {
                Received::Bytes(bytes) => all.extend(bytes),
                end => return (all, end),
            }
        }
    }
}

#[test]
fn on_one_host_the_server_hears_first() {
    let mut net = Net::new(1, ["one", "one"]);
    net.listen("0.0.0.0:80", 511);
    net.connect("127.0.0.1:80");
    net.run(MS);
    assert_eq!(
        net.heard,
        [
            (0, SERVER, Change::Readable),
            (0, CLIENT, Change::Connected)
        ]
    );
}

#[test]
fn between_hosts_a_handshake_takes_three_ways() {
    let mut net = Net::new(1, ["one", "two"]);
    net.between(|link| link.latency = Latency::constant(10 * MS));
    net.listen("0.0.0.0:80", 511);
    net.connect("10.0.0.1:80");
    net.run(100 * MS);
    assert_eq!(
        net.heard,
        [
            (20_000, CLIENT, Change::Connected),
            (30_000, SERVER, Change::Readable)
        ]
    );
}

#[test]
fn who_is_not_there_refuses() {
    let mut net = Net::new(1, ["one", "two"]);
    net.between(|link| link.latency = Latency::constant(10 * MS));
    net.connect("10.0.0.1:80");
    net.run(100 * MS);
    let refused = Change::Failed(errno::ECONNREFUSED);
    assert_eq!(net.heard, [(20_000, CLIENT, refused)]);

    let client = net.world.open_socket(net.hosts[1], Some(CLIENT));
    let nowhere = net.world.connect(client, at("192.0.2.1:80"), by(CLIENT));
    assert_eq!(nowhere, Err(errno::ENETUNREACH));
    let foreign = net.world.bind(client, at("10.0.0.1:80"));
    assert_eq!(foreign, Err(errno::EADDRNOTAVAIL));
}

#[test]
fn a_host_that_is_down_lets_everybody_wait_for_127_seconds() {
    let mut net = Net::new(1, ["one", "two"]);
    net.listen("0.0.0.0:80", 511);
    net.world.network.set_up(net.hosts[0], false);
    net.connect("10.0.0.1:80");
    net.run(200_000 * MS);
    let timed_out = Change::Failed(errno::ETIMEDOUT);
    assert_eq!(net.heard.len(), 1);
    assert_eq!(net.heard[0].2, timed_out);
    assert_eq!(net.heard[0].0 / 1_000_000, 127);
}

#[test]
fn a_port_is_taken_once() {
    let mut net = Net::new(1, ["one", "two"]);
    net.listen("127.0.0.1:80", 511);
    let other = net.world.open_socket(net.hosts[0], Some(SERVER));
    net.world
        .bind(other, at("0.0.0.0:80"))
        .expect("it is only bound");
    assert_eq!(net.world.listen(other, 511), Err(errno::EADDRINUSE));
    // On another host it is another port.
    let elsewhere = net.world.open_socket(net.hosts[1], Some(SERVER));
    net.world
        .bind(elsewhere, at("0.0.0.0:80"))
        .expect("it is free");
    assert_eq!(net.world.listen(elsewhere, 511), Ok(()));
}

#[test]
fn a_stream_is_whole_and_in_order_over_a_bad_link() {
    let text: Vec<u8> = (0..1_000_000_u32)
        .map(|n| (n * 7 + n / 251) as u8)
        .collect();
    let mut net = Net::new(9, ["one", "two"]);
    net.between(|link| {
        link.latency = Latency::curve(vec![(0, MS), (1_000_000, 30 * MS)]).expect("a curve");
        link.bits_per_second = Some(1_000_000_000);
        link.lost = 20_000;
    });
    let [server, client] = net.pair();
    assert_eq!(net.world.send(client, &text, by(CLIENT)), Ok(text.len()));
    net.world.shut_down(client, by(CLIENT)).expect("it is open");
    let until_ns = net.world.now_ns() + 60_000 * MS;
    net.run(until_ns);
    // Nothing is lost without a trace.
    assert_eq!((net.sent, net.world.network.in_flight()), (net.settled, 0));
    let (read, end) = net.read_all(server);
    assert!(read == text);
    assert_eq!(end, Received::End);
}

#[test]
fn who_does_not_read_makes_the_other_wait() {
    for hosts in [["one", "one"], ["one", "two"]] {
        let mut net = Net::new(1, hosts);
        let [server, client] = net.pair();
        let much = vec![1; 3_000_000];
        let taken = net
            .world
            .send(client, &much, by(CLIENT))
            .expect("it is open");
        assert_eq!(taken, 2_500_000);
        let until_ns = net.world.now_ns() + 1_000 * MS;
        net.run(until_ns);
        assert_eq!(net.world.send(client, &much, by(CLIENT)), Ok(0));
        assert!(
            !net.heard
                .iter()
                .any(|(_, _, what)| *what == Change::Writable)
        );
        let (read, end) = net.read_all(server);
        assert_eq!((read.len(), end), (2_500_000, Received::Nothing));
        net.run(until_ns + 1_000 * MS);
        let (_, process, what) = *net.heard.last().expect("it hears of room");
        assert_eq!((process, what), (CLIENT, Change::Writable));
        // Of the last quarter nobody tells between hosts.
        let taken = net
            .world
            .send(client, &much, by(CLIENT))
            .expect("it is open");
        assert!(taken > 1_875_000, "{taken}");
    }
}

#[test]
fn half_a_connection_closes() {
    let mut net = Net::new(1, ["one", "two"]);
    let [server, client] = net.pair();
    net.world.shut_down(client, by(CLIENT)).expect("it is open");
    let until_ns = net.world.now_ns() + 10 * MS;
    net.run(until_ns);
    assert_eq!(net.world.receive(server, 10, by(SERVER)), Received::End);
    assert_eq!(net.world.send(server, b"still", by(SERVER)), Ok(5));
    net.run(until_ns + 10 * MS);
    assert_eq!(
        net.world.receive(client, 10, by(CLIENT)),
        Received::Bytes(b"still".to_vec())
    );
    assert_eq!(
        net.world.send(client, b"more", by(CLIENT)),
        Err(errno::EPIPE)
    );
}

#[test]
fn closing_on_unread_bytes_resets() {
    let mut net = Net::new(1, ["one", "two"]);
    let [server, client] = net.pair();
    assert_eq!(net.world.send(client, b"unread", by(CLIENT)), Ok(6));
    let until_ns = net.world.now_ns() + 10 * MS;
    net.run(until_ns);
    net.world.close_socket(server, by(SERVER));
    net.run(until_ns + 10 * MS);
    let reset = Received::Error(errno::ECONNRESET);
    assert_eq!(net.world.receive(client, 10, by(CLIENT)), reset);
    assert_eq!(
        net.world.send(client, b"more", by(CLIENT)),
        Err(errno::EPIPE)
    );
}

#[test]
fn writing_to_who_is_gone_is_answered_by_a_reset() {
    let mut net = Net::new(1, ["one", "two"]);
    let [server, client] = net.pair();
    net.world.close_socket(server, by(SERVER));
    let until_ns = net.world.now_ns() + 10 * MS;
    net.run(until_ns);
    assert_eq!(net.world.receive(client, 10, by(CLIENT)), Received::End);
    assert_eq!(net.world.send(client, b"anybody?", by(CLIENT)), Ok(8));
    net.run(until_ns + 10 * MS);
    let reset = Received::Error(errno::ECONNRESET);
    assert_eq!(net.world.receive(client, 10, by(CLIENT)), reset);
}

#[test]
fn a_full_queue_behind_listen_makes_callers_ask_again() {
    let mut net = Net::new(1, ["one", "two"]);
    let listener = net.listen("0.0.0.0:80", 0);
    net.connect("10.0.0.1:80");
    net.run(10 * MS);
    net.heard.clear();
    net.connect("10.0.0.1:80");
    net.run(500 * MS);
    assert_eq!(net.heard, []);
    net.world.accept(listener, SERVER).expect("the first waits");
    net.run(2_000 * MS);
    let (at_us, process, what) = net.heard[0];
    assert_eq!((process, what), (CLIENT, Change::Connected));
    assert_eq!(at_us / 100_000, 10);
}

#[test]
fn a_pair_keeps_what_comes_before_anybody_reads() {
    let mut net = Net::new(1, ["one", "one"]);
    let [ours, theirs] = net.world.socket_pair(net.hosts[0], by(SERVER));
    net.world.give_socket(ours, SERVER);
    assert_eq!(net.world.send(ours, b"early", by(SERVER)), Ok(5));
    net.run(MS);
    assert_eq!(net.heard, []);
    net.world.give_socket(theirs, CLIENT);
    net.run(2 * MS);
    assert_eq!(net.heard, [(1_000, CLIENT, Change::Readable)]);
    let early = Received::Bytes(b"early".to_vec());
    assert_eq!(net.world.receive(theirs, 10, by(CLIENT)), early);
}

/// The numbers of the datagrams that arrive of those that are sent, in the order of their arrival.
fn datagrams(seed: u64, lost: u32, latency: Latency) -> Vec<u32> {
    let mut net = Net::new(seed, ["api", "phone"]);
    net.between(|link| {
        link.lost = lost;
        link.latency = latency.clone();
    });
    let [api, phone] = net.hosts;
    let server = net.world.open_datagram_socket(api, SERVER);
    let client = net.world.open_datagram_socket(phone, CLIENT);
    let port = "0.0.0.0:53".parse().expect("an address");
    net.world
        .bind_datagrams(server, port, false)
        .expect("it is free");
    let to = Some("10.0.0.1:53".parse().expect("an address"));
    for number in 0..1_000_u32 {
        let sent = net
            .world
            .send_datagram(client, to, &number.to_be_bytes(), by(CLIENT));
        assert_eq!(sent, Ok(4));
    }
    net.run(1_000 * MS);
    assert_eq!((net.sent, net.settled), (1_000, 1_000));
    let mut arrived = Vec::new();
    while let Some((from, bytes)) = net.world.receive_datagram(server) {
        assert_eq!(from.ip().to_string(), "10.0.0.2");
        arrived.push(u32::from_be_bytes(bytes.try_into().expect("four of them")));
    }
    arrived
}

#[test]
fn datagrams_are_lost_and_overtaken() {
    let all: Vec<u32> = (0..1_000).collect();
    assert_eq!(datagrams(1, 0, Latency::constant(MS)), all);

    let curve = Latency::curve(vec![(0, MS), (1_000_000, 9 * MS)]).expect("it ascends");
    let mut arrived = datagrams(1, 100_000, curve.clone());
    assert_eq!(arrived, datagrams(1, 100_000, curve));
    assert!(arrived.len().abs_diff(900) < 60, "{}", arrived.len());
    assert!(!arrived.is_sorted());
    arrived.sort_unstable();
    arrived.dedup();
    assert!(arrived.iter().all(|number| *number < 1_000));
}

#[test]
fn a_port_for_datagrams_is_had_by_one() {
    let mut net = Net::new(1, ["api", "phone"]);
    let [api, _] = net.hosts;
    let port = "127.0.0.1:53".parse().expect("an address");
    let mut bind = |shares_port| {
        let socket = net.world.open_datagram_socket(api, SERVER);
        net.world.bind_datagrams(socket, port, shares_port)
    };
    assert_eq!(bind(true), Ok(()));
    assert_eq!(bind(false), Err(errno::EADDRINUSE));
    assert_eq!(bind(true), Ok(()));
    // A stream's port is another one.
    net.listen("127.0.0.1:53", 1);
}
