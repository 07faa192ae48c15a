// What the phone hears, request by request.
import { check, expect, fail } from 'terrarium:check'

function heard(run, request) {
  const log = run.on('phone').logs.find((log) => log.text.startsWith(`phone: ${request} → `))
  if (!log) fail(`The phone never hears an answer to ${request}.`)
  const [, status, text] = /→ (\d+) (.*)/.exec(log.text)
  let body = null
  try {
    body = JSON.parse(text)
  } catch {
    // Not JSON: the status has to say enough.
  }
  return { status: Number(status), body, at: log.event }
}

check('the server lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The server ended: ${run.error}`)
})

check('GET /notes gives all notes', (run) => {
  const { status, body, at } = heard(run, 'GET /notes')
  expect(status, 'the status of GET /notes', { at }).toBe(200)
  expect(Array.isArray(body) && body.length, 'the number of notes', { at }).toBe(2)
})

check('POST /notes takes a note and answers 201 with it', (run) => {
  const log = run.on('phone').logs.find((log) => log.text.includes('POST /notes → '))
  if (!log) fail('The phone never hears an answer to POST /notes.')
  if (log.text.includes('→ 500')) fail('POST /notes ends in an error of the server. Who reads the body?', { at: log.event })
  const { status, body, at } = heard(run, 'POST /notes')
  expect(status, 'the status of POST /notes', { at }).toBe(201)
  expect(body, 'the new note', { at }).toEqual({ id: 3, text: 'water the plants' })
})

check('GET /notes/3 finds what was posted', (run) => {
  const { status, body, at } = heard(run, 'GET /notes/3')
  expect(status, 'the status of GET /notes/3', { at }).toBe(200)
  expect(body, 'note 3', { at }).toEqual({ id: 3, text: 'water the plants' })
})

check('a note that is not there is 404', (run) => {
  const { status, at } = heard(run, 'GET /notes/99')
  expect(status, 'the status of GET /notes/99', { at }).toBe(404)
})

check('a note without a text is 400', (run) => {
  const log = run.on('phone').logs.filter((log) => log.text.startsWith('phone: POST /notes → '))[1]
  if (!log) fail('The phone hears no answer to its second POST.')
  expect(log.text.includes('→ 400'), 'that an empty text is answered with 400', { at: log.event }).toBe(true)
})

check('?about= chooses among the notes', (run) => {
  const { status, body, at } = heard(run, 'GET /notes?about=plants')
  expect(status, 'the status of GET /notes?about=plants', { at }).toBe(200)
  expect(body, 'the notes about plants', { at }).toEqual([{ id: 3, text: 'water the plants' }])
})
