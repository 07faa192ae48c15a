// Two threads are begun one after the other; who speaks first is up to the system.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
if (isMainThread) {
  const order = []
  for (const name of ['one', 'two']) {
    new Worker(__filename, { workerData: name }).on('message', (said) => {
      order.push(said)
      if (order.length === 2 && order[0] === 'two') process.exitCode = 1
    })
  }
} else {
  parentPort.postMessage(workerData)
}
