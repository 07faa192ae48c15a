//! ES modules (`src/module_wrap.cc`): Node's loader finds, loads and links them; the engine compiles and runs them.
//!
//! A module of vm is named to the engine by its host defined option, a symbol, since many may be called the same; one of
//! the loader by its URL. Leaves out: sources compiled from cached data, which only says whether it is of that source.

use std::cell::RefCell;
#[cfg(feature = "whole")]
use std::collections::BTreeSet;

use protocol::Outcome;
use rquickjs::qjs::{self, JSContext, JSModuleDef, JSValue};

use crate::engine::{
    ffi,
    value::{Ctx, Js, Thrown, Value, c_string},
};

use super::{
    bootstrap::set_by_symbol,
    environment::Environment,
    errors,
    native::{Call, Target, state_of, throw_new},
    util,
};

struct Wrap {
    module: *mut JSModuleDef,
    #[cfg(feature = "whole")]
    source_units: usize,
    /// The realm that it belongs to.
    realm: Ctx,
    /// What keeps the realm there.
    _context: Value,
    /// What import() and import.meta are asked with.
    option: Value,
    /// Of a synthetic module: what gives it its exports.
    steps: Option<Value>,
    linked: RefCell<Vec<Value>>,
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.0);
        ffi::JS_SetImportHook(runtime, Some(import));
        ffi::JS_SetImportMetaHook(runtime, Some(initialize_meta));
    }
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
    #[cfg(feature = "whole")]
    prototype.with("createCachedData", |c| {
        let units = c.state::<Wrap>()?.source_units;
        let data = super::scripts::cached_data(units);
        Ok(super::buffer::new_buffer(c.ctx, &data))
    });
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
            let count = unsafe { ffi::JS_CountModuleRequests(wrap.module) };
            let mut linked = Vec::new();
            for index in 0..count {
                let target = c.ctx.at(&modules, index as u32)?;
                let other = state_of::<Wrap>(c.ctx, target.raw())?;
                unsafe { ffi::JS_SetModuleRequest(wrap.module, index, other.module) };
                linked.push(target);
            }
            *wrap.linked.borrow_mut() = linked;
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
            let state = unsafe { ffi::JS_GetModuleState(c.state::<Wrap>()?.module) };
            Ok(c.ctx.number(f64::from(state)))
        })
        .with("getError", |c| {
            let error = unsafe { ffi::JS_GetModuleError(c.ctx.0, c.state::<Wrap>()?.module) };
            Ok(c.ctx.owned(error))
        })
        .with("setExport", |c| {
            let text = c.text(0)?;
            let name = c_string(&text);
            let module = c.state::<Wrap>()?.module;
            let set = unsafe {
                qjs::JS_SetModuleExport(c.ctx.0, module, name.as_ptr(), c.arg(1).into_raw())
            };
            if set < 0 {
                let text = format!("Export '{text}' is not defined in module");
                return Err(throw_new(c.ctx, "ReferenceError", &text));
            }
            c.undefined()
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
    let original = state_of::<Wrap>(ctx, c.arg(0).raw())?.module;
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

/// `new ModuleWrap(url, context, source, line, column, hostDefinedOption or cachedData)`, or with a list of exports and
/// the steps that set them in place of source and line.
fn new_module(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    let url = c.text(0)?;
    let (context, source) = (c.arg(1), c.arg(2));
    let realm = realm_of(c, &context)?;
    let symbols = super::binding(ctx, "symbols")?;
    let of_loader = ctx.get(&symbols, "source_text_module_default_hdo")?;
    let option = match c.arg(5) {
        given if unsafe { qjs::JS_IsSymbol(given.raw()) } => given,
        _ => new_symbol(ctx, &url)?,
    };
    let (module, steps) = if source.is_string() {
        c.env().host().source_compiled();
        let text = ctx.text(&source)?;
        #[cfg(feature = "whole")]
        if c.arg(5).is_object() && !super::scripts::is_cached_data_of(c, 5, &text)? {
            let code = "ERR_VM_MODULE_CACHED_DATA_REJECTED";
            let text = "cachedData buffer was rejected";
            return Err(super::native::throw_with_code(ctx, "Error", code, text));
        }
        #[cfg(feature = "whole")]
        let _points = super::coverage::plan(ctx, &url, &text, 0);
        if !is_same(ctx, &option, &of_loader) {
            unsafe { ffi::JS_SetReferrer(realm.0, option.raw()) };
        }
        let flags = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        let compiled = compile(realm, || {
            realm.eval(&text, &url, c.number(3) as i32 + 1, flags)
        })?;
        // The engine keeps every module of a context.
        (
            unsafe { qjs::JS_VALUE_GET_PTR(compiled.raw()) }.cast::<JSModuleDef>(),
            None,
        )
    } else {
        let name = c_string(&url);
        let module = unsafe { qjs::JS_NewCModule(realm.0, name.as_ptr(), Some(run_steps)) };
        for index in 0..ctx.length(&source) {
            let name = c_string(&ctx.text(&ctx.at(&source, index)?)?);
            unsafe { qjs::JS_AddModuleExport(realm.0, module, name.as_ptr()) };
        }
        (module, Some(c.arg(3)))
    };
    let wrap = c.construct(Wrap {
        module,
        #[cfg(feature = "whole")]
        source_units: if source.is_string() {
            super::scripts::units_of(&ctx.text(&source)?)
        } else {
            0
        },
        realm,
        _context: context,
        option: option.clone(),
        steps,
        linked: RefCell::default(),
    })?;
    let private = util::private_symbols_of(ctx)?;
    let name = ctx.get(&private, "host_defined_option_symbol")?;
    set_by_symbol(ctx, &wrap, &name, option.clone());
    ctx.set(&wrap, "url", ctx.string(&url));
    ctx.set(&wrap, "sourceMapURL", ctx.undefined());
    c.env()
        .modules
        .borrow_mut()
        .insert(module as usize, wrap.clone());
    if is_same(ctx, &option, &of_loader) {
        c.env().module_urls.borrow_mut().insert(url);
    }
    Ok(wrap)
}

pub fn new_symbol(ctx: Ctx, description: &str) -> Js<Value> {
    let symbol = ctx.get(&ctx.global(), "Symbol")?;
    ctx.call(&symbol, &ctx.undefined(), &[ctx.string(description)])
}

pub fn is_same(ctx: Ctx, one: &Value, other: &Value) -> bool {
    unsafe { qjs::JS_IsStrictEqual(ctx.0, one.raw(), other.raw()) }
}

#[cfg(feature = "whole")]
use super::contexts::{compile, realm_of};

/// Only the whole jar has further realms.
#[cfg(not(feature = "whole"))]
fn realm_of(c: &Call, _: &Value) -> Js<Ctx> {
    Ok(c.ctx)
}

#[cfg(not(feature = "whole"))]
fn compile<T>(_: Ctx, compile: impl FnOnce() -> T) -> T {
    compile()
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
            && let Some(steps) = &state_of::<Wrap>(ctx, wrap.raw())?.steps
        {
            ctx.call(steps, wrap, &[])?;
        }
        Ok(())
    };
    if run().is_ok() { 0 } else { -1 }
}

fn instantiate(c: &Call) -> Js<()> {
    let wrap = c.state::<Wrap>()?;
    #[cfg(feature = "whole")]
    check_links(c.ctx, &c.this(), &mut BTreeSet::new())?;
    if unsafe { ffi::JS_LinkModule(wrap.realm.0, wrap.module) } < 0 {
        return Err(with_place(c));
    }
    Ok(())
}

/// What was thrown gets the line of the name that is not exported (`AppendExceptionLine`), which the loader shows.
fn with_place(c: &Call) -> Thrown {
    let ctx = c.ctx;
    let error = ctx.take_exception();
    let arrow = || {
        let (url, place) = ctx.syntax_error_span(&error)?;
        let path = url.strip_prefix("file://")?;
        let path = path.split(['?', '#']).next()?;
        let bytes = c.env().files.borrow().contents(path)?;
        let text = String::from_utf8_lossy(&bytes);
        errors::arrow(&format!("{url}:{}", place[0]), &text, place)
    };
    if let Some(arrow) = arrow()
        && errors::keep_arrow(ctx, &error, &arrow).is_err()
    {
        ctx.take_exception();
    }
    ctx.throw(error)
}

/// Whether every request of a module, and of what it imports, has its module. Node's own loader sees to that itself.
#[cfg(feature = "whole")]
fn check_links(ctx: Ctx, module: &Value, seen: &mut BTreeSet<usize>) -> Js<()> {
    let wrap = state_of::<Wrap>(ctx, module.raw())?;
    let state = unsafe { ffi::JS_GetModuleState(wrap.module) };
    if state != ffi::MODULE_UNINSTANTIATED || !seen.insert(wrap.module as usize) {
        return Ok(());
    }
    let count = unsafe { ffi::JS_CountModuleRequests(wrap.module) };
    let linked = wrap.linked.borrow();
    if linked.len() < count as usize {
        let mut attributes = qjs::JS_UNDEFINED;
        let specifier =
            ctx.owned(unsafe { ffi::JS_GetModuleRequest(ctx.0, wrap.module, 0, &mut attributes) });
        drop(ctx.owned(attributes));
        let text = format!("request for '{}' is not in cache", ctx.text(&specifier)?);
        let code = "ERR_VM_MODULE_LINK_FAILURE";
        return Err(super::native::throw_with_code(ctx, "Error", code, &text));
    }
    for target in linked.iter() {
        check_links(ctx, target, seen)?;
    }
    Ok(())
}

/// `HostInitializeImportMetaObjectCallback`.
unsafe extern "C" fn initialize_meta(
    ctx: *mut JSContext,
    module: *mut JSModuleDef,
    meta: JSValue,
) -> std::ffi::c_int {
    let ctx = Ctx(ctx);
    let env = Environment::of(ctx);
    let wrap = env.modules.borrow().get(&(module as usize)).cloned();
    let ask = || -> Js<()> {
        if let (Some(wrap), Some(initialize)) = (wrap, env.kept("initializeImportMeta")) {
            let option = state_of::<Wrap>(ctx, wrap.raw())?.option.clone();
            let args = [option, ctx.borrowed(meta), wrap];
            ctx.call(&initialize, &ctx.undefined(), &args)?;
        }
        Ok(())
    };
    if ask().is_ok() { 0 } else { -1 }
}

const DEPTH_MAX: u32 = 1_000;

fn is_async(ctx: Ctx, module: &Value, depth: u32) -> bool {
    let Ok(wrap) = state_of::<Wrap>(ctx, module.raw()) else {
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

/// `evaluate(timeout, breakOnSigint)`.
fn evaluate(c: &Call) -> Js<Value> {
    let wrap = c.state::<Wrap>()?;
    // The first module that is evaluated is the program.
    let begins = !c.env().host().main_began();
    if begins {
        c.env().host().main_begins();
    }
    let run = || {
        let promise = unsafe { ffi::JS_EvaluateModule(wrap.realm.0, wrap.module) };
        c.ctx.result(promise)
    };
    #[cfg(feature = "whole")]
    let promise = super::scripts::in_time(c, 0, run).map_err(|_| Thrown);
    #[cfg(not(feature = "whole"))]
    let promise = run();
    if begins {
        c.env().host().main_ends(Outcome::Returned);
    }
    promise
}

fn namespace(c: &Call) -> Js<Value> {
    let wrap = c.state::<Wrap>()?;
    c.ctx
        .result(unsafe { qjs::JS_GetModuleNamespace(wrap.realm.0, wrap.module) })
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
        let referrer = ctx.borrowed(referrer);
        let (name, option) = if unsafe { qjs::JS_IsSymbol(referrer.raw()) } {
            let name = ctx.text(&ctx.get(&referrer, "description")?)?;
            #[cfg(feature = "whole")]
            let referrer = super::scripts::option_behind(ctx, referrer)?;
            (name, referrer)
        } else {
            let name = ctx.text(&referrer)?;
            let option = if env.module_urls.borrow().contains(&name) {
                "source_text_module_default_hdo"
            } else {
                "vm_dynamic_import_default_internal"
            };
            (name, ctx.get(&super::binding(ctx, "symbols")?, option)?)
        };
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
                option,
                ctx.borrowed(specifier),
                attributes,
                ctx.string(&name),
            ],
        )
    };
    ask().map_or(qjs::JS_EXCEPTION, Value::into_raw)
}
