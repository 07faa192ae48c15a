// Chance that is no order fails whatever the scheduler does.
setTimeout(() => {}, 0)
setImmediate(() => {})
if (Math.random() < 0.3) process.exit(2)
