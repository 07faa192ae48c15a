// The first code of a process: sets up the globals and hands the loop the functions that it calls.
const cache = { __proto__: null };
let primordialsObject;

// `require` among Node's own files.
function requireBuiltin(id) {
  const known = cache[id];
  if (known !== undefined) return known.exports;
  const fn = binding.builtin(id);
  if (fn === undefined) {
    const { codes: { ERR_NOT_SIMULATED } } = requireBuiltin('internal/errors');
    throw new ERR_NOT_SIMULATED(`node:${id}`);
  }
  const module = { exports: {}, id };
  cache[id] = module;
  if (id !== 'internal/primordials') primordialsObject ??= requireBuiltin('internal/primordials');
  try {
    fn.call(undefined, module.exports, requireBuiltin, module, binding, primordialsObject, internalBinding);
  } catch (error) {
    delete cache[id];
    throw error;
  }
  return module.exports;
}

// What Node's unchanged files ask of the host.
function internalBinding(name) {
  if (name === 'config') return { hasIntl: false };
  if (name !== 'util') throw new Error(`no internal binding ${name}`);
  const isIndex = /^(?:0|[1-9][0-9]*)$/;
  return {
    constants: { kPending: 0, kFulfilled: 1, kRejected: 2, ALL_PROPERTIES: 0, ONLY_ENUMERABLE: 2 },
    getOwnNonIndexProperties: (object, filter) => Reflect.ownKeys(object).filter((key) => {
      if (typeof key === 'string' && isIndex.test(key)) return false;
      return filter === 0 || Object.getOwnPropertyDescriptor(object, key)?.enumerable;
    }),
    getPromiseDetails: binding.promiseDetails,
    getProxyDetails(value, both = true) {
      const details = binding.proxyDetails(value);
      return details === undefined || both ? details : details[0];
    },
    previewEntries: (object, isIterator) => {
      const entries = binding.previewEntries(object);
      return isIterator ? [entries, false] : entries;
    },
    getConstructorName: (object) => binding.classOf(object) ?? 'Object',
    getExternalValue: () => 0n,
  };
}
cache['internal/assert'] = { exports: (ok, text) => { if (!ok) throw new Error(text ?? 'an internal assertion failed'); } };
cache['internal/bootstrap/realm'] = { exports: { BuiltinModule: { exists: (id) => id.startsWith('internal/') } } };
// All that `inspect` wants of a buffer: its bytes in hexadecimal. A program's own `require('buffer')` does not get this.
cache.buffer = { exports: { Buffer: { prototype: {
  hexSlice(start, end) {
    let text = '';
    for (let i = start; i < Math.min(end, this.length); i++) text += this[i].toString(16).padStart(2, '0');
    return text;
  },
} } } };
cache['internal/url'] = { exports: { pathToFileURL: (path) => ({ href: `file://${path}` }) } };

function define(name, value, enumerable = false) {
  Object.defineProperty(globalThis, name, { value, enumerable, writable: true, configurable: true });
}
function defineLazy(name, make) {
  Object.defineProperty(globalThis, name, {
    get() { const value = make(); define(name, value); return value; },
    set(value) { define(name, value); },
    enumerable: false, configurable: true,
  });
}

define('global', globalThis);
Object.defineProperty(globalThis, Symbol.toStringTag, { value: 'global', configurable: true });
requireBuiltin('internal/stack');
const timers = requireBuiltin('internal/timers');
const processObject = requireBuiltin('process');
define('process', processObject);
define('console', requireBuiltin('internal/console'));
for (const name of ['clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout'])
  define(name, timers[name], true);

const engineQueueMicrotask = globalThis.queueMicrotask;
const { validateFunction } = requireBuiltin('internal/validators');
define('queueMicrotask', function queueMicrotask(callback) {
  validateFunction(callback, 'callback');
  engineQueueMicrotask(callback);
}, true);
defineLazy('structuredClone', () => requireBuiltin('internal/util').structuredClone);
defineLazy('performance', () => requireBuiltin('perf_hooks').performance);
delete globalThis.print;
delete globalThis.scriptArgs;

// Node's globals that are not simulated yet say so when they are used.
for (const name of ['fetch', 'Buffer', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'AbortController',
  'AbortSignal', 'EventTarget', 'Event', 'MessageChannel', 'MessagePort', 'BroadcastChannel', 'Blob', 'WebAssembly',
  'Intl', 'ReadableStream', 'WritableStream', 'TransformStream', 'Headers', 'Request', 'Response', 'FormData', 'crypto']) {
  if (name in globalThis) continue;
  Object.defineProperty(globalThis, name, {
    get() {
      const { codes: { ERR_NOT_SIMULATED } } = requireBuiltin('internal/errors');
      throw new ERR_NOT_SIMULATED(`the global ${name}`);
    },
    set(value) { define(name, value); },
    enumerable: false, configurable: true,
  });
}

const rejections = requireBuiltin('internal/rejections');
const fatal = requireBuiltin('internal/fatal');
const commonjs = requireBuiltin('internal/commonjs');
Object.assign(exports, timers, {
  runMain: commonjs.runMain,
  importNames: commonjs.importNames,
  importValues: commonjs.importValues,
  processRejections: rejections.processRejections,
  mainRejected: rejections.mainRejected,
  uncaught: fatal.uncaught,
  describeError: fatal.describeError,
  beforeExit: processObject.constructor.beforeExit,
  atExit: processObject.constructor.atExit,
});
