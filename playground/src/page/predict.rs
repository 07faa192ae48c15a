//! The prediction: a list to be put in order, and after a run a slope from what was said to what ran.

use std::{cell::RefCell, rc::Rc};

use protocol::EventId;
use recording::{time, words::some};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::icons::{self, Icon};
use crate::state::predict::{Comparison, Difference, Prediction, Ran};

#[derive(Properties, PartialEq)]
pub struct PredictProps {
    pub question: AttrValue,
    pub prediction: Prediction,
    /// Take the line at the first position out and put it in at the second.
    pub on_shift: Callback<(usize, usize)>,
    pub on_go: Callback<EventId>,
}

#[component]
pub fn Predict(props: &PredictProps) -> Html {
    let lifted = use_state(|| None::<usize>);
    let list = use_node_ref();
    let moved = use_mut_ref(|| None::<usize>);
    {
        let (list, moved) = (list.clone(), moved.clone());
        use_effect_with(props.prediction.clone(), move |_| {
            if let Some(at) = moved.take() {
                focus(&list, at);
            }
        });
    }
    let comparison = props.prediction.comparison();
    let count = props.prediction.len();
    let said = props.prediction.said().enumerate().map(|(at, (key, text))| {
        let shift = |to: usize| props.on_shift.reform(move |_: MouseEvent| (at, to));
        let onkeydown = keys(at, count, &props.on_shift, &moved);
        let lift = {
            let lifted = lifted.clone();
            Callback::from(move |_: DragEvent| lifted.set(Some(at)))
        };
        let over = Callback::from(|event: DragEvent| event.prevent_default());
        let drop = {
            let (lifted, on_shift) = (lifted.clone(), props.on_shift.clone());
            Callback::from(move |event: DragEvent| {
                event.prevent_default();
                if let Some(from) = *lifted {
                    on_shift.emit((from, at));
                }
                lifted.set(None);
            })
        };
        let class = classes!((*lifted == Some(at)).then_some("up"));
        html! {
            <li key={key} {class} tabindex="0" draggable="true" {onkeydown} ondragstart={lift} ondragover={over}
                ondrop={drop} aria-label={format!("{text}, {} of {count}", at + 1)}>
                <i class="grip" aria-hidden="true"></i><span class="line">{ text }</span>
                <span class="moves">
                    <button tabindex="-1" disabled={at == 0} onclick={shift(at.saturating_sub(1))}
                        aria-label={format!("Move {text} up")}>{ icons::icon(Icon::Up) }</button>
                    <button tabindex="-1" disabled={at + 1 == count} onclick={shift((at + 1).min(count - 1))}
                        aria-label={format!("Move {text} down")}>{ icons::icon(Icon::Down) }</button>
                </span>
            </li>
        }
    });
    html! {
        <section class={classes!("predict", comparison.is_some().then_some("compared"))} aria-label="Predict">
            if !props.question.is_empty() {
                <p class="question">{ &props.question }</p>
            }
            <div class="cols">
                <div>
                    <h3><b>{ if comparison.is_some() { "You said" } else { "You say" } }</b></h3>
                    <ol ref={list.clone()} aria-label="Put the lines in the order you expect">{ for said }</ol>
                </div>
                if let Some(comparison) = comparison {
                    { slopes(comparison, count) }
                    { ran(comparison, props) }
                }
            </div>
            if let Some(comparison) = comparison {
                { verdict(comparison, &props.on_go) }
            } else {
                <p class="verdict">{ "Drag the lines, or move one with its arrows or with ↑ and ↓. Run compares." }</p>
            }
        </section>
    }
}

/// ↑ and ↓ move the line that has the focus, and the focus goes with it.
fn keys(
    at: usize,
    count: usize,
    on_shift: &Callback<(usize, usize)>,
    moved: &Rc<RefCell<Option<usize>>>,
) -> Callback<KeyboardEvent> {
    let (on_shift, moved) = (on_shift.clone(), moved.clone());
    Callback::from(move |event: KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowUp" if at > 0 => at - 1,
            "ArrowDown" if at + 1 < count => at + 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        *moved.borrow_mut() = Some(to);
        on_shift.emit((at, to));
    })
}

