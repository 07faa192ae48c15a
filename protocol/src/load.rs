//! Load: who calls the world's servers without being a program, and what became of it.
//!
//! A load is open (requests are due at a rate, whether or not those before have been answered) or closed (so many users,
//! each of whom waits for an answer and thinks before the next request). A request's time is counted from when it was
//! due, so a server that stalls is charged for those that it keeps from being sent. Numbers are whole: shares are of a
//! million, rates are thousandths of a request an hour.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Counted from 1 over all loads, in the order in which requests are due.
pub type RequestId = u64;

/// Thousandths of a request an hour.
pub type Rate = u64;
pub const RATE_PER_SECOND: Rate = 3_600_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSpec {
    pub name: String,
    /// The host that the requests come from.
    pub from: String,
    /// One at least; each is chosen as often as its weight says.
    pub requests: Vec<RequestSpec>,
    pub model: Model,
    pub begins_ns: u64,
    /// How long the end waits for answers that are still to come.
    pub grace_ns: u64,
    pub timeout_ns: u64,
    /// Connections at a time; 0 for any number.
    pub connections_max: u32,
    pub keeps_alive: bool,
    /// Each request says in `traceparent` of which trace it is the root.
    pub traces: bool,
    pub thresholds: Vec<Threshold>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSpec {
    pub weight: u32,
    pub method: String,
    /// A host's name, a name of the world's or an address.
    pub host: String,
    pub port: u16,
    /// The path and what follows it.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    Open {
        arrivals: Arrivals,
        /// [`Rate`]s.
        course: Course,
    },
    Closed {
        users: Course,
        think: Distribution,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrivals {
    Constant,
    Poisson,
}

/// A number that changes with time: in each stage evenly from what it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    pub from: u64,
    pub stages: Vec<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub lasts_ns: u64,
    pub to: u64,
}

/// How long something takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distribution {
    Constant {
        ns: u64,
    },
    Exponential {
        mean_ns: u64,
    },
    Lognormal {
        median_ns: u64,
        p99_ns: u64,
    },
    /// `(of a million, ns)`, ascending: so many take at most so long.
    Curve(Vec<(u32, u64)>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// As its author wrote it.
    pub text: String,
    pub metric: Metric,
    pub comparison: Comparison,
    /// In the metric's unit.
    pub limit: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Of a million: p(95) is 950,000. In nanoseconds, as the next.
    Percentile(u32),
    Mean,
    /// Of a million: [`RequestOutcome::is_error`], as k6 counts.
    Failed,
    /// Of answers: a [`Rate`].
    Throughput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RequestOutcome {
    /// A whole answer has come, whatever it says.
    Status(u16),
    /// Linux's number of the error.
    Error(i32),
    TimedOut,
    /// The connection ended before the answer did.
    CutShort,
    /// What came is no answer.
    Malformed,
    /// There is no such name.
    UnknownHost,
}

impl RequestOutcome {
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Status(_))
    }

    /// No answer, or one of 400 and above: what k6's `http_req_failed` counts.
    pub fn is_error(self) -> bool {
        !matches!(self, Self::Status(status) if status < 400)
    }
}

/// Computed from the requests themselves. `sent = answered + failed + in_flight`; an answer is one whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadReport {
    pub name: String,
    pub from: String,
    pub began_ns: u64,
    pub ended_ns: u64,
    /// Were due.
    pub sent: u64,
    pub answered: u64,
    pub failed: u64,
    /// When the report was made.
    pub in_flight: u64,
    /// Of all that have ended.
    pub latency: Summary,
    /// Of those that were answered.
    pub answered_latency: Summary,
    /// What it took from the moment when a request was due to that when it was written.
    pub waited: Summary,
    pub throughput: Rate,
    pub little: Little,
    /// In order.
    pub outcomes: Vec<(RequestOutcome, u64)>,
    pub connections: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
    pub thresholds: Vec<Judged>,
}

/// Each a request's own, but for the mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub count: u64,
    pub mean_ns: u64,
    pub min_ns: u64,
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p95_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

/// L = λW. L is measured by looking how many requests are under way at every moment, W by looking how long each is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Little {
    /// Requests under way on average, in millionths.
    pub under_way: u64,
    /// Of requests that were due.
    pub rate: Rate,
    /// Of all requests; those in flight as long as they have been.
    pub mean_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub text: String,
    /// In the metric's unit.
    pub value: u64,
    pub metric: Metric,
    pub passed: bool,
}

impl Summary {
    /// `sorted` ascend.
    pub fn of(sorted: &[u64]) -> Self {
        let sum: u128 = sorted.iter().map(|ns| u128::from(*ns)).sum();
        let at = |share| percentile(sorted, share);
        Self {
            count: sorted.len() as u64,
            mean_ns: sum.checked_div(sorted.len() as u128).unwrap_or(0) as u64,
            min_ns: at(0),
            p50_ns: at(500_000),
            p90_ns: at(900_000),
            p95_ns: at(950_000),
            p99_ns: at(990_000),
            p999_ns: at(999_000),
            max_ns: at(1_000_000),
        }
    }
}

/// The smallest that as many of a million do not exceed; 0 of none.
pub fn percentile(sorted: &[u64], share: u32) -> u64 {
    let rank = (sorted.len() as u64 * u64::from(share)).div_ceil(1_000_000);
    let place = (rank as usize).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0)
}

