//! The trace as the page holds it, with the indices that make any moment cheap.
//!
//! Everything is indexed while it is appended: who waited where and until when, who ran, which phase it was, what was
//! printed. Positions inside are `u32`, since a trace that outgrew them would not fit in a page. An event that does
//! not fit what came before (a start without its queueing, as in a trace of the output alone) is kept and shown; it
//! only has no card.

use std::{
    cell::{Ref, RefCell},
    rc::Rc,
};

use protocol::{
    Event, EventId, EventKind, ExitReason, FunctionId, Outcome, Phase, ProcessId, Queue, TaskId,
    lesson,
    trace::{ConnectionId, PacketId},
};

use crate::{
    network::Network,
    stab::{LeaveTree, STILL_THERE},
    state::Place,
    stays::upto,
};

/// Position in [`Recording::tasks`]: all tasks of all processes in the order in which they were queued.
pub type TaskIndex = u32;

/// The eight places where tasks wait, without the reasons of [`Queue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    Main,
    NextTick,
    Microtask,
    Timers,
    Pending,
    Poll,
    Check,
    Close,
}

impl Lane {
    pub const ALL: [Self; 8] = [
        Self::Main,
        Self::NextTick,
        Self::Microtask,
        Self::Timers,
        Self::Pending,
        Self::Poll,
        Self::Check,
        Self::Close,
    ];

    pub fn of(queue: Queue) -> Self {
        match queue {
            Queue::Main => Self::Main,
            Queue::NextTick => Self::NextTick,
            Queue::Microtask(_) => Self::Microtask,
            Queue::Timers => Self::Timers,
            Queue::Pending => Self::Pending,
            Queue::Poll => Self::Poll,
            Queue::Check => Self::Check,
            Queue::Close => Self::Close,
        }
    }

    /// Where a phase's callbacks wait; idle and prepare have none that a program could see.
    pub fn of_phase(phase: Phase) -> Option<Self> {
        Some(match phase {
            Phase::Timers => Self::Timers,
            Phase::Pending => Self::Pending,
            Phase::IdlePrepare => return None,
            Phase::Poll => Self::Poll,
            Phase::Check => Self::Check,
            Phase::Close => Self::Close,
        })
    }
}

/// One callback's way, each field an event; [`None`] where it has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRecord {
    pub process: ProcessId,
    pub task: TaskId,
    pub queue: Queue,
    pub function: FunctionId,
    pub due_ns: Option<u64>,
    pub repeat_ns: Option<u64>,
    pub unref: bool,
    pub queued: EventId,
    pub started: Option<EventId>,
    pub ended: Option<EventId>,
    pub cancelled: Option<EventId>,
    pub outcome: Option<Outcome>,
    /// Position in its lane's row.
    position: u32,
}

impl TaskRecord {
    pub fn lane(&self) -> Lane {
        Lane::of(self.queue)
    }

    /// The event at which it stopped waiting.
    pub fn left(&self) -> Option<EventId> {
        self.started.or(self.cancelled)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub tasks: Vec<TaskIndex>,
    queued: Vec<u32>,
    left: Vec<u32>,
    leaving: LeaveTree,
    /// In the order in which they started.
    pub started: Vec<TaskIndex>,
}

/// What holds from one event to the next that changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    event: u32,
    pub phase: Option<Phase>,
    /// 0 before the first turn.
    pub turn: u32,
    pub running: Option<TaskIndex>,
    pub asleep: Option<Asleep>,
    pub ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asleep {
    pub since_ns: u64,
    pub until_ns: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub code: i32,
    pub reason: ExitReason,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    pub host: String,
    pub entry: String,
    functions: Vec<Option<u32>>,
    tasks: Vec<Option<TaskIndex>>,
    rows: [Row; 8],
    standings: Vec<Standing>,
    running: Vec<TaskIndex>,
    /// Of every task, in the order in which they started.
    pub started: Vec<TaskIndex>,
    started_at: Vec<u32>,
    /// Its own moments.
    moments: Vec<u32>,
    phases: Vec<u32>,
    turns: Vec<u32>,
    sleeps: Vec<(u32, Option<u32>)>,
    pool_works: Vec<u32>,
    heaps: Vec<u32>,
    line_last: Option<(FunctionId, u32, Option<TaskIndex>)>,
}

#[derive(Clone, Debug, Default)]
pub struct Recording {
    events: Vec<Event>,
    tasks: Vec<TaskRecord>,
    tracks: Vec<Track>,
    seed: Option<u64>,
    complete: bool,
    /// See [`EventKind::is_moment`].
    moments: Vec<u32>,
    callbacks: Vec<u32>,
    turns: Vec<u32>,
    lines: Vec<u32>,
    logs: Vec<u32>,
    failures: Vec<u32>,
    changes: Vec<u32>,
    choices: Vec<u32>,
    /// Where each connection and each packet begins, by its number.
    connections: Vec<Option<u32>>,
    packets: Vec<Option<u32>>,
    network: Network,
    /// The longest stretches in which nothing happens and nothing runs, longest first.
    idle: Vec<(u64, u64)>,
}

/// More folds than these no axis has.
const IDLE_MAX: usize = 4_096;

impl Recording {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn from_events(events: impl IntoIterator<Item = Event>) -> Self {
        let mut recording = Self::new();
        recording.push(events);
        recording.finish();
        recording
    }

