//! What can be measured of a recording: how many requests are answered and how fast, how late loops are, how busy hosts
//! are, and how much waits, is open or is on its way.
//!
//! One pass over the recording makes [`Measures`]; any stretch of time is then a question to sorted rows. All of it is
//! whole numbers: percentiles are requests' own ([`protocol::load::percentile`]), shares and means are in millionths.
//! A request counts where it ends. It is answered by whatever answer, and has failed when none can come, as in the map and
//! in a load's report; among the errors are answers of 400 and above too. What the trace does not say is not guessed:
//! such a metric has no rows, and says why.

mod chart;
mod read;
mod report;
mod scale;
mod steps;
mod windows;

pub use chart::{Chart, HeatMap, Line, Row};
pub use report::{Report, headline};
pub use scale::Scale;
pub use windows::Windows;

use protocol::{
    EventId,
    load::{RATE_PER_SECOND, RequestOutcome},
};

use self::steps::Steps;
use crate::{network::HostIndex, time, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Throughput,
    Latency,
    Errors,
    UnderWay,
    Lag,
    Cpu,
    Memory,
    Connections,
    Packets,
    Pool,
    Queues,
}

impl Metric {
    pub const ALL: [Self; 11] = [
        Self::Throughput,
        Self::Latency,
        Self::Errors,
        Self::UnderWay,
        Self::Lag,
        Self::Cpu,
        Self::Queues,
        Self::Pool,
        Self::Connections,
        Self::Packets,
        Self::Memory,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "Throughput",
            Self::Latency => "Latency",
            Self::Errors => "Errors",
            Self::UnderWay => "Requests under way",
            Self::Lag => "Loop lag",
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Connections => "Connections",
            Self::Packets => "Packets in flight",
            Self::Pool => "Pool of threads",
            Self::Queues => "Queues",
        }
    }

    /// What exactly is drawn.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Throughput => "answered a second",
            Self::Latency => {
                "from when a request was due until it ended; the thickest line is p50, the thinnest p99"
            }
            Self::Errors => "a second: no answer, or one with a status of 400 and above",
            Self::UnderWay => "begun and not ended",
            Self::Lag => "how long what comes in waits until its loop asks for it",
            Self::Cpu => "% of one core, while callbacks run",
            Self::Memory => {
                "that a process uses, its buffers included; told every few milliseconds while it runs"
            }
            Self::Connections => "open at a host",
            Self::Packets => "sent and not arrived",
            Self::Pool => "threads at work, and work that waits for one",
            Self::Queues => "callbacks that could run, and work that a service has not begun",
        }
    }

    /// Said where there is nothing to draw.
    pub fn absence(self) -> &'static str {
        match self {
            Self::Throughput | Self::Latency | Self::Errors | Self::UnderWay => {
                "No request is made in this recording."
            }
            Self::Lag | Self::Cpu | Self::Queues | Self::Memory => {
                "No program runs in this recording."
            }
            Self::Connections | Self::Packets => "Nothing is sent in this recording.",
            Self::Pool => "No program asks the pool for work in this recording.",
        }
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::Throughput | Self::Errors => Unit::Rate,
            Self::Latency | Self::Lag => Unit::Length,
            Self::Cpu => Unit::Share,
            Self::Memory => Unit::Bytes,
            Self::UnderWay | Self::Connections | Self::Packets | Self::Pool | Self::Queues => {
                Unit::Count
            }
        }
    }
}

/// In what a value is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A [`protocol::load::Rate`].
    Rate,
    /// Nanoseconds.
    Length,
    /// Millionths of a core.
    Share,
    /// Millionths of one.
    Count,
    /// Millionths of a byte.
    Bytes,
}

impl Unit {
    /// With its unit.
    pub fn words(self, value: u64) -> String {
        match self {
            Self::Rate => format!("{}/s", self.number(value)),
            Self::Length => time::length(value),
            Self::Share => format!("{} %", self.number(value)),
            Self::Count | Self::Bytes => self.number(value),
        }
    }

    /// What a value is a multiple of that is one to a reader.
    fn one(self) -> u64 {
        match self {
            Self::Rate => RATE_PER_SECOND,
            Self::Length => 1,
            Self::Share => 10_000,
            Self::Count | Self::Bytes => 1_000_000,
        }
    }

    /// In three digits or so.
    pub fn number(self, value: u64) -> String {
        let (one, decimals) = match self {
            Self::Length => return time::length(value),
            Self::Bytes => return words::bytes(value / self.one()),
            Self::Count => (self.one(), 2),
            _ => (self.one(), 1),
        };
        let digits = match decimals {
            _ if value >= 100 * one || value.is_multiple_of(one) => 0,
            2 if value < one => 2,
            _ => 1,
        };
        match decimal(value, one, digits) {
            text if value > 0 && text == "0" => "almost 0".to_owned(),
            text => text,
        }
    }

