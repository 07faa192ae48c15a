//! The description of a world: everything that decides what will happen, the seed included.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Transpiled,
    client::ClientSpec,
    codec::Packed,
    load::LoadSpec,
    service::{BalancerSpec, NginxSpec, ServiceSpec},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    pub seed: u64,
    /// What the wall clock reads at virtual time zero, milliseconds since the Unix epoch.
    pub epoch_ms: u64,
    pub limits: Limits,
    pub record: Record,
    pub network: NetworkSpec,
    pub processes: Vec<ProcessSpec>,
    pub picks: Picks,
}

/// What is taken where the seed would choose an order ([`crate::EventKind::ChoiceTaken`]): an option for each of the
/// first choices, and who takes the others. They belong to one seed, and fit no other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picks {
    pub taken: Vec<u32>,
    pub then: Then,
}

/// As `--choose` takes them: `0,1,4x0,2,first`, where `4x0` is four times 0.
impl fmt::Display for Picks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.taken.chunk_by(|one, next| one == next);
        let mut items: Vec<String> = runs
            .flat_map(|run| match run.len() {
                1 | 2 => run.iter().map(u32::to_string).collect(),
                times => vec![format!("{times}x{}", run[0])],
            })
            .collect();
        if self.then == Then::First {
            items.push(FIRST.to_string());
        }
        formatter.write_str(&items.join(","))
    }
}

const FIRST: &str = "first";

/// The error is a sentence.
impl FromStr for Picks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut picks = Self::default();
        let mut items = text.split(',').map(str::trim).peekable();
        while let Some(item) = items.next() {
            if item == FIRST && items.peek().is_none() {
                picks.then = Then::First;
                break;
            }
            let (times, option) = item.split_once('x').unwrap_or(("1", item));
            let (Ok(times), Ok(option)) = (times.parse::<u32>(), option.parse::<u32>()) else {
                return Err(format!(
                    "picks are numbers, such as 0,1,4x0,2, and may end with {FIRST}; \"{item}\" is no number"
                ));
            };
            if picks.taken.len() as u64 + u64::from(times) > u64::from(CHOICES_MAX) {
                return Err(format!("at most {CHOICES_MAX} choices can be picked"));
            }
            picks.taken.extend((0..times).map(|_| option));
        }
        Ok(picks)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    #[default]
    Seed,
    /// Always the first option: the order of asking.
    First,
}

/// So many choices of a run are told and can be picked; what comes behind them is chance.
pub const CHOICES_MAX: u32 = 1_000;

/// Hosts of which something is said, what lies between hosts, and what changes while the world runs. A host that only
/// a process names is there too: with a core for every thread, and a quarter of a millisecond from any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    pub hosts: Vec<HostSpec>,
    pub links: Vec<LinkSpec>,
    pub names: Vec<NameSpec>,
    /// In the order of their times.
    pub changes: Vec<ChangeSpec>,
    pub machines: Packed<Machines>,
    /// Who calls by hand.
    pub clients: Packed<Vec<ClientSpec>>,
    /// One of those says a `traceparent`, and then whoever joins them does too.
    pub traced: bool,
}

/// Those in a world who are no programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machines {
    pub loads: Vec<LoadSpec>,
    pub services: Vec<ServiceSpec>,
    pub faults: Vec<FaultSpec>,
    pub balancers: Vec<BalancerSpec>,
    pub nginx: Vec<NginxSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSpec {
    pub name: String,
    /// How many threads may run at once; 0 for any number.
    pub cores: u32,
}

/// One direction between two hosts, by their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSpec {
    pub from: String,
    pub to: String,
    /// `(packets of a million, ns)`, ascending: at most so many packets take at most so long.
    pub latency: Vec<(u32, u64)>,
    /// 0 for as fast as one likes.
    pub bits_per_second: u64,
    /// Of a million packets.
    pub lost: u32,
}

/// From any host to any other of whose link nothing is said: a quick local network.
pub const NEIGHBOUR_NS: u64 = 250_000;

impl LinkSpec {
    /// Of two hosts of which nothing is said.
    pub fn between(from: &str, to: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            latency: vec![(1_000_000, NEIGHBOUR_NS)],
            bits_per_second: 0,
            lost: 0,
        }
    }
}

/// A name for hosts, by theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameSpec {
    pub name: String,
    pub hosts: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSpec {
    pub at_ns: u64,
    pub what: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    Link(LinkSpec),
    /// Nothing gets from one host to the other, or it does again.
    Cut {
        from: String,
        to: String,
        is_cut: bool,
    },
    /// The host loses its power: what runs on it is gone, and nobody is told. Or it has power again, and its processes
    /// begin anew.
    Power {
        host: String,
        is_up: bool,
    },
    /// What runs on the host is killed, and the system closes its sockets. Or it begins anew.
    Run {
        host: String,
        runs: bool,
    },
    /// How quick the host's cores are: in thousandths of what they are by themselves.
    Speed {
        host: String,
        permille: u32,
    },
    /// Nothing more fits on the host's disk, or it does again.
    Disk {
        host: String,
        is_full: bool,
    },
}

