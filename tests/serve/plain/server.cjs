// node:http by itself: what it does for every request, and against those that are malformed.
const http = require('node:http');

const counts = { requests: 0, connections: 0 };

const server = http.createServer({ maxHeaderSize: 8192, keepAliveTimeout: 1500 }, (request, response) => {
  counts.requests += 1;
  const { pathname, searchParams } = new URL(request.url, 'http://host');
  switch (pathname) {
    case '/':
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.end(`${request.method} says grüß Gott\n`);
      break;
    case '/echo': {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        response.setHeader('X-Framing', request.headers['transfer-encoding'] ?? request.headers['content-length'] ?? 'none');
        response.end(Buffer.concat(chunks));
      });
      break;
    }
    case '/chunks':
      // Node takes no trailers where there are no chunks.
      response.writeHead(200, request.httpVersion === '1.1' ? { Trailer: 'X-Sum' } : {});
      for (const word of ['one ', 'two ', 'three\n']) response.write(word);
      if (request.httpVersion === '1.1') response.addTrailers({ 'X-Sum': '14' });
      response.end();
      break;
    case '/status': {
      const status = Number(searchParams.get('code'));
      response.writeHead(status, searchParams.get('reason') ?? undefined, { Location: '/' });
      response.end(status === 204 || status === 304 ? undefined : `status ${status}\n`);
      break;
    }
    case '/headers':
      response.setHeader('Set-Cookie', ['a=1', 'b=2; HttpOnly']);
      response.end(`${JSON.stringify(request.rawHeaders.slice(2).filter((_, index, all) => !/^(host|user-agent)$/i.test(all[index - index % 2])))}\n`);
      break;
    case '/early':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('after the hints\n');
      break;
    case '/destroy':
      request.socket.destroy();
      break;
    case '/cut':
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('only this', () => request.socket.destroy());
      break;
    case '/reset':
      request.socket.resetAndDestroy();
      break;
    case '/throws-into-headers':
      try {
        response.setHeader('X-Bad', 'a\nb');
      } catch (error) {
        response.statusCode = 500;
        response.end(`${error.code}\n`);
      }
      break;
    case '/close':
      response.setHeader('Connection', 'close');
      response.end('closing\n');
      break;
    case '/counts':
      response.end(`${JSON.stringify(counts)}\n`);
      break;
    default:
      response.writeHead(404).end();
  }
});
server.on('connection', () => { counts.connections += 1; });
server.on('checkContinue', (request, response) => {
  if (request.headers['content-length'] > 100) return response.writeHead(413, { Connection: 'close' }).end('too large\n');
  response.writeContinue();
  server.emit('request', request, response);
});
server.on('upgrade', (request, socket) => {
  socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\nno more HTTP here`);
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log('ready'));
