//! The page: a lesson to read, its code to change, and what happened when it ran.
//!
//! Everything shown is a function of the lesson, the reader's edits, the recording and the playhead. [`state`] holds
//! what the page knows, as reducers without a browser in them; [`edge`] is where it touches the browser; [`views`]
//! draw the recording at the playhead; [`page`] is the rest of what one sees. The simulation itself is not linked in:
//! it lives in a worker, sealed, and speaks `protocol`.

pub mod edge;
pub mod erased;
pub mod page;
pub mod state;
pub mod views;
