// The global console: formatting, groups, counters and timers; each call is one write. After
// lib/internal/console/constructor.js.
let inspectModule;
const lazy = () => inspectModule ??= require('internal/util/inspect');
let indent = '';
const counts = new Map();
const times = new Map();

// Strings without a % need none of the machinery.
function format(args) {
  let plain = true;
  for (let i = 0; i < args.length; i++) {
    if (typeof args[i] !== 'string' || (i === 0 && args.length > 1 && args[0].includes('%'))) { plain = false; break; }
  }
  return plain ? args.join(' ') : lazy().format(...args);
}
function print(fd, args) {
  binding.enterHost();
  let text;
  try {
    text = format(args);
  } finally {
    binding.leaveHost();
  }
  if (indent !== '') text = indent + (text.includes('\n') ? text.replaceAll('\n', `\n${indent}`) : text);
  binding.write(fd, `${text}\n`);
}
function elapsed(ms) {
  if (ms >= 3600e3 || ms >= 60e3) {
    const hours = Math.floor(ms / 3600e3), minutes = Math.floor(ms / 60e3) % 60;
    const seconds = ((ms % 60e3) / 1000).toFixed(3);
    const pad = (n, size = 2) => String(n).padStart(size, '0');
    return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds.split('.')[0])} (h:mm:ss)` : `${minutes}:${pad(seconds, 6)} (m:ss.mmm)`;
  }
  if (ms >= 1000) return `${(ms / 1000).toFixed(3)}s`;
  return `${Number(ms.toFixed(3))}ms`;
}
function warn(text) { process.emitWarning(text); }

const methods = {
  log(...args) { print(1, args); },
  warn(...args) { print(2, args); },
  error(...args) { print(2, args); },
  dir(object, options) { print(1, [lazy().inspect(object, { customInspect: false, ...options })]); },
  time(label = 'default') {
    label = `${label}`;
    if (times.has(label)) warn(`Label '${label}' already exists for console.time()`);
    else times.set(label, binding.now());
  },
  timeEnd(label = 'default') {
    label = `${label}`;
    const start = times.get(label);
    if (start === undefined) { warn(`No such label '${label}' for console.timeEnd()`); return; }
    print(1, [`${label}: ${elapsed((binding.now() - start) / 1e6)}`]);
    times.delete(label);
  },
  timeLog(label = 'default', ...data) {
    label = `${label}`;
    const start = times.get(label);
    if (start === undefined) { warn(`No such label '${label}' for console.timeLog()`); return; }
    print(1, [`${label}: ${elapsed((binding.now() - start) / 1e6)}`, ...data]);
  },
  trace(...args) {
    const error = { name: 'Trace', message: format(args) };
    Error.captureStackTrace(error, methods.trace);
    const frames = String(error.stack).split('\n    at ').slice(1).map((line) => `    at ${line}`);
    print(2, [[`Trace${error.message ? `: ${error.message}` : ''}`, ...frames].join('\n')]);
  },
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift('Assertion failed');
    print(2, args);
  },
  clear() {},
  count(label = 'default') {
    label = `${label}`;
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    print(1, [`${label}: ${count}`]);
  },
  countReset(label = 'default') {
    if (!counts.delete(`${label}`)) warn(`Count for '${label}' does not exist`);
  },
  group(...args) {
    if (args.length > 0) print(1, args);
    indent += '  ';
  },
  groupEnd() { indent = indent.slice(2); },
  table(data) {
    if (data === null || typeof data !== 'object') { print(1, [data]); return; }
    const { inspect } = lazy();
    const show = (value) => inspect(value, { depth: 0, maxArrayLength: 3, breakLength: Infinity });
    const keys = [], rows = [];
    let hasValues = false;
    for (const [index, row] of data instanceof Map ? [...data].entries() : Object.entries(data)) {
      const cells = { __proto__: null };
      if (row !== null && typeof row === 'object') {
        for (const key of Object.keys(row)) {
          if (!keys.includes(key)) keys.push(key);
          cells[key] = show(row[key]);
        }
        rows.push([index, cells, '']);
      } else {
        hasValues = true;
        rows.push([index, cells, show(row)]);
      }
    }
    const head = ['(index)', ...keys, ...(hasValues ? ['Values'] : [])];
    const lines = rows.map(([index, cells, value]) => [String(index), ...keys.map((key) => cells[key] ?? ''), ...(hasValues ? [value] : [])]);
    const { getStringWidth } = lazy();
    const widths = head.map((name, i) => Math.max(getStringWidth(name), ...lines.map((line) => getStringWidth(line[i]))) + 2);
    const pad = (text, width) => ` ${text}${' '.repeat(width - getStringWidth(text) - 1)}`;
    const rule = (a, b, c) => a + widths.map((width) => '─'.repeat(width)).join(b) + c;
    const render = (line) => `│${line.map((text, i) => pad(text, widths[i])).join('│')}│`;
    print(1, [[rule('┌', '┬', '┐'), render(head), rule('├', '┼', '┤'), ...lines.map(render), rule('└', '┴', '┘')].join('\n')]);
  },
};
methods.info = function info(...args) { print(1, args); };
methods.debug = function debug(...args) { print(1, args); };
methods.dirxml = function dirxml(...args) { print(1, args); };
methods.groupCollapsed = methods.group;

const console = Object.create({});
for (const name of Object.keys(methods)) console[name] = methods[name];
Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
module.exports = console;
