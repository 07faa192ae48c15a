//! All state that the systems of one world share.

use crate::Table;
use protocol::{EventId, EventKind, Frame, Limits, ProcessId, Scenario};

use crate::{Chance, Choices, EventQueue, Race, Recorder, Taken};

/// What the queue holds: a closed list, one entry for each way in which the world can go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A process gets its core back: it starts, its sleep is over, or its slice was.
    ProcessResumes(ProcessId),
    #[cfg(feature = "network")]
    PacketArrives(protocol::trace::PacketId),
    #[cfg(feature = "network")]
    DatagramArrives(protocol::trace::PacketId),
    /// Which of those that the scenario foresees.
    #[cfg(feature = "network")]
    WorldChanges(u32),
    /// No answer to it has come in time.
    #[cfg(feature = "network")]
    PacketMissed(protocol::trace::PacketId),
    /// Whether one of the scenario's faults strikes is decided.
    #[cfg(feature = "network")]
    FaultIsDrawn(u32),
    #[cfg(feature = "network")]
    FaultEnds(u32),
}

#[derive(Debug)]
pub struct World {
    now_ns: u64,
    pub epoch_ms: u64,
    pub limits: Limits,
    pub chance: Chance,
    pub choices: Choices,
    pub queue: EventQueue<Happening>,
    pub recorder: Recorder,
    #[cfg(feature = "network")]
    pub network: crate::network::Network,
    #[cfg(feature = "network")]
    changes: Vec<protocol::scenario::ChangeSpec>,
    #[cfg(feature = "network")]
    pub(crate) faults: crate::network::Faults,
    /// The host of whoever has the turn.
    #[cfg(feature = "network")]
    current_host: Option<crate::network::HostId>,
    /// Interpreter ticks of all processes together.
    pub ticks: u64,
    /// Whose turn it is; 0 between turns.
    current: ProcessId,
    cores: Table<ProcessId, Core>,
}

/// Every process, and every thread of one, has a clock of its own: two of them may compute through the same stretch of
/// time, as far as their host has cores.
#[derive(Clone, Copy, Debug, Default)]
struct Core {
    /// Where its last turn ended.
    clock_ns: u64,
    /// Its entry in the queue.
    resumes: Option<(u64, u64)>,
    #[cfg(feature = "network")]
    host: Option<crate::network::HostId>,
    /// Which of its host's it has taken for this turn.
    #[cfg(feature = "network")]
    taken: Option<u32>,
}

impl World {
    pub fn new(scenario: &Scenario) -> Self {
        let mut world = Self {
            now_ns: 0,
            epoch_ms: scenario.epoch_ms,
            limits: scenario.limits,
            chance: Chance::new(scenario.seed),
            choices: Choices::new(scenario.picks.clone()),
            queue: EventQueue::default(),
            recorder: Recorder::new(scenario.record),
            #[cfg(feature = "network")]
            network: crate::network::Network::new(Chance::new(scenario.seed)),
            #[cfg(feature = "network")]
            changes: scenario.network.changes.clone(),
            #[cfg(feature = "network")]
            faults: crate::network::Faults::default(),
            #[cfg(feature = "network")]
            current_host: None,
            ticks: 0,
            current: 0,
            cores: Table::new(),
        };
        world.record(
            None,
            0,
            EventKind::WorldStarted {
                seed: scenario.seed,
                epoch_ms: scenario.epoch_ms,
            },
            vec![],
        );
        #[cfg(feature = "network")]
        world.lay_out(&scenario.network);
        world
    }

    #[cfg(feature = "network")]
    fn lay_out(&mut self, spec: &protocol::scenario::NetworkSpec) {
        self.network.lay_out(spec);
        for (index, change) in spec.changes.iter().enumerate() {
            let changes = Happening::WorldChanges(index as u32);
            self.queue.push(change.at_ns, changes);
        }
        self.foresee_faults(spec);
    }

