//! The library's modules, compiled (`src/node_builtins.cc`).

use std::rc::Rc;

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    environment::Environment,
    native::{Target, throw_new},
    small::json_text,
};

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let library = Environment::of(ctx).library.clone();
    let config = ctx.get(&ctx.get(&super::surface(ctx)?, "builtins")?, "config")?;
    t.value("config", ctx.string(&json_text(ctx, &config)?))
        .value("builtinIds", ctx.strings(library.ids()))
        .value("natives", ctx.object())
        .with("compileFunction", |c| compile(c.ctx, &c.text(0)?))
        .with("setInternalLoaders", |c| {
            c.env().keep("internalBinding", c.arg(0));
            c.env().keep("require", c.arg(1));
            c.undefined()
        })
        .with("hasCachedBuiltins", |c| Ok(c.ctx.bool(true)));
    let categories = ctx.object();
    ctx.set(&categories, "canBeRequired", ctx.strings(library.ids()));
    ctx.set(&categories, "cannotBeRequired", ctx.array([]));
    t.value("builtinCategories", categories);
    Ok(())
}

/// The parameters that `BuiltinLoader::LookupAndCompile` gives each kind of module.
fn parameters_of(id: &str) -> &'static str {
    if id.starts_with("internal/bootstrap/realm") {
        "process,getLinkedBinding,getInternalBinding,primordials"
    } else if id.starts_with("internal/per_context/") {
        "exports,primordials,privateSymbols,perIsolateSymbols"
    } else if id.starts_with("internal/main/") || id.starts_with("internal/bootstrap/") {
        "process,require,internalBinding,primordials"
    } else {
        "exports,require,module,process,internalBinding,primordials"
    }
}

pub fn compile(ctx: Ctx, id: &str) -> Js<Value> {
    let env = Environment::of(ctx);
    let library = env.library.clone();
    let Some(source) = library.source(id) else {
        if library.wanted().is_some() {
            return Err(ctx.throw_uncatchable());
        }
        return Err(throw_new(
            ctx,
            "Error",
            &format!("No such built-in module: {id}"),
        ));
    };
    // On one line with the first of the source, so that lines keep their numbers.
    let text = format!("(function({}){{{source}\n}})", parameters_of(id));
    let name = format!("node:{id}");
    if !env.is_thread() {
        return ctx.eval(&text, &name, 1, qjs::JS_EVAL_TYPE_GLOBAL);
    }
    // Threads come in numbers, and compile the same files.
    let code = match library.compiled(id) {
        Some(bytes) => ctx.result(unsafe {
            let flags = qjs::JS_READ_OBJ_BYTECODE as i32;
            qjs::JS_ReadObject(ctx.0, bytes.as_ptr(), bytes.len() as _, flags)
        })?,
        None => {
            let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
            let code = ctx.eval(&text, &name, 1, flags)?;
            if let Some(bytes) = bytecode_of(ctx, &code) {
                library.keep_compiled(id, bytes);
            }
            code
        }
    };
    ctx.result(unsafe { qjs::JS_EvalFunction(ctx.0, code.into_raw()) })
}

fn bytecode_of(ctx: Ctx, code: &Value) -> Option<Rc<[u8]>> {
    let mut length = 0;
    let bytes = unsafe {
        qjs::JS_WriteObject(
            ctx.0,
            &mut length,
            code.raw(),
            qjs::JS_WRITE_OBJ_BYTECODE as i32,
        )
    };
    if bytes.is_null() {
        ctx.take_exception();
        return None;
    }
    let copy = Rc::from(unsafe { std::slice::from_raw_parts(bytes, length as usize) });
    unsafe { qjs::js_free(ctx.0, bytes.cast()) };
    Some(copy)
}
