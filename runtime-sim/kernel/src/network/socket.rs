//! One end of a stream, and what a process can do with it: the system calls.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

use protocol::{
    EventKind, ProcessId,
    trace::{ConnectionId, Endpoint, PacketContent},
};

use crate::{Table, World};

use super::{
    Address, By, Change, HostId, News, OUTSIDE, address,
    errno::*,
    tcp::{Goal, Packet},
};

pub type SocketId = u64;

/// What lies between two ends before a write must wait, as Linux sizes loopback sockets.
const STREAM_BYTES_MAX: usize = 2_500_000;
/// The same for pipes between processes.
const PIPE_BYTES_MAX: usize = 212_992;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Listening {
        backlog: usize,
        /// Connected, and not accepted yet.
        waiting: VecDeque<SocketId>,
    },
    /// The handshake is under way, at either end.
    Connecting,
    Open,
    /// Not of a stream at all.
    Datagrams(Box<super::datagram::Inbox>),
}

/// What a read answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    Bytes(Vec<u8>),
    /// Not yet.
    Nothing,
    End,
    Error(i32),
}

#[derive(Debug)]
pub struct Socket {
    pub(super) host: HostId,
    pub(super) owner: Option<ProcessId>,
    /// Who had it before and has it still; the last of them has it again when the owner closes it.
    pub(super) lenders: Vec<ProcessId>,
    /// Descriptors that stand for it; the last that is closed closes it.
    pub(super) users: u32,
    pub(super) local: Option<Address>,
    /// The port is this socket's own, and not its listener's.
    pub(super) has_port: bool,
    pub(super) remote: Option<Address>,
    pub(super) state: State,
    pub(super) connection: ConnectionId,
    pub(super) is_client: bool,
    pub(super) listener: Option<SocketId>,
    pub(super) peer: Option<(SocketId, HostId)>,

    pub(super) inbox: VecDeque<u8>,
    /// Bytes that were read.
    pub(super) taken: u64,
    /// Descriptors of sockets that came along, each with the place of its first byte (`SCM_RIGHTS`).
    pub(super) carried: VecDeque<(u64, SocketId)>,
    /// One that goes along with the next piece.
    pub(super) attached: Option<SocketId>,
    /// Arrived before what was sent before it.
    pub(super) early: Table<u64, Packet>,
    pub(super) expected: u64,
    /// Read, and the sender does not know of it.
    pub(super) untold: usize,
    pub(super) has_ended: bool,
    /// Linux's number, zero for none. Told once.
    pub(super) error: i32,
    pub(super) was_reset: bool,
    /// News of something to read is on its way to the owner.
    pub(super) is_told: bool,

    pub(super) sequence: u64,
    pub(super) bytes_max: usize,
    /// Below zero when more was written than fits.
    pub(super) room: i64,
    pub(super) wants_room: bool,
    pub(super) has_shut: bool,
}

impl World {
    // ---- sockets ----

    pub fn open_socket(&mut self, host: HostId, owner: Option<ProcessId>) -> SocketId {
        self.network.socket_last += 1;
        let number = self.network.socket_last;
        let socket = Socket {
            host,
            owner,
            lenders: Vec::new(),
            users: 1,
            local: None,
            has_port: false,
            remote: None,
            state: State::Idle,
            connection: 0,
            is_client: true,
            listener: None,
            peer: None,
            inbox: VecDeque::new(),
            taken: 0,
            carried: VecDeque::new(),
            attached: None,
            early: Table::new(),
            expected: 0,
            untold: 0,
            has_ended: false,
            error: 0,
            was_reset: false,
            is_told: false,
            sequence: 0,
            bytes_max: STREAM_BYTES_MAX,
            room: STREAM_BYTES_MAX as i64,
            wants_room: false,
            has_shut: false,
        };
        self.network.sockets.insert(number, socket);
        number
    }

    /// Two ends that are connected from the beginning. Whoever is given one hears of it.
    pub fn socket_pair(&mut self, host: HostId, by: By) -> [SocketId; 2] {
        let pair = [self.open_socket(host, None), self.open_socket(host, None)];
        let connection =
            self.begin_connection(host, &Address::Unnamed, host, &Address::Unnamed, by);
        for (index, number) in pair.into_iter().enumerate() {
            let socket = self.socket_mut(number).expect("it was just opened");
            socket.state = State::Open;
            socket.connection = connection;
            socket.is_client = index == 0;
            socket.local = Some(Address::Unnamed);
            socket.remote = Some(Address::Unnamed);
            socket.peer = Some((pair[1 - index], host));
            socket.bytes_max = PIPE_BYTES_MAX;
            socket.room = PIPE_BYTES_MAX as i64;
        }
        pair
    }

