// Programs that never end, eat everything or are no programs: each ends in a sentence that names cause and place, the
// page answers all the while, nothing typed is lost, and the next run works.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson, site } from '../stage.mjs';

const CASES = {
  'an endless loop in main': ['\nwhile (true) {}', /main\.js:2 ran for/],
  'an endless loop in a timer': ['setTimeout(() => {\n  while (true) {}\n}, 5)', /main\.js:2 ran for/],
  'an endless loop in an immediate': ['setImmediate(() => {\n  for (;;);\n})', /main\.js:2 ran for/],
  'an endless loop in a tick': ['process.nextTick(() => {\n  for (;;);\n})', /main\.js:2 ran for/],
  'an endless loop in a microtask': ['Promise.resolve().then(() => {\n  for (;;);\n})', /main\.js:2 ran for/],
  'an endless loop behind try and catch': ['for (;;) {\n  try { for (;;); } catch {}\n}', /main\.js:2 ran for/],
  'ticks that make ticks': ['function f() { process.nextTick(f) }\nf()', /nextTick or microtask queue/],
  'microtasks that make microtasks': ['function f() { Promise.resolve().then(f) }\nf()', /nextTick or microtask queue/],
  'an array that eats all memory': ['const a = []\nfor (;;) a.push(new Array(1e6))', /main\.js:2 filled the heap/],
  'recursion without end': ['function f() {\n  f()\n}\nf()', /Maximum call stack size exceeded/],
  'a catastrophic regular expression': ["/(a+)+$/.test('a'.repeat(40) + 'b')", /main\.js:1 ran for/],
  'ten million lines': ['for (let i = 0; i < 1e7; i++) console.log(i)', /main\.js:1 printed more than/],
  'a syntax error': ['let x = ;', /SyntaxError/],
  'a rejection that nobody handles': ["Promise.reject(new Error('boo'))", /boo/],
  'a thrown null': ['throw null', /null/],
};

for (const [name, [code, message]] of Object.entries(CASES)) {
  test(name, async (t) => {
    await openLesson('01-event-loop/01-what-runs-first');
    await lesson.type(code);
    let took;
    const frame = await lesson.longestFrame(async () => { took = await lesson.run(); });
    assert.match(await lesson.outcome().innerText(), message);
    // How long it takes depends on the machine; `cargo xtask bench` holds it against the goals.
    t.diagnostic(`ended after ${Math.round(took)} ms, longest frame ${Math.round(frame)} ms`);
    assert.equal(await lesson.code(), code, 'nothing typed is lost');
    await lesson.type("console.log('still here')");
    await lesson.run();
    assert.deepEqual(await lesson.printed(), ['still here']);
  });
}

test('Stop ends a run that waits for ever, and what ran stays', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.type("let n = 0\nsetInterval(() => { for (let i = 0; i < 3e5; i++); if (n++ === 0) console.log('first') }, 1000)");
  await lesson.runButton().click();
  // Within a second or two a limit ends it, and a driver may take as long from one step to the next.
  await lesson.page.waitForFunction(() => {
    const stop = [...document.querySelectorAll('button')].find((button) => button.textContent === 'Stop');
    const has = document.querySelector('[role=log]').textContent.includes('first');
    if (has) stop.click();
    return has;
  });
  await lesson.outcome().getByText('Stopped.').waitFor();
  assert.deepEqual(await lesson.printed(), ['first']);
});

// A module with the jar's exports whose every call is a trap: no program is known that breaks the real one.
const BROKEN_JAR = Buffer.from([
  '0061736d01000000', '010a0260017f017f6000017e', '0303020001', '0503010010',
  `072d03066d656d6f72790200${'0f' + Buffer.from('terrarium_input').toString('hex')}0000${'0e' + Buffer.from('terrarium_call').toString('hex')}0001`,
  '0a0b0205004180080b0300000b',
].join(''), 'hex');

test('a simulation that breaks leaves a card, and nothing typed is lost', async () => {
  site.instead.set('runtime_sim', BROKEN_JAR);
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.type("console.log('still here')");
  for (const _ of ['once', 'and again']) {
    await lesson.run();
    assert.match(await lesson.outcome().innerText(), /The simulation broke, not your program/);
  }
  site.instead.clear();
  await lesson.page.reload();
  await lesson.ready();
  await lesson.run();
  assert.deepEqual(await lesson.printed(), ['still here']);
});

test('garbled storage is said and kept', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.page.evaluate(() => {
    localStorage.setItem('terrarium:edits:01-event-loop/01-what-runs-first', '\u0000 not ours');
    localStorage.setItem('terrarium:theme', 'mauve');
  });
  await lesson.page.reload();
  await lesson.page.getByRole('alert').getByText(/could not be read/).waitFor();
  await lesson.run();
  assert.equal((await lesson.printed()).length, 5);
});

test('a lesson that is not there is a card, not a blank page', async () => {
  await openLesson('');
  await lesson.page.goto(`${site.url}#/no/lesson`);
  await lesson.page.getByRole('alert').getByText('This page is not here').waitFor();
});
