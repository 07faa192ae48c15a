// `error.stack` as V8 writes it: the error's own first line, then the frames, then those of Node's under the callback.
const { defineProperty } = Object;
const toString = Error.prototype.toString;

function header(error) {
  try {
    return toString.call(error);
  } catch {
    return '<error>';
  }
}

function frame(site, index, isModule) {
  const file = site.getFileName();
  if (!file || typeof file !== 'string') return site.isNative() ? undefined : undefined;
  let name = site.getFunctionName();
  const line = site.getLineNumber();
  const place = `${isModule(file) ? 'file://' : ''}${file}:${line}:${site.getColumnNumber()}`;
  if (name === '<eval>') name = '';
  if (!name && isTopLevel(site, file)) name = 'Object.<anonymous>';
  return name ? `    at ${name} (${place})` : `    at ${place}`;
}

// The wrapper of a CommonJS module has no name and five parameters.
function isTopLevel(site, file) {
  const fn = site.getFunction?.();
  return typeof fn === 'function' && fn.length === 5 && !file.startsWith('node:') &&
    Function.prototype.toString.call(fn).startsWith('(function (exports, require, module') ||
    typeof fn === 'function' && Function.prototype.toString.call(fn).startsWith('function (exports, require, module, __filename, __dirname) {\n');
}

function prepare(error, sites) {
  const { stackTraceLimit } = Error;
  const lines = [];
  for (let i = 0; i < sites.length; i++) {
    const file = sites[i].getFileName();
    if (typeof file === 'string' && file.startsWith('node:internal/')) continue;
    const text = frame(sites[i], i, (path) => binding.packageType(path) === 'module');
    if (text !== undefined) lines.push(text);
  }
  for (const base of binding.baseFrames()) {
    if (lines.length >= stackTraceLimit) break;
    lines.push(base);
  }
  return lines.length === 0 ? header(error) : `${header(error)}\n${lines.join('\n')}`;
}

defineProperty(Error, 'stackTraceLimit', { value: 10, writable: true, enumerable: true, configurable: true });
Error.prepareStackTrace = prepare;
