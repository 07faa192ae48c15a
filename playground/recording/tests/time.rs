//! Zoom, range, loop and bookmarks: time in the reader's hands, without a browser.

use protocol::{Event, EventKind, Stream};
use recording::{
    Axis, BookmarkKind, Bookmarks, Direction, Edge, Noted, Playhead, Range, Recording, Speed,
    StepUnit, TimeCommand, Zoom, density, fixture, reduce,
    score::{LoopScore, LoopSums, Score, Sums, bars},
};

const WIDTH_PX: f64 = 1_000.0;

fn recordings() -> Vec<Recording> {
    vec![
        Recording::new(),
        Recording::from_events(fixture::what_runs_first().into_iter().take(1)),
        Recording::from_events(fixture::what_runs_first()),
        Recording::from_events(fixture::blocked_loop()),
        Recording::from_events(fixture::generated(20_000, 3)),
    ]
}

#[test]
fn a_zoom_keeps_what_it_points_at_and_the_way_back_leads_back() {
    for recording in recordings() {
        for (fold, x_px) in [(true, 120.0), (false, 700.0), (true, 990.0)] {
            let mut axis = Axis::new(&recording, WIDTH_PX, fold);
            for times in [1.3, 2.0, 7.0, 100.0] {
                let anchor_ns = axis.time_ns(x_px);
                let before = axis.x_px(anchor_ns);
                let zoom = axis.nearer(&recording, times, x_px);
                axis = Axis::zoomed(&recording, WIDTH_PX, fold, zoom);
                let (left, right) = (axis.from_ns(), axis.to_ns());
                assert!(left <= anchor_ns && anchor_ns <= right);
                let is_clamped = left == 0 || right == axis.end_ns();
                assert!(is_clamped || (axis.x_px(anchor_ns) - before).abs() < 1.0);
            }
            let back = axis.nearer(&recording, 1e-9, x_px);
            assert_eq!(back, Zoom::default());
        }
    }
}

#[test]
fn a_window_never_leaves_the_axis() {
    for recording in recordings() {
        let whole = Axis::new(&recording, WIDTH_PX, true);
        assert_eq!(whole.panned(500.0), Zoom::default());
        let zoom = whole.nearer(&recording, 10.0, 400.0);
        let axis = Axis::zoomed(&recording, WIDTH_PX, true, zoom);
        let first = Axis::zoomed(&recording, WIDTH_PX, true, axis.panned(-1e9));
        assert_eq!(first.from_ns(), 0);
        let last = Axis::zoomed(&recording, WIDTH_PX, true, axis.panned(1e12));
        assert_eq!(last.to_ns(), axis.end_ns());
        let moved = Axis::zoomed(&recording, WIDTH_PX, true, first.panned(100.0));
        assert!(moved.zoom().is_whole() || moved.x_px(0) <= 0.0);
    }
}

#[test]
fn what_is_to_be_shown_is_shown_and_the_playhead_is_followed() {
    let recording = Recording::from_events(fixture::generated(20_000, 3));
    let whole = Axis::new(&recording, WIDTH_PX, true);
    let count = recording.count();
    for (first, last) in [
        (10, 400),
        (count / 2, count / 2 + 200),
        (count - 300, count),
    ] {
        let time = |number| recording.time_ns(recording.moment_numbered(number).unwrap());
        let zoom = whole.showing(&recording, time(first), time(last));
        let axis = Axis::zoomed(&recording, WIDTH_PX, true, zoom);
        let (from_px, to_px) = (axis.x_px(time(first)), axis.x_px(time(last)));
        assert!(
            from_px >= -1.0 && to_px <= WIDTH_PX + 1.0,
            "{first}: {from_px} {to_px}"
        );
        assert!(
            to_px - from_px > WIDTH_PX / 3.0,
            "{first}: {from_px} {to_px}"
        );
        assert_eq!(axis.following(time(first)), None);
        let far = time(if first == 10 { count } else { 1 });
        let next = axis.following(far).unwrap();
        let next = Axis::zoomed(&recording, WIDTH_PX, true, next);
        assert!((0.0..=WIDTH_PX).contains(&next.x_px(far)));
    }
}

