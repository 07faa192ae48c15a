//! Reads a configuration, and says what is wrong with it.
//!
//! What is known stands in [`DIRECTIVES`], with where it may stand and with how many arguments, as nginx's own modules
//! have it. Some are taken without effect, because nothing in a world depends on them.

use crate::{
    Action, AddedHeader, Balance, CacheZone, Config, ErrorPage, Limit, LimitZone, Location,
    Mistake, Pattern, Peer, Place, Proxy, Return, Rewrite, Server, Settings, Step, Text, Then,
    Upstream,
    config::SECOND_NS,
    syntax::{self, Directive},
};

// ---- what is known ----

const MAIN: u8 = 1;
const EVENTS: u8 = 2;
const HTTP: u8 = 4;
const UPSTREAM: u8 = 8;
const SERVER: u8 = 16;
const LOCATION: u8 = 32;
const ANY: u8 = HTTP | SERVER | LOCATION;
const MANY: usize = usize::MAX;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Block,
    Simple,
    /// Taken, and of no consequence.
    Idle,
}
use Kind::{Block, Idle, Simple};

/// Name, where it may stand, how many arguments it has.
const DIRECTIVES: &[(&str, u8, usize, usize, Kind)] = &[
    ("events", MAIN, 0, 0, Block),
    ("http", MAIN, 0, 0, Block),
    ("upstream", HTTP, 1, 1, Block),
    ("server", HTTP, 0, 0, Block),
    ("server", UPSTREAM, 1, MANY, Simple),
    ("location", SERVER, 1, 2, Block),
    ("user", MAIN, 1, 2, Idle),
    ("worker_processes", MAIN, 1, 1, Idle),
    ("worker_rlimit_nofile", MAIN, 1, 1, Idle),
    ("daemon", MAIN, 1, 1, Idle),
    ("master_process", MAIN, 1, 1, Idle),
    ("pid", MAIN, 1, 1, Idle),
    ("error_log", MAIN | ANY, 1, 2, Idle),
    ("worker_connections", EVENTS, 1, 1, Idle),
    ("multi_accept", EVENTS, 1, 1, Idle),
    ("use", EVENTS, 1, 1, Idle),
    ("access_log", ANY, 1, MANY, Idle),
    ("log_format", HTTP, 2, MANY, Idle),
    ("sendfile", ANY, 1, 1, Idle),
    ("tcp_nopush", ANY, 1, 1, Idle),
    ("tcp_nodelay", ANY, 1, 1, Idle),
    ("proxy_buffering", ANY, 1, 1, Idle),
    ("proxy_buffers", ANY, 2, 2, Idle),
    ("proxy_buffer_size", ANY, 1, 1, Idle),
    ("zone", UPSTREAM, 1, 2, Idle),
    ("least_conn", UPSTREAM, 0, 0, Simple),
    ("ip_hash", UPSTREAM, 0, 0, Simple),
    ("hash", UPSTREAM, 1, 2, Simple),
    ("keepalive", UPSTREAM, 1, 1, Simple),
    ("listen", SERVER, 1, MANY, Simple),
    ("server_name", SERVER, 1, MANY, Simple),
    ("return", SERVER | LOCATION, 1, 2, Simple),
    ("rewrite", SERVER | LOCATION, 2, 3, Simple),
    ("proxy_pass", LOCATION, 1, 1, Simple),
    ("proxy_set_header", ANY, 2, 2, Simple),
    ("proxy_hide_header", ANY, 1, 1, Simple),
    ("proxy_http_version", ANY, 1, 1, Simple),
    ("proxy_connect_timeout", ANY, 1, 1, Simple),
    ("proxy_send_timeout", ANY, 1, 1, Simple),
    ("proxy_read_timeout", ANY, 1, 1, Simple),
    ("proxy_next_upstream", ANY, 1, MANY, Simple),
    ("proxy_next_upstream_tries", ANY, 1, 1, Simple),
    ("proxy_intercept_errors", ANY, 1, 1, Simple),
    ("proxy_cache_path", HTTP, 2, MANY, Simple),
    ("proxy_cache", ANY, 1, 1, Simple),
    ("proxy_cache_key", ANY, 1, 1, Simple),
    ("proxy_cache_valid", ANY, 1, MANY, Simple),
    ("error_page", ANY, 2, MANY, Simple),
    ("add_header", ANY, 2, 3, Simple),
    ("gzip", ANY, 1, 1, Simple),
    ("gzip_types", ANY, 1, MANY, Simple),
    ("gzip_comp_level", ANY, 1, 1, Simple),
    ("gzip_min_length", ANY, 1, 1, Simple),
    ("gzip_http_version", ANY, 1, 1, Simple),
    ("gzip_proxied", ANY, 1, MANY, Simple),
    ("gzip_vary", ANY, 1, 1, Simple),
    ("gzip_disable", ANY, 1, MANY, Simple),
    ("gzip_buffers", ANY, 2, 2, Simple),
    ("limit_req_zone", HTTP, 3, 3, Simple),
    ("limit_req", ANY, 1, 3, Simple),
    ("limit_req_status", ANY, 1, 1, Simple),
    ("keepalive_timeout", ANY, 1, 2, Simple),
    ("keepalive_requests", ANY, 1, 1, Simple),
    ("client_header_timeout", HTTP | SERVER, 1, 1, Simple),
    ("client_body_timeout", ANY, 1, 1, Simple),
    ("client_max_body_size", ANY, 1, 1, Simple),
    ("server_tokens", ANY, 1, 1, Simple),
    ("default_type", ANY, 1, 1, Simple),
];

