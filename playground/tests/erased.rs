//! Components that are one to Yew keep what is theirs.

#![cfg(target_arch = "wasm32")]

use std::{cell::RefCell, rc::Rc, time::Duration};

use gloo::{timers::future::sleep, utils::document};
use playground::erased::{erased, erased_with_key};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// How often each was drawn and let go.
type Told = Rc<RefCell<Vec<String>>>;

#[derive(Clone, Properties)]
struct CountProps {
    by: u32,
    told: Told,
}

impl PartialEq for CountProps {
    fn eq(&self, other: &Self) -> bool {
        self.by == other.by
    }
}

fn told(props: &CountProps, what: &str) {
    let line = format!("{what} by {}", props.by);
    props.told.borrow_mut().push(line);
}

#[component]
fn Count(props: &CountProps) -> Html {
    let count = use_state(|| 0);
    let let_go = props.clone();
    use_effect_with((), move |()| move || told(&let_go, "count gone"));
    told(props, "count");
    let (next, by) = (count.clone(), props.by);
    html! { <button onclick={move |_: MouseEvent| next.set(*next + by)}>{ *count }</button> }
}

/// Its only hook is of another type than those of [`Count`].
#[component]
fn Name(props: &CountProps) -> Html {
    let name = use_memo(props.by, |by| format!("name {by}"));
    told(props, "name");
    html! { <button>{ &*name }</button> }
}

#[derive(Clone, PartialEq, Properties)]
struct StageProps {
    count: CountProps,
    is_name: bool,
    key: u32,
    /// Draws the stage anew, and nothing else.
    again: u32,
}

#[component]
fn Stage(props: &StageProps) -> Html {
    if props.is_name {
        erased::<Name>(props.count.clone())
    } else {
        erased_with_key::<Count>(props.count.clone(), props.key)
    }
}

#[wasm_bindgen_test]
async fn each_keeps_its_states_and_no_others() {
    let root: Element = document().create_element("div").unwrap();
    document().body().unwrap().append_child(&root).unwrap();
    let lines = Told::default();
    let mut props = StageProps {
        count: CountProps {
            by: 2,
            told: lines.clone(),
        },
        is_name: false,
        key: 0,
        again: 0,
    };
    let mut app = yew::Renderer::<Stage>::with_root_and_props(root.clone(), props.clone()).render();
    let settle = || sleep(Duration::from_millis(30));
    let button = || -> HtmlElement {
        let found = root.query_selector("button").unwrap().unwrap();
        found.unchecked_into()
    };
    let shown = || button().text_content().unwrap();
    let taken = || lines.borrow_mut().drain(..).collect::<Vec<_>>();

    settle().await;
    button().click();
    settle().await;
    assert_eq!(shown(), "2");
    assert_eq!(taken(), ["count by 2", "count by 2"]);

    // Nothing of its own has changed.
    props.again = 1;
    app.update(props.clone());
    settle().await;
    assert_eq!(taken(), [""; 0]);

    props.count.by = 3;
    app.update(props.clone());
    settle().await;
    button().click();
    settle().await;
    assert_eq!(shown(), "5", "a state outlives other properties");
    assert_eq!(taken(), ["count by 3", "count by 3"]);

    props.key = 1;
    app.update(props.clone());
    settle().await;
    assert_eq!(shown(), "0", "and not another key");
    assert_eq!(taken(), ["count gone by 2", "count by 3"]);

    props.is_name = true;
    app.update(props.clone());
    settle().await;
    assert_eq!(
        shown(),
        "name 3",
        "what takes its place has states of its own"
    );
    assert_eq!(taken(), ["count gone by 3", "name by 3"]);
    app.destroy();
    root.remove();
}
