// Methods, headers and bodies of fetch against a server of the same process.
const http = require('node:http');
const serve = (answer, run) => {
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
    request.on('error', () => {});
  });
  server.listen(0, async () => {
    await run(`http://localhost:${server.address().port}`);
    server.closeAllConnections();
    server.close();
  });
};
serve((request, response, body) => {
  const { host, ...headers } = request.headers;
  response.writeHead(request.url === '/teapot' ? 418 : 200, { 'content-type': 'application/json', 'x-one': ['a', 'b'] });
  response.end(request.method === 'HEAD' ? '' : JSON.stringify({ method: request.method, url: request.url, headers, body: body.toString() }));
}, async (base) => {
  const first = await fetch(`${base}/a?b=1#c`);
  console.log(first.status, first.statusText, first.ok, first.type, first.redirected, first.url === `${base}/a?b=1`, first.bodyUsed);
  console.log(first.headers.get('content-type'), first.headers.get('X-ONE'), [...first.headers.keys()]);
  console.log(await first.json(), first.bodyUsed);
  await first.text().catch((error) => console.log(String(error)));
  const post = (body, more) => fetch(base, { method: 'POST', body, ...more }).then((response) => response.json());
  console.log(await post(JSON.stringify({ a: 1 }), { headers: { 'Content-Type': 'application/json', 'X-Mine': 'yes' } }));
  console.log(await post(new URLSearchParams({ a: '1 2', b: 'ü' })));
  console.log(await post(new Uint8Array([104, 105])));
  console.log(await post(new Blob(['blob'], { type: 'text/x' })));
  console.log(await (await fetch(new Request(base, { method: 'PUT', body: 'put', headers: [['a', '1'], ['a', '2']] }))).json());
  console.log(await (await fetch(new URL('/url', base), { method: 'delete' })).json());
  const head = await fetch(base, { method: 'HEAD' });
  console.log(head.status, await head.text());
  const teapot = await fetch(`${base}/teapot`);
  console.log(teapot.status, teapot.statusText, teapot.ok);
  const copy = teapot.clone();
  console.log((await teapot.text()) === (await copy.text()));
  console.log((await (await fetch(base)).arrayBuffer()).byteLength, (await (await fetch(base)).blob()).type);
  const many = await Promise.all([1, 2, 3, 4, 5].map((n) => fetch(`${base}/${n}`).then((r) => r.json())));
  console.log(many.map((each) => each.url));
});
