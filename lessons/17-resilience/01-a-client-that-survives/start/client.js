// Asks the prices' service. You get { price, fresh }; fresh says whether it has just come from there.
const http = require('http')

async function getPrice(path) {
  const { status, text } = await ask(path)
  if (status !== 200) throw new Error(`the service says ${status}`)
  return { price: JSON.parse(text).price, fresh: true }
}

function ask(path) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: 'prices', path }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, text }))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

module.exports = { getPrice }
