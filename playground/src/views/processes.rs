//! Which process the loop is of: a row of names, or a list where they are many, before them *follow the playhead*.

use protocol::ProcessId;
use recording::Shared;
use web_sys::HtmlSelectElement;
use yew::{Callback, Event, Html, MouseEvent, Properties, TargetCast, function_component, html};

/// More names than these do not fit beside each other.
const BUTTONS_MAX: usize = 4;
const FOLLOW: &str = "Follow";

#[derive(Clone, PartialEq, Properties)]
pub struct ProcessesProps {
    pub recording: Shared,
    /// `None` follows the playhead.
    pub chosen: Option<ProcessId>,
    pub shown: ProcessId,
    pub on_choose: Callback<Option<ProcessId>>,
}

#[function_component]
pub fn Processes(props: &ProcessesProps) -> Html {
    let recording = props.recording.read();
    let choices: Vec<Option<ProcessId>> = std::iter::once(None)
        .chain(recording.processes().map(Some))
        .collect();
    let name = |choice: Option<ProcessId>| match choice {
        Some(process) => recording.process_name(process),
        None => FOLLOW.to_owned(),
    };
    if choices.len() > BUTTONS_MAX + 1 {
        let all = choices.clone();
        let on_choose = props.on_choose.clone();
        let onchange = Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let choice = all.get(select.selected_index() as usize);
            on_choose.emit(choice.copied().flatten());
        });
        let options = choices.iter().map(|choice| {
            html! { <option selected={*choice == props.chosen}>{ name(*choice) }</option> }
        });
        return html! {
            <label class="pair processes"><span>{ "Process" }</span><select {onchange}>{ for options }</select></label>
        };
    }
    let buttons = choices.iter().map(|choice| {
        let choice = *choice;
        let onclick = props.on_choose.reform(move |_: MouseEvent| choice);
        let pressed = (choice == props.chosen).to_string();
        let followed = props.chosen.is_none() && choice == Some(props.shown);
        html! {
            <button aria-pressed={pressed} class={followed.then_some("at-playhead")} {onclick}>{ name(choice) }</button>
        }
    });
    html! { <div class="seg processes" role="group" aria-label="Process">{ for buttons }</div> }
}
