//! One pass over what happened in the name of a request, and the rows that come of it.

use protocol::{
    Event, EventId, EventKind, FunctionId, MiddlewareRole, ProcessId, trace::PacketContent,
};

use super::{Bar, BarKind, Row, RowKind};
use crate::{Few, Lane, Recording, TaskIndex, network::RequestIndex, sorting::sort_by_numbers};

/// Waits that are shorter are of no interest.
const HELD_NS_MIN: u64 = 100_000;

/// What happened in the name of a request and of those for its sake.
pub(super) struct Seen<'a> {
    recording: &'a Recording,
    pub to_ns: u64,
    of: Few<RequestIndex, Own>,
}

/// What happened in the name of one of them.
#[derive(Default)]
struct Own {
    children: Vec<RequestIndex>,
    packets: Vec<u64>,
    stretches: Vec<Stretch>,
    works: Vec<Work>,
    chain: Vec<Step>,
    /// Whose place in the chain has the request.
    holder: usize,
    is_answered: bool,
}

/// What a loop does from one wake to its next.
struct Stretch {
    process: ProcessId,
    /// Of the loop, at which it was.
    wake: u32,
    event: EventId,
    bars: Vec<Bar>,
    tasks: Vec<TaskIndex>,
    calls: Vec<Call>,
}

struct Call {
    function: FunctionId,
    /// The call of the reader's own that it is in.
    within: Option<usize>,
    from_ns: u64,
    to_ns: u64,
    event: EventId,
}

/// Done neither on the wire nor by a loop.
struct Work {
    kind: RowKind,
    event: EventId,
    asked_ns: u64,
    begins_ns: u64,
    ends_ns: u64,
}

/// One of an app's middleware.
struct Step {
    process: ProcessId,
    function: FunctionId,
    role: MiddlewareRole,
    event: EventId,
    /// From when to when it has the request; `None` while it still has it.
    held: Vec<(u64, Option<u64>)>,
}

/// One process while the events are passed.
#[derive(Default)]
struct Passing {
    wake: u32,
    last_ns: u64,
    running: Vec<(TaskIndex, Option<RequestIndex>)>,
}

impl Own {
    /// Whoever of the chain has the request has it no longer.
    fn pass_on(&mut self, now_ns: u64) {
        let holder = self.chain.get_mut(self.holder);
        if let Some((_, to_ns)) = holder.and_then(|step| step.held.last_mut()) {
            to_ns.get_or_insert(now_ns);
        }
    }

    fn come_to(&mut self, step: Step, now_ns: u64) {
        self.pass_on(now_ns);
        self.holder = self.chain.len();
        self.chain.push(step);
    }

    /// A function goes on behind an `await`. If it is one that those behind it were given back to, it has the request
    /// again; of one that is there twice it is the inner one.
    fn go_on(&mut self, process: ProcessId, function: FunctionId, now_ns: u64) {
        let is_it = |step: &Step| (step.process, step.function) == (process, function);
        let found = self.chain.iter().rposition(is_it);
        if let Some(at) = found
            && at != self.holder
            && self.chain[at].role == MiddlewareRole::Wraps
            && !self.is_answered
        {
            self.pass_on(now_ns);
            self.holder = at;
            self.chain[at].held.push((now_ns, None));
        }
    }
}

