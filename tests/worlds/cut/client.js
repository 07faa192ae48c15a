// What is sent while the link is cut arrives when it is whole again; when it stays cut, TCP gives up.
const net = require('net')
const { setTimeout: sleep } = require('timers/promises')

async function main () {
  await sleep(1000)
  const socket = net.connect(7, 'api')
  const seconds = () => Math.round(performance.now() / 100) / 10
  socket.setEncoding('utf8')
  socket.on('data', (text) => console.log(text, 'is back at', seconds(), 's'))
  socket.on('error', (error) => console.log(error.code, 'at', Math.round(seconds()), 's'))
  socket.on('close', () => console.log('closed'))
  socket.write('one')
  await sleep(1500)
  socket.write('two')
  await sleep(10_000)
  socket.write('three')
  await sleep(10_000)
  socket.write('four')
}
main()
