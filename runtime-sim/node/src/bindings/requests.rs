//! What a process has asked for and waits to hear of: answers that come in the poll phase, the pool's threads, handles
//! that close (`src/unix/core.c` and `src/threadpool.c` of libuv 1.46, on virtual time).

use kernel::Table;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use crate::engine::{Ctx, value::Value};

/// libuv's default, and the most that it takes from `UV_THREADPOOL_SIZE`.
const POOL_THREADS: usize = 4;
const POOL_THREADS_MAX: usize = 1024;

pub type Completion = Box<dyn FnOnce(Ctx)>;

/// When each thread of the pool is free.
pub type Pool = Rc<RefCell<Vec<u64>>>;

/// `uv_async_t`: anybody may signal it; its callback runs once for any number of signals.
struct Async {
    signalled_ns: Option<u64>,
    keeps_alive: bool,
    /// A task of V8's platform: what is due of them is done before a process ends, though none keeps it alive.
    is_task: bool,
    run: Rc<dyn Fn(Ctx)>,
}

/// A handle that is active.
pub struct ActiveHandle {
    pub object: Value,
    /// Its provider, as async_hooks names it.
    pub kind: &'static str,
    pub referenced: bool,
}

#[derive(Default)]
pub struct Requests {
    sequence: Cell<u64>,
    /// By when they are ready and in the order of asking; `true` keeps the process alive.
    answers: RefCell<Table<(u64, u64), (bool, Completion)>>,
    pool_free_ns: RefCell<Pool>,
    works: RefCell<Vec<(u64, u64)>>,
    work_last: Cell<u64>,
    closing: RefCell<VecDeque<Completion>>,
    /// libuv's queue of pending callbacks.
    fed: RefCell<VecDeque<Completion>>,
    /// Node's own immediates, which run before those of scripts and keep nothing alive.
    immediates: RefCell<VecDeque<Completion>>,
    /// One of them is waited for all the same.
    #[cfg(feature = "whole")]
    immediate_awaited: Cell<bool>,
    handles: RefCell<Table<u64, ActiveHandle>>,
    /// In the order of opening, in which signals of one poll are heard.
    asyncs: RefCell<Table<u64, Async>>,
    signalled: RefCell<VecDeque<u64>>,
    /// Requests under way, with their providers: for who asks, not for the loop.
    under_way: RefCell<Table<u64, (Value, &'static str)>>,
}

impl Requests {
    pub fn open_async(&self, run: impl Fn(Ctx) + 'static) -> u64 {
        let handle = self.sequence.get() + 1;
        self.sequence.set(handle);
        let run = Rc::new(run);
        self.asyncs.borrow_mut().insert(
            handle,
            Async {
                signalled_ns: None,
                keeps_alive: true,
                is_task: false,
                run,
            },
        );
        handle
    }

    pub fn make_task(&self, handle: u64) {
        if let Some(handle) = self.asyncs.borrow_mut().get_mut(&handle) {
            handle.keeps_alive = false;
            handle.is_task = true;
        }
    }

    pub fn take_due_task(&self, now_ns: u64) -> Option<Completion> {
        let mut handles = self.asyncs.borrow_mut();
        let (_, task) = handles.iter_mut().find(|(_, handle)| {
            handle.is_task && handle.signalled_ns.is_some_and(|at_ns| at_ns <= now_ns)
        })?;
        task.signalled_ns = None;
        let run = task.run.clone();
        Some(Box::new(move |ctx| run(ctx)))
    }

    pub fn signal(&self, handle: u64, at_ns: u64) {
        if let Some(handle) = self.asyncs.borrow_mut().get_mut(&handle) {
            handle.signalled_ns.get_or_insert(at_ns);
        }
    }

    /// Not later than `at_ns`, even when it is signalled for later already.
    pub fn signal_sooner(&self, handle: u64, at_ns: u64) {
        if let Some(handle) = self.asyncs.borrow_mut().get_mut(&handle) {
            handle.signalled_ns = Some(handle.signalled_ns.map_or(at_ns, |known| known.min(at_ns)));
        }
    }

    pub fn set_ref(&self, handle: u64, keeps_alive: bool) {
        if let Some(handle) = self.asyncs.borrow_mut().get_mut(&handle) {
            handle.keeps_alive = keeps_alive;
        }
    }

    pub fn close_async(&self, handle: u64) {
        let closed = self.asyncs.borrow_mut().remove(&handle);
        drop(closed);
    }

    /// The thread has ended: nothing that is waited for comes any more.
    pub fn clear(&self) {
        let gone = (
            self.answers.take(),
            self.closing.take(),
            self.fed.take(),
            self.asyncs.take(),
        );
        drop((gone, self.handles.take(), self.immediates.take()));
    }

