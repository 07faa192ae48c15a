//! The functions that this project adds to QuickJS (`third_party/rquickjs-sys/quickjs/terrarium.h`). Everything else
//! comes from `rquickjs::qjs`.

use std::ffi::{c_char, c_int, c_void};

use rquickjs::qjs::{JSContext, JSModuleDef, JSRuntime, JSValue};

pub type Clock = unsafe extern "C" fn(opaque: *mut c_void) -> i64;

pub const CALLABLE_NATIVE: c_int = 0;
pub const CALLABLE_NONE: c_int = 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct CallableInfo {
    pub kind: c_int,
    pub name: *const c_char,
    pub filename: *const c_char,
    pub definition_line: c_int,
    pub definition_column: c_int,
    pub line: c_int,
    pub column: c_int,
    pub source: *const c_char,
    pub source_len: c_int,
}

impl CallableInfo {
    pub const EMPTY: Self = Self {
        kind: CALLABLE_NONE,
        name: std::ptr::null(),
        filename: std::ptr::null(),
        definition_line: 0,
        definition_column: 0,
        line: 0,
        column: 0,
        source: std::ptr::null(),
        source_len: 0,
    };
}

/// Where a frame stands, its function by the number that [`NumberHook`] gave.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Place {
    pub number: u32,
    pub line: c_int,
    pub column: c_int,
}

pub type NumberHook = unsafe extern "C" fn(info: *const CallableInfo, opaque: *mut c_void) -> u32;

#[repr(C)]
pub struct ErrorSpan {
    pub filename: *const c_char,
    pub line: c_int,
    pub column: c_int,
    pub width: c_int,
}

/// The magic of a native function that no stack shows.
pub const JS_MAGIC_EMBEDDER: c_int = 0x7e11;

pub const JOB_QUEUED: c_int = 0;
pub const JOB_STARTS: c_int = 1;
pub const JOB_RETURNED: c_int = 2;

pub type JobHook = unsafe extern "C" fn(
    ctx: *mut JSContext,
    event: c_int,
    job: u64,
    kind: c_int,
    callback: JSValue,
    opaque: *mut c_void,
);

unsafe extern "C" {
    pub fn JS_SetClock(rt: *mut JSRuntime, clock: Option<Clock>, opaque: *mut c_void);
    pub fn JS_SetRandomSeed(ctx: *mut JSContext, seed: u64);
    pub fn JS_GetTicks(ctx: *mut JSContext) -> u64;
    pub fn JS_GetArrayBufferBytes(rt: *mut JSRuntime) -> usize;
    pub fn JS_SetMaxCallDepth(rt: *mut JSRuntime, depth: u32, slots: u32);
    pub fn JS_NestIn(inner: *mut JSRuntime, rt: *mut JSRuntime);
    pub fn JS_DescribeCallable(ctx: *mut JSContext, func: JSValue, info: *mut CallableInfo);
    pub fn JS_CaptureStack(ctx: *mut JSContext, frames: *mut CallableInfo, max: c_int) -> c_int;
    pub fn JS_FreeCallableInfo(ctx: *mut JSContext, info: *mut CallableInfo);
    pub fn JS_NumberCallable(
        ctx: *mut JSContext,
        func: JSValue,
        hook: NumberHook,
        opaque: *mut c_void,
    ) -> u32;
    pub fn JS_CapturePlaces(
        ctx: *mut JSContext,
        places: *mut Place,
        max: c_int,
        hook: NumberHook,
        opaque: *mut c_void,
    ) -> c_int;
    pub fn JS_GetThrowPlace(
        ctx: *mut JSContext,
        value: JSValue,
        line: *mut c_int,
        column: *mut c_int,
    ) -> *const c_char;
    pub fn JS_SetSourceWrapper(ctx: *mut JSContext, prefix_units: c_int, suffix_size: c_int);
    pub fn JS_GetSyntaxErrorSpan(ctx: *mut JSContext, error: JSValue, span: *mut ErrorSpan)
    -> bool;
    pub fn JS_SetSettledAgainHook(rt: *mut JSRuntime, hook: Option<SettledAgainHook>);
    pub fn JS_SetStackHook(rt: *mut JSRuntime, hook: Option<StackHook>);
    pub fn JS_SetJobHook(rt: *mut JSRuntime, hook: Option<JobHook>, opaque: *mut c_void);
}
unsafe extern "C" {
    pub fn JS_NewPrivateSymbol(ctx: *mut JSContext, description: *const c_char) -> JSValue;
    pub fn JS_PreviewEntries(ctx: *mut JSContext, object: JSValue, has_keys: *mut bool) -> JSValue;
}

pub type SettledAgainHook =
    unsafe extern "C" fn(ctx: *mut JSContext, promise: JSValue, value: JSValue, is_reject: bool);
