//! The HTTP client: a request is written, or a `curl` command pasted, and travels the simulated network.

use protocol::EventId;
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

use super::exchange::{
    AskingProps, body_text, exchange, message_fields, method_select, not_yet, sent, text_area,
    text_input,
};
use crate::state::{
    asking::{Draft, Message, command_of},
    curl,
};

#[component]
pub fn ClientView(props: &AskingProps) -> Html {
    let pasted = use_state(String::new);
    let asking = &props.asking;
    let draft = &asking.draft;
    let on_draft = props.on_ask.reform(Message::Draft);
    let change_url = {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |url| {
            on_draft.emit(Draft {
                url,
                ..draft.clone()
            });
        })
    };
    let change = |changed: fn(&mut Draft)| {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |_: Event| {
            let mut draft = draft.clone();
            changed(&mut draft);
            on_draft.emit(draft);
        })
    };
    let follow = change(|draft| draft.follows = !draft.follows);
    let unpack = change(|draft| draft.unpacks = !draft.unpacks);
    // A press and Enter alike; in a sandboxed frame nothing is ever submitted.
    let send = props.on_ask.reform(|event: MouseEvent| {
        event.prevent_default();
        Message::Send
    });
    let read = {
        let pasted = pasted.clone();
        props
            .on_ask
            .reform(move |_: MouseEvent| Message::Paste((*pasted).clone()))
    };
    let on_paste = {
        let pasted = pasted.clone();
        Callback::from(move |text| pasted.set(text))
    };
    let saved = props.lesson.requests.iter().map(|saved| {
        let request = saved.clone();
        let onclick = props
            .on_ask
            .reform(move |_: MouseEvent| Message::Saved(request.clone()));
        html! { <button class="btn" {onclick}>{ &saved.name }</button> }
    });
    let shown = shown(props);
    let command = curl::write(&command_of(draft));
    html! {
        <div class="asking">
            if !props.lesson.requests.is_empty() {
                <div class="saved" role="group" aria-label="Requests of this lesson">{ for saved }</div>
            }
            <form class="request">
                <div class="line">
                    { method_select(draft, &on_draft) }
                    { text_input("Address", &draft.url, "http://api:3000/", change_url) }
                    <button class="btn go" type="submit" onclick={send} disabled={draft.url.trim().is_empty()}>{ "Send" }</button>
                </div>
                { message_fields(draft, &on_draft) }
                <label class="tick"><input type="checkbox" checked={draft.follows} onchange={follow} />{ "Follow redirects, as curl -L" }</label>
                <label class="tick"><input type="checkbox" checked={draft.unpacks} onchange={unpack} />{ "Compressed answers, as curl --compressed" }</label>
            </form>
            <details class="command">
                <summary>{ "curl" }</summary>
                <div class="field"><span>{ "The request above" }</span>
                    <pre class="answer" tabindex="0" aria-label="As a curl command">{ &command }</pre>
                    <button class="btn" onclick={copy(command.clone())}>{ "Copy" }</button>
                </div>
                <div class="field"><span>{ "A command to read" }</span>
                    { text_area("A curl command", &pasted, "curl http://api:3000/", on_paste) }
                    <button class="btn" onclick={read}>{ "Read it" }</button>
                    { told(props) }
                </div>
            </details>
            <section class="came" aria-label="Answer">{ answer(props, shown) }</section>
            { sent(props, shown) }
        </div>
    }
}

fn told(props: &AskingProps) -> Html {
    match &props.asking.told {
        None => Html::default(),
        Some(Ok(text)) => html! { <p role="status">{ text }</p> },
        Some(Err(text)) => html! { <p class="bad" role="alert">{ text }</p> },
    }
}

/// What was chosen, or the last that is answered by now, or the last.
fn shown(props: &AskingProps) -> Option<u32> {
    let asking = &props.asking;
    let count = asking.sent().len() as u32;
    let is_answered = |ask: &u32| {
        asking
            .answer(*ask)
            .is_some_and(|(event, _)| *event <= props.now)
    };
    let chosen = asking.chosen.filter(|ask| *ask < count);
    chosen
        .or_else(|| (0..count).rev().find(is_answered))
        .or_else(|| count.checked_sub(1))
}

fn answer(props: &AskingProps, shown: Option<u32>) -> Html {
    let Some(ask) = shown else {
        return html! {
            <p class="says">{ "Nothing is sent yet. A request goes out when the programs have finished what they do by themselves." }</p>
        };
    };
    let Some((event, came)) = props.asking.answer(ask) else {
        return html! {
            <p class="says">{ if props.running { "The run goes on." } else { "No answer has come in this run." } }</p>
        };
    };
    let event: EventId = *event;
    not_yet(props, event).unwrap_or_else(|| exchange(came, body_text(came)))
}

fn copy(text: String) -> Callback<MouseEvent> {
    Callback::from(move |_: MouseEvent| {
        let promise = gloo::utils::window()
            .navigator()
            .clipboard()
            .write_text(&text);
        wasm_bindgen_futures::spawn_local(async move {
            // Where it is not allowed the command can still be selected.
            let _ = JsFuture::from(promise).await;
        });
    })
}
