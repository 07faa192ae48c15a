// Whoever relies on either order is wrong one time in two.
let first
setTimeout(() => { first ??= 'timeout' }, 0)
setImmediate(() => { first ??= 'immediate' })
process.on('exit', () => {
  if (first === 'timeout') process.exitCode = 1
})
