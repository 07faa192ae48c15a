//! The two views in a browser: the loop shows the queues of the recording's state, and the time panel moves by
//! keyboard.

#![cfg(target_arch = "wasm32")]

use std::{cell::RefCell, rc::Rc};

use gloo::timers::future::sleep;
use playground::views::{LoopView, TimePanel};
use recording::{Lane, Playhead, Recording, Shared, TimeCommand, fixture, reduce};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::{Callback, Html, Properties, Renderer, function_component, html, use_state};

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, PartialEq, Properties)]
struct DeskProps {
    recording: Shared,
    start: u64,
    /// What the page would know of the playhead.
    seen: Seen,
}

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Playhead>>);

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Both views over one recording, as the page has them.
#[function_component]
fn Desk(props: &DeskProps) -> Html {
    let playhead = use_state(|| {
        let at = reduce(
            &Playhead::default(),
            TimeCommand::Seek(props.start),
            &props.recording.read(),
        );
        *props.seen.0.borrow_mut() = at;
        at
    });
    let on_command = {
        let playhead = playhead.clone();
        let props = props.clone();
        Callback::from(move |command| {
            let next = reduce(&props.seen.0.borrow(), command, &props.recording.read());
            *props.seen.0.borrow_mut() = next;
            playhead.set(next);
        })
    };
    html! {
        <>
            <LoopView recording={props.recording.clone()} playhead={*playhead} process={1} />
            <TimePanel recording={props.recording.clone()} playhead={*playhead} process={1} {on_command}
                on_choose={Callback::noop()} />
        </>
    }
}

async fn settle() {
    sleep(std::time::Duration::from_millis(40)).await;
}

async fn desk(recording: Recording, start: u64) -> (Element, Seen) {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    let seen = Seen::default();
    let props = DeskProps {
        recording: Shared::new(recording),
        start,
        seen: seen.clone(),
    };
    Renderer::<Desk>::with_root_and_props(root.clone(), props).render();
    settle().await;
    (root, seen)
}

fn texts(root: &Element, selector: &str) -> Vec<String> {
    let found = root.query_selector_all(selector).unwrap();
    (0..found.length())
        .map(|position| {
            found
                .item(position)
                .unwrap()
                .text_content()
                .unwrap_or_default()
        })
        .collect()
}

fn one(root: &Element, selector: &str) -> HtmlElement {
    root.query_selector(selector)
        .unwrap()
        .unwrap_or_else(|| panic!("nothing matches {selector}"))
        .dyn_into()
        .unwrap()
}

async fn press(target: &HtmlElement, key: &str, shift: bool) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_shift_key(shift);
    init.set_bubbles(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    target.dispatch_event(&event).unwrap();
    settle().await;
}

/// Where each lane's cards are.
const PLACES: [(Lane, &str); 7] = [
    (Lane::NextTick, "[data-queue=nextTick]"),
    (Lane::Microtask, "[data-queue=microtasks]"),
    (Lane::Timers, "[data-station=timers]"),
    (Lane::Pending, "[data-station=pending]"),
    (Lane::Poll, "[data-station=poll]"),
    (Lane::Check, "[data-station=check]"),
    (Lane::Close, "[data-station=close]"),
];

#[wasm_bindgen_test]
async fn the_queues_shown_are_the_state_s() {
    let count = Recording::from_events(fixture::what_runs_first()).count();
    for number in 1..=count {
        let recording = Recording::from_events(fixture::what_runs_first());
        let event = recording.moment_numbered(number).unwrap();
        let state = recording.state_at(1, event, 9);
        let (root, _) = desk(recording.clone(), event).await;
        for (lane, place) in PLACES {
            let expected: Vec<String> = state
                .waiting(lane)
                .first
                .iter()
                .map(|index| recording.task_label(*index))
                .collect();
            let shown = texts(&root, &format!("{place} .card b"));
            assert_eq!(shown, expected, "event {number}, {lane:?}");
        }
        let calls: Vec<String> = state
            .stack
            .iter()
            .map(|call| recording.call_label(&state, call))
            .collect();
        assert_eq!(
            texts(&root, ".stack li:not(.empty) b"),
            calls,
            "event {number}"
        );
        root.remove();
    }
}

#[wasm_bindgen_test]
async fn many_that_wait_are_counted() {
    let mut trace = fixture::TraceBuilder::new(1);
    let main = trace.function("", "/app/main.js", 1, "");
    let task = trace.queue(protocol::Queue::Main, main);
    trace.start(task);
    for _ in 0..1_000 {
        trace.queue(protocol::Queue::Check, main);
    }
    let recording = Recording::from_events(trace.events);
    let last = recording.last_moment();
    let (root, _) = desk(recording, last).await;
    assert_eq!(texts(&root, "[data-station=check] .card").len(), 2);
    assert_eq!(texts(&root, "[data-station=check] .more"), ["and 998 more"]);
    root.remove();
}

#[wasm_bindgen_test]
async fn the_scrubber_moves_by_keyboard() {
    let recording = Recording::from_events(fixture::what_runs_first());
    let count = recording.count();
    let (root, seen) = desk(recording.clone(), 0).await;
    let scrubber = one(&root, "[role=slider][aria-label=Scrubber]");
    let number = || recording.number(seen.0.borrow().event);
    for (key, shift, expected) in [
        ("ArrowRight", false, 2),
        ("ArrowRight", true, 12),
        ("ArrowLeft", false, 11),
        ("ArrowLeft", true, 1),
        ("End", false, count),
        ("ArrowRight", false, count),
        ("Home", false, 1),
    ] {
        press(&scrubber, key, shift).await;
        assert_eq!(number(), expected, "{key}");
        assert_eq!(
            scrubber.get_attribute("aria-valuenow").unwrap(),
            expected.to_string()
        );
        let said = texts(&root, "[role=status] b").remove(0);
        assert!(
            scrubber
                .get_attribute("aria-valuetext")
                .unwrap()
                .contains(&said)
        );
    }
    press(&scrubber, " ", false).await;
    assert!(seen.0.borrow().playing);
    sleep(std::time::Duration::from_millis(700)).await;
    assert!(number() > 1, "four events a second");
    one(&root, "button[aria-label=Pause]").click();
    settle().await;
    assert!(!seen.0.borrow().playing);
    root.remove();
}

#[wasm_bindgen_test]
async fn the_transport_moves_by_its_buttons() {
    let recording = Recording::from_events(fixture::what_runs_first());
    let (root, seen) = desk(recording.clone(), 0).await;
    one(&root, "button[aria-label='Step forward']").click();
    settle().await;
    assert_eq!(recording.number(seen.0.borrow().event), 2);
    one(&root, "button[aria-label='Step back']").click();
    settle().await;
    assert_eq!(recording.number(seen.0.borrow().event), 1);
    let flag = one(&root, ".flag");
    flag.click();
    settle().await;
    assert_eq!(texts(&root, "[role=status] b"), ["Line 5 prints sync."]);
    one(&root, "button[aria-label='Read this view as text']").click();
    settle().await;
    assert!(texts(&root, ".twin tbody tr").len() > 4);
    root.remove();
}

#[wasm_bindgen_test]
async fn nothing_yet_is_said_in_words() {
    let (root, _) = desk(Recording::new(), 0).await;
    assert!(
        one(&root, ".view .empty")
            .text_content()
            .unwrap()
            .contains("Nothing has run yet.")
    );
    assert!(root.query_selector("[role=slider]").unwrap().is_none());
    root.remove();
}
