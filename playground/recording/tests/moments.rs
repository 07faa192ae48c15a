//! The indices against a replay from zero that keeps the queues by hand, at every event of several traces; and the
//! words, the playhead and the axis on traces with known answers.

use protocol::{Event, EventKind, Phase, TaskId, lesson};
use recording::{
    Axis, Bookmarks, Direction, Handed, InOrder, Lane, LoopState, Playhead, Recording, Speed,
    StepUnit, TimeCommand, fixture, reduce,
    score::{LoopScore, LoopSums, Score, Sums, bars},
    sentence,
};

/// The loop as a replay sees it: the slow and obvious way.
#[derive(Default)]
struct Replay {
    waiting: [Vec<TaskId>; 8],
    due: Vec<(TaskId, u64)>,
    lanes: Vec<Lane>,
    running: Vec<TaskId>,
    phase: Option<Phase>,
    turn: u32,
    asleep: bool,
    ended: bool,
    ran: usize,
}

impl Replay {
    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::TaskQueued {
                task,
                queue,
                due_ns,
                ..
            } => {
                self.lanes.push(Lane::of(*queue));
                self.waiting[Lane::of(*queue) as usize].push(*task);
                self.due.push((*task, due_ns.unwrap_or(0)));
            }
            EventKind::TaskCancelled { task } => self.leave(*task),
            EventKind::TaskStarted { task } => {
                self.leave(*task);
                self.running.push(*task);
                self.ran += 1;
            }
            EventKind::TaskEnded { task, .. } => self.running.retain(|running| running != task),
            EventKind::PhaseEntered { phase, turn } => {
                (self.phase, self.turn) = (Some(*phase), *turn);
            }
            EventKind::PollSlept { .. } => self.asleep = true,
            EventKind::PollWoke => self.asleep = false,
            EventKind::ProcessExited { .. } => self.ended = true,
            _ => {}
        }
    }

    fn leave(&mut self, task: TaskId) {
        let lane = self.lanes[task as usize - 1];
        self.waiting[lane as usize].retain(|waiting| *waiting != task);
    }

    fn timers(&self) -> Vec<TaskId> {
        let mut timers = self.waiting[Lane::Timers as usize].clone();
        timers.sort_by_key(|task| (self.due[*task as usize - 1].1, *task));
        timers
    }
}

fn check(recording: &Recording, state: &LoopState, replay: &Replay, context: &str) {
    for lane in Lane::ALL {
        let shown: Vec<TaskId> = state
            .waiting(lane)
            .first
            .iter()
            .map(|index| recording.task(*index).task)
            .collect();
        let expected = match lane {
            Lane::Timers => replay.timers(),
            other => replay.waiting[other as usize].clone(),
        };
        assert_eq!(
            state.waiting(lane).count,
            expected.len(),
            "{context}, {lane:?}"
        );
        assert_eq!(shown, expected, "{context}, {lane:?}");
    }
    let running = state.running.map(|index| recording.task(index).task);
    assert_eq!(running, replay.running.last().copied(), "{context}");
    assert_eq!(state.phase, replay.phase, "{context}");
    assert_eq!(state.turn, replay.turn, "{context}");
    assert_eq!(state.asleep.is_some(), replay.asleep, "{context}");
    assert_eq!(state.ended.is_some(), replay.ended, "{context}");
    assert_eq!(state.ran_count, replay.ran, "{context}");
}

#[test]
fn every_moment_equals_a_replay() {
    let traces = [fixture::what_runs_first(), fixture::blocked_loop()]
        .into_iter()
        .chain((0..12).map(|seed| fixture::generated(1_500, seed)));
    for (number, events) in traces.enumerate() {
        let recording = Recording::from_events(events.clone());
        let mut replay = Replay::default();
        for (event, happened) in events.iter().enumerate() {
            replay.take(happened);
            let context = format!("trace {number}, event {event}");
            let state = recording.state_at(1, event as u64, usize::MAX);
            check(&recording, &state, &replay, &context);
            // The first few are the beginning of all.
            let few = recording.state_at(1, event as u64, 3);
            for lane in Lane::ALL {
                let all = &state.waiting(lane).first;
                assert_eq!(
                    few.waiting(lane).first,
                    all[..all.len().min(3)],
                    "{context}"
                );
                assert_eq!(few.waiting(lane).count, all.len(), "{context}");
            }
        }
    }
}

/// As a world tells it: the first process runs far ahead, then the second one's events come, which were earlier.
fn two_processes() -> Vec<Event> {
    let mut events = fixture::generated(900, 3);
    let ahead = events.len() as u64 - 1;
    // The world's own start is not told twice.
    for mut event in fixture::generated(1_100, 4).into_iter().skip(1) {
        event.process = 2;
        event.cause = event
            .cause
            .filter(|cause| *cause > 0)
            .map(|cause| cause + ahead);
        events.push(event);
    }
    events
}

