//! The global `WebAssembly` (V8's `src/wasm/wasm-js.cc`), on an interpreter.
//!
//! Leaves out: exceptions and tags, shared memories, names of functions of WebAssembly in stacks. Why a module is not
//! valid is said in the interpreter's words where the fault lies within a section.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Thrown, Value, c_string};

use super::environment::Environment;

mod api;
mod machine;
mod sections;
mod streaming;

pub use machine::Machine;
pub use streaming::set_implementation;

pub fn install(ctx: Ctx) -> Js<()> {
    let namespace = ctx.object();
    let global = ctx.global();
    let name = c_string("WebAssembly");
    let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
    let value = namespace.clone().into_raw();
    unsafe {
        qjs::JS_DefinePropertyValueStr(ctx.0, global.raw(), name.as_ptr(), value, flags);
    }
    let env = Environment::of(ctx);
    env.keep("webAssembly", namespace.clone());
    env.travel_hooks.borrow_mut().push(api::travels);
    api::fill(ctx, &namespace)
}

fn namespace(ctx: Ctx) -> Js<Value> {
    let kept = Environment::of(ctx).kept("webAssembly");
    kept.ok_or(Thrown)
}

/// Of one of its classes.
fn prototype(ctx: Ctx, class: &str) -> Js<Value> {
    let kept = Environment::of(ctx).kept("webAssemblyClasses");
    let classes = kept.ok_or(Thrown)?;
    ctx.get(&ctx.get(&classes, class)?, "prototype")
}
