//! What the browser keeps for the reader: edits, the theme, which lessons are done. Storage may be full, garbled or
//! forbidden; then the page goes on without it and says so once.

use gloo::utils::window;
use web_sys::Storage;

const PREFIX: &str = "terrarium:";

fn storage() -> Option<Storage> {
    // A sandboxed frame throws here.
    window().local_storage().ok().flatten()
}

pub fn get(key: &str) -> Option<String> {
    storage()?
        .get_item(&format!("{PREFIX}{key}"))
        .ok()
        .flatten()
}

/// The error is a sentence for the reader.
pub fn set(key: &str, value: &str) -> Result<(), &'static str> {
    let storage = storage().ok_or(
        "This browser keeps nothing for this page, so your edits last only until you close it.",
    )?;
    storage
        .set_item(&format!("{PREFIX}{key}"), value)
        .map_err(|_| "The browser’s storage is full or closed: your last edits are not saved.")
}

pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        // What cannot be removed is read again and refused again: no harm.
        let _ = storage.remove_item(&format!("{PREFIX}{key}"));
    }
}

/// The key of this page that an event of another tab is about.
pub fn own_key(full: &str) -> Option<&str> {
    full.strip_prefix(PREFIX)
}

pub fn edits_key(lesson: &str) -> String {
    format!("edits:{lesson}")
}

pub fn done_key(lesson: &str) -> String {
    format!("done:{lesson}")
}

/// Where the reader has put the hosts of a lesson's map.
pub fn places_key(lesson: &str) -> String {
    format!("places:{lesson}")
}

/// Which view was open last.
pub const VIEW: &str = "view";
pub const THEME: &str = "theme";