#[test]
fn processes_are_told_apart_and_their_times_do_not_go_back() {
    let raw = two_processes();
    let mut order = InOrder::default();
    let mut pushed: Vec<Event> = Vec::new();
    let mut events = Vec::new();
    for batch in raw.chunks(100) {
        pushed.extend(batch.to_vec());
        match order.push(batch.to_vec()) {
            Handed::Next(next) => events.extend(next),
            Handed::Anew(batch) => {
                let again = std::mem::take(&mut events).into_iter().chain(batch);
                let Handed::Next(next) = order.push(again.collect()) else {
                    panic!("twice");
                };
                events = next;
            }
        }
    }
    events.extend(order.finish());
    assert_eq!(events.len(), raw.len());
    for (id, event) in raw.iter().enumerate() {
        let moved = &events[order.place(id as u64) as usize];
        assert_eq!((moved.time_ns, &moved.kind), (event.time_ns, &event.kind));
        assert_eq!(moved.cause, event.cause.map(|cause| order.place(cause)));
    }
    let recording = Recording::from_events(events.clone());
    let mut replays = [Replay::default(), Replay::default()];
    let mut before_ns = 0;
    for (event, happened) in events.iter().enumerate() {
        assert!(
            before_ns <= happened.time_ns
                && happened.cause.is_none_or(|cause| cause < event as u64)
        );
        before_ns = happened.time_ns;
        if let Some(process) = (happened.process as usize).checked_sub(1) {
            replays[process].take(happened);
        }
        for (process, replay) in (1..).zip(&replays) {
            let state = recording.state_at(process, event as u64, usize::MAX);
            check(
                &recording,
                &state,
                replay,
                &format!("process {process}, event {event}"),
            );
        }
        let told = sentence(&recording, event as u64);
        assert_eq!(
            told.who.is_some(),
            happened.process > 0
                && event > 0
                && !matches!(happened.kind, EventKind::ProcessStarted { .. })
        );
    }
}

#[test]
fn batches_do_not_matter() {
    let events = fixture::generated(800, 5);
    let whole = Recording::from_events(events.clone());
    let mut grown = Recording::new();
    for batch in events.chunks(7) {
        grown.push(batch.to_vec());
    }
    for event in 0..events.len() as u64 {
        assert_eq!(whole.state_at(1, event, 9), grown.state_at(1, event, 9));
    }
    assert_eq!(whole.idle(), grown.idle());
}

#[test]
fn every_event_has_a_sentence() {
    let traces = [
        fixture::what_runs_first(),
        fixture::blocked_loop(),
        fixture::generated(3_000, 2),
    ];
    for events in traces {
        let recording = Recording::from_events(events);
        for event in 0..recording.events().len() as u64 {
            let told = sentence(&recording, event);
            let kind = &recording.events()[event as usize].kind;
            assert!(told.what.ends_with('.'), "{kind:?}: {told:?}");
            assert!(told.why.ends_with('.'), "{kind:?}: {told:?}");
            assert!(
                !told.what.starts_with(char::is_lowercase)
                    || told.what.contains('(')
                    || matches!(
                        kind,
                        EventKind::ProcessStarted { .. }
                            | EventKind::ProcessExited { .. }
                            | EventKind::Logged { .. }
                            | EventKind::TaskQueued { .. }
                            | EventKind::TaskStarted { .. }
                            | EventKind::TaskEnded { .. }
                            | EventKind::TaskCancelled { .. }
                            | EventKind::FunctionDefined { .. }
                    ),
                "{told:?}"
            );
        }
    }
}

/// What the first lesson's picture is about, in the words that stand over it.
#[test]
fn the_first_lesson_in_words() {
    let recording = Recording::from_events(fixture::what_runs_first());
    let told = |log: &str| {
        let event = recording
            .moment(&lesson::Moment::Log(log.to_owned()))
            .unwrap();
        sentence(&recording, event)
    };
    let cases = [
        (
            "sync",
            "Line 5 prints sync.",
            "Four callbacks wait, but nothing may interrupt running code.",
        ),
        (
            "tick",
            "tick is printed.",
            "It comes before log('promise') because Node empties the nextTick queue first, then the microtasks.",
        ),
        (
            "promise",
            "promise is printed.",
            "Microtasks run before the loop may move on.",
        ),
        (
            "immediate",
            "immediate is printed.",
            "The loop came to check in turn 1. The next timer is not due before 1.000 ms.",
        ),
        (
            "timeout",
            "timeout is printed.",
            "It was due at 1.000 ms, and timers is the phase that runs what is due.",
        ),
    ];
    for (log, what, why) in cases {
        assert_eq!(
            (told(log).what.as_str(), told(log).why.as_str()),
            (what, why)
        );
    }
}

