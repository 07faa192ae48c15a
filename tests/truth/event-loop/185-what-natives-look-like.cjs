const fs = require('node:fs');
const assert = require('node:assert');
const natives = [Math.max, Map, Object.getOwnPropertyDescriptor(Map.prototype, 'size').get, function named() {}.bind(), new Proxy(function target() {}, {}), Symbol.prototype[Symbol.toPrimitive], Promise.prototype.then];
for (const native of natives) console.log(String(native));
for (const pair of [[[], []], [[1], [1]], [['a', { b: [2] }], ['a', { b: [2] }]], [new Set([[1]]), new Set([[1]])]]) console.log(assert.deepEqual(...pair));
for (const path of ['/' + 'x'.repeat(256), '/x'.repeat(3000)]) {
  try { fs.statSync(path); } catch (error) { console.log(error.code, error.errno, error.message.slice(0, 40)); }
}
const { options, size } = { options: process.allowedNodeEnvironmentFlags, size: process.allowedNodeEnvironmentFlags.size };
console.log(size > 200, options.has('--no-warnings'), options.has('--max_old_space_size=5'), options.has('--nothing'));
