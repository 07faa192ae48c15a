//! Rust's standard library for wasm32-unknown-unknown.
//!
//! Whoever has rustup and can reach Rust's download server gets it with `rustup target add`. Where that server is out
//! of reach, Debian helps: its security archive carries a current compiler (`rustc-web`, there to build browsers) and,
//! as `rust-web-src`, the very library that belongs to it. Built from that source and laid beside the compiler's own
//! libraries, it makes Debian's compiler complete, and rustup then knows it as the toolchain `terrarium-web`.
//!
//! A clone that needs that toolchain gets a `rust-toolchain.toml` that Git ignores, so that plain `cargo` and `trunk`
//! use it too and everything in `target/` comes from one compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::debian;
use crate::Result;
use crate::process::{Environment, output, step, succeeds};
use crate::workspace::{Workspace, write};

const TARGET: &str = "wasm32-unknown-unknown";
const LINKED: &str = "terrarium-web";
const PACKAGES: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "rustfmt-web",
    "rust-web-clippy",
    "lld-19",
];
/// rustup keeps trying for minutes where its server does not answer.
const DOWNLOAD_MAX: Duration = Duration::from_secs(90);
const PROBE_MAX: Duration = Duration::from_secs(20);

pub fn ensure(workspace: &Workspace) -> Result<Environment> {
    let current = Environment::default();
    let mut linked = Environment::default();
    linked.set("RUSTUP_TOOLCHAIN", LINKED);

    if builds(workspace, &current) {
        return Ok(current);
    }
    let rustup = succeeds(Command::new("rustup").arg("--version"), PROBE_MAX);
    if rustup && builds(workspace, &linked) {
        return use_linked(workspace, linked);
    }
    if rustup && add_target(&current) && builds(workspace, &current) {
        return Ok(current);
    }
    if !debian::offers(workspace, PACKAGES) {
        return Err(missing(rustup));
    }
    debian::install(workspace, PACKAGES)?;
    build_library(workspace)?;
    if !rustup {
        return if builds(workspace, &current) {
            Ok(current)
        } else {
            Err(format!(
                "Debian's compiler can now build for {TARGET}, but another cargo stands before it on PATH. Put /usr/bin first."
            ))
        };
    }
    step(
        workspace,
        "Telling rustup about Debian's compiler",
        current
            .command("rustup")
            .args(["toolchain", "link", LINKED])
            .arg(sysroot()?),
    )?;
    if !builds(workspace, &linked) {
        return Err(format!(
            "The toolchain {LINKED} was made but cannot build for {TARGET}."
        ));
    }
    use_linked(workspace, linked)
}

/// Compiles and links nothing much. That takes a tenth of a second and leaves no doubt.
fn builds(workspace: &Workspace, environment: &Environment) -> bool {
    let folder = workspace.root.join("target/probe");
    let source = folder.join("probe.rs");
    if write(
        &source,
        "#[unsafe(no_mangle)]\npub extern \"C\" fn probe() {}\n",
    )
    .is_err()
    {
        return false;
    }
    succeeds(
        environment
            .command("rustc")
            .current_dir(&workspace.root)
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "--target",
                TARGET,
                "-o",
            ])
            .arg(folder.join("probe.wasm"))
            .arg(&source),
        PROBE_MAX,
    )
}

fn add_target(environment: &Environment) -> bool {
    println!("Asking rustup for the target {TARGET} …");
    let mut command = environment.command("rustup");
    succeeds(command.args(["target", "add", TARGET]), DOWNLOAD_MAX)
}

fn missing(rustup: bool) -> String {
    if rustup {
        format!("The Rust target {TARGET} is missing. Install it with: rustup target add {TARGET}")
    } else {
        format!(
            "This cargo cannot build for {TARGET}. Install rustup from https://rustup.rs, then: rustup target add {TARGET}"
        )
    }
}

