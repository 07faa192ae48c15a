//! What is measured, from requests: lists of them, sorted and counted.

use std::collections::BTreeMap;

use protocol::{Event, EventKind, load::RequestOutcome};

use super::network::{Fate, Network};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    Answered,
    /// Answered with a status of 400 and above.
    Refused,
    Failed,
}

/// Something that was asked, when, and what came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub of: String,
    pub begun_ns: u64,
    pub end: Option<(u64, Result)>,
}

/// Requests of loads, as the loads tell of them.
pub fn of_loads(events: &[Event]) -> Vec<Asked> {
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    let mut asked: BTreeMap<u64, Asked> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::LoadBegun { load, name, .. } => {
                names.insert(*load, name.clone());
            }
            EventKind::RequestBegun { request, load, .. } => {
                if let Some(name) = names.get(load) {
                    let begun = Asked {
                        of: name.clone(),
                        begun_ns: event.time_ns,
                        end: None,
                    };
                    asked.insert(*request, begun);
                }
            }
            EventKind::RequestEnded { request, outcome } => {
                if let Some(asked) = asked.get_mut(request) {
                    let result = match outcome {
                        RequestOutcome::Status(400..) => Result::Refused,
                        RequestOutcome::Status(_) => Result::Answered,
                        _ => Result::Failed,
                    };
                    asked.end = Some((event.time_ns, result));
                }
            }
            _ => {}
        }
    }
    asked.into_values().collect()
}

/// Requests that travelled.
pub fn of_network(network: &Network, events: &[Event]) -> Vec<Asked> {
    let each = network.requests.iter().map(|request| Asked {
        of: request.server.clone(),
        begun_ns: events[request.begun].time_ns,
        end: request.end.map(|(at, fate)| {
            let result = match fate {
                Fate::Answered if request.status.is_some_and(|status| status >= 400) => {
                    Result::Refused
                }
                Fate::Answered => Result::Answered,
                _ => Result::Failed,
            };
            (events[at].time_ns, result)
        }),
    });
    each.collect()
}

/// Of those that begin in a stretch of time, what has come of them by its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub sent: u64,
    pub answered: u64,
    pub failed: u64,
    pub in_flight: u64,
    /// Of all that have ended: least, p50, p90, p95, p99, p99.9 and most.
    pub percentiles_ns: [u64; 7],
    pub mean_ns: u64,
    /// Thousandths of an answer an hour.
    pub throughput: u64,
}

impl Told {
    pub fn of<'a>(all: impl Iterator<Item = &'a Asked>, from_ns: u64, to_ns: u64) -> Self {
        let mut told = Self::default();
        let mut took = Vec::new();
        for asked in all {
            if asked.begun_ns < from_ns || asked.begun_ns > to_ns {
                continue;
            }
            told.sent += 1;
            match asked.end {
                Some((end_ns, result)) if end_ns <= to_ns => {
                    took.push(end_ns - asked.begun_ns);
                    match result {
                        Result::Answered | Result::Refused => told.answered += 1,
                        Result::Failed => told.failed += 1,
                    }
                }
                _ => told.in_flight += 1,
            }
        }
        took.sort();
        told.percentiles_ns =
            [0, 500, 900, 950, 990, 999, 1_000].map(|permille| smallest(&took, permille));
        if !took.is_empty() {
            let sum: u128 = took.iter().map(|ns| u128::from(*ns)).sum();
            told.mean_ns = (sum / took.len() as u128) as u64;
        }
        let lasted_ns = u128::from((to_ns - from_ns).max(1));
        told.throughput =
            (u128::from(told.answered) * 3_600_000 * 1_000_000_000 / lasted_ns) as u64;
        told
    }
}

/// The smallest of them that so many of a thousand do not exceed; the least for none of a thousand, 0 where there are none.
pub fn smallest(sorted: &[u64], permille: u64) -> u64 {
    for (at, value) in sorted.iter().enumerate() {
        if (at as u64 + 1) * 1_000 >= permille * sorted.len() as u64 {
            return *value;
        }
    }
    0
}

/// How long those took that ended in a stretch of time, shortest first.
pub fn ended_within<'a>(
    all: impl Iterator<Item = &'a Asked>,
    from_ns: u64,
    to_ns: u64,
) -> Vec<(u64, Result)> {
    let ended = all.filter_map(|asked| Some((asked.begun_ns, asked.end?)));
    let within = ended.filter(|(_, (end_ns, _))| from_ns <= *end_ns && *end_ns < to_ns);
    let mut took: Vec<(u64, Result)> = within
        .map(|(begun_ns, (end_ns, result))| (end_ns - begun_ns, result))
        .collect();
    took.sort_by_key(|(took_ns, _)| *took_ns);
    took
}

/// Of each modelled service, how many requests have come and are not begun, in millionths.
pub fn waiting_at_services(events: &[Event]) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    let mut waiting: BTreeMap<u64, u32> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::ServiceStarted {
                service,
                name,
                host,
                ..
            } => {
                let name = if name == host {
                    name.clone()
                } else {
                    format!("{name} at {host}")
                };
                names.insert(*service, name);
            }
            EventKind::WorkQueued { work, service } => {
                waiting.insert(*work, *service);
            }
            EventKind::WorkStarted { work } | EventKind::WorkEnded { work, .. } => {
                waiting.remove(work);
            }
            _ => {}
        }
    }
    let mut counts: BTreeMap<String, u64> = names.values().map(|name| (name.clone(), 0)).collect();
    for service in waiting.values() {
        *counts.get_mut(&names[service]).expect("it has started") += 1_000_000;
    }
    counts
}
