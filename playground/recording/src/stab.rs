//! "Which of these were still there at event n?" as an index.
//!
//! A queue's tasks stand in the order in which they were queued; each has the event at which it left, or
//! [`STILL_THERE`]. Over that row lies a binary tree of maxima, kept as one array, leaves last. A search for leaves
//! above n descends only where one exists, so the first k of them cost O(k log tasks), and an update O(log tasks).

pub(crate) const STILL_THERE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(crate) struct LeaveTree {
    /// `nodes[1]` is the root, `nodes[capacity + i]` the leaf of position i. Leaves without a task hold zero.
    nodes: Vec<u32>,
    len: usize,
}

impl LeaveTree {
    fn capacity(&self) -> usize {
        self.nodes.len() / 2
    }

    pub fn push(&mut self) {
        if self.len == self.capacity() {
            self.grow();
        }
        self.len += 1;
        self.set(self.len - 1, STILL_THERE);
    }

    pub fn set(&mut self, position: usize, left: u32) {
        let mut node = self.capacity() + position;
        self.nodes[node] = left;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[node * 2].max(self.nodes[node * 2 + 1]);
        }
    }

    /// Positions below `end` whose task left after `event`, in order, at most `max`.
    pub fn after(&self, event: u32, end: usize, max: usize) -> Vec<usize> {
        let mut found = Vec::new();
        if self.len > 0 && max > 0 {
            self.descend(1, 0, self.capacity(), event, end, max, &mut found);
        }
        found
    }

    #[allow(clippy::too_many_arguments)] // A recursion's frame, not an interface.
    fn descend(
        &self,
        node: usize,
        from: usize,
        width: usize,
        event: u32,
        end: usize,
        max: usize,
        found: &mut Vec<usize>,
    ) {
        if from >= end || self.nodes[node] <= event || found.len() == max {
            return;
        }
        if width == 1 {
            found.push(from);
            return;
        }
        let half = width / 2;
        self.descend(node * 2, from, half, event, end, max, found);
        self.descend(node * 2 + 1, from + half, half, event, end, max, found);
    }

    fn grow(&mut self) {
        let old = self.capacity();
        let capacity = (old * 2).max(8);
        let mut nodes = vec![0; capacity * 2];
        nodes[capacity..capacity + old].copy_from_slice(&self.nodes[old..]);
        for node in (1..capacity).rev() {
            nodes[node] = nodes[node * 2].max(nodes[node * 2 + 1]);
        }
        self.nodes = nodes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_who_is_left() {
        let mut tree = LeaveTree::default();
        (0..100).for_each(|_| tree.push());
        (0..100)
            .filter(|position| position % 7 != 0)
            .for_each(|position| tree.set(position, position as u32));
        assert_eq!(tree.after(1000, 30, 99), vec![0, 7, 14, 21, 28]);
        assert_eq!(tree.after(1000, 100, 2), vec![0, 7]);
        assert_eq!(tree.after(97, 100, 99).last(), Some(&99));
        assert_eq!(LeaveTree::default().after(0, 0, 9), Vec::<usize>::new());
    }
}
