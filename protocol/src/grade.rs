//! What a lesson's checks found.

use serde::{Deserialize, Serialize};

use crate::EventId;

/// All checks of one lesson against one run, in the order in which the lesson lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub outcomes: Vec<CheckOutcome>,
    /// Set when the checks themselves could not run (a syntax error, a throw outside of any check): the author's
    /// mistake, not the reader's.
    pub broken: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    pub name: String,
    /// `None` when it passed; otherwise what was expected and what happened, in words.
    pub failure: Option<String>,
    /// The moment the failure is about, for the playhead.
    pub at: Option<EventId>,
}

impl Report {
    pub fn passed(&self) -> bool {
        self.broken.is_none()
            && self
                .outcomes
                .iter()
                .all(|outcome| outcome.failure.is_none())
    }

    pub fn first_failure(&self) -> Option<&CheckOutcome> {
        self.outcomes
            .iter()
            .find(|outcome| outcome.failure.is_some())
    }
}
