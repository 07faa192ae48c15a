// Stream sockets on the loopback interface: connections, bytes both ways, ends, errors, large writes, pipes, addresses.
const net = require('net');
const dns = require('dns');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  console.log('server: connection from', socket.remoteFamily, socket.remoteAddress);
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    console.log('server: data', text);
    socket.write(text.toUpperCase());
  });
  socket.on('end', () => {
    console.log('server: end');
    socket.end('bye');
  });
  socket.on('close', (failed) => console.log('server: close', failed));
});
server.listen(0, '127.0.0.1', () => {
  const { port, address, family } = server.address();
  console.log('listening', address, family, port > 1024);
  const client = net.connect(port, '127.0.0.1', () => {
    console.log('client: connected', client.remotePort === port, client.connecting);
    client.write('hello');
  });
  const heard = [];
  client.on('data', (bytes) => {
    heard.push(String(bytes));
    if (heard.join('') === 'HELLO') client.end();
  });
  client.on('end', () => console.log('client: end', heard.join('')));
  client.on('close', (failed) => {
    console.log('client: close', failed, client.bytesRead, client.bytesWritten);
    server.close(() => second(port));
  });
});

function second(port) {
  console.log('closed');
  net.connect(port, '127.0.0.1').on('error', (error) => {
    console.log(error.code, error.syscall, error.message.replace(port, 'PORT'));
    third();
  });
}

function third() {
  const large = net.createServer((socket) => {
    let count = 0;
    socket.on('data', (bytes) => { count += bytes.length });
    socket.on('end', () => {
      console.log('large: read', count);
      large.close();
    });
  }).listen(0, '127.0.0.1', () => {
    const other = net.createServer().on('error', (error) => console.log(error.code, error.syscall));
    other.listen(large.address().port, '127.0.0.1');
    const client = net.connect(large.address().port, '127.0.0.1');
    client.end(Buffer.alloc(8_000_000, 'x'), () => console.log('large: written'));
    client.on('close', fourth);
  });
}

function fourth() {
  const path = `/tmp/sockets-${process.pid}`;
  const server = net.createServer((socket) => socket.end('through a pipe')).listen(path, () => {
    const client = net.connect(path);
    client.on('data', (bytes) => console.log(String(bytes)));
    client.on('close', () => server.close(() => {
      dns.lookup('localhost', { family: 4 }, (error, address, family) => {
        console.log(error, address, family);
        console.log(net.isIP('::1'), net.connect({ port: 1, host: '127.0.0.1' }).on('error', () => {}).connecting);
      });
    }));
  });
}
