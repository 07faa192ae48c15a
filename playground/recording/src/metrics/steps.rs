//! How many there are at a time: what is asked of it is the number at a moment, and over a stretch of time the highest
//! and the mean.

/// Moments at which one comes and at which one goes, in any order.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub came_ns: Vec<u64>,
    pub left_ns: Vec<u64>,
}

impl Changes {
    /// One is there from a moment until before another; `u64::MAX` is for good.
    pub fn stay(&mut self, from_ns: u64, until_ns: u64) {
        if from_ns < until_ns {
            self.came_ns.push(from_ns);
            self.left_ns
                .extend((until_ns < u64::MAX).then_some(until_ns));
        }
    }

    pub fn append(&mut self, other: &mut Self) {
        self.came_ns.append(&mut other.came_ns);
        self.left_ns.append(&mut other.left_ns);
    }

    pub fn is_empty(&self) -> bool {
        self.came_ns.is_empty()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Steps {
    at_ns: Vec<u64>,
    values: Vec<u64>,
    /// Value times nanoseconds up to each change.
    areas: Vec<u128>,
}

impl Steps {
    /// What happens at one moment is one change: what does not last is not there.
    pub fn new(mut changes: Changes) -> Self {
        changes.came_ns.sort_unstable();
        changes.left_ns.sort_unstable();
        let mut steps = Self::default();
        let mut value = 0_u64;
        let mut came = changes.came_ns.into_iter().peekable();
        let mut left = changes.left_ns.into_iter().peekable();
        while let Some(at_ns) = came.peek().into_iter().chain(left.peek()).min().copied() {
            while came.next_if_eq(&at_ns).is_some() {
                value += 1;
            }
            while left.next_if_eq(&at_ns).is_some() {
                value = value.saturating_sub(1);
            }
            steps.push(at_ns, value);
        }
        steps
    }

    /// Values from moments on, in the order of these.
    pub fn of(values: Vec<(u64, u64)>) -> Self {
        let mut steps = Self::default();
        for (at_ns, value) in values {
            steps.push(at_ns, value);
        }
        steps
    }

    fn push(&mut self, at_ns: u64, value: u64) {
        self.areas.push(self.area_to(at_ns));
        self.at_ns.push(at_ns);
        self.values.push(value);
    }

    fn upto(&self, time_ns: u64) -> usize {
        self.at_ns.partition_point(|at_ns| *at_ns <= time_ns)
    }

    pub fn at(&self, time_ns: u64) -> u64 {
        match self.upto(time_ns) {
            0 => 0,
            count => self.values[count - 1],
        }
    }

    fn area_to(&self, time_ns: u64) -> u128 {
        match self.upto(time_ns) {
            0 => 0,
            count => {
                let lasted_ns = u128::from(time_ns - self.at_ns[count - 1]);
                self.areas[count - 1] + u128::from(self.values[count - 1]) * lasted_ns
            }
        }
    }

    /// In millionths.
    pub fn mean(&self, from_ns: u64, to_ns: u64) -> u64 {
        let area = self.area_to(to_ns) - self.area_to(from_ns);
        let lasted_ns = u128::from(to_ns.saturating_sub(from_ns).max(1));
        (area * 1_000_000 / lasted_ns) as u64
    }

    /// From `from_ns` until before `to_ns`.
    pub fn most(&self, from_ns: u64, to_ns: u64) -> u64 {
        let first = self.upto(from_ns);
        let changes = self.at_ns[first..].iter().zip(&self.values[first..]);
        let within = changes.take_while(|(at_ns, _)| **at_ns < to_ns);
        within.fold(self.at(from_ns), |most, (_, value)| most.max(*value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_until_the_next() {
        let steps = Steps::new(Changes {
            came_ns: vec![10, 20, 10],
            left_ns: vec![40, 20, 30],
        });
        let values: Vec<u64> = [9, 10, 20, 30, 39, 40].map(|ns| steps.at(ns)).into();
        assert_eq!(values, [0, 2, 2, 1, 1, 0]);
        assert_eq!(steps.most(0, 10), 0);
        assert_eq!((steps.most(0, 11), steps.most(30, 50)), (2, 1));
        // 2 for 20 ns, 1 for 10, nothing for 10.
        assert_eq!(steps.mean(10, 50), 1_250_000);
        assert_eq!(steps.mean(10, 10), 0);
        assert_eq!(Steps::default().most(0, 9), 0);
    }
}
