//! A browser's cookies, by RFC 6265bis: which it keeps, which it sends, and why not the others.
//! <https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html>
//!
//! Leaves out: the list of public suffixes. A name without a dot counts as one, and a site is the last two labels of a
//! host's name. A `Lax` that nobody wrote is no laxer than a written one.

use protocol::client::{CookieShown, SameSite};
use url::{Host, Url};

use crate::date;

const PAIR_BYTES_MAX: usize = 4096;
const ATTRIBUTE_BYTES_MAX: usize = 1024;
const LIFE_MS_MAX: i64 = 400 * 86_400_000;
/// As Chrome has them.
const OF_DOMAIN_MAX: usize = 180;
const ALL_MAX: usize = 3000;

#[derive(Debug, Default)]
pub struct Cookies {
    /// Oldest first.
    kept: Vec<CookieShown>,
}

/// What a request is for, as far as cookies care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Who asks belongs to the same site as who is asked.
    pub same_site: bool,
    /// It is the page itself that is asked for.
    pub navigates: bool,
    /// GET, HEAD, OPTIONS or TRACE.
    pub is_safe: bool,
}

/// What became of a `Set-Cookie`, and why; `false` when the cookie is not kept.
pub type Verdict = (bool, String);

impl Cookies {
    pub fn all(&self, now_ms: i64) -> Vec<CookieShown> {
        let living = self.kept.iter().filter(|cookie| is_alive(cookie, now_ms));
        living.cloned().collect()
    }

    /// 5.6 and 5.7: an answer's header.
    pub fn set(&mut self, header: &str, url: &Url, errand: Errand, now_ms: i64) -> Verdict {
        match read(header, url, now_ms) {
            Err(why) => (
                false,
                format!("{} is not kept: {why}.", quoted(name_of(header))),
            ),
            Ok(cookie) => self.keep(cookie, url, errand, now_ms),
        }
    }

    fn keep(&mut self, cookie: CookieShown, url: &Url, errand: Errand, now_ms: i64) -> Verdict {
        let name = quoted(&cookie.name);
        let refused = |why: &str| (false, format!("{name} is not kept: {why}."));
        if cookie.same_site != SameSite::None && !errand.same_site && !errand.navigates {
            return refused(&format!(
                "{} does not hold for answers to another site's requests",
                said(cookie.same_site)
            ));
        }
        let hides = |other: &&CookieShown| {
            other.secure
                && other.name == cookie.name
                && (matches_domain(&cookie.domain, &other.domain)
                    || matches_domain(&other.domain, &cookie.domain))
                && matches_path(&cookie.path, &other.path)
        };
        if !cookie.secure && !is_trustworthy(url) && self.kept.iter().any(|other| hides(&other)) {
            return refused("it would lie over a Secure cookie, and this connection is not secure");
        }
        let is_same = |other: &CookieShown| {
            (&other.name, &other.domain, other.host_only, &other.path)
                == (&cookie.name, &cookie.domain, cookie.host_only, &cookie.path)
        };
        let before = self.kept.iter().position(is_same);
        if !is_alive(&cookie, now_ms) {
            if let Some(place) = before {
                self.kept.remove(place);
                return (true, format!("{name} is deleted: its time is over."));
            }
            return (
                true,
                format!("{name} is over before it begins: there was none to delete."),
            );
        }
        let text = describe(&cookie, before.is_some());
        match before {
            // It keeps its place, which is its age.
            Some(place) => self.kept[place] = cookie,
            None => {
                self.make_room(&cookie.domain, now_ms);
                self.kept.push(cookie);
            }
        }
        (true, text)
    }

    fn make_room(&mut self, domain: &str, now_ms: i64) {
        self.kept.retain(|cookie| is_alive(cookie, now_ms));
        let of_domain = |cookie: &CookieShown| cookie.domain == domain;
        if self.kept.iter().filter(|cookie| of_domain(cookie)).count() >= OF_DOMAIN_MAX
            && let Some(oldest) = self.kept.iter().position(of_domain)
        {
            self.kept.remove(oldest);
        }
        if self.kept.len() >= ALL_MAX {
            self.kept.remove(0);
        }
    }

