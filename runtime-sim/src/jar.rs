//! One world at a time, driven by commands.

use kernel::Sim;
use node::Process;
use protocol::{Command, Reply, Scenario, VERSION};

use crate::grade;

/// A reply never grows without bound, however long the slice.
const EVENTS_PER_REPLY: usize = 20_000;

#[derive(Default)]
pub struct Jar {
    sim: Option<Sim<Process>>,
    finished: bool,
}

impl Jar {
    pub fn carry_out(&mut self, command: Command) -> Reply {
        match command {
            Command::Start(scenario) => self.start(scenario),
            Command::Step { ticks_max } => self.step(ticks_max),
            Command::Grade { source } => self.grade(&source),
        }
    }

    fn start(&mut self, scenario: Scenario) -> Reply {
        // The world before gives its memory back first.
        self.sim = None;
        self.finished = false;
        if let Some(reason) = unfit(&scenario) {
            return Reply::Refused { reason };
        }
        self.sim = Some(Sim::new(scenario, Process::new));
        Reply::Started { version: VERSION }
    }

    fn step(&mut self, ticks_max: u64) -> Reply {
        let Some(sim) = &mut self.sim else {
            return refused("nothing has been started: send Start first");
        };
        let status = sim.step(ticks_max, EVENTS_PER_REPLY);
        self.finished = matches!(status, protocol::Status::Finished { .. });
        let events = sim.world().borrow_mut().recorder.take();
        Reply::Stepped { status, events }
    }

    fn grade(&mut self, source: &str) -> Reply {
        match &self.sim {
            Some(sim) if self.finished => Reply::Graded(grade::grade(&sim.systems()[0], source)),
            Some(_) => refused("the run has not finished: send Step until it has"),
            None => refused("nothing has been started: send Start first"),
        }
    }
}

fn refused(reason: &str) -> Reply {
    Reply::Refused {
        reason: reason.to_owned(),
    }
}

/// Why a scenario cannot be a world.
fn unfit(scenario: &Scenario) -> Option<String> {
    let [process] = scenario.processes.as_slice() else {
        return Some(format!(
            "this jar simulates one process, and the scenario has {}",
            scenario.processes.len()
        ));
    };
    if !process.entry.starts_with('/') || !process.cwd.starts_with('/') {
        return Some("the entry file and the working folder need absolute paths".into());
    }
    if process.entry.contains('\0') {
        return Some("a path has no zero byte".into());
    }
    None
}
