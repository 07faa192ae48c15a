//! The jar as machine code, kept between runs: compiling takes seconds, mapping a file takes a millisecond.
//!
//! In `$XDG_CACHE_HOME/terrarium/compiled` (or `~/.cache/…`), `KEY.ref` holds the checksum of the code, and
//! `CHECKSUM.cwasm` is the code. The key covers the wasm's bytes and everything that wasmtime says the code depends on:
//! its version, its settings and the features of this processor. Files appear by renaming, so a reader never sees half
//! of one; one that does not match its name is made again. Without a folder to write to, nothing is kept.

use std::{
    env, fs,
    hash::{Hash, Hasher},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use wasmtime::{Engine, Module};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Older builds of the jar are of no use, but two checkouts may take turns.
const MODULES_MAX: usize = 4;

pub fn load(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Module> {
    let Some(folder) = folder() else {
        return Module::new(engine, wasm);
    };
    let reference = folder.join(format!("{:016x}.ref", key(engine, wasm)));
    if let Some(module) = open(engine, &folder, &reference) {
        return Ok(module);
    }
    let module = Module::new(engine, wasm)?;
    // A cache that cannot be written to costs time, and nothing else.
    let _ = keep(&module.serialize()?, &folder, &reference);
    Ok(module)
}

fn folder() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("terrarium/compiled"))
}

fn key(engine: &Engine, wasm: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    wasm.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

fn open(engine: &Engine, folder: &Path, reference: &Path) -> Option<Module> {
    let checksum = fs::read_to_string(reference).ok()?;
    let path = code_path(folder, &checksum)?;
    let code = fs::read(&path).ok()?;
    if format!("{:032x}", xxh3_128(&code)) != checksum {
        return None;
    }
    // SAFETY: the file has the checksum of what this program wrote after compiling the same wasm with the same engine,
    // and wasmtime checks again that the code is for this version, these settings and this processor.
    unsafe { Module::deserialize_file(engine, &path) }.ok()
}

fn keep(code: &[u8], folder: &Path, reference: &Path) -> io::Result<()> {
    let checksum = format!("{:032x}", xxh3_128(code));
    let path = code_path(folder, &checksum).ok_or(io::ErrorKind::InvalidData)?;
    fs::create_dir_all(folder)?;
    write_whole(&path, code)?;
    write_whole(reference, checksum.as_bytes())?;
    forget_old(folder, "cwasm")?;
    forget_old(folder, "ref")
}

/// `None` when the reference does not hold a checksum.
fn code_path(folder: &Path, checksum: &str) -> Option<PathBuf> {
    let sound = checksum.len() == 32 && checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| folder.join(format!("{checksum}.cwasm")))
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
    let old = files.len().saturating_sub(MODULES_MAX);
    for (_, path) in &files[..old] {
        fs::remove_file(path)?;
    }
    Ok(())
}
