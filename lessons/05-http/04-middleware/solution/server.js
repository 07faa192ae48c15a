const express = require('express')
const { setTimeout: sleep } = require('timers/promises')
const { errorHandler, logger, report } = require('./logger')

const books = new Map([
  ['1', { title: 'Emma', author: { name: 'Austen' } }],
  ['2', { title: 'Beowulf' }],
])

const app = express()
app.use(logger)
app.use(express.json())

app.get('/books', async (req, res) => {
  console.log('the books are looked up')
  await sleep(30)
  res.json([...books.values()])
})

app.get('/books/:id', (req, res) => {
  const book = books.get(req.params.id)
  res.json({ title: book.title, by: book.author.name })
})

app.post('/books', (req, res) => {
  books.set(String(books.size + 1), req.body)
  console.log('a book is added')
  res.status(201).json(req.body)
})

app.get('/report', report)

app.use((req, res) => {
  res.status(404).json({ error: 'there is nothing here', id: req.id })
})

app.use(errorHandler)

app.listen(3000, () => {
  console.log('listening on port 3000')
})
