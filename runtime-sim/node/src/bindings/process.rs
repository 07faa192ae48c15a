//! `src/node_process_methods.cc` and `src/node_credentials.cc`.

use crate::engine::{
    ffi,
    value::{Ctx, Js, Value},
};

use protocol::{ExitReason, Stream};

use crate::host::Stop;

use super::{
    environment::Environment,
    hydrate,
    native::{Call, Target},
    vfs::Content,
};

pub const EXEC_PATH: &str = "/usr/local/bin/node";
/// What a program is called that came on the command line.
pub const EVALUATED: &str = "/[eval]";
pub const PID: i32 = 4242;

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
        .with("dlopen", |c| {
            #[cfg(feature = "whole")]
            return super::addons::open(c);
            #[cfg(not(feature = "whole"))]
            {
                c.env().library.want_whole_jar();
                Err(c.ctx.throw_uncatchable())
            }
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
        .with("rss", |c| {
            let memory = MemoryUsed::of(c.ctx);
            let bytes = memory.heap_bytes + memory.buffers_bytes + BESIDE_BYTES;
            Ok(c.ctx.number(bytes))
        })
        .with("memoryUsage", |c| {
            let (array, memory) = (c.arg(0), MemoryUsed::of(c.ctx));
            for (index, value) in [
                memory.heap_bytes + memory.buffers_bytes + BESIDE_BYTES,
                memory.heap_bytes * super::v8::HEAP_TOTAL_BY_USED,
                memory.heap_bytes,
                memory.external_bytes(),
                memory.buffers_bytes,
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
        .with("_getActiveRequests", |c| {
            let requests = c.env().requests.active_requests();
            Ok(c.ctx.array(
                requests
                    .into_iter()
                    .map(|(object, _)| object)
                    .collect::<Vec<_>>(),
            ))
        })
        .with("_getActiveHandles", active_handles)
        .with("getActiveResourcesInfo", active_resources)
        .with("_kill", super::signal::kill)
        .with("resourceUsage", resource_usage)
        .with("loadEnvFile", load_env_file);
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

/// `src/node_process_methods.cc`: `ResourceUsage`. Files, signals and pages are not counted.
fn resource_usage(c: &Call) -> Js<Value> {
    const MAX_RSS: &str = "2";
    let fields = c.arg(0);
    let micros = (c.env().now_ns() / 1_000) as f64;
    c.ctx.set(&fields, "0", c.ctx.number(micros));
    c.ctx.set(&fields, MAX_RSS, c.ctx.number(40e3));
    c.undefined()
}

fn load_env_file(c: &Call) -> Js<Value> {
    let path = if c.args.is_empty() {
        ".env".to_owned()
    } else {
        c.text(0)?
    };
    let whole = super::fs::absolute(c, path.clone());
    let Some(bytes) = c.env().files.borrow().contents(&whole) else {
        return Err(c.ctx.throw(super::fs::uv_exception(
            c.ctx,
            "ENOENT",
            "open",
            Some(&path),
            None,
        )));
    };
    for (name, value) in super::dotenv::parse(&String::from_utf8_lossy(&bytes)) {
        if super::variables::get(c.env(), &name).is_none() {
            super::variables::set(c.env(), &name, value);
        }
    }
    c.undefined()
}

/// Handles as scripts know them: by their owner, where they have one.
fn active_handles(c: &Call) -> Js<Value> {
    let symbol = c
        .ctx
        .get(&super::binding(c.ctx, "symbols")?, "owner_symbol")?;
    let mut owners = Vec::new();
    for (object, _) in c.env().requests.active_handles() {
        let owner = super::small::get_by_symbol(c.ctx, &object, &symbol)?;
        owners.push(if owner.is_undefined() { object } else { owner });
    }
    Ok(c.ctx.array(owners))
}

fn active_resources(c: &Call) -> Js<Value> {
    let requests = &c.env().requests;
    let kinds = requests
        .active_requests()
        .into_iter()
        .chain(requests.active_handles());
    let mut names: Vec<_> = kinds
        .map(|(_, kind)| c.ctx.string(resource_name(kind)))
        .collect();
    for (count, name) in [
        (c.env().u32_at("timeoutInfo", 0), "Timeout"),
        (c.env().u32_at("immediateInfo", 1), "Immediate"),
    ] {
        names.extend((0..count).map(|_| c.ctx.string(name)));
    }
    Ok(c.ctx.array(names))
}

/// `MemoryInfoName` of the class behind a provider.
fn resource_name(provider: &'static str) -> &'static str {
    match provider {
        "FSREQCALLBACK" => "FSReqCallback",
        "FSREQPROMISE" => "FSReqPromise",
        "FSEVENTWRAP" => "FSEventWrap",
        "STATWATCHER" => "StatWatcher",
        "SIGNALWRAP" => "SignalWrap",
        "TCPWRAP" => "TCPSocketWrap",
        "TCPSERVERWRAP" => "TCPServerWrap",
        "PIPEWRAP" => "PipeWrap",
        "MESSAGEPORT" => "MessagePort",
        other => other,
    }
}

/// What a real Node has in memory besides heap and buffers, about: its own code.
const BESIDE_BYTES: f64 = 30e6;
/// What a real one's own C++ tells V8 of when nothing has run yet, about.
const EXTERNAL_BYTES: f64 = 1e6;

/// One heap holds both; V8 keeps the bytes of buffers outside of its own.
pub struct MemoryUsed {
    pub heap_bytes: f64,
    pub buffers_bytes: f64,
}

impl MemoryUsed {
    pub fn external_bytes(&self) -> f64 {
        self.buffers_bytes + EXTERNAL_BYTES
    }

    pub fn of(ctx: Ctx) -> Self {
        let all_bytes = Environment::of(ctx).heap_used_bytes();
        let buffers_bytes =
            unsafe { ffi::JS_GetArrayBufferBytes(rquickjs::qjs::JS_GetRuntime(ctx.0)) };
        Self {
            heap_bytes: all_bytes.saturating_sub(buffers_bytes) as f64,
            buffers_bytes: buffers_bytes as f64,
        }
    }
}

fn patch(ctx: Ctx, process: &Value) -> Js<Value> {
    let env = Environment::of(ctx);
    let argv = match env.try_host().filter(|_| !env.is_thread()) {
        // `node -e` has no file, and `node --test` has it among its arguments.
        Some(host) if host.spec.entry == EVALUATED || host.spec.entry.is_empty() => {
            std::iter::once(EXEC_PATH)
                .chain(host.spec.args.iter().map(String::as_str))
                .map(str::to_owned)
                .collect()
        }
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
    ctx.set(
        process,
        "execArgv",
        ctx.strings(env.options.borrow().iter().map(String::as_str)),
    );
    let (pid, parent_pid) = env.pids();
    ctx.set(process, "pid", ctx.number(f64::from(pid)));
    ctx.set(process, "ppid", ctx.number(f64::from(parent_pid)));
    ctx.set(process, "execPath", ctx.string(EXEC_PATH));
    ctx.set(process, "debugPort", ctx.number(9229.0));
    Ok(ctx.undefined())
}

/// What `node::CreateProcessObject` puts on the object before any script runs.
pub fn new_process(ctx: Ctx) -> Js<Value> {
    let process = ctx.eval(
        "Object.create(({ process: function () {} }).process.prototype)",
        "node:internal/process",
        1,
        rquickjs::qjs::JS_EVAL_TYPE_GLOBAL,
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
    ctx.set(&process, "env", super::variables::new_object(ctx)?);
    patch(ctx, &process)?;
    Ok(process)
}
