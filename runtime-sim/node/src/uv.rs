//! libuv's side of the loop: its clock in whole milliseconds, the one timer and the one idle handle that Node gives it,
//! and what keeps it alive. After libuv 1.46, `src/unix/core.c` and `src/timer.c`.

use kernel::Stream;

use crate::costs;

#[derive(Debug)]
pub struct Uv {
    chance: Stream,
    /// The part of a millisecond that had passed when the process started.
    offset_ns: u64,
    /// What `uv_now` says: only as fresh as the last update.
    pub time_ms: u64,
    /// Due time of Node's timer handle.
    pub timer_due_ms: Option<u64>,
    pub timer_ref: bool,
    /// Node starts an idle handle while it has referenced immediates, so that poll does not sleep.
    pub immediate_ref: bool,
    pub turn: u32,
}

impl Uv {
    pub fn new(mut chance: Stream) -> Self {
        let offset_ns = chance.below(costs::LOOP_CLOCK_OFFSET_NS);
        Self {
            chance,
            offset_ns,
            time_ms: 0,
            timer_due_ms: None,
            timer_ref: true,
            immediate_ref: false,
            turn: 1,
        }
    }

    pub fn update_time(&mut self, now_ns: u64) -> u64 {
        self.time_ms = now_ns.saturating_add(self.offset_ns) / 1_000_000;
        self.time_ms
    }

    pub fn start_timer(&mut self, after_ms: u64) {
        self.timer_due_ms = Some(self.time_ms + after_ms);
    }

    /// When, in virtual time, the loop's clock will read `ms`.
    pub fn reads_at_ns(&self, ms: u64) -> u64 {
        ms.saturating_mul(1_000_000).saturating_sub(self.offset_ns)
    }

    pub fn alive(&self) -> bool {
        self.timer_due_ms.is_some() && self.timer_ref || self.immediate_ref
    }

    /// What the system takes for itself at the end of a turn.
    pub fn hiccup_ns(&mut self) -> u64 {
        let hiccup = self.chance.below(costs::HICCUP_ODDS) == 0;
        let hiccup_ns = self.chance.below(costs::HICCUP_NS);
        if hiccup { hiccup_ns } else { 0 }
    }

    /// How late the system wakes the process.
    pub fn wake_jitter_ns(&mut self) -> u64 {
        let oversleeps = self.chance.below(costs::OVERSLEEP_ODDS) == 0;
        let overslept_ns = self.chance.below(costs::OVERSLEEP_NS);
        self.chance.below(costs::POLL_WAKE_JITTER_NS) + if oversleeps { overslept_ns } else { 0 }
    }
}
