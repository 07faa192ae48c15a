//! What stands around the bodies of HTTP/1's messages, byte by byte as llhttp 9.3.1 takes it: the same states, the same
//! words for what is wrong, and the same place. Bodies are its caller's.

pub const METHODS: [&str; 47] = [
    "DELETE",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PATCH",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
    "PRI",
    "DESCRIBE",
    "ANNOUNCE",
    "SETUP",
    "PLAY",
    "PAUSE",
    "TEARDOWN",
    "GET_PARAMETER",
    "SET_PARAMETER",
    "REDIRECT",
    "RECORD",
    "FLUSH",
    "QUERY",
];
pub const CONNECT: usize = 5;
const PRI: usize = 34;
const PROTOCOLS: [&str; 3] = ["HTTP", "RTSP", "ICE"];
const PREFACE: &[u8] = b"\r\n\r\nSM\r\n\r\n";
const CHUNK_EXTENSIONS_MAX: usize = 16 * 1024;

/// What `insecureHTTPParser` and `kLenient…` let pass.
pub mod lenient {
    pub const HEADERS: u32 = 1;
    pub const CHUNKED_LENGTH: u32 = 1 << 1;
    pub const KEEP_ALIVE: u32 = 1 << 2;
    pub const TRANSFER_ENCODING: u32 = 1 << 3;
    pub const VERSION: u32 = 1 << 4;
    pub const DATA_AFTER_CLOSE: u32 = 1 << 5;
    pub const OPTIONAL_LF_AFTER_CR: u32 = 1 << 6;
    pub const OPTIONAL_CRLF_AFTER_CHUNK: u32 = 1 << 7;
    pub const OPTIONAL_CR_BEFORE_LF: u32 = 1 << 8;
    pub const SPACES_AFTER_CHUNK_SIZE: u32 = 1 << 9;
}

/// llhttp's name for what is wrong, and its words.
pub type Fault = (&'static str, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    HeadEnd,
    /// Data of so many bytes follow; after 0 come the trailers.
    Chunk(u64),
    TrailersEnd,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Method,
    FirstSpace,
    SpacesBeforeUrl,
    UrlStart,
    UrlSchema,
    UrlSchemaDelimiter,
    UrlServer,
    UrlServerAfterUser,
    UrlPath,
    UrlQuery,
    UrlFragment,
    UrlLf,
    SpacesBeforeProtocol,
    Protocol,
    ProtocolSlash,
    Major,
    Dot,
    Minor,
    Preface,
    RequestEnd,
    RequestLf,
    StatusSpace,
    StatusCode,
    StatusCodeEnd,
    Status,
    StatusLf,
    HeadersStart,
    FieldStart,
    Field,
    FieldSpaces,
    ValueSpaces,
    ValueSpacesLf,
    ValueSpacesFold,
    ValueStart,
    Encoding,
    EncodingChunked,
    EncodingToken,
    EncodingSpaces,
    Length,
    LengthSpaces,
    Connection,
    ConnectionWord,
    ConnectionSpaces,
    ConnectionToken,
    Value,
    ValueLenient,
    ValueEnd,
    ValueLf,
    ValueFold,
    HeadersLf,
    ChunkSizeDigit,
    ChunkSize,
    Extensions,
    ExtensionName,
    ExtensionValue,
    Quoted,
    QuotedPair,
    QuotedEnd,
    ChunkSizeLf,
    ChunkDataCr,
    ChunkDataLf,
}

/// What the header at hand means for the message.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Meaning {
    #[default]
    General,
    Connection,
    ConnectionClose,
    ConnectionKeepAlive,
    ConnectionUpgrade,
    ContentLength,
    TransferEncoding,
    Chunked,
    Upgrade,
}

/// One message's head so far, and then its trailers.
#[derive(Default)]
pub struct Head {
    pub method: usize,
    pub url: String,
    pub major: u8,
    pub minor: u8,
    pub status: u16,
    pub words: String,
    pub headers: Vec<(String, String)>,
    /// Of the body, or of the chunk.
    pub length: u64,
    pub has_length: bool,
    pub is_chunked: bool,
    pub has_encoding: bool,
    pub says_close: bool,
    pub says_keep_alive: bool,
    pub says_upgrade: bool,
    pub connection_upgrade: bool,
    is_trailing: bool,
}

