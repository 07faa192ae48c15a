// The module `terrarium:check`: what a lesson's `checks.js` imports. `all` is the run that is judged, as JSON parses it: `processes`, the reports of `loads` and the `exchanges` of clients.
const outcomes = [];

class Failure extends Error {
  constructor(text, at) {
    super(text);
    this.at = at;
  }
}
const ms = (ns) => ns / 1e6;
const short = (path) => path.slice(path.lastIndexOf('/') + 1);
function runOf(facts) {
  const tasks = facts.tasks.map((task) => ({
    queue: task.queue, name: task.name, file: short(task.file), line: task.line, queuedMs: ms(task.queued),
    dueMs: task.due === null ? null : ms(task.due), startedMs: ms(task.started), endedMs: ms(task.ended),
    lateMs: task.due === null ? 0 : Math.max(0, ms(task.started - task.due)), tookMs: ms(task.ended - task.started),
    event: task.event,
  }));
  const logs = facts.logs.map((log) => ({ text: log.text, stream: log.stream, ms: ms(log.time), line: log.line, event: log.event }));
  let longestTask = null;
  for (const task of tasks) if (longestTask === null || task.tookMs > longestTask.tookMs) longestTask = task;
  return {
    host: facts.host, stdout: facts.stdout, stderr: facts.stderr,
    lines: facts.stdout === '' ? [] : facts.stdout.replace(/\n$/, '').split('\n'),
    exitCode: facts.exitCode, durationMs: ms(facts.duration), tasks, logs, longestTask, error: facts.error,
    threads: facts.threads,
    heap: { beganBytes: facts.heap.began, peakBytes: facts.heap.peak, peakMs: ms(facts.heap.time), event: facts.heap.event },
    source(path) {
      const text = facts.sources[path] ?? facts.sources[`${facts.cwd}/${path}`];
      if (text === undefined) throw new Failure(`there is no file ${path}`);
      return text;
    },
    coverage(path) {
      const report = facts.sources[`${facts.cwd}/coverage/coverage-final.json`];
      if (report === undefined) throw new Failure('no coverage was collected: jest --coverage does that');
      const file = JSON.parse(report)[`${facts.cwd}/${path}`];
      if (file === undefined) throw new Failure(`no test loads ${path}, so none covers it`);
      return coverageOf(file);
    },
  };
}
// As Istanbul sums up a file: a line counts as often as the statement that does most of those that begin there.
function coverageOf(file) {
  const lines = {};
  for (const [id, count] of Object.entries(file.s)) {
    const { line } = file.statementMap[id].start;
    lines[line] = Math.max(lines[line] ?? 0, count);
  }
  const branches = Object.entries(file.b).flatMap(([id, counts]) => counts.map((count, i) => (
    { line: file.branchMap[id].locations[i].start.line ?? file.branchMap[id].loc.start.line, count })));
  const sum = (counts) => {
    const covered = counts.filter((count) => count > 0).length;
    return { total: counts.length, covered, percent: counts.length === 0 ? 100 : Math.floor(10000 * covered / counts.length) / 100 };
  };
  return {
    statements: sum(Object.values(file.s)), functions: sum(Object.values(file.f)),
    branches: { ...sum(branches.map(({ count }) => count)), missedLines: branches.filter(({ count }) => count === 0).map(({ line }) => line) },
    lines: { ...sum(Object.values(lines)), missed: Object.keys(lines).filter((line) => lines[line] === 0).map(Number) },
  };
}
const processes = all.processes.map(runOf);
const run = {
  ...processes[0], processes, loads: all.loads, load: all.loads[0], exchanges: all.exchanges,
  on(host) {
    const found = processes.find((process) => process.host === host);
    if (found === undefined) throw new Failure(`no process runs on ${host}`);
    return found;
  },
};

function isSame(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}
const quoted = (text) => {
  const quote = ["'", '"', '`'].find((mark) => !text.includes(mark)) ?? "'";
  return quote + JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll(quote, `\\${quote}`) + quote;
};
const nameOf = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));
// What a failure says of a value: short, on one line, for a reader. The run is plain data, and so is what is wanted of it.
function show(value, outer = []) {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return value.name === '' ? '[Function]' : `[Function: ${value.name}]`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error || value instanceof RegExp) return String(value);
  if (outer.includes(value)) return '[Circular]';
  if (outer.length > 3) return Array.isArray(value) ? '[Array]' : '[Object]';
  const inner = [...outer, value];
  const list = (items, [open, close]) => (items.length === 0 ? open + close
    : `${open} ${items.slice(0, 100).join(', ')}${items.length > 100 ? ', …' : ''} ${close}`);
  if (Array.isArray(value)) return list(value.map((item) => show(item, inner)), '[]');
  return list(Object.keys(value).map((key) => `${nameOf(key)}: ${show(value[key], inner)}`), '{}');
}
const eventOf = (at) => typeof at === 'object' && at !== null ? at.event : at;
function expect(actual, what = 'the value', { at } = {}) {
  const judge = (ok, wanted) => {
    if (!ok) throw new Failure(`${what}: expected ${wanted} but got ${show(actual)}`, eventOf(at));
  };
  return {
    toBe: (x) => judge(Object.is(actual, x), show(x)),
    toEqual: (x) => judge(isSame(actual, x), show(x)),
    toBeLessThan: (n) => judge(actual < n, `less than ${show(n)}`),
    toBeGreaterThan: (n) => judge(actual > n, `more than ${show(n)}`),
    toContain: (x) => judge(actual != null && typeof actual.includes === 'function' &&
      (actual.includes(x) || (Array.isArray(actual) && actual.some((item) => isSame(item, x)))), `it to contain ${show(x)}`),
    toMatch: (pattern) => judge(pattern.test(actual), `it to match ${pattern}`),
  };
}
function fail(text, { at } = {}) { throw new Failure(text, eventOf(at)); }
function check(name, fn) {
  let failure = null, at = null;
  try {
    fn(run);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Failure)) failure = `the check itself failed: ${failure}`;
    at = error?.at ?? null;
  }
  outcomes.push([String(name), failure, at]);
}
return { check, expect, fail, outcomes };
