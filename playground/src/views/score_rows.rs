//! The rows of the score that do not depend on the playhead: overview, ruler, turns, lanes, folds.
//!
//! Each lane is a handful of SVG paths, however many callbacks it shows, and is drawn again only when the score is
//! another one; a seek leaves it alone.

use std::rc::Rc;

use protocol::ProcessId;
use recording::{
    Axis, Highlight, Lane, Lit, Range, Shared, TaskIndex, density,
    score::{
        self, BAR_PX, Bar, Block, LaneScore, LoopScore, Score, Thread, block_label, fold_words,
    },
    time,
};
use yew::{
    Callback, Html, MouseEvent, Properties, classes, function_component, html, use_context,
    use_memo,
};

use super::{
    drawn::{draw, drawn},
    following::{dot, request_class},
    glyphs::{colour_class, glyph},
};
use crate::erased::erased;

const LANE_PX: f64 = 18.0;
const OVERVIEW_PX: f64 = 28.0;

#[derive(Clone, Properties)]
pub struct ScoreProps {
    pub recording: Shared,
    pub score: Rc<Score>,
}

impl PartialEq for ScoreProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.score, &other.score)
    }
}

#[derive(Clone, PartialEq, Properties)]
pub struct OverviewProps {
    pub recording: Shared,
    /// That of the overview, and that of the score under it.
    pub whole: Rc<Axis>,
    pub axis: Axis,
    pub range: Option<Range>,
    pub at_ns: u64,
}

/// All there is, whatever is seen of it: how dense, which part is seen, what is chosen, and now.
#[function_component]
pub fn Overview(props: &OverviewProps) -> Html {
    let OverviewProps {
        recording,
        whole,
        axis,
        ..
    } = props;
    let density = {
        let shown = (recording.clone(), whole.clone());
        use_memo(shown, |(recording, whole)| {
            density_path(&score::bars(&recording.read(), whole))
        })
    };
    let count = recording.read().count();
    let width_px = whole.width_px();
    let band = |from_ns: u64, to_ns: u64| {
        let (from_px, to_px) = (whole.x_px(from_ns), whole.x_px(to_ns));
        drawn("left:#px;width:#px", &[from_px, (to_px - from_px).max(2.0)])
    };
    let window = (!axis.zoom().is_whole()).then(|| band(axis.from_ns(), axis.to_ns()));
    let range = props.range.map(|range| band(range.from_ns, range.to_ns));
    html! {
        <div class={classes!("row-t", "r-over", window.is_some().then_some("zoomed"))}>
            <div class="lab"><b>{ recording::words::some(count, "event") }</b></div>
            <div class="trk">
                <svg width={drawn("#", &[width_px])} height={drawn("#", &[OVERVIEW_PX])} aria-hidden="true">
                    <path class="density" d={(*density).clone()} />
                </svg>
                if let Some(style) = range { <i class="chosen" {style}></i> }
                if let Some(style) = window {
                    <><i class="window" {style}></i><i class="at" style={left(whole.x_px(props.at_ns))}></i></>
                }
            </div>
        </div>
    }
}

/// A single event is a short bar; more stand as much higher as their logarithm says.
fn density_path(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1);
    let mut path = String::new();
    for bar in bars {
        let share = match most {
            1 => 0.0,
            _ => f64::from(bar.count).ln() / f64::from(most).ln(),
        };
        let height_px = 8.0 + share * (OVERVIEW_PX - 12.0);
        let x_px = f64::from(bar.column) * BAR_PX;
        draw(
            &mut path,
            "M# #v-#h#v#z",
            &[x_px, OVERVIEW_PX, height_px, BAR_PX - 0.8, height_px],
        );
    }
    path
}

#[derive(Clone, Properties)]
pub struct ThreadsProps {
    pub score: Rc<Score>,
    pub threads: Rc<Vec<Thread>>,
}

impl PartialEq for ThreadsProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.score, &other.score) && Rc::ptr_eq(&self.threads, &other.threads)
    }
}

