//! Who held a loop while others waited for it.

use protocol::{EventId, EventKind, ProcessId};

use super::{Bar, BarKind, Holder};
use crate::{Few, Recording, TaskIndex};

impl Recording {
    /// Not the world, and no machine.
    pub fn is_program(&self, process: ProcessId) -> bool {
        !self.program(process).0.is_empty()
    }

    /// Who held a loop between two moments for the most part, and when. A loop that slept or only turned held nobody.
    pub(super) fn holder(
        &self,
        process: ProcessId,
        from_ns: u64,
        to_ns: u64,
    ) -> Option<(Holder, Vec<Bar>)> {
        // Whose the time before an event is: a task's, or that of the arrival which is read.
        let mut held: Few<(Option<TaskIndex>, EventId), Holding> = Few::default();
        for (before, after) in self.pairs_of(process, from_ns, to_ns) {
            let (Some(first), Some(then)) = (self.event(before), self.event(after)) else {
                continue;
            };
            let standing = self.standing(process, before);
            let cause = then
                .cause
                .and_then(|cause| Some((cause, self.event(cause)?)));
            let key = match (standing.running, cause) {
                (Some(task), _) => (Some(task), 0),
                (None, _) if standing.asleep.is_some() => continue,
                (None, Some((cause, event)))
                    if matches!(event.kind, EventKind::PacketArrived { .. }) =>
                {
                    (None, cause)
                }
                _ => continue,
            };
            let (from_ns, to_ns) = (first.time_ns.max(from_ns), then.time_ns.min(to_ns));
            if to_ns <= from_ns {
                continue;
            }
            let holding = held.or_insert_with(key, Holding::default);
            holding.held_ns += to_ns - from_ns;
            // The place at which it was longest, where the trace says one.
            if to_ns - from_ns > holding.longest_ns {
                holding.longest_ns = to_ns - from_ns;
                (holding.event, holding.is_end) =
                    match (then.stack.is_empty(), self.place_at(before)) {
                        (true, Some(_)) => (before, false),
                        _ => (after, true),
                    };
            }
            if holding.placed.is_none() && self.place_at(after).is_some() {
                holding.placed = Some(after);
            }
            match holding.bars.last_mut() {
                Some(last) if last.to_ns == from_ns => last.to_ns = to_ns,
                _ => holding.bars.push(Bar {
                    kind: BarKind::Held,
                    from_ns,
                    to_ns,
                }),
            }
        }
        // Of equals the first.
        let longest = held.into_entries().into_iter().rev();
        let ((task, _), longest) = longest.max_by_key(|(_, holding)| holding.held_ns)?;
        let (event, is_end) = match (self.place_at(longest.event), longest.placed) {
            (None, Some(placed)) => (placed, true),
            _ => (longest.event, longest.is_end),
        };
        let holder = Holder {
            task,
            event,
            is_end,
            held_ns: longest.held_ns,
        };
        (holder.held_ns * 2 >= to_ns - from_ns).then_some((holder, longest.bars))
    }
}

/// What one holds of a wait.
#[derive(Default)]
struct Holding {
    held_ns: u64,
    longest_ns: u64,
    event: EventId,
    is_end: bool,
    /// The first of which the trace says where the reader's code stood.
    placed: Option<EventId>,
    bars: Vec<Bar>,
}
