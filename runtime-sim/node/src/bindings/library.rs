//! `node-lib.bin`: the sources of Node's own library (packages/node-lib/build.js describes the file).

use std::collections::BTreeMap;

pub struct Library {
    bytes: Vec<u8>,
    modules: BTreeMap<String, (usize, usize)>,
}

impl Library {
    /// `None` when the bytes are not such a file.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut modules = BTreeMap::new();
        let mut at = 8;
        if bytes.get(..8)? != b"NODELIB1" {
            return None;
        }
        while at < bytes.len() {
            let id_bytes = usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
            at += 2;
            let id = std::str::from_utf8(bytes.get(at..at + id_bytes)?).ok()?;
            at += id_bytes + 1;
            let length = u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
            at += 4;
            modules.insert(id.to_owned(), (at, length));
            bytes.get(at..=at + length)?;
            at += length + 1;
        }
        Some(Self { bytes, modules })
    }

    pub fn source(&self, id: &str) -> Option<&str> {
        let (at, length) = *self.modules.get(id)?;
        std::str::from_utf8(&self.bytes[at..at + length]).ok()
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }
}
