// What recordings can be at most, at least and at worst: nothing lies over anything, nothing freezes, and the numbers stay
// true.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { put } from '../lessons.mjs';
import { engine } from '../page.mjs';
import { lesson, openLesson, site } from '../stage.mjs';

const NAME = '05-http/01-first-express-api';

const tab = (name) => lesson.page.getByRole('tab', { name, exact: true });
const flow = () => lesson.page.getByRole('group', { name: 'The flow' });
const shot = (name) => lesson.screenshot(`bounds-${name}`);

async function open(world, program, options) {
  put(site, NAME, world, program);
  await openLesson(NAME, options);
}

/** Nothing beside the page or its open view, and no two of these on each other, by more than a rounding. */
async function sound(selector) {
  const beside = await lesson.beside();
  assert.ok(beside <= 0, `${beside} px lie beside the page`);
  const wide = await lesson.page.locator('.look .shown').first().evaluate((view) => view.scrollWidth - view.clientWidth);
  assert.ok(wide <= 1, `${wide} px lie beside the view`);
  const boxes = await lesson.page.locator(selector).evaluateAll((all) => all.map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return { name: one.textContent.slice(0, 40), left, top, right, bottom };
  }));
  assert.ok(boxes.length > 0, `there is no ${selector}`);
  const over = [];
  boxes.forEach((a, at) => boxes.slice(at + 1).forEach((b) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 1) over.push(`${a.name} and ${b.name}`);
  }));
  assert.deepEqual(over, []);
  return boxes.length;
}

const number = (at) => String(at).padStart(3, '0');
const HOSTS = 199;
const MANY_HOSTS = `seed = 1
[[processes]]
host = "phone"
entry = "main.js"
${Array.from({ length: HOSTS }, (_, at) => `[[services]]\nhost = "service-${number(at)}"\nservers = 1\nservice_time = "5 ms"\n`).join('')}`;
const ASK_ALL = `const http = require('http')
let answered = 0
for (let at = 0; at < ${HOSTS}; at++) {
  http.get('http://service-' + String(at).padStart(3, '0') + '/', (answer) => answer.resume().on('end', () => {
    if (++answered === ${HOSTS}) console.log('all')
  }))
}
`;

for (const width of [320, 1440]) {
  test(`a world of two hundred hosts, ${width} px wide`, async () => {
    await open(MANY_HOSTS, ASK_ALL, { viewport: { width, height: 900 } });
    await lesson.show('Code');
    await lesson.run();
    assert.deepEqual(await lesson.printed(), ['all']);
    await lesson.show('See');
    await tab('Flow').click();
    await flow().getByText(`${HOSTS} requests sent: ${HOSTS} answered, 0 failed, 0 under way.`).waitFor();
    assert.equal(await sound('.flow-host'), HOSTS + 1);
    const boxes = await lesson.page.locator('.flow-host').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().left));
    assert.ok(width < 600 || new Set(boxes.slice(1, 4)).size === 3, `they stand beside each other: ${boxes.slice(0, 4)}`);
    await shot(`hosts-${width}`);
    for (const name of ['Waterfall', 'Sequence', 'Metrics']) {
      const frame = await lesson.longestFrame(() => tab(name).click());
      assert.ok(frame < 1_000, `${name} holds the page for ${frame} ms`);
      await shot(`hosts-${name}-${width}`);
    }
  });
}

const LONG = `${'long'.repeat(14)}.${'name'.repeat(14)}.${'of-a'.repeat(14)}.${'host'.repeat(7)}`;
const HEBREW = 'שרת-ראשי';
const EMOJI = '📦👩‍💻🇩🇪';

