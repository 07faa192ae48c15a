//! Names for the trace: every function that appears gets a number and is described once.

use std::collections::BTreeMap;

use protocol::{EventKind, FunctionId};

#[derive(Debug, Default)]
pub struct Names {
    /// By what tells functions apart: where they are defined, and their name.
    known: BTreeMap<String, u64>,
    described: Vec<Described>,
}

/// A function as the trace describes it.
#[derive(Clone, Debug, Default)]
pub struct Described {
    pub name: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub summary: String,
    /// Whether it is the program's own, and not Node's or the engine's.
    pub is_own: bool,
}

impl Names {
    /// The function's number, and the event that introduces it when it is new.
    pub fn number(
        &mut self,
        name: &str,
        file: &str,
        line: u32,
        column: u32,
        source: impl FnOnce() -> String,
    ) -> (FunctionId, Option<EventKind>) {
        let key = format!("{file}:{line}:{column} {name}");
        if let Some(function) = self.known.get(&key) {
            return (*function as FunctionId, None);
        }
        let function = self.described.len() as FunctionId + 1;
        let summary = if name.is_empty() {
            summary_of(&source())
        } else {
            String::new()
        };
        self.known.insert(key, u64::from(function));
        self.described.push(Described {
            name: name.into(),
            file: file.into(),
            line,
            column,
            summary: summary.clone(),
            is_own: !file.is_empty() && !file.starts_with("node:"),
        });
        let defined = EventKind::FunctionDefined {
            function,
            name: name.into(),
            file: file.into(),
            line,
            column,
            summary,
        };
        (function, Some(defined))
    }

    pub fn describe(&self, function: FunctionId) -> &Described {
        &self.described[function as usize - 1]
    }
}

const SUMMARY_CHARS_MAX: usize = 40;

/// What stands before a parenthesis without being called.
const NOT_CALLED: &[&str] = &[
    "function", "async", "if", "for", "while", "switch", "catch", "return", "await", "typeof",
    "void", "delete", "throw", "new", "in", "of", "yield", "do", "else", "case", "super", "with",
    "import",
];

/// The first call expression in a function's body, without the object it is called on: `log('tick')`. It is a reading
/// of the text, not a parse: strings and comments are stepped over, and a head such as `(a, b) =>` is left out.
fn summary_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut at = body_start(&chars);
    while at < chars.len() {
        if let Some(next) = skip_quoted(&chars, at) {
            at = next;
            continue;
        }
        if !is_word(chars[at]) || chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < chars.len() && is_word(chars[at]) {
            at += 1;
        }
        let word: String = chars[start..at].iter().collect();
        let mut open = at;
        while open < chars.len() && chars[open] == ' ' {
            open += 1;
        }
        if chars.get(open) == Some(&'(') && !NOT_CALLED.contains(&word.as_str()) {
            let end = closing(&chars, open);
            return shorten(&chars[start..end]);
        }
    }
    String::new()
}

/// Where the body begins: behind `=>`, or at the brace of a classic function or method.
fn body_start(chars: &[char]) -> usize {
    let mut at = 0;
    let mut depth = 0u32;
    while at < chars.len() {
        if let Some(next) = skip_quoted(chars, at) {
            at = next;
            continue;
        }
        match chars[at] {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '=' if depth == 0 && chars.get(at + 1) == Some(&'>') => return at + 2,
            '{' if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    0
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Behind the string, template or comment that begins at `at`, if one does.
fn skip_quoted(chars: &[char], at: usize) -> Option<usize> {
    let quote = chars[at];
    match quote {
        '\'' | '"' | '`' => {
            let mut end = at + 1;
            while end < chars.len() && chars[end] != quote {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            Some((end + 1).min(chars.len()))
        }
        '/' if chars.get(at + 1) == Some(&'/') => Some(
            chars[at..]
                .iter()
                .position(|c| *c == '\n')
                .map_or(chars.len(), |length| at + length),
        ),
        '/' if chars.get(at + 1) == Some(&'*') => {
            let mut end = at + 2;
            while end + 1 < chars.len() && (chars[end] != '*' || chars[end + 1] != '/') {
                end += 1;
            }
            Some((end + 2).min(chars.len()))
        }
        _ => None,
    }
}

/// Behind the parenthesis that closes the one at `open`.
fn closing(chars: &[char], open: usize) -> usize {
    let mut depth = 0u32;
    let mut at = open;
    while at < chars.len() {
        if let Some(next) = skip_quoted(chars, at) {
            at = next;
            continue;
        }
        match chars[at] {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

fn shorten(chars: &[char]) -> String {
    let text: String = chars.iter().collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= SUMMARY_CHARS_MAX {
        text
    } else {
        let cut: String = text.chars().take(SUMMARY_CHARS_MAX - 1).collect();
        format!("{cut}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_the_first_call_without_its_object() {
        for (source, summary) in [
            ("() => console.log('tick')", "log('tick')"),
            (
                "function () { console.log(\"a(b)\", x) }",
                "log(\"a(b)\", x)",
            ),
            ("async (a, b = f(1)) => { if (a) b(); }", "b()"),
            ("() => {}", ""),
            ("x => x + 1", ""),
            ("() => { /* no() */ for (;;) step(1,\n  2) }", "step(1, 2)"),
            (
                "() => report('a long text that goes on and on and on')",
                "report('a long text that goes on and on…",
            ),
        ] {
            assert_eq!(summary_of(source), summary, "of {source}");
        }
    }
}
