//! The axis of virtual time, with idle stretches folded.
//!
//! Waiting costs nothing in virtual time and most of it is empty; drawn to scale, two milliseconds of work in ten
//! minutes are invisible. A stretch in which no event lies and nothing runs is folded to a fixed width when it is
//! longer than 6 % of what is left to draw; a little of it stays on both sides, so that one sees the sleep begin and
//! end. Between folds the scale is the same everywhere. It maps both ways, and puts ticks at round values.

use protocol::EventId;

use crate::{Recording, time};

/// Of the time that is left to draw.
const FOLD_SHARE: f64 = 0.06;
const FOLD_PX: f64 = 60.0;
/// Of the whole axis: a hundred folds must not leave nothing else.
const FOLDS_SHARE_MAX: f64 = 0.4;
/// Room behind the last event, so that its flag can be read and its line seen.
const TAIL_PX: f64 = 16.0;
const TICK_PX_MIN: f64 = 96.0;
/// A digit of the axis' labels.
const DIGIT_PX: f64 = 6.4;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub from_ns: u64,
    pub to_ns: u64,
    pub from_px: f64,
    pub to_px: f64,
    pub folded: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub x_px: f64,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    width_px: f64,
    end_ns: u64,
    stretches: Vec<Stretch>,
    px_per_ns: f64,
}

impl Axis {
    /// Over the whole recording, from virtual time zero.
    pub fn new(recording: &Recording, width_px: f64, fold_idle: bool) -> Self {
        let end_ns = recording.end_ns().max(1);
        let folds = match fold_idle {
            true => folds(recording.idle(), end_ns),
            false => Vec::new(),
        };
        let drawn_px = (width_px - TAIL_PX).max(1.0);
        let fold_px = match folds.len() {
            0 => 0.0,
            many => FOLD_PX.min(drawn_px * FOLDS_SHARE_MAX / many as f64),
        };
        let folded_ns: u64 = folds.iter().map(|(from, to)| to - from).sum();
        let scaled_px = drawn_px - fold_px * folds.len() as f64;
        let px_per_ns = scaled_px / (end_ns - folded_ns).max(1) as f64;

        let mut stretches = Vec::with_capacity(folds.len() * 2 + 1);
        let mut at_ns = 0;
        let mut at_px = 0.0;
        for (from_ns, to_ns) in folds {
            let to_px = at_px + (from_ns - at_ns) as f64 * px_per_ns;
            stretches.push(Stretch {
                from_ns: at_ns,
                to_ns: from_ns,
                from_px: at_px,
                to_px,
                folded: false,
            });
            stretches.push(Stretch {
                from_ns,
                to_ns,
                from_px: to_px,
                to_px: to_px + fold_px,
                folded: true,
            });
            at_ns = to_ns;
            at_px = to_px + fold_px;
        }
        stretches.push(Stretch {
            from_ns: at_ns,
            to_ns: end_ns,
            from_px: at_px,
            to_px: drawn_px,
            folded: false,
        });
        Self {
            width_px,
            end_ns,
            stretches,
            px_per_ns,
        }
    }

    pub fn width_px(&self) -> f64 {
        self.width_px
    }

    pub fn end_ns(&self) -> u64 {
        self.end_ns
    }

