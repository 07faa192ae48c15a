//! Programs and what real Node v20.20.2 prints for them (`truth/`).

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tests::{assert_failures, data, jar, truth};

#[test]
fn programs_with_one_outcome() {
    run("event-loop");
}

#[test]
fn programs_that_race() {
    run("event-loop-racy");
}

/// Not of the loop: what modules of Node and the language itself answer.
#[test]
fn programs_on_modules() {
    run("modules");
}

fn run(suite: &str) {
    let folder = data("truth").join(suite);
    let programs = truth::programs(&folder);
    assert!(!programs.is_empty(), "{} has no programs", folder.display());
    let next = AtomicUsize::new(0);
    let some_of_them = || {
        let mut jar = jar();
        let mut failures = Vec::new();
        while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(difference) = truth::compare(&mut jar, program) {
                failures.push((program.name.clone(), difference));
            }
        }
        failures
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut failures: Vec<(String, String)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(some_of_them)).collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.flat_map(|found| found.expect("no panic")).collect()
    });
    failures.sort();
    println!(
        "{} of {} as in real Node",
        programs.len() - failures.len(),
        programs.len()
    );
    let list = data("truth").join(format!("{suite}-known-failures.txt"));
    assert_failures(&list, &failures);
}
