// Sends a file to the archive, without its card numbers: node main.js orders.log
const fs = require('node:fs')
const { Transform } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { openArchive } = require('./archive')
const { writeOrders } = require('./orders')

const file = process.argv[2]
writeOrders(file)

// Hides all but the last four digits. A chunk may end in the middle of a line: its last piece waits for the next chunk.
function hideCards() {
  const hide = (text) => text.replace(/\d{12}(\d{4})/g, '************$1')
  let piece = ''
  return new Transform({
    transform(chunk, encoding, done) {
      const text = piece + chunk
      const end = text.lastIndexOf('\n') + 1
      piece = text.slice(end)
      done(null, hide(text.slice(0, end)))
    },
    flush(done) {
      done(null, hide(piece))
    },
  })
}

async function main() {
  const source = fs.createReadStream(file)
  source.on('end', () => console.log('the whole file is read'))
  await pipeline(source, hideCards(), openArchive())
  console.log('done')
}

main()
