// One request: its waterfall and its sequence, at the playhead that all views share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

const LESSON = '05-http/04-middleware';
const NAMES = { Waterfall: 'The waterfall of a request', Sequence: 'The sequence of messages' };

const view = (name) => lesson.page.getByRole('group', { name: NAMES[name] });
const tab = (name) => lesson.page.getByRole('tab', { name });
const row = (name) => view('Waterfall').getByRole('row', { name });

async function open(name, options) {
  await openLesson(LESSON, options);
  await lesson.show('Code');
  await lesson.run();
  await lesson.show('See');
  await tab(name).click();
  await view(name).waitFor();
}

async function choose(line) {
  await lesson.page.getByTitle('Choose another request').click();
  await lesson.page.getByRole('searchbox', { name: 'Search requests' }).fill(line);
  await lesson.page.getByRole('button', { name: line, exact: true }).click();
}

test('the slowest request is shown, with where its time went', async () => {
  await open('Waterfall');
  const says = await view('Waterfall').getByRole('status').first().innerText();
  assert.match(says, /^GET \/books took [\d.]+ ms\. [\d.]+ ms waiting for a timer, /);
  await row(/^logger/).first().waitFor();
  // The router comes to it; it waits for its timer, which belongs to no line, and then runs.
  const rows = await row(/^log\('the books are looked up'\)/).allInnerTexts();
  assert.deepEqual(rows.map((text) => /api\s+29\.\d ms$/.test(text)), [false, false, true, false]);
});

test('another is found by words, and its rows lead to their moments', async () => {
  await open('Waterfall');
  await choose('GET /songs');
  assert.match(await view('Waterfall').getByRole('status').first().innerText(), /^GET \/songs took/);
  await row(/^back to reader/).getByRole('button').click();
  await view('Waterfall').getByRole('region', { name: 'Details' }).getByText('on the critical path').waitFor();
  assert.match(await lesson.scrubber().getAttribute('aria-valuetext'), /404/);
});

test('requests are sorted by what took long', async () => {
  await open('Waterfall');
  await lesson.page.getByTitle('Choose another request').click();
  const list = lesson.page.getByRole('group', { name: 'Requests' });
  const first = () => list.getByRole('rowheader').first().innerText();
  assert.match(await first(), /GET \/books$/);
  const took = lesson.page.getByRole('columnheader', { name: 'took' }).filter({ has: lesson.page.getByRole('button') });
  assert.equal(await took.getAttribute('aria-sort'), 'descending');
  await took.getByRole('button').click();
  assert.equal(await took.getAttribute('aria-sort'), 'ascending');
  assert.doesNotMatch(await first(), /GET \/books$/);
});

test('what is chosen in the sequence is chosen in the waterfall, at the same moment', async () => {
  await open('Sequence');
  await choose('GET /report');
  const asked = view('Sequence').getByRole('button', { name: /^GET \/report, .* from reader to api/ });
  await asked.click();
  const moment = await lesson.scrubber().getAttribute('aria-valuetext');
  await tab('Waterfall').click();
  assert.match(await view('Waterfall').getByRole('status').first().innerText(), /^GET \/report took/);
  assert.equal(await lesson.scrubber().getAttribute('aria-valuetext'), moment);
});

test('all that is said is there too, and in words', async () => {
  await open('Sequence');
  await lesson.button('Everything').click();
  const says = await view('Sequence').getByRole('status').first().innerText();
  assert.match(says, /messages between two lifelines\./);
  await lesson.page.getByRole('button', { name: 'Read this view as text' }).click();
  await view('Sequence').getByRole('cell', { name: 'reader → api' }).first().waitFor();
});

test('the view is remembered', async () => {
  await open('Sequence');
  await lesson.page.reload();
  await lesson.ready();
  await lesson.run();
  await view('Sequence').waitFor();
});

for (const name of ['Waterfall', 'Sequence']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, height] of [[320, 640], [768, 1024], [1280, 800], [2560, 1300]]) {
      test(`the ${name.toLowerCase()} fits ${width} px and has no accessibility violation, ${colorScheme}`, async () => {
        await open(name, { colorScheme, viewport: { width, height } });
        await lesson.screenshot(`${name.toLowerCase()}-${width}-${colorScheme}`);
        const over = await lesson.beside();
        assert.ok(over <= 0, `${over} px too wide`);
        // Of a message at the edge of what is scrolled only a part is seen, and axe measures that.
        const rules = { 'target-size': { enabled: name !== 'Sequence' } };
        assert.deepEqual(await lesson.violations(undefined, rules), []);
      });
    }
  }
}
