// Tables and globals.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const W = WebAssembly;
const { exports: wasm } = new W.Instance(new W.Module(/* (module (table (export "t") 3 funcref) (func $un (export "un") (result i32) i32.const 1) (func)
   (func $hidden (param i32) (result i32) local.get 0 i32.const 1 i32.add) (elem (i32.const 1) $hidden)
   (func (export "call") (param i32) (result i32) local.get 0 call_indirect (result i32))
   (global (export "i") i32 (i32.const 4)) (global (export "m") (mut i64) (i64.const 4))
   (func (export "more") global.get 1 i64.const 1 i64.add global.set 1)) */
  Buffer.from('AGFzbQEAAAABDQNgAAF/YAAAYAF/AX8DBgUAAQICAQQEAXAAAwYLAn8AQQQLfgFCBAsHIAYBdAEAAnVuAAAEY2FsbAADAWkDAAFtAwEEbW9yZQAECQcBAEEBCwECCiMFBABBAQsCAAsHACAAQQFqCwcAIAARAAALCQAjAUIBfCQBCw==', 'base64')));
const { t, un, i, m } = wasm;
console.log(t, t.length, t.get(0), t.get(1), t.get(1) === t.get(1), t.get(1)(41));
t.set(0, un);
console.log(t.get(0) === un, wasm.call(0), t.grow(2, un), t.length, t.get(4) === un, t.grow(0));
attempt('get past the end', () => t.get(9));
attempt('get of nothing', () => t.get());
attempt('set past the end', () => t.set(9, null));
attempt('set nothing', () => [t.set(0), t.get(0)]);
attempt('set a function of JavaScript', () => t.set(0, () => 1));
attempt('set undefined', () => t.set(0, undefined));
attempt('somebody else', () => W.Table.prototype.get.call({}, 0));
for (const descriptor of [undefined, {}, { element: 'anyfunc' }, { element: 'x', initial: 1 }, { element: 'funcref', initial: 1 },
  { element: 'anyfunc', initial: 1e9 }, { element: 'anyfunc', initial: 3, maximum: 1 }, { element: 'externref', initial: 2 }]) {
  attempt(descriptor, () => [new W.Table(descriptor).length, new W.Table(descriptor).get(0)]);
}
const small = new W.Table({ element: 'anyfunc', initial: 2, maximum: 4 });
attempt('grow too far', () => small.grow(9));
attempt('grow', () => [small.grow(1), small.length, small.get(2)]);
const values = new W.Table({ element: 'externref', initial: 2 }, 'filled');
console.log(values.get(0), values.set(0, { a: 1 }), values.get(0), values.set(1), values.get(1), values.grow(1), values.get(2));

console.log(i.value, m.value, m.valueOf(), (m.value = 9n), wasm.more(), m.value, m + 1n);
attempt('immutable', () => { i.value = 3; });
attempt('a number for i64', () => { m.value = 9; });
attempt('somebody else', () => Object.getOwnPropertyDescriptor(W.Global.prototype, 'value').get.call({}));
for (const [type, ...value] of [['i32'], ['i32', '7'], ['i64'], ['i64', 5n], ['i64', 5], ['f32', 0.1], ['f64', '1.5'], ['externref'], ['externref', 'q'],
  ['externref', undefined], ['anyfunc'], ['anyfunc', un], ['anyfunc', 5], ['v128'], ['x'], [undefined]]) {
  attempt(`${type} ${String(value[0])}`, () => new W.Global({ value: type }, ...value).value);
}
const cell = new W.Global({ value: 'i32', mutable: true }, 1);
cell.value = 2 ** 31;
console.log(cell, cell.value);
attempt('of nothing', () => new W.Global());
attempt('without new', () => W.Global({ value: 'i32' }));
