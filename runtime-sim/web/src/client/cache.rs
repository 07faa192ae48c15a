//! A browser's cache, by RFC 9111: what it keeps, what it answers itself, what it asks about once more.
//!
//! It is private: `s-maxage`, `proxy-revalidate` and `private` say nothing to it. Leaves out: parts of answers (206),
//! `stale-while-revalidate`, `Pragma`.

use url::Url;

use crate::date;

const BYTES_MAX: usize = 8 << 20;

pub type Headers = Vec<(String, String)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    url: String,
    /// What the request said in the headers that the answer varies by.
    vary: Vec<(String, Option<String>)>,
    pub status: u16,
    pub reason: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    asked_ms: i64,
    came_ms: i64,
}

#[derive(Debug, Default)]
pub struct Cache {
    /// The last used last.
    kept: Vec<Stored>,
}

/// What the cache has to say to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has nothing; a reason if one is worth telling.
    Nothing(Option<String>),
    Fresh(Box<Stored>, String),
    /// To be asked about, with these headers.
    Stale {
        headers: Headers,
        why: String,
    },
}

/// How a request treats the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The reader asked for it anew.
    pub reload: bool,
}

impl Cache {
    pub fn find(
        &mut self,
        method: &str,
        url: &Url,
        sent: &Headers,
        wish: Wish,
        now_ms: i64,
    ) -> Found {
        if method != "GET" {
            return Found::Nothing(None);
        }
        let key = key(url);
        let of_url = || self.kept.iter().filter(|stored| stored.url == key);
        if of_url().next().is_none() {
            return Found::Nothing(Some("Nothing is kept of this address.".into()));
        }
        let matching = self
            .kept
            .iter()
            .position(|stored| stored.url == key && stored.suits(sent));
        let Some(place) = matching else {
            let names: Vec<&str> = of_url()
                .flat_map(|stored| stored.vary.iter().map(|(name, _)| name.as_str()))
                .collect();
            return Found::Nothing(Some(format!(
                "What is kept of this address is for other headers: Vary: {}.",
                names.join(", ")
            )));
        };
        let asks = directives(sent, "cache-control");
        if has(&asks, "no-store") {
            return Found::Nothing(Some("The request says no-store.".into()));
        }
        let stored = self.kept.remove(place);
        self.kept.push(stored.clone());
        let (age_s, life) = (stored.age_s(now_ms), stored.life());
        let says = directives(&stored.headers, "cache-control");
        let must_ask = if wish.reload && !(has(&says, "immutable") && life.is_fresh(age_s)) {
            Some("it is loaded anew".to_owned())
        } else if has(&asks, "no-cache") || seconds(&asks, "max-age") == Some(0) {
            Some("the request wants it to be asked about".to_owned())
        } else if has(&says, "no-cache") {
            Some("no-cache: it is asked about each time".to_owned())
        } else if !life.is_fresh(age_s) {
            Some(format!("{}, and it is {age_s} s old", life.told))
        } else {
            None
        };
        let Some(why) = must_ask else {
            let text = format!("Served from the cache: {}, {age_s} s old.", life.told);
            return Found::Fresh(Box::new(stored), text);
        };
        let mut headers = Headers::new();
        if let Some(tag) = header(&stored.headers, "etag") {
            headers.push(("If-None-Match".into(), tag.to_owned()));
        }
        if let Some(date) = header(&stored.headers, "last-modified") {
            headers.push(("If-Modified-Since".into(), date.to_owned()));
        }
        if headers.is_empty() {
            let why = format!(
                "What is kept cannot be used: {why}, and has neither ETag nor Last-Modified."
            );
            return Found::Nothing(Some(why));
        }
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let why = format!(
            "It is asked with {} whether it is still good: {why}.",
            names.join(" and ")
        );
        Found::Stale { headers, why }
    }

    /// 4.3.4: a 304 has come. What it vouches for, brought up to date.
    pub fn freshen(
        &mut self,
        url: &Url,
        sent: &Headers,
        came: &Headers,
        asked_ms: i64,
        now_ms: i64,
    ) -> Option<Stored> {
        let key = key(url);
        let stored = self
            .kept
            .iter_mut()
            .find(|stored| stored.url == key && stored.suits(sent))?;
        for (name, value) in came {
            if name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            stored
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            stored.headers.push((name.clone(), value.clone()));
        }
        stored.asked_ms = asked_ms;
        stored.came_ms = now_ms;
        Some(stored.clone())
    }

