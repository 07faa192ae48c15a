//! The time panel: a score under everything, with the transport over it.
//!
//! One axis and one playhead. The playhead's handle is a slider named Scrubber; log lines, errors and limits are
//! buttons beside it. Left of the playhead is ink, right of it pencil: a veil lies over what has not happened yet.
//! While it plays, the panel counts the frames and hands them up as ticks. Zooming, ranges and forks are not here.

use std::rc::Rc;

use protocol::ProcessId;
use recording::{
    Axis, Direction, Playhead, Recording, Shared, Speed, StepUnit, TimeCommand,
    score::{Flag, LoopScore, Score},
    sentence, time,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, PointerEvent};
use yew::{
    Callback, Html, InputEvent, Properties, TargetCast, classes, function_component, html,
    use_memo, use_mut_ref, use_node_ref, use_state,
};

use super::{
    glyphs::{Icon, icon},
    measure::use_width_px,
    score_rows::{Folds, Lanes, Overview, Ruler, left, place_in_count},
    ticking::use_ticks,
};

const WIDTH_PX_UNTIL_MEASURED: u32 = 1_000;
/// Shift with an arrow.
const LEAP: u32 = 10;

#[derive(Clone, PartialEq, Properties)]
pub struct TimeProps {
    pub recording: Shared,
    pub playhead: Playhead,
    /// Whose lanes are shown.
    pub process: ProcessId,
    pub on_command: Callback<TimeCommand>,
    pub on_choose: Callback<Option<ProcessId>>,
}

#[function_component]
pub fn TimePanel(props: &TimeProps) -> Html {
    let shut = use_state(|| false);
    let fold_idle = use_state(|| true);
    let overlay = use_node_ref();
    let dragging = use_mut_ref(|| false);
    let recording = props.recording.read();
    let empty = recording.is_empty();
    let width_px = use_width_px(&overlay, !empty).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    let score = {
        let shown = (props.recording.clone(), width_px, *fold_idle);
        use_memo(shown, |(recording, width_px, fold_idle)| {
            Score::new(&recording.read(), f64::from(*width_px), *fold_idle)
        })
    };
    let turning = {
        let shown = (props.recording.clone(), width_px, *fold_idle, props.process);
        let axis = score.axis.clone();
        use_memo(shown, move |(recording, _, _, process)| {
            LoopScore::new(&recording.read(), &axis, *process)
        })
    };
    use_ticks(props.playhead.playing, &props.on_command);

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

    let pointer = Pointer {
        overlay: overlay.clone(),
        recording: props.recording.clone(),
        score: Rc::clone(&score),
        on_command: props.on_command.clone(),
        dragging,
    };
    let down = {
        let pointer = pointer.clone();
        Callback::from(move |event: PointerEvent| pointer.down(&event))
    };
    let moved = {
        let pointer = pointer.clone();
        Callback::from(move |event: PointerEvent| pointer.moved(&event))
    };
    let up = Callback::from(move |_: PointerEvent| pointer.up());
    let toggle_shut = {
        let shut = shut.clone();
        Callback::from(move |_| shut.set(!*shut))
    };
    let toggle_folds = {
        let fold_idle = fold_idle.clone();
        Callback::from(move |_| fold_idle.set(!*fold_idle))
    };
    let at_px = score.axis.x_px(props.playhead.time_ns(&recording));
    let foldable = !*fold_idle || score.axis.folds().next().is_some();
    let jumps = (!props.playhead.stepped).then_some("jumps");
    html! {
        <section class={classes!("time", shut.then_some("shut"))} aria-label="Time">
            <div class="transport">
                { clock(&recording, &props.playhead) }
                { keys(props) }
                { units(props) }
                { speed(props) }
                <span class="grow"></span>
                if foldable {
                    <button class="btn bare opt2" aria-pressed={fold_idle.to_string()} onclick={toggle_folds}>
                        { icon(Icon::Fold) }{ "Idle folded" }
                    </button>
                }
                <button class="icon shutter" aria-label="Fold the time panel" title="Fold the time panel"
                    aria-expanded={(!*shut).to_string()} onclick={toggle_shut}>{ icon(Icon::Down) }</button>
            </div>
            <div class={classes!("strata", jumps)}
                onpointerdown={down} onpointermove={moved} onpointerup={up.clone()} onpointercancel={up}>
                { hatch() }
                <Overview recording={props.recording.clone()} score={Rc::clone(&score)} />
                <Ruler recording={props.recording.clone()} score={Rc::clone(&score)} turning={Rc::clone(&turning)}
                    on_choose={props.on_choose.clone()} />
                { flags(&recording, props, &score) }
                <Lanes recording={props.recording.clone()} score={Rc::clone(&score)} turning={Rc::clone(&turning)}
                    on_choose={props.on_choose.clone()} />
                <div class="overlay" ref={overlay}>
                    <Folds recording={props.recording.clone()} score={Rc::clone(&score)} />
                    <i class="veil" style={left(at_px)}></i>
                    { scrubber(&recording, props, at_px) }
                </div>
            </div>
        </section>
    }
}

