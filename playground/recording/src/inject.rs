//! What a reader can break by hand, and mend: which of it fits the world at the playhead, and which changes it is.
//!
//! How the world stands is read from the changes that the recording tells of. A link that the description says nothing of
//! is as [`LinkSpec::between`] has it.

use protocol::{
    EventId, EventKind,
    scenario::{Change, LinkSpec},
};

use crate::{Few, Recording, network::HostIndex};

/// Something that goes wrong from now on, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injection {
    Host {
        host: String,
        what: HostFault,
    },
    /// Both ways.
    Link {
        hosts: [String; 2],
        what: LinkFault,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFault {
    Killed,
    Begun,
    PowerLost,
    PowerBack,
    Slow,
    Quick,
    DiskFull,
    DiskEmpty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    Cut,
    Mended,
    Slow,
    Lossy,
    AsItWas,
}

/// Thousandths of a core's own speed.
const SLOW_PERMILLE: u32 = 100;
const SLOW_TIMES: u64 = 10;
/// Of a million packets.
const LOSSY: u32 = 100_000;

impl HostFault {
    /// What a button says.
    pub fn words(self) -> &'static str {
        match self {
            Self::Killed => "Kill what runs",
            Self::Begun => "Start it again",
            Self::PowerLost => "Cut its power",
            Self::PowerBack => "Give it power",
            Self::Slow => "Slow its cores to a tenth",
            Self::Quick => "Full speed again",
            Self::DiskFull => "Fill its disk",
            Self::DiskEmpty => "Make room on its disk",
        }
    }

    fn change(self, host: &str) -> Change {
        let host = host.to_owned();
        match self {
            Self::Killed | Self::Begun => Change::Run {
                host,
                runs: self == Self::Begun,
            },
            Self::PowerLost | Self::PowerBack => Change::Power {
                host,
                is_up: self == Self::PowerBack,
            },
            Self::Slow => Change::Speed {
                host,
                permille: SLOW_PERMILLE,
            },
            Self::Quick => Change::Speed {
                host,
                permille: 1_000,
            },
            Self::DiskFull | Self::DiskEmpty => Change::Disk {
                host,
                is_full: self == Self::DiskFull,
            },
        }
    }
}

impl LinkFault {
    pub fn words(self) -> &'static str {
        match self {
            Self::Cut => "Cut it",
            Self::Mended => "Mend it",
            Self::Slow => "Ten times as slow",
            Self::Lossy => "Lose every tenth packet",
            Self::AsItWas => "As it was",
        }
    }
}

impl Injection {
    pub fn words(&self) -> String {
        match self {
            Self::Host { host, what } => format!("{host}, “{}”", what.words()),
            Self::Link { hosts, what } => {
                let [one, other] = hosts;
                format!("the link of {one} and {other}, “{}”", what.words())
            }
        }
    }

    /// `links` are those of the world's description.
    pub fn changes(&self, links: &[LinkSpec]) -> Vec<Change> {
        match self {
            Self::Host { host, what } => vec![what.change(host)],
            Self::Link { hosts, what } => {
                let [one, other] = hosts;
                let both = [(one, other), (other, one)];
                let changes = both.map(|(from, to)| link_change(*what, from, to, links));
                changes.into()
            }
        }
    }
}

fn link_change(what: LinkFault, from: &str, to: &str, links: &[LinkSpec]) -> Change {
    if let LinkFault::Cut | LinkFault::Mended = what {
        return Change::Cut {
            from: from.to_owned(),
            to: to.to_owned(),
            is_cut: what == LinkFault::Cut,
        };
    }
    let said = links.iter().find(|link| link.from == from && link.to == to);
    let mut link = said.map_or_else(|| LinkSpec::between(from, to), LinkSpec::clone);
    match what {
        LinkFault::Slow => {
            for (_, latency_ns) in &mut link.latency {
                *latency_ns = latency_ns.saturating_mul(SLOW_TIMES);
            }
        }
        LinkFault::Lossy => link.lost = LOSSY,
        LinkFault::Cut | LinkFault::Mended | LinkFault::AsItWas => {}
    }
    Change::Link(link)
}

