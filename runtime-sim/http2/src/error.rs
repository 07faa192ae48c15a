//! Error codes: the RFC's, which go over the wire, and nghttp2's own, which a library's caller sees.

/// RFC 9113, section 7.
pub mod code {
    pub const NO_ERROR: u32 = 0;
    pub const PROTOCOL_ERROR: u32 = 1;
    pub const INTERNAL_ERROR: u32 = 2;
    pub const FLOW_CONTROL_ERROR: u32 = 3;
    pub const STREAM_CLOSED: u32 = 5;
    pub const FRAME_SIZE_ERROR: u32 = 6;
    pub const REFUSED_STREAM: u32 = 7;
    pub const CANCEL: u32 = 8;
    pub const COMPRESSION_ERROR: u32 = 9;
    pub const ENHANCE_YOUR_CALM: u32 = 11;
}

/// `nghttp2_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub i32);

impl Error {
    pub const INVALID_ARGUMENT: Self = Self(-501);
    pub const PROTO: Self = Self(-505);
    pub const STREAM_ID_NOT_AVAILABLE: Self = Self(-509);
    pub const STREAM_CLOSED: Self = Self(-510);
    pub const STREAM_CLOSING: Self = Self(-511);
    pub const STREAM_SHUT_WR: Self = Self(-512);
    pub const INVALID_STREAM_ID: Self = Self(-513);
    pub const INVALID_STREAM_STATE: Self = Self(-514);
    pub const START_STREAM_NOT_ALLOWED: Self = Self(-516);
    pub const INVALID_STATE: Self = Self(-519);
    pub const FRAME_SIZE_ERROR: Self = Self(-522);
    pub const HEADER_COMP: Self = Self(-523);
    pub const FLOW_CONTROL: Self = Self(-524);
    pub const PUSH_DISABLED: Self = Self(-528);
    pub const DATA_EXIST: Self = Self(-529);
    pub const SESSION_CLOSING: Self = Self(-530);
    pub const HTTP_HEADER: Self = Self(-531);
    pub const HTTP_MESSAGING: Self = Self(-532);
    pub const REFUSED_STREAM: Self = Self(-533);
    pub const PUSH_CANCEL: Self = Self(-535);
    pub const BAD_CLIENT_MAGIC: Self = Self(-903);
    pub const FLOODED: Self = Self(-904);
    pub const TOO_MANY_CONTINUATIONS: Self = Self(-905);

    /// The code that tells the other side of it.
    pub fn wire_code(self) -> u32 {
        match self {
            Self::STREAM_CLOSED => code::STREAM_CLOSED,
            Self::HEADER_COMP => code::COMPRESSION_ERROR,
            Self::FRAME_SIZE_ERROR => code::FRAME_SIZE_ERROR,
            Self::FLOW_CONTROL => code::FLOW_CONTROL_ERROR,
            Self::REFUSED_STREAM => code::REFUSED_STREAM,
            Self::PUSH_CANCEL => code::CANCEL,
            Self::PROTO | Self::HTTP_HEADER | Self::HTTP_MESSAGING => code::PROTOCOL_ERROR,
            _ => code::INTERNAL_ERROR,
        }
    }

    /// No session goes on after it.
    pub fn is_fatal(self) -> bool {
        self.0 < -900
    }
}

/// `nghttp2_strerror`.
pub fn text(error: i32) -> &'static str {
    match error {
        0 => "Success",
        -501 => "Invalid argument",
        -502 => "Out of buffer space",
        -503 => "Unsupported SPDY version",
        -504 => "Operation would block",
        -505 => "Protocol error",
        -506 => "Invalid frame octets",
        -507 => "EOF",
        -508 => "Data transfer deferred",
        -509 => "No more Stream ID available",
        -510 => "Stream was already closed or invalid",
        -511 => "Stream is closing",
        -512 => "The transmission is not allowed for this stream",
        -513 => "Stream ID is invalid",
        -514 => "Invalid stream state",
        -515 => "Another DATA frame has already been deferred",
        -516 => "request HEADERS is not allowed",
        -517 => "GOAWAY has already been sent",
        -518 => "Invalid header block",
        -519 => "Invalid state",
        -521 => "The user callback function failed due to the temporal error",
        -522 => "The length of the frame is invalid",
        -523 => "Header compression/decompression error",
        -524 => "Flow control error",
        -525 => "Insufficient buffer size given to function",
        -526 => "Callback was paused by the application",
        -527 => "Too many inflight SETTINGS",
        -528 => "Server push is disabled by peer",
        -529 => "DATA or HEADERS frame has already been submitted for the stream",
        -530 => "The current session is closing",
        -531 => "Invalid HTTP header field was received",
        -532 => "Violation in HTTP messaging rule",
        -533 => "Stream was refused",
        -534 => "Internal error",
        -535 => "Cancel",
        -536 => {
            "When a local endpoint expects to receive SETTINGS frame, it receives an other type of frame"
        }
        -537 => "SETTINGS frame contained more than the maximum allowed entries",
        -901 => "Out of memory",
        -902 => "The user callback function failed",
        -903 => "Received bad client magic byte string",
        -904 => "Flooding was detected in this HTTP/2 session, and it must be closed",
        -905 => "Too many CONTINUATION frames following a HEADER frame",
        _ => "Unknown error code",
    }
}