// ---- reading ----

/// All of a file. Errors are in the order of their lines.
pub fn read(text: &str) -> Result<Config, Vec<Mistake>> {
    let directives = syntax::read(text).map_err(|mistake| vec![mistake])?;
    let mut reading = Reading::default();
    reading.check(&directives, MAIN);
    reading.names_captured(&directives);
    for http in blocks(&directives, "http") {
        reading.http(http);
    }
    if !directives
        .iter()
        .any(|directive| directive.name == "events")
    {
        reading.wrong(1, "no \"events\" section in configuration");
    }
    let mut mistakes = reading.mistakes;
    if mistakes.is_empty() {
        return Ok(reading.config);
    }
    mistakes.sort_by(|one, other| (one.line, &one.sentence).cmp(&(other.line, &other.sentence)));
    mistakes.dedup();
    Err(mistakes)
}

fn blocks<'a>(
    directives: &'a [Directive],
    name: &'static str,
) -> impl Iterator<Item = &'a [Directive]> {
    let named = directives
        .iter()
        .filter(move |directive| directive.name == name);
    named.filter_map(|directive| directive.block.as_deref())
}

#[derive(Default)]
struct Reading {
    config: Config,
    /// Names that patterns give to what they find.
    captured: Vec<String>,
    mistakes: Vec<Mistake>,
}

impl Reading {
    fn wrong(&mut self, line: u32, sentence: impl Into<String>) {
        let sentence = sentence.into();
        self.mistakes.push(Mistake { line, sentence });
    }

    /// Whether each may stand here, as it stands.
    fn check(&mut self, directives: &[Directive], place: u8) {
        for directive in directives {
            let Directive {
                line,
                name,
                arguments,
                block,
            } = directive;
            let named = DIRECTIVES.iter().filter(|(known, ..)| known == name);
            let mut named = named.peekable();
            if named.peek().is_none() {
                let sentence =
                    format!("unknown directive \"{name}\", or one that is not simulated");
                self.wrong(*line, sentence);
                continue;
            }
            let Some((_, _, least, most, kind)) = named.find(|(_, places, ..)| places & place > 0)
            else {
                let sentence = format!("\"{name}\" directive is not allowed here");
                self.wrong(*line, sentence);
                continue;
            };
            if (*kind == Block) != block.is_some() {
                let sentence = match kind {
                    Block => format!("directive \"{name}\" has no opening \"{{\""),
                    _ => format!("directive \"{name}\" is not terminated by \";\""),
                };
                self.wrong(*line, sentence);
            } else if !(*least..=*most).contains(&arguments.len()) {
                let sentence = format!("invalid number of arguments in \"{name}\" directive");
                self.wrong(*line, sentence);
            } else if let Some(block) = block {
                let inner = match name.as_str() {
                    "events" => EVENTS,
                    "http" => HTTP,
                    "upstream" => UPSTREAM,
                    "server" => SERVER,
                    _ => LOCATION,
                };
                self.check(block, inner);
            }
        }
    }

    fn http(&mut self, directives: &[Directive]) {
        for directive in directives {
            let arguments = &directive.arguments;
            match (directive.name.as_str(), arguments.len()) {
                ("limit_req_zone", 3) => self.limit_zone(directive),
                ("proxy_cache_path", 2..) => self.cache_zone(directive),
                ("upstream", 1) => self.upstream(directive),
                _ => {}
            }
        }
        let settings = self.settings(&Settings::default(), directives);
        for server in blocks(directives, "server") {
            self.server(server, &settings);
        }
    }

