//! Who may ask whom, and who may read the answer: CORS as Fetch has it. <https://fetch.spec.whatwg.org/#http-cors-protocol>
//!
//! Leaves out: Private Network Access, and which headers of an answer a script may see.

use protocol::client::{Credentials, Mode};
use url::Url;

use super::cache::{Headers, header, header_list};

const MAX_AGE_MS_DEFAULT: i64 = 5_000;
/// As Chrome has it.
const MAX_AGE_MS_MAX: i64 = 7_200_000;

/// A script's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub origin: String,
    pub mode: Mode,
    pub credentials: Credentials,
    /// It was sent on from one foreign origin to another: nobody is named as who asks any more.
    pub tainted: bool,
}

/// What has to happen before a request goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    /// The answer is to allow it.
    Check(String),
    /// Leave is to be asked first, for the reason given.
    Preflight(String),
    Refused(String),
}

#[derive(Debug, Default)]
pub struct Preflights {
    kept: Vec<Leave>,
}

#[derive(Debug)]
struct Leave {
    origin: String,
    url: String,
    with_credentials: bool,
    until_ms: i64,
    methods: Vec<String>,
    /// In lower case.
    headers: Vec<String>,
}

pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl Terms {
    pub fn is_same_origin(&self, url: &Url) -> bool {
        !self.tainted && origin(url) == self.origin
    }

    pub fn origin_sent(&self) -> &str {
        if self.tainted { "null" } else { &self.origin }
    }

    pub fn sends_credentials(&self, url: &Url) -> bool {
        match self.credentials {
            Credentials::Omit => false,
            Credentials::SameOrigin => self.is_same_origin(url),
            Credentials::Include => true,
        }
    }

    pub fn need(&self, method: &str, url: &Url, headers: &Headers) -> Need {
        if self.is_same_origin(url) {
            return Need::Nothing;
        }
        let (own, other) = (&self.origin, origin(url));
        let unsafe_headers = unsafe_headers(headers);
        let reason = if !is_simple_method(method) {
            Some(format!("{method} is none of GET, HEAD and POST"))
        } else {
            let name = unsafe_headers.first();
            name.map(|name| match name.as_str() {
                "content-type" => format!(
                    "Content-Type is {}, which no form can send",
                    header(headers, "content-type").unwrap_or("")
                ),
                name => format!("it has the header {name}, which no form can send"),
            })
        };
        match (self.mode, reason) {
            (Mode::SameOrigin, _) => Need::Refused(format!(
                "{other} is another origin than {own}, and the mode is same-origin."
            )),
            (Mode::NoCors, Some(reason)) => {
                Need::Refused(format!("The mode is no-cors, and {reason}."))
            }
            (Mode::NoCors, None) => Need::Nothing,
            (Mode::Cors, None) => Need::Check(format!(
                "{other} is another origin than {own}. The request is simple, so it goes out at once."
            )),
            (Mode::Cors, Some(reason)) => Need::Preflight(format!(
                "{other} is another origin than {own}, and {reason}: a preflight asks for leave."
            )),
        }
    }

    /// 4.9: whether an answer may be read.
    pub fn check(&self, headers: &Headers) -> Result<String, String> {
        let own = self.origin_sent();
        let with_credentials = self.credentials == Credentials::Include;
        let allowed = match values(headers, "access-control-allow-origin").as_slice() {
            [] => return Err("The answer has no Access-Control-Allow-Origin.".into()),
            [one] => *one,
            _ => return Err("The answer has more than one Access-Control-Allow-Origin.".into()),
        };
        if allowed == "*" && !with_credentials {
            return Ok("Access-Control-Allow-Origin: * lets anybody read it.".into());
        }
        if allowed == "*" {
            return Err(
                "Access-Control-Allow-Origin: * does not hold for a request with credentials."
                    .into(),
            );
        }
        if allowed != own {
            return Err(format!(
                "Access-Control-Allow-Origin is {allowed}, and who asks is {own}."
            ));
        }
        if with_credentials
            && values(headers, "access-control-allow-credentials").as_slice() != ["true"]
        {
            return Err(
                "A request with credentials needs Access-Control-Allow-Credentials: true.".into(),
            );
        }
        Ok(format!(
            "Access-Control-Allow-Origin: {allowed} lets it be read."
        ))
    }

    /// The headers of a preflight.
    pub fn preflight(&self, method: &str, headers: &Headers) -> Headers {
        let mut asks = vec![
            ("Origin".to_owned(), self.origin_sent().to_owned()),
            (
                "Access-Control-Request-Method".to_owned(),
                method.to_owned(),
            ),
        ];
        let names = unsafe_headers(headers);
        if !names.is_empty() {
            asks.push(("Access-Control-Request-Headers".to_owned(), names.join(",")));
        }
        asks
    }

    /// 4.8: whether a preflight's answer gives leave.
    pub fn grants(
        &self,
        method: &str,
        headers: &Headers,
        status: u16,
        answer: &Headers,
    ) -> Result<(), String> {
        self.check(answer)?;
        if !(200..300).contains(&status) {
            return Err(format!(
                "A preflight is answered with 200 to 299, and this is {status}."
            ));
        }
        let with_credentials = self.credentials == Credentials::Include;
        let methods = exact_list(answer, "access-control-allow-methods");
        let any_method = !with_credentials && methods.iter().any(|known| known == "*");
        if !is_simple_method(method) && !any_method && !methods.iter().any(|known| known == method)
        {
            return Err(format!(
                "Access-Control-Allow-Methods does not name {method}."
            ));
        }
        let allowed = header_list(answer, "access-control-allow-headers");
        let any_header = !with_credentials && allowed.iter().any(|known| known == "*");
        for name in unsafe_headers(headers) {
            let by_star = any_header && name != "authorization";
            if !by_star && !allowed.contains(&name) {
                return Err(format!(
                    "Access-Control-Allow-Headers does not name {name}."
                ));
            }
        }
        Ok(())
    }
}

