// Asks the API one thing. You get a promise for the status, where the answer points, and its body.
const http = require('http')

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = http.request({ host: 'api', port: 3000, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => {
        const { location, 'content-type': type = '' } = response.headers
        const isJson = type.startsWith('application/json') && text !== ''
        resolve({ status: response.statusCode, location, body: isJson ? JSON.parse(text) : undefined, text })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

module.exports = { ask }
