// Sends a file to the archive: node main.js orders.log
const fs = require('node:fs')
const { openArchive } = require('./archive')
const { writeOrders } = require('./orders')

const file = process.argv[2]
writeOrders(file)

const source = fs.createReadStream(file)
const archive = openArchive()

source.on('data', (chunk) => {
  archive.write(chunk)
})

source.on('end', () => {
  console.log('the whole file is read')
  archive.end()
})

archive.on('finish', () => {
  console.log('done')
})