    fn limit_zone(&mut self, directive: &Directive) {
        let [key, zone, rate] = &directive.arguments[..] else {
            return;
        };
        let name = zone.strip_prefix("zone=");
        let name = name.and_then(|zone| zone.split(':').next());
        let rate = rate.strip_prefix("rate=").and_then(|rate| {
            let (number, unit) = rate.split_at(rate.len().checked_sub(3)?);
            let number: u64 = number.parse().ok()?;
            match unit {
                "r/s" => number.checked_mul(1_000),
                "r/m" => number.checked_mul(1_000).map(|rate| rate / 60),
                _ => None,
            }
        });
        match (name, rate) {
            (Some(name), Some(rate)) if rate > 0 => {
                let key = self.text(directive.line, key);
                self.config.limit_zones.push(LimitZone {
                    name: name.to_owned(),
                    key,
                    rate,
                });
            }
            _ => self.wrong(directive.line, "invalid parameter in \"limit_req_zone\""),
        }
    }

    fn cache_zone(&mut self, directive: &Directive) {
        let mut zone = CacheZone {
            name: String::new(),
            inactive_ns: 600 * SECOND_NS,
        };
        for argument in &directive.arguments[1..] {
            match argument.split_once('=') {
                Some(("keys_zone", name)) => {
                    zone.name = name.split(':').next().unwrap_or_default().to_owned();
                }
                Some(("inactive", time)) => match nanoseconds(time) {
                    Some(ns) => zone.inactive_ns = ns,
                    None => self.invalid(directive.line, argument),
                },
                Some(("levels" | "max_size" | "use_temp_path", _)) => {}
                _ => self.invalid(directive.line, argument),
            }
        }
        if zone.name.is_empty() {
            let sentence = "\"proxy_cache_path\" must have \"keys_zone\" parameter";
            self.wrong(directive.line, sentence);
        }
        self.config.cache_zones.push(zone);
    }

    fn invalid(&mut self, line: u32, argument: &str) {
        self.wrong(line, format!("invalid parameter \"{argument}\""));
    }

    /// Any pattern's names are known everywhere, before it and behind it.
    fn names_captured(&mut self, directives: &[Directive]) {
        for Directive {
            name,
            arguments,
            block,
            ..
        } in directives
        {
            let sources: Vec<&str> = match (name.as_str(), arguments.as_slice()) {
                ("location", [sign, source]) if sign.starts_with('~') => vec![source],
                ("rewrite", [source, ..]) => vec![source],
                ("server_name", names) => {
                    let names = names.iter();
                    names.filter_map(|name| name.strip_prefix('~')).collect()
                }
                _ => Vec::new(),
            };
            for pattern in sources.into_iter().flat_map(|one| Pattern::new(one, false)) {
                self.captured.extend(pattern.names().map(str::to_owned));
            }
            self.names_captured(block.as_deref().unwrap_or_default());
        }
    }

    fn pattern(&mut self, line: u32, source: &str, ignores_case: bool) -> Option<Pattern> {
        let pattern = Pattern::new(source, ignores_case);
        pattern.map_err(|sentence| self.wrong(line, sentence)).ok()
    }

    fn text(&mut self, line: u32, source: &str) -> Text {
        let is_captured = |name: &str| {
            let is_digit = name.len() == 1 && name.as_bytes()[0].is_ascii_digit();
            is_digit || self.captured.iter().any(|known| known == name)
        };
        Text::read_with(source, is_captured).unwrap_or_else(|variable| {
            let sentence = format!("unknown \"{variable}\" variable, or one that is not simulated");
            self.wrong(line, sentence);
            Text::default()
        })
    }

