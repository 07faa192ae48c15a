//! Worlds of machines alone, run to their end.

#![allow(dead_code, reason = "each suite uses a part")]

use kernel::{Sim, System, Turn};
use protocol::{
    Event, EventKind, Limits, Record, Scenario, Status,
    load::{
        Arrivals, Course, Distribution, LoadReport, LoadSpec, Model, RATE_PER_SECOND, RequestSpec,
        Stage,
    },
    scenario::{Machines, NetworkSpec},
    service::ServiceSpec,
};

pub const MS: u64 = 1_000_000;
pub const S: u64 = 1_000 * MS;

/// There is no process.
pub enum Nobody {}

impl System for Nobody {
    fn resume(&mut self, _: u64) -> (Turn, u64) {
        match *self {}
    }

    fn strand(&mut self) {
        match *self {}
    }

    fn kill(&mut self) {
        match *self {}
    }
}

pub fn course(from: u64, stages: &[(u64, u64)]) -> Course {
    let stage = |&(seconds, to): &(u64, u64)| Stage {
        lasts_ns: seconds * S,
        to,
    };
    Course {
        from,
        stages: stages.iter().map(stage).collect(),
    }
}

/// So many a second for so many seconds.
pub fn open(arrivals: Arrivals, per_second: u64, seconds: u64) -> Model {
    let rate = per_second * RATE_PER_SECOND;
    Model::Open {
        arrivals,
        course: course(rate, &[(seconds, rate)]),
    }
}

pub fn load(model: Model) -> LoadSpec {
    LoadSpec {
        name: "visitors".into(),
        from: "phone".into(),
        requests: vec![RequestSpec {
            weight: 1,
            method: "GET".into(),
            host: "api".into(),
            port: 80,
            target: "/".into(),
            headers: vec![],
            body: vec![],
        }],
        model,
        begins_ns: 0,
        grace_ns: 30 * S,
        timeout_ns: 60 * S,
        connections_max: 0,
        keeps_alive: true,
        traces: false,
        thresholds: vec![],
    }
}

pub fn service(servers: u32, service_time: Distribution) -> ServiceSpec {
    ServiceSpec {
        name: "api".into(),
        host: "api".into(),
        port: 80,
        servers,
        service_time,
        queue_max: 0,
        status: 200,
        headers: vec![],
        body: b"ok".to_vec(),
        errors: 0,
        error_status: 500,
    }
}

pub fn scenario(seed: u64, loads: Vec<LoadSpec>, services: Vec<ServiceSpec>) -> Scenario {
    Scenario {
        seed,
        picks: protocol::scenario::Picks::default(),
        epoch_ms: 0,
        limits: Limits::TERMINAL,
        record: Record::All,
        network: NetworkSpec {
            machines: protocol::codec::Packed::new(&Machines {
                loads,
                services,
                ..Machines::default()
            }),
            ..NetworkSpec::default()
        },
        processes: vec![],
    }
}

pub struct Run {
    pub reports: Vec<LoadReport>,
    pub events: u64,
    pub hash: u64,
    pub ended_ns: u64,
}

/// `see` is shown every event.
pub fn run(scenario: Scenario, mut see: impl FnMut(&Event)) -> Run {
    let machines = scenario.network.machines.open().unwrap_or_default();
    let clients = scenario.network.clients.clone();
    let mut sim = Sim::<Nobody>::new(scenario, |_, _, _| unreachable!("there is no process"));
    let clients = clients.open().unwrap_or_default();
    web::inhabit(&mut sim, machines, clients).expect("they can be");
    let mut reports = Vec::new();
    loop {
        let status = sim.step(100_000, 20_000);
        let events = sim.world().borrow_mut().recorder.take();
        for event in &events {
            see(event);
            if let EventKind::LoadEnded { report, .. } = &event.kind {
                reports.push(report.open().expect("a report"));
            }
        }
        if let Status::Finished {
            now_ns, trace_hash, ..
        } = status
        {
            return Run {
                reports,
                events: sim.world().borrow().recorder.count(),
                hash: trace_hash,
                ended_ns: now_ns,
            };
        }
    }
}

/// One load, and everything that holds of every load's report.
pub fn run_one(scenario: Scenario, see: impl FnMut(&Event)) -> LoadReport {
    let run = run(scenario, see);
    let report = run.reports.into_iter().next().expect("one load");
    holds(&report);
    report
}

pub fn holds(report: &LoadReport) {
    assert_eq!(
        report.sent,
        report.answered + report.failed + report.in_flight
    );
    assert_eq!(report.latency.count, report.answered + report.failed);
    let told: u64 = report.outcomes.iter().map(|(_, count)| count).sum();
    assert_eq!(told, report.answered + report.failed);
    // L = λW to a thousandth: what is divided is rounded.
    let little = report.little;
    let product =
        u128::from(little.rate) * u128::from(little.mean_ns) / u128::from(RATE_PER_SECOND) / 1_000;
    let off = product.abs_diff(u128::from(little.under_way));
    assert!(off <= 2 + u128::from(little.under_way) / 1_000, "{report}");
}
