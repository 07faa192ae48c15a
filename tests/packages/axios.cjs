const axios = require('axios');
const http = require('node:http');
const server = http.createServer(async (request, response) => {
  if (request.url === '/slow') return;
  if (request.url === '/redirect') return response.writeHead(302, { location: '/end' }).end();
  let body = '';
  for await (const piece of request) body += piece;
  response.writeHead(request.url === '/missing' ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'] ?? null, accept: request.headers.accept, body: body.replace(/-{5,}[^\r]*/g, '--boundary') }));
}).listen(0, '127.0.0.1', async () => {
  const client = axios.create({ baseURL: `http://127.0.0.1:${server.address().port}`, timeout: 100, headers: { 'X-Client': 'test' } });
  client.interceptors.request.use((config) => ({ ...config, params: { ...config.params, added: 1 } }));
  console.log((await client.get('/a', { params: { list: [1, 2], text: 'a b' } })).data);
  const posted = await client.post('/b', { title: 'Emma' });
  console.log(posted.status, posted.statusText, posted.data, posted.headers['content-type']);
  console.log((await client.put('/c', new URLSearchParams({ a: '1' }))).data);
  console.log((await axios.get('/redirect', { baseURL: client.defaults.baseURL })).data.url);
  const stream = await client.get('/d', { responseType: 'stream' });
  let text = '';
  for await (const piece of stream.data) text += piece;
  console.log(text.length > 50, stream.data.constructor.name);
  const slow = `${client.defaults.baseURL}/slow`;
  for (const [url, options] of [[`${client.defaults.baseURL}/missing`], [slow, { timeout: 20 }], ['http://127.0.0.1:1/'], [slow, { signal: AbortSignal.timeout(20) }]]) {
    await axios.get(url, options).catch((error) => console.log(error.name, error.code, error.message, error.response?.status));
  }
  server.close();
  server.closeAllConnections();
});
