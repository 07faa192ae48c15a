//! Messages between lifelines against the packets of the trace, and time that only goes down.

use std::collections::BTreeSet;

use protocol::{EventKind, trace::PacketContent};
use recording::{Recording, fixture, sequence::STEP_MIN_PX};

#[test]
fn every_packet_that_says_something_is_a_message() {
    for seed in 0..4 {
        let events = fixture::exchanges(60, seed);
        let recording = Recording::from_events(events.clone());
        let sequence = recording.sequence(None);
        let told: usize = sequence.messages.iter().map(|message| message.count).sum();
        let sent = events.iter().filter(|event| {
            matches!(&event.kind, EventKind::PacketSent { content, .. }
                if !matches!(content, PacketContent::Ack | PacketContent::Window))
        });
        assert_eq!(told + sequence.more, sent.count(), "seed {seed}");
        let bytes: u64 = sequence.messages.iter().map(|message| message.bytes).sum();
        assert!(bytes > 0);
    }
}

#[test]
fn a_message_goes_from_the_lifeline_of_its_sender_to_that_of_its_reader() {
    let recording = Recording::from_events(fixture::exchanges(60, 2));
    let network = recording.network();
    let sequence = recording.sequence(None);
    for message in &sequence.messages {
        let packet = network.packet(message.packet).unwrap();
        let link = &network.links()[packet.link];
        let (from, to) = (&sequence.lives[message.from], &sequence.lives[message.to]);
        assert_eq!((from.host, to.host), (link.from, link.to));
        assert!(message.left_ns >= message.sent_ns);
    }
    let names: BTreeSet<&str> = sequence
        .lives
        .iter()
        .map(|life| life.name.as_str())
        .collect();
    assert_eq!(names.len(), sequence.lives.len(), "each once");
}

#[test]
fn later_is_lower_and_a_place_leads_back_to_its_time() {
    for seed in 0..4 {
        let recording = Recording::from_events(fixture::exchanges(80, seed));
        let sequence = recording.sequence(None);
        let mut times: Vec<u64> = sequence
            .messages
            .iter()
            .flat_map(|message| [message.sent_ns, message.left_ns])
            .collect();
        times.sort_unstable();
        times.dedup();
        for pair in times.windows(2) {
            let (before, after) = (sequence.y_px(pair[0]), sequence.y_px(pair[1]));
            assert!(
                after >= before + STEP_MIN_PX - 1e-6,
                "{pair:?}: {before} {after}"
            );
        }
        for time_ns in &times {
            let back_ns = sequence.time_ns(sequence.y_px(*time_ns));
            assert!(back_ns.abs_diff(*time_ns) <= 1, "{time_ns} {back_ns}");
        }
        assert!(sequence.y_px(u64::MAX) <= sequence.height_px());
    }
}

#[test]
fn a_window_has_all_that_meets_it() {
    let recording = Recording::from_events(fixture::exchanges(200, 1));
    let sequence = recording.sequence(None);
    let height_px = sequence.height_px();
    let mut seen = BTreeSet::new();
    let mut from_px = 0.0;
    while from_px < height_px {
        for (at, message) in sequence.messages_in(from_px, from_px + 500.0) {
            assert!(sequence.y_px(message.left_ns) >= from_px - 1.0);
            assert!(sequence.y_px(message.sent_ns) <= from_px + 501.0);
            seen.insert(at);
        }
        from_px += 500.0;
    }
    assert_eq!(seen.len(), sequence.messages.len());
}

#[test]
fn of_one_request_only_its_own_is_told() {
    let recording = Recording::from_events(fixture::exchanges(60, 3));
    let network = recording.network();
    let all: usize = recording.sequence(None).messages.len();
    let mut told = 0;
    for request in recording.requests_by("", Default::default(), false) {
        let sequence = recording.sequence(Some(request));
        assert!(!sequence.messages.is_empty());
        for message in &sequence.messages {
            assert_eq!(network.root(message.request.unwrap()), request);
        }
        told += sequence.messages.len();
    }
    assert!(told <= all && told > 60);
}

#[test]
fn an_empty_recording_has_no_lifelines() {
    let sequence = Recording::new().sequence(None);
    assert!(sequence.lives.is_empty() && sequence.messages.is_empty());
    assert_eq!(sequence.height_px(), 0.0);
}
