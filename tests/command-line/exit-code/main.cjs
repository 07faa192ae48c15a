process.exitCode = 3
setTimeout(() => console.log('bye'), 10)
