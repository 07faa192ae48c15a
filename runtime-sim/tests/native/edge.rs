//! The conversation with the jar, and lessons' checks.

use protocol::{
    Command, Reply, Report, Status, codec,
    typescript::{Script, Transpiled},
};
use runtime_sim::{Jar, edge};

use crate::common;

fn ask(jar: &mut Jar, command: &Command) -> Reply {
    codec::decode(&edge::answer(jar, &codec::encode(command))).expect("a reply")
}

#[test]
fn bytes_that_are_no_command_are_refused() {
    let mut jar = Jar::default();
    for bytes in [&b""[..], b"\xff\xff\xff", b"\x00", &[9; 100]] {
        let reply: Reply = codec::decode(&edge::answer(&mut jar, bytes)).expect("a reply");
        assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    }
    for command in [
        Command::Step { ticks_max: 1 },
        Command::Grade {
            source: String::new(),
        },
    ] {
        assert!(matches!(ask(&mut jar, &command), Reply::Refused { .. }));
    }
    let mut jar = common::jar();
    let mut empty = common::scenario("main.js", b"", 1);
    empty.processes.clear();
    assert!(matches!(
        ask(&mut jar, &Command::Start(empty)),
        Reply::Refused { .. }
    ));
}

#[test]
fn bytes_that_are_no_library_are_refused() {
    let mut jar = Jar::default();
    for library in [
        &b""[..],
        b"garbage",
        b"NODELIB2",
        b"NODELIB2buildnum\x01\x00\x00\x00\x00\x00\x00\x00",
        b"NODEPARTbuildnum\x04more",
    ] {
        let library = library.to_vec();
        let reply = ask(&mut jar, &Command::Load { library });
        assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    }
}

#[test]
fn parts_of_the_library_are_asked_for_wherever_a_program_comes_to_them() {
    for (name, program, parts) in [
        ("a.cjs", "require('assert')", &["often"][..]),
        ("a.mjs", "import 'node:fs'", &["often"]),
        ("a.mjs", "import './missing.mjs'", &["often"]),
        ("a.ts", "import 'node:fs'", &["often"]),
        ("a.cjs", "import('node:assert')", &["often"]),
        (
            "a.cjs",
            "Promise.resolve().then(() => require('assert'))",
            &["often"],
        ),
        (
            "a.cjs",
            "process.on('exit', () => require('assert'))",
            &["often"],
        ),
        (
            "a.cjs",
            "try { null.x } catch (error) { require('assert')(error) }",
            &["often"],
        ),
        (
            "a.cjs",
            "require('fs').readFile(__filename, () => performance.now())",
            &["often"],
        ),
        (
            "a.cjs",
            "setTimeout(() => { new Intl.NumberFormat('en'); require('http') })",
            &["intl", "more"],
        ),
    ] {
        let mut jar = Jar::default();
        common::load(&mut jar, "node-lib.bin");
        let mut asked = Vec::new();
        loop {
            let mut scenario = common::scenario(name, program.as_bytes(), 1);
            if name.ends_with(".ts") {
                scenario.processes[0].transpiled = vec![Transpiled {
                    path: format!("/app/{name}"),
                    outcome: Ok(Script {
                        text: program.to_owned(),
                        has_module_syntax: true,
                    }),
                }];
            }
            let started = jar.carry_out(Command::Start(scenario));
            assert!(matches!(started, Reply::Started { .. }), "{started:?}");
            let reply = loop {
                let reply = jar.carry_out(Command::Step { ticks_max: 100_000 });
                if !matches!(
                    &reply,
                    Reply::Stepped {
                        status: Status::Running { .. },
                        ..
                    }
                ) {
                    break reply;
                }
            };
            let Reply::Wanting { part } = reply else {
                assert!(matches!(reply, Reply::Stepped { .. }), "{reply:?}");
                break;
            };
            common::load(&mut jar, &format!("node-lib-{part}.bin"));
            asked.push(part);
        }
        assert!(
            parts
                .iter()
                .all(|part| asked.iter().any(|other| other == part)),
            "{program}: {asked:?}"
        );
    }
}

#[test]
fn a_jar_runs_again_after_any_end() {
    let mut jar = common::jar();
    let first = common::carry_out(
        &mut jar,
        common::scenario("a.js", b"console.log('one')", 1),
        100,
    );
    for bad in [
        &b"while (true) {}"[..],
        b"throw 1",
        b"const a = []; for (;;) a.push(new Array(1e6))",
        b"let =",
    ] {
        common::carry_out(&mut jar, common::scenario("b.js", bad, 1), 1 << 40);
    }
    let again = common::carry_out(
        &mut jar,
        common::scenario("a.js", b"console.log('one')", 1),
        100,
    );
    assert_eq!(first.hash, again.hash);
}

