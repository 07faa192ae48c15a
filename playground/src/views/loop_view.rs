//! The event loop at the playhead, as a ring pressed flat: stations along the top edge in the order in which they run,
//! the call stack and the two queues that are emptied after every callback inside, the way back along the bottom.
//! In less than 520 px the ring stands up (`loop.css`); the elements are the same.
//!
//! Places never move: an empty queue keeps its room and says so. Only callbacks are cards, because only they travel.

use protocol::{Phase, ProcessId};
use recording::{
    Following, Highlight, Lane, Letter, Lit, LoopState, Playhead, Recording, Shared, Speed,
    TaskIndex, sentence, state::Waiting, time, words,
};
use web_sys::HtmlElement;
use yew::{
    Html, NodeRef, Properties, classes, function_component, html, use_effect_with, use_mut_ref,
    use_node_ref, use_state,
};

use super::{
    caption::{caption, columns, live},
    drawn,
    following::dot,
    glyphs::{colour_class, glyph},
    measure::use_width_px,
    motion::{Places, note, travel},
};

/// More than any queue shows; the stack's and the timers' own limits are smaller.
const CARDS_MAX: usize = 8;
const STATION_CARDS: usize = 2;
const SHELF_CARDS: usize = 4;
const CALLS_MAX: usize = 5;
const RAN_MAX: usize = 10;
/// Faster than this, cards no longer travel.
const TRAVEL_STEPS_A_SECOND_MAX: u32 = 8;

#[derive(Clone, PartialEq, Properties)]
pub struct LoopProps {
    pub recording: Shared,
    pub playhead: Playhead,
    #[prop_or_default]
    pub lit: Lit,
    #[prop_or_default]
    pub following: Following,
    /// Whose loop it is.
    pub process: ProcessId,
}

#[function_component]
pub fn LoopView(props: &LoopProps) -> Html {
    let as_text = use_state(bool::default);
    let picture = use_node_ref();
    let mark = use_node_ref();
    let last_shown = use_mut_ref(|| 0);
    let recording = props.recording.read();
    let event = recording.snap(props.playhead.event);
    let width_px = use_width_px(&picture, !recording.is_empty() && !*as_text);

    {
        let picture = picture.clone();
        let mark = mark.clone();
        let playhead = props.playhead;
        let shown = (
            props.recording.clone(),
            event,
            *as_text,
            *width_px,
            props.process,
        );
        // The page still shows the moment before: where its cards are is where they will come from.
        let travels = playhead.stepped && !is_fast(&playhead);
        let before = match picture.cast::<HtmlElement>() {
            Some(picture) if travels && *last_shown.borrow() != event => note(&picture),
            _ => Places::new(),
        };
        *last_shown.borrow_mut() = event;
        use_effect_with(shown, move |_| {
            if let Some(picture) = picture.cast::<HtmlElement>() {
                travel(&picture, &before);
                place_mark(&picture, &mark, playhead.stepped);
            }
        });
    }

    if recording.is_empty() {
        return html! {
            <div class="view" role="group" aria-label="The loop">
                <div class="empty">
                    { jar() }
                    <p>{ "Nothing has run yet." }<br />{ "Press " }<b>{ "Run" }</b>{ ", and it grows here." }</p>
                </div>
            </div>
        };
    }
    let state = recording.state_at(props.process, event, CARDS_MAX);
    let scene = Scene {
        recording: &recording,
        state: &state,
        lit: props.lit,
        following: &props.following,
    };
    let told = sentence(&recording, event);
    html! {
        <div class="view" tabindex="0" role="group" aria-label="The loop">
            { caption(&told, live(props.playhead.playing), &as_text) }
            if *as_text {
                { twin(&scene) }
            } else {
                <div class="loop" ref={picture}>
                    <i class="here-mark" ref={mark} data-at={station_of(&state)} aria-hidden="true"></i>
                    <div class="stations">{ for STATIONS.iter().map(|phase| station(&scene, *phase)) }</div>
                    { hub(&scene) }
                    <div class="below">
                        { pending_timers(&scene) }
                        { thread_pool(&scene) }
                        { ran(&scene) }
                    </div>
                </div>
            }
        </div>
    }
}

