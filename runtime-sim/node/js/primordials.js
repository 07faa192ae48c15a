// The names by which Node's own files reach the language's built-ins, made on first use: `ArrayPrototypePush(a, x)` is
// `a.push(x)` whatever a program has done to arrays since. Node makes all of them at the start; a program here seldom
// needs more than a hundred.
const { apply, get, getOwnPropertyDescriptor } = Reflect;
const { bind, call } = Function.prototype;
const uncurryThis = bind.bind(call);

const TypedArray = Object.getPrototypeOf(Uint8Array);
const roots = {
  __proto__: null,
  Array, ArrayBuffer, AsyncIteratorPrototype: undefined, BigInt, Boolean, DataView, Date, Error, Function, JSON, Map,
  Math, Number, Object, Promise, Proxy, Reflect, RegExp, Set, String, Symbol, TypedArray, Uint8Array, WeakMap, WeakRef,
  WeakSet, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
  FinalizationRegistry, BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int16Array, Int32Array, Int8Array,
  Uint16Array, Uint32Array, Uint8ClampedArray,
};
const rootNames = Object.keys(roots).sort((a, b) => b.length - a.length);

// Node guards its own loops against changed prototypes with subclasses; the plain classes serve here.
const special = {
  __proto__: null,
  uncurryThis,
  applyBind: bind.bind(apply),
  globalThis,
  SafeMap: Map, SafeSet: Set, SafeWeakMap: WeakMap, SafeWeakSet: WeakSet, SafeWeakRef: WeakRef,
  SafeFinalizationRegistry: FinalizationRegistry,
  SafeArrayIterator: class { constructor(array) { this.array = array; } [Symbol.iterator]() { return this.array[Symbol.iterator](); } },
  SafeStringIterator: class { constructor(string) { this.string = string; } [Symbol.iterator]() { return this.string[Symbol.iterator](); } },
  SafePromiseAll: (list, map) => Promise.all(map ? Array.from(list, map) : list),
  SafePromiseAllReturnVoid: (list, map) => Promise.all(map ? Array.from(list, map) : list).then(() => {}),
  ArrayPrototypePushApply: (array, items) => { for (let i = 0; i < items.length; i++) array.push(items[i]); return array.length; },
  AsyncIteratorPrototype: Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype),
  ArrayIteratorPrototype: Object.getPrototypeOf([][Symbol.iterator]()),
  PromisePrototypeThen: uncurryThis(Promise.prototype.then),
  hardenRegExp: (pattern) => pattern,
  MathMaxApply: (list) => Math.max(...list),
  encodeURIComponent, decodeURIComponent, encodeURI, decodeURI,
};

function member(object, name) {
  if (name === '') return object;
  if (name.startsWith('Symbol') && name.length > 6) {
    const symbol = Symbol[name[6].toLowerCase() + name.slice(7)];
    if (symbol !== undefined) return { key: symbol };
  }
  if (name in object) return { key: name };
  const lower = name[0].toLowerCase() + name.slice(1);
  if (lower in object) return { key: lower };
  return undefined;
}

function find(name) {
  for (const root of rootNames) {
    if (!name.startsWith(root)) continue;
    const owner = roots[root];
    const rest = name.slice(root.length);
    if (rest === '') return owner;
    if (rest === 'Prototype') return owner.prototype;
    if (rest.startsWith('Prototype')) {
      const wanted = rest.slice(9);
      const found = member(owner.prototype, wanted);
      if (found) {
        const descriptor = getOwnPropertyDescriptor(owner.prototype, found.key);
        const value = descriptor ? descriptor.value : get(owner.prototype, found.key);
        return typeof value === 'function' ? uncurryThis(value) : value;
      }
      if (wanted.startsWith('Get')) {
        const getter = member(owner.prototype, wanted.slice(3));
        const descriptor = getter && getOwnPropertyDescriptor(owner.prototype, getter.key);
        if (descriptor?.get) return uncurryThis(descriptor.get);
      }
      continue;
    }
    const found = member(owner, rest);
    if (found) {
      const value = owner[found.key];
      return typeof value === 'function' ? value.bind(owner) : value;
    }
  }
  return undefined;
}

module.exports = new Proxy(special, {
  get(target, name) {
    if (!(name in target)) target[name] = find(name);
    return target[name];
  },
});
