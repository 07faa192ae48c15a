const http = require('node:http');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const server = http.createServer();
const sockets = new Server(server);
sockets.use((socket, next) => (socket.handshake.auth.token === 'good' ? next() : next(new Error('not allowed'))));
sockets.on('connection', (socket) => {
  console.log('server: connection', socket.handshake.auth.name);
  socket.on('join', (room, done) => {
    socket.join(room);
    socket.to(room).emit('joined', socket.handshake.auth.name);
    done([...socket.rooms].length);
  });
  socket.on('bytes', (bytes) => socket.emit('bytes', bytes.length, Buffer.from(bytes).reverse()));
  socket.on('disconnect', (reason) => console.log('server: disconnect', socket.handshake.auth.name, reason));
});
sockets.of('/admin').on('connection', (socket) => socket.emit('welcome', socket.nsp.name));
const event = (socket, name) => new Promise((resolve) => socket.once(name, (...values) => resolve(values)));
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const connect = async (name, options) => {
    const socket = io(url, { forceNew: true, auth: { token: 'good', name }, ...options });
    await event(socket, 'connect');
    return socket;
  };
  const first = await connect('first', { transports: ['websocket'] });
  const second = await connect('second', { transports: ['polling'] });
  console.log('transports', first.io.engine.transport.name, second.io.engine.transport.name);
  console.log('rooms', await first.emitWithAck('join', 'readers'));
  const told = event(first, 'joined');
  await second.emitWithAck('join', 'readers');
  console.log('told', await told);
  for (const socket of [first, second]) {
    const answer = event(socket, 'bytes');
    socket.emit('bytes', Buffer.from([1, 2, 3]));
    console.log('bytes', await answer);
  }
  const third = await connect('third');
  if (third.io.engine.transport.name === 'polling') await event(third.io.engine, 'upgrade');
  console.log('upgraded to', third.io.engine.transport.name);
  const admin = io(`${url}/admin`, { forceNew: true });
  console.log('admin', await event(admin, 'welcome'));
  admin.close();
  const refused = io(url, { forceNew: true, auth: { token: 'bad' } });
  console.log('refused', (await event(refused, 'connect_error'))[0].message);
  refused.close();
  for (const socket of [first, second, third]) {
    socket.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  sockets.close(() => console.log('closed'));
});
