//! Threads (`src/node_worker.cc`): each is a process of the world with an engine, a heap, a loop and a core of its own,
//! that shares with the others of its process what threads share (`Common`).
//!
//! Leaves out: heap snapshots of a thread.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use kernel::Waited;
use protocol::ProcessSpec;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
    process::{Process, Thread},
};

use super::{
    async_wrap, callback,
    environment::{Environment, Finished, Remote, Role, new_typed_array},
    keys, messaging,
    messaging::PortData,
    native::{Call, Target, throw_new, throw_with_code},
};

/// Processes and threads of one world that are there at a time.
pub const PROCESSES_MAX: usize = 48;
/// Young generation, old generation, code range, stack: in megabytes.
pub const LIMITS: usize = 4;
const OLD_GENERATION: usize = 1;
const YOUNG_GENERATION_MB: f64 = 48.0;
const STACK_MB: f64 = 4.0;
/// What is left of the stack for what others do while a thread waits.
const STACK_BYTES_MIN: usize = 40 << 10;

struct Worker {
    url: String,
    /// None when it shares those of its parent.
    variables: Option<Vec<(String, String)>>,
    options: Vec<String>,
    limits: [f64; LIMITS],
    end: RefCell<Option<Rc<PortData>>>,
    remote: Rc<Remote>,
    handle: Cell<u64>,
    keeps_alive: Cell<bool>,
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    let limits = new_typed_array(ctx, "Float64Array", LIMITS as u32);
    if let Role::Thread {
        id, limits: given, ..
    } = &env.role
    {
        t.value("isMainThread", ctx.bool(false))
            .value("ownsProcessState", ctx.bool(false))
            .value("threadId", ctx.number(*id as f64));
        for (index, limit) in given.iter().enumerate() {
            ctx.set(&limits, &index.to_string(), ctx.number(*limit));
        }
    }
    t.value("isInternalThread", ctx.bool(false))
        .value("resourceLimits", limits)
        .with("getEnvMessagePort", |c| {
            Ok(c.env()
                .kept("envMessagePort")
                .unwrap_or_else(|| c.ctx.undefined()))
        });
    let worker = t.class("Worker", new_worker);
    worker
        .with("startThread", start_thread)
        .with("stopThread", |c| {
            let worker = c.state::<Worker>()?;
            stop(c.ctx, &worker.remote, 1);
            c.undefined()
        })
        .with("hasRef", |c| {
            let worker = c.state::<Worker>()?;
            Ok(c.ctx.bool(worker.keeps_alive.get()))
        })
        .with("ref", |c| set_ref(c, true))
        .with("unref", |c| set_ref(c, false))
        .with("getResourceLimits", |c| {
            let limits = new_typed_array(c.ctx, "Float64Array", LIMITS as u32);
            for (index, limit) in c.state::<Worker>()?.limits.iter().enumerate() {
                c.ctx.set(&limits, &index.to_string(), c.ctx.number(*limit));
            }
            Ok(limits)
        })
        .with("loopIdleTime", |c| {
            let remote = &c.state::<Worker>()?.remote;
            Ok(c.ctx.number(remote.idle_ns.get() as f64 / 1e6))
        })
        .with("loopStartTime", |c| {
            let remote = &c.state::<Worker>()?.remote;
            Ok(c.ctx.number(
                remote
                    .loop_started_ns
                    .get()
                    .map_or(-1.0, |ns| ns as f64 / 1e6),
            ))
        });
    Ok(())
}

fn set_ref(c: &Call, keeps_alive: bool) -> Js<Value> {
    let worker = c.state::<Worker>()?;
    worker.keeps_alive.set(keeps_alive);
    c.env().requests.set_ref(worker.handle.get(), keeps_alive);
    c.undefined()
}

/// The strings of an object such as `process.env`.
fn variables_of(ctx: Ctx, object: &Value) -> Js<Vec<(String, String)>> {
    keys(ctx, object)?
        .into_iter()
        .map(|name| {
            let value = ctx.get(object, &name)?;
            Ok((name, ctx.text(&value)?))
        })
        .collect()
}

fn strings_of(ctx: Ctx, array: &Value) -> Js<Vec<String>> {
    (0..ctx.length(array))
        .map(|index| ctx.text(&ctx.at(array, index)?))
        .collect()
}