#[derive(Default)]
pub struct Scanner {
    pub is_response: bool,
    pub lenient: u32,
    head_bytes_max: usize,
    pub head: Head,
    at: At,
    meaning: Meaning,
    /// Of a word that only some bytes continue, those that were there.
    word: Vec<u8>,
    name: Vec<u8>,
    span: Vec<u8>,
    /// Of the span, how much has been counted into `head_bytes`.
    counted: usize,
    head_bytes: usize,
    extension_bytes: usize,
}

const OVERFLOW: Fault = ("HPE_HEADER_OVERFLOW", "Header overflow");
const PROTOCOL: Fault = ("HPE_INVALID_CONSTANT", "Expected HTTP/, RTSP/ or ICE/");
const TOKEN: Fault = ("HPE_INVALID_HEADER_TOKEN", "Invalid header token");
const VALUE: Fault = ("HPE_INVALID_HEADER_TOKEN", "Invalid header value char");
const FIELD: Fault = ("HPE_INVALID_HEADER_TOKEN", "Invalid header field char");
const CHUNK_SIZE: Fault = ("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size");
const URL: Fault = ("HPE_INVALID_URL", "Invalid characters in url");
const VERSION_END: Fault = ("HPE_INVALID_VERSION", "Expected CRLF after version");
const ENCODING: Fault = (
    "HPE_INVALID_TRANSFER_ENCODING",
    "Invalid `Transfer-Encoding` header value",
);
const STATUS_CODE: Fault = ("HPE_INVALID_STATUS", "Invalid status code");

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#' && byte != b'?'
}

fn is_server(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()%;:&=+$,[]".contains(&byte)
}

fn is_value(byte: u8) -> bool {
    byte == b'\t' || byte >= 0x20 && byte != 0x7f
}

