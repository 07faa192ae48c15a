//! The score under the page: what each lane shows, reduced to what a row of pixels can hold.
//!
//! A lane is a thin line while somebody waits and a block while somebody runs. A hundred thousand tasks do not become
//! a hundred thousand shapes: blocks too narrow to be told apart become one, which says how much of it is covered, so
//! a lane never holds more shapes than pixels and never pretends that they are solid. What blocks the loop
//! ([`BLOCKED_NS`] or more in one go) is marked; it is drawn hatched.

use protocol::{EventId, ProcessId};

use crate::sorting::sort_by_numbers;
use crate::{
    Axis, Bookmark, BookmarkKind, Bookmarks, Following, Lane, Letter, Recording, TaskIndex,
    density::{self, Density, Drawing, Sum},
    time,
    words::some,
};

/// A callback that runs this long blocks its loop: 50 ms, what browsers call a long task
/// (<https://w3c.github.io/longtasks/>).
pub const BLOCKED_NS: u64 = 50 * time::MS;

/// From this width on a block stands by itself.
const SINGLE_PX_MIN: f64 = 3.0;
const GAP_PX_MIN: f64 = 1.0;
const DOT_APART_PX: f64 = 8.0;
/// More dots and dues than this would stand as close as a block, and say that something runs.
const MARKS_MAX: usize = 64;
/// More waits than this in one window are not looked at one by one.
const WAITS_MAX: usize = 4_096;

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
    pub kind: BookmarkKind,
    pub text: String,
    /// Written to the left of its line, because there is no room to the right.
    pub flipped: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    pub written: Vec<Flag>,
    /// Lines without words, because there is no room for them.
    pub bare_px: Vec<f64>,
}

/// What can be summed up of a recording before anything is drawn.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// What runs, process by process.
    hosts: Vec<(ProcessId, Density)>,
}

/// The same, of the loop of one process.
#[derive(Clone, Debug)]
pub struct LoopSums {
    process: ProcessId,
    lanes: Vec<(Lane, Density, Density)>,
}

impl Sums {
    pub fn new(recording: &Recording) -> Self {
        let hosts = recording.processes().map(|process| {
            let ran = recording.ran(process);
            (process, Density::new(recording, ran, density::run))
        });
        Self {
            hosts: hosts.collect(),
        }
    }
}

impl LoopSums {
    /// Only lanes in which anything ever waits or runs, here or in another process, so that all loops look alike; the
    /// main script is in the host's.
    pub fn new(recording: &Recording, process: ProcessId) -> Self {
        let is_used = |lane: Lane| {
            let mut processes = recording.processes();
            processes.any(|process| !recording.lane_tasks(process, lane).is_empty())
        };
        let lanes = Lane::ALL.into_iter().filter(|lane| match lane {
            Lane::Main => false,
            Lane::Pending | Lane::Close => is_used(*lane),
            _ => true,
        });
        let lanes = lanes.map(|lane| {
            let started = recording.lane_started(process, lane);
            let queued = recording.lane_tasks(process, lane);
            (
                lane,
                Density::new(recording, started, density::run),
                Density::new(recording, queued, density::wait),
            )
        });
        Self {
            process,
            lanes: lanes.collect(),
        }
    }
}

/// Everything that lies on one axis and does not depend on the playhead.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub axis: Axis,
    /// What runs, whatever it is, process by process.
    pub hosts: Vec<(ProcessId, LaneScore)>,
    pub flags: Flags,
}

/// The loop of one process on the same axis.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopScore {
    pub process: ProcessId,
    pub lanes: Vec<(Lane, LaneScore)>,
    pub turns: Vec<TurnMark>,
}

/// Width of a column of the overview, with the gap behind it.
pub const BAR_PX: f64 = 3.0;

impl Score {
    pub fn new(recording: &Recording, sums: &Sums, bookmarks: &Bookmarks, axis: Axis) -> Self {
        let hosts = sums.hosts.iter().map(|(process, density)| {
            let blocks = blocks(recording, &axis, recording.ran(*process), density);
            let score = LaneScore {
                blocks,
                ..LaneScore::default()
            };
            (*process, score)
        });
        Self {
            hosts: hosts.collect(),
            flags: flags(recording, &axis, bookmarks),
            axis,
        }
    }
}

impl LoopScore {
    pub fn new(recording: &Recording, sums: &LoopSums, axis: &Axis) -> Self {
        let process = sums.process;
        let lanes = sums.lanes.iter().map(|(lane, runs, waits)| {
            let score = lane_score(recording, axis, process, *lane, runs, waits);
            (*lane, score)
        });
        Self {
            process,
            lanes: lanes.collect(),
            turns: turns(recording, axis, process),
        }
    }
}

