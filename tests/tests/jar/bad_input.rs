//! Programs that no page should have to run: each in `bad-input/` ends by itself under the page's limits, with a message
//! that names the cause and the place (the golden beside it), and the next run in the same instance works.

use std::{
    fs,
    time::{Duration, Instant},
};

use protocol::{EventKind, Limits, Record, Stream};
use tests::{assert_failures, compare_golden, data, entries, jar, name_of, scenario, show};

/// The page promises two seconds on a laptop; a shared machine in a debug build is slower.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn every_program_ends_with_a_clear_message() {
    let folder = data("bad-input");
    let mut jar = jar();
    let mut failures = Vec::new();
    for path in entries(&folder) {
        let is_program = path
            .extension()
            .is_some_and(|ending| ending == "cjs" || ending == "mjs");
        if !is_program {
            continue;
        }
        let name = name_of(&path);
        let source = fs::read(&path).expect("a program");
        let start = Instant::now();
        let mut lines = 0;
        let mut said = String::new();
        let run = scenario(&name, source, 1, Limits::PAGE, Record::Output);
        let ended = jar.run(&run, |events| {
            for event in events {
                match event.kind {
                    EventKind::Logged {
                        stream: Stream::Stdout,
                        ..
                    } => lines += 1,
                    EventKind::Logged { text, .. } => said.push_str(&text),
                    EventKind::LimitReached { text, .. } => {
                        said.push_str(&format!("limit: {text}\n"))
                    }
                    EventKind::UncaughtError {
                        text, line, column, ..
                    } => said.push_str(&format!("uncaught: {text} ({line}:{column})\n")),
                    _ => {}
                }
            }
        });
        let took = start.elapsed();
        println!("{name}: {} ms", took.as_millis());
        said.push_str(&match ended {
            Ok(finished) => format!("{lines} lines, exit {}\n", finished.exit_code),
            Err(error) => format!("{error}\n"),
        });
        if let Err(difference) = compare_golden(&path.with_extension("txt"), &said) {
            failures.push((name.clone(), difference));
        }
        assert!(took < PATIENCE, "{name} took {took:?}");
        let hello = b"console.log('hello')".to_vec();
        let next = show(
            &mut jar,
            &scenario("next.cjs", hello, 1, Limits::PAGE, Record::Output),
        );
        assert_eq!(
            (next.stdout.as_str(), next.exit_code),
            ("hello\n", 0),
            "after {name}"
        );
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}
