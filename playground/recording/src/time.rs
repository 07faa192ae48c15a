//! Virtual time in words: milliseconds below one second, then seconds in groups of three with a narrow no-break
//! space, `12.180 310 s`. The unit is never missing.

const GROUP: char = '\u{202f}';
pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1_000 * MS;

/// The number and its unit, for a clock that sets the unit smaller. To the microsecond.
pub fn clock(time_ns: u64) -> (String, &'static str) {
    if time_ns < SECOND {
        (fixed(time_ns, MS, 3), "ms")
    } else {
        (fixed(time_ns, SECOND, 6), "s")
    }
}

/// A point in time, to the microsecond: `0.441 ms`, `12.180 310 s`.
pub fn point(time_ns: u64) -> String {
    let (number, unit) = clock(time_ns);
    format!("{number} {unit}")
}

/// A length of time in about three digits: `40 µs`, `1 ms`, `63.6 ms`, `1.5 s`, `9 min 58 s`, `1 h`.
pub fn length(length_ns: u64) -> String {
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| {
        let rest = length_ns % big / small;
        match rest {
            0 => format!("{} {big_unit}", length_ns / big),
            _ => format!("{} {big_unit} {rest} {small_unit}", length_ns / big),
        }
    };
    match length_ns {
        0..1_000 => format!("{length_ns} ns"),
        1_000..MS => format!("{} µs", round(length_ns, 1_000)),
        MS..SECOND => format!("{} ms", round(length_ns, MS)),
        SECOND..MINUTE => format!("{} s", round(length_ns, SECOND)),
        MINUTE..HOUR => two(MINUTE, "min", SECOND, "s"),
        _ => two(HOUR, "h", MINUTE, "min"),
    }
}

/// `value / unit` with so many decimals, cut, never rounded: a clock shows no time that has not come.
pub fn fixed(value_ns: u64, unit_ns: u64, decimals: u32) -> String {
    let whole = grouped(value_ns / unit_ns);
    if decimals == 0 {
        return whole;
    }
    let fraction = (value_ns % unit_ns) * 10_u64.pow(decimals) / unit_ns;
    let digits = format!("{fraction:0width$}", width = decimals as usize);
    let mut text = whole;
    for (position, digit) in digits.chars().enumerate() {
        match position {
            0 => text.push('.'),
            _ if position % 3 == 0 => text.push(GROUP),
            _ => {}
        }
        text.push(digit);
    }
    text
}

/// A count, in groups of three from 1,000 on: `43,911`.
pub fn count(number: u64) -> String {
    group(number, ',')
}

/// Seconds from 10 000 on are grouped as their decimals are.
fn grouped(number: u64) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    group(number, GROUP)
}

fn group(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// One decimal below 100, none above, and no `.0`.
fn round(value: u64, unit: u64) -> String {
    if value >= 100 * unit {
        return ((value + unit / 2) / unit).to_string();
    }
    let tenths = (value * 10 + unit / 2) / unit;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points() {
        for (time_ns, text) in [
            (0, "0.000 ms"),
            (441_000, "0.441 ms"),
            (999_999_999, "999.999 ms"),
            (SECOND, "1.000\u{202f}000 s"),
            (12_180_310_000, "12.180\u{202f}310 s"),
            (86_400 * SECOND, "86\u{202f}400.000\u{202f}000 s"),
        ] {
            assert_eq!(point(time_ns), text);
        }
    }

    #[test]
    fn lengths() {
        for (length_ns, text) in [
            (50, "50 ns"),
            (40_400, "40.4 µs"),
            (1_000_000, "1 ms"),
            (63_640_000, "63.6 ms"),
            (250_400_000, "250 ms"),
            (1_500_000_000, "1.5 s"),
            (598 * SECOND, "9 min 58 s"),
            (3_600 * SECOND, "1 h"),
        ] {
            assert_eq!(length(length_ns), text);
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(999), "999");
        assert_eq!(count(43_911), "43,911");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
