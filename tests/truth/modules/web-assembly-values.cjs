// Numbers and references across the border.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const { exports: wasm } = new WebAssembly.Instance(new WebAssembly.Module(/* (module
   (func (export "i32") (param i32) (result i32) local.get 0)
   (func (export "i64") (param i64) (result i64) local.get 0 i64.const 1 i64.add)
   (func (export "f32") (param f32) (result f32) local.get 0)
   (func (export "f64") (param f64) (result f64) local.get 0)
   (func (export "bits") (param f64) (result i64) local.get 0 i64.reinterpret_f64)
   (func (export "quotient") (param f64 f64) (result i64) local.get 0 local.get 1 f64.div i64.reinterpret_f64)
   (func (export "multi") (param i32) (result i32 i64 f64) local.get 0 i64.const 7 f64.const 1.5)
   (func (export "ext") (param externref) (result externref) local.get 0)
   (func (export "fun") (param funcref) (result funcref) local.get 0)
   (func (export "isnull") (param externref) (result i32) local.get 0 ref.is_null)
   (func (export "simd") (param i32) (result i32) local.get 0 i32x4.splat local.get 0 i32x4.splat i32x4.add i32x4.extract_lane 2)
   (func (export "v128") (result v128) v128.const i32x4 1 2 3 4)) */
  Buffer.from('AGFzbQEAAAABOgtgAX8Bf2ABfgF+YAF9AX1gAXwBfGABfAF+YAJ8fAF+YAF/A39+fGABbwFvYAFwAXBgAW8Bf2AAAXsDDQwAAQIDBAUGBwgJAAoHVgwDaTMyAAADaTY0AAEDZjMyAAIDZjY0AAMEYml0cwAECHF1b3RpZW50AAUFbXVsdGkABgNleHQABwNmdW4ACAZpc251bGwACQRzaW1kAAoEdjEyOAALCm0MBAAgAAsHACAAQgF8CwQAIAALBAAgAAsFACAAvQsIACAAIAGjvQsPACAAQgdEAAAAAAAA+D8LBAAgAAsEACAACwUAIADRCxAAIAD9ESAA/RH9rgH9GwILFAD9DAEAAAACAAAAAwAAAAQAAAAL', 'base64')));
for (const value of [5, -1, 2 ** 31, 2 ** 32 + 7, 1.9, -1.9, NaN, Infinity, '12', '', null, undefined, true, [3], { valueOf: () => 4 }]) {
  console.log(value, wasm.i32(value), wasm.f32(value), wasm.f64(value));
}
for (const value of [5n, -1n, 2n ** 63n - 1n, 2n ** 64n + 3n, '12', true]) console.log(value, wasm.i64(value));
for (const value of [5, undefined, null]) attempt(typeof value, () => wasm.i64(value));
attempt('a BigInt for i32', () => wasm.i32(5n));
attempt('a symbol for i32', () => wasm.i32(Symbol('s')));
attempt('too few', () => wasm.i32());
attempt('too many', () => wasm.i32(1, 2, 3));
console.log(Object.is(wasm.f64(-0), -0), wasm.f32(0.1), wasm.bits(NaN), wasm.bits(-0), wasm.quotient(1, 0));
console.log(wasm.multi(3));
const object = { a: 1 };
console.log(wasm.ext(object) === object, wasm.ext('text'), wasm.ext(null), wasm.ext(undefined), wasm.ext());
console.log(wasm.isnull(null), wasm.isnull(undefined), wasm.isnull(0));
console.log(wasm.fun(null), wasm.fun(wasm.ext) === wasm.ext);
attempt('a function of JavaScript', () => wasm.fun(() => 1));
attempt('simd', () => wasm.simd(21));
attempt('v128', () => wasm.v128());

const called = (answer) => {
  const compiled = new WebAssembly.Module(/* (module (import "a" "b" (func (param i32 i64) (result i32 i32)))
   (func (export "x") (result i32 i32) i32.const 1 i64.const 2 call 0)) */
  Buffer.from('AGFzbQEAAAABDQJgAn9+An9/YAACf38CBwEBYQFiAAADAgEBBwUBAXgAAQoKAQgAQQFCAhAACw==', 'base64'));
  return new WebAssembly.Instance(compiled, { a: { b: answer } }).exports.x();
};
attempt('arguments', () => called((...args) => (console.log(args), args.map(Number))));
attempt('a set', () => called(() => new Set([4, 5])));
attempt('one too few', () => called(() => [1]));
attempt('one too many', () => called(() => [1, 2, 3]));
attempt('thrown', () => called(() => { throw new Error('e'); }));
