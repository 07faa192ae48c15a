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
  const found = countPrimes(80_000)
  console.log(`report: ${found} primes`)
}, 250)

function countPrimes(limit) {
  let found = 0
  for (let n = 2; n <= limit; n += 1) {
    if (isPrime(n)) found += 1
  }
  return found
}

function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) {
    if (n % divisor === 0) return false
  }
  return true
}