fn grade(program: &str, checks: &str) -> Report {
    let mut jar = common::jar();
    common::carry_out(
        &mut jar,
        common::scenario("main.js", program.as_bytes(), 1),
        1 << 40,
    );
    match ask(
        &mut jar,
        &Command::Grade {
            source: checks.into(),
        },
    ) {
        Reply::Graded(report) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn checks_judge_a_run() {
    let report = grade(
        "setTimeout(() => console.log('late'), 5);\nconsole.log('early');",
        "import { check, expect, fail } from 'terrarium:check';
         check('order', (run) => { expect(run.lines, 'the lines printed').toEqual(['early', 'late']); });
         check('timers', (run) => { expect(run.tasks.filter((t) => t.queue === 'timers').length).toBe(1); });
         check('late', (run) => { expect(run.durationMs, 'the time it took').toBeGreaterThan(4); });
         check('source', (run) => { expect(run.source('main.js')).toMatch(/setTimeout/); });
         check('wrong', (run) => { expect(run.lines, 'the lines printed', { at: run.logs[1].event }).toEqual(['late']); });
         check('words', () => { fail('this is how it is'); });",
    );
    assert_eq!(report.broken, None);
    let failures: Vec<_> = report
        .outcomes
        .iter()
        .map(|outcome| outcome.failure.as_deref())
        .collect();
    assert_eq!(
        failures,
        [
            None,
            None,
            None,
            None,
            Some("the lines printed: expected [ 'late' ] but got [ 'early', 'late' ]"),
            Some("this is how it is"),
        ]
    );
    assert!(report.outcomes[4].at.is_some());
}

#[test]
fn checks_see_memory_threads_and_files() {
    let report = grade(
        "const fs = require('node:fs');
         const { Worker } = require('node:worker_threads');
         fs.mkdirSync('out');
         fs.writeFileSync('out/words.txt', 'one two');
         fs.writeFileSync('out/large.bin', Buffer.alloc(1 << 20));
         let held = Buffer.alloc(4 << 20);
         console.log('held');
         held = null;
         new Worker('1', { eval: true });
         new Worker('2', { eval: true });",
        "import { check, expect } from 'terrarium:check';
         check('heap', (run) => {
           const { beganBytes, peakBytes, peakMs, event } = run.heap;
           expect(peakBytes - beganBytes).toBeGreaterThan(4 * 2 ** 20);
           expect(peakBytes - beganBytes).toBeLessThan(7 * 2 ** 20);
           expect(peakMs).toBeLessThan(run.durationMs);
           expect(event).toBeGreaterThan(1);
         });
         check('threads', (run) => { expect(run.threads).toBe(2); });
         check('files', (run) => { expect(run.source('out/words.txt')).toBe('one two'); });
         check('large files', (run) => { run.source('out/large.bin'); });",
    );
    assert_eq!(report.broken, None);
    let failures: Vec<_> = report
        .outcomes
        .iter()
        .map(|outcome| outcome.failure.as_deref())
        .collect();
    assert_eq!(
        failures,
        [None, None, None, Some("there is no file out/large.bin")]
    );
}

#[test]
fn checks_see_what_was_covered() {
    let report = grade(
        "const fs = require('node:fs');
         const at = (line) => ({ start: { line, column: 0 }, end: { line, column: 9 } });
         fs.mkdirSync('coverage');
         fs.writeFileSync('coverage/coverage-final.json', JSON.stringify({ [`${process.cwd()}/a.js`]: {
           statementMap: { 0: at(1), 1: at(2), 2: at(2), 3: at(4) }, s: { 0: 1, 1: 0, 2: 3, 3: 0 },
           fnMap: { 0: {} }, f: { 0: 2 },
           branchMap: { 0: { loc: at(2), locations: [at(2), { start: {}, end: {} }] } }, b: { 0: [1, 0] },
         } }));",
        "import { check, expect } from 'terrarium:check';
         check('lines', (run) => {
           expect(run.coverage('a.js').lines).toEqual({ total: 3, covered: 2, percent: 66.66, missed: [4] });
         });
         check('branches', (run) => {
           expect(run.coverage('a.js').branches).toEqual({ total: 2, covered: 1, percent: 50, missedLines: [2] });
         });
         check('others', (run) => {
           const { statements, functions } = run.coverage('a.js');
           expect([statements, functions]).toEqual([{ total: 4, covered: 2, percent: 50 }, { total: 1, covered: 1, percent: 100 }]);
         });
         check('no such file', (run) => { run.coverage('b.js'); });",
    );
    assert_eq!(report.broken, None);
    let failures: Vec<_> = report
        .outcomes
        .iter()
        .map(|outcome| outcome.failure.as_deref())
        .collect();
    assert_eq!(
        failures,
        [
            None,
            None,
            None,
            Some("no test loads b.js, so none covers it")
        ]
    );
}

#[test]
fn broken_checks_are_the_authors_and_end() {
    for (checks, part) in [
        ("for (;;);", "never ends"),
        ("check(", "checks.js"),
        ("throw new Error('oops')", "oops"),
        ("import 'node:fs'", "terrarium:check"),
        (
            "const a = []; for (;;) a.push(new Array(1e6).fill(0))",
            "memory",
        ),
        ("await new Promise(() => {}); ", ""),
    ] {
        let report = grade("console.log(1)", checks);
        match report.broken {
            Some(text) => assert!(text.contains(part), "{checks}: {text}"),
            None => assert_eq!(part, "", "{checks} passed"),
        }
    }
}

/// A scenario may be as mean as it likes: the jar answers.
#[test]
fn extreme_limits_end_a_run_and_nothing_else() {
    let mut jar = common::jar();
    for change in 0..6 {
        let mut scenario =
            common::scenario("main.js", b"setTimeout(() => console.log({ a: 1 }), 5)", 1);
        let limits = &mut scenario.limits;
        match change {
            0 => limits.call_depth_max = 1,
            1 => limits.heap_bytes_max = 1,
            2 => limits.ticks_max = 1,
            3 => limits.events_max = 1,
            4 => limits.virtual_ns_max = 1,
            _ => scenario.processes[0].tick_ns = u64::MAX,
        }
        common::carry_out(&mut jar, scenario, 1 << 40);
    }
    let mut missing = common::scenario("main.js", b"", 1);
    missing.processes[0].entry = "/app/other.js".into();
    let run = common::carry_out(&mut jar, missing, 1 << 40);
    assert!(
        run.stderr.contains("Cannot find module '/app/other.js'"),
        "{}",
        run.stderr
    );
}
