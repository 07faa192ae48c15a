//! `terrarium explore`: a program under many seeds, and every way in which it came out.

use std::{
    collections::BTreeMap,
    num::NonZero,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{Error, Jar};
use lexopt::{Parser, ValueExt};
use protocol::{EventKind, Record, Scenario, Stream};
use serde_json::json;

use super::{
    Failure, print,
    request::{Request, request},
};

const SEEDS: u64 = 100;

/// What somebody who watches the program can tell apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

struct Seen {
    first_seed: u64,
    count: u64,
}

pub fn explore(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let (mut seeds, mut as_json) = (SEEDS, false);
    let Request { scenario, .. } = request(arguments, Record::Output, |name, arguments| {
        match name {
            "seeds" => seeds = arguments.value()?.parse()?,
            "json" => as_json = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if seeds == 0 {
        return Err(Failure::Usage("--seeds begins at 1".to_string()));
    }
    let outcomes = run_all(&scenario, seeds)?;
    let mut sorted: Vec<(&Outcome, &Seen)> = outcomes.iter().collect();
    sorted.sort_by_key(|(_, seen)| seen.first_seed);
    print(&if as_json {
        as_value(&sorted, seeds)
    } else {
        as_text(&sorted, seeds)
    });
    Ok(ExitCode::SUCCESS)
}

/// From the scenario's own seed on, on all cores.
fn run_all(scenario: &Scenario, seeds: u64) -> Result<BTreeMap<Outcome, Seen>, Failure> {
    // The first loads what the others find in the cache.
    let first = Jar::load()?;
    let next = AtomicU64::new(0);
    let outcomes: Mutex<BTreeMap<Outcome, Seen>> = Mutex::default();
    let failed: Mutex<Option<Error>> = Mutex::default();
    let work = |jar: Result<Jar, Error>| {
        let run_on = || -> Result<(), Error> {
            let mut jar = jar?;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= seeds || failed.lock().expect("nobody panics with it").is_some() {
                    return Ok(());
                }
                let seed = scenario.seed + index;
                let outcome = run_one(&mut jar, scenario, seed)?;
                let mut outcomes = outcomes.lock().expect("nobody panics with it");
                let seen = outcomes.entry(outcome).or_insert(Seen {
                    first_seed: seed,
                    count: 0,
                });
                seen.count += 1;
                seen.first_seed = seen.first_seed.min(seed);
            }
        };
        if let Err(error) = run_on() {
            failed
                .lock()
                .expect("nobody panics with it")
                .get_or_insert(error);
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    thread::scope(|scope| {
        for _ in 1..cores.min(seeds) {
            scope.spawn(|| work(Jar::load()));
        }
        work(Ok(first));
    });
    match failed.into_inner().expect("nobody panicked with it") {
        Some(error) => Err(error.into()),
        None => Ok(outcomes.into_inner().expect("nobody panicked with it")),
    }
}

fn run_one(jar: &mut Jar, scenario: &Scenario, seed: u64) -> Result<Outcome, Error> {
    let scenario = Scenario {
        seed,
        ..scenario.clone()
    };
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let finished = jar.run(&scenario, |events| {
        for event in events {
            if let EventKind::Logged { stream, text } = event.kind {
                match stream {
                    Stream::Stdout => stdout.push_str(&text),
                    Stream::Stderr => stderr.push_str(&text),
                }
            }
        }
    })?;
    Ok(Outcome {
        exit_code: finished.exit_code,
        stdout,
        stderr,
    })
}

fn as_text(outcomes: &[(&Outcome, &Seen)], seeds: u64) -> String {
    let mut text = match outcomes.len() {
        1 => format!("1 outcome over {seeds} seeds\n"),
        count => format!("{count} outcomes over {seeds} seeds\n"),
    };
    for (outcome, seen) in outcomes {
        text.push_str(&format!(
            "\n--- {} of {seeds}, first with --seed {}, exit code {}\n{}",
            seen.count, seen.first_seed, outcome.exit_code, outcome.stdout
        ));
        if !outcome.stderr.is_empty() {
            text.push_str(&format!("--- on standard error\n{}", outcome.stderr));
        }
    }
    text
}

fn as_value(outcomes: &[(&Outcome, &Seen)], seeds: u64) -> String {
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|(outcome, seen)| {
            json!({
                "count": seen.count,
                "first_seed": seen.first_seed,
                "exit_code": outcome.exit_code,
                "stdout": outcome.stdout,
                "stderr": outcome.stderr,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "seeds": seeds, "outcomes": outcomes }))
}
