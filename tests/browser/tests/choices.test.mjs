// The reader as the scheduler: every order that the seed chose is there in words, and another is taken by a press.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { looks } from '../page.mjs';
import { lesson, openLesson } from '../stage.mjs';

const RACE = `let first
setTimeout(() => { first ??= 'timeout'; console.log('timeout') }, 0)
setImmediate(() => { first ??= 'immediate'; console.log('immediate') })
process.on('exit', () => { if (first === 'timeout') process.exitCode = 1 })
`;
const READS = `const fs = require('node:fs')
fs.stat('main.js', () => console.log('a'))
fs.stat('main.js', () => console.log('b'))
`;

const view = () => lesson.page.getByRole('group', { name: 'The choices' });
const rows = () => view().getByRole('list', { name: 'Choices, in order' }).locator('> li');
const options = (number) => view().getByRole('group', { name: `Options of choice ${number}`, exact: true }).getByRole('button');
const here = () => rows().locator('xpath=self::*[@aria-current="true"]');
const pressed = (number) => options(number).evaluateAll((all) => all.findIndex((one) => one.ariaPressed === 'true'));

async function open(code, settings) {
  await openLesson('01-event-loop/01-what-runs-first', settings);
  await lesson.show('Code');
  await lesson.type(code);
  await lesson.run();
  await lesson.show('See');
  await lesson.page.getByRole('tab', { name: 'Choices' }).click();
}

/** Presses the option and waits until the run that it makes has ended. */
async function take(number, option, how = (button) => button.click()) {
  await how(options(number).nth(option));
  await view().locator(`#choice-${number - 1}-${option}[aria-pressed=true]:not([disabled])`).waitFor();
}

test('a race is told with its options, and the other is taken', async () => {
  await open(RACE);
  const printed = async () => (await lesson.printed()).join(' ');
  assert.match(await rows().first().innerText(), /comes before .*The seed chose\./s);
  const seeds = await pressed(1);
  const own = await printed();
  await take(1, 1 - seeds);
  assert.match(await rows().first().innerText(), /You chose\./);
  assert.equal(await printed(), own.split(' ').reverse().join(' '));
  assert.match(await here().innerText(), /^1, at /, 'the playhead lands on the choice');
  await lesson.page.getByText(/^picked [01]$/).waitFor();
  const again = await printed();
  await view().getByRole('button', { name: 'Let the seed choose' }).click();
  await view().getByText('The seed chose.').first().waitFor();
  assert.equal(await printed(), own);
  await take(1, 1 - seeds);
  assert.equal(await printed(), again, 'the same picks, the same run');
});

test('the pool is scheduled step by step, by keyboard alone', async () => {
  await open(READS);
  assert.ok(await rows().count() >= 1);
  await view().getByRole('button', { name: 'Next choice' }).focus();
  await lesson.scrubber().press('Home');
  await view().getByRole('button', { name: 'Next choice' }).press('Enter');
  assert.match(await here().innerText(), /^1, at /);
  assert.match(await view().getByRole('status').innerText(), /^1 of \d+\. File work 2.* file work 1/);
  const to = 1 - await pressed(1);
  await take(1, to, (button) => button.press('Enter'));
  assert.equal(await options(1).nth(to).evaluate((button) => document.activeElement === button), true, 'the focus stays');
  await take(1, 1, (button) => button.press('Enter')).catch(() => {});
  assert.deepEqual(await lesson.printed(), (await pressed(1)) === 1 ? ['b', 'a'] : ['a', 'b']);
});

test('a failing outcome opens its shortest interleaving', async () => {
  await open(RACE);
  await lesson.page.getByRole('tab', { name: 'Outcomes' }).click();
  const outcomes = lesson.page.getByRole('group', { name: 'The outcomes' });
  await outcomes.getByRole('button', { name: 'Explore' }).click();
  await outcomes.getByText(/^100 seeds bring/).waitFor({ timeout: 60_000 });
  const failing = outcomes.locator('.outcomes > li', { hasText: 'exit code 1' });
  await failing.getByRole('button', { name: 'Shortest interleaving that fails so' }).click();
  await view().getByText('You chose.').first().waitFor({ timeout: 30_000 });
  await lesson.ended();
  assert.equal(await lesson.page.getByRole('tab', { name: 'Choices' }).getAttribute('aria-selected'), 'true');
  assert.match(await here().innerText(), /timeout.* comes before .*You chose\./s);
  assert.deepEqual(await lesson.printed(), ['timeout', 'immediate']);
  await lesson.page.getByText('picked 1,first').waitFor();
});

test('what races nothing says so', async () => {
  await open("console.log('alone')");
  await view().getByText('Nothing raced in this run.').waitFor();
  assert.equal(await rows().count(), 0);
});

for (const { colorScheme, width, height } of looks) {
  test(`choices: WCAG AA and nothing beside the page, ${width} px, ${colorScheme}`, async () => {
    await open(READS + RACE, { viewport: { width, height }, colorScheme });
    await take(1, 1 - await pressed(1));
    assert.deepEqual(await lesson.violations(), []);
    const inner = await view().evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.ok(inner <= 0, `the view scrolls sideways by ${inner} px`);
    await lesson.screenshot(`choices-${width}-${colorScheme}`);
  });
}