/// More threads than these are only counted.
const POOL_SLOTS_MAX: usize = 8;

const STATIONS: [Phase; 6] = [
    Phase::Timers,
    Phase::Pending,
    Phase::IdlePrepare,
    Phase::Poll,
    Phase::Check,
    Phase::Close,
];

fn is_fast(playhead: &Playhead) -> bool {
    let steps = Speed::steps_a_second(playhead.speed);
    playhead.playing && steps.is_none_or(|steps| steps > TRAVEL_STEPS_A_SECOND_MAX)
}

fn station_name(phase: Phase) -> &'static str {
    match phase {
        Phase::IdlePrepare => "idle",
        other => words::phase_name(other),
    }
}

/// Before the first turn the marker stands in the siding, so that one sees that the loop has not begun.
fn station_of(state: &LoopState) -> &'static str {
    match state.phase {
        Some(phase) if state.turn > 0 => station_name(phase),
        _ => "main",
    }
}

/// The marker is one element for all places, so that it can travel; where it belongs only layout knows.
fn place_mark(picture: &HtmlElement, mark: &NodeRef, stepped: bool) {
    let Some(mark) = mark.cast::<HtmlElement>() else {
        return;
    };
    let find = |selector: &str| {
        let found = picture.query_selector(selector).ok().flatten();
        found.and_then(|element| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(element).ok())
    };
    let (Some(ring), Some(hub)) = (find(".stations"), find(".hub")) else {
        return;
    };
    let at = mark.get_attribute("data-at").unwrap_or_default();
    let station = find(&format!("[data-station='{at}']"));
    // Below the stack the stations stand in a column.
    let stands = ring.offset_top() > hub.offset_top();
    let (left, top) = match (&station, stands) {
        (Some(station), false) => (station.offset_left() + 8, hub.offset_top() + 1),
        (None, false) => (-12, hub.offset_top() + 1),
        (Some(station), true) => (ring.offset_left() + 1, station.offset_top() + 14),
        (None, true) => (ring.offset_left() + 28, ring.offset_top() + 1),
    };
    let style = mark.style();
    let _ = style.set_property("left", &format!("{left}px"));
    let _ = style.set_property("top", &format!("{top}px"));
    if stepped && stands {
        let nearest = web_sys::ScrollIntoViewOptions::new();
        nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
        station
            .unwrap_or(mark)
            .scroll_into_view_with_scroll_into_view_options(&nearest);
    }
}

/// What all parts of the picture are drawn from.
struct Scene<'a> {
    recording: &'a Recording,
    state: &'a LoopState,
    lit: Lit,
    following: &'a Following,
}

impl Scene<'_> {
    fn lights(&self, task: TaskIndex) -> Option<&'static str> {
        self.lit.has_task(self.recording, task).then_some("lit")
    }

    /// Of the followed request for whose sake the task is.
    fn letter(&self, task: TaskIndex) -> Option<Letter> {
        let network = self.recording.network();
        let request = network.request_of(self.recording.task(task).queued)?;
        self.following.letter(network, request)
    }
}

// --- cards ---

fn card_key(recording: &Recording, index: TaskIndex) -> String {
    let task = recording.task(index);
    format!("{}-{}", task.process, task.task)
}

/// One that waits alone says everything; of several each says who it is.
fn card(scene: &Scene, index: TaskIndex, alone: bool) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let task = recording.task(index);
    let place = recording.task_place(index);
    let reason = recording.waiting_reason(index, state.event);
    let class = classes!(
        "card",
        colour_class(task.lane()),
        recording.is_late(index, state.event).then_some("late"),
        (!recording.task_is_own(index)).then_some("node"),
        (!alone).then_some("one-of-many"),
        scene.lights(index),
    );
    let title = format!("{}, {place}, {reason}", recording.task_label(index));
    html! {
        <div {class} key={card_key(recording, index)} data-card={card_key(recording, index)}
            data-is={Highlight::Task(index).name()} {title}>
            <b>{ for scene.letter(index).map(dot) }{ recording.task_label(index) }</b>
            <span>{ place }</span>
            if alone { <span>{ reason }</span> }
        </div>
    }
}

