//! Asynchronous ids and the hooks on them (`src/async_wrap.cc`, `AsyncHooks` in `src/env.h`).
//!
//! Of promise hooks only what the engine's own hook tells is passed on: init with the parent, before, after, settled.

use std::ffi::{c_int, c_void};

use rquickjs::qjs::{self, JSContext, JSValue};

use crate::engine::value::{Ctx, Js, Value};

use super::{environment::Environment, native::Target};

const STACK_LENGTH: usize = 7;
const EXECUTION_ID: usize = 0;
const TRIGGER_ID: usize = 1;
const COUNTER: usize = 2;
const STACK_MAX: usize = 4096;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    t.value(
        "async_hook_fields",
        env.shared(ctx, "asyncHookFields", "Uint32Array", 9),
    );
    t.value(
        "async_id_fields",
        env.shared(ctx, "asyncIdFields", "Float64Array", 4),
    );
    t.value(
        "async_ids_stack",
        env.shared(ctx, "asyncIdsStack", "Float64Array", 2 * STACK_MAX as u32),
    );
    env.set_f64("asyncIdFields", COUNTER, 1.0);
    env.set_f64("asyncIdFields", 3, -1.0);
    let resources = ctx.array([]);
    env.keep("executionResources", resources.clone());
    t.value("execution_async_resources", resources);
    t.with("setupHooks", |c| {
        for name in ["init", "before", "after", "destroy", "promise_resolve"] {
            let key = match name {
                "init" => "emitInit",
                "before" => "emitBefore",
                "after" => "emitAfter",
                "destroy" => "emitDestroy",
                _ => "emitPromiseResolve",
            };
            let hook = c.ctx.get(&c.arg(0), name)?;
            c.env().keep(key, hook);
        }
        c.undefined()
    })
    .with("setCallbackTrampoline", |c| c.undefined())
    .with("registerDestroyHook", |c| c.undefined())
    .with("queueDestroyAsyncId", |c| {
        emit_destroy(c.ctx, c.number(0));
        c.undefined()
    })
    .with("setPromiseHooks", |c| {
        for (index, key) in PROMISE_HOOKS.iter().enumerate() {
            c.env().keep(key, c.arg(index));
        }
        let any = (0..4).any(|index| c.arg(index).is_function());
        unsafe {
            let runtime = qjs::JS_GetRuntime(c.ctx.0);
            let hook: qjs::JSPromiseHook = if any { Some(promise_hook) } else { None };
            qjs::JS_SetPromiseHook(runtime, hook, std::ptr::null_mut());
        }
        c.undefined()
    })
    .with("getPromiseHooks", |c| {
        let hooks = PROMISE_HOOKS
            .iter()
            .map(|key| c.env().kept(key).unwrap_or_else(|| c.ctx.undefined()));
        Ok(c.ctx.array(hooks.collect::<Vec<_>>()))
    })
    .with("pushAsyncContext", |c| {
        push(c.ctx, c.number(0), c.number(1), &c.arg(2));
        c.undefined()
    })
    .with("popAsyncContext", |c| {
        Ok(c.ctx.bool(pop(c.ctx, c.number(0))))
    })
    .with("executionAsyncResource", |c| {
        let resources = c
            .env()
            .kept("executionResources")
            .unwrap_or_else(|| c.ctx.undefined());
        c.ctx.at(&resources, c.number(0) as u32)
    })
    .with("clearAsyncIdStack", |c| {
        clear(c.ctx);
        c.undefined()
    });
    Ok(())
}

const PROMISE_HOOKS: [&str; 4] = [
    "promiseInit",
    "promiseBefore",
    "promiseAfter",
    "promiseSettled",
];

unsafe extern "C" fn promise_hook(
    ctx: *mut JSContext,
    kind: qjs::JSPromiseHookType,
    promise: JSValue,
    parent: JSValue,
    _: *mut c_void,
) {
    let ctx = Ctx(ctx);
    let Some(key) = PROMISE_HOOKS.get(kind as c_int as usize) else {
        return;
    };
    let env = Environment::of(ctx);
    if let Some(hook) = env.kept(key)
        && hook.is_function()
        && env.can_call_into_js()
    {
        let args = [ctx.borrowed(promise), ctx.borrowed(parent)];
        if ctx.call(&hook, &ctx.undefined(), &args).is_err() {
            super::callback::uncaught(ctx, false);
        }
    }
}

pub fn push(ctx: Ctx, id: f64, trigger_id: f64, resource: &Value) {
    let env = Environment::of(ctx);
    let depth = env.u32_at("asyncHookFields", STACK_LENGTH) as usize;
    if depth >= STACK_MAX {
        return;
    }
    for (at, field) in [(0, EXECUTION_ID), (1, TRIGGER_ID)] {
        env.set_f64(
            "asyncIdsStack",
            depth * 2 + at,
            env.f64_at("asyncIdFields", field),
        );
    }
    env.set_u32("asyncHookFields", STACK_LENGTH, depth as u32 + 1);
    env.set_f64("asyncIdFields", EXECUTION_ID, id);
    env.set_f64("asyncIdFields", TRIGGER_ID, trigger_id);
    if let Some(resources) = env.kept("executionResources") {
        let raw = resource.clone().into_raw();
        unsafe { qjs::JS_SetPropertyUint32(ctx.0, resources.raw(), depth as u32, raw) };
    }
}

