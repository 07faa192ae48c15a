const { orders } = require('./orders')

// The three books that stand most often in an order together with this one.
function alsoBought(id) {
  const counts = new Map()
  for (const order of orders) {
    if (!order.includes(id)) continue
    for (const book of order) {
      if (book !== id) counts.set(book, (counts.get(book) ?? 0) + 1)
    }
  }
  const counted = [...counts].sort(([a, often], [b, seldom]) => seldom - often || a - b)
  const best = counted.slice(0, 3).map(([book]) => book)
  console.log(`bought with book ${id}: ${best.join(', ')}`)
  return best
}

module.exports = { alsoBought }
