//! The requests that are followed: a letter, what is asked, how it stands. A press follows one by hand, or no longer.

use recording::{
    Following, Highlight, Letter, Lit, Playhead, Recording, Shared,
    network::{Fate, RequestIndex},
    time,
};
use yew::{Callback, Html, MouseEvent, Properties, classes, function_component, html};

/// The class that carries a followed request's colour, or that of any other.
pub fn request_class(letter: Option<Letter>) -> &'static str {
    const CLASSES: [&str; 5] = ["r-a", "r-b", "r-c", "r-d", "r-e"];
    letter
        .and_then(Letter::colour)
        .map_or("r-x", |colour| CLASSES[colour])
}

/// Round, with its letter: a request that is followed.
pub fn dot(letter: Letter) -> Html {
    html! { <i class={classes!("dot", request_class(Some(letter)))} aria-hidden="true">{ letter.name() }</i> }
}

/// Follows a request by hand, `None` nobody.
pub type OnFollow = Callback<Option<RequestIndex>>;

#[derive(Clone, PartialEq, Properties)]
pub struct FollowedProps {
    pub recording: Shared,
    pub playhead: Playhead,
    pub following: Following,
    pub lit: Lit,
    pub on_follow: OnFollow,
}

#[function_component]
pub fn Followed(props: &FollowedProps) -> Html {
    let recording = props.recording.read();
    let network = recording.network();
    let event = recording.snap(props.playhead.event);
    let now_ns = recording.time_ns(event);
    let slots = props.following.at(network, event);
    let slots = slots.into_iter().map(|(letter, request)| {
        let Some(request) = request else {
            // Places never move: a letter that nobody has keeps its room.
            return html! { <li class="free"><i class="dot">{ letter.name() }</i></li> };
        };
        let (state, under_way) = standing(&recording, request, event, now_ns);
        let line = recording.request_line(request);
        let pressed = props.following.follows(network, request);
        let lit = props.lit.has_request(&recording, request).then_some("lit");
        let onclick = props.on_follow.reform(move |_: MouseEvent| Some(request));
        let title = match pressed {
            true => format!("Follow {} no longer: {line}, {state}", letter.name()),
            false => format!("Follow {} alone: {line}, {state}", letter.name()),
        };
        html! {
            <li>
                <button class={classes!(lit, (!under_way).then_some("over"))} aria-pressed={pressed.to_string()}
                    data-is={Highlight::Request(request).name()} {title} {onclick}>
                    { dot(letter) }<b>{ line }</b><small>{ state }</small>
                </button>
            </li>
        }
    });
    let none = props.on_follow.reform(|_: MouseEvent| None);
    html! {
        <section class="followed" aria-label="Followed requests">
            <ul>{ for slots }</ul>
            if props.following.is_by_hand() {
                <button class="btn bare" onclick={none}>{ "Follow all in turn" }</button>
            }
        </section>
    }
}

/// `under way for 12 ms`, and whether it is.
fn standing(
    recording: &Recording,
    request: RequestIndex,
    event: protocol::EventId,
    now_ns: u64,
) -> (String, bool) {
    let known = recording.network().request(request);
    let sent_ns = recording.time_ns(known.sent);
    if known.sent > event {
        return (format!("to be sent at {}", time::point(sent_ns)), false);
    }
    match known.end.filter(|(end, _)| *end <= event) {
        None => {
            let since_ns = now_ns.saturating_sub(sent_ns);
            (time::length(since_ns), true)
        }
        Some((end, fate)) => {
            let length = time::length(recording.time_ns(end).saturating_sub(sent_ns));
            let how = match fate {
                Fate::Answered => "answered",
                Fate::Refused => "refused",
                Fate::CutShort => "cut short",
                Fate::GivenUp => "given up",
            };
            (format!("{how}, {length}"), false)
        }
    }
}
