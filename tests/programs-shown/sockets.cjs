// Every way in which something that is asked ends: answered, refused, cut short, given up, answered to one who has said
// that he will ask no more; and datagrams, which ask for nothing.
const dgram = require('dgram')
const http = require('http')
const net = require('net')

const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
  let said = ''
  socket.on('data', (chunk) => { said += chunk })
  socket.on('end', () => setTimeout(() => socket.end(`you said ${said}`), 20))
})

const server = http.createServer((request, response) => {
  if (request.url === '/never') return
  if (request.url === '/cut') return setTimeout(() => request.socket.destroy(), 5)
  if (request.url === '/reset') return setTimeout(() => request.socket.resetAndDestroy(), 5)
  if (request.url === '/missing') response.statusCode = 404
  if (request.url === '/large') return response.end('x'.repeat(300_000))
  if (request.url === '/late') return setTimeout(() => response.end('late'), 50)
  response.end('hello')
})

function ask(options, patience) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port: 4000, ...options }, (response) => {
      let bytes = 0
      response.on('data', (chunk) => { bytes += chunk.length })
      response.on('close', () => resolve(`${response.statusCode}, ${bytes} bytes`))
    })
    request.on('error', (error) => resolve(error.code ?? error.message))
    if (patience) setTimeout(() => request.destroy(), patience)
  })
}

function say(text) {
  return new Promise((resolve) => {
    const socket = net.connect({ port: 4001, allowHalfOpen: true }, () => socket.end(text))
    let heard = ''
    socket.on('data', (chunk) => { heard += chunk })
    socket.on('close', () => resolve(heard))
  })
}

async function main() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  for (const path of ['/', '/missing', '/large', '/cut', '/reset']) console.log(path, await ask({ path }))
  console.log(await Promise.all(['/', '/late', '/', '/late'].map((path) => ask({ path, agent }))))
  console.log('never', await ask({ path: '/never' }, 30))
  console.log('late, given up', await ask({ path: '/late' }, 20))
  console.log('nobody there', await ask({ port: 4099 }))
  console.log(await Promise.all([say('one'), say('two')]))
  const socket = dgram.createSocket('udp4')
  socket.on('message', (message) => {
    console.log(`${message}`)
    socket.close()
  })
  await new Promise((resolve) => socket.bind(4002, resolve))
  socket.send('a datagram', 4002, '127.0.0.1')
  agent.destroy()
  server.close()
  server.closeAllConnections()
  echo.close()
}

echo.listen(4001, () => server.listen(4000, main))
