//! The stretches of time for which there is one value each.
//!
//! Their edges are round moments of virtual time, the same whatever is looked at, so that a window says the same when
//! the view is made wider. Only the first and the last end where the range does, and no window is shorter than half of
//! what the others are. A folded stretch of idle time is one window: nothing happens in it.

use crate::{Axis, axis};

/// A window is drawn at least so wide.
const WINDOW_PX_MIN: f64 = 8.0;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Of all but the first, the last and the folded ones.
    pub step_ns: u64,
    /// One more than there are windows; each ends before the next begins.
    edges_ns: Vec<u64>,
}

impl Windows {
    /// As many as `axis` has room for.
    pub fn on(axis: &Axis, (from_ns, to_ns): (u64, u64)) -> Self {
        let folds: Vec<(u64, u64)> = axis
            .folds()
            .map(|fold| (fold.from_ns.max(from_ns), fold.to_ns.min(to_ns)))
            .filter(|(from_ns, to_ns)| from_ns < to_ns)
            .collect();
        let step_ns = axis::round_step(WINDOW_PX_MIN / axis.px_per_ns());
        Self::between(from_ns, to_ns, step_ns, &folds)
    }

    /// From `from_ns` until before `to_ns`.
    pub fn between(from_ns: u64, to_ns: u64, step_ns: u64, folds: &[(u64, u64)]) -> Self {
        let to_ns = to_ns.max(from_ns + 1);
        let step_ns = step_ns.max(1);
        let mut edges_ns = vec![from_ns];
        let mut at_ns = from_ns;
        for (fold_from_ns, fold_to_ns) in folds.iter().copied().chain([(to_ns, to_ns)]) {
            let mut edge_ns = (at_ns / step_ns + 1) * step_ns;
            while edge_ns < fold_from_ns {
                let last_ns = edges_ns[edges_ns.len() - 1];
                if edge_ns - last_ns >= step_ns / 2 && fold_from_ns - edge_ns >= step_ns / 2 {
                    edges_ns.push(edge_ns);
                }
                edge_ns += step_ns;
            }
            for edge_ns in [fold_from_ns, fold_to_ns] {
                if edges_ns.last().is_some_and(|last_ns| edge_ns > *last_ns) {
                    edges_ns.push(edge_ns);
                }
            }
            at_ns = fold_to_ns;
        }
        Self { step_ns, edges_ns }
    }

    pub fn count(&self) -> usize {
        self.edges_ns.len() - 1
    }

    /// From, and until before.
    pub fn window(&self, at: usize) -> (u64, u64) {
        (self.edges_ns[at], self.edges_ns[at + 1])
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + '_ {
        self.edges_ns.windows(2).map(|edges| (edges[0], edges[1]))
    }

    /// The window in which a moment lies; of those outside the nearest.
    pub fn at(&self, time_ns: u64) -> usize {
        let edges = self.edges_ns.partition_point(|edge_ns| *edge_ns <= time_ns);
        edges.saturating_sub(1).min(self.count() - 1)
    }

    pub fn range(&self) -> (u64, u64) {
        (self.edges_ns[0], self.edges_ns[self.count()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(from_ns: u64, to_ns: u64, folds: &[(u64, u64)]) -> Vec<u64> {
        Windows::between(from_ns, to_ns, 10, folds).edges_ns
    }

    #[test]
    fn edges_are_round_and_windows_not_short() {
        assert_eq!(edges(0, 30, &[]), [0, 10, 20, 30]);
        assert_eq!(edges(3, 27, &[]), [3, 10, 20, 27]);
        assert_eq!(edges(7, 23, &[]), [7, 23]);
        assert_eq!(edges(0, 0, &[]), [0, 1]);
        assert_eq!(edges(0, 1_000, &[(12, 985)]), [0, 12, 985, 990, 1_000]);
        let windows = Windows::between(3, 27, 10, &[]);
        assert_eq!(
            [0, 3, 9, 10, 26, 27, 99].map(|ns| windows.at(ns)),
            [0, 0, 0, 1, 2, 2, 2]
        );
    }
}
