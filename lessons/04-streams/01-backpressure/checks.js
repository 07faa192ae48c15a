// The archive gets every order and no card number, and hardly anything waits in memory.
import { check, fail } from 'terrarium:check'

const ORDERS = 19_000
const WAITING_MB_MAX = 0.5
const HEAP_MB_MAX = 3

const inMB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

function said(run, pattern) {
  const log = run.logs.find((log) => log.stream === 'stderr' && pattern.test(log.text))
  if (!log) fail('The archive was never finished. Who calls its end()? pipeline does it for you.')
  const [, ...numbers] = pattern.exec(log.text)
  return { numbers: numbers.map(Number), log }
}

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end by itself: ${run.error}`)
})

check('little waits in memory', (run) => {
  const { numbers: [most], log } = said(run, /at most ([\d.]+) MB waited/)
  if (most <= WAITING_MB_MAX) return
  fail(
    `${most.toFixed(1)} MB waited in memory at a time. The file is read faster than the archive can take it, and nobody tells the reading to wait.`,
    { at: log.event },
  )
})

check('the file is never in memory as a whole', (run) => {
  const { beganBytes, peakBytes, peakMs, event } = run.heap
  if (peakBytes - beganBytes <= HEAP_MB_MAX * 1e6) return
  fail(
    `After ${Math.round(peakMs)} ms the program held ${inMB(peakBytes - beganBytes)} more than at its start. Read and write chunk by chunk.`,
    { at: event },
  )
})

check('every order arrives', (run) => {
  const { numbers: [orders], log } = said(run, /(\d+) orders, (\d+) card/)
  if (orders === ORDERS) return
  const missing = ORDERS - orders
  fail(
    missing === 1
      ? 'One order is missing: the last. The file does not end with a line break, so who hands on the last line?'
      : missing > 0
        ? `${missing} orders are missing in the archive. Is everything handed on, also what a chunk had only half of?`
        : `The archive got ${-missing} orders too many.`,
    { at: log.event },
  )
})

check('no card number arrives', (run) => {
  const { numbers: [, cards], log } = said(run, /(\d+) orders, (\d+) card/)
  if (cards === 0) return
  fail(
    cards > 1_000
      ? `${cards} card numbers are in the archive for everybody to read. Hide all but the last four digits on the way.`
      : `${cards} card numbers slipped through. They were cut in two, because a chunk ended in the middle of them.`,
    { at: log.event },
  )
})

check('"done" is printed when all is archived', (run) => {
  const done = run.logs.find((log) => log.text.trim() === 'done')
  if (!done) fail('Nothing prints "done". Await the pipeline, then print it.')
  const { log } = said(run, /at most ([\d.]+) MB waited/)
  if (done.ms < log.ms) fail('"done" is printed before the archive has everything. Await the pipeline.', { at: done.event })
  if (run.durationMs > 800) fail(`It took ${Math.round(run.durationMs)} ms. The archive can be done after about 350 ms; keep it busy.`)
})
