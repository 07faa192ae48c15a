//! `src/node_process_methods.cc` and `src/node_credentials.cc`.

use crate::engine::value::{Ctx, Js, Value};

use protocol::{ExitReason, Stream};

use crate::host::Stop;

use super::{
    environment::Environment,
    hydrate,
    native::{Call, Target},
    vfs::Content,
};

const EXEC_PATH: &str = "/usr/local/bin/node";
const PID: f64 = 4242.0;

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    t.value("hrtimeBuffer", env.shared(ctx, "hrtime", "Uint32Array", 3))
        .with("hrtime", |c| {
            let env = c.env();
            let now_ns = env.now_ns();
            let seconds = now_ns / 1_000_000_000;
            env.set_u32("hrtime", 0, (seconds >> 32) as u32);
            env.set_u32("hrtime", 1, seconds as u32);
            env.set_u32("hrtime", 2, (now_ns % 1_000_000_000) as u32);
            c.undefined()
        })
        .with("hrtimeBigInt", |c| {
            let env = c.env();
            let now_ns = env.now_ns();
            env.set_u32("hrtime", 0, now_ns as u32);
            env.set_u32("hrtime", 1, (now_ns >> 32) as u32);
            c.undefined()
        })
        .with("cwd", |c| Ok(c.ctx.string(&c.env().cwd.borrow())))
        .with("chdir", change_directory)
        .with("_getActiveHandles", |c| {
            let handles = c.env().requests.active_handles();
            Ok(c.ctx.array(handles.into_iter().map(|(object, _)| object)))
        })
        .with("_getActiveHandlesInfo", |c| {
            let handles = c.env().requests.active_handles();
            let kinds = handles.iter().map(|(_, kind)| c.ctx.string(kind));
            Ok(c.ctx.array(kinds))
        })
        .with("umask", |c| {
            let mut files = c.env().files.borrow_mut();
            let old = files.umask;
            let mask = c.arg(0);
            if mask.is_number() {
                files.umask = mask.as_f64() as u32 & 0o777;
            }
            Ok(c.ctx.number(f64::from(old)))
        })
        .with("uptime", |c| {
            Ok(c.ctx.number(c.env().now_ns() as f64 / 1e9))
        })
        .with("setEmitWarningSync", |c| {
            c.env().keep("emitWarningSync", c.arg(0));
            c.undefined()
        })
        .with("patchProcessObject", |c| patch(c.ctx, &c.arg(0)))
        .with("reallyExit", |c| {
            c.env().host().stop = Some(Stop::Exit {
                code: c.number(0) as i32,
                reason: ExitReason::Called,
            });
            Err(c.ctx.throw_uncatchable())
        })
        .with("_rawDebug", |c| {
            let line = format!("{}\n", c.text(0)?);
            c.env().host().write(Stream::Stderr, line);
            c.undefined()
        })
        .with("_debugProcess", |c| c.undefined())
        .with("_debugEnd", |c| c.undefined())
        .with("rss", |c| Ok(c.ctx.number(40e6)))
        .with("memoryUsage", |c| {
            let (array, used) = (c.arg(0), memory_used_bytes(c.ctx));
            for (index, value) in [
                used + 30e6,
                used * super::v8::HEAP_TOTAL_BY_USED,
                used,
                1e6,
                1e4,
            ]
            .into_iter()
            .enumerate()
            {
                c.ctx.set(&array, &index.to_string(), c.ctx.number(value));
            }
            c.undefined()
        })
        .with("constrainedMemory", |c| Ok(c.ctx.number(0.0)))
        .with("availableMemory", |c| Ok(c.ctx.number(4e9)))
        .with("cpuUsage", |c| {
            let array = c.arg(0);
            let micros = (c.env().now_ns() / 1_000) as f64;
            c.ctx.set(&array, "0", c.ctx.number(micros));
            c.ctx.set(&array, "1", c.ctx.number(0.0));
            c.undefined()
        })
        .with("_getActiveRequests", |c| Ok(c.ctx.array([])))
        .with("_getActiveHandles", |c| Ok(c.ctx.array([])))
        .with("getActiveResourcesInfo", |c| Ok(c.ctx.array([])))
        .with("safeGetenv", |c| {
            let name = c.text(0)?;
            let host = c.env().try_host();
            let found = host
                .as_ref()
                .and_then(|host| host.spec.env.iter().find(|(key, _)| *key == name));
            Ok(found.map_or_else(|| c.ctx.undefined(), |(_, value)| c.ctx.string(value)))
        });
    t.value("implementsPosixCredentials", ctx.bool(true));
    for_root(t);
    Ok(())
}

