// An archive that is far away: it needs 5 ms for each chunk. What comes faster has to wait, and it waits in your memory.
const { Writable } = require('node:stream')

function openArchive() {
  let bytes = 0
  let orders = 0
  let cards = 0
  let mostWaiting = 0
  let line = ''

  function keep(text) {
    const lines = (line + text).split('\n')
    line = lines.pop()
    for (const each of lines) count(each)
  }

  function count(text) {
    if (text.startsWith('order ')) orders += 1
    if (/\d{16}/.test(text)) cards += 1
  }

  const inMB = (bytes) => (bytes / 1e6).toFixed(1)

  return new Writable({
    write(chunk, encoding, done) {
      mostWaiting = Math.max(mostWaiting, this.writableLength)
      setTimeout(() => {
        mostWaiting = Math.max(mostWaiting, this.writableLength)
        const before = Math.floor(bytes / 1e6)
        bytes += chunk.length
        keep(chunk.toString())
        if (Math.floor(bytes / 1e6) > before) {
          console.log(`${Math.floor(bytes / 1e6)} MB archived`)
          console.error(`  while ${inMB(this.writableLength)} MB wait in memory`)
        }
        done()
      }, 5)
    },

    final(done) {
      count(line)
      console.error(`archive: ${orders} orders, ${cards} card numbers in the clear`)
      console.error(`archive: at most ${inMB(mostWaiting)} MB waited in memory`)
      done()
    },
  })
}

module.exports = { openArchive }