/// A thread for each letter: when the followed requests were under way.
#[function_component]
pub fn Threads(props: &ThreadsProps) -> Html {
    let axis = &props.score.axis;
    let rows = props.threads.iter().take(THREADS_MAX).map(|Thread { letter, spans }| {
        html! {
            <div class={classes!("thread", request_class(Some(*letter)))} data-row={format!("letter-{}", letter.name())}>
                <svg width={drawn("#", &[axis.width_px()])} height="8" aria-hidden="true"><path d={thread_path(spans)} /></svg>
            </div>
        }
    });
    let letters = props
        .threads
        .iter()
        .take(THREADS_MAX)
        .map(|thread| dot(thread.letter));
    if props.threads.is_empty() {
        return Html::default();
    }
    html! {
        <div class="row-t r-thread">
            <div class="lab">{ for letters }</div>
            <div class="trk">{ for rows }</div>
        </div>
    }
}

const THREADS_MAX: usize = 8;

fn thread_path(spans: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for &(from_px, to_px) in spans {
        draw(&mut path, "M# 4H#", &[from_px, to_px.max(from_px + 1.0)]);
    }
    path
}

#[derive(Clone, Properties)]
struct LitProps {
    recording: Shared,
    score: Rc<Score>,
    process: ProcessId,
    /// `None` for the process' own track.
    lane: Option<Lane>,
}

impl PartialEq for LitProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.score, &other.score)
            && self.recording == other.recording
            && (self.process, self.lane) == (other.process, other.lane)
    }
}

/// What of a lane is lit. It alone is drawn again when something else is pointed at.
#[function_component]
fn LitMarks(props: &LitProps) -> Html {
    const TASKS_MAX: usize = 256;
    let lit = use_context::<Lit>().unwrap_or_default();
    let recording = props.recording.read();
    let axis = &props.score.axis;
    let of_request;
    let own = lit.task();
    let tasks: &[TaskIndex] = match (own.as_ref(), lit.highlight()) {
        (Some(task), _) => std::slice::from_ref(task),
        (None, Some(Highlight::Request(request))) => {
            of_request = &recording.network().request(request).tasks;
            of_request
        }
        _ => &[],
    };
    let is_here = |index: &&TaskIndex| {
        let task = recording.task(**index);
        task.process == props.process && props.lane.is_none_or(|lane| lane == task.lane())
    };
    let marks = tasks.iter().filter(is_here).take(TASKS_MAX).map(|index| {
        let started = recording.task(*index).started.is_some();
        let (run, wait) = (density::run(&recording, *index), density::wait(&recording, *index));
        let (from_ns, to_ns) = match (props.lane, started) {
            (None, false) => return Html::default(),
            (None, true) => run,
            // With the way it came.
            (Some(_), true) => (wait.0, run.1),
            (Some(_), false) => wait,
        };
        let (from_px, to_px) = (axis.x_px(from_ns).max(-2.0), axis.x_px(to_ns).min(axis.width_px()));
        if to_px < from_px {
            return Html::default();
        }
        html! { <i class="mark" style={drawn("left:#px;width:#px", &[from_px, (to_px - from_px).max(3.0)])}></i> }
    });
    html! { <>{ for marks }</> }
}

#[derive(Clone, Properties)]
pub struct LoopScoreProps {
    pub recording: Shared,
    pub score: Rc<Score>,
    pub turning: Rc<LoopScore>,
    /// Shows the loop of this process.
    pub on_choose: Callback<Option<ProcessId>>,
}

impl PartialEq for LoopScoreProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.score, &other.score) && Rc::ptr_eq(&self.turning, &other.turning)
    }
}

#[function_component]
pub fn Ruler(props: &LoopScoreProps) -> Html {
    let recording = props.recording.read();
    let axis = &props.score.axis;
    let ticks = axis.ticks().into_iter().map(|tick| {
        let zero = (tick.label == "0").then_some("zero");
        html! { <i class={classes!("tk", zero)} style={left(tick.x_px)}><span>{ tick.label }</span></i> }
    });
    let turns = props.turning.turns.iter().map(|turn| {
        let bare = turn.label.is_empty().then_some("bare");
        html! { <span class={classes!(bare)} style={left(turn.x_px)}>{ &turn.label }</span> }
    });
    let whose = match recording.has_several() {
        true => format!("turns, {}", recording.process_name(props.turning.process)),
        false => "turns of the loop".to_owned(),
    };
    html! {
        <>
            <div class="row-t r-rule">
                <div class="lab"><small>{ format!("virtual time, {}", axis.unit()) }</small></div>
                <div class="trk">{ for ticks }</div>
            </div>
            <div class="row-t r-turn">
                <div class="lab"><small>{ whose }</small></div>
                <div class="trk">{ for turns }</div>
            </div>
        </>
    }
}

