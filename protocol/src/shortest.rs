//! The shortest interleaving that fails: of a failing run's choices as few as can be out of the order of asking.
//!
//! The seed stays, so chance that decides no order is the same in every run. Three steps, of which each is a run that
//! somebody else makes:
//!
//! 1. every choice as it was asked for: does it fail all the same?
//! 2. by halving: how many of the failing run's deviations, from the first on, are enough, with the order of asking behind
//!    them?
//! 3. each of those left is taken back alone, from the last to the first, until none can be.
//!
//! What is left cannot lose any one deviation. That fewer others would do is possible, and not tried: it would take a
//! run for each set of choices. After [`RUNS_MAX`] runs the best so far is the answer.

use crate::scenario::{Picks, Then};

pub const RUNS_MAX: u32 = 200;

#[derive(Clone, Debug)]
pub struct Shortest {
    /// The options of the shortest failing run so far, all of them.
    best: Vec<u32>,
    step: Step,
    runs: u32,
}

#[derive(Clone, Debug)]
enum Step {
    InOrder,
    /// So many deviations of `of` are too few, and so many enough.
    Halve {
        of: Vec<u32>,
        few: usize,
        enough: usize,
    },
    /// The deviation with this number is taken back next, counted from 1.
    TakeBack(usize),
    Done,
}

impl Shortest {
    /// `taken` are the options of a run that fails.
    pub fn new(taken: Vec<u32>) -> Self {
        Self {
            best: taken,
            step: Step::InOrder,
            runs: 0,
        }
    }

    /// What the next run picks, with the same seed; its result goes to [`Self::ran`]. `None`: the search is over.
    pub fn next(&self) -> Option<Picks> {
        if self.runs == RUNS_MAX {
            return None;
        }
        let taken = match &self.step {
            Step::InOrder => Vec::new(),
            Step::Halve { of, few, enough } => up_to(of, few.midpoint(*enough)),
            Step::TakeBack(number) => {
                let mut taken = self.best.clone();
                let place = place(&taken, *number)?;
                taken[place] = 0;
                taken
            }
            Step::Done => return None,
        };
        Some(picks(taken))
    }

    /// The options of the run that was asked for, and whether it fails in the same way. One whose picks were refused
    /// does not.
    pub fn ran(&mut self, taken: Vec<u32>, fails: bool) {
        self.runs += 1;
        match &mut self.step {
            Step::InOrder if fails => {
                self.best = taken;
                self.step = Step::Done;
            }
            Step::InOrder => {
                let enough = deviations(&self.best);
                self.step = Step::Halve {
                    of: self.best.clone(),
                    few: 0,
                    enough,
                };
            }
            Step::Halve { few, enough, .. } => {
                let middle = few.midpoint(*enough);
                if fails {
                    *enough = middle;
                    self.best = taken;
                } else {
                    *few = middle;
                }
            }
            Step::TakeBack(number) => {
                if fails && deviations(&taken) < deviations(&self.best) {
                    *number = deviations(&taken);
                    self.best = taken;
                } else {
                    *number -= 1;
                }
            }
            Step::Done => {}
        }
        if let Step::Halve { few, enough, .. } = self.step
            && enough - few < 2
        {
            self.step = Step::TakeBack(deviations(&self.best));
        }
        // The last one alone cannot be taken back: nothing out of order does not fail.
        if let Step::TakeBack(number) = self.step
            && (number == 0 || deviations(&self.best) < 2)
        {
            self.step = Step::Done;
        }
    }

    /// What replays it, with the same seed.
    pub fn picks(&self) -> Picks {
        picks(self.best.clone())
    }

    /// Choices that are not in the order of asking.
    pub fn deviations(&self) -> usize {
        deviations(&self.best)
    }

    pub fn choices(&self) -> usize {
        self.best.len()
    }

    pub fn runs(&self) -> u32 {
        self.runs
    }
}

fn deviations(taken: &[u32]) -> usize {
    taken.iter().filter(|option| **option > 0).count()
}

/// Where the deviation with that number is, counted from 1.
fn place(taken: &[u32], number: usize) -> Option<usize> {
    let places = taken.iter().enumerate().filter(|(_, option)| **option > 0);
    places.map(|(place, _)| place).nth(number.checked_sub(1)?)
}

/// So many deviations, and nothing behind them.
fn up_to(taken: &[u32], count: usize) -> Vec<u32> {
    let end = place(taken, count).map_or(0, |place| place + 1);
    taken[..end].to_vec()
}

/// Behind the last deviation everything is in order anyway.
fn picks(taken: Vec<u32>) -> Picks {
    Picks {
        taken: up_to(&taken, deviations(&taken)),
        then: Then::First,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches for a world in which `fails` tells what a run with these options does.
    fn search(taken: &[u32], fails: impl Fn(&[u32]) -> bool) -> Shortest {
        assert!(fails(taken), "it begins with a failing run");
        let mut shortest = Shortest::new(taken.to_vec());
        while let Some(picks) = shortest.next() {
            assert_eq!(picks.then, Then::First);
            let mut ran = picks.taken;
            ran.resize(taken.len(), 0);
            let failed = fails(&ran);
            shortest.ran(ran, failed);
        }
        shortest
    }

    #[test]
    fn what_fails_in_any_order_needs_no_deviation() {
        let shortest = search(&[1, 0, 2], |_| true);
        assert_eq!((shortest.deviations(), shortest.runs()), (0, 1));
        assert_eq!(shortest.picks().to_string(), "first");
    }

    #[test]
    fn only_those_that_matter_are_left() {
        /// Options of the failing run, the places that must deviate for it to fail, and what is left.
        type Case<'a> = (&'a [u32], &'a [usize], &'a str);
        let cases: [Case; 5] = [
            (&[1], &[0], "1,first"),
            (&[1, 2, 0, 1, 3, 1], &[4], "4x0,3,first"),
            (&[1, 2, 0, 1, 3, 1], &[1, 5], "0,2,3x0,1,first"),
            (&[1, 1, 1, 1], &[0, 1, 2, 3], "4x1,first"),
            (&[0, 0, 1, 0, 0], &[2], "0,0,1,first"),
        ];
        for (taken, needed, left) in cases {
            let fails = |options: &[u32]| needed.iter().all(|place| options[*place] > 0);
            let shortest = search(taken, fails);
            assert_eq!(shortest.picks().to_string(), left);
            assert_eq!(shortest.deviations(), needed.len());
        }
    }

    #[test]
    fn the_search_is_bounded() {
        let taken = vec![1; 1_000];
        let shortest = search(&taken, |options| deviations(options) > 500);
        assert_eq!(shortest.runs(), RUNS_MAX);
        assert!(shortest.deviations() < 1_000);
    }

    #[test]
    fn a_run_with_other_choices_is_followed() {
        // Without its first deviation the run has one choice, and it fails all the same.
        let mut shortest = Shortest::new(vec![1, 1, 1]);
        shortest.ran(vec![0], false);
        while let Some(picks) = shortest.next() {
            let (taken, fails) = match picks.taken.as_slice() {
                [0, ..] => (vec![1], true),
                other => (other.to_vec(), other.len() == 3),
            };
            shortest.ran(taken, fails);
        }
        assert_eq!(shortest.picks().to_string(), "1,first");
    }
}
