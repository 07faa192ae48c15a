//! ES modules (`src/module_wrap.cc`): Node's loader finds, loads and links them; the engine compiles and runs them.
//!
//! Leaves out: contexts of vm, cached data, the state of an errored module.

use std::cell::{Cell, RefCell};

use protocol::Outcome;
use rquickjs::qjs::{self, JSContext, JSModuleDef, JSValue};

use crate::engine::{
    ffi,
    value::{Ctx, Js, Thrown, Value, c_string},
};

use super::{
    environment::Environment,
    native::{Call, Target},
};

struct Wrap {
    module: *mut JSModuleDef,
    /// What import.meta is asked with.
    referrer: Value,
    /// Of a synthetic module: what gives it its exports.
    steps: Option<Value>,
    linked: RefCell<Vec<Value>>,
    status: Cell<u32>,
    promise: RefCell<Option<Value>>,
}

const UNINSTANTIATED: u32 = 0;
const INSTANTIATED: u32 = 2;
const EVALUATED: u32 = 4;
const ERRORED: u32 = 5;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    unsafe { ffi::JS_SetImportHook(qjs::JS_GetRuntime(ctx.0), Some(import)) };
    t.with("setImportModuleDynamicallyCallback", |c| {
        c.env().keep("importModuleDynamically", c.arg(0));
        c.undefined()
    })
    .with("setInitializeImportMetaObjectCallback", |c| {
        c.env().keep("initializeImportMeta", c.arg(0));
        c.undefined()
    })
    .with("throwIfPromiseRejected", |c| c.undefined())
    .with("createRequiredModuleFacade", required_facade);
    let prototype = t.class("ModuleWrap", new_module);
    prototype
        .with("getModuleRequests", |c| {
            let module = c.state::<Wrap>()?.module;
            let requests = (0..unsafe { ffi::JS_CountModuleRequests(module) }).map(|index| {
                let mut attributes = qjs::JS_UNDEFINED;
                let specifier =
                    unsafe { ffi::JS_GetModuleRequest(c.ctx.0, module, index, &mut attributes) };
                let attributes = c.ctx.owned(attributes);
                let request = c.ctx.object();
                c.ctx.set(&request, "specifier", c.ctx.owned(specifier));
                let none = attributes.is_undefined();
                c.ctx.set(
                    &request,
                    "attributes",
                    if none { null_object(c.ctx) } else { attributes },
                );
                request
            });
            Ok(c.ctx.array(requests.collect::<Vec<_>>()))
        })
        .with("link", |c| {
            let wrap = c.state::<Wrap>()?;
            let modules = c.arg(1);
            for index in 0..unsafe { ffi::JS_CountModuleRequests(wrap.module) } {
                let target = c.ctx.at(&modules, index as u32)?;
                let other = super::native::state_of::<Wrap>(c.ctx, target.raw())?;
                unsafe { ffi::JS_SetModuleRequest(wrap.module, index, other.module) };
                wrap.linked.borrow_mut().push(target);
            }
            c.undefined()
        })
        .with("instantiate", |c| {
            instantiate(c)?;
            c.undefined()
        })
        .with("instantiateSync", |c| {
            instantiate(c)?;
            Ok(c.ctx.bool(is_async(c.ctx, &c.this(), 0)))
        })
        .with("isGraphAsync", |c| {
            Ok(c.ctx.bool(is_async(c.ctx, &c.this(), 0)))
        })
        .with("evaluate", evaluate)
        .with("evaluateSync", |c| {
            evaluate(c)?;
            namespace(c)
        })
        .with("getNamespace", namespace)
        .with("getNamespaceSync", namespace)
        .with("getStatus", |c| {
            Ok(c.ctx.number(f64::from(c.state::<Wrap>()?.status.get())))
        })
        .with("getError", |c| {
            let wrap = c.state::<Wrap>()?;
            let promise = wrap.promise.borrow();
            Ok(promise.as_ref().map_or_else(
                || c.ctx.undefined(),
                |promise| {
                    c.ctx
                        .owned(unsafe { qjs::JS_PromiseResult(c.ctx.0, promise.raw()) })
                },
            ))
        })
        .with("setExport", |c| {
            let name = c_string(&c.text(0)?);
            let module = c.state::<Wrap>()?.module;
            let set = unsafe {
                qjs::JS_SetModuleExport(c.ctx.0, module, name.as_ptr(), c.arg(1).into_raw())
            };
            if set < 0 { Err(Thrown) } else { c.undefined() }
        });
    Ok(())
}

