//! Everything shown equals the trace: more than fifty recordings of real runs are looked at at twenty moments each. What
//! the page would draw of them is held against what `replay` finds in the raw events, which shares no code with it.

use std::collections::BTreeMap;

use protocol::{Event, Record};
use recording::{
    Handed, InOrder, Lane, Recording,
    metrics::{Measures, Metric, Requests, Windows},
    network::Fate,
    waterfall::Bar,
};
use tests::jar;

use self::replay::{
    Source, in_order,
    loops::{self, Loops, QUEUES},
    measures::{self, Asked, Told},
    network::{self, Network},
    sources,
};

mod replay;

const MOMENTS: usize = 20;
const ALL: usize = usize::MAX;
/// As the loop's view has it.
const CARDS_MAX: usize = 8;

/// The differences, so that all of them are told at once.
struct Differences<'a> {
    of: &'a str,
    said: Vec<String>,
    checked: usize,
}

impl Differences<'_> {
    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: impl Fn() -> String,
        shown: T,
        is: T,
    ) {
        self.checked += 1;
        if shown != is {
            let text = |value: &T| format!("{value:?}").chars().take(300).collect::<String>();
            self.said.push(format!(
                "{}: {}: shown {}, is {}",
                self.of,
                what(),
                text(&shown),
                text(&is)
            ));
        }
    }
}

#[test]
fn everything_shown_equals_the_trace() {
    let mut jar = jar();
    let sources = sources();
    assert!(sources.len() >= 50, "{} recordings", sources.len());
    let mut said = Vec::new();
    let (mut events, mut checked) = (0, 0);
    for source in &sources {
        let raw = run(&mut jar, source);
        let recording = recorded(&raw);
        events += raw.len();
        let mut differences = Differences {
            of: &source.name,
            said: Vec::new(),
            checked: 0,
        };
        compare(&raw, &recording, &mut differences);
        checked += differences.checked;
        // The first of them say which kind it is.
        let more = differences.said.len().saturating_sub(6);
        said.extend(differences.said.into_iter().take(6));
        if more > 0 {
            said.push(format!("{}: and {more} more", source.name));
        }
    }
    println!(
        "{} recordings of {events} events, {checked} comparisons",
        sources.len()
    );
    assert!(said.is_empty(), "\n{}", said.join("\n"));
}

fn run(jar: &mut terrarium::Jar, source: &Source) -> Vec<Event> {
    assert_eq!(source.scenario.record, Record::All);
    let mut raw = Vec::new();
    jar.run(&source.scenario, |events| raw.extend(events))
        .unwrap_or_else(|error| panic!("{}: {error}", source.name));
    raw
}

/// As the page takes it in: in batches, put in order.
fn recorded(raw: &[Event]) -> Recording {
    let mut order = InOrder::default();
    let mut recording = Recording::new();
    let mut taken = Vec::new();
    for batch in raw.chunks(1_000) {
        taken.extend_from_slice(batch);
        match order.push(batch.to_vec()) {
            Handed::Next(next) => recording.push(next),
            Handed::Anew(_) => {
                recording = Recording::new();
                let Handed::Next(next) = order.push(taken.clone()) else {
                    panic!("it begins anew for ever");
                };
                recording.push(next);
            }
        }
    }
    recording.push(order.finish());
    recording.finish();
    recording
}

fn compare(raw: &[Event], recording: &Recording, differences: &mut Differences) {
    let events = in_order(raw);
    if recording.events() != events {
        let at = events
            .iter()
            .zip(recording.events())
            .position(|(is, shown)| is != shown);
        differences.said.push(format!(
            "{}: events are in another order from {at:?}",
            differences.of
        ));
        return;
    }
    let network = Network::of(&events);
    compare_requests(recording, &network, &events, differences);
    let asked = Exchanges {
        of_loads: measures::of_loads(&events),
        sent: measures::of_network(&network, &events),
    };
    let measures = Measures::new(recording);
    compare_charts(recording, &measures, &asked, differences);
    let moments: Vec<usize> = recording.moments().map(|event| event as usize).collect();
    differences.compare(
        || "moments".to_owned(),
        moments.len(),
        moments_among(&events),
    );
    for number in 0..MOMENTS {
        let event = moments[(moments.len() - 1) * number / (MOMENTS - 1)];
        compare_loops(
            recording,
            &Loops::after(&events[..=event]),
            &events,
            event,
            differences,
        );
        compare_network(recording, &network, event, differences);
        let time_ns = events[event].time_ns;
        // Of the time itself all has happened that happens at it.
        let after = events.partition_point(|event| event.time_ns <= time_ns);
        compare_measures(
            recording,
            &measures,
            &asked,
            &network,
            &events,
            after,
            differences,
        );
    }
}

