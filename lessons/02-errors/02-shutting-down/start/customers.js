// Customers who order something every 20 ms, over connections that they keep open.
const http = require('http')
const net = require('net')
const { setTimeout: sleep } = require('timers/promises')

const agent = new http.Agent({ keepAlive: true })
const UNTIL_MS = 4_000

let answered = 0
let lost = 0
let closedUntil = 0

function ask(method, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: 'shop', port: 3000, path: '/orders', method, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'], text }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function order(number) {
  for (;;) {
    while (performance.now() < closedUntil) await sleep(closedUntil - performance.now())
    try {
      const { status, retryAfter } = await ask('POST', `order ${number}`)
      if (status === 201) {
        answered += 1
        return
      }
      // Not now: everybody waits as long as the shop says.
      closedUntil = performance.now() + Number(retryAfter ?? 0.1) * 1_000
    } catch (error) {
      // Refused: nothing was sent, so it can be sent again. Otherwise nobody knows what has become of it.
      if (error.code !== 'ECONNREFUSED') {
        lost += 1
        console.log(`order ${number} is lost: ${error.message}`)
        return
      }
      await sleep(100)
    }
  }
}

// Somebody on a bad line: the beginning of a request, and then nothing.
function begin() {
  const socket = net.connect(3000, 'shop', () => socket.write('POST /orders HTTP/1.1\r\nHost: shop\r\n'))
  socket.on('error', () => {})
  setTimeout(() => socket.destroy(), UNTIL_MS)
}

async function main() {
  await sleep(300)
  begin()
  const all = []
  for (let number = 1; performance.now() < UNTIL_MS; number += 1) {
    all.push(order(number))
    await sleep(20)
  }
  await Promise.all(all)
  const { text } = await ask('GET')
  console.log(`${answered} orders answered, ${lost} lost, and the shop knows ${text}`)
  agent.destroy()
}

main()