fn cards(scene: &Scene, waiting: &Waiting, max: usize) -> Html {
    let alone = waiting.count == 1;
    let shown = waiting.first.len().min(max);
    let more = waiting.count - shown;
    html! {
        <>
            { for waiting.first[..shown].iter().map(|index| card(scene, *index, alone)) }
            if more > 0 {
                <span class="more">{ format!("and {} more", time::count(more as u64)) }</span>
            }
        </>
    }
}

// --- the ring ---

fn station(scene: &Scene, phase: Phase) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let lane = Lane::of_phase(phase);
    let minor = matches!(phase, Phase::Pending | Phase::IdlePrepare);
    let colour = lane.filter(|_| !minor).map(colour_class);
    let here = station_of(state) == station_name(phase) && state.ended.is_none();
    let queue = match lane {
        Some(lane) if state.waiting(lane).count > 0 => {
            cards(scene, state.waiting(lane), STATION_CARDS)
        }
        Some(Lane::Poll) => {
            html! { <span class="none">{ recording.empty_words(state, Lane::Poll) }</span> }
        }
        _ => Html::default(),
    };
    html! {
        <section class={classes!("st", colour, minor.then_some("minor"))} data-station={station_name(phase)}
            aria-current={here.then_some("step")}>
            <div class="q">{ queue }</div>
            <h4>
                if let Some(lane) = lane.filter(|_| !minor) { { glyph(lane) } }
                { words::phase_name(phase) }
            </h4>
        </section>
    }
}

fn hub(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let (program, _) = recording.program(state.process);
    html! {
        <div class="hub">
            <i class="entry"><span>{ program }</span></i>
            <section>
                <h4>{ "Call stack" }<small>{ "one thing at a time" }</small></h4>
                { stack(scene) }
            </section>
            <section class="after">
                <h4>{ "After every callback" }<small>{ "both, until empty" }</small></h4>
                { shelf(scene, Lane::NextTick, "nextTick queue", "first") }
                { shelf(scene, Lane::Microtask, "Microtask queue", "then") }
            </section>
            <p class="turn">
                <svg viewBox="0 0 14 8" aria-hidden="true"><path d="M13 4H1M4 1 1 4l3 3" /></svg>
                <span>{ words::turn_name(state) }</span>
            </p>
        </div>
    }
}

fn stack(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    if state.stack.is_empty() {
        return html! { <ol class="stack"><li class="empty">{ "empty" }</li></ol> };
    }
    // A deep stack shows what runs and what it came from.
    let hidden = match state.stack.len() {
        0..=CALLS_MAX => 0,
        calls => calls - (CALLS_MAX - 1),
    };
    let rows = state.stack.iter().enumerate().filter_map(|(depth, call)| {
        let from = CALLS_MAX - 2;
        if hidden > 0 && depth == from {
            let more = format!("and {} more", time::count(hidden as u64));
            return Some(html! { <li class="node"><b>{ more }</b></li> });
        }
        if hidden > 0 && depth > from && depth < from + hidden {
            return None;
        }
        let view = recording.function(state.process, call.function);
        let own = call.is_task || view.is_some_and(|view| view.is_own());
        let task = state.running.filter(|_| call.is_task);
        let colour = task.map(|index| colour_class(recording.task(index).lane()));
        let key = task.map(|index| card_key(recording, index));
        let place = recording.call_place(state, call);
        // Calls within a task are that task.
        let is = state.running.map(|index| Highlight::Task(index).name());
        let lit = task.and_then(|index| scene.lights(index));
        Some(html! {
            <li class={classes!(if own { "own" } else { "node" }, colour, lit)} data-card={key} data-is={is}>
                <b>{ for task.and_then(|index| scene.letter(index)).map(dot) }{ recording.call_label(state, call) }</b><span>{ place }</span>
            </li>
        })
    });
    html! { <ol class="stack">{ for rows }</ol> }
}

