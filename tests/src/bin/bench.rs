//! What `cargo xtask bench` measures inside of wasmtime: what a run costs before its first line. Each figure is a median.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use protocol::{Limits, Record};
use tests::{scenario, show};

const TURNS: usize = 15;

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("bench: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let said = |error: terrarium::Error| error.to_string();
    let mut jar = terrarium::Jar::load().map_err(said)?;
    println!(
        "{:<48} {:>11} {:>11} {:>11}",
        "through wasmtime", "", "median", "at most"
    );
    let mut boots = Vec::new();
    for _ in 0..3 {
        boots.push(timed(|| jar.boot_anew())?);
    }
    row(
        "Node's library boots, ms",
        milliseconds(median(boots)),
        None,
    );
    let mut contexts = Vec::new();
    let mut programs = Vec::new();
    let empty = scenario("empty.cjs", Vec::new(), 1, Limits::PAGE, Record::Output);
    for _ in 0..TURNS {
        contexts.push(timed(|| jar.open())?);
        programs.push(timed(|| Ok::<_, String>(show(&mut jar, &empty)))?);
    }
    row(
        "a context from its memory image, ms",
        milliseconds(median(contexts)),
        Some(5.0),
    );
    row(
        "an empty program from there to its end, ms",
        milliseconds(median(programs)),
        None,
    );
    Ok(())
}

fn timed<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<Duration, String> {
    let start = Instant::now();
    work().map_err(|error| error.to_string())?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn row(what: &str, figure: f64, most: Option<f64>) {
    let most = most.map_or_else(String::new, |most| format!("{most:.1}"));
    println!("{what:<48} {:>11} {figure:>11.2} {most:>11}", "");
}
