// Asks another service, and reads the JSON that it answers.
const http = require('http')

function get(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve(JSON.parse(text)))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

module.exports = { get }
