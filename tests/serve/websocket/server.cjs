// ws: echoes, and whatever a query asks of it.
const http = require('node:http');
const { WebSocketServer } = require('ws');

const server = http.createServer((request, response) => response.writeHead(426).end('WebSockets only\n'));
const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 4 << 20,
  perMessageDeflate: { threshold: 1024 },
  handleProtocols: (protocols) => (protocols.has('echo.v2') ? 'echo.v2' : false),
});
server.on('upgrade', (request, socket, head) => {
  if (request.url === '/forbidden') return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n');
  sockets.handleUpgrade(request, socket, head, (connection) => sockets.emit('connection', connection, request));
});
sockets.on('connection', (connection, request) => {
  connection.on('error', () => {});
  if (request.url === '/close') return connection.close(4001, 'not today');
  if (request.url === '/terminate') return connection.terminate();
  if (request.url === '/ping') connection.ping('are you there');
  connection.on('pong', (data) => connection.send(`pong of ${data}`));
  connection.on('message', (data, isBinary) => {
    const text = data.toString();
    if (!isBinary && text === 'everyone') return sockets.clients.forEach((client) => client.send(`${sockets.clients.size} are here`));
    if (!isBinary && text === 'count') { for (let i = 0; i < 100; i += 1) connection.send(String(i)); return; }
    connection.send(data, { binary: isBinary });
  });
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log('ready'));
