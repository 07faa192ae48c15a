//! Those of a world who are no programs: who calls, and who answers.
//!
//! ```toml
//! [[load]]
//! from = "phone"
//! url = "http://api:3000/recipes"
//! rate = "50/s"                       # open: due whether or not those before are answered
//! arrivals = "poisson"                # or "constant"
//! duration = "10 min"
//! thresholds = ["p(95) < 200 ms", "failed < 1 %"]
//! traceparent = true                  # each request says of which trace it is the root, by W3C Trace Context
//!
//! [[load]]
//! name = "shoppers"
//! from = "phone"
//! users = 10                          # closed: each waits for an answer, thinks, and asks again
//! think = { exponential = "2 s" }
//! stages = [{ duration = "30 s", users = 50 }, { duration = "1 min", users = 50 }]
//! timeout = "5 s"
//! connections = 20
//!
//! [[load.requests]]
//! weight = 3
//! url = "http://api:3000/"
//!
//! [[load.requests]]
//! method = "POST"
//! url = "http://api:3000/orders"
//! headers = { content-type = "application/json" }
//! body = '{"id":1}'
//!
//! [[services]]
//! host = "payments"
//! port = 80
//! servers = 2                         # so many requests at a time; the others queue
//! service_time = { lognormal = "20 ms", p99 = "200 ms" }
//! queue = 100
//! errors = "0.5 %"
//!
//! [[balancers]]
//! host = "edge"
//! to = ["api-1:3000", "api-2:3000"]
//! method = "least-connections"        # or "round-robin", "ip-hash", "consistent-hash" with `key`
//! weights = [3, 1]
//! fails = 3                           # then a server is left alone for fail_timeout
//! fail_timeout = "10 s"
//! health = { every = "1 s", path = "/health", timeout = "500 ms", fails = 2, passes = 2 }
//!
//! [[nginx]]
//! host = "edge"
//! config = "nginx.conf"               # beside this file, or in start/
//! ```

use std::path::{Path, PathBuf};

use protocol::{
    load::{
        Arrivals, Comparison, Course, Distribution, LoadSpec, Metric, Model, RATE_PER_SECOND,
        RequestSpec, Stage, Threshold,
    },
    scenario::Machines,
    service::{BalancerSpec, HealthSpec, Method, NginxSpec, ServiceSpec, TargetSpec},
};

use crate::{
    folder::TreeFile,
    mistake::Mistakes,
    quantity::{DAY_NS, DURATIONS, RATES, SHARES, quantity, read_quantity, read_times},
    source::Source,
    table::{Located, Table},
};

/// As k6 has it.
const TIMEOUT_NS: u64 = 60_000_000_000;
const GRACE_NS: u64 = 30_000_000_000;
const RATE_MAX: u64 = 1_000_000 * RATE_PER_SECOND;
const USERS_MAX: u64 = 100_000;
const CONNECTIONS_MAX: u64 = 60_000;

/// What a world's file may name.
pub(crate) struct Files<'a> {
    pub folder: &'a Path,
    pub start: &'a [TreeFile],
    pub mistakes: &'a Mistakes,
}

/// Who hands requests on, and to whom: `host:port`.
pub(crate) struct Proxied {
    line: u32,
    from: String,
    to: String,
}

/// A host that is to be there.
pub(crate) struct Called {
    /// Another file than the world's.
    pub path: Option<PathBuf>,
    pub line: u32,
    pub host: String,
}

