//! Frames as they lie on a wire (RFC 9113, sections 4 and 6).

/// What a client sends before its first frame.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const HEADER_BYTES: usize = 9;

pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
    /// RFC 7838.
    pub const ALTSVC: u8 = 10;
    /// RFC 8336.
    pub const ORIGIN: u8 = 12;
}

pub mod flag {
    pub const END_STREAM: u8 = 1;
    pub const ACK: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 32;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub length: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

impl Head {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3, ..] = *bytes else {
            return None;
        };
        Some(Self {
            length: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            kind,
            flags,
            stream: u31([s0, s1, s2, s3]),
        })
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.length as u32).to_be_bytes()[1..]);
        out.extend_from_slice(&[self.kind, self.flags]);
        out.extend_from_slice(&self.stream.to_be_bytes());
    }
}

pub fn u31(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// Four bytes at a place, as a number; what is not there counts as 0.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    u32::from_be_bytes(word.unwrap_or_default())
}

/// Dependency and weight, as HEADERS and PRIORITY frames carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    pub parent: u32,
    pub weight: i32,
    pub is_exclusive: bool,
}

impl Priority {
    pub const BYTES: usize = 5;
    pub const DEFAULT_WEIGHT: i32 = 16;

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let parent = u32_at(bytes, 0);
        Some(Self {
            parent: parent & 0x7fff_ffff,
            weight: i32::from(*bytes.get(4)?) + 1,
            is_exclusive: parent >> 31 == 1,
        })
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let parent = self.parent | u32::from(self.is_exclusive) << 31;
        out.extend_from_slice(&parent.to_be_bytes());
        out.push((self.weight - 1) as u8);
    }
}

/// A frame's content without its padding; `None` when there is more padding than content.
pub fn unpadded(head: &Head, payload: &[u8]) -> Option<usize> {
    if !head.has(flag::PADDED) {
        return Some(payload.len());
    }
    let padding = usize::from(*payload.first()?);
    payload.len().checked_sub(1)?.checked_sub(padding)
}