    /// 5.8.3: what goes along, and a sentence for each that would have but for its attributes.
    pub fn header(&self, url: &Url, errand: Errand, now_ms: i64) -> (Option<String>, Vec<String>) {
        let host = host_of(url);
        let mut withheld = Vec::new();
        let mut sent: Vec<&CookieShown> = Vec::new();
        for cookie in &self.kept {
            let is_theirs = match cookie.host_only {
                true => cookie.domain == host,
                false => matches_domain(&host, &cookie.domain),
            };
            if !is_theirs || !is_alive(cookie, now_ms) || !matches_path(url.path(), &cookie.path) {
                continue;
            }
            let why = if cookie.secure && !is_trustworthy(url) {
                "it is Secure, and this connection is not"
            } else if errand.same_site || cookie.same_site == SameSite::None {
                ""
            } else if cookie.same_site == SameSite::Strict {
                "SameSite=Strict, and another site asks"
            } else if !errand.navigates {
                "SameSite=Lax, and another site asks for something within its page"
            } else if !errand.is_safe {
                "SameSite=Lax, and another site asks with a method that changes something"
            } else {
                ""
            };
            match why {
                "" => sent.push(cookie),
                why => withheld.push(format!("{} stays here: {why}.", quoted(&cookie.name))),
            }
        }
        // Stable: of equal length the older first.
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = sent.iter().map(|cookie| pair(cookie)).collect();
        let header = Some(pairs.join("; ")).filter(|_| !pairs.is_empty());
        (header, withheld)
    }
}

/// Whether two addresses belong to one site, scheme included.
pub fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && site(one) == site(other)
}

fn site(url: &Url) -> String {
    let host = host_of(url);
    if !matches!(url.host(), Some(Host::Domain(_))) {
        return host;
    }
    let labels: Vec<&str> = host.rsplitn(3, '.').collect();
    match labels.as_slice() {
        [top, second, ..] => format!("{second}.{top}"),
        _ => host,
    }
}

pub fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("").to_ascii_lowercase()
}

/// Browsers take loopback for secure.
fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn is_alive(cookie: &CookieShown, now_ms: i64) -> bool {
    cookie
        .expires_ms
        .is_none_or(|expires_ms| expires_ms > now_ms)
}

fn name_of(header: &str) -> &str {
    let pair = header.split(';').next().unwrap_or("");
    pair.split_once('=').map_or("", |(name, _)| name).trim()
}

fn pair(cookie: &CookieShown) -> String {
    match cookie.name.as_str() {
        "" => cookie.value.clone(),
        name => format!("{name}={}", cookie.value),
    }
}

fn quoted(name: &str) -> String {
    match name {
        "" => "A cookie without a name".to_owned(),
        name => {
            let mut short: String = name.chars().take(40).collect();
            if short.len() < name.len() {
                short.push('…');
            }
            format!("Cookie {short}")
        }
    }
}

fn said(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Default => "SameSite=Lax, which holds when nothing is said,",
        SameSite::Lax => "SameSite=Lax",
        SameSite::Strict => "SameSite=Strict",
        SameSite::None => "SameSite=None",
    }
}

fn describe(cookie: &CookieShown, is_again: bool) -> String {
    let mut text = format!(
        "{} is {} for {}{}",
        quoted(&cookie.name),
        if is_again { "kept anew" } else { "kept" },
        cookie.domain,
        match cookie.host_only {
            true => " alone",
            false => " and what is below it",
        }
    );
    if cookie.path != "/" {
        text.push_str(&format!(", under {}", cookie.path));
    }
    match cookie.expires_ms {
        Some(ms) => text.push_str(&format!(", until {}", date::told(ms))),
        None => text.push_str(", until the browser is closed"),
    }
    if cookie.http_only {
        text.push_str("; HttpOnly, so no script sees it");
    }
    text.push('.');
    text
}

// ---- reading ----

