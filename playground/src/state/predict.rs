//! The prediction: lines put in an order, and that order compared with what a run printed.
//!
//! Nothing here knows the right answer; it is whatever the last run printed, also when the reader changed the code.
//! So a line may be missing, printed twice, or be one that was never offered, and each is said in words.

use protocol::{EventId, lesson::Predict};

use super::console::Row;

/// Printed lines that are shown beside the prediction; a program may print many more.
const RAN_MAX_EXTRA: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Whose lines they are; of all without it.
    pub host: Option<String>,
    lines: Vec<String>,
    /// Indexes into `lines`, first line first.
    order: Vec<usize>,
    compared: Option<Comparison>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub ran: Vec<Ran>,
    /// Printed lines that `ran` leaves out.
    pub ran_more: u64,
    /// For each line as it was said, where it ran.
    pub slopes: Vec<Option<usize>>,
    pub difference: Option<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub text: String,
    pub time_ns: u64,
    pub event: EventId,
}

/// The first place where the two orders part. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another line of the prediction ran first.
    Other { line: usize, said: String, ran: Ran },
    /// A line ran that was not among those offered.
    Unknown { line: usize, said: String, ran: Ran },
    /// The output ended before the prediction did.
    Missing { line: usize, said: String },
    /// The output goes on after the prediction ends.
    More { line: usize, ran: Ran },
}

impl Prediction {
    pub fn of(predict: &Predict) -> Self {
        let lines = &predict.lines;
        Self {
            host: predict.host.clone(),
            lines: lines.to_vec(),
            order: (0..lines.len()).collect(),
            compared: None,
        }
    }

    /// The lines in the order in which they are said to run; the number tells equal lines apart.
    pub fn said(&self) -> impl Iterator<Item = (usize, &str)> {
        self.order
            .iter()
            .map(|&index| (index, self.lines[index].as_str()))
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn comparison(&self) -> Option<&Comparison> {
        self.compared.as_ref()
    }

    /// Takes the line at `from` out and puts it in at `to`. Says whether anything moved.
    pub fn shift(&mut self, from: usize, to: usize) -> bool {
        if from == to || from >= self.order.len() || to >= self.order.len() {
            return false;
        }
        let index = self.order.remove(from);
        self.order.insert(to, index);
        if let Some(comparison) = self.compared.take() {
            // The run stays what it was; only what is said about it changes.
            self.compared = Some(compare(
                &self.said_texts(),
                comparison.ran,
                comparison.ran_more,
            ));
        }
        true
    }

    /// Forgets the run before this one.
    pub fn forget_run(&mut self) {
        self.compared = None;
    }

    /// Compares with the standard output of a run.
    pub fn compare<'a>(&mut self, stdout: impl Iterator<Item = &'a Row>) {
        let shown_max = self.lines.len() + RAN_MAX_EXTRA;
        let mut ran = Vec::new();
        let mut ran_more = 0;
        for row in stdout {
            if ran.len() == shown_max {
                ran_more += 1;
            } else {
                ran.push(Ran {
                    text: row.text.to_string(),
                    time_ns: row.time_ns,
                    event: row.event,
                });
            }
        }
        self.compared = Some(compare(&self.said_texts(), ran, ran_more));
    }

    fn said_texts(&self) -> Vec<String> {
        self.said().map(|(_, text)| text.to_string()).collect()
    }
}

