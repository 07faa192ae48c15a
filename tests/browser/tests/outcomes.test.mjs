// The program under many seeds: every way in which it comes out is counted, and any of them opens as a recording.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

const RACE = `setTimeout(() => console.log('timeout'), 0)
setImmediate(() => console.log('immediate'))
`;

const view = () => lesson.page.getByRole('group', { name: 'The outcomes' });
const rows = () => view().getByRole('list', { name: 'Outcomes, the most frequent first' }).locator('> li');

async function open(code, options) {
  await openLesson('01-event-loop/01-what-runs-first', options);
  await lesson.show('Code');
  await lesson.type(code);
  await lesson.show('See');
  await lesson.page.getByRole('tab', { name: 'Outcomes' }).click();
}

async function explore() {
  await view().getByRole('button', { name: 'Explore' }).click();
  await view().getByText(/^100 seeds bring|^All 100 seeds/).waitFor({ timeout: 60_000 });
}

/** What each row says: how many seeds, which one is opened, and the lines. */
async function found() {
  const texts = await rows().allInnerTexts();
  return texts.map((text) => ({
    count: Number(/^(\d+) of 100/m.exec(text)[1]),
    seed: Number(/Open seed (\d+)/.exec(text)[1]),
    lines: text.match(/timeout|immediate/g),
  }));
}

test('a race has its outcomes, their counts add up, and each opens as the recording it came from', async () => {
  await open(RACE);
  await explore();
  const outcomes = await found();
  assert.equal(outcomes.length, 2);
  assert.equal(outcomes[0].count + outcomes[1].count, 100);
  assert.ok(outcomes[0].count >= outcomes[1].count && outcomes[1].count > 20);
  assert.equal(Math.min(outcomes[0].seed, outcomes[1].seed), 7, 'the first seed is the smallest of its outcome');
  for (const { seed, lines } of outcomes) {
    await lesson.page.getByRole('tab', { name: 'Outcomes' }).click();
    await view().locator('.way').getByRole('button', { name: `Open seed ${seed}`, exact: true }).click();
    await lesson.ended();
    assert.equal(await lesson.page.getByRole('tab', { name: 'Loop' }).getAttribute('aria-selected'), 'true');
    await lesson.page.getByText(`Seed ${seed}`, { exact: true }).waitFor();
    assert.deepEqual(await lesson.printed(), lines);
  }
  await lesson.page.getByRole('tab', { name: 'Outcomes' }).click();
  assert.deepEqual(await found(), outcomes, 'what was found is kept');
  assert.match(await rows().nth(1).innerText(), /the recording you look at/);
  await lesson.type('setTimeout(() => {}, 1)');
  await view().getByText('The code or the world has changed since.').waitFor();
});

test('what the seed does not decide has one outcome, and hostile output is only text', async () => {
  await open("console.log('<img src=x onerror=alert(1)>\\u001b[31m'); process.exitCode = 3");
  await explore();
  assert.equal(await rows().count(), 1);
  assert.match(await rows().innerText(), /100 of 100[\s\S]*exit code 3[\s\S]*<img src=x onerror=alert\(1\)>/);
  assert.equal(await view().locator('img').count(), 0);
});

test('what is broken by hand is broken under every seed', async () => {
  await openLesson('05-http/01-first-express-api', { viewport: { width: 1920, height: 1080 } });
  await lesson.run();
  await lesson.page.getByRole('tab', { name: 'Flow' }).click();
  const flow = lesson.page.getByRole('group', { name: 'The flow' });
  await lesson.scrubber().press('Home');
  await flow.getByRole('button', { name: /^api/ }).click();
  await flow.getByRole('group', { name: 'Change api' }).getByRole('button', { name: 'Kill what runs' }).click();
  await lesson.page.getByText(/^A is kept: /).waitFor();
  await lesson.ended();
  await lesson.page.getByRole('tab', { name: 'Outcomes' }).first().click();
  await explore();
  const found = await rows().first().innerText();
  assert.match(found, /100 of 100[\s\S]*exit code 137/);
  // The lesson's checks are about its own world.
  assert.doesNotMatch(await view().innerText(), /Fails|checks? fail/);
  await view().getByRole('button', { name: /^Open seed/ }).first().click();
  await lesson.ended();
  assert.equal(await lesson.page.locator('.by-hand').count(), 1);
  await lesson.page.getByText('exits with code 137').first().waitFor();
});

test('an exploration is cancelled at once, and keeps what it has', async () => {
  await open(RACE);
  await view().getByRole('button', { name: '10,000' }).click();
  await view().getByRole('button', { name: 'Explore' }).click();
  await rows().first().waitFor({ timeout: 60_000 });
  await view().getByRole('button', { name: 'Cancel' }).click();
  await view().getByText(/^Stopped after/).waitFor();
  const before = await view().innerText();
  await lesson.page.waitForTimeout(500);
  assert.equal(await view().innerText(), before);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [320, 768, 1280, 2560]) {
    test(`outcomes: WCAG AA and nothing beside the page, ${width} px, ${colorScheme}`, async () => {
      await open(RACE, { viewport: { width, height: 800 }, colorScheme });
      await explore();
      assert.deepEqual(await lesson.violations(), []);
      const inner = await view().evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.ok(inner <= 0, `the view scrolls sideways by ${inner} px`);
      await lesson.screenshot(`outcomes-${width}-${colorScheme}`);
    });
  }
}
