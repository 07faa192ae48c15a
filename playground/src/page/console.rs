//! The console: a line, its moment, its place. Only the rows in sight are in the document, so twenty thousand lines
//! cost no more than forty.

use std::{cell::RefCell, rc::Rc};

use protocol::EventId;
use recording::{Highlight, Lit, time, words::some};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use crate::{
    state::console::{Console, Place, Row, RowKind},
    views::drawn,
};

const ROW_PX: f64 = 24.0;
/// Of a process; longer ones end in dots.
const NAME_CHARS_MAX: usize = 14;
/// Rows drawn above and below what is in sight.
const MARGIN_ROWS: usize = 12;

/// The console of the present run; grows while it is shown. Two are equal when they are the same at the same length.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    console: Rc<RefCell<Console>>,
    revision: u64,
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.console, &other.console) && self.revision == other.revision
    }
}

impl Shared {
    pub fn read(&self) -> std::cell::Ref<'_, Console> {
        self.console.borrow()
    }

    pub fn change(&mut self, change: impl FnOnce(&mut Console)) {
        change(&mut self.console.borrow_mut());
        self.revision += 1;
    }
}

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub console: Shared,
    #[prop_or_default]
    pub recording: recording::Shared,
    #[prop_or_default]
    pub lit: Lit,
    /// Where the playhead stands.
    pub now: EventId,
    pub running: bool,
    /// Of each process, from the first; empty while there is only one.
    pub names: Rc<Vec<String>>,
    pub on_go: Callback<EventId>,
}

#[component]
pub fn ConsoleView(props: &ConsoleProps) -> Html {
    let frame = use_node_ref();
    let scroll = use_state(|| (0.0, 240.0));
    let onscroll = {
        let scroll = scroll.clone();
        Callback::from(move |event: Event| {
            if let Some(element) = event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok())
            {
                scroll.set((
                    f64::from(element.scroll_top()),
                    f64::from(element.client_height()),
                ));
            }
        })
    };
    let console = props.console.read();
    let rows = console.rows();
    let current = rows
        .partition_point(|row| row.event <= props.now)
        .checked_sub(1);
    {
        let (frame, scroll) = (frame.clone(), scroll.clone());
        use_effect_with((current, rows.is_empty()), move |(current, _)| {
            if let (Some(element), Some(row)) = (frame.cast::<Element>(), *current) {
                let (top, height) = (
                    f64::from(element.scroll_top()),
                    f64::from(element.client_height()),
                );
                let at = row as f64 * ROW_PX;
                if at < top || at + ROW_PX > top + height {
                    element.set_scroll_top((at - height / 2.0).max(0.0) as i32);
                }
                scroll.set((f64::from(element.scroll_top()), height.max(ROW_PX)));
            }
        });
    }
    let (top, height) = *scroll;
    let first = ((top / ROW_PX) as usize)
        .saturating_sub(MARGIN_ROWS)
        .min(rows.len());
    let last = ((top + height) / ROW_PX).ceil() as usize + MARGIN_ROWS;
    let last = last.clamp(first, rows.len());
    let above = drawn("height:#px", &[first as f64 * ROW_PX]);
    let below = drawn("height:#px", &[(rows.len() - last) as f64 * ROW_PX]);
    let recording = props.recording.read();
    let several = !props.names.is_empty();
    let widest = props.names.iter().map(|name| name.chars().count()).max();
    let whose = format!("--whose:{}ch", widest.unwrap_or(0).min(NAME_CHARS_MAX));
    let lines = rows[first..last].iter().enumerate().map(|(offset, row)| {
        let event = row.event;
        let class = classes!(
            match row.kind {
                RowKind::Out => None,
                RowKind::Error => Some("err"),
                RowKind::System => Some("sys"),
            },
            (event > props.now).then_some("later"),
            (event == props.now).then_some("now"),
            props.lit.has_event(&recording, event).then_some("lit"),
        );
        let go = props.on_go.reform(move |_: MouseEvent| event);
        html! { <button key={first + offset} {class} data-is={Highlight::Event(event).name()} onclick={go}>{ cells(row, &props.names) }</button> }
    });
    html! {
        <section class="console" aria-label="Output">
            <div class="bar">
                <b>{ "Console" }</b>
                <span class="grow"></span>
                <small>{ if rows.is_empty() { String::new() } else { some(rows.len(), "line") } }</small>
            </div>
            <div class={classes!("log", several.then_some("several"))} role="log" aria-label="Console" tabindex="0" ref={frame}
                style={whose} {onscroll}>
                if rows.is_empty() {
                    <p class="nothing">
                        { if props.running { "Nothing printed yet." } else { "What your program prints appears here, each line with its moment." } }
                    </p>
                }
                <div style={above}></div>
                { for lines }
                <div style={below}></div>
            </div>
        </section>
    }
}

/// What the world itself says has nobody's name, and its place is kept: the columns are the same in every row.
fn cells(row: &Row, names: &[String]) -> Html {
    let name = (row.process as usize)
        .checked_sub(1)
        .and_then(|position| names.get(position));
    let hidden = (row.hidden_chars > 0).then(|| {
        html! { <em>{ format!(" … {} more", some(row.hidden_chars as usize, "character")) }</em> }
    });
    html! {
        <>
            <span class="t">{ if row.continued { String::new() } else { time::point(row.time_ns) } }</span>
            if !names.is_empty() {
                <span class="whose" title={name.cloned()}>{ name }</span>
            }
            <span class="line">{ &*row.text }{ hidden.unwrap_or_default() }</span>
            <span class="src">{ row.place.as_ref().filter(|_| !row.continued).map(Place::text).unwrap_or_default() }</span>
        </>
    }
}
