// Time in the reader's hands, and one highlight in all views.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

/** What was pressed is in the picture: the next key begins from there. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

/** The names of all that is lit. */
const lit = (page) => page.locator('.lit').evaluateAll((all) => all.map((one) => one.dataset.is));

test('hovering a line of the log lights the callback that wrote it and its line of code', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  const { page } = lesson;
  await lesson.run();
  const line = lesson.lines().first();
  await line.click();
  await line.hover();
  assert.match(await line.getAttribute('class'), /\blit\b/);
  const names = await lit(page);
  assert.ok(names.some((name) => name.startsWith('task-')), `its callback is lit: ${names}`);
  await page.locator('.cm-mark-look').first().waitFor();
  await page.getByRole('heading', { level: 1 }).hover();
  assert.deepEqual(await lit(page), []);

  // A callback lights what it wrote, by hand, by keyboard and from the code.
  const ran = page.locator('.ran-so-far li').first();
  await ran.hover();
  assert.ok((await lit(page)).some((name) => name.startsWith('event-')));
  await lesson.lines().nth(1).focus();
  assert.match(await lesson.lines().nth(1).getAttribute('class'), /\blit\b/);
  const printed = page.locator('.cm-line', { hasText: 'console.log' }).first();
  await printed.hover();
  assert.ok((await lit(page)).length > 0, 'a line of code lights what happened there');
});

test('hovering a packet lights its row and the other way round', async () => {
  await openLesson('05-http/01-first-express-api');
  const { page } = lesson;
  await lesson.run();
  await page.getByRole('tab', { name: 'Flow' }).click();
  await lesson.scrubber().focus();
  await page.keyboard.press('Home');
  const packet = page.locator('.flow-packet').first();
  for (let step = 0; step < 400 && !(await packet.count()); step += 1) await page.keyboard.press('ArrowRight');
  await packet.focus();
  assert.match(await packet.getAttribute('class'), /\blit\b/);
  assert.ok((await lit(page)).includes(await packet.getAttribute('data-is')));
});

const event = async () => Number(await lesson.scrubber().getAttribute('aria-valuenow'));
const ticks = (page) => page.locator('.r-rule .tk').allInnerTexts();
const centre = async (locator) => {
  const box = await locator.boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2, box];
};

async function ran(path, options) {
  await openLesson(path, options);
  await lesson.run();
}

test('keys step, zoom, choose a range and loop it, and the popover names them', async () => {
  await ran('01-event-loop/01-what-runs-first');
  const { page } = lesson;
  const press = async (...keys) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      await drawn(page);
    }
  };
  await lesson.scrubber().focus();
  await press('Home', 'ArrowRight', 'Shift+ArrowRight');
  assert.equal(await event(), 12);
  await press('2', 'ArrowLeft');
  assert.equal(await lesson.button('callback').getAttribute('aria-pressed'), 'true');
  assert.ok(await event() < 12);
  await press('1', 'Home');

  // Bookmarks, forward and back.
  await press('n');
  assert.match(await page.locator('.say[role=status]').first().innerText(), /prints/);
  const first = await event();
  await press('n', 'Shift+N');
  assert.equal(await event(), first);

  const whole = await ticks(page);
  await press('+', '+');
  assert.notDeepEqual(await ticks(page), whole);
  await page.locator('.r-over .window').waitFor();
  await press('0');
  assert.deepEqual(await ticks(page), whole);

  await press('[', 'ArrowRight', 'ArrowRight', 'ArrowRight', ']', 'l');
  assert.equal(await page.getByRole('slider', { name: 'Start of the range' }).getAttribute('aria-valuenow'), String(first));
  assert.equal(await lesson.button('Loop the range').getAttribute('aria-pressed'), 'true');
  await press('>', '>', '>', '>', ' ');
  for (let look = 0; look < 20; look += 1) {
    const at = await event();
    assert.ok(at >= first && at <= first + 3, `${at} is in the loop`);
    await page.waitForTimeout(30);
  }
  await press(' ');
  await page.getByRole('slider', { name: 'End of the range' }).focus();
  await press('ArrowRight');
  assert.equal(await page.getByRole('slider', { name: 'End of the range' }).getAttribute('aria-valuenow'), String(first + 4));
  await lesson.scrubber().focus();
  await press('Escape');
  assert.equal(await page.getByRole('slider', { name: 'End of the range' }).count(), 0);

  await press('?');
  await page.getByRole('group', { name: 'Keys' }).getByText('loop the range').waitFor();
  await press('Escape');
  assert.equal(await page.getByRole('group', { name: 'Keys' }).count(), 0);
});

