//! Which request is looked at, and the list from which another is chosen: found by words, sorted by its columns.

use recording::{
    Following, Highlight, Lit, Playhead, Shared, TimeCommand, network::RequestIndex,
    requests::RequestOrder, time, words::some,
};
use web_sys::HtmlInputElement;
use yew::{
    Callback, Html, InputEvent, MouseEvent, Properties, TargetCast, classes, function_component,
    hook, html, use_memo, use_state,
};

use super::{
    Chosen,
    caption::flip,
    following::dot,
    glyphs::{Icon, icon},
};
use crate::erased::erased;

/// More are only counted: who looks for one of them types a word of it.
const ROWS_MAX: usize = 60;

/// Of a view of one request.
#[derive(Clone, PartialEq, Properties)]
pub struct RequestViewProps {
    pub recording: Shared,
    pub playhead: Playhead,
    #[prop_or_default]
    pub lit: Lit,
    #[prop_or_default]
    pub following: Following,
    #[prop_or_default]
    pub chosen: Option<Chosen>,
    pub on_select: Callback<Option<Chosen>>,
    pub on_command: Callback<TimeCommand>,
}

/// The one that the reader chose, as the one that it serves, or the slowest.
#[hook]
pub fn use_request(props: &RequestViewProps) -> Option<RequestIndex> {
    let recording = props.recording.read();
    let network = recording.network();
    let slowest = use_memo(props.recording.clone(), |shown| {
        shown.read().slowest_request()
    });
    let chosen = props.chosen.and_then(|chosen| chosen.request(network));
    chosen.map(|request| network.root(request)).or(*slowest)
}

pub fn chooser(props: &RequestViewProps, shown: RequestIndex) -> Html {
    erased::<Requests>(RequestsProps {
        recording: props.recording.clone(),
        following: props.following.clone(),
        shown,
        lit: props.lit,
        on_select: props.on_select.clone(),
    })
}

pub fn nothing_yet(view: &'static str) -> Html {
    html! {
        <div class="view" tabindex="0" role="group" aria-label={view}>
            <p class="say" role="status"><b>{ "Nothing is asked yet." }</b>{ " " }<span>{ "The first request, and all that it leads to, will stand here." }</span></p>
        </div>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct RequestsProps {
    recording: Shared,
    following: Following,
    shown: RequestIndex,
    lit: Lit,
    on_select: Callback<Option<Chosen>>,
}

#[function_component]
fn Requests(props: &RequestsProps) -> Html {
    let is_open = use_state(bool::default);
    let words = use_state(String::new);
    let order = use_state(|| (RequestOrder::Took, true));
    let recording = props.recording.read();
    let found = {
        let shown = props.recording.clone();
        let wanted = (
            is_open.then(|| props.recording.clone()),
            (*words).clone(),
            *order,
        );
        use_memo(
            wanted,
            move |(is_open, words, (order, is_descending))| match is_open {
                Some(_) => shown.read().requests_by(words, *order, *is_descending),
                None => Vec::new(),
            },
        )
    };
    let toggle = flip(&is_open);
    let oninput = {
        let words = words.clone();
        Callback::from(move |event: InputEvent| {
            words.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let mark = |request| {
        let letter = props.following.letter(recording.network(), request);
        letter.map(dot).unwrap_or_default()
    };
    let (status, failed) = recording.request_status(props.shown);
    let heading = |name: &'static str, by: Option<RequestOrder>| {
        let Some(by) = by else {
            return html! { <th scope="col">{ name }</th> };
        };
        let (now, is_descending) = *order;
        let sorted = match (now == by, is_descending) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        };
        let onclick = {
            let order = order.clone();
            // Long ones and late statuses first: that is what one looks for.
            Callback::from(move |_: MouseEvent| {
                order.set((
                    by,
                    if now == by {
                        !is_descending
                    } else {
                        by != RequestOrder::Sent
                    },
                ));
            })
        };
        html! { <th scope="col" aria-sort={sorted}><button class="sort" {onclick}>{ name }</button></th> }
    };
    let rows = found.iter().take(ROWS_MAX).map(|request| {
        let request = *request;
        let known = recording.network().request(request);
        let (status, failed) = recording.request_status(request);
        let onclick = {
            let (is_open, on_select) = (is_open.clone(), props.on_select.clone());
            Callback::from(move |_: MouseEvent| {
                is_open.set(false);
                on_select.emit(Some(Chosen::Request(request)));
            })
        };
        let class = classes!(
            (request == props.shown).then_some("chosen"),
            props.lit.has_request(&recording, request).then_some("lit"),
        );
        html! {
            <tr key={request} {class} data-is={Highlight::Request(request).name()}>
                <th scope="row">{ mark(request) }<button class="link" {onclick}>{ recording.request_line(request) }</button></th>
                <td class={failed.then_some("failed")}>{ status }</td>
                <td>{ time::point(recording.time_ns(known.sent)) }</td>
                <td>{ time::length(recording.request_ns(request)) }</td>
            </tr>
        }
    });
    html! {
        <div class="asked">
            <button class="btn" aria-expanded={is_open.to_string()} aria-controls="requests" onclick={toggle}
                data-is={Highlight::Request(props.shown).name()} title="Choose another request">
                { mark(props.shown) }
                <span class="of">{ recording.request_line(props.shown) }</span>
                <span class={classes!("how", failed.then_some("failed"))}>{ status }</span>
                <span class="how">{ time::length(recording.request_ns(props.shown)) }</span>
                { icon(Icon::Down) }
            </button>
            if *is_open {
                <div class="requests" id="requests">
                    <input type="search" aria-label="Search requests" placeholder="Search: a path, a status, a trace"
                        value={(*words).clone()} {oninput} />
                    <div class="list" tabindex="0" role="group" aria-label="Requests">
                        <table>
                            <thead><tr>{ heading("request", None) }{ heading("status", Some(RequestOrder::Status)) }
                                { heading("sent", Some(RequestOrder::Sent)) }{ heading("took", Some(RequestOrder::Took)) }</tr></thead>
                            <tbody>{ for rows }</tbody>
                        </table>
                    </div>
                    <p role="status">
                        { match found.len() {
                            0 => "None is like that.".to_owned(),
                            many if many > ROWS_MAX => format!("{} in all; the first {ROWS_MAX} are shown.", some(many, "request")),
                            many => format!("{} in all.", some(many, "request")),
                        } }
                    </p>
                </div>
            }
        </div>
    }
}
