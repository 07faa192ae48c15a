//! The two pictures of a recording: the loop at the playhead, and the time under everything.
//!
//! Both are functions of (recording, playhead) and draw nothing that the recording does not say. They move the
//! playhead only by handing a `TimeCommand` up. Look and measures follow the tokens; the styles are `loop.css` and
//! `time.css`.

mod glyphs;
mod loop_view;
mod measure;
mod motion;
mod processes;
mod score_rows;
mod ticking;
mod time_panel;

pub use glyphs::{Icon, colour_class, glyph, icon};
pub use loop_view::LoopView;
pub use processes::Processes;
pub use time_panel::TimePanel;
