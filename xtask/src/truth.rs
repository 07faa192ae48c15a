//! `cargo xtask truth SUITE …`: what the real thing was seen to do, against ours.
//!
//! For `event-loop [DIR]`, `NAME.cjs` or `NAME.mjs` stands beside `NAME.out`, or beside `NAME.outs.json` with the outcomes
//! that real Node was seen to choose between; our own corpus unless `DIR` is another. For `node DIR [--list FILE] [--group NAME] [--tier N] [--jobs N]`, `DIR`
//! holds Node's own `test/`, and each line of the list has a path inside of it, a group and a tier, with tabs between.
//! For `express DIR [--jobs N]`, `DIR` is Express's repository after `npm install`; for `promises-aplus DIR`, one with
//! `promises-aplus-tests` in its `node_modules`. What counts is what the suite's own runner decides
//! (`tests/src/bin/truth.rs`).

use crate::Result;
use crate::build;
use crate::process::cannot_start;
use crate::setup;
use crate::workspace::Workspace;

const SUITES: [&str; 4] = ["event-loop", "node", "express", "promises-aplus"];

pub fn run(workspace: &Workspace, suite: &str, arguments: &[&str]) -> Result {
    if !SUITES.contains(&suite) {
        return Err(format!(
            "There is no truth suite {suite}. There are: {}.",
            SUITES.join(", ")
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
            suite,
        ])
        .args(arguments);
    let status = command
        .status()
        .map_err(|error| cannot_start(&command, &error))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "Ours differs from the real thing.".to_owned())
}
