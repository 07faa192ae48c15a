//! Traces to try things on without a world: the first lesson's, one that blocks its loop, and generated ones of any
//! length. They obey the trace's rules (ids, causes, names before use), and nothing in the page shows them.

mod load;

pub use load::{reported, under_load};

use protocol::{
    Event, EventId, EventKind, ExitReason, Frame, FunctionId, MicrotaskKind, Outcome, Phase, Queue,
    Stream, TaskId,
    trace::{Endpoint, PacketContent},
};

/// Writes a trace of one process, event by event.
#[derive(Clone, Debug, Default)]
pub struct TraceBuilder {
    pub events: Vec<Event>,
    now_ns: u64,
    functions: FunctionId,
    tasks: Vec<(EventId, FunctionId)>,
    running: Option<EventId>,
    stack: Vec<Frame>,
}

impl TraceBuilder {
    /// A world and a process that runs `/app/main.js`.
    pub fn new(seed: u64) -> Self {
        let mut builder = Self::default();
        builder.world(EventKind::WorldStarted { seed, epoch_ms: 0 });
        builder.event(EventKind::ProcessStarted {
            host: "api-1".to_owned(),
            entry: "/app/main.js".to_owned(),
            args: Vec::new(),
        });
        builder
    }

    /// Moves the clock; it never goes back.
    pub fn at_us(&mut self, time_us: u64) -> &mut Self {
        self.now_ns = self.now_ns.max(time_us * 1_000);
        self
    }

    pub fn later_us(&mut self, time_us: u64) -> &mut Self {
        self.now_ns += time_us * 1_000;
        self
    }

    pub fn now_us(&self) -> u64 {
        self.now_ns / 1_000
    }

    pub fn function(&mut self, name: &str, file: &str, line: u32, summary: &str) -> FunctionId {
        self.functions += 1;
        let function = self.functions;
        self.event(EventKind::FunctionDefined {
            function,
            name: name.to_owned(),
            file: file.to_owned(),
            line,
            column: 1,
            summary: summary.to_owned(),
        });
        function
    }

    /// Where the code stands while the next events happen, innermost first: function and line.
    pub fn stack(&mut self, calls: &[(FunctionId, u32)]) -> &mut Self {
        self.stack = calls
            .iter()
            .map(|(function, line)| Frame {
                function: *function,
                line: *line,
                column: 1,
            })
            .collect();
        self
    }

    pub fn queue(&mut self, queue: Queue, function: FunctionId) -> TaskId {
        self.queue_due(queue, function, None)
    }

    pub fn queue_due(&mut self, queue: Queue, function: FunctionId, due_us: Option<u64>) -> TaskId {
        let task = self.tasks.len() as TaskId + 1;
        let event = self.event(EventKind::TaskQueued {
            task,
            queue,
            function,
            due_ns: due_us.map(|due_us| due_us * 1_000),
            repeat_ns: None,
            unref: false,
        });
        self.tasks.push((event, function));
        task
    }

    pub fn start(&mut self, task: TaskId) -> &mut Self {
        self.stack.clear();
        let cause = self.tasks[task as usize - 1].0;
        self.running = Some(cause);
        let event = self.event(EventKind::TaskStarted { task });
        self.running = Some(event);
        self
    }

    pub fn end(&mut self, task: TaskId) -> &mut Self {
        self.end_with(task, Outcome::Returned)
    }

    pub fn end_with(&mut self, task: TaskId, outcome: Outcome) -> &mut Self {
        self.stack.clear();
        self.event(EventKind::TaskEnded { task, outcome });
        self.running = None;
        self
    }

    pub fn cancel(&mut self, task: TaskId) -> &mut Self {
        self.event(EventKind::TaskCancelled { task });
        self
    }

    pub fn log(&mut self, text: &str) -> &mut Self {
        self.event(EventKind::Logged {
            stream: Stream::Stdout,
            text: format!("{text}\n"),
        });
        self
    }

    pub fn phase(&mut self, phase: Phase, turn: u32) -> &mut Self {
        self.event(EventKind::PhaseEntered { phase, turn });
        self
    }

    pub fn sleep(&mut self, until_us: Option<u64>) -> &mut Self {
        self.event(EventKind::PollSlept {
            until_ns: until_us.map(|until_us| until_us * 1_000),
        });
        self
    }

