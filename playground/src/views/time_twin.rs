//! The time in words: what is chosen of it, how busy each process was, and every bookmark with its moment.

use protocol::EventId;
use recording::{
    Bookmarks, Highlight, Lit, Playhead, Range, Recording, TimeCommand, density, time, words::some,
};
use yew::{Callback, Html, MouseEvent, classes, html};

use super::caption::columns;

const ROWS_MAX: usize = 200;

pub fn twin(
    recording: &Recording,
    playhead: &Playhead,
    bookmarks: &Bookmarks,
    lit: &Lit,
    on_command: &Callback<TimeCommand>,
) -> Html {
    let whole = Range {
        from_ns: 0,
        to_ns: recording.end_ns(),
    };
    let range = playhead.range.unwrap_or(whole);
    let now = recording.snap(playhead.event);
    let processes = recording.processes().map(|process| {
        let (count, busy_ns) = busy(recording, recording.ran(process), range);
        let share = busy_ns as f64 * 100.0 / range.length_ns().max(1) as f64;
        let says = format!("{}, busy for {}, {} %", some(count, "callback"), time::length(busy_ns), share.round() as u32);
        html! { <tr><th scope="row">{ "process" }</th><td>{ recording.process_name(process) }</td><td>{ says }</td></tr> }
    });
    let all = bookmarks.between(recording, range.from_ns, range.to_ns);
    // Of many those around the playhead.
    let after = all.partition_point(|bookmark| bookmark.event <= now);
    let first = after
        .saturating_sub(ROWS_MAX / 2)
        .min(all.len().saturating_sub(ROWS_MAX));
    let shown = &all[first..all.len().min(first + ROWS_MAX)];
    let rows = shown.iter().map(|bookmark| {
        let event = bookmark.event;
        let class = classes!(
            (event > now).then_some("later"),
            lit.has_event(recording, event).then_some("lit"),
        );
        let at = time::point(recording.time_ns(event));
        let words = bookmarks.long(recording, bookmark);
        let words = words.splitn(3, ", ").nth(2).unwrap_or_default().to_owned();
        html! {
            <tr {class} data-is={Highlight::Event(event).name()}>
                <th scope="row">{ bookmark.kind.name() }</th><td>{ go(on_command, event, at) }</td><td>{ words }</td>
            </tr>
        }
    });
    let caption = match playhead.range {
        Some(range) => format!("The range from {}", span(range)),
        None => format!("Time from {}", span(whole)),
    };
    let more = all.len() - shown.len();
    html! {
        <div class="time-twin" tabindex="0" role="group" aria-label="Time as text">
            <table class="twin">
                <caption>{ caption }</caption>
                { columns(&["what", "who or when", "how"]) }
                <tbody>
                    { for processes }
                    { for rows }
                    if more > 0 {
                        <tr><th scope="row">{ "more" }</th><td>{ some(more, "bookmark") }</td><td>{ "further from the playhead" }</td></tr>
                    }
                </tbody>
            </table>
        </div>
    }
}

/// `1.2 ms to 3.4 ms, 2.2 ms`.
pub fn span(range: Range) -> String {
    format!(
        "{} to {}, {}",
        time::point(range.from_ns),
        time::point(range.to_ns),
        time::length(range.length_ns())
    )
}

fn go(on_command: &Callback<TimeCommand>, event: EventId, words: String) -> Html {
    let onclick = on_command.reform(move |_: MouseEvent| TimeCommand::Seek(event));
    html! { <button class="link" {onclick}>{ words }</button> }
}

/// How many callbacks run within a range, and how long. They come in the order of their starts.
fn busy(recording: &Recording, ran: &[recording::TaskIndex], range: Range) -> (usize, u64) {
    let span = |task: &recording::TaskIndex| density::run(recording, *task);
    let until = ran.partition_point(|task| span(task).0 <= range.to_ns);
    let within = ran[..until].iter().filter_map(|task| {
        let (from_ns, to_ns) = span(task);
        let from_ns = from_ns.max(range.from_ns);
        let to_ns = to_ns.min(range.to_ns);
        (to_ns >= from_ns).then(|| to_ns - from_ns)
    });
    within.fold((0, 0), |(count, sum), length| (count + 1, sum + length))
}