impl<'a> Seen<'a> {
    pub fn of(recording: &'a Recording, root: RequestIndex) -> Self {
        let network = recording.network();
        let known = network.request(root);
        let last = known
            .end
            .map_or(recording.events().len() as u64, |(end, _)| end);
        let to_ns = known
            .end
            .map_or(recording.end_ns(), |(end, _)| recording.time_ns(end));
        let mut seen = Self {
            recording,
            to_ns: to_ns.max(recording.time_ns(known.sent)),
            of: Few::default(),
        };
        let mut is_in = vec![false; network.requests().len() - root];
        is_in[0] = true;
        // A parent is always older.
        for (at, request) in network.requests().iter().enumerate().skip(root + 1) {
            let parent = request
                .parent
                .filter(|parent| *parent >= root && *parent < at);
            if let Some(parent) = parent.filter(|parent| is_in[*parent - root])
                && request.sent <= last
            {
                is_in[at - root] = true;
                seen.own(parent).children.push(at);
            }
        }
        let within = |request: Option<RequestIndex>| {
            request.filter(|request| *request >= root && is_in[*request - root])
        };
        let mut passing: Few<ProcessId, Passing> = Few::default();
        for id in known.sent..=last {
            let Some(event) = recording.event(id) else {
                break;
            };
            let tag = within(network.request_of(id));
            let process = passing.or_insert_with(event.process, || Passing {
                last_ns: event.time_ns,
                ..Passing::default()
            });
            seen.pass(id, event, tag, process);
            if !matches!(
                event.kind,
                EventKind::PacketArrived { .. } | EventKind::PacketLost { .. }
            ) {
                process.last_ns = event.time_ns;
            }
        }
        seen
    }

    fn pass(&mut self, id: EventId, event: &Event, tag: Option<RequestIndex>, at: &mut Passing) {
        let recording = self.recording;
        let (process, now_ns) = (event.process, event.time_ns);
        match &event.kind {
            EventKind::PhaseEntered { .. } | EventKind::PollSlept { .. } | EventKind::PollWoke => {
                at.wake += 1;
            }
            EventKind::PacketSent {
                packet,
                from_client,
                content,
                ..
            } => {
                let request = recording
                    .network()
                    .packet(*packet)
                    .and_then(|packet| packet.request);
                if let Some(request) = request.filter(|request| tag == Some(*request)) {
                    self.own(request).packets.push(*packet);
                    if !from_client && *content == PacketContent::Data {
                        self.own(request).pass_on(now_ns);
                        self.own(request).is_answered = true;
                    }
                }
            }
            EventKind::TaskStarted { task } => {
                if let Some(task) = recording.task_index(process, *task) {
                    at.running.push((task, tag));
                    if let Some(request) = tag {
                        self.begin(id, now_ns, request, task, at.wake);
                        let task = recording.task(task);
                        if task.lane() == Lane::Microtask {
                            self.own(request).go_on(process, task.function, now_ns);
                        }
                    }
                }
            }
            EventKind::PoolWorkQueued {
                work,
                begins_ns,
                ends_ns,
                ..
            } => {
                if let Some(request) = tag {
                    self.own(request).works.push(Work {
                        kind: RowKind::Pool(process, *work),
                        event: id,
                        asked_ns: now_ns,
                        begins_ns: *begins_ns,
                        ends_ns: *ends_ns,
                    });
                }
            }
            EventKind::MiddlewareEntered { function, role } => {
                if let Some(request) = tag {
                    let step = Step {
                        process,
                        function: *function,
                        role: *role,
                        event: id,
                        held: vec![(now_ns, None)],
                    };
                    self.own(request).come_to(step, now_ns);
                }
            }
            EventKind::WorkQueued { .. } => {
                if let Some(request) = tag {
                    let to_ns = self.to_ns;
                    self.own(request).works.push(Work {
                        kind: RowKind::Served,
                        event: id,
                        asked_ns: now_ns,
                        begins_ns: to_ns,
                        ends_ns: to_ns,
                    });
                }
            }
            EventKind::WorkStarted { .. } | EventKind::WorkEnded { .. } => {
                let works = tag.and_then(|request| self.of.get_mut(&request));
                if let Some(work) = works.and_then(|own| own.works.last_mut())
                    && work.kind == RowKind::Served
                {
                    match event.kind {
                        EventKind::WorkStarted { .. } => work.begins_ns = now_ns,
                        _ => work.ends_ns = now_ns,
                    }
                }
            }
            _ => {}
        }
        if let (Some(request), true) = (tag, recording.is_program(process)) {
            let cause = event.cause.and_then(|cause| recording.event(cause));
            let is_read = at.running.is_empty()
                && matches!(
                    cause,
                    Some(Event {
                        kind: EventKind::PacketArrived { .. },
                        ..
                    })
                )
                && !matches!(
                    event.kind,
                    EventKind::TaskStarted { .. }
                        | EventKind::PacketArrived { .. }
                        | EventKind::PacketLost { .. }
                );
            if is_read {
                self.read(event, request, (at.last_ns, now_ns), at.wake);
            }
            // What the router comes to has a row of its own, and is not called yet.
            if !matches!(event.kind, EventKind::MiddlewareEntered { .. }) {
                self.call(id, event, request);
            }
        }
        if let EventKind::TaskEnded { task, .. } = &event.kind {
            let index = recording.task_index(process, *task);
            at.running.retain(|(running, _)| Some(*running) != index);
            // Who comes to a request that is answered passes it on to nobody.
            if let Some(own) = tag.and_then(|request| self.of.get_mut(&request))
                && own.is_answered
            {
                own.pass_on(now_ns);
            }
        }
    }

