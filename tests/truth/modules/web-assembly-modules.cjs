// How modules are made and described, and why bytes are refused.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', String(error));
  }
};
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const bytes = (...rest) => new Uint8Array([...header, ...rest]);

attempt('without new', () => WebAssembly.Module());
attempt('no bytes', () => new WebAssembly.Module());
attempt('a number', () => new WebAssembly.Module(5));
attempt('an empty buffer', () => new WebAssembly.Module(new Uint8Array()));
attempt('too short', () => new WebAssembly.Module(new Uint8Array([0, 1])));
attempt('another magic', () => new WebAssembly.Module(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])));
attempt('another version', () => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0])));
attempt('half a version', () => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1])));
attempt('an unknown section', () => new WebAssembly.Module(bytes(99, 0)));
attempt('a section too long', () => new WebAssembly.Module(bytes(1, 5, 0)));
attempt('sections out of order', () => new WebAssembly.Module(bytes(3, 1, 0, 1, 1, 0)));
attempt('an invalid opcode', () => new WebAssembly.Module(bytes(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0xff, 0xb)));
attempt('nothing in it', () => new WebAssembly.Module(new Uint8Array(header)));
attempt('of an ArrayBuffer', () => new WebAssembly.Module(new Uint8Array(header).buffer));
attempt('of a DataView', () => new WebAssembly.Module(new DataView(new Uint8Array(header).buffer)));

attempt('validate', () => WebAssembly.validate(new Uint8Array(header)));
attempt('validate: not a module', () => WebAssembly.validate(new Uint8Array([1])));
attempt('validate: a wrong type', () => WebAssembly.validate(bytes(1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0xb)));
attempt('validate: nothing', () => WebAssembly.validate());
attempt('validate: tail calls', () => WebAssembly.validate(bytes(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x12, 0, 0xb)));
attempt('validate: extended constants', () => WebAssembly.validate(bytes(5, 3, 1, 0, 1, 11, 9, 1, 0, 65, 1, 65, 2, 106, 11, 0)));

const compiled = new WebAssembly.Module(/* (module (import "a" "b" (func (param i32) (result i32))) (import "m" "mem" (memory 2 4))
   (import "t" "tab" (table 2 5 funcref)) (import "g" "i" (global i32)) (import "g" "l" (global i64))
   (export "zeta" (func 0)) (func (export "alpha") (param i32) (result i32) local.get 0 call 0)) */
  Buffer.from('AGFzbQEAAAABBgFgAX8BfwIqBQFhAWIAAAFtA21lbQIBAgQBdAN0YWIBcAECBQFnAWkDfwABZwFsA34AAwIBAAcQAgR6ZXRhAAAFYWxwaGEAAQoIAQYAIAAQAAs=', 'base64'));
console.log(WebAssembly.Module.imports(compiled));
console.log(WebAssembly.Module.exports(compiled));
console.log(compiled, Object.prototype.toString.call(compiled), compiled instanceof WebAssembly.Module);
const custom = new WebAssembly.Module(bytes(0, 5, 3, 97, 98, 99, 7, 0, 4, 3, 97, 98, 99));
console.log(WebAssembly.Module.customSections(custom, 'abc'), WebAssembly.Module.customSections(custom, 'x'));
attempt('imports of nothing', () => WebAssembly.Module.imports());
attempt('exports of an object', () => WebAssembly.Module.exports({}));
attempt('custom sections without a name', () => WebAssembly.Module.customSections(compiled));
