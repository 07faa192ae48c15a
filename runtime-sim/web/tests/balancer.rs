//! A balancer before modelled services, some of which fail.

mod common;

use std::collections::BTreeMap;

use common::{MS, S, load, open, run, scenario, service};
use protocol::{
    EventKind, Scenario,
    codec::Packed,
    load::{Arrivals, Distribution, LoadReport},
    scenario::{Change, ChangeSpec, Machines},
    service::{BalancerSpec, HealthSpec, Method, TargetSpec},
};

fn balancer(method: Method) -> BalancerSpec {
    BalancerSpec {
        host: "api".into(),
        port: 80,
        to: (1..=3)
            .map(|number| TargetSpec {
                host: format!("app-{number}"),
                port: 3_000,
                weight: 1,
            })
            .collect(),
        method,
        fails_max: 1,
        fail_timeout_ns: 10 * S,
        health: None,
    }
}

fn world(
    balancer: BalancerSpec,
    service_time: Distribution,
    changes: Vec<(u64, Change)>,
) -> Scenario {
    let services = (1..=3).map(|number| {
        let host = format!("app-{number}");
        let mut service = service(4, service_time.clone());
        (service.name, service.host, service.port) = (host.clone(), host, 3_000);
        service
    });
    let mut load = load(open(Arrivals::Poisson, 100, 10));
    load.begins_ns = S;
    load.timeout_ns = 5 * S;
    let mut world = scenario(3, vec![], vec![]);
    world.network.machines = Packed::new(&Machines {
        loads: vec![load],
        services: services.collect(),
        balancers: vec![balancer],
        ..Machines::default()
    });
    let change = |(at_ns, what)| ChangeSpec { at_ns, what };
    world.network.changes = changes.into_iter().map(change).collect();
    world
}

/// The report, and how many requests each service had.
fn shares(world: Scenario) -> (LoadReport, Vec<u64>) {
    let mut works: BTreeMap<u32, u64> = BTreeMap::new();
    let run = run(world, |event| {
        if let EventKind::WorkQueued { service, .. } = event.kind {
            *works.entry(service).or_default() += 1;
        }
    });
    common::holds(&run.reports[0]);
    let report = run.reports.into_iter().next().expect("one load");
    (report, works.into_values().collect())
}

fn quick() -> Distribution {
    Distribution::Constant { ns: 5 * MS }
}

fn power(is_up: bool) -> Change {
    Change::Power {
        host: "app-2".into(),
        is_up,
    }
}

#[test]
fn in_turn_all_have_as_many() {
    let (report, shares) = shares(world(balancer(Method::RoundRobin), quick(), vec![]));
    assert_eq!(report.failed, 0);
    let (least, most) = (shares.iter().min(), shares.iter().max());
    assert!(most.unwrap() - least.unwrap() <= 1, "{shares:?}");
}

#[test]
fn one_client_keeps_its_server() {
    let (report, shares) = shares(world(balancer(Method::IpHash), quick(), vec![]));
    assert_eq!(shares, [report.sent]);
}

#[test]
fn who_has_fewest_is_asked_and_waits_are_shorter() {
    let times = Distribution::Lognormal {
        median_ns: 20 * MS,
        p99_ns: 2 * S,
    };
    let mean = |method| {
        let (report, _) = shares(world(balancer(method), times.clone(), vec![]));
        report.latency.mean_ns
    };
    assert!(mean(Method::LeastConnections) < mean(Method::RoundRobin));
}

#[test]
fn a_server_without_power_costs_its_requests_until_checks_find_it_sick() {
    let changes = || vec![(3 * S, power(false)), (8 * S, power(true))];
    let mut unchecked = balancer(Method::RoundRobin);
    unchecked.fails_max = 0;
    let mut checked = unchecked.clone();
    checked.health = Some(HealthSpec {
        every_ns: 200 * MS,
        timeout_ns: 100 * MS,
        target: "/health".into(),
        fails: 2,
        passes: 2,
    });
    let slow = |balancer| {
        let (report, shares) = shares(world(balancer, quick(), changes()));
        (report, shares)
    };
    let (without, _) = slow(unchecked);
    let (with, shares) = slow(checked);
    // A third of two seconds' requests and more, each for as long as its SYN is sent again; against those of half a
    // second.
    assert!(without.latency.p90_ns > S, "{without}");
    assert!(with.latency.p90_ns < 100 * MS, "{with}");
    assert!(shares[1] > 100, "it has been asked again: {shares:?}");
}

#[test]
fn who_fails_is_left_alone() {
    let killed = Change::Run {
        host: "app-2".into(),
        runs: false,
    };
    let (report, shares) = shares(world(
        balancer(Method::RoundRobin),
        quick(),
        vec![(3 * S, killed)],
    ));
    // It refuses, and another is asked at once.
    assert_eq!(report.failed, 0, "{report}");
    assert!(shares[1] < shares[0] / 2, "{shares:?}");
}
