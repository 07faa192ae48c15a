//! Hosts and what connects them: addresses, names, links, and streams of bytes between sockets.
//!
//! ```text
//!   process ── send ──▶ Socket ──▶ packets ──▶ Link ──▶ Socket ── News ──▶ process
//!                         ▲                   latency,     │
//!                         └──── room ◀──── bandwidth, ◀────┘ receive
//!                                              loss
//! ```
//!
//! TCP as Linux has it, as far as programs and their readers notice: the handshake and the queue behind `listen`, order,
//! room at the other end (so that backpressure is real), half-close, reset, retransmission with its timeouts. Datagrams
//! go by themselves. Pipes and what connects a process to its child are streams too, by a path or by nothing. Every packet is in the trace, but for
//! acknowledgements that open no closed window. Leaves out: slow start and congestion control, Nagle's delay, options
//! of sockets.
//!
//! A socket tells its process by [`News`], which says that something changed; what it is is asked of the socket, as of
//! epoll.

mod address;
mod datagram;
mod fault;
mod link;
mod socket;
mod tcp;

pub use address::{Address, errno};
pub(crate) use fault::{Faults, Order};
pub use link::{Latency, Link};
pub use socket::{Received, Socket, SocketId};

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr},
};

use protocol::{
    EventId, ProcessId,
    scenario::{Change as WorldChange, LinkSpec, NEIGHBOUR_NS, NetworkSpec},
    trace::{ConnectionId, PacketId},
};

use crate::{Chance, Stream, Table};

use tcp::Packet;

pub type HostId = u32;

/// Who owns sockets and is no process of the world: nobody wakes it, it asks for its news.
pub const OUTSIDE: ProcessId = ProcessId::MAX;

/// Who does something to a socket: a process, and the event that made it do so.
#[derive(Clone, Copy, Debug)]
pub struct By {
    pub process: ProcessId,
    pub cause: Option<EventId>,
}

/// Something has changed about a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    pub at_ns: u64,
    pub socket: SocketId,
    pub what: Change,
    /// The packet's arrival, as a rule.
    pub cause: Option<EventId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Connected,
    /// The connection that was asked for cannot be: Linux's number of the error.
    Failed(i32),
    /// Bytes, their end or an error; at a listener, a connection.
    Readable,
    /// There is room again after there was none.
    Writable,
}

/// Between two sockets of one host: Linux has delivered when the write returns.
const LOOPBACK_NS: u64 = 0;

#[derive(Debug)]
struct Host {
    name: String,
    /// Until when each of its cores is busy; none are counted where the scenario counts none.
    cores: Vec<u64>,
    address: IpAddr,
    is_up: bool,
    /// In thousandths of what its cores are by themselves.
    speed_permille: u32,
    disk_is_full: bool,
    port_next: u16,
}

/// A packet on its way that others may overtake.
#[derive(Debug)]
struct Flight {
    to_host: HostId,
    connection: ConnectionId,
    arrives_ns: u64,
    event: EventId,
}

#[derive(Debug)]
pub struct Network {
    hosts: Vec<Host>,
    /// Names that are no host's own, with what they stand for.
    names: Vec<(String, Vec<IpAddr>)>,
    links: Table<u64, (Link, Stream)>,
    chance: Chance,
    sockets: Table<SocketId, Socket>,
    socket_last: SocketId,
    /// Those that listen, in the order in which they began to.
    listeners: Vec<SocketId>,
    /// Sockets that have taken a port of their host.
    ports: Table<u64, u32>,
    packets: Table<PacketId, Packet>,
    datagrams: Table<PacketId, datagram::Datagram>,
    flights: Table<PacketId, Flight>,
    packet_last: PacketId,
    connection_last: u64,
    request_last: u64,
    work_last: u64,
    news: Table<ProcessId, VecDeque<News>>,
}

