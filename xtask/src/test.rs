//! `cargo xtask test`: every suite, each to its end; then a table and one line that says how many passed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::build;
use crate::process::{Environment, logged, seconds, succeeds, tail};
use crate::setup;
use crate::sizes;
use crate::workspace::Workspace;

/// A suite and how to run it, in the order in which they run: quick ones first, and what others stand on before them.
const SUITES: &[(&str, Suite)] = &[
    ("format", format),
    ("lints", lints),
    ("unit", unit),
    ("editor", editor),
    ("jar", jar),
    ("components", components),
    ("dist", dist),
    ("browser", browser),
    ("firefox", firefox),
    ("webkit", webkit),
];

/// Only when they are named: not every machine has these browsers, and each takes a quarter of an hour and more.
const BY_NAME: [&str; 2] = ["firefox", "webkit"];

type Suite = fn(&Bench) -> Result<Count>;

/// What suites share.
struct Bench<'a> {
    workspace: &'a Workspace,
    environment: Environment,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Count {
    passed: u32,
    failed: u32,
}

struct Outcome {
    name: &'static str,
    count: Count,
    took: Duration,
    sentence: Option<String>,
}

pub fn run(workspace: &Workspace, names: &[&str]) -> Result {
    if let Some(unknown) = names
        .iter()
        .find(|name| SUITES.iter().all(|(suite, _)| suite != *name))
    {
        let all: Vec<&str> = SUITES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "There is no suite {unknown}. There are: {}.",
            all.join(", ")
        ));
    }
    let bench = Bench {
        workspace,
        environment: setup::for_tests(workspace)?,
    };
    let chosen = SUITES.iter().filter(|(name, _)| match names.is_empty() {
        true => !BY_NAME.contains(name),
        false => names.contains(name),
    });
    let outcomes: Vec<Outcome> = chosen
        .map(|(name, suite)| {
            let start = Instant::now();
            let (count, sentence) = match suite(&bench) {
                Ok(count) => (count, None),
                Err(sentence) => (Count::FAILED, Some(sentence)),
            };
            Outcome {
                name,
                count,
                took: start.elapsed(),
                sentence,
            }
        })
        .collect();
    report(&outcomes)
}

fn report(outcomes: &[Outcome]) -> Result {
    for outcome in outcomes {
        if let Some(sentence) = &outcome.sentence {
            println!("\n--- {}\n{sentence}", outcome.name);
        }
    }
    println!(
        "\n{:<12} {:>8} {:>8} {:>12}",
        "suite", "passed", "failed", "time"
    );
    let mut sum = Count::default();
    for outcome in outcomes {
        println!(
            "{:<12} {:>8} {:>8} {:>12}",
            outcome.name,
            outcome.count.passed,
            outcome.count.failed,
            seconds(outcome.took)
        );
        sum.passed += outcome.count.passed;
        sum.failed += outcome.count.failed;
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 {
        Ok(())
    } else {
        let failed: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| outcome.count.failed > 0)
            .map(|outcome| outcome.name)
            .collect();
        Err(format!("Failed: {}.", failed.join(", ")))
    }
}

fn format(bench: &Bench) -> Result<Count> {
    if !bench.has("fmt") {
        println!("format: cargo fmt is not installed, so nothing was checked.");
        return Ok(Count::default());
    }
    bench.check(
        "Checking the format",
        bench.cargo().args(["fmt", "--check"]),
    )
}

fn lints(bench: &Bench) -> Result<Count> {
    if !bench.has("clippy") {
        println!("lints: cargo clippy is not installed, so nothing was checked.");
        return Ok(Count::default());
    }
    let check = |doing, what: &[&str]| {
        bench.check(
            doing,
            bench
                .cargo()
                .arg("clippy")
                .args(what)
                .args(["--", "--deny", "warnings"]),
        )
    };
    let all = check("Checking with clippy", &["--workspace", "--all-targets"])?;
    // The jar that a page begins with.
    let plain = check(
        "Checking the plain jar with clippy",
        &[
            "--package",
            "runtime-sim",
            "--package",
            "node",
            "--no-default-features",
        ],
    )?;
    Ok(all + plain)
}

fn unit(bench: &Bench) -> Result<Count> {
    build::simulation(bench.workspace, &bench.environment)?;
    bench.count(
        "Running the unit tests",
        bench.cargo().args([
            "test",
            "--workspace",
            "--exclude",
            "tests",
            "--no-fail-fast",
        ]),
    )
}

fn editor(bench: &Bench) -> Result<Count> {
    setup::npm_install(bench.workspace, "packages")?;
    let mut npm = bench.environment.command("npm");
    bench.count(
        "Testing the editor",
        npm.current_dir(bench.workspace.file("packages"))
            .arg("test"),
    )
}

