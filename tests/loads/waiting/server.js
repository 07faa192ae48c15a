const http = require('node:http');

http
  .createServer((request, response) => setTimeout(() => response.end('done'), 200))
  .listen(3000);
