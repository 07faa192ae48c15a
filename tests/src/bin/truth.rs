//! `truth SUITE DIR`: a folder of programs with what real Node printed for them, against the jar in wasmtime.

use std::{env, path::Path, process::ExitCode};

use tests::truth;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [suite, folder] = arguments.as_slice() else {
        eprintln!("usage: truth event-loop DIR");
        return ExitCode::from(2);
    };
    if suite != "event-loop" {
        eprintln!("truth: there is no suite {suite}; there is event-loop.");
        return ExitCode::from(2);
    }
    let programs = truth::programs(Path::new(folder));
    if programs.is_empty() {
        eprintln!("truth: there are no programs with expectations in {folder}.");
        return ExitCode::from(2);
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
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
