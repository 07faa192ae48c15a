const fs = require('fs')
const http = require('http')
const { setTimeout: sleep } = require('timers/promises')

// The orders of the server before this one, if there was one.
const orders = fs.existsSync('orders.json') ? JSON.parse(fs.readFileSync('orders.json', 'utf8')) : []

const server = http.createServer(async (request, response) => {
  if (request.method === 'POST') {
    let text = ''
    for await (const chunk of request) text += chunk
    // Somewhere else, the money is fetched.
    await sleep(80)
    orders.push(text)
    response.statusCode = 201
  }
  response.end(`${orders.length} orders`)
})

server.listen(3000, () => {
  console.log(`open, with ${orders.length} orders`)
})
