//! What a packet says, by the beginning of its content that the trace keeps.
//!
//! A [`Decoder`] is one protocol. It tells where messages begin, so that requests can be told apart, and reads one for
//! a person. A connection speaks the first protocol of [`DECODERS`] that knows the client's first words; the last
//! knows any. A simulated server with a protocol of its own brings a decoder and puts it in that list, and nothing
//! else need change. What lies behind [`protocol::trace::PACKET_HEAD_BYTES_MAX`] bytes of a packet is not seen, and of
//! several messages that begin in one packet only the first is: Node's clients send one and wait.

use crate::words::some;

/// Which side of a connection speaks, and whether the other spoke last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub from_client: bool,
    pub is_new: bool,
}

pub trait Decoder: Sync {
    /// Of a message: `GET /notes`, `200 OK`.
    fn begins(&self, head: &[u8], turn: Turn) -> Beginning;
    fn read(&self, head: &[u8], bytes: u64) -> Message;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// It goes on with what was said before.
    No,
    Message,
    /// An answer that says that the answer is still to come.
    Interim,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub protocol: &'static str,
    /// The gist in a few words.
    pub line: String,
    pub fields: Vec<(String, String)>,
    /// What of its body the trace keeps, where that is text.
    pub body: Option<String>,
    /// What came of it as a number, where the protocol has one.
    pub status: Option<u16>,
    /// It says that something went wrong.
    pub failed: bool,
    pub trace: Option<TraceParent>,
}

/// <https://www.w3.org/TR/trace-context/#traceparent-header>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub trace: String,
    pub parent: String,
    pub sampled: bool,
}

impl TraceParent {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let mut hex = |length: usize| {
            let part = parts.next()?;
            let fits = part.len() == length
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            fits.then_some(part)
        };
        let (version, trace, parent, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        if version == "ff" || is_zero(trace) || is_zero(parent) {
            return None;
        }
        Some(Self {
            trace: trace.to_owned(),
            parent: parent.to_owned(),
            sampled: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
        })
    }
}

pub static DECODERS: [&dyn Decoder; 2] = [&Http1, &Bytes];

/// <https://www.rfc-editor.org/rfc/rfc9112>
struct Http1;

impl Decoder for Http1 {
    fn begins(&self, head: &[u8], turn: Turn) -> Beginning {
        let line = first_line(head);
        match turn.from_client {
            true if is_request_line(line) => Beginning::Message,
            false if line.starts_with(b"HTTP/1.") => match line.get(9..12) {
                // Switching protocols is an answer.
                Some([b'1', rest @ ..]) if rest != b"01" => Beginning::Interim,
                _ => Beginning::Message,
            },
            _ => Beginning::No,
        }
    }

    fn read(&self, head: &[u8], bytes: u64) -> Message {
        let text = String::from_utf8_lossy(head);
        let (top, body) = match text.split_once("\r\n\r\n") {
            Some((top, body)) => (top, Some(body)),
            None => (&*text, None),
        };
        let mut lines = top.split("\r\n");
        let line = lines.next().unwrap_or_default();
        let fields: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let line = match line.split_once(' ') {
            Some((version, status)) if version.starts_with("HTTP/") => status.to_owned(),
            _ => line
                .rsplit_once(" HTTP/")
                .map_or(line, |(line, _)| line)
                .to_owned(),
        };
        let field = |wanted: &str| {
            let found = fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        let cut = bytes > head.len() as u64;
        let body = body.filter(|body| !body.is_empty()).map(|body| match cut {
            true => format!("{body}…"),
            false => body.to_owned(),
        });
        Message {
            protocol: "HTTP/1.1",
            failed: line.starts_with(['4', '5']),
            status: line.get(..3).and_then(|status| status.parse().ok()),
            trace: field("traceparent").and_then(TraceParent::parse),
            line,
            fields,
            body: body.filter(|body| !body.contains(['\0', char::REPLACEMENT_CHARACTER])),
        }
    }
}

fn first_line(head: &[u8]) -> &[u8] {
    let end = head.iter().position(|byte| *byte == b'\r');
    &head[..end.unwrap_or(head.len())]
}

/// A target may be longer than what the trace keeps.
fn is_request_line(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let is_method = words.next().is_some_and(|word| {
        !word.is_empty()
            && word.len() <= 24
            && word
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || *byte == b'-')
    });
    let target = words.next().is_some_and(|target| !target.is_empty());
    is_method
        && target
        && words
            .next()
            .is_none_or(|version| version.starts_with(b"HTTP/1."))
}

