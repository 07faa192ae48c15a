//! How wide an element is, and again whenever that changes.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, ResizeObserver};
use yew::{NodeRef, UseStateHandle, hook, use_effect_with, use_state_eq};

/// Width in CSS pixels, `None` before the first layout or while the element is not shown. `present` says whether the
/// element is there at all, so that one that comes later is observed too.
#[hook]
pub fn use_width_px(node: &NodeRef, present: bool) -> UseStateHandle<Option<u32>> {
    let width_px = use_state_eq(|| None);
    {
        let node = node.clone();
        let width_px = width_px.clone();
        use_effect_with(present, move |_| {
            let observed = node.cast::<HtmlElement>();
            let measured = observed.clone();
            let measure = move || {
                let width = measured.as_ref().map_or(0, HtmlElement::offset_width);
                if width > 0 {
                    width_px.set(Some(width as u32));
                }
            };
            measure();
            let changed = Closure::<dyn FnMut()>::new(measure);
            let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(element)) = (&observer, &observed) {
                observer.observe(element);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(changed);
            }
        });
    }
    width_px
}
