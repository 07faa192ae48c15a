// Who asked a generator for its next value, and where.
const show = (f) => { try { f() } catch (e) { console.log(e.stack.split('\n').slice(0, 8).filter(l => !l.includes('node:')).join('\n')) } };
function* g() { yield 1; null.x }
function* h() { yield* g() }
class C { *[Symbol.iterator]() { yield 1; throw new Error('c') } static *m() { yield; null.y } *fin() { try { yield 1 } finally { null.z } } }
show(() => { for (const x of g()); }); show(() => { for (const x of h()); }); show(() => [...g()]); show(() => [...h()]); show(() => Array.from(g())); show(() => new Set(h())); show(() => Math.max(...g()));
show(() => { const [a, b] = g() }); show(() => { const [...r] = h() }); show(() => { for (const x of new C()); }); show(() => [...new C()]); show(() => { for (const x of C.m()); });
show(() => { const i = g(); i.next(); i.next() }); show(() => { const i = h(); i.next(); i.next() }); show(() => { const i = g(); i.next(); i.throw(new Error('t')) });
show(() => { for (const x of (function* () { null.anon })()); }); show(() => { for (const x of (() => ({ *[Symbol.iterator]() { null.q } }))()); });
function* d(a = null.dd) { yield a } show(() => d()); show(() => { for (const x of d()); });
show(() => { const o = { *gen() { yield* this.inner() }, *inner() { throw new Error('in') } }; for (const x of o.gen()); });
show(() => { for (const [k, v] of (function* pairs() { yield [1, 2]; null.k })()); }); show(() => Object.fromEntries((function* pairs() { yield [1, 2]; null.k })()));
show(() => { for (const x of { [Symbol.iterator]() { return { next() { null.n } } } }); }); show(() => [...{ [Symbol.iterator]() { return { next() { null.n } } } }]);
const broken = { [Symbol.iterator]() { null.it } }; show(() => { for (const x of broken); }); show(() => [...{ [Symbol.iterator]() { null.it } }]);
show(() => { const map = new Map([[1, 2]]); for (const x of map) null.body });
