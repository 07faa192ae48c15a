// Computes a price: some milliseconds of work for each request, and no waiting. It runs on four machines.
const http = require('http')

function price() {
  let sum = 0
  for (let n = 1; n < 3_000; n += 1) sum += 1 / n
  return Math.round(sum * 100)
}

const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ price: price() }))
})

server.listen(3000)
