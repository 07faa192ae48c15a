//! One sentence that says what happens at an event, and one that says why.
//!
//! Both are made from the trace alone: the event, what waits at that moment, and what the trace says came of it. They
//! are the figure's caption, the live region and the first line of the text twin at once, so they must read aloud
//! well and be true of every trace, not only of the lessons'. Where the trace does not say why, the sentence gives the
//! rule of Node's that applies, never a guess about this program.

use protocol::{
    Event, EventId, EventKind, ExitReason, Limit, MicrotaskKind, MiddlewareRole, Outcome, Phase,
    Queue, Stream,
    client::Exchange,
    scenario::Change,
    trace::{ConnectionId, Endpoint, PacketContent, PacketId, PoolWork},
};

use crate::{
    Lane, LoopState, Recording, TaskIndex,
    recording::base_name,
    score::BLOCKED_NS,
    time::{length, point},
    words::{self, asleep_words, exit_reason, some},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Whose it is, where there are several and the rest does not say.
    pub who: Option<String>,
    pub what: String,
    pub why: String,
}

impl Sentence {
    pub(crate) fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            who: None,
            what: what.into(),
            why: why.into(),
        }
    }

    /// In one breath: `api: Line 3 prints hello.`
    pub fn what_of_whom(&self) -> String {
        match &self.who {
            Some(who) => format!("{who}: {}", self.what),
            None => self.what.clone(),
        }
    }
}

/// Empty only where there is no such event.
pub fn sentence(recording: &Recording, event: EventId) -> Sentence {
    let mut told = tell(recording, event);
    if recording.has_several()
        && !recording.event(event).is_some_and(names_its_host)
        && let Some(process) = recording.process_of(event)
    {
        told.who = Some(recording.process_name(process));
    }
    told
}

fn names_its_host(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::ProcessStarted { .. }
            | EventKind::ConnectionBegun { .. }
            | EventKind::PacketSent { .. }
            | EventKind::PacketArrived { .. }
    )
}

