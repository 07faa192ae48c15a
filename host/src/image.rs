//! Node's own library, and the memory of a jar that has booted it.
//!
//! Booting takes a tenth of a second, and compiling all of the library longer. Both leave the same bytes, so they are
//! kept between runs: a run begins with a fresh instance, whose memory is grown to the image's size and made equal to
//! it. Nothing else in an instance changes while it boots. The key covers the wasm and all parts of the library.
//!
//! Where the system can, the image's file is mapped over the memory, copied on write: a program pays only for the pages
//! that it changes.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use protocol::LIBRARY_FILES;
use wasmtime::{Memory, StoreContextMut};
use xxhash_rust::xxh3::Xxh3;

use crate::{Error, cache::Shelf};

const SHELF: Shelf = Shelf {
    folder: "images",
    ending: "memory",
};
/// Half of the memory is stack and other emptiness: only what differs from a fresh instance is kept, by pages.
const PAGE_BYTES: usize = 4096;

/// As kept on disk: u64 bytes of memory, u32 count of stretches, for each u32 start and u32 bytes, zeros up to the next
/// page, then the stretches' content, whole pages all of it; little-endian.
pub struct Image {
    memory_bytes: usize,
    stretches: Vec<Stretch>,
    content: Content,
}

struct Stretch {
    /// In the memory.
    start: usize,
    /// In the file.
    from: usize,
    length: usize,
}

enum Content {
    Bytes(Vec<u8>),
    File(File),
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
        bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
        for (start, length) in &differing {
            bytes.extend(&booted[*start..start + length]);
        }
        let (memory_bytes, stretches) = table(&bytes, bytes.len()).expect("it was just written");
        Self {
            memory_bytes,
            stretches,
            content: Content::Bytes(bytes),
        }
    }

    /// In the cache, where it is found sound.
    pub fn find(key: u64) -> Option<Self> {
        let (path, file) = SHELF.find(key)?;
        if !can_map() {
            let bytes = fs::read(path).ok()?;
            let (memory_bytes, stretches) = table(&bytes, bytes.len())?;
            let content = Content::Bytes(bytes);
            return Some(Self {
                memory_bytes,
                stretches,
                content,
            });
        }
        let file_bytes = file.metadata().ok()?.len() as usize;
        let (memory_bytes, stretches) = table(&head(&file).ok()?, file_bytes)?;
        Some(Self {
            memory_bytes,
            stretches,
            content: Content::File(file),
        })
    }

    pub fn keep(&self, key: u64) {
        if let Content::Bytes(bytes) = &self.content {
            SHELF.keep(key, bytes);
        }
    }

    /// Makes the memory of a fresh instance equal to the booted one.
    pub fn restore(&self, memory: &Memory, mut store: StoreContextMut<()>) -> wasmtime::Result<()> {
        let missing = self.memory_bytes - memory.data_size(&store);
        let pages = missing as u64 / memory.page_size(&store);
        memory.grow(&mut store, pages)?;
        match &self.content {
            Content::Bytes(bytes) => {
                for stretch in &self.stretches {
                    let content = &bytes[stretch.from..stretch.from + stretch.length];
                    memory.write(&mut store, stretch.start, content)?;
                }
            }
            Content::File(file) => map(file, &self.stretches, memory.data_mut(&mut store))?,
        }
        Ok(())
    }
}

/// The bytes of memory and the stretches, as the head of a file of this length says. `None` when it makes no sense.
fn table(head: &[u8], file_bytes: usize) -> Option<(usize, Vec<Stretch>)> {
    let u32_at = |at: usize| -> Option<usize> {
        let four = head.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(four) as usize)
    };
    let memory_bytes = u64::from_le_bytes(head.get(..8)?.try_into().ok()?) as usize;
    let count = u32_at(8)?;
    let mut from = (12 + count.checked_mul(8)?).next_multiple_of(PAGE_BYTES);
    let mut stretches = Vec::new();
    for index in 0..count {
        let (start, length) = (u32_at(12 + index * 8)?, u32_at(16 + index * 8)?);
        if start + length > memory_bytes || (start | length) % PAGE_BYTES != 0 {
            return None;
        }
        stretches.push(Stretch {
            start,
            from,
            length,
        });
        from += length;
    }
    (from == file_bytes).then_some((memory_bytes, stretches))
}

#[cfg(unix)]
fn can_map() -> bool {
    rustix::param::page_size() == PAGE_BYTES
}

#[cfg(not(unix))]
fn can_map() -> bool {
    false
}

/// More than any table needs.
#[cfg(unix)]
fn head(file: &File) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let mut head = vec![0; 64 << 10];
    let count = file.read_at(&mut head, 0)?;
    head.truncate(count);
    Ok(head)
}

#[cfg(not(unix))]
fn head(_: &File) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn map(file: &File, stretches: &[Stretch], memory: &mut [u8]) -> io::Result<()> {
    use rustix::mm::{MapFlags, ProtFlags, mmap};
    for stretch in stretches {
        let place = &mut memory[stretch.start..stretch.start + stretch.length];
        // SAFETY: these are whole pages of the memory of an instance that has not run yet, and nothing else refers to
        // them; when wasmtime gives the memory back it unmaps all of its range, whatever lies there. Nobody writes into
        // the file: the cache replaces files, it does not change them.
        unsafe {
            mmap(
                place.as_mut_ptr().cast(),
                place.len(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::FIXED,
                file,
                stretch.from as u64,
            )?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn map(_: &File, _: &[Stretch], _: &mut [u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The files in the order in which the jar takes them.
pub fn read_library(wasm: &Path) -> Result<Vec<Vec<u8>>, Error> {
    LIBRARY_FILES
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
    use super::{Content, Image, PAGE_BYTES, table};

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
        let Content::Bytes(bytes) = &image.content else {
            panic!("it is not in a file yet");
        };
        let (memory_bytes, stretches) = table(bytes, bytes.len()).expect("its own table");
        assert_eq!(stretches.len(), 2);
        let mut memory = fresh;
        memory.resize(memory_bytes, 0);
        for stretch in &stretches {
            memory[stretch.start..stretch.start + stretch.length]
                .copy_from_slice(&bytes[stretch.from..stretch.from + stretch.length]);
        }
        assert!(memory == booted);
        for cut in [0, 11, 20, bytes.len() - 1] {
            assert!(table(&bytes[..cut], cut).is_none());
        }
    }
}
