//! Where two recordings part: by what happens, not by when.

use protocol::{Event, EventKind, ExitReason, Queue, scenario::Change};
use recording::{
    Comparison, Difference, Recording,
    fixture::{TraceBuilder, what_runs_first},
};

/// A timer and an immediate that race, with the first two moved by `line` lines and `late_us` late.
fn race(immediate_first: bool, line: u32, late_us: u64) -> Recording {
    let mut trace = TraceBuilder::new(7 + late_us);
    let main = trace.function("", "/app/main.js", 1, "");
    let task = trace.queue(Queue::Main, main);
    trace.start(task);
    let timeout = trace.function("", "/app/main.js", 1 + line, "log('timeout')");
    let immediate = trace.function("", "/app/main.js", 2 + line, "log('immediate')");
    trace.later_us(50 + late_us);
    let timer = trace.queue_due(Queue::Timers, timeout, Some(1_000));
    let check = trace.queue(Queue::Check, immediate);
    trace.later_us(100).end(task);
    let mut order = [(timer, "timeout"), (check, "immediate")];
    if immediate_first {
        order.reverse();
    }
    for (task, text) in order {
        trace.later_us(1_000 + late_us).start(task);
        trace.later_us(30).log(text).end(task);
    }
    trace.later_us(10).exit(0, ExitReason::LoopEmpty);
    Recording::from_events(trace.events)
}

fn started(recording: &Recording, nth: usize) -> Option<u64> {
    let events = (0..).zip(recording.events());
    let mut starts =
        events.filter(|(_, event)| matches!(event.kind, EventKind::TaskStarted { .. }));
    starts.nth(nth).map(|(event, _)| event)
}

#[test]
fn times_seeds_and_lines_are_no_difference() {
    let (a, b) = (race(false, 0, 0), race(false, 3, 400));
    let comparison = Comparison::of(&a, &b);
    assert_eq!(comparison.first, None);
    assert_eq!(
        comparison.sentence(&a, &b),
        "The same happens in A and in B; only its times may differ."
    );
    for (event, happened) in (0..).zip(b.events()) {
        let other = comparison.in_a(&a, &b, event);
        match happened.kind {
            EventKind::TaskStarted { .. } | EventKind::Logged { .. } => {
                assert_eq!(other, a.snap(event), "it has the same place in both")
            }
            _ => assert!(other <= a.snap(event)),
        }
    }
}

#[test]
fn two_orders_part_where_the_first_callback_starts() {
    let (a, b) = (race(false, 0, 0), race(true, 0, 200));
    let comparison = Comparison::of(&a, &b);
    let first = Difference {
        a: started(&a, 1),
        b: started(&b, 1),
    };
    assert_eq!(comparison.first, Some(first));
    let words = comparison.sentence(&a, &b);
    assert!(words.starts_with("In A, at 1.150"), "{words}");
    assert!(words.contains("log('timeout')"), "{words}");
    assert!(words.contains("In B, at 1.550"), "{words}");
    assert!(words.contains("log('immediate')"), "{words}");
    let end = comparison.in_a(&a, &b, b.last_moment());
    assert_eq!(end, a.at_time(b.end_ns()), "after it they go by time");
}

#[test]
fn one_may_end_where_the_other_goes_on() {
    let long = race(false, 0, 0);
    let events: Vec<_> = long.events().iter().take(9).cloned().collect();
    let short = Recording::from_events(events);
    let comparison = Comparison::of(&long, &short);
    assert_eq!(comparison.first.map(|first| first.b), Some(None));
    assert!(
        comparison
            .sentence(&long, &short)
            .ends_with("In B nothing more happens.")
    );
    let swapped = Comparison::of(&short, &long);
    assert_eq!(swapped.first.map(|first| first.a), Some(None));
}

#[test]
fn nothing_is_like_nothing_and_unlike_something() {
    let (none, some) = (Recording::new(), Recording::from_events(what_runs_first()));
    assert_eq!(Comparison::of(&none, &none), Comparison::default());
    assert!(Comparison::of(&none, &some).first.is_some());
    assert_eq!(Comparison::of(&some, &some).first, None);
    assert_eq!(Comparison::of(&none, &some).in_a(&none, &some, 5), 0);
}

#[test]
fn what_only_one_world_does_is_said_of_that_one() {
    let a = race(false, 0, 0);
    let mut events = a.events().to_vec();
    let last = events.len() - 1;
    let power = Change::Power {
        host: "api".to_owned(),
        is_up: false,
    };
    let changed = Event {
        cause: None,
        process: 0,
        kind: EventKind::WorldChanged { what: power },
        stack: Vec::new(),
        ..events[last].clone()
    };
    events.insert(last, changed);
    let b = Recording::from_events(events);
    let said = |a: &Recording, b: &Recording| Comparison::of(a, b).sentence(a, b);
    let in_b = said(&a, &b);
    assert!(in_b.starts_with("Only in B, at "), "{in_b}");
    assert!(in_b.ends_with(" ms: api loses its power."), "{in_b}");
    assert!(said(&b, &a).starts_with("Only in A, at "));
}
