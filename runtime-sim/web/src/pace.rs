//! When requests are due.
//!
//! An open load counts the area below the curve of its rate: a request is due whenever another whole one (or, for Poisson
//! arrivals, another exponential one) has come together. That holds for ramps as it does for a constant rate. A closed
//! load has users, as many as its course says at each moment; who is one too many leaves after his answer.

use kernel::{EventQueue, Stream, distribution};
use protocol::load::{Arrivals, Course, RATE_PER_SECOND};

/// One request: rates are thousandths an hour, times are nanoseconds.
const REQUEST: u128 = RATE_PER_SECOND as u128 * 1_000_000_000;

/// Where in its course a load is.
#[derive(Debug)]
struct Walk {
    course: Course,
    stage: usize,
    /// When the stage began.
    began_ns: u64,
    /// How far into it.
    at_ns: u64,
}

/// One stage: from a value to another in so much time.
#[derive(Clone, Copy, Debug)]
struct Slope {
    from: u64,
    to: u64,
    lasts_ns: u64,
}

impl Slope {
    /// Below the curve from one moment to another.
    fn area(self, from_ns: u64, to_ns: u64) -> u128 {
        let (from, to) = (i128::from(self.from), i128::from(self.to));
        let (x, y) = (u128::from(from_ns), u128::from(to_ns));
        // (y² - x²) / 2 d with 16 bits behind the point, which keeps it within 128.
        let rise = (((y - x) * (y + x)) << 16) / (2 * u128::from(self.lasts_ns.max(1)));
        let area = from * (y - x) as i128 + (((to - from) * rise as i128) >> 16);
        area.max(0) as u128
    }

