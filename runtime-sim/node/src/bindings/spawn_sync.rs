//! `src/spawn_sync.cc`: a process that its parent waits for.
//!
//! The parent stands still in the middle of its callback, and everybody else goes on from there, as with `Atomics.wait`.
//! What the child writes is gathered here. The wait ends when the child has ended and nobody can write any more.

use std::cell::{Cell, RefCell};

use kernel::{
    Table, Waited, World,
    network::{By, Received, SocketId},
};
use protocol::Limit;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
    host::Inherited,
};

use super::{
    buffer,
    environment::{Environment, copy_bytes},
    native::{Call, Target},
    process_wrap::{self, Launched},
    signal, worker,
};

/// Processes that wait for one another, each keeping its part of one stack.
const DEPTH_MAX: u32 = 6;
const ENOBUFS: f64 = -105.0;
const ETIMEDOUT: f64 = -110.0;
const SIGTERM: i32 = 15;

pub fn initialize(t: &Target) {
    t.with("spawn", spawn);
}

/// What the child writes to one descriptor.
struct Gathered {
    fd: u32,
    socket: SocketId,
    bytes: RefCell<Vec<u8>>,
    has_ended: Cell<bool>,
}

/// What happened to the child before it ended by itself.
struct Watch {
    gathered: Vec<Gathered>,
    bytes_max: f64,
    kill_signal: i32,
    error: Cell<f64>,
}

fn with_world<T>(env: &Environment, body: impl FnOnce(&mut World, By) -> T) -> T {
    let (process, cause) = {
        let host = env.host();
        (host.process, host.cause())
    };
    let world = env.place().scheduler.world();
    body(&mut world.borrow_mut(), By { process, cause })
}

impl Watch {
    /// Says whether all have ended.
    fn gather(&self, env: &Environment) -> bool {
        for one in &self.gathered {
            loop {
                let received =
                    with_world(env, |world, by| world.receive(one.socket, usize::MAX, by));
                match received {
                    Received::Bytes(bytes) => one.bytes.borrow_mut().extend(bytes),
                    Received::Nothing => break,
                    Received::End | Received::Error(_) => {
                        one.has_ended.set(true);
                        break;
                    }
                }
            }
        }
        self.gathered.iter().all(|one| one.has_ended.get())
    }

    fn is_over(&self) -> bool {
        let bytes: usize = self
            .gathered
            .iter()
            .map(|one| one.bytes.borrow().len())
            .sum();
        self.bytes_max > 0.0 && bytes as f64 > self.bytes_max
    }

    fn kill(&self, env: &Environment, child: &Launched, error: f64) {
        if self.error.get() == 0.0 {
            self.error.set(error);
            signal::send(env, &child.remote, self.kill_signal);
        }
    }
}

fn number_or(ctx: Ctx, object: &Value, name: &str, otherwise: f64) -> Js<f64> {
    let value = ctx.get(object, name)?;
    Ok(if value.is_number() {
        value.as_f64()
    } else {
        otherwise
    })
}

