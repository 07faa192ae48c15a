//! Where a value stands on an axis, and which values are written beside it.
//!
//! A logarithmic axis begins below the lowest value at 1, 2 or 5 times a power of ten; there is no zero on it. A
//! linear one begins at zero.

use super::Unit;
use crate::axis::round_step;

/// Between two values of ten times each other. Their edges are those of a preferred-number series, 10^(n/8) in three
/// digits.
const EIGHTHS: [u64; 8] = [100, 133, 178, 237, 316, 422, 562, 750];
const LINEAR_CELLS: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    from: u64,
    to: u64,
    log: bool,
    unit: Unit,
}

impl Scale {
    pub fn new(least: u64, most: u64, unit: Unit, log: bool) -> Self {
        let one = unit.one();
        let to = match unit {
            // A whole number above all.
            Unit::Count | Unit::Bytes => round(most.div_ceil(one).max(1)) * one,
            Unit::Length => round(most.max(1_000)),
            Unit::Share | Unit::Rate => round(most.div_ceil(one).max(1)) * one,
        };
        let from = match log && least > 0 {
            true => round_down(least).min(to / 5),
            false => 0,
        };
        Self {
            from,
            to,
            log: log && from > 0,
            unit,
        }
    }

    /// 0 at the bottom, 1 at the top.
    pub fn part(&self, value: u64) -> f64 {
        let [from, to, value] = [self.from, self.to, value.clamp(self.from, self.to)];
        match self.log {
            true => (value as f64 / from as f64).ln() / (to as f64 / from as f64).ln(),
            false => value as f64 / to as f64,
        }
    }

    /// Ascending, at most as many as `count`, or a few more.
    pub fn ticks(&self, count: usize) -> Vec<u64> {
        if !self.log {
            let one = self.unit.one();
            let step = round_step((self.to / one) as f64 / count.max(1) as f64) * one;
            return (0..=self.to / step).map(|at| at * step).collect();
        }
        let steps = |factors: &[u64]| -> Vec<u64> {
            let mut power = 1;
            let mut ticks = Vec::new();
            while power <= self.to {
                let within = |tick: &u64| (self.from..=self.to).contains(tick);
                ticks.extend(factors.iter().map(|factor| factor * power).filter(within));
                power *= 10;
            }
            ticks
        };
        let fine = steps(&[1, 2, 5]);
        if fine.len() <= count {
            return fine;
        }
        let powers = steps(&[1]);
        // A decade or several.
        let apart = powers.len().div_ceil(count.max(2));
        powers.into_iter().step_by(apart).collect()
    }

    /// Edges of cells of one height, ascending, over the whole axis.
    pub fn cells(&self) -> Vec<u64> {
        if !self.log {
            return (0..=LINEAR_CELLS)
                .map(|at| self.to * at / LINEAR_CELLS)
                .collect();
        }
        let mut edges = Vec::new();
        let mut power = 1;
        while power <= self.to {
            edges.extend(EIGHTHS.iter().map(|eighth| eighth * power / 100));
            power *= 10;
        }
        edges.dedup();
        let first = edges
            .partition_point(|edge| *edge <= self.from)
            .saturating_sub(1);
        let last = edges.partition_point(|edge| *edge < self.to);
        let mut edges = edges[first..last].to_vec();
        edges.push(self.to);
        edges[0] = self.from;
        edges
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not smaller.
fn round(value: u64) -> u64 {
    round_step(value as f64)
}

/// The largest of 1, 2 and 5 times a power of ten that is not larger.
fn round_down(value: u64) -> u64 {
    let mut power = 1;
    while power <= value / 10 {
        power *= 10;
    }
    let factor = [5, 2, 1].into_iter().find(|factor| factor * power <= value);
    factor.unwrap_or(1) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_nothing_or_below_the_lowest_and_ends_above_the_highest() {
        let written = |least, most, unit: Unit, log, count| -> Vec<String> {
            let ticks = Scale::new(least, most, unit, log).ticks(count);
            ticks.into_iter().map(|tick| unit.words(tick)).collect()
        };
        let rate = Unit::Rate.one();
        assert_eq!(written(0, rate * 33, Unit::Rate, false, 1), ["0/s", "50/s"]);
        assert_eq!(written(0, 0, Unit::Count, false, 1), ["0", "1"]);
        assert_eq!(
            written(0, 7_000_000, Unit::Count, false, 4),
            ["0", "5", "10"]
        );
        assert_eq!(written(0, 62_000, Unit::Share, false, 1), ["0 %", "10 %"]);
        let lengths = |least, most, log| written(least, most, Unit::Length, log, 4);
        assert_eq!(
            lengths(21_000_000, 43_000_000, true),
            ["10 ms", "20 ms", "50 ms"]
        );
        assert_eq!(
            lengths(3_000, 43_000_000, true),
            ["10 µs", "100 µs", "1 ms", "10 ms"]
        );
        assert_eq!(
            lengths(3_000, 43_000_000, false),
            ["0 ns", "20 ms", "40 ms"]
        );
    }

    #[test]
    fn cells_cover_the_axis_and_ascend() {
        for log in [true, false] {
            for (least, most) in [
                (1, 1),
                (1, 999),
                (3_000, 43_000_000),
                (21_000_000, 22_000_000),
            ] {
                let scale = Scale::new(least, most, Unit::Length, log);
                let cells = scale.cells();
                assert!(cells.is_sorted_by(|low, high| low < high), "{cells:?}");
                assert!(cells[0] <= least && cells[cells.len() - 1] >= most);
                assert_eq!(
                    (scale.part(cells[0]), scale.part(cells[cells.len() - 1])),
                    (0.0, 1.0)
                );
            }
        }
    }
}
