const fs = require('fs')
const http = require('http')
const { setTimeout: sleep } = require('timers/promises')

const GOODBYE_MS = 300
const DEADLINE_MS = 500

// The orders of the server before this one, if there was one.
const orders = fs.existsSync('orders.json') ? JSON.parse(fs.readFileSync('orders.json', 'utf8')) : []
let isClosing = false

const server = http.createServer(async (request, response) => {
  if (isClosing) {
    // Not any more, and not on this connection. Come back when the next server is there.
    response.writeHead(503, { 'retry-after': '1', connection: 'close' })
    response.end()
    return
  }
  if (request.method === 'POST') {
    let text = ''
    for await (const chunk of request) text += chunk
    // Somewhere else, the money is fetched.
    await sleep(80)
    orders.push(text)
    response.statusCode = 201
  }
  // Who was in the middle of it gets an answer, and then goes as well.
  if (isClosing) response.setHeader('connection', 'close')
  response.end(`${orders.length} orders`)
})

server.listen(3000, () => {
  console.log(`open, with ${orders.length} orders`)
})

process.on('SIGTERM', async () => {
  console.log('closing')
  isClosing = true
  await sleep(GOODBYE_MS)
  server.close(() => {
    fs.writeFileSync('orders.json', JSON.stringify(orders))
    console.log(`closed, with ${orders.length} orders`)
  })
  // Whoever is still not done will not be.
  setTimeout(() => server.closeAllConnections(), DEADLINE_MS).unref()
})