/// When requests that are followed with one letter were under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    pub letter: Letter,
    pub spans: Vec<(f64, f64)>,
}

/// The ways of followed requests, from their sending to their end: a row for each letter.
pub fn threads(recording: &Recording, axis: &Axis, following: &Following) -> Vec<Thread> {
    let (from_ns, to_ns) = (axis.from_ns(), axis.to_ns());
    let mut rows: Vec<Thread> = Vec::new();
    for (letter, request) in following.all() {
        let known = recording.network().request(request);
        let sent_ns = recording.time_ns(known.sent);
        let end_ns = match known.end {
            Some((end, _)) => recording.time_ns(end),
            None => recording.end_ns(),
        };
        let row = match rows.binary_search_by_key(&letter, |row| row.letter) {
            Ok(row) => row,
            Err(row) => {
                let spans = Vec::new();
                rows.insert(row, Thread { letter, spans });
                row
            }
        };
        if sent_ns <= to_ns && end_ns >= from_ns {
            let spans = &mut rows[row].spans;
            add_span(spans, axis.x_px(sent_ns), axis.x_px(end_ns));
        }
    }
    rows
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

fn lane_score(
    recording: &Recording,
    axis: &Axis,
    process: ProcessId,
    lane: Lane,
    runs: &Density,
    waits: &Density,
) -> LaneScore {
    let started = recording.lane_started(process, lane);
    let queued = recording.lane_tasks(process, lane);
    let mut drawing = Waits {
        recording,
        tasks: queued,
        is_crowded: in_window(recording, axis, queued) > WAITS_MAX,
        score: LaneScore {
            blocks: blocks(recording, axis, started, runs),
            ..LaneScore::default()
        },
    };
    waits.draw(recording, queued, axis, &mut drawing);
    let Waits {
        is_crowded,
        mut score,
        ..
    } = drawing;
    if is_crowded || score.dues.len() > MARKS_MAX {
        score.dues.clear();
    }
    if is_crowded || score.dots.len() > MARKS_MAX {
        score.dots.clear();
    }
    if lane == Lane::Poll {
        score.sleeps = sleeps(recording, axis, process);
    }
    score
}

/// How many of these, which come in the order of their queueing, are queued within the window.
fn in_window(recording: &Recording, axis: &Axis, queued: &[TaskIndex]) -> usize {
    let before = |time_ns: u64| {
        queued.partition_point(|task| recording.time_ns(recording.task(*task).queued) < time_ns)
    };
    before(axis.to_ns()) - before(axis.from_ns())
}

struct Waits<'a> {
    recording: &'a Recording,
    tasks: &'a [TaskIndex],
    is_crowded: bool,
    score: LaneScore,
}

impl Drawing for Waits<'_> {
    fn takes(&self, axis: &Axis, sum: &Sum) -> bool {
        let from_px = axis.x_px(sum.from_ns);
        if axis.x_px(sum.to_ns) - from_px < GAP_PX_MIN {
            return true;
        }
        // Each begins while somebody waits already.
        let last = self.score.waits.last().filter(|_| self.is_crowded);
        last.is_some_and(|last| {
            from_px >= last.0 && axis.x_px(sum.last_from_ns) - last.1 < GAP_PX_MIN
        })
    }

    fn one(&mut self, axis: &Axis, position: usize) {
        let index = self.tasks[position];
        let (from_ns, to_ns) = density::wait(self.recording, index);
        let from_px = axis.x_px(from_ns);
        add_span(&mut self.score.waits, from_px, axis.x_px(to_ns));
        add_point(&mut self.score.dots, from_px, DOT_APART_PX);
        let due_ns = self.recording.task(index).due_ns;
        if let Some(due_ns) = due_ns.filter(|due_ns| *due_ns <= axis.end_ns()) {
            add_point(&mut self.score.dues, axis.x_px(due_ns), GAP_PX_MIN);
        }
    }

    fn many(&mut self, axis: &Axis, sum: &Sum) {
        let from_px = axis.x_px(sum.from_ns);
        add_span(&mut self.score.waits, from_px, axis.x_px(sum.to_ns));
        add_point(&mut self.score.dots, from_px, DOT_APART_PX);
    }
}

