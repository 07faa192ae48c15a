//! `cargo xtask bench`: sizes and speeds, measured now and printed with the goals they are held against; nothing is
//! written into the tree. Where the machine's noise matters the figure is a ratio to a reference in the same run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::build;
use crate::process::step;
use crate::setup;
use crate::sizes;
use crate::workspace::Workspace;

const HELLO_RUNS: usize = 21;

pub fn run(workspace: &Workspace) -> Result {
    let environment = setup::for_tests(workspace)?;
    build::dist(workspace, &environment)?;
    sizes::print(workspace)?;

    let bench = |words: &[&str]| {
        let command = ["run", "--quiet", "--release", "--package", "tests"];
        let mut cargo = build::cargo(workspace, &environment);
        cargo.args(command).args(["--bin", "bench", "--"]);
        shown(cargo.args(words))
    };
    let commands = workspace.target().join("probes");
    bench(&["commands", &commands.to_string_lossy()])?;

    println!();
    setup::npm_install(workspace, "tests/browser")?;
    let browser = setup::browser(workspace)?;
    shown(
        environment
            .command("node")
            .current_dir(workspace.file("tests/browser"))
            .arg("bench.mjs")
            .arg(&commands)
            .env("CHROMIUM", &browser.chromium),
    )?;

    println!();
    shown(build::cargo(workspace, &environment).args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "recording",
        "--example",
        "seek",
    ]))?;

    println!();
    bench(&[])?;

    for (script, jar) in [
        ("probes.mjs", "runtime_sim.wasm"),
        ("loads.mjs", "runtime_sim_whole.wasm"),
    ] {
        println!();
        shown(
            environment
                .command("node")
                .current_dir(workspace.file("tests/browser"))
                .arg(script)
                .args([&workspace.assets().join(jar), &commands]),
        )?;
    }

    println!();
    step(
        workspace,
        "Building the command line",
        build::cargo(workspace, &environment).args([
            "build",
            "--release",
            "--package",
            "terrarium",
        ]),
    )?;
    hello(workspace)
}

fn shown(command: &mut Command) -> Result {
    let status = command
        .status()
        .map_err(|error| format!("{command:?} did not start: {error}"))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("{command:?} failed ({status})"))
}

/// `terrarium run hello.js` against `node hello.js`, in turn, as whole processes.
fn hello(workspace: &Workspace) -> Result {
    // In a folder of its own: the whole folder goes into the jar.
    let folder = workspace.target().join("hello");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let file = folder.join("hello.js");
    std::fs::write(&file, "console.log('hello');\n")
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    let ours = workspace.target().join("release/terrarium");
    let time = |command: &mut Command| -> Result<Duration> {
        let began = Instant::now();
        shown(command.stdout(Stdio::null()))?;
        Ok(began.elapsed())
    };
    let mut jar = Vec::new();
    let mut node = Vec::new();
    // The first of each is not counted: it compiles the module and fills caches.
    for round in 0..=HELLO_RUNS {
        let times = (
            time(Command::new(&ours).arg("run").arg(&file))?,
            time(Command::new("node").arg(&file))?,
        );
        if round > 0 {
            jar.push(times.0);
            node.push(times.1);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1_000.0
    };
    let (jar, node) = (median(&mut jar), median(&mut node));
    println!(
        "terrarium run hello.js: median {jar:.1} ms; node hello.js: median {node:.1} ms; ratio {:.2}, at most 2",
        jar / node
    );
    Ok(())
}
