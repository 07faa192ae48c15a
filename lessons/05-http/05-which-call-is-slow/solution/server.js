const express = require('express')
const { get } = require('./get')
const { alsoBought } = require('./also-bought')

const app = express()

// What readers say changes seldom, and takes long to find out. The promise is kept, so that it is asked for only once.
const REVIEWS_MS = 60_000
const kept = new Map()

function reviewsOf(id) {
  const known = kept.get(id)
  if (known && known.until > Date.now()) return known.reviews
  const reviews = get(`http://reviews/books/${id}`)
  kept.set(id, { reviews, until: Date.now() + REVIEWS_MS })
  // A failure is not worth keeping.
  reviews.catch(() => kept.delete(id))
  return reviews
}

// All that a book's page shows: what it costs, how many are left, what readers say, and what else they bought.
app.get('/books/:id', async (req, res) => {
  const { id } = req.params
  const [price, stock, reviews] = await Promise.all([
    get(`http://prices/books/${id}`),
    get(`http://stock/books/${id}`),
    reviewsOf(id),
  ])
  res.json({ id, ...price, ...stock, ...reviews, alsoBought: alsoBought(id) })
})

// The number beside the basket, which every page asks for.
app.get('/basket', (req, res) => {
  res.json({ items: 2 })
})

app.listen(3000)