    /// What a program that reads a table is told, and in what.
    pub fn exact(self, value: u64) -> String {
        let text = match self {
            Self::Length => decimal(value, time::MS, 6),
            _ => decimal(value, self.one(), 6),
        };
        text.replace(',', "")
    }

    pub fn exact_name(self) -> &'static str {
        match self {
            Self::Rate => "per second",
            Self::Length => "ms",
            Self::Share => "% of a core",
            Self::Count => "count",
            Self::Bytes => "bytes",
        }
    }
}

/// A quotient with so many digits behind the point, rounded; in groups of three before it, and without zeros at the end.
pub(crate) fn decimal(value: u64, one: u64, digits: u32) -> String {
    let power = 10_u128.pow(digits);
    let rounded = (u128::from(value) * power + u128::from(one) / 2) / u128::from(one);
    let whole = time::count((rounded / power) as u64);
    let rest = format!(
        "{:0width$}",
        (rounded % power) as u64,
        width = digits as usize
    );
    match rest.trim_end_matches('0') {
        "" => whole,
        rest => format!("{whole}.{rest}"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub begun_ns: u64,
    pub end: Option<(u64, RequestOutcome)>,
    /// A load's place among the loads, or the host that is asked.
    pub of: u32,
}

impl Exchange {
    fn is_answered(&self) -> bool {
        self.end.is_some_and(|(_, outcome)| outcome.is_answer())
    }

    fn is_error(&self) -> bool {
        self.end.is_some_and(|(_, outcome)| outcome.is_error())
    }
}

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requests {
    /// Of all loads, from when they were due.
    #[default]
    Loads,
    Load(u32),
    /// That travel over the network, those of servers to servers among them.
    Sent,
    To(HostIndex),
}

#[derive(Clone, Debug)]
struct Load {
    /// In the trace.
    number: u32,
    name: String,
    host: String,
    /// Where its report is.
    ended: Option<EventId>,
}

/// From when until when a loop is away from poll, in their order.
#[derive(Clone, Debug, Default)]
struct Away(Vec<(u64, u64)>);

impl Away {
    /// How long what comes at a moment waits.
    fn at(&self, time_ns: u64) -> u64 {
        let next = self.0.partition_point(|(_, until_ns)| *until_ns <= time_ns);
        match self.0.get(next) {
            Some((from_ns, until_ns)) if *from_ns <= time_ns => until_ns - time_ns,
            _ => 0,
        }
    }

    /// Of all that come from `from_ns` until before `to_ns`.
    fn most(&self, from_ns: u64, to_ns: u64) -> u64 {
        let first = self.0.partition_point(|(_, until_ns)| *until_ns <= from_ns);
        let within = self.0[first..].iter().take_while(|away| away.0 < to_ns);
        let waits = within.map(|away| away.1 - away.0.max(from_ns));
        waits.max().unwrap_or(0)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Measures {
    end_ns: u64,
    loads: Vec<Load>,
    hosts: Vec<String>,
    /// Anything is sent to it.
    is_asked: Vec<bool>,
    /// In the order in which they begin.
    of_loads: Vec<Exchange>,
    sent: Vec<Exchange>,
    lags: Vec<(String, Away)>,
    /// Callbacks that run at a time.
    cpus: Vec<(String, Steps)>,
    queues: Vec<(String, Steps)>,
    pools: Vec<(String, Steps)>,
    heaps: Vec<(String, Steps)>,
    connections: Vec<(String, Steps)>,
    packets: Vec<(String, Steps)>,
}

impl Measures {
    /// Whose requests can be counted, with what that is called.
    pub fn choices(&self) -> Vec<(Requests, String)> {
        let mut choices = Vec::new();
        if self.loads.len() > 1 {
            choices.push((Requests::Loads, "all loads".to_owned()));
        }
        for (load, known) in (0..).zip(&self.loads) {
            let requests = match self.loads.len() {
                1 => Requests::Loads,
                _ => Requests::Load(load),
            };
            choices.push((requests, format!("load {}", known.name)));
        }
        if self.sent.is_empty() {
            return choices;
        }
        choices.push((Requests::Sent, "all that are sent".to_owned()));
        let hosts = 0..self.hosts.len();
        let asked: Vec<HostIndex> = hosts.filter(|host| self.is_asked[*host]).collect();
        if asked.len() > 1 {
            for host in asked {
                choices.push((Requests::To(host), format!("those to {}", self.hosts[host])));
            }
        }
        choices
    }

    pub(crate) fn exchanges(&self, requests: Requests) -> impl Iterator<Item = &Exchange> {
        let (all, of) = match requests {
            Requests::Loads => (&self.of_loads, None),
            Requests::Load(load) => (&self.of_loads, Some(load)),
            Requests::Sent => (&self.sent, None),
            Requests::To(host) => (&self.sent, Some(host as u32)),
        };
        all.iter()
            .filter(move |exchange| of.is_none_or(|of| of == exchange.of))
    }
}