/// A track for each process, and under them the lanes of the one that is shown.
#[function_component]
pub fn Lanes(props: &LoopScoreProps) -> Html {
    let recording = props.recording.read();
    let score = &props.score;
    let shown = props.turning.process;
    let lanes = props.turning.lanes.iter().map(|(lane, drawn)| {
        let lit = erased::<LitMarks>(LitProps { recording: props.recording.clone(), score: score.clone(), process: shown, lane: Some(*lane) });
        html! {
            <div class="row-t lane" key={lane.short_name()} data-row={format!("lane-{shown}-{}", lane.short_name())}>
                <div class="lab sub">{ glyph(*lane) }{ lane.short_name() }</div>
                <div class="trk">{ lane_picture(score, drawn, *lane, Html::default()) }
                    { lit }</div>
            </div>
        }
    });
    // Of many only the first are drawn, and always the one whose lanes these are.
    let hosts = score
        .hosts
        .iter()
        .enumerate()
        .filter(|(position, (process, _))| *position < HOSTS_MAX || *process == shown);
    let hosts = hosts.map(|(_, (process, drawn))| {
        let labels: Html = drawn
            .blocks
            .iter()
            .filter_map(|block| block_words(&block_label(&recording, block), block))
            .collect();
        let lit = erased::<LitMarks>(LitProps {
            recording: props.recording.clone(),
            score: score.clone(),
            process: *process,
            lane: None::<Lane>,
        });
        html! {
            <div class="row-t lane host" key={*process} data-row={format!("host-{process}")}>
                <div class="lab">{ host_label(props, *process) }</div>
                <div class="trk">{ lane_picture(score, drawn, Lane::Main, labels) }
                    { lit }</div>
            </div>
        }
    });
    let more = score.hosts.len().saturating_sub(HOSTS_MAX);
    html! {
        <>
            { for hosts }
            if more > 0 {
                <div class="row-t lane more-hosts"><div class="lab"><small>{ format!("and {more} more") }</small></div><div class="trk"></div></div>
            }
            { for lanes }
        </>
    }
}

const HOSTS_MAX: usize = 6;

fn host_label(props: &LoopScoreProps, process: ProcessId) -> Html {
    let recording = props.recording.read();
    let (program, host) = recording.program(process);
    if !recording.has_several() {
        return html! { <><b>{ program }</b><small>{ host }</small></> };
    }
    let pressed = (process == props.turning.process).to_string();
    let onclick = props.on_choose.reform(move |_: MouseEvent| Some(process));
    html! {
        <button aria-pressed={pressed} {onclick} title={format!("Show the loop of {}", recording.process_name(process))}>
            <b>{ host }</b><small>{ program }</small>
        </button>
    }
}

/// Words inside a block, where they fit.
fn block_words(label: &str, block: &Block) -> Option<Html> {
    const CHAR_PX: f64 = 6.2;
    let from_px = block.from_px.max(0.0);
    let width_px = block.to_px - from_px;
    if width_px < label.chars().count() as f64 * CHAR_PX + 12.0 {
        return None;
    }
    let class = if block.blocked {
        "words blocked"
    } else {
        "words"
    };
    Some(html! { <span {class} style={left(from_px)}>{ label }</span> })
}

fn lane_picture(score: &Score, shown: &LaneScore, lane: Lane, words: Html) -> Html {
    let blocks = block_paths(&shown.blocks);
    html! {
        <>
            <svg width={drawn("#", &[score.axis.width_px()])} height={drawn("#", &[LANE_PX])} aria-hidden="true">
                <g class={colour_class(lane)}>
                    <path class="wait" d={line_path(&shown.waits)} />
                    <path class="sleep" d={box_path(&shown.sleeps, 4.0, 9.0)} />
                    <path class="from" d={dot_path(&shown.dots)} />
                    <path class="due" d={stroke_path(&shown.dues)} />
                </g>
                { blocks }
            </svg>
            { words }
        </>
    }
}

