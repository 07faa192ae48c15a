//! Worlds of others' tests, each in a process of this machine to itself: the wall clock ends one that nothing else ends.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use protocol::{
    EventKind, File, Limits, ProcessSpec, Record, Scenario, Stream,
    scenario::{EPOCH_MS, TICK_NS},
};

/// `None` stands for as many as this machine has cores.
pub fn jobs(wanted: Option<usize>) -> usize {
    wanted
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .max(1)
}

/// What `work` makes of each item, in their order.
pub fn map<T: Sync, R: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    if let Ok(mut results) = results.lock() {
                        results.push((index, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

pub struct Ended {
    /// `None` when it had to be ended.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// This program once more, with other words.
pub fn run_again<S: AsRef<OsStr>>(
    words: impl IntoIterator<Item = S>,
    wall_time_max: Duration,
) -> io::Result<Ended> {
    let child = Command::new(env::current_exe()?)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    wait(child, wall_time_max)
}

fn wait(mut child: Child, wall_time_max: Duration) -> io::Result<Ended> {
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let start = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if start.elapsed() > wall_time_max {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    Ok(Ended {
        code,
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    })
}

/// A world with one process, which begins in `folder`.
pub fn world(
    folder: &Path,
    entry: &Path,
    args: Vec<String>,
    files: Vec<File>,
    limits: Limits,
) -> Scenario {
    Scenario {
        seed: 1,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: EPOCH_MS,
        limits,
        record: Record::Output,
        network: protocol::scenario::NetworkSpec::default(),
        processes: vec![ProcessSpec {
            host: "jar".to_string(),
            entry: entry.to_string_lossy().into_owned(),
            args,
            env: [("PATH", "/usr/bin:/bin"), ("HOME", "/root")]
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .to_vec(),
            cwd: folder.to_string_lossy().into_owned(),
            files,
            transpiled: Vec::new(),
            stdin: Vec::new(),
            tick_ns: TICK_NS,
        }],
    }
}

/// Runs a world to its end, shows what it writes and answers its exit code.
pub fn show(scenario: &Scenario) -> i32 {
    let mut jar = crate::jar();
    let ended = jar.run(scenario, |events| {
        for event in events {
            match event.kind {
                EventKind::Logged {
                    stream: Stream::Stdout,
                    text,
                } => print!("{text}"),
                EventKind::Logged { text, .. } => eprint!("{text}"),
                EventKind::LimitReached { text, .. } => eprintln!("LimitError: {text}"),
                _ => {}
            }
        }
    });
    match ended {
        Ok(finished) => finished.exit_code,
        Err(error) => {
            eprintln!("SimulationError: {error}");
            70
        }
    }
}

pub fn add(path: &Path, files: &mut Vec<File>) {
    // Some fixtures are links to nowhere on purpose.
    if let Ok(bytes) = fs::read(path) {
        files.push(File {
            path: path.to_string_lossy().into_owned(),
            bytes,
        });
    }
}
