//! `world.toml`: the hosts, what runs on them, what lies between them, and what happens to it.
//!
//! ```toml
//! seed = 5
//!
//! [hosts.api]
//! cores = 1
//!
//! [[processes]]
//! host = "api"
//! entry = "server.js"
//!
//! [[processes]]
//! host = "phone"
//! entry = "client.js"
//! args = ["--retries", "3"]
//!
//! [[links]]
//! between = ["phone", "api"]
//! latency = { p0 = "20 ms", p50 = "35 ms", p99 = "400 ms" }
//! bandwidth = "5 Mbit/s"
//! loss = "0.5 %"
//!
//! [[faults]]
//! at = "2 s"
//! until = "3.5 s"
//! cut = ["phone", "api"]
//!
//! [[faults]]
//! on = { request = 10, packet = 3 }   # when that packet of the tenth request of all loads leaves
//! lasts = "1 s"
//! crash = "api"                       # without power; `kill` ends its processes, `slow` with `speed` slows its cores,
//!                                     # `fill` leaves no room on its disk
//!
//! [[faults]]
//! chance = "5 %"
//! every = "10 s"
//! lasts = "2 s"
//! slow = "api"
//! speed = "25 %"
//!
//! [names]
//! "api.example.com" = "api"
//! ```
//!
//! Who calls and who answers without being a program is in [`crate::machines`], and who asks by hand in
//! [`crate::clients`].
//!
//! A world of one process needs none of that: `entry`, `args` and `[env]` may stand at the top. Quantities have their
//! units with them.

use std::path::Path;

use protocol::{
    Limits,
    codec::Packed,
    lesson::{ProcessTemplate, WorldTemplate},
    scenario::{
        Change, ChangeSpec, EPOCH_MS, FaultSpec, HostSpec, LinkSpec, Machines, NameSpec,
        NetworkSpec, TICK_NS, Trigger,
    },
};

use crate::{
    clients,
    folder::TreeFile,
    machines::{self, Called, Files},
    mistake::{Mistakes, suggestion},
    quantity::{BANDWIDTHS, DAY_NS, DURATIONS, SHARES, read_curve, read_quantity},
    source::Source,
    table::{Located, Table},
};

pub(crate) const KEYS: [&str; 18] = [
    "seed",
    "host",
    "entry",
    "args",
    "env",
    "tick_ns",
    "epoch_ms",
    "limits",
    "hosts",
    "processes",
    "links",
    "faults",
    "names",
    "load",
    "services",
    "balancers",
    "nginx",
    "clients",
];
const HOST: &str = "jar";
const CORES_MAX: u64 = 1024;
const TICK_NS_MAX: u64 = 1_000_000;

pub(crate) fn read(
    source: &Source,
    start: &[TreeFile],
    mistakes: &Mistakes,
) -> Option<WorldTemplate> {
    let mut table = Table::of_file(source, mistakes);
    let seed = table.number("seed", 0..=u64::MAX);
    let epoch_ms = table.number_or("epoch_ms", 0..=8_640_000_000_000_000, EPOCH_MS);
    let limits = match table.table("limits") {
        Some(limits) => read_limits(limits),
        None => Limits::PAGE,
    };
    let mut processes = Vec::new();
    let several = table.tables("processes");
    let needs_process = !start.is_empty()
        || !["load", "services", "balancers", "nginx", "clients"]
            .iter()
            .any(|key| table.has(key));
    if several.is_empty() && needs_process || table.has("entry") {
        processes.extend(read_process(&mut table, start));
    }
    for mut process in several {
        processes.extend(read_process(&mut process, start));
        process.finish(&[]);
    }
    let files = Files {
        folder: source.path.parent().unwrap_or(Path::new("")),
        start,
        mistakes,
    };
    let network = read_network(&mut table, &processes, &files);
    table.finish(&[]);
    Some(WorldTemplate {
        seed: seed?,
        epoch_ms,
        limits,
        network,
        processes: Some(processes).filter(|all| !all.is_empty() || !needs_process)?,
    })
}

