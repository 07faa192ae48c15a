// Runs test files as Jest does, in this process: `describe`, `test` and hooks are jest-circus, `expect` with its snapshots is
// @jest/expect, `jest.fn` is jest-mock, fake timers are @jest/fake-timers; what stands here is between them, after
// jest-circus' own adapter (jestAdapterInit.ts). The report reads as Jest's verbose one. Of Jest's configuration what is about
// coverage counts.
//
// Not here: modules in a context of their own (the program's modules are loaded anew for each file, globals stay), hoisting
// of `jest.mock` above imports (call it before `require`), transforms, watching, snapshots written into sources.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { parseArgs } = require('node:util');

// jest-snapshot loads what transforms sources, which brings Babel, only to write snapshots into them and to load a
// configured resolver of paths. Neither is here.
const load = Module._load;
Module._load = function(request) {
  return request === '@jest/transform' ? { createTranspilingRequire: undefined } : load.apply(this, arguments);
};
const { jestExpect } = require('@jest/expect');
Module._load = load;
const { ModernFakeTimers } = require('@jest/fake-timers');
const circus = require('jest-circus');
const { formatResultsErrors } = require('jest-message-util');
const { ModuleMocker } = require('jest-mock');
const { SnapshotState } = require('jest-snapshot');

const TEST_FILE = /(?:\.(?:test|spec)|[/\\]__tests__[/\\][^/\\]*)\.[cm]?[jt]s$/;
const CONFIG = { rootDir: process.cwd(), testMatch: [], fakeTimers: {}, snapshotFormat: { escapeString: false, printBasicPrototype: false } };
const SNAPSHOT = { expand: false, prettierPath: null, rootDir: CONFIG.rootDir, snapshotFormat: CONFIG.snapshotFormat };

const OPTIONS = {
  coverage: { type: 'boolean' },
  collectCoverage: { type: 'boolean' },
  collectCoverageFrom: { type: 'string', multiple: true },
  coverageDirectory: { type: 'string' },
  coveragePathIgnorePatterns: { type: 'string', multiple: true },
  coverageReporters: { type: 'string', multiple: true },
  coverageThreshold: { type: 'string' },
  ci: { type: 'boolean' },
  updateSnapshot: { type: 'boolean', short: 'u' },
};

const colours = Boolean(process.stderr.isTTY);
const paint = (code, text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
const print = (text) => process.stderr.write(`${text}\n`);

/** Runs the files whose path has one of the words in it, or all; sets the exit code. */
async function run(words = []) {
  const { values: options, positionals: chosen } = parseArgs({ args: words, options: OPTIONS, allowPositionals: true, strict: false });
  const update = options.updateSnapshot ? 'all' : options.ci || process.env.CI ? 'none' : 'new';
  const coverage = await coverageFor(options);
  const files = find(CONFIG.rootDir).filter((file) => chosen.length === 0 || chosen.some((word) => file.includes(word)));
  if (files.length === 0) {
    print('No tests found, exiting with code 1');
    process.exitCode = 1;
    return [];
  }
  const results = [];
  coverage?.begin();
  for (const file of files) results.push(await runFile(file, update, coverage));
  const failures = coverage ? reportCoverage(coverage) : [];
  summarize(results);
  if (failures.length > 0 || results.some((result) => result.failed)) process.exitCode = 1;
  return results;
}

/** What the project's configuration says, and over it the command line. */
async function coverageFor({ coverage, coverageThreshold, ...options }) {
  const config = { ...await projectConfig(), ...options };
  if (coverageThreshold) config.coverageThreshold = JSON.parse(coverageThreshold);
  if (!coverage && !config.collectCoverage) return undefined;
  const { Coverage } = require('./coverage.js');
  return new Coverage({ ...config, rootDir: CONFIG.rootDir, isTest: (file) => TEST_FILE.test(file) });
}

async function projectConfig() {
  for (const ending of ['js', 'mjs', 'cjs', 'ts', 'json']) {
    const file = path.join(CONFIG.rootDir, `jest.config.${ending}`);
    if (!fs.existsSync(file)) continue;
    if (ending === 'json') return JSON.parse(fs.readFileSync(file, 'utf8'));
    const { default: config } = await import(pathToFileURL(file));
    return typeof config === 'function' ? config() : config;
  }
  const file = path.join(CONFIG.rootDir, 'package.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).jest : {};
}

function reportCoverage(coverage) {
  coverage.end();
  coverage.addUntested(list(CONFIG.rootDir));
  coverage.write();
  const failures = coverage.failures();
  if (failures.length > 0) print(paint('31;1', failures.join('\n')));
  return failures;
}

function find(folder) {
  return list(folder).filter((file) => TEST_FILE.test(file));
}

function list(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : list(file);
    return [file];
  });
}

