//! The driver: the earliest happening first, until nothing is left or the slice is spent.

use std::{cell::RefCell, rc::Rc};

use protocol::{ProcessId, Scenario, Status};

use crate::{Happening, World};

/// How a system's turn on its core ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The slice is spent; more is to be done at once.
    Again,
    /// Nothing to do before this moment.
    SleepsUntil(u64),
    Exited(i32),
}

/// A program on a core. It shares the world with everything else through [`World`] and borrows it only for moments, so
/// that what it calls may borrow it too.
pub trait System {
    /// Runs until about `ticks_max` ticks are spent or there is nothing to do. Returns what is next and the ticks spent.
    fn resume(&mut self, ticks_max: u64) -> (Turn, u64);
}

/// A world and the processes in it, numbered from 1.
pub struct Sim<S> {
    world: Rc<RefCell<World>>,
    systems: Vec<S>,
    exit_code: Option<i32>,
    running: usize,
}

impl<S: System> Sim<S> {
    /// `start` makes each process; all are ready at time zero, in the order of the scenario.
    pub fn new(
        scenario: Scenario,
        mut start: impl FnMut(ProcessId, protocol::ProcessSpec, Rc<RefCell<World>>) -> S,
    ) -> Self {
        let world = Rc::new(RefCell::new(World::new(&scenario)));
        let mut systems = Vec::new();
        for (index, spec) in scenario.processes.into_iter().enumerate() {
            let process = index as ProcessId + 1;
            systems.push(start(process, spec, world.clone()));
            world
                .borrow_mut()
                .queue
                .push(0, Happening::ProcessResumes(process));
        }
        Self {
            world,
            running: systems.len(),
            systems,
            exit_code: None,
        }
    }

    pub fn world(&self) -> &Rc<RefCell<World>> {
        &self.world
    }

    pub fn systems(&self) -> &[S] {
        &self.systems
    }

    /// Runs a slice. The replies of a slice together never hold more than `events_max` events plus one turn's.
    pub fn step(&mut self, ticks_max: u64, events_max: usize) -> Status {
        let mut ticks_left = ticks_max.max(1);
        while self.running > 0 && ticks_left > 0 {
            if self.world.borrow().recorder.pending_len() >= events_max {
                break;
            }
            let next = self.world.borrow_mut().queue.pop();
            let Some((time_ns, Happening::ProcessResumes(process))) = next else {
                break;
            };
            self.world.borrow_mut().advance_to(time_ns);
            let (turn, ticks) = self.systems[process as usize - 1].resume(ticks_left);
            // A turn that costs no tick still counts, or an idle loop would hold the slice forever.
            ticks_left = ticks_left.saturating_sub(ticks.max(1));
            let mut world = self.world.borrow_mut();
            let now_ns = world.now_ns();
            match turn {
                Turn::Again => world.queue.push(now_ns, Happening::ProcessResumes(process)),
                Turn::SleepsUntil(until_ns) => world
                    .queue
                    .push(until_ns.max(now_ns), Happening::ProcessResumes(process)),
                Turn::Exited(code) => {
                    if process == 1 {
                        self.exit_code = Some(code);
                    }
                    self.running -= 1;
                }
            }
        }
        let world = self.world.borrow();
        match self.exit_code {
            Some(exit_code) if self.running == 0 => Status::Finished {
                now_ns: world.now_ns(),
                exit_code,
                trace_hash: world.recorder.hash().0,
            },
            _ => Status::Running {
                now_ns: world.now_ns(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{EventKind, Limits, ProcessSpec, Record};

    use super::*;

    /// Sleeps for a drawn time, three times, and writes down when it woke.
    struct Sleeper {
        process: ProcessId,
        world: Rc<RefCell<World>>,
        rounds: u32,
        chance: crate::Stream,
    }

    impl System for Sleeper {
        fn resume(&mut self, _: u64) -> (Turn, u64) {
            let mut world = self.world.borrow_mut();
            world.record(None, self.process, EventKind::PollWoke, vec![]);
            self.rounds += 1;
            if self.rounds > 3 {
                return (Turn::Exited(0), 1);
            }
            let until_ns = world.now_ns() + self.chance.below(1_000_000);
            (Turn::SleepsUntil(until_ns), 1)
        }
    }

    fn scenario(seed: u64) -> Scenario {
        let spec = ProcessSpec {
            host: "a".into(),
            entry: "/app/main.js".into(),
            args: vec![],
            env: vec![],
            cwd: "/app".into(),
            files: vec![],
            transpiled: Vec::new(),
            stdin: vec![],
            tick_ns: 50,
        };
        Scenario {
            seed,
            epoch_ms: 0,
            limits: Limits::PAGE,
            record: Record::All,
            processes: vec![spec.clone(), spec],
        }
    }

    fn run(seed: u64, slice: u64) -> Status {
        let mut sim = Sim::new(scenario(seed), |process, _, world| {
            let chance = world.borrow().chance.stream(&format!("sleeper {process}"));
            Sleeper {
                process,
                world,
                rounds: 0,
                chance,
            }
        });
        loop {
            let status = sim.step(slice, 1000);
            if matches!(status, Status::Finished { .. }) {
                return status;
            }
        }
    }

    #[test]
    fn a_run_is_its_seed_however_it_is_sliced() {
        assert_eq!(run(7, 1), run(7, 1_000_000));
        assert_ne!(run(7, 1), run(8, 1));
    }
}
