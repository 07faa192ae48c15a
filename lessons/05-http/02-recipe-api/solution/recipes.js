// Everything under /recipes: the paths here go on where the one in server.js ends.
const { Router } = require('express')

let recipes = [
  { id: 1, title: 'Apple pie', ingredients: ['apples', 'flour', 'butter'] },
  { id: 2, title: 'Omelette', ingredients: ['eggs', 'butter'] },
  { id: 3, title: 'Tomato soup', ingredients: ['tomatoes', 'bread'] },
]
// An id is given once and never again, also when its recipe is gone.
let nextId = 4

const router = Router()

const find = (text) => recipes.find((recipe) => String(recipe.id) === text)

router.get('/', (req, res) => {
  res.json(recipes.map((recipe) => ({ ...recipe, links: [`/recipes/${recipe.id}`] })))
})

router.get('/:id', (req, res) => {
  const recipe = find(req.params.id)
  if (recipe === undefined) return res.status(404).json({ error: 'no such recipe' })
  res.json(recipe)
})

router.post('/', (req, res) => {
  const { title, ingredients } = req.body ?? {}
  if (typeof title !== 'string' || title === '') {
    return res.status(400).json({ error: 'a recipe needs a title' })
  }
  if (!Array.isArray(ingredients) || ingredients.length === 0) {
    return res.status(400).json({ error: 'a recipe needs a list of ingredients' })
  }
  const recipe = { id: nextId, title, ingredients }
  nextId += 1
  recipes.push(recipe)
  res.status(201).location(`/recipes/${recipe.id}`).json(recipe)
})

router.delete('/:id', (req, res) => {
  const recipe = find(req.params.id)
  if (recipe === undefined) return res.status(404).json({ error: 'no such recipe' })
  recipes = recipes.filter((other) => other !== recipe)
  res.status(204).end()
})

module.exports = router
