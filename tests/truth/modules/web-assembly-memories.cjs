// Memories: the same bytes on both sides, until they grow.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const W = WebAssembly;
const { exports: wasm } = new W.Instance(new W.Module(/* (module (import "js" "look" (func $look))
   (memory (export "m") 1 4) (data (i32.const 8) "hello")
   (func (export "set") (param i32 i32) local.get 0 local.get 1 i32.store8)
   (func (export "get") (param i32) (result i32) local.get 0 i32.load8_u)
   (func (export "size") (result i32) memory.size)
   (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
   (func (export "growAndLook") (result i32) i32.const 1 memory.grow call $look)) */
  Buffer.from('AGFzbQEAAAABEgRgAABgAn9/AGABfwF/YAABfwILAQJqcwRsb29rAAADBgUBAgMCAwUEAQEBBActBgFtAgADc2V0AAEDZ2V0AAIEc2l6ZQADBGdyb3cABAtncm93QW5kTG9vawAFCigFCQAgACABOgAACwcAIAAtAAALBAA/AAsGACAAQAALCABBAUAAEAALCwsBAEEICwVoZWxsbw==', 'base64')), {
  js: { look: () => console.log('within', wasm.m.buffer.byteLength, wasm.get(0)) },
});
const { m } = wasm;
const view = new Uint8Array(m.buffer);
console.log(m, m === wasm.m, m.buffer === m.buffer, Buffer.from(m.buffer, 8, 5).toString());
view[3] = 200;
wasm.set(0, 77);
console.log(wasm.get(3), view[0]);
const before = m.buffer;
console.log(wasm.grow(1), before.byteLength, view.length, m.buffer.byteLength, m.buffer === before, wasm.get(0));
console.log(m.grow(1), m.buffer.byteLength, wasm.size());
const third = m.buffer;
console.log(m.grow(0), third.byteLength, m.buffer.byteLength);
console.log(wasm.growAndLook(), m.buffer.byteLength, wasm.grow(1));
attempt('past the maximum', () => m.grow(1));
attempt('far past', () => new W.Memory({ initial: 1 }).grow(70000));
attempt('grow by nothing', () => m.grow());
attempt('grow by less', () => m.grow(-1));
attempt('somebody else', () => W.Memory.prototype.grow.call(5, 1));
attempt('somebody else', () => Object.getOwnPropertyDescriptor(W.Memory.prototype, 'buffer').get.call({}));
console.log(structuredClone(m.buffer, { transfer: [m.buffer] }).byteLength, m.buffer.byteLength);
for (const descriptor of [undefined, 5, {}, { initial: -1 }, { initial: 70000 }, { initial: 5, maximum: 2 }, { initial: '2' }, { initial: 'x' },
  { initial: 1, maximum: 70000 }, { initial: 1, shared: true }, { initial: 1.7 }, { initial: Infinity }, { initial: 2 ** 33 }, { initial: 0 }]) {
  attempt(descriptor, () => new W.Memory(descriptor).buffer.byteLength);
}
attempt('a BigInt', () => new W.Memory({ initial: 1n }));
attempt('without new', () => W.Memory({ initial: 1 }));
const shared = new W.Memory({ initial: 1 });
const two = [1, 2].map(() => new W.Instance(new W.Module(/* (module (import "js" "m" (memory 1))
   (func (export "next") (result i32) i32.const 0 i32.const 0 i32.load i32.const 1 i32.add i32.store i32.const 0 i32.load)) */
  Buffer.from('AGFzbQEAAAABBQFgAAF/AgkBAmpzAW0CAAEDAgEABwgBBG5leHQAAAoWARQAQQBBACgCAEEBajYCAEEAKAIACw==', 'base64')), { js: { m: shared } }).exports);
console.log(two[0].next(), two[1].next(), two[0].next(), new Uint32Array(shared.buffer)[0]);
