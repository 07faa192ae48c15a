//! What there is to see of a run: the views, of which one is open, over the one playhead.
//!
//! A view is a row of [`VIEWS`]: what it is called, when there is anything to show in it, and how it is drawn, which for
//! all but the first is in [`further`](super::further). It is drawn while it is open and else costs nothing. Which one is open is the reader's choice and outlasts the lesson; in
//! a lesson that has nothing for it the first takes its place. What is chosen in one view is chosen in all of them.

use std::rc::Rc;

use protocol::{ProcessId, lesson::Lesson};
use recording::{
    Following, Lit, Playhead, Recording, Shared, TimeCommand, inject::Injection, score::BLOCKED_NS,
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::{
    exchange::AskingProps,
    explore::ExploreProps,
    further::{Draw, Further, use_further},
    versus::{self, VersusProps},
};
use crate::{
    edge::{browser, storage},
    erased::erased,
    state::{focus::Focus, fork::Versus},
    views::{Chosen, LoopProps, LoopView, OnFollow, Places, Processes, ProcessesProps},
};

struct View {
    /// As it is remembered.
    key: &'static str,
    name: &'static str,
    fits: fn(&Recording, &Lesson) -> bool,
    /// It is of one process, which can be chosen.
    of_process: bool,
    /// Of one that is drawn by the further module, once that is here.
    draw: fn(Option<&'static Further>) -> Option<Draw>,
}

/// In the order of their tabs. The first fits any recording.
static VIEWS: [View; 9] = [
    View {
        key: "loop",
        name: "Loop",
        fits: |_, _| true,
        of_process: true,
        draw: |_| Some(draw_loop),
    },
    View {
        key: "flow",
        name: "Flow",
        fits: has_network,
        of_process: false,
        draw: |further| Some(further?.flow),
    },
    View {
        key: "waterfall",
        name: "Waterfall",
        fits: has_network,
        of_process: false,
        draw: |further| Some(further?.waterfall),
    },
    View {
        key: "sequence",
        name: "Sequence",
        fits: has_network,
        of_process: false,
        draw: |further| Some(further?.sequence),
    },
    View {
        key: "metrics",
        name: "Metrics",
        fits: has_course,
        of_process: false,
        draw: |further| Some(further?.metrics),
    },
    View {
        key: "client",
        name: "Client",
        fits: can_ask,
        of_process: false,
        draw: |further| Some(further?.client),
    },
    View {
        key: "browser",
        name: "Browser",
        fits: can_ask,
        of_process: false,
        draw: |further| Some(further?.browser),
    },
    View {
        key: CHOICES,
        name: "Choices",
        fits: |_, _| true,
        of_process: false,
        draw: |further| Some(further?.choices),
    },
    View {
        key: OUTCOMES,
        name: "Outcomes",
        fits: |_, _| true,
        of_process: false,
        draw: |further| Some(further?.outcomes),
    },
];

/// It is about many runs, and no view to begin a lesson with.
const OUTCOMES: &str = "outcomes";
const CHOICES: &str = "choices";

fn has_network(recording: &Recording, _: &Lesson) -> bool {
    !recording.network().is_empty()
}

/// What the lesson has to send can be sent before anything has run.
fn can_ask(recording: &Recording, lesson: &Lesson) -> bool {
    has_network(recording, lesson) || !lesson.requests.is_empty()
}

/// A single program that is over at once has nothing that changes in time.
fn has_course(recording: &Recording, lesson: &Lesson) -> bool {
    has_network(recording, lesson) || recording.end_ns() >= BLOCKED_NS
}

/// What a view is drawn from.
pub struct Seat<'a> {
    pub look: &'a LookProps,
    pub explore: &'a ExploreProps,
    pub chosen: Option<Chosen>,
    pub on_select: &'a Callback<Option<Chosen>>,
    pub places: &'a Rc<Places>,
    pub on_place: &'a Callback<(String, (i32, i32))>,
}

fn draw_loop(seat: &Seat) -> Html {
    let look = seat.look;
    erased::<LoopView>(LoopProps {
        recording: look.recording.clone(),
        playhead: look.playhead,
        lit: look.lit,
        following: look.following.clone(),
        process: look.focus.process(),
    })
}

#[derive(Clone, PartialEq, Properties)]
pub struct LookProps {
    /// The lesson's, for what is remembered of it.
    pub id: AttrValue,
    pub recording: Shared,
    /// The run that it is of.
    pub has_ended: bool,
    pub playhead: Playhead,
    pub focus: Focus,
    /// What is pointed at, in whatever view.
    pub lit: Lit,
    pub following: Following,
    pub on_follow: OnFollow,
    pub on_command: Callback<TimeCommand>,
    pub on_choose: Callback<Option<ProcessId>>,
    pub on_pick: Callback<Option<(u32, u32)>>,
    /// `None` while nothing can be broken.
    pub on_inject: Option<Callback<Injection>>,
    pub explore: ExploreProps,
    /// The recording is B, and is shown beside A.
    pub versus: Option<Versus>,
    pub asking: AskingProps,
}

#[component]
pub fn Look(props: &LookProps) -> Html {
    let open = use_state(|| storage::get(storage::VIEW).unwrap_or_default());
    let chosen = use_state(|| None::<Chosen>);
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
    let on_select = {
        let chosen = chosen.clone();
        Callback::from(move |choice| chosen.set(choice))
    };
    let before_outcomes = use_mut_ref(String::new);
    let on_open = {
        let (open, before_outcomes) = (open.clone(), before_outcomes.clone());
        Callback::from(move |view: &'static View| {
            if view.key == OUTCOMES {
                if *open != OUTCOMES {
                    before_outcomes.replace((*open).clone());
                }
            } else {
                // Without storage it lasts as long as the page.
                let _ = storage::set(storage::VIEW, view.key);
            }
            open.set(view.key.to_owned());
        })
    };
    let explore = ExploreProps {
        on_open: {
            let (open, on_open) = (open.clone(), props.explore.on_open.clone());
            Callback::from(move |seed| {
                open.set(before_outcomes.borrow().clone());
                on_open.emit(seed);
            })
        },
        on_replay: {
            let (open, on_replay) = (open.clone(), props.explore.on_replay.clone());
            Callback::from(move |replay| {
                open.set(CHOICES.to_owned());
                on_replay.emit(replay);
            })
        },
        ..props.explore.clone()
    };
    let recording = props.recording.read();
    let views: Vec<&'static View> = VIEWS
        .iter()
        .filter(|view| (view.fits)(&recording, &props.explore.lesson))
        .collect();
    let shown = views.iter().find(|view| view.key == *open);
    let shown = *shown.unwrap_or(&views[0]);
    let seat = Seat {
        look: props,
        explore: &explore,
        // Another run may have less in it.
        chosen: chosen.filter(|chosen| chosen.is_in(recording.network())),
        on_select: &on_select,
        places: &places,
        on_place: &on_place,
    };
    // Once a run has ended, so that no tab is waited for. A first run waits for nothing that it does not need.
    let loading = use_further(props.has_ended || (shown.draw)(None).is_none());
    let further = loading.further;
    let draw = (shown.draw)(further).filter(|_| shown.key != OUTCOMES);
    let drawn = draw.map_or_else(|| loading.sentence(), |draw| draw(&seat));
    let drawn = match (&props.versus, draw, further) {
        (Some(versus), Some(draw), Some(further)) => {
            let look = versus::look_of_a(props, versus);
            let a = draw(&Seat {
                look: &look,
                chosen: None,
                on_select: &Callback::noop(),
                ..seat
            });
            (further.versus)(VersusProps {
                versus: versus.clone(),
                lesson: versus::RcLesson(props.explore.lesson.clone()),
                a,
                b: drawn,
                on_go: versus::go(props, versus),
            })
        }
        _ => drawn,
    };
    // They are kept while another view is open.
    let outcomes = further.map(|further| (further.outcomes)(&seat));
    let is_chosen = recording.has_several() && shown.of_process;
    let processes = is_chosen.then(|| {
        erased::<Processes>(ProcessesProps {
            recording: props.recording.clone(),
            chosen: props.focus.chosen(),
            shown: props.focus.process(),
            on_choose: props.on_choose.clone(),
        })
    });
    html! {
        <section class="look" aria-label="See">
            <div class="bar">
                { tabs(&views, shown, &on_open) }
                <span class="grow"></span>
                { processes.unwrap_or_default() }
            </div>
            if shown.key != OUTCOMES {
                <div class="shown" role="tabpanel" id="view" aria-labelledby={tab_id(shown)} key={shown.key}>{ drawn }</div>
            }
            <div class="shown" role="tabpanel" aria-labelledby="view-outcomes" key={OUTCOMES} hidden={shown.key != OUTCOMES}
                id={if shown.key == OUTCOMES { "view" } else { "kept-outcomes" }}>
                { outcomes.unwrap_or_else(|| loading.sentence()) }
            </div>
        </section>
    }
}