    /// When the area from `from_ns` on is as large as that.
    fn reaches(self, from_ns: u64, area: u128) -> Option<u64> {
        if self.area(from_ns, self.lasts_ns) < area {
            return None;
        }
        let (mut low, mut high) = (from_ns, self.lasts_ns);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.area(from_ns, middle) >= area {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    fn value(self, at_ns: u64) -> u64 {
        let part = |difference: u64| {
            let product = u128::from(difference) * u128::from(at_ns);
            (product / u128::from(self.lasts_ns.max(1))) as u64
        };
        if self.to >= self.from {
            self.from + part(self.to - self.from)
        } else {
            self.from - part(self.from - self.to)
        }
    }
}

fn slopes(course: &Course) -> impl Iterator<Item = Slope> {
    let mut from = course.from;
    course.stages.iter().map(move |stage| Slope {
        from: std::mem::replace(&mut from, stage.to),
        to: stage.to,
        lasts_ns: stage.lasts_ns,
    })
}

pub(crate) fn lasts_ns(course: &Course) -> u64 {
    let stages = course.stages.iter();
    stages.fold(0, |sum, stage| sum.saturating_add(stage.lasts_ns))
}

/// The moments at which an open load's requests are due.
#[derive(Debug)]
pub(crate) struct Dues {
    walk: Walk,
    arrivals: Arrivals,
    chance: Stream,
    /// More than a whole request had come together when the last was due.
    left_over: u128,
    is_first: bool,
}

impl Dues {
    pub fn new(course: Course, begins_ns: u64, arrivals: Arrivals, chance: Stream) -> Self {
        Self {
            walk: Walk {
                course,
                stage: 0,
                began_ns: begins_ns,
                at_ns: 0,
            },
            arrivals,
            chance,
            left_over: 0,
            is_first: true,
        }
    }

    /// The next; `None` after the last.
    pub fn next(&mut self) -> Option<u64> {
        let wanted = match self.arrivals {
            // Evenly spaced from the beginning on.
            Arrivals::Constant if self.is_first => 0,
            Arrivals::Constant => REQUEST,
            Arrivals::Poisson => {
                (REQUEST * u128::from(distribution::exponential(&mut self.chance))) >> 32
            }
        };
        self.is_first = false;
        let mut wanted = wanted.saturating_sub(self.left_over);
        let walk = &mut self.walk;
        loop {
            let slope = slopes(&walk.course).nth(walk.stage)?;
            // At the very end of a stage the next begins.
            if let Some(at_ns) = slope.reaches(walk.at_ns, wanted)
                && at_ns < slope.lasts_ns
            {
                self.left_over = slope.area(walk.at_ns, at_ns) - wanted;
                walk.at_ns = at_ns;
                return Some(walk.began_ns + at_ns);
            }
            wanted = wanted.saturating_sub(slope.area(walk.at_ns, slope.lasts_ns));
            walk.began_ns += slope.lasts_ns;
            walk.at_ns = 0;
            walk.stage += 1;
        }
    }
}

/// The users of a closed load.
#[derive(Debug)]
pub(crate) struct Users {
    course: Course,
    begins_ns: u64,
    /// Who is there, by number: waits for an answer or thinks.
    present: Vec<bool>,
    thinking: EventQueue<u32>,
}

impl Users {
    pub fn new(course: Course, begins_ns: u64) -> Self {
        let most = slopes(&course)
            .map(|slope| slope.from.max(slope.to))
            .max()
            .unwrap_or(0);
        Self {
            course,
            begins_ns,
            present: vec![false; most as usize],
            thinking: EventQueue::default(),
        }
    }

    pub fn think(&mut self, user: u32, until_ns: u64) {
        self.thinking.push(until_ns, user);
    }

    /// Who makes a request now.
    pub fn ready(&mut self, now_ns: u64) -> Vec<u32> {
        let wanted = self.wanted(now_ns);
        let mut ready = Vec::new();
        while self.thinking.next_time_ns().is_some_and(|ns| ns <= now_ns) {
            let Some((_, user)) = self.thinking.pop() else {
                break;
            };
            if u64::from(user) < wanted {
                ready.push(user);
            } else {
                self.present[user as usize] = false;
            }
        }
        let most = (wanted as usize).min(self.present.len());
        for (user, is_present) in self.present[..most].iter_mut().enumerate() {
            if !std::mem::replace(is_present, true) {
                ready.push(user as u32);
            }
        }
        ready
    }

    /// When somebody has something to do.
    pub fn next_ns(&self, now_ns: u64) -> Option<u64> {
        let absent = self.present.iter().position(|is_present| !is_present);
        let comes = absent.and_then(|user| self.exceeds(user as u64, now_ns));
        comes.into_iter().chain(self.thinking.next_time_ns()).min()
    }

    fn wanted(&self, now_ns: u64) -> u64 {
        let mut began_ns = self.begins_ns;
        for slope in slopes(&self.course) {
            if now_ns < began_ns {
                return 0;
            }
            if now_ns < began_ns + slope.lasts_ns {
                return slope.value(now_ns - began_ns);
            }
            began_ns += slope.lasts_ns;
        }
        0
    }

    /// When, later than now, there are to be more than `level`.
    fn exceeds(&self, level: u64, now_ns: u64) -> Option<u64> {
        let mut began_ns = self.begins_ns;
        for slope in slopes(&self.course) {
            let ends_ns = began_ns + slope.lasts_ns;
            let from_ns = (now_ns + 1).max(began_ns);
            if from_ns < ends_ns {
                if slope.value(from_ns - began_ns) > level {
                    return Some(from_ns);
                }
                if slope.to > level {
                    let missing = u128::from(level + 1 - slope.from);
                    let rise = u128::from(slope.to - slope.from);
                    let at_ns = (missing * u128::from(slope.lasts_ns)).div_ceil(rise) as u64;
                    if at_ns < slope.lasts_ns {
                        return Some(began_ns + at_ns);
                    }
                }
            }
            began_ns = ends_ns;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use kernel::Chance;
    use protocol::load::Stage;

    use super::*;

    const S: u64 = 1_000_000_000;

    fn course(from: u64, stages: &[(u64, u64)]) -> Course {
        let stage = |&(seconds, to): &(u64, u64)| Stage {
            lasts_ns: seconds * S,
            to,
        };
        Course {
            from,
            stages: stages.iter().map(stage).collect(),
        }
    }

    fn dues(arrivals: Arrivals, from: u64, stages: &[(u64, u64)]) -> Vec<u64> {
        let stages: Vec<_> = stages
            .iter()
            .map(|(seconds, rate)| (*seconds, rate * RATE_PER_SECOND))
            .collect();
        let chance = Chance::new(3).stream("dues");
        let course = course(from * RATE_PER_SECOND, &stages);
        let mut dues = Dues::new(course, 5 * S, arrivals, chance);
        std::iter::from_fn(|| dues.next()).collect()
    }

    #[test]
    fn a_constant_rate_is_even() {
        let dues = dues(Arrivals::Constant, 4, &[(2, 4)]);
        let quarters: Vec<u64> = (0..8).map(|number| 5 * S + number * S / 4).collect();
        assert_eq!(dues, quarters);
    }

    #[test]
    fn a_ramp_has_as_many_as_its_area() {
        let dues = dues(Arrivals::Constant, 0, &[(10, 100), (10, 100), (10, 0)]);
        assert!(dues.len().abs_diff(2_000) <= 1, "{}", dues.len());
        // A quarter of the first ramp's requests come in its first half.
        let early = dues.iter().filter(|ns| **ns < 10 * S).count();
        assert!(early.abs_diff(125) <= 1, "{early}");
        assert!(dues.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn poisson_arrivals_have_their_rate_and_their_spread() {
        let dues = dues(Arrivals::Poisson, 1_000, &[(100, 1_000)]);
        assert!(dues.len().abs_diff(100_000) < 1_000, "{}", dues.len());
        // As many gaps are longer than the mean as e says.
        let long = dues.windows(2).filter(|pair| pair[1] - pair[0] > S / 1_000);
        assert!(long.count().abs_diff(36_788) < 600);
    }

    #[test]
    fn users_come_and_leave() {
        let mut users = Users::new(course(1, &[(10, 3), (5, 3), (0, 1), (5, 1)]), 0);
        assert_eq!(users.ready(0), [0]);
        assert_eq!(users.next_ns(0), Some(5 * S));
        assert_eq!(users.ready(5 * S), [1]);
        assert_eq!(users.next_ns(5 * S), Some(10 * S));
        assert_eq!(users.ready(10 * S), [2]);
        users.think(1, 14 * S);
        assert_eq!(users.next_ns(10 * S), Some(14 * S));
        assert_eq!(users.ready(14 * S), [1]);
        users.think(1, 16 * S);
        users.think(0, 17 * S);
        assert_eq!(users.ready(16 * S), []);
        assert_eq!(users.ready(17 * S), [0]);
        users.think(0, 21 * S);
        assert_eq!(users.ready(21 * S), []);
        assert_eq!(users.next_ns(21 * S), None);
    }
}
