//! Checks over several seeds, and the first failure among them.
//!
//! The recorded run is graded first, then the other seeds one after the other, until one fails: one failure is enough
//! to go on with. Only the recorded seed has events to look at; another seed is looked at by running it.

use protocol::{EventId, Report};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grading {
    seeds: Vec<u64>,
    /// How many of `seeds` hold.
    pub held: usize,
    /// How many checks there are, once a report has come.
    pub checks: usize,
    pub verdict: Option<Verdict>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed(Failure),
    /// The checks themselves could not run: our mistake, not the reader's.
    Broken(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub seed: u64,
    pub check: String,
    pub text: String,
    /// In the trace of that seed.
    pub at: Option<EventId>,
    /// Checks before it, all of which hold.
    pub held: usize,
}

impl Grading {
    /// Grading that begins with the seed that is recorded and goes on with the lesson's others.
    pub fn of(recorded: u64, first: u64, count: u32) -> Self {
        let others = (0..u64::from(count))
            .map(|offset| first.wrapping_add(offset))
            .filter(|seed| *seed != recorded);
        Self {
            seeds: std::iter::once(recorded).chain(others).collect(),
            ..Self::default()
        }
    }

    pub fn seeds(&self) -> usize {
        self.seeds.len()
    }

    /// The seed that is to be run and graded next.
    pub fn next_seed(&self) -> Option<u64> {
        match self.verdict {
            None => self.seeds.get(self.held).copied(),
            Some(_) => None,
        }
    }

    /// The report on [`Self::next_seed`] has come.
    pub fn take(&mut self, report: &Report) {
        let Some(seed) = self.next_seed() else {
            return;
        };
        self.checks = report.outcomes.len();
        if let Some(reason) = &report.broken {
            self.verdict = Some(Verdict::Broken(reason.clone()));
        } else if let Some(index) = report
            .outcomes
            .iter()
            .position(|outcome| outcome.failure.is_some())
        {
            let outcome = &report.outcomes[index];
            self.verdict = Some(Verdict::Failed(Failure {
                seed,
                check: outcome.name.clone(),
                text: outcome.failure.clone().unwrap_or_default(),
                at: outcome.at,
                held: index,
            }));
        } else {
            self.held += 1;
            if self.held == self.seeds.len() {
                self.verdict = Some(Verdict::Passed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::CheckOutcome;

    use super::*;

    fn report(failures: &[Option<&str>]) -> Report {
        Report {
            outcomes: failures
                .iter()
                .enumerate()
                .map(|(index, failure)| CheckOutcome {
                    name: format!("check {index}"),
                    failure: failure.map(String::from),
                    at: Some(5),
                })
                .collect(),
            broken: None,
        }
    }

    #[test]
    fn all_seeds_must_hold() {
        let mut grading = Grading::of(7, 7, 3);
        for seed in [7, 8, 9] {
            assert_eq!(grading.next_seed(), Some(seed));
            grading.take(&report(&[None, None]));
        }
        assert_eq!(grading.verdict, Some(Verdict::Passed));
        assert_eq!(grading.next_seed(), None);
    }

    #[test]
    fn the_first_failure_ends_it() {
        let mut grading = Grading::of(7, 7, 3);
        grading.take(&report(&[None]));
        grading.take(&report(&[None, Some("too late"), Some("other")]));
        let Some(Verdict::Failed(failure)) = &grading.verdict else {
            panic!("{grading:?}");
        };
        assert_eq!(
            (failure.seed, failure.held, failure.check.as_str()),
            (8, 1, "check 1")
        );
        assert_eq!(grading.next_seed(), None);
        let before = grading.clone();
        grading.take(&report(&[None]));
        assert_eq!(grading, before, "late reports change nothing");
    }

    #[test]
    fn another_recorded_seed_comes_first() {
        let grading = Grading::of(8, 7, 3);
        assert_eq!(grading.seeds, [8, 7, 9]);
        assert_eq!(Grading::of(41, 7, 2).seeds, [41, 7, 8]);
    }

    #[test]
    fn broken_checks_are_not_the_readers_failure() {
        let mut grading = Grading::of(7, 7, 3);
        grading.take(&Report {
            outcomes: Vec::new(),
            broken: Some("a syntax error".into()),
        });
        assert_eq!(
            grading.verdict,
            Some(Verdict::Broken("a syntax error".into()))
        );
    }
}
