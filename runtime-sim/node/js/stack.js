// `error.stack`: the engine words headers and frames as V8 does; here Node's own files are left out, files of ES modules
// become URLs, and the frames of Node that stand under the callback are put below.
const { defineProperty } = Object;
const toString = Error.prototype.toString;

function header(error) {
  try {
    return toString.call(error);
  } catch {
    return '<error>';
  }
}

function isInternal(file) {
  return file === '' || typeof file === 'string' && file.startsWith('node:internal/');
}

function flush(lines, base) {
  for (let i = 0; i < base.length; i++) lines.push(base[i]);
  return [];
}

function prepare(error, sites, base = []) {
  const { stackTraceLimit } = Error;
  const lines = [];
  let below = base;
  for (let i = 0; i < sites.length; i++) {
    const file = sites[i].getFileName();
    if (isInternal(file) || file === undefined && isInternal(sites[i + 1]?.getFileName())) continue;
    // The callback's own frames end where those of the functions that wait for it begin.
    if (sites[i].isAsync()) below = flush(lines, below);
    let text = sites[i].toString();
    if (typeof file === 'string') {
      if (binding.packageType(file) === 'module') text = text.replace(file, `file://${file}`);
    }
    lines.push(`    at ${text}`);
  }
  flush(lines, below);
  if (lines.length > stackTraceLimit) lines.length = stackTraceLimit;
  return lines.length === 0 ? header(error) : `${header(error)}\n${lines.join('\n')}`;
}
// Asked when the frames are captured; the words are made when `stack` is first read.
defineProperty(prepare, 'base', { value: binding.baseFrames });

defineProperty(Error, 'stackTraceLimit', { value: 10, writable: true, enumerable: true, configurable: true });
Error.prepareStackTrace = prepare;
