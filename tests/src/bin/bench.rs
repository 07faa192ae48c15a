//! What `cargo xtask bench` measures inside of wasmtime: what a run costs before its first line. Each figure is a median.
//!
//! `bench commands FOLDER` writes what `browser/probes.mjs` and `browser/loads.mjs` give to the jar in V8: the encoded
//! commands that begin each program of `probes/`, beside the program, and each world of `loads/`; and for
//! `browser/bench.mjs` a lesson with each world of `watched/`.

use std::{
    env, fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use protocol::{
    Command, Limits, Record, codec,
    lesson::{Lesson, LessonFile},
};
use tests::{data, entries, name_of, scenario, show};

const TURNS: usize = 15;
/// The lesson whose place `browser/bench.mjs` puts it in.
const WATCHED_IN: &str = "../lessons/05-http/01-first-express-api";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(),
        ["commands", folder] => write_commands(Path::new(folder)),
        _ => Err("there is nothing but `commands FOLDER`".to_owned()),
    };
    match done {
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
    let mut expresses = Vec::new();
    let mut programs = Vec::new();
    let program = |source: &str| {
        let source = source.as_bytes().to_vec();
        scenario("main.cjs", source, 1, Limits::PAGE, Record::Output)
    };
    let (empty, express) = (program(""), program("require('express')"));
    for _ in 0..TURNS {
        contexts.push(timed(|| jar.open())?);
        programs.push(timed(|| Ok::<_, String>(show(&mut jar, &empty)))?);
        expresses.push(timed(|| Ok::<_, String>(show(&mut jar, &express)))?);
    }
    row(
        "a context from its memory image, ms",
        milliseconds(median(contexts)),
        Some(5.0),
    );
    let programs = milliseconds(median(programs));
    row("an empty program from there to its end, ms", programs, None);
    row(
        "what require('express') adds, ms",
        milliseconds(median(expresses)) - programs,
        Some(30.0),
    );
    Ok(())
}

fn write_commands(folder: &Path) -> Result<(), String> {
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let parts = terrarium::library().map_err(|error| error.to_string())?;
    for (number, library) in parts.into_iter().enumerate() {
        let name = format!("boot-{number}.bin");
        write(&name, codec::encode(&Command::Load { library }))?;
    }
    let step = Command::Step {
        ticks_max: u64::MAX,
    };
    write("step.bin", codec::encode(&step))?;
    let start = |source: Vec<u8>| {
        let program = scenario("main.cjs", source, 1, Limits::TERMINAL, Record::Output);
        codec::encode(&Command::Start(program))
    };
    write("empty.bin", start(Vec::new()))?;
    for path in entries(&data("probes")) {
        let name = name_of(&path);
        let source = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        write(&name.replace(".js", ".bin"), start(source.clone()))?;
        write(&name, source)?;
    }
    for folder in entries(&data("loads")) {
        let mut world = tests::world(&folder, Limits::TERMINAL, Record::Output);
        terrarium::packages::add_wanted(&mut world).map_err(|error| error.to_string())?;
        let name = format!("load-{}.bin", name_of(&folder));
        write(&name, codec::encode(&Command::Start(world)))?;
    }
    for folder in entries(&data("watched")) {
        let name = format!("watched-{}.bin", name_of(&folder));
        write(&name, codec::encode(&watched(&folder)?))?;
    }
    Ok(())
}

/// A lesson of which only the world matters.
fn watched(folder: &Path) -> Result<Lesson, String> {
    let said = |mistakes: Vec<course::Mistake>| format!("{mistakes:?}");
    let mut lesson = course::load_lesson(&data(WATCHED_IN)).map_err(said)?;
    lesson.world = course::load_world(&folder.join("world.toml")).map_err(said)?;
    let text = fs::read_to_string(folder.join("main.js")).map_err(|error| error.to_string())?;
    lesson.start = vec![LessonFile {
        path: "main.js".to_owned(),
        text,
        read_only: false,
    }];
    (lesson.predict, lesson.requests) = (None, Vec::new());
    Ok(lesson)
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
