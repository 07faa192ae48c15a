// Each makes one mistake in a function that is right otherwise. Tests should notice every one of them.
const MISTAKES = [
  ['capitalize', 'does nothing', () => (text) => text],
  ['capitalize', 'fails for an empty text', (own) => (text) => text[0].toUpperCase() + own(text).slice(1)],
  ['capitalize', 'makes the other letters small', (own) => (text) => own(text.toLowerCase())],
  ['reverse', 'does nothing', () => (text) => text],
  ['reverse', 'tears emoji apart', () => (text) => text.split('').reverse().join('')],
  ['isPalindrome', 'says yes to everything', () => () => true],
  ['isPalindrome', 'takes L and l for different letters', (own) => (text) => own(text) && text === text.toLowerCase()],
  ['isPalindrome', 'wants spaces and commas to match too', (own) => (text) => own(text) && !/[^a-z0-9]/i.test(text)],
  ['isPalindrome', 'ignores digits', (own) => (text) => own(text.replace(/\d/g, ''))],
  ['isPalindrome', 'knows only the letters from a to z', (own) => (text) => own(text.replace(/[^a-z0-9]/gi, ''))],
  ['isPalindrome', 'says no to an empty text', (own) => (text) => text !== '' && own(text)],
  ['countWords', 'finds a word in an empty text', (own) => (text) => own(text) || 1],
  ['countWords', 'counts each single space', () => (text) => (text === '' ? 0 : text.split(' ').length)],
  ['countWords', 'knows no line breaks', (own) => (text) => own(text.replace(/\s*\n\s*/g, ''))],
  ['truncate', 'forgets the …', (own) => (text, max) => (text.length > max ? text.slice(0, max) : text)],
  ['truncate', 'is one too long', (own) => (text, max) => (text.length > max ? `${text.slice(0, max)}…` : text)],
  ['truncate', 'shortens a text that just fits', (own) => (text, max) => (text.length === max ? own(`${text} `, max) : own(text, max))],
]

module.exports = { MISTAKES }
