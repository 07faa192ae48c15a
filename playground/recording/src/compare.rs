//! Two recordings, A and B: where they part, and which moment of the one belongs to a moment of the other.
//!
//! Compared is what happens, process by process: callbacks that are queued, run or are cancelled, what is printed, sent,
//! received and lost, and how it ends. When it happens is not: two seeds give no two events the same time, and to say so
//! would help nobody. Nor are the loop's own steps, turns that find nothing to do and sleeps.

use protocol::{
    Event, EventId, EventKind, ExitReason, FunctionId, Limit, Outcome, ProcessId, Queue, Stream,
    load::RequestOutcome,
    scenario::Change,
    trace::{PacketContent, PoolWork},
};

use crate::{Few, Recording, sentence, time};

/// What two recordings have in common and where that ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    deeds: Few<ProcessId, Deeds>,
    pub first: Option<Difference>,
}

/// Of one process: the events that are compared, and how many of them from the beginning are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deeds {
    a: Vec<EventId>,
    b: Vec<EventId>,
    common: usize,
}

/// The first events that are not the same; `None` where nothing more happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    pub a: Option<EventId>,
    pub b: Option<EventId>,
}

impl Comparison {
    pub fn of(a: &Recording, b: &Recording) -> Self {
        let mut deeds: Few<ProcessId, Deeds> = Few::default();
        for (event, happened) in numbered(a) {
            if deed(a, happened).is_some() {
                let own = deeds.or_insert_with(happened.process, Deeds::default);
                own.a.push(event);
            }
        }
        for (event, happened) in numbered(b) {
            if deed(b, happened).is_some() {
                let own = deeds.or_insert_with(happened.process, Deeds::default);
                own.b.push(event);
            }
        }
        for own in deeds.values_mut() {
            let same = |(one, other): &(&EventId, &EventId)| {
                let one = a.event(**one).and_then(|event| deed(a, event));
                one == b.event(**other).and_then(|event| deed(b, event))
            };
            own.common = own.a.iter().zip(&own.b).take_while(same).count();
        }
        let parted = deeds.entries().iter().filter_map(|(_, own)| {
            let difference = Difference {
                a: own.a.get(own.common).copied(),
                b: own.b.get(own.common).copied(),
            };
            let at_a = difference.a.map(|event| a.time_ns(event));
            let at_b = difference.b.map(|event| b.time_ns(event));
            let at_ns = at_a.into_iter().chain(at_b).min()?;
            Some((at_ns, difference))
        });
        let first = parted
            .min_by_key(|(at_ns, _)| *at_ns)
            .map(|(_, first)| first);
        Self { deeds, first }
    }

    /// The moment of A that belongs to a moment of B: the same deed as long as all is the same, then the same time.
    pub fn in_a(&self, a: &Recording, b: &Recording, event: EventId) -> EventId {
        // The last deed until then, whosever it is.
        let done = |own: &'_ Deeds| own.b.partition_point(|deed| *deed <= event);
        let latest = self
            .deeds
            .entries()
            .iter()
            .filter_map(|(_, own)| Some((own.b[done(own).checked_sub(1)?], own)))
            .max_by_key(|(deed, _)| *deed);
        match latest {
            None => a.first_moment(),
            Some((_, own)) if done(own) <= own.common => a.snap(own.a[done(own) - 1]),
            Some(_) => a.at_time(b.time_ns(event)),
        }
    }

    /// Where they part, in words.
    pub fn sentence(&self, a: &Recording, b: &Recording) -> String {
        let Some(first) = self.first else {
            return "The same happens in A and in B; only its times may differ.".to_owned();
        };
        let told = |name: &str, recording: &Recording, event: EventId| {
            let at = time::point(recording.time_ns(event));
            let what = sentence(recording, event).what_of_whom();
            format!("{name}, at {at}: {what}")
        };
        let side = |name: &str, recording: &Recording, event: Option<EventId>| match event {
            Some(event) => format!("In {}", told(name, recording, event)),
            None => format!("In {name} nothing more happens."),
        };
        // Of the world, which is no process, that would not be true.
        let of_world =
            |recording: &Recording, event: EventId| recording.process_of(event).is_none();
        match (first.a, first.b) {
            (Some(event), None) if of_world(a, event) => format!("Only in {}", told("A", a, event)),
            (None, Some(event)) if of_world(b, event) => format!("Only in {}", told("B", b, event)),
            (of_a, of_b) => format!("{} {}", side("A", a, of_a), side("B", b, of_b)),
        }
    }
}

