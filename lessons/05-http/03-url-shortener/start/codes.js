// Draws a code. There are only sixteen, so that the same one soon comes twice; six letters would make 300 million.
const { randomInt } = require('crypto')

const LETTERS = 'abcdefghijklmnop'

function newCode() {
  return LETTERS[randomInt(LETTERS.length)]
}

module.exports = { newCode }
