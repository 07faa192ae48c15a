//! The views of one request in a browser: each row and each message of the recording is drawn, and both say so where
//! nothing was asked.

#![cfg(target_arch = "wasm32")]

use gloo::timers::future::sleep;
use playground::views::{Chosen, RequestViewProps, SequenceView, WaterfallView};
use recording::{Following, Lit, Playhead, Recording, Shared, fixture};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Element;
use yew::{BaseComponent, Callback, Renderer};

wasm_bindgen_test_configure!(run_in_browser);

async fn drawn<View>(recording: Recording, chosen: Option<Chosen>) -> Element
where
    View: BaseComponent<Properties = RequestViewProps>,
{
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    let props = RequestViewProps {
        recording: Shared::new(recording),
        playhead: Playhead::default(),
        lit: Lit::default(),
        following: Following::default(),
        chosen,
        on_select: Callback::noop(),
        on_command: Callback::noop(),
    };
    Renderer::<View>::with_root_and_props(root.clone(), props).render();
    sleep(std::time::Duration::from_millis(40)).await;
    root
}

fn count(root: &Element, selector: &str) -> usize {
    root.query_selector_all(selector).unwrap().length() as usize
}

#[wasm_bindgen_test]
async fn every_row_is_drawn_with_its_bars() {
    let recording = Recording::from_events(fixture::exchanges(40, 3));
    for request in [0, 1, recording.slowest_request().unwrap()] {
        let root = recording.network().root(request);
        let rows = recording.waterfall(root).rows;
        let bars: usize = rows.iter().map(|row| row.bars.len()).sum();
        let page = drawn::<WaterfallView>(recording.clone(), Some(Chosen::Request(request))).await;
        assert_eq!(count(&page, ".fall .rw"), rows.len());
        let whole = count(&page, ".fall .whole");
        assert_eq!(count(&page, ".fall .rw .b"), bars + whole);
        page.remove();
    }
}

#[wasm_bindgen_test]
async fn every_lifeline_and_what_fits_is_drawn() {
    let recording = Recording::from_events(fixture::exchanges(40, 3));
    let request = recording.slowest_request().unwrap();
    let sequence = recording.sequence(Some(request));
    let page = drawn::<SequenceView>(recording, Some(Chosen::Request(request))).await;
    assert_eq!(count(&page, ".seq .life"), sequence.lives.len());
    assert_eq!(count(&page, ".seq g.msg"), sequence.messages.len());
    page.remove();
}

#[wasm_bindgen_test]
async fn where_nothing_was_asked_both_say_so() {
    for page in [
        drawn::<WaterfallView>(Recording::new(), None).await,
        drawn::<SequenceView>(Recording::new(), None).await,
    ] {
        let says = page.query_selector("[role=status]").unwrap().unwrap();
        assert!(
            says.text_content()
                .unwrap()
                .starts_with("Nothing is asked yet.")
        );
        page.remove();
    }
}
