//! `Atomics.wait`, `Atomics.waitAsync` and `Atomics.notify` between the threads of a process, on virtual time. The other
//! functions of `Atomics` are the engine's own: no two threads ever run at the same instant.
//!
//! A thread that waits keeps its stack, and lets the others run from where it stands (`Scheduler::run_others`). So a
//! thread that began to wait earlier goes on only when those that began later have done so; when that cannot be, an
//! error says so. A thread that looks at shared memory again and again lets the others catch up with it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use kernel::Waited;
use protocol::{Limit, ProcessId};
use rquickjs::qjs;

use crate::{
    costs,
    engine::value::{Ctx, Js, Thrown, Value},
};

use super::{
    callback,
    environment::{Environment, bytes_of},
    native::{Call, function, throw_new},
    requests::Requests,
    util::is_of,
};

/// Loads in one callback after which a thread is taken to wait for what another writes.
const SPINS_MIN: u32 = 1_000;
/// Threads that wait within one another: each keeps its part of one stack.
const DEPTH_MAX: u32 = 6;
/// A thread that was woken may stand still for so long because others wait above it on the stack.
const STUCK_NS: u64 = 1_000_000_000;

/// Those who wait for a place in shared memory, in the order in which they began.
/// The second list is of those whose stack stands still, whether they have been woken or not.
#[derive(Default)]
pub struct Waiters(RefCell<Vec<Rc<Waiter>>>, RefCell<Vec<Rc<Waiter>>>);

struct Waiter {
    address: usize,
    process: ProcessId,
    woken_ns: Cell<Option<u64>>,
    deadline_ns: Option<u64>,
    /// Of one that does not block: its loop hears of it.
    answers: Option<(Rc<Requests>, u64)>,
}

impl Waiters {
    /// A thread that has ended waits no more.
    pub fn forget(&self, process: ProcessId) {
        self.0
            .borrow_mut()
            .retain(|waiter| waiter.process != process);
    }
}

/// Puts them over the engine's own.
pub fn install(ctx: Ctx) -> Js<()> {
    let atomics = ctx.get(&ctx.global(), "Atomics")?;
    let put = |name: &str, value: Value| {
        let name = crate::engine::value::c_string(name);
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
        unsafe {
            qjs::JS_DefinePropertyValueStr(
                ctx.0,
                atomics.raw(),
                name.as_ptr(),
                value.into_raw(),
                flags,
            )
        };
    };
    let own_load = ctx.get(&atomics, "load")?;
    Environment::of(ctx).keep("atomicsLoad", own_load);
    put("load", function(ctx, "load", load));
    put("wait", function(ctx, "wait", |c| wait(c, false)));
    put("waitAsync", function(ctx, "waitAsync", |c| wait(c, true)));
    put("notify", function(ctx, "notify", notify));
    Ok(())
}

fn load(c: &Call) -> Js<Value> {
    let env = c.env();
    let spins = env.spins.get() + 1;
    env.spins.set(spins);
    if spins > SPINS_MIN {
        super::worker::let_others_catch_up(c.ctx);
    }
    let own = env.kept("atomicsLoad").unwrap_or_else(|| c.ctx.undefined());
    let args: Vec<Value> = (0..c.args.len()).map(|index| c.arg(index)).collect();
    c.ctx.call(&own, &c.this(), &args)
}

struct Cell64 {
    address: *mut u8,
    is_wide: bool,
    is_shared: bool,
}

fn object_tag(ctx: Ctx, value: &Value) -> String {
    let text = || -> Js<String> {
        let prototype = ctx.get(&ctx.get(&ctx.global(), "Object")?, "prototype")?;
        ctx.text(&ctx.call(&ctx.get(&prototype, "toString")?, value, &[])?)
    };
    if value.is_object() {
        text().unwrap_or_default()
    } else {
        ctx.text(value).unwrap_or_default()
    }
}

