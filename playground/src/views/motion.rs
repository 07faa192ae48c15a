//! A card travels from its queue to the stack, once, when the playhead took a single step.
//!
//! First-last-invert-play: before a step is drawn the places of all cards are noted by task; when the new drawing has
//! the same task somewhere else, the new element is put where the old one was and let go. Jumps, drags and fast play
//! neither note nor travel, so they cost nothing. With reduced motion nothing travels.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::drawn;

/// Where each card was, relative to the picture, by `data-card`.
pub type Places = Vec<(String, (f64, f64))>;

pub fn note(picture: &Element) -> Places {
    each_card(picture)
        .map(|(_, key, place)| (key, place))
        .collect()
}

pub fn travel(picture: &Element, before: &Places) {
    if before.is_empty() || reduced_motion() {
        return;
    }
    let mut moved = Vec::new();
    for (card, key, place) in each_card(picture) {
        if let Some((_, old)) = before.iter().find(|(noted, _)| *noted == key) {
            let way = (old.0 - place.0, old.1 - place.1);
            if way.0.abs() + way.1.abs() > 2.0 {
                moved.push((card, way));
            }
        }
    }
    for (card, way) in &moved {
        let there = drawn("translate(#px, #px)", &[way.0, way.1]);
        put(card, "none", &there);
    }
    // Reading the layout makes the browser take note of where they are before they are let go.
    let _ = picture.get_bounding_client_rect();
    for (card, _) in &moved {
        put(card, "transform var(--move) var(--ease)", "");
    }
}

fn each_card(picture: &Element) -> impl Iterator<Item = (HtmlElement, String, (f64, f64))> {
    let origin = picture.get_bounding_client_rect();
    let cards = picture.query_selector_all("[data-card]").ok();
    let count = cards.as_ref().map_or(0, |cards| cards.length());
    (0..count).filter_map(move |position| {
        let card: HtmlElement = cards.as_ref()?.item(position)?.dyn_into().ok()?;
        let key = card.get_attribute("data-card")?;
        let rect = card.get_bounding_client_rect();
        let place = (rect.left() - origin.left(), rect.top() - origin.top());
        Some((card, key, place))
    })
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
