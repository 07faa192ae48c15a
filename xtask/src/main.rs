//! Every automation of this repository, as `cargo xtask COMMAND`. It is the first thing that a stranger compiles, so
//! it has no dependencies: what needs a library (compression, hashes) asks Node, which the editor needs anyway.
//!
//! The life of `cargo xtask serve`: [`setup`] makes sure that the tools are there, [`build::assets`] makes what the
//! page fetches (the jar, the editor, the lessons), and [`serve`] hands over to Trunk, which builds the page itself.
//! Whatever takes longer than a second says so; all output goes to `target/logs/`, and its tail is shown on failure.

mod bench;
mod build;
mod policy;
mod process;
mod serve;
mod setup;
mod sizes;
mod stamp;
mod test;
mod truth;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

/// An error is a sentence for the person at the terminal.
pub type Result<T = ()> = std::result::Result<T, String>;

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--port N]    build, and serve the page at http://127.0.0.1:8080
  test [SUITE…]       every suite, or those named: format, lints, unit, editor, jar, components, dist, browser; and by
                      name only: firefox, webkit
  dist                the static site, in dist/
  bench               sizes and speeds
  truth SUITE DIR     what the real thing was seen to do, against ours: event-loop [DIR], express DIR [--jobs N],
                      promises-aplus DIR, or node DIR [--list FILE] [--group NAME] [--tier N] [--jobs N]
  assets              what the page fetches, in target/assets/ (Trunk calls this before each build)
  setup               only install what is missing

Each of them installs what it needs and is missing.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result {
    let workspace = Workspace::find()?;
    match words {
        ["setup"] => setup::everything(&workspace),
        ["assets"] => build::assets(&workspace, &setup::for_assets(&workspace)?),
        ["serve"] => serve::serve(&workspace, 8080),
        ["serve", "--port", port] => serve::serve(&workspace, port_number(port)?),
        ["dist"] => {
            build::dist(&workspace, &setup::for_page(&workspace)?)?;
            sizes::print(&workspace)
        }
        ["test", suites @ ..] => test::run(&workspace, suites),
        ["bench"] => bench::run(&workspace),
        ["truth", suite, arguments @ ..] => truth::run(&workspace, suite, arguments),
        ["policy"] => policy::seal(&workspace),
        _ => Err(USAGE.to_owned()),
    }
}

fn port_number(text: &str) -> Result<u16> {
    text.parse()
        .map_err(|_| format!("{text} is not a port number."))
}
