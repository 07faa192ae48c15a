// 'emma' becomes 'Emma'. Only the first letter changes.
function capitalize(text) {
  return text[0].toUpperCase() + text.slice(1)
}

// 'abc' becomes 'cba'.
function reverse(text) {
  return text.split('').reverse().join('')
}

// Whether a text reads the same from both ends. Only letters and digits count, large or small; the empty text does.
function isPalindrome(text) {
  return text === reverse(text)
}

// How many words there are, with any kind and number of spaces between them.
function countWords(text) {
  return text.split(' ').length
}

// A text that is longer than max ends in '…', and is max long with it. A text that fits stays as it is.
function truncate(text, max) {
  return text.slice(0, max) + '…'
}

module.exports = { capitalize, reverse, isPalindrome, countWords, truncate }