fn tell(recording: &Recording, event: EventId) -> Sentence {
    let Some(happened) = recording.event(event) else {
        return Sentence::default();
    };
    let teller = Teller {
        recording,
        event,
        happened,
        state: recording.state_at(happened.process, event, 1),
    };
    match &happened.kind {
        EventKind::WorldStarted { seed, .. } => Sentence::new(
            "The world is made.",
            format!("Seed {seed} decides every race in it, so it runs like this each time."),
        ),
        EventKind::ProcessStarted { host, entry, .. } => Sentence::new(
            format!("node {} starts.", base_name(entry)),
            format!("It is a process of its own on {host}, with its own stack, queues and loop."),
        ),
        EventKind::ProcessExited { code, reason } => teller.exited(*code, *reason),
        EventKind::FunctionDefined {
            function,
            file,
            line,
            ..
        } => Sentence::new(
            format!(
                "{} gets its name.",
                recording.function_label(happened.process, *function)
            ),
            format!("It is written in {}, line {line}.", base_name(file)),
        ),
        EventKind::HeapUsed { bytes } => Sentence::new(
            format!("The process uses {} of memory.", words::bytes(*bytes)),
            "",
        ),
        EventKind::PhaseEntered { phase, turn } => teller.phase(*phase, *turn),
        EventKind::PollSlept { until_ns } => teller.slept(*until_ns),
        EventKind::PollWoke => teller.woke(),
        EventKind::TaskQueued { task, .. } => match teller.index(*task) {
            Some(index) => teller.queued(index),
            None => Sentence::new("A callback is queued.", ""),
        },
        EventKind::TaskCancelled { task } => teller.cancelled(teller.index(*task)),
        EventKind::TaskStarted { task } => match teller.index(*task) {
            Some(index) => teller.started(index),
            None => Sentence::new("A callback starts.", ""),
        },
        EventKind::TaskEnded { task, outcome } => match teller.index(*task) {
            Some(index) => teller.ended(index, *outcome),
            None => Sentence::new("A callback ends.", ""),
        },
        EventKind::Logged { stream, text } => teller.logged(*stream, text),
        EventKind::UncaughtError {
            text, file, line, ..
        } => Sentence::new(
            format!("{}.", without_full_stop(text)),
            match line {
                0 => "Nobody caught it.".to_owned(),
                line => format!(
                    "Nobody caught it. It comes from {}, line {line}.",
                    base_name(file)
                ),
            },
        ),
        EventKind::PoolWorkQueued {
            work,
            thread,
            begins_ns,
            ends_ns,
            ..
        } => {
            let takes = length(ends_ns.saturating_sub(*begins_ns));
            let (thread, wait_ns) = (thread + 1, begins_ns.saturating_sub(happened.time_ns));
            Sentence::new(
                format!("{} is handed to the pool.", pool_work(*work)),
                match wait_ns {
                    0 => format!("Thread {thread} is free and does it, which takes {takes}."),
                    _ => format!(
                        "All threads are busy: it waits for {} until thread {thread} is free, and takes {takes}.",
                        length(wait_ns)
                    ),
                },
            )
        }
        EventKind::ChoiceTaken { .. } => {
            let choice = recording.choice(event);
            choice.map(|choice| choice.sentence).unwrap_or_default()
        }
        EventKind::WorldChanged { what } => changed(what),
        EventKind::ConnectionBegun { client, server, .. } => Sentence::new(
            format!("{} asks {} for a connection.", place(client), place(server)),
            "What it wants to say waits until the other side has answered.",
        ),
        EventKind::PacketSent {
            connection,
            from_client,
            content,
            bytes,
            head,
            ..
        } => {
            let (from, to) = teller.ends(*connection, *from_client);
            Sentence::new(
                format!("{} leaves {from} for {to}.", what(*content, *bytes, head)),
                meaning(*content),
            )
        }
        EventKind::PacketArrived { packet } => teller.arrived(*packet),
        EventKind::PacketLost { packet } => teller.lost(*packet),
        EventKind::LimitReached { limit, text } => Sentence::new(
            format!("Stopped: {}.", without_full_stop(text)),
            limit_reason(*limit),
        ),
        EventKind::LoadBegun {
            name,
            host,
            requests,
            ..
        } => Sentence::new(
            format!("{name} begins to ask on {host}."),
            format!("What it asks for: {}.", requests.join(", ")),
        ),
        EventKind::RequestBegun { request, .. } => Sentence::new(
            format!("Request {request} is due."),
            "Its time is counted from now on, whether or not a connection is free for it.",
        ),
        EventKind::RequestEnded { request, outcome } => Sentence::new(
            format!("Request {request} is over: {outcome}."),
            match (outcome.is_answer(), outcome.is_error()) {
                (true, false) => "A whole answer has come.",
                (true, true) => "A whole answer has come, and it is an error.",
                (false, _) => "It has failed: no answer can come any more.",
            },
        ),
        EventKind::LoadEnded { report, .. } => match report.open() {
            Some(report) => Sentence::new(
                format!("The load {} ends.", report.name),
                format!(
                    "{} requests were sent, {} answered, {} failed, {} are in flight.",
                    report.sent, report.answered, report.failed, report.in_flight
                ),
            ),
            None => Sentence::new("A load ends.".to_owned(), ""),
        },
        EventKind::AskEnded { exchange, .. } => match exchange.open() {
            Some(exchange) => asked(&exchange),
            None => Sentence::new("Something that was asked for is over.".to_owned(), ""),
        },
        EventKind::MiddlewareEntered { function, role } => Sentence::new(
            format!(
                "The request comes to {}.",
                recording.function_label(happened.process, *function)
            ),
            match role {
                MiddlewareRole::Handles => "It is the next of the app's middleware that fits.",
                MiddlewareRole::HandlesError => {
                    "Something went wrong, and it is the next that handles errors."
                }
                MiddlewareRole::Wraps => {
                    "It is the next of the app's middleware, and goes on when those behind it are done."
                }
            },
        ),
        EventKind::ServiceStarted {
            name, host, port, ..
        } => Sentence::new(
            format!("The service {name} listens on port {port} of {host}."),
            "It is modelled: no program runs there.",
        ),
        EventKind::WorkQueued { work, .. } => Sentence::new(
            format!("Request {work} has come to a modelled service."),
            "It waits until a server is free for it.",
        ),
        EventKind::WorkStarted { work } => Sentence::new(
            format!("A server begins with request {work}."),
            "How long it takes has been drawn.",
        ),
        EventKind::WorkEnded { work, status } => Sentence::new(
            format!("The service answers request {work} with status {status}."),
            "",
        ),
    }
}

/// A work of the pool, at the beginning of a sentence.
pub fn pool_work(work: PoolWork) -> &'static str {
    match work {
        PoolWork::File => "A file operation",
        PoolWork::Dns => "A look-up of a name",
        PoolWork::Crypto => "A computation of node:crypto",
        PoolWork::Zlib => "A piece of compression",
    }
}

