// What passes of each burst, by each way of counting, and that nobody pays for others.
import { check, expect, fail } from 'terrarium:check'

function said(run, name, pattern) {
  const log = run.on('greedy').logs.find((log) => log.text.startsWith(`${name}: `) && pattern.test(log.text))
  if (!log) fail(`The greedy one never gets to the end of its trial of /${name}. ${run.error ?? ''}`.trim())
  return { log, numbers: pattern.exec(log.text).slice(1) }
}

function expectPassed(run, name, pattern, [least, most], why) {
  const { log, numbers: [passed] } = said(run, name, pattern)
  if (passed < least || passed > most) {
    const range = least === most ? `${least}` : `${least} to ${most}`
    fail(`/${name} lets ${passed} pass of ${log.text.split(' of ')[1].trim().split(',')[0]}, and should let ${range}: ${why}`, { at: log.event })
  }
}

const BORDER = /(\d+) of 20/
const FAST = /(\d+) of 60/
const MANY = /(\d+) of 15 at once, the others hear "(.*)", and later (\d+)/

check('the server lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The server ended: ${run.error}`)
})

check('whoever asks calmly is always served', (run) => {
  const log = run.on('calm').logs.find((log) => log.text.startsWith('calm: '))
  const [, served, asked] = /(\d+) of (\d+)/.exec(log?.text ?? '')?.map(Number) ?? fail('The calm one never gets to its end.')
  if (served < asked) fail(`The calm one asks five times in two seconds, and still ${asked - served} of its ${asked} requests are refused. It pays for the greedy one: each needs a count of its own.`, { at: log.event })
})

check('the fixed window lets twice as many pass at its border', (run) => {
  expectPassed(run, 'fixed', BORDER, [20, 20], 'ten at the end of one window, ten at the beginning of the next.')
  expectPassed(run, 'fixed', FAST, [28, 42], 'ten in each window.')
  expectPassed(run, 'fixed', MANY, [10, 10], 'they are all in one window.')
})

// Exactly ten with the times of all; one or two more with the common estimate from two windows.
check('the sliding window has no border to wait for', (run) => {
  expectPassed(run, 'sliding', BORDER, [10, 12], 'all twenty come within one second.')
  expectPassed(run, 'sliding', FAST, [27, 33], 'ten in each of three seconds.')
  expectPassed(run, 'sliding', MANY, [10, 10], 'the limit is ten.')
})

check('the bucket saves up a burst, and fills at a steady pace', (run) => {
  expectPassed(run, 'bucket', BORDER, [11, 13], 'ten were in it, and in 200 ms one or two come in.')
  expectPassed(run, 'bucket', FAST, [37, 42], 'ten were in it, and in three seconds thirty come in.')
  expectPassed(run, 'bucket', MANY, [10, 10], 'it holds ten.')
})

check('who is refused hears when to come again', (run) => {
  for (const name of ['fixed', 'sliding', 'bucket']) {
    const { log, numbers: [, retryAfter, later] } = said(run, name, MANY)
    if (!/^\d+$/.test(retryAfter)) fail(`/${name} refuses without a useful Retry-After: it says "${retryAfter}". It should be a number of whole seconds.`, { at: log.event })
    if (Number(retryAfter) < 1 || Number(retryAfter) > 2) fail(`/${name} sends them away for ${retryAfter} s. It would be free after at most one.`, { at: log.event })
    expect(later, `the status on /${name} for who comes after ${retryAfter} s, as they were told`, { at: log.event }).toBe('200')
  }
})