    pub fn wake(&mut self) -> &mut Self {
        self.event(EventKind::PollWoke);
        self
    }

    pub fn exit(&mut self, code: i32, reason: ExitReason) -> &mut Self {
        self.event(EventKind::ProcessExited { code, reason });
        self
    }

    pub fn event(&mut self, kind: EventKind) -> EventId {
        let event = Event {
            cause: self.running,
            time_ns: self.now_ns,
            process: 1,
            kind,
            stack: self.stack.clone(),
        };
        self.events.push(event);
        self.events.len() as EventId - 1
    }

    fn world(&mut self, kind: EventKind) {
        let id = self.event(kind);
        self.events[id as usize].process = 0;
    }
}

const MAIN: &str = "/app/main.js";
const NODE: &str = "node:internal/process/task_queues";

/// *What runs first?* with seed 7: sync, tick, promise, immediate, timeout.
pub fn what_runs_first() -> Vec<Event> {
    let mut trace = TraceBuilder::new(7);
    let main = trace.function("", MAIN, 1, "");
    let main_task = trace.queue(Queue::Main, main);
    trace.start(main_task);

    let timeout = trace.function("", MAIN, 1, "log('timeout')");
    trace.at_us(52).stack(&[(main, 1)]);
    let timeout_task = trace.queue_due(Queue::Timers, timeout, Some(1_000));
    let immediate = trace.function("", MAIN, 2, "log('immediate')");
    trace.at_us(94).stack(&[(main, 2)]);
    let immediate_task = trace.queue(Queue::Check, immediate);
    let tick = trace.function("", MAIN, 3, "log('tick')");
    trace.at_us(131).stack(&[(main, 3)]);
    let tick_task = trace.queue(Queue::NextTick, tick);
    let promise = trace.function("", MAIN, 4, "log('promise')");
    trace.at_us(183).stack(&[(main, 4)]);
    let promise_task = trace.queue(Queue::Microtask(MicrotaskKind::Reaction), promise);
    let log = trace.function("console.log", "node:internal/console", 0, "");
    trace.at_us(371).stack(&[(log, 0), (main, 5)]).log("sync");
    trace.at_us(398).end(main_task);

    let drain = trace.function("processTicksAndRejections", NODE, 0, "");
    trace.at_us(412).start(tick_task);
    trace
        .at_us(441)
        .stack(&[(log, 0), (tick, 3), (drain, 0)])
        .log("tick");
    trace.at_us(452).end(tick_task);
    let micro = trace.function("runMicrotasks", NODE, 0, "");
    trace.at_us(464).start(promise_task);
    trace
        .at_us(490)
        .stack(&[(log, 0), (promise, 4), (micro, 0)])
        .log("promise");
    trace.at_us(501).end(promise_task);

    trace.at_us(528).phase(Phase::Timers, 1);
    trace.at_us(536).phase(Phase::Pending, 1);
    trace.at_us(540).phase(Phase::IdlePrepare, 1);
    trace.at_us(544).phase(Phase::Poll, 1);
    trace.at_us(552).phase(Phase::Check, 1);
    let run_immediate = trace.function("processImmediate", "node:internal/timers", 0, "");
    trace.at_us(558).start(immediate_task);
    trace
        .at_us(587)
        .stack(&[(log, 0), (immediate, 2), (run_immediate, 0)])
        .log("immediate");
    trace.at_us(598).end(immediate_task);
    trace.at_us(606).phase(Phase::Close, 1);

    trace.at_us(610).phase(Phase::Timers, 2);
    trace.at_us(612).phase(Phase::Pending, 2);
    trace.at_us(613).phase(Phase::IdlePrepare, 2);
    trace.at_us(614).phase(Phase::Poll, 2);
    trace.at_us(618).sleep(Some(1_618));
    trace.at_us(1_618).wake();
    trace.at_us(1_624).phase(Phase::Check, 2);
    trace.at_us(1_627).phase(Phase::Close, 2);
    trace.at_us(1_632).phase(Phase::Timers, 3);
    let list = trace.function("listOnTimeout", "node:internal/timers", 0, "");
    trace.at_us(1_640).start(timeout_task);
    trace
        .at_us(1_668)
        .stack(&[(log, 0), (timeout, 1), (list, 0)])
        .log("timeout");
    trace.at_us(1_679).end(timeout_task);
    trace.at_us(1_691).exit(0, ExitReason::LoopEmpty);
    trace.events
}

