// Firefox and WebKit as a person knows them, through W3C WebDriver: as much of playwright's page as the suite speaks, so
// that the same tests drive every browser. Elements are found by ivya, which is playwright's own engine of locators, put
// into the page; clicks and keys are the driver's, that is to say the browser's own.
//
// What WebDriver has no word for: a colour scheme (Firefox is told by its preferences, WebKit by the page's own switch), a
// window narrower than the browser's own (a frame of that width stands for it), and text put in at once (it is pasted).

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getByLabelSelector, getByRoleSelector, getByTextSelector, getByTitleSelector } from 'ivya';

const PATIENCE = 30_000;
const NARROWEST = 500;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const KEYS = {
  Alt: '\uE00A', Control: '\uE009', Meta: '\uE03D', Shift: '\uE008', Enter: '\uE007', Escape: '\uE00C', Tab: '\uE004',
  Backspace: '\uE003', Delete: '\uE017', Space: ' ', Home: '\uE011', End: '\uE010', PageUp: '\uE00E', PageDown: '\uE00F',
  ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015',
};

const ivya = createRequire(import.meta.url).resolve('ivya');
const engine = readFileSync(join(dirname(ivya), /from "(.*?)"/.exec(readFileSync(ivya, 'utf8'))[1]), 'utf8')
  .replace(/export \{[^}]*\};?\s*$/, '');

/** What every script begins with: errors that nobody caught are kept, and `find` answers a selector. */
const PRELUDE = `
  if (!window.suite) {
    window.suite = { errors: [] };
    addEventListener('error', (event) => suite.errors.push(event.message));
    addEventListener('unhandledrejection', (event) => suite.errors.push(String(event.reason?.message ?? event.reason)));
  }
  const find = (selector) => suite.ivya.queryLocatorSelectorAll(selector, document);
  // WebKit says the end of a last block too, which the standard leaves out.
  const text = (element) => element.innerText.replace(/\\n+$/, '');
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && [...element.getClientRects()].some(({ width, height }) => width && height);
`;

