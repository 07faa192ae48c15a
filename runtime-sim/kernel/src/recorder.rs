//! The trace as it grows: gives each event its id, keeps the running hash, and holds what the next reply will carry.

use protocol::{Event, EventId, EventKind, Frame, ProcessId, Record, codec::TraceHash};

#[derive(Debug, Default)]
pub struct Recorder {
    record: Record,
    count: u64,
    hash: TraceHash,
    pending: Vec<Event>,
}

impl Recorder {
    pub fn new(record: Record) -> Self {
        Self {
            record,
            ..Self::default()
        }
    }

    pub fn add(
        &mut self,
        cause: Option<EventId>,
        time_ns: u64,
        process: ProcessId,
        kind: EventKind,
        stack: Vec<Frame>,
    ) -> EventId {
        let id = self.count;
        assert!(
            cause.is_none_or(|cause| cause < id),
            "an event is caused by an earlier one"
        );
        let event = Event {
            cause,
            time_ns,
            process,
            kind,
            stack,
        };
        self.hash.add(&event);
        self.count += 1;
        if self.record == Record::All || is_output(&event.kind) {
            self.pending.push(event);
        }
        id
    }

    /// Events since the last call that the scenario asked for.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.pending)
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    pub fn hash(&self) -> TraceHash {
        self.hash
    }
}

/// What a terminal shows, and what was chosen.
fn is_output(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Logged { .. }
            | EventKind::UncaughtError { .. }
            | EventKind::LimitReached { .. }
            | EventKind::ProcessExited { .. }
            | EventKind::LoadEnded { .. }
            | EventKind::AskEnded { .. }
            | EventKind::ChoiceTaken { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(record: Record) -> (TraceHash, usize) {
        let mut recorder = Recorder::new(record);
        let started = recorder.add(
            None,
            0,
            0,
            EventKind::WorldStarted {
                seed: 1,
                epoch_ms: 0,
            },
            vec![],
        );
        recorder.add(
            Some(started),
            9,
            1,
            EventKind::Logged {
                stream: protocol::Stream::Stdout,
                text: "hi\n".into(),
            },
            vec![],
        );
        (recorder.hash(), recorder.take().len())
    }

    #[test]
    fn the_hash_does_not_depend_on_what_is_kept() {
        let (all, kept_all) = run(Record::All);
        let (output, kept_output) = run(Record::Output);
        assert_eq!(all, output);
        assert_eq!((kept_all, kept_output), (2, 1));
    }
}
