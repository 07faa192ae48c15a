//! What crosses the edge of the sealed module, and nothing else.
//!
//! The jar is driven by [`Command`]s and answers each with one [`Reply`]; a reply to `Step` carries the next
//! stretch of the trace as [`Event`]s. Both travel as postcard bytes through linear memory (see [`codec`]).
//! Lessons travel from the build to the page in the same encoding ([`lesson`]).
//!
//! Units are in the names: `_ns` nanoseconds of virtual time, `_bytes`, `_max`. Nothing here is a `usize`, a float
//! or a hash map, so the bytes are the same on every platform.

pub mod client;
pub mod codec;
pub mod command;
pub mod explore;
pub mod grade;
pub mod lesson;
pub mod load;
pub mod outside;
pub mod packages;
pub mod scenario;
pub mod service;
pub mod shortest;
pub mod trace;
pub mod typescript;

pub use command::{Command, LIBRARY_FILES, Reply, Status, WHOLE_JAR};
pub use grade::{CheckOutcome, Report};
pub use scenario::{File, Limits, ProcessSpec, Record, Scenario};
pub use trace::{
    Event, EventId, EventKind, ExitReason, Frame, FunctionId, Limit, MicrotaskKind, MiddlewareRole,
    Outcome, Phase, ProcessId, Queue, Stream, TaskId,
};
pub use typescript::{Script, Transpiled, Untranslatable};

/// Raised whenever the meaning of any type in this crate changes. The jar reports it in [`Reply::Loaded`] and
/// [`Reply::Started`], and the page and the host refuse a jar that speaks another version.
pub const VERSION: u32 = 11;