fn changed(what: &Change) -> Sentence {
    let (what, why) = match what {
        Change::Link(link) => (
            format!("The link from {} to {} changes.", link.from, link.to),
            "What is on its way already is not touched by that.",
        ),
        Change::Cut {
            from,
            to,
            is_cut: true,
        } => (
            format!("The link from {from} to {to} is cut."),
            "Packets are lost from now on, and nobody is told.",
        ),
        Change::Cut { from, to, .. } => (
            format!("The link from {from} to {to} works again."),
            "What was lost is sent once more when its sender's patience ends.",
        ),
        Change::Power { host, is_up: false } => (
            format!("{host} loses its power."),
            "What runs there is gone, and nobody is told: who talks to it waits.",
        ),
        Change::Power { host, .. } => (
            format!("{host} has power again."),
            "What ran there begins anew, and knows nothing of its old connections.",
        ),
        Change::Run { host, runs: false } => (
            format!("What runs on {host} is killed."),
            "The system closes its sockets, so who talks to it hears of the end.",
        ),
        Change::Run { host, .. } => (format!("What was killed on {host} begins anew."), ""),
        Change::Speed { host, permille } => (
            format!(
                "{host} computes at {}.{} % of its speed.",
                permille / 10,
                permille % 10
            ),
            "What its processes do takes longer or shorter from now on.",
        ),
        Change::Disk {
            host,
            is_full: true,
        } => (
            format!("The disk of {host} is full."),
            "Whoever writes to a file there gets ENOSPC; reading goes on.",
        ),
        Change::Disk { host, .. } => (format!("The disk of {host} has room again."), ""),
    };
    Sentence::new(what, why)
}

/// An end of a connection, as a sentence calls it.
fn place(end: &Endpoint) -> String {
    match end.address.as_str() {
        "" => format!("a process on {}", end.host),
        address => format!("{address} ({})", end.host),
    }
}

/// A packet by what it carries: the first line of its text, where it is text.
pub fn what(content: PacketContent, bytes: u64, head: &[u8]) -> String {
    let name = match content {
        PacketContent::Syn => "SYN",
        PacketContent::SynAck => "SYN-ACK",
        PacketContent::Ack => "ACK",
        PacketContent::Window => "A window update",
        PacketContent::Fin => "FIN",
        PacketContent::Reset | PacketContent::Refusal => "RST",
        PacketContent::Data | PacketContent::Datagram => {
            let line = head.split(|byte| *byte == b'\n').next().unwrap_or(head);
            let text = std::str::from_utf8(line).ok().map(str::trim_end);
            let text = text.filter(|text| !text.is_empty() && !text.contains(char::is_control));
            return match (text, bytes) {
                (Some(text), _) => format!("\u{201c}{}\u{201d} ({bytes} bytes)", printed(text)),
                (None, 1) => "A packet of 1 byte".to_owned(),
                (None, _) => format!("A packet of {bytes} bytes"),
            };
        }
    };
    name.to_owned()
}

fn meaning(content: PacketContent) -> &'static str {
    match content {
        PacketContent::Syn => "The first of three packets that make a connection.",
        PacketContent::SynAck => "The second of three: the other side agrees.",
        PacketContent::Ack => "The third: the connection stands.",
        PacketContent::Data => "",
        PacketContent::Window => "Its reader has made room, so the sender may go on.",
        PacketContent::Fin => "Nothing more comes from that side.",
        PacketContent::Reset => "The connection is broken off.",
        PacketContent::Refusal => "Nobody listens there.",
        PacketContent::Datagram => "By UDP: nobody says whether it has arrived.",
    }
}

/// Printed text in a sentence: its first line, shortened.
pub fn printed(text: &str) -> String {
    const CHARS_MAX: usize = 48;
    let line = text
        .trim_end()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end();
    if line.chars().count() <= CHARS_MAX {
        return line.to_owned();
    }
    let cut: String = line.chars().take(CHARS_MAX - 1).collect();
    format!("{cut}…")
}

fn without_full_stop(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}

fn limit_reason(limit: Limit) -> &'static str {
    match limit {
        Limit::CallbackTicks => {
            "One callback ran so long that the loop had no turn; a page has to end that for you."
        }
        Limit::Ticks => "The whole run may take only so much work, and this was all of it.",
        Limit::Events => "A recording holds only so many events, and this was the last.",
        Limit::VirtualTime => "The run may last only so long in virtual time.",
        Limit::OutputBytes | Limit::OutputLines => {
            "The console holds only so much, and it is full."
        }
        Limit::Heap => "The process may use only so much memory, and it asked for more.",
    }
}

struct Teller<'a> {
    recording: &'a Recording,
    event: EventId,
    happened: &'a Event,
    state: LoopState,
}

