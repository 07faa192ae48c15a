// What an instance is given and what it exports.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const W = WebAssembly;
const compiled = new W.Module(/* (module (import "a" "b" (func (param i32) (result i32))) (import "m" "mem" (memory 2 4))
   (import "t" "tab" (table 2 5 funcref)) (import "g" "i" (global i32)) (import "g" "mi" (global (mut i32)))
   (import "g" "l" (global i64)) (export "f" (func 0))
   (func (export "x") (param i32) (result i32) local.get 0 call 0 global.get 0 i32.add)) */
  Buffer.from('AGFzbQEAAAABBgFgAX8BfwIyBgFhAWIAAAFtA21lbQIBAgQBdAN0YWIBcAECBQFnAWkDfwABZwJtaQN/AQFnAWwDfgADAgEABwkCAWYAAAF4AAEKCwEJACAAEAAjAGoL', 'base64'));
const g = { i: 100, mi: new W.Global({ value: 'i32', mutable: true }, 3), l: 5n };
const memory = (initial, maximum) => ({ mem: new W.Memory({ initial, maximum }) });
const table = (initial, maximum, element = 'anyfunc') => ({ tab: new W.Table({ element, initial, maximum }) });
const given = { a: { b: (x) => x + 1 }, m: memory(2, 4), t: table(2, 5), g };
const instance = (...changes) => new W.Instance(compiled, Object.assign({}, given, ...changes));

attempt('without new', () => W.Instance());
attempt('of nothing', () => new W.Instance());
attempt('of an object', () => new W.Instance({}));
attempt('no imports', () => new W.Instance(compiled));
attempt('a number of imports', () => new W.Instance(compiled, 5));
attempt('no module', () => new W.Instance(compiled, {}));
attempt('no function', () => instance({ a: {} }));
attempt('not callable', () => instance({ a: { b: 5 } }));
attempt('no memory', () => instance({ m: {} }));
attempt('a small memory', () => instance({ m: memory(1, 4) }));
attempt('a memory without end', () => instance({ m: memory(2) }));
attempt('a large memory', () => instance({ m: memory(2, 9) }));
attempt('no table', () => instance({ t: {} }));
attempt('a small table', () => instance({ t: table(1, 5) }));
attempt('a table without end', () => instance({ t: table(2) }));
attempt('a large table', () => instance({ t: table(2, 6) }));
attempt('a table of something else', () => instance({ t: table(2, 5, 'externref') }));
attempt('no global', () => instance({ g: {} }));
attempt('a text', () => instance({ g: { ...g, i: '1' } }));
attempt('a BigInt', () => instance({ g: { ...g, i: 1n } }));
attempt('a number for i64', () => instance({ g: { ...g, l: 1 } }));
attempt('a number for a mutable global', () => instance({ g: { ...g, mi: 1 } }));
attempt('a global of another type', () => instance({ g: { ...g, i: new W.Global({ value: 'i64' }, 1n) } }));
attempt('an immutable global', () => instance({ g: { ...g, mi: new W.Global({ value: 'i32' }, 1) } }));

const it = instance();
const { exports: wasm } = it;
console.log(it, wasm, wasm.x);
console.log(wasm.x(5), wasm.f(5), wasm.f === given.a.b, wasm.x.name, wasm.x.length, String(wasm.x));
console.log(Object.isFrozen(wasm), Object.getPrototypeOf(wasm), it.exports === wasm, 'prototype' in wasm.x);
attempt('new of an export', () => new wasm.x());
attempt('a wrong signature', () => new W.Instance(new W.Module(/* (module (import "a" "b" (func (param i64)))) */
  Buffer.from('AGFzbQEAAAABBQFgAX4AAgcBAWEBYgAA', 'base64')), { a: { b: wasm.x } }));
const again = new W.Instance(new W.Module(/* (module (import "a" "x" (func (param i32) (result i32))) (export "y" (func 0))) */
  Buffer.from('AGFzbQEAAAABBgFgAX8BfwIHAQFhAXgAAAcFAQF5AAA=', 'base64')), { a: { x: wasm.x } });
console.log(again.exports.y === wasm.x);
attempt('order of names', () => Object.keys(new W.Instance(new W.Module(/* (module (func (export "zeta")) (func (export "alpha"))
   (memory (export "mem") 1) (func (export "beta")) (func (export "10")) (func (export "2"))) */
  Buffer.from('AGFzbQEAAAABBAFgAAADBgUAAAAAAAUDAQABByYGBHpldGEAAAVhbHBoYQABA21lbQIABGJldGEAAgIxMAADATIABAoQBQIACwIACwIACwIACwIACw==', 'base64'))).exports));
const log = [];
const started = new W.Module(/* (module (import "a" "b" (func $b (param i32))) (func $s i32.const 7 call $b) (start $s) (func (export "start"))) */
  Buffer.from('AGFzbQEAAAABCAJgAX8AYAAAAgcBAWEBYgAAAwMCAQEHCQEFc3RhcnQAAggBAQoLAgYAQQcQAAsCAAs=', 'base64'));
console.log(Object.keys(new W.Instance(started, { a: { b: (x) => log.push(x) } }).exports), log, W.Module.exports(started));
attempt('a start that throws', () => new W.Instance(started, { a: { b() { throw new TypeError('mine'); } } }));
attempt('a start that traps', () => new W.Instance(new W.Module(/* (module (func $s unreachable) (start $s)) */
  Buffer.from('AGFzbQEAAAABBAFgAAADAgEACAEACgUBAwAACw==', 'base64'))));
attempt('data out of bounds', () => new W.Instance(new W.Module(/* (module (memory 1) (data (i32.const 65535) "abc")) */
  Buffer.from('AGFzbQEAAAAFAwEAAQsLAQBB//8DCwNhYmM=', 'base64'))));
attempt('elements out of bounds', () => new W.Instance(new W.Module(/* (module (table 1 funcref) (func $f) (elem (i32.const 1) $f $f)) */
  Buffer.from('AGFzbQEAAAABBAFgAAADAgEABAQBcAABCQgBAEEBCwIAAAoEAQIACw==', 'base64'))));
attempt('somebody else', () => Object.getOwnPropertyDescriptor(W.Instance.prototype, 'exports').get.call({}));
