//! The time panel: a score under everything, with the transport over it.
//!
//! One axis and one playhead. The playhead's handle is a slider named Scrubber; bookmarks are buttons beside it, and so
//! are the ends of the range sliders of their own. Left of the playhead is ink, right of it pencil: a veil lies over what
//! has not happened yet. While it plays, the panel counts the frames and hands them up as ticks. Which part of the axis
//! is seen is the panel's own affair; what is chosen of it is the playhead's.

use std::rc::Rc;

use protocol::{EventId, ProcessId};
use recording::{
    Axis, Bookmark, BookmarkKind, Bookmarks, Edge, Following, Highlight, Lit, Noted, Playhead,
    Recording, Shared, TimeCommand, Zoom,
    axis::within,
    score::{self, Flag, LoopScore, LoopSums, Score, Sums},
    sentence, time,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent, WheelEvent};
use yew::{
    Callback, ContextProvider, Html, MouseEvent, Properties, classes, function_component, hook,
    html, use_callback, use_effect_with, use_memo, use_mut_ref, use_node_ref, use_state,
};

use super::{
    caption::{IconButton, flip},
    drawn,
    glyphs::{Icon, bookmark_glyph},
    measure::use_width_px,
    score_rows::{
        Folds, Lanes, LoopScoreProps, Overview, OverviewProps, Ruler, ScoreProps, Threads,
        ThreadsProps, left,
    },
    ticking::use_ticks,
    time_hand::Hand,
    time_twin,
    transport::{Transport, keys_sheet},
};
use crate::{
    edge::browser,
    erased::erased,
    state::keys::{self, Action},
};

const WIDTH_PX_UNTIL_MEASURED: u32 = 1_000;
/// A press on plus or minus.
const ZOOM_STEP: f64 = 2.0;
/// Of the window.
const PAN_STEP: f64 = 0.2;

