//! What the page knows, as small reducers without a browser in them. Components draw this and send commands back.

pub mod asking;
pub mod choices;
pub mod console;
pub mod curl;
pub mod edits;
pub mod explore;
pub mod focus;
pub mod fork;
pub mod grading;
pub mod injected;
pub mod keys;
pub mod predict;
pub mod route;
pub mod run;
pub mod theme;

#[cfg(test)]
pub(crate) mod fixtures;