    /// Something that the scenario foresees is still to come.
    #[cfg(feature = "network")]
    pub(crate) fn foresees_changes(&self) -> bool {
        let last = self.changes.last();
        last.is_some_and(|change| change.at_ns > self.now_ns)
    }

    /// The process, and whatever it begins, runs on that host.
    #[cfg(feature = "network")]
    pub(crate) fn settle(&mut self, process: ProcessId, host: crate::network::HostId) {
        self.cores.or_default(process).host = Some(host);
    }

    #[cfg(feature = "network")]
    pub(crate) fn settle_as(&mut self, process: ProcessId, parent: ProcessId) {
        let host = self.cores.get(&parent).and_then(|core| core.host);
        self.cores.or_default(process).host = host;
    }

    /// Whether nothing more fits on the disk of the process that runs.
    #[cfg(feature = "network")]
    pub fn disk_is_full(&self) -> bool {
        let host = self.current_host;
        host.is_some_and(|host| self.network.disk_is_full(host))
    }

    #[cfg(feature = "network")]
    pub(crate) fn current(&self) -> ProcessId {
        self.current
    }

    /// Takes a core of the process's host for its turn; when all are busy, says until when.
    #[cfg(feature = "network")]
    pub(crate) fn take_core(&mut self, process: ProcessId, time_ns: u64) -> Result<(), u64> {
        let core = self.cores.or_default(process);
        core.taken = None;
        let Some(host) = core.host else {
            return Ok(());
        };
        let core_number = self.network.free_core(host, time_ns)?;
        self.cores.or_default(process).taken = core_number;
        Ok(())
    }

    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// What `Date.now()` reads in microseconds.
    pub fn wall_us(&self) -> u64 {
        self.epoch_ms
            .saturating_mul(1000)
            .saturating_add(self.now_ns / 1000)
    }

    pub fn spend(&mut self, ns: u64) {
        #[cfg(feature = "network")]
        let ns = match self.current_host {
            Some(host) => self.network.takes(host, ns),
            None => ns,
        };
        self.now_ns = self.now_ns.saturating_add(ns);
    }

    /// Moves the clock to `time_ns`, or leaves it where it is when that moment has passed: a busy core is late.
    pub fn advance_to(&mut self, time_ns: u64) {
        self.now_ns = self.now_ns.max(time_ns);
    }

    /// What goes on by itself, without a process.
    #[cfg(feature = "network")]
    pub fn happens(&mut self, time_ns: u64, happening: Happening) {
        self.switch_to(0, time_ns);
        match happening {
            Happening::PacketArrives(packet) => self.packet_arrives(packet),
            Happening::DatagramArrives(packet) => self.datagram_arrives(packet),
            Happening::PacketMissed(packet) => self.packet_missed(packet),
            Happening::WorldChanges(index) => {
                let what = self.changes[index as usize].what.clone();
                self.change(&what, Some(0));
            }
            Happening::FaultIsDrawn(fault) => self.fault_is_drawn(fault),
            Happening::FaultEnds(fault) => self.fault_ends(fault),
            Happening::ProcessResumes(_) => unreachable!("a process has its own turn"),
        }
    }

    /// Whether the run is longer than it may be. Says so in the trace, for those who are no processes.
    #[cfg(feature = "network")]
    pub(crate) fn meets_limit(&mut self) -> bool {
        let Limits {
            events_max,
            virtual_ns_max,
            ..
        } = self.limits;
        let (limit, text) = if events_max > 0 && self.recorder.count() >= events_max {
            let text = format!("the world made {events_max} events");
            (protocol::Limit::Events, text)
        } else if virtual_ns_max > 0 && self.now_ns >= virtual_ns_max {
            let text = format!("{} s of virtual time", virtual_ns_max / 1_000_000_000);
            (protocol::Limit::VirtualTime, text)
        } else {
            return false;
        };
        self.record(None, 0, EventKind::LimitReached { limit, text }, vec![]);
        true
    }

