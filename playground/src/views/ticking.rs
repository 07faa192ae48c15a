//! Frames while it plays: each hands the reader's own elapsed time up as a `Tick`.

use std::{cell::RefCell, rc::Rc};

use recording::TimeCommand;
use wasm_bindgen::{JsCast, closure::Closure};
use yew::{Callback, hook, use_effect_with, use_mut_ref};

/// After a tab was hidden, time does not jump.
const FRAME_MS_MAX: f64 = 250.0;

type FrameClosure = Closure<dyn FnMut(f64)>;

#[hook]
pub fn use_ticks(playing: bool, on_command: &Callback<TimeCommand>) {
    // A parent may hand a new callback at every drawing; that must not restart the clock.
    let latest = use_mut_ref(|| on_command.clone());
    latest.borrow_mut().clone_from(on_command);
    use_effect_with(playing, move |playing| {
        let next: Rc<RefCell<Option<FrameClosure>>> = Rc::default();
        let request = Rc::new(RefCell::new(None));
        if *playing {
            let again = Rc::clone(&next);
            let pending = Rc::clone(&request);
            let mut last_ms = None;
            *next.borrow_mut() = Some(Closure::new(move |now_ms: f64| {
                let elapsed_ms = last_ms.map_or(0.0, |last: f64| now_ms - last);
                last_ms = Some(now_ms);
                *pending.borrow_mut() = ask(again.borrow().as_ref());
                let on_command = latest.borrow().clone();
                on_command.emit(TimeCommand::Tick {
                    elapsed_ms: elapsed_ms.min(FRAME_MS_MAX),
                });
            }));
            *request.borrow_mut() = ask(next.borrow().as_ref());
        }
        move || {
            if let (Some(window), Some(id)) = (web_sys::window(), request.borrow_mut().take()) {
                // A frame that is no longer pending cannot be cancelled, and need not be.
                let _ = window.cancel_animation_frame(id);
            }
            // Not dropped here: this may be running inside it. The cycle is cut, and the browser's next turn frees it.
            let closure = next.borrow_mut().take();
            gloo::timers::callback::Timeout::new(0, move || drop(closure)).forget();
        }
    });
}

fn ask(frame: Option<&FrameClosure>) -> Option<i32> {
    let callback = frame?.as_ref().unchecked_ref();
    web_sys::window()?.request_animation_frame(callback).ok()
}