    /// Appends a batch, in trace order.
    pub fn push(&mut self, batch: impl IntoIterator<Item = Event>) {
        for event in batch {
            let id = self.events.len() as u32;
            self.index(id, &event);
            self.events.push(event);
        }
    }

    /// Nothing more will come.
    pub fn finish(&mut self) {
        self.complete = true;
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn event(&self, event: EventId) -> Option<&Event> {
        self.events.get(event as usize)
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    // --- processes ---

    /// All that have started, in the order of their numbers.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> + '_ {
        (1..).zip(&self.tracks).map(|(process, _)| process)
    }

    /// Then it is said whose a thing is.
    pub fn has_several(&self) -> bool {
        self.tracks.len() > 1
    }

    /// The program's file, `main.js`; the host it runs on.
    pub fn program(&self, process: ProcessId) -> (&str, &str) {
        match self.track(process) {
            Some(track) => (base_name(&track.entry), &track.host),
            None => ("", ""),
        }
    }

    /// What tells it from the others: its host, with the program where a host has several, with its number where they
    /// run the same.
    pub fn process_name(&self, process: ProcessId) -> String {
        let (program, host) = self.program(process);
        let others = || self.tracks.iter().filter(|track| track.host == host);
        if others().count() < 2 {
            return host.to_owned();
        }
        match others()
            .filter(|track| base_name(&track.entry) == program)
            .count()
        {
            0 | 1 => format!("{host} {program}"),
            _ => format!("{host} {program} #{process}"),
        }
    }

    /// Whose loop it is about; none where it is the world's.
    pub fn process_of(&self, event: EventId) -> Option<ProcessId> {
        let process = self.event(event)?.process;
        self.track(process).map(|_| process)
    }

    /// The one program of a host that runs no other.
    pub(crate) fn only_program_of(&self, host: &str) -> Option<ProcessId> {
        let mut here = self
            .processes()
            .filter(|process| self.program(*process).1 == host);
        here.next().filter(|_| here.next().is_none())
    }

    pub fn end_ns(&self) -> u64 {
        self.events.last().map_or(0, |event| event.time_ns)
    }

    pub fn time_ns(&self, event: EventId) -> u64 {
        self.event(event).map_or(0, |event| event.time_ns)
    }

    // --- moments ---

    /// How many moments there are: what the page counts as events.
    pub fn count(&self) -> usize {
        self.moments.len()
    }

    /// The moment's number, from 1; 0 in an empty recording.
    pub fn number(&self, event: EventId) -> usize {
        upto(&self.moments, event)
    }

    /// The moment with this number, from 1.
    pub fn moment_numbered(&self, number: usize) -> Option<EventId> {
        let position = number.checked_sub(1)?;
        self.moments.get(position).map(|event| u64::from(*event))
    }

    pub fn first_moment(&self) -> EventId {
        self.moments.first().map_or(0, |event| u64::from(*event))
    }

    pub fn last_moment(&self) -> EventId {
        self.moments.last().map_or(0, |event| u64::from(*event))
    }

    /// The event itself when it is a moment, otherwise the one before it, otherwise the first.
    pub fn snap(&self, event: EventId) -> EventId {
        self.moment_numbered(self.number(event).max(1))
            .unwrap_or_default()
    }

    /// The last moment that is not later.
    pub fn at_time(&self, time_ns: u64) -> EventId {
        let end = self
            .moments
            .partition_point(|event| self.events[*event as usize].time_ns <= time_ns);
        self.moment_numbered(end.max(1)).unwrap_or_default()
    }

    /// The first moment that is not earlier.
    pub fn first_from(&self, time_ns: u64) -> Option<EventId> {
        self.moment_numbered(self.count_before(time_ns) + 1)
    }

    /// How many moments are earlier.
    pub fn count_before(&self, time_ns: u64) -> usize {
        self.before(&self.moments, time_ns)
    }

    /// How many of these events, which are in order, are earlier than a time.
    pub(crate) fn before(&self, events: &[u32], time_ns: u64) -> usize {
        events.partition_point(|event| self.events[*event as usize].time_ns < time_ns)
    }

    /// The moment a lesson's prose points at, once the recording has it.
    pub fn moment(&self, wanted: &lesson::Moment) -> Option<EventId> {
        match wanted {
            lesson::Moment::Start => self.moment_numbered(1),
            lesson::Moment::End => self.moment_numbered(self.count()),
            lesson::Moment::Log(line) => self.logs().find(|id| {
                matches!(&self.events[*id as usize].kind, EventKind::Logged { text, .. }
                    if text.lines().any(|printed| printed == line))
            }),
            lesson::Moment::LongestTask => self.longest_task()?.started,
            lesson::Moment::Failure => self.failures().next(),
        }
    }

    /// The process's last moment up to an event. A packet's arrival is none, whosever packet it is.
    pub(crate) fn last_of(&self, process: ProcessId, event: EventId) -> Option<&Event> {
        let moments = &self.track(process)?.moments;
        let last = upto(moments, event).checked_sub(1)?;
        self.event(u64::from(moments[last]))
    }

    /// The process's first moment after an event.
    pub(crate) fn next_of(&self, process: ProcessId, event: EventId) -> Option<&Event> {
        let moments = &self.track(process)?.moments;
        self.event(u64::from(*moments.get(upto(moments, event))?))
    }

    /// A process's moments between two times, each with the one before it; the first and the last may lie outside.
    pub(crate) fn pairs_of(
        &self,
        process: ProcessId,
        from_ns: u64,
        to_ns: u64,
    ) -> impl Iterator<Item = (EventId, EventId)> + '_ {
        let moments = self.track(process).map_or(&[][..], |track| &track.moments);
        let time_ns = |event: &u32| self.events[*event as usize].time_ns;
        let first = moments.partition_point(|event| time_ns(event) <= from_ns);
        let pairs = moments[first.saturating_sub(1)..].windows(2);
        let pairs = pairs.map(|pair| (u64::from(pair[0]), u64::from(pair[1])));
        pairs.take_while(move |(before, _)| self.time_ns(*before) < to_ns)
    }