    fn upstream(&mut self, directive: &Directive) {
        let name = directive.arguments[0].clone();
        if self.config.upstreams.iter().any(|other| other.name == name) {
            let sentence = format!("duplicate upstream \"{name}\"");
            self.wrong(directive.line, sentence);
        }
        let mut upstream = Upstream {
            name,
            balance: Balance::RoundRobin,
            peers: Vec::new(),
            keepalive: 0,
            health: None,
        };
        for inner in directive.block.iter().flatten() {
            let arguments = &inner.arguments;
            match (inner.name.as_str(), arguments.as_slice()) {
                ("server", [address, parameters @ ..]) => {
                    upstream
                        .peers
                        .extend(self.peer(inner.line, address, parameters));
                }
                ("least_conn", []) => upstream.balance = Balance::LeastConnections,
                ("ip_hash", []) => upstream.balance = Balance::IpHash,
                ("hash", [key, rest @ ..]) => {
                    let is_consistent = rest.first().is_some_and(|word| word == "consistent");
                    if let Some(other) = rest.first().filter(|_| !is_consistent) {
                        self.invalid(inner.line, other);
                    }
                    let key = self.text(inner.line, key);
                    upstream.balance = Balance::Hash { key, is_consistent };
                }
                ("keepalive", [number]) => match number.parse() {
                    Ok(number) if number > 0 => upstream.keepalive = number,
                    _ => {
                        let sentence =
                            format!("invalid value \"{number}\" in \"keepalive\" directive");
                        self.wrong(inner.line, sentence);
                    }
                },
                _ => {}
            }
        }
        if !upstream.peers.iter().any(|peer| !peer.is_backup) {
            let sentence = format!("no servers are inside upstream in \"{}\"", upstream.name);
            self.wrong(directive.line, sentence);
        }
        self.config.upstreams.push(upstream);
    }

    fn peer(&mut self, line: u32, address: &str, parameters: &[String]) -> Option<Peer> {
        let Some((host, port)) = host_and_port(address, 80) else {
            self.wrong(line, format!("invalid host in upstream \"{address}\""));
            return None;
        };
        let mut peer = Peer::new(host, port, line);
        for parameter in parameters {
            if peer.set(parameter).is_none() {
                self.invalid(line, parameter);
            }
        }
        Some(peer)
    }

    fn server(&mut self, directives: &[Directive], outer: &Settings) {
        let settings = self.settings(outer, directives);
        let mut server = Server {
            ports: Vec::new(),
            names: Vec::new(),
            patterns: Vec::new(),
            locations: Vec::new(),
            settings: settings.clone(),
            steps: self.steps(directives),
        };
        for directive in directives {
            let line = directive.line;
            match (directive.name.as_str(), directive.arguments.as_slice()) {
                ("listen", [at, parameters @ ..]) => {
                    let bare = at.parse().ok().map(|port| (String::new(), port));
                    match bare.or_else(|| host_and_port(at, 80)) {
                        Some((_, port)) => {
                            let is_default = parameters.iter().any(|word| word == "default_server");
                            server.ports.push((port, is_default));
                        }
                        None => self.wrong(
                            line,
                            format!("invalid host in \"{at}\" of the \"listen\" directive"),
                        ),
                    }
                    for parameter in parameters {
                        if !["default_server", "reuseport"].contains(&parameter.as_str()) {
                            self.invalid(line, parameter);
                        }
                    }
                }
                ("server_name", names) => {
                    for name in names {
                        match name.strip_prefix('~') {
                            Some(source) => {
                                server.patterns.extend(self.pattern(line, source, true));
                            }
                            None => server.names.push(name.to_ascii_lowercase()),
                        }
                    }
                }
                ("location", arguments @ ([_] | [_, _])) => {
                    let location = self.location(directive, arguments, &settings);
                    server.locations.extend(location);
                }
                _ => {}
            }
        }
        if server.ports.is_empty() {
            server.ports.push((80, false));
        }
        self.config.servers.push(server);
    }

    fn location(
        &mut self,
        directive: &Directive,
        arguments: &[String],
        outer: &Settings,
    ) -> Option<Location> {
        let line = directive.line;
        let prefix = |path: &String, is_final| Place::Prefix {
            path: path.clone(),
            is_final,
        };
        let place = match arguments {
            [path] if !path.starts_with(['~', '@', '=']) => prefix(path, false),
            [sign, path] if sign == "=" => Place::Exact(path.clone()),
            [sign, path] if sign == "^~" => prefix(path, true),
            [sign, source] if sign == "~" || sign == "~*" => {
                Place::Pattern(self.pattern(line, source, sign == "~*")?)
            }
            [sign, _] => {
                self.wrong(line, format!("invalid location modifier \"{sign}\""));
                return None;
            }
            _ => {
                let sentence = format!(
                    "location \"{}\": named locations are not simulated",
                    arguments.join(" ")
                );
                self.wrong(line, sentence);
                return None;
            }
        };
        let block = directive.block.as_deref().unwrap_or_default();
        let settings = self.settings(outer, block);
        let mut action = Action::Nothing;
        for inner in block {
            if let ("proxy_pass", [url]) = (inner.name.as_str(), inner.arguments.as_slice())
                && let Some(proxy) = self.proxy(inner.line, url)
            {
                if proxy.uri.is_some() && matches!(place, Place::Pattern(_)) {
                    let sentence = "\"proxy_pass\" cannot have URI part in location given by regular expression";
                    self.wrong(inner.line, sentence);
                }
                action = Action::Proxy(proxy);
            }
        }
        Some(Location {
            place,
            settings,
            steps: self.steps(block),
            action,
        })
    }

