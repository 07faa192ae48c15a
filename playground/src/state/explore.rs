//! A program under many seeds: which are still to be run, in how many ways it came out, and which checks fail how often.
//!
//! What an outcome is, [`protocol::explore`] says, for the command line too. The checks come on top: two runs that print
//! the same may still differ in them.

use protocol::{
    ProcessId, Report, Stream,
    explore::{Outcome, Tally},
};

use super::console;

/// So many seeds can be asked for.
pub const SEEDS: [u64; 3] = [100, 1_000, 10_000];
/// Of what one process writes to one stream so much is kept to be shown; outcomes differ by all of it.
pub const KEPT_BYTES_MAX: usize = 2_000;

#[derive(Clone, Debug)]
pub struct Exploration {
    pub first_seed: u64,
    pub seeds: u64,
    pub state: State,
    pub tally: Tally,
    /// In the lesson's order.
    pub checks: Vec<Check>,
    /// Seeds with which the simulation itself broke, and what it said of the first.
    pub broken: Option<(u64, String)>,
    pub broken_count: u64,
    next: u64,
    /// For each seed its outcome, once it is known.
    outcomes: Vec<Option<u32>>,
    /// For each outcome and each check how often it fails.
    failures: Vec<Vec<u64>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Finished,
    /// By the reader.
    Cancelled,
    /// The sentence that says why it could not go on.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub failed: u64,
    /// The smallest seed that fails it, with what was expected and what happened.
    pub first: Option<(u64, String)>,
}

impl Exploration {
    pub fn new(first_seed: u64, seeds: u64) -> Self {
        Self {
            first_seed,
            seeds,
            state: State::Running,
            tally: Tally::default(),
            checks: Vec::new(),
            broken: None,
            broken_count: 0,
            next: 0,
            outcomes: vec![None; seeds as usize],
            failures: Vec::new(),
        }
    }

    /// Hands out each seed once.
    pub fn next_seed(&mut self) -> Option<u64> {
        if self.state != State::Running || self.next == self.seeds {
            return None;
        }
        self.next += 1;
        Some(self.first_seed.wrapping_add(self.next - 1))
    }

    pub fn take(&mut self, seed: u64, outcome: Outcome, report: Option<&Report>) {
        let number = self.tally.add(seed, outcome);
        if let Some(place) = self
            .outcomes
            .get_mut(seed.wrapping_sub(self.first_seed) as usize)
        {
            *place = Some(number as u32);
        }
        if number == self.failures.len() {
            self.failures.push(Vec::new());
        }
        if let Some(report) = report {
            self.judge(seed, number, report);
        }
        self.advance();
    }

    /// The simulation broke with that seed.
    pub fn broke(&mut self, seed: u64, reason: String) {
        self.broken_count += 1;
        if self.broken.as_ref().is_none_or(|(first, _)| seed < *first) {
            self.broken = Some((seed, reason));
        }
        self.advance();
    }

    pub fn cancel(&mut self) {
        if self.state == State::Running {
            self.state = State::Cancelled;
        }
    }

    pub fn fail(&mut self, sentence: String) {
        if self.state == State::Running {
            self.state = State::Failed(sentence);
        }
    }

    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Seeds that were run, whatever came of it.
    pub fn done(&self) -> u64 {
        self.tally.runs + self.broken_count
    }

    /// The number of the outcome that this seed had.
    pub fn outcome_of(&self, seed: u64) -> Option<usize> {
        let place = usize::try_from(seed.wrapping_sub(self.first_seed)).ok()?;
        Some((*self.outcomes.get(place)?)? as usize)
    }

    /// Names of the checks that this outcome fails, with how often; but those that every seed fails.
    pub fn failing(&self, number: usize) -> impl Iterator<Item = (&str, u64)> {
        let counts = self.failures.get(number).into_iter().flatten();
        self.checks
            .iter()
            .zip(counts)
            .filter(|(check, count)| **count > 0 && check.failed < self.tally.runs)
            .map(|(check, count)| (check.name.as_str(), *count))
    }

