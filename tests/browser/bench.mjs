// Speeds of the built page in Chromium: prints one line a figure, `what: value (at most …)`. Run by `cargo xtask bench`,
// which writes to FOLDER what is watched: a lesson with a thousand packets on the wire, and one with a million events.
//
//     node bench.mjs FOLDER

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LessonPage, launch, serve } from './page.mjs';

const [folder] = process.argv.slice(2);
const FIRST = '01-event-loop/01-what-runs-first';
const WATCHED_IN = '05-http/01-first-express-api';
const ROUNDS = 7;
const SPEEDS = 12; // as many or more than there are
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const say = (what, values, most) =>
  console.log(`${what.padEnd(64)} median ${median(values).toFixed(1).padStart(8)} ms, worst ${Math.max(...values).toFixed(1).padStart(8)} ms, at most ${most} ms`);

/** From a click on Run to the first line in the console, seen from inside the page. */
const firstLine = (page) => page.evaluate(() => new Promise((resolve) => {
  const log = document.querySelector('[role=log]');
  const run = [...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('Run'));
  const began = performance.now();
  let cleared = log.querySelector('button') === null;
  const watch = new MutationObserver(() => {
    const some = log.querySelector('button') !== null;
    if (!some) cleared = true;
    if (some && cleared) {
      watch.disconnect();
      resolve(performance.now() - began);
    }
  });
  watch.observe(log, { childList: true, subtree: true, characterData: true });
  run.click();
}));

/** From a click on Run until a line with this text, which nothing held before, is drawn. */
const lastLine = (page, text) => page.evaluate((text) => new Promise((resolve) => {
  const log = document.querySelector('[role=log]');
  const run = [...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('Run'));
  const began = performance.now();
  let cleared = !log.textContent.includes(text);
  const look = () => {
    const isThere = log.textContent.includes(text);
    if (!isThere) cleared = true;
    if (!(isThere && cleared)) return;
    watch.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - began));
  };
  const watch = new MutationObserver(look);
  watch.observe(log, { childList: true, subtree: true, characterData: true });
  run.click();
}), text);

const site = await serve();
const browser = await launch();

const cold = [];
for (let round = 0; round < ROUNDS; round++) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const began = async () => {
    await page.goto(`${site.url}?${Math.random()}#/${FIRST}`);
    const run = page.getByRole('button', { name: /^Run/ }).first();
    await run.click();
    await page.getByRole('log').getByText('sync').waitFor();
    return page.evaluate(() => performance.now());
  };
  await began(); // fills the browser's cache: a warm page
  cold.push(await began());
  await context.close();
}
say('warm page to the first output of lesson 1', cold, 1000);

const lesson = await LessonPage.open(browser, site, FIRST);
await lesson.run();
const again = [];
for (let round = 0; round < 20; round++) {
  await lesson.page.waitForTimeout(200);
  again.push(await firstLine(lesson.page));
}
say('run again, from the click to the first line', again, 50);

for (const [what, code] of [
  ['an endless loop', 'while (true) {}'],
  ['ticks without end', 'function f() { process.nextTick(f) }\nf()'],
  ['a catastrophic regular expression', "/(a+)+$/.test('a'.repeat(40) + 'b')"],
  ['an array that eats all memory', 'const a = []\nfor (;;) a.push(new Array(1e6))'],
  ['ten million lines', 'for (let i = 0; i < 1e7; i++) console.log(i)'],
]) {
  await lesson.type(code);
  let took;
  const frame = await lesson.longestFrame(async () => { took = await lesson.run(); });
  say(`${what}: until its sentence is there`, [took], 2000);
  say(`${what}: longest frame`, [frame], 100);
}

// From the click on Run until the last of so many lines is in the console, and the frame after it is drawn.
await lesson.type("for (let i = 1; i <= 10000; i++) console.log('line', i)");
const lines = [];
for (let round = 0; round < 5; round++) {
  await lesson.page.waitForTimeout(200);
  lines.push(await lastLine(lesson.page, 'line 10000'));
}
say('10,000 lines by console.log, from the click to the last', lines, 150);

/** Seeks from one end to the other, each until the browser has laid it out. */
const seek = (page, times) => page.evaluate(async (times) => {
  const slider = document.querySelector('[role=slider][aria-label=Scrubber]');
  const events = Number(slider.getAttribute('aria-valuemax'));
  const took = [];
  for (let index = 0; index < times; index++) {
    slider.focus();
    const began = performance.now();
    slider.dispatchEvent(new KeyboardEvent('keydown', { key: index % 2 ? 'Home' : 'End', bubbles: true, cancelable: true }));
    await Promise.resolve();
    document.body.getBoundingClientRect();
    took.push(performance.now() - began);
    await new Promise(requestAnimationFrame);
  }
  return { events, took };
}, times);
const watch = (name) => {
  site.instead.set(`${WATCHED_IN}.bin`, readFileSync(join(folder, `watched-${name}.bin`)));
  return LessonPage.open(browser, site, WATCHED_IN);
};

// A long trace in a page of its own.
const watched = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await watched.addInitScript(() => addEventListener('TrunkApplicationStarted', ({ detail }) => { window.pageMemory = detail.wasm.memory; }));
const long = await LessonPage.over(watched, site, FIRST);
await long.type('let n = 0\nfunction f() { if (n++ < 12000) setImmediate(f) }\nf()');
await long.run();
const seeks = await seek(long.page, 40);
say(`seek from end to end over ${seeks.events} events, with layout`, seeks.took, 16);

// What the page holds for that recording: its own memory, and what its script and elements take. The simulation's
// memory is the worker's.
const megabytes = async (page) => {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.enable').then(() => session.send('Performance.getMetrics'));
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  const memory = await page.evaluate(() => window.pageMemory.buffer.byteLength);
  return (heap + memory) / 2 ** 20;
};
console.log(`${`memory of the page with ${seeks.events} events`.padEnd(64)} ${(await megabytes(long.page)).toFixed(1)} MiB, at most 64 MiB`);

// A thousand packets on the wire, played as they went.
const busy = await watch('crowd');
await busy.run();
await busy.page.getByRole('tab', { name: 'Flow' }).click();
await busy.scrubber().focus();
await busy.page.keyboard.press('Home');
for (let speed = 0; speed < SPEEDS; speed++) await busy.page.keyboard.press('>');
await busy.page.keyboard.press(' ');
// At the speed of time itself, until there are as many as there will be.
await busy.page.waitForTimeout(2_500);
const played = await busy.page.evaluate(async () => {
  const frames = [];
  const until = performance.now() + 3000;
  for (let last = await new Promise(requestAnimationFrame); last < until;) {
    const next = await new Promise(requestAnimationFrame);
    frames.push(next - last);
    last = next;
  }
  return frames;
});
console.log(`with a thousand packets on the wire: ${(1000 * played.length / played.reduce((sum, ms) => sum + ms)).toFixed(1)} frames a second (60), longest ${Math.max(...played).toFixed(0)} ms`);

const endless = await watch('million');
await endless.run();
const far = await seek(endless.page, 40);
say(`seek from end to end over ${far.events} events, with layout`, far.took, 50);

await browser.close();
site.close();
