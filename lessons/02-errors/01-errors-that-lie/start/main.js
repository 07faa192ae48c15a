const { getOrder } = require('./orders')
const { sendReceipt } = require('./post')
const { reply } = require('./reply')
const { total } = require('./total')

async function handle(text) {
  try {
    const order = await getOrder(text)
    reply(text, 200, `${order.customer} pays ${total(order)}`)
    sendReceipt(order)
  } catch {
    reply(text, 404, 'not found')
  }
}

async function main() {
  for (const text of ['1', '2', 'two', '3', '4', '5']) {
    await handle(text)
  }
}

main()
