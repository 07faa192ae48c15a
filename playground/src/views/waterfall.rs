//! The spans of one request as a waterfall: row under row by cause, bars over the request's own time, the critical
//! path as one ink line through the rows in which it lies.
//!
//! A press on a row goes to its moment and opens what the recording knows of it; the text twin is the same table with
//! what waits and what works in words.

use recording::{
    Highlight, Lane, Recording, Sentence, TimeCommand, axis, time,
    waterfall::{Bar, BarKind, Row, RowKind, Waterfall},
    words::some,
};
use yew::{
    Callback, Html, MouseEvent, classes, function_component, html, use_memo, use_node_ref,
    use_state,
};

use super::{
    caption::{caption, columns},
    drawn::{draw, drawn},
    glyphs::colour_class,
    measure::use_width_px,
    requests::{RequestViewProps, chooser, nothing_yet, use_request},
};

const ROWS_MAX: usize = 200;
const WIDTH_PX_UNTIL_MEASURED: u32 = 640;
const TICK_PX: f64 = 72.0;
/// What a bar needs to carry words.
const WORDS_PX: f64 = 190.0;

#[function_component]
pub fn WaterfallView(props: &RequestViewProps) -> Html {
    let as_text = use_state(bool::default);
    let opened = use_state(|| None::<(usize, usize)>);
    let rows_max = use_state(|| ROWS_MAX);
    let drawn = use_node_ref();
    let recording = props.recording.read();
    let shown = use_request(props);
    let width_px =
        use_width_px(&drawn, !*as_text && shown.is_some()).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    let waterfall = use_memo((props.recording.clone(), shown), |(recording, shown)| {
        shown.map(|request| recording.read().waterfall(request))
    });
    let (Some(request), Some(waterfall)) = (shown, &*waterfall) else {
        return nothing_yet("The waterfall of a request");
    };
    let open = {
        let (opened, on_command) = (opened.clone(), props.on_command.clone());
        Callback::from(move |(row, event): (usize, protocol::EventId)| {
            opened.set(Some((request, row)));
            on_command.emit(TimeCommand::Seek(event));
        })
    };
    let more = {
        let rows_max = rows_max.clone();
        Callback::from(move |_: MouseEvent| rows_max.set(*rows_max * 4))
    };
    let opened = opened.filter(|(of, row)| *of == request && *row < waterfall.rows.len());
    let picture = Picture {
        props,
        recording: &recording,
        waterfall,
        rows: &waterfall.rows[..waterfall.rows.len().min(*rows_max)],
        bars_px: f64::from(width_px)
            - match width_px {
                0..=440 => 0.0,
                441..=760 => 252.0,
                _ => 336.0,
            },
        now_ns: props.playhead.gliding_ns(&recording),
        opened: opened.map(|(_, row)| row),
        open,
    };
    let hidden = waterfall.rows.len() - picture.rows.len();
    html! {
        <div class="view" tabindex="0" role="group" aria-label="The waterfall of a request">
            { caption(&told(&recording, request, waterfall), "polite", &as_text) }
            { chooser(props, request) }
            if *as_text {
                { picture.twin() }
            } else {
                <div ref={drawn}>{ picture.fall() }</div>
            }
            if hidden > 0 {
                <p class="tally"><button class="link" onclick={more}>{ format!("Show more: {} are not shown", some(hidden, "row")) }</button></p>
            }
            if let Some(row) = picture.opened { { picture.details(row) } }
            if !*as_text { { key() } }
        </div>
    }
}

