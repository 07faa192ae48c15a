//! What a lesson's checks may ask about a finished run. Kept beside the trace, because the trace leaves the jar.

use kernel::Table;

use protocol::{EventId, Queue, Stream, TaskId};

use crate::names::Described;

/// Beyond so many, tasks are no longer kept: a program of a lesson has hundreds.
const TASKS_MAX: usize = 100_000;
const TEXT_BYTES_MAX: usize = 8 << 20;

#[derive(Debug, Default)]
pub struct Facts {
    pub stdout: String,
    pub stderr: String,
    pub logs: Vec<LogFact>,
    pub exit_code: i32,
    pub duration_ns: u64,
    pub error: Option<String>,
    pub heap: HeapFact,
    waiting: Table<TaskId, TaskFact>,
    running: Table<TaskId, usize>,
    /// In the order in which they started.
    pub tasks: Vec<TaskFact>,
}

/// How full the heap was, as often as it was looked at: whenever the program has its host do something.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapFact {
    /// When the program began: Node's own library.
    pub began_bytes: u64,
    pub peak_bytes: u64,
    pub peak_ns: u64,
    pub event: EventId,
}

#[derive(Clone, Debug)]
pub struct LogFact {
    pub stream: Stream,
    pub text: String,
    pub time_ns: u64,
    pub line: u32,
    pub event: EventId,
}

#[derive(Clone, Debug)]
pub struct TaskFact {
    pub queue: &'static str,
    pub name: String,
    pub file: String,
    pub line: u32,
    pub queued_ns: u64,
    pub due_ns: Option<u64>,
    pub started_ns: u64,
    pub ended_ns: u64,
    pub event: EventId,
}

impl Facts {
    pub fn queued(
        &mut self,
        task: TaskId,
        queue: Queue,
        described: &Described,
        now_ns: u64,
        due_ns: Option<u64>,
    ) {
        if self.tasks.len() + self.waiting.len() >= TASKS_MAX {
            return;
        }
        self.waiting.insert(
            task,
            TaskFact {
                queue: queue_name(queue),
                name: if described.name.is_empty() {
                    described.summary.clone()
                } else {
                    described.name.clone()
                },
                file: described.file.clone(),
                line: described.line,
                queued_ns: now_ns,
                due_ns,
                started_ns: 0,
                ended_ns: 0,
                event: 0,
            },
        );
    }

    pub fn queue_of(&self, task: TaskId) -> Option<&'static str> {
        self.waiting.get(&task).map(|fact| fact.queue)
    }

    pub fn cancelled(&mut self, task: TaskId) {
        self.waiting.remove(&task);
    }

    pub fn started(&mut self, task: TaskId, now_ns: u64, event: EventId) {
        if let Some(mut fact) = self.waiting.remove(&task) {
            fact.started_ns = now_ns;
            fact.ended_ns = now_ns;
            fact.event = event;
            self.running.insert(task, self.tasks.len());
            self.tasks.push(fact);
        }
    }

    pub fn ended(&mut self, task: TaskId, now_ns: u64) {
        if let Some(index) = self.running.remove(&task) {
            self.tasks[index].ended_ns = now_ns;
        }
    }

    pub fn heap_begins(&mut self, used_bytes: u64) {
        self.heap = HeapFact {
            began_bytes: used_bytes,
            peak_bytes: used_bytes,
            ..HeapFact::default()
        };
    }

    /// `event` is the one that comes next.
    pub fn heap_seen(&mut self, used_bytes: u64, now_ns: u64, event: EventId) {
        if used_bytes > self.heap.peak_bytes {
            self.heap.peak_bytes = used_bytes;
            self.heap.peak_ns = now_ns;
            self.heap.event = event;
        }
    }

    pub fn logged(
        &mut self,
        stream: Stream,
        text: String,
        time_ns: u64,
        line: u32,
        event: EventId,
    ) {
        let all = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if all.len() + text.len() > TEXT_BYTES_MAX {
            return;
        }
        all.push_str(&text);
        self.logs.push(LogFact {
            stream,
            text,
            time_ns,
            line,
            event,
        });
    }
}

fn queue_name(queue: Queue) -> &'static str {
    match queue {
        Queue::Main => "main",
        Queue::NextTick => "tick",
        Queue::Microtask(_) => "microtask",
        Queue::Timers => "timers",
        Queue::Pending => "pending",
        Queue::Poll => "poll",
        Queue::Check => "check",
        Queue::Close => "close",
    }
}