/// What a thread cannot have an opinion on, or nobody knows (`kDisallowedInEnvironment`, `PerIsolateOptions`).
fn refused_options(ctx: Ctx, given: &[String]) -> Js<Vec<String>> {
    let values = Environment::of(ctx)
        .kept("optionValues")
        .unwrap_or_else(|| ctx.object());
    let mut refused = Vec::new();
    for option in given.iter().filter(|option| option.starts_with('-')) {
        let name = option.split('=').next().unwrap_or_default();
        let positive = name.replacen("--no-", "--", 1);
        let known =
            !ctx.get(&values, name)?.is_undefined() || !ctx.get(&values, &positive)?.is_undefined();
        let of_process = [
            "--title",
            "--redirect-warnings",
            "--max-old-space-size",
            "--abort-on-uncaught-exception",
        ];
        if !known || of_process.contains(&name) {
            refused.push(option.clone());
        }
    }
    Ok(refused)
}

/// url, env, execArgv, resourceLimits, trackUnmanagedFds, isInternal, name.
fn new_worker(c: &Call) -> Js<Value> {
    let (ctx, env) = (c.ctx, c.env());
    let place = env.place();
    let url = if c.arg(0).is_object() || c.arg(0).is_string() {
        c.text(0)?
    } else {
        String::new()
    };
    // As they are, a copy, or those of the options.
    let variables = match c.arg(1) {
        given if given.is_undefined() => None,
        given if given.is_null() => Some(env.variables.borrow().clone()),
        given => Some(variables_of(ctx, &given)?),
    };
    let mut options = env.options.borrow().clone();
    let mut refused = Vec::new();
    if unsafe { rquickjs::qjs::JS_IsArray(c.arg(2).raw()) } {
        options = strings_of(ctx, &c.arg(2))?;
        refused = refused_options(ctx, &options)?;
    }
    let heap_mb = place.scheduler.world().borrow().limits.heap_bytes_max >> 20;
    let heap_mb = if heap_mb == 0 { 4096.0 } else { heap_mb as f64 };
    let mut limits = [YOUNG_GENERATION_MB, heap_mb, 0.0, STACK_MB];
    for (index, limit) in limits.iter_mut().enumerate() {
        let given = ctx.at(&c.arg(3), index as u32)?.as_f64();
        if given > 0.0 {
            *limit = given;
        }
    }
    let (port, end) = messaging::new_port_and_end(ctx)?;
    let id = place.common.thread_last.get() + 1;
    place.common.thread_last.set(id);
    let remote = Rc::new(Remote::new(0, id));
    let object = c.construct(Worker {
        url,
        variables,
        options,
        limits,
        end: RefCell::new(Some(end)),
        remote,
        handle: Cell::new(0),
        keeps_alive: Cell::new(true),
    })?;
    async_wrap::adopt(ctx, &object, "WORKER");
    ctx.set(&object, "messagePort", port);
    ctx.set(&object, "threadId", ctx.number(id as f64));
    let of_environment: Vec<String> = if c.arg(1).is_object() {
        let said = ctx.get(&c.arg(1), "NODE_OPTIONS")?;
        let said = if said.is_string() {
            ctx.text(&said)?
        } else {
            String::new()
        };
        refused_options(
            ctx,
            &said
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )?
    } else {
        Vec::new()
    };
    if !of_environment.is_empty() {
        ctx.set(
            &object,
            "invalidNodeOptions",
            ctx.strings(of_environment.iter().map(String::as_str)),
        );
    }
    if !refused.is_empty() {
        ctx.set(
            &object,
            "invalidExecArgv",
            ctx.strings(refused.iter().map(String::as_str)),
        );
    }
    Ok(object)
}

fn start_thread(c: &Call) -> Js<Value> {
    let (ctx, env) = (c.ctx, c.env());
    let place = env.place();
    if place.scheduler.running() >= PROCESSES_MAX {
        let text = "Worker initialization failure: EAGAIN";
        return Err(throw_with_code(
            ctx,
            "Error",
            "ERR_WORKER_INIT_FAILED",
            text,
        ));
    }
    let worker = c.state::<Worker>()?;
    let Some(end) = worker.end.take() else {
        return c.undefined();
    };
    let object = c.this();
    let remote = worker.remote.clone();
    let handle = env.requests.open_async(move |ctx| finished(ctx, &object));
    worker.handle.set(handle);
    env.requests.set_ref(handle, worker.keeps_alive.get());
    let process = place.scheduler.number();
    remote.process.set(process);
    *remote.parent.borrow_mut() = Some((env.requests.clone(), handle, place.process));
    env.sub_workers.borrow_mut().push(remote.clone());
    let spec = {
        let host = env.host();
        ProcessSpec {
            entry: worker
                .url
                .strip_prefix("file://")
                .unwrap_or(&worker.url)
                .to_owned(),
            args: vec![],
            env: worker.variables.clone().unwrap_or_default(),
            files: vec![],
            ..host.spec.clone()
        }
    };
    let thread = Thread {
        library: env.library.clone(),
        role: Role::Thread {
            id: remote.thread,
            limits: worker.limits,
            options: worker.options.clone(),
        },
        process,
        spec,
        scheduler: place.scheduler.clone(),
        common: place.common.clone(),
        remote,
        end,
        variables: worker.variables.is_none().then(|| env.variables.clone()),
        heap_bytes_max: (worker.limits[OLD_GENERATION] * 1048576.0) as u64,
    };
    let at_ns = env.start_ns(process, costs::THREAD_START_NS);
    place.scheduler.spawn(
        process,
        at_ns,
        Box::new(move || Process::begin_thread(thread)),
    );
    c.undefined()
}

