// Asks the prices' service. You get { price, fresh }; fresh says whether it has just come from there.
const http = require('http')
const { setTimeout: sleep } = require('timers/promises')

const TIMEOUT_MS = 200
const ATTEMPTS = 3
const BACKOFF_MS = 200
const FAILURES_MAX = 10
const REST_MS = 500

const lastPrices = new Map()

async function getPrice(path) {
  try {
    const { status, text } = await guarded(() => askPatiently(path))
    if (status !== 200) throw new Refused(status)
    const { price } = JSON.parse(text)
    lastPrices.set(path, price)
    return { price, fresh: true }
  } catch (error) {
    // "There is no such thing" is an answer. Everything else is trouble, and yesterday's price is better than none.
    if (error instanceof Refused || !lastPrices.has(path)) throw error
    return { price: lastPrices.get(path), fresh: false }
  }
}

class Refused extends Error {
  constructor(status) {
    super(`the service says ${status}`)
  }
}

// ---- again, but not at once, and not all at the same time ----

async function askPatiently(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tried(() => ask(path))
    } catch (error) {
      if (attempt === ATTEMPTS || isOpen()) throw error
      await sleep(Math.random() * BACKOFF_MS * 2 ** (attempt - 1))
    }
  }
}

// ---- the circuit breaker ----

let failures = 0
let opensAt = 0
let isTrying = false

const isOpen = () => failures >= FAILURES_MAX

// Open: nobody asks, but after a rest a single one is let through to see.
async function guarded(work) {
  if (!isOpen()) return work()
  if (isTrying || performance.now() < opensAt) throw new Error('the circuit is open')
  isTrying = true
  try {
    return await work()
  } finally {
    isTrying = false
  }
}

async function tried(work) {
  try {
    const answer = await work()
    if (answer.status >= 500) throw new Error(`the service says ${answer.status}`)
    failures = 0
    return answer
  } catch (error) {
    failures += 1
    if (isOpen()) opensAt = performance.now() + REST_MS
    throw error
  }
}

// ---- one request, with an end ----

function ask(path) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const request = http.get({ host: 'prices', path, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, text }))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

module.exports = { getPrice }