    fn steps(&mut self, block: &[Directive]) -> Vec<Step> {
        let mut steps = Vec::new();
        for Directive {
            line,
            name,
            arguments,
            ..
        } in block
        {
            let step = match (name.as_str(), arguments.as_slice()) {
                ("return", arguments @ ([_] | [_, _])) => {
                    self.returns(*line, arguments).map(Step::Return)
                }
                ("rewrite", [source, to, flags @ ..]) => self
                    .rewrite(*line, source, to, flags.first())
                    .map(Step::Rewrite),
                _ => None,
            };
            steps.extend(step);
        }
        steps
    }

    fn rewrite(
        &mut self,
        line: u32,
        source: &str,
        to: &str,
        flag: Option<&String>,
    ) -> Option<Rewrite> {
        let pattern = self.pattern(line, source, false)?;
        let leads_away = ["http://", "https://", "$scheme"];
        let leads_away = leads_away.iter().any(|start| to.starts_with(start));
        let then = match flag.map(String::as_str) {
            Some("permanent") => Then::Redirects(301),
            Some("redirect") => Then::Redirects(302),
            None | Some("last" | "break") if leads_away => Then::Redirects(302),
            None => Then::GoesOn,
            Some("last") => Then::Searches,
            Some("break") => Then::Stays,
            Some(flag) => {
                self.invalid(line, flag);
                return None;
            }
        };
        let (to, drops_args) = match to.strip_suffix('?') {
            Some(to) => (to, true),
            None => (to, false),
        };
        let (path, args) = match to.split_once('?') {
            Some((path, args)) => (path, Some(args)),
            None => (to, None),
        };
        Some(Rewrite {
            pattern,
            path: self.text(line, path),
            args: args.map(|args| self.text(line, args)),
            drops_args,
            then,
        })
    }

    fn returns(&mut self, line: u32, arguments: &[String]) -> Option<Return> {
        let status = arguments[0].parse::<u16>().ok().filter(|code| *code <= 999);
        let Some(status) = status else {
            if arguments.len() == 1 && arguments[0].starts_with("http") {
                let text = Some(self.text(line, &arguments[0]));
                return Some(Return { status: 302, text });
            }
            let sentence = format!("invalid return code \"{}\"", arguments[0]);
            self.wrong(line, sentence);
            return None;
        };
        let text = arguments.get(1).map(|text| self.text(line, text));
        Some(Return { status, text })
    }

    /// `http://backend/uri`: what is called by that name, or a server of its own.
    fn proxy(&mut self, line: u32, url: &str) -> Option<Proxy> {
        let Some(rest) = url.strip_prefix("http://") else {
            self.wrong(line, "invalid URL prefix");
            return None;
        };
        let end = rest.find(['/', '$']).unwrap_or(rest.len());
        let (authority, uri) = rest.split_at(end);
        // `$request_uri` begins with a slash; whatever else may stand there belongs to a name.
        let is_path = uri.starts_with('/')
            || ["$request_uri", "$uri"]
                .iter()
                .any(|own| uri.starts_with(own));
        if authority.is_empty() || !is_path && !uri.is_empty() {
            self.wrong(
                line,
                "variables in the host of \"proxy_pass\" are not simulated",
            );
            return None;
        }
        let (uri, whole) = match uri {
            "" => (None, None),
            uri if uri.contains('$') => (None, Some(self.text(line, uri))),
            uri => (Some(uri.to_owned()), None),
        };
        let upstreams = &mut self.config.upstreams;
        let known = upstreams.iter().position(|other| other.name == authority);
        let upstream = match known {
            Some(known) => known,
            None => {
                let Some((host, port)) = host_and_port(authority, 80) else {
                    self.wrong(line, format!("invalid host in upstream \"{authority}\""));
                    return None;
                };
                upstreams.push(Upstream {
                    name: authority.to_owned(),
                    balance: Balance::RoundRobin,
                    peers: vec![Peer::new(host, port, line)],
                    keepalive: 0,
                    health: None,
                });
                upstreams.len() - 1
            }
        };
        Some(Proxy {
            upstream,
            host: authority.to_owned(),
            uri,
            whole,
        })
    }