    fn next_signal_ns(&self) -> Option<u64> {
        self.asyncs
            .borrow()
            .values()
            .filter_map(|handle| handle.signalled_ns)
            .min()
    }

    /// The next of the pass through all handles: what is signalled behind where it stands is heard in the same pass.
    fn take_signalled(&self, now_ns: u64) -> Option<Completion> {
        loop {
            let handle = self.signalled.borrow_mut().pop_front()?;
            let run = {
                let mut handles = self.asyncs.borrow_mut();
                let Some(handle) = handles.get_mut(&handle) else {
                    continue;
                };
                if handle.signalled_ns.is_none_or(|at_ns| at_ns > now_ns) {
                    continue;
                }
                handle.signalled_ns = None;
                handle.run.clone()
            };
            return Some(Box::new(move |ctx| run(ctx)));
        }
    }

    pub fn answer_at(&self, ready_ns: u64, keeps_alive: bool, done: impl FnOnce(Ctx) + 'static) {
        let sequence = self.sequence.get() + 1;
        self.sequence.set(sequence);
        self.answers
            .borrow_mut()
            .insert((ready_ns, sequence), (keeps_alive, Box::new(done)));
    }

    /// The pool's thread that is free first: which one, of how many, and from when on.
    pub fn free_thread(&self, now_ns: u64) -> (usize, usize, u64) {
        let pool = self.pool_free_ns.borrow().clone();
        let free = pool.borrow();
        let (thread, free_ns) = free
            .iter()
            .enumerate()
            .min_by_key(|(_, free_ns)| **free_ns)
            .expect("there is one at least");
        (thread, free.len(), (*free_ns).max(now_ns))
    }

    pub fn queue_work(&self, thread: usize, ends_ns: u64, done: impl FnOnce(Ctx) + 'static) {
        self.pool_free_ns.borrow().borrow_mut()[thread] = ends_ns;
        self.answer_at(ends_ns, true, done);
    }

    /// Until when work lasts that stands in the trace.
    pub fn note_work(&self, ends_ns: u64) {
        self.work_last.set(self.work_last.get() + 1);
        self.works
            .borrow_mut()
            .push((ends_ns, self.work_last.get()));
    }

    /// The pool's work that is under way for this loop: until when, and its number.
    pub fn works(&self, now_ns: u64) -> Vec<(u64, u64)> {
        let mut works = self.works.borrow_mut();
        works.retain(|(ends_ns, _)| *ends_ns > now_ns);
        works.clone()
    }

    pub fn has_pool(&self) -> bool {
        !self.pool_free_ns.borrow().borrow().is_empty()
    }

    /// As `UV_THREADPOOL_SIZE` says.
    pub fn begin_pool(&self, said: Option<&str>) {
        // C's atoi: what is no number is 0, and 0 is 1.
        let threads = said.map_or(POOL_THREADS, |said| {
            let digits = said.trim_start().bytes().take_while(u8::is_ascii_digit);
            digits.fold(0, |number: usize, digit| {
                number
                    .saturating_mul(10)
                    .saturating_add(usize::from(digit - b'0'))
            })
        });
        let threads = threads.clamp(1, POOL_THREADS_MAX);
        *self.pool_free_ns.borrow().borrow_mut() = vec![0; threads];
    }

    pub fn pool(&self) -> Pool {
        self.pool_free_ns.borrow().clone()
    }

    /// All threads of a process have one pool.
    pub fn share_pool(&self, pool: Pool) {
        *self.pool_free_ns.borrow_mut() = pool;
    }

    pub fn open_handle(&self, object: Value, kind: &'static str, referenced: bool) -> u64 {
        let number = self.sequence.get() + 1;
        self.sequence.set(number);
        self.handles.borrow_mut().insert(
            number,
            ActiveHandle {
                object,
                kind,
                referenced,
            },
        );
        number
    }

    pub fn close_handle(&self, number: u64) {
        let gone = self.handles.borrow_mut().remove(&number);
        drop(gone);
    }

    pub fn reference_handle(&self, number: u64, referenced: bool) {
        if let Some(handle) = self.handles.borrow_mut().get_mut(&number) {
            handle.referenced = referenced;
        }
    }

    /// Handles that keep the process alive, in the order in which they became active.
    pub fn active_handles(&self) -> Vec<(Value, &'static str)> {
        let handles = self.handles.borrow();
        handles
            .values()
            .filter(|handle| handle.referenced)
            .map(|handle| (handle.object.clone(), handle.kind))
            .collect()
    }