pub(crate) fn read(
    table: &mut Table,
    files: &Files,
    called: &mut Vec<Called>,
) -> (Machines, Vec<Proxied>) {
    let mut loads: Vec<LoadSpec> = Vec::new();
    for mut load in table.tables("load") {
        let line = load.line();
        let fallback = format!("load {}", loads.len() + 1);
        if let Some(read) = read_load(&mut load, fallback, called) {
            if loads.iter().any(|other| other.name == read.name) {
                let sentence = format!("There is another load named {}.", read.name);
                load.add(line, sentence);
            }
            loads.push(read);
        }
        load.finish(&[]);
    }
    let mut services: Vec<ServiceSpec> = Vec::new();
    for mut service in table.tables("services") {
        let line = service.line();
        if let Some(read) = read_service(&mut service) {
            let clashes = |other: &ServiceSpec| other.host == read.host && other.port == read.port;
            if services.iter().any(clashes) {
                let sentence = format!(
                    "Another service answers on port {} of {} already.",
                    read.port, read.host
                );
                service.add(line, sentence);
            } else if services.iter().any(|other| other.name == read.name) {
                let sentence = format!("There is another service named {}.", read.name);
                service.add(line, sentence);
            }
            services.push(read);
        }
        service.finish(&[]);
    }
    let mut proxied = Vec::new();
    let mut balancers = Vec::new();
    for mut balancer in table.tables("balancers") {
        balancers.extend(read_balancer(&mut balancer, called, &mut proxied));
        balancer.finish(&[]);
    }
    let mut nginx = Vec::new();
    for mut one in table.tables("nginx") {
        nginx.extend(read_nginx(&mut one, files, called, &mut proxied));
        one.finish(&[]);
    }
    let machines = Machines {
        loads,
        services,
        balancers,
        nginx,
        ..Machines::default()
    };
    (machines, proxied)
}

// ---- load ----

fn read_load(table: &mut Table, fallback: String, called: &mut Vec<Called>) -> Option<LoadSpec> {
    let name = table.text_or("name", &fallback);
    let from = table.text("from");
    let mut requests = Vec::new();
    let several = table.tables("requests");
    if several.is_empty() || table.has("url") {
        requests.extend(read_request(table, called));
    }
    for mut request in several {
        requests.extend(read_request(&mut request, called));
        request.finish(&[]);
    }
    if requests.len() > 1 && requests.iter().all(|request| request.weight == 0) {
        table.add(table.line(), "One of the requests needs a `weight`.");
    }
    let begins_ns = read_quantity(table, "begins", DURATIONS, DAY_NS).unwrap_or(0);
    let grace_ns = read_quantity(table, "grace", DURATIONS, DAY_NS).unwrap_or(GRACE_NS);
    let timeout_ns = read_quantity(table, "timeout", DURATIONS, DAY_NS).unwrap_or(TIMEOUT_NS);
    let connections_max = table.number_or("connections", 1..=CONNECTIONS_MAX, 0) as u32;
    let keeps_alive = table.flag_or("keep_alive", true);
    let traces = table.flag_or("traceparent", false);
    let thresholds = table.texts_or_none("thresholds");
    let thresholds = thresholds
        .iter()
        .filter_map(|text| read_threshold(table, text))
        .collect();
    let model = read_model(table);
    Some(LoadSpec {
        name,
        from: from?.value,
        requests,
        model: model?,
        begins_ns,
        grace_ns,
        timeout_ns,
        connections_max,
        keeps_alive,
        traces,
        thresholds,
    })
}

fn read_model(table: &mut Table) -> Option<Model> {
    let line = table.line();
    let (is_open, is_closed) = (table.has("rate"), table.has("users"));
    let rate = read_quantity(table, "rate", RATES, RATE_MAX);
    let users = table.number_or("users", 0..=USERS_MAX, 0);
    if is_open == is_closed {
        table.add(
            line,
            "A load has either a `rate`, \"50/s\", or `users`, 10.",
        );
    }
    let (key, begin) = match is_open {
        true => ("rate", rate),
        false => ("users", Some(users)),
    };
    let mut stages = Vec::new();
    if let Some(lasts_ns) = read_quantity(table, "duration", DURATIONS, DAY_NS) {
        if table.has("stages") {
            table.add(line, "A load has either a `duration` or `stages`.");
        }
        stages.push(Stage {
            lasts_ns,
            to: begin.unwrap_or(0),
        });
    }
    let mut before = begin.unwrap_or(0);
    for mut stage in table.tables("stages") {
        let lasts_ns = read_quantity(&mut stage, "duration", DURATIONS, DAY_NS);
        if lasts_ns.is_none() {
            stage.add(stage.line(), "A stage needs a `duration`.");
        }
        let to = if is_open {
            read_quantity(&mut stage, "rate", RATES, RATE_MAX)
        } else {
            let stays = before;
            Some(stage.number_or("users", 0..=USERS_MAX, stays))
        };
        before = to.unwrap_or(before);
        stages.push(Stage {
            lasts_ns: lasts_ns.unwrap_or(0),
            to: before,
        });
        stage.finish(&[key]);
    }
    if stages.is_empty() {
        table.add(line, "A load needs a `duration` or `stages`.");
    }
    let course = Course {
        from: begin?,
        stages,
    };
    if !is_open {
        let think = read_times(table, "think");
        return Some(Model::Closed {
            users: course,
            think: think.unwrap_or(Distribution::Constant { ns: 0 }),
        });
    }
    let arrivals = match table.text_or_none("arrivals") {
        None => Arrivals::Constant,
        Some(text) => match text.value.as_str() {
            "constant" => Arrivals::Constant,
            "poisson" => Arrivals::Poisson,
            other => {
                let sentence =
                    format!("`arrivals` is \"constant\" or \"poisson\", but is \"{other}\".");
                table.add(text.line, sentence);
                Arrivals::Constant
            }
        },
    };
    Some(Model::Open { arrivals, course })
}

