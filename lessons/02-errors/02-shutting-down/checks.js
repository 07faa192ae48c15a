// The server ends in time and by itself, no order is cut off, and none that was answered is forgotten.
import { check, fail } from 'terrarium:check'

const ENDS_MS_MAX = 1_500

function find(run, host, pattern) {
  return run.processes.filter((process) => process.host === host).flatMap((process) => process.logs).find((log) => pattern.test(log.text))
}

check('the server opens, and the day comes to its end', (run) => {
  if (!find(run, 'shop', /^open, with 0 orders/)) fail('The server never opens. Does it still print how many orders it has?')
  if (!find(run, 'customers', /orders answered/)) fail(`The customers never come to an end: ${run.on('customers').error ?? 'they wait for an answer'}.`)
})

check('no order is cut off', (run) => {
  const first = find(run, 'customers', /is lost/)
  if (!first) return
  const asked = find(run, 'shop', /please end/)
  const ended = find(run, 'shop', /ended by/)
  const why =
    ended && first.ms > ended.ms - 20 && /SIG(TERM|KILL)/.test(ended.text)
      ? 'The process was gone before the answer.'
      : 'The connection was closed while the order was under way. First say that you are closing, for a moment, and then close.'
  fail(`${first.text.trim()}, ${Math.round(first.ms - asked.ms)} ms after the server was asked to end. ${why}`, { at: first.event })
})

check('the server ends by itself, and in time', (run) => {
  const log = find(run, 'shop', /^system: ended/)
  if (!log) fail('The server never ends.')
  const [, by, ms] = /ended (.*) after (\d+) ms/.exec(log.text)
  if (by === 'by SIGKILL') fail('After two seconds the system lost its patience. Who still has a connection? Somebody may never finish what they began.', { at: log.event })
  if (by !== 'by itself with code 0') fail(`The server was asked to end, and it ended ${by}.`, { at: log.event })
  if (Number(ms) > ENDS_MS_MAX) fail(`It took ${ms} ms to end. Give the others less time.`, { at: log.event })
})

check('every order that was answered is still known', (run) => {
  const log = find(run, 'customers', /orders answered/)
  const [, answered, known] = /^(\d+) orders answered, \d+ lost, and the shop knows (\d+)/.exec(log.text).map(Number)
  if (known < answered) fail(`${answered} orders were answered with 201, and the shop knows ${known} of them. The others were in memory when the server ended. Write them to orders.json, at the very end.`, { at: log.event })
  if (known > answered) fail(`The shop knows ${known} orders, and answered only ${answered}. Somebody will pay twice.`, { at: log.event })
})
