//! Which of the engine's names V8 11.3, the engine of Node 20, does not have yet: a program that asks for them finds on
//! Node 20 that they are absent.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value};

const GLOBALS: &str =
    "AsyncDisposableStack DisposableStack Float16Array InternalError Iterator SuppressedError";
const STATICS: &[(&str, &str)] = &[
    ("Array", "fromAsync"),
    ("Atomics", "pause"),
    ("Error", "isError"),
    ("JSON", "isRawJSON rawJSON"),
    ("Map", "groupBy"),
    ("Math", "f16round sumPrecise"),
    ("Object", "groupBy"),
    ("Promise", "try withResolvers"),
    ("RegExp", "escape"),
    ("Uint8Array", "fromBase64 fromHex"),
];
const METHODS: &[(&str, &str)] = &[
    (
        "ArrayBuffer",
        "detached immutable sliceToImmutable transfer transferToFixedLength transferToImmutable",
    ),
    ("DataView", "getFloat16 setFloat16"),
    ("Function", "columnNumber fileName lineNumber"),
    ("Map", "getOrInsert getOrInsertComputed"),
    (
        "Iterator",
        "chunks constructor drop every filter find flatMap forEach includes join map reduce some take toArray windows",
    ),
    (
        "Set",
        "difference intersection isDisjointFrom isSubsetOf isSupersetOf symmetricDifference union",
    ),
    ("Uint8Array", "setFromBase64 setFromHex toBase64 toHex"),
    ("WeakMap", "getOrInsert getOrInsertComputed"),
];

pub fn forget_newer(ctx: Ctx) -> Js<()> {
    let global = ctx.global();
    for (holder, names) in STATICS {
        forget(ctx, &ctx.get(&global, holder)?, names);
    }
    for (class, names) in METHODS {
        let prototype = ctx.get(&ctx.get(&global, class)?, "prototype")?;
        forget(ctx, &prototype, names);
        if *class == "Iterator" {
            // Symbol.toStringTag and Symbol.dispose came with it.
            let symbols = ctx.get(&global, "Symbol")?;
            for name in ["toStringTag", "dispose"] {
                forget_atom(ctx, &prototype, &ctx.get(&symbols, name)?);
            }
        }
    }
    forget(ctx, &global, GLOBALS);
    Ok(())
}

fn forget(ctx: Ctx, holder: &Value, names: &str) {
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
