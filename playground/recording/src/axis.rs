//! The axis of virtual time, with idle stretches folded.
//!
//! Waiting costs nothing in virtual time and most of it is empty; drawn to scale, two milliseconds of work in ten
//! minutes are invisible. A stretch in which no event lies and nothing runs is folded to a fixed width when it is
//! longer than 6 % of what is left to draw; a little of it stays on both sides, so that one sees the sleep begin and
//! end. Between folds the scale is the same everywhere. It maps both ways, and puts ticks at round values.
//!
//! Zoomed in, the axis is that much longer and a window of it is seen; what is drawn at the anchor of a zoom stays where
//! it was, and so many more stretches are folded as there is more to see. A place on it is counted from the window's left.

use protocol::EventId;

use crate::{Recording, sorting::sort_by_numbers, time};

/// Of the time that is left to draw in a window.
const FOLD_SHARE: f64 = 0.06;
const FOLD_PX: f64 = 60.0;
/// Of the whole axis: a hundred folds must not leave nothing else.
const FOLDS_SHARE_MAX: f64 = 0.4;
/// Room behind the last event, so that its flag can be read and its line seen.
const TAIL_PX: f64 = 16.0;
const TICK_PX_MIN: f64 = 96.0;
/// The shortest thing there is, a tick of the interpreter, is then 10 px wide.
const PX_PER_NS_MAX: f64 = 0.2;
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

/// Which part of the axis is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    /// 1 shows all of it.
    pub factor: f64,
    /// At the left edge.
    pub from_ns: u64,
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            factor: 1.0,
            from_ns: 0,
        }
    }
}

impl Zoom {
    pub fn is_whole(self) -> bool {
        self.factor <= 1.0
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Of the window.
    width_px: f64,
    fold_idle: bool,
    factor: f64,
    /// From the axis' beginning to the window's left.
    offset_px: f64,
    end_ns: u64,
    stretches: Vec<Stretch>,
    px_per_ns: f64,
}

impl Axis {
    /// Over the whole recording, from virtual time zero.
    pub fn new(recording: &Recording, width_px: f64, fold_idle: bool) -> Self {
        Self::zoomed(recording, width_px, fold_idle, Zoom::default())
    }

    pub fn zoomed(recording: &Recording, width_px: f64, fold_idle: bool, zoom: Zoom) -> Self {
        let mut axis = Self::whole(recording, width_px, fold_idle, zoom.factor.max(1.0));
        axis.offset_px = axis.clamped(axis.x_px(zoom.from_ns));
        axis
    }

    /// Of this length, seen from its beginning.
    fn whole(recording: &Recording, width_px: f64, fold_idle: bool, factor: f64) -> Self {
        let end_ns = recording.end_ns().max(1);
        let folds = match fold_idle {
            true => folds(recording.idle(), end_ns, factor),
            false => Vec::new(),
        };
        let drawn_px = (width_px - TAIL_PX).max(1.0) * factor;
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
            fold_idle,
            factor,
            offset_px: 0.0,
            end_ns,
            stretches,
            px_per_ns,
        }
    }

    // --- what is seen ---

    /// A window never leaves the axis.
    fn clamped(&self, offset_px: f64) -> f64 {
        let drawn_px = self.stretches.last().map_or(0.0, |last| last.to_px);
        let room_px = drawn_px + TAIL_PX - self.width_px;
        within(offset_px, 0.0, room_px.max(0.0))
    }

    pub fn folds_idle(&self) -> bool {
        self.fold_idle
    }

    pub fn zoom(&self) -> Zoom {
        Zoom {
            factor: self.factor,
            from_ns: self.from_ns(),
        }
    }

    /// The first and the last time in the window.
    pub fn from_ns(&self) -> u64 {
        self.time_ns(0.0)
    }

    pub fn to_ns(&self) -> u64 {
        self.time_ns(self.width_px)
    }

    /// So many times as near; what is drawn at `x_px` stays there.
    pub fn nearer(&self, recording: &Recording, times: f64, x_px: f64) -> Zoom {
        let base = Self::whole(recording, self.width_px, self.fold_idle, 1.0);
        let factor_max = (PX_PER_NS_MAX / base.px_per_ns).max(1.0);
        let factor = within(self.factor * times, 1.0, factor_max);
        let anchor_ns = self.time_ns(x_px);
        let mut next = Self::whole(recording, self.width_px, self.fold_idle, factor);
        next.offset_px = next.clamped(next.x_px(anchor_ns) - x_px);
        next.zoom()
    }

    /// So much further right.
    pub fn panned(&self, by_px: f64) -> Zoom {
        let mut next = self.clone();
        next.offset_px = self.clamped(self.offset_px + by_px);
        next.zoom()
    }

    /// As near as it can be with this stretch of time in the window, and a little beside it.
    pub fn showing(&self, recording: &Recording, from_ns: u64, to_ns: u64) -> Zoom {
        const SHARE: f64 = 0.9;
        const TRIES: u32 = 24;
        let at = |factor: f64| Self::whole(recording, self.width_px, self.fold_idle, factor);
        // Folds come and go with the length of the axis, so that it is found by trying.
        let mut fits = 1.0;
        let mut exceeds = (PX_PER_NS_MAX / at(1.0).px_per_ns).max(1.0);
        for _ in 0..TRIES {
            let factor = f64::sqrt(fits * exceeds);
            let tried = at(factor);
            match tried.x_px(to_ns) - tried.x_px(from_ns) <= self.width_px * SHARE {
                true => fits = factor,
                false => exceeds = factor,
            }
        }
        let mut next = at(fits);
        let middle_px = (next.x_px(from_ns) + next.x_px(to_ns)) / 2.0;
        next.offset_px = next.clamped(middle_px - self.width_px / 2.0);
        next.zoom()
    }