#[test]
fn a_late_timer_names_who_held_it() {
    let recording = Recording::from_events(fixture::blocked_loop());
    let event = recording
        .moment(&lesson::Moment::Log("late!".to_owned()))
        .unwrap();
    assert_eq!(
        sentence(&recording, event).why,
        "It was due at 10.000 ms, but renderReport held the loop for 178 ms. It is 170 ms late."
    );
    let longest = recording.moment(&lesson::Moment::LongestTask).unwrap();
    assert_eq!(sentence(&recording, longest).what, "renderReport starts.");
}

#[test]
fn the_playhead_obeys_its_commands() {
    let recording = Recording::from_events(fixture::what_runs_first());
    let mut playhead = Playhead::default();
    let mut go = |command| {
        playhead = reduce(&playhead, command, &recording);
        playhead
    };
    let step = |unit, direction, count| TimeCommand::Step {
        unit: Some(unit),
        direction,
        count,
    };
    assert_eq!(go(TimeCommand::ToStart).event, recording.first_moment());
    let second = go(TimeCommand::step(Direction::Forward));
    assert_eq!(recording.number(second.event), 2);
    assert!(second.stepped);
    assert_eq!(
        recording.number(go(TimeCommand::step(Direction::Back)).event),
        1
    );
    assert_eq!(
        recording.number(go(TimeCommand::step(Direction::Back)).event),
        1
    );
    assert_eq!(
        recording.number(go(step(StepUnit::Event, Direction::Forward, 10)).event),
        11
    );
    // Callbacks: main, tick, promise, immediate, timeout, then the end.
    go(TimeCommand::ToStart);
    for name in [
        "main.js",
        "log('tick')",
        "log('promise')",
        "log('immediate')",
        "log('timeout')",
    ] {
        let at = go(step(StepUnit::Callback, Direction::Forward, 1)).event;
        assert_eq!(recording.task_label(recording.task_of(at).unwrap()), name);
    }
    assert_eq!(
        go(step(StepUnit::Callback, Direction::Forward, 1)).event,
        recording.last_moment()
    );
    let back = go(step(StepUnit::Turn, Direction::Back, 1)).event;
    assert_eq!(recording.standing(1, back).turn, 3);
    go(TimeCommand::ToStart);
    for line in [1, 2, 3, 4, 5, 3, 4, 2, 1] {
        let at = go(step(StepUnit::Line, Direction::Forward, 1)).event;
        assert_eq!(recording.place_at(at).unwrap().line, line);
    }
    // Playing from the end begins again and stops at the end.
    go(TimeCommand::ToEnd);
    assert!(go(TimeCommand::Toggle).playing);
    assert_eq!(
        go(TimeCommand::Tick { elapsed_ms: 249.0 }).event,
        recording.first_moment()
    );
    assert_eq!(
        recording.number(go(TimeCommand::Tick { elapsed_ms: 2.0 }).event),
        2
    );
    let end = go(TimeCommand::Tick {
        elapsed_ms: 60_000.0,
    });
    assert_eq!((end.event, end.playing), (recording.last_moment(), false));
    // In real time 1.691 virtual ms are over at once.
    go(TimeCommand::SetSpeed(Speed::REAL_TIME));
    go(TimeCommand::Play);
    assert!(go(TimeCommand::Tick { elapsed_ms: 1.0 }).time_ns(&recording) == 1_000_000);
    assert!(!go(TimeCommand::Tick { elapsed_ms: 1.0 }).playing);
}

#[test]
fn a_growing_recording_keeps_its_playhead() {
    let events = fixture::what_runs_first();
    let mut recording = Recording::new();
    let mut playhead = reduce(&Playhead::default(), TimeCommand::ToEnd, &recording);
    assert!(playhead.follows);
    for batch in events.chunks(5) {
        recording.push(batch.to_vec());
        playhead = reduce(&playhead, TimeCommand::Grown, &recording);
        assert_eq!(playhead.event, recording.last_moment());
    }
    playhead = reduce(&playhead, TimeCommand::Play, &recording);
    playhead = reduce(
        &playhead,
        TimeCommand::Tick {
            elapsed_ms: 9_999.0,
        },
        &recording,
    );
    assert!(playhead.playing, "waits for more");
    recording.finish();
    playhead = reduce(&playhead, TimeCommand::Tick { elapsed_ms: 1.0 }, &recording);
    assert!(!playhead.playing);
}

