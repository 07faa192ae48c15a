const express = require('express')
const recipes = require('./recipes')

const app = express()
app.use(express.json())
app.use('/recipes', recipes)

app.listen(3000, () => {
  console.log('listening on port 3000')
})