/// A timer that is due at 10 ms, and a callback that holds the loop from 2 to 180 ms.
pub fn blocked_loop() -> Vec<Event> {
    let mut trace = TraceBuilder::new(3);
    let main = trace.function("", MAIN, 1, "");
    let main_task = trace.queue(Queue::Main, main);
    trace.start(main_task);
    let heartbeat = trace.function("heartbeat", MAIN, 1, "");
    trace.at_us(120).stack(&[(main, 9)]);
    let heartbeat_task = trace.queue_due(Queue::Timers, heartbeat, Some(10_000));
    let busy = trace.function("renderReport", MAIN, 12, "");
    trace.at_us(140).stack(&[(main, 10)]);
    let busy_task = trace.queue(Queue::Check, busy);
    trace.at_us(400).end(main_task);
    for (position, phase) in [Phase::Timers, Phase::Poll, Phase::Check]
        .into_iter()
        .enumerate()
    {
        trace.at_us(500 + position as u64 * 20).phase(phase, 1);
    }
    trace.at_us(2_000).start(busy_task);
    let inner = trace.function("sum", MAIN, 4, "");
    trace
        .at_us(120_000)
        .stack(&[(inner, 6), (busy, 13)])
        .log("halfway");
    trace.at_us(180_000).end(busy_task);
    trace.at_us(180_030).phase(Phase::Close, 1);
    trace.at_us(180_050).phase(Phase::Timers, 2);
    trace.at_us(180_060).start(heartbeat_task);
    trace.at_us(180_090).stack(&[(heartbeat, 2)]).log("late!");
    trace.at_us(180_120).end(heartbeat_task);
    trace.at_us(180_200).exit(0, ExitReason::LoopEmpty);
    trace.events
}

/// A trace of about so many events in which every queue is used, some of it at length, with cancellations, sleeps and
/// many that wait at once. The same seed gives the same trace.
pub fn generated(events_min: usize, seed: u64) -> Vec<Event> {
    let mut chance = Chance(seed.wrapping_mul(2).wrapping_add(1));
    let mut trace = TraceBuilder::new(seed);
    let main = trace.function("", MAIN, 1, "");
    let functions: Vec<FunctionId> = (0..12)
        .map(|number| match number % 3 {
            0 => trace.function("handle", MAIN, number + 2, ""),
            1 => trace.function("", MAIN, number + 2, "log('step')"),
            _ => trace.function("emit", "node:events", number + 2, ""),
        })
        .collect();
    let main_task = trace.queue(Queue::Main, main);
    trace.start(main_task);
    let mut waiting: Vec<Vec<(TaskId, u64)>> = vec![Vec::new(); 8];
    for line in 0..20 {
        trace.later_us(3).stack(&[(main, line + 1)]);
        let function = functions[chance.below(12)];
        queue_one(&mut trace, &mut waiting, &mut chance, function);
    }
    trace.later_us(10).end(main_task);
    drain(&mut trace, &mut waiting, &mut chance, &functions);

    let phases = [
        Phase::Timers,
        Phase::Pending,
        Phase::IdlePrepare,
        Phase::Poll,
        Phase::Check,
        Phase::Close,
    ];
    let mut turn = 0;
    while trace.events.len() < events_min {
        turn += 1;
        for phase in phases {
            trace.later_us(4).phase(phase, turn);
            let Some(lane) = crate::Lane::of_phase(phase) else {
                continue;
            };
            if lane == crate::Lane::Poll && chance.below(3) == 0 {
                let until_us = trace.now_us() + 200 + chance.below(3_000) as u64;
                trace.later_us(2).sleep(Some(until_us));
                trace.at_us(until_us).wake();
            }
            let now_us = trace.now_us();
            let mut ready: Vec<(TaskId, u64)> = Vec::new();
            waiting[lane as usize].retain(|task| {
                let goes = task.1 <= now_us;
                if goes {
                    ready.push(*task);
                }
                !goes
            });
            for (task, _) in ready {
                run_one(&mut trace, &mut waiting, &mut chance, &functions, task);
                drain(&mut trace, &mut waiting, &mut chance, &functions);
            }
        }
        // Nothing left to run would be the end; a program would have been called again by I/O.
        let function = functions[chance.below(12)];
        queue_one(&mut trace, &mut waiting, &mut chance, function);
    }
    trace.later_us(9).exit(0, ExitReason::Called);
    trace.events
}

