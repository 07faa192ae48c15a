//! The mark of the project and the icons of the frame's own buttons. Those of the queues and of the transport are in
//! [`crate::views`].

use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Theme,
    Up,
    Down,
    Close,
    Stop,
    Flag,
    Done,
}

pub fn icon(icon: Icon) -> Html {
    let path = match icon {
        Icon::Theme => {
            return html! {
                <svg class="i" viewBox="0 0 16 16" aria-hidden="true">
                    <circle cx="8" cy="8" r="5.25" /><path d="M8 2.75a5.25 5.25 0 0 1 0 10.5z" fill="currentColor" />
                </svg>
            };
        }
        Icon::Up => "m4 10 4-4 4 4",
        Icon::Down => "m4 6 4 4 4-4",
        Icon::Close => "m4 4 8 8M12 4l-8 8",
        Icon::Stop => "M4 4h8v8H4z",
        Icon::Flag => "M4 14V2.5h8.5L10 5.5l2.5 3H4",
        Icon::Done => "M3 8.5 6.5 12 13 4",
    };
    html! { <svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}

/// A jar with a leaf in it.
pub fn mark() -> Html {
    html! {
        <svg viewBox="0 0 20 24" aria-hidden="true">
            <path d="M5 3.5h10M6.5 3.5v2C3.8 6.8 2.5 9 2.5 12v6.5c0 2 1 3 3 3h9c2 0 3-1 3-3V12c0-3-1.3-5.2-4-6.5v-2M2.8 17.5c3.5-1 10.9-1 14.4 0" />
            <path class="leaf" d="M10 17v-5.5M10 13c-2.5 0-3.7-1-3.7-3.2 2.5 0 3.7 1 3.7 3.2ZM10 11.6c2.2 0 3.3-.9 3.3-2.9-2.2 0-3.3.9-3.3 2.9Z" />
        </svg>
    }
}
