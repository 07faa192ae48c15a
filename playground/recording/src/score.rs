//! The score under the page: what each lane shows, reduced to what a row of pixels can hold.
//!
//! A lane is a thin line while somebody waits and a block while somebody runs. A hundred thousand tasks do not become
//! a hundred thousand shapes: blocks too narrow to be told apart become one, which says how much of it is covered, so
//! a lane never holds more shapes than pixels and never pretends that they are solid. What blocks the loop
//! ([`BLOCKED_NS`] or more in one go) is marked; it is drawn hatched.

use protocol::{EventId, EventKind, ProcessId, Stream};

use crate::{Axis, Lane, Recording, TaskIndex, TaskRecord, sentence::printed, time, words::some};

/// A callback that runs this long blocks its loop: 50 ms, what browsers call a long task
/// (<https://w3c.github.io/longtasks/>).
pub const BLOCKED_NS: u64 = 50 * time::MS;

/// From this width on a block stands by itself.
const SINGLE_PX_MIN: f64 = 3.0;
const GAP_PX_MIN: f64 = 1.0;
const DOT_APART_PX: f64 = 8.0;
/// More dots and dues than this would stand as close as a block, and say that something runs.
const MARKS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub from_px: f64,
    pub to_px: f64,
    /// Whose colour it has: of several, the one that ran longest.
    pub lane: Lane,
    /// How much of its width something ran, 0 to 1.
    pub covered: f64,
    pub count: usize,
    pub blocked: bool,
    pub task: TaskIndex,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneScore {
    pub blocks: Vec<Block>,
    /// Somebody waits.
    pub waits: Vec<(f64, f64)>,
    /// Where a wait begins.
    pub dots: Vec<f64>,
    /// Where a timer was due.
    pub dues: Vec<f64>,
    /// Poll sleeps.
    pub sleeps: Vec<(f64, f64)>,
}

impl LaneScore {
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.waits.is_empty() && self.sleeps.is_empty()
    }
}

/// One bar of the overview: where, and how many moments lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub column: u32,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TurnMark {
    pub x_px: f64,
    /// Empty where there is no room for it.
    pub label: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub event: EventId,
    pub x_px: f64,
    pub text: String,
    pub failure: bool,
    /// Written to the left of its line, because there is no room to the right.
    pub flipped: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    pub written: Vec<Flag>,
    /// Lines without words, because there is no room for them.
    pub bare_px: Vec<f64>,
}

/// Everything that lies on one axis and does not depend on the playhead.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub axis: Axis,
    /// What runs, whatever it is, process by process.
    pub hosts: Vec<(ProcessId, LaneScore)>,
    pub bars: Vec<Bar>,
    pub flags: Flags,
}

/// The loop of one process on the same axis.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopScore {
    pub process: ProcessId,
    /// Only lanes in which anything ever waits or runs, here or in another process, so that all loops look alike; the
    /// main script is in the host's.
    pub lanes: Vec<(Lane, LaneScore)>,
    pub turns: Vec<TurnMark>,
}

/// Width of a column of the overview, with the gap behind it.
pub const BAR_PX: f64 = 3.0;

impl Score {
    pub fn new(recording: &Recording, width_px: f64, fold_idle: bool) -> Self {
        let axis = Axis::new(recording, width_px, fold_idle);
        let hosts = recording.processes().map(|process| {
            let blocks = blocks(recording, &axis, recording.ran(process));
            let score = LaneScore {
                blocks,
                ..LaneScore::default()
            };
            (process, score)
        });
        Self {
            hosts: hosts.collect(),
            bars: bars(recording, &axis),
            flags: flags(recording, &axis),
            axis,
        }
    }
}

