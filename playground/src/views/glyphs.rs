//! The marks: one glyph and one colour class for each queue, and the icons of the transport.

use recording::{BookmarkKind, Lane};
use yew::{Html, html};

/// The class that carries a queue's pigment. Pending has none of its own and borrows that of the program's own run.
pub fn colour_class(lane: Lane) -> &'static str {
    match lane {
        Lane::Main | Lane::Pending => "c-main",
        Lane::NextTick => "c-tick",
        Lane::Microtask => "c-micro",
        Lane::Timers => "c-timers",
        Lane::Poll => "c-poll",
        Lane::Check => "c-check",
        Lane::Close => "c-close",
    }
}

fn glyph_path(lane: Lane) -> Html {
    let path = match lane {
        Lane::Main | Lane::Pending => "M3.5 2.5 9 6l-5.5 3.5z",
        Lane::NextTick => "M2.5 2.5 6 6 2.5 9.5M6.5 2.5 10 6 6.5 9.5",
        Lane::Microtask => {
            return html! { <><circle cx="6" cy="6" r="4.25" /><circle cx="6" cy="6" r=".75" /></> };
        }
        Lane::Timers => "M3 1.5h6M3 10.5h6M3.5 1.5c0 3 5 6 5 9M8.5 1.5c0 3-5 6-5 9",
        Lane::Poll => "M1.5 4.5c1.5-2 3-2 4.5 0s3 2 4.5 0M1.5 8.5c1.5-2 3-2 4.5 0s3 2 4.5 0",
        Lane::Check => "M2 6.5 4.75 9.5 10 2.75",
        Lane::Close => "M2.5 2v8M9.5 2v8M2.5 6h7",
    };
    html! { <path d={path} /> }
}

/// A pigment: the square with the glyph, in the queue's colour. The words beside it say the rest.
pub fn glyph(lane: Lane) -> Html {
    html! {
        <span class={yew::classes!("pig", colour_class(lane))} aria-hidden="true">
            <svg class="g" viewBox="0 0 12 12">{ glyph_path(lane) }</svg>
        </span>
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    ToStart,
    Back,
    Forward,
    Play,
    Pause,
    Fold,
    Down,
    Text,
    Plus,
    Minus,
    Whole,
    /// The range begins, ends.
    From,
    To,
    Loop,
    Clear,
    More,
    Keys,
}

pub fn icon(icon: Icon) -> Html {
    let path = match icon {
        Icon::ToStart => "M3 3.5v9M13 3.5 8.5 8l4.5 4.5M9 3.5 4.5 8 9 12.5",
        Icon::Back => "M4 3.5v9M12 3.5 6.5 8l5.5 4.5z",
        Icon::Forward => "M12 3.5v9M4 3.5 9.5 8 4 12.5z",
        Icon::Play => "M4.5 2.5 13 8l-8.5 5.5z",
        Icon::Pause => "M4 3h3v10H4zM9 3h3v10H9z",
        Icon::Fold => "M2 3v10M14 3v10M7 3l2 2.5-2 2.5 2 2.5L7 13",
        Icon::Down => "m4 6 4 4 4-4",
        Icon::Text => "M3 3.5h10M3 6.5h10M3 9.5h10M3 12.5h6",
        Icon::Plus => "M8 3.5v9M3.5 8h9",
        Icon::Minus => "M3.5 8h9",
        Icon::Whole => "M2.5 4v8M13.5 4v8M5 8h6M7 6 5 8l2 2M9 6l2 2-2 2",
        Icon::From => "M7 3H4v10h3M7.5 8h5M10.5 6l2 2-2 2",
        Icon::To => "M9 3h3v10H9M8.5 8h-5M5.5 6l-2 2 2 2",
        Icon::Loop => "M4.5 5.5h6a2.5 2.5 0 0 1 0 5h-6M6.5 8.5l-2 2 2 2",
        Icon::Clear => "M4 4l8 8M12 4l-8 8",
        Icon::More => "M3.5 8h.01M8 8h.01M12.5 8h.01",
        Icon::Keys => "M2.5 4.5h11v7h-11zM5 7h.01M8 7h.01M11 7h.01M5.5 9.5h5",
    };
    html! { <svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}

/// The mark of a bookmark: a pennant for what failed, a circled ≠ for what differs, a broken line for a fault.
pub fn bookmark_glyph(kind: BookmarkKind) -> Html {
    let path = match kind {
        BookmarkKind::Log => return Html::default(),
        BookmarkKind::Error | BookmarkKind::Check => {
            html! { <path class="full" d="M2.5 1.5v9.5M2.5 1.5 10 4 2.5 6.5z" /> }
        }
        BookmarkKind::Difference => {
            html! { <><circle cx="6" cy="6" r="4.75" /><path d="M3.75 4.9h4.5M3.75 7.1h4.5M7.5 3.4l-3 5.2" /></> }
        }
        BookmarkKind::Fault => html! { <path d="M1 6h3l1.5-3.5M11 6H8L6.5 9.5" /> },
    };
    html! { <svg class="g" viewBox="0 0 12 12" aria-hidden="true">{ path }</svg> }
}
