// A world of several processes: whose a line is, whose loop is shown, and how one goes from one to the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

const chooser = () => lesson.page.getByRole('group', { name: 'Process' });
const chosen = async () => (await chooser().locator('[aria-pressed=true]').allInnerTexts()).join();
const program = () => lesson.page.locator('.hub .entry').innerText();

async function ran() {
  await openLesson('05-http/01-first-express-api');
  await lesson.run();
}

test('each line says whose it is, in the order of time, and leads to its process', async () => {
  await ran();
  const rows = await lesson.page.locator('[role=log] button:has(.whose)').evaluateAll((all) => all.map((row) =>
    [parseFloat(row.querySelector('.t').textContent), row.querySelector('.whose').textContent, row.querySelector('.line').textContent]));
  for (const [, whose, line] of rows) assert.equal(whose === 'phone', /^phone: |exits with code/.test(line), `${whose}: ${line}`);
  const times = rows.map(([time]) => time).filter(Number.isFinite);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));

  await lesson.lines().filter({ hasText: 'reading the notes' }).last().click();
  assert.equal(await program(), 'server.js');
  assert.match(await lesson.page.locator('.say[role=status]').innerText(), /^api: /);
  await lesson.lines().filter({ hasText: /phone: GET \/notes\?about/ }).first().click();
  assert.equal(await program(), 'phone.js');
  assert.match(await lesson.page.locator('.say[role=status]').innerText(), /^phone: /);
});

test('a process is chosen by keyboard, stays while stepping, and a jump leads on', async () => {
  await ran();
  await lesson.lines().filter({ hasText: 'reading the notes' }).last().click();
  assert.equal(await chosen(), 'Follow');
  await chooser().getByRole('button', { name: 'phone' }).focus();
  await lesson.page.keyboard.press('Enter');
  assert.equal(await program(), 'phone.js');
  await lesson.button('Step forward').click();
  assert.equal(await program(), 'phone.js', 'it stays, whoever the next event is of');
  await lesson.lines().filter({ hasText: 'taking a note' }).first().click();
  assert.equal(await chosen(), 'api');
  await lesson.page.getByRole('region', { name: 'Time' }).getByRole('button', { name: /^phone/ }).click();
  assert.equal(await chosen(), 'phone');
});

test('one process needs no chooser', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.run();
  assert.equal(await chooser().count(), 0);
  assert.equal(await lesson.page.locator('.whose').count(), 0);
});
