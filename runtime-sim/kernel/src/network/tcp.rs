//! Packets: what is sent, what becomes of it on its way, and what its arrival does.
//!
//! The times of retransmission and when it is given up are Linux's: `tcp_syn_retries` is 6, the first after a second;
//! `tcp_retries2` is 15, the first after 200 ms; each waits twice as long as the one before, and never more than two
//! minutes.

use protocol::{
    EventId, EventKind, ProcessId,
    trace::{ConnectionId, PACKET_HEAD_BYTES_MAX, PacketContent, PacketId},
};

use crate::{Happening, Race, World};

use super::{
    Address, By, Change, Flight, HostId, SocketId,
    errno::{ECONNREFUSED, ECONNRESET, ENOENT, ETIMEDOUT},
    socket::State,
};

const SYN_RETRY_NS: u64 = 1_000_000_000;
const SYN_RETRIES_MAX: u32 = 6;
const RETRY_NS: u64 = 200_000_000;
const RETRIES_MAX: u32 = 15;
const RETRY_NS_MAX: u64 = 120_000_000_000;

#[derive(Clone, Debug)]
pub(super) enum Goal {
    Listener(Address),
    Socket(SocketId),
}

#[derive(Clone, Debug)]
pub(super) struct Packet {
    connection: ConnectionId,
    from: SocketId,
    from_host: HostId,
    to: Goal,
    to_host: HostId,
    from_client: bool,
    content: PacketContent,
    /// Its place among what must arrive in order.
    sequence: u64,
    bytes: Vec<u8>,
    /// A socket of which a descriptor goes along.
    carried: Option<SocketId>,
    /// Of a window that opens.
    room: usize,
    retries: u32,
    /// It waits to be sent again.
    is_lost: bool,
    process: ProcessId,
    /// Its sending, and then its loss or arrival.
    event: EventId,
}

impl World {
    /// A packet that takes no place in the order of the stream.
    pub(super) fn send_control(
        &mut self,
        from: SocketId,
        to_host: HostId,
        to: Goal,
        content: PacketContent,
        by: By,
    ) {
        let Some(socket) = self.socket(from) else {
            return;
        };
        let packet = Packet {
            connection: socket.connection,
            from,
            from_host: socket.host,
            to,
            to_host,
            from_client: socket.is_client,
            content,
            sequence: 0,
            bytes: Vec::new(),
            carried: None,
            room: 0,
            retries: 0,
            is_lost: false,
            process: by.process,
            event: 0,
        };
        self.transmit(packet, by.cause);
    }

    pub(super) fn send_in_order(
        &mut self,
        from: SocketId,
        content: PacketContent,
        bytes: Vec<u8>,
        by: By,
    ) {
        let Some(socket) = self.socket_mut(from) else {
            return;
        };
        let Some((peer, to_host)) = socket.peer else {
            return;
        };
        let sequence = socket.sequence;
        socket.sequence += 1;
        let carried = socket.attached.take();
        let packet = Packet {
            connection: socket.connection,
            from,
            from_host: socket.host,
            to: Goal::Socket(peer),
            to_host,
            from_client: socket.is_client,
            content,
            sequence,
            bytes,
            carried,
            room: 0,
            retries: 0,
            is_lost: false,
            process: by.process,
            event: 0,
        };
        self.transmit(packet, by.cause);
    }

