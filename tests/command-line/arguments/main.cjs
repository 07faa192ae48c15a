console.log(process.argv.length, process.argv.slice(2))
console.log(process.argv[1] === __filename, process.env.GREETING, process.cwd() === __dirname)