impl Teller<'_> {
    fn index(&self, task: protocol::TaskId) -> Option<TaskIndex> {
        self.recording.task_index(self.happened.process, task)
    }

    fn label(&self, index: TaskIndex) -> String {
        self.recording.task_label(index)
    }

    /// Where a packet of the connection comes from and where it goes.
    fn ends(&self, connection: ConnectionId, from_client: bool) -> (String, String) {
        match self
            .recording
            .connection(connection)
            .map(|begun| &begun.kind)
        {
            Some(EventKind::ConnectionBegun { client, server, .. }) if from_client => {
                (place(client), place(server))
            }
            Some(EventKind::ConnectionBegun { client, server, .. }) => {
                (place(server), place(client))
            }
            _ => ("one end".to_owned(), "the other".to_owned()),
        }
    }

    fn arrived(&self, packet: PacketId) -> Sentence {
        let Some(sent) = self.recording.packet(packet) else {
            return Sentence::new("A packet arrives.", "");
        };
        let EventKind::PacketSent {
            connection,
            from_client,
            content,
            bytes,
            head,
            ..
        } = &sent.kind
        else {
            return Sentence::default();
        };
        let (from, to) = self.ends(*connection, *from_client);
        Sentence::new(
            format!("{} arrives at {to}.", what(*content, *bytes, head)),
            format!(
                "It came from {from} and was on its way for {}.",
                length(self.happened.time_ns.saturating_sub(sent.time_ns))
            ),
        )
    }

    fn lost(&self, packet: PacketId) -> Sentence {
        let sent = self.recording.packet(packet).map(|sent| &sent.kind);
        let name = match sent {
            Some(EventKind::PacketSent {
                content,
                bytes,
                head,
                ..
            }) => what(*content, *bytes, head),
            _ => "A packet".to_owned(),
        };
        Sentence::new(
            format!("{name} is lost on its way."),
            "Nobody is told; its sender sends it again when no answer comes in time.",
        )
    }

    fn running_lane(&self) -> Option<Lane> {
        self.state
            .running
            .map(|index| self.recording.task(index).lane())
    }

    /// `Line 3`, or whoever runs, or Node.
    fn who(&self) -> String {
        let own_line = self.happened.stack.iter().any(|frame| frame.line > 0);
        match (self.recording.place_at(self.event), self.state.running) {
            (Some(place), _) if own_line => {
                let (program, _) = self.recording.program(self.happened.process);
                match base_name(&place.file) == program {
                    true => format!("Line {}", place.line),
                    false => format!("{}, line {},", base_name(&place.file), place.line),
                }
            }
            (_, Some(index)) => self.label(index),
            _ => "Node".to_owned(),
        }
    }

    // --- callbacks ---

    fn queued(&self, index: TaskIndex) -> Sentence {
        let task = self.recording.task(index);
        let who = self.who();
        let label = self.label(index);
        match task.queue {
            Queue::Main => Sentence::new(
                format!("{label} is ready to start."),
                "A program’s own code is the first thing that Node runs.",
            ),
            Queue::NextTick => Sentence::new(
                format!("{who} puts a callback in the nextTick queue."),
                match self.running_lane() {
                    Some(Lane::Microtask) => {
                        "Node has begun to empty the microtask queue, so that one comes first."
                    }
                    _ => "It will run as soon as the stack is empty.",
                },
            ),
            Queue::Microtask(MicrotaskKind::Reaction) => Sentence::new(
                format!("{who} puts a callback in the microtask queue."),
                "Its promise is settled, so there is nothing left to wait for.",
            ),
            Queue::Microtask(MicrotaskKind::Await) => Sentence::new(
                format!("The rest of {label} goes into the microtask queue."),
                "What it awaits is there; code behind an await always goes on as a microtask.",
            ),
            Queue::Microtask(MicrotaskKind::Explicit) => Sentence::new(
                format!("{who} puts a callback in the microtask queue."),
                "That is what queueMicrotask means: as soon as the stack and the nextTick queue are empty.",
            ),
            Queue::Microtask(MicrotaskKind::Thenable) => Sentence::new(
                format!("{who} puts a call of then in the microtask queue."),
                "A promise was resolved with an object that has a then of its own, and that is called later.",
            ),
            Queue::Microtask(MicrotaskKind::Engine) => Sentence::new(
                "The engine puts a microtask of its own in the queue.",
                "It takes its turn among the others.",
            ),
            Queue::Timers => self.timer_set(index),
            Queue::Check => Sentence::new(
                format!("{who} puts a callback in the check queue."),
                "That is what setImmediate means: right after the next poll.",
            ),
            Queue::Poll => Sentence::new(
                format!("{label} waits for its I/O."),
                "Once that is done, the poll phase runs it.",
            ),
            Queue::Pending => Sentence::new(
                format!("{label} is put off to pending."),
                "Some callbacks of I/O run one turn later, in the pending phase.",
            ),
            Queue::Close => Sentence::new(
                format!("{label} waits in close."),
                "Its handle is closing, and close is the last phase of a turn.",
            ),
        }
    }

    fn timer_set(&self, index: TaskIndex) -> Sentence {
        let task = self.recording.task(index);
        let verb = match (task.repeat_ns, self.recording.task_is_own(index)) {
            (Some(_), _) if self.happened.stack.is_empty() => {
                format!("The interval {} is set again.", self.label(index))
            }
            (Some(_), _) => format!("{} sets an interval.", self.who()),
            (None, _) => format!("{} sets a timer.", self.who()),
        };
        let why = match (task.due_ns, task.repeat_ns) {
            (Some(due_ns), Some(repeat_ns)) => format!(
                "It comes every {}, next at {} at the earliest.",
                length(repeat_ns),
                point(due_ns)
            ),
            (Some(due_ns), None) if due_ns <= self.happened.time_ns + 1_000_000 => format!(
                "Node waits at least 1 ms, even for a delay of 0: it is due at {}.",
                point(due_ns)
            ),
            (Some(due_ns), None) => format!(
                "It is due at {}, and may run later than that but not earlier.",
                point(due_ns)
            ),
            (None, _) => String::new(),
        };
        Sentence::new(verb, why)
    }

    fn cancelled(&self, index: Option<TaskIndex>) -> Sentence {
        let Some(index) = index else {
            return Sentence::new("A callback is cancelled.", "It will never run.");
        };
        let task = self.recording.task(index);
        Sentence::new(
            format!("{} cancels {}.", self.who(), self.label(index)),
            match task.due_ns {
                Some(due_ns) => format!(
                    "It was due at {}, and now it will never run.",
                    point(due_ns)
                ),
                None => "It had not started, and now it never will.".to_owned(),
            },
        )
    }

    fn started(&self, index: TaskIndex) -> Sentence {
        let task = self.recording.task(index);
        let label = self.label(index);
        let why = match task.queue {
            Queue::Main => {
                "A program’s own code runs to its end before the loop takes its first turn."
                    .to_owned()
            }
            Queue::NextTick => {
                "The stack is empty, and the nextTick queue is emptied before anything else."
                    .to_owned()
            }
            Queue::Microtask(MicrotaskKind::Await) => {
                format!("What it awaited is there.{}", self.microtask_turn())
            }
            Queue::Microtask(_) => self.microtask_turn().trim_start().to_owned(),
            Queue::Timers => self.timer_reason(index),
            Queue::Check => "The check phase runs what setImmediate queued.".to_owned(),
            Queue::Poll => "Its I/O is done, and poll runs the callbacks of I/O.".to_owned(),
            Queue::Pending => "It was put off from the turn before.".to_owned(),
            Queue::Close => {
                "Close is the last phase of a turn, for handles that were closed.".to_owned()
            }
        };
        match task.queue {
            Queue::Microtask(MicrotaskKind::Await) => {
                Sentence::new(format!("{label} goes on behind its await."), why)
            }
            _ => Sentence::new(format!("{label} starts."), why),
        }
    }

    fn microtask_turn(&self) -> &'static str {
        match self.state.next_tick.count {
            0 => " The nextTick queue is empty, so the microtasks run.",
            _ => " Node empties the microtask queue before it looks at the nextTick queue again.",
        }
    }

    /// A timer's lateness has a culprit when a task ran across its due time.
    fn timer_reason(&self, index: TaskIndex) -> String {
        let Some(due_ns) = self.recording.task(index).due_ns else {
            return "The timers phase runs what is due.".to_owned();
        };
        let now_ns = self.happened.time_ns;
        if now_ns < due_ns {
            // The loop's clock counts whole milliseconds and may be ahead of the trace's by part of one.
            return format!(
                "The loop’s clock counts whole milliseconds, and {} is there for it.",
                point(due_ns)
            );
        }
        let late_ns = now_ns - due_ns;
        match self.who_held(index, due_ns) {
            Some(held) => format!(
                "It was due at {}, but {} held the loop for {}. It is {} late.",
                point(due_ns),
                self.label(held),
                length(self.recording.run_ns(self.recording.task(held))),
                length(late_ns)
            ),
            None => format!(
                "It was due at {}, and timers is the phase that runs what is due.",
                point(due_ns)
            ),
        }
    }

    fn who_held(&self, index: TaskIndex, due_ns: u64) -> Option<TaskIndex> {
        let ran = self.recording.ran_until(self.happened.process, self.event);
        ran.iter()
            .rev()
            .filter(|other| **other != index)
            .take(64)
            .copied()
            .find(|other| {
                let task = self.recording.task(*other);
                let starts_ns = task
                    .started
                    .map_or(0, |event| self.recording.time_ns(event));
                let run_ns = self.recording.run_ns(task);
                run_ns >= BLOCKED_NS && starts_ns + run_ns > due_ns
            })
    }

    fn ended(&self, index: TaskIndex, outcome: Outcome) -> Sentence {
        let task = self.recording.task(index);
        let label = self.label(index);
        let what = match (outcome, task.lane()) {
            (Outcome::Returned, Lane::Main) => format!("{label} has ended and the stack is empty."),
            (Outcome::Returned, _) if self.recording.run_ns(task) >= BLOCKED_NS => format!(
                "{label} returns, after holding the loop for {}.",
                length(self.recording.run_ns(task))
            ),
            (Outcome::Returned, _) => format!("{label} returns."),
            (Outcome::Threw, _) => format!("{label} throws, and nothing in it catches that."),
            (Outcome::Interrupted, _) => {
                // The limit's own event may come right behind the end that it causes.
                const SOON: EventId = 4;
                return Sentence::new(
                    format!("{label} is ended from within."),
                    match self
                        .recording
                        .failures()
                        .any(|failure| failure <= self.event + SOON)
                    {
                        true => "A limit was met, and it does not get to its end.",
                        false => "After process.exit no further line of it runs.",
                    },
                );
            }
        };
        let why = match (
            self.state.next_tick.count,
            self.state.microtasks.count,
            task.lane(),
        ) {
            (0, 0, _) if self.state.turn == 0 => {
                "Both queues are empty. The loop may begin.".to_owned()
            }
            (0, 0, _) => self.what_is_next(task.lane()),
            (_, _, Lane::Main) => {
                "Two queues come before the loop: nextTick first, then microtasks.".to_owned()
            }
            (_, micro, Lane::Microtask) if micro > 0 => {
                format!(
                    "{} left, and Node empties the queue it has begun.",
                    upper(&some_are(micro, "microtask"))
                )
            }
            (0, micro, _) => format!(
                "The nextTick queue is empty. {} next.",
                match micro {
                    1 => "The microtask is".to_owned(),
                    _ => "Microtasks are".to_owned(),
                }
            ),
            (ticks, _, _) => format!(
                "{} left in the nextTick queue, and that is emptied first.",
                upper(&some_are(ticks, "callback"))
            ),
        };
        Sentence::new(what, why)
    }

    fn what_is_next(&self, lane: Lane) -> String {
        let phase_lane = self.state.phase.and_then(Lane::of_phase).unwrap_or(lane);
        match self.state.waiting(phase_lane).count {
            0 => "Nothing else waits here, so the loop moves on.".to_owned(),
            _ if phase_lane == Lane::Timers => {
                "Both queues are empty, so timers looks whether another one is due.".to_owned()
            }
            _ => "Both queues are empty, so the next callback of this phase may come.".to_owned(),
        }
    }

    // --- the loop ---

    /// How many callbacks of its own the phase will run, as the trace shows.
    fn ran_in_phase(&self, lane: Lane) -> usize {
        let started = self.recording.lane_started(self.happened.process, lane);
        let events = |from: EventId| {
            started.partition_point(|index| {
                self.recording.task(*index).started.unwrap_or_default() < from
            })
        };
        events(self.recording.next_phase(self.happened.process, self.event)) - events(self.event)
    }

    fn phase(&self, phase: Phase, turn: u32) -> Sentence {
        let runs = Lane::of_phase(phase).map_or(0, |lane| self.ran_in_phase(lane));
        let head = |rest: &str| format!("Turn {turn}, {rest}");
        let counted = |thing: &str| format!("{}.", some(runs, thing));
        match phase {
            Phase::Timers => match (
                runs,
                self.recording
                    .timers_at(self.happened.process, self.event, 1)
                    .first
                    .first(),
            ) {
                (0, None) => Sentence::new(
                    head("timers: none is set."),
                    "So there is nothing that could be due.",
                ),
                (0, Some(index)) => {
                    let due_ns = self.recording.task(*index).due_ns.unwrap_or_default();
                    Sentence::new(
                        head("timers: nothing is due."),
                        format!("The earliest timer is due at {}.", point(due_ns)),
                    )
                }
                _ => Sentence::new(
                    head(&format!("timers: {} due.", some_are(runs, "timer"))),
                    "Timers run in the order in which they are due.",
                ),
            },
            Phase::Pending if runs == 0 => Sentence::new(
                head("pending callbacks: none."),
                "No earlier I/O left a callback for this turn.",
            ),
            Phase::Pending => Sentence::new(
                head(&format!("pending: {}", counted("callback"))),
                "They were put off from the turn before.",
            ),
            Phase::IdlePrepare => Sentence::new(
                head("idle and prepare."),
                "libuv’s own business; no callback of a program runs here.",
            ),
            Phase::Poll => self.poll(turn, runs),
            Phase::Check if runs == 0 => Sentence::new(
                head("check: nothing."),
                "No callback of setImmediate waits.",
            ),
            Phase::Check => Sentence::new(
                head(&format!("check: {}", counted("callback"))),
                "The check phase runs what setImmediate queued.",
            ),
            Phase::Close if runs == 0 => {
                Sentence::new(head("close: no handle is closing."), "The turn is over.")
            }
            Phase::Close => Sentence::new(
                head(&format!("close: {}", counted("callback"))),
                "They belong to handles that were closed.",
            ),
        }
    }

    fn poll(&self, turn: u32, runs: usize) -> Sentence {
        let next = self.recording.next_of(self.happened.process, self.event);
        let sleeps = next.is_some_and(|event| matches!(event.kind, EventKind::PollSlept { .. }));
        if runs > 0 {
            return Sentence::new(
                format!("Turn {turn}, poll: {}.", some(runs, "callback")),
                "Their I/O is done, and poll runs the callbacks of I/O.",
            );
        }
        if sleeps {
            return Sentence::new(
                format!("Turn {turn}, poll: nothing is done yet."),
                "And nothing waits for the check phase, so poll may sleep.",
            );
        }
        let next_due_ns = self.state.timers.first.first();
        let next_due_ns = next_due_ns.and_then(|index| self.recording.task(*index).due_ns);
        let why = match next_due_ns {
            _ if self.state.check.count > 0 => {
                "A callback waits in check, so poll does not sleep.".to_owned()
            }
            _ if self.state.close.count > 0 => {
                "A handle is closing, so poll does not sleep.".to_owned()
            }
            Some(due_ns) => format!(
                "A timer is due at {}, too soon to sleep for it.",
                point(due_ns)
            ),
            None => "Nothing is open and no timer is set.".to_owned(),
        };
        Sentence::new(format!("Turn {turn}, poll: nothing to wait for."), why)
    }

    fn slept(&self, until_ns: Option<u64>) -> Sentence {
        let what = match self.state.turn {
            0 => "Poll goes to sleep.".to_owned(),
            turn => format!("Turn {turn}: poll goes to sleep."),
        };
        let why = match until_ns {
            Some(until_ns) => format!(
                "Only {} left, and nothing else to do: it is {}.",
                match self.state.timers.count {
                    1 => "one timer is".to_owned(),
                    many => format!("{} are", some(many, "timer")),
                },
                asleep_words(Some(until_ns))
            ),
            None => "No timer is set; only I/O can wake it.".to_owned(),
        };
        Sentence::new(what, why)
    }

    fn woke(&self) -> Sentence {
        let slept = self
            .recording
            .sleeps(self.happened.process)
            .rev()
            .find(|(_, woke)| *woke == Some(self.event));
        let Some((slept, _)) = slept else {
            return Sentence::new("Poll wakes up.", "");
        };
        let slept_ns = self.happened.time_ns - self.recording.time_ns(slept);
        let until_ns = match self.recording.event(slept).map(|event| &event.kind) {
            Some(EventKind::PollSlept { until_ns }) => *until_ns,
            _ => None,
        };
        let why = match until_ns {
            Some(until_ns) if until_ns <= self.happened.time_ns => {
                format!(
                    "It slept for {}, and the time it asked for is over.",
                    length(slept_ns)
                )
            }
            _ => format!("It slept for {}, and I/O has come.", length(slept_ns)),
        };
        Sentence::new("Poll wakes up.", why)
    }

    // --- output and ends ---

    fn logged(&self, stream: Stream, text: &str) -> Sentence {
        let text = printed(text);
        let line = match self.running_lane() {
            Some(Lane::Main) => Some(self.who()).filter(|who| who.starts_with("Line")),
            _ => None,
        };
        let to = match stream {
            Stream::Stdout => "",
            Stream::Stderr => " to stderr",
        };
        let what = match (line, text.is_empty()) {
            (Some(who), false) => format!("{who} prints {text}{to}."),
            (Some(who), true) => format!("{who} prints an empty line{to}."),
            (None, false) => format!("{text} is printed{to}."),
            (None, true) => format!("An empty line is printed{to}."),
        };
        Sentence::new(what, self.why_now())
    }

    /// Why this and not what waits: the question behind every printed line.
    fn why_now(&self) -> String {
        let Some(index) = self.state.running else {
            let cause = self
                .happened
                .cause
                .and_then(|cause| self.recording.event(cause));
            return match cause.map(|cause| &cause.kind) {
                Some(EventKind::PacketArrived { .. }) => {
                    "A packet has arrived: poll reads it, and what reads calls this.".to_owned()
                }
                _ => "No callback runs; Node itself writes this.".to_owned(),
            };
        };
        let task = self.recording.task(index);
        let first = |lane: Lane| self.state.waiting(lane).first.first().copied();
        match task.queue {
            Queue::Main => match self.state.waiting_count() {
                0 => "Nothing waits yet; the program’s own code is the first to run.".to_owned(),
                1 => "One callback waits, but nothing may interrupt running code.".to_owned(),
                many => format!(
                    "{} wait, but nothing may interrupt running code.",
                    upper(&some(many, "callback"))
                ),
            },
            Queue::NextTick => match first(Lane::Microtask) {
                Some(micro) => format!(
                    "It comes before {} because Node empties the nextTick queue first, then the microtasks.",
                    self.label(micro)
                ),
                None => "The nextTick queue is emptied before the loop may move on.".to_owned(),
            },
            Queue::Microtask(_) => match first(Lane::NextTick) {
                Some(tick) => format!(
                    "It comes before {} because Node empties the queue it has begun.",
                    self.label(tick)
                ),
                None => "Microtasks run before the loop may move on.".to_owned(),
            },
            Queue::Timers => self.timer_reason(index),
            Queue::Check => {
                match first(Lane::Timers).and_then(|timer| self.recording.task(timer).due_ns) {
                    Some(due_ns) if due_ns > self.happened.time_ns => format!(
                        "The loop came to check in turn {}. The next timer is not due before {}.",
                        self.state.turn,
                        point(due_ns)
                    ),
                    _ => "Check comes right after poll, and that is where setImmediate waits."
                        .to_owned(),
                }
            }
            Queue::Poll => "Its I/O is done, and poll runs the callbacks of I/O.".to_owned(),
            Queue::Pending => "Pending runs what was put off from the turn before.".to_owned(),
            Queue::Close => "Close is the last phase of a turn.".to_owned(),
        }
    }

    fn exited(&self, code: i32, reason: ExitReason) -> Sentence {
        let (program, _) = self.recording.program(self.happened.process);
        let left = self.state.timers.count;
        let why = match reason {
            ExitReason::LoopEmpty if left > 0 => {
                "What is left was unref’d, and that does not keep a process alive.".to_owned()
            }
            ExitReason::Called | ExitReason::UncaughtError | ExitReason::Limit
                if self.state.waiting_count() > 0 =>
            {
                format!(
                    "{} {} will never run.",
                    exit_reason(reason),
                    upper(&match self.state.waiting_count() {
                        1 => "one callback that waited".to_owned(),
                        many => format!("{} that waited", some(many, "callback")),
                    })
                )
            }
            _ => exit_reason(reason).to_owned(),
        };
        Sentence::new(format!("{program} exits with code {code}."), why)
    }
}

/// `one timer is`, `3 timers are`.
fn some_are(number: usize, thing: &str) -> String {
    match number {
        1 => format!("one {thing} is"),
        _ => format!("{} are", some(number, thing)),
    }
}

/// As a sentence begins.
pub fn upper(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn asked(exchange: &Exchange) -> Sentence {
    let what = format!("{} {}", exchange.method, exchange.url);
    match (&exchange.failure, exchange.answer()) {
        (Some(failure), _) => Sentence::new(
            format!("{} has no answer to {what}.", exchange.client),
            format!("{}.", without_full_stop(&failure.text)),
        ),
        (None, Some(answer)) => Sentence::new(
            format!(
                "{} has the answer to {what}: {}.",
                exchange.client, answer.status
            ),
            match exchange.hops.len() {
                0 | 1 => format!("{} bytes have come.", exchange.body_bytes),
                hops => format!(
                    "It took {hops} steps, and {} bytes have come.",
                    exchange.body_bytes
                ),
            },
        ),
        (None, None) => Sentence::new(format!("{what} is over."), ""),
    }
}