impl Preflights {
    /// Leave that was given before and still holds.
    pub fn holds(
        &self,
        terms: &Terms,
        method: &str,
        url: &Url,
        headers: &Headers,
        now_ms: i64,
    ) -> bool {
        let with_credentials = terms.credentials == Credentials::Include;
        self.kept.iter().any(|leave| {
            leave.until_ms > now_ms
                && leave.origin == terms.origin_sent()
                && leave.url == url.as_str()
                && leave.with_credentials == with_credentials
                && (is_simple_method(method)
                    || leave
                        .methods
                        .iter()
                        .any(|known| known == "*" || known == method))
                && unsafe_headers(headers).iter().all(|name| {
                    leave
                        .headers
                        .iter()
                        .any(|known| known == name || known == "*" && name != "authorization")
                })
        })
    }

    /// Leave was given. For how long it holds, in seconds.
    pub fn keep(
        &mut self,
        terms: &Terms,
        method: &str,
        url: &Url,
        answer: &Headers,
        now_ms: i64,
    ) -> i64 {
        let told = values(answer, "access-control-max-age")
            .first()
            .and_then(|age| age.trim().parse::<i64>().ok());
        let age_ms = told.map_or(MAX_AGE_MS_DEFAULT, |seconds| {
            seconds.max(0).saturating_mul(1000).min(MAX_AGE_MS_MAX)
        });
        self.kept.retain(|leave| leave.until_ms > now_ms);
        let with_credentials = terms.credentials == Credentials::Include;
        let stars = |list: Vec<String>| -> Vec<String> {
            list.into_iter()
                .filter(|word| !(with_credentials && word == "*"))
                .collect()
        };
        let mut methods = stars(exact_list(answer, "access-control-allow-methods"));
        methods.push(method.to_owned());
        self.kept.push(Leave {
            origin: terms.origin_sent().to_owned(),
            url: url.as_str().to_owned(),
            with_credentials,
            until_ms: now_ms + age_ms,
            methods,
            headers: stars(header_list(answer, "access-control-allow-headers")),
        });
        age_ms / 1000
    }
}

fn values<'a>(headers: &'a Headers, name: &str) -> Vec<&'a str> {
    let named = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

