//! A browser: an address, the page that was answered, drawn inertly, and what it decided on the way.
//!
//! What a server answers is hostile. [`document::read`] makes a tree of it, and only that is drawn. A link is a button,
//! a form is gathered and sent into the world; neither can lead anywhere else.

use std::rc::Rc;

use protocol::client::{Credentials, Exchange, Manner, SameSite};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, FormData, HtmlFormElement, HtmlSelectElement};
use yew::prelude::*;

use super::exchange::{
    AskingProps, body_text, exchange, message_fields, method_select, not_yet, sent, text_input,
};
use crate::{
    edge::document::{self, Encoding, Field, FieldKind, Form, Piece},
    erased::erased_with_key,
    state::{
        asking::{Draft, Message, Visit},
        curl::escaped,
    },
};

#[component]
pub fn BrowserView(props: &AskingProps) -> Html {
    let asking = &props.asking;
    let (back, forward) = asking.can_go();
    let go = {
        let url = asking.address.clone();
        props.on_ask.reform(move |event: MouseEvent| {
            event.prevent_default();
            Message::Navigate(Visit {
                method: "GET".into(),
                url: url.clone(),
                ..Visit::default()
            })
        })
    };
    let on_address = props.on_ask.reform(Message::Address);
    let press = |message: Message| props.on_ask.reform(move |_: MouseEvent| message.clone());
    let page = asking.page();
    let open = page.and_then(|page| asking.answer(page));
    let shown = shown(props);
    let came = shown.and_then(|ask| asking.answer(ask));
    html! {
        <div class="asking browser">
            <form class="line">
                <button type="button" class="btn bare" aria-label="Back" disabled={!back} onclick={press(Message::Back)}>{ "←" }</button>
                <button type="button" class="btn bare" aria-label="Forward" disabled={!forward} onclick={press(Message::Forward)}>{ "→" }</button>
                <button type="button" class="btn bare" aria-label="Reload" disabled={page.is_none()} onclick={press(Message::Reload)}>{ "↻" }</button>
                { text_input("Address", &asking.address, "http://api:3000/", on_address) }
                <button class="btn go" type="submit" onclick={go} disabled={asking.address.trim().is_empty()}>{ "Go" }</button>
            </form>
            {
                match open {
                    Some((event, came)) => not_yet(props, *event).unwrap_or_else(|| {
                        let drawn = DrawnProps {
                            exchange: came.clone(),
                            on_visit: props.on_ask.reform(Message::Navigate),
                        };
                        erased_with_key::<Drawn>(drawn, page.unwrap_or(0))
                    }),
                    None if page.is_some() && props.running => html! { <p class="says">{ "The page is on its way." }</p> },
                    None if page.is_some() => html! { <p class="says">{ "No page has come in this run." }</p> },
                    None => html! { <p class="says">{ "An address that you go to is asked for within the world, and nowhere else." }</p> },
                }
            }
            if let Some((event, came)) = came.filter(|(event, _)| *event <= props.now) {
                <section class="came" aria-label="What happened" key={*event}>
                    { exchange(came, if page == shown { Html::default() } else { body_text(came) }) }
                    { cookies(came) }
                </section>
            }
            if open.is_some() { { fetch(props) } }
            { sent(props, shown) }
        </div>
    }
}

/// What was chosen, or the last that is the browser's and is answered by now.
fn shown(props: &AskingProps) -> Option<u32> {
    let asking = &props.asking;
    let is_ours = |ask: &u32| {
        let is_browsers = |ask: &protocol::client::Ask| !matches!(ask.manner, Manner::Plain { .. });
        asking.sent().get(*ask as usize).is_some_and(is_browsers)
            && asking
                .answer(*ask)
                .is_some_and(|(event, _)| *event <= props.now)
    };
    let chosen = asking.chosen.filter(is_ours);
    chosen.or_else(|| (0..asking.sent().len() as u32).rev().find(is_ours))
}

fn fetch(props: &AskingProps) -> Html {
    let draft = &props.asking.fetch;
    let on_draft = props.on_ask.reform(Message::Fetch);
    let change_url = {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |url| {
            on_draft.emit(Draft {
                url,
                ..draft.clone()
            });
        })
    };
    const CREDENTIALS: [(&str, Credentials); 3] = [
        ("same-origin", Credentials::SameOrigin),
        ("include", Credentials::Include),
        ("omit", Credentials::Omit),
    ];
    let change_credentials = {
        let (draft, on_draft) = (draft.clone(), on_draft.clone());
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            let found = CREDENTIALS.iter().find(|(name, _)| *name == chosen);
            on_draft.emit(Draft {
                credentials: found.map_or(Credentials::SameOrigin, |(_, credentials)| *credentials),
                ..draft.clone()
            });
        })
    };
    let options = CREDENTIALS.iter().map(|&(name, credentials)| {
        html! { <option value={name} selected={credentials == draft.credentials}>{ name }</option> }
    });
    let send = props.on_ask.reform(|event: MouseEvent| {
        event.prevent_default();
        Message::SendFetch
    });
    html! {
        <details class="command">
            <summary>{ "fetch() from this page" }</summary>
            <form class="request">
                <div class="line">
                    { method_select(draft, &on_draft) }
                    { text_input("Address to fetch", &draft.url, "http://api:3000/", change_url) }
                    <button class="btn go" type="submit" onclick={send} disabled={draft.url.trim().is_empty()}>{ "Fetch" }</button>
                </div>
                <label class="field"><span>{ "Credentials" }</span>
                    <select onchange={change_credentials}>{ for options }</select></label>
                { message_fields(draft, &on_draft) }
            </form>
        </details>
    }
}

