//! Datagrams (UDP): each by itself, lost without a word, overtaken by others where the link's latency varies.
//!
//! Leaves out: broadcast and multicast, the refusal that Linux tells a connected socket of, fragments.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

use protocol::{
    EventKind, ProcessId,
    trace::{ConnectionId, PACKET_HEAD_BYTES_MAX, PacketContent, PacketId},
};

use crate::{Happening, World};

use super::{
    Address, By, Flight, HostId, SocketId,
    errno::{EADDRINUSE, EADDRNOTAVAIL, EINVAL, EISCONN, EMSGSIZE, ENOTCONN},
    socket::State,
};

/// The most that one may carry over IPv4.
const DATAGRAM_BYTES_MAX: usize = 65_507;
/// What waits to be read (`net.core.rmem_default`); more is dropped.
const INBOX_BYTES_MAX: usize = 212_992;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inbox {
    datagrams: VecDeque<(SocketAddr, Vec<u8>)>,
    bytes: usize,
    /// Whom it was written to, with what the trace calls this.
    flows: Vec<(SocketAddr, ConnectionId)>,
    /// Others may be bound to the same port.
    shares_port: bool,
}

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Datagram {
    from: SocketAddr,
    to: SocketAddr,
    to_host: HostId,
    bytes: Vec<u8>,
    process: ProcessId,
    event: protocol::EventId,
}

impl World {
    pub fn open_datagram_socket(&mut self, host: HostId, owner: ProcessId) -> SocketId {
        let number = self.open_socket(host, Some(owner));
        if let Some(socket) = self.socket_mut(number) {
            socket.state = State::Datagrams(Box::default());
        }
        number
    }

    pub fn bind_datagrams(
        &mut self,
        number: SocketId,
        at: SocketAddr,
        shares_port: bool,
    ) -> Result<(), i32> {
        let socket = self.socket(number).ok_or(EINVAL)?;
        let host = socket.host;
        if socket.local.is_some() {
            return Err(EINVAL);
        }
        if !self.network.is_own(host, at.ip()) {
            return Err(EADDRNOTAVAIL);
        }
        let port = match at.port() {
            0 => self.network.free_port(host).ok_or(EADDRINUSE)?,
            port => port,
        };
        let at = SocketAddr::new(at.ip(), port);
        let is_taken = self.datagram_sockets(host, port).any(|(other, inbox)| {
            let overlaps =
                other.ip() == at.ip() || other.ip().is_unspecified() || at.ip().is_unspecified();
            let same_family = other.is_ipv4() == at.is_ipv4();
            overlaps && same_family && !(shares_port && inbox.shares_port)
        });
        if is_taken {
            return Err(EADDRINUSE);
        }
        let socket = self.socket_mut(number).ok_or(EINVAL)?;
        socket.local = Some(Address::Ip(at));
        if let State::Datagrams(inbox) = &mut socket.state {
            inbox.shares_port = shares_port;
        }
        Ok(())
    }

    fn datagram_sockets(
        &self,
        host: HostId,
        port: u16,
    ) -> impl Iterator<Item = (SocketAddr, &Inbox)> {
        let sockets = self.network.sockets.values();
        sockets.filter_map(move |socket| match (&socket.state, &socket.local) {
            (State::Datagrams(inbox), Some(Address::Ip(at)))
                if socket.host == host && at.port() == port =>
            {
                Some((*at, &**inbox))
            }
            _ => None,
        })
    }

    /// Sends and hears to and from this address alone; `None` ends that.
    pub fn connect_datagrams(
        &mut self,
        number: SocketId,
        to: Option<SocketAddr>,
    ) -> Result<(), i32> {
        let socket = self.socket_mut(number).ok_or(EINVAL)?;
        match (to, &socket.remote) {
            (Some(_), Some(_)) => Err(EISCONN),
            (None, None) => Err(ENOTCONN),
            (to, _) => {
                socket.remote = to.map(Address::Ip);
                Ok(())
            }
        }
    }

    /// To `to`, or to whom it is connected with.
    pub fn send_datagram(
        &mut self,
        number: SocketId,
        to: Option<SocketAddr>,
        bytes: &[u8],
        by: By,
    ) -> Result<usize, i32> {
        if bytes.len() > DATAGRAM_BYTES_MAX {
            return Err(EMSGSIZE);
        }
        let socket = self.socket(number).ok_or(EINVAL)?;
        let connected = match &socket.remote {
            Some(Address::Ip(at)) => Some(*at),
            _ => None,
        };
        let to = to.or(connected).ok_or(ENOTCONN)?;
        let host = socket.host;
        if socket.local.is_none() {
            let any: IpAddr = if to.is_ipv4() {
                [0; 4].into()
            } else {
                [0_u16; 8].into()
            };
            self.bind_datagrams(number, SocketAddr::new(any, 0), false)?;
        }
        // Nobody has that address: it is on its way into nowhere.
        let Some((to_host, called)) = self.network.find(host, to.ip()) else {
            return Ok(bytes.len());
        };
        let to = SocketAddr::new(called, to.port());
        let Some(Address::Ip(local)) = self.socket(number).and_then(|socket| socket.local.clone())
        else {
            return Err(EINVAL);
        };
        // Who is bound to all addresses is seen by the one that it is reached by.
        let seen = match local.ip() {
            ip if !ip.is_unspecified() => ip,
            _ if to_host == host => called,
            _ => self.network.host_address(host),
        };
        let from = SocketAddr::new(seen, local.port());
        let connection = self.flow(number, host, from, to_host, to, by);
        self.transmit_datagram(host, connection, from, to, to_host, bytes, by);
        Ok(bytes.len())
    }

