//! What came of a request: a sentence, the way it took in time, what was decided on the way, and the answer.

use std::rc::Rc;

use protocol::{
    EventId,
    client::{Ask, Exchange, Hop, Manner},
    lesson::Lesson,
};
use recording::{
    TimeCommand,
    time::{count, length},
};
use yew::prelude::*;

use crate::state::asking::{self, Asking, BodyKind, Draft, pretty_json};

const TEXT_BYTES_MAX: usize = 256 << 10;
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

#[derive(Clone, Properties)]
pub struct AskingProps {
    pub asking: Rc<Asking>,
    pub lesson: Rc<Lesson>,
    /// The event that is looked at.
    pub now: EventId,
    pub running: bool,
    pub on_ask: Callback<asking::Message>,
    pub on_command: Callback<TimeCommand>,
}

impl PartialEq for AskingProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.asking, &other.asking)
            && Rc::ptr_eq(&self.lesson, &other.lesson)
            && (self.now, self.running) == (other.now, other.running)
            && self.on_ask == other.on_ask
            && self.on_command == other.on_command
    }
}

/// Who asks, as one would call it.
fn manner(ask: &Ask) -> &'static str {
    match ask.manner {
        Manner::Plain { .. } => "by hand",
        Manner::Navigate { reload: true, .. } => "reloaded",
        Manner::Navigate { .. } => "browser",
        Manner::Fetch { .. } => "fetch",
    }
}

/// All that was sent, each a button that shows its answer.
pub fn sent(props: &AskingProps, shown: Option<u32>) -> Html {
    let asking = &props.asking;
    if asking.sent().is_empty() {
        return Html::default();
    }
    let rows = (0..).zip(asking.sent()).map(|(place, ask): (u32, &Ask)| {
        let choose = props.on_ask.reform(move |_: MouseEvent| asking::Message::Choose(Some(place)));
        let forget = props.on_ask.reform(move |_: MouseEvent| asking::Message::Forget(place));
        let what = format!("{} {}", ask.method, ask.url);
        let (class, came) = match asking.answer(place) {
            Some((event, _)) if *event > props.now => ("pencil", "not yet".to_owned()),
            Some((_, exchange)) => outcome(exchange),
            None if props.running => ("pencil", "under way".to_owned()),
            None => ("pencil", "no answer in this run".to_owned()),
        };
        html! {
            <li>
                <button class="link" aria-pressed={(shown == Some(place)).to_string()} onclick={choose}>{ &what }</button>
                <span class="kind">{ manner(ask) }</span>
                <span class={class}>{ came }</span>
                <button class="btn bare" aria-label={format!("Take back {what}")} title="Run without it" onclick={forget}>{ "×" }</button>
            </li>
        }
    });
    let forget_all = props
        .on_ask
        .reform(|_: MouseEvent| asking::Message::ForgetAll);
    html! {
        <section class="sent" aria-label="Sent">
            <header><h3>{ "Sent" }</h3><span class="grow"></span>
                <button class="btn bare" onclick={forget_all}>{ "Take all back" }</button></header>
            <ol>{ for rows }</ol>
            <p class="aside">{ "All of these are part of every run. Change the code and run again, and they are sent again." }</p>
        </section>
    }
}

fn outcome(exchange: &Exchange) -> (&'static str, String) {
    let took = length(exchange.ended_ns - exchange.began_ns);
    match (&exchange.failure, exchange.answer()) {
        (Some(failure), _) if failure.code == 0 => ("bad", "blocked".to_owned()),
        (Some(failure), _) => ("bad", format!("error {}", failure.code)),
        (None, Some(answer)) if answer.status >= 400 => {
            ("bad", format!("{} in {took}", answer.status))
        }
        (None, Some(answer)) => ("", format!("{} in {took}", answer.status)),
        (None, None) => ("", String::new()),
    }
}

