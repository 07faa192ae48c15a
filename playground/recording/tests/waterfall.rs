//! A request's spans: nothing sticks out, nothing is counted twice, and the critical path is all of the time.

use protocol::{
    Event, EventId, EventKind, Frame, MiddlewareRole, Outcome, Queue,
    trace::{Endpoint, PacketContent},
};
use recording::{
    Recording, fixture,
    requests::RequestOrder,
    waterfall::{BarKind, RowKind, Waterfall},
};

fn check(recording: &Recording, request: usize, waterfall: &Waterfall, what: &str) {
    let rows = &waterfall.rows;
    assert_eq!(rows[0].kind, RowKind::Request, "{what}");
    let mut within: Vec<usize> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        within.truncate(row.depth);
        assert_eq!(within.len(), row.depth, "{what}, row {at}: {rows:#?}");
        if let Some(parent) = within.last().map(|parent| &rows[*parent]) {
            assert!(
                parent.from_ns <= row.from_ns && row.to_ns <= parent.to_ns,
                "{what}, row {at} sticks out: {rows:#?}"
            );
        }
        within.push(at);
        for bar in &row.bars {
            assert!(
                row.from_ns <= bar.from_ns && bar.to_ns <= row.to_ns,
                "{what}, row {at}"
            );
        }
        if let RowKind::Work(_) = row.kind {
            let pairs = row.bars.windows(2);
            for pair in pairs {
                assert!(
                    pair[0].to_ns <= pair[1].from_ns,
                    "{what}, row {at}: {:?}",
                    row.bars
                );
            }
            assert!(row.self_ns() + row.waits_ns() <= row.to_ns - row.from_ns);
        }
        assert!(!recording.row_sentence(row).is_empty());
    }
    let whole_ns: u64 = waterfall
        .path
        .iter()
        .map(|(span, _)| span.to_ns - span.from_ns)
        .sum();
    match recording.network().request(request).end {
        Some(_) => assert_eq!(whole_ns, waterfall.to_ns - waterfall.from_ns, "{what}"),
        None => assert_eq!(whole_ns, 0, "{what}"),
    }
    let shares = recording.time_shares(&waterfall.path);
    assert_eq!(
        shares.iter().map(|share| share.1).sum::<u64>(),
        whole_ns,
        "{what}"
    );
    assert!(waterfall.path.iter().all(|(_, row)| rows[*row].is_critical));
}

#[test]
fn rows_lie_within_rows_and_the_path_is_all_of_the_time() {
    for seed in 0..6 {
        let recording = Recording::from_events(fixture::exchanges(60, seed));
        for request in 0..recording.network().requests().len() {
            let waterfall = recording.waterfall(request);
            check(
                &recording,
                request,
                &waterfall,
                &format!("seed {seed}, request {request}"),
            );
        }
    }
}

#[test]
fn what_a_request_asks_of_others_is_nested_in_it_once() {
    let recording = Recording::from_events(fixture::exchanges(80, 3));
    let network = recording.network();
    let mut nested = 0;
    for request in recording.requests_by("", RequestOrder::Sent, false) {
        let rows = recording.waterfall(request).rows;
        let mut inside: Vec<usize> = rows
            .iter()
            .filter(|row| row.kind == RowKind::Request)
            .map(|row| row.request)
            .collect();
        inside.sort_unstable();
        let known: Vec<usize> = (0..network.requests().len())
            .filter(|other| {
                network.root(*other) == request
                    && network.request(*other).sent
                        <= network.request(request).end.map_or(u64::MAX, |end| end.0)
            })
            .collect();
        assert_eq!(inside, known);
        nested += inside.len() - 1;
    }
    assert!(nested > 5);
}

/// A trace by hand, time in microseconds.
struct Hand(Vec<Event>);

impl Hand {
    fn say(
        &mut self,
        at_us: u64,
        process: u32,
        cause: Option<EventId>,
        kind: EventKind,
    ) -> EventId {
        self.0.push(Event {
            cause,
            time_ns: at_us * 1_000,
            process,
            kind,
            stack: Vec::new(),
        });
        self.0.len() as EventId - 1
    }

    fn at_line(&mut self, line: u32) {
        self.0.last_mut().unwrap().stack = vec![Frame {
            function: 1,
            line,
            column: 1,
        }];
    }

