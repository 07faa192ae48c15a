//! npm packages, exactly as the lockfile has them.

use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::process::{Environment, step, succeeds};
use crate::stamp::Stamp;
use crate::workspace::Workspace;

pub fn require() -> Result {
    for program in ["node", "npm"] {
        if !succeeds(
            Command::new(program).arg("--version"),
            Duration::from_secs(30),
        ) {
            return Err(format!(
                "{program} is missing. Install Node.js 20 or newer, which brings npm, from https://nodejs.org or with your system's packages."
            ));
        }
    }
    Ok(())
}

/// Runs `npm ci` in a folder when its lockfile has changed since the last time.
pub fn install(workspace: &Workspace, folder: &str) -> Result {
    let place = workspace.file(folder);
    let stamp = Stamp::of(
        place.join("node_modules/.installed"),
        &[place.join("package-lock.json"), place.join("package.json")],
        &[],
    );
    if stamp.is_current() {
        return Ok(());
    }
    require()?;
    step(
        workspace,
        &format!("Installing the npm packages of {folder}"),
        Environment::default()
            .command("npm")
            .current_dir(&place)
            .args(["ci", "--no-audit", "--no-fund"]),
    )?;
    stamp.set()
}
