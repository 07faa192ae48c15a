//! A recording and the playhead over it: everything the page shows is a function of these two.
//!
//! The trace arrives in batches and is only ever appended to ([`Recording`]). What waits, runs and sleeps at any of
//! its events is a question to indices that grow with it ([`state`]); nothing is replayed, so a seek costs
//! microseconds however long the trace is, and memory stays proportional to it. The playhead moves by one command
//! type and one function ([`playhead`]). Words come from the trace and its causes alone ([`sentence`], [`words`]),
//! and so does the score that lies under the page: the axis that folds idle time ([`axis`]), the lanes on it
//! ([`score`]), drawn from sums at any scale ([`density`]), and what people look for there ([`bookmarks`]).
//!
//! Hosts, packets and requests have indices of their own ([`network`]), and what a packet says is a decoder's business
//! ([`decode`]); where a request's time went is read from causes ([`spans`], [`waterfall`]), and what is said between
//! lifelines stands in [`sequence`]. Requests are found and sorted in [`requests`]. What is pointed at in one view is lit
//! in all ([`highlight`]), and a request that is followed has one letter in all ([`follow`]).
//! What can be measured of it all over time is in [`metrics`], where an order was chosen, in [`Recording::choice`], and
//! what can be broken by hand, in [`inject`].
//!
//! Two recordings are held against each other in [`compare`]. Of several processes each has queues of its own, and one axis and one playhead lie under all of them; their events
//! come in the order of their times ([`order`]). Nothing here knows a browser.

pub mod axis;
pub mod bookmarks;
mod choice;
pub mod compare;
pub mod decode;
pub mod density;
pub mod few;
pub mod fixture;
pub mod follow;
pub mod highlight;
pub mod inject;
pub mod metrics;
pub mod network;
pub mod order;
pub mod playhead;
mod pool;
pub mod recording;
pub mod requests;
pub mod score;
pub mod sentence;
pub mod sequence;
mod sorting;
pub mod spans;
mod stab;
pub mod state;
mod stays;
pub mod time;
pub mod waterfall;
pub mod words;

pub use axis::{Axis, Zoom};
pub use bookmarks::{Bookmark, BookmarkKind, Bookmarks, Noted};
pub use choice::Choice;
pub use compare::{Comparison, Difference};
pub use few::Few;
pub use follow::{Following, Letter};
pub use highlight::{Highlight, Lit};
pub use order::{Handed, InOrder};
pub use playhead::{Direction, Edge, Playhead, Range, Speed, StepUnit, TimeCommand, reduce};
pub use pool::{Pool, Work};
pub use recording::{Lane, Recording, Shared, TaskIndex, TaskRecord};
pub use sentence::{Sentence, sentence};
pub use sorting::sort_by_numbers;
pub use state::{LoopState, Place, Waiting};
