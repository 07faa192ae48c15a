//! What a balancer is in nginx's terms.

use super::*;

/// The configuration that its author did not have to write.
pub fn balancer(spec: &BalancerSpec) -> Result<Config, String> {
    let plain = |variable: &str| {
        nginx::Text::read(variable).map_err(|name| format!("There is no variable ${name}."))
    };
    let balance = match &spec.method {
        Method::RoundRobin => nginx::Balance::RoundRobin,
        Method::LeastConnections => nginx::Balance::LeastConnections,
        Method::IpHash => nginx::Balance::IpHash,
        Method::ConsistentHash { key } => nginx::Balance::Hash {
            key: plain(key)?,
            is_consistent: true,
        },
    };
    let peers = spec.to.iter().map(|target| nginx::Peer {
        weight: target.weight,
        max_fails: spec.fails_max,
        fail_timeout_ns: spec.fail_timeout_ns,
        ..nginx::Peer::new(target.host.clone(), target.port, 0)
    });
    let health = spec.health.as_ref().map(|health| nginx::Health {
        every_ns: health.every_ns,
        timeout_ns: health.timeout_ns,
        target: health.target.clone(),
        fails: health.fails,
        passes: health.passes,
    });
    let settings = Settings {
        proxy_headers: vec![
            ("Host".into(), plain("$http_host")?),
            ("Connection".into(), nginx::Text::plain("")),
            (
                "X-Forwarded-For".into(),
                plain("$proxy_add_x_forwarded_for")?,
            ),
        ],
        proxy_version_1_1: true,
        added_headers: vec![nginx::AddedHeader {
            name: "X-Upstream".into(),
            value: plain("$upstream_addr")?,
            always: true,
        }],
        ..Settings::default()
    };
    let location = Location {
        place: Place::Prefix {
            path: "/".into(),
            is_final: false,
        },
        settings: settings.clone(),
        steps: Vec::new(),
        action: Action::Proxy(Pass {
            upstream: 0,
            host: "balancer".into(),
            uri: None,
            whole: None,
        }),
    };
    Ok(Config {
        upstreams: vec![nginx::Upstream {
            name: "balancer".into(),
            balance,
            peers: peers.collect(),
            keepalive: KEEPALIVE,
            health,
        }],
        servers: vec![Server {
            ports: vec![(spec.port, true)],
            names: Vec::new(),
            patterns: Vec::new(),
            locations: vec![location],
            settings,
            steps: Vec::new(),
        }],
        ..Config::default()
    })
}
