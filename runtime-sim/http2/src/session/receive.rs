//! What comes in, one frame or piece of a DATA frame at a time, and what nghttp2 says of frames that should not have.

use crate::{
    error::{Error, code},
    frame::{HEADER_BYTES, Head, PREFACE, Priority, flag, kind, u31, u32_at, unpadded},
    hpack::Header,
    message::{Message, Part, Verdict},
};

use super::{ANSWERS_WAITING_MAX, Category, Event, Role, Session, State, send::Item, setting};

/// Frames that may follow a block's first one.
const CONTINUATIONS_MAX: usize = 8;

#[derive(Debug)]
pub(super) struct Inbound {
    bytes: Vec<u8>,
    /// What of them is read.
    at: usize,
    expects: Expects,
    /// A client that has not sent its preface.
    greets: bool,
    block: Option<Block>,
    data: Option<Data>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    Preface,
    Settings,
    Frames,
    Nothing,
}

/// Fields that go on in the next frame.
#[derive(Debug)]
struct Block {
    head: Head,
    promised: u32,
    priority: Option<Priority>,
    bytes: Vec<u8>,
    continuations: usize,
}

/// What is left of a DATA frame.
#[derive(Debug)]
struct Data {
    head: Head,
    left: usize,
    padding: usize,
    ignored: bool,
}

