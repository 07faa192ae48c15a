//! What can be measured, over time: small charts one under the other on the time panel's axis, with its playhead.
//!
//! Each value is of a window of virtual time ([`recording::metrics`]), and says so where one points: a pointer anywhere
//! in the charts, or the arrow keys on their axis, choose a moment, and every chart tells its value there; a press goes
//! there. Until one points, the playhead's moment is told. What is not measured is said in a sentence and not drawn.
//! Each chart can be saved as a picture or a table ([`picture`], [`saving`]); the report of the load, or one made like
//! it, comes first, and the text twin ([`twin`]) has everything as tables.

mod panel;
mod picture;
mod saving;
mod twin;

use std::rc::Rc;

use recording::{
    Axis, Playhead, Sentence, Shared, TimeCommand,
    metrics::{Chart, HeatMap, Measures, Metric, Report, Requests, Row, Unit, Windows, headline},
    time,
    words::some,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlSelectElement, KeyboardEvent, PointerEvent};
use yew::{
    Callback, Event, Html, MouseEvent, Properties, TargetCast, classes, function_component, html,
    use_memo, use_node_ref, use_state, use_state_eq,
};

use self::panel::Panel;
use super::{
    caption::{caption, live},
    drawn,
    measure::use_width_px,
};

const WIDTH_PX_UNTIL_MEASURED: u32 = 520;
/// More rows are not told apart; those with the highest values are drawn, and all are in the tables.
const ROWS_MAX: usize = 6;

#[derive(Clone, PartialEq, Properties)]
pub struct MetricsProps {
    pub recording: Shared,
    pub playhead: Playhead,
    pub on_command: Callback<TimeCommand>,
}

/// A recording that is still being made is measured anew whenever it has become an eighth longer, not with each of
/// its thousand batches.
#[derive(Clone)]
struct Measured {
    recording: Shared,
    size: usize,
}

impl Measured {
    fn new(recording: &Shared) -> Self {
        let read = recording.read();
        let count = read.events().len();
        let size = match read.is_complete() {
            true => usize::MAX,
            false => count >> (count.max(8).ilog2() - 3) << (count.max(8).ilog2() - 3),
        };
        Self {
            recording: recording.clone(),
            size,
        }
    }
}

impl PartialEq for Measured {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.recording.is_of(&other.recording)
    }
}

/// One chart as it is drawn.
struct Sheet {
    name: &'static str,
    meaning: String,
    rows: Vec<SheetRow>,
    /// Rows that are only in the tables.
    more: usize,
    absence: Option<&'static str>,
    values: Values,
}

struct SheetRow {
    name: String,
    /// Among the chart's.
    at: usize,
    panel: Panel,
    /// Of the panel: drawn once.
    plot: Html,
}

impl SheetRow {
    fn new(name: String, at: usize, panel: Panel, is_heat: bool) -> Self {
        let plot = plot(&panel, is_heat);
        Self {
            name,
            at,
            panel,
            plot,
        }
    }
}

enum Values {
    Chart(Chart),
    Heat(HeatMap),
}

/// Everything that does not depend on the playhead.
struct Board {
    measures: Rc<Measures>,
    axis: Axis,
    windows: Windows,
    requests: Requests,
    sheets: Vec<Sheet>,
    reports: Vec<Report>,
    told: Sentence,
}

impl Board {
    fn new(
        recording: &Shared,
        measures: &Rc<Measures>,
        width_px: u32,
        log: bool,
        requests: Requests,
        range: Option<(u64, u64)>,
    ) -> Self {
        let read = recording.read();
        let axis = Axis::new(&read, f64::from(width_px), true);
        let (from_ns, to_ns) = range.unwrap_or((0, read.end_ns()));
        let windows = Windows::on(&axis, (from_ns, to_ns + 1));
        let mut sheets = Vec::new();
        for metric in Metric::ALL {
            let chart = measures.chart(metric, requests, &windows);
            let rows = chart_rows(&chart, &axis, &windows, log);
            sheets.push(Sheet {
                name: metric.name(),
                meaning: meaning(&chart, log),
                more: chart.rows.len() - rows.len(),
                absence: chart.rows.is_empty().then(|| metric.absence()),
                rows,
                values: Values::Chart(chart),
            });
            if metric == Metric::Latency
                && let Some(map) = measures.heat_map(requests, &windows, log)
            {
                sheets.push(heat_sheet(map, &axis, &windows));
            }
        }
        let (what, why) = headline(measures, requests, range);
        Self {
            measures: measures.clone(),
            reports: measures.reports(&read, requests, range),
            axis,
            windows,
            requests,
            sheets,
            told: Sentence {
                who: None,
                what,
                why,
            },
        }
    }

