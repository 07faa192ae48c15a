//! One world at a time, driven by commands; and Node's library, which outlives them.

use std::rc::Rc;

use kernel::Sim;
use node::{Booted, CodeCache, Library, Process};
use protocol::{Command, ProcessSpec, Reply, Scenario, VERSION};

use crate::edge::wipe;

#[cfg(feature = "whole")]
use crate::outside::Outside;
#[cfg(feature = "whole")]
use protocol::outside::{Deed, Does};

/// A reply never grows without bound, however long the slice.
const EVENTS_PER_REPLY: usize = 20_000;

#[derive(Default)]
pub struct Jar {
    library: Option<Rc<Library>>,
    /// Has booted, and waits for a program.
    at_rest: Option<Booted>,
    sim: Option<Sim<Process>>,
    finished: bool,
    #[cfg(feature = "whole")]
    outside: Outside,
    /// Up to where a world has been let run that is called from outside.
    #[cfg(feature = "whole")]
    until_ns: u64,
    /// The first process's.
    #[cfg(feature = "whole")]
    host: String,
    /// Of the loads that have ended.
    #[cfg(feature = "whole")]
    loads: Vec<protocol::load::LoadReport>,
    /// What came of what clients have asked for.
    #[cfg(feature = "whole")]
    exchanges: Vec<protocol::client::Exchange>,
}

impl Jar {
    pub fn carry_out(&mut self, command: Command) -> Reply {
        match command {
            Command::Load { library } => self.load(library),
            Command::Start(scenario) => self.start(scenario),
            Command::Step { ticks_max } => self.step(ticks_max),
            #[cfg(feature = "whole")]
            Command::Exchange {
                until_ns,
                ticks_max,
                deeds,
            } => self.exchange(until_ns, ticks_max, deeds),
            #[cfg(not(feature = "whole"))]
            Command::Exchange { .. } => Reply::Wanting {
                part: protocol::command::WHOLE_JAR.to_owned(),
            },
            Command::Grade { source } => self.grade(&source),
            Command::Compiled => Reply::Compiled {
                library: (self.library.as_ref())
                    .map_or_else(Vec::new, |library| library.code.newer()),
            },
        }
    }

    fn load(&mut self, bytes: Vec<u8>) -> Reply {
        self.sim = None;
        self.finished = false;
        match self.take_library(bytes) {
            Ok(()) => Reply::Loaded { version: VERSION },
            Err(reason) => Reply::Refused { reason },
        }
    }

    fn take_library(&mut self, mut bytes: Vec<u8>) -> Result<(), String> {
        if !Library::is_directory(&bytes) {
            let library = self
                .library
                .as_ref()
                .ok_or("there is no library that this could be a part of")?;
            if CodeCache::is_code(&bytes) {
                let added = library.code.add(&bytes);
                wipe(&mut bytes);
                return added.ok_or("this code is cut off".to_owned());
            }
            library.add(bytes)?;
            library.forget_wanted();
            return Ok(());
        }
        let library = Library::parse(bytes).ok_or("Node's library is not whole")?;
        let library = Rc::new(library);
        self.at_rest = Some(Booted::boot(library.clone())?);
        self.library = Some(library);
        Ok(())
    }

    fn start(
        &mut self,
        #[cfg_attr(feature = "whole", expect(unused_mut))] mut scenario: Scenario,
    ) -> Reply {
        // The world before gives its memory back first.
        self.sim = None;
        self.finished = false;
        if let Some(reason) = unfit(&scenario) {
            return Reply::Refused { reason };
        }
        let Some(library) = self.library.clone() else {
            return refused("there is no library of Node's: send Load first");
        };
        library.forget_wanted();
        // One of several processes is for the whole jar, which the first step asks for.
        #[cfg(not(feature = "whole"))]
        if scenario.processes.len() > 1
            || !scenario.network.machines.is_empty()
            || !scenario.network.clients.is_empty()
        {
            library.want_whole_jar();
            scenario.processes.truncate(1);
        }
        #[cfg(feature = "whole")]
        {
            self.outside = Outside::default();
            self.until_ns = 0;
            self.loads.clear();
            self.exchanges.clear();
            let first = scenario.processes.first();
            self.host = first.map_or_else(String::new, |process| process.host.clone());
        }
        #[cfg(feature = "whole")]
        let (machines, clients) = (
            machines_of(&scenario),
            scenario.network.clients.open().unwrap_or_default(),
        );
        let mut at_rest = self.at_rest.take();
        let sim = Sim::new(scenario, move |process, spec, scheduler| {
            let booted = at_rest.take().unwrap_or_else(|| {
                Booted::boot(library.clone()).expect("it has booted before, and always boots alike")
            });
            Process::begin(booted, process, spec, scheduler)
        });
        #[cfg(feature = "whole")]
        let sim = {
            let mut sim = sim;
            if let Err(reason) = web::inhabit(&mut sim, machines, clients) {
                return Reply::Refused { reason };
            }
            sim
        };
        self.sim = Some(sim);
        Reply::Started { version: VERSION }
    }