fn read(header: &str, url: &Url, now_ms: i64) -> Result<CookieShown, String> {
    if header
        .bytes()
        .any(|byte| matches!(byte, 0..=8 | 0x0a..=0x1f | 0x7f))
    {
        return Err("it has control characters".into());
    }
    let mut parts = header.split(';');
    let first = parts.next().unwrap_or("");
    let (name, value) = first.split_once('=').unwrap_or(("", first));
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() && value.is_empty() {
        return Err("it is empty".into());
    }
    if name.len() + value.len() > PAIR_BYTES_MAX {
        return Err(format!(
            "its name and value are longer than {PAIR_BYTES_MAX} bytes"
        ));
    }
    let host = host_of(url);
    let mut cookie = CookieShown {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        host_only: true,
        path: default_path(url),
        expires_ms: None,
        secure: false,
        http_only: false,
        same_site: SameSite::Default,
    };
    let (mut domain, mut path, mut max_age_ms) = (String::new(), None, None);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim(), value.trim());
        if value.len() > ATTRIBUTE_BYTES_MAX {
            continue;
        }
        match key.to_ascii_lowercase().as_str() {
            "expires" => {
                if let Some(ms) = date::parse_ms(value) {
                    cookie.expires_ms = Some(ms.min(now_ms + LIFE_MS_MAX));
                }
            }
            "max-age" => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    // What is too long for a number is as long as can be.
                    let seconds = match value.starts_with('-') {
                        true => 0,
                        false => value.parse::<i64>().unwrap_or(i64::MAX),
                    };
                    max_age_ms = Some(seconds.saturating_mul(1000).min(LIFE_MS_MAX));
                }
            }
            "domain" => {
                let bare = value.strip_prefix('.').unwrap_or(value);
                domain = bare.to_ascii_lowercase();
            }
            "path" => path = Some(value).filter(|value| value.starts_with('/')),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "none" => SameSite::None,
                    "strict" => SameSite::Strict,
                    "lax" => SameSite::Lax,
                    _ => SameSite::Default,
                }
            }
            _ => {}
        }
    }
    if let Some(ms) = max_age_ms {
        // Max-Age goes before Expires.
        cookie.expires_ms = Some(if ms == 0 { i64::MIN } else { now_ms + ms });
    }
    if let Some(path) = path {
        cookie.path = path.to_owned();
    }
    if !domain.is_empty() && domain != host {
        if !domain.contains('.') {
            return Err(format!(
                "Domain={domain} is a name under which anybody may be"
            ));
        }
        if !matches_domain(&host, &domain) {
            return Err(format!("Domain={domain} is not {host} nor above it"));
        }
    }
    if domain.contains('.') && matches!(url.host(), Some(Host::Domain(_))) {
        cookie.domain = domain;
        cookie.host_only = false;
    }
    if cookie.secure && !is_trustworthy(url) {
        return Err("it is Secure, and it came over a connection that is not".into());
    }
    if cookie.same_site == SameSite::None && !cookie.secure {
        return Err("SameSite=None needs Secure".into());
    }
    refuse_prefix(&cookie)?;
    Ok(cookie)
}

fn refuse_prefix(cookie: &CookieShown) -> Result<(), String> {
    // Without a name the value could pass for one.
    let name = match cookie.name.as_str() {
        "" => &cookie.value,
        name => name,
    };
    let name = name.to_ascii_lowercase();
    let is_named = !cookie.name.is_empty();
    if name.starts_with("__secure-") && !(cookie.secure && is_named) {
        return Err("a name with __Secure- needs Secure".into());
    }
    if name.starts_with("__host-")
        && !(cookie.secure && cookie.host_only && cookie.path == "/" && is_named)
    {
        return Err("a name with __Host- needs Secure, Path=/ and no Domain".into());
    }
    Ok(())
}

/// 5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        None | Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

fn matches_path(path: &str, of: &str) -> bool {
    path == of
        || path
            .strip_prefix(of)
            .is_some_and(|rest| of.ends_with('/') || rest.starts_with('/'))
}

