//! Packets, connections and requests, from the raw trace: each is looked up among all of them whenever it is asked for.
//!
//! What a request is, is written down once more here, in its own words. It is what a client says, and begins with its
//! wish for a connection, if it is the first on one. It ends with the last packet of its answer; or, when no answer comes,
//! where that is certain: its connection is refused, reset or ended by the server, or given up by the client.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Event, EventKind, scenario::Change, trace::PacketContent};

#[derive(Clone, Debug)]
pub struct Packet {
    pub number: u64,
    pub connection: u64,
    pub from_client: bool,
    pub content: PacketContent,
    pub bytes: u64,
    pub head: Vec<u8>,
    pub sent: usize,
    pub arrived: Option<usize>,
    pub lost: Option<usize>,
    /// The one in whose place it is sent.
    instead_of: Option<u64>,
}

impl Packet {
    fn gone(&self) -> usize {
        self.arrived.or(self.lost).unwrap_or(usize::MAX)
    }
}

#[derive(Clone, Debug)]
pub struct Connection {
    pub begun: usize,
    pub client: String,
    pub server: String,
    /// In the order in which they were sent.
    packets: Vec<u64>,
    /// When it is no more; never for one that stays.
    over: usize,
    is_of_datagrams: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Answered,
    Refused,
    CutShort,
    GivenUp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    pub begun: usize,
    pub connection: u64,
    pub end: Option<(usize, Fate)>,
    pub question: Option<u64>,
    pub answer: Option<u64>,
    /// What its answer says, where that has a status.
    pub status: Option<u16>,
    pub client: String,
    pub server: String,
}

#[derive(Clone, Debug, Default)]
pub struct Network {
    pub packets: BTreeMap<u64, Packet>,
    pub connections: BTreeMap<u64, Connection>,
    pub requests: Vec<Request>,
    /// When hosts lose their power.
    outages: Vec<(usize, String)>,
    /// By the number of a lost packet, the one that is sent in its place.
    again: BTreeMap<u64, u64>,
}

impl Network {
    pub fn of(events: &[Event]) -> Self {
        let mut network = Self::default();
        let mut losses = BTreeMap::new();
        for (id, event) in events.iter().enumerate() {
            match &event.kind {
                EventKind::ConnectionBegun {
                    connection,
                    client,
                    server,
                } => {
                    let begun = Connection {
                        begun: id,
                        client: client.host.clone(),
                        server: server.host.clone(),
                        packets: Vec::new(),
                        over: usize::MAX,
                        is_of_datagrams: false,
                    };
                    network.connections.insert(*connection, begun);
                }
                EventKind::PacketSent {
                    packet,
                    connection,
                    from_client,
                    content,
                    bytes,
                    head,
                } => {
                    let lost = event.cause.and_then(|cause| losses.get(&cause)).copied();
                    let lost = lost.filter(|lost| network.packets[lost].connection == *connection);
                    let sent = Packet {
                        number: *packet,
                        connection: *connection,
                        from_client: *from_client,
                        content: *content,
                        bytes: *bytes,
                        head: head.clone(),
                        sent: id,
                        arrived: None,
                        lost: None,
                        instead_of: lost,
                    };
                    network.packets.insert(*packet, sent);
                    let of = network
                        .connections
                        .get_mut(connection)
                        .expect("it was begun");
                    of.packets.push(*packet);
                    of.is_of_datagrams |= *content == PacketContent::Datagram;
                    network.again.extend(lost.map(|lost| (lost, *packet)));
                }
                EventKind::PacketArrived { packet } => {
                    network
                        .packets
                        .get_mut(packet)
                        .expect("it was sent")
                        .arrived = Some(id);
                }
                EventKind::PacketLost { packet } => {
                    network.packets.get_mut(packet).expect("it was sent").lost = Some(id);
                    losses.insert(id as u64, *packet);
                }
                EventKind::WorldChanged {
                    what: Change::Power { host, is_up: false },
                } => network.outages.push((id, host.clone())),
                _ => {}
            }
        }
        let connections: Vec<u64> = network.connections.keys().copied().collect();
        for connection in connections {
            let over = network.over_at(connection);
            network
                .connections
                .get_mut(&connection)
                .expect("it is there")
                .over = over;
            let requests = network.requests_over(connection);
            network.requests.extend(requests);
        }
        network.requests.sort();
        network
    }

