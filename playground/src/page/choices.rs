//! The choices of a run: what raced, what came first, and the other options, which the reader takes by a press. The run
//! then begins anew, with everything before that choice as it was, and the seed goes on behind it.
//!
//! It is a list of sentences, so it is its own text twin.

use gloo::utils::document;
use recording::{
    Choice, Playhead, Recording, Shared, TimeCommand, sentence::upper, time::point, words::some,
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::state::choices::listed;

#[derive(PartialEq, Properties)]
pub struct ChoicesProps {
    pub recording: Shared,
    pub playhead: Playhead,
    pub running: bool,
    pub on_command: Callback<TimeCommand>,
    /// A choice and an option of it; `None` lets the seed choose again.
    pub on_pick: Callback<Option<(u32, u32)>>,
}

#[component]
pub fn ChoicesView(props: &ChoicesProps) -> Html {
    // The button that was pressed, which goes and comes back with the run.
    let pressed = use_mut_ref(|| None::<String>);
    {
        let (pressed, running) = (pressed.clone(), props.running);
        use_effect(move || {
            let button = pressed
                .borrow()
                .as_deref()
                .filter(|_| !running)
                .and_then(|id| document().get_element_by_id(id));
            if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                pressed.take();
                // Focusing an element that is in the page cannot fail.
                let _ = button.focus();
            }
        });
    }
    let recording = props.recording.read();
    let events: Vec<u64> = recording.choices().collect();
    let behind = events.partition_point(|event| *event <= props.playhead.event);
    let current = behind.checked_sub(1);
    let go = |to: Option<usize>| {
        let event = to.and_then(|to| events.get(to)).copied();
        let go = props.on_command.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            if let Some(event) = event {
                go.emit(TimeCommand::Seek(event));
            }
        });
        (event.is_none(), onclick)
    };
    let is_at = current.is_some_and(|current| events[current] == props.playhead.event);
    let (no_previous, on_previous) = go(if is_at {
        current.and_then(|current| current.checked_sub(1))
    } else {
        current
    });
    let (no_next, on_next) = go(Some(behind));
    let shown = listed(events.len(), current);
    let (above, below) = (shown.start, events.len() - shown.end);
    let rows = shown.filter_map(|place| {
        let choice = recording.choice(events[place])?;
        let on_pick = {
            let (on_pick, pressed) = (props.on_pick.clone(), pressed.clone());
            Callback::from(move |pick: (u32, u32)| {
                *pressed.borrow_mut() = Some(option_id(pick));
                on_pick.emit(Some(pick));
            })
        };
        Some(row(
            &recording,
            &choice,
            Some(place) == current,
            props,
            &on_pick,
        ))
    });
    let is_picked = events
        .iter()
        .filter_map(|event| recording.choice(*event))
        .any(|choice| choice.is_picked);
    html! {
        <div class="view scheduler" role="group" aria-label="The choices">
            { sentence(&recording, events.len(), current.map(|current| events[current]), props.running) }
            <div class="explore-bar">
                <button class="btn" aria-disabled={no_previous.to_string()} onclick={on_previous}>{ "Previous choice" }</button>
                <button class="btn" aria-disabled={no_next.to_string()} onclick={on_next}>{ "Next choice" }</button>
                if is_picked {
                    <button class="btn bare" onclick={props.on_pick.reform(|_: MouseEvent| None)}>{ "Let the seed choose" }</button>
                }
            </div>
            <ol aria-label="Choices, in order">
                { skipped(above, "before") }
                { for rows }
                { skipped(below, "behind") }
            </ol>
        </div>
    }
}

fn sentence(recording: &Recording, count: usize, current: Option<u64>, running: bool) -> Html {
    let choice = current.and_then(|event| recording.choice(event));
    let (head, text) = match choice {
        _ if count == 0 && running => ("The program runs.".to_owned(), String::new()),
        _ if count == 0 => (
            "Nothing raced in this run.".to_owned(),
            "Where two things could come in either order, the seed chooses; here you could, in its place.".to_owned(),
        ),
        None => (
            format!("{} in this run.", upper(&some(count, "choice"))),
            "Be the scheduler: step to a choice, and take another option.".to_owned(),
        ),
        Some(choice) => (
            format!("{} of {count}. {}", choice.number + 1, choice.sentence.what_of_whom()),
            choice.sentence.why,
        ),
    };
    html! { <div class="saying"><p class="say" role="status"><b>{ head }</b>{ " " }<span>{ text }</span></p></div> }
}

fn row(
    recording: &Recording,
    choice: &Choice,
    here: bool,
    props: &ChoicesProps,
    on_pick: &Callback<(u32, u32)>,
) -> Html {
    let event = choice.event;
    let number = choice.number + 1;
    let on_go = props
        .on_command
        .reform(move |_: MouseEvent| TimeCommand::Seek(event));
    let options = (0..).zip(&choice.options).map(|(option, label)| {
        let pick = (choice.number, option);
        let is_taken = option == choice.option;
        let onclick = {
            let on_pick = on_pick.clone();
            Callback::from(move |_: MouseEvent| {
                if !is_taken {
                    on_pick.emit(pick);
                }
            })
        };
        html! {
            <button class="btn" id={option_id(pick)} aria-pressed={is_taken.to_string()} disabled={props.running}
                {onclick}>{ label }</button>
        }
    });
    html! {
        <li key={choice.number} class={classes!(here.then_some("here"))} aria-current={here.then_some("true")}>
            <p>
                <button class="link" onclick={on_go}>{ format!("{number}, at {}", point(recording.time_ns(event))) }</button>
                { " " }{ choice.sentence.what_of_whom() }{ " " }
                <em>{ if choice.is_picked { "You chose." } else { "The seed chose." } }</em>
            </p>
            <div class="options" role="group" aria-label={format!("Options of choice {number}")}>{ for options }</div>
        </li>
    }
}

fn skipped(count: usize, whence: &str) -> Html {
    match count {
        0 => Html::default(),
        _ => {
            html! { <li class="skipped">{ format!("… {} {whence}", some(count, "more choice")) }</li> }
        }
    }
}

fn option_id((choice, option): (u32, u32)) -> String {
    format!("choice-{choice}-{option}")
}
