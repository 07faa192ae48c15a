const { capitalize, countWords, isPalindrome, reverse, truncate } = require('./strings')

describe('capitalize', () => {
  it.each([
    ['emma', 'Emma'],
    ['iPhone', 'IPhone'],
    ['', ''],
  ])('makes %j to %j', (text, wanted) => {
    expect(capitalize(text)).toBe(wanted)
  })
})

describe('reverse', () => {
  it('turns a word round', () => {
    expect(reverse('abc')).toBe('cba')
  })

  it('keeps emoji whole', () => {
    expect(reverse('a🙂')).toBe('🙂a')
  })
})

describe('isPalindrome', () => {
  it.each(['level', 'Level', 'Never odd, or even.', ''])('says yes to %j', (text) => {
    expect(isPalindrome(text)).toBe(true)
  })

  it.each(['hello', 'level 1', 'Öl'])('says no to %j', (text) => {
    expect(isPalindrome(text)).toBe(false)
  })
})

describe('countWords', () => {
  it.each([
    ['to be or not', 4],
    ['to  be', 2],
    ['to\nbe', 2],
    [' ', 0],
    ['', 0],
  ])('counts the words of %j', (text, wanted) => {
    expect(countWords(text)).toBe(wanted)
  })
})

describe('truncate', () => {
  it.each([
    ['a long text', 6, 'a lon…'],
    ['just', 4, 'just'],
    ['', 4, ''],
  ])('fits %j into %i', (text, max, wanted) => {
    expect(truncate(text, max)).toBe(wanted)
  })
})
