//! QuickJS as this crate uses it: a heap, a runtime and one context, behind a few safe words.

pub mod ffi;
pub mod heap;
pub mod value;

use std::ffi::c_void;

use rquickjs::qjs::{self, JSRuntime};

pub use value::{Ctx, Js, Thrown, Value};

use heap::Heap;

use crate::bindings::shared_memory::Shares;

/// What a realm has from the beginning: ECMAScript, and nothing of the web, which Node's library brings itself.
pub const INTRINSICS: [unsafe extern "C" fn(*mut qjs::JSContext) -> std::ffi::c_int; 10] = [
    qjs::JS_AddIntrinsicBaseObjects,
    qjs::JS_AddIntrinsicDate,
    qjs::JS_AddIntrinsicEval,
    qjs::JS_AddIntrinsicRegExp,
    qjs::JS_AddIntrinsicJSON,
    qjs::JS_AddIntrinsicProxy,
    qjs::JS_AddIntrinsicMapSet,
    qjs::JS_AddIntrinsicTypedArrays,
    qjs::JS_AddIntrinsicPromise,
    qjs::JS_AddIntrinsicWeakRef,
];

/// The interpreter's own stack guard, below what a browser's worker can bear. The call depth limit strikes first
/// wherever calls nest or sources do; this one is for the natives that neither counts.
pub const STACK_BYTES_MAX: usize = if cfg!(target_family = "wasm") {
    224 << 10
} else {
    1 << 20
};

/// Node's own JavaScript needs so many nested calls, whatever a scenario allows.
const CALL_DEPTH_MIN: u32 = 256;
/// So many calls that nest in the machine's stack, by weight, fit below the stack guard on every platform, whatever a
/// scenario allows: the depth strikes first everywhere.
const NATIVE_DEPTH_MAX: u32 = 700;
/// What a frame of a function with one argument and no variables takes of V8's stack, in words of 8 bytes. A scenario
/// counts in these: Node's own 984 KiB hold 10,496 of them.
const CALL_SLOTS: u32 = 12;

pub struct Engine {
    runtime: *mut JSRuntime,
    ctx: Ctx,
    shares: Box<Shares>,
    // Last: everything above lives in it.
    heap: Box<Heap>,
}

impl Engine {
    /// `opaque` is what natives and hooks find again; it must outlive the engine.
    pub fn new(
        heap_bytes_max: u64,
        call_depth_max: u32,
        random_seed: u64,
        opaque: *mut c_void,
    ) -> Self {
        let heap = Heap::new(heap_bytes_max);
        unsafe {
            let runtime = qjs::JS_NewRuntime2(
                &heap::FUNCTIONS,
                (&raw const *heap).cast_mut().cast::<c_void>(),
            );
            assert!(!runtime.is_null(), "a runtime fits in any heap");
            qjs::JS_SetMaxStackSize(runtime, STACK_BYTES_MAX as _);
            let ctx = qjs::JS_NewContextRaw(runtime);
            assert!(!ctx.is_null(), "a context fits in any heap");
            for add in INTRINSICS {
                assert!(add(ctx) == 0, "a context fits in any heap");
            }
            qjs::JS_SetContextOpaque(ctx, opaque);
            let engine = Self {
                runtime,
                ctx: Ctx(ctx),
                shares: Box::default(),
                heap,
            };
            engine.shares.install(runtime);
            engine.set_call_depth(call_depth_max, 0);
            engine.seed(random_seed);
            engine
        }
    }

    /// 0 means none but the stack's own. Turns within which this one runs, `turns_around`, have the machine's stack in
    /// common, but not the frames of JavaScript's functions.
    pub fn set_call_depth(&self, max: u32, turns_around: u32) {
        let (depth, slots) = if max == 0 {
            (0, 0)
        } else {
            let max = max.max(CALL_DEPTH_MIN);
            let depth = max.min(NATIVE_DEPTH_MAX) / (turns_around + 1);
            (depth.max(CALL_DEPTH_MIN), max.saturating_mul(CALL_SLOTS))
        };
        unsafe { ffi::JS_SetMaxCallDepth(self.runtime, depth, slots) };
    }

    /// The code that follows begins here on the stack, and may use so many bytes of it.
    pub fn allow_stack(&self, bytes: usize) {
        unsafe {
            qjs::JS_UpdateStackTop(self.runtime);
            qjs::JS_SetMaxStackSize(self.runtime, bytes as _);
        }
    }

    /// Of `Math.random`.
    pub fn seed(&self, seed: u64) {
        unsafe { ffi::JS_SetRandomSeed(self.ctx.0, seed) };
    }

    /// `opaque` is what natives find behind the context.
    pub fn set_opaque(&self, opaque: *mut c_void) {
        unsafe { qjs::JS_SetContextOpaque(self.ctx.0, opaque) };
    }

    pub fn ctx(&self) -> Ctx {
        self.ctx
    }

    pub fn runtime(&self) -> *mut JSRuntime {
        self.runtime
    }

    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    pub fn ticks(&self) -> u64 {
        unsafe { ffi::JS_GetTicks(self.ctx.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_newer_than_node_20_is_not_there() {
        let engine = Engine::new(0, 0, 1, std::ptr::null_mut());
        let ctx = engine.ctx();
        let source = "[Array.fromAsync, Iterator.zip, Set.prototype.union, Promise.try, globalThis.DisposableStack, \
            [].values().map, new Uint8Array().toBase64].map((f) => typeof f).join()";
        let kinds = ctx
            .eval(source, "test.js", 1, qjs::JS_EVAL_TYPE_GLOBAL)
            .and_then(|kinds| ctx.text(&kinds))
            .expect("it runs");
        assert!(kinds.split(',').all(|kind| kind == "undefined"), "{kinds}");
    }
}
