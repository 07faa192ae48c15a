// A client's seat: requests by hand, a browser with its decisions, and pages of the world that stay inert.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { lesson, openLesson } from '../stage.mjs';

const LESSON = '05-http/01-first-express-api';

const get = (role, name) => lesson.page.getByRole(role, { name, exact: true });

/** Runs the lesson, with another server if one is given, and opens the view. */
async function open(view, server, options) {
  await openLesson(LESSON, options);
  await lesson.show('Code');
  if (server) {
    await lesson.page.getByRole('textbox', { name: 'server.js' }).click();
    await lesson.page.keyboard.press('Control+a');
    await lesson.page.keyboard.insertText(server);
  }
  await lesson.run();
  await lesson.show('See');
  await get('tab', view).click();
}

const says = (text) => lesson.page.locator('.says').filter({ hasText: text }).first().waitFor();

async function go(url) {
  await get('textbox', 'Address').fill(url);
  await get('button', 'Go').click();
}

/** A server that answers paths with what they are given here: status, headers, body. */
const server = (answers) => `
const http = require('http')
const answers = ${JSON.stringify(answers)}
http.createServer((request, response) => {
  const [status, headers, body] = answers[request.url] ?? [404, {}, 'nothing']
  response.writeHead(status, headers)
  response.end(body)
}).listen(3000)
`;
const HTML = { 'content-type': 'text/html' };

test('a saved request is sent, answered, and sent again with every run', async () => {
  await open('Client');
  await get('button', 'A new note').click();
  assert.equal(await get('textbox', 'Address').inputValue(), 'http://api:3000/notes');
  await get('button', 'Send').click();
  await says('500 Internal Server Error');
  await get('button', 'All notes').click();
  await get('button', 'Send').click();
  await says('200 OK');
  assert.match(await lesson.page.getByLabel('Body', { exact: true }).last().innerText(), /"text": "buy milk"/);
  assert.equal(await lesson.page.getByRole('region', { name: 'Sent' }).getByRole('listitem').count(), 2);
  await lesson.button('Solution').click();
  await lesson.run();
  await lesson.page.getByRole('region', { name: 'Sent' }).getByText(/^201 in/).waitFor();
  // Back at the beginning nothing is answered yet.
  await lesson.scrubber().focus();
  await lesson.page.keyboard.press('Home');
  await says('At this moment it is not answered yet.');
  await get('button', 'Go to the answer').click();
  await says('200 OK');
});

test('a request can be sent before anything has run', async () => {
  await openLesson(LESSON);
  await get('tab', 'Client').click();
  await get('button', 'All notes').click();
  await get('button', 'Send').click();
  await says('200 OK');
  await get('tab', 'Browser').click();
  await go('http://api:3000/notes');
  await lesson.page.getByText(/buy milk/).first().waitFor();
});

