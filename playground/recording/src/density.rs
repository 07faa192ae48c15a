//! What lies in a row of a million spans of time, at any scale, without looking at each.
//!
//! Spans in the order of their beginnings are summed up by sixteens, and those sums by sixteens again. A drawing walks
//! down only where a sum is wider than it can take as one; so it costs as much as there are pixels, and nothing that
//! lies in the row is ever left out of a sum.

use crate::{Axis, Lane, Recording, TaskIndex, score::BLOCKED_NS};

const FAN: usize = 16;

/// Some neighbours of a row, taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Position of the first.
    pub first: usize,
    pub count: usize,
    pub from_ns: u64,
    /// Where the last of them begins.
    pub last_from_ns: u64,
    /// The latest end.
    pub to_ns: u64,
    /// Together, how long they are, and how long those that block.
    pub length_ns: u64,
    pub blocked_ns: u64,
    pub lane_ns: [u64; Lane::ALL.len()],
}

impl Sum {
    fn add(&mut self, next: &Self) {
        if self.count == 0 {
            *self = *next;
            return;
        }
        self.count += next.count;
        self.last_from_ns = next.last_from_ns;
        self.to_ns = self.to_ns.max(next.to_ns);
        self.length_ns += next.length_ns;
        self.blocked_ns += next.blocked_ns;
        for (sum, more) in self.lane_ns.iter_mut().zip(next.lane_ns) {
            *sum += more;
        }
    }
}

/// From when to when, of a task.
type SpanOf = fn(&Recording, TaskIndex) -> (u64, u64);

#[derive(Clone, Debug, Default)]
pub struct Density {
    span: Option<SpanOf>,
    /// From the finest to the coarsest.
    levels: Vec<Vec<Sum>>,
}

/// Whoever draws a row.
pub trait Drawing {
    /// Whether the sum can be drawn as one.
    fn takes(&self, axis: &Axis, sum: &Sum) -> bool;
    fn one(&mut self, axis: &Axis, position: usize);
    fn many(&mut self, axis: &Axis, sum: &Sum);
}

/// While it runs.
pub fn run(recording: &Recording, task: TaskIndex) -> (u64, u64) {
    let task = recording.task(task);
    let from_ns = task.started.map_or(0, |event| recording.time_ns(event));
    (from_ns, from_ns + recording.run_ns(task))
}

/// While it waits.
pub fn wait(recording: &Recording, task: TaskIndex) -> (u64, u64) {
    let task = recording.task(task);
    let left = task.left();
    let to_ns = left.map_or(recording.end_ns(), |event| recording.time_ns(event));
    (recording.time_ns(task.queued), to_ns)
}

impl Density {
    pub fn new(recording: &Recording, tasks: &[TaskIndex], span: SpanOf) -> Self {
        let mut level: Vec<Sum> = Vec::with_capacity(tasks.len().div_ceil(FAN));
        for (position, task) in tasks.iter().enumerate() {
            let (from_ns, to_ns) = span(recording, *task);
            let length_ns = to_ns - from_ns;
            let mut one = Sum {
                first: position,
                count: 1,
                from_ns,
                last_from_ns: from_ns,
                to_ns,
                length_ns,
                blocked_ns: if length_ns >= BLOCKED_NS {
                    length_ns
                } else {
                    0
                },
                ..Sum::default()
            };
            one.lane_ns[recording.task(*task).lane() as usize] = length_ns;
            match level.last_mut() {
                Some(sum) if sum.count < FAN => sum.add(&one),
                _ => level.push(one),
            }
        }
        let mut levels = Vec::new();
        while level.len() > 1 {
            let coarser = level.chunks(FAN).map(|chunk| {
                let mut sum = Sum::default();
                chunk.iter().for_each(|next| sum.add(next));
                sum
            });
            let coarser = coarser.collect();
            levels.push(std::mem::replace(&mut level, coarser));
        }
        levels.push(level);
        Self {
            span: Some(span),
            levels,
        }
    }

    /// All that is in the window, in order.
    pub fn draw(
        &self,
        recording: &Recording,
        tasks: &[TaskIndex],
        axis: &Axis,
        drawing: &mut impl Drawing,
    ) {
        let Some(span) = self.span else { return };
        let window = (axis.from_ns(), axis.to_ns());
        let coarsest = self.levels.len() - 1;
        for at in 0..self.levels[coarsest].len() {
            self.descend(
                (recording, tasks, span),
                axis,
                window,
                (coarsest, at),
                drawing,
            );
        }
    }

    fn descend(
        &self,
        source: (&Recording, &[TaskIndex], SpanOf),
        axis: &Axis,
        window: (u64, u64),
        (level, at): (usize, usize),
        drawing: &mut impl Drawing,
    ) {
        let sum = &self.levels[level][at];
        if sum.to_ns < window.0 || sum.from_ns > window.1 {
            return;
        }
        if drawing.takes(axis, sum) {
            drawing.many(axis, sum);
            return;
        }
        if let Some(finer) = level.checked_sub(1) {
            let end = ((at + 1) * FAN).min(self.levels[finer].len());
            for child in at * FAN..end {
                self.descend(source, axis, window, (finer, child), drawing);
            }
            return;
        }
        let (recording, tasks, span) = source;
        let members = &tasks[sum.first..sum.first + sum.count];
        for (position, task) in (sum.first..).zip(members) {
            let (from_ns, to_ns) = span(recording, *task);
            if to_ns >= window.0 && from_ns <= window.1 {
                drawing.one(axis, position);
            }
        }
    }
}
