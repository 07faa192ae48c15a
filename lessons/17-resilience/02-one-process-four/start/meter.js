// Measures how long each answer takes, and tells it once for each number of users.
const PERIODS = [['10 users', 3_000], ['50 users', 9_000], ['100 users', 15_000], ['500 users', 21_000]]
const PERIOD_MS = 6_000

function measured(handle) {
  const times = PERIODS.map(() => [])
  PERIODS.forEach(([name, begins], index) => {
    setTimeout(() => report(name, times[index]), begins + PERIOD_MS - performance.now())
  })
  return (request, response) => {
    const began = performance.now()
    const index = PERIODS.findLastIndex(([, begins]) => began >= begins)
    response.on('finish', () => times[index]?.push(performance.now() - began))
    handle(request, response)
  }
}

function report(name, times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`
  console.log(`${name}: ${times.length} answers, half of them within ${at(0.5)}, 95 % within ${at(0.95)}`)
}

module.exports = { measured }