    /// Section 3: a whole answer has come. Whether it is kept, and why.
    #[expect(clippy::too_many_arguments, reason = "an exchange has so many parts")]
    pub fn take(
        &mut self,
        method: &str,
        url: &Url,
        sent: &Headers,
        answer: (u16, &str, &Headers),
        body: &[u8],
        asked_ms: i64,
        now_ms: i64,
    ) -> Option<String> {
        let (status, reason, headers) = answer;
        let key = key(url);
        if !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
            let before = self.kept.len();
            if (200..400).contains(&status) {
                self.kept.retain(|stored| stored.url != key);
            }
            return (self.kept.len() < before).then(|| {
                format!("What was kept of this address is forgotten: {method} has changed it.")
            });
        }
        if method != "GET" {
            return None;
        }
        let says = directives(headers, "cache-control");
        let asks = directives(sent, "cache-control");
        let vary = header_list(headers, "vary");
        let stored = Stored {
            url: key.clone(),
            vary: vary
                .iter()
                .map(|name| (name.clone(), header(sent, name).map(str::to_owned)))
                .collect(),
            status,
            reason: reason.to_owned(),
            headers: headers.clone(),
            body: body.to_vec(),
            asked_ms,
            came_ms: now_ms,
        };
        let life = stored.life();
        let has_validator =
            header(headers, "etag").is_some() || header(headers, "last-modified").is_some();
        let why_not = if has(&says, "no-store") {
            Some("Cache-Control: no-store".to_owned())
        } else if has(&asks, "no-store") {
            Some("the request says no-store".to_owned())
        } else if vary.iter().any(|name| name == "*") {
            Some("Vary: *".to_owned())
        } else if status == 206 || status < 200 {
            Some(format!("it is a {status}"))
        } else if !life.is_explicit && !is_kept_by_itself(status) {
            Some(format!("a {status} is kept only if it says for how long"))
        } else if !has_validator && life.seconds == 0 {
            Some(format!(
                "{}, and it has neither ETag nor Last-Modified",
                life.told
            ))
        } else if body.len() > BYTES_MAX {
            Some("it is too large".to_owned())
        } else {
            None
        };
        self.kept
            .retain(|other| !(other.url == key && other.suits(sent)));
        if let Some(why) = why_not {
            return Some(format!("Not kept: {why}."));
        }
        let text = match (has(&says, "no-cache"), life.seconds) {
            (true, _) => "Kept, and asked about each time: no-cache.".to_owned(),
            (false, 0) => format!("Kept, and asked about each time: {}.", life.told),
            (false, _) => format!("Kept: {}.", life.told),
        };
        self.kept.push(stored);
        while self.kept.iter().map(Stored::bytes).sum::<usize>() > BYTES_MAX {
            self.kept.remove(0);
        }
        Some(text)
    }
}

