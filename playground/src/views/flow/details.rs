//! What there is to say of a packet or a host, and the table that says all of the map in words.

use protocol::{EventKind, trace::PacketId};
use recording::{
    Highlight, Letter, Recording, TimeCommand,
    inject::Injection,
    network::{Fate, HostIndex, RequestIndex},
    score::BLOCKED_NS,
    sentence, time,
    words::{self, some},
};
use yew::{Callback, Html, MouseEvent, html};

use super::{
    super::{caption::columns, following::dot},
    Chosen, Picture,
};

/// Over so long a core's share is told of.
const CPU_WINDOW_NS: u64 = 100 * time::MS;

/// What a host's box says.
pub struct HostState {
    pub what: String,
    pub does: String,
    /// Said instead, when a callback has held a loop for long.
    pub blocked: Option<String>,
    /// Nothing runs there any more.
    pub gone: bool,
}

pub fn host_state(picture: &Picture, host: HostIndex) -> HostState {
    let recording = picture.recording;
    let known = &picture.network.hosts()[host];
    let here = |process: &protocol::ProcessId| recording.program(*process).1 == known.name;
    let processes: Vec<_> = recording.processes().filter(here).collect();
    let open = picture.network.connections_open(host, picture.event);
    let mut blocked = None;
    let mut running = 0;
    let mut ended = 0;
    let mut says = String::new();
    for process in &processes {
        let state = recording.state_at(*process, picture.event, 1);
        ended += usize::from(state.ended.is_some());
        if let Some(task) = state.running {
            running += 1;
            let started = recording.task(task).started;
            let held_ns = state
                .time_ns
                .saturating_sub(started.map_or(0, |event| recording.time_ns(event)));
            says = format!("runs {}", recording.task_label(task));
            if held_ns >= BLOCKED_NS {
                blocked = Some(format!("blocked for {}", time::length(held_ns)));
            }
        } else if let Some(call) = state.stack.first() {
            running += 1;
            says = format!("runs {}", recording.call_label(&state, call));
        } else if says.is_empty() {
            says = match (state.ended, state.asleep, state.phase) {
                (Some(ended), ..) => format!("ended, code {}", ended.code),
                (None, Some(_), _) => "asleep in poll".to_owned(),
                (None, None, Some(phase)) => format!("in {}", words::phase_name(phase)),
                (None, None, None) => "begins".to_owned(),
            };
        }
    }
    let what = match (&processes[..], &known.machines[..]) {
        ([], []) => "outside".to_owned(),
        ([], machines) => machines.join(", "),
        ([process], _) => format!("node {}", recording.program(*process).0),
        (many, _) => format!("{} processes", many.len()),
    };
    if processes.len() > 1 {
        says = format!("{running} running");
    }
    HostState {
        what,
        does: match says.is_empty() {
            true => some(open, "connection"),
            false => says,
        },
        blocked,
        gone: !processes.is_empty() && ended == processes.len(),
    }
}

/// `GET /notes, 63 bytes, from phone to api`.
pub fn packet_name(recording: &Recording, packet: PacketId) -> String {
    let Some(known) = recording.network().packet(packet) else {
        return String::new();
    };
    let line = match (
        recording.message(packet),
        recording.event(known.sent).map(|event| &event.kind),
    ) {
        (Some(message), _) => format!("{}, {}", message.line, some(known.bytes as usize, "byte")),
        (
            None,
            Some(EventKind::PacketSent {
                content,
                bytes,
                head,
                ..
            }),
        ) => recording::sentence::what(*content, *bytes, head),
        (None, _) => String::new(),
    };
    let (from, to) = ends(recording, packet);
    format!("{line}, from {from} to {to}")
}

fn ends(recording: &Recording, packet: PacketId) -> (String, String) {
    let network = recording.network();
    let link = network
        .packet(packet)
        .map(|packet| &network.links()[packet.link]);
    link.map_or_else(Default::default, |link| {
        let name = |host: HostIndex| network.hosts()[host].name.clone();
        (name(link.from), name(link.to))
    })
}