    /// Where the window goes when the playhead has left it: far enough that it does not leave again at once.
    pub fn following(&self, time_ns: u64) -> Option<Zoom> {
        let x_px = self.x_px(time_ns);
        let share = match (x_px < 0.0, x_px > self.width_px) {
            (true, _) => 0.85,
            (_, true) => 0.15,
            _ => return None,
        };
        Some(self.panned(x_px - share * self.width_px))
    }

    // --- places and times ---

    pub fn width_px(&self) -> f64 {
        self.width_px
    }

    pub fn end_ns(&self) -> u64 {
        self.end_ns
    }

    /// Where nothing is folded.
    pub fn px_per_ns(&self) -> f64 {
        self.px_per_ns
    }

    /// Those in the window.
    pub fn folds(&self) -> impl Iterator<Item = Stretch> + '_ {
        self.seen().filter(|stretch| stretch.folded)
    }

    /// Stretches of which something is in the window.
    fn seen(&self) -> impl Iterator<Item = Stretch> + '_ {
        let first = self
            .stretches
            .partition_point(|stretch| stretch.to_px < self.offset_px);
        let beyond_px = self.offset_px + self.width_px;
        let seen = self.stretches[first..].iter();
        seen.take_while(move |stretch| stretch.from_px <= beyond_px)
            .map(|stretch| Stretch {
                from_px: stretch.from_px - self.offset_px,
                to_px: stretch.to_px - self.offset_px,
                ..*stretch
            })
    }

    pub fn x_px(&self, time_ns: u64) -> f64 {
        let position = self
            .stretches
            .partition_point(|stretch| stretch.to_ns < time_ns)
            .min(self.stretches.len() - 1);
        let stretch = &self.stretches[position];
        let length_ns = (stretch.to_ns - stretch.from_ns).max(1) as f64;
        let part = time_ns.saturating_sub(stretch.from_ns) as f64 / length_ns;
        stretch.from_px + part.min(1.0) * (stretch.to_px - stretch.from_px) - self.offset_px
    }

    pub fn time_ns(&self, x_px: f64) -> u64 {
        let x_px = x_px + self.offset_px;
        let position = self
            .stretches
            .partition_point(|stretch| stretch.to_px < x_px)
            .min(self.stretches.len() - 1);
        let stretch = &self.stretches[position];
        let width_px = stretch.to_px - stretch.from_px;
        if width_px <= 0.0 {
            return stretch.from_ns;
        }
        let part = within((x_px - stretch.from_px) / width_px, 0.0, 1.0);
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
        for stretch in self.seen().filter(|stretch| !stretch.folded) {
            let mut step_ns = step_ns;
            // A short stretch between folds gets a label too, if need be at a finer value.
            while step_ns >= 10 && self.ticks_in(&stretch, step_ns, free_px).is_empty() {
                step_ns = finer(step_ns);
                if (stretch.to_px - stretch.from_px) < 24.0 {
                    break;
                }
            }
            let found = self.ticks_in(&stretch, step_ns, free_px);
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
        let (from_ns, to_ns) = (self.from_ns(), self.to_ns());
        let mut at_ns = stretch.from_ns.max(from_ns).div_ceil(step_ns) * step_ns;
        while at_ns <= stretch.to_ns.min(to_ns) {
            let x_px = self.x_px(at_ns);
            let label = match at_ns {
                0 => "0".to_owned(),
                _ => label(at_ns, step_ns, self.unit()),
            };
            let half = half_px(&label);
            // Folds cover what lies under them, and the first label stands to the right of its tick.
            let left = if at_ns == 0 { x_px } else { x_px - half };
            let clear_of_folds = (stretch.from_ns == 0 || left >= stretch.from_px - 2.0)
                && (stretch.to_ns == self.end_ns || x_px + half <= stretch.to_px + 2.0);
            if left >= free_px.max(-4.0) && clear_of_folds && x_px + half <= self.width_px {
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

/// As `f64::clamp`, whose panic has words for floats: 10 kB of code.
pub fn within(value: f64, from: f64, to: f64) -> f64 {
    value.min(to).max(from)
}

fn half_px(label: &str) -> f64 {
    label.chars().count() as f64 * DIGIT_PX / 2.0
}

/// The idle stretches to fold, in time order, each a little shorter than it was. They come longest first.
fn folds(idle: &[(u64, u64)], end_ns: u64, factor: f64) -> Vec<(u64, u64)> {
    let mut left_ns = end_ns as f64;
    let mut folded = Vec::new();
    for (from, to) in idle {
        let length_ns = (to - from) as f64;
        if length_ns * factor <= FOLD_SHARE * left_ns {
            break;
        }
        left_ns -= length_ns;
        folded.push((*from, *to));
    }
    sort_by_numbers(&mut folded, |range| *range);
    for (from, to) in &mut folded {
        let edge_ns = (left_ns / factor * 0.02).min((*to - *from) as f64 * 0.1) as u64;
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