fn tab_id(view: &View) -> String {
    format!("view-{}", view.key)
}

/// <https://www.w3.org/WAI/ARIA/apg/patterns/tabs/>
fn tabs(views: &[&'static View], shown: &View, on_open: &Callback<&'static View>) -> Html {
    let tabs = views.iter().enumerate().map(|(at, &view)| {
        let onkeydown = {
            let (views, on_open) = (views.to_vec(), on_open.clone());
            Callback::from(move |event: KeyboardEvent| {
                let count = views.len();
                let to = match event.key().as_str() {
                    "ArrowLeft" => (at + count - 1) % count,
                    "ArrowRight" => (at + 1) % count,
                    "Home" => 0,
                    "End" => count - 1,
                    _ => return,
                };
                event.prevent_default();
                on_open.emit(views[to]);
                let list = event.target_unchecked_into::<HtmlElement>().parent_element();
                let next = list.and_then(|list| list.children().item(to as u32));
                if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
                    // Focusing an element that is in the page cannot fail. It comes into sight by itself.
                    let _ = next.focus();
                }
            })
        };
        let onclick = {
            let on_open = on_open.clone();
            Callback::from(move |event: MouseEvent| {
                on_open.emit(view);
                browser::scroll_into_view(&event.target_unchecked_into());
            })
        };
        let selected = view.key == shown.key;
        html! {
            <button role="tab" id={tab_id(view)} aria-selected={selected.to_string()} aria-controls={selected.then_some("view")}
                tabindex={if selected { "0" } else { "-1" }} {onclick} {onkeydown}>{ view.name }</button>
        }
    });
    html! { <div class="tabs" role="tablist" aria-label="View">{ for tabs }</div> }
}

/// A line for each host: `x y name`.
fn write_places(places: &Places) -> String {
    let lines: Vec<String> = places
        .entries()
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
    let mut places = Places::default();
    for (name, place) in text.lines().filter_map(place) {
        places.insert(name, place);
    }
    places
}
