//! TOML with manners. A [`Table`] is emptied key by key; whatever is left at its end was not a key of it. Every wrong
//! type, missing key and unknown key becomes a mistake with its line, and reading goes on.

use std::{
    ops::{Range, RangeInclusive},
    path::Path,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    mistake::{Mistakes, suggestion},
    source::Source,
};

pub(crate) struct Table<'a> {
    source: &'a Source,
    mistakes: &'a Mistakes,
    /// `None` is the file itself.
    name: Option<&'static str>,
    line: u32,
    entries: DeTable<'a>,
    known: Vec<&'static str>,
}

/// A value and the lines it stands on.
pub(crate) struct Located<T> {
    pub value: T,
    pub line: u32,
    pub span: Range<usize>,
}

impl<'a> Table<'a> {
    /// The whole of a file. Syntax errors are all reported, and what could be read is read.
    pub fn of_file(source: &'a Source, mistakes: &'a Mistakes) -> Self {
        let (document, errors) = DeTable::parse_recoverable(&source.text);
        for error in &errors {
            let line = error.span().map_or(1, |span| source.line_at(span.start));
            mistakes.add(&source.path, line, sentence_of(error.message()));
        }
        Self {
            source,
            mistakes,
            name: None,
            line: 1,
            entries: document.into_inner(),
            known: Vec::new(),
        }
    }

    pub fn text(&mut self, key: &'static str) -> Option<Located<String>> {
        let value = self.need(key)?;
        self.read_text(key, &value)
    }

