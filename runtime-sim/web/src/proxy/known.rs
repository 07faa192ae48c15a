//! What is known of a request: its path, what variables stand for, and what a server is asked in its place
//! (`ngx_http_proxy_create_request`).

use super::*;

/// The path, decoded, without doubled slashes and dots; and what follows the question mark.
pub(super) fn split_target(target: &str) -> (String, Option<String>) {
    let target = without_origin(target);
    let (path, args) = match target.split_once('?') {
        Some((path, args)) => (path, Some(args.to_owned())),
        None => (target, None),
    };
    let decoded = decode(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut tidy = format!("/{}", parts.join("/"));
    let is_folder = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("/..");
    if is_folder && tidy.len() > 1 {
        tidy.push('/');
    }
    (tidy, args)
}

pub(super) fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What nginx encodes in a path that it has changed (`ngx_escape_uri`).
pub(super) fn encode(path: &str) -> String {
    encode_with(path, b"\"#%<>?\\^`{|}")
}

/// And of what it puts behind a question mark.
pub(super) fn encode_argument(text: &str) -> String {
    encode_with(text, b"\"#%&+;<>?\\^`{|}")
}

fn encode_with(text: &str, letters: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte <= b' ' || byte >= 0x7f || letters.contains(&byte) {
            encoded.push_str(&format!("%{byte:02X}"));
        } else {
            encoded.push(char::from(byte));
        }
    }
    encoded
}

/// What variables stand for.
pub(super) struct Known<'a> {
    pub client: &'a Client,
    pub exchange: &'a Exchange,
    pub server: &'a Server,
    pub location: Option<&'a Location>,
    pub host_name: &'a str,
}

impl Known<'_> {
    pub(super) fn header(&self, name: &str) -> String {
        let value = self.exchange.head.header(name);
        value
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    }

    pub(super) fn proxy_host(&self) -> String {
        match self.location.map(|location| &location.action) {
            Some(Action::Proxy(pass)) => pass.host.clone(),
            _ => String::new(),
        }
    }
}

impl Values for Known<'_> {
    fn value(&self, name: &str) -> String {
        let head = &self.exchange.head;
        let args = || self.exchange.args.clone().unwrap_or_default();
        match name {
            "args" | "query_string" => args(),
            "is_args"
                if self
                    .exchange
                    .args
                    .as_ref()
                    .is_some_and(|args| !args.is_empty()) =>
            {
                "?".into()
            }
            "binary_remote_addr" | "remote_addr" => self.client.ip.to_string(),
            "remote_port" => self.client.remote_port.to_string(),
            "content_length" => self.header("content-length"),
            "content_type" => self.header("content-type"),
            "uri" | "document_uri" => self.exchange.path.clone(),
            "host" => {
                let host = self.header("host").to_ascii_lowercase();
                let name = host
                    .rsplit_once(':')
                    .map_or(host.as_str(), |(name, _)| name);
                match name {
                    "" => self.value("server_name"),
                    name => name.to_owned(),
                }
            }
            "hostname" => self.host_name.to_owned(),
            "proxy_add_x_forwarded_for" => match self.header("x-forwarded-for").as_str() {
                "" => self.client.ip.to_string(),
                before => format!("{before}, {}", self.client.ip),
            },
            "proxy_host" => self.proxy_host(),
            "request" => format!("{} {} HTTP/1.{}", head.method, head.target, head.minor),
            "request_method" => head.method.clone(),
            "request_uri" => head.target.clone(),
            "scheme" => "http".into(),
            "server_name" => self.server.names.first().cloned().unwrap_or_default(),
            "server_port" => self.client.port.to_string(),
            "server_protocol" => format!("HTTP/1.{}", head.minor),
            "status" => self.exchange.answer.status.to_string(),
            "upstream_addr" => self.exchange.upstream.clone(),
            "upstream_cache_status" => self.exchange.cache_status.to_owned(),
            other => {
                if let Some(header) = other.strip_prefix("http_") {
                    self.header(&header.replace('_', "-"))
                } else if let Some(wanted) = other.strip_prefix("cookie_") {
                    let cookies = self.header("cookie");
                    pair(cookies.split(';'), wanted)
                } else if let Some(wanted) = other.strip_prefix("arg_") {
                    pair(args().split('&'), wanted)
                } else {
                    self.exchange.way.captures.value(other)
                }
            }
        }
    }
}