/// An element loses the focus when it changes its place in the document.
fn focus(list: &NodeRef, at: usize) {
    let item = list
        .cast::<Element>()
        .and_then(|list| list.children().item(at as u32))
        .and_then(|item| item.dyn_into::<HtmlElement>().ok());
    if let Some(item) = item {
        // Focusing an element that is in the page cannot fail.
        let _ = item.focus();
    }
}

fn first_line(difference: &Difference) -> usize {
    match difference {
        Difference::Other { line, .. }
        | Difference::Unknown { line, .. }
        | Difference::Missing { line, .. }
        | Difference::More { line, .. } => *line,
    }
}

const ROW_PX: usize = 32;

fn slopes(comparison: &Comparison, count: usize) -> Html {
    let rows = count.max(comparison.ran.len());
    let height = rows * ROW_PX - 4;
    let paths = comparison
        .slopes
        .iter()
        .enumerate()
        .filter_map(|(from, to)| {
            let to = (*to)?;
            let (y1, y2) = (from * ROW_PX + 14, to * ROW_PX + 14);
            let path = if from == to {
                format!("M4 {y1}H44")
            } else {
                format!("M4 {y1}C24 {y1} 24 {y2} 44 {y2}")
            };
            Some(html! { <path class={classes!((from != to).then_some("off"))} d={path} /> })
        });
    html! {
        <svg viewBox={format!("0 0 48 {height}")} style={format!("height:{height}px")} preserveAspectRatio="none"
            aria-hidden="true">{ for paths }</svg>
    }
}

fn ran(comparison: &Comparison, props: &PredictProps) -> Html {
    let first = comparison.difference.as_ref().map(first_line);
    let rows = comparison.ran.iter().enumerate().map(|(index, ran)| {
        let event = ran.event;
        let go = props.on_go.reform(move |_: MouseEvent| event);
        let class = classes!((first == Some(index + 1)).then_some("first"));
        html! {
            <li {class}>
                <button class="line" onclick={go} title="Move the playhead here">{ &ran.text }</button>
                <span class="t">{ time::clock(ran.time_ns).0 }</span>
            </li>
        }
    });
    html! {
        <div class="ran">
            <h3><b>{ "Node ran" }</b></h3>
            <ol>{ for rows }</ol>
            if comparison.ran_more > 0 {
                <p class="more">{ format!("and {} more", some(comparison.ran_more as usize, "line")) }</p>
            }
        </div>
    }
}

fn verdict(comparison: &Comparison, on_go: &Callback<EventId>) -> Html {
    let look = |ran: &Ran| {
        let event = ran.event;
        html! {
            <button class="link" onclick={on_go.reform(move |_: MouseEvent| event)}>
                { format!("Look at {}", time::point(ran.time_ns)) }
            </button>
        }
    };
    let Some(difference) = &comparison.difference else {
        return html! { <p class="verdict right" role="status">{ icons::icon(Icon::Done) }<span>{ "You said it: Node ran exactly this order." }</span></p> };
    };
    let words = match difference {
        Difference::Other { line, said, ran } => html! {
            <>{ format!("The first difference is line {line}: you said ") }<b>{ said }</b>{ ", and Node ran " }<b>{ &ran.text }</b>{ ". " }{ look(ran) }</>
        },
        Difference::Unknown { line, said, ran } => html! {
            <>{ format!("The first difference is line {line}: you said ") }<b>{ said }</b>{ ", and the program printed something that was not among the lines: " }<b>{ &ran.text }</b>{ ". " }{ look(ran) }</>
        },
        Difference::Missing { line, said } => html! {
            <>{ format!("The first difference is line {line}: you said ") }<b>{ said }</b>{ ", and nothing more was printed." }</>
        },
        Difference::More { line, ran } => html! {
            <>{ format!("Your order holds, and then the program went on: line {line} is ") }<b>{ &ran.text }</b>{ ". " }{ look(ran) }</>
        },
    };
    html! { <p class="verdict" role="status"><span class="neq" aria-hidden="true">{ "≠" }</span><span>{ words }</span></p> }
}
