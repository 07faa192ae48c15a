//! Node's own modules. What is simulated is a file in `js/`; what is not yet is listed, so that the error names it.
//!
//! The files are compiled once for each instance of the jar; later processes read the bytecode, which is about ten times
//! as fast.

use std::{cell::RefCell, collections::BTreeMap};

use rquickjs::qjs;

use crate::engine::{Ctx, Js, Value};

/// Id and source. An id with `internal/` cannot be required by a learner's code.
const SOURCES: &[(&str, &str)] = &[
    ("internal/bootstrap", include_str!("../js/bootstrap.js")),
    ("internal/primordials", include_str!("../js/primordials.js")),
    ("internal/errors", include_str!("../js/errors.js")),
    ("internal/validators", include_str!("../js/validators.js")),
    ("internal/stack", include_str!("../js/stack.js")),
    ("internal/timers", include_str!("../js/timers_internal.js")),
    ("internal/rejections", include_str!("../js/rejections.js")),
    ("internal/fatal", include_str!("../js/fatal.js")),
    ("internal/commonjs", include_str!("../js/commonjs.js")),
    ("internal/console", include_str!("../js/console.js")),
    ("internal/util", include_str!("../js/util_internal.js")),
    ("internal/util/types", include_str!("../js/types.js")),
    (
        "internal/util/inspect",
        include_str!("../js/node/inspect.js"),
    ),
    ("internal/check", include_str!("../js/check.js")),
    ("internal/check_start", include_str!("../js/check_start.js")),
    ("assert", include_str!("../js/assert.js")),
    ("console", include_str!("../js/console_module.js")),
    ("events", include_str!("../js/events.js")),
    ("path", include_str!("../js/path.js")),
    ("perf_hooks", include_str!("../js/perf_hooks.js")),
    ("process", include_str!("../js/process.js")),
    ("timers", include_str!("../js/timers.js")),
    ("timers/promises", include_str!("../js/timers_promises.js")),
    ("util", include_str!("../js/util.js")),
];

/// Modules of Node 20 that this jar does not simulate yet.
const NOT_YET: &[&str] = &[
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "domain",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "inspector/promises",
    "module",
    "net",
    "os",
    "path/posix",
    "path/win32",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "sea",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "sys",
    "test",
    "test/reporters",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util/types",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The id behind `node:util` or `util`, when it names one of Node's own modules, simulated or not.
pub fn id_of(specifier: &str) -> Option<&str> {
    let id = specifier.strip_prefix("node:").unwrap_or(specifier);
    let known = NOT_YET.contains(&id) || is_public(id);
    (known || specifier.starts_with("node:")).then_some(id)
}

fn is_public(id: &str) -> bool {
    !id.starts_with("internal/") && SOURCES.iter().any(|(known, _)| *known == id)
}

thread_local! {
    static BYTECODE: RefCell<BTreeMap<&'static str, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

const HEAD: &str =
    "(function (exports, require, module, binding, primordials, internalBinding) {\n\n";

/// The module's function, or `undefined` when there is no such file.
pub fn compile(ctx: Ctx, id: &str) -> Js<Value> {
    let Some((id, source)) = SOURCES.iter().find(|(known, _)| *known == id) else {
        return Ok(ctx.undefined());
    };
    let known = BYTECODE.with_borrow(|all| all.get(id).cloned());
    let code = match known {
        Some(bytes) => ctx.result(unsafe {
            qjs::JS_ReadObject(
                ctx.0,
                bytes.as_ptr(),
                bytes.len() as _,
                qjs::JS_READ_OBJ_BYTECODE as i32,
            )
        })?,
        None => {
            let text = format!("{HEAD}{source}\n}})");
            let code = ctx.eval(
                &text,
                &format!("node:{id}"),
                -1,
                qjs::JS_EVAL_TYPE_GLOBAL
                    | qjs::JS_EVAL_FLAG_STRICT
                    | qjs::JS_EVAL_FLAG_COMPILE_ONLY,
            )?;
            remember(ctx, id, &code);
            code
        }
    };
    ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, code.into_raw()) })
}

fn remember(ctx: Ctx, id: &'static str, code: &Value) {
    let mut length = 0;
    let bytes = unsafe {
        qjs::JS_WriteObject(
            ctx.0,
            &mut length,
            code.raw(),
            (qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE) as i32,
        )
    };
    if bytes.is_null() {
        ctx.take_exception();
        return;
    }
    let copy = unsafe { std::slice::from_raw_parts(bytes, length as usize) }.to_vec();
    unsafe { qjs::js_free(ctx.0, bytes.cast()) };
    BYTECODE.with_borrow_mut(|all| all.insert(id, copy));
}
