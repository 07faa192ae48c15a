// Test files that this program writes, run as Jest runs them. The report goes to standard error; its times are left out.
const fs = require('node:fs');
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (text) => write(text.replace(/ \(\d+ ms\)/, '').replace(/^Time: .*/, 'Time:'));

fs.rmSync('__snapshots__', { recursive: true, force: true });
fs.writeFileSync('strings.js', `exports.capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1);\n`);
fs.writeFileSync('strings.test.js', `
const { capitalize } = require('./strings.js');

describe('capitalize', () => {
  let count = 0;
  beforeEach(() => { count += 1; });
  afterAll(() => console.log('hooks ran', count, 'times'));
  test('makes the first letter large', () => expect(capitalize('emma')).toBe('Emma'));
  test.each([['a', 'A'], ['B', 'B']])('%s becomes %s', (from, to) => { expect(capitalize(from)).toBe(to); });
  it('is wrong about this', () => {
    expect({ title: capitalize('x') }).toEqual({ title: 'Y' });
  });
  it.skip('is skipped', () => {});
  test.todo('longer words');
});

test('mocks count', () => {
  const double = jest.fn((x) => x * 2);
  expect([1, 2].map((x) => double(x))).toEqual([2, 4]);
  expect(double).toHaveBeenCalledTimes(2);
  jest.spyOn(Math, 'max').mockReturnValue(7);
  expect(Math.max(1)).toBe(7);
  jest.restoreAllMocks();
  expect(Math.max(1)).toBe(1);
});

test('time can be driven', () => {
  jest.useFakeTimers();
  const late = jest.fn();
  setTimeout(late, 60_000);
  jest.advanceTimersByTime(59_999);
  expect(late).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(late).toHaveBeenCalled();
  jest.useRealTimers();
});

test('or passes by itself', async () => {
  await new Promise((resolve) => setTimeout(resolve, 300));
});

test('snapshots are kept', () => {
  expect({ a: [1, 'two'] }).toMatchSnapshot();
  expect('x').toMatchInlineSnapshot('"x"');
});

test('promises are waited for', () => expect(Promise.reject(new Error('no'))).rejects.toThrow('no'));

test('assertions are counted', () => { expect.assertions(1); });

test('modules can be mocked', () => {
  jest.mock('./strings.js', () => ({ capitalize: () => 'mocked' }));
  expect(require('./strings.js').capitalize('x')).toBe('mocked');
});
`);

require('jest').run().then(() => {
  console.log(fs.readFileSync('__snapshots__/strings.test.js.snap', 'utf8'));
  console.log(process.exitCode);
});
