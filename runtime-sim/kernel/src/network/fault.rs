//! What goes wrong: changes of the world by time, by chance and for a cause.
//!
//! A host without power neither sends nor receives; its sockets are gone, so that who talks to it waits as long as TCP
//! does, and is told by a reset when the host is back. A process that is killed leaves its sockets to the system, which
//! closes them. In either case the scheduler ends what ran on the host, once the turn under way is over.

use protocol::{
    EventId, EventKind,
    scenario::{Change, FaultSpec, Machines, NetworkSpec, Trigger},
    trace::{ConnectionId, PacketContent},
};

use crate::{Happening, Stream, World};

use super::{Address, HostId, SocketId, address::port_key};

/// What the scheduler is to do: everything on the host ends, or begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub host: HostId,
    pub begins: bool,
}

#[derive(Debug)]
struct Fault {
    spec: FaultSpec,
    chance: Stream,
    /// Packets that count, so far.
    seen: u64,
    /// The connection whose packets count.
    connection: Option<ConnectionId>,
    is_under_way: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    orders: Vec<Order>,
    /// Beginnings that are still to come.
    begins_due: usize,
}

impl Faults {
    pub fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }
}

impl World {
    pub(crate) fn foresee_faults(&mut self, spec: &NetworkSpec) {
        let begins = spec.changes.iter().filter(|change| begins(&change.what));
        self.faults.begins_due = begins.count();
        let machines: Machines = spec.machines.open().unwrap_or_default();
        for (number, spec) in (0..).zip(machines.faults) {
            if let Trigger::Chance { every_ns, .. } = spec.trigger {
                let drawn = Happening::FaultIsDrawn(number);
                self.queue.push(every_ns.max(1), drawn);
            }
            self.faults.faults.push(Fault {
                spec,
                chance: self.chance.stream(&format!("fault {number}")),
                seen: 0,
                connection: None,
                is_under_way: false,
            });
        }
    }

    /// Whether anything that the scenario says lets processes begin anew.
    pub(crate) fn may_begin_again(&self) -> bool {
        let mut faults = self.faults.faults.iter();
        self.faults.begins_due > 0 || faults.any(|fault| fault.spec.undo.iter().any(begins))
    }

    /// Whether a host or what runs on it is to begin anew.
    pub(crate) fn foresees_begin(&self) -> bool {
        self.faults.begins_due > 0
    }

    pub(crate) fn change(&mut self, what: &Change, cause: Option<EventId>) {
        if begins(what) {
            self.faults.begins_due = self.faults.begins_due.saturating_sub(1);
        }
        let kind = EventKind::WorldChanged { what: what.clone() };
        self.record(cause, 0, kind, vec![]);
        self.network.change(what);
        match what {
            Change::Power { host, is_up } => {
                let host = self.network.host_named(host);
                if !is_up {
                    self.lose_sockets(host);
                }
                self.faults.orders.push(Order {
                    host,
                    begins: *is_up,
                });
            }
            Change::Run { host, runs } => {
                let host = self.network.host_named(host);
                self.faults.orders.push(Order {
                    host,
                    begins: *runs,
                });
            }
            Change::Link(_) | Change::Cut { .. } | Change::Speed { .. } | Change::Disk { .. } => {}
        }
    }

    /// What the host knew of its connections.
    fn lose_sockets(&mut self, host: HostId) {
        let network = &mut self.network;
        let sockets = network.sockets.iter();
        let lost: Vec<SocketId> = sockets
            .filter(|(_, socket)| socket.host == host)
            .map(|(number, _)| *number)
            .collect();
        for number in lost {
            let socket = network.sockets.remove(&number);
            if let Some(Address::Ip(at)) = socket.and_then(|socket| socket.local) {
                network.ports.remove(&port_key(host, at.port()));
            }
        }
        let sockets = &network.sockets;
        let is_there = |number: &SocketId| sockets.contains_key(number);
        network.listeners.retain(is_there);
        self.forget_lost_packets(host);
    }

    // ---- triggers ----

    /// A packet is about to leave.
    pub(super) fn packet_leaves(
        &mut self,
        content: PacketContent,
        connection: ConnectionId,
        hosts: [HostId; 2],
        cause: EventId,
    ) {
        if self.faults.faults.is_empty() || content != PacketContent::Data {
            return;
        }
        for number in 0..self.faults.faults.len() {
            let fault = &mut self.faults.faults[number];
            let (counts, nth) = match &fault.spec.trigger {
                Trigger::Packet { from, to, nth } => {
                    let names = hosts.map(|host| self.network.host_name(host));
                    (names == [from.as_str(), to.as_str()], *nth)
                }
                Trigger::Request { packet, .. } => (fault.connection == Some(connection), *packet),
                Trigger::Chance { .. } => continue,
            };
            if counts {
                fault.seen += 1;
                if fault.seen == nth {
                    self.strike(number as u32, Some(cause));
                }
            }
        }
    }

    /// A load's request is due.
    pub fn request_begins(&mut self, request: u64, cause: EventId) {
        for number in 0..self.faults.faults.len() {
            let trigger = &self.faults.faults[number].spec.trigger;
            if *trigger == (Trigger::Request { request, packet: 0 }) {
                self.strike(number as u32, Some(cause));
            }
        }
    }

    /// A load's request is about to be written.
    pub fn request_travels(&mut self, request: u64, socket: SocketId) {
        let Some(connection) = self.socket(socket).map(|socket| socket.connection) else {
            return;
        };
        for fault in &mut self.faults.faults {
            if matches!(fault.spec.trigger, Trigger::Request { request: wanted, .. } if wanted == request)
            {
                fault.connection = Some(connection);
            }
        }
    }

    pub(crate) fn fault_is_drawn(&mut self, number: u32) {
        let now_ns = self.now_ns();
        let fault = &mut self.faults.faults[number as usize];
        let Trigger::Chance {
            every_ns,
            of_million,
        } = fault.spec.trigger
        else {
            return;
        };
        let drawn = Happening::FaultIsDrawn(number);
        self.queue
            .push(now_ns.saturating_add(every_ns.max(1)), drawn);
        let strikes = fault.chance.below(1_000_000) < u64::from(of_million);
        if strikes && !fault.is_under_way {
            self.strike(number, Some(0));
        }
    }

    fn strike(&mut self, number: u32, cause: Option<EventId>) {
        let fault = &mut self.faults.faults[number as usize];
        let spec = fault.spec.clone();
        if spec.lasts_ns > 0 {
            fault.is_under_way = true;
            self.faults.begins_due += spec.undo.iter().filter(|change| begins(change)).count();
            let ends_ns = self.now_ns().saturating_add(spec.lasts_ns);
            self.queue.push(ends_ns, Happening::FaultEnds(number));
        }
        for change in &spec.changes {
            self.change(change, cause);
        }
    }

    pub(crate) fn fault_ends(&mut self, number: u32) {
        let fault = &mut self.faults.faults[number as usize];
        fault.is_under_way = false;
        for change in fault.spec.undo.clone() {
            self.change(&change, Some(0));
        }
    }
}

fn begins(change: &Change) -> bool {
    matches!(
        change,
        Change::Power { is_up: true, .. } | Change::Run { runs: true, .. }
    )
}
