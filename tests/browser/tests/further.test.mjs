// The views that come in a module of their own: when it is fetched, and what is there while it is not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson, site } from '../stage.mjs';

const LESSON = '01-event-loop/01-what-runs-first';

const view = () => lesson.page.getByRole('tabpanel', { name: 'Choices' });
const choices = () => view().getByRole('group', { name: 'The choices' });
const fetched = () => site.served.filter((name) => name.endsWith('_further.wasm')).length;

test('a first run does not wait for it, and the first view after the run does not either', async () => {
  site.served.length = 0;
  await openLesson(LESSON);
  await lesson.page.waitForTimeout(500);
  assert.equal(fetched(), 0);
  await lesson.run();
  for (let tries = 0; tries < 100 && fetched() === 0; tries += 1) await lesson.page.waitForTimeout(50);
  assert.equal(fetched(), 1);
  await lesson.page.getByRole('tab', { name: 'Choices' }).click();
  await choices().waitFor();
  await lesson.run();
  assert.equal(fetched(), 1);
});

test('who opens a view before the first run has it', async () => {
  await openLesson(LESSON);
  await lesson.page.getByRole('tab', { name: 'Outcomes' }).click();
  await lesson.page.getByRole('group', { name: 'The outcomes' }).waitFor();
});

test('what did not load is said, can be asked for again, and is in nobody’s way', async () => {
  site.instead.set('_further.wasm', null);
  await openLesson(LESSON);
  await lesson.runButton().click();
  await lesson.page.getByRole('log').getByText('exits with code 0').waitFor();
  await lesson.page.getByRole('tab', { name: 'Choices' }).click();
  await view().getByRole('alert').getByText('did not load').waitFor();
  const again = view().getByRole('button', { name: 'Try again' });
  await again.click();
  await view().getByRole('alert').waitFor();
  assert.deepEqual(await lesson.violations(), []);
  site.instead.clear();
  await again.click();
  await choices().waitFor();
  assert.equal(await view().getByRole('alert').count(), 0);
});
