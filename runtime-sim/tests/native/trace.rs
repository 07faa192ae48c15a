//! The trace of the five-line program: one event for each happening, in the order in which they happen.

use std::collections::BTreeMap;

use protocol::{EventKind, Queue};

use crate::common;

const FIVE_LINES: &str = "setTimeout(() => console.log('timeout'), 0)
setImmediate(() => console.log('immediate'))
process.nextTick(() => console.log('tick'))
Promise.resolve().then(() => console.log('promise'))
console.log('sync')
";

/// One word for each event but the names.
fn sketch(run: &common::Run) -> Vec<String> {
    let mut names = BTreeMap::new();
    let mut tasks = BTreeMap::new();
    let mut words = Vec::new();
    for event in &run.events {
        words.push(match &event.kind {
            EventKind::FunctionDefined {
                function,
                name,
                summary,
                ..
            } => {
                names.insert(
                    *function,
                    if name.is_empty() {
                        summary.clone()
                    } else {
                        name.clone()
                    },
                );
                continue;
            }
            EventKind::TaskQueued {
                task,
                queue,
                function,
                ..
            } => {
                tasks.insert(*task, names[function].clone());
                let queue = match queue {
                    Queue::Microtask(_) => "microtasks".to_owned(),
                    queue => format!("{queue:?}"),
                };
                format!("queue {} in {queue}", names[function])
            }
            EventKind::TaskStarted { task } => format!("start {}", tasks[task]),
            EventKind::TaskEnded { task, .. } => format!("end {}", tasks[task]),
            EventKind::PhaseEntered { phase, turn } => format!("turn {turn} {phase:?}"),
            EventKind::Logged { text, .. } => format!("print {}", text.trim_end()),
            EventKind::PollSlept { .. } => "sleep".into(),
            EventKind::PollWoke => "wake".into(),
            EventKind::WorldStarted { .. } => "world".into(),
            EventKind::ProcessStarted { .. } => "process".into(),
            EventKind::HeapUsed { bytes } if *bytes > 0 => "heap".into(),
            EventKind::ProcessExited { code, .. } => format!("exit {code}"),
            other => format!("{other:?}"),
        });
    }
    words
}

#[test]
fn the_first_lesson_leaves_this_trace() {
    let run = common::text("main.js", FIVE_LINES);
    let expected = "world
process
queue main.js in Main
start main.js
heap
queue log('timeout') in Timers
queue log('immediate') in Check
queue log('tick') in NextTick
queue log('promise') in microtasks
print sync
heap
end main.js
start log('tick')
print tick
end log('tick')
start log('promise')
print promise
end log('promise')
turn 1 Timers
start log('timeout')
print timeout
end log('timeout')
turn 1 Pending
turn 1 IdlePrepare
turn 1 Poll
turn 1 Check
start log('immediate')
print immediate
end log('immediate')
turn 1 Close
exit 0";
    assert_eq!(sketch(&run).join("\n"), expected);
}

#[test]
fn causes_come_before_and_time_never_runs_back() {
    let run = common::text("main.js", FIVE_LINES);
    let mut before = 0;
    for (id, event) in run.events.iter().enumerate() {
        assert!(event.cause.is_none_or(|cause| cause < id as u64));
        assert!(event.time_ns >= before);
        before = event.time_ns;
    }
    let printed = run
        .events
        .iter()
        .find(|event| matches!(&event.kind, EventKind::Logged { text, .. } if text == "tick\n"))
        .expect("it prints");
    let functions: BTreeMap<_, _> = run
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::FunctionDefined {
                function,
                name,
                summary,
                ..
            } => Some((
                *function,
                if name.is_empty() {
                    summary.as_str()
                } else {
                    name.as_str()
                },
            )),
            _ => None,
        })
        .collect();
    let stack: Vec<(&str, u32)> = printed
        .stack
        .iter()
        .map(|frame| (functions[&frame.function], frame.line))
        .collect();
    let own: Vec<_> = stack
        .iter()
        .filter(|(name, _)| *name == "log('tick')")
        .collect();
    assert_eq!(own, [&("log('tick')", 3)], "{stack:?}");
    assert!(
        stack.iter().any(|(name, _)| *name == "console.log"),
        "{stack:?}"
    );
    assert_eq!(
        stack.last().map(|(name, _)| *name),
        Some("processTicksAndRejections")
    );
}

#[test]
fn an_await_goes_on_in_a_task_of_its_own() {
    let run = common::text(
        "main.js",
        "async function shop() {\n  await null;\n  console.log('bought');\n}\nshop();\n",
    );
    let words = sketch(&run);
    let at = |word: &str| {
        words
            .iter()
            .position(|w| w == word)
            .unwrap_or_else(|| panic!("{word} in {words:#?}"))
    };
    assert!(at("queue shop in microtasks") < at("start shop"));
    assert!(at("start shop") < at("print bought") && at("print bought") < at("end shop"));
}

#[test]
fn a_cleared_timer_is_cancelled_and_an_interval_comes_back() {
    let run = common::text(
        "main.js",
        "const t = setTimeout(() => {}, 50); clearTimeout(t);\nlet n = 0;\nconst i = setInterval(function beat() { if (++n === 3) clearInterval(i); }, 10);\n",
    );
    let cancelled = run
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::TaskCancelled { .. }))
        .count();
    let beats = sketch(&run)
        .iter()
        .filter(|word| *word == "start beat")
        .count();
    assert_eq!((cancelled, beats), (1, 3));
}
