// When keys are made of values, and what is said where there is no object to have one: V8 makes a key as late as it can.
const log = [];
const k = (n) => ({ toString() { log.push('key ' + n); return n; } });
const v = (x) => { log.push('val ' + x); return x; };
const o = (x) => { log.push('obj'); return x; };
const t = (name, f) => { log.length = 0; let r; try { r = f(); } catch (e) { r = e.name + ': ' + e.message; } console.log(name, JSON.stringify(r), log.join(', ')); };
const q = { a: 1, b: 2 };
t('set', () => o(q)[k('a')] = v(3));
t('set null', () => o(null)[k('a')] = v(3));
t('set undefined throwing key', () => o(undefined)[{ toString() { throw new Error('k'); } }] = v(3));
t('set throwing key', () => o(q)[{ toString() { throw new Error('k'); } }] = v(3));
t('set throwing val', () => o(q)[k('a')] = v((() => { throw new Error('v'); })()));
t('add', () => o(q)[k('a')] += v(3));
t('add null', () => o(null)[k('a')] += v(3));
t('inc', () => o(q)[k('a')]++);
t('preinc', () => ++o(q)[k('a')]);
t('inc null', () => o(null)[k('a')]++);
t('nullish', () => o(q)[k('c')] ??= v(3));
t('or', () => o(q)[k('a')] ||= v(3));
t('and', () => o(q)[k('a')] &&= v(3));
t('destructure', () => { [o(q)[k('z')]] = [v(3)]; return q.z; });
t('destructure object', () => { ({ x: o(q)[k('z')] } = { x: v(4) }); return q.z; });
t('for of', () => { for (o(q)[k('z')] of [v(1), v(2)]); return q.z; });
t('for in', () => { for (o(q)[k('z')] in { m: 1 }); return q.z; });
t('symbol key', () => { const s = Symbol('s'); o(q)[s] = v(1); return q[s]; });
class A { set(x) { super[k('w')] = v(x); return this.w; } add() { super[k('w')] += v(1); return this.w; } inc() { return super[k('w')]++; } }
t('super set', () => new A().set(2));
t('super add', () => new A().add());
t('super inc', () => new A().inc());
t('delete', () => delete o(q)[k('a')]);
t('call', () => o({ f() { return 1; } })[k('f')](v(1)));
t('call null', () => o(null)[k('f')](v(1)));
t('def', () => ({ [k('m')]: v(1) }));
t('prop bool', () => { o(q)[true] = v(1); return q.true; });
t('prop null', () => { o(q)[null] = v(1); return q.null; });
t('prop float', () => { o(q)[1.5] = v(1); o(q)[-0] = v(9); o(q)[2] = 3; return q; });
t('prop big', () => { o(q)[10n] = v(1); return q['10']; });
t('str', () => { 'use strict'; o('abc')[k('x')] = v(1); });
t('num', () => { 'use strict'; o(5)[k('x')] = v(1); });
t('frozen', () => { 'use strict'; o(Object.freeze({ x: 1 }))[k('x')] = v(1); });
t('undefined in name', () => { let u; u[k('x')] = v(1); });
t('undefined in name', () => { let u; u.y.z = v(1); });
t('typed', () => { const a = new Uint8Array(2); o(a)[k('1')] = v(7); a[-1] = 3; a[1.5] = 3; a['-0'] = 2; return Object.keys(a).join() + a.join(); });
t('arguments', function () { return (function (a) { arguments[k('0')] = v(5); return a; })(1); });
t('array length', () => { const a = [1, 2, 3]; o(a)['length'] = v(1); return a; });
t('array str idx', () => { const a = [1, 2, 3]; o(a)['1'] = v(9); o(a)['7'] = 1; return a.length + a.join(); });
const keys = [1, 1.5, -0, NaN, true, undefined, null, 'a', 'a b', '', Symbol('s'), Symbol(), Symbol.iterator, 10n, {}, [], [1], () => 1, function f() {}, new Date(0), class A {}, Object(1), Object('x'), Object.create(null), new Proxy({}, {}), new Error('k')];
for (const k of keys) for (const u of [null, undefined]) {
  try { u[k]; } catch (e) { console.log(e.message); }
  try { u[k] = 1; } catch (e) { console.log(e.message); }
  try { u[k]++; } catch (e) { console.log(e.message); }
  try { u[k](); } catch (e) { console.log(e.message); }
  try { u[k] ??= 1; } catch (e) { console.log(e.message); }
  try { delete u[k]; } catch (e) { console.log(e.message); }
  try { ({ [k]: Object.x } = u); } catch (e) { console.log(e.message); }
  try { const { [k]: y } = u; } catch (e) { console.log(e.message); }
  try { const { [k]: y, ...z } = u; } catch (e) { console.log(e.message); }
  try { [u[k]] = [1]; } catch (e) { console.log(e.message); }
  try { for (u[k] of [1]); } catch (e) { console.log(e.message); }
  try { u?.x[k]; null ?? u[k]; } catch (e) { console.log(e.message); }
}