    fn own(&mut self, request: RequestIndex) -> &mut Own {
        self.of.or_insert_with(request, Own::default)
    }

    fn stretch(
        &mut self,
        request: RequestIndex,
        process: ProcessId,
        wake: u32,
        event: EventId,
    ) -> &mut Stretch {
        let stretches = &mut self.own(request).stretches;
        let found = stretches
            .iter()
            .rposition(|stretch| stretch.process == process && stretch.wake == wake);
        let at = found.unwrap_or_else(|| {
            stretches.push(Stretch {
                process,
                wake,
                event,
                bars: Vec::new(),
                tasks: Vec::new(),
                calls: Vec::new(),
            });
            stretches.len() - 1
        });
        &mut stretches[at]
    }

    /// A task of the request starts.
    fn begin(
        &mut self,
        id: EventId,
        now_ns: u64,
        request: RequestIndex,
        index: TaskIndex,
        wake: u32,
    ) {
        let recording = self.recording;
        let to_ns = self.to_ns;
        let task = recording.task(index);
        let ended_ns = task
            .ended
            .map_or(to_ns, |ended| recording.time_ns(ended))
            .min(to_ns);
        let lane = task.lane();
        let queued_ns = recording.time_ns(task.queued);
        let stretch = self.stretch(request, task.process, wake, id);
        let is_first = stretch.bars.is_empty();
        let free_ns = stretch.bars.last().map_or(0, |bar| bar.to_ns);
        if is_first {
            let ready_ns = match lane {
                Lane::Timers => task.due_ns.unwrap_or(queued_ns).clamp(queued_ns, now_ns),
                Lane::Poll if queued_ns < now_ns => now_ns,
                _ => queued_ns,
            };
            stretch.bars.push(Bar {
                kind: BarKind::Asleep,
                from_ns: queued_ns,
                to_ns: ready_ns,
            });
            stretch.bars.push(Bar {
                kind: BarKind::Waits,
                from_ns: ready_ns,
                to_ns: now_ns,
            });
        }
        // A callback within another's is part of that.
        stretch.bars.push(Bar {
            kind: BarKind::Runs(lane),
            from_ns: now_ns.max(free_ns),
            to_ns: ended_ns.max(free_ns),
        });
        stretch.tasks.push(index);
    }

    /// What a process does on an arrival before any callback of its own.
    fn read(
        &mut self,
        event: &Event,
        request: RequestIndex,
        (from_ns, to_ns): (u64, u64),
        wake: u32,
    ) {
        let Some(cause) = event.cause else { return };
        let arrived_ns = self.recording.time_ns(cause);
        let stretch = self.stretch(request, event.process, wake, cause);
        let from_ns = from_ns.max(arrived_ns).min(to_ns);
        if stretch.bars.is_empty() {
            stretch.bars.push(Bar {
                kind: BarKind::Waits,
                from_ns: arrived_ns,
                to_ns: from_ns,
            });
        }
        let free_ns = stretch.bars.last().map_or(0, |bar| bar.to_ns);
        match stretch.bars.last_mut() {
            Some(last) if last.kind == BarKind::Runs(Lane::Poll) && last.to_ns >= from_ns => {
                last.to_ns = last.to_ns.max(to_ns);
            }
            _ => stretch.bars.push(Bar {
                kind: BarKind::Runs(Lane::Poll),
                from_ns: from_ns.max(free_ns),
                to_ns: to_ns.max(free_ns),
            }),
        }
    }