    fn packet(
        &mut self,
        times_us: (u64, u64),
        process: u32,
        cause: EventId,
        packet: u64,
        from_client: bool,
        head: &str,
    ) -> EventId {
        let sent = self.say(
            times_us.0,
            process,
            Some(cause),
            EventKind::PacketSent {
                packet,
                connection: 1,
                from_client,
                content: PacketContent::Data,
                bytes: head.len() as u64,
                head: head.as_bytes().to_vec(),
            },
        );
        self.say(
            times_us.1,
            process,
            Some(sent),
            EventKind::PacketArrived { packet },
        )
    }
}

/// The server is at `line 14 of main.js` when the question comes, for 212 ms more; then it waits 5 ms for a timer.
fn blocked() -> Recording {
    let mut hand = Hand(Vec::new());
    hand.say(
        0,
        0,
        None,
        EventKind::WorldStarted {
            seed: 1,
            epoch_ms: 0,
        },
    );
    for (process, host) in [(1, "api"), (2, "phone")] {
        let started = EventKind::ProcessStarted {
            host: host.to_owned(),
            entry: "/app/main.js".to_owned(),
            args: Vec::new(),
        };
        hand.say(0, process, Some(0), started);
    }
    let queue = |task, queue, due_us: Option<u64>| EventKind::TaskQueued {
        task,
        queue,
        function: 1,
        due_ns: due_us.map(|due_us| due_us * 1_000),
        repeat_ns: None,
        unref: false,
    };
    hand.say(
        0,
        1,
        None,
        EventKind::FunctionDefined {
            function: 1,
            name: "report".to_owned(),
            file: "/app/main.js".to_owned(),
            line: 12,
            column: 1,
            summary: String::new(),
        },
    );
    let queued = hand.say(10, 1, Some(1), queue(1, Queue::Timers, Some(1_000)));
    let end = |host: &str| Endpoint {
        host: host.to_owned(),
        address: String::new(),
    };
    let begun = hand.say(
        20,
        2,
        Some(2),
        EventKind::ConnectionBegun {
            connection: 1,
            client: end("phone"),
            server: end("api"),
        },
    );
    let running = hand.say(1_000, 1, Some(queued), EventKind::TaskStarted { task: 1 });
    let arrived = hand.packet((5_000, 10_000), 2, begun, 1, true, "GET /slow HTTP/1.1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
    hand.say(
        222_000,
        1,
        Some(running),
        EventKind::Logged {
            stream: protocol::Stream::Stdout,
            text: "done\n".to_owned(),
        },
    );
    hand.at_line(14);
    hand.say(
        222_000,
        1,
        Some(running),
        EventKind::TaskEnded {
            task: 1,
            outcome: Outcome::Returned,
        },
    );
    hand.say(222_000, 1, Some(arrived), EventKind::PollWoke);
    let read = hand.say(222_000, 1, Some(arrived), queue(2, Queue::Poll, None));
    let reads = hand.say(222_000, 1, Some(read), EventKind::TaskStarted { task: 2 });
    let entered = EventKind::MiddlewareEntered {
        function: 1,
        role: MiddlewareRole::Handles,
    };
    hand.say(222_200, 1, Some(reads), entered);
    let timer = hand.say(
        222_500,
        1,
        Some(reads),
        queue(3, Queue::Timers, Some(227_500)),
    );
    hand.at_line(3);
    hand.say(
        223_000,
        1,
        Some(reads),
        EventKind::TaskEnded {
            task: 2,
            outcome: Outcome::Returned,
        },
    );
    hand.say(
        223_000,
        1,
        Some(1),
        EventKind::PollSlept {
            until_ns: Some(227_500_000),
        },
    );
    hand.say(227_500, 1, Some(1), EventKind::PollWoke);
    let due = hand.say(227_500, 1, Some(timer), EventKind::TaskStarted { task: 3 });
    let answer = hand.packet(
        (228_000, 233_000),
        1,
        due,
        2,
        false,
        "HTTP/1.1 200 OK\r\n\r\n",
    );
    hand.say(
        233_100,
        1,
        Some(due),
        EventKind::TaskEnded {
            task: 3,
            outcome: Outcome::Returned,
        },
    );
    let _ = answer;
    let mut events = hand.0;
    let mut places: Vec<usize> = (0..events.len()).collect();
    places.sort_by_key(|place| events[*place].time_ns);
    let to = |id: EventId| places.iter().position(|place| *place as u64 == id).unwrap() as EventId;
    let ordered = places.iter().map(|place| {
        let mut event = events[*place].clone();
        event.cause = event.cause.map(to);
        event
    });
    events = ordered.collect();
    Recording::from_events(events)
}

#[test]
fn who_held_the_loop_is_said() {
    let recording = blocked();
    let waterfall = recording.waterfall(0);
    check(&recording, 0, &waterfall, "blocked");
    let held = waterfall
        .rows
        .iter()
        .find(|row| matches!(row.kind, RowKind::Held(1)))
        .unwrap();
    assert_eq!(
        recording.row_sentence(held),
        "waited 212 ms because the loop of api was held by report, up to line 14 of main.js"
    );
    assert_eq!(held.bars.len(), 1);
    assert_eq!(held.bars[0].kind, BarKind::Held);
}

#[test]
fn waiting_is_told_from_work() {
    let recording = blocked();
    let waterfall = recording.waterfall(0);
    let names: Vec<String> = waterfall
        .rows
        .iter()
        .map(|row| recording.row_words(row).0)
        .collect();
    assert_eq!(
        names,
        [
            "GET /slow",
            "to api",
            "report",
            "held by report, up to line 14 of main.js",
            "report",
            "report",
            "report",
            "back to phone"
        ]
    );
    let timer = waterfall
        .rows
        .iter()
        .find(|row| row.bars.iter().any(|bar| bar.kind == BarKind::Asleep))
        .unwrap();
    assert_eq!((timer.waits_ns(), timer.self_ns()), (5_000_000, 5_500_000));
    let shares = recording.time_shares(&waterfall.path);
    assert_eq!(shares[0], ("waiting for a loop", 212_000_000));
}

#[test]
fn middleware_has_the_request_until_the_answer_leaves() {
    let recording = blocked();
    let waterfall = recording.waterfall(0);
    let rows = waterfall
        .rows
        .iter()
        .filter(|row| matches!(row.kind, RowKind::Middleware(..)));
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].from_ns, rows[0].to_ns), (222_200_000, 228_000_000));
    assert_eq!(
        recording.row_sentence(rows[0]),
        "report, main.js:12: had the request for 5.8 ms"
    );
}

