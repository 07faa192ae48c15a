//! Several jars at once, each in a worker of its own, for runs of which only the outcome is wanted.
//!
//! One begins alone: whatever the program wants of the library, or of the whole jar, is then there for the others, who
//! share the page's [`Simulation`].

use std::rc::Rc;

use gloo::utils::window;
use protocol::{
    Reply, Report, Scenario, Status,
    codec::{self, Stretch},
    explore::{Outcome, Watcher},
};
use yew::Callback;

use super::jar::{Heard, Jar, JobId, Part, Simulation};
use crate::state::explore::KEPT_BYTES_MAX;

const WORKERS_MAX: usize = 8;

/// A place in the crew.
pub type Worker = usize;

pub struct Crew {
    simulation: Rc<Simulation>,
    on_heard: Callback<(Worker, Heard)>,
    members: Vec<Member>,
    jobs: JobId,
}

struct Member {
    jar: Jar,
    task: Option<Task>,
}

struct Task {
    job: JobId,
    seed: u64,
    watcher: Watcher,
    exit_code: Option<i32>,
    report: Option<Report>,
    refused: Option<String>,
}

pub enum News {
    /// Bring it with [`Crew::add_part`].
    Wants {
        job: JobId,
        part: String,
    },
    Ran {
        seed: u64,
        outcome: Outcome,
        report: Option<Report>,
        /// Options, one for each choice.
        taken: Vec<u32>,
    },
    Broke {
        seed: u64,
        reason: String,
    },
}

impl Crew {
    pub fn new(simulation: Rc<Simulation>, on_heard: Callback<(Worker, Heard)>) -> Self {
        Self {
            simulation,
            on_heard,
            members: Vec::new(),
            jobs: 0,
        }
    }

    /// One more worker, unless there are as many as the machine has cores for; the sentence says why it cannot be.
    pub fn hire(&mut self) -> Result<bool, String> {
        let cores = window().navigator().hardware_concurrency() as usize;
        if self.members.len() >= cores.clamp(1, WORKERS_MAX) {
            return Ok(false);
        }
        let jar = self.jar_for(self.members.len())?;
        self.members.push(Member { jar, task: None });
        Ok(true)
    }

    pub fn idle(&self) -> Option<Worker> {
        self.members.iter().position(|member| member.task.is_none())
    }

    pub fn start(
        &mut self,
        worker: Worker,
        scenario: &Scenario,
        checks: Option<&str>,
    ) -> Result<(), String> {
        self.jobs += 1;
        let member = &mut self.members[worker];
        member.jar.start(self.jobs, scenario, checks)?;
        member.task = Some(Task {
            job: self.jobs,
            seed: scenario.seed,
            watcher: Watcher::new(KEPT_BYTES_MAX),
            exit_code: None,
            report: None,
            refused: None,
        });
        Ok(())
    }

    pub fn heard(&mut self, worker: Worker, heard: Heard) -> Option<News> {
        let member = self.members.get_mut(worker)?;
        let (job, broke, is_lost) = match &heard {
            Heard::Ready => return None,
            Heard::Reply { job, .. } | Heard::Ended { job } | Heard::Wanting { job, .. } => {
                (*job, None, false)
            }
            Heard::Trapped { job, report } => (*job, Some(report.clone()), false),
            Heard::Lost {
                job,
                silent,
                report,
            } => {
                let silence = "It gave no sign of life any more.";
                let reason = if *silent {
                    silence.to_string()
                } else {
                    report.clone()
                };
                (*job, Some(reason), true)
            }
        };
        let task = member.task.as_mut().filter(|task| task.job == job)?;
        let seed = task.seed;
        if let Some(reason) = broke {
            member.task = None;
            if is_lost && let Ok(jar) = self.jar_for(worker) {
                self.members[worker].jar = jar;
            }
            return Some(News::Broke { seed, reason });
        }
        match heard {
            Heard::Wanting { job, part } => return Some(News::Wants { job, part }),
            Heard::Reply { bytes, .. } => task.read(bytes),
            _ => {
                let task = member.task.take()?;
                return Some(task.result());
            }
        }
        None
    }

    /// What a run wants has come; it begins anew.
    pub fn add_part(
        &mut self,
        worker: Worker,
        job: JobId,
        part: Result<Part, String>,
    ) -> Result<(), String> {
        let Some(member) = self.members.get_mut(worker) else {
            return Ok(());
        };
        let Some(task) = member.task.as_mut().filter(|task| task.job == job) else {
            return Ok(());
        };
        task.watcher = Watcher::new(KEPT_BYTES_MAX);
        member.jar.add_part(part?)
    }

    fn jar_for(&self, worker: Worker) -> Result<Jar, String> {
        let on_heard = self.on_heard.reform(move |heard| (worker, heard));
        Jar::open(&self.simulation, on_heard)
    }
}

impl Task {
    fn read(&mut self, bytes: Vec<u8>) {
        match Stretch::open(bytes) {
            Ok(mut stretch) => {
                loop {
                    match stretch.next_event() {
                        Ok(Some(event)) => self.watcher.notice(&event),
                        Ok(None) => break,
                        Err(reason) => {
                            self.refused = Some(reason);
                            break;
                        }
                    }
                }
                if let Status::Finished { exit_code, .. } = stretch.status {
                    self.exit_code = Some(exit_code);
                }
            }
            Err(bytes) => match codec::decode(&bytes) {
                Ok(Reply::Graded(report)) => self.report = Some(report),
                Ok(Reply::Refused { reason }) | Err(reason) => self.refused = Some(reason),
                Ok(_) => {}
            },
        }
    }

    fn result(self) -> News {
        match (self.refused, self.exit_code) {
            (None, Some(exit_code)) => News::Ran {
                seed: self.seed,
                taken: self.watcher.taken().to_vec(),
                outcome: self.watcher.outcome(exit_code),
                report: self.report,
            },
            (reason, _) => News::Broke {
                seed: self.seed,
                reason: reason.unwrap_or_else(|| "The run has no end.".to_string()),
            },
        }
    }
}
