//! The world as a map at the playhead: hosts, the links between them, and packets on their way.
//!
//! A packet is a seed: full as it asks, hollow as it answers, its tip where it goes, its size by the logarithm of its
//! bytes, its colour and letter those of the request for whose sake it travels. Of more than [`SEEDS_MAX`] on a link
//! only those with a letter are drawn singly; the others are a stipple as dense as they are many, with their number.
//! A press on a packet or a host opens what the recording knows of it ([`details`]); the text twin says all in words.

mod details;
mod map;

use std::rc::Rc;

use protocol::{EventId, trace::PacketId};
use recording::{
    Following, Highlight, Letter, Lit, Playhead, Recording, Shared, TimeCommand,
    inject::Injection,
    network::{HostIndex, LinkIndex, Network, RequestIndex, Travelling},
    sentence, time,
    words::some,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::{
    Callback, Html, MouseEvent, Properties, classes, function_component, html, use_memo,
    use_mut_ref, use_node_ref, use_state,
};

pub use self::map::Places;
use self::map::{Map, NODE_HEIGHT_PX, NODE_WIDTH_PX};
use super::{
    Chosen,
    caption::{caption, live},
    drawn,
    following::{Followed, FollowedProps, OnFollow, request_class},
    measure::use_width_px,
};
use crate::erased::erased;

/// More packets on one link are not told apart.
const SEEDS_MAX: usize = 40;
/// Of a stipple's dots, which are 5 px wide.
const DOT_GAP_PX_MIN: f64 = 2.0;
const KEY_STEP_PX: f64 = 12.0;
const WIDTH_PX_UNTIL_MEASURED: u32 = 520;

#[derive(Clone, PartialEq, Properties)]
pub struct FlowProps {
    pub recording: Shared,
    pub playhead: Playhead,
    pub chosen: Option<Chosen>,
    pub on_select: Callback<Option<Chosen>>,
    pub lit: Lit,
    pub following: Following,
    pub on_follow: OnFollow,
    /// Where the reader has put hosts.
    pub places: Rc<Places>,
    pub on_place: Callback<(String, (i32, i32))>,
    pub on_command: Callback<TimeCommand>,
    /// `None` while nothing can be broken.
    pub on_inject: Option<Callback<Injection>>,
}

#[function_component]
pub fn FlowView(props: &FlowProps) -> Html {
    let as_text = use_state(bool::default);
    let plate = use_node_ref();
    let dragged = use_mut_ref(|| None::<(HostIndex, bool)>);
    let recording = props.recording.read();
    let network = recording.network();
    let width_px = use_width_px(&plate, !*as_text).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    let map = {
        let shown = (
            network.hosts().len(),
            network.links().len(),
            width_px,
            props.places.clone(),
        );
        let recording = props.recording.clone();
        use_memo(shown, move |(_, _, width_px, places)| {
            Map::new(recording.read().network(), f64::from(*width_px), places)
        })
    };
    let event = recording.snap(props.playhead.event);
    let told = sentence(&recording, event);
    let picture = Picture {
        props,
        recording: &recording,
        network,
        map: &map,
        event,
        time_ns: props.playhead.gliding_ns(&recording),
        chosen: props.chosen,
        choose: &props.on_select,
    };
    let followed = erased::<Followed>(FollowedProps {
        recording: props.recording.clone(),
        playhead: props.playhead,
        following: props.following.clone(),
        lit: props.lit,
        on_follow: props.on_follow.clone(),
    });
    html! {
        <div class="view" tabindex="0" role="group" aria-label="The flow">
            { caption(&told, live(props.playhead.playing), &as_text) }
            { followed }
            if *as_text {
                { details::twin(&picture) }
            } else {
                <div class={classes!("flow", props.playhead.stepped.then_some("steps"))} ref={plate}
                    style={drawn("height:#px", &[map.height_px])}>
                    <svg width={drawn("#", &[map.width_px])} height={drawn("#", &[map.height_px])} aria-hidden="true">
                        { for (0..network.links().len()).map(|link| edge(&picture, link)) }
                    </svg>
                    { for (0..network.hosts().len()).map(|host| node(&picture, host, &dragged)) }
                    { for (0..network.links().len()).map(|link| seeds(&picture, link)) }
                </div>
            }
            <p class="tally">{ tally(network, event) }</p>
            if let Some(choice) = props.chosen {
                { details::panel(&picture, choice) }
            }
        </div>
    }
}

/// What all parts of the picture are drawn from.
struct Picture<'a> {
    props: &'a FlowProps,
    recording: &'a Recording,
    network: &'a Network,
    map: &'a Map,
    event: EventId,
    time_ns: u64,
    chosen: Option<Chosen>,
    choose: &'a Callback<Option<Chosen>>,
}

