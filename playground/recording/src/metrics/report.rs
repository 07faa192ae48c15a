//! What there is to say of requests: a load's own report, or one that is made like it from the requests of a stretch
//! of time.
//!
//! Of a stretch those requests count that begin in it; what ends behind its end is in flight. The report of a whole
//! load is the one that the load made.

use protocol::{
    EventKind,
    load::{Little, LoadReport, RATE_PER_SECOND, RequestOutcome, Summary},
};

use super::{Measures, Requests, Unit};
use crate::{Recording, sentence::upper, time, words::some};

/// Lines of text, the first of them a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub lines: Vec<String>,
}

impl Measures {
    /// One for each load, or one for what was sent. A `range` makes them anew from requests.
    pub fn reports(
        &self,
        recording: &Recording,
        requests: Requests,
        range: Option<(u64, u64)>,
    ) -> Vec<Report> {
        let loads = match requests {
            Requests::Loads => 0..self.loads.len() as u32,
            Requests::Load(load) => load..load + 1,
            Requests::Sent | Requests::To(_) => 0..0,
        };
        if loads.is_empty() {
            let mut report = self.summary(requests, range);
            let name = match requests {
                Requests::To(host) => format!("requests to {}", self.hosts[host]),
                _ => "requests that were sent".to_owned(),
            };
            report.name = name;
            return match report.sent {
                0 => Vec::new(),
                _ => vec![worded(&report)],
            };
        }
        let reports = loads.map(|number| {
            let load = &self.loads[number as usize];
            let ended = load.ended.filter(|_| range.is_none());
            let made = ended.and_then(|event| match &recording.event(event)?.kind {
                EventKind::LoadEnded { report, .. } => report.open(),
                _ => None,
            });
            if let Some(report) = made {
                let lines = report.to_string().lines().map(str::to_owned).collect();
                return Report { lines };
            }
            let report = LoadReport {
                name: format!("load {} from {}", load.name, load.host),
                ..self.summary(Requests::Load(number), range)
            };
            worded(&report)
        });
        reports.collect()
    }

    /// As a load reports; what only a load knows is empty.
    pub fn summary(&self, requests: Requests, range: Option<(u64, u64)>) -> LoadReport {
        let all = || self.exchanges(requests);
        let began_ns = all().map(|exchange| exchange.begun_ns).min().unwrap_or(0);
        let (from_ns, to_ns) = range.unwrap_or((began_ns, self.end_ns));
        let begun = || all().filter(|exchange| (from_ns..=to_ns).contains(&exchange.begun_ns));
        let mut latencies = Vec::new();
        let mut answered = Vec::new();
        let mut outcomes: Vec<(RequestOutcome, u64)> = Vec::new();
        let (mut sent, mut under_way) = (0, 0_u128);
        for exchange in begun() {
            sent += 1;
            let end = exchange.end.filter(|(end_ns, _)| *end_ns <= to_ns);
            let until_ns = end.map_or(to_ns, |(end_ns, _)| end_ns);
            let took_ns = until_ns - exchange.begun_ns;
            under_way += u128::from(took_ns);
            if let Some((_, outcome)) = end {
                latencies.push(took_ns);
                if outcome.is_answer() {
                    answered.push(took_ns);
                }
                match outcomes.binary_search_by_key(&outcome, |(known, _)| *known) {
                    Ok(at) => outcomes[at].1 += 1,
                    Err(at) => outcomes.insert(at, (outcome, 1)),
                }
            }
        }
        latencies.sort_unstable();
        answered.sort_unstable();
        let lasted_ns = u128::from(to_ns.saturating_sub(from_ns).max(1));
        let rate = |count: u64| {
            let hourly = u128::from(count) * u128::from(RATE_PER_SECOND) * u128::from(time::SECOND);
            (hourly / lasted_ns) as u64
        };
        LoadReport {
            name: String::new(),
            from: String::new(),
            began_ns: from_ns,
            ended_ns: to_ns,
            sent,
            answered: answered.len() as u64,
            failed: (latencies.len() - answered.len()) as u64,
            in_flight: sent - latencies.len() as u64,
            throughput: rate(answered.len() as u64),
            little: Little {
                under_way: (under_way * 1_000_000 / lasted_ns) as u64,
                rate: rate(sent),
                mean_ns: under_way.checked_div(u128::from(sent)).unwrap_or(0) as u64,
            },
            latency: Summary::of(&latencies),
            answered_latency: Summary::of(&answered),
            waited: Summary::default(),
            outcomes,
            connections: 0,
            sent_bytes: 0,
            received_bytes: 0,
            thresholds: Vec::new(),
        }
    }

    /// Whether anybody asks for anything.
    pub fn has_requests(&self) -> bool {
        !self.of_loads.is_empty() || !self.sent.is_empty()
    }

    /// The longest that anything waited for a loop in a stretch of time, and for whose.
    fn longest_lag(&self, from_ns: u64, to_ns: u64) -> Option<(u64, &str)> {
        let lags = self.lags.iter().rev();
        let each = lags.map(|(name, away)| (away.most(from_ns, to_ns), name.as_str()));
        each.max_by_key(|(lag_ns, _)| *lag_ns)
    }
}

/// Without what is not known: connections and bytes.
fn worded(report: &LoadReport) -> Report {
    let text = report.to_string();
    let known = text.lines().skip(1);
    let known = known.filter(|line| !line.trim_start().starts_with("connections"));
    let heading = std::iter::once(report.name.clone());
    Report {
        lines: heading.chain(known.map(str::to_owned)).collect(),
    }
}

/// What happens, and then how much of it: the sentence above the view.
pub fn headline(
    measures: &Measures,
    requests: Requests,
    range: Option<(u64, u64)>,
) -> (String, String) {
    let summary = measures.summary(requests, range);
    let (from_ns, to_ns) = range.unwrap_or((0, measures.end_ns));
    if summary.sent == 0 {
        let what = match measures.longest_lag(from_ns, to_ns.saturating_add(1)) {
            Some((lag_ns, name)) => format!(
                "What came in for {name} would have waited {} at most.",
                time::length(lag_ns)
            ),
            None => "Nothing runs here that could be measured.".to_owned(),
        };
        return (what, "No request was made.".to_owned());
    }
    let latency = &summary.latency;
    let length = |ns| Unit::Length.words(ns);
    let what = match latency.count {
        0 => "No request has ended.".to_owned(),
        1 => format!("The request took {}.", length(latency.max_ns)),
        count => {
            // Of fewer than a hundred the last percentile is the slowest.
            let slow = match count < 100 {
                true => format!("the slowest {}", length(latency.max_ns)),
                false => format!("one in a hundred takes {} or more", length(latency.p99_ns)),
            };
            format!(
                "Half of all requests take {} at most, and {slow}.",
                length(latency.p50_ns)
            )
        }
    };
    let number = |count: u64| match count {
        0 => "none".to_owned(),
        _ => time::count(count),
    };
    let refused = match summary.refused() {
        0 => String::new(),
        refused => format!(" ({} with 400 or above)", time::count(refused)),
    };
    let why = format!(
        "{}: {} answered{refused}, {} failed, {} under way at the end.",
        upper(&some(summary.sent as usize, "request")),
        number(summary.answered),
        number(summary.failed),
        number(summary.in_flight)
    );
    (what, why)
}
