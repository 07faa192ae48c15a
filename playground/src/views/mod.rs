//! The pictures of a recording: the loop of a process and the flow of requests at the playhead, and the time under
//! everything.
//!
//! All are functions of (recording, playhead) and draw nothing that the recording does not say. They move the
//! playhead only by handing a `TimeCommand` up. Look and measures follow the tokens; the styles are `loop.css`,
//! `flow.css` and `time.css`.

mod flow;
mod glyphs;
mod loop_view;
mod measure;
mod motion;
mod processes;
mod score_rows;
mod ticking;
mod time_panel;

pub use flow::{FlowView, Places};
pub use glyphs::{Icon, colour_class, glyph, icon};
pub use loop_view::LoopView;
pub use processes::Processes;
pub use time_panel::TimePanel;