/// `ValidateIntegerTypedArray` for waiting, and `ValidateAtomicAccess`.
fn cell(c: &Call, only_shared: bool) -> Js<Cell64> {
    let ctx = c.ctx;
    let array = c.arg(0);
    let kind = unsafe { qjs::JS_GetTypedArrayType(array.raw()) };
    let is_wide = kind == qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_BIG_INT64 as i32;
    if !array.is_object() || !(is_wide || kind == qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_INT32 as i32)
    {
        let text = format!(
            "{} is not an int32 or BigInt64 typed array.",
            object_tag(ctx, &array)
        );
        return Err(throw_new(ctx, "TypeError", &text));
    }
    let is_shared = is_of(&ctx.get(&array, "buffer")?, &["SharedArrayBuffer"]);
    if only_shared && !is_shared {
        let text = format!("{} is not a shared typed array.", object_tag(ctx, &array));
        return Err(throw_new(ctx, "TypeError", &text));
    }
    let mut index = 0.0;
    if unsafe { qjs::JS_ToFloat64(ctx.0, &mut index, c.arg(1).raw()) } < 0 {
        return Err(Thrown);
    }
    let index = if index.is_nan() { 0.0 } else { index.trunc() };
    let (bytes, length) = bytes_of(ctx, &array);
    let each = if is_wide { 8 } else { 4 };
    if index < 0.0 || index >= (length / each) as f64 {
        return Err(throw_new(ctx, "RangeError", "Invalid atomic access index"));
    }
    Ok(Cell64 {
        address: unsafe { bytes.add(index as usize * each) },
        is_wide,
        is_shared,
    })
}

fn wait(c: &Call, is_async: bool) -> Js<Value> {
    let ctx = c.ctx;
    let env = c.env();
    let cell = cell(c, true)?;
    let equal = if cell.is_wide {
        let mut expected = 0;
        if unsafe { qjs::JS_ToBigInt64(ctx.0, &mut expected, c.arg(2).raw()) } < 0 {
            return Err(Thrown);
        }
        unsafe { cell.address.cast::<i64>().read() == expected }
    } else {
        let mut expected = 0;
        if unsafe { qjs::JS_ToInt32(ctx.0, &mut expected, c.arg(2).raw()) } < 0 {
            return Err(Thrown);
        }
        unsafe { cell.address.cast::<i32>().read() == expected }
    };
    let mut timeout_ms = f64::NAN;
    if !c.arg(3).is_undefined()
        && unsafe { qjs::JS_ToFloat64(ctx.0, &mut timeout_ms, c.arg(3).raw()) } < 0
    {
        return Err(Thrown);
    }
    let timeout_ns = if timeout_ms.is_nan() || timeout_ms * 1e6 >= u64::MAX as f64 {
        None
    } else {
        Some((timeout_ms.max(0.0) * 1e6) as u64)
    };
    if !equal || timeout_ns == Some(0) {
        let text = ctx.string(if equal { "timed-out" } else { "not-equal" });
        return Ok(if is_async {
            answer(ctx, false, text)
        } else {
            text
        });
    }
    let now_ns = env.now_ns();
    let deadline_ns = timeout_ns.map(|ns| now_ns.saturating_add(ns));
    if is_async {
        return wait_async(ctx, cell.address as usize, deadline_ns);
    }
    let place = env.place();
    let waiter = Rc::new(Waiter {
        address: cell.address as usize,
        process: place.process,
        woken_ns: Cell::new(None),
        deadline_ns,
        answers: None,
    });
    place.common.waiters.0.borrow_mut().push(waiter.clone());
    place.common.waiters.1.borrow_mut().push(waiter.clone());
    let stuck = Cell::new(false);
    let waited = super::worker::run_others(ctx, DEPTH_MAX, deadline_ns, || {
        let now_ns = place.scheduler.world().borrow().now_ns();
        let is_stuck = |other: &Rc<Waiter>| {
            !Rc::ptr_eq(other, &waiter)
                && other
                    .woken_ns
                    .get()
                    .is_some_and(|woken_ns| now_ns > woken_ns + STUCK_NS)
        };
        if waiter.woken_ns.get().is_none() && place.common.waiters.1.borrow().iter().any(is_stuck) {
            stuck.set(true);
            return Some(now_ns);
        }
        waiter.woken_ns.get()
    });
    place
        .common
        .waiters
        .0
        .borrow_mut()
        .retain(|known| !Rc::ptr_eq(known, &waiter));
    place
        .common
        .waiters
        .1
        .borrow_mut()
        .retain(|known| !Rc::ptr_eq(known, &waiter));
    match waited? {
        Waited::Done if !stuck.get() => Ok(ctx.string("ok")),
        Waited::TimedOut => Ok(ctx.string("timed-out")),
        Waited::Stranded if place.scheduler.depth() == 0 => {
            let what = "waits in Atomics.wait for a notification that can no longer come";
            env.host().reach_saying(Limit::VirtualTime, what);
            Err(ctx.throw_uncatchable())
        }
        _ => {
            let text = "Atomics.wait: threads that wait for one another by turns are not simulated by Terrarium yet";
            Err(throw_new(ctx, "Error", text))
        }
    }
}

