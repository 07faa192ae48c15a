//! libuv's pool of threads at one moment, from the works that were asked for by then.

use protocol::{EventId, EventKind, ProcessId, trace::PoolWork};

use crate::Recording;

/// libuv's own number; a program that asks for no work does not say another.
const THREADS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// In which it was asked for.
    pub event: EventId,
    pub work: PoolWork,
    pub begins_ns: u64,
    pub ends_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What each thread does.
    pub threads: Vec<Option<Work>>,
    /// Works that wait for a thread, in their order.
    pub waiting: Vec<Work>,
}

impl Pool {
    pub fn busy(&self) -> usize {
        self.threads.iter().flatten().count()
    }
}

impl Recording {
    pub fn pool_at(&self, process: ProcessId, event: EventId) -> Pool {
        let works = self.pool_works(process);
        let known = works.partition_point(|id| u64::from(*id) <= event);
        let now_ns = self.event(event).map_or(0, |event| event.time_ns);
        let mut pool = Pool {
            threads: vec![None; THREADS],
            waiting: Vec::new(),
        };
        let mut seen: Vec<bool> = Vec::new();
        // A thread's last work that has begun says what it does; those behind it wait.
        for id in works[..known].iter().rev() {
            let id = u64::from(*id);
            let Some(EventKind::PoolWorkQueued {
                work,
                thread,
                threads,
                begins_ns,
                ends_ns,
            }) = self.event(id).map(|event| &event.kind)
            else {
                continue;
            };
            if seen.is_empty() {
                pool.threads = vec![None; *threads as usize];
                seen = vec![false; *threads as usize];
            }
            let asked = Work {
                event: id,
                work: *work,
                begins_ns: *begins_ns,
                ends_ns: *ends_ns,
            };
            let thread = *thread as usize;
            if *begins_ns > now_ns {
                pool.waiting.push(asked);
            } else if seen.get(thread) == Some(&false) {
                seen[thread] = true;
                pool.threads[thread] = Some(asked).filter(|asked| asked.ends_ns > now_ns);
            }
            if seen.iter().all(|seen| *seen) {
                break;
            }
        }
        pool.waiting.reverse();
        if self.standing(process, event).ended.is_some() {
            // An end of a process is one of its pool.
            pool.threads.fill(None);
            pool.waiting.clear();
        }
        pool
    }
}

#[cfg(test)]
mod tests {
    use protocol::Event;

    use super::*;

    fn event(time_ns: u64, kind: EventKind) -> Event {
        Event {
            cause: None,
            time_ns,
            process: 1,
            kind,
            stack: vec![],
        }
    }

    fn asks(time_ns: u64, thread: u32, begins_ns: u64, ends_ns: u64) -> Event {
        let kind = EventKind::PoolWorkQueued {
            work: PoolWork::Crypto,
            thread,
            threads: 2,
            begins_ns,
            ends_ns,
        };
        event(time_ns, kind)
    }

    #[test]
    fn the_third_work_of_two_threads_waits() {
        let recording = Recording::from_events([
            asks(10, 0, 10, 110),
            asks(20, 1, 20, 80),
            asks(30, 1, 80, 140),
            event(60, EventKind::PollWoke),
            event(90, EventKind::PollWoke),
            event(120, EventKind::PollWoke),
            event(150, EventKind::PollWoke),
        ]);
        let seen = |event| {
            let pool = recording.pool_at(1, event);
            let busy: Vec<_> = pool
                .threads
                .iter()
                .map(|work| work.map(|work| work.event))
                .collect();
            (busy, pool.waiting.len())
        };
        assert_eq!(seen(0), (vec![Some(0), None], 0));
        assert_eq!(seen(3), (vec![Some(0), Some(1)], 1));
        assert_eq!(seen(4), (vec![Some(0), Some(2)], 0));
        assert_eq!(seen(5), (vec![None, Some(2)], 0));
        assert_eq!(seen(6), (vec![None, None], 0));
    }
}
