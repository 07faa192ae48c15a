//! What a process has besides JavaScript: its clock and costs, its limits, its place in the trace.
//!
//! JavaScript and the loop both come here to say what happened. Nothing in here calls JavaScript, so that it may be
//! borrowed from within any native function.

use kernel::Table;
use std::{
    cell::RefCell,
    collections::VecDeque,
    ffi::{CStr, c_int, c_void},
    rc::Rc,
};

use kernel::{Taken, World};
use protocol::{
    EventId, EventKind, ExitReason, Frame, FunctionId, Limit, Limits, MicrotaskKind, Outcome,
    ProcessId, ProcessSpec, Queue, Stream, TaskId,
    trace::{self, STACK_FRAMES_MAX},
};
use rquickjs::qjs::JSValue;

use crate::{
    bindings::environment::Environment,
    costs,
    engine::{
        Ctx,
        ffi::{self, CallableInfo, Place},
        value::text_of_chars,
    },
    facts::Facts,
    names::Names,
    uv::Uv,
};

/// Frames that are looked at to find the program's own below the library's.
const FRAMES_READ_MAX: usize = 64;

/// Why the process ends now, in the middle of whatever it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `process.exit`, `process.abort`.
    Exit {
        code: i32,
        reason: ExitReason,
    },
    Limit {
        limit: Limit,
        text: String,
    },
    OutOfMemory,
}

/// What a process finds behind a descriptor when it begins.
#[derive(Clone)]
pub enum Inherited {
    #[cfg(feature = "whole")]
    Socket {
        socket: kernel::network::SocketId,
        /// The process has opened it, and closes it.
        is_open: bool,
    },
    /// The terminal's, by its number there.
    Terminal(i32),
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    Resource(u64),
    Job(u64),
}

pub struct Host {
    pub world: Rc<RefCell<World>>,
    pub process: ProcessId,
    pub spec: ProcessSpec,
    pub limits: Limits,
    pub uv: Uv,
    pub facts: Facts,

    /// What was behind the descriptors when the process began; otherwise they are the terminal's.
    pub inherited: Table<i32, Inherited>,
    pub stop: Option<Stop>,
    pub ctx: Option<Ctx>,

    names: Names,
    queued: Table<TaskId, (EventId, FunctionId)>,
    jobs: VecDeque<(u64, TaskId)>,
    task_last: TaskId,
    /// The events that started what runs now, innermost last.
    causes: Vec<EventId>,
    /// Of those, what the library or the engine told of: by its asynchronous id or the job's number.
    running: Vec<(Running, TaskId)>,
    /// Ticks, timers and immediates that wait, by their asynchronous ids.
    resources: Table<u64, TaskId>,
    main_task: TaskId,
    main_began: bool,
    /// The close phase is on.
    is_closing: bool,
    /// While console.log writes: what Node queues to clear up behind it is nobody's business.
    pub prints: bool,
    main_ended: bool,
    phase_event: Option<EventId>,
    /// Of a packet, of which poll tells the program now.
    pub arrival: Option<EventId>,
    /// Where the program's own code was seen last.
    last_own: Option<Frame>,

    /// When the trace is to be told of the heap next.
    heap_due_ns: u64,
    ticks_seen: u64,
    pub ticks_callback: u64,
    /// While above zero, ticks are work of the host whose cost is in the table.
    free: u32,
    /// Tasks taken off the two queues that are emptied after the current callback.
    pub drained: u64,
    written_bytes: u64,
    written_lines: u64,
}

impl Host {
    pub fn new(world: Rc<RefCell<World>>, process: ProcessId, spec: ProcessSpec) -> Self {
        let limits = world.borrow().limits;
        let uv = Uv::new(world.borrow().chance.stream(&format!("loop {process}")));
        Self {
            process,
            limits,
            uv,
            facts: Facts::default(),
            inherited: Table::new(),
            stop: None,
            ctx: None,
            names: Names::default(),
            queued: Table::new(),
            jobs: VecDeque::new(),
            task_last: 0,
            causes: Vec::new(),
            running: Vec::new(),
            resources: Table::new(),
            main_task: 0,
            main_began: false,
            is_closing: false,
            prints: false,
            main_ended: false,
            phase_event: None,
            arrival: None,
            last_own: None,
            heap_due_ns: 0,
            ticks_seen: 0,
            ticks_callback: 0,
            free: 0,
            drained: 0,
            written_bytes: 0,
            written_lines: 0,
            world,
            spec,
        }
    }