// --- the transport ---

fn clock(recording: &Recording, playhead: &Playhead) -> Html {
    let (number, unit) = time::clock(playhead.time_ns(recording));
    let event = recording.snap(playhead.event);
    let count = place_in_count(recording.number(event), recording.count());
    let seed = recording.seed().map(|seed| format!(" · seed {seed}"));
    let full = format!("{count}{}", seed.clone().unwrap_or_default());
    html! {
        <div class="clock"><b>{ number }{ " " }<small>{ unit }</small></b><span title={full}>{ count }<i class="seed">{ seed }</i></span></div>
    }
}

fn send(props: &TimeProps, command: TimeCommand) -> Callback<yew::MouseEvent> {
    let on_command = props.on_command.clone();
    Callback::from(move |_| on_command.emit(command))
}

fn keys(props: &TimeProps) -> Html {
    let (name, picture) = match props.playhead.playing {
        true => ("Pause", Icon::Pause),
        false => ("Play", Icon::Play),
    };
    let button = |name: &'static str, class: &'static str, picture, command| {
        html! {
            <button class={classes!("icon", class)} aria-label={name} title={name} onclick={send(props, command)}>
                { icon(picture) }
            </button>
        }
    };
    html! {
        <div class="keys">
            { button("To the start", "first", Icon::ToStart, TimeCommand::ToStart) }
            { button("Step back", "", Icon::Back, TimeCommand::step(Direction::Back)) }
            { button(name, "play", picture, TimeCommand::Toggle) }
            { button("Step forward", "", Icon::Forward, TimeCommand::step(Direction::Forward)) }
        </div>
    }
}

fn units(props: &TimeProps) -> Html {
    let buttons = StepUnit::ALL.into_iter().map(|unit| {
        let pressed = (props.playhead.unit == unit).to_string();
        html! {
            <button aria-pressed={pressed} onclick={send(props, TimeCommand::SetUnit(unit))}>{ unit.name() }</button>
        }
    });
    html! {
        <div class="pair opt" role="group" aria-label="Step by">
            <span>{ "Step by" }</span><span class="seg">{ for buttons }</span>
        </div>
    }
}

fn speed(props: &TimeProps) -> Html {
    let label = props.playhead.speed.label(props.playhead.unit);
    let on_command = props.on_command.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let position = input.value_as_number() as u8;
        on_command.emit(TimeCommand::SetSpeed(Speed::from_position(position)));
    });
    html! {
        <label class="pair opt2">
            <span>{ "Speed" }</span>
            <input class="speed" type="range" min="0" max={Speed::REAL_TIME.position().to_string()} step="1"
                value={props.playhead.speed.position().to_string()} aria-label="Speed" aria-valuetext={label.clone()} {oninput} />
            <span class="speed-label">{ label }</span>
        </label>
    }
}

// --- over the score ---

