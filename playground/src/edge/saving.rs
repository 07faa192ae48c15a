//! Files that the reader saves. They are made in the page and handed to the browser as a link that is followed at once.
//!
//! In a sandboxed frame the browser does that only where the frame says `allow-downloads`, and it does not tell the
//! page when it does not; so there the page says so beforehand.

use gloo::utils::{body, document, window};
use js_sys::{Array, encode_uri_component};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement,
    HtmlElement, HtmlImageElement, Url,
};
use yew::Callback;

use super::browser::words;

/// A picture has so many points for each pixel of the page.
const POINTS_PER_PX: f64 = 2.0;

/// What is said while something is saved, where it may not come to anything.
pub fn caution() -> Option<&'static str> {
    let origin = js_sys::Reflect::get(&window(), &"origin".into()).ok()?;
    (origin.as_string()? == "null").then_some(
        "This page is in a sandboxed frame. If nothing was saved, the frame does not allow downloads \
         (allow-downloads): open the page by itself.",
    )
}

pub fn text(name: &str, kind: &str, text: &str, on_trouble: &Callback<String>) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options);
    tell(blob.and_then(|blob| hand_over(name, &blob)), on_trouble);
}

fn tell(result: Result<(), JsValue>, on_trouble: &Callback<String>) {
    if let Err(error) = result {
        on_trouble.emit(format!("It could not be saved: {}", words(&error)));
    }
}

fn hand_over(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    // Firefox follows only links that are in the page.
    body().append_child(&link)?;
    link.click();
    link.remove();
    // By then the browser has it.
    gloo::timers::callback::Timeout::new(10_000, move || {
        // A URL of ours can be revoked.
        let _ = Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}

/// Draws an SVG and saves the drawing.
pub fn png(name: &str, svg: &str, width_px: f64, height_px: f64, on_trouble: Callback<String>) {
    let result = HtmlImageElement::new().map(|image| {
        let drawn = {
            let (image, name, on_trouble) = (image.clone(), name.to_owned(), on_trouble.clone());
            Closure::once_into_js(move || {
                tell(
                    draw(&image, &name, width_px, height_px, &on_trouble),
                    &on_trouble,
                );
            })
        };
        let failed = Closure::once_into_js(move || {
            on_trouble.emit("The browser could not draw it.".to_owned());
        });
        image.set_onload(Some(drawn.unchecked_ref()));
        image.set_onerror(Some(failed.unchecked_ref()));
        let encoded = String::from(encode_uri_component(svg));
        image.set_src(&format!("data:image/svg+xml,{encoded}"));
    });
    // An image without a window is none of ours.
    let _ = result;
}

fn draw(
    image: &HtmlImageElement,
    name: &str,
    width_px: f64,
    height_px: f64,
    on_trouble: &Callback<String>,
) -> Result<(), JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width((width_px * POINTS_PER_PX) as u32);
    canvas.set_height((height_px * POINTS_PER_PX) as u32);
    let context = canvas.get_context("2d")?.ok_or("no canvas")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.scale(POINTS_PER_PX, POINTS_PER_PX)?;
    context
        .draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, width_px, height_px)?;
    let (name, on_trouble) = (name.to_owned(), on_trouble.clone());
    let done = Closure::once_into_js(move |blob: JsValue| match blob.dyn_into::<Blob>() {
        Ok(blob) => tell(hand_over(&name, &blob), &on_trouble),
        Err(_) => on_trouble.emit("The picture is too large for this browser.".to_owned()),
    });
    canvas.to_blob(done.unchecked_ref())
}

/// What a token is at the moment: an element that has it is asked, because a token's own value is a formula.
pub fn colour(token: &str) -> String {
    let asked = || {
        let element: HtmlElement = document().create_element("i").ok()?.unchecked_into();
        element
            .style()
            .set_property("color", &format!("var({token})"))
            .ok()?;
        body().append_child(&element).ok()?;
        let colour = window()
            .get_computed_style(&element)
            .ok()??
            .get_property_value("color");
        element.remove();
        colour.ok()
    };
    asked().unwrap_or_default()
}
