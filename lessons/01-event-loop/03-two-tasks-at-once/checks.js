// Both services are asked at once, and both answers arrive in the right places.
import { check, expect, fail } from 'terrarium:check'

const find = (run, text) => run.logs.find((log) => log.text.trim() === text)

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end well: ${run.error}`)
})

check('each service is asked once, and answers', (run) => {
  for (const service of ['users', 'orders']) {
    const asked = run.lines.filter((line) => line === `ask ${service}`).length
    if (asked !== 1) fail(`The service ${service} should be asked once. It was asked ${asked} times.`)
    if (!find(run, `${service} answers`)) fail(`The service ${service} never answers.`)
  }
})

check('the two answers become one sentence', (run) => {
  const last = run.logs.at(-1)
  expect(last.text.trim(), 'the last line', { at: last.event }).toBe('Ada has 3 orders')
})

check('the services are as slow as before', (run) => {
  for (const [service, ms] of [['users', 300], ['orders', 200]]) {
    const answered = find(run, `${service} answers`)
    const took = answered.ms - find(run, `ask ${service}`).ms
    if (took < ms - 2) {
      fail(`The service ${service} takes ${ms} ms to answer. Leave it so: in the real world its speed is not yours to choose.`, {
        at: answered.event,
      })
    }
  }
})

check('both are asked before the first answer', (run) => {
  const second = [find(run, 'ask users'), find(run, 'ask orders')].sort((a, b) => a.ms - b.ms)[1]
  if (second.ms > 50) {
    fail(
      `"${second.text.trim()}" came only after ${Math.round(second.ms)} ms, when the other answer was there. Nothing in it needs that answer: ask earlier.`,
      { at: second.event },
    )
  }
})

check('it all takes little more than the slower call', (run) => {
  expect(run.durationMs, 'the time it all took, in ms').toBeLessThan(330)
})
