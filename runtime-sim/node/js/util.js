// After lib/util.js.
const inspectModule = require('internal/util/inspect');
const { promisify, deprecate } = require('internal/util');
const { codes: { ERR_INVALID_ARG_TYPE, ERR_FALSY_VALUE_REJECTION } } = require('internal/errors');
const types = require('internal/util/types');

function inherits(ctor, superCtor) {
  if (typeof ctor !== 'function') throw new ERR_INVALID_ARG_TYPE('ctor', 'Function', ctor);
  if (typeof superCtor !== 'function') throw new ERR_INVALID_ARG_TYPE('superCtor', 'Function', superCtor);
  Object.defineProperty(ctor, 'super_', { value: superCtor, writable: true, configurable: true });
  Object.setPrototypeOf(ctor.prototype, superCtor.prototype);
}
function callbackify(original) {
  function callbackified(...args) {
    const callback = args.pop();
    Reflect.apply(original, this, args).then(
      (value) => process.nextTick(callback, null, value),
      (reason) => process.nextTick(callback, reason || new ERR_FALSY_VALUE_REJECTION()));
  }
  return Object.defineProperty(callbackified, 'name', { value: `${original.name}Callbackified` });
}
module.exports = {
  inspect: inspectModule.inspect, format: inspectModule.format, formatWithOptions: inspectModule.formatWithOptions,
  stripVTControlCharacters: inspectModule.stripVTControlCharacters,
  promisify, callbackify, deprecate, inherits, types,
  isArray: Array.isArray,
  isDeepStrictEqual: (a, b) => require('assert').isDeepEqual(a, b, true),
  debuglog: () => Object.assign(() => {}, { enabled: false }),
};
