//! Who said what to whom, message under message: a lifeline for each host and each process, and messages between them
//! that lean as long as they were on their way.
//!
//! Time goes down, but not to scale: between two moments at which something happens lie at least [`STEP_MIN_PX`], so
//! that a burst can be read, and at most [`STEP_MAX_PX`]; what is longer is folded and says how long it is. Within one
//! sequence later is always lower. What is drawn is what meets a window of it, so its length costs nothing.

use protocol::{
    EventId, EventKind, ProcessId,
    trace::{PacketContent, PacketId},
};

use crate::{
    Few, Lane, Recording, TaskIndex,
    axis::within,
    network::{HostIndex, RequestIndex},
};

pub const STEP_MIN_PX: f64 = 28.0;
const STEP_MAX_PX: f64 = 44.0;
const FOLD_PX: f64 = 40.0;
/// So many messages in all; more the first are shown of, and the rest is counted.
pub const MESSAGES_MAX: usize = 20_000;

/// A lifeline: a process, or a host on which none of our programs runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub name: String,
    pub host: HostIndex,
    pub process: Option<ProcessId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub packet: PacketId,
    pub from: usize,
    pub to: usize,
    pub sent_ns: u64,
    /// Where the recording ends, while it is under way.
    pub left_ns: u64,
    pub lost: bool,
    pub is_answer: bool,
    pub request: Option<RequestIndex>,
    pub event: EventId,
    /// How many went the same way meanwhile, this one included: the parts of a long body.
    pub count: usize,
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    pub life: usize,
    pub lane: Lane,
    pub from_ns: u64,
    pub to_ns: u64,
    pub task: Option<TaskIndex>,
    pub event: EventId,
}

/// A timer that was set and has run: a message to oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfMessage {
    pub life: usize,
    pub task: TaskIndex,
    pub set_ns: u64,
    pub ran_ns: u64,
    pub event: EventId,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    pub lives: Vec<Life>,
    /// By when they were sent.
    pub messages: Vec<Message>,
    pub activations: Vec<Activation>,
    pub timers: Vec<SelfMessage>,
    /// Not shown, because there were too many.
    pub more: usize,
    scale: Scale,
}

/// Time to pixels: the moments of interest with where they are, both rising.
#[derive(Clone, Debug, Default, PartialEq)]
struct Scale {
    stops: Vec<(u64, f64)>,
    folds: Vec<(u64, u64)>,
}

