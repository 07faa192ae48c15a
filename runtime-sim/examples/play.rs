//! Plays encoded commands natively, as `cargo xtask bench` writes them to `target/probes`, where a profiler can look:
//! `cargo run --release -p runtime-sim --example play -- boot-*.bin load-express.bin`. The last one begins the world.

use std::time::Instant;

use protocol::{Command, EventKind, Reply, Status, codec};
use runtime_sim::Jar;

fn main() {
    let mut jar = Jar::default();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let command: Command = codec::decode(&bytes).unwrap_or_else(|error| panic!("{error}"));
        let reply = jar.carry_out(command);
        let is_fine = matches!(reply, Reply::Loaded { .. } | Reply::Started { .. });
        assert!(is_fine, "{path}: {reply:?}");
    }
    let began = Instant::now();
    let ticks_max = 1 << 24;
    while let Reply::Stepped { status, events } = jar.carry_out(Command::Step { ticks_max }) {
        for event in events {
            match event.kind {
                EventKind::Logged { text, .. } => print!("{text}"),
                EventKind::LoadEnded { report, .. } => {
                    println!("{} requests", report.open().map_or(0, |report| report.sent));
                }
                _ => {}
            }
        }
        if !matches!(status, Status::Running { .. }) {
            println!("{status:?} after {:.2} s", began.elapsed().as_secs_f64());
            return;
        }
    }
}
