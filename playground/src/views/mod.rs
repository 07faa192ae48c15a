//! The pictures of a recording: the loop of a process and the flow of requests at the playhead, and the time under
//! everything.
//!
//! All are functions of (recording, playhead) and draw nothing that the recording does not say. They move the
//! playhead only by handing a `TimeCommand` up. Look and measures follow the tokens; the styles are `loop.css`,
//! `flow.css`, `spans.css` and `time.css`.

mod caption;
mod chosen;
mod drawn;
mod flow;
mod following;
mod glyphs;
mod loop_view;
mod measure;
mod metrics;
mod motion;
pub mod pointing;
mod processes;
mod requests;
mod score_rows;
mod sequence;
mod ticking;
mod time_hand;
mod time_panel;
mod time_twin;
mod transport;
mod waterfall;

pub use chosen::Chosen;
pub use drawn::drawn;
pub use flow::{FlowProps, FlowView, Places};
pub use following::{Followed, OnFollow, dot, request_class};
pub use glyphs::{Icon, colour_class, glyph, icon};
pub use loop_view::{LoopProps, LoopView};
pub use metrics::{MetricsProps, MetricsView};
pub use processes::{Processes, ProcessesProps};
pub use requests::RequestViewProps;
pub use sequence::SequenceView;
pub use time_panel::{TimePanel, TimeProps};
pub use waterfall::WaterfallView;