impl Stored {
    fn bytes(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len());
        self.body.len() + self.url.len() + headers.sum::<usize>() + 256
    }

    fn suits(&self, sent: &Headers) -> bool {
        let mut vary = self.vary.iter();
        vary.all(|(name, value)| header(sent, name) == value.as_deref())
    }

    /// 4.2.3, in whole seconds.
    fn age_s(&self, now_ms: i64) -> i64 {
        let date_ms = header(&self.headers, "date").and_then(date::parse_ms);
        let apparent_ms = date_ms.map_or(0, |date_ms| (self.came_ms - date_ms).max(0));
        let told_s = header(&self.headers, "age").and_then(|age| age.trim().parse::<i64>().ok());
        let told_ms = told_s.unwrap_or(0).max(0).saturating_mul(1000);
        let corrected_ms = told_ms.saturating_add(self.came_ms - self.asked_ms);
        // A Date has no fractions of a second, which would make all that is new look old.
        let initial_ms = (apparent_ms / 1000 * 1000).max(corrected_ms);
        initial_ms.saturating_add(now_ms - self.came_ms) / 1000
    }

    /// 4.2.1 and 4.2.2.
    fn life(&self) -> Life {
        let says = directives(&self.headers, "cache-control");
        let explicit = |seconds: i64, told: String| Life {
            seconds,
            is_explicit: true,
            told,
        };
        if let Some(seconds) = seconds(&says, "max-age") {
            return explicit(seconds, format!("max-age={seconds}"));
        }
        let date_ms = header(&self.headers, "date").and_then(date::parse_ms);
        let date_ms = date_ms.unwrap_or(self.came_ms);
        if let Some(expires) = header(&self.headers, "expires") {
            let expires_ms = date::parse_ms(expires).unwrap_or(i64::MIN);
            let seconds = (expires_ms.saturating_sub(date_ms) / 1000).max(0);
            return explicit(seconds, format!("Expires gives it {seconds} s"));
        }
        let guessed = |seconds: i64, told: String| Life {
            seconds,
            is_explicit: false,
            told,
        };
        if matches!(self.status, 300 | 301 | 308 | 410) {
            return guessed(i64::MAX, format!("{} is for good", self.status));
        }
        let modified_ms = header(&self.headers, "last-modified").and_then(date::parse_ms);
        if let Some(modified_ms) =
            modified_ms.filter(|ms| *ms < date_ms && is_kept_by_itself(self.status))
        {
            let seconds = (date_ms - modified_ms) / 10_000;
            return guessed(
                seconds,
                format!(
                    "nothing is said of how long, so a tenth of its age when it came, {seconds} s"
                ),
            );
        }
        guessed(0, "nothing is said of how long".to_owned())
    }
}

struct Life {
    seconds: i64,
    is_explicit: bool,
    told: String,
}

impl Life {
    fn is_fresh(&self, age_s: i64) -> bool {
        self.seconds > age_s
    }
}

