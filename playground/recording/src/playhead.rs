//! The playhead, and the one way to move it.
//!
//! A playhead stands on an event: that event has just happened. [`reduce`] takes where it is, a command and the
//! recording, and says where it is then; nothing else moves it. Playing is a row of [`TimeCommand::Tick`]s with the
//! reader's own milliseconds in them, so it can be tested without a clock and paused without one.

use protocol::EventId;

use crate::{Recording, axis::within, time};

/// What one step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepUnit {
    #[default]
    Event,
    /// To where the next callback starts.
    Callback,
    /// To the first phase of the next turn.
    Turn,
    /// To the next line of the reader's code at which anything happens.
    Line,
}

impl StepUnit {
    pub const ALL: [Self; 4] = [Self::Event, Self::Callback, Self::Turn, Self::Line];

    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Callback => "callback",
            Self::Turn => "turn",
            Self::Line => "line",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Back,
    Forward,
}

/// How fast it plays, as a position on the slider: steps a second, then virtual time against the reader's, from a
/// thousandth of real time to real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(u8);

const STEPS_A_SECOND: [u32; 9] = [1, 2, 4, 8, 16, 32, 64, 256, 1_024];
/// Virtual nanoseconds in one of the reader's milliseconds.
const RATES_NS: [(f64, &str); 4] = [
    (1e3, "1 ms a second"),
    (1e4, "10 ms a second"),
    (1e5, "100 ms a second"),
    (1e6, "real time"),
];

impl Speed {
    pub const SLOWEST: Self = Self(0);
    /// One virtual second a second.
    pub const REAL_TIME: Self = Self((STEPS_A_SECOND.len() + RATES_NS.len() - 1) as u8);

    /// The nearest there is.
    pub fn from_position(position: u8) -> Self {
        Self(position.min(Self::REAL_TIME.0))
    }

    pub fn position(self) -> u8 {
        self.0
    }

    /// `None` where time itself plays.
    pub fn steps_a_second(self) -> Option<u32> {
        STEPS_A_SECOND.get(usize::from(self.0)).copied()
    }

    fn rate(self) -> Option<&'static (f64, &'static str)> {
        RATES_NS.get(usize::from(self.0).checked_sub(STEPS_A_SECOND.len())?)
    }

    /// `4 events a second`.
    pub fn label(self, unit: StepUnit) -> String {
        match (self.steps_a_second(), self.rate()) {
            (None, Some((_, label))) => (*label).to_owned(),
            (steps, _) => {
                let steps = steps.unwrap_or(1);
                let plural = if steps == 1 { "" } else { "s" };
                let steps = time::count(u64::from(steps));
                format!("{steps} {}{plural} a second", unit.name())
            }
        }
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self(2)
    }
}

/// A stretch of virtual time that the reader has chosen, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from_ns: u64,
    pub to_ns: u64,
}

impl Range {
    pub fn holds(self, time_ns: u64) -> bool {
        (self.from_ns..=self.to_ns).contains(&time_ns)
    }