/// Something that goes wrong, not at a time but by chance or for a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSpec {
    pub trigger: Trigger,
    pub changes: Vec<Change>,
    /// After so long `undo` happens; 0 for never.
    pub lasts_ns: u64,
    pub undo: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// Again and again after so long, it happens with a chance of so many in a million. Not while it lasts.
    Chance { every_ns: u64, of_million: u32 },
    /// When that packet with data leaves a host for another, counted from 1; it is the first that meets the fault.
    Packet { from: String, to: String, nth: u64 },
    /// When a load's request is due, or when that packet with data leaves on its connection, either way.
    Request { request: u64, packet: u64 },
}

/// One `node` command line on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSpec {
    pub host: String,
    /// Absolute path of the entry file in `files`, such as `/app/main.js`. Empty when `args` is all of the command line:
    /// Node's own options, such as `--test`, and whatever they allow behind them.
    pub entry: String,
    /// What follows the file on the command line.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Absolute; relative paths start here.
    pub cwd: String,
    pub files: Vec<File>,
    /// One for each TypeScript file among them ([`crate::typescript`]).
    pub transpiled: Vec<Transpiled>,
    /// All of standard input; it ends where these bytes end.
    pub stdin: Vec<u8>,
    /// Nanoseconds of virtual time that one interpreter tick takes: the speed of the core it runs on.
    pub tick_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Absolute, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// How much of the trace leaves the jar. Whatever is chosen, the run is the same and so is its hash, because the
/// events are made either way; `Output` only keeps them inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Every event.
    #[default]
    All,
    /// Output, errors and exits: what a terminal shows. And choices.
    Output,
}

/// Counted in deterministic units, so that a limit strikes at the same moment everywhere. Each ends the process that
/// meets it with [`crate::EventKind::LimitReached`]; zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Interpreter ticks in one callback, the micro and tick queues after it included: a blocked loop.
    pub callback_ticks_max: u64,
    /// Interpreter ticks of the whole run.
    pub ticks_max: u64,
    pub events_max: u64,
    pub virtual_ns_max: u64,
    pub output_bytes_max: u64,
    pub output_lines_max: u64,
    /// Of one process.
    pub heap_bytes_max: u64,
    /// Nested calls before `RangeError: Maximum call stack size exceeded`, of a function with one argument and no
    /// variables; a larger one's frame counts for more, as in V8. Calls by or of native functions nest in the machine's
    /// stack, which bears 350 of them, however many this allows.
    pub call_depth_max: u32,
}

impl Limits {
    /// For a page: any of them strikes within two seconds on an ordinary laptop.
    pub const PAGE: Self = Self {
        callback_ticks_max: 20_000_000,
        ticks_max: 40_000_000,
        events_max: 140_000,
        virtual_ns_max: 24 * 3600 * 1_000_000_000,
        output_bytes_max: 4 << 20,
        output_lines_max: 20_000,
        heap_bytes_max: 64 << 20,
        call_depth_max: CALL_DEPTH,
    };

    /// For a terminal, where Ctrl+C is at hand: only what would take the machine down.
    pub const TERMINAL: Self = Self {
        callback_ticks_max: 0,
        ticks_max: 0,
        events_max: 0,
        virtual_ns_max: 0,
        output_bytes_max: 0,
        output_lines_max: 0,
        heap_bytes_max: 1 << 30,
        call_depth_max: CALL_DEPTH,
    };
}

/// What Node's own stack of 984 KiB holds.
pub const CALL_DEPTH: u32 = 10_496;

/// What the wall clock reads when a run starts, unless the scenario says otherwise: 2026-01-01T00:00:00Z. It is fixed
/// so that a program that prints the date prints the same one tomorrow.
pub const EPOCH_MS: u64 = 1_767_225_600_000;

/// A host's core, unless the scenario says otherwise: 50 ns a tick, where a tick is a call or the end of a loop's
/// round. It is about what the interpreter itself needs, so a virtual second of pure computation takes about a real
/// one.
pub const TICK_NS: u64 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_read_as_they_are_written() {
        for text in ["0", "0,1,0,2", "0,0,3x1,0,first", "first", "1000x0"] {
            let picks: Picks = text.parse().expect(text);
            assert_eq!(picks.to_string(), text);
        }
        let picks: Picks = " 1, 3x0,1 ,first".parse().expect("spaces do no harm");
        assert_eq!(
            (picks.taken, picks.then),
            (vec![1, 0, 0, 0, 1], Then::First)
        );
    }

    #[test]
    fn what_are_no_picks_says_so() {
        for text in ["", "x", "1,,2", "-1", "first,1", "1x", "1.5", "4294967296"] {
            let said = text.parse::<Picks>().unwrap_err();
            assert!(said.starts_with("picks are numbers"), "{text:?}: {said}");
        }
        for text in ["1001x0", "4294967295x0", "999x1,0,0"] {
            let said = text.parse::<Picks>().unwrap_err();
            assert_eq!(said, "at most 1000 choices can be picked", "{text:?}");
        }
    }
}
