//! Signals: `Signal` handles (`src/signal_wrap.cc`) and `process.kill` to the process itself.

use std::cell::Cell;

use protocol::ExitReason;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
    host::Stop,
};

use super::{
    async_wrap, callback,
    environment::{Environment, Remote},
    handle::{self, Handle, HasHandle},
    native::{Call, Target},
};

const SIGNALS_MAX: i32 = 64;
/// SIGCHLD, SIGCONT, SIGURG, SIGWINCH; SIGPIPE, which Node ignores; SIGUSR1, which would start an inspector.
const IGNORED: [i32; 6] = [17, 18, 23, 28, 13, 10];
const EINVAL: f64 = -22.0;
const ESRCH: f64 = -3.0;

struct Signal {
    handle: Handle,
    number: Cell<i32>,
}

impl HasHandle for Signal {
    const KIND: &'static str = "SIGNALWRAP";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        self.stop(env);
    }
}

impl Signal {
    fn stop(&self, env: &Environment) {
        let number = self.number.take();
        if let Some(count) = env.signals.borrow_mut().get_mut(&number) {
            *count -= 1;
        }
        self.handle.stop(env);
    }
}

pub fn initialize(t: &Target) {
    let signal = t.class("Signal", |c| {
        let object = c.construct(Signal {
            handle: Handle::default(),
            number: Cell::new(0),
        })?;
        async_wrap::adopt(c.ctx, &object, Signal::KIND);
        Ok(object)
    });
    handle::methods::<Signal>(&signal)
        .with("start", |c| {
            let (signal, number) = (c.state::<Signal>()?, c.number(0) as i32);
            if !(1..=SIGNALS_MAX).contains(&number) {
                return Ok(c.ctx.number(EINVAL));
            }
            signal.number.set(number);
            *c.env().signals.borrow_mut().or_default(number) += 1;
            signal.handle.start(c.env(), &c.this(), Signal::KIND);
            Ok(c.ctx.number(0.0))
        })
        .with("stop", |c| {
            c.state::<Signal>()?.stop(c.env());
            Ok(c.ctx.number(0.0))
        });
}

/// `kill(pid, signal)` answers 0 or libuv's number.
pub fn kill(c: &Call) -> Js<Value> {
    let (pid, number) = (c.number(0), c.number(1) as i32);
    if !(0..=SIGNALS_MAX).contains(&number) {
        return Ok(c.ctx.number(EINVAL));
    }
    let env = c.env();
    let own = f64::from(env.pids().0);
    if pid != own && pid != 0.0 && pid != -own {
        let other = env
            .place()
            .common
            .family
            .0
            .borrow()
            .get(&(pid.abs() as i32))
            .cloned();
        return Ok(c.ctx.number(match other {
            Some(other) => {
                send(env, &other, number);
                0.0
            }
            None => ESRCH,
        }));
    }
    let listens = env
        .signals
        .borrow()
        .get(&number)
        .is_some_and(|count| *count > 0);
    if listens {
        env.answer_after(0, false, move |ctx| hear(ctx, number));
    } else if number != 0 && !IGNORED.contains(&number) {
        env.place().remote.signal.set(number);
        env.host().stop = Some(Stop::Exit {
            code: 128 + number,
            reason: ExitReason::Called,
        });
        return Err(c.ctx.throw_uncatchable());
    }
    Ok(c.ctx.number(0.0))
}

/// In the loop of the process that it came to.
fn hear(ctx: Ctx, number: i32) {
    let env = Environment::of(ctx);
    for object in env.requests.handles_of(Signal::KIND) {
        let listens = super::native::state_of::<Signal>(ctx, object.raw())
            .is_ok_and(|signal| signal.number.get() == number);
        if listens {
            let args = [ctx.number(f64::from(number))];
            callback::make_method(ctx, &object, "onsignal", &args);
        }
    }
}

/// To another process of the world.
pub fn send(env: &Environment, other: &Remote, number: i32) {
    if number == 0 || other.finished.borrow().is_some() {
        return;
    }
    const SIGKILL: i32 = 9;
    let world = env.place().scheduler.world();
    let at_ns = env.now_ns() + costs::THREAD_WAKE_NS;
    let listener = other
        .inside
        .borrow()
        .as_ref()
        .and_then(|(requests, signals)| {
            let listens = signals
                .borrow()
                .get(&number)
                .is_some_and(|count| *count > 0);
            (listens && number != SIGKILL).then(|| requests.clone())
        });
    if let Some(requests) = listener {
        requests.answer_at(at_ns, false, move |ctx| hear(ctx, number));
    } else if number == SIGKILL || !IGNORED.contains(&number) {
        other.signal.set(number);
        other.stop.set(Some(128 + number));
    }
    world.borrow_mut().resume_at(other.process.get(), at_ns);
}

/// From 1, as Linux on x64 counts them.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

pub fn name(number: i32) -> String {
    let name = usize::try_from(number - 1)
        .ok()
        .and_then(|index| NAMES.get(index));
    format!("SIG{}", name.unwrap_or(&"RTMIN"))
}
