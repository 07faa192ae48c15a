//! `src/timers.cc`.

use crate::engine::value::Ctx;

use super::{environment::Environment, native::Target};

pub fn initialize(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    t.value(
        "immediateInfo",
        env.shared(ctx, "immediateInfo", "Uint32Array", 3),
    )
    .value(
        "timeoutInfo",
        env.shared(ctx, "timeoutInfo", "Int32Array", 1),
    )
    .with("setupTimers", |c| {
        c.env().keep("processImmediate", c.arg(0));
        c.env().keep("processTimers", c.arg(1));
        c.undefined()
    })
    // `Environment::GetNow` looks at the clock first.
    .with("getLibuvNow", |c| {
        Ok(c.ctx
            .number(c.env().try_host().map_or(0, |mut host| host.loop_now_ms()) as f64))
    })
    .with("scheduleTimer", |c| {
        c.env().host().uv.start_timer(c.number(0).max(1.0) as u64);
        c.undefined()
    })
    .with("toggleTimerRef", |c| {
        c.env().host().uv.timer_ref = c.truthy(0);
        c.undefined()
    })
    .with("toggleImmediateRef", |c| {
        c.env().host().uv.immediate_ref = c.truthy(0);
        c.undefined()
    });
}
