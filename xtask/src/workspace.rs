//! Where things are. Everything that can be thrown away is in `target/`, or in a cache beside all clones, so that a
//! second clone on the same machine finds the tools already built; nothing relies on the cache being there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

pub struct Workspace {
    pub root: PathBuf,
    /// Shared by all clones: `$XDG_CACHE_HOME/terrarium`, `~/.cache/terrarium` or, without a home, inside `target/`.
    pub cache: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .ok_or("xtask must lie in the repository.")?
            .to_path_buf();
        let cache = cache_home()
            .unwrap_or_else(|| root.join("target/cache"))
            .join("terrarium");
        fs::create_dir_all(&cache)
            .map_err(|error| format!("{} cannot be created: {error}.", cache.display()))?;
        Ok(Self { root, cache })
    }

    /// Honours `CARGO_TARGET_DIR`, as Cargo does.
    pub fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// What the page fetches beside itself. Always inside the clone: index.html names it.
    pub fn assets(&self) -> PathBuf {
        self.root.join("target/assets")
    }

    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    pub fn logs(&self) -> PathBuf {
        self.root.join("target/logs")
    }

    pub fn file(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }
}

fn cache_home() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
}

pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be created: {error}.", folder.display()))?;
    }
    fs::write(path, bytes)
        .map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}

/// Leaves the file alone, and so its time, when it already says the same.
pub fn copy_if_changed(from: &Path, to: &Path) -> Result {
    let bytes =
        fs::read(from).map_err(|error| format!("{} cannot be read: {error}.", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    write(to, bytes)
}