    /// What a block says for itself; lists replace those of the block around it.
    fn settings(&mut self, outer: &Settings, directives: &[Directive]) -> Settings {
        let mut settings = outer.clone();
        let says = |name: &str| directives.iter().any(|directive| directive.name == name);
        if says("proxy_set_header") {
            settings.proxy_headers.clear();
        }
        if says("proxy_hide_header") {
            settings.hidden_headers.clear();
        }
        if says("error_page") {
            settings.error_pages.clear();
        }
        if says("add_header") {
            settings.added_headers.clear();
        }
        if says("limit_req") {
            settings.limits.clear();
        }
        if says("proxy_cache_valid") {
            settings.cache_valid.clear();
        }
        for directive in directives {
            if directive.block.is_none() && self.set(&mut settings, directive).is_none() {
                let sentence = format!(
                    "invalid value \"{}\" in \"{}\" directive",
                    directive.arguments.join(" "),
                    directive.name
                );
                self.wrong(directive.line, sentence);
            }
        }
        settings
    }

    fn set(&mut self, settings: &mut Settings, directive: &Directive) -> Option<()> {
        let line = directive.line;
        let [first, rest @ ..] = directive.arguments.as_slice() else {
            return Some(());
        };
        match directive.name.as_str() {
            "proxy_set_header" => {
                let value = self.text(line, rest.first()?);
                settings.proxy_headers.push((first.clone(), value));
            }
            "proxy_hide_header" => settings.hidden_headers.push(first.to_ascii_lowercase()),
            "proxy_http_version" => {
                settings.proxy_version_1_1 = match first.as_str() {
                    "1.0" => false,
                    "1.1" => true,
                    _ => return None,
                }
            }
            "proxy_connect_timeout" => settings.connect_timeout_ns = nanoseconds(first)?,
            "proxy_send_timeout" => settings.send_timeout_ns = nanoseconds(first)?,
            "proxy_read_timeout" => settings.read_timeout_ns = nanoseconds(first)?,
            "proxy_next_upstream" => {
                const WORDS: [&str; 11] = [
                    "error",
                    "timeout",
                    "invalid_header",
                    "non_idempotent",
                    "off",
                    "http_500",
                    "http_502",
                    "http_503",
                    "http_504",
                    "http_404",
                    "http_429",
                ];
                let words = directive.arguments.iter();
                settings.next_upstream = words.cloned().collect();
                let mut words = settings.next_upstream.iter();
                if !words.all(|word| WORDS.contains(&word.as_str())) {
                    return None;
                }
            }
            "proxy_next_upstream_tries" => settings.next_upstream_tries = first.parse().ok()?,
            "proxy_intercept_errors" => settings.intercepts_errors = flag(first)?,
            "error_page" => settings.error_pages.push(error_page(&directive.arguments)?),
            "add_header" => {
                let always = rest.get(1).is_some_and(|word| word == "always");
                if rest.len() > 1 && !always {
                    return None;
                }
                let value = self.text(line, rest.first()?);
                let name = first.clone();
                settings.added_headers.push(AddedHeader {
                    name,
                    value,
                    always,
                });
            }
            "limit_req" => settings.limits.push(self.limit(directive)?),
            "limit_req_status" => {
                let status = first.parse().ok()?;
                settings.limit_status = Some(status).filter(|code| (400..600).contains(code))?;
            }
            "keepalive_timeout" => settings.keepalive_timeout_ns = nanoseconds(first)?,
            "keepalive_requests" => settings.keepalive_requests = first.parse().ok()?,
            "client_header_timeout" => settings.client_header_timeout_ns = nanoseconds(first)?,
            "client_body_timeout" => settings.client_body_timeout_ns = nanoseconds(first)?,
            "client_max_body_size" => settings.body_bytes_max = bytes(first)?,
            "server_tokens" => settings.shows_version = flag(first)?,
            "default_type" => settings.default_type = first.clone(),
            "proxy_cache" if first == "off" => settings.cache = None,
            "proxy_cache" => {
                let mut zones = self.config.cache_zones.iter();
                let zone = zones.position(|zone| zone.name == *first);
                if zone.is_none() {
                    self.wrong(line, format!("\"proxy_cache\" zone \"{first}\" is unknown"));
                }
                settings.cache = zone;
            }
            "proxy_cache_key" => settings.cache_key = Some(self.text(line, first)),
            "proxy_cache_valid" => {
                let (time, statuses) = directive.arguments.split_last()?;
                let ns = nanoseconds(time)?;
                if statuses.is_empty() {
                    let usual = [200, 301, 302].map(|status| (status, ns));
                    settings.cache_valid.extend(usual);
                }
                for status in statuses {
                    let status = match status.as_str() {
                        "any" => 0,
                        status => status.parse().ok()?,
                    };
                    settings.cache_valid.push((status, ns));
                }
            }
            "gzip_disable" => match directive.arguments.as_slice() {
                [word] if word == "msie6" => settings.gzip.avoids_msie6 = true,
                _ => self.wrong(
                    line,
                    "\"gzip_disable\" with regular expressions is not simulated, only with \"msie6\"",
                ),
            },
            name if name.starts_with("gzip") => settings.gzip.set(name, &directive.arguments)?,
            _ => {}
        }
        Some(())
    }