    /// What a row says of a moment; `level` is how high in a heat map one points, 0 to 1.
    fn readout(&self, sheet: &Sheet, row: &SheetRow, time_ns: u64, level: Option<f64>) -> String {
        let window = self.windows.at(time_ns);
        match &sheet.values {
            Values::Chart(chart) => {
                let now = self.measures.at(chart.metric, self.requests, time_ns);
                let now = now.and_then(|now| now.get(row.at).copied());
                chart.readout(row.at, window, now)
            }
            Values::Heat(map) => {
                let counts = &map.counts[window];
                let cell = level.map(|level| {
                    let edges = map.edges_ns.iter();
                    let below = edges.filter(|edge_ns| map.scale.part(**edge_ns) <= level);
                    below.count().saturating_sub(1).min(counts.len() - 1)
                });
                let requests = |count: u32| some(count as usize, "request");
                match cell {
                    Some(cell) => format!(
                        "{} of {} to {}",
                        requests(counts[cell]),
                        time::length(map.edges_ns[cell]),
                        time::length(map.edges_ns[cell + 1])
                    ),
                    None => format!("{} ended", requests(counts.iter().sum())),
                }
            }
        }
    }

    /// `12.5 to 13 s`.
    fn window_words(&self, time_ns: u64) -> String {
        let (from_ns, to_ns) = self.windows.window(self.windows.at(time_ns));
        format!("{} to {}", time::point(from_ns), time::point(to_ns))
    }
}

fn chart_rows(chart: &Chart, axis: &Axis, windows: &Windows, log: bool) -> Vec<SheetRow> {
    let most: Vec<u64> = chart.rows.iter().map(Row::most).collect();
    let row = |at: usize| {
        let panel = panel::row(chart, at, axis, windows, log);
        SheetRow::new(chart.rows[at].name.clone(), at, panel, false)
    };
    highest(&most).into_iter().map(row).collect()
}

/// Of equals the first.
fn highest(most: &[u64]) -> Vec<usize> {
    let is_shown = |at: &usize| {
        let before = |other: &usize| (most[*other], at) > (most[*at], other);
        (0..most.len()).filter(before).count() < ROWS_MAX
    };
    (0..most.len()).filter(is_shown).collect()
}

fn meaning(chart: &Chart, log: bool) -> String {
    let axis = match chart.unit {
        Unit::Length if log => ", log axis",
        _ => "",
    };
    format!("{}{axis}", chart.metric.meaning())
}

fn heat_sheet(map: HeatMap, axis: &Axis, windows: &Windows) -> Sheet {
    let panel = panel::heat(&map, axis, windows);
    let row = SheetRow::new(String::new(), 0, panel, true);
    Sheet {
        name: "Every request",
        meaning: format!(
            "by when it ended and how long it took; more ink, more requests, up to {}",
            time::count(u64::from(map.most))
        ),
        rows: vec![row],
        more: 0,
        absence: None,
        values: Values::Heat(map),
    }
}

/// Where one points.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pointed {
    time_ns: u64,
    level: Option<f64>,
}

