//! The code editor, an ES module of its own that is loaded when a lesson opens (`packages/src/editor.js`).

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::Element;

use super::browser::words;

#[wasm_bindgen(module = "/src/edge/load.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn load(address: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone, PartialEq)]
    pub type EditorModule;

    #[wasm_bindgen(method, catch, js_name = createEditor)]
    fn create_editor(
        this: &EditorModule,
        parent: &Element,
        options: &Object,
    ) -> Result<Handle, JsValue>;

    pub type Handle;

    #[wasm_bindgen(method, js_name = setText)]
    pub fn set_text(this: &Handle, text: &str);
    #[wasm_bindgen(method, js_name = getText)]
    pub fn text(this: &Handle) -> String;
    #[wasm_bindgen(method, js_name = markLine)]
    fn mark_line(this: &Handle, line: JsValue, kind: &str);
    #[wasm_bindgen(method)]
    pub fn focus(this: &Handle);
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Handle);
}

/// The error is a sentence; a plain text box serves instead.
pub async fn module() -> Result<EditorModule, String> {
    let module = load("./editor.js")
        .await
        .map_err(|error| format!("The editor did not load: {}.", words(&error)))?;
    if !Reflect::has(&module, &"createEditor".into()).unwrap_or(false) {
        return Err("The editor did not load: editor.js is another version's.".into());
    }
    Ok(module.unchecked_into())
}

pub struct Options<'a> {
    pub text: &'a str,
    pub label: &'a str,
    pub read_only: bool,
}

/// An editor in the page, with the closures that it calls.
pub struct Editor {
    pub handle: Handle,
    _on_change: Closure<dyn Fn(String)>,
    _on_run: Closure<dyn Fn()>,
}

impl Editor {
    pub fn open(
        module: &EditorModule,
        parent: &Element,
        options: &Options,
        on_change: impl Fn(String) + 'static,
        on_run: impl Fn() + 'static,
    ) -> Result<Self, String> {
        let on_change = Closure::<dyn Fn(String)>::new(on_change);
        let on_run = Closure::<dyn Fn()>::new(on_run);
        let bag = Object::new();
        for (name, value) in [
            ("text", JsValue::from(options.text)),
            ("label", options.label.into()),
            ("readOnly", options.read_only.into()),
            ("onChange", on_change.as_ref().clone()),
            ("onRun", on_run.as_ref().clone()),
        ] {
            Reflect::set(&bag, &name.into(), &value).map_err(|error| words(&error))?;
        }
        let handle = module
            .create_editor(parent, &bag)
            .map_err(|error| words(&error))?;
        Ok(Self {
            handle,
            _on_change: on_change,
            _on_run: on_run,
        })
    }

    pub fn mark(&self, mark: Option<(u32, Mark)>) {
        match mark {
            Some((line, mark)) => self.handle.mark_line(line.into(), mark.name()),
            None => self.handle.mark_line(JsValue::NULL, Mark::Now.name()),
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The line that is executing.
    Now,
    /// What something else on the page points at.
    Look,
    /// Where it went wrong.
    Fail,
}

impl Mark {
    fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Look => "look",
            Self::Fail => "fail",
        }
    }
}