pub fn pop(ctx: Ctx, _: f64) -> bool {
    let env = Environment::of(ctx);
    let depth = env.u32_at("asyncHookFields", STACK_LENGTH) as usize;
    if depth == 0 {
        return false;
    }
    let at = depth - 1;
    env.set_f64(
        "asyncIdFields",
        EXECUTION_ID,
        env.f64_at("asyncIdsStack", 2 * at),
    );
    env.set_f64(
        "asyncIdFields",
        TRIGGER_ID,
        env.f64_at("asyncIdsStack", 2 * at + 1),
    );
    env.set_u32("asyncHookFields", STACK_LENGTH, at as u32);
    if let Some(resources) = env.kept("executionResources") {
        unsafe { qjs::JS_SetLength(ctx.0, resources.raw(), at as i64) };
    }
    at > 0
}

pub fn clear(ctx: Ctx) {
    let env = Environment::of(ctx);
    env.set_f64("asyncIdFields", EXECUTION_ID, 0.0);
    env.set_f64("asyncIdFields", TRIGGER_ID, 0.0);
    env.set_u32("asyncHookFields", STACK_LENGTH, 0);
    if let Some(resources) = env.kept("executionResources") {
        ctx.set(&resources, "length", ctx.number(0.0));
    }
}

pub fn emit(ctx: Ctx, hook: &'static str, id: f64) {
    let env = Environment::of(ctx);
    let index = usize::from(hook == "emitAfter") + 1;
    if env.u32_at("asyncHookFields", index) == 0 {
        return;
    }
    if let Some(hook) = env.kept(hook)
        && ctx
            .call(&hook, &ctx.undefined(), &[ctx.number(id)])
            .is_err()
    {
        super::callback::uncaught(ctx, false);
    }
}

/// `AsyncWrap::EmitDestroy`: the hooks hear of it in the next check phase.
pub fn emit_destroy(ctx: Ctx, id: f64) {
    const DESTROY: usize = 3;
    let env = Environment::of(ctx);
    if env.u32_at("asyncHookFields", DESTROY) == 0 || id == 0.0 {
        return;
    }
    if env.destroyed.borrow().is_empty() {
        env.requests.set_immediate(tell_destroyed);
    }
    env.destroyed.borrow_mut().push(id);
}

/// `AsyncWrap::DestroyAsyncIdsCallback`.
pub fn tell_destroyed(ctx: Ctx) {
    let env = Environment::of(ctx);
    loop {
        let ids = env.destroyed.take();
        if ids.is_empty() {
            return;
        }
        for id in ids {
            if let Some(hook) = env.kept("emitDestroy")
                && ctx
                    .call(&hook, &ctx.undefined(), &[ctx.number(id)])
                    .is_err()
            {
                super::callback::uncaught(ctx, false);
            }
        }
    }
}

/// Gives a request or handle its ids, as `AsyncWrap::AsyncReset` does.
pub fn adopt(ctx: Ctx, object: &Value, kind: &str) {
    adopt_for(ctx, object, kind, None);
}

/// `AsyncHooks::DefaultTriggerAsyncIdScope`.
pub fn with_default_trigger<T>(ctx: Ctx, trigger: f64, body: impl FnOnce() -> T) -> T {
    const DEFAULT_TRIGGER: usize = 3;
    let env = Environment::of(ctx);
    let before = env.f64_at("asyncIdFields", DEFAULT_TRIGGER);
    env.set_f64("asyncIdFields", DEFAULT_TRIGGER, trigger);
    let result = body();
    env.set_f64("asyncIdFields", DEFAULT_TRIGGER, before);
    result
}

/// The same, on behalf of another handle.
pub fn adopt_for(ctx: Ctx, object: &Value, kind: &str, on_behalf_of: Option<f64>) {
    adopt_as(ctx, object, kind, on_behalf_of, object);
}

/// The same, where hooks are told of another object than the one that carries the ids.
pub fn adopt_resource(ctx: Ctx, object: &Value, kind: &str, resource: &Value) {
    adopt_as(ctx, object, kind, None, resource);
}

fn adopt_as(ctx: Ctx, object: &Value, kind: &str, on_behalf_of: Option<f64>, resource: &Value) {
    let env = Environment::of(ctx);
    let id = env.f64_at("asyncIdFields", COUNTER) + 1.0;
    env.set_f64("asyncIdFields", COUNTER, id);
    let default = env.f64_at("asyncIdFields", 3);
    let trigger = if let Some(trigger) = on_behalf_of {
        trigger
    } else if default >= 0.0 {
        default
    } else {
        env.f64_at("asyncIdFields", EXECUTION_ID)
    };
    let hide = |name: &std::ffi::CStr, value: f64| {
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
        let value = ctx.number(value).into_raw();
        unsafe { qjs::JS_DefinePropertyValueStr(ctx.0, object.raw(), name.as_ptr(), value, flags) };
    };
    hide(c"__asyncId", id);
    hide(c"__triggerAsyncId", trigger);
    if env.u32_at("asyncHookFields", 0) != 0
        && let Some(hook) = env.kept("emitInit")
    {
        let args = [
            ctx.number(id),
            ctx.string(kind),
            ctx.number(trigger),
            resource.clone(),
        ];
        if ctx.call(&hook, &ctx.undefined(), &args).is_err() {
            super::callback::uncaught(ctx, false);
        }
    }
}

pub fn ids_of(ctx: Ctx, object: &Value) -> (f64, f64) {
    let read = |name| ctx.get(object, name).map_or(0.0, |value| value.as_f64());
    (read("__asyncId"), read("__triggerAsyncId"))
}