test('wheel, drag and buttons zoom, move and choose', async () => {
  await ran('01-event-loop/01-what-runs-first');
  const { page } = lesson;
  const whole = await ticks(page);
  const [x, y, box] = await centre(page.locator('.r-rule .trk'));
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await page.locator('.r-over .window').waitFor();
  const near = await ticks(page);
  assert.notDeepEqual(near, whole);
  await page.mouse.wheel(300, 0);
  await page.waitForFunction((before) => [...document.querySelectorAll('.r-rule .tk')].map((one) => one.innerText).join() !== before, near.join());
  await page.mouse.wheel(0, 4_000);
  await page.locator('.r-over .window').waitFor({ state: 'detached' });
  assert.deepEqual(await ticks(page), whole);

  await page.keyboard.down('Shift');
  await page.mouse.move(box.x + 100, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 300, y, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  const start = page.getByRole('slider', { name: 'Start of the range' });
  const end = page.getByRole('slider', { name: 'End of the range' });
  assert.ok(Math.abs((await start.boundingBox()).x - box.x - 100) < 3);
  const { x: endX, y: endY } = await end.boundingBox();
  await page.mouse.move(endX + 3, endY + 8);
  await page.mouse.down();
  await page.mouse.move(endX + 86, endY + 8, { steps: 4 });
  await page.mouse.up();
  assert.ok((await end.boundingBox()).x > endX + 60, 'its end follows the hand');
  await lesson.button('Clear the range').click();
  assert.equal(await start.count(), 0);
  await lesson.button('Zoom in').click();
  await page.locator('.r-over .window').waitFor();
  await lesson.button('The whole recording').click();
  await page.locator('.r-over .window').waitFor({ state: 'detached' });

  // The text twin lists the bookmarks, and leads to them.
  await lesson.button('Read the time as text').click();
  const twin = page.getByRole('group', { name: 'Time as text' });
  const rows = twin.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'log' }) });
  assert.ok(await rows.count() >= 4);
  await rows.first().getByRole('button').click();
  assert.match(await page.locator('.say[role=status]').first().innerText(), /prints/);
});

test('a callback in the score lights its card, and a letter follows its request', async () => {
  await ran('05-http/01-first-express-api');
  const { page } = lesson;
  await page.getByRole('tab', { name: 'Flow' }).click();
  const followed = page.getByRole('region', { name: 'Followed requests' });
  const first = followed.getByRole('button').first();
  await first.hover();
  const own = await first.getAttribute('data-is');
  assert.ok((await lit(page)).includes(own));
  await first.click();
  assert.equal(await first.getAttribute('aria-pressed'), 'true');
  assert.equal(await followed.getByRole('listitem').count(), 1, 'only what is followed by hand has a letter');
  assert.equal(await page.locator('.r-thread .thread').count(), 1);
  await followed.getByRole('button', { name: 'Follow all in turn' }).click();
  assert.equal(await followed.getByRole('listitem').count(), 5);

  const [x, y] = await centre(page.locator('.lane.host .trk').first());
  const box = await page.locator('.lane.host .trk').first().boundingBox();
  let marked = 0;
  for (let at = box.x + 2; at < box.x + box.width && !marked; at += 7) {
    await page.mouse.move(at, y);
    marked = await page.locator('.lane .mark').count();
  }
  assert.ok(marked > 0, `something is lit at ${x}`);
});

for (const [width, height] of [[320, 640], [768, 900], [1280, 800], [2560, 1300]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`time fits ${width} px and has no accessibility violation, ${colorScheme}`, async () => {
      await openLesson('05-http/01-first-express-api', { viewport: { width, height }, colorScheme });
      const { page } = lesson;
      await lesson.show('Code');
      await lesson.run();
      await lesson.scrubber().focus();
      for (const key of ['Home', 'n', '[', 'n', 'n', ']', 'z']) {
        await page.keyboard.press(key);
        await drawn(page);
      }
      // The playhead stands where the range ends, and covers it.
      await page.waitForFunction(() => {
        const [edge, head] = ['.edge.to', '.head'].map((one) => document.querySelector(`.time ${one}`)?.getBoundingClientRect().x);
        return Math.abs(edge - head) <= 1;
      });
      await lesson.screenshot(`time-${width}-${colorScheme}`);
      assert.deepEqual(await lesson.violations('.time'), []);
      const more = lesson.button('More of time');
      if (await more.isVisible()) await more.click();
      else await lesson.button('Keys').click();
      await lesson.screenshot(`time-sheet-${width}-${colorScheme}`);
      assert.deepEqual(await lesson.violations('.time'), []);
      assert.equal(await lesson.beside(), 0);
      await lesson.button('Read the time as text').click();
      assert.deepEqual(await lesson.violations('.time'), []);
    });
  }
}
