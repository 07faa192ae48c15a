//! What a browser does with a request before it goes out, and with its answer: in the order of Fetch, 4.4 to 4.8.
//!
//! Leaves out: HSTS, mixed content, the ports that browsers refuse, and everything that a page would load by itself.

use protocol::client::{CookieShown, Failure, Hop, Manner, Mode, Topic};
use url::Url;

use super::{
    Task, authority,
    cache::{Cache, Found, Headers, Stored, Wish, header},
    coding,
    cookies::{Cookies, Errand, same_site},
    cors::{self, Need, Preflights, Terms},
};

const REDIRECTS_MAX: u32 = 20;
const AGENT: &str = "Mozilla/5.0 (Terrarium)";

#[derive(Debug, Default)]
pub(super) struct Browser {
    cookies: Cookies,
    cache: Cache,
    preflights: Preflights,
}

/// What a browser knows of a request that is under way.
#[derive(Debug, Default)]
pub(super) struct Tab {
    /// Of a script's request.
    terms: Option<Terms>,
    /// Who asks; `None` when the reader has typed it.
    from: Option<Url>,
    reload: bool,
    place: Place,
    /// Without what is added on the way: by these headers the cache tells answers apart.
    asked: Headers,
    asked_ms: i64,
    /// The answer may be read only if it says so.
    is_checked: bool,
    /// Every address that it went through is of the site of who asks.
    stays_on_site: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Asks,
    AsksLeave,
    HasLeave,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send,
    /// From the beginning, as it now is.
    Again,
    Over(Option<Failure>),
}

impl Tab {
    pub fn of(manner: &Manner) -> Self {
        let tab = Self {
            stays_on_site: true,
            ..Self::default()
        };
        match manner {
            Manner::Plain { .. } => tab,
            Manner::Navigate { from, reload } => Self {
                from: Url::parse(from).ok(),
                reload: *reload,
                ..tab
            },
            Manner::Fetch {
                page,
                mode,
                credentials,
            } => {
                let page = Url::parse(page).ok();
                Self {
                    terms: Some(Terms {
                        origin: page.as_ref().map_or("null".to_owned(), cors::origin),
                        mode: *mode,
                        credentials: *credentials,
                        tainted: false,
                    }),
                    from: page,
                    ..tab
                }
            }
        }
    }

    pub fn is_preflight(&self) -> bool {
        self.place == Place::AsksLeave
    }

    /// A redirect leads from one address to another.
    pub fn leaves(&mut self, from: &Url, to: &Url) {
        self.place = Place::Asks;
        if let Some(terms) = &mut self.terms
            && from.origin() != to.origin()
            && cors::origin(from) != terms.origin
        {
            terms.tainted = true;
        }
        if let Some(page) = &self.from {
            self.stays_on_site &= same_site(page, to);
        }
    }

    fn errand(&self, url: &Url, method: &str) -> Errand {
        let is_near = self.from.as_ref().is_none_or(|page| same_site(page, url));
        Errand {
            same_site: is_near && self.stays_on_site,
            navigates: self.terms.is_none(),
            is_safe: matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE"),
        }
    }

    fn sends_credentials(&self, url: &Url) -> bool {
        let terms = self.terms.as_ref();
        terms.is_none_or(|terms| terms.sends_credentials(url))
    }
}

impl Browser {
    pub fn cookies(&self, now_ms: i64) -> Vec<CookieShown> {
        self.cookies.all(now_ms)
    }

    /// `sent` has the headers that were written, and gets those that a browser adds.
    pub fn prepare(
        &mut self,
        task: &mut Task,
        sent: &mut Headers,
        now_ns: u64,
        now_ms: i64,
    ) -> Next {
        if let Some(stop) = self.ask_leave(task, sent, now_ns, now_ms) {
            return stop;
        }
        let url = task.request.url.clone();
        let method = task.request.method.clone();
        self.dress(task, sent);
        task.tab.asked_ms = now_ms;
        if task.tab.sends_credentials(&url) {
            let errand = task.tab.errand(&url, &method);
            let (cookies, withheld) = self.cookies.header(&url, errand, now_ms);
            for why in withheld {
                task.decide(now_ns, Topic::Cookie, true, why);
            }
            if let Some(cookies) = cookies {
                let count = cookies.split("; ").count();
                let told = match count {
                    1 => "1 cookie goes along.".to_owned(),
                    count => format!("{count} cookies go along."),
                };
                task.decide(now_ns, Topic::Cookie, false, told);
                sent.push(("Cookie".into(), cookies));
            }
        } else {
            let why = "No cookies go along: fetch was not asked to send credentials there.";
            task.decide(now_ns, Topic::Cookie, false, why.into());
        }
        task.tab.asked.clone_from(sent);
        let wish = Wish {
            reload: task.tab.reload,
        };
        if task.tab.reload {
            sent.push(("Cache-Control".into(), "max-age=0".into()));
        }
        match self
            .cache
            .find(&method, &url, &task.tab.asked, wish, now_ms)
        {
            Found::Nothing(why) => {
                if let Some(why) = why {
                    task.decide(now_ns, Topic::Cache, false, why);
                }
                Next::Send
            }
            Found::Stale { headers, why } => {
                task.decide(now_ns, Topic::Cache, false, why);
                sent.extend(headers);
                Next::Send
            }
            Found::Fresh(stored, why) => {
                task.decide(now_ns, Topic::Cache, false, why);
                answer_with(task, *stored, now_ns);
                self.judge(task, now_ns)
            }
        }
    }

