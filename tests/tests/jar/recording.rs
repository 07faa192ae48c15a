//! What the page shows of a world against its trace: worlds of several hosts are run in the jar, and packets in flight,
//! requests and their chains are compared with what the raw events say, computed another way.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use protocol::{Event, EventKind, load::RequestOutcome, trace::PacketContent};
use recording::{Handed, InOrder, Recording};
use tests::data;

const TERRARIUM: &str = env!("CARGO_BIN_EXE_terrarium-under-test");
const WORLDS: [&str; 5] = ["two-hosts", "cut", "crash", "one-core", "load"];
const MOMENTS: usize = 200;

/// The events as the trace has them, and the recording as the page has it.
fn recorded(world: &str) -> (Vec<Event>, Recording) {
    let path = data("worlds").join(world).join("world.toml");
    let output = Command::new(TERRARIUM)
        .args(["trace", "--format", "json"])
        .arg(path)
        .output()
        .expect("it starts");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let raw: Vec<Event> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    assert!(raw.len() > 100, "{world}: {} events", raw.len());
    let mut order = InOrder::default();
    let mut events = Vec::new();
    for batch in raw.chunks(1_000) {
        match order.push(batch.to_vec()) {
            Handed::Next(next) => events.extend(next),
            Handed::Anew(batch) => {
                let again = std::mem::take(&mut events).into_iter().chain(batch);
                match order.push(again.collect()) {
                    Handed::Next(next) => events = next,
                    Handed::Anew(_) => panic!("{world}: it begins anew for ever"),
                }
            }
        }
    }
    events.extend(order.finish());
    assert_eq!(events.len(), raw.len());
    (raw, Recording::from_events(events))
}

#[test]
fn a_recording_equals_its_trace() {
    for world in WORLDS {
        let (raw, recording) = recorded(world);
        let times: Vec<u64> = recording
            .events()
            .iter()
            .map(|event| event.time_ns)
            .collect();
        assert!(times.is_sorted(), "{world}: time goes back");
        // When each packet is sent, and when it is no longer on its way.
        let mut sent: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for event in &raw {
            match &event.kind {
                EventKind::PacketSent { packet, .. } => {
                    sent.insert(*packet, (event.time_ns, u64::MAX));
                }
                EventKind::PacketArrived { packet } | EventKind::PacketLost { packet } => {
                    if let Some(span) = sent.get_mut(packet) {
                        span.1 = event.time_ns;
                    }
                }
                _ => {}
            }
        }
        let network = recording.network();
        let last = recording.events().len() - 1;
        for moment in 0..MOMENTS {
            // Moments at which everything of one time has happened, as the raw events know nothing finer.
            let time_ns = times[last * moment / MOMENTS];
            let event = recording.at_time(time_ns);
            let expected = sent
                .values()
                .filter(|(from, to)| *from <= time_ns && *to > time_ns)
                .count();
            let shown: usize = (0..network.links().len())
                .map(|link| network.in_flight_count(link, event))
                .sum();
            assert_eq!(shown, expected, "{world} at {time_ns} ns");
            let counts = network.counts(event);
            assert_eq!(
                counts.sent,
                counts.answered + counts.failed + counts.in_flight,
                "{world} at {time_ns} ns"
            );
        }
    }
}

/// A load says itself what became of its requests.
#[test]
fn requests_end_as_their_load_says() {
    let (raw, recording) = recorded("load");
    let network = recording.network();
    let loads: BTreeSet<&str> = raw
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::LoadBegun { host, .. } => Some(host.as_str()),
            _ => None,
        })
        .collect();
    let of_loads = |request: &&recording::network::Request| {
        loads.contains(network.hosts()[request.client].name.as_str())
    };
    let answered = network
        .requests()
        .iter()
        .filter(of_loads)
        .filter(|request| matches!(request.end, Some((_, recording::network::Fate::Answered))))
        .count();
    let said = raw
        .iter()
        .filter(|event| {
            matches!(
                event.kind,
                EventKind::RequestEnded {
                    outcome: RequestOutcome::Status(_),
                    ..
                }
            )
        })
        .count();
    assert_eq!(answered, said);

    // Whatever is not asked by a load is asked for the sake of one of its requests.
    let mut calls = 0;
    for (number, request) in network.requests().iter().enumerate() {
        if !network.is_request(number) || of_loads(&request) {
            continue;
        }
        calls += 1;
        let parent = request.parent.expect("a server asks for somebody's sake");
        assert_eq!(network.request(parent).server, request.client);
        assert!(network.request(parent).sent < request.sent);
    }
    assert!(calls > 10, "the shop asks the bank");
}

/// Each answer of Node's goes back to its question by causes alone, and what a request led to lies between.
#[test]
fn an_answer_leads_back_to_its_question() {
    let (_, recording) = recorded("two-hosts");
    let network = recording.network();
    let mut found = 0;
    for request in network.requests() {
        let (Some(question), Some(answer)) = (request.question, request.answer) else {
            continue;
        };
        found += 1;
        let asked = network
            .packet(question)
            .expect("it was sent")
            .left
            .expect("it arrives");
        let mut at = network.packet(answer).expect("it was sent").sent;
        while at > asked {
            at = recording
                .event(at)
                .and_then(|event| event.cause)
                .expect("a cause");
        }
        assert_eq!(at, asked);
        assert!(!request.tasks.is_empty());
        let syn = recording.events().iter().any(|event| {
            matches!(
                event.kind,
                EventKind::PacketSent {
                    content: PacketContent::Syn,
                    ..
                }
            )
        });
        assert!(syn);
    }
    assert_eq!(found, 1);
}