test('a curl command goes in and out, and errors are curl’s', async () => {
  await open('Client');
  await lesson.page.getByText('curl', { exact: true }).click();
  const paste = async (command) => {
    await get('textbox', 'A curl command').fill(command);
    await get('button', 'Read it').click();
  };
  await paste('curl --proxy x http://api');
  await lesson.page.getByRole('alert').getByText('--proxy is not known here').waitFor();
  await paste(`curl -X PUT api:3001/x -H 'X-Y: it'\\''s' --data-raw '{"a":1}'`);
  await lesson.page.getByText('The command is read.').waitFor();
  assert.match(await lesson.page.getByLabel('As a curl command').innerText(), /^curl -X PUT http:\/\/api:3001\/x \\\n {2}-H 'X-Y: it'\\''s'/);
  await get('button', 'Send').click();
  await lesson.page.getByText(/curl: \(7\) Failed to connect to api port 3001 after \d+ ms: connection refused/).waitFor();
});

test('compressed answers are asked for, and shown as they were', async () => {
  await open('Client', `
const http = require('http')
const zlib = require('zlib')
const text = 'the quick brown fox '.repeat(50)
http.createServer((request, response) => {
  const packs = /\\bgzip\\b/.test(request.headers['accept-encoding'])
  response.setHeader('content-type', 'text/plain')
  if (packs) response.setHeader('content-encoding', request.url === '/broken' ? 'deflate' : 'gzip')
  response.end(packs ? zlib.gzipSync(text) : text)
}).listen(3000)
`);
  const unpacked = /^gzip: \d\d bytes came, 1000 when unpacked\.$/;
  await get('textbox', 'Address').fill('http://api:3000/');
  await get('button', 'Send').click();
  await says('1,000 bytes');
  assert.equal(await lesson.page.getByText(unpacked).count(), 0);
  await get('checkbox', 'Compressed answers, as curl --compressed').click();
  await get('button', 'Send').click();
  await lesson.page.getByText(unpacked).waitFor();
  assert.match(await lesson.page.getByLabel('Body', { exact: true }).last().innerText(), /^the quick brown fox the/);
  await get('textbox', 'Address').fill('http://api:3000/broken');
  await get('button', 'Send').click();
  await lesson.page.getByText(/curl: \(61\) Error while processing content unencoding/).waitFor();
  await get('tab', 'Browser').click();
  await go('http://api:3000/');
  await lesson.page.getByText(unpacked).waitFor();
});

test('a browser keeps cookies, follows redirects, and says why', async () => {
  const page = '<!doctype html><title>Home</title><h1>Hello</h1><a href="/again">again</a>' +
    '<form action="/order?x=1" method="post"><input name="what" value="tea"><button name="go" value="now">Order</button></form>';
  await open('Browser', server({
    '/': [302, { location: '/home', 'set-cookie': ['sid=1; HttpOnly', 'bad=1; Secure'] }, ''],
    '/home': [200, { ...HTML, 'cache-control': 'max-age=60' }, page],
    '/again': [200, HTML, '<p>again</p><a href="/home">home</a>'],
    '/order?x=1': [303, { location: '/home' }, ''],
  }));
  const decision = (text) => lesson.page.locator('.decisions').getByText(text).first().waitFor();
  await go('api:3000');
  await get('heading', 'Hello').waitFor();
  assert.equal(await get('textbox', 'Address').inputValue(), 'http://api:3000/home');
  await decision(/^302 to http:\/\/api:3000\/home\./);
  await decision(/Cookie bad is not kept: it is Secure/);
  await get('button', 'again').click();
  await get('button', 'home').click();
  await decision(/Served from the cache: max-age=60, \d+ s old\./);
  await get('button', 'Order').click();
  await decision(/303 to http:\/\/api:3000\/home: POST becomes GET/);
  await get('button', 'Back').click();
  await lesson.page.getByText(/^Cookies \(1\)$/).click();
  await lesson.page.getByRole('rowheader', { name: 'sid' }).waitFor();
  await lesson.page.getByText('fetch() from this page').click();
  await get('textbox', 'Address to fetch').fill('http://kitchen:3000/');
  await get('button', 'Fetch').click();
  await lesson.page.getByText(/Could not resolve host: kitchen/).waitFor();
});

test('a hostile page does nothing', async (t) => {
  const asked = [];
  const elsewhere = createServer((request, response) => { asked.push(request.url); response.end(); });
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  t.after(() => { elsewhere.close(); elsewhere.closeAllConnections(); });
  const outside = `http://127.0.0.1:${elsewhere.address().port}/`;
  const page = `<!doctype html><html onload="window.pwned=1"><head><base href="${outside}"><meta http-equiv="refresh" content="0;url=${outside}meta">
    <link rel="stylesheet" href="${outside}css"><style>body{background:url(${outside}style)} .look{display:none}</style>
    <script>window.pwned=2</script></head><body onload="window.pwned=3" style="position:fixed">
    <img src="${outside}img" onerror="window.pwned=4" alt="a cat"><svg onload="window.pwned=5"><script>window.pwned=6</script></svg>
    <iframe srcdoc="<script>parent.pwned=7</script>"></iframe><object data="${outside}o"></object><embed src="${outside}e">
    <video src="${outside}v" autoplay></video><p onclick="window.pwned=8" class="btn" id="main" style="background:url(${outside}p)">a text</p>
    <a href="javascript:window.pwned=9">script</a> <a href="data:text/html,x">data</a> <a href="${outside}link" target="_top" ping="${outside}ping">away</a>
    <form action="javascript:window.pwned=10"><input name="x" autofocus onfocus="window.pwned=11"><button formaction="${outside}f">send</button></form>
    <math><mtext><script>window.pwned=12</script></mtext></math><template><script>window.pwned=13</script></template>
    <details ontoggle="window.pwned=14" open>more</details><noscript><img src=x onerror="window.pwned=15"></noscript>
    ${'<div>'.repeat(300)}deep</body></html>`;
  await open('Browser', server({ '/': [200, HTML, page] }));
  const address = await lesson.page.url();
  await go('http://api:3000/');
  await lesson.page.locator('.inert').getByText('a text').waitFor();
  await lesson.page.getByText(/Not run and not loaded here: .*script/).waitFor();
  await lesson.page.locator('.inert').getByText('a text').click();
  await lesson.page.locator('.inert').getByText('script', { exact: true }).click();
  await lesson.page.locator('.inert').getByText('data', { exact: true }).click();
  await get('button', 'send').click();
  await lesson.page.waitForTimeout(300);
  assert.equal(await lesson.page.evaluate(() => window.pwned), undefined);
  const kept = await lesson.page.locator('.inert').evaluate((inert) => {
    const all = [...inert.querySelectorAll('*')];
    const names = all.flatMap((element) => element.getAttributeNames());
    return { tags: [...new Set(all.map((element) => element.localName))], names: [...new Set(names)] };
  });
  for (const tag of ['script', 'style', 'svg', 'iframe', 'object', 'embed', 'img', 'video', 'link', 'meta', 'base', 'a', 'template']) {
    assert.ok(!kept.tags.includes(tag), tag);
  }
  for (const name of kept.names) {
    assert.ok(['type', 'name', 'value', 'title', 'class', 'aria-label', 'autocomplete'].includes(name), name);
  }
  assert.equal(await lesson.page.url(), address);
  // A link goes into the world, where there is no such host.
  await get('button', 'away').click();
  await lesson.page.getByText(/This page cannot be shown/).waitFor();
  assert.deepEqual(asked, []);
});

for (const [colorScheme, width] of [['light', 1440], ['dark', 1440], ['light', 320], ['dark', 768], ['light', 2560]]) {
  test(`it can be used at ${width} pixels in ${colorScheme}`, async () => {
    await open('Browser', server({
      '/': [200, { ...HTML, 'set-cookie': 'sid=1; HttpOnly; Path=/' }, '<title>Shop</title><h1>Shop</h1><p>Two teas and a <a href="/x">cake</a>.</p><form><input name="q"><button>Find</button></form>'],
    }), { viewport: { width, height: 900 }, colorScheme });
    await go('http://api:3000/');
    await get('heading', 'Shop').waitFor();
    const judge = async (name) => {
      await lesson.screenshot(`${name}-${width}-${colorScheme}`);
      assert.deepEqual(await lesson.violations(), []);
      assert.equal(await lesson.beside(), 0);
    };
    await judge('browser');
    await get('tab', 'Client').click();
    await get('button', 'All notes').click();
    await get('button', 'Send').click();
    await says('404 Not Found');
    await judge('client');
  });
}
