//! What goes out, one frame at a time: first answers and settings, then what stands in line, then new requests as far
//! as the other side allows, then bodies by their weights.

use crate::{
    error::{Error, code},
    frame::{Head, PREFACE, Priority, flag, kind},
    hpack::Header,
    message::Message,
};

use super::{Event, Padding, Role, Session, State};

const PAYLOAD_BYTES_MAX: usize = 16_384;
const PADDING_BYTES_MAX: usize = 256;

/// What follows a block of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Body,
    More,
    End,
}

#[derive(Debug)]
pub(super) enum Item {
    Request {
        stream: u32,
        headers: Vec<Header>,
        priority: Option<Priority>,
        with_body: bool,
        cancelled: Option<u32>,
    },
    Headers {
        stream: u32,
        headers: Vec<Header>,
        then: Then,
    },
    Promise {
        parent: u32,
        promised: u32,
        headers: Vec<Header>,
    },
    Reset {
        stream: u32,
        code: u32,
    },
    Priority {
        stream: u32,
        priority: Priority,
    },
    /// `None` acknowledges the other side's.
    Settings(Option<Vec<(u16, u32)>>),
    Ping {
        data: [u8; 8],
        is_ack: bool,
    },
    GoAway {
        code: u32,
        last: u32,
        data: Vec<u8>,
        is_last: bool,
    },
    WindowUpdate {
        stream: u32,
        increment: u32,
    },
    AltSvc {
        stream: u32,
        origin: Vec<u8>,
        value: Vec<u8>,
    },
    Origin(Vec<Vec<u8>>),
}

impl Item {
    /// Stream and kind of its frame.
    fn names(&self) -> (u32, u8) {
        match self {
            Self::Request { stream, .. } | Self::Headers { stream, .. } => (*stream, kind::HEADERS),
            Self::Promise { parent, .. } => (*parent, kind::PUSH_PROMISE),
            Self::Reset { stream, .. } => (*stream, kind::RST_STREAM),
            Self::Priority { stream, .. } => (*stream, kind::PRIORITY),
            Self::Settings(_) => (0, kind::SETTINGS),
            Self::Ping { .. } => (0, kind::PING),
            Self::GoAway { .. } => (0, kind::GOAWAY),
            Self::WindowUpdate { stream, .. } => (*stream, kind::WINDOW_UPDATE),
            Self::AltSvc { stream, .. } => (*stream, kind::ALTSVC),
            Self::Origin(_) => (0, kind::ORIGIN),
        }
    }

    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Settings(None) | Self::Ping { is_ack: true, .. })
    }
}

/// What has gone out, and of which writes all has.
#[derive(Debug, Default)]
pub struct Sent {
    pub bytes: Vec<u8>,
    pub tags: Vec<u64>,
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = payload.len();
    Head {
        length,
        kind,
        flags,
        stream,
    }
    .write(out);
    out.extend_from_slice(payload);
}

impl Session {
    pub(super) fn may_request(&self) -> bool {
        !self.requests.is_empty() && self.outgoing < self.remote.streams_max as usize
    }

