//! Bytes for the edge: postcard, and the hash that tells two traces apart.

use serde::{Serialize, de::DeserializeOwned};

use crate::Event;

/// Encodes any protocol value. Encoding into memory cannot fail for the types of this crate.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("protocol types always encode")
}

/// Decodes a protocol value; the error is a sentence for a developer, since only a version mismatch produces one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes)
        .map_err(|error| format!("these bytes are not of this protocol: {error}"))
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
        for byte in encode(event) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut hash = Self::default();
        events.into_iter().for_each(|event| hash.add(event));
        hash
    }
}
