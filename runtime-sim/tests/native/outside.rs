//! Who calls a world from outside it, and who sends it signals.

use crate::common::{jar, scenario};
use protocol::{
    Command, EventKind, Reply, Status,
    outside::{Deed, Does, Hears},
};

const SERVER: &str = "
const server = require('node:http').createServer((request, response) => response.end('hello'));
server.listen(3000);
";
const MS: u64 = 1_000_000;
const CALLER: u64 = 1;

#[derive(Default)]
struct Met {
    answer: Vec<u8>,
    stdout: String,
    exit_code: Option<i32>,
}

/// Does each deed 50 ms after the one before, and lets the world go on for a second.
fn meet(source: &str, deeds: &[Does]) -> Met {
    let mut jar = jar();
    let started = jar.carry_out(Command::Start(scenario("server.js", source.as_bytes(), 1)));
    assert!(matches!(started, Reply::Started { .. }), "{started:?}");
    let mut met = Met::default();
    let mut deeds = deeds.iter().cloned();
    for turn in 1..=20 {
        // Its first turn is the program's own.
        let deed = if turn == 1 { None } else { deeds.next() };
        let reply = jar.carry_out(Command::Exchange {
            until_ns: turn * 50 * MS,
            ticks_max: 1 << 40,
            deeds: deed
                .map(|what| Deed {
                    caller: CALLER,
                    what,
                })
                .into_iter()
                .collect(),
        });
        let Reply::Exchanged {
            status,
            heard,
            events,
            ..
        } = reply
        else {
            panic!("{reply:?}");
        };
        for event in events {
            if let EventKind::Logged { text, .. } = event.kind {
                met.stdout.push_str(&text);
            }
        }
        for heard in heard {
            if let Hears::Bytes { bytes } = heard.what {
                met.answer.extend(bytes);
            }
        }
        if let Status::Finished { exit_code, .. } = status {
            met.exit_code = Some(exit_code);
            break;
        }
    }
    met
}

fn interrupt() -> Does {
    Does::Signals { number: 2 }
}

fn calls() -> [Does; 2] {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    [
        Does::Connects { port: 3000 },
        Does::Sends {
            bytes: request.into(),
        },
    ]
}

#[test]
fn a_caller_is_answered() {
    let met = meet(SERVER, &calls());
    let answer = String::from_utf8_lossy(&met.answer);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(met.exit_code, None);
}

#[test]
fn a_signal_ends_who_does_not_listen_to_it() {
    let met = meet(SERVER, &[interrupt()]);
    assert_eq!(met.exit_code, Some(130));
}

#[test]
fn a_signal_is_heard_by_who_listens_to_it() {
    let listens =
        "process.on('SIGINT', (name, number) => { console.log(name, number); server.close(); });";
    let met = meet(&format!("{SERVER}{listens}"), &[interrupt()]);
    assert_eq!(met.stdout, "SIGINT 2\n");
    assert_eq!(met.exit_code, Some(0));
}

#[test]
fn threads_are_not_told() {
    let source = "
const { Worker, isMainThread } = require('node:worker_threads');
if (isMainThread) {
  new Worker(__filename);
  process.on('SIGINT', () => { console.log('main'); process.exit(3); });
} else {
  setInterval(() => {}, 1000);
}
";
    let met = meet(source, &[interrupt()]);
    assert_eq!(met.stdout, "main\n");
    assert_eq!(met.exit_code, Some(3));
}
