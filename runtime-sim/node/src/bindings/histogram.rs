//! Histograms of perf_hooks (`src/histogram.cc`), which count as HdrHistogram's C library 0.11 does, and the one that a
//! timer of the loop feeds with its delays (`IntervalHistogram`).
//!
//! A value falls into a bucket of powers of two, and within it into one of as many steps as the figures need:
//!
//! ```text
//! unit ┌ 0 … 2s-1: steps of 1 ┐┌ 2s … 4s-1: steps of 2 ┐┌ 4s … 8s-1: steps of 4 ┐ …     s = half of the steps
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    environment::Environment,
    messaging,
    native::{Call, Target, new_handle, state_of, throw_with_code},
};

const HIGHEST: i64 = i64::MAX;
const FIGURES: u32 = 3;
/// Of the loop's delays, in nanoseconds.
const LOWEST_DELAY_NS: i64 = 1000;

struct Histogram {
    unit_magnitude: u32,
    half_magnitude: u32,
    slots: usize,
    /// By slot, those that are not empty.
    counts: BTreeMap<usize, i64>,
    total: i64,
    min: i64,
    max: i64,
    /// What did not fit.
    exceeds: u64,
    /// When a delta was recorded last.
    previous_ns: u64,
}

impl Histogram {
    fn new(lowest: i64, highest: i64, figures: u32) -> Self {
        let steps = 2 * 10_u64.pow(figures);
        let magnitude = u64::BITS - (steps - 1).leading_zeros();
        let unit_magnitude = lowest.max(1).ilog2();
        let mut buckets = 1;
        let mut beyond = 1_i64 << (magnitude + unit_magnitude);
        while beyond <= highest {
            buckets += 1;
            let Some(double) = beyond.checked_mul(2) else {
                break;
            };
            beyond = double;
        }
        Self {
            unit_magnitude,
            half_magnitude: magnitude - 1,
            slots: (buckets + 1) << (magnitude - 1),
            counts: BTreeMap::new(),
            total: 0,
            min: i64::MAX,
            max: 0,
            exceeds: 0,
            previous_ns: 0,
        }
    }

    /// The bucket of a value, and the step within it.
    fn place(&self, value: i64) -> (u32, i64) {
        let mask = ((2_i64 << self.half_magnitude) - 1) << self.unit_magnitude;
        let bits = i64::BITS - (value | mask).leading_zeros();
        let bucket = bits - self.unit_magnitude - (self.half_magnitude + 1);
        (bucket, value >> (bucket + self.unit_magnitude))
    }

    fn slot(&self, value: i64) -> usize {
        let (bucket, step) = self.place(value);
        let half = 1_i64 << self.half_magnitude;
        (((i64::from(bucket) + 1) << self.half_magnitude) + step - half) as usize
    }

    fn value_at(&self, slot: usize) -> i64 {
        let half = 1_i64 << self.half_magnitude;
        let step = slot as i64 & (half - 1);
        match slot as i64 >> self.half_magnitude {
            0 => step << self.unit_magnitude,
            bucket => (step + half) << (bucket as u32 - 1 + self.unit_magnitude),
        }
    }

    fn lowest_like(&self, value: i64) -> i64 {
        let (bucket, step) = self.place(value);
        step << (bucket + self.unit_magnitude)
    }

    fn width(&self, value: i64) -> i64 {
        let (bucket, _) = self.place(value);
        1 << (self.unit_magnitude + bucket)
    }

    fn highest_like(&self, value: i64) -> i64 {
        self.lowest_like(value)
            .saturating_add(self.width(value) - 1)
    }

    fn record(&mut self, value: i64, count: i64) -> bool {
        if value < 0 {
            return false;
        }
        let slot = self.slot(value);
        if slot >= self.slots {
            return false;
        }
        *self.counts.entry(slot).or_default() += count;
        self.total += count;
        if value != 0 {
            self.min = self.min.min(value);
        }
        self.max = self.max.max(value);
        true
    }

    fn record_delta(&mut self, now_ns: u64) {
        if self.previous_ns > 0 {
            let delta_ns = now_ns.saturating_sub(self.previous_ns) as i64;
            if !self.record(delta_ns, 1) {
                self.exceeds += 1;
            }
        }
        self.previous_ns = now_ns;
    }

    fn add(&mut self, other: &Self) -> i64 {
        self.exceeds += other.exceeds;
        self.previous_ns = self.previous_ns.max(other.previous_ns);
        let mut dropped = 0;
        for (slot, count) in &other.counts {
            if !self.record(other.value_at(*slot), *count) {
                dropped += count;
            }
        }
        dropped
    }

    fn reset(&mut self) {
        self.counts.clear();
        (self.total, self.min, self.max) = (0, i64::MAX, 0);
        (self.exceeds, self.previous_ns) = (0, 0);
    }

    fn least(&self) -> i64 {
        if self.counts.contains_key(&0) {
            0
        } else if self.min == i64::MAX {
            i64::MAX
        } else {
            self.lowest_like(self.min)
        }
    }