/// What came of one. `body` is drawn where the answer's body belongs.
pub fn exchange(exchange: &Exchange, body: Html) -> Html {
    let hops = exchange.hops.iter().enumerate().map(|(place, hop)| {
        let is_last = place + 1 == exchange.hops.len();
        html! { <li>{ one_hop(hop, is_last) }</li> }
    });
    let decisions = exchange.decisions.iter().map(|decision| {
        html! {
            <li class={classes!(decision.refuses.then_some("refuses"))}>
                <b>{ decision.topic.name() }</b><span>{ &decision.text }</span>
            </li>
        }
    });
    html! {
        <>
            <p class="says" role="status">{ sentence(exchange) }</p>
            if !exchange.decisions.is_empty() {
                <ol class="decisions" aria-label="Decisions">{ for decisions }</ol>
            }
            { body }
            <ol class="hops" aria-label="Steps">{ for hops }</ol>
        </>
    }
}

fn sentence(exchange: &Exchange) -> Html {
    let took = length(exchange.ended_ns - exchange.began_ns);
    match (&exchange.failure, exchange.answer()) {
        (Some(failure), _) if failure.code == 0 => {
            html! { <><b>{ "Blocked." }</b>{ format!(" {}", failure.text) }</> }
        }
        (Some(failure), answer) => {
            let came = answer.map_or("No answer.".to_owned(), |answer| {
                format!("{} {}, but not all is well.", answer.status, answer.reason)
            });
            html! { <><b>{ came }</b><code>{ format!("curl: ({}) {}", failure.code, failure.text) }</code></> }
        }
        (None, Some(answer)) => html! {
            <><b>{ format!("{} {}", answer.status, answer.reason) }</b>
            { format!(" after {took}, with {} bytes.", count(exchange.body_bytes)) }</>
        },
        (None, None) => Html::default(),
    }
}

fn one_hop(hop: &Hop, is_open: bool) -> Html {
    let status = match hop.status {
        0 => "no answer".to_owned(),
        status => format!("{status} {}", hop.reason),
    };
    html! {
        <details open={is_open && hop.status != 0}>
            <summary><code>{ format!("{} {}", hop.method, hop.url) }</code>{ format!(" → {status}") }</summary>
            <p class="aside">{ times(hop) }</p>
            if !hop.sent.is_empty() { { headers("Sent", &hop.sent) } }
            if !hop.headers.is_empty() { { headers("Came", &hop.headers) } }
        </details>
    }
}

fn headers(caption: &'static str, headers: &[(String, String)]) -> Html {
    let rows = headers
        .iter()
        .map(|(name, value)| html! { <tr><th scope="row">{ name }</th><td>{ value }</td></tr> });
    html! { <table class="headers"><caption>{ caption }</caption><tbody>{ for rows }</tbody></table> }
}

/// Where its time went.
fn times(hop: &Hop) -> String {
    let Some(request) = hop.request else {
        return match hop.status {
            0 => "It was not sent.".to_owned(),
            _ => "From the cache: nothing was sent.".to_owned(),
        };
    };
    let mut told = vec![format!("Request {request}"), "name at once".to_owned()];
    match hop.connected_ns {
        None => told.push("no connection".to_owned()),
        Some(_) if hop.is_reused => told.push("the connection was there".to_owned()),
        Some(at_ns) => told.push(format!("connected after {}", length(at_ns - hop.begun_ns))),
    }
    let mut add = |what: &str, at_ns: Option<u64>| {
        if let Some(at_ns) = at_ns {
            told.push(format!("{what} after {}", length(at_ns - hop.begun_ns)));
        }
    };
    add("first byte", hop.first_byte_ns);
    add("whole", hop.whole_ns);
    format!("{}.", told.join(", "))
}

/// The body as text: JSON with a line for each value.
pub fn body_text(exchange: &Exchange) -> Html {
    if exchange.body.is_empty() || exchange.failure.is_some() {
        return Html::default();
    }
    let answer = exchange.answer();
    let kind = answer
        .and_then(|answer| answer.header("content-type"))
        .unwrap_or("");
    let Ok(text) = std::str::from_utf8(&exchange.body) else {
        let told = format!(
            "{} bytes that are no text ({kind}).",
            count(exchange.body_bytes)
        );
        return html! { <p class="aside">{ told }</p> };
    };
    let is_json = kind.contains("json") && text.len() <= TEXT_BYTES_MAX;
    let shown = if is_json {
        pretty_json(text)
    } else {
        text.to_owned()
    };
    let is_cut = exchange.body_bytes > exchange.body.len() as u64;
    html! {
        <>
            <pre class="answer" tabindex="0" aria-label="Body">{ shown }</pre>
            if is_cut { <p class="aside">{ format!("The beginning of {} bytes.", count(exchange.body_bytes)) }</p> }
        </>
    }
}

