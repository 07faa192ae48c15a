//! The charts in words: what every row says of the moment, the lowest and highest it ever says, and requests window by
//! window.

use recording::{metrics::Metric, time};
use yew::{Html, html};

use super::{super::caption::columns, Board, Values};

/// A table of more rows nobody reads; a saved one has all.
const WINDOWS_MAX: usize = 200;

pub fn twin(board: &Board, at_ns: u64) -> Html {
    html! {
        <>
            { now(board, at_ns) }
            { requests(board) }
        </>
    }
}

fn now(board: &Board, at_ns: u64) -> Html {
    let charts = board.sheets.iter().filter_map(|sheet| match &sheet.values {
        Values::Chart(chart) => Some((sheet, chart)),
        Values::Heat(_) => None,
    });
    let window = board.windows.at(at_ns);
    let rows = charts.flat_map(|(sheet, chart)| {
        let unit = chart.unit;
        let silent = sheet.absence.map(|absence| {
            html! { <tr><th scope="row">{ sheet.name }</th><td colspan="3">{ absence }</td></tr> }
        });
        let rows = chart.rows.iter().enumerate().map(move |(at, row)| {
            let now = board.measures.at(chart.metric, board.requests, at_ns);
            let now = now.and_then(|now| now.get(at).copied());
            let values = || {
                row.lines
                    .iter()
                    .flat_map(|line| line.values.iter().flatten())
            };
            let words =
                |value: Option<&u64>| value.map_or("none".to_owned(), |value| unit.words(*value));
            let name = match row.name.as_str() {
                "" => sheet.name.to_owned(),
                name => format!("{}, {name}", sheet.name),
            };
            html! {
                <tr>
                    <th scope="row" title={sheet.meaning.clone()}>{ name }</th>
                    <td>{ chart.readout(at, window, now) }</td>
                    <td>{ words(values().min()) }</td>
                    <td>{ words(values().max()) }</td>
                </tr>
            }
        });
        silent.into_iter().chain(rows.collect::<Vec<_>>())
    });
    html! {
        <div class="wide" tabindex="0" role="group" aria-label="Metrics at the moment">
            <table class="twin figures">
                <caption>{ format!("At {}, in the window from {}", time::point(at_ns), board.window_words(at_ns)) }</caption>
                { columns(&["metric", "here", "lowest", "highest"]) }
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}

fn requests(board: &Board) -> Html {
    const COLUMNS: [Metric; 3] = [Metric::Throughput, Metric::Errors, Metric::Latency];
    let charts = COLUMNS.map(|metric| {
        let mut charts = board.sheets.iter().filter_map(|sheet| match &sheet.values {
            Values::Chart(chart) if chart.metric == metric => {
                chart.rows.first().map(|row| (chart.unit, row))
            }
            _ => None,
        });
        charts.next()
    });
    let lines: Vec<_> = charts
        .into_iter()
        .flatten()
        .flat_map(|(unit, row)| row.lines.iter().map(move |line| (unit, line)))
        .collect();
    if lines.is_empty() {
        return Html::default();
    }
    let is_told = |at: usize| {
        lines
            .iter()
            .any(|(_, line)| line.values[at].is_some_and(|value| value > 0))
    };
    let told: Vec<usize> = (0..board.windows.count())
        .filter(|at| is_told(*at))
        .collect();
    let more = told.len().saturating_sub(WINDOWS_MAX);
    let rows = told.iter().take(WINDOWS_MAX).map(|at| {
        let (from_ns, _) = board.windows.window(*at);
        let cells = lines.iter().map(|(unit, line)| {
            html! { <td>{ line.values[*at].map_or("none".to_owned(), |value| unit.words(value)) }</td> }
        });
        html! { <tr><th scope="row">{ time::point(from_ns) }</th>{ for cells }</tr> }
    });
    let length = time::length(board.windows.step_ns);
    html! {
        <div class="wide" tabindex="0" role="group" aria-label="Requests over time">
            <table class="twin figures">
                <caption>{ format!("Windows of {length} in which requests ended") }</caption>
                <thead><tr><th scope="col">{ "from" }</th>{ for lines.iter().map(|(_, line)| html! { <th scope="col">{ line.name }</th> }) }</tr></thead>
                <tbody>
                    { for rows }
                    if more > 0 {
                        <tr><th scope="row">{ "more" }</th><td colspan="5">{ format!("{} windows, in the saved table", time::count(more as u64)) }</td></tr>
                    }
                </tbody>
            </table>
        </div>
    }
}
