//! All state that the systems of one world share.

use protocol::{EventId, EventKind, Frame, Limits, ProcessId, Scenario};

use crate::{Chance, EventQueue, Recorder};

/// What the queue holds: a closed list, one entry for each way in which the world can go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A process gets its core back: it starts, its sleep is over, or its slice was.
    ProcessResumes(ProcessId),
}

#[derive(Debug)]
pub struct World {
    now_ns: u64,
    pub epoch_ms: u64,
    pub limits: Limits,
    pub chance: Chance,
    pub queue: EventQueue<Happening>,
    pub recorder: Recorder,
}

impl World {
    pub fn new(scenario: &Scenario) -> Self {
        let mut world = Self {
            now_ns: 0,
            epoch_ms: scenario.epoch_ms,
            limits: scenario.limits,
            chance: Chance::new(scenario.seed),
            queue: EventQueue::default(),
            recorder: Recorder::new(scenario.record),
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
        world
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
        self.now_ns = self.now_ns.saturating_add(ns);
    }

    /// Moves the clock to `time_ns`, or leaves it where it is when that moment has passed: a busy core is late.
    pub fn advance_to(&mut self, time_ns: u64) {
        self.now_ns = self.now_ns.max(time_ns);
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
