// Everything under /recipes: the paths here go on where the one in server.js ends.
const { Router } = require('express')

let recipes = [
  { id: 1, title: 'Apple pie', ingredients: ['apples', 'flour', 'butter'] },
  { id: 2, title: 'Omelette', ingredients: ['eggs', 'butter'] },
  { id: 3, title: 'Tomato soup', ingredients: ['tomatoes', 'bread'] },
]

const router = Router()

router.get('/', (req, res) => {
  res.json(recipes.map((recipe) => ({
    ...recipe,
    links: [`/recipes/${recipe.id}`, `/recipes/${recipe.id}/delete`],
  })))
})

router.get('/:id', (req, res) => {
  res.json(recipes.find((recipe) => recipe.id === Number(req.params.id)))
})

router.get('/:id/delete', (req, res) => {
  console.log(`deleting recipe ${req.params.id}`)
  recipes = recipes.filter((recipe) => recipe.id !== Number(req.params.id))
  res.json({ deleted: true })
})

router.post('/', (req, res) => {
  const recipe = { id: recipes.length + 1, ...req.body }
  recipes.push(recipe)
  res.json(recipe)
})

module.exports = router
