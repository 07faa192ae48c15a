//! The command line: reads the arguments, hands them to a command, and turns its answer into an exit code.
//!
//! `run` ends with the simulated process's own code; 70 means that the simulation itself broke, 2 that the command
//! line makes no sense, 1 that something else went wrong, in words, on standard error.

mod check;
mod explore;
mod request;
mod run;
mod serve;
mod shortest;
mod signals;
mod trace;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use lexopt::{Arg, Parser};

use crate::Error;

const HELP: &str = "\
A Node.js process, its clock and its event loop in a jar.

  terrarium run [--seed N] [--choose PICKS] [--cpu X] [--limits terminal|page] FILE [ARGS]
      Runs FILE as `node FILE` would, in virtual time. Its project folder is its file system; what it writes stays
      in memory. --cpu 0.5 is a core of half the usual speed. --choose 0,1 takes the first and then the second option
      where the seed would choose an order, before the seed goes on choosing; 0,1,first goes on with first options,
      which are the order of asking, and 4x0 is four times 0. Of Node's own options there are --import, --require,
      --conditions, --no-warnings, --expose-internals and --experimental-vm-modules.
  terrarium run --test [--test-reporter R] [--test-name-pattern P] [--test-only] [--test-concurrency N] [PATH…]
      Runs Node's test runner, as `node --test` would, on the test files among PATH or in the working folder.
  terrarium run [--seed N] [--cpu X] [--limits terminal|page] [--json] WORLD.toml
      Runs a world: several processes on several hosts, and what lies between them. Each line says whose it is. What
      became of its load is told at the end; 99 is the exit code when a threshold is not met.
  terrarium serve [--port P] [--seed N] [--cpu X] FILE [-- ARGS]
      Runs FILE in real time and lets this machine's own programs (curl, a browser, k6) call the server in it, on
      port P of 127.0.0.1; without --port it is the port that the program listens on. Ctrl-C is the program's SIGINT.
  terrarium check [PATH…] [--json]
      Grades lessons: the start fails, the solution passes, nothing is missing or extra. PATH is a lesson, a chapter
      or all of `lessons`.
  terrarium trace [--seed N] [--choose PICKS] [--cpu X] [--limits terminal|page] [--format chrome|json] [-o OUT] FILE
      [ARGS]
      Runs FILE and writes what happened: `chrome` for https://ui.perfetto.dev, `json` one event a line.
  terrarium explore [--seeds N] [--json] [--seed N] [--cpu X] [--limits terminal|page] FILE [ARGS]
      Runs FILE under N seeds, 100 unless said, on all cores, and lists every outcome: how often, the first seed that
      shows it, exit code and output; and for each way to fail the shortest interleaving that brings it.
  terrarium --help
  terrarium --version

Chance comes from the seed (1 unless --seed says otherwise): the same seed gives the same run.
";

const BAD_USAGE: u8 = 2;
/// `EX_SOFTWARE` of sysexits.h: the simulation itself broke.
const BROKEN: u8 = 70;

/// Why a command did not do what it was asked for.
enum Failure {
    /// The command line makes no sense.
    Usage(String),
    Jar(Error),
    Sentence(String),
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Jar(error)
    }
}

/// All of `main`.
pub fn main() -> ExitCode {
    match dispatch(&mut Parser::from_env()) {
        Ok(code) => code,
        Err(Failure::Usage(sentence)) => {
            eprintln!("terrarium: {sentence}. See `terrarium --help`.");
            ExitCode::from(BAD_USAGE)
        }
        Err(Failure::Jar(error)) => {
            eprintln!("terrarium: {error}");
            match error {
                Error::Trapped { .. } => ExitCode::from(BROKEN),
                _ => ExitCode::FAILURE,
            }
        }
        Err(Failure::Sentence(sentence)) => {
            eprintln!("terrarium: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    match arguments.next()? {
        Some(Arg::Short('h') | Arg::Long("help")) => {
            print(HELP);
            Ok(ExitCode::SUCCESS)
        }
        Some(Arg::Short('V') | Arg::Long("version")) => {
            print(concat!("terrarium ", env!("CARGO_PKG_VERSION"), "\n"));
            Ok(ExitCode::SUCCESS)
        }
        Some(Arg::Value(command)) => match command.to_str() {
            Some("run") => run::run(arguments),
            Some("check") => check::check(arguments),
            Some("explore") => explore::explore(arguments),
            Some("serve") => serve::serve(arguments),
            Some("trace") => trace::trace(arguments),
            _ => Err(Failure::Usage(format!(
                "there is no command {}",
                command.display()
            ))),
        },
        Some(other) => Err(other.unexpected().into()),
        None => Err(Failure::Usage("a command is missing".to_string())),
    }
}

/// Prints for a person. Whoever closed the pipe has read enough.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}