fn is_connection_token(byte: u8) -> bool {
    is_value(byte) && byte != b','
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Whether a method may stand before this protocol.
fn allows(protocol: usize, method: usize) -> bool {
    match protocol {
        0 => method <= PRI || METHODS[method] == "QUERY",
        1 => {
            matches!(METHODS[method], "GET" | "POST" | "OPTIONS")
                || method > PRI && METHODS[method] != "QUERY"
        }
        _ => METHODS[method] == "SOURCE",
    }
}

impl Scanner {
    pub fn new(is_response: bool, lenient: u32, head_bytes_max: usize) -> Self {
        Self {
            is_response,
            lenient,
            head_bytes_max,
            ..Self::default()
        }
    }

    pub fn begin(&mut self) {
        self.at = if self.is_response {
            At::Protocol
        } else {
            At::Method
        };
        self.head = Head::default();
        self.meaning = Meaning::General;
        self.word.clear();
        self.open();
        (self.head_bytes, self.extension_bytes) = (0, 0);
    }

    pub fn begin_chunk(&mut self) {
        self.at = At::ChunkSizeDigit;
        self.head.length = 0;
    }

    pub fn end_chunk(&mut self) {
        self.at = At::ChunkDataCr;
    }

    fn lets(&self, flag: u32) -> bool {
        self.lenient & flag != 0
    }

    fn open(&mut self) {
        self.span.clear();
        self.counted = 0;
    }

    /// Counts what a span has more by now.
    fn count(&mut self) -> Result<(), Fault> {
        self.head_bytes += self.span.len() - self.counted;
        self.counted = self.span.len();
        if self.head_bytes >= self.head_bytes_max {
            Err(OVERFLOW)
        } else {
            Ok(())
        }
    }

    /// Whether `byte` continues `word` towards one of these; otherwise which one the word was, if any.
    fn continues(&mut self, byte: u8, all: &[&str]) -> Result<(), Option<usize>> {
        self.word.push(byte);
        if all.iter().any(|one| one.as_bytes().starts_with(&self.word)) {
            return Ok(());
        }
        self.word.pop();
        let word = std::mem::take(&mut self.word);
        Err(all.iter().position(|one| one.as_bytes() == word))
    }

    /// Takes bytes up to what is found, or all; an error comes with its place.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(usize, Option<Found>), (usize, Fault)> {
        let mut i = 0;
        while let Some(byte) = bytes.get(i).copied() {
            let (here, behind) = (|fault| Err((i, fault)), |fault| Err((i + 1, fault)));
            // Whether the byte is taken; where it is not, the next state looks at it.
            let mut taken = true;
            match self.at {
                At::Method => match self.continues(byte, &METHODS) {
                    Ok(()) => {}
                    Err(Some(method)) => {
                        self.head.method = method;
                        self.at = At::FirstSpace;
                        taken = false;
                    }
                    Err(None) => return here(("HPE_INVALID_METHOD", "Invalid method encountered")),
                },
                At::FirstSpace if byte == b' ' => self.at = At::SpacesBeforeUrl,
                At::FirstSpace => {
                    return here(("HPE_INVALID_METHOD", "Expected space after method"));
                }
                At::SpacesBeforeUrl if byte == b' ' => {}
                At::SpacesBeforeUrl => {
                    self.open();
                    self.at = if self.head.method == CONNECT {
                        At::UrlServer
                    } else {
                        At::UrlStart
                    };
                    taken = false;
                }
                At::UrlStart
                | At::UrlSchema
                | At::UrlSchemaDelimiter
                | At::UrlServer
                | At::UrlServerAfterUser
                | At::UrlPath
                | At::UrlQuery
                | At::UrlFragment => {
                    self.url(byte)
                        .map_err(|(is_behind, fault)| (i + usize::from(is_behind), fault))?;
                }
                At::UrlLf if byte == b'\n' => self.at = At::HeadersStart,
                At::UrlLf => return here(("HPE_INVALID_URL", "Expected CRLF")),
                At::SpacesBeforeProtocol if byte == b' ' => {}
                At::SpacesBeforeProtocol => {
                    self.at = At::Protocol;
                    taken = false;
                }
                At::Protocol => {
                    if self.continues(byte, &PROTOCOLS).is_err() {
                        return here(PROTOCOL);
                    }
                    if let Some(protocol) =
                        PROTOCOLS.iter().position(|one| one.as_bytes() == self.word)
                    {
                        self.word.clear();
                        if !self.is_response && !allows(protocol, self.head.method) {
                            let words = [
                                "Invalid method for HTTP/x.x request",
                                "Invalid method for RTSP/x.x request",
                                "Expected SOURCE method for ICE/x.x request",
                            ];
                            return behind(("HPE_INVALID_CONSTANT", words[protocol]));
                        }
                        self.at = At::ProtocolSlash;
                    }
                }
                At::ProtocolSlash if byte == b'/' => self.at = At::Major,
                At::ProtocolSlash => return here(PROTOCOL),
                At::Major if byte.is_ascii_digit() => {
                    self.head.major = byte - b'0';
                    self.at = At::Dot;
                }
                At::Major => return here(("HPE_INVALID_VERSION", "Invalid major version")),
                At::Dot if byte == b'.' => self.at = At::Minor,
                At::Dot => return here(("HPE_INVALID_VERSION", "Expected dot")),
                At::Minor if byte.is_ascii_digit() => {
                    self.head.minor = byte - b'0';
                    let is_known = matches!(
                        (self.head.major, self.head.minor),
                        (0, 9) | (1, 0 | 1) | (2, 0)
                    );
                    if !is_known && !self.lets(lenient::VERSION) {
                        return behind(("HPE_INVALID_VERSION", "Invalid HTTP version"));
                    }
                    self.at = match (self.is_response, self.head.method) {
                        (true, _) => At::StatusSpace,
                        (false, PRI) => At::Preface,
                        (false, _) => At::RequestEnd,
                    };
                }
                At::Minor => return here(("HPE_INVALID_VERSION", "Invalid minor version")),
                At::Preface => {
                    if PREFACE[self.word.len()] != byte {
                        return here(("HPE_INVALID_VERSION", "Expected HTTP/2 Connection Preface"));
                    }
                    self.word.push(byte);
                    if self.word.len() == PREFACE.len() {
                        return behind(("HPE_PAUSED_H2_UPGRADE", "Pause on PRI/Upgrade"));
                    }
                }
                At::RequestEnd => match byte {
                    b'\r' => self.at = At::RequestLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => self.at = At::RequestLf,
                    b'\n' => return behind(VERSION_END),
                    _ => return here(VERSION_END),
                },
                At::RequestLf if byte == b'\n' => self.at = At::HeadersStart,
                At::RequestLf if self.lets(lenient::OPTIONAL_LF_AFTER_CR) => {
                    self.at = At::HeadersStart;
                    taken = false;
                }
                At::RequestLf => return here(("HPE_STRICT", "Expected CRLF after version")),
                At::StatusSpace if byte == b' ' => self.at = At::StatusCode,
                At::StatusSpace => {
                    return here(("HPE_INVALID_VERSION", "Expected space after version"));
                }
                At::StatusCode if byte.is_ascii_digit() => {
                    self.word.push(byte);
                    self.head.status = self.head.status * 10 + u16::from(byte - b'0');
                    if self.word.len() == 3 {
                        self.word.clear();
                        self.at = At::StatusCodeEnd;
                    }
                }
                At::StatusCode => return here(STATUS_CODE),
                At::StatusCodeEnd => match byte {
                    b' ' => {
                        self.open();
                        self.at = At::Status;
                    }
                    b'\r' => self.at = At::StatusLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => {
                        self.at = At::HeadersStart
                    }
                    b'\n' => return behind(("HPE_INVALID_STATUS", "Invalid response status")),
                    _ => return here(("HPE_INVALID_STATUS", "Invalid response status")),
                },
                At::Status if matches!(byte, b'\r' | b'\n') => {
                    self.count().map_err(|fault| (i + 1, fault))?;
                    self.head.words = latin1(&self.span);
                    self.at = match byte {
                        b'\r' => At::StatusLf,
                        _ if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => At::HeadersStart,
                        _ => {
                            return behind((
                                "HPE_CR_EXPECTED",
                                "Missing expected CR after response line",
                            ));
                        }
                    };
                }
                At::Status => self.span.push(byte),
                At::StatusLf => {
                    taken = matches!(byte, b'\r' | b'\n');
                    if !taken && !self.lets(lenient::OPTIONAL_LF_AFTER_CR) {
                        return here(("HPE_STRICT", "Expected LF after CR"));
                    }
                    self.at = At::HeadersStart;
                }
                At::HeadersStart => {
                    if byte == b' ' && !self.lets(lenient::HEADERS) {
                        return behind((
                            "HPE_UNEXPECTED_SPACE",
                            "Unexpected space after start line",
                        ));
                    }
                    taken = byte == b' ';
                    self.at = At::FieldStart;
                }
                At::FieldStart => match byte {
                    b'\r' => self.at = At::HeadersLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => {
                        return Ok((i + 1, Some(self.ended())));
                    }
                    b'\n' => return behind(FIELD),
                    b':' => return here(TOKEN),
                    _ => {
                        self.open();
                        self.at = At::Field;
                        taken = false;
                    }
                },
                At::Field if is_token(byte) => self.span.push(byte),
                At::Field | At::FieldSpaces if byte == b':' => {
                    self.count().map_err(|fault| (i + 1, fault))?;
                    self.name = std::mem::take(&mut self.span);
                    self.meaning = meaning(&self.name);
                    let may_both = self.lets(lenient::CHUNKED_LENGTH);
                    match self.meaning {
                        Meaning::TransferEncoding if self.head.has_length && !may_both => {
                            let words = "Transfer-Encoding can't be present with Content-Length";
                            return behind(("HPE_INVALID_TRANSFER_ENCODING", words));
                        }
                        Meaning::ContentLength if self.head.has_encoding && !may_both => {
                            let words = "Content-Length can't be present with Transfer-Encoding";
                            return behind(("HPE_INVALID_CONTENT_LENGTH", words));
                        }
                        _ => {}
                    }
                    self.open();
                    self.at = At::ValueSpaces;
                }
                At::Field if byte == b' ' && meaning(&self.span) != Meaning::General => {
                    if !self.lets(lenient::HEADERS) {
                        return behind(FIELD);
                    }
                    self.at = At::FieldSpaces;
                }
                At::FieldSpaces if byte == b' ' => {}
                At::Field | At::FieldSpaces => return here(TOKEN),
                At::ValueSpaces => match byte {
                    b' ' | b'\t' => {}
                    b'\r' => self.at = At::ValueSpacesLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => {
                        self.at = At::ValueSpacesFold
                    }
                    b'\n' => return behind(VALUE),
                    _ => {
                        self.at = At::ValueStart;
                        taken = false;
                    }
                },
                At::ValueSpacesLf => {
                    taken = byte == b'\n';
                    if !taken && !self.lets(lenient::HEADERS) {
                        return here(("HPE_STRICT", "Expected LF after CR"));
                    }
                    self.at = At::ValueSpacesFold;
                }
                At::ValueSpacesFold => {
                    taken = matches!(byte, b' ' | b'\t');
                    if taken && !self.lets(lenient::HEADERS) {
                        return behind(VALUE);
                    }
                    if taken {
                        self.at = At::ValueSpaces;
                    } else if self.meaning == Meaning::ContentLength {
                        return here(("HPE_INVALID_CONTENT_LENGTH", "Empty Content-Length"));
                    } else {
                        self.finish_header();
                    }
                }
                At::ValueStart => {
                    taken = false;
                    self.word.clear();
                    self.at = match self.meaning {
                        Meaning::Upgrade => {
                            self.head.says_upgrade = true;
                            self.meaning = Meaning::General;
                            At::Value
                        }
                        Meaning::TransferEncoding => {
                            if self.head.is_chunked && self.forbids_after_chunked() {
                                return behind(ENCODING);
                            }
                            self.head.has_encoding = true;
                            self.head.is_chunked = false;
                            At::Encoding
                        }
                        Meaning::ContentLength if self.head.has_length => {
                            return here((
                                "HPE_UNEXPECTED_CONTENT_LENGTH",
                                "Duplicate Content-Length",
                            ));
                        }
                        Meaning::ContentLength => At::Length,
                        Meaning::Connection => At::Connection,
                        _ => At::Value,
                    };
                }
                At::Encoding => match self.continues(byte.to_ascii_lowercase(), &["chunked"]) {
                    Ok(()) => {
                        self.span.push(byte);
                        if self.word == b"chunked" {
                            self.word.clear();
                            self.at = At::EncodingChunked;
                        }
                    }
                    Err(_) => {
                        self.at = At::EncodingToken;
                        taken = false;
                    }
                },
                At::EncodingChunked => match byte {
                    b' ' => self.span.push(byte),
                    b'\r' | b'\n' => {
                        self.meaning = Meaning::Chunked;
                        self.at = At::ValueEnd;
                        taken = false;
                    }
                    b',' if self.forbids_after_chunked() => return behind(ENCODING),
                    _ => {
                        self.at = if byte == b',' {
                            At::Encoding
                        } else {
                            At::EncodingToken
                        };
                        taken = false;
                    }
                },
                At::EncodingToken => match byte {
                    b',' => {
                        self.span.push(byte);
                        self.at = At::EncodingSpaces;
                    }
                    _ if is_connection_token(byte) => self.span.push(byte),
                    _ => {
                        self.meaning = Meaning::General;
                        self.at = At::Value;
                        taken = false;
                    }
                },
                At::EncodingSpaces if matches!(byte, b' ' | b'\t') => self.span.push(byte),
                At::EncodingSpaces => {
                    self.at = At::Encoding;
                    taken = false;
                }
                At::Length if byte.is_ascii_digit() => {
                    let sum = self.head.length.checked_mul(10);
                    let Some(sum) = sum.and_then(|sum| sum.checked_add(u64::from(byte - b'0')))
                    else {
                        return behind(("HPE_INVALID_CONTENT_LENGTH", "Content-Length overflow"));
                    };
                    self.head.length = sum;
                    self.span.push(byte);
                }
                At::Length => {
                    self.at = At::LengthSpaces;
                    taken = false;
                }
                At::LengthSpaces => match byte {
                    b' ' => self.span.push(byte),
                    b'\r' | b'\n' => {
                        self.head.has_length = true;
                        self.at = At::ValueEnd;
                        taken = false;
                    }
                    _ => {
                        return here((
                            "HPE_INVALID_CONTENT_LENGTH",
                            "Invalid character in Content-Length",
                        ));
                    }
                },
                At::Connection if matches!(byte, b' ' | b'\t') => self.span.push(byte),
                At::Connection => {
                    self.at = At::ConnectionWord;
                    taken = false;
                }
                At::ConnectionWord => {
                    const WORDS: [&str; 3] = ["close", "upgrade", "keep-alive"];
                    if self.continues(byte.to_ascii_lowercase(), &WORDS).is_err() {
                        self.at = At::ConnectionToken;
                        taken = false;
                    } else {
                        self.span.push(byte);
                        if let Some(which) =
                            WORDS.iter().position(|one| one.as_bytes() == self.word)
                        {
                            self.word.clear();
                            self.meaning = [
                                Meaning::ConnectionClose,
                                Meaning::ConnectionUpgrade,
                                Meaning::ConnectionKeepAlive,
                            ][which];
                            self.at = At::ConnectionSpaces;
                        }
                    }
                }
                At::ConnectionSpaces => match byte {
                    b',' => {
                        self.span.push(byte);
                        self.apply();
                        self.meaning = Meaning::Connection;
                        self.at = At::Connection;
                    }
                    b' ' => self.span.push(byte),
                    b'\r' | b'\n' => {
                        self.at = At::ValueEnd;
                        taken = false;
                    }
                    _ => {
                        self.meaning = Meaning::General;
                        self.at = At::ConnectionToken;
                        taken = false;
                    }
                },
                At::ConnectionToken => match byte {
                    b',' => {
                        self.span.push(byte);
                        self.at = At::Connection;
                    }
                    _ if is_connection_token(byte) => self.span.push(byte),
                    _ => {
                        self.at = At::ValueEnd;
                        taken = false;
                    }
                },
                At::Value if is_value(byte) => self.span.push(byte),
                At::Value => {
                    self.at = At::ValueEnd;
                    taken = false;
                }
                At::ValueEnd | At::ValueLenient if byte == b'\r' => {
                    self.count().map_err(|fault| (i + 1, fault))?;
                    self.at = At::ValueLf;
                }
                At::ValueEnd if byte == b'\n' && !self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => {
                    return here(("HPE_CR_EXPECTED", "Missing expected CR after header value"));
                }
                At::ValueEnd | At::ValueLenient if byte == b'\n' => {
                    self.count().map_err(|fault| (i, fault))?;
                    self.at = At::ValueLf;
                    taken = false;
                }
                At::ValueEnd if !self.lets(lenient::HEADERS) => return here(VALUE),
                At::ValueEnd => {
                    self.at = At::ValueLenient;
                    taken = false;
                }
                At::ValueLenient => self.span.push(byte),
                At::ValueLf if byte == b'\n' => self.at = At::ValueFold,
                At::ValueLf => {
                    return here(("HPE_LF_EXPECTED", "Missing expected LF after header value"));
                }
                At::ValueFold => {
                    taken = false;
                    if !matches!(byte, b' ' | b'\t') {
                        self.finish_header();
                    } else if self.lets(lenient::HEADERS) {
                        if self.meaning == Meaning::Chunked {
                            self.meaning = Meaning::General;
                        }
                        self.at = At::ValueStart;
                    } else {
                        let words = "Unexpected whitespace after header value";
                        return here(("HPE_INVALID_HEADER_TOKEN", words));
                    }
                }
                At::HeadersLf => {
                    taken = byte == b'\n';
                    if !taken && !self.lets(lenient::OPTIONAL_LF_AFTER_CR) {
                        return here(("HPE_STRICT", "Expected LF after headers"));
                    }
                    return Ok((i + usize::from(taken), Some(self.ended())));
                }
                At::ChunkSizeDigit | At::ChunkSize if byte.is_ascii_hexdigit() => {
                    let digit = char::from(byte).to_digit(16).unwrap_or_default();
                    let Some(high) = self.head.length.checked_mul(16) else {
                        return behind(("HPE_INVALID_CHUNK_SIZE", "Chunk size overflow"));
                    };
                    self.head.length = high + u64::from(digit);
                    self.at = At::ChunkSize;
                }
                At::ChunkSize => match byte {
                    b' ' | b'\t' if self.lets(lenient::SPACES_AFTER_CHUNK_SIZE) => {}
                    b' ' | b'\t' => return behind(CHUNK_SIZE),
                    b'\r' => self.at = At::ChunkSizeLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => self.at = At::ChunkSizeLf,
                    b'\n' => {
                        return behind(("HPE_CR_EXPECTED", "Missing expected CR after chunk size"));
                    }
                    b';' => self.at = At::Extensions,
                    _ => return here(CHUNK_SIZE),
                },
                At::ChunkSizeDigit => return here(CHUNK_SIZE),
                At::Extensions if matches!(byte, b' ' | b'\r') => {
                    return behind(("HPE_STRICT", "Invalid character in chunk extensions"));
                }
                At::Extensions => {
                    self.at = At::ExtensionName;
                    taken = false;
                }
                At::ExtensionName
                | At::ExtensionValue
                | At::QuotedEnd
                | At::Quoted
                | At::QuotedPair => {
                    taken = self
                        .extension(byte)
                        .map_err(|(is_behind, fault)| (i + usize::from(is_behind), fault))?;
                    if self.extension_bytes > CHUNK_EXTENSIONS_MAX {
                        return behind((
                            "HPE_CHUNK_EXTENSIONS_OVERFLOW",
                            "Chunk extensions overflow",
                        ));
                    }
                }
                At::ChunkSizeLf => {
                    taken = byte == b'\n';
                    if !taken && !self.lets(lenient::OPTIONAL_LF_AFTER_CR) {
                        return here(("HPE_STRICT", "Expected LF after chunk size"));
                    }
                    (self.head_bytes, self.extension_bytes) = (0, 0);
                    if self.head.length == 0 {
                        self.head.is_trailing = true;
                        self.head.headers.clear();
                        self.at = At::FieldStart;
                    }
                    return Ok((i + usize::from(taken), Some(Found::Chunk(self.head.length))));
                }
                At::ChunkDataCr => match byte {
                    b'\r' => self.at = At::ChunkDataLf,
                    b'\n' if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => self.begin_chunk(),
                    b'\n' => {
                        return behind(("HPE_CR_EXPECTED", "Missing expected CR after chunk data"));
                    }
                    _ if self.lets(lenient::OPTIONAL_CRLF_AFTER_CHUNK) => {
                        self.begin_chunk();
                        taken = false;
                    }
                    _ => return here(("HPE_STRICT", "Expected LF after chunk data")),
                },
                At::ChunkDataLf => {
                    taken = byte == b'\n';
                    if !taken && !self.lets(lenient::OPTIONAL_CRLF_AFTER_CHUNK) {
                        return here(("HPE_STRICT", "Expected LF after chunk data"));
                    }
                    self.begin_chunk();
                }
            }
            i += usize::from(taken);
        }
        // What a span has so far counts when the packet ends.
        self.count().map_err(|fault| (i, fault))?;
        Ok((i, None))
    }

    /// A byte of the URL; an error says whether the byte counts as parsed.
    fn url(&mut self, byte: u8) -> Result<(), (bool, Fault)> {
        let is_begun = !matches!(
            self.at,
            At::UrlStart | At::UrlSchema | At::UrlSchemaDelimiter
        );
        if matches!(byte, b'\t' | 0x0c) {
            return Err((true, URL));
        }
        if matches!(byte, b' ' | b'\r' | b'\n') {
            if !is_begun {
                return Err((true, URL));
            }
            self.count().map_err(|fault| (false, fault))?;
            self.head.url = latin1(&self.span);
            self.open();
            if byte != b' ' {
                (self.head.major, self.head.minor) = (0, 9);
            }
            self.at = match byte {
                b' ' => At::SpacesBeforeProtocol,
                b'\r' => At::UrlLf,
                _ => At::HeadersStart,
            };
            return Ok(());
        }
        self.at = match (self.at, byte) {
            (At::UrlStart, b'/' | b'*') => At::UrlPath,
            (At::UrlStart | At::UrlSchema, _) if byte.is_ascii_alphabetic() => At::UrlSchema,
            (At::UrlStart, _) => {
                return Err((false, ("HPE_INVALID_URL", "Unexpected start char in url")));
            }
            (At::UrlSchema, b':') => At::UrlSchemaDelimiter,
            (At::UrlSchemaDelimiter, b'/') if self.span.ends_with(b"/") => At::UrlServer,
            (At::UrlSchemaDelimiter, b'/') => At::UrlSchemaDelimiter,
            (At::UrlSchema | At::UrlSchemaDelimiter, _) => {
                return Err((false, ("HPE_INVALID_URL", "Unexpected char in url schema")));
            }
            (At::UrlServer | At::UrlServerAfterUser, b'/') => At::UrlPath,
            (At::UrlServer | At::UrlServerAfterUser, b'?') => At::UrlQuery,
            (At::UrlServer, b'@') => At::UrlServerAfterUser,
            (At::UrlServerAfterUser, b'@') => {
                return Err((true, ("HPE_INVALID_URL", "Double @ in url")));
            }
            (At::UrlServer | At::UrlServerAfterUser, _) if is_server(byte) => At::UrlServer,
            (At::UrlServer | At::UrlServerAfterUser, _) => {
                return Err((false, ("HPE_INVALID_URL", "Unexpected char in url server")));
            }
            (At::UrlPath, b'?') => At::UrlQuery,
            (At::UrlPath | At::UrlQuery, b'#') => At::UrlFragment,
            (At::UrlQuery | At::UrlFragment, b'?') | (At::UrlFragment, b'#') => self.at,
            _ if is_url(byte) => self.at,
            (At::UrlPath, _) => {
                return Err((false, ("HPE_INVALID_URL", "Invalid char in url path")));
            }
            (At::UrlQuery, _) => {
                return Err((false, ("HPE_INVALID_URL", "Invalid char in url query")));
            }
            _ => {
                return Err((
                    false,
                    ("HPE_INVALID_URL", "Invalid char in url fragment start"),
                ));
            }
        };
        self.span.push(byte);
        Ok(())
    }

    /// A byte of a chunk's extensions, and whether it is taken; an error says whether it counts as parsed.
    fn extension(&mut self, byte: u8) -> Result<bool, (bool, Fault)> {
        let strict = |is_behind, words| Err((is_behind, ("HPE_STRICT", words)));
        match (self.at, byte) {
            (At::ExtensionName | At::ExtensionValue, _) if is_token(byte) => {
                self.extension_bytes += 1
            }
            (At::ExtensionName, b'=') => self.at = At::ExtensionValue,
            (At::ExtensionValue, b'"') | (At::QuotedPair, b'\t' | b' '..=b'~' | 0x80..) => {
                self.extension_bytes += 1;
                self.at = At::Quoted;
            }
            (At::QuotedPair, _) => {
                return strict(true, "Invalid quoted-pair in chunk extensions quoted value");
            }
            (At::Quoted, b'"') => self.at = At::QuotedEnd,
            (At::Quoted, b'\\') => self.at = At::QuotedPair,
            (At::Quoted, b'\t' | b' '..=b'~' | 0x80..) => self.extension_bytes += 1,
            (At::Quoted, _) => {
                return strict(true, "Invalid character in chunk extensions quoted value");
            }
            (_, b';') => self.at = At::Extensions,
            (_, b'\r') => self.at = At::ChunkSizeLf,
            (_, b'\n') if self.lets(lenient::OPTIONAL_CR_BEFORE_LF) => {
                self.at = At::ChunkSizeLf;
                return Ok(false);
            }
            (_, b'\n') => {
                let words = if self.at == At::ExtensionName {
                    "Missing expected CR after chunk extension name"
                } else {
                    "Missing expected CR after chunk extension value"
                };
                return Err((false, ("HPE_CR_EXPECTED", words)));
            }
            (At::ExtensionName, _) => {
                return strict(true, "Invalid character in chunk extensions name");
            }
            (At::ExtensionValue, _) => {
                return strict(true, "Invalid character in chunk extensions value");
            }
            _ => return strict(false, "Invalid character in chunk extensions quote value"),
        }
        Ok(true)
    }

    /// In a request no encoding may follow `chunked`: two servers would take its end at different places.
    fn forbids_after_chunked(&self) -> bool {
        !self.is_response && !self.lets(lenient::TRANSFER_ENCODING)
    }

    fn apply(&mut self) {
        match self.meaning {
            Meaning::ConnectionClose => self.head.says_close = true,
            Meaning::ConnectionKeepAlive => self.head.says_keep_alive = true,
            Meaning::ConnectionUpgrade => self.head.connection_upgrade = true,
            Meaning::Chunked => self.head.is_chunked = true,
            _ => {}
        }
    }

    fn finish_header(&mut self) {
        self.apply();
        let value = latin1(&self.span);
        let value = value.trim_end_matches([' ', '\t']).to_owned();
        self.head.headers.push((latin1(&self.name), value));
        self.open();
        self.at = At::FieldStart;
    }

    fn ended(&mut self) -> Found {
        self.head_bytes = 0;
        if self.head.is_trailing {
            Found::TrailersEnd
        } else {
            Found::HeadEnd
        }
    }
}

fn meaning(name: &[u8]) -> Meaning {
    match name.to_ascii_lowercase().as_slice() {
        b"connection" | b"proxy-connection" => Meaning::Connection,
        b"content-length" => Meaning::ContentLength,
        b"transfer-encoding" => Meaning::TransferEncoding,
        b"upgrade" => Meaning::Upgrade,
        _ => Meaning::General,
    }
}
