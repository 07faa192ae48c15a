// `util.types`: what an object is, by the engine's own word, which no program can disguise.
const { classOf } = binding;
const is = (...names) => (value) => names.includes(classOf(value));
const kinds = ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'];
const tag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const functionText = Function.prototype.toString;
const types = {
  isExternal: () => false,
  isDate: is('Date'), isArgumentsObject: is('Arguments', 'MappedArguments'),
  isBigIntObject: is('BigInt'), isBooleanObject: is('Boolean'), isNumberObject: is('Number'),
  isStringObject: is('String'), isSymbolObject: is('Symbol'),
  isBoxedPrimitive: is('BigInt', 'Boolean', 'Number', 'String', 'Symbol'),
  isNativeError: is('Error'), isRegExp: is('RegExp'),
  isAsyncFunction: (value) => typeof value === 'function' && /^async\b/.test(functionText.call(value)),
  isGeneratorFunction: (value) => typeof value === 'function' && ['GeneratorFunction', 'AsyncGeneratorFunction'].includes(classOf(value)),
  isGeneratorObject: is('Generator'), isPromise: is('Promise'), isMap: is('Map'), isSet: is('Set'),
  isMapIterator: is('Map Iterator'), isSetIterator: is('Set Iterator'), isWeakMap: is('WeakMap'), isWeakSet: is('WeakSet'),
  isArrayBuffer: is('ArrayBuffer'), isDataView: is('DataView'), isSharedArrayBuffer: is('SharedArrayBuffer'),
  isProxy: (value) => binding.proxyDetails(value) !== undefined,
  isModuleNamespaceObject: is('Module Namespace', 'Module'),
  isAnyArrayBuffer: is('ArrayBuffer', 'SharedArrayBuffer'),
  isCryptoKey: () => false, isKeyObject: () => false,
  isTypedArray: (value) => typeof value === 'object' && value !== null && tag.call(value) !== undefined,
  isArrayBufferView: ArrayBuffer.isView,
};
for (const kind of kinds) types[`is${kind}`] = (value) => typeof value === 'object' && value !== null && tag.call(value) === kind;
module.exports = types;
