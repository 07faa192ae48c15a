// What a server says of requests that are not well formed, whole and byte by byte, strict and lenient, and a client of
// answers that are not.
const http = require('http');
const net = require('net');

const HOST = 'Host: x\r\n';
const get = (headers) => `GET / HTTP/1.1\r\n${headers}`;
const post = (headers) => `POST / HTTP/1.1\r\n${HOST}${headers}`;
const chunks = (text) => post(`Transfer-Encoding: chunked\r\n\r\n${text}`);

const startLines = [
  'GET\r\n\r\n',
  'GET \r\n\r\n',
  'GET /\r\n\r\n',
  `GET  / HTTP/1.1\r\n${HOST}\r\n`,
  `GET /  HTTP/1.1\r\n${HOST}\r\n`,
  `GET / HTTP/1.1 \r\n${HOST}\r\n`,
  `GET / HTTP/1.1x\r\n${HOST}\r\n`,
  'GET / HTTP/1\r\n\r\n',
  'GET / HTTP/x.1\r\n\r\n',
  'GET / HTTP/1,1\r\n\r\n',
  'GET / HTTP/1.x\r\n\r\n',
  'GET / HTTP/1.2\r\n\r\n',
  'GET / HTTP/2.0\r\n\r\n',
  'GET / HTTP/0.9\r\n\r\n',
  'GET / FTP/1.1\r\n\r\n',
  'GET / HTTQ/1.1\r\n\r\n',
  'GET / RTSP/1.0\r\n\r\n',
  'GET / ICE/1.0\r\n\r\n',
  'SOURCE / ICE/1.0\r\n\r\n',
  `SOURCE / HTTP/1.1\r\n${HOST}\r\n`,
  'DESCRIBE / HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET ? HTTP/1.1\r\n\r\n',
  'GET a HTTP/1.1\r\n\r\n',
  'GET a: HTTP/1.1\r\n\r\n',
  'GET a1:// HTTP/1.1\r\n\r\n',
  `GET http://a/ HTTP/1.1\r\n${HOST}\r\n`,
  `GET http://a?b HTTP/1.1\r\n${HOST}\r\n`,
  'GET http://a b HTTP/1.1\r\n\r\n',
  `GET http://a@b@c/ HTTP/1.1\r\n${HOST}\r\n`,
  'GET http://a"/ HTTP/1.1\r\n\r\n',
  `GET /a?b?c#d?e#f HTTP/1.1\r\n${HOST}\r\n`,
  'GET /a?b\x01 HTTP/1.1\r\n\r\n',
  'GET /a#b\x7f HTTP/1.1\r\n\r\n',
  'GET /\t HTTP/1.1\r\n\r\n',
  'GET /a\x00b HTTP/1.1\r\n\r\n',
  'GET /\xe9 HTTP/1.1\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\n\x00',
  `CONNECT /a HTTP/1.1\r\n${HOST}\r\n`,
  `GET * HTTP/1.1\r\n${HOST}\r\n`,
  'GETX / HTTP/1.1\r\n\r\n',
  'get / HTTP/1.1\r\n\r\n',
  'G',
  'GE\r\n',
  `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
  ' GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\rX',
];

const headers = [
  ' Host: x\r\n\r\n',
  'Host: x\r\n folded\r\n\r\n',
  'Host: x\r\n\tfolded: 1\r\n\r\n',
  'Host : x\r\n\r\n',
  'Host\r\n\r\n',
  ': x\r\n\r\n',
  'Ho(st: x\r\n\r\n',
  'Host: a\x01b\r\n\r\n',
  'Host: a\rb\r\n\r\n',
  'Host: x\n\r\n',
  'Host: x\r\n\n',
  'Host: x\r\n\rX',
  'Host: x\rY: z\r\n\r\n',
  'Host:\r\n\r\n',
  'Host:    \r\n\r\n',
  `X: \x80\xff\r\n${HOST}\r\n`,
  'X\x80: a\r\n\r\n',
  `${HOST}X: \x7f\r\n\r\n`,
  `${HOST}Connection: close\r\n\r\n${get(HOST)}\r\n`,
  `${HOST}Connection: closed, keep-alive , Upgrade\r\n\r\n`,
  `${HOST}A: ${'a'.repeat(20000)}\r\n\r\n`,
  `${HOST}${'A'.repeat(20000)}: x\r\n\r\n`,
  `${HOST}${'B: x\r\n'.repeat(3000)}\r\n`,
].map(get);

const bodies = [
  'Content-Length:\r\n\r\n',
  'Content-Length: \r\n\r\n',
  'Content-Length: 1 2\r\n\r\n',
  'Content-Length: 2 \r\n\r\nab',
  'Content-Length: -1\r\n\r\n',
  'Content-Length: 99999999999999999999999\r\n\r\n',
  'Content-Length: 1\r\nContent-Length: 1\r\n\r\na',
  'Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n',
  'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'Transfer-Encoding: chunked, gzip\r\n\r\n',
  'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: chunkedx\r\n\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n',
  'Transfer-Encoding:\r\n\r\n',
  'Transfer-Encoding: identity\r\n\r\n',
].map(post);

const chunked = [
  '\r\n',
  'x\r\n',
  '1\r\nab\r\n',
  '1\na\r\n',
  '1 \r\na\r\n0\r\n\r\n',
  '1;a=b\r\na\r\n0\r\n\r\n',
  '1;a="q\\"x"\r\na\r\n0\r\n\r\n',
  '1; a\r\na\r\n',
  '1;a b\r\na\r\n',
  '1;a=\x01\r\n',
  'fffffffffffffffff\r\n',
  '1\r\na\n',
  '1\r\naX',
  '0\r\nT: 1\r\n\r\n',
  '0\r\nT 1\r\n\r\n',
  '0\r\n\n',
  '-1\r\n',
  ' 1\r\na\r\n',
  '1\rX',
].map(chunks);

const requests = [...startLines, ...headers, ...bodies, ...chunked, `GET /${'u'.repeat(20000)} HTTP/1.1\r\n\r\n`];

const answers = [
  'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na',
  'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\na',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\n\na',
  'HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\na',
  'HTTP/3.0 200 OK\r\n\r\n',
  'FTP/1.1 200 OK\r\n\r\n',
  'hello\r\n',
  '200 OK\r\n',
  'HTTP/1.1 200 OK\r\nA\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
  'HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n',
  'HTTP/1.1 101 Switching\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
  `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20000)}\r\n\r\n`,
];

const short = (text, max) => JSON.stringify(text.length > max ? `${text.slice(0, max)}…` : text);

function serve(options) {
  const server = http.createServer(options, (request, response) => {
    const headers = JSON.stringify(request.headers);
    console.log('request', request.method, short(request.url, 30), request.httpVersion, headers.slice(0, 90));
    request.on('error', (error) => console.log('request failed', error.code));
    request.on('data', (data) => options.bytes || console.log('data', short(String(data), 30)));
    request.on('end', () => console.log('end', JSON.stringify(request.trailers)));
    response.end('ok');
  });
  server.on('clientError', (error, socket) => {
    const { code, reason, bytesParsed, rawPacket } = error;
    console.log('error', code, reason, ...(options.bytes ? [] : [bytesParsed, rawPacket && rawPacket.length]));
    socket.destroy();
  });
  return new Promise((resolve) => server.listen(0, () => resolve(server)));
}

function send(port, text, bytes) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, noDelay: true });
    socket.on('error', () => {});
    socket.on('close', resolve);
    // Byte by byte, the answer and the rest of the request cross.
    socket.on('data', (data) => bytes > 1 && console.log('answer', short(String(data).split('\r\n')[0], 60)));
    const data = Buffer.from(text, 'latin1');
    let at = 0;
    const next = () => {
      if (socket.destroyed) return;
      if (at < data.length) {
        socket.write(data.subarray(at, (at += bytes)), () => setImmediate(next));
        return;
      }
      setTimeout(() => socket.end(), 15);
      setTimeout(() => socket.destroy(), 30);
    };
    next();
  });
}

async function asked(title, options) {
  console.log(`--- ${title}`);
  const server = await serve(options);
  for (const text of requests) {
    if (options.bytes && text.length > 500) continue;
    console.log(short(text, 120));
    await send(server.address().port, text, options.bytes ?? text.length);
  }
  server.close();
  server.closeAllConnections();
}

function answered(text) {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from(text, 'latin1')));
    });
    server.listen(0, () => {
      const request = http.get({ port: server.address().port, agent: false });
      request.on('error', (error) => console.log('error', error.code, error.message, error.bytesParsed));
      request.on('upgrade', (response, socket, head) => {
        console.log('upgrade', response.statusCode, head.length);
        socket.destroy();
      });
      request.on('information', (information) => console.log('information', information.statusCode));
      request.on('response', (response) => {
        const { httpVersion, statusCode, statusMessage } = response;
        console.log('response', httpVersion, statusCode, statusMessage, JSON.stringify(response.headers));
        response.on('data', (data) => console.log('data', short(String(data), 30)));
        response.on('error', (error) => console.log('response failed', error.code, error.message));
        response.on('end', () => console.log('end', JSON.stringify(response.trailers)));
      });
      request.on('close', () => server.close(resolve));
    });
  });
}

(async () => {
  await asked('whole', {});
  await asked('byte by byte', { bytes: 1 });
  await asked('lenient', { insecureHTTPParser: true });
  console.log('--- answers');
  for (const text of answers) {
    console.log(short(text, 120));
    await answered(text);
  }
})();