impl Picture<'_> {
    fn letter(&self, request: Option<RequestIndex>) -> Option<Letter> {
        self.props.following.letter(self.network, request?)
    }

    fn lights(&self, packet: PacketId) -> Option<&'static str> {
        let lit = &self.props.lit;
        lit.has_packet(self.recording, packet).then_some("lit")
    }
}

fn tally(network: &Network, event: EventId) -> String {
    let counts = network.counts(event);
    let number = |count: usize| time::count(count as u64);
    format!(
        "{} sent: {} answered, {} failed, {} under way.",
        some(counts.sent, "request"),
        number(counts.answered),
        number(counts.failed),
        number(counts.in_flight)
    )
}

// --- links ---

fn edge(picture: &Picture, link: LinkIndex) -> Html {
    let known = &picture.network.links()[link];
    let way = picture.map.way(known.from, known.to);
    let count = picture.network.in_flight_count(link, picture.event);
    let gap_px = way.length_px() / count.max(1) as f64;
    // Nearer to each other dots are a line, which is drawn in a tenth of their time.
    let dots = (gap_px >= DOT_GAP_PX_MIN).then(|| drawn("0 #", &[gap_px]));
    html! {
        <>
            <path class="edge" d={way.path()} />
            if count > SEEDS_MAX {
                <path class="stipple" d={way.path()} stroke-dasharray={dots} />
            }
        </>
    }
}

fn seeds(picture: &Picture, link: LinkIndex) -> Html {
    let known = &picture.network.links()[link];
    let way = picture.map.way(known.from, known.to);
    let count = picture.network.in_flight_count(link, picture.event);
    // Beyond the bound a thousand are looked at for those with a letter; more no picture can show.
    let max = if count > SEEDS_MAX { 1_000 } else { SEEDS_MAX };
    let packets = picture
        .recording
        .travelling(link, picture.event, picture.time_ns, max);
    let packets = packets.iter().filter_map(|packet| {
        let letter = picture.letter(packet.request);
        (count <= SEEDS_MAX || letter.is_some()).then(|| seed(picture, packet, letter, way))
    });
    let (x, y, _) = way.at(0.5);
    html! {
        <>
            if count > SEEDS_MAX {
                <span class="many" style={drawn("left:#px;top:#px", &[x, y])}>{ some(count, "packet") }</span>
            }
            { for packets }
        </>
    }
}

/// From 4 px for a packet without content to 13 px for 64 kB.
fn radius_px(bytes: u64) -> f64 {
    match bytes {
        0 => 4.0,
        bytes => 6.0 + 7.0 * ((bytes as f64).ln() / 65_536f64.ln()).min(1.0),
    }
}

fn seed(picture: &Picture, packet: &Travelling, letter: Option<Letter>, way: map::Way) -> Html {
    let (x, y, angle) = way.at(packet.way);
    let radius = radius_px(packet.bytes);
    let name = details::packet_name(picture.recording, packet.packet);
    let choice = Chosen::Packet(packet.packet);
    let onclick = picture.choose.reform(move |_: MouseEvent| Some(choice));
    let class = classes!(
        "flow-packet",
        request_class(letter),
        (!packet.from_client).then_some("answer"),
        (picture.chosen == Some(choice)).then_some("chosen"),
        picture.lights(packet.packet),
    );
    // A circle with a tip.
    let (tip, ahead, aside) = (radius * 1.5, radius * 0.55, radius * 0.84);
    let path = drawn(
        "M# 0L# -#A# # 0 1 0 # #z",
        &[tip, ahead, aside, radius, radius, ahead, aside],
    );
    let size = radius * 4.0;
    let label = match letter {
        Some(letter) => format!("{}, {name}", letter.name()),
        None => name,
    };
    html! {
        <button key={packet.packet} {class} {onclick} title={label.clone()} aria-label={label}
            data-is={Highlight::Packet(packet.packet).name()} style={drawn("left:#px;top:#px", &[x, y])}>
            <svg width={drawn("#", &[size])} height={drawn("#", &[size])} viewBox={drawn("# # # #", &[-size / 2.0, -size / 2.0, size, size])}
                aria-hidden="true"><path d={path} transform={drawn("rotate(#)", &[angle])} /></svg>
            if let Some(letter) = letter.filter(|_| radius > 6.0) {
                <span aria-hidden="true">{ letter.name() }</span>
            }
        </button>
    }
}