fn cookies(exchange: &Exchange) -> Html {
    if exchange.cookies.is_empty() {
        return Html::default();
    }
    let rows = exchange.cookies.iter().map(|cookie| {
        let same_site = match cookie.same_site {
            SameSite::Default => "Lax (nothing said)",
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        };
        let dot = if cookie.host_only { "" } else { "." };
        let yes = |is: bool| if is { "yes" } else { "" };
        let until = match cookie.expires_ms {
            None => "closed".to_owned(),
            Some(ms) => js_sys::Date::new(&JsValue::from_f64(ms as f64))
                .to_iso_string()
                .as_string()
                .unwrap_or_default()
                .replace('T', " ")
                .replace(".000Z", ""),
        };
        html! {
            <tr>
                <th scope="row">{ &cookie.name }</th><td>{ &cookie.value }</td><td>{ format!("{dot}{}", cookie.domain) }</td>
                <td>{ &cookie.path }</td><td>{ until }</td><td>{ yes(cookie.secure) }</td><td>{ yes(cookie.http_only) }</td>
                <td>{ same_site }</td>
            </tr>
        }
    });
    const HEAD: [&str; 8] = [
        "Name", "Value", "Domain", "Path", "Until", "Secure", "HttpOnly", "SameSite",
    ];
    html! {
        <details class="command">
            <summary>{ format!("Cookies ({})", exchange.cookies.len()) }</summary>
            <div class="wide" tabindex="0" role="group" aria-label="Cookies"><table class="jar">
                <thead><tr>{ for HEAD.iter().map(|name| html! { <th scope="col">{ *name }</th> }) }</tr></thead>
                <tbody>{ for rows }</tbody>
            </table></div>
        </details>
    }
}

// ---- the page itself ----

#[derive(Clone, PartialEq, Properties)]
struct DrawnProps {
    exchange: Rc<Exchange>,
    on_visit: Callback<Visit>,
}

/// Drawn once for each answer: parsing is dear, and what is typed into its fields is to stay.
#[component]
fn Drawn(props: &DrawnProps) -> Html {
    let exchange = &props.exchange;
    let url = exchange.last_url().to_owned();
    let answer = exchange.answer();
    let kind = answer
        .and_then(|answer| answer.header("content-type"))
        .unwrap_or("");
    if let Some(failure) = &exchange.failure {
        return html! { <div class="drawn"><p class="says"><b>{ "This page cannot be shown." }</b>{ format!(" {}.", failure.text) }</p></div> };
    }
    if !kind.to_ascii_lowercase().contains("html") {
        return html! { <div class="drawn">{ body_text(exchange) }</div> };
    }
    let page = document::read(&String::from_utf8_lossy(&exchange.body), &url);
    let visits = Visits {
        from: url,
        on_visit: props.on_visit.clone(),
    };
    let left_out: Vec<String> = page
        .left_out
        .entries()
        .iter()
        .map(|(name, count)| match count {
            1 => name.clone(),
            count => format!("{name} ×{count}"),
        })
        .collect();
    html! {
        <div class="drawn">
            if !page.title.is_empty() { <p class="title">{ &page.title }</p> }
            <div class="inert">{ for page.pieces.iter().map(|piece| visits.draw(piece)) }</div>
            if !left_out.is_empty() {
                <p class="aside">{ format!("Not run and not loaded here: {}.", left_out.join(", ")) }</p>
            }
            if page.is_cut { <p class="aside">{ "The page goes on; this much of it is drawn." }</p> }
        </div>
    }
}

struct Visits {
    from: String,
    on_visit: Callback<Visit>,
}

