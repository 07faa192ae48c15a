//! The life of a process: `node::Realm::RunBootstrapping`, `node::LoadEnvironment`, `node::SpinEventLoop`.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    builtins, callback, environment::Environment, errors, names, native, native::Target, process,
    typescript, util,
};

/// Runs the library's own start. After it, a process of any program looks the same: this is what an image holds.
pub fn bootstrap(ctx: Ctx) -> Js<()> {
    let env = Environment::of(ctx);
    names::forget_newer(ctx)?;
    util::learn_classes(ctx)?;
    env.keep("errorClass", ctx.get(&ctx.global(), "Error")?);
    env.keep(
        "enqueueMicrotask",
        ctx.get(&ctx.global(), "queueMicrotask")?,
    );
    // V8's own globals that the engine lacks; the library copies them before anything else.
    super::atomics::install(ctx)?;
    #[cfg(feature = "whole")]
    super::web_assembly::install(ctx)?;
    #[cfg(not(feature = "whole"))]
    promise_web_assembly(ctx);
    let process = process::new_process(ctx)?;
    env.keep("process", process.clone());
    let private = util::private_symbols_of(ctx)?;
    let exit_info = env.shared(ctx, "exitInfo", "Int32Array", 3);
    set_by_symbol(
        ctx,
        &process,
        &ctx.get(&private, "exit_info_private_symbol")?,
        exit_info,
    );
    let per_isolate = super::binding(ctx, "symbols")?;
    let primordials = ctx.object();
    env.keep("primordials", primordials.clone());
    for id in ["primordials", "domexception", "messageport"] {
        let exports = ctx.object();
        let args = [
            exports.clone(),
            primordials.clone(),
            private.clone(),
            per_isolate.clone(),
        ];
        run(ctx, &format!("internal/per_context/{id}"), &args)?;
        if id == "domexception" {
            env.keep("domexception", exports);
        } else if id == "messageport" {
            env.keep("messageport", exports);
        }
    }
    let linked = native::function(ctx, "getLinkedBinding", |c| {
        Err(native::throw_new(
            c.ctx,
            "Error",
            &format!("No such binding was linked: {}", c.text(0)?),
        ))
    });
    let internal = native::function(ctx, "getInternalBinding", super::internal_binding);
    run(
        ctx,
        "internal/bootstrap/realm",
        &[process.clone(), linked, internal, primordials],
    )?;
    let switches = if env.is_thread() {
        [
            "switches/is_not_main_thread",
            "switches/does_not_own_process_state",
        ]
    } else {
        ["switches/is_main_thread", "switches/does_own_process_state"]
    };
    for id in [
        "node",
        "web/exposed-wildcard",
        "web/exposed-window-or-worker",
    ]
    .into_iter()
    .chain(switches)
    {
        run_main(ctx, &format!("internal/bootstrap/{id}"))?;
    }
    install_locale(ctx)?;
    errors::keep_stack_words(ctx)?;
    keep_describe_error(ctx)
}

/// Puts what js/locale.js has over the engine's own, in any realm.
pub fn install_locale(ctx: Ctx) -> Js<()> {
    let require = Environment::of(ctx)
        .kept("require")
        .unwrap_or_else(|| ctx.undefined());
    let source = format!(
        "(function (require) {{{}\n}})",
        include_str!("../../js/locale.js")
    );
    let name = "node:internal/terrarium/locale";
    let install = ctx.eval(&source, name, 1, qjs::JS_EVAL_TYPE_GLOBAL)?;
    ctx.call(&install, &ctx.undefined(), &[require])?;
    Ok(())
}

/// One of the library's own modules.
pub fn require(ctx: Ctx, id: &str) -> Js<Value> {
    let require = Environment::of(ctx)
        .kept("require")
        .unwrap_or_else(|| ctx.undefined());
    ctx.call(&require, &ctx.undefined(), &[ctx.string(id)])
}

fn run_main(ctx: Ctx, id: &str) -> Js<Value> {
    let env = Environment::of(ctx);
    let args = ["process", "require", "internalBinding", "primordials"]
        .map(|name| env.kept(name).unwrap_or_else(|| ctx.undefined()));
    run(ctx, id, &args)
}

fn run(ctx: Ctx, id: &str, args: &[Value]) -> Js<Value> {
    let function = builtins::compile(ctx, id)?;
    ctx.call(&function, &ctx.undefined(), args)
}

pub fn set_by_symbol(ctx: Ctx, object: &Value, symbol: &Value, value: Value) {
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, symbol.raw());
        qjs::JS_DefinePropertyValue(
            ctx.0,
            object.raw(),
            atom,
            value.into_raw(),
            qjs::JS_PROP_C_W_E as i32,
        );
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

/// What a program finds that boot could not know.
pub fn begin(ctx: Ctx) {
    let env = Environment::of(ctx);
    if !env.shares_variables.get() {
        *env.variables.borrow_mut() = env.host().spec.env.clone();
    }
    set_options(ctx);
    // Its timestamp in microseconds.
    let started_ns = env.started_ns.get() as f64;
    env.set_f64("milestones", 0, env.epoch_ms() * 1e3 + started_ns / 1e3);
    let transpiled = env.host().spec.transpiled.clone();
    if typescript::install(ctx, &transpiled).is_err() {
        let error = ctx.take_exception();
        // The attempt is over when a part of the library is wanted for it.
        assert!(
            env.library.wanted().is_some(),
            "TypeScript cannot be installed: {}",
            ctx.text(&error).unwrap_or_default()
        );
    }
}

