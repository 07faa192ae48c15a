// HTTP over loopback sockets: requests and answers with bodies of both kinds, trailers, keep-alive, errors, upgrades.
const http = require('http');
const net = require('net');

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (bytes) => parts.push(bytes));
  request.on('end', () => {
    console.log('server:', request.method, request.url, request.httpVersion, request.headers['content-type'] ?? '-', String(Buffer.concat(parts)));
    if (request.url === '/chunks') {
      response.writeHead(201, 'Made', { 'X-One': 'a', 'Trailer': 'X-Sum' });
      response.write('first ');
      setTimeout(() => {
        response.addTrailers({ 'X-Sum': '2' });
        response.end('second');
      }, 5);
    } else if (request.url === '/empty') {
      response.statusCode = 204;
      response.end();
    } else {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end(JSON.stringify({ got: String(Buffer.concat(parts)) }));
    }
  });
});
server.on('clientError', (error, socket) => {
  console.log('clientError', error.code, error.message);
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
});
server.on('upgrade', (request, socket, head) => {
  console.log('upgrade', request.headers.upgrade, String(head));
  socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi');
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
function ask(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: server.address().port, host: '127.0.0.1', agent, ...options }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (piece) => { text += piece });
      response.on('end', () => resolve([response.statusCode, response.statusMessage, response.headers['set-cookie'] ?? response.headers['x-one'], text, response.trailers]));
    });
    request.on('error', reject);
    request.end(body);
  });
}

server.listen(0, '127.0.0.1', async () => {
  console.log(...await ask({ path: '/', method: 'POST', headers: { 'Content-Type': 'text/plain' } }, 'body'));
  console.log(...await ask({ path: '/chunks' }));
  console.log(...await ask({ path: '/empty', method: 'DELETE' }));
  console.log(...await ask({ path: '/head', method: 'HEAD' }));
  const raw = net.connect(server.address().port, '127.0.0.1', () => raw.write('NOT HTTP\r\n\r\n'));
  raw.on('data', (bytes) => console.log(JSON.stringify(String(bytes))));
  raw.on('close', () => {
    const request = http.get({ port: server.address().port, host: '127.0.0.1', headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
    request.on('upgrade', (response, socket, head) => {
      console.log(response.statusCode, String(head));
      socket.on('data', (bytes) => console.log(String(bytes)));
      socket.on('close', () => {
        agent.destroy();
        server.close(() => {
          console.log('closed');
          http.get({ port: 1, host: '127.0.0.1' }).on('error', (error) => console.log(error.code));
        });
      });
      socket.resume();
      socket.end();
    });
  });
});
