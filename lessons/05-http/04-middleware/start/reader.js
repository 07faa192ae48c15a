// Somebody who reads books: one request after another, and at the end of the day the report.
const { setTimeout: sleep } = require('timers/promises')
const { ask } = require('./ask')

async function main() {
  await sleep(500)
  for (const [method, path, body] of [
    ['GET', '/books'],
    ['POST', '/books', '{"title":"Faust","author":{"name":"Goethe"}}'],
    ['GET', '/books/1'],
    ['GET', '/books/2'],
    ['GET', '/books/3'],
    ['POST', '/books', '{"title":'],
    ['GET', '/songs'],
    ['GET', '/report'],
  ]) {
    const { status, headers, text } = await ask(method, path, body)
    const isJson = (headers['content-type'] ?? '').startsWith('application/json')
    console.log(`${method} ${path} → ${status} ${isJson ? text : `a page of ${text.length} characters`}`)
    if (/node_modules|server\.js/.test(text)) console.log('  and in it, where the code lies on the server')
  }
}

main()
