// A race that nobody can tell from outside.
const fs = require('node:fs')
for (let i = 0; i < 5; i += 1) fs.stat(__filename, () => {})
