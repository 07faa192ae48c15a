//! What `node:v8` knows of the heap (`src/node_v8.cc`). The engine is not V8 and has one heap without spaces: all of it
//! is said to be old space, and the limit is the world's. Flags, snapshots and the profiler are left out.

use crate::engine::value::{Ctx, Js};

use super::{native::Target, process::MemoryUsed};

/// The heap's whole size by the used part of it, as `process.memoryUsage()` has it.
pub const HEAP_TOTAL_BY_USED: f64 = 1.5;
const OLD_SPACE: usize = 2;

pub fn initialize(t: &Target) {
    t.with("updateHeapStatisticsBuffer", |c| {
        let memory = MemoryUsed::of(c.ctx);
        let used = memory.heap_bytes;
        let (total, limit) = (used * HEAP_TOTAL_BY_USED, limit_bytes(c.ctx));
        let available = (limit - used).max(0.0);
        fill(
            c.ctx,
            "heapStatisticsBuffer",
            &[
                total,
                0.0,
                total,
                available,
                used,
                limit,
                0.0,
                0.0,
                0.0,
                1.0,
                0.0,
                0.0,
                0.0,
                memory.external_bytes(),
            ],
        )?;
        c.undefined()
    })
    .with("updateHeapSpaceStatisticsBuffer", |c| {
        let used = MemoryUsed::of(c.ctx).heap_bytes;
        let total = used * HEAP_TOTAL_BY_USED;
        let numbers = if c.number(0) as usize == OLD_SPACE {
            [total, used, total - used, total]
        } else {
            [0.0; 4]
        };
        fill(c.ctx, "heapSpaceStatisticsBuffer", &numbers)?;
        c.undefined()
    })
    .with("updateHeapCodeStatisticsBuffer", |c| {
        fill(c.ctx, "heapCodeStatisticsBuffer", &[0.0; 4])?;
        c.undefined()
    });
}

fn limit_bytes(ctx: Ctx) -> f64 {
    let host = super::environment::Environment::of(ctx).try_host();
    host.map_or(0.0, |host| host.limits.heap_bytes_max as f64)
}

fn fill(ctx: Ctx, buffer: &str, numbers: &[f64]) -> Js<()> {
    let buffer = ctx.get(&super::binding(ctx, "v8")?, buffer)?;
    for (index, number) in numbers.iter().enumerate() {
        ctx.set(&buffer, &index.to_string(), ctx.number(number.round()));
    }
    Ok(())
}
