const express = require('express')
const { newCode } = require('./codes')

const app = express()
app.use(express.json())

// The code of each link, and what belongs to it.
const links = new Map()

app.post('/shorten', (req, res) => {
  const code = newCode()
  links.set(code, { url: req.body.url, clicks: 0 })
  res.json({ code, short: `http://go/${code}` })
})

app.get('/stats/:code', (req, res) => {
  const link = links.get(req.params.code)
  if (link === undefined) return res.status(404).json({ error: 'no such link' })
  res.json(link)
})

app.get('/:code', (req, res) => {
  const link = links.get(req.params.code)
  if (link === undefined) return res.status(404).json({ error: 'no such link' })
  link.clicks += 1
  res.redirect(301, link.url)
})

app.listen(80, () => {
  console.log('links are shortened at http://go')
})
