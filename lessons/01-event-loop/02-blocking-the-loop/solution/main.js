// A heartbeat: every 100 ms this process says that it is alive.
let beats = 0
const heartbeat = setInterval(() => {
  beats += 1
  console.log(`beat ${beats}`)
  if (beats === 4) clearInterval(heartbeat)
}, 100)

// After 250 ms somebody asks for a report.
setTimeout(() => {
  console.log('report asked for')
  countPrimes(80_000, (found) => {
    console.log(`report: ${found} primes`)
  })
}, 250)

// Counts a slice of the numbers, lets the loop take a turn, and goes on.
function countPrimes(limit, done) {
  let found = 0
  let n = 2

  function countSlice() {
    const end = Math.min(n + 1_000, limit + 1)
    for (; n < end; n += 1) {
      if (isPrime(n)) found += 1
    }
    if (n <= limit) setImmediate(countSlice)
    else done(found)
  }

  countSlice()
}

function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) {
    if (n % divisor === 0) return false
  }
  return true
}