fn run_one(
    trace: &mut TraceBuilder,
    waiting: &mut [Vec<(TaskId, u64)>],
    chance: &mut Chance,
    functions: &[FunctionId],
    task: TaskId,
) {
    trace.later_us(2).start(task);
    let function = trace.tasks[task as usize - 1].1;
    for line in 0..chance.below(3) {
        trace.later_us(3 + chance.below(20) as u64);
        trace.stack(&[(function, line as u32 + 2)]);
        match chance.below(8) {
            0 => {
                trace.log(&format!("line {line} of task {task}"));
            }
            1 => cancel_one(trace, waiting, chance),
            _ => {
                let function = functions[chance.below(functions.len())];
                queue_one(trace, waiting, chance, function);
            }
        }
    }
    if chance.below(400) == 0 {
        trace.later_us(60_000);
    }
    trace.later_us(3).end(task);
}

fn drain(
    trace: &mut TraceBuilder,
    waiting: &mut [Vec<(TaskId, u64)>],
    chance: &mut Chance,
    functions: &[FunctionId],
) {
    use crate::Lane::{Microtask, NextTick};
    loop {
        let lane = match (
            waiting[NextTick as usize].is_empty(),
            waiting[Microtask as usize].is_empty(),
        ) {
            (false, _) => NextTick,
            (true, false) => Microtask,
            (true, true) => return,
        };
        let (task, _) = waiting[lane as usize].remove(0);
        run_one(trace, waiting, chance, functions, task);
    }
}

fn queue_one(
    trace: &mut TraceBuilder,
    waiting: &mut [Vec<(TaskId, u64)>],
    chance: &mut Chance,
    function: FunctionId,
) {
    let queue = [
        Queue::NextTick,
        Queue::Microtask(MicrotaskKind::Await),
        Queue::Microtask(MicrotaskKind::Reaction),
        Queue::Timers,
        Queue::Timers,
        Queue::Check,
        Queue::Poll,
        Queue::Close,
        Queue::Pending,
    ][chance.below(9)];
    let due_us =
        (queue == Queue::Timers).then(|| trace.now_us() + 1_000 + chance.below(2_000_000) as u64);
    let task = trace.queue_due(queue, function, due_us);
    waiting[crate::Lane::of(queue) as usize].push((task, due_us.unwrap_or(0)));
}

fn cancel_one(trace: &mut TraceBuilder, waiting: &mut [Vec<(TaskId, u64)>], chance: &mut Chance) {
    let timers = &mut waiting[crate::Lane::Timers as usize];
    if !timers.is_empty() {
        let (task, _) = timers.remove(chance.below(timers.len()));
        trace.cancel(task);
    }
}

/// Knuth's linear congruential generator (MMIX): enough for traces to try things on.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// So many exchanges between a phone and a server that asks a bank before it answers: with refusals, resets, losses,
/// and some that are not over when the recording ends. The same seed gives the same trace.
pub fn exchanges(count: usize, seed: u64) -> Vec<Event> {
    let mut wire = Wire {
        events: Vec::new(),
        connections: 0,
        packets: 0,
        chance: Chance(seed.wrapping_mul(2).wrapping_add(1)),
    };
    wire.say(0, 0, None, EventKind::WorldStarted { seed, epoch_ms: 0 });
    for (process, host) in [(1, "api"), (2, "phone"), (3, "bank")] {
        let started = EventKind::ProcessStarted {
            host: host.to_owned(),
            entry: "/app/main.js".to_owned(),
            args: Vec::new(),
        };
        wire.say(0, process, Some(0), started);
    }
    for number in 0..count {
        let at_us = 100 + number as u64 * 40 + wire.chance.below(300) as u64;
        wire.exchange(at_us, number);
    }
    in_order(wire.events)
}