    pub fn socket(&self, number: SocketId) -> Option<&Socket> {
        self.network.sockets.get(&number)
    }

    pub(super) fn socket_mut(&mut self, number: SocketId) -> Option<&mut Socket> {
        self.network.sockets.get_mut(&number)
    }

    /// From now on `owner` hears of it, beginning with what there is to read already.
    pub fn give_socket(&mut self, number: SocketId, owner: ProcessId) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        if let Some(lender) = socket.owner.replace(owner)
            && socket.users > 1
            && lender != owner
        {
            socket.lenders.push(lender);
        }
        socket.is_told = false;
        if socket.is_readable() {
            self.tell_readable(number, None);
        }
    }

    pub fn bind(&mut self, number: SocketId, address: Address) -> Result<(), i32> {
        let host = self.socket(number).ok_or(EINVAL)?.host;
        let bound = match address {
            Address::Ip(at) => {
                if !self.network.is_own(host, at.ip()) {
                    return Err(EADDRNOTAVAIL);
                }
                let port = match at.port() {
                    0 => self.network.free_port(host).ok_or(EADDRINUSE)?,
                    port => port,
                };
                self.network.take_port(host, port);
                Address::Ip(SocketAddr::new(at.ip(), port))
            }
            Address::Path(path) => {
                let bound = Address::Path(path);
                if self.listener_for(host, &bound).is_some() {
                    return Err(EADDRINUSE);
                }
                bound
            }
            Address::Unnamed => return Err(EINVAL),
        };
        let socket = self.socket_mut(number).ok_or(EINVAL)?;
        socket.has_port = matches!(bound, Address::Ip(_));
        socket.local = Some(bound);
        Ok(())
    }

    pub fn listen(&mut self, number: SocketId, backlog: usize) -> Result<(), i32> {
        let socket = self.socket(number).ok_or(EINVAL)?;
        let host = socket.host;
        if socket.local.is_none() {
            self.bind(number, Address::Ip(SocketAddr::from(([0, 0, 0, 0], 0))))?;
        }
        let local = self.socket(number).and_then(|socket| socket.local.clone());
        let local = local.ok_or(EINVAL)?;
        let clashes = self.network.listeners.iter().any(|other| {
            *other != number
                && self.socket(*other).is_some_and(|other| {
                    other.host == host
                        && other.local.as_ref().is_some_and(|theirs| {
                            address::hears(theirs, &local) || address::hears(&local, theirs)
                        })
                })
        });
        if clashes {
            return Err(EADDRINUSE);
        }
        let socket = self.socket_mut(number).ok_or(EINVAL)?;
        socket.state = State::Listening {
            // Linux keeps one more than it is asked for.
            backlog: backlog + 1,
            waiting: VecDeque::new(),
        };
        self.network.listeners.push(number);
        Ok(())
    }

    pub(super) fn listener_for(&self, host: HostId, called: &Address) -> Option<SocketId> {
        let hears = |number: &&SocketId| {
            self.socket(**number).is_some_and(|socket| {
                let local = socket.local.as_ref();
                socket.host == host && local.is_some_and(|local| address::hears(local, called))
            })
        };
        self.network.listeners.iter().find(hears).copied()
    }

    /// Begins a connection; [`Change::Connected`] or [`Change::Failed`] follows.
    pub fn connect(&mut self, number: SocketId, to: Address, by: By) -> Result<(), i32> {
        let socket = self.socket(number).ok_or(EINVAL)?;
        if socket.state != State::Idle {
            return Err(EISCONN);
        }
        let host = socket.host;
        let (to_host, to) = match to {
            Address::Ip(at) => {
                let (to_host, ip) = self.network.find(host, at.ip()).ok_or(ENETUNREACH)?;
                (to_host, Address::Ip(SocketAddr::new(ip, at.port())))
            }
            Address::Path(path) => (host, Address::Path(path)),
            Address::Unnamed => return Err(EINVAL),
        };
        let local = match (&socket.local, &to) {
            (None, Address::Ip(at)) => {
                let port = self.network.free_port(host).ok_or(EADDRNOTAVAIL)?;
                self.network.take_port(host, port);
                let ip = if to_host == host {
                    at.ip()
                } else {
                    self.network.host_address(host)
                };
                Address::Ip(SocketAddr::new(ip, port))
            }
            (Some(local), _) => local.clone(),
            (None, _) => Address::Unnamed,
        };
        let connection = self.begin_connection(host, &local, to_host, &to, by);
        let socket = self.socket_mut(number).ok_or(EINVAL)?;
        socket.has_port |= socket.local.is_none() && matches!(local, Address::Ip(_));
        socket.local = Some(local);
        socket.remote = Some(to.clone());
        socket.state = State::Connecting;
        socket.connection = connection;
        let goal = Goal::Listener(to);
        self.send_control(number, to_host, goal, PacketContent::Syn, by);
        Ok(())
    }

    pub(super) fn begin_connection(
        &mut self,
        from_host: HostId,
        from: &Address,
        to_host: HostId,
        to: &Address,
        by: By,
    ) -> ConnectionId {
        self.network.connection_last += 1;
        let connection = self.network.connection_last;
        let endpoint = |host, address: &Address| Endpoint {
            host: self.network.host_name(host).to_owned(),
            address: address.to_string(),
        };
        let kind = EventKind::ConnectionBegun {
            connection,
            client: endpoint(from_host, from),
            server: endpoint(to_host, to),
        };
        self.record(by.cause, by.process, kind, vec![]);
        connection
    }

    /// The next connection that waits at a listener, which becomes `owner`'s.
    pub fn accept(&mut self, listener: SocketId, owner: ProcessId) -> Option<SocketId> {
        let socket = self.socket_mut(listener)?;
        socket.is_told = false;
        let State::Listening { waiting, .. } = &mut socket.state else {
            return None;
        };
        let accepted = waiting.pop_front()?;
        self.socket_mut(accepted)?.owner = Some(owner);
        Some(accepted)
    }

    /// Takes as much of `bytes` as there is room for and says how much that was.
    pub fn send(&mut self, number: SocketId, bytes: &[u8], by: By) -> Result<usize, i32> {
        let socket = self.socket_mut(number).ok_or(EPIPE)?;
        let error = std::mem::take(&mut socket.error);
        if error != 0 {
            return Err(error);
        }
        if socket.has_shut || socket.was_reset || socket.state != State::Open {
            return Err(EPIPE);
        }
        let count = bytes.len().min(socket.room.max(0) as usize);
        socket.wants_room = count < bytes.len();
        self.send_all(number, &bytes[..count], by);
        Ok(count)
    }

    /// Sends whatever it is, and nobody waits: a descriptor that blocks, in a process that cannot.
    pub fn send_all(&mut self, number: SocketId, bytes: &[u8], by: By) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        let Some((_, to_host)) = socket.peer else {
            return;
        };
        socket.room -= bytes.len() as i64;
        let host = socket.host;
        let piece_bytes = self.network.link(host, to_host).payload_bytes_max;
        for piece in bytes.chunks(piece_bytes) {
            self.send_in_order(number, PacketContent::Data, piece.to_vec(), by);
        }
    }

    /// At most `bytes_max` of what has arrived.
    pub fn receive(&mut self, number: SocketId, bytes_max: usize, by: By) -> Received {
        let Some(socket) = self.socket_mut(number) else {
            return Received::End;
        };
        let error = std::mem::take(&mut socket.error);
        if error != 0 {
            return Received::Error(error);
        }
        if socket.inbox.is_empty() {
            socket.is_told = false;
            return if socket.has_ended {
                Received::End
            } else {
                Received::Nothing
            };
        }
        // As by recvmsg, a read ends where something else comes along.
        let next = socket.carried.iter().find(|(at, _)| *at > socket.taken);
        let until = next.map_or(usize::MAX, |(at, _)| (at - socket.taken) as usize);
        let count = socket.inbox.len().min(bytes_max).min(until);
        let bytes: Vec<u8> = if count == socket.inbox.len() {
            std::mem::take(&mut socket.inbox).into()
        } else {
            socket.inbox.drain(..count).collect()
        };
        socket.is_told = !socket.inbox.is_empty();
        socket.untold += count;
        socket.taken += count as u64;
        self.tell_of_room(number, by);
        Received::Bytes(bytes)
    }

    /// The next bytes that this socket sends take one more descriptor of the other along.
    pub fn attach(&mut self, number: SocketId, other: SocketId) {
        self.share_socket(other);
        if let Some(socket) = self.socket_mut(number) {
            socket.attached = Some(other);
        }
    }

    /// What came along with the bytes that were read last.
    pub fn take_carried(&mut self, number: SocketId) -> Option<SocketId> {
        let socket = self.socket_mut(number)?;
        let (at, carried) = *socket.carried.front()?;
        if at >= socket.taken {
            return None;
        }
        socket.carried.pop_front();
        Some(carried)
    }

    /// Nothing more is sent.
    pub fn shut_down(&mut self, number: SocketId, by: By) -> Result<(), i32> {
        let socket = self.socket_mut(number).ok_or(ENOTCONN)?;
        if socket.state != State::Open {
            return Err(ENOTCONN);
        }
        if !std::mem::replace(&mut socket.has_shut, true) && !socket.was_reset {
            self.send_in_order(number, PacketContent::Fin, Vec::new(), by);
        }
        Ok(())
    }

    /// One more descriptor stands for it.
    pub fn share_socket(&mut self, number: SocketId) {
        if let Some(socket) = self.socket_mut(number) {
            socket.users += 1;
        }
    }

    /// The other end hears of the end, or of a reset when it sent what was never read.
    pub fn close_socket(&mut self, number: SocketId, by: By) {
        let Some(socket) = self.socket_mut(number) else {
            return;
        };
        socket.users -= 1;
        if socket.users > 0 {
            // Others have it still, but this one hears no more of it.
            socket.lenders.retain(|lender| *lender != by.process);
            if socket.owner == Some(by.process) {
                socket.owner = None;
                if let Some(lender) = socket.lenders.pop() {
                    self.give_socket(number, lender);
                }
            }
            return;
        }
        let has_unread = !socket.inbox.is_empty();
        self.close_as(number, has_unread, by);
    }

    /// The other end hears of a reset.
    pub fn reset_socket(&mut self, number: SocketId, by: By) {
        self.close_as(number, true, by);
    }

    fn close_as(&mut self, number: SocketId, by_reset: bool, by: By) {
        let Some(socket) = self.socket(number) else {
            return;
        };
        if socket.state == State::Open && !socket.was_reset {
            if by_reset {
                if let Some((peer, to_host)) = socket.peer {
                    self.send_control(
                        number,
                        to_host,
                        Goal::Socket(peer),
                        PacketContent::Reset,
                        by,
                    );
                }
            } else {
                // Linux has agreed to this for an open one.
                let _ = self.shut_down(number, by);
            }
        }
        let Some(closed) = self.network.sockets.remove(&number) else {
            return;
        };
        if closed.has_port
            && let Some(Address::Ip(at)) = closed.local
        {
            self.network.give_back_port(closed.host, at.port());
        }
        for (_, never_taken) in closed.carried {
            self.close_socket(never_taken, by);
        }
        if let State::Listening { waiting, .. } = closed.state {
            self.network
                .listeners
                .retain(|listener| *listener != number);
            for never_accepted in waiting {
                self.reset_socket(never_accepted, by);
            }
        }
    }

    /// A process has ended, and its sockets with it.
    pub fn close_sockets_of(&mut self, process: ProcessId) {
        let own: Vec<SocketId> = {
            let sockets = self.network.sockets.iter();
            let own = sockets.filter(|(_, socket)| socket.owner == Some(process));
            own.map(|(number, _)| *number).collect()
        };
        let by = By {
            process,
            cause: None,
        };
        for number in own {
            self.close_socket(number, by);
        }
        self.network.news.remove(&process);
    }

    // ---- news ----

    pub(super) fn tell(
        &mut self,
        number: SocketId,
        what: Change,
        cause: Option<protocol::EventId>,
    ) {
        let at_ns = self.now_ns();
        let Some(owner) = self.socket(number).and_then(|socket| socket.owner) else {
            return;
        };
        self.network.news.or_default(owner).push_back(News {
            at_ns,
            socket: number,
            what,
            cause,
        });
        if owner != OUTSIDE {
            self.resume_at(owner, at_ns);
        }
    }

    /// Once, until the owner has read everything.
    pub(super) fn tell_readable(&mut self, number: SocketId, cause: Option<protocol::EventId>) {
        if let Some(socket) = self.socket_mut(number)
            && socket.owner.is_some()
            && !std::mem::replace(&mut socket.is_told, true)
        {
            self.tell(number, Change::Readable, cause);
        }
    }
}

impl Socket {
    pub fn local(&self) -> Option<&Address> {
        self.local.as_ref()
    }

    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    pub fn has_bytes(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Open | State::Connecting)
            && self.remote.as_ref() != Some(&Address::Unnamed)
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub fn is_readable(&self) -> bool {
        match &self.state {
            State::Listening { waiting, .. } => !waiting.is_empty(),
            State::Datagrams(inbox) => !inbox.is_empty(),
            _ => !self.inbox.is_empty() || self.has_ended || self.error != 0,
        }
    }

    /// Whether the listener that made it, or is it, is bound to all families.
    pub(super) fn hears_both_families(&self) -> bool {
        matches!(&self.local, Some(Address::Ip(at)) if at.ip() == IpAddr::from([0_u16; 8]))
    }
}
