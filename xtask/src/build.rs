//! Making what the page is made of.
//!
//! `target/assets/` holds what the page fetches: `runtime_sim.wasm` (the jar without what few programs need),
//! `runtime_sim_whole.wasm` (the jar with them, which a program that asks for one of them loads), `node-lib.bin` and its further parts
//! (Node's own library), `typescript.wasm` (which only programs in TypeScript load), `editor.js`, `fonts/`, `lessons/catalog.bin` and a `.bin` for each lesson, `packages/catalog.bin` and
//! a `.bin` for each npm package. Trunk copies it beside the page, which it builds itself.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::process::{Environment, step};
use crate::setup;
use crate::stamp::Stamp;
use crate::workspace::{Workspace, copy_if_changed};

pub const TARGET: &str = "wasm32-unknown-unknown";
/// The first is loaded before every run, the others when a program asks for what is in them.
const LIBRARY_FILES: [&str; 5] = [
    "node-lib.bin",
    "node-lib-often.bin",
    "node-lib-more.bin",
    "node-lib-fetch.bin",
    "node-lib-intl.bin",
];

/// Everything that the page fetches. Does nothing where nothing has changed.
pub fn assets(workspace: &Workspace, environment: &Environment) -> Result {
    editor(workspace, environment)?;
    simulation(workspace, environment)?;
    packages(workspace, environment)?;
    lessons(workspace, environment)
}

/// The sealed modules and what the jar boots.
pub fn simulation(workspace: &Workspace, environment: &Environment) -> Result {
    jar(workspace, environment)?;
    node_library(workspace, environment)
}

/// Node's own library, in the page's assets and beside the jar that Cargo made, where the host looks for it.
fn node_library(workspace: &Workspace, environment: &Environment) -> Result {
    setup::npm_install(workspace, "packages")?;
    let inputs = ["node-lib", "package.json", "package-lock.json"];
    let stamp = Stamp::of(
        workspace.file("target/stamps/node-lib"),
        &inputs.map(|input| workspace.file("packages").join(input)),
        &[],
    );
    let assets = workspace.assets();
    let is_whole = LIBRARY_FILES.iter().all(|file| assets.join(file).is_file());
    if !(stamp.is_current() && is_whole) {
        step(
            workspace,
            "Making Node's own library",
            environment
                .command("node")
                .current_dir(workspace.file("packages"))
                .arg("node-lib/build.js")
                .arg(assets.join(LIBRARY_FILES[0])),
        )?;
        stamp.set()?;
    }
    let beside = workspace.target().join(TARGET).join("release");
    LIBRARY_FILES
        .iter()
        .try_for_each(|file| copy_if_changed(&assets.join(file), &beside.join(file)))
}

/// The sealed modules: the jar, and the one that makes JavaScript of TypeScript. Cargo knows best whether they are fresh.
fn jar(workspace: &Workspace, environment: &Environment) -> Result {
    // The jar is made fast; of what reads TypeScript, a page waits for the download.
    let without_whole: &[&str] = &["--no-default-features"];
    for (doing, package, profile, features, file, asset) in [
        (
            "Building the whole jar",
            "runtime-sim",
            "release",
            &[][..],
            "runtime_sim.wasm",
            "runtime_sim_whole.wasm",
        ),
        (
            "Building the jar that a page begins with",
            "runtime-sim",
            "plain",
            without_whole,
            "runtime_sim.wasm",
            "runtime_sim.wasm",
        ),
        (
            "Building what reads TypeScript",
            "typescript",
            "page",
            &[],
            "typescript.wasm",
            "typescript.wasm",
        ),
    ] {
        step(
            workspace,
            doing,
            cargo(workspace, environment)
                .args(["build", "--profile", profile, "--target", TARGET])
                .args(["--package", package])
                .args(features),
        )?;
        let built = workspace.target().join(TARGET).join(profile).join(file);
        let asset = workspace.assets().join(asset);
        match profile {
            "release" => copy_if_changed(&built, &asset)?,
            _ => optimize(workspace, environment, &built, &asset)?,
        }
    }
    Ok(())
}

fn optimize(
    workspace: &Workspace,
    environment: &Environment,
    built: &Path,
    asset: &Path,
) -> Result {
    setup::npm_install(workspace, "packages")?;
    let name = asset.file_stem().unwrap_or_default().to_string_lossy();
    let stamp = Stamp::of(
        workspace.file(format!("target/stamps/{name}")),
        &[
            built.to_owned(),
            workspace.file("packages/optimize.js"),
            workspace.file("packages/package-lock.json"),
        ],
        &[],
    );
    if stamp.is_current() && asset.is_file() {
        return Ok(());
    }
    step(
        workspace,
        &format!("Optimizing {name}"),
        environment
            .command("node")
            .current_dir(&workspace.root)
            .arg("packages/optimize.js")
            .args([built, asset]),
    )?;
    stamp.set()
}

