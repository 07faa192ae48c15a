//! What a hand or the keyboard is on, in whatever view, and what else on the page is the same thing.
//!
//! A view names what it draws ([`Highlight::name`]) and asks [`Lit`] what of it to light. What is pointed at lights
//! itself, what it is part of and what is part of it, but none of its neighbours: a line of the log lights the callback
//! that wrote it and the request for whose sake it was written, not the other lines of either.

use protocol::{EventId, EventKind, trace::PacketId};

use crate::{
    Recording, TaskIndex,
    network::{Network, RequestIndex},
    state::Place,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Highlight {
    Event(EventId),
    Task(TaskIndex),
    Request(RequestIndex),
    Packet(PacketId),
}

impl Highlight {
    /// `task-12`.
    pub fn name(self) -> String {
        match self {
            Self::Event(event) => format!("event-{event}"),
            Self::Task(task) => format!("task-{task}"),
            Self::Request(request) => format!("request-{request}"),
            Self::Packet(packet) => format!("packet-{packet}"),
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        let (kind, number) = name.split_once('-')?;
        Some(match kind {
            "event" => Self::Event(number.parse().ok()?),
            "task" => Self::Task(number.parse().ok()?),
            "request" => Self::Request(number.parse().ok()?),
            "packet" => Self::Packet(number.parse().ok()?),
            _ => return None,
        })
    }
}

/// What is lit: what is pointed at, and what it is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lit {
    highlight: Option<Highlight>,
    task: Option<TaskIndex>,
    packet: Option<PacketId>,
    request: Option<RequestIndex>,
}

impl Lit {
    pub fn highlight(&self) -> Option<Highlight> {
        self.highlight
    }

    /// The task that is pointed at, or of which what is pointed at is part.
    pub fn task(&self) -> Option<TaskIndex> {
        self.task
    }

    pub fn has_event(&self, recording: &Recording, event: EventId) -> bool {
        match self.highlight {
            None => false,
            Some(Highlight::Event(lit)) => lit == event,
            Some(Highlight::Task(task)) => recording.task_at(event) == Some(task),
            Some(Highlight::Packet(packet)) => recording.packet_at(event) == Some(packet),
            Some(Highlight::Request(request)) => {
                let network = recording.network();
                let own = network.request_of(event);
                own.is_some_and(|own| network.is_for(own, request))
            }
        }
    }

    pub fn has_task(&self, recording: &Recording, task: TaskIndex) -> bool {
        if self.task == Some(task) {
            return true;
        }
        let Some(Highlight::Request(request)) = self.highlight else {
            return false;
        };
        let network = recording.network();
        let own = network.request_of(recording.task(task).queued);
        own.is_some_and(|own| network.is_for(own, request))
    }

    pub fn has_packet(&self, recording: &Recording, packet: PacketId) -> bool {
        if self.packet == Some(packet) {
            return true;
        }
        let network = recording.network();
        let Some(known) = network.packet(packet) else {
            return false;
        };
        match self.highlight {
            Some(Highlight::Task(task)) => recording.task_at(known.sent) == Some(task),
            Some(Highlight::Request(request)) => {
                let own = known.request;
                own.is_some_and(|own| network.is_for(own, request))
            }
            _ => false,
        }
    }

    /// Also those for whose sake it was sent, and, of a request that is itself pointed at, those that were sent for it.
    pub fn has_request(&self, recording: &Recording, request: RequestIndex) -> bool {
        let network = recording.network();
        let Some(lit) = self.request else {
            return false;
        };
        let is_pointed_at = matches!(self.highlight, Some(Highlight::Request(_)));
        network.is_for(lit, request) || is_pointed_at && network.is_for(request, lit)
    }

    /// The line of the reader's code that it stands on.
    pub fn place(&self, recording: &Recording) -> Option<Place> {
        let event = match self.highlight? {
            Highlight::Event(event) => event,
            Highlight::Task(task) => return recording.task_written_at(task),
            Highlight::Packet(packet) => recording.network().packet(packet)?.sent,
            Highlight::Request(_) => return None,
        };
        let of_task = self.task.and_then(|task| recording.task_written_at(task));
        recording.place_at(event).or(of_task)
    }
}

impl Network {
    /// The request itself, or one that was sent for its sake.
    pub fn is_for(&self, request: RequestIndex, ancestor: RequestIndex) -> bool {
        let mut at = request;
        while at != ancestor {
            // A parent is always older.
            match self.parent(at) {
                Some(parent) if at > ancestor => at = parent,
                _ => return false,
            }
        }
        true
    }

    /// The one for whose sake it is: what a client outside wants, not what servers ask each other for it.
    pub fn root(&self, request: RequestIndex) -> RequestIndex {
        let mut at = request;
        while let Some(parent) = self.parent(at) {
            at = parent;
        }
        at
    }

    fn parent(&self, request: RequestIndex) -> Option<RequestIndex> {
        let parent = self.requests().get(request)?.parent;
        parent.filter(|parent| *parent < request)
    }
}

impl Recording {
    /// Nothing of what this recording does not have.
    pub fn lit(&self, highlight: Option<Highlight>) -> Lit {
        let network = self.network();
        let known = highlight.filter(|highlight| match *highlight {
            Highlight::Event(event) => self.event(event).is_some(),
            Highlight::Task(task) => (task as usize) < self.tasks().len(),
            Highlight::Request(request) => request < network.requests().len(),
            Highlight::Packet(packet) => network.packet(packet).is_some(),
        });
        let mut lit = Lit {
            highlight: known,
            ..Lit::default()
        };
        match known {
            None => {}
            Some(Highlight::Event(event)) => {
                lit.task = self.task_at(event);
                lit.packet = self.packet_at(event);
                let of_packet = lit.packet.and_then(|packet| network.packet(packet));
                lit.request = of_packet
                    .and_then(|packet| packet.request)
                    .or_else(|| network.request_of(event));
            }
            Some(Highlight::Task(task)) => {
                lit.task = Some(task);
                lit.request = network.request_of(self.task(task).queued);
            }
            Some(Highlight::Packet(packet)) => {
                let known = network.packet(packet);
                lit.packet = Some(packet);
                lit.task = known.and_then(|packet| self.task_at(packet.sent));
                lit.request = known.and_then(|packet| packet.request);
            }
            Some(Highlight::Request(request)) => lit.request = Some(request),
        }
        lit
    }

    /// The task that an event is about or that makes it happen. What arrives is nobody's yet.
    fn task_at(&self, event: EventId) -> Option<TaskIndex> {
        match self.event(event)?.kind {
            EventKind::PacketArrived { .. } | EventKind::PacketLost { .. } => None,
            _ => self.task_of(event),
        }
    }

    fn packet_at(&self, event: EventId) -> Option<PacketId> {
        match self.event(event)?.kind {
            EventKind::PacketSent { packet, .. }
            | EventKind::PacketArrived { packet }
            | EventKind::PacketLost { packet } => Some(packet),
            _ => None,
        }
    }

    /// Where the reader wrote the function that a task calls.
    fn task_written_at(&self, task: TaskIndex) -> Option<Place> {
        let task = self.task(task);
        let function = self.function(task.process, task.function)?;
        (function.is_own() && function.line > 0).then(|| Place {
            file: function.file.to_owned(),
            line: function.line,
            column: function.column,
        })
    }

    /// What happened on a line of the reader's code: of several the last until `now`, otherwise the first after.
    pub fn event_on_line(&self, file: &str, line: u32, now: EventId) -> Option<EventId> {
        // A line that never runs must not cost a search through millions.
        const LOOK_MAX: usize = 100_000;
        let marks = self.marks(crate::StepUnit::Line);
        let is_there = |event: &u32| {
            let event = self.event(u64::from(*event))?;
            let own = event.stack.iter().find_map(|frame| {
                let function = self.function(event.process, frame.function)?;
                (function.is_own() && frame.line > 0).then_some((function.file, frame.line))
            });
            (own == Some((file, line))).then_some(())
        };
        let (before, after) =
            marks.split_at(marks.partition_point(|event| u64::from(*event) <= now));
        let mut nearest = before.iter().rev().take(LOOK_MAX);
        let found = nearest.find(|event| is_there(event).is_some());
        let found = found.or_else(|| {
            let mut later = after.iter().take(LOOK_MAX);
            later.find(|event| is_there(event).is_some())
        });
        found.map(|event| u64::from(*event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_name_comes_back() {
        for highlight in [
            Highlight::Event(0),
            Highlight::Task(7),
            Highlight::Request(12),
            Highlight::Packet(u64::MAX),
        ] {
            assert_eq!(Highlight::of_name(&highlight.name()), Some(highlight));
        }
        for name in [
            "",
            "event",
            "event-",
            "event--1",
            "host-1",
            "task-99999999999",
        ] {
            assert_eq!(Highlight::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_line_of_the_log_lights_who_wrote_it_and_no_other_line() {
        let recording = Recording::from_events(fixture::what_runs_first());
        let logs: Vec<EventId> = recording.logs().collect();
        for log in &logs {
            let lit = recording.lit(Some(Highlight::Event(*log)));
            let task = recording.task_of(*log).unwrap();
            assert!(lit.has_task(&recording, task));
            assert!(lit.place(&recording).is_some());
            let lines: Vec<_> = logs
                .iter()
                .filter(|other| lit.has_event(&recording, **other))
                .collect();
            assert_eq!(lines, [log]);
            // And the task lights what it wrote.
            let lit = recording.lit(Some(Highlight::Task(task)));
            assert!(lit.has_event(&recording, *log));
        }
    }

    #[test]
    fn a_request_lights_its_packets_and_a_packet_its_request() {
        let recording = Recording::from_events(fixture::exchanges(60, 1));
        let network = recording.network();
        let mut seen = 0;
        for request in 0..network.requests().len() {
            let lit = recording.lit(Some(Highlight::Request(request)));
            for link in 0..network.links().len() {
                for packet in network.packets_of(link) {
                    let own = network.packet(*packet).unwrap().request;
                    let expected = own.is_some_and(|own| network.is_for(own, request));
                    assert_eq!(lit.has_packet(&recording, *packet), expected);
                    let back = recording.lit(Some(Highlight::Packet(*packet)));
                    assert_eq!(back.has_request(&recording, request), expected);
                    seen += usize::from(expected);
                }
            }
            let root = network.root(request);
            assert!(network.is_for(request, root) && network.root(root) == root);
        }
        assert!(seen > 60);
    }

    #[test]
    fn what_the_recording_does_not_have_lights_nothing() {
        let recording = Recording::new();
        for highlight in [
            Highlight::Event(3),
            Highlight::Task(3),
            Highlight::Request(3),
            Highlight::Packet(3),
        ] {
            assert_eq!(recording.lit(Some(highlight)), Lit::default());
        }
        assert!(!Lit::default().has_event(&recording, 0));
    }

    #[test]
    fn a_line_of_code_is_what_happened_there_last() {
        let recording = Recording::from_events(fixture::what_runs_first());
        let last = recording.last_moment();
        let log = recording.logs().next().unwrap();
        let place = recording.place_at(log).unwrap();
        for now in [0, log, last] {
            let event = recording
                .event_on_line(&place.file, place.line, now)
                .unwrap();
            assert_eq!(recording.place_at(event).unwrap().line, place.line);
        }
        assert_eq!(recording.event_on_line(&place.file, 9_999, last), None);
    }
}