impl Visits {
    fn draw(&self, piece: &Piece) -> Html {
        match piece {
            Piece::Text(text) => html! { { text } },
            Piece::Element("br", _) => html! { <br /> },
            Piece::Element("hr", _) => html! { <hr /> },
            Piece::Element(tag, children) => {
                html! { <@{*tag}>{ for children.iter().map(|child| self.draw(child)) }</@> }
            }
            Piece::Image(alt) if alt.is_empty() => html! { <span class="image">{ "image" }</span> },
            Piece::Image(alt) => html! { <span class="image">{ format!("image: {alt}") }</span> },
            Piece::Link(to, children) => {
                let children = children.iter().map(|child| self.draw(child));
                match to {
                    Err(why) => {
                        html! { <span class="dead" title={why.clone()}>{ for children }</span> }
                    }
                    Ok(url) => {
                        let visit = Visit {
                            method: "GET".into(),
                            url: url.clone(),
                            from: self.from.clone(),
                            ..Visit::default()
                        };
                        let onclick = self.on_visit.reform(move |event: MouseEvent| {
                            event.prevent_default();
                            visit.clone()
                        });
                        html! { <button type="button" class="link" title={url.clone()} {onclick}>{ for children }</button> }
                    }
                }
            }
            Piece::Form(form, children) => {
                let children = children.iter().map(|child| self.draw(child));
                let (form, from, on_visit) =
                    (form.clone(), self.from.clone(), self.on_visit.clone());
                let onsubmit = Callback::from(move |event: SubmitEvent| {
                    event.prevent_default();
                    event.stop_propagation();
                    let element = event
                        .target()
                        .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
                    if let (Some(element), Ok(action)) = (element, &form.action) {
                        let pressed = event.submitter().map(Element::from);
                        let fields = gather(&element, pressed);
                        on_visit.emit(visit(&form, action, &fields, &from));
                    }
                });
                html! { <form {onsubmit} autocomplete="off">{ for children }</form> }
            }
            Piece::Field(field) => draw_field(field),
        }
    }
}

fn draw_field(field: &Field) -> Html {
    let (name, value, label) = (field.name.clone(), field.value.clone(), field.label.clone());
    match &field.kind {
        FieldKind::Input(kind @ ("checkbox" | "radio")) => {
            let value = if value.is_empty() {
                "on".to_owned()
            } else {
                value
            };
            html! { <input type={*kind} {name} {value} checked={field.is_on} aria-label={label} /> }
        }
        FieldKind::Input(kind) => {
            html! { <input type={*kind} {name} {value} aria-label={label} autocomplete="off" /> }
        }
        FieldKind::Area => html! { <textarea {name} aria-label={label} defaultvalue={value} /> },
        FieldKind::Select(options) => {
            let options = options.iter().map(|(value, text, selected)| {
                html! { <option value={value.clone()} selected={*selected}>{ text }</option> }
            });
            html! { <select {name} aria-label={label}>{ for options }</select> }
        }
        FieldKind::Submit => {
            html! { <button type="submit" class="btn" {name} {value}>{ label }</button> }
        }
        FieldKind::Idle => {
            html! { <button type="button" class="btn" disabled=true>{ label }</button> }
        }
    }
}

type Fields = Vec<(String, String)>;

/// What a form would send.
fn gather(form: &HtmlFormElement, pressed: Option<Element>) -> Fields {
    let mut fields = Fields::new();
    if let Ok(data) = FormData::new_with_form(form)
        && let Ok(Some(entries)) = js_sys::try_iter(&data)
    {
        for entry in entries.flatten() {
            let entry = js_sys::Array::from(&entry);
            let text = |place| entry.get(place).as_string();
            if let (Some(name), Some(value)) = (text(0), text(1)) {
                fields.push((name, value));
            }
        }
    }
    let name = pressed
        .as_ref()
        .and_then(|pressed| pressed.get_attribute("name"));
    if let Some((name, pressed)) = name.filter(|name| !name.is_empty()).zip(pressed) {
        fields.push((name, pressed.get_attribute("value").unwrap_or_default()));
    }
    fields
}

/// <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-algorithm>
fn visit(form: &Form, action: &str, fields: &Fields, from: &str) -> Visit {
    let encoded = || {
        let plus = |text: &str| escaped(text).replace("%20", "+");
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", plus(name), plus(value)))
            .collect();
        pairs.join("&")
    };
    let mut visit = Visit {
        method: if form.posts { "POST" } else { "GET" }.into(),
        url: action.to_owned(),
        from: from.to_owned(),
        ..Visit::default()
    };
    if !form.posts {
        let bare = action.split(['?', '#']).next().unwrap_or(action);
        visit.url = format!("{bare}?{}", encoded());
        return visit;
    }
    (visit.content_type, visit.body) = match form.encoding {
        Encoding::Url => ("application/x-www-form-urlencoded".to_owned(), encoded()),
        Encoding::Text => {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("{name}={value}\r\n"));
            ("text/plain".to_owned(), lines.collect())
        }
        Encoding::Multipart => {
            const BOUNDARY: &str = "----terrarium-form-boundary";
            let clean = |text: &str| {
                text.replace('"', "%22")
                    .replace('\r', "%0D")
                    .replace('\n', "%0A")
            };
            let parts = fields.iter().map(|(name, value)| {
                let name = clean(name);
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            });
            (
                format!("multipart/form-data; boundary={BOUNDARY}"),
                format!("{}--{BOUNDARY}--\r\n", parts.collect::<String>()),
            )
        }
    };
    visit
}
