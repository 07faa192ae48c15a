//! What things are called: callbacks, places, reasons for waiting, and the text twin of the loop.
//!
//! A callback without a name is called by its first call without the object, `log('tick')`; the same words in card,
//! stack and sentence.

use protocol::{EventId, ExitReason, MicrotaskKind, Phase, ProcessId, Queue, trace::PoolWork};

use crate::{
    Lane, LoopState, Recording, TaskIndex, metrics,
    recording::base_name,
    state::{Call, Waiting},
    time,
};

/// A row of the text twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinRow {
    pub place: String,
    pub callback: String,
    pub reason: String,
}

impl Lane {
    /// As Node's documentation calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "own first run",
            Self::NextTick => "nextTick queue",
            Self::Microtask => "microtask queue",
            Self::Timers => "timers",
            Self::Pending => "pending",
            Self::Poll => "poll",
            Self::Check => "check",
            Self::Close => "close",
        }
    }

    /// For a lane's narrow label.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::NextTick => "nextTick",
            Self::Microtask => "microtasks",
            other => other.name(),
        }
    }
}

pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Timers => "timers",
        Phase::Pending => "pending",
        Phase::IdlePrepare => "idle, prepare",
        Phase::Poll => "poll",
        Phase::Check => "check",
        Phase::Close => "close",
    }
}

pub fn turn_name(state: &LoopState) -> String {
    match (state.ended, state.turn) {
        (Some(_), _) => "ended".to_owned(),
        (None, 0) => "before the first turn".to_owned(),
        (None, turn) => format!("turn {}", time::count(u64::from(turn))),
    }
}

/// A work of the pool, where there is little room.
pub fn pool_word(work: PoolWork) -> &'static str {
    match work {
        PoolWork::File => "file",
        PoolWork::Dns => "DNS",
        PoolWork::Crypto => "crypto",
        PoolWork::Zlib => "zlib",
    }
}

pub fn exit_reason(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::LoopEmpty => "No timer, no immediate and no I/O is left to wait for.",
        ExitReason::Uncalled => "It listens, and nothing is left in the world that could call it.",
        ExitReason::Called => "The program called process.exit.",
        ExitReason::UncaughtError => "Nobody caught an error, and Node ends a program for that.",
        ExitReason::UnsettledTopLevelAwait => {
            "The main module still awaits something, but nothing is left that could bring it."
        }
        ExitReason::OutOfMemory => "Its memory is used up.",
        ExitReason::Limit => "It met a limit of this page.",
        ExitReason::Killed => "It was killed, or its host lost its power.",
    }
}

/// `one callback`, `three callbacks`, `13 callbacks`.
/// `3.4 MB`, in steps of a thousand.
pub fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(one, _)| count >= *one) {
        Some((one, name)) => {
            let digits = u32::from(count < 100 * one);
            format!("{} {name}", metrics::decimal(count, one, digits))
        }
        None => format!("{count} B"),
    }
}

pub fn some(number: usize, thing: &str) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let plural = if number == 1 { "" } else { "s" };
    match WORDS.get(number) {
        Some(word) => format!("{word} {thing}{plural}"),
        None => format!("{} {thing}{plural}", time::count(number as u64)),
    }
}

impl Recording {
    /// What the card, the stack and the sentence call a task.
    pub fn task_label(&self, index: TaskIndex) -> String {
        let task = self.task(index);
        if task.lane() == Lane::Main {
            let (program, _) = self.program(task.process);
            return program.to_owned();
        }
        self.function_label(task.process, task.function)
    }

    pub fn function_label(&self, process: ProcessId, function: protocol::FunctionId) -> String {
        match self.function(process, function) {
            Some(view) if !view.name.is_empty() => view.name.to_owned(),
            Some(view) if !view.summary.is_empty() => view.summary.to_owned(),
            Some(view) if view.line > 0 => {
                format!("callback in line {}", view.line)
            }
            _ => "a callback".to_owned(),
        }
    }

