//! A load on a program, and what its report and the checks say of it.

use crate::common::{Run, carry_out, jar, scenario};
use protocol::{
    Command, EventKind, Reply, Scenario,
    codec::Packed,
    load::{
        Arrivals, Comparison, Course, LoadReport, LoadSpec, Metric, Model, RATE_PER_SECOND,
        RequestOutcome, RequestSpec, Stage, Threshold,
    },
    scenario::Machines,
};

const S: u64 = 1_000_000_000;
const SERVER: &str = "
const http = require('node:http');
http.createServer((request, response) => {
  if (request.url === '/slow') return setTimeout(() => response.end('late'), 200);
  if (request.url === '/broken') return request.socket.destroy();
  response.statusCode = request.url === '/' ? 200 : 404;
  response.end(request.method + ' ' + request.url);
}).listen(3000);
";

fn request(weight: u32, target: &str) -> RequestSpec {
    RequestSpec {
        weight,
        method: "GET".into(),
        host: "app".into(),
        port: 3000,
        target: target.into(),
        headers: vec![("Accept".into(), "*/*".into())],
        body: vec![],
    }
}

fn world(requests: Vec<RequestSpec>, per_second: u64, seconds: u64) -> Scenario {
    let rate = per_second * RATE_PER_SECOND;
    let load = LoadSpec {
        name: "visitors".into(),
        from: "phone".into(),
        requests,
        model: Model::Open {
            arrivals: Arrivals::Poisson,
            course: Course {
                from: rate,
                stages: vec![Stage {
                    lasts_ns: seconds * S,
                    to: rate,
                }],
            },
        },
        // The server needs a moment before it listens.
        begins_ns: S,
        grace_ns: 30 * S,
        timeout_ns: 60 * S,
        connections_max: 0,
        keeps_alive: true,
        traces: false,
        thresholds: vec![Threshold {
            text: "failed < 1 %".into(),
            metric: Metric::Failed,
            comparison: Comparison::Below,
            limit: 10_000,
        }],
    };
    let mut world = scenario("server.js", SERVER.as_bytes(), 1);
    world.limits = protocol::Limits::TERMINAL;
    world.network.machines = Packed::new(&Machines {
        loads: vec![load],
        ..Machines::default()
    });
    world
}

/// The report; and at every moment of the recording no request was lost or made up.
fn report(run: &Run) -> LoadReport {
    let mut under_way = std::collections::BTreeSet::new();
    let (mut sent, mut ended) = (0, 0);
    let mut report = None;
    for event in &run.events {
        match &event.kind {
            EventKind::RequestBegun { request, .. } => {
                sent += 1;
                assert!(under_way.insert(*request), "{request} begins twice");
            }
            EventKind::RequestEnded { request, .. } => {
                ended += 1;
                assert!(
                    under_way.remove(request),
                    "{request} ends without being under way"
                );
            }
            EventKind::LoadEnded { report: packed, .. } => report = packed.open(),
            _ => {}
        }
        assert_eq!(sent, ended + under_way.len());
    }
    let report = report.expect("the load has ended");
    assert_eq!(report.sent, sent as u64);
    assert_eq!(report.in_flight, under_way.len() as u64);
    assert_eq!(
        report.sent,
        report.answered + report.failed + report.in_flight
    );
    report
}

fn counts(report: &LoadReport, outcome: RequestOutcome) -> u64 {
    let mut outcomes = report.outcomes.iter();
    outcomes
        .find(|(other, _)| *other == outcome)
        .map_or(0, |(_, count)| *count)
}

#[test]
fn a_program_answers_what_a_load_asks() {
    let mut jar = jar();
    let requests = vec![request(3, "/"), request(1, "/nothing"), request(1, "/slow")];
    let world = world(requests, 50, 10);
    let first = carry_out(&mut jar, world.clone(), 1 << 40);
    let report = report(&first);
    assert_eq!(first.exit_code, 0, "{}", first.stderr);
    assert_eq!(report.in_flight, 0);
    assert!(report.sent.abs_diff(500) < 70, "{report}");
    let statuses = [200, 404].map(|status| counts(&report, RequestOutcome::Status(status)));
    assert_eq!(statuses[0] + statuses[1], report.sent, "{report}");
    assert!(statuses[1].abs_diff(100) < 30, "{report}");
    // An answer is one whatever it says; a threshold counts it among the failed, as k6 does.
    assert_eq!((report.answered, report.failed), (report.sent, 0));
    assert!(report.latency.p50_ns < 5_000_000, "{report}");
    assert!(report.latency.max_ns > 200_000_000, "{report}");
    assert!(!report.passed());

    let checks = "
import { check, expect } from 'terrarium:check';
check('the load', (run) => {
  expect(run.load.sent).toBe(run.load.answered + run.load.failed + run.load.inFlight);
  expect(run.load.statuses[404]).toBeGreaterThan(70);
  expect(run.load.failed).toBe(0);
  expect(run.load.latency.p95Ms).toBeGreaterThan(199);
  expect(run.loads[0].thresholds[0]).toEqual({ text: 'failed < 1 %', passed: false });
});";
    let graded = jar.carry_out(Command::Grade {
        source: checks.into(),
    });
    let Reply::Graded(graded) = graded else {
        panic!("{graded:?}");
    };
    assert!(graded.passed(), "{graded:?}");

    let second = carry_out(&mut jar, world, 5_000);
    assert_eq!(first.hash, second.hash);
}

#[test]
fn what_is_broken_off_has_failed() {
    let run = carry_out(
        &mut jar(),
        world(vec![request(1, "/broken")], 20, 2),
        1 << 40,
    );
    let report = report(&run);
    assert_eq!(report.answered, 0);
    let cut =
        counts(&report, RequestOutcome::CutShort) + counts(&report, RequestOutcome::Error(104));
    assert_eq!(cut, report.sent, "{report}");
}

#[test]
fn nobody_listens() {
    let mut world = world(vec![request(1, "/")], 20, 2);
    world.processes[0].files[0].bytes = b"console.log('done')".to_vec();
    let run = carry_out(&mut jar(), world, 1 << 40);
    let report = report(&run);
    assert_eq!(run.stdout, "done\n");
    assert_eq!(
        counts(&report, RequestOutcome::Error(111)),
        report.sent,
        "{report}"
    );
}
