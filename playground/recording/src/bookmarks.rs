//! What people look for in a recording: lines of the log, errors, faults of the world, and what the page itself knows to
//! be of interest, the failed check and the first difference from a prediction.

use protocol::{EventId, EventKind, Stream};

use crate::{Recording, sentence, sentence::printed, sorting::sort_by_numbers, time};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BookmarkKind {
    /// An uncaught error, or a limit that was reached.
    Error,
    /// Where a check failed.
    Check,
    /// Where what ran first parts from what was said.
    Difference,
    /// The world has changed: a fault, or its end.
    Fault,
    Log,
}

impl BookmarkKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Check => "failed check",
            Self::Difference => "first difference",
            Self::Fault => "fault",
            Self::Log => "log",
        }
    }

    /// Something has failed: red.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Check)
    }
}

/// What the page adds, with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub event: EventId,
    pub kind: BookmarkKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub event: EventId,
    pub kind: BookmarkKind,
    /// Position in what the page has added.
    noted: Option<usize>,
}

/// In the order of events; of one event what is graver comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks {
    all: Vec<Bookmark>,
    noted: Vec<Noted>,
}

const CHARS_MAX: usize = 20;

impl Bookmarks {
    pub fn new(recording: &Recording, noted: &[Noted]) -> Self {
        let own = |event, kind| Bookmark {
            event,
            kind,
            noted: None,
        };
        let logs = recording.logs().map(|event| own(event, BookmarkKind::Log));
        let errors = recording
            .failures()
            .map(|event| own(event, BookmarkKind::Error));
        let changes = recording
            .changes()
            .map(|event| own(event, BookmarkKind::Fault));
        let page = noted.iter().enumerate().map(|(at, noted)| Bookmark {
            event: recording.snap(noted.event),
            kind: noted.kind,
            noted: Some(at),
        });
        let mut all: Vec<Bookmark> = logs.chain(errors).chain(changes).chain(page).collect();
        sort_by_numbers(&mut all, |bookmark| (bookmark.event, bookmark.kind as u64));
        Self {
            all,
            noted: noted.to_vec(),
        }
    }

    pub fn all(&self) -> &[Bookmark] {
        &self.all
    }

    /// Those within a stretch of time.
    pub fn between(&self, recording: &Recording, from_ns: u64, to_ns: u64) -> &[Bookmark] {
        let until = |time_ns: u64| {
            self.all
                .partition_point(|bookmark| recording.time_ns(bookmark.event) < time_ns)
        };
        &self.all[until(from_ns)..until(to_ns.saturating_add(1))]
    }

    pub fn after(&self, event: EventId) -> Option<&Bookmark> {
        let at = self.all.partition_point(|bookmark| bookmark.event <= event);
        self.all.get(at)
    }

    pub fn before(&self, event: EventId) -> Option<&Bookmark> {
        let at = self.all.partition_point(|bookmark| bookmark.event < event);
        self.all.get(at.checked_sub(1)?)
    }

    /// A few words, as a flag has room for.
    pub fn short(&self, recording: &Recording, bookmark: &Bookmark) -> String {
        let words = match (bookmark.noted, recording.event(bookmark.event)) {
            (Some(noted), _) => self.noted[noted].text.clone(),
            (None, Some(event)) => match &event.kind {
                EventKind::LimitReached { .. } => "limit".to_owned(),
                EventKind::UncaughtError { .. } => "error".to_owned(),
                EventKind::Logged { text, stream } => line(text, *stream),
                _ => sentence(recording, bookmark.event)
                    .what
                    .trim_end_matches('.')
                    .to_owned(),
            },
            (None, None) => String::new(),
        };
        match words.chars().count() <= CHARS_MAX {
            true => words,
            false => words.chars().take(CHARS_MAX - 1).chain(['…']).collect(),
        }
    }

    /// `1.65 ms, log, api: Line 3 prints hello.`
    pub fn long(&self, recording: &Recording, bookmark: &Bookmark) -> String {
        let at = time::point(recording.time_ns(bookmark.event));
        let words = match bookmark.noted {
            Some(noted) => self.noted[noted].text.clone(),
            None => sentence(recording, bookmark.event).what_of_whom(),
        };
        format!("{at}, {}, {words}", bookmark.kind.name())
    }
}

fn line(text: &str, stream: Stream) -> String {
    let line = printed(text);
    match (line.is_empty(), stream) {
        (true, Stream::Stdout) => "(empty line)".to_owned(),
        (true, Stream::Stderr) => "(stderr)".to_owned(),
        (false, _) => line,
    }
}
