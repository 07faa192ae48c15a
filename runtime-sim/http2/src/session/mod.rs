//! One end of a connection: what it was told by its program, what it was sent, and what it owes the other side.
//!
//! A program calls what is here, then [`Session::send_one`] until nothing goes out any more; bytes that come are given
//! to [`Session::receive`] and read by [`Session::read_one`], one frame or piece of data at a time. Behind each of them
//! [`Session::next_event`] tells what it meant, so a program may act before the next is read.

mod receive;
mod send;

use std::collections::{BTreeMap, VecDeque};

use crate::{
    error::{Error, code},
    frame::Priority,
    hpack::{Decoder, Encoder, Header},
    message::Message,
};

pub use self::send::Sent;

use self::{receive::Inbound, send::Item};

const WINDOW_BYTES: i32 = 65_535;
const STREAM_ID_MAX: u32 = 0x7fff_ffff;
/// nghttp2's `NGHTTP2_DEFAULT_MAX_OBQ_FLOOD_ITEM`.
const ANSWERS_WAITING_MAX: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    None,
    /// Frames of a multiple of eight bytes.
    Aligned,
    /// As much as goes.
    Max,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub deflate_table_bytes_max: usize,
    pub reserved_streams_max: usize,
    pub header_block_bytes_max: usize,
    /// How many streams the other side allows before it says so.
    pub peer_streams_max: u32,
    pub padding: Padding,
    pub settings_entries_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deflate_table_bytes_max: 4096,
            reserved_streams_max: 200,
            header_block_bytes_max: 65_536,
            peer_streams_max: 100,
            padding: Padding::None,
            settings_entries_max: 32,
        }
    }
}

/// RFC 9113, section 6.5.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub header_table_bytes: u32,
    pub enable_push: u32,
    pub streams_max: u32,
    pub window_bytes: u32,
    pub frame_bytes_max: u32,
    pub header_list_bytes_max: u32,
    pub enable_connect_protocol: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_table_bytes: 4096,
            enable_push: 1,
            streams_max: u32::MAX,
            window_bytes: WINDOW_BYTES as u32,
            frame_bytes_max: 16_384,
            header_list_bytes_max: u32::MAX,
            enable_connect_protocol: 0,
        }
    }
}

pub mod setting {
    pub const HEADER_TABLE_SIZE: u16 = 1;
    pub const ENABLE_PUSH: u16 = 2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

pub type Entries = Vec<(u16, u32)>;

impl Settings {
    fn apply(&mut self, entries: &[(u16, u32)]) {
        for (id, value) in entries {
            match *id {
                setting::HEADER_TABLE_SIZE => self.header_table_bytes = *value,
                setting::ENABLE_PUSH => self.enable_push = *value,
                setting::MAX_CONCURRENT_STREAMS => self.streams_max = *value,
                setting::INITIAL_WINDOW_SIZE => self.window_bytes = *value,
                setting::MAX_FRAME_SIZE => self.frame_bytes_max = *value,
                setting::MAX_HEADER_LIST_SIZE => self.header_list_bytes_max = *value,
                setting::ENABLE_CONNECT_PROTOCOL => self.enable_connect_protocol = *value,
                _ => {}
            }
        }
    }
}

/// Which kind of block fields stand in, as nghttp2 numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Request,
    Response,
    PushResponse,
    Headers,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// For a promise, `stream` is the promised one.
    Headers {
        stream: u32,
        category: Category,
        flags: u8,
        headers: Vec<Header>,
    },
    Data {
        stream: u32,
        bytes: Vec<u8>,
    },
    /// A whole DATA frame has come.
    DataEnd {
        stream: u32,
        ends_stream: bool,
    },
    Settings(Entries),
    SettingsAck,
    Ping([u8; 8]),
    PingAck([u8; 8]),
    GoAway {
        code: u32,
        last_stream: u32,
        data: Vec<u8>,
    },
    Priority {
        stream: u32,
        priority: Priority,
    },
    AltSvc {
        stream: u32,
        origin: Vec<u8>,
        value: Vec<u8>,
    },
    Origin(Vec<Vec<u8>>),
    /// Another frame that says nothing to a program.
    OtherFrame,
    InvalidFrame(Error),
    /// The other side does not speak HTTP/2.
    NotHttp2,
    StreamClosed {
        stream: u32,
        code: u32,
    },
    /// All of the body has gone, and trailers are wanted.
    WantsTrailers(u32),
    FrameSent,
    FrameNotSent {
        stream: u32,
        kind: u8,
        error: Error,
    },
}