    // --- lists ---

    pub fn moments(&self) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        self.moments.iter().map(|event| u64::from(*event))
    }

    /// The longest stretches, from and to, in which no event lies and nothing runs; longest first, at most 4,096.
    pub fn idle(&self) -> &[(u64, u64)] {
        &self.idle
    }

    /// Faults and other changes of the world.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        self.changes.iter().map(|event| u64::from(*event))
    }

    /// Where the seed or the reader chose an order.
    pub fn choices(&self) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        self.choices.iter().map(|event| u64::from(*event))
    }

    pub fn logs(&self) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        self.logs.iter().map(|event| u64::from(*event))
    }

    /// Uncaught errors and limits.
    pub fn failures(&self) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        self.failures.iter().map(|event| u64::from(*event))
    }

    /// Each sleep of poll, with the event that woke it.
    pub fn sleeps(
        &self,
        process: ProcessId,
    ) -> impl DoubleEndedIterator<Item = (EventId, Option<EventId>)> + '_ {
        let sleeps = self.track(process).map_or(&[][..], |track| &track.sleeps);
        sleeps
            .iter()
            .map(|(slept, woke)| (u64::from(*slept), woke.map(u64::from)))
    }

    /// The first event of each turn, with the turn.
    pub fn turns(&self, process: ProcessId) -> impl Iterator<Item = (EventId, u32)> + '_ {
        let turns = self.track(process).map_or(&[][..], |track| &track.turns);
        turns
            .iter()
            .filter_map(|id| match self.events[*id as usize].kind {
                EventKind::PhaseEntered { turn, .. } => Some((u64::from(*id), turn)),
                _ => None,
            })
    }

    pub(crate) fn turn_events(&self, process: ProcessId) -> &[u32] {
        self.track(process).map_or(&[], |track| &track.turns)
    }

    /// Which turn a phase is of.
    pub(crate) fn turn_of(&self, phase: u32) -> Option<u32> {
        match self.events[phase as usize].kind {
            EventKind::PhaseEntered { turn, .. } => Some(turn),
            _ => None,
        }
    }

    pub(crate) fn sleep_events(&self, process: ProcessId) -> &[(u32, Option<u32>)] {
        self.track(process).map_or(&[], |track| &track.sleeps)
    }

    /// The first phase event of the process that comes after.
    pub(crate) fn next_phase(&self, process: ProcessId, event: EventId) -> EventId {
        let phases = self.track(process).map_or(&[][..], |track| &track.phases);
        phases
            .get(upto(phases, event))
            .map_or(self.events.len() as u64, |id| u64::from(*id))
    }

    pub(crate) fn marks(&self, unit: crate::StepUnit) -> &[u32] {
        match unit {
            crate::StepUnit::Event => &self.moments,
            crate::StepUnit::Callback => &self.callbacks,
            crate::StepUnit::Turn => &self.turns,
            crate::StepUnit::Line => &self.lines,
        }
    }

    // --- tasks ---

    pub fn tasks(&self) -> &[TaskRecord] {
        &self.tasks
    }

    pub fn task(&self, index: TaskIndex) -> &TaskRecord {
        &self.tasks[index as usize]
    }

    pub fn task_index(&self, process: ProcessId, task: TaskId) -> Option<TaskIndex> {
        let track = self.track(process)?;
        *track.tasks.get((task as usize).checked_sub(1)?)?
    }

    /// The task that an event is about or that runs while it happens.
    pub fn task_of(&self, event: EventId) -> Option<TaskIndex> {
        let happened = self.event(event)?;
        match happened.kind {
            EventKind::TaskQueued { task, .. }
            | EventKind::TaskCancelled { task }
            | EventKind::TaskStarted { task }
            | EventKind::TaskEnded { task, .. } => self.task_index(happened.process, task),
            _ => self.standing(happened.process, event).running,
        }
    }

    /// Virtual time from its start to its end; while it has not ended, to the end of the recording.
    pub fn run_ns(&self, task: &TaskRecord) -> u64 {
        let Some(started) = task.started else {
            return 0;
        };
        let end_ns = task
            .ended
            .map_or(self.end_ns(), |event| self.time_ns(event));
        end_ns - self.time_ns(started)
    }

    pub fn longest_task(&self) -> Option<&TaskRecord> {
        // The first of equals, which `max_by_key` would not give.
        self.tasks
            .iter()
            .filter(|task| task.started.is_some())
            .rev()
            .max_by_key(|task| self.run_ns(task))
    }

    /// Tasks of a lane in the order in which they were queued.
    pub fn lane_tasks(&self, process: ProcessId, lane: Lane) -> &[TaskIndex] {
        self.row(process, lane).map_or(&[], |row| &row.tasks)
    }

    /// Tasks of a lane in the order in which they started.
    pub fn lane_started(&self, process: ProcessId, lane: Lane) -> &[TaskIndex] {
        self.row(process, lane).map_or(&[], |row| &row.started)
    }

    /// All tasks of a process in the order in which they started, up to and with this event.
    pub fn ran_until(&self, process: ProcessId, event: EventId) -> &[TaskIndex] {
        match self.track(process) {
            Some(track) => &track.started[..upto(&track.started_at, event)],
            None => &[],
        }
    }

    pub fn ran(&self, process: ProcessId) -> &[TaskIndex] {
        self.track(process).map_or(&[], |track| &track.started)
    }

    /// How many wait in a lane at an event.
    pub fn waiting_count(&self, process: ProcessId, lane: Lane, event: EventId) -> usize {
        self.row(process, lane)
            .map_or(0, |row| upto(&row.queued, event) - upto(&row.left, event))
    }

    /// Who waits in a lane at an event, in the order in which they were queued, at most `max`.
    pub fn waiting(
        &self,
        process: ProcessId,
        lane: Lane,
        event: EventId,
        max: usize,
    ) -> Vec<TaskIndex> {
        let Some(row) = self.row(process, lane) else {
            return Vec::new();
        };
        let event = u32::try_from(event).unwrap_or(STILL_THERE - 1);
        row.leaving
            .after(event, upto(&row.queued, u64::from(event)), max)
            .into_iter()
            .map(|position| row.tasks[position])
            .collect()
    }

    pub fn standing(&self, process: ProcessId, event: EventId) -> Standing {
        let Some(track) = self.track(process) else {
            return Standing::default();
        };
        let end = track
            .standings
            .partition_point(|standing| u64::from(standing.event) <= event);
        end.checked_sub(1)
            .map_or_else(Standing::default, |last| track.standings[last])
    }

    /// Of its heap; `None` before that is told of.
    pub fn heap_used_bytes(&self, process: ProcessId, event: EventId) -> Option<u64> {
        let heaps = &self.track(process)?.heaps;
        let last = upto(heaps, event).checked_sub(1)?;
        match self.event(u64::from(heaps[last]))?.kind {
            EventKind::HeapUsed { bytes } => Some(bytes),
            _ => None,
        }
    }

    /// How long callbacks have run since a moment, until an event.
    pub fn busy_ns(&self, process: ProcessId, from_ns: u64, event: EventId) -> u64 {
        let Some(track) = self.track(process) else {
            return 0;
        };
        let at_ns = |standing: &Standing| self.time_ns(u64::from(standing.event));
        let standings = &track.standings;
        let known = standings.partition_point(|standing| u64::from(standing.event) <= event);
        let before = standings[..known].partition_point(|standing| at_ns(standing) <= from_ns);
        let of_stretch = &standings[before.saturating_sub(1)..known];
        let ends_ns = of_stretch.iter().skip(1).map(at_ns);
        let stretches = of_stretch.iter().zip(ends_ns.chain([self.time_ns(event)]));
        stretches
            .filter(|(standing, _)| standing.running.is_some() && standing.ended.is_none())
            .map(|(standing, end_ns)| end_ns.saturating_sub(at_ns(standing).max(from_ns)))
            .sum()
    }

    /// Every loop that has begun and not ended sleeps in poll.
    pub(crate) fn is_asleep(&self, event: EventId) -> bool {
        let mut standings = self
            .processes()
            .map(|process| self.standing(process, event))
            .filter(|standing| standing.turn > 0 && standing.ended.is_none())
            .peekable();
        standings.peek().is_some() && standings.all(|standing| standing.asleep.is_some())
    }

    // --- functions and places ---

    /// `(name, file, line, column, summary)` as the trace gave them.
    pub fn function(&self, process: ProcessId, function: FunctionId) -> Option<FunctionView<'_>> {
        let track = self.track(process)?;
        let event = (*track.functions.get((function as usize).checked_sub(1)?)?)?;
        match &self.events[event as usize].kind {
            EventKind::FunctionDefined {
                name,
                file,
                line,
                column,
                summary,
                ..
            } => Some(FunctionView {
                name,
                file,
                line: *line,
                column: *column,
                summary,
            }),
            _ => None,
        }
    }

    /// Where the reader's own code stands at an event: the innermost call in a file that is not Node's, or, when a
    /// callback has just started or ended, the place where it is written.
    pub fn place_at(&self, event: EventId) -> Option<Place> {
        let happened = self.event(event)?;
        let own = happened.stack.iter().find_map(|frame| {
            let function = self.function(happened.process, frame.function)?;
            (function.is_own() && frame.line > 0).then(|| Place {
                file: function.file.to_owned(),
                line: frame.line,
                column: frame.column,
            })
        });
        if own.is_some() {
            return own;
        }
        let task = self.task(self.task_of(event)?);
        if task.lane() == Lane::Main {
            return None;
        }
        let function = self.function(task.process, task.function)?;
        (function.is_own() && function.line > 0).then(|| Place {
            file: function.file.to_owned(),
            line: function.line,
            column: function.column,
        })
    }

    pub(crate) fn pool_works(&self, process: ProcessId) -> &[u32] {
        self.track(process).map_or(&[], |track| &track.pool_works)
    }

    /// The event that hands a process's work to the pool, by its number, from 1.
    pub(crate) fn pool_work(&self, process: ProcessId, number: u64) -> Option<EventId> {
        let place = usize::try_from(number.checked_sub(1)?).ok()?;
        let event = self.pool_works(process).get(place)?;
        Some(u64::from(*event))
    }

    pub(crate) fn pool_number(&self, process: ProcessId, event: EventId) -> usize {
        upto(self.pool_works(process), event)
    }

    /// The event in which the packet is sent.
    pub(crate) fn packet_event(&self, packet: PacketId) -> Option<EventId> {
        taken(&self.packets, packet).map(u64::from)
    }

    /// Where the reader's own code stood, if it ran.
    pub(crate) fn asked_on_line(&self, event: EventId) -> Option<u32> {
        let happened = self.event(event)?;
        let mut frames = happened.stack.iter();
        let own = frames.find(|frame| {
            let function = self.function(happened.process, frame.function);
            frame.line > 0 && function.is_some_and(|function| function.is_own())
        });
        own.map(|frame| frame.line)
    }

    /// The event in which the connection is asked for.
    pub fn connection(&self, connection: ConnectionId) -> Option<&Event> {
        self.event(u64::from(taken(&self.connections, connection)?))
    }

    /// The event in which the packet is sent.
    pub fn packet(&self, packet: PacketId) -> Option<&Event> {
        self.event(u64::from(taken(&self.packets, packet)?))
    }

    fn track(&self, process: ProcessId) -> Option<&Track> {
        self.tracks.get(track_position(process)?)
    }

    fn row(&self, process: ProcessId, lane: Lane) -> Option<&Row> {
        self.track(process).map(|track| &track.rows[lane as usize])
    }

    // --- appending ---

    fn index(&mut self, id: u32, event: &Event) {
        self.index_idle(event.time_ns);
        let events = &self.events;
        self.network
            .index(id, event, |event| events[event as usize].time_ns);
        if event.kind.is_moment() {
            self.moments.push(id);
        }
        match &event.kind {
            EventKind::WorldStarted { seed, .. } => self.seed = Some(*seed),
            EventKind::Logged { .. } => self.logs.push(id),
            EventKind::WorldChanged { .. } => self.changes.push(id),
            EventKind::ChoiceTaken { .. } => self.choices.push(id),
            EventKind::UncaughtError { .. } | EventKind::LimitReached { .. } => {
                self.failures.push(id);
            }
            EventKind::ConnectionBegun { connection, .. } => {
                put(&mut self.connections, *connection as usize, id);
            }
            EventKind::PacketSent { packet, .. } => put(&mut self.packets, *packet as usize, id),
            _ => {}
        }
        let Some(position) = track_position(event.process) else {
            return;
        };
        if self.tracks.len() <= position {
            self.tracks.resize_with(position + 1, Track::default);
        }
        self.index_track(id, event, position);
        self.index_steps(id, event, position);
    }

    /// Called before the event that ends the stretch is indexed.
    fn index_idle(&mut self, now_ns: u64) {
        let from_ns = self.end_ns();
        let length_ns = now_ns.saturating_sub(from_ns);
        if length_ns == 0 || self.tracks.iter().any(|track| !track.running.is_empty()) {
            return;
        }
        let position = self
            .idle
            .partition_point(|(from, to)| to - from >= length_ns);
        if position < IDLE_MAX {
            self.idle.insert(position, (from_ns, now_ns));
            self.idle.truncate(IDLE_MAX);
        }
    }

    fn index_track(&mut self, id: u32, event: &Event, position: usize) {
        let track = &mut self.tracks[position];
        let mut standing = track.standings.last().copied().unwrap_or_default();
        standing.event = id;
        match &event.kind {
            EventKind::ProcessStarted { host, entry, .. } => {
                track.host.clone_from(host);
                track.entry.clone_from(entry);
            }
            EventKind::ProcessExited { code, reason } => {
                standing.ended = Some(Ended {
                    code: *code,
                    reason: *reason,
                });
                standing.asleep = None;
                // Who is killed comes to no end of what he does.
                track.running.clear();
                standing.running = None;
                track.standings.push(standing);
            }
            EventKind::FunctionDefined { function, .. } => {
                put(&mut track.functions, *function as usize, id);
            }
            EventKind::PhaseEntered { phase, turn } => {
                standing.phase = Some(*phase);
                standing.turn = *turn;
                standing.asleep = None;
                track.standings.push(standing);
            }
            EventKind::PollSlept { until_ns } => {
                standing.asleep = Some(Asleep {
                    since_ns: event.time_ns,
                    until_ns: *until_ns,
                });
                track.standings.push(standing);
            }
            EventKind::PollWoke => {
                standing.asleep = None;
                track.standings.push(standing);
            }
            EventKind::TaskQueued {
                task,
                queue,
                function,
                due_ns,
                repeat_ns,
                unref,
            } => {
                let index = self.tasks.len() as TaskIndex;
                put(&mut track.tasks, *task as usize, index);
                self.network.note_task(index, u64::from(id));
                let row = &mut track.rows[Lane::of(*queue) as usize];
                self.tasks.push(TaskRecord {
                    process: event.process,
                    task: *task,
                    queue: *queue,
                    function: *function,
                    due_ns: *due_ns,
                    repeat_ns: *repeat_ns,
                    unref: *unref,
                    queued: u64::from(id),
                    started: None,
                    ended: None,
                    cancelled: None,
                    outcome: None,
                    position: row.tasks.len() as u32,
                });
                row.tasks.push(index);
                row.queued.push(id);
                row.leaving.push();
            }
            EventKind::TaskCancelled { task } => {
                if let Some(index) = taken(&track.tasks, *task) {
                    let record = &mut self.tasks[index as usize];
                    if record.left().is_none() {
                        record.cancelled = Some(u64::from(id));
                        let row = &mut track.rows[record.lane() as usize];
                        row.left.push(id);
                        row.leaving.set(record.position as usize, id);
                    }
                }
            }
            EventKind::TaskStarted { task } => {
                if let Some(index) = taken(&track.tasks, *task) {
                    let record = &mut self.tasks[index as usize];
                    if record.left().is_none() {
                        record.started = Some(u64::from(id));
                        let row = &mut track.rows[record.lane() as usize];
                        row.left.push(id);
                        row.leaving.set(record.position as usize, id);
                        row.started.push(index);
                        track.started.push(index);
                        track.started_at.push(id);
                        track.running.push(index);
                        standing.running = Some(index);
                        track.standings.push(standing);
                    }
                }
            }
            EventKind::TaskEnded { task, outcome } => {
                if let Some(index) = taken(&track.tasks, *task) {
                    let record = &mut self.tasks[index as usize];
                    record.ended = Some(u64::from(id));
                    record.outcome = Some(*outcome);
                    track.running.retain(|running| *running != index);
                    standing.running = track.running.last().copied();
                    track.standings.push(standing);
                }
            }
            EventKind::WorldStarted { .. }
            | EventKind::Logged { .. }
            | EventKind::HeapUsed { .. }
            | EventKind::WorldChanged { .. }
            | EventKind::PoolWorkQueued { .. }
            | EventKind::ChoiceTaken { .. }
            | EventKind::ConnectionBegun { .. }
            | EventKind::PacketSent { .. }
            | EventKind::PacketArrived { .. }
            | EventKind::PacketLost { .. }
            | EventKind::LoadBegun { .. }
            | EventKind::RequestBegun { .. }
            | EventKind::RequestEnded { .. }
            | EventKind::LoadEnded { .. }
            | EventKind::AskEnded { .. }
            | EventKind::MiddlewareEntered { .. }
            | EventKind::ServiceStarted { .. }
            | EventKind::WorkQueued { .. }
            | EventKind::WorkStarted { .. }
            | EventKind::WorkEnded { .. }
            | EventKind::UncaughtError { .. }
            | EventKind::LimitReached { .. } => {}
        }
    }

    fn index_steps(&mut self, id: u32, event: &Event, position: usize) {
        let track = &mut self.tracks[position];
        // A packet arrives far from the process that sent it, whatever that does by then.
        let is_own = !matches!(
            event.kind,
            EventKind::PacketArrived { .. } | EventKind::PacketLost { .. }
        );
        if is_own && event.kind.is_moment() {
            track.moments.push(id);
        }
        match event.kind {
            EventKind::TaskStarted { .. } => self.callbacks.push(id),
            EventKind::PhaseEntered { turn, .. } => {
                track.phases.push(id);
                let last = track.turns.last();
                let last = last.map(|last| &self.events[*last as usize].kind);
                if !matches!(last, Some(EventKind::PhaseEntered { turn: last, .. }) if *last == turn)
                {
                    track.turns.push(id);
                    self.turns.push(id);
                }
            }
            EventKind::PoolWorkQueued { .. } => track.pool_works.push(id),
            EventKind::HeapUsed { .. } => track.heaps.push(id),
            EventKind::PollSlept { .. } => track.sleeps.push((id, None)),
            EventKind::PollWoke => {
                if let Some(sleep) = track.sleeps.last_mut() {
                    sleep.1.get_or_insert(id);
                }
            }
            _ => {}
        }
        let own = event.stack.iter().find_map(|frame| {
            let function = self.function(event.process, frame.function)?;
            (function.is_own() && frame.line > 0).then_some((frame.function, frame.line))
        });
        let track = &mut self.tracks[position];
        if let Some((function, line)) = own {
            let here = Some((function, line, track.running.last().copied()));
            if track.line_last != here {
                track.line_last = here;
                self.lines.push(id);
            }
        }
    }
}

