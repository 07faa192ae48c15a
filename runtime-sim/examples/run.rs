//! Runs one file natively: `cargo run -p runtime-sim --example run -- FILE [SEED]`. For the desk; the real command line
//! is the crate `terrarium`.

use protocol::{Command, EventKind, File, Limits, ProcessSpec, Record, Reply, Scenario, Status, Stream};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let name = args[1].rsplit('/').next().unwrap().to_owned();
    let scenario = Scenario {
        seed: args.get(2).map_or(1, |seed| seed.parse().unwrap()),
        epoch_ms: 1_700_000_000_000,
        limits: Limits::PAGE,
        record: Record::All,
        processes: vec![ProcessSpec {
            host: "app".into(),
            entry: format!("/app/{name}"),
            args: vec![],
            env: vec![],
            cwd: "/app".into(),
            files: vec![File {
                path: format!("/app/{name}"),
                bytes: std::fs::read(&args[1]).unwrap(),
            }],
            stdin: vec![],
            tick_ns: 50,
        }],
    };
    let verbose = std::env::var_os("EVENTS").is_some();
    let mut jar = runtime_sim::Jar::default();
    println!("{:?}", jar.carry_out(Command::Start(scenario)));
    loop {
        let reply = jar.carry_out(Command::Step { ticks_max: 100_000 });
        let Reply::Stepped { status, events } = reply else {
            panic!("{reply:?}")
        };
        for event in events {
            if verbose {
                println!("{:>10.3} {:?} ^{:?} {:?}", event.time_ns as f64 / 1e6, event.kind, event.cause, event.stack);
            } else if let EventKind::Logged { stream, text } = event.kind {
                match stream {
                    Stream::Stdout => print!("{text}"),
                    Stream::Stderr => eprint!("{text}"),
                }
            }
        }
        if let Status::Finished { .. } = status {
            println!("{status:?}");
            return;
        }
    }
}