#[derive(Clone, PartialEq, Properties)]
pub struct TimeProps {
    pub recording: Shared,
    pub playhead: Playhead,
    /// Whose lanes are shown.
    pub process: ProcessId,
    /// Where it parts from another that is compared with it.
    #[prop_or_default]
    pub parts_at: Option<EventId>,
    #[prop_or_default]
    pub lit: Lit,
    #[prop_or_default]
    pub following: Following,
    /// What the page knows to be of interest.
    #[prop_or_default]
    pub noted: Rc<Vec<Noted>>,
    pub on_command: Callback<TimeCommand>,
    pub on_choose: Callback<Option<ProcessId>>,
    #[prop_or_default]
    pub on_point: Callback<Option<Highlight>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sheet {
    Menu,
    Keys,
}

#[function_component]
pub fn TimePanel(props: &TimeProps) -> Html {
    let shut = use_state(bool::default);
    let fold_idle = use_state(|| true);
    let as_text = use_state(bool::default);
    let sheet = use_state(|| None::<Sheet>);
    let zoom = use_state(Zoom::default);
    let overlay = use_node_ref();
    let strata = use_node_ref();
    let grasp = use_mut_ref(Default::default);
    let recording = props.recording.read();
    let empty = recording.is_empty();
    let width_px = use_width_px(&overlay, !empty && !*as_text).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    // Folded, the panel is its overview, which shows all there is.
    let seen = if *shut { Zoom::default() } else { *zoom };

    let sums = use_memo(props.recording.clone(), |recording| {
        Sums::new(&recording.read())
    });
    let loop_sums = use_memo(
        (props.recording.clone(), props.process),
        |(recording, process)| LoopSums::new(&recording.read(), *process),
    );
    let bookmarks = {
        let shown = (props.recording.clone(), props.noted.clone());
        use_memo(shown, |(recording, noted)| {
            Bookmarks::new(&recording.read(), noted)
        })
    };
    let whole = {
        let shown = (props.recording.clone(), width_px, *fold_idle);
        use_memo(shown, |(recording, width_px, fold_idle)| {
            Axis::new(&recording.read(), f64::from(*width_px), *fold_idle)
        })
    };
    let score = {
        let shown = (Same(sums), width_px, *fold_idle, seen, bookmarks.clone());
        let recording = props.recording.clone();
        use_memo(
            shown,
            move |(sums, width_px, fold_idle, zoom, bookmarks)| {
                let recording = recording.read();
                let axis = Axis::zoomed(&recording, f64::from(*width_px), *fold_idle, *zoom);
                Score::new(&recording, &sums.0, bookmarks, axis)
            },
        )
    };
    let turning = {
        let shown = (Same(score.clone()), Same(loop_sums));
        let recording = props.recording.clone();
        use_memo(shown, move |(score, sums)| {
            LoopScore::new(&recording.read(), &sums.0, &score.0.axis)
        })
    };
    let threads = {
        let shown = (Same(score.clone()), props.following.clone());
        let recording = props.recording.clone();
        use_memo(shown, move |(score, following)| {
            score::threads(&recording.read(), &score.0.axis, following)
        })
    };
    use_ticks(props.playhead.playing, &props.on_command);
    {
        // A recording that begins is seen from its beginning; the window goes where the playhead goes.
        let (zoom, axis) = (zoom.clone(), score.axis.clone());
        let at_ns = recording.time_ns(props.playhead.event);
        use_effect_with((props.playhead.event, empty), move |(_, empty)| {
            if *empty {
                zoom.set(Zoom::default());
            } else if let Some(next) = axis.following(at_ns).filter(|_| !axis.zoom().is_whole()) {
                zoom.set(next);
            }
        });
    }
    let on_zoom = use_callback(zoom.setter(), |next: Zoom, zoom| zoom.set(next));
    let hand = Hand {
        overlay: overlay.clone(),
        recording: props.recording.clone(),
        axis: score.axis.clone(),
        whole: (*whole).clone(),
        following: props.following.clone(),
        grasp,
        on_command: props.on_command.clone(),
        on_zoom: on_zoom.clone(),
        on_point: props.on_point.clone(),
    };
    use_wheel(&strata, &hand, !empty && !*as_text && !*shut);

    if empty {
        return html! {
            <section class="time" aria-label="Time">
                <div class="transport">
                    <div class="clock"><b>{ "0.000" }{ " " }<small>{ "ms" }</small></b><span>{ "no events yet" }</span></div>
                    <p class="none">{ "Time begins when the code runs. Each run starts at zero." }</p>
                </div>
            </section>
        };
    }

    let on_action = {
        let (props, score, bookmarks) = (props.clone(), score.clone(), bookmarks.clone());
        let (sheet, on_zoom) = (sheet.clone(), on_zoom.clone());
        Callback::from(move |action| {
            if action == Action::Keys {
                sheet.set(toggled(*sheet, Sheet::Keys));
            } else if action == Action::ClearRange && sheet.is_some() {
                sheet.set(None);
            } else {
                act(&props, &score.axis, &bookmarks, &on_zoom, action);
            }
        })
    };
    let transport = Transport {
        recording: &recording,
        playhead: &props.playhead,
        zoom: *zoom,
        on_action: on_action.clone(),
        idle_folded: (!*fold_idle || whole.folds().next().is_some()).then_some(*fold_idle),
        on_fold: flip(&fold_idle),
    };
    let opens = |name: &'static str, class: &'static str, icon: Icon, which: Sheet| {
        let is_open = *sheet == Some(which);
        let sheet = sheet.clone();
        let open = Callback::from(move |_: MouseEvent| sheet.set(toggled(*sheet, which)));
        IconButton::new(name, icon, open)
            .class(class)
            .expanded(is_open)
            .draw()
    };
    let onkeydown = {
        let on_action = on_action.clone();
        Callback::from(move |event: KeyboardEvent| {
            let key = event.key();
            // Tabs, sliders and buttons have keys of their own.
            if !event.default_prevented() && !browser::focus_takes(&key) {
                obey(&event, keys::in_panel(&key, event.shift_key()), &on_action);
            }
        })
    };
    let down = {
        let hand = hand.clone();
        Callback::from(move |event: PointerEvent| hand.down(&event))
    };
    let moved = {
        let hand = hand.clone();
        Callback::from(move |event: PointerEvent| hand.moved(&event))
    };
    let up = {
        let hand = hand.clone();
        Callback::from(move |event: PointerEvent| hand.up(&event))
    };
    let gone = {
        let hand = hand.clone();
        Callback::from(move |_: PointerEvent| hand.left())
    };
    let at_ns = props.playhead.time_ns(&recording);
    let at_px = score.axis.x_px(at_ns);
    let width_px = score.axis.width_px();
    let jumps = (!props.playhead.stepped).then_some("jumps");
    let overview = erased::<Overview>(OverviewProps {
        recording: props.recording.clone(),
        whole: whole.clone(),
        axis: score.axis.clone(),
        range: props.playhead.range,
        at_ns,
    });
    let ruler = erased::<Ruler>(LoopScoreProps {
        recording: props.recording.clone(),
        score: Rc::clone(&score),
        turning: Rc::clone(&turning),
        on_choose: props.on_choose.clone(),
    });
    let threads = erased::<Threads>(ThreadsProps {
        score: Rc::clone(&score),
        threads,
    });
    let lanes = erased::<Lanes>(LoopScoreProps {
        recording: props.recording.clone(),
        score: Rc::clone(&score),
        turning: Rc::clone(&turning),
        on_choose: props.on_choose.clone(),
    });
    let folds = erased::<Folds>(ScoreProps {
        recording: props.recording.clone(),
        score: Rc::clone(&score),
    });
    html! {
        <section class={classes!("time", shut.then_some("shut"))} aria-label="Time" {onkeydown}>
            <div class="transport">
                { transport.clock() }
                { transport.keys() }
                { transport.units() }
                { transport.speed() }
                <span class="grow"></span>
                { transport.zooms() }
                { transport.range() }
                { transport.folds() }
                { opens("More of time", "more", Icon::More, Sheet::Menu) }
                { opens("Keys", "opt", Icon::Keys, Sheet::Keys) }
                { IconButton::new("Read the time as text", Icon::Text, flip(&as_text)).pressed(*as_text).draw() }
                { IconButton::new("Fold the time panel", Icon::Down, flip(&shut)).class("shutter").expanded(!*shut).draw() }
            </div>
            if *sheet == Some(Sheet::Menu) {
                { transport.menu() }
            } else if *sheet == Some(Sheet::Keys) {
                { keys_sheet() }
            }
            if *as_text {
                { time_twin::twin(&recording, &props.playhead, &bookmarks, &props.lit, &props.on_command) }
            } else {
                <ContextProvider<Lit> context={props.lit}>
                <div class={classes!("strata", jumps)} data-points="" ref={strata}
                    onpointerdown={down} onpointermove={moved} onpointerup={up.clone()} onpointercancel={up} onpointerleave={gone}>
                    { hatch() }
                    { overview }
                    { ruler }
                    { flags(&recording, props, &score, &bookmarks) }
                    { threads }
                    { lanes }
                    <div class="overlay" ref={overlay}>
                        { range(props, &recording, &score.axis) }
                        { folds }
                        if at_px < width_px {
                            <i class="veil" style={left(at_px.max(0.0))}></i>
                        }
                        { parting(&recording, props, &score.axis).unwrap_or_default() }
                        { scrubber(&recording, props, at_px, width_px, &on_action) }
                    </div>
                </div>
                </ContextProvider<Lit>>
            }
        </section>
    }
}

/// Equal only to itself, which is cheaper to tell than whether it says the same.
#[derive(Clone)]
struct Same<T>(Rc<T>);

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

fn toggled(open: Option<Sheet>, which: Sheet) -> Option<Sheet> {
    (open != Some(which)).then_some(which)
}

/// A wheel must be kept from scrolling the page, which only a listener of one's own can.
#[hook]
fn use_wheel(strata: &yew::NodeRef, hand: &Hand, present: bool) {
    let latest = use_mut_ref(|| hand.clone());
    latest.borrow_mut().clone_from(hand);
    let strata = strata.clone();
    use_effect_with(present, move |_| {
        let listener = strata.cast::<Element>().map(|element| {
            let options = gloo::events::EventListenerOptions::enable_prevent_default();
            gloo::events::EventListener::new_with_options(
                &element,
                "wheel",
                options,
                move |event| {
                    let Some(event) = event.dyn_ref::<WheelEvent>() else {
                        return;
                    };
                    let hand = latest.borrow().clone();
                    if hand.wheel(event) {
                        event.prevent_default();
                    }
                },
            )
        });
        move || drop(listener)
    });
}

// --- what keys and buttons do ---

fn act(
    props: &TimeProps,
    axis: &Axis,
    bookmarks: &Bookmarks,
    on_zoom: &Callback<Zoom>,
    action: Action,
) {
    let recording = props.recording.read();
    let playhead = &props.playhead;
    let now_ns = recording.time_ns(playhead.event);
    // Around the playhead while it is in sight.
    let anchor_px = match axis.x_px(now_ns) {
        x_px if (0.0..=axis.width_px()).contains(&x_px) => x_px,
        _ => axis.width_px() / 2.0,
    };
    let zoom = match action {
        Action::Nearer => axis.nearer(&recording, ZOOM_STEP, anchor_px),
        Action::Farther => axis.nearer(&recording, 1.0 / ZOOM_STEP, anchor_px),
        Action::Whole => Zoom::default(),
        Action::Pan(direction) => {
            let by_px = axis.width_px() * PAN_STEP;
            axis.panned(match direction {
                recording::Direction::Back => -by_px,
                recording::Direction::Forward => by_px,
            })
        }
        Action::ShowRange => match playhead.range {
            Some(range) => axis.showing(&recording, range.from_ns, range.to_ns),
            None => return,
        },
        _ => {
            let command = match action {
                Action::Time(command) => command,
                Action::ClearRange => TimeCommand::SetRange(None),
                Action::Bookmark(direction) => {
                    let next = match direction {
                        recording::Direction::Back => bookmarks.before(playhead.event),
                        recording::Direction::Forward => bookmarks.after(playhead.event),
                    };
                    match next {
                        Some(bookmark) => TimeCommand::Seek(bookmark.event),
                        None => return,
                    }
                }
                _ => return,
            };
            drop(recording);
            props.on_command.emit(command);
            return;
        }
    };
    drop(recording);
    on_zoom.emit(zoom);
}

fn obey(event: &KeyboardEvent, action: Option<Action>, on_action: &Callback<Action>) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    if let Some(action) = action {
        event.prevent_default();
        event.stop_propagation();
        on_action.emit(action);
    }
}