    /// Why this run cannot go on here: the jar lacks something, or the run is not the one that was picked.
    fn given_up(&mut self) -> Option<Reply> {
        let reply = match wanted(self.library.as_deref()) {
            Some(part) => Reply::Wanting { part },
            None => {
                let world = self.sim.as_ref()?.world().borrow();
                let reason = world.choices.refusal(self.finished)?;
                Reply::Refused { reason }
            }
        };
        self.sim = None;
        self.finished = false;
        Some(reply)
    }

    fn step(&mut self, ticks_max: u64) -> Reply {
        let Some(sim) = &mut self.sim else {
            return refused("nothing has been started: send Start first");
        };
        let status = sim.step(ticks_max, EVENTS_PER_REPLY);
        self.finished = matches!(status, protocol::Status::Finished { .. });
        let events = sim.world().borrow_mut().recorder.take();
        if let Some(reply) = self.given_up() {
            return reply;
        }
        #[cfg(feature = "whole")]
        for_checks(&mut self.loads, &mut self.exchanges, &events);
        Reply::Stepped { status, events }
    }

    #[cfg(feature = "whole")]
    fn exchange(&mut self, until_ns: u64, ticks_max: u64, deeds: Vec<Deed>) -> Reply {
        let Some(sim) = &mut self.sim else {
            return refused("nothing has been started: send Start first");
        };
        let world = sim.world().clone();
        for deed in &deeds {
            if let Does::Signals { number } = deed.what {
                world.borrow_mut().switch_to(0, self.until_ns);
                sim.signal(number);
            }
        }
        let host = {
            let mut world = world.borrow_mut();
            world.switch_to(0, self.until_ns);
            let host = world.network.host_named(&self.host);
            for deed in deeds {
                self.outside.act(&mut world, host, deed);
            }
            host
        };
        self.until_ns = self.until_ns.max(until_ns);
        let status = sim.step_until(Some(self.until_ns), ticks_max, EVENTS_PER_REPLY);
        self.finished = matches!(status, protocol::Status::Finished { .. });
        if let Some(reply) = self.given_up() {
            return reply;
        }
        let mut world = world.borrow_mut();
        world.switch_to(0, self.until_ns);
        let events = world.recorder.take();
        for_checks(&mut self.loads, &mut self.exchanges, &events);
        Reply::Exchanged {
            status,
            heard: self.outside.hear(&mut world),
            events,
            next_ns: world.queue.next_time_ns(),
            listening: world.network.listening_ports(host),
        }
    }

    fn grade(&mut self, source: &str) -> Reply {
        match &self.sim {
            Some(sim) if self.finished => {
                #[cfg(feature = "whole")]
                let machines = format!(
                    "\"loads\":{},\"exchanges\":{}",
                    web::json(&self.loads),
                    web::exchanges_json(&self.exchanges)
                );
                #[cfg(not(feature = "whole"))]
                let machines = "\"loads\":[],\"exchanges\":[]".to_owned();
                let Some(library) = &self.library else {
                    return refused("there is no library of Node's: send Load first");
                };
                let report =
                    sim.with_kept(|processes| node::grade(library, processes, &machines, source));
                match wanted(Some(library)) {
                    Some(part) => Reply::Wanting { part },
                    None => Reply::Graded(report),
                }
            }
            Some(_) => refused("the run has not finished: send Step until it has"),
            None => refused("nothing has been started: send Start first"),
        }
    }
}

/// What grading asks for later.
#[cfg(feature = "whole")]
fn for_checks(
    loads: &mut Vec<protocol::load::LoadReport>,
    exchanges: &mut Vec<protocol::client::Exchange>,
    events: &[protocol::Event],
) {
    loads.extend(web::reports(events));
    exchanges.extend(web::exchanges(events));
}

fn wanted(library: Option<&Library>) -> Option<String> {
    library.and_then(|library| library.wanted().map(|part| part.to_owned()))
}

fn refused(reason: &str) -> Reply {
    Reply::Refused {
        reason: reason.to_owned(),
    }
}

/// Why a scenario cannot be a world.
fn unfit(scenario: &Scenario) -> Option<String> {
    let network = &scenario.network;
    if scenario.processes.is_empty() && network.machines.is_empty() && network.clients.is_empty() {
        return Some("a world needs a process, and the scenario has none".into());
    }
    scenario.processes.iter().find_map(unfit_process)
}

fn unfit_process(process: &ProcessSpec) -> Option<String> {
    let is_path = process.entry.starts_with('/') || process.entry.is_empty();
    if !is_path || !process.cwd.starts_with('/') {
        return Some("the entry file and the working folder need absolute paths".into());
    }
    if process.entry.contains('\0') {
        return Some("a path has no zero byte".into());
    }
    None
}

/// With what each nginx reads, where that is a file of the lesson's.
#[cfg(feature = "whole")]
fn machines_of(scenario: &Scenario) -> protocol::scenario::Machines {
    let mut machines = scenario.network.machines.open().unwrap_or_default();
    for nginx in &mut machines.nginx {
        let path = format!("{}/{}", protocol::lesson::FOLDER, nginx.file);
        let mut files = scenario.processes.iter().flat_map(|process| &process.files);
        if nginx.config.is_none()
            && let Some(file) = files.find(|file| file.path == path)
        {
            nginx.config = Some(String::from_utf8_lossy(&file.bytes).into_owned());
        }
    }
    machines
}
