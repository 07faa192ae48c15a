// A kitchen that collects recipes. It asks one thing after another and prints what it hears.
const { setTimeout: sleep } = require('timers/promises')
const { ask } = require('./ask')

async function tell(method, path, body) {
  const answer = await ask(method, path, body)
  const shown = answer.body === undefined ? '' : ` ${JSON.stringify(answer.body)}`
  const where = answer.location === undefined ? '' : `, see ${answer.location}`
  console.log(`${method} ${path} → ${answer.status}${where}${shown}`)
  return answer
}

async function main() {
  await sleep(1_000)
  await tell('GET', '/recipes')

  const pancakes = await tell('POST', '/recipes', '{"title":"Pancakes","ingredients":["flour","milk","eggs"]}')
  const path = `/recipes/${pancakes.body?.id}`
  await tell('GET', path)
  await tell('DELETE', path)
  await tell('GET', path)
  await tell('DELETE', path)

  await tell('POST', '/recipes', '{"title":"Rice pudding","ingredients":["rice","milk"]}')
  await tell('POST', '/recipes', '{"title":"","ingredients":["air"]}')
  await tell('POST', '/recipes', '{"title":"Salad","ingredients":"lettuce"}')
  await tell('POST', '/recipes', '{"title":"Toa')
  await tell('GET', '/recipes/lasagne')
  await tell('GET', '/recipes')
}

main()