/// Whether what came is in the future of what is looked at; then a way there.
pub fn not_yet(props: &AskingProps, event: EventId) -> Option<Html> {
    (event > props.now).then(|| {
        let go = props
            .on_command
            .reform(move |_: MouseEvent| TimeCommand::Seek(event));
        html! {
            <p class="says">{ "At this moment it is not answered yet. " }
                <button class="link" onclick={go}>{ "Go to the answer" }</button></p>
        }
    })
}

// ---- writing a request ----

/// Method, address and whatever a request has besides; `on_draft` hears of every change.
pub fn method_select(draft: &Draft, on_draft: &Callback<Draft>) -> Html {
    let onchange = {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |event: Event| {
            let method = event
                .target_unchecked_into::<web_sys::HtmlSelectElement>()
                .value();
            on_draft.emit(Draft {
                method,
                ..draft.clone()
            });
        })
    };
    let known = METHODS.contains(&draft.method.as_str());
    let extra = (!known).then(|| draft.method.clone());
    let methods = METHODS
        .iter()
        .map(|method| (*method).to_owned())
        .chain(extra);
    let options = methods.map(|method| {
        let selected = method == draft.method;
        html! { <option value={method.clone()} {selected}>{ method }</option> }
    });
    html! { <select aria-label="Method" {onchange}>{ for options }</select> }
}

pub fn text_input(
    label: &'static str,
    value: &str,
    placeholder: &'static str,
    on_text: Callback<String>,
) -> Html {
    let oninput = on_text.reform(|event: InputEvent| {
        event
            .target_unchecked_into::<web_sys::HtmlInputElement>()
            .value()
    });
    html! {
        <input type="text" aria-label={label} {placeholder} value={value.to_owned()} {oninput} inputmode="url"
            autocomplete="off" autocapitalize="off" spellcheck="false" />
    }
}

pub fn text_area(
    label: &'static str,
    value: &str,
    placeholder: &'static str,
    on_text: Callback<String>,
) -> Html {
    let oninput = on_text.reform(|event: InputEvent| {
        event
            .target_unchecked_into::<web_sys::HtmlTextAreaElement>()
            .value()
    });
    let rows = value.lines().count().clamp(2, 8).to_string();
    html! {
        <textarea aria-label={label} {placeholder} {rows} value={value.to_owned()} {oninput}
            autocomplete="off" autocapitalize="off" spellcheck="false" />
    }
}

/// Headers and body.
pub fn message_fields(draft: &Draft, on_draft: &Callback<Draft>) -> Html {
    let change = |set: fn(&mut Draft, String)| {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |text: String| {
            let mut draft = draft.clone();
            set(&mut draft, text);
            on_draft.emit(draft);
        })
    };
    let kinds = BodyKind::ALL.iter().map(|&(kind, name)| {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        let pressed = (draft.kind == kind).to_string();
        let onclick = Callback::from(move |_: MouseEvent| {
            on_draft.emit(Draft {
                kind,
                ..draft.clone()
            });
        });
        html! { <button type="button" aria-pressed={pressed} {onclick}>{ name }</button> }
    });
    let placeholder = match draft.kind {
        BodyKind::Json => "{\"name\": \"value\"}",
        BodyKind::Form => "name=value&other=value",
        _ => "",
    };
    html! {
        <>
            <label class="field"><span>{ "Headers" }</span>
                { text_area("Headers, one a line", &draft.headers, "name: value", change(|draft, text| draft.headers = text)) }
            </label>
            <div class="field"><span>{ "Body" }</span>
                <div class="seg" role="group" aria-label="Body">{ for kinds }</div>
                if draft.kind != BodyKind::None {
                    { text_area("Body", &draft.body, placeholder, change(|draft, text| draft.body = text)) }
                }
            </div>
        </>
    }
}
