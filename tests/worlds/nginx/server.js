const { hostname } = require('node:os');

require('node:http').createServer((request, response) => {
  response.end(`${request.url} from ${hostname()}\n`);
}).listen(3000, () => console.log('listening'));
