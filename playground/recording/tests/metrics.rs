//! Every metric against an independent computation from the events themselves: nothing but the trace is used, and
//! everything is found by looking at all of it again.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Event, EventKind, Phase, Queue, load::RequestOutcome, trace::PacketContent};
use recording::{
    Recording, fixture,
    metrics::{Measures, Metric, Requests, Windows},
};

/// Someone, or something, is there from a moment until before another.
type Stay = (u64, u64);
/// When a request ended, and what came.
type End = Option<(u64, Came)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Answer,
    /// With a status of 400 and above.
    Error,
    Nothing,
}

#[derive(Default)]
struct Naive {
    end_ns: u64,
    /// Of which load or to which host, when it begins, and its end.
    of_loads: Vec<(u32, u64, End)>,
    sent: Vec<(String, u64, End)>,
    gauges: BTreeMap<(&'static str, String), Vec<Stay>>,
    /// Of each process: when its loop asks, and whether it sleeps from then on.
    loops: BTreeMap<u32, Vec<(u64, bool)>>,
}

/// Of each program: when it started, and when it ended.
fn lives(events: &[Event]) -> BTreeMap<u32, (u64, u64, String)> {
    let mut lives = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::ProcessStarted { host, .. } => {
                lives.insert(event.process, (event.time_ns, u64::MAX, host.clone()));
            }
            EventKind::ProcessExited { .. } => {
                lives.get_mut(&event.process).unwrap().1 = event.time_ns;
            }
            _ => {}
        }
    }
    lives
}

/// The first event that is as wanted.
fn first(events: &[Event], wanted: impl Fn(&EventKind) -> bool) -> Option<u64> {
    let found = events.iter().find(|event| wanted(&event.kind));
    found.map(|event| event.time_ns)
}

impl Naive {
    fn new(events: &[Event]) -> Self {
        let mut naive = Self {
            end_ns: events.last().map_or(0, |event| event.time_ns),
            ..Self::default()
        };
        let lives = lives(events);
        for (process, (_, _, host)) in &lives {
            naive.gauges.entry(("cpu", host.clone())).or_default();
            naive
                .gauges
                .entry(("queue", process.to_string()))
                .or_default();
        }
        for (at, event) in events.iter().enumerate() {
            let (now_ns, later) = (event.time_ns, &events[at..]);
            let life = lives.get(&event.process);
            let until_ns = life.map_or(u64::MAX, |life| life.1);
            let of = event.process.to_string();
            match &event.kind {
                EventKind::RequestBegun { request, load, .. } => {
                    let end = later.iter().find_map(|event| match event.kind {
                        EventKind::RequestEnded {
                            request: ended,
                            outcome,
                        } if ended == *request => {
                            let came = match outcome {
                                RequestOutcome::Status(0..400) => Came::Answer,
                                RequestOutcome::Status(_) => Came::Error,
                                _ => Came::Nothing,
                            };
                            Some((event.time_ns, came))
                        }
                        _ => None,
                    });
                    naive.of_loads.push((*load, now_ns, end));
                }
                EventKind::WorkQueued { work, .. } => {
                    let taken = first(
                        later,
                        |kind| matches!(kind, EventKind::WorkStarted { work: other } | EventKind::WorkEnded { work: other, .. } if other == work),
                    );
                    naive.stay(
                        "queue",
                        "service".to_owned(),
                        now_ns,
                        taken.unwrap_or(u64::MAX),
                    );
                }
                EventKind::PoolWorkQueued {
                    begins_ns, ends_ns, ..
                } => {
                    let (begins_ns, ends_ns) =
                        ((*begins_ns).min(until_ns), (*ends_ns).min(until_ns));
                    naive.stay("waiting", of.clone(), now_ns, begins_ns);
                    naive.stay("at work", of, begins_ns, ends_ns);
                }
                EventKind::TaskQueued {
                    task,
                    queue,
                    due_ns,
                    ..
                    // What poll has is not there yet.
                } if life.is_some() && *queue != Queue::Poll => {
                    let mine: Vec<Event> = later
                        .iter()
                        .filter(|other| other.process == event.process)
                        .cloned()
                        .collect();
                    let left = first(
                        &mine,
                        |kind| matches!(kind, EventKind::TaskStarted { task: other } | EventKind::TaskCancelled { task: other } if other == task),
                    );
                    let from_ns = match queue {
                        Queue::Timers => now_ns.max(due_ns.unwrap_or(0)),
                        _ => now_ns,
                    };
                    naive.stay("queue", of, from_ns, left.unwrap_or(until_ns));
                }
                EventKind::TaskStarted { .. } if life.is_some() => {
                    // Only the outermost: one that begins while none runs, until none runs any more.
                    let depth = |upto: usize| {
                        let before = events[..upto]
                            .iter()
                            .filter(|other| other.process == event.process);
                        before.fold(0_i64, |depth, other| match other.kind {
                            EventKind::TaskStarted { .. } => depth + 1,
                            EventKind::TaskEnded { .. } => depth - 1,
                            EventKind::ProcessExited { .. } => 0,
                            _ => depth,
                        })
                    };
                    if depth(at) == 0 {
                        let end = (at + 1..events.len()).find(|upto| depth(upto + 1) == 0);
                        let end_ns = end.map_or(u64::MAX, |end| events[end].time_ns);
                        naive.stay("cpu", life.unwrap().2.clone(), now_ns, end_ns);
                    }
                }
                EventKind::ProcessStarted { .. } => naive.asks(event, false),
                EventKind::PhaseEntered {
                    phase: Phase::Poll, ..
                }
                | EventKind::PollWoke => naive.asks(event, false),
                EventKind::PollSlept { .. } | EventKind::ProcessExited { .. } => {
                    naive.asks(event, true)
                }
                EventKind::ConnectionBegun {
                    connection,
                    client,
                    server,
                } => {
                    naive.connection(later, *connection, &client.host, &server.host, now_ns);
                }
                EventKind::PacketSent { packet, .. } => {
                    let gone = first(
                        later,
                        |kind| matches!(kind, EventKind::PacketArrived { packet: other } | EventKind::PacketLost { packet: other } if other == packet),
                    );
                    naive.stay("packets", String::new(), now_ns, gone.unwrap_or(u64::MAX));
                }
                _ => {}
            }
        }
        naive
    }

