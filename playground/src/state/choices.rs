//! The reader as the scheduler: which choice is looked at, what taking another option means, and the search for the
//! shortest interleaving that fails.

use std::ops::Range;

use protocol::{
    Report,
    explore::Outcome,
    scenario::{Picks, Then},
    shortest::Shortest,
};

/// So many choices are listed at once, around the one that is looked at.
pub const LISTED_MAX: usize = 30;

/// What another option of a choice makes of a run: all before stays as it was, and the seed goes on behind it.
pub fn pick(taken: &[u32], choice: u32, option: u32) -> Picks {
    let before = taken.iter().take(choice as usize).copied();
    Picks {
        taken: before.chain([option]).collect(),
        then: Then::Seed,
    }
}

/// The choices that are listed, of `count`.
pub fn listed(count: usize, current: Option<usize>) -> Range<usize> {
    let first = current.unwrap_or(0).saturating_sub(LISTED_MAX / 2);
    let first = first.min(count.saturating_sub(LISTED_MAX));
    first..count.min(first + LISTED_MAX)
}

/// How a run fails, whatever it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit_code: i32,
    thresholds: Vec<String>,
    checks: Vec<String>,
}

impl Failure {
    pub fn of(outcome: &Outcome, report: Option<&Report>) -> Self {
        let (exit_code, thresholds) = outcome.failure();
        let outcomes = report.map_or(&[][..], |report| &report.outcomes);
        let failing = outcomes.iter().filter(|check| check.failure.is_some());
        Self {
            exit_code,
            thresholds: thresholds
                .into_iter()
                .map(|(load, text)| format!("{load} {text}"))
                .collect(),
            checks: failing.map(|check| check.name.clone()).collect(),
        }
    }
}

/// For one outcome: the run of its first seed, and then what [`Shortest`] asks for.
#[derive(Clone, Debug)]
pub struct Search {
    pub seed: u64,
    failure: Option<Failure>,
    shortest: Option<Shortest>,
    is_over: bool,
}

impl Search {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            failure: None,
            shortest: None,
            is_over: false,
        }
    }

    /// What the next run picks.
    pub fn next(&self) -> Option<Picks> {
        match &self.shortest {
            _ if self.is_over => None,
            None => Some(Picks::default()),
            Some(shortest) => shortest.next(),
        }
    }

    /// The run that was asked for has ended so, with these options; or it could not be.
    pub fn take(&mut self, ran: Option<(Failure, Vec<u32>)>) {
        match (&mut self.shortest, ran) {
            (None, Some((failure, taken))) => {
                self.failure = Some(failure);
                self.shortest = Some(Shortest::new(taken));
            }
            (None, None) => self.is_over = true,
            (Some(shortest), Some((failure, taken))) => {
                let fails = self.failure.as_ref() == Some(&failure);
                shortest.ran(taken, fails);
            }
            (Some(shortest), None) => shortest.ran(Vec::new(), false),
        }
    }

    /// Once nothing more is to be run: what to pick.
    pub fn found(&self) -> Option<Picks> {
        let shortest = self.shortest.as_ref()?;
        shortest.next().is_none().then(|| shortest.picks())
    }

    pub fn runs(&self) -> u32 {
        self.shortest.as_ref().map_or(0, Shortest::runs)
    }
}

#[cfg(test)]
mod tests {
    use protocol::{CheckOutcome, explore::Watcher};

    use super::*;

    fn failure(exit_code: i32, check: Option<&str>) -> Failure {
        let report = Report {
            outcomes: vec![CheckOutcome {
                name: "a check".into(),
                failure: check.map(String::from),
                at: None,
            }],
            broken: None,
        };
        Failure::of(&Watcher::new(9).outcome(exit_code), Some(&report))
    }

    #[test]
    fn another_option_keeps_what_was_before_it() {
        let picks = |choice| pick(&[0, 2, 1], choice, 1).taken;
        assert_eq!(picks(0), [1]);
        assert_eq!(picks(2), [0, 2, 1]);
        assert_eq!(pick(&[0], 0, 1).then, Then::Seed);
    }

    #[test]
    fn choices_are_listed_around_the_one_that_is_looked_at() {
        assert_eq!(listed(0, None), 0..0);
        assert_eq!(listed(5, Some(4)), 0..5);
        assert_eq!(listed(100, None), 0..LISTED_MAX);
        assert_eq!(listed(100, Some(50)), 35..65);
        assert_eq!(listed(100, Some(99)), 70..100);
    }

    #[test]
    fn how_a_run_fails_is_its_code_and_its_checks() {
        assert_eq!(failure(1, Some("early")), failure(1, Some("late")));
        assert_ne!(failure(1, None), failure(1, Some("late")));
        assert_ne!(failure(1, None), failure(2, None));
    }

    #[test]
    fn a_search_runs_the_seed_first_and_then_less_and_less() {
        let fails = |picks: &Picks| picks.taken.get(1) == Some(&1);
        let mut search = Search::new(7);
        assert_eq!(search.next(), Some(Picks::default()));
        search.take(Some((failure(1, None), vec![1, 1, 1])));
        while let Some(picks) = search.next() {
            assert_eq!(search.found(), None);
            // A run in which a pick does not fit.
            if picks.taken.len() == 3 {
                search.take(None);
                continue;
            }
            let mut taken = picks.taken.clone();
            taken.resize(3, 0);
            search.take(Some((failure(i32::from(fails(&picks)), None), taken)));
        }
        let found = search.found().expect("it is over");
        assert_eq!(found.to_string(), "0,1,first");
        let mut broken = Search::new(7);
        broken.take(None);
        assert_eq!((broken.next(), broken.found()), (None, None));
    }
}
