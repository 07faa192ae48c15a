//! A card travels from its queue to the stack, once, when the playhead took a single step.
//!
//! First-last-invert-play: after each drawing the places of all cards are noted by task; when the next drawing has
//! the same task somewhere else and the playhead has stepped, the new element is put where the old one was and let
//! go. Jumps, drags and fast play only note the places. With reduced motion nothing travels.

use std::collections::BTreeMap;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Where each card was, relative to the picture, by `data-card`.
pub type Places = BTreeMap<String, (f64, f64)>;

pub fn travel(root: &Element, before: &Places, animated: bool) -> Places {
    let mut after = Places::new();
    let mut moved = Vec::new();
    let origin = root.get_bounding_client_rect();
    let Ok(cards) = root.query_selector_all("[data-card]") else {
        return after;
    };
    for position in 0..cards.length() {
        let Some(card) = cards
            .item(position)
            .and_then(|node| node.dyn_into::<HtmlElement>().ok())
        else {
            continue;
        };
        let key = card.get_attribute("data-card").unwrap_or_default();
        let rect = card.get_bounding_client_rect();
        let place = (rect.left() - origin.left(), rect.top() - origin.top());
        if let Some(old) = before.get(&key) {
            let way = (old.0 - place.0, old.1 - place.1);
            if way.0.abs() + way.1.abs() > 2.0 {
                moved.push((card, way));
            }
        }
        after.insert(key, place);
    }
    if animated && !reduced_motion() {
        for (card, way) in &moved {
            put(
                card,
                "none",
                &format!("translate({}px, {}px)", way.0, way.1),
            );
        }
        // Reading the layout makes the browser take note of where they are before they are let go.
        let _ = root.get_bounding_client_rect();
        for (card, _) in &moved {
            put(card, "transform var(--move) var(--ease)", "");
        }
    }
    after
}

fn put(card: &HtmlElement, transition: &str, transform: &str) {
    let style = card.style();
    // Neither fails for these two properties.
    let _ = style.set_property("transition", transition);
    let _ = style.set_property("transform", transform);
}

fn reduced_motion() -> bool {
    web_sys::window()
        .and_then(|window| {
            window
                .match_media("(prefers-reduced-motion: reduce)")
                .ok()
                .flatten()
        })
        .is_some_and(|query| query.matches())
}
