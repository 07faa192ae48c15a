const net = require('node:net')
const callers = []
const server = net.createServer((socket) => {
  socket.on('data', (name) => {
    callers.push(String(name))
    socket.end()
    if (callers.length === 2) {
      server.close()
      process.exitCode = callers[0] === 'bert' ? 1 : 0
    }
  })
})
server.listen(3000)
