//! Programs' own sources, compiled (`src/node_contextify.cc`); what only vm does is in scripts.rs and contexts.rs.

use rquickjs::qjs;

use crate::engine::{
    ffi,
    value::{Ctx, Js, Value},
};

#[cfg(not(feature = "whole"))]
use super::native::Call;
use super::{errors, native::Target};

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
    let prefix = format!("(function ({parameters}) {{");
    compile_wrapped(ctx, &prefix, &body, "\n})", filename, 1)
}

/// What a wrapper of ours makes of `body`; its places count from where `body` begins.
pub fn compile_wrapped(
    ctx: Ctx,
    prefix: &str,
    body: &str,
    suffix: &str,
    filename: &str,
    line: i32,
) -> Js<Value> {
    let text = format!("{prefix}{body}{suffix}");
    let prefix_units = prefix.encode_utf16().count() as i32;
    #[cfg(feature = "whole")]
    let _points = super::coverage::plan(ctx, filename, body, prefix.len());
    unsafe { ffi::JS_SetSourceWrapper(ctx.0, prefix_units, suffix.len() as i32) };
    let function = ctx.eval(&text, filename, line, qjs::JS_EVAL_TYPE_GLOBAL)?;
    #[cfg(feature = "whole")]
    super::middleware::watch(ctx, filename, &function);
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
