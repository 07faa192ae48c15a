const { add } = require('./lib/add')
const data = require('./data.json')
console.log(add(data.a, data.b), require.main === module)