fn read_request(table: &mut Table, called: &mut Vec<Called>) -> Option<RequestSpec> {
    let weight = table.number_or("weight", 0..=1_000_000, 1) as u32;
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
    let body = table.text_or("body", "").into_bytes();
    let url = table.text("url")?;
    let Some((host, port, target)) = parse_url(&url.value) else {
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
            host: host.clone(),
        });
    }
    Some(RequestSpec {
        weight,
        method,
        host,
        port,
        target,
        headers,
        body,
    })
}

pub(crate) fn read_headers(table: &mut Table) -> Vec<(String, String)> {
    let Some(headers) = table.table("headers") else {
        return Vec::new();
    };
    let line = headers.line();
    let headers = headers.all_texts();
    for (name, value) in &headers {
        if !name.bytes().all(is_token) || value.bytes().any(|byte| byte < b' ') {
            table.add(line, format!("`{name}` is no header."));
        }
    }
    headers
}

pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(crate) fn is_address(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok()
}

/// `http://api:3000/path`: host, port and what is asked for.
pub(crate) fn parse_url(url: &str) -> Option<(String, u16, String)> {
    let rest = url.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    let is_plain = |byte: u8| byte > b' ' && byte < 0x7f;
    if host.is_empty() || host.contains('@') || !url.bytes().all(is_plain) || url.contains('#') {
        return None;
    }
    let target = match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("/{target}"),
    };
    Some((host.to_owned(), port, target))
}

/// `p(95) < 200 ms`.
fn read_threshold(table: &Table, text: &Located<String>) -> Option<Threshold> {
    let threshold = parse_threshold(&text.value);
    if threshold.is_none() {
        let sentence = format!(
            "A threshold is like \"p(95) < 200 ms\", \"mean < 50 ms\", \"max < 1 s\", \"failed < 1 %\" or \
             \"rate > 40/s\", but this is \u{201c}{}\u{201d}.",
            text.value
        );
        table.add(text.line, sentence);
    }
    threshold
}

fn parse_threshold(text: &str) -> Option<Threshold> {
    const COMPARISONS: [(&str, Comparison); 4] = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Below),
        (">", Comparison::Above),
    ];
    let (sign, comparison) = COMPARISONS.iter().find(|(sign, _)| text.contains(sign))?;
    let (metric, limit) = text.split_once(sign)?;
    let (metric, units) = match metric.trim() {
        "mean" | "avg" => (Metric::Mean, DURATIONS),
        "median" | "med" => (Metric::Percentile(500_000), DURATIONS),
        "min" => (Metric::Percentile(0), DURATIONS),
        "max" => (Metric::Percentile(1_000_000), DURATIONS),
        "failed" => (Metric::Failed, SHARES),
        "rate" => (Metric::Throughput, RATES),
        percentile => {
            let share = percentile.strip_prefix("p(")?.strip_suffix(')')?;
            let share = quantity(&format!("{share} %"), SHARES)?;
            let share = u32::try_from(share)
                .ok()
                .filter(|share| *share <= 1_000_000)?;
            (Metric::Percentile(share), DURATIONS)
        }
    };
    Some(Threshold {
        text: text.trim().to_owned(),
        metric,
        comparison: *comparison,
        limit: quantity(limit, units)?,
    })
}

