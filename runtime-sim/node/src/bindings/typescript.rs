//! Programs in TypeScript: gives Node's loaders what `js/typescript.js` adds to them, in processes that have such files.

use protocol::Transpiled;
use rquickjs::qjs;

use crate::engine::value::{Ctx, Js};

use super::environment::Environment;

const NAME: &str = "node:internal/modules/typescript";

/// Before the program's first line; the image of a booted process knows nothing of it.
pub fn install(ctx: Ctx, transpiled: &[Transpiled]) -> Js<()> {
    if transpiled.is_empty() {
        return Ok(());
    }
    let scripts = ctx.object();
    for Transpiled { path, outcome } in transpiled {
        let script = ctx.object();
        match outcome {
            Ok(made) => {
                ctx.set(&script, "text", ctx.string(&made.text));
                ctx.set(&script, "isModule", ctx.bool(made.has_module_syntax));
            }
            Err(problem) => {
                ctx.set(&script, "code", ctx.string(&problem.code));
                ctx.set(&script, "message", ctx.string(&problem.message));
                ctx.set(&script, "line", ctx.number(f64::from(problem.line)));
                ctx.set(&script, "snippet", ctx.string(&problem.snippet));
            }
        }
        ctx.set(&scripts, path, script);
    }
    let source = format!(
        "(function (require, scripts) {{{}\n}})",
        include_str!("../../js/typescript.js")
    );
    let install = ctx.eval(&source, NAME, 1, qjs::JS_EVAL_TYPE_GLOBAL)?;
    let env = Environment::of(ctx);
    let require = env.kept("require").unwrap_or_else(|| ctx.undefined());
    let args = [require, scripts];
    ctx.call(&install, &ctx.undefined(), &args).map(|_| ())
}
