//! `cargo xtask bench`: sizes and speeds, measured now and printed; nothing is written into the tree.

use crate::Result;
use crate::build;
use crate::process::cannot_start;
use crate::setup;
use crate::sizes;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace) -> Result {
    let environment = setup::for_tests(workspace)?;
    build::dist(workspace, &environment)?;
    sizes::print(workspace)?;
    println!();
    let mut command = build::cargo(workspace, &environment);
    command.args(["run", "--quiet", "--release", "--package", "tests"]);
    // Its neighbour measures the program `terrarium`.
    let mut built = build::cargo(workspace, &environment);
    built.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "tests",
        "--bins",
    ]);
    for command in [&mut built, command.args(["--bin", "bench"])] {
        let status = command
            .status()
            .map_err(|error| cannot_start(command, &error))?;
        if !status.success() {
            return Err("Nothing could be measured through wasmtime.".to_owned());
        }
    }
    Ok(())
}
