//! One metric over windows of time: rows of lines with a value for each window, and the heat map of requests.

use protocol::load::{RATE_PER_SECOND, percentile};

use super::{
    Exchange, Measures, Metric, Requests, Scale, Unit, Windows,
    steps::{Changes, Steps},
};
use crate::time;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub name: &'static str,
    /// One for each window, none where there is nothing of which it could be said.
    pub values: Vec<Option<u64>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose; empty for the world's.
    pub name: String,
    pub lines: Vec<Line>,
}

impl Row {
    pub fn most(&self) -> u64 {
        let values = self.lines.iter().flat_map(|line| line.values.iter());
        values.flatten().copied().max().unwrap_or(0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    pub metric: Metric,
    pub unit: Unit,
    pub rows: Vec<Row>,
}

impl Chart {
    pub fn most(&self) -> u64 {
        self.rows.iter().map(Row::most).max().unwrap_or(0)
    }

    /// One for all rows, so that they can be compared. Only lengths of time have a logarithmic one: among what is
    /// counted there is nothing, which has no logarithm.
    pub fn scale(&self, log: bool) -> Scale {
        let lines = self.rows.iter().flat_map(|row| &row.lines);
        let values = lines.flat_map(|line| line.values.iter().flatten());
        let least = values.copied().filter(|value| *value > 0).min();
        let log = log && self.unit == Unit::Length;
        Scale::new(least.unwrap_or(0), self.most(), self.unit, log)
    }

    /// What it is at a moment, row by row: of what is counted all the time the very value, and what its window says.
    pub fn readout(&self, row: usize, window: usize, now: Option<u64>) -> String {
        let lines = self.rows[row].lines.iter();
        let said = lines.filter_map(|line| {
            let value = self.unit.words(line.values[window]?);
            Some(match line.name {
                AT_MOST => format!("{AT_MOST} {value}"),
                ON_AVERAGE => format!("{value} {ON_AVERAGE}"),
                name if self.unit == Unit::Length => format!("{name} {value}"),
                _ => value,
            })
        });
        let said: Vec<String> = said.collect();
        match (now, self.unit) {
            // A share is of a stretch of time.
            (Some(now), Unit::Count | Unit::Bytes | Unit::Length) => {
                format!("{}; {}", self.unit.words(now), said.join(", "))
            }
            _ if said.is_empty() => "none".to_owned(),
            _ => said.join(", "),
        }
    }

    /// <https://www.rfc-editor.org/rfc/rfc4180>
    pub fn csv(&self, windows: &Windows) -> String {
        let lines: Vec<(&Row, &Line)> = self
            .rows
            .iter()
            .flat_map(|row| row.lines.iter().map(move |line| (row, line)))
            .collect();
        let mut csv = "from (s),to (s)".to_owned();
        for (row, line) in &lines {
            let whose = match row.name.as_str() {
                "" => String::new(),
                name => format!("{name}: "),
            };
            csv.push(',');
            let head = format!("{whose}{} ({})", line.name, self.unit.exact_name());
            csv.push_str(&field(&head));
        }
        csv.push_str("\r\n");
        for (at, (from_ns, to_ns)) in windows.iter().enumerate() {
            csv.push_str(&format!("{},{}", seconds(from_ns), seconds(to_ns)));
            for (_, line) in &lines {
                csv.push(',');
                if let Some(value) = line.values[at] {
                    csv.push_str(&self.unit.exact(value));
                }
            }
            csv.push_str("\r\n");
        }
        csv
    }
}

fn seconds(time_ns: u64) -> String {
    format!("{}.{:09}", time_ns / time::SECOND, time_ns % time::SECOND)
}

/// What begins as a formula does is not taken for one by a spreadsheet.
fn field(text: &str) -> String {
    let safe = match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match safe.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

/// Requests by when they ended and how long they took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    pub scale: Scale,
    /// Of latencies, ascending; a cell reaches from one until before the next.
    pub edges_ns: Vec<u64>,
    /// Window by window, a count for each cell from the lowest up.
    pub counts: Vec<Vec<u32>>,
    pub most: u32,
}

impl HeatMap {
    pub fn csv(&self, windows: &Windows) -> String {
        let mut csv = "from (s),to (s),latency from (ms),latency to (ms),requests\r\n".to_owned();
        for (counts, (from_ns, to_ns)) in self.counts.iter().zip(windows.iter()) {
            let cells = counts.iter().zip(self.edges_ns.windows(2));
            for (count, cell) in cells.filter(|(count, _)| **count > 0) {
                let [low, high] = [cell[0], cell[1]].map(|ns| Unit::Length.exact(ns));
                csv.push_str(&format!(
                    "{},{},{low},{high},{count}\r\n",
                    seconds(from_ns),
                    seconds(to_ns)
                ));
            }
        }
        csv
    }
}

/// How long those took that ended in each window.
fn ended<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    windows: &Windows,
    is_wanted: &dyn Fn(&Exchange) -> bool,
) -> Vec<Vec<u64>> {
    let (from_ns, to_ns) = windows.range();
    let mut took = vec![Vec::new(); windows.count()];
    for exchange in exchanges {
        if let Some((end_ns, _)) = exchange.end
            && (from_ns..to_ns).contains(&end_ns)
            && is_wanted(exchange)
        {
            took[windows.at(end_ns)].push(end_ns - exchange.begun_ns);
        }
    }
    took
}

/// A count in a window as a rate.
fn rate(count: usize, (from_ns, to_ns): (u64, u64)) -> u64 {
    let hourly = count as u128 * u128::from(RATE_PER_SECOND) * u128::from(time::SECOND);
    (hourly / u128::from(to_ns - from_ns)) as u64
}

/// Names of the lines of what is counted all the time.
const AT_MOST: &str = "at most";
const ON_AVERAGE: &str = "on average";

fn gauge(name: &str, steps: &Steps, windows: &Windows) -> Row {
    let line = |name, value: &dyn Fn(u64, u64) -> u64| Line {
        name,
        values: windows
            .iter()
            .map(|(from_ns, to_ns)| Some(value(from_ns, to_ns)))
            .collect(),
    };
    Row {
        name: name.to_owned(),
        lines: vec![
            line(AT_MOST, &|from_ns, to_ns| {
                steps.most(from_ns, to_ns) * 1_000_000
            }),
            line(ON_AVERAGE, &|from_ns, to_ns| steps.mean(from_ns, to_ns)),
        ],
    }
}

impl Measures {
    pub fn chart(&self, metric: Metric, requests: Requests, windows: &Windows) -> Chart {
        let gauges = |all: &[(String, Steps)]| {
            let rows = all.iter();
            rows.map(|(name, steps)| gauge(name, steps, windows))
                .collect()
        };
        let world = |lines: Vec<Line>| {
            let is_empty = self.exchanges(requests).next().is_none();
            let row = Row {
                name: String::new(),
                lines,
            };
            if is_empty { vec![] } else { vec![row] }
        };
        let rates = |name, is_wanted: &dyn Fn(&Exchange) -> bool| {
            let ended = ended(self.exchanges(requests), windows, is_wanted);
            let counts = ended.iter().zip(windows.iter());
            let values = counts.map(|(took, window)| Some(rate(took.len(), window)));
            world(vec![Line {
                name,
                values: values.collect(),
            }])
        };
        let rows = match metric {
            Metric::Throughput => rates("answered", &Exchange::is_answered),
            Metric::Errors => rates("errors", &|exchange| exchange.is_error()),
            Metric::Latency => world(self.percentiles(requests, windows)),
            Metric::UnderWay => {
                let row = gauge("", &self.under_way(requests), windows);
                world(row.lines)
            }
            Metric::Lag => {
                let rows = self.lags.iter().map(|(name, away)| Row {
                    name: name.clone(),
                    lines: vec![Line {
                        name: AT_MOST,
                        values: windows
                            .iter()
                            .map(|(from_ns, to_ns)| Some(away.most(from_ns, to_ns)))
                            .collect(),
                    }],
                });
                rows.collect()
            }
            Metric::Cpu => {
                let rows = self.cpus.iter().map(|(name, steps)| Row {
                    name: name.clone(),
                    lines: vec![Line {
                        name: "busy",
                        values: windows
                            .iter()
                            .map(|(from_ns, to_ns)| Some(steps.mean(from_ns, to_ns)))
                            .collect(),
                    }],
                });
                rows.collect()
            }
            Metric::Memory => gauges(&self.heaps),
            Metric::Connections => gauges(&self.connections),
            Metric::Packets => gauges(&self.packets),
            Metric::Pool => gauges(&self.pools),
            Metric::Queues => gauges(&self.queues),
        };
        Chart {
            metric,
            unit: metric.unit(),
            rows,
        }
    }

