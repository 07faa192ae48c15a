//! The jar as machine code, kept between runs: compiling takes seconds, mapping a file takes a millisecond.
//!
//! The key covers the wasm's bytes and everything that wasmtime says the code depends on: its version, its settings
//! and the features of this processor.

use std::{
    hash::{Hash, Hasher},
    path::Path,
};

use wasmtime::{Engine, Module};
use xxhash_rust::xxh3::Xxh3;

use crate::cache::Shelf;

const SHELF: Shelf = Shelf {
    folder: "compiled",
    ending: "cwasm",
};

pub fn load(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Module> {
    let key = key(engine, wasm);
    // SAFETY: the file has the checksum of what this program wrote after compiling the same wasm with the same engine,
    // and wasmtime checks again that the code is for this version, these settings and this processor.
    let open = |path: &Path| unsafe { Module::deserialize_file(engine, path) }.ok();
    if let Some(module) = SHELF.find(key).and_then(|(path, _)| open(&path)) {
        return Ok(module);
    }
    let module = Module::new(engine, wasm)?;
    SHELF.keep(key, &module.serialize()?);
    Ok(module)
}

fn key(engine: &Engine, wasm: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    wasm.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}