    fn greatest(&self) -> i64 {
        match self.max {
            0 => 0,
            max => self.highest_like(max),
        }
    }

    fn middles(&self) -> impl Iterator<Item = (i64, i64)> {
        self.counts.iter().map(|(slot, count)| {
            let value = self.value_at(*slot);
            (value + (self.width(value) >> 1), *count)
        })
    }

    fn mean(&self) -> f64 {
        let sum: i128 = self
            .middles()
            .map(|(middle, count)| i128::from(middle) * i128::from(count))
            .sum();
        sum as f64 / self.total as f64
    }

    fn deviation(&self) -> f64 {
        let mean = self.mean();
        let sum: f64 = self
            .middles()
            .map(|(middle, count)| {
                let deviation = middle as f64 - mean;
                deviation * deviation * count as f64
            })
            .sum();
        (sum / self.total as f64).sqrt()
    }

    fn percentile(&self, percentile: f64) -> i64 {
        let wanted = ((percentile.min(100.0) / 100.0 * self.total as f64) + 0.5) as i64;
        let mut seen = 0;
        let slot = self.counts.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted.max(1)
        });
        self.highest_like(slot.map_or(0, |(slot, _)| self.value_at(*slot)))
    }

    /// As `hdr_iter_percentile` walks with one tick for each half of what is left: percentile and value.
    fn percentiles(&self) -> Vec<(f64, i64)> {
        let mut rows = Vec::new();
        let mut next = 0.0;
        let mut seen = 0;
        let mut value = 0;
        for (slot, count) in &self.counts {
            // The walk comes by every slot, and has seen nothing up to the first that counts.
            seen += count;
            value = self.value_at(*slot);
            let current = 100.0 * seen as f64 / self.total as f64;
            while next <= current {
                rows.push((next, value));
                let mut halves = 1;
                while halves < 62 && 100.0 / (100.0 - next) >= (1_u64 << halves) as f64 {
                    halves += 1;
                }
                next += 100.0 / (1_u64 << halves) as f64;
                if seen >= self.total {
                    break;
                }
            }
        }
        rows.push((100.0, value));
        rows
    }
}

#[derive(Clone)]
struct Shared(Rc<RefCell<Histogram>>);

/// Behind what a timer feeds: the number of its run, and whether it is on.
struct Interval {
    resolution_ns: u64,
    run: Cell<u64>,
    is_on: Cell<bool>,
}

struct Delays {
    histogram: Shared,
    interval: Interval,
}

fn of<'a>(c: &Call) -> Js<&'a Shared> {
    if let Some(delays) = messaging::state::<Delays>(c.ctx, &c.this()) {
        return Ok(&delays.histogram);
    }
    state_of::<Shared>(c.ctx, c.this)
}

fn big(ctx: Ctx, value: i64) -> Value {
    ctx.owned(unsafe { qjs::JS_NewBigInt64(ctx.0, value) })
}

fn integer(ctx: Ctx, value: &Value) -> i64 {
    let mut integer = 0;
    if unsafe { qjs::JS_IsBigInt(value.raw()) } {
        unsafe { qjs::JS_ToBigInt64(ctx.0, &mut integer, value.raw()) };
        integer
    } else {
        value.as_f64() as i64
    }
}

fn methods(t: &Target) {
    macro_rules! numbers {
        ($($name:literal $big:literal $read:expr;)*) => {
            $(t.with($name, |c| {
                let value: i64 = ($read)(&of(c)?.0.borrow());
                Ok(c.ctx.number(value as f64))
            })
            .with($big, |c| {
                let value: i64 = ($read)(&of(c)?.0.borrow());
                Ok(big(c.ctx, value))
            });)*
        };
    }
    numbers! {
        "count" "countBigInt" |histogram: &Histogram| histogram.total;
        "exceeds" "exceedsBigInt" |histogram: &Histogram| histogram.exceeds as i64;
        "min" "minBigInt" Histogram::least;
        "max" "maxBigInt" Histogram::greatest;
    }
    t.with("mean", |c| Ok(c.ctx.number(of(c)?.0.borrow().mean())))
        .with("stddev", |c| {
            Ok(c.ctx.number(of(c)?.0.borrow().deviation()))
        })
        .with("percentile", |c| {
            let value = of(c)?.0.borrow().percentile(c.number(0));
            Ok(c.ctx.number(value as f64))
        })
        .with("percentileBigInt", |c| {
            let value = of(c)?.0.borrow().percentile(c.number(0));
            Ok(big(c.ctx, value))
        })
        .with("percentiles", |c| {
            fill(c, |ctx, value| ctx.number(value as f64))
        })
        .with("percentilesBigInt", |c| fill(c, big))
        .with("reset", |c| {
            of(c)?.0.borrow_mut().reset();
            c.undefined()
        });
}

/// Puts the percentiles into a map.
fn fill(c: &Call, shown: impl Fn(Ctx, i64) -> Value) -> Js<Value> {
    let rows = of(c)?.0.borrow().percentiles();
    let map = c.arg(0);
    let set = c.ctx.get(&map, "set")?;
    for (percentile, value) in rows {
        let args = [c.ctx.number(percentile), shown(c.ctx, value)];
        c.ctx.call(&set, &map, &args)?;
    }
    c.undefined()
}

