// Errors with a code, as Node makes them: lib/internal/errors.js. Only the codes that the simulated modules throw.
const codes = {};
let inspectLazily;
const show = (value, options) => (inspectLazily ??= require('internal/util/inspect')).inspect(value, options);

function define(code, Base, text) {
  class NodeError extends Base {
    constructor(...args) {
      super(typeof text === 'function' ? text(...args) : text);
      Object.defineProperties(this, {
        message: { value: this.message, enumerable: false, writable: true, configurable: true },
        toString: {
          value() { return `${this.name} [${code}]: ${this.message}`; },
          enumerable: false, writable: true, configurable: true,
        },
      });
      // The stack's first line names the code, although `name` does not.
      const { name } = Base.prototype;
      const mark = `${name} [${code}]`;
      if (typeof this.stack === 'string' && this.stack.startsWith(name))
        Object.defineProperty(this, 'stack', { value: mark + this.stack.slice(name.length), enumerable: false, writable: true, configurable: true });
      this.code = code;
    }
  }
  Object.defineProperty(NodeError, 'name', { value: Base.name });
  Object.defineProperty(NodeError.prototype, 'constructor', { value: Base, writable: true, configurable: true });
  NodeError.HideStackFramesError = NodeError;
  codes[code] = NodeError;
}

const kinds = new Set(['string', 'function', 'number', 'object', 'Function', 'Object', 'boolean', 'bigint', 'symbol']);

function list(words, last) {
  if (words.length <= 2) return words.join(` ${last} `);
  return `${words.slice(0, -1).join(', ')}, ${last} ${words[words.length - 1]}`;
}

function received(value) {
  if (value == null) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    if (value.constructor?.name) return ` Received an instance of ${value.constructor.name}`;
    return ` Received ${show(value, { depth: -1 })}`;
  }
  let text = show(value, { colors: false });
  if (text.length > 28) text = `${text.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${text})`;
}

define('ERR_INVALID_ARG_TYPE', TypeError, (name, expected, actual) => {
  if (!Array.isArray(expected)) expected = [expected];
  let text = 'The ';
  if (name.endsWith(' argument')) text += `${name} `;
  else text += `"${name}" ${name.includes('.') ? 'property' : 'argument'} `;
  text += 'must be ';
  const types = [], instances = [], other = [];
  for (const value of expected) {
    if (kinds.has(value)) types.push(value.toLowerCase());
    else if (/^([A-Z][a-z0-9]*)+$/.test(value)) instances.push(value);
    else other.push(value);
  }
  if (instances.length > 0) {
    const at = types.indexOf('object');
    if (at !== -1) { types.splice(at, 1); instances.push('Object'); }
  }
  if (types.length > 0) {
    text += `${types.length > 1 ? 'one of type' : 'of type'} ${list(types, 'or')}`;
    if (instances.length > 0 || other.length > 0) text += ' or ';
  }
  if (instances.length > 0) {
    text += `an instance of ${list(instances, 'or')}`;
    if (other.length > 0) text += ' or ';
  }
  if (other.length > 0) {
    if (other.length > 1) text += `one of ${list(other, 'or')}`;
    else text += `${other[0].toLowerCase() !== other[0] ? 'an ' : ''}${other[0]}`;
  }
  return `${text}.${received(actual)}`;
});
define('ERR_INVALID_ARG_VALUE', TypeError, (name, value, reason = 'is invalid') => {
  let text = show(value);
  if (text.length > 128) text = `${text.slice(0, 128)}...`;
  return `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${text}`;
});
define('ERR_OUT_OF_RANGE', RangeError, (name, range, value) =>
  `The value of "${name}" is out of range. It must be ${range}. Received ${show(value)}`);
define('ERR_MISSING_ARGS', TypeError, (...names) =>
  `The ${list(names.map((name) => `"${name}"`), 'and')} argument${names.length > 1 ? 's' : ''} must be specified`);
define('ERR_UNHANDLED_ERROR', Error, (error) =>
  error === undefined ? 'Unhandled error.' : `Unhandled error. (${error})`);
define('ERR_UNKNOWN_BUILTIN_MODULE', Error, (id) => `No such built-in module: ${id}`);
define('ERR_REQUIRE_ESM', Error, (file, from) =>
  `require() of ES Module ${file} from ${from} not supported.\nInstead change the require of ${file} to a dynamic import() which is available in all CommonJS modules.`);
define('ERR_NOT_SIMULATED', Error, (what) => `Terrarium does not simulate ${what} yet`);
define('ERR_FALSY_VALUE_REJECTION', Error, () => 'Promise was rejected with falsy value');
define('ERR_AMBIGUOUS_ARGUMENT', TypeError, (name, text) => `The "${name}" argument is ambiguous. ${text}`);
define('ERR_INVALID_RETURN_VALUE', TypeError, (expected, name, value) =>
  `Expected ${expected} to be returned from the "${name}" function but got ${received(value).slice(10)}.`);
define('ERR_INTERNAL_ASSERTION', Error, (text) => `${text ?? ''} This is a fault of Terrarium.`);
define('ERR_CONSOLE_WRITABLE_STREAM', TypeError, (name) => `Console expects a writable stream instance for ${name}`);

class AbortError extends Error {
  constructor(message = 'The operation was aborted', options = undefined) {
    super(message, options);
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

module.exports = {
  codes,
  AbortError,
  hideStackFrames: (fn) => { fn.withoutStackTrace = fn; return fn; },
  isStackOverflowError: (error) => error instanceof RangeError && error.message === 'Maximum call stack size exceeded',
  kEnhanceStackBeforeInspector: Symbol('kEnhanceStackBeforeInspector'),
  kIsNodeError: Symbol('kIsNodeError'),
  genericNodeError: (message, properties) => Object.assign(new Error(message), properties),
  isErrorStackTraceLimitWritable: () => true,
};
