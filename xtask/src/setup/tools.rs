//! Trunk, wasm-bindgen, what splits a module, and geckodriver, from crates.io into the cache, each in a folder named after its version.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::process::{Environment, step};
use crate::workspace::{Workspace, read};

pub const PAGE: &[&str] = &["trunk", "wasm-bindgen-cli", "wasm_split_cli_support"];
pub const FIREFOX: &[&str] = &["geckodriver"];

const TRUNK: &str = "0.21.14";
const GECKODRIVER: &str = "0.37.1";
/// It reads what `wasm_split_helpers` marks in the page.
const WASM_SPLIT: &str = "0.2.4";

pub fn ensure(workspace: &Workspace, names: &[&str]) -> Result<Environment> {
    let mut environment = Environment::default();
    for name in names {
        let version = version(workspace, name)?;
        let folder = workspace.cache.join(format!("tools/{name}-{version}"));
        if !folder.join("bin").is_dir() {
            install(workspace, name, &version, &folder)?;
        }
        environment.add_folder(&folder.join("bin"));
        offer(&folder.join("bin"));
    }
    // Trunk would otherwise ask the network for a newer Trunk and for wasm-bindgen.
    environment.set("TRUNK_SKIP_VERSION_CHECK", "true");
    environment.set("TRUNK_BUILD_OFFLINE", "true");
    Ok(environment)
}

fn version(workspace: &Workspace, name: &str) -> Result<String> {
    match name {
        "trunk" => Ok(TRUNK.to_owned()),
        "geckodriver" => Ok(GECKODRIVER.to_owned()),
        "wasm_split_cli_support" => Ok(WASM_SPLIT.to_owned()),
        // The command line and the library speak a private format: both must be the same version.
        _ => locked_version(&read(&workspace.file("Cargo.lock"))?, "wasm-bindgen")
            .ok_or_else(|| "Cargo.lock does not name wasm-bindgen.".to_owned()),
    }
}

fn locked_version(lockfile: &str, name: &str) -> Option<String> {
    let package = format!("name = \"{name}\"");
    let mut lines = lockfile.lines();
    lines.find(|line| *line == package)?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

fn install(workspace: &Workspace, name: &str, version: &str, folder: &Path) -> Result {
    // Built aside and then moved, so that a folder that is there is whole, whoever else is installing.
    let aside = folder.with_extension(format!("making-{}", std::process::id()));
    let target = workspace.cache.join(format!("build/{name}"));
    let mut environment = Environment::default();
    environment.set("CARGO_TARGET_DIR", &target);
    // These run for a second at a time: what counts is how soon they are there.
    environment.set("CARGO_PROFILE_RELEASE_LTO", "false");
    environment.set("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    environment.set("CARGO_PROFILE_RELEASE_DEBUG", "false");
    let level = if name == "wasm-bindgen-cli" { "1" } else { "0" };
    environment.set("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
    let attempt = |locked: bool| {
        let mut command = environment.command("cargo");
        command
            .current_dir(&workspace.cache)
            .args(["install", name, "--version", version, "--root"])
            .arg(&aside);
        if locked {
            command.arg("--locked");
        }
        match name {
            // Without what fetches over the network: it has nothing to fetch here.
            "trunk" => _ = command.arg("--no-default-features"),
            "wasm_split_cli_support" => _ = command.args(["--features", "build-binary"]),
            _ => {}
        }
        let how = if locked {
            ""
        } else {
            " with newer dependencies"
        };
        step(
            workspace,
            &format!("Building {name} {version}{how}"),
            &mut command,
        )
    };
    // A registry's mirror may lack one of the locked versions.
    attempt(true).or_else(|_| attempt(false))?;
    if fs::rename(&aside, folder).is_err() && !folder.join("bin").is_dir() {
        return Err(format!("{} cannot be created.", folder.display()));
    }
    let _ = fs::remove_dir_all(&aside);
    let _ = fs::remove_dir_all(&target);
    Ok(())
}

/// `trunk serve` by hand wants these programs where Cargo puts programs. Whatever else bears those names
/// is left alone.
fn offer(bin: &Path) {
    let Some(place) = cargo_bin() else {
        return;
    };
    for name in ["trunk", "wasm-bindgen", "wasm-split-cli"] {
        let program = bin.join(name);
        let link = place.join(name);
        let ours =
            fs::read_link(&link).is_ok_and(|to| to.to_string_lossy().contains("terrarium/tools"));
        if !program.exists() || fs::read_link(&link).is_ok_and(|to| to == program) {
            continue;
        }
        if ours {
            let _ = fs::remove_file(&link);
        }
        if ours || fs::symlink_metadata(&link).is_err() {
            symlink(&program, &link);
        }
    }
}

fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(PathBuf::from(home).join(".cargo"))
        })?;
    Some(home.join("bin")).filter(|folder| folder.is_dir())
}

#[cfg(unix)]
fn symlink(program: &Path, link: &Path) {
    if std::os::unix::fs::symlink(program, link).is_ok() {
        println!("{} is now there too.", link.display());
    }
}

#[cfg(not(unix))]
fn symlink(_program: &Path, _link: &Path) {}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn the_version_is_that_of_the_package_itself() {
        let lockfile = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(
            locked_version(lockfile, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(lockfile, "trunk"), None);
    }
}
