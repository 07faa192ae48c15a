//! In how many ways a program comes out: what somebody who watches it can tell apart of two runs, counted over seeds.
//!
//! Both the command line and the page count so. When something was printed is no part of an outcome, nor how the lines
//! of two processes alternate; a load counts by the verdicts of its thresholds, since its figures are never the same.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Event, EventKind, ProcessId, Stream};

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The first process's.
    pub exit_code: i32,
    /// By process and stream; who wrote nothing is left out.
    pub written: Vec<Written>,
    pub loads: Vec<Judgement>,
}

/// All that one process wrote to one stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    pub process: ProcessId,
    pub stream: Stream,
    /// Its beginning, as much as the watcher keeps.
    pub text: String,
    pub bytes: u64,
    /// Of all of it.
    hash: u64,
}

/// Of a load, with each threshold's text and whether it held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judgement {
    pub name: String,
    pub thresholds: Vec<(String, bool)>,
}

impl Outcome {
    /// What the processes wrote to one stream, one after the other.
    pub fn text(&self, stream: Stream) -> String {
        let written = self.written.iter().filter(|own| own.stream == stream);
        written.map(|own| own.text.as_str()).collect()
    }

    /// How it fails: the exit code and the thresholds that do not hold, whatever it prints.
    pub fn failure(&self) -> (i32, Vec<(&str, &str)>) {
        let thresholds = self.loads.iter().flat_map(|load| {
            let failing = load.thresholds.iter().filter(|(_, passed)| !passed);
            failing.map(|(text, _)| (load.name.as_str(), text.as_str()))
        });
        (self.exit_code, thresholds.collect())
    }

    /// The exit code is 0 and every load kept to its thresholds.
    pub fn is_well(&self) -> bool {
        let mut thresholds = self.loads.iter().flat_map(|load| &load.thresholds);
        self.exit_code == 0 && thresholds.all(|(_, passed)| *passed)
    }
}

impl Written {
    pub fn is_whole(&self) -> bool {
        self.text.len() as u64 == self.bytes
    }
}

/// Watches one run.
#[derive(Debug)]
pub struct Watcher {
    kept_bytes_max: usize,
    written: BTreeMap<(ProcessId, Stream), Written>,
    loads: BTreeMap<u32, Judgement>,
    taken: Vec<u32>,
}

impl Watcher {
    /// Two outcomes differ by all that was written, whatever is kept of it.
    pub fn new(kept_bytes_max: usize) -> Self {
        Self {
            kept_bytes_max,
            written: BTreeMap::new(),
            loads: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    /// The options taken so far, one for each choice.
    pub fn taken(&self) -> &[u32] {
        &self.taken
    }

    /// Needs the events of [`crate::Record::Output`], and no others.
    pub fn notice(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Logged { stream, text } if !text.is_empty() => {
                let written = self
                    .written
                    .entry((event.process, *stream))
                    .or_insert_with(|| Written {
                        process: event.process,
                        stream: *stream,
                        text: String::new(),
                        bytes: 0,
                        hash: 0xcbf2_9ce4_8422_2325,
                    });
                if written.is_whole() {
                    let room = self.kept_bytes_max - written.text.len();
                    written
                        .text
                        .push_str(&text[..text.floor_char_boundary(room)]);
                }
                written.bytes += text.len() as u64;
                for byte in text.bytes() {
                    written.hash =
                        (written.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
                }
            }
            EventKind::LoadEnded { load, report } => {
                let Some(report) = report.open() else {
                    return;
                };
                let judged = report.thresholds.into_iter();
                let judgement = Judgement {
                    name: report.name,
                    thresholds: judged.map(|one| (one.text, one.passed)).collect(),
                };
                self.loads.insert(*load, judgement);
            }
            EventKind::ChoiceTaken { option, .. } => self.taken.push(*option),
            _ => {}
        }
    }

    pub fn outcome(self, exit_code: i32) -> Outcome {
        Outcome {
            exit_code,
            written: self.written.into_values().collect(),
            loads: self.loads.into_values().collect(),
        }
    }
}

/// Outcomes with their counts. Runs may be added in any order: it ends up the same, but for the numbers.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    numbers: BTreeMap<Arc<Outcome>, usize>,
    seen: Vec<Seen>,
    pub runs: u64,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub outcome: Arc<Outcome>,
    pub count: u64,
    /// The smallest.
    pub first_seed: u64,
}

impl Tally {
    /// Answers the number of the outcome, by which [`Self::get`] knows it.
    pub fn add(&mut self, seed: u64, outcome: Outcome) -> usize {
        self.runs += 1;
        if let Some(&number) = self.numbers.get(&outcome) {
            let seen = &mut self.seen[number];
            seen.count += 1;
            seen.first_seed = seen.first_seed.min(seed);
            return number;
        }
        let (number, outcome) = (self.seen.len(), Arc::new(outcome));
        self.numbers.insert(outcome.clone(), number);
        self.seen.push(Seen {
            outcome,
            count: 1,
            first_seed: seed,
        });
        number
    }

