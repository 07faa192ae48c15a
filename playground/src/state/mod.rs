//! What the page knows, as small reducers without a browser in them. Components draw this and send commands back.

pub mod console;
pub mod edits;
pub mod focus;
pub mod grading;
pub mod predict;
pub mod route;
pub mod run;
pub mod theme;

#[cfg(test)]
pub(crate) mod fixtures;
