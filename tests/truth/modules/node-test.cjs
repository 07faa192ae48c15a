// node --test: which files it finds, what its reporters print, and how it ends.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs'), os = require('node:os'), path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'runner-'));
const write = (name, text) => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), text);
};
write('sum.js', 'exports.sum = (a, b) => a + b;\n');
write('sum.test.js', `const test = require('node:test'), assert = require('node:assert');
const { sum } = require('./sum');
test('adds', () => assert.strictEqual(sum(1, 2), 3));
test('adds slowly', async () => { await new Promise((done) => setTimeout(done, 5)); });
test.skip('not yet', () => {});
test('some day', { todo: true }, () => {});
`);
write('fails-test.cjs', `const { describe, it } = require('node:test'), assert = require('node:assert');
describe('a suite', () => {
  it('passes', () => {});
  it('fails', () => { assert.strictEqual(1, 2); });
});
console.log('said on stdout');
console.error('said on stderr');
`);
write('test/within.mjs', `import test from 'node:test';
test('found in the folder test', async (t) => {
  await t.test('nested', () => {});
  t.diagnostic('a word');
});
`);
write('test-first.js', `require('node:test')('by its name');\n`);
write('throws_test.js', `throw new TypeError('before any test');\n`);
write('node_modules/x/x.test.js', `throw new Error('never run');\n`);
write('other.js', `throw new Error('never run');\n`);
write('only.js', `const test = require('node:test');
test('left out', () => {});
test.only('run', () => {});
`);
write('exits.js', `process.on('exit', () => console.log(process.execArgv.join(' '), process.argv.length, process.env.NODE_TEST_CONTEXT));\n`);

const plain = (text) => text
  .replaceAll(folder, 'FOLDER')
  .replace(/duration_ms[ =:]+"?[\d.]+"?/g, 'duration_ms N')
  .replace(/time="[\d.]+"/g, 'time="N"')
  .replace(/\(\d+(\.\d+)?ms\)/g, '(Nms)')
  .replace(/hostname="[^"]*"/g, 'hostname="H"')
  // The library's own frames are an implementation's.
  .replace(/\n[# ]*(at )?[^\n]*(\(node:|at node:|async Promise\.all)[^\n{]*/g, '');
const run = (...args) => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  console.log(`==== node ${args.join(' ')}\n${plain(stdout)}---- ${plain(stderr)}---- ${status} ${signal}`);
};
run('--test', 'sum.test.js');
run('--test', '--test-concurrency=1');
run('--test', '--test-reporter', 'spec', 'sum.test.js', 'fails-test.cjs');
run('--test', '--test-reporter=dot', 'sum.test.js', 'fails-test.cjs');
run('--test', '--test-reporter=junit', 'test', 'sum.test.js');
run('--test', '--test-reporter=lcov', 'sum.test.js');
run('--test', '--test-name-pattern', 'slowly', 'sum.test.js');
run('--test', '--test-only', 'only.js');
run('--test', 'exits.js', 'test');
run('--test', '--test-shard=2/2', 'sum.test.js', 'fails-test.cjs');
run('--test', 'missing.js');
run('--test', '--test-reporter=spec', '--test-reporter-destination=report.txt', '--test-reporter=dot', '--test-reporter-destination=stdout', 'sum.test.js');
console.log(plain(fs.readFileSync(path.join(folder, 'report.txt'), 'utf8')));
run('--test-reporter=spec', 'sum.test.js');
fs.rmSync(folder, { recursive: true });