/// What the environment says, and what stands between `node` and the program's name.
fn set_options(ctx: Ctx) {
    let env = Environment::of(ctx);
    let said = super::variables::get(env, "NODE_OPTIONS").unwrap_or_default();
    let said: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
    let options = env.options.borrow();
    for option in said.iter().chain(options.iter()) {
        set_option(ctx, option);
    }
}

fn set_option(ctx: Ctx, option: &str) {
    let values = Environment::of(ctx)
        .kept("optionValues")
        .unwrap_or_else(|| ctx.object());
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => {
            let known = ctx.get(&values, name).unwrap_or_else(|_| ctx.undefined());
            let text = ctx.string(value);
            // An option that may be given again is a list.
            let value = if unsafe { qjs::JS_IsArray(known.raw()) } {
                let count = ctx.length(&known);
                let all = (0..count).filter_map(|index| ctx.at(&known, index).ok());
                ctx.array(all.chain([text]))
            } else if known.is_number() {
                ctx.number(text.to_number())
            } else {
                text
            };
            (name.to_owned(), value)
        }
        None => match option.strip_prefix("--no-") {
            Some(name) => (format!("--{name}"), ctx.bool(false)),
            None => (option.to_owned(), ctx.bool(true)),
        },
    };
    if name.starts_with("--") {
        ctx.set(&values, &name, value);
    }
}

/// Runs the library's main script, which runs the program that the scenario names (`StartExecution` in `src/node.cc`).
pub fn run_program(ctx: Ctx) -> Js<Value> {
    let env = Environment::of(ctx);
    let is_thread = env.is_thread();
    let entry = env.host().spec.entry.clone();
    if is_thread {
        return run_main(ctx, "internal/main/worker_thread");
    }
    if entry == process::EVALUATED {
        return run_main(ctx, "internal/main/eval_string");
    }
    #[cfg(not(feature = "whole"))]
    if entry.is_empty() {
        env.library.want_whole_jar();
        return Err(ctx.throw_uncatchable());
    }
    let has = |option: &str| env.options.borrow().iter().any(|given| given == option);
    let script = if has("--check") {
        "check_syntax"
    } else if has("--test") {
        // The runner is the program.
        env.host().main_begins();
        "test_runner"
    } else if entry.is_empty() {
        "eval_stdin"
    } else {
        "run_main_module"
    };
    run_main(ctx, &format!("internal/main/{script}"))
}

/// What of our own runs among Node's.
fn keep_describe_error(ctx: Ctx) -> Js<()> {
    let env = Environment::of(ctx);
    let source = format!(
        "(function (process, require, binding) {{{}\n}})",
        include_str!("../../js/describe_error.js")
    );
    let name = "node:internal/terrarium/describe_error";
    let make = ctx.eval(&source, name, 1, qjs::JS_EVAL_TYPE_GLOBAL)?;
    let binding = Target::new(ctx, ctx.object());
    errors::describe_natives(&binding);
    let [process, require] =
        ["process", "require"].map(|name| env.kept(name).unwrap_or_else(|| ctx.undefined()));
    let describe = ctx.call(&make, &ctx.undefined(), &[process, require, binding.object])?;
    env.keep("describeError", describe);
    Ok(())
}

pub fn exit_code_so_far(env: &Environment) -> i32 {
    if env.u32_at("exitInfo", 2) != 0 {
        env.u32_at("exitInfo", 1) as i32
    } else {
        0
    }
}

/// `EmitProcessBeforeExit`.
pub fn emit_before_exit(ctx: Ctx) {
    let env = Environment::of(ctx);
    let Some(process) = env.kept("process") else {
        return;
    };
    super::async_wrap::tell_destroyed(ctx);
    if let Ok(emit) = ctx.get(&process, "emit") {
        let code = ctx.number(f64::from(exit_code_so_far(env)));
        callback::make(ctx, &emit, &process, &[ctx.string("beforeExit"), code]);
    }
}

/// A run that asks it for anything begins anew in the whole jar.
#[cfg(not(feature = "whole"))]
fn promise_web_assembly(ctx: Ctx) {
    let object = ctx.object();
    for name in [
        "compile",
        "validate",
        "instantiate",
        "Module",
        "Instance",
        "Table",
        "Memory",
        "Global",
        "RuntimeError",
    ] {
        super::fs::define_getter(ctx, &object, name, |c| {
            c.env().library.want_whole_jar();
            Err(c.ctx.throw_uncatchable())
        });
    }
    let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
    let name = c"WebAssembly";
    unsafe {
        qjs::JS_DefinePropertyValueStr(
            ctx.0,
            ctx.global().raw(),
            name.as_ptr(),
            object.into_raw(),
            flags,
        )
    };
}

/// `EmitProcessExitInternal`: the library's own `process.emit('exit')`, without ticks behind it.
pub fn emit_exit(ctx: Ctx) {
    let env = Environment::of(ctx);
    let Some(process) = env.kept("process") else {
        return;
    };
    env.scope_depth.set(env.scope_depth.get() + 1);
    ctx.set(&process, "_exiting", ctx.bool(true));
    let result = ctx.get(&process, "emit").and_then(|emit| {
        let code = ctx.number(f64::from(exit_code_so_far(env)));
        ctx.call(&emit, &process, &[ctx.string("exit"), code])
    });
    if result.is_err() && env.can_call_into_js() {
        callback::uncaught(ctx, false);
    }
    env.scope_depth.set(env.scope_depth.get() - 1);
}
