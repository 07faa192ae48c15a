// A slow service: it answers after some time. A timer stands in for the network.
function call(service, ms, answer) {
  console.log(`ask ${service}`)
  return new Promise((resolve) => {
    setTimeout(() => {
      console.log(`${service} answers`)
      resolve(answer)
    }, ms)
  })
}

async function main() {
  const user = await call('users', 300, 'Ada')
  const orders = await call('orders', 200, 3)
  console.log(`${user} has ${orders} orders`)
}

main()
