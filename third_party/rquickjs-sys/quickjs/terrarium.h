/*
 * What Terrarium adds to QuickJS: sight of the job queue and the stack, an exact measure of work, and a clock, a
 * seed and a time zone that the embedder decides. Everything here is implemented at the end of quickjs.c; the few
 * places inside that call it are marked with "terrarium:". See ../README.md.
 */
#ifndef QUICKJS_TERRARIUM_H
#define QUICKJS_TERRARIUM_H

#include "quickjs.h"

/* ---- the clock, chance and work ---- */

/* Microseconds since the Unix epoch, for Date. Without a clock Date stands at 0. */
typedef int64_t JSClock(void *opaque);
JS_EXTERN void JS_SetClock(JSRuntime *rt, JSClock *clock, void *opaque);

/* The state of Math.random (xorshift64*); 0 counts as 1. */
JS_EXTERN void JS_SetRandomSeed(JSContext *ctx, uint64_t seed);

/* Work done in ctx and in the others of its runtime: calls, ends of a loop's round, and 5,000 for every 10,000 steps of a regular expression. */
JS_EXTERN uint64_t JS_GetTicks(JSContext *ctx);
/* Of the runtime's memory, what lies in ArrayBuffers. */
JS_EXTERN size_t JS_GetArrayBufferBytes(JSRuntime *rt);

/* What is left before RangeError: Maximum call stack size exceeded; 0: no limit. `depth`: what nests in the machine's
   stack, namely native functions and calls by them, each counting double, and the parser. `slots`: what a stack like V8's
   holds, in words of 8 bytes, which is all that JavaScript calling JavaScript takes. */
JS_EXTERN void JS_SetMaxCallDepth(JSRuntime *rt, uint32_t depth, uint32_t slots);
/* What runs in `inner` from now on nests in what runs in `rt`: they have one stack, and one account of its depth. */
JS_EXTERN void JS_NestIn(JSRuntime *inner, JSRuntime *rt);

/* ---- functions and frames ---- */

/* The magic of a C function that no stack shows, like those that V8's API makes. */
#define JS_MAGIC_EMBEDDER 0x7e11

typedef enum JSCallableKind {
    JS_CALLABLE_NATIVE = 0,
    JS_CALLABLE_FUNCTION = 1,
    /* the continuation of an async function or generator behind its await */
    JS_CALLABLE_AWAIT = 2,
    /* not a function at all */
    JS_CALLABLE_NONE = 3,
} JSCallableKind;

typedef struct JSCallableInfo {
    JSCallableKind kind;
    const char *name;     /* NULL when anonymous; JS_FreeCallableInfo frees it */
    const char *filename; /* NULL when native; freed likewise */
    int definition_line, definition_column; /* from 1; 0 when native */
    int line, column; /* where it stands: the call in progress, or the await; the definition otherwise */
    const char *source; /* borrowed, not terminated, NULL when stripped: valid while the function lives */
    int source_len;
} JSCallableInfo;

/* Sees through bound functions. */
JS_EXTERN void JS_DescribeCallable(JSContext *ctx, JSValueConst func, JSCallableInfo *info);
/* Fills at most `max` frames, innermost first, and returns how many. */
JS_EXTERN int JS_CaptureStack(JSContext *ctx, JSCallableInfo *frames, int max);
JS_EXTERN void JS_FreeCallableInfo(JSContext *ctx, JSCallableInfo *info);

/* The same in numbers, for an embedder that knows functions by those: it is asked through the hook, which may run no
   code, and not again while the runtime remembers the answer. */
typedef struct JSPlace {
    uint32_t number;
    int line, column; /* as in JSCallableInfo */
} JSPlace;
typedef uint32_t JSNumberHook(const JSCallableInfo *info, void *opaque);
/* 0, and the hook is not asked, when nobody's code would run. */
JS_EXTERN uint32_t JS_NumberCallable(JSContext *ctx, JSValueConst func, JSNumberHook *hook, void *opaque);
/* Of the `max` innermost frames those that are no native function's. */
JS_EXTERN int JS_CapturePlaces(JSContext *ctx, JSPlace *places, int max, JSNumberHook *hook, void *opaque);

/* Told when a watched function begins, before any of its code. The hook may run none. */
typedef void JSCallHook(JSContext *ctx, int number, JSValueConst func, JSValueConst this_obj, int argc,
                        JSValueConst *argv, void *opaque);