/// Of `internalBinding('performance')`.
pub fn initialize(t: &Target) {
    let plain = t.class("Histogram", |c| {
        let [lowest, highest] = [0, 1].map(|index| integer(c.ctx, &c.arg(index)));
        let histogram = Histogram::new(lowest, highest, c.number(2) as u32);
        c.construct(Shared(Rc::new(RefCell::new(histogram))))
    });
    methods(&plain);
    plain
        .with("record", |c| {
            let value = integer(c.ctx, &c.arg(0));
            if value < 1 {
                let code = "ERR_OUT_OF_RANGE";
                let text = "value is out of range";
                return Err(throw_with_code(c.ctx, "RangeError", code, text));
            }
            let mut histogram = of(c)?.0.borrow_mut();
            if !histogram.record(value, 1) {
                histogram.exceeds += 1;
            }
            c.undefined()
        })
        .with("recordDelta", |c| {
            let now_ns = c.env().now_ns();
            of(c)?.0.borrow_mut().record_delta(now_ns);
            c.undefined()
        })
        .with("add", |c| {
            let other = state_of::<Shared>(c.ctx, c.arg(0).raw())?.clone();
            let own = of(c)?;
            let dropped = if Rc::ptr_eq(&own.0, &other.0) {
                let mut histogram = own.0.borrow_mut();
                for count in histogram.counts.values_mut() {
                    *count *= 2;
                }
                histogram.total *= 2;
                0
            } else {
                own.0.borrow_mut().add(&other.0.borrow())
            };
            Ok(c.ctx.number(dropped as f64))
        });
    let env = Environment::of(t.ctx);
    env.keep("histogramPrototype", plain.object.clone());
    env.travel_hooks.borrow_mut().push(|ctx, object| {
        let shared = messaging::state::<Shared>(ctx, object)?.clone();
        Some(messaging::Travels {
            clones: true,
            leave: Box::new(|| {
                Rc::new(move |ctx| {
                    super::binding(ctx, "performance")?;
                    let prototype = Environment::of(ctx).kept("histogramPrototype");
                    let prototype = prototype.unwrap_or_else(|| ctx.object());
                    new_handle(ctx, &prototype, shared.clone())
                })
            }),
        })
    });
    let delays = Target::new(t.ctx, t.ctx.object());
    methods(&delays);
    delays.with("start", start).with("stop", |c| {
        state_of::<Delays>(c.ctx, c.this)?.interval.is_on.set(false);
        c.undefined()
    });
    env.keep("delaysPrototype", delays.object);
    t.with("createELDHistogram", |c| {
        let prototype = c.env().kept("delaysPrototype");
        let prototype = prototype.unwrap_or_else(|| c.ctx.object());
        let histogram = Histogram::new(LOWEST_DELAY_NS, HIGHEST, FIGURES);
        let delays = Delays {
            histogram: Shared(Rc::new(RefCell::new(histogram))),
            interval: Interval {
                resolution_ns: c.number(0) as u64 * 1_000_000,
                run: Cell::new(0),
                is_on: Cell::new(false),
            },
        };
        new_handle(c.ctx, &prototype, delays)
    });
}

/// `start(reset)`.
fn start(c: &Call) -> Js<Value> {
    let delays = state_of::<Delays>(c.ctx, c.this)?;
    if c.truthy(0) {
        delays.histogram.0.borrow_mut().reset();
    }
    if !delays.interval.is_on.replace(true) {
        let run = delays.interval.run.get() + 1;
        delays.interval.run.set(run);
        wait(c.ctx, c.this(), run);
    }
    c.undefined()
}

/// The timer is unreferenced.
fn wait(ctx: Ctx, object: Value, run: u64) {
    let Some(delays) = messaging::state::<Delays>(ctx, &object) else {
        return;
    };
    let after_ns = delays.interval.resolution_ns;
    Environment::of(ctx).answer_after(after_ns, false, move |ctx| {
        let Some(delays) = messaging::state::<Delays>(ctx, &object) else {
            return;
        };
        if !delays.interval.is_on.get() || delays.interval.run.get() != run {
            return;
        }
        let now_ns = Environment::of(ctx).now_ns();
        delays.histogram.0.borrow_mut().record_delta(now_ns);
        wait(ctx, object, run);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_share_slots_as_in_the_c_library() {
        let mut histogram = Histogram::new(1, (1 << 53) - 1, 3);
        for value in [1, 2047, 2048, 2049, 4096, 123_456_789] {
            assert!(histogram.record(value, 1), "{value}");
            let slot = histogram.slot(value);
            let lowest = histogram.lowest_like(value);
            assert_eq!(histogram.value_at(slot), lowest, "{value}");
        }
        assert_eq!(histogram.highest_like(2048), 2049);
        assert_eq!(histogram.least(), 1);
        assert!(!Histogram::new(1, 10, 1).record(1 << 40, 1));
    }
}