fn change_directory(c: &Call) -> Js<Value> {
    let path = super::fs::path_of(c, 0)?;
    let found = {
        let files = c.env().files.borrow();
        files.resolve(&path, true).and_then(|resolved| {
            match files.stat(&resolved, true)?.1.content {
                Content::Directory => Ok(resolved),
                _ => Err("ENOTDIR"),
            }
        })
    };
    match found {
        Ok(resolved) => {
            *c.env().cwd.borrow_mut() = resolved;
            c.undefined()
        }
        Err(code) => {
            let cwd = c.env().cwd.borrow().clone();
            Err(c.ctx.throw(super::fs::uv_exception(
                c.ctx,
                code,
                "chdir",
                Some(&cwd),
                Some(&c.text(0)?),
            )))
        }
    }
}

fn for_root(t: &Target) {
    fn zero(c: &Call) -> Js<Value> {
        Ok(c.ctx.number(0.0))
    }
    t.with("getuid", zero)
        .with("geteuid", zero)
        .with("getgid", zero)
        .with("getegid", zero);
}

pub fn memory_used_bytes(ctx: Ctx) -> f64 {
    use rquickjs::qjs;
    let mut usage = unsafe { std::mem::zeroed::<qjs::JSMemoryUsage>() };
    unsafe { qjs::JS_ComputeMemoryUsage(qjs::JS_GetRuntime(ctx.0), &mut usage) };
    usage.memory_used_size as f64
}

fn patch(ctx: Ctx, process: &Value) -> Js<Value> {
    let env = Environment::of(ctx);
    let argv = match env.try_host() {
        Some(host) => std::iter::once(EXEC_PATH)
            .chain([host.spec.entry.as_str()])
            .chain(host.spec.args.iter().map(String::as_str))
            .map(str::to_owned)
            .collect(),
        None => vec![EXEC_PATH.to_owned()],
    };
    let argv = argv.iter().map(String::as_str);
    ctx.set(process, "title", ctx.string("node"));
    ctx.set(process, "argv", ctx.strings(argv));
    ctx.set(process, "execArgv", ctx.array([]));
    ctx.set(process, "pid", ctx.number(PID));
    ctx.set(process, "ppid", ctx.number(PID - 1.0));
    ctx.set(process, "execPath", ctx.string(EXEC_PATH));
    ctx.set(process, "debugPort", ctx.number(9229.0));
    Ok(ctx.undefined())
}

/// What `node::CreateProcessObject` puts on the object before any script runs.
pub fn new_process(ctx: Ctx) -> Js<Value> {
    let process = ctx.eval(
        "Object.create(Object.create(Object.prototype, { constructor: { value: { process: function () {} }.process, \
         writable: true, configurable: true } }))",
        "node:internal/process", 1, rquickjs::qjs::JS_EVAL_TYPE_GLOBAL,
    )?;
    let recorded = ctx.get(&super::surface(ctx)?, "process")?;
    for name in ["versions", "release", "features"] {
        let value = hydrate(ctx, &ctx.get(&recorded, name)?, name)?;
        ctx.set(&process, name, value);
    }
    // Without them the library, and tests that ask, know that there is no ICU yet.
    let versions = ctx.get(&process, "versions")?;
    for absent in ["icu", "unicode", "cldr", "tz"] {
        ctx.set(&versions, absent, ctx.undefined());
    }
    ctx.set(&process, "version", ctx.string("v20.20.2"));
    ctx.set(&process, "arch", ctx.string("x64"));
    ctx.set(&process, "platform", ctx.string("linux"));
    ctx.set(&process, "env", ctx.object());
    patch(ctx, &process)?;
    Ok(process)
}
