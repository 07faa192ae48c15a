//! What a configuration says, with nginx's own defaults where it says nothing.

use crate::{Gzip, Pattern, Text};

pub(crate) const SECOND_NS: u64 = 1_000_000_000;

#[derive(Clone, Debug, Default)]
pub struct Config {
    pub upstreams: Vec<Upstream>,
    pub servers: Vec<Server>,
    pub limit_zones: Vec<LimitZone>,
    pub cache_zones: Vec<CacheZone>,
}

#[derive(Clone, Debug)]
pub struct Upstream {
    pub name: String,
    pub balance: Balance,
    pub peers: Vec<Peer>,
    /// Connections that wait for the next request.
    pub keepalive: u32,
    pub health: Option<Health>,
}

#[derive(Clone, Debug)]
pub enum Balance {
    RoundRobin,
    LeastConnections,
    IpHash,
    Hash { key: Text, is_consistent: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub line: u32,
    pub host: String,
    pub port: u16,
    pub weight: u32,
    /// 0 for any number.
    pub max_fails: u32,
    pub fail_timeout_ns: u64,
    /// 0 for any number.
    pub max_connections: u32,
    pub is_backup: bool,
    pub is_down: bool,
}

/// Requests that ask a peer how it is. Not nginx's own, whose free version only notices failures.
#[derive(Clone, Debug)]
pub struct Health {
    pub every_ns: u64,
    pub timeout_ns: u64,
    pub target: String,
    pub fails: u32,
    pub passes: u32,
}

#[derive(Clone, Debug)]
pub struct LimitZone {
    pub name: String,
    pub key: Text,
    /// Requests in a thousand seconds.
    pub rate: u64,
}

#[derive(Clone, Debug)]
pub struct CacheZone {
    pub name: String,
    pub inactive_ns: u64,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub ports: Vec<(u16, bool)>,
    pub names: Vec<String>,
    /// Asked where no name fits.
    pub patterns: Vec<Pattern>,
    pub locations: Vec<Location>,
    /// Outside of any location.
    pub settings: Settings,
    /// Before a location is looked for.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Location {
    pub place: Place,
    pub settings: Settings,
    pub steps: Vec<Step>,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub enum Place {
    Exact(String),
    /// A final one lets no pattern be asked.
    Prefix {
        path: String,
        is_final: bool,
    },
    Pattern(Pattern),
}

impl Place {
    /// What the location's own path is replaced in: none of a pattern.
    pub fn path(&self) -> &str {
        match self {
            Self::Exact(path) | Self::Prefix { path, .. } => path,
            Self::Pattern(_) => "",
        }
    }
}

#[derive(Clone, Debug)]
pub enum Action {
    /// There are no files: 404.
    Nothing,
    Proxy(Proxy),
}

/// What is done with a request before anybody is asked, in the order of the file.
#[derive(Clone, Debug)]
pub enum Step {
    Return(Return),
    Rewrite(Rewrite),
}

#[derive(Clone, Debug)]
pub struct Rewrite {
    pub pattern: Pattern,
    pub path: Text,
    pub args: Option<Text>,
    /// A question mark at its end.
    pub drops_args: bool,
    pub then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    GoesOn,
    /// `last`.
    Searches,
    /// `break`.
    Stays,
    Redirects(u16),
}

#[derive(Clone, Debug)]
pub struct Return {
    pub status: u16,
    pub text: Option<Text>,
}

#[derive(Clone, Debug)]
pub struct Proxy {
    /// Of `upstreams`.
    pub upstream: usize,
    /// What `$proxy_host` is.
    pub host: String,
    /// Replaces the location's path, when there is one.
    pub uri: Option<String>,
    /// With variables in it: what is asked for, whatever the request's path.
    pub whole: Option<Text>,
}

/// What a block hands on to those within it, unless they say otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    pub proxy_headers: Vec<(String, Text)>,
    pub proxy_version_1_1: bool,
    pub connect_timeout_ns: u64,
    pub send_timeout_ns: u64,
    pub read_timeout_ns: u64,
    pub next_upstream: Vec<String>,
    /// 0 for as many as there are peers.
    pub next_upstream_tries: u32,
    pub intercepts_errors: bool,
    pub hidden_headers: Vec<String>,
    pub error_pages: Vec<ErrorPage>,
    pub added_headers: Vec<AddedHeader>,
    pub limits: Vec<Limit>,
    pub limit_status: u16,
    pub keepalive_timeout_ns: u64,
    pub keepalive_requests: u64,
    pub client_header_timeout_ns: u64,
    pub client_body_timeout_ns: u64,
    pub body_bytes_max: u64,
    pub shows_version: bool,
    pub default_type: String,
    pub gzip: Gzip,
    /// Of `cache_zones`.
    pub cache: Option<usize>,
    pub cache_key: Option<Text>,
    /// Status (0 for any), and for how long.
    pub cache_valid: Vec<(u16, u64)>,
}

#[derive(Clone, Debug)]
pub struct ErrorPage {
    pub statuses: Vec<u16>,
    /// `=code`; `Some(0)` for `=`.
    pub answer: Option<u16>,
    pub uri: String,
}

#[derive(Clone, Debug)]
pub struct AddedHeader {
    pub name: String,
    pub value: Text,
    pub always: bool,
}

#[derive(Clone, Debug)]
pub struct Limit {
    /// Of `limit_zones`.
    pub zone: usize,
    pub burst: u64,
    pub is_immediate: bool,
}

impl Default for Settings {
    /// nginx's own.
    fn default() -> Self {
        Self {
            proxy_headers: Vec::new(),
            proxy_version_1_1: false,
            connect_timeout_ns: 60 * SECOND_NS,
            send_timeout_ns: 60 * SECOND_NS,
            read_timeout_ns: 60 * SECOND_NS,
            next_upstream: vec!["error".into(), "timeout".into()],
            next_upstream_tries: 0,
            intercepts_errors: false,
            hidden_headers: Vec::new(),
            error_pages: Vec::new(),
            added_headers: Vec::new(),
            limits: Vec::new(),
            limit_status: 503,
            keepalive_timeout_ns: 75 * SECOND_NS,
            keepalive_requests: 1_000,
            client_header_timeout_ns: 60 * SECOND_NS,
            client_body_timeout_ns: 60 * SECOND_NS,
            body_bytes_max: 1 << 20,
            shows_version: true,
            default_type: "text/plain".into(),
            gzip: Gzip::default(),
            cache: None,
            cache_key: None,
            cache_valid: Vec::new(),
        }
    }
}

impl Peer {
    pub fn new(host: String, port: u16, line: u32) -> Self {
        Self {
            line,
            host,
            port,
            weight: 1,
            max_fails: 1,
            fail_timeout_ns: 10 * SECOND_NS,
            max_connections: 0,
            is_backup: false,
            is_down: false,
        }
    }
}
