// Stands before the servers: hands each request on to one of them, and the answer back.
const http = require('http')
const { measured } = require('./meter')

const SERVERS = ['api-1', 'api-2', 'api-3', 'api-4']

const agent = new http.Agent({ keepAlive: true })

const balancer = http.createServer(measured((request, response) => {
  const { method, url: path, headers } = request
  const host = SERVERS[0]
  const forwarded = http.request({ host, port: 3000, method, path, headers, agent }, (answer) => {
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