/// The editor, the fonts and the page's styles.
fn editor(workspace: &Workspace, environment: &Environment) -> Result {
    setup::npm_install(workspace, "packages")?;
    let inputs = [
        "packages/build.js",
        "packages/package.json",
        "packages/package-lock.json",
        "packages/src",
        "playground/styles",
    ];
    let stamp = Stamp::of(
        workspace.file("target/stamps/editor"),
        &inputs.map(|input| workspace.file(input)),
        &[],
    );
    let assets = workspace.assets();
    // Not among the assets: Trunk names it after its content.
    let styles = workspace.file("target/styles/page.css");
    if stamp.is_current() && assets.join("editor.js").is_file() && styles.is_file() {
        return Ok(());
    }
    step(
        workspace,
        "Bundling the editor and the styles",
        environment
            .command("node")
            .current_dir(workspace.file("packages"))
            .args([OsStr::new("build.js"), OsStr::new("--out")])
            .arg(&assets)
            .arg("--styles")
            .arg(&styles),
    )?;
    stamp.set()
}

/// The npm packages that programs can import, each with all it depends on.
fn packages(workspace: &Workspace, environment: &Environment) -> Result {
    setup::npm_install(workspace, "packages/npm")?;
    let inputs = ["build.js", "package.json", "package-lock.json"];
    let stamp = Stamp::of(
        workspace.file("target/stamps/packages"),
        &inputs.map(|input| workspace.file("packages/npm").join(input)),
        &[],
    );
    let folder = workspace.assets().join("packages");
    if stamp.is_current() && folder.join("catalog.bin").is_file() {
        return Ok(());
    }
    step(
        workspace,
        "Packing the npm packages",
        environment
            .command("node")
            .current_dir(workspace.file("packages/npm"))
            .args([OsStr::new("build.js"), OsStr::new("--out")])
            .arg(&folder),
    )?;
    stamp.set()
}

fn lessons(workspace: &Workspace, environment: &Environment) -> Result {
    let inputs = ["lessons", "course", "protocol", "Cargo.lock"];
    let stamp = Stamp::of(
        workspace.file("target/stamps/lessons"),
        &inputs.map(|input| workspace.file(input)),
        &[],
    );
    let folder = workspace.assets().join("lessons");
    if stamp.is_current() && folder.join("catalog.bin").is_file() {
        return Ok(());
    }
    // A lesson that was renamed must not live on under its old name.
    let _ = fs::remove_dir_all(&folder);
    step(
        workspace,
        "Building the lessons",
        cargo(workspace, environment)
            .args(["run", "--package", "course", "--", "build", "lessons"])
            .arg(&folder),
    )?;
    stamp.set()
}

/// The static site, in `dist/`. Trunk calls [`assets`] itself, by its hook.
pub fn dist(workspace: &Workspace, environment: &Environment) -> Result {
    assets(workspace, environment)?;
    let stamp = Stamp::of(
        workspace.file("target/stamps/dist"),
        &page_inputs(workspace),
        &[],
    );
    if stamp.is_current() && is_whole(&workspace.dist()) {
        return Ok(());
    }
    step(
        workspace,
        "Building the page",
        trunk(workspace, environment)
            .args(["build", "--release", "--public-url", "./", "--dist"])
            .arg(workspace.dist()),
    )?;
    stamp.set()
}

/// Everything on which the page as Trunk makes it depends.
pub fn page_inputs(workspace: &Workspace) -> Vec<PathBuf> {
    let inputs = [
        "index.html",
        "Trunk.toml",
        "Cargo.toml",
        "Cargo.lock",
        "packages/optimize.js",
        "packages/imports.js",
        "packages/page.js",
        "playground",
        "protocol",
        "xtask",
        "target/assets",
    ];
    inputs.map(|input| workspace.file(input)).into()
}

/// A site that `trunk serve` left there has a script that looks for Trunk.
fn is_whole(dist: &Path) -> bool {
    fs::read_to_string(dist.join("index.html"))
        .is_ok_and(|page| !page.contains(".well-known/trunk"))
}

pub fn cargo(workspace: &Workspace, environment: &Environment) -> std::process::Command {
    let mut command = environment.command("cargo");
    command.current_dir(&workspace.root);
    command
}

pub fn trunk(workspace: &Workspace, environment: &Environment) -> std::process::Command {
    let mut command = environment.command("trunk");
    command
        .current_dir(&workspace.root)
        .env_remove("NO_COLOR")
        .args(["--color", "never", "--skip-version-check"]);
    command
}