/// How long it took and what for.
fn told(recording: &Recording, request: usize, waterfall: &Waterfall) -> Sentence {
    let line = recording.request_line(request);
    let length = time::length(waterfall.to_ns - waterfall.from_ns);
    let what = match recording.network().request(request).end {
        Some(_) => format!("{line} took {length}."),
        None => format!("{line} is under way for {length}."),
    };
    let held = waterfall
        .rows
        .iter()
        .filter(|row| matches!(row.kind, RowKind::Held(_)))
        .max_by_key(|row| row.to_ns - row.from_ns);
    let shares = recording.time_shares(&waterfall.path);
    let shares: Vec<String> = shares
        .iter()
        .take(3)
        .map(|(what, length_ns)| format!("{} {what}", time::length(*length_ns)))
        .collect();
    let mut why = match shares.is_empty() {
        true => String::new(),
        false => format!("{}.", shares.join(", ")),
    };
    if let Some(words) = recording.longest_call_words(waterfall) {
        why.push(' ');
        why.push_str(&words);
    }
    if let Some(row) = held {
        let sentence = recording.row_sentence(row);
        why.push_str(&format!(" It {sentence}."));
    }
    Sentence {
        who: None,
        what,
        why,
    }
}

struct Picture<'a> {
    props: &'a RequestViewProps,
    recording: &'a Recording,
    waterfall: &'a Waterfall,
    rows: &'a [Row],
    bars_px: f64,
    now_ns: u64,
    opened: Option<usize>,
    open: Callback<(usize, protocol::EventId)>,
}

