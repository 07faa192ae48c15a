//! Worlds whose waiting times theory knows.

mod common;

use common::{MS, S, load, open, run, run_one, scenario, service};
use protocol::{
    EventKind,
    load::{Arrivals, Distribution, Model},
};

/// The mean time in ns from `WorkQueued` to `WorkStarted`, and how many events there were.
fn mean_wait(per_second: u64, seconds: u64, servers: u32, service_ms: u64) -> (u64, u64) {
    let mean_ns = service_ms * MS;
    let times = Distribution::Exponential { mean_ns };
    let load = load(open(Arrivals::Poisson, per_second, seconds));
    let mut queued = std::collections::BTreeMap::new();
    let (mut waits, mut count) = (0_u128, 0_u64);
    let run = run(
        scenario(1, vec![load], vec![service(servers, times)]),
        |event| match &event.kind {
            EventKind::WorkQueued { work, .. } => {
                queued.insert(*work, event.time_ns);
            }
            EventKind::WorkStarted { work } => {
                let since_ns = queued.remove(work).expect("it was queued");
                waits += u128::from(event.time_ns - since_ns);
                count += 1;
            }
            _ => {}
        },
    );
    common::holds(&run.reports[0]);
    assert_eq!(run.reports[0].answered, count);
    ((waits / u128::from(count)) as u64, run.events)
}

/// Erlang's C formula, and from it the mean wait in ns.
fn theory(per_second: u64, servers: u32, service_ms: u64) -> f64 {
    let offered = (per_second * service_ms) as f64 / 1e3;
    let servers = f64::from(servers);
    let mut blocked = 1.0;
    for server in 1..=servers as u32 {
        blocked = offered * blocked / (f64::from(server) + offered * blocked);
    }
    let waits = blocked / (1.0 - offered / servers * (1.0 - blocked));
    waits * service_ms as f64 * 1e6 / (servers - offered)
}

fn meets(per_second: u64, seconds: u64, servers: u32, service_ms: u64) {
    let (wait_ns, events) = mean_wait(per_second, seconds, servers, service_ms);
    let wanted_ns = theory(per_second, servers, service_ms);
    let off = (wait_ns as f64 / wanted_ns - 1.0).abs();
    println!("M/M/{servers}: {wait_ns} ns, theory {wanted_ns:.0} ns, {events} events");
    assert!(events > 1_000_000, "{events} events");
    assert!(
        off < 0.03,
        "M/M/{servers}: {wait_ns} ns, not {wanted_ns} ns"
    );
}

#[test]
fn one_server_keeps_requests_waiting_as_long_as_theory_says() {
    meets(50, 6_000, 1, 10);
}

#[test]
fn several_servers_do_too() {
    meets(240, 1_500, 3, 10);
}

#[test]
fn a_user_who_waits_for_answers_asks_less_often() {
    // Ten users think for a second and are answered after 100 ms, and after the 250 µs there and back.
    let users = Model::Closed {
        users: common::course(10, &[(100, 10)]),
        think: Distribution::Constant { ns: S },
    };
    let mut load = load(users);
    load.grace_ns = 0;
    let api = service(10, Distribution::Constant { ns: 100 * MS });
    let report = run_one(scenario(1, vec![load], vec![api]), |_| {});
    // 1,100.5 ms a round, but for the handshake before the first.
    assert_eq!(report.latency.p50_ns, 100 * MS + 500_000);
    assert_eq!(report.latency.max_ns, 101 * MS);
    assert_eq!(report.sent, 10 * 91);
    assert_eq!(report.connections, 10);
}

#[test]
fn a_stalled_server_is_charged_for_what_it_keeps_from_being_sent() {
    // One connection, a request every 100 ms, and answers that take 150: the tenth is due when five wait before it.
    let mut load = load(open(Arrivals::Constant, 10, 1));
    load.connections_max = 1;
    let api = service(1, Distribution::Constant { ns: 150 * MS });
    let report = run_one(scenario(1, vec![load], vec![api]), |_| {});
    assert_eq!(report.sent, 10);
    let round_ns = 150 * MS + 500_000;
    assert_eq!(report.latency.max_ns, 500_000 + 10 * round_ns - 900 * MS);
    assert_eq!(report.waited.max_ns, 500_000 + 9 * round_ns - 900 * MS);
    assert_eq!(report.connections, 1);
}

#[test]
fn a_run_is_its_seed() {
    let run = |seed| {
        let times = Distribution::Lognormal {
            median_ns: 10 * MS,
            p99_ns: 100 * MS,
        };
        let mut load = load(open(Arrivals::Poisson, 100, 10));
        load.timeout_ns = 60 * MS;
        let world = scenario(seed, vec![load], vec![service(2, times)]);
        run(world, |_| {}).hash
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}