impl LoopScore {
    pub fn new(recording: &Recording, axis: &Axis, process: ProcessId) -> Self {
        let is_used = |lane: Lane| {
            let mut processes = recording.processes();
            processes.any(|process| !recording.lane_tasks(process, lane).is_empty())
        };
        let lanes = Lane::ALL.into_iter().filter(|lane| match lane {
            Lane::Main => false,
            Lane::Pending | Lane::Close => is_used(*lane),
            _ => true,
        });
        Self {
            process,
            lanes: lanes
                .map(|lane| (lane, lane_score(recording, axis, process, lane)))
                .collect(),
            turns: turns(recording, axis, process),
        }
    }
}

/// What a wide block of the host lane says.
pub fn block_label(recording: &Recording, block: &Block) -> String {
    let task = recording.task(block.task);
    let label = recording.task_label(block.task);
    if block.count > 1 {
        return some(block.count, "callback");
    }
    if block.blocked {
        let place = recording.task_place(block.task);
        return format!(
            "blocked {}, {label}, {place}",
            time::length(recording.run_ns(task))
        );
    }
    label
}

fn lane_score(recording: &Recording, axis: &Axis, process: ProcessId, lane: Lane) -> LaneScore {
    let mut score = LaneScore {
        blocks: blocks(recording, axis, recording.lane_started(process, lane)),
        ..LaneScore::default()
    };
    for index in recording.lane_tasks(process, lane) {
        let task = recording.task(*index);
        add_wait(&mut score, recording, axis, task);
    }
    if score.dues.len() > MARKS_MAX {
        score.dues.clear();
    }
    if score.dots.len() > MARKS_MAX {
        score.dots.clear();
    }
    if lane == Lane::Poll {
        for (slept, woke) in recording.sleeps(process) {
            let to_ns = woke.map_or(recording.end_ns(), |event| recording.time_ns(event));
            add_span(
                &mut score.sleeps,
                axis.x_px(recording.time_ns(slept)),
                axis.x_px(to_ns),
            );
        }
    }
    score
}

fn add_wait(score: &mut LaneScore, recording: &Recording, axis: &Axis, task: &TaskRecord) {
    let from_px = axis.x_px(recording.time_ns(task.queued));
    let to_ns = task
        .left()
        .map_or(recording.end_ns(), |event| recording.time_ns(event));
    add_span(&mut score.waits, from_px, axis.x_px(to_ns));
    add_point(&mut score.dots, from_px, DOT_APART_PX);
    if let Some(due_ns) = task.due_ns.filter(|due_ns| *due_ns <= axis.end_ns()) {
        add_point(&mut score.dues, axis.x_px(due_ns), GAP_PX_MIN);
    }
}

/// Lengthens the last span when the new one begins inside it or a pixel behind it.
fn add_span(spans: &mut Vec<(f64, f64)>, from_px: f64, to_px: f64) {
    match spans.last_mut() {
        Some(last) if from_px - last.1 < GAP_PX_MIN && from_px >= last.0 => {
            last.1 = last.1.max(to_px);
        }
        _ => spans.push((from_px, to_px)),
    }
}

fn add_point(points: &mut Vec<f64>, x_px: f64, apart_px: f64) {
    if points
        .last()
        .is_none_or(|last| (x_px - last).abs() >= apart_px)
    {
        points.push(x_px);
    }
}

/// A block while it grows out of tasks too narrow to stand alone.
struct Cluster {
    block: Block,
    single: bool,
    covered_px: f64,
    blocked_px: f64,
    lane_px: [f64; 8],
}

impl Cluster {
    fn of(recording: &Recording, axis: &Axis, index: TaskIndex) -> Self {
        let task = recording.task(index);
        let from_ns = task.started.map_or(0, |event| recording.time_ns(event));
        let run_ns = recording.run_ns(task);
        let from_px = axis.x_px(from_ns);
        let to_px = axis.x_px(from_ns + run_ns);
        let mut lane_px = [0.0; 8];
        lane_px[task.lane() as usize] = to_px - from_px;
        Self {
            block: Block {
                from_px,
                to_px,
                lane: task.lane(),
                covered: 1.0,
                count: 1,
                blocked: run_ns >= BLOCKED_NS,
                task: index,
            },
            single: to_px - from_px >= SINGLE_PX_MIN,
            covered_px: to_px - from_px,
            blocked_px: if run_ns >= BLOCKED_NS {
                to_px - from_px
            } else {
                0.0
            },
            lane_px,
        }
    }

