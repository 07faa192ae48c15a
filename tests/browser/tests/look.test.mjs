// What everybody must be able to see and reach: no accessibility violation, nothing wider than its window.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

for (const colorScheme of ['light', 'dark']) {
  test(`no accessibility violation, ${colorScheme}`, async () => {
    await openLesson('', { colorScheme });
    assert.deepEqual(await lesson.violations(), []);
    await openLesson('01-event-loop/02-blocking-the-loop', { colorScheme });
    await lesson.editor().waitFor();
    assert.deepEqual(await lesson.violations(), []);
    await lesson.run();
    assert.deepEqual(await lesson.violations(), []);
    await lesson.button('Read this view as text').click();
    assert.deepEqual(await lesson.violations(), []);
  });

  for (const [width, height] of [[320, 640], [768, 1024], [1100, 780], [1440, 900], [2560, 1300]]) {
    test(`nothing is wider than ${width} px, ${colorScheme}`, async () => {
      await openLesson('01-event-loop/01-what-runs-first', { colorScheme, viewport: { width, height } });
      const shoot = async (name) => {
        await lesson.screenshot(`${name}-${width}-${colorScheme}`);
        const over = await lesson.beside();
        assert.ok(over <= 0, `${name} is ${over} px too wide`);
      };
      await shoot('read');
      await lesson.show('Code');
      await lesson.run();
      await shoot('code');
      await lesson.show('See');
      await lesson.lines().filter({ hasText: 'tick' }).click({ timeout: 500 }).catch(() => lesson.button('Step back').click());
      await shoot('see');
    });
  }
}
