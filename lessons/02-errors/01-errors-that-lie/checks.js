// What is expected gets an answer that is true, what is not expected ends the process, and nothing is lost on the way.
import { check, expect, fail } from 'terrarium:check'

const CLASS_OF = { 2: 404, two: 400, 4: 503 }

const WHAT = {
  2: 'There is no order 2, and that is the whole truth: 404.',
  two: '"two" cannot be the number of an order. That is a mistake of who asks: 400.',
  4: 'Order 4 may well be there, only the database does not answer: 503.',
}

function answers(run, text) {
  return run.logs.filter((log) => log.stream === 'stdout' && log.text.startsWith(`order ${text}: `))
}

function answer(run, text) {
  const [first, second] = answers(run, text)
  if (second) fail(`Order ${text} is answered twice.`, { at: second.event })
  return first
}

check('the database may be down, and the process lives on', (run) => {
  if (run.error && !run.error.includes('has no address') && !answer(run, '4')) {
    fail(
      `The database did not answer for order 4, and the process died of it: ${run.error}. What is thrown in a callback reaches no try of yours. Reject the promise instead, with an AppError.`,
    )
  }
})

check('a receipt that cannot be sent does not end the process', (run) => {
  if (run.error?.includes('has no address')) {
    fail('The receipt for order 3 failed, nobody was listening, and the process died of it. Who handles the promise of sendReceipt?')
  }
})

check('orders 1 and 3 are answered with what they cost', (run) => {
  for (const [text, wanted] of [['1', 'order 1: 200 Ada pays 21'], ['3', 'order 3: 200 Grace pays 15']]) {
    const log = answer(run, text)
    if (!log) fail(`Order ${text} gets no answer.`)
    expect(log.text.trim(), `the answer to order ${text}`, { at: log.event }).toBe(wanted)
  }
})

check('the receipt that was not sent is reported', (run) => {
  if (!run.stderr.includes('Grace has no address')) {
    fail('Grace gets no receipt, and nobody will ever know. Write the error to standard error, with console.error.')
  }
})

check('a bug is not answered with an error of ours', (run) => {
  const log = answer(run, '5')
  if (log) {
    fail(
      `Order 5 is there. What went wrong is a bug in total.js, a TypeError, and the answer hides it: "${log.text.trim()}". Answer only errors that you know; let the others through.`,
      { at: log.event },
    )
  }
})

check('each kind of error has its own status, its own class and its own words', (run) => {
  const classes = new Set()
  for (const [text, status] of Object.entries(CLASS_OF)) {
    const log = answer(run, text)
    if (!log) fail(`Order ${text} gets no answer. ${WHAT[text]}`)
    const match = /^order \w+: (\S+)(?: (\w+): (.*))?/.exec(log.text)
    if (match?.[1] !== String(status)) fail(`The answer to order ${text} is "${log.text.trim()}". ${WHAT[text]}`, { at: log.event })
    const [, , name, message] = match
    if (!name) fail(`The answer to order ${text} does not say what kind of error it is. Hand the error to replyError.`, { at: log.event })
    if (name === 'Error' || name === 'AppError') {
      fail(`The answer to order ${text} is a plain ${name}. Give this kind a class of its own, and set this.name in the constructor.`, {
        at: log.event,
      })
    }
    if (classes.has(name)) fail(`${name} stands for two kinds of trouble. Give each its own class.`, { at: log.event })
    if (message === '') fail(`The ${name} for order ${text} has no message. Does the constructor hand it to super?`, { at: log.event })
    classes.add(name)
  }
})

check('what the database said is kept', (run) => {
  if (!/caused by: connect ECONNREFUSED/.test(run.stderr)) {
    fail('The answer to order 4 is right, but what was behind it is lost. Pass the database’s error on as the cause: super(message, { cause }).')
  }
})

check('a bug ends the process', (run) => {
  if (run.exitCode === 1 && run.error?.includes("reading 'reduce'") && run.stderr.includes('total.js:3')) return
  const why =
    run.error === null
      ? run.exitCode === 0
        ? 'It was swallowed, and the process ended as if all were well.'
        : 'It ended without a word about where and why.'
      : `The process ended because of something else: ${run.error}`
  fail(`Order 5 meets a bug: total.js reads something of undefined. Nobody here can know what to do about it, so it should end the process, with its own stack. ${why}`)
})
