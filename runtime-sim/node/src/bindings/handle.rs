//! Handles of the loop that scripts hold: what keeps them active, `ref`, `unref` and `close` (`src/handle_wrap.cc`).

use std::cell::Cell;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap, callback,
    environment::Environment,
    native::{Call, Target},
    small::get_by_symbol,
};

/// What every handle has beside its own state.
pub struct Handle {
    /// Its number while it is active.
    active: Cell<Option<u64>>,
    referenced: Cell<bool>,
    closing: Cell<bool>,
}

impl Default for Handle {
    fn default() -> Self {
        Self {
            active: Cell::new(None),
            referenced: Cell::new(true),
            closing: Cell::new(false),
        }
    }
}

pub trait HasHandle: 'static {
    const KIND: &'static str;

    fn handle(&self) -> &Handle;

    /// Called once, when a script closes it.
    fn closed(&self, _env: &Environment) {}
}

impl Handle {
    /// From now on it keeps the loop going, unless it is unreferenced.
    pub fn start(&self, env: &Environment, object: &Value, kind: &'static str) -> u64 {
        if let Some(number) = self.active.get() {
            return number;
        }
        let number = env
            .requests
            .open_handle(object.clone(), kind, self.referenced.get());
        self.active.set(Some(number));
        number
    }

    pub fn stop(&self, env: &Environment) {
        if let Some(number) = self.active.take() {
            env.requests.close_handle(number);
        }
    }

    pub fn is_active(&self) -> bool {
        self.active.get().is_some()
    }

    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }

    pub fn reference(&self, env: &Environment, referenced: bool) {
        self.referenced.set(referenced);
        if let Some(number) = self.active.get() {
            env.requests.reference_handle(number, referenced);
        }
    }
}

/// The methods that all handles share.
pub fn methods<T: HasHandle>(t: &Target) -> &Target {
    t.with("close", close::<T>)
        .with("ref", |c| reference::<T>(c, true))
        .with("unref", |c| reference::<T>(c, false))
        .with("hasRef", |c| {
            let handle = c.state::<T>()?.handle();
            Ok(c.ctx.bool(handle.referenced.get() && !handle.closing.get()))
        })
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        })
}

fn reference<T: HasHandle>(c: &Call, referenced: bool) -> Js<Value> {
    c.state::<T>()?.handle().reference(c.env(), referenced);
    c.undefined()
}

fn close<T: HasHandle>(c: &Call) -> Js<Value> {
    let state = c.state::<T>()?;
    if state.handle().closing.replace(true) {
        return c.undefined();
    }
    state.closed(c.env());
    state.handle().stop(c.env());
    let (object, then) = (c.this(), c.arg(0));
    if then.is_function() {
        let symbol = c
            .ctx
            .get(&super::binding(c.ctx, "symbols")?, "handle_onclose")?;
        super::bootstrap::set_by_symbol(c.ctx, &object, &symbol, then);
    }
    c.env().requests.close(move |ctx| {
        call_onclose(ctx, &object);
        async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &object).0);
    });
    c.undefined()
}

fn call_onclose(ctx: Ctx, object: &Value) {
    let function = super::binding(ctx, "symbols")
        .and_then(|symbols| ctx.get(&symbols, "handle_onclose"))
        .and_then(|symbol| get_by_symbol(ctx, object, &symbol));
    if let Ok(function) = function
        && function.is_function()
    {
        let ids = async_wrap::ids_of(ctx, object);
        callback::make_as(ctx, &function, object, &[], ids, Some(object));
    }
}
