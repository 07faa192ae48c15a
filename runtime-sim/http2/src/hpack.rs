//! Header compression (RFC 7541). The encoder chooses as nghttp2 does what goes into the table and what never does.
//!
//! Of Huffman's code only the lengths stand here: it is canonical, so they say the rest. The crates that do this neither
//! tell nor keep that a field is never to be indexed, which `node:http2` shows as `sensitiveHeaders`.

use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    /// No table on the way may keep it.
    pub is_sensitive: bool,
}

impl Header {
    pub fn new(name: &[u8], value: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            value: value.to_vec(),
            is_sensitive: false,
        }
    }

    /// As tables and limits count it.
    pub fn size_bytes(&self) -> usize {
        self.name.len() + self.value.len() + ENTRY_BYTES
    }
}

/// A block that nobody can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

const ENTRY_BYTES: usize = 32;
const TABLE_BYTES: usize = 4096;
/// nghttp2's limit for a name or a value.
const TEXT_BYTES_MAX: usize = 65_536;
const COOKIE_SHORT_BYTES: usize = 20;

#[derive(Debug)]
struct Table {
    entries: VecDeque<(Vec<u8>, Vec<u8>)>,
    bytes: usize,
    bytes_max: usize,
}

impl Table {
    fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max: TABLE_BYTES,
        }
    }

    fn resize(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        self.evict(0);
    }

    fn evict(&mut self, room_bytes: usize) {
        while self.bytes + room_bytes > self.bytes_max
            && let Some((name, value)) = self.entries.pop_back()
        {
            self.bytes -= name.len() + value.len() + ENTRY_BYTES;
        }
    }

    fn insert(&mut self, name: Vec<u8>, value: Vec<u8>) {
        let bytes = name.len() + value.len() + ENTRY_BYTES;
        self.evict(bytes);
        if bytes <= self.bytes_max {
            self.bytes += bytes;
            self.entries.push_front((name, value));
        }
    }

    /// Indices begin at 1.
    fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let index = index.checked_sub(1)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Some((name, value));
        }
        let (name, value) = self.entries.get(index - STATIC.len())?;
        Some((name, value))
    }

    /// The index of the field and whether its value is there too; 0 is nowhere.
    fn find(&self, header: &Header, with_value: bool) -> (usize, bool) {
        let known = STATIC.iter().map(|(name, value)| (*name, *value));
        let dynamic = self
            .entries
            .iter()
            .map(|(name, value)| (&name[..], &value[..]));
        let mut named = 0;
        for (index, (name, value)) in known.chain(dynamic).enumerate() {
            if name != header.name {
                continue;
            }
            if with_value && value == header.value {
                return (index + 1, true);
            }
            if named == 0 {
                named = index + 1;
            }
        }
        (named, false)
    }
}

// ---- decoding ----

#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// What this side allows.
    bytes_max: usize,
    /// The other side has still to say that it heeds a smaller limit.
    must_shrink: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: Table::new(),
            bytes_max: TABLE_BYTES,
            must_shrink: false,
        }
    }
}

impl Decoder {
    pub fn table_bytes(&self) -> usize {
        self.table.bytes
    }

    /// SETTINGS_HEADER_TABLE_SIZE, once the other side has acknowledged it.
    pub fn limit(&mut self, bytes_max: usize) {
        self.must_shrink |= bytes_max < self.table.bytes_max;
        self.bytes_max = bytes_max;
    }

