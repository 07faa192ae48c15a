// What is measured over time: charts on the playhead's axis, their values at a moment, reports, and what can be saved.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { browser, lesson, openLesson, site } from '../stage.mjs';

const LESSON = '17-resilience/02-one-process-four';

const view = () => lesson.page.getByRole('group', { name: 'Metrics', exact: true });
const chart = (name) => view().getByRole('region', { name, exact: true });
const moment = () => view().getByRole('slider', { name: 'Moment' });

async function metrics(options, id = LESSON) {
  await openLesson(id, options);
  await lesson.show('Code');
  await lesson.run();
  await lesson.show('See');
  await lesson.page.getByRole('tab', { name: 'Metrics' }).click();
  await chart('Throughput').waitFor();
}

test('what there is nothing of says so, and memory is there for every program', async () => {
  await metrics({}, '04-streams/01-backpressure');
  assert.match(await chart('Connections').textContent(), /Nothing is sent in this recording/);
  assert.equal(await chart('Connections').locator('svg').count(), 0);
  assert.match(await chart('Memory').textContent(), /at most [\d.]+ MB/);
  assert.ok(await chart('Memory').locator('path').count() > 0);
});

test('the report is the load’s own', async () => {
  await metrics();
  await view().locator('.report summary').first().click();
  const report = await view().locator('.report').first().getByRole('definition').allTextContents();
  assert.ok(report.length > 5);
  assert.match(report[0], /^12 sent = 12 answered \+ 0 failed \+ 0 in flight$/);
  assert.match(await view().getByRole('status').first().textContent(), /^Half of all requests take [\d.]+ (µs|ms|s) at most, .* requests: /);
  assert.ok(await chart('Latency').locator('path').count() >= 3);
});

test('a moment is chosen by pointer and by keyboard, and gone to', async () => {
  await metrics();
  const said = () => chart('Throughput').locator('p span').first().textContent();
  const plot = await chart('Throughput').locator('.plot').boundingBox();
  await lesson.page.mouse.move(plot.x + plot.width * 0.8, plot.y + plot.height / 2);
  await view().locator('output').waitFor();
  const pointed = await said();
  assert.match(pointed, /^[\d.,]+\/s$/);
  const before = await lesson.scrubber().getAttribute('aria-valuenow');
  await lesson.page.mouse.click(plot.x + plot.width * 0.8, plot.y + plot.height / 2);
  assert.notEqual(await lesson.scrubber().getAttribute('aria-valuenow'), before);
  await lesson.page.mouse.move(2, 2);
  await view().locator('output').waitFor({ state: 'detached' });
  assert.match(await said(), /^[\d.,]+\/s$/);
  await moment().focus();
  await lesson.page.keyboard.press('Home');
  assert.equal(await moment().getAttribute('aria-valuenow'), '1');
  assert.match(await moment().getAttribute('aria-valuetext'), /^0\.000 ms to .*Throughput: /);
  await lesson.page.keyboard.press('ArrowRight');
  await lesson.page.keyboard.press('Enter');
  const gone = await lesson.scrubber().getAttribute('aria-valuenow');
  await lesson.page.keyboard.press('End');
  await lesson.page.keyboard.press('Escape');
  assert.equal(await lesson.scrubber().getAttribute('aria-valuenow'), gone);
  assert.equal(await view().locator('output').count(), 0);
});

test('lengths of time have a logarithmic or a linear axis', async () => {
  await metrics();
  const ticks = () => chart('Latency').locator('.plot > i').allTextContents();
  const log = await ticks();
  await lesson.button('Linear').click();
  const linear = await ticks();
  assert.notDeepEqual(linear, log);
  assert.equal(linear[0], '0 ns');
  assert.ok(!log.includes('0 ns'), 'nothing has no logarithm');
});

async function saved(name, format) {
  await chart(name).getByText('Save', { exact: true }).click();
  const [download] = await Promise.all([lesson.page.waitForEvent('download'), chart(name).getByRole('button', { name: format }).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

test('a chart is saved as PNG, SVG and CSV', async () => {
  await metrics();
  const png = await saved('Latency', 'PNG');
  assert.equal(png.name, 'latency.png');
  assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG');
  const svg = await saved('Every request', 'SVG');
  assert.match(svg.bytes.toString(), /^<svg xmlns=[\s\S]*Every request[\s\S]*<\/svg>$/);
  assert.ok(!svg.bytes.toString().includes('var('), 'colours are written out');
  const parsed = await lesson.page.evaluate((text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent, svg.bytes.toString());
  assert.equal(parsed, undefined);
  const csv = (await saved('Throughput', 'CSV')).bytes.toString();
  const [head, ...rows] = csv.trim().split('\r\n').map((line) => line.split(','));
  assert.deepEqual(head, ['from (s)', 'to (s)', 'answered (per second)']);
  const answered = rows.reduce((sum, [from, to, rate]) => sum + Number(rate) * (to - from), 0);
  // One for each load; the charts are of all.
  const reports = await view().locator('.report').allTextContents();
  const inReports = reports.map((report) => Number(/= (\d+) answered/.exec(report)[1]));
  assert.equal(Math.round(answered), inReports.reduce((sum, count) => sum + count));
});

test('in a sandboxed frame a save says why it may come to nothing', async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${site.origin}/framed`);
  await page.evaluate((src) => { document.querySelector('iframe').src = src; }, `${site.url}#/${LESSON}`);
  const frame = page.frameLocator('iframe');
  // Before that it is still the page from which it comes, which has a Run of its own.
  await frame.getByRole('heading', { level: 1, name: 'One process, four processes' }).waitFor();
  await frame.getByRole('button', { name: /^Run/ }).first().click();
  // In WebKit, this world's run may take a minute and a half.
  await frame.locator('.seedline').first().waitFor({ timeout: 180_000 });
  await frame.getByRole('tab', { name: 'Metrics' }).click();
  const region = frame.getByRole('region', { name: 'Throughput', exact: true });
  await region.getByText('Save', { exact: true }).click();
  await region.getByRole('button', { name: 'CSV' }).click();
  await frame.getByText(/sandboxed frame.*allow-downloads/).waitFor();
  await page.close();
});

/** The time at the end of a long run is as wide as times become. */
const roomBesideClock = () => lesson.page.evaluate(() => {
  const text = document.createRange();
  text.selectNodeContents(document.querySelector('.clock > b'));
  return document.querySelector('.keys').getBoundingClientRect().left - text.getBoundingClientRect().right;
});

async function asText() {
  await lesson.button('Read this view as text').click();
  await view().getByRole('table').first().waitFor();
}

for (const colorScheme of ['light', 'dark']) {
  test(`no accessibility violation, ${colorScheme}`, async () => {
    await metrics({ colorScheme });
    assert.deepEqual(await lesson.violations(), []);
    await asText();
    assert.deepEqual(await lesson.violations(), []);
  });

  for (const [width, height] of [[320, 640], [768, 1024], [1280, 800], [2560, 1300]]) {
    test(`nothing is wider than ${width} px, ${colorScheme}`, async () => {
      await metrics({ colorScheme, viewport: { width, height } });
      for (const name of ['metrics', 'metrics-text']) {
        if (name === 'metrics-text') await asText();
        await lesson.screenshot(`${name}-${width}-${colorScheme}`);
        const over = await lesson.beside();
        assert.ok(over <= 0, `${name} is ${over} px too wide`);
        const room = await roomBesideClock();
        assert.ok(room >= 0, `the time stands ${-room} px over the keys`);
      }
    });
  }
}