/// A stream's body, from the program to the wire.
#[derive(Debug, Default)]
struct Body {
    chunks: VecDeque<(Vec<u8>, Option<u64>)>,
    bytes: usize,
    ended: bool,
    wants_trailers: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A request that was sent or came, and was not answered.
    Opening,
    Opened,
    Reserved,
    /// Its end is on the way out.
    Closing,
}

#[derive(Debug)]
struct Stream {
    state: State,
    read_shut: bool,
    write_shut: bool,
    receiving: Window,
    /// How much the other side takes.
    send_window: i32,
    weight: i32,
    message: Message,
    /// A body is attached, and when it goes next among the others.
    sends: bool,
    /// The body is waited for.
    is_deferred: bool,
    turn: u64,
}

/// How much may come, and what came and was used of it.
#[derive(Debug)]
struct Window {
    size: i32,
    received: i32,
    consumed: i32,
    /// What the program took away from it and the other side does not know.
    reduction: i32,
}

impl Window {
    fn new(size: i32) -> Self {
        Self {
            size,
            received: 0,
            consumed: 0,
            reduction: 0,
        }
    }

    fn takes(&mut self, bytes: usize) -> bool {
        let received = i64::from(self.received) + bytes as i64;
        if received > i64::from(self.size) {
            return false;
        }
        self.received = received as i32;
        true
    }

    /// What to give back to the other side now.
    fn consume(&mut self, bytes: usize) -> Option<i32> {
        self.consumed = self.consumed.saturating_add(bytes as i32);
        let back = self.consumed.min(self.received);
        if back > 0 && back >= self.size / 2 {
            self.received -= back;
            self.consumed -= back;
            return Some(back);
        }
        None
    }
}

#[derive(Debug)]
pub struct Session {
    role: Role,
    options: Options,
    input: Inbound,
    decoder: Decoder,
    encoder: Encoder,
    local: Settings,
    remote: Settings,
    remote_told: bool,
    /// Sent and not acknowledged.
    settings_waiting: VecDeque<Entries>,
    /// What is asked for and not acknowledged.
    pending: Settings,
    streams: BTreeMap<u32, Stream>,
    bodies: BTreeMap<u32, Body>,
    next_stream: u32,
    last_sent_stream: u32,
    last_received_stream: u32,
    last_processed_stream: u32,
    /// Of what the other side began: how many are open, and promised.
    incoming: usize,
    incoming_reserved: usize,
    outgoing: usize,
    urgent: VecDeque<Item>,
    regular: VecDeque<Item>,
    requests: VecDeque<Item>,
    receiving: Window,
    send_window: i32,
    goaway_sent: bool,
    goaway_received: bool,
    terminating: bool,
    terminated: bool,
    /// No stream above this one is served: of ours as the other side says, of theirs as we do.
    local_last_stream: u32,
    remote_last_stream: u32,
    events: VecDeque<Event>,
}

impl Session {
    pub fn new(role: Role, options: Options) -> Self {
        let is_server = role == Role::Server;
        Self {
            role,
            input: Inbound::new(is_server),
            decoder: Decoder::default(),
            encoder: Encoder::new(options.deflate_table_bytes_max),
            local: Settings::default(),
            remote: Settings {
                streams_max: options.peer_streams_max,
                ..Settings::default()
            },
            remote_told: false,
            settings_waiting: VecDeque::new(),
            pending: Settings::default(),
            streams: BTreeMap::new(),
            bodies: BTreeMap::new(),
            next_stream: if is_server { 2 } else { 1 },
            last_sent_stream: 0,
            last_received_stream: 0,
            last_processed_stream: 0,
            incoming: 0,
            incoming_reserved: 0,
            outgoing: 0,
            urgent: VecDeque::new(),
            regular: VecDeque::new(),
            requests: VecDeque::new(),
            receiving: Window::new(WINDOW_BYTES),
            send_window: WINDOW_BYTES,
            goaway_sent: false,
            goaway_received: false,
            terminating: false,
            terminated: false,
            local_last_stream: STREAM_ID_MAX,
            remote_last_stream: STREAM_ID_MAX,
            events: VecDeque::new(),
            options,
        }
    }

    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn is_mine(&self, stream: u32) -> bool {
        stream != 0 && stream.is_multiple_of(2) == (self.role == Role::Server)
    }

