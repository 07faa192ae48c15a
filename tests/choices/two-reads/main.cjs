// The second read is asked for later, and may be done first.
const fs = require('node:fs')
const done = []
for (const name of ['a', 'b']) {
  fs.stat(__filename, () => {
    done.push(name)
    if (done.length === 2) {
      console.log(done.join(' '))
      process.exitCode = done[0] === 'b' ? 3 : 0
    }
  })
}
