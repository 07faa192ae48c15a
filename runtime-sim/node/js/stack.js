// `error.stack` as V8 writes it: the error's own first line, then the frames, then those of Node's under the callback.
const { defineProperty } = Object;
const toString = Error.prototype.toString;
const functionText = Function.prototype.toString;
const { translate } = require('internal/messages');

function header(error) {
  try {
    return toString.call(error);
  } catch {
    return '<error>';
  }
}

// The place of a call, with V8's column: it points at `new` where QuickJS points at the class.
function position(site, file) {
  const line = site.getLineNumber();
  let column = site.getColumnNumber();
  const source = binding.sourceLine(file, line);
  if (source !== undefined && source.slice(0, column - 1).endsWith('new ')) column -= 4;
  return { line, column, source };
}

function frame(site, file) {
  let name = site.getFunctionName();
  const { line, column } = position(site, file);
  const isModule = binding.packageType(file) === 'module';
  const place = `${isModule ? 'file://' : ''}${file}:${line}:${column}`;
  if (name === '<eval>') name = '';
  if (!name && !isModule && isWrapper(site)) name = 'Object.<anonymous>';
  return name ? `    at ${name} (${place})` : `    at ${place}`;
}

// The function around a CommonJS module.
function isWrapper(site) {
  const fn = site.getFunction?.();
  return typeof fn === 'function' && fn.length === 5 && functionText.call(fn).startsWith('function (exports, require, module, __f');
}

function prepare(error, sites) {
  const { stackTraceLimit } = Error;
  const lines = [];
  let first = true;
  for (let i = 0; i < sites.length; i++) {
    const file = sites[i].getFileName();
    if (typeof file !== 'string' || file === '' || file.startsWith('node:internal/')) continue;
    if (first && !file.startsWith('node:')) translate(error, position(sites[i], file));
    first = false;
    lines.push(frame(sites[i], file));
  }
  for (const base of binding.baseFrames()) {
    if (lines.length >= stackTraceLimit) break;
    lines.push(base);
  }
  return lines.length === 0 ? header(error) : `${header(error)}\n${lines.join('\n')}`;
}

defineProperty(Error, 'stackTraceLimit', { value: 10, writable: true, enumerable: true, configurable: true });
Error.prepareStackTrace = prepare;