fn numbered(recording: &Recording) -> impl Iterator<Item = (EventId, &Event)> {
    (0..).zip(recording.events())
}

/// What of an event is compared.
#[derive(Debug, PartialEq)]
enum Deed<'a> {
    Queued(Queue, Callee<'a>, Option<u64>),
    Cancelled(Callee<'a>),
    Started(Queue, Callee<'a>),
    Ended(Outcome),
    Pool(PoolWork),
    Entered(Callee<'a>),
    Printed(Stream, &'a str),
    Uncaught(&'a str),
    Limit(Limit),
    Began(&'a str),
    Exited(i32, ExitReason),
    Changed(&'a Change),
    Connected(&'a str, &'a str),
    Sent(PacketContent, bool, &'a str),
    Arrived(PacketContent, bool, &'a str),
    Lost(PacketContent, bool, &'a str),
    Answered(RequestOutcome),
    Worked(u16),
}

/// A function by its name and first call. Its line may have moved.
type Callee<'a> = (&'a str, &'a str);

/// Of a text. Bytes that are none may be drawn by chance, as TLS does it.
fn first_line(head: &[u8]) -> &str {
    let end = head.iter().position(|byte| byte.is_ascii_control());
    std::str::from_utf8(&head[..end.unwrap_or(head.len())]).unwrap_or_default()
}

fn deed<'a>(recording: &'a Recording, happened: &'a Event) -> Option<Deed<'a>> {
    let process = happened.process;
    let callee = |function: FunctionId| {
        let view = recording.function(process, function);
        view.map_or(("", ""), |view| (view.name, view.summary))
    };
    let task = |task| {
        let record = recording.task(recording.task_index(process, task)?);
        Some((record.queue, callee(record.function)))
    };
    let packet = |packet| match &recording.packet(packet)?.kind {
        EventKind::PacketSent {
            content,
            from_client,
            head,
            ..
        } => Some((*content, *from_client, first_line(head))),
        _ => None,
    };
    Some(match &happened.kind {
        EventKind::TaskQueued {
            queue,
            function,
            repeat_ns,
            ..
        } => Deed::Queued(*queue, callee(*function), *repeat_ns),
        EventKind::TaskCancelled { task: number } => Deed::Cancelled(task(*number)?.1),
        EventKind::TaskStarted { task: number } => {
            let (queue, callee) = task(*number)?;
            Deed::Started(queue, callee)
        }
        EventKind::TaskEnded { outcome, .. } => Deed::Ended(*outcome),
        EventKind::PoolWorkQueued { work, .. } => Deed::Pool(*work),
        EventKind::MiddlewareEntered { function, .. } => Deed::Entered(callee(*function)),
        EventKind::Logged { stream, text } => Deed::Printed(*stream, text),
        EventKind::UncaughtError { text, .. } => Deed::Uncaught(text),
        EventKind::LimitReached { limit, .. } => Deed::Limit(*limit),
        EventKind::ProcessStarted { entry, .. } => Deed::Began(entry),
        EventKind::ProcessExited { code, reason } => Deed::Exited(*code, *reason),
        EventKind::WorldChanged { what } => Deed::Changed(what),
        EventKind::ConnectionBegun { client, server, .. } => {
            Deed::Connected(&client.host, &server.address)
        }
        EventKind::PacketSent {
            content,
            from_client,
            head,
            ..
        } => Deed::Sent(*content, *from_client, first_line(head)),
        EventKind::PacketArrived { packet: number } => {
            let (content, from_client, head) = packet(*number)?;
            Deed::Arrived(content, from_client, head)
        }
        EventKind::PacketLost { packet: number } => {
            let (content, from_client, head) = packet(*number)?;
            Deed::Lost(content, from_client, head)
        }
        EventKind::RequestEnded { outcome, .. } => Deed::Answered(*outcome),
        EventKind::WorkEnded { status, .. } => Deed::Worked(*status),
        _ => return None,
    })
}
