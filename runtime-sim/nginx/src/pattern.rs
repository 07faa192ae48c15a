//! Regular expressions. nginx's are PCRE's; these are those of the crate regex, which finds the same but knows neither
//! looking around nor references back, and takes no longer for a hostile text than for any other.

use regex_lite::{Regex, RegexBuilder};

#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// What a pattern has found.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    /// All of it, and then what its groups found: `$1` is the second.
    pub numbered: Vec<String>,
    pub named: Vec<(String, String)>,
}

impl Captures {
    /// `$1`, `$name`.
    pub fn value(&self, name: &str) -> String {
        let found = match name.parse::<usize>() {
            Ok(number) => self.numbered.get(number),
            Err(_) => {
                let mut named = self.named.iter().rev();
                named.find(|(known, _)| known == name).map(|(_, text)| text)
            }
        };
        found.cloned().unwrap_or_default()
    }

    /// Numbers tell of the newest match, names of the last that had them.
    pub fn add(&mut self, newer: Self) {
        self.numbered = newer.numbered;
        let is_new = |name: &String| newer.named.iter().any(|(other, _)| other == name);
        self.named.retain(|(name, _)| !is_new(name));
        self.named.extend(newer.named);
    }
}

impl Pattern {
    pub(crate) fn new(source: &str, ignores_case: bool) -> Result<Self, String> {
        let built = RegexBuilder::new(source)
            .case_insensitive(ignores_case)
            .build();
        built.map(Self).map_err(|error| {
            let told = error.to_string().replace('\n', " ");
            format!("regular expression \"{source}\" is wrong or not simulated: {told}")
        })
    }

    pub fn find(&self, text: &str) -> Option<Captures> {
        let found = self.0.captures(text)?;
        let text_of = |group: Option<regex_lite::Match>| {
            group.map_or_else(String::new, |group| group.as_str().to_owned())
        };
        let names = self.names();
        let named = names.map(|name| (name.to_owned(), text_of(found.name(name))));
        Some(Captures {
            named: named.collect(),
            numbered: found.iter().map(text_of).collect(),
        })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }
}