    pub fn decode(&mut self, block: &[u8]) -> Result<Vec<Header>, Malformed> {
        let (mut rest, mut headers) = (block, Vec::new());
        while let Some(first) = rest.first() {
            let first = *first;
            if first & 0xe0 == 0x20 {
                let bytes_max = integer(&mut rest, 5)?;
                if bytes_max > self.bytes_max || !headers.is_empty() {
                    return Err(Malformed);
                }
                self.table.resize(bytes_max);
                self.must_shrink = false;
                continue;
            }
            if self.must_shrink {
                return Err(Malformed);
            }
            if first & 0x80 != 0 {
                let (name, value) = self.table.get(integer(&mut rest, 7)?).ok_or(Malformed)?;
                headers.push(Header::new(name, value));
                continue;
            }
            let keeps = first & 0x40 != 0;
            let index = integer(&mut rest, if keeps { 6 } else { 4 })?;
            let name = if index == 0 {
                text(&mut rest)?
            } else {
                self.table.get(index).ok_or(Malformed)?.0.to_vec()
            };
            let value = text(&mut rest)?;
            if keeps {
                self.table.insert(name.clone(), value.clone());
            }
            headers.push(Header {
                name,
                value,
                is_sensitive: first & 0xf0 == 0x10,
            });
        }
        Ok(headers)
    }
}

fn integer(rest: &mut &[u8], prefix_bits: u32) -> Result<usize, Malformed> {
    const BITS_MAX: u32 = 28;
    let (first, mut more) = rest.split_first().ok_or(Malformed)?;
    let mask = (1_usize << prefix_bits) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (byte, after) = more.split_first().ok_or(Malformed)?;
            more = after;
            if shift > BITS_MAX {
                return Err(Malformed);
            }
            let part = u64::from(byte & 0x7f) << shift;
            let sum = value as u64 + part;
            value = u32::try_from(sum).map_err(|_| Malformed)? as usize;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = more;
    Ok(value)
}

fn text(rest: &mut &[u8]) -> Result<Vec<u8>, Malformed> {
    let is_huffman = rest.first().ok_or(Malformed)? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let (text, after) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    let text = if is_huffman {
        from_huffman(text)?
    } else {
        text.to_vec()
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(Malformed);
    }
    Ok(text)
}

// ---- encoding ----

#[derive(Debug)]
pub struct Encoder {
    table: Table,
    /// What this side keeps at most, whatever the other one allows.
    bytes_max: usize,
    /// Table sizes to tell before the next field: the smallest since, and the last.
    resized: Option<(usize, usize)>,
}

impl Encoder {
    pub fn new(bytes_max: usize) -> Self {
        let mut encoder = Self {
            table: Table::new(),
            bytes_max,
            resized: None,
        };
        if bytes_max < TABLE_BYTES {
            encoder.limit(bytes_max);
        }
        encoder
    }

    pub fn table_bytes(&self) -> usize {
        self.table.bytes
    }

    /// The other side's SETTINGS_HEADER_TABLE_SIZE.
    pub fn limit(&mut self, bytes_max: usize) {
        let bytes_max = bytes_max.min(self.bytes_max);
        let smallest = self
            .resized
            .map_or(bytes_max, |(least, _)| least.min(bytes_max));
        self.resized = Some((smallest, bytes_max));
        self.table.resize(bytes_max);
    }

    pub fn encode(&mut self, headers: &[Header]) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some((smallest, last)) = self.resized.take() {
            if smallest < last {
                put_integer(&mut out, 0x20, 5, smallest);
            }
            put_integer(&mut out, 0x20, 5, last);
        }
        for header in headers {
            self.encode_one(&mut out, header);
        }
        out
    }

    fn encode_one(&mut self, out: &mut Vec<u8>, header: &Header) {
        // What is short can be guessed, one byte at a time.
        let is_secret = header.is_sensitive
            || header.name == b"authorization"
            || header.name == b"cookie" && header.value.len() < COOKIE_SHORT_BYTES;
        let (index, with_value) = self.table.find(header, !is_secret);
        if with_value {
            return put_integer(out, 0x80, 7, index);
        }
        let varies = VARYING.contains(&&header.name[..])
            || header.size_bytes() > self.table.bytes_max * 3 / 4;
        let (mark, prefix_bits) = match (is_secret, varies) {
            (true, _) => (0x10, 4),
            (false, true) => (0, 4),
            (false, false) => (0x40, 6),
        };
        put_integer(out, mark, prefix_bits, index);
        if index == 0 {
            put_text(out, &header.name);
        }
        put_text(out, &header.value);
        if mark == 0x40 {
            self.table.insert(header.name.clone(), header.value.clone());
        }
    }
}