fn read_process(table: &mut Table, start: &[TreeFile]) -> Option<ProcessTemplate> {
    let host = table.text_or("host", HOST);
    let entry = table.text("entry");
    let args = table.texts_or_none("args");
    let tick_ns = table.number_or("tick_ns", 1..=TICK_NS_MAX, TICK_NS);
    let env = table.table("env").map(Table::all_texts).unwrap_or_default();
    let entry = entry?;
    if !start.is_empty() && !start.iter().any(|file| file.path == entry.value) {
        let names = start.iter().map(|file| file.path.as_str());
        table.add(
            entry.line,
            format!(
                "`entry` names no file of start/: {}.{}",
                entry.value,
                suggestion(&entry.value, names)
            ),
        );
    }
    Some(ProcessTemplate {
        host,
        entry: entry.value,
        args: args.into_iter().map(|arg| arg.value).collect(),
        env,
        tick_ns,
    })
}

fn read_limits(mut table: Table) -> Limits {
    let page = Limits::PAGE;
    let mut number = |key, default| table.number_or(key, 0..=u64::MAX, default);
    let limits = Limits {
        callback_ticks_max: number("callback_ticks_max", page.callback_ticks_max),
        ticks_max: number("ticks_max", page.ticks_max),
        events_max: number("events_max", page.events_max),
        virtual_ns_max: number("virtual_ns_max", page.virtual_ns_max),
        output_bytes_max: number("output_bytes_max", page.output_bytes_max),
        output_lines_max: number("output_lines_max", page.output_lines_max),
        heap_bytes_max: number("heap_bytes_max", page.heap_bytes_max),
        call_depth_max: table.number_or("call_depth_max", 1..=100_000, page.call_depth_max.into())
            as u32,
    };
    table.finish(&KEYS);
    limits
}

// ---- the network ----

fn read_network(table: &mut Table, processes: &[ProcessTemplate], files: &Files) -> NetworkSpec {
    let mut hosts = Vec::new();
    for (name, mut host) in table.named_tables("hosts") {
        let cores = host.number_or("cores", 1..=CORES_MAX, 0) as u32;
        host.finish(&KEYS);
        hosts.push(HostSpec { name, cores });
    }
    let mut called = Vec::new();
    let (machines, proxied) = machines::read(table, files, &mut called);
    let clients = clients::read(table, &mut called);
    let mut known: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    known.extend(processes.iter().map(|process| process.host.as_str()));
    known.extend(clients.iter().map(|client| client.from.as_str()));
    known.extend(machines.loads.iter().map(|load| load.from.as_str()));
    known.extend(
        machines
            .services
            .iter()
            .map(|service| service.host.as_str()),
    );
    known.extend(
        machines
            .balancers
            .iter()
            .map(|balancer| balancer.host.as_str()),
    );
    known.extend(machines.nginx.iter().map(|nginx| nginx.host.as_str()));
    let mut links = Vec::new();
    for mut link in table.tables("links") {
        links.extend(
            read_link(&mut link, "between", &known)
                .into_iter()
                .flatten(),
        );
        link.finish(&KEYS);
    }
    let (mut changes, mut faults) = (Vec::new(), Vec::new());
    for mut fault in table.tables("faults") {
        read_fault(&mut fault, &known, &mut changes, &mut faults);
        fault.finish(&KEYS);
    }
    changes.sort_by_key(|change: &ChangeSpec| change.at_ns);
    let names = table.table("names").map(|names| {
        let line = names.line();
        let mut read = Vec::new();
        for (name, host) in names.all_texts() {
            if !known.contains(&host.as_str()) {
                unknown(table, line, &host, &known);
            }
            let hosts = vec![host];
            read.push(NameSpec { name, hosts });
        }
        read
    });
    let names: Vec<NameSpec> = names.unwrap_or_default();
    for Called { path, line, host } in called {
        let is_name = names.iter().any(|name| name.name == host);
        if !is_name && !known.contains(&host.as_str()) {
            let advice = suggestion(&host, known.iter().copied());
            let sentence = format!("There is no host {host}.{advice}");
            files
                .mistakes
                .add(path.as_deref().unwrap_or(table.path()), line, sentence);
        }
    }
    machines::find_cycle(table, &proxied);
    let machines = Machines { faults, ..machines };
    let traced =
        machines.loads.iter().any(|load| load.traces) || clients.iter().any(|client| client.traces);
    NetworkSpec {
        traced,
        machines: match machines == Machines::default() {
            true => Packed::default(),
            false => Packed::new(&machines),
        },
        clients: match clients.is_empty() {
            true => Packed::default(),
            false => Packed::new(&clients),
        },
        hosts,
        links,
        names,
        changes,
    }
}

