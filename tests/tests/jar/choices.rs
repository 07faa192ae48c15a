//! Where the seed would choose an order, and the reader can.
//!
//! Each folder in `choices/` is a case: its `main.cjs` or `world.toml` is explored, and `expected.txt` holds what is said,
//! the shortest failing interleavings included. Each of these is then run by hand, twice, and fails as it should.
//! `UPDATE=1` writes what is said now.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use tests::{assert_failures, compare_golden, data, entries, name_of};

const TERRARIUM: &str = env!("CARGO_BIN_EXE_terrarium-under-test");
const SEEDS: &str = "40";

#[test]
fn the_shortest_interleaving_that_fails_is_found_and_fails() {
    let folder = data("choices");
    let mut failures = Vec::new();
    for case in entries(&folder) {
        let output = terrarium(&case, &["explore", "--seeds", SEEDS, main_of(&case)]);
        let said = text(&output.stdout).replace(&case.display().to_string(), "HERE");
        assert!(output.status.success(), "{}", text(&output.stderr));
        if let Err(difference) = compare_golden(&case.join("expected.txt"), &said) {
            failures.push((name_of(&case), difference));
        }
        // An outcome's first line ends with its exit code; what replays it stands below.
        let mut code = None;
        for line in said.lines() {
            if let Some((_, ended)) = line.split_once(", exit code ") {
                code = ended.parse().ok();
            }
            let Some((_, options)) = line.split_once("that fails so: ") else {
                continue;
            };
            let mut arguments = vec!["run"];
            arguments.extend(options.split_whitespace());
            arguments.push(main_of(&case));
            for _ in 0..2 {
                let replayed = terrarium(&case, &arguments);
                let stderr = text(&replayed.stderr);
                assert_eq!(replayed.status.code(), code, "{arguments:?}: {stderr}");
            }
        }
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}

#[test]
fn what_a_seed_took_can_be_picked_and_changes_nothing() {
    for case in entries(&data("choices")) {
        for seed in ["1", "2", "3"] {
            let run = |more: &[&str]| {
                let mut arguments = vec!["trace", "--format", "json", "--seed", seed];
                arguments.extend(more);
                arguments.push(main_of(&case));
                text(&terrarium(&case, &arguments).stdout)
            };
            let own = run(&[]);
            let taken: Vec<String> = choices(&own).map(|choice| option_of(&choice)).collect();
            if taken.is_empty() {
                continue;
            }
            let picks = taken.join(",");
            let picked = run(&["--choose", &picks]);
            assert_eq!(picked, run(&["--choose", &picks]), "two runs, two traces");
            let unpicked = picked.replace("\"is_picked\":true", "\"is_picked\":false");
            let case = name_of(&case);
            assert_eq!(unpicked, own, "{case} with seed {seed}: {picks}");
        }
    }
}

#[test]
fn every_option_can_be_taken() {
    for case in entries(&data("choices")) {
        let run = |picks: &str| {
            let arguments = ["trace", "--format", "json", "--choose", picks];
            let output = terrarium(&case, &[&arguments[..], &[main_of(&case)]].concat());
            (output.status.code(), text(&output.stdout))
        };
        let (_, first) = run("first");
        let all: Vec<_> = choices(&first).collect();
        for (place, choice) in all.iter().enumerate().take(12) {
            assert_eq!(option_of(choice), "0");
            for option in 1..choice["options"].as_u64().expect("a number") {
                let picks = format!("{}{option}", "0,".repeat(place));
                let (_, trace) = run(&picks);
                let taken: Vec<_> = choices(&trace).take(place + 1).collect();
                let last = taken.last().expect("as many choices up to there");
                let case = name_of(&case);
                assert_eq!(option_of(last), option.to_string(), "{case}: {picks}");
                assert_eq!(last["is_picked"], true);
            }
        }
    }
}

#[test]
fn picks_that_do_not_fit_are_refused_in_a_sentence() {
    let case = data("choices").join("timer-or-immediate");
    let cases = [
        ("7", 1, "Choice 1 has 2 options, from 0 to 1; 7 was picked."),
        ("0,0,0,0,0,0", 1, "But choices of this run: "),
        ("", 2, "--choose: picks are numbers"),
        ("one", 2, "--choose: picks are numbers"),
        ("0;1", 2, "--choose: picks are numbers"),
        ("1001x0", 2, "--choose: at most 1000 choices can be picked"),
    ];
    for (picks, code, sentence) in cases {
        let output = terrarium(&case, &["run", "--choose", picks, "main.cjs"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{picks:?}: {said}");
        assert!(said.contains(sentence), "{picks:?}: {said}");
    }
    let several = terrarium(&case, &["explore", "--choose", "0", "main.cjs"]);
    assert_eq!(several.status.code(), Some(2), "it runs many seeds");
}

fn main_of(case: &Path) -> &'static str {
    match case.join("world.toml").exists() {
        true => "world.toml",
        false => "main.cjs",
    }
}

fn terrarium(case: &Path, arguments: &[&str]) -> Output {
    Command::new(TERRARIUM)
        .args(arguments)
        .current_dir(case)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Of a trace with one event a line.
fn choices(trace: &str) -> impl Iterator<Item = serde_json::Value> + '_ {
    let lines = trace.lines().filter(|line| line.contains("ChoiceTaken"));
    lines.map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).expect("an event");
        event["kind"]["ChoiceTaken"].clone()
    })
}

fn option_of(choice: &serde_json::Value) -> String {
    choice["option"].to_string()
}