    pub fn handles_of(&self, kind: &str) -> Vec<Value> {
        let handles = self.handles.borrow();
        handles
            .values()
            .filter(|handle| handle.kind == kind)
            .map(|handle| handle.object.clone())
            .collect()
    }

    pub fn begin_request(&self, object: Value, kind: &'static str) -> u64 {
        let number = self.sequence.get() + 1;
        self.sequence.set(number);
        self.under_way.borrow_mut().insert(number, (object, kind));
        number
    }

    pub fn end_request(&self, number: u64) {
        let gone = self.under_way.borrow_mut().remove(&number);
        drop(gone);
    }

    pub fn active_requests(&self) -> Vec<(Value, &'static str)> {
        self.under_way.borrow().values().cloned().collect()
    }

    pub fn set_immediate(&self, done: impl FnOnce(Ctx) + 'static) {
        self.immediates.borrow_mut().push_back(Box::new(done));
    }

    /// One that keeps the process going; the loop is to be told too.
    #[cfg(feature = "whole")]
    pub fn await_immediate(&self, done: impl FnOnce(Ctx) + 'static) {
        self.immediate_awaited.set(true);
        self.set_immediate(done);
    }

    #[cfg(feature = "whole")]
    pub fn awaits_immediate(&self) -> bool {
        self.immediate_awaited.get()
    }

    pub fn take_immediates(&self) -> VecDeque<Completion> {
        #[cfg(feature = "whole")]
        self.immediate_awaited.set(false);
        self.immediates.take()
    }

    pub fn close(&self, done: impl FnOnce(Ctx) + 'static) {
        self.closing.borrow_mut().push_back(Box::new(done));
    }

    /// `uv__io_feed`: done without waiting for anything, and told in the pending phase or behind poll.
    pub fn feed(&self, done: impl FnOnce(Ctx) + 'static) {
        self.fed.borrow_mut().push_back(Box::new(done));
    }

    /// How many were fed and wait.
    pub fn fed(&self) -> usize {
        self.fed.borrow().len()
    }

    pub fn take_fed(&self) -> Option<Completion> {
        self.fed.borrow_mut().pop_front()
    }

    pub fn keep_alive(&self) -> bool {
        self.is_closing()
            || self.fed() > 0
            || self.answers.borrow().values().any(|(keeps, _)| *keeps)
            || self
                .handles
                .borrow()
                .values()
                .any(|handle| handle.referenced)
            || self
                .asyncs
                .borrow()
                .values()
                .any(|handle| handle.keeps_alive)
    }

    /// Something that keeps the process going comes by itself.
    pub fn has_plans(&self) -> bool {
        self.is_closing()
            || self.answers.borrow().values().any(|(keeps, _)| *keeps)
            || self.next_signal_ns().is_some()
    }

    pub fn is_closing(&self) -> bool {
        !self.closing.borrow().is_empty()
    }

    pub fn next_ready_ns(&self) -> Option<u64> {
        let answer_ns = self
            .answers
            .borrow()
            .keys()
            .next()
            .map(|(ready_ns, _)| *ready_ns);
        [answer_ns, self.next_signal_ns()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The first answer or signal behind `now_ns`.
    pub fn next_ready_after_ns(&self, now_ns: u64) -> Option<u64> {
        let mut first_ns = u64::MAX;
        let mut meet = |at_ns: u64| {
            if at_ns > now_ns {
                first_ns = first_ns.min(at_ns);
            }
        };
        for (ready_ns, _) in self.answers.borrow().keys() {
            meet(*ready_ns);
        }
        for handle in self.asyncs.borrow().values() {
            meet(handle.signalled_ns.unwrap_or(0));
        }
        Some(first_ns).filter(|at_ns| *at_ns < u64::MAX)
    }

    /// What poll found ready at `until_ns`; it is `now_ns` meanwhile.
    pub fn take_ready(&self, until_ns: u64, now_ns: u64) -> Option<Completion> {
        if let Some(done) = self.take_signalled(now_ns) {
            return Some(done);
        }
        let ready_ns = self.next_ready_ns()?;
        if ready_ns > until_ns {
            return None;
        }
        if self.next_signal_ns() == Some(ready_ns) {
            *self.signalled.borrow_mut() = self.asyncs.borrow().keys().copied().collect();
            return self.take_signalled(now_ns);
        }
        self.answers
            .borrow_mut()
            .pop_first()
            .map(|(_, (_, done))| done)
    }

    pub fn take_closing(&self) -> VecDeque<Completion> {
        self.closing.take()
    }
}
