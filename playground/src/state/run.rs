//! A run: its number, what it is doing, and how it ended.
//!
//! Every run has a number, and whatever the worker says carries the number of the run it belongs to, so nothing that
//! an older run still says can be taken for the present one.

use protocol::{Event, EventId, EventKind, Limit};

use super::console::{Console, Place, short_path};

pub type RunId = u32;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub id: RunId,
    pub seed: u64,
    pub status: Status,
    /// The files have changed since it began, so it shows other code than the editor.
    pub stale: bool,
    /// The first thing that ended the program before its own end.
    pub trouble: Option<Trouble>,
    pub now_ns: u64,
    pub events: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Status {
    /// Nothing has run yet.
    #[default]
    Never,
    Running,
    Ended(Ending),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    Exited {
        code: i32,
        trace_hash: u64,
    },
    /// By the reader.
    Stopped,
    /// The worker said nothing for too long and was ended.
    Silent,
    /// The simulation itself broke.
    Trapped {
        report: String,
    },
    /// The jar would not take the command.
    Refused {
        reason: String,
    },
}

/// Why a program ended before its own end, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub event: EventId,
    pub time_ns: u64,
    pub kind: TroubleKind,
    /// The error's or limit's own sentence.
    pub text: String,
    pub place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    Uncaught,
    Limit(Limit),
}

impl Run {
    pub fn running(&self) -> bool {
        self.status == Status::Running
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.status, Status::Ended(_))
    }

    /// There is a recording to look at.
    pub fn recorded(&self) -> bool {
        self.events > 0
    }

    /// Of a run that ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match self.status {
            Status::Ended(Ending::Exited { code, .. }) => Some(code),
            _ => None,
        }
    }

    /// Begins the next run and returns its number.
    pub fn begin(&mut self, seed: u64) -> RunId {
        *self = Self {
            id: self.id.wrapping_add(1),
            seed,
            status: Status::Running,
            ..Self::default()
        };
        self.id
    }

    /// Its events are noticed once more, in another order.
    pub fn forget_events(&mut self) {
        self.events = 0;
        self.trouble = None;
    }

    /// Ends the present run; a run ends once.
    pub fn end(&mut self, ending: Ending) {
        if self.running() {
            self.status = Status::Ended(ending);
        }
    }

    pub fn notice(&mut self, id: EventId, event: &Event, console: &Console) {
        self.events = id + 1;
        self.now_ns = event.time_ns;
        if self.trouble.is_some() {
            return;
        }
        let (kind, text, place) = match &event.kind {
            EventKind::LimitReached { limit, text } => {
                (TroubleKind::Limit(*limit), text, console.place(event))
            }
            EventKind::UncaughtError {
                text, file, line, ..
            } => {
                let place = short_path(file).filter(|_| *line > 0).map(|file| Place {
                    file: file.into(),
                    line: *line,
                });
                (TroubleKind::Uncaught, text, place)
            }
            _ => return,
        };
        self.trouble = Some(Trouble {
            event: id,
            time_ns: event.time_ns,
            kind,
            text: text.clone(),
            place,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_once_and_the_next_one_forgets_it() {
        let mut run = Run::default();
        let first = run.begin(7);
        run.end(Ending::Stopped);
        run.end(Ending::Silent);
        assert_eq!(run.status, Status::Ended(Ending::Stopped));
        run.stale = true;
        assert_ne!(run.begin(8), first);
        assert!(run.running() && !run.stale && !run.recorded());
    }

    #[test]
    fn the_first_trouble_is_kept_with_its_place() {
        let mut run = Run::default();
        run.begin(7);
        for (id, text) in [(4, "first"), (5, "second")] {
            let event = Event {
                cause: None,
                time_ns: 9,
                process: 1,
                kind: EventKind::UncaughtError {
                    text: text.into(),
                    file: "/app/main.js".into(),
                    line: 3,
                    column: 1,
                },
                stack: Vec::new(),
            };
            run.notice(id, &event, &Console::default());
        }
        let trouble = run.trouble.unwrap();
        assert_eq!((trouble.event, trouble.text.as_str()), (4, "first"));
        assert_eq!(
            trouble.place.map(|place| place.text()),
            Some("main.js:3".into())
        );
        assert_eq!(run.events, 6);
    }
}