#[function_component]
pub fn MetricsView(props: &MetricsProps) -> Html {
    let as_text = use_state(bool::default);
    let log = use_state(|| true);
    let chosen = use_state(|| None::<Requests>);
    let said = use_state_eq(|| None::<String>);
    let pointed = use_state_eq(|| None::<Pointed>);
    let track = use_node_ref();
    let recording = props.recording.read();
    let width_px = use_width_px(&track, !*as_text).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    let measured = Measured::new(&props.recording);
    let measures = use_memo(measured.clone(), |measured| {
        Rc::new(Measures::new(&measured.recording.read()))
    });
    let choices = measures.choices();
    let first = choices.first().map(|(requests, _)| *requests);
    let is_there = |wanted: &Requests| choices.iter().any(|(requests, _)| requests == wanted);
    let requests = chosen.filter(is_there).or(first).unwrap_or_default();
    let range = props
        .playhead
        .range
        .map(|range| (range.from_ns, range.to_ns));
    let board = use_memo(
        (measured, width_px, *log, requests, range),
        |(measured, width_px, log, requests, range)| {
            let recording = &measured.recording;
            Board::new(recording, &measures, *width_px, *log, *requests, *range)
        },
    );
    let playhead_ns = props.playhead.time_ns(&recording);
    let at_ns = pointed.map_or(playhead_ns, |pointed| pointed.time_ns);
    let hands = Hands {
        board: board.clone(),
        recording: props.recording.clone(),
        track: track.clone(),
        pointed: pointed.clone(),
        on_command: props.on_command.clone(),
    };
    let places = drawn(
        "--now:#px;--at:#px",
        &[board.axis.x_px(playhead_ns), board.axis.x_px(at_ns)],
    );
    let pointing = pointed.is_some().then_some("pointing");
    html! {
        <div class="view" tabindex="0" role="group" aria-label="Metrics">
            { caption(&board.told, live(props.playhead.playing), &as_text) }
            <p class="said" role="status">{ said.as_deref().unwrap_or_default() }</p>
            <div class="choices">
                { whose(&choices, requests, &chosen) }
                { scales(&log) }
            </div>
            { for board.reports.iter().map(|told| report(told, *as_text)) }
            if *as_text {
                { twin::twin(&board, at_ns) }
            } else {
                <div class={classes!("metrics", pointing)} style={places} onpointermove={hands.moved()}
                    onpointerleave={hands.left()} onclick={hands.pressed()}>
                    { hatch() }
                    { for board.sheets.iter().enumerate().map(|(at, sheet)| chart(&board, at, sheet, at_ns, *pointed, &said)) }
                    <div class="moments">
                        <div class="trk" ref={track} role="slider" tabindex="0" aria-label="Moment"
                            aria-valuemin="1" aria-valuemax={board.windows.count().to_string()}
                            aria-valuenow={(board.windows.at(at_ns) + 1).to_string()}
                            aria-valuetext={spoken(&board, at_ns)} onkeydown={hands.keys(at_ns)} onblur={hands.blurred()}>
                            { ticks(&board.axis) }
                            if pointed.is_some() {
                                <output class={classes!((board.axis.x_px(at_ns) * 2.0 > f64::from(width_px)).then_some("flip"))}>
                                    { board.window_words(at_ns) }
                                </output>
                            }
                        </div>
                        <small>{ board.axis.unit() }</small>
                    </div>
                </div>
            }
        </div>
    }
}

// --- what is chosen ---

fn whose(
    choices: &[(Requests, String)],
    shown: Requests,
    chosen: &yew::UseStateHandle<Option<Requests>>,
) -> Html {
    if choices.len() < 2 {
        return Html::default();
    }
    let all: Vec<Requests> = choices.iter().map(|(requests, _)| *requests).collect();
    let chosen = chosen.clone();
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        chosen.set(all.get(select.selected_index() as usize).copied());
    });
    let options = choices.iter().map(|(requests, name)| {
        html! { <option selected={*requests == shown}>{ name }</option> }
    });
    html! {
        <label class="pair"><span>{ "Requests" }</span><select {onchange}>{ for options }</select></label>
    }
}

fn scales(log: &yew::UseStateHandle<bool>) -> Html {
    let buttons = [(true, "Log"), (false, "Linear")].map(|(is_log, name)| {
        let set = log.clone();
        let onclick = Callback::from(move |_: MouseEvent| set.set(is_log));
        html! { <button aria-pressed={(**log == is_log).to_string()} {onclick}>{ name }</button> }
    });
    html! {
        <div class="pair" role="group" aria-label="Axis of lengths of time">
            <span>{ "Lengths of time" }</span><span class="seg">{ for buttons }</span>
        </div>
    }
}

