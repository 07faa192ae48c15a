// A true line for each request, errors that the log knows and the reader does not, and a report.
import { check, expect, fail } from 'terrarium:check'

const ASKED = ['GET /books', 'POST /books', 'GET /books/1', 'GET /books/2', 'GET /books/3', 'POST /books', 'GET /songs']
const [LIST, , , BROKEN, , NO_JSON] = ASKED.keys()

function heard(run, nth) {
  const log = run.on('reader').logs.filter((log) => log.text.includes(' → '))[nth]
  if (!log) fail(`The reader never hears an answer to ${ASKED[nth] ?? 'GET /report'}.`)
  const [, request, status, text] = /^(\S+ \S+) → (\d+) (.*)/s.exec(log.text)
  return { request, status: Number(status), text: text.trim(), at: log.event }
}

function parsed(logs) {
  return logs.flatMap((log) => log.text.split('\n').map((text) => ({ text, event: log.event }))).flatMap(({ text, event }) => {
    if (!text.startsWith('{')) return []
    try {
      return [{ entry: JSON.parse(text), event }]
    } catch {
      return []
    }
  })
}

const ofRequests = (run) =>
  parsed(run.on('api').logs.filter((log) => log.stream === 'stdout')).filter(({ entry }) => entry.method && entry.path !== '/report')

check('the server lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The server ended: ${run.error}`)
  if (run.on('reader').error) fail(`The reader gives up: ${run.on('reader').error}`)
})

check('each request has one line of JSON, in the order of the answers', (run) => {
  const lines = ofRequests(run)
  if (lines.length === 0) fail('No line on standard output is JSON. Programs read logs as well: JSON.stringify({ … }).')
  ASKED.forEach((request, nth) => {
    if (!lines[nth]) fail(`${request}, request number ${nth + 1}, has no line in the log.`)
    const { entry, event } = lines[nth]
    expect(`${entry.method} ${entry.path}`, `line ${nth + 1} of the log`, { at: event }).toBe(request)
    if (Number.isNaN(Date.parse(entry.time))) fail(`The line of ${request} does not say when: its time is ${entry.time}.`, { at: event })
  })
  if (lines.length > ASKED.length) fail(`There are ${lines.length} lines for ${ASKED.length} requests.`, { at: lines.at(-1).event })
})

check('the status is the one that was sent', (run) => {
  ofRequests(run).forEach(({ entry, event }, nth) => {
    const { request, status } = heard(run, nth)
    if (entry.status !== status) {
      fail(`The log says of ${request} ${entry.status}, and the reader got ${status}. When is the answer decided?`, { at: event })
    }
  })
})

check('the time is how long the answer took', (run) => {
  ofRequests(run).forEach(({ entry, event }, nth) => {
    if (typeof entry.ms !== 'number') fail(`The line of ${ASKED[nth]} does not say how many ms it took.`, { at: event })
    const isLong = nth === LIST
    if (isLong && entry.ms < 25) fail(`The books take 30 ms to look up. The log says ${entry.ms}.`, { at: event })
    if (!isLong && entry.ms > 25) fail(`${ASKED[nth]} does not take ${entry.ms} ms.`, { at: event })
  })
})

check('an error is answered with JSON, and without the stack', (run) => {
  for (const [nth, wanted] of [[BROKEN, 500], [NO_JSON, 400]]) {
    const { request, status, text, at } = heard(run, nth)
    expect(status, `the status of ${request}`, { at }).toBe(wanted)
    if (!text.startsWith('{')) fail(`${request} is answered with a page of Express, in which everybody can read the stack.`, { at })
    if (text.includes('server.js') || text.includes('node_modules')) fail(`The answer to ${request} tells strangers where the code lies.`, { at })
    if (nth === BROKEN && text.includes('Cannot read')) {
      fail(`The answer to ${request} tells strangers what is broken. That belongs into the log.`, { at })
    }
  }
})

check('the log knows the stack, and of which request', (run) => {
  const entry = parsed(run.on('api').logs.filter((log) => log.stream === 'stderr'))
    .find(({ entry }) => JSON.stringify(entry).includes("reading 'name'"))?.entry
  if (!entry) fail('GET /books/2 meets a bug, and no line of JSON on standard error speaks of it.')
  expect(`${entry.method} ${entry.path}`, 'the request in the line of the error').toBe('GET /books/2')
  if (!JSON.stringify(entry).includes('server.js:')) fail('The line of the error does not say where it happened. Log its stack.')
})

check('GET /report says what is asked for most, and how much fails', (run) => {
  const { status, text, at } = heard(run, ASKED.length)
  if (status !== 200 || !text.startsWith('{')) fail(`GET /report is answered with ${status}.`, { at })
  const { requests, errorRate, most } = JSON.parse(text)
  expect(requests, 'the number of requests in the report', { at }).toBe(ASKED.length)
  if (!(Math.abs(errorRate - 1 / ASKED.length) < 0.001)) {
    fail(`The report has an errorRate of ${errorRate}. One of seven requests failed by the fault of the server (500 and above).`, { at })
  }
  const first = most?.[0]
  if (first?.route !== 'GET /books/:id' || first?.requests !== 3) {
    fail(`Asked for most is GET /books/:id, three times. The report begins with ${JSON.stringify(first)}.`, { at })
  }
})
