//! `checks.js` in an engine of its own, which sees the run as plain data and has limits of its own.
//!
//! A check gets the run of the first process's main thread: what it printed (`stdout`, `stderr`, `lines`, `logs`), its
//! `tasks` and the `longestTask`, `exitCode`, `durationMs` and `error`; `threads`, how many workers it began; `heap`, the
//! bytes in use when the program began and at most (`beganBytes`, `peakBytes`, `peakMs`), to which the contents of files
//! do not belong; `source(path)`, a text file of the working folder as it is at the end; and `coverage(path)`, what Jest
//! counted of a file if it was asked to: `statements`, `branches`, `functions` and `lines`, each with `total`, `covered`
//! and `percent`, `lines.missed` and `branches.missedLines`. Each `event` is a place to show, for `{ at }`. Of a world of several processes `processes` has the same of each, in the scenario's order and with
//! its `host`, and `on(host)` is the first on that host. `loads` are the reports of a world's loads, `load` the first of
//! them: `sent`, `answered`, `failed`, `inFlight`, `statuses` and `failures` by name, `perSecond`, `latency` (`meanMs`,
//! `p95Ms` and so on), `thresholds`. `exchanges` are what came of what its clients asked for, in the order in which they
//! ended: `status`, `headers`, `text`, `failure`, `hops`, `decisions` (each a `topic` and a `text`), `cookies` by name.

use std::ffi::{c_char, c_int, c_void};

use protocol::{CheckOutcome, Report, Stream};
use rquickjs::qjs::{self, JSContext, JSModuleDef, JSRuntime};

use crate::{
    Library, Process, bindings,
    engine::{
        Ctx, Engine, Js, Thrown, Value,
        value::{c_string, text_of_chars},
    },
    facts::Facts,
};

const TICKS_MAX: u64 = 20_000_000;
const HEAP_BYTES_MAX: u64 = 64 << 20;
const CALL_DEPTH_MAX: u32 = 800;
const MODULE: &str = "terrarium:check";
const API: &str = concat!(
    "(function (all) { 'use strict';\n\n",
    include_str!("../js/check.js"),
    "\n})"
);

struct Judge {
    api: Option<Value>,
    // Last: the value lives in it.
    engine: Engine,
}

/// `processes` are the scenario's, which have all exited; `machines` what loads and clients tell, as members of JSON.
/// In a jar that is not the whole one `library` may want something then, and the report is none.
pub fn grade(library: &Library, processes: &[&Process], machines: &str, source: &str) -> Report {
    let each = processes.iter().map(|process| {
        let (folder, files) = process.texts();
        let (host, threads) = (process.host_name(), process.threads());
        process.facts(|facts| facts_json(&host, &folder, &files, threads, facts))
    });
    let each = each.collect::<Vec<_>>().join(",");
    let facts = format!("{{\"processes\":[{each}],{machines}}}");
    let mut judge = Judge {
        api: None,
        engine: Engine::new(HEAP_BYTES_MAX, CALL_DEPTH_MAX, 1, std::ptr::null_mut()),
    };
    #[cfg(not(feature = "whole"))]
    crate::hooks::watch_unicode(&judge.engine, library);
    #[cfg(feature = "whole")]
    let _ = library;
    let ctx = judge.engine.ctx();
    let opaque = (&raw mut judge).cast::<c_void>();
    unsafe {
        qjs::JS_SetContextOpaque(ctx.0, opaque);
        qjs::JS_SetInterruptHandler(judge.engine.runtime(), Some(interrupt), opaque);
        qjs::JS_SetModuleLoaderFunc(judge.engine.runtime(), None, Some(load), opaque);
    }
    let ran = run(&mut judge, &facts, source);
    let broken = match ran {
        Ok(()) => None,
        Err(Thrown) => Some(why_broken(&judge)),
    };
    let outcomes = judge
        .api
        .as_ref()
        .and_then(|api| outcomes(ctx, api).ok())
        .unwrap_or_default();
    judge.api = None;
    Report { outcomes, broken }
}

fn why_broken(judge: &Judge) -> String {
    let ctx = judge.engine.ctx();
    let error = ctx.take_exception();
    if judge.engine.ticks() >= TICKS_MAX {
        return "checks.js ran too long: is there a loop that never ends?".into();
    }
    if judge.engine.heap().exceeded() {
        return "checks.js used more memory than it may".into();
    }
    let text = ctx.text(&error).unwrap_or_else(|_| "unknown error".into());
    if let Some((file, [line, column, _])) = ctx.syntax_error_span(&error) {
        return format!("{text} ({file}:{line}:{column})");
    }
    let stack = ctx
        .get(&error, "stack")
        .and_then(|stack| ctx.text(&stack))
        .unwrap_or_default();
    match stack
        .lines()
        .map(str::trim)
        .find(|line| line.contains("checks.js"))
    {
        Some(line) => format!("{text} ({line})"),
        None => text,
    }
}

