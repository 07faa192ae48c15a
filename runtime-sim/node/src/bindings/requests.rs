//! What a process has asked for and waits to hear of: answers that come in the poll phase, the pool's threads, handles
//! that close (`src/unix/core.c` and `src/threadpool.c` of libuv 1.46, on virtual time).

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use crate::engine::Ctx;

/// libuv's default. `UV_THREADPOOL_SIZE` is not read yet.
const POOL_THREADS: usize = 4;

pub type Completion = Box<dyn FnOnce(Ctx)>;

#[derive(Default)]
pub struct Requests {
    sequence: Cell<u64>,
    /// By when they are ready and in the order of asking; `true` keeps the process alive.
    answers: RefCell<BTreeMap<(u64, u64), (bool, Completion)>>,
    pool_free_ns: RefCell<[u64; POOL_THREADS]>,
    closing: RefCell<VecDeque<Completion>>,
}

impl Requests {
    pub fn answer_at(&self, ready_ns: u64, keeps_alive: bool, done: impl FnOnce(Ctx) + 'static) {
        let sequence = self.sequence.get() + 1;
        self.sequence.set(sequence);
        self.answers
            .borrow_mut()
            .insert((ready_ns, sequence), (keeps_alive, Box::new(done)));
    }

    /// Work for the pool: it begins when a thread is free.
    pub fn queue_work(&self, now_ns: u64, takes_ns: u64, done: impl FnOnce(Ctx) + 'static) {
        let ready_ns = {
            let mut free = self.pool_free_ns.borrow_mut();
            let thread = free.iter_mut().min().expect("there are four");
            *thread = (*thread).max(now_ns) + takes_ns;
            *thread
        };
        self.answer_at(ready_ns, true, done);
    }

    pub fn close(&self, done: impl FnOnce(Ctx) + 'static) {
        self.closing.borrow_mut().push_back(Box::new(done));
    }

    pub fn keep_alive(&self) -> bool {
        self.is_closing() || self.answers.borrow().values().any(|(keeps, _)| *keeps)
    }

    pub fn is_closing(&self) -> bool {
        !self.closing.borrow().is_empty()
    }

    pub fn next_ready_ns(&self) -> Option<u64> {
        self.answers.borrow().keys().next().map(|(ready_ns, _)| *ready_ns)
    }

    pub fn take_ready(&self, now_ns: u64) -> Option<Completion> {
        if self.next_ready_ns()? > now_ns {
            return None;
        }
        self.answers.borrow_mut().pop_first().map(|(_, (_, done))| done)
    }

    pub fn take_closing(&self) -> VecDeque<Completion> {
        self.closing.take()
    }
}