/// Sleeps of poll follow one another: of those that meet within a pixel only the first and the last are looked at.
fn sleeps(recording: &Recording, axis: &Axis, process: ProcessId) -> Vec<(f64, f64)> {
    let all = recording.sleep_events(process);
    let slept_ns = |at: usize| recording.time_ns(u64::from(all[at].0));
    let woke_ns = |at: usize| {
        let woke = all[at].1;
        woke.map_or(recording.end_ns(), |event| {
            recording.time_ns(u64::from(event))
        })
    };
    let begun = |time_ns: u64| {
        all.partition_point(|(slept, _)| recording.time_ns(u64::from(*slept)) < time_ns)
    };
    let to_ns = axis.to_ns();
    let mut spans = Vec::new();
    let mut at = begun(axis.from_ns()).saturating_sub(1);
    while at < all.len() && slept_ns(at) <= to_ns {
        let end_px = axis.x_px(woke_ns(at));
        add_span(&mut spans, axis.x_px(slept_ns(at)), end_px);
        let near = begun(axis.time_ns(end_px + GAP_PX_MIN));
        at = (at + 1).max(near.saturating_sub(1));
    }
    spans
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

    /// Too narrow to be told apart.
    fn of_many(axis: &Axis, tasks: &[TaskIndex], sum: &Sum) -> Self {
        let (from_px, to_px) = (axis.x_px(sum.from_ns), axis.x_px(sum.to_ns));
        let scale = (to_px - from_px) / (sum.to_ns - sum.from_ns).max(1) as f64;
        let px = |ns: u64| ns as f64 * scale;
        Self {
            block: Block {
                from_px,
                to_px,
                lane: Lane::Main,
                covered: 1.0,
                count: sum.count,
                blocked: false,
                task: tasks[sum.first],
            },
            single: false,
            covered_px: px(sum.length_ns),
            blocked_px: px(sum.blocked_ns),
            lane_px: sum.lane_ns.map(px),
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

struct Blocks<'a> {
    recording: &'a Recording,
    tasks: &'a [TaskIndex],
    done: Vec<Block>,
    last: Option<Cluster>,
}

impl Blocks<'_> {
    fn put(&mut self, next: Cluster) {
        match &mut self.last {
            Some(cluster) if cluster.takes(&next) => cluster.take(next),
            last => self.done.extend(last.replace(next).map(Cluster::finish)),
        }
    }
}

impl Drawing for Blocks<'_> {
    fn takes(&self, axis: &Axis, sum: &Sum) -> bool {
        sum.count > 1 && axis.x_px(sum.to_ns) - axis.x_px(sum.from_ns) < GAP_PX_MIN
    }

    fn one(&mut self, axis: &Axis, position: usize) {
        self.put(Cluster::of(self.recording, axis, self.tasks[position]));
    }

    fn many(&mut self, axis: &Axis, sum: &Sum) {
        self.put(Cluster::of_many(axis, self.tasks, sum));
    }
}

fn blocks(
    recording: &Recording,
    axis: &Axis,
    started: &[TaskIndex],
    density: &Density,
) -> Vec<Block> {
    let mut blocks = Blocks {
        recording,
        tasks: started,
        done: Vec::new(),
        last: None,
    };
    density.draw(recording, started, axis, &mut blocks);
    let Blocks { mut done, last, .. } = blocks;
    done.extend(last.map(Cluster::finish));
    done
}

/// The overview: how many moments lie in each column of an axis.
pub fn bars(recording: &Recording, axis: &Axis) -> Vec<Bar> {
    let columns = (axis.width_px() / BAR_PX).ceil() as u32;
    let (first, last) = (axis.from_ns(), axis.to_ns());
    let mut before = recording.count_before(first);
    let mut bars = Vec::new();
    for column in 0..columns {
        let end_px = f64::from(column + 1) * BAR_PX;
        // The last moments lie on the axis' end.
        let until = match axis.time_ns(end_px) {
            end_ns if end_ns >= last => recording.count_before(last + 1),
            end_ns => recording.count_before(end_ns),
        };
        let count = (until - before) as u32;
        if count > 0 {
            bars.push(Bar { column, count });
        }
        before = until;
    }
    bars
}

