//! HTTP/1.1 messages as they come in pieces (RFC 9112): a head, which httparse reads, and a body as long as the head
//! says, as its chunks say, or until the connection ends.
//!
//! Both directions are read alike; [`Reader::request`] is a server's and [`Reader::answer`] a client's. Of a message
//! that two servers could read as two different ones (both lengths, lengths that disagree) nothing is believed.

use std::collections::VecDeque;

const HEADERS_MAX: usize = 128;
const HEAD_BYTES_MAX: usize = 64 << 10;
/// A chunk's size and what may follow it on its line.
const LINE_BYTES_MAX: usize = 4 << 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Of a request.
    pub method: String,
    pub target: String,
    /// Of an answer.
    pub status: u16,
    pub reason: String,
    /// HTTP/1.0 or HTTP/1.1.
    pub minor: u8,
    /// As they came.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = |(known, _): &&(String, Vec<u8>)| known.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(found)
            .map(|(_, value)| value.as_slice())
    }

    /// Whether a header that is a list has this among its words.
    pub fn has_word(&self, name: &str, word: &str) -> bool {
        let headers = self.headers.iter();
        headers
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(|byte| *byte == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether the connection may be used again after this message.
    pub fn keeps_alive(&self) -> bool {
        match self.minor {
            0 => self.has_word("connection", "keep-alive"),
            _ => !self.has_word("connection", "close"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Head(Box<Head>),
    Body(Vec<u8>),
    /// The message is whole.
    End,
}

/// What has come is no HTTP, or no message that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Malformed,
    /// The head is longer than anybody's.
    TooLarge,
    /// The connection ended in the middle.
    CutShort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    Sized(u64),
    ChunkSize,
    Chunk(u64),
    /// The end of line behind a chunk.
    ChunkEnd,
    Trailers,
    UntilEnd,
}

#[derive(Debug)]
pub struct Reader {
    reads_answers: bool,
    place: Place,
    unread: Vec<u8>,
    /// How much of `unread` has been read.
    at: usize,
    /// For each answer that is to come, whether it is one to HEAD.
    heads: VecDeque<bool>,
}

impl Reader {
    pub fn request() -> Self {
        Self {
            reads_answers: false,
            place: Place::Head,
            unread: Vec::new(),
            at: 0,
            heads: VecDeque::new(),
        }
    }

    pub fn answer() -> Self {
        Self {
            reads_answers: true,
            ..Self::request()
        }
    }

    /// A request has been sent whose answer is to come.
    pub fn expect(&mut self, method: &str) {
        self.heads.push_back(method == "HEAD");
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at == self.unread.len() {
            self.unread.clear();
            self.at = 0;
        }
        self.unread.extend_from_slice(bytes);
    }

    /// Nothing of a message has come yet.
    pub fn is_between(&self) -> bool {
        self.place == Place::Head && self.at == self.unread.len()
    }

    /// What comes next of what has been fed.
    pub fn piece(&mut self) -> Result<Option<Piece>, Wrong> {
        loop {
            match self.place {
                Place::Head => return self.head(),
                Place::Sized(0) => return Ok(Some(self.ends())),
                Place::Sized(left) => {
                    let body = self.take(left);
                    self.place = Place::Sized(left - body.len() as u64);
                    return Ok(some_body(body));
                }
                Place::UntilEnd => {
                    let body = self.take(u64::MAX);
                    return Ok(some_body(body));
                }
                Place::ChunkSize => {
                    let Some(line) = self.line()? else {
                        return Ok(None);
                    };
                    self.place = match size_of_chunk(&line).ok_or(Wrong::Malformed)? {
                        0 => Place::Trailers,
                        size => Place::Chunk(size),
                    };
                }
                Place::Chunk(left) => {
                    let body = self.take(left);
                    let left = left - body.len() as u64;
                    self.place = if left == 0 {
                        Place::ChunkEnd
                    } else {
                        Place::Chunk(left)
                    };
                    return Ok(some_body(body));
                }
                Place::ChunkEnd => {
                    let Some(line) = self.line()? else {
                        return Ok(None);
                    };
                    if !line.is_empty() {
                        return Err(Wrong::Malformed);
                    }
                    self.place = Place::ChunkSize;
                }
                Place::Trailers => match self.line()? {
                    None => return Ok(None),
                    Some(line) if line.is_empty() => return Ok(Some(self.ends())),
                    Some(_) => {}
                },
            }
        }
    }

    /// The connection has ended: the last piece, if that is how the message ends.
    pub fn finish(&mut self) -> Result<Option<Piece>, Wrong> {
        match self.place {
            Place::UntilEnd => Ok(Some(self.ends())),
            Place::Head if self.at == self.unread.len() => Ok(None),
            _ => Err(Wrong::CutShort),
        }
    }

    fn ends(&mut self) -> Piece {
        self.place = Place::Head;
        Piece::End
    }

    fn take(&mut self, most: u64) -> Vec<u8> {
        let rest = &self.unread[self.at..];
        let count = (rest.len() as u64).min(most) as usize;
        let taken = rest[..count].to_vec();
        self.at += count;
        taken
    }

    /// A line without its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Wrong> {
        let rest = &self.unread[self.at..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return if rest.len() > LINE_BYTES_MAX {
                Err(Wrong::Malformed)
            } else {
                Ok(None)
            };
        };
        let line = rest[..end].strip_suffix(b"\r").ok_or(Wrong::Malformed)?;
        let line = line.to_vec();
        self.at += end + 1;
        Ok(Some(line))
    }

    fn head(&mut self) -> Result<Option<Piece>, Wrong> {
        if !self.reads_answers {
            // Empty lines before a request are forgiven.
            while self.unread[self.at..].starts_with(b"\r\n") {
                self.at += 2;
            }
        }
        if self.at == self.unread.len() {
            return Ok(None);
        }
        let Some((bytes, head)) = self.parse()? else {
            return if self.unread.len() - self.at > HEAD_BYTES_MAX {
                Err(Wrong::TooLarge)
            } else {
                Ok(None)
            };
        };
        self.at += bytes;
        self.place = self.body_of(&head)?;
        Ok(Some(Piece::Head(Box::new(head))))
    }

    fn parse(&self) -> Result<Option<(usize, Head)>, Wrong> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let rest = &self.unread[self.at..];
        let wrong = |error| match error {
            httparse::Error::TooManyHeaders => Wrong::TooLarge,
            _ => Wrong::Malformed,
        };
        let mut head = Head::default();
        let (status, headers) = if self.reads_answers {
            let mut answer = httparse::Response::new(&mut headers);
            let status = answer.parse(rest).map_err(wrong)?;
            head.status = answer.code.unwrap_or(0);
            head.reason = answer.reason.unwrap_or("").to_owned();
            head.minor = answer.version.unwrap_or(1);
            (status, answer.headers)
        } else {
            let mut request = httparse::Request::new(&mut headers);
            let status = request.parse(rest).map_err(wrong)?;
            head.method = request.method.unwrap_or("").to_owned();
            head.target = request.path.unwrap_or("").to_owned();
            head.minor = request.version.unwrap_or(1);
            (status, request.headers)
        };
        let httparse::Status::Complete(bytes) = status else {
            return Ok(None);
        };
        let owned = |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
        head.headers = headers.iter().map(owned).collect();
        Ok(Some((bytes, head)))
    }

    fn body_of(&mut self, head: &Head) -> Result<Place, Wrong> {
        if self.reads_answers {
            if head.status < 200 && head.status != 101 {
                // The answer itself is still to come.
                return Ok(Place::Sized(0));
            }
            let is_to_head = self.heads.pop_front().unwrap_or(false);
            if is_to_head || matches!(head.status, 204 | 304) {
                return Ok(Place::Sized(0));
            }
            if head.status == 101 {
                return Ok(Place::UntilEnd);
            }
        }
        let length = length_of(head)?;
        if head.header("transfer-encoding").is_some() {
            let is_chunked = head.has_word("transfer-encoding", "chunked");
            return match (length, is_chunked) {
                (None, true) => Ok(Place::ChunkSize),
                (None, false) if self.reads_answers => Ok(Place::UntilEnd),
                _ => Err(Wrong::Malformed),
            };
        }
        Ok(match length {
            Some(length) => Place::Sized(length),
            None if self.reads_answers => Place::UntilEnd,
            None => Place::Sized(0),
        })
    }
}

fn some_body(body: Vec<u8>) -> Option<Piece> {
    Some(Piece::Body(body)).filter(|piece| *piece != Piece::Body(Vec::new()))
}

/// The one length that all Content-Length headers give.
fn length_of(head: &Head) -> Result<Option<u64>, Wrong> {
    let mut length = None;
    for (name, value) in &head.headers {
        if !name.eq_ignore_ascii_case("content-length") {
            continue;
        }
        let text = std::str::from_utf8(value).map_err(|_| Wrong::Malformed)?;
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let this = text.parse::<u64>().ok().filter(|_| is_number);
        let this = this.ok_or(Wrong::Malformed)?;
        if length.is_some_and(|other| other != this) {
            return Err(Wrong::Malformed);
        }
        length = Some(this);
    }
    Ok(length)
}

fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let end = line.iter().position(|byte| *byte == b';');
    let digits = std::str::from_utf8(&line[..end.unwrap_or(line.len())]).ok()?;
    let digits = digits.trim_end();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message as text: its start, its body and whether it ended, however it is cut.
    fn read(mut reader: Reader, message: &str, piece_bytes: usize, ends: bool) -> String {
        let mut text = String::new();
        let mut show = |piece: Result<Option<Piece>, Wrong>| match piece {
            Ok(Some(Piece::Head(head))) if head.method.is_empty() => {
                text.push_str(&format!("{} {}:", head.status, head.reason));
                true
            }
            Ok(Some(Piece::Head(head))) => {
                text.push_str(&format!("{} {}:", head.method, head.target));
                true
            }
            Ok(Some(Piece::Body(body))) => {
                text.push_str(&String::from_utf8_lossy(&body));
                true
            }
            Ok(Some(Piece::End)) => {
                text.push('.');
                true
            }
            Ok(None) => false,
            Err(wrong) => {
                text.push_str(&format!("{wrong:?}"));
                false
            }
        };
        for piece in message.as_bytes().chunks(piece_bytes) {
            reader.feed(piece);
            while show(reader.piece()) {}
        }
        if ends {
            show(reader.finish());
        }
        text
    }

    fn answer(message: &str) -> String {
        let whole = read(Reader::answer(), message, message.len(), true);
        assert_eq!(whole, read(Reader::answer(), message, 1, true));
        whole
    }

    fn request(message: &str) -> String {
        read(Reader::request(), message, message.len(), false)
    }

    #[test]
    fn answers_end_where_they_say() {
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(answer(&format!("{sized}{sized}")), "200 OK:abc.200 OK:abc.");
        assert_eq!(
            answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n"
            ),
            "200 OK:abc."
        );
        assert_eq!(answer("HTTP/1.0 200 OK\r\n\r\nabc"), "200 OK:abc.");
        assert_eq!(
            answer("HTTP/1.1 204 No Content\r\n\r\n"),
            "204 No Content:."
        );
        assert_eq!(
            answer(&format!("HTTP/1.1 100 Continue\r\n\r\n{sized}")),
            "100 Continue:.200 OK:abc."
        );
        let mut to_head = Reader::answer();
        to_head.expect("HEAD");
        assert_eq!(
            read(to_head, sized.trim_end_matches("abc"), 9, false),
            "200 OK:."
        );
    }

    #[test]
    fn what_cannot_be_trusted_is_wrong() {
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        assert_eq!(answer(cut), "200 OK:abCutShort");
        for head in [
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: 1, 1",
            "Content-Length: +1",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip",
            "no colon",
        ] {
            let message = format!("POST / HTTP/1.1\r\n{head}\r\n\r\n0\r\n\r\n");
            assert_eq!(request(&message), "Malformed", "{head}");
        }
        let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(70_000));
        assert_eq!(request(&long), "TooLarge");
    }

    #[test]
    fn requests_follow_each_other() {
        let text = "\r\nGET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx";
        assert_eq!(request(text), "GET /a:.POST /b:x.");
    }
}
