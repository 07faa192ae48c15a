//! The order of callbacks, as real Node v20.20.2 has it. What fails here fails natively as well, so both runs share
//! their lists of known failures.

use tests::{assert_failures, data, jar, truth};

#[test]
fn programs_with_one_outcome() {
    run("event-loop");
}

#[test]
fn programs_that_race() {
    run("event-loop-racy");
}

/// Not of the loop: what modules of Node answer.
#[test]
fn programs_on_modules() {
    run("modules");
}

fn run(suite: &str) {
    let folder = data("truth").join(suite);
    let mut jar = jar();
    let programs = truth::programs(&folder);
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
    let list = data("truth").join(format!("{suite}-known-failures.txt"));
    assert_failures(&list, &failures);
}
