const fs = require('node:fs')

setTimeout(() => console.log('timeout'), 0)
setImmediate(() => console.log('immediate'))
process.nextTick(() => console.log('tick'))
Promise.resolve().then(() => console.log('promise'))
queueMicrotask(() => console.log('microtask'))
fs.readFile(__filename, () => console.log('read'))
const interval = setInterval(() => {
  console.log('interval')
  clearInterval(interval)
}, 5)
;(async () => {
  await null
  console.log('awaited')
})()
console.log('sync')
