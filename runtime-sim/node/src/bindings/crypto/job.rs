//! Work that is done at once or by the pool (`CryptoJob` in `src/crypto/crypto_util.h`).
//!
//! The computation itself runs when its virtual time is over; what it costs is said beforehand, because it depends on
//! nothing but the arguments, and the seed draws how much longer it takes.

use std::cell::RefCell;

use protocol::trace::PoolWork;

use crate::engine::value::{Ctx, Js, Value};

use super::super::{
    async_wrap, callback,
    native::{Call, Target},
};

/// A value, or the error that the callback gets.
pub type Outcome = Result<Value, Value>;
pub type Work = Box<dyn FnOnce(Ctx) -> Outcome>;

pub struct Job {
    asynchronous: bool,
    cost_ns: u64,
    work: RefCell<Option<Work>>,
}

/// In a constructor, whose first argument is `kCryptoJobAsync` or `kCryptoJobSync`.
pub fn construct(
    c: &Call,
    provider: &str,
    cost_ns: u64,
    work: impl FnOnce(Ctx) -> Outcome + 'static,
) -> Js<Value> {
    let object = c.construct(Job {
        asynchronous: c.number(0) == 0.0,
        cost_ns,
        work: RefCell::new(Some(Box::new(work))),
    })?;
    if c.number(0) == 0.0 {
        async_wrap::adopt(c.ctx, &object, provider);
    }
    Ok(object)
}

/// The prototype of a class of jobs.
pub fn complete(prototype: &Target) {
    prototype.with("run", run).with("getAsyncId", |c| {
        Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
    });
}

fn run(c: &Call) -> Js<Value> {
    let job = c.state::<Job>()?;
    let Some(work) = job.work.borrow_mut().take() else {
        return c.undefined();
    };
    if !job.asynchronous {
        c.env().spend_ns(job.cost_ns);
        let results = results_of(c.ctx, work(c.ctx));
        return Ok(c.ctx.array(results));
    }
    let object = c.this();
    callback::awaited(c.ctx, &object, "ondone");
    c.env()
        .queue_work(PoolWork::Crypto, job.cost_ns, move |ctx| {
            let results = results_of(ctx, work(ctx));
            callback::make_method(ctx, &object, "ondone", &results);
        });
    c.undefined()
}

fn results_of(ctx: Ctx, outcome: Outcome) -> [Value; 2] {
    match outcome {
        Ok(value) => [ctx.undefined(), value],
        Err(error) => [error, ctx.undefined()],
    }
}
