//! One seed in, one trace out: the programs in `programs/` have the same trace natively and in wasmtime, each twice,
//! whatever ran in the same instance before.

use std::fs;

use protocol::{
    Command, Event, EventKind, Limits, Record, Reply, Scenario, Status, codec::TraceHash,
};
use tests::{data, entries, jar, name_of, scenario};

const SEEDS: [u64; 4] = [1, 2, 7, u64::MAX];

#[test]
fn the_trace_is_the_same_natively_and_in_wasmtime() {
    let mut shared = jar();
    let mut native = native_jar();
    let programs = entries(&data("programs"));
    assert!(!programs.is_empty(), "there are no programs");
    for path in programs {
        let source = fs::read(&path).expect("a program");
        for seed in SEEDS {
            let name = name_of(&path);
            let scenario = scenario(&name, source.clone(), seed, Limits::PAGE, Record::All);
            let first = run_natively(&mut native, &scenario);
            let second = run_natively(&mut native, &scenario);
            compare(&name, seed, "a second native run", &first, &second);
            let afresh = run_natively(&mut native_jar(), &scenario);
            compare(&name, seed, "a native run of a new jar", &first, &afresh);
            let in_wasmtime = run_in_wasmtime(&mut shared, &scenario);
            let again = run_in_wasmtime(&mut shared, &scenario);
            compare(
                &name,
                seed,
                "the second run in wasmtime",
                &in_wasmtime,
                &again,
            );
            let [first, in_wasmtime] = [first, in_wasmtime].map(Trace::without_bytes);
            compare(&name, seed, "a run in wasmtime", &first, &in_wasmtime);
        }
    }
}

/// The heap is counted in bytes, and those of the module are of a machine with 32 bits: natively the limit strikes at
/// another moment. The programs in `programs-wasm/` meet it, so they have one trace in wasmtime only.
#[test]
fn the_heap_limit_strikes_at_one_moment_in_wasmtime() {
    let mut shared = jar();
    for path in entries(&data("programs-wasm")) {
        let source = fs::read(&path).expect("a program");
        for seed in SEEDS {
            let name = name_of(&path);
            let scenario = scenario(&name, source.clone(), seed, Limits::PAGE, Record::All);
            let first = run_in_wasmtime(&mut shared, &scenario);
            let second = run_in_wasmtime(&mut shared, &scenario);
            compare(&name, seed, "the second run", &first, &second);
            let afresh = run_in_wasmtime(&mut jar(), &scenario);
            compare(&name, seed, "the run of a new jar", &first, &afresh);
        }
    }
}

fn native_jar() -> runtime_sim::Jar {
    let mut jar = runtime_sim::Jar::default();
    for library in terrarium::library().unwrap_or_else(|error| panic!("{error}")) {
        let reply = jar.carry_out(Command::Load { library });
        assert!(matches!(reply, Reply::Loaded { .. }), "{reply:?}");
    }
    jar
}

struct Trace {
    events: Vec<Event>,
    hash: u64,
}

impl Trace {
    /// So that a heap of 64 bits is like one of 32.
    fn without_bytes(mut self) -> Self {
        for event in &mut self.events {
            if let EventKind::HeapUsed { bytes } = &mut event.kind {
                *bytes = 0;
            }
        }
        self
    }
}

fn run_natively(jar: &mut runtime_sim::Jar, scenario: &Scenario) -> Trace {
    let reply = jar.carry_out(Command::Start(scenario.clone()));
    assert!(matches!(reply, Reply::Started { .. }), "{reply:?}");
    let mut events = Vec::new();
    loop {
        // Another slice than the host's: where a run is cut must not matter.
        match jar.carry_out(Command::Step { ticks_max: 12_345 }) {
            Reply::Stepped {
                status,
                events: more,
            } => {
                events.extend(more);
                if let Status::Finished { trace_hash, .. } = status {
                    return Trace {
                        events,
                        hash: trace_hash,
                    };
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

fn run_in_wasmtime(jar: &mut terrarium::Jar, scenario: &Scenario) -> Trace {
    let mut events = Vec::new();
    let finished = jar
        .run(scenario, |more| events.extend(more))
        .unwrap_or_else(|error| panic!("{error}"));
    Trace {
        events,
        hash: finished.trace_hash,
    }
}

/// Panics with the first event that differs.
fn compare(name: &str, seed: u64, what: &str, first: &Trace, other: &Trace) {
    for (id, (left, right)) in first.events.iter().zip(&other.events).enumerate() {
        assert_eq!(
            left, right,
            "{name}, seed {seed}, {what}: event {id} differs"
        );
    }
    assert_eq!(
        first.events.len(),
        other.events.len(),
        "{name}, seed {seed}, {what}: the number of events differs"
    );
    assert_eq!(
        first.hash, other.hash,
        "{name}, seed {seed}, {what}: the hash differs"
    );
    assert_eq!(
        TraceHash::of(&first.events).0,
        first.hash,
        "{name}, seed {seed}: the jar's hash is that of its events"
    );
}
