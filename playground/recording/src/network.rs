//! Hosts, the links between them, connections, packets and the requests that they carry, indexed while the trace grows.
//!
//! A *request* begins with what its client sends first, be it the packet that asks for a connection, and ends when the
//! last packet of its answer is there, or when there can be none. Where messages begin a [`crate::decode::Decoder`]
//! says; what belongs to a request the causes in the trace say: whatever the arrival of its question leads to, up to
//! the arrival of its answer, which leads on in the request that its client was at work for. A request's parent is the
//! one whose work sent it, or the one with the same trace in its `traceparent` where causes lead nowhere.
//!
//! A connection over which nothing is ever asked is no request. One that fails is, since it would have carried one.

use std::collections::BTreeMap;

use protocol::{
    Event, EventId, EventKind,
    scenario::Change,
    trace::{ConnectionId, PacketContent, PacketId},
};

use crate::{
    Few, Recording, TaskIndex,
    decode::{Beginning, DECODERS, Decoder, Message, Turn},
    stays::{Stays, upto},
};

pub type HostIndex = usize;
pub type LinkIndex = usize;
/// Position in [`Network::requests`]: in the order in which they were begun.
pub type RequestIndex = usize;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub struct Host {
    pub name: String,
    /// What is modelled there: a load, or services.
    pub machines: Vec<String>,
    connections: Stays,
}

/// One direction between two hosts, or within one.
#[derive(Clone, Debug)]
pub struct Link {
    pub from: HostIndex,
    pub to: HostIndex,
    packets: Vec<PacketId>,
    stays: Stays,
    /// How long the last packet that arrived was on its way.
    transit_ns: u64,
}

#[derive(Clone, Debug)]
pub struct Packet {
    pub connection: ConnectionId,
    pub link: LinkIndex,
    pub from_client: bool,
    pub content: PacketContent,
    pub bytes: u64,
    pub sent: EventId,
    /// Where it arrives or is lost, once the trace says so.
    pub left: Option<EventId>,
    pub lost: bool,
    pub request: Option<RequestIndex>,
    /// A message begins in it.
    pub begins: bool,
    /// It is of an answer, and of none that only says that the answer is still to come.
    is_answer: bool,
    position: usize,
}

struct Speaking(&'static dyn Decoder);

impl Clone for Speaking {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl std::fmt::Debug for Speaking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a decoder")
    }
}