    fn asks(&mut self, event: &Event, then_sleeps: bool) {
        let times = self.loops.entry(event.process).or_default();
        times.push((event.time_ns, then_sleeps));
    }

    fn stay(&mut self, what: &'static str, whose: String, from_ns: u64, until_ns: u64) {
        self.gauges
            .entry((what, whose))
            .or_default()
            .push((from_ns, until_ns));
    }

    /// In these traces each connection carries one question at most.
    fn connection(
        &mut self,
        later: &[Event],
        connection: u64,
        client: &str,
        server: &str,
        now_ns: u64,
    ) {
        let mut packets = BTreeMap::new();
        let (mut asked, mut fins, mut over_ns) = (false, 0, u64::MAX);
        let (mut end, mut came) = (None, Came::Answer);
        for event in later {
            match &event.kind {
                EventKind::PacketSent {
                    packet,
                    connection: of,
                    from_client,
                    content,
                    head,
                    ..
                } if *of == connection => {
                    packets.insert(*packet, (*from_client, *content));
                    asked |= *from_client && *content == PacketContent::Data;
                    if let Some(status) = head.strip_prefix(b"HTTP/1.1 ") {
                        came = match status[0] {
                            b'1'..=b'3' => Came::Answer,
                            _ => Came::Error,
                        };
                    }
                }
                EventKind::PacketArrived { packet } => match packets.get(packet) {
                    Some((false, PacketContent::Data)) => end = Some((event.time_ns, came)),
                    Some((_, PacketContent::Refusal)) => {
                        over_ns = over_ns.min(event.time_ns);
                        end = Some((event.time_ns, Came::Nothing));
                        asked = true;
                    }
                    Some((_, PacketContent::Reset)) => {
                        over_ns = over_ns.min(event.time_ns);
                        end = end.or(Some((event.time_ns, Came::Nothing)));
                    }
                    Some((_, PacketContent::Fin)) => {
                        fins += 1;
                        if fins == 2 {
                            over_ns = over_ns.min(event.time_ns);
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if asked {
            self.sent.push((server.to_owned(), now_ns, end));
        }
        for host in [client, server] {
            self.stay("connections", host.to_owned(), now_ns, over_ns);
        }
    }

    fn requests(&self, requests: Requests, hosts: &[String]) -> Vec<(u64, End)> {
        let loads = self.of_loads.iter();
        let sent = self.sent.iter();
        match requests {
            Requests::Loads => loads.map(|(_, begun, end)| (*begun, *end)).collect(),
            Requests::Load(load) => loads
                .filter(|(of, ..)| *of == load + 1)
                .map(|(_, begun, end)| (*begun, *end))
                .collect(),
            Requests::Sent => sent.map(|(_, begun, end)| (*begun, *end)).collect(),
            Requests::To(host) => sent
                .filter(|(to, ..)| *to == hosts[host])
                .map(|(_, begun, end)| (*begun, *end))
                .collect(),
        }
    }

    fn lag(&self, process: u32, time_ns: u64) -> u64 {
        let times = &self.loops[&process];
        let Some((_, sleeps)) = times.iter().rfind(|(at_ns, _)| *at_ns <= time_ns) else {
            return 0;
        };
        if *sleeps {
            return 0;
        }
        let next = times.iter().find(|(at_ns, _)| *at_ns > time_ns);
        next.map_or(self.end_ns.max(time_ns), |(at_ns, _)| *at_ns) - time_ns
    }
}

fn there(stays: &[Stay], time_ns: u64) -> u64 {
    let there = stays
        .iter()
        .filter(|(from_ns, until_ns)| *from_ns <= time_ns && time_ns < *until_ns);
    there.count() as u64
}

/// Moments at which anything may change within a window, its beginning among them.
fn moments(stays: &[Stay], from_ns: u64, to_ns: u64) -> BTreeSet<u64> {
    let edges = stays.iter().flat_map(|stay| [stay.0, stay.1]);
    edges
        .chain([from_ns])
        .filter(|at_ns| (from_ns..to_ns).contains(at_ns))
        .collect()
}

fn gauge(stays: &[Stay], from_ns: u64, to_ns: u64) -> (u64, u64) {
    let at: Vec<u64> = moments(stays, from_ns, to_ns).into_iter().collect();
    let most = at.iter().map(|at_ns| there(stays, *at_ns)).max().unwrap();
    let ends = at.iter().skip(1).chain([&to_ns]);
    let area: u128 = at
        .iter()
        .zip(ends)
        .map(|(from_ns, to_ns)| u128::from(there(stays, *from_ns)) * u128::from(to_ns - from_ns))
        .sum();
    (
        most * 1_000_000,
        (area * 1_000_000 / u128::from(to_ns - from_ns)) as u64,
    )
}

/// The smallest that so many of a hundred do not exceed.
fn percentile(latencies: &[u64], of_hundred: u64) -> Option<u64> {
    let is_enough = |limit: &&u64| {
        let count = latencies.iter().filter(|latency| latency <= limit).count() as u64;
        count * 100 >= of_hundred * latencies.len() as u64
    };
    latencies.iter().filter(is_enough).min().copied()
}

fn per_second(count: usize, length_ns: u64) -> u64 {
    (count as u128 * 3_600_000 * 1_000_000_000 / u128::from(length_ns)) as u64
}

/// Splits a recording at such lengths, at awkward places too.
fn windows(end_ns: u64) -> Vec<Windows> {
    let end_ns = end_ns.max(9);
    vec![
        Windows::between(0, end_ns + 1, end_ns / 23 + 1, &[]),
        Windows::between(end_ns / 3, end_ns * 2 / 3, end_ns / 50 + 1, &[]),
        Windows::between(
            end_ns / 7,
            end_ns,
            end_ns / 9 + 1,
            &[(end_ns / 4, end_ns / 2)],
        ),
    ]
}

fn compare(events: Vec<Event>, name: &str) {
    let naive = Naive::new(&events);
    let recording = Recording::from_events(events);
    let measures = Measures::new(&recording);
    let hosts: Vec<String> = recording
        .network()
        .hosts()
        .iter()
        .map(|host| host.name.clone())
        .collect();
    let mut all = vec![Requests::Loads, Requests::Sent];
    all.extend(measures.choices().into_iter().map(|(requests, _)| requests));
    for windows in windows(naive.end_ns) {
        for requests in &all {
            compare_requests(&naive, &measures, *requests, &hosts, &windows, name);
        }
        compare_gauges(&naive, &measures, &windows, name, &recording);
    }
}

fn compare_requests(
    naive: &Naive,
    measures: &Measures,
    requests: Requests,
    hosts: &[String],
    windows: &Windows,
    name: &str,
) {
    let expected = naive.requests(requests, hosts);
    let stays: Vec<Stay> = expected
        .iter()
        .map(|(begun, end)| (*begun, end.map_or(u64::MAX, |end| end.0)))
        .collect();
    let chart = |metric| measures.chart(metric, requests, windows);
    let heat = [true, false].map(|log| measures.heat_map(requests, windows, log));
    let [throughput, latency, errors, under_way] = [
        Metric::Throughput,
        Metric::Latency,
        Metric::Errors,
        Metric::UnderWay,
    ]
    .map(chart);
    if expected.is_empty() {
        assert!(
            [throughput, latency, errors, under_way]
                .iter()
                .all(|chart| chart.rows.is_empty())
        );
        return;
    }
    for (at, (from_ns, to_ns)) in windows.iter().enumerate() {
        let ended: Vec<(u64, Came)> = expected
            .iter()
            .filter_map(|(begun, end)| {
                end.filter(|(end_ns, _)| (from_ns..to_ns).contains(end_ns))
                    .map(|(end_ns, came)| (end_ns - begun, came))
            })
            .collect();
        let count = |wanted: Came| ended.iter().filter(|(_, came)| *came == wanted).count();
        let (answers, errors_sent) = (count(Came::Answer), count(Came::Error));
        let said = format!("{name}, {requests:?}, {from_ns}..{to_ns}");
        let value =
            |chart: &recording::metrics::Chart, line: usize| chart.rows[0].lines[line].values[at];
        assert_eq!(
            value(&throughput, 0),
            Some(per_second(answers + errors_sent, to_ns - from_ns)),
            "throughput, {said}"
        );
        assert_eq!(
            value(&errors, 0),
            Some(per_second(ended.len() - answers, to_ns - from_ns)),
            "errors, {said}"
        );
        let latencies: Vec<u64> = ended.iter().map(|(latency, _)| *latency).collect();
        for (line, of_hundred) in [50, 95, 99].into_iter().enumerate() {
            assert_eq!(
                value(&latency, line),
                percentile(&latencies, of_hundred),
                "p{of_hundred}, {said}"
            );
        }
        for heat in heat.iter().flatten() {
            let edges = &heat.edges_ns;
            for (cell, count) in heat.counts[at].iter().enumerate() {
                let is_top = cell + 2 == edges.len();
                let there = latencies.iter().filter(|latency| {
                    **latency >= edges[cell]
                        && (**latency < edges[cell + 1] || is_top && **latency == edges[cell + 1])
                });
                assert_eq!(
                    there.count(),
                    *count as usize,
                    "cell {cell} of {edges:?}, {said}"
                );
            }
            assert_eq!(
                heat.counts[at].iter().sum::<u32>() as usize,
                latencies.len(),
                "{said}"
            );
        }
        let (most, mean) = gauge(&stays, from_ns, to_ns);
        assert_eq!(
            (value(&under_way, 0), value(&under_way, 1)),
            (Some(most), Some(mean)),
            "under way, {said}"
        );
        let now = measures.at(Metric::UnderWay, requests, from_ns);
        assert_eq!(
            now,
            Some(vec![there(&stays, from_ns) * 1_000_000]),
            "under way, {said}"
        );
    }
    let range = windows.range();
    let summary = measures.summary(requests, Some((range.0, range.1 - 1)));
    let begun: Vec<_> = expected
        .iter()
        .filter(|(begun, _)| (range.0..range.1).contains(begun))
        .collect();
    let ended: Vec<u64> = begun
        .iter()
        .filter_map(|(begun, end)| {
            end.filter(|(end_ns, _)| *end_ns < range.1)
                .map(|(end_ns, _)| end_ns - begun)
        })
        .collect();
    assert_eq!(summary.sent as usize, begun.len());
    assert_eq!(
        summary.sent,
        summary.answered + summary.failed + summary.in_flight
    );
    assert_eq!(summary.latency.count as usize, ended.len());
    assert_eq!(summary.latency.p95_ns, percentile(&ended, 95).unwrap_or(0));
    assert_eq!(
        summary.latency.max_ns,
        ended.iter().copied().max().unwrap_or(0)
    );
    let all: u128 = ended.iter().map(|took_ns| u128::from(*took_ns)).sum();
    let mean = if ended.is_empty() {
        0
    } else {
        all / ended.len() as u128
    };
    assert_eq!(u128::from(summary.latency.mean_ns), mean);
}

fn compare_gauges(
    naive: &Naive,
    measures: &Measures,
    windows: &Windows,
    name: &str,
    recording: &Recording,
) {
    let none = Vec::new();
    let name_of = |process: &str| recording.process_name(process.parse().unwrap());
    let gauges = [
        (Metric::Connections, "connections"),
        (Metric::Packets, "packets"),
        (Metric::Queues, "queue"),
        (Metric::Pool, "at work"),
        (Metric::Pool, "waiting"),
        (Metric::Cpu, "cpu"),
    ];
    for (metric, what) in gauges {
        let chart = measures.chart(metric, Requests::Loads, windows);
        let mut compared = 0;
        for (number, row) in chart.rows.iter().enumerate() {
            let whose = naive.gauges.keys().find(|(of, whose)| {
                *of == what
                    && match metric {
                        Metric::Packets => true,
                        Metric::Connections | Metric::Cpu => *whose == row.name,
                        Metric::Pool => format!("{}, {what}", name_of(whose)) == row.name,
                        _ if whose == "service" => row.name == "stock at shelf",
                        _ => name_of(whose) == row.name,
                    }
            });
            let Some(key) = whose else { continue };
            let stays = naive.gauges.get(key).unwrap_or(&none);
            compared += 1;
            for (at, (from_ns, to_ns)) in windows.iter().enumerate() {
                let said = format!("{name}, {metric:?} of {}, {from_ns}..{to_ns}", row.name);
                let (most, mean) = gauge(stays, from_ns, to_ns);
                let values: Vec<_> = row
                    .lines
                    .iter()
                    .map(|line| line.values[at].unwrap())
                    .collect();
                match metric {
                    Metric::Cpu => assert_eq!(values, [mean], "{said}"),
                    _ => assert_eq!(values, [most, mean], "{said}"),
                }
                let now = measures.at(metric, Requests::Loads, from_ns).unwrap();
                assert_eq!(now[number], there(stays, from_ns) * 1_000_000, "{said}");
            }
        }
        let wanted = naive.gauges.keys().filter(|(of, _)| *of == what).count();
        assert_eq!(compared, wanted, "{name}: rows of {metric:?}, {what}");
    }
    let lag = measures.chart(Metric::Lag, Requests::Loads, windows);
    assert_eq!(lag.rows.len(), naive.loops.len());
    for (number, (process, times)) in naive.loops.iter().enumerate() {
        for (at, (from_ns, to_ns)) in windows.iter().enumerate() {
            let said = format!("{name}, lag of {process}, {from_ns}..{to_ns}");
            let within = times
                .iter()
                .map(|(at_ns, _)| *at_ns)
                .filter(|at_ns| (from_ns..to_ns).contains(at_ns));
            let most = within
                .chain([from_ns])
                .map(|at_ns| naive.lag(*process, at_ns))
                .max();
            assert_eq!(lag.rows[number].lines[0].values[at], most, "{said}");
            let now = measures.at(Metric::Lag, Requests::Loads, from_ns).unwrap();
            assert_eq!(now[number], naive.lag(*process, from_ns), "{said}");
        }
    }
}

#[test]
fn loads_equal_what_the_trace_says() {
    for seed in 0..12 {
        compare(fixture::under_load(60, seed), &format!("load {seed}"));
    }
}

#[test]
fn exchanges_equal_what_the_trace_says() {
    for seed in 0..8 {
        compare(fixture::exchanges(40, seed), &format!("exchanges {seed}"));
    }
}

#[test]
fn loops_equal_what_the_trace_says() {
    compare(fixture::what_runs_first(), "what runs first");
    compare(fixture::blocked_loop(), "blocked loop");
    for seed in 0..4 {
        compare(fixture::generated(600, seed), &format!("generated {seed}"));
    }
}

#[test]
fn a_part_of_a_recording_equals_what_it_says() {
    let events = fixture::under_load(60, 3);
    for length in [0, 1, 2, 9, events.len() / 2] {
        compare(events[..length].to_vec(), &format!("the first {length}"));
    }
    let events = fixture::exchanges(40, 3);
    compare(events[..events.len() / 2].to_vec(), "half of the exchanges");
}

#[test]
fn a_load_s_own_report_is_shown_where_there_is_one() {
    let events = fixture::under_load(60, 3);
    let lines = |events: Vec<Event>, range| {
        let recording = Recording::from_events(events);
        let measures = Measures::new(&recording);
        measures.reports(&recording, Requests::Load(0), range)[0]
            .lines
            .clone()
    };
    let recording = Recording::from_events(events.clone());
    let mut report = Measures::new(&recording).summary(Requests::Load(0), None);
    (report.name, report.from) = ("visitors 1".to_owned(), "world".to_owned());
    (report.connections, report.sent_bytes) = (7, 1_234);
    let with = fixture::reported(events.clone(), &report);
    let told: Vec<String> = report.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines(with.clone(), None), told);
    // Of a part of it, or before it is made, it says the same as far as it is known.
    let known = &told[..told.len() - 1];
    assert_eq!(lines(events, None), known);
    let range = Some((report.began_ns, report.ended_ns));
    assert_eq!(lines(with, range), known);
}
