//! Who asks by hand.
//!
//! ```toml
//! [[clients]]
//! name = "browser"                    # the page's own stand on the host `you`
//! from = "laptop"
//! timeout = "60 s"
//! traceparent = true                  # each request says to which trace it belongs, by W3C Trace Context
//!
//! [[clients.requests]]                # when the world is at rest, unless it says when
//! as = "browser"                      # or "curl" (with -L, --compressed behind it), "fetch"
//! url = "http://shop:3000/cart"
//!
//! [[clients.requests]]
//! as = "browser"
//! after = "2 s"                       # the one before is over; or `at` a time
//! page = "http://shop:3000/cart"      # a link or a form of that page leads there
//! method = "POST"
//! url = "http://shop:3000/orders"
//! headers = { content-type = "application/x-www-form-urlencoded" }
//! body = "id=1"
//!
//! [[clients.requests]]
//! as = "fetch"
//! page = "http://shop:3000/"
//! url = "http://api:3000/prices"
//! mode = "cors"                       # or "no-cors", "same-origin"
//! credentials = "include"             # or "same-origin", "omit"
//! ```
//!
//! A lesson's own `[[requests]]`, in `lesson.toml`, are offered in the page: a `name`, and `method`, `url`, `headers` and
//! `body` as here.

use protocol::{
    client::{Ask, ClientSpec, Credentials, Manner, Mode, When},
    lesson::{SavedRequest, WorldTemplate},
};

use crate::{
    machines::{Called, is_address, is_token, parse_url, read_headers},
    mistake::suggestion,
    quantity::{DAY_NS, DURATIONS, read_quantity},
    table::Table,
};

const TIMEOUT_NS: u64 = 60_000_000_000;

pub(crate) fn read(table: &mut Table, called: &mut Vec<Called>) -> Vec<ClientSpec> {
    let mut clients: Vec<ClientSpec> = Vec::new();
    for mut client in table.tables("clients") {
        let fallback = format!("client {}", clients.len() + 1);
        let name = client.text_or("name", &fallback);
        let from = client.text("from");
        let timeout_ns = read_quantity(&mut client, "timeout", DURATIONS, DAY_NS);
        let traces = client.flag_or("traceparent", false);
        let mut asks = Vec::new();
        for mut request in client.tables("requests") {
            asks.extend(read_ask(&mut request, called));
            request.finish(&[]);
        }
        if asks.is_empty() && !client.has("requests") {
            client.add(
                client.line(),
                format!("{name} asks for nothing: [[clients.requests]]."),
            );
        }
        if clients.iter().any(|other| other.name == name) {
            client.add(
                client.line(),
                format!("There is another client named {name}."),
            );
        }
        client.finish(&[]);
        if let Some(from) = from {
            clients.push(ClientSpec {
                name,
                from: from.value,
                timeout_ns: timeout_ns.unwrap_or(TIMEOUT_NS),
                traces,
                asks,
            });
        }
    }
    clients
}

fn read_ask(table: &mut Table, called: &mut Vec<Called>) -> Option<Ask> {
    let when = read_when(table);
    let manner = read_manner(table);
    let message = read_message(table, called);
    let (method, url, headers, body) = message?;
    Some(Ask {
        when,
        manner: manner?,
        method,
        url,
        headers,
        body: body.into_bytes(),
    })
}

fn read_when(table: &mut Table) -> When {
    if table.has("at") && table.has("after") {
        table.add(table.line(), "A request has either `at` or `after`.");
    }
    let at_ns = read_quantity(table, "at", DURATIONS, DAY_NS);
    let after_ns = read_quantity(table, "after", DURATIONS, DAY_NS);
    match (at_ns, after_ns) {
        (Some(ns), _) => When::At(ns),
        (None, Some(ns)) => When::After(ns),
        (None, None) => When::Rest,
    }
}

