//! Dates as HTTP has them (RFC 9110, 5.6.7), read as forgivingly as browsers read those of cookies (RFC 6265bis, 5.1.1).

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Milliseconds since the Unix epoch.
pub fn parse_ms(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = digits(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = digits(token, 2, 4)
        {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                other => other,
            });
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let fits = (1..=days_in(month, year)).contains(&day)
        && year >= 1601
        && hour <= 23
        && minute <= 59
        && second <= 59;
    let days = days_since_epoch(year, month, day);
    fits.then(|| (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// `Thu, 01 Jan 2026 00:00:00 GMT`, of seconds since the Unix epoch.
pub fn http(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = date_of(days);
    let second = seconds.rem_euclid(86_400);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[days.rem_euclid(7) as usize],
        MONTHS[month as usize - 1],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// `2026-01-01 00:00:00`.
pub fn told(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

fn is_delimiter(letter: char) -> bool {
    matches!(letter, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// So many digits, and then anything that is none.
fn digits(token: &str, least: usize, most: usize) -> Option<i64> {
    let end = token.bytes().take_while(u8::is_ascii_digit).count();
    (least..=most)
        .contains(&end)
        .then(|| token[..end].parse().ok())?
}

fn time_of(token: &str) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, ':');
    let mut field = |is_last: bool| {
        let text = fields.next()?;
        let all = text.bytes().all(|byte| byte.is_ascii_digit());
        (is_last || all).then(|| digits(text, 1, 2))?
    };
    Some((field(false)?, field(false)?, field(true)?))
}

fn month_of(token: &str) -> Option<i64> {
    let start = token.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| start.eq_ignore_ascii_case(month));
    place.map(|place| place as i64 + 1)
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant's `days_from_civil`, as its inverse below: <https://howardhinnant.github.io/date_algorithms.html>.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_has_them() {
        assert_eq!(http(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http(1_767_225_600), "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(http(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn dates_are_read_in_every_form() {
        let table = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06 08:49:37")),
            (
                "Sunday, 06-Nov-94 08:49:37 GMT",
                Some("1994-11-06 08:49:37"),
            ),
            ("Sun Nov  6 08:49:37 1994", Some("1994-11-06 08:49:37")),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some("2024-02-29 23:59:59")),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some("1970-01-01 00:00:00")),
            ("Wed, 31-Dec-69 0:0:1", Some("2069-12-31 00:00:01")),
            ("Thu, 30 Feb 2024 00:00:00 GMT", None),
            ("Thu, 01 Jan 1600 00:00:00 GMT", None),
            ("Thu, 01 Jan 2024 24:00:00 GMT", None),
            ("tomorrow", None),
            ("0", None),
            ("", None),
            ("Thu, 01 Jän 2024 00:00:00", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_ms(text).map(told).as_deref(), expected, "{text}");
        }
    }
}