fn spawn(c: &Call) -> Js<Value> {
    let (ctx, env, options) = (c.ctx, c.env(), c.arg(0));
    let mut inherited = Table::new();
    let mut gathered = Vec::new();
    let mut opened = Vec::new();
    let stdio = ctx.get(&options, "stdio")?;
    let count = if stdio.is_object() {
        ctx.length(&stdio)
    } else {
        0
    };
    for fd in 0..count {
        let entry = ctx.at(&stdio, fd)?;
        let kind = ctx.text(&ctx.get(&entry, "type")?)?;
        let behind = if kind == "pipe" || kind == "overlapped" {
            let input = ctx.get(&entry, "input")?;
            let input = if input.is_object() {
                copy_bytes(ctx, &input)?
            } else {
                Vec::new()
            };
            // From the child's point of view.
            let (reads, writes) = (
                ctx.get(&entry, "readable")?.truthy(),
                ctx.get(&entry, "writable")?.truthy(),
            );
            let name = env.host().spec.host.clone();
            let [here, there] = with_world(env, |world, by| {
                let host = world.network.host_named(&name);
                let [here, there] = world.socket_pair(host, by);
                world.send_all(here, &input, by);
                if reads {
                    // An open one agrees.
                    let _ = world.shut_down(here, by);
                }
                [here, there]
            });
            opened.push(here);
            if writes {
                gathered.push(Gathered {
                    fd,
                    socket: here,
                    bytes: RefCell::default(),
                    has_ended: Cell::new(false),
                });
            }
            Inherited::Socket {
                socket: there,
                is_open: false,
            }
        } else {
            process_wrap::behind_descriptor(ctx, &entry, &kind, fd as i32)?
        };
        inherited.insert(fd as i32, behind);
    }
    let result = ctx.object();
    let child = match process_wrap::launch(ctx, &options, inherited)? {
        Ok(child) => child,
        Err(code) => {
            close(env, &opened);
            ctx.set(&result, "error", ctx.number(code));
            for name in ["status", "signal", "output"] {
                ctx.set(&result, name, ctx.null());
            }
            ctx.set(&result, "pid", ctx.number(0.0));
            return Ok(result);
        }
    };
    let kill_signal = number_or(ctx, &options, "killSignal", 0.0)? as i32;
    let watch = Watch {
        gathered,
        bytes_max: number_or(ctx, &options, "maxBuffer", 0.0)?,
        kill_signal: if kill_signal > 0 {
            kill_signal
        } else {
            SIGTERM
        },
        error: Cell::new(0.0),
    };
    let timeout_ms = number_or(ctx, &options, "timeout", 0.0)?;
    let waited = wait(ctx, &child, &watch, timeout_ms);
    close(env, &opened);
    waited?;
    finish(ctx, &result, &child, &watch)?;
    Ok(result)
}

fn close(env: &Environment, opened: &[SocketId]) {
    for socket in opened {
        with_world(env, |world, by| world.close_socket(*socket, by));
    }
}

fn wait(ctx: Ctx, child: &Launched, watch: &Watch, timeout_ms: f64) -> Js<()> {
    let env = Environment::of(ctx);
    let scheduler = &env.place().scheduler;
    let timeout_ns = (timeout_ms > 0.0).then_some((timeout_ms * 1e6) as u64);
    let mut deadline_ns = timeout_ns.map(|ns| env.now_ns() + ns);
    let ended_ns = Cell::new(None);
    loop {
        let waited = worker::run_others(ctx, DEPTH_MAX, deadline_ns, || {
            let all_ended = watch.gather(env);
            if watch.is_over() {
                watch.kill(env, child, ENOBUFS);
            }
            if ended_ns.get().is_none() && child.remote.finished.borrow().is_some() {
                let now_ns = scheduler.world().borrow().now_ns();
                ended_ns.set(Some(now_ns + costs::THREAD_WAKE_NS + costs::PROCESS_END_NS));
            }
            ended_ns.get().filter(|_| all_ended)
        })?;
        match waited {
            Waited::Done => break,
            Waited::TimedOut => {
                watch.kill(env, child, ETIMEDOUT);
                deadline_ns = None;
            }
            Waited::Stranded => {
                let what = "waits for a process that can no longer end";
                env.host().reach_saying(Limit::VirtualTime, what);
                return Err(ctx.throw_uncatchable());
            }
        }
    }
    env.place().common.family.0.borrow_mut().remove(&child.pid);
    Ok(())
}

fn finish(ctx: Ctx, result: &Value, child: &Launched, watch: &Watch) -> Js<()> {
    if watch.error.get() != 0.0 {
        ctx.set(result, "error", ctx.number(watch.error.get()));
    }
    let code = child
        .remote
        .finished
        .borrow()
        .as_ref()
        .map_or(0, |finished| finished.code & 0xff);
    let (status, signal) = match child.remote.signal.get() {
        0 => (ctx.number(f64::from(code)), ctx.null()),
        number => (ctx.null(), ctx.string(&signal::name(number))),
    };
    ctx.set(result, "status", status);
    ctx.set(result, "signal", signal);
    let last = watch.gathered.iter().map(|one| one.fd + 1).max();
    let mut output = Vec::new();
    for fd in 0..last.unwrap_or(0).max(3) {
        let found = watch.gathered.iter().find(|one| one.fd == fd);
        output.push(match found {
            Some(one) => buffer::new_buffer(ctx, &one.bytes.borrow()),
            None => ctx.null(),
        });
    }
    ctx.set(result, "output", ctx.array(output));
    ctx.set(result, "pid", ctx.number(f64::from(child.pid)));
    Ok(())
}
