//! The event loop at one moment: what runs, what waits where, which phase it is.
//!
//! Rebuilt from the trace alone. A queue at event n is the tasks that were queued by then and had not left; see
//! [`crate::recording`] for how that is found without replaying.

use protocol::{EventId, FunctionId, Phase, ProcessId};

use crate::sorting::sort_by_numbers;
use crate::{
    Lane, Recording, TaskIndex,
    recording::{Asleep, Ended},
};

/// A place in a file, line and column from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// The first few of a queue and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub count: usize,
    pub first: Vec<TaskIndex>,
}

impl Waiting {
    /// How many are not among the first.
    pub fn more(&self) -> usize {
        self.count - self.first.len()
    }
}

/// One call on the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub function: FunctionId,
    /// Where it has got to; 0 when it has only just begun or is native.
    pub line: u32,
    /// The task's own function: the call that came from a queue.
    pub is_task: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopState {
    pub process: ProcessId,
    pub event: EventId,
    pub time_ns: u64,
    /// 0 before the first turn.
    pub turn: u32,
    pub phase: Option<Phase>,
    pub asleep: Option<Asleep>,
    pub ended: Option<Ended>,
    pub running: Option<TaskIndex>,
    /// Innermost call first.
    pub stack: Vec<Call>,
    pub main: Waiting,
    pub next_tick: Waiting,
    pub microtasks: Waiting,
    /// By due time, earliest first.
    pub timers: Waiting,
    pub pending: Waiting,
    pub poll: Waiting,
    pub check: Waiting,
    pub close: Waiting,
    /// How many callbacks have started, the running one included.
    pub ran_count: usize,
}

impl LoopState {
    pub fn waiting(&self, lane: Lane) -> &Waiting {
        match lane {
            Lane::Main => &self.main,
            Lane::NextTick => &self.next_tick,
            Lane::Microtask => &self.microtasks,
            Lane::Timers => &self.timers,
            Lane::Pending => &self.pending,
            Lane::Poll => &self.poll,
            Lane::Check => &self.check,
            Lane::Close => &self.close,
        }
    }

    pub fn waiting_count(&self) -> usize {
        Lane::ALL
            .into_iter()
            .map(|lane| self.waiting(lane).count)
            .sum()
    }
}

impl Recording {
    /// The loop of a process as it stands once `event` has happened, with at most `cards_max` of each queue.
    pub fn state_at(&self, process: ProcessId, event: EventId, cards_max: usize) -> LoopState {
        let standing = self.standing(process, event);
        let waiting = |lane| Waiting {
            count: self.waiting_count(process, lane, event),
            first: self.waiting(process, lane, event, cards_max),
        };
        LoopState {
            process,
            event,
            time_ns: self.time_ns(event),
            turn: standing.turn,
            phase: standing.phase,
            asleep: standing.asleep,
            ended: standing.ended,
            running: standing.running,
            stack: self.stack_at(process, event, standing.running),
            main: waiting(Lane::Main),
            next_tick: waiting(Lane::NextTick),
            microtasks: waiting(Lane::Microtask),
            timers: self.timers_at(process, event, cards_max),
            pending: waiting(Lane::Pending),
            poll: waiting(Lane::Poll),
            check: waiting(Lane::Check),
            close: waiting(Lane::Close),
            ran_count: self.ran_until(process, event).len(),
        }
    }

    /// Pending timers, earliest due first; equals in the order in which they were set.
    pub fn timers_at(&self, process: ProcessId, event: EventId, max: usize) -> Waiting {
        let mut all = self.waiting(process, Lane::Timers, event, usize::MAX);
        let count = all.len();
        // In Node a timer is always due at some time.
        sort_by_numbers(&mut all, |index| {
            let due_ns = self.task(*index).due_ns.unwrap_or_default();
            (due_ns, *index as u64)
        });
        all.truncate(max);
        Waiting { count, first: all }
    }

    fn stack_at(
        &self,
        process: ProcessId,
        event: EventId,
        running: Option<TaskIndex>,
    ) -> Vec<Call> {
        let own = running.map(|index| self.task(index).function);
        // While another process is told about, this one is where its own last event left it.
        let happened = self.last_of(process, event);
        let stack = happened.map_or(&[][..], |event| &event.stack);
        let mut calls: Vec<Call> = stack
            .iter()
            .map(|frame| Call {
                function: frame.function,
                line: frame.line,
                is_task: false,
            })
            .collect();
        if let Some(function) = own {
            // Recursion repeats a function; the task's own call is the outermost.
            match calls.iter().rposition(|call| call.function == function) {
                Some(position) => calls[position].is_task = true,
                None if calls.is_empty() => calls.push(Call {
                    function,
                    line: 0,
                    is_task: true,
                }),
                None => {}
            }
        }
        calls
    }
}