    /// The stream whose body goes next.
    pub(super) fn next_body(&self) -> Option<u32> {
        if self.send_window <= 0 {
            return None;
        }
        let ready = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.sends && !stream.is_deferred && (stream.send_window > 0));
        ready
            .min_by_key(|(id, stream)| (stream.turn, **id))
            .map(|(id, _)| *id)
    }

    /// Puts one frame behind what is to go out; `false` when there is none.
    pub fn send_one(&mut self, sent: &mut Sent) -> bool {
        if self.input.greets() {
            sent.bytes.extend_from_slice(PREFACE);
        }
        if self.terminated {
            return false;
        }
        let item = self.urgent.pop_front().or_else(|| self.regular.pop_front());
        let item = match item {
            None if self.may_request() => self.requests.pop_front(),
            item => item,
        };
        let Some(item) = item else {
            return match self.next_body() {
                Some(stream) => {
                    self.send_data(stream, sent);
                    true
                }
                None => false,
            };
        };
        let (stream, kind) = item.names();
        let failed = match item {
            Item::Request {
                stream,
                headers,
                priority,
                with_body,
                cancelled,
            } => {
                let done = self.send_request(stream, headers, priority, with_body, cancelled, sent);
                if done.is_err() {
                    let code = cancelled.unwrap_or(code::INTERNAL_ERROR);
                    self.events.push_back(Event::StreamClosed { stream, code });
                }
                done
            }
            Item::Headers {
                stream,
                headers,
                then,
            } => self.send_headers(stream, &headers, then, sent),
            Item::Promise {
                parent,
                promised,
                headers,
            } => {
                let done = self.send_promise(parent, promised, &headers, sent);
                if done.is_err() {
                    let code = code::INTERNAL_ERROR;
                    self.events.push_back(Event::StreamClosed {
                        stream: promised,
                        code,
                    });
                }
                done
            }
            item => self.send_plain(item, &mut sent.bytes),
        };
        self.events.push_back(match failed {
            Ok(()) => Event::FrameSent,
            Err(error) => Event::FrameNotSent {
                stream,
                kind,
                error,
            },
        });
        true
    }

    fn send_plain(&mut self, item: Item, out: &mut Vec<u8>) -> Result<(), Error> {
        let (stream, kind) = item.names();
        let mut payload = Vec::new();
        let mut flags = 0;
        match item {
            Item::Reset { code, .. } => {
                if self.terminating {
                    return Err(Error::SESSION_CLOSING);
                }
                frame(out, kind, 0, stream, &code.to_be_bytes());
                self.close(stream, code);
                return Ok(());
            }
            Item::Settings(Some(entries)) => {
                if self.terminating {
                    return Err(Error::SESSION_CLOSING);
                }
                for (id, value) in entries {
                    payload.extend_from_slice(&id.to_be_bytes());
                    payload.extend_from_slice(&value.to_be_bytes());
                }
            }
            Item::Settings(None) => flags = flag::ACK,
            Item::Ping { data, is_ack } => {
                if self.terminating {
                    return Err(Error::SESSION_CLOSING);
                }
                payload.extend_from_slice(&data);
                flags = if is_ack { flag::ACK } else { 0 };
            }
            Item::GoAway {
                code,
                last,
                data,
                is_last,
            } => {
                let last = last.min(self.local_last_stream);
                payload.extend_from_slice(&last.to_be_bytes());
                payload.extend_from_slice(&code.to_be_bytes());
                payload.extend_from_slice(&data);
                frame(out, kind, 0, 0, &payload);
                self.local_last_stream = last;
                self.goaway_sent = true;
                self.terminated |= is_last;
                self.close_above(last, false);
                return Ok(());
            }
            Item::WindowUpdate { increment, .. } => {
                if self.terminating {
                    return Err(Error::SESSION_CLOSING);
                }
                if stream != 0 && !self.streams.contains_key(&stream) {
                    return Err(Error::STREAM_CLOSED);
                }
                payload.extend_from_slice(&increment.to_be_bytes());
            }
            Item::Priority { priority, .. } => {
                if self.terminating {
                    return Err(Error::SESSION_CLOSING);
                }
                priority.write(&mut payload);
            }
            Item::AltSvc { origin, value, .. } => {
                payload.extend_from_slice(&(origin.len() as u16).to_be_bytes());
                payload.extend_from_slice(&origin);
                payload.extend_from_slice(&value);
            }
            Item::Origin(origins) => {
                for origin in origins {
                    payload.extend_from_slice(&(origin.len() as u16).to_be_bytes());
                    payload.extend_from_slice(&origin);
                }
            }
            Item::Request { .. } | Item::Headers { .. } | Item::Promise { .. } => {}
        }
        frame(out, kind, flags, stream, &payload);
        Ok(())
    }

    // ---- fields ----

    fn fits(&self, headers: &[Header], more_bytes: usize) -> Result<(), Error> {
        const FIELD_BYTES: usize = 12;
        let fields = headers
            .iter()
            .map(|header| header.name.len() + header.value.len() + FIELD_BYTES);
        let estimated = FIELD_BYTES + fields.sum::<usize>() + more_bytes;
        if estimated > self.options.header_block_bytes_max {
            return Err(Error::FRAME_SIZE_ERROR);
        }
        Ok(())
    }

    /// `prefix` stands ahead of the fields in the first frame.
    fn put_block(
        &mut self,
        sent: &mut Sent,
        kind: u8,
        flags: u8,
        stream: u32,
        prefix: &[u8],
        headers: &[Header],
    ) {
        let mut block = prefix.to_vec();
        block.extend(self.encoder.encode(headers));
        let room = self.remote.frame_bytes_max as usize;
        let (first, mut rest) = block.split_at(block.len().min(PAYLOAD_BYTES_MAX.min(room)));
        let padding = if rest.is_empty() {
            self.padding(first.len(), room)
        } else {
            0
        };
        let last = |rest: &[u8]| {
            if rest.is_empty() {
                flag::END_HEADERS
            } else {
                0
            }
        };
        let padded = if padding > 0 { flag::PADDED } else { 0 };
        Head {
            length: first.len() + padding,
            kind,
            flags: flags | last(rest) | padded,
            stream,
        }
        .write(&mut sent.bytes);
        put_padded(&mut sent.bytes, first, padding);
        while !rest.is_empty() {
            let (next, after) = rest.split_at(rest.len().min(PAYLOAD_BYTES_MAX));
            frame(
                &mut sent.bytes,
                kind::CONTINUATION,
                last(after),
                stream,
                next,
            );
            rest = after;
        }
    }

    /// Bytes of padding, with the one that counts them.
    fn padding(&self, length: usize, room: usize) -> usize {
        let most = room.min(length + PADDING_BYTES_MAX);
        let padded = match self.options.padding {
            Padding::None => length,
            Padding::Aligned => most.min((length + 9).next_multiple_of(8) - 9),
            Padding::Max => most,
        };
        padded.saturating_sub(length)
    }

    fn send_request(
        &mut self,
        stream: u32,
        headers: Vec<Header>,
        priority: Option<Priority>,
        with_body: bool,
        cancelled: Option<u32>,
        sent: &mut Sent,
    ) -> Result<(), Error> {
        if cancelled.is_some() {
            return Err(Error::STREAM_CLOSING);
        }
        if self.goaway_sent || self.goaway_received {
            return Err(Error::START_STREAM_NOT_ALLOWED);
        }
        if self.terminating {
            return Err(Error::SESSION_CLOSING);
        }
        let mut prefix = Vec::new();
        if let Some(priority) = priority {
            priority.write(&mut prefix);
        }
        self.fits(&headers, Priority::BYTES)?;
        self.open(stream, State::Opening, Message::answering(&headers));
        self.last_sent_stream = stream;
        let mut flags = if priority.is_some() {
            flag::PRIORITY
        } else {
            0
        };
        if !with_body {
            flags |= flag::END_STREAM;
        }
        self.put_block(sent, kind::HEADERS, flags, stream, &prefix, &headers);
        if let Some(known) = self.streams.get_mut(&stream) {
            known.weight = priority.map_or(Priority::DEFAULT_WEIGHT, |priority| priority.weight);
        }
        self.after_headers(stream, if with_body { Then::Body } else { Then::End });
        Ok(())
    }

    fn send_headers(
        &mut self,
        id: u32,
        headers: &[Header],
        then: Then,
        sent: &mut Sent,
    ) -> Result<(), Error> {
        let is_mine = self.is_mine(id);
        let stream = self.streams.get(&id).ok_or(Error::STREAM_CLOSED)?;
        if self.terminating {
            return Err(Error::SESSION_CLOSING);
        }
        if stream.write_shut {
            return Err(Error::STREAM_SHUT_WR);
        }
        match stream.state {
            State::Closing => return Err(Error::STREAM_CLOSING),
            State::Opening if is_mine => return Err(Error::INVALID_STREAM_STATE),
            State::Reserved if !is_mine => return Err(Error::PROTO),
            State::Reserved if self.goaway_received => return Err(Error::START_STREAM_NOT_ALLOWED),
            _ => {}
        }
        let was_reserved = stream.state == State::Reserved;
        self.fits(headers, Priority::BYTES)?;
        let flags = if then == Then::End {
            flag::END_STREAM
        } else {
            0
        };
        self.put_block(sent, kind::HEADERS, flags, id, &[], headers);
        if was_reserved {
            self.outgoing += 1;
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.state = State::Opened;
        }
        self.after_headers(id, then);
        Ok(())
    }

    fn after_headers(&mut self, id: u32, then: Then) {
        let turn = self.turn_now();
        if let Some(stream) = self.streams.get_mut(&id) {
            match then {
                Then::Body => {
                    stream.sends = true;
                    stream.is_deferred = false;
                    stream.turn = turn;
                }
                Then::End => stream.write_shut = true,
                Then::More => {}
            }
        }
        self.close_if_shut(id);
    }

    fn send_promise(
        &mut self,
        parent: u32,
        promised: u32,
        headers: &[Header],
        sent: &mut Sent,
    ) -> Result<(), Error> {
        if self.role == Role::Client {
            return Err(Error::PROTO);
        }
        let stream = self.streams.get(&parent).ok_or(Error::STREAM_CLOSED)?;
        if self.terminating {
            return Err(Error::SESSION_CLOSING);
        }
        if stream.write_shut {
            return Err(Error::STREAM_SHUT_WR);
        }
        if self.remote.enable_push == 0 {
            return Err(Error::PUSH_DISABLED);
        }
        if stream.state == State::Closing {
            return Err(Error::STREAM_CLOSING);
        }
        if self.goaway_received {
            return Err(Error::START_STREAM_NOT_ALLOWED);
        }
        self.fits(headers, 4)?;
        self.open(promised, State::Reserved, Message::default());
        self.last_sent_stream = promised;
        self.put_block(
            sent,
            kind::PUSH_PROMISE,
            0,
            parent,
            &promised.to_be_bytes(),
            headers,
        );
        Ok(())
    }

    // ---- bodies ----

    /// Who begins to send joins those who do at their present turn.
    fn turn_now(&self) -> u64 {
        let turns = self.streams.values().filter(|stream| stream.sends);
        turns.map(|stream| stream.turn).min().unwrap_or(0)
    }

    fn send_data(&mut self, id: u32, sent: &mut Sent) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let stops = stream.write_shut || stream.state == State::Closing || self.terminating;
        let Some(body) = self.bodies.get_mut(&id).filter(|_| !stops) else {
            stream.sends = false;
            return;
        };
        while body
            .chunks
            .front()
            .is_some_and(|(bytes, _)| bytes.is_empty())
        {
            sent.tags
                .extend(body.chunks.pop_front().and_then(|(_, tag)| tag));
        }
        let most = PAYLOAD_BYTES_MAX
            .min(stream.send_window as usize)
            .min(self.send_window as usize);
        let amount = body.bytes.min(most);
        if amount == 0 && !body.ended {
            stream.is_deferred = true;
            return;
        }
        let mut data = Vec::with_capacity(amount);
        while data.len() < amount
            && let Some((bytes, tag)) = body.chunks.front_mut()
        {
            let left = amount - data.len();
            if bytes.len() <= left {
                data.append(bytes);
                sent.tags.extend(tag.take());
                body.chunks.pop_front();
            } else {
                data.extend(bytes.drain(..left));
            }
        }
        body.bytes -= amount;
        let is_last = body.bytes == 0 && body.ended;
        let wants_trailers = is_last && std::mem::take(&mut body.wants_trailers);
        let ends_stream = is_last && !wants_trailers;
        let room = most.min(self.remote.frame_bytes_max as usize);
        let padding = self.padding(amount, room);
        let padded = if padding > 0 { flag::PADDED } else { 0 };
        let ends = if ends_stream { flag::END_STREAM } else { 0 };
        let length = amount + padding;
        Head {
            length,
            kind: kind::DATA,
            flags: padded | ends,
            stream: id,
        }
        .write(&mut sent.bytes);
        put_padded(&mut sent.bytes, &data, padding);
        self.send_window -= length as i32;
        self.events.push_back(Event::FrameSent);
        if wants_trailers {
            self.events.push_back(Event::WantsTrailers(id));
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.send_window -= length as i32;
            // A frame moves a light stream further on than a heavy one.
            stream.turn += (length as u64 * 256) / stream.weight.max(1) as u64;
            stream.sends = !is_last;
            stream.write_shut |= ends_stream;
        }
        self.close_if_shut(id);
    }
}

fn put_padded(out: &mut Vec<u8>, payload: &[u8], padding: usize) {
    if padding > 0 {
        out.push((padding - 1) as u8);
    }
    out.extend_from_slice(payload);
    out.resize(out.len() + padding.saturating_sub(1), 0);
}
