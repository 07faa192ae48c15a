//! What is pointed at, read from the document: whatever stands for something wears its name in `data-is`, and one
//! listener at the lesson's root hears of it, for hand and keyboard alike.
//!
//! A part of the page that draws many things in one element wears `data-points` and says itself what is pointed at.

use recording::Highlight;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, PointerEvent};

/// `None` where an element speaks for itself.
pub fn at(target: Option<EventTarget>) -> Option<Option<Highlight>> {
    let Some(element) = target.and_then(|target| target.dyn_into::<Element>().ok()) else {
        return Some(None);
    };
    let named = element.closest("[data-is], [data-points]").ok().flatten();
    match named.map(|named| named.get_attribute("data-is")) {
        None => Some(None),
        Some(Some(name)) => Some(Highlight::of_name(&name)),
        Some(None) => None,
    }
}

/// The pointer has left the lesson. A finger that is lifted has not: what it touched stays lit.
pub fn has_left(event: &PointerEvent) -> bool {
    let to = event.related_target();
    let inside = to.and_then(|target| target.dyn_into::<Element>().ok());
    let inside = inside.is_some_and(|element| element.closest(".lesson").ok().flatten().is_some());
    !inside && event.pointer_type() != "touch"
}
