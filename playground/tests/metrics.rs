//! The metrics in a browser: what they say at the playhead and where one points, and recordings of nothing, of hostile
//! names and of two hundred hosts.

#![cfg(target_arch = "wasm32")]

use gloo::{timers::future::sleep, utils::document};
use playground::views::MetricsView;
use protocol::{Event, EventKind};
use recording::{
    Playhead, Recording, Shared, TimeCommand, fixture,
    metrics::{Measures, Metric, Requests},
    reduce,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, PartialEq, Properties)]
struct DeskProps {
    recording: Shared,
    playhead: Playhead,
}

#[component]
fn Desk(props: &DeskProps) -> Html {
    html! {
        <MetricsView recording={props.recording.clone()} playhead={props.playhead} on_command={Callback::noop()} />
    }
}

async fn settle() {
    sleep(std::time::Duration::from_millis(60)).await;
}

async fn desk(recording: Recording, event: u64) -> Element {
    let root = document().create_element("div").unwrap();
    document().body().unwrap().append_child(&root).unwrap();
    let seek = TimeCommand::Seek(event);
    let props = DeskProps {
        playhead: reduce(&Playhead::default(), seek, &recording),
        recording: Shared::new(recording),
    };
    yew::Renderer::<Desk>::with_root_and_props(root.clone(), props).render();
    settle().await;
    root
}

fn texts(root: &Element, selector: &str) -> Vec<String> {
    let found = root.query_selector_all(selector).unwrap();
    (0..found.length())
        .map(|at| found.item(at).unwrap().text_content().unwrap_or_default())
        .collect()
}

fn one(root: &Element, selector: &str) -> HtmlElement {
    let found = root.query_selector(selector).unwrap();
    found
        .unwrap_or_else(|| panic!("nothing matches {selector}"))
        .dyn_into()
        .unwrap()
}

async fn press(target: &HtmlElement, key: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    target.dispatch_event(&event).unwrap();
    settle().await;
}

#[wasm_bindgen_test]
async fn what_is_said_is_the_playhead_s() {
    for event in [0, 300, 900] {
        let recording = Recording::from_events(fixture::under_load(80, 3));
        let time_ns = recording.time_ns(event);
        let measures = Measures::new(&recording);
        let now = measures
            .at(Metric::UnderWay, Requests::Loads, time_ns)
            .unwrap()[0]
            / 1_000_000;
        let root = desk(recording, event).await;
        let said = texts(&root, "[aria-label='Requests under way'] p span");
        assert!(
            said[0].starts_with(&format!("{now}; at most ")),
            "{said:?} at {event}, not {now}"
        );
        assert_eq!(texts(&root, "[aria-label='Memory'] small").len(), 1);
        root.remove();
    }
}

#[wasm_bindgen_test]
async fn keys_choose_a_window_and_leave_it() {
    let root = desk(Recording::from_events(fixture::under_load(80, 3)), 900).await;
    let slider = one(&root, "[role=slider]");
    press(&slider, "Home").await;
    assert_eq!(slider.get_attribute("aria-valuenow").unwrap(), "1");
    press(&slider, "ArrowRight").await;
    assert_eq!(slider.get_attribute("aria-valuenow").unwrap(), "2");
    assert_eq!(texts(&root, "output").len(), 1);
    press(&slider, "Escape").await;
    assert_eq!(texts(&root, "output").len(), 0);
    root.remove();
}

#[wasm_bindgen_test]
async fn recordings_of_nothing_say_so() {
    for length in [0, 1, 2] {
        let events = fixture::under_load(8, 1).into_iter().take(length);
        let root = desk(Recording::from_events(events), 0).await;
        assert_eq!(texts(&root, "[aria-label='Throughput'] svg").len(), 0);
        assert!(texts(&root, "[aria-label='Throughput']")[0].contains("No request is made"));
        root.remove();
    }
}

#[wasm_bindgen_test]
async fn two_hundred_hosts_with_hostile_names_are_inert_and_not_all_drawn() {
    let long = "<img src=x onerror=alert(1)>\u{202e}😀".repeat(8);
    let started = |number: u32| Event {
        cause: None,
        time_ns: 1_000,
        process: number,
        kind: EventKind::ProcessStarted {
            host: format!("{number}{long}"),
            entry: "/app/main.js".to_owned(),
            args: Vec::new(),
        },
        stack: Vec::new(),
    };
    let root = desk(Recording::from_events((1..=200).map(started)), 0).await;
    assert_eq!(texts(&root, "img").len(), 0);
    let rows = texts(&root, "[aria-label='CPU'] .chart-row");
    assert!(rows.len() < 10 && rows[0].contains("<img"));
    assert!(texts(&root, "[aria-label='CPU'] .more")[0].starts_with("194 more"));
    one(&root, "[aria-label='Read this view as text']").click();
    settle().await;
    assert!(texts(&root, "tbody tr").len() > 200);
    root.remove();
}