    /// What the owner has read makes room, of which the sender hears when it is a quarter of all: within a host at
    /// once, otherwise by a packet.
    pub(super) fn tell_of_room(&mut self, number: SocketId, by: By) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        let Some((peer, to_host)) = socket.peer else {
            return;
        };
        if to_host == socket.host {
            let room = std::mem::take(&mut socket.untold);
            self.give_room(peer, room, by.cause);
            return;
        }
        if socket.untold < socket.bytes_max / 4 {
            return;
        }
        let packet = Packet {
            connection: socket.connection,
            from: number,
            from_host: socket.host,
            to: Goal::Socket(peer),
            to_host,
            from_client: socket.is_client,
            content: PacketContent::Window,
            sequence: 0,
            bytes: Vec::new(),
            carried: None,
            room: std::mem::take(&mut socket.untold),
            retries: 0,
            is_lost: false,
            process: by.process,
            event: 0,
        };
        self.transmit(packet, by.cause);
    }

    fn give_room(&mut self, number: SocketId, room: usize, cause: Option<EventId>) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        socket.room += room as i64;
        if socket.room > 0 && std::mem::take(&mut socket.wants_room) {
            self.tell(number, Change::Writable, cause);
        }
    }

    fn transmit(&mut self, mut packet: Packet, cause: Option<EventId>) {
        self.network.packet_last += 1;
        let id = self.network.packet_last;
        let head = &packet.bytes[..packet.bytes.len().min(PACKET_HEAD_BYTES_MAX)];
        let kind = EventKind::PacketSent {
            packet: id,
            connection: packet.connection,
            from_client: packet.from_client,
            content: packet.content,
            bytes: packet.bytes.len() as u64,
            head: head.to_vec(),
        };
        packet.event = self.record(cause, packet.process, kind, vec![]);
        let hosts = [packet.from_host, packet.to_host];
        self.packet_leaves(packet.content, packet.connection, hosts, packet.event);
        let now_ns = self.now_ns();
        let (from, to) = (packet.from_host, packet.to_host);
        let is_up = self.network.hosts[from as usize].is_up;
        let (link, chance) = self.network.link_and_chance(from, to);
        let arrives_ns = link.carry(now_ns, packet.bytes.len(), chance);
        match arrives_ns.filter(|_| is_up) {
            Some((arrives_ns, range)) => {
                let arrives_ns = self.race_packet(id, &packet, arrives_ns, range);
                self.network.packets.insert(id, packet);
                self.queue.push(arrives_ns, Happening::PacketArrives(id));
            }
            None => self.lose(id, packet),
        }
    }

    fn race_packet(&mut self, id: PacketId, packet: &Packet, at_ns: u64, range: (u64, u64)) -> u64 {
        match packet.content {
            PacketContent::Syn | PacketContent::SynAck | PacketContent::Data => {
                let flight = Flight {
                    to_host: packet.to_host,
                    connection: packet.connection,
                    arrives_ns: at_ns,
                    event: packet.event,
                };
                self.race_flight(id, packet.process, flight, range)
            }
            _ => at_ns,
        }
    }

    /// When it arrives, among those that are on their way to the same host; a stream keeps its own order.
    pub(super) fn race_flight(
        &mut self,
        id: PacketId,
        process: ProcessId,
        mut flight: Flight,
        range: (u64, u64),
    ) -> u64 {
        // Nothing is looked for among thousands where nothing can be chosen.
        if range.0 < range.1 && !self.choices.is_over() {
            let flights = self.network.flights.iter();
            let rivals = flights
                .filter(|(_, rival)| {
                    let is_of_stream =
                        flight.connection != 0 && rival.connection == flight.connection;
                    rival.to_host == flight.to_host && !is_of_stream
                })
                .map(|(id, rival)| (rival.arrives_ns, *id))
                .collect();
            let race = Race::new(flight.arrives_ns, range, rivals);
            let (at_ns, taken) = self.decide(&race);
            if let Some(taken) = taken {
                let chosen = taken.told(protocol::trace::Race::Packet, race.rivals());
                self.record(Some(flight.event), process, chosen, vec![]);
            }
            flight.arrives_ns = at_ns;
        }
        let at_ns = flight.arrives_ns;
        self.network.flights.insert(id, flight);
        at_ns
    }

    /// A packet is gone. Who sent it notices that nothing comes back.
    fn lose(&mut self, id: PacketId, mut packet: Packet) {
        let lost = EventKind::PacketLost { packet: id };
        packet.event = self.record(Some(packet.event), packet.process, lost, vec![]);
        let first_ns = match packet.content {
            PacketContent::Syn => SYN_RETRY_NS,
            PacketContent::Reset | PacketContent::Ack => return,
            _ => RETRY_NS,
        };
        let wait_ns = (first_ns << packet.retries.min(20)).min(RETRY_NS_MAX);
        let at_ns = self.now_ns().saturating_add(wait_ns);
        packet.is_lost = true;
        self.network.packets.insert(id, packet);
        self.queue.push(at_ns, Happening::PacketMissed(id));
    }

    /// The time in which an answer should have come is over.
    pub(crate) fn packet_missed(&mut self, id: PacketId) {
        let Some(mut packet) = self.network.packets.remove(&id) else {
            return;
        };
        let retries_max = match packet.content {
            PacketContent::Syn => SYN_RETRIES_MAX,
            _ => RETRIES_MAX,
        };
        let cause = Some(packet.event);
        if packet.content == PacketContent::Syn && self.socket(packet.from).is_none() {
            return;
        }
        if packet.retries >= retries_max {
            self.fail(packet.from, ETIMEDOUT, cause);
            return;
        }
        packet.retries += 1;
        packet.is_lost = false;
        self.transmit(packet, cause);
    }

    /// What a host would have sent again.
    pub(super) fn forget_lost_packets(&mut self, host: HostId) {
        let packets = self.network.packets.iter();
        let forgotten: Vec<PacketId> = packets
            .filter(|(_, packet)| packet.is_lost && packet.from_host == host)
            .map(|(id, _)| *id)
            .collect();
        for id in forgotten {
            self.network.packets.remove(&id);
        }
    }

    /// The connection is no more, for this end.
    fn fail(&mut self, number: SocketId, errno: i32, cause: Option<EventId>) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        match socket.state {
            State::Connecting if socket.is_client => {
                socket.state = State::Idle;
                socket.remote = None;
                self.tell(number, Change::Failed(errno), cause);
            }
            State::Open | State::Connecting => {
                socket.error = errno;
                socket.was_reset = true;
                socket.inbox.clear();
                let waits = std::mem::take(&mut socket.wants_room);
                self.tell_readable(number, cause);
                if waits {
                    self.tell(number, Change::Writable, cause);
                }
            }
            State::Idle | State::Listening { .. } | State::Datagrams(_) => {}
        }
    }

    pub(crate) fn packet_arrives(&mut self, id: PacketId) {
        self.network.flights.remove(&id);
        let Some(mut packet) = self.network.packets.remove(&id) else {
            return;
        };
        if !self.network.hosts[packet.to_host as usize].is_up {
            self.lose(id, packet);
            return;
        }
        let full = match (&packet.content, &packet.to) {
            (PacketContent::Syn, Goal::Listener(called)) => self
                .listener_for(packet.to_host, called)
                .filter(|listener| self.is_full(*listener)),
            _ => None,
        };
        if full.is_some() {
            // Linux drops it, and the client asks again.
            self.lose(id, packet);
            return;
        }
        let arrived = EventKind::PacketArrived { packet: id };
        packet.event = self.record(Some(packet.event), packet.process, arrived, vec![]);
        match (packet.content, packet.to.clone()) {
            (PacketContent::Syn, Goal::Listener(called)) => self.syn_arrives(&packet, &called),
            (PacketContent::SynAck, Goal::Socket(to)) => self.syn_ack_arrives(&packet, to),
            (PacketContent::Ack, Goal::Socket(to)) => self.ready(to, Some(packet.event)),
            (PacketContent::Refusal, Goal::Socket(to)) => {
                self.fail(to, ECONNREFUSED, Some(packet.event));
            }
            (PacketContent::Reset, Goal::Socket(to)) => {
                self.fail(to, ECONNRESET, Some(packet.event));
            }
            (PacketContent::Window, Goal::Socket(to)) => {
                self.give_room(to, packet.room, Some(packet.event));
            }
            (PacketContent::Data | PacketContent::Fin, Goal::Socket(to)) => {
                self.piece_arrives(packet, to);
            }
            _ => {}
        }
    }

    fn is_full(&self, listener: SocketId) -> bool {
        match self.socket(listener).map(|socket| &socket.state) {
            Some(State::Listening { backlog, waiting }) => waiting.len() >= *backlog,
            _ => false,
        }
    }

    /// A packet in answer to one that no socket stands behind.
    fn answer(&mut self, packet: &Packet, content: PacketContent) {
        let answer = Packet {
            connection: packet.connection,
            from: 0,
            from_host: packet.to_host,
            to: Goal::Socket(packet.from),
            to_host: packet.from_host,
            from_client: !packet.from_client,
            content,
            sequence: 0,
            bytes: Vec::new(),
            carried: None,
            room: 0,
            retries: 0,
            is_lost: false,
            process: packet.process,
            event: 0,
        };
        self.transmit(answer, Some(packet.event));
    }

    fn syn_arrives(&mut self, packet: &Packet, called: &Address) {
        let is_local = packet.from_host == packet.to_host;
        let client = packet.from;
        let Some(client_address) = self.socket(client).and_then(|socket| socket.local.clone())
        else {
            return;
        };
        let Some(listener) = self.listener_for(packet.to_host, called) else {
            match called {
                Address::Path(_) => self.fail(client, ENOENT, Some(packet.event)),
                _ if is_local => self.fail(client, ECONNREFUSED, Some(packet.event)),
                _ => self.answer(packet, PacketContent::Refusal),
            }
            return;
        };
        let Some((both, bytes_max)) = self
            .socket(listener)
            .map(|socket| (socket.hears_both_families(), socket.bytes_max))
        else {
            return;
        };
        let server = self.open_socket(packet.to_host, None);
        let connection = packet.connection;
        if let Some(socket) = self.socket_mut(server) {
            socket.state = State::Connecting;
            socket.is_client = false;
            socket.connection = connection;
            socket.local = Some(seen(called.clone(), both));
            socket.remote = Some(seen(client_address, both));
            socket.peer = Some((client, packet.from_host));
            socket.listener = Some(listener);
            socket.bytes_max = bytes_max;
        }
        if is_local {
            // Within a host the handshake is done before the call returns; the server is heard first, because its
            // socket was being watched already.
            self.ready(server, Some(packet.event));
            self.opened(client, server, packet.to_host, Some(packet.event));
            return;
        }
        let by = By {
            process: packet.process,
            cause: Some(packet.event),
        };
        let to = Goal::Socket(client);
        self.send_control(server, packet.from_host, to, PacketContent::SynAck, by);
    }

    fn syn_ack_arrives(&mut self, packet: &Packet, client: SocketId) {
        if self.socket(client).is_none() {
            self.answer(packet, PacketContent::Reset);
            return;
        }
        let by = By {
            process: packet.process,
            cause: Some(packet.event),
        };
        let to = Goal::Socket(packet.from);
        self.send_control(client, packet.from_host, to, PacketContent::Ack, by);
        self.opened(client, packet.from, packet.from_host, Some(packet.event));
    }

    /// The client's end is connected.
    fn opened(&mut self, client: SocketId, server: SocketId, host: HostId, cause: Option<EventId>) {
        let Some(socket) = self.socket_mut(client) else {
            return;
        };
        if socket.state == State::Connecting {
            socket.state = State::Open;
            socket.peer = Some((server, host));
            self.tell(client, Change::Connected, cause);
        }
    }

    /// The server's end is connected, and waits to be accepted.
    fn ready(&mut self, server: SocketId, cause: Option<EventId>) {
        let Some(socket) = self.socket_mut(server) else {
            return;
        };
        if socket.state != State::Connecting || socket.is_client {
            return;
        }
        socket.state = State::Open;
        let listener = socket.listener.unwrap_or_default();
        match self.socket_mut(listener).map(|socket| &mut socket.state) {
            Some(State::Listening { waiting, .. }) => {
                waiting.push_back(server);
                self.tell_readable(listener, cause);
            }
            _ => self.reset_socket(server, By { process: 0, cause }),
        }
    }

    fn piece_arrives(&mut self, packet: Packet, to: SocketId) {
        let cause = Some(packet.event);
        // The acknowledgement that ends the handshake was lost, and this says the same.
        self.ready(to, cause);
        let Some(socket) = self.socket_mut(to) else {
            if packet.content == PacketContent::Data {
                self.answer(&packet, PacketContent::Reset);
            }
            return;
        };
        if socket.was_reset {
            return;
        }
        socket.early.insert(packet.sequence, packet);
        let mut has_news = false;
        while let Some(next) = socket.early.remove(&socket.expected) {
            socket.expected += 1;
            has_news = true;
            if let Some(carried) = next.carried {
                let at = socket.taken + socket.inbox.len() as u64;
                socket.carried.push_back((at, carried));
            }
            if next.content == PacketContent::Fin {
                socket.has_ended = true;
            } else if socket.inbox.is_empty() {
                socket.inbox = next.bytes.into();
            } else {
                socket.inbox.extend(next.bytes);
            }
        }
        if has_news {
            self.tell_readable(to, cause);
        }
    }
}

/// A server for both families names everybody by IPv6.
fn seen(address: Address, both: bool) -> Address {
    match address {
        Address::Ip(std::net::SocketAddr::V4(at)) if both => {
            let ip = at.ip().to_ipv6_mapped();
            Address::Ip(std::net::SocketAddr::from((ip, at.port())))
        }
        address => address,
    }
}
