//! What views have around their pictures: the sentence on top with the button that shows the text twin instead, other
//! buttons that are an icon, and the heads of the twins' tables.

use recording::Sentence;
use yew::{Callback, Html, MouseEvent, UseStateHandle, classes, html};

use super::glyphs::{Icon, icon};

/// What happens and why, over every picture, and the way to its twin.
pub fn caption(told: &Sentence, live: &'static str, as_text: &UseStateHandle<bool>) -> Html {
    let who = told.who.as_ref();
    html! {
        <div class="saying">
            <p class="say" role="status" aria-live={live}>
                if let Some(who) = who { <i>{ who }{ ":" }</i>{ " " } }
                <b>{ &told.what }</b>{ " " }<span>{ &told.why }</span>
            </p>
            { IconButton::new("Read this view as text", Icon::Text, flip(as_text)).pressed(**as_text).draw() }
        </div>
    }
}

/// How a live region speaks: once it stands still. One that changes many times a second says nothing.
pub fn live(playing: bool) -> &'static str {
    match playing {
        true => "off",
        false => "polite",
    }
}

/// Turns to what it is not.
pub fn flip(state: &UseStateHandle<bool>) -> Callback<MouseEvent> {
    let state = state.clone();
    Callback::from(move |_: MouseEvent| state.set(!*state))
}

pub struct IconButton {
    name: &'static str,
    icon: Icon,
    onclick: Callback<MouseEvent>,
    class: &'static str,
    pressed: Option<bool>,
    expanded: Option<bool>,
    disabled: bool,
}

impl IconButton {
    pub fn new(name: &'static str, icon: Icon, onclick: Callback<MouseEvent>) -> Self {
        Self {
            name,
            icon,
            onclick,
            class: "",
            pressed: None,
            expanded: None,
            disabled: false,
        }
    }

    /// Besides `icon`.
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    pub fn pressed(mut self, is_pressed: bool) -> Self {
        self.pressed = Some(is_pressed);
        self
    }

    pub fn expanded(mut self, is_expanded: bool) -> Self {
        self.expanded = Some(is_expanded);
        self
    }

    pub fn disabled(mut self, is_disabled: bool) -> Self {
        self.disabled = is_disabled;
        self
    }

    pub fn draw(self) -> Html {
        let word = |is: bool| if is { "true" } else { "false" };
        html! {
            <button class={classes!("icon", self.class)} aria-label={self.name} title={self.name} disabled={self.disabled}
                aria-pressed={self.pressed.map(word)} aria-expanded={self.expanded.map(word)} onclick={self.onclick}>
                { icon(self.icon) }
            </button>
        }
    }
}

/// The head of a table: what its columns are called.
pub fn columns(names: &[&'static str]) -> Html {
    let names = names
        .iter()
        .map(|name| html! { <th scope="col">{ *name }</th> });
    html! { <thead><tr>{ for names }</tr></thead> }
}
