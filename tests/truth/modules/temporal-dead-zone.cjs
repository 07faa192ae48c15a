// Where a variable is used before its declaration has run, and where the engine need not ask.
const tries = {
  before() { x; let x = 1; return x; },
  own() { let x = x + 1; return x; },
  ofHead() { for (const x of [x]) return x; },
  ofHead2() { const x = [1, 2]; const out = []; for (const y of x) { const z = y * 2; out.push(z); } return out; },
  pattern() { let { a } = a; return a; },
  pattern2() { let [a = b, b] = []; return a; },
  pattern3() { let { a, b = a } = { a: 1 }; return b; },
  switched() { switch (2) { case 1: let x = 1; break; case 2: x; } },
  switchedPut() { switch (2) { case 1: let x = 1; break; case 2: x = 3; } },
  switchedOk() { switch (1) { case 1: let x = 1; x += 2; return x; } },
  closure() { const f = () => x; let r; try { f(); } catch (e) { r = e.message; } const x = 5; return [r, f(), x]; },
  loop() { const r = []; for (let i = 0; i < 3; i++) { try { r.push(y); } catch (e) { r.push(e.message); } let y = i; y++; r.push(y); } return r; },
  loopClosure() { const r = []; for (let i = 0; i < 3; i++) r.push(() => i++); return r.map((f) => [f(), f()]); },
  typeofBefore() { return typeof x; let x; },
  assignBefore() { x = 1; let x; },
  incBefore() { x++; let x = 1; },
  defaults() { return ((a = b, b) => a)(); },
  evaled() { let r; try { eval('x'); } catch (e) { r = e.message; } let x = 2; return [r, eval('x'), x]; },
  letUndefined() { const r = []; for (let i = 0; i < 2; i++) { let x; r.push(x); x = i; } return r; },
  labelled() { const r = []; a: for (let i = 0; i < 3; i++) { let q = i; if (q === 1) continue a; r.push(q); } return r; },
  caught() { try { let x = (() => { throw new Error('no'); })(); } catch (e) { return e.message; } },
  finallyUse() { let x = 1; try { let y = x; return y; } finally { x++; } },
  constAssign() { const x = 1; x = 2; },
  bigint() { let x = 1n; x++; x += 2n; return String(x); },
  text() { let s = 'a'; s += 'b'; s += 1; let n = 0; n += 2; n -= 1; n++; return s + n; },
  symbol() { let x = Symbol('s'); x++; },
  klass() { const A = class { static a = 1; }; return A.a; },
  klass2() { class B extends B {} },
  generator() { function* g() { let x = yield 1; x += yield x; return x; } const i = g(); i.next(); i.next(3); return i.next(4); },
  hoisted() { { let r = f(); function f() { return 7; } return r; } },
  ifElse() { if (true) { let x = 1; { x++; let y = x; return y; } } },
  notIterable() { let x = 5; const [y] = x; },
  notFunction() { let x = 5; x(); },
  nullish() { let x = null; x.foo; },
  doWhile() { let i = 0; do { const j = i; i = j + 1; } while (i < 3); return i; },
  withSwitchInLoop() { const r = []; for (let i = 0; i < 3; i++) { switch (i) { case 0: let a = 1; r.push(a); break; default: try { r.push(a); } catch (e) { r.push(e.message); } } } return r; },
};
for (const [name, f] of Object.entries(tries)) {
  try { console.log(name, f()); } catch (e) { console.log(name, e.message, e.stack.split('\n')[1].match(/:\d+:\d+/)[0]); }
}
(async () => { for await (const x of (async function* () { yield 1; })()) { let y = x; await 0; y++; console.log(y); } })();
new Function('with ({ x: 1 }) { let y = x; y++; return y }')();
