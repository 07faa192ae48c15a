//! What checks see of a load.

use std::fmt::Write;

use protocol::{
    Event, EventKind,
    load::{LoadReport, RATE_PER_SECOND, RequestOutcome, Summary},
};

pub fn reports(events: &[Event]) -> impl Iterator<Item = LoadReport> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::LoadEnded { report, .. } => report.open(),
        _ => None,
    })
}

/// A list of them, with numbers as checks compare them: milliseconds, and requests a second.
pub fn json(reports: &[LoadReport]) -> String {
    let each: Vec<String> = reports.iter().map(report_json).collect();
    format!("[{}]", each.join(","))
}

fn report_json(report: &LoadReport) -> String {
    let mut json = format!(
        "{{\"name\":{},\"from\":{},\"beganMs\":{},\"endedMs\":{},\"sent\":{},\"answered\":{},\"failed\":{},\
         \"inFlight\":{},\"connections\":{},\"sentBytes\":{},\"receivedBytes\":{}",
        quoted(&report.name),
        quoted(&report.from),
        Ms(report.began_ns),
        Ms(report.ended_ns),
        report.sent,
        report.answered,
        report.failed,
        report.in_flight,
        report.connections,
        report.sent_bytes,
        report.received_bytes
    );
    let _ = write!(
        json,
        ",\"perSecond\":{},\"latency\":{},\"answeredLatency\":{},\"untilSent\":{}",
        PerSecond(report.throughput),
        summary_json(&report.latency),
        summary_json(&report.answered_latency),
        summary_json(&report.waited)
    );
    let little = &report.little;
    let _ = write!(
        json,
        ",\"little\":{{\"underWay\":{},\"perSecond\":{},\"meanMs\":{}}}",
        Fraction(little.under_way, 1_000_000),
        PerSecond(little.rate),
        Ms(little.mean_ns)
    );
    let told = |wanted: bool| {
        let outcomes = report.outcomes.iter();
        let outcomes = outcomes.filter(|(outcome, _)| is_status(*outcome) == wanted);
        let entries: Vec<String> = outcomes
            .map(|(outcome, count)| match outcome {
                RequestOutcome::Status(status) => format!("\"{status}\":{count}"),
                other => format!("{}:{count}", quoted(&other.to_string())),
            })
            .collect();
        format!("{{{}}}", entries.join(","))
    };
    let _ = write!(
        json,
        ",\"statuses\":{},\"failures\":{}",
        told(true),
        told(false)
    );
    let thresholds: Vec<String> = report
        .thresholds
        .iter()
        .map(|judged| {
            let text = quoted(&judged.text);
            format!("{{\"text\":{text},\"passed\":{}}}", judged.passed)
        })
        .collect();
    let _ = write!(
        json,
        ",\"thresholds\":[{}],\"passed\":{}}}",
        thresholds.join(","),
        report.passed()
    );
    json
}

fn is_status(outcome: RequestOutcome) -> bool {
    matches!(outcome, RequestOutcome::Status(_))
}

fn summary_json(summary: &Summary) -> String {
    format!(
        "{{\"count\":{},\"meanMs\":{},\"minMs\":{},\"p50Ms\":{},\"p90Ms\":{},\"p95Ms\":{},\"p99Ms\":{},\
         \"p999Ms\":{},\"maxMs\":{}}}",
        summary.count,
        Ms(summary.mean_ns),
        Ms(summary.min_ns),
        Ms(summary.p50_ns),
        Ms(summary.p90_ns),
        Ms(summary.p95_ns),
        Ms(summary.p99_ns),
        Ms(summary.p999_ns),
        Ms(summary.max_ns)
    )
}

/// A quotient, cut after six digits.
struct Fraction(u64, u64);
struct Ms(u64);
struct PerSecond(u64);

impl std::fmt::Display for Fraction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(value, unit) = *self;
        let rest = u128::from(value % unit) * 1_000_000 / u128::from(unit);
        write!(formatter, "{}.{rest:06}", value / unit)
    }
}

impl std::fmt::Display for Ms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Fraction(self.0, 1_000_000).fmt(formatter)
    }
}

impl std::fmt::Display for PerSecond {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Fraction(self.0, RATE_PER_SECOND).fmt(formatter)
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if (letter as u32) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", letter as u32);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_has_six_digits() {
        assert_eq!(Ms(1_500_000).to_string(), "1.500000");
        assert_eq!(Ms(7).to_string(), "0.000007");
        assert_eq!(quoted("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
    }
}
