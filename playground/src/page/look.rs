//! What there is to see of a run: the views, of which one is open, over the one playhead.

use std::rc::Rc;

use protocol::ProcessId;
use recording::{Playhead, Shared, TimeCommand};
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::{
    edge::storage,
    state::focus::Focus,
    views::{FlowView, LoopView, Places, Processes},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Loop,
    Flow,
}

impl View {
    const ALL: [(Self, &'static str); 2] = [(Self::Loop, "Loop"), (Self::Flow, "Flow")];
}

#[derive(Clone, PartialEq, Properties)]
pub struct LookProps {
    /// The lesson's, for what is remembered of it.
    pub id: AttrValue,
    pub recording: Shared,
    pub playhead: Playhead,
    pub focus: Focus,
    pub on_command: Callback<TimeCommand>,
    pub on_choose: Callback<Option<ProcessId>>,
}

#[component]
pub fn Look(props: &LookProps) -> Html {
    let view = use_state(|| View::Loop);
    let places = use_state(|| {
        let stored = storage::get(&storage::places_key(&props.id));
        Rc::new(read_places(&stored.unwrap_or_default()))
    });
    let on_place = {
        let (places, id) = (places.clone(), props.id.clone());
        Callback::from(move |(name, place): (String, (i32, i32))| {
            let mut next = (**places).clone();
            next.insert(name, place);
            // Without storage it lasts as long as the page.
            let _ = storage::set(&storage::places_key(&id), &write_places(&next));
            places.set(Rc::new(next));
        })
    };
    let recording = props.recording.read();
    let has_network = !recording.network().is_empty();
    let shown = if has_network { *view } else { View::Loop };
    let bar = has_network || recording.has_several();
    html! {
        <section class="look" aria-label="See">
            if bar {
                <div class="bar">
                    if has_network { { tabs(shown, &view) } }
                    <span class="grow"></span>
                    if recording.has_several() && shown == View::Loop {
                        <Processes recording={props.recording.clone()} chosen={props.focus.chosen()}
                            shown={props.focus.process()} on_choose={props.on_choose.clone()} />
                    }
                </div>
            }
            if shown == View::Loop {
                <LoopView recording={props.recording.clone()} playhead={props.playhead} process={props.focus.process()} />
            } else {
                <FlowView recording={props.recording.clone()} playhead={props.playhead} places={(*places).clone()} {on_place}
                    on_command={props.on_command.clone()} />
            }
        </section>
    }
}

fn tabs(shown: View, view: &UseStateHandle<View>) -> Html {
    let tabs = View::ALL.iter().enumerate().map(|(at, &(tab, name))| {
        let onclick = {
            let view = view.clone();
            Callback::from(move |_: MouseEvent| view.set(tab))
        };
        let onkeydown = {
            let view = view.clone();
            Callback::from(move |event: KeyboardEvent| {
                let count = View::ALL.len();
                let to = match event.key().as_str() {
                    "ArrowLeft" => (at + count - 1) % count,
                    "ArrowRight" => (at + 1) % count,
                    "Home" => 0,
                    "End" => count - 1,
                    _ => return,
                };
                event.prevent_default();
                view.set(View::ALL[to].0);
                let list = event.target_unchecked_into::<HtmlElement>().parent_element();
                let next = list.and_then(|list| list.children().item(to as u32));
                if let Some(next) = next.and_then(|next| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(next).ok()) {
                    // Focusing an element that is in the page cannot fail.
                    let _ = next.focus();
                }
            })
        };
        let selected = tab == shown;
        html! {
            <button role="tab" aria-selected={selected.to_string()} tabindex={if selected { "0" } else { "-1" }} {onclick} {onkeydown}>{ name }</button>
        }
    });
    html! { <div class="tabs" role="tablist" aria-label="View">{ for tabs }</div> }
}

/// A line for each host: `x y name`.
fn write_places(places: &Places) -> String {
    let lines: Vec<String> = places
        .iter()
        .map(|(name, (x, y))| format!("{x} {y} {name}"))
        .collect();
    lines.join("\n")
}

/// What cannot be read is where the layout puts it.
fn read_places(text: &str) -> Places {
    let place = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (x, y) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((words.next()?.to_owned(), (x, y)))
    };
    text.lines().filter_map(place).collect()
}
