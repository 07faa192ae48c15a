// Each of three reads a counter, waits, and writes it back. They are apart in time, as long as no step is late.
const { readFile, writeFile } = require('node:fs/promises')
const { setTimeout: wait } = require('node:timers/promises')
const file = `${__dirname}/counter`

async function add(late) {
  await wait(late)
  const count = Number(await readFile(file, 'utf8'))
  await writeFile(file, String(count + 1))
}

async function main() {
  await writeFile(file, '0')
  await Promise.all([add(0), add(2), add(4)])
  const count = await readFile(file, 'utf8')
  if (count !== '3') {
    console.error(`counted ${count} of 3`)
    process.exit(1)
  }
}
main()
