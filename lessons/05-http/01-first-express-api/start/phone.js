// The other end: a phone that asks the API, one request after another, and prints what it hears.
const http = require('http')
const { setTimeout: sleep } = require('timers/promises')

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const request = http.request({ host: 'api', port: 3000, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function main() {
  await sleep(100)
  for (const [method, path, body] of [
    ['GET', '/notes'],
    ['POST', '/notes', '{"text":"water the plants"}'],
    ['GET', '/notes/3'],
    ['GET', '/notes/99'],
    ['POST', '/notes', '{"text":""}'],
    ['GET', '/notes?about=plants'],
    ['GET', '/'],
  ]) {
    const { status, type = '', text } = await ask(method, path, body)
    // Of a page of HTML the status says enough.
    const shown = type.startsWith('application/json') ? text : `(${type.split(';')[0] || 'nothing'})`
    console.log(`phone: ${method} ${path} → ${status} ${shown}`)
  }
}

main()