    /// Nobody has used this number yet.
    fn is_idle(&self, stream: u32) -> bool {
        if self.is_mine(stream) {
            stream > self.last_sent_stream
        } else {
            stream > self.last_received_stream
        }
    }

    fn open(&mut self, id: u32, state: State, message: Message) {
        let is_mine = self.is_mine(id);
        match (state, is_mine) {
            (State::Reserved, false) => self.incoming_reserved += 1,
            // A promise of ours counts once it is answered.
            (State::Reserved, true) => {}
            (_, true) => self.outgoing += 1,
            (_, false) => self.incoming += 1,
        }
        let stream = Stream {
            state,
            read_shut: state == State::Reserved && is_mine,
            write_shut: state == State::Reserved && !is_mine,
            receiving: Window::new(self.local.window_bytes as i32),
            send_window: self.remote.window_bytes as i32,
            weight: Priority::DEFAULT_WEIGHT,
            message,
            sends: false,
            is_deferred: false,
            turn: 0,
        };
        self.streams.insert(id, stream);
    }

    fn close(&mut self, id: u32, code: u32) {
        let Some(stream) = self.streams.remove(&id) else {
            return;
        };
        match (self.is_mine(id), stream.state == State::Reserved) {
            (true, false) => self.outgoing = self.outgoing.saturating_sub(1),
            (false, false) => self.incoming = self.incoming.saturating_sub(1),
            (false, true) => self.incoming_reserved = self.incoming_reserved.saturating_sub(1),
            (true, true) => {}
        }
        self.events
            .push_back(Event::StreamClosed { stream: id, code });
    }

    fn close_if_shut(&mut self, id: u32) {
        let is_shut = |stream: &Stream| stream.read_shut && stream.write_shut;
        if self.streams.get(&id).is_some_and(is_shut) {
            self.close(id, code::NO_ERROR);
        }
    }

    /// A GOAWAY says which streams will not be served.
    fn close_above(&mut self, last: u32, mine: bool) {
        let ids = self.streams.keys().copied().filter(|id| *id > last);
        let ids: Vec<u32> = ids.filter(|id| self.is_mine(*id) == mine).collect();
        for id in ids {
            self.close(id, code::REFUSED_STREAM);
        }
    }

    // ---- what a program asks ----

    /// Where the body of a stream will come from.
    pub fn open_body(&mut self, stream: u32) {
        self.bodies.entry(stream).or_default();
    }

    pub fn drop_body(&mut self, stream: u32) -> Vec<u64> {
        let gone = self.bodies.remove(&stream).unwrap_or_default();
        gone.chunks.into_iter().filter_map(|(_, tag)| tag).collect()
    }

    /// More of a body; `tag` comes out of [`Session::send_one`] once all of it has gone.
    pub fn write(&mut self, stream: u32, bytes: Vec<u8>, tag: Option<u64>) {
        if let Some(body) = self.bodies.get_mut(&stream) {
            body.bytes += bytes.len();
            body.chunks.push_back((bytes, tag));
        }
        self.resume(stream);
    }

    pub fn end(&mut self, stream: u32) {
        if let Some(body) = self.bodies.get_mut(&stream) {
            body.ended = true;
        }
        self.resume(stream);
    }

    pub fn want_trailers(&mut self, stream: u32) {
        if let Some(body) = self.bodies.get_mut(&stream) {
            body.wants_trailers = true;
        }
    }

