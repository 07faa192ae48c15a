// libuv calls back first for the handle that was closed last.
const net = require('node:net');
const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1', () => {
  const names = ['a', 'b', 'c'];
  const sockets = names.map((name) => net.connect(server.address().port, '127.0.0.1').on('close', () => console.log('close', name)));
  setTimeout(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  }, 50);
});
