// A reader who has never seen the page finds which call of a slow endpoint is slow and what blocks the loop. He knows what
// he can read and press: roles, and names that stand on the page. What he reads is held against the lesson's own files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../page.mjs';
import { lesson, openLesson } from '../stage.mjs';

const LESSON = '05-http/05-which-call-is-slow';

const waterfall = () => lesson.page.getByRole('group', { name: 'The waterfall of a request' });
const sentence = (view) => view.getByRole('status').first().innerText();
const open = (name) => lesson.page.getByRole('tab', { name, exact: true }).click();

/** Runs the lesson as it begins and opens a view of it. */
async function begin(view) {
  await openLesson(LESSON);
  await lesson.run();
  await open(view);
}

/** The slowest of the requests that have these words, as the list of them is sorted at first. */
async function choose(words) {
  await lesson.page.getByTitle('Choose another request').click();
  await lesson.page.getByRole('searchbox', { name: 'Search requests' }).fill(words);
  await lesson.page.getByRole('group', { name: 'Requests' }).getByRole('button', { name: words, exact: true }).first().click();
}

const milliseconds = (text) => {
  const [, number, unit] = /^([\d.]+) (ms|µs|s)$/.exec(text);
  return number * { s: 1000, ms: 1, 'µs': 0.001 }[unit];
};

/** What the lesson's files say: where the loop is held, and which service is the slowest. */
function truth() {
  const read = (path) => readFileSync(join(root, 'lessons', LESSON, path), 'utf8');
  const world = [...read('world.toml').matchAll(/\[\[services\]\]\nhost = "(\w+)"[\s\S]*?lognormal = "(\d+) ms"/g)];
  const slowest = world.map(([, host, ms]) => ({ host, ms: Number(ms) })).sort((a, b) => b.ms - a.ms)[0];
  const lines = read('start/also-bought.js').split('\n');
  const line = (text) => lines.findIndex((line) => line.includes(text)) + 1;
  return { slowest, from: line('function alsoBought'), work: line('filter((other)'), to: line('return best') };
}

test('the slow call has a name', async () => {
  await begin('Waterfall');
  const { slowest } = truth();
  // Without a choice the request that took longest is shown, and first of all it says what that waited for.
  const says = await sentence(waterfall());
  const [, took, host, waited] = /^GET \/books\/7 took ([\d.]+ ms)\..* It waits longest for GET \/books\/7 from shop to (\w+): ([\d.]+ ms)\./.exec(says) ?? assert.fail(says);
  assert.equal(host, slowest.host);
  assert.ok(milliseconds(waited) > milliseconds(took) / 2, says);
  assert.ok(Math.abs(milliseconds(waited) - slowest.ms) < 60, says);

  // The rows say the same, to whoever reads them one by one: of all calls of the shop this one took longest.
  const calls = await waterfall().getByRole('row', { name: /^GET \/books\/7\s*shop → / }).allInnerTexts();
  const read = calls.map((text) => /shop → (\w+)\s+(\S+ \S+)$/.exec(text.trim()));
  assert.deepEqual(read.map(([, to]) => to), ['prices', 'stock', 'reviews']);
  read.sort(([, , a], [, , b]) => milliseconds(b) - milliseconds(a));
  assert.equal(read[0][1], slowest.host);

  // It lies on the critical path, nearly with its whole length.
  await waterfall().getByRole('row', { name: new RegExp(`^served\\s*${slowest.host}`) }).getByRole('button').click();
  const details = waterfall().getByRole('region', { name: 'Details' });
  const onPath = await details.getByRole('definition').nth(3).innerText();
  assert.ok(Math.abs(milliseconds(onPath) - slowest.ms) < 60, onPath);
});

test('what blocks the loop has a name and a place', async () => {
  await begin('Waterfall');
  const { from, work, to } = truth();
  // A basket asks nobody for anything, and the slowest takes long all the same.
  await choose('GET /basket');
  const says = await sentence(waterfall());
  const found = /^GET \/basket took ([\d.]+ ms)\..* It waited ([\d.]+ ms) because the loop of shop was held by alsoBought, up to line (\d+) of also-bought\.js, for GET \/books\/7\.$/.exec(says);
  assert.ok(found, says);
  const [, took, waited, line] = found;
  assert.ok(milliseconds(waited) > milliseconds(took) / 2, says);
  // The line is behind the work, and in the function.
  assert.ok(from <= Number(line) && work < Number(line) && Number(line) <= to, `line ${line}, and the work is in line ${work}`);

  // The row of it leads to the moment, and the loop says there what runs and where.
  const held = waterfall().getByRole('row', { name: /^held by alsoBought/ });
  await held.getByRole('button').click();
  await open('Loop');
  const loop = lesson.page.getByRole('group', { name: 'The loop' });
  await loop.getByRole('button', { name: 'Read this view as text' }).click();
  const stack = loop.getByRole('row', { name: /^call stack/ });
  await stack.filter({ hasText: /alsoBought, also-bought\.js:\d+/ }).first().waitFor();
});

test('the charts show when the loop could not answer', async () => {
  await begin('Metrics');
  const metrics = lesson.page.getByRole('group', { name: 'Metrics', exact: true });
  await metrics.getByRole('button', { name: 'Read this view as text' }).click();
  const [, , highest] = await metrics.getByRole('row', { name: /^Loop lag, shop/ }).getByRole('cell').allInnerTexts();
  assert.ok(milliseconds(highest) > 80, highest);
});

test('what is mended is no longer said', async () => {
  await begin('Waterfall');
  const solved = (path) => readFileSync(join(root, 'lessons', LESSON, 'solution', path), 'utf8');
  for (const path of ['server.js', 'also-bought.js']) {
    await lesson.page.getByRole('tab', { name: path, exact: true }).click();
    await lesson.page.getByRole('textbox', { name: path }).click();
    await lesson.page.keyboard.press('Control+a');
    await lesson.page.keyboard.insertText(solved(path));
  }
  await lesson.run();
  await choose('GET /basket');
  const says = await sentence(waterfall());
  assert.match(says, /^GET \/basket took [\d.]+ ms\./);
  assert.doesNotMatch(says, /alsoBought/);
  await choose('GET /books/7');
});
