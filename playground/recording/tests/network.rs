//! Packets, connections and requests against a replay that keeps them by hand, at every event.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Event, EventKind};
use recording::{Recording, fixture, network::Counts};

/// The slow and obvious way, for packets.
#[derive(Default)]
struct Replay {
    ends: BTreeMap<u64, (String, String)>,
    flying: BTreeMap<u64, (u64, bool)>,
}

impl Replay {
    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::ConnectionBegun {
                connection,
                client,
                server,
            } => {
                self.ends
                    .insert(*connection, (client.host.clone(), server.host.clone()));
            }
            EventKind::PacketSent {
                packet,
                connection,
                from_client,
                ..
            } => {
                self.flying.insert(*packet, (*connection, *from_client));
            }
            EventKind::PacketArrived { packet } | EventKind::PacketLost { packet } => {
                self.flying.remove(packet);
            }
            _ => {}
        }
    }

    fn on(&self, from: &str, to: &str) -> BTreeSet<u64> {
        let each = self.flying.iter().filter(|(_, (connection, from_client))| {
            let (client, server) = &self.ends[connection];
            let way = if *from_client {
                (client, server)
            } else {
                (server, client)
            };
            way.0 == from && way.1 == to
        });
        each.map(|(packet, _)| *packet).collect()
    }
}

#[test]
fn packets_in_flight_equal_a_replay() {
    for seed in 0..4 {
        let events = fixture::exchanges(60, seed);
        let recording = Recording::from_events(events.clone());
        let network = recording.network();
        let mut replay = Replay::default();
        for (event, happened) in events.iter().enumerate() {
            replay.take(happened);
            for (number, link) in network.links().iter().enumerate() {
                let hosts = network.hosts();
                let expected = replay.on(&hosts[link.from].name, &hosts[link.to].name);
                let drawn =
                    recording.travelling(number, event as u64, happened.time_ns, usize::MAX);
                let shown: BTreeSet<u64> = drawn.iter().map(|packet| packet.packet).collect();
                assert_eq!(shown, expected, "seed {seed}, event {event}, link {number}");
                assert_eq!(
                    network.in_flight_count(number, event as u64),
                    expected.len()
                );
                assert!(drawn.iter().all(|packet| (0.0..=1.0).contains(&packet.way)));
            }
        }
    }
}

#[test]
fn what_was_sent_is_answered_or_failed_or_in_flight() {
    for seed in 0..8 {
        let events = fixture::exchanges(80, seed);
        let recording = Recording::from_events(events.clone());
        let network = recording.network();
        let asked = |text: &[u8]| text.starts_with(b"GET ") || text.starts_with(b"POST ");
        let mut last = Counts::default();
        for event in 0..events.len() as u64 {
            let counts = network.counts(event);
            assert_eq!(
                counts.sent,
                counts.answered + counts.failed + counts.in_flight,
                "seed {seed}, event {event}"
            );
            assert_eq!(
                network.requests_in_flight(event, usize::MAX).len(),
                counts.in_flight
            );
            assert!(
                counts.sent >= last.sent
                    && counts.answered >= last.answered
                    && counts.failed >= last.failed
            );
            last = counts;
        }
        // Each question once, however often it was sent; and connections that were refused.
        let questions: BTreeSet<(u64, &[u8])> = events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::PacketSent {
                    connection, head, ..
                } if asked(head) => Some((*connection, &head[..])),
                _ => None,
            })
            .collect();
        let refused = recording
            .network()
            .requests()
            .iter()
            .filter(|request| request.question.is_none() && request.end.is_some())
            .count();
        assert_eq!(last.sent, questions.len() + refused, "seed {seed}");
        assert!(last.answered > 0 && last.failed > 0 && last.in_flight > 0);
    }
}

#[test]
fn what_a_server_asks_belongs_to_what_it_was_asked() {
    let recording = Recording::from_events(fixture::exchanges(80, 3));
    let network = recording.network();
    let mut calls = 0;
    for (number, request) in network.requests().iter().enumerate() {
        if request.question.is_none() {
            continue;
        }
        let line = recording.request_line(number);
        match request.parent {
            None => assert!(line.starts_with("GET /"), "{line}"),
            Some(parent) => {
                calls += 1;
                assert_eq!(line, "POST /pay");
                let message = recording.message(request.question.unwrap()).unwrap();
                let asked_for = format!("GET /{}", message.fields[0].1);
                assert_eq!(recording.request_line(parent), asked_for);
            }
        }
    }
    assert!(calls > 5);
}

#[test]
fn a_critical_path_has_no_gap_and_is_as_long_as_its_request() {
    for seed in 0..4 {
        let recording = Recording::from_events(fixture::exchanges(60, seed));
        let network = recording.network();
        let mut ended = 0;
        for (number, request) in network.requests().iter().enumerate() {
            let path = recording.critical_path(number);
            let Some((end, _)) = request.end else {
                assert!(path.is_empty());
                continue;
            };
            ended += 1;
            let mut at_ns = recording.time_ns(request.sent);
            for span in &path {
                assert_eq!(
                    span.from_ns, at_ns,
                    "seed {seed}, request {number}: {path:?}"
                );
                assert!(!recording.span_words(span).is_empty());
                at_ns = span.to_ns;
            }
            assert_eq!(
                at_ns,
                recording.time_ns(end),
                "seed {seed}, request {number}"
            );
        }
        assert!(ended > 20);
    }
}