    /// CORS, before anything goes out. `None` when it may.
    fn ask_leave(
        &mut self,
        task: &mut Task,
        sent: &mut Headers,
        now_ns: u64,
        now_ms: i64,
    ) -> Option<Next> {
        let terms = task.tab.terms.clone()?;
        let (method, url) = (task.request.method.clone(), task.request.url.clone());
        let need = terms.need(&method, &url, &task.request.headers);
        task.tab.is_checked = matches!(need, Need::Check(_) | Need::Preflight(_));
        match need {
            Need::Nothing => None,
            Need::Refused(why) => {
                task.decide(now_ns, Topic::Cors, true, why.clone());
                Some(Next::Over(Some(blocked(&why))))
            }
            Need::Check(why) => {
                task.decide(now_ns, Topic::Cors, false, why);
                None
            }
            Need::Preflight(_) if task.tab.place == Place::HasLeave => None,
            Need::Preflight(_)
                if self
                    .preflights
                    .holds(&terms, &method, &url, &task.request.headers, now_ms) =>
            {
                let why = "Leave was given before and still holds: no preflight.";
                task.decide(now_ns, Topic::Cors, false, why.into());
                task.tab.place = Place::HasLeave;
                None
            }
            Need::Preflight(why) => {
                task.decide(now_ns, Topic::Cors, false, why);
                task.tab.place = Place::AsksLeave;
                task.hop.method = "OPTIONS".into();
                *sent = vec![
                    ("Host".into(), authority(&url)),
                    ("User-Agent".into(), AGENT.into()),
                    ("Accept".into(), "*/*".into()),
                ];
                sent.extend(terms.preflight(&method, &task.request.headers));
                Some(Next::Send)
            }
        }
    }

