// A reader's way through a lesson: load, read, edit, run, step back, solve, come back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { engine, root } from '../page.mjs';
import { browser, lesson, openLesson, site } from '../stage.mjs';

const FIRST = '01-event-loop/01-what-runs-first';
const open = (id = FIRST, options) => openLesson(id, options);

test('the contents lead to a lesson', async () => {
  await open('');
  await lesson.page.getByRole('link', { name: /What runs first/ }).click();
  await lesson.editor().waitFor();
  assert.match(await lesson.page.title(), /What runs first\?/);
});

test('a run prints in Node’s order, each line with its moment and place', async () => {
  await open();
  await lesson.run();
  assert.deepEqual(await lesson.printed(), ['sync', 'tick', 'promise', 'timeout', 'immediate']);
  const rows = await lesson.page.locator('[role=log] button').allInnerTexts();
  assert.match(rows[0], /^\d+\.\d{3} ms\s+sync\s+main\.js:5$/);
  assert.match(rows.at(-1), /exits with code 0/);
  const times = rows.map((row) => parseFloat(row));
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
});

test('what few programs need is fetched when one asks for it', async () => {
  await open();
  await lesson.type("require('assert'); console.log('n\\u0303'.normalize().length, /\\p{Lu}/u.test('É'), require('crypto').createHash('md5').update('').digest('hex'))");
  await lesson.run();
  assert.deepEqual(await lesson.printed(), ['1 true d41d8cd98f00b204e9800998ecf8427e']);
});

test('stepping back undoes the picture, and a line of the console leads to its moment', async () => {
  await open();
  await lesson.run();
  const end = Number(await lesson.scrubber().getAttribute('aria-valuenow'));
  await lesson.button('Step back').click();
  const now = Number(await lesson.scrubber().getAttribute('aria-valuenow'));
  assert.ok(now < end, `${now} is before ${end}`);
  await lesson.lines().filter({ hasText: 'tick' }).click();
  await lesson.page.locator('.say', { hasText: 'tick is printed.' }).waitFor();
  assert.deepEqual(await lesson.page.locator('[role=log] button.later .line').allInnerTexts(), ['promise', 'timeout', 'immediate', 'exits with code 0']);
  const loop = await lesson.page.getByRole('group', { name: 'The loop' }).innerText();
  assert.match(loop, /log\('promise'\)/, 'the promise callback waits');
  await lesson.button('Step forward').click();
  await lesson.button('Play').click();
  await lesson.button('Pause').click();
});

test('the prediction is compared with the run', async () => {
  await open();
  const predict = lesson.page.getByRole('region', { name: 'Predict' });
  const sync = predict.getByRole('listitem').filter({ hasText: 'sync' }).first();
  await sync.focus();
  for (let up = 0; up < 4; up++) await lesson.page.keyboard.press('ArrowUp');
  await lesson.run();
  await predict.getByText('The first difference is line 2').waitFor();
  await predict.getByRole('button', { name: /^Look at/ }).click();
  await lesson.page.locator('.say', { hasText: 'tick is printed.' }).waitFor();
});

for (const id of [FIRST, '01-event-loop/02-blocking-the-loop', '01-event-loop/03-two-tasks-at-once']) {
  test(`the solution of ${id} solves it, and the way back leads back`, async () => {
    await open(id);
    const start = await lesson.code();
    await lesson.button('Hint').click();
    await lesson.page.getByText('Hint 1').waitFor();
    await lesson.button('Solution').click();
    await lesson.run();
    await lesson.outcome().getByText('Solved.').waitFor({ timeout: 20_000 });
    await lesson.button('Back to my code').click();
    assert.equal(await lesson.code(), start);
  });
}

test('an edit that fails a check is told the first failure', async () => {
  await open();
  await lesson.type("console.log('sync')");
  await lesson.run();
  await lesson.outcome().getByText(/Not yet: each word is printed once/).waitFor();
});

test('edits survive a reload, and Reset can be undone', async () => {
  await open();
  const start = await lesson.code();
  await lesson.type("console.log('mine')");
  await lesson.page.waitForFunction((id) => localStorage.getItem(`terrarium:edits:${id}`)?.includes('mine'), FIRST);
  await lesson.page.reload();
  await lesson.ready();
  assert.equal(await lesson.code(), "console.log('mine')");
  await lesson.button('Reset').click();
  assert.equal(await lesson.code(), start);
  await lesson.button('Undo reset').click();
  assert.equal(await lesson.code(), "console.log('mine')");
});

