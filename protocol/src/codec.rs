//! Bytes for the edge: postcard, and the hash that tells two traces apart.

use std::{
    fmt::{self, Debug, Formatter},
    marker::PhantomData,
};

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Event, EventKind, Status};

/// Encodes any protocol value. Encoding into memory cannot fail for the types of this crate.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let bytes = Bytes(Vec::with_capacity(EVENT_BYTES));
    postcard::serialize_with_flavor(value, bytes).expect("protocol types always encode")
}

/// What nearly every event fits into, so that its memory need not grow.
const EVENT_BYTES: usize = 128;

struct Bytes(Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// Decodes a protocol value; the error is a sentence for a developer, since only a version mismatch produces one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes)
        .map_err(|error| format!("these bytes are not of this protocol: {error}"))
}

/// A value that travels closed: who has no use for it carries its bytes, and needs no code to read it.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Packed<T> {
    bytes: Vec<u8>,
    #[serde(skip)]
    of: PhantomData<T>,
}

impl<T> Packed<T> {
    /// Nothing has been packed.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<T: Serialize> Packed<T> {
    pub fn new(value: &T) -> Self {
        Self {
            bytes: encode(value),
            of: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Packed<T> {
    /// What was packed; `None` when nothing was.
    pub fn open(&self) -> Option<T> {
        decode(&self.bytes).ok()
    }
}

impl<T> Default for Packed<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            of: PhantomData,
        }
    }
}

impl<T> PartialEq for Packed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Packed<T> {}

impl<T> Debug for Packed<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} packed bytes", self.bytes.len())
    }
}

/// A reply to `Step`, read one event at a time: a page may not stand still while a quarter of a million are decoded.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub status: Status,
    bytes: Vec<u8>,
    at: usize,
    left: u64,
}

/// The number of `Reply::Stepped` among the replies.
const STEPPED: u32 = 2;

impl Stretch {
    /// `Err` gives the bytes of any other reply back, for [`decode`].
    pub fn open(bytes: Vec<u8>) -> Result<Self, Vec<u8>> {
        let head = || {
            let (variant, rest) = postcard::take_from_bytes::<u32>(&bytes).ok()?;
            if variant != STEPPED {
                return None;
            }
            let (status, rest) = postcard::take_from_bytes::<Status>(rest).ok()?;
            let (left, rest) = postcard::take_from_bytes::<u64>(rest).ok()?;
            Some((status, left, bytes.len() - rest.len()))
        };
        match head() {
            Some((status, left, at)) => Ok(Self {
                status,
                bytes,
                at,
                left,
            }),
            None => Err(bytes),
        }
    }

    /// Events that are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The next event; `None` after the last.
    pub fn next_event(&mut self) -> Result<Option<Event>, String> {
        if self.left == 0 {
            return Ok(None);
        }
        let (event, rest) = postcard::take_from_bytes::<Event>(&self.bytes[self.at..])
            .map_err(|error| format!("these bytes are not of this protocol: {error}"))?;
        self.at = self.bytes.len() - rest.len();
        self.left -= 1;
        Ok(Some(event))
    }
}

/// FNV-1a, 64 bits, over the encoded events in order: small, dependency-free, and equal everywhere.
/// Source: <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHash(pub u64);

impl Default for TraceHash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl TraceHash {
    pub fn add(&mut self, event: &Event) {
        let bytes = match event.kind {
            EventKind::HeapUsed { .. } => encode(&Event {
                kind: EventKind::HeapUsed { bytes: 0 },
                ..event.clone()
            }),
            _ => encode(event),
        };
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut hash = Self::default();
        events.into_iter().for_each(|event| hash.add(event));
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reply;

    #[test]
    fn a_stretch_reads_what_a_reply_wrote() {
        let events: Vec<Event> = (0..300)
            .map(|number| Event {
                cause: Some(number),
                time_ns: number * 1_000_000,
                process: 1,
                kind: EventKind::TaskStarted { task: number },
                stack: Vec::new(),
            })
            .collect();
        let status = Status::Running { now_ns: 1 << 40 };
        let reply = Reply::Stepped {
            status: status.clone(),
            events: events.clone(),
        };
        let mut stretch = Stretch::open(encode(&reply)).expect("it is a reply to a step");
        assert_eq!((&stretch.status, stretch.left()), (&status, 300));
        let read: Vec<Event> = std::iter::from_fn(|| stretch.next_event().unwrap()).collect();
        assert_eq!(read, events);
    }

    #[test]
    fn other_replies_are_given_back() {
        let bytes = encode(&Reply::Started { version: 1 });
        assert_eq!(Stretch::open(bytes.clone()).unwrap_err(), bytes);
        assert!(Stretch::open(Vec::new()).is_err());
        let mut cut = Stretch::open(vec![2, 0, 5, 3, 0]).unwrap();
        assert!(cut.next_event().is_err());
    }
}
