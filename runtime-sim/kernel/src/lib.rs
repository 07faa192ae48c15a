//! The ground a world stands on: virtual time, the event queue, seeded chance, limits and the trace.
//!
//! ```text
//!            Scenario (protocol)
//!                 │ describes
//!                 ▼
//!   Sim ──drives──► World { clocks, queue, chance, choices, recorder, limits }
//!    │                ▲
//!    └─ resumes a ────┘ each system gets the World, and the Scheduler to begin others
//!       System
//! ```
//!
//! [`World`] holds all state that systems share and [`Sim`] drives it: take the earliest [`Happening`] from the queue,
//! set the clock to its time, hand it to its system. Time never ticks; it jumps to the next happening, and while a
//! process occupies its core it moves on by what the code costs. Every process has a core of its own, unless its
//! host counts them; what one turn did stands in the trace before what another did, which may be earlier in time by as
//! much as a turn is long. In `network` are hosts and what connects them.
//!
//! What always holds:
//! - The queue is ordered by `(time_ns, sequence)`; sequence is the order of insertion, so equal times keep it.
//! - No process's clock runs backwards.
//! - Every draw comes from a stream with a name ([`Chance::stream`]); a new name disturbs no other stream.
//! - Where a draw decides an order, it is a choice ([`choice`]), and stands in the trace.
//! - Nothing here reads a wall clock, iterates in hash order, or orders by a float.
//! - An event is recorded exactly once, its cause is an earlier event, and the hash covers it whether or not it is
//!   kept for the page.
//!
//! What it is not: it knows neither JavaScript nor any protocol of a simulated server. The ideas are madsim's (jump to
//! the next event, named chance), turmoil's (all state in one World, one driver) and TigerBeetle's (limits on
//! everything, a run is a seed).

pub mod chance;
pub mod choice;
#[cfg(feature = "network")]
pub mod distribution;
#[cfg(feature = "network")]
pub mod network;
pub mod queue;
pub mod recorder;
pub mod sim;
pub mod table;
pub mod world;

pub use chance::{Chance, Stream};
pub use choice::{Choices, Race, Taken};
pub use queue::EventQueue;
pub use recorder::Recorder;
#[cfg(feature = "network")]
pub use sim::Machine;
pub use sim::{Birth, Scheduler, Sim, System, Turn, Waited};
pub use table::Table;
pub use world::{Happening, World};
