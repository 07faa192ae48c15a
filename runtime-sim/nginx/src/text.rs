//! Texts with variables in them: `$scheme://$host$request_uri`.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Variable(String),
}

/// Who knows what a variable is.
pub trait Values {
    fn value(&self, name: &str) -> String;
}

const VARIABLES: [&str; 24] = [
    "args",
    "binary_remote_addr",
    "content_length",
    "content_type",
    "document_uri",
    "host",
    "hostname",
    "is_args",
    "proxy_add_x_forwarded_for",
    "proxy_host",
    "query_string",
    "remote_addr",
    "remote_port",
    "request",
    "request_method",
    "request_uri",
    "scheme",
    "server_name",
    "server_port",
    "server_protocol",
    "status",
    "upstream_addr",
    "upstream_cache_status",
    "uri",
];
/// Followed by the name of a header, a cookie or an argument.
const PREFIXES: [&str; 3] = ["http_", "cookie_", "arg_"];

impl Text {
    pub fn plain(text: &str) -> Self {
        Self(vec![Part::Plain(text.to_owned())])
    }

    /// `Err` is the variable that nobody knows.
    pub fn read(source: &str) -> Result<Self, String> {
        Self::read_with(source, |_| false)
    }

    /// What patterns have captured may be known too.
    pub(crate) fn read_with(
        source: &str,
        is_captured: impl Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = source;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            if letter != '$' {
                plain.push(letter);
                continue;
            }
            let braced = rest
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'));
            let name = match braced {
                Some((name, behind)) => {
                    rest = behind;
                    name
                }
                // Of numbers, one digit: `$10` is `$1` and a nought.
                None if rest.starts_with(|letter: char| letter.is_ascii_digit()) => {
                    let (name, behind) = rest.split_at(1);
                    rest = behind;
                    name
                }
                None => {
                    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
                    let (name, behind) = rest.split_at(end);
                    rest = behind;
                    name
                }
            };
            let is_known =
                VARIABLES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if !is_known && !is_captured(name) {
                return Err(name.to_owned());
            }
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(name.to_owned()));
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        Ok(Self(parts))
    }

    pub fn fill(&self, values: &impl Values) -> String {
        self.fill_within(usize::MAX, values).unwrap_or_default()
    }

    /// `None` when it would be longer.
    pub fn fill_within(&self, bytes_max: usize, values: &impl Values) -> Option<String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Plain(text) => filled.push_str(text),
                Part::Variable(name) => filled.push_str(&values.value(name)),
            }
            if filled.len() > bytes_max {
                return None;
            }
        }
        Some(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Long;

    impl Values for Long {
        fn value(&self, _: &str) -> String {
            "x".repeat(100)
        }
    }

    #[test]
    fn a_text_grows_no_longer_than_it_may() {
        let text = Text::read("/$uri$uri").unwrap();
        assert_eq!(
            text.fill_within(201, &Long).map(|text| text.len()),
            Some(201)
        );
        assert_eq!(text.fill_within(200, &Long), None);
    }
}
