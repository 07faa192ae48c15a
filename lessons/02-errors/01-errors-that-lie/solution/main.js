const { getOrder } = require('./orders')
const { sendReceipt } = require('./post')
const { reply, replyError } = require('./reply')
const { total } = require('./total')

async function handle(text) {
  try {
    const order = await getOrder(text)
    reply(text, 200, `${order.customer} pays ${total(order)}`)
    // The order is paid, with or without a receipt, so its failure is not the order's.
    sendReceipt(order).catch((error) => console.error(error.message))
  } catch (error) {
    replyError(text, error)
  }
}

async function main() {
  for (const text of ['1', '2', 'two', '3', '4', '5']) {
    await handle(text)
  }
}

main()