    fn takes(&self, next: &Self) -> bool {
        !self.single && !next.single && next.block.from_px - self.block.to_px < GAP_PX_MIN
    }

    fn take(&mut self, next: Self) {
        self.block.to_px = self.block.to_px.max(next.block.to_px);
        self.block.count += next.block.count;
        self.blocked_px += next.blocked_px;
        self.covered_px += next.covered_px;
        for (sum, more) in self.lane_px.iter_mut().zip(next.lane_px) {
            *sum += more;
        }
    }

    fn finish(mut self) -> Block {
        let width_px = self.block.to_px - self.block.from_px;
        if self.block.count > 1 {
            self.block.covered = (self.covered_px / width_px.max(1.0)).min(1.0);
            // One that blocks does not make a thousand that do not look like it.
            self.block.blocked = self.blocked_px * 2.0 > self.covered_px;
            let mut most = self.block.lane;
            for lane in Lane::ALL {
                if self.lane_px[lane as usize] > self.lane_px[most as usize] {
                    most = lane;
                }
            }
            self.block.lane = most;
        }
        self.block
    }
}

fn blocks(recording: &Recording, axis: &Axis, started: &[TaskIndex]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut last: Option<Cluster> = None;
    for index in started {
        let next = Cluster::of(recording, axis, *index);
        match &mut last {
            Some(cluster) if cluster.takes(&next) => cluster.take(next),
            _ => blocks.extend(last.replace(next).map(Cluster::finish)),
        }
    }
    blocks.extend(last.map(Cluster::finish));
    blocks
}

fn bars(recording: &Recording, axis: &Axis) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for event in recording.moments() {
        let column = (axis.x_px(recording.time_ns(event)) / BAR_PX) as u32;
        match bars.last_mut() {
            Some(bar) if bar.column == column => bar.count += 1,
            _ => bars.push(Bar { column, count: 1 }),
        }
    }
    bars
}

fn turns(recording: &Recording, axis: &Axis, process: ProcessId) -> Vec<TurnMark> {
    const CHAR_PX: f64 = 6.0;
    let mut marks: Vec<TurnMark> = Vec::new();
    let starts = std::iter::once((0.0, 0)).chain(
        recording
            .turns(process)
            .map(|(event, turn)| (axis.x_px(recording.time_ns(event)), turn)),
    );
    let starts: Vec<(f64, u32)> = starts.collect();
    let mut free_px = 0.0;
    let mut text_px = 0.0;
    for (position, (x_px, turn)) in starts.iter().enumerate() {
        let next_px = starts
            .get(position + 1)
            .map_or(axis.width_px(), |next| next.0);
        let words = match turn {
            0 => "before the first turn".to_owned(),
            1 => "turn 1".to_owned(),
            turn => time::count(u64::from(*turn)),
        };
        let width_px = words.chars().count() as f64 * CHAR_PX + 10.0;
        let crowded = next_px - x_px < 8.0;
        // Where turns lie close together every label stands for those behind it, as on any scale.
        let fits = *x_px >= free_px
            && x_px + width_px <= axis.width_px()
            && (crowded || x_px + width_px <= next_px);
        let label = if fits { words } else { String::new() };
        if fits {
            free_px = x_px + width_px + if crowded { 40.0 } else { 0.0 };
        }
        let covered = label.is_empty()
            && (*x_px < text_px || marks.last().is_some_and(|last| x_px - last.x_px < 2.0));
        if fits {
            text_px = x_px + width_px;
        }
        if !covered {
            marks.push(TurnMark { x_px: *x_px, label });
        }
    }
    marks
}

