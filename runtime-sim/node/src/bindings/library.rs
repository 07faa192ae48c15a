//! Node's own library: the sources of its modules, in parts (packages/node-lib/build.js describes the files).
//!
//! The first part lists all modules and is there from the start. The others come when a program asks for a module of
//! theirs: [`Library::source`] then notes which part is wanted, and whoever drives the process ends the attempt, hands
//! the part over with [`Library::add`] and starts the run again. Nobody can tell, because a run is its scenario.

use std::cell::{Cell, OnceCell};

use super::code_cache::CodeCache;

const DIRECTORY: &[u8] = b"NODELIB2";
const PART: &[u8] = b"NODEPART";

pub struct Library {
    /// Names the build: parts of different builds do not fit together.
    build: Vec<u8>,
    /// By id, in the order of the ids.
    modules: Vec<(String, Module)>,
    parts: Vec<Part>,
    wanted: Cell<Option<Wanted>>,
    pub code: CodeCache,
}

#[derive(Clone, Copy)]
enum Wanted {
    Part(usize),
    WholeJar,
}

struct Module {
    is_public: bool,
    part: usize,
    start: usize,
    length: usize,
}

struct Part {
    name: String,
    length: usize,
    /// Its file, and where in it the sources begin.
    sources: OnceCell<(Vec<u8>, usize)>,
}

impl Library {
    /// Whether these bytes begin a library, rather than add a part to one.
    pub fn is_directory(bytes: &[u8]) -> bool {
        bytes.starts_with(DIRECTORY)
    }

    /// `None` when the bytes are not a whole node-lib.bin.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader(bytes.strip_prefix(DIRECTORY)?);
        let build = reader.take(8)?.to_vec();
        let mut parts = Vec::new();
        for _ in 0..reader.u8()? {
            let name_bytes = reader.u8()?;
            parts.push(Part {
                name: reader.text(name_bytes)?,
                length: reader.u32()?,
                sources: OnceCell::new(),
            });
        }
        let mut modules: Vec<(String, Module)> = Vec::new();
        for _ in 0..reader.u16()? {
            let id_bytes = reader.u16()?;
            let id = reader.text(id_bytes)?;
            let module = Module {
                is_public: reader.u8()? == 1,
                part: reader.u8()?,
                start: reader.u32()?,
                length: reader.u32()?,
            };
            let part = parts.get(module.part)?;
            if module.start.checked_add(module.length)? >= part.length {
                return None;
            }
            if modules.last().is_some_and(|(last, _)| *last >= id) {
                return None;
            }
            modules.push((id, module));
        }
        let first = parts.first()?;
        if reader.0.len() != first.length {
            return None;
        }
        let from = bytes.len() - first.length;
        first.sources.set((bytes, from)).ok()?;
        Some(Self {
            build,
            code: CodeCache::default(),
            modules,
            parts,
            wanted: Cell::new(None),
        })
    }

    /// Adds a part. The error is a sentence.
    pub fn add(&self, bytes: Vec<u8>) -> Result<(), String> {
        let mut reader = Reader(
            bytes
                .strip_prefix(PART)
                .ok_or("these bytes are neither Node's library nor a part of it")?,
        );
        let header = (|| {
            let build = reader.take(8)?;
            let name_bytes = reader.u8()?;
            Some((build, reader.text(name_bytes)?))
        })();
        let (build, name) = header.ok_or("this part of Node's library is cut off")?;
        let part = self
            .parts
            .iter()
            .find(|part| part.name == name)
            .filter(|_| build == self.build)
            .ok_or_else(|| format!("the part {name} belongs to another build of Node's library"))?;
        if reader.0.len() != part.length {
            return Err(format!("the part {name} of Node's library is not whole"));
        }
        let from = bytes.len() - part.length;
        // A part that is there already is the same.
        let _ = part.sources.set((bytes, from));
        Ok(())
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.modules
            .binary_search_by(|(known, _)| known.as_str().cmp(id))
            .ok()
    }

    /// `None` when there is no such module, or when its part is not there: then [`Library::wanted`] names it.
    pub fn source(&self, id: &str) -> Option<&str> {
        let (_, module) = &self.modules[self.place(id)?];
        let Some((bytes, from)) = self.parts[module.part].sources.get() else {
            self.wanted.set(Some(Wanted::Part(module.part)));
            return None;
        };
        let start = from + module.start;
        std::str::from_utf8(&bytes[start..start + module.length]).ok()
    }

    /// The part that was asked for and is not there.
    pub fn wanted(&self) -> Option<&str> {
        Some(match self.wanted.get()? {
            Wanted::Part(part) => &self.parts[part].name,
            Wanted::WholeJar => protocol::WHOLE_JAR,
        })
    }

    /// For a binding that only the whole jar has.
    pub fn want_whole_jar(&self) {
        self.wanted.set(Some(Wanted::WholeJar));
    }

    pub fn forget_wanted(&self) {
        self.wanted.set(None);
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|(id, _)| id.as_str())
    }

    /// The modules that programs may require.
    pub fn public_ids(&self) -> impl Iterator<Item = &str> {
        self.modules
            .iter()
            .filter(|(_, module)| module.is_public)
            .map(|(id, _)| id.as_str())
    }
}

pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn u8(&mut self) -> Option<usize> {
        Some(usize::from(self.take(1)?[0]))
    }

    fn u16(&mut self) -> Option<usize> {
        let two = self.take(2)?.try_into().ok()?;
        Some(usize::from(u16::from_le_bytes(two)))
    }

    pub fn u32(&mut self) -> Option<usize> {
        let four = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(four) as usize)
    }

    fn text(&mut self, bytes: usize) -> Option<String> {
        Some(std::str::from_utf8(self.take(bytes)?).ok()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Library;

    /// A library of `events` and, in the part `more`, `http`.
    fn directory() -> Vec<u8> {
        let mut bytes = b"NODELIB2buildnum\x02".to_vec();
        bytes.extend(b"\x00\x05\x00\x00\x00");
        bytes.extend(b"\x04more\x05\x00\x00\x00");
        bytes.extend(b"\x02\x00");
        bytes.extend(b"\x06\x00events\x01\x00\x00\x00\x00\x00\x04\x00\x00\x00");
        bytes.extend(b"\x04\x00http\x01\x01\x00\x00\x00\x00\x04\x00\x00\x00");
        bytes.extend(b"1+1;\0");
        bytes
    }

    #[test]
    fn a_part_is_wanted_until_it_is_there() {
        let library = Library::parse(directory()).expect("a library");
        assert_eq!(library.source("events"), Some("1+1;"));
        assert_eq!(library.source("nothing"), None);
        assert_eq!(library.wanted(), None);
        assert_eq!(library.source("http"), None);
        assert_eq!(library.wanted(), Some("more"));
        library.forget_wanted();
        library
            .add(b"NODEPARTbuildnum\x04more2+2;\0".to_vec())
            .expect("its part");
        assert_eq!(library.source("http"), Some("2+2;"));
        assert_eq!(library.wanted(), None);
        assert_eq!(library.ids().collect::<Vec<_>>(), ["events", "http"]);
    }

    #[test]
    fn damaged_bytes_are_no_library() {
        let whole = directory();
        for length in 0..whole.len() {
            assert!(
                Library::parse(whole[..length].to_vec()).is_none(),
                "{length}"
            );
        }
        let library = Library::parse(whole).expect("a library");
        for part in [
            &b"garbage"[..],
            b"NODEPARTbuild",
            b"NODEPARTotherone\x04more2+2;\0",
            b"NODEPARTbuildnum\x04less2+2;\0",
            b"NODEPARTbuildnum\x04more2+2;",
        ] {
            assert!(library.add(part.to_vec()).is_err());
        }
        assert_eq!(library.source("http"), None);
    }
}
