// Runs the tests. Then makes one mistake after the other in strings.js, runs the tests again, and looks whether they notice.
const jest = require('jest')
const strings = require('./strings')
const { MISTAKES } = require('./mistakes')

async function quietly(work) {
  const { stdout, stderr } = process
  const writes = [stdout.write, stderr.write]
  stdout.write = stderr.write = () => true
  try {
    return await work()
  } finally {
    ;[stdout.write, stderr.write] = writes
  }
}

async function main() {
  const [result] = await jest.run()
  const exitCode = process.exitCode
  const passed = result.tests.filter((test) => test.status === 'passed').length
  console.log(`${passed} of ${result.tests.length} tests pass`)

  const right = { ...strings }
  let caught = 0
  for (const [name, mistake, makeIn] of MISTAKES) {
    strings[name] = makeIn(right[name])
    const [{ failed }] = await quietly(() => jest.run())
    strings[name] = right[name]
    console.log(`${failed ? 'caught' : 'missed'}: ${name} ${mistake}`)
    if (failed) caught += 1
  }
  console.log(`${caught} of ${MISTAKES.length} mistakes caught`)
  process.exitCode = exitCode
}

main()
