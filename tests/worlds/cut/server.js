const net = require('net')

net.createServer((socket) => {
  socket.on('data', (bytes) => socket.write(bytes))
  socket.on('error', (error) => console.log('server:', error.code))
}).listen(7)