fn report(report: &Report, is_open: bool) -> Html {
    let lines = report.lines.iter().skip(1).map(|line| {
        let (label, value) = report_columns(line);
        html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> }
    });
    html! {
        <details class="report" open={is_open}>
            <summary>{ "Report" }<small>{ report.lines.first() }</small></summary>
            <dl>{ for lines }</dl>
        </details>
    }
}

/// A report's lines have a label of twelve letters; a threshold has none.
fn report_columns(line: &str) -> (&str, &str) {
    const LABEL_END: usize = 15;
    match line.split_at_checked(LABEL_END) {
        Some((label, value)) if label.is_ascii() => (label.trim(), value.trim()),
        _ => ("", line.trim()),
    }
}

// --- a chart ---

fn chart(
    board: &Rc<Board>,
    number: usize,
    sheet: &Sheet,
    at_ns: u64,
    pointed: Option<Pointed>,
    said: &yew::UseStateHandle<Option<String>>,
) -> Html {
    if let Some(absence) = sheet.absence {
        return html! {
            <section class="chart" aria-label={sheet.name}>
                <h4>{ sheet.name }<small>{ absence }</small></h4>
            </section>
        };
    }
    let level = pointed.and_then(|pointed| pointed.level);
    let is_heat = matches!(sheet.values, Values::Heat(_));
    let rows = sheet.rows.iter().map(|row| {
        let said = board.readout(sheet, row, at_ns, level.filter(|_| is_heat));
        html! {
            <div class="chart-row" key={row.at}>
                <p><b>{ &row.name }</b><span>{ said }</span></p>
                { row.plot.clone() }
            </div>
        }
    });
    html! {
        <section class="chart" aria-label={sheet.name} key={sheet.name}>
            <div class="chart-head">
                <h4>{ sheet.name }<small>{ &sheet.meaning }</small></h4>
                { saving::menu(board, number, said) }
            </div>
            { for rows }
            if sheet.more > 0 {
                <p class="more">{ format!("{} more, with lower values, in the text and in the saved table.", sheet.more) }</p>
            }
        </section>
    }
}

fn plot(panel: &Panel, is_heat: bool) -> Html {
    let ticks = panel.ticks.iter().map(|(y_px, label)| {
        html! { <i style={drawn("top:#px", &[*y_px])}><span>{ label }</span></i> }
    });
    let shapes = panel.shapes.iter().map(|shape| {
        html! { <path class={shape.ink.class()} d={shape.path.clone()} /> }
    });
    html! {
        <div class={classes!("plot", is_heat.then_some("heat"))} style={drawn("height:#px", &[panel.height_px])} aria-hidden="true">
            { for ticks }
            <svg width={drawn("#", &[panel.width_px])} height={drawn("#", &[panel.height_px])}>{ for shapes }</svg>
        </div>
    }
}

fn ticks(axis: &Axis) -> Html {
    let ticks = axis.ticks().into_iter().map(|tick| {
        let zero = (tick.x_px == 0.0).then_some("zero");
        html! { <i class={classes!("tk", zero)} style={drawn("left:#px", &[tick.x_px])}><span>{ tick.label }</span></i> }
    });
    let folds = axis.folds().map(|fold| {
        let style = drawn(
            "left:#px;width:#px",
            &[fold.from_px, fold.to_px - fold.from_px],
        );
        let length = time::length(fold.to_ns - fold.from_ns);
        html! { <i class="fold" {style} title={format!("{length} of idle time, folded")}></i> }
    });
    html! { <>{ for folds }{ for ticks }</> }
}

fn hatch() -> Html {
    html! {
        <svg class="defs" width="0" height="0" aria-hidden="true">
            <pattern id="metrics-hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect class="hatch-ground" width="4" height="4" />
                <rect class="hatch-line" width="1.6" height="4" />
            </pattern>
        </svg>
    }
}

