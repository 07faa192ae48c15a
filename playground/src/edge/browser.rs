//! Small things that only the browser knows: its clock, its address, its colours.

use gloo::utils::{document, document_element, window};
use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::state::{route::Route, theme::Theme};

/// Milliseconds since the page began.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

pub fn route() -> Route {
    Route::of_hash(&window().location().hash().unwrap_or_default())
}

pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Writes `data-theme`, which the tokens follow; without it they follow the system.
pub fn show_theme(theme: Theme) {
    let root = document_element();
    // Setting an attribute with a constant name cannot fail.
    let _ = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        theme => root.set_attribute("data-theme", theme.name()),
    };
}

/// Whether the shortcut belongs to what has the focus: text is being typed there, or the key means something to it.
pub fn focus_takes(key: &str) -> bool {
    let Some(focus) = document().active_element() else {
        return false;
    };
    let within = |selector: &str| focus.closest(selector).ok().flatten().is_some();
    if within(
        "input:not([type=range]), textarea, select, [contenteditable]:not([contenteditable=false])",
    ) {
        return true;
    }
    match key {
        " " | "Enter" => within("button, a, summary"),
        "ArrowLeft" | "ArrowRight" | "Home" | "End" => {
            within("[role=tablist], [role=radiogroup], [role=slider], input[type=range]")
        }
        _ => false,
    }
}

/// Takes away what stood in the page before it had loaded.
pub fn remove_placeholder() {
    if let Some(placeholder) = document().get_element_by_id("loading") {
        placeholder.remove();
    }
}

/// What an exception says.
pub fn words(error: &JsValue) -> String {
    js_sys::Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string())
        .or_else(|| error.as_string())
        .unwrap_or_else(|| format!("{error:?}"))
}

pub fn scroll_into_view(element: &Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
