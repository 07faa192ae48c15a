//! Ends that are easily taken for others, each in a trace of a few events.

use protocol::{
    Event, EventKind, ExitReason, Frame, Queue,
    scenario::Change,
    trace::{Endpoint, PacketContent, PoolWork},
};
use recording::{Recording, network::Fate};

use PacketContent::{Data, Datagram, Fin, Reset};

fn event(process: u32, time_ns: u64, kind: EventKind) -> Event {
    Event {
        cause: None,
        time_ns,
        process,
        kind,
        stack: vec![],
    }
}

fn end(host: &str) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        address: String::new(),
    }
}

/// A connection from phone to api, and what is sent over it: by whom, when it leaves, and when it arrives.
fn connection(packets: &[(PacketContent, bool, u64, u64)]) -> Recording {
    let begun = EventKind::ConnectionBegun {
        connection: 1,
        client: end("phone"),
        server: end("api"),
    };
    let mut events = vec![event(0, 0, begun)];
    for (number, (content, from_client, sent_ns, arrived_ns)) in (1..).zip(packets) {
        let head = match (content, from_client) {
            (PacketContent::Data, true) => "GET / HTTP/1.1\r\n\r\n",
            (PacketContent::Data, false) => "HTTP/1.1 404 Not Found\r\n\r\n",
            _ => "",
        };
        let sent = EventKind::PacketSent {
            packet: number,
            connection: 1,
            from_client: *from_client,
            content: *content,
            bytes: head.len() as u64,
            head: head.as_bytes().to_vec(),
        };
        events.push(event(0, *sent_ns, sent));
        let arrived = EventKind::PacketArrived { packet: number };
        events.push(event(0, *arrived_ns, arrived));
    }
    events.sort_by_key(|event| event.time_ns);
    Recording::from_events(events)
}

fn counts(recording: &Recording) -> [usize; 4] {
    let counts = recording.network().counts(u64::MAX);
    [
        counts.sent,
        counts.answered,
        counts.failed,
        counts.in_flight,
    ]
}

fn fate(recording: &Recording) -> Option<(u64, Fate)> {
    let end = recording.network().request(0).end;
    end.map(|(event, fate)| (recording.time_ns(event), fate))
}

#[test]
fn who_says_that_he_will_ask_no_more_may_be_answered_all_the_same() {
    let half = connection(&[(Data, true, 1, 5), (Fin, true, 2, 6), (Data, false, 7, 9)]);
    assert_eq!(counts(&half), [1, 1, 0, 0]);
    assert_eq!(fate(&half), Some((9, Fate::Answered)));
    // Nobody is there any more to hear it.
    let closed = connection(&[
        (Data, true, 1, 5),
        (Fin, true, 2, 6),
        (Data, false, 7, 9),
        (Reset, true, 10, 12),
    ]);
    assert_eq!(counts(&closed), [1, 0, 1, 0]);
    assert_eq!(fate(&closed), Some((2, Fate::GivenUp)));
}

#[test]
fn a_connection_is_over_when_both_sides_have_heard_so() {
    let recording = connection(&[(Fin, true, 1, 5), (Fin, true, 6, 7), (Fin, false, 8, 9)]);
    let open: Vec<usize> = (0..recording.events().len() as u64)
        .map(|event| recording.network().connections_open(1, event))
        .collect();
    assert_eq!(open, [1, 1, 1, 1, 1, 1, 0]);
}

#[test]
fn datagrams_make_no_connection() {
    let recording = connection(&[(Datagram, true, 1, 5)]);
    let network = recording.network();
    assert_eq!(
        [0, 1].map(|host| network.connections_open(host, u64::MAX)),
        [0, 0]
    );
    assert_eq!(network.in_flight_count(0, 1), 1);
}

#[test]
fn a_host_without_power_has_no_connections() {
    let begun = connection(&[(Data, true, 1, 5)]);
    let power = Change::Power {
        host: "api".to_owned(),
        is_up: false,
    };
    let mut events = begun.events().to_vec();
    events.push(event(0, 8, EventKind::WorldChanged { what: power }));
    let recording = Recording::from_events(events);
    let open = |at| [0, 1].map(|host| recording.network().connections_open(host, at));
    assert_eq!(open(2), [1, 1]);
    assert_eq!(open(3), [1, 0]);
}

fn program(then: Vec<Event>) -> Recording {
    let started = EventKind::ProcessStarted {
        host: "api".to_owned(),
        entry: "/app/main.js".to_owned(),
        args: vec![],
    };
    let queued = EventKind::TaskQueued {
        task: 1,
        queue: Queue::Main,
        function: 1,
        due_ns: None,
        repeat_ns: None,
        unref: false,
    };
    let mut runs = event(1, 2, EventKind::TaskStarted { task: 1 });
    runs.stack = vec![Frame {
        function: 1,
        line: 7,
        column: 1,
    }];
    let begin = [event(1, 0, started), event(1, 1, queued), runs];
    Recording::from_events(begin.into_iter().chain(then))
}

#[test]
fn who_is_killed_runs_no_more_and_neither_does_his_pool() {
    let work = EventKind::PoolWorkQueued {
        work: PoolWork::File,
        thread: 0,
        threads: 4,
        begins_ns: 3,
        ends_ns: 90,
    };
    let exited = EventKind::ProcessExited {
        code: 137,
        reason: ExitReason::Killed,
    };
    let recording = program(vec![event(1, 3, work), event(1, 5, exited)]);
    let seen = |at| {
        let running = recording.state_at(1, at, 1).running;
        (running.is_some(), recording.pool_at(1, at).busy())
    };
    assert_eq!(seen(3), (true, 1));
    assert_eq!(seen(4), (false, 0));
}

#[test]
fn a_packet_that_arrives_elsewhere_leaves_the_stack_as_it_is() {
    let arrived = EventKind::PacketArrived { packet: 9 };
    let recording = program(vec![event(1, 3, arrived)]);
    let lines = |at| -> Vec<u32> {
        let stack = recording.state_at(1, at, 1).stack;
        stack.iter().map(|call| call.line).collect()
    };
    assert_eq!((lines(2), lines(3)), (vec![7], vec![7]));
}