async function runFile(file, update, coverage) {
  const mocker = new ModuleMocker(globalThis);
  const timers = new ModernFakeTimers({ config: CONFIG, global: globalThis });
  const registry = new Registry(mocker, coverage);
  const snapshotPath = path.join(path.dirname(file), '__snapshots__', `${path.basename(file)}.snap`);
  const snapshotState = new SnapshotState(snapshotPath, { ...SNAPSHOT, updateSnapshot: update });
  circus.resetState();
  jestExpect.setState({ expand: false, snapshotState, testPath: file });
  const jest = jestObject(mocker, timers, registry);
  const { beforeAll, beforeEach, afterAll, afterEach, describe, it, test } = circus;
  const globals = {
    afterAll, afterEach, beforeAll, beforeEach, describe, it, test, fdescribe: describe.only, fit: it.only,
    xdescribe: describe.skip, xit: it.skip, xtest: test.skip, expect: jestExpect, jest,
  };
  Object.assign(globalThis, globals);
  circus.addEventHandler(judge);
  const began = Date.now();
  let results;
  try {
    registry.enter();
    await loadTests(file);
    results = await circus.run();
  } catch (error) {
    results = { testResults: [], unhandledErrors: [error?.stack ?? String(error)] };
  } finally {
    registry.leave();
    timers.useRealTimers();
    mocker.restoreAllMocks();
    circus.removeEventHandler(judge);
    for (const name of Object.keys(globals)) delete globalThis[name];
  }
  const { matched, unmatched, added, updated } = snapshotState;
  snapshotState.removeUncheckedKeys();
  snapshotState.save();
  return report(file, results, Date.now() - began, { matched, unmatched, added, updated });
}

/** Jest tries `require` first, too; what has `import` in it is an ES module, each time a new one. */
let generation = 0;
async function loadTests(file) {
  if (/\.[cm]?ts$|\.mjs$/.test(file)) return import(`${pathToFileURL(file)}?${(generation += 1)}`);
  try {
    return require(file);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && !/Cannot use import statement outside a module/.test(error.message)) throw error;
    return import(`${pathToFileURL(file)}?${(generation += 1)}`);
  }
}

/** What jest-circus leaves to its adapter: names for snapshots, and `expect.assertions`. */
function judge(event) {
  if (event.name === 'test_start') {
    jestExpect.setState({ currentTestName: titles(event.test).join(' '), assertionCalls: 0, suppressedErrors: [] });
  } else if (event.name === 'test_done') {
    const { suppressedErrors = [] } = jestExpect.getState();
    jestExpect.setState({ suppressedErrors: [] });
    event.test.errors.push(...suppressedErrors, ...jestExpect.extractExpectedAssertionsErrors().map(({ error }) => error));
  }
}

function titles(test) {
  const names = [];
  for (let at = test; at && at.name !== 'ROOT_DESCRIBE_BLOCK'; at = at.parent) names.unshift(at.name);
  return names;
}

