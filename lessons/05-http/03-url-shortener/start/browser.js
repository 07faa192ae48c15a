// A small browser. As all of them do, it follows redirects, and what it is told with 301 it remembers for good.
const http = require('http')

const REDIRECTS_MAX = 20
const remembered = new Map()

function ask(method, url, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = http.request(url, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

// Goes where the address leads, and prints the way.
async function visit(address, method = 'GET') {
  let url = address
  let way = `${method} ${address}`
  for (let redirects = 0; redirects < REDIRECTS_MAX; redirects += 1) {
    if (remembered.has(url)) {
      url = remembered.get(url)
      way += ` → (remembered) ${url}`
    }
    const { status, headers, text } = await ask(method, url)
    if (headers.location === undefined) {
      console.log(`${way} → ${status} ${text.split('\n', 1)}`)
      return { status, text }
    }
    const next = new URL(headers.location, url).href
    if (status === 301 || status === 308) remembered.set(url, next)
    if (status < 307 && method === 'POST') method = 'GET'
    url = next
    way += ` → ${status} ${method} ${next}`
  }
  console.log(`${method} ${address} → too many redirects`)
  return { status: 0, text: '' }
}

// Sends JSON, and prints what comes back.
async function post(url, value) {
  const { status, text } = await ask('POST', url, JSON.stringify(value))
  const isJson = text.startsWith('{')
  console.log(`POST ${JSON.stringify(value)} → ${status} ${isJson ? text : ''}`)
  return { status, ...(isJson ? JSON.parse(text) : {}) }
}

module.exports = { post, visit }
