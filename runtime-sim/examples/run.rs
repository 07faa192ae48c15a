//! Runs one file natively: `cargo run -p runtime-sim --example run -- FILE [SEED]`, with every event if `EVENTS` is set.
//! For the desk; the real command line is the crate `terrarium`.

#[path = "../tests/native/common.rs"]
mod common;

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        eprintln!("which file?");
        return;
    };
    let seed = args.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{path}: {error}");
            return;
        }
    };
    let name = path.rsplit('/').next().unwrap_or(&path);
    let mut jar = common::jar();
    let run = common::carry_out(&mut jar, common::scenario(name, &bytes, seed), 1_000_000);
    if std::env::var_os("EVENTS").is_some() {
        for event in &run.events {
            println!("{:>10.3} {:?}", event.time_ns as f64 / 1e6, event.kind);
        }
    }
    print!("{}", run.stdout);
    eprint!("{}", run.stderr);
    println!(
        "exit:{} at {:.3} ms, trace {:016x}",
        run.exit_code,
        run.now_ns as f64 / 1e6,
        run.hash
    );
}