/// Failures are placed first, since they are what people look for.
fn flags(recording: &Recording, axis: &Axis) -> Flags {
    const CHAR_PX: f64 = 6.7;
    const FAILURES_MAX: usize = 16;
    // Folds cover what lies under them.
    let mut taken: Vec<(f64, f64)> = axis
        .folds()
        .map(|fold| (fold.from_px, fold.to_px))
        .collect();
    let folds = taken.clone();
    let mut flags = Flags::default();
    let mut bare_px = Vec::new();
    let mut place = |event: EventId, text: String, failure: bool, taken: &mut Vec<(f64, f64)>| {
        let x_px = axis.x_px(recording.time_ns(event));
        let width_px = text.chars().count() as f64 * CHAR_PX + 10.0;
        let is_free = |from: f64, to: f64, taken: &[(f64, f64)]| {
            from >= 0.0
                && to <= axis.width_px() + 8.0
                && taken
                    .iter()
                    .all(|(start, end)| to <= *start || from >= *end)
        };
        let spans = [
            (x_px, x_px + width_px, false),
            (x_px - width_px, x_px, true),
        ];
        // To the left of its line only before the right edge or a fold, where nothing else is possible.
        let walled = x_px + width_px > axis.width_px()
            || folds
                .iter()
                .any(|(from, to)| x_px <= *to && x_px + width_px > *from);
        let chosen = spans
            .into_iter()
            .find(|(from, to, flipped)| (!flipped || walled) && is_free(*from, *to, taken));
        match chosen {
            Some((from, to, flipped)) => {
                taken.push((from, to));
                flags.written.push(Flag {
                    event,
                    x_px,
                    text,
                    failure,
                    flipped,
                });
            }
            None => add_point(&mut bare_px, x_px, 2.0),
        }
    };
    for event in recording.failures().take(FAILURES_MAX) {
        let text = match recording.event(event).map(|event| &event.kind) {
            Some(EventKind::LimitReached { .. }) => "limit".to_owned(),
            _ => "error".to_owned(),
        };
        place(event, text, true, &mut taken);
    }
    // Logs come in time order, so only failures and the last few flags can be in the way.
    let failures = taken.clone();
    let mut recent: Vec<(f64, f64)> = Vec::new();
    for event in recording.logs() {
        let Some(EventKind::Logged { text, stream }) =
            recording.event(event).map(|event| &event.kind)
        else {
            continue;
        };
        let mut near = failures.clone();
        near.extend(recent.iter().rev().take(2));
        let before = near.len();
        let text = short(text, *stream);
        place(event, text, false, &mut near);
        recent.extend(near.drain(before..));
    }
    flags.bare_px = bare_px;
    flags.written.sort_by_key(|flag| flag.event);
    flags
}

fn short(text: &str, stream: Stream) -> String {
    const CHARS_MAX: usize = 20;
    let line = printed(text);
    let line = match (line.is_empty(), stream) {
        (true, Stream::Stdout) => "(empty line)".to_owned(),
        (true, Stream::Stderr) => "(stderr)".to_owned(),
        (false, _) => line,
    };
    match line.chars().count() <= CHARS_MAX {
        true => line,
        false => line.chars().take(CHARS_MAX - 1).chain(['…']).collect(),
    }
}

/// What a fold says: how long it is, and that every loop slept through it.
pub fn fold_words(recording: &Recording, stretch: &crate::axis::Stretch) -> (String, &'static str) {
    let middle_ns = stretch.from_ns + (stretch.to_ns - stretch.from_ns) / 2;
    let before = recording.at_time(middle_ns);
    let from_ns = recording.time_ns(before);
    let to_ns = recording
        .moment_numbered(recording.number(before) + 1)
        .map_or(recording.end_ns(), |event| recording.time_ns(event));
    let asleep = recording.is_asleep(before);
    (
        time::length(to_ns - from_ns),
        if asleep { "asleep" } else { "" },
    )
}
