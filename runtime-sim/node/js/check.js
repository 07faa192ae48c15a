// The module `terrarium:check`: what a lesson's `checks.js` imports. `binding.facts` is the run that is judged.
const { inspect } = require('internal/util/inspect');
const facts = JSON.parse(binding.facts);
const outcomes = [];

class Failure extends Error {
  constructor(text, at) {
    super(text);
    this.at = at;
  }
}
const ms = (ns) => ns / 1e6;
const short = (path) => path.slice(path.lastIndexOf('/') + 1);
const tasks = facts.tasks.map((task) => ({
  queue: task.queue, name: task.name, file: short(task.file), line: task.line, queuedMs: ms(task.queued),
  dueMs: task.due === null ? null : ms(task.due), startedMs: ms(task.started), endedMs: ms(task.ended),
  lateMs: task.due === null ? 0 : Math.max(0, ms(task.started - task.due)), tookMs: ms(task.ended - task.started),
  event: task.event,
}));
const logs = facts.logs.map((log) => ({ text: log.text, stream: log.stream, ms: ms(log.time), line: log.line, event: log.event }));
let longestTask = null;
for (const task of tasks) if (longestTask === null || task.tookMs > longestTask.tookMs) longestTask = task;
const run = {
  stdout: facts.stdout, stderr: facts.stderr,
  lines: facts.stdout === '' ? [] : facts.stdout.replace(/\n$/, '').split('\n'),
  exitCode: facts.exitCode, durationMs: ms(facts.duration), tasks, logs, longestTask, error: facts.error,
  source(path) {
    const text = facts.sources[path] ?? facts.sources[`${facts.cwd}/${path}`];
    if (text === undefined) throw new Failure(`there is no file ${path}`);
    return text;
  },
};

function isSame(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}
const eventOf = (at) => typeof at === 'object' && at !== null ? at.event : at;
function expect(actual, what = 'the value', { at } = {}) {
  const judge = (ok, wanted) => {
    if (!ok) throw new Failure(`${what}: expected ${wanted} but got ${inspect(actual, { breakLength: Infinity })}`, eventOf(at));
  };
  const show = (value) => inspect(value, { breakLength: Infinity });
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
module.exports = { check, expect, fail, outcomes };