JS_EXTERN void JS_SetCallHook(JSRuntime *rt, JSCallHook *hook, void *opaque);
/* Watches every function of this name within func, which was just compiled; the hook gets the number, from 1 to 7. */
JS_EXTERN void JS_WatchFunctions(JSContext *ctx, JSValueConst func, const char *name, int number);
/* An own property that is plain data; undefined for any other. Runs no code, and asks no proxy. */
JS_EXTERN JSValue JS_PeekProperty(JSContext *ctx, JSValueConst object, const char *name);
/* The same of a symbol that is described so, of an array's element, and of a variable that a function has captured. */
JS_EXTERN JSValue JS_PeekSymbol(JSContext *ctx, JSValueConst object, const char *description);
JS_EXTERN JSValue JS_PeekElement(JSContext *ctx, JSValueConst array, uint32_t index);
JS_EXTERN JSValue JS_PeekCaptured(JSContext *ctx, JSValueConst func, const char *name);

/* Where the last `throw` stood: the file (free it with JS_FreeCString; NULL when there was none, or when it threw
   another Error than this, or an Error and this is none), the line and column of the keyword. */
JS_EXTERN const char *JS_GetThrowPlace(JSContext *ctx, JSValueConst value, int *line, int *column);

/* ---- errors ---- */

/* The next program compiled is in a wrapper of the embedder's: a function whose body it is. prefix_units: UTF-16 units
   of the first line that columns leave out. suffix_size: bytes behind the program, where errors say end of input. */
JS_EXTERN void JS_SetSourceWrapper(JSContext *ctx, int prefix_units, int suffix_size);

typedef struct JSErrorSpan {
    const char *filename; /* JS_FreeCString frees it */
    int line, column;     /* from 1; columns in UTF-16 units */
    int width;            /* in UTF-16 units, at least 1 */
} JSErrorSpan;

/* Who words `stack` when it is first read: a function that gets the error and its call sites, or undefined for V8's own
   words. Asked before Error.prepareStackTrace. */
typedef JSValue JSStackHook(JSContext *ctx, JSValueConst error);
JS_EXTERN void JS_SetStackHook(JSRuntime *rt, JSStackHook *hook);

/* The offending text of a SyntaxError that compiling threw; false for any other value. */
JS_EXTERN bool JS_GetSyntaxErrorSpan(JSContext *ctx, JSValueConst error, JSErrorSpan *span);

/* ---- without CONFIG_UNICODE ---- */

/* Told when a program asks for what Unicode's tables are needed for: the normal form of what is not ASCII, a property in a
   regular expression. It may throw what the program then gets. */
typedef void JSUnicodeHook(JSContext *ctx, void *opaque);
JS_EXTERN void JS_SetUnicodeHook(JSRuntime *rt, JSUnicodeHook *hook, void *opaque);

/* ---- coverage, with CONFIG_COVERAGE ---- */

typedef enum JSCoverKind {
    JS_COVER_REACHED = 0, /* a statement, an expression or a function's body that begins here */
    JS_COVER_WITHIN = 1,  /* of an `if` the else that is not there, of a `case` or `default` what follows it */
} JSCoverKind;

typedef struct JSCoverPoint {
    uint32_t offset; /* in bytes, of the first token */
    uint32_t kind;
    uint32_t counter;
} JSCoverPoint;

/* The next program compiled counts how often it comes by these points, which are in order of offset and kind and have to
   live until then. Their offsets count from `base`. */
JS_EXTERN void JS_SetCoverPoints(JSContext *ctx, const JSCoverPoint *points, int count, int base);
JS_EXTERN void JS_SetCoverCounters(JSRuntime *rt, uint32_t *counters, uint32_t count);

/* ---- jobs (microtasks) ---- */

typedef enum JSJobEvent {
    JS_JOB_QUEUED = 0,
    JS_JOB_STARTS = 1,
    JS_JOB_RETURNED = 2,
    JS_JOB_THREW = 3,
} JSJobEvent;

typedef enum JSJobKind {
    JS_JOB_REACTION = 0, /* then, catch, finally; callback undefined: the value only passes on */
    JS_JOB_AWAIT = 1,
    JS_JOB_EXPLICIT = 2, /* queueMicrotask */
    JS_JOB_THENABLE = 3,
    JS_JOB_ENGINE = 4,   /* dynamic import, finalization, JS_EnqueueJob from outside */
} JSJobKind;

