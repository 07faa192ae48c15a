//! Runs one program natively, to its end.

#![allow(dead_code, reason = "each suite uses a part")]

use std::path::Path;

use protocol::{
    Command, Event, EventKind, File, LIBRARY_FILES, Limits, ProcessSpec, Record, Reply, Scenario,
    Status, Stream,
};
use runtime_sim::Jar;

#[derive(Debug, Default)]
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub exit_code: i32,
    pub now_ns: u64,
    pub hash: u64,
    pub events: Vec<Event>,
}

impl Run {
    pub fn limit(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::LimitReached { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}

pub fn scenario(name: &str, bytes: &[u8], seed: u64) -> Scenario {
    Scenario {
        seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: 1_700_000_000_000,
        limits: Limits::PAGE,
        record: Record::All,
        network: protocol::scenario::NetworkSpec::default(),
        processes: vec![ProcessSpec {
            host: "app".into(),
            entry: format!("/app/{name}"),
            args: vec![],
            env: vec![],
            cwd: "/app".into(),
            files: vec![File {
                path: format!("/app/{name}"),
                bytes: bytes.to_vec(),
            }],
            transpiled: Vec::new(),
            stdin: vec![],
            tick_ns: 50,
        }],
    }
}

/// A jar with all of Node's library, which `cargo xtask assets` makes.
pub fn jar() -> Jar {
    let mut jar = Jar::default();
    for name in LIBRARY_FILES {
        load(&mut jar, name);
    }
    jar
}

/// One file of it.
pub fn load(jar: &mut Jar, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/assets");
    let path = folder.join(name);
    let library = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}. `cargo xtask assets` makes it.",
            path.display()
        )
    });
    let reply = jar.carry_out(Command::Load { library });
    assert!(matches!(reply, Reply::Loaded { .. }), "{reply:?}");
}

/// In slices of `ticks_max`.
pub fn carry_out(jar: &mut Jar, scenario: Scenario, ticks_max: u64) -> Run {
    let started = jar.carry_out(Command::Start(scenario));
    assert!(matches!(started, Reply::Started { .. }), "{started:?}");
    let mut run = Run::default();
    loop {
        let reply = jar.carry_out(Command::Step { ticks_max });
        let Reply::Stepped { status, events } = reply else {
            panic!("{reply:?}");
        };
        for event in events {
            if let EventKind::Logged { stream, text } = &event.kind {
                match stream {
                    Stream::Stdout => run.stdout.push_str(text),
                    Stream::Stderr => run.stderr.push_str(text),
                }
            }
            run.events.push(event);
        }
        if let Status::Finished {
            now_ns,
            exit_code,
            trace_hash,
        } = status
        {
            run.now_ns = now_ns;
            run.exit_code = exit_code;
            run.hash = trace_hash;
            return run;
        }
    }
}

/// Twice, in slices of different size; both must leave the same trace.
pub fn run_twice(name: &str, bytes: &[u8], seed: u64) -> Run {
    let mut jar = jar();
    let first = carry_out(&mut jar, scenario(name, bytes, seed), 1 << 40);
    let second = carry_out(&mut jar, scenario(name, bytes, seed), 5_000);
    let parted = first
        .events
        .iter()
        .zip(&second.events)
        .position(|(a, b)| a != b);
    if let Some(at) = parted {
        panic!(
            "{name}: two runs part at event {at}: {:?} against {:?}",
            first.events[at], second.events[at]
        );
    }
    assert_eq!(first.hash, second.hash, "{name}: two runs, two traces");
    assert_eq!(
        protocol::codec::TraceHash::of(&first.events).0,
        first.hash,
        "{name}: the hash covers the events"
    );
    first
}

pub fn text(name: &str, source: &str) -> Run {
    run_twice(name, source.as_bytes(), 1)
}
