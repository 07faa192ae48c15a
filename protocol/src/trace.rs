//! Everything that happened, with its cause.
//!
//! The trace is append-only. From its events alone any queue, stack or console can be rebuilt for any moment, which
//! is what the page does; it draws nothing that is not in here.
//!
//! An event's id is its position in the trace, counted from zero. Its cause is an earlier event:
//! a `TaskStarted` is caused by its `TaskQueued`, a `TaskEnded` by its `TaskStarted`, and whatever code does while it
//! runs (log, queue, cancel) by the `TaskStarted` of the task that runs.

use serde::{Deserialize, Serialize};

use crate::{
    client::Exchange,
    codec::Packed,
    load::{LoadReport, RequestId, RequestOutcome},
    scenario::Change,
    service::{ServiceId, WorkId},
};

/// Position in the trace, from zero.
pub type EventId = u64;
/// Counted from 1 in the order in which processes start; 0 is the world itself.
pub type ProcessId = u32;
/// Counted from 1 in each process in the order in which tasks are queued.
pub type TaskId = u64;
/// Counted from 1 in each process in the order in which functions first appear in the trace.
pub type FunctionId = u32;
/// Counted from 1 in the order in which connections are asked for.
pub type ConnectionId = u64;
/// Counted from 1 in the order in which packets are sent.
pub type PacketId = u64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub cause: Option<EventId>,
    pub time_ns: u64,
    pub process: ProcessId,
    pub kind: EventKind,
    /// Where the code stood, innermost call first; empty when no code was running. At most [`STACK_FRAMES_MAX`].
    pub stack: Vec<Frame>,
}

pub const STACK_FRAMES_MAX: u32 = 24;