fn shelf(scene: &Scene, lane: Lane, name: &str, order: &str) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let waiting = state.waiting(lane);
    let running = state.running.map(|index| recording.task(index).lane());
    let lit = (running == Some(lane)).then_some("lit");
    html! {
        <div class={classes!("shelf", colour_class(lane), lit)} data-queue={lane.short_name()}>
            <h4>{ glyph(lane) }{ name.to_owned() }<small>{ order.to_owned() }</small></h4>
            <div class="row">
                if waiting.count == 0 {
                    <span class="none">{ recording.empty_words(state, lane) }</span>
                } else {
                    { cards(scene, waiting, SHELF_CARDS) }
                }
            </div>
        </div>
    }
}

// --- under the ring ---

/// A small axis with the timers that are pending, and now.
fn pending_timers(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    const PINS_MAX: usize = 6;
    let now_ns = state.time_ns;
    let timers = &state.timers.first[..state.timers.first.len().min(PINS_MAX)];
    let due = |index: &TaskIndex| recording.task(*index).due_ns.unwrap_or(now_ns);
    let last_ns = timers.iter().map(due).max().unwrap_or(now_ns).max(now_ns);
    let first_ns = timers.iter().map(due).min().unwrap_or(now_ns).min(now_ns);
    // From zero while that still leaves most of the axis to what is pending.
    let from_ns = match timers.is_empty() || first_ns < last_ns / 4 * 3 {
        true => 0,
        false => first_ns,
    };
    let span_ns = (last_ns - from_ns).max(1_000_000) * 5 / 4;
    let step_ns = recording::axis::round_step(span_ns as f64 / 4.0);
    let from_ns = from_ns / step_ns * step_ns;
    let to_ns = (last_ns + step_ns / 2).div_ceil(step_ns) * step_ns;
    let percent = |at_ns: u64| (at_ns - from_ns) as f64 / (to_ns - from_ns) as f64 * 100.0;
    let unit = time::clock(to_ns).1;
    let ticks = (from_ns / step_ns..to_ns / step_ns).map(|tick| {
        let at_ns = tick * step_ns;
        let label = match at_ns {
            0 => "0".to_owned(),
            _ => recording::axis::label(at_ns, step_ns, unit),
        };
        html! { <i style={drawn("left:#%", &[percent(at_ns)])}><span>{ label }</span></i> }
    });
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let pins = timers.iter().map(|index| {
        const CHAR_PERCENT: f64 = 2.5;
        let left = percent(due(index));
        let flip = left > 70.0;
        let label = recording.task_place(*index);
        let width = (label.chars().count() + 3) as f64 * CHAR_PERCENT;
        let (from, to) = if flip { (left - width, left) } else { (left, left + width) };
        let words = taken.iter().all(|(start, end)| to <= *start || from >= *end);
        if words {
            taken.push((from, to));
        }
        html! {
            <b class={classes!("pin", "c-timers", flip.then_some("flip"), (!words).then_some("bare"), scene.lights(*index))}
                data-is={Highlight::Task(*index).name()} style={drawn("left:#%", &[left])}>
                if words { <span class="card c-timers"><b>{ label }</b></span> }
            </b>
        }
    });
    let pins: Vec<Html> = pins.collect();
    let heading = match state.timers.count {
        0 => "none is set".to_owned(),
        count => format!("{} set, virtual time, {unit}", time::count(count as u64)),
    };
    html! {
        <section>
            <h4>{ "Pending timers" }<small>{ heading }</small></h4>
            <div class="taxis">
                { for ticks }
                { for pins }
                <b class={classes!("nowline", (percent(now_ns) > 85.0).then_some("flip"))}
                    style={drawn("left:#%", &[percent(now_ns)])}></b>
            </div>
        </section>
    }
}

