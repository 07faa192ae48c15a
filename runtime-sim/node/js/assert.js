// The assertions that lessons use, with `AssertionError`. The diff in a message is simpler than Node's.
const { inspect } = require('internal/util/inspect');
const { isDeepStrictEqual } = { isDeepStrictEqual: (a, b) => isDeepEqual(a, b, true) };

class AssertionError extends Error {
  constructor({ message, actual, expected, operator, generated }) {
    super(message);
    this.generatedMessage = generated;
    this.code = 'ERR_ASSERTION';
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
    Object.defineProperty(this, 'name', { value: 'AssertionError', enumerable: false, writable: true, configurable: true });
    if (typeof this.stack === 'string') {
      const stack = this.stack.replace(/^Error/, 'AssertionError [ERR_ASSERTION]');
      Object.defineProperty(this, 'stack', { value: stack, enumerable: false, writable: true, configurable: true });
    }
  }
}
function isDeepEqual(a, b, strict, seen = []) {
  if (strict ? Object.is(a, b) : a == b || (a !== a && b !== b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (seen.some(([x, y]) => x === a && y === b)) return true;
  seen = [...seen, [a, b]];
  const deep = (x, y) => isDeepEqual(x, y, strict, seen);
  if (a instanceof Date && b instanceof Date) { if (a.getTime() !== b.getTime()) return false; }
  else if (a instanceof RegExp && b instanceof RegExp) { if (String(a) !== String(b)) return false; }
  else if (a instanceof Error && b instanceof Error) { if (a.message !== b.message || a.name !== b.name) return false; }
  else if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a) if (!b.has(key) || !deep(value, b.get(key))) return false;
  } else if (a instanceof Set && b instanceof Set) {
    if (a.size !== b.size) return false;
    for (const value of a) if (!b.has(value) && ![...b].some((other) => deep(value, other))) return false;
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deep(a[key], b[key]));
}
function fail(actual, expected, message, operator, text) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ message: message ?? text, actual, expected, operator, generated: message === undefined });
}
const two = (actual, expected) => `\n\n${inspect(actual)} !== ${inspect(expected)}\n`;
function assert(value, message) { assert.ok(value, message); }
assert.ok = (value, message) => { if (!value) fail(value, true, message, '==', 'The expression evaluated to a falsy value'); };
assert.equal = (a, b, message) => { if (!(a == b || (a !== a && b !== b))) fail(a, b, message, '==', `${inspect(a)} == ${inspect(b)}`); };
assert.notEqual = (a, b, message) => { if (a == b) fail(a, b, message, '!=', `${inspect(a)} != ${inspect(b)}`); };
assert.strictEqual = (a, b, message) => { if (!Object.is(a, b)) fail(a, b, message, 'strictEqual', `Expected values to be strictly equal:${two(a, b)}`); };
assert.notStrictEqual = (a, b, message) => { if (Object.is(a, b)) fail(a, b, message, 'notStrictEqual', `Expected "actual" to be strictly unequal to: ${inspect(b)}`); };
assert.deepEqual = (a, b, message) => { if (!isDeepEqual(a, b, false)) fail(a, b, message, 'deepEqual', `Expected values to be loosely deep-equal:\n\n${inspect(a)}\n\nshould loosely deep-equal\n\n${inspect(b)}`); };
assert.deepStrictEqual = (a, b, message) => { if (!isDeepStrictEqual(a, b)) fail(a, b, message, 'deepStrictEqual', `Expected values to be strictly deep-equal:${two(a, b)}`); };
assert.notDeepStrictEqual = (a, b, message) => { if (isDeepStrictEqual(a, b)) fail(a, b, message, 'notDeepStrictEqual', `Expected "actual" not to be strictly deep-equal to: ${inspect(b)}`); };
assert.match = (text, pattern, message) => { if (!pattern.test(text)) fail(text, pattern, message, 'match', `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`); };
assert.fail = (message = 'Failed') => fail(undefined, undefined, message, 'fail');
function matches(error, expected, message) {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) { if (!expected.test(String(error))) fail(error, expected, message, 'throws', `The input did not match the regular expression ${inspect(expected)}.`); return; }
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Object.prototype.isPrototypeOf.call(Error, expected) || expected === Error) throw error;
    if (expected.call({}, error) === true) return;
    fail(error, expected, message, 'throws', 'The validation function is expected to return "true".');
  }
  for (const key of Object.keys(expected)) {
    const ok = expected[key] instanceof RegExp && typeof error[key] === 'string' ? expected[key].test(error[key]) : isDeepStrictEqual(error[key], expected[key]);
    if (!ok) fail(error, expected, message, 'throws', `Expected ${key} ${inspect(expected[key])}, got ${inspect(error[key])}`);
  }
}
assert.throws = (fn, expected, message) => {
  let error;
  try { fn(); } catch (caught) { error = { caught }; }
  if (!error) fail(undefined, expected, typeof expected === 'string' ? expected : message, 'throws', 'Missing expected exception.');
  matches(error.caught, expected, message);
};
assert.doesNotThrow = (fn) => { fn(); };
assert.rejects = async (promise, expected, message) => {
  let error;
  try { await (typeof promise === 'function' ? promise() : promise); } catch (caught) { error = { caught }; }
  if (!error) fail(undefined, expected, message, 'rejects', 'Missing expected rejection.');
  matches(error.caught, expected, message);
};
assert.ifError = (value) => { if (value !== null && value !== undefined) throw value; };
assert.AssertionError = AssertionError;
assert.isDeepEqual = isDeepEqual;
Object.defineProperty(assert, 'isDeepEqual', { enumerable: false });
assert.strict = Object.assign((value, message) => assert.ok(value, message), assert,
  { equal: assert.strictEqual, deepEqual: assert.deepStrictEqual, notEqual: assert.notStrictEqual, notDeepEqual: assert.notDeepStrictEqual });
assert.strict.strict = assert.strict;
module.exports = assert;