fn flags(recording: &Recording, props: &TimeProps, score: &Score) -> Html {
    let now = recording.snap(props.playhead.event);
    let written = score.flags.written.iter().map(|flag| {
        let Flag {
            event,
            x_px,
            text,
            failure,
            flipped,
        } = flag;
        let class = classes!(
            "flag",
            failure.then_some("fail"),
            flipped.then_some("flip"),
            (*event > now).then_some("later"),
            (*event == now).then_some("now"),
        );
        let whose = sentence(recording, *event).who.map(|who| format!("{who}, "));
        let name = format!(
            "{}, {}{text}",
            time::point(recording.time_ns(*event)),
            whose.unwrap_or_default()
        );
        // The keyboard has the scrubber and the console for these; a row of hundred tab stops helps nobody.
        html! {
            <button {class} style={left(*x_px)} tabindex="-1" title={name.clone()} aria-label={name} onclick={send(props, TimeCommand::Seek(*event))}>
                { text }
            </button>
        }
    });
    let bare: String = score
        .flags
        .bare_px
        .iter()
        .map(|x_px| format!("M{x_px:.1} 18v4"))
        .collect();
    html! {
        <div class="row-t r-book">
            <div class="lab"><small>{ "log" }</small></div>
            <div class="trk">
                <svg class="bare" width={score.axis.width_px().to_string()} height="22" aria-hidden="true"><path d={bare} /></svg>
                { for written }
            </div>
        </div>
    }
}

fn scrubber(recording: &Recording, props: &TimeProps, at_px: f64) -> Html {
    let event = recording.snap(props.playhead.event);
    let text = format!(
        "{}, {}",
        time::point(recording.time_ns(event)),
        sentence(recording, event).what_of_whom()
    );
    let on_command = props.on_command.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if let Some(command) = command_of(&event) {
            event.prevent_default();
            event.stop_propagation();
            on_command.emit(command);
        }
    });
    html! {
        <i class="head" role="slider" tabindex="0" aria-label="Scrubber" aria-valuemin="1"
            aria-valuemax={recording.count().to_string()} aria-valuenow={recording.number(event).to_string()}
            aria-valuetext={text} style={left(at_px)} {onkeydown}></i>
    }
}

/// The keys of the scrubber: space, arrows (ten with shift), Home and End.
fn command_of(event: &KeyboardEvent) -> Option<TimeCommand> {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return None;
    }
    let count = if event.shift_key() { LEAP } else { 1 };
    let step = |direction, count| TimeCommand::Step {
        unit: None,
        direction,
        count,
    };
    Some(match event.key().as_str() {
        " " => TimeCommand::Toggle,
        "ArrowLeft" | "ArrowDown" => step(Direction::Back, count),
        "ArrowRight" | "ArrowUp" => step(Direction::Forward, count),
        "PageDown" => step(Direction::Back, LEAP),
        "PageUp" => step(Direction::Forward, LEAP),
        "Home" => TimeCommand::ToStart,
        "End" => TimeCommand::ToEnd,
        _ => return None,
    })
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

// --- dragging ---

#[derive(Clone)]
struct Pointer {
    overlay: yew::NodeRef,
    recording: Shared,
    score: Rc<Score>,
    on_command: Callback<TimeCommand>,
    dragging: Rc<std::cell::RefCell<bool>>,
}

impl Pointer {
    fn down(&self, event: &PointerEvent) {
        let on_flag = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.closest(".flag, button").ok().flatten().is_some());
        if on_flag || event.button() != 0 {
            return;
        }
        if let Some(strata) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        {
            // Without capture the drag ends at the panel's edge, which is all that is lost.
            let _ = strata.set_pointer_capture(event.pointer_id());
        }
        event.prevent_default();
        if let Some(head) = self.head() {
            // Arrow keys go on where the hand let go.
            let _ = head.focus();
        }
        *self.dragging.borrow_mut() = true;
        self.seek(event);
    }

    fn moved(&self, event: &PointerEvent) {
        if *self.dragging.borrow() {
            self.seek(event);
        }
    }

    fn up(&self) {
        *self.dragging.borrow_mut() = false;
    }

    fn head(&self) -> Option<HtmlElement> {
        let overlay = self.overlay.cast::<Element>()?;
        let head = overlay.query_selector(".head").ok()??;
        head.dyn_into().ok()
    }

    fn seek(&self, event: &PointerEvent) {
        let Some(overlay) = self.overlay.cast::<Element>() else {
            return;
        };
        let x_px = f64::from(event.client_x()) - overlay.get_bounding_client_rect().left();
        let axis: &Axis = &self.score.axis;
        let moment = axis.moment_near(&self.recording.read(), x_px.max(0.0));
        self.on_command.emit(TimeCommand::Seek(moment));
    }
}
