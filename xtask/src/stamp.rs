//! Knowing that nothing has changed. A stamp is a file that holds the hash of everything a step depends on: the names,
//! sizes and times of its inputs, and words such as a version. The same hash and the output still there: nothing to do.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::Result;
use crate::workspace::write;

pub struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// Folders count with all that is in them, `node_modules` and `target` left out.
    pub fn of(file: PathBuf, inputs: &[PathBuf], words: &[&str]) -> Self {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        for input in inputs {
            hash_path(input, &mut hasher);
        }
        Self {
            file,
            hash: format!("{:016x}", hasher.finish()),
        }
    }

    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|old| old == self.hash)
    }

    pub fn set(&self) -> Result {
        write(&self.file, &self.hash)
    }
}

fn hash_path(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if metadata.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| !path.ends_with("node_modules") && !path.ends_with("target"))
            .collect();
        entries.sort();
        for entry in &entries {
            hash_path(entry, hasher);
        }
    } else {
        metadata.len().hash(hasher);
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.hash(hasher);
    }
}
