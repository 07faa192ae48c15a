const net = require('node:net')
const os = require('node:os')
setTimeout(() => net.connect(3000, 'api').end(os.hostname()), 5)
