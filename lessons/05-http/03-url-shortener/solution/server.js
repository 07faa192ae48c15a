const express = require('express')
const { newCode } = require('./codes')

const app = express()
app.use(express.json())

// The code of each link, and what belongs to it.
const links = new Map()

app.post('/shorten', (req, res) => {
  const { url, alias, expiresInSeconds = Infinity } = req.body ?? {}
  if (!isWebAddress(url)) return res.status(400).json({ error: 'url has to begin with http:// or https://' })
  if (alias !== undefined && !/^[\w-]{2,30}$/.test(alias)) {
    return res.status(400).json({ error: 'an alias has 2 to 30 letters, digits, _ or -' })
  }
  if (!(expiresInSeconds > 0)) return res.status(400).json({ error: 'expiresInSeconds is a number above 0' })
  if (alias !== undefined && links.has(alias)) return res.status(409).json({ error: `${alias} is taken` })

  const code = alias ?? freeCode()
  links.set(code, { url, clicks: 0, expiresAt: Date.now() + expiresInSeconds * 1_000 })
  res.status(201).location(`/${code}`).json({ code, short: `http://go/${code}` })
})

function isWebAddress(text) {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

// A code that is taken is drawn again. An expired one is still taken: old mails should not lead to new pages.
function freeCode() {
  let code
  do code = newCode()
  while (links.has(code))
  return code
}

app.get('/stats/:code', (req, res) => {
  const link = links.get(req.params.code)
  if (link === undefined) return res.status(404).json({ error: 'no such link' })
  res.json(link)
})

app.get('/:code', (req, res) => {
  const link = links.get(req.params.code)
  if (link === undefined) return res.status(404).json({ error: 'no such link' })
  if (link.expiresAt <= Date.now()) return res.status(410).json({ error: 'this link has expired' })
  link.clicks += 1
  res.redirect(302, link.url)
})

app.listen(80, () => {
  console.log('links are shortened at http://go')
})
