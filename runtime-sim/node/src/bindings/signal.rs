//! Signals: `Signal` handles (`src/signal_wrap.cc`) and `process.kill` to the process itself.

use std::cell::Cell;

use protocol::ExitReason;

use crate::{
    engine::value::{Js, Value},
    host::Stop,
};

use super::{
    async_wrap, callback,
    environment::Environment,
    handle::{self, Handle, HasHandle},
    native::{Call, Target},
    process::PID,
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
            *c.env().signals.borrow_mut().entry(number).or_insert(0) += 1;
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
    if pid != PID && pid != 0.0 && pid != -PID {
        return Ok(c.ctx.number(ESRCH));
    }
    let env = c.env();
    let listens = env
        .signals
        .borrow()
        .get(&number)
        .is_some_and(|count| *count > 0);
    if listens {
        env.answer_after(0, false, move |ctx| {
            let env = Environment::of(ctx);
            for object in env.requests.handles_of(Signal::KIND) {
                if super::native::state_of::<Signal>(ctx, object.raw())
                    .is_ok_and(|signal| signal.number.get() == number)
                {
                    callback::make_method(
                        ctx,
                        &object,
                        "onsignal",
                        &[ctx.number(f64::from(number))],
                    );
                }
            }
        });
    } else if number != 0 && !IGNORED.contains(&number) {
        env.host().stop = Some(Stop::Exit {
            code: 128 + number,
            reason: ExitReason::Called,
        });
        return Err(c.ctx.throw_uncatchable());
    }
    Ok(c.ctx.number(0.0))
}