fn moments_among(events: &[Event]) -> usize {
    let moments = events.iter().filter(|event| event.kind.is_moment());
    moments.count()
}

// --- loops ---

fn compare_loops(
    recording: &Recording,
    loops: &Loops,
    events: &[Event],
    event: usize,
    differences: &mut Differences,
) {
    let now_ns = events[event].time_ns;
    for (process, is) in &loops.0 {
        let at = |what: &str| format!("process {process} after event {event}: {what}");
        let shown = recording.state_at(*process, event as u64, ALL);
        let tasks = |all: &[recording::TaskIndex]| -> Vec<u64> {
            all.iter()
                .map(|index| recording.task(*index).task)
                .collect()
        };
        for (lane, name) in Lane::ALL.into_iter().zip(QUEUES) {
            let waiting = shown.waiting(lane);
            let queue = is.queue(name);
            differences.compare(
                || at(&format!("how many are in {name}")),
                waiting.count,
                queue.len(),
            );
            differences.compare(|| at(name), tasks(&waiting.first), queue.clone());
            let few = recording.state_at(*process, event as u64, CARDS_MAX);
            let first: Vec<u64> = queue.into_iter().take(CARDS_MAX).collect();
            differences.compare(
                || at(&format!("the first of {name}")),
                tasks(&few.waiting(lane).first),
                first,
            );
            differences.compare(
                || at("more of them"),
                few.waiting(lane).more(),
                waiting.count.saturating_sub(CARDS_MAX),
            );
        }
        let running = shown.running.map(|index| recording.task(index).task);
        differences.compare(|| at("running"), running, is.running.last().copied());
        differences.compare(|| at("phase"), shown.phase, is.phase);
        differences.compare(|| at("turn"), shown.turn, is.turn);
        let asleep = shown
            .asleep
            .map(|asleep| (asleep.since_ns, asleep.until_ns));
        differences.compare(|| at("asleep"), asleep, is.asleep);
        differences.compare(
            || at("ended"),
            shown.ended.map(|ended| (ended.code, ended.reason)),
            is.ended,
        );
        differences.compare(|| at("how many ran"), shown.ran_count, is.ran);
        let stack: Vec<(u32, u32)> = shown
            .stack
            .iter()
            .map(|call| (call.function, call.line))
            .collect();
        let mut expected: Vec<(u32, u32)> = is
            .stack
            .iter()
            .map(|frame| (frame.function, frame.line))
            .collect();
        if let (Some(task), true) = (is.running.last(), expected.is_empty()) {
            expected.push((is.tasks[task].function, 0));
        }
        differences.compare(|| at("stack"), stack, expected);
        let pool = recording.pool_at(*process, event as u64);
        let (threads, waiting) = is.pool(now_ns);
        let work = |work: &recording::Work| (work.event, work.begins_ns, work.ends_ns);
        let of = |work: &loops::Work| (work.event, work.begins_ns, work.ends_ns);
        let shown: Vec<_> = pool
            .threads
            .iter()
            .map(|thread| thread.as_ref().map(work))
            .collect();
        let busy: Vec<_> = threads
            .iter()
            .map(|thread| thread.as_ref().map(of))
            .collect();
        differences.compare(|| at("threads"), shown, busy);
        let shown: Vec<_> = pool.waiting.iter().map(work).collect();
        let waits: Vec<_> = waiting.iter().map(of).collect();
        differences.compare(|| at("work that waits"), shown, waits);
    }
}

// --- the network ---