    /// The reader's own functions on an event's stack.
    fn call(&mut self, id: EventId, event: &Event, request: RequestIndex) {
        if event.stack.is_empty() {
            return;
        }
        let recording = self.recording;
        let own = self.of.get_mut(&request);
        let Some(stretch) = own.and_then(|own| {
            own.stretches
                .iter_mut()
                .rfind(|stretch| stretch.process == event.process)
        }) else {
            return;
        };
        let own = event.stack.iter().rev().filter(|frame| {
            let function = recording.function(event.process, frame.function);
            function.is_some_and(|function| {
                function.is_own() && function.line > 0 && !function.file.contains("/node_modules/")
            })
        });
        let mut within = None;
        for frame in own {
            let known = stretch
                .calls
                .iter()
                .position(|call| call.function == frame.function && call.within == within);
            let at = known.unwrap_or_else(|| {
                stretch.calls.push(Call {
                    function: frame.function,
                    within,
                    from_ns: event.time_ns,
                    to_ns: event.time_ns,
                    event: id,
                });
                stretch.calls.len() - 1
            });
            stretch.calls[at].to_ns = event.time_ns;
            // Recursion is one call.
            within = if within == Some(at) { within } else { Some(at) };
        }
    }

    pub fn add(
        &self,
        request: RequestIndex,
        depth: usize,
        within: (u64, u64),
        rows: &mut Vec<Row>,
    ) {
        let recording = self.recording;
        let known = recording.network().request(request);
        let sent_ns = recording.time_ns(known.sent);
        let end_ns = known
            .end
            .map_or(self.to_ns, |(end, _)| recording.time_ns(end));
        let mut row = Row {
            kind: RowKind::Request,
            depth,
            request,
            from_ns: sent_ns,
            to_ns: end_ns,
            event: known.sent,
            bars: Vec::new(),
            tasks: Vec::new(),
            is_critical: false,
            holder: None,
        };
        row.cut(within);
        let within = (row.from_ns, row.to_ns);
        let blank = Row {
            depth: depth + 1,
            ..row.clone()
        };
        rows.push(row);
        // Each with what is nested in it.
        let mut parts: Vec<Vec<Row>> = Vec::new();
        let nothing = Own::default();
        let own = self.of.get(&request).unwrap_or(&nothing);
        self.add_packets(&own.packets, &blank, within, &mut parts);
        for stretch in &own.stretches {
            let rows = self.work(stretch, &blank, within);
            // What came to nothing, or after the end.
            if !rows[0].bars.is_empty() {
                parts.push(rows);
            }
        }
        for work in &own.works {
            let mut row = Row {
                kind: work.kind,
                event: work.event,
                ..blank.clone()
            };
            let begins_ns = work.begins_ns.max(work.asked_ns);
            row.bars = vec![
                Bar {
                    kind: BarKind::Waits,
                    from_ns: work.asked_ns,
                    to_ns: begins_ns,
                },
                Bar {
                    kind: BarKind::Runs(Lane::Main),
                    from_ns: begins_ns,
                    to_ns: work.ends_ns.max(begins_ns),
                },
            ];
            row.fit(within);
            parts.push(vec![row]);
        }
        for step in &own.chain {
            let bars = step.held.iter().map(|(from_ns, to_ns)| Bar {
                kind: BarKind::Called,
                from_ns: *from_ns,
                to_ns: to_ns.unwrap_or(self.to_ns).max(*from_ns),
            });
            let mut row = Row {
                kind: RowKind::Middleware(step.process, step.function),
                event: step.event,
                bars: bars.collect(),
                ..blank.clone()
            };
            row.fit(within);
            parts.push(vec![row]);
        }
        for child in &own.children {
            let mut nested = Vec::new();
            self.add(*child, depth + 1, within, &mut nested);
            parts.push(nested);
        }
        sort_by_numbers(&mut parts, |part| (part[0].from_ns, part[0].event));
        rows.extend(parts.into_iter().flatten());
    }

