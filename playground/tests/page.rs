//! The page's own components in a browser: prose stays inert, the prediction is ordered by keyboard and compared, a
//! line of the console moves the playhead, the light is switched.

#![cfg(target_arch = "wasm32")]

use std::{cell::RefCell, rc::Rc};

use gloo::{timers::future::sleep, utils::document};
use playground::{
    page::{
        console::{ConsoleView, Shared},
        predict::Predict,
        prose::{self, Asks},
        top_bar::TopBar,
    },
    state::{console::Console, predict::Prediction, route::Route, theme::Theme},
};
use protocol::{
    Event, EventKind, Stream,
    lesson::{self, Block, Inline, Moment, Target},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

async fn settle() {
    sleep(std::time::Duration::from_millis(60)).await;
}

fn stage() -> Element {
    let root = document().create_element("div").unwrap();
    document().body().unwrap().append_child(&root).unwrap();
    root
}

fn one(root: &Element, selector: &str) -> HtmlElement {
    let found = root.query_selector(selector).unwrap();
    found
        .unwrap_or_else(|| panic!("nothing is {selector}"))
        .unchecked_into()
}

fn texts(root: &Element, selector: &str) -> Vec<String> {
    let found = root.query_selector_all(selector).unwrap();
    (0..found.length())
        .map(|index| found.item(index).unwrap().text_content().unwrap())
        .collect()
}

fn logged(id: u64, text: &str) -> Event {
    Event {
        cause: None,
        time_ns: id * 100_000,
        process: 1,
        kind: EventKind::Logged {
            stream: Stream::Stdout,
            text: format!("{text}\n"),
        },
        stack: Vec::new(),
    }
}

fn printed(lines: &[&str]) -> Console {
    let mut console = Console::default();
    for (id, line) in lines.iter().enumerate() {
        console.append(id as u64, &logged(id as u64, line));
    }
    console
}

#[component]
fn HostileProse() -> Html {
    let asks = Asks {
        has: Callback::from(|_: Moment| false),
        go: Callback::noop(),
        try_in: Callback::noop(),
    };
    let body = [
        Block::Paragraph(vec![
            Inline::Text("<script>window.broken = 1</script>".into()),
            Inline::Link {
                to: Target::Web("javascript:window.broken = 1".into()),
                content: vec![Inline::Text("a link".into())],
            },
            Inline::Link {
                to: Target::Moment(Moment::End),
                content: vec![Inline::Text("the end".into())],
            },
        ]),
        Block::Code {
            language: "js".into(),
            text: "<img src=x onerror='window.broken = 1'>".into(),
            try_in: None,
        },
    ];
    prose::blocks(&body, None, &Html::default(), &asks)
}

#[wasm_bindgen_test]
async fn prose_is_inert() {
    let root = stage();
    yew::Renderer::<HostileProse>::with_root(root.clone()).render();
    settle().await;
    for selector in ["script", "img", "a"] {
        assert!(
            root.query_selector(selector).unwrap().is_none(),
            "{selector}"
        );
    }
    assert!(texts(&root, "p")[0].starts_with("<script>window.broken = 1</script>a link"));
    assert_eq!(
        texts(&root, "pre code"),
        ["<img src=x onerror='window.broken = 1'>"]
    );
    assert_eq!(
        one(&root, "button.link")
            .get_attribute("aria-disabled")
            .as_deref(),
        Some("true"),
        "there is no recording to move in"
    );
    root.remove();
}

#[component]
fn Ordering() -> Html {
    let prediction = use_state(|| {
        let mut prediction = Prediction::of(&lesson::Predict {
            question: String::new(),
            lines: ["sync", "promise", "tick"].map(String::from).to_vec(),
            host: None,
        });
        prediction.compare(printed(&["sync", "tick", "promise"]).stdout(None));
        prediction
    });
    let on_shift = {
        let prediction = prediction.clone();
        Callback::from(move |(from, to): (usize, usize)| {
            let mut next = (*prediction).clone();
            next.shift(from, to);
            prediction.set(next);
        })
    };
    html! { <Predict question="" prediction={(*prediction).clone()} {on_shift} on_go={Callback::noop()} /> }
}

#[wasm_bindgen_test]
async fn the_prediction_is_ordered_by_keyboard_and_compared() {
    let root = stage();
    yew::Renderer::<Ordering>::with_root(root.clone()).render();
    settle().await;
    let verdict = texts(&root, ".verdict")[0].clone();
    assert!(
        verdict.contains("line 2: you said promise, and Node ran tick."),
        "{verdict}"
    );
    let last = one(&root, "ol li:nth-child(3)");
    last.focus().unwrap();
    let init = KeyboardEventInit::new();
    init.set_key("ArrowUp");
    init.set_bubbles(true);
    let press = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    last.dispatch_event(&press).unwrap();
    settle().await;
    assert_eq!(
        texts(&root, "div:first-child > ol .line"),
        ["sync", "tick", "promise"]
    );
    assert!(texts(&root, ".verdict")[0].contains("exactly this order"));
    root.remove();
}

#[derive(Clone, Default)]
struct Gone(Rc<RefCell<Vec<u64>>>);

impl PartialEq for Gone {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Properties, PartialEq)]
struct PrintedProps {
    gone: Gone,
}

#[component]
fn Printed(props: &PrintedProps) -> Html {
    let console = use_state(|| {
        let mut shared = Shared::default();
        shared.change(|console| *console = printed(&["sync", "<b>tick</b>", "promise"]));
        shared
    });
    let gone = props.gone.clone();
    let on_go = Callback::from(move |event| gone.0.borrow_mut().push(event));
    html! { <ConsoleView console={(*console).clone()} now={1} running={false} names={Rc::default()} {on_go} /> }
}

#[wasm_bindgen_test]
async fn a_line_of_the_console_moves_the_playhead() {
    let root = stage();
    let gone = Gone::default();
    yew::Renderer::<Printed>::with_root_and_props(
        root.clone(),
        PrintedProps { gone: gone.clone() },
    )
    .render();
    settle().await;
    assert_eq!(
        texts(&root, "[role=log] .line"),
        ["sync", "<b>tick</b>", "promise"]
    );
    assert_eq!(
        texts(&root, "[role=log] .later .line"),
        ["promise"],
        "it has not happened yet"
    );
    one(&root, "[role=log] button:nth-of-type(2)").click();
    assert_eq!(*gone.0.borrow(), [1]);
    root.remove();
}

#[component]
fn Bar() -> Html {
    let theme = use_state(Theme::default);
    let on_theme = {
        let theme = theme.clone();
        Callback::from(move |()| theme.set(theme.next()))
    };
    html! { <TopBar catalog={None} route={Route::Contents} done={Rc::default()} theme={*theme} {on_theme} /> }
}

#[wasm_bindgen_test]
async fn the_light_goes_round() {
    let root = stage();
    yew::Renderer::<Bar>::with_root(root.clone()).render();
    settle().await;
    let mut names = Vec::new();
    for _ in 0..4 {
        let button = one(&root, "header button");
        names.push(button.get_attribute("aria-label").unwrap());
        button.click();
        settle().await;
    }
    assert_eq!(
        names,
        ["as your system", "light", "dark", "as your system"]
            .map(|light| format!("Light or dark: {light}"))
    );
    root.remove();
}
