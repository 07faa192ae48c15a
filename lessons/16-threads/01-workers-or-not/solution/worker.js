// Runs on a thread of its own, once somebody starts it: new Worker('./worker.js', { workerData: … })
const { parentPort, workerData } = require('node:worker_threads')
const { countPrimes } = require('./primes')

parentPort.postMessage(countPrimes(workerData.from, workerData.to))
