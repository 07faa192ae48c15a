//! What the suites across crates share. The suites themselves are in `tests/`, their data beside them: a file or a
//! folder is a test. `UPDATE=1` rewrites the goldens, those of `command-line/` and `serve/` with what the real `node` on
//! this machine says.

pub mod apart;
pub mod mocha;
pub mod node_tests;
pub mod truth;

use std::{
    fs,
    path::{Path, PathBuf},
};

use protocol::{
    EventKind, File, Limits, ProcessSpec, Record, Scenario, Stream,
    scenario::{EPOCH_MS, TICK_NS},
};
use terrarium::Jar;

/// The jar in wasmtime. The suites are of no use without it, so its absence is a failure.
pub fn jar() -> Jar {
    Jar::load().unwrap_or_else(|error| panic!("{error}"))
}

/// A folder of this package.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What is in a folder, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

pub fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A world with one process that runs this one file.
pub fn scenario(
    name: &str,
    source: Vec<u8>,
    seed: u64,
    limits: Limits,
    record: Record,
) -> Scenario {
    let entry = format!("/app/{name}");
    Scenario {
        seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: EPOCH_MS,
        limits,
        record,
        network: protocol::scenario::NetworkSpec::default(),
        processes: vec![ProcessSpec {
            host: "jar".to_string(),
            entry: entry.clone(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: "/app".to_string(),
            files: vec![File {
                path: entry,
                bytes: source,
            }],
            transpiled: Vec::new(),
            stdin: Vec::new(),
            tick_ns: TICK_NS,
        }],
    }
}

/// What a `world.toml` describes; its programs are the files beside it.
///
/// # Panics
///
/// When there is no such world.
pub fn world(folder: &Path, limits: Limits, record: Record) -> Scenario {
    let world = course::load_world(&folder.join("world.toml"))
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let files = entries(folder).into_iter().map(|path| File {
        path: format!("/app/{}", name_of(&path)),
        bytes: std::fs::read(&path).expect("a file of the world"),
    });
    let files: Vec<File> = files.collect();
    let processes = world.processes.into_iter().map(|process| ProcessSpec {
        host: process.host,
        entry: format!("/app/{}", process.entry),
        args: process.args,
        env: process.env,
        cwd: "/app".to_string(),
        files: files.clone(),
        transpiled: Vec::new(),
        stdin: Vec::new(),
        tick_ns: process.tick_ns,
    });
    Scenario {
        seed: world.seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: world.epoch_ms,
        limits,
        record,
        network: world.network,
        processes: processes.collect(),
    }
}

/// What a terminal would have shown, and how the process ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub stdout: String,
    pub stderr: String,
    pub exit_code: i32,
    pub trace_hash: u64,
}

pub fn show(jar: &mut Jar, scenario: &Scenario) -> Shown {
    let mut shown = Shown::default();
    let finished = jar
        .run(scenario, |events| {
            for event in events {
                if let EventKind::Logged { stream, text } = event.kind {
                    match stream {
                        Stream::Stdout => shown.stdout.push_str(&text),
                        Stream::Stderr => shown.stderr.push_str(&text),
                    }
                }
            }
        })
        .unwrap_or_else(|error| panic!("{error}"));
    shown.exit_code = finished.exit_code;
    shown.trace_hash = finished.trace_hash;
    shown
}

/// Compares with a golden, or rewrites it. `Err` says both.
pub fn compare_golden(golden: &Path, said: &str) -> Result<(), String> {
    if updating() {
        fs::write(golden, said).expect("a golden");
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    match expected == said {
        true => Ok(()),
        false => Err(format!("expected\n{expected}\nbut said\n{said}")),
    }
}

/// Names that a list of known failures has, one a line; `#` starts a comment.
pub fn known_failures(list: &Path) -> Vec<String> {
    fs::read_to_string(list)
        .unwrap_or_default()
        .lines()
        .map(|line| {
            line.split('#')
                .next()
                .unwrap_or_default()
                .trim()
                .to_string()
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// Whether this run rewrites the goldens.
pub fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Panics unless exactly the known ones failed: a known failure that passes has to leave the list.
pub fn assert_failures(list: &Path, failures: &[(String, String)]) {
    let known = known_failures(list);
    let mut complaints: Vec<String> = failures
        .iter()
        .filter(|(name, _)| !known.contains(name))
        .map(|(name, difference)| format!("--- {name}\n{difference}"))
        .collect();
    for name in &known {
        if !failures.iter().any(|(failed, _)| failed == name) {
            complaints.push(format!(
                "--- {name} passes now: take it out of {}",
                list.display()
            ));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
