const http = require('http')
const os = require('os')

http.createServer((request, response) => {
  console.log(request.method, request.url, request.socket.remoteAddress)
  response.end(`hello from ${request.headers.host}`)
}).listen(3000, () => console.log('listening'))
