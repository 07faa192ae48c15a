//! The order of callbacks, as real Node v20.20.2 has it.

use std::path::Path;

use tests::{assert_failures, data, jar, truth};

#[test]
fn programs_with_one_outcome() {
    run(&data("truth/event-loop"));
}

#[test]
fn programs_that_race() {
    run(&data("truth/event-loop-racy"));
}

fn run(folder: &Path) {
    let mut jar = jar();
    let programs = truth::programs(folder);
    assert!(!programs.is_empty(), "{} has no programs", folder.display());
    let failures: Vec<(String, String)> = programs
        .iter()
        .filter_map(|program| {
            let difference = truth::compare(&mut jar, program).err()?;
            Some((program.name.clone(), difference))
        })
        .collect();
    println!(
        "{} of {} as in real Node",
        programs.len() - failures.len(),
        programs.len()
    );
    assert_failures(folder, &failures);
}