fn compare(said: &[String], ran: Vec<Ran>, ran_more: u64) -> Comparison {
    let mut taken = vec![false; ran.len()];
    let slopes = said
        .iter()
        .map(|text| {
            let at = (0..ran.len()).find(|&at| !taken[at] && ran[at].text == *text)?;
            taken[at] = true;
            Some(at)
        })
        .collect();
    let difference = (0..said.len().max(ran.len())).find_map(|at| {
        let line = at + 1;
        match (said.get(at), ran.get(at)) {
            (Some(said), Some(ran)) if *said == ran.text => None,
            (Some(text), Some(ran)) if said.contains(&ran.text) => Some(Difference::Other {
                line,
                said: text.clone(),
                ran: ran.clone(),
            }),
            (Some(text), Some(ran)) => Some(Difference::Unknown {
                line,
                said: text.clone(),
                ran: ran.clone(),
            }),
            (Some(said), None) => Some(Difference::Missing {
                line,
                said: said.clone(),
            }),
            (None, Some(ran)) => Some(Difference::More {
                line,
                ran: ran.clone(),
            }),
            (None, None) => None,
        }
    });
    Comparison {
        ran,
        ran_more,
        slopes,
        difference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::console::RowKind;

    fn of(lines: &[&str]) -> Prediction {
        Prediction::of(&Predict {
            question: String::new(),
            lines: lines.iter().map(|line| (*line).into()).collect(),
            host: None,
        })
    }

    fn prediction() -> Prediction {
        of(&["sync", "promise", "tick"])
    }

    fn rows(lines: &[&str]) -> Vec<Row> {
        lines
            .iter()
            .enumerate()
            .map(|(index, line)| Row {
                kind: RowKind::Out,
                text: (*line).into(),
                process: 1,
                hidden_chars: 0,
                event: index as u64 * 3,
                time_ns: index as u64 * 1_000,
                place: None,
                continued: false,
            })
            .collect()
    }

    fn difference(prediction: &Prediction) -> Option<&Difference> {
        prediction.comparison().unwrap().difference.as_ref()
    }

    #[test]
    fn lines_move_and_stay_within_the_list() {
        let mut prediction = prediction();
        assert!(prediction.shift(2, 0));
        let said: Vec<&str> = prediction.said().map(|(_, text)| text).collect();
        assert_eq!(said, ["tick", "sync", "promise"]);
        assert!(!prediction.shift(0, 3));
        assert!(!prediction.shift(3, 0));
        assert!(!prediction.shift(1, 1));
    }

    #[test]
    fn the_first_difference_is_found_and_follows_the_order() {
        let mut prediction = prediction();
        prediction.compare(rows(&["sync", "tick", "promise"]).iter());
        assert!(matches!(
            difference(&prediction),
            Some(Difference::Other { line: 2, said, ran }) if said == "promise" && ran.text == "tick"
        ));
        assert_eq!(
            prediction.comparison().unwrap().slopes,
            [Some(0), Some(2), Some(1)]
        );
        prediction.shift(2, 1);
        assert_eq!(difference(&prediction), None);
    }

    #[test]
    fn changed_code_is_compared_too() {
        for (ran, expected) in [
            (&["sync", "hello", "tick"][..], "unknown 2"),
            (&["sync", "promise"], "missing 3"),
            (&["sync", "promise", "tick", "tick"], "more 4"),
            (&[], "missing 1"),
        ] {
            let mut prediction = prediction();
            prediction.compare(rows(ran).iter());
            let found = match difference(&prediction) {
                Some(Difference::Unknown { line, .. }) => format!("unknown {line}"),
                Some(Difference::Missing { line, .. }) => format!("missing {line}"),
                Some(Difference::More { line, .. }) => format!("more {line}"),
                other => format!("{other:?}"),
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn equal_lines_are_matched_one_to_one() {
        let mut prediction = of(&["a", "a", "b"]);
        prediction.compare(rows(&["a", "b", "a"]).iter());
        assert_eq!(
            prediction.comparison().unwrap().slopes,
            [Some(0), Some(2), Some(1)]
        );
    }

    #[test]
    fn a_flood_of_lines_is_counted_not_kept() {
        let flood: Vec<&str> = vec!["x"; 20_000];
        let mut prediction = prediction();
        prediction.compare(rows(&flood).iter());
        let comparison = prediction.comparison().unwrap();
        assert_eq!(comparison.ran.len(), 3 + RAN_MAX_EXTRA);
        assert_eq!(comparison.ran_more, 20_000 - 3 - RAN_MAX_EXTRA as u64);
    }
}
