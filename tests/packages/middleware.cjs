// What most Express servers put before their routes: cors, helmet, compression, morgan, cookie-parser, body-parser.
const express = require('express');
const zlib = require('node:zlib');
const http = require('node:http');
const cors = require('cors');
const helmet = require('helmet');
const compression = require('compression');
const morgan = require('morgan');
const cookieParser = require('cookie-parser');
const bodyParser = require('body-parser');
const app = express();
app.use(morgan(':method :url :status :res[content-length] ":user-agent"', { stream: { write: (line) => console.log('log:', line.trim()) } }));
app.use(helmet(), cors({ origin: ['http://a.example'], credentials: true, maxAge: 60 }), compression({ threshold: 100 }), cookieParser('secret'));
app.use(bodyParser.text({ type: 'text/*' }), bodyParser.raw({ type: 'application/octet-stream' }));
app.get('/long', (request, response) => response.type('text').send('a line of text\n'.repeat(200)));
app.get('/streamed', (request, response) => {
  response.type('text');
  response.write('first ');
  response.flush();
  setTimeout(() => response.end('second'), 5);
});
app.get('/cookies', (request, response) => response.cookie('signed', 'value', { signed: true }).json({ cookies: request.cookies, signed: request.signedCookies }));
app.post('/body', (request, response) => response.json({ is: Buffer.isBuffer(request.body) ? 'bytes' : typeof request.body, length: request.body.length }));
const server = app.listen(0, '127.0.0.1', async () => {
  const ask = (path, { body, ...options } = {}) => new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.address().port, path, ...options }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }));
    });
    request.on('error', reject).end(body);
  });
  const { headers } = await ask('/cookies');
  delete headers.date;
  console.log(headers);
  for (const [encoding, decode] of [['gzip', zlib.gunzipSync], ['deflate', zlib.inflateSync], ['br', zlib.brotliDecompressSync]]) {
    const long = await ask('/long', { headers: { 'accept-encoding': encoding } });
    console.log(long.headers['content-encoding'], long.headers['transfer-encoding'], long.headers.vary, decode(long.body).length, long.body.length < 300);
  }
  console.log((await ask('/long')).headers['content-length']);
  console.log(zlib.gunzipSync((await ask('/streamed', { headers: { 'accept-encoding': 'gzip' } })).body).toString());
  const signed = headers['set-cookie'][0].split(';')[0];
  console.log(signed, (await ask('/cookies', { headers: { cookie: `plain=1; json=j%3A%7B%22a%22%3A1%7D; ${signed}; forged=s%3Avalue.nonsense` } })).body.toString());
  const preflight = await ask('/body', { method: 'OPTIONS', headers: { origin: 'http://a.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' } });
  console.log(preflight.status, Object.fromEntries(Object.entries(preflight.headers).filter(([name]) => /access|vary|content-length/.test(name))));
  console.log('refused origin', (await ask('/cookies', { headers: { origin: 'http://b.example' } })).headers['access-control-allow-origin']);
  console.log((await ask('/body', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'text' })).body.toString());
  console.log((await ask('/body', { method: 'POST', headers: { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' }, body: zlib.gzipSync('squeezed') })).body.toString());
  server.close();
});
