// All tests pass, and they notice each of the mistakes that main.js makes on purpose.
import { check, fail } from 'terrarium:check'

const FUNCTIONS = ['capitalize', 'reverse', 'isPalindrome', 'countWords', 'truncate']

const WITH = {
  'capitalize does nothing': 'a word in small letters',
  'capitalize fails for an empty text': "''",
  'capitalize makes the other letters small': "'iPhone'",
  'reverse does nothing': "'abc'",
  'reverse tears emoji apart': "a text with '🙂' in it",
  'isPalindrome says yes to everything': "'hello'",
  'isPalindrome takes L and l for different letters': "'Level'",
  'isPalindrome wants spaces and commas to match too': "'Never odd, or even.'",
  'isPalindrome ignores digits': "'level 1', which is none",
  'isPalindrome knows only the letters from a to z': "'Öl', which is none",
  'isPalindrome says no to an empty text': "''",
  'countWords finds a word in an empty text': "''",
  'countWords counts each single space': 'two spaces between two words',
  'countWords knows no line breaks': "'to\\nbe'",
  'truncate forgets the …': 'a text that is too long, and the whole result',
  'truncate is one too long': 'a text that is too long, and how long the result is',
  'truncate shortens a text that just fits': 'a text that is exactly max long',
}

check('the program runs to its end', (run) => {
  if (run.error) fail(`The program did not end by itself: ${run.error}`)
})

check('the tests can be loaded', (run) => {
  if (run.stderr.includes('Test suite failed to run')) {
    fail('The test file does not run at all; the console says why. Each test stands in an it(…), each it in a describe(…) or alone.')
  }
  if (run.stderr.includes('No tests found')) fail('There is no test file any more. Reset brings strings.test.js back.')
})

check('all tests pass', (run) => {
  const log = run.logs.find((log) => /^\d+ of \d+ tests pass/.test(log.text))
  if (!log) fail('main.js could not count the tests. Reset brings it back.')
  const [, passed, all] = /^(\d+) of (\d+)/.exec(log.text).map(Number)
  if (all === 0) fail('There are no tests.', { at: log.event })
  if (passed === all) return
  const first = /✕ (.*?)(?: \(\d+ ms\))?$/m.exec(run.stderr)?.[1]
  const why = first
    ? `The first that fails is "${first}". Who is right, the test or the function? The comment over the function decides.`
    : 'They are skipped or still to do, so they notice nothing.'
  fail(`${all - passed} of ${all} tests do not pass. ${why}`, { at: log.event })
})

check('the tests notice every mistake', (run) => {
  const missed = run.logs.filter((log) => log.text.startsWith('missed: '))
  if (missed.length === 0) return
  const what = missed[0].text.slice('missed: '.length).trim()
  const more = missed.length > 1 ? ` (And ${missed.length - 1} more.)` : ''
  fail(`No test notices when ${what}. Try ${WITH[what] ?? 'the edges'}.${more}`, { at: missed[0].event })
})

check('each mistake was made', (run) => {
  const caught = run.lines.filter((line) => line.startsWith('caught: '))
  for (const name of FUNCTIONS) {
    if (!caught.some((line) => line.startsWith(`caught: ${name} `))) fail(`The function ${name} was not tried.`)
  }
  if (caught.length !== Object.keys(WITH).length) fail(`Only ${caught.length} mistakes were made on purpose. Reset brings mistakes.js back.`)
})