    fn of_connection(&self, connection: u64) -> Vec<&Packet> {
        let packets = self.connections[&connection].packets.iter();
        packets.map(|packet| &self.packets[packet]).collect()
    }

    // --- at a moment, once the event has happened ---

    /// On their way, in the order in which they were sent.
    pub fn flying(&self, event: usize) -> Vec<&Packet> {
        let packets = self.packets.values();
        let mut found: Vec<&Packet> = packets
            .filter(|packet| packet.sent <= event && event < packet.gone())
            .collect();
        found.sort_by_key(|packet| packet.sent);
        found
    }

    /// From which host to which.
    pub fn way(&self, packet: &Packet) -> (&str, &str) {
        let ends = &self.connections[&packet.connection];
        match packet.from_client {
            true => (&ends.client, &ends.server),
            false => (&ends.server, &ends.client),
        }
    }

    /// Pairs of hosts between which something was ever sent.
    pub fn ways(&self) -> BTreeSet<(String, String)> {
        let ways = self.packets.values().map(|packet| {
            let (from, to) = self.way(packet);
            (from.to_owned(), to.to_owned())
        });
        ways.collect()
    }

    /// How many ends of connections are open at a host. One to itself has both there.
    pub fn open_at(&self, host: &str, event: usize) -> usize {
        let connections = self.connections.values();
        let ends = connections.map(|connection| {
            // Datagrams make no connection.
            if connection.begun > event || event >= connection.over || connection.is_of_datagrams {
                return 0;
            }
            let was_cut = self
                .outages
                .iter()
                .any(|(at, of)| of == host && connection.begun < *at && *at <= event);
            match was_cut {
                true => 0,
                false => {
                    usize::from(connection.client == host) + usize::from(connection.server == host)
                }
            }
        });
        ends.sum()
    }

    /// Both sides have heard that nothing more comes, or one that it is broken off.
    fn over_at(&self, connection: u64) -> usize {
        let packets = self.of_connection(connection);
        let first = |wanted: &dyn Fn(&Packet) -> bool| {
            let arrived = packets
                .iter()
                .filter(|packet| wanted(packet))
                .filter_map(|packet| packet.arrived);
            arrived.min().unwrap_or(usize::MAX)
        };
        let fin = |from_client: bool| {
            first(&|packet| {
                packet.content == PacketContent::Fin && packet.from_client == from_client
            })
        };
        let broken = first(&|packet| {
            matches!(
                packet.content,
                PacketContent::Reset | PacketContent::Refusal
            )
        });
        fin(true).max(fin(false)).min(broken)
    }

    // --- requests ---