/// What can be done to a host, and to each of its links with another, at an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakable {
    pub host: Vec<HostFault>,
    pub links: Vec<(String, Vec<LinkFault>)>,
}

impl Recording {
    pub fn breakable(&self, host: HostIndex, event: EventId) -> Breakable {
        let network = self.network();
        let name = |host: HostIndex| network.hosts()[host].name.as_str();
        let mut others = Few::default();
        for link in network.links() {
            match (link.from == host, link.to == host) {
                (true, false) => others.insert(name(link.to), ()),
                (false, true) => others.insert(name(link.from), ()),
                _ => {}
            }
        }
        Breakable {
            host: self.host_faults(name(host), event),
            links: others
                .into_entries()
                .into_iter()
                .map(|(other, ())| (other.to_owned(), self.link_faults(name(host), other, event)))
                .collect(),
        }
    }

    fn host_faults(&self, host: &str, event: EventId) -> Vec<HostFault> {
        let is = |wanted: &dyn Fn(&Change) -> Option<bool>| self.latest(event, wanted);
        let has_power = is(&|change| match change {
            Change::Power { host: of, is_up } => (of == host).then_some(*is_up),
            _ => None,
        });
        if has_power == Some(false) {
            return vec![HostFault::PowerBack];
        }
        let runs_programs = self
            .processes()
            .any(|process| self.program(process).1 == host);
        if !runs_programs {
            return vec![HostFault::PowerLost];
        }
        let runs = is(&|change| match change {
            Change::Run { host: of, runs } => (of == host).then_some(*runs),
            Change::Power { host: of, is_up } => (of == host).then_some(*is_up),
            _ => None,
        });
        let is_slow = is(&|change| match change {
            Change::Speed { host: of, permille } => (of == host).then_some(*permille < 1_000),
            _ => None,
        });
        let is_full = is(&|change| match change {
            Change::Disk { host: of, is_full } => (of == host).then_some(*is_full),
            _ => None,
        });
        let either = |is: Option<bool>, yes, no| if is == Some(true) { yes } else { no };
        let something_runs = self.processes().any(|process| {
            self.program(process).1 == host && self.standing(process, event).ended.is_none()
        });
        let run = match (runs, something_runs) {
            (Some(false), _) => Some(HostFault::Begun),
            (_, true) => Some(HostFault::Killed),
            // It has ended by itself.
            (_, false) => None,
        };
        let mut faults = Vec::from_iter(run);
        faults.extend([
            HostFault::PowerLost,
            either(is_slow, HostFault::Quick, HostFault::Slow),
            either(is_full, HostFault::DiskEmpty, HostFault::DiskFull),
        ]);
        faults
    }

    fn link_faults(&self, one: &str, other: &str, event: EventId) -> Vec<LinkFault> {
        let is_it = |from: &str, to: &str| from == one && to == other || from == other && to == one;
        let is_cut = self.latest(event, &|change| match change {
            Change::Cut { from, to, is_cut } => is_it(from, to).then_some(*is_cut),
            _ => None,
        });
        if is_cut == Some(true) {
            return vec![LinkFault::Mended];
        }
        let is_changed = self.latest(event, &|change| match change {
            Change::Link(link) => is_it(&link.from, &link.to).then_some(true),
            _ => None,
        });
        let mut faults = vec![LinkFault::Cut, LinkFault::Slow, LinkFault::Lossy];
        faults.extend(is_changed.map(|_| LinkFault::AsItWas));
        faults
    }

    /// What the last change until then that says anything of it says.
    fn latest(&self, event: EventId, said: &dyn Fn(&Change) -> Option<bool>) -> Option<bool> {
        let changes = self.changes().rev().skip_while(|change| *change > event);
        let mut changes = changes.filter_map(|change| match &self.event(change)?.kind {
            EventKind::WorldChanged { what } => said(what),
            _ => None,
        });
        changes.next()
    }
}