/// Methods are told apart by their case.
fn exact_list(headers: &Headers, name: &str) -> Vec<String> {
    let words = values(headers, name)
        .into_iter()
        .flat_map(|value| value.split(','));
    let words = words.map(|word| word.trim().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

fn is_simple_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// Names in order, in lower case, of headers for which leave is needed.
fn unsafe_headers(headers: &Headers) -> Vec<String> {
    let mut names: Vec<String> = headers
        .iter()
        .filter(|(name, value)| !is_simple_header(name, value))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// 2.2.2, "CORS-safelisted request-header".
fn is_simple_header(name: &str, value: &str) -> bool {
    if value.len() > 128 {
        return false;
    }
    let has_unsafe_byte = value
        .bytes()
        .any(|byte| byte < 0x20 && byte != 9 || b"\"():<>?@[\\]{}\x7f".contains(&byte));
    match name.to_ascii_lowercase().as_str() {
        "accept" => !has_unsafe_byte,
        "accept-language" | "content-language" => value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte)),
        "content-type" => {
            let essence = value
                .split(';')
                .next()
                .unwrap_or("")
                .trim()
                .to_ascii_lowercase();
            !has_unsafe_byte
                && matches!(
                    essence.as_str(),
                    "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain"
                )
        }
        "range" => value
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
            .is_some_and(|(from, to)| {
                !from.is_empty()
                    && (from.to_owned() + to)
                        .bytes()
                        .all(|byte| byte.is_ascii_digit())
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Headers {
        let lines = text.split('|').filter(|line| !line.is_empty());
        let pairs = lines.map(|line| line.split_once(": ").unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn terms(mode: Mode, credentials: Credentials) -> Terms {
        Terms {
            origin: "http://web".into(),
            mode,
            credentials,
            tainted: false,
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_needs_leave_is_what_fetch_says() {
        let long = format!("Accept: {}", "x".repeat(129));
        let table: &[(Mode, &str, &str, &str, &str)] = &[
            (Mode::Cors, "GET", "http://web/x", "X-Y: 1", "Nothing"),
            (Mode::Cors, "DELETE", "http://web/x", "", "Nothing"),
            (Mode::Cors, "GET", "http://web:81/", "", "Check"),
            (Mode::Cors, "GET", "http://api/", "", "Check"),
            (
                Mode::Cors,
                "HEAD",
                "http://api/",
                "Accept: a/b|Accept-Language: de",
                "Check",
            ),
            (
                Mode::Cors,
                "POST",
                "http://api/",
                "Content-Type: text/plain; charset=utf-8",
                "Check",
            ),
            (
                Mode::Cors,
                "POST",
                "http://api/",
                "content-type: application/x-www-form-urlencoded",
                "Check",
            ),
            (
                Mode::Cors,
                "POST",
                "http://api/",
                "Content-Type: application/json",
                "Preflight(Content-Type",
            ),
            (
                Mode::Cors,
                "GET",
                "http://api/",
                "Authorization: Bearer x",
                "authorization",
            ),
            (Mode::Cors, "GET", "http://api/", "Accept: \"a\"", "accept"),
            (Mode::Cors, "GET", "http://api/", &long, "accept"),
            (
                Mode::Cors,
                "GET",
                "http://api/",
                "Range: bytes=0-9",
                "Check",
            ),
            (Mode::Cors, "GET", "http://api/", "Range: bytes=-9", "range"),
            (Mode::Cors, "PUT", "http://api/", "", "PUT is none of"),
            (Mode::Cors, "patch", "http://api/", "", "patch is none of"),
            (Mode::NoCors, "GET", "http://api/", "", "Nothing"),
            (Mode::NoCors, "PUT", "http://api/", "", "Refused"),
            (Mode::SameOrigin, "GET", "http://api/", "", "Refused"),
        ];
        for (mode, method, to, written, expected) in table {
            let need =
                terms(*mode, Credentials::SameOrigin).need(method, &url(to), &headers(written));
            let told = format!("{need:?}")
                .replace("(\"http://api is another origin than http://web, and ", "(");
            assert!(told.contains(expected), "{method} {to} {written}: {told}");
        }
    }

    #[test]
    fn who_may_read_is_what_fetch_says() {
        use Credentials::{Include, Omit};
        const ORIGIN: &str = "Access-Control-Allow-Origin";
        let table: &[(Credentials, String, &str)] = &[
            (Omit, String::new(), "no Access-Control-Allow-Origin"),
            (Omit, format!("{ORIGIN}: *"), "Ok"),
            (Omit, format!("{ORIGIN}: http://web"), "Ok"),
            (
                Omit,
                format!("{ORIGIN}: http://web/"),
                "who asks is http://web",
            ),
            (Omit, format!("{ORIGIN}: http://WEB"), "Err"),
            (Omit, format!("{ORIGIN}: null"), "Err"),
            (Omit, format!("{ORIGIN}: http://web, http://b"), "Err"),
            (Omit, format!("{ORIGIN}: *|{ORIGIN}: *"), "more than one"),
            (
                Include,
                format!("{ORIGIN}: *|Access-Control-Allow-Credentials: true"),
                "does not hold",
            ),
            (
                Include,
                format!("{ORIGIN}: http://web"),
                "Allow-Credentials: true",
            ),
            (
                Include,
                format!("{ORIGIN}: http://web|Access-Control-Allow-Credentials: True"),
                "Err",
            ),
            (
                Include,
                format!("{ORIGIN}: http://web|Access-Control-Allow-Credentials: true"),
                "Ok",
            ),
        ];
        for (credentials, answer, expected) in table {
            let told = format!(
                "{:?}",
                terms(Mode::Cors, *credentials).check(&headers(answer))
            );
            assert!(told.contains(expected), "{answer}: {told}");
        }
        let tainted = Terms {
            tainted: true,
            ..terms(Mode::Cors, Omit)
        };
        assert!(
            tainted
                .check(&headers("Access-Control-Allow-Origin: null"))
                .is_ok()
        );
        assert!(
            tainted
                .check(&headers("Access-Control-Allow-Origin: http://web"))
                .is_err()
        );
    }

    #[test]
    fn leave_is_given_as_fetch_says() {
        use Credentials::{Include, Omit};
        const STAR: &str = "Access-Control-Allow-Origin: *";
        const OURS: &str =
            "Access-Control-Allow-Origin: http://web|Access-Control-Allow-Credentials: true";
        let table: &[(Credentials, &str, &str, u16, String, &str)] = &[
            (
                Omit,
                "PUT",
                "",
                204,
                format!("{STAR}|Access-Control-Allow-Methods: GET, PUT"),
                "Ok",
            ),
            (
                Omit,
                "PUT",
                "",
                204,
                format!("{STAR}|Access-Control-Allow-Methods: *"),
                "Ok",
            ),
            (
                Omit,
                "PUT",
                "",
                204,
                format!("{STAR}|Access-Control-Allow-Methods: put"),
                "does not name PUT",
            ),
            (Omit, "PUT", "", 204, STAR.into(), "does not name PUT"),
            (
                Omit,
                "PUT",
                "",
                404,
                format!("{STAR}|Access-Control-Allow-Methods: PUT"),
                "this is 404",
            ),
            (
                Omit,
                "PUT",
                "",
                302,
                format!("{STAR}|Access-Control-Allow-Methods: PUT"),
                "this is 302",
            ),
            (
                Omit,
                "PUT",
                "",
                204,
                "Access-Control-Allow-Methods: PUT".into(),
                "no Access-Control-Allow-Origin",
            ),
            (
                Omit,
                "POST",
                "X-Y: 1",
                200,
                format!("{STAR}|Access-Control-Allow-Headers: x-y"),
                "Ok",
            ),
            (
                Omit,
                "POST",
                "X-Y: 1|X-Z: 1",
                200,
                format!("{STAR}|Access-Control-Allow-Headers: X-Y"),
                "does not name x-z",
            ),
            (
                Omit,
                "POST",
                "X-Y: 1",
                200,
                format!("{STAR}|Access-Control-Allow-Headers: *"),
                "Ok",
            ),
            (
                Omit,
                "GET",
                "Authorization: x",
                200,
                format!("{STAR}|Access-Control-Allow-Headers: *"),
                "authorization",
            ),
            (
                Include,
                "PUT",
                "",
                200,
                format!("{OURS}|Access-Control-Allow-Methods: *"),
                "does not name PUT",
            ),
            (
                Include,
                "PUT",
                "",
                200,
                format!("{OURS}|Access-Control-Allow-Methods: PUT"),
                "Ok",
            ),
        ];
        for (credentials, method, written, status, answer, expected) in table {
            let terms = terms(Mode::Cors, *credentials);
            let granted = terms.grants(method, &headers(written), *status, &headers(answer));
            assert!(
                format!("{granted:?}").contains(expected),
                "{method} {written} {answer}: {granted:?}"
            );
        }
    }

    #[test]
    fn leave_holds_for_as_long_as_it_says() {
        let terms = terms(Mode::Cors, Credentials::Omit);
        let (api, none) = (url("http://api/x"), Headers::new());
        for (age, holds_s) in [
            ("", 5),
            ("60", 60),
            ("0", 0),
            ("-1", 0),
            ("99999999999", 7200),
            ("soon", 5),
        ] {
            let mut preflights = Preflights::default();
            let answer = match age {
                "" => Headers::new(),
                age => headers(&format!("Access-Control-Max-Age: {age}")),
            };
            assert_eq!(
                preflights.keep(&terms, "PUT", &api, &answer, 0),
                holds_s,
                "{age}"
            );
            let holds = |at_ms| preflights.holds(&terms, "PUT", &api, &none, at_ms);
            assert_eq!(holds((holds_s * 1000 - 1).max(0)), holds_s > 0);
            assert!(!holds(holds_s * 1000));
            assert!(!preflights.holds(&terms, "DELETE", &api, &none, 0));
            assert!(!preflights.holds(&terms, "PUT", &url("http://api/y"), &none, 0));
        }
    }
}
