//! A row of a chart as shapes: the page draws them with its tokens, and a saved picture with the colours that these
//! have at the moment.
//!
//! What is said of a window is drawn as long as the window is: nothing is smoothed, and where there is no value there is
//! no line. A stretch that holds a loop for 50 ms or more is hatched, as everywhere.

use recording::{
    Axis,
    metrics::{Chart, HeatMap, Metric, Scale, Unit, Windows},
    score::BLOCKED_NS,
};
use yew::AttrValue;

use super::super::drawn::draw;

pub const HEIGHT_PX: f64 = 96.0;
/// Of one row among several.
pub const ROW_HEIGHT_PX: f64 = 40.0;
const TICK_PX: f64 = 22.0;
/// Between windows that stand beside each other.
const GAP_PX: f64 = 1.0;
const SHADES: u32 = 5;

/// What a shape is drawn with: a class of the page's, and how that looks where there are no styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Bar,
    Area,
    Failed,
    Blocked,
    Line(u8),
    Shade(u8),
}

impl Ink {
    pub fn class(self) -> &'static str {
        const LINES: [&str; 3] = ["ln w1", "ln w2", "ln w3"];
        const SHADES: [&str; 5] = ["h1", "h2", "h3", "h4", "h5"];
        match self {
            Self::Bar => "bar",
            Self::Area => "area",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Line(weight) => LINES[usize::from(weight)],
            Self::Shade(shade) => SHADES[usize::from(shade)],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub ink: Ink,
    pub path: AttrValue,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub width_px: f64,
    pub height_px: f64,
    pub shapes: Vec<Shape>,
    /// From the top.
    pub ticks: Vec<(f64, String)>,
}

impl Panel {
    fn new(axis: &Axis, height_px: f64, scale: Scale, unit: Unit) -> Self {
        let ticks = scale.ticks((height_px / TICK_PX) as usize);
        let at = |tick: &u64| (height_px * (1.0 - scale.part(*tick)), unit.number(*tick));
        Self {
            width_px: axis.width_px(),
            height_px,
            shapes: Vec::new(),
            ticks: ticks.iter().map(at).collect(),
        }
    }

    fn add(&mut self, ink: Ink, path: String) {
        if !path.is_empty() {
            self.shapes.push(Shape {
                ink,
                path: path.into(),
            });
        }
    }
}

/// A window's place on the axis.
fn spans(axis: &Axis, windows: &Windows) -> Vec<(f64, f64)> {
    let edges = windows.iter();
    edges
        .map(|(from_ns, to_ns)| (axis.x_px(from_ns), axis.x_px(to_ns)))
        .collect()
}

pub fn row(chart: &Chart, at: usize, axis: &Axis, windows: &Windows, log: bool) -> Panel {
    let scale = chart.scale(log);
    let height_px = match chart.rows.len() {
        1 if chart.metric == Metric::Latency => HEIGHT_PX,
        _ => ROW_HEIGHT_PX,
    };
    let mut panel = Panel::new(axis, height_px, scale, chart.unit);
    let y_px = |value| height_px * (1.0 - scale.part(value));
    let spans = spans(axis, windows);
    let row = &chart.rows[at];
    let bars = |line: usize, is_wanted: &dyn Fn(u64) -> bool| {
        let mut path = String::new();
        for (&(from_px, to_px), value) in spans.iter().zip(&row.lines[line].values) {
            let Some(value) = value.filter(|value| *value > 0 && is_wanted(*value)) else {
                continue;
            };
            let top_px = y_px(value).min(height_px - 1.0);
            let width_px = (to_px - from_px - GAP_PX).max(0.8);
            draw(
                &mut path,
                "M# #V#h#V#z",
                &[from_px, height_px, top_px, width_px, height_px],
            );
        }
        path
    };
    let steps = |line: usize| {
        let mut path = String::new();
        let mut last = None;
        for (&(from_px, to_px), value) in spans.iter().zip(&row.lines[line].values) {
            if let Some(value) = value {
                let y_px = y_px(*value);
                match last {
                    Some(()) => draw(&mut path, "V#H#", &[y_px, to_px]),
                    None => draw(&mut path, "M# #H#", &[from_px, y_px, to_px]),
                }
            }
            last = value.map(|_| ());
        }
        path
    };
    match chart.metric {
        Metric::Latency => {
            for line in 0..3 {
                panel.add(Ink::Line(line), steps(usize::from(line)));
            }
        }
        Metric::Errors => panel.add(Ink::Failed, bars(0, &|_| true)),
        Metric::Throughput | Metric::Cpu => panel.add(Ink::Bar, bars(0, &|_| true)),
        Metric::Lag => {
            panel.add(Ink::Bar, bars(0, &|value| value < BLOCKED_NS));
            panel.add(Ink::Blocked, bars(0, &|value| value >= BLOCKED_NS));
        }
        _ => {
            // It holds all the time, so that nothing is between two windows.
            let mut under = steps(0);
            if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
                let (from_px, to_px) = (first.0, last.1);
                draw(&mut under, "L# #H#z", &[to_px, height_px, from_px]);
                panel.add(Ink::Area, under);
            }
            panel.add(Ink::Line(1), steps(1));
        }
    }
    panel
}