    fn under_way(&self, requests: Requests) -> Steps {
        let mut changes = Changes::default();
        for exchange in self.exchanges(requests) {
            let end_ns = exchange.end.map_or(u64::MAX, |(end_ns, _)| end_ns);
            changes.stay(exchange.begun_ns, end_ns);
        }
        Steps::new(changes)
    }

    fn percentiles(&self, requests: Requests, windows: &Windows) -> Vec<Line> {
        const SHARES: [(&str, u32); 3] = [("p50", 500_000), ("p95", 950_000), ("p99", 990_000)];
        let mut lines = SHARES.map(|(name, _)| Line {
            name,
            values: Vec::with_capacity(windows.count()),
        });
        for mut took in ended(self.exchanges(requests), windows, &|_| true) {
            took.sort_unstable();
            for (line, (_, share)) in lines.iter_mut().zip(SHARES) {
                let value = (!took.is_empty()).then(|| percentile(&took, share));
                line.values.push(value);
            }
        }
        lines.into()
    }

    /// `None` when no request has ended.
    pub fn heat_map(&self, requests: Requests, windows: &Windows, log: bool) -> Option<HeatMap> {
        let ended = ended(self.exchanges(requests), windows, &|_| true);
        let took = || ended.iter().flatten().copied();
        let scale = Scale::new(took().min()?, took().max()?, Unit::Length, log);
        let edges_ns = scale.cells();
        let cells = edges_ns.len() - 1;
        let mut most = 0;
        let counts = ended.iter().map(|took| {
            let mut counts = vec![0; cells];
            for took_ns in took {
                let above = edges_ns.partition_point(|edge_ns| edge_ns <= took_ns);
                let count = &mut counts[above.saturating_sub(1).min(cells - 1)];
                *count += 1;
                most = most.max(*count);
            }
            counts
        });
        let counts = counts.collect();
        Some(HeatMap {
            scale,
            edges_ns,
            counts,
            most,
        })
    }

