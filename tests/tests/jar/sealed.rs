//! The modules are sealed: they ask their surroundings for nothing at all.

use std::{fs, path::Path};

/// Sections of a WebAssembly binary start with their number and their size.
/// Source: <https://webassembly.github.io/spec/core/binary/modules.html>.
const IMPORT_SECTION: u8 = 2;

#[test]
fn the_modules_have_zero_imports() {
    for path in [terrarium::wasm_path(), terrarium::typescript_path()] {
        has_zero_imports(&path.unwrap_or_else(|error| panic!("{error}")));
    }
}

fn has_zero_imports(path: &Path) {
    let wasm = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(
        &wasm[..8],
        b"\0asm\x01\0\0\0",
        "{} is WebAssembly",
        path.display()
    );
    let mut at = 8;
    let mut sections = 0;
    while at < wasm.len() {
        let section = wasm[at];
        at += 1;
        let size = number(&wasm, &mut at);
        if section == IMPORT_SECTION {
            let count = number(&wasm, &mut { at });
            assert_eq!(count, 0, "{} imports {count} things", path.display());
        }
        at += size;
        sections += 1;
    }
    assert_eq!(at, wasm.len(), "the last section ends with the file");
    assert!(sections > 5, "{sections} sections are no program");
}

#[test]
fn the_host_agrees() {
    tests::jar();
}

/// LEB128.
fn number(bytes: &[u8], at: &mut usize) -> usize {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
