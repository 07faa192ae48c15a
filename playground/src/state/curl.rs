//! A `curl` command in, and one out.
//!
//! Read as a POSIX shell would read one simple command: quotes, `$'…'` and lines that go on behind a backslash, which is
//! how browsers and manuals write them. Nothing is expanded. Options that change nothing in a simulated world are taken
//! and forgotten; one that is not known is refused by its name.

/// What a command asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// `-L`.
    pub follows: bool,
    /// `--compressed`.
    pub unpacks: bool,
}

/// Options with a value that matter.
const VALUED: [(&str, char); 12] = [
    ("--request", 'X'),
    ("--header", 'H'),
    ("--data", 'd'),
    ("--data-raw", 'd'),
    ("--data-ascii", 'd'),
    ("--data-binary", 'd'),
    ("--data-urlencode", 'e'),
    ("--json", 'j'),
    ("--form", 'F'),
    ("--user", 'u'),
    ("--cookie", 'b'),
    ("--url", 'U'),
];
const ALSO_VALUED: [(&str, char); 2] = [("--user-agent", 'A'), ("--referer", 'e')];
const FLAGS: [(&str, char); 4] = [
    ("--location", 'L'),
    ("--get", 'G'),
    ("--head", 'I'),
    ("--compressed", 'z'),
];
/// They change what is printed, or how patient curl is.
const IDLE_FLAGS: [&str; 22] = [
    "-i",
    "-s",
    "-S",
    "-v",
    "-f",
    "-k",
    "-g",
    "-N",
    "-#",
    "-4",
    "-6",
    "--include",
    "--silent",
    "--show-error",
    "--verbose",
    "--fail",
    "--insecure",
    "--no-buffer",
    "--http1.1",
    "--globoff",
    "--progress-bar",
    "--fail-with-body",
];
const IDLE_VALUED: [&str; 10] = [
    "-o",
    "-w",
    "-m",
    "-c",
    "--output",
    "--write-out",
    "--max-time",
    "--connect-timeout",
    "--cookie-jar",
    "--retry",
];

#[derive(Default)]
struct Reading {
    command: Command,
    method: Option<String>,
    data: Vec<String>,
    form: Vec<(String, String)>,
    is_json: bool,
    gets: bool,
    heads: bool,
}

pub fn parse(text: &str) -> Result<Command, String> {
    let mut words = split(text)?.into_iter().peekable();
    if words.peek().is_some_and(|word| word == "$") {
        words.next();
    }
    match words.next().as_deref() {
        Some("curl" | "curl.exe") => {}
        Some(other) => {
            return Err(format!(
                "This is no curl command: it begins with {}.",
                short(other)
            ));
        }
        None => return Err("Paste a command that begins with curl.".into()),
    }
    let mut reading = Reading::default();
    while let Some(word) = words.next() {
        let mut value = |name: &str| {
            words
                .next()
                .ok_or(format!("{name} needs a value behind it."))
        };
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            let (name, given) = match long.split_once('=') {
                Some((name, given)) => (format!("--{name}"), Some(given.to_owned())),
                None => (word.clone(), None),
            };
            if IDLE_FLAGS.contains(&name.as_str()) {
                continue;
            }
            if IDLE_VALUED.contains(&name.as_str()) {
                value(&name)?;
                continue;
            }
            if let Some((_, flag)) = FLAGS.iter().find(|(known, _)| *known == name) {
                reading.flag(*flag);
                continue;
            }
            let known = VALUED.iter().find(|(known, _)| *known == name);
            let also = ALSO_VALUED.iter().find(|(known, _)| *known == name);
            let letter = match (known, also) {
                (Some((_, letter)), _) => *letter,
                (None, Some((_, 'e'))) => 'r',
                (None, Some((_, letter))) => *letter,
                (None, None) => return Err(unknown(&name)),
            };
            let given = match given {
                Some(given) => given,
                None => value(&name)?,
            };
            let is_raw = name == "--data-raw";
            reading.valued(letter, &given, is_raw)?;
        } else if word.len() > 1 && word.starts_with('-') {
            // Letters may stand together, and the last may have its value right behind it.
            for (at, letter) in word[1..].char_indices() {
                let name = format!("-{letter}");
                let rest = &word[1 + at + letter.len_utf8()..];
                let mut given = || match rest {
                    "" => value(&name),
                    rest => Ok(rest.to_owned()),
                };
                if IDLE_FLAGS.contains(&name.as_str()) {
                    continue;
                }
                match letter {
                    'L' | 'G' | 'I' => {
                        reading.flag(letter);
                        continue;
                    }
                    'X' | 'H' | 'd' | 'F' | 'u' | 'b' | 'A' => {
                        let given = given()?;
                        reading.valued(letter, &given, false)?;
                    }
                    'e' => {
                        let given = given()?;
                        reading.valued('r', &given, false)?;
                    }
                    _ if IDLE_VALUED.contains(&name.as_str()) => {
                        given()?;
                    }
                    _ => return Err(unknown(&name)),
                }
                break;
            }
        } else {
            reading.valued('U', &word, false)?;
        }
    }
    reading.finish()
}

