//! Numbers with their units: `20 ms`, `5 Mbit/s`, `0.5 %`; and times with their distribution.

use protocol::load::{Distribution, RATE_PER_SECOND};

use crate::table::{Located, Table};

pub(crate) const DAY_NS: u64 = 24 * 3_600 * 1_000_000_000;

pub(crate) type Units = &'static [(&'static str, u64)];

/// In nanoseconds.
pub(crate) const DURATIONS: Units = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// In bits a second.
pub(crate) const BANDWIDTHS: Units = &[
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
];
/// In thousandths an hour.
pub(crate) const RATES: Units = &[
    ("/s", RATE_PER_SECOND),
    ("/min", RATE_PER_SECOND / 60),
    ("/h", RATE_PER_SECOND / 3_600),
];
/// Of a million.
pub(crate) const SHARES: Units = &[("%", 10_000)];

pub(crate) fn read_quantity(
    table: &mut Table,
    key: &'static str,
    units: Units,
    most: u64,
) -> Option<u64> {
    let text = table.text_or_none(key)?;
    read_text(table, key, &text, units, most)
}

pub(crate) fn read_text(
    table: &Table,
    key: &str,
    text: &Located<String>,
    units: Units,
    most: u64,
) -> Option<u64> {
    let read = quantity(&text.value, units).filter(|number| *number <= most);
    if read.is_none() {
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
        table.add(
            text.line,
            format!(
                "`{key}` is a number with its unit ({}), but is \u{201c}{}\u{201d}.",
                names.join(", "),
                text.value
            ),
        );
    }
    read
}

/// `1.5 ms` in the smallest of the units, without a detour through fractions of the machine's.
pub(crate) fn quantity(text: &str, units: Units) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut value = whole.parse::<u64>().ok()?.checked_mul(*factor)?;
    let mut place = *factor;
    for digit in part.bytes() {
        place /= 10;
        value = value.checked_add(place * u64::from(digit.checked_sub(b'0')?))?;
    }
    Some(value)
}

/// One duration, or a distribution: `{ exponential = MEAN }`, `{ lognormal = MEDIAN, p99 = … }`, or percentiles of any
/// other.
pub(crate) fn read_times(table: &mut Table, key: &'static str) -> Option<Distribution> {
    if !table.is_table(key) {
        let ns = read_quantity(table, key, DURATIONS, DAY_NS)?;
        return Some(Distribution::Constant { ns });
    }
    let mut inner = table.table(key)?;
    let times = if inner.has("exponential") {
        let mean_ns = read_quantity(&mut inner, "exponential", DURATIONS, DAY_NS);
        mean_ns.map(|mean_ns| Distribution::Exponential { mean_ns })
    } else if inner.has("lognormal") {
        let median_ns = read_quantity(&mut inner, "lognormal", DURATIONS, DAY_NS);
        let p99_ns = read_quantity(&mut inner, "p99", DURATIONS, DAY_NS);
        match (median_ns, p99_ns) {
            (Some(median_ns), Some(p99_ns)) if median_ns <= p99_ns && median_ns > 0 => {
                Some(Distribution::Lognormal { median_ns, p99_ns })
            }
            _ => {
                let sentence = "`lognormal` is the median, and needs a `p99` that is no less.";
                inner.add(inner.line(), sentence);
                None
            }
        }
    } else {
        read_curve(&mut inner, key).map(Distribution::Curve)
    };
    inner.finish(&[]);
    times
}

/// `(of a million, ns)` at percentiles.
pub(crate) fn read_curve(table: &mut Table, name: &str) -> Option<Vec<(u32, u64)>> {
    const PERCENTILES: [(&str, u32); 8] = [
        ("p0", 0),
        ("p25", 250_000),
        ("p50", 500_000),
        ("p75", 750_000),
        ("p90", 900_000),
        ("p95", 950_000),
        ("p99", 990_000),
        ("p100", 1_000_000),
    ];
    let mut points: Vec<(u32, u64)> = Vec::new();
    for (key, share) in PERCENTILES {
        if let Some(ns) = read_quantity(table, key, DURATIONS, DAY_NS) {
            if points.last().is_some_and(|(_, last_ns)| *last_ns > ns) {
                table.add(
                    table.line(),
                    format!("`{key}` is less than a percentile below it."),
                );
            }
            points.push((share, ns));
        }
    }
    if points.is_empty() {
        let sentence = format!("`{name}` needs a percentile, such as p50.");
        table.add(table.line(), sentence);
        return None;
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        assert_eq!(quantity("20 ms", DURATIONS), Some(20_000_000));
        assert_eq!(quantity("1.5s", DURATIONS), Some(1_500_000_000));
        assert_eq!(quantity("0.25 us", DURATIONS), Some(250));
        assert_eq!(quantity("0.5 %", SHARES), Some(5_000));
        assert_eq!(quantity("1.5/min", RATES), Some(90_000));
        assert_eq!(quantity("10 Mbit/s", BANDWIDTHS), Some(10_000_000));
        for wrong in ["20", "ms", "-1 ms", "1,5 s", "1.2.3 s", "20 furlongs", ""] {
            assert_eq!(quantity(wrong, DURATIONS), None, "{wrong}");
        }
    }
}
