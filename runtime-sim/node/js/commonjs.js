// CommonJS: `require`, `module`, the cache. After lib/internal/modules/cjs/loader.js.
const { codes: { ERR_NOT_SIMULATED, ERR_REQUIRE_ESM, ERR_UNKNOWN_BUILTIN_MODULE, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } } =
  require('internal/errors');
const cache = { __proto__: null };
const builtinRequire = require;
const folderOf = (path) => path.slice(0, Math.max(1, path.lastIndexOf('/')));

function Module(id = '', parent = undefined) {
  this.id = id;
  this.path = folderOf(id);
  this.exports = {};
  this.filename = null;
  this.loaded = false;
  this.children = [];
  this.paths = [];
  Object.defineProperty(this, 'parent', { value: parent, enumerable: false, writable: true, configurable: true });
  parent?.children.push(this);
}
Module._cache = cache;
Module.prototype.require = function(id) { return load(id, this); };
Module.prototype.constructor = Module;

function notFound(request, parent) {
  const stack = [];
  for (let at = parent; at; at = at.parent) stack.push(at.filename ?? at.id);
  const error = new Error(`Cannot find module '${request}'${stack.length ? `\nRequire stack:\n- ${stack.join('\n- ')}` : ''}`);
  error.code = 'MODULE_NOT_FOUND';
  error.requireStack = stack;
  return error;
}

function resolve(request, parent) {
  const path = binding.resolve(request, parent.path, false);
  if (path === null) throw notFound(request, parent);
  return path;
}

function load(request, parent) {
  if (typeof request !== 'string') throw new ERR_INVALID_ARG_TYPE('id', 'string', request);
  if (request === '') throw new ERR_INVALID_ARG_VALUE('id', request, 'must be a non-empty string');
  const path = resolve(request, parent);
  if (path.startsWith('node:')) return builtinModule(path.slice(5));
  const known = cache[path];
  if (known !== undefined) {
    if (!parent.children.includes(known)) parent.children.push(known);
    return known.exports;
  }
  return run(path, parent).exports;
}

const builtinExports = { __proto__: null };
function builtinModule(id) {
  if (id.startsWith('internal/')) throw new ERR_UNKNOWN_BUILTIN_MODULE(`node:${id}`);
  if (id === 'buffer') throw new ERR_NOT_SIMULATED('node:buffer');
  return builtinExports[id] ??= builtinRequire(id);
}

function run(path, parent) {
  const module = new Module(path, parent);
  cache[path] = module;
  let done = false;
  try {
    module.filename = path;
    const text = binding.readText(path);
    if (text === null) throw notFound(path, parent);
    if (typeof text === 'number') {
      const error = new Error(`${path} is not UTF-8 text: byte ${text} does not belong there`);
      error.code = 'ERR_INVALID_UTF8';
      throw error;
    }
    if (path.endsWith('.json')) {
      try {
        module.exports = JSON.parse(text);
      } catch (error) {
        error.message = `${path}: ${error.message}`;
        throw error;
      }
    } else if (binding.packageType(path) === 'module') {
      throw new ERR_REQUIRE_ESM(path, parent?.filename ?? path);
    } else if (path.endsWith('.node')) {
      throw new ERR_NOT_SIMULATED(`native addons (${path})`);
    } else {
      binding.leaveHost();
      try {
        const fn = binding.compile(path, text);
        fn.call(module.exports, module.exports, makeRequire(module), module, path, folderOf(path));
      } finally {
        binding.enterHost();
      }
    }
    done = true;
  } finally {
    if (!done) delete cache[path];
  }
  module.loaded = true;
  return module;
}

let mainModule;
function makeRequire(module) {
  function require(id) {
    binding.enterHost();
    try {
      return load(id, module);
    } finally {
      binding.leaveHost();
    }
  }
  require.resolve = (request) => {
    const path = resolve(request, module);
    return path.startsWith('node:') ? path.slice(5) : path;
  };
  require.main = mainModule;
  require.extensions = { __proto__: null };
  require.cache = cache;
  return require;
}

function runMain(path) {
  mainModule = new Module('.', undefined);
  mainModule.filename = path;
  mainModule.path = folderOf(path);
  process.mainModule = mainModule;
  cache[path] = mainModule;
  const text = binding.readText(path);
  if (text === null) throw notFound(path, undefined);
  if (typeof text === 'number') throw new Error(`${path} is not UTF-8 text: byte ${text} does not belong there`);
  const fn = binding.compile(path, text);
  fn.call(mainModule.exports, mainModule.exports, makeRequire(mainModule), mainModule, path, mainModule.path);
  mainModule.loaded = true;
}

// What an ES module can import by name from a CommonJS file: names that its text assigns to exports.
const assigned = /(?:^|[^.\w$])(?:module\.)?exports\.([A-Za-z_$][\w$]*)\s*=[^=]/g;
const listed = /module\.exports\s*=\s*\{([^}]*)\}/g;

function importNames(path) {
  if (path.startsWith('node:')) {
    const value = builtinModule(path.slice(5));
    return ['default', ...Object.keys(value).filter((name) => name !== 'default')];
  }
  const names = new Set(['default']);
  if (path.endsWith('.json')) return [...names];
  const text = binding.readText(path);
  if (typeof text !== 'string') throw notFound(path, undefined);
  for (const match of text.matchAll(assigned)) names.add(match[1]);
  for (const match of text.matchAll(listed)) {
    for (const part of match[1].split(',')) {
      const name = /^\s*(?:async\s+)?([A-Za-z_$][\w$]*)/.exec(part);
      if (name) names.add(name[1]);
    }
  }
  return [...names];
}
function importValues(path) {
  let value;
  if (path.startsWith('node:')) value = builtinModule(path.slice(5));
  else {
    binding.enterHost();
    try { value = (cache[path] ?? run(path, undefined)).exports; } finally { binding.leaveHost(); }
  }
  const pairs = [];
  for (const name of importNames(path)) pairs.push(name, name === 'default' ? value : value?.[name]);
  return pairs;
}

module.exports = { runMain, importNames, importValues, Module };
