//! The event loop against real Node's: every program in `tests/truth/event-loop` prints what Node v20.20.2 printed, but
//! for those in `event-loop-known-failures.txt`, and one of these that begins to pass must be taken off the list.

mod common;

use std::{collections::BTreeSet, fs, path::Path};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/truth")
        .join(name)
}

#[test]
fn programs_print_what_node_prints() {
    let known: BTreeSet<String> = fs::read_to_string(folder("event-loop-known-failures.txt"))
        .expect("the list of known failures")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let mut names: Vec<String> = fs::read_dir(folder("event-loop"))
        .expect("the programs")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".cjs") || name.ends_with(".mjs"))
        .collect();
    names.sort();
    let mut wrong = Vec::new();
    let mut healed = Vec::new();
    for name in &names {
        let path = folder("event-loop").join(name);
        let run = common::run_twice(name, &fs::read(&path).expect("a program"), 1);
        let expected = fs::read_to_string(path.with_extension("out")).expect("its output");
        match (run.outcome() == expected, known.contains(name)) {
            (true, true) => healed.push(name.clone()),
            (false, false) => wrong.push(format!(
                "{name}\n--- node\n{expected}--- here\n{}{}",
                run.outcome(),
                run.stderr
            )),
            _ => {}
        }
    }
    println!("{} of {} as Node", names.len() - known.len(), names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        healed.is_empty(),
        "these pass now; take them off the list of known failures: {healed:?}"
    );
}

/// Where real Node's order is a race, ours is one of the orders seen, and the seed chooses.
#[test]
fn races_end_as_some_race_of_node_did() {
    let known = fs::read_to_string(folder("event-loop-racy-known-failures.txt"))
        .expect("the list of known failures");
    let mut strange = Vec::new();
    let mut names: Vec<String> = fs::read_dir(folder("event-loop-racy"))
        .expect("the programs")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".cjs") || name.ends_with(".mjs"))
        .collect();
    names.sort();
    for name in &names {
        let path = folder("event-loop-racy").join(name);
        let source = fs::read(&path).expect("a program");
        let outcomes = fs::read_to_string(path.with_extension("outs.json")).expect("its outputs");
        let mut seen = BTreeSet::new();
        let mut outside = None;
        for seed in 1..=40 {
            let outcome = common::run_twice(name, &source, seed).outcome();
            // The list is JSON; an outcome is in it when its text as a JSON string is.
            let as_json = outcome
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            if !outcomes.contains(&format!("\"{as_json}\"")) {
                outside = Some(outcome.clone());
            }
            seen.insert(outcome);
        }
        let good = outside.is_none() && seen.len() >= 2;
        if good == known.lines().any(|line| line == name) {
            strange.push(format!(
                "{name}: {} outcomes, outside: {outside:?}",
                seen.len()
            ));
        }
    }
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}