    pub fn text_or(&mut self, key: &'static str, default: &str) -> String {
        self.take(key)
            .and_then(|value| self.read_text(key, &value))
            .map_or_else(|| default.to_string(), |located| located.value)
    }

    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.need(key)?;
        self.read_number(key, &value, range)
    }

    pub fn number_or(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        self.take(key)
            .and_then(|value| self.read_number(key, &value, range))
            .unwrap_or(default)
    }

    pub fn flag_or(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.take(key) else {
            return default;
        };
        match value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            other => {
                let line = self.source.line_at(value.span().start);
                self.wrong(line, key, "true or false", other);
                default
            }
        }
    }

    pub fn numbers_or_none(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Vec<u64> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let line = self.source.line_at(value.span().start);
        match value.into_inner() {
            DeValue::Array(array) => array
                .iter()
                .filter_map(|item| self.read_number(key, item, range.clone()))
                .collect(),
            other => {
                self.wrong(line, key, "a list of numbers", &other);
                Vec::new()
            }
        }
    }

    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Located<String>>> {
        let value = self.need(key)?;
        self.read_texts(key, value)
    }

    pub fn texts_or_none(&mut self, key: &'static str) -> Vec<Located<String>> {
        self.take(key)
            .and_then(|value| self.read_texts(key, value))
            .unwrap_or_default()
    }

    /// A table inside of this one, if it is there.
    pub fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        let value = self.take(key)?;
        let line = self.source.line_at(value.span().start);
        match value.into_inner() {
            DeValue::Table(entries) => Some(Self {
                source: self.source,
                mistakes: self.mistakes,
                name: Some(key),
                line,
                entries,
                known: Vec::new(),
            }),
            other => {
                self.wrong(line, key, "a table", &other);
                None
            }
        }
    }

    pub fn text_or_none(&mut self, key: &'static str) -> Option<Located<String>> {
        self.take(key).and_then(|value| self.read_text(key, &value))
    }

    /// `[[key]]`, as often as it is there.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let line = self.source.line_at(value.span().start);
        let DeValue::Array(array) = value.into_inner() else {
            self.add(line, format!("`{key}` must be tables: [[{key}]]."));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array {
            let line = self.source.line_at(item.span().start);
            match item.into_inner() {
                DeValue::Table(entries) => tables.push(self.inner(key, line, entries)),
                other => self.wrong(line, key, "tables", &other),
            }
        }
        tables
    }

    /// `[key.name]`, by the names that the author has given.
    pub fn named_tables(&mut self, key: &'static str) -> Vec<(String, Table<'a>)> {
        let Some(outer) = self.table(key) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (name, value) in outer.entries {
            let line = self.source.line_at(value.span().start);
            match value.into_inner() {
                DeValue::Table(entries) => {
                    tables.push((name.into_inner().into(), self.inner(key, line, entries)));
                }
                other => self.wrong(line, name.get_ref(), "a table", &other),
            }
        }
        tables
    }

    fn inner(&self, name: &'static str, line: u32, entries: DeTable<'a>) -> Table<'a> {
        Table {
            source: self.source,
            mistakes: self.mistakes,
            name: Some(name),
            line,
            entries,
            known: Vec::new(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.source.path
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub fn is_table(&self, key: &str) -> bool {
        let value = self.entries.get(key).map(|value| value.get_ref());
        matches!(value, Some(DeValue::Table(_)))
    }

    /// Where it begins.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Every key of this table, whatever it is called, with its text. For tables whose keys are the author's own.
    pub fn all_texts(mut self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (key, value) in std::mem::take(&mut self.entries) {
            let line = self.source.line_at(value.span().start);
            match value.into_inner() {
                DeValue::String(text) => pairs.push((key.into_inner().into(), text.into())),
                other => self.wrong(line, key.get_ref(), "text", &other),
            }
        }
        pairs
    }

    /// Reports what nobody took. `outer` are the keys of the table around this one: TOML puts a key that follows
    /// `[table]` into that table, whatever the author had in mind.
    pub fn finish(self, outer: &[&str]) {
        let place = match self.name {
            Some(name) => format!("[{name}]"),
            None => file_name(self.source),
        };
        for key in self.entries.keys() {
            let line = self.source.line_at(key.span().start);
            let word: &str = key.get_ref();
            let advice = if outer.contains(&word) {
                format!(" Write it above {place}: what follows a table's head belongs to it.")
            } else {
                suggestion(word, self.known.iter().copied())
            };
            let sentence = format!("`{word}` is not a key of {place}.{advice}");
            self.mistakes.add(&self.source.path, line, sentence);
        }
    }

    pub fn add(&self, line: u32, sentence: impl Into<String>) {
        self.mistakes.add(&self.source.path, line, sentence);
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.entries.remove(key)
    }

    fn need(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        let value = self.take(key);
        if value.is_none() {
            let place = match self.name {
                Some(name) => format!(" in [{name}]"),
                None => String::new(),
            };
            self.add(self.line, format!("The key `{key}` is missing{place}."));
        }
        value
    }

    fn read_text(&self, key: &str, value: &Spanned<DeValue<'a>>) -> Option<Located<String>> {
        let line = self.source.line_at(value.span().start);
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.add(line, format!("`{key}` is empty."));
                None
            }
            DeValue::String(text) => Some(Located {
                value: text.to_string(),
                line,
                span: value.span(),
            }),
            other => {
                self.wrong(line, key, "text", other);
                None
            }
        }
    }

    fn read_number(
        &self,
        key: &str,
        value: &Spanned<DeValue<'a>>,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let line = self.source.line_at(value.span().start);
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong(line, key, "a whole number", value.get_ref());
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let sentence = match most {
                u64::MAX => format!("`{key}` must be at least {least}, but is {integer}."),
                most => format!("`{key}` must be from {least} to {most}, but is {integer}."),
            };
            self.add(line, sentence);
        }
        number
    }

    fn read_texts(&self, key: &str, value: Spanned<DeValue<'a>>) -> Option<Vec<Located<String>>> {
        let line = self.source.line_at(value.span().start);
        match value.into_inner() {
            DeValue::Array(array) => Some(
                array
                    .iter()
                    .filter_map(|item| self.read_text(key, item))
                    .collect(),
            ),
            other => {
                self.wrong(line, key, "a list of texts", &other);
                None
            }
        }
    }

    fn wrong(&self, line: u32, key: &str, wanted: &str, found: &DeValue<'_>) {
        let found = match found {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.add(line, format!("`{key}` must be {wanted}, but is {found}."));
    }
}

fn file_name(source: &Source) -> String {
    source
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The parser's message as a sentence on one line.
fn sentence_of(message: &str) -> String {
    let message = message.trim().replace('\n', ", ");
    format!("This is not TOML: {}.", message.trim_end_matches('.'))
}
