// The days of main.ts come out right, and library.ts says what a book is.
import { check, fail } from 'terrarium:check'

function said(run, what) {
  const log = run.logs.find((log) => log.text.startsWith(`${what}: `))
  if (!log) fail(`The line "${what}: …" is missing. If main.ts has changed, put it back with Reset.`)
  return { value: log.text.slice(what.length + 2).trim(), at: log.event }
}

function wants(run, what, wanted, why) {
  const { value, at } = said(run, what)
  if (value !== wanted) fail(`"${what}" should give ${wanted}, but gave ${value}. ${why}`, { at })
}

function without(source) {
  return source.replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
}

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end by itself: ${run.error}. Is there a book at all, whenever a method uses one?`)
})

check('a book can be added once', (run) => {
  for (const title of ['Emma', 'Persuasion', 'Dune']) wants(run, `${title} is added`, 'true', 'Nothing like it was on the shelf.')
  wants(run, 'Emma is added again', 'false', 'No two books have the same ISBN. Look for it before you add.')
})

check('books are found by their author', (run) => {
  wants(run, 'by Jane Austen', 'Emma, Persuasion', 'Each of her books is there once.')
  wants(run, 'by austen', 'Emma, Persuasion', 'A part of the name is enough, and large and small letters are the same.')
})

check('a book can be lent to one reader at a time', (run) => {
  wants(run, 'Ada takes Emma', 'true', 'It is there and available.')
  wants(run, 'Ken takes Emma', 'false', 'Ada has it.')
  wants(run, 'Ken takes a book that nobody has', 'false', 'There is no such book.')
})

check('find looks under any key', (run) => {
  wants(run, 'with Ada', 'Emma', 'The borrower of a book is who took it. And does find compare book[key] with the value?')
  wants(run, 'on the shelf', 'Persuasion, Dune', 'A lent book is not available. The others are.')
})

check('a book comes back once', (run) => {
  wants(run, 'Ada brings Emma', 'true', 'It was lent.')
  wants(run, 'Ada brings it again', 'false', 'It is on the shelf already, so nobody can bring it.')
  wants(run, 'Ada brings a book that nobody has', 'false', 'The library has no such book.')
  wants(run, 'somebody has borrowed', 'none', 'The book is back, but it still has a property borrower. A property whose value is undefined is there all the same; delete takes it away.')
  wants(run, 'Ken takes Emma now', 'true', 'It came back and is available.')
})

check('the interface says what a book is', (run) => {
  const body = /\binterface\s+Book\s*\{([^}]*)\}/.exec(without(run.source('library.ts')))?.[1]
  if (!body) fail('library.ts has no interface Book any more.')
  for (const [name, pattern, type] of [
    ['title', /\btitle\s*:\s*string\b/, 'a string'],
    ['author', /\bauthor\s*:\s*string\b/, 'a string'],
    ['isbn', /\bisbn\s*:\s*string\b/, 'a string'],
    ['available', /\bavailable\s*:\s*boolean\b/, 'a boolean'],
  ]) {
    if (!pattern.test(body)) fail(`A Book should have \`${name}\`, which is ${type}. Every book has it, so it is not optional.`)
  }
  if (/\bborrower\s*:/.test(body)) fail('Not every Book has a borrower: only one that is lent. Make the property optional with a `?`.')
  if (!/\bborrower\?\s*:\s*string\b/.test(body)) fail('A Book that is lent has a `borrower`. Say so in the interface, as an optional property.')
})

check('find is generic', (run) => {
  const head = /\bfind\s*=?\s*(<[^(]*>)?\s*\(([^)]*)\)/.exec(without(run.source('library.ts')).replace(/this\.find\b/g, ''))
  const [, parameter = '', parameters = ''] = head ?? []
  if (/extends\s+keyof\s+Book\b/.test(parameter) && /:\s*Book\s*\[/.test(parameters)) return
  fail('The types of find should say that the key is a key of Book, and that the value is what a Book has under this key: `find<Key extends keyof Book>(key: Key, value: Book[Key])`.')
})
