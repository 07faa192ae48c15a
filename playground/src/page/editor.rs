//! The code editor in the page: CodeMirror when its module has loaded, a plain text box until then and otherwise.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement, PointerEvent};
use yew::prelude::*;

use crate::edge::editor::{Editor, EditorModule, Mark, Options};

#[derive(Clone, PartialEq, Properties)]
pub struct EditorProps {
    pub module: Option<EditorModule>,
    /// A file's name; another name is another editor.
    pub label: AttrValue,
    pub text: AttrValue,
    /// Rises whenever `text` was changed by anybody but this editor.
    pub revision: u32,
    pub read_only: bool,
    pub mark: Option<(u32, Mark)>,
    pub on_change: Callback<String>,
    pub on_run: Callback<()>,
    /// The line under the pointer, from 1.
    pub on_point: Callback<Option<u32>>,
}

pub struct EditorView {
    parent: NodeRef,
    editor: Option<Editor>,
    /// What the editor was made for.
    made: Option<(AttrValue, u32)>,
}

impl Component for EditorView {
    type Message = ();
    type Properties = EditorProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            parent: NodeRef::default(),
            editor: None,
            made: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Self::Properties) -> bool {
        let props = ctx.props();
        if let Some(editor) = &self.editor
            && old.label == props.label
        {
            if old.revision != props.revision {
                editor.handle.set_text(&props.text);
                self.made = Some((props.label.clone(), props.revision));
            }
            if old.mark != props.mark || old.revision != props.revision {
                editor.mark(props.mark);
            }
            return false;
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        if props.module.is_some() {
            // A key of its own, so that nothing of the text box is left in it.
            let parent = self.parent.clone();
            let onpointermove = props.on_point.reform(move |event: PointerEvent| {
                line_at(&parent.cast::<Element>()?, f64::from(event.client_y()))
            });
            return html! {
                <div class="code" key={format!("editor:{}", props.label)} ref={self.parent.clone()} data-points="" {onpointermove}></div>
            };
        }
        let oninput = props.on_change.reform(|event: InputEvent| {
            event.target_unchecked_into::<HtmlTextAreaElement>().value()
        });
        html! {
            <textarea class="code plain" key={format!("plain:{}", props.label)} aria-label={props.label.clone()}
                value={props.text.clone()} readonly={props.read_only} spellcheck="false" {oninput} />
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        let props = ctx.props();
        let Some(module) = &props.module else {
            self.editor = None;
            return;
        };
        if self
            .made
            .as_ref()
            .is_some_and(|(label, _)| *label == props.label)
            && self.editor.is_some()
        {
            return;
        }
        let Some(parent) = self.parent.cast::<Element>() else {
            return;
        };
        self.editor = None;
        let options = Options {
            text: &props.text,
            label: &props.label,
            read_only: props.read_only,
        };
        let (on_change, on_run) = (props.on_change.clone(), props.on_run.clone());
        let opened = Editor::open(
            module,
            &parent,
            &options,
            move |text| on_change.emit(text),
            move || on_run.emit(()),
        );
        if let Ok(editor) = opened {
            editor.mark(props.mark);
            self.editor = Some(editor);
        }
        self.made = Some((props.label.clone(), props.revision));
    }
}

/// Of the lines in sight, the one at this height: its number stands beside it.
fn line_at(editor: &Element, y_px: f64) -> Option<u32> {
    let numbers = editor
        .query_selector_all(".cm-lineNumbers .cm-gutterElement")
        .ok()?;
    (0..numbers.length()).find_map(|position| {
        let number: Element = numbers.item(position)?.dyn_into().ok()?;
        let drawn = number.get_bounding_client_rect();
        let is_here = drawn.top() <= y_px && y_px < drawn.bottom();
        is_here.then(|| number.text_content()?.parse().ok())?
    })
}