    pub fn len(&self) -> usize {
        self.seen.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    pub fn get(&self, number: usize) -> &Seen {
        &self.seen[number]
    }

    /// The most frequent first, and of equals the one with the smaller seed.
    pub fn by_count(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = Vec::new();
        let key = |number: usize| {
            let seen = &self.seen[number];
            (std::cmp::Reverse(seen.count), seen.first_seed)
        };
        for number in 0..self.seen.len() {
            let place = numbers.partition_point(|&before| key(before) <= key(number));
            numbers.insert(place, number);
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(process: ProcessId, stream: Stream, text: &str) -> Event {
        Event {
            cause: None,
            time_ns: 0,
            process,
            kind: EventKind::Logged {
                stream,
                text: text.into(),
            },
            stack: Vec::new(),
        }
    }

    fn outcome(kept_bytes_max: usize, events: &[(ProcessId, Stream, &str)]) -> Outcome {
        let mut watcher = Watcher::new(kept_bytes_max);
        for (process, stream, text) in events {
            watcher.notice(&logged(*process, *stream, text));
        }
        watcher.outcome(0)
    }

    use Stream::{Stderr, Stdout};

    #[test]
    fn what_counts_is_what_each_wrote() {
        let one = outcome(
            9,
            &[(1, Stdout, "a\n"), (2, Stdout, "b\n"), (1, Stderr, "c")],
        );
        let other = outcome(
            9,
            &[(2, Stdout, "b\n"), (1, Stderr, "c"), (1, Stdout, "a\n")],
        );
        assert_eq!(one, other, "processes and streams may alternate otherwise");
        assert_eq!(one.text(Stdout), "a\nb\n");
        assert_ne!(one, outcome(9, &[(1, Stdout, "a\nb\n"), (1, Stderr, "c")]));
        let in_pieces = outcome(9, &[(1, Stdout, "a"), (1, Stdout, "b")]);
        assert_eq!(in_pieces, outcome(9, &[(1, Stdout, "ab")]));
    }

    #[test]
    fn what_is_not_kept_counts_too() {
        let long = |end: &str| outcome(4, &[(1, Stdout, "abcé"), (1, Stdout, end)]);
        assert_eq!(long("x").written[0].text, "abc");
        assert!(!long("x").written[0].is_whole());
        assert_ne!(long("x"), long("y"));
        assert_eq!(long("x"), long("x"));
        assert_eq!(outcome(0, &[(1, Stdout, "é")]).text(Stdout), "");
    }

    #[test]
    fn the_order_of_runs_does_not_matter() {
        let run = |seed: u64| {
            (
                seed,
                outcome(9, &[(1, Stdout, ["a", "b", "b"][seed as usize % 3])]),
            )
        };
        let count = |seeds: &[u64]| {
            let mut tally = Tally::default();
            for seed in seeds {
                let (seed, outcome) = run(*seed);
                tally.add(seed, outcome);
            }
            let seen = |number| {
                let seen = tally.get(number);
                (seen.outcome.text(Stdout), seen.count, seen.first_seed)
            };
            tally.by_count().into_iter().map(seen).collect::<Vec<_>>()
        };
        let expected = vec![("b".to_string(), 4, 1), ("a".to_string(), 2, 3)];
        assert_eq!(count(&[1, 2, 3, 4, 5, 6]), expected);
        assert_eq!(count(&[6, 3, 5, 1, 4, 2]), expected);
    }
}