pub fn panel(picture: &Picture, chosen: Chosen) -> Html {
    let close = picture.choose.reform(|_: MouseEvent| None);
    let (title, body) = match chosen {
        Chosen::Packet(packet) => packet_panel(picture, packet),
        Chosen::Host(host) => host_panel(picture, host),
        Chosen::Request(request) => request_panel(picture, request),
    };
    html! {
        <section class="insp" aria-label="Details">
            <div class="head-line"><h4>{ title }</h4>
                <button class="btn bare" onclick={close}>{ "Close" }</button></div>
            { body }
        </section>
    }
}

fn go(picture: &Picture, event: protocol::EventId) -> Html {
    let onclick = picture
        .props
        .on_command
        .reform(move |_: MouseEvent| TimeCommand::Seek(event));
    html! { <button class="link" {onclick}>{ time::point(picture.recording.time_ns(event)) }</button> }
}

fn packet_panel(picture: &Picture, packet: PacketId) -> (Html, Html) {
    let recording = picture.recording;
    let Some(known) = picture.network.packet(packet) else {
        return Default::default();
    };
    let (from, to) = ends(recording, packet);
    let message = recording.message(packet);
    let mark = picture.letter(known.request);
    let title = match &message {
        Some(message) => message.line.clone(),
        None => packet_name(recording, packet),
    };
    let cause = recording.event(known.sent).and_then(|sent| sent.cause);
    let why = cause.map(|cause| sentence(recording, cause).what_of_whom());
    let title = html! {
        <>
            if let Some(mark) = mark { { dot(mark) } }
            { title }
        </>
    };
    let left = match known.left {
        Some(event) if known.lost => html! { <>{ go(picture, event) }{ ", lost" }</> },
        Some(event) => go(picture, event),
        None => html! { "not in this recording" },
    };
    let body = html! {
        <>
            <dl>
                <dt>{ "from" }</dt><dd>{ from }</dd>
                <dt>{ "to" }</dt><dd>{ to }</dd>
                <dt>{ "leaves" }</dt><dd>{ go(picture, known.sent) }</dd>
                <dt>{ "arrives" }</dt><dd>{ left }</dd>
                <dt>{ "carries" }</dt><dd>{ some(known.bytes as usize, "byte") }</dd>
                if let Some(request) = known.request { { request_rows(picture, request) } }
                if let Some(trace) = message.as_ref().and_then(|message| message.trace.as_ref()) {
                    <><dt>{ "trace" }</dt><dd><code>{ &trace.trace }</code></dd>
                    <dt>{ "called by span" }</dt><dd><code>{ &trace.parent }</code></dd></>
                }
            </dl>
            if let Some(message) = message {
                <div class="wire" tabindex="0" role="group" aria-label={format!("Its content as {}", message.protocol)}>
                    { for message.fields.iter().map(|(name, value)| html! { <p><span>{ name }{ ": " }</span>{ value }</p> }) }
                    if let Some(body) = &message.body { <pre>{ body }</pre> }
                </div>
            }
            { for known.request.map(|request| path(picture, request)) }
            if let Some(why) = why { <p class="why"><b>{ "Why it is here. " }</b>{ why }</p> }
        </>
    };
    (title, body)
}

fn request_panel(picture: &Picture, request: RequestIndex) -> (Html, Html) {
    let mark = picture.letter(Some(request));
    let title = html! {
        <>
            if let Some(mark) = mark { { dot(mark) } }
            { picture.recording.request_line(request) }
        </>
    };
    let body = html! { <><dl>{ request_rows(picture, request) }</dl>{ path(picture, request) }</> };
    (title, body)
}

/// Where the request's time went, as far as it has.
fn path(picture: &Picture, request: RequestIndex) -> Html {
    let spans = picture.recording.critical_path(request);
    let spans = spans.iter().map(|span| {
        let event = span.event;
        let onclick = picture.props.on_command.reform(move |_: MouseEvent| TimeCommand::Seek(event));
        let later = (event > picture.event).then_some("later");
        let lit = picture.props.lit.has_event(picture.recording, event).then_some("lit");
        html! { <li class={yew::classes!(later, lit)} data-is={Highlight::Event(event).name()}><button class="link" {onclick}>{ picture.recording.span_words(span) }</button></li> }
    });
    let spans: Vec<Html> = spans.collect();
    if spans.is_empty() {
        return Html::default();
    }
    html! { <><h5>{ "Where its time goes" }</h5><ol class="path">{ for spans }</ol></> }
}