impl Inbound {
    pub(super) fn new(is_server: bool) -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            expects: if is_server {
                Expects::Preface
            } else {
                Expects::Settings
            },
            greets: !is_server,
            block: None,
            data: None,
        }
    }

    pub(super) fn ignore_all(&mut self) {
        self.expects = Expects::Nothing;
    }

    /// Once, before anything else goes out.
    pub(super) fn greets(&mut self) -> bool {
        std::mem::take(&mut self.greets)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

/// Why a frame is not heeded.
enum Refusal {
    /// As if it had not come.
    Ignored,
    /// The stream ends.
    Stream(u32, Error),
    /// The connection ends.
    Connection(Error, &'static str),
    /// The connection ends, and nobody is told of the frame.
    Quiet(u32, &'static str),
    Fatal(Error),
}

type Heed<T = ()> = Result<T, Refusal>;

impl Session {
    pub fn receive(&mut self, bytes: &[u8]) {
        let input = &mut self.input;
        input.bytes.drain(..std::mem::take(&mut input.at));
        input.bytes.extend_from_slice(bytes);
    }

    /// Reads the next frame or piece of data; `false` when there is none.
    pub fn read_one(&mut self) -> Result<bool, Error> {
        match self.input.expects {
            Expects::Nothing => {
                self.input.at = self.input.bytes.len();
                return Ok(false);
            }
            Expects::Preface => {
                let rest = self.input.rest();
                let length = rest.len().min(PREFACE.len());
                if rest[..length] != PREFACE[..length] {
                    return Err(Error::BAD_CLIENT_MAGIC);
                }
                if length < PREFACE.len() {
                    return Ok(false);
                }
                self.input.at += length;
                self.input.expects = Expects::Settings;
            }
            Expects::Settings | Expects::Frames => {}
        }
        if self.input.data.is_some() {
            return Ok(self.read_data());
        }
        let Some(head) = Head::parse(self.input.rest()) else {
            return Ok(false);
        };
        if self.input.expects == Expects::Settings {
            if head.kind != kind::SETTINGS || head.has(flag::ACK) {
                self.events.push_back(Event::NotHttp2);
                self.terminate(code::PROTOCOL_ERROR, "SETTINGS expected");
                return Ok(true);
            }
            self.input.expects = Expects::Frames;
        }
        if head.length > self.local.frame_bytes_max as usize {
            self.terminate(code::FRAME_SIZE_ERROR, "too large frame size");
            return Ok(true);
        }
        let in_block = self.input.block.is_some();
        if in_block && head.kind != kind::CONTINUATION {
            self.terminate(
                code::PROTOCOL_ERROR,
                "unexpected non-CONTINUATION frame or stream_id is invalid",
            );
            return Ok(true);
        }
        if head.kind == kind::DATA {
            return Ok(self.begin_data(head));
        }
        let whole = HEADER_BYTES + head.length;
        if self.input.rest().len() < whole {
            return Ok(false);
        }
        let payload = self.input.rest()[HEADER_BYTES..whole].to_vec();
        self.input.at += whole;
        match self.heed(head, &payload) {
            Ok(()) | Err(Refusal::Ignored) => {}
            Err(Refusal::Stream(stream, error)) => self.refuse_stream(stream, error),
            Err(Refusal::Connection(error, reason)) => {
                self.events.push_back(Event::InvalidFrame(error));
                self.terminate(error.wire_code(), reason);
            }
            Err(Refusal::Quiet(code, reason)) => self.terminate(code, reason),
            Err(Refusal::Fatal(error)) => return Err(error),
        }
        Ok(true)
    }

    fn refuse_stream(&mut self, stream: u32, error: Error) {
        self.reset(stream, error.wire_code());
        self.events.push_back(Event::InvalidFrame(error));
    }

    fn heed(&mut self, head: Head, payload: &[u8]) -> Heed {
        match head.kind {
            kind::HEADERS => self.heed_headers(head, payload),
            kind::PRIORITY => self.heed_priority(head, payload),
            kind::RST_STREAM => self.heed_reset(head, payload),
            kind::SETTINGS => self.heed_settings(head, payload),
            kind::PUSH_PROMISE => self.heed_promise(head, payload),
            kind::PING => self.heed_ping(head, payload),
            kind::GOAWAY => self.heed_go_away(head, payload),
            kind::WINDOW_UPDATE => self.heed_window_update(head, payload),
            kind::CONTINUATION => self.heed_continuation(head, payload),
            kind::ALTSVC => self.heed_alt_svc(head, payload),
            kind::ORIGIN => self.heed_origin(head, payload),
            // RFC 9113, 5.5: what one does not know is not there.
            _ => Ok(()),
        }
    }

    // ---- bodies ----

    fn begin_data(&mut self, head: Head) -> bool {
        let rest = self.input.rest();
        let prefix = HEADER_BYTES + usize::from(head.has(flag::PADDED));
        if rest.len() < prefix {
            return false;
        }
        let padding = usize::from(head.has(flag::PADDED)) * usize::from(rest[prefix - 1]);
        let content = head.length.checked_sub(prefix - HEADER_BYTES);
        let ignored = match self.may_send_data(head.stream) {
            Ok(ignored) => ignored,
            Err((code, reason)) => {
                self.terminate(code, reason);
                return true;
            }
        };
        let Some(left) = content else {
            self.terminate(code::PROTOCOL_ERROR, "DATA: insufficient padding space");
            return true;
        };
        if padding > left {
            self.terminate(code::PROTOCOL_ERROR, "DATA: invalid padding");
            return true;
        }
        self.input.at += prefix;
        // The byte that counts the padding came too.
        if head.has(flag::PADDED) && !self.count(head.stream, 1, ignored, true) {
            return true;
        }
        let left = left - padding;
        self.input.data = Some(Data {
            head,
            left,
            padding,
            ignored,
        });
        self.read_data()
    }

    /// Whether the other side may: `Ok(true)` when what it sends is thrown away.
    fn may_send_data(&self, id: u32) -> Result<bool, (u32, &'static str)> {
        if id == 0 {
            return Err((code::PROTOCOL_ERROR, "DATA: stream_id == 0"));
        }
        let Some(stream) = self.streams.get(&id) else {
            return match self.is_idle(id) {
                true => Err((code::PROTOCOL_ERROR, "DATA: stream in idle")),
                false => Ok(true),
            };
        };
        if stream.read_shut {
            return Err((code::STREAM_CLOSED, "DATA: stream closed"));
        }
        match (stream.state, self.is_mine(id)) {
            (State::Closing, _) => Ok(true),
            (State::Opened, _) | (State::Opening, false) => Ok(false),
            (_, true) => Err((code::PROTOCOL_ERROR, "DATA: stream not opened")),
            (_, false) => Err((code::PROTOCOL_ERROR, "DATA: stream in reserved")),
        }
    }

    /// Counts bytes against the windows. What no program gets is given back at once.
    fn count(&mut self, id: u32, bytes: usize, ignored: bool, is_padding: bool) -> bool {
        if bytes == 0 {
            return true;
        }
        if !self.receiving.takes(bytes) {
            self.terminate(code::FLOW_CONTROL_ERROR, "");
            return false;
        }
        if ignored || is_padding {
            self.consume_connection(bytes);
        }
        if ignored {
            return true;
        }
        let fits = self
            .streams
            .get_mut(&id)
            .is_none_or(|stream| stream.receiving.takes(bytes));
        if !fits {
            self.reset(id, code::FLOW_CONTROL_ERROR);
            if let Some(data) = &mut self.input.data {
                data.ignored = true;
            }
        } else if is_padding {
            self.consume_stream(id, bytes);
        }
        true
    }

    fn read_data(&mut self) -> bool {
        let available = self.input.bytes.len() - self.input.at;
        let Some(data) = &mut self.input.data else {
            return false;
        };
        let id = data.head.stream;
        if data.left > 0 || data.padding > 0 {
            let content = data.left.min(available);
            let padding = data.padding.min(available - content);
            if content + padding == 0 {
                return false;
            }
            data.left -= content;
            data.padding -= padding;
            let ignored = data.ignored;
            let at = self.input.at;
            self.input.at += content + padding;
            if !self.count(id, content, ignored, false) || !self.count(id, padding, ignored, true) {
                self.input.data = None;
                return true;
            }
            let ignored = self.input.data.as_ref().is_none_or(|data| data.ignored);
            if content > 0 && !ignored {
                let fits = self
                    .streams
                    .get_mut(&id)
                    .is_none_or(|stream| stream.message.data(content));
                if fits {
                    let bytes = self.input.bytes[at..at + content].to_vec();
                    self.events.push_back(Event::Data { stream: id, bytes });
                } else {
                    self.consume_connection(content);
                    self.reset(id, code::PROTOCOL_ERROR);
                    self.events
                        .push_back(Event::InvalidFrame(Error::HTTP_MESSAGING));
                    if let Some(data) = &mut self.input.data {
                        data.ignored = true;
                    }
                }
            }
        }
        self.end_data();
        true
    }

    /// The frame is all there.
    fn end_data(&mut self) {
        let Some(Data { head, ignored, .. }) = self
            .input
            .data
            .take_if(|data| data.left + data.padding == 0)
        else {
            return;
        };
        if ignored {
            return;
        }
        let (id, ends_stream) = (head.stream, head.has(flag::END_STREAM));
        if ends_stream
            && let Some(stream) = self.streams.get(&id)
            && !stream.message.end_stream()
        {
            self.refuse_stream(id, Error::HTTP_MESSAGING);
            return;
        }
        self.events.push_back(Event::DataEnd {
            stream: id,
            ends_stream,
        });
        if ends_stream {
            self.shut_read(id);
        }
    }

    fn shut_read(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.read_shut = true;
        }
        self.close_if_shut(id);
    }

    // ---- fields ----

    fn heed_headers(&mut self, head: Head, payload: &[u8]) -> Heed {
        let end = unpadded(&head, payload).ok_or(Refusal::Quiet(
            code::PROTOCOL_ERROR,
            "HEADERS: invalid padding",
        ))?;
        let start = usize::from(head.has(flag::PADDED));
        let mut content = &payload[start..start + end];
        let mut priority = None;
        if head.has(flag::PRIORITY) {
            priority = Priority::parse(content);
            if priority.is_none() {
                return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
            }
            content = &content[Priority::BYTES..];
        }
        self.begin_block(head, 0, priority, content)
    }

    fn heed_promise(&mut self, head: Head, payload: &[u8]) -> Heed {
        let end = unpadded(&head, payload).ok_or(Refusal::Quiet(
            code::PROTOCOL_ERROR,
            "PUSH_PROMISE: invalid padding",
        ))?;
        let start = usize::from(head.has(flag::PADDED));
        let content = &payload[start..start + end];
        let Some((promised, content)) = content.split_first_chunk() else {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        };
        self.begin_block(head, u31(*promised), None, content)
    }

    fn begin_block(
        &mut self,
        head: Head,
        promised: u32,
        priority: Option<Priority>,
        bytes: &[u8],
    ) -> Heed {
        let block = Block {
            head,
            promised,
            priority,
            bytes: bytes.to_vec(),
            continuations: 0,
        };
        if head.has(flag::END_HEADERS) {
            return self.end_block(block);
        }
        self.input.block = Some(block);
        Ok(())
    }

    fn heed_continuation(&mut self, head: Head, payload: &[u8]) -> Heed {
        let Some(mut block) = self.input.block.take() else {
            return Err(Refusal::Quiet(
                code::PROTOCOL_ERROR,
                "CONTINUATION: unexpected",
            ));
        };
        if head.stream != block.head.stream {
            let reason = "unexpected non-CONTINUATION frame or stream_id is invalid";
            return Err(Refusal::Quiet(code::PROTOCOL_ERROR, reason));
        }
        block.continuations += 1;
        if block.continuations > CONTINUATIONS_MAX {
            return Err(Refusal::Fatal(Error::TOO_MANY_CONTINUATIONS));
        }
        block.bytes.extend_from_slice(payload);
        if head.has(flag::END_HEADERS) {
            block.head.flags |= flag::END_HEADERS;
            return self.end_block(block);
        }
        self.input.block = Some(block);
        Ok(())
    }

    /// Every block is decoded, heeded or not: both sides must know the same table.
    fn end_block(&mut self, block: Block) -> Heed {
        let allowed = self.admit(&block);
        let Ok(headers) = self.decoder.decode(&block.bytes) else {
            return Err(Refusal::Quiet(code::COMPRESSION_ERROR, ""));
        };
        let (stream, category) = allowed?;
        self.tell_headers(&block, stream, category, headers)
    }

    /// Whether such a block may come now; what it is.
    fn admit(&mut self, block: &Block) -> Heed<(u32, Category)> {
        let id = block.head.stream;
        if block.head.kind == kind::PUSH_PROMISE {
            return self.admit_promise(id, block.promised);
        }
        let proto = |reason| Refusal::Connection(Error::PROTO, reason);
        let is_mine = self.is_mine(id);
        let Some(stream) = self.streams.get(&id) else {
            return self.admit_request(block);
        };
        let closed = Refusal::Connection(Error::STREAM_CLOSED, "HEADERS: stream closed");
        match (stream.state, is_mine) {
            (State::Opening, true) => {
                if stream.read_shut {
                    return Err(closed);
                }
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.state = State::Opened;
                }
                Ok((id, Category::Response))
            }
            (State::Reserved, _) => {
                if self.role == Role::Server {
                    return Err(proto(
                        "HEADERS: no HEADERS allowed from client in reserved state",
                    ));
                }
                if self.incoming >= self.local.streams_max as usize {
                    return Err(proto(
                        "push response HEADERS: max concurrent streams exceeded",
                    ));
                }
                if self.goaway_sent || self.terminating {
                    return Err(Refusal::Ignored);
                }
                if self.incoming >= self.pending.streams_max as usize {
                    return Err(Refusal::Stream(id, Error::REFUSED_STREAM));
                }
                self.incoming_reserved -= 1;
                self.incoming += 1;
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.state = State::Opened;
                }
                Ok((id, Category::PushResponse))
            }
            _ if stream.read_shut => Err(closed),
            (State::Closing, _) => Err(Refusal::Ignored),
            _ => Ok((id, Category::Headers)),
        }
    }

    fn admit_request(&mut self, block: &Block) -> Heed<(u32, Category)> {
        let id = block.head.stream;
        let proto = |reason| Refusal::Connection(Error::PROTO, reason);
        if id == 0 {
            return Err(proto("request HEADERS: stream_id == 0"));
        }
        if self.role == Role::Client {
            if self.is_idle(id) {
                return Err(proto("request HEADERS: client received request"));
            }
            return Err(Refusal::Ignored);
        }
        if self.is_mine(id) {
            return Err(proto("request HEADERS: invalid stream_id"));
        }
        if id <= self.last_received_stream {
            return Err(Refusal::Ignored);
        }
        self.last_received_stream = id;
        if self.incoming >= self.local.streams_max as usize {
            return Err(proto("request HEADERS: max concurrent streams exceeded"));
        }
        if self.goaway_sent || self.terminating {
            return Err(Refusal::Ignored);
        }
        if block.priority.is_some_and(|priority| priority.parent == id) {
            return Err(proto("request HEADERS: depend on itself"));
        }
        if self.incoming >= self.pending.streams_max as usize {
            return Err(Refusal::Stream(id, Error::REFUSED_STREAM));
        }
        self.open(id, State::Opening, Message::default());
        if let (Some(stream), Some(priority)) = (self.streams.get_mut(&id), block.priority) {
            stream.weight = priority.weight;
        }
        self.last_processed_stream = id;
        Ok((id, Category::Request))
    }

    fn admit_promise(&mut self, id: u32, promised: u32) -> Heed<(u32, Category)> {
        let proto = |reason| Refusal::Connection(Error::PROTO, reason);
        if id == 0 {
            return Err(proto("PUSH_PROMISE: stream_id == 0"));
        }
        if self.role == Role::Server || self.local.enable_push == 0 {
            return Err(proto("PUSH_PROMISE: push disabled"));
        }
        if !self.is_mine(id) {
            return Err(proto("PUSH_PROMISE: invalid stream_id"));
        }
        if self.goaway_sent || self.terminating {
            return Err(Refusal::Ignored);
        }
        if promised == 0 || self.is_mine(promised) || promised <= self.last_received_stream {
            return Err(proto("PUSH_PROMISE: invalid promised_stream_id"));
        }
        if self.is_idle(id) {
            return Err(proto("PUSH_PROMISE: stream in idle"));
        }
        self.last_received_stream = promised;
        let parent = self
            .streams
            .get(&id)
            .filter(|stream| stream.state != State::Closing);
        let is_full = self.incoming_reserved >= self.options.reserved_streams_max;
        let Some(parent) = parent.filter(|_| self.pending.enable_push != 0 && !is_full) else {
            return Err(Refusal::Stream(promised, Error::PUSH_CANCEL));
        };
        if parent.read_shut {
            let reason = "PUSH_PROMISE: stream closed";
            return Err(Refusal::Connection(Error::STREAM_CLOSED, reason));
        }
        self.open(promised, State::Reserved, Message::default());
        self.last_processed_stream = promised;
        Ok((promised, Category::Request))
    }

    fn tell_headers(
        &mut self,
        block: &Block,
        id: u32,
        category: Category,
        headers: Vec<Header>,
    ) -> Heed {
        let is_promise = block.head.kind == kind::PUSH_PROMISE;
        let is_request = self.role == Role::Server || is_promise;
        let allows_protocol =
            self.role == Role::Server && self.pending.enable_connect_protocol != 0;
        let ends_stream = !is_promise && block.head.has(flag::END_STREAM);
        let Some(stream) = self.streams.get_mut(&id) else {
            return Err(Refusal::Ignored);
        };
        let message = &mut stream.message;
        let part = match category {
            Category::Request => Part::Request,
            Category::Response | Category::PushResponse => Part::Response,
            Category::Headers if message.expects_final() => Part::Response,
            Category::Headers => Part::Trailer,
        };
        message.begin_block();
        let mut kept = Vec::with_capacity(headers.len());
        for header in headers {
            match message.field(&header, part, is_request, allows_protocol, id) {
                Verdict::Keep => kept.push(header),
                Verdict::Drop => {}
                Verdict::Invalid => return Err(Refusal::Stream(id, Error::HTTP_HEADER)),
            }
        }
        let is_whole =
            message.end_block(part, ends_stream) && (!ends_stream || message.end_stream());
        if !is_whole {
            return Err(Refusal::Stream(id, Error::HTTP_MESSAGING));
        }
        if is_promise {
            message.expect_answer();
        }
        let flags = block.head.flags;
        self.events.push_back(Event::Headers {
            stream: id,
            category,
            flags,
            headers: kept,
        });
        if ends_stream {
            self.shut_read(id);
        }
        Ok(())
    }

    // ---- the rest ----

    fn heed_priority(&mut self, head: Head, payload: &[u8]) -> Heed {
        let priority = Priority::parse(payload).filter(|_| payload.len() == Priority::BYTES);
        let priority = priority.ok_or(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""))?;
        let stream = head.stream;
        if stream == 0 {
            return Err(Refusal::Connection(
                Error::PROTO,
                "PRIORITY: stream_id == 0",
            ));
        }
        if priority.parent == stream {
            return Err(Refusal::Quiet(code::PROTOCOL_ERROR, "depend on itself"));
        }
        if let Some(known) = self.streams.get_mut(&stream) {
            known.weight = priority.weight;
        }
        self.events.push_back(Event::Priority { stream, priority });
        Ok(())
    }

    fn heed_reset(&mut self, head: Head, payload: &[u8]) -> Heed {
        if payload.len() != 4 {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        }
        if head.stream == 0 {
            return Err(Refusal::Connection(
                Error::PROTO,
                "RST_STREAM: stream_id == 0",
            ));
        }
        if self.is_idle(head.stream) {
            return Err(Refusal::Connection(
                Error::PROTO,
                "RST_STREAM: stream in idle",
            ));
        }
        self.events.push_back(Event::OtherFrame);
        self.close(head.stream, u32_at(payload, 0));
        Ok(())
    }

    fn heed_settings(&mut self, head: Head, payload: &[u8]) -> Heed {
        const ENTRY_BYTES: usize = 6;
        let refused = |error, reason| Err(Refusal::Connection(error, reason));
        if head.stream != 0 {
            return refused(Error::PROTO, "SETTINGS: stream_id != 0");
        }
        if head.has(flag::ACK) {
            if !payload.is_empty() {
                return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
            }
            let Some(entries) = self.settings_waiting.pop_front() else {
                return refused(Error::PROTO, "SETTINGS: unexpected ACK");
            };
            return self.settle(&entries);
        }
        if !payload.len().is_multiple_of(ENTRY_BYTES) {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        }
        if payload.len() / ENTRY_BYTES > self.options.settings_entries_max {
            return Err(Refusal::Quiet(
                code::ENHANCE_YOUR_CALM,
                "SETTINGS: too many setting entries",
            ));
        }
        let entries = payload.chunks(ENTRY_BYTES);
        let entries: Vec<(u16, u32)> = entries
            .map(|entry| (u16::from_be_bytes([entry[0], entry[1]]), u32_at(entry, 2)))
            .collect();
        if !self.remote_told {
            self.remote_told = true;
            self.remote.streams_max = u32::MAX;
        }
        for (id, value) in &entries {
            match (*id, *value) {
                (setting::HEADER_TABLE_SIZE, bytes) => self.encoder.limit(bytes as usize),
                (setting::ENABLE_PUSH, 2..) => {
                    return refused(Error::PROTO, "SETTINGS: invalid SETTINGS_ENBLE_PUSH");
                }
                (setting::ENABLE_PUSH, 1) if self.role == Role::Client => {
                    return refused(Error::PROTO, "SETTINGS: server attempted to enable push");
                }
                (setting::INITIAL_WINDOW_SIZE, 0x8000_0000..) => {
                    return refused(
                        Error::FLOW_CONTROL,
                        "SETTINGS: too large SETTINGS_INITIAL_WINDOW_SIZE",
                    );
                }
                (setting::INITIAL_WINDOW_SIZE, bytes) => {
                    let delta = i64::from(bytes) - i64::from(self.remote.window_bytes);
                    self.remote.window_bytes = bytes;
                    for stream in self.streams.values_mut() {
                        match i32::try_from(i64::from(stream.send_window) + delta) {
                            Ok(window) => stream.send_window = window,
                            Err(_) => return refused(Error::FLOW_CONTROL, ""),
                        }
                    }
                }
                (setting::MAX_FRAME_SIZE, bytes) if !(16_384..=16_777_215).contains(&bytes) => {
                    return refused(Error::PROTO, "SETTINGS: invalid SETTINGS_MAX_FRAME_SIZE");
                }
                (setting::ENABLE_CONNECT_PROTOCOL, 2..) => {
                    return refused(
                        Error::PROTO,
                        "SETTINGS: invalid SETTINGS_ENABLE_CONNECT_PROTOCOL",
                    );
                }
                (setting::ENABLE_CONNECT_PROTOCOL, 0)
                    if self.role == Role::Client && self.remote.enable_connect_protocol == 1 =>
                {
                    let reason =
                        "SETTINGS: server attempted to disable SETTINGS_ENABLE_CONNECT_PROTOCOL";
                    return refused(Error::PROTO, reason);
                }
                _ => {}
            }
            self.remote.apply(&[(*id, *value)]);
        }
        if !self.terminating {
            self.queue_answer(Item::Settings(None))?;
        }
        self.events.push_back(Event::Settings(entries));
        Ok(())
    }

    fn queue_answer(&mut self, item: Item) -> Heed {
        let waiting = self.urgent.iter().filter(|item| item.is_answer()).count();
        if waiting >= ANSWERS_WAITING_MAX {
            return Err(Refusal::Fatal(Error::FLOODED));
        }
        self.urgent.push_back(item);
        Ok(())
    }

    /// The other side keeps to these from now on.
    fn settle(&mut self, entries: &[(u16, u32)]) -> Heed {
        for (id, value) in entries {
            match *id {
                setting::HEADER_TABLE_SIZE => self.decoder.limit(*value as usize),
                setting::INITIAL_WINDOW_SIZE => {
                    let delta = i64::from(*value) - i64::from(self.local.window_bytes);
                    for stream in self.streams.values_mut() {
                        let size = i64::from(stream.receiving.size) + delta;
                        match i32::try_from(size) {
                            Ok(size) => stream.receiving.size = size,
                            Err(_) => return Err(Refusal::Connection(Error::FLOW_CONTROL, "")),
                        }
                    }
                }
                _ => {}
            }
        }
        self.local.apply(entries);
        self.pending = self.local.clone();
        for waiting in &self.settings_waiting {
            self.pending.apply(waiting);
        }
        self.events.push_back(Event::SettingsAck);
        Ok(())
    }

    fn heed_ping(&mut self, head: Head, payload: &[u8]) -> Heed {
        let Ok(data) = <[u8; 8]>::try_from(payload) else {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        };
        if head.stream != 0 {
            return Err(Refusal::Connection(Error::PROTO, "PING: stream_id != 0"));
        }
        if head.has(flag::ACK) {
            self.events.push_back(Event::PingAck(data));
            return Ok(());
        }
        if !self.terminating {
            self.queue_answer(Item::Ping { data, is_ack: true })?;
        }
        self.events.push_back(Event::Ping(data));
        Ok(())
    }

    fn heed_go_away(&mut self, head: Head, payload: &[u8]) -> Heed {
        if payload.len() < 8 {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        }
        let last_stream = u32_at(payload, 0) & 0x7fff_ffff;
        if head.stream != 0 {
            return Err(Refusal::Connection(Error::PROTO, "GOAWAY: stream_id != 0"));
        }
        if last_stream > 0 && !self.is_mine(last_stream) || last_stream > self.remote_last_stream {
            return Err(Refusal::Connection(
                Error::PROTO,
                "GOAWAY: invalid last_stream_id",
            ));
        }
        self.goaway_received = true;
        self.remote_last_stream = last_stream;
        self.events.push_back(Event::GoAway {
            code: u32_at(payload, 4),
            last_stream,
            data: payload[8..].to_vec(),
        });
        self.close_above(last_stream, true);
        Ok(())
    }

    fn heed_window_update(&mut self, head: Head, payload: &[u8]) -> Heed {
        if payload.len() != 4 {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        }
        let increment = u32_at(payload, 0) & 0x7fff_ffff;
        let grown = |window: i32| window.checked_add(increment as i32);
        if head.stream == 0 {
            if increment == 0 {
                let reason = "WINDOW_UPDATE: window_size_increment == 0";
                return Err(Refusal::Connection(Error::PROTO, reason));
            }
            self.send_window =
                grown(self.send_window).ok_or(Refusal::Connection(Error::FLOW_CONTROL, ""))?;
        } else {
            if self.is_idle(head.stream) {
                return Err(Refusal::Connection(
                    Error::PROTO,
                    "WINDOW_UPDATE to idle stream",
                ));
            }
            let is_mine = self.is_mine(head.stream);
            let Some(stream) = self.streams.get_mut(&head.stream) else {
                return Ok(());
            };
            if stream.state == State::Reserved && !is_mine {
                return Err(Refusal::Connection(
                    Error::PROTO,
                    "WINDOW_UPADATE to reserved stream",
                ));
            }
            if increment == 0 {
                let reason = "WINDOW_UPDATE: window_size_increment == 0";
                return Err(Refusal::Connection(Error::PROTO, reason));
            }
            let reason = "WINDOW_UPDATE: window size overflow";
            stream.send_window = grown(stream.send_window)
                .ok_or(Refusal::Connection(Error::FLOW_CONTROL, reason))?;
        }
        self.events.push_back(Event::OtherFrame);
        Ok(())
    }

    /// Servers announce where else they are; a client listens.
    fn heed_alt_svc(&mut self, head: Head, payload: &[u8]) -> Heed {
        let length = payload
            .first_chunk()
            .map(|length| usize::from(u16::from_be_bytes(*length)));
        let split = length.and_then(|length| payload[2..].split_at_checked(length));
        if self.role == Role::Server {
            return Ok(());
        }
        let Some((origin, value)) = split else {
            return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
        };
        if (head.stream == 0) == origin.is_empty() || value.is_empty() {
            return Ok(());
        }
        self.events.push_back(Event::AltSvc {
            stream: head.stream,
            origin: origin.to_vec(),
            value: value.to_vec(),
        });
        Ok(())
    }

    fn heed_origin(&mut self, head: Head, payload: &[u8]) -> Heed {
        if self.role == Role::Server || head.stream != 0 || head.flags & 0xf0 != 0 {
            return Ok(());
        }
        let (mut rest, mut origins) = (payload, Vec::new());
        while let Some((length, more)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((origin, after)) = more.split_at_checked(length) else {
                return Err(Refusal::Quiet(code::FRAME_SIZE_ERROR, ""));
            };
            if !origin.is_empty() {
                origins.push(origin.to_vec());
            }
            rest = after;
        }
        self.events.push_back(Event::Origin(origins));
        Ok(())
    }
}