#[test]
fn requests_are_found_and_sorted() {
    let recording = Recording::from_events(fixture::exchanges(80, 5));
    let all = recording.requests_by("", RequestOrder::Sent, false);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    let slow = recording.requests_by("", RequestOrder::Took, true);
    assert_eq!(slow.len(), all.len());
    assert!(
        slow.windows(2)
            .all(|pair| recording.request_ns(pair[0]) >= recording.request_ns(pair[1]))
    );
    let found = recording.requests_by("GET /1 200", RequestOrder::Status, false);
    assert!(
        found
            .iter()
            .all(|request| recording.request_line(*request).contains("GET /1"))
    );
    assert!(
        recording
            .requests_by("nothing like that", RequestOrder::Sent, false)
            .is_empty()
    );
    let traced = blocked();
    assert_eq!(
        traced.requests_by("4bf92f3577b34da6", RequestOrder::Sent, false),
        [0]
    );
    assert_eq!(traced.request_trace(0).unwrap().parent, "00f067aa0ba902b7");
    assert_eq!(traced.slowest_request(), Some(0));
}

#[test]
fn the_call_that_it_waits_for_longest_is_the_one_on_its_path() {
    let recording = Recording::from_events(fixture::exchanges(80, 3));
    let network = recording.network();
    let mut found = 0;
    for root in recording.requests_by("", RequestOrder::Sent, false) {
        let waterfall = recording.waterfall(root);
        let is_asked = network
            .requests()
            .iter()
            .any(|other| other.parent == Some(root));
        let Some((call, path_ns)) = recording.longest_call(&waterfall) else {
            continue;
        };
        found += 1;
        assert!(is_asked && network.root(call) == root);
        // No longer than the call itself, and than the request.
        assert!(path_ns <= recording.request_ns(call) && path_ns <= recording.request_ns(root));
        let words = recording.longest_call_words(&waterfall).unwrap();
        assert!(words.contains(&recording.request_line(call)), "{words}");
    }
    assert!(found > 10, "{found}");
}

#[test]
fn a_recording_without_requests_has_none() {
    let recording = Recording::new();
    assert_eq!(recording.waterfall(0), Waterfall::default());
    assert_eq!(recording.slowest_request(), None);
}
