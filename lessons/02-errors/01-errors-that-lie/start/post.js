// Sends a receipt, which takes 30 ms. You get a promise for it.
function sendReceipt(order) {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      if (order.hasNoAddress) {
        reject(new Error(`no receipt, ${order.customer} has no address`))
      } else {
        console.log(`receipt sent to ${order.customer}`)
        resolve()
      }
    }, 30)
  })
}

module.exports = { sendReceipt }
