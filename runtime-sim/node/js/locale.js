'use strict';
// What has to do with languages comes from a part of the library of its own, when a program first asks for it.
const locale = () => require('internal/terrarium/intl');
const own = (method) => Function.prototype.call.bind(method);
const define = (object, methods) => {
  for (const name of Object.keys(methods)) Object.defineProperty(object, name, { value: methods[name], writable: true, configurable: true });
};
const number = own(Number.prototype.valueOf), integer = own(BigInt.prototype.valueOf), time = own(Date.prototype.valueOf);
const check = (is, method, kind) => { if (!is) throw new TypeError(`${method} requires that 'this' be a ${kind}`); };
define(Number.prototype, {
  toLocaleString(...args) {
    check(typeof this === 'number' || this instanceof Number, 'Number.prototype.toLocaleString', 'Number');
    return locale().number(number(this), ...args);
  },
});
define(BigInt.prototype, {
  toLocaleString(...args) {
    check(typeof this === 'bigint' || this instanceof BigInt, 'BigInt.prototype.toLocaleString', 'BigInt');
    return locale().number(integer(this), ...args);
  },
});
define(Date.prototype, {
  toLocaleString(...args) { return locale().date(time(this), ...args); },
  toLocaleDateString(...args) { return locale().day(time(this), ...args); },
  toLocaleTimeString(...args) { return locale().time(time(this), ...args); },
});
define(String.prototype, {
  localeCompare(that, ...args) {
    if (this === undefined || this === null) throw new TypeError('String.prototype.localeCompare called on null or undefined');
    return locale().compare(String(this), String(that), ...args);
  },
});
for (const prototype of [Array.prototype, Object.getPrototypeOf(Uint8Array.prototype)]) {
  const plain = own(prototype.toLocaleString);
  define(prototype, {
    toLocaleString(...args) {
      if (args.length === 0) return plain(this);
      return own(Array.prototype.map)(this, (item) => item === undefined || item === null ? '' : item.toLocaleString(...args)).join(',');
    },
  });
}
const put = (value) => Object.defineProperty(globalThis, 'Intl', { value, writable: true, configurable: true, enumerable: false });
Object.defineProperty(globalThis, 'Intl', { configurable: true, enumerable: false, get() { put(locale().Intl); return Intl; }, set: put });