// ---- services ----

fn read_service(table: &mut Table) -> Option<ServiceSpec> {
    let host = table.text("host").map(|host| host.value);
    let name = table.text_or("name", host.as_deref().unwrap_or("service"));
    let port = table.number_or("port", 1..=65_535, 80) as u16;
    let servers = table.number_or("servers", 1..=1_000_000, 1) as u32;
    if !table.has("service_time") {
        table.add(
            table.line(),
            "The key `service_time` is missing in [services].",
        );
    }
    let service_time = read_times(table, "service_time");
    let queue_max = table.number_or("queue", 1..=10_000_000, 0) as u32;
    let errors = read_quantity(table, "errors", SHARES, 1_000_000).unwrap_or(0) as u32;
    let error_status = table.number_or("error_status", 400..=599, 500) as u16;
    let status = table.number_or("status", 200..=599, 200) as u16;
    let headers = read_headers(table);
    let body = table.text_or("body", "").into_bytes();
    Some(ServiceSpec {
        name,
        host: host?,
        port,
        servers,
        service_time: service_time?,
        queue_max,
        status,
        headers,
        body,
        errors,
        error_status,
    })
}

// ---- those that stand before others ----

fn read_balancer(
    table: &mut Table,
    called: &mut Vec<Called>,
    proxied: &mut Vec<Proxied>,
) -> Option<BalancerSpec> {
    let line = table.line();
    let host = table.text("host").map(|host| host.value);
    let port = table.number_or("port", 1..=65_535, 80) as u16;
    let targets = table.texts("to").unwrap_or_default();
    let weights = table.numbers_or_none("weights", 1..=1_000);
    if !weights.is_empty() && weights.len() != targets.len() {
        table.add(line, "`weights` are as many as the servers of `to`.");
    }
    let mut to = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        let at = target.value.rsplit_once(':');
        let at = at.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let Some((host, port)) = at.filter(|(host, port)| !host.is_empty() && *port > 0) else {
            let sentence = format!("`to` has HOST:PORT, but \u{201c}{}\u{201d}.", target.value);
            table.add(target.line, sentence);
            continue;
        };
        if !is_address(host) {
            called.push(Called {
                path: None,
                line: target.line,
                host: host.to_owned(),
            });
        }
        to.push(TargetSpec {
            host: host.to_owned(),
            port,
            weight: weights.get(number).map_or(1, |weight| *weight as u32),
        });
    }
    if targets.is_empty() && table.has("to") {
        table.add(line, "`to` names no server.");
    }
    let key = table.text_or("key", "$request_uri");
    let method = match table.text_or_none("method") {
        None => Method::RoundRobin,
        Some(text) => match text.value.as_str() {
            "round-robin" => Method::RoundRobin,
            "least-connections" => Method::LeastConnections,
            "ip-hash" => Method::IpHash,
            "consistent-hash" => Method::ConsistentHash { key: key.clone() },
            other => {
                let sentence = format!(
                    "`method` is \"round-robin\", \"least-connections\", \"ip-hash\" or \"consistent-hash\", \
                     but is \"{other}\"."
                );
                table.add(text.line, sentence);
                Method::RoundRobin
            }
        },
    };
    if let Err(name) = nginx::Text::read(&key) {
        table.add(
            line,
            format!("`key` has the variable ${name}, which is not known."),
        );
    }
    let fails_max = table.number_or("fails", 0..=1_000_000, 1) as u32;
    let fail_timeout_ns =
        read_quantity(table, "fail_timeout", DURATIONS, DAY_NS).unwrap_or(10_000_000_000);
    let health = table.table("health").map(|mut health| {
        let every_ns = read_quantity(&mut health, "every", DURATIONS, DAY_NS);
        let timeout_ns = read_quantity(&mut health, "timeout", DURATIONS, DAY_NS);
        let spec = HealthSpec {
            every_ns: every_ns.unwrap_or(5_000_000_000).max(1_000_000),
            timeout_ns: timeout_ns.unwrap_or(1_000_000_000),
            target: health.text_or("path", "/"),
            fails: health.number_or("fails", 1..=1_000, 1) as u32,
            passes: health.number_or("passes", 1..=1_000, 1) as u32,
        };
        health.finish(&[]);
        spec
    });
    let host = host?;
    proxied.extend(to.iter().map(|target| Proxied {
        line,
        from: format!("{host}:{port}"),
        to: format!("{}:{}", target.host, target.port),
    }));
    Some(BalancerSpec {
        host,
        port,
        to,
        method,
        fails_max,
        fail_timeout_ns,
        health,
    })
}