impl Network {
    pub fn new(chance: Chance) -> Self {
        Self {
            hosts: Vec::new(),
            names: Vec::new(),
            links: Table::new(),
            chance,
            sockets: Table::new(),
            socket_last: 0,
            listeners: Vec::new(),
            ports: Table::new(),
            packets: Table::new(),
            datagrams: Table::new(),
            flights: Table::new(),
            packet_last: 0,
            connection_last: 0,
            request_last: 0,
            work_last: 0,
            news: Table::new(),
        }
    }

    // ---- hosts and names ----

    /// The host of that name; a new one with the next address of 10.0.0.0/8 when there is none.
    pub fn host_named(&mut self, name: &str) -> HostId {
        if let Some(found) = self.hosts.iter().position(|host| host.name == name) {
            return found as HostId;
        }
        let number = self.hosts.len() as u32 + 1;
        let [_, b, c, d] = number.to_be_bytes();
        self.hosts.push(Host {
            name: name.to_owned(),
            cores: Vec::new(),
            address: IpAddr::V4(Ipv4Addr::new(10, b, c, d)),
            is_up: true,
            speed_permille: 1_000,
            disk_is_full: false,
            port_next: address::EPHEMERAL_PORT_FIRST,
        });
        number - 1
    }

    pub fn host_name(&self, host: HostId) -> &str {
        &self.hosts[host as usize].name
    }

    pub fn host_address(&self, host: HostId) -> IpAddr {
        self.hosts[host as usize].address
    }

    /// How many threads may run at once on the host of that name; 0 for any number.
    pub fn cores(&self, name: &str) -> usize {
        let host = self.hosts.iter().find(|host| host.name == name);
        host.map_or(0, |host| host.cores.len())
    }

    pub fn set_name(&mut self, name: &str, addresses: Vec<IpAddr>) {
        self.names.retain(|(known, _)| known != name);
        self.names.push((name.to_owned(), addresses));
    }