/** The program's own modules, forgotten after each test file, and `jest.mock`. */
class Registry {
  constructor(mocker, coverage) {
    this.mocker = mocker;
    this.coverage = coverage;
    this.mocks = new Map();
  }

  enter() {
    const original = Module._load;
    this.actual = original;
    const registry = this;
    // What is to be covered has to be loaded while it counts.
    const isCovered = (file) => this.coverage?.covers(file) && require.cache[file] !== require.main;
    this.known = new Set(Object.keys(require.cache).filter((file) => !isCovered(file)));
    this.reset();
    Module._load = function load(request, parent, isMain) {
      if (registry.mocks.size === 0 || Module.isBuiltin(request) && !registry.mocks.has(request)) return original.apply(this, arguments);
      const mock = registry.mocks.get(Module.isBuiltin(request) ? request : Module._resolveFilename(request, parent, isMain));
      if (!mock) return original.apply(this, arguments);
      mock.exports ??= mock.factory ? mock.factory() : registry.automock(original.apply(this, arguments));
      return mock.exports;
    };
  }

  leave() {
    Module._load = this.actual;
    this.reset();
  }

  reset() {
    for (const file of Object.keys(require.cache)) {
      if (!this.known.has(file) && !file.includes('/node_modules/')) delete require.cache[file];
    }
    for (const mock of this.mocks.values()) mock.exports = undefined;
  }

  automock(actual) {
    return this.mocker.generateFromMetadata(this.mocker.getMetadata(actual));
  }

  /** As the file that calls `jest.mock` sees it. */
  locate(request) {
    if (Module.isBuiltin(request)) return request;
    const frame = new Error().stack.split('\n').map((line) => /\(?(?:file:\/\/)?(\/[^()]*?):\d+:\d+\)?$/.exec(line)?.[1]).find((file) => file && file !== __filename);
    return Module.createRequire(frame ?? path.join(CONFIG.rootDir, 'index.js')).resolve(request);
  }
}

function jestObject(mocker, timers, registry) {
  const mock = (request, factory) => {
    registry.mocks.set(registry.locate(request), { factory, exports: undefined });
    return jest;
  };
  const chained = (work) => (...args) => {
    work(...args);
    return jest;
  };
  const jest = {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    replaceProperty: mocker.replaceProperty.bind(mocker),
    mocked: (source) => source,
    isMockFunction: mocker.isMockFunction.bind(mocker),
    clearAllMocks: chained(() => mocker.clearAllMocks()),
    resetAllMocks: chained(() => mocker.resetAllMocks()),
    restoreAllMocks: chained(() => mocker.restoreAllMocks()),
    mock,
    doMock: mock,
    unmock: chained((request) => registry.mocks.delete(registry.locate(request))),
    createMockFromModule: (request) => registry.automock(Module._load(registry.locate(request))),
    requireActual: (request) => registry.actual(registry.locate(request), module, false),
    requireMock: (request) => Module._load(registry.locate(request), module, false),
    resetModules: chained(() => registry.reset()),
    setTimeout: chained((timeout) => { globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = timeout; }),
    retryTimes: chained((count, options) => {
      globalThis[Symbol.for('RETRY_TIMES')] = count;
      globalThis[Symbol.for('LOG_ERRORS_BEFORE_RETRY')] = options?.logErrorsBeforeRetry;
    }),
    useFakeTimers: chained((options) => timers.useFakeTimers(options)),
    useRealTimers: chained(() => timers.useRealTimers()),
    now: () => (timers._fakingTime ? timers.now() : Date.now()),
  };
  for (const name of [
    'advanceTimersByTime', 'advanceTimersByTimeAsync', 'advanceTimersToNextFrame', 'runAllTicks', 'runAllTimers',
    'runAllTimersAsync', 'runOnlyPendingTimers', 'runOnlyPendingTimersAsync', 'clearAllTimers', 'getTimerCount',
    'setSystemTime', 'getRealSystemTime',
  ]) jest[name] = timers[name].bind(timers);
  jest.advanceTimersToNextTimer = (steps) => timers.advanceTimersToNextTimer(steps);
  jest.advanceTimersToNextTimerAsync = (steps) => timers.advanceTimersToNextTimerAsync(steps);
  return jest;
}