    pub fn length_ns(self) -> u64 {
        self.to_ns - self.from_ns
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    From,
    To,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeCommand {
    Play,
    Pause,
    Toggle,
    /// `unit: None` is the unit chosen by [`TimeCommand::SetUnit`].
    Step {
        unit: Option<StepUnit>,
        direction: Direction,
        count: u32,
    },
    Seek(EventId),
    SeekTime(u64),
    ToStart,
    /// While the recording still grows, the playhead then stays at its end until it is moved.
    ToEnd,
    SetSpeed(Speed),
    /// By so many steps, as far as there are any.
    ShiftSpeed(i8),
    SetUnit(StepUnit),
    /// In whichever order its ends are given; `None` is the whole recording.
    SetRange(Option<Range>),
    /// An end of the range is put to a time; there is one from then on.
    SetEdge(Edge, u64),
    /// The same, to where the playhead is.
    MarkEdge(Edge),
    /// At the end of the range it begins again at its start, or no longer.
    ToggleLooping,
    /// So much of the reader's time has passed.
    Tick {
        elapsed_ms: f64,
    },
    /// The recording has become longer, or is another one.
    Grown,
}

impl TimeCommand {
    pub fn step(direction: Direction) -> Self {
        Self::Step {
            unit: None,
            direction,
            count: 1,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playhead {
    pub event: EventId,
    pub playing: bool,
    pub unit: StepUnit,
    pub speed: Speed,
    /// Stays at the end of a recording that grows.
    pub follows: bool,
    /// The last move was a single step, which the page animates; jumps it does not.
    pub stepped: bool,
    /// What the reader has chosen of the time; measures and tables of other views may keep to it.
    pub range: Option<Range>,
    pub looping: bool,
    /// What is left of the reader's time after whole steps, or how far the clock has run past the event.
    carry_ms: f64,
}

impl Playhead {
    /// What the clock shows: the event's own time, or, while real time plays, a time between two events.
    pub fn time_ns(&self, recording: &Recording) -> u64 {
        let time_ns = recording.time_ns(self.event);
        match self.speed.rate() {
            Some((rate_ns, _)) if self.playing => {
                (time_ns + (self.carry_ms * rate_ns) as u64).min(recording.end_ns())
            }
            _ => time_ns,
        }
    }

    /// A time that glides from one step to the next while it plays, for what moves between events: what is on its way
    /// for long is so for the eye too, however fast the steps are.
    pub fn gliding_ns(&self, recording: &Recording) -> u64 {
        let time_ns = self.time_ns(recording);
        match self.speed.steps_a_second() {
            Some(steps) if self.playing => {
                let next = step(recording, self.event, self.unit, Direction::Forward, 1);
                let ahead_ns = recording.time_ns(next).saturating_sub(time_ns);
                let part = self.carry_ms * f64::from(steps) / 1_000.0;
                time_ns + (ahead_ns as f64 * within(part, 0.0, 1.0)) as u64
            }
            _ => time_ns,
        }
    }
}

/// Where the playhead is after a command.
pub fn reduce(playhead: &Playhead, command: TimeCommand, recording: &Recording) -> Playhead {
    let mut next = *playhead;
    next.stepped = false;
    match command {
        TimeCommand::Play => play(&mut next, recording),
        TimeCommand::Pause => pause(&mut next),
        TimeCommand::Toggle if next.playing => pause(&mut next),
        TimeCommand::Toggle => play(&mut next, recording),
        TimeCommand::Step {
            unit,
            direction,
            count,
        } => {
            pause(&mut next);
            next.follows = false;
            next.event = step(
                recording,
                next.event,
                unit.unwrap_or(next.unit),
                direction,
                count,
            );
            next.stepped = count == 1;
        }
        TimeCommand::Seek(event) => jump(&mut next, recording.snap(event)),
        TimeCommand::SeekTime(time_ns) => jump(&mut next, recording.at_time(time_ns)),
        TimeCommand::ToStart => jump(&mut next, recording.first_moment()),
        TimeCommand::ToEnd => {
            jump(&mut next, recording.last_moment());
            next.follows = !recording.is_complete();
        }
        TimeCommand::SetSpeed(speed) => set_speed(&mut next, speed),
        TimeCommand::ShiftSpeed(steps) => {
            let position = next.speed.position().saturating_add_signed(steps);
            set_speed(&mut next, Speed::from_position(position));
        }
        TimeCommand::SetUnit(unit) => next.unit = unit,
        TimeCommand::SetRange(range) => set_range(&mut next, range, recording),
        TimeCommand::SetEdge(edge, time_ns) => set_edge(&mut next, edge, time_ns, recording),
        TimeCommand::MarkEdge(edge) => {
            let time_ns = recording.time_ns(next.event);
            set_edge(&mut next, edge, time_ns, recording);
        }
        TimeCommand::ToggleLooping => next.looping = !next.looping && next.range.is_some(),
        TimeCommand::Tick { elapsed_ms } => tick(&mut next, elapsed_ms, recording),
        TimeCommand::Grown => {
            next.event = if next.follows {
                recording.last_moment()
            } else {
                recording.snap(next.event)
            };
            next.follows &= !recording.is_complete();
        }
    }
    next
}

fn set_range(playhead: &mut Playhead, range: Option<Range>, recording: &Recording) {
    let end_ns = recording.end_ns();
    playhead.range = range.filter(|_| !recording.is_empty()).map(|range| Range {
        from_ns: range.from_ns.min(range.to_ns).min(end_ns),
        to_ns: range.from_ns.max(range.to_ns).min(end_ns),
    });
    playhead.looping &= playhead.range.is_some();
}

fn set_edge(playhead: &mut Playhead, edge: Edge, time_ns: u64, recording: &Recording) {
    let (from_ns, to_ns) = match playhead.range {
        Some(range) => (range.from_ns, range.to_ns),
        None => (0, recording.end_ns()),
    };
    let (from_ns, to_ns) = match edge {
        Edge::From if time_ns > to_ns => (time_ns, recording.end_ns()),
        Edge::From => (time_ns, to_ns),
        Edge::To if time_ns < from_ns => (0, time_ns),
        Edge::To => (from_ns, time_ns),
    };
    set_range(playhead, Some(Range { from_ns, to_ns }), recording);
}

fn set_speed(playhead: &mut Playhead, speed: Speed) {
    playhead.speed = speed;
    playhead.carry_ms = 0.0;
}

/// The range that it loops, and the first moment in it.
fn looped(playhead: &Playhead, recording: &Recording) -> Option<(Range, EventId)> {
    let range = playhead.range.filter(|_| playhead.looping)?;
    let first = recording.first_from(range.from_ns)?;
    range
        .holds(recording.time_ns(first))
        .then_some((range, first))
}

fn play(playhead: &mut Playhead, recording: &Recording) {
    if recording.is_empty() {
        return;
    }
    match looped(playhead, recording) {
        Some((range, first)) if !range.holds(recording.time_ns(playhead.event)) => {
            playhead.event = first;
        }
        Some(_) => {}
        None if at_end(playhead.event, recording) && recording.is_complete() => {
            playhead.event = recording.first_moment();
        }
        None => {}
    }
    playhead.playing = true;
    playhead.follows = false;
    playhead.carry_ms = 0.0;
}

fn pause(playhead: &mut Playhead) {
    playhead.playing = false;
    playhead.carry_ms = 0.0;
}

/// A reader who drags while it plays wants it to play on from there.
fn jump(playhead: &mut Playhead, event: EventId) {
    playhead.event = event;
    playhead.follows = false;
    playhead.carry_ms = 0.0;
}

fn tick(playhead: &mut Playhead, elapsed_ms: f64, recording: &Recording) {
    if !playhead.playing {
        return;
    }
    playhead.carry_ms += elapsed_ms.max(0.0);
    let looped = looped(playhead, recording);
    let before = playhead.event;
    let mut over = false;
    match (playhead.speed.steps_a_second(), playhead.speed.rate()) {
        (None, Some((rate_ns, _))) => {
            let from_ns = recording.time_ns(before);
            let to_ns = from_ns + (playhead.carry_ms * rate_ns) as u64;
            let event = recording.at_time(to_ns);
            if event > before {
                playhead.event = event;
                playhead.carry_ms -= (recording.time_ns(event) - from_ns) as f64 / rate_ns;
            }
            over = looped.is_some_and(|(range, _)| to_ns >= range.to_ns);
        }
        (steps_a_second, _) => {
            let step_ms = 1_000.0 / f64::from(steps_a_second.unwrap_or(1));
            let steps = (playhead.carry_ms / step_ms).floor();
            playhead.carry_ms -= steps * step_ms;
            if steps >= 1.0 {
                let (unit, count) = (playhead.unit, steps as u32);
                playhead.event = step(recording, before, unit, Direction::Forward, count);
                playhead.stepped = steps < 2.0;
                // The last moment of the range is shown as long as any other.
                over = looped.is_some_and(|(range, _)| {
                    at_end(before, recording) || recording.time_ns(playhead.event) > range.to_ns
                });
            }
        }
    }
    if let Some((_, first)) = looped {
        if over {
            playhead.event = first;
            playhead.carry_ms = 0.0;
            playhead.stepped = false;
        }
        return;
    }
    if at_end(playhead.event, recording) {
        playhead.carry_ms = 0.0;
        playhead.playing = !recording.is_complete();
    }
}

fn at_end(event: EventId, recording: &Recording) -> bool {
    event >= recording.last_moment()
}

/// Forward past the last mark goes to the end, back past the first to the start.
fn step(
    recording: &Recording,
    event: EventId,
    unit: StepUnit,
    direction: Direction,
    count: u32,
) -> EventId {
    let marks = recording.marks(unit);
    let count = count as usize;
    let position = match direction {
        Direction::Forward => {
            marks.partition_point(|mark| u64::from(*mark) <= event) + count.saturating_sub(1)
        }
        Direction::Back => {
            let before = marks.partition_point(|mark| u64::from(*mark) < event);
            match before.checked_sub(count) {
                Some(position) => position,
                None => return recording.first_moment(),
            }
        }
    };
    marks
        .get(position)
        .map_or_else(|| recording.last_moment(), |mark| u64::from(*mark))
}
