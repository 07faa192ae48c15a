const http = require('node:http');
const { WebSocketServer, WebSocket } = require('ws');
const server = http.createServer((request, response) => response.end('plain'));
const sockets = new WebSocketServer({ server, path: '/live', perMessageDeflate: { threshold: 10 }, maxPayload: 1 << 20 });
sockets.on('connection', (socket, request) => {
  console.log('server: connected', request.url, socket.protocol, socket.extensions.split(';')[0]);
  socket.on('message', (data, isBinary) => {
    if (!isBinary && data.toString() === 'close') socket.close(4001, 'as asked');
    else socket.send(isBinary ? data : `echo ${data}`, { binary: isBinary });
  });
  socket.on('ping', (data) => console.log('server: ping', data.toString()));
  socket.on('close', (code, reason) => console.log('server: closed', code, reason.toString()));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const client = new WebSocket(`ws://127.0.0.1:${port}/live?x=1`, ['chat']);
  let received = 0;
  client.on('open', () => {
    console.log('client: open', client.readyState);
    client.send('hello');
    client.send(Buffer.alloc(100_000, 7));
    client.send('long '.repeat(1000));
    client.ping('beat');
  });
  client.on('pong', (data) => console.log('client: pong', data.toString()));
  client.on('message', (data, isBinary) => {
    console.log('client: message', isBinary, data.length, data.subarray(0, 10).toString('latin1'));
    if (++received === 3) client.send('close');
  });
  client.on('close', (code, reason) => {
    console.log('client: closed', code, reason.toString());
    const lost = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`);
    lost.on('error', (error) => {
      console.log('client: error', error.message);
      sockets.close();
      server.close(() => console.log('server: gone'));
    });
  });
});