pub type StackHook = unsafe extern "C" fn(ctx: *mut JSContext, error: JSValue) -> JSValue;

pub type ImportHook = unsafe extern "C" fn(
    ctx: *mut JSContext,
    referrer: JSValue,
    specifier: JSValue,
    attributes: JSValue,
) -> JSValue;

pub type ImportMetaHook =
    unsafe extern "C" fn(ctx: *mut JSContext, module: *mut JSModuleDef, meta: JSValue) -> c_int;

#[cfg(feature = "whole")]
pub const MODULE_UNINSTANTIATED: c_int = 0;

#[cfg(not(feature = "whole"))]
pub type UnicodeHook = unsafe extern "C" fn(ctx: *mut JSContext, opaque: *mut c_void);

#[cfg(not(feature = "whole"))]
unsafe extern "C" {
    pub fn JS_SetUnicodeHook(rt: *mut JSRuntime, hook: Option<UnicodeHook>, opaque: *mut c_void);
}

unsafe extern "C" {
    pub fn JS_SetImportHook(rt: *mut JSRuntime, hook: Option<ImportHook>);
    pub fn JS_SetImportMetaHook(rt: *mut JSRuntime, hook: Option<ImportMetaHook>);
    pub fn JS_SetReferrer(ctx: *mut JSContext, symbol: JSValue);
    pub fn JS_GetModuleState(module: *mut JSModuleDef) -> c_int;
    pub fn JS_GetModuleError(ctx: *mut JSContext, module: *mut JSModuleDef) -> JSValue;
    pub fn JS_CountModuleRequests(module: *mut JSModuleDef) -> c_int;
    pub fn JS_GetModuleRequest(
        ctx: *mut JSContext,
        module: *mut JSModuleDef,
        index: c_int,
        attributes: *mut JSValue,
    ) -> JSValue;
    pub fn JS_SetModuleRequest(module: *mut JSModuleDef, index: c_int, target: *mut JSModuleDef);
    pub fn JS_LinkModule(ctx: *mut JSContext, module: *mut JSModuleDef) -> c_int;
    pub fn JS_EvaluateModule(ctx: *mut JSContext, module: *mut JSModuleDef) -> JSValue;
    pub fn JS_ClearKeptObjects(rt: *mut JSRuntime);
    pub fn JS_ModuleHasTopLevelAwait(module: *mut JSModuleDef) -> bool;
}

#[cfg(feature = "whole")]
pub type CallHook = unsafe extern "C" fn(
    ctx: *mut JSContext,
    number: c_int,
    function: JSValue,
    this: JSValue,
    argument_count: c_int,
    arguments: *const JSValue,
    opaque: *mut c_void,
);

#[cfg(feature = "whole")]
unsafe extern "C" {
    pub fn JS_SetCallHook(rt: *mut JSRuntime, hook: Option<CallHook>, opaque: *mut c_void);
    pub fn JS_WatchFunctions(
        ctx: *mut JSContext,
        function: JSValue,
        name: *const c_char,
        number: c_int,
    );
    pub fn JS_PeekProperty(ctx: *mut JSContext, object: JSValue, name: *const c_char) -> JSValue;
    pub fn JS_PeekSymbol(
        ctx: *mut JSContext,
        object: JSValue,
        description: *const c_char,
    ) -> JSValue;
    pub fn JS_PeekElement(ctx: *mut JSContext, array: JSValue, index: u32) -> JSValue;
    pub fn JS_PeekCaptured(ctx: *mut JSContext, function: JSValue, name: *const c_char) -> JSValue;
}

/// The kinds of a place that is counted: reached, or what is within it.
#[cfg(feature = "whole")]
pub const COVER_KINDS: u32 = 2;

#[cfg(feature = "whole")]
#[repr(C)]
pub struct CoverPoint {
    pub offset: u32,
    pub kind: u32,
    pub counter: u32,
}

#[cfg(feature = "whole")]
unsafe extern "C" {
    pub fn JS_SetCoverPoints(
        ctx: *mut JSContext,
        points: *const CoverPoint,
        count: c_int,
        base: c_int,
    );
    pub fn JS_SetCoverCounters(rt: *mut JSRuntime, counters: *mut u32, count: u32);
    pub fn JS_SetGlobalObject(ctx: *mut JSContext, global: JSValue) -> JSValue;
    pub fn JS_PutProperty(
        ctx: *mut JSContext,
        object: JSValue,
        property: rquickjs::qjs::JSAtom,
        value: JSValue,
        flags: c_int,
    ) -> c_int;
    pub fn JS_SetPrivate(
        ctx: *mut JSContext,
        object: JSValue,
        symbol: JSValue,
        value: JSValue,
    ) -> c_int;
    pub fn JS_AllowEval(ctx: *mut JSContext, allowed: bool);
}