fn turns(recording: &Recording, axis: &Axis, process: ProcessId) -> Vec<TurnMark> {
    const CHAR_PX: f64 = 6.0;
    /// Nearer ones are one mark.
    const APART_PX: f64 = 2.0;
    let turns = recording.turn_events(process);
    let to_ns = axis.to_ns();
    let mut marks: Vec<TurnMark> = Vec::new();
    let mut free_px: f64 = 0.0;
    let mut text_px: f64 = 0.0;
    // Counted from before the first; the one that goes on at the window's left begins there.
    let mut at = recording.before(turns, axis.from_ns());
    loop {
        let began_ns = match at.checked_sub(1) {
            Some(turn) => recording.time_ns(u64::from(turns[turn])),
            None => 0,
        };
        if began_ns > to_ns {
            break;
        }
        let x_px = axis.x_px(began_ns).max(0.0);
        let next = turns
            .get(at)
            .map(|event| recording.time_ns(u64::from(*event)));
        let next_px = next.map_or(axis.width_px(), |time_ns| axis.x_px(time_ns));
        let turn = at
            .checked_sub(1)
            .and_then(|turn| recording.turn_of(turns[turn]));
        let words = match turn {
            None => "before the first turn".to_owned(),
            Some(1) => "turn 1".to_owned(),
            Some(turn) => time::count(u64::from(turn)),
        };
        let width_px = words.chars().count() as f64 * CHAR_PX + 10.0;
        let crowded = next_px - x_px < 8.0;
        // Where turns lie close together every label stands for those behind it, as on any scale.
        let fits = x_px >= free_px
            && x_px + width_px <= axis.width_px()
            && (crowded || x_px + width_px <= next_px);
        if fits {
            free_px = x_px + width_px + if crowded { 40.0 } else { 0.0 };
        }
        let covered = !fits
            && (x_px < text_px || marks.last().is_some_and(|last| x_px - last.x_px < APART_PX));
        if fits {
            text_px = x_px + width_px;
        }
        if !covered {
            let label = if fits { words } else { String::new() };
            marks.push(TurnMark { x_px, label });
        }
        if next.is_none() {
            break;
        }
        let beyond = recording.before(turns, axis.time_ns(x_px + APART_PX));
        at = (at + 1).max(beyond);
    }
    marks
}

/// What is grave or rare is placed first, since it is what people look for.
fn flags(recording: &Recording, axis: &Axis, bookmarks: &Bookmarks) -> Flags {
    const GRAVE_MAX: usize = 64;
    let shown = bookmarks.between(recording, axis.from_ns(), axis.to_ns());
    // Folds cover what lies under them.
    let folds: Vec<(f64, f64)> = axis
        .folds()
        .map(|fold| (fold.from_px, fold.to_px))
        .collect();
    let mut places = Places {
        axis,
        folds: &folds,
        flags: Flags::default(),
    };
    let mut taken = folds.clone();
    let x_px = |bookmark: &Bookmark| axis.x_px(recording.time_ns(bookmark.event));
    let grave = shown
        .iter()
        .filter(|bookmark| bookmark.kind != BookmarkKind::Log);
    for bookmark in grave.take(GRAVE_MAX) {
        let text = bookmarks.short(recording, bookmark);
        places.put(bookmark, x_px(bookmark), text, &mut taken);
    }
    // Logs come in time order, so only what is grave and the last few flags can be in the way.
    let mut recent: Vec<(f64, f64)> = Vec::new();
    let mut at = 0;
    while let Some(bookmark) = shown.get(at) {
        at += 1;
        if bookmark.kind != BookmarkKind::Log {
            continue;
        }
        let place_px = x_px(bookmark);
        let mut near = taken.clone();
        near.extend(recent.iter().rev().take(2));
        let before = near.len();
        let text = bookmarks.short(recording, bookmark);
        let has_room = places.put(bookmark, place_px, text, &mut near);
        recent.extend(near.drain(before..));
        if !has_room {
            // Those that stand as near have no room either, and share its line.
            let beyond_ns = axis.time_ns(place_px + BARE_APART_PX);
            let rest = &shown[at..];
            at += rest.partition_point(|next| recording.time_ns(next.event) < beyond_ns);
        }
    }
    let mut flags = places.flags;
    sort_by_numbers(&mut flags.written, |flag| (flag.event, flag.kind as u64));
    flags
}

const BARE_APART_PX: f64 = 2.0;

struct Places<'a> {
    axis: &'a Axis,
    folds: &'a [(f64, f64)],
    flags: Flags,
}

impl Places<'_> {
    /// Says whether there was room for its words.
    fn put(
        &mut self,
        bookmark: &Bookmark,
        x_px: f64,
        text: String,
        taken: &mut Vec<(f64, f64)>,
    ) -> bool {
        const CHAR_PX: f64 = 6.7;
        /// The mark of its kind before the words.
        const MARK_PX: f64 = 14.0;
        let mark_px = match bookmark.kind {
            BookmarkKind::Log => 0.0,
            _ => MARK_PX,
        };
        let width_px = text.chars().count() as f64 * CHAR_PX + 10.0 + mark_px;
        let axis = self.axis;
        let is_free = |from: f64, to: f64| {
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
            || self
                .folds
                .iter()
                .any(|(from, to)| x_px <= *to && x_px + width_px > *from);
        let chosen = spans
            .into_iter()
            .find(|(from, to, flipped)| (!flipped || walled) && is_free(*from, *to));
        let Some((from, to, flipped)) = chosen else {
            add_point(&mut self.flags.bare_px, x_px, BARE_APART_PX);
            return false;
        };
        taken.push((from, to));
        self.flags.written.push(Flag {
            event: bookmark.event,
            x_px,
            kind: bookmark.kind,
            text,
            flipped,
        });
        true
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
