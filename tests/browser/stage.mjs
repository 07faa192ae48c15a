// What a file of tests stands on: the site, a browser, and the lesson that is open, until another is or its test has ended.
// An error on its page fails the test.

import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { LessonPage, launch, serve } from './page.mjs';

export let site;
export let browser;
export let lesson;

before(async () => { site = await serve(); browser = await launch(); });
after(async () => { await browser?.close(); site?.close(); });
afterEach(async () => {
  site?.instead.clear();
  await close();
});

async function close() {
  const closed = lesson;
  lesson = undefined;
  await closed?.close();
  assert.deepEqual(closed?.errors ?? [], [], 'errors on the page');
}

/** Without a name it is the contents; `options` are those of a browser's context. */
export async function openLesson(name, options) {
  await close();
  lesson = await LessonPage.open(browser, site, name, options);
}