    /// Whom a socket writes to is told once, as connections are.
    fn flow(
        &mut self,
        number: SocketId,
        host: HostId,
        from: SocketAddr,
        to_host: HostId,
        to: SocketAddr,
        by: By,
    ) -> ConnectionId {
        let known = self.socket(number).and_then(|socket| match &socket.state {
            State::Datagrams(inbox) => inbox.flows.iter().find(|(known, _)| *known == to),
            _ => None,
        });
        if let Some((_, connection)) = known {
            return *connection;
        }
        let ends = [Address::Ip(from), Address::Ip(to)];
        let connection = self.begin_connection(host, &ends[0], to_host, &ends[1], by);
        if let Some(socket) = self.socket_mut(number)
            && let State::Datagrams(inbox) = &mut socket.state
        {
            inbox.flows.push((to, connection));
        }
        connection
    }

    #[expect(clippy::too_many_arguments, reason = "all that a datagram is")]
    fn transmit_datagram(
        &mut self,
        host: HostId,
        connection: ConnectionId,
        from: SocketAddr,
        to: SocketAddr,
        to_host: HostId,
        bytes: &[u8],
        by: By,
    ) {
        self.network.packet_last += 1;
        let id = self.network.packet_last;
        let content = PacketContent::Datagram;
        let sent = EventKind::PacketSent {
            packet: id,
            connection,
            from_client: true,
            content,
            bytes: bytes.len() as u64,
            head: bytes[..bytes.len().min(PACKET_HEAD_BYTES_MAX)].to_vec(),
        };
        let event = self.record(by.cause, by.process, sent, vec![]);
        self.packet_leaves(content, connection, [host, to_host], event);
        let now_ns = self.now_ns();
        let is_up = self.network.hosts[host as usize].is_up;
        let (link, chance) = self.network.link_and_chance(host, to_host);
        let carried = link.carry(now_ns, bytes.len(), chance).filter(|_| is_up);
        let Some((arrives_ns, range)) = carried else {
            let lost = EventKind::PacketLost { packet: id };
            self.record(Some(event), by.process, lost, vec![]);
            return;
        };
        let flight = Flight {
            to_host,
            connection: 0,
            arrives_ns,
            event,
        };
        let arrives_ns = self.race_flight(id, by.process, flight, range);
        let datagram = Datagram {
            from,
            to,
            to_host,
            bytes: bytes.to_vec(),
            process: by.process,
            event,
        };
        self.network.datagrams.insert(id, datagram);
        self.queue.push(arrives_ns, Happening::DatagramArrives(id));
    }

    pub(crate) fn datagram_arrives(&mut self, id: PacketId) {
        self.network.flights.remove(&id);
        let Some(datagram) = self.network.datagrams.remove(&id) else {
            return;
        };
        let is_up = self.network.hosts[datagram.to_host as usize].is_up;
        let what = if is_up {
            EventKind::PacketArrived { packet: id }
        } else {
            EventKind::PacketLost { packet: id }
        };
        let event = self.record(Some(datagram.event), datagram.process, what, vec![]);
        let Some(number) = self.hearer(&datagram).filter(|_| is_up) else {
            return;
        };
        if let Some(socket) = self.socket_mut(number)
            && let State::Datagrams(inbox) = &mut socket.state
            && inbox.bytes + datagram.bytes.len() <= INBOX_BYTES_MAX
        {
            inbox.bytes += datagram.bytes.len();
            inbox.datagrams.push_back((datagram.from, datagram.bytes));
            self.tell_readable(number, Some(event));
        }
    }

    /// The last of those bound there that would hear it, as on Linux where several share a port.
    fn hearer(&self, datagram: &Datagram) -> Option<SocketId> {
        let sockets = self.network.sockets.iter();
        let hearing = sockets.filter(|(_, socket)| {
            let (State::Datagrams(_), Some(Address::Ip(at))) = (&socket.state, &socket.local)
            else {
                return false;
            };
            let hears = at.ip() == datagram.to.ip()
                || at.ip().is_unspecified() && (at.is_ipv6() || datagram.to.is_ipv4());
            let knows = match &socket.remote {
                Some(Address::Ip(remote)) => *remote == datagram.from,
                _ => true,
            };
            socket.host == datagram.to_host && at.port() == datagram.to.port() && hears && knows
        });
        hearing.last().map(|(number, _)| *number)
    }

    /// The next that has arrived, and who sent it.
    pub fn receive_datagram(&mut self, number: SocketId) -> Option<(SocketAddr, Vec<u8>)> {
        let socket = self.socket_mut(number)?;
        let State::Datagrams(inbox) = &mut socket.state else {
            return None;
        };
        let next = inbox.datagrams.pop_front();
        inbox.bytes -= next.as_ref().map_or(0, |(_, bytes)| bytes.len());
        socket.is_told = !inbox.datagrams.is_empty();
        next
    }
}
