//! A trace as Chrome's trace event JSON, which Perfetto (<https://ui.perfetto.dev>) and `chrome://tracing` open.
//! Format: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.
//!
//! A process of the simulation is a process there, with two threads: its tasks, and the loop's phases around them. The
//! time that a task waits in its queue is an asynchronous slice of that queue's category; an arrow leads from where it
//! was queued to where it started. Works of the pool are slices of its threads' own tracks. A packet is an asynchronous slice of the process that sent it. Output, errors, limits
//! and connections are instants. Calls inside of a task are not drawn.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use protocol::{
    Event, EventKind, FunctionId, Phase, ProcessId, Queue, Stream, TaskId,
    trace::{PacketContent, PacketId},
};

const TASKS: u32 = 1;
const LOOP: u32 = 2;
/// The first thread of the pool.
const POOL: u32 = 10;

/// Takes events in order and writes as it goes, so that a trace need not fit in memory.
pub struct Writer<W: Write> {
    out: W,
    empty: bool,
    now_ns: u64,
    names: BTreeMap<(ProcessId, FunctionId), String>,
    tasks: BTreeMap<(ProcessId, TaskId), Task>,
    /// Slices that are open on the thread of the loop.
    phases: BTreeMap<ProcessId, u32>,
    /// Slices that are open on the thread of the tasks.
    running: BTreeMap<ProcessId, u32>,
    /// Who sent what is on its way.
    packets: BTreeMap<PacketId, (ProcessId, String)>,
}

struct Task {
    queue: Queue,
    name: String,
}