    fn advance(&mut self) {
        if self.done() == self.seeds && self.is_running() {
            self.state = State::Finished;
        }
    }

    fn judge(&mut self, seed: u64, number: usize, report: &Report) {
        if let Some(reason) = &report.broken {
            return self.fail(format!("This lesson’s checks are broken. {reason}"));
        }
        if self.checks.is_empty() {
            let checks = report.outcomes.iter().map(|outcome| Check {
                name: outcome.name.clone(),
                failed: 0,
                first: None,
            });
            self.checks = checks.collect();
        }
        let counts = &mut self.failures[number];
        counts.resize(self.checks.len(), 0);
        for ((check, count), outcome) in self.checks.iter_mut().zip(counts).zip(&report.outcomes) {
            let Some(text) = &outcome.failure else {
                continue;
            };
            *count += 1;
            check.failed += 1;
            if check.first.as_ref().is_none_or(|(first, _)| seed < *first) {
                check.first = Some((seed, text.clone()));
            }
        }
    }
}

/// Lines of an outcome around the first in which it differs from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Lines before these.
    pub above: usize,
    pub lines: Vec<Line>,
    pub below: usize,
    /// More was written than is kept.
    pub is_cut: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub process: ProcessId,
    pub is_error: bool,
    /// Made inert.
    pub text: String,
    /// The first that the other outcome has not in this place.
    pub differs: bool,
}

/// At most so many lines. Without another outcome they are the first.
pub fn excerpt(outcome: &Outcome, other: Option<&Outcome>, lines_max: usize) -> Excerpt {
    let lines: Vec<_> = raw_lines(outcome).collect();
    let differs = other.and_then(|other| {
        let mut others = raw_lines(other);
        lines.iter().position(|line| others.next() != Some(*line))
    });
    let last_start = lines.len().saturating_sub(lines_max);
    let start = differs.map_or(0, |at| at.saturating_sub(lines_max / 2).min(last_start));
    let shown = lines
        .iter()
        .enumerate()
        .skip(start)
        .take(lines_max)
        .map(|(at, &(process, stream, text))| Line {
            process,
            is_error: stream == Stream::Stderr,
            text: console::shown(text).0,
            differs: differs == Some(at),
        })
        .collect::<Vec<_>>();
    Excerpt {
        above: start,
        below: lines.len() - start - shown.len(),
        lines: shown,
        is_cut: outcome.written.iter().any(|written| !written.is_whole()),
    }
}

/// By process and stream, as they are kept.
pub fn raw_lines(outcome: &Outcome) -> impl Iterator<Item = (ProcessId, Stream, &str)> {
    outcome.written.iter().flat_map(|written| {
        let lines = written.text.lines();
        lines.map(|line| (written.process, written.stream, line))
    })
}

#[cfg(test)]
mod tests {
    use protocol::{CheckOutcome, Event, EventKind, explore::Watcher};

    use super::*;

    fn outcome(text: &str) -> Outcome {
        let mut watcher = Watcher::new(KEPT_BYTES_MAX);
        watcher.notice(&Event {
            cause: None,
            time_ns: 0,
            process: 1,
            kind: EventKind::Logged {
                stream: Stream::Stdout,
                text: text.into(),
            },
            stack: Vec::new(),
        });
        watcher.outcome(0)
    }

    fn report(failures: &[Option<&str>]) -> Report {
        let outcomes = failures
            .iter()
            .enumerate()
            .map(|(index, failure)| CheckOutcome {
                name: format!("check {index}"),
                failure: failure.map(String::from),
                at: None,
            });
        Report {
            outcomes: outcomes.collect(),
            broken: None,
        }
    }

