// The page says the same as before, sooner; and nobody waits for a loop that is busy with something else.
import { check, expect, fail } from 'terrarium:check'

const PAGE_MS_MAX = 100
const BASKET_MS_MAX = 60
const PAGE = {
  id: '7',
  price: '12.50',
  copies: 3,
  stars: 4.5,
  best: 'I read it in one night.',
  alsoBought: ['81', '83', '92'],
}

const inMs = (ms) => `${Math.round(ms)} ms`

function loadOf(run, name) {
  return run.loads.find((load) => load.name === name) ?? fail(`Nobody has counted the ${name}.`)
}

check('the shop lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The shop ended: ${run.error}`)
})

check('the page says the same as before', (run) => {
  const [page] = run.exchanges
  if (page.failure) fail(`The reader gets no page: ${page.failure}`)
  expect(page.status, 'the status of the page').toBe(200)
  let said
  try {
    said = JSON.parse(page.text)
  } catch {
    fail('The page is no JSON any more.')
  }
  for (const [name, value] of Object.entries(PAGE)) expect(said[name], `${name} on the page`).toEqual(value)
})

for (const name of ['pages', 'baskets']) {
  check(`each of the ${name} is answered with 200`, (run) => {
    const { sent, statuses } = loadOf(run, name)
    expect(statuses['200'] ?? 0, `${name} with status 200`).toBe(sent)
  })
}

check(`no basket waits longer than ${BASKET_MS_MAX} ms`, (run) => {
  const { maxMs } = loadOf(run, 'baskets').latency
  if (maxMs <= BASKET_MS_MAX) return
  fail(`A basket took ${inMs(maxMs)}, of which 20 ms are the way. The rest it waited for the loop. Choose it in the waterfall, and read who held that.`)
})

check(`half of the pages are there within ${PAGE_MS_MAX} ms`, (run) => {
  const { p50Ms } = loadOf(run, 'pages').latency
  if (p50Ms > PAGE_MS_MAX) fail(`Half of the pages take ${inMs(p50Ms)} or longer. On what do they wait for most of it? The waterfall says so.`)
})