impl Recording {
    /// Of one request and what is asked for its sake, or of all that happens.
    pub fn sequence(&self, root: Option<RequestIndex>) -> Sequence {
        let network = self.network();
        let (from, to) = match root.map(|root| network.request(root)) {
            Some(known) => (known.sent, known.end.map_or(u64::MAX, |(end, _)| end)),
            None => (0, u64::MAX),
        };
        let is_in = |request: Option<RequestIndex>| match (root, request) {
            (None, _) => true,
            (Some(root), Some(request)) => network.root(request) == root,
            (Some(_), None) => false,
        };
        let mut lives = Lives::default();
        let mut sequence = Sequence::default();
        let to = to.min(self.events().len().saturating_sub(1) as u64);
        for id in from..=to {
            let Some(event) = self.event(id) else { break };
            match &event.kind {
                EventKind::PacketSent {
                    packet, content, ..
                } => {
                    let Some(known) = network.packet(*packet).filter(|known| is_in(known.request))
                    else {
                        continue;
                    };
                    if matches!(content, PacketContent::Ack | PacketContent::Window) {
                        continue;
                    }
                    if sequence.messages.len() >= MESSAGES_MAX {
                        sequence.more += 1;
                        continue;
                    }
                    let link = &network.links()[known.link];
                    let arrived = known.left.and_then(|left| self.event(left));
                    let here = lives.of(self, link.from, Some(event.process));
                    let there = lives.of(self, link.to, self.reader_of(known.left));
                    let left_ns = arrived.map_or(self.end_ns(), |left| left.time_ns);
                    let message = Message {
                        packet: *packet,
                        from: here,
                        to: there,
                        sent_ns: event.time_ns,
                        left_ns: left_ns.max(event.time_ns),
                        lost: known.lost,
                        is_answer: !known.from_client,
                        request: known.request,
                        event: id,
                        count: 1,
                        bytes: known.bytes,
                    };
                    sequence.add(message, known.begins || *content != PacketContent::Data);
                }
                EventKind::TaskStarted { task } if is_in(network.request_of(id)) => {
                    let Some(index) = self.task_index(event.process, *task) else {
                        continue;
                    };
                    let task = self.task(index);
                    let Some(host) = self.host_of(event.process) else {
                        continue;
                    };
                    let life = lives.of(self, host, Some(event.process));
                    let to_ns = task
                        .ended
                        .map_or(self.end_ns(), |ended| self.time_ns(ended));
                    sequence.act(Activation {
                        life,
                        lane: task.lane(),
                        from_ns: event.time_ns,
                        to_ns: to_ns.max(event.time_ns),
                        task: Some(index),
                        event: id,
                    });
                    if task.lane() == Lane::Timers && self.task_is_own(index) {
                        sequence.timers.push(SelfMessage {
                            life,
                            task: index,
                            set_ns: self.time_ns(task.queued),
                            ran_ns: event.time_ns,
                            event: id,
                        });
                    }
                }
                _ => {}
            }
        }
        sequence.lives = lives.all;
        sequence.scale = Scale::of(&sequence, root.is_some());
        sequence
    }

    /// The host on which a process runs, once something was sent there.
    fn host_of(&self, process: ProcessId) -> Option<HostIndex> {
        let (_, host) = self.program(process);
        self.network()
            .hosts()
            .iter()
            .position(|known| known.name == host)
    }

    /// The process that does the first thing on an arrival.
    fn reader_of(&self, left: Option<EventId>) -> Option<ProcessId> {
        const LOOK_MAX: usize = 256;
        let left = left?;
        let after = self.events().iter().skip(left as usize + 1).take(LOOK_MAX);
        let mut caused = after.filter(|event| event.cause == Some(left));
        caused
            .find(|event| self.is_program(event.process))
            .map(|event| event.process)
    }
}

#[derive(Default)]
struct Lives {
    all: Vec<Life>,
    numbers: Few<(HostIndex, Option<ProcessId>), usize>,
}

impl Lives {
    fn of(&mut self, recording: &Recording, host: HostIndex, process: Option<ProcessId>) -> usize {
        let name = &recording.network().hosts()[host].name;
        let here = |process: &ProcessId| recording.program(*process).1 == name;
        // Who reads it is not always told; on a host with one program it is that.
        let process = process
            .filter(here)
            .or_else(|| recording.only_program_of(name));
        *self.numbers.or_insert_with((host, process), || {
            self.all.push(Life {
                name: process
                    .map_or_else(|| name.clone(), |process| recording.process_name(process)),
                host,
                process,
            });
            self.all.len() - 1
        })
    }
}

impl Sequence {
    /// What goes on with a message that is still the last on its way is part of it.
    fn add(&mut self, message: Message, begins: bool) {
        let same = |last: &&mut Message| {
            !begins
                && !last.lost
                && !message.lost
                && (last.from, last.to, last.request, last.is_answer)
                    == (message.from, message.to, message.request, message.is_answer)
        };
        match self.messages.last_mut().filter(same) {
            Some(last) => {
                last.count += 1;
                last.bytes += message.bytes;
                last.left_ns = last.left_ns.max(message.left_ns);
            }
            None => self.messages.push(message),
        }
    }

    /// One that follows at once in the same lane goes on with the last.
    fn act(&mut self, next: Activation) {
        const GAP_NS_MAX: u64 = 20_000;
        let last = self
            .activations
            .iter_mut()
            .rev()
            .take(8)
            .find(|last| last.life == next.life);
        match last {
            Some(last) if next.from_ns <= last.to_ns + GAP_NS_MAX => {
                last.to_ns = last.to_ns.max(next.to_ns);
            }
            _ => self.activations.push(next),
        }
    }

