//! Whose loop is shown, of several processes.
//!
//! It follows the playhead: the process whose moment it is. A reader who chooses one keeps it while stepping and
//! playing; a jump (a line of the console, a flag, a place in the prose) goes where it leads, and the choice with it.

use protocol::ProcessId;
use recording::Recording;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Focus {
    shown: ProcessId,
    chosen: bool,
}

impl Default for Focus {
    fn default() -> Self {
        Self {
            shown: 1,
            chosen: false,
        }
    }
}

impl Focus {
    pub fn process(self) -> ProcessId {
        self.shown
    }

    /// `None` while it follows the playhead.
    pub fn chosen(self) -> Option<ProcessId> {
        self.chosen.then_some(self.shown)
    }

    pub fn choose(&mut self, process: Option<ProcessId>) {
        self.chosen = process.is_some();
        self.shown = process.unwrap_or(self.shown);
    }

    /// The playhead has moved; `jumped` when it was sent to a place.
    pub fn follow(&mut self, recording: &Recording, event: protocol::EventId, jumped: bool) {
        if jumped || !self.chosen {
            // What is the world's leaves the picture where it is.
            self.shown = recording.process_of(event).unwrap_or(self.shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Event, EventKind};

    use super::*;

    #[test]
    fn it_follows_until_one_is_chosen_and_jumps_lead_on() {
        let processes = [0, 1, 2, 1];
        let recording = Recording::from_events(processes.map(|process| Event {
            cause: None,
            time_ns: 0,
            process,
            kind: EventKind::PollWoke,
            stack: Vec::new(),
        }));
        let mut focus = Focus::default();
        focus.follow(&recording, 2, false);
        focus.follow(&recording, 0, false);
        assert_eq!((focus.process(), focus.chosen()), (2, None));
        focus.choose(Some(1));
        focus.follow(&recording, 2, false);
        assert_eq!(focus.chosen(), Some(1));
        focus.follow(&recording, 2, true);
        assert_eq!(focus.chosen(), Some(2));
        focus.choose(None);
        focus.follow(&recording, 3, false);
        assert_eq!((focus.process(), focus.chosen()), (1, None));
    }
}
