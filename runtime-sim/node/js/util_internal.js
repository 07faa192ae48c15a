// Small helpers of Node's own code: lib/internal/util.js.
const { codes: { ERR_INVALID_ARG_TYPE } } = require('internal/errors');
const { validateFunction } = require('internal/validators');
const kCustomPromisify = Symbol.for('nodejs.util.promisify.custom');
const kCustomPromisifyArgs = Symbol('customPromisifyArgs');

function promisify(original) {
  validateFunction(original, 'original');
  if (original[kCustomPromisify]) {
    const fn = original[kCustomPromisify];
    validateFunction(fn, 'util.promisify.custom');
    return Object.defineProperty(fn, kCustomPromisify, { value: fn, enumerable: false, writable: false, configurable: true });
  }
  const names = original[kCustomPromisifyArgs];
  function fn(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, ...values) => {
        if (error) return reject(error);
        if (names !== undefined && values.length > 1) {
          const result = {};
          for (let i = 0; i < names.length; i++) result[names[i]] = values[i];
          resolve(result);
        } else resolve(values[0]);
      }]);
    });
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original));
  Object.defineProperty(fn, kCustomPromisify, { value: fn, enumerable: false, writable: false, configurable: true });
  return Object.defineProperties(fn, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = kCustomPromisify;

function deprecate(fn, text, code) {
  let warned = false;
  return function deprecated(...args) {
    if (!warned) {
      warned = true;
      process.emitWarning(text, 'DeprecationWarning', code);
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  };
}

// What `structuredClone` copies: plain data with its cycles. Transfer is not simulated.
function structuredClone(value) {
  const seen = new Map();
  const copy = (from) => {
    if (typeof from === 'function' || typeof from === 'symbol') {
      const error = new Error(`${typeof from === 'symbol' ? String(from) : Function.prototype.toString.call(from)} could not be cloned.`);
      error.name = 'DataCloneError';
      error.code = 25;
      throw error;
    }
    if (typeof from !== 'object' || from === null) return from;
    if (seen.has(from)) return seen.get(from);
    let to;
    if (Array.isArray(from)) to = new Array(from.length);
    else if (from instanceof Date) return new Date(from.getTime());
    else if (from instanceof RegExp) return new RegExp(from.source, from.flags);
    else if (from instanceof Map) {
      seen.set(from, to = new Map());
      for (const [key, entry] of from) to.set(copy(key), copy(entry));
      return to;
    } else if (from instanceof Set) {
      seen.set(from, to = new Set());
      for (const entry of from) to.add(copy(entry));
      return to;
    } else if (ArrayBuffer.isView(from) || from instanceof ArrayBuffer) return from.slice();
    else if (from instanceof Error) {
      to = Object.create(Object.getPrototypeOf(from));
      for (const name of ['message', 'stack', 'cause'])
        if (name in from) Object.defineProperty(to, name, { value: from[name], writable: true, configurable: true });
      return to;
    } else to = {};
    seen.set(from, to);
    for (const key of Object.keys(from)) to[key] = copy(from[key]);
    return to;
  };
  return copy(value);
}

module.exports = {
  customInspectSymbol: Symbol.for('nodejs.util.inspect.custom'),
  customPromisifyArgs: kCustomPromisifyArgs,
  isError: (value) => value instanceof Error || binding.classOf(value) === 'Error',
  join: (list, separator) => list.join(separator),
  removeColors: (text) => text.replace(/\u001b\[\d\d?m/g, ''),
  spliceOne: (list, index) => { list.splice(index, 1); },
  kEmptyObject: Object.freeze({ __proto__: null }),
  promisify, deprecate, structuredClone, ERR_INVALID_ARG_TYPE,
};