    pub fn folds(&self) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().filter(|stretch| stretch.folded)
    }

    pub fn x_px(&self, time_ns: u64) -> f64 {
        let position = self
            .stretches
            .partition_point(|stretch| stretch.to_ns < time_ns)
            .min(self.stretches.len() - 1);
        let stretch = &self.stretches[position];
        let length_ns = (stretch.to_ns - stretch.from_ns).max(1) as f64;
        let part = time_ns.saturating_sub(stretch.from_ns) as f64 / length_ns;
        stretch.from_px + part.min(1.0) * (stretch.to_px - stretch.from_px)
    }

    pub fn time_ns(&self, x_px: f64) -> u64 {
        let position = self
            .stretches
            .partition_point(|stretch| stretch.to_px < x_px)
            .min(self.stretches.len() - 1);
        let stretch = &self.stretches[position];
        let width_px = stretch.to_px - stretch.from_px;
        if width_px <= 0.0 {
            return stretch.from_ns;
        }
        let part = ((x_px - stretch.from_px) / width_px).clamp(0.0, 1.0);
        stretch.from_ns + (part * (stretch.to_ns - stretch.from_ns) as f64).round() as u64
    }

    /// The moment that is drawn nearest; of several at one place the last.
    pub fn moment_near(&self, recording: &Recording, x_px: f64) -> EventId {
        let before = recording.at_time(self.time_ns(x_px));
        let number = recording.number(before);
        let Some(after) = recording.moment_numbered(number + 1) else {
            return before;
        };
        let distance = |event| (self.x_px(recording.time_ns(event)) - x_px).abs();
        if distance(after) < distance(before) {
            recording.at_time(recording.time_ns(after))
        } else {
            before
        }
    }

    /// `ms` or `s`: all labels of one axis have the same unit.
    pub fn unit(&self) -> &'static str {
        time::clock(self.end_ns).1
    }

    pub fn ticks(&self) -> Vec<Tick> {
        let step_ns = round_step(TICK_PX_MIN / self.px_per_ns);
        let mut ticks = Vec::new();
        let mut free_px = f64::NEG_INFINITY;
        for stretch in self.stretches.iter().filter(|stretch| !stretch.folded) {
            let mut step_ns = step_ns;
            // A short stretch between folds gets a label too, if need be at a finer value.
            while step_ns >= 10 && self.ticks_in(stretch, step_ns, free_px).is_empty() {
                step_ns = finer(step_ns);
                if (stretch.to_px - stretch.from_px) < 24.0 {
                    break;
                }
            }
            let found = self.ticks_in(stretch, step_ns, free_px);
            if let Some(last) = found.last() {
                free_px = last.x_px + half_px(&last.label) + 12.0;
            }
            ticks.extend(found);
        }
        ticks
    }

    fn ticks_in(&self, stretch: &Stretch, step_ns: u64, free_px: f64) -> Vec<Tick> {
        let mut free_px = free_px;
        let mut found = Vec::new();
        let mut at_ns = stretch.from_ns.div_ceil(step_ns) * step_ns;
        while at_ns <= stretch.to_ns {
            let x_px = self.x_px(at_ns);
            let label = match at_ns {
                0 => "0".to_owned(),
                _ => label(at_ns, step_ns, self.unit()),
            };
            let half = half_px(&label);
            // Folds cover what lies under them, and the first label stands to the right of its tick.
            let left = if at_ns == 0 { x_px } else { x_px - half };
            let clear_of_folds = (stretch.from_px == 0.0 || left >= stretch.from_px - 2.0)
                && (stretch.to_ns == self.end_ns || x_px + half <= stretch.to_px + 2.0);
            if left >= free_px && clear_of_folds && x_px + half <= self.width_px {
                free_px = x_px + half + 12.0;
                found.push(Tick { x_px, label });
            }
            at_ns += step_ns;
        }
        found
    }
}

/// A value of an axis in `unit`, with the decimals that its step needs.
pub fn label(at_ns: u64, step_ns: u64, unit: &str) -> String {
    let unit_ns = if unit == "ms" { time::MS } else { time::SECOND };
    time::fixed(at_ns, unit_ns, decimals(step_ns, unit_ns))
}

fn half_px(label: &str) -> f64 {
    label.chars().count() as f64 * DIGIT_PX / 2.0
}

/// The idle stretches to fold, in time order, each a little shorter than it was.
fn folds(mut idle: Vec<(u64, u64)>, end_ns: u64) -> Vec<(u64, u64)> {
    idle.sort_by_key(|(from, to)| (std::cmp::Reverse(to - from), *from));
    let mut left_ns = end_ns as f64;
    let mut folded = Vec::new();
    for (from, to) in idle {
        let length_ns = (to - from) as f64;
        if length_ns <= FOLD_SHARE * left_ns {
            break;
        }
        left_ns -= length_ns;
        folded.push((from, to));
    }
    folded.sort_unstable();
    for (from, to) in &mut folded {
        let edge_ns = (left_ns * 0.02).min((*to - *from) as f64 * 0.1) as u64;
        *from += edge_ns;
        *to -= edge_ns;
    }
    folded
}

/// The smallest of 1, 2 and 5 times a power of ten that is not smaller.
pub fn round_step(ns: f64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            if (power * factor) as f64 >= ns {
                return power * factor;
            }
        }
        match power.checked_mul(10) {
            Some(next) if next < u64::MAX / 10 => power = next,
            _ => return power,
        }
    }
}

/// The next smaller of 1, 2 and 5 times a power of ten.
fn finer(step_ns: u64) -> u64 {
    let mut power = 1;
    while power * 10 <= step_ns {
        power *= 10;
    }
    match step_ns / power {
        5 => power * 2,
        2 => power,
        _ => power / 2,
    }
}

fn decimals(step_ns: u64, unit_ns: u64) -> u32 {
    let mut decimals = 0;
    let mut part_ns = unit_ns;
    while part_ns > 1 && !step_ns.is_multiple_of(part_ns) {
        part_ns /= 10;
        decimals += 1;
    }
    decimals
}