fn read_manner(table: &mut Table) -> Option<Manner> {
    let line = table.line();
    let kind = table.text_or("as", "curl");
    let page = table.text_or_none("page");
    let reload = table.flag_or("reload", false);
    let mode = read_word(
        table,
        "mode",
        [
            ("cors", Mode::Cors),
            ("no-cors", Mode::NoCors),
            ("same-origin", Mode::SameOrigin),
        ],
    );
    let credentials = read_word(
        table,
        "credentials",
        [
            ("same-origin", Credentials::SameOrigin),
            ("include", Credentials::Include),
            ("omit", Credentials::Omit),
        ],
    );
    if let Some(page) = &page
        && parse_url(&page.value).is_none()
    {
        let sentence = format!(
            "`page` is http://HOST:PORT/PATH, but is \u{201c}{}\u{201d}.",
            page.value
        );
        table.add(page.line, sentence);
    }
    if kind != "fetch" && (mode.is_some() || credentials.is_some()) {
        table.add(line, "`mode` and `credentials` are for \"fetch\".");
    }
    if kind != "browser" && reload {
        table.add(line, "`reload` is for a \"browser\".");
    }
    let page_text = page.map(|page| page.value);
    match kind.as_str() {
        "curl" | "curl -L" | "curl --compressed" | "curl -L --compressed" => {
            if page_text.is_some() {
                table.add(line, "`page` is for \"browser\" and \"fetch\".");
            }
            Some(Manner::Plain {
                follows: kind.contains("-L"),
                unpacks: kind.contains("--compressed"),
            })
        }
        "browser" => Some(Manner::Navigate {
            from: page_text.unwrap_or_default(),
            reload,
        }),
        "fetch" => {
            if page_text.is_none() {
                table.add(line, "A `fetch` needs the `page` whose script it is.");
            }
            Some(Manner::Fetch {
                page: page_text?,
                mode: mode.unwrap_or(Mode::Cors),
                credentials: credentials.unwrap_or(Credentials::SameOrigin),
            })
        }
        other => {
            table.add(
                line,
                format!(
                    "`as` is \"curl\", \"curl -L\", \"curl --compressed\", \"curl -L --compressed\", \"browser\" or \"fetch\", but is \"{other}\"."
                ),
            );
            None
        }
    }
}

fn read_word<T: Copy>(
    table: &mut Table,
    key: &'static str,
    words: [(&'static str, T); 3],
) -> Option<T> {
    let text = table.text_or_none(key)?;
    let found = words.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        let [one, two, three] = words.map(|(word, _)| word);
        let sentence = format!(
            "`{key}` is \"{one}\", \"{two}\" or \"{three}\", but is \"{}\".",
            text.value
        );
        table.add(text.line, sentence);
    }
    found.map(|(_, value)| *value)
}

type Message = (String, String, Vec<(String, String)>, String);

/// Method, address, headers and body.
fn read_message(table: &mut Table, called: &mut Vec<Called>) -> Option<Message> {
    let method = match table.text_or_none("method") {
        None => "GET".to_owned(),
        Some(text) => {
            if !text.value.bytes().all(is_token) {
                table.add(text.line, format!("`{}` is no method.", text.value));
            }
            text.value
        }
    };
    let headers = read_headers(table);
    let body = table.text_or("body", "");
    let url = table.text("url")?;
    let Some((host, ..)) = parse_url(&url.value) else {
        let sentence = format!(
            "`url` is http://HOST:PORT/PATH, but is \u{201c}{}\u{201d}.",
            url.value
        );
        table.add(url.line, sentence);
        return None;
    };
    if !is_address(&host) {
        called.push(Called {
            path: None,
            line: url.line,
            host,
        });
    }
    Some((method, url.value, headers, body))
}

/// `[[requests]]` of a lesson.
pub(crate) fn read_saved(table: &mut Table, world: Option<&WorldTemplate>) -> Vec<SavedRequest> {
    let mut saved: Vec<SavedRequest> = Vec::new();
    let known = world.map(hosts_of);
    for mut request in table.tables("requests") {
        let name = request.text("name");
        let mut called = Vec::new();
        let message = read_message(&mut request, &mut called);
        for Called { line, host, .. } in called {
            if let Some(known) = &known
                && !known.contains(&host)
            {
                let advice = suggestion(&host, known.iter().map(String::as_str));
                request.add(line, format!("There is no host {host}.{advice}"));
            }
        }
        if let Some(name) = &name
            && saved.iter().any(|other| other.name == name.value)
        {
            let sentence = format!("There is another request named {}.", name.value);
            request.add(name.line, sentence);
        }
        request.finish(&[]);
        if let (Some(name), Some((method, url, headers, body))) = (name, message) {
            saved.push(SavedRequest {
                name: name.value,
                method,
                url,
                headers,
                body,
            });
        }
    }
    saved
}

/// Every name by which somebody can be called.
fn hosts_of(world: &WorldTemplate) -> Vec<String> {
    let network = &world.network;
    let machines = network.machines.open().unwrap_or_default();
    let processes = world.processes.iter().map(|process| process.host.clone());
    let hosts = network.hosts.iter().map(|host| host.name.clone());
    let names = network.names.iter().map(|name| name.name.clone());
    let services = machines.services.iter().map(|service| service.host.clone());
    let balancers = machines
        .balancers
        .iter()
        .map(|balancer| balancer.host.clone());
    let nginx = machines.nginx.iter().map(|nginx| nginx.host.clone());
    processes
        .chain(hosts)
        .chain(names)
        .chain(services)
        .chain(balancers)
        .chain(nginx)
        .collect()
}
