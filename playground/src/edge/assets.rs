//! What the page fetches: the sealed modules and the lessons, by addresses relative to the document.

use std::cell::RefCell;

use gloo::utils::window;
use js_sys::{ArrayBuffer, Uint8Array, WebAssembly};
use protocol::{
    codec,
    lesson::{Catalog, Lesson},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::browser::words;

pub async fn catalog() -> Result<Catalog, String> {
    let bytes = fetch_bytes("lessons/catalog.bin").await?;
    codec::decode(&bytes).map_err(|error| foreign("The list of lessons", &error))
}

/// `id` is a route's, so it is made of plain names.
pub async fn lesson(id: &str) -> Result<Lesson, String> {
    let bytes = fetch_bytes(&format!("lessons/{id}.bin")).await?;
    codec::decode(&bytes).map_err(|error| foreign("The lesson", &error))
}

/// The jar.
pub async fn module() -> Result<WebAssembly::Module, String> {
    compiled("runtime_sim.wasm", "The simulation").await
}

/// What makes JavaScript of TypeScript: fetched by the first program that has some, and kept for those that follow.
pub async fn typescript() -> Result<WebAssembly::Module, String> {
    thread_local! {
        static KEPT: RefCell<Option<WebAssembly::Module>> = const { RefCell::new(None) };
    }
    if let Some(module) = KEPT.with_borrow(Clone::clone) {
        return Ok(module);
    }
    let module: WebAssembly::Module = compiled("typescript.wasm", "What reads TypeScript").await?;
    KEPT.set(Some(module.clone()));
    Ok(module)
}

/// Compiles while it downloads where the server says `application/wasm`, otherwise afterwards.
async fn compiled(address: &str, what: &str) -> Result<WebAssembly::Module, String> {
    let response = window().fetch_with_str(address);
    let module = match JsFuture::from(WebAssembly::compile_streaming(&response)).await {
        Ok(module) => module,
        Err(_) => {
            let bytes = Uint8Array::from(fetch_bytes(address).await?.as_slice());
            JsFuture::from(WebAssembly::compile(&bytes))
                .await
                .map_err(|error| format!("{what} does not compile: {}.", words(&error)))?
        }
    };
    Ok(module.unchecked_into())
}

fn foreign(what: &str, error: &str) -> String {
    format!(
        "{what} is not in a form this page can read: it may be missing or of another version ({error})."
    )
}

async fn fetch_bytes(address: &str) -> Result<Vec<u8>, String> {
    let failed = |error: JsValue| format!("{address} did not load: {}.", words(&error));
    let response: Response = JsFuture::from(window().fetch_with_str(address))
        .await
        .map_err(failed)?
        .unchecked_into();
    if !response.ok() {
        return Err(format!(
            "{address} did not load: the server answered {}.",
            response.status()
        ));
    }
    let body = response.array_buffer().map_err(failed)?;
    let buffer: ArrayBuffer = JsFuture::from(body).await.map_err(failed)?.unchecked_into();
    Ok(Uint8Array::new(&buffer).to_vec())
}
