//! A run that is kept, A, and how the present one, B, differs from it: in what happens and in what is printed.

use std::rc::Rc;

use protocol::{
    EventId, Stream,
    explore::{Outcome, Watcher},
};
use recording::{Comparison, Recording, Shared};

use super::{
    console,
    explore::{KEPT_BYTES_MAX, raw_lines},
};

/// Of a line that is quoted.
const QUOTED_CHARS_MAX: usize = 40;

#[derive(Clone, Debug)]
pub struct Kept {
    pub recording: Shared,
    pub seed: u64,
    pub exit_code: Option<i32>,
    pub outcome: Outcome,
    /// Where the playhead stood.
    pub at_ns: u64,
}

impl Kept {
    pub fn new(recording: Shared, seed: u64, exit_code: Option<i32>, at: EventId) -> Self {
        let (outcome, at_ns) = {
            let recording = recording.read();
            (outcome(&recording, exit_code), recording.time_ns(at))
        };
        Self {
            recording,
            seed,
            exit_code,
            outcome,
            at_ns,
        }
    }
}

/// Both, and what is to be said of them. Two are equal when they are the same.
#[derive(Clone, Debug)]
pub struct Versus(Rc<Compared>);

#[derive(Debug)]
pub struct Compared {
    pub kept: Rc<Kept>,
    pub seed: u64,
    pub comparison: Comparison,
    pub outcome: Outcome,
    /// Where they part.
    pub sentence: String,
    /// How what they print differs.
    pub output: String,
}

impl Versus {
    pub fn new(kept: Rc<Kept>, recording: &Shared, seed: u64, exit_code: Option<i32>) -> Self {
        let (a, b) = (kept.recording.read(), recording.read());
        let comparison = Comparison::of(&a, &b);
        let outcome = outcome(&b, exit_code);
        let compared = Compared {
            sentence: comparison.sentence(&a, &b),
            output: output_words(&kept, &outcome, exit_code),
            seed,
            comparison,
            outcome,
            kept: kept.clone(),
        };
        Self(Rc::new(compared))
    }

    /// The event of B at which they part, or the last when B ends there.
    pub fn parts_at(&self, b: &Recording) -> Option<EventId> {
        let first = self.0.comparison.first?;
        Some(b.snap(first.b.unwrap_or_else(|| b.last_moment())))
    }
}

impl PartialEq for Versus {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for Versus {
    type Target = Compared;

    fn deref(&self) -> &Compared {
        &self.0
    }
}

fn outcome(recording: &Recording, exit_code: Option<i32>) -> Outcome {
    let mut watcher = Watcher::new(KEPT_BYTES_MAX);
    for event in recording.events() {
        watcher.notice(event);
    }
    watcher.outcome(exit_code.unwrap_or_default())
}

fn output_words(kept: &Kept, b: &Outcome, b_code: Option<i32>) -> String {
    let a = &kept.outcome;
    let quoted = |line: Option<(u32, Stream, &str)>| match line {
        Some((_, _, text)) => {
            let (text, _) = console::shown(text);
            let mut short: String = text.chars().take(QUOTED_CHARS_MAX).collect();
            if short.len() < text.len() {
                short.push('…');
            }
            format!("“{short}”")
        }
        None => "nothing more".to_owned(),
    };
    let (mut of_a, mut of_b) = (raw_lines(a), raw_lines(b));
    let mut number = 0;
    let parted = loop {
        number += 1;
        match (of_a.next(), of_b.next()) {
            (None, None) => break None,
            (one, other) if one != other => break Some((one, other)),
            _ => {}
        }
    };
    let printed = match parted {
        Some((one, other)) => format!(
            "As line {number} A prints {}, B {}.",
            quoted(one),
            quoted(other)
        ),
        None if a.written == b.written => "Both print the same.".to_owned(),
        None => "What they print differs further down than is kept.".to_owned(),
    };
    let end = |code: Option<i32>| match code {
        Some(code) => format!("exits with code {code}"),
        None => "does not end by itself".to_owned(),
    };
    match kept.exit_code == b_code {
        true => printed,
        false => format!("{printed} A {}, B {}.", end(kept.exit_code), end(b_code)),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ExitReason, Queue};
    use recording::fixture::TraceBuilder;

    use super::*;

    fn recording(lines: &[&str]) -> Shared {
        let mut trace = TraceBuilder::new(7);
        let main = trace.function("", "/app/main.js", 1, "");
        let task = trace.queue(Queue::Main, main);
        trace.start(task);
        for line in lines {
            trace.later_us(10).log(line);
        }
        trace.end(task).exit(0, ExitReason::LoopEmpty);
        Shared::new(Recording::from_events(trace.events))
    }

    fn output(a: &[&str], a_code: Option<i32>, b: &[&str], b_code: Option<i32>) -> String {
        let kept = Kept::new(recording(a), 7, a_code, 0);
        let versus = Versus::new(Rc::new(kept), &recording(b), 8, b_code);
        versus.output.clone()
    }

    #[test]
    fn the_first_line_that_differs_is_quoted() {
        let ok = Some(0);
        let cases: [(&[&str], &[&str], &str); 5] = [
            (&["a", "b"], &["a", "b"], "Both print the same."),
            (&["a", "b"], &["a", "c"], "As line 2 A prints “b”, B “c”."),
            (
                &["a"],
                &["a", "b"],
                "As line 2 A prints nothing more, B “b”.",
            ),
            (&["a"], &[], "As line 1 A prints “a”, B nothing more."),
            (&[], &[], "Both print the same."),
        ];
        for (a, b, words) in cases {
            assert_eq!(output(a, ok, b, ok), words);
        }
        assert_eq!(
            output(&[], ok, &[], None),
            "Both print the same. A exits with code 0, B does not end by itself."
        );
        let long = "\u{1b}[31m".to_owned() + &"x".repeat(41);
        assert!(output(&[&long], ok, &[], ok).contains(&format!("“{}…”", "x".repeat(40))));
        let longer = "x".repeat(KEPT_BYTES_MAX);
        let (one, other) = (format!("{longer}a"), format!("{longer}b"));
        assert_eq!(
            output(&[&one], ok, &[&other], ok),
            "What they print differs further down than is kept."
        );
    }

    #[test]
    fn the_moment_at_which_they_part_is_in_b() {
        let kept = Rc::new(Kept::new(recording(&["a", "b"]), 7, Some(0), 5));
        let b = recording(&["a", "c"]);
        let versus = Versus::new(kept.clone(), &b, 7, Some(0));
        let at = versus.parts_at(&b.read()).unwrap();
        assert_eq!(b.read().time_ns(at), 20_000);
        let same = Versus::new(kept, &recording(&["a", "b"]), 8, Some(0));
        assert_eq!(same.parts_at(&b.read()), None);
    }
}