/* `job` counts from 1 in each runtime, in the order of queueing, which is also the order of running. */
typedef void JSJobHook(JSContext *ctx, JSJobEvent event, uint64_t job, JSJobKind kind,
                       JSValueConst callback, void *opaque);
JS_EXTERN void JS_SetJobHook(JSRuntime *rt, JSJobHook *hook, void *opaque);

/* ---- what Node's own library asks its engine for ---- */

/* A symbol that no program sees among an object's keys. */
JS_EXTERN JSValue JS_NewPrivateSymbol(JSContext *ctx, const char *description);
/* On any object, frozen ones and proxies too, and behind no trap. */
JS_EXTERN int JS_SetPrivate(JSContext *ctx, JSValueConst obj, JSValueConst symbol, JSValue val);

/* The entries of a Map, a Set, or what an iterator of one has still to give, as one flat array; undefined for anything
   else. `has_keys` says whether keys and values alternate. */
JS_EXTERN JSValue JS_PreviewEntries(JSContext *ctx, JSValueConst object, bool *has_keys);

/* A promise's resolve or reject was called again, to no effect. */
typedef void JSSettledAgainHook(JSContext *ctx, JSValueConst promise, JSValueConst value, bool is_reject);
JS_EXTERN void JS_SetSettledAgainHook(JSRuntime *rt, JSSettledAgainHook *hook);

/* To be called when a job has ended: what its WeakRefs gave out may go. */
JS_EXTERN void JS_ClearKeptObjects(JSRuntime *rt);

/* With an import hook import() asks the embedder, and modules are linked by it: a module that is compiled only has its
   requests unresolved until each was set and JS_LinkModule was called on the module at the top. */
typedef JSValue JSImportHook(JSContext *ctx, JSValueConst referrer, JSValueConst specifier, JSValueConst attributes);
JS_EXTERN void JS_SetImportHook(JSRuntime *rt, JSImportHook *hook);
/* Fills a module's import.meta, when the module first asks for it; -1 with an exception. */
typedef int JSImportMetaHook(JSContext *ctx, JSModuleDef *m, JSValueConst meta);
JS_EXTERN void JS_SetImportMetaHook(JSRuntime *rt, JSImportMetaHook *hook);
/* The next program or module compiled is the referrer `symbol` of what it imports, in place of its file's name, which the
   symbol has for its description: others may be of the same name. */
JS_EXTERN void JS_SetReferrer(JSContext *ctx, JSValueConst symbol);
/* V8's names and numbers. */
typedef enum JSModuleState {
    JS_MODULE_UNINSTANTIATED = 0,
    JS_MODULE_INSTANTIATING = 1,
    JS_MODULE_INSTANTIATED = 2,
    JS_MODULE_EVALUATING = 3,
    JS_MODULE_EVALUATED = 4,
    JS_MODULE_ERRORED = 5,
} JSModuleState;
JS_EXTERN JSModuleState JS_GetModuleState(JSModuleDef *m);
/* What evaluating it threw; undefined unless it is errored. */
JS_EXTERN JSValue JS_GetModuleError(JSContext *ctx, JSModuleDef *m);
JS_EXTERN int JS_CountModuleRequests(JSModuleDef *m);
JS_EXTERN JSValue JS_GetModuleRequest(JSContext *ctx, JSModuleDef *m, int index, JSValue *attributes);
JS_EXTERN void JS_SetModuleRequest(JSModuleDef *m, int index, JSModuleDef *target);
JS_EXTERN int JS_LinkModule(JSContext *ctx, JSModuleDef *m);
JS_EXTERN JSValue JS_EvaluateModule(JSContext *ctx, JSModuleDef *m);
JS_EXTERN bool JS_ModuleHasTopLevelAwait(JSModuleDef *m);

/* ---- contexts of vm ---- */

/* `global`, which is taken over, stands for the global object from now on. The one before is given back; the caller keeps
   it alive as long as ctx, and declarations go on to define on it. */
JS_EXTERN JSValue JS_SetGlobalObject(JSContext *ctx, JSValue global);
/* JS_SetProperty whose flags say when a refusal throws: 0, JS_PROP_THROW, JS_PROP_THROW_STRICT. */
JS_EXTERN int JS_PutProperty(JSContext *ctx, JSValueConst obj, JSAtom prop, JSValue val, int flags);
/* Whether eval and Function compile. The embedder's own compiling needs it too. */
JS_EXTERN void JS_AllowEval(JSContext *ctx, bool allowed);

#endif