// --- hosts ---

fn node(
    picture: &Picture,
    host: HostIndex,
    dragged: &Rc<std::cell::RefCell<Option<(HostIndex, bool)>>>,
) -> Html {
    let (x, y) = picture.map.hosts[host];
    let known = &picture.network.hosts()[host];
    let state = details::host_state(picture, host);
    let choice = Chosen::Host(host);
    let style = drawn(
        "left:#px;top:#px;width:#px;height:#px",
        &[
            x - NODE_WIDTH_PX / 2.0,
            y - NODE_HEIGHT_PX / 2.0,
            NODE_WIDTH_PX,
            NODE_HEIGHT_PX,
        ],
    );
    let put = {
        let (name, on_place) = (known.name.clone(), picture.props.on_place.clone());
        let map = picture.map.clone();
        move |x: f64, y: f64| {
            let (x, y) = map.within(x, y);
            on_place.emit((
                name.clone(),
                (
                    (x * 1_000.0 / map.width_px).round() as i32,
                    y.round() as i32,
                ),
            ));
        }
    };
    let onkeydown = {
        let put = put.clone();
        Callback::from(move |event: KeyboardEvent| {
            let (dx, dy) = match event.key().as_str() {
                "ArrowLeft" => (-KEY_STEP_PX, 0.0),
                "ArrowRight" => (KEY_STEP_PX, 0.0),
                "ArrowUp" => (0.0, -KEY_STEP_PX),
                "ArrowDown" => (0.0, KEY_STEP_PX),
                _ => return,
            };
            // Arrows alone step through time.
            if event.alt_key() {
                event.prevent_default();
                put(x + dx, y + dy);
            }
        })
    };
    let down = {
        let dragged = dragged.clone();
        Callback::from(move |event: PointerEvent| {
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok());
            let node = target.and_then(|target| target.closest("button").ok().flatten());
            if let (Some(node), 0) = (node, event.button()) {
                // Without capture the drag ends at the box's edge, which is all that is lost.
                let _ = node.set_pointer_capture(event.pointer_id());
                *dragged.borrow_mut() = Some((host, false));
            }
        })
    };
    let moved = {
        let dragged = dragged.clone();
        Callback::from(move |event: PointerEvent| {
            let (dx, dy) = (f64::from(event.movement_x()), f64::from(event.movement_y()));
            if let Some((held, far)) = &mut *dragged.borrow_mut()
                && *held == host
                && (*far || dx.abs() + dy.abs() > 1.0)
            {
                *far = true;
                put(x + dx, y + dy);
            }
        })
    };
    let onclick = {
        let (dragged, choose) = (dragged.clone(), picture.choose.clone());
        Callback::from(move |_: MouseEvent| {
            // The end of a drag is no press.
            if !dragged.take().is_some_and(|(_, far)| far) {
                choose.emit(Some(choice));
            }
        })
    };
    let class = classes!(
        "flow-host",
        (picture.chosen == Some(choice)).then_some("chosen"),
        state.blocked.is_some().then_some("blocked"),
        state.gone.then_some("gone"),
    );
    html! {
        <button key={format!("host-{host}")} {class} {style} {onclick} {onkeydown} onpointerdown={down} onpointermove={moved}
            title={known.name.clone()}>
            <b>{ &known.name }</b>
            <small>{ state.what }</small>
            <small>{ state.blocked.unwrap_or(state.does) }</small>
        </button>
    }
}
