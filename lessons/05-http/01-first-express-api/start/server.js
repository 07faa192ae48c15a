const express = require('express')

const app = express()

const notes = [
  { id: 1, text: 'buy milk' },
  { id: 2, text: 'call Ada' },
]

app.get('/notes', (req, res) => {
  console.log('reading the notes')
  res.json(notes)
})

app.get('/notes/:id', (req, res) => {
  console.log('reading one note')
  const note = notes.find((note) => note.id === req.params.id)
  res.json(note)
})

app.post('/notes', (req, res) => {
  console.log('taking a note')
  const note = { id: notes.length + 1, text: req.body.text }
  notes.push(note)
  res.json(note)
})

app.listen(3000, () => {
  console.log('listening on port 3000')
})