/// A call in progress: which function, and the place it has got to in its file (both from 1; 0 when native).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub function: FunctionId,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    // --- the world ---
    WorldStarted {
        seed: u64,
        epoch_ms: u64,
    },
    ProcessStarted {
        host: String,
        entry: String,
        args: Vec<String>,
    },
    /// The last event of a process.
    ProcessExited {
        code: i32,
        reason: ExitReason,
    },

    // --- names, given before they are first used ---
    /// `name` is empty for an anonymous function; `file` is an absolute path, or `node:…` for the host's own code.
    /// `line` and `column` are where it is defined, from 1; 0 when native. `summary` is what a card calls a function
    /// that has no name: its first call without the object, `log('tick')`, and is empty when there is none.
    FunctionDefined {
        function: FunctionId,
        name: String,
        file: String,
        line: u32,
        column: u32,
        summary: String,
    },

    // --- the loop ---
    /// The loop moves on to a phase. Turns count from 1.
    PhaseEntered {
        phase: Phase,
        turn: u32,
    },
    /// Poll has nothing to do. `until_ns` is when the next timer is due; `None` waits for I/O alone.
    PollSlept {
        until_ns: Option<u64>,
    },
    PollWoke,

    // --- tasks: callbacks on their way from a queue to the stack ---
    TaskQueued {
        task: TaskId,
        queue: Queue,
        function: FunctionId,
        /// Timers only: when it may run at the earliest.
        due_ns: Option<u64>,
        /// Intervals only: it comes back after this long.
        repeat_ns: Option<u64>,
        /// Does not keep the process alive (`unref`).
        unref: bool,
    },
    /// `clearTimeout` and its kin. A task is started or cancelled, never both. (An interval ends only this way; until
    /// then each round is a task of its own.)
    TaskCancelled {
        task: TaskId,
    },
    TaskStarted {
        task: TaskId,
    },
    TaskEnded {
        task: TaskId,
        outcome: Outcome,
    },

    /// Work for libuv's pool. Which thread does it, from 0, and when, is known when it is asked for; the callback is a
    /// task of the poll phase.
    PoolWorkQueued {
        work: PoolWork,
        thread: u32,
        threads: u32,
        begins_ns: u64,
        ends_ns: u64,
    },

    // --- what code does ---
    /// One write. `text` is as written, with its newline.
    Logged {
        stream: Stream,
        text: String,
    },
    /// Nobody caught it. `text` is the error's own first line; the block that Node prints is a `Logged` of its own.
    UncaughtError {
        text: String,
        file: String,
        line: u32,
        column: u32,
    },

    /// How much of its heap a process uses, told now and then while code runs. It is no moment ([`EventKind::is_moment`]),
    /// and the hash leaves the bytes out: natively, where tests run too, pointers are wider.
    HeapUsed {
        bytes: u64,
    },

    // --- the network ---
    /// What the scenario foresaw for this moment.
    WorldChanged {
        what: Change,
    },
    /// A socket asks another for a connection.
    ConnectionBegun {
        connection: ConnectionId,
        client: Endpoint,
        server: Endpoint,
    },
    /// `bytes` is the length of what it carries, `head` their beginning. A packet arrives or is lost, or is still on its
    /// way when the recording ends.
    PacketSent {
        packet: PacketId,
        connection: ConnectionId,
        from_client: bool,
        content: PacketContent,
        bytes: u64,
        head: Vec<u8>,
    },
    PacketArrived {
        packet: PacketId,
    },
    /// A packet that is sent in its place has this event as its cause.
    PacketLost {
        packet: PacketId,
    },

    // --- the end of patience ---
    LimitReached {
        limit: Limit,
        text: String,
    },

    // --- load, and services that are modelled ---
    LoadBegun {
        load: u32,
        name: String,
        host: String,
        /// `GET http://api:3000/`, one for each kind of its requests.
        requests: Vec<String>,
    },
    /// A request is due, and under way from now on. `kind` is its place among the load's.
    RequestBegun {
        request: RequestId,
        load: u32,
        kind: u32,
    },
    RequestEnded {
        request: RequestId,
        outcome: RequestOutcome,
    },
    /// The last of a load.
    LoadEnded {
        load: u32,
        report: Packed<LoadReport>,
    },
    ServiceStarted {
        service: ServiceId,
        name: String,
        host: String,
        port: u16,
    },
    /// A whole request has come, and waits.
    WorkQueued {
        work: WorkId,
        service: ServiceId,
    },
    /// One of the service's servers has it.
    WorkStarted {
        work: WorkId,
    },
    /// It is answered. What was never started was turned away.
    WorkEnded {
        work: WorkId,
        status: u16,
    },

    // --- clients ---
    /// What was asked for by hand is over. Its requests have been told of like those of a load, whose number, `client`,
    /// follows those of the loads.
    AskEnded {
        client: u32,
        ask: u32,
        exchange: Packed<Exchange>,
    },

    // --- within a request ---
    /// A web framework comes to this handler of its chain. It has the request until the next one does, or the answer is
    /// sent.
    MiddlewareEntered {
        function: FunctionId,
        role: MiddlewareRole,
    },

    // --- choices ---
    /// Chance would have decided an order here. Its cause is the event of what races (a `PoolWorkQueued`, a `PacketSent`), or
    /// whatever made it race.
    ChoiceTaken {
        /// Counted from 0.
        choice: u32,
        race: Race,
        /// Whom it races, in the order in which they come.
        rivals: Vec<u64>,
        /// Option 0 is the order of asking; each further one goes ahead of one more rival.
        options: u32,
        option: u32,
        /// The scenario's picks took it, and not the seed.
        is_picked: bool,
    },
}

impl EventKind {
    /// Whether something happens. Names are given and heaps told of between what happens.
    pub fn is_moment(&self) -> bool {
        !matches!(self, Self::FunctionDefined { .. } | Self::HeapUsed { .. })
    }
}

/// What a handler is for its framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MiddlewareRole {
    Handles,
    HandlesError,
    /// It is given all that follows as a promise (Koa), and has the request again when it goes on behind that.
    Wraps,
}