/// By their times, causes numbered anew.
fn in_order(events: Vec<Event>) -> Vec<Event> {
    let mut places: Vec<usize> = (0..events.len()).collect();
    places.sort_by_key(|place| events[*place].time_ns);
    let mut to = vec![0; places.len()];
    for (position, place) in places.iter().enumerate() {
        to[*place] = position as EventId;
    }
    let mut events: Vec<Event> = places.iter().map(|place| events[*place].clone()).collect();
    for event in &mut events {
        event.cause = event.cause.map(|cause| to[cause as usize]);
    }
    events
}

struct Wire {
    events: Vec<Event>,
    connections: u64,
    packets: u64,
    chance: Chance,
}

impl Wire {
    fn say(
        &mut self,
        at_us: u64,
        process: u32,
        cause: Option<EventId>,
        kind: EventKind,
    ) -> EventId {
        self.events.push(Event {
            cause,
            time_ns: at_us * 1_000,
            process,
            kind,
            stack: Vec::new(),
        });
        self.events.len() as EventId - 1
    }

    fn connect(
        &mut self,
        at_us: u64,
        process: u32,
        cause: EventId,
        hosts: (&str, &str),
    ) -> (u64, EventId) {
        self.connections += 1;
        let end = |host: &str| Endpoint {
            host: host.to_owned(),
            address: String::new(),
        };
        let begun = EventKind::ConnectionBegun {
            connection: self.connections,
            client: end(hosts.0),
            server: end(hosts.1),
        };
        (
            self.connections,
            self.say(at_us, process, Some(cause), begun),
        )
    }

    /// When it arrives, and the event.
    fn send(
        &mut self,
        at_us: u64,
        cause: EventId,
        process: u32,
        way: (u64, bool),
        content: PacketContent,
        head: &str,
    ) -> (u64, EventId) {
        self.packets += 1;
        let packet = self.packets;
        let sent = EventKind::PacketSent {
            packet,
            connection: way.0,
            from_client: way.1,
            content,
            bytes: head.len() as u64,
            head: head.as_bytes().to_vec(),
        };
        let sent = self.say(at_us, process, Some(cause), sent);
        let arrives_us = at_us + 200 + self.chance.below(900) as u64;
        match self.chance.below(30) {
            0 => {
                let lost = EventKind::PacketLost { packet };
                let lost = self.say(arrives_us, process, Some(sent), lost);
                let again_us = arrives_us + 1_000;
                self.send(again_us, lost, process, way, content, head)
            }
            _ => (
                arrives_us,
                self.say(
                    arrives_us,
                    process,
                    Some(sent),
                    EventKind::PacketArrived { packet },
                ),
            ),
        }
    }

    fn exchange(&mut self, at_us: u64, number: usize) {
        use PacketContent::{Data, Refusal, Reset, Syn, SynAck};
        let (connection, begun) = self.connect(at_us, 2, 0, ("phone", "api"));
        let (there, back) = ((connection, true), (connection, false));
        let (us, event) = self.send(at_us, begun, 2, there, Syn, "");
        if self.chance.below(9) == 0 {
            self.send(us, event, 2, back, Refusal, "");
            return;
        }
        let (us, event) = self.send(us, event, 2, back, SynAck, "");
        if self.chance.below(12) == 0 {
            // Nothing is ever asked.
            return;
        }
        let asked = format!("GET /{number} HTTP/1.1\r\nHost: api\r\n\r\n");
        let (us, event) = self.send(us, event, 2, there, Data, &asked);
        let (us, event) = match self.chance.below(3) {
            0 => {
                let (inner, begun) = self.connect(us, 1, event, ("api", "bank"));
                let asked = format!("POST /pay HTTP/1.1\r\nX: {number}\r\n\r\n");
                let (us, event) = self.send(us, begun, 1, (inner, true), Data, &asked);
                let answer = "HTTP/1.1 201 Created\r\n\r\npaid";
                let (us, event) = self.send(us + 50, event, 3, (inner, false), Data, answer);
                (us + 20, event)
            }
            1 => {
                self.send(us + 30, event, 1, back, Reset, "");
                return;
            }
            _ => (us, event),
        };
        if self.chance.below(6) == 0 {
            return;
        }
        let (us, event) = self.send(us, event, 1, back, Data, "HTTP/1.1 200 OK\r\n\r\nhalf");
        if number.is_multiple_of(2) {
            self.send(us, event, 1, back, Data, "and half");
        }
    }
}