/// Suites across crates, through the jar in wasmtime.
fn jar(bench: &Bench) -> Result<Count> {
    build::assets(bench.workspace, &bench.environment)?;
    // Not `--package tests`: for one package Cargo would choose other features than for the unit tests, and build
    // everything again.
    bench.count(
        "Testing the jar",
        bench.cargo().args(["test", "--workspace", "--test", "jar"]),
    )
}

fn components(bench: &Bench) -> Result<Count> {
    let browser = setup::browser(bench.workspace)?;
    let mut cargo = bench.cargo();
    cargo
        .args(["test", "--package", "playground", "--no-fail-fast"])
        .args(["--target", build::TARGET, "--test", "*"])
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        )
        .env("CHROMEDRIVER", &browser.driver);
    bench.count("Testing the components", &mut cargo)
}

/// The site can be built, and is as light as it must be.
fn dist(bench: &Bench) -> Result<Count> {
    build::dist(bench.workspace, &bench.environment)?;
    sizes::check(bench.workspace)?;
    Ok(Count::PASSED)
}

fn browser(bench: &Bench) -> Result<Count> {
    let browser = setup::browser(bench.workspace)?;
    let mut environment = Environment::default();
    environment.set("CHROMIUM", &browser.chromium);
    bench.in_browser("chromium", "Chromium", environment)
}

fn firefox(bench: &Bench) -> Result<Count> {
    let Some(environment) = setup::firefox(bench.workspace)? else {
        println!("firefox: it is not installed, so nothing was tested.");
        return Ok(Count::default());
    };
    bench.in_browser("firefox", "Firefox", environment)
}

fn webkit(bench: &Bench) -> Result<Count> {
    let Some(environment) = setup::webkit(bench.workspace)? else {
        println!("webkit: WebKitGTK's driver or Xvfb is not installed, so nothing was tested.");
        return Ok(Count::default());
    };
    bench.in_browser("webkit", "WebKit", environment)
}

impl Bench<'_> {
    fn cargo(&self) -> Command {
        build::cargo(self.workspace, &self.environment)
    }

    fn has(&self, subcommand: &str) -> bool {
        succeeds(
            self.cargo().args([subcommand, "--version"]),
            Duration::from_secs(20),
        )
    }

    /// The suite of `tests/browser`, driving this browser. Browsers stumble where machines are slow or shared: files in
    /// which something failed run once more, and what passes then is told, and has passed.
    fn in_browser(&self, engine: &str, name: &str, browser: Environment) -> Result<Count> {
        build::dist(self.workspace, &self.environment)?;
        setup::npm_install(self.workspace, "tests/browser")?;
        let mut environment = self.environment.clone();
        environment.extend(browser);
        environment.set("TERRARIUM", self.command_line()?);
        let run = |doing: &str, files: &[String]| {
            let mut npm = environment.command("npm");
            npm.current_dir(self.workspace.file("tests/browser"))
                .args(["test", "--"])
                .args(files)
                .env("BROWSER", engine);
            self.count_and_log(doing, &mut npm)
        };
        let (count, log) = run(&format!("Testing in {name}"), &["tests/".to_owned()])?;
        let files = files_of_failures(&fs::read_to_string(&log).unwrap_or_default());
        if count.failed == 0 || files.is_empty() {
            return Ok(count);
        }
        let (again, _) = run(&format!("Testing in {name} once more"), &files)?;
        if again.failed > 0 {
            return Ok(count);
        }
        println!("What failed in {name} passed the second time.");
        Ok(Count {
            passed: count.passed + count.failed,
            failed: 0,
        })
    }

    /// The program `terrarium`, and `course` beside it, of what the suites in Rust were built from.
    fn command_line(&self) -> Result<PathBuf> {
        let mut cargo = self.cargo();
        cargo.args([
            "build",
            "--workspace",
            "--bin",
            "terrarium",
            "--bin",
            "course",
        ]);
        self.check("Building the command line", &mut cargo)?;
        Ok(self.workspace.target().join("debug/terrarium"))
    }

    /// A command that either passes or fails as a whole.
    fn check(&self, doing: &str, command: &mut Command) -> Result<Count> {
        crate::process::step(self.workspace, doing, command).map(|()| Count::PASSED)
    }

    /// A command that runs tests and says how many passed.
    fn count(&self, doing: &str, command: &mut Command) -> Result<Count> {
        self.count_and_log(doing, command).map(|(count, _)| count)
    }

    fn count_and_log(&self, doing: &str, command: &mut Command) -> Result<(Count, PathBuf)> {
        let (status, log) = logged(self.workspace, doing, command)?;
        let mut count = Count::read(&log);
        if status.success() {
            return Ok((count, log));
        }
        println!(
            "\n{}\n{doing} failed ({status}). All of it: {}",
            failures(&log).unwrap_or_else(|| tail(&log)),
            log.display()
        );
        // It may have failed before or after its tests.
        count.failed = count.failed.max(1);
        Ok((count, log))
    }
}

