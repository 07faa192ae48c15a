//! What the page fetches: the simulation (the jar and Node's library), what reads TypeScript, npm packages and the
//! lessons, by addresses relative to the document.

use std::cell::RefCell;

use gloo::utils::window;
use js_sys::{ArrayBuffer, Promise, Uint8Array, WebAssembly};
use protocol::{
    WHOLE_JAR, codec,
    lesson::{Catalog, Lesson},
    packages,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::{
    browser::words,
    jar::{Part, Simulation},
};

const LIBRARY: &str = "node-lib.bin";

pub async fn catalog() -> Result<Catalog, String> {
    let bytes = fetch_bytes("lessons/catalog.bin").await?;
    codec::decode(&bytes).map_err(|error| foreign("The list of lessons", &error))
}

/// `id` is a route's, so it is made of plain names.
pub async fn lesson(id: &str) -> Result<Lesson, String> {
    let bytes = fetch_bytes(&format!("lessons/{id}.bin")).await?;
    codec::decode(&bytes).map_err(|error| foreign("The lesson", &error))
}

/// The module and what every program needs of Node's library, side by side.
pub async fn simulation() -> Result<Simulation, String> {
    // Begins now, whatever is waited for first.
    let library = window().fetch_with_str(LIBRARY);
    let module = compiled("runtime_sim.wasm", "The simulation").await?;
    Ok(Simulation::new(module, body(LIBRARY, library).await?))
}

/// What few programs need. `part` is a name that the jar gave.
pub async fn part(part: &str) -> Result<Part, String> {
    if part == WHOLE_JAR {
        let module = compiled("runtime_sim_whole.wasm", "The whole simulation").await?;
        return Ok(Part::Jar(Simulation::new(
            module,
            fetch_bytes(LIBRARY).await?,
        )));
    }
    let library = fetch_bytes(&format!("node-lib-{part}.bin")).await?;
    Ok(Part::Library(library))
}

/// The npm packages that programs can import.
pub async fn package_catalog() -> Result<packages::Catalog, String> {
    let bytes = fetch_bytes("packages/catalog.bin").await?;
    codec::decode(&bytes).map_err(|error| foreign("The list of packages", &error))
}

/// `name` is of that list. Fetched once: a run is often followed by runs with other seeds.
pub async fn package(name: &str) -> Result<packages::Archive, String> {
    thread_local! {
        static KEPT: RefCell<Vec<(String, packages::Archive)>> = const { RefCell::new(Vec::new()) };
    }
    let is_here = |kept: &Vec<_>| kept.iter().find(|(known, _)| known == name).cloned();
    if let Some((_, archive)) = KEPT.with_borrow(is_here) {
        return Ok(archive);
    }
    let bytes = fetch_bytes(&format!("packages/{name}.bin")).await?;
    let archive: packages::Archive =
        codec::decode(&bytes).map_err(|error| foreign(&format!("The package {name}"), &error))?;
    KEPT.with_borrow_mut(|kept| kept.push((name.to_owned(), archive.clone())));
    Ok(archive)
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
    body(address, window().fetch_with_str(address)).await
}

async fn body(address: &str, fetched: Promise) -> Result<Vec<u8>, String> {
    let failed = |error: JsValue| format!("{address} did not load: {}.", words(&error));
    let response: Response = JsFuture::from(fetched)
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