/// RFC 9110, 15.1.
fn is_kept_by_itself(status: u16) -> bool {
    matches!(
        status,
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// An address without its fragment.
fn key(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The words of all headers of that name, in lower case.
pub fn header_list(headers: &Headers, name: &str) -> Vec<String> {
    let named = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let words = named.flat_map(|(_, value)| value.split(','));
    let words = words.map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn directives(headers: &Headers, name: &str) -> Vec<(String, String)> {
    let words = header_list(headers, name).into_iter();
    let split = words.map(|word| match word.split_once('=') {
        Some((key, value)) => (
            key.trim().to_owned(),
            value.trim().trim_matches('"').to_owned(),
        ),
        None => (word, String::new()),
    });
    split.collect()
}

fn has(directives: &[(String, String)], name: &str) -> bool {
    directives.iter().any(|(known, _)| known == name)
}

/// The first of that name; what is no number counts as 0, as stale.
fn seconds(directives: &[(String, String)], name: &str) -> Option<i64> {
    let (_, value) = directives.iter().find(|(known, _)| known == name)?;
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    Some(match is_number {
        // As long as a cache has to bear (1.2.2).
        true => value.parse::<i64>().unwrap_or(i64::MAX).min(1 << 31),
        false => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NOW: i64 = 1_767_225_600_000;
    const USUAL: Wish = Wish { reload: false };

    fn headers(text: &str) -> Headers {
        let lines = text.split('|').filter(|line| !line.is_empty());
        let pairs = lines.map(|line| line.split_once(": ").unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn url() -> Url {
        Url::parse("http://api/x#here").unwrap()
    }

    /// The answer, when it is asked for again with which headers, and what the cache says then.
    #[test]
    fn what_is_kept_and_for_how_long_is_what_the_standard_says() {
        let table: &[(u16, &str, i64, &str, &str)] = &[
            (
                200,
                "Cache-Control: max-age=60",
                12,
                "",
                "Served from the cache: max-age=60, 12 s old.",
            ),
            (200, "Cache-Control: max-age=60", 59, "", "59 s old"),
            (
                200,
                "Cache-Control: max-age=60",
                60,
                "",
                "has neither ETag nor Last-Modified",
            ),
            (
                200,
                "Cache-Control: max-age=60|ETag: \"a\"",
                60,
                "",
                "If-None-Match \"a\": max-age=60, and it is 60 s old",
            ),
            (200, "Cache-Control: MAX-AGE=\"60\"", 1, "", "Served"),
            (
                200,
                "Cache-Control: max-age=soon",
                1,
                "",
                "Not kept: max-age=0",
            ),
            (
                200,
                "Cache-Control: no-store, max-age=60",
                1,
                "",
                "Not kept: Cache-Control: no-store",
            ),
            (
                200,
                "Cache-Control: no-cache|ETag: \"a\"",
                1,
                "",
                "asked about each time",
            ),
            (200, "Cache-Control: private, max-age=60", 1, "", "Served"),
            (
                200,
                "Cache-Control: s-maxage=60",
                1,
                "",
                "Not kept: nothing is said",
            ),
            (
                200,
                "Cache-Control: max-age=60|Expires: Thu, 01 Jan 1970 00:00:00 GMT",
                1,
                "",
                "Served",
            ),
            (
                200,
                "Expires: Thu, 01 Jan 2026 00:01:00 GMT",
                59,
                "",
                "Expires gives it 60 s, 59 s old",
            ),
            (200, "Expires: 0|ETag: \"a\"", 1, "", "Expires gives it 0 s"),
            (
                200,
                "Date: Thu, 01 Jan 2026 00:00:00 GMT|Last-Modified: Wed, 31 Dec 2025 23:43:20 GMT",
                99,
                "",
                "a tenth of its age when it came, 100 s, 99 s old",
            ),
            (
                200,
                "Last-Modified: Wed, 31 Dec 2025 23:43:20 GMT",
                100,
                "",
                "If-Modified-Since Wed, 31",
            ),
            (
                200,
                "ETag: \"a\"",
                0,
                "",
                "If-None-Match \"a\": nothing is said of how long",
            ),
            (200, "", 0, "", "Not kept: nothing is said"),
            (200, "Cache-Control: max-age=60|Age: 50", 9, "", "59 s old"),
            (
                200,
                "Cache-Control: max-age=60|Age: 50|ETag: \"a\"",
                10,
                "",
                "60 s old",
            ),
            (
                200,
                "Cache-Control: max-age=60|Date: Wed, 31 Dec 2025 23:59:30 GMT",
                10,
                "",
                "40 s old",
            ),
            (301, "Location: /y", 9_999_999, "", "301 is for good"),
            (308, "Location: /y", 9_999_999, "", "308 is for good"),
            (302, "Location: /y", 1, "", "Not kept: a 302"),
            (302, "Cache-Control: max-age=5", 1, "", "Served"),
            (
                301,
                "Cache-Control: max-age=5|ETag: \"a\"",
                6,
                "",
                "max-age=5, and it is 6 s old",
            ),
            (404, "Cache-Control: max-age=5", 1, "", "Served"),
            (500, "ETag: \"a\"", 1, "", "Not kept: a 500"),
            (
                206,
                "Cache-Control: max-age=5",
                1,
                "",
                "Not kept: it is a 206",
            ),
            (
                200,
                "Cache-Control: max-age=60|Vary: *",
                1,
                "",
                "Not kept: Vary: *",
            ),
            (
                200,
                "Cache-Control: max-age=60|Vary: Accept-Language",
                1,
                "Accept-Language: de",
                "Served",
            ),
            (
                200,
                "Cache-Control: max-age=60|Vary: accept-language",
                1,
                "Accept-Language: en",
                "is for other headers: Vary: accept-language",
            ),
            (
                200,
                "Cache-Control: max-age=60|Vary: Accept-Language",
                1,
                "",
                "is for other headers",
            ),
            (
                200,
                "Cache-Control: max-age=60|ETag: \"a\"",
                1,
                "Cache-Control: no-cache",
                "the request wants",
            ),
            (
                200,
                "Cache-Control: max-age=60|ETag: \"a\"",
                1,
                "Cache-Control: no-store",
                "The request says no-store",
            ),
        ];
        for (status, answer, after_s, again, expected) in table {
            let mut cache = Cache::default();
            let asked = headers("Accept-Language: de");
            let answer_headers = headers(answer);
            let told = cache.take(
                "GET",
                &url(),
                &asked,
                (*status, "", &answer_headers),
                b"body",
                NOW,
                NOW,
            );
            let sent = headers(again);
            let again = if again.is_empty() && !answer.contains("Vary") {
                &asked
            } else {
                &sent
            };
            let found = cache.find("GET", &url(), again, USUAL, NOW + after_s * 1000);
            let found = match found {
                Found::Fresh(stored, why) => {
                    assert_eq!(stored.body, b"body");
                    why
                }
                Found::Stale { headers, why } => {
                    let values: Vec<String> = headers
                        .iter()
                        .map(|(name, value)| format!("{name} {value}"))
                        .collect();
                    format!(
                        "{}: {why} {}",
                        values.join(" "),
                        why.split_once(": ").map_or("", |(_, why)| why)
                    )
                    .replacen(&format!(": {why} "), ": ", 1)
                }
                Found::Nothing(why) => {
                    format!("{} {}", told.unwrap_or_default(), why.unwrap_or_default())
                }
            };
            assert!(
                found.contains(expected),
                "{status} {answer} after {after_s} s: {found}"
            );
        }
    }

    #[test]
    fn a_304_brings_up_to_date() {
        let mut cache = Cache::default();
        let (none, first) = (
            Headers::new(),
            headers("Cache-Control: max-age=5|ETag: \"a\"|X: 1"),
        );
        cache.take("GET", &url(), &none, (200, "OK", &first), b"body", NOW, NOW);
        let later = NOW + 10_000;
        assert!(matches!(
            cache.find("GET", &url(), &none, USUAL, later),
            Found::Stale { .. }
        ));
        let came = headers("X: 2|Content-Length: 0");
        let stored = cache.freshen(&url(), &none, &came, later, later).unwrap();
        assert_eq!(
            (stored.status, stored.body.as_slice()),
            (200, b"body".as_slice())
        );
        assert_eq!(header(&stored.headers, "x"), Some("2"));
        assert_eq!(header(&stored.headers, "content-length"), None);
        let found = cache.find("GET", &url(), &none, USUAL, later + 4_000);
        assert!(matches!(found, Found::Fresh(..)), "{found:?}");
        // Loaded anew it is asked about, unless it can never change.
        let reload = Wish { reload: true };
        assert!(matches!(
            cache.find("GET", &url(), &none, reload, later),
            Found::Stale { .. }
        ));
        let fixed = headers("Cache-Control: max-age=5, immutable|ETag: \"a\"");
        cache.take("GET", &url(), &none, (200, "OK", &fixed), b"", NOW, NOW);
        assert!(matches!(
            cache.find("GET", &url(), &none, reload, NOW),
            Found::Fresh(..)
        ));
    }

    #[test]
    fn what_changes_a_thing_forgets_it() {
        let none = Headers::new();
        for (method, status, is_forgotten) in [
            ("POST", 201, true),
            ("DELETE", 302, true),
            ("PUT", 500, false),
            ("HEAD", 200, false),
            ("OPTIONS", 204, false),
        ] {
            let mut cache = Cache::default();
            let answer = headers("Cache-Control: max-age=60");
            cache.take("GET", &url(), &none, (200, "OK", &answer), b"", NOW, NOW);
            cache.take(method, &url(), &none, (status, "", &none), b"", NOW, NOW);
            let found = cache.find("GET", &url(), &none, USUAL, NOW);
            assert_eq!(
                matches!(found, Found::Nothing(_)),
                is_forgotten,
                "{method} {status}"
            );
        }
    }

    #[test]
    fn a_cache_is_never_too_full() {
        let mut cache = Cache::default();
        let answer = headers("Cache-Control: max-age=60");
        for number in 0..20 {
            let url = Url::parse(&format!("http://api/{number}")).unwrap();
            cache.take(
                "GET",
                &url,
                &answer,
                (200, "", &answer),
                &vec![0; 1 << 20],
                NOW,
                NOW,
            );
        }
        assert!((1..=8).contains(&cache.kept.len()));
        assert_eq!(cache.kept.last().unwrap().url, "http://api/19");
    }
}
