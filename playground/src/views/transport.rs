//! The transport over the score: clock, keys, and what else there is to choose. What a narrow panel has no room for is
//! in its menu; it is the same, drawn once more.

use recording::{Direction, Edge, Playhead, Recording, Speed, StepUnit, TimeCommand, Zoom, time};
use web_sys::HtmlInputElement;
use yew::{Callback, Html, InputEvent, MouseEvent, TargetCast, html};

use super::{
    caption::IconButton,
    glyphs::{Icon, icon},
    score_rows::place_in_count,
    time_twin,
};
use crate::state::keys::{ANYWHERE, Action, KEYS};

/// What the transport is drawn from.
pub struct Transport<'a> {
    pub recording: &'a Recording,
    pub playhead: &'a Playhead,
    pub zoom: Zoom,
    pub on_action: Callback<Action>,
    /// `None` where nothing could be folded.
    pub idle_folded: Option<bool>,
    pub on_fold: Callback<MouseEvent>,
}

impl Transport<'_> {
    fn does(&self, action: Action) -> Callback<MouseEvent> {
        self.on_action.reform(move |_: MouseEvent| action)
    }

    fn button(&self, name: &'static str, shown: Icon, action: Action) -> IconButton {
        IconButton::new(name, shown, self.does(action))
    }

    pub fn clock(&self) -> Html {
        let (recording, playhead) = (self.recording, self.playhead);
        let (number, unit) = time::clock(playhead.time_ns(recording));
        let event = recording.snap(playhead.event);
        let count = place_in_count(recording.number(event), recording.count());
        let seed = recording.seed().map(|seed| format!(" · seed {seed}"));
        let full = format!("{count}{}", seed.clone().unwrap_or_default());
        html! {
            <div class="clock"><b>{ number }{ " " }<small>{ unit }</small></b><span title={full}>{ count }<i class="seed">{ seed }</i></span></div>
        }
    }

    pub fn keys(&self) -> Html {
        let step = |direction| Action::Time(TimeCommand::step(direction));
        let (name, shown) = match self.playhead.playing {
            true => ("Pause", Icon::Pause),
            false => ("Play", Icon::Play),
        };
        html! {
            <div class="keys">
                { self.button("To the start", Icon::ToStart, Action::Time(TimeCommand::ToStart)).class("first").draw() }
                { self.button("Step back", Icon::Back, step(Direction::Back)).draw() }
                { self.button(name, shown, Action::Time(TimeCommand::Toggle)).class("play").draw() }
                { self.button("Step forward", Icon::Forward, step(Direction::Forward)).draw() }
            </div>
        }
    }

    pub fn units(&self) -> Html {
        let buttons = StepUnit::ALL.into_iter().map(|unit| {
            let pressed = (self.playhead.unit == unit).to_string();
            let onclick = self.does(Action::Time(TimeCommand::SetUnit(unit)));
            html! { <button aria-pressed={pressed} {onclick}>{ unit.name() }</button> }
        });
        html! {
            <div class="pair opt" role="group" aria-label="Step by">
                <span>{ "Step by" }</span><span class="seg">{ for buttons }</span>
            </div>
        }
    }

    pub fn speed(&self) -> Html {
        let label = self.playhead.speed.label(self.playhead.unit);
        let oninput = self.on_action.reform(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let position = input.value_as_number() as u8;
            Action::Time(TimeCommand::SetSpeed(Speed::from_position(position)))
        });
        html! {
            <label class="pair opt2">
                <span>{ "Speed" }</span>
                <input class="speed" type="range" min="0" max={Speed::REAL_TIME.position().to_string()} step="1"
                    value={self.playhead.speed.position().to_string()} aria-label="Speed" aria-valuetext={label.clone()} {oninput} />
                <span class="speed-label">{ label }</span>
            </label>
        }
    }

    pub fn zooms(&self) -> Html {
        let whole = self.zoom.is_whole();
        html! {
            <div class="group opt" role="group" aria-label="Zoom">
                { self.button("Zoom out", Icon::Minus, Action::Farther).disabled(whole).draw() }
                { self.button("Zoom in", Icon::Plus, Action::Nearer).draw() }
                { self.button("The whole recording", Icon::Whole, Action::Whole).disabled(whole).draw() }
            </div>
        }
    }

    pub fn range(&self) -> Html {
        let chosen = self.playhead.range;
        let looping = self.playhead.looping;
        let title = chosen.map(time_twin::span);
        html! {
            <div class="group opt1" role="group" aria-label="Range" {title}>
                { self.button("The range begins here", Icon::From, Action::Time(TimeCommand::MarkEdge(Edge::From))).draw() }
                { self.button("The range ends here", Icon::To, Action::Time(TimeCommand::MarkEdge(Edge::To))).draw() }
                { self.button("Loop the range", Icon::Loop, Action::Time(TimeCommand::ToggleLooping)).pressed(looping).disabled(chosen.is_none()).draw() }
                { self.button("Clear the range", Icon::Clear, Action::ClearRange).disabled(chosen.is_none()).draw() }
            </div>
        }
    }

    pub fn folds(&self) -> Html {
        let Some(folded) = self.idle_folded else {
            return Html::default();
        };
        html! {
            <button class="btn bare opt2" aria-pressed={folded.to_string()} onclick={self.on_fold.clone()}>
                { icon(Icon::Fold) }{ "Idle folded" }
            </button>
        }
    }

    /// What the bar leaves out.
    pub fn menu(&self) -> Html {
        html! {
            <div class="sheet menu" role="group" aria-label="More of time">
                { self.units() }{ self.speed() }
                <div class="line">{ self.zooms() }{ self.range() }{ self.folds() }</div>
            </div>
        }
    }
}

pub fn keys_sheet() -> Html {
    let rows = |rows: &'static [(&'static str, &'static str)]| {
        rows.iter().map(|(keys, what)| {
            let keys = keys.split(' ').map(|key| html! { <kbd>{ key }</kbd> });
            html! { <><dt>{ for keys }</dt><dd>{ *what }</dd></> }
        })
    };
    html! {
        <div class="sheet keys-sheet" role="group" aria-label="Keys">
            <h4>{ "Anywhere" }</h4><dl>{ for rows(&KEYS[..ANYWHERE]) }</dl>
            <h4>{ "In the time panel" }</h4><dl>{ for rows(&KEYS[ANYWHERE..]) }</dl>
            <p>{ "Drag to move; with shift, to choose a range. The wheel or two fingers zoom." }</p>
        </div>
    }
}