fn use_linked(workspace: &Workspace, linked: Environment) -> Result<Environment> {
    let file = workspace.file("rust-toolchain.toml");
    let text = format!(
        "# Made by cargo xtask: on this machine only {LINKED} can build for {TARGET}.\n[toolchain]\nchannel = \"{LINKED}\"\n"
    );
    if fs::read_to_string(&file).is_ok_and(|old| old == text) {
        return Ok(linked);
    }
    write(&file, text)?;
    // The next `cargo xtask` runs with this compiler; now is the time to compile it.
    step(
        workspace,
        "Compiling xtask with Debian's compiler",
        linked
            .command("cargo")
            .current_dir(&workspace.root)
            .args(["build", "--package", "xtask"]),
    )?;
    Ok(linked)
}

fn sysroot() -> Result<PathBuf> {
    output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"]))
        .map(PathBuf::from)
        .ok_or_else(|| "Debian's rustc does not say where its libraries are.".to_owned())
}

fn build_library(workspace: &Workspace) -> Result {
    let scratch = workspace.cache.join("build/std");
    let _ = fs::remove_dir_all(&scratch);
    copy_folder(&library_source()?, &scratch)?;
    let mut environment = Environment::default();
    environment.set("RUSTC_BOOTSTRAP", "1");
    environment.set(
        "RUSTFLAGS",
        "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -Cdebuginfo=0",
    );
    environment.set("CARGO_TARGET_DIR", scratch.join("target"));
    environment.add_folder(Path::new("/usr/bin"));
    step(
        workspace,
        "Building Rust's standard library for wasm32",
        environment
            .command("/usr/bin/cargo")
            .current_dir(&scratch)
            .args(["build", "--profile", "dist", "--package", "sysroot"])
            .args(["--target", TARGET, "--features", "compiler-builtins-mem"]),
    )?;
    let built = scratch.join("target").join(TARGET).join("dist/deps");
    let rustlib = sysroot()?.join("lib/rustlib");
    let place = rustlib.join(TARGET).join("lib");
    let mut install = debian::as_root("install");
    install.args(["-D", "-m", "644", "-t"]).arg(&place);
    for file in files(&built)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libsysroot") {
            install.arg(&file);
        }
    }
    step(workspace, "Installing the library", &mut install)?;
    // rustc calls its linker rust-lld and looks for it here; Debian's package has it under its own name.
    let linker = rustlib.join(format!("{}/bin/rust-lld", host()?));
    if !linker.exists() {
        let mut folder = debian::as_root("mkdir");
        step(
            workspace,
            "Making a place for the linker",
            folder.arg("-p").arg(linker.parent().unwrap_or(&rustlib)),
        )?;
        let mut link = debian::as_root("ln");
        step(
            workspace,
            "Linking the linker",
            link.args(["-s", "/usr/bin/lld-19"]).arg(&linker),
        )?;
    }
    let _ = fs::remove_dir_all(&scratch);
    Ok(())
}

fn host() -> Result<String> {
    output(Command::new("/usr/bin/rustc").arg("-vV"))
        .as_deref()
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ")))
        .map(str::to_owned)
        .ok_or_else(|| "Debian's rustc does not say for which machine it is.".to_owned())
}

/// `/usr/src/rustc-1.96.0/library`; the version is the compiler's.
fn library_source() -> Result<PathBuf> {
    let version = output(Command::new("/usr/bin/rustc").arg("-vV"))
        .as_deref()
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("release: ")))
        .map(str::to_owned)
        .ok_or("Debian's rustc does not say its version.")?;
    let folder = PathBuf::from(format!("/usr/src/rustc-{version}/library"));
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(format!(
            "{} is missing although rust-web-src is installed.",
            folder.display()
        ))
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn copy_folder(from: &Path, to: &Path) -> Result {
    let copied = to
        .parent()
        .map(fs::create_dir_all)
        .is_none_or(|made| made.is_ok())
        && Command::new("cp")
            .arg("-r")
            .arg(from)
            .arg(to)
            .status()
            .is_ok_and(|status| status.success());
    copied
        .then_some(())
        .ok_or_else(|| format!("{} cannot be copied.", from.display()))
}