fn read_nginx(
    table: &mut Table,
    files: &Files,
    called: &mut Vec<Called>,
    proxied: &mut Vec<Proxied>,
) -> Option<NginxSpec> {
    let line = table.line();
    let host = table.text("host").map(|host| host.value);
    let file = table.text("config")?;
    let started = files.start.iter().find(|other| other.path == file.value);
    let is_lessons = started.is_some();
    let source = match started {
        Some(started) => started.source(),
        None => {
            let path = files.folder.join(&file.value);
            if !path.is_file() {
                let sentence = format!("`config` names no file: {}.", file.value);
                table.add(file.line, sentence);
                return None;
            }
            Source::read(&path, "nginx's configuration", files.mistakes)?
        }
    };
    let host = host?;
    match nginx::read(&source.text) {
        Ok(config) => {
            for peer in config.upstreams.iter().flat_map(|upstream| &upstream.peers) {
                if !is_address(&peer.host) {
                    called.push(Called {
                        path: Some(source.path.clone()),
                        line: peer.line,
                        host: peer.host.clone(),
                    });
                }
                let ports = config.servers.iter().flat_map(|server| &server.ports);
                proxied.extend(ports.map(|(port, _)| Proxied {
                    line,
                    from: format!("{host}:{port}"),
                    to: format!("{}:{}", peer.host, peer.port),
                }));
            }
        }
        Err(mistakes) => {
            for mistake in mistakes {
                files
                    .mistakes
                    .add(&source.path, mistake.line, format!("{}.", mistake.sentence));
            }
        }
    }
    Some(NginxSpec {
        host,
        file: file.value,
        config: (!is_lessons).then_some(source.text),
    })
}

/// Requests that would go round for ever.
pub(crate) fn find_cycle(table: &Table, proxied: &[Proxied]) {
    let mut told: Vec<u32> = Vec::new();
    for start in proxied {
        let mut reached = vec![start.to.as_str()];
        let mut next = 0;
        while let Some(place) = reached.get(next).copied() {
            next += 1;
            for hop in proxied.iter().filter(|hop| hop.from == place) {
                if !reached.contains(&hop.to.as_str()) {
                    reached.push(&hop.to);
                }
            }
        }
        if reached.contains(&start.from.as_str()) && !told.contains(&start.line) {
            told.push(start.line);
            let sentence = format!("What {} hands on comes back to it.", start.from);
            table.add(start.line, sentence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_a_port() {
        let url =
            |text| parse_url(text).map(|(host, port, target)| format!("{host} {port} {target}"));
        assert_eq!(url("http://api"), Some("api 80 /".into()));
        assert_eq!(url("http://api:3000?a=1"), Some("api 3000 /?a=1".into()));
        assert_eq!(url("http://[::1]:8/a/b"), Some("[::1] 8 /a/b".into()));
        for wrong in [
            "api",
            "https://api",
            "http://",
            "http://a:b/",
            "http://a/b c",
            "http://u@a/",
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn thresholds_compare_a_metric_with_a_quantity() {
        let limit = |text| parse_threshold(text).map(|threshold| threshold.limit);
        assert_eq!(limit("p(95)<200ms"), Some(200_000_000));
        assert_eq!(limit("failed <= 1.5 %"), Some(15_000));
        assert_eq!(limit("rate > 40/s"), Some(40 * RATE_PER_SECOND));
        assert_eq!(
            parse_threshold("p(99.9) < 1 s").map(|threshold| threshold.metric),
            Some(Metric::Percentile(999_000))
        );
        for wrong in [
            "p95 < 1 s",
            "p(101) < 1 s",
            "failed < 1",
            "mean = 1 s",
            "mean < 1 %",
        ] {
            assert_eq!(limit(wrong), None, "{wrong}");
        }
    }
}
