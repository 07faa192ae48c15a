const { orders } = require('./orders')

// The three books that stand most often in an order together with this one.
function alsoBought(id) {
  const others = orders.filter((order) => order.includes(id)).flat().filter((book) => book !== id)
  const counted = others.map((book) => ({ book, times: others.filter((other) => other === book).length }))
  counted.sort((a, b) => b.times - a.times || a.book - b.book)
  const best = [...new Set(counted.map(({ book }) => book))].slice(0, 3)
  console.log(`bought with book ${id}: ${best.join(', ')}`)
  return best
}

module.exports = { alsoBought }
