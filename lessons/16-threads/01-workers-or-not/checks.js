// The loop is never blocked, and the report has more than one core to itself.
import { check, expect, fail } from 'terrarium:check'

const LATE_MS_MAX = 15
const LOGIN_MS_MAX = 150
const REPORT_MS_MAX = 250

const inMs = (ms) => `${Math.round(ms)} ms`
const find = (run, text) => run.logs.find((log) => log.text.trim().startsWith(text))

function took(run, from, to) {
  const begin = find(run, from)
  const end = find(run, to)
  if (!begin) fail(`The line "${from}" is missing.`)
  if (!end) fail(`Nothing prints "${to} …". Does the result arrive?`)
  return { ms: end.ms - begin.ms, end }
}

check('the program runs to its end', (run) => {
  if (run.threads > 0 && run.error?.includes('waits for something')) {
    fail('Everything is done, but a worker is still there and keeps the process alive. One that listens to its parentPort stays until you terminate() it.')
  }
  if (run.error) fail(`The program did not end by itself: ${run.error}`)
})

check('the login is computed, and its hash is right', (run) => {
  const { end } = took(run, 'Ada logs in', 'hash:')
  expect(end.text.trim(), 'the hash', { at: end.event }).toBe('hash: 58fc8a16')
})

check('the report is computed, and its number is right', (run) => {
  const { end } = took(run, 'report asked for', 'report:')
  expect(end.text.trim(), 'the report', { at: end.event }).toBe('report: 7837 primes')
})

check('no beat is late', (run) => {
  const beats = run.logs.filter((log) => log.text.startsWith('beat '))
  expect(beats.length, 'the number of beats').toBe(6)
  beats.forEach((beat, index) => {
    const late = beat.ms - 50 * (index + 1)
    if (late < LATE_MS_MAX) return
    const login = find(run, 'hash:')
    const culprit = login.ms < beat.ms && find(run, 'Ada logs in').ms < 50 * (index + 1) && late < 100 ? 'The login' : 'The report'
    fail(`${beat.text.trim()} came ${inMs(late)} late. ${culprit} was computed on the loop, and nothing else could run meanwhile.`, {
      at: run.longestTask.event,
    })
  })
})

check('the login does not take longer than before', (run) => {
  const { ms, end } = took(run, 'Ada logs in', 'hash:')
  if (ms > LOGIN_MS_MAX) fail(`The login took ${inMs(ms)}. In the thread pool it takes about 75 ms.`, { at: end.event })
})

check('the report is sooner than before', (run) => {
  const { ms, end } = took(run, 'report asked for', 'report:')
  if (ms <= REPORT_MS_MAX) return
  const why =
    run.threads === 0
      ? 'It still shares the one thread of the loop with everything else. Workers have cores of their own.'
      : run.threads === 1
        ? 'One worker computes no faster than the loop did. Give each of several workers a part.'
        : 'Do the workers run at the same time, and are their parts about equally large? Large numbers take longer than small ones.'
  fail(`The report took ${inMs(ms)}; it can be there after 150 ms. ${why}`, { at: end.event })
})
