//! The spans of a request by cause: what was done for its sake, where, when, and what it waited for meanwhile.
//!
//! Everything comes from one pass over the events between the request's first packet and its end. Work is what a
//! process does in the name of the request, in *stretches*: what one wake of its loop does with all the microtasks and
//! ticks that follow. What it asks others for is nested in it, with spans of its own. A wait for a loop says who held
//! that loop. Rows lie within the row they are nested in, so what outlasts its parent is cut where the parent ends.
//!
//! The trace tells tasks, not calls. A *call* here is a function of the reader's files that stands on the stack of an
//! event, from the first to the last event that has it: it ran at least so long. One that causes no event is not seen.
//! An app's middleware are told of when the request comes to them, so theirs are true lengths.

mod holder;
mod seen;
mod words;

use protocol::{EventId, FunctionId, ProcessId, trace::PoolWork};

use self::seen::Seen;
use crate::{
    Lane, Recording, TaskIndex,
    network::{HostIndex, RequestIndex},
    spans::{Span, SpanKind},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The request itself, as its client sees it.
    Request,
    /// The packets that make its connection.
    Connects,
    Asks {
        from: HostIndex,
        to: HostIndex,
    },
    Answers {
        from: HostIndex,
        to: HostIndex,
    },
    Work(ProcessId),
    Call(ProcessId, FunctionId),
    /// Why a process came to it so late.
    Held(ProcessId),
    /// From when a web framework comes to it until it comes to the next, or the answer is sent.
    Middleware(ProcessId, FunctionId),
    Pool(ProcessId, PoolWork),
    /// At a service that is modelled.
    Served,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    Wire,
    /// Under way, and lost.
    Lost,
    /// Until a timer is due, or what was asked of the system is there.
    Asleep,
    /// It could go on, and nobody is free to do it.
    Waits,
    Runs(Lane),
    /// In a call, at least.
    Called,
    /// Somebody else holds the loop.
    Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub kind: BarKind,
    pub from_ns: u64,
    pub to_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub kind: RowKind,
    pub depth: usize,
    pub request: RequestIndex,
    pub from_ns: u64,
    pub to_ns: u64,
    /// The event with which it begins.
    pub event: EventId,
    /// In the order of time, none over another.
    pub bars: Vec<Bar>,
    /// What ran in a stretch of work, in the order of time.
    pub tasks: Vec<TaskIndex>,
    /// Part of the critical path lies in it.
    pub is_critical: bool,
    /// What held the loop: the task, or the event of a read, and how long.
    pub holder: Option<Holder>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub task: Option<TaskIndex>,
    /// At which the trace says where the code stood.
    pub event: EventId,
    /// That was at the end of the longest stretch without an event, and else at its beginning.
    pub is_end: bool,
    pub held_ns: u64,
}

impl Row {
    fn sum_ns(&self, is: impl Fn(BarKind) -> bool) -> u64 {
        let bars = self.bars.iter().filter(|bar| is(bar.kind));
        bars.map(|bar| bar.to_ns - bar.from_ns).sum()
    }

    /// In which it does something itself.
    pub fn self_ns(&self) -> u64 {
        self.sum_ns(|kind| !matches!(kind, BarKind::Asleep | BarKind::Waits | BarKind::Held))
    }

    pub fn waits_ns(&self) -> u64 {
        self.sum_ns(|kind| matches!(kind, BarKind::Asleep | BarKind::Waits))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waterfall {
    pub from_ns: u64,
    /// Where the request ends; where the recording does while it has not.
    pub to_ns: u64,
    /// A row comes after the one in which it is nested, and before the next of that one's depth.
    pub rows: Vec<Row>,
    /// Each span of the critical path with the row in which it lies.
    pub path: Vec<(Span, usize)>,
}

impl Recording {
    /// Empty for what is no request.
    pub fn waterfall(&self, root: RequestIndex) -> Waterfall {
        if root >= self.network().requests().len() {
            return Waterfall::default();
        }
        let seen = Seen::of(self, root);
        let mut rows = Vec::new();
        let from_ns = self.time_ns(self.network().request(root).sent);
        seen.add(root, 0, (from_ns, seen.to_ns), &mut rows);
        let mut waterfall = Waterfall {
            from_ns,
            to_ns: seen.to_ns,
            rows,
            path: Vec::new(),
        };
        for span in self.critical_path(root) {
            let row = waterfall.row_of(self, &span);
            waterfall.rows[row].is_critical = true;
            waterfall.path.push((span, row));
        }
        waterfall
    }
}

impl Waterfall {
    /// The narrowest row that holds it, of those in whose name it is where there are any.
    fn row_of(&self, recording: &Recording, span: &Span) -> usize {
        let request = recording.network().request_of(span.event);
        let fits = |row: &Row| {
            let of_process = match (span.kind, row.kind) {
                (
                    SpanKind::Runs(process, _)
                    | SpanKind::WaitsForLoop(process)
                    | SpanKind::WaitsIn(process, _),
                    RowKind::Work(other),
                ) => process == other,
                (SpanKind::Wire { from, to }, RowKind::Asks { from: f, to: t })
                | (SpanKind::Wire { from, to }, RowKind::Answers { from: f, to: t }) => {
                    (from, to) == (f, t)
                }
                (SpanKind::Connects, RowKind::Connects) | (SpanKind::Served, RowKind::Served) => {
                    true
                }
                (_, RowKind::Request) => true,
                _ => false,
            };
            // Between the packets that make a connection somebody reads them.
            let is_around = row.from_ns <= span.from_ns && span.to_ns <= row.to_ns
                || row.kind == RowKind::Connects;
            of_process && is_around
        };
        let rank = |row: &Row| {
            (
                row.kind == RowKind::Request,
                Some(row.request) != request,
                row.to_ns - row.from_ns,
            )
        };
        let rows = self.rows.iter().enumerate().filter(|(_, row)| fits(row));
        rows.min_by_key(|(_, row)| rank(row))
            .map_or(0, |(at, _)| at)
    }
}

impl Row {
    fn cut(&mut self, (from_ns, to_ns): (u64, u64)) {
        self.from_ns = self.from_ns.clamp(from_ns, to_ns);
        self.to_ns = self.to_ns.clamp(self.from_ns, to_ns);
    }

    /// From the first of its bars to the last, within what it is nested in.
    fn fit(&mut self, (from_ns, to_ns): (u64, u64)) {
        for bar in &mut self.bars {
            bar.from_ns = bar.from_ns.clamp(from_ns, to_ns);
            bar.to_ns = bar.to_ns.clamp(bar.from_ns, to_ns);
        }
        self.from_ns = self
            .bars
            .iter()
            .map(|bar| bar.from_ns)
            .min()
            .unwrap_or(from_ns);
        self.to_ns = self
            .bars
            .iter()
            .map(|bar| bar.to_ns)
            .max()
            .unwrap_or(from_ns);
        let is_call = matches!(self.kind, RowKind::Call(..) | RowKind::Middleware(..));
        self.bars.retain(|bar| is_call || bar.to_ns > bar.from_ns);
    }
}