/// Follows it by hand, or no longer.
fn follow(picture: &Picture, request: RequestIndex) -> Html {
    let props = picture.props;
    let words = match (
        props.following.follows(picture.network, request),
        picture.letter(Some(request)),
    ) {
        (true, Some(letter)) => format!("as {}, by hand; no longer", letter.name()),
        (_, Some(letter)) => format!("as {}, in turn; by hand", letter.name()),
        (_, None) => "not; follow it".to_owned(),
    };
    let onclick = props.on_follow.reform(move |_: MouseEvent| Some(request));
    html! { <button class="link" {onclick}>{ words }</button> }
}

fn request_rows(picture: &Picture, request: RequestIndex) -> Html {
    let network = picture.network;
    let known = network.request(request);
    let outcome = match known.end {
        Some((event, fate)) if event <= picture.event => {
            let after_ns = picture
                .recording
                .time_ns(event)
                .saturating_sub(picture.recording.time_ns(known.sent));
            let how = match fate {
                Fate::Answered => "answered",
                Fate::Refused => "refused",
                Fate::CutShort => "cut short",
                Fate::GivenUp => "given up",
            };
            format!("{how} after {}", time::length(after_ns))
        }
        _ => "under way".to_owned(),
    };
    let root = network.root(request);
    html! {
        <>
            <dt>{ "request" }</dt><dd>{ picture.recording.request_line(request) }{ ", " }{ outcome }</dd>
            <dt>{ "followed" }</dt><dd>{ follow(picture, request) }</dd>
            if root != request {
                <><dt>{ "for the sake of" }</dt><dd>{ picture.recording.request_line(root) }</dd></>
            }
        </>
    }
}

fn host_panel(picture: &Picture, host: HostIndex) -> (Html, Html) {
    let recording = picture.recording;
    let known = &picture.network.hosts()[host];
    let here = recording
        .processes()
        .filter(|process| recording.program(*process).1 == known.name);
    let processes = here.map(|process| {
        let state = recording.state_at(process, picture.event, 1);
        let top = state.stack.first().map(|call| format!("{}, {}", recording.call_label(&state, call), recording.call_place(&state, call)));
        let pool = recording.pool_at(process, picture.event);
        let window_ns = CPU_WINDOW_NS.min(state.time_ns).max(1);
        let busy_ns = recording.busy_ns(process, state.time_ns - window_ns.min(state.time_ns), picture.event);
        let heap = recording.heap_used_bytes(process, picture.event).filter(|_| state.ended.is_none());
        let queues: Vec<String> = recording::Lane::ALL
            .into_iter()
            .map(|lane| (lane, state.waiting(lane).count))
            .filter(|(_, count)| *count > 0)
            .map(|(lane, count)| format!("{count} {}", lane.short_name()))
            .collect();
        html! {
            <>
                <dt>{ "process" }</dt><dd>{ format!("node {}, {}", recording.program(process).0, words::turn_name(&state)) }</dd>
                <dt>{ "phase" }</dt><dd>{ state.phase.map_or("before the loop", words::phase_name) }{ if state.asleep.is_some() { ", asleep" } else { "" } }</dd>
                <dt>{ "on the stack" }</dt><dd>{ top.unwrap_or_else(|| "nothing".to_owned()) }</dd>
                <dt>{ "waiting" }</dt><dd>{ if queues.is_empty() { "nothing".to_owned() } else { queues.join(", ") } }</dd>
                <dt>{ "CPU" }</dt><dd>{ format!("busy for {} % of the last {}", busy_ns * 100 / window_ns, time::length(window_ns)) }</dd>
                <dt>{ "memory" }</dt><dd>{ heap.map_or("none".to_owned(), words::bytes) }</dd>
                <dt>{ "pool" }</dt><dd>{ format!("{} of {} busy, {} waiting", pool.busy(), pool.threads.len(), pool.waiting.len()) }</dd>
            </>
        }
    });
    let body = html! {
        <>
            <dl>
                { for processes }
                { for known.machines.iter().map(|machine| html! { <><dt>{ "modelled" }</dt><dd>{ machine }</dd></> }) }
                <dt>{ "connections" }</dt><dd>{ picture.network.connections_open(host, picture.event) }</dd>
            </dl>
            if let Some(on_inject) = &picture.props.on_inject {
                { breakable(picture, host, on_inject) }
            }
        </>
    };
    (html! { { &known.name } }, body)
}

