//! What `cargo xtask bench` measures through wasmtime. Each figure is a median, and what belongs together is measured in
//! turns, so that a busy machine troubles both.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
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
    let (ours, nodes) = hello()?;
    row(
        "`terrarium run hello.js`, warm, ms",
        milliseconds(ours),
        Some(40.0),
    );
    row(
        "in times of `node hello.js`",
        ours.as_secs_f64() / nodes.as_secs_f64(),
        Some(2.0),
    );
    Ok(())
}

fn hello() -> Result<(Duration, Duration), String> {
    let folder = env::temp_dir().join(format!("terrarium-bench-{}", std::process::id()));
    let file = folder.join("hello.js");
    let program = env::current_exe()
        .map_err(|error| error.to_string())?
        .with_file_name("terrarium-under-test");
    let write =
        fs::create_dir_all(&folder).and_then(|()| fs::write(&file, "console.log('hello')\n"));
    write.map_err(|error| format!("{}: {error}", file.display()))?;
    let mut times = (Vec::new(), Vec::new());
    let result = (0..=TURNS).try_for_each(|turn| {
        let ours = timed(|| run(&program, &["run"], &file))?;
        let nodes = timed(|| run(Path::new("node"), &[], &file))?;
        // The first turn fills the caches.
        if turn > 0 {
            times.0.push(ours);
            times.1.push(nodes);
        }
        Ok(())
    });
    let _ = fs::remove_dir_all(&folder);
    result.map(|()| (median(times.0), median(times.1)))
}

fn run(program: &Path, before: &[&str], file: &Path) -> Result<(), String> {
    let status = Command::new(program)
        .args(before)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", program.display())),
        Err(error) => Err(format!("{} cannot be run: {error}", program.display())),
    }
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