    // ---- time ----

    /// Turns the ticks since the last call into virtual time.
    pub fn settle(&mut self) {
        let Some(ctx) = self.ctx else { return };
        let ticks = unsafe { ffi::JS_GetTicks(ctx.0) };
        let spent = ticks - self.ticks_seen;
        self.ticks_seen = ticks;
        self.ticks_callback += spent;
        self.world.borrow_mut().ticks += spent;
        if self.free == 0 {
            self.spend(spent.saturating_mul(self.spec.tick_ns));
        }
        let used_bytes = Environment::of(ctx).heap_used_bytes() as u64;
        let world = self.world.borrow();
        self.facts
            .heap_seen(used_bytes, world.now_ns(), world.recorder.count());
    }

    /// Work of a native, in ticks.
    #[cfg(feature = "whole")]
    pub fn work(&mut self, ticks: u64) {
        self.ticks_callback += ticks;
        self.world.borrow_mut().ticks += ticks;
        if self.free == 0 {
            self.spend(ticks.saturating_mul(self.spec.tick_ns));
        }
    }

    /// Setting up the process is not the program's work.
    pub fn ignore_ticks_so_far(&mut self) {
        if let Some(ctx) = self.ctx {
            self.ticks_seen = unsafe { ffi::JS_GetTicks(ctx.0) };
        }
    }

    pub fn spend(&mut self, ns: u64) {
        self.world.borrow_mut().spend(ns);
    }

    pub fn now_ns(&mut self) -> u64 {
        self.settle();
        self.world.borrow().now_ns()
    }

    /// What follows until `leave_host` is the host's own work.
    pub fn enter_host(&mut self) {
        self.settle();
        self.free += 1;
    }

    pub fn leave_host(&mut self) {
        self.settle();
        self.free = self.free.saturating_sub(1);
    }

    /// The loop's clock: whole milliseconds since the process started.
    pub fn loop_now_ms(&mut self) -> u64 {
        let now_ns = self.now_ns();
        self.uv.update_time(now_ns)
    }

    // ---- the trace ----

    /// Of what happens now: the task that runs, or the news that poll tells of, or the phase.
    pub fn cause(&self) -> Option<EventId> {
        let task = self.causes.last().copied();
        task.or(self.arrival).or(self.phase_event)
    }

    pub fn record(&mut self, kind: EventKind, stack: Vec<Frame>) -> EventId {
        let cause = self.cause();
        self.record_caused(cause, kind, stack)
    }

    fn record_caused(
        &mut self,
        cause: Option<EventId>,
        kind: EventKind,
        stack: Vec<Frame>,
    ) -> EventId {
        self.settle();
        let mut stack = stack;
        stack.truncate(STACK_FRAMES_MAX as usize);
        // A limit that is reached names functions to say where; giving a name reaches none.
        let events_max = match kind.is_moment() {
            true => self.limits.events_max,
            false => 0,
        };
        let mut world = self.world.borrow_mut();
        let event = world.record(cause, self.process, kind, stack);
        let count = world.recorder.count();
        drop(world);
        if events_max > 0 && count >= events_max {
            self.reach(Limit::Events);
        }
        event
    }

