//! The worlds of `tests/worlds/`, natively: each ends, twice alike, and at no moment is a request lost or made up.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::common::{Run, carry_out, jar};
use protocol::{EventKind, File, Limits, ProcessSpec, Record, Scenario, load::LoadReport};

fn scenario(folder: &Path) -> Scenario {
    let world = course::load_world(&folder.join("world.toml")).expect("it is sound");
    let files: Vec<File> = fs::read_dir(folder)
        .expect("a world")
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            File {
                path: format!("/world/{name}"),
                bytes: fs::read(&path).expect("a file"),
            }
        })
        .collect();
    let processes = world.processes.into_iter().map(|process| ProcessSpec {
        host: process.host,
        entry: format!("/world/{}", process.entry),
        args: process.args,
        env: process.env,
        cwd: "/world".into(),
        files: files.clone(),
        transpiled: Vec::new(),
        stdin: Vec::new(),
        tick_ns: process.tick_ns,
    });
    Scenario {
        seed: world.seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: world.epoch_ms,
        limits: Limits::TERMINAL,
        record: Record::All,
        processes: processes.collect(),
        network: world.network,
    }
}

fn reports(run: &Run) -> Vec<LoadReport> {
    let mut under_way: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    let mut loads = BTreeMap::new();
    let mut counts: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
    let mut reports = Vec::new();
    for event in &run.events {
        match &event.kind {
            EventKind::RequestBegun { request, load, .. } => {
                loads.insert(*request, *load);
                counts.entry(*load).or_default()[0] += 1;
                under_way.entry(*load).or_default().insert(*request);
            }
            EventKind::RequestEnded { request, .. } => {
                let load = loads[request];
                counts.entry(load).or_default()[1] += 1;
                assert!(under_way.entry(load).or_default().remove(request));
            }
            EventKind::LoadEnded { load, report } => {
                let report = report.open().expect("a report");
                let [sent, ended] = counts[load];
                assert_eq!(report.sent, sent);
                assert_eq!(report.answered + report.failed, ended);
                assert_eq!(report.in_flight, under_way[load].len() as u64);
                reports.push(report);
            }
            _ => {}
        }
        for (load, [sent, ended]) in &counts {
            assert_eq!(*sent, ended + under_way[load].len() as u64);
        }
    }
    reports
}

#[test]
fn worlds_end_and_conserve_their_requests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/worlds");
    let mut jar = jar();
    let mut folders: Vec<_> = fs::read_dir(folder)
        .expect("the worlds")
        .map(|entry| entry.expect("a world").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy();
        let run = carry_out(&mut jar, scenario(&folder), 1 << 40);
        let again = carry_out(&mut jar, scenario(&folder), 50_000);
        assert_eq!(run.hash, again.hash, "{name}");
        println!(
            "--- {name}: exit {}\n{}{}",
            run.exit_code, run.stdout, run.stderr
        );
        for report in reports(&run) {
            println!("{report}");
        }
    }
}
