//! The events of several processes in the order of their times.
//!
//! A world runs one callback to its end before another process has its turn, so in the trace a process may be ahead of
//! those that come after it. A reader wants to see what was at the same time at the same time: here the events are
//! put in the order of their times, those of one moment as in the trace, and are numbered anew, causes included. A
//! cause is never later than what it causes, so it still comes first.
//!
//! An event is handed on once no earlier one can come, which arriving packets tell: they arrive on the world's own
//! clock, and that never goes back. What comes after the last of them waits for the end. The trace of one process is
//! in order already and goes through untouched; with the first step back in time all of it begins anew
//! ([`Handed::Anew`]).

use std::collections::VecDeque;

use protocol::{Event, EventId, EventKind};

#[derive(Clone, Debug, Default)]
pub struct InOrder {
    /// Where each event of the trace has got to; empty while that is where it was.
    places: Vec<u32>,
    held: VecDeque<(EventId, Event)>,
    taken: u64,
    handed: u32,
    /// The world's; while nothing is out of order, the last event's.
    clock_ns: u64,
    several: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// These come next.
    Next(Vec<Event>),
    /// All that was handed on before is to be taken as if it came now, followed by these.
    Anew(Vec<Event>),
}

const HELD: u32 = u32::MAX;

impl InOrder {
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The event that stands in the trace at this place.
    pub fn place(&self, event: EventId) -> EventId {
        match self.places.get(event as usize) {
            Some(place) if *place != HELD => u64::from(*place),
            _ => event,
        }
    }

    pub fn push(&mut self, batch: Vec<Event>) -> Handed {
        if !self.several {
            let mut latest_ns = self.clock_ns;
            let goes_back = batch.iter().any(|event| {
                let back = event.time_ns < latest_ns;
                latest_ns = latest_ns.max(event.time_ns);
                back
            });
            if !goes_back {
                self.clock_ns = latest_ns;
                self.taken += batch.len() as u64;
                return Handed::Next(batch);
            }
            let anew = self.taken > 0;
            *self = Self {
                several: true,
                ..Self::default()
            };
            if anew {
                return Handed::Anew(batch);
            }
        }
        for event in batch {
            if matches!(event.kind, EventKind::PacketArrived { .. }) {
                self.clock_ns = self.clock_ns.max(event.time_ns);
            }
            // Mostly at the end; of one time in the order of the trace.
            let place = self
                .held
                .partition_point(|(_, held)| held.time_ns <= event.time_ns);
            self.held.insert(place, (self.taken, event));
            self.places.push(HELD);
            self.taken += 1;
        }
        let clock_ns = self.clock_ns;
        Handed::Next(self.hand_on(|event| event.time_ns < clock_ns))
    }

    /// Nothing more will come.
    pub fn finish(&mut self) -> Vec<Event> {
        self.hand_on(|_| true)
    }

    fn hand_on(&mut self, is_ready: impl Fn(&Event) -> bool) -> Vec<Event> {
        let end = self.held.partition_point(|(_, event)| is_ready(event));
        let ready: Vec<(EventId, Event)> = self.held.drain(..end).collect();
        ready
            .into_iter()
            .map(|(id, mut event)| {
                self.places[id as usize] = self.handed;
                self.handed += 1;
                event.cause = event.cause.map(|cause| self.place(cause));
                event
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use protocol::ProcessId;

    use super::*;

    fn event(process: ProcessId, time_ns: u64, cause: Option<EventId>, kind: EventKind) -> Event {
        Event {
            cause,
            time_ns,
            process,
            kind,
            stack: Vec::new(),
        }
    }

    fn times(events: &[Event]) -> Vec<(u64, Option<EventId>)> {
        let each = events.iter();
        each.map(|event| (event.time_ns, event.cause)).collect()
    }

    #[test]
    fn one_process_goes_through() {
        let mut order = InOrder::default();
        let batch = vec![event(1, 5, None, EventKind::PollWoke)];
        assert_eq!(order.push(batch.clone()), Handed::Next(batch));
        assert_eq!((order.taken(), order.place(0)), (1, 0));
    }

    #[test]
    fn the_second_process_is_put_among_the_first_ones_events() {
        let mut order = InOrder::default();
        let first = vec![
            event(1, 0, None, EventKind::PollWoke),
            event(1, 90, Some(0), EventKind::PollWoke),
        ];
        order.push(first.clone());
        let second = vec![
            event(2, 40, Some(0), EventKind::PollWoke),
            event(2, 95, Some(2), EventKind::PacketArrived { packet: 1 }),
            event(1, 99, Some(1), EventKind::PollWoke),
        ];
        let Handed::Anew(second) = order.push(second) else {
            panic!("what was handed on is out of order now");
        };
        let Handed::Next(ready) = order.push(first.into_iter().chain(second).collect()) else {
            panic!("it began anew already");
        };
        assert_eq!(times(&ready), [(0, None), (40, Some(0)), (90, Some(0))]);
        assert_eq!(times(&order.finish()), [(95, Some(1)), (99, Some(2))]);
        assert_eq!(
            (0..5).map(|id| order.place(id)).collect::<Vec<_>>(),
            [0, 2, 1, 3, 4]
        );
    }
}
