// Redirects, and connections that are kept.
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
const sockets = new Map();
serve((request, response, body) => {
  if (!sockets.has(request.socket)) sockets.set(request.socket, sockets.size);
  const code = /^\/(\d+)$/.exec(request.url)?.[1];
  if (code) {
    response.writeHead(Number(code), { location: '/end' });
    return response.end();
  }
  if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end();
  if (request.url === '/nowhere') return response.writeHead(302).end();
  response.setHeader('set-cookie', ['a=1', 'b=2']);
  response.end(`${request.method} ${request.url} ${body}`);
}, async (base) => {
  for (const code of [301, 302, 303, 307, 308]) {
    const get = await fetch(`${base}/${code}`);
    console.log(code, get.status, get.redirected, get.url === `${base}/end`, await get.text());
    const post = await fetch(`${base}/${code}`, { method: 'POST', body: 'body' });
    console.log(code, await post.text());
  }
  const manual = await fetch(`${base}/302`, { redirect: 'manual' });
  console.log(manual.status, manual.type, manual.headers.get('location'));
  await fetch(`${base}/302`, { redirect: 'error' }).catch((error) => console.log(error.message, error.cause.message));
  await fetch(`${base}/loop`).catch((error) => console.log(error.message, error.cause.message));
  const nowhere = await fetch(`${base}/nowhere`);
  console.log(nowhere.status);
  const cookies = await fetch(base);
  console.log(cookies.headers.getSetCookie(), cookies.headers.get('set-cookie'), await cookies.text());
  for (let n = 0; n < 3; n++) await (await fetch(base)).text();
  console.log(sockets.size < 5);
});
