//! A C compiler that can write wasm, for QuickJS. Apple's cannot, and Debian's default is too old.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::debian;
use crate::Result;
use crate::process::{Environment, output, succeeds};
use crate::workspace::{Workspace, write};

const COMPILERS: &[&str] = &[
    "clang",
    "clang-22",
    "clang-21",
    "clang-20",
    "clang-19",
    "clang-18",
    "/opt/homebrew/opt/llvm/bin/clang",
    "/usr/local/opt/llvm/bin/clang",
];
const PACKAGES: &[&str] = &["clang-19", "llvm-19", "lld-19"];

pub fn ensure(workspace: &Workspace) -> Result<Environment> {
    if let Some(environment) = find(workspace) {
        return Ok(environment);
    }
    if debian::offers(workspace, PACKAGES) {
        debian::install(workspace, PACKAGES)?;
        if let Some(environment) = find(workspace) {
            return Ok(environment);
        }
    }
    Err("A clang that can build for wasm32 is missing. Install it: \
         apt install clang-19 llvm-19 lld-19 on Debian and Ubuntu, brew install llvm lld on a Mac \
         (Apple's own clang cannot), dnf install clang llvm lld on Fedora; \
         or name one with CC_wasm32_unknown_unknown and AR_wasm32_unknown_unknown."
        .to_owned())
}

fn find(workspace: &Workspace) -> Option<Environment> {
    let named = std::env::var("CC_wasm32_unknown_unknown").ok();
    let compilers = named
        .iter()
        .map(String::as_str)
        .chain(COMPILERS.iter().copied());
    for compiler in compilers {
        let Some(archiver) = archiver(compiler) else {
            continue;
        };
        if compiles(workspace, compiler) {
            let mut environment = Environment::default();
            environment.set("CC_wasm32_unknown_unknown", compiler);
            environment.set("AR_wasm32_unknown_unknown", archiver);
            return Some(environment);
        }
    }
    None
}

fn compiles(workspace: &Workspace, compiler: &str) -> bool {
    let source = workspace.root.join("target/probe/probe.c");
    let object = source.with_extension("o");
    write(&source, "int probe(void) { return 0; }\n").is_ok()
        && succeeds(
            Command::new(compiler)
                .args(["--target=wasm32-unknown-unknown", "-c", "-o"])
                .args([object, source]),
            Duration::from_secs(20),
        )
}

/// The compiler's own llvm-ar, which knows wasm's symbols.
fn archiver(compiler: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("AR_wasm32_unknown_unknown") {
        return Some(named.into());
    }
    let answer = output(Command::new(compiler).arg("--print-prog-name=llvm-ar"))?;
    let path = Path::new(&answer);
    path.is_absolute().then(|| path.to_path_buf())
}