/// Fields whose next value is seldom the last one.
const VARYING: [&[u8]; 8] = [
    b":path",
    b"age",
    b"content-length",
    b"etag",
    b"if-modified-since",
    b"if-none-match",
    b"location",
    b"set-cookie",
];

fn put_integer(out: &mut Vec<u8>, mark: u8, prefix_bits: u32, value: usize) {
    let mask = (1 << prefix_bits) - 1;
    if value < mask {
        out.push(mark | value as u8);
        return;
    }
    out.push(mark | mask as u8);
    let mut value = value - mask;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    let bits: usize = text
        .iter()
        .map(|byte| usize::from(LENGTHS[usize::from(*byte)]))
        .sum();
    let short = bits.div_ceil(8);
    if short < text.len() {
        put_integer(out, 0x80, 7, short);
        to_huffman(text, out);
    } else {
        put_integer(out, 0, 7, text.len());
        out.extend_from_slice(text);
    }
}

// ---- Huffman ----

const SYMBOLS: usize = 257;
const END: usize = 256;
const BITS_MAX: usize = 30;

/// The code: of each length the first code and where its symbols begin, the symbols in their order, and the code of each.
struct Huffman {
    first: [u32; BITS_MAX + 2],
    begin: [u16; BITS_MAX + 2],
    symbols: [u16; SYMBOLS],
    codes: [u32; SYMBOLS],
}

const HUFFMAN: Huffman = {
    let mut code = Huffman {
        first: [0; BITS_MAX + 2],
        begin: [0; BITS_MAX + 2],
        symbols: [0; SYMBOLS],
        codes: [0; SYMBOLS],
    };
    let (mut next, mut place, mut bits) = (0_u32, 0_u16, 1);
    while bits <= BITS_MAX {
        next <<= 1;
        code.first[bits] = next;
        code.begin[bits] = place;
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == bits {
                code.symbols[place as usize] = symbol as u16;
                code.codes[symbol] = next;
                next += 1;
                place += 1;
            }
            symbol += 1;
        }
        bits += 1;
    }
    code.begin[BITS_MAX + 1] = place;
    code
};

fn to_huffman(text: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut count) = (0_u64, 0);
    for byte in text {
        let symbol = usize::from(*byte);
        let length = u32::from(LENGTHS[symbol]);
        bits = bits << length | u64::from(HUFFMAN.codes[symbol]);
        count += length;
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        out.push(((bits << (8 - count)) as u8) | (0xff_u16 >> count) as u8);
    }
}

fn from_huffman(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(text.len() * 8 / 5);
    let (mut code, mut bits) = (0_u32, 0_usize);
    for bit in text
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        code = code << 1 | u32::from(bit);
        bits += 1;
        if bits > BITS_MAX {
            return Err(Malformed);
        }
        let count = u32::from(HUFFMAN.begin[bits + 1] - HUFFMAN.begin[bits]);
        let Some(nth) = code
            .checked_sub(HUFFMAN.first[bits])
            .filter(|nth| *nth < count)
        else {
            continue;
        };
        let symbol = usize::from(HUFFMAN.symbols[usize::from(HUFFMAN.begin[bits]) + nth as usize]);
        if symbol == END {
            return Err(Malformed);
        }
        out.push(symbol as u8);
        (code, bits) = (0, 0);
    }
    // What is left over is the beginning of the end's code: ones, fewer than eight.
    if bits > 7 || code != (1 << bits) - 1 {
        return Err(Malformed);
    }
    Ok(out)
}