impl<W: Write> Writer<W> {
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
        Ok(Self {
            out,
            empty: true,
            now_ns: 0,
            names: BTreeMap::new(),
            tasks: BTreeMap::new(),
            phases: BTreeMap::new(),
            running: BTreeMap::new(),
            packets: BTreeMap::new(),
        })
    }

    pub fn add(&mut self, event: &Event) -> io::Result<()> {
        self.now_ns = event.time_ns;
        let process = event.process;
        match &event.kind {
            EventKind::WorldStarted { .. } => Ok(()),
            EventKind::ProcessStarted { host, entry, .. } => {
                self.metadata(process, 0, "process_name", &format!("{host}: node {entry}"))?;
                self.metadata(process, TASKS, "thread_name", "tasks")?;
                self.metadata(process, LOOP, "thread_name", "event loop")
            }
            EventKind::ProcessExited { code, reason } => {
                while self.close(process, TASKS)? {}
                while self.close(process, LOOP)? {}
                self.instant(process, "p", &format!("exit {code} ({reason:?})"))
            }
            EventKind::FunctionDefined {
                function,
                name,
                file,
                line,
                summary,
                ..
            } => {
                let name = match (name.is_empty(), summary.is_empty()) {
                    (false, _) => name.clone(),
                    (true, false) => summary.clone(),
                    (true, true) => format!("{}:{line}", file.rsplit('/').next().unwrap_or(file)),
                };
                self.names.insert((process, *function), name);
                Ok(())
            }
            EventKind::PhaseEntered { phase, turn } => {
                while self.close(process, LOOP)? {}
                let name = match phase {
                    Phase::IdlePrepare => "idle, prepare".to_string(),
                    other => format!("{other:?}").to_lowercase(),
                };
                self.open(process, LOOP, "phase", &name, &format!("\"turn\":{turn}"))
            }
            EventKind::PollSlept { .. } => self.open(process, LOOP, "phase", "asleep", ""),
            EventKind::PollWoke => self.close(process, LOOP).map(|_| ()),
            EventKind::TaskQueued {
                task,
                queue,
                function,
                ..
            } => {
                let name = self.name(process, *function);
                let category = category(*queue);
                self.wait(process, 'b', category, &name, *task)?;
                self.flow(process, "\"ph\":\"s\"", *task)?;
                let queue = *queue;
                self.tasks.insert((process, *task), Task { queue, name });
                Ok(())
            }
            EventKind::TaskCancelled { task } => self.wait_ends(process, *task).map(|_| ()),
            EventKind::TaskStarted { task } => {
                if let Some(Task { queue, name }) = self.wait_ends(process, *task)? {
                    let details = format!("\"task\":{task},\"queue\":{}", quoted(category(queue)));
                    self.open(process, TASKS, category(queue), &name, &details)?;
                    self.flow(process, "\"ph\":\"f\",\"bp\":\"e\"", *task)?;
                }
                Ok(())
            }
            EventKind::TaskEnded { .. } => self.close(process, TASKS).map(|_| ()),
            EventKind::HeapUsed { bytes } => self.heap(process, *bytes),
            EventKind::Logged { stream, text } => {
                let text = text.trim_end_matches('\n');
                match stream {
                    Stream::Stdout => self.instant(process, "t", text),
                    Stream::Stderr => self.instant(process, "t", &format!("stderr: {text}")),
                }
            }
            EventKind::PoolWorkQueued {
                work,
                thread,
                begins_ns,
                ends_ns,
                ..
            } => self.pool_work(process, &format!("{work:?}"), *thread, *begins_ns..*ends_ns),
            EventKind::WorldChanged { what } => self.instant(process, "g", &format!("{what:?}")),
            EventKind::ConnectionBegun { client, server, .. } => {
                let name = format!("{} connects to {}", client.address, server.address);
                self.instant(process, "t", &name)
            }
            EventKind::PacketSent {
                packet,
                content,
                bytes,
                ..
            } => {
                let name = match content {
                    PacketContent::Data | PacketContent::Datagram => format!("{bytes} bytes"),
                    other => format!("{other:?}"),
                };
                self.packet(process, 'b', *packet, &name)?;
                self.packets.insert(*packet, (process, name));
                Ok(())
            }
            EventKind::PacketArrived { packet } | EventKind::PacketLost { packet } => {
                match self.packets.remove(packet) {
                    Some((sender, name)) => self.packet(sender, 'e', *packet, &name),
                    None => Ok(()),
                }
            }
            EventKind::UncaughtError { text, .. } | EventKind::LimitReached { text, .. } => {
                self.instant(process, "p", text)
            }
            EventKind::LoadBegun { name, .. } => {
                self.instant(process, "g", &format!("load {name} begins"))
            }
            EventKind::ChoiceTaken { race, option, .. } => {
                self.instant(process, "t", &race.words(*option))
            }
            EventKind::LoadEnded { .. } => self.instant(process, "g", "a load ends"),
            EventKind::MiddlewareEntered { function, .. } => {
                let name = self.name(process, *function);
                self.instant(process, "t", &name)
            }
            EventKind::AskEnded { .. } => self.instant(process, "g", "an answer is shown"),
            EventKind::ServiceStarted { name, .. } => {
                self.instant(process, "g", &format!("service {name} listens"))
            }
            EventKind::RequestBegun { request, .. } => {
                self.request(process, 'b', "load", *request, "request")
            }
            EventKind::RequestEnded { request, .. } => {
                self.request(process, 'e', "load", *request, "request")
            }
            EventKind::WorkQueued { work, .. } => {
                self.request(process, 'b', "service", *work, "work")
            }
            EventKind::WorkStarted { work } => {
                self.request(process, 'n', "service", *work, "begins")
            }
            EventKind::WorkEnded { work, .. } => {
                self.request(process, 'e', "service", *work, "work")
            }
        }
    }

    /// Ends what is still open, and the document.
    pub fn finish(mut self) -> io::Result<W> {
        let waiting: Vec<_> = self.tasks.keys().copied().collect();
        for (process, task) in waiting {
            self.wait_ends(process, task)?;
        }
        for (packet, (process, name)) in std::mem::take(&mut self.packets) {
            self.packet(process, 'e', packet, &name)?;
        }
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn name(&self, process: ProcessId, function: FunctionId) -> String {
        self.names
            .get(&(process, function))
            .cloned()
            .unwrap_or_else(|| "(native)".to_string())
    }

    fn open(
        &mut self,
        process: ProcessId,
        thread: u32,
        category: &str,
        name: &str,
        details: &str,
    ) -> io::Result<()> {
        *self.depth(process, thread) += 1;
        let body = format!(
            "\"ph\":\"B\",\"cat\":{},\"name\":{},\"args\":{{{details}}}",
            quoted(category),
            quoted(name)
        );
        self.write(process, thread, &body)
    }

    /// `false` when nothing was open.
    fn close(&mut self, process: ProcessId, thread: u32) -> io::Result<bool> {
        let depth = self.depth(process, thread);
        if *depth == 0 {
            return Ok(false);
        }
        *depth -= 1;
        self.write(process, thread, "\"ph\":\"E\"").map(|()| true)
    }

    fn depth(&mut self, process: ProcessId, thread: u32) -> &mut u32 {
        let open = match thread {
            LOOP => &mut self.phases,
            _ => &mut self.running,
        };
        open.entry(process).or_default()
    }

    fn wait_ends(&mut self, process: ProcessId, task: TaskId) -> io::Result<Option<Task>> {
        let Some(waited) = self.tasks.remove(&(process, task)) else {
            return Ok(None);
        };
        self.wait(process, 'e', category(waited.queue), &waited.name, task)?;
        Ok(Some(waited))
    }

    fn wait(
        &mut self,
        process: ProcessId,
        phase: char,
        category: &str,
        name: &str,
        task: TaskId,
    ) -> io::Result<()> {
        let body = format!(
            "\"ph\":\"{phase}\",\"cat\":{},\"name\":{},\"id\":\"{process}.{task}\"",
            quoted(&format!("waits: {category}")),
            quoted(name)
        );
        self.write(process, TASKS, &body)
    }

    fn packet(
        &mut self,
        process: ProcessId,
        phase: char,
        packet: PacketId,
        name: &str,
    ) -> io::Result<()> {
        let body = format!(
            "\"ph\":\"{phase}\",\"cat\":\"packets\",\"name\":{},\"id\":\"packet {packet}\"",
            quoted(name)
        );
        self.write(process, TASKS, &body)
    }

    /// A request of a load, or at a service.
    fn request(
        &mut self,
        process: ProcessId,
        phase: char,
        category: &str,
        number: u64,
        name: &str,
    ) -> io::Result<()> {
        let body = format!(
            "\"ph\":\"{phase}\",\"cat\":\"{category}\",\"name\":\"{name}\",\"id\":\"{category} {number}\""
        );
        self.write(process, TASKS, &body)
    }

    /// A slice of its own track for each of the pool's threads.
    fn pool_work(
        &mut self,
        process: ProcessId,
        name: &str,
        thread: u32,
        span_ns: std::ops::Range<u64>,
    ) -> io::Result<()> {
        let now_ns = std::mem::replace(&mut self.now_ns, span_ns.start);
        let length_ns = span_ns.end - span_ns.start;
        let body = format!(
            "\"ph\":\"X\",\"dur\":{}.{:03},\"cat\":\"pool\",\"name\":{}",
            length_ns / 1_000,
            length_ns % 1_000,
            quoted(&name.to_lowercase())
        );
        self.write(process, POOL + thread, &body)?;
        self.now_ns = now_ns;
        Ok(())
    }

    /// A counter, which viewers draw as an area.
    fn heap(&mut self, process: ProcessId, bytes: u64) -> io::Result<()> {
        let body = format!("\"ph\":\"C\",\"name\":\"heap\",\"args\":{{\"bytes\":{bytes}}}");
        self.write(process, TASKS, &body)
    }

    fn flow(&mut self, process: ProcessId, phase: &str, task: TaskId) -> io::Result<()> {
        let body =
            format!("{phase},\"cat\":\"cause\",\"name\":\"queued\",\"id\":\"{process}.{task}\"");
        self.write(process, TASKS, &body)
    }

    fn instant(&mut self, process: ProcessId, scope: &str, name: &str) -> io::Result<()> {
        let body = format!("\"ph\":\"i\",\"s\":\"{scope}\",\"name\":{}", quoted(name));
        self.write(process, TASKS, &body)
    }

    fn metadata(
        &mut self,
        process: ProcessId,
        thread: u32,
        kind: &str,
        name: &str,
    ) -> io::Result<()> {
        let body = format!(
            "\"ph\":\"M\",\"name\":\"{kind}\",\"args\":{{\"name\":{}}}",
            quoted(name)
        );
        self.write(process, thread, &body)
    }

    /// Times are in microseconds; the fraction keeps the nanoseconds.
    fn write(&mut self, process: ProcessId, thread: u32, body: &str) -> io::Result<()> {
        let comma = if self.empty { "\n" } else { ",\n" };
        self.empty = false;
        let (us, ns) = (self.now_ns / 1_000, self.now_ns % 1_000);
        write!(
            self.out,
            "{comma}{{\"pid\":{process},\"tid\":{thread},\"ts\":{us}.{ns:03},{body}}}"
        )
    }
}