pub(super) fn pair<'a>(mut pairs: impl Iterator<Item = &'a str>, wanted: &str) -> String {
    let found = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then(|| value.to_owned())
    });
    found.unwrap_or_default()
}

/// What the server is asked (`ngx_http_proxy_create_request`): the headers that the configuration sets, nginx's own, and
/// then the client's, but for those that were set.
pub(super) fn message(known: &Known, pass: &Pass) -> Vec<u8> {
    let exchange = known.exchange;
    let settings = &exchange.settings;
    let head = &exchange.head;
    let target = target(known, pass);
    let method = match (&exchange.cache_key, head.method.as_str()) {
        (Some(_), "HEAD") => "GET",
        (_, method) => method,
    };
    let version = if settings.proxy_version_1_1 { 1 } else { 0 };
    let mut text = format!("{method} {target} HTTP/1.{version}\r\n");
    let mut set: Vec<(String, String)> = Vec::new();
    for (name, value) in &settings.proxy_headers {
        set.push((name.clone(), value.fill(known)));
    }
    let has_body =
        head.header("content-length").is_some() || head.header("transfer-encoding").is_some();
    let length = match has_body && exchange.original.is_none() {
        true => exchange.body.len().to_string(),
        false => String::new(),
    };
    let own = [
        ("Host", pass.host.as_str()),
        ("Connection", "close"),
        ("Content-Length", &length),
        ("Transfer-Encoding", ""),
        ("TE", ""),
        ("Keep-Alive", ""),
        ("Expect", ""),
        ("Upgrade", ""),
    ];
    const CONDITIONS: [&str; 7] = [
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-None-Match",
        "If-Match",
        "Range",
        "If-Range",
        "",
    ];
    let conditions = CONDITIONS.iter().filter(|_| exchange.cache_key.is_some());
    let own = own.into_iter().chain(conditions.map(|name| (*name, "")));
    for (name, value) in own {
        if !set
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            set.push((name.to_owned(), value.to_owned()));
        }
    }
    for (name, value) in set.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut message = text.into_bytes();
    for (name, value) in &head.headers {
        if set
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            continue;
        }
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(value);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(&exchange.body);
    message
}

/// The path that the server is asked for.
pub(super) fn target(known: &Known, pass: &Pass) -> String {
    let exchange = known.exchange;
    let way = &exchange.way;
    let whole = pass.whole.as_ref().map(|whole| whole.fill(known));
    if let Some(whole) = whole.filter(|whole| !whole.is_empty()) {
        return whole;
    }
    let (uri, path) = match (&pass.uri, known.location) {
        (Some(_), _) if way.is_settled => ("", exchange.path.as_str()),
        (Some(uri), Some(location)) => {
            let rest = exchange.path.strip_prefix(location.place.path());
            (uri.as_str(), rest.unwrap_or_default())
        }
        _ if way.is_changed => ("", exchange.path.as_str()),
        _ => return without_origin(&exchange.head.target).to_owned(),
    };
    let path = match way.is_quoted || way.is_changed {
        true => encode(path),
        false => path.to_owned(),
    };
    let args = exchange.args.as_ref().filter(|args| !args.is_empty());
    let args = args.map_or_else(String::new, |args| format!("?{args}"));
    format!("{uri}{path}{args}")
}

/// Of `http://api/notes` the path.
fn without_origin(target: &str) -> &str {
    match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    }
}
