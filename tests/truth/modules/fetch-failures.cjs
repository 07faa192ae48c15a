// Requests that are given up, and those that fail.
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
const show = (name, promise) => promise.then(
  (value) => console.log(name, '=>', value.status),
  (error) => console.log(name, '!!', error.name, error.message, error.constructor.name, error.cause?.code ?? error.cause?.message ?? error.code));
serve((request, response) => {
  if (request.url === '/destroy') return request.socket.destroy();
  if (request.url === '/half') {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    return setTimeout(() => request.socket.destroy(), 5);
  }
  if (request.url === '/never') return;
  response.end('fine');
}, async (base) => {
  const early = new AbortController();
  early.abort();
  await show('aborted before', fetch(base, { signal: early.signal }));
  const late = new AbortController();
  setTimeout(() => late.abort(), 20);
  await show('aborted later', fetch(`${base}/never`, { signal: late.signal }));
  const reason = new AbortController();
  setTimeout(() => reason.abort(new RangeError('enough')), 20);
  await show('with a reason', fetch(`${base}/never`, { signal: reason.signal }));
  await show('timeout', fetch(`${base}/never`, { signal: AbortSignal.timeout(20) }));
  await show('in time', fetch(base, { signal: AbortSignal.timeout(2000) }));
  const body = new AbortController();
  const begun = await fetch(`${base}/half`, { signal: body.signal });
  body.abort();
  await begun.text().catch((error) => console.log('body', error.name));
  await show('destroyed', fetch(`${base}/destroy`));
  const half = await fetch(`${base}/half`);
  await half.text().catch((error) => console.log('half', error.name, error.message, error.cause?.code));
  await show('refused', fetch('http://127.0.0.1:9/'));
  await show('nobody there', fetch('http://127.0.0.1:45999/'));
  await show('no url', fetch('nonsense'));
  await show('no scheme', fetch('nope://x'));
  await show('bad method', fetch(base, { method: 'CONNECT' }));
  await show('a body with GET', fetch(base, { body: 'x' }));
  await show('credentials', fetch('http://user:pass@a.example/'));
  await show('data', fetch('data:text/plain,hello'));
  console.log(await (await fetch('data:application/json;base64,eyJhIjoxfQ==')).json());
  const url = URL.createObjectURL(new Blob(['from a blob']));
  console.log(await (await fetch(url)).text());
  console.log(late.signal.aborted, late.signal.reason.name, AbortSignal.abort().reason.name);
});