fn run(judge: &mut Judge, facts: &str, source: &str) -> Js<()> {
    let ctx = judge.engine.ctx();
    let facts = bindings::parse_json(ctx, facts)?;
    let api = ctx.eval(API, "node:internal/check", -1, qjs::JS_EVAL_TYPE_GLOBAL)?;
    judge.api = Some(ctx.call(&api, &ctx.undefined(), &[facts])?);
    let promise = ctx.eval(source, "checks.js", 1, qjs::JS_EVAL_TYPE_MODULE)?;
    loop {
        let mut job_ctx = std::ptr::null_mut();
        match unsafe { qjs::JS_ExecutePendingJob(judge.engine.runtime(), &mut job_ctx) } {
            0 => break,
            status if status < 0 => return Err(Thrown),
            _ => {}
        }
    }
    if unsafe { qjs::JS_PromiseState(ctx.0, promise.raw()) }
        == qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED
    {
        let reason = ctx.owned(unsafe { qjs::JS_PromiseResult(ctx.0, promise.raw()) });
        return Err(ctx.throw(reason));
    }
    Ok(())
}

fn outcomes(ctx: Ctx, api: &Value) -> Js<Vec<CheckOutcome>> {
    let list = ctx.get(api, "outcomes")?;
    (0..ctx.length(&list))
        .map(|index| {
            let item = ctx.at(&list, index)?;
            let failure = ctx.at(&item, 1)?;
            let at = ctx.at(&item, 2)?;
            Ok(CheckOutcome {
                name: ctx.text(&ctx.at(&item, 0)?)?,
                failure: if failure.is_null() {
                    None
                } else {
                    Some(ctx.text(&failure)?)
                },
                at: at.is_number().then(|| at.as_f64() as u64),
            })
        })
        .collect()
}

unsafe extern "C" fn interrupt(_: *mut JSRuntime, opaque: *mut c_void) -> c_int {
    let judge = unsafe { &*opaque.cast::<Judge>() };
    c_int::from(judge.engine.ticks() >= TICKS_MAX || judge.engine.heap().exceeded())
}

unsafe extern "C" fn load(
    ctx: *mut JSContext,
    name: *const c_char,
    _: *mut c_void,
) -> *mut JSModuleDef {
    let ctx = Ctx(ctx);
    let text = unsafe { text_of_chars(name) };
    if text != MODULE {
        let message = c_string(&format!(
            "checks.js can import only '{MODULE}', not '{text}'"
        ));
        let error =
            ctx.owned(unsafe { qjs::JS_NewPlainError(ctx.0, c"%s".as_ptr(), message.as_ptr()) });
        ctx.throw(error);
        return std::ptr::null_mut();
    }
    unsafe {
        let module = qjs::JS_NewCModule(ctx.0, name, Some(fill));
        if !module.is_null() {
            for export in [c"check", c"expect", c"fail"] {
                qjs::JS_AddModuleExport(ctx.0, module, export.as_ptr());
            }
        }
        module
    }
}

unsafe extern "C" fn fill(ctx: *mut JSContext, module: *mut JSModuleDef) -> c_int {
    let judge = unsafe { &*qjs::JS_GetContextOpaque(ctx).cast::<Judge>() };
    let ctx = Ctx(ctx);
    let Some(api) = &judge.api else { return -1 };
    for export in [c"check", c"expect", c"fail"] {
        let Ok(value) = ctx.get(api, export.to_str().expect("ASCII")) else {
            return -1;
        };
        unsafe { qjs::JS_SetModuleExport(ctx.0, module, export.as_ptr(), value.into_raw()) };
    }
    0
}

// ---- the run as JSON ----

fn facts_json(
    host: &str,
    folder: &str,
    files: &[(String, String)],
    threads: u64,
    facts: &Facts,
) -> String {
    let mut json = String::from("{\"host\":");
    push_string(&mut json, host);
    json.push_str(",\"tasks\":[");
    for (index, task) in facts.tasks.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str("{\"queue\":");
        push_string(&mut json, task.queue);
        json.push_str(",\"name\":");
        push_string(&mut json, &task.name);
        json.push_str(",\"file\":");
        push_string(&mut json, &task.file);
        let due = task
            .due_ns
            .map_or("null".into(), |due_ns| due_ns.to_string());
        json.push_str(&format!(
            ",\"line\":{},\"queued\":{},\"due\":{due},\"started\":{},\"ended\":{},\"event\":{}}}",
            task.line, task.queued_ns, task.started_ns, task.ended_ns, task.event
        ));
    }
    json.push_str("],\"logs\":[");
    for (index, log) in facts.logs.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str("{\"text\":");
        push_string(&mut json, &log.text);
        let stream = match log.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        json.push_str(&format!(
            ",\"stream\":\"{stream}\",\"time\":{},\"line\":{},\"event\":{}}}",
            log.time_ns, log.line, log.event
        ));
    }
    json.push_str("],\"stdout\":");
    push_string(&mut json, &facts.stdout);
    json.push_str(",\"stderr\":");
    push_string(&mut json, &facts.stderr);
    json.push_str(&format!(
        ",\"exitCode\":{},\"duration\":{},\"error\":",
        facts.exit_code, facts.duration_ns
    ));
    match &facts.error {
        Some(error) => push_string(&mut json, error),
        None => json.push_str("null"),
    }
    let heap = &facts.heap;
    json.push_str(&format!(
        ",\"threads\":{threads},\"heap\":{{\"began\":{},\"peak\":{},\"time\":{},\"event\":{}}}",
        heap.began_bytes, heap.peak_bytes, heap.peak_ns, heap.event
    ));
    json.push_str(",\"cwd\":");
    push_string(&mut json, folder);
    json.push_str(",\"sources\":{");
    for (index, (path, text)) in files.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_string(&mut json, path);
        json.push(':');
        push_string(&mut json, text);
    }
    json.push_str("}}");
    json
}

fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if (c as u32) < 0x20 => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json.push('"');
}
