const { pbkdf2Sync } = require('node:crypto')
const { countPrimes } = require('./primes')

// A heartbeat: every 50 ms this server says that it is alive.
let beats = 0
const heartbeat = setInterval(() => {
  beats += 1
  console.log(`beat ${beats}`)
  if (beats === 6) clearInterval(heartbeat)
}, 50)

// Somebody logs in. To hash a password takes long, on purpose: so that guessing takes long.
setTimeout(() => {
  console.log('Ada logs in')
  const hash = pbkdf2Sync('correct horse', 'salt', 100_000, 32, 'sha256')
  console.log(`hash: ${hash.toString('hex').slice(0, 8)}`)
}, 70)

// Somebody asks for a report.
setTimeout(() => {
  console.log('report asked for')
  const found = countPrimes(2, 80_000)
  console.log(`report: ${found} primes`)
}, 120)
