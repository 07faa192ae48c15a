// What everybody must be able to see and reach: no accessibility violation, nothing wider than its window.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LessonPage, launch, root, serve } from '../page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = join(root, 'target/screenshots');
let site, browser;
before(async () => { mkdirSync(shots, { recursive: true }); site = await serve(); browser = await launch(); });
after(async () => { await browser?.close(); site?.close(); });

async function violations(page) {
  // The page's own policy allows no foreign script; the protocol's isolated evaluation is not bound by it.
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ')}`);
}

for (const colorScheme of ['light', 'dark']) {
  test(`no accessibility violation, ${colorScheme}`, async () => {
    const contents = await LessonPage.open(browser, site, '', { colorScheme });
    assert.deepEqual(await violations(contents.page), []);
    await contents.close();
    const lesson = await LessonPage.open(browser, site, '01-event-loop/02-blocking-the-loop', { colorScheme });
    await lesson.editor().waitFor();
    assert.deepEqual(await violations(lesson.page), []);
    await lesson.run();
    assert.deepEqual(await violations(lesson.page), []);
    await lesson.button('Read this view as text').click();
    assert.deepEqual(await violations(lesson.page), []);
    await lesson.close();
  });

  for (const [width, height] of [[320, 640], [768, 1024], [1100, 780], [1440, 900], [2560, 1300]]) {
    test(`nothing is wider than ${width} px, ${colorScheme}`, async () => {
      const lesson = await LessonPage.open(browser, site, '01-event-loop/01-what-runs-first', { colorScheme, viewport: { width, height } });
      const shoot = async (name) => {
        await lesson.page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`) });
        const over = await lesson.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${name} is ${over} px too wide`);
      };
      await shoot('read');
      const pane = async (name) => {
        const button = lesson.page.getByRole('navigation', { name: 'Show' }).getByRole('button', { name });
        if (await button.isVisible()) await button.click();
      };
      await pane('Code');
      await lesson.run();
      await shoot('code');
      await pane('See');
      await lesson.lines().filter({ hasText: 'tick' }).click({ timeout: 500 }).catch(() => lesson.button('Step back').click());
      await shoot('see');
      await lesson.close();
    });
  }
}
