// More work than the pool has threads, of several kinds, and an end in the middle of it.
const crypto = require('crypto')
const fs = require('fs')
const zlib = require('zlib')

for (let n = 0; n < 7; n += 1) crypto.pbkdf2('secret', `salt ${n}`, 20_000, 32, 'sha256', () => console.log('derived', n))
fs.writeFile('/tmp/note', 'x'.repeat(10_000), () => fs.readFile('/tmp/note', () => console.log('read')))
zlib.gzip('y'.repeat(100_000), () => console.log('packed'))
setTimeout(() => console.log('never'), 60_000).unref()
setInterval(() => {}, 3).unref()
setTimeout(() => process.exit(3), 60)