/// The counts of all blocks and bars are those of a walk over every task and every moment, at any zoom.
#[test]
fn density_is_true_at_every_zoom() {
    for recording in recordings() {
        let (sums, bookmarks) = (Sums::new(&recording), Bookmarks::new(&recording, &[]));
        let loop_sums = LoopSums::new(&recording, 1);
        let mut axis = Axis::new(&recording, WIDTH_PX, true);
        for _ in 0..20 {
            let (from_ns, to_ns) = (axis.from_ns(), axis.to_ns());
            let score = Score::new(&recording, &sums, &bookmarks, axis.clone());
            let meets = |task: &&u32| {
                let (run_from, run_to) = density::run(&recording, **task);
                run_to >= from_ns && run_from <= to_ns
            };
            for (process, drawn) in &score.hosts {
                let counted: usize = drawn.blocks.iter().map(|block| block.count).sum();
                let seen = recording.ran(*process).iter().filter(meets).count();
                // A sum that lies within a pixel of the window's edge is drawn whole.
                assert!(counted >= seen && counted - seen <= 512, "{counted} {seen}");
                if axis.zoom().is_whole() {
                    assert_eq!(counted, seen);
                }
                assert!(drawn.blocks.len() as f64 <= WIDTH_PX);
            }
            let turning = LoopScore::new(&recording, &loop_sums, &axis);
            for (lane, drawn) in &turning.lanes {
                assert!(drawn.waits.len() as f64 <= WIDTH_PX, "{lane:?}");
                let waits = recording.lane_tasks(1, *lane).iter().filter(|task| {
                    let (from, to) = density::wait(&recording, **task);
                    to >= from_ns && from <= to_ns
                });
                for task in waits {
                    let (from, to) = density::wait(&recording, *task);
                    let (from, to) = (axis.x_px(from), axis.x_px(to));
                    let drawn = drawn
                        .waits
                        .iter()
                        .any(|(start, end)| *start <= from + 1.0 && to <= end + 1.0);
                    assert!(drawn, "{lane:?} {from} {to}");
                }
            }
            let counted: u32 = bars(&recording, &axis).iter().map(|bar| bar.count).sum();
            let seen = recording
                .moments()
                .filter(|event| (from_ns..=to_ns).contains(&recording.time_ns(*event)));
            assert_eq!(counted as usize, seen.count());
            assert!(score.flags.written.iter().all(|flag| flag.x_px >= -1.0));
            let zoom = axis.nearer(&recording, 2.0, 600.0);
            axis = Axis::zoomed(&recording, WIDTH_PX, true, zoom);
        }
    }
}

#[test]
fn a_range_is_set_by_its_ends_and_looped_until_it_is_cleared() {
    let recording = Recording::from_events(fixture::what_runs_first());
    let time = |number| recording.time_ns(recording.moment_numbered(number).unwrap());
    let mut playhead = Playhead::default();
    let mut go = |command| {
        playhead = reduce(&playhead, command, &recording);
        playhead
    };
    assert!(!go(TimeCommand::ToggleLooping).looping, "nothing to loop");
    let (from_ns, to_ns) = (time(5), time(9));
    let backwards = Range {
        from_ns: to_ns,
        to_ns: from_ns,
    };
    let chosen = go(TimeCommand::SetRange(Some(backwards))).range.unwrap();
    assert_eq!((chosen.from_ns, chosen.to_ns), (from_ns, to_ns));
    go(TimeCommand::ToggleLooping);
    go(TimeCommand::SetUnit(StepUnit::Event));
    go(TimeCommand::SetSpeed(Speed::from_position(2)));
    let started = go(TimeCommand::Play);
    assert!(
        chosen.holds(recording.time_ns(started.event)),
        "it begins within"
    );
    let mut seen = Vec::new();
    for _ in 0..40 {
        let at = go(TimeCommand::Tick { elapsed_ms: 250.0 });
        assert!(at.playing && chosen.holds(recording.time_ns(at.event)));
        seen.push(recording.number(at.event));
    }
    let last = seen.iter().max().unwrap();
    assert!(time(*last) == to_ns && seen.iter().filter(|number| *number == last).count() > 1);
    // Time itself loops too.
    go(TimeCommand::SetSpeed(Speed::REAL_TIME));
    for _ in 0..40 {
        let at = go(TimeCommand::Tick { elapsed_ms: 0.05 });
        assert!(at.playing && at.time_ns(&recording) <= to_ns + 60_000);
    }
    let moved = go(TimeCommand::SetEdge(Edge::From, to_ns + 1))
        .range
        .unwrap();
    assert_eq!(
        moved.to_ns,
        recording.end_ns(),
        "an end does not pass the other"
    );
    let here_ns = time(7);
    go(TimeCommand::SeekTime(here_ns));
    let marked = go(TimeCommand::MarkEdge(Edge::To)).range.unwrap();
    assert_eq!(marked.to_ns, here_ns, "it is where the playhead is by then");
    assert!(!go(TimeCommand::ToggleLooping).looping);
    let cleared = go(TimeCommand::SetRange(None));
    assert_eq!((cleared.range, cleared.looping), (None, false));
    let slowest = [-1, -1, -1, i8::MIN].map(|steps| go(TimeCommand::ShiftSpeed(steps)).speed);
    assert_eq!(slowest[3].position(), 0);
    assert_eq!(go(TimeCommand::ShiftSpeed(i8::MAX)).speed, Speed::REAL_TIME);
}