fn unknown(name: &str) -> String {
    format!(
        "{} is not known here: leave it out, or say what it does with -X, -H and -d.",
        short(name)
    )
}

impl Reading {
    fn flag(&mut self, letter: char) {
        match letter {
            'L' => self.command.follows = true,
            'G' => self.gets = true,
            'I' => self.heads = true,
            _ => self.command.unpacks = true,
        }
    }

    fn valued(&mut self, letter: char, value: &str, is_raw: bool) -> Result<(), String> {
        let reads_file = value.starts_with('@') && !is_raw;
        match letter {
            'X' => self.method = Some(value.to_owned()),
            'H' => {
                let (name, value) = match value.split_once(':') {
                    Some((name, value)) => (name, value.trim()),
                    None => (value.trim_end_matches(';'), ""),
                };
                self.header(name.trim(), value);
            }
            'd' | 'j' | 'e' if reads_file => {
                return Err(format!(
                    "{} is a file, and there is none here: write its text.",
                    short(value)
                ));
            }
            'd' => self.data.push(value.to_owned()),
            'j' => {
                self.is_json = true;
                self.data.push(value.to_owned());
            }
            'e' => self.data.push(match value.split_once('=') {
                Some(("", text)) => escaped(text),
                Some((name, text)) => format!("{name}={}", escaped(text)),
                None => escaped(value),
            }),
            'F' => {
                let (name, text) = value
                    .split_once('=')
                    .ok_or_else(|| format!("-F needs name=value, but has {}.", short(value)))?;
                if text.starts_with(['@', '<']) {
                    return Err(format!(
                        "{} is a file, and there is none here: write its text.",
                        short(text)
                    ));
                }
                self.form.push((name.to_owned(), text.to_owned()));
            }
            'u' => {
                let pair = if value.contains(':') {
                    value.to_owned()
                } else {
                    format!("{value}:")
                };
                self.header(
                    "Authorization",
                    &format!("Basic {}", base64(pair.as_bytes())),
                );
            }
            'b' if value.contains('=') => self.header("Cookie", value),
            'b' => {
                return Err(format!(
                    "-b {} is a file of cookies, and there is none here.",
                    short(value)
                ));
            }
            'A' => self.header("User-Agent", value),
            'r' => self.header("Referer", value),
            _ if self.command.url.is_empty() => self.command.url = value.to_owned(),
            _ => {
                return Err(format!(
                    "There are two addresses: {} and {}.",
                    short(&self.command.url),
                    short(value)
                ));
            }
        }
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) {
        self.command
            .headers
            .push((name.to_owned(), value.to_owned()));
    }