test('everything works by keyboard', async () => {
  await open();
  await lesson.editor().focus();
  await lesson.page.keyboard.press('Control+Enter');
  await lesson.ended();
  await lesson.page.keyboard.press('Escape');
  await lesson.page.evaluate(() => document.activeElement.blur());
  const at = async () => Number(await lesson.scrubber().getAttribute('aria-valuenow'));
  // A key is heard at once, and drawn with the next frame.
  const stands = async (event) => {
    for (let round = 0; round < 50 && await at() !== event; round += 1) await lesson.page.waitForTimeout(20);
    assert.equal(await at(), event);
  };
  const end = await at();
  await lesson.page.keyboard.press('Home');
  await stands(1);
  await lesson.page.keyboard.press('ArrowRight');
  await stands(2);
  await lesson.page.keyboard.press('Shift+ArrowRight');
  await stands(12);
  await lesson.page.keyboard.press('ArrowLeft');
  await stands(11);
  await lesson.page.keyboard.press('End');
  await stands(end);
});

test('the line that executes is marked', async () => {
  await open();
  await lesson.run();
  await lesson.lines().filter({ hasText: 'promise' }).click();
  // While the line of the console is pointed at, its line of code is marked for that.
  await lesson.page.mouse.move(2, 2);
  const marked = lesson.page.locator('.cm-line.cm-mark-now').first();
  await marked.waitFor();
  assert.match(await marked.innerText(), /promise/);
});

test('the trace is the same as in wasmtime', async () => {
  const binary = process.env.TERRARIUM;
  const command = binary ? [binary, []] : ['cargo', ['run', '--quiet', '--package', 'terrarium', '--']];
  const graded = JSON.parse(execFileSync(command[0], [...command[1], 'check', '--json', 'lessons'], { cwd: root, encoding: 'utf8' }));
  // The jar's bytes are the same everywhere; another browser shows with one lesson of each chapter that it runs them so.
  const chapters = new Map(graded.lessons.map((one) => [one.lesson.split('/')[0], one]));
  for (const { lesson: id, trace_hash: hash } of engine === 'chromium' ? graded.lessons : chapters.values()) {
    await open(id);
    await lesson.run();
    assert.equal(await lesson.page.locator('[data-trace-hash]').getAttribute('data-trace-hash'), hash, id);
  }
});

test('what an earlier run has compiled changes nothing', async () => {
  await open('05-http/01-first-express-api');
  const hashes = [];
  for (let round = 0; round < 3; round += 1) {
    await lesson.run();
    hashes.push(await lesson.page.locator('[data-trace-hash]').getAttribute('data-trace-hash'));
  }
  assert.deepEqual(hashes.slice(1), [hashes[0], hashes[0]]);
});

test('it works in a sandboxed frame', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${site.origin}/framed`);
  const frame = page.frameLocator('iframe');
  await frame.getByRole('button', { name: /^Run/ }).click();
  await frame.getByRole('log').getByText('exits with code 0').waitFor({ timeout: 60_000 });
  // Its origin is its own there, and its files are another's: each of them has to be let in all the same.
  const ink = await frame.locator('body').evaluate((body) => getComputedStyle(body).getPropertyValue('--ink'));
  assert.notEqual(ink, '', 'it has its styles');
  await frame.getByRole('tab', { name: 'Choices' }).click();
  await frame.getByRole('group', { name: 'The choices' }).waitFor();
  await page.close();
});

test('nothing is fetched from elsewhere, in a sandboxed frame or not', async () => {
  const refused = (body) => new Promise((done) => {
    addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
    fetch('http://127.0.0.1:9/').catch(() => setTimeout(done, 1_000, 'nothing'));
  });
  await open();
  assert.equal(await lesson.page.locator('body').evaluate(refused), 'connect-src');
  await lesson.page.goto(`${site.origin}/framed`);
  assert.equal(await lesson.page.frameLocator('iframe').locator('body').evaluate(refused), 'connect-src');
});
