// What the laptop gets: the lines of visits.js, part by part.
import { check, expect, fail } from 'terrarium:check'

// The lines of one part, from its heading to the next.
function part(run, heading) {
  const logs = run.on('laptop').logs.filter((log) => log.stream === 'stdout').map((log) => ({ ...log, text: log.text.trim() }))
  const from = logs.findIndex((log) => log.text === `-- ${heading}`)
  if (from === -1) fail(`The laptop never gets to "${heading}".`)
  const length = logs.slice(from + 1).findIndex((log) => log.text.startsWith('-- '))
  return logs.slice(from + 1, length === -1 ? undefined : from + 1 + length)
}

function statusOf(log) {
  return Number(log.text.match(/^POST \{.*?\} → (\d+)/)?.[1] ?? log.text.match(/→ (\d{3}) (?:[^→]*)$/)?.[1])
}

function expectStatus(log, wanted, why) {
  const status = statusOf(log)
  if (status !== wanted) fail(`"${log.text}": the answer should be ${wanted}, ${why}`, { at: log.event })
}

check('the server lives until nobody is left to call it', (run) => {
  if (run.error) fail(`The server ended: ${run.error}`)
  if (run.on('laptop').error) fail(`The laptop gives up: ${run.on('laptop').error}`)
})

check('every click is counted', (run) => {
  const [, first, second, third, stats] = part(run, 'a link is shared, and clicked three times')
  const remembered = [first, second, third].find((log) => log.text.includes('(remembered)'))
  if (remembered) fail(`The browser did not ask again: "${remembered.text}". What did the first answer tell it?`, { at: remembered.event })
  if (!/→ 30[237] /.test(first.text)) fail(`"${first.text}": the redirect should be a 302.`, { at: first.event })
  expect(Number(/"clicks":(\d+)/.exec(stats.text)?.[1]), 'the number of clicks', { at: stats.event }).toBe(3)
})

check('a link is made and leads where it should', (run) => {
  const [made, click] = part(run, 'a link is shared, and clicked three times')
  expectStatus(made, 201, 'because something new is there.')
  if (!click.text.endsWith('→ 200 the page /tea')) fail(`The link does not lead to the tea: "${click.text}".`, { at: click.event })
})

check('a link may expire', (run) => {
  const [made, before, after] = part(run, 'a sale that lasts for two seconds')
  expectStatus(made, 201, 'because something new is there.')
  if (!before.text.endsWith('→ 200 the page /sale')) fail(`The sale is on, but the link does not lead there: "${before.text}".`, { at: before.event })
  expectStatus(after, 410, 'for the sale is over. 410 says that something was here and is gone.')
})

check('an alias is given once', (run) => {
  const [made, again, visited] = part(run, 'a code of their own')
  expectStatus(made, 201, 'because something new is there.')
  expectStatus(again, 409, 'because coffee is taken. 409 says that the request does not fit to what is there.')
  if (!visited.text.endsWith('→ 200 the page /coffee')) fail(`"${visited.text}": the alias should lead to the coffee.`, { at: visited.event })
})

check('what is no link is refused', (run) => {
  const [relative, script, nothing, alias, unknown] = part(run, 'what is no link')
  expectStatus(relative, 400, 'because without http:// it is no address of a page.')
  expectStatus(script, 400, 'because this is not the address of a page, but code.')
  expectStatus(nothing, 400, 'because there is no url.')
  expectStatus(alias, 400, 'because this alias is no word, and nobody could ever reach it.')
  expectStatus(unknown, 404, 'because this code was never given.')
})

check('each link keeps its page', (run) => {
  const lines = part(run, 'ten more links')
  const wrong = lines.find((log) => log.text.startsWith('wrong: '))
  if (wrong) fail(`${wrong.text.replace('wrong: ', '')}, and leads to another now. The same code was drawn twice.`, { at: wrong.event })
  const made = lines.filter((log) => log.text.startsWith('POST ')).map((log) => /"code":"(.*?)"/.exec(log.text)?.[1])
  expect(new Set(made).size, 'the number of codes').toBe(10)
})