#[derive(Clone, Debug)]
struct Connection {
    client: HostIndex,
    server: HostIndex,
    begun: u32,
    /// Of its ends, among the connections of their hosts, and whether they have gone from there.
    positions: [usize; 2],
    is_gone: [bool; 2],
    decoder: Option<Speaking>,
    client_spoke_last: Option<bool>,
    /// Asked and not answered, oldest first.
    pending: Vec<RequestIndex>,
    /// Whose answer is coming.
    answering: Option<RequestIndex>,
    /// Begun with the connection, until something is asked.
    opening: Option<RequestIndex>,
    /// Which side has heard that the other will say no more.
    is_finished: [bool; 2],
    /// Not answered when their client said that it would ask no more, and when that was.
    doubtful: Vec<(RequestIndex, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// Nobody listens there.
    Refused,
    /// The connection ended before the answer had come.
    CutShort,
    /// Its client broke off.
    GivenUp,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub connection: ConnectionId,
    pub client: HostIndex,
    pub server: HostIndex,
    pub parent: Option<RequestIndex>,
    /// Its client's first packet, or the wish for a connection.
    pub sent: EventId,
    /// Those in which question and answer begin.
    pub question: Option<PacketId>,
    pub answer: Option<PacketId>,
    pub end: Option<(EventId, Fate)>,
    /// Of all processes, in the order in which they were queued.
    pub tasks: Vec<TaskIndex>,
    is_real: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sent: usize,
    pub answered: usize,
    pub failed: usize,
    pub in_flight: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Network {
    hosts: Vec<Host>,
    host_numbers: Few<String, HostIndex>,
    links: Vec<Link>,
    link_numbers: Few<(HostIndex, HostIndex), LinkIndex>,
    /// By their numbers: in the order of times, which here is not that of the trace, some come late.
    packets: Vec<Option<Packet>>,
    connections: Vec<Option<Connection>>,
    requests: Vec<Request>,
    stays: Stays,
    /// Events of those that have turned out to be requests, and of their ends.
    sent: Vec<u32>,
    answered: Vec<u32>,
    failed: Vec<u32>,
    /// For each event, the request in whose name it happens.
    tags: Vec<u32>,
    traces: BTreeMap<String, RequestIndex>,
    /// By the event that tells of it.
    lost: Few<u32, PacketId>,
}

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Travelling {
    pub packet: PacketId,
    pub from_client: bool,
    /// From 0 to 1.
    pub way: f64,
    pub bytes: u64,
    pub request: Option<RequestIndex>,
}

impl Network {
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.hosts.iter().all(|host| host.machines.is_empty())
    }

    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    pub fn links(&self) -> &[Link] {
        &self.links
    }

    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub fn request(&self, request: RequestIndex) -> &Request {
        &self.requests[request]
    }

    pub fn packet(&self, packet: PacketId) -> Option<&Packet> {
        self.packets
            .get((packet as usize).checked_sub(1)?)?
            .as_ref()
    }

    fn connection(&self, connection: ConnectionId) -> Option<&Connection> {
        let at = (connection as usize).checked_sub(1)?;
        self.connections.get(at)?.as_ref()
    }

    /// One that an event has named before.
    fn known(&mut self, connection: ConnectionId) -> &mut Connection {
        let slot = &mut self.connections[connection as usize - 1];
        slot.as_mut().expect("it was begun")
    }

    /// All packets of a link, in the order in which they were sent.
    pub fn packets_of(&self, link: LinkIndex) -> &[PacketId] {
        &self.links[link].packets
    }

    /// In whose name an event happens.
    pub fn request_of(&self, event: EventId) -> Option<RequestIndex> {
        let tag = *self.tags.get(event as usize)?;
        (tag != NONE).then_some(tag as usize)
    }

    /// Not a connection over which nothing was asked.
    pub fn is_request(&self, request: RequestIndex) -> bool {
        self.requests[request].is_real
    }

    pub fn counts(&self, event: EventId) -> Counts {
        let (sent, answered, failed) = (
            upto(&self.sent, event),
            upto(&self.answered, event),
            upto(&self.failed, event),
        );
        Counts {
            sent,
            answered,
            failed,
            in_flight: self.stays.count(event),
        }
    }

    /// Requests that are under way, oldest first.
    pub fn requests_in_flight(&self, event: EventId, max: usize) -> Vec<RequestIndex> {
        self.stays.at(event, max)
    }

    pub fn connections_open(&self, host: HostIndex, event: EventId) -> usize {
        self.hosts[host].connections.count(event)
    }

    pub fn in_flight_count(&self, link: LinkIndex, event: EventId) -> usize {
        self.links[link].stays.count(event)
    }

    /// Events at which ends of connections come to a host, and at which they go.
    pub(crate) fn connection_events(&self, host: HostIndex) -> (&[u32], &[u32]) {
        self.hosts[host].connections.events()
    }

    pub(crate) fn packet_events(&self, link: LinkIndex) -> (&[u32], &[u32]) {
        self.links[link].stays.events()
    }

    // --- indexing ---

    pub(crate) fn index(&mut self, id: u32, event: &Event, time_of: impl Fn(EventId) -> u64) {
        let inherited = event.cause.and_then(|cause| self.request_of(cause));
        let mut tag = inherited;
        match &event.kind {
            EventKind::ProcessStarted { host, .. } => {
                self.host(host);
            }
            EventKind::LoadBegun { name, host, .. }
            | EventKind::ServiceStarted { name, host, .. } => {
                let host = self.host(host);
                self.hosts[host].machines.push(name.clone());
            }
            EventKind::ConnectionBegun {
                connection,
                client,
                server,
            } if is_free(&self.connections, *connection) => {
                let (client, server) = (self.host(&client.host), self.host(&server.host));
                let positions = [client, server].map(|host| self.hosts[host].connections.come(id));
                let request = self.begin(id, *connection, client, server, inherited);
                let begun = Connection {
                    client,
                    server,
                    begun: id,
                    positions,
                    is_gone: [false; 2],
                    decoder: None,
                    client_spoke_last: None,
                    pending: Vec::new(),
                    answering: None,
                    opening: Some(request),
                    is_finished: [false; 2],
                    doubtful: Vec::new(),
                };
                put(&mut self.connections, *connection, begun);
                tag = Some(request);
            }
            EventKind::PacketSent {
                packet,
                connection,
                from_client,
                content,
                bytes,
                head,
            } if is_free(&self.packets, *packet) && self.connection(*connection).is_some() => {
                let sent = Sent {
                    id,
                    packet: *packet,
                    connection: *connection,
                    from_client: *from_client,
                    content: *content,
                    cause: event.cause,
                    inherited,
                };
                tag = self.send(sent, *bytes, head);
            }
            EventKind::PacketArrived { packet } => {
                tag = self
                    .leave(id, *packet, false, event.time_ns, &time_of)
                    .or(tag);
                if let Some(packet) = self.packet(*packet)
                    && packet.is_answer
                {
                    // The answer is there, and its client goes on with what it asked for.
                    tag = packet
                        .request
                        .and_then(|request| self.requests[request].parent);
                }
            }
            EventKind::PacketLost { packet } => {
                self.leave(id, *packet, true, event.time_ns, &time_of);
            }
            EventKind::WorldChanged {
                what: Change::Power { host, is_up: false },
            } => self.lose_power(host, id),
            _ => {}
        }
        self.tags.push(tag.map_or(NONE, |request| request as u32));
    }

    /// Called with each task that is queued, after its event.
    pub(crate) fn note_task(&mut self, task: TaskIndex, queued: EventId) {
        if let Some(request) = self.request_of(queued) {
            self.requests[request].tasks.push(task);
        }
    }

    fn host(&mut self, name: &str) -> HostIndex {
        if let Some(host) = self.host_numbers.get(name) {
            return *host;
        }
        self.host_numbers.insert(name.to_owned(), self.hosts.len());
        self.hosts.push(Host {
            name: name.to_owned(),
            ..Host::default()
        });
        self.hosts.len() - 1
    }

    fn link(&mut self, from: HostIndex, to: HostIndex) -> LinkIndex {
        *self.link_numbers.or_insert_with((from, to), || {
            self.links.push(Link {
                from,
                to,
                packets: Vec::new(),
                stays: Stays::default(),
                transit_ns: 0,
            });
            self.links.len() - 1
        })
    }

    /// It counts from when something is asked.
    fn begin(
        &mut self,
        id: u32,
        connection: ConnectionId,
        client: HostIndex,
        server: HostIndex,
        parent: Option<RequestIndex>,
    ) -> RequestIndex {
        let request = self.stays.come(id);
        self.stays.leave(request, id);
        self.requests.push(Request {
            connection,
            client,
            server,
            parent,
            sent: u64::from(id),
            question: None,
            answer: None,
            end: None,
            tasks: Vec::new(),
            is_real: false,
        });
        request
    }

    fn is_one(&mut self, request: RequestIndex) {
        let sent = self.requests[request].sent as u32;
        if !std::mem::replace(&mut self.requests[request].is_real, true) {
            self.stays.stay_on(request, sent);
            put_in(&mut self.sent, sent);
        }
    }

    fn end(&mut self, request: RequestIndex, id: u32, fate: Fate) {
        let before = self.requests[request].end.replace((u64::from(id), fate));
        if let Some((at, fate)) = before {
            let at = at as u32;
            let ended = match fate {
                Fate::Answered => &mut self.answered,
                _ => &mut self.failed,
            };
            if let Ok(place) = ended.binary_search(&at) {
                ended.remove(place);
            }
            self.stays.stay_on(request, at);
        }
        self.stays.leave(request, id);
        match fate {
            Fate::Answered => put_in(&mut self.answered, id),
            _ => put_in(&mut self.failed, id),
        }
    }

    fn send(&mut self, sent: Sent, bytes: u64, head: &[u8]) -> Option<RequestIndex> {
        let at = sent.connection;
        let connection = self.known(at);
        let (client, server) = (connection.client, connection.server);
        let (from, to) = if sent.from_client {
            (client, server)
        } else {
            (server, client)
        };
        let link = self.link(from, to);
        let position = self.links[link].stays.come(sent.id);
        self.links[link].packets.push(sent.packet);
        let mut begins = false;
        let mut is_answer = false;
        let in_place_of = sent
            .cause
            .and_then(|cause| self.lost.get(&(cause as u32)))
            .and_then(|packet| self.packet(*packet))
            .filter(|packet| packet.connection == sent.connection);
        let request = match (sent.content, sent.from_client) {
            _ if let Some(lost) = in_place_of => {
                (begins, is_answer) = (lost.begins, lost.is_answer);
                lost.request
            }
            (PacketContent::Data, true) => {
                begins = self.asks(at, &sent, head);
                self.known(at).pending.last().copied()
            }
            (PacketContent::Data, false) => {
                let beginning = self.answers(at, &sent, head);
                begins = beginning != Beginning::No;
                is_answer = beginning != Beginning::Interim;
                let connection = self.known(at);
                match is_answer {
                    true => connection.answering,
                    false => connection.pending.first().copied(),
                }
            }
            _ => self.known(at).opening,
        };
        let packet = Packet {
            connection: sent.connection,
            link,
            from_client: sent.from_client,
            content: sent.content,
            bytes,
            sent: u64::from(sent.id),
            left: None,
            lost: false,
            request,
            begins,
            is_answer,
            position,
        };
        put(&mut self.packets, sent.packet, packet);
        match (sent.content, sent.from_client) {
            (PacketContent::Fin, true) => self.doubt_all(at, sent.id),
            (PacketContent::Reset, true) => self.give_up_all(at, sent.id),
            // Datagrams make no connection.
            (PacketContent::Datagram, _) => {
                let begun = self.known(at).begun;
                self.go(at, 0, begun);
                self.go(at, 1, begun);
            }
            _ => {}
        }
        request.or(sent.inherited)
    }

    /// The client speaks: says whether a question begins.
    fn asks(&mut self, at: ConnectionId, sent: &Sent, head: &[u8]) -> bool {
        let connection = self.known(at);
        let turn = Turn {
            from_client: true,
            is_new: connection.client_spoke_last != Some(true),
        };
        connection.client_spoke_last = Some(true);
        let is = |decoder: &dyn Decoder| decoder.begins(head, turn) == Beginning::Message;
        let decoder = match &connection.decoder {
            Some(decoder) => decoder.0,
            None => match DECODERS.into_iter().find(|decoder| is(*decoder)) {
                Some(decoder) => decoder,
                None => return false,
            },
        };
        connection.decoder = Some(Speaking(decoder));
        if !is(decoder) {
            return false;
        }
        let opening = connection.opening.take();
        let (client, server) = (connection.client, connection.server);
        let request = match opening {
            Some(request) => request,
            None => self.begin(sent.id, sent.connection, client, server, sent.inherited),
        };
        self.requests[request].question = Some(sent.packet);
        let trace = decoder.read(head, head.len() as u64).trace;
        if let Some(trace) = trace {
            let first = *self.traces.entry(trace.trace).or_insert(request);
            if first != request && self.requests[request].parent.is_none() {
                self.requests[request].parent = Some(first);
            }
        }
        self.is_one(request);
        self.known(at).pending.push(request);
        true
    }

    /// The server speaks: says what begins.
    fn answers(&mut self, at: ConnectionId, sent: &Sent, head: &[u8]) -> Beginning {
        let connection = self.known(at);
        let turn = Turn {
            from_client: false,
            is_new: connection.client_spoke_last == Some(true),
        };
        connection.client_spoke_last = Some(false);
        let decoder = connection.decoder.as_ref();
        let beginning = decoder.map_or(Beginning::No, |decoder| decoder.0.begins(head, turn));
        if connection.pending.is_empty() || beginning != Beginning::Message {
            return beginning;
        }
        let request = connection.pending.remove(0);
        connection.answering = Some(request);
        self.requests[request].answer = Some(sent.packet);
        beginning
    }

    /// A packet arrives or is lost. Says whose it is.
    fn leave(
        &mut self,
        id: u32,
        packet: PacketId,
        lost: bool,
        now_ns: u64,
        time_ns: impl Fn(EventId) -> u64,
    ) -> Option<RequestIndex> {
        let packet_id = packet;
        let at = (packet as usize).checked_sub(1)?;
        let packet = self.packets.get_mut(at)?.as_mut()?;
        if packet.left.is_some() {
            return packet.request;
        }
        packet.left = Some(u64::from(id));
        packet.lost = lost;
        let packet = packet.clone();
        let link = &mut self.links[packet.link];
        link.stays.leave(packet.position, id);
        if lost {
            self.lost.insert(id, packet_id);
            return packet.request;
        }
        link.transit_ns = now_ns.saturating_sub(time_ns(packet.sent));
        let at = packet.connection;
        match packet.content {
            PacketContent::Data if packet.is_answer => {
                if let Some(request) = packet.request {
                    self.end(request, id, Fate::Answered);
                }
            }
            PacketContent::Refusal => self.fail_all(at, id, Fate::Refused),
            PacketContent::Reset => self.fail_all(at, id, Fate::CutShort),
            PacketContent::Fin if !packet.from_client => self.fail_all(at, id, Fate::CutShort),
            _ => {}
        }
        let connection = self.known(at);
        if packet.content == PacketContent::Fin {
            connection.is_finished[usize::from(packet.from_client)] = true;
        }
        let is_broken = matches!(
            packet.content,
            PacketContent::Refusal | PacketContent::Reset
        );
        if is_broken || connection.is_finished == [true; 2] {
            self.go(at, 0, id);
            self.go(at, 1, id);
        }
        packet.request
    }

    /// From then on that end of the connection, the client's or the server's, is no more.
    fn go(&mut self, at: ConnectionId, end: usize, id: u32) {
        let connection = self.known(at);
        if std::mem::replace(&mut connection.is_gone[end], true) {
            return;
        }
        let host = [connection.client, connection.server][end];
        let position = connection.positions[end];
        self.hosts[host].connections.leave(position, id);
    }

    /// A host without power has no connections. Those at their other ends do not know.
    fn lose_power(&mut self, host: &str, id: u32) {
        let Some(host) = self.host_numbers.get(host).copied() else {
            return;
        };
        for at in 1..=self.connections.len() as u64 {
            let ends = self
                .connection(at)
                .map(|known| [known.client, known.server]);
            for end in [0, 1] {
                if ends.is_some_and(|ends| ends[end] == host) {
                    self.go(at, end, id);
                }
            }
        }
    }

    /// Its client will ask no more. It is given up, unless the client still hears the answer.
    fn doubt_all(&mut self, at: ConnectionId, id: u32) {
        let connection = self.known(at);
        let (pending, answering) = (connection.pending.clone(), connection.answering);
        let begun = answering.filter(|request| self.requests[*request].end.is_none());
        let doubtful = pending.iter().copied().chain(begun);
        let doubtful: Vec<(RequestIndex, u32)> = doubtful.map(|request| (request, id)).collect();
        self.known(at).doubtful.extend(doubtful);
        self.fail_all(at, id, Fate::GivenUp);
        self.known(at).pending = pending;
    }

    /// Its client breaks off. If it had closed already, it has heard nothing since.
    fn give_up_all(&mut self, at: ConnectionId, id: u32) {
        for (request, since) in std::mem::take(&mut self.known(at).doubtful) {
            self.end(request, since, Fate::GivenUp);
        }
        self.fail_all(at, id, Fate::GivenUp);
    }

    fn fail_all(&mut self, at: ConnectionId, id: u32, fate: Fate) {
        let connection = self.known(at);
        let mut failed = std::mem::take(&mut connection.pending);
        // An answer that has begun and of which nothing has come.
        failed.extend(connection.answering);
        let is_silent = connection.client_spoke_last.is_none();
        if let Some(request) = connection.opening.take()
            && (fate == Fate::Refused || is_silent && fate == Fate::CutShort)
        {
            // To close what was never used is no failure.
            failed.push(request);
        }
        for request in failed {
            self.is_one(request);
            if self.requests[request].end.is_none() {
                self.end(request, id, fate);
            }
        }
    }
}

struct Sent {
    id: u32,
    packet: PacketId,
    connection: ConnectionId,
    from_client: bool,
    content: PacketContent,
    cause: Option<EventId>,
    inherited: Option<RequestIndex>,
}

/// A trace that jumps ahead is not worth the memory of the gap.
fn is_free<T>(slots: &[Option<T>], number: u64) -> bool {
    const GAP_MAX: u64 = 1 << 16;
    number > 0
        && number < slots.len() as u64 + GAP_MAX
        && slots.get(number as usize - 1).is_none_or(Option::is_none)
}

fn put<T>(slots: &mut Vec<Option<T>>, number: u64, value: T) {
    if (slots.len() as u64) < number {
        slots.resize_with(number as usize, || None);
    }
    slots[number as usize - 1] = Some(value);
}

fn put_in(sorted: &mut Vec<u32>, id: u32) {
    let place = sorted.partition_point(|other| *other <= id);
    sorted.insert(place, id);
}

impl Recording {
    /// Packets on a link at a moment, in the order in which they were sent, at most `max`. `time_ns` may be later than
    /// the event, while real time plays.
    pub fn travelling(
        &self,
        link: LinkIndex,
        event: EventId,
        time_ns: u64,
        max: usize,
    ) -> Vec<Travelling> {
        let network = self.network();
        let drawn = &network.links[link];
        let positions = drawn.stays.at(event, max);
        let packets = positions.into_iter().filter_map(|position| {
            let id = drawn.packets[position];
            let packet = network.packet(id)?;
            let sent_ns = self.time_ns(packet.sent);
            // One of which the recording does not know when it arrives is drawn as the one before it.
            let left_ns = packet
                .left
                .map_or(sent_ns + drawn.transit_ns, |left| self.time_ns(left));
            let length_ns = left_ns.saturating_sub(sent_ns).max(1);
            let gone_ns = time_ns.saturating_sub(sent_ns).min(length_ns);
            Some(Travelling {
                packet: id,
                from_client: packet.from_client,
                way: gone_ns as f64 / length_ns as f64,
                bytes: packet.bytes,
                request: packet.request,
            })
        });
        packets.collect()
    }