fn null_object(ctx: Ctx) -> Value {
    ctx.owned(unsafe { qjs::JS_NewObjectProto(ctx.0, qjs::JS_NULL) })
}

/// What `require` gives for a module with a default export: the same exports, and `__esModule`.
fn required_facade(c: &Call) -> Js<Value> {
    const SOURCE: &str = "export * from 'original'; export { default } from 'original'; export const __esModule = true;";
    let ctx = c.ctx;
    let original = super::native::state_of::<Wrap>(ctx, c.arg(0).raw())?.module;
    let flags = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    let name = "node:internal/require_module_default_facade";
    let compiled = ctx.eval(SOURCE, name, 1, flags)?;
    let module = unsafe { qjs::JS_VALUE_GET_PTR(compiled.raw()) }.cast::<JSModuleDef>();
    unsafe {
        for index in 0..ffi::JS_CountModuleRequests(module) {
            ffi::JS_SetModuleRequest(module, index, original);
        }
        if ffi::JS_LinkModule(ctx.0, module) < 0 {
            return Err(Thrown);
        }
        drop(ctx.result(ffi::JS_EvaluateModule(ctx.0, module))?);
        ctx.result(qjs::JS_GetModuleNamespace(ctx.0, module))
    }
}

/// `new ModuleWrap(url, context, source, line, column, hostDefinedOption)`, or with a list of exports and the steps that
/// set them in place of source and line.
fn new_module(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let url = c.text(0)?;
    let source = c.arg(2);
    let symbols = super::binding(ctx, "symbols")?;
    let (module, steps) = if source.is_string() {
        c.env().host().source_compiled();
        let flags = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        let text = ctx.text(&source)?;
        #[cfg(feature = "whole")]
        let _points = super::coverage::plan(ctx, &url, &text, 0);
        let compiled = ctx.eval(&text, &url, 1, flags)?;
        // The engine keeps every module of a context.
        (
            unsafe { qjs::JS_VALUE_GET_PTR(compiled.raw()) }.cast::<JSModuleDef>(),
            None,
        )
    } else {
        let name = c_string(&url);
        let module = unsafe { qjs::JS_NewCModule(ctx.0, name.as_ptr(), Some(run_steps)) };
        for index in 0..ctx.length(&source) {
            let name = c_string(&ctx.text(&ctx.at(&source, index)?)?);
            unsafe { qjs::JS_AddModuleExport(ctx.0, module, name.as_ptr()) };
        }
        (module, Some(c.arg(3)))
    };
    let option = c.arg(5);
    let referrer = if option.is_undefined() {
        ctx.get(&symbols, "source_text_module_default_hdo")?
    } else {
        option
    };
    let wrap = c.construct(Wrap {
        module,
        referrer,
        steps,
        linked: RefCell::default(),
        status: Cell::new(UNINSTANTIATED),
        promise: RefCell::default(),
    })?;
    ctx.set(&wrap, "url", ctx.string(&url));
    ctx.set(&wrap, "sourceMapURL", ctx.undefined());
    c.env()
        .modules
        .borrow_mut()
        .insert(module as usize, wrap.clone());
    c.env().module_urls.borrow_mut().insert(url, wrap.clone());
    Ok(wrap)
}

unsafe extern "C" fn run_steps(ctx: *mut JSContext, module: *mut JSModuleDef) -> std::ffi::c_int {
    let ctx = Ctx(ctx);
    let wrap = Environment::of(ctx)
        .modules
        .borrow()
        .get(&(module as usize))
        .cloned();
    let run = || -> Js<()> {
        if let Some(wrap) = &wrap
            && let Some(steps) = &super::native::state_of::<Wrap>(ctx, wrap.raw())?.steps
        {
            ctx.call(steps, wrap, std::slice::from_ref(wrap))?;
        }
        Ok(())
    };
    if run().is_ok() { 0 } else { -1 }
}

fn instantiate(c: &Call) -> Js<()> {
    let wrap = c.state::<Wrap>()?;
    prepare_meta(c.ctx, &c.this())?;
    if unsafe { ffi::JS_LinkModule(c.ctx.0, wrap.module) } < 0 {
        return Err(Thrown);
    }
    mark(c.ctx, &c.this(), UNINSTANTIATED, INSTANTIATED)
}

