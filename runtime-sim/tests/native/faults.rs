//! Hosts that lose their power, processes that are killed, cores that are slow: what programs notice.

use crate::common::{Run, carry_out, jar, scenario};
use protocol::{
    EventKind, ExitReason, ProcessSpec, Scenario,
    codec::Packed,
    scenario::{Change, ChangeSpec, FaultSpec, LinkSpec, Machines, Trigger},
};

const MS: u64 = 1_000_000;

const SERVER: &str = "
const http = require('node:http');
console.log('up');
http.createServer((request, response) => {
  const from = Date.now();
  for (let round = 0; round < 100000; round++) ;
  response.end(`${Date.now() - from} ms`);
}).listen(3000);
";

/// Asks every 100 ms, ten times, and says what came of it and after how long.
const CLIENT: &str = "
const http = require('node:http');
let asked = 0;
function ask() {
  const from = Date.now(), number = ++asked;
  const say = (what) => console.log(number, what, Math.round((Date.now() - from) / 100) * 100);
  const request = http.get('http://api:3000/', { agent: false, timeout: 2000 }, (response) => {
    response.setEncoding('utf8').on('data', (text) => say(text)).on('error', (error) => say(error.code));
  });
  request.on('timeout', () => request.destroy(new Error('late')));
  request.on('error', (error) => say(error.code ?? error.message));
  if (asked < 10) setTimeout(ask, 100);
}
setTimeout(ask, 50);
";

fn world(changes: Vec<(u64, Change)>, faults: Vec<FaultSpec>) -> Scenario {
    let mut world = scenario("server.js", SERVER.as_bytes(), 1);
    let process = |host: &str, name: &str, source: &str| {
        let other = scenario(name, source.as_bytes(), 1);
        let process = other.processes.into_iter().next().expect("one");
        ProcessSpec {
            host: host.into(),
            ..process
        }
    };
    world.limits = protocol::Limits::TERMINAL;
    world.processes = vec![
        process("phone", "client.js", CLIENT),
        process("api", "server.js", SERVER),
    ];
    let link = |from: &str, to: &str| LinkSpec {
        from: from.into(),
        to: to.into(),
        latency: vec![(0, 5 * MS)],
        bits_per_second: 0,
        lost: 0,
    };
    world.network.links = vec![link("phone", "api"), link("api", "phone")];
    let change = |(at_ms, what): (u64, Change)| ChangeSpec {
        at_ns: at_ms * MS,
        what,
    };
    world.network.changes = changes.into_iter().map(change).collect();
    world.network.machines = Packed::new(&Machines {
        faults,
        ..Machines::default()
    });
    world
}

fn run(changes: Vec<(u64, Change)>, faults: Vec<FaultSpec>) -> Run {
    let world = world(changes, faults);
    let mut jar = jar();
    let run = carry_out(&mut jar, world.clone(), 1 << 40);
    assert_eq!(run.hash, carry_out(&mut jar, world, 5_000).hash);
    run
}

fn said(run: &Run, number: u32) -> String {
    let head = format!("{number} ");
    let mut lines = run.stdout.lines();
    let said = lines.find_map(|line| line.strip_prefix(&head));
    said.unwrap_or_else(|| panic!("{}{}", run.stdout, run.stderr))
        .to_owned()
}

fn power(is_up: bool) -> Change {
    Change::Power {
        host: "api".into(),
        is_up,
    }
}

fn runs(runs: bool) -> Change {
    Change::Run {
        host: "api".into(),
        runs,
    }
}

fn was_killed(run: &Run) -> usize {
    let kinds = run.events.iter().map(|event| &event.kind);
    kinds
        .filter(|kind| {
            matches!(kind, EventKind::ProcessExited { code: 137, reason } if *reason == ExitReason::Killed)
        })
        .count()
}

#[test]
fn who_is_killed_refuses_from_then_on_and_answers_when_it_is_back() {
    let run = run(vec![(420, runs(false)), (720, runs(true))], vec![]);
    assert_eq!(was_killed(&run), 1);
    assert_eq!(run.stdout.matches("up\n").count(), 2);
    assert_eq!(said(&run, 2), "10 ms 0", "{}", run.stdout);
    assert_eq!(said(&run, 6), "ECONNREFUSED 0", "{}", run.stdout);
    assert_eq!(said(&run, 10), "10 ms 0", "{}", run.stdout);
}

