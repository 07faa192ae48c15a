//! `cargo xtask truth SUITE DIR`: programs with what the real thing printed for them, run on ours.
//!
//! For `event-loop`, `NAME.cjs` or `NAME.mjs` stands beside `NAME.out`, or beside `NAME.outs.json` with the outcomes
//! that real Node was seen to choose between. Lines on standard error count as the suite's own runner decides.

use crate::Result;
use crate::build;
use crate::process::cannot_start;
use crate::setup;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, suite: &str, folder: &str) -> Result {
    if suite != "event-loop" {
        return Err(format!(
            "There is no truth suite {suite}. There is: event-loop."
        ));
    }
    let environment = setup::for_assets(workspace)?;
    build::simulation(workspace, &environment)?;
    let mut command = build::cargo(workspace, &environment);
    command
        .args([
            "run",
            "--release",
            "--package",
            "tests",
            "--bin",
            "truth",
            "--",
        ])
        .args([suite, folder]);
    let status = command
        .status()
        .map_err(|error| cannot_start(&command, &error))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "Ours differs from the real thing.".to_owned())
}
