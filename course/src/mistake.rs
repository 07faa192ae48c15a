//! What is wrong with a lesson's folder, and where.

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
};

/// Reads as `path:line: sentence`. The line counts from 1; a file or folder that should not be there, or that is not
/// there, has line 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    pub path: PathBuf,
    pub line: u32,
    pub sentence: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}: {}",
            self.path.display(),
            self.line,
            self.sentence
        )
    }
}

/// Where all readers put what they find, so that one pass reports everything.
#[derive(Default)]
pub(crate) struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    pub fn add(&self, path: &Path, line: u32, sentence: impl Into<String>) {
        self.0.borrow_mut().push(Mistake {
            path: path.to_path_buf(),
            line,
            sentence: sentence.into(),
        });
    }

    /// The value when there was no mistake; otherwise all of them, sorted.
    pub fn unless_any<T>(self, value: Option<T>) -> Result<T, Vec<Mistake>> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort();
        mistakes.dedup();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => Err(mistakes),
        }
    }
}

/// The candidate that was probably meant: at most two letters off, and fewer than half of them.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= 2 && distance * 2 <= candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean …?`, or nothing.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates)
        .map(|candidate| format!(" Did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// Levenshtein's distance, with two neighbours swapped counting as one edit.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = usize::from(from[i - 1] != to[j - 1]);
                let mut best = (rows[i - 1][j] + 1)
                    .min(rows[i][j - 1] + 1)
                    .min(rows[i - 1][j - 1] + changed);
                if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_a_far_one_is_not() {
        let keys = ["title", "summary", "minutes"];
        assert_eq!(nearest("titel", keys), Some("title"));
        assert_eq!(nearest("minute", keys), Some("minutes"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
