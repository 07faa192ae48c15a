setTimeout(() => console.log('never'), 10)
process.on('exit', (code) => console.log('exit', code))
process.exit(5)
