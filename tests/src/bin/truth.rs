//! `truth SUITE DIR`: what the real thing was seen to do, against the jar in wasmtime. `xtask/src/truth.rs` says what
//! the suites are.

use std::{env, path::Path, process::ExitCode};

use tests::{mocha, node_tests, truth};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all_passed = match words.as_slice() {
        ["event-loop"] => event_loop(&tests::data("truth/event-loop")),
        ["event-loop", folder] => event_loop(Path::new(folder)),
        ["node", folder, ..] => node_tests::Choice::parse(&arguments[2..])
            .and_then(|choice| node_tests::run(Path::new(folder), &choice)),
        // What `node` runs for each of its tests.
        ["node-test", folder, path] => {
            let code = node_tests::run_one(Path::new(folder), path);
            return ExitCode::from(u8::try_from(code).unwrap_or(1));
        }
        [suite @ ("express" | "promises-aplus"), folder, rest @ ..] => jobs(rest)
            .and_then(|jobs| mocha::run(suite, Path::new(folder), jobs)),
        // What these run for each of their files.
        ["mocha-run", folder, ..] => {
            let code = mocha::run_one(Path::new(folder), &arguments[2..]);
            return ExitCode::from(u8::try_from(code).unwrap_or(1));
        }
        _ => Err(
            "usage: truth event-loop [DIR] | truth node DIR [--list FILE] [--group NAME] [--tier N] [--jobs N] | \
             truth express DIR [--jobs N] | truth promises-aplus DIR"
                .to_string(),
        ),
    };
    match all_passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("truth: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn jobs(words: &[&str]) -> Result<Option<usize>, String> {
    match words {
        [] => Ok(None),
        ["--jobs", number] => number
            .parse()
            .map(Some)
            .map_err(|_| format!("{number} is not a number")),
        _ => Err(format!("what is {}?", words.join(" "))),
    }
}

fn event_loop(folder: &Path) -> Result<bool, String> {
    let programs = truth::programs(folder);
    if programs.is_empty() {
        return Err(format!(
            "there are no programs with expectations in {}.",
            folder.display()
        ));
    }
    let mut jar = tests::jar();
    let mut failed = 0;
    for program in &programs {
        if let Err(difference) = truth::compare(&mut jar, program) {
            failed += 1;
            println!("--- {}\n{difference}", program.name);
        }
    }
    println!(
        "{} of {} as in real Node",
        programs.len() - failed,
        programs.len()
    );
    Ok(failed == 0)
}
