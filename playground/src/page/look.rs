//! What there is to see of a run: the views, of which one is open, over the one playhead.
//!
//! A view is a row of [`VIEWS`]: what it is called, when there is anything to show in it, and how it is drawn. It is
//! drawn while it is open and else costs nothing. Which one is open is the reader's choice and outlasts the lesson; in
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
    choices::ChoicesView,
    client::ClientView,
    exchange::AskingProps,
    explore::{Explore, ExploreProps},
    versus::{self, VersusView},
    visit::BrowserView,
};
use crate::{
    edge::{browser, storage},
    state::{focus::Focus, fork::Versus},
    views::{
        Chosen, FlowView, LoopView, MetricsView, OnFollow, Places, Processes, RequestViewProps,
        SequenceView, WaterfallView,
    },
};

struct View {
    /// As it is remembered.
    key: &'static str,
    name: &'static str,
    fits: fn(&Recording, &Lesson) -> bool,
    /// It is of one process, which can be chosen.
    of_process: bool,
    draw: fn(&Seat) -> Html,
}

/// In the order of their tabs. The first fits any recording.
static VIEWS: [View; 9] = [
    View {
        key: "loop",
        name: "Loop",
        fits: |_, _| true,
        of_process: true,
        draw: draw_loop,
    },
    View {
        key: "flow",
        name: "Flow",
        fits: has_network,
        of_process: false,
        draw: draw_flow,
    },
    View {
        key: "waterfall",
        name: "Waterfall",
        fits: has_network,
        of_process: false,
        draw: draw_waterfall,
    },
    View {
        key: "sequence",
        name: "Sequence",
        fits: has_network,
        of_process: false,
        draw: draw_sequence,
    },
    View {
        key: "metrics",
        name: "Metrics",
        fits: has_course,
        of_process: false,
        draw: draw_metrics,
    },
    View {
        key: "client",
        name: "Client",
        fits: can_ask,
        of_process: false,
        draw: |seat| html! { <ClientView ..seat.look.asking.clone() /> },
    },
    View {
        key: "browser",
        name: "Browser",
        fits: can_ask,
        of_process: false,
        draw: |seat| html! { <BrowserView ..seat.look.asking.clone() /> },
    },
    View {
        key: CHOICES,
        name: "Choices",
        fits: |_, _| true,
        of_process: false,
        draw: draw_choices,
    },
    View {
        key: OUTCOMES,
        name: "Outcomes",
        fits: |_, _| true,
        of_process: false,
        // They are kept while another view is open.
        draw: |_| Html::default(),
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
struct Seat<'a> {
    look: &'a LookProps,
    chosen: Option<Chosen>,
    on_select: &'a Callback<Option<Chosen>>,
    places: &'a Rc<Places>,
    on_place: &'a Callback<(String, (i32, i32))>,
}

impl Seat<'_> {
    fn request_view(&self) -> RequestViewProps {
        RequestViewProps {
            recording: self.look.recording.clone(),
            playhead: self.look.playhead,
            lit: self.look.lit,
            following: self.look.following.clone(),
            chosen: self.chosen,
            on_select: self.on_select.clone(),
            on_command: self.look.on_command.clone(),
        }
    }
}

fn draw_loop(seat: &Seat) -> Html {
    let look = seat.look;
    html! {
        <LoopView recording={look.recording.clone()} playhead={look.playhead} lit={look.lit}
            following={look.following.clone()} process={look.focus.process()} />
    }
}

fn draw_flow(seat: &Seat) -> Html {
    let look = seat.look;
    html! {
        <FlowView recording={look.recording.clone()} playhead={look.playhead} lit={look.lit}
            following={look.following.clone()} on_follow={look.on_follow.clone()} chosen={seat.chosen}
            on_select={seat.on_select.clone()} places={seat.places.clone()} on_place={seat.on_place.clone()}
            on_command={look.on_command.clone()} on_inject={look.on_inject.clone()} />
    }
}

fn draw_waterfall(seat: &Seat) -> Html {
    html! { <WaterfallView ..seat.request_view() /> }
}

fn draw_sequence(seat: &Seat) -> Html {
    html! { <SequenceView ..seat.request_view() /> }
}

fn draw_choices(seat: &Seat) -> Html {
    let look = seat.look;
    html! {
        <ChoicesView recording={look.recording.clone()} playhead={look.playhead} running={look.asking.running}
            on_command={look.on_command.clone()} on_pick={look.on_pick.clone()} />
    }
}

fn draw_metrics(seat: &Seat) -> Html {
    let look = seat.look;
    html! {
        <MetricsView recording={look.recording.clone()} playhead={look.playhead} on_command={look.on_command.clone()} />
    }
}

#[derive(Clone, PartialEq, Properties)]
pub struct LookProps {
    /// The lesson's, for what is remembered of it.
    pub id: AttrValue,
    pub recording: Shared,
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
        // Another run may have less in it.
        chosen: chosen.filter(|chosen| chosen.is_in(recording.network())),
        on_select: &on_select,
        places: &places,
        on_place: &on_place,
    };
    let drawn = (shown.draw)(&seat);
    let drawn = match &props.versus {
        Some(versus) if shown.key != OUTCOMES => {
            let look = versus::look_of_a(props, versus);
            let a = (shown.draw)(&Seat {
                look: &look,
                chosen: None,
                on_select: &Callback::noop(),
                ..seat
            });
            let lesson = versus::RcLesson(props.explore.lesson.clone());
            let on_go = versus::go(props, versus);
            html! { <VersusView versus={versus.clone()} {lesson} {a} b={drawn} {on_go} /> }
        }
        _ => drawn,
    };
    html! {
        <section class="look" aria-label="See">
            <div class="bar">
                { tabs(&views, shown, &on_open) }
                <span class="grow"></span>
                if recording.has_several() && shown.of_process {
                    <Processes recording={props.recording.clone()} chosen={props.focus.chosen()}
                        shown={props.focus.process()} on_choose={props.on_choose.clone()} />
                }
            </div>
            if shown.key != OUTCOMES {
                <div class="shown" role="tabpanel" id="view" aria-labelledby={tab_id(shown)} key={shown.key}>{ drawn }</div>
            }
            <div class="shown" role="tabpanel" aria-labelledby="view-outcomes" key={OUTCOMES} hidden={shown.key != OUTCOMES}
                id={if shown.key == OUTCOMES { "view" } else { "kept-outcomes" }}>
                <Explore ..explore />
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
    let mut places = Places::new();
    places.extend(text.lines().filter_map(place));
    places
}
