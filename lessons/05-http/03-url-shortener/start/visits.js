// What somebody does with short links.
const { setTimeout: sleep } = require('timers/promises')
const { post, visit } = require('./browser')

async function main() {
  await sleep(500)

  console.log('-- a link is shared, and clicked three times')
  const tea = await post('http://go/shorten', { url: 'http://pages/tea' })
  for (let click = 0; click < 3; click += 1) await visit(`http://go/${tea.code}`)
  await visit(`http://go/stats/${tea.code}`)

  console.log('-- a sale that lasts for two seconds')
  const sale = await post('http://go/shorten', { url: 'http://pages/sale', expiresInSeconds: 2 })
  await visit(`http://go/${sale.code}`)
  await sleep(2_000)
  await visit(`http://go/${sale.code}`)

  console.log('-- a code of their own')
  await post('http://go/shorten', { url: 'http://pages/coffee', alias: 'coffee' })
  await post('http://go/shorten', { url: 'http://pages/mine', alias: 'coffee' })
  await visit('http://go/coffee')

  console.log('-- what is no link')
  await post('http://go/shorten', { url: 'pages/tea' })
  await post('http://go/shorten', { url: 'javascript:alert(1)' })
  await post('http://go/shorten', {})
  await post('http://go/shorten', { url: 'http://pages/tea', alias: '../admin' })
  await visit('http://go/nothing')

  console.log('-- ten more links')
  const links = []
  for (let n = 1; n <= 10; n += 1) {
    const { code } = await post('http://go/shorten', { url: `http://pages/${n}` })
    links.push({ code, n })
  }
  for (const { code, n } of links) {
    const { text } = await visit(`http://go/${code}`)
    if (text !== `the page /${n}`) console.log(`wrong: http://go/${code} was made for page ${n}`)
  }
  console.log('-- the end')
}

main()
