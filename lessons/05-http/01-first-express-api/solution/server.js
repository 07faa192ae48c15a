const express = require('express')

const app = express()
app.use(express.json())

const notes = [
  { id: 1, text: 'buy milk' },
  { id: 2, text: 'call Ada' },
]

app.get('/notes', (req, res) => {
  console.log('reading the notes')
  const { about } = req.query
  res.json(about === undefined ? notes : notes.filter((note) => note.text.includes(about)))
})

app.get('/notes/:id', (req, res) => {
  console.log('reading one note')
  const note = notes.find((note) => note.id === Number(req.params.id))
  if (note === undefined) return res.status(404).json({ error: 'no such note' })
  res.json(note)
})

app.post('/notes', (req, res) => {
  console.log('taking a note')
  const text = req.body?.text
  if (typeof text !== 'string' || text === '') {
    return res.status(400).json({ error: 'a note needs a text' })
  }
  const note = { id: notes.length + 1, text }
  notes.push(note)
  res.status(201).location(`/notes/${note.id}`).json(note)
})

app.listen(3000, () => {
  console.log('listening on port 3000')
})