    fn dress(&self, task: &Task, sent: &mut Headers) {
        let (url, tab) = (&task.request.url, &task.tab);
        let navigates = tab.terms.is_none();
        let accept = match navigates {
            true => "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            false => "*/*",
        };
        // A part of what is packed could not be unpacked.
        let accepted = match header(sent, "range") {
            Some(_) => "identity",
            None => coding::BROWSER,
        };
        let mut added: Headers = vec![
            ("Host".into(), authority(url)),
            ("User-Agent".into(), AGENT.into()),
            ("Accept".into(), accept.into()),
            ("Accept-Language".into(), "en".into()),
            ("Accept-Encoding".into(), accepted.into()),
        ];
        if let Some(page) = &tab.from {
            let is_own = page.origin() == url.origin();
            let mut referrer = page.clone();
            referrer.set_fragment(None);
            if !is_own {
                referrer.set_path("/");
                referrer.set_query(None);
            }
            added.push(("Referer".into(), referrer.into()));
            let changes = !matches!(task.request.method.as_str(), "GET" | "HEAD");
            let own = match &tab.terms {
                Some(terms) => terms.origin_sent().to_owned(),
                None => cors::origin(page),
            };
            if changes || tab.is_checked {
                added.push(("Origin".into(), own));
            }
        }
        added.retain(|(name, _)| header(sent, name).is_none());
        added.append(sent);
        *sent = added;
    }

    /// A whole answer has come.
    pub fn take(&mut self, task: &mut Task, now_ns: u64, now_ms: i64) -> Next {
        if task.tab.place == Place::AsksLeave {
            return self.take_leave(task, now_ns, now_ms);
        }
        let (url, method) = (task.request.url.clone(), task.request.method.clone());
        if task.tab.sends_credentials(&url) {
            let errand = task.tab.errand(&url, &method);
            let headers = task.hop.headers.clone();
            for (_, value) in headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            {
                let (is_kept, why) = self.cookies.set(value, &url, errand, now_ms);
                task.decide(now_ns, Topic::Cookie, !is_kept, why);
            }
        } else if header(&task.hop.headers, "set-cookie").is_some() {
            let why = "Its cookies are not kept: the request was sent without credentials.";
            task.decide(now_ns, Topic::Cookie, true, why.into());
        }
        if task.exchange.failure.is_some() {
            return Next::Over(None);
        }
        let (asked, asked_ms) = (std::mem::take(&mut task.tab.asked), task.tab.asked_ms);
        let is_asked_about = header(&task.hop.sent, "if-none-match").is_some()
            || header(&task.hop.sent, "if-modified-since").is_some();
        let freshened = (task.hop.status == 304 && is_asked_about)
            .then(|| {
                let came = &task.hop.headers;
                self.cache.freshen(&url, &asked, came, asked_ms, now_ms)
            })
            .flatten();
        if let Some(stored) = freshened {
            let told = "304: what is kept is still good, and its body need not be sent again.";
            task.decide(now_ns, Topic::Cache, false, told.into());
            let asked = task.hop.clone();
            answer_with(task, stored, now_ns);
            task.exchange.hops.push(asked);
        } else {
            let answer = (task.hop.status, task.hop.reason.as_str(), &task.hop.headers);
            let told = self
                .cache
                .take(&method, &url, &asked, answer, &task.body, asked_ms, now_ms);
            if let Some(told) = told {
                task.decide(now_ns, Topic::Cache, false, told);
            }
        }
        self.judge(task, now_ns)
    }

    fn take_leave(&mut self, task: &mut Task, now_ns: u64, now_ms: i64) -> Next {
        let Some(terms) = task.tab.terms.clone() else {
            return Next::Over(None);
        };
        let (method, url) = (task.request.method.clone(), task.request.url.clone());
        let answer = task.hop.headers.clone();
        let granted = terms.grants(&method, &task.request.headers, task.hop.status, &answer);
        match granted {
            Err(why) => {
                task.decide(
                    now_ns,
                    Topic::Cors,
                    true,
                    format!("The preflight fails. {why}"),
                );
                Next::Over(Some(blocked(&why)))
            }
            Ok(()) => {
                let holds_s = self.preflights.keep(&terms, &method, &url, &answer, now_ms);
                let told = format!("The preflight gives leave, for {holds_s} s.");
                task.decide(now_ns, Topic::Cors, false, told);
                task.tab.place = Place::HasLeave;
                task.exchange.hops.push(std::mem::take(&mut task.hop));
                task.exchange.body_bytes = 0;
                Next::Again
            }
        }
    }

    /// Whether the answer may be read, and whether it sends the request on.
    fn judge(&mut self, task: &mut Task, now_ns: u64) -> Next {
        let terms = task.tab.terms.clone();
        if let Some(terms) = terms.as_ref().filter(|_| task.tab.is_checked) {
            match terms.check(&task.hop.headers) {
                Ok(why) => task.decide(now_ns, Topic::Cors, false, why),
                Err(why) => {
                    task.decide(
                        now_ns,
                        Topic::Cors,
                        true,
                        format!("The page may not read the answer. {why}"),
                    );
                    return Next::Over(Some(blocked(&why)));
                }
            }
        }
        if let Some(location) = task.location() {
            return task.redirect(&location, REDIRECTS_MAX, now_ns);
        }
        if let Some(terms) = &terms
            && terms.mode == Mode::NoCors
            && !terms.is_same_origin(&task.request.url)
        {
            let why = "The mode is no-cors: the answer came, but the page sees neither its status nor its body.";
            task.decide(now_ns, Topic::Cors, true, why.into());
        }
        Next::Over(None)
    }
}

/// The cache stands in for the server.
fn answer_with(task: &mut Task, stored: Stored, now_ns: u64) {
    task.hop = Hop {
        request: None,
        method: task.request.method.clone(),
        url: task.request.url.to_string(),
        sent: Vec::new(),
        status: stored.status,
        reason: stored.reason,
        headers: stored.headers,
        begun_ns: now_ns,
        connected_ns: None,
        is_reused: false,
        first_byte_ns: None,
        whole_ns: Some(now_ns),
    };
    task.exchange.body_bytes = stored.body.len() as u64;
    task.body = stored.body;
}

/// What the browser itself has stopped has none of curl's numbers.
fn blocked(why: &str) -> Failure {
    Failure {
        code: 0,
        text: format!("Blocked by CORS: {why}"),
    }
}