fn answer(ctx: Ctx, is_async: bool, value: Value) -> Value {
    let object = ctx.object();
    ctx.set(&object, "async", ctx.bool(is_async));
    ctx.set(&object, "value", value);
    object
}

fn wait_async(ctx: Ctx, address: usize, deadline_ns: Option<u64>) -> Js<Value> {
    let env = Environment::of(ctx);
    let mut resolvers = [qjs::JS_UNDEFINED; 2];
    let promise =
        ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, resolvers.as_mut_ptr()) })?;
    let [resolve, reject] = resolvers.map(|raw| ctx.owned(raw));
    drop(reject);
    let place = env.place();
    // Signalled when it is woken, or at its deadline.
    let requests = env.requests.clone();
    let waiters = place.common.clone();
    let handle = Rc::new(Cell::new(0));
    let known = handle.clone();
    let resolve = Rc::new(resolve);
    let settle = move |ctx: Ctx| {
        let env = Environment::of(ctx);
        let id = known.get();
        let is_mine = |waiter: &Rc<Waiter>| {
            waiter
                .answers
                .as_ref()
                .is_some_and(|(of, mine)| Rc::ptr_eq(of, &env.requests) && *mine == id)
        };
        let waits_still = waiters.waiters.0.borrow().iter().any(is_mine);
        waiters
            .waiters
            .0
            .borrow_mut()
            .retain(|waiter| !is_mine(waiter));
        let resolve = resolve.clone();
        env.requests.close_async(id);
        let text = ctx.string(if waits_still { "timed-out" } else { "ok" });
        callback::make(ctx, &resolve, &ctx.undefined(), &[text]);
    };
    handle.set(requests.open_async(settle));
    requests.make_task(handle.get());
    if let Some(deadline_ns) = deadline_ns {
        requests.signal(handle.get(), deadline_ns);
    }
    place.common.waiters.0.borrow_mut().push(Rc::new(Waiter {
        address,
        process: place.process,
        woken_ns: Cell::new(None),
        deadline_ns,
        answers: Some((requests, handle.get())),
    }));
    Ok(answer(ctx, true, promise))
}

fn notify(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let cell = cell(c, false)?;
    let mut count = f64::INFINITY;
    if !c.arg(2).is_undefined()
        && unsafe { qjs::JS_ToFloat64(ctx.0, &mut count, c.arg(2).raw()) } < 0
    {
        return Err(Thrown);
    }
    let count = if count.is_nan() { 0.0 } else { count.max(0.0) };
    if !cell.is_shared {
        return Ok(ctx.number(0.0));
    }
    let place = c.env().place();
    let at_ns = c.env().now_ns() + costs::THREAD_WAKE_NS;
    let mut woken = Vec::new();
    place.common.waiters.0.borrow_mut().retain(|waiter| {
        let expired = waiter
            .deadline_ns
            .is_some_and(|deadline_ns| deadline_ns <= at_ns);
        let wakes =
            waiter.address == cell.address as usize && !expired && (woken.len() as f64) < count;
        if wakes {
            woken.push(waiter.clone());
        }
        !wakes
    });
    for waiter in &woken {
        waiter.woken_ns.set(Some(at_ns));
        if let Some((requests, handle)) = &waiter.answers {
            requests.signal_sooner(*handle, at_ns);
            place
                .scheduler
                .world()
                .borrow_mut()
                .resume_at(waiter.process, at_ns);
        }
    }
    Ok(ctx.number(woken.len() as f64))
}
