// Writes the file that this lesson is about: 4 MB of orders. It stands for one that is larger than your memory.
const fs = require('node:fs')

const NAMES = ['Ada', 'Barbara', 'Edsger', 'Grace', 'Ken']
const GOODS = ['apples', 'bread', 'butter', 'coffee', 'eggs', 'flour', 'honey', 'milk', 'noodles', 'olives', 'rice', 'tea']

function writeOrders(path) {
  const lines = []
  for (let n = 0; n < 1_000; n += 1) {
    const basket = []
    for (let i = 0; i < 20; i += 1) basket.push(`${1 + ((n + i) % 7)} ${GOODS[(n * 5 + i) % GOODS.length]}`)
    lines.push(`order ${n}, ${NAMES[n % 5]}, card ${4_000_000_000_000_000 + n * 7_919}, ${basket.join(', ')}`)
  }
  const block = lines.join('\n')
  fs.writeFileSync(path, block)
  for (let n = 1; n < 19; n += 1) fs.appendFileSync(path, `\n${block}`)
}

module.exports = { writeOrders }