    fn limit(&mut self, directive: &Directive) -> Option<Limit> {
        let mut limit = Limit {
            zone: usize::MAX,
            burst: 0,
            is_immediate: false,
        };
        for argument in &directive.arguments {
            match argument.split_once('=') {
                Some(("zone", name)) => {
                    let mut zones = self.config.limit_zones.iter();
                    match zones.position(|zone| zone.name == name) {
                        Some(zone) => limit.zone = zone,
                        None => {
                            let sentence = format!("zero size shared memory zone \"{name}\"");
                            self.wrong(directive.line, sentence);
                            limit.zone = 0;
                        }
                    }
                }
                Some(("burst", number)) => limit.burst = number.parse().ok()?,
                None if argument == "nodelay" => limit.is_immediate = true,
                _ => return None,
            }
        }
        Some(limit).filter(|limit| limit.zone != usize::MAX)
    }
}

impl Peer {
    fn set(&mut self, parameter: &str) -> Option<()> {
        match parameter.split_once('=') {
            None if parameter == "backup" => self.is_backup = true,
            None if parameter == "down" => self.is_down = true,
            Some(("weight", number)) => {
                self.weight = number.parse().ok().filter(|weight| *weight > 0)?;
            }
            Some(("max_fails", number)) => self.max_fails = number.parse().ok()?,
            Some(("max_conns", number)) => self.max_connections = number.parse().ok()?,
            Some(("fail_timeout", time)) => self.fail_timeout_ns = nanoseconds(time)?,
            _ => return None,
        }
        Some(())
    }
}

pub(crate) fn flag(word: &str) -> Option<bool> {
    match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn error_page(arguments: &[String]) -> Option<ErrorPage> {
    let (uri, rest) = arguments.split_last()?;
    let (answer, statuses) = match rest.split_last() {
        Some((last, statuses)) if last.starts_with('=') => match last.strip_prefix('=')? {
            "" => (Some(0), statuses),
            code => (Some(code.parse().ok()?), statuses),
        },
        _ => (None, rest),
    };
    let statuses: Option<Vec<u16>> = statuses.iter().map(|code| code.parse().ok()).collect();
    let statuses = statuses
        .filter(|all| !all.is_empty() && all.iter().all(|code| (300..600).contains(code)))?;
    Some(ErrorPage {
        statuses,
        answer,
        uri: uri.clone(),
    })
}

fn host_and_port(address: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (address, default),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_*[:]".contains(&byte);
    let is_host = !host.is_empty() && host.bytes().all(is_name);
    is_host.then(|| (host.to_owned(), port))
}

/// `10`, `10s`, `1m30s`, `500ms`.
fn nanoseconds(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("ms", 1_000_000),
        ("s", SECOND_NS),
        ("m", 60 * SECOND_NS),
        ("h", 3_600 * SECOND_NS),
        ("d", 86_400 * SECOND_NS),
        ("w", 7 * 86_400 * SECOND_NS),
        ("", SECOND_NS),
    ];
    let mut rest = text;
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit());
        let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let (unit, ns) = UNITS.iter().find(|(unit, _)| behind.starts_with(unit))?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*ns)?)?;
        rest = behind[unit.len()..].trim_start();
    }
    Some(sum).filter(|_| !text.is_empty())
}

