//! Runs a program natively: `cargo run -p node --example node -- NODE_LIB [OPTIONS] FILE [ARGS]`. `TERRARIUM_FILES` names more
//! folders that it sees, `TERRARIUM_PARTS` the library's other parts.

use std::{cell::RefCell, io::Write, path::Path, rc::Rc};

use kernel::Sim;
use node::{Booted, Library, Process};
use protocol::{EventKind, File, Limits, ProcessSpec, Record, Scenario, Status, Stream};

fn main() {
    let mut args = std::env::args().skip(1);
    let library = args.next().expect("node-lib.bin");
    let mut args = args.peekable();
    // Node's own options come first, and then the jar reads the command line itself.
    let has_options = args.peek().is_some_and(|arg| arg.starts_with("--"));
    let file = (!has_options).then(|| {
        std::fs::canonicalize(args.next().expect("a program")).expect("the program exists")
    });
    let library = Library::parse(std::fs::read(library).expect("node-lib.bin is read"))
        .expect("a node-lib.bin");
    for part in std::env::var("TERRARIUM_PARTS")
        .unwrap_or_default()
        .split(':')
        .filter(|part| !part.is_empty())
    {
        library
            .add(std::fs::read(part).expect("a part is read"))
            .expect("a part");
    }
    let mut files = Vec::new();
    if let Some(file) = &file {
        place(&mut files, file);
    }
    for root in std::env::var("TERRARIUM_FILES")
        .unwrap_or_default()
        .split(':')
    {
        place_all(&mut files, Path::new(root));
    }
    let spec = ProcessSpec {
        host: "here".into(),
        entry: file.map_or_else(String::new, |file| file.to_string_lossy().into_owned()),
        args: args.collect(),
        env: vec![
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("HOME".into(), "/root".into()),
        ],
        cwd: std::env::current_dir()
            .expect("this process is somewhere")
            .to_string_lossy()
            .into_owned(),
        files,
        transpiled: Vec::new(),
        stdin: Vec::new(),
        tick_ns: 50,
    };
    let seed = std::env::var("TERRARIUM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let scenario = Scenario {
        seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: 1_767_225_600_000,
        limits: Limits {
            events_max: 1_000_000,
            ..Limits::PAGE
        },
        record: Record::All,
        network: protocol::scenario::NetworkSpec::default(),
        processes: vec![spec],
    };
    let booted = RefCell::new(Some(Booted::boot(Rc::new(library)).expect("it boots")));
    let mut sim = Sim::new(scenario, move |process, spec, scheduler| {
        let booted = booted.borrow_mut().take().expect("one process");
        Process::begin(booted, process, spec, scheduler)
    });
    let show = std::env::var_os("TERRARIUM_TRACE").is_some();
    loop {
        let status = sim.step(1_000_000, 20_000);
        for event in sim.world().borrow_mut().recorder.take() {
            if show {
                eprintln!("{event:?}");
            }
            if let EventKind::Logged { stream, text } = &event.kind {
                match stream {
                    Stream::Stdout => print!("{text}"),
                    Stream::Stderr => eprint!("{text}"),
                }
            }
        }
        if let Status::Finished { exit_code, .. } = status {
            let _ = std::io::stdout().flush();
            std::process::exit(exit_code);
        }
    }
}

fn place(files: &mut Vec<File>, path: &Path) {
    if let Ok(bytes) = std::fs::read(path) {
        files.push(File {
            path: path.to_string_lossy().into_owned(),
            bytes,
        });
    }
}

fn place_all(files: &mut Vec<File>, root: &Path) {
    let Ok(entries) = std::fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            place_all(files, &path);
        } else {
            place(files, &path);
        }
    }
}
