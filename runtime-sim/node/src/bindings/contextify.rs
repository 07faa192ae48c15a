//! Programs' own sources, compiled (`src/node_contextify.cc`); what only vm does is in scripts.rs and contexts.rs.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

#[cfg(not(feature = "whole"))]
use super::native::Call;
use super::{code_cache::Source, environment::Environment, errors, native::Target};

pub fn initialize(_: Ctx, t: &Target) -> Js<()> {
    t.with("compileFunctionForCJSLoader", |c| {
        let (source, filename) = (c.text(0)?, c.text(1)?);
        c.env().host().source_compiled();
        let parameters = "exports, require, module, __filename, __dirname";
        let detects = c.truthy(3);
        let result = c.ctx.object();
        let function = match compile_function(c.ctx, &source, &filename, parameters) {
            Ok(function) => function,
            Err(_) if detects && contains_module_syntax(&source) => {
                c.ctx.take_exception();
                c.ctx.set(&result, "canParseAsESM", c.ctx.bool(true));
                c.ctx.undefined()
            }
            Err(_) => {
                let error = c.ctx.take_exception();
                let arrow = || {
                    let (file, place) = c.ctx.syntax_error_span(&error)?;
                    errors::arrow(&format!("{file}:{}", place[0]), &source, place)
                };
                if let Some(arrow) = arrow() {
                    errors::decorate(c.ctx, &error, &arrow);
                }
                return Err(c.ctx.throw(error));
            }
        };
        if function.is_function() {
            c.env().host().main_begins();
        }
        c.ctx.set(&result, "function", function);
        c.ctx.set(&result, "sourceMapURL", c.ctx.undefined());
        Ok(result)
    })
    .with("containsModuleSyntax", |c| {
        // What compiles as a script has none.
        let (source, filename) = (c.text(0)?, c.text(1)?);
        let parameters = "exports, require, module, __filename, __dirname";
        if compile_function(c.ctx, &source, &filename, parameters).is_ok() {
            return Ok(c.ctx.bool(false));
        }
        c.ctx.take_exception();
        Ok(c.ctx.bool(contains_module_syntax(&source)))
    })
    .with("shouldRetryAsESM", |c| {
        Ok(c.ctx.bool(contains_module_syntax(&c.text(0)?)))
    })
    .with("startSigintWatchdog", |c| c.undefined())
    .with("stopSigintWatchdog", |c| Ok(c.ctx.bool(false)));
    #[cfg(feature = "whole")]
    super::scripts::initialize(t);
    #[cfg(not(feature = "whole"))]
    {
        t.with("compileFunction", want_whole_jar)
            .with("makeContext", want_whole_jar);
        t.class("ContextifyScript", want_whole_jar)
            .with("runInContext", want_whole_jar);
    }
    Ok(())
}

/// For what few programs do.
#[cfg(not(feature = "whole"))]
pub fn want_whole_jar(c: &Call) -> Js<Value> {
    c.env().library.want_whole_jar();
    Err(c.ctx.throw_uncatchable())
}

/// The function whose body is `source`; its first line is line 1.
pub fn compile_function(ctx: Ctx, source: &str, filename: &str, parameters: &str) -> Js<Value> {
    // A hashbang is a comment only at the very start of a file.
    let body = if source.starts_with("#!") {
        format!("//{source}")
    } else {
        source.to_owned()
    };
    let source = Source {
        name: filename,
        prefix: &format!("(function ({parameters}) {{"),
        body: &body,
        suffix: "\n})",
        line: 1,
    };
    let function = match kept(ctx, &source) {
        Some(function) => function?,
        None => return compile_wrapped(ctx, &source),
    };
    #[cfg(feature = "whole")]
    super::middleware::watch(ctx, filename, &function);
    Ok(function)
}

/// A package's files are as published, run after run.
fn kept(ctx: Ctx, source: &Source) -> Option<Js<Value>> {
    let is_package = source.name.starts_with('/') && source.name.contains("/node_modules/");
    #[cfg(feature = "whole")]
    let is_package = is_package && !super::coverage::is_on(ctx);
    let code = &Environment::of(ctx).library.code;
    is_package.then(|| code.function(ctx, source)).flatten()
}

/// What a wrapper of ours makes of a source's body; its places count from where the body begins.
pub fn compile_wrapped(ctx: Ctx, source: &Source) -> Js<Value> {
    #[cfg(feature = "whole")]
    let _points = super::coverage::plan(ctx, source.name, source.body, source.prefix.len());
    let function = source.compile(ctx, qjs::JS_EVAL_TYPE_GLOBAL)?;
    #[cfg(feature = "whole")]
    super::middleware::watch(ctx, source.name, &function);
    Ok(function)
}

/// Whether a line begins as only a module's can.
fn contains_module_syntax(source: &str) -> bool {
    source.lines().map(str::trim_start).any(|line| {
        line.starts_with("import ")
            || line.starts_with("import{")
            || line.starts_with("export ")
            || line.starts_with("await ")
    })
}