// --- over the score ---

fn flags(recording: &Recording, props: &TimeProps, score: &Score, bookmarks: &Bookmarks) -> Html {
    let now = recording.snap(props.playhead.event);
    let written = &score.flags.written;
    // One stop for the tabulator, from which arrows go on: a row of hundred stops helps nobody.
    let stop = written
        .partition_point(|flag| flag.event <= now)
        .saturating_sub(1);
    let buttons = written.iter().enumerate().map(|(at, flag)| {
        let Flag {
            event,
            x_px,
            kind,
            text,
            flipped,
        } = flag;
        let (event, kind) = (*event, *kind);
        let class = classes!(
            "flag",
            kind.is_failure().then_some("fail"),
            flipped.then_some("flip"),
            (event > now).then_some("later"),
            (event == now).then_some("now"),
            props.lit.has_event(recording, event).then_some("lit"),
        );
        let all = bookmarks.all();
        let first = all.partition_point(|bookmark| (bookmark.event, bookmark.kind) < (event, kind));
        let name = all.get(first).map(|bookmark: &Bookmark| bookmarks.long(recording, bookmark));
        let onclick = props.on_command.reform(move |_: MouseEvent| TimeCommand::Seek(event));
        html! {
            <button {class} style={left(*x_px)} tabindex={if at == stop { "0" } else { "-1" }} title={name.clone()} aria-label={name}
                data-is={Highlight::Event(event).name()} {onclick}>
                if kind != BookmarkKind::Log { { bookmark_glyph(kind) } }
                <span>{ text }</span>
            </button>
        }
    });
    let onkeydown = Callback::from(|event: KeyboardEvent| {
        let focus = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let next = match event.key().as_str() {
            "ArrowLeft" => focus.and_then(|focus| focus.previous_element_sibling()),
            "ArrowRight" => focus.and_then(|focus| focus.next_element_sibling()),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let next = next.filter(|next| next.class_list().contains("flag"));
        if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
            // Focusing an element that is in the page cannot fail.
            let _ = next.focus();
        }
    });
    let bare: String = score
        .flags
        .bare_px
        .iter()
        .map(|&x_px| drawn("M# 18v4", &[x_px]))
        .collect();
    html! {
        <div class="row-t r-book">
            <div class="lab"><small>{ "bookmarks" }</small></div>
            <div class="trk" role="group" aria-label="Bookmarks" {onkeydown}>
                <svg class="bare" width={drawn("#", &[score.axis.width_px()])} height="22" aria-hidden="true"><path d={bare} /></svg>
                { for buttons }
            </div>
        </div>
    }
}