fn unknown(table: &Table, line: u32, host: &str, known: &[&str]) {
    let advice = suggestion(host, known.iter().copied());
    table.add(line, format!("There is no host {host}.{advice}"));
}

/// Two hosts by their names.
fn read_pair(table: &mut Table, key: &'static str, known: &[&str]) -> Option<(String, String)> {
    let line = table.line();
    let names = table.texts(key)?;
    for Located { value, line, .. } in &names {
        if !known.contains(&value.as_str()) {
            unknown(table, *line, value, known);
        }
    }
    let line = names.first().map_or(line, |name| name.line);
    let mut names = names.into_iter().map(|name| name.value);
    match (names.next(), names.next(), names.next()) {
        (Some(one), Some(other), None) if one != other => Some((one, other)),
        _ => {
            table.add(
                line,
                format!("`{key}` names two hosts: [\"one\", \"other\"]."),
            );
            None
        }
    }
}

/// Both directions.
fn read_link(table: &mut Table, key: &'static str, known: &[&str]) -> Option<[LinkSpec; 2]> {
    let pair = read_pair(table, key, known);
    let latency = read_latency(table);
    let bits_per_second = read_quantity(table, "bandwidth", BANDWIDTHS, 1_000_000_000_000_000);
    let lost = read_quantity(table, "loss", SHARES, 1_000_000);
    let (one, other) = pair?;
    let link = |from: &str, to: &str| LinkSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        latency: latency.clone(),
        bits_per_second: bits_per_second.unwrap_or(0),
        lost: lost.unwrap_or(0) as u32,
    };
    Some([link(&one, &other), link(&other, &one)])
}

/// One duration, or some at percentiles. Nothing said: the world's own.
fn read_latency(table: &mut Table) -> Vec<(u32, u64)> {
    if !table.is_table("latency") {
        let constant = read_quantity(table, "latency", DURATIONS, DAY_NS);
        return constant.map(|ns| (0, ns)).into_iter().collect();
    }
    let Some(mut curve) = table.table("latency") else {
        return Vec::new();
    };
    let points = read_curve(&mut curve, "latency");
    curve.finish(&KEYS);
    points.unwrap_or_default()
}

/// By time, by chance, or for a cause; and what then happens.
fn read_fault(
    table: &mut Table,
    known: &[&str],
    changes: &mut Vec<ChangeSpec>,
    faults: &mut Vec<FaultSpec>,
) {
    let line = table.line();
    let at_ns = read_quantity(table, "at", DURATIONS, DAY_NS);
    let until_ns = read_quantity(table, "until", DURATIONS, DAY_NS);
    let lasts_ns = read_quantity(table, "lasts", DURATIONS, DAY_NS);
    let says_on = table.has("on");
    let chance = read_quantity(table, "chance", SHARES, 1_000_000);
    let trigger = match (at_ns.is_some(), says_on, chance) {
        (true, false, None) => None,
        (false, true, None) => read_cause(table, known),
        (false, false, Some(of_million)) => {
            let every_ns = read_quantity(table, "every", DURATIONS, DAY_NS);
            if every_ns.is_none_or(|every_ns| every_ns == 0) {
                table.add(
                    line,
                    "A `chance` is taken `every` so often, such as \"1 s\".",
                );
            }
            Some(Trigger::Chance {
                every_ns: every_ns.unwrap_or(1),
                of_million: of_million as u32,
            })
        }
        _ => {
            table.add(
                line,
                "A fault has either `at`, `on` or `chance`: a time, a cause or a share.",
            );
            None
        }
    };
    if until_ns.is_some_and(|until_ns| at_ns.is_some_and(|at_ns| until_ns <= at_ns)) {
        table.add(line, "`until` must be later than `at`.");
    }
    if until_ns.is_some() && trigger.is_some() {
        table.add(
            line,
            "`until` belongs to `at`: say how long the fault `lasts`.",
        );
    }
    if until_ns.is_some() && lasts_ns.is_some() {
        table.add(line, "A fault has either `until` or `lasts`.");
    }
    let Some((sets_in, undo)) = read_changes(table, known) else {
        return;
    };
    if undo.is_empty() && (until_ns.is_some() || lasts_ns.is_some()) {
        table.add(
            line,
            "A `link` stays as it becomes: write a second fault instead of an end.",
        );
    }
    if let Some(trigger) = trigger {
        faults.push(FaultSpec {
            trigger,
            changes: sets_in,
            lasts_ns: lasts_ns.unwrap_or(0),
            undo,
        });
        return;
    }
    let at_ns = at_ns.unwrap_or(0);
    let ends_ns = until_ns.or(lasts_ns.map(|lasts_ns| at_ns + lasts_ns));
    changes.extend(sets_in.into_iter().map(|what| ChangeSpec { at_ns, what }));
    if let Some(at_ns) = ends_ns {
        changes.extend(undo.into_iter().map(|what| ChangeSpec { at_ns, what }));
    }
}