function report(file, { testResults, unhandledErrors }, took, snapshots) {
  const tests = testResults.map((result) => {
    const [, ...names] = result.testPath;
    return {
      ancestorTitles: names.slice(0, -1), title: names.at(-1), fullName: names.join(' '), status: statusOf(result),
      duration: result.duration, failureMessages: result.errors, failureDetails: result.errorsDetailed ?? [],
    };
  });
  const failed = unhandledErrors.length > 0 || tests.some((test) => test.status === 'failed');
  const shown = path.relative(CONFIG.rootDir, file);
  print(`${failed ? paint('41;1', 'FAIL') : paint('42;1', 'PASS')} ${shown}`);
  let open = [];
  for (const { ancestorTitles, title, status, duration } of tests) {
    let same = 0;
    while (same < open.length && open[same] === ancestorTitles[same]) same += 1;
    ancestorTitles.slice(same).forEach((name, depth) => print(`${'  '.repeat(same + depth + 1)}${name}`));
    open = ancestorTitles;
    const [sign, words] = { passed: [paint(32, '✓'), ''], failed: [paint(31, '✕'), ''], pending: [paint(33, '○'), 'skipped '], todo: [paint(35, '✎'), 'todo '] }[status];
    print(`${'  '.repeat(open.length + 1)}${sign} ${words}${title}${duration ? ` (${Math.round(duration)} ms)` : ''}`);
  }
  const messages = formatResultsErrors(tests, CONFIG, { noStackTrace: false }, file);
  if (messages) print(`\n${colours ? messages : messages.replace(/\x1b\[\d+(?:;\d+)*m/g, '')}`);
  for (const error of unhandledErrors) print(`\n  ● Test suite failed to run\n\n    ${String(error).replace(/\n/g, '\n    ')}\n`);
  return { file, failed, tests, took, snapshots };
}

function statusOf({ status, errors }) {
  if (status === 'todo') return 'todo';
  if (status === 'skip') return 'pending';
  return errors.length > 0 ? 'failed' : 'passed';
}

function summarize(results) {
  const tests = results.flatMap((result) => result.tests);
  const counted = (list, kinds) => {
    const parts = kinds.map(([name, test, colour]) => [list.filter(test).length, name, colour]).filter(([count]) => count > 0);
    return [...parts.map(([count, name, colour]) => paint(colour, `${count} ${name}`)), `${list.length} total`].join(', ');
  };
  const of = (status) => (test) => test.status === status;
  const snapshots = { matched: 0, unmatched: 0, added: 0, updated: 0 };
  for (const result of results) for (const name of Object.keys(snapshots)) snapshots[name] += result.snapshots[name];
  const shown = [['unmatched', 'failed'], ['updated', 'updated'], ['added', 'written'], ['matched', 'passed']].filter(([key]) => snapshots[key] > 0).map(([key, word]) => `${snapshots[key]} ${word}`);
  const all = Object.values(snapshots).reduce((sum, count) => sum + count, 0);
  print('');
  print(`Test Suites: ${counted(results, [['failed', (result) => result.failed, 31], ['passed', (result) => !result.failed, 32]])}`);
  print(`Tests:       ${counted(tests, [['failed', of('failed'), 31], ['skipped', of('pending'), 33], ['todo', of('todo'), 35], ['passed', of('passed'), 32]])}`);
  print(`Snapshots:   ${[...shown, `${all} total`].join(', ')}`);
  print(`Time:        ${results.reduce((sum, result) => sum + result.took, 0) / 1000} s`);
}

module.exports = { run };