    /// What the message says that begins in a packet; of one that goes on with another, its bytes.
    pub fn message(&self, packet: PacketId) -> Option<Message> {
        let known = self.network().packet(packet)?;
        let EventKind::PacketSent { bytes, head, .. } = &self.event(known.sent)?.kind else {
            return None;
        };
        if known.content != PacketContent::Data {
            return None;
        }
        let connection = self.network().connection(known.connection)?;
        let any = DECODERS[DECODERS.len() - 1];
        let decoder = connection.decoder.as_ref().map_or(any, |decoder| decoder.0);
        Some(if known.begins { decoder } else { any }.read(head, *bytes))
    }

    /// `GET /notes`, `SYN`: a packet by the message that begins in it or by what it is.
    pub fn packet_line(&self, packet: PacketId) -> String {
        let known = self.network().packet(packet);
        match known
            .and_then(|known| self.event(known.sent))
            .map(|sent| &sent.kind)
        {
            Some(EventKind::PacketSent {
                content,
                bytes,
                head,
                ..
            }) => match self.message(packet) {
                Some(message) => message.line,
                None => crate::sentence::what(*content, *bytes, head),
            },
            _ => String::new(),
        }
    }

    /// `GET /notes`, or what was wished for without a word.
    pub fn request_line(&self, request: RequestIndex) -> String {
        let request = self.network().request(request);
        match request.question.and_then(|packet| self.message(packet)) {
            Some(message) => message.line,
            None => "a connection".to_owned(),
        }
    }
}
