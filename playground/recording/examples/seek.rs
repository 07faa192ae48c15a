//! How long one seek takes in a long recording: state, words and the places of everything, at random events.
//! `cargo run --release -p recording --example seek [EVENTS]` prints one figure a line, in microseconds.

use std::time::Instant;

use recording::{
    Axis, Bookmarks, Recording, fixture,
    metrics::{Measures, Metric, Requests, Windows},
    score::{LoopScore, LoopSums, Score, Sums},
    sentence,
};

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
    let (sums, loop_sums) = (Sums::new(&recording), LoopSums::new(&recording, 1));
    let bookmarks = Bookmarks::new(&recording, &[]);
    let summed = started.elapsed();
    let whole = Axis::new(&recording, 1_200.0, true);
    let blocks = Score::new(&recording, &sums, &bookmarks, whole.clone()).hosts[0]
        .1
        .blocks
        .len();
    // From all of it to the shortest thing there is, at one of its moments.
    let mut zoom_us: Vec<f64> = Vec::new();
    let mut axis = whole;
    for _ in 0..40 {
        let started = Instant::now();
        let zoom = axis.nearer(&recording, 1.5, 700.0);
        axis = Axis::zoomed(&recording, 1_200.0, true, zoom);
        let score = Score::new(&recording, &sums, &bookmarks, axis.clone());
        let turning = LoopScore::new(&recording, &loop_sums, &axis);
        std::hint::black_box((score, turning));
        zoom_us.push(started.elapsed().as_secs_f64() * 1e6);
    }
    zoom_us.sort_by(f64::total_cmp);

    let started = Instant::now();
    let measures = Measures::new(&recording);
    let measured = started.elapsed();
    let started = Instant::now();
    let axis = Axis::new(&recording, 1_200.0, true);
    let windows = Windows::on(&axis, (0, recording.end_ns() + 1));
    for metric in Metric::ALL {
        std::hint::black_box(measures.chart(metric, Requests::default(), &windows));
    }
    let charted = started.elapsed();
    println!("events {count}");
    println!("index_all_us {:.0}", indexed.as_secs_f64() * 1e6);
    println!("seek_median_us {:.1}", costs_us[costs_us.len() / 2]);
    println!("seek_p99_us {:.1}", costs_us[costs_us.len() * 99 / 100]);
    println!("seek_max_us {:.1}", costs_us[costs_us.len() - 1]);
    println!("sums_us {:.0}", summed.as_secs_f64() * 1e6);
    println!("zoom_median_us {:.0}", zoom_us[zoom_us.len() / 2]);
    println!("zoom_max_us {:.0}", zoom_us[zoom_us.len() - 1]);
    println!("host_blocks {blocks}");
    println!("measure_us {:.0}", measured.as_secs_f64() * 1e6);
    println!("chart_us {:.0}", charted.as_secs_f64() * 1e6);
}
