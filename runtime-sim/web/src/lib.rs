//! Those in a world who speak HTTP and are no programs: loads, services that are modelled, nginx and balancers, which
//! stand before others, and clients, who ask by hand.
//!
//! ```text
//!   load.rs ── requests ──▶ line.rs ─▶ kernel's sockets ─▶ proxy/ ─▶ … ─▶ a program, or service.rs
//!      │                      ▲
//!   pace.rs: when            message.rs: HTTP/1.1 in pieces
//! ```
//!
//! Each is a [`kernel::Machine`]: its turns take no time, and what takes time in it is drawn from a stream of its own.
//! What they do is in the trace under process 0, the world's own. They know neither JavaScript nor each other.
//!
//! Leaves out: HTTPS, HTTP/2, and names that take time to be resolved.

mod client;
mod date;
mod line;
mod load;
mod message;
mod pace;
mod proxy;
mod report;
mod service;
mod trace_context;

pub use client::Client;
pub use load::Load;
pub use message::{Head, Piece, Reader, Wrong};
pub use proxy::Proxy;
pub use report::{exchanges, exchanges_json, json, reports};
pub use service::Service;

use kernel::{
    Sim, System,
    network::{By, HostId},
};
use protocol::{EventId, client::ClientSpec, scenario::Machines, service::NginxSpec};

/// Puts a scenario's machines into its world; the error says which of them cannot be.
pub fn inhabit<S: System>(
    sim: &mut Sim<S>,
    machines: Machines,
    clients: Vec<ClientSpec>,
) -> Result<(), String> {
    let loads = machines.loads.len() as u32;
    for (service, spec) in (0..).zip(machines.services) {
        sim.add_machine(|machine, world| Service::new(service, machine, spec, world));
    }
    for (load, spec) in (0..).zip(machines.loads) {
        sim.add_machine(|machine, world| Load::new(load, machine, spec, world));
    }
    // Last, because they want to find the others.
    for spec in machines.balancers {
        let config = proxy::balancer(&spec)?;
        sim.try_add_machine(|machine, world| {
            Proxy::new(machine, &spec.host, Some("balancer"), config, world)
                .map_err(|mistake| format!("The balancer on {}: {}.", spec.host, mistake.sentence))
        })?;
    }
    for spec in machines.nginx {
        let told = |mistake: &nginx::Mistake| {
            let NginxSpec { file, .. } = &spec;
            format!("{file}:{}: {}", mistake.line, mistake.sentence)
        };
        let text = spec.config.as_deref().unwrap_or_default();
        let config = nginx::read(text).map_err(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(told).collect();
            lines.join("\n")
        })?;
        sim.try_add_machine(|machine, world| {
            let proxy = Proxy::new(machine, &spec.host, None, config, world);
            proxy.map_err(|mistake| told(&mistake))
        })?;
    }
    for (client, spec) in (loads..).zip(clients) {
        sim.add_machine(|machine, world| Client::new(client, machine, spec, world));
    }
    Ok(())
}

/// Machines are not processes: what they do stands under the world's own number.
fn by(cause: Option<EventId>) -> By {
    By { process: 0, cause }
}

/// The address of a host by its name, by a name of the world's or by itself.
fn resolve(network: &kernel::network::Network, name: &str) -> Option<std::net::IpAddr> {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let found = network.resolve(name).first().copied();
    found.or_else(|| match name {
        "localhost" => Some(std::net::Ipv4Addr::LOCALHOST.into()),
        _ => name.parse().ok(),
    })
}

/// The host of that name, which is there from now on.
fn host_named(world: &mut kernel::World, name: &str) -> HostId {
    world.network.host_named(name)
}