impl Comparison {
    pub fn holds(self, value: u64, limit: u64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

impl LoadReport {
    /// Answers of 400 and above.
    pub fn refused(&self) -> u64 {
        let outcomes = self.outcomes.iter();
        let refused = outcomes.filter(|(outcome, _)| outcome.is_answer() && outcome.is_error());
        refused.map(|(_, count)| count).sum()
    }

    pub fn passed(&self) -> bool {
        self.thresholds.iter().all(|threshold| threshold.passed)
    }
}

// ---- in words ----

/// A time in its own unit.
pub struct Length(pub u64);

impl Display for Length {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 4] = [
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("µs", 1_000),
            ("ns", 1),
        ];
        let unit = UNITS.iter().find(|(_, ns)| self.0 >= *ns);
        let (name, ns) = unit.unwrap_or(&UNITS[3]);
        write!(
            formatter,
            "{} {name}",
            Decimal(self.0, *ns, if *ns == 1 { 0 } else { 2 })
        )
    }
}

/// A quotient with so many digits behind the point, rounded.
struct Decimal(u64, u64, u32);

impl Display for Decimal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self(value, unit, digits) = *self;
        let scale = 10_u128.pow(digits);
        let rounded = (u128::from(value) * scale + u128::from(unit) / 2) / u128::from(unit);
        let (whole, rest) = ((rounded / scale) as u64, (rounded % scale) as u64);
        write!(formatter, "{whole}")?;
        match digits {
            0 => Ok(()),
            _ => write!(formatter, ".{rest:0width$}", width = digits as usize),
        }
    }
}

struct PerSecond(Rate);

impl Display for PerSecond {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/s", Decimal(self.0, RATE_PER_SECOND, 2))
    }
}

impl Display for Judged {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mark = if self.passed { '✓' } else { '✗' };
        write!(formatter, "{mark} {}: ", self.text)?;
        match self.metric {
            Metric::Percentile(_) | Metric::Mean => Length(self.value).fmt(formatter),
            Metric::Failed => write!(formatter, "{} %", Decimal(self.value, 10_000, 2)),
            Metric::Throughput => PerSecond(self.value).fmt(formatter),
        }
    }
}

impl Display for Summary {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return write!(formatter, "none");
        }
        write!(
            formatter,
            "mean {}, min {}, median {}, p(90) {}, p(95) {}, p(99) {}, max {}",
            Length(self.mean_ns),
            Length(self.min_ns),
            Length(self.p50_ns),
            Length(self.p90_ns),
            Length(self.p95_ns),
            Length(self.p99_ns),
            Length(self.max_ns)
        )
    }
}

impl Display for RequestOutcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        const ERRORS: [(i32, &str); 7] = [
            (32, "broken pipe (EPIPE)"),
            (99, "no port is left (EADDRNOTAVAIL)"),
            (101, "no way there (ENETUNREACH)"),
            (104, "connection reset (ECONNRESET)"),
            (110, "no packet came back (ETIMEDOUT)"),
            (111, "connection refused (ECONNREFUSED)"),
            (113, "no way to the host (EHOSTUNREACH)"),
        ];
        match self {
            Self::Status(status) => write!(formatter, "status {status}"),
            Self::Error(errno) => match ERRORS.iter().find(|(number, _)| number == errno) {
                Some((_, name)) => write!(formatter, "{name}"),
                None => write!(formatter, "error {errno}"),
            },
            Self::TimedOut => write!(formatter, "timed out"),
            Self::CutShort => write!(formatter, "connection ended before the answer"),
            Self::Malformed => write!(formatter, "malformed answer"),
            Self::UnknownHost => write!(formatter, "unknown host (ENOTFOUND)"),
        }
    }
}

impl Display for LoadReport {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "load {} from {}", self.name, self.from)?;
        for threshold in &self.thresholds {
            writeln!(formatter, "  {threshold}")?;
        }
        writeln!(
            formatter,
            "  requests      {} sent = {} answered + {} failed + {} in flight",
            self.sent, self.answered, self.failed, self.in_flight
        )?;
        if self.refused() > 0 {
            writeln!(
                formatter,
                "  errors        {} of the answers have a status of 400 and above, which thresholds count as failed",
                self.refused()
            )?;
        }
        writeln!(
            formatter,
            "  throughput    {} answered over {}",
            PerSecond(self.throughput),
            Length(self.ended_ns.saturating_sub(self.began_ns))
        )?;
        writeln!(formatter, "  latency       {}", self.latency)?;
        if self.failed > 0 {
            writeln!(formatter, "  of answered   {}", self.answered_latency)?;
        }
        if self.waited.max_ns > 0 {
            writeln!(formatter, "  until sent    {}", self.waited)?;
        }
        writeln!(
            formatter,
            "  Little's law  {} under way on average = {} × {}",
            Decimal(self.little.under_way, 1_000_000, 3),
            PerSecond(self.little.rate),
            Length(self.little.mean_ns)
        )?;
        for (outcome, count) in &self.outcomes {
            writeln!(formatter, "  {count:>12}  {outcome}")?;
        }
        write!(
            formatter,
            "  connections   {}, {} bytes sent, {} received",
            self.connections, self.sent_bytes, self.received_bytes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_requests() {
        let sorted: Vec<u64> = (1..=200).collect();
        let at = |share| percentile(&sorted, share);
        assert_eq!((at(0), at(500_000), at(950_000)), (1, 100, 190));
        assert_eq!((at(999_000), at(1_000_000)), (200, 200));
        assert_eq!(percentile(&[], 500_000), 0);
    }

    #[test]
    fn lengths_are_rounded() {
        let text = |ns| Length(ns).to_string();
        assert_eq!(text(0), "0 ns");
        assert_eq!(text(999), "999 ns");
        assert_eq!(text(1_234_567), "1.23 ms");
        assert_eq!(text(1_999_999), "2.00 ms");
        assert_eq!(text(61_000_000_000), "61.00 s");
        assert_eq!(PerSecond(RATE_PER_SECOND * 50 + 1).to_string(), "50.00/s");
    }
}
