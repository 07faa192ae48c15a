// What the users wait for, from their own requests: each time counts from when the request was due.
import { check, fail } from 'terrarium:check'

const P95_MS_MAX = { '10 users': 100, '50 users': 100, '100 users': 100, '500 users': 150 }

function loadOf(run, name) {
  return run.loads.find((load) => load.name === name) ?? fail(`Nobody has counted the ${name}.`)
}

check('balancer and servers live until nobody is left to call them', (run) => {
  for (const process of run.processes) if (process.error) fail(`${process.host} ended: ${process.error}`)
})

check('every request is answered', (run) => {
  for (const name of Object.keys(P95_MS_MAX)) {
    const { sent, answered, statuses } = loadOf(run, name)
    if (answered < sent) fail(`With ${name}, ${sent - answered} of ${sent} requests were never answered.`)
    const wrong = Object.entries(statuses).find(([status]) => status !== '200')
    if (wrong) fail(`With ${name}, ${wrong[1]} answers had the status ${wrong[0]}.`)
  }
})

for (const [name, max] of Object.entries(P95_MS_MAX)) {
  check(`with ${name}, 95 of 100 wait less than ${max} ms`, (run) => {
    const { p95Ms } = loadOf(run, name).latency
    if (p95Ms < max) return
    const idle = run.processes.filter((process) => process.host.startsWith('api-') && process.tasks.length < 50).map(({ host }) => host)
    const why =
      idle.length > 0
        ? `${idle.join(', ')} had hardly anything to do.`
        : 'All four work, but one of them is slower than the others. Who has still much to do should get less.'
    fail(`With ${name}, five of a hundred wait ${Math.round(p95Ms)} ms or longer. ${why}`)
  })
}