    #[test]
    fn every_seed_is_handed_out_once_and_then_it_is_over() {
        let mut exploration = Exploration::new(u64::MAX, 3);
        let seeds: Vec<u64> = std::iter::from_fn(|| exploration.next_seed()).collect();
        assert_eq!(seeds, [u64::MAX, 0, 1]);
        exploration.take(0, outcome("a"), None);
        exploration.take(u64::MAX, outcome("b"), None);
        assert!(exploration.is_running());
        exploration.broke(1, "it broke".into());
        assert_eq!(exploration.state, State::Finished);
        assert_eq!(exploration.outcome_of(0), Some(0));
        assert_eq!(exploration.outcome_of(u64::MAX), Some(1));
        assert_eq!(exploration.outcome_of(1), None);
        assert_eq!(exploration.outcome_of(2), None);
        assert_eq!(exploration.broken, Some((1, "it broke".into())));
    }

    #[test]
    fn checks_are_counted_by_outcome_and_in_all() {
        let mut exploration = Exploration::new(7, 4);
        exploration.take(9, outcome("b"), Some(&report(&[None, Some("late"), None])));
        exploration.take(7, outcome("a"), Some(&report(&[None, None, None])));
        exploration.take(8, outcome("b"), Some(&report(&[None, Some("later"), None])));
        exploration.take(10, outcome("b"), Some(&report(&[None, None, Some("x")])));
        let failing = |number| exploration.failing(number).collect::<Vec<_>>();
        assert_eq!(failing(0), [("check 1", 2), ("check 2", 1)]);
        assert_eq!(failing(1), []);
        let counts: Vec<u64> = exploration
            .checks
            .iter()
            .map(|check| check.failed)
            .collect();
        assert_eq!(counts, [0, 2, 1]);
        assert_eq!(exploration.checks[1].first, Some((8, "later".into())));
    }

    #[test]
    fn what_is_cancelled_hands_out_nothing_and_stays_so() {
        let mut exploration = Exploration::new(7, 2);
        exploration.next_seed();
        exploration.cancel();
        assert_eq!(exploration.next_seed(), None);
        exploration.take(7, outcome("a"), None);
        exploration.take(8, outcome("a"), None);
        assert_eq!(exploration.state, State::Cancelled);
        let mut broken = Exploration::new(7, 2);
        broken.take(
            7,
            outcome("a"),
            Some(&Report {
                outcomes: vec![],
                broken: Some("Why.".into()),
            }),
        );
        assert_eq!(
            broken.state,
            State::Failed("This lesson’s checks are broken. Why.".into())
        );
    }

    #[test]
    fn an_excerpt_is_around_the_first_difference() {
        let other = outcome("1\n2\n3\n4\n5\n6\n7\n8");
        /// A text, what it is compared with, and the excerpt: lines above it, its lines, lines below it.
        type Case<'a> = (&'a str, Option<&'a Outcome>, usize, &'a [&'a str], usize);
        let cases: [Case; 6] = [
            ("1\n2\n3\n4\n5", None, 0, &["1", "2", "3", "4"], 1),
            (
                "1\n2\nx\n4\n5\n6",
                Some(&other),
                0,
                &["1", "2", "*x", "4"],
                2,
            ),
            (
                "1\n2\n3\n4\n5\nx\n7\n8",
                Some(&other),
                3,
                &["4", "5", "*x", "7"],
                1,
            ),
            (
                "1\n2\n3\n4\n5\n6\n7\nx",
                Some(&other),
                4,
                &["5", "6", "7", "*x"],
                0,
            ),
            ("1\n2", Some(&other), 0, &["1", "2"], 0),
            ("", Some(&other), 0, &[], 0),
        ];
        for (text, other, above, lines, below) in cases {
            let excerpt = excerpt(&outcome(text), other, 4);
            let shown = excerpt.lines.iter().map(|line| {
                let mark = if line.differs { "*" } else { "" };
                format!("{mark}{}", line.text)
            });
            assert_eq!(shown.collect::<Vec<_>>(), lines, "{text:?}");
            assert_eq!((excerpt.above, excerpt.below), (above, below), "{text:?}");
        }
        let long = "x".repeat(KEPT_BYTES_MAX + 1);
        assert!(excerpt(&outcome(&long), None, 4).is_cut);
        assert_eq!(
            excerpt(&outcome("\u{1b}[31mred\u{7}"), None, 4).lines[0].text,
            "red␇"
        );
    }
}
