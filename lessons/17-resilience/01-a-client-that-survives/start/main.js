// A shop. Every 50 ms somebody wants to know a price, and nobody wants to know whose fault it is.
const { setTimeout: sleep } = require('timers/promises')
const { getPrice } = require('./client')

const PATIENCE_MS = 5_000

async function ask(path) {
  const began = performance.now()
  let result
  try {
    const { fresh } = await Promise.race([
      getPrice(path),
      sleep(PATIENCE_MS).then(() => { throw new Error('nothing for five seconds') }),
    ])
    result = fresh ? 'fresh' : 'old'
  } catch (error) {
    result = error.message
  }
  return { result, ms: performance.now() - began }
}

function report(name, answers) {
  const number = (wanted) => answers.filter(({ result }) => result === wanted).length
  const [fresh, old] = [number('fresh'), number('old')]
  const longest = Math.round(Math.max(...answers.map(({ ms }) => ms)))
  console.log(`${name}: ${fresh} fresh, ${old} old, ${answers.length - fresh - old} failed, the longest took ${longest} ms`)
}

async function during(name, fromMs, untilMs) {
  await sleep(Math.max(0, fromMs - performance.now()))
  const answers = []
  while (performance.now() < untilMs) {
    answers.push(ask(`/prices/${['tea', 'honey', 'coffee'][answers.length % 3]}`))
    await sleep(50)
  }
  // Not awaited here: the next ones do not wait for those before.
  Promise.all(answers).then((answers) => report(name, answers))
}

async function main() {
  await sleep(500)
  report('a page of eight', await Promise.all('abcdefgh'.split('').map((id) => ask(`/page/${id}`))))
  const { result } = await ask('/prices/nothing')
  console.log(`no such thing: ${result}`)
  await during('wobbly', 1_500, 3_000)
  await during('hanging', 3_000, 6_000)
  await during('refusing', 6_000, 8_000)
  await during('well again', 8_000, 10_000)
}

main()