/// The first difference to another run.
fn parting(recording: &Recording, props: &TimeProps, axis: &Axis) -> Option<Html> {
    let event = props.parts_at?;
    let time_ns = recording.time_ns(event);
    let name = format!("The first difference, at {}", time::point(time_ns));
    let x_px = axis.x_px(time_ns);
    if !(0.0..=axis.width_px()).contains(&x_px) {
        return None;
    }
    let go = props
        .on_command
        .reform(move |_: MouseEvent| TimeCommand::Seek(event));
    Some(html! {
        <i class="parts" style={left(x_px)}>
            <button title={name.clone()} aria-label={name} onclick={go}><span class="neq" aria-hidden="true">{ "≠" }</span></button>
        </i>
    })
}

/// What is chosen, and its two ends.
fn range(props: &TimeProps, recording: &Recording, axis: &Axis) -> Html {
    let Some(range) = props.playhead.range else {
        return Html::default();
    };
    let width_px = axis.width_px();
    let (from_px, to_px) = (axis.x_px(range.from_ns), axis.x_px(range.to_ns));
    let (band_from, band_to) = (within(from_px, 0.0, width_px), within(to_px, 0.0, width_px));
    let end = |edge: Edge, name: &'static str, time_ns: u64, x_px: f64| {
        let number = recording.number(recording.at_time(time_ns));
        let count = recording.count();
        let on_command = props.on_command.clone();
        let shared = props.recording.clone();
        let onkeydown = Callback::from(move |event: KeyboardEvent| {
            let by = if event.shift_key() { 10 } else { 1 };
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => number.saturating_sub(by).max(1),
                "ArrowRight" | "ArrowUp" => (number + by).min(count),
                "Home" => 1,
                "End" => count,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            let to_ns = {
                let recording = shared.read();
                let moment = recording.moment_numbered(to).unwrap_or_default();
                recording.time_ns(moment)
            };
            on_command.emit(TimeCommand::SetEdge(edge, to_ns));
        });
        let (mark, class) = match edge {
            Edge::From => ("from", "from"),
            Edge::To => ("to", "to"),
        };
        html! {
            <i class={classes!("edge", class)} role="slider" tabindex="0" data-edge={mark} aria-label={name} aria-valuemin="1"
                aria-valuemax={count.to_string()} aria-valuenow={number.to_string()} aria-valuetext={time::point(time_ns)}
                style={left(x_px)} {onkeydown}></i>
        }
    };
    let is_seen = |x_px: f64| (0.0..=width_px).contains(&x_px);
    html! {
        <>
            <i class={classes!("chosen", props.playhead.looping.then_some("loops"))}
                style={drawn("left:#px;width:#px", &[band_from, (band_to - band_from).max(1.0)])}></i>
            if is_seen(from_px) { { end(Edge::From, "Start of the range", range.from_ns, from_px) } }
            if is_seen(to_px) { { end(Edge::To, "End of the range", range.to_ns, to_px) } }
        </>
    }
}

