// A run is kept, another is held against it: where they part is said, marked on the scrubber, and seen side by side.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

const RACE = `setTimeout(() => console.log('timeout'), 0)
setImmediate(() => console.log('immediate'))
`;

const look = () => lesson.page.getByRole('region', { name: 'See' });
const side = (name) => look().getByRole('region', { name });

/** Runs with seed 7, forks, and runs with seed 8, which is the other outcome. */
async function forked(options) {
  await openLesson('01-event-loop/01-what-runs-first', options);
  await lesson.show('Code');
  await lesson.type(RACE);
  await lesson.run();
  await lesson.button('Fork from here').click();
  await lesson.page.getByText(/^A is kept: seed 7 at /).waitFor();
  await lesson.button('Try seed 8').click();
  await lesson.page.getByText('Seed 8', { exact: true }).waitFor();
  await lesson.ended();
  await lesson.show('See');
  await look().getByText(/In A, at /).waitFor();
}

test('another seed: the order differs, and it is said, marked and shown', async () => {
  await forked({ viewport: { width: 2560, height: 1300 } });
  const words = await look().locator('.parting p').innerText();
  assert.match(words, /In A, at [\d.]+ ms: .*timeout.* In B, at [\d.]+ ms: .*immediate/);
  assert.match(words, /As line 1 A prints “timeout”, B “immediate”\./);
  await side('A, seed 7').getByRole('group', { name: 'The loop' }).waitFor();
  await side('B, seed 8').getByRole('group', { name: 'The loop' }).waitFor();
  await look().getByText('What each prints').click();
  assert.match(await side('What A prints').innerText(), /timeout[\s\S]*immediate/);
  await lesson.scrubber().press('Home');
  await lesson.page.getByRole('button', { name: /^The first difference, at / }).click();
  const marked = await lesson.scrubber().getAttribute('aria-valuetext');
  assert.match(marked, /immediate/);
  const inA = await side('A, seed 7').locator('.say').innerText();
  assert.match(inA, /timeout|loop|phase/i);
});

test('changed code is compared too, and A can be forgotten', async () => {
  await forked();
  await lesson.show('Code');
  await lesson.type(`${RACE}console.log('sync')\n`);
  await lesson.run();
  await look().getByText(/As line 1 A prints “timeout”, B “sync”\./).waitFor();
  await lesson.button('Forget A').click();
  assert.equal(await look().getByText('In A, at').count(), 0);
  assert.equal(await lesson.page.getByRole('button', { name: /^The first difference/ }).count(), 0);
});

test('a fault at the playhead: what comes of it is shown beside what would have been, and is taken back', async () => {
  await openLesson('05-http/01-first-express-api', { viewport: { width: 2560, height: 1300 } });
  await lesson.run();
  await lesson.page.getByRole('tab', { name: 'Flow' }).click();
  const flow = lesson.page.getByRole('group', { name: 'The flow' });
  await flow.getByText('seven requests sent: 7 answered').waitFor();
  await lesson.scrubber().press('Home');
  // Until the first request is answered.
  for (let steps = 0; steps < 600 && !/ 1 answered/.test(await flow.locator('.tally').innerText()); steps++) {
    await lesson.button('Step forward').click();
  }
  await flow.getByRole('button', { name: /^api/ }).click();
  await flow.getByRole('group', { name: 'Change api' }).getByRole('button', { name: 'Kill what runs' }).click();
  await lesson.page.getByText(/^A is kept: /).waitFor();
  await lesson.ended();
  await look().getByText(/Only in B, at [\d.]+ ms: What runs on api is killed\./).waitFor();
  const b = side(/^B, /);
  assert.match(await b.locator('.tally').innerText(), /1 answered, \w+ failed/);
  assert.match(await side(/^A, /).locator('.tally').innerText(), /1 answered, 0 failed/);
  // What is broken can be mended, from the playhead on.
  await b.getByRole('button', { name: /^api/ }).click();
  await b.getByRole('group', { name: 'Change api' }).getByRole('button', { name: 'Start it again' }).click();
  await lesson.ended();
  await look().getByText(/What was killed on api begins anew\./).first().waitFor();
  const byHand = lesson.page.locator('.by-hand');
  assert.equal(await byHand.count(), 2);
  assert.match(await byHand.first().innerText(), /By hand at [\d.]+ ms: api, “Kill what runs”\./);
  await byHand.last().getByRole('button', { name: 'Take it back' }).click();
  await lesson.ended();
  await byHand.first().getByRole('button', { name: 'Take it back' }).click();
  await lesson.ended();
  assert.equal(await byHand.count(), 0);
});

test('where there is no room, one side at a time', async () => {
  await forked({ viewport: { width: 320, height: 640 } });
  assert.ok(await side('B, seed 8').isVisible());
  assert.equal(await side('A, seed 7').isVisible(), false);
  await look().getByRole('group', { name: 'Side' }).getByRole('button', { name: 'A' }).click();
  assert.ok(await side('A, seed 7').isVisible());
  assert.equal(await side('B, seed 8').isVisible(), false);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [320, 768, 1280, 2560]) {
    test(`fork: WCAG AA and nothing beside the page, ${width} px, ${colorScheme}`, async () => {
      await forked({ viewport: { width, height: 900 }, colorScheme });
      assert.deepEqual(await lesson.violations(), []);
      const beside = await lesson.beside();
      assert.ok(beside <= 0, `${beside} px lie beside the page`);
      await lesson.screenshot(`fork-${width}-${colorScheme}`);
    });
  }
}