/// Gives a status to a module and to what it imports.
fn mark(ctx: Ctx, module: &Value, from: u32, to: u32) -> Js<()> {
    let wrap = super::native::state_of::<Wrap>(ctx, module.raw())?;
    if wrap.status.get() == from {
        wrap.status.set(to);
        for linked in wrap.linked.borrow().iter() {
            mark(ctx, linked, from, to)?;
        }
    }
    Ok(())
}

/// import.meta of a module and of what it imports, before any of them runs.
fn prepare_meta(ctx: Ctx, module: &Value) -> Js<()> {
    let wrap = super::native::state_of::<Wrap>(ctx, module.raw())?;
    if wrap.status.get() != UNINSTANTIATED || wrap.promise.borrow().is_some() {
        return Ok(());
    }
    *wrap.promise.borrow_mut() = Some(ctx.undefined());
    if wrap.steps.is_none()
        && let Some(initialize) = Environment::of(ctx).kept("initializeImportMeta")
    {
        let meta = ctx.result(unsafe { qjs::JS_GetImportMeta(ctx.0, wrap.module) })?;
        ctx.call(
            &initialize,
            &ctx.undefined(),
            &[wrap.referrer.clone(), meta, module.clone()],
        )?;
    }
    for linked in wrap.linked.borrow().iter() {
        prepare_meta(ctx, linked)?;
    }
    Ok(())
}

const DEPTH_MAX: u32 = 1_000;

fn is_async(ctx: Ctx, module: &Value, depth: u32) -> bool {
    let Ok(wrap) = super::native::state_of::<Wrap>(ctx, module.raw()) else {
        return false;
    };
    depth < DEPTH_MAX
        && (unsafe { ffi::JS_ModuleHasTopLevelAwait(wrap.module) }
            || wrap
                .linked
                .borrow()
                .iter()
                .any(|linked| is_async(ctx, linked, depth + 1)))
}

fn evaluate(c: &Call) -> Js<Value> {
    let wrap = c.state::<Wrap>()?;
    // The first module that is evaluated is the program.
    let begins = !c.env().host().main_began();
    if begins {
        c.env().host().main_begins();
    }
    let promise = c
        .ctx
        .result(unsafe { ffi::JS_EvaluateModule(c.ctx.0, wrap.module) })?;
    if begins {
        c.env().host().main_ends(Outcome::Returned);
    }
    let failed = unsafe { qjs::JS_PromiseState(c.ctx.0, promise.raw()) }
        == qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED;
    mark(
        c.ctx,
        &c.this(),
        INSTANTIATED,
        if failed { ERRORED } else { EVALUATED },
    )?;
    *wrap.promise.borrow_mut() = Some(promise.clone());
    Ok(promise)
}

fn namespace(c: &Call) -> Js<Value> {
    let wrap = c.state::<Wrap>()?;
    c.ctx
        .result(unsafe { qjs::JS_GetModuleNamespace(c.ctx.0, wrap.module) })
}

/// `ImportModuleDynamically`.
unsafe extern "C" fn import(
    ctx: *mut JSContext,
    referrer: JSValue,
    specifier: JSValue,
    attributes: JSValue,
) -> JSValue {
    let ctx = Ctx(ctx);
    let ask = || -> Js<Value> {
        let env = Environment::of(ctx);
        let symbols = super::binding(ctx, "symbols")?;
        let name = ctx.text_of(referrer)?;
        let is_module = env.module_urls.borrow().contains_key(&name);
        let symbol = if is_module {
            "source_text_module_default_hdo"
        } else {
            "vm_dynamic_import_default_internal"
        };
        let symbol = ctx.get(&symbols, symbol)?;
        #[cfg(feature = "whole")]
        let symbol = env
            .script_options
            .borrow()
            .get(&name)
            .cloned()
            .unwrap_or(symbol);
        let attributes = ctx.borrowed(attributes);
        let attributes = if attributes.is_undefined() {
            null_object(ctx)
        } else {
            attributes
        };
        let callback = env
            .kept("importModuleDynamically")
            .unwrap_or_else(|| ctx.undefined());
        ctx.call(
            &callback,
            &ctx.undefined(),
            &[
                symbol,
                ctx.borrowed(specifier),
                attributes,
                ctx.string(&name),
            ],
        )
    };
    ask().map_or(qjs::JS_EXCEPTION, Value::into_raw)
}
