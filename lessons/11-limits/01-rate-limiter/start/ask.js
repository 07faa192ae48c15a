// Asks the API. You get a promise for the status and the header Retry-After, in seconds.
const http = require('http')

const agent = new http.Agent({ keepAlive: true })

function ask(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: 'api', port: 3000, path, headers, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] }))
    })
    request.on('error', reject)
  })
}

module.exports = { ask }