impl Picture<'_> {
    /// In percent of the bars' width.
    fn x(&self, time_ns: u64) -> f64 {
        let length_ns = (self.waterfall.to_ns - self.waterfall.from_ns).max(1) as f64;
        let gone_ns = time_ns.saturating_sub(self.waterfall.from_ns) as f64;
        (gone_ns / length_ns * 100.0).min(100.0)
    }

    fn name(&self, row: &Row) -> Highlight {
        match (row.kind, row.tasks.first()) {
            (RowKind::Request, _) => Highlight::Request(row.request),
            (RowKind::Work(_), Some(task)) => Highlight::Task(*task),
            _ => Highlight::Event(row.event),
        }
    }

    fn is_lit(&self, row: &Row) -> bool {
        let lit = &self.props.lit;
        match row.kind {
            RowKind::Request => lit.has_request(self.recording, row.request),
            _ => {
                lit.has_event(self.recording, row.event)
                    || row
                        .tasks
                        .iter()
                        .any(|task| lit.has_task(self.recording, *task))
            }
        }
    }

    fn fall(&self) -> Html {
        let total_ns = self.waterfall.to_ns - self.waterfall.from_ns;
        let step_ns =
            axis::round_step(total_ns as f64 * TICK_PX / self.bars_px.max(TICK_PX)).max(1);
        let unit = time::clock(total_ns).1;
        let ticks = (0..)
            .map(|number| number * step_ns)
            .take_while(|at_ns| *at_ns <= total_ns)
            .map(|at_ns| {
                let x = self.x(self.waterfall.from_ns + at_ns);
                let label = match at_ns {
                    0 => format!("0 {unit}"),
                    _ => axis::label(at_ns, step_ns, unit),
                };
                let class = classes!((at_ns == 0).then_some("zero"), (x > 94.0).then_some("last"));
                html! { <i {class} style={drawn("left:#%", &[x])}><span>{ label }</span></i> }
            });
        let now = self.x(self.now_ns);
        let is_within = (self.waterfall.from_ns..=self.waterfall.to_ns).contains(&self.now_ns);
        html! {
            <div class="fall" role="table" aria-label="Spans by cause">
                <div class="axis" role="row">
                    <span class="l" role="columnheader">{ "span" }</span>
                    <span class="x" role="columnheader" aria-label="when">{ for ticks }</span>
                    <span class="ms" role="columnheader">{ "took" }</span>
                </div>
                <div class="rows" role="rowgroup" style={drawn("--now:#%", &[now])}>
                    { for self.rows.iter().enumerate().map(|(at, row)| self.row(at, row)) }
                    <div class="laid" role="presentation" aria-hidden="true">
                        { self.path() }
                        if self.now_ns < self.waterfall.to_ns { <i class="fade"></i> }
                        if is_within { <i class="nowl"></i> }
                    </div>
                </div>
            </div>
        }
    }

    fn row(&self, at: usize, row: &Row) -> Html {
        let (name, place) = self.recording.row_words(row);
        let event = row.event;
        let onclick = self.open.reform(move |_: MouseEvent| (at, event));
        let class = classes!(
            "rw",
            (!row.is_critical && row.kind != RowKind::Request).then_some("off"),
            (self.opened == Some(at)).then_some("sel"),
            (row.kind == RowKind::Request).then_some("whole"),
            matches!(row.kind, RowKind::Held(_)).then_some("why"),
            self.is_lit(row).then_some("lit"),
        );
        let is_code = matches!(row.kind, RowKind::Call(..) | RowKind::Middleware(..));
        let whole = (row.kind == RowKind::Request).then_some(Bar {
            kind: BarKind::Called,
            from_ns: row.from_ns,
            to_ns: row.to_ns,
        });
        let bars = row.bars.iter().chain(whole.as_ref());
        html! {
            <div key={at} {class} role="row" data-is={self.name(row).name()}>
                <span class="l" role="rowheader" style={format!("--d:{}", row.depth.min(8))}>
                    <button class={classes!("nm", is_code.then_some("called"))} {onclick} title={name.clone()}>{ name }</button><small>{ place }</small></span>
                <span class="x" role="cell" aria-label={self.bars_words(row)}>{ for bars.map(|bar| self.bar(row, bar)) }</span>
                <span class="ms" role="cell">{ time::length(row.to_ns - row.from_ns) }</span>
            </div>
        }
    }

    fn bar(&self, row: &Row, bar: &Bar) -> Html {
        let (from, to) = (self.x(bar.from_ns), self.x(bar.to_ns));
        let class = match bar.kind {
            BarKind::Wire => classes!("b", "wired"),
            BarKind::Lost => classes!("b", "wired", "lost"),
            BarKind::Asleep => {
                let first = row
                    .tasks
                    .first()
                    .map(|task| self.recording.task(*task).lane());
                classes!("b", "waits", colour_class(first.unwrap_or(Lane::Poll)))
            }
            BarKind::Waits => classes!("b", "waits"),
            BarKind::Runs(lane) => classes!("b", colour_class(lane)),
            BarKind::Called => classes!("b", "span"),
            BarKind::Held => classes!("b", "busy"),
        };
        let words = match bar.kind {
            BarKind::Asleep | BarKind::Waits if (to - from) / 100.0 * self.bars_px > WORDS_PX => {
                Some(self.wait_words(row, bar))
            }
            _ => None,
        };
        html! {
            <i {class} style={drawn("left:#%;width:#%", &[from, to - from])}>
                if let Some(words) = words { <span>{ words }</span> }
            </i>
        }
    }

    fn wait_words(&self, row: &Row, bar: &Bar) -> String {
        let length = time::length(bar.to_ns - bar.from_ns);
        let lane = row
            .tasks
            .first()
            .map(|task| self.recording.task(*task).lane());
        match (bar.kind, lane) {
            (BarKind::Asleep, Some(Lane::Timers)) => format!("waits {length} for its timer"),
            (BarKind::Asleep, _) => format!("waits {length} for I/O"),
            _ => format!("waits {length} for its turn"),
        }
    }

    fn bars_words(&self, row: &Row) -> String {
        let from = time::length(row.from_ns - self.waterfall.from_ns);
        let mut words = format!("after {from}");
        for bar in row
            .bars
            .iter()
            .filter(|bar| matches!(bar.kind, BarKind::Asleep | BarKind::Waits))
        {
            words.push_str(", ");
            words.push_str(&self.wait_words(row, bar));
        }
        words
    }

    /// One line through the rows, along each part of the critical path and over to the next.
    fn path(&self) -> Html {
        let mut line = String::new();
        for (number, (span, row)) in self.waterfall.path.iter().enumerate() {
            let y = (*row.min(&self.rows.len()) as f64) + 0.84;
            let (from, to) = (self.x(span.from_ns), self.x(span.to_ns));
            let command = if number == 0 { 'M' } else { 'L' };
            line.push(command);
            draw(&mut line, "# #L# #", &[from, y, to, y]);
        }
        html! {
            <svg viewBox={format!("0 0 100 {}", self.rows.len().max(1))} preserveAspectRatio="none"><path d={line} /></svg>
        }
    }

    fn go(&self, event: protocol::EventId) -> Html {
        let onclick = self
            .props
            .on_command
            .reform(move |_: MouseEvent| TimeCommand::Seek(event));
        html! { <button class="link" {onclick}>{ time::point(self.recording.time_ns(event)) }</button> }
    }

    fn details(&self, at: usize) -> Html {
        const TASKS_MAX: usize = 12;
        let recording = self.recording;
        let row = &self.waterfall.rows[at];
        let (name, place) = recording.row_words(row);
        let trace = recording.request_trace(row.request);
        let on_path: u64 = self
            .waterfall
            .path
            .iter()
            .filter(|(_, of)| *of == at)
            .map(|(span, _)| span.to_ns - span.from_ns)
            .sum();
        let tasks = row.tasks.iter().take(TASKS_MAX).map(|task| {
            let known = recording.task(*task);
            let lit = self.props.lit.has_task(recording, *task).then_some("lit");
            html! {
                <li class={classes!(lit)} data-is={Highlight::Task(*task).name()}>
                    { for known.started.map(|event| self.go(event)) }{ " " }
                    { format!("{}, {}: ran {}", recording.task_label(*task), recording.task_place(*task), time::length(recording.run_ns(known))) }</li>
            }
        });
        let length = |length_ns: u64| time::length(length_ns);
        html! {
            <section class="insp" aria-label="Details">
                <div class="head-line"><h4>{ name }{ ", " }{ place }</h4></div>
                <p class="why">{ recording.row_sentence(row) }{ "." }</p>
                <dl>
                    <dt>{ "begins" }</dt><dd>{ self.go(row.event) }</dd>
                    if row.kind != RowKind::Request {
                        <><dt>{ "works or travels" }</dt><dd>{ length(row.self_ns()) }</dd>
                        <dt>{ "waits" }</dt><dd>{ length(row.waits_ns()) }</dd></>
                    }
                    <dt>{ "on the critical path" }</dt><dd>{ length(on_path) }</dd>
                    if let Some(trace) = trace {
                        <><dt>{ "trace" }</dt><dd><code>{ trace.trace }</code></dd>
                        <dt>{ "called by span" }</dt><dd><code>{ trace.parent }</code></dd></>
                    }
                </dl>
                if !row.tasks.is_empty() {
                    <><h5>{ some(row.tasks.len(), "callback") }</h5><ol class="path">{ for tasks }</ol></>
                }
            </section>
        }
    }

    fn twin(&self) -> Html {
        let rows = self.rows.iter().enumerate().map(|(at, row)| {
            let (name, place) = self.recording.row_words(row);
            let event = row.event;
            let onclick = self.open.reform(move |_: MouseEvent| (at, event));
            let lit = self.is_lit(row).then_some("lit");
            let dashes = "– ".repeat(row.depth);
            html! {
                <tr key={at} class={classes!(lit)} data-is={self.name(row).name()}>
                    <th scope="row">{ dashes }<button class="link" {onclick}>{ name }</button></th>
                    <td>{ place }</td><td>{ time::length(row.to_ns - row.from_ns) }</td>
                    <td>{ self.bars_words(row) }{ if row.is_critical { ", on the critical path" } else { "" } }</td>
                </tr>
            }
        });
        html! {
            <table class="twin spans">
                <caption>{ "Spans by cause, each under the one it serves" }</caption>
                { columns(&["what", "where", "took", "when, and what for"]) }
                <tbody>{ for rows }</tbody>
            </table>
        }
    }
}

fn key() -> Html {
    const KEYS: [(&str, &str); 6] = [
        ("c-poll", "runs, in the colour of its phase"),
        ("wired", "on the wire"),
        ("waits", "waits, from when it was asked for"),
        ("busy", "somebody else holds the loop"),
        ("span", "a request, a call: at least so long"),
        ("cpk", "critical path"),
    ];
    html! {
        <p class="key">
            { for KEYS.iter().map(|(class, words)| html! { <span><i class={classes!("b", *class)}></i>{ *words }</span> }) }
        </p>
    }
}
