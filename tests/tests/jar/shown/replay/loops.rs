//! Loops, replayed: every queue is a list from which things are taken.

use std::collections::BTreeMap;

use protocol::{Event, EventKind, ExitReason, Frame, FunctionId, Phase, ProcessId, Queue, TaskId};

/// The eight places of the page, by the names of the trace.
pub const QUEUES: [&str; 8] = [
    "main",
    "nextTick",
    "microtasks",
    "timers",
    "pending",
    "poll",
    "check",
    "close",
];

pub fn queue_name(queue: Queue) -> &'static str {
    match queue {
        Queue::Main => "main",
        Queue::NextTick => "nextTick",
        Queue::Microtask(_) => "microtasks",
        Queue::Timers => "timers",
        Queue::Pending => "pending",
        Queue::Poll => "poll",
        Queue::Check => "check",
        Queue::Close => "close",
    }
}

#[derive(Clone, Debug)]
pub struct Task {
    pub queue: Queue,
    pub function: FunctionId,
    pub due_ns: Option<u64>,
}

/// Work of the pool that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub event: u64,
    pub thread: u32,
    pub begins_ns: u64,
    pub ends_ns: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Loop {
    pub host: String,
    pub heap_bytes: u64,
    pub is_there: bool,
    /// All that were ever queued.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Of each queue, who waits, in the order in which they were queued.
    pub waiting: BTreeMap<&'static str, Vec<TaskId>>,
    /// The innermost last.
    pub running: Vec<TaskId>,
    pub ran: usize,
    pub phase: Option<Phase>,
    pub turn: u32,
    pub asleep: Option<(u64, Option<u64>)>,
    pub ended: Option<(i32, ExitReason)>,
    pub exited_ns: Option<u64>,
    pub works: Vec<Work>,
    pub threads: u32,
    /// Of its own last event.
    pub stack: Vec<Frame>,
    /// Not since when it has asked for what has come; `None` while it sleeps or is not there.
    pub away_ns: Option<u64>,
}

impl Loop {
    /// Timers by when they are due, and of equals the one that was set first.
    pub fn queue(&self, name: &str) -> Vec<TaskId> {
        let mut queue = self.waiting.get(name).cloned().unwrap_or_default();
        if name == "timers" {
            queue.sort_by_key(|task| (self.tasks[task].due_ns, *task));
        }
        queue
    }

    /// What each thread does, and what waits for one.
    pub fn pool(&self, now_ns: u64) -> (Vec<Option<Work>>, Vec<Work>) {
        let mut threads = vec![
            None;
            if self.works.is_empty() {
                4
            } else {
                self.threads as usize
            }
        ];
        let mut waiting = Vec::new();
        if self.ended.is_some() {
            return (threads, waiting);
        }
        for work in &self.works {
            if work.begins_ns > now_ns {
                waiting.push(*work);
            } else if work.ends_ns > now_ns {
                threads[work.thread as usize] = Some(*work);
            }
        }
        (threads, waiting)
    }

    /// How many could run: their time has come, and what they wait for is no I/O.
    pub fn could_run(&self, now_ns: u64) -> u64 {
        if self.ended.is_some() {
            return 0;
        }
        let waiting = self.waiting.iter().filter(|(name, _)| **name != "poll");
        let tasks = waiting.flat_map(|(_, tasks)| tasks);
        let ready = tasks.filter(|task| {
            self.tasks[task]
                .due_ns
                .is_none_or(|due_ns| due_ns <= now_ns)
        });
        ready.count() as u64
    }
}

#[derive(Clone, Debug, Default)]
pub struct Loops(pub BTreeMap<ProcessId, Loop>);

/// The numbers of what is no program begin here, and 0 is the world's.
const PROGRAMS_END: ProcessId = 1 << 16;

impl Loops {
    /// After these events, in which all that are later are not known.
    pub fn after(events: &[Event]) -> Self {
        let mut loops = Self::default();
        for (id, event) in (0..).zip(events) {
            loops.take(id, event);
        }
        loops
    }

    fn take(&mut self, id: u64, event: &Event) {
        if event.process == 0 || event.process >= PROGRAMS_END {
            return;
        }
        let of = self.0.entry(event.process).or_default();
        let is_arrival = matches!(
            event.kind,
            EventKind::PacketArrived { .. } | EventKind::PacketLost { .. }
        );
        if !is_arrival && event.kind.is_moment() {
            of.stack.clone_from(&event.stack);
        }
        match &event.kind {
            EventKind::ProcessStarted { host, .. } => {
                of.host.clone_from(host);
                of.is_there = true;
                of.away_ns = Some(event.time_ns);
            }
            EventKind::ProcessExited { code, reason } => {
                of.ended = Some((*code, *reason));
                of.exited_ns = Some(event.time_ns);
                of.heap_bytes = 0;
                of.running.clear();
                of.asleep = None;
                of.away_ns = None;
            }
            EventKind::HeapUsed { bytes } => of.heap_bytes = *bytes,
            EventKind::PhaseEntered { phase, turn } => {
                of.phase = Some(*phase);
                of.turn = *turn;
                of.asleep = None;
                if *phase == Phase::Poll {
                    of.away_ns = Some(event.time_ns);
                }
            }
            EventKind::PollSlept { until_ns } => {
                of.asleep = Some((event.time_ns, *until_ns));
                of.away_ns = None;
            }
            EventKind::PollWoke => {
                of.asleep = None;
                of.away_ns = Some(event.time_ns);
            }
            EventKind::TaskQueued {
                task,
                queue,
                function,
                due_ns,
                ..
            } => {
                let known = Task {
                    queue: *queue,
                    function: *function,
                    due_ns: *due_ns,
                };
                of.tasks.insert(*task, known);
                of.waiting
                    .entry(queue_name(*queue))
                    .or_default()
                    .push(*task);
            }
            EventKind::TaskCancelled { task } => of.leave(*task),
            EventKind::TaskStarted { task } => {
                of.leave(*task);
                of.running.push(*task);
                of.ran += 1;
            }
            EventKind::TaskEnded { task, .. } => of.running.retain(|running| running != task),
            EventKind::PoolWorkQueued {
                thread,
                threads,
                begins_ns,
                ends_ns,
                ..
            } => {
                of.threads = *threads;
                of.works.push(Work {
                    event: id,
                    thread: *thread,
                    begins_ns: *begins_ns,
                    ends_ns: *ends_ns,
                });
            }
            _ => {}
        }
    }
}

impl Loop {
    fn leave(&mut self, task: TaskId) {
        let queue = queue_name(self.tasks[&task].queue);
        if let Some(waiting) = self.waiting.get_mut(queue) {
            waiting.retain(|other| *other != task);
        }
    }
}

/// How long what comes in at a time waits until its loop asks for it; `later` are the events after it.
pub fn lag_ns(state: &Loop, process: ProcessId, now_ns: u64, later: &[Event], end_ns: u64) -> u64 {
    if state.away_ns.is_none() {
        return 0;
    }
    let asks = later.iter().find(|event| {
        event.process == process
            && matches!(
                event.kind,
                EventKind::PhaseEntered {
                    phase: Phase::Poll,
                    ..
                } | EventKind::PollSlept { .. }
                    | EventKind::PollWoke
                    | EventKind::ProcessExited { .. }
            )
    });
    asks.map_or(end_ns, |event| event.time_ns) - now_ns
}