/// What the tests that failed say, wherever in the log: of a long run, the tail holds others.
fn failures(log: &Path) -> Option<String> {
    let bytes = fs::read(log).unwrap_or_default();
    failed_blocks(&String::from_utf8_lossy(&bytes))
}

/// The blocks of cargo test (`---- NAME stdout ----`) and of TAP (`not ok` to `...`), in order.
fn failed_blocks(text: &str) -> Option<String> {
    let mut lines = text.lines().peekable();
    let mut blocks = String::new();
    while let Some(line) = lines.next() {
        let of_cargo = line.starts_with("---- ") && line.ends_with(" ----");
        if !of_cargo && !line.starts_with("not ok ") {
            continue;
        }
        blocks += line;
        blocks.push('\n');
        while let Some(next) = lines.next_if(|next| {
            !(next.starts_with("---- ") || next.starts_with("ok ") || next.starts_with("not ok "))
                && *next != "failures:"
        }) {
            blocks += next;
            blocks.push('\n');
            if next.trim() == "..." && !of_cargo {
                break;
            }
        }
    }
    (!blocks.is_empty()).then_some(blocks)
}

/// By TAP's `location: 'FILE:LINE:COLUMN'`, each once.
fn files_of_failures(text: &str) -> Vec<String> {
    let mut files = Vec::new();
    for block in text.split("\nnot ok ").skip(1) {
        let file = block
            .split("\n  ...")
            .next()
            .into_iter()
            .flat_map(str::lines)
            .find_map(|line| line.trim().strip_prefix("location: '"))
            .and_then(|place| place.rsplitn(3, ':').nth(2));
        if let Some(file) = file.map(str::to_owned)
            && !files.contains(&file)
        {
            files.push(file);
        }
    }
    files
}

impl std::ops::Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl Count {
    const PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };
    const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    fn read(log: &Path) -> Self {
        let bytes = fs::read(log).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    /// Adds up the closing lines of cargo test and of node --test.
    fn parse(text: &str) -> Self {
        let mut count = Self::default();
        for line in text.lines() {
            if let Some((_, numbers)) = line
                .split_once("test result: ")
                .and_then(|(_, rest)| rest.split_once(". "))
            {
                count.passed += number_before(numbers, " passed");
                count.failed += number_before(numbers, " failed");
            } else if let Some(rest) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) {
                match rest.split_once(' ') {
                    Some(("pass", number)) => count.passed += number.parse().unwrap_or(0),
                    Some(("fail", number)) => count.failed += number.parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
        count
    }
}

fn number_before(text: &str, word: &str) -> u32 {
    text.split_once(word)
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Count, failed_blocks, files_of_failures};

    #[test]
    fn a_failure_is_found_in_the_midst_of_what_passed() {
        let text = "ok 1 - a\n  ---\n  duration_ms: 1\n  ...\n# Subtest: b\nnot ok 2 - b\n  ---\n  \
                    error: 'no'\n  ...\n# Subtest: c\nok 3 - c\n  ---\n  ...\n\nfailures:\n\n---- d \
                    stdout ----\nleft: 1\n\n---- e stdout ----\nleft: 2\n\nfailures:\n    d\n    e\n";
        assert_eq!(
            failed_blocks(text).as_deref(),
            Some(
                "not ok 2 - b\n  ---\n  error: 'no'\n  ...\n---- d stdout ----\nleft: 1\n\n---- e \
                 stdout ----\nleft: 2\n\n"
            )
        );
        assert_eq!(failed_blocks("ok 1 - a\n# fail 0\n"), None);
    }

    #[test]
    fn a_failure_names_its_file_once() {
        let text = "ok 1 - a\n  ---\n  location: '/a.mjs:1:1'\n  ...\nnot ok 2 - b\n  ---\n  location: \
                    '/b c.mjs:52:1'\n  ...\nnot ok 3 - c\n  ---\n  location: '/b c.mjs:60:1'\n  ...\nnot ok \
                    4 - d\n  ---\n  ...\n";
        assert_eq!(files_of_failures(text), ["/b c.mjs"]);
    }

    #[test]
    fn closing_lines_are_added_up() {
        let text = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n\
                    test result: FAILED. 3 passed; 1 failed; 0 ignored\n\
                    # tests 5\n# pass 4\n# fail 1\nℹ pass 10\nℹ fail 0\n";
        assert_eq!(
            Count::parse(text),
            Count {
                passed: 19,
                failed: 2
            }
        );
    }
}
