const http = require('http')

const began = performance.now()
setTimeout(() => {
  http.get('http://api.example.com:3000/users', (response) => {
    response.setEncoding('utf8')
    response.on('data', (text) => {
      // Four ways of 20 ms: the handshake's two, the request, the answer.
      console.log(text, Math.round((performance.now() - began - 100) / 10) * 10, 'ms')
    })
    response.on('end', () => {
      http.get('http://api:3001/', () => {}).on('error', (error) => console.log(error.message))
      http.get('http://nobody:3001/', () => {}).on('error', (error) => console.log(error.message))
    })
  })
}, 100)