/// Any protocol: a question is what the client says until the server speaks.
struct Bytes;

impl Decoder for Bytes {
    fn begins(&self, _: &[u8], turn: Turn) -> Beginning {
        match turn.is_new {
            true => Beginning::Message,
            false => Beginning::No,
        }
    }

    fn read(&self, head: &[u8], bytes: u64) -> Message {
        let text = std::str::from_utf8(head).ok();
        let text = text.filter(|text| {
            !text.contains(|character: char| character.is_control() && !character.is_whitespace())
        });
        Message {
            protocol: "bytes",
            line: match text.and_then(|text| text.lines().next()) {
                Some(line) if !line.is_empty() => crate::sentence::printed(line),
                _ => some(bytes as usize, "byte"),
            },
            body: text.map(str::to_owned),
            ..Message::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(decoder: &dyn Decoder, head: &str, from_client: bool) -> Beginning {
        let turn = Turn {
            from_client,
            is_new: false,
        };
        decoder.begins(head.as_bytes(), turn)
    }

    #[test]
    fn http_messages_are_told_from_what_goes_on() {
        for (head, from_client, expected) in [
            (
                "GET /notes HTTP/1.1\r\nHost: api\r\n\r\n",
                true,
                Beginning::Message,
            ),
            ("M-SEARCH * HTTP/1.1\r\n", true, Beginning::Message),
            ("GET /very-long", true, Beginning::Message),
            ("{\"text\":\"GET / HTTP/1.1\"}", true, Beginning::No),
            ("HTTP/1.1 100 Continue\r\n\r\n", false, Beginning::Interim),
            (
                "HTTP/1.1 101 Switching Protocols\r\n",
                false,
                Beginning::Message,
            ),
            ("HTTP/1.1 200 OK\r\n", false, Beginning::Message),
            ("0\r\n\r\n", false, Beginning::No),
        ] {
            assert_eq!(begins(&Http1, head, from_client), expected, "{head}");
        }
    }

    #[test]
    fn http_is_read() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let asked = format!(
            "POST /notes?a=1 HTTP/1.1\r\nHost: api:3000\r\nTraceparent: {trace}\r\n\r\n{{\"a\":1}}"
        );
        let message = Http1.read(asked.as_bytes(), asked.len() as u64);
        assert_eq!(message.line, "POST /notes?a=1");
        assert_eq!(
            message.fields[0],
            ("Host".to_owned(), "api:3000".to_owned())
        );
        assert_eq!(message.body.as_deref(), Some("{\"a\":1}"));
        let parent = message.trace.unwrap();
        assert_eq!(
            (parent.parent.as_str(), parent.sampled),
            ("00f067aa0ba902b7", true)
        );
        let answered = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nnot ";
        let message = Http1.read(answered, 4000);
        assert_eq!(
            (message.line.as_str(), message.status, message.failed),
            ("503 Service Unavailable", Some(503), true)
        );
        assert_eq!(message.body.as_deref(), Some("not …"));
    }

    #[test]
    fn a_traceparent_that_breaks_its_rules_is_none() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01".to_owned(),
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7".to_owned(),
        ] {
            assert_eq!(TraceParent::parse(&text), None, "{text}");
        }
    }
}
