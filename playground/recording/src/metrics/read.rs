//! The one pass over a recording that finds what can be measured of it.

use protocol::{
    Event, EventId, EventKind, Phase, ProcessId, load::RequestOutcome, service::ServiceId,
};

use super::{
    Away, Exchange, Load, Measures,
    steps::{Changes, Steps},
};
use crate::{
    Lane, Recording,
    network::Fate,
    recording::{put, taken},
};

#[derive(Default)]
struct Program {
    /// The trace tells of its start.
    is_there: bool,
    /// Callbacks within each other.
    depth: u32,
    runs: Changes,
    /// Since when its loop is away from poll.
    away_ns: Option<u64>,
    away: Away,
    /// When a work was asked for, when it begins and when it ends.
    works: Vec<[u64; 3]>,
    waiting: Changes,
    /// Bytes of the heap that are used from a moment on.
    heap: Vec<(u64, u64)>,
    exited_ns: Option<u64>,
}

impl Program {
    fn callbacks(&mut self, now_ns: u64, depth: u32) {
        match (self.depth > 0, depth > 0) {
            (false, true) => self.runs.came_ns.push(now_ns),
            (true, false) => self.runs.left_ns.push(now_ns),
            _ => {}
        }
        self.depth = depth;
    }

    fn asks(&mut self, now_ns: u64) {
        if let Some(from_ns) = self.away_ns.replace(now_ns)
            && from_ns < now_ns
        {
            self.away.0.push((from_ns, now_ns));
        }
    }
}

#[derive(Default)]
struct Service {
    number: ServiceId,
    name: String,
    waiting: Changes,
}

#[derive(Default)]
struct Reader {
    measures: Measures,
    /// By their numbers, from 1.
    programs: Vec<Program>,
    /// The place of each request among those of loads, by its number.
    requests: Vec<Option<u32>>,
    services: Vec<Service>,
    /// Where each work waits: a place among the services, by the work's number; and none once it has waited.
    works: Vec<Option<u32>>,
}

impl Measures {
    pub fn new(recording: &Recording) -> Self {
        let mut reader = Reader::default();
        reader.measures.end_ns = recording.end_ns();
        let processes = recording.processes();
        reader.programs = processes.map(|_| Program::default()).collect();
        for (id, event) in (0..).zip(recording.events()) {
            reader.read(recording, id, event);
        }
        reader.read_waiting(recording);
        reader.finish(recording)
    }
}

impl Reader {
    fn program(&mut self, process: ProcessId) -> Option<&mut Program> {
        let program = self.programs.get_mut((process as usize).checked_sub(1)?);
        program.filter(|program| program.is_there)
    }

    fn read(&mut self, recording: &Recording, id: EventId, event: &Event) {
        let now_ns = event.time_ns;
        match &event.kind {
            EventKind::ProcessStarted { .. } => {
                let at = (event.process as usize).checked_sub(1);
                if let Some(program) = at.and_then(|at| self.programs.get_mut(at)) {
                    program.is_there = true;
                    program.away_ns = Some(now_ns);
                }
            }
            EventKind::LoadBegun {
                load, name, host, ..
            } => {
                self.measures.loads.push(Load {
                    number: *load,
                    name: name.clone(),
                    host: host.clone(),
                    ended: None,
                });
            }
            EventKind::LoadEnded { load, .. } => {
                let mut loads = self.measures.loads.iter_mut();
                if let Some(known) = loads.find(|known| known.number == *load) {
                    known.ended = Some(id);
                }
            }
            EventKind::RequestBegun { request, load, .. } => {
                let mut loads = self.measures.loads.iter();
                if let Some(of) = loads.position(|known| known.number == *load) {
                    let place = self.measures.of_loads.len() as u32;
                    put(&mut self.requests, *request as usize, place);
                    self.measures.of_loads.push(Exchange {
                        begun_ns: now_ns,
                        end: None,
                        of: of as u32,
                    });
                }
            }
            EventKind::RequestEnded { request, outcome } => {
                if let Some(place) = taken(&self.requests, *request) {
                    let end = &mut self.measures.of_loads[place as usize].end;
                    end.get_or_insert((now_ns, *outcome));
                }
            }
            EventKind::ServiceStarted {
                service,
                name,
                host,
                ..
            } => {
                let name = match name == host {
                    true => name.clone(),
                    false => format!("{name} at {host}"),
                };
                self.services.push(Service {
                    number: *service,
                    name,
                    waiting: Changes::default(),
                });
            }
            EventKind::WorkQueued { work, service } => {
                let mut services = self.services.iter();
                if let Some(at) = services.position(|known| known.number == *service) {
                    put(&mut self.works, *work as usize, at as u32);
                    self.services[at].waiting.came_ns.push(now_ns);
                }
            }
            EventKind::WorkStarted { work } | EventKind::WorkEnded { work, .. } => {
                if let Some(at) = taken(&self.works, *work) {
                    self.works[*work as usize - 1] = None;
                    self.services[at as usize].waiting.left_ns.push(now_ns);
                }
            }
            _ => self.read_loop(recording, id, event),
        }
    }

