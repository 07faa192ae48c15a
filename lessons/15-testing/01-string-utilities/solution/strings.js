// 'emma' becomes 'Emma'. Only the first letter changes.
function capitalize(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

// 'abc' becomes 'cba'.
function reverse(text) {
  return [...text].reverse().join('')
}

// Whether a text reads the same from both ends. Only letters and digits count, large or small; the empty text does.
function isPalindrome(text) {
  const letters = text.toLowerCase().replace(/[^\p{Letter}\p{Number}]/gu, '')
  return letters === reverse(letters)
}

// How many words there are, with any kind and number of spaces between them.
function countWords(text) {
  return text.split(/\s+/).filter((word) => word !== '').length
}

// A text that is longer than max ends in '…', and is max long with it. A text that fits stays as it is.
function truncate(text, max) {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text
}

module.exports = { capitalize, reverse, isPalindrome, countWords, truncate }
