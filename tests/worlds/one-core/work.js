// Half a second of work: where there is one core for two, the second waits for the first.
setTimeout(() => {
  const began = Date.now()
  let sum = 0
  while (Date.now() - began < 500) sum += 1
  console.log('done after', Math.round(performance.now() / 100) / 10, 's')
}, 100)
