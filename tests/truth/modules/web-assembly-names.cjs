// What programs find of it before they use it.
const describe = (object, name) => {
  for (const key of Reflect.ownKeys(object)) {
    if (['Tag', 'Exception', 'arguments', 'caller'].includes(key)) continue;
    const { writable, enumerable, configurable, value, get, set } = Object.getOwnPropertyDescriptor(object, key);
    const what = get ? [get.name, set?.name] : typeof value === 'function' ? [value.name, value.length] : typeof value === 'string' ? value : '';
    console.log(`${name}.${String(key)}`, Number(writable ?? -1), Number(enumerable), Number(configurable), what);
  }
};
describe(WebAssembly, 'WebAssembly');
for (const name of ['Module', 'Instance', 'Memory', 'Table', 'Global', 'CompileError', 'LinkError', 'RuntimeError']) {
  describe(WebAssembly[name], name);
  describe(WebAssembly[name].prototype, `${name}.prototype`);
  console.log(Object.getPrototypeOf(WebAssembly[name]).name, Object.prototype.toString.call(WebAssembly[name].prototype));
}
console.log(WebAssembly, typeof WebAssembly, Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly').enumerable);