    /// What a name of the world's own stands for: nothing when it is not known.
    pub fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if let Some((_, addresses)) = self.names.iter().find(|(known, _)| *known == name) {
            return addresses.clone();
        }
        let host = self.hosts.iter().find(|host| host.name == name);
        host.map(|host| host.address).into_iter().collect()
    }

    /// The name of the host with that address.
    pub fn name_of(&self, address: IpAddr) -> Option<&str> {
        let host = self.hosts.iter().find(|host| host.address == address);
        host.map(|host| host.name.as_str())
    }

    /// How long the host's cores need for what takes `ns` on ordinary ones.
    pub fn takes(&self, host: HostId, ns: u64) -> u64 {
        match self.hosts[host as usize].speed_permille {
            1_000 => ns,
            permille => (u128::from(ns) * 1_000 / u128::from(permille)) as u64,
        }
    }

    /// Whether nothing more fits on the host's disk.
    pub fn disk_is_full(&self, host: HostId) -> bool {
        self.hosts[host as usize].disk_is_full
    }

    /// A host that is down neither sends nor receives, and tells nobody.
    pub fn set_up(&mut self, host: HostId, is_up: bool) {
        self.hosts[host as usize].is_up = is_up;
    }

    /// The link from one host to another, to be changed at will; it has two directions of their own.
    pub fn link(&mut self, from: HostId, to: HostId) -> &mut Link {
        &mut self.link_and_chance(from, to).0
    }

    fn link_and_chance(&mut self, from: HostId, to: HostId) -> &mut (Link, Stream) {
        let key = u64::from(from) << 32 | u64::from(to);
        if !self.links.contains_key(&key) {
            let link = if from == to {
                Link::loopback(LOOPBACK_NS)
            } else {
                Link::new(Latency::constant(NEIGHBOUR_NS))
            };
            // Named after the hosts, so that a link more or less changes no other.
            let stream = format!("link {} {}", self.host_name(from), self.host_name(to));
            let stream = self.chance.stream(&stream);
            self.links.insert(key, (link, stream));
        }
        self.links.get_mut(&key).expect("it is there now")
    }

    // ---- the scenario ----

    pub(crate) fn lay_out(&mut self, spec: &NetworkSpec) {
        for host in &spec.hosts {
            let number = self.host_named(&host.name);
            self.hosts[number as usize].cores = vec![0; host.cores as usize];
        }
        for link in &spec.links {
            self.set_link(link);
        }
        for name in &spec.names {
            let hosts = name.hosts.iter();
            let addresses = hosts.map(|host| {
                let host = self.host_named(host);
                self.host_address(host)
            });
            let addresses = addresses.collect();
            self.set_name(&name.name, addresses);
        }
    }

    fn change(&mut self, change: &WorldChange) {
        match change {
            WorldChange::Link(link) => self.set_link(link),
            WorldChange::Cut { from, to, is_cut } => {
                let (from, to) = (self.host_named(from), self.host_named(to));
                self.link(from, to).is_cut = *is_cut;
            }
            WorldChange::Power { host, is_up } => {
                let host = self.host_named(host);
                self.set_up(host, *is_up);
            }
            WorldChange::Speed { host, permille } => {
                let host = self.host_named(host);
                self.hosts[host as usize].speed_permille = (*permille).max(1);
            }
            WorldChange::Disk { host, is_full } => {
                let host = self.host_named(host);
                self.hosts[host as usize].disk_is_full = *is_full;
            }
            WorldChange::Run { .. } => {}
        }
    }

    fn set_link(&mut self, spec: &LinkSpec) {
        let (from, to) = (self.host_named(&spec.from), self.host_named(&spec.to));
        let link = self.link(from, to);
        if let Some(latency) = Latency::curve(spec.latency.clone()) {
            link.latency = latency;
        }
        link.bits_per_second = Some(spec.bits_per_second).filter(|bits| *bits > 0);
        link.lost = spec.lost;
    }

    /// A core of the host that is free by then: `None` where none are counted. When there is none, until when.
    pub(crate) fn free_core(&self, host: HostId, at_ns: u64) -> Result<Option<u32>, u64> {
        let cores = self.hosts[host as usize].cores.iter();
        match cores.enumerate().min_by_key(|(_, free_ns)| **free_ns) {
            None => Ok(None),
            Some((number, free_ns)) if *free_ns <= at_ns => Ok(Some(number as u32)),
            Some((_, free_ns)) => Err(*free_ns),
        }
    }

    pub(crate) fn core_is_busy(&mut self, host: HostId, core: u32, until_ns: u64) {
        self.hosts[host as usize].cores[core as usize] = until_ns;
    }

    /// The number of the next request of a load.
    pub fn number_request(&mut self) -> protocol::load::RequestId {
        self.request_last += 1;
        self.request_last
    }

    /// The number of the next work of a service.
    pub fn number_work(&mut self) -> protocol::service::WorkId {
        self.work_last += 1;
        self.work_last
    }

    // ---- news ----

    /// What the process has not heard yet, in the order in which it happened.
    pub fn take_news(&mut self, process: ProcessId) -> VecDeque<News> {
        self.news
            .get_mut(&process)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Ports that the host listens on, in the order in which it began to.
    pub fn listening_ports(&self, host: HostId) -> Vec<u16> {
        let sockets = self.listeners.iter().filter_map(|number| {
            let socket = self.sockets.get(number)?;
            match socket.local() {
                Some(Address::Ip(at)) if socket.host == host => Some(at.port()),
                _ => None,
            }
        });
        sockets.collect()
    }

    /// Somebody listens, and there is no connection. Pipes to children do not count, nor what machines hold open.
    pub fn is_deserted(&self) -> bool {
        let is_machines = |number: SocketId| {
            let socket = self.sockets.get(&number);
            let owner = socket.and_then(|socket| socket.owner);
            owner.is_some_and(|owner| (crate::sim::MACHINE_FIRST..OUTSIDE).contains(&owner))
        };
        let mut sockets = self.sockets.iter();
        let counts = |(number, socket): (&SocketId, &Socket)| {
            let client = match socket.peer {
                Some((peer, _)) if !socket.is_client => peer,
                _ => *number,
            };
            socket.is_connected() && !is_machines(client)
        };
        !self.listeners.is_empty() && !sockets.any(counts)
    }

    /// Packets on their way.
    pub fn in_flight(&self) -> usize {
        self.packets.len()
    }
}