/// `on = { packet = 3, from = "phone", to = "api" }` or `on = { request = 10, packet = 3 }`.
fn read_cause(table: &mut Table, known: &[&str]) -> Option<Trigger> {
    let mut cause = table.table("on")?;
    let trigger = if cause.has("request") {
        let request = cause.number("request", 1..=u64::MAX);
        let packet = cause.number_or("packet", 1..=u64::MAX, 0);
        request.map(|request| Trigger::Request { request, packet })
    } else {
        let nth = cause.number("packet", 1..=u64::MAX);
        let mut host = |key| {
            let host = cause.text(key)?;
            if !known.contains(&host.value.as_str()) {
                unknown(&cause, host.line, &host.value, known);
            }
            Some(host.value)
        };
        let (from, to) = (host("from"), host("to"));
        match (nth, from, to) {
            (Some(nth), Some(from), Some(to)) => Some(Trigger::Packet { from, to, nth }),
            _ => None,
        }
    };
    cause.finish(&[]);
    trigger
}

/// What a fault does, and what undoes it.
fn read_changes(table: &mut Table, known: &[&str]) -> Option<(Vec<Change>, Vec<Change>)> {
    const KINDS: [&str; 6] = ["cut", "link", "crash", "kill", "slow", "fill"];
    let line = table.line();
    let said: Vec<&'static str> = KINDS.into_iter().filter(|key| table.has(key)).collect();
    let &[kind] = said.as_slice() else {
        let sentence = format!(
            "A fault is one of {}.",
            KINDS.map(|kind| format!("`{kind}`")).join(", ")
        );
        table.add(line, sentence);
        return None;
    };
    match kind {
        "cut" => {
            let (one, other) = read_pair(table, "cut", known)?;
            let cut = |is_cut| {
                let pairs = [(&one, &other), (&other, &one)];
                let cuts = pairs.map(|(from, to)| Change::Cut {
                    from: from.clone(),
                    to: to.clone(),
                    is_cut,
                });
                cuts.to_vec()
            };
            Some((cut(true), cut(false)))
        }
        "link" => {
            let links = read_link(table, "link", known)?;
            Some((links.map(Change::Link).to_vec(), Vec::new()))
        }
        _ => {
            let host = table.text(kind)?;
            if !known.contains(&host.value.as_str()) {
                unknown(table, host.line, &host.value, known);
            }
            let host = host.value;
            let [sets_in, undo] = match kind {
                "crash" => [false, true].map(|is_up| Change::Power {
                    host: host.clone(),
                    is_up,
                }),
                "kill" => [false, true].map(|runs| Change::Run {
                    host: host.clone(),
                    runs,
                }),
                "fill" => [true, false].map(|is_full| Change::Disk {
                    host: host.clone(),
                    is_full,
                }),
                _ => {
                    let speed = read_quantity(table, "speed", SHARES, 100_000_000);
                    let permille = speed.map(|speed| (speed / 1_000) as u32);
                    if permille.is_none_or(|permille| permille == 0) {
                        table.add(line, "A `slow` host needs its `speed`, such as \"25 %\".");
                    }
                    [permille.unwrap_or(1_000), 1_000].map(|permille| Change::Speed {
                        host: host.clone(),
                        permille,
                    })
                }
            };
            Some((vec![sets_in], vec![undo]))
        }
    }
}