fn scrubber(
    recording: &Recording,
    props: &TimeProps,
    at_px: f64,
    width_px: f64,
    on_action: &Callback<Action>,
) -> Html {
    let event = recording.snap(props.playhead.event);
    let text = format!(
        "{}, {}",
        time::point(recording.time_ns(event)),
        sentence(recording, event).what_of_whom()
    );
    let on_action = on_action.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let action = keys::on_slider(&event.key(), event.shift_key());
        obey(&event, action, &on_action);
    });
    // Out of sight it still has the focus and its keys.
    let away = !(-1.0..=width_px + 1.0).contains(&at_px);
    html! {
        <i class={classes!("head", away.then_some("away"))} role="slider" tabindex="0" aria-label="Scrubber" aria-valuemin="1"
            aria-valuemax={recording.count().to_string()} aria-valuenow={recording.number(event).to_string()}
            aria-valuetext={text} style={left(within(at_px, 0.0, width_px))} {onkeydown}></i>
    }
}

/// What hatched blocks are filled with; defined once for all lanes.
fn hatch() -> Html {
    html! {
        <svg class="defs" width="0" height="0" aria-hidden="true">
            <pattern id="time-hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect class="hatch-ground" width="4" height="4" />
                <rect class="hatch-line" width="1.6" height="4" />
            </pattern>
        </svg>
    }
}
