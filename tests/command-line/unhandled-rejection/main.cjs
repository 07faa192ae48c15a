async function load() {
  throw new Error('nothing there')
}
load()
console.log('started')
