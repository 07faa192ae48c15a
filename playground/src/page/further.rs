//! The views that no first run needs, which a browser fetches in a module of their own (packages/page.js makes it of what
//! only [`module`] reaches). They share the page's memory, and are drawn as if they had always been there.
//!
//! Nothing but [`FURTHER`] may name what draws them: whatever the page itself reaches is fetched with it.

use std::cell::Cell;

use wasm_split_helpers::{SplitLoaderError, wasm_split};
use yew::prelude::*;

use super::{
    choices::{ChoicesProps, ChoicesView},
    client::ClientView,
    explore::Explore,
    look::Seat,
    versus::{VersusProps, VersusView},
    visit::BrowserView,
};
use crate::{
    erased::erased,
    views::{
        FlowProps, FlowView, MetricsProps, MetricsView, RequestViewProps, SequenceView,
        WaterfallView,
    },
};

pub type Draw = fn(&Seat) -> Html;

pub struct Further {
    pub flow: Draw,
    pub waterfall: Draw,
    pub sequence: Draw,
    pub metrics: Draw,
    pub client: Draw,
    pub browser: Draw,
    pub choices: Draw,
    pub outcomes: Draw,
    pub versus: fn(VersusProps) -> Html,
}

static FURTHER: Further = Further {
    flow,
    waterfall: |seat| erased::<WaterfallView>(request_view(seat)),
    sequence: |seat| erased::<SequenceView>(request_view(seat)),
    metrics,
    client: |seat| erased::<ClientView>(seat.look.asking.clone()),
    browser: |seat| erased::<BrowserView>(seat.look.asking.clone()),
    choices,
    outcomes: |seat| html! { <Explore ..seat.explore.clone() /> },
    versus: erased::<VersusView>,
};

#[wasm_split(further, fallible)]
fn module() -> Result<&'static Further, SplitLoaderError> {
    Ok(&FURTHER)
}

fn flow(seat: &Seat) -> Html {
    let look = seat.look;
    erased::<FlowView>(FlowProps {
        recording: look.recording.clone(),
        playhead: look.playhead,
        lit: look.lit,
        following: look.following.clone(),
        on_follow: look.on_follow.clone(),
        chosen: seat.chosen,
        on_select: seat.on_select.clone(),
        places: seat.places.clone(),
        on_place: seat.on_place.clone(),
        on_command: look.on_command.clone(),
        on_inject: look.on_inject.clone(),
    })
}

fn request_view(seat: &Seat) -> RequestViewProps {
    let look = seat.look;
    RequestViewProps {
        recording: look.recording.clone(),
        playhead: look.playhead,
        lit: look.lit,
        following: look.following.clone(),
        chosen: seat.chosen,
        on_select: seat.on_select.clone(),
        on_command: look.on_command.clone(),
    }
}

fn metrics(seat: &Seat) -> Html {
    let look = seat.look;
    erased::<MetricsView>(MetricsProps {
        recording: look.recording.clone(),
        playhead: look.playhead,
        on_command: look.on_command.clone(),
    })
}

fn choices(seat: &Seat) -> Html {
    let look = seat.look;
    erased::<ChoicesView>(ChoicesProps {
        recording: look.recording.clone(),
        playhead: look.playhead,
        running: look.asking.running,
        on_command: look.on_command.clone(),
        on_pick: look.on_pick.clone(),
    })
}

/// How far the module has come.
pub struct Loading {
    pub further: Option<&'static Further>,
    failed: UseStateHandle<bool>,
}

impl Loading {
    /// In the place of what is not here.
    pub fn sentence(&self) -> Html {
        if !*self.failed {
            return html! { <div class="view" aria-busy="true"></div> };
        }
        let failed = self.failed.clone();
        let onclick = move |_: MouseEvent| failed.set(false);
        html! {
            <div class="view">
                <div class="trap" role="alert">
                    <p>{ "This view did not load. Is the network there?" }</p>
                    <p class="acts"><button class="btn" {onclick}>{ "Try again" }</button></p>
                </div>
            </div>
        }
    }
}

/// Fetches it as soon as it is wanted, once for all lessons.
#[hook]
pub fn use_further(is_wanted: bool) -> Loading {
    thread_local! {
        static KEPT: Cell<Option<&'static Further>> = const { Cell::new(None) };
    }
    let further = use_state(|| KEPT.get());
    let failed = use_state(|| false);
    {
        let (further, failed) = (further.clone(), failed.clone());
        let is_due = is_wanted && further.is_none() && !*failed;
        use_effect_with(is_due, move |&is_due| {
            if is_due {
                wasm_bindgen_futures::spawn_local(async move {
                    match module().await {
                        Ok(here) => {
                            KEPT.set(Some(here));
                            further.set(Some(here));
                        }
                        // Why is in the browser's own console.
                        Err(_) => failed.set(true),
                    }
                });
            }
        });
    }
    Loading {
        further: *further,
        failed,
    }
}