/// 5.1.3. An address has nothing below it.
fn matches_domain(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.') && host.parse::<std::net::Ipv4Addr>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000;
    const NEAR: Errand = Errand {
        same_site: true,
        navigates: true,
        is_safe: true,
    };

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// From where, what was set, what is then kept: `name=value; domain; path`, or what the reason says.
    #[test]
    fn what_is_kept_is_what_the_standard_says() {
        let long = format!("a={}", "x".repeat(4096));
        let table: &[(&str, &str, &str)] = &[
            ("http://api/", "sid=1", "sid=1; api; /"),
            ("http://api/a/b/c", "sid=1", "sid=1; api; /a/b"),
            ("http://api/a", "sid=1", "sid=1; api; /"),
            ("http://api/a", "sid=1; Path=/x", "sid=1; api; /x"),
            ("http://api/a/", "sid=1; Path=x", "sid=1; api; /a"),
            ("http://api/", " sid = 1 ; x", "sid=1; api; /"),
            ("http://api/", "sid=\"1 2\"", "sid=\"1 2\"; api; /"),
            ("http://api/", "sid=a=b", "sid=a=b; api; /"),
            ("http://api/", "bare", "bare; api; /"),
            ("http://api/", "=v", "v; api; /"),
            ("http://api/", "", "is empty"),
            ("http://api/", " = ; Path=/", "is empty"),
            ("http://api/", "a=\u{1}", "control characters"),
            ("http://api/", &long, "longer than 4096"),
            ("http://www.a.com/", "x=1; Domain=a.com", "x=1; .a.com; /"),
            ("http://www.a.com/", "x=1; Domain=.A.com", "x=1; .a.com; /"),
            ("http://www.a.com/", "x=1; Domain=", "x=1; www.a.com; /"),
            ("http://www.a.com/", "x=1; Domain=b.com", "nor above it"),
            ("http://www.a.com/", "x=1; Domain=ww.a.com", "nor above it"),
            ("http://a.com/", "x=1; Domain=www.a.com", "nor above it"),
            ("http://www.a.com/", "x=1; Domain=com", "anybody"),
            ("http://api/", "x=1; Domain=api", "x=1; api; /"),
            ("http://10.0.0.1/", "x=1; Domain=0.0.1", "nor above it"),
            (
                "http://10.0.0.1/",
                "x=1; Domain=10.0.0.1",
                "x=1; 10.0.0.1; /",
            ),
            ("http://api/", "x=1; Secure", "not kept: it is Secure"),
            ("https://api/", "x=1; Secure", "x=1; api; /"),
            ("http://localhost/", "x=1; Secure", "x=1; localhost; /"),
            ("http://127.0.0.1/", "x=1; Secure", "x=1; 127.0.0.1; /"),
            (
                "http://api/",
                "x=1; SameSite=None",
                "SameSite=None needs Secure",
            ),
            ("https://api/", "x=1; SameSite=None; Secure", "x=1; api; /"),
            ("https://api/", "__Secure-x=1", "__Secure- needs Secure"),
            (
                "https://api/",
                "__secure-x=1; Secure",
                "__secure-x=1; api; /",
            ),
            ("https://api/", "__Host-x=1; Secure", "__Host-x=1; api; /"),
            (
                "https://api/a/b",
                "__Host-x=1; Secure",
                "Path=/ and no Domain",
            ),
            (
                "https://w.a.com/",
                "__Host-x=1; Secure; Path=/; Domain=a.com",
                "no Domain",
            ),
            ("https://api/", "=__Host-x=1; Secure", "__Host- needs"),
            ("http://api/", "x=1; Max-Age=0", "none to delete"),
            ("http://api/", "x=1; Max-Age=-5", "none to delete"),
            ("http://api/", "x=1; Max-Age=soon", "x=1; api; /"),
            (
                "http://api/",
                "x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "none to delete",
            ),
            (
                "http://api/",
                "x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9",
                "x=1; api; /",
            ),
        ];
        for (from, header, expected) in table {
            let mut cookies = Cookies::default();
            let (_, why) = cookies.set(header, &url(from), NEAR, NOW);
            let told = match cookies.all(NOW).first() {
                Some(kept) => {
                    let dot = if kept.host_only { "" } else { "." };
                    format!("{}; {dot}{}; {}", pair(kept), kept.domain, kept.path)
                }
                None => why.clone(),
            };
            assert!(told.contains(expected), "{from} {header}: {told} ({why})");
        }
    }

    #[test]
    fn times_are_the_worlds() {
        let mut cookies = Cookies::default();
        let api = url("http://api/");
        cookies.set("a=1; Max-Age=10", &api, NEAR, NOW);
        cookies.set("b=1; Max-Age=99999999999999999999", &api, NEAR, NOW);
        assert_eq!(
            cookies.header(&api, NEAR, NOW + 9_999).0.unwrap(),
            "a=1; b=1"
        );
        assert_eq!(cookies.header(&api, NEAR, NOW + 10_000).0.unwrap(), "b=1");
        assert_eq!(cookies.all(NOW)[1].expires_ms, Some(NOW + LIFE_MS_MAX));
        // Kept anew it keeps its age; deleted it is gone.
        cookies.set("c=1", &api, NEAR, NOW);
        cookies.set("b=2", &api, NEAR, NOW);
        assert_eq!(cookies.header(&api, NEAR, NOW).0.unwrap(), "a=1; b=2; c=1");
        cookies.set("b=; Max-Age=0", &api, NEAR, NOW);
        assert_eq!(cookies.header(&api, NEAR, NOW).0.unwrap(), "a=1; c=1");
    }

    /// What was set where, who is asked on what errand, and what goes along.
    #[test]
    fn what_goes_along_is_what_the_standard_says() {
        let foreign_page = Errand {
            same_site: false,
            ..NEAR
        };
        let foreign_form = Errand {
            is_safe: false,
            ..foreign_page
        };
        let foreign_part = Errand {
            navigates: false,
            ..foreign_page
        };
        let table: &[(&str, &str, &str, Errand, &str)] = &[
            ("http://a.com/", "x=1", "http://a.com/y", NEAR, "x=1"),
            ("http://a.com/", "x=1", "http://www.a.com/", NEAR, ""),
            (
                "http://a.com/",
                "x=1; Domain=a.com",
                "http://www.a.com/",
                NEAR,
                "x=1",
            ),
            (
                "http://a.com/",
                "x=1; Domain=a.com",
                "http://ba.com/",
                NEAR,
                "",
            ),
            ("http://a.com/", "x=1", "http://a.com:8080/", NEAR, "x=1"),
            (
                "http://a.com/",
                "x=1; Path=/p",
                "http://a.com/p",
                NEAR,
                "x=1",
            ),
            (
                "http://a.com/",
                "x=1; Path=/p",
                "http://a.com/p/q",
                NEAR,
                "x=1",
            ),
            ("http://a.com/", "x=1; Path=/p", "http://a.com/pq", NEAR, ""),
            ("http://a.com/", "x=1; Path=/p/", "http://a.com/p", NEAR, ""),
            (
                "https://a.com/",
                "x=1; Secure",
                "http://a.com/",
                NEAR,
                "Secure, and",
            ),
            ("http://a.com/", "x=1", "http://a.com/", foreign_page, "x=1"),
            (
                "http://a.com/",
                "x=1; SameSite=Lax",
                "http://a.com/",
                foreign_form,
                "changes something",
            ),
            (
                "http://a.com/",
                "x=1",
                "http://a.com/",
                foreign_part,
                "within its page",
            ),
            (
                "http://a.com/",
                "x=1; SameSite=Strict",
                "http://a.com/",
                foreign_page,
                "Strict",
            ),
            (
                "https://a.com/",
                "x=1; SameSite=None; Secure",
                "https://a.com/",
                foreign_part,
                "x=1",
            ),
        ];
        for (from, header, to, errand, expected) in table {
            let mut cookies = Cookies::default();
            cookies.set(header, &url(from), NEAR, NOW);
            let (sent, withheld) = cookies.header(&url(to), *errand, NOW);
            let told = sent.unwrap_or_else(|| withheld.join(""));
            let fits = if expected.is_empty() {
                told.is_empty()
            } else {
                told.contains(expected)
            };
            assert!(fits, "{header} to {to}: {told}");
        }
        let mut cookies = Cookies::default();
        let api = url("http://api/p/q");
        for header in ["a=1; Path=/", "b=1; Path=/p", "c=1; Path=/", "d=1; Path=/p"] {
            cookies.set(header, &api, NEAR, NOW);
        }
        assert_eq!(
            cookies.header(&api, NEAR, NOW).0.unwrap(),
            "b=1; d=1; a=1; c=1"
        );
    }

    #[test]
    fn a_jar_is_never_too_full() {
        let mut cookies = Cookies::default();
        let api = url("http://api/");
        for number in 0..500 {
            cookies.set(&format!("c{number}=1"), &api, NEAR, NOW);
        }
        let kept = cookies.all(NOW);
        assert_eq!((kept.len(), kept[0].name.as_str()), (OF_DOMAIN_MAX, "c320"));
        let foreign = Errand {
            same_site: false,
            navigates: false,
            is_safe: true,
        };
        assert!(!cookies.set("x=1", &api, foreign, NOW).0);
        let secure = url("https://api/");
        cookies.set("s=1; Secure", &secure, NEAR, NOW);
        assert!(
            !cookies.set("s=2", &api, NEAR, NOW).0,
            "it would hide a Secure one"
        );
    }

    #[test]
    fn sites_are_the_last_two_labels() {
        let table = [
            ("http://a.x.com", "http://b.x.com:1", true),
            ("http://x.com", "https://x.com", false),
            ("http://api", "http://web", false),
            ("http://10.0.0.1", "http://20.0.0.1", false),
        ];
        for (one, other, expected) in table {
            assert_eq!(same_site(&url(one), &url(other)), expected, "{one} {other}");
        }
    }
}