/// Appendix B: how many bits each byte takes, and the end.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Appendix A.
#[rustfmt::skip]
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.chunks(2).map(|two| pair(two).unwrap()).collect()
    }

    fn named(headers: &[(&str, &str)]) -> Vec<Header> {
        let header = |(name, value): &(&str, &str)| Header::new(name.as_bytes(), value.as_bytes());
        headers.iter().map(header).collect()
    }

    /// RFC 7541, appendix C: blocks that follow each other on one connection, what they say, and the table's size.
    type Example = (&'static str, &'static [(&'static str, &'static str)], usize);
    const PLAIN_REQUESTS: [Example; 3] = [
        (
            "828684410f7777772e6578616d706c652e636f6d",
            &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
            ],
            57,
        ),
        (
            "828684be58086e6f2d6361636865",
            &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
                ("cache-control", "no-cache"),
            ],
            110,
        ),
        (
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            &[
                (":method", "GET"),
                (":scheme", "https"),
                (":path", "/index.html"),
                (":authority", "www.example.com"),
                ("custom-key", "custom-value"),
            ],
            164,
        ),
    ];
    const HUFFMAN_REQUESTS: [Example; 3] = [
        (
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
            ],
            57,
        ),
        (
            "828684be5886a8eb10649cbf",
            &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
                ("cache-control", "no-cache"),
            ],
            110,
        ),
        (
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            &[
                (":method", "GET"),
                (":scheme", "https"),
                (":path", "/index.html"),
                (":authority", "www.example.com"),
                ("custom-key", "custom-value"),
            ],
            164,
        ),
    ];

    #[test]
    fn the_rfcs_examples() {
        for examples in [PLAIN_REQUESTS, HUFFMAN_REQUESTS] {
            let mut decoder = Decoder::default();
            for (block, headers, bytes) in examples {
                assert_eq!(decoder.decode(&hex(block)), Ok(named(headers)), "{block}");
                assert_eq!(decoder.table_bytes(), bytes, "{block}");
            }
        }
        let mut encoder = Encoder::new(TABLE_BYTES);
        for (block, headers, bytes) in HUFFMAN_REQUESTS {
            assert_eq!(encoder.encode(&named(headers)), hex(block), "{block}");
            assert_eq!(encoder.table_bytes(), bytes, "{block}");
        }
    }

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        let headers = [
            Header::new(b"x", &all),
            Header {
                is_sensitive: true,
                ..Header::new(b"secret", b"s")
            },
        ];
        let block = Encoder::new(TABLE_BYTES).encode(&headers);
        assert_eq!(Decoder::default().decode(&block), Ok(headers.to_vec()));
        let mut short = Vec::new();
        to_huffman(&all, &mut short);
        assert_eq!(from_huffman(&short), Ok(all));
    }

    #[test]
    fn what_nobody_can_read() {
        for (what, block) in [
            ("index 0", "80"),
            ("an index behind the table", "be"),
            ("no value", "0401"),
            ("an endless integer", "7fffffffffffff"),
            ("a larger table than allowed", "3fe2ff03"),
            ("a table size behind a field", "8220"),
            ("padding of zeros", "00018081 00"),
            ("eight bits of padding", "000182ffff 00"),
            ("Huffman's end", "000184fffffffc00"),
        ] {
            assert_eq!(
                Decoder::default().decode(&hex(block)),
                Err(Malformed),
                "{what}"
            );
        }
    }

    #[test]
    fn a_smaller_table_is_told() {
        let mut encoder = Encoder::new(TABLE_BYTES);
        let mut decoder = Decoder::default();
        let headers = named(&[("a", "b")]);
        encoder.limit(0);
        encoder.limit(100);
        decoder.limit(100);
        let block = encoder.encode(&headers);
        assert_eq!(block[..3], hex("203f45")[..]);
        assert_eq!(decoder.decode(&block), Ok(headers));
        decoder.limit(50);
        assert_eq!(decoder.decode(&hex("82")), Err(Malformed));
    }
}
