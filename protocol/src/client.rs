//! A client's seat: who calls the world's servers by hand, as `curl` does or as a browser does, and what came of it.
//!
//! What the reader sends is part of the scenario, so that a run with it is as repeatable as one without.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::load::{Length, RequestId};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSpec {
    pub name: String,
    /// The host that it stands on.
    pub from: String,
    pub timeout_ns: u64,
    /// Each request says in `traceparent` to which trace it belongs: one for everything that comes of an [`Ask`].
    pub traces: bool,
    /// In the order in which they are given.
    pub asks: Vec<Ask>,
}

/// One thing that is asked for by hand. More than one request may come of it: redirects, a preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub when: When,
    pub manner: Manner,
    pub method: String,
    /// Absolute.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    At(u64),
    /// So long after the one before it was over; the first so long after the beginning.
    After(u64),
    /// When nothing more would happen without it, and the one before it is over.
    Rest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    /// As `curl`: no cookies, no cache, a connection for itself. It follows redirects (`-L`), and asks for packed answers
    /// and unpacks them (`--compressed`), if it is told to.
    Plain { follows: bool, unpacks: bool },
    /// As a browser that goes to a page: typed when `from` is empty, else from a link or a form of that page.
    Navigate { from: String, reload: bool },
    /// As `fetch` in a page.
    Fetch {
        page: String,
        mode: Mode,
        credentials: Credentials,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    Cors,
    NoCors,
    SameOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    Omit,
    SameOrigin,
    Include,
}

/// What came of an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub client: String,
    /// Its place among the client's.
    pub ask: u32,
    /// What was asked for.
    pub method: String,
    pub url: String,
    pub began_ns: u64,
    pub ended_ns: u64,
    /// Every request of it, and every answer that took the place of one.
    pub hops: Vec<Hop>,
    /// What was decided on the way, and why.
    pub decisions: Vec<Decision>,
    pub failure: Option<Failure>,
    /// Of the last answer.
    pub body: Vec<u8>,
    /// How long it was; of a longer one than [`BODY_BYTES_MAX`] the beginning is kept.
    pub body_bytes: u64,
    /// What a browser has when it is over.
    pub cookies: Vec<CookieShown>,
}

pub const BODY_BYTES_MAX: usize = 256 << 10;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// `None` when the cache answered.
    pub request: Option<RequestId>,
    pub method: String,
    pub url: String,
    /// As they were sent.
    pub sent: Vec<(String, String)>,
    /// 0 when there was no answer.
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub begun_ns: u64,
    /// There was a connection: later than `begun_ns` if it had to be made.
    pub connected_ns: Option<u64>,
    /// Whether that connection had carried a request before.
    pub is_reused: bool,
    pub first_byte_ns: Option<u64>,
    pub whole_ns: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at_ns: u64,
    pub topic: Topic,
    /// It was in the way of what was asked for.
    pub refuses: bool,
    /// A sentence with its reason.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topic {
    Redirect,
    Cookie,
    Cache,
    Cors,
    /// What the answer's body was packed with.
    Encoding,
}

impl Topic {
    pub fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Cookie => "cookie",
            Self::Cache => "cache",
            Self::Cors => "CORS",
            Self::Encoding => "encoding",
        }
    }
}

/// Why there is no answer, with the number that `curl` ends with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: u32,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieShown {
    pub name: String,
    pub value: String,
    /// Without a dot before it.
    pub domain: String,
    /// It goes to that host alone, not to those below it.
    pub host_only: bool,
    pub path: String,
    /// Milliseconds since the Unix epoch; `None` for as long as the browser is open.
    pub expires_ms: Option<i64>,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: SameSite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SameSite {
    /// Nothing was said, which is taken for `Lax`.
    Default,
    Strict,
    Lax,
    None,
}

impl Exchange {
    /// The answer that counts.
    pub fn answer(&self) -> Option<&Hop> {
        self.hops.last().filter(|hop| hop.status != 0)
    }

    /// Where it came from in the end.
    pub fn last_url(&self) -> &str {
        self.hops
            .last()
            .map_or(self.url.as_str(), |hop| hop.url.as_str())
    }
}

impl Hop {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let found = self.headers.iter().find(found);
        found.map(|(_, value)| value.as_str())
    }
}

impl Display for Exchange {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} {}", self.client, self.method, self.url)?;
        for hop in &self.hops {
            write!(formatter, "\n  {} {}", hop.method, hop.url)?;
            if hop.status == 0 {
                continue;
            }
            write!(formatter, " → {} {}", hop.status, hop.reason)?;
            match (hop.request, hop.whole_ns) {
                (None, _) => write!(formatter, ", from the cache")?,
                (_, Some(whole_ns)) => {
                    write!(formatter, ", in {}", Length(whole_ns - hop.begun_ns))?;
                }
                _ => {}
            }
        }
        for decision in &self.decisions {
            write!(
                formatter,
                "\n  {}: {}",
                decision.topic.name(),
                decision.text
            )?;
        }
        match &self.failure {
            Some(failure) => write!(formatter, "\n  ({}) {}", failure.code, failure.text),
            None => write!(
                formatter,
                "\n  {} bytes, {} in all",
                self.body_bytes,
                Length(self.ended_ns - self.began_ns)
            ),
        }
    }
}
