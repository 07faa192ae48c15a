//! Programs' own sources, compiled (`src/node_contextify.cc`). One realm only: contexts of vm are not simulated yet.

use rquickjs::qjs;

use crate::engine::{
    ffi,
    value::{Ctx, Js, Value},
};

use super::native::{Call, Target};

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
            Err(thrown) => return Err(thrown),
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
    .with("stopSigintWatchdog", |c| Ok(c.ctx.bool(false)))
    .with("compileFunction", |c| {
        let parameters = c.arg(8);
        let names = if parameters.is_object() {
            (0..c.ctx.length(&parameters))
                .map(|index| c.ctx.text(&c.ctx.at(&parameters, index)?))
                .collect::<Js<Vec<_>>>()?
                .join(", ")
        } else {
            String::new()
        };
        let function = compile_function(c.ctx, &c.text(0)?, &c.text(1)?, &names)?;
        let result = c.ctx.object();
        c.ctx.set(&result, "function", function);
        c.ctx.set(&result, "sourceMapURL", c.ctx.undefined());
        Ok(result)
    });
    t.class("ContextifyScript", new_script)
        .with("runInContext", |c| {
            let script = c.state::<Script>()?;
            c.ctx.eval(
                &script.source,
                &script.filename,
                script.line,
                qjs::JS_EVAL_TYPE_GLOBAL,
            )
        });
    Ok(())
}

struct Script {
    source: String,
    filename: String,
    line: i32,
}

fn new_script(c: &Call) -> Js<Value> {
    let (source, filename) = (c.text(0)?, c.text(1)?);
    let line = c.number(2) as i32 + 1;
    // A syntax error shows when the script is made, not when it is run.
    drop(c.ctx.eval(
        &source,
        &filename,
        line,
        qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY,
    )?);
    let option = c.arg(7);
    let option = if unsafe { qjs::JS_IsSymbol(option.raw()) } {
        option
    } else {
        let symbol = c.ctx.get(&c.ctx.global(), "Symbol")?;
        c.ctx
            .call(&symbol, &c.ctx.undefined(), &[c.ctx.string(&filename)])?
    };
    let script = c.construct(Script {
        source,
        filename,
        line,
    })?;
    let private = super::util::private_symbols_of(c.ctx)?;
    let name = c.ctx.get(&private, "host_defined_option_symbol")?;
    unsafe {
        let atom = qjs::JS_ValueToAtom(c.ctx.0, name.raw());
        qjs::JS_SetProperty(c.ctx.0, script.raw(), atom, option.into_raw());
        qjs::JS_FreeAtom(c.ctx.0, atom);
    }
    Ok(script)
}

/// The function whose body is `source`; its first line is line 1.
pub fn compile_function(ctx: Ctx, source: &str, filename: &str, parameters: &str) -> Js<Value> {
    // A hashbang is a comment only at the very start of a file.
    let body = if source.starts_with("#!") {
        format!("//{source}")
    } else {
        source.to_owned()
    };
    let (prefix, suffix) = (format!("(function ({parameters}) {{"), "\n})");
    let text = format!("{prefix}{body}{suffix}");
    let prefix_units = prefix.encode_utf16().count() as i32;
    unsafe { ffi::JS_SetSourceWrapper(ctx.0, prefix_units, suffix.len() as i32) };
    ctx.eval(&text, filename, 1, qjs::JS_EVAL_TYPE_GLOBAL)
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
