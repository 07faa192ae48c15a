// What an order costs.
function total(order) {
  return order.items.reduce((sum, item) => sum + item.price, 0)
}

module.exports = { total }
