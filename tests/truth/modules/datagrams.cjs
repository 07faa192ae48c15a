// Datagrams: to and fro, connected, refused, large, in both families, and what sockets say of themselves.
const dgram = require('dgram')
const { once } = require('events')

async function main() {
  const server = dgram.createSocket('udp4')
  server.on('message', (message, from) => {
    console.log('server heard', String(message).slice(0, 20), message.length, from.address, from.family, from.size)
    server.send(`back ${message.length}`, from.port, from.address)
  })
  server.bind(41234, '127.0.0.1')
  await once(server, 'listening')
  console.log(server.address())
  try { server.bind(1) } catch (error) { console.log(error.code) }
  const taken = dgram.createSocket('udp4')
  taken.bind(41234, '127.0.0.1')
  console.log((await once(taken, 'error'))[0].message)
  taken.close()

  const client = dgram.createSocket('udp4')
  try { client.address() } catch (error) { console.log(error.message) }
  try { client.getSendBufferSize() } catch (error) { console.log(error.code, error.message) }
  const answer = () => once(client, 'message').then(([message]) => console.log('client heard', String(message)))
  client.send('hello', 41234, '127.0.0.1', (error, bytes) => console.log('sent', error, bytes))
  await answer()
  client.send([Buffer.from('in '), 'pieces'], 41234, 'localhost')
  await answer()
  client.send(Buffer.alloc(65507), 41234, '127.0.0.1')
  await answer()
  client.send(Buffer.alloc(65508), 41234, '127.0.0.1', (error) => console.log(error.code, error.syscall, error.message))
  await new Promise((resolve) => setTimeout(resolve, 5))
  client.close()

  const near = dgram.createSocket('udp4')
  near.connect(41234, '127.0.0.1')
  await once(near, 'connect')
  console.log('connected to', near.remoteAddress())
  near.send('by a connection')
  const [back] = await once(near, 'message')
  console.log(String(back))
  try { near.send('x', 41234) } catch (error) { console.log(error.code) }
  near.disconnect()
  try { near.disconnect() } catch (error) { console.log(error.code) }
  near.close()
  server.close()
  await once(server, 'close')

  const six = dgram.createSocket({ type: 'udp6', reuseAddr: true })
  six.bind(0, '::1')
  await once(six, 'listening')
  six.send('six', six.address().port, '::1')
  const [message, from] = await once(six, 'message')
  console.log(String(message), from.address, from.family, from.port === six.address().port)
  six.unref()
  six.setBroadcast(true)
  six.close(() => console.log('closed'))
  try { six.send('x', 1) } catch (error) { console.log(error.code) }
}

main()
