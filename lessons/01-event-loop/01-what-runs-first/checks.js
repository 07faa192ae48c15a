// Five words, each out of the queue that it belongs to, in the order that the lesson asks for.
import { check, fail } from 'terrarium:check'

const ORDER = ['sync', 'promise', 'tick', 'immediate', 'timeout']

const QUEUE_OF = { sync: 'main', promise: 'microtask', tick: 'tick', immediate: 'check', timeout: 'timers' }

const CALL_OF = {
  promise: 'a then',
  tick: 'process.nextTick',
  immediate: 'setImmediate',
  timeout: 'setTimeout',
}

const WHY_TOO_EARLY = {
  tick: 'As long as main.js makes the tick itself, the nextTick queue comes first. Who else could make it?',
  timeout: 'As long as main.js makes the timer itself, it is due before the loop begins. Who else could make it?',
  promise: 'Microtasks run before the loop begins. Who makes this one?',
  immediate: 'Who makes this one?',
}

function words(run) {
  return run.logs
    .map((log) => ({ ...log, text: log.text.trim() }))
    .filter((log) => log.stream === 'stdout' && log.text !== '')
}

function queueOf(run, log) {
  return run.tasks.findLast((task) => task.startedMs <= log.ms)?.queue
}

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end by itself: ${run.error}`)
})

check('each word is printed once', (run) => {
  const printed = words(run)
  for (const word of ORDER) {
    const times = printed.filter((log) => log.text === word)
    if (times.length === 0) fail(`Nothing prints ${word} any more.`)
    if (times.length > 1) fail(`${word} is printed ${times.length} times; once is enough.`, { at: times[1].event })
  }
  const stranger = printed.find((log) => !ORDER.includes(log.text))
  if (stranger) fail(`Only the five words should be printed, but there is also: ${stranger.text}`, { at: stranger.event })
})

check('each word comes from a queue of its own', (run) => {
  for (const log of words(run)) {
    const queue = queueOf(run, log)
    if (queue === QUEUE_OF[log.text]) continue
    if (log.text === 'sync') fail('sync should be printed by main.js itself, without waiting.', { at: log.event })
    fail(`${log.text} should be printed by the callback of ${CALL_OF[log.text]}. Move the call, and leave the callback in it.`, {
      at: log.event,
    })
  }
})

check('the order is sync, promise, tick, immediate, timeout', (run) => {
  const printed = words(run)
  const line = ORDER.findIndex((word, index) => printed[index].text !== word)
  if (line === -1) return
  const { text, event } = printed[line]
  fail(`Line ${line + 1} should be ${ORDER[line]}, but ${text} was there first. ${WHY_TOO_EARLY[text] ?? ''}`.trim(), {
    at: event,
  })
})
