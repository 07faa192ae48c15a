const express = require('express')
const { get } = require('./get')
const { alsoBought } = require('./also-bought')

const app = express()

// All that a book's page shows: what it costs, how many are left, what readers say, and what else they bought.
app.get('/books/:id', async (req, res) => {
  const { id } = req.params
  const price = await get(`http://prices/books/${id}`)
  const stock = await get(`http://stock/books/${id}`)
  const reviews = await get(`http://reviews/books/${id}`)
  res.json({ id, ...price, ...stock, ...reviews, alsoBought: alsoBought(id) })
})

// The number beside the basket, which every page asks for.
app.get('/basket', (req, res) => {
  res.json({ items: 2 })
})

app.listen(3000)