fn compare_network(
    recording: &Recording,
    is: &Network,
    event: usize,
    differences: &mut Differences,
) {
    let at = |what: &str| format!("after event {event}: {what}");
    let shown = recording.network();
    let time_ns = recording.time_ns(event as u64);
    /// Its number, whether the client sent it, and its bytes.
    type Drawn = (u64, bool, u64);
    let mut flying: BTreeMap<(&str, &str), Vec<Drawn>> = BTreeMap::new();
    for packet in is.flying(event) {
        let on_way = flying.entry(is.way(packet)).or_default();
        on_way.push((packet.number, packet.from_client, packet.bytes));
    }
    let mut links = 0;
    for (number, link) in shown.links().iter().enumerate() {
        let name = |host: usize| shown.hosts()[host].name.as_str();
        let way = (name(link.from), name(link.to));
        links += usize::from(!shown.packets_of(number).is_empty());
        let travelling = recording.travelling(number, event as u64, time_ns, ALL);
        let drawn: Vec<Drawn> = travelling
            .iter()
            .map(|packet| (packet.packet, packet.from_client, packet.bytes))
            .collect();
        let on_way = flying.remove(&way).unwrap_or_default();
        differences.compare(
            || at(&format!("count on {way:?}")),
            shown.in_flight_count(number, event as u64),
            on_way.len(),
        );
        differences.compare(|| at(&format!("packets on {way:?}")), drawn, on_way);
    }
    differences.compare(|| at("packets on no link"), 0, flying.len());
    differences.compare(|| at("links"), links, is.ways().len());
    for (number, host) in shown.hosts().iter().enumerate() {
        let open = shown.connections_open(number, event as u64);
        differences.compare(
            || at(&format!("connections at {}", host.name)),
            open,
            is.open_at(&host.name, event),
        );
    }
    let counts = shown.counts(event as u64);
    let [sent, answered, failed, in_flight] = is.counts(event);
    differences.compare(
        || at("requests sent, answered, failed, under way"),
        [
            counts.sent,
            counts.answered,
            counts.failed,
            counts.in_flight,
        ],
        [sent, answered, failed, in_flight],
    );
    differences.compare(
        || at("conservation"),
        counts.sent,
        counts.answered + counts.failed + counts.in_flight,
    );
    differences.compare(
        || at("those under way"),
        shown.requests_in_flight(event as u64, ALL).len(),
        in_flight,
    );
}

fn compare_requests(
    recording: &Recording,
    is: &Network,
    events: &[Event],
    differences: &mut Differences,
) {
    let shown = recording.network();
    let name = |host: usize| shown.hosts()[host].name.clone();
    let real = (0..shown.requests().len()).filter(|request| shown.is_request(*request));
    let mut requests: Vec<(usize, network::Request)> = real
        .map(|number| {
            let request = shown.request(number);
            let told = network::Request {
                begun: request.sent as usize,
                connection: request.connection,
                end: request.end.map(|(event, fate)| {
                    let fate = match fate {
                        Fate::Answered => network::Fate::Answered,
                        Fate::Refused => network::Fate::Refused,
                        Fate::CutShort => network::Fate::CutShort,
                        Fate::GivenUp => network::Fate::GivenUp,
                    };
                    (event as usize, fate)
                }),
                question: request.question,
                answer: request.answer,
                status: request
                    .answer
                    .and_then(|answer| recording.message(answer)?.status),
                client: name(request.client),
                server: name(request.server),
            };
            (number, told)
        })
        .collect();
    requests.sort_by(|(_, one), (_, other)| one.cmp(other));
    differences.compare(|| "requests".to_owned(), requests.len(), is.requests.len());
    for ((number, told), is) in requests.iter().zip(&is.requests) {
        differences.compare(|| format!("request {number}"), told, is);
        let Some((end, _)) = is.end else {
            continue;
        };
        // Its critical path has no gap, and is as long as the request.
        let (from_ns, to_ns) = (events[is.begun].time_ns, events[end].time_ns);
        let path = recording.critical_path(*number);
        let mut at_ns = from_ns;
        for span in &path {
            differences.compare(
                || format!("a gap in the path of request {number}"),
                span.from_ns,
                at_ns,
            );
            at_ns = span.to_ns;
        }
        differences.compare(
            || format!("end of the path of request {number}"),
            at_ns,
            to_ns,
        );
    }
    // The longest ones are those that are looked at.
    requests.sort_by_key(|(_, told)| {
        let end = told.end.map_or(events.len() - 1, |(end, _)| end);
        std::cmp::Reverse(events[end].time_ns - events[told.begun].time_ns)
    });
    for (number, told) in requests.iter().take(MOMENTS) {
        let waterfall = recording.waterfall(*number);
        let end = told.end.map_or(events.len() - 1, |(end, _)| end);
        let whole = (events[told.begun].time_ns, events[end].time_ns);
        differences.compare(
            || format!("waterfall of request {number}"),
            (waterfall.from_ns, waterfall.to_ns),
            whole,
        );
        let shares = recording.time_shares(&waterfall.path);
        let sum: u64 = shares.iter().map(|(_, length_ns)| length_ns).sum();
        if told.end.is_some() {
            differences.compare(
                || format!("shares of request {number}"),
                sum,
                whole.1 - whole.0,
            );
        }
        let outside = waterfall
            .rows
            .iter()
            .filter(|row| row.from_ns < whole.0 || row.to_ns > whole.1);
        for row in &waterfall.rows {
            let over = |pair: &&[Bar]| pair[0].to_ns > pair[1].from_ns;
            differences.compare(
                || format!("bars over each other of request {number}, {:?}", row.kind),
                row.bars.windows(2).find(over),
                None,
            );
        }
        differences.compare(
            || format!("rows outside of request {number}"),
            outside.count(),
            0,
        );
    }
}