#[test]
fn an_empty_recording_has_no_surprises() {
    let recording = Recording::new();
    let commands = [
        TimeCommand::Play,
        TimeCommand::step(Direction::Forward),
        TimeCommand::step(Direction::Back),
        TimeCommand::SeekTime(5),
        TimeCommand::Seek(5),
        TimeCommand::Tick { elapsed_ms: 99.0 },
    ];
    for command in commands {
        let playhead = reduce(&Playhead::default(), command, &recording);
        assert_eq!((playhead.event, playhead.playing), (0, false));
    }
    assert_eq!(recording.state_at(1, 0, 9).waiting_count(), 0);
    let score = score(&recording, 800.0);
    assert!(bars(&recording, &score.axis).is_empty() && score.flags.written.is_empty());
}

/// All of it, with idle time folded.
fn score(recording: &Recording, width_px: f64) -> Score {
    let axis = Axis::new(recording, width_px, true);
    let bookmarks = Bookmarks::new(recording, &[]);
    Score::new(recording, &Sums::new(recording), &bookmarks, axis)
}

#[test]
fn the_axis_folds_sleep_and_maps_both_ways() {
    let recording = Recording::from_events(fixture::what_runs_first());
    for fold in [true, false] {
        let axis = Axis::new(&recording, 1_200.0, fold);
        assert_eq!(axis.folds().count(), usize::from(fold));
        let mut last = -1.0;
        for event in recording.moments() {
            let time_ns = recording.time_ns(event);
            let x_px = axis.x_px(time_ns);
            assert!(x_px >= last && x_px <= 1_200.0);
            last = x_px;
            assert!(axis.time_ns(x_px).abs_diff(time_ns) < 3_000);
            let near = axis.moment_near(&recording, x_px);
            assert_eq!(recording.time_ns(near), time_ns);
        }
    }
    let labels: Vec<String> = Axis::new(&recording, 1_200.0, true)
        .ticks()
        .into_iter()
        .map(|tick| tick.label)
        .collect();
    assert_eq!(
        labels,
        ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "1.65"]
    );
}

/// Equal scale: outside folds a nanosecond is as wide everywhere.
#[test]
fn the_scale_is_equal_between_folds() {
    let recording = Recording::from_events(fixture::generated(4_000, 4));
    let axis = Axis::new(&recording, 1_600.0, true);
    let scaled = |from: u64, to: u64| (axis.x_px(to) - axis.x_px(from)) / (to - from) as f64;
    let fold = axis.folds().next();
    if let Some(fold) = fold {
        let before = scaled(0, fold.from_ns);
        let after = scaled(fold.to_ns + 1, recording.end_ns());
        assert!(axis.folds().count() > 1 || (before - after).abs() / before < 0.01);
    }
}

#[test]
fn a_lane_never_holds_more_shapes_than_pixels() {
    let recording = Recording::from_events(fixture::generated(100_000, 1));
    for width_px in [320.0, 1_200.0] {
        let score = score(&recording, width_px);
        let bars = bars(&recording, &score.axis);
        assert!(bars.len() as f64 <= width_px / 3.0 + 1.0);
        let counted: u32 = bars.iter().map(|bar| bar.count).sum();
        assert_eq!(counted as usize, recording.count());
        let all: usize = score.hosts[0]
            .1
            .blocks
            .iter()
            .map(|block| block.count)
            .sum();
        assert_eq!(
            all,
            recording.ran(1).len(),
            "every callback is in some block"
        );
        let turning = LoopScore::new(&recording, &LoopSums::new(&recording, 1), &score.axis);
        let lanes = turning.lanes.iter().map(|(_, lane)| lane);
        for lane in lanes.chain([&score.hosts[0].1]) {
            assert!(lane.blocks.len() as f64 <= width_px);
            assert!(lane.waits.len() as f64 <= width_px);
            assert!(lane.dots.len() as f64 <= width_px);
        }
        let flags = &score.flags.written;
        assert!(!flags.is_empty() && flags.len() < 40);
    }
}

#[test]
fn what_blocks_is_marked() {
    let recording = Recording::from_events(fixture::blocked_loop());
    let score = score(&recording, 1_200.0);
    let blocked: Vec<_> = score.hosts[0]
        .1
        .blocks
        .iter()
        .filter(|block| block.blocked)
        .collect();
    assert_eq!(blocked.len(), 1);
    assert_eq!(
        recording::score::block_label(&recording, blocked[0]),
        "blocked 178 ms, renderReport, main.js:12"
    );
}
