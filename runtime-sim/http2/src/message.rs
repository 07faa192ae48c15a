//! What makes fields a request or an answer (RFC 9113, section 8; nghttp2's `nghttp2_http.c`): which fields there must
//! be, which there may not be, and whether the body is as long as it says.

use crate::hpack::Header;

/// What is known of the message that a stream receives.
#[derive(Debug, Default)]
pub struct Message {
    seen: u16,
    regular_seen: bool,
    method: Method,
    is_http: bool,
    path: Path,
    status: u16,
    expects_final: bool,
    length: Option<u64>,
    received: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Method {
    #[default]
    Other,
    Head,
    Connect,
    Options,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Path {
    #[default]
    Other,
    Regular,
    Asterisk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Request,
    Response,
    Trailer,
}

pub enum Verdict {
    Keep,
    Drop,
    Invalid,
}

const METHOD: u16 = 1;
const SCHEME: u16 = 2;
const AUTHORITY: u16 = 4;
const PATH: u16 = 8;
const HOST: u16 = 16;
const STATUS: u16 = 32;
const PROTOCOL: u16 = 64;

impl Message {
    /// The request whose answer this will be.
    pub fn answering(request: &[Header]) -> Self {
        let method = request.iter().find(|header| header.name == b":method");
        Self {
            method: method.map_or(Method::Other, |header| Method::of(&header.value)),
            ..Self::default()
        }
    }

    /// A promised request has been read: what follows is its answer.
    pub fn expect_answer(&mut self) {
        *self = Self {
            method: self.method,
            ..Self::default()
        };
    }

    pub fn expects_final(&self) -> bool {
        self.expects_final
    }

    /// Each block of fields begins anew.
    pub fn begin_block(&mut self) {
        self.regular_seen = false;
    }

    pub fn field(
        &mut self,
        header: &Header,
        part: Part,
        is_request: bool,
        allows_protocol: bool,
        stream: u32,
    ) -> Verdict {
        let (name, value) = (&header.name[..], &header.value[..]);
        let Some(first) = name.first() else {
            self.regular_seen = true;
            return Verdict::Drop;
        };
        if *first == b':' {
            if part == Part::Trailer || self.regular_seen {
                return Verdict::Invalid;
            }
        } else {
            self.regular_seen = true;
            if name.iter().any(u8::is_ascii_uppercase) {
                return Verdict::Invalid;
            }
            if !name.iter().all(|byte| is_token(*byte)) {
                return Verdict::Drop;
            }
        }
        let is_valid = match (name, is_request) {
            (b":authority", true) => {
                value.iter().all(|byte| in_authority(*byte)) && self.once(AUTHORITY, value)
            }
            (b":method", true) => {
                self.method = Method::of(value);
                value.iter().all(|byte| is_token(*byte))
                    && !(self.method == Method::Connect && stream.is_multiple_of(2))
                    && self.once(METHOD, value)
            }
            (b":path", true) => {
                self.path = match value {
                    b"*" => Path::Asterisk,
                    [b'/', ..] => Path::Regular,
                    _ => Path::Other,
                };
                value.iter().all(|byte| *byte > b' ' && *byte != 0x7f) && self.once(PATH, value)
            }
            (b":scheme", true) => {
                self.is_http =
                    value.eq_ignore_ascii_case(b"http") || value.eq_ignore_ascii_case(b"https");
                value.first().is_some_and(u8::is_ascii_alphabetic)
                    && value
                        .iter()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                    && self.once(SCHEME, value)
            }
            (b":protocol", true) => {
                allows_protocol && is_value(value) && self.once(PROTOCOL, value)
            }
            (b"host", true) => {
                if !value.iter().all(|byte| in_authority(*byte)) {
                    return Verdict::Drop;
                }
                self.once(HOST, value)
            }
            (b":status", false) => {
                let digits = value.len() == 3 && value.iter().all(u8::is_ascii_digit);
                self.status = value
                    .iter()
                    .fold(0, |status, digit| status * 10 + u16::from(digit & 15));
                digits && self.status != 101 && self.once(STATUS, value)
            }
            (b"content-length", _) => return self.content_length(value, is_request),
            (
                b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding"
                | b"upgrade",
                _,
            ) => false,
            (b"te", _) => value.eq_ignore_ascii_case(b"trailers"),
            _ if *first == b':' => false,
            _ if !is_value(value) => return Verdict::Drop,
            _ => true,
        };
        if is_valid {
            Verdict::Keep
        } else {
            Verdict::Invalid
        }
    }

    fn once(&mut self, mark: u16, value: &[u8]) -> bool {
        let is_first = self.seen & mark == 0;
        self.seen |= mark;
        is_first && !value.is_empty()
    }

    fn content_length(&mut self, value: &[u8], is_request: bool) -> Verdict {
        if !is_request {
            match self.status {
                204 if self.length.is_none() && value == b"0" => {
                    self.length = Some(0);
                    return Verdict::Drop;
                }
                100..=199 | 204 => return Verdict::Invalid,
                200..=299 if self.method == Method::Connect => return Verdict::Drop,
                _ => {}
            }
        }
        let text = std::str::from_utf8(value).ok();
        let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length = digits.and_then(|text| text.parse().ok());
        if self.length.is_some() || length.is_none() {
            return Verdict::Invalid;
        }
        self.length = length;
        Verdict::Keep
    }

    /// The block has ended: is it all that it must be?
    pub fn end_block(&mut self, part: Part, ends_stream: bool) -> bool {
        match part {
            Part::Request => self.is_whole_request(),
            Part::Response => self.is_whole_response(),
            Part::Trailer => ends_stream,
        }
    }

    fn is_whole_request(&mut self) -> bool {
        let has = |marks: u16| self.seen & marks == marks;
        if !has(PROTOCOL) && self.method == Method::Connect {
            let is_whole = self.seen & (SCHEME | PATH) == 0 && has(AUTHORITY);
            self.length = None;
            return is_whole;
        }
        let is_path = !self.is_http
            || self.path == Path::Regular
            || self.path == Path::Asterisk && self.method == Method::Options;
        has(METHOD | PATH | SCHEME)
            && self.seen & (AUTHORITY | HOST) != 0
            && (!has(PROTOCOL) || self.method == Method::Connect && has(AUTHORITY))
            && is_path
    }

    fn is_whole_response(&mut self) -> bool {
        if self.seen & STATUS == 0 {
            return false;
        }
        if self.status / 100 == 1 {
            let method = self.method;
            *self = Self {
                method,
                expects_final: true,
                ..Self::default()
            };
            return true;
        }
        self.expects_final = false;
        if self.method == Method::Head || matches!(self.status, 204 | 304) {
            self.length = Some(0);
        } else if self.method == Method::Connect {
            self.length = None;
        }
        true
    }

    /// More of the body; `false` when it is too much.
    pub fn data(&mut self, bytes: usize) -> bool {
        self.received += bytes as u64;
        !self.expects_final && self.length.is_none_or(|length| self.received <= length)
    }

    pub fn end_stream(&self) -> bool {
        !self.expects_final && self.length.is_none_or(|length| self.received == length)
    }
}

impl Method {
    fn of(name: &[u8]) -> Self {
        match name {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn in_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(&byte)
}

fn is_value(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !is_blank(value.first())
        && !is_blank(value.last())
        && value
            .iter()
            .all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f)
}