    /// `main.js:3`, `node:internal`, or `top level` for the program's own first run.
    pub fn task_place(&self, index: TaskIndex) -> String {
        let task = self.task(index);
        if task.lane() == Lane::Main {
            return "top level".to_owned();
        }
        self.function_place(task.process, task.function, 0)
    }

    /// Whose place [`Recording::place_at`] says: the innermost call of the reader's own, or the callback that runs.
    pub fn function_at(&self, event: EventId) -> Option<String> {
        let happened = self.event(event)?;
        let own = happened.stack.iter().find(|frame| {
            let function = self.function(happened.process, frame.function);
            frame.line > 0 && function.is_some_and(|function| function.is_own())
        });
        match own {
            Some(frame) => Some(self.function_label(happened.process, frame.function)),
            None => Some(self.task_label(self.task_of(event)?)),
        }
    }

    /// Where a function is, or, with a line, where it has got to.
    pub fn function_place(
        &self,
        process: ProcessId,
        function: protocol::FunctionId,
        line: u32,
    ) -> String {
        let Some(view) = self.function(process, function) else {
            return String::new();
        };
        if view.file.starts_with("node:internal") || view.file.is_empty() {
            return "node:internal".to_owned();
        }
        if view.file.starts_with("node:") {
            return view.file.to_owned();
        }
        match if line > 0 { line } else { view.line } {
            0 => base_name(view.file).to_owned(),
            line => format!("{}:{line}", base_name(view.file)),
        }
    }

    /// The reader's own code, not Node's.
    pub fn task_is_own(&self, index: TaskIndex) -> bool {
        let task = self.task(index);
        task.lane() == Lane::Main
            || self
                .function(task.process, task.function)
                .is_none_or(|view| view.is_own())
    }

    pub fn call_label(&self, state: &LoopState, call: &Call) -> String {
        match state.running {
            Some(index) if call.is_task => self.task_label(index),
            _ => self.function_label(state.process, call.function),
        }
    }

    pub fn call_place(&self, state: &LoopState, call: &Call) -> String {
        match state.running {
            Some(index) if call.is_task && self.task(index).lane() == Lane::Main => {
                "top level".to_owned()
            }
            _ => self.function_place(state.process, call.function, call.line),
        }
    }

    /// Why it waits where it waits, at an event at which it does.
    pub fn waiting_reason(&self, index: TaskIndex, event: EventId) -> String {
        let task = self.task(index);
        let queued = || format!("queued at {}", time::point(self.time_ns(task.queued)));
        match task.queue {
            Queue::Main => "ready to start".to_owned(),
            Queue::NextTick => queued(),
            Queue::Microtask(MicrotaskKind::Reaction) => "promise is settled".to_owned(),
            Queue::Microtask(MicrotaskKind::Await) => "what it awaits is there".to_owned(),
            Queue::Microtask(MicrotaskKind::Explicit) => queued(),
            Queue::Microtask(MicrotaskKind::Thenable) => "calls then of a thenable".to_owned(),
            Queue::Microtask(MicrotaskKind::Engine) => "the engine’s own".to_owned(),
            Queue::Timers => match task.due_ns {
                Some(due_ns) if due_ns < self.time_ns(event) => {
                    format!("was due at {}", time::point(due_ns))
                }
                Some(due_ns) => format!("due at {}", time::point(due_ns)),
                None => queued(),
            },
            Queue::Pending => "left over from the last turn".to_owned(),
            Queue::Poll => "runs once its I/O is done".to_owned(),
            Queue::Check => "after the next poll".to_owned(),
            Queue::Close => "its handle is closed".to_owned(),
        }
    }

    /// A timer whose time has come and that has not run.
    pub fn is_late(&self, index: TaskIndex, event: EventId) -> bool {
        self.task(index)
            .due_ns
            .is_some_and(|due_ns| due_ns < self.time_ns(event))
    }

    /// What `phase` and the reader would expect next, for the empty place of a queue.
    pub fn empty_words(&self, state: &LoopState, lane: Lane) -> String {
        match state.running {
            Some(index) if self.task(index).lane() == lane => {
                format!("{} has gone to the stack", self.task_label(index))
            }
            _ if lane == Lane::Poll => match state.asleep {
                Some(asleep) => asleep_words(asleep.until_ns),
                None => "no I/O is ready".to_owned(),
            },
            _ => "empty".to_owned(),
        }
    }

