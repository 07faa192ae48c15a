const net = require('node:net')
setTimeout(() => net.connect(3000, 'api').end(process.argv[2]), 5)
