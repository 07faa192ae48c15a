//! The JavaScript of the realm in which a lesson's checks run.
//!
//! The files are compiled once for each instance of the jar; later realms read the bytecode, which is about ten times
//! as fast.

use std::{cell::RefCell, collections::BTreeMap};

use rquickjs::qjs;

use crate::engine::{Ctx, Js, Value};

/// Id and source.
const SOURCES: &[(&str, &str)] = &[
    ("internal/primordials", include_str!("../js/primordials.js")),
    ("internal/errors", include_str!("../js/errors.js")),
    ("internal/validators", include_str!("../js/validators.js")),
    ("internal/util", include_str!("../js/util_internal.js")),
    ("internal/util/types", include_str!("../js/types.js")),
    (
        "internal/util/inspect",
        include_str!("../js/node/inspect.js"),
    ),
    ("internal/check", include_str!("../js/check.js")),
    ("internal/check_start", include_str!("../js/check_start.js")),
];

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
