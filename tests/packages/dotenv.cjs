const dotenv = require('dotenv');
console.log(dotenv.parse('PORT=8080\n# a comment\nNAME="Ada L."\nMULTI="a\\nb"\nEMPTY=\n'));
require('node:fs').writeFileSync('/tmp/dotenv-terrarium', 'TERRARIUM_GREETING=hello\n');
console.log(dotenv.config({ path: '/tmp/dotenv-terrarium', quiet: true }).parsed, process.env.TERRARIUM_GREETING);
