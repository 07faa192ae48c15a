//! How long one seek takes in a long recording: state, words and the places of everything, at random events.
//! `cargo run --release -p recording --example seek [EVENTS]` prints one figure a line, in microseconds.

use std::time::Instant;

use recording::{Recording, fixture, score::Score, sentence};

fn main() {
    let events: usize = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(100_000);
    let trace = fixture::generated(events, 7);
    let started = Instant::now();
    let recording = Recording::from_events(trace);
    let indexed = started.elapsed();
    let count = recording.events().len() as u64;

    let mut costs_us = Vec::new();
    let mut at = 1;
    for _ in 0..2_000 {
        at = (at * 48_271 + 11) % count;
        let started = Instant::now();
        let state = recording.state_at(1, at, 8);
        let told = sentence(&recording, at);
        let rows = recording.twin(&state);
        std::hint::black_box((state, told, rows));
        costs_us.push(started.elapsed().as_secs_f64() * 1e6);
    }
    costs_us.sort_by(f64::total_cmp);

    let started = Instant::now();
    let score = Score::new(&recording, 1_200.0, true);
    let scored = started.elapsed();
    println!("events {count}");
    println!("index_all_us {:.0}", indexed.as_secs_f64() * 1e6);
    println!("seek_median_us {:.1}", costs_us[costs_us.len() / 2]);
    println!("seek_p99_us {:.1}", costs_us[costs_us.len() * 99 / 100]);
    println!("seek_max_us {:.1}", costs_us[costs_us.len() - 1]);
    println!("score_us {:.0}", scored.as_secs_f64() * 1e6);
    println!("host_blocks {}", score.hosts[0].1.blocks.len());
}