    /// The loop at one moment as a table: the same as the picture, in words.
    pub fn twin(&self, state: &LoopState) -> Vec<TwinRow> {
        let mut rows = Vec::new();
        match state.running {
            Some(index) => rows.push(TwinRow {
                place: "running".to_owned(),
                callback: self.task_name_and_place(index),
                reason: self.running_reason(index),
            }),
            None => rows.push(TwinRow {
                place: "running".to_owned(),
                callback: "nothing".to_owned(),
                reason: self.standing_reason(state),
            }),
        }
        for (depth, call) in state.stack.iter().enumerate() {
            rows.push(TwinRow {
                place: if depth == 0 {
                    "call stack, on top".to_owned()
                } else {
                    "call stack, below".to_owned()
                },
                callback: format!(
                    "{}, {}",
                    self.call_label(state, call),
                    self.call_place(state, call)
                ),
                reason: match call.is_task {
                    true => "came from its queue".to_owned(),
                    false if depth == 0 => "runs now".to_owned(),
                    false => "waits for the call above".to_owned(),
                },
            });
        }
        for lane in Lane::ALL {
            self.twin_lane(state, lane, state.waiting(lane), &mut rows);
        }
        self.twin_pool(state, &mut rows);
        rows
    }

    fn twin_lane(&self, state: &LoopState, lane: Lane, waiting: &Waiting, rows: &mut Vec<TwinRow>) {
        for index in &waiting.first {
            rows.push(TwinRow {
                place: lane.name().to_owned(),
                callback: self.task_name_and_place(*index),
                reason: self.waiting_reason(*index, state.event),
            });
        }
        if waiting.more() > 0 {
            rows.push(TwinRow {
                place: lane.name().to_owned(),
                callback: format!("and {} more", time::count(waiting.more() as u64)),
                reason: String::new(),
            });
        }
    }

    fn twin_pool(&self, state: &LoopState, rows: &mut Vec<TwinRow>) {
        let pool = self.pool_at(state.process, state.event);
        let busy = pool.threads.iter().enumerate();
        for (thread, work) in busy.filter_map(|(thread, work)| Some((thread + 1, (*work)?))) {
            rows.push(TwinRow {
                place: format!("pool, thread {thread}"),
                callback: pool_word(work.work).to_owned(),
                reason: format!("done at {}", time::point(work.ends_ns)),
            });
        }
        for work in &pool.waiting {
            rows.push(TwinRow {
                place: "pool, waiting".to_owned(),
                callback: pool_word(work.work).to_owned(),
                reason: format!("a thread is free at {}", time::point(work.begins_ns)),
            });
        }
    }

    fn task_name_and_place(&self, index: TaskIndex) -> String {
        format!("{}, {}", self.task_label(index), self.task_place(index))
    }

    fn running_reason(&self, index: TaskIndex) -> String {
        let task = self.task(index);
        let queued = time::point(self.time_ns(task.queued));
        match (task.queue, task.due_ns) {
            (Queue::Main, _) => "the program’s own first run".to_owned(),
            (Queue::Timers, Some(due_ns)) => {
                format!("timers, set at {queued}, due at {}", time::point(due_ns))
            }
            _ => format!("{}, queued at {queued}", task.lane().name()),
        }
    }

    fn standing_reason(&self, state: &LoopState) -> String {
        match (state.ended, state.asleep, state.phase) {
            (Some(ended), ..) => exit_reason(ended.reason).to_owned(),
            (None, Some(asleep), _) => format!("poll is {}", asleep_words(asleep.until_ns)),
            (None, None, Some(phase)) => format!("the loop is in {}", phase_name(phase)),
            (None, None, None) => "the loop has not begun".to_owned(),
        }
    }
}

pub fn asleep_words(until_ns: Option<u64>) -> String {
    match until_ns {
        Some(until_ns) => format!("asleep until {}", time::point(until_ns)),
        None => "asleep until I/O comes".to_owned(),
    }
}
