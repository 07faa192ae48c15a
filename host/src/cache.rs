//! Files that took long to make, kept between runs in `$XDG_CACHE_HOME/terrarium` (or `~/.cache/…`).
//!
//! On a shelf, `KEY.ref` holds the checksum of what was kept under that key, and `CHECKSUM.ENDING` is that. Files appear
//! by renaming, so a reader never sees half of one; one that does not match its name counts as missing and is made
//! again. Without a folder to write to, nothing is kept: that costs time, and nothing else.

use std::{
    env,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What older builds made is of no use, but two checkouts may take turns.
const FILES_MAX: usize = 4;

/// A folder of the cache with one kind of files in it.
pub struct Shelf {
    pub folder: &'static str,
    pub ending: &'static str,
}

impl Shelf {
    /// The file that is kept under a key, found sound.
    pub fn find(&self, key: u64) -> Option<(PathBuf, File)> {
        let folder = self.path()?;
        let checksum = fs::read_to_string(reference(&folder, key)).ok()?;
        let path = self.file(&folder, &checksum)?;
        let file = File::open(&path).ok()?;
        let sound = format!("{:032x}", checksum_of(&file).ok()?) == checksum;
        sound.then_some((path, file))
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

fn checksum_of(mut file: &File) -> io::Result<u128> {
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.digest128()),
            count => hasher.update(&buffer[..count]),
        }
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