#[test]
fn who_has_no_power_says_nothing() {
    // The first SYN is sent again after a second.
    let run = run(vec![(420, power(false)), (1_200, power(true))], vec![]);
    assert_eq!(was_killed(&run), 1);
    assert_eq!(said(&run, 2), "10 ms 0", "{}", run.stdout);
    assert_eq!(said(&run, 6), "10 ms 1000", "{}", run.stdout);
}

#[test]
fn a_connection_from_before_is_reset_by_a_host_that_knows_nothing_of_it() {
    // Cut down between the handshake and the request, and up again before it is sent once more.
    let fault = FaultSpec {
        trigger: Trigger::Packet {
            from: "phone".into(),
            to: "api".into(),
            nth: 3,
        },
        changes: vec![power(false)],
        lasts_ns: 100 * MS,
        undo: vec![power(true)],
    };
    let run = run(vec![], vec![fault]);
    assert_eq!(said(&run, 2), "10 ms 0", "{}", run.stdout);
    assert_eq!(said(&run, 3), "ECONNRESET 200", "{}", run.stdout);
    assert_eq!(said(&run, 10), "10 ms 0", "{}", run.stdout);
}

#[test]
fn a_slow_host_takes_longer() {
    let speed = |permille| Change::Speed {
        host: "api".into(),
        permille,
    };
    let run = run(vec![(420, speed(100)), (720, speed(1_000))], vec![]);
    assert_eq!(said(&run, 2), "10 ms 0", "{}", run.stdout);
    assert!(said(&run, 5).starts_with("100 ms"), "{}", run.stdout);
}

#[test]
fn chance_strikes_as_often_as_it_should() {
    let fault = |of_million| FaultSpec {
        trigger: Trigger::Chance {
            every_ns: 10 * MS,
            of_million,
        },
        changes: vec![Change::Cut {
            from: "phone".into(),
            to: "api".into(),
            is_cut: true,
        }],
        lasts_ns: MS,
        undo: vec![Change::Cut {
            from: "phone".into(),
            to: "api".into(),
            is_cut: false,
        }],
    };
    let strikes = |of_million| {
        let run = run(vec![], vec![fault(of_million)]);
        let kinds = run.events.iter().map(|event| &event.kind);
        kinds
            .filter(|kind| {
                matches!(
                    kind,
                    EventKind::WorldChanged {
                        what: Change::Cut { is_cut: true, .. }
                    }
                )
            })
            .count()
    };
    assert_eq!(strikes(0), 0);
    let (rare, always) = (strikes(200_000), strikes(1_000_000));
    assert!(always > 90, "{always}");
    assert!((5..40).contains(&rare), "{rare}");
}

/// Writes a line into a file every 100 ms, and says what came of it.
const WRITER: &str = "
const fs = require('node:fs');
fs.writeFileSync('/app/log', 'begun\\n');
let turn = 0;
const timer = setInterval(() => {
  turn += 1;
  fs.appendFile('/app/log', 'a line\\n', (error) => {
    console.log(turn, error ? `${error.code} ${error.errno} ${error.syscall}` : 'written', fs.readFileSync('/app/log').length);
    if (turn === 4) clearInterval(timer);
  });
}, 100);
";

#[test]
fn a_full_disk_takes_nothing_and_gives_what_it_has() {
    let fill = |is_full| Change::Disk {
        host: "api".into(),
        is_full,
    };
    let process = |host: &str| ProcessSpec {
        host: host.into(),
        ..scenario("writer.js", WRITER.as_bytes(), 1).processes[0].clone()
    };
    let mut scenario = world(vec![(150, fill(true)), (350, fill(false))], vec![]);
    scenario.processes = vec![process("api")];
    let run = carry_out(&mut jar(), scenario.clone(), 1 << 40);
    assert_eq!(
        run.stdout,
        "1 written 13\n2 ENOSPC -28 write 13\n3 ENOSPC -28 write 13\n4 written 20\n"
    );
    scenario.processes = vec![process("phone")];
    let elsewhere = carry_out(&mut jar(), scenario, 5_000);
    assert!(!elsewhere.stdout.contains("ENOSPC"), "{}", elsewhere.stdout);
}
