//! Node's own library, and the memory of a jar that has booted it.
//!
//! Booting takes a tenth of a second and always leaves the same bytes, so they are kept between runs: a run begins with
//! a fresh instance, whose memory is grown to the image's size and made equal to it. Nothing else in an instance
//! changes while it boots. The key covers the wasm and all parts of the library.

use std::{fs, path::Path};

use xxhash_rust::xxh3::Xxh3;

use crate::{Error, cache::Shelf};

const SHELF: Shelf = Shelf {
    folder: "images",
    ending: "memory",
};
/// Beside the wasm. The first lists what is in the others; here, where nothing is downloaded, all are loaded at once.
const FILES: [&str; 3] = ["node-lib.bin", "node-lib-more.bin", "node-lib-fetch.bin"];
/// Half of the memory is stack and other emptiness: only what differs from a fresh instance is kept, by pages.
const PAGE_BYTES: usize = 4096;

/// As kept on disk: u64 bytes of memory, u32 count of stretches, for each u32 start and u32 bytes, then their content;
/// little-endian.
pub struct Image {
    pub memory_bytes: usize,
    /// Where each begins in the memory and where in `bytes`, and its length.
    stretches: Vec<(usize, usize, usize)>,
    bytes: Vec<u8>,
}

impl Image {
    /// Of a memory, as the difference to what a fresh instance has.
    pub fn new(fresh: &[u8], booted: &[u8]) -> Self {
        let mut differing: Vec<(usize, usize)> = Vec::new();
        for (index, page) in booted.chunks(PAGE_BYTES).enumerate() {
            let start = index * PAGE_BYTES;
            let same = match fresh.get(start..start + page.len()) {
                Some(before) => before == page,
                None => page.iter().all(|byte| *byte == 0),
            };
            match differing.last_mut() {
                _ if same => {}
                Some((last, length)) if *last + *length == start => *length += page.len(),
                _ => differing.push((start, page.len())),
            }
        }
        let mut bytes = (booted.len() as u64).to_le_bytes().to_vec();
        bytes.extend((differing.len() as u32).to_le_bytes());
        for (start, length) in &differing {
            bytes.extend((*start as u32).to_le_bytes());
            bytes.extend((*length as u32).to_le_bytes());
        }
        for (start, length) in &differing {
            bytes.extend(&booted[*start..start + length]);
        }
        Self::parse(bytes).expect("what was just written")
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let u32_at = |at: usize| -> Option<usize> {
            let four = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(four) as usize)
        };
        let memory_bytes = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?) as usize;
        let count = u32_at(8)?;
        let mut stretches = Vec::new();
        let mut from = 12 + count.checked_mul(8)?;
        for index in 0..count {
            let (start, length) = (u32_at(12 + index * 8)?, u32_at(16 + index * 8)?);
            if start + length > memory_bytes {
                return None;
            }
            stretches.push((start, from, length));
            from += length;
        }
        (from == bytes.len()).then_some(Self {
            memory_bytes,
            stretches,
            bytes,
        })
    }

    /// Where in the memory, and what.
    pub fn stretches(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.stretches
            .iter()
            .map(|(start, from, length)| (*start, &self.bytes[*from..from + length]))
    }

    pub fn find(key: u64) -> Option<Self> {
        SHELF.find(key, |_, bytes| Self::parse(bytes))
    }

    pub fn keep(&self, key: u64) {
        SHELF.keep(key, &self.bytes);
    }
}

/// The files in the order in which the jar takes them.
pub fn read_library(wasm: &Path) -> Result<Vec<Vec<u8>>, Error> {
    FILES
        .iter()
        .map(|name| {
            let path = wasm.with_file_name(name);
            fs::read(&path).map_err(|error| {
                Error::Unloadable(format!(
                    "{} cannot be read: {error}. `cargo xtask assets` makes it.",
                    path.display()
                ))
            })
        })
        .collect()
}

pub fn key(wasm: &[u8], library: &[Vec<u8>]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(wasm);
    for part in library {
        hasher.update(part);
    }
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::{Image, PAGE_BYTES};

    #[test]
    fn an_image_makes_a_fresh_memory_equal() {
        let mut fresh = vec![0; 3 * PAGE_BYTES];
        fresh[..PAGE_BYTES].fill(1);
        fresh[PAGE_BYTES] = 2;
        let mut booted = fresh.clone();
        // A page that is emptied, one that is filled, and two beyond the fresh memory's end.
        booted[PAGE_BYTES] = 0;
        booted[2 * PAGE_BYTES + 7] = 9;
        booted.resize(5 * PAGE_BYTES, 0);
        booted[4 * PAGE_BYTES..].fill(3);
        let image = Image::new(&fresh, &booted);
        let again = Image::parse(image.bytes.clone()).expect("it reads what it writes");
        assert_eq!(again.stretches().count(), 2);
        let mut memory = fresh;
        memory.resize(again.memory_bytes, 0);
        for (start, bytes) in again.stretches() {
            memory[start..start + bytes.len()].copy_from_slice(bytes);
        }
        assert!(memory == booted);
        for cut in [0, 11, 20, image.bytes.len() - 1] {
            assert!(Image::parse(image.bytes[..cut].to_vec()).is_none());
        }
    }
}
