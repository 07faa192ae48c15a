//! Which of the engine's names V8 11.3, the engine of Node 20, does not have yet: a program that asks for them finds on
//! Node 20 that they are absent. Most are not even compiled (`CONFIG_NEWER_THAN_NODE_20` in QuickJS); these are left.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

const GLOBALS: &str = "Float16Array InternalError Iterator SuppressedError";
const STATICS: &[(&str, &str)] = &[("Atomics", "pause")];
const METHODS: &[(&str, &str)] = &[("Iterator", "constructor")];

pub fn forget_newer(ctx: Ctx) -> Js<()> {
    let global = ctx.global();
    for (holder, names) in STATICS {
        forget(ctx, &ctx.get(&global, holder)?, names);
    }
    for (class, names) in METHODS {
        let prototype = ctx.get(&ctx.get(&global, class)?, "prototype")?;
        forget(ctx, &prototype, names);
    }
    forget(ctx, &global, GLOBALS);
    Ok(())
}

pub fn forget(ctx: Ctx, holder: &Value, names: &str) {
    for name in names.split(' ') {
        let text = ctx.string(name);
        forget_atom(ctx, holder, &text);
    }
}

fn forget_atom(ctx: Ctx, holder: &Value, name: &Value) {
    if !holder.is_object() {
        return;
    }
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, name.raw());
        qjs::JS_DeleteProperty(ctx.0, holder.raw(), atom, 0);
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}