    fn resume(&mut self, stream: u32) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.is_deferred = false;
        }
    }

    pub fn request(
        &mut self,
        headers: Vec<Header>,
        priority: Option<Priority>,
        with_body: bool,
    ) -> Result<u32, Error> {
        if self.next_stream > STREAM_ID_MAX {
            return Err(Error::STREAM_ID_NOT_AVAILABLE);
        }
        let stream = self.next_stream;
        if priority.is_some_and(|priority| priority.parent == stream) {
            return Err(Error::INVALID_ARGUMENT);
        }
        self.next_stream += 2;
        self.requests.push_back(Item::Request {
            stream,
            headers,
            priority,
            with_body,
            cancelled: None,
        });
        Ok(stream)
    }

    pub fn respond(
        &mut self,
        stream: u32,
        headers: Vec<Header>,
        with_body: bool,
    ) -> Result<(), Error> {
        let known = self.streams.get(&stream);
        if with_body && known.is_some_and(|stream| stream.sends) {
            return Err(Error::DATA_EXIST);
        }
        let body = if with_body {
            send::Then::Body
        } else {
            send::Then::End
        };
        self.regular.push_back(Item::Headers {
            stream,
            headers,
            then: body,
        });
        Ok(())
    }

    /// Fields ahead of the answer.
    pub fn inform(&mut self, stream: u32, headers: Vec<Header>) {
        self.regular.push_back(Item::Headers {
            stream,
            headers,
            then: send::Then::More,
        });
    }

    pub fn trailers(&mut self, stream: u32, headers: Vec<Header>) -> Result<(), Error> {
        if headers.is_empty() {
            // An empty DATA frame ends it: some clients do not like empty trailers.
            let Some(known) = self.streams.get_mut(&stream) else {
                return Ok(());
            };
            if known.sends {
                return Err(Error::DATA_EXIST);
            }
            known.sends = true;
            known.is_deferred = false;
        } else {
            self.regular.push_back(Item::Headers {
                stream,
                headers,
                then: send::Then::End,
            });
        }
        Ok(())
    }

    pub fn promise(&mut self, parent: u32, headers: Vec<Header>) -> Result<u32, Error> {
        if self.role == Role::Client {
            return Err(Error::PROTO);
        }
        if self.next_stream > STREAM_ID_MAX {
            return Err(Error::STREAM_ID_NOT_AVAILABLE);
        }
        let promised = self.next_stream;
        self.next_stream += 2;
        self.regular.push_back(Item::Promise {
            parent,
            promised,
            headers,
        });
        Ok(promised)
    }

    pub fn reset(&mut self, stream: u32, code: u32) {
        if self
            .streams
            .get(&stream)
            .is_some_and(|known| known.state == State::Closing)
        {
            return;
        }
        // A request that has not gone yet need not go.
        for item in &mut self.requests {
            if let Item::Request {
                stream: id,
                cancelled,
                ..
            } = item
                && *id == stream
            {
                *cancelled = Some(code);
                return;
            }
        }
        self.mark_closing(stream);
        self.regular.push_back(Item::Reset { stream, code });
    }

    fn mark_closing(&mut self, id: u32) {
        let is_mine = self.is_mine(id);
        if let Some(stream) = self.streams.get_mut(&id) {
            if stream.state == State::Reserved {
                // It leaves the promised ones, as if it had been opened.
                if is_mine {
                    self.outgoing += 1;
                } else {
                    self.incoming_reserved -= 1;
                    self.incoming += 1;
                }
            }
            stream.state = State::Closing;
        }
    }

    pub fn priority(
        &mut self,
        stream: u32,
        priority: Priority,
        is_silent: bool,
    ) -> Result<(), Error> {
        if stream == 0 || priority.parent == stream {
            return Err(Error::INVALID_ARGUMENT);
        }
        if let Some(known) = self.streams.get_mut(&stream) {
            known.weight = priority.weight.clamp(1, 256);
        }
        if !is_silent {
            self.regular.push_back(Item::Priority { stream, priority });
        }
        Ok(())
    }

    pub fn settings(&mut self, entries: Entries) {
        self.pending.apply(&entries);
        self.settings_waiting.push_back(entries.clone());
        self.urgent.push_back(Item::Settings(Some(entries)));
    }

    pub fn ping(&mut self, data: [u8; 8]) {
        self.urgent.push_back(Item::Ping {
            data,
            is_ack: false,
        });
    }

    /// The last stream that is served, unless the program knows better.
    pub fn go_away(
        &mut self,
        code: u32,
        last_stream: Option<u32>,
        data: Vec<u8>,
    ) -> Result<(), Error> {
        let last = last_stream.unwrap_or(self.last_processed_stream);
        if self.is_mine(last) {
            return Err(Error::INVALID_ARGUMENT);
        }
        self.queue_go_away(code, last, data, false);
        Ok(())
    }

    fn queue_go_away(&mut self, code: u32, last: u32, data: Vec<u8>, is_last: bool) {
        self.regular.push_back(Item::GoAway {
            code,
            last: last.min(self.local_last_stream),
            data,
            is_last,
        });
    }

    /// The connection's end: nothing is read any more, and once this is said nothing goes out.
    pub fn terminate(&mut self, code: u32, reason: &str) {
        if self.terminating {
            return;
        }
        self.terminating = true;
        self.input.ignore_all();
        let data = reason.as_bytes().to_vec();
        self.queue_go_away(code, self.last_processed_stream, data, true);
    }

    pub fn alt_svc(&mut self, stream: u32, origin: Vec<u8>, value: Vec<u8>) {
        self.regular.push_back(Item::AltSvc {
            stream,
            origin,
            value,
        });
    }

    pub fn origin(&mut self, origins: Vec<Vec<u8>>) {
        self.regular.push_back(Item::Origin(origins));
    }

    pub fn set_next_stream(&mut self, id: u32) -> bool {
        if id < self.next_stream || !self.is_mine(id) || id > STREAM_ID_MAX {
            return false;
        }
        self.next_stream = id;
        true
    }

    /// The connection's own window.
    pub fn set_local_window(&mut self, bytes: i32) -> Result<(), Error> {
        if bytes < 0 {
            return Err(Error::INVALID_ARGUMENT);
        }
        let window = &mut self.receiving;
        let delta = bytes - window.size;
        if delta == 0 {
            return Ok(());
        }
        window.size = bytes;
        if delta < 0 {
            window.received += delta;
            window.reduction -= delta;
            return Ok(());
        }
        let known = window.reduction.min(delta);
        window.reduction -= known;
        window.received += known;
        if delta > known {
            self.queue_window_update(0, delta - known);
        }
        Ok(())
    }

    pub fn consume_connection(&mut self, bytes: usize) {
        if let Some(back) = self.receiving.consume(bytes) {
            self.queue_window_update(0, back);
        }
    }

    pub fn consume_stream(&mut self, stream: u32, bytes: usize) {
        let Some(known) = self.streams.get_mut(&stream) else {
            return;
        };
        if let Some(back) = known.receiving.consume(bytes)
            && !known.read_shut
            && known.state != State::Closing
        {
            self.queue_window_update(stream, back);
        }
    }

    fn queue_window_update(&mut self, stream: u32, increment: i32) {
        self.regular.push_back(Item::WindowUpdate {
            stream,
            increment: increment as u32,
        });
    }

    // ---- what a program may know ----

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn local_settings(&self) -> &Settings {
        &self.local
    }

    pub fn remote_settings(&self) -> &Settings {
        &self.remote
    }

    pub fn next_stream(&self) -> u32 {
        self.next_stream
    }

    pub fn last_processed_stream(&self) -> u32 {
        self.last_processed_stream
    }

    /// The connection's window, what came of it, and how much the other side takes.
    pub fn windows(&self) -> (i32, i32, i32) {
        (
            self.receiving.size,
            self.receiving.received,
            self.send_window,
        )
    }

    pub fn waiting_items(&self) -> usize {
        self.urgent.len() + self.regular.len() + self.requests.len()
    }

    /// Bytes of bodies that have not gone.
    pub fn waiting_bytes(&self) -> usize {
        self.bodies.values().map(|body| body.bytes).sum()
    }

    /// What came cannot be read on.
    pub fn stop_reading(&mut self) {
        self.input.ignore_all();
    }

    /// Bytes in the tables of what goes out and what comes in.
    pub fn table_bytes(&self) -> (usize, usize) {
        (self.encoder.table_bytes(), self.decoder.table_bytes())
    }

    pub fn stream(&self, id: u32) -> Option<StreamView> {
        let stream = self.streams.get(&id)?;
        Some(StreamView {
            is_reserved: stream.state == State::Reserved,
            is_mine: self.is_mine(id),
            local_closed: stream.write_shut,
            remote_closed: stream.read_shut,
            weight: stream.weight,
            window_bytes: stream.receiving.size - stream.receiving.received,
        })
    }

    pub fn wants_read(&self) -> bool {
        if self.terminated {
            return false;
        }
        !self.streams.is_empty() || !(self.goaway_sent || self.goaway_received)
    }

    pub fn wants_write(&self) -> bool {
        !self.terminated
            && (!self.urgent.is_empty()
                || !self.regular.is_empty()
                || self.may_request()
                || self.next_body().is_some())
    }
}

#[derive(Clone, Copy, Debug)]
pub struct StreamView {
    pub is_reserved: bool,
    pub is_mine: bool,
    pub local_closed: bool,
    pub remote_closed: bool,
    pub weight: i32,
    pub window_bytes: i32,
}