// --- measures ---

struct Exchanges {
    of_loads: Vec<Asked>,
    sent: Vec<Asked>,
}

impl Exchanges {
    fn chosen<'a>(
        &'a self,
        requests: Requests,
        name: &'a str,
    ) -> Box<dyn Iterator<Item = &'a Asked> + 'a> {
        match requests {
            Requests::Loads => Box::new(self.of_loads.iter()),
            Requests::Load(_) => Box::new(
                self.of_loads
                    .iter()
                    .filter(move |asked| format!("load {}", asked.of) == name),
            ),
            Requests::Sent => Box::new(self.sent.iter()),
            Requests::To(_) => Box::new(
                self.sent
                    .iter()
                    .filter(move |asked| format!("those to {}", asked.of) == name),
            ),
        }
    }
}

fn compare_charts(
    recording: &Recording,
    measures: &Measures,
    asked: &Exchanges,
    differences: &mut Differences,
) {
    let end_ns = recording.end_ns();
    for (requests, name) in measures.choices() {
        let summary = measures.summary(requests, None);
        let first_ns = asked
            .chosen(requests, &name)
            .map(|asked| asked.begun_ns)
            .min()
            .unwrap_or(0);
        let is = Told::of(asked.chosen(requests, &name), first_ns, end_ns);
        differences.compare(|| format!("summary of {name}"), told(&summary), is);
        let windows = Windows::between(0, end_ns + 1, end_ns / MOMENTS as u64 + 1, &[]);
        let chart = |metric| measures.chart(metric, requests, &windows);
        let [throughput, errors, latency] =
            [Metric::Throughput, Metric::Errors, Metric::Latency].map(chart);
        for (number, (from_ns, to_ns)) in windows.iter().enumerate() {
            let at = |what: &str| format!("{what} of {name} from {from_ns} to {to_ns} ns");
            let ended = measures::ended_within(asked.chosen(requests, &name), from_ns, to_ns);
            let count = |wanted| ended.iter().filter(|(_, result)| *result == wanted).count();
            let (refused, failed) = (
                count(measures::Result::Refused),
                count(measures::Result::Failed),
            );
            let (answered, wrong) = (ended.len() - failed, refused + failed);
            let rate = |count: usize| {
                (count as u128 * 3_600_000 * 1_000_000_000 / u128::from(to_ns - from_ns)) as u64
            };
            differences.compare(
                || at("throughput"),
                throughput.rows[0].lines[0].values[number],
                Some(rate(answered)),
            );
            differences.compare(
                || at("errors"),
                errors.rows[0].lines[0].values[number],
                Some(rate(wrong)),
            );
            let took: Vec<u64> = ended.iter().map(|(took_ns, _)| *took_ns).collect();
            for (line, permille) in [500, 950, 990].into_iter().enumerate() {
                let is = (!took.is_empty()).then(|| measures::smallest(&took, permille));
                differences.compare(
                    || at(&format!("p{permille}")),
                    latency.rows[0].lines[line].values[number],
                    is,
                );
            }
        }
    }
}

fn told(report: &protocol::load::LoadReport) -> Told {
    let latency = &report.latency;
    Told {
        sent: report.sent,
        answered: report.answered,
        failed: report.failed,
        in_flight: report.in_flight,
        percentiles_ns: [
            latency.min_ns,
            latency.p50_ns,
            latency.p90_ns,
            latency.p95_ns,
            latency.p99_ns,
            latency.p999_ns,
            latency.max_ns,
        ],
        mean_ns: latency.mean_ns,
        throughput: report.throughput,
    }
}