/// What one would read off the charts: of more rows than one, the highest.
fn spoken(board: &Board, time_ns: u64) -> String {
    let sheets = board.sheets.iter().filter(|sheet| !sheet.rows.is_empty());
    let said = sheets.map(|sheet| {
        let row = &sheet.rows[0];
        let whose = match row.name.as_str() {
            "" => String::new(),
            name => format!(" of {name}"),
        };
        format!(
            "{}{whose}: {}",
            sheet.name,
            board.readout(sheet, row, time_ns, None)
        )
    });
    let said: Vec<String> = said.collect();
    format!("{}. {}", board.window_words(time_ns), said.join(". "))
}

// --- pointing ---

#[derive(Clone)]
struct Hands {
    board: Rc<Board>,
    recording: Shared,
    track: yew::NodeRef,
    pointed: yew::UseStateHandle<Option<Pointed>>,
    on_command: Callback<TimeCommand>,
}

impl Hands {
    /// Where on the axis; `None` beside the charts.
    fn time_ns(&self, client_x: i32) -> Option<u64> {
        let track = self.track.cast::<Element>()?.get_bounding_client_rect();
        let x_px = f64::from(client_x) - track.left();
        let is_within = (-4.0..=track.width() + 4.0).contains(&x_px);
        is_within.then(|| self.board.axis.time_ns(x_px.max(0.0)))
    }

    fn moved(&self) -> Callback<PointerEvent> {
        let hands = self.clone();
        Callback::from(move |event: PointerEvent| {
            let level = || {
                let over: Element = event.target()?.dyn_into().ok()?;
                let plot = over.closest(".heat").ok()??.get_bounding_client_rect();
                Some((plot.bottom() - f64::from(event.client_y())) / plot.height())
            };
            let time_ns = hands.time_ns(event.client_x());
            hands.pointed.set(time_ns.map(|time_ns| Pointed {
                time_ns,
                level: level(),
            }));
        })
    }

    fn left(&self) -> Callback<PointerEvent> {
        let pointed = self.pointed.clone();
        Callback::from(move |_| pointed.set(None))
    }

    fn blurred(&self) -> Callback<yew::FocusEvent> {
        let pointed = self.pointed.clone();
        Callback::from(move |_| pointed.set(None))
    }

    fn go(&self, time_ns: u64) {
        let moment = self.recording.read().at_time(time_ns);
        self.on_command.emit(TimeCommand::Seek(moment));
    }

    /// A press on a chart goes there; one on a button does what that says.
    fn pressed(&self) -> Callback<MouseEvent> {
        let hands = self.clone();
        Callback::from(move |event: MouseEvent| {
            let over = event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok());
            let on_chart =
                over.is_some_and(|over| over.closest(".plot, .moments").ok().flatten().is_some());
            if let Some(time_ns) = hands.time_ns(event.client_x()).filter(|_| on_chart) {
                hands.go(time_ns);
            }
        })
    }

    /// Arrows choose the window before and behind, Enter goes there, Escape goes back to the playhead's.
    fn keys(&self, at_ns: u64) -> Callback<KeyboardEvent> {
        let hands = self.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.alt_key() || event.meta_key() {
                return;
            }
            let windows = &hands.board.windows;
            let (now, last) = (windows.at(at_ns), windows.count() - 1);
            let leap = if event.shift_key() { 10 } else { 1 };
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => now.saturating_sub(leap),
                "ArrowRight" | "ArrowUp" => (now + leap).min(last),
                "PageDown" => now.saturating_sub(10),
                "PageUp" => (now + 10).min(last),
                "Home" => 0,
                "End" => last,
                "Enter" => {
                    hands.go(at_ns);
                    now
                }
                "Escape" => {
                    hands.pointed.set(None);
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            let (time_ns, _) = windows.window(to);
            hands.pointed.set(Some(Pointed {
                time_ns,
                level: None,
            }));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_are_shown_in_their_order() {
        assert_eq!(highest(&[]), [] as [usize; 0]);
        assert_eq!(highest(&[3, 1]), [0, 1]);
        assert_eq!(highest(&[0, 0, 0, 5, 0, 0, 0, 0, 9]), [0, 1, 2, 3, 4, 8]);
    }
}
