const { pbkdf2 } = require('node:crypto')
const { Worker } = require('node:worker_threads')

// A heartbeat: every 50 ms this server says that it is alive.
let beats = 0
const heartbeat = setInterval(() => {
  beats += 1
  console.log(`beat ${beats}`)
  if (beats === 6) clearInterval(heartbeat)
}, 50)

// Somebody logs in. Hashing is Node's own work: without Sync it goes to the thread pool.
setTimeout(() => {
  console.log('Ada logs in')
  pbkdf2('correct horse', 'salt', 100_000, 32, 'sha256', (error, hash) => {
    if (error) throw error
    console.log(`hash: ${hash.toString('hex').slice(0, 8)}`)
  })
}, 70)

// Somebody asks for a report. Counting is our own work, so it needs workers of our own: one for each quarter.
setTimeout(async () => {
  console.log('report asked for')
  const quarters = [0, 1, 2, 3].map((n) => ({ from: n * 20_000 + 1, to: (n + 1) * 20_000 }))
  const counts = await Promise.all(quarters.map(countInWorker))
  const found = counts.reduce((sum, count) => sum + count, 0)
  console.log(`report: ${found} primes`)
}, 120)

function countInWorker(range) {
  return new Promise((resolve, reject) => {
    const worker = new Worker('./worker.js', { workerData: range })
    worker.on('message', resolve)
    worker.on('error', reject)
  })
}