/// At a time, after all events of it.
fn compare_measures(
    recording: &Recording,
    measures: &Measures,
    asked: &Exchanges,
    network: &Network,
    events: &[Event],
    after: usize,
    differences: &mut Differences,
) {
    let time_ns = events[after - 1].time_ns;
    let at = |what: &str| format!("at {time_ns} ns: {what}");
    for (requests, name) in measures.choices() {
        let summary = measures.summary(requests, Some((0, time_ns)));
        let is = Told::of(asked.chosen(requests, &name), 0, time_ns);
        differences.compare(|| at(&format!("summary of {name}")), told(&summary), is);
        let under_way = asked.chosen(requests, &name).filter(|asked| {
            asked.begun_ns <= time_ns && asked.end.is_none_or(|(end_ns, _)| end_ns > time_ns)
        });
        let shown = measures.at(Metric::UnderWay, requests, time_ns);
        differences.compare(
            || at(&format!("under way, {name}")),
            shown,
            Some(vec![under_way.count() as u64 * 1_000_000]),
        );
    }
    let loops = Loops::after(&events[..after]);
    let whole = Windows::between(0, recording.end_ns() + 1, recording.end_ns() + 1, &[]);
    let mut compare = |metric: Metric, is: BTreeMap<String, u64>| {
        let rows = measures.chart(metric, Requests::Sent, &whole).rows;
        let values = measures
            .at(metric, Requests::Sent, time_ns)
            .expect("it is one of a moment");
        let shown: BTreeMap<String, u64> = rows
            .iter()
            .map(|row| row.name.clone())
            .zip(values)
            .collect();
        differences.compare(|| at(metric.name()), shown.len(), rows.len());
        for (name, value) in &shown {
            differences.compare(
                || at(&format!("{} of {name}", metric.name())),
                Some(*value),
                Some(is.get(name).copied().unwrap_or(0)),
            );
        }
        for name in is
            .iter()
            .filter(|(_, value)| **value > 0)
            .map(|(name, _)| name)
        {
            differences.compare(
                || at(&format!("{} of {name} is there", metric.name())),
                shown.contains_key(name),
                true,
            );
        }
    };
    let name = |process: u32| recording.process_name(process);
    let programs = || loops.0.iter().filter(|(_, state)| state.is_there);
    let lags = programs().map(|(process, state)| {
        let lag_ns = loops::lag_ns(
            state,
            *process,
            time_ns,
            &events[after..],
            recording.end_ns(),
        );
        (name(*process), lag_ns)
    });
    compare(Metric::Lag, lags.collect());
    let mut busy: BTreeMap<String, u64> = BTreeMap::new();
    let mut pools: BTreeMap<String, u64> = BTreeMap::new();
    let mut heaps: BTreeMap<String, u64> = BTreeMap::new();
    let mut queues: BTreeMap<String, u64> = measures::waiting_at_services(&events[..after]);
    for (process, state) in programs() {
        *busy.entry(state.host.clone()).or_default() +=
            u64::from(!state.running.is_empty()) * 1_000_000;
        let (threads, waiting) = state.pool(time_ns);
        pools.insert(
            format!("{}, at work", name(*process)),
            threads.iter().flatten().count() as u64 * 1_000_000,
        );
        pools.insert(
            format!("{}, waiting", name(*process)),
            waiting.len() as u64 * 1_000_000,
        );
        heaps.insert(name(*process), state.heap_bytes * 1_000_000);
        queues.insert(name(*process), state.could_run(time_ns) * 1_000_000);
    }
    compare(Metric::Cpu, busy);
    compare(Metric::Memory, heaps);
    compare(Metric::Pool, pools);
    compare(Metric::Queues, queues);
    let flying = network.flying(after - 1).len() as u64 * 1_000_000;
    compare(Metric::Packets, [("all links".to_owned(), flying)].into());
    let hosts = recording.network().hosts().iter();
    let open = hosts.map(|host| {
        (
            host.name.clone(),
            network.open_at(&host.name, after - 1) as u64 * 1_000_000,
        )
    });
    compare(Metric::Connections, open.collect());
}
