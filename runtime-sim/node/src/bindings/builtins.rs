//! The library's modules, compiled (`src/node_builtins.cc`).

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

use super::{
    code_cache::{LIBRARY, Source},
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
    let source = Source {
        name: &format!("{LIBRARY}{id}"),
        // On one line with the first of the source, so that lines keep their numbers.
        prefix: &format!("(function({}){{", parameters_of(id)),
        body: source,
        suffix: "\n})",
        line: 1,
    };
    let kept = library.code.function(ctx, &source);
    kept.unwrap_or_else(|| source.compile(ctx, qjs::JS_EVAL_TYPE_GLOBAL))
}