    /// What a metric is at one moment, row by row as [`Self::chart`] has them; `None` for what is only told of
    /// stretches.
    pub fn at(&self, metric: Metric, requests: Requests, time_ns: u64) -> Option<Vec<u64>> {
        let counted = |all: &[(String, Steps)]| {
            let each = all.iter().map(|(_, steps)| steps.at(time_ns) * 1_000_000);
            Some(each.collect())
        };
        match metric {
            Metric::UnderWay => {
                let is_under_way = |exchange: &&Exchange| {
                    exchange.begun_ns <= time_ns
                        && exchange.end.is_none_or(|(end_ns, _)| end_ns > time_ns)
                };
                let count = self.exchanges(requests).filter(is_under_way).count();
                Some(vec![count as u64 * 1_000_000])
            }
            Metric::Lag => Some(self.lags.iter().map(|(_, away)| away.at(time_ns)).collect()),
            Metric::Cpu => counted(&self.cpus),
            Metric::Connections => counted(&self.connections),
            Metric::Packets => counted(&self.packets),
            Metric::Pool => counted(&self.pools),
            Metric::Queues => counted(&self.queues),
            Metric::Memory => counted(&self.heaps),
            Metric::Throughput | Metric::Latency | Metric::Errors => None,
        }
    }
}
