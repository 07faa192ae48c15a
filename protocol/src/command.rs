//! The conversation with the jar. One command in, one reply out; the jar never speaks first.

use serde::{Deserialize, Serialize};

use crate::{
    Event, Report, Scenario,
    outside::{Deed, Heard},
};

/// Node's own library. The first lists what is in the others, which are loaded when a program asks for one of them, or at
/// once where nothing is downloaded.
pub const LIBRARY_FILES: [&str; 5] = [
    "node-lib.bin",
    "node-lib-often.bin",
    "node-lib-more.bin",
    "node-lib-fetch.bin",
    "node-lib-intl.bin",
];
/// The jar that a page begins with is without node:crypto and node:zlib; the whole one has all.
pub const WHOLE_JAR: &str = "whole";

#[allow(
    clippy::large_enum_variant,
    reason = "there is one command at a time, and most of them start a world"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Takes Node's own library (`node-lib.bin`), and boots a process up to where its program would begin; or takes a
    /// further part of the library. The jar keeps both, and what its memory holds then is an image from which runs may
    /// begin. Answered by `Loaded` or `Refused`. Ends the run under way.
    Load { library: Vec<u8> },
    /// Builds a fresh world and forgets the one before. Answered by `Started` or `Refused`.
    Start(Scenario),
    /// Runs until about `ticks_max` interpreter ticks are spent or the world ends, and returns between two callbacks:
    /// one callback is never interrupted half-way. Answered by `Stepped` or `Wanting`, or `Refused` before
    /// `Start`.
    Step { ticks_max: u64 },
    /// Lets the deeds from outside happen, and runs as `Step` does, but nothing that is due after `until_ns`; a world in
    /// which nothing is due waits. Answered by `Exchanged`, or as `Step` is.
    Exchange {
        until_ns: u64,
        ticks_max: u64,
        deeds: Vec<Deed>,
    },
    /// Runs a lesson's checks (the source of its `checks.js`) against the finished run. Answered by `Graded` or
    /// `Wanting`.
    Grade { source: String },
    /// Answered by `Compiled`.
    Compiled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Loaded {
        version: u32,
    },
    Started {
        version: u32,
    },
    Stepped {
        status: Status,
        events: Vec<Event>,
    },
    /// The program asks for a part of Node's library that is not there (`node-lib-PART.bin`), so this attempt is over.
    /// With that part loaded the run begins anew, and makes the same events up to here and more. When the part is
    /// [`WHOLE_JAR`], what is not there is code, and the run is to begin anew in the whole jar.
    Wanting {
        part: String,
    },
    Graded(Report),
    /// The command cannot be carried out; the sentence says why and what to do.
    Refused {
        reason: String,
    },
    Exchanged {
        status: Status,
        events: Vec<Event>,
        heard: Vec<Heard>,
        /// When something is due next.
        next_ns: Option<u64>,
        /// Ports that the first process's host listens on, in the order in which it began to.
        listening: Vec<u16>,
    },
    /// What of Node's library and of packages was compiled since the library was loaded, for `Load` in another instance
    /// of the same jar: its runs are the same, and begin sooner. Empty when that is nothing. The bytes of this reply are
    /// those of that command, but for the first.
    Compiled {
        library: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Running {
        now_ns: u64,
    },
    /// `exit_code` is the first process's; `trace_hash` covers the whole trace, whatever `Record` kept of it.
    Finished {
        now_ns: u64,
        exit_code: i32,
        trace_hash: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn what_was_compiled_becomes_a_command_by_its_first_byte() {
        let library = vec![7; 300];
        let reply = codec::encode(&Reply::Compiled {
            library: library.clone(),
        });
        let command = codec::encode(&Command::Load { library });
        assert_eq!(reply[1..], command[1..]);
        assert_eq!((command[0], reply[0]), (0, 7));
        assert_eq!(codec::encode(&Command::Compiled), [5]);
    }
}
