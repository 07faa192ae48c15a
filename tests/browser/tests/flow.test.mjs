// The world as a map: hosts, packets on their way and what they say, in the picture and in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looks } from '../page.mjs';
import { lesson, openLesson } from '../stage.mjs';

const LESSON = '05-http/01-first-express-api';

const view = () => lesson.page.getByRole('group', { name: 'The flow' });
const packets = () => view().getByRole('button', { name: /, from \w+ to \w+$/ });

async function flow(options) {
  await openLesson(LESSON, options);
  await lesson.show('Code');
  await lesson.run();
  await lesson.show('See');
  await lesson.page.getByRole('tab', { name: 'Flow' }).click();
}

/** To the moment at which the second request is on its way. */
async function toPacket() {
  await lesson.scrubber().focus();
  await lesson.page.keyboard.press('Home');
  for (let steps = 0; steps < 400; steps++) {
    if (await packets().filter({ hasText: 'B' }).count()) return;
    await lesson.button('Step forward').click();
  }
  assert.fail('there is no such packet');
}

test('at the end every request has its answer', async () => {
  await flow();
  await view().getByText('seven requests sent: 7 answered, 0 failed, 0 under way.').waitFor();
  assert.equal(await packets().count(), 0);
});

test('a packet opens into what it says, in the picture and in the table', async () => {
  await flow();
  await toPacket();
  assert.equal(await packets().count(), 1);
  await packets().click();
  const details = view().getByRole('region', { name: 'Details' });
  assert.match(await details.innerText(), /POST \/notes[\s\S]*from\s+phone\s+to\s+api[\s\S]*content-type: application\/json[\s\S]*water the plants/);
  const path = await details.getByRole('listitem').allInnerTexts();
  assert.equal(path[0], '20 ms on the wire from phone to api');
  assert.equal(path.at(-1), '20 ms on the wire from api to phone');
  await details.getByRole('button', { name: 'Close' }).click();
  await lesson.button('Read this view as text').click();
  await view().getByRole('button', { name: /^POST \/notes, 143 bytes, from phone to api$/ }).click();
  await details.waitFor();
  // Where it arrives, it is no longer on its way.
  await details.getByRole('button', { name: /ms$/ }).nth(1).click();
  assert.equal(await view().getByRole('button', { name: /^POST \/notes, 143 bytes/ }).count(), 0);
});

test('a host says what it is at, is moved by keyboard, and stays where it was put', async () => {
  await flow();
  await lesson.lines().filter({ hasText: 'reading the notes' }).last().click();
  const host = () => view().getByRole('button', { name: /^api/ });
  await host().click();
  const details = view().getByRole('region', { name: 'Details' });
  assert.match(await details.innerText(), /node server\.js, turn \d+[\s\S]*on the stack\s+console\.log[\s\S]*connections\s+1/);
  const before = await host().boundingBox();
  await host().focus();
  for (let presses = 0; presses < 4; presses++) await lesson.page.keyboard.press('Alt+ArrowDown');
  for (let presses = 0; presses < 4; presses++) await lesson.page.keyboard.press('Alt+ArrowLeft');
  const moved = await host().boundingBox();
  assert.ok(Math.abs(moved.y - before.y - 48) < 2, `${before.y} to ${moved.y}`);
  await lesson.page.reload();
  await lesson.ready();
  await lesson.run();
  await lesson.page.getByRole('tab', { name: 'Flow' }).click();
  const again = await host().boundingBox();
  // A ring around it, while it has the focus, is part of its box in some browsers.
  assert.ok(Math.abs(again.x - moved.x) < 8, `${before.x} to ${moved.x} is remembered as ${again.x}`);
});

test('views are changed by arrow keys', async () => {
  await flow();
  await lesson.page.keyboard.press('ArrowLeft');
  await lesson.page.getByRole('group', { name: 'The loop' }).waitFor();
  assert.equal(await lesson.page.evaluate(() => document.activeElement.textContent), 'Loop');
  await lesson.page.keyboard.press('ArrowRight');
  await view().waitFor();
});

for (const { colorScheme, width, height } of looks) {
  test(`it fits ${width} px and has no accessibility violation, ${colorScheme}`, async () => {
    await flow({ colorScheme, viewport: { width, height } });
    await toPacket();
    await packets().evaluate((packet) => packet.click());
    await view().getByRole('region', { name: 'Details' }).waitFor();
    await lesson.screenshot(`flow-${width}-${colorScheme}`);
    const over = await lesson.beside();
    assert.ok(over <= 0, `${over} px too wide`);
    assert.deepEqual(await lesson.violations(), []);
  });
}
