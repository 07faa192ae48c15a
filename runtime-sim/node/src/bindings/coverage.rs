//! How often each place of a source is reached: the addon behind the coverage of the package `jest`.
//!
//! Which places count is decided in JavaScript (`packages/npm/jest/coverage.js`), for each source when it is compiled. The
//! engine counts there, so that the program is what its author wrote: its columns, its texts in errors and its time stay
//! what they are without coverage. Sources in other threads are not counted.

use std::cell::{Cell, RefCell};

use rquickjs::qjs;

use crate::engine::{
    ffi::{self, COVER_KINDS, CoverPoint},
    value::{Ctx, Js, Value},
};

use super::{
    environment::Environment,
    native::{Call, Target},
};

#[derive(Default)]
pub struct Coverage {
    /// `plan(name, source, first)`: the places to count in a source, the first by the counter `first`. Each is twice its
    /// offset in UTF-16 units, one more for what is within; in order. Undefined: none.
    plan: RefCell<Option<Value>>,
    counters: RefCell<Vec<Cell<u32>>>,
}

pub fn initialize(t: &Target) {
    t.with("start", |c| {
        c.env().coverage.plan.replace(Some(c.arg(0)));
        c.undefined()
    })
    .with("stop", |c| {
        c.env().coverage.plan.replace(None);
        c.undefined()
    })
    .with("counts", counts);
}

pub fn is_on(ctx: Ctx) -> bool {
    Environment::of(ctx).coverage.plan.borrow().is_some()
}

/// All counters, as an array.
fn counts(c: &Call) -> Js<Value> {
    let counters = c.env().coverage.counters.borrow();
    let numbers = counters
        .iter()
        .map(|counter| c.ctx.number(f64::from(counter.get())));
    Ok(c.ctx.array(numbers))
}

/// Tells the engine what to count in the program that is compiled next, whose text `source` is from `base` bytes on. The
/// points have to live until then.
pub fn plan(ctx: Ctx, name: &str, source: &str, base: usize) -> Vec<CoverPoint> {
    let coverage = &Environment::of(ctx).coverage;
    let Some(plan) = coverage.plan.borrow().clone() else {
        return Vec::new();
    };
    let first = coverage.counters.borrow().len() as u32;
    let args = [
        ctx.string(name),
        ctx.string(source),
        ctx.number(f64::from(first)),
    ];
    let Ok(places) = ctx
        .call(&plan, &ctx.undefined(), &args)
        .and_then(|places| places_of(ctx, &places))
    else {
        ctx.take_exception();
        return Vec::new();
    };
    let points = points_of(source, &places, first);
    let mut counters = coverage.counters.borrow_mut();
    let total = counters.len() + points.len();
    counters.resize(total, Cell::new(0));
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.0);
        let all = counters.as_mut_ptr().cast::<u32>();
        ffi::JS_SetCoverCounters(runtime, all, total as u32);
        ffi::JS_SetCoverPoints(ctx.0, points.as_ptr(), points.len() as i32, base as i32);
    }
    points
}

fn places_of(ctx: Ctx, places: &Value) -> Js<Vec<u32>> {
    if !places.is_object() {
        return Ok(Vec::new());
    }
    (0..ctx.length(places))
        .map(|index| Ok(ctx.at(places, index)?.as_f64() as u32))
        .collect()
}

/// With their offsets in bytes.
fn points_of(source: &str, places: &[u32], first: u32) -> Vec<CoverPoint> {
    let mut chars = source.char_indices();
    let (mut units, mut offset) = (0, 0);
    let mut point_of = |place: u32| {
        while units < place / COVER_KINDS
            && let Some((at, c)) = chars.next()
        {
            units += c.len_utf16() as u32;
            offset = at + c.len_utf8();
        }
        offset as u32
    };
    let numbered = places.iter().zip(first..);
    numbered
        .map(|(place, counter)| CoverPoint {
            offset: point_of(*place),
            kind: place % COVER_KINDS,
            counter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_bytes() {
        let points = points_of("é🙂;x", &[0, 2, 6, 7, 8], 5);
        let seen: Vec<_> = points
            .iter()
            .map(|point| (point.offset, point.kind, point.counter))
            .collect();
        assert_eq!(
            seen,
            [(0, 0, 5), (2, 0, 6), (6, 0, 7), (6, 1, 8), (7, 0, 9)]
        );
    }
}