#[test]
fn speeds_rise_from_one_event_a_second_to_real_time() {
    let labels: Vec<String> = (0..=Speed::REAL_TIME.position())
        .map(|at| Speed::from_position(at).label(StepUnit::Event))
        .collect();
    assert_eq!(labels[0], "1 event a second");
    assert_eq!(labels.last().unwrap(), "real time");
    let recording = Recording::from_events(fixture::generated(4_000, 2));
    for at in 0..=Speed::REAL_TIME.position() {
        let mut playhead = Playhead::default();
        for command in [
            TimeCommand::SetSpeed(Speed::from_position(at)),
            TimeCommand::Play,
            TimeCommand::Tick {
                elapsed_ms: 2_100.0,
            },
        ] {
            playhead = reduce(&playhead, command, &recording);
        }
        assert!(playhead.event > recording.first_moment(), "{at}");
    }
}

#[test]
fn bookmarks_are_logs_faults_and_what_the_page_knows() {
    let mut events = fixture::what_runs_first();
    let end = events.last().unwrap().clone();
    events.push(Event {
        kind: EventKind::Logged {
            stream: Stream::Stdout,
            text: "\u{202e}".repeat(200),
        },
        ..end
    });
    let recording = Recording::from_events(events);
    let log = recording.logs().next().unwrap();
    let noted = [Noted {
        event: log,
        kind: BookmarkKind::Check,
        text: "prints in order".to_owned(),
    }];
    let bookmarks = Bookmarks::new(&recording, &noted);
    assert_eq!(bookmarks.all().len(), recording.logs().count() + 1);
    let first = bookmarks.after(0).unwrap();
    assert_eq!((first.event, first.kind), (log, BookmarkKind::Check));
    assert_eq!(bookmarks.short(&recording, first), "prints in order");
    assert!(
        bookmarks
            .long(&recording, first)
            .contains("failed check, prints in order")
    );
    assert_eq!(bookmarks.before(log), None);
    assert_eq!(bookmarks.after(recording.last_moment()), None);
    for bookmark in bookmarks.all() {
        assert!(bookmarks.short(&recording, bookmark).chars().count() <= 20);
    }
    // Forward and back over all of them.
    let mut at = 0;
    let mut passed = 0;
    while let Some(next) = bookmarks.after(at) {
        assert!(next.event > at || at == 0);
        at = next.event;
        passed += 1;
    }
    assert_eq!(passed, recording.logs().count());
}

#[test]
fn a_step_by_each_unit_goes_back_where_it_came_from() {
    let recording = Recording::from_events(fixture::what_runs_first());
    for unit in StepUnit::ALL {
        let step = |direction| TimeCommand::Step {
            unit: Some(unit),
            direction,
            count: 1,
        };
        let mut playhead = Playhead::default();
        playhead = reduce(&playhead, step(Direction::Forward), &recording);
        let there = playhead.event;
        playhead = reduce(&playhead, step(Direction::Forward), &recording);
        playhead = reduce(&playhead, step(Direction::Back), &recording);
        assert_eq!(playhead.event, there, "{unit:?}");
    }
}