#[cfg(test)]
mod tests {
    use protocol::Event;

    use super::*;
    use crate::fixture;

    fn changed(changes: Vec<Change>) -> Recording {
        let mut events = fixture::exchanges(3, 1);
        let last_ns = events[events.len() - 1].time_ns;
        events.extend(changes.into_iter().map(|what| Event {
            cause: None,
            time_ns: last_ns,
            process: 0,
            kind: EventKind::WorldChanged { what },
            stack: Vec::new(),
        }));
        Recording::from_events(events)
    }

    fn host_of_a_program(recording: &Recording) -> HostIndex {
        let mut hosts = recording.network().hosts().iter();
        let runs = |name: &str| {
            let mut processes = recording.processes();
            processes.any(|process| recording.program(process).1 == name)
        };
        hosts.position(|host| runs(&host.name)).unwrap()
    }

    #[test]
    fn what_is_broken_can_be_mended() {
        let whole = changed(vec![]);
        let host = host_of_a_program(&whole);
        let name = whole.network().hosts()[host].name.clone();
        let Breakable {
            host: faults,
            links,
        } = whole.breakable(host, whole.last_moment());
        let (other, of_link) = links[0].clone();
        assert_eq!(faults[0], HostFault::Killed);
        assert_eq!(of_link, [LinkFault::Cut, LinkFault::Slow, LinkFault::Lossy]);
        let cases = [
            (HostFault::Killed, HostFault::Begun),
            (HostFault::PowerLost, HostFault::PowerBack),
            (HostFault::Slow, HostFault::Quick),
            (HostFault::DiskFull, HostFault::DiskEmpty),
        ];
        for (fault, mended) in cases {
            let injected = Injection::Host {
                host: name.clone(),
                what: fault,
            };
            let broken = changed(injected.changes(&[]));
            let faults = broken.breakable(host, broken.last_moment()).host;
            assert!(
                faults.contains(&mended) && !faults.contains(&fault),
                "{fault:?}"
            );
            let before = broken.breakable(host, 0).host;
            assert!(before.contains(&fault), "{fault:?} is not there before");
        }
        for (fault, mended) in [
            (LinkFault::Cut, LinkFault::Mended),
            (LinkFault::Slow, LinkFault::AsItWas),
            (LinkFault::Lossy, LinkFault::AsItWas),
        ] {
            let injected = Injection::Link {
                hosts: [name.clone(), other.clone()],
                what: fault,
            };
            let broken = changed(injected.changes(&[]));
            let links = broken.breakable(host, broken.last_moment()).links;
            assert!(links[0].1.contains(&mended), "{fault:?}");
        }
    }

    #[test]
    fn what_has_ended_is_not_to_be_killed() {
        let recording = Recording::from_events(fixture::what_runs_first());
        let faults = |event| recording.host_faults("api-1", event);
        assert_eq!(faults(1)[0], HostFault::Killed);
        assert_eq!(faults(recording.last_moment())[0], HostFault::PowerLost);
    }

    #[test]
    fn a_link_keeps_what_is_not_broken() {
        let said = LinkSpec {
            latency: vec![(500_000, 1_000), (1_000_000, 3_000)],
            bits_per_second: 8_000,
            ..LinkSpec::between("a", "b")
        };
        let of = |what| {
            let hosts = ["a".to_owned(), "b".to_owned()];
            Injection::Link { hosts, what }.changes(std::slice::from_ref(&said))
        };
        let slow = LinkSpec {
            latency: vec![(500_000, 10_000), (1_000_000, 30_000)],
            ..said.clone()
        };
        assert_eq!(of(LinkFault::Slow)[0], Change::Link(slow));
        let lossy = LinkSpec {
            lost: LOSSY,
            ..said.clone()
        };
        assert_eq!(of(LinkFault::Lossy)[0], Change::Link(lossy));
        // Nothing is said of the way back.
        assert_eq!(
            of(LinkFault::AsItWas),
            [
                Change::Link(said.clone()),
                Change::Link(LinkSpec::between("b", "a"))
            ]
        );
    }
}