export async function launch(name) {
  const processes = [];
  const downloads = mkdtempSync(join(tmpdir(), 'terrarium-downloads-'));
  const port = 20_000 + (process.pid % 20_000);
  const start = (program, options, settings) => {
    // In a group of its own, which ends as a whole: a driver that is killed leaves its browser.
    const child = spawn(program, options, { ...settings, detached: true });
    child.on('error', (error) => { throw new Error(`${program} does not start: ${error.message}`); });
    processes.push(child);
    return child;
  };
  let capabilities;
  if (name === 'firefox') {
    start(process.env.GECKODRIVER || 'geckodriver', ['--port', String(port), '--allow-system-access', '--log', 'fatal'], { stdio: 'ignore' });
    capabilities = { 'moz:firefoxOptions': { binary: process.env.FIREFOX || '/usr/bin/firefox-esr', args: ['-headless'], prefs: { 'ui.prefersReducedMotion': 0, 'browser.download.folderList': 2, 'browser.download.dir': downloads } } };
  } else {
    const screen = start(process.env.XVFB || 'Xvfb', ['-displayfd', '3', '-screen', '0', '2700x1700x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const display = await new Promise((resolve) => screen.stdio[3].once('data', (number) => resolve(`:${String(number).trim()}`)));
    // Where WebKit saves things, it is told as a desktop would tell it.
    const desktop = join(downloads, '.config');
    mkdirSync(desktop);
    writeFileSync(join(desktop, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
    // What stands in for a graphics card draws in one thread: with several it took the browser down once in an hour.
    start(process.env.WEBKIT_DRIVER || 'WebKitWebDriver', [`--port=${port}`], { stdio: 'ignore', env: { ...process.env, DISPLAY: display, XDG_CONFIG_HOME: desktop, LIBGL_ALWAYS_SOFTWARE: '1', LP_NUM_THREADS: '0' } });
    capabilities = {};
  }
  const driver = new Driver(name, port, processes, downloads);
  process.on('exit', () => driver.end());
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  await driver.begin(capabilities);
  return new Browser(driver);
}

/** One session with a driver. Commands go to it one after another, each to the window and the frame that it is meant for. */
class Driver {
  queue = Promise.resolve();
  at = '';

  constructor(name, port, processes, downloads) { Object.assign(this, { name, port, processes, downloads }); }

  async begin(capabilities) {
    const body = { capabilities: { alwaysMatch: { pageLoadStrategy: 'eager', timeouts: { script: PATIENCE }, ...capabilities } } };
    for (let tries = 0; ; tries++) {
      try {
        this.session = (await this.send('POST', '/session', body)).sessionId;
        return;
      } catch (error) {
        if (error.code !== 'ECONNREFUSED' || tries === 100) { this.end(); throw error; }
        await sleep(50);
      }
    }
  }

  send(method, path, body = method === 'POST' ? {} : undefined) {
    return new Promise((resolve, reject) => {
      const ask = request({ host: '127.0.0.1', port: this.port, method, path: this.session ? `/session/${this.session}${path}` : path, headers: { 'content-type': 'application/json' } }, async (answer) => {
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        const { value } = JSON.parse(Buffer.concat(chunks).toString());
        if (value?.error) reject(Object.assign(new Error(`${value.error}: ${value.message}`), { kind: value.error }));
        else resolve(value);
      });
      ask.on('error', reject);
      ask.end(body && JSON.stringify(body));
    });
  }

  /** `work`, in this window and within these frames, when all that was asked before is done. */
  within(window, frames, work) {
    const done = this.queue.then(async () => {
      const at = JSON.stringify([window, frames]);
      if (this.at !== at) {
        this.at = '';
        await this.send('POST', '/window', { handle: window });
        for (const css of frames) {
          const element = await this.send('POST', '/element', { using: 'css selector', value: css });
          await this.send('POST', '/frame', { id: element });
        }
        this.at = at;
      }
      return work();
    });
    this.queue = done.catch(() => {});
    return done;
  }

  /** A preference of Firefox's, for every window. */
  async prefer(name, value) {
    await this.send('POST', '/moz/context', { context: 'chrome' });
    await this.send('POST', '/execute/sync', { script: 'Services.prefs.setIntPref(...arguments)', args: [name, value] });
    await this.send('POST', '/moz/context', { context: 'content' });
  }

  end() {
    for (const child of this.processes.splice(0).reverse()) {
      try { process.kill(-child.pid); } catch { /* it has ended */ }
    }
    rmSync(this.downloads, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Browser {
  constructor(driver) { this.driver = driver; }

  async newContext(options = {}) { return new Context(this.driver, options); }

  /** A page with a context of its own, which ends with it. */
  async newPage(options = {}) { return (await this.newContext(options)).newPage(); }

  async close() {
    await this.driver.send('DELETE', '').catch(() => {});
    this.driver.end();
  }
}

class Context {
  pages = [];
  fresh = true;

  constructor(driver, options) { Object.assign(this, { driver, options }); }

  async newPage() {
    const { driver, options } = this;
    const { handle } = await driver.send('POST', '/window/new', { type: 'window' });
    const page = new Page(this, handle);
    this.pages.push(page);
    if (driver.name === 'firefox') {
      await driver.prefer('layout.css.prefers-color-scheme.content-override', options.colorScheme === 'dark' ? 0 : 1);
      await driver.prefer('ui.prefersReducedMotion', options.reducedMotion === 'reduce' ? 1 : 0);
    }
    await page.setViewportSize(options.viewport ?? { width: 1280, height: 720 });
    return page;
  }

  async close() {
    for (const page of this.pages.splice(0)) await page.close();
  }
}

/** Whatever holds elements: a page, a frame, another locator. */
class Scope {
  getByRole(role, options) { return this.locator(getByRoleSelector(role, options)); }
  getByText(text, options) { return this.locator(getByTextSelector(text, options)); }
  getByLabel(text, options) { return this.locator(getByLabelSelector(text, options)); }
  getByTitle(text, options) { return this.locator(getByTitleSelector(text, options)); }
}

class Page extends Scope {
  listeners = [];
  /** The frame that stands for a narrow window, if it is one. */
  frames = [];

  constructor(context, handle) {
    super();
    Object.assign(this, { context, driver: context.driver, handle });
    this.keyboard = new Keyboard(this);
    this.mouse = new Mouse(this);
  }

  on(event, listener) {
    if (event !== 'pageerror') throw new Error(`no event ${event} here`);
    this.listeners.push(listener);
  }

  command(method, path, body, frames = this.frames) { return this.driver.within(this.handle, frames, () => this.driver.send(method, path, body)); }

  async setViewportSize({ width, height }) {
    this.viewport = { width, height };
    const wide = { width: Math.max(width, NARROWEST), height };
    await this.command('POST', '/window/rect', wide, []);
    // A browser has more than its page; some take a moment for the new size.
    for (let tries = 0; tries < 40; tries++) {
      const [inner, outer, innerHeight, outerHeight] = await this.command('POST', '/execute/sync', { script: 'return [innerWidth, outerWidth, innerHeight, outerHeight]', args: [] }, []);
      if (inner === wide.width && innerHeight === height) break;
      // WebKit's window may have no size at all yet.
      if (tries % 10 === 0 && outer >= inner) await this.command('POST', '/window/rect', { width: wide.width + outer - inner, height: height + outerHeight - innerHeight }, []);
      await sleep(25);
    }
    if (this.frames.length) await this.command('POST', '/execute/sync', { script: "Object.assign(document.querySelector('iframe').style, { width: arguments[0], height: arguments[1] })", args: [`${width}px`, `${height}px`] }, []);
  }

  /**
   * Loads, and asks until the page answers that it is there: WebKit's driver may lose what it is asked while a page is new,
   * or have the window's first, empty one answer.
   */
  load(path, body) {
    return this.driver.within(this.handle, [], async () => {
      await this.driver.send('POST', path, body);
      for (let tries = 0; tries < 20; tries++) {
        const answer = this.driver.send('POST', '/execute/sync', { script: "return location.protocol !== 'about:'", args: [] });
        answer.catch(() => {});
        const is = await Promise.race([answer, sleep(3_000)]);
        if (is) return;
        if (is === false) await sleep(100);
      }
      throw new Error(`no answer after ${path}`);
    });
  }

  async goto(url) {
    const { origin } = new URL(url);
    if (this.context.fresh) {
      this.context.fresh = false;
      await this.load('/url', { url: `${origin}/nothing` });
      const theme = this.driver.name === 'webkit' ? this.context.options.colorScheme : undefined;
      await this.command('POST', '/execute/sync', { script: "localStorage.clear(); sessionStorage.clear(); if (arguments[0]) localStorage.setItem('terrarium:theme', arguments[0])", args: [theme ?? null] }, []);
    }
    const narrow = this.viewport.width < NARROWEST;
    if (narrow && this.frames.length === 0) {
      await this.load('/url', { url: `${origin}/narrow?${new URLSearchParams({ ...this.viewport, url })}` });
      this.frames = ['iframe'];
    } else if (narrow || await this.isHere(url)) await this.evaluate((to) => { location.href = to; }, url);
    else await this.load('/url', { url });
    await this.evaluate(() => {});
  }

  /** What leads to another place in the same page loads none, and WebKit's driver would wait for it. */
  async isHere(url) {
    const [here, there] = [await this.url(), url].map((one) => one.split('#')[0]);
    return here === there && url.includes('#');
  }

  async reload() {
    if (this.frames.length) {
      await this.evaluate(() => { window.suite.old = true; location.reload(); });
      await until(() => this.evaluate(() => document.readyState !== 'loading' && !window.suite.old), 'the page is loaded again');
    } else await this.load('/refresh');
    this.driver.at = '';
    await this.evaluate(() => {});
  }

  /** Runs a script with the prelude; the engine of locators is sent along when the page has none yet. */
  async run(body, args, frames = this.frames) {
    const script = `
      const [done, ...args] = [arguments[arguments.length - 1], ...[...arguments].slice(0, -1)];
      ${PRELUDE}
      (async () => {
        if (${/\bfind\(/.test(body)} && !suite.ivya) return { lacking: true };
        return { value: await (${body})(...args) };
      })().then((result) => done({ ...result, errors: suite.errors.splice(0) }), (error) => done({ thrown: String(error?.stack ?? error), message: String(error), errors: suite.errors.splice(0) }));`;
    for (let tries = 0; ;) {
      let answer;
      try {
        answer = await this.command('POST', '/execute/async', { script, args }, frames);
      } catch (error) {
        // A frame that has loaded another page is another frame. WebKit's driver has no word for what left with its page.
        const left = frames.length > 0 && ['no such window', 'no such frame', 'stale element reference'].includes(error.kind);
        if (!left && !/Could not parse script result/.test(error.message) || tries++ === 20) throw error;
        this.driver.at = '';
        await sleep(50);
        continue;
      }
      for (const error of answer.errors ?? []) for (const listener of this.listeners) listener(new Error(error));
      if (answer.lacking) {
        await this.command('POST', '/execute/sync', { script: `window.suite.ivya = (() => { ${engine}; return Ivya.create({ browser: ${JSON.stringify(this.driver.name)}, testIdAttribute: 'data-testid' }) })()`, args: [] }, frames);
        continue;
      }
      if (answer.thrown) throw new Error(`${answer.message}\n${answer.thrown}`);
      return answer.value ?? undefined;
    }
  }

  evaluate(what, argument) {
    if (typeof what === 'function') return this.run(`(argument) => (${what})(argument)`, [argument ?? null]);
    let body = `() => { ${what}\n }`;
    try { body = String(new Function(`return async () => (${what}\n)`)()); } catch { /* statements, then */ }
    return this.run(body, []);
  }

  /** The next file that is saved, when all of it is there. */
  async waitForEvent(event, { timeout } = {}) {
    if (event !== 'download') throw new Error(`no event ${event} here`);
    const { downloads } = this.driver;
    // Browsers have their own names for what is not whole yet, and some begin with an empty file of the right name.
    const name = await until(() => {
      const names = readdirSync(downloads).filter((name) => !name.startsWith('.'));
      return names.length === 1 && !/\.(part|wkdownload)$/.test(names[0]) && statSync(join(downloads, names[0])).size > 0 && names[0];
    }, 'a download', timeout);
    const path = join(mkdtempSync(join(downloads, '.saved-')), name);
    renameSync(join(downloads, name), path);
    return { suggestedFilename: () => name, path: async () => path };
  }

  url() { return this.evaluate(() => location.href); }
  waitForTimeout(milliseconds) { return sleep(milliseconds); }
  waitForFunction(what, argument, { timeout } = {}) { return until(() => this.evaluate(what, argument), String(what), timeout); }
  title() { return this.evaluate(() => document.title); }
  locator(selector, options) { return new Locator(this, this.frames, selector).filter(options ?? {}); }
  frameLocator(css) {
    const frames = [...this.frames, css];
    const scope = new Scope();
    scope.locator = (selector) => new Locator(this, frames, selector);
    return scope;
  }

  async screenshot({ path } = {}) {
    const image = Buffer.from(await this.command('GET', '/screenshot'), 'base64');
    if (path) writeFileSync(path.replace(/(\.png)$/, `-${this.driver.name}$1`), image);
    return image;
  }

  async close() {
    await this.command('DELETE', '/window', undefined, []).catch(() => {});
    this.driver.at = '';
    const [first] = await this.driver.send('GET', '/window/handles');
    await this.driver.send('POST', '/window', { handle: first });
  }
}

async function until(probe, what, timeout = PATIENCE) {
  const end = Date.now() + timeout;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 100)) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await sleep(wait);
  }
}

class Locator extends Scope {
  constructor(page, frames, selector) {
    super();
    Object.assign(this, { page, frames, selector });
  }

  locator(selector, options) { return new Locator(this.page, this.frames, `${this.selector} >> ${selector}`).filter(options ?? {}); }
  first() { return this.nth(0); }
  last() { return this.nth(-1); }
  nth(index) { return this.locator(`nth=${index}`); }

  filter({ hasText, hasNotText, has, hasNot }) {
    const text = (value) => (value instanceof RegExp ? String(value) : `${JSON.stringify(value)}i`);
    let { selector } = this;
    if (hasText !== undefined) selector += ` >> internal:has-text=${text(hasText)}`;
    if (hasNotText !== undefined) selector += ` >> internal:has-not-text=${text(hasNotText)}`;
    if (has) selector += ` >> internal:has=${JSON.stringify(has.selector)}`;
    if (hasNot) selector += ` >> internal:has-not=${JSON.stringify(hasNot.selector)}`;
    return new Locator(this.page, this.frames, selector);
  }

  run(body, ...args) { return this.page.run(`(selector, ...args) => (${body})(find(selector), ...args)`, [this.selector, ...args], this.frames); }

  /** What `read` says of the one element, as soon as there is one. */
  async one(read, argument, { timeout } = {}) {
    const { value } = await until(() => this.run(`async (found, argument) => {
      if (found.length > 1) throw new Error('strict mode violation: ' + found.length + ' elements');
      return found.length === 1 && { value: await (${read})(found[0], argument) };
    }`, argument ?? null), this.selector, timeout).catch((error) => { throw new Error(`${this.selector}: ${error.message}`); });
    return value;
  }

  evaluate(what, argument) { return this.one(what, argument); }
  evaluateAll(what, argument) { return this.run(`(found, argument) => (${what})(found, argument)`, argument ?? null); }
  count() { return this.run('(found) => found.length'); }
  innerText() { return this.one((element) => text(element)); }
  textContent() { return this.one((element) => element.textContent); }
  inputValue() { return this.one((element) => element.value); }
  getAttribute(name) { return this.one((element, name) => element.getAttribute(name), name).then((value) => value ?? null); }
  allInnerTexts() { return this.run('(found) => found.map(text)'); }
  allTextContents() { return this.run('(found) => found.map((element) => element.textContent)'); }
  isVisible() { return this.run('(found) => found.length > 0 && shown(found[0])'); }
  isEnabled() { return this.one((element) => !element.disabled && element.ariaDisabled !== 'true'); }
  isDisabled() { return this.isEnabled().then((enabled) => !enabled); }
  isChecked() { return this.one((element) => element.checked ?? element.ariaChecked === 'true'); }
  boundingBox() { return this.one((element) => { const { x, y, width, height } = element.getBoundingClientRect(); return { x, y, width, height }; }); }
  focus() { return this.one((element) => element.focus()); }
  blur() { return this.one((element) => element.blur()); }
  scrollIntoViewIfNeeded() { return this.one((element) => element.scrollIntoView({ block: 'nearest', inline: 'nearest' })); }
  dispatchEvent(type, options) { return this.one((element, [type, options]) => { element.dispatchEvent(new Event(type, { bubbles: true, cancelable: true, ...options })); }, [type, options]); }
  all() { return this.count().then((count) => Array.from({ length: count }, (_, index) => this.nth(index))); }

  waitFor({ state = 'visible', timeout } = {}) {
    const test = {
      attached: 'found.length > 0', detached: 'found.length === 0',
      visible: 'found.length > 0 && shown(found[0])', hidden: 'found.length === 0 || !shown(found[0])',
    }[state];
    return until(() => this.run(`(found) => {
      if (found.length > 1) throw new Error('strict mode violation: ' + found.length + ' elements for ' + ${JSON.stringify(this.selector)});
      return ${test};
    }`), `${this.selector} to be ${state}`, timeout).then(() => {});
  }

  /** The element in the driver's words, when it is shown, enabled and stands still. */
  async ready(timeout) {
    const found = `async (found) => {
      if (found.length > 1) throw new Error('strict mode violation: ' + found.length + ' elements');
      const [element] = found;
      if (!element) return 'not there';
      if (!shown(element)) return 'not shown';
      if (element.disabled) return 'disabled';
      const place = () => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height].join(); };
      const frame = () => Promise.race([new Promise(requestAnimationFrame), new Promise((resolve) => setTimeout(resolve, 100))]);
      const { x, y, width, height } = element.getBoundingClientRect();
      const there = document.elementFromPoint(x + width / 2, y + height / 2);
      if (!element.contains(there) && !there?.contains(element)) element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const before = place();
      await frame(); await frame();
      return element.isConnected && place() === before ? element : 'moving from ' + before + ' to ' + place();
    }`;
    let state;
    const ready = async () => typeof (state = await this.run(found)) === 'object' && state;
    return until(ready, `${this.selector} to be ready`, timeout).catch((error) => { throw new Error(`${error.message}: ${state}`); });
  }

  async act(options, work) {
    const { timeout = PATIENCE } = options;
    const end = Date.now() + timeout;
    for (;;) {
      const element = await this.ready(Math.max(end - Date.now(), 0));
      try {
        return await work(element);
      } catch (error) {
        const passing = ['element click intercepted', 'element not interactable', 'stale element reference', 'no such element'].includes(error.kind);
        if (!passing || Date.now() > end) throw new Error(`${this.selector}: ${error.message}`);
        await sleep(50);
      }
    }
  }

  click({ position, modifiers, button, clickCount, ...options } = {}) {
    return this.act(options, (element) => {
      if (!position && !modifiers && !clickCount && !button) return this.page.command('POST', `/element/${element[ELEMENT]}/click`, {}, this.frames);
      return this.page.mouse.at(element, this.frames, position, { clickCount, modifiers, button });
    });
  }

  dblclick(options) { return this.click({ ...options, clickCount: 2 }); }
  tap(options) { return this.click(options); }
  hover({ position, ...options } = {}) { return this.act(options, (element) => this.page.mouse.at(element, this.frames, position, { clickCount: 0 })); }
  async press(keys) { await this.focus(); await this.page.keyboard.press(keys); }
  async check() { if (!await this.isChecked()) await this.click(); }
  async uncheck() { if (await this.isChecked()) await this.click(); }

  fill(value) {
    return this.one((element, value) => {
      element.focus();
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), 'value').set.call(element, value);
      element.dispatchEvent(new InputEvent('input', { bubbles: true, data: value }));
      element.dispatchEvent(new Event('change', { bubbles: true }));
    }, value);
  }

  selectOption(value) {
    return this.one((element, value) => {
      const wanted = [...element.options].find((option) => option.value === (value.value ?? value) || option.label === (value.label ?? value));
      element.value = wanted.value;
      element.dispatchEvent(new Event('input', { bubbles: true }));
      element.dispatchEvent(new Event('change', { bubbles: true }));
    }, value);
  }
}

const key = (name) => KEYS[name] ?? name;
const keyDown = (name) => ({ type: 'keyDown', value: key(name) });
const keyUp = (name) => ({ type: 'keyUp', value: key(name) });

class Keyboard {
  constructor(page) { this.page = page; }

  act(actions) { return this.page.command('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions }] }); }
  down(name) { return this.act([keyDown(name)]); }
  up(name) { return this.act([keyUp(name)]); }
  type(text) { return this.act([...text].flatMap((letter) => [keyDown(letter), keyUp(letter)])); }

  press(keys) {
    const names = keys.split(/(?<!^|\+)\+/);
    return this.act([...names.map(keyDown), ...names.toReversed().map(keyUp)]);
  }

  insertText(text) {
    return this.page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      // Firefox takes what is on the clipboard in its own way.
      const event = new ClipboardEvent('paste', { clipboardData, dataType: 'text/plain', data: text, bubbles: true, cancelable: true });
      if (document.activeElement.dispatchEvent(event)) document.execCommand('insertText', false, text);
    }, text);
  }
}

const BUTTONS = { left: 0, middle: 1, right: 2 };

class Mouse {
  constructor(page) { this.page = page; }

  act(actions, frames, keys = []) {
    const sources = [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }];
    if (keys.length) sources.push({ type: 'key', id: 'modifiers', actions: keys });
    return this.page.command('POST', '/actions', { actions: sources }, frames);
  }

  async at(element, frames, position, { clickCount = 1, modifiers = [], button = 'left' }) {
    let [x, y] = [0, 0];
    if (position) {
      // The driver counts from the middle.
      const { width, height } = await this.page.command('GET', `/element/${element[ELEMENT]}/rect`, undefined, frames);
      [x, y] = [Math.round(position.x - width / 2), Math.round(position.y - height / 2)];
    }
    const actions = [{ type: 'pointerMove', duration: 0, origin: element, x, y }];
    for (let click = 0; click < clickCount; click++) actions.push({ type: 'pointerDown', button: BUTTONS[button] }, { type: 'pointerUp', button: BUTTONS[button] });
    for (const name of modifiers) await this.page.keyboard.down(name);
    await this.act(actions, frames);
    for (const name of modifiers) await this.page.keyboard.up(name);
  }

  move(x, y, { steps = 1 } = {}) {
    const from = this.position ?? { x: 0, y: 0 };
    this.position = { x, y };
    return this.act(Array.from({ length: steps }, (_, step) => ({
      type: 'pointerMove', duration: 0, origin: 'viewport',
      x: Math.round(from.x + ((x - from.x) * (step + 1)) / steps), y: Math.round(from.y + ((y - from.y) * (step + 1)) / steps),
    })));
  }
  down() { return this.act([{ type: 'pointerDown', button: 0 }]); }
  up() { return this.act([{ type: 'pointerUp', button: 0 }]); }
  async click(x, y) { await this.move(x, y); await this.down(); await this.up(); }

  wheel(deltaX, deltaY) {
    return this.page.command('POST', '/actions', { actions: [{ type: 'wheel', id: 'wheel', actions: [{ type: 'scroll', x: Math.round(this.position?.x ?? 0), y: Math.round(this.position?.y ?? 0), deltaX, deltaY, duration: 0, origin: 'viewport' }] }] });
  }
}