/// What each thread of the pool does, and how much waits for one.
fn thread_pool(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let pool = recording.pool_at(state.process, state.event);
    let slots = pool.threads.iter().take(POOL_SLOTS_MAX).enumerate();
    let slots = slots.map(|(thread, work)| match work {
        Some(work) => html! {
            <li class="busy c-poll" title={format!("Done at {}", time::point(work.ends_ns))}>{ words::pool_word(work.work) }</li>
        },
        None => html! { <li>{ thread + 1 }</li> },
    });
    let said = match (pool.busy(), pool.waiting.len()) {
        (0, _) => "No file, DNS, crypto or zlib work.".to_owned(),
        (_, 0) => "Nothing waits for a thread.".to_owned(),
        (_, 1) => "One work waits for a thread.".to_owned(),
        (_, count) => format!("{} works wait for a thread.", time::count(count as u64)),
    };
    html! {
        <section>
            <h4>{ "Thread pool" }<small>{ format!("{} of {} busy", pool.busy(), pool.threads.len()) }</small></h4>
            <ol class="slots">{ for slots }</ol>
            <p>{ said }</p>
        </section>
    }
}

/// What ran, in which order: the last few, oldest first.
fn ran(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let all = recording.ran_until(state.process, state.event);
    let shown = &all[all.len().saturating_sub(RAN_MAX)..];
    let earlier = all.len() - shown.len();
    let rows = shown.iter().map(|index| {
        let lane = recording.task(*index).lane();
        let now = state.running == Some(*index);
        html! {
            <li class={classes!(colour_class(lane), now.then_some("now"), scene.lights(*index))}
                data-is={Highlight::Task(*index).name()} title={lane.name()}>
                { glyph(lane) }{ for scene.letter(*index).map(dot) }<span>{ recording.task_label(*index) }</span>
            </li>
        }
    });
    html! {
        <section class="ran-so-far">
            <h4>{ "What ran, in order" }<small>{ words::some(all.len(), "callback") }</small></h4>
            <ol start={(earlier + 1).to_string()}>
                if earlier > 0 {
                    <li class="earlier">{ format!("{} earlier", time::count(earlier as u64)) }</li>
                }
                { for rows }
            </ol>
        </section>
    }
}

fn twin(scene: &Scene) -> Html {
    let Scene {
        recording, state, ..
    } = *scene;
    let caption = format!(
        "The loop at {}, {}",
        time::point(state.time_ns),
        words::turn_name(state)
    );
    let rows = recording.twin(state).into_iter().map(|row| {
        html! { <tr><th scope="row">{ row.place }</th><td>{ row.callback }</td><td>{ row.reason }</td></tr> }
    });
    html! {
        <table class="twin">
            <caption>{ caption }</caption>
            { columns(&["where", "callback", "why it is there"]) }
            <tbody>{ for rows }</tbody>
        </table>
    }
}

fn jar() -> Html {
    html! {
        <svg class="jar" viewBox="0 0 160 192" aria-hidden="true">
            <path d="M44 18h72M52 18v14C30 42 18 60 18 84v72c0 16 8 24 24 24h76c16 0 24-8 24-24V84c0-24-12-42-34-52V18" />
            <path d="M44 18c0-6 4-10 10-10h52c6 0 10 4 10 10" />
            <path class="thin" d="M19 146c22-9 100-9 122 0M24 158c6 2 10 0 14 3M52 164c6-2 9 1 14 0M92 161c7 2 10-1 16 1M122 166c4-1 7 0 10-2M70 172c5 1 8 0 12 1" />
            <path class="dash" d="M80 142V92M80 122c-12 0-18-6-18-17 12 0 18 6 18 17ZM80 108c11 0 17-6 17-16-11 0-17 6-17 16Z" />
            <path class="thin" d="M30 82c2-14 8-25 18-33" />
        </svg>
    }
}
