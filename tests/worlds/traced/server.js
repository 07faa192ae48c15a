// Says which trace each request belongs to, and hands that on to the bank with a span of its own.
const http = require('http')

let spans = 0

const server = http.createServer((request, response) => {
  const [version, trace, parent, flags] = (request.headers.traceparent ?? '').split('-')
  console.log(`${request.url} of trace ${trace}, called by span ${parent}`)
  if (request.url === '/old') {
    response.writeHead(302, { location: '/new' })
    return response.end()
  }
  spans += 1
  const span = String(spans).padStart(16, '0')
  const headers = { traceparent: `${version}-${trace}-${span}-${flags}` }
  http.get({ host: 'bank', headers }, (answer) => answer.pipe(response))
})

server.listen(3000)
