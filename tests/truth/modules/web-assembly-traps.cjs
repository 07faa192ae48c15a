// Traps, and errors on their way through WebAssembly.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const { exports: wasm } = new WebAssembly.Instance(new WebAssembly.Module(/* (module (import "js" "f" (func $f (param i32) (result i32)))
   (memory 1) (table 3 10 funcref) (elem (i32.const 0) $un $i64)
   (func $un (export "un") unreachable)
   (func (export "div") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
   (func (export "load") (param i32) (result i32) local.get 0 i32.load)
   (func (export "trunc") (param f64) (result i32) local.get 0 i32.trunc_f64_s)
   (func (export "indirect") (param i32) local.get 0 call_indirect)
   (func $rec (export "rec") call $rec)
   (func $i64 (param i64))
   (func (export "fill") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill)
   (func (export "tget") (param i32) (result funcref) local.get 0 table.get 0)
   (func (export "tcopy") (param i32) i32.const 9 local.get 0 i32.const 3 table.copy)
   (func (export "through") (param i32) (result i32) local.get 0 call $f)) */
  Buffer.from('AGFzbQEAAAABJwhgAX8Bf2AAAGACf38Bf2ABfAF/YAF/AGABfgBgA39/fwBgAX8BcAIIAQJqcwFmAAADDAsBAgADBAEFBgcEAAQFAXABAwoFAwEAAQdMCgJ1bgABA2RpdgACBGxvYWQAAwV0cnVuYwAECGluZGlyZWN0AAUDcmVjAAYEZmlsbAAIBHRnZXQACQV0Y29weQAKB3Rocm91Z2gACwkIAQBBAAsCAQcKUgsDAAALBwAgACABbQsHACAAKAIACwUAIACqCwcAIAARAQALBAAQBgsCAAsLACAAIAEgAvwLAAsGACAAJQALDABBCSAAQQP8DgAACwYAIAAQAAs=', 'base64')), {
  js: {
    f(depth) {
      if (depth === 0) throw new RangeError('from within');
      return exports.through(depth - 1) + 1;
    },
  },
});
attempt('unreachable', () => wasm.un());
attempt('by zero', () => wasm.div(1, 0));
attempt('load', () => wasm.load(65533));
attempt('load far', () => wasm.load(-4));
attempt('NaN', () => wasm.trunc(NaN));
attempt('call of null', () => wasm.indirect(2));
attempt('call of another type', () => wasm.indirect(1));
attempt('call out of bounds', () => wasm.indirect(5));
attempt('without end', () => wasm.rec());
attempt('fill', () => wasm.fill(65530, 1, 10));
attempt('table.get', () => wasm.tget(99));
attempt('table.copy', () => wasm.tcopy(2));
attempt('to and fro', () => wasm.through(3));
attempt('after all that', () => wasm.div(84, 2));
try {
  wasm.un();
} catch (error) {
  console.log(error.constructor === WebAssembly.RuntimeError, error instanceof Error, error.name, Object.keys(error));
}
console.log(String(WebAssembly.CompileError('a')), new WebAssembly.LinkError('x').message);
console.log(new WebAssembly.RuntimeError('q', { cause: 3 }).cause, WebAssembly.CompileError.name, WebAssembly.LinkError.length);
