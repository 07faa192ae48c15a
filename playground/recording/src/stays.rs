//! Who came when and left when, and who is there at a moment: the index behind packets in flight, open connections and
//! requests under way.

use protocol::EventId;

use crate::stab::{LeaveTree, STILL_THERE};

/// Each has a position, in the order of coming.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stays {
    came: Vec<u32>,
    left: Vec<u32>,
    leaving: LeaveTree,
}

impl Stays {
    /// Not earlier than the one before.
    pub fn come(&mut self, event: u32) -> usize {
        self.came.push(event);
        self.leaving.push();
        self.came.len() - 1
    }

    pub fn leave(&mut self, position: usize, event: u32) {
        let place = self.left.partition_point(|left| *left <= event);
        self.left.insert(place, event);
        self.leaving.set(position, event);
    }

    /// It had not left at that event after all.
    pub fn stay_on(&mut self, position: usize, event: u32) {
        if let Ok(place) = self.left.binary_search(&event) {
            self.left.remove(place);
        }
        self.leaving.set(position, STILL_THERE);
    }

    pub fn count(&self, event: EventId) -> usize {
        upto(&self.came, event) - upto(&self.left, event)
    }

    /// Of all that came, and of all that left, in order.
    pub fn events(&self) -> (&[u32], &[u32]) {
        (&self.came, &self.left)
    }

    pub fn at(&self, event: EventId, max: usize) -> Vec<usize> {
        let end = upto(&self.came, event);
        let event = u32::try_from(event).unwrap_or(STILL_THERE - 1);
        self.leaving.after(event, end, max)
    }
}

/// How many of these sorted events are not later than `event`.
pub(crate) fn upto(sorted: &[u32], event: EventId) -> usize {
    sorted.partition_point(|id| u64::from(*id) <= event)
}
