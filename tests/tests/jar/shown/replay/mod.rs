//! Recordings of real runs, and what the raw trace says of any of their moments, found the slow and obvious way: by
//! taking one event after another, and by looking at all of them again. Nothing here calls the crate `recording`.

pub mod loops;
pub mod measures;
pub mod network;

use std::path::Path;

use protocol::{Event, Limits, Record, Scenario, lesson::Lesson};
use tests::{data, entries, name_of, scenario, world};

/// A world that is run for its trace.
pub struct Source {
    pub name: String,
    pub scenario: Scenario,
}

/// What is recorded: each lesson as it begins and as it is solved, the worlds, and programs that use every queue and
/// every end that a run may have; and some of them with other seeds.
pub fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in course::lesson_folders(&data("../lessons")) {
        let lesson = course::load_lesson(&folder).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        sources.push(of_lesson(&lesson, "start", lesson.world.seed));
        sources.push(of_lesson(&lesson, "solution", lesson.world.seed + 1));
    }
    for folder in entries(&data("worlds")) {
        if folder.join("world.toml").exists() {
            sources.push(of_world(&folder, None));
        }
    }
    for name in ["cut", "crash", "load"] {
        sources.push(of_world(&data("worlds").join(name), Some(77)));
    }
    const PROGRAMS: [&str; 3] = ["programs", "programs-wasm", "programs-shown"];
    for path in PROGRAMS.iter().flat_map(|folder| entries(&data(folder))) {
        sources.push(of_program(&path, 1));
    }
    let corpus = entries(&data("truth/event-loop"));
    let programs = corpus
        .iter()
        .filter(|path| !name_of(path).ends_with(".out"));
    // Every seventh, which is some of each kind: they are named by what they are about.
    for (number, path) in programs.enumerate().filter(|(number, _)| number % 7 == 0) {
        sources.push(of_program(path, number as u64));
    }
    sources
}

fn of_lesson(lesson: &Lesson, which: &str, seed: u64) -> Source {
    let files = match which {
        "start" => &lesson.start,
        _ => &lesson.solution,
    };
    let files = files
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()));
    Source {
        name: format!("{} {which}, seed {seed}", lesson.id),
        scenario: lesson.scenario(files, seed, Record::All),
    }
}

fn of_world(folder: &Path, seed: Option<u64>) -> Source {
    // A long world ends in the middle, as it does in the page.
    let mut scenario = world(folder, Limits::PAGE, Record::All);
    scenario.seed = seed.unwrap_or(scenario.seed);
    Source {
        name: format!("world {}, seed {}", name_of(folder), scenario.seed),
        scenario,
    }
}

fn of_program(path: &Path, seed: u64) -> Source {
    let name = name_of(path);
    let source = std::fs::read(path).expect("a program");
    Source {
        scenario: scenario(&name, source, seed, Limits::PAGE, Record::All),
        name: format!("{name}, seed {seed}"),
    }
}

/// In the order of their times, those of one time in the order of the trace; causes are numbered anew with them.
pub fn in_order(raw: &[Event]) -> Vec<Event> {
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by_key(|at| raw[*at].time_ns);
    let mut places = vec![0; raw.len()];
    for (place, at) in order.iter().enumerate() {
        places[*at] = place as u64;
    }
    let events = order.iter().map(|at| {
        let mut event = raw[*at].clone();
        event.cause = event.cause.map(|cause| places[cause as usize]);
        event
    });
    events.collect()
}
