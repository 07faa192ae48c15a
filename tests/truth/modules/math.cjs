// Every function of Math to the last bit: by name a hash of what it gives for many numbers, and some that are known.
'use strict';

let state = 0x2545f491;
function chance() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
function anyDouble() {
  do {
    words[0] = chance() * 2 ** 32;
    words[1] = chance() * 2 ** 32;
  } while (Number.isNaN(number[0]));
  return number[0];
}
const special = [
  0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, 22, 0.3, 1 / 3, 0.78125, 100, 1000, -1e-310, 5e-324, 2 ** 53, -(2 ** 53) - 2, 709.78,
  710.4758600739439, -745.13, 1e300, Number.MAX_VALUE, Infinity, -Infinity, NaN, Math.PI, Math.PI / 2, Math.PI / 4, Math.E,
];
const numbers = [...special];
for (let i = 0; i < 150; i++) {
  numbers.push((chance() - 0.5) * 4, (chance() - 0.5) * 1e3, chance() * 1e-6, (chance() - 0.5) * 10 ** Math.floor(chance() * 30));
  numbers.push(Math.floor(chance() * 1e6) * (Math.PI / 2), Math.floor(chance() * 2000), anyDouble());
}

let hash;
function add(value) {
  number[0] = value;
  if (Number.isNaN(value)) words.set([0, 0x7ff80000]);
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) ^ (word >>> 15);
}
for (const name of Object.getOwnPropertyNames(Math).sort()) {
  if (typeof Math[name] !== 'function' || name === 'random') continue;
  hash = 0x811c9dc5;
  numbers.forEach((a, i) => {
    const b = numbers[(i * 7 + 3) % numbers.length];
    add(Math[name](a));
    if (Math[name].length > 1) {
      add(Math[name](a, b));
      add(Math[name](b / 10, a % 20, 3));
    }
  });
  console.log(name, (hash >>> 0).toString(16));
}
hash = 0x811c9dc5;
for (const a of special) for (const b of special) add(a ** b);
console.log('**', (hash >>> 0).toString(16));

console.log(Math.log10(1000), Math.log10(2), Math.log(10), Math.log2(8), Math.exp(1), Math.exp(-1), Math.sin(Math.PI), Math.cos(0.1));
console.log(Math.pow(2, 0.5), 1.1 ** 10, 0.1 ** 3, 99 ** 99, 10 ** -5, 1.05 ** 30, Math.hypot(3, 4), Math.hypot(1, 2, 3), Math.hypot());
console.log(Math.sinh(1), Math.cosh(1), Math.tanh(0.3), Math.asinh(5.4), Math.acosh(1.5), Math.atanh(0.5), Math.tan(1), Math.cbrt(2));
try {
  Math.hypot(1, Symbol('no number'), { valueOf: () => console.log('is not asked') });
} catch (error) {
  console.log(error.message);
}
