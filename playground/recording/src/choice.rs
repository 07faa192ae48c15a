//! Choices in words: what raced, what came first, who chose that, and what else there was to take.

use protocol::{EventId, EventKind, ProcessId, trace::Race};

use crate::{
    Lane, Recording, Sentence,
    sentence::{self, what},
    words::{pool_word, some},
};

/// One choice of a run, in the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub event: EventId,
    /// Its place among all of them, from 0.
    pub number: u32,
    pub option: u32,
    pub is_picked: bool,
    /// What taking each of them means, in two or three words.
    pub options: Vec<String>,
    pub sentence: Sentence,
}

impl Recording {
    pub fn choice(&self, event: EventId) -> Option<Choice> {
        let happened = self.event(event)?;
        let EventKind::ChoiceTaken {
            choice,
            race,
            ref rivals,
            options,
            option,
            is_picked,
        } = happened.kind
        else {
            return None;
        };
        let teller = Teller {
            recording: self,
            event,
            process: happened.process,
            cause: happened.cause,
            race,
            rivals,
        };
        let labels: Vec<String> = (0..options).map(|option| teller.label(option)).collect();
        let chose = match is_picked {
            true => "You chose",
            false => "The seed chose",
        };
        let first = teller.outcome(option);
        Some(Choice {
            event,
            number: choice,
            option,
            is_picked,
            options: labels,
            sentence: Sentence::new(
                format!("{first}."),
                format!(
                    "{chose} that: {}. It could have come otherwise in {}.",
                    teller.reason(),
                    some(options.saturating_sub(1) as usize, "way")
                ),
            ),
        })
    }

    /// The options taken, one for each choice.
    pub fn options_taken(&self) -> Vec<u32> {
        let options = self
            .choices()
            .filter_map(|event| match self.event(event)?.kind {
                EventKind::ChoiceTaken { option, .. } => Some(option),
                _ => None,
            });
        options.collect()
    }
}

struct Teller<'a> {
    recording: &'a Recording,
    event: EventId,
    process: ProcessId,
    cause: Option<EventId>,
    race: Race,
    rivals: &'a [u64],
}

impl Teller<'_> {
    /// An option on a button.
    fn label(&self, option: u32) -> String {
        match (self.race, option) {
            (Race::Timers, 0) => format!("{} first", self.others()),
            (Race::Timers | Race::Wake, _) if self.is_timer_first(option) => {
                format!("{} first", self.timer())
            }
            (Race::Timers | Race::Wake, _) => "I/O first".to_owned(),
            (_, 0) => "As asked".to_owned(),
            _ => match self.rival(option) {
                Some(rival) => format!("Before {rival}"),
                None => format!("Option {option}"),
            },
        }
    }

    /// What came first, without a full stop.
    fn outcome(&self, option: u32) -> String {
        match (self.race, option) {
            (Race::Timers, 0) => format!("{} comes before {}", upper(&self.others()), self.timer()),
            (Race::Timers, _) => format!("{} comes before {}", upper(&self.timer()), self.others()),
            (Race::Wake, 0) => format!("{} comes before the next I/O", upper(&self.timer())),
            (Race::Wake, _) => format!("The next I/O comes before {}", self.timer()),
            (_, 0) => format!("{} stays behind {}", upper(&self.own()), self.all_rivals()),
            _ => {
                let rival = self.rival(option);
                let rival = rival.unwrap_or_else(|| "others".to_owned());
                format!("{} overtakes {rival}", upper(&self.own()))
            }
        }
    }

    /// Why it was open.
    fn reason(&self) -> &'static str {
        match self.race {
            Race::Timers => {
                "the timer and the loop are within a moment of each other, and how late a system is nobody knows"
            }
            Race::Wake => "a sleep may end late, and by then more is ready",
            Race::Pool => "threads of the pool work at the same time, and either may be done first",
            Race::Packet => "packets on different ways may overtake each other",
            Race::Start(_) => "how long a start takes is up to the system",
        }
    }

    fn is_timer_first(&self, option: u32) -> bool {
        (self.race == Race::Timers) == (option == 1)
    }

    fn timer(&self) -> String {
        let timers = self.recording.timers_at(self.process, self.event, 1);
        self.task(timers.first.first().copied(), "the timer")
    }

    /// What is ready beside timers.
    fn others(&self) -> String {
        let waiting = |lane| {
            let waiting = self.recording.waiting(self.process, lane, self.event, 1);
            waiting.first().copied()
        };
        self.task(waiting(Lane::Check), "I/O")
    }

    fn task(&self, task: Option<crate::TaskIndex>, otherwise: &str) -> String {
        match task {
            Some(task) => self.recording.task_label(task),
            None => otherwise.to_owned(),
        }
    }

    /// What races.
    fn own(&self) -> String {
        let cause = self.cause.filter(|cause| {
            let kind = self.recording.event(*cause).map(|event| &event.kind);
            matches!(
                kind,
                Some(EventKind::PoolWorkQueued { .. } | EventKind::PacketSent { .. })
            )
        });
        match (self.race, cause) {
            (Race::Start(process), _) => self.begun(process),
            (_, Some(cause)) => self.named(cause),
            (Race::Packet, None) => "a packet".to_owned(),
            _ => "this".to_owned(),
        }
    }

    /// The first of those that this option goes ahead of.
    fn rival(&self, option: u32) -> Option<String> {
        let place = self.rivals.len().checked_sub(option as usize)?;
        let rival = *self.rivals.get(place)?;
        match self.race {
            Race::Pool => {
                let work = self.recording.pool_work(self.process, rival)?;
                Some(self.named(work))
            }
            Race::Packet => Some(self.named(self.recording.packet_event(rival)?)),
            Race::Start(_) => Some(self.begun(rival as ProcessId)),
            Race::Timers | Race::Wake => None,
        }
    }

    fn all_rivals(&self) -> String {
        match self.rivals.len() {
            1 => self.rival(1).unwrap_or_else(|| "another".to_owned()),
            count => format!("{count} others"),
        }
    }

    fn begun(&self, process: ProcessId) -> String {
        match self.recording.processes().any(|known| known == process) {
            true => self.recording.process_name(process),
            false => format!("process {process}"),
        }
    }

    /// Work or a packet, by the event that begins it.
    fn named(&self, event: EventId) -> String {
        let recording = self.recording;
        match recording.event(event).map(|event| &event.kind) {
            Some(EventKind::PoolWorkQueued { work, .. }) => {
                let number = recording.pool_number(self.process, event);
                let line = recording.asked_on_line(event);
                let line = line.map_or(String::new(), |line| format!(" of line {line}"));
                format!("{} work {number}{line}", pool_word(*work))
            }
            Some(EventKind::PacketSent {
                packet,
                content,
                bytes,
                head,
                ..
            }) => {
                let what = what(*content, *bytes, head);
                format!("packet {packet}, {what}")
            }
            _ => "another".to_owned(),
        }
    }
}

/// As a sentence begins.
fn upper(text: &str) -> String {
    match text.contains('(') {
        // Code keeps its letters.
        true => text.to_owned(),
        false => sentence::upper(text),
    }
}
