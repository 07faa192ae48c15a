'use strict';
// everything that Istanbul counts, some of it twice, some never
const a = 1, b = (2, 3), c = () => 4, d = function named() { return 5; };
let e, f = a && b || c(), g = (a ? b : c) ?? d;
function once(x = a, { y = 2, z: [w = 3] = [] } = {}, ...rest) {
  if (x) return y;
  if (x === 0) { e = 1; } else if (y) e = 2; else { e = 3; }
  if (e) ;
  return w && rest.length;
}
class A {
  static count = 0; name = a && 'x'; #secret = 1; static #hidden;
  static { A.count = a || 2; }
  constructor(v) { this.v = v ?? 7; }
  get value() { return this.v; }
  set value(v) { this.v = v; }
  #private() { return #secret in this && this.#secret; }
  call() { return this.#private() || never(); }
  *walk() { yield 1; yield* [2, 3]; if (this.v) yield this.v && 4; }
  async wait(ms = 1) { await null; for await (const x of [1, 2]) { e = x; } return ms > 5 ? 'long' : 'short'; }
}
class B extends (a && A) { constructor() { super(); } }
function never() { throw new Error('never'); }
const o = { m() { return 1; }, get p() { return 2; }, set p(v) { e = v; }, q: () => ({ a: 1 }), [`k${a}`]: async () => { await 1; }, r: function () { return 3; } };
function branches(n) {
  switch (n) {
    case 1: case 2: e = 'low';
    case 3: e = 'three'; break;
    case n > 100 && 5: { e = 5; break; }
    default: e = 'other';
    case 9: return 'fell';
  }
  outer: for (let i = 0, m = 3; i < m && i < 10; i++) {
    for (const k in o) { if (k === 'm') continue outer; else if (k === 'zz') break outer; }
  }
  label: { if (n === 3) break label; e = 1; }
  do n -= 1; while (n > 0 || n > 5);
  while (n < 2) n += 1;
  for (;;) { break; }
  for (const x of [1, 2]) e = x;
  try { if (n === 2) throw new TypeError('t'); } catch { e = 1; } finally { e = 2; }
  try { never(); e = 9; } catch (error) { e = error.message ? 1 : 2; }
  const t = `${n > 1 ? 'a' : `b${n}`}` + (n ? /x/.test('y') || `z` : (n, 2));
  var { u = 1, v: { w: q = n || 2 } = {} } = { u: undefined };
  [e = 4, n = 5] = [undefined];
  e ||= 3; e &&= 4; e ??= 5;
  (() => { debugger; })();
  new (class { z = n && 1 })();
  return (function () { return t; })(), u;
  e = 'dead';
}
/* istanbul ignore next */
function ignored() { return a && b; }
/* istanbul ignore else */
if (a) { e = 1; } else { e = 2; }
/* istanbul ignore if */
if (!a) { e = 1; }
const h = a /* istanbul ignore next */ ? 1 : 2, i = /* istanbul ignore next */ a || b;
if (a) /* istanbul ignore next */ e = 3;
async function* gen() { try { yield 1; yield 2; } finally { e = 7; } }
const sq = (x) => x * x, curried = (p) => (q = 2) => p + q;
module.exports = { once, A, B, o, branches, ignored, gen, sq, curried, never, unused: () => 0, é: '🙂' && (() => '🙂' ? a : b) };