test('names of two hundred characters, from right to left, and emoji', async () => {
  const long = 'f'.repeat(200);
  await open(`seed = 1
[[processes]]
host = "${EMOJI}"
entry = "main.js"
[[services]]
host = "${LONG}"
servers = 1
service_time = "1 ms"
[[services]]
host = "shop"
servers = 1
service_time = "1 ms"
`, `const http = require('http')
function ${long}() { console.log('${HEBREW} ${EMOJI}') }
const פונקציה = () => console.log('${long}')
setTimeout(${long}, 1)
setImmediate(פונקציה)
http.get('http://${LONG}/${'p'.repeat(200)}', (answer) => answer.resume())
http.get('http://shop/', (answer) => answer.resume())
`);
  await lesson.run();
  assert.deepEqual((await lesson.printed()).sort(), [long, `${HEBREW} ${EMOJI}`]);
  for (const name of ['Loop', 'Flow', 'Waterfall', 'Sequence', 'Metrics', 'Choices']) {
    await tab(name).click();
    assert.equal(await sound(name === 'Flow' ? '.flow-host' : '[role=tab]') > 2, true);
    await shot(`names-${name}`);
  }
  await tab('Flow').click();
  await flow().getByText(EMOJI).first().waitFor();
});

test('a megabyte on one line', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.type("console.log('begins ' + 'x'.repeat(1e6) + ' ends')\nconsole.log('after')");
  const frame = await lesson.longestFrame(() => lesson.run());
  assert.ok(frame < 1_000, `it holds the page for ${frame} ms`);
  const lines = await lesson.printed();
  assert.equal(lines.length, 2);
  assert.match(lines[0], /^begins x+/);
  assert.equal(lines[1], 'after');
  await sound('[role=tab]');
  await shot('megabyte');
});

test('nothing yet: every view says so', async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  const before = await lesson.page.getByRole('tab').allInnerTexts();
  for (const name of before) await tab(name).click();
  await lesson.page.getByRole('tab').first().focus();
  for (const key of ['ArrowRight', 'End', 'Home', '?', 'Escape']) await lesson.page.keyboard.press(key);
  await lesson.type('');
  await lesson.run();
  assert.deepEqual(await lesson.printed(), []);
  for (const name of await lesson.page.getByRole('tab').allInnerTexts()) await tab(name).click();
  await sound('[role=tab]');
});

test('the window changes while a recording plays', async () => {
  await openLesson(NAME);
  await lesson.run();
  await tab('Flow').click();
  await lesson.scrubber().press('Home');
  await lesson.button('Play').click();
  for (const [width, height] of [[700, 500], [320, 640], [2560, 1300], [320, 400], [1440, 900]]) {
    await lesson.page.setViewportSize({ width, height });
    await lesson.page.waitForTimeout(150);
    const beside = await lesson.beside();
    assert.ok(beside <= 0, `${beside} px lie beside a page of ${width}`);
  }
  await sound('.flow-host');
  await lesson.scrubber().press('End');
  await flow().getByText('seven requests sent: 7 answered, 0 failed, 0 under way.').waitFor();
});

// Only Chromium's driver reaches into a worker.
test('a trap in the middle: what ran until then stays', { skip: engine !== 'chromium' }, async () => {
  await openLesson('01-event-loop/01-what-runs-first');
  await lesson.type("let n = 0\nsetInterval(() => { for (let i = 0; i < 3e5; i++); if (n++ === 0) console.log('first') }, 1000)");
  await lesson.page.workers()[0].evaluate(`const whole = opened; let calls = 0
    opened = (sealed) => {
      const broken = whole(sealed), { at } = broken
      broken.at = () => { if (++calls === 6) throw new WebAssembly.RuntimeError('unreachable'); return at() }
      return broken
    }`);
  await lesson.runButton().click();
  await lesson.outcome().getByText(/The simulation broke, not your program/).waitFor();
  assert.deepEqual(await lesson.printed(), ['first']);
  await lesson.scrubber().press('Home');
  await lesson.button('Step forward').click();
  await tab('Loop').click();
  await sound('[role=tab]');
  await lesson.type("console.log('still here')");
  await lesson.run();
  assert.deepEqual(await lesson.printed(), ['still here']);
});
