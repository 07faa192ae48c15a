// Stands before the servers: hands each request on to one of them, and the answer back.
const http = require('http')
const { measured } = require('./meter')

const servers = ['api-1', 'api-2', 'api-3', 'api-4'].map((host) => ({ host, underWay: 0 }))

// The one with the fewest requests under way. A slow one has always some, so it gets fewer.
function choose() {
  return servers.reduce((best, server) => (server.underWay < best.underWay ? server : best))
}

const agent = new http.Agent({ keepAlive: true })

const balancer = http.createServer(measured((request, response) => {
  const { method, url: path, headers } = request
  const server = choose()
  server.underWay += 1
  response.on('close', () => { server.underWay -= 1 })
  const forwarded = http.request({ host: server.host, port: 3000, method, path, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  forwarded.on('error', () => {
    response.statusCode = 502
    response.end()
  })
  request.pipe(forwarded)
}))

balancer.listen(80)
