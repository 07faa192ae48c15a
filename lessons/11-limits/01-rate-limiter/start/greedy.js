// Somebody who wants more than their share, from one way of counting after the other.
const { setTimeout: sleep } = require('timers/promises')
const { ask } = require('./ask')

// Nobody can forge where a packet comes from. But anybody can write into a header that it comes from elsewhere.
let lies = 0
const lie = () => ({ 'x-forwarded-for': `10.0.0.${(lies += 1)}` })

async function burst(name, count) {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(`/${name}`, lie())))
  return answers
}

const passed = (answers) => answers.filter(({ status }) => status === 200).length

async function trial(name) {
  // At 0.9 s of a whole second, and at 1.1 s.
  await sleep(10_000 - (Date.now() % 10_000) + 900)
  const before = burst(name, 10)
  await sleep(200)
  const both = [...(await before), ...(await burst(name, 10))]
  console.log(`${name}: ${passed(both)} of 20 within 200 ms`)

  await sleep(3_000)
  const fast = []
  for (let n = 0; n < 60; n += 1) {
    fast.push(ask(`/${name}`, lie()))
    await sleep(50)
  }
  console.log(`${name}: ${passed(await Promise.all(fast))} of 60 at twice the speed, for 3 s`)

  await sleep(2_000)
  const many = await burst(name, 15)
  const { retryAfter } = many.find(({ status }) => status === 429) ?? {}
  await sleep(Number(retryAfter ?? 0) * 1_000)
  const { status } = await ask(`/${name}`, lie())
  console.log(`${name}: ${passed(many)} of 15 at once, the others hear "${retryAfter}", and later ${status}`)
}

async function main() {
  for (const name of ['fixed', 'sliding', 'bucket']) await trial(name)
}

main()
