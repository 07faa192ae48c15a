//! Two runs side by side, A that was kept and B that came of the change: where they part, in words, and the open view of
//! both at moments that belong together. Where there is no room for both, one of them at a time.

use std::rc::Rc;

use protocol::lesson::Lesson;
use recording::{Following, Lit, Playhead, TimeCommand, time};
use yew::prelude::*;

use super::{explore::printed, look::LookProps};
use crate::state::fork::{Kept, Versus};

#[derive(Clone, PartialEq, Properties)]
pub struct VersusProps {
    pub versus: Versus,
    pub lesson: RcLesson,
    /// Their pictures.
    pub a: Html,
    pub b: Html,
    /// To where they part.
    pub on_go: Option<Callback<MouseEvent>>,
}

/// Two are equal when they are the same.
#[derive(Clone)]
pub struct RcLesson(pub Rc<Lesson>);

impl PartialEq for RcLesson {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
pub fn VersusView(props: &VersusProps) -> Html {
    let side = use_state(|| "b");
    let versus = &props.versus;
    let choose = |name: &'static str, label: &'static str| {
        let pressed = (*side == name).to_string();
        let onclick = {
            let side = side.clone();
            Callback::from(move |_: MouseEvent| side.set(name))
        };
        html! { <button aria-pressed={pressed} {onclick}>{ label }</button> }
    };
    let name = |letter: &str, seed: u64| format!("{letter}, seed {seed}");
    let (a, b) = (name("A", versus.kept.seed), name("B", versus.seed));
    html! {
        <div class="versus" data-side={*side}>
            <div class="parting">
                <p aria-live="polite"><b>{ &versus.sentence }</b>{ " " }<span>{ &versus.output }</span>{ " " }
                    if let Some(on_go) = &props.on_go {
                        <button class="link" onclick={on_go}>{ "Go to the first difference" }</button>
                    }
                </p>
                <details>
                    <summary>{ "What each prints" }</summary>
                    <div class="prints">
                        <section aria-label="What A prints"><h4>{ &a }</h4>{ printed(&props.lesson.0, &versus.kept.outcome, Some(&versus.outcome)) }</section>
                        <section aria-label="What B prints"><h4>{ &b }</h4>{ printed(&props.lesson.0, &versus.outcome, Some(&versus.kept.outcome)) }</section>
                    </div>
                </details>
                <div class="seg" role="group" aria-label="Side">{ choose("a", "A") }{ choose("b", "B") }</div>
            </div>
            <div class="sides">
                <section class="side-a" aria-label={a.clone()}><h3>{ a }</h3>{ props.a.clone() }</section>
                <section class="side-b" aria-label={b.clone()}><h3>{ b }</h3>{ props.b.clone() }</section>
            </div>
        </div>
    }
}

/// The look at A: at the moment that belongs to the playhead's, and only to be looked at.
pub fn look_of_a(b: &LookProps, versus: &Versus) -> LookProps {
    let recording = versus.kept.recording.clone();
    let event = versus
        .comparison
        .in_a(&recording.read(), &b.recording.read(), b.playhead.event);
    let mut playhead: Playhead = b.playhead;
    playhead.event = event;
    playhead.playing = false;
    LookProps {
        recording,
        playhead,
        lit: Lit::default(),
        // Its requests have other numbers.
        following: Following::default(),
        on_follow: Callback::noop(),
        on_command: Callback::noop(),
        on_choose: Callback::noop(),
        on_pick: Callback::noop(),
        on_inject: None,
        ..b.clone()
    }
}

/// What goes to where they part.
pub fn go(look: &LookProps, versus: &Versus) -> Option<Callback<MouseEvent>> {
    let event = versus.parts_at(&look.recording.read())?;
    let go = look.on_command.clone();
    Some(Callback::from(move |_| go.emit(TimeCommand::Seek(event))))
}

/// The line that says that a run is kept.
pub fn kept_line(kept: &Kept, on_forget: Callback<MouseEvent>) -> Html {
    html! {
        <p class="seedline kept" role="status">
            <span>{ format!("A is kept: seed {} at {}. Change the code or the seed and run: that is B.", kept.seed, time::point(kept.at_ns)) }</span>
            <button class="btn bare" onclick={on_forget}>{ "Forget A" }</button>
        </p>
    }
}
