// The report is right, and the loop is never blocked for long while it is computed.
import { check, expect, fail } from 'terrarium:check'

const TASK_MS_MAX = 25
const LATE_MS_MAX = 30

function taskOf(run, log) {
  return run.tasks.findLast((task) => task.startedMs <= log.ms)
}

function beats(run) {
  return run.logs.filter((log) => log.text.startsWith('beat ')).map((log) => ({ log, task: taskOf(run, log) }))
}

const inMs = (ms) => `${Math.round(ms)} ms`

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end by itself: ${run.error}`)
})

check('the report is printed, and its number is right', (run) => {
  const report = run.logs.find((log) => log.text.startsWith('report: '))
  if (!report) fail('No report was printed. Is the result handed on when the last slice is done?')
  expect(report.text.trim(), 'the report', { at: report.event }).toBe('report: 7837 primes')
})

check('the heart beats four times', (run) => {
  expect(beats(run).length, 'the number of beats').toBe(4)
})

check('no beat is late', (run) => {
  for (const { log, task } of beats(run)) {
    if (task.queue !== 'timers') fail(`${log.text.trim()} should come from the interval.`, { at: log.event })
    if (task.lateMs < LATE_MS_MAX) continue
    const culprit = run.longestTask
    fail(
      `${log.text.trim()} was due at ${inMs(task.dueMs)} and came ${inMs(task.lateMs)} late. ` +
        `Until then one task held the loop for ${inMs(culprit.tookMs)}.`,
      { at: culprit.event },
    )
  }
})

check(`no task takes longer than ${TASK_MS_MAX} ms`, (run) => {
  const { tookMs, event } = run.longestTask
  if (tookMs >= TASK_MS_MAX) fail(`The longest task still takes ${inMs(tookMs)}. Make the slices smaller.`, { at: event })
})

check('the report is there soon enough', (run) => {
  const asked = run.logs.find((log) => log.text.trim() === 'report asked for')
  if (!asked) fail('The line "report asked for" is missing.')
  const report = run.logs.find((log) => log.text.startsWith('report: '))
  const took = report.ms - asked.ms
  if (took > 600) {
    fail(`The report took ${inMs(took)}; it can be there after about 300 ms. Do the slices wait for something?`, {
      at: report.event,
    })
  }
})
