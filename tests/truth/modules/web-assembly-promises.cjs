// compile and instantiate, and what they answer.
const W = WebAssembly;
const bytes = /* (module (import "js" "f" (func $f)) (func $s call $f) (start $s) (func (export "x") (result i32) i32.const 42)) */
  Buffer.from('AGFzbQEAAAABCAJgAABgAAF/AggBAmpzAWYAAAMDAgABBwUBAXgAAggBAQoLAgQAEAALBABBKgs=', 'base64');
const compiled = new W.Module(bytes);
const js = { f() {} };
const wrong = { f() { throw new TypeError('mine'); } };
const show = (name, promise) => promise.then((value) => console.log(name, '=>', value), (error) => console.log(name, '!!', String(error)));
const response = (type, body = bytes, more) => new Response(body, { headers: type ? { 'content-type': type } : {}, ...more });
(async () => {
  await show('compile nothing', W.compile());
  await show('compile 5', W.compile(5));
  await show('compile an empty buffer', W.compile(new ArrayBuffer(0)));
  await show('compile others', W.compile(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])));
  await show('compile', W.compile(bytes));
  await show('instantiate nothing', W.instantiate());
  await show('instantiate others', W.instantiate(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])));
  await show('instantiate bytes', W.instantiate(bytes, { js }));
  await show('instantiate a module', W.instantiate(compiled, { js }));
  await show('without imports', W.instantiate(bytes));
  await show('with a number', W.instantiate(bytes, 5));
  await show('a module with a number', W.instantiate(compiled, 5));
  await show('without a module', W.instantiate(compiled, {}));
  await show('without a function', W.instantiate(bytes, { js: {} }));
  await show('a start that throws', W.instantiate(bytes, { js: wrong }));
  const { instance } = await W.instantiate(bytes, { js });
  console.log(instance.exports.x());
  await show('stream 5', W.compileStreaming(5));
  await show('stream without a type', W.compileStreaming(response()));
  await show('stream that was not found', W.compileStreaming(response('application/wasm', bytes, { status: 404 })));
  await show('stream', W.compileStreaming(response('application/wasm')));
  await show('stream of a promise', W.instantiateStreaming(Promise.resolve(response('application/wasm')), { js }));
  await show('stream of others', W.compileStreaming(response('application/wasm', new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]))));
  // A module is instantiated at once, bytes later.
  const order = [];
  const at = (name) => ({ js: { f: () => order.push(name) } });
  const both = [W.instantiate(bytes, at('bytes')), W.instantiate(compiled, at('module'))];
  order.push('after');
  await Promise.all(both);
  console.log(order);
})();
