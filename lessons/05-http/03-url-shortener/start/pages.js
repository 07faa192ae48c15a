// The pages that the links lead to. Whatever you ask for, it is there.
const http = require('http')

const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end(`the page ${request.url}`)
})

server.listen(80)
