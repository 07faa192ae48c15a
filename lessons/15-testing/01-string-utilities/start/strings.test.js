const { capitalize, countWords, isPalindrome, reverse, truncate } = require('./strings')

describe('capitalize', () => {
  it('makes the first letter large', () => {
    expect(capitalize('emma')).toBe('Emma')
  })
})

describe('reverse', () => {
  it('turns a word round', () => {
    expect(reverse('abc')).toBe('cba')
  })
})

describe('isPalindrome', () => {
  it('knows a palindrome', () => {
    expect(isPalindrome('level')).toBe(true)
    expect(isPalindrome('hello')).toBe(false)
  })
})

describe('countWords', () => {
  it('counts words', () => {
    expect(countWords('to be or not')).toBe(4)
  })
})

describe('truncate', () => {
  it('cuts a long text', () => {
    expect(truncate('a long text', 6)).toContain('…')
  })
})
