// The browser, the site, and the page as a person knows it: by roles and names.

import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import * as webdriver from './webdriver.mjs';

/** Which browser: chromium, firefox or webkit. */
export const engine = process.env.BROWSER || 'chromium';
/**
 * The windows in which a view is looked at. Chromium is asked about all of them; what could be otherwise in another
 * engine shows in two.
 */
export const looks = engine === 'chromium'
  ? ['light', 'dark'].flatMap((colorScheme) => [[320, 640], [768, 1024], [1440, 900], [2560, 1300]].map(([width, height]) => ({ colorScheme, width, height })))
  : [{ colorScheme: 'light', width: 320, height: 640 }, { colorScheme: 'dark', width: 1440, height: 900 }];
export const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(root, 'dist');
const shots = join(root, 'target/screenshots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// To this rule a name lacks what is written when that is cut, as a flag's text on the scrubber is.
const EXPERIMENTAL = { 'label-content-name-mismatch': { enabled: false } };
const WCAG_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PREFIX = '/some/where/';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.woff2': 'font/woff2' };

/**
 * Serves dist/ under a sub-path. Beside it: `/framed`, a page that holds it in a sandboxed frame; `/narrow`, a page that
 * stands for a window narrower than browsers make them; and `/nothing`. What `instead` has for a part of a file's name
 * goes out in the file's place; `null` is no file. `served` names those that went out.
 */
export async function serve() {
  if (!existsSync(join(dist, 'index.html'))) throw new Error('dist/ is not built: run cargo xtask dist');
  const instead = new Map();
  const served = [];
  const pages = {
    '/framed': () => `<iframe sandbox="allow-scripts" width="1200" height="800" src="${PREFIX}#/01-event-loop/01-what-runs-first"></iframe>`,
    '/narrow': (query) => `<iframe style="border: 0; width: ${Number(query.get('width'))}px; height: ${Number(query.get('height'))}px" src="${query.get('url').replaceAll('"', '')}"></iframe>`,
    '/nothing': () => '',
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const path = decodeURIComponent(pathname);
    if (pages[path]) {
      response.writeHead(200, { 'content-type': 'text/html' });
      return response.end(`<!doctype html><title>A post</title><style>body { margin: 0 }</style>${pages[path](searchParams)}`);
    }
    const file = normalize(join(dist, path.slice(PREFIX.length) || 'index.html'));
    const replaced = [...instead].find(([name]) => file.includes(name));
    if (!path.startsWith(PREFIX) || !file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile() || replaced?.[1] === null) {
      response.writeHead(404);
      return response.end();
    }
    served.push(path.slice(PREFIX.length));
    // A sandboxed frame has an origin of its own, so its modules and fetches ask for this header.
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'access-control-allow-origin': '*' });
    if (replaced) response.end(replaced[1]);
    else createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: origin + PREFIX, instead, served, close: () => { server.close(); server.closeAllConnections(); } };
}

export function launch() {
  if (engine !== 'chromium') return webdriver.launch(engine);
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** One lesson in a fresh profile. Errors on the page fail the test that caused them. */
export class LessonPage {
  static async open(browser, site, lesson, options = {}) {
    return this.over(await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options }), site, lesson);
  }

  static async over(context, site, lesson) {
    const page = await context.newPage();
    const self = new LessonPage(context, page);
    page.on('pageerror', (error) => self.errors.push(error.message));
    await page.goto(site.url + (lesson ? `#/${lesson}` : ''));
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (lesson) await self.ready();
    return self;
  }

  errors = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
  }

  /** The editor has taken the place of the plain text box, be its pane shown or, in a narrow window, not. */
  ready() { return this.page.locator('.cm-content').waitFor({ state: 'attached' }); }

  button(name) { return this.page.getByRole('button', { name, exact: true }).first(); }
  runButton() { return this.page.getByRole('button', { name: /^Run/ }).first(); }
  editor() { return this.page.getByRole('textbox', { name: 'main.js' }); }
  scrubber() { return this.page.getByRole('slider', { name: 'Scrubber' }); }
  outcome() { return this.page.locator('.outcome'); }
  lines() { return this.page.getByRole('log').getByRole('button'); }
  code() { return this.editor().locator('.cm-line').allTextContents().then((lines) => lines.join('\n')); }

  async type(code) {
    await this.editor().click();
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(code);
  }

  /** In a narrow window, where one pane is shown at a time. */
  async show(pane) {
    const button = this.page.getByRole('navigation', { name: 'Show' }).getByRole('button', { name: pane });
    if (await button.isVisible()) await button.click();
  }

  /**
   * What axe finds: a line for each rule that is broken, with the first places. The page's own policy allows no foreign
   * script; what a driver evaluates is not bound by it.
   */
  async violations(within, rules = {}) {
    await this.page.evaluate(axe);
    const options = { within, runOnly: WCAG_AA, rules: { ...EXPERIMENTAL, ...rules } };
    const found = await this.page.evaluate(({ within, runOnly, rules }) => window.axe.run(within ?? document, { runOnly, rules }), options);
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, html }) => `${target.join(' ')} ${html}`).join(', ')}`);
  }

  /** So many pixels lie beside the window. */
  beside() { return this.page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth)); }

  screenshot(name) {
    mkdirSync(shots, { recursive: true });
    return this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  /**
   * Presses Run and waits for the end of the run, and then for the further views, so that they can be opened and asked at
   * once; gives the milliseconds until the end.
   */
  async run() {
    const began = performance.now();
    await this.runButton().click();
    return this.ended(began);
  }

  async ended(began = performance.now()) {
    await this.page.locator('.seedline, .trap').first().waitFor({ timeout: 180_000 });
    const took = performance.now() - began;
    await this.page.locator('.explore').waitFor({ state: 'attached', timeout: 180_000 });
    return took;
  }

  /** What was printed, line by line, without what the jar itself says. */
  async printed() {
    const texts = await this.page.locator('[role=log] button:not(.sys) .line').allInnerTexts();
    return texts.map((text) => text.replace(/\n$/, ''));
  }

  /** The longest time between two frames, in milliseconds, while `work` goes on. */
  async longestFrame(work) {
    await this.page.evaluate(() => {
      let last = performance.now();
      window.longestFrame = 0;
      const frame = (now) => {
        window.longestFrame = Math.max(window.longestFrame, now - last);
        last = now;
        window.frames_ = requestAnimationFrame(frame);
      };
      window.frames_ = requestAnimationFrame(frame);
    });
    await work();
    return this.page.evaluate(() => {
      cancelAnimationFrame(window.frames_);
      return window.longestFrame;
    });
  }

  close() { return this.context.close(); }
}
