//! Lesson text as elements. Blocks are drawn one by one, never as HTML, so nothing that a lesson says can do anything.

use protocol::lesson::{Block, Inline, Moment, QueueName, Step, Target};
use yew::prelude::*;

use crate::state::route::Route;

/// What prose can ask of the page around it.
#[derive(Clone, PartialEq)]
pub struct Asks {
    /// Which moments the present recording has.
    pub has: Callback<Moment, bool>,
    pub go: Callback<Moment>,
    /// A file's name and its new text.
    pub try_in: Callback<(String, String)>,
}

/// A lesson's steps: what stands before the first heading of level 2, then one for each of them.
pub fn steps(body: &[Block]) -> Vec<&[Block]> {
    let mut starts: Vec<usize> = body
        .iter()
        .enumerate()
        .filter(|(_, block)| matches!(block, Block::Heading { level: 2, .. }))
        .map(|(index, _)| index)
        .collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([body.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &body[start..end])
        .collect()
}

pub fn step_of(blocks: &[Block]) -> Option<Step> {
    match blocks.first() {
        Some(Block::Heading { level: 2, step, .. }) => *step,
        _ => None,
    }
}

/// `predict` stands where the lesson's prediction belongs.
pub fn blocks(blocks: &[Block], number: Option<usize>, predict: &Html, asks: &Asks) -> Html {
    blocks
        .iter()
        .map(|block| self::block(block, number, predict, asks))
        .collect()
}

fn block(block: &Block, number: Option<usize>, predict: &Html, asks: &Asks) -> Html {
    match block {
        Block::Heading {
            level: 2, content, ..
        } => html! {
            <h2>
                if let Some(number) = number {
                    <i aria-hidden="true">{ number }</i>
                }
                <span>{ inlines(content, asks) }</span>
            </h2>
        },
        Block::Heading { content, .. } => html! { <h3>{ inlines(content, asks) }</h3> },
        Block::Paragraph(content) => html! { <p>{ inlines(content, asks) }</p> },
        Block::List {
            ordered_from,
            items,
        } => {
            let items = items
                .iter()
                .map(|item| html! { <li>{ blocks(item, None, predict, asks) }</li> });
            match ordered_from {
                Some(start) => html! { <ol start={start.to_string()}>{ for items }</ol> },
                None => html! { <ul>{ for items }</ul> },
            }
        }
        Block::Quote(content) => {
            html! { <blockquote>{ blocks(content, None, predict, asks) }</blockquote> }
        }
        Block::Code { text, try_in, .. } => code(text, try_in.as_deref(), asks),
        Block::Table { head, rows } => {
            let head = head
                .iter()
                .map(|cell| html! { <th scope="col">{ inlines(cell, asks) }</th> });
            let rows = rows.iter().map(|row| {
                let cells = row
                    .iter()
                    .map(|cell| html! { <td>{ inlines(cell, asks) }</td> });
                html! { <tr>{ for cells }</tr> }
            });
            html! {
                <div class="scroll" tabindex="0" role="group" aria-label="Table">
                    <table class="tbl"><thead><tr>{ for head }</tr></thead><tbody>{ for rows }</tbody></table>
                </div>
            }
        }
        Block::Predict => predict.clone(),
        Block::Rule => html! { <hr /> },
    }
}

fn code(text: &str, try_in: Option<&str>, asks: &Asks) -> Html {
    let button = try_in.map(|file| {
        let (file, text) = (file.to_string(), text.to_string());
        let onclick = asks
            .try_in
            .reform(move |_: MouseEvent| (file.clone(), text.clone()));
        html! { <button class="btn bare" {onclick}>{ "Try it in the editor" }</button> }
    });
    html! {
        <div class="sample">
            <pre tabindex="0"><code>{ text.trim_end_matches('\n') }</code></pre>
            { button.unwrap_or_default() }
        </div>
    }
}

fn inlines(content: &[Inline], asks: &Asks) -> Html {
    content
        .iter()
        .map(|inline| self::inline(inline, asks))
        .collect()
}

fn inline(inline: &Inline, asks: &Asks) -> Html {
    match inline {
        Inline::Text(text) => html! { { text } },
        Inline::Code(text) => html! { <code>{ text }</code> },
        Inline::Emphasis(content) => html! { <em>{ inlines(content, asks) }</em> },
        Inline::Strong(content) => html! { <strong>{ inlines(content, asks) }</strong> },
        Inline::Break => html! { <br /> },
        Inline::Link { to, content } => link(to, inlines(content, asks), asks),
    }
}

fn link(to: &Target, content: Html, asks: &Asks) -> Html {
    match to {
        // The course refuses any other scheme; this is the second lock on the same door.
        Target::Web(address) if address.starts_with("https://") => html! {
            <a href={address.clone()} target="_blank" rel="noopener noreferrer">{ content }</a>
        },
        Target::Web(_) => content,
        Target::Lesson(id) => html! { <a href={Route::Lesson(id.clone()).hash()}>{ content }</a> },
        Target::Queue(queue) => html! { <span class={queue_class(*queue)}>{ content }</span> },
        Target::Moment(moment) => {
            let there = asks.has.emit(moment.clone());
            let moment = moment.clone();
            let onclick = asks.go.reform(move |_: MouseEvent| moment.clone());
            let title = (!there).then_some("Not in the recording: run the lesson’s program first");
            html! {
                <button class="link" {onclick} aria-disabled={(!there).then_some("true")} {title}>{ content }</button>
            }
        }
    }
}

fn queue_class(queue: QueueName) -> &'static str {
    match queue {
        QueueName::Main => "c-main",
        QueueName::Tick => "c-tick",
        QueueName::Microtask => "c-micro",
        QueueName::Timers => "c-timers",
        QueueName::Poll => "c-poll",
        QueueName::Check => "c-check",
        QueueName::Close => "c-close",
    }
}
