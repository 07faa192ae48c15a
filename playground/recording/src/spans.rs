//! Where a request's time went: its critical path, from what its client sent first to the last of its answer.
//!
//! The path is read backwards along the causes of the event that ended it, so its spans follow each other without a
//! gap and add up to the request's whole time. What lies beside it, however long it took, made nobody wait.

use protocol::{EventId, EventKind, ProcessId, trace::PacketContent};

use crate::{
    Lane, Recording, TaskIndex,
    network::{HostIndex, RequestIndex},
    score::BLOCKED_NS,
    time,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// From one host to another, or within one.
    Wire {
        from: HostIndex,
        to: HostIndex,
    },
    /// The packets that make a connection, and whoever waits for them.
    Connects,
    /// It has arrived, and the process is at something else or has still to wake.
    WaitsForLoop(ProcessId),
    Runs(ProcessId, Option<TaskIndex>),
    WaitsIn(ProcessId, Lane),
    /// At a service that is modelled.
    Served,
    /// At its client, between two things that it sends.
    Elsewhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub kind: SpanKind,
    pub from_ns: u64,
    pub to_ns: u64,
    /// The event with which it begins.
    pub event: EventId,
}

impl Recording {
    /// In the order of time; empty while the request has no end.
    pub fn critical_path(&self, request: RequestIndex) -> Vec<Span> {
        let known = self.network().request(request);
        let Some((end, _)) = known.end else {
            return Vec::new();
        };
        let begin_ns = self.time_ns(known.sent);
        let mut spans: Vec<Span> = Vec::new();
        let mut at = end;
        while self.time_ns(at) > begin_ns {
            let cause = self.event(at).and_then(|event| event.cause);
            let cause = self.asked_at(request, at).max(cause);
            // A cause is an earlier event.
            let Some(cause) = cause.filter(|cause| *cause < at) else {
                break;
            };
            self.add_hop(&mut spans, cause, at, begin_ns);
            at = cause;
        }
        spans.reverse();
        let mut path: Vec<Span> = Vec::new();
        for span in spans.into_iter().filter(|span| span.to_ns > span.from_ns) {
            match path.last_mut() {
                Some(last) if last.kind == span.kind => last.to_ns = span.to_ns,
                _ => path.push(span),
            }
        }
        path
    }

    /// Nobody answers before he is asked: where the causes of an answer lead elsewhere, its question's arrival is one.
    fn asked_at(&self, request: RequestIndex, answer: EventId) -> Option<EventId> {
        let network = self.network();
        let EventKind::PacketSent { packet, .. } = self.event(answer)?.kind else {
            return None;
        };
        let sent = network.packet(packet)?;
        let cause = self.event(answer)?.cause?;
        let leads_elsewhere = network.request_of(cause) != Some(request)
            && !matches!(self.event(cause)?.kind, EventKind::PacketLost { .. });
        if sent.from_client || sent.request != Some(request) || !leads_elsewhere {
            return None;
        }
        let question = network.packet(network.request(request).question?)?;
        question.left.filter(|arrived| *arrived < answer)
    }

    /// What lies between a cause and what it caused, the later first.
    fn add_hop(&self, spans: &mut Vec<Span>, cause: EventId, effect: EventId, begin_ns: u64) {
        let (Some(before), Some(after)) = (self.event(cause), self.event(effect)) else {
            return;
        };
        let mut add = |kind, from_ns: u64, to_ns: u64| {
            spans.push(Span {
                kind,
                from_ns: from_ns.max(begin_ns),
                to_ns: to_ns.max(begin_ns),
                event: cause,
            });
        };
        let (from_ns, to_ns) = (before.time_ns, after.time_ns);
        let kind = match (&before.kind, &after.kind) {
            (
                EventKind::PacketSent {
                    packet, content, ..
                },
                EventKind::PacketArrived { .. } | EventKind::PacketLost { .. },
            ) => {
                let link = self
                    .network()
                    .packet(*packet)
                    .map(|packet| &self.network().links()[packet.link]);
                match link {
                    Some(link) if *content == PacketContent::Data => SpanKind::Wire {
                        from: link.from,
                        to: link.to,
                    },
                    _ => SpanKind::Connects,
                }
            }
            (EventKind::TaskQueued { queue, .. }, _) => match Lane::of(*queue) {
                // The wish for a connection waits in poll.
                Lane::Poll => SpanKind::Connects,
                lane => SpanKind::WaitsIn(before.process, lane),
            },
            (EventKind::TaskStarted { task }, _) => {
                SpanKind::Runs(before.process, self.task_index(before.process, *task))
            }
            (EventKind::WorkQueued { .. } | EventKind::WorkStarted { .. }, _) => SpanKind::Served,
            (EventKind::PacketArrived { .. }, _) if after.process > 0 => {
                let read_ns = self.read_ns(after.process, cause).clamp(from_ns, to_ns);
                add(SpanKind::Runs(after.process, None), read_ns, to_ns);
                add(SpanKind::WaitsForLoop(after.process), from_ns, read_ns);
                return;
            }
            _ => SpanKind::Elsewhere,
        };
        add(kind, from_ns, to_ns);
    }

    /// When the process first does something for the sake of what has arrived.
    fn read_ns(&self, process: ProcessId, arrival: EventId) -> u64 {
        const LOOK_MAX: usize = 4_096;
        let after = self
            .events()
            .iter()
            .skip(arrival as usize + 1)
            .take(LOOK_MAX);
        let mut of_process = after.filter(|event| event.process == process);
        let first = of_process.find(|event| {
            event.cause == Some(arrival) || matches!(event.kind, EventKind::PollWoke)
        });
        first.map_or(u64::MAX, |event| event.time_ns)
    }

    /// `20 ms on the wire from phone to api`.
    pub fn span_words(&self, span: &Span) -> String {
        let length = time::length(span.to_ns - span.from_ns);
        let host = |host: HostIndex| self.network().hosts()[host].name.clone();
        match span.kind {
            SpanKind::Wire { from, to } => {
                format!("{length} on the wire from {} to {}", host(from), host(to))
            }
            SpanKind::Connects => format!("{length} until the connection stands"),
            SpanKind::WaitsForLoop(process) => match span.to_ns - span.from_ns >= BLOCKED_NS {
                true => format!(
                    "{length} for the loop of {}, which is blocked",
                    self.process_name(process)
                ),
                false => format!("{length} until {} reads it", self.process_name(process)),
            },
            SpanKind::Runs(process, Some(task)) => format!(
                "{length} in {}, on {}",
                self.task_label(task),
                self.process_name(process)
            ),
            SpanKind::Runs(process, None) => {
                format!("{length} of work on {}", self.process_name(process))
            }
            SpanKind::WaitsIn(process, lane) => format!(
                "{length} in {} of {}",
                lane.name(),
                self.process_name(process)
            ),
            SpanKind::Served => match self.network().request_of(span.event) {
                Some(request) => {
                    let server = self.network().request(request).server;
                    format!("{length} at {}, which is modelled", host(server))
                }
                None => format!("{length} at a modelled service"),
            },
            SpanKind::Elsewhere => format!("{length} between"),
        }
    }
}
