//! Every way of never ending ends, in words that name cause and place, and the next run works in the same jar.

use protocol::{EventKind, ExitReason};

use crate::common;

/// Name, source, what the limit's sentence must contain.
const ENDLESS: &[(&str, &str, &[&str])] = &[
    (
        "loop.js",
        "let x = 0;\nwhile (true) {}\n",
        &["loop.js:2", "without giving the loop a turn"],
    ),
    (
        "timer.js",
        "setTimeout(() => {\n  for (;;) Math.sin(1);\n}, 5);",
        &["timer.js:2", "without giving the loop a turn"],
    ),
    (
        "microtask.js",
        "Promise.resolve().then(() => { for (;;); });",
        &["microtask.js:1", "loop a turn"],
    ),
    (
        "caught.js",
        "try { while (true) {} } catch { console.log('caught') } finally { console.log('finally') }",
        &["caught.js:1"],
    ),
    (
        "ticks.js",
        "function again() { process.nextTick(again) }\nagain();",
        &["nextTick or microtask queue"],
    ),
    (
        "jobs.js",
        "function again() { Promise.resolve().then(again) }\nagain();",
        &["nextTick or microtask queue"],
    ),
    (
        "await.mjs",
        "for (;;) await 1;",
        &["nextTick or microtask queue"],
    ),
    (
        "immediates.js",
        "function again() { setImmediate(again) }\nagain();",
        &["events, last at "],
    ),
    (
        "interval.js",
        "setInterval(() => {}, 1);",
        &["events, last at "],
    ),
    (
        "regex.js",
        "/(a+)+$/.test('a'.repeat(40) + 'b');",
        &["regex.js:1"],
    ),
    (
        "lines.js",
        "for (let i = 0; i < 1e7; i++) console.log(i);",
        &["lines.js:1", "20000 lines"],
    ),
    (
        "bytes.js",
        "for (;;) process.stdout.write('x'.repeat(1e5));",
        &["bytes.js:1", "bytes"],
    ),
    (
        "exit.js",
        "process.on('exit', () => { for (;;); });",
        &["exit.js:1"],
    ),
    (
        "getter.js",
        "console.log({ get a() { return 1 }, [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } });",
        &["getter.js:1"],
    ),
    (
        "far.js",
        "setTimeout(() => {}, 2 ** 31 - 1);",
        &["virtual time"],
    ),
];

#[test]
fn what_never_ends_is_ended() {
    for (name, source, parts) in ENDLESS {
        let run = common::text(name, source);
        let limit = run
            .limit()
            .unwrap_or_else(|| panic!("{name} met no limit: {}", run.stderr));
        for part in *parts {
            assert!(limit.contains(part), "{name}: {limit}");
        }
        assert!(
            run.stderr.contains(limit),
            "{name}: the terminal says it too"
        );
        assert!(!run.stdout.contains("caught") && !run.stdout.contains("finally"));
        assert!(matches!(
            run.events.last().map(|event| &event.kind),
            Some(EventKind::ProcessExited {
                code: 1,
                reason: ExitReason::Limit
            })
        ));
    }
}

#[test]
fn a_full_heap_ends_as_in_v8() {
    for (name, source) in [
        (
            "arrays.js",
            "const a = []; for (;;) a.push(new Array(1e6));",
        ),
        ("repeat.js", "const s = 'x'.repeat(2 ** 29);"),
        ("fill.js", "const a = []; a.length = 4e9; a.fill(0);"),
    ] {
        let run = common::text(name, source);
        assert!(
            run.stderr.contains(
                "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
            ),
            "{name}: {}",
            run.stderr
        );
        assert_eq!(run.exit_code, 134, "{name}");
    }
}

#[test]
fn too_deep_a_recursion_is_an_error_like_any_other() {
    let run = common::text(
        "deep.js",
        "function down(n) { return down(n + 1) + 1 }\ntry { down(0) } catch (e) { console.log(e instanceof RangeError, e.message) }",
    );
    assert_eq!(run.stdout, "true Maximum call stack size exceeded\n");
    let parentheses = format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let run = common::text("parens.js", &parentheses);
    assert!(
        run.stderr.contains("Maximum call stack size exceeded"),
        "{}",
        run.stderr
    );
    assert_eq!(run.exit_code, 1);
    // V8 reads JSON of any depth, and gives up when it is to call a reviver for each.
    let run = common::text(
        "json.js",
        "const text = '['.repeat(100000) + ']'.repeat(100000)
console.log(JSON.parse(text).length)
try { JSON.parse(text, (key, value) => value) } catch (e) { console.log(e.message) }",
    );
    assert_eq!(run.stdout, "1\nMaximum call stack size exceeded\n");
}

#[test]
fn sources_that_are_no_programs_are_named() {
    let run = common::text("syntax.js", "let a = 1;\nlet b = = 2;\n");
    assert!(
        run.stderr.starts_with(
            "/app/syntax.js:2\nlet b = = 2;\n        ^\n\nSyntaxError: Unexpected token '='\n"
        ),
        "{}",
        run.stderr
    );
    // Node reads a file that is not UTF-8 all the same.
    let run = common::run_twice("bytes.js", b"console.log('\xff')", 1);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("\u{fffd}\n", "")
    );
    assert_eq!(run.exit_code, 0);
}

#[test]
fn errors_end_a_process_as_in_node() {
    let run = common::text("rejected.js", "Promise.reject(new Error('nobody'));");
    assert!(
        run.stderr
            .starts_with("/app/rejected.js:1\nPromise.reject(new Error('nobody'));\n"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.ends_with("\nNode.js v20.20.2\n"));
    assert_eq!(run.exit_code, 1);
    let run = common::text("null.js", "throw null;");
    assert!(
        run.stderr
            .starts_with("\n/app/null.js:1\nthrow null;\n^\nnull\n"),
        "{}",
        run.stderr
    );
    let run = common::text("await.mjs", "await new Promise(() => {});");
    assert_eq!(run.exit_code, 13);
}

#[test]
fn busy_work_moves_the_clock() {
    let run = common::text(
        "busy.js",
        "const end = Date.now() + 200; while (Date.now() < end); console.log(Date.now() - end);",
    );
    assert_eq!(run.stdout, "0\n");
    assert!(
        (200_000_000..205_000_000).contains(&run.now_ns),
        "{}",
        run.now_ns
    );
}
