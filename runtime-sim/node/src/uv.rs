//! libuv's side of the loop: its clock in whole milliseconds, the one timer and the one idle handle that Node gives it,
//! and what keeps it alive. After libuv 1.46, `src/unix/core.c` and `src/timer.c`.

use kernel::Stream;

use crate::costs;

#[derive(Debug)]
pub struct Uv {
    chance: Stream,
    /// The part of a millisecond that had passed when the process started.
    offset_ns: i64,
    /// When the clock was last read.
    read_ns: u64,
    /// What `uv_now` says: only as fresh as the last update.
    pub time_ms: u64,
    /// Due time of Node's timer handle.
    pub timer_due_ms: Option<u64>,
    /// After how long it was to be due, and when the clock was read for that.
    timer_after: (u64, u64),
    /// The due time that has raced the loop already.
    raced_ms: Option<u64>,
    pub timer_ref: bool,
    /// Node starts an idle handle while it has referenced immediates, so that poll does not sleep.
    pub immediate_ref: bool,
    pub turn: u32,
}

impl Uv {
    pub fn new(mut chance: Stream) -> Self {
        let offset_ns = chance.below(costs::LOOP_CLOCK_OFFSET_NS) as i64;
        Self {
            chance,
            offset_ns,
            read_ns: 0,
            time_ms: 0,
            timer_due_ms: None,
            timer_after: (0, 0),
            raced_ms: None,
            timer_ref: true,
            immediate_ref: false,
            turn: 1,
        }
    }

    pub fn update_time(&mut self, now_ns: u64) -> u64 {
        self.read_ns = now_ns;
        self.time_ms = now_ns.saturating_add_signed(self.offset_ns) / 1_000_000;
        self.time_ms
    }

    pub fn start_timer(&mut self, after_ms: u64) {
        self.timer_due_ms = Some(self.time_ms + after_ms);
        self.timer_after = (after_ms, self.read_ns);
    }

    /// When, in virtual time, the loop's clock will read `ms`.
    pub fn reads_at_ns(&self, ms: u64) -> u64 {
        ms.saturating_mul(1_000_000)
            .saturating_sub_signed(self.offset_ns)
    }

    /// When Node's timer is due, by virtual time.
    pub fn timer_ns(&self) -> Option<u64> {
        self.timer_due_ms.map(|ms| self.reads_at_ns(ms))
    }

    /// Whether it is by the clock's offset alone that the timer is due now, or is not: less time has passed than it was
    /// to wait, but more than that without its last millisecond.
    pub fn offset_decides(&self, now_ns: u64) -> bool {
        let (after_ms, read_ns) = self.timer_after;
        let passed_ns = now_ns.saturating_sub(read_ns);
        let is_late = passed_ns >= after_ms.saturating_mul(1_000_000);
        let is_early = passed_ns <= after_ms.saturating_sub(1).saturating_mul(1_000_000);
        self.timer_due_ms.is_some_and(|ms| ms > self.time_ms) && !is_late && !is_early
    }

    /// Sets the clock so that the timer is due now, or will be at once.
    pub fn set_due(&mut self, now_ns: u64, is_due: bool) {
        let Some(due_ns) = self.timer_ns() else {
            return;
        };
        if is_due && due_ns > now_ns {
            self.offset_ns = self.offset_ns.saturating_add_unsigned(due_ns - now_ns);
        } else if !is_due && due_ns <= now_ns {
            self.offset_ns = self.offset_ns.saturating_sub_unsigned(now_ns - due_ns + 1);
        }
    }

    /// Whether the timer has not raced the loop before.
    pub fn races_first(&mut self) -> bool {
        std::mem::replace(&mut self.raced_ms, self.timer_due_ms) != self.timer_due_ms
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