    /// Lets the clock read what it does on another core, or outside.
    pub fn switch_to(&mut self, process: ProcessId, time_ns: u64) {
        self.current = process;
        self.now_ns = time_ns;
        #[cfg(feature = "network")]
        {
            self.current_host = self.cores.get(&process).and_then(|core| core.host);
        }
    }

    /// Whoever runs on the host, by number.
    #[cfg(feature = "network")]
    pub(crate) fn processes_on(&self, host: crate::network::HostId) -> Vec<ProcessId> {
        let cores = self.cores.iter();
        let there = cores.filter(|(_, core)| core.host == Some(host));
        there.map(|(process, _)| *process).collect()
    }

    /// Where the process's clock stands, or the world's when that is later.
    #[cfg(feature = "network")]
    pub(crate) fn clock_of(&self, process: ProcessId) -> u64 {
        let core = self.cores.get(&process);
        core.map_or(0, |core| core.clock_ns).max(self.now_ns)
    }

    pub fn is_current(&self, process: ProcessId) -> bool {
        self.current == process
    }

    /// The process has its core back at `time_ns`, or at once when its own clock is beyond that. An earlier appointment
    /// stands. Whoever has its core now will see for itself.
    pub fn resume_at(&mut self, process: ProcessId, time_ns: u64) {
        if self.current == process {
            return;
        }
        let core = self.cores.or_default(process);
        let time_ns = time_ns.max(core.clock_ns);
        if let Some(place) = core.resumes {
            if place.0 <= time_ns {
                return;
            }
            self.queue.remove(place);
        }
        let place = self.queue.push(time_ns, Happening::ProcessResumes(process));
        core.resumes = Some(place);
    }

    /// When the process has its next turn, as far as that is known.
    pub(crate) fn resumes_at(&self, process: ProcessId) -> Option<u64> {
        Some(self.cores.get(&process)?.resumes?.0)
    }

    /// Sets the clock to the later of what it reads here and on the process's core.
    pub(crate) fn catch_up(&mut self, process: ProcessId) -> u64 {
        self.now_ns = self.now_ns.max(self.cores.or_default(process).clock_ns);
        self.now_ns
    }

    /// Takes the process's appointment out of the queue, when it is not later than `until_ns`.
    pub(crate) fn take_turn_before(&mut self, process: ProcessId, until_ns: u64) -> Option<u64> {
        let core = self.cores.get_mut(&process)?;
        let place = core.resumes.filter(|place| place.0 <= until_ns)?;
        core.resumes = None;
        self.queue.remove(place);
        Some(place.0)
    }

    pub fn turn_begins(&mut self, process: ProcessId) {
        self.cores.or_default(process).resumes = None;
    }

    pub(crate) fn turn_ended(&mut self, process: ProcessId) {
        self.current = 0;
        let core = self.cores.or_default(process);
        core.clock_ns = self.now_ns;
        #[cfg(feature = "network")]
        if let (Some(host), Some(taken)) = (core.host, core.taken.take()) {
            self.network.core_is_busy(host, taken, self.now_ns);
        }
    }

    pub(crate) fn forget(&mut self, process: ProcessId) {
        #[cfg(feature = "network")]
        self.close_sockets_of(process);
        if let Some(core) = self.cores.remove(&process)
            && let Some(place) = core.resumes
        {
            self.queue.remove(place);
        }
    }

    /// Decides a race: its moment, and what is to be told of that as soon as its cause is there.
    pub fn decide(&mut self, race: &Race) -> (u64, Option<Taken>) {
        let taken = self.choices.take(race.options(), race.seeds());
        let option = taken.map_or(race.seeds(), |taken| taken.option);
        (race.moment_ns(option), taken)
    }

    /// Records an event that happens now.
    pub fn record(
        &mut self,
        cause: Option<EventId>,
        process: ProcessId,
        kind: EventKind,
        stack: Vec<Frame>,
    ) -> EventId {
        self.recorder.add(cause, self.now_ns, process, kind, stack)
    }
}
