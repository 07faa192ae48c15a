//! Those in a world who speak HTTP and are no programs: loads, and services that are modelled.
//!
//! ```text
//!   load.rs ── requests ──▶ line.rs ─▶ kernel's sockets ─▶ … ─▶ a program, or service.rs
//!      │                      ▲
//!   pace.rs: when            message.rs: HTTP/1.1 in pieces
//! ```
//!
//! Each is a [`kernel::Machine`]: its turns take no time, and what takes time in it is drawn from a stream of its own.
//! What they do is in the trace under process 0, the world's own. They know neither JavaScript nor each other.
//!
//! Leaves out: HTTPS, HTTP/2, redirects, cookies, and names that take time to be resolved.

mod line;
mod load;
mod message;
mod pace;
mod report;
mod service;

pub use load::Load;
pub use message::{Head, Piece, Reader, Wrong};
pub use report::{json, reports};
pub use service::Service;

use kernel::{
    Machine, Sim, System,
    network::{By, HostId},
};
use protocol::{EventId, scenario::Machines};

/// Puts a scenario's machines into its world.
pub fn inhabit<S: System>(sim: &mut Sim<S>, machines: Machines) {
    for (service, spec) in (0..).zip(machines.services) {
        sim.add_machine(|machine, world| {
            let service = Service::new(service, machine, spec, world);
            Box::new(service) as Box<dyn Machine>
        });
    }
    for (load, spec) in (0..).zip(machines.loads) {
        sim.add_machine(|machine, world| Box::new(Load::new(load, machine, spec, world)));
    }
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