/// One path for each colour and weight that occurs; a weight is how much of a block is covered, in quarters.
fn block_paths(blocks: &[Block]) -> Html {
    const QUARTERS: usize = 4;
    let mut paths = vec![String::new(); Lane::ALL.len() * (QUARTERS + 1)];
    let mut hatched = String::new();
    for block in blocks {
        let width_px = (block.to_px - block.from_px).max(2.0);
        let path = if block.blocked && width_px >= 4.0 {
            &mut hatched
        } else {
            let quarter = (block.covered * QUARTERS as f64).ceil() as usize;
            &mut paths[block.lane as usize * (QUARTERS + 1) + quarter.clamp(1, QUARTERS)]
        };
        draw(path, "M# 2h#v13h-#z", &[block.from_px, width_px, width_px]);
    }
    let solid = paths
        .iter()
        .enumerate()
        .filter(|(_, path)| !path.is_empty());
    let solid = solid.map(|(position, path)| {
        let lane = Lane::ALL[position / (QUARTERS + 1)];
        let opacity = 0.25 + 0.75 * (position % (QUARTERS + 1)) as f64 / QUARTERS as f64;
        html! { <path class={classes!("runs", colour_class(lane))} fill-opacity={drawn("#", &[opacity])} d={path.clone()} /> }
    });
    html! {
        <>
            { for solid }
            if !hatched.is_empty() { <path class="blocked" d={hatched} /> }
        </>
    }
}

fn line_path(spans: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for &(from_px, to_px) in spans {
        draw(&mut path, "M# 8.5H#", &[from_px, to_px.max(from_px + 1.0)]);
    }
    path
}

fn box_path(spans: &[(f64, f64)], top_px: f64, height_px: f64) -> String {
    let mut path = String::new();
    for &(from_px, to_px) in spans {
        let width_px = (to_px - from_px).max(1.0);
        draw(
            &mut path,
            "M# #h#v#h-#z",
            &[from_px, top_px + 0.5, width_px, height_px, width_px],
        );
    }
    path
}

fn dot_path(dots_px: &[f64]) -> String {
    let mut path = String::new();
    for x_px in dots_px {
        draw(
            &mut path,
            "M# 8.5a2 2 0 1 1 4 0a2 2 0 1 1 -4 0z",
            &[x_px - 2.0],
        );
    }
    path
}

fn stroke_path(points_px: &[f64]) -> String {
    let mut path = String::new();
    for &x_px in points_px {
        draw(&mut path, "M# 3v11", &[x_px]);
    }
    path
}

/// Drawn over the lanes: what is folded, and how long it is.
#[function_component]
pub fn Folds(props: &ScoreProps) -> Html {
    let recording = props.recording.read();
    let folds = props.score.axis.folds().map(|fold| {
        let width_px = fold.to_px - fold.from_px;
        let (length, asleep) = fold_words(&recording, &fold);
        let style = drawn("left:#px;width:#px", &[fold.from_px, width_px]);
        let title = format!("{length} {asleep}, folded");
        html! {
            <i class="fold" {style} {title}>
                <svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true"><path d={zigzags()} /></svg>
                if width_px >= 40.0 { <span>{ length }<em>{ asleep }</em></span> }
            </i>
        }
    });
    html! { <>{ for folds }</> }
}

/// Two edges of a torn sheet.
fn zigzags() -> String {
    let mut path = String::new();
    for edge in [0.0, 10.0] {
        draw(&mut path, "M# 0", &[edge]);
        for tooth in 1..=16 {
            let x = edge + f64::from(tooth % 2);
            draw(&mut path, "L# #", &[x, f64::from(tooth) * 6.25]);
        }
    }
    path
}

pub fn left(x_px: f64) -> String {
    drawn("left:#px", &[x_px])
}

/// For the clock's second line.
pub fn place_in_count(number: usize, count: usize) -> String {
    format!(
        "event {} of {}",
        time::count(number as u64),
        time::count(count as u64)
    )
}
