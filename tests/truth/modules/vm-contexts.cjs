// Contexts of vm: what reaches the sandbox, what stays behind it, errors, timeouts, realms.
const vm = require('vm');
// What stands above the frames of this file.
const own = (e) => e.stack.split('\n').filter((line) => !line.includes(__dirname) && !line.includes('/cjs/loader') && !line.includes('run_main')).join('\n');
const show = (f) => { try { console.log(f()); } catch (e) { console.log('threw', e && e.name, e && e.code, e && e.message); } };
try { new vm.Script('var x = ;','t.js') } catch (e) { console.log(own(e)) }
try { vm.runInNewContext('\n  foo.bar', {},{lineOffset:4}) } catch (e) { console.log(own(e)) }
try { vm.runInNewContext('throw new Error("x")', {}) } catch (e) { console.log(own(e), Object.keys(e), e instanceof Error) }
try { vm.runInNewContext('while(1);', {},{timeout:5}) } catch (e) { console.log(e.message, e.code, e.stack.split('\n')[1]) }
try { vm.compileFunction('x y') } catch (e) { console.log(own(e)) }
const c = vm.createContext({ a: 1, console, o: { b: 2 } });
show(() => vm.runInContext('a + o.b', c));
show(() => vm.runInContext('var x = 5; y = 6; let z = 7; const w = 8; function f() { return 9 } this.q = 10; a++', c));
show(() => JSON.stringify(c));
show(() => vm.runInContext('[x, y, z, w, f(), q, a].join()', c));
show(() => Object.keys(c).join());
show(() => vm.runInContext('typeof nothing + typeof Array + typeof require', c));
show(() => vm.runInContext('nothing', c));
show(() => vm.runInContext('"use strict"; undeclared = 1', c));
show(() => vm.runInContext('[] instanceof Array', c));
show(() => vm.runInContext('[]', c) instanceof Array);
show(() => vm.runInContext('globalThis === this', c));
show(() => vm.runInContext('let z = 1', c));
show(() => vm.runInContext('delete y; typeof y', c));
show(() => 'y' in c);
show(() => { delete c.x; return vm.runInContext('typeof x', c) });
show(() => vm.runInContext('Object.getOwnPropertyNames(globalThis).filter((name) => name !== "Intl").sort().join()', vm.createContext({ q: 1 })));
show(() => vm.runInContext('Object.keys(globalThis).join()', c));
show(() => vm.isContext(c) + ' ' + vm.isContext({}));
show(() => vm.runInNewContext('eval("1+1")', {}, { contextCodeGeneration: { strings: false } }));
show(() => vm.runInNewContext('new Function("return 1")()', {}, { contextCodeGeneration: { strings: false } }));
show(() => vm.runInNewContext('Function("return 1")()'));
show(() => vm.compileFunction('return a + b + c', ['a', 'b'], { contextExtensions: [{ c: 3 }] })(1, 2));
show(() => vm.compileFunction('return a', [], { parsingContext: c })());
show(() => { const s = new vm.Script('n = (typeof n === "undefined" ? 0 : n) + 1'); const k = vm.createContext(); s.runInContext(k); s.runInContext(k); return k.n; });
show(() => vm.runInNewContext('Object.defineProperty(this, "g", { get() { return 4 }, enumerable: true }); g', c));
show(() => Object.getOwnPropertyDescriptor(c, 'g'));
const frozen = vm.createContext(Object.freeze({ k: 1 }));
show(() => vm.runInContext('k = 2; k', frozen));
show(() => vm.runInContext('"use strict"; k = 2; k', frozen));
show(() => vm.runInContext('n = 2; n', frozen));
show(() => vm.runInContext('Object.prototype.toString.call(this) + String(this)', vm.createContext(new (class Foo {}))));
const util = require('util');
show(() => util.inspect(vm.runInContext('({ a: [1, new Map([[1, 2]]), /x/, new Error("e").message, Symbol("s"), new Date(0)] })', c)));
show(() => util.inspect(vm.runInContext('[1,2]', c)));
show(() => util.isDeepStrictEqual(vm.runInContext('({a:1})', c), { a: 1 }));
show(() => { try { vm.runInContext('null.x', c) } catch (e) { return [e.name, e instanceof TypeError, e.message].join('|') } });
vm.runInContext('Promise.resolve(1).then((v) => console.log("then", v)); (async () => { await null; console.log("awaited") })()', c);
Promise.resolve().then(() => console.log('outer'));
process.nextTick(() => console.log('tick'));
show(() => vm.runInNewContext('this.constructor.name'));
show(() => vm.runInNewContext('constructor === Object'));
show(() => vm.runInNewContext('x = this; x === this', {}));
show(() => { const s = {}; s.me = s; return vm.runInNewContext('me === globalThis', s) });
show(() => vm.runInContext('typeof Math.random() + typeof Date.now()', c));
show(() => vm.runInContext('for (var i = 0; i < 3; i++); i', c) + c.i);
show(() => vm.createContext(vm.constants.DONT_CONTEXTIFY) === 1);
show(() => { const g = vm.createContext(vm.constants.DONT_CONTEXTIFY); vm.runInContext('var t = 3', g); return g.t + ' ' + vm.runInContext('globalThis', g).t + vm.isContext(g) });
show(() => vm.runInContext('new Proxy({}, {}) && Reflect.ownKeys(globalThis).includes("o")', c));