/// Ends a thread wherever it is.
pub fn stop(ctx: Ctx, remote: &Rc<Remote>, code: i32) {
    let env = Environment::of(ctx);
    if remote.finished.borrow().is_some() || remote.stop.get().is_some() {
        return;
    }
    remote.stop.set(Some(code));
    let at_ns = env.now_ns() + costs::THREAD_WAKE_NS;
    if remote.process.get() != 0 {
        env.place()
            .scheduler
            .world()
            .borrow_mut()
            .resume_at(remote.process.get(), at_ns);
    }
}

/// `JoinThread`, in the parent's loop.
fn finished(ctx: Ctx, object: &Value) {
    let env = Environment::of(ctx);
    let Ok(worker) = super::native::state_of::<Worker>(ctx, object.raw()) else {
        return;
    };
    env.requests.close_async(worker.handle.get());
    env.sub_workers
        .borrow_mut()
        .retain(|known| !Rc::ptr_eq(known, &worker.remote));
    ctx.set(object, "messagePort", ctx.undefined());
    let Some(Finished { code, error }) = worker.remote.finished.borrow().clone() else {
        return;
    };
    let (custom, reason) = match error {
        Some((code, reason)) => (ctx.string(code), ctx.string(&reason)),
        None => (ctx.null(), ctx.null()),
    };
    env.host().callback_begins();
    callback::make_method(
        ctx,
        object,
        "onexit",
        &[ctx.number(f64::from(code)), custom, reason],
    );
    async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, object).0);
}

// ---- while this thread stands still ----

/// Everybody else goes on until `done`, or until `deadline_ns`.
pub fn run_others(
    ctx: Ctx,
    depth_max: u32,
    deadline_ns: Option<u64>,
    done: impl Fn() -> Option<u64>,
) -> Js<Waited> {
    let env = Environment::of(ctx);
    let place = env.place();
    if place.scheduler.depth() >= depth_max || env.stack_left() < STACK_BYTES_MIN {
        let text = "So many threads that wait within one another are not simulated by Terrarium";
        return Err(throw_new(ctx, "Error", text));
    }
    env.now_ns();
    let remote = place.remote.clone();
    let world = place.scheduler.world().clone();
    let waited = place.scheduler.run_others(place.process, deadline_ns, || {
        done().or_else(|| remote.stop.get().map(|_| world.borrow().now_ns()))
    });
    env.heed_stop();
    if !env.can_call_into_js() || env.library.wanted().is_some() {
        return Err(ctx.throw_uncatchable());
    }
    Ok(waited)
}

/// This thread looks at what others write: they reach its time first, where that is possible.
pub fn let_others_catch_up(ctx: Ctx) {
    let env = Environment::of(ctx);
    let place = env.place();
    let now_ns = env.now_ns();
    let is_behind = place
        .scheduler
        .world()
        .borrow()
        .queue
        .next_time_ns()
        .is_some_and(|next_ns| next_ns <= now_ns);
    if is_behind && place.scheduler.depth() == 0 && env.stack_left() >= STACK_BYTES_MIN {
        place
            .scheduler
            .run_others(place.process, Some(now_ns), || None);
        env.heed_stop();
    }
}

/// A thread that computes for long does not see what its parent does meanwhile, such as ending it: from time to time
/// the parent catches up.
pub fn let_parent_catch_up(env: &Environment) {
    const OFTEN_NS: u64 = 50_000_000;
    let place = env.place();
    let Some(parent) = place
        .remote
        .parent
        .borrow()
        .as_ref()
        .map(|(_, _, parent)| *parent)
    else {
        return;
    };
    let now_ns = env.now_ns();
    if place.scheduler.depth() > 0
        || now_ns < env.caught_up_ns.get() + OFTEN_NS
        || env.stack_left() < STACK_BYTES_MIN
    {
        return;
    }
    env.caught_up_ns.set(now_ns);
    place.scheduler.run_one(place.process, parent, now_ns);
    env.heed_stop();
}
