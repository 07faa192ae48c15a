// Every path of up to six characters of a slash, a dot and a letter.
const path = require('path')
let paths = ['']
for (let length = 1; length <= 6; length++) {
  paths = paths.flatMap((one) => ['/', '.', 'a'].map((character) => one + character))
  let sum = 0
  const add = (text) => { for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0 }
  for (const one of paths) {
    add(`${path.normalize(one)}:${path.resolve('/b/c', one)}:${path.join('d', one, '..')};`)
  }
  console.log(length, sum, path.normalize(paths[paths.length / 2 | 0]))
}
for (const one of ['/x//y///z', '/x/././y', '/x/./../y/', './x', 'x/', '/', '//', '/.x/..y', 'x//../..']) {
  console.log(one, path.normalize(one), path.relative('/x/y', path.resolve('/q', one)), path.dirname(one), path.win32.normalize(one))
}