/// What races against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Race {
    /// The loop looks for timers that are due, and one is within reach: it goes on to what else is ready, or is so late
    /// that the timer comes first.
    Timers,
    /// Poll slept until a timer was due: it wakes at once, or so late that answers which are ready by then come first.
    Wake,
    /// Work for the pool may be done before other work that was asked for earlier: their numbers, counted from 1 in the
    /// process in the order of asking.
    Pool,
    /// A packet may overtake others that are on their way to the same host: their numbers.
    Packet,
    /// A thread or process may begin before others that were begun earlier: their numbers.
    Start(ProcessId),
}

impl Race {
    /// What taking that option means, without the names of those who race.
    pub fn words(self, option: u32) -> String {
        let others = match option {
            1 => "one other".to_string(),
            count => format!("{count} others"),
        };
        let text = match (self, option) {
            (Self::Timers, 0) => "The timer was not due yet when the loop looked.",
            (Self::Timers, _) => "The loop was late, and the timer came first.",
            (Self::Wake, 0) => "Poll woke in time, and the timer came first.",
            (Self::Wake, _) => "Poll woke late, and what was ready by then came before the timer.",
            (Self::Pool, 0) => "Work for the pool was done in the order of asking.",
            (Self::Packet, 0) => "A packet stayed behind those sent before it.",
            (Self::Start(process), 0) => {
                return format!("Process {process} began behind those made before it.");
            }
            (Self::Pool, _) => {
                return format!("Work for the pool was done before {others} asked for earlier.");
            }
            (Self::Packet, _) => return format!("A packet overtook {others}."),
            (Self::Start(process), _) => {
                return format!("Process {process} began before {others} made earlier.");
            }
        };
        text.to_string()
    }
}

/// One end of a connection: the host's name, and `10.0.0.1:3000`, a path, or nothing for a pair without names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub host: String,
    pub address: String,
}

/// Of what a packet carries the trace keeps so much: the head of an HTTP message, as a rule.
pub const PACKET_HEAD_BYTES_MAX: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PacketContent {
    Syn,
    SynAck,
    /// The last of a handshake. Acknowledgements of data are not told.
    Ack,
    Data,
    /// The reader at the other end has made room.
    Window,
    Fin,
    Reset,
    /// The reset that answers a `Syn` where nobody listens.
    Refusal,
    /// UDP: whole, and by itself.
    Datagram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    Timers,
    Pending,
    IdlePrepare,
    Poll,
    Check,
    Close,
}

/// Where a task waits. `Main` is the program's own first run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Queue {
    Main,
    NextTick,
    Microtask(MicrotaskKind),
    Timers,
    Pending,
    Poll,
    Check,
    Close,
}

/// What the pool's threads are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PoolWork {
    File,
    Dns,
    Crypto,
    Zlib,
}

/// Why a microtask exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MicrotaskKind {
    /// A `then`, `catch` or `finally` callback of a promise that is settled.
    Reaction,
    /// An async function goes on behind its `await`.
    Await,
    /// `queueMicrotask`.
    Explicit,
    /// A promise was resolved with a thenable, whose `then` is now called.
    Thenable,
    /// Dynamic import, finalization: the engine's own.
    Engine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Returned,
    Threw,
    /// `process.exit` or a limit ended it from within.
    Interrupted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stream {
    Stdout,
    Stderr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitReason {
    /// Nothing was left to wait for.
    LoopEmpty,
    /// It still listens, and nothing is left in the world that could call it.
    Uncalled,
    /// `process.exit`.
    Called,
    UncaughtError,
    /// The main module still awaits something that can no longer come (exit code 13).
    UnsettledTopLevelAwait,
    OutOfMemory,
    Limit,
    /// By a fault: a signal, or its host has no power.
    Killed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    CallbackTicks,
    Ticks,
    Events,
    VirtualTime,
    OutputBytes,
    OutputLines,
    Heap,
}
