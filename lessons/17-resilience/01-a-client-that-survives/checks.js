// What the shop's visitors get in each of the service's moods, and what the service has to bear.
import { check, fail } from 'terrarium:check'

const LONGEST_MS_MAX = 1_500
const CROWD_MAX = 4
const REQUESTS_MAX = 50

function find(run, host, start) {
  const log = run.on(host).logs.find((log) => log.stream === 'stdout' && log.text.startsWith(start))
  if (!log) fail(`Nothing is reported of "${start}". ${run.on(host).error ?? ''}`.trim())
  return log
}

function answers(run, name) {
  const log = find(run, 'shop', `${name}: `)
  const [, fresh, old, failed, longest] = /(\d+) fresh, (\d+) old, (\d+) failed, the longest took (\d+) ms/.exec(log.text).map(Number)
  return { fresh, old, failed, longest, at: log.event }
}

check('nobody waits for long', (run) => {
  for (const name of ['a page of eight', 'wobbly', 'hanging', 'refusing', 'well again']) {
    const { longest, at } = answers(run, name)
    if (longest > LONGEST_MS_MAX) fail(`While the service was ${name}, somebody waited for ${longest} ms. How long would you wait? Give each request an end.`, { at })
  }
})

check('what goes wrong once is tried again', (run) => {
  for (const name of ['a page of eight', 'wobbly']) {
    const { fresh, old, failed, at } = answers(run, name)
    if (old + failed > fresh * 0.1) fail(`${name}: only ${fresh} of ${fresh + old + failed} answers are fresh. One more attempt would have helped.`, { at })
  }
})

check('what is not there is not there', (run) => {
  const log = find(run, 'shop', 'no such thing: ')
  if (/: (fresh|old)/.test(log.text)) fail('A 404 was answered with a price.', { at: log.event })
})

check('attempts do not come in step', (run) => {
  const log = find(run, 'prices', 'prices: of the page')
  const [, again, crowd] = /page (\d+) were asked for again, at most (\d+) within/.exec(log.text).map(Number)
  if (again < 8) fail(`Eight prices of the page were refused, and only ${again} asked for again.`, { at: log.event })
  if (crowd > CROWD_MAX) fail(`${crowd} of eight attempts arrive within 5 ms, just as crowded as the first time. Draw by chance how long each waits.`, { at: log.event })
})

check('an old price is better than none', (run) => {
  for (const name of ['hanging', 'refusing']) {
    const { failed, at } = answers(run, name)
    if (failed > 0) fail(`While the service was ${name}, ${failed} visitors saw an error, though all of these prices had been there before.`, { at })
  }
})

check('who is down is left in peace', (run) => {
  const log = run.on('prices').logs.find((log) => /requests while I was down/.test(log.text))
  if (!log) fail('The service never says how often it was asked. Reset brings prices.js back.')
  const count = Number(/(\d+) requests/.exec(log.text)[1])
  if (count > REQUESTS_MAX) fail(`The service got ${count} requests while it was down. After ten failures in a row you know: open the circuit, and look only now and then.`, { at: log.event })
})

check('when the service is well again, so are the answers', (run) => {
  const { fresh, old, failed, at } = answers(run, 'well again')
  if (failed > 0) fail(`The service is well again, and still ${failed} visitors saw an error.`, { at })
  if (fresh < 25) fail(`The service is well again for two seconds, and ${old} of ${fresh + old} answers are still old. Try it again every half second.`, { at })
})
