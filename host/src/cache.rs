//! Files that took long to make, kept between runs in `$XDG_CACHE_HOME/terrarium` (or `~/.cache/…`).
//!
//! On a shelf, `KEY.ref` holds the checksum of what was kept under that key, and `CHECKSUM.ENDING` is that. Files appear
//! by renaming, so a reader never sees half of one; one that does not match its name counts as missing and is made
//! again. Without a folder to write to, nothing is kept: that costs time, and nothing else.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use xxhash_rust::xxh3::xxh3_128;

/// What older builds made is of no use, but two checkouts may take turns.
const FILES_MAX: usize = 4;

/// A folder of the cache with one kind of files in it.
pub struct Shelf {
    pub folder: &'static str,
    pub ending: &'static str,
}

impl Shelf {
    /// What is kept under a key, as `open` makes it from the file and its content; a sound file that `open` does not
    /// take counts as missing too.
    pub fn find<T>(&self, key: u64, open: impl FnOnce(&Path, Vec<u8>) -> Option<T>) -> Option<T> {
        let folder = self.path()?;
        let checksum = fs::read_to_string(reference(&folder, key)).ok()?;
        let path = self.file(&folder, &checksum)?;
        let bytes = fs::read(&path).ok()?;
        if format!("{:032x}", xxh3_128(&bytes)) != checksum {
            return None;
        }
        open(&path, bytes)
    }

    pub fn keep(&self, key: u64, bytes: &[u8]) {
        if let Some(folder) = self.path() {
            let _ = self.write(&folder, key, bytes);
        }
    }

    fn write(&self, folder: &Path, key: u64, bytes: &[u8]) -> io::Result<()> {
        let checksum = format!("{:032x}", xxh3_128(bytes));
        let path = self
            .file(folder, &checksum)
            .ok_or(io::ErrorKind::InvalidData)?;
        fs::create_dir_all(folder)?;
        write_whole(&path, bytes)?;
        write_whole(&reference(folder, key), checksum.as_bytes())?;
        forget_old(folder, self.ending)?;
        forget_old(folder, "ref")
    }

    fn path(&self) -> Option<PathBuf> {
        let absolute = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches =
            absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(caches.join("terrarium").join(self.folder))
    }

    /// `None` when the reference does not hold a checksum.
    fn file(&self, folder: &Path, checksum: &str) -> Option<PathBuf> {
        let sound = checksum.len() == 32 && checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
        sound.then(|| folder.join(format!("{checksum}.{}", self.ending)))
    }
}

fn reference(folder: &Path, key: u64) -> PathBuf {
    folder.join(format!("{key:016x}.ref"))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}

fn forget_old(folder: &Path, ending: &str) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    files.sort();
    let old = files.len().saturating_sub(FILES_MAX);
    for (_, path) in &files[..old] {
        fs::remove_file(path)?;
    }
    Ok(())
}