    pub fn height_px(&self) -> f64 {
        self.scale.stops.last().map_or(0.0, |stop| stop.1)
    }

    pub fn y_px(&self, time_ns: u64) -> f64 {
        self.scale.y_px(time_ns)
    }

    pub fn time_ns(&self, y_px: f64) -> u64 {
        self.scale.time_ns(y_px)
    }

    /// From and to of what is folded.
    pub fn folds(&self) -> &[(u64, u64)] {
        &self.scale.folds
    }

    /// Those that meet a window, given in pixels.
    pub fn messages_in(
        &self,
        from_px: f64,
        to_px: f64,
    ) -> impl Iterator<Item = (usize, &Message)> + '_ {
        let (from_ns, to_ns) = (self.time_ns(from_px), self.time_ns(to_px));
        let end = self
            .messages
            .partition_point(|message| message.sent_ns <= to_ns);
        let messages = self.messages[..end].iter().enumerate();
        messages.filter(move |(_, message)| message.left_ns >= from_ns)
    }
}

impl Scale {
    fn of(sequence: &Sequence, with_work: bool) -> Self {
        let mut times: Vec<u64> = Vec::new();
        for message in &sequence.messages {
            times.extend([message.sent_ns, message.left_ns]);
        }
        for timer in &sequence.timers {
            times.extend([timer.set_ns, timer.ran_ns]);
        }
        if with_work {
            for act in &sequence.activations {
                times.extend([act.from_ns, act.to_ns]);
            }
        }
        times.sort_unstable();
        times.dedup();
        let first_ns = times.first().copied().unwrap_or_default();
        let last_ns = times.last().copied().unwrap_or_default();
        // As if it were even: so a usual step is about as long as a line of text is high.
        let px_per_ns = times.len() as f64 * 16.0 / (last_ns - first_ns).max(1) as f64;
        let mut scale = Self::default();
        let mut at_px = 16.0;
        let mut before_ns = first_ns;
        for time_ns in times {
            let wanted_px = (time_ns - before_ns) as f64 * px_per_ns;
            if wanted_px > STEP_MAX_PX * 3.0 {
                scale.folds.push((before_ns, time_ns));
                at_px += FOLD_PX;
            } else if time_ns > first_ns {
                at_px += within(wanted_px, STEP_MIN_PX, STEP_MAX_PX);
            }
            scale.stops.push((time_ns, at_px));
            before_ns = time_ns;
        }
        if let Some(last) = scale.stops.last().copied() {
            scale.stops.push((last.0.saturating_add(1), last.1 + 16.0));
        }
        scale
    }

    fn y_px(&self, time_ns: u64) -> f64 {
        let after = self.stops.partition_point(|stop| stop.0 <= time_ns);
        let (Some(first), Some(last)) = (self.stops.first(), self.stops.last()) else {
            return 0.0;
        };
        match (
            after.checked_sub(1).map(|at| self.stops[at]),
            self.stops.get(after),
        ) {
            (None, _) => first.1,
            (_, None) => last.1,
            (Some(before), Some(next)) => {
                let part = (time_ns - before.0) as f64 / (next.0 - before.0) as f64;
                before.1 + part * (next.1 - before.1)
            }
        }
    }

    fn time_ns(&self, y_px: f64) -> u64 {
        let after = self.stops.partition_point(|stop| stop.1 <= y_px);
        match (
            after.checked_sub(1).map(|at| self.stops[at]),
            self.stops.get(after),
        ) {
            (None, next) => next.map_or(0, |next| next.0),
            (Some(before), None) => before.0,
            (Some(before), Some(next)) => {
                let part = (y_px - before.1) / (next.1 - before.1);
                before.0 + (part * (next.0 - before.0) as f64) as u64
            }
        }
    }
}