/// The more requests, the more ink; one request is seen.
pub fn heat(map: &HeatMap, axis: &Axis, windows: &Windows) -> Panel {
    let mut panel = Panel::new(axis, HEIGHT_PX, map.scale, Unit::Length);
    let mut paths = vec![String::new(); SHADES as usize];
    let edges: Vec<f64> = map
        .edges_ns
        .iter()
        .map(|edge_ns| HEIGHT_PX * (1.0 - map.scale.part(*edge_ns)))
        .collect();
    for (counts, (from_px, to_px)) in map.counts.iter().zip(spans(axis, windows)) {
        let width_px = (to_px - from_px - GAP_PX).max(0.8);
        for (cell, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (low_px, high_px) = (edges[cell], edges[cell + 1]);
            let height_px = (low_px - high_px - GAP_PX).max(0.8);
            let path = &mut paths[shade(*count, map.most)];
            draw(
                path,
                "M# #h#v#h-#z",
                &[from_px, high_px, width_px, height_px, width_px],
            );
        }
    }
    for (shade, path) in (0..).zip(paths) {
        panel.add(Ink::Shade(shade), path);
    }
    panel
}

/// By logarithm: of a hundred and one the one is told from none, and ten from both.
fn shade(count: u32, most: u32) -> usize {
    if most <= 1 {
        return SHADES as usize - 1;
    }
    let share = f64::from(count).ln() / f64::from(most).ln();
    (share * f64::from(SHADES - 1)).round() as usize
}

#[cfg(test)]
mod tests {
    use recording::{
        Recording, fixture,
        metrics::{Measures, Requests},
    };

    use super::*;

    #[test]
    fn every_window_with_a_value_is_drawn() {
        let recording = Recording::from_events(fixture::under_load(200, 5));
        let axis = Axis::new(&recording, 600.0, true);
        let windows = Windows::on(&axis, (0, recording.end_ns() + 1));
        let measures = Measures::new(&recording);
        for metric in Metric::ALL {
            let chart = measures.chart(metric, Requests::Loads, &windows);
            for at in 0..chart.rows.len() {
                let panel = row(&chart, at, &axis, &windows, true);
                let first = &chart.rows[at].lines[0];
                let some = first
                    .values
                    .iter()
                    .flatten()
                    .filter(|value| **value > 0)
                    .count();
                let drawn: usize = panel
                    .shapes
                    .iter()
                    .filter(|shape| !matches!(shape.ink, Ink::Line(_) | Ink::Area))
                    .map(|shape| shape.path.matches('M').count())
                    .sum();
                match panel.shapes.iter().find(|shape| shape.ink == Ink::Area) {
                    Some(area) => assert_eq!(area.path.matches('V').count(), windows.count() - 1),
                    None if metric == Metric::Latency => assert_eq!(drawn, 0),
                    None => assert_eq!(drawn, some, "{metric:?}"),
                }
                assert!(
                    panel
                        .ticks
                        .iter()
                        .all(|(y_px, _)| (-0.1..=panel.height_px + 0.1).contains(y_px))
                );
            }
        }
        let map = measures.heat_map(Requests::Loads, &windows, true).unwrap();
        let cells = map
            .counts
            .iter()
            .flatten()
            .filter(|count| **count > 0)
            .count();
        let panel = heat(&map, &axis, &windows);
        let drawn: usize = panel
            .shapes
            .iter()
            .map(|shape| shape.path.matches('M').count())
            .sum();
        assert_eq!(drawn, cells);
    }

    #[test]
    fn one_is_seen_and_more_is_darker() {
        assert_eq!([1, 10, 100].map(|count| shade(count, 100)), [0, 2, 4]);
        assert_eq!(shade(1, 1), 4);
    }
}