/// The queue by its name in Node's documentation.
fn category(queue: Queue) -> &'static str {
    match queue {
        Queue::Main => "main",
        Queue::NextTick => "nextTick queue",
        Queue::Microtask(_) => "microtask queue",
        Queue::Timers => "timers",
        Queue::Pending => "pending",
        Queue::Poll => "poll",
        Queue::Check => "check",
        Queue::Close => "close",
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Outcome;

    fn event(time_ns: u64, kind: EventKind) -> Event {
        Event {
            cause: None,
            time_ns,
            process: 1,
            kind,
            stack: Vec::new(),
        }
    }

    #[test]
    fn a_task_is_a_wait_an_arrow_and_a_slice() {
        let mut writer = Writer::new(Vec::new()).expect("memory");
        let (task, queue) = (1, Queue::NextTick);
        let events = [
            event(
                0,
                EventKind::FunctionDefined {
                    function: 1,
                    name: "say \"hi\"".into(),
                    file: "/app/main.js".into(),
                    line: 1,
                    column: 1,
                    summary: String::new(),
                },
            ),
            event(
                1_500,
                EventKind::TaskQueued {
                    task,
                    queue,
                    function: 1,
                    due_ns: None,
                    repeat_ns: None,
                    unref: false,
                },
            ),
            event(2_001, EventKind::TaskStarted { task }),
            event(
                3_000,
                EventKind::TaskEnded {
                    task,
                    outcome: Outcome::Returned,
                },
            ),
        ];
        for event in &events {
            writer.add(event).expect("memory");
        }
        let bytes = writer.finish().expect("memory");
        let json: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let events = json["traceEvents"].as_array().expect("a list");
        let phases: Vec<&str> = events
            .iter()
            .filter_map(|event| event["ph"].as_str())
            .collect();
        assert_eq!(phases, ["b", "s", "e", "B", "f", "E"]);
        assert_eq!(events[3]["name"], "say \"hi\"");
        assert_eq!(events[3]["ts"], 2.001);
    }
}
