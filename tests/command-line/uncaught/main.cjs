console.log('before')
function open(name) {
  throw new TypeError(`no ${name}`)
}
open('door')
