//! What checks see of loads and of clients.

use std::fmt::Write;

use protocol::{
    Event, EventKind,
    client::Exchange,
    load::{LoadReport, RATE_PER_SECOND, RequestOutcome, Summary},
};

pub fn reports(events: &[Event]) -> impl Iterator<Item = LoadReport> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::LoadEnded { report, .. } => report.open(),
        _ => None,
    })
}

pub fn exchanges(events: &[Event]) -> impl Iterator<Item = Exchange> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::AskEnded { exchange, .. } => exchange.open(),
        _ => None,
    })
}

/// A list of them: what was asked for, the answer, the way to it, and what was decided on the way.
pub fn exchanges_json(exchanges: &[Exchange]) -> String {
    let each: Vec<String> = exchanges.iter().map(exchange_json).collect();
    format!("[{}]", each.join(","))
}

fn exchange_json(exchange: &Exchange) -> String {
    let answer = exchange.answer();
    let headers = answer.map_or("{}".to_owned(), |hop| headers_json(&hop.headers));
    let hops = exchange.hops.iter().map(|hop| {
        format!(
            "{{\"method\":{},\"url\":{},\"status\":{},\"fromCache\":{},\"sent\":{},\"headers\":{}}}",
            quoted(&hop.method),
            quoted(&hop.url),
            hop.status,
            hop.request.is_none() && hop.status != 0,
            headers_json(&hop.sent),
            headers_json(&hop.headers)
        )
    });
    let decisions = exchange.decisions.iter().map(|decision| {
        format!(
            "{{\"topic\":{},\"refuses\":{},\"text\":{}}}",
            quoted(decision.topic.name()),
            decision.refuses,
            quoted(&decision.text)
        )
    });
    let cookies = exchange.cookies.iter();
    let cookies =
        cookies.map(|cookie| format!("{}:{}", quoted(&cookie.name), quoted(&cookie.value)));
    let list = |each: Vec<String>| each.join(",");
    format!(
        "{{\"client\":{},\"method\":{},\"url\":{},\"beganMs\":{},\"endedMs\":{},\"status\":{},\"headers\":{headers},\
         \"text\":{},\"bytes\":{},\"failure\":{},\"hops\":[{}],\"decisions\":[{}],\"cookies\":{{{}}}}}",
        quoted(&exchange.client),
        quoted(&exchange.method),
        quoted(&exchange.url),
        Ms(exchange.began_ns),
        Ms(exchange.ended_ns),
        answer.map_or(0, |hop| hop.status),
        quoted(&String::from_utf8_lossy(&exchange.body)),
        exchange.body_bytes,
        exchange
            .failure
            .as_ref()
            .map_or("null".to_owned(), |failure| quoted(&failure.text)),
        list(hops.collect()),
        list(decisions.collect()),
        list(cookies.collect())
    )
}

/// By their names in lower case; of several with one name, all of them.
fn headers_json(headers: &[(String, String)]) -> String {
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        match merged.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => {
                all.push_str(", ");
                all.push_str(value);
            }
            None => merged.push((name, value.clone())),
        }
    }
    let pairs = merged.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
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
