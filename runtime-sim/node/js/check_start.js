// The realm of a lesson's checks: Node's own files that `check.js` needs, and nothing of a process.
const cache = { __proto__: null };
const isIndex = /^(?:0|[1-9][0-9]*)$/;
cache['internal/assert'] = { exports: () => {} };
cache['internal/bootstrap/realm'] = { exports: { BuiltinModule: { exists: () => false } } };
cache['internal/url'] = { exports: {} };
const checkBinding = () => ({
  hasIntl: false,
  constants: { kPending: 0, kFulfilled: 1, kRejected: 2, ALL_PROPERTIES: 0, ONLY_ENUMERABLE: 2 },
  getOwnNonIndexProperties: (object) => Object.keys(object).filter((key) => !isIndex.test(key)),
  getPromiseDetails: binding.promiseDetails,
  getProxyDetails: () => undefined,
  previewEntries: () => [],
  getConstructorName: () => 'Object',
  getExternalValue: () => 0n,
});
let primordialsObject;
function requireBuiltin(id) {
  if (cache[id] !== undefined) return cache[id].exports;
  const module = cache[id] = { exports: {} };
  if (id !== 'internal/primordials') primordialsObject ??= requireBuiltin('internal/primordials');
  binding.builtin(id).call(undefined, module.exports, requireBuiltin, module, binding, primordialsObject, checkBinding);
  return module.exports;
}
Object.assign(exports, requireBuiltin('internal/check'));