    fn says(&self, name: &str) -> bool {
        self.command
            .headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn finish(mut self) -> Result<Command, String> {
        if self.command.url.is_empty() {
            return Err("The command has no address.".into());
        }
        if !self.command.url.contains("://") {
            self.command.url = format!("http://{}", self.command.url);
        }
        let mut method = "GET";
        if !self.form.is_empty() {
            const BOUNDARY: &str = "------------------------terrarium";
            let parts = self.form.iter().map(|(name, value)| {
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            });
            self.command.body = format!("{}--{BOUNDARY}--\r\n", parts.collect::<String>());
            self.header(
                "Content-Type",
                &format!("multipart/form-data; boundary={BOUNDARY}"),
            );
            method = "POST";
        } else if !self.data.is_empty() {
            let data = self.data.join("&");
            if self.gets {
                let mark = if self.command.url.contains('?') {
                    '&'
                } else {
                    '?'
                };
                self.command.url = format!("{}{mark}{data}", self.command.url);
            } else {
                let kind = match self.is_json {
                    true => "application/json",
                    false => "application/x-www-form-urlencoded",
                };
                if !self.says("content-type") {
                    self.header("Content-Type", kind);
                }
                if self.is_json && !self.says("accept") {
                    self.header("Accept", "application/json");
                }
                self.command.body = data;
                method = "POST";
            }
        }
        if self.heads {
            method = "HEAD";
        }
        self.command.method = self.method.unwrap_or_else(|| method.to_owned());
        Ok(self.command)
    }
}

/// As one writes it for a shell.
pub fn write(command: &Command) -> String {
    let mut text = "curl".to_owned();
    if command.follows {
        text.push_str(" -L");
    }
    if command.unpacks {
        text.push_str(" --compressed");
    }
    let by_itself = if command.body.is_empty() {
        "GET"
    } else {
        "POST"
    };
    if command.method == "HEAD" {
        text.push_str(" -I");
    } else if command.method != by_itself {
        text.push_str(&format!(" -X {}", quoted(&command.method)));
    }
    text.push_str(&format!(" {}", quoted(&command.url)));
    for (name, value) in &command.headers {
        let header = match value.as_str() {
            "" => format!("{name}:"),
            value => format!("{name}: {value}"),
        };
        text.push_str(&format!(" \\\n  -H {}", quoted(&header)));
    }
    if !command.body.is_empty() {
        text.push_str(&format!(" \\\n  --data-raw {}", quoted(&command.body)));
    }
    text
}

fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A shell's words.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let is_escaped = word.as_deref().is_some_and(|word| word.ends_with('$'));
                let word = word.get_or_insert_default();
                if is_escaped {
                    word.pop();
                }
                loop {
                    match letters.next() {
                        None => return Err("A ' is never closed.".into()),
                        Some('\'') => break,
                        Some('\\') if is_escaped => word.push(match letters.next() {
                            Some('n') => '\n',
                            Some('r') => '\r',
                            Some('t') => '\t',
                            Some('u') => {
                                let digits: String = letters.by_ref().take(4).collect();
                                let number = u32::from_str_radix(&digits, 16).ok();
                                number.and_then(char::from_u32).unwrap_or('\u{fffd}')
                            }
                            Some(other) => other,
                            None => return Err("A ' is never closed.".into()),
                        }),
                        Some(other) => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        None => return Err("A \" is never closed.".into()),
                        Some('"') => break,
                        Some('\\') => match letters.next() {
                            Some('\n') => {}
                            Some(other @ ('"' | '\\' | '$' | '`')) => word.push(other),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err("A \" is never closed.".into()),
                        },
                        Some(other) => word.push(other),
                    }
                }
            }
            '\\' => match letters.next() {
                Some('\n') | None => {}
                Some('\r') => {
                    letters.next_if_eq(&'\n');
                }
                Some(other) => word.get_or_insert_default().push(other),
            },
            '|' | '>' | '<' | ';' if word.is_none() => {
                return Err(format!(
                    "Only the command itself is read, not what follows {letter}."
                ));
            }
            other if other.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// As a form is sent.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            text.push(match place <= chunk.len() {
                true => char::from(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]),
                false => '=',
            });
        }
    }
    text
}

fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(command: &Command) -> String {
        let headers = command
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        let headers: Vec<String> = headers.collect();
        let follows = if command.follows { " -L" } else { "" };
        format!(
            "{} {}{follows} [{}] {}",
            command.method,
            command.url,
            headers.join("|"),
            command.body
        )
    }

    #[test]
    fn commands_are_read_as_people_write_them() {
        const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
        let table: &[(&str, String)] = &[
            ("curl api:3000/x", "GET http://api:3000/x [] ".into()),
            ("$ curl -i http://api/", "GET http://api/ [] ".into()),
            ("curl -sSfL http://api/", "GET http://api/ -L [] ".into()),
            ("curl -kXPUT http://api/", "PUT http://api/ [] ".into()),
            (
                "curl --request=DELETE --url http://api/",
                "DELETE http://api/ [] ".into(),
            ),
            (
                "curl http://api -d a=1 -d 'b=2 3'",
                format!("POST http://api [{FORM}] a=1&b=2 3"),
            ),
            (
                "curl http://api --data-raw '@x'",
                format!("POST http://api [{FORM}] @x"),
            ),
            (
                "curl http://api --data-urlencode 'q=a b&c'",
                format!("POST http://api [{FORM}] q=a%20b%26c"),
            ),
            (
                "curl -G http://api/?x=1 --data-urlencode =ä",
                "GET http://api/?x=1&%C3%A4 [] ".into(),
            ),
            (
                "curl -H 'Content-Type: application/json' -d '{\"a\":\"it'\\''s\"}' http://api",
                "POST http://api [Content-Type: application/json] {\"a\":\"it's\"}".into(),
            ),
            (
                "curl --json '{}' http://api",
                "POST http://api [Content-Type: application/json|Accept: application/json] {}"
                    .into(),
            ),
            (
                "curl -u ada:secret http://api",
                "GET http://api [Authorization: Basic YWRhOnNlY3JldA==] ".into(),
            ),
            (
                "curl -b 'sid=1; t=2' -A me -e http://web/ http://api",
                "GET http://api [Cookie: sid=1; t=2|User-Agent: me|Referer: http://web/] ".into(),
            ),
            ("curl -I http://api", "HEAD http://api [] ".into()),
            (
                "curl -H Accept: -H 'X-Empty;' http://api",
                "GET http://api [Accept: |X-Empty: ] ".into(),
            ),
            (
                "curl 'http://api' \\\n  -H 'a: b' \\\r\n  --compressed",
                "GET http://api [a: b] ".into(),
            ),
            (
                "curl http://api --data-raw $'it\\'s\\n\\u0041'",
                format!("POST http://api [{FORM}] it's\nA"),
            ),
            (
                "curl \"http://api/\\\"q\\\"\" -o out.txt -w '%{http_code}'",
                "GET http://api/\"q\" [] ".into(),
            ),
        ];
        for (text, expected) in table {
            let command = parse(text).unwrap_or_else(|sentence| panic!("{text}: {sentence}"));
            assert_eq!(told(&command), *expected, "{text}");
        }
        let form = parse("curl -F a=1 -F 'b=x y' http://api").unwrap();
        assert!(form.body.contains("name=\"b\"\r\n\r\nx y\r\n"), "{form:?}");
        assert!(form.headers[0].1.starts_with("multipart/form-data"));
        assert!(parse("curl --compressed a").unwrap().unpacks);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let table = [
            ("", "begins with curl"),
            ("wget http://api", "it begins with wget"),
            ("curl", "has no address"),
            ("curl --proxy x http://api", "--proxy is not known"),
            ("curl -x y http://api", "-x is not known"),
            ("curl -d @file http://api", "@file is a file"),
            ("curl -F a=@file http://api", "@file is a file"),
            ("curl -F a http://api", "-F needs name=value"),
            ("curl -b jar.txt http://api", "file of cookies"),
            ("curl -H", "-H needs a value"),
            ("curl --header", "--header needs a value"),
            (
                "curl http://a http://b",
                "two addresses: http://a and http://b",
            ),
            ("curl 'http://a", "' is never closed"),
            ("curl \"http://a", "\" is never closed"),
            ("curl http://a | jq .", "not what follows |"),
        ];
        for (text, words) in table {
            let sentence = parse(text).expect_err(text);
            assert!(sentence.contains(words), "{text}: {sentence}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "curl http://api",
            "curl -L -X PATCH 'http://api/?q=a b' -H 'X: it'\\''s' --data-raw '{\"a\":1}' -H 'Content-Type: a/b'",
            "curl -I http://api -H Accept:",
            "curl -L --compressed http://api",
            "curl -X POST http://api",
        ] {
            let command = parse(text).unwrap();
            assert_eq!(
                parse(&write(&command)).unwrap(),
                command,
                "{}",
                write(&command)
            );
        }
    }
}