/// `1024`, `8k`, `1m`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = match text.to_ascii_lowercase().as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 10),
        b'm' => (&text[..text.len() - 1], 20),
        b'g' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    number.parse::<u64>().ok()?.checked_shl(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let told = |mistake: Mistake| format!("{}: {}", mistake.line, mistake.sentence);
        match read(text) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.into_iter().map(told).collect(),
        }
    }

    #[test]
    fn a_usual_file_is_read() {
        let config = read(
            "user www-data;  # nobody
events { worker_connections 768; }
http {
  upstream backend { least_conn; server app1:3000 weight=3; server app2 backup; keepalive 8; }
  limit_req_zone $binary_remote_addr zone=one:10m rate=30r/m;
  proxy_set_header Host $host;
  server {
    listen 8080 default_server;
    server_name example.com \"www.example.com\";
    location / { proxy_pass http://backend; limit_req zone=one burst=5 nodelay; }
    location = /exact { proxy_set_header X-A \"a ${host}\"; proxy_pass http://app3:9000/x/; }
    location /gone { return 410 'it is gone'; }
  }
}",
        );
        let config = config.expect("it is sound");
        let names: Vec<&str> = config
            .upstreams
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["backend", "app3:9000"]);
        assert_eq!(config.upstreams[0].peers[0].weight, 3);
        assert_eq!(config.limit_zones[0].rate, 500);
        let server = &config.servers[0];
        assert_eq!(server.ports, [(8080, true)]);
        assert_eq!(server.locations[0].settings.proxy_headers.len(), 1);
        assert_eq!(server.locations[0].settings.limits[0].burst, 5);
        assert_eq!(server.locations[1].settings.proxy_headers[0].0, "X-A");
        assert!(matches!(server.locations[2].steps[..], [Step::Return(_)]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(
            mistakes(
                "events {}\nhttp {\n  image_filter on;\n  listen 80;\n  server { location / { proxy_pass a; } listen; }\n}"
            ),
            [
                "3: unknown directive \"image_filter\", or one that is not simulated",
                "4: \"listen\" directive is not allowed here",
                "5: invalid URL prefix",
                "5: invalid number of arguments in \"listen\" directive",
            ]
        );
        assert_eq!(
            mistakes(
                "events {}\nhttp {\n  upstream a {\n  }\n  keepalive_timeout soon;\n  add_header X $nonsense;\n}"
            ),
            [
                "3: no servers are inside upstream in \"a\"",
                "5: invalid value \"soon\" in \"keepalive_timeout\" directive",
                "6: unknown \"nonsense\" variable, or one that is not simulated",
            ]
        );
        assert_eq!(
            mistakes(
                "events {}\nhttp {\n  gzip maybe;\n  gzip_comp_level 10;\n  gzip_proxied some;\n  gzip_disable \"Opera\";\n}"
            ),
            [
                "3: invalid value \"maybe\" in \"gzip\" directive",
                "4: invalid value \"10\" in \"gzip_comp_level\" directive",
                "5: invalid value \"some\" in \"gzip_proxied\" directive",
                "6: \"gzip_disable\" with regular expressions is not simulated, only with \"msie6\"",
            ]
        );
        assert_eq!(
            mistakes(
                "events {}
http {
  server {
    location ~ \"^/(a\" { return 204; }
    location ~ (?=a) { return 204; }
    location ~ ^/a { proxy_pass http://a/b; }
    location != /a { return 204; }
    location @a { return 204; }
    rewrite ^ /b soon;
    rewrite ^ /b$known$unknown;
    location ~ (?<known>a) { proxy_pass http://$host/; }
  }
}"
            ),
            [
                "4: regular expression \"^/(a\" is wrong or not simulated: found open group without closing ')'",
                "5: regular expression \"(?=a)\" is wrong or not simulated: look-around is not supported",
                "6: \"proxy_pass\" cannot have URI part in location given by regular expression",
                "7: invalid location modifier \"!=\"",
                "8: location \"@a\": named locations are not simulated",
                "9: invalid parameter \"soon\"",
                "10: unknown \"unknown\" variable, or one that is not simulated",
                "11: variables in the host of \"proxy_pass\" are not simulated",
            ]
        );
        assert_eq!(
            mistakes("events {}\nhttp {"),
            ["2: unexpected end of file, expecting \"}\""]
        );
        assert_eq!(mistakes("events {}\n}"), ["2: unexpected \"}\""]);
        assert_eq!(
            mistakes("http {}"),
            ["1: no \"events\" section in configuration"]
        );
    }

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(nanoseconds("1m30s"), Some(90 * SECOND_NS));
        assert_eq!(nanoseconds("250ms"), Some(SECOND_NS / 4));
        assert_eq!(nanoseconds("5"), Some(5 * SECOND_NS));
        assert_eq!(nanoseconds("5x"), None);
        assert_eq!(bytes("8k"), Some(8_192));
        assert_eq!(bytes("0"), Some(0));
    }
}
