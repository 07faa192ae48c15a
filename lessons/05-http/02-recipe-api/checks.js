// What the kitchen hears, in the order in which it asks, and that the robot does no harm.
import { check, expect, fail } from 'terrarium:check'

const ASKED = [
  'GET /recipes', 'POST /recipes', 'GET', 'DELETE', 'GET', 'DELETE', 'POST /recipes', 'POST /recipes', 'POST /recipes',
  'POST /recipes', 'GET /recipes/lasagne', 'GET /recipes',
]

const [LIST, PANCAKES, READ, DELETE, READ_AGAIN, DELETE_AGAIN, PUDDING, NO_TITLE, NO_LIST, NO_JSON, LASAGNE, LIST_AT_END] = ASKED.keys()

function heard(run, nth) {
  const log = run.on('kitchen').logs.filter((log) => log.stream === 'stdout')[nth]
  if (!log) fail(`The kitchen never hears an answer to its request number ${nth + 1}, ${ASKED[nth]}.`)
  const match = /^(\S+ \S+) → (\d+)(?:, see (\S+))?(?: (.*))?$/s.exec(log.text.trimEnd())
  if (!match || !match[1].startsWith(ASKED[nth])) fail('The kitchen asks something else now. Reset brings kitchen.js back.', { at: log.event })
  const [, request, status, location, text] = match
  return { request, status: Number(status), location, body: text === undefined ? undefined : JSON.parse(text), at: log.event }
}

const titles = (list) => (Array.isArray(list) ? list.map((recipe) => recipe.title) : [])

function expectStatus(run, nth, wanted, why) {
  const { request, status, at } = heard(run, nth)
  if (status !== wanted) fail(`${request} is answered with ${status}, and should be with ${wanted}: ${why}`, { at })
}

check('the server lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The server ended: ${run.error}`)
})

check('who only reads changes nothing', (run) => {
  const { status, body, at } = heard(run, LIST)
  expect(status, 'the status of GET /recipes', { at }).toBe(200)
  for (const title of ['Apple pie', 'Omelette', 'Tomato soup']) {
    if (!titles(body).includes(title)) {
      fail(`The robot has read all pages, and ${title} is gone. Nothing that a GET asks for may change anything.`, { at })
    }
  }
})

check('POST /recipes makes a recipe and says where it is', (run) => {
  const { status, body, location, at } = heard(run, PANCAKES)
  expect(status, 'the status of POST /recipes', { at }).toBe(201)
  expect(body?.title, 'the title of the new recipe', { at }).toBe('Pancakes')
  if (body.id === undefined) fail('The new recipe has no id, so nobody can ask for it.', { at })
  expect(location, 'the header Location', { at }).toBe(`/recipes/${body.id}`)
})

check('GET /recipes/:id gives one recipe', (run) => {
  expectStatus(run, READ, 200, 'it has just been made.')
  const { body, at } = heard(run, READ)
  expect(body?.ingredients, 'the ingredients', { at }).toEqual(['flour', 'milk', 'eggs'])
})

check('DELETE /recipes/:id takes it away', (run) => {
  expectStatus(run, DELETE, 204, 'it is done, and there is nothing more to say.')
  expectStatus(run, READ_AGAIN, 404, 'it has been deleted.')
  expectStatus(run, DELETE_AGAIN, 404, 'it is not there any more.')
})

check('an id is never given twice', (run) => {
  const [before, after] = [heard(run, PANCAKES), heard(run, PUDDING)]
  expect(after.status, 'the status of the next POST /recipes', after).toBe(201)
  if (before.body?.id === after.body?.id) {
    fail(`The pudding gets the id ${after.body.id}, which was that of the pancakes. Who had noted that address now cooks the wrong thing.`, after)
  }
  if ([1, 2, 3].includes(after.body.id)) fail(`The id ${after.body.id} belongs to another recipe.`, after)
})

check('what is no recipe is refused', (run) => {
  expectStatus(run, NO_TITLE, 400, 'the title is empty.')
  expectStatus(run, NO_LIST, 400, 'the ingredients are no list.')
  expectStatus(run, NO_JSON, 400, 'the body is no JSON.')
  const { body, at } = heard(run, LIST_AT_END)
  expect(titles(body), 'the titles in the end', { at }).toEqual(['Apple pie', 'Omelette', 'Tomato soup', 'Rice pudding'])
})

check('what is not there is 404', (run) => {
  expectStatus(run, LASAGNE, 404, 'there is no such recipe.')
})