    fn number(&mut self, info: &CallableInfo) -> FunctionId {
        let name = unsafe { text_of_chars(info.name) };
        let file = unsafe { text_of_chars(info.filename) };
        let (name, line, column) =
            if name == "<eval>" || (info.definition_line <= 0 && !file.is_empty()) {
                // A file's own top level: the wrapper of a CommonJS module, or the body of an ES module.
                let base = file.rsplit('/').next().unwrap_or(&file).to_owned();
                (base, 1, 1)
            } else {
                (
                    name,
                    info.definition_line.max(0) as u32,
                    info.definition_column.max(0) as u32,
                )
            };
        let name = if file == "node:internal/console/constructor" && !name.is_empty() {
            format!("console.{name}")
        } else {
            name
        };
        let source = || {
            // Node's own code comes with its source only the first time it is compiled.
            if info.source.is_null() || file.starts_with("node:") {
                return String::new();
            }
            let bytes = unsafe {
                std::slice::from_raw_parts(
                    info.source.cast::<u8>(),
                    info.source_len.max(0) as usize,
                )
            };
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (function, defined) = self.names.number(&name, &file, line, column, source);
        if let Some(defined) = defined {
            self.record(defined, vec![]);
        }
        function
    }

    /// A function of the host that is no JavaScript function here, such as libuv's own.
    pub fn host_function(&mut self, name: &str, file: &str, line: u32, column: u32) -> FunctionId {
        let (function, defined) = self.names.number(name, file, line, column, String::new);
        if let Some(defined) = defined {
            self.record(defined, vec![]);
        }
        function
    }

    pub fn function_of(&mut self, callable: JSValue) -> FunctionId {
        let Some(ctx) = self.ctx else { return 0 };
        let host = std::ptr::from_mut(self).cast();
        match unsafe { ffi::JS_NumberCallable(ctx.0, callable, number, host) } {
            // A promise settles another; nobody's code runs.
            0 => self.host_function("pass the value on", "node:internal", 0, 0),
            function => function,
        }
    }

    /// A function of Node's library.
    fn is_nodes(&self, callable: JSValue) -> bool {
        let Some(ctx) = self.ctx else { return false };
        let mut info = CallableInfo::EMPTY;
        let file = unsafe {
            ffi::JS_DescribeCallable(ctx.0, callable, &mut info);
            (!info.filename.is_null()).then(|| CStr::from_ptr(info.filename))
        };
        let is_nodes = file.is_some_and(|file| file.to_bytes().starts_with(b"node:"));
        unsafe { ffi::JS_FreeCallableInfo(ctx.0, &mut info) };
        is_nodes
    }

    /// Where the code stands: from the call that the program made of Node's library outwards, and not what the library
    /// does inside that call.
    pub fn stack(&mut self) -> Vec<Frame> {
        let mut frames = self.frames();
        let inside = frames
            .iter()
            .position(|frame| self.is_own(frame))
            .unwrap_or(frames.len());
        self.last_own = frames.get(inside).copied().or(self.last_own);
        frames.drain(..inside.saturating_sub(1));
        frames
    }

    fn frames(&mut self) -> Vec<Frame> {
        let Some(ctx) = self.ctx else { return vec![] };
        let mut places = [Place::default(); FRAMES_READ_MAX];
        let max = FRAMES_READ_MAX as c_int;
        let host = std::ptr::from_mut(self).cast();
        let count = unsafe { ffi::JS_CapturePlaces(ctx.0, places.as_mut_ptr(), max, number, host) };
        let frames = places[..count as usize].iter().map(|place| Frame {
            function: place.number,
            line: place.line.max(0) as u32,
            column: place.column.max(0) as u32,
        });
        frames.collect()
    }

    /// Whether the frame is the program's own code, and not Node's or the engine's.
    fn is_own(&self, frame: &Frame) -> bool {
        self.names.describe(frame.function).is_own
    }

    /// `main.js:3`: where the program's own code stands, or stood last.
    fn place(&self) -> String {
        match &self.last_own {
            Some(frame) => place_in(&self.names.describe(frame.function).file, frame.line),
            None => base_name(&self.spec.entry).to_owned(),
        }
    }

    pub fn process_started(&mut self) {
        let kind = EventKind::ProcessStarted {
            host: self.spec.host.clone(),
            entry: self.spec.entry.clone(),
            args: self.spec.args.clone(),
        };
        let event = self.record_caused(Some(0), kind, vec![]);
        self.phase_event = Some(event);
    }

    pub fn phase(&mut self, phase: protocol::Phase) {
        self.spend(costs::PHASE_NS);
        let turn = self.uv.turn;
        let event = self.record(EventKind::PhaseEntered { phase, turn }, vec![]);
        self.phase_event = Some(event);
        self.is_closing = phase == protocol::Phase::Close;
    }

    // ---- tasks ----

    pub fn task_queued(
        &mut self,
        queue: Queue,
        function: FunctionId,
        due_ns: Option<u64>,
        repeat_ns: Option<u64>,
        unref: bool,
    ) -> TaskId {
        self.task_last += 1;
        let task = self.task_last;
        let stack = self.stack();
        let event = self.record(
            EventKind::TaskQueued {
                task,
                queue,
                function,
                due_ns,
                repeat_ns,
                unref,
            },
            stack,
        );
        self.queued.insert(task, (event, function));
        let now_ns = self.world.borrow().now_ns();
        let described = self.names.describe(function);
        self.facts.queued(task, queue, described, now_ns, due_ns);
        task
    }

    pub fn task_cancelled(&mut self, task: TaskId) {
        if self.queued.remove(&task).is_some() {
            let stack = self.stack();
            self.record(EventKind::TaskCancelled { task }, stack);
            self.facts.cancelled(task);
        }
    }

    pub fn task_started(&mut self, task: TaskId, cost_ns: u64) {
        self.settle();
        self.spend(cost_ns);
        let Some((queued, function)) = self.queued.remove(&task) else {
            return;
        };
        let (line, column) = {
            let described = self.names.describe(function);
            (described.line, described.column)
        };
        let mut stack = vec![Frame {
            function,
            line,
            column,
        }];
        stack.extend(self.frames());
        let event = self.record_caused(Some(queued), EventKind::TaskStarted { task }, stack);
        self.causes.push(event);
        let now_ns = self.world.borrow().now_ns();
        self.facts.started(task, now_ns, event);
    }

    pub fn task_ended(&mut self, task: TaskId, outcome: Outcome) {
        let outcome = if self.stop.is_some() {
            Outcome::Interrupted
        } else {
            outcome
        };
        self.tell_heap();
        self.record(EventKind::TaskEnded { task, outcome }, vec![]);
        self.causes.pop();
        let now_ns = self.world.borrow().now_ns();
        self.facts.ended(task, now_ns);
    }

    /// Tells the trace how much of its heap the process uses, unless it was told shortly before: a hundredth of the time
    /// that has passed, from 1 to 10 ms. When it is told depends on time alone, so the same run has the same events on
    /// every machine.
    pub fn tell_heap(&mut self) {
        let now_ns = self.now_ns();
        let Some(ctx) = self
            .ctx
            .filter(|_| self.main_began && now_ns >= self.heap_due_ns)
        else {
            return;
        };
        let apart_ns = (now_ns / 100).clamp(1_000_000, 10_000_000);
        self.heap_due_ns = now_ns.saturating_add(apart_ns);
        let bytes = Environment::of(ctx).heap_used_bytes() as u64;
        self.record(EventKind::HeapUsed { bytes }, vec![]);
    }

    /// A new callback of the loop: the count of ticks without a turn begins again.
    pub fn callback_begins(&mut self) {
        self.settle();
        self.ticks_callback = 0;
        self.drained = 0;
    }

    /// The program itself, which the library is about to run.
    pub fn main_queued(&mut self) {
        let entry = self.spec.entry.clone();
        let base = entry.rsplit('/').next().unwrap_or(&entry).to_owned();
        let function = self.host_function(&base, &entry, 1, 1);
        self.main_task = self.task_queued(Queue::Main, function, None, None, false);
    }

    pub fn source_compiled(&mut self) {
        self.spend(costs::MODULE_LOAD_NS);
    }

    /// The library has found the entry file and runs it. Until then its work costs nothing.
    pub fn main_begins(&mut self) {
        if !self.main_began {
            self.main_began = true;
            self.leave_host();
            self.callback_begins();
            if let Some(ctx) = self.ctx {
                let used_bytes = Environment::of(ctx).heap_used_bytes() as u64;
                self.facts.heap_begins(used_bytes);
            }
            self.task_started(self.main_task, costs::TASK_NS);
            self.tell_heap();
        }
    }

    pub fn main_began(&self) -> bool {
        self.main_began
    }

    pub fn main_ends(&mut self, outcome: Outcome) {
        if self.main_began && !self.main_ended {
            self.main_ended = true;
            self.task_ended(self.main_task, outcome);
        }
    }

    /// A thread's program is begun by a message.
    pub fn message_handled(&mut self) {
        self.main_ends(Outcome::Returned);
    }

    pub fn tick_queued(&mut self, id: u64, callback: JSValue) {
        self.spend(costs::NEXT_TICK_NS);
        if self.prints && self.is_nodes(callback) {
            return;
        }
        self.resource_queued(id, Queue::NextTick, callback, None, None, false);
    }

    /// A timer that waits already begins anew.
    pub fn timer_queued(
        &mut self,
        id: u64,
        callback: JSValue,
        due_ms: u64,
        repeat_ms: Option<u64>,
        unref: bool,
    ) {
        self.spend(costs::TIMER_NS);
        self.resource_cancelled(id);
        let due_ns = self.uv.reads_at_ns(due_ms);
        let repeat_ns = repeat_ms.map(|ms| ms * 1_000_000);
        self.resource_queued(id, Queue::Timers, callback, Some(due_ns), repeat_ns, unref);
    }

    pub fn immediate_queued(&mut self, id: u64, callback: JSValue) {
        self.spend(costs::IMMEDIATE_NS);
        self.resource_queued(id, Queue::Check, callback, None, None, false);
    }

    /// Something was asked of the system, and `callback` hears of it.
    pub fn request_queued(&mut self, id: u64, callback: JSValue) {
        self.resource_queued(id, Queue::Poll, callback, None, None, false);
    }

    pub fn pool_work_queued(&mut self, kind: EventKind) -> Option<EventId> {
        self.main_began.then(|| {
            let stack = self.stack();
            self.record(kind, stack)
        })
    }

    /// A wait that chance draws, and whether it is as long as `wait_ns`: the order of asking is that it is not.
    #[inline(never)]
    pub fn race_wait(&mut self, what: trace::Race, drawn_ns: u64, wait_ns: u64) -> u64 {
        let is_longer = wait_ns <= drawn_ns;
        if self.race(what, is_longer) {
            drawn_ns.max(wait_ns)
        } else {
            drawn_ns.min(wait_ns - 1)
        }
    }

    /// A race of two: whether the other is taken, and not the order of asking.
    pub fn race(&mut self, what: trace::Race, seeds: bool) -> bool {
        let taken = self.world.borrow_mut().choices.take(2, seeds.into());
        let cause = self.cause();
        self.record_taken(cause, taken, what, Vec::new());
        taken.map_or(seeds, |taken| taken.option == 1)
    }

    #[inline(never)]
    pub fn record_taken(
        &mut self,
        cause: Option<EventId>,
        taken: Option<Taken>,
        what: trace::Race,
        rivals: Vec<u64>,
    ) {
        if let Some(taken) = taken {
            let stack = self.stack();
            self.record_caused(cause, taken.told(what, rivals), stack);
        }
    }

    /// A web framework comes to one of its handlers.
    #[cfg(feature = "whole")]
    pub fn middleware_entered(&mut self, handler: JSValue, role: protocol::MiddlewareRole) {
        if !self.main_began {
            return;
        }
        let function = self.function_of(handler);
        let described = self.names.describe(function);
        let frame = Frame {
            function,
            line: described.line,
            column: described.column,
        };
        let kind = EventKind::MiddlewareEntered { function, role };
        self.record(kind, vec![frame]);
    }

    /// The loop calls `callback` of a request, or of a handle, which nobody queued: news from outside.
    pub fn native_starts(&mut self, id: u64, callback: JSValue) {
        if !self.resources.contains_key(&id) {
            let queue = if self.is_closing {
                Queue::Close
            } else {
                Queue::Poll
            };
            self.resource_queued(id, queue, callback, None, None, false);
        }
        self.resource_starts(id);
    }

    fn resource_queued(
        &mut self,
        id: u64,
        queue: Queue,
        callback: JSValue,
        due_ns: Option<u64>,
        repeat_ns: Option<u64>,
        unref: bool,
    ) {
        if !self.main_began {
            return;
        }
        let function = self.function_of(callback);
        let task = self.task_queued(queue, function, due_ns, repeat_ns, unref);
        self.resources.insert(id, task);
    }

    pub fn resource_cancelled(&mut self, id: u64) {
        if let Some(task) = self.resources.remove(&id) {
            self.task_cancelled(task);
        }
    }

    pub fn resource_starts(&mut self, id: u64) {
        let Some(task) = self.resources.remove(&id) else {
            return;
        };
        if self.facts.queue_of(task) == Some("tick") {
            self.drained += 1;
        } else {
            self.callback_begins();
        }
        self.task_started(task, costs::TASK_NS);
        self.running.push((Running::Resource(id), task));
    }

    pub fn resource_ends(&mut self, id: u64) {
        self.ends(Running::Resource(id));
    }

    pub fn job_queued(&mut self, job: u64, kind: MicrotaskKind, callback: JSValue) {
        if !self.main_began {
            return;
        }
        let function = self.function_of(callback);
        let task = self.task_queued(Queue::Microtask(kind), function, None, None, false);
        self.jobs.push_back((job, task));
    }

    pub fn job_started(&mut self, job: u64) {
        self.drained += 1;
        let Some((first, task)) = self.jobs.front().copied() else {
            return;
        };
        if first == job {
            self.jobs.pop_front();
            self.task_started(task, costs::MICROTASK_NS);
            self.running.push((Running::Job(job), task));
        }
    }

    pub fn job_returned(&mut self, job: u64) {
        self.ends(Running::Job(job));
    }

    fn ends(&mut self, what: Running) {
        if let Some((last, task)) = self.running.last().copied()
            && last == what
        {
            self.running.pop();
            self.task_ended(task, Outcome::Returned);
        }
    }

    /// How many tasks run, one inside another.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Ends all but so many of them: an error has come out of them.
    pub fn end_running(&mut self, but: usize, outcome: Outcome) {
        while self.running.len() > but {
            if let Some((_, task)) = self.running.pop() {
                self.task_ended(task, outcome);
            }
        }
    }

    // ---- output ----

    pub fn write(&mut self, stream: Stream, text: String) {
        self.settle();
        let Some(stream) = self.redirected(stream, &text) else {
            self.spend(costs::WRITE_NS);
            return;
        };
        let first = self.written_bytes == 0;
        self.spend(if first {
            costs::WRITE_FIRST_NS
        } else {
            costs::WRITE_NS
        });
        self.written_bytes += text.len() as u64;
        self.written_lines += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        let stack = self.stack();
        let line = stack
            .iter()
            .find(|frame| self.is_own(frame))
            .map_or(0, |frame| frame.line);
        let event = self.record(
            EventKind::Logged {
                stream,
                text: text.clone(),
            },
            stack,
        );
        let now_ns = self.world.borrow().now_ns();
        self.facts.logged(stream, text, now_ns, line, event);
        if self.limits.output_bytes_max > 0 && self.written_bytes > self.limits.output_bytes_max {
            self.reach(Limit::OutputBytes);
        } else if self.limits.output_lines_max > 0
            && self.written_lines > self.limits.output_lines_max
        {
            self.reach(Limit::OutputLines);
        }
    }

    /// What is behind the descriptor leads to another process.
    pub fn is_redirected(&self, fd: i32) -> bool {
        match self.inherited.get(&fd) {
            #[cfg(feature = "whole")]
            Some(Inherited::Socket { .. }) => true,
            _ => false,
        }
    }

    /// The terminal's stream, unless somebody else reads what is written.
    #[cfg_attr(not(feature = "whole"), expect(unused_variables))]
    fn redirected(&self, stream: Stream, text: &str) -> Option<Stream> {
        let fd = if stream == Stream::Stdout { 1 } else { 2 };
        match self.inherited.get(&fd) {
            None => Some(stream),
            Some(Inherited::Terminal(1)) => Some(Stream::Stdout),
            Some(Inherited::Terminal(_)) => Some(Stream::Stderr),
            #[cfg(feature = "whole")]
            Some(Inherited::Socket { socket, .. }) => {
                let by = kernel::network::By {
                    process: self.process,
                    cause: self.cause(),
                };
                let mut world = self.world.borrow_mut();
                world.send_all(*socket, text.as_bytes(), by);
                None
            }
            Some(Inherited::Nothing) => None,
        }
    }

    /// What the process itself says at its end, past every limit.
    pub fn final_words(&mut self, text: &str) {
        if self.redirected(Stream::Stderr, text).is_none() {
            return;
        }
        let event = self.record(
            EventKind::Logged {
                stream: Stream::Stderr,
                text: text.to_owned(),
            },
            vec![],
        );
        let now_ns = self.world.borrow().now_ns();
        self.facts
            .logged(Stream::Stderr, text.to_owned(), now_ns, 0, event);
    }

    // ---- limits ----

    /// Called between two steps of the interpreter, and between callbacks.
    pub fn check_limits(&mut self) {
        self.settle();
        let over = |value: u64, max: u64| max > 0 && value >= max;
        if over(self.ticks_callback, self.limits.callback_ticks_max) {
            self.reach(Limit::CallbackTicks);
        } else if over(self.world.borrow().ticks, self.limits.ticks_max) {
            self.reach(Limit::Ticks);
        } else if over(self.world.borrow().now_ns(), self.limits.virtual_ns_max) {
            self.reach(Limit::VirtualTime);
        }
    }

    /// Stops the process with a sentence that names cause and place. Only the first limit counts.
    pub fn reach(&mut self, limit: Limit) {
        if self.stop.is_some() {
            return;
        }
        let stack = self.stack();
        let at = self.place();
        let seconds = |ns: u64| {
            let tenths = ns.saturating_add(50_000_000) / 100_000_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        };
        let endless = self.drained > 1000;
        let text = match limit {
            Limit::CallbackTicks if endless => format!(
                "{at} kept filling the nextTick or microtask queue: {} callbacks ran without giving the loop a turn",
                self.drained
            ),
            Limit::CallbackTicks => format!(
                "{at} ran for {} of virtual time without giving the loop a turn",
                seconds(self.ticks_callback.saturating_mul(self.spec.tick_ns))
            ),
            Limit::Ticks => format!(
                "the program computed for {} of virtual time in all, last at {at}",
                seconds(self.world.borrow().ticks.saturating_mul(self.spec.tick_ns))
            ),
            Limit::Events if endless => format!(
                "{at} kept filling the nextTick or microtask queue: {} callbacks ran without giving the loop a turn",
                self.drained
            ),
            Limit::Events => format!(
                "the program made {} events, last at {at}; it would go on for ever or nearly so",
                self.world.borrow().recorder.count()
            ),
            Limit::VirtualTime => format!(
                "the program ran for {} of virtual time, last at {at}",
                seconds(self.world.borrow().now_ns())
            ),
            Limit::OutputBytes => format!(
                "{at} printed more than {} bytes",
                self.limits.output_bytes_max
            ),
            Limit::OutputLines => format!(
                "{at} printed more than {} lines",
                self.limits.output_lines_max
            ),
            Limit::Heap => format!(
                "{at} filled the heap of {} MB",
                self.limits.heap_bytes_max >> 20
            ),
        };
        self.stop = Some(if limit == Limit::Heap {
            Stop::OutOfMemory
        } else {
            Stop::Limit {
                limit,
                text: text.clone(),
            }
        });
        self.facts.error = Some(text.clone());
        self.record(EventKind::LimitReached { limit, text }, stack);
    }

    /// The same with a sentence of its own about where the program stands.
    pub fn reach_saying(&mut self, limit: Limit, what: &str) {
        if self.stop.is_some() {
            return;
        }
        let stack = self.stack();
        let text = format!("{} {what}", self.place());
        self.stop = Some(Stop::Limit {
            limit,
            text: text.clone(),
        });
        self.facts.error = Some(text.clone());
        self.record(EventKind::LimitReached { limit, text }, stack);
    }

    pub fn uncaught(&mut self, text: String, file: String, line: u32, column: u32) {
        self.facts.error = Some(text.clone());
        self.record(
            EventKind::UncaughtError {
                text,
                file,
                line,
                column,
            },
            vec![],
        );
    }

    pub fn exited(&mut self, code: i32, reason: ExitReason) {
        self.facts.exit_code = code;
        self.facts.duration_ns = self.world.borrow().now_ns();
        self.record(EventKind::ProcessExited { code, reason }, vec![]);
    }
}

unsafe extern "C" fn number(info: *const CallableInfo, host: *mut c_void) -> FunctionId {
    unsafe { (*host.cast::<Host>()).number(&*info) }
}

/// What `eval` and `Function` compiled has the file `eval at f (/app/main.js:3:1), <anonymous>`; their caller says more.
fn place_in(file: &str, line: u32) -> String {
    let origin = || Some(file.strip_prefix("eval at ")?.rsplit_once('(')?.1);
    match origin() {
        Some(origin) => {
            let place = origin.split(')').next().unwrap_or(origin);
            format!("text evaluated at {}", base_name(place))
        }
        None => format!("{}:{line}", base_name(file)),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
