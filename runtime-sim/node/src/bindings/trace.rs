//! Where Node's library says what it queues and runs. packages/node-lib/build.js puts these few calls into its sources,
//! because async hooks cannot tell it unseen: switching them on changes what promises do.

use crate::engine::Ctx;

use super::native::Target;

pub fn initialize(_: Ctx, t: &Target) {
    t.with("prints", |c| {
        c.env().host().prints = c.truthy(0);
        c.undefined()
    })
    .with("tick", |c| {
        c.env()
            .host()
            .tick_queued(c.number(0) as u64, c.arg(1).raw());
        c.undefined()
    })
    .with("timer", |c| {
        let repeat_ms = c.arg(3);
        c.env().host().timer_queued(
            c.number(0) as u64,
            c.arg(1).raw(),
            c.number(2) as u64,
            repeat_ms.is_number().then(|| repeat_ms.as_f64() as u64),
            !c.truthy(4),
        );
        c.undefined()
    })
    .with("immediate", |c| {
        c.env()
            .host()
            .immediate_queued(c.number(0) as u64, c.arg(1).raw());
        c.undefined()
    })
    .with("cancelled", |c| {
        c.env().host().resource_cancelled(c.number(0) as u64);
        c.undefined()
    })
    .with("starts", |c| {
        c.env().host().resource_starts(c.number(0) as u64);
        c.undefined()
    })
    .with("ends", |c| {
        c.env().host().resource_ends(c.number(0) as u64);
        c.undefined()
    });
}