    fn requests_over(&self, number: u64) -> Vec<Request> {
        let ends = &self.connections[&number];
        let packets = self.of_connection(number);
        let blank = Request {
            begun: ends.begun,
            connection: number,
            end: None,
            question: None,
            answer: None,
            status: None,
            client: ends.client.clone(),
            server: ends.server.clone(),
        };
        let said: Vec<&&Packet> = packets
            .iter()
            .filter(|packet| packet.content == PacketContent::Data && packet.instead_of.is_none())
            .collect();
        let first_word = said.iter().find(|packet| packet.from_client);
        let is_http = first_word.is_some_and(|packet| is_http_question(&packet.head));
        let mut requests: Vec<Request> = Vec::new();
        // Of each answer that has begun, its packets.
        let mut answers: Vec<Vec<&Packet>> = Vec::new();
        let mut client_spoke_last = false;
        for packet in &said {
            let turns = client_spoke_last != packet.from_client;
            client_spoke_last = packet.from_client;
            match packet.from_client {
                true if is_http && is_http_question(&packet.head)
                    || !is_http && (turns || requests.is_empty()) =>
                {
                    requests.push(Request {
                        begun: if requests.is_empty() {
                            ends.begun
                        } else {
                            packet.sent
                        },
                        question: Some(packet.number),
                        ..blank.clone()
                    });
                }
                true => {}
                false => {
                    let status = if is_http {
                        http_status(&packet.head)
                    } else {
                        None
                    };
                    let is_first = match is_http {
                        true => status.is_some_and(|status| status >= 200 || status == 101),
                        false => turns,
                    };
                    let is_interim = is_http && status.is_some() && !is_first;
                    if is_first && answers.len() < requests.len() {
                        let request = &mut requests[answers.len()];
                        request.answer = Some(packet.number);
                        request.status = status;
                        answers.push(vec![packet]);
                    } else if !is_first
                        && !is_interim
                        && let Some(answer) = answers.last_mut()
                    {
                        answer.push(packet);
                    }
                }
            }
        }
        for (at, request) in requests.iter_mut().enumerate() {
            let asked = request
                .question
                .map_or(request.begun, |question| self.packets[&question].sent);
            let answer = answers.get(at).map_or(&[][..], Vec::as_slice);
            let came: Vec<usize> = answer
                .iter()
                .filter_map(|packet| self.arrival(packet.number))
                .collect();
            let first = came.iter().min().copied().unwrap_or(usize::MAX);
            let failure = self.failure(&packets, asked).filter(|(at, _)| *at < first);
            // Who only says that nothing more will be asked still reads the answer. Who has closed sends a reset for it.
            let is_closed = packets.iter().any(|packet| {
                packet.content == PacketContent::Reset
                    && packet.from_client
                    && failure.is_some_and(|(at, _)| packet.sent >= at)
            });
            request.end = match came.iter().max() {
                Some(last) if !is_closed => Some((*last, Fate::Answered)),
                _ => failure,
            };
        }
        // Nobody has said a word. Who writes into a pipe was not asked.
        if said.is_empty()
            && let Some((at, fate)) = self.failure(&packets, ends.begun)
            && fate != Fate::GivenUp
        {
            requests.push(Request {
                end: Some((at, fate)),
                ..blank
            });
        }
        requests
    }

    /// Where a packet arrives, or the one that is sent in its place.
    fn arrival(&self, number: u64) -> Option<usize> {
        let again = || self.arrival(*self.again.get(&number)?);
        self.packets[&number].arrived.or_else(again)
    }

    /// Why no answer can come any more to what was asked at `asked`, and from when.
    fn failure(&self, packets: &[&Packet], asked: usize) -> Option<(usize, Fate)> {
        let ends = packets
            .iter()
            .filter_map(|packet| match (packet.content, packet.from_client) {
                (PacketContent::Refusal, _) => Some((packet.arrived?, Fate::Refused)),
                (PacketContent::Reset | PacketContent::Fin, true) => {
                    Some((packet.sent, Fate::GivenUp))
                }
                (PacketContent::Reset | PacketContent::Fin, false) => {
                    Some((packet.arrived?, Fate::CutShort))
                }
                _ => None,
            });
        ends.filter(|(at, _)| *at > asked).min()
    }

    // --- counts ---

    /// Sent, answered, failed and under way.
    pub fn counts(&self, event: usize) -> [usize; 4] {
        let mut counts = [0; 4];
        for request in &self.requests {
            if request.begun > event {
                continue;
            }
            counts[0] += 1;
            match request.end.filter(|(end, _)| *end <= event) {
                Some((_, Fate::Answered)) => counts[1] += 1,
                Some(_) => counts[2] += 1,
                None => counts[3] += 1,
            }
        }
        counts
    }
}

fn first_line(head: &[u8]) -> String {
    let line: Vec<u8> = head
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\r')
        .collect();
    String::from_utf8_lossy(&line).into_owned()
}

fn is_http_question(head: &[u8]) -> bool {
    let line = first_line(head);
    let words: Vec<&str> = line.split(' ').collect();
    let method = words[0];
    let is_method = !method.is_empty()
        && method
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '-');
    is_method
        && words.len() > 1
        && !words[1].is_empty()
        && words
            .get(2)
            .is_none_or(|version| version.starts_with("HTTP/1."))
}

fn http_status(head: &[u8]) -> Option<u16> {
    let line = first_line(head);
    let rest = line.strip_prefix("HTTP/1.")?;
    rest.get(2..5)?.parse().ok()
}
