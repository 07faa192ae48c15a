// Somebody who asks five times in two seconds, never more.
const { setTimeout: sleep } = require('timers/promises')
const { ask } = require('./ask')

async function main() {
  let served = 0
  let asked = 0
  while (Date.now() % 60_000 < 41_000) {
    await sleep(400)
    for (const { status } of await Promise.all(['/fixed', '/sliding', '/bucket'].map((path) => ask(path)))) {
      asked += 1
      if (status === 200) served += 1
    }
  }
  console.log(`calm: ${served} of ${asked} served`)
}

main()
