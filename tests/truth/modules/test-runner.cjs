// node:test in a child process with each of its reporters; what took how long is nobody's business here.
const { spawnSync } = require('child_process');
const fs = require('fs'), os = require('os'), path = require('path');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'runner-'));
const file = path.join(folder, 'some.test.cjs');
fs.writeFileSync(file, `
const { test, describe, it, before, after, beforeEach, mock } = require('node:test');
const assert = require('node:assert');
test('adds', () => assert.strictEqual(1 + 1, 2));
test('fails', () => { assert.strictEqual(1, 2); });
test('skipped', { skip: 'why' }, () => {});
test('todo', { todo: true }, () => {});
test('with parts', async (t) => { await t.test('sub', () => {}); t.diagnostic('said'); });
describe('suite', () => {
  beforeEach(() => {});
  it('one', () => {});
  it('two', async () => { throw new Error('bad <&> "quoted"'); });
});
test('mock', () => { const f = mock.fn((a) => a + 1); f(1); assert.strictEqual(f.mock.calls.length, 1); });
test('deep', () => assert.deepStrictEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }));
`);
const plain = (text) => text.replaceAll(folder, '/tests').replace(/\d+(\.\d+)?ms/g, 'Nms').replace(/duration_ms:? [\d.]+/g, 'duration_ms N').replace(/time="[\d.]+"/g, 'time="N"').replace(/hostname="[^"]*"/g, 'hostname="H"');
for (const reporter of ['tap', 'spec', 'dot', 'junit', 'lcov']) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`--test-reporter=${reporter}`, file], { encoding: 'utf8', cwd: folder });
  console.log(`== ${reporter}: ${status}`);
  console.log(plain(stdout));
  console.log(plain(stderr));
}
fs.rmSync(folder, { recursive: true });