/// What can go wrong here from the playhead on: the run begins anew with it, and is shown beside this one.
fn breakable(picture: &Picture, host: HostIndex, on_inject: &Callback<Injection>) -> Html {
    let name = &picture.network.hosts()[host].name;
    let can = picture.recording.breakable(host, picture.event);
    let button = |words: &'static str, injection: Injection| {
        let onclick = on_inject.reform(move |_: MouseEvent| injection.clone());
        html! { <button class="btn" {onclick}>{ words }</button> }
    };
    let of_host = can.host.into_iter().map(|what| {
        let host = name.clone();
        button(what.words(), Injection::Host { host, what })
    });
    let of_links = can.links.into_iter().map(|(other, faults)| {
        let label = format!("The link with {other}");
        let buttons = faults.into_iter().map(|what| {
            let hosts = [name.clone(), other.clone()];
            button(what.words(), Injection::Link { hosts, what })
        });
        html! { <><h6>{ &label }</h6><div class="inject" role="group" aria-label={label}>{ for buttons }</div></> }
    });
    html! {
        <>
            <h5>{ format!("Change it at {}", time::point(picture.recording.time_ns(picture.event))) }</h5>
            <p class="aside">{ "The program runs again with the change in it, and both runs are shown side by side." }</p>
            <div class="inject" role="group" aria-label={format!("Change {name}")}>{ for of_host }</div>
            { for of_links }
        </>
    }
}

/// Hosts and what is on its way, row by row.
pub fn twin(picture: &Picture) -> Html {
    const ROWS_MAX: usize = 100;
    let recording = picture.recording;
    let network = picture.network;
    let hosts = (0..network.hosts().len()).map(|host| {
        let state = host_state(picture, host);
        let onclick = picture.choose.reform(move |_: MouseEvent| Some(Chosen::Host(host)));
        html! {
            <tr><th scope="row"><button class="link" {onclick}>{ &network.hosts()[host].name }</button></th>
                <td>{ state.what }</td><td>{ state.blocked.unwrap_or(state.does) }</td></tr>
        }
    });
    let mut packets = Vec::new();
    let mut count = 0;
    for link in 0..network.links().len() {
        count += network.in_flight_count(link, picture.event);
        let room = ROWS_MAX - packets.len();
        packets.extend(recording.travelling(link, picture.event, picture.time_ns, room));
    }
    let shown = packets.len();
    let packets = packets.into_iter().map(|packet| {
        let id = packet.packet;
        let onclick = picture.choose.reform(move |_: MouseEvent| Some(Chosen::Packet(id)));
        let mark = picture.letter(packet.request).map_or("", Letter::name);
        html! {
            <tr class={yew::classes!(picture.lights(id))} data-is={Highlight::Packet(id).name()}><th scope="row">{ mark }{ " packet" }</th><td><button class="link" {onclick}>{ packet_name(recording, id) }</button></td>
                <td>{ format!("{} % of its way", (packet.way * 100.0).round() as u32) }</td></tr>
        }
    });
    html! {
        <table class="twin">
            <caption>{ format!("The world at {}", time::point(recording.time_ns(picture.event))) }</caption>
            { columns(&["where", "what", "how it stands"]) }
            <tbody>
                { for hosts }
                { for packets }
                if count > shown {
                    <tr><th scope="row">{ "more" }</th><td>{ some(count - shown, "packet") }</td><td></td></tr>
                }
            </tbody>
        </table>
    }
}
