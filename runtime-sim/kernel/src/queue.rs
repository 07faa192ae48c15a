//! What will happen, in the order in which it will: by time, then by the order in which it was put in.

use crate::Table;

#[derive(Debug)]
pub struct EventQueue<T> {
    entries: Table<(u64, u64), T>,
    sequence: u64,
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        Self {
            entries: Table::new(),
            sequence: 0,
        }
    }
}

impl<T> EventQueue<T> {
    /// Answers the place in the queue, by which it can be taken out again.
    pub fn push(&mut self, time_ns: u64, happening: T) -> (u64, u64) {
        let place = (time_ns, self.sequence);
        self.entries.insert(place, happening);
        self.sequence += 1;
        place
    }

    pub fn remove(&mut self, place: (u64, u64)) {
        self.entries.remove(&place);
    }

    /// The earliest, with its time.
    pub fn pop(&mut self) -> Option<(u64, T)> {
        self.entries
            .pop_first()
            .map(|((time_ns, _), happening)| (time_ns, happening))
    }

    pub fn next_time_ns(&self) -> Option<u64> {
        self.entries
            .first_key_value()
            .map(|((time_ns, _), _)| *time_ns)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_the_order_of_insertion() {
        let mut queue = EventQueue::default();
        queue.push(5, 'c');
        queue.push(1, 'a');
        queue.push(5, 'd');
        queue.push(1, 'b');
        let mut order = String::new();
        while let Some((_, name)) = queue.pop() {
            order.push(name);
        }
        assert_eq!(order, "abcd");
        assert!(queue.is_empty());
    }
}