    fn read_loop(&mut self, recording: &Recording, id: EventId, event: &Event) {
        let Some(program) = self.program(event.process) else {
            return;
        };
        let now_ns = event.time_ns;
        match &event.kind {
            EventKind::TaskStarted { task } | EventKind::TaskEnded { task, .. } => {
                let Some(index) = recording.task_index(event.process, *task) else {
                    return;
                };
                let record = recording.task(index);
                if record.started == Some(id) {
                    program.callbacks(now_ns, program.depth + 1);
                } else if record.started.is_some() && record.ended == Some(id) {
                    program.callbacks(now_ns, program.depth.saturating_sub(1));
                }
            }
            EventKind::PhaseEntered {
                phase: Phase::Poll, ..
            }
            | EventKind::PollWoke => program.asks(now_ns),
            EventKind::PollSlept { .. } => {
                program.asks(now_ns);
                program.away_ns = None;
            }
            EventKind::PoolWorkQueued {
                begins_ns, ends_ns, ..
            } => program.works.push([now_ns, *begins_ns, *ends_ns]),
            EventKind::HeapUsed { bytes } => program.heap.push((now_ns, *bytes)),
            EventKind::ProcessExited { .. } => {
                program.heap.push((now_ns, 0));
                program.callbacks(now_ns, 0);
                program.asks(now_ns);
                program.away_ns = None;
                program.exited_ns = Some(now_ns);
            }
            _ => {}
        }
    }

    /// A timer can run from when it is due; a callback of I/O waits for that, and the trace does not say until when; any
    /// other can run since it was queued.
    fn read_waiting(&mut self, recording: &Recording) {
        for task in recording.tasks() {
            if task.lane() == Lane::Poll {
                continue;
            }
            let Some(program) = self.program(task.process) else {
                continue;
            };
            let queued_ns = recording.time_ns(task.queued);
            let ready_ns = match (task.lane(), task.due_ns) {
                (Lane::Timers, Some(due_ns)) => due_ns.max(queued_ns),
                _ => queued_ns,
            };
            let left_ns = task.left().map(|event| recording.time_ns(event));
            let until_ns = left_ns.or(program.exited_ns).unwrap_or(u64::MAX);
            program.waiting.stay(ready_ns, until_ns);
        }
    }

    fn finish(mut self, recording: &Recording) -> Measures {
        let measures = &mut self.measures;
        let mut hosts: Vec<(&str, Changes)> = Vec::new();
        let started = (1..).zip(self.programs);
        for (process, mut program) in started.filter(|(_, program)| program.is_there) {
            let name = recording.process_name(process);
            program.asks(measures.end_ns);
            let (_, host) = recording.program(process);
            match hosts.iter_mut().find(|(known, _)| *known == host) {
                Some((_, runs)) => runs.append(&mut program.runs),
                None => hosts.push((host, program.runs)),
            }
            if !program.works.is_empty() {
                // An end of a process is one of its pool.
                let until_ns = program.exited_ns.unwrap_or(u64::MAX);
                let (mut at_work, mut waiting) = (Changes::default(), Changes::default());
                for work in program.works {
                    let [asked_ns, begins_ns, ends_ns] = work.map(|ns| ns.min(until_ns));
                    waiting.stay(asked_ns, begins_ns);
                    at_work.stay(begins_ns.max(asked_ns), ends_ns);
                }
                let pools = [("at work", at_work), ("waiting", waiting)];
                for (what, changes) in pools {
                    let name = format!("{name}, {what}");
                    measures.pools.push((name, Steps::new(changes)));
                }
            }
            measures.lags.push((name.clone(), program.away));
            if program.heap.iter().any(|(_, bytes)| *bytes > 0) {
                measures.heaps.push((name.clone(), Steps::of(program.heap)));
            }
            measures.queues.push((name, Steps::new(program.waiting)));
        }
        for service in self.services {
            measures
                .queues
                .push((service.name, Steps::new(service.waiting)));
        }
        let cpus = hosts.into_iter();
        measures.cpus = cpus
            .map(|(host, changes)| (host.to_owned(), Steps::new(changes)))
            .collect();
        measures.read_network(recording);
        self.measures
    }
}

impl Measures {
    fn read_network(&mut self, recording: &Recording) {
        let network = recording.network();
        let changes = |(came, left): (&[u32], &[u32])| {
            let times = |events: &[u32]| {
                let times = events
                    .iter()
                    .map(|event| recording.time_ns(u64::from(*event)));
                times.collect()
            };
            Changes {
                came_ns: times(came),
                left_ns: times(left),
            }
        };
        for (number, host) in network.hosts().iter().enumerate() {
            self.hosts.push(host.name.clone());
            let events = network.connection_events(number);
            if !events.0.is_empty() {
                let steps = Steps::new(changes(events));
                self.connections.push((host.name.clone(), steps));
            }
        }
        let mut packets = Changes::default();
        for link in 0..network.links().len() {
            packets.append(&mut changes(network.packet_events(link)));
        }
        if !packets.is_empty() {
            self.packets
                .push(("all links".to_owned(), Steps::new(packets)));
        }
        self.is_asked = vec![false; self.hosts.len()];
        let requests = network.requests().iter().enumerate();
        let real = requests.filter(|(number, _)| network.is_request(*number));
        self.sent = real
            .map(|(_, request)| {
                self.is_asked[request.server] = true;
                let end = request.end.map(|(event, fate)| {
                    let status = || recording.message(request.answer?)?.status;
                    let outcome = match fate {
                        // What is answered in a language without numbers is answered.
                        Fate::Answered => RequestOutcome::Status(status().unwrap_or(200)),
                        Fate::Refused => RequestOutcome::Error(ECONNREFUSED),
                        Fate::CutShort | Fate::GivenUp => RequestOutcome::CutShort,
                    };
                    (recording.time_ns(event), outcome)
                });
                Exchange {
                    begun_ns: recording.time_ns(request.sent),
                    end,
                    of: request.server as u32,
                }
            })
            .collect();
    }
}

const ECONNREFUSED: i32 = 111;