/// What the trace says about a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionView<'a> {
    pub name: &'a str,
    pub file: &'a str,
    pub line: u32,
    pub column: u32,
    pub summary: &'a str,
}

impl FunctionView<'_> {
    /// The reader's, not Node's.
    pub fn is_own(&self) -> bool {
        !self.file.is_empty() && !self.file.starts_with("node:")
    }
}

/// A recording that grows while the page looks at it. Two are equal when they are the same recording at the same
/// length, which is what a component wants to know.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    recording: Rc<RefCell<Recording>>,
    revision: u64,
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.recording, &other.recording) && self.revision == other.revision
    }
}

impl Shared {
    pub fn new(recording: Recording) -> Self {
        Self {
            recording: Rc::new(RefCell::new(recording)),
            revision: 0,
        }
    }

    /// Of the same recording, at whatever length.
    pub fn is_of(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.recording, &other.recording)
    }

    pub fn read(&self) -> Ref<'_, Recording> {
        self.recording.borrow()
    }

    /// Appends, and gives the handle that is no longer equal to this one.
    #[must_use]
    pub fn pushed(&self, batch: impl IntoIterator<Item = Event>) -> Self {
        self.recording.borrow_mut().push(batch);
        self.revised()
    }

    #[must_use]
    pub fn finished(&self) -> Self {
        self.recording.borrow_mut().finish();
        self.revised()
    }

    fn revised(&self) -> Self {
        Self {
            recording: Rc::clone(&self.recording),
            revision: self.revision + 1,
        }
    }
}

pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Process 0 is the world, which has no loop; nor have machines that are no programs, which are numbered far from those.
fn track_position(process: ProcessId) -> Option<usize> {
    const PROGRAMS_MAX: ProcessId = 1 << 16;
    (process as usize)
        .checked_sub(1)
        .filter(|_| process < PROGRAMS_MAX)
}

/// Numbers count from 1, and a trace that jumps ahead is not worth the memory of the gap.
pub(crate) fn put(slots: &mut Vec<Option<u32>>, number: usize, value: u32) {
    const GAP_MAX: usize = 1 << 16;
    let Some(position) = number.checked_sub(1) else {
        return;
    };
    if position > slots.len() + GAP_MAX {
        return;
    }
    if slots.len() <= position {
        slots.resize(position + 1, None);
    }
    slots[position] = Some(value);
}

pub(crate) fn taken(slots: &[Option<u32>], number: u64) -> Option<u32> {
    *slots.get((number as usize).checked_sub(1)?)?
}
