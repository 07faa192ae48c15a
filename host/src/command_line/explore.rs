//! `terrarium explore`: a program under many seeds, and every way in which it came out.

use std::{
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
use protocol::{
    Record, Scenario, Stream,
    explore::{Outcome, Seen, Tally},
};
use serde_json::json;

use super::{
    Failure, print,
    request::{Request, request},
    shortest::{self, Found},
};

const SEEDS: u64 = 100;

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
    let (mut jar, tally) = run_all(&scenario, seeds)?;
    let found = shortest::search(&mut jar, &scenario, &tally)?;
    let mut sorted: Vec<(&Seen, Option<&Found>)> = (0..tally.len())
        .map(|number| {
            let found = found.iter().find(|found| found.number == number);
            (tally.get(number), found)
        })
        .collect();
    sorted.sort_by_key(|(seen, _)| seen.first_seed);
    print(&if as_json {
        as_value(&sorted, seeds)
    } else {
        as_text(&sorted, seeds)
    });
    Ok(ExitCode::SUCCESS)
}

/// From the scenario's own seed on, on all cores. Gives a jar back, for more.
fn run_all(scenario: &Scenario, seeds: u64) -> Result<(Jar, Tally), Failure> {
    // The first loads what the others find in the cache.
    let mut first = Jar::load()?;
    let next = AtomicU64::new(0);
    let tally: Mutex<Tally> = Mutex::default();
    let failed: Mutex<Option<Error>> = Mutex::default();
    let fail = |error| {
        failed
            .lock()
            .expect("nobody panics with it")
            .get_or_insert(error);
    };
    let work = |jar: &mut Jar| {
        let mut run_on = || -> Result<(), Error> {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= seeds || failed.lock().expect("nobody panics with it").is_some() {
                    return Ok(());
                }
                let seed = scenario.seed.wrapping_add(index);
                let outcome = run_one(jar, scenario, seed)?;
                tally
                    .lock()
                    .expect("nobody panics with it")
                    .add(seed, outcome);
            }
        };
        if let Err(error) = run_on() {
            fail(error);
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    thread::scope(|scope| {
        for _ in 1..cores.min(seeds) {
            scope.spawn(|| match Jar::load() {
                Ok(mut jar) => work(&mut jar),
                Err(error) => fail(error),
            });
        }
        work(&mut first);
    });
    match failed.into_inner().expect("nobody panicked with it") {
        Some(error) => Err(error.into()),
        None => Ok((first, tally.into_inner().expect("nobody panicked with it"))),
    }
}

fn run_one(jar: &mut Jar, scenario: &Scenario, seed: u64) -> Result<Outcome, Error> {
    let scenario = Scenario {
        seed,
        ..scenario.clone()
    };
    let (outcome, _) = shortest::watch(jar, &scenario, |_| {})?;
    Ok(outcome)
}

fn as_text(outcomes: &[(&Seen, Option<&Found>)], seeds: u64) -> String {
    let mut text = match outcomes.len() {
        1 => format!("1 outcome over {seeds} seeds\n"),
        count => format!("{count} outcomes over {seeds} seeds\n"),
    };
    for (seen, found) in outcomes {
        let outcome = &seen.outcome;
        text.push_str(&format!(
            "\n--- {} of {seeds}, first with --seed {}, exit code {}\n{}",
            seen.count,
            seen.first_seed,
            outcome.exit_code,
            outcome.text(Stream::Stdout)
        ));
        let stderr = outcome.text(Stream::Stderr);
        if !stderr.is_empty() {
            text.push_str(&format!("--- on standard error\n{stderr}"));
        }
        for load in &outcome.loads {
            text.push_str(&format!("--- load {}\n", load.name));
            for (threshold, passed) in &load.thresholds {
                text.push_str(&format!(
                    "{} {threshold}\n",
                    if *passed { '✓' } else { '✗' }
                ));
            }
        }
        if let Some(found) = found {
            text.push_str(&found.as_text());
        }
    }
    text
}

fn as_value(outcomes: &[(&Seen, Option<&Found>)], seeds: u64) -> String {
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|(seen, found)| {
            let outcome = &seen.outcome;
            let loads: Vec<_> = outcome
                .loads
                .iter()
                .map(|load| {
                    let thresholds = load.thresholds.iter();
                    let thresholds: Vec<_> = thresholds
                        .map(|(text, passed)| json!({ "text": text, "passed": passed }))
                        .collect();
                    json!({ "name": load.name, "thresholds": thresholds })
                })
                .collect();
            json!({
                "count": seen.count,
                "first_seed": seen.first_seed,
                "exit_code": outcome.exit_code,
                "stdout": outcome.text(Stream::Stdout),
                "stderr": outcome.text(Stream::Stderr),
                "loads": loads,
                "shortest": found.map(Found::as_value),
            })
        })
        .collect();
    format!("{:#}\n", json!({ "seeds": seeds, "outcomes": outcomes }))
}