    fn add_packets(
        &self,
        packets: &[u64],
        blank: &Row,
        within: (u64, u64),
        parts: &mut Vec<Vec<Row>>,
    ) {
        let network = self.recording.network();
        let mut found: Vec<Row> = Vec::new();
        for id in packets {
            let Some(packet) = network.packet(*id) else {
                continue;
            };
            let link = &network.links()[packet.link];
            let (from, to) = (link.from, link.to);
            let kind = match (packet.content, packet.from_client) {
                (PacketContent::Data, true) => RowKind::Asks { from, to },
                (PacketContent::Data, false) => RowKind::Answers { from, to },
                (PacketContent::Syn | PacketContent::SynAck | PacketContent::Refusal, _) => {
                    RowKind::Connects
                }
                _ => continue,
            };
            let from_ns = self.recording.time_ns(packet.sent);
            let to_ns = packet
                .left
                .map_or(self.to_ns, |left| self.recording.time_ns(left));
            let bar = Bar {
                kind: if packet.lost {
                    BarKind::Lost
                } else {
                    BarKind::Wire
                },
                from_ns,
                to_ns: to_ns.max(from_ns),
            };
            match found.iter_mut().find(|row| row.kind == kind) {
                Some(row) => lay(&mut row.bars, bar),
                None => found.push(Row {
                    kind,
                    event: packet.sent,
                    bars: vec![bar],
                    ..blank.clone()
                }),
            }
        }
        for mut row in found {
            row.fit(within);
            parts.push(vec![row]);
        }
    }

    fn work(&self, stretch: &Stretch, blank: &Row, within: (u64, u64)) -> Vec<Row> {
        let recording = self.recording;
        let mut row = Row {
            kind: RowKind::Work(stretch.process),
            event: stretch.event,
            bars: stretch.bars.clone(),
            tasks: stretch.tasks.clone(),
            ..blank.clone()
        };
        row.fit(within);
        let within = (row.from_ns, row.to_ns);
        let nested = Row {
            depth: row.depth + 1,
            tasks: Vec::new(),
            bars: Vec::new(),
            ..row.clone()
        };
        let wait = row
            .bars
            .iter()
            .find(|bar| bar.kind == BarKind::Waits)
            .copied();
        let mut rows = vec![row];
        let long = wait.filter(|wait| wait.to_ns - wait.from_ns >= HELD_NS_MIN);
        if let Some(wait) = long
            && let Some((holder, bars)) =
                recording.holder(stretch.process, wait.from_ns, wait.to_ns)
        {
            let mut held = Row {
                kind: RowKind::Held(stretch.process),
                event: holder.event,
                bars,
                holder: Some(holder),
                ..nested.clone()
            };
            held.fit(within);
            rows.push(held);
        }
        add_calls(stretch, None, &nested, within, &mut rows);
        rows
    }
}

/// Behind those before it, none of which begins later: several packets that are under way at once are one bar, and no
/// time counts twice.
fn lay(bars: &mut Vec<Bar>, bar: Bar) {
    let to_ns = bars.last().map_or(0, |last| last.to_ns);
    match bars.last_mut() {
        Some(last) if last.kind == bar.kind && bar.from_ns <= to_ns => {
            last.to_ns = to_ns.max(bar.to_ns);
        }
        _ => bars.push(Bar {
            from_ns: bar.from_ns.max(to_ns),
            to_ns: bar.to_ns.max(to_ns),
            ..bar
        }),
    }
}

fn add_calls(
    stretch: &Stretch,
    of: Option<usize>,
    blank: &Row,
    within: (u64, u64),
    rows: &mut Vec<Row>,
) {
    for (at, call) in stretch
        .calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.within == of)
    {
        let mut row = Row {
            kind: RowKind::Call(stretch.process, call.function),
            event: call.event,
            bars: vec![Bar {
                kind: BarKind::Called,
                from_ns: call.from_ns,
                to_ns: call.to_ns,
            }],
            ..blank.clone()
        };
        row.fit(within);
        let within = (row.from_ns, row.to_ns);
        let nested = Row {
            depth: row.depth + 1,
            ..blank.clone()
        };
        rows.push(row);
        add_calls(stretch, Some(at), &nested, within, rows);
    }
}
